//! Elastic Load Balancing v2: application load balancers.

use serde::{Deserialize, Serialize};

use super::{Component, Kind, Tags};
use crate::In;

/// Where a load balancer writes its access logs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccessLogs {
    /// Whether it writes them.
    pub enabled: bool,
    /// S3 bucket; empty when it writes none.
    pub bucket: String,
    /// Key prefix without slashes at its ends.
    pub prefix: String,
}

/// An application load balancer. Outputs: `arn`, `name`, `dns_name`, `zone_id` (of its DNS name),
/// `arn_suffix` (`app/name/id`, as CloudWatch has it). `settle` waits until it is active.
/// Its deletion protection is [`LoadBalancerProtection`], because that is the last write of a create.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// Name, unique in the account and region.
    pub name: String,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// The VPC of its subnets.
    pub vpc_id: In<String>,
    /// `ipv4` or `dualstack`.
    pub ip_address_type: String,
    /// One subnet in each of at least two availability zones.
    pub subnets: In<Vec<String>>,
    /// Security groups.
    pub security_groups: Vec<In<String>>,
    /// Seconds after which a silent connection is closed.
    pub idle_timeout: i32,
    /// Whether headers that are no HTTP headers are taken out of requests.
    pub drop_invalid_header_fields: bool,
    /// Whether clients may speak HTTP/2.
    pub http2: bool,
    /// Where it writes its access logs.
    pub access_logs: AccessLogs,
    /// Tags.
    pub tags: Tags,
}

impl Component for LoadBalancer {
    const KIND: Kind = Kind::LoadBalancer;
    const REPLACE: &'static [&'static str] = &["name", "scheme", "vpc_id"];
    const NAME: &'static [&'static str] = &["name"];
    const UNORDERED: &'static [&'static str] = &["subnets", "security_groups"];
}

/// Whether a load balancer may be deleted. A part of the load balancer that is a component of its
/// own: made after everything else, taken away before everything else.
/// Outputs: `id` (the ARN of the load balancer).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancerProtection {
    /// The load balancer.
    pub load_balancer_arn: In<String>,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
}

impl Component for LoadBalancerProtection {
    const KIND: Kind = Kind::LoadBalancerProtection;
    const REPLACE: &'static [&'static str] = &["load_balancer_arn"];
    const NAME: &'static [&'static str] = &["load_balancer_arn"];
}

/// What a listener does with a request that no rule takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListenerAction {
    /// Sends the client to another address, where `#{host}`, `#{path}` and `#{query}` stand for those of the request.
    Redirect {
        /// `HTTPS`.
        protocol: String,
        /// `443`.
        port: String,
        /// Host.
        host: String,
        /// Path.
        path: String,
        /// Query.
        query: String,
        /// `HTTP_301` or `HTTP_302`.
        status_code: String,
    },
    /// Answers itself.
    FixedResponse {
        /// `404`.
        status_code: String,
        /// `text/plain`.
        content_type: String,
        /// What it says.
        message_body: String,
    },
    /// Something that Stackwright never writes: AWS's name of it.
    Other(String),
}

/// A listener of a load balancer. Outputs: `arn`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    /// The load balancer.
    pub load_balancer_arn: In<String>,
    /// Port.
    pub port: i32,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// Security policy of TLS; empty for `HTTP`.
    pub ssl_policy: String,
    /// The certificate for clients that name no host, or one without a certificate; empty for `HTTP`.
    pub certificate_arn: In<String>,
    /// What happens to requests that no rule takes.
    pub default_action: ListenerAction,
    /// Tags.
    pub tags: Tags,
}

impl Component for Listener {
    const KIND: Kind = Kind::Listener;
    const REPLACE: &'static [&'static str] = &["load_balancer_arn"];
    const NAME: &'static [&'static str] = &["load_balancer_arn", "port"];
}

/// A further certificate of a listener, chosen by the host that a client names (SNI). Cannot be
/// tagged: owned through its listener. Outputs: `id` (`<listener>|<certificate>`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListenerCertificate {
    /// The listener.
    pub listener_arn: In<String>,
    /// The certificate.
    pub certificate_arn: In<String>,
}

impl Component for ListenerCertificate {
    const KIND: Kind = Kind::ListenerCertificate;
    const REPLACE: &'static [&'static str] = &["listener_arn", "certificate_arn"];
    const NAME: &'static [&'static str] = &["listener_arn", "certificate_arn"];
}
