//! Rules over the attributes of a service, on whatever is known.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_types::{Cfg, Diagnostics, Dynamic, Path, Type, Value};

use super::inputs::known_objects;
use super::schema::{
    ContainerCheckConfig, DeployConfig, HealthCheckConfig, RouteConfig, ScaleConfig, SidecarConfig,
    VolumeConfig,
};
use super::{ServiceConfig, private_name, rules, sizing};
use crate::app::{check_config, check_secrets, check_twice};
use crate::{aws_rules, clients};

type Texts = Cfg<BTreeMap<String, Cfg<String>>>;

pub(super) fn all(view: &ServiceConfig, found: &mut Diagnostics) {
    sizing::check(view, found);
    check_command(&Path::attribute("command"), &view.command, found);
    check_variables(view, found);
    check_deploy(view, found);
    check_process(view, found);
    check_routes(view, found);
    check_health(&view.health_check, found);
    check_slow_start(view, found);
    check_scale(view, found);
    check_port(view, found);
    check_sidecars(view, found);
    check_start_order(view, found);
    check_volumes(view, found);
    let container = Path::attribute("container_health_check");
    check_container_health(&container, &view.container_health_check, found);
    clients::check(&view.clients, found);
    private_name::check(view, found);
}

/// The role by which ECS starts an app's tasks has the name that this process's would have.
fn check_process(view: &ServiceConfig, found: &mut Diagnostics) {
    if view.process.known().is_some_and(|name| name == "execution") {
        found.error(
            Path::attribute("process"),
            "Reserved Process Name",
            "The name `execution` belongs to the role by which ECS starts the app's tasks. Choose another name.",
        );
    }
}

fn check_variables(view: &ServiceConfig, found: &mut Diagnostics) {
    check_config(&view.config, found);
    check_secrets(&view.secrets, found);
    check_twice(&view.config, &view.secrets, found);
    let Cfg::Known(app) = &view.app else { return };
    check_twice(&view.config, &app.secrets, found);
    check_twice_in_app(&view.secrets, &app.config, found);
}

/// ECS refuses a variable that has a value and a secret.
fn check_twice_in_app(secrets: &Texts, config: &Texts, found: &mut Diagnostics) {
    let (Cfg::Known(secrets), Cfg::Known(config)) = (secrets, config) else {
        return;
    };
    for name in secrets.keys().filter(|name| config.contains_key(*name)) {
        found.error(
            Path::attribute("secrets").key(name),
            "Variable Given Twice",
            format!("`{name}` stands in `secrets` and in the app's `config`. ECS takes it in one place only. Remove one."),
        );
    }
}

pub(super) fn check_command(at: &Path, command: &Cfg<Dynamic>, found: &mut Diagnostics) {
    let Cfg::Known(Dynamic(ty, value)) = command else {
        return;
    };
    let texts: Option<Vec<&str>> = match (ty, value) {
        (_, Value::Unknown(_) | Value::Null) => return,
        (_, Value::String(text)) => Some(vec![text]),
        (Type::List(_) | Type::Tuple(_) | Type::Set(_), Value::Seq(items)) => {
            let known = items.iter().filter(|item| !item.is_unknown());
            known.map(Value::as_str).collect()
        }
        _ => None,
    };
    match texts {
        None => found.error(at.clone(), "Invalid Command", "A command is a string, which runs in a shell, or a list of strings, which runs as it is."),
        Some(texts) if texts.first().is_none_or(|first| first.trim().is_empty()) && !matches!(value, Value::Seq(items) if !items.is_empty()) => {
            found.error(at.clone(), "Empty Command", "Nothing would run. Give a command, or leave it out to run the image's own.");
        }
        Some(texts) => {
            for problem in texts.iter().filter_map(|text| aws_rules::container_text("The command", text).err()) {
                found.error(at.clone(), "Invalid Command", problem);
            }
        }
    }
}

/// A command that runs as it is.
fn check_words(at: &Path, command: &Cfg<Vec<Cfg<String>>>, found: &mut Diagnostics) {
    let Cfg::Known(words) = command else { return };
    if words.is_empty() {
        found.error(
            at.clone(),
            "Empty Command",
            "Nothing would run. Give a command, or leave it out to run the image's own.",
        );
    }
    let known = words.iter().filter_map(Cfg::known);
    for problem in known.filter_map(|text| aws_rules::container_text("The command", text).err()) {
        found.error(at.clone(), "Invalid Command", problem);
    }
}

/// How many tasks there are when they are fewest; none of which a deployment could be short of while that is not known.
fn fewest_tasks(view: &ServiceConfig) -> i64 {
    match &view.scale {
        Cfg::Known(scale) => scale.min.known().copied().unwrap_or(0),
        Cfg::Null => view.desired_count.known_or(1).unwrap_or(0),
        Cfg::Unknown(_) => 0,
    }
}

/// How many of so many tasks ECS keeps running while a new version replaces the old, which it rounds up, and how many it allows, which
/// it rounds down. Percents that no deployment has give no sense and no overflow.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>
pub fn tasks_in_deployment(tasks: i64, minimum: i64, maximum: i64) -> (i64, i64) {
    let kept = tasks.saturating_mul(minimum).saturating_add(99) / 100;
    (kept, tasks.saturating_mul(maximum) / 100)
}

fn check_room(view: &ServiceConfig, deploy: &DeployConfig, found: &mut Diagnostics) {
    let percents = (
        deploy.minimum_percent.known(),
        deploy.maximum_percent.known(),
    );
    let (Some(minimum), Some(maximum)) = percents else {
        return;
    };
    let at = Path::attribute("deploy").join("maximum_percent");
    let tasks = fewest_tasks(view);
    let (kept, allowed) = tasks_in_deployment(tasks, *minimum, *maximum);
    if (minimum, maximum) == (&100, &100) {
        found.error(
            at,
            "No Room to Deploy",
            "With a minimum and a maximum of 100 percent ECS can neither stop an old task nor start a new one. Raise the maximum or lower the minimum.",
        );
    } else if tasks > 0 && kept >= allowed {
        let count = |number: i64| format!("{number} task{}", if number == 1 { "" } else { "s" });
        found.error(
            at,
            "No Room to Deploy",
            format!(
                "Of {} ECS keeps {} running ({minimum} percent, rounded up) and allows {} ({maximum} percent, rounded down), so it can neither stop an old task nor start a new one. Raise the maximum or lower the minimum.",
                count(tasks),
                count(kept),
                count(allowed)
            ),
        );
    }
}

fn check_deploy(view: &ServiceConfig, found: &mut Diagnostics) {
    let Cfg::Known(deploy) = &view.deploy else {
        return;
    };
    let at = Path::attribute("deploy");
    check_room(view, deploy, found);
    if (deploy.circuit_breaker.known(), deploy.rollback.known()) == (Some(&false), Some(&true)) {
        found.error(
            at.join("rollback"),
            "Rollback Needs the Circuit Breaker",
            "ECS brings the former deployment back only when the circuit breaker is on. Set `circuit_breaker = true` or `rollback = false`.",
        );
    }
}

fn check_keys<T>(attribute: &str, map: &Cfg<BTreeMap<String, T>>, found: &mut Diagnostics) {
    for key in map.known().into_iter().flat_map(BTreeMap::keys) {
        if let Err(problem) = rules::map_key(key) {
            found.error(Path::attribute(attribute).key(key), "Invalid Key", problem);
        }
    }
}

fn known_routes(view: &ServiceConfig) -> Vec<(&String, &RouteConfig)> {
    let routes = view.routes.known().into_iter().flatten();
    routes
        .filter_map(|(key, route)| Some((key, route.known()?)))
        .collect()
}

/// What of a route makes it the same route for a router.
type Way<'a> = (&'a str, Option<&'a String>, Option<&'a String>);

fn way(route: &RouteConfig) -> Option<Way<'_>> {
    let known = |value: &Cfg<String>| !value.is_unknown();
    let router = route.router.known()?.name.known()?;
    (known(&route.host) && known(&route.path))
        .then(|| (router.as_str(), route.host.known(), route.path.known()))
}

fn check_routes(view: &ServiceConfig, found: &mut Diagnostics) {
    check_keys("routes", &view.routes, found);
    let routes = known_routes(view);
    let mut ways: BTreeMap<Way<'_>, &String> = BTreeMap::new();
    let mut priorities: BTreeMap<(&str, i64), &String> = BTreeMap::new();
    let mut arns: BTreeMap<&String, &String> = BTreeMap::new();
    check_router_count(&routes, found);
    for (key, route) in routes {
        let at = Path::attribute("routes").key(key);
        check_vpc(view, route, &at, found);
        check_wildcards(route, &at, found);
        let other = way(route).and_then(|way| ways.insert(way, key));
        if let Some(other) = other {
            found.error(at.clone(), "Route Given Twice", format!("The routes `{other}` and `{key}` have the same router, host and path. Remove one."));
        }
        let Some(balancer) = route.router.known() else {
            continue;
        };
        if let (Some(name), Some(arn)) = (balancer.name.known(), balancer.arn.known())
            && arns.insert(name, arn).is_some_and(|before| before != arn)
        {
            found.error(at.join("router"), "Two Routers With One Name", format!("Two different load balancers are called `{name}`. Target groups are named after their router: give them different names."));
        }
        let taken = balancer.name.known().zip(route.priority.known());
        let other = taken.and_then(|(name, at)| priorities.insert((name, *at), key));
        if let Some(other) = other {
            found.error(at.join("priority"), "Priority Given Twice", format!("The routes `{other}` and `{key}` have the same priority at one router, and a router takes each number once. Give another, or leave it out."));
        }
    }
}

/// Target groups that ECS registers the tasks of a service in, one for each router.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/register-multiple-targetgroups.html>
pub(super) const TARGET_GROUPS: usize = 5;

fn check_router_count(routes: &[(&String, &RouteConfig)], found: &mut Diagnostics) {
    let names = routes
        .iter()
        .filter_map(|(_, route)| route.router.known()?.name.known());
    let count = names.collect::<BTreeSet<_>>().len();
    if count > TARGET_GROUPS {
        found.error(
            Path::attribute("routes"),
            "Too Many Routers",
            format!("The routes lead from {count} routers, and ECS registers a service at {TARGET_GROUPS} at most. Use fewer routers, or split the process in two."),
        );
    }
}

/// Wildcards count over the host and the path together.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
fn check_wildcards(route: &RouteConfig, at: &Path, found: &mut Diagnostics) {
    let count = |text: &Cfg<String>| text.known().map_or(0, |text| rules::wildcards(text));
    let wildcards = count(&route.host) + count(&route.path);
    if wildcards > rules::WILDCARDS {
        found.error(
            at.clone(),
            "Too Many Wildcards",
            format!("A rule of a load balancer takes {} wildcards, and host and path of this route have {wildcards} together. Write fewer `*` and `?`, or several routes.", rules::WILDCARDS),
        );
    }
}

fn check_vpc(view: &ServiceConfig, route: &RouteConfig, at: &Path, found: &mut Diagnostics) {
    let router = route
        .router
        .known()
        .and_then(|router| router.vpc_id.known());
    let app = view.app.known().and_then(|app| app.vpc_id.known());
    if let (Some(router), Some(app)) = (router, app)
        && router != app
    {
        found.error(
            at.join("router"),
            "Router in Another VPC",
            format!("The router is in {router} and the app in {app}, so requests could not reach its tasks. Use a router of the app's network."),
        );
    }
}

fn check_health(health: &Cfg<HealthCheckConfig>, found: &mut Diagnostics) {
    let Some(health) = health.known() else { return };
    if let (Some(timeout), Some(interval)) = (health.timeout.known(), health.interval.known())
        && timeout >= interval
    {
        found.error(
            Path::attribute("health_check").join("timeout"),
            "Timeout Not Below the Interval",
            format!("The load balancer waits {timeout} seconds for an answer, but asks again after {interval}. AWS takes a timeout below the interval only: lower it or raise `interval`."),
        );
    }
}

fn check_slow_start(view: &ServiceConfig, found: &mut Diagnostics) {
    if view
        .slow_start
        .known()
        .is_some_and(|it| (1..30).contains(it))
    {
        found.error(
            Path::attribute("slow_start"),
            "Slow Start Too Short",
            "AWS takes 30 to 900 seconds, or 0 for none.",
        );
    }
}

fn check_scale(view: &ServiceConfig, found: &mut Diagnostics) {
    let Some(scale) = view.scale.known() else {
        return;
    };
    let at = Path::attribute("scale");
    if !view.desired_count.is_null() && !view.desired_count.is_unknown() {
        found.error(
            Path::attribute("desired_count"),
            "Conflicting Arguments",
            "With `scale` the number of tasks belongs to autoscaling. Remove `desired_count`, or remove `scale`.",
        );
    }
    if let (Some(min), Some(max)) = (scale.min.known(), scale.max.known())
        && min > max
    {
        found.error(
            at.join("min"),
            "Minimum Above the Maximum",
            format!("At least {min} tasks cannot be at most {max}. Lower `min` or raise `max`."),
        );
    }
    if scale.cpu.is_null() && scale.memory.is_null() && scale.requests.is_null() {
        found.error(at.clone(), "Nothing to Scale By", "Autoscaling needs something that it holds the tasks at. Give `cpu`, `memory` or `requests`, or use `desired_count` for a fixed number.");
    }
    check_requests(view, scale, found);
}

fn check_requests(view: &ServiceConfig, scale: &ScaleConfig, found: &mut Diagnostics) {
    let no_routes = match &view.routes {
        Cfg::Null => true,
        Cfg::Known(routes) => routes.is_empty(),
        Cfg::Unknown(_) => false,
    };
    if !scale.requests.is_null() && no_routes {
        found.error(
            Path::attribute("scale").join("requests"),
            "Requests Need a Route",
            "The process has no `routes`, so no requests can be counted. Give a route, or scale by `cpu` or `memory`.",
        );
    }
}

fn check_port(view: &ServiceConfig, found: &mut Diagnostics) {
    let port = super::port_of(view);
    let port = port.known();
    let given = view.config.known().and_then(|config| config.get("PORT"));
    if let (Some(port), Some(Cfg::Known(given))) = (port, given)
        && *given != port.to_string()
    {
        found.error(
            Path::attribute("config").key("PORT"),
            "Port Given Twice",
            format!("`PORT` is set from `port`, which says {port}. Remove it from `config`, or change `port`."),
        );
    }
    let secret = view
        .secrets
        .known()
        .is_some_and(|it| it.contains_key("PORT"));
    if secret && port.is_some() {
        found.error(
            Path::attribute("secrets").key("PORT"),
            "Port Given Twice",
            "`PORT` is set from `port`. Remove it from `secrets`.",
        );
    }
    let app = view.app.known().and_then(|app| app.secrets.known());
    if app.is_some_and(|it| it.contains_key("PORT")) && port.is_some() {
        found.error(
            Path::attribute("app"),
            "Port Given Twice",
            "`PORT` is set from `port`, and stands in the app's `secrets` too, which ECS refuses. Remove it there.",
        );
    }
}

fn check_sidecars(view: &ServiceConfig, found: &mut Diagnostics) {
    check_keys("sidecars", &view.sidecars, found);
    let sidecars = view.sidecars.known().into_iter().flatten();
    let own_port = super::port_of(view);
    let mut ports = BTreeSet::new();
    ports.extend(own_port.known());
    for (name, sidecar) in sidecars {
        let at = Path::attribute("sidecars").key(name);
        if view.process.known() == Some(name) {
            found.error(at.clone(), "Container Given Twice", format!("The container of the process is called `{name}` too, and ECS wants different names. Rename the sidecar."));
        }
        let Some(sidecar) = sidecar.known() else {
            continue;
        };
        check_sidecar(view, &at, sidecar, found);
        if sidecar.port.known().is_some_and(|port| !ports.insert(port)) {
            found.error(at.join("port"), "Port Used Twice", "Another container of the task listens on this port, and they share one address. Choose another.");
        }
    }
    check_sidecar_sums(view, found);
}

/// Containers of a task definition, that of the process among them.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html>
const CONTAINERS: usize = 10;

/// What the sidecars take together, and how many there are.
fn check_sidecar_sums(view: &ServiceConfig, found: &mut Diagnostics) {
    let sidecars = || {
        let all = view.sidecars.known().into_iter().flat_map(BTreeMap::values);
        all.filter_map(Cfg::known)
    };
    let count = view.sidecars.known().map_or(0, BTreeMap::len);
    let at = Path::attribute("sidecars");
    if count >= CONTAINERS {
        found.error(
            at.clone(),
            "Too Many Containers",
            format!("ECS takes {CONTAINERS} containers in a task, and the process with {count} sidecars has {}. Remove some, or run them as processes of their own.", count + 1),
        );
    }
    let Some(task) = sizing::of_task(view) else {
        return;
    };
    let sum = |part: fn(&SidecarConfig) -> &Cfg<i64>| -> i64 {
        sidecars().filter_map(|it| part(it).known()).sum()
    };
    let sums = [
        (sum(|it| &it.cpu), task.cpu, "CPU units"),
        (sum(|it| &it.memory), task.memory, "MiB"),
    ];
    for (wanted, whole, unit) in sums {
        if wanted > i64::from(whole) && count > 1 {
            found.error(
                at.clone(),
                "Larger Than the Task",
                format!("The sidecars together want {wanted} {unit}, and the task has {whole}. Lower theirs, or choose a larger size."),
            );
        }
    }
}

fn check_sidecar(
    view: &ServiceConfig,
    at: &Path,
    sidecar: &SidecarConfig,
    found: &mut Diagnostics,
) {
    check_words(&at.join("command"), &sidecar.command, found);
    check_container_health(&at.join("health_check"), &sidecar.health_check, found);
    let mut inside = Diagnostics::new();
    check_config(&sidecar.config, &mut inside);
    check_secrets(&sidecar.secrets, &mut inside);
    check_twice(&sidecar.config, &sidecar.secrets, &mut inside);
    for mut problem in inside.0 {
        problem.path = at.clone();
        found.push(problem);
    }
    let Some(task) = sizing::of_task(view) else {
        return;
    };
    let limits = [
        ("cpu", &sidecar.cpu, task.cpu, "CPU units"),
        ("memory", &sidecar.memory, task.memory, "MiB"),
    ];
    for (name, part, whole, unit) in limits {
        if let Some(part) = part.known()
            && *part > i64::from(whole)
        {
            found.error(at.join(name), "Larger Than the Task", format!("The container wants {part} {unit}, and the task has {whole}. Lower it, or choose a larger size."));
        }
    }
}

/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html>
fn check_container_health(at: &Path, check: &Cfg<ContainerCheckConfig>, found: &mut Diagnostics) {
    let Some(check) = check.known() else { return };
    if let Some(Err(problem)) = check
        .command
        .known()
        .map(|text| aws_rules::container_text("The command", text))
    {
        found.error(at.join("command"), "Invalid Command", problem);
    }
}

const CONDITIONS: [&str; 4] = ["START", "COMPLETE", "SUCCESS", "HEALTHY"];

/// Which container waits for which, and until when.
fn waits<'a>(view: &'a ServiceConfig, process: &'a str) -> Vec<(&'a str, Path, &'a Texts)> {
    let mut all = vec![(process, Path::attribute("start_after"), &view.start_after)];
    for (name, sidecar) in view.sidecars.known().into_iter().flatten() {
        if let Some(sidecar) = sidecar.known() {
            let at = Path::attribute("sidecars").key(name).join("depends_on");
            all.push((name, at, &sidecar.depends_on));
        }
    }
    all
}

/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html>
fn check_start_order(view: &ServiceConfig, found: &mut Diagnostics) {
    let (Some(process), Some(sidecars)) = (view.process.known(), known_objects(&view.sidecars))
    else {
        return;
    };
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (container, at, needs) in waits(view, process) {
        for (other, condition) in needs.known().into_iter().flatten() {
            let at = at.key(other);
            edges.entry(container).or_default().push(other);
            let sidecar = sidecars.get(other.as_str());
            if other != process && sidecar.is_none() {
                found.error(
                    at,
                    "Unknown Container",
                    format!(
                        "The task has no container `{other}`. It has `{process}` and the sidecars."
                    ),
                );
                continue;
            }
            let Some(condition) = condition.known() else {
                continue;
            };
            let check = sidecar.map_or(&view.container_health_check, |sidecar| {
                &sidecar.health_check
            });
            let essential = sidecar.is_none_or(|it| it.essential.known_or(true) == Some(true));
            if let Some(problem) = condition_problem(other, condition, check.is_null(), essential) {
                found.error(at, "Condition Cannot Be Met", problem);
            }
        }
    }
    if let Some(name) = circle(&edges) {
        found.error(Path::attribute("sidecars"), "Containers Wait for Each Other", format!("`{name}` waits, through others, for itself, so the task would never start. Remove one of the dependencies."));
    }
}

fn condition_problem(
    other: &str,
    condition: &str,
    unchecked: bool,
    essential: bool,
) -> Option<String> {
    match condition {
        "HEALTHY" if unchecked => Some(format!(
            "`{other}` has no health check, so it is never HEALTHY. Give it one, or wait for START."
        )),
        "COMPLETE" | "SUCCESS" if essential => Some(format!(
            "`{other}` is essential: when it ends, so does the task. Set `essential = false`, or wait for START or HEALTHY."
        )),
        known if CONDITIONS.contains(&known) => None,
        other => Some(format!(
            "`{other}` is none of START, COMPLETE, SUCCESS and HEALTHY."
        )),
    }
}

/// A container that waits for itself.
fn circle<'a>(edges: &BTreeMap<&'a str, Vec<&'a str>>) -> Option<&'a str> {
    edges.keys().copied().find(|start| {
        let (mut seen, mut next) = (BTreeSet::new(), edges[start].clone());
        while let Some(one) = next.pop() {
            if one == *start {
                return true;
            }
            if seen.insert(one) {
                next.extend(edges.get(one).into_iter().flatten());
            }
        }
        false
    })
}

fn check_volumes(view: &ServiceConfig, found: &mut Diagnostics) {
    check_keys("volumes", &view.volumes, found);
    let mut paths = BTreeSet::new();
    for (name, volume) in known_objects(&view.volumes).unwrap_or_default() {
        let at = Path::attribute("volumes").key(name);
        check_volume(&at, volume, found);
        if volume
            .mount_path
            .known()
            .is_some_and(|path| !paths.insert(path))
        {
            found.error(
                at.join("mount_path"),
                "Path Used Twice",
                "Another volume is mounted there. Choose another path.",
            );
        }
    }
}

/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSVolumeConfiguration.html>
fn check_volume(at: &Path, volume: &VolumeConfig, found: &mut Diagnostics) {
    let elsewhere = volume
        .root_directory
        .known()
        .is_some_and(|root| root != "/");
    if !volume.access_point_id.is_null() && elsewhere {
        found.error(
            at.join("root_directory"),
            "Folder Given Twice",
            "The access point says which folder is mounted. Remove `root_directory` or `access_point_id`.",
        );
    }
}
