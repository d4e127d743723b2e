//! CloudWatch Logs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Component, Kind, Tags};
use crate::In;

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
    const NAME: &'static [&'static str] = &["log_group_name"];
}

/// Makes a metric of the events of a log group that match. It has no tags. Outputs: `name`, `group`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogMetricFilter {
    /// Name, unique in its group.
    pub filter_name: String,
    /// Log group.
    pub log_group_name: In<String>,
    /// Which events.
    pub filter_pattern: In<String>,
    /// Namespace of the metric.
    pub metric_namespace: String,
    /// The metric.
    pub metric_name: String,
    /// What an event counts: a number, or a field of the event.
    pub metric_value: In<String>,
    /// What a minute without events counts, as a number; empty for nothing.
    pub default_value: String,
    /// Dimensions of the metric, from fields of the event.
    pub dimensions: BTreeMap<String, String>,
}

impl Component for LogMetricFilter {
    const KIND: Kind = Kind::LogMetricFilter;
    const REPLACE: &'static [&'static str] = &["filter_name", "log_group_name"];
    const NAME: &'static [&'static str] = &["filter_name", "log_group_name"];
}
