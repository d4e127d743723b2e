//! AWS objects as typed values: what an adapter writes and what it reads back.
//!
//! Every field is owned: reading compares it and an apply repairs it. An `Option` that is `None`
//! means that AWS decides. Field names are those of the AWS APIs in snake case.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::field_names;

mod acm;
mod autoscaling;
mod cloud_map;
mod cloudwatch;
mod ec2;
mod ecs;
mod elbv2;
mod elbv2_targets;
mod eventbridge;
mod iam;
mod logs;
mod rds;
mod route53;
mod scheduler;
mod secretsmanager;
mod sqs;
mod ssm;

pub use acm::*;
pub use autoscaling::*;
pub use cloud_map::*;
pub use cloudwatch::*;
pub use ec2::*;
pub use ecs::*;
pub use elbv2::*;
pub use elbv2_targets::*;
pub use eventbridge::*;
pub use iam::*;
pub use logs::*;
pub use rds::*;
pub use route53::*;
pub use scheduler::*;
pub use secretsmanager::*;
pub use sqs::*;
pub use ssm::*;

/// Tags of an object.
pub type Tags = BTreeMap<String, String>;

/// An AWS object as a typed value.
pub trait Component: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Which adapter it belongs to.
    const KIND: Kind;
    /// Fields that AWS cannot change in place.
    const REPLACE: &'static [&'static str] = &[];
    /// Fields that together are its name: AWS takes no second object with the same. A replacement
    /// under the same name deletes the old object first. Looking for one needs no other field. Empty
    /// for objects whose ids AWS gives.
    const NAME: &'static [&'static str] = &[];
    /// It holds what cannot be made again: it is never deleted to make room for a successor.
    const PRECIOUS: bool = false;
    /// Fields with lists whose order has no meaning.
    const UNORDERED: &'static [&'static str] = &[];
    /// Fields whose values are never shown, only that they differ; `*` stands for one name.
    const REDACTED: &'static [&'static str] = &[];
    /// A replaced object stays until the resource is deleted: its delete removes all of them.
    const KEEPS_HISTORY: bool = false;
    /// It carries no tags that say whose it is: one that is not recorded is ours only when it is
    /// exactly as we want it, and somebody else's otherwise. Its outputs say what was written last;
    /// an update without differences answers them anew and writes nothing.
    const ADOPT_EQUAL: bool = false;
    /// Nothing but tags ever changes on an object: one that is known is not read again.
    const IMMUTABLE: bool = false;
    /// Some of its outputs, like the address of a database, come only when it works.
    const LATE_OUTPUTS: bool = false;
    /// Fields, and the output that is another one when the field is: no plan can say it before.
    const DECIDES: &'static [(&'static str, &'static str)] = &[];
}

/// Facts about a kind of component, without its type.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that have nothing to do with each other"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindFacts {
    /// Fields that AWS cannot change in place.
    pub replace: &'static [&'static str],
    /// Fields that together are its name.
    pub name: &'static [&'static str],
    /// It is never deleted to make room for a successor.
    pub precious: bool,
    /// Fields with lists whose order has no meaning.
    pub unordered: &'static [&'static str],
    /// Fields whose values are never shown.
    pub redacted: &'static [&'static str],
    /// A replaced object stays until the resource is deleted.
    pub keeps_history: bool,
    /// One that is not recorded is ours only when it is exactly as we want it.
    pub adopt_equal: bool,
    /// Nothing but tags ever changes on an object.
    pub immutable: bool,
    /// Some of its outputs come only when it works.
    pub late_outputs: bool,
    /// Fields, and the output that is another one when the field is.
    pub decides: &'static [(&'static str, &'static str)],
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal),* $(,)?) => {
        /// The kinds of AWS objects.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { $($(#[$doc])* $kind),* }

        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// Name for people: "security group rule".
            pub const fn label(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }

            /// Every field that we own.
            pub fn fields(self) -> &'static [&'static str] {
                match self { $(Self::$kind => field_names::of::<$kind>()),* }
            }

            /// Facts about the kind.
            pub const fn facts(self) -> KindFacts {
                match self { $(Self::$kind => KindFacts {
                    replace: <$kind as Component>::REPLACE,
                    name: <$kind as Component>::NAME,
                    precious: <$kind as Component>::PRECIOUS,
                    unordered: <$kind as Component>::UNORDERED,
                    redacted: <$kind as Component>::REDACTED,
                    keeps_history: <$kind as Component>::KEEPS_HISTORY,
                    adopt_equal: <$kind as Component>::ADOPT_EQUAL,
                    immutable: <$kind as Component>::IMMUTABLE,
                    late_outputs: <$kind as Component>::LATE_OUTPUTS,
                    decides: <$kind as Component>::DECIDES,
                }),* }
            }
        }
    };
}

kinds! {
    /// [`Vpc`].
    Vpc = "VPC",
    /// [`Ipv6CidrBlock`].
    Ipv6CidrBlock = "IPv6 range of a VPC",
    /// [`EgressOnlyInternetGateway`].
    EgressOnlyInternetGateway = "egress-only internet gateway",
    /// [`InternetGateway`].
    InternetGateway = "internet gateway",
    /// [`Subnet`].
    Subnet = "subnet",
    /// [`ElasticIp`].
    ElasticIp = "elastic IP",
    /// [`NatGateway`].
    NatGateway = "NAT gateway",
    /// [`RouteTable`].
    RouteTable = "route table",
    /// [`Route`].
    Route = "route",
    /// [`RouteTableAssociation`].
    RouteTableAssociation = "route table association",
    /// [`GatewayEndpoint`].
    GatewayEndpoint = "gateway VPC endpoint",
    /// [`InterfaceEndpoint`].
    InterfaceEndpoint = "interface VPC endpoint",
    /// [`FlowLog`].
    FlowLog = "flow log",
    /// [`DefaultSecurityGroup`].
    DefaultSecurityGroup = "default security group",
    /// [`SecurityGroup`].
    SecurityGroup = "security group",
    /// [`SecurityGroupRule`].
    SecurityGroupRule = "security group rule",
    /// [`LogGroup`].
    LogGroup = "log group",
    /// [`Role`].
    Role = "IAM role",
    /// [`Parameter`].
    Parameter = "SSM parameter",
    /// [`EcsCluster`].
    EcsCluster = "ECS cluster",
    /// [`TaskDefinition`].
    TaskDefinition = "ECS task definition",
    /// [`EcsService`].
    EcsService = "ECS service",
    /// [`ServiceSecrets`].
    ServiceSecrets = "secrets of running tasks",
    /// [`CloudMapNamespace`].
    CloudMapNamespace = "Cloud Map namespace",
    /// [`CloudMapService`].
    CloudMapService = "Cloud Map service",
    /// [`CloudMapInstance`].
    CloudMapInstance = "Cloud Map instance",
    /// [`MetricAlarm`].
    MetricAlarm = "metric alarm",
    /// [`CompositeAlarm`].
    CompositeAlarm = "composite alarm",
    /// [`AnomalyDetector`].
    AnomalyDetector = "anomaly detector",
    /// [`LogMetricFilter`].
    LogMetricFilter = "log metric filter",
    /// [`EventRule`].
    EventRule = "EventBridge rule",
    /// [`ScheduleGroup`].
    ScheduleGroup = "schedule group",
    /// [`Schedule`].
    Schedule = "schedule",
    /// [`Queue`].
    Queue = "SQS queue",
    /// [`LoadBalancer`].
    LoadBalancer = "load balancer",
    /// [`LoadBalancerProtection`].
    LoadBalancerProtection = "deletion protection of a load balancer",
    /// [`Listener`].
    Listener = "listener",
    /// [`ListenerCertificate`].
    ListenerCertificate = "listener certificate",
    /// [`Certificate`].
    Certificate = "certificate",
    /// [`CertificateValidation`].
    CertificateValidation = "certificate validation",
    /// [`DnsRecord`].
    DnsRecord = "DNS record",
    /// [`TargetGroup`].
    TargetGroup = "target group",
    /// [`ListenerRule`].
    ListenerRule = "listener rule",
    /// [`ScalableTarget`].
    ScalableTarget = "scalable target",
    /// [`ScalingPolicy`].
    ScalingPolicy = "scaling policy",
    /// [`DbSubnetGroup`].
    DbSubnetGroup = "RDS subnet group",
    /// [`DbParameterGroup`].
    DbParameterGroup = "RDS parameter group",
    /// [`DbInstance`].
    DbInstance = "RDS database",
    /// [`DbReplica`].
    DbReplica = "RDS read replica",
    /// [`DbCredentials`].
    DbCredentials = "database password",
    /// [`DbProtection`].
    DbProtection = "protection of a database",
    /// [`Secret`].
    Secret = "secret",
}
