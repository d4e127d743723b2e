//! The macro as its users meet it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod attributes;
mod messages;
mod values;
