//! What needs a zone, and what AWS takes only so many of: each is told where it is written, and has a way out in the spec.

use std::fmt::Write as _;

use crate::input::{at, hcl, messages, run};

const HEAD: &str = r#"project = "acme"
region = "us-west-2"
accounts = { ops = "111111111111", stage = "222222222222", prod = "333333333333" }
"#;
const DOMAIN: &str = "domain = \"acme.example\"\n";
const ZONES: &str =
    "environments.stage.zone_id = \"Z0123STAGE\"\nenvironments.prod.zone_id = \"Z0123PROD\"\n";

/// So many apps, each with some lines of its own.
fn apps(count: usize, more: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut spec, at| {
        let _ = write!(
            spec,
            "[apps.app-{at}]\nimage = \"repo/app:1\"\n{}",
            more(at)
        );
        spec
    })
}

fn plain(_: usize) -> String {
    String::new()
}

/// What is said of a spec whose apps have a `web`.
fn said(parts: &[&str]) -> String {
    messages(&parts.concat(), &[("Procfile", "web: a\nworker: b\n")])
}

/// The names of the router of an environment.
fn names(spec: &str, environment: &str) -> Vec<String> {
    let outcome = run(spec, &[("Procfile", "web: a\nworker: b\n")]);
    let tree = outcome
        .tree
        .unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
    let values = hcl(&tree.files()[&format!("{environment}/terraform.tfvars")]);
    let router = values.get_attribute("router").unwrap().value.clone();
    let domains = at(&router, &["domains"]).as_array().unwrap();
    domains
        .iter()
        .map(|it| it.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_domain_needs_a_zone_in_each_environment_that_has_it() {
    let one = apps(1, plain);
    insta::assert_snapshot!(said(&[HEAD, DOMAIN, &one]));
    assert_eq!(said(&[HEAD, DOMAIN, ZONES, &one]), "");
    let prod = "environments.prod.zone_id = \"Z0123\"\n";
    let found = said(&[HEAD, DOMAIN, prod, &one]);
    assert!(
        found.contains("of stage needs") && !found.contains("of prod needs"),
        "{found}"
    );
    // The ways out that the help names.
    let alone = "environments.prod.domain = \"acme.example\"\n";
    assert_eq!(said(&[HEAD, alone, prod, &one]), "");
    let certificate = |environment: &str, account: &str| {
        format!(
            "environments.{environment}.certificate_arn = \"arn:aws:acm:us-west-2:{account}:certificate/1\"\n"
        )
    };
    let (stage, prod) = (
        certificate("stage", "222222222222"),
        certificate("prod", "333333333333"),
    );
    assert_eq!(said(&[HEAD, DOMAIN, &stage, &prod, &one]), "");
}

/// A host is a name of the router, wherever it is written.
#[test]
fn hosts_and_domains_of_apps_need_a_zone_as_well() {
    for more in [
        "web = { routes = { main = { host = \"www.acme.example\" } } }\n",
        "domain = \"shop.example\"\n",
        "[environments.prod.apps.app-0]\ndomain = \"shop.example\"\n",
        "[environments.prod]\ndomain = \"shop.example\"\n",
    ] {
        let found = said(&[HEAD, &apps(1, plain), more]);
        assert!(
            found.contains("[domain-without-zone]") && found.contains("of prod needs"),
            "{found}"
        );
    }
    // Nothing is public, so nothing has a name.
    let internal = apps(1, |_| "internal = true\n".to_owned());
    let found = said(&[HEAD, DOMAIN, &internal]);
    assert!(
        !found.contains("Error") && found.contains("domain-unused"),
        "{found}"
    );
}

#[test]
fn a_certificate_takes_ten_names_and_a_wildcard_stands_for_more() {
    let spec = |count| [HEAD, DOMAIN, ZONES, &apps(count, plain)].concat();
    assert_eq!(said(&[&spec(10)]), "");
    insta::assert_snapshot!(said(&[&spec(11)]));
    let wide = spec(11) + "[router]\nwildcard = true\n";
    assert_eq!(said(&[&wide]), "");
    assert_eq!(names(&wide, "prod"), ["*.acme.example"]);
    assert_eq!(names(&wide, "stage"), ["*.stage.acme.example"]);
    // Requests are still told apart by the name of each app.
    let outcome = run(&wide, &[("Procfile", "web: a\n")]);
    let values = outcome.tree.unwrap().files()["prod/terraform.tfvars"].clone();
    assert!(
        values.contains("main = \"app-10.acme.example\""),
        "{values}"
    );
}

#[test]
fn names_elsewhere_are_not_joined_by_a_wildcard() {
    let own = |at: usize| format!("domain = \"shop-{at}.example\"\n");
    let wildcard = "[router]\nwildcard = true\n";
    let spec = [HEAD, DOMAIN, ZONES, &apps(3, own), wildcard].concat();
    assert_eq!(said(&[&spec]), "");
    assert_eq!(
        names(&spec, "prod"),
        ["shop-0.example", "shop-1.example", "shop-2.example"]
    );
    assert_eq!(names(&spec, "stage"), ["*.stage.acme.example"]);
    let found = said(&[HEAD, DOMAIN, ZONES, &apps(11, own), wildcard]);
    assert!(
        found.contains("the router of prod has 11 names")
            && found.contains("a certificate of your own"),
        "{found}"
    );
    // With a certificate of one's own there is nothing to request.
    let certificate = "[environments.prod]\ncertificate_arn = \"arn:aws:acm:us-west-2:333333333333:certificate/1\"\n";
    let stage = "[environments.stage]\nzone_id = \"Z0123\"\n";
    assert_eq!(
        said(&[HEAD, DOMAIN, &apps(11, own), wildcard, certificate, stage]),
        ""
    );
    let found = said(&[HEAD, &apps(1, plain), wildcard]);
    assert!(found.contains("`wildcard` needs a domain"), "{found}");
}

#[test]
fn the_first_name_of_a_certificate_is_short() {
    let long = format!("a-{}.example", "long".repeat(15));
    let spec = |domains: [&str; 2]| {
        let domain = |at: usize| format!("domain = \"{}\"\n", domains[at]);
        [
            HEAD,
            ZONES,
            &apps(2, domain),
            "[environments.stage]\ndomain = \"s.example\"\n",
        ]
        .concat()
        .replace("environments.stage.zone_id = \"Z0123STAGE\"\n", "")
            + "zone_id = \"Z0123\"\n"
    };
    assert_eq!(
        names(&spec([&long, "b.example"]), "prod"),
        ["b.example", long.as_str()]
    );
    let longer = long.replace("a-", "b-");
    let found = said(&[&spec([&long, &longer])]);
    assert!(
        found.contains("[long-names]") && found.contains("more than 64 characters"),
        "{found}"
    );
}

#[test]
fn a_router_takes_a_hundred_routes_unless_aws_gives_more() {
    let routes = |at: usize| {
        if at > 0 {
            return String::new();
        }
        let route = |at: usize| format!("r{at} = {{ path = \"/{at}\" }}");
        let routes: Vec<String> = (0..100).map(route).collect();
        format!("web = {{ routes = {{ {} }} }}\n", routes.join(", "))
    };
    let wide = "[router]\nwildcard = true\n";
    let spec = |count| [HEAD, DOMAIN, ZONES, wide, &apps(count, routes)].concat();
    assert_eq!(said(&[&spec(1)]), "");
    let found = said(&[&spec(2)]);
    assert!(
        found.contains(
            "Error [too-many] the router has 101 routes, and AWS takes 100\n    at `app-1`"
        ),
        "{found}"
    );
    assert_eq!(said(&[&spec(2), "[quotas]\nrouter_rules = 101\n"]), "");
}

#[test]
fn a_router_takes_a_hundred_processes_whatever_aws_gives() {
    let spec = |count, more: &str| {
        let wide = "[router]\nwildcard = true\n[quotas]\nrouter_rules = 500\n";
        [HEAD, DOMAIN, ZONES, wide, &apps(count, |_| more.to_owned())].concat()
    };
    assert_eq!(said(&[&spec(100, "")]), "");
    let found = said(&[&spec(101, "")]);
    assert!(
        found.contains("the router has 101 processes to send requests to"),
        "{found}"
    );
    assert_eq!(
        said(&[&spec(300, "internal = true\n")
            .replace(DOMAIN, "")
            .replace("wildcard = true", "")]),
        ""
    );
}

#[test]
fn an_app_is_called_by_as_many_as_its_security_group_takes() {
    let users = |count| {
        apps(count, |_| {
            "internal = true\nuses = [\"billing\"]\n".to_owned()
        })
    };
    let billing = |more: &str| format!("[apps.billing]\nimage = \"repo/b:1\"\n{more}");
    let internal = billing("internal = true\n");
    assert_eq!(said(&[HEAD, &users(60), &internal]), "");
    let found = said(&[HEAD, &users(61), &internal]);
    assert!(
        found.contains("app `billing` is called by 61 apps, each with a rule in its security group, and AWS takes 60\n    at `billing`"),
        "{found}"
    );
    let both = billing("web = { internal = true, routes = { main = {} } }\n");
    let found = said(&[HEAD, &users(60), &both]);
    assert!(
        found.contains("is called by 60 apps and by the router"),
        "{found}"
    );
    assert_eq!(
        said(&[
            HEAD,
            &users(61),
            &internal,
            "[quotas]\nsecurity_group_rules = 100\n"
        ]),
        ""
    );
}

#[test]
fn databases_and_replicas_are_counted_in_each_environment() {
    let with = |count, more: &str| {
        let apps = apps(count, |_| "internal = true\ndb = true\n".to_owned());
        [HEAD, &apps, more].concat()
    };
    assert_eq!(said(&[&with(40, "")]), "");
    let replica = "[environments.prod.apps.app-3.db]\nreplicas = { reports = {} }\n";
    let found = said(&[&with(40, replica)]);
    assert!(
        found.contains("prod has 41 database instances, and AWS takes 40")
            && !found.contains("stage has"),
        "{found}"
    );
    assert_eq!(
        said(&[&with(40, replica), "[quotas]\ndb_instances = 100\n"]),
        ""
    );
}

#[test]
fn configuration_and_policies_of_an_app_have_a_size() {
    let internal = "internal = true\n";
    let config = |length: usize| format!("config = {{ A = \"{}\" }}\n", "x".repeat(length));
    let of = |more: &str| said(&[HEAD, &apps(1, |_| format!("{internal}{more}"))]);
    assert_eq!(of(&config(8000)), "");
    let found = of(&config(8200));
    assert!(
        found.contains("config, secrets and policies of app `app-0` have 8"),
        "{found}"
    );
    let statement = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "ARN"}]}"#;
    let policy = |name: &str, length: usize| {
        format!(
            "policies.{name} = '{}'\n",
            statement.replace("ARN", &format!("arn:aws:s3:::{}", "x".repeat(length)))
        )
    };
    let found = of(&policy("p", 10_300));
    assert!(
        found.contains("the policies of app `app-0` have 10"),
        "{found}"
    );
    let found = of(&policy("stackwright-exec", 1));
    assert!(
        found.contains("has the name of one that stackwright adds"),
        "{found}"
    );
    let dimensions: Vec<String> = (0..31).map(|at| format!("d{at} = \"x\"")).collect();
    let monitor = format!(
        "monitors.m = {{ message = \"m\", metric = \"x\", critical = {{ threshold = 1 }}, dimensions = {{ {} }} }}\n",
        dimensions.join(", ")
    );
    assert!(
        of(&monitor).contains("monitor `m` has 31 dimensions, and AWS takes 30"),
        "{}",
        of(&monitor)
    );
}

/// The quotas that the spec can raise begin where AWS's do.
#[test]
fn quotas_are_those_that_the_provider_knows() {
    use stackwright_plan::quotas::{DB_INSTANCES, ROUTER_RULES, SECURITY_GROUP_RULES};
    let quotas = stackwright_gen::schema()["properties"]["quotas"]["properties"].clone();
    for (key, default) in [
        ("db_instances", DB_INSTANCES),
        ("router_rules", ROUTER_RULES),
        ("security_group_rules", SECURITY_GROUP_RULES),
    ] {
        assert_eq!(quotas[key]["minimum"], default, "{key}");
        let description = quotas[key]["description"].as_str().unwrap();
        assert!(
            description.contains(&format!("Default: {default} ")),
            "{description}"
        );
    }
}
