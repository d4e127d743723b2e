//! The `stackwright` binary from outside: what it prints, what it writes, how it exits.
#![allow(clippy::unwrap_used, reason = "tests")]

mod folder;
mod generate;
mod hostile;
mod merges;
mod messages;
mod others;
mod runs;
