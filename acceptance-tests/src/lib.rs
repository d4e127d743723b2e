//! Black-box tests: the real Terraform binary and the built provider against an emulated AWS.
//!
//! This library is the harness; the tests are in `tests/it`, and `src/bin` has the programs behind
//! `make demo`, `make bench` and `make tables`. It depends on no stackwright crate: what it knows of the
//! product is what a user knows, command lines, HCL and what AWS shows afterwards.
//!
//! ```no_run
//! use acceptance_tests::{Account, Workspace};
//!
//! # fn main() -> anyhow::Result<()> {
//! let account = Account::fresh()?;
//! let root = Workspace::new(&account, r#"resource "stackwright_cluster" "main" { name = "main" }"#)?;
//! root.apply()?.ok()?;
//! assert!(root.plan()?.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! Every test takes accounts of its own, so all of them run at the same time against one emulator.

mod account;
mod binaries;
mod cases;
mod compare;
mod emulator;
mod generated;
mod grpc;
mod http;
mod kill;
mod mirror;
mod outages;
mod output;
mod plan;
mod preset;
mod process;
mod sights;
mod started;
mod story;
mod table;
mod workspace;

pub use account::{Account, Call, Fault, Phase, Play, REGION};
pub use binaries::{Binaries, python, repository, work_folder};
pub use cases::{CASES, Case, executed, table as cases_table};
pub use compare::{differences, same};
pub use emulator::Emulator;
pub use generated::Generated;
pub use kill::{Killed, Signal, Victim, apply_killed, apply_signalled, writes_of};
pub use mirror::Mirror;
pub use output::{Output, run};
pub use plan::{Action, Change, Drift, Plan};
pub use process::{children, has_ended, peak_bytes, provider_of};
pub use sights::Sight;
pub use started::{Client, Started};
pub use story::{ROOTS, Story};
pub use table::{Cell, Results, Stops, cells_of};
pub use workspace::{Provider, Workspace};
