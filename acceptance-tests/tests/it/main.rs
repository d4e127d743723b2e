//! The acceptance tests, one module per promise.

#![allow(clippy::unwrap_used, reason = "tests")]

mod again;
mod arguments;
mod corpus;
mod db;
mod deploy;
mod drift;
mod errors;
mod escaping;
mod examples;
mod failed_create;
mod fixtures;
mod generated;
mod harness;
mod lifecycle;
mod modules;
mod monitors;
mod network;
mod pages;
mod pairs;
mod references;
mod reverts;
mod rotation;
mod router;
mod routes;
mod rules;
mod sampling;
mod secrets;
mod session;
mod signals;
mod stops;
mod written;
