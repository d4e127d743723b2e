//! CloudWatch Logs.

use serde::{Deserialize, Serialize};

use super::{Component, Kind, Tags};

/// Outputs: `arn` (without the trailing `:*`), `name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogGroup {
    /// Name.
    pub log_group_name: String,
    /// Days; one of the values that AWS allows.
    pub retention_in_days: i32,
    /// Tags.
    pub tags: Tags,
}

impl Component for LogGroup {
    const KIND: Kind = Kind::LogGroup;
    const REPLACE: &'static [&'static str] = &["log_group_name"];
}
