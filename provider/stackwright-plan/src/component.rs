//! AWS objects as typed values: what an adapter writes and what it reads back.
//!
//! Every field is owned: reading compares it and an apply repairs it. An `Option` that is `None`
//! means that AWS decides. Field names are those of the AWS APIs in snake case.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{In, field_names};

/// Tags of an object.
pub type Tags = BTreeMap<String, String>;

/// An AWS object as a typed value.
pub trait Component: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Which adapter it belongs to.
    const KIND: Kind;
    /// Fields that AWS cannot change in place.
    const REPLACE: &'static [&'static str] = &[];
    /// Fields with lists whose order has no meaning.
    const UNORDERED: &'static [&'static str] = &[];
    /// Fields whose values are never shown, only that they differ; `*` stands for one name.
    const REDACTED: &'static [&'static str] = &[];
    /// A replaced object stays until the resource is deleted: its delete removes all of them.
    const KEEPS_HISTORY: bool = false;
}

/// Facts about a kind of component, without its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindFacts {
    /// Fields that AWS cannot change in place.
    pub replace: &'static [&'static str],
    /// Fields with lists whose order has no meaning.
    pub unordered: &'static [&'static str],
    /// Fields whose values are never shown.
    pub redacted: &'static [&'static str],
    /// A replaced object stays until the resource is deleted.
    pub keeps_history: bool,
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
                    unordered: <$kind as Component>::UNORDERED,
                    redacted: <$kind as Component>::REDACTED,
                    keeps_history: <$kind as Component>::KEEPS_HISTORY,
                }),* }
            }
        }
    };
}

kinds! {
    /// [`Vpc`].
    Vpc = "VPC",
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
}

/// Outputs: `id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vpc {
    /// IPv4 range.
    pub cidr_block: String,
    /// Whether the Amazon resolver answers.
    pub enable_dns_support: bool,
    /// Whether instances get DNS names.
    pub enable_dns_hostnames: bool,
    /// Tags.
    pub tags: Tags,
}

impl Component for Vpc {
    const KIND: Kind = Kind::Vpc;
    const REPLACE: &'static [&'static str] = &["cidr_block"];
}

/// Made and attached as one. Outputs: `id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InternetGateway {
    /// The VPC that it is attached to.
    pub vpc_id: In<String>,
    /// Tags.
    pub tags: Tags,
}

impl Component for InternetGateway {
    const KIND: Kind = Kind::InternetGateway;
}

/// Outputs: `id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its VPC.
    pub vpc_id: In<String>,
    /// Its availability zone.
    pub availability_zone: String,
    /// IPv4 range.
    pub cidr_block: String,
    /// Whether what starts here gets a public address.
    pub map_public_ip_on_launch: bool,
    /// Tags.
    pub tags: Tags,
}

impl Component for Subnet {
    const KIND: Kind = Kind::Subnet;
    const REPLACE: &'static [&'static str] = &["vpc_id", "availability_zone", "cidr_block"];
}

/// Outputs: `id` (allocation id), `public_ip`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ElasticIp {
    /// Tags.
    pub tags: Tags,
}

impl Component for ElasticIp {
    const KIND: Kind = Kind::ElasticIp;
}

/// A public NAT gateway. Outputs: `id`. Its create returns before it is available; `settle` waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NatGateway {
    /// The public subnet it stands in.
    pub subnet_id: In<String>,
    /// The elastic IP it uses.
    pub allocation_id: In<String>,
    /// Tags.
    pub tags: Tags,
}

impl Component for NatGateway {
    const KIND: Kind = Kind::NatGateway;
    const REPLACE: &'static [&'static str] = &["subnet_id", "allocation_id"];
}

/// Outputs: `id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteTable {
    /// Its VPC.
    pub vpc_id: In<String>,
    /// Tags.
    pub tags: Tags,
}

impl Component for RouteTable {
    const KIND: Kind = Kind::RouteTable;
    const REPLACE: &'static [&'static str] = &["vpc_id"];
}

/// Cannot be tagged: owned through its route table. Outputs: `id` (`<route table>|<destination>`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Its route table.
    pub route_table_id: In<String>,
    /// IPv4 range that it applies to.
    pub destination_cidr_block: String,
    /// Internet gateway as target.
    pub gateway_id: Option<In<String>>,
    /// NAT gateway as target.
    pub nat_gateway_id: Option<In<String>>,
}

impl Component for Route {
    const KIND: Kind = Kind::Route;
    const REPLACE: &'static [&'static str] = &["route_table_id", "destination_cidr_block"];
}

/// Cannot be tagged: owned through its route table. Outputs: `id`.
/// A subnet has at most one: an association with another table is changed (`ReplaceRouteTableAssociation`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteTableAssociation {
    /// The route table.
    pub route_table_id: In<String>,
    /// The subnet.
    pub subnet_id: In<String>,
}

impl Component for RouteTableAssociation {
    const KIND: Kind = Kind::RouteTableAssociation;
    const REPLACE: &'static [&'static str] = &["subnet_id"];
}

/// Outputs: `id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatewayEndpoint {
    /// Its VPC.
    pub vpc_id: In<String>,
    /// `com.amazonaws.us-west-2.s3`.
    pub service_name: String,
    /// The route tables that get its route.
    pub route_table_ids: Vec<In<String>>,
    /// Tags.
    pub tags: Tags,
}

impl Component for GatewayEndpoint {
    const KIND: Kind = Kind::GatewayEndpoint;
    const REPLACE: &'static [&'static str] = &["vpc_id", "service_name"];
    const UNORDERED: &'static [&'static str] = &["route_table_ids"];
}

/// The group that AWS makes with each VPC, locked: no rules. It goes away with its VPC: create takes
/// it over, delete leaves it alone. Outputs: `id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DefaultSecurityGroup {
    /// Its VPC.
    pub vpc_id: In<String>,
    /// Descriptions of its rules, none wanted: `ingress -1 from sg-1`, `egress -1 to 0.0.0.0/0`.
    pub rules: Vec<String>,
    /// Tags.
    pub tags: Tags,
}

impl Component for DefaultSecurityGroup {
    const KIND: Kind = Kind::DefaultSecurityGroup;
    const REPLACE: &'static [&'static str] = &["vpc_id"];
    const UNORDERED: &'static [&'static str] = &["rules"];
}

/// Without rules of its own: each rule is a component of the resource that needs it. Outputs: `id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Unique in its VPC.
    pub group_name: String,
    /// AWS cannot change it.
    pub description: String,
    /// Its VPC.
    pub vpc_id: In<String>,
    /// Whether the untagged rule "all traffic to 0.0.0.0/0" that AWS adds to a new group is there.
    pub default_egress: bool,
    /// Tags.
    pub tags: Tags,
}

impl Component for SecurityGroup {
    const KIND: Kind = Kind::SecurityGroup;
    const REPLACE: &'static [&'static str] = &["group_name", "description", "vpc_id"];
}

/// Which way a security group rule works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Traffic to the group's members.
    Ingress,
    /// Traffic from the group's members.
    Egress,
}

/// One rule with one other side. Outputs: `id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroupRule {
    /// The group it belongs to.
    pub group_id: In<String>,
    /// Ingress or egress.
    pub direction: Direction,
    /// `tcp`, `udp`, `icmp` or `-1` for all.
    pub ip_protocol: String,
    /// First port; `-1` for all.
    pub from_port: i32,
    /// Last port; `-1` for all.
    pub to_port: i32,
    /// Other side: an IPv4 range.
    pub cidr_ipv4: Option<String>,
    /// Other side: an IPv6 range.
    pub cidr_ipv6: Option<String>,
    /// Other side: members of a group.
    pub referenced_group_id: Option<In<String>>,
    /// Description.
    pub description: String,
    /// Tags.
    pub tags: Tags,
}

impl Component for SecurityGroupRule {
    const KIND: Kind = Kind::SecurityGroupRule;
    const REPLACE: &'static [&'static str] = &["group_id", "direction"];
}

/// Outputs: `arn` (without the trailing `:*`), `name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogGroup {
    /// Name.
    pub log_group_name: String,
    /// Days; one of the values that AWS allows.
    pub retention_in_days: i32,
    /// Tags.
    pub tags: Tags,
}

impl Component for LogGroup {
    const KIND: Kind = Kind::LogGroup;
    const REPLACE: &'static [&'static str] = &["log_group_name"];
}

/// A role with its policies. Outputs: `arn`, `name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Name, unique in the account whatever the path.
    pub role_name: String,
    /// Path.
    pub path: String,
    /// Description.
    pub description: String,
    /// Trust policy.
    pub assume_role_policy: In<Json>,
    /// Longest session in seconds.
    pub max_session_duration: i32,
    /// Policy that bounds it; the empty text for none.
    pub permissions_boundary: String,
    /// Inline policies by name.
    pub inline_policies: In<BTreeMap<String, Json>>,
    /// ARNs of attached managed policies, sorted.
    pub managed_policy_arns: In<Vec<String>>,
    /// Tags.
    pub tags: Tags,
}

impl Component for Role {
    const KIND: Kind = Kind::Role;
    const REPLACE: &'static [&'static str] = &["role_name", "path"];
    const UNORDERED: &'static [&'static str] = &["managed_policy_arns"];
}

/// A parameter of type `String` in the intelligent tier. Outputs: `arn`, `name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Name, beginning with `/`.
    pub name: String,
    /// Description.
    pub description: String,
    /// Value.
    pub value: In<String>,
    /// Tags.
    pub tags: Tags,
}

impl Component for Parameter {
    const KIND: Kind = Kind::Parameter;
    const REPLACE: &'static [&'static str] = &["name"];
    const REDACTED: &'static [&'static str] = &["value"];
}

/// One share of a capacity provider strategy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CapacityShare {
    /// `FARGATE` or `FARGATE_SPOT`.
    pub capacity_provider: String,
    /// Share of the tasks, 0 to 1000.
    pub weight: i32,
    /// Tasks that run here before shares count.
    pub base: i32,
}

/// Outputs: `arn`, `name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EcsCluster {
    /// Name.
    pub cluster_name: String,
    /// `enabled`, `enhanced` or `disabled`.
    pub container_insights: String,
    /// `DEFAULT` (exec sessions are logged with the task's own log driver) or `NONE`.
    pub exec_logging: String,
    /// Capacity providers.
    pub capacity_providers: Vec<String>,
    /// Strategy of services that name none.
    pub default_capacity_provider_strategy: Vec<CapacityShare>,
    /// Tags.
    pub tags: Tags,
}

impl Component for EcsCluster {
    const KIND: Kind = Kind::EcsCluster;
    const REPLACE: &'static [&'static str] = &["cluster_name"];
    const UNORDERED: &'static [&'static str] =
        &["capacity_providers", "default_capacity_provider_strategy"];
}

/// The `awslogs` driver of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwsLogs {
    /// Log group.
    pub group: String,
    /// Region.
    pub region: String,
    /// First part of the stream's name.
    pub stream_prefix: String,
}

/// One container of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Name.
    pub name: String,
    /// Image.
    pub image: In<String>,
    /// Whether the task stops with it.
    pub essential: bool,
    /// Arguments; empty for the image's own.
    pub command: In<Vec<String>>,
    /// Entry point; empty for the image's own.
    pub entry_point: In<Vec<String>>,
    /// Environment variables.
    pub environment: In<BTreeMap<String, String>>,
    /// Environment variables from Secrets Manager or SSM: name to ARN.
    pub secrets: In<BTreeMap<String, String>>,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_timeout: i32,
    /// Where its output goes.
    pub log: AwsLogs,
    /// Whether a small init process reaps children.
    pub init_process: bool,
}

/// One immutable revision on Fargate. A changed field registers a new one; tags can change. Former
/// revisions stay; a delete deregisters every active revision of the family.
/// Outputs: `arn` (with revision), `family`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// Family.
    pub family: String,
    /// CPU units: 256 is a quarter of a vCPU.
    pub cpu: i32,
    /// MiB.
    pub memory: i32,
    /// `X86_64` or `ARM64`.
    pub cpu_architecture: String,
    /// Role by which ECS pulls the image and reads secrets.
    pub execution_role_arn: In<String>,
    /// Role of the code in the task.
    pub task_role_arn: In<String>,
    /// Containers, by name.
    pub containers: Vec<Container>,
    /// Tags.
    pub tags: Tags,
}

impl Component for TaskDefinition {
    const KIND: Kind = Kind::TaskDefinition;
    const REPLACE: &'static [&'static str] = &[
        "family",
        "cpu",
        "memory",
        "cpu_architecture",
        "execution_role_arn",
        "task_role_arn",
        "containers",
    ];
    const REDACTED: &'static [&'static str] = &["containers.*.environment", "containers.*.secrets"];
    // ECS rolls back to former revisions, and so do people: they are deregistered with the service.
    const KEEPS_HISTORY: bool = true;
}

/// A target group that a service registers its tasks in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancerTarget {
    /// Target group.
    pub target_group_arn: In<String>,
    /// Container.
    pub container_name: String,
    /// Port of the container.
    pub container_port: i32,
}

/// Outputs: `arn`, `name`. `settle` waits until the deployment is COMPLETED.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each switch of the AWS API"
)]
pub struct EcsService {
    /// Name, unique in its cluster.
    pub service_name: String,
    /// ARN of the cluster.
    pub cluster: In<String>,
    /// ARN of the task definition revision.
    pub task_definition: In<String>,
    /// Tasks to run; `None` when autoscaling owns it.
    pub desired_count: Option<i32>,
    /// Strategy; empty for the cluster's default.
    pub capacity_provider_strategy: Vec<CapacityShare>,
    /// Subnets of its tasks.
    pub subnets: In<Vec<String>>,
    /// Security groups of its tasks.
    pub security_groups: In<Vec<String>>,
    /// Whether tasks get a public address.
    pub assign_public_ip: bool,
    /// Least healthy share during a deployment, in percent.
    pub minimum_healthy_percent: i32,
    /// Largest share during a deployment, in percent.
    pub maximum_percent: i32,
    /// Whether ECS gives up on a deployment whose tasks do not start.
    pub circuit_breaker: bool,
    /// Whether giving up brings the former deployment back.
    pub rollback: bool,
    /// Whether `exec` works.
    pub enable_execute_command: bool,
    /// Whether tasks carry AWS's cost tags.
    pub enable_ecs_managed_tags: bool,
    /// Where tasks take their tags from: `SERVICE`.
    pub propagate_tags: String,
    /// Seconds in which a new task's failed health checks do not count; without load balancer none.
    pub health_check_grace_period_seconds: Option<i32>,
    /// Target groups.
    pub load_balancers: Vec<LoadBalancerTarget>,
    /// Tags.
    pub tags: Tags,
}

impl Component for EcsService {
    const KIND: Kind = Kind::EcsService;
    const REPLACE: &'static [&'static str] = &["service_name", "cluster"];
    const UNORDERED: &'static [&'static str] =
        &["subnets", "security_groups", "capacity_provider_strategy"];
}
