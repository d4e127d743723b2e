//! Networks: what a change does and says, what somebody takes away, and what the parts cost.

use std::net::Ipv6Addr;

use acceptance_tests::{Account, Action, Workspace, same};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};

use crate::fixtures::{self, NETWORK, ROUTER};

fn applied(more: &str) -> Result<Workspace> {
    let root = Workspace::new(&Account::fresh()?, &fixtures::network(more))?;
    root.apply()?.ok()?;
    Ok(root)
}

/// The living IPv6 range of the network's VPC.
fn range(account: &Account) -> Result<Json> {
    let filter = json!({ "Filters": [{ "Name": "tag-key", "Values": ["stackwright:id"] }] });
    let vpcs = account.list("ec2", "DescribeVpcs", &filter, "Vpcs")?;
    let ranges = vpcs[0]["Ipv6CidrBlockAssociationSet"].as_array().cloned();
    let lives = |one: &Json| one["Ipv6CidrBlockState"]["State"] == "associated";
    let mut living = ranges.unwrap_or_default().into_iter().filter(lives);
    living.next().context("the VPC has no IPv6 range")
}

/// The first address of a subnet's range.
fn address(range: &str) -> Result<Ipv6Addr> {
    let address = range.strip_suffix("/64").context("a /64")?;
    Ok(address.parse()?)
}

#[test]
fn ipv6_follows_the_address_plan() -> Result<()> {
    let root = applied("")?;
    let network = root.attributes(NETWORK)?;
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let whole = text(&network["ipv6_cidr"]);
    ensure!(whole == text(&range(root.account())?["Ipv6CidrBlock"]));
    let prefix = whole.trim_end_matches("00::/56");
    let subnet = |side: &str, zone: &str| text(&network[format!("{side}_subnet_ipv6_cidrs")][zone]);
    for (side, zone, number) in [
        ("private", "us-west-2a", "00"),
        ("public", "us-west-2a", "20"),
        ("private", "us-west-2b", "40"),
        ("public", "us-west-2b", "60"),
    ] {
        let (found, planned) = (subnet(side, zone), format!("{prefix}{number}::/64"));
        // The emulator writes zeros that lead a group, which AWS does not.
        ensure!(
            address(&found)? == address(&planned)?,
            "{side} in {zone}: {found} and not {planned}"
        );
    }
    let reference = &network["ref"];
    ensure!(reference["ipv6_cidr"] == network["ipv6_cidr"]);
    let private = network["private_subnet_ipv6_cidrs"]["us-west-2b"].clone();
    ensure!(reference["private_subnet_ipv6_cidrs"][1] == private);
    Ok(())
}

#[test]
fn a_range_that_was_taken_away_comes_back_and_the_subnets_with_it() -> Result<()> {
    let root = applied("")?;
    let account = root.account();
    let before = range(account)?;
    take_range_away(account, &before)?;
    let plan = root.plan()?;
    let drift = plan.expect(NETWORK, Action::Update)?.drift()?;
    let names = |component: &str| drift.iter().any(|one| one.component == component);
    ensure!(
        names("ipv6") && names("subnet.private.us-west-2a"),
        "{drift:?}"
    );
    root.apply_saved()?.ok()?;
    root.plan()?.empty()?;
    let after = range(account)?;
    ensure!(after["AssociationId"] != before["AssociationId"]);
    ensure!(root.attributes(NETWORK)?["ipv6_cidr"] == after["Ipv6CidrBlock"]);
    Ok(())
}

/// In the order in which AWS allows it.
fn take_range_away(account: &Account, range: &Json) -> Result<()> {
    let ec2 = |operation: &str, params: Json| account.outside("ec2", operation, &params);
    for subnet in account.list("ec2", "DescribeSubnets", &json!({}), "Subnets")? {
        let associations = subnet["Ipv6CidrBlockAssociationSet"].as_array().cloned();
        for one in associations.unwrap_or_default() {
            let off = json!({ "SubnetId": subnet["SubnetId"], "AssignIpv6AddressOnCreation": { "Value": false } });
            ec2("ModifySubnetAttribute", off)?;
            let id = json!({ "AssociationId": one["AssociationId"] });
            ec2("DisassociateSubnetCidrBlock", id)?;
        }
    }
    let id = json!({ "AssociationId": range["AssociationId"] });
    ec2("DisassociateVpcCidrBlock", id).map(drop)
}

#[test]
fn a_plan_says_what_a_change_breaks_and_deletes() -> Result<()> {
    let root = applied("")?;
    let closed = "  nat = \"none\"\n  ipv6 = false\n  flow_log_retention = 0";
    root.resources(&fixtures::network(closed))?;
    let plan = root.plan()?;
    plan.expect(NETWORK, Action::Update)?;
    plan.output.says(&[
        "Another Way to the Internet",
        "given back to AWS for good",
        "The Network Loses IPv6",
        "Recorded Traffic Is Deleted",
    ])?;
    root.resources(&fixtures::network("  az_count = 3"))?;
    let plan = root.plan()?;
    plan.output
        .says(&["Availability Zones Are Added", "us-west-2c"])
}

#[test]
fn a_router_with_ipv6_stands_in_a_network_with_it() -> Result<()> {
    let router = "resource \"stackwright_router\" \"public\" {\n  name = \"public\"\n  network = stackwright_network.main.ref\n  \
                  ipv6 = true\n  deletion_protection = false\n}\n";
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &[&fixtures::network(""), router].concat())?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let balancer = fixtures::load_balancer(&account)?;
    ensure!(balancer["IpAddressType"] == "dualstack", "{balancer}");
    root.resources(&[&fixtures::network("  ipv6 = false"), router].concat())?;
    let refused = root.plan_output(&[])?.failed()?;
    refused.says(&["Network Without IPv6"])?;
    ensure!(root.find_instance(ROUTER)?.is_some());
    Ok(())
}

#[test]
fn a_data_source_shows_ipv6_and_the_flow_log() -> Result<()> {
    let root = applied("")?;
    let data = "data \"stackwright_network\" \"main\" {\n  name = \"main\"\n}\n\n\
                output \"seen\" {\n  value = { ipv6 = data.stackwright_network.main.ipv6_cidr, ref = data.stackwright_network.main.ref, \
                logs = data.stackwright_network.main.flow_log_group, days = data.stackwright_network.main.flow_log_retention }\n}\n";
    let reader = Workspace::new(root.account(), data)?;
    reader.apply()?.ok()?;
    let seen = reader.state()?["outputs"]["seen"]["value"].clone();
    let network = root.attributes(NETWORK)?;
    same("ref", &network["ref"], &seen["ref"])?;
    same("ipv6", &network["ipv6_cidr"], &seen["ipv6"])?;
    same("logs", &json!("/acme/stage/network/main"), &seen["logs"])?;
    same("days", &json!(30), &seen["days"])
}

#[test]
fn a_flow_log_that_is_kept_otherwise_shows_in_its_attribute() -> Result<()> {
    let root = applied("")?;
    let other = json!({ "logGroupName": "/acme/stage/network/main", "retentionInDays": 7 });
    root.account()
        .outside("logs", "PutRetentionPolicy", &other)?;
    let change = root.plan()?.expect(NETWORK, Action::Update)?;
    let shown = change.changed();
    ensure!(
        shown.iter().any(|name| name == "flow_log_retention"),
        "{shown:?}"
    );
    root.apply_saved()?.ok()?;
    root.plan()?.empty()
}

#[test]
fn a_refresh_asks_for_each_kind_once() -> Result<()> {
    let root = applied("  nat = \"none\"\n  az_count = 3")?;
    root.account().forget_calls()?;
    root.plan()?.empty()?;
    let calls = root.account().calls()?;
    let of = |action: &str| calls.iter().filter(|call| call.action == action).count();
    for action in [
        "DescribeVpcs",
        "DescribeEgressOnlyInternetGateways",
        "DescribeFlowLogs",
        "DescribeVpcEndpoints",
        "DescribeSubnets",
    ] {
        ensure!(of(action) == 1, "{action} was called {} times", of(action));
    }
    Ok(())
}
