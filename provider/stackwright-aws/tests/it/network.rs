//! VPC, subnets, gateways, routes and endpoints against the emulator.

use futures_util::future::join_all;
use serde_json::json;
use stackwright_aws::{Adapter, AnyLookup, Freshness, Lookup, Recorded, adapter};
use stackwright_plan::component::{
    DefaultSecurityGroup, EgressOnlyInternetGateway, ElasticIp, FlowLog, GatewayEndpoint,
    InterfaceEndpoint, InternetGateway, Ipv6CidrBlock, LogGroup, NatGateway, Role, Route,
    RouteTable, RouteTableAssociation, SecurityGroup, Subnet, Tags, Vpc,
};
use stackwright_plan::{In, Kind, ResourceId, to_map};

use crate::emulated::{Account, differences, wait};

const RESOURCE: &str = "stage/main";

pub(crate) fn tags(account: &Account, component: &str, user: &[(&str, &str)]) -> Tags {
    let user = user
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    account.scope().tags(
        &ResourceId::new("network", RESOURCE),
        component,
        None,
        &user,
    )
}

pub(crate) fn id(recorded: &Recorded) -> In<String> {
    In::Known(recorded["id"].clone())
}

pub(crate) fn vpc(account: &Account) -> Vpc {
    Vpc {
        cidr_block: "10.1.0.0/16".to_owned(),
        enable_dns_support: true,
        enable_dns_hostnames: true,
        tags: tags(account, "vpc", &[("team", "a"), ("gone", "b")]),
    }
}

fn subnet(account: &Account, vpc: &Recorded, number: u8) -> Subnet {
    Subnet {
        vpc_id: id(vpc),
        availability_zone: "us-west-2a".to_owned(),
        cidr_block: format!("10.1.{number}.0/24"),
        map_public_ip_on_launch: number == 0,
        ipv6_cidr_block: "".into(),
        assign_ipv6_address_on_creation: false,
        tags: tags(account, &format!("subnet.{number}"), &[]),
    }
}

fn route_table(account: &Account, vpc: &Recorded, component: &str) -> RouteTable {
    RouteTable {
        vpc_id: id(vpc),
        tags: tags(account, component, &[]),
    }
}

/// The component and its whole resource are found; its id finds it; another resource does not.
async fn assert_found<C: Adapter>(
    account: &Account,
    desired: &C,
    recorded: &Recorded,
    component: &str,
) {
    let aws = &account.aws;
    let own = account.own_tags("network", RESOURCE, component);
    let other = account.own_tags("network", "stage/other", component);
    let ids = |found: Vec<stackwright_aws::Observed<C>>| -> Vec<String> {
        found
            .into_iter()
            .map(|it| it.outputs["id"].clone())
            .collect()
    };
    let expected = [recorded["id"].clone()];
    assert_eq!(
        ids(C::find(aws, Lookup::Desired(desired, &own)).await.unwrap()),
        expected
    );
    assert_eq!(
        ids(C::find(aws, Lookup::Named(&recorded["id"])).await.unwrap()),
        expected
    );
    assert!(ids(C::find(aws, Lookup::Owned(&own)).await.unwrap()).contains(&expected[0]));
    assert!(
        C::find(aws, Lookup::Owned(&other))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_vpc_lives_and_changes() {
    let account = Account::new().await;
    let desired = vpc(&account);
    let own = account.own_tags("network", RESOURCE, "vpc");
    assert!(
        Vpc::find(&account.aws, Lookup::Desired(&desired, &own))
            .await
            .unwrap()
            .is_empty()
    );
    let recorded = account.make(&desired).await;
    assert_found(&account, &desired, &recorded, "vpc").await;
    let changed = Vpc {
        enable_dns_support: false,
        enable_dns_hostnames: false,
        tags: tags(&account, "vpc", &[("team", "c")]),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    account.change(&desired, &recorded).await;
    account.remove::<Vpc>(&recorded).await;
}

#[tokio::test]
async fn a_vpc_with_the_settings_of_aws_is_complete_at_once() {
    let account = Account::new().await;
    let desired = Vpc {
        enable_dns_hostnames: false,
        ..vpc(&account)
    };
    assert!(
        desired
            .create(&account.aws, "token")
            .await
            .unwrap()
            .complete
    );
    let writes: Vec<_> = account
        .calls()
        .into_iter()
        .filter(|call| call["write"] == true)
        .collect();
    assert_eq!(writes.len(), 1, "{writes:?}");
}

#[tokio::test]
async fn a_public_network_lives_and_goes() {
    let account = Account::new().await;
    let vpc = account.make(&vpc(&account)).await;
    let want = subnet(&account, &vpc, 0);
    let subnet = account.make(&want).await;
    assert_found(&account, &want, &subnet, "subnet.0").await;
    account
        .change(
            &Subnet {
                map_public_ip_on_launch: false,
                ..want.clone()
            },
            &subnet,
        )
        .await;

    let want = InternetGateway {
        vpc_id: id(&vpc),
        tags: tags(&account, "igw", &[]),
    };
    let gateway = account.make(&want).await;
    assert_found(&account, &want, &gateway, "igw").await;

    let want = ElasticIp {
        tags: tags(&account, "eip", &[("a", "b")]),
    };
    let address = account.make(&want).await;
    assert!(!address["public_ip"].is_empty());
    assert_found(&account, &want, &address, "eip").await;
    account
        .change(
            &ElasticIp {
                tags: tags(&account, "eip", &[]),
            },
            &address,
        )
        .await;

    let want = NatGateway {
        subnet_id: id(&subnet),
        allocation_id: id(&address),
        tags: tags(&account, "nat", &[]),
    };
    let nat = account.make(&want).await;
    want.settle(&account.aws, &nat, &wait()).await.unwrap();
    assert_found(&account, &want, &nat, "nat").await;

    let want = route_table(&account, &vpc, "table");
    let table = account.make(&want).await;
    assert_found(&account, &want, &table, "table").await;
    let route = routes_live(&account, &table, &gateway, &nat).await;
    let association = associations_live(&account, &vpc, &table, &subnet).await;

    account.remove::<RouteTableAssociation>(&association).await;
    account.remove::<Route>(&route).await;
    account.remove::<NatGateway>(&nat).await;
    account.remove::<ElasticIp>(&address).await;
    account.remove::<InternetGateway>(&gateway).await;
    account.remove::<Subnet>(&subnet).await;
    account.remove::<RouteTable>(&table).await;
    account.remove::<Vpc>(&vpc).await;
}

async fn routes_live(
    account: &Account,
    table: &Recorded,
    gateway: &Recorded,
    nat: &Recorded,
) -> Recorded {
    let to_gateway = Route {
        route_table_id: id(table),
        destination_cidr_block: "0.0.0.0/0".to_owned(),
        destination_ipv6_cidr_block: String::new(),
        gateway_id: Some(id(gateway)),
        egress_only_internet_gateway_id: None,
        nat_gateway_id: None,
    };
    let to_nat = Route {
        gateway_id: None,
        nat_gateway_id: Some(id(nat)),
        ..to_gateway.clone()
    };
    let route = account.make(&to_gateway).await;
    assert_found(account, &to_gateway, &route, "route").await;
    account.change(&to_nat, &route).await;
    account.change(&to_gateway, &route).await;
    route
}

async fn associations_live(
    account: &Account,
    vpc: &Recorded,
    table: &Recorded,
    subnet: &Recorded,
) -> Recorded {
    let want = RouteTableAssociation {
        route_table_id: id(table),
        subnet_id: id(subnet),
    };
    let first = account.make(&want).await;
    assert_found(account, &want, &first, "association").await;
    let other_table = account.make(&route_table(account, vpc, "other")).await;
    let want = RouteTableAssociation {
        route_table_id: id(&other_table),
        ..want
    };
    let observed = account.read(&first).await;
    let changed = differences(&want, &observed);
    let second = want
        .update(&account.aws, &observed, &changed)
        .await
        .unwrap();
    account.assert_same(&want, &second).await;
    let own = account.own_tags("network", RESOURCE, "association");
    let found = RouteTableAssociation::find(&account.aws, Lookup::Desired(&want, &own))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    // The other table can go when the association leaves it.
    let back = RouteTableAssociation {
        route_table_id: id(table),
        ..want
    };
    let observed = account.read(&second).await;
    let third = back
        .update(&account.aws, &observed, &differences(&back, &observed))
        .await
        .unwrap();
    account.remove::<RouteTable>(&other_table).await;
    third
}

#[tokio::test]
async fn a_gateway_endpoint_follows_its_route_tables() {
    let account = Account::new().await;
    let vpc = account.make(&vpc(&account)).await;
    let one = account.make(&route_table(&account, &vpc, "one")).await;
    let two = account.make(&route_table(&account, &vpc, "two")).await;
    let want = GatewayEndpoint {
        vpc_id: id(&vpc),
        service_name: "com.amazonaws.us-west-2.s3".to_owned(),
        route_table_ids: vec![id(&one)],
        tags: tags(&account, "s3", &[]),
    };
    let endpoint = account.make(&want).await;
    assert_found(&account, &want, &endpoint, "s3").await;
    account
        .change(
            &GatewayEndpoint {
                route_table_ids: vec![id(&two), id(&one)],
                ..want.clone()
            },
            &endpoint,
        )
        .await;
    account.change(&want, &endpoint).await;
    account.remove::<GatewayEndpoint>(&endpoint).await;
}

#[tokio::test]
async fn the_default_security_group_is_taken_over_locked_and_left() {
    let account = Account::new().await;
    let vpc = account.make(&vpc(&account)).await;
    let want = DefaultSecurityGroup {
        vpc_id: id(&vpc),
        rules: vec![],
        tags: tags(&account, "default", &[]),
    };
    let own = account.own_tags("network", RESOURCE, "default");
    let found = DefaultSecurityGroup::find(&account.aws, Lookup::Desired(&want, &own))
        .await
        .unwrap();
    assert!(found.is_empty(), "nobody took it over yet");
    let group = account.make(&want).await;
    assert_found(&account, &want, &group, "default").await;
    let rule = json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "1.2.3.4/32"}]});
    let params = json!({"GroupId": group["id"], "IpPermissions": [rule]});
    account.outside("ec2", "AuthorizeSecurityGroupIngress", params);
    let observed = account.read::<DefaultSecurityGroup>(&group).await;
    assert_eq!(observed.component.rules, ["ingress tcp 22 from 1.2.3.4/32"]);
    account.change(&want, &group).await;
    DefaultSecurityGroup::delete(&account.aws, &group, &wait())
        .await
        .unwrap();
    account.read::<DefaultSecurityGroup>(&group).await;
}

#[tokio::test]
async fn an_internet_gateway_that_was_detached_outside_is_attached_again() {
    let account = Account::new().await;
    let vpc = account.make(&vpc(&account)).await;
    let want = InternetGateway {
        vpc_id: id(&vpc),
        tags: tags(&account, "igw", &[]),
    };
    let gateway = account.make(&want).await;
    let params = json!({"InternetGatewayId": gateway["id"], "VpcId": vpc["id"]});
    account.outside("ec2", "DetachInternetGateway", params);
    let observed = account.read::<InternetGateway>(&gateway).await;
    assert_eq!(observed.component.vpc_id, "".into());
    account.change(&want, &gateway).await;
}

#[tokio::test]
async fn many_reads_cost_few_calls() {
    let account = Account::new().await;
    account.control("settings", json!({"page_size": 7}));
    let vpc = account.make(&vpc(&account)).await;
    let mut subnets = Vec::new();
    for number in 1..=40 {
        subnets.push(
            subnet(&account, &vpc, number)
                .create(&account.aws, "t")
                .await
                .unwrap()
                .outputs,
        );
    }
    let before = account.calls_of("DescribeSubnets").len();
    let read = |recorded| Subnet::read(&account.aws, recorded, Freshness::Cached);
    for chunk in subnets.chunks(10) {
        for found in join_all(chunk.iter().map(read)).await {
            assert!(found.unwrap().is_some());
        }
    }
    let calls = account.calls_of("DescribeSubnets").len() - before;
    assert_eq!(
        calls,
        2 * 2 + 6,
        "two batches of two pages, then a list of 40 in pages of 7"
    );
}

#[tokio::test]
async fn deleting_waits_for_what_is_in_use() {
    let account = Account::new().await;
    let vpc = account.make(&vpc(&account)).await;
    let fault =
        json!({"service": "ec2", "action": "DeleteVpc", "code": "DependencyViolation", "times": 1});
    account.control("faults", fault);
    Vpc::delete(&account.aws, &vpc, &wait()).await.unwrap();
    assert_eq!(account.calls_of("DeleteVpc").len(), 2);
}

#[tokio::test]
async fn new_objects_that_aws_does_not_know_yet_are_waited_for() {
    let account = Account::new().await;
    let vpc = account.make(&vpc(&account)).await;
    let fault = json!({"service": "ec2", "action": "CreateSubnet", "code": "InvalidVpcID.NotFound", "times": 2});
    account.control("faults", fault);
    account.make(&subnet(&account, &vpc, 1)).await;
    assert_eq!(account.calls_of("CreateSubnet").len(), 3);
}

#[tokio::test]
async fn the_untyped_face_does_the_same() {
    let account = Account::new().await;
    let (aws, vpcs) = (&account.aws, adapter(Kind::Vpc));
    let desired = to_map(&vpc(&account));
    let own = account.own_tags("network", RESOURCE, "vpc");
    let recorded = vpcs.create(aws, &desired, "token").await.unwrap().outputs;
    let observed = vpcs
        .read(aws, &recorded, Freshness::Fresh)
        .await
        .unwrap()
        .unwrap();
    let changed = stackwright_plan::diff::fields(&desired, &observed.component, &[]);
    assert_eq!(
        changed
            .iter()
            .map(|it| it.field.as_str())
            .collect::<Vec<_>>(),
        ["enable_dns_hostnames"]
    );
    vpcs.update(aws, &desired, &observed, &changed)
        .await
        .unwrap();
    let found = vpcs
        .find(aws, AnyLookup::Desired(&desired, &own))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].component, desired);
    vpcs.settle(aws, &desired, &recorded, &wait())
        .await
        .unwrap();
    vpcs.delete(aws, &recorded, &wait()).await.unwrap();
    assert!(
        vpcs.find(aws, AnyLookup::Named(&recorded["id"]))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn availability_zones_are_sorted_and_asked_once() {
    let account = Account::new().await;
    let zones = account.aws.availability_zones().await.unwrap();
    assert_eq!(
        zones,
        ["us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d"]
    );
    account.aws.availability_zones().await.unwrap();
    assert_eq!(account.calls_of("DescribeAvailabilityZones").len(), 1);
}

#[tokio::test]
async fn ipv6_comes_and_goes() {
    let account = Account::new().await;
    let vpc = account.make(&vpc(&account)).await;
    let plain = subnet(&account, &vpc, 1);
    let subnet = account.make(&plain).await;
    let want = Ipv6CidrBlock { vpc_id: id(&vpc) };
    let range = account.make(&want).await;
    assert!(range["cidr"].ends_with("::/56"), "{range:?}");
    assert!(range["20"].ends_with("20::/64"), "{range:?}");
    let own = account.own_tags("network", RESOURCE, "vpc");
    for lookup in [
        Lookup::Desired(&want, &own),
        Lookup::Named(&range["id"]),
        Lookup::Owned(&own),
    ] {
        let found = Ipv6CidrBlock::find(&account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].outputs, range);
    }
    let with = |number: &str, gives: bool| Subnet {
        ipv6_cidr_block: In::Known(range[number].clone()),
        assign_ipv6_address_on_creation: gives,
        ..plain.clone()
    };
    for step in [
        with("20", true),
        with("40", true),
        with("40", false),
        with("00", true),
        plain.clone(),
    ] {
        account.change(&step, &subnet).await;
    }
    account.remove::<Ipv6CidrBlock>(&range).await;
    // The old one is shown for a while, and is not taken for the new one.
    let again = account.make(&want).await;
    assert_ne!(again["id"], range["id"]);
}

#[tokio::test]
async fn a_range_in_use_is_waited_for() {
    let account = Account::new().await;
    let vpc = account.make(&vpc(&account)).await;
    let range = account.make(&Ipv6CidrBlock { vpc_id: id(&vpc) }).await;
    let fault = json!({"service": "ec2", "action": "DisassociateVpcCidrBlock", "code": "InvalidCidrBlock.InUse", "times": 1});
    account.control("faults", fault);
    account.remove::<Ipv6CidrBlock>(&range).await;
    assert!(account.calls_of("DisassociateVpcCidrBlock").len() >= 2);
}

#[tokio::test]
async fn an_egress_only_gateway_and_its_route_live() {
    let account = Account::new().await;
    let vpc = account.make(&vpc(&account)).await;
    let want = EgressOnlyInternetGateway {
        vpc_id: id(&vpc),
        tags: tags(&account, "egress", &[("a", "b")]),
    };
    let gateway = account.make(&want).await;
    assert_found(&account, &want, &gateway, "egress").await;
    let fewer = EgressOnlyInternetGateway {
        tags: tags(&account, "egress", &[]),
        ..want
    };
    account.change(&fewer, &gateway).await;
    let table = account.make(&route_table(&account, &vpc, "table")).await;
    let to_internet = InternetGateway {
        vpc_id: id(&vpc),
        tags: tags(&account, "igw", &[]),
    };
    let internet = account.make(&to_internet).await;
    let out = Route {
        route_table_id: id(&table),
        destination_cidr_block: String::new(),
        destination_ipv6_cidr_block: "::/0".to_owned(),
        gateway_id: None,
        egress_only_internet_gateway_id: Some(id(&gateway)),
        nat_gateway_id: None,
    };
    let route = account.make(&out).await;
    assert_found(&account, &out, &route, "route").await;
    let public = Route {
        gateway_id: Some(id(&internet)),
        egress_only_internet_gateway_id: None,
        ..out.clone()
    };
    account.change(&public, &route).await;
    account.change(&out, &route).await;
    account.remove::<Route>(&route).await;
    account.remove::<EgressOnlyInternetGateway>(&gateway).await;
}

fn endpoint_group(account: &Account, vpc: &Recorded, name: &str) -> SecurityGroup {
    SecurityGroup {
        group_name: name.to_owned(),
        description: "d".to_owned(),
        vpc_id: id(vpc),
        default_egress: false,
        tags: tags(account, name, &[]),
    }
}

#[tokio::test]
async fn an_interface_endpoint_follows_its_subnets_and_groups() {
    let account = Account::new().await;
    let vpc = account.make(&vpc(&account)).await;
    let one = account.make(&subnet(&account, &vpc, 1)).await;
    let other_zone = Subnet {
        availability_zone: "us-west-2b".to_owned(),
        ..subnet(&account, &vpc, 2)
    };
    let two = account.make(&other_zone).await;
    let first = account.make(&endpoint_group(&account, &vpc, "first")).await;
    let second = account
        .make(&endpoint_group(&account, &vpc, "second"))
        .await;
    let want = InterfaceEndpoint {
        vpc_id: id(&vpc),
        service_name: "com.amazonaws.us-west-2.logs".to_owned(),
        subnet_ids: vec![id(&one)],
        security_group_ids: vec![id(&first)],
        private_dns_enabled: true,
        tags: tags(&account, "logs", &[("a", "b")]),
    };
    let endpoint = account.make(&want).await;
    want.settle(&account.aws, &endpoint, &wait()).await.unwrap();
    assert_found(&account, &want, &endpoint, "logs").await;
    let other = InterfaceEndpoint {
        subnet_ids: vec![id(&two), id(&one)],
        security_group_ids: vec![id(&second)],
        private_dns_enabled: false,
        tags: tags(&account, "logs", &[]),
        ..want.clone()
    };
    account.change(&other, &endpoint).await;
    account.remove::<SecurityGroup>(&first).await;
    let own = account.own_tags("network", RESOURCE, "logs");
    let gateways = GatewayEndpoint::find(&account.aws, Lookup::Owned(&own)).await;
    assert!(gateways.unwrap().is_empty(), "it is no gateway endpoint");
    account.remove::<InterfaceEndpoint>(&endpoint).await;
    account.remove::<SecurityGroup>(&second).await;
    account.remove::<Subnet>(&one).await;
}

async fn flow_log(account: &Account) -> (FlowLog, Recorded) {
    let vpc = account.make(&vpc(account)).await;
    let group = LogGroup {
        log_group_name: "/acme/stage/network/main".to_owned(),
        retention_in_days: 30,
        tags: tags(account, "group", &[]),
    };
    let group = account.make(&group).await;
    let role = Role {
        role_name: "acme-stage-flow-log".to_owned(),
        path: "/".to_owned(),
        description: "d".to_owned(),
        assume_role_policy: In::Known(json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": { "Service": ["vpc-flow-logs.amazonaws.com"] } }],
        })),
        max_session_duration: 3600,
        permissions_boundary: String::new(),
        inline_policies: In::Known([].into()),
        managed_policy_arns: In::Known(Vec::new()),
        tags: tags(account, "role", &[]),
    };
    let role = role.create(&account.aws, "t").await.unwrap().outputs;
    let want = FlowLog {
        resource_id: id(&vpc),
        traffic_type: "ALL".to_owned(),
        log_group_name: In::Known(group["name"].clone()),
        deliver_logs_permission_arn: In::Known(role["arn"].clone()),
        max_aggregation_interval: 600,
        tags: tags(account, "flow", &[("a", "b")]),
    };
    (want, vpc)
}

#[tokio::test]
async fn a_flow_log_lives() {
    let account = Account::new().await;
    let (want, _) = flow_log(&account).await;
    let log = account.make(&want).await;
    assert_found(&account, &want, &log, "flow").await;
    let fewer = FlowLog {
        tags: tags(&account, "flow", &[]),
        ..want
    };
    account.change(&fewer, &log).await;
    account.remove::<FlowLog>(&log).await;
}

#[tokio::test]
async fn a_flow_log_waits_until_its_role_can_be_assumed() {
    let account = Account::new().await;
    let (want, _) = flow_log(&account).await;
    let fault = json!({"service": "ec2", "action": "CreateFlowLogs", "code": "InvalidParameter", "message": "Unable to assume given IAM role", "times": 2});
    account.control("faults", fault);
    account.make(&want).await;
    assert_eq!(account.calls_of("CreateFlowLogs").len(), 3);
}
