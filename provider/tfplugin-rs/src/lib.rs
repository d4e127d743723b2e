//! A Terraform plugin framework: protocol 6 on tonic and prost.
//!
//! A provider implements [`Provider`], its resources implement [`TypedResource`] (or [`Resource`]),
//! and `main` is one line:
//!
//! ```no_run
//! # struct Corner;
//! # #[async_trait::async_trait]
//! # impl tfplugin_rs::Provider for Corner {
//! #     fn name(&self) -> &str { "corner" }
//! #     fn version(&self) -> &str { "0.1.0" }
//! #     fn schema(&self) -> tfplugin_types::Schema { tfplugin_types::Schema::default() }
//! #     fn resources(&self) -> Vec<std::sync::Arc<dyn tfplugin_rs::Resource>> { Vec::new() }
//! #     async fn configure(&self, _: &tfplugin_rs::Cx, _: &tfplugin_types::Value, _: &str) -> tfplugin_types::Diagnostics {
//! #         tfplugin_types::Diagnostics::new()
//! #     }
//! # }
//! fn main() -> std::process::ExitCode {
//!     tfplugin_rs::serve(Corner)
//! }
//! ```
//!
//! The framework computes what Terraform proposes, fills defaults, marks computed values, and checks
//! Terraform's consistency rules before it answers, so that a mistake in a resource is reported with
//! the attribute and the rule.
//!
//! Must not depend on any AWS crate.

mod canonical;
mod cx;
mod data_source;
pub mod docs;
mod function;
mod go_plugin;
mod handshake;
#[cfg(feature = "testing")]
pub mod harness;
mod lifecycle;
mod listener;
mod logging;
mod panics;
mod private;
mod propose;
#[cfg(feature = "testing")]
pub mod proto;
#[cfg(not(feature = "testing"))]
mod proto;
mod provider;
mod registry;
mod replace;
mod resource;
mod rpc;
mod rules;
mod serve;
mod service;
mod sets;
mod shape;
mod tls;
mod typed;
mod wire;

pub use cx::{ClientCapabilities, Cx, Saved};
pub use data_source::{DataResponse, DataSource};
pub use function::{Function, FunctionError, FunctionSignature, Parameter};
pub use private::{Private, PrivateError};
pub use propose::{fill_defaults, mark_changing, propose};
pub use provider::Provider;
pub use resource::{
    ApplyRequest, ApplyResponse, DestroyPlan, ImportResponse, PlanRequest, PlanResponse,
    ReadRequest, ReadResponse, Resource,
};
pub use serve::serve;
pub use typed::{
    Changed, Plan, Typed, TypedDataSource, TypedResource, View, Want, typed, typed_data_source,
};
