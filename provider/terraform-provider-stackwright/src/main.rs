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

use std::io::Write as _;
use std::process::ExitCode;

const HELP: &str = "\
The Stackwright provider for Terraform. Terraform starts this program; to use it, name the provider
stackwright/stackwright in required_providers and run `terraform init`.

usage:
  terraform-provider-stackwright --debug       serve one Terraform that TF_REATTACH_PROVIDERS names
  terraform-provider-stackwright fields        list every field of AWS objects that the provider owns
  terraform-provider-stackwright docs FOLDER   write the registry pages
  terraform-provider-stackwright --version     print the version
  terraform-provider-stackwright --help        print this text
";

/// Prints a text; nobody may be listening any more.
fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("--help" | "-h") => print(HELP),
        Some("--version" | "-V") => print(concat!(
            "terraform-provider-stackwright ",
            env!("CARGO_PKG_VERSION"),
            "\n"
        )),
        Some("fields") => fields::print(),
        Some("docs") => docs::run(&provider::Stackwright::default(), &arguments[1..]),
        _ => tfplugin_rs::serve(provider::Stackwright::default()),
    }
}
