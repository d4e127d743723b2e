//! Adapters and sessions against the emulator of `acceptance-tests`, each test in an account of its own.

#![expect(clippy::unwrap_used, reason = "tests")]

mod alarms;
mod cloud_map;
mod databases;
mod ecs;
mod emulated;
mod iam_logs_ssm;
mod load_balancers;
mod network;
mod scheduled;
mod security_groups;
mod session;
