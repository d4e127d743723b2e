//! What a service needs to know of a router.

use tfplugin_types::TfSchema;

/// A router as services see it. Write it by hand to use a load balancer that exists already.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct RouterRef {
    /// Name of the router.
    pub name: String,
    /// ARN of the load balancer.
    pub arn: String,
    /// The end of it, as metrics name it: `app/<name>/<id>`.
    pub arn_suffix: String,
    /// DNS name of the load balancer.
    pub dns_name: String,
    /// Id of the hosted zone of that name.
    pub zone_id: String,
    /// ARN of the listener that takes rules.
    pub listener_arn: String,
    /// Id of the load balancer's security group.
    pub security_group_id: String,
    /// Id of the VPC.
    pub vpc_id: String,
    /// Whether the internet reaches it.
    pub public: bool,
    /// Whether the listener that takes rules speaks TLS.
    pub https: bool,
    /// First of its domains.
    pub domain: Option<String>,
}
