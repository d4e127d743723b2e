//! `EventBridge`.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Component, Kind};
use crate::In;

/// A rule on the account's default event bus, without targets: CloudWatch counts the events that match it.
/// It carries no tags, which AWS would answer only rule by rule. Outputs: `name`, `arn`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRule {
    /// Name, unique on its bus.
    pub rule_name: String,
    /// For people who meet it in the console.
    pub description: String,
    /// Which events.
    pub event_pattern: In<Json>,
    /// Whether it looks at events at all.
    pub enabled: bool,
}

impl Component for EventRule {
    const KIND: Kind = Kind::EventRule;
    const REPLACE: &'static [&'static str] = &["rule_name"];
    const NAME: &'static [&'static str] = &["rule_name"];
    const ADOPT_EQUAL: bool = true;
}
