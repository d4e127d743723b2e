//! Secrets Manager.

use serde::{Deserialize, Serialize};

use super::{Component, Kind, Tags};

/// A secret without its value. Outputs: `arn`, `name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Secret {
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// ARN of the key; AWS's own without one.
    pub kms_key_id: Option<String>,
    /// Tags.
    pub tags: Tags,
}

impl Component for Secret {
    const KIND: Kind = Kind::Secret;
    const REPLACE: &'static [&'static str] = &["name"];
    const NAME: &'static [&'static str] = &["name"];
}
