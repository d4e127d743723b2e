//! Drift of `stackwright_network`.

use super::*;

pub(super) const ROUNDS: &[&Round] = &[&NETWORK, &GATEWAY_ROUND, &CLOSED];

const NETWORK: Round = Round {
    name: "network",
    address: fixtures::NETWORK,
    resources: |_| Ok(fixtures::network("")),
    deploys: false,
    rows: &[
        excepted("vpc.cidr_block", FIXED),
        changed("vpc.enable_dns_support", "vpc", |account| {
            vpc_attribute(account, "EnableDnsSupport")
        }),
        changed("vpc.enable_dns_hostnames", "vpc", |account| {
            vpc_attribute(account, "EnableDnsHostnames")
        }),
        changed("vpc.tags", "vpc", |account| retag(account, &VPC, "vpc")),
        changed("internet_gateway.tags", "internet_gateway", |account| {
            retag(account, &GATEWAY, "internet_gateway")
        }),
        excepted("subnet.vpc_id", FIXED),
        excepted("subnet.availability_zone", FIXED),
        excepted("subnet.cidr_block", FIXED),
        changed(
            "subnet.map_public_ip_on_launch",
            "subnet.private.us-west-2a",
            |account| {
                let id = id(account, &SUBNET, "subnet.private.us-west-2a")?;
                let params = json!({ "SubnetId": id, "MapPublicIpOnLaunch": { "Value": true } });
                account
                    .outside("ec2", "ModifySubnetAttribute", &params)
                    .map(drop)
            },
        ),
        changed(
            "subnet.ipv6_cidr_block",
            "subnet.public.us-west-2a",
            |account| {
                let subnet = object(account, &SUBNET, "subnet.public.us-west-2a")?;
                let range = &subnet["Ipv6CidrBlockAssociationSet"][0];
                let params = json!({ "AssociationId": range["AssociationId"] });
                account
                    .outside("ec2", "DisassociateSubnetCidrBlock", &params)
                    .map(drop)
            },
        ),
        changed(
            "subnet.assign_ipv6_address_on_creation",
            "subnet.private.us-west-2b",
            |account| {
                let id = id(account, &SUBNET, "subnet.private.us-west-2b")?;
                let params =
                    json!({ "SubnetId": id, "AssignIpv6AddressOnCreation": { "Value": false } });
                account
                    .outside("ec2", "ModifySubnetAttribute", &params)
                    .map(drop)
            },
        ),
        excepted("ipv6_cidr_block.vpc_id", IDENTITY),
        excepted("egress_only_internet_gateway.vpc_id", FIXED),
        changed(
            "egress_only_internet_gateway.tags",
            "egress_gateway",
            |account| retag(account, &EGRESS, "egress_gateway"),
        ),
        changed("subnet.tags", "subnet.public.us-west-2b", |account| {
            retag(account, &SUBNET, "subnet.public.us-west-2b")
        }),
        changed("elastic_ip.tags", "elastic_ip.us-west-2a", |account| {
            retag(account, &ADDRESS, "elastic_ip.us-west-2a")
        }),
        excepted("nat_gateway.subnet_id", FIXED),
        excepted("nat_gateway.allocation_id", FIXED),
        changed("nat_gateway.tags", "nat.us-west-2a", |account| {
            retag(account, &NAT, "nat.us-west-2a")
        }),
        excepted("route_table.vpc_id", FIXED),
        changed("route_table.tags", "route_table.public", |account| {
            retag(account, &TABLE, "route_table.public")
        }),
        excepted("route.route_table_id", IDENTITY),
        excepted("route.destination_cidr_block", IDENTITY),
        excepted("route.destination_ipv6_cidr_block", IDENTITY),
        changed(
            "route.egress_only_internet_gateway_id",
            "route_ipv6.private.us-west-2b",
            |account| {
                let params = json!({
                    "RouteTableId": id(account, &TABLE, "route_table.private.us-west-2b")?,
                    "DestinationIpv6CidrBlock": "::/0",
                    "GatewayId": id(account, &GATEWAY, "internet_gateway")?,
                });
                account.outside("ec2", "ReplaceRoute", &params).map(drop)
            },
        ),
        excepted("flow_log.resource_id", FIXED),
        excepted("flow_log.traffic_type", FIXED),
        excepted("flow_log.log_group_name", FIXED),
        excepted("flow_log.deliver_logs_permission_arn", FIXED),
        excepted("flow_log.max_aggregation_interval", FIXED),
        changed("flow_log.tags", "flow_log", |account| {
            retag(account, &FLOW_LOG, "flow_log")
        }),
        changed(
            "route.nat_gateway_id",
            "route.private.us-west-2a",
            |account| {
                let target = id(account, &GATEWAY, "internet_gateway")?;
                replace_route(
                    account,
                    "route_table.private.us-west-2a",
                    "GatewayId",
                    &target,
                )
            },
        ),
        changed("route.gateway_id", "route.public", |account| {
            let target = id(account, &NAT, "nat.us-west-2a")?;
            replace_route(account, "route_table.public", "NatGatewayId", &target)
        }),
        changed(
            "route_table_association.route_table_id",
            "association.private.us-west-2b",
            associate_elsewhere,
        ),
        excepted("route_table_association.subnet_id", IDENTITY),
        excepted("gateway_endpoint.vpc_id", FIXED),
        excepted("gateway_endpoint.service_name", FIXED),
        changed(
            "gateway_endpoint.route_table_ids",
            "endpoint.s3",
            |account| {
                let tables = [id(account, &TABLE, "route_table.private.us-west-2b")?];
                let params = json!({ "VpcEndpointId": id(account, &ENDPOINT, "endpoint.s3")?, "RemoveRouteTableIds": tables });
                account
                    .outside("ec2", "ModifyVpcEndpoint", &params)
                    .map(drop)
            },
        ),
        changed("gateway_endpoint.tags", "endpoint.s3", |account| {
            retag(account, &ENDPOINT, "endpoint.s3")
        }),
        excepted("default_security_group.vpc_id", FIXED),
        changed(
            "default_security_group.rules",
            "default_security_group",
            |account| {
                let group = id(account, &GROUP, "default_security_group")?;
                let open = json!([{ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
                let params = json!({ "GroupId": group, "IpPermissions": open });
                account
                    .outside("ec2", "AuthorizeSecurityGroupIngress", &params)
                    .map(drop)
            },
        ),
        changed(
            "default_security_group.tags",
            "default_security_group",
            |account| retag(account, &GROUP, "default_security_group"),
        ),
        excepted("cloud_map_namespace.name", FIXED),
        excepted("cloud_map_namespace.vpc_id", FIXED),
        changed("cloud_map_namespace.description", "namespace", |account| {
            let namespace = namespace(account)?;
            let params =
                json!({ "Id": namespace["Id"], "Namespace": { "Description": "changed" } });
            account
                .outside("servicediscovery", "UpdatePrivateDnsNamespace", &params)
                .map(drop)
        }),
        changed("cloud_map_namespace.tags", "namespace", |account| {
            let tags = json!([{ "Key": "Name", "Value": "changed" }]);
            let params = json!({ "ResourceARN": namespace(account)?["Arn"], "Tags": tags });
            account
                .outside("servicediscovery", "TagResource", &params)
                .map(drop)
        }),
    ],
};

const GATEWAY_ROUND: Round = Round {
    name: "network-gateway",
    address: fixtures::NETWORK,
    resources: |_| Ok(fixtures::network("")),
    deploys: false,
    rows: &[changed(
        "internet_gateway.vpc_id",
        "internet_gateway",
        |account| {
            // AWS refuses to detach it while public addresses are in use, so the NAT gateway goes first.
            let nat = json!({ "NatGatewayId": id(account, &NAT, "nat.us-west-2a")? });
            account.outside("ec2", "DeleteNatGateway", &nat)?;
            let address =
                json!({ "AllocationId": id(account, &ADDRESS, "elastic_ip.us-west-2a")? });
            account.outside("ec2", "ReleaseAddress", &address)?;
            let params = json!({ "InternetGatewayId": id(account, &GATEWAY, "internet_gateway")?, "VpcId": id(account, &VPC, "vpc")? });
            account
                .outside("ec2", "DetachInternetGateway", &params)
                .map(drop)
        },
    )],
};

/// Interface endpoints, which there are in a network without NAT.
const CLOSED: Round = Round {
    name: "closed-network",
    address: fixtures::NETWORK,
    resources: |_| Ok(fixtures::network("  nat = \"none\"")),
    deploys: false,
    rows: &[
        excepted("interface_endpoint.vpc_id", FIXED),
        excepted("interface_endpoint.service_name", FIXED),
        changed(
            "interface_endpoint.subnet_ids",
            "endpoint.ecr.api",
            |account| {
                let subnets = [id(account, &SUBNET, "subnet.private.us-west-2b")?];
                modify_endpoint(
                    account,
                    "endpoint.ecr.api",
                    "RemoveSubnetIds",
                    &json!(subnets),
                )
            },
        ),
        changed(
            "interface_endpoint.security_group_ids",
            "endpoint.ecr.dkr",
            |account| {
                let groups = [id(account, &GROUP, "default_security_group")?];
                modify_endpoint(
                    account,
                    "endpoint.ecr.dkr",
                    "AddSecurityGroupIds",
                    &json!(groups),
                )
            },
        ),
        changed(
            "interface_endpoint.private_dns_enabled",
            "endpoint.ssm",
            |account| modify_endpoint(account, "endpoint.ssm", "PrivateDnsEnabled", &json!(false)),
        ),
        changed("interface_endpoint.tags", "endpoint.logs", |account| {
            retag(account, &ENDPOINT, "endpoint.logs")
        }),
    ],
};

fn modify_endpoint(account: &Account, component: &str, what: &str, value: &Json) -> Result<()> {
    let params = json!({ "VpcEndpointId": id(account, &ENDPOINT, component)?, what: value });
    account
        .outside("ec2", "ModifyVpcEndpoint", &params)
        .map(drop)
}

fn namespace(account: &Account) -> Result<Json> {
    let found = account.list(
        "servicediscovery",
        "ListNamespaces",
        &json!({}),
        "Namespaces",
    )?;
    found.into_iter().next().context("there is no namespace")
}

#[test]
fn network() -> Result<()> {
    NETWORK.play()
}

#[test]
fn network_gateway() -> Result<()> {
    GATEWAY_ROUND.play()
}

#[test]
fn closed_network() -> Result<()> {
    CLOSED.play()
}

fn vpc_attribute(account: &Account, attribute: &str) -> Result<()> {
    let params = json!({ "VpcId": id(account, &VPC, "vpc")?, attribute: { "Value": false } });
    account
        .outside("ec2", "ModifyVpcAttribute", &params)
        .map(drop)
}

fn replace_route(account: &Account, table: &str, kind: &str, target: &str) -> Result<()> {
    let table = id(account, &TABLE, table)?;
    let params =
        json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", kind: target });
    account.outside("ec2", "ReplaceRoute", &params).map(drop)
}

fn associate_elsewhere(account: &Account) -> Result<()> {
    let table = object(account, &TABLE, "route_table.private.us-west-2b")?;
    let association = &table["Associations"][0]["RouteTableAssociationId"];
    let params = json!({ "AssociationId": association, "RouteTableId": id(account, &TABLE, "route_table.public")? });
    account
        .outside("ec2", "ReplaceRouteTableAssociation", &params)
        .map(drop)
}
