//! IAM.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Component, Kind, Tags};
use crate::In;

/// A role with its policies. Outputs: `arn`, `name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Name, unique in the account whatever the path.
    pub role_name: String,
    /// Path.
    pub path: String,
    /// Description.
    pub description: String,
    /// Trust policy.
    pub assume_role_policy: In<Json>,
    /// Longest session in seconds.
    pub max_session_duration: i32,
    /// Policy that bounds it; the empty text for none.
    pub permissions_boundary: String,
    /// Inline policies by name.
    pub inline_policies: In<BTreeMap<String, Json>>,
    /// ARNs of attached managed policies, sorted.
    pub managed_policy_arns: In<Vec<String>>,
    /// Tags.
    pub tags: Tags,
}

impl Component for Role {
    const KIND: Kind = Kind::Role;
    const REPLACE: &'static [&'static str] = &["role_name", "path"];
    const NAME: &'static [&'static str] = &["role_name"];
    const UNORDERED: &'static [&'static str] = &["managed_policy_arns"];
}
