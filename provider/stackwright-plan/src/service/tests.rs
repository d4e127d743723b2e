//! What a service is made of, what is refused, and how requests move.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Map, Value as Json, json};
use tfplugin_types::TfType as _;

use super::*;
use crate::Node;
use crate::cluster::{ClusterRefConfig, strategy};
use crate::resource::{Seen, cfg_list, cfg_map};
use crate::router::RouterRefConfig;
use crate::scope::example as scope;

fn text(text: &str) -> Cfg<String> {
    Cfg::Known(text.to_owned())
}

fn texts(pairs: &[(&str, &str)]) -> Cfg<BTreeMap<String, Cfg<String>>> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    cfg_map(pairs.iter().map(owned).collect())
}

fn app() -> AppRefConfig {
    AppRefConfig {
        name: text("shop"),
        vpc_id: text("vpc-1"),
        subnet_ids: cfg_list(vec!["subnet-1".to_owned()]),
        security_group_id: text("sg-app"),
        log_group: text("/acme/stage/shop"),
        execution_role_arn: text("arn:aws:iam::111111111111:role/start"),
        config: texts(&[("LEVEL", "info")]),
        secrets: texts(&[("KEY", "arn:aws:ssm:us-west-2:111111111111:parameter/key")]),
        policies: texts(&[]),
        config_digest: text("0"),
        namespace_id: text("ns-1"),
        namespace: text("stage.acme.internal"),
    }
}

fn router(name: &str) -> RouterRefConfig {
    RouterRefConfig {
        name: text(name),
        arn: text(&format!("arn:lb/{name}")),
        arn_suffix: text(&format!("app/{name}/1")),
        dns_name: text("lb.example.com"),
        zone_id: text("Z1"),
        listener_arn: text(&format!("arn:listener/{name}")),
        security_group_id: text(&format!("sg-{name}")),
        vpc_id: text("vpc-1"),
        public: Cfg::Known(true),
        https: Cfg::Known(true),
        egress_rule_id: Cfg::Null,
        domain: Cfg::Null,
    }
}

fn route(name: &str, host: Option<&str>, path: Option<&str>) -> Cfg<RouteConfig> {
    Cfg::Known(RouteConfig {
        router: Cfg::Known(router(name)),
        host: host.map(str::to_owned).into(),
        path: path.map(str::to_owned).into(),
        priority: Cfg::Null,
    })
}

fn routes(all: Vec<(&str, Cfg<RouteConfig>)>) -> Cfg<BTreeMap<String, Cfg<RouteConfig>>> {
    let owned = |(key, route): (&str, Cfg<RouteConfig>)| (key.to_owned(), route);
    Cfg::Known(all.into_iter().map(owned).collect())
}

/// A worker: nothing reaches it.
fn worker() -> ServiceConfig {
    let mut view = ServiceConfig {
        app: Cfg::Known(app()),
        cluster: Cfg::Known(ClusterRefConfig {
            name: text("main"),
            arn: text("arn:aws:ecs:us-west-2:111111111111:cluster/acme-stage"),
            spot_percent: Cfg::Known(20),
        }),
        process: text("web"),
        image: text("repo/shop:v1"),
        entrypoint: cfg_list(Vec::new()),
        architecture: text("X86_64"),
        config: texts(&[]),
        secrets: texts(&[]),
        stop_timeout: Cfg::Known(30),
        deploy: Deploy::default().to_config(),
        exec: Cfg::Known(false),
        health_check: HealthCheck::default().to_config(),
        deregistration_delay: Cfg::Known(30),
        slow_start: Cfg::Known(0),
        routes: routes(Vec::new()),
        clients: texts(&[]),
        sidecars: Cfg::Known(BTreeMap::new()),
        start_after: texts(&[]),
        volumes: Cfg::Known(BTreeMap::new()),
        ..ServiceConfig::default()
    };
    complete(None, &mut view);
    view
}

/// Reached by the router `main` at a host name.
fn web() -> ServiceConfig {
    let mut view = worker();
    let www = route("main", Some("www.example.com"), None);
    view.routes = routes(vec![("www", www)]);
    complete(None, &mut view);
    view
}

fn complete(prior: Option<&ServiceConfig>, view: &mut ServiceConfig) {
    let mut found = Diagnostics::new();
    ServiceResource::complete(&scope(), &Facts::default(), prior, view, &mut found);
    assert!(!found.has_errors(), "{found:?}");
}

fn graph(view: &ServiceConfig) -> Graph {
    ServiceResource::plan(&scope(), view).unwrap()
}

fn keys(view: &ServiceConfig) -> Vec<String> {
    graph(view).nodes.keys().map(ToString::to_string).collect()
}

fn node(view: &ServiceConfig, key: &str) -> Node {
    graph(view).nodes[&Key::from(key)].clone()
}

/// The paths and summaries of what is wrong.
fn refused(view: &ServiceConfig) -> Vec<String> {
    let mut found = Diagnostics::new();
    // As a user writes it: the size was filled in by `complete`.
    let mut view = view.clone();
    view.size = Cfg::Null;
    ServiceResource::validate(&view, &mut found);
    let line = |one: &tfplugin_types::Diagnostic| format!("{}: {}", one.path, one.summary);
    found.0.iter().map(line).collect()
}

#[test]
fn a_worker_has_no_port_and_nothing_that_leads_to_it() {
    assert_eq!(
        keys(&worker()),
        ["role.task", "secrets", "service", "task_definition"]
    );
    let task = node(&worker(), TASK);
    assert_eq!(task.desired["containers"][0]["ports"], json!([]));
    assert_eq!(
        task.desired["containers"][0]["environment"].get("PORT"),
        None
    );
    assert_eq!(
        node(&worker(), SERVICE).desired["health_check_grace_period_seconds"],
        Json::Null
    );
}

#[test]
fn the_capacity_is_that_of_a_cluster_of_ours() {
    let capacity = |spot_percent: Cfg<i64>| {
        let mut view = worker();
        if let Cfg::Known(cluster) = &mut view.cluster {
            cluster.spot_percent = spot_percent;
        }
        node(&view, SERVICE).desired["capacity_provider_strategy"].clone()
    };
    let ours = capacity(Cfg::Known(20));
    assert_eq!(
        (&ours[0]["weight"], &ours[1]["weight"]),
        (&json!(80), &json!(20))
    );
    assert_eq!(capacity(Cfg::Null), Json::Null);
}

#[test]
fn a_route_brings_everything_between_router_and_tasks() {
    assert_eq!(
        keys(&web()),
        [
            "role.task",
            "router_egress.main.8080",
            "router_ingress.main.8080",
            "rule.www",
            "secrets",
            "security_group",
            "service",
            "target_group.main.8080",
            "task_definition",
        ]
    );
    let service = node(&web(), SERVICE);
    assert_eq!(
        service.desired["load_balancers"][0]["target_group_arn"],
        json!({ "$from": ["target_group.main.8080", "arn"] })
    );
    assert_eq!(
        service.desired["security_groups"],
        json!(["sg-app", { "$from": ["security_group", "id"] }])
    );
    // ECS refuses a target group that belongs to no load balancer, which the rule makes it.
    for key in [
        "rule.www",
        "router_ingress.main.8080",
        "router_egress.main.8080",
    ] {
        assert!(service.needs().contains(&key.into()), "{key}");
    }
    assert_eq!(
        service.desired["load_balancers"][0]["container_name"],
        "web"
    );
    assert_eq!(service.desired["load_balancers"][0]["container_port"], 8080);
    let group = node(&web(), "target_group.main.8080");
    assert_eq!(group.desired["target_type"], "ip");
    let container = &node(&web(), TASK).desired["containers"][0];
    assert_eq!(container["environment"]["PORT"], "8080");
    assert_eq!(container["ports"], json!([8080]));
}

#[test]
fn the_process_is_essential_and_its_volumes_are_mounted_where_they_are_declared() {
    let mut view = web();
    view.sidecars = sidecar("proxy", |it| it.essential = Cfg::Known(false));
    view.volumes = Cfg::Known(BTreeMap::from([("data".to_owned(), Cfg::Known(volume()))]));
    let task = node(&view, TASK).desired;
    let containers = task["containers"].as_array().unwrap();
    let essential = containers.iter().map(|it| it["essential"].clone());
    assert_eq!(essential.collect::<Vec<_>>(), [json!(false), json!(true)]);
    assert_eq!(task["volumes"][0]["name"], "data");
    assert_eq!(containers[1]["mounts"][0]["name"], "data");
    let policies = node(&view, ROLE).desired["inline_policies"].to_string();
    assert!(policies.contains("elasticfilesystem:ClientMount"));
    assert!(!policies.contains("elasticfilesystem:ClientWrite"));
}

#[test]
fn a_route_without_host_and_path_takes_everything() {
    let mut view = worker();
    view.routes = routes(vec![("all", route("main", None, None))]);
    complete(None, &mut view);
    let rule = node(&view, "rule.all");
    assert_eq!(rule.desired["path_patterns"], json!(["/*"]));
    assert_eq!(rule.desired["host_headers"], json!([]));
}

#[test]
fn one_target_group_serves_all_routes_of_a_router() {
    let mut view = worker();
    view.routes = routes(vec![
        ("a", route("main", Some("a.example.com"), None)),
        ("b", route("main", Some("b.example.com"), None)),
        ("c", route("inner", None, Some("/c/*"))),
    ]);
    complete(None, &mut view);
    let groups: Vec<String> = keys(&view)
        .into_iter()
        .filter(|key| key.starts_with("target_group."))
        .collect();
    assert_eq!(
        groups,
        ["target_group.inner.8080", "target_group.main.8080"]
    );
}

#[test]
fn the_name_of_a_target_group_holds_what_aws_cannot_change() {
    let name = |view: &ServiceConfig, key: &str| {
        node(view, key).desired["name"].as_str().unwrap().to_owned()
    };
    let mut other = web();
    other.port = Cfg::Known(9090);
    let (old, new) = (
        name(&web(), "target_group.main.8080"),
        name(&other, "target_group.main.9090"),
    );
    assert_ne!(old, new);
    let mut odd = web();
    odd.process = text("a_very__long_name_of_a_process_");
    let odd = name(&odd, "target_group.main.8080");
    for name in [old, new, odd] {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '-';
        assert!(name.len() <= 32 && name.chars().all(letters), "{name}");
        assert!(!name.starts_with('-') && !name.ends_with('-') && !name.contains("--"));
    }
}

#[test]
fn a_chosen_priority_is_kept_while_the_route_stays_with_its_listener() {
    let mut prior = web();
    let set = |view: &mut ServiceConfig, priority| {
        if let Cfg::Known(routes) = &mut view.routes
            && let Some(Cfg::Known(route)) = routes.get_mut("www")
        {
            route.priority = priority;
        }
    };
    let get = |view: &ServiceConfig| {
        let route = view.routes.known().unwrap()["www"].known().unwrap();
        route.priority.known().copied()
    };
    set(&mut prior, Cfg::Known(12_345));
    let mut again = prior.clone();
    set(&mut again, Cfg::Null);
    complete(Some(&prior), &mut again);
    assert_eq!(get(&again), Some(12_345));
    let mut moved = prior.clone();
    moved.routes = routes(vec![("www", route("other", None, None))]);
    complete(Some(&prior), &mut moved);
    assert_eq!(get(&moved), None);
    let mut given = prior.clone();
    set(&mut given, Cfg::Known(7));
    complete(Some(&prior), &mut given);
    assert_eq!(get(&given), Some(7));
    let mut later = prior.clone();
    set(&mut later, Cfg::unknown());
    let mut found = Diagnostics::new();
    ServiceResource::complete(
        &scope(),
        &Facts::default(),
        Some(&prior),
        &mut later,
        &mut found,
    );
    assert_eq!(found.0[0].summary, "Priority Not Known Yet");
}

fn scaled() -> ServiceConfig {
    let mut view = web();
    view.desired_count = Cfg::Null;
    view.scale = Cfg::Known(ScaleConfig {
        min: Cfg::Known(2),
        max: Cfg::Known(6),
        cpu: Cfg::Known(60),
        memory: Cfg::Null,
        requests: Cfg::Known(500),
        scale_in_cooldown: Cfg::Known(300),
        scale_out_cooldown: Cfg::Known(60),
    });
    complete(None, &mut view);
    view
}

#[test]
fn with_scale_the_count_is_nobodys() {
    let view = scaled();
    assert!(view.desired_count.is_null());
    assert_eq!(node(&view, SERVICE).desired["desired_count"], Json::Null);
    let target = node(&view, TARGET);
    assert_eq!(target.desired["min_capacity"], 2);
    assert!(target.needs().contains(&SERVICE.into()));
    let policy = node(&view, "scaling_policy.requests.main.8080");
    assert_eq!(policy.desired["load_balancer"], "app/main/1");
    assert!(policy.needs().contains(&TARGET.into()));
    assert!(keys(&view).contains(&"scaling_policy.cpu".to_owned()));
    assert!(!keys(&view).contains(&"scaling_policy.memory".to_owned()));
}

#[test]
fn own_secrets_bring_an_own_role_that_reads_the_apps_too() {
    let own = "arn:aws:ssm:us-west-2:111111111111:parameter/own";
    let mut view = worker();
    view.secrets = texts(&[("OWN", own)]);
    let policies = node(&view, "role.execution").desired["inline_policies"].to_string();
    assert!(policies.contains("parameter/own") && policies.contains("parameter/key"));
    let task = node(&view, TASK);
    assert_eq!(
        task.desired["execution_role_arn"],
        json!({ "$from": ["role.execution", "arn"] })
    );
    let secrets = &task.desired["containers"][0]["secrets"];
    assert_eq!(secrets.as_object().map(serde_json::Map::len), Some(2));
}

#[test]
fn clients_reach_the_port_and_a_name_leads_to_it() {
    let mut view = worker();
    view.clients = texts(&[("blog", "sg-blog")]);
    view.private_name = text("true");
    complete(None, &mut view);
    assert_eq!(view.port, Cfg::Known(DEFAULT_PORT));
    let rule = node(&view, "client.blog.8080");
    assert_eq!(rule.desired["referenced_group_id"], "sg-blog");
    assert_eq!(node(&view, "private_name").desired["name"], "web.shop");
    ServiceResource::fill(&scope(), &mut view, &Outputs::default());
    assert_eq!(view.private_dns_name, text("web.shop.stage.acme.internal"));
    assert!(view.security_group_id.is_unknown());
}

/// One way in which a service is wrong, and what is said of it.
type Wrong = (fn(&mut ServiceConfig), &'static str);

fn with_route(view: &mut ServiceConfig, change: impl FnOnce(&mut RouteConfig)) {
    if let Cfg::Known(routes) = &mut view.routes
        && let Some(Cfg::Known(route)) = routes.get_mut("www")
    {
        change(route);
    }
}

fn with_router(view: &mut ServiceConfig, change: impl FnOnce(&mut RouterRefConfig)) {
    with_route(view, |route| {
        if let Cfg::Known(router) = &mut route.router {
            change(router);
        }
    });
}

fn with_scale(view: &mut ServiceConfig, change: impl FnOnce(&mut ScaleConfig)) {
    *view = scaled();
    if let Cfg::Known(scale) = &mut view.scale {
        change(scale);
    }
}

const WRONG: &[Wrong] = &[
    (
        |view| view.process = text("execution"),
        "process: Reserved Process Name",
    ),
    (
        |view| with_router(view, |router| router.vpc_id = text("vpc-2")),
        "routes[\"www\"].router: Router in Another VPC",
    ),
    (
        |view| view.slow_start = Cfg::Known(10),
        "slow_start: Slow Start Too Short",
    ),
    (
        |view| {
            with_scale(view, |scale| scale.min = Cfg::Known(7));
        },
        "scale.min: Minimum Above the Maximum",
    ),
    (
        |view| {
            with_scale(view, |_| {});
            view.desired_count = Cfg::Known(2);
        },
        "desired_count: Conflicting Arguments",
    ),
    (
        |view| {
            with_scale(view, |scale| {
                scale.cpu = Cfg::Null;
                scale.requests = Cfg::Null;
            });
        },
        "scale: Nothing to Scale By",
    ),
    (
        |view| {
            with_scale(view, |_| {});
            view.routes = routes(Vec::new());
        },
        "scale.requests: Requests Need a Route",
    ),
    (
        |view| view.config = texts(&[("PORT", "1")]),
        "config[\"PORT\"]: Port Given Twice",
    ),
    (
        |view| view.secrets = texts(&[("LEVEL", "arn:aws:ssm:us-west-2:111111111111:parameter/x")]),
        "secrets[\"LEVEL\"]: Variable Given Twice",
    ),
    (
        |view| {
            view.app = Cfg::Known(AppRefConfig {
                namespace: Cfg::Null,
                namespace_id: Cfg::Null,
                ..app()
            });
            view.private_name = text("true");
        },
        "private_name: The Network Has No Private Names",
    ),
    (
        |view| view.private_name = text("No"),
        "private_name: Invalid Private Name",
    ),
    (
        |view| view.clients = texts(&[("a b", "sg-1")]),
        "clients[\"a b\"]: Invalid Key",
    ),
    (
        |view| view.start_after = texts(&[("proxy", "START")]),
        "start_after[\"proxy\"]: Unknown Container",
    ),
    (
        |view| view.sidecars = sidecar("web", |_| {}),
        "sidecars[\"web\"]: Container Given Twice",
    ),
    (
        |view| view.sidecars = sidecar("proxy", |it| it.port = Cfg::Known(8080)),
        "sidecars[\"proxy\"].port: Port Used Twice",
    ),
    (
        |view| {
            // Nothing says how large the task is, so it has the default size.
            (view.cpu, view.memory) = (Cfg::Null, Cfg::Null);
            view.sidecars = sidecar("proxy", |it| it.cpu = Cfg::Known(512));
        },
        "sidecars[\"proxy\"].cpu: Larger Than the Task",
    ),
    (
        |view| {
            view.desired_count = Cfg::Known(1);
            view.deploy = Cfg::Known(DeployConfig {
                minimum_percent: Cfg::Known(50),
                maximum_percent: Cfg::Known(150),
                circuit_breaker: Cfg::Known(true),
                rollback: Cfg::Known(true),
            });
        },
        "deploy.maximum_percent: No Room to Deploy",
    ),
    (
        |view| view.sidecars = sidecar("proxy", |it| it.command = Cfg::Known(Vec::new())),
        "sidecars[\"proxy\"].command: Empty Command",
    ),
    (
        |view| view.sidecars = sidecar("proxy", |it| it.memory = Cfg::Known(4096)),
        "sidecars[\"proxy\"].memory: Larger Than the Task",
    ),
    (
        |view| {
            view.sidecars = sidecar("proxy", |_| {});
            view.start_after = texts(&[("proxy", "HEALTHY")]);
        },
        "start_after[\"proxy\"]: Condition Cannot Be Met",
    ),
    (
        |view| {
            view.sidecars = sidecar("proxy", |it| it.depends_on = texts(&[("web", "START")]));
            view.start_after = texts(&[("proxy", "START")]);
        },
        "sidecars: Containers Wait for Each Other",
    ),
    (
        |view| {
            // Left out is essential.
            view.sidecars = sidecar("migrate", |it| it.essential = Cfg::Null);
            view.start_after = texts(&[("migrate", "SUCCESS")]);
        },
        "start_after[\"migrate\"]: Condition Cannot Be Met",
    ),
    (
        |view| {
            view.port = Cfg::Null;
            view.sidecars = sidecar("proxy", |it| it.port = Cfg::Known(8080));
        },
        "sidecars[\"proxy\"].port: Port Used Twice",
    ),
    (
        |view| view.sidecars = many_sidecars(2, 300),
        "sidecars: Larger Than the Task",
    ),
    (
        |view| view.sidecars = many_sidecars(10, 6),
        "sidecars: Too Many Containers",
    ),
    (
        |view| view.clients = texts(&[("a", "10.0.0.0/8")]),
        "clients[\"a\"]: Not a Security Group",
    ),
    (
        |view| {
            let www = route("main", Some("*.*.example.com"), Some("/*/*/*/?"));
            view.routes = routes(vec![("www", www)]);
        },
        "routes[\"www\"]: Too Many Wildcards",
    ),
    (
        |view| {
            let names = ["a", "b", "c", "d", "e", "f"];
            view.routes = routes(names.map(|name| (name, route(name, None, None))).into());
        },
        "routes: Too Many Routers",
    ),
    (
        |view| {
            view.process = text("_web");
            view.private_name = text("true");
        },
        "private_name: Invalid Private Name",
    ),
];

#[test]
fn large_texts_are_counted_in_the_task_definition() {
    let problems = |change: &dyn Fn(&mut ServiceConfig)| {
        let mut view = web();
        change(&mut view);
        let mut found = Diagnostics::new();
        crate::limits::check(&graph(&view), &mut found);
        let told = |it: tfplugin_types::Diagnostic| format!("{}: {}", it.path, it.summary);
        found.0.into_iter().map(told).collect::<Vec<_>>()
    };
    let variables = |count: usize| {
        let all = (0..count).map(|at| (format!("V{at}"), "1".to_owned()));
        cfg_map(all.collect())
    };
    assert_eq!(
        problems(&|view| view.config = variables(1_000)),
        Vec::<String>::new()
    );
    assert_eq!(
        problems(&|view| view.config = variables(3_000)),
        ["config: Task Definition Too Large"]
    );
    let secret = |at: usize| {
        let arn = format!(
            "arn:aws:secretsmanager:us-west-2:333333333333:secret:acme/prod/some/secret-{at:04}-AbCdEf"
        );
        (format!("S{at}"), arn)
    };
    assert_eq!(
        problems(&|view| view.secrets = cfg_map((0..150).map(secret).collect())),
        ["secrets: Policies Too Long"]
    );
}

#[test]
fn a_number_that_is_not_known_yet_may_be_left_out_in_the_end() {
    for (size, cpu) in [(text("2X"), Cfg::unknown()), (Cfg::Null, Cfg::unknown())] {
        let mut view = worker();
        (view.size, view.cpu, view.memory) = (size, cpu, Cfg::Null);
        let mut found = Diagnostics::new();
        ServiceResource::validate(&view, &mut found);
        assert!(!found.has_errors(), "{found:?}");
        complete(None, &mut view);
        assert!(view.cpu.is_unknown());
    }
}

fn many_sidecars(count: usize, memory: i64) -> Cfg<BTreeMap<String, Cfg<SidecarConfig>>> {
    let one = |at: usize| {
        let one = sidecar(&format!("s{at}"), |it| it.memory = Cfg::Known(memory));
        one.known().cloned().unwrap_or_default()
    };
    Cfg::Known((0..count).flat_map(one).collect())
}

/// Old and new target groups are registered together while requests move.
#[test]
fn a_move_over_too_many_target_groups_is_refused() {
    let with = |names: &[&'static str], port: i64| {
        let mut view = web();
        view.port = Cfg::Known(port);
        view.routes = routes(
            names
                .iter()
                .map(|name| (*name, route(name, None, None)))
                .collect(),
        );
        view
    };
    let said = |prior: &ServiceConfig, planned: &ServiceConfig| {
        let mut found = Diagnostics::new();
        let mut planned = planned.clone();
        ServiceResource::complete(
            &scope(),
            &Facts::default(),
            Some(prior),
            &mut planned,
            &mut found,
        );
        found
            .0
            .iter()
            .map(|one| one.summary.clone())
            .collect::<Vec<_>>()
    };
    let (two, three) = (["a", "b"], ["a", "b", "c"]);
    assert!(said(&with(&two, 8080), &with(&two, 9090)).is_empty());
    assert!(said(&with(&three, 8080), &with(&two, 8080)).is_empty());
    assert_eq!(
        said(&with(&three, 8080), &with(&three, 9090)),
        ["Too Many Routers to Move at Once"]
    );
}

fn sidecar(
    name: &str,
    change: impl FnOnce(&mut SidecarConfig),
) -> Cfg<BTreeMap<String, Cfg<SidecarConfig>>> {
    let mut sidecar = SidecarConfig {
        image: text("proxy:1"),
        essential: Cfg::Known(true),
        stop_timeout: Cfg::Known(30),
        ..SidecarConfig::default()
    };
    change(&mut sidecar);
    Cfg::Known(BTreeMap::from([(name.to_owned(), Cfg::Known(sidecar))]))
}

#[test]
fn what_aws_would_refuse_is_refused_in_the_plan() {
    assert_eq!(refused(&web()), [] as [&str; 0]);
    assert_eq!(refused(&scaled()), [] as [&str; 0]);
    for (change, expected) in WRONG {
        let mut view = web();
        change(&mut view);
        assert_eq!(refused(&view), [*expected]);
    }
}

#[test]
fn two_routes_do_not_meet() {
    let mut view = web();
    view.routes = routes(vec![
        ("a", route("main", Some("a.example.com"), None)),
        ("b", route("main", Some("a.example.com"), None)),
    ]);
    assert_eq!(refused(&view), ["routes[\"b\"]: Route Given Twice"]);
    let mut view = web();
    let at = |path: &str| {
        let Cfg::Known(mut route) = route("main", None, Some(path)) else {
            unreachable!("a route is known");
        };
        route.priority = Cfg::Known(7);
        Cfg::Known(route)
    };
    view.routes = routes(vec![("a", at("/a")), ("b", at("/b"))]);
    assert_eq!(
        refused(&view),
        ["routes[\"b\"].priority: Priority Given Twice"]
    );
}

/// What cannot be done without an outage is said before.
#[test]
fn an_outage_is_said() {
    let said = |prior: &ServiceConfig, change: fn(&mut ServiceConfig)| {
        let mut planned = prior.clone();
        change(&mut planned);
        let mut found = Diagnostics::new();
        ServiceResource::notes(prior, &planned, &planned, &mut found);
        let all: Vec<String> = found.0.iter().map(|one| one.summary.clone()).collect();
        all.join(", ")
    };
    assert_eq!(said(&web(), |view| view.port = Cfg::Known(9090)), "");
    assert_eq!(
        said(&web(), |view| view.process = text("other")),
        "Downtime of the Service"
    );
    assert_eq!(
        said(&web(), |view| {
            view.app = Cfg::Known(AppRefConfig {
                vpc_id: text("vpc-2"),
                ..app()
            });
        }),
        "Downtime of the Service"
    );
    assert_eq!(
        said(&web(), |view| with_router(view, |router| {
            router.arn = text("arn:lb/successor");
        })),
        "Another Load Balancer Under the Same Name"
    );
    let mut served = web();
    served.clients = texts(&[("blog", "sg-blog")]);
    assert_eq!(
        said(&served, |view| view.port = Cfg::Known(9090)),
        "Clients Must Follow the Port"
    );
}

/// What AWS would have of a graph: with an ARN for every object.
fn found(view: &ServiceConfig) -> Found {
    let graph = graph(view);
    let outputs = Outputs(
        graph
            .nodes
            .keys()
            .map(|key| (key.clone(), outputs_of(key)))
            .collect(),
    );
    let seen = |(key, node): (&Key, &Node)| {
        let seen = Seen {
            fields: node.resolve(&outputs),
            outputs: outputs_of(key),
            tags: BTreeMap::new(),
        };
        (key.clone(), seen)
    };
    graph.nodes.iter().map(seen).collect()
}

fn outputs_of(key: &Key) -> BTreeMap<String, String> {
    let of = |output: &str| (output.to_owned(), format!("{output}:{key}"));
    ["arn", "id", "arn_suffix", "name"].map(of).into()
}

/// Target groups with their weights, by their keys.
fn weights(graph: &Graph, rule: &str) -> Vec<(String, i64)> {
    let Some(node) = graph.nodes.get(&Key::from(rule)) else {
        return Vec::new();
    };
    let target = |target: &Json| {
        let key = target["target_group_arn"]["$from"][0].as_str().unwrap();
        (key.to_owned(), target["weight"].as_i64().unwrap())
    };
    let targets = node.desired["targets"].as_array().unwrap();
    targets.iter().map(target).collect()
}

fn registered(graph: &Graph) -> Vec<String> {
    let service = &graph.nodes[&Key::from(SERVICE)];
    let group = |target: &Json| {
        target["target_group_arn"]["$from"][0]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let targets = service.desired["load_balancers"].as_array().unwrap();
    targets.iter().map(group).collect()
}

fn stages_to(planned: &ServiceConfig, found: &Found) -> Vec<Graph> {
    ServiceResource::stages(&graph(&web()), &graph(planned), found)
}

const OLD: &str = "target_group.main.8080";
const NEW: &str = "target_group.main.9090";

#[test]
fn another_port_goes_through_both_target_groups() {
    let mut planned = web();
    planned.port = Cfg::Known(9090);
    assert!(ServiceResource::moves(&graph(&web()), &graph(&planned)));
    let [both, switched] = &stages_to(&planned, &found(&web()))[..] else {
        panic!("there are two stages before the end");
    };
    let pair = |key: &str, weight| (key.to_owned(), weight);
    assert_eq!(weights(both, "rule.www"), [pair(NEW, 0), pair(OLD, 1)]);
    assert_eq!(registered(both), [NEW, OLD]);
    assert!(both.nodes.contains_key(&"router_egress.main.8080".into()));
    assert_eq!(weights(switched, "rule.www"), [pair(NEW, 1)]);
    assert_eq!(registered(switched), [NEW, OLD]);
    assert_eq!(registered(&graph(&planned)), [NEW]);
}

#[test]
fn a_router_with_a_way_out_for_all_gets_no_rule_from_its_services() {
    let ways = |rule: Cfg<String>| {
        let mut view = web();
        with_router(&mut view, |router| router.egress_rule_id = rule);
        let graph = graph(&view);
        ["router_ingress.main.8080", "router_egress.main.8080"]
            .map(|key| graph.nodes.contains_key(&key.into()))
    };
    assert_eq!(
        ways(Cfg::Null),
        [true, true],
        "a load balancer of somebody else"
    );
    assert_eq!(ways(Cfg::Known("sgr-1".to_owned())), [true, false]);
    assert_eq!(
        ways(Cfg::unknown()),
        [true, false],
        "it is about to be made"
    );
}

#[test]
fn a_move_that_was_interrupted_goes_on_where_it_was() {
    let mut planned = web();
    planned.port = Cfg::Known(9090);
    let mut halfway = found(&web());
    let service = halfway.get_mut(&Key::from(SERVICE)).unwrap();
    let both = json!([{ "target_group_arn": format!("arn:{OLD}") }, { "target_group_arn": format!("arn:{NEW}") }]);
    service.fields.insert("load_balancers".to_owned(), both);
    // Requests go to the old one, so it stays until the rule is switched.
    let stages = stages_to(&planned, &halfway);
    let pair = |key: &str, weight| (key.to_owned(), weight);
    assert_eq!(
        weights(&stages[0], "rule.www"),
        [pair(NEW, 0), pair(OLD, 1)]
    );
    // The rule was switched: the service leaves the old one at once.
    halfway.insert(
        "rule.www".into(),
        found(&planned)[&Key::from("rule.www")].clone(),
    );
    assert_eq!(stages_to(&planned, &halfway), []);
}

#[test]
fn a_move_that_goes_back_before_its_rule_was_switched_leaves_the_new_target_group_at_once() {
    let mut there = web();
    there.port = Cfg::Known(9090);
    let mut halfway = found(&there);
    let rule = halfway.get_mut(&Key::from("rule.www")).unwrap();
    let targets = json!([
        { "target_group_arn": format!("arn:{NEW}"), "weight": 0 },
        { "target_group_arn": format!("arn:{OLD}"), "weight": 1 },
    ]);
    rule.fields.insert("targets".to_owned(), targets);
    let back = ServiceResource::stages(&graph(&there), &graph(&web()), &halfway);
    assert_eq!(back, []);
}

#[test]
fn another_router_is_reached_before_the_old_one_is_left() {
    let mut planned = web();
    planned.routes = routes(vec![("www", route("other", Some("www.example.com"), None))]);
    let stages = stages_to(&planned, &found(&web()));
    let new = "target_group.other.8080";
    assert_eq!(registered(&stages[0]), [new, OLD]);
    // The new rule stands at another listener, beside the old one, which goes at the stage's end.
    assert_eq!(weights(&stages[0], "rule.www"), [(new.to_owned(), 1)]);
    assert!(stages[0].nodes.contains_key(&OLD.into()));
}

#[test]
fn the_last_route_goes_before_its_target_group() {
    let stages = stages_to(&worker(), &found(&web()));
    let [without_rules] = &stages[..] else {
        panic!("there is one stage before the end");
    };
    assert_eq!(weights(without_rules, "rule.www"), []);
    assert_eq!(registered(without_rules), [OLD]);
    let service = &without_rules.nodes[&Key::from(SERVICE)];
    assert!(!service.needs().contains(&"rule.www".into()));
}

#[test]
fn what_does_not_move_has_no_stages() {
    let mut planned = web();
    planned.image = text("repo/shop:v2");
    assert!(!ServiceResource::moves(&graph(&web()), &graph(&planned)));
    assert_eq!(stages_to(&planned, &found(&web())), []);
}

#[test]
fn an_import_reads_back_what_a_create_would_write() {
    let mut view = scaled();
    with_route(&mut view, |route| route.priority = Cfg::Known(77));
    view.private_name = text("true");
    view.clients = texts(&[("blog", "sg-blog")]);
    view.secrets = texts(&[("OWN", "arn:aws:ssm:us-west-2:111111111111:parameter/own")]);
    view.stickiness = Cfg::Known(StickinessConfig {
        duration: Cfg::Known(60),
    });
    view.sidecars = sidecar("proxy", |it| {
        it.entrypoint = cfg_list(Vec::new());
        it.config = texts(&[("A", "b")]);
        it.secrets = texts(&[]);
        it.depends_on = texts(&[]);
        it.port = Cfg::Known(9000);
    });
    view.start_after = texts(&[("proxy", "START")]);
    view.volumes = Cfg::Known(BTreeMap::from([("data".to_owned(), Cfg::Known(volume()))]));
    let mut found = found(&view);
    let policies: Vec<Key> = found
        .keys()
        .filter(|key| key.0.starts_with(POLICY))
        .cloned()
        .collect();
    assert_eq!(policies.len(), 2);
    found.insert(
        "cluster".into(),
        Seen {
            fields: Map::from_iter([(
                "default_capacity_provider_strategy".to_owned(),
                json!(strategy(20)),
            )]),
            tags: BTreeMap::from([(crate::tag::ID.to_owned(), "cluster/stage/main".to_owned())]),
            ..Seen::default()
        },
    );
    let refs = Refs::from([
        (
            ResourceId::new("app", "stage/shop"),
            reference(app().to_value()),
        ),
        (
            ResourceId::new("router", "stage/main"),
            reference(router("main").to_value()),
        ),
    ]);
    let recovered = ServiceResource::recover(&scope(), "stage/shop/web", &found, &refs).unwrap();
    view.common.tags = recovered.common.tags.clone();
    assert_eq!(recovered, view);
}

const fn reference(value: tfplugin_types::Value) -> tfplugin_types::Value {
    value
}

fn volume() -> VolumeConfig {
    VolumeConfig {
        file_system_id: text("fs-0123abcd"),
        access_point_id: Cfg::Null,
        root_directory: text("/"),
        mount_path: text("/data"),
        read_only: Cfg::Known(true),
    }
}

#[test]
fn a_folder_and_an_access_point_are_not_both_given() {
    let mut view = web();
    let mut both = volume();
    both.access_point_id = text("fsap-0123abcd");
    both.root_directory = text("/x");
    view.volumes = Cfg::Known(BTreeMap::from([("data".to_owned(), Cfg::Known(both))]));
    assert_eq!(
        refused(&view),
        ["volumes[\"data\"].root_directory: Folder Given Twice"]
    );
}
