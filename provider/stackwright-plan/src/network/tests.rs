//! What a network is made of, and what a plan says of its changes.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;
use crate::Node;
use crate::resource::Seen;
use crate::scope::example as scope;

/// A network in two zones with everything that is there by default.
fn network() -> NetworkConfig {
    let text = |text: &str| Cfg::Known(text.to_owned());
    let mut view = NetworkConfig {
        name: text("main"),
        cidr: text("10.30.0.0/16"),
        az_count: Cfg::Known(2),
        availability_zones: cfg_list(vec!["us-west-2a".to_owned(), "us-west-2b".to_owned()]),
        nat: text("single"),
        ipv6: Cfg::Known(true),
        flow_log_retention: Cfg::Known(30),
        domain: text("stage.acme.internal"),
        ..NetworkConfig::default()
    };
    view.common.tags = cfg_map(BTreeMap::new());
    view
}

fn with_nat(nat: &str) -> NetworkConfig {
    NetworkConfig {
        nat: Cfg::Known(nat.to_owned()),
        ..network()
    }
}

fn graph(view: &NetworkConfig) -> Graph {
    NetworkResource::plan(&scope(), view).unwrap()
}

fn node(view: &NetworkConfig, key: &str) -> Node {
    graph(view).nodes[&Key::from(key)].clone()
}

/// Keys of components that begin with a text.
fn keys(view: &NetworkConfig, prefix: &str) -> Vec<String> {
    let graph = graph(view);
    let keys = graph.nodes.keys().map(ToString::to_string);
    keys.filter(|key| key.starts_with(prefix)).collect()
}

fn notes(prior: &NetworkConfig, planned: &NetworkConfig) -> Vec<String> {
    let mut found = Diagnostics::new();
    NetworkResource::notes(prior, planned, planned, &mut found);
    found.0.into_iter().map(|note| note.summary).collect()
}

#[test]
fn each_zone_may_have_a_nat_gateway_of_its_own() {
    assert_eq!(keys(&with_nat("single"), "nat."), ["nat.us-west-2a"]);
    let two = ["nat.us-west-2a", "nat.us-west-2b"];
    assert_eq!(keys(&with_nat("per_az"), "nat."), two);
}

#[test]
fn without_nat_there_are_endpoints_and_no_way_out_by_ipv4() {
    let view = with_nat("none");
    assert!(keys(&view, "nat.").is_empty());
    assert!(keys(&view, "elastic_ip.").is_empty());
    assert!(keys(&view, "route.private").is_empty());
    assert_eq!(
        keys(&view, "endpoint.").len(),
        1 + endpoints::SERVICES.len()
    );
    assert_eq!(keys(&network(), "endpoint."), ["endpoint.s3"]);
    let endpoint = node(&view, "endpoint.ecr.dkr");
    assert_eq!(
        endpoint.desired["service_name"],
        "com.amazonaws.us-west-2.ecr.dkr"
    );
    assert_eq!(
        endpoint.desired["subnet_ids"],
        json!([
            { "$from": ["subnet.private.us-west-2a", "id"] },
            { "$from": ["subnet.private.us-west-2b", "id"] },
        ])
    );
    let rule = node(&view, "rule.endpoints");
    assert_eq!(rule.desired["cidr_ipv4"], "10.30.0.0/16");
    assert_eq!(rule.desired["from_port"], 443);
}

#[test]
fn subnets_get_their_ipv6_ranges_by_the_plan() {
    let range = |key: &str| node(&network(), key).desired["ipv6_cidr_block"].clone();
    for (key, number) in [
        ("subnet.private.us-west-2a", "00"),
        ("subnet.public.us-west-2a", "20"),
        ("subnet.private.us-west-2b", "40"),
        ("subnet.public.us-west-2b", "60"),
    ] {
        assert_eq!(range(key), json!({ "$from": ["ipv6", number] }), "{key}");
    }
}

#[test]
fn only_private_subnets_give_ipv6_addresses_and_nothing_comes_in() {
    let gives =
        |key: &str| node(&network(), key).desired["assign_ipv6_address_on_creation"] == true;
    assert!(gives("subnet.private.us-west-2a"));
    assert!(!gives("subnet.public.us-west-2a"));
    let out = node(&network(), "route_ipv6.private.us-west-2b").desired;
    assert_eq!(out["destination_ipv6_cidr_block"], "::/0");
    assert_eq!(
        out["egress_only_internet_gateway_id"],
        json!({ "$from": ["egress_gateway", "id"] })
    );
    assert_eq!(out["gateway_id"], Json::Null);
}

#[test]
fn a_network_without_ipv6_has_nothing_of_it() {
    let view = NetworkConfig {
        ipv6: Cfg::Known(false),
        ..network()
    };
    for prefix in ["ipv6", "egress_gateway", "route_ipv6."] {
        assert!(keys(&view, prefix).is_empty(), "{prefix}");
    }
    let subnet = node(&view, "subnet.private.us-west-2a").desired;
    assert_eq!(subnet["ipv6_cidr_block"], "");
    assert_eq!(subnet["assign_ipv6_address_on_creation"], false);
}

#[test]
fn the_state_of_an_older_provider_has_neither_ipv6_nor_a_flow_log() {
    let old = NetworkConfig {
        ipv6: Cfg::Null,
        flow_log_retention: Cfg::Null,
        ..network()
    };
    assert!(keys(&old, "ipv6").is_empty());
    assert!(keys(&old, "flow_log").is_empty());
}

#[test]
fn the_flow_log_writes_to_its_own_group_and_nowhere_else() {
    let role = node(&network(), "role.flow_log").desired;
    let policy = role["inline_policies"]["write-flow-log"].to_string();
    let group = "log-group:/acme/stage/network/main:*";
    assert!(policy.contains(group), "{policy}");
    assert!(!policy.contains("CreateLogGroup"), "{policy}");
    let trust = role["assume_role_policy"].to_string();
    assert!(trust.contains("vpc-flow-logs.amazonaws.com"), "{trust}");
    assert!(trust.contains("111111111111"), "{trust}");
    let group = node(&network(), flow_log::GROUP).desired;
    assert_eq!(group["retention_in_days"], 30);
    let off = NetworkConfig {
        flow_log_retention: Cfg::Known(0),
        ..network()
    };
    assert!(keys(&off, "flow_log").is_empty());
    assert!(keys(&off, "role.").is_empty());
}

#[test]
fn a_flow_log_is_kept_for_days_that_aws_takes() {
    assert_eq!(flow_log::check_days(&0), Ok(()));
    assert_eq!(flow_log::check_days(&365), Ok(()));
    let problem = flow_log::check_days(&31).unwrap_err();
    assert!(problem.contains("60"), "{problem}");
}

#[test]
fn a_plan_says_what_another_way_to_the_internet_does() {
    let modes = ["none", "single", "per_az"];
    for before in modes {
        for after in modes {
            let said = notes(&with_nat(before), &with_nat(after));
            let expected: &[&str] = if before == after {
                &[]
            } else {
                &["Another Way to the Internet"]
            };
            assert_eq!(said, expected, "{before} to {after}");
        }
    }
}

#[test]
fn a_plan_says_what_ipv6_zones_and_flow_log_do() {
    let without = NetworkConfig {
        ipv6: Cfg::Known(false),
        flow_log_retention: Cfg::Known(0),
        ..network()
    };
    assert_eq!(notes(&without, &network()), ["The Network Gets IPv6"]);
    assert_eq!(
        notes(&network(), &without),
        ["The Network Loses IPv6", "Recorded Traffic Is Deleted"]
    );
    let one = NetworkConfig {
        availability_zones: cfg_list(vec!["us-west-2a".to_owned()]),
        ..network()
    };
    assert_eq!(notes(&one, &network()), ["Availability Zones Are Added"]);
    assert_eq!(notes(&network(), &one), ["Availability Zones Go"]);
    let replaced = NetworkConfig {
        cidr: Cfg::Known("10.31.0.0/16".to_owned()),
        ..without
    };
    assert!(notes(&network(), &replaced).is_empty());
}

#[test]
fn attributes_show_the_ranges_of_ipv6() {
    let mut view = network();
    let range = "2600:1f14:e0a:9c00::/56";
    let mut outputs = BTreeMap::from([("cidr".to_owned(), range.to_owned())]);
    for number in cidr::IPV6_SUBNETS {
        let subnet = cidr::ipv6_subnet(range, number).unwrap();
        outputs.insert(number.to_owned(), subnet);
    }
    let outputs = Outputs(BTreeMap::from([(Key::from("ipv6"), outputs)]));
    NetworkResource::fill(&scope(), &mut view, &outputs);
    assert_eq!(view.ipv6_cidr, Cfg::Known(range.to_owned()));
    let reference = view.reference.known().unwrap();
    assert_eq!(reference.ipv6_cidr, view.ipv6_cidr);
    assert_eq!(
        known_list(&reference.public_subnet_ipv6_cidrs).unwrap(),
        ["2600:1f14:e0a:9c20::/64", "2600:1f14:e0a:9c60::/64"]
    );
    view.ipv6 = Cfg::Known(false);
    NetworkResource::fill(&scope(), &mut view, &outputs);
    assert_eq!(view.ipv6_cidr, Cfg::Null);
    assert_eq!(view.public_subnet_ipv6_cidrs, cfg_map(BTreeMap::new()));
}

#[test]
fn an_import_reads_back_what_a_create_would_write() {
    for nat in ["none", "single", "per_az"] {
        for (ipv6, days) in [(true, 30), (false, 0)] {
            let view = NetworkConfig {
                ipv6: Cfg::Known(ipv6),
                flow_log_retention: Cfg::Known(days),
                ..with_nat(nat)
            };
            let seen = |(key, node): (&Key, &Node)| {
                let fields = node.desired.clone();
                let seen = Seen {
                    fields,
                    ..Seen::default()
                };
                (key.clone(), seen)
            };
            let found: Found = graph(&view).nodes.iter().map(seen).collect();
            let recovered =
                NetworkResource::recover(&scope(), "stage/main", &found, &Refs::new()).unwrap();
            let mut expected = view;
            // It follows from the zones, in `complete`.
            expected.az_count = Cfg::Null;
            assert_eq!(recovered, expected, "{nat} {ipv6}");
        }
    }
}

/// The zones that a region has.
fn facts() -> Facts {
    Facts {
        availability_zones: ["us-west-2a", "us-west-2b"].map(str::to_owned).into(),
    }
}

fn completed(view: &NetworkConfig, prior: Option<&NetworkConfig>) -> Vec<String> {
    let mut found = Diagnostics::new();
    NetworkResource::complete(&scope(), &facts(), prior, &mut view.clone(), &mut found);
    found.0.iter().map(|one| one.summary.clone()).collect()
}

#[test]
fn zones_are_those_of_the_region() {
    let zones = |zones: &[&str]| NetworkConfig {
        availability_zones: cfg_list(zones.iter().map(|it| (*it).to_owned()).collect()),
        az_count: Cfg::Null,
        ..network()
    };
    assert!(completed(&zones(&["us-west-2b"]), None).is_empty());
    let elsewhere = zones(&["us-west-2a", "eu-west-1a"]);
    assert_eq!(completed(&elsewhere, None), ["No Such Availability Zone"]);
    assert!(
        completed(&elsewhere, Some(&elsewhere)).is_empty(),
        "one in use stays"
    );
    let three = NetworkConfig {
        availability_zones: Cfg::Null,
        az_count: Cfg::Known(3),
        ..network()
    };
    assert_eq!(completed(&three, None), ["Too Few Availability Zones"]);
}
