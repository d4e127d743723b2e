//! The provider's program from outside, without Terraform. That these tests exist also makes
//! `cargo test` build the program, which the acceptance tests then run.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

fn provider(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_terraform-provider-stackwright"));
    command.args(arguments).env_remove("TF_PLUGIN_MAGIC_COOKIE");
    command.output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn started_by_hand_it_says_what_it_is() {
    let output = provider(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "Terraform reads this stream");
    assert!(
        stderr(&output).contains("started by Terraform, not by hand"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn an_unknown_argument_is_named() {
    let output = provider(&["--verbose"]);
    assert!(!output.status.success());
    assert!(
        stderr(&output).contains("unknown argument `--verbose`"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn the_registry_pages_are_what_the_source_says() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let repository = repository.unwrap().to_str().unwrap();
    let output = provider(&["docs", repository, "--check"]);
    assert!(output.status.success(), "{}", stderr(&output));
}
