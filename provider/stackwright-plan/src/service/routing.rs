//! How requests reach the process: target groups, listener rules and security groups.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_types::{Cfg, Diagnostics, Path};

use super::checks;
use super::inputs::{
    CLIENT, GROUP, Inputs, ROUTER_EGRESS, ROUTER_INGRESS, RULE, SERVICE, known_objects,
    router_names, target_group_key,
};
use super::schema::RouteConfig;
use crate::component::{
    Direction, ForwardTarget, ListenerRule, LoadBalancerTarget, SecurityGroup, SecurityGroupRule,
    TargetGroup,
};
use crate::resource::Exclusive;
use crate::{Graph, In, Key, name};

/// Everything between the routers and the tasks; nothing for a worker.
pub(super) fn components(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    if !inputs.is_served() {
        return Some(());
    }
    let port = inputs.port?;
    security_group(inputs, graph);
    clients(inputs, port, graph)?;
    for router in inputs.routers.keys() {
        target_group(inputs, router, port, graph)?;
        router_rules(inputs, router, port, graph);
    }
    for (key, route) in &inputs.routes {
        rule(inputs, key, route, graph)?;
    }
    Some(())
}

/// Keys of the components that must be there before tasks start: ECS refuses a target group
/// without load balancer, and health checks need their way.
pub(super) fn before_tasks(graph: &Graph) -> Vec<Key> {
    let prefixes = [RULE, ROUTER_INGRESS, ROUTER_EGRESS, CLIENT];
    let is_one = |key: &&Key| prefixes.iter().any(|prefix| key.0.starts_with(prefix));
    graph.nodes.keys().filter(is_one).cloned().collect()
}

/// The target groups that ECS registers the tasks in.
pub(super) fn load_balancers(inputs: &Inputs<'_>) -> Vec<LoadBalancerTarget> {
    let target = |router: &&str| LoadBalancerTarget {
        target_group_arn: In::From(inputs.target_group_key(router).into(), "arn"),
        container_name: inputs.process.to_owned(),
        container_port: inputs.port.unwrap_or_default(),
    };
    inputs.routers.keys().map(target).collect()
}

fn vpc(inputs: &Inputs<'_>) -> In<String> {
    In::cfg(&inputs.app_ref.vpc_id)
}

/// The tasks' own group, besides the app's: two processes of one app may listen on the same port,
/// and AWS takes the same rule only once in a group.
fn security_group(inputs: &Inputs<'_>, graph: &mut Graph) {
    let vpc_id = vpc(inputs);
    let in_vpc = vpc_id.known().map_or("unknown", String::as_str);
    let parts = [
        inputs.scope.project.as_str(),
        &inputs.scope.environment,
        inputs.app,
        inputs.process,
    ];
    let group = SecurityGroup {
        group_name: name::security_group(&parts, &[in_vpc]),
        description: format!("Requests to {} of {}", inputs.process, inputs.app),
        vpc_id,
        default_egress: false,
        tags: inputs.tags(GROUP, &inputs.label()),
    };
    graph.add(GROUP, &group);
}

struct Way<'a> {
    key: String,
    group: In<String>,
    direction: Direction,
    other: In<String>,
    port: i32,
    description: &'a str,
}

fn way(inputs: &Inputs<'_>, way: Way<'_>, graph: &mut Graph) {
    let label = format!("{}-{}", inputs.label(), way.key.replace(['.', '_'], "-"));
    let rule = SecurityGroupRule {
        group_id: way.group,
        direction: way.direction,
        ip_protocol: "tcp".to_owned(),
        from_port: way.port,
        to_port: way.port,
        cidr_ipv4: None,
        cidr_ipv6: None,
        referenced_group_id: Some(way.other),
        description: way.description.to_owned(),
        tags: inputs.tags(&way.key, &label),
    };
    graph.add(way.key, &rule);
}

fn own_group() -> In<String> {
    In::From(GROUP.into(), "id")
}

/// The way from a router to the tasks: in, and out of a load balancer that has no way out for all.
fn router_rules(inputs: &Inputs<'_>, router: &str, port: i32, graph: &mut Graph) {
    let reference = inputs.routers[router];
    let group = In::cfg(&reference.security_group_id);
    let mut sides = vec![(
        ROUTER_INGRESS,
        Direction::Ingress,
        own_group(),
        group.clone(),
    )];
    if reference.egress_rule_id.is_null() {
        sides.push((ROUTER_EGRESS, Direction::Egress, group, own_group()));
    }
    for (prefix, direction, group, other) in sides {
        let description = match direction {
            Direction::Ingress => format!("Requests from router {router}"),
            Direction::Egress => format!("Requests to {} of {}", inputs.process, inputs.app),
        };
        let key = format!("{prefix}{router}.{port}");
        let one = Way {
            key,
            group,
            direction,
            other,
            port,
            description: &description,
        };
        way(inputs, one, graph);
    }
}

/// The port is part of the key, so that clients reach old and new tasks while it changes.
fn clients(inputs: &Inputs<'_>, port: i32, graph: &mut Graph) -> Option<()> {
    let none = BTreeMap::new();
    let clients = match &inputs.view.clients {
        Cfg::Known(clients) => clients,
        Cfg::Null => &none,
        Cfg::Unknown(_) => return None,
    };
    for (client, group) in clients {
        let description = format!("Requests from {client}");
        let one = Way {
            key: format!("{CLIENT}{client}.{port}"),
            group: own_group(),
            direction: Direction::Ingress,
            other: In::cfg(group),
            port,
            description: &description,
        };
        way(inputs, one, graph);
    }
    Some(())
}

/// The name holds everything that AWS cannot change, so that a successor can be made beside it.
fn target_group_name(inputs: &Inputs<'_>, router: &str, port: i32, vpc_id: &str) -> String {
    let parts = [
        inputs.scope.project.as_str(),
        &inputs.scope.environment,
        inputs.app,
        inputs.process,
    ];
    let port = port.to_string();
    let mut name = name::unique(
        &parts,
        &[router, &port, "HTTP", vpc_id],
        name::LOAD_BALANCER,
    );
    // A process may have letters in its name that AWS does not take here.
    name = name.replace('_', "-");
    while name.contains("--") {
        name = name.replace("--", "-");
    }
    name
}

fn target_group(inputs: &Inputs<'_>, router: &str, port: i32, graph: &mut Graph) -> Option<()> {
    let health = inputs.view.health_check.known()?;
    let whole = |value: &Cfg<i64>| Some(i32::try_from(*value.known()?).unwrap_or(i32::MAX));
    let key = inputs.target_group_key(router);
    let vpc_id = vpc(inputs);
    let in_vpc = vpc_id.known().map_or("unknown", String::as_str);
    let group_name = target_group_name(inputs, router, port, in_vpc);
    let group = TargetGroup {
        name: group_name.clone(),
        port,
        protocol: "HTTP".to_owned(),
        vpc_id,
        target_type: "ip".to_owned(),
        health_check_enabled: true,
        health_check_protocol: "HTTP".to_owned(),
        health_check_port: "traffic-port".to_owned(),
        health_check_path: health.path.known()?.clone(),
        health_check_interval_seconds: whole(&health.interval)?,
        health_check_timeout_seconds: whole(&health.timeout)?,
        healthy_threshold_count: whole(&health.healthy_threshold)?,
        unhealthy_threshold_count: whole(&health.unhealthy_threshold)?,
        matcher: health.matcher.known()?.clone(),
        attributes: attributes(inputs)?,
        tags: inputs.tags(&key, &group_name),
    };
    graph.add(key, &group).predict("name", group_name);
    Some(())
}

fn attributes(inputs: &Inputs<'_>) -> Option<BTreeMap<String, String>> {
    let sticky = match &inputs.view.stickiness {
        Cfg::Null => None,
        Cfg::Known(sticky) => Some(*sticky.duration.known()?),
        Cfg::Unknown(_) => return None,
    };
    let mut attributes: BTreeMap<&str, String> = BTreeMap::from([
        (
            "deregistration_delay.timeout_seconds",
            inputs.view.deregistration_delay.known()?.to_string(),
        ),
        ("load_balancing.algorithm.type", "round_robin".to_owned()),
        (
            "slow_start.duration_seconds",
            inputs.view.slow_start.known()?.to_string(),
        ),
        ("stickiness.enabled", sticky.is_some().to_string()),
        ("stickiness.type", "lb_cookie".to_owned()),
    ]);
    // AWS knows a length for clients that nobody sticks to; it does not matter then.
    let duration = sticky.unwrap_or(86_400).to_string();
    attributes.insert("stickiness.lb_cookie.duration_seconds", duration);
    let owned = |(name, value): (&str, String)| (name.to_owned(), value);
    Some(attributes.into_iter().map(owned).collect())
}

fn rule(inputs: &Inputs<'_>, key: &str, route: &RouteConfig, graph: &mut Graph) -> Option<()> {
    let router = route.router.known()?;
    let text = |value: &Cfg<String>| match value {
        Cfg::Null => Some(Vec::new()),
        Cfg::Known(text) => Some(vec![text.clone()]),
        Cfg::Unknown(_) => None,
    };
    let (hosts, mut paths) = (text(&route.host)?, text(&route.path)?);
    // AWS takes no rule without conditions.
    if hosts.is_empty() && paths.is_empty() {
        paths.push(ANY_PATH.to_owned());
    }
    let group = inputs.target_group_key(router.name.known()?);
    let component = format!("{RULE}{key}");
    let rule = ListenerRule {
        listener_arn: In::cfg(&router.listener_arn),
        priority: route
            .priority
            .known()
            .and_then(|it| i32::try_from(*it).ok()),
        host_headers: hosts,
        path_patterns: paths,
        targets: vec![ForwardTarget {
            target_group_arn: In::From(group.into(), "arn"),
            weight: 1,
        }],
        others: Vec::new(),
        tags: inputs.tags(&component, &format!("{}-{key}", inputs.label())),
    };
    graph.add(component, &rule);
    Some(())
}

/// The places and the requests that the routes claim at their routers.
pub(super) fn exclusives(view: &super::ServiceConfig) -> Vec<Exclusive> {
    let routes = view.routes.known().into_iter().flatten();
    let routes = routes.filter_map(|(key, route)| Some((key, route.known()?)));
    routes
        .flat_map(|(key, route)| {
            let at = Path::attribute("routes").key(key);
            [priority(route, &at), requests(route, &at)]
        })
        .flatten()
        .collect()
}

fn priority(route: &RouteConfig, at: &Path) -> Option<Exclusive> {
    let router = route.router.known()?.name.known()?;
    let priority = route.priority.known()?;
    Some(Exclusive {
        what: format!("priority {priority} of router `{router}`"),
        at: at.join("priority"),
        remedy: "A load balancer has one rule for each priority. Give one of them another number, or leave `priority` out: a free one is then chosen.",
    })
}

fn requests(route: &RouteConfig, at: &Path) -> Option<Exclusive> {
    let router = route.router.known()?.name.known()?;
    let part = |value: &Cfg<String>, any: &str| match value {
        Cfg::Null => Some(any.to_owned()),
        Cfg::Known(text) => Some(text.clone()),
        Cfg::Unknown(_) => None,
    };
    let (host, path) = (part(&route.host, "*")?, part(&route.path, ANY_PATH)?);
    Some(Exclusive {
        what: format!("requests for `{host}{path}` at router `{router}`"),
        at: at.clone(),
        remedy: "A load balancer sends these requests to one of them only, and the other never gets any. Give one of them another `host` or `path`.",
    })
}

/// The path of a route that says neither host nor path.
pub(super) const ANY_PATH: &str = "/*";

/// A chosen priority is kept while the route stays with its router; with another router it is
/// chosen anew.
pub(super) fn keep_priorities(
    prior: Option<&super::ServiceConfig>,
    view: &mut super::ServiceConfig,
    found: &mut Diagnostics,
) {
    let before = prior.and_then(|prior| known_objects(&prior.routes));
    let Cfg::Known(routes) = &mut view.routes else {
        return;
    };
    for (key, route) in routes {
        let Cfg::Known(route) = route else { continue };
        if route.priority.is_unknown()
            && before
                .as_ref()
                .is_some_and(|it| it.contains_key(key.as_str()))
        {
            found.error(
                Path::attribute("routes").key(key).join("priority"),
                "Priority Not Known Yet",
                "This route exists, and whether its priority changes must be known in the plan. Write a number, leave it out, or apply what the number comes from first (`terraform apply -target=...`).",
            );
        }
        if !route.priority.is_null() {
            continue;
        }
        let listener = |route: &RouteConfig| route.router.known()?.listener_arn.known().cloned();
        let kept = before
            .as_ref()
            .and_then(|routes| routes.get(key.as_str()))
            .filter(|before| listener(before).is_some() && listener(before) == listener(route))
            .and_then(|before| before.priority.known());
        route.priority = kept.map_or_else(Cfg::unknown, |priority| Cfg::Known(*priority));
    }
}

/// While requests move, tasks are registered in the old and the new target groups: see `stages.rs`.
pub(super) fn check_move(
    prior: &super::ServiceConfig,
    view: &super::ServiceConfig,
    found: &mut Diagnostics,
) {
    let groups = |view: &super::ServiceConfig| -> Option<BTreeSet<String>> {
        let port = *view.port.known()?;
        let keys = router_names(view)?.into_iter();
        Some(keys.map(|name| target_group_key(&name, port)).collect())
    };
    let (Some(before), Some(after)) = (groups(prior), groups(view)) else {
        return;
    };
    let both = before.union(&after).count();
    let stays = before.is_subset(&after) || after.is_subset(&before);
    if !stays && both > checks::TARGET_GROUPS && after.len() <= checks::TARGET_GROUPS {
        found.error(
            Path::attribute("routes"),
            "Too Many Routers to Move at Once",
            format!("To move without an outage the tasks are registered in the old and the new target groups at once: that would be {both}, and ECS takes {} for a service. Move it in two applies, with fewer routers in between.", checks::TARGET_GROUPS),
        );
    }
}

/// Edges that put the ECS service behind what its tasks need.
pub(super) fn order(graph: &mut Graph) {
    let before = before_tasks(graph);
    if let Some(service) = graph.nodes.get_mut(&Key::from(SERVICE)) {
        service.after.extend(before);
    }
}
