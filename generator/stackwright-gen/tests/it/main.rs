//! Tests of the generator from outside: what goes in, what comes out.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests may touch the disk and run Terraform"
)]

mod consequences;
mod contract;
mod corpus;
mod golden;
mod hostile;
mod input;
mod json_schema;
mod limits;
mod modules;
mod pages;
mod schema;
mod spec_errors;
mod speed;
mod terraform;
mod tree;
mod whole;
mod wiring;
