//! A provider in which each resource is one corner of Terraform's protocol. Tests drive it.

mod provider;

fn main() -> std::process::ExitCode {
    tfplugin_rs::serve(provider::Corner::chatty())
}
