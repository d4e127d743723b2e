//! Systems Manager.

use serde::{Deserialize, Serialize};

use super::{Component, Kind, Tags};
use crate::In;

/// A parameter of type `String` in the intelligent tier. Outputs: `arn`, `name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Name, beginning with `/`.
    pub name: String,
    /// Description.
    pub description: String,
    /// Value.
    pub value: In<String>,
    /// Tags.
    pub tags: Tags,
}

impl Component for Parameter {
    const KIND: Kind = Kind::Parameter;
    const REPLACE: &'static [&'static str] = &["name"];
    const NAME: &'static [&'static str] = &["name"];
    const REDACTED: &'static [&'static str] = &["value"];
}
