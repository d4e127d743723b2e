//! Route 53.

use serde::{Deserialize, Serialize};

use super::{Component, Kind};
use crate::In;

/// A record set. Cannot be tagged: one with an equal value is taken over, one with another value is
/// refused. What somebody else has put in its place since is not deleted.
/// Outputs: `id` (`<zone>|<name>|<type>`), `value` (what was written, in one line).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DnsRecord {
    /// Hosted zone.
    pub zone_id: In<String>,
    /// Whole name in lower case, without the dot at the end.
    pub name: In<String>,
    /// `A`, `AAAA` or `CNAME`.
    #[serde(rename = "type")]
    pub record_type: String,
    /// The values: names, or the load balancer's name of an alias.
    pub values: Vec<In<String>>,
    /// Hosted zone of the load balancer that an alias names; empty when it is no alias.
    pub alias_zone_id: In<String>,
    /// Seconds that resolvers may keep it; 0 for an alias, which has its target's.
    pub ttl: i64,
    /// Name of one of several weighted or regional records; empty for the only one.
    pub set_identifier: String,
}

impl Component for DnsRecord {
    const KIND: Kind = Kind::DnsRecord;
    const REPLACE: &'static [&'static str] = &["zone_id", "name", "type"];
    const NAME: &'static [&'static str] = &["zone_id", "name", "type"];
    const UNORDERED: &'static [&'static str] = &["values"];
    const ADOPT_EQUAL: bool = true;
}
