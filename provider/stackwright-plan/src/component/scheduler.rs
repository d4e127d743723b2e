//! `EventBridge` Scheduler.

use serde::{Deserialize, Serialize};

use super::{Component, Kind, Tags};
use crate::In;

/// Schedules with tags and metrics of their own: a schedule has neither. Outputs: `name`, `arn`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduleGroup {
    /// Name.
    pub name: String,
    /// Tags.
    pub tags: Tags,
}

impl Component for ScheduleGroup {
    const KIND: Kind = Kind::ScheduleGroup;
    const REPLACE: &'static [&'static str] = &["name"];
    const NAME: &'static [&'static str] = &["name"];
}

/// Starts a task on ECS again and again. Cannot be tagged: owned through its group. Every change
/// writes all of it. Outputs: `id` (`<group>/<name>`), `name`, `arn`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its group.
    pub group_name: In<String>,
    /// Name, unique in its group.
    pub name: String,
    /// Description.
    pub description: String,
    /// `cron(...)`, `rate(...)` or `at(...)`.
    pub schedule_expression: String,
    /// Name in the time zone database.
    pub schedule_expression_timezone: String,
    /// `ENABLED` or `DISABLED`.
    pub state: String,
    /// Minutes within which AWS chooses the moment; 0 for at once.
    pub flexible_window_minutes: i32,
    /// The cluster that runs the task.
    pub cluster: In<String>,
    /// Role by which Scheduler starts it.
    pub role_arn: In<String>,
    /// Revision of the task definition.
    pub task_definition: In<String>,
    /// Tasks that one run starts.
    pub task_count: i32,
    /// Subnets of the task.
    pub subnets: In<Vec<String>>,
    /// Security groups of the task.
    pub security_groups: In<Vec<String>>,
    /// Whether the task gets a public address.
    pub assign_public_ip: bool,
    /// Whether the task carries AWS's cost tags.
    pub enable_ecs_managed_tags: bool,
    /// Where the task takes its tags from: `TASK_DEFINITION`.
    pub propagate_tags: String,
    /// What the run overrides, as JSON; empty for nothing.
    pub input: String,
    /// How often a start that failed is tried again.
    pub maximum_retry_attempts: i32,
    /// Seconds after which a start is given up.
    pub maximum_event_age_in_seconds: i32,
    /// Queue for starts that were given up.
    pub dead_letter_arn: In<String>,
}

impl Component for Schedule {
    const KIND: Kind = Kind::Schedule;
    const REPLACE: &'static [&'static str] = &["group_name", "name"];
    const NAME: &'static [&'static str] = &["group_name", "name"];
    const UNORDERED: &'static [&'static str] = &["subnets", "security_groups"];
}
