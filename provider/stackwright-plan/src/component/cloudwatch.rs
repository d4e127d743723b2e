//! CloudWatch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Component, Kind, Tags};
use crate::In;

/// One entry of an alarm's `Metrics`: a metric with its statistic, or an expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricQuery {
    /// Id by which expressions name it.
    pub id: String,
    /// Metric math or a Metrics Insights query; empty for a metric.
    pub expression: String,
    /// Namespace; empty for an expression.
    pub namespace: String,
    /// Metric; empty for an expression.
    pub metric_name: String,
    /// The exact dimensions of the one series.
    pub dimensions: BTreeMap<String, String>,
    /// Statistic in AWS's words; empty for an expression.
    pub stat: String,
    /// Seconds; 0 for an expression over other entries, which has theirs.
    pub period: i32,
    /// Whether the alarm watches it.
    pub return_data: bool,
}

/// An alarm on one metric, on an expression, or on a band. What it does not use is empty.
/// Outputs: `name`, `arn`, and `tags`: a digest of its tags.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricAlarm {
    /// Name, unique in the region among alarms of all kinds.
    pub alarm_name: String,
    /// What whoever is notified reads.
    pub alarm_description: In<String>,
    /// Whether the actions run at all.
    pub actions_enabled: bool,
    /// ARNs of what happens when it begins to fire.
    pub alarm_actions: In<Vec<String>>,
    /// ARNs of what happens when it recovers.
    pub ok_actions: In<Vec<String>>,
    /// ARNs of what happens when data is missing.
    pub insufficient_data_actions: In<Vec<String>>,
    /// Namespace of the one metric.
    pub namespace: String,
    /// The one metric.
    pub metric_name: String,
    /// The exact dimensions of its one series.
    pub dimensions: In<BTreeMap<String, String>>,
    /// `Average`, `Sum`, `Minimum`, `Maximum` or `SampleCount`.
    pub statistic: String,
    /// `p95`, instead of `statistic`.
    pub extended_statistic: String,
    /// Seconds; 0 with `metrics`.
    pub period: i32,
    /// Instead of one metric.
    pub metrics: In<Vec<MetricQuery>>,
    /// The entry of `metrics` that is the band.
    pub threshold_metric_id: String,
    /// Periods that are looked at.
    pub evaluation_periods: i32,
    /// How many of them must breach.
    pub datapoints_to_alarm: i32,
    /// The number; none for a band.
    pub threshold: Option<In<f64>>,
    /// `GreaterThanThreshold` and so on.
    pub comparison_operator: String,
    /// `missing`, `ignore`, `breaching` or `notBreaching`.
    pub treat_missing_data: String,
    /// `evaluate` or `ignore`; empty without a percentile.
    pub evaluate_low_sample_count_percentile: String,
    /// Minutes after a create or update in which it does not fire; 0 for none.
    pub warm_up_minutes: i32,
    /// Tags.
    pub tags: Tags,
}

impl Component for MetricAlarm {
    const KIND: Kind = Kind::MetricAlarm;
    const REPLACE: &'static [&'static str] = &["alarm_name"];
    const NAME: &'static [&'static str] = &["alarm_name"];
    const UNORDERED: &'static [&'static str] =
        &["alarm_actions", "ok_actions", "insufficient_data_actions"];
}

/// An alarm over the states of others. Outputs: `name`, `arn`, and `tags`: a digest of its tags.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompositeAlarm {
    /// Name, unique in the region among alarms of all kinds.
    pub alarm_name: String,
    /// What whoever is notified reads.
    pub alarm_description: In<String>,
    /// `ALARM("...")`.
    pub alarm_rule: String,
    /// Whether the actions run at all.
    pub actions_enabled: bool,
    /// ARNs of what happens when it begins to fire.
    pub alarm_actions: In<Vec<String>>,
    /// ARNs of what happens when it recovers.
    pub ok_actions: In<Vec<String>>,
    /// ARN of the alarm that keeps it quiet.
    pub actions_suppressor: In<String>,
    /// Seconds that it waits for the suppressor before it acts.
    pub actions_suppressor_wait_period: i32,
    /// Seconds that it stays quiet after the suppressor.
    pub actions_suppressor_extension_period: i32,
    /// Tags.
    pub tags: Tags,
}

impl Component for CompositeAlarm {
    const KIND: Kind = Kind::CompositeAlarm;
    const REPLACE: &'static [&'static str] = &["alarm_name"];
    const NAME: &'static [&'static str] = &["alarm_name"];
    const UNORDERED: &'static [&'static str] = &["alarm_actions", "ok_actions"];
}

/// The model of what is normal for one series. It has no name and no tags: the series is its
/// identity. Output: `id`, the series as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnomalyDetector {
    /// Namespace.
    pub namespace: String,
    /// Metric.
    pub metric_name: String,
    /// The exact dimensions of the series.
    pub dimensions: In<BTreeMap<String, String>>,
    /// Statistic in AWS's words.
    pub stat: String,
}

impl Component for AnomalyDetector {
    const KIND: Kind = Kind::AnomalyDetector;
    const REPLACE: &'static [&'static str] = &["namespace", "metric_name", "dimensions", "stat"];
    const NAME: &'static [&'static str] = &["namespace", "metric_name", "dimensions", "stat"];
}
