//! What a router is made of, and what is refused.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::resource::{cfg_list, cfg_map};
use crate::scope::example as scope;
use crate::{In, Node};
use serde_json::json;

const ARN: &str = "arn:aws:acm:us-west-2:111111111111:certificate/0a";

fn network() -> NetworkRefConfig {
    let text = |text: &str| Cfg::Known(text.to_owned());
    let two = |side: &str| cfg_list(vec![format!("subnet-{side}1"), format!("subnet-{side}2")]);
    NetworkRefConfig {
        name: text("main"),
        vpc_id: text("vpc-1"),
        cidr: text("10.30.0.0/16"),
        private_subnet_ids: two("a"),
        public_subnet_ids: two("b"),
        namespace_id: Cfg::Null,
        namespace: Cfg::Null,
        ipv6_cidr: Cfg::Null,
        private_subnet_ipv6_cidrs: Cfg::Null,
        public_subnet_ipv6_cidrs: Cfg::Null,
    }
}

/// A public router for these domains.
fn router(domains: &[&str]) -> RouterConfig {
    let text = |text: &str| Cfg::Known(text.to_owned());
    let domains: Vec<String> = domains.iter().map(ToString::to_string).collect();
    RouterConfig {
        name: text("public"),
        network: Cfg::Known(network()),
        public: Cfg::Known(true),
        zone_id: if domains.is_empty() {
            Cfg::Null
        } else {
            text("Z1")
        },
        domains: cfg_list(domains),
        additional_certificate_arns: cfg_map(BTreeMap::new()),
        ssl_policy: text("ELBSecurityPolicy-TLS13-1-2-2021-06"),
        idle_timeout: Cfg::Known(60),
        ipv6: Cfg::Known(false),
        deletion_protection: Cfg::Known(true),
        ..RouterConfig::default()
    }
}

fn graph(view: &RouterConfig) -> Graph {
    RouterResource::plan(&scope(), view).unwrap()
}

fn keys(view: &RouterConfig) -> Vec<String> {
    graph(view).nodes.keys().map(ToString::to_string).collect()
}

fn node(view: &RouterConfig, key: &str) -> Node {
    graph(view).nodes[&Key::from(key)].clone()
}

/// The summaries of what is wrong.
fn refused(view: &RouterConfig) -> Vec<String> {
    let mut found = Diagnostics::new();
    RouterResource::validate(view, &mut found);
    found.0.iter().map(|one| one.summary.clone()).collect()
}

#[test]
fn without_tls_there_is_one_listener_that_answers_404() {
    let view = router(&[]);
    assert_eq!(
        keys(&view),
        [
            "deletion_protection",
            "listener.http",
            "load_balancer",
            "record",
            "rule.http.ipv4",
            "rule.targets",
            "security_group",
        ]
    );
    let http = node(&view, HTTP);
    assert_eq!(
        http.desired["default_action"]["fixed_response"]["status_code"],
        "404"
    );
}

#[test]
fn domains_bring_a_certificate_its_proofs_and_aliases() {
    let view = router(&["example.com", "*.example.com", "shop.example.com"]);
    let keys = keys(&view);
    for key in [
        "certificate",
        "validation.example.com",
        "validation.shop.example.com",
        "certificate_validation",
        "listener.https",
        "alias.a.*.example.com",
        "alias.a.example.com",
        "alias.a.shop.example.com",
        "rule.https.ipv4",
    ] {
        assert!(keys.iter().any(|it| it == key), "{key} is not in {keys:?}");
    }
    // The wildcard is proved by its parent's record, and IPv6 is off.
    assert_eq!(keys.len(), 7 + 9);
    let redirect = &node(&view, HTTP).desired["default_action"]["redirect"];
    assert_eq!(redirect["status_code"], "HTTP_301");
    let second = node(&view, "validation.shop.example.com");
    assert_eq!(
        second.desired["name"],
        json!({ "$from": ["certificate", "validation_name_1"] })
    );
}

#[test]
fn the_listener_waits_for_a_valid_certificate_and_the_names_for_the_listener() {
    let view = router(&["example.com"]);
    let https = node(&view, HTTPS).needs();
    assert!(https.contains(&VALIDATED.into()));
    assert!(
        node(&view, VALIDATED)
            .needs()
            .contains(&"validation.example.com".into())
    );
    assert!(
        node(&view, "alias.a.example.com")
            .needs()
            .contains(&HTTPS.into())
    );
}

#[test]
fn protection_is_the_last_write() {
    let view = router(&["example.com"]);
    let last = node(&view, PROTECTION).needs();
    assert_eq!(last.len() + 1, graph(&view).nodes.len());
}

#[test]
fn a_given_certificate_is_used_and_others_are_added_by_host() {
    let mut view = router(&[]);
    view.certificate_arn = Cfg::Known(ARN.to_owned());
    let further = [("shop".to_owned(), format!("{ARN}b"))];
    view.additional_certificate_arns = cfg_map(further.into());
    assert_eq!(refused(&view), Vec::<String>::new());
    assert_eq!(node(&view, HTTPS).desired["certificate_arn"], ARN);
    assert!(keys(&view).contains(&"sni.shop".to_owned()));
    assert!(!keys(&view).contains(&CERTIFICATE.to_owned()));
}

#[test]
fn one_rule_leads_to_the_targets_of_every_service() {
    let rule = node(&router(&[]), TARGETS).desired;
    assert_eq!(rule["direction"], "egress");
    assert_eq!(rule["cidr_ipv4"], "10.30.0.0/16");
    assert_eq!(
        (&rule["from_port"], &rule["to_port"]),
        (&json!(0), &json!(65_535))
    );
}

#[test]
fn an_internal_router_takes_requests_from_its_vpc() {
    let mut view = router(&[]);
    view.public = Cfg::Known(false);
    let rule = node(&view, "rule.http.ipv4");
    assert_eq!(rule.desired["cidr_ipv4"], "10.30.0.0/16");
    let balancer = node(&view, BALANCER);
    assert_eq!(balancer.desired["scheme"], "internal");
    assert_eq!(
        balancer.desired["subnets"],
        json!(["subnet-a1", "subnet-a2"])
    );
}

#[test]
fn an_internal_router_has_a_private_name_where_the_network_has_names() {
    let mut view = router(&[]);
    view.public = Cfg::Known(false);
    let mut network = network();
    network.namespace = Cfg::Known("stage.acme.internal".to_owned());
    network.namespace_id = Cfg::unknown();
    view.network = Cfg::Known(network);
    let alias = node(&view, "private_alias");
    assert_eq!(
        alias.desired["attributes"]["AWS_ALIAS_DNS_NAME"],
        json!({ "$from": ["load_balancer", "dns_name"] })
    );
    RouterResource::fill(&scope(), &mut view, &Outputs::default());
    let name = view.private_name.known().map(String::as_str);
    assert_eq!(name, Some("public.stage.acme.internal"));
    view.public = Cfg::Known(true);
    assert!(!keys(&view).contains(&"private_alias".to_owned()));
}

#[test]
fn ipv6_opens_the_rules_and_writes_the_names_for_it() {
    let mut view = router(&["example.com"]);
    view.ipv6 = Cfg::Known(true);
    let keys = keys(&view);
    assert!(keys.contains(&"alias.aaaa.example.com".to_owned()));
    assert_eq!(node(&view, "rule.https.ipv6").desired["cidr_ipv6"], "::/0");
    assert_eq!(
        node(&view, BALANCER).desired["ip_address_type"],
        "dualstack"
    );
}

#[test]
fn the_name_of_a_load_balancer_is_one_that_aws_takes() {
    let mut scope = scope();
    for project in ["acme", "internal", "p-0123456789012345678901234567890"] {
        scope.project = project.to_owned();
        for public in [true, false] {
            let name = balancer_name(&scope, &"r".repeat(32), public);
            assert!(name.len() <= 32, "{name}");
            assert!(
                !name.starts_with("internal-") && !name.starts_with('-'),
                "{name}"
            );
            assert!(
                name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
                "{name}"
            );
        }
        let differ = balancer_name(&scope, "r", true) != balancer_name(&scope, "r", false);
        assert!(differ, "another scheme needs another name");
    }
}

#[test]
fn domains_need_a_zone_or_a_certificate() {
    let mut view = router(&["example.com"]);
    assert_eq!(refused(&view), Vec::<String>::new());
    view.zone_id = Cfg::Null;
    assert_eq!(refused(&view), ["Domains Need a Zone"]);
    view.certificate_arn = Cfg::Known(ARN.to_owned());
    assert_eq!(refused(&view), Vec::<String>::new());
    let mut view = router(&[]);
    view.zone_id = Cfg::Known("Z1".to_owned());
    assert_eq!(refused(&view), ["Zone Without Domains"]);
    // What is left out has no default yet when it is checked.
    view.domains = Cfg::Null;
    assert_eq!(refused(&view), ["Zone Without Domains"]);
}

#[test]
fn domains_are_checked_one_by_one() {
    let view = router(&["Example.com", "a.com", "a.com", "x.*.com"]);
    assert_eq!(
        refused(&view),
        ["Invalid Domain", "Repeated Domain", "Invalid Domain"]
    );
    let eleven: Vec<String> = (0..11).map(|at| format!("a{at}.example.com")).collect();
    let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
    assert_eq!(refused(&router(&eleven)), ["Too Many Domains"]);
    let long = format!("{}.example.com", "a".repeat(60));
    assert_eq!(refused(&router(&[&long])), ["First Domain Too Long"]);
}

#[test]
fn further_certificates_need_tls_and_are_not_repeated() {
    let mut view = router(&[]);
    view.additional_certificate_arns = cfg_map([("a".to_owned(), ARN.to_owned())].into());
    assert_eq!(refused(&view), ["Further Certificates Need a First One"]);
    view.domains = Cfg::Null;
    assert_eq!(refused(&view), ["Further Certificates Need a First One"]);
    view.certificate_arn = Cfg::Known(ARN.to_owned());
    assert_eq!(refused(&view), ["Repeated Certificate"]);
    let many = (0..26).map(|at| (at.to_string(), format!("{ARN}{at}")));
    view.additional_certificate_arns = cfg_map(many.collect());
    assert_eq!(refused(&view), ["Too Many Certificates"]);
    view.additional_certificate_arns = cfg_map([("a".to_owned(), "x".to_owned())].into());
    assert_eq!(refused(&view), ["Invalid Certificate"]);
}

#[test]
fn a_load_balancer_needs_two_different_subnets() {
    for subnets in [vec!["subnet-1"], vec![], vec!["subnet-1", "subnet-1"]] {
        let mut view = router(&[]);
        let mut network = network();
        network.public_subnet_ids = cfg_list(subnets.iter().map(ToString::to_string).collect());
        view.network = Cfg::Known(network);
        assert_eq!(refused(&view), ["Two Subnets Needed"], "{subnets:?}");
        view.public = Cfg::Null;
        assert_eq!(refused(&view), ["Two Subnets Needed"], "{subnets:?}");
        view.public = Cfg::Known(false);
        assert_eq!(refused(&view), Vec::<String>::new());
    }
}

#[test]
fn a_certificate_of_another_region_or_account_is_refused() {
    for (arn, fits) in [
        (ARN, true),
        ("arn:aws:iam::111111111111:server-certificate/x", true),
        ("arn:aws:acm:us-east-1:111111111111:certificate/0a", false),
        ("arn:aws:acm:us-west-2:222222222222:certificate/0a", false),
    ] {
        let mut view = router(&[]);
        view.certificate_arn = Cfg::Known(arn.to_owned());
        let mut found = Diagnostics::new();
        let facts = Facts::default();
        RouterResource::complete(&scope(), &facts, None, &mut view, &mut found);
        assert_eq!(found.has_errors(), !fits, "{arn}");
    }
}

#[test]
fn what_goes_down_is_said() {
    let said = |change: fn(&mut RouterConfig)| {
        let prior = router(&["example.com"]);
        let mut planned = prior.clone();
        change(&mut planned);
        let mut found = Diagnostics::new();
        RouterResource::notes(&prior, &planned, &prior, &mut found);
        let summaries: Vec<String> = found.0.iter().map(|one| one.summary.clone()).collect();
        (
            summaries.join(", "),
            RouterResource::replaced_for(&prior, &planned).len(),
        )
    };
    assert_eq!(said(|_| {}), (String::new(), 0));
    assert_eq!(
        said(|view| view.public = Cfg::Known(false)).0,
        "Another Scheme Replaces the Load Balancer"
    );
    assert_eq!(
        said(|view| view.name = Cfg::Known("x".to_owned())).0,
        "Another Name Replaces the Router"
    );
    let moved = said(|view| {
        let mut network = network();
        network.vpc_id = Cfg::unknown();
        view.network = Cfg::Known(network);
    });
    assert_eq!(moved, ("Another VPC Replaces the Router".to_owned(), 1));
    let plain = said(|view| {
        view.domains = cfg_list(Vec::new());
        view.zone_id = Cfg::Null;
    });
    assert_eq!(plain.0, "Routes Move Between HTTP and HTTPS");
}

#[test]
fn the_reference_names_the_listener_that_takes_rules() {
    let outputs = |key: &str, name: &str| {
        (
            Key::from(key),
            BTreeMap::from([("arn".to_owned(), name.to_owned())]),
        )
    };
    let outputs = Outputs([outputs(HTTP, "arn:http"), outputs(HTTPS, "arn:https")].into());
    for (domains, listener, domain) in [
        (&[][..], "arn:http", None),
        (&["example.com"][..], "arn:https", Some("example.com")),
    ] {
        let mut view = router(domains);
        RouterResource::fill(&scope(), &mut view, &outputs);
        let reference = view.reference.known().unwrap();
        assert_eq!(reference.listener_arn.known().unwrap(), listener);
        assert_eq!(reference.domain.known().map(String::as_str), domain);
        assert_eq!(reference.https, Cfg::Known(domain.is_some()));
        assert_eq!(view.https_listener_arn.is_null(), domain.is_none());
    }
}

#[test]
fn a_certificate_that_is_not_known_yet_may_be_none() {
    let mut view = router(&[]);
    view.certificate_arn = Cfg::unknown();
    RouterResource::fill(&scope(), &mut view, &Outputs::default());
    assert!(view.reference.known().unwrap().https.is_unknown());
    let mut view = router(&["example.com"]);
    view.certificate_arn = Cfg::unknown();
    RouterResource::fill(&scope(), &mut view, &Outputs::default());
    assert!(view.requested_certificate_arn.is_unknown());
    // A router that listens already goes on to.
    let arn = BTreeMap::from([("arn".to_owned(), "arn:https".to_owned())]);
    let outputs = Outputs([(Key::from(HTTPS), arn)].into());
    RouterResource::fill(&scope(), &mut view, &outputs);
    assert_eq!(view.reference.known().unwrap().https, Cfg::Known(true));
}

#[test]
fn an_import_reads_back_what_a_create_would_write() {
    let mut view = router(&["example.com", "*.example.com"]);
    view.ipv6 = Cfg::Known(true);
    let graph = graph(&view);
    let seen = |key: &str| {
        let node = &graph.nodes[&Key::from(key)];
        let mut seen = crate::resource::Seen {
            fields: node.desired.clone(),
            ..Default::default()
        };
        seen.tags = BTreeMap::from([("team".to_owned(), "core".to_owned())]);
        (Key::from(key), seen)
    };
    let found = Found::from([seen(RECORD), seen(BALANCER)]);
    view.common.tags = cfg_map([("team".to_owned(), "core".to_owned())].into());
    let recovered =
        RouterResource::recover(&scope(), "stage/public", &found, &Refs::new()).unwrap();
    assert_eq!(recovered, view);
    assert_eq!(In::cfg(&recovered.zone_id), In::from("Z1"));
}

#[test]
fn protection_is_named_by_its_attribute() {
    let mut view = router(&[]);
    assert_eq!(
        RouterResource::protection(&view),
        Some("deletion_protection")
    );
    view.deletion_protection = Cfg::Known(false);
    assert_eq!(RouterResource::protection(&view), None);
}

#[test]
fn ipv6_needs_a_network_that_has_it() {
    let mut view = router(&[]);
    view.ipv6 = Cfg::Known(true);
    assert_eq!(refused(&view), ["Network Without IPv6"]);
    let with = |ipv6_cidr| NetworkRefConfig {
        ipv6_cidr,
        ..network()
    };
    for range in [
        Cfg::Known("2600:1f14:e0a:9c00::/56".to_owned()),
        Cfg::unknown(),
    ] {
        view.network = Cfg::Known(with(range));
        assert!(refused(&view).is_empty());
    }
}
