//! The framework from outside: its protos, a provider driven in process, over its socket, and by
//! real Terraform.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::Write as _;
use std::path::PathBuf;

#[path = "../../examples/corner/provider.rs"]
#[expect(dead_code, reason = "only the program is chatty")]
mod corner;
mod in_process;
mod process;
mod protos;
mod terraform;
mod value;

/// Says loudly, past the test runner's capture, that something was not tested.
fn skipped(why: &str) {
    let line = format!("\nSKIPPED: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// The corner provider as a program; `cargo test` builds examples beside the tests.
fn corner_program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let built = tests
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples/corner");
    assert!(
        built.is_file(),
        "{} is missing: cargo build --examples",
        built.display()
    );
    built
}
