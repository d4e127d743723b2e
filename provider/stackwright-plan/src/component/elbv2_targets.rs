//! Elastic Load Balancing: where requests go.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Component, Kind, Tags};
use crate::In;

/// Takes requests for tasks by address. Outputs: `arn`, `name`, `arn_suffix`
/// (`targetgroup/<name>/<id>`, as metrics call it).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Name, unique in account and region.
    pub name: String,
    /// Port of targets that are registered without one.
    pub port: i32,
    /// `HTTP`.
    pub protocol: String,
    /// Its VPC.
    pub vpc_id: In<String>,
    /// `ip`.
    pub target_type: String,
    /// Whether targets are asked at all: always, as AWS does for addresses.
    pub health_check_enabled: bool,
    /// `HTTP`.
    pub health_check_protocol: String,
    /// `traffic-port`: the port that a target was registered with.
    pub health_check_port: String,
    /// What is asked.
    pub health_check_path: String,
    /// Seconds between two questions.
    pub health_check_interval_seconds: i32,
    /// Seconds to wait for the answer.
    pub health_check_timeout_seconds: i32,
    /// Good answers in a row that make a target healthy.
    pub healthy_threshold_count: i32,
    /// Bad answers in a row that make it unhealthy.
    pub unhealthy_threshold_count: i32,
    /// HTTP codes of a good answer.
    pub matcher: String,
    /// Attributes in AWS's own words; only those of [`TargetGroup::ATTRIBUTES`] are owned.
    pub attributes: BTreeMap<String, String>,
    /// Tags.
    pub tags: Tags,
}

impl TargetGroup {
    /// The attributes that we own. AWS answers them one target group at a time.
    pub const ATTRIBUTES: &'static [&'static str] = &[
        "deregistration_delay.timeout_seconds",
        "load_balancing.algorithm.type",
        "slow_start.duration_seconds",
        "stickiness.enabled",
        "stickiness.lb_cookie.duration_seconds",
        "stickiness.type",
    ];
}

impl Component for TargetGroup {
    const KIND: Kind = Kind::TargetGroup;
    const REPLACE: &'static [&'static str] = &["name", "port", "protocol", "vpc_id", "target_type"];
    const NAME: &'static [&'static str] = &["name"];
}

/// A target group that a rule sends requests to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForwardTarget {
    /// The target group.
    pub target_group_arn: In<String>,
    /// Its share of the requests: with a weight of 0 it belongs to the load balancer and gets none.
    pub weight: i32,
}

/// A rule of a listener that forwards. Outputs: `arn`, `priority`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListenerRule {
    /// Its listener.
    pub listener_arn: In<String>,
    /// Place among the listener's rules; `None` takes a free one, by how specific the rule is.
    pub priority: Option<i32>,
    /// Host names; none for any.
    pub host_headers: Vec<String>,
    /// Paths; none for any.
    pub path_patterns: Vec<String>,
    /// Where requests go.
    pub targets: Vec<ForwardTarget>,
    /// Conditions and actions of other kinds, none wanted: `condition source-ip`, `action redirect`.
    pub others: Vec<String>,
    /// Tags.
    pub tags: Tags,
}

impl Component for ListenerRule {
    const KIND: Kind = Kind::ListenerRule;
    const REPLACE: &'static [&'static str] = &["listener_arn"];
    const UNORDERED: &'static [&'static str] =
        &["host_headers", "path_patterns", "targets", "others"];
}
