//! Networks: EC2 objects.

use serde::{Deserialize, Serialize};

use super::{Component, Kind, Tags};
use crate::In;

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

/// The IPv6 range that AWS gives a VPC, a `/56`. It cannot be tagged: owned through its VPC.
/// Outputs: `id` (of the association), `vpc_id`, `cidr`, and the subnets of [`crate::cidr::IPV6_SUBNETS`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ipv6CidrBlock {
    /// Its VPC.
    pub vpc_id: In<String>,
}

impl Component for Ipv6CidrBlock {
    const KIND: Kind = Kind::Ipv6CidrBlock;
    const REPLACE: &'static [&'static str] = &["vpc_id"];
    const NAME: &'static [&'static str] = &["vpc_id"];
}

/// Lets IPv6 out of a VPC and nothing in. Made and attached as one. Outputs: `id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EgressOnlyInternetGateway {
    /// The VPC that it is attached to.
    pub vpc_id: In<String>,
    /// Tags.
    pub tags: Tags,
}

impl Component for EgressOnlyInternetGateway {
    const KIND: Kind = Kind::EgressOnlyInternetGateway;
    const REPLACE: &'static [&'static str] = &["vpc_id"];
    const NAME: &'static [&'static str] = &["vpc_id"];
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
    /// IPv6 range, a `/64`; the empty text for none.
    pub ipv6_cidr_block: In<String>,
    /// Whether what starts here gets an IPv6 address. Only with an IPv6 range.
    pub assign_ipv6_address_on_creation: bool,
    /// Tags.
    pub tags: Tags,
}

impl Component for Subnet {
    const KIND: Kind = Kind::Subnet;
    const REPLACE: &'static [&'static str] = &["vpc_id", "availability_zone", "cidr_block"];
    const NAME: &'static [&'static str] = &["vpc_id", "cidr_block"];
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
    const NAME: &'static [&'static str] = &["allocation_id"];
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
    /// IPv4 range that it applies to; the empty text when it is for IPv6.
    pub destination_cidr_block: String,
    /// IPv6 range that it applies to; the empty text when it is for IPv4.
    pub destination_ipv6_cidr_block: String,
    /// Internet gateway as target.
    pub gateway_id: Option<In<String>>,
    /// Egress-only internet gateway as target.
    pub egress_only_internet_gateway_id: Option<In<String>>,
    /// NAT gateway as target.
    pub nat_gateway_id: Option<In<String>>,
}

impl Component for Route {
    const KIND: Kind = Kind::Route;
    const REPLACE: &'static [&'static str] = &[
        "route_table_id",
        "destination_cidr_block",
        "destination_ipv6_cidr_block",
    ];
    const NAME: &'static [&'static str] = &[
        "route_table_id",
        "destination_cidr_block",
        "destination_ipv6_cidr_block",
    ];
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
    const NAME: &'static [&'static str] = &["subnet_id"];
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
    const NAME: &'static [&'static str] = &["vpc_id", "service_name"];
    const UNORDERED: &'static [&'static str] = &["route_table_ids"];
}

/// Network interfaces by which an AWS service is reached inside a VPC. Outputs: `id`. Its create
/// returns before it is available; `settle` waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InterfaceEndpoint {
    /// Its VPC.
    pub vpc_id: In<String>,
    /// `com.amazonaws.us-west-2.ecr.api`.
    pub service_name: String,
    /// The subnets that get a network interface of it, one a zone.
    pub subnet_ids: Vec<In<String>>,
    /// Groups that say who may connect.
    pub security_group_ids: Vec<In<String>>,
    /// Whether the service's public name leads to it inside the VPC.
    pub private_dns_enabled: bool,
    /// Tags.
    pub tags: Tags,
}

impl Component for InterfaceEndpoint {
    const KIND: Kind = Kind::InterfaceEndpoint;
    const REPLACE: &'static [&'static str] = &["vpc_id", "service_name"];
    const NAME: &'static [&'static str] = &["vpc_id", "service_name"];
    const UNORDERED: &'static [&'static str] = &["subnet_ids", "security_group_ids"];
}

/// Records the connections of a VPC in a log group. AWS changes nothing of it but tags.
/// Outputs: `id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowLog {
    /// The VPC.
    pub resource_id: In<String>,
    /// `ALL`, `ACCEPT` or `REJECT`.
    pub traffic_type: String,
    /// The log group that it writes to.
    pub log_group_name: In<String>,
    /// Role by which it writes.
    pub deliver_logs_permission_arn: In<String>,
    /// Seconds that are summed up in one line: 60 or 600.
    pub max_aggregation_interval: i32,
    /// Tags.
    pub tags: Tags,
}

impl Component for FlowLog {
    const KIND: Kind = Kind::FlowLog;
    const REPLACE: &'static [&'static str] = &[
        "resource_id",
        "traffic_type",
        "log_group_name",
        "deliver_logs_permission_arn",
        "max_aggregation_interval",
    ];
    const NAME: &'static [&'static str] = &["resource_id", "traffic_type", "log_group_name"];
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
    const NAME: &'static [&'static str] = &["vpc_id"];
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
    const NAME: &'static [&'static str] = &["group_name", "vpc_id"];
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
