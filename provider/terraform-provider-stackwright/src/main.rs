//! The Stackwright Terraform provider.
//!
//! Terraform starts this program and speaks plugin protocol 6 with it; people do not run it. What
//! they may run is `terraform-provider-stackwright fields`, which lists what the provider owns, and
//! `docs`, which writes the registry pages.

mod claims;
mod config;
mod data;
mod diagnose;
mod docs;
mod duration;
mod engine;
mod fields;
mod functions;
mod journal;
mod provider;
mod resource;
mod session;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("fields") => fields::print(),
        Some("docs") => docs::run(&provider::Stackwright::default(), &arguments[1..]),
        _ => tfplugin_rs::serve(provider::Stackwright::default()),
    }
}
