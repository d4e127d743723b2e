//! Terraform values, schemas, paths and diagnostics: what a resource author writes against.
//!
//! This crate knows Terraform's type system and nothing else: no gRPC, no async runtime, no AWS.
//! A documented struct with `#[derive(TfSchema)]` becomes a schema, a documentation page and
//! two typed views: the struct itself (everything known, as in state) and its `Config` twin
//! (every value may be null or unknown, as in configuration and plans).
//!
//! ```
//! use tfplugin_types::{Cfg, TfObject, TfSchema, Value};
//!
//! /// A bucket for parcels.
//! #[derive(Debug, Clone, PartialEq, TfSchema)]
//! struct Bucket {
//!     /// Name of the bucket. Changing this replaces the bucket.
//!     #[tf(replace)]
//!     name: String,
//!     /// Days to keep parcels.
//!     #[tf(default = 30)]
//!     days: i64,
//! }
//!
//! let block = Bucket::block();
//! assert_eq!(block.attributes.len(), 2);
//! let config = BucketConfig::from_value(&Value::object([("name", "a".into())])).unwrap();
//! assert_eq!(config.name, Cfg::Known("a".to_owned()));
//! assert_eq!(config.days, Cfg::Null);
//! ```
//!
//! Must not depend on tonic, prost, tokio or any AWS crate.

#[cfg(test)]
extern crate self as tfplugin_types;

mod cfg;
mod check;
mod conform;
mod convert;
mod decode_error;
#[doc(hidden)]
pub mod derive_support;
mod diagnostic;
pub mod json;
pub mod msgpack;
mod number;
mod path;
mod refinement;
mod schema;
mod ty;
mod value;

pub use cfg::Cfg;
pub use check::Check;
pub use convert::{ConvertError, Dynamic, TfConfig, TfConfigLeaf, TfObject, TfType, WriteOnly};
pub use decode_error::{DecodeError, DecodeProblem};
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use number::{Number, ParseNumberError};
pub use path::{Path, Step};
pub use refinement::Refinements;
pub use schema::{
    Attribute, AttributeType, Block, BlockNesting, Mode, NestedBlock, Nesting, Replace, Schema,
};
pub use tfplugin_derive::TfSchema;
pub use ty::{ParseTypeError, Type};
pub use value::Value;
