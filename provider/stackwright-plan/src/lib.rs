//! Pure planning: from the configuration of a resource to a graph of AWS components.
//!
//! One file per resource (`network.rs`, `service.rs`, ...) holds the documented struct that is its
//! schema, its validation and `plan`, which answers the AWS objects that the resource stands for.
//! Nothing here is async, reads a clock, the environment or a file, or knows the AWS SDK.
//!
//! - [`component`] AWS objects as typed values; [`Graph`] puts them in order;
//! - [`In`] a value that is known, or comes from another component, or is not known yet;
//! - [`Scope`] who we are: project, environment, owner, account, region;
//! - [`name`] the one naming rule; [`diff`] the one comparison;
//! - [`resource`] what the engine asks of every resource.

pub mod app;
pub mod aws_rules;
mod calendar;
pub mod caller;
pub mod cidr;
mod clients;
pub mod cluster;
pub mod component;
pub mod db;
pub mod diff;
pub mod document;
mod field_names;
mod graph;
mod input;
pub mod job;
pub mod limits;
pub mod monitor;
pub mod name;
pub mod network;
pub mod policy_document;
pub mod priority;
pub mod procfile;
pub mod quotas;
pub mod regions;
pub mod resource;
mod resource_tags;
pub mod role;
mod role_presets;
pub mod router;
mod scope;
pub mod secret_shapes;
pub mod service;
pub mod size;
pub mod yaml;

pub use component::{Component, Kind};
pub use graph::{Graph, Key, Node, Outputs, has_unknown, to_map};
pub use input::In;
pub use scope::{Monitoring, OwnTags, ResourceId, Scope, UnknownTags, tag};
