//! The framework from outside: its protos, its transport, and real Terraform.

#![allow(clippy::unwrap_used, reason = "tests")]

mod protos;
