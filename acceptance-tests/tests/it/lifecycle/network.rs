//! The life of `stackwright_network`.

use super::*;

/// Nothing of it reaches the internet.
const CLOSED: &str = "  nat = \"none\"\n  ipv6 = false\n  flow_log_retention = 0";

#[test]
fn network() -> Result<()> {
    let life = Life {
        name: "network",
        address: NETWORK,
        imports: &[(NETWORK, "stage/main")],
        created: |_| Ok(fixtures::network("")),
        updated: |_| {
            Ok(fixtures::network(
                "  nat = \"per_az\"\n  tags = { team = \"core\" }",
            ))
        },
        update_shows: &["nat", "tags"],
        replaced: |_| Ok(fixtures::network("  cidr = \"10.31.0.0/16\"")),
        side: Removal::By(delete_endpoint),
        main: Removal::Excepted(
            "AWS refuses to delete a VPC while anything is in it, so it is never gone alone",
        ),
        all: delete_whole_network,
    };
    life.live()
}

/// The other things that a network may be made of, and the way from each to the other and back.
#[test]
fn closed_network() -> Result<()> {
    let life = Life {
        name: "closed network",
        address: NETWORK,
        imports: &[(NETWORK, "stage/main")],
        created: |_| Ok(fixtures::network(CLOSED)),
        updated: |_| Ok(fixtures::network("  flow_log_retention = 14")),
        update_shows: &["nat", "ipv6", "flow_log_retention"],
        replaced: |_| {
            Ok(fixtures::network(&format!(
                "{CLOSED}\n  cidr = \"10.31.0.0/16\""
            )))
        },
        side: Removal::By(delete_logs_endpoint),
        main: Removal::Excepted(
            "AWS refuses to delete a VPC while anything is in it, so it is never gone alone",
        ),
        all: delete_whole_network,
    };
    life.live()
}

fn delete_logs_endpoint(account: &Account) -> Result<&'static str> {
    let all = account.list("ec2", "DescribeVpcEndpoints", &json!({}), "VpcEndpoints")?;
    let tag = json!({ "Key": "stackwright:component", "Value": "endpoint.logs" });
    let is_it = |it: &&Json| {
        it["Tags"]
            .as_array()
            .is_some_and(|tags| tags.contains(&tag))
    };
    // AWS goes on showing those of before for a while.
    let mut there = all.iter().filter(|it| it["State"] == "available");
    let endpoint = there.find(is_it).context("no endpoint for logs")?;
    let params = json!({ "VpcEndpointIds": [endpoint["VpcEndpointId"]] });
    account.outside("ec2", "DeleteVpcEndpoints", &params)?;
    Ok("endpoint.logs")
}

fn delete_endpoint(account: &Account) -> Result<&'static str> {
    let endpoints = ours(
        account,
        "DescribeVpcEndpoints",
        "VpcEndpoints",
        "VpcEndpointId",
    )?;
    ensure!(!endpoints.is_empty(), "the network has no VPC endpoint");
    account.outside(
        "ec2",
        "DeleteVpcEndpoints",
        &json!({ "VpcEndpointIds": endpoints }),
    )?;
    Ok("endpoint.s3")
}

/// In the order in which AWS allows it.
fn delete_whole_network(account: &Account) -> Result<()> {
    delete_endpoint(account)?;
    delete_namespaces(account)?;
    delete_flow_log(account)?;
    delete_endpoint_group(account)?;
    let ec2 = |operation: &str, key: &str, id: &str| {
        account.outside("ec2", operation, &json!({ key: id }))
    };
    for nat in ours(
        account,
        "DescribeNatGateways",
        "NatGateways",
        "NatGatewayId",
    )? {
        ec2("DeleteNatGateway", "NatGatewayId", &nat)?;
    }
    for address in ours(account, "DescribeAddresses", "Addresses", "AllocationId")? {
        ec2("ReleaseAddress", "AllocationId", &address)?;
    }
    for subnet in ours(account, "DescribeSubnets", "Subnets", "SubnetId")? {
        ec2("DeleteSubnet", "SubnetId", &subnet)?;
    }
    delete_route_tables(account)?;
    let vpc = ours(account, "DescribeVpcs", "Vpcs", "VpcId")?
        .pop()
        .context("no VPC")?;
    for gateway in ours(
        account,
        "DescribeInternetGateways",
        "InternetGateways",
        "InternetGatewayId",
    )? {
        let both = json!({ "InternetGatewayId": gateway, "VpcId": vpc });
        account.outside("ec2", "DetachInternetGateway", &both)?;
        ec2("DeleteInternetGateway", "InternetGatewayId", &gateway)?;
    }
    for gateway in ours(
        account,
        "DescribeEgressOnlyInternetGateways",
        "EgressOnlyInternetGateways",
        "EgressOnlyInternetGatewayId",
    )? {
        ec2(
            "DeleteEgressOnlyInternetGateway",
            "EgressOnlyInternetGatewayId",
            &gateway,
        )?;
    }
    ec2("DeleteVpc", "VpcId", &vpc).map(drop)
}

fn delete_flow_log(account: &Account) -> Result<()> {
    let logs = ours(account, "DescribeFlowLogs", "FlowLogs", "FlowLogId")?;
    if logs.is_empty() {
        return Ok(());
    }
    account.outside("ec2", "DeleteFlowLogs", &json!({ "FlowLogIds": logs }))?;
    let group = json!({ "logGroupName": "/acme/stage/network/main" });
    account.outside("logs", "DeleteLogGroup", &group)?;
    delete_roles(account, "flow-log").map(drop)
}

fn delete_endpoint_group(account: &Account) -> Result<()> {
    let all = json!({ "Filters": [{ "Name": "tag:stackwright:component", "Values": ["security_group.endpoints"] }] });
    for group in account.list("ec2", "DescribeSecurityGroups", &all, "SecurityGroups")? {
        let id = json!({ "GroupId": group["GroupId"] });
        account.outside("ec2", "DeleteSecurityGroup", &id)?;
    }
    Ok(())
}

fn delete_namespaces(account: &Account) -> Result<()> {
    let all = json!({});
    for namespace in account.list("servicediscovery", "ListNamespaces", &all, "Namespaces")? {
        let id = json!({ "Id": namespace["Id"] });
        account.outside("servicediscovery", "DeleteNamespace", &id)?;
    }
    Ok(())
}

fn delete_route_tables(account: &Account) -> Result<()> {
    let filter = json!({ "Filters": [{ "Name": "tag-key", "Values": ["stackwright:id"] }] });
    for table in account.list("ec2", "DescribeRouteTables", &filter, "RouteTables")? {
        for association in table["Associations"].as_array().into_iter().flatten() {
            let id = json!({ "AssociationId": association["RouteTableAssociationId"] });
            account.outside("ec2", "DisassociateRouteTable", &id)?;
        }
        let id = json!({ "RouteTableId": table["RouteTableId"] });
        account.outside("ec2", "DeleteRouteTable", &id)?;
    }
    Ok(())
}
