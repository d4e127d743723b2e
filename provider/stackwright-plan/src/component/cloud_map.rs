//! Cloud Map: the private DNS names of a network.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Component, Kind, Tags};
use crate::In;

/// A private DNS zone of one VPC, into which Cloud Map alone writes. Outputs: `id`, `arn`,
/// `vpc_id`. Its create returns before the zone answers; `settle` waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CloudMapNamespace {
    /// Domain: `stage.acme.internal`.
    pub name: String,
    /// The VPC whose resolver answers.
    pub vpc_id: In<String>,
    /// Description.
    pub description: String,
    /// Tags.
    pub tags: Tags,
}

impl Component for CloudMapNamespace {
    const KIND: Kind = Kind::CloudMapNamespace;
    const REPLACE: &'static [&'static str] = &["name", "vpc_id"];
    const NAME: &'static [&'static str] = &["name", "vpc_id"];
}

/// One name in a namespace and the records that its instances get. Its name is unique in the
/// namespace, and AWS changes nothing of it but TTLs and description. Outputs: `id`, `arn`, `name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CloudMapService {
    /// First part of the DNS name: `web.shop` answers `web.shop.stage.acme.internal`.
    pub name: String,
    /// Its namespace.
    pub namespace_id: In<String>,
    /// Description.
    pub description: String,
    /// Seconds that resolvers keep a record, by its type: `A`, `AAAA`, `CNAME` or `SRV`. An alias
    /// is an instance of a service with type `A`.
    pub records: BTreeMap<String, i64>,
    /// `MULTIVALUE` (up to eight healthy ones) or `WEIGHTED` (one of them; for CNAME and alias).
    pub routing_policy: String,
    /// Whether ECS tells which instances are healthy. A CNAME or an alias has no health of its own.
    pub custom_health: bool,
    /// Tags.
    pub tags: Tags,
}

impl Component for CloudMapService {
    const KIND: Kind = Kind::CloudMapService;
    const REPLACE: &'static [&'static str] =
        &["name", "namespace_id", "routing_policy", "custom_health"];
    const NAME: &'static [&'static str] = &["name", "namespace_id"];
}

/// What a name leads to. ECS registers its tasks itself. Cannot be tagged: owned through its
/// service. Outputs: `id` (`<service>|<instance>`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CloudMapInstance {
    /// Its service.
    pub service_id: In<String>,
    /// Its name, unique in its service.
    pub instance_id: String,
    /// What the record says, see [`CloudMapInstance::CNAME`] and [`CloudMapInstance::ALIAS`].
    pub attributes: BTreeMap<String, In<String>>,
}

impl CloudMapInstance {
    /// Attribute with the domain that a CNAME record leads to.
    pub const CNAME: &'static str = "AWS_INSTANCE_CNAME";
    /// Attribute with the domain of the load balancer that an alias record leads to.
    pub const ALIAS: &'static str = "AWS_ALIAS_DNS_NAME";
}

impl Component for CloudMapInstance {
    const KIND: Kind = Kind::CloudMapInstance;
    const REPLACE: &'static [&'static str] = &["service_id", "instance_id"];
    const NAME: &'static [&'static str] = &["service_id", "instance_id"];
}
