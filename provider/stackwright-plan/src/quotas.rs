//! Quotas of AWS that show only when several resources are put together, so that the provider and the generator keep to the same.

/// Most names of a certificate that ACM makes.
/// Source: <https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html>
pub const CERTIFICATE_NAMES: usize = 10;

/// Longest first name of a certificate: it is also the common name.
/// Source: <https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html>
pub const CERTIFICATE_FIRST_NAME: usize = 64;

/// Most rules of an application load balancer, its default rules aside. AWS raises it on request.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
pub const ROUTER_RULES: usize = 100;

/// Most target groups of an application load balancer. AWS does not raise it.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
pub const ROUTER_TARGET_GROUPS: usize = 100;

/// Most rules in, or out, of a security group. AWS raises it on request.
/// Source: <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>
pub const SECURITY_GROUP_RULES: usize = 60;

/// Most database instances of an account in a region. AWS raises it on request.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html>
pub const DB_INSTANCES: usize = 40;
