//! Application Auto Scaling of ECS services.

use serde::{Deserialize, Serialize};

use super::{Component, Kind};
use crate::In;

/// Between which counts a service is scaled. Its tags come one at a time, so it is owned through its
/// service. Outputs: `id` (the resource id), `arn`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalableTarget {
    /// `service/<cluster>/<service>`.
    pub resource_id: In<String>,
    /// Least number of tasks.
    pub min_capacity: i32,
    /// Largest number of tasks.
    pub max_capacity: i32,
    /// What is suspended, nothing wanted: `dynamic_scaling_in`, `dynamic_scaling_out`,
    /// `scheduled_scaling`.
    pub suspended: Vec<String>,
}

impl Component for ScalableTarget {
    const KIND: Kind = Kind::ScalableTarget;
    const REPLACE: &'static [&'static str] = &["resource_id"];
    const NAME: &'static [&'static str] = &["resource_id"];
    const UNORDERED: &'static [&'static str] = &["suspended"];
}

/// Target tracking. AWS makes the alarms of it, and deletes them. Cannot be tagged: owned through its
/// service. Outputs: `id` (`<resource id>|<name>`), `arn`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingPolicy {
    /// `service/<cluster>/<service>`.
    pub resource_id: In<String>,
    /// Name, unique in its target.
    pub policy_name: String,
    /// `ECSServiceAverageCPUUtilization`, `ECSServiceAverageMemoryUtilization` or
    /// `ALBRequestCountPerTarget`; empty for anything that we do not write.
    pub metric: String,
    /// Load balancer of the requests: `app/<name>/<id>`.
    pub load_balancer: Option<In<String>>,
    /// Target group of the requests: `targetgroup/<name>/<id>`.
    pub target_group: Option<In<String>>,
    /// What the metric is held at.
    pub target_value: f64,
    /// Seconds between two steps down.
    pub scale_in_cooldown: i32,
    /// Seconds between two steps up.
    pub scale_out_cooldown: i32,
    /// Whether it never removes tasks.
    pub disable_scale_in: bool,
}

impl Component for ScalingPolicy {
    const KIND: Kind = Kind::ScalingPolicy;
    const REPLACE: &'static [&'static str] = &["resource_id", "policy_name"];
    const NAME: &'static [&'static str] = &["resource_id", "policy_name"];
}
