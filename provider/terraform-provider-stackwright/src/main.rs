//! The Stackwright Terraform provider.
//!
//! Terraform starts this program and speaks plugin protocol 6 with it; people do not run it. What
//! they may run is `terraform-provider-stackwright fields`, which lists what the provider owns.

mod caller;
mod claims;
mod config;
mod diagnose;
mod duration;
mod engine;
mod fields;
mod functions;
mod provider;
mod resource;
mod session;

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("fields") {
        return fields::print();
    }
    tfplugin_rs::serve(provider::Stackwright::default())
}
