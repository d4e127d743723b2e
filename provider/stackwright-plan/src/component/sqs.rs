//! SQS.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Component, Kind, Tags};
use crate::In;

/// A standard queue. Outputs: `name`, `arn`, `url`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Name, unique in account and region.
    pub queue_name: String,
    /// Seconds that a message stays.
    pub message_retention_period: i32,
    /// Whether SQS encrypts with a key of its own.
    pub sqs_managed_sse_enabled: bool,
    /// Who may do what with it.
    pub policy: In<Json>,
    /// Tags.
    pub tags: Tags,
}

impl Component for Queue {
    const KIND: Kind = Kind::Queue;
    const REPLACE: &'static [&'static str] = &["queue_name"];
    const NAME: &'static [&'static str] = &["queue_name"];
}
