//! `stackwright_service`: one process type that keeps running.
//!
//! Components: `role.task`, `task_definition`, `service` (main); with secrets of its own also
//! `role.execution`. What reaches it: `security_group`, `target_group.<router>.<port>`,
//! `router_ingress` and `router_egress` with the same ending, `rule.<route>`, `client.<key>.<port>`,
//! `private_name`. With secrets: `secrets`, what the running tasks have read of them.
//! Autoscaling: `scalable_target`, `scaling_policy.<cpu|memory|requests.<router>.<port>>`.
//!
//! Replaced by a change of: the app's name or VPC, `process`. Everything else is a new
//! revision of the task definition or an update of the ECS service. A change of the port or of
//! the routers goes through [`stages`], so that requests are answered all the time.

mod checks;
mod ecs;
mod inputs;
mod private_name;
mod recover;
mod routing;
mod rules;
mod scaling;
mod schema;
mod sizing;
mod stages;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin_types::{Cfg, Diagnostics, Dynamic, Path, TfSchema};

use crate::app::{AppRef, AppRefConfig};
use crate::cluster::ClusterRef;
use crate::diff::FieldDiff;
use crate::resource::{
    Anchor, Common, CommonConfig, Exclusive, Facts, Found, Plain, RecoverError, Refs, Resource,
    split_id,
};
use crate::{Graph, Key, Kind, Outputs, ResourceId, Scope, aws_rules, resource};
pub use checks::tasks_in_deployment;
pub(crate) use inputs::ecs_name;
use inputs::{
    DEFAULT_PORT, GROUP, Inputs, POLICY, ROLE, RULE, SECRETS, SERVICE, TARGET, TASK, router_names,
    target_group_key, task_role_name,
};
use private_name::Wanted;
pub(crate) use recover::{
    cluster as recover_cluster, command as recover_command, own_secrets, size as recover_size,
};
pub use rules::{WILDCARDS, wildcards};
pub use schema::*;
pub(crate) use tasks::injected;

/// One process type of an app that keeps running on ECS: a web server behind routers, or a worker that nothing reaches.
///
/// Another port or another router moves requests without an outage: the tasks are healthy at the new target group before the old one is left. An apply succeeds only when the new deployment is complete with its tasks running and healthy at its routers. A deployment that ECS rolls back is a failed apply, with the reasons of the stopped tasks.
///
/// The process finds the variables `STACKWRIGHT_APP`, `STACKWRIGHT_PROCESS` and `STACKWRIGHT_ENVIRONMENT`, then those of the app's `config` and of its own `config`, of which the later wins. When it has a port, `PORT` is that, whatever `config` says. Names that begin with `STACKWRIGHT_` are refused in `config` and `secrets`, and beside `port` so is another `PORT` of the process.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Service {
    /// The app: the `ref` of a `stackwright_app`. Another app, or the same app in another VPC, replaces the service.
    pub app: AppRef,
    /// The cluster: the `ref` of a `stackwright_cluster`. Another cluster replaces the ECS service.
    pub cluster: ClusterRef,
    /// Process type, as in the Procfile. Changing this replaces the service.
    #[tf(
        replace,
        matches(aws_rules::process_name),
        allowed = "1 to 64 letters, digits, `-` and `_`"
    )]
    pub process: String,
    /// Container image with tag or digest. When set, Terraform owns it. When left out, deployments from outside own it: a plan proposes nothing and says in a warning what runs. The first apply needs it.
    #[tf(
        optional,
        computed,
        matches(aws_rules::image),
        allowed = "`repository/name:tag` or `repository/name@sha256:...`"
    )]
    pub image: Option<String>,
    /// What to run. A string runs in a shell (`/bin/sh -c`), so that variables expand; a list of strings runs as it is. Default: the image's own command.
    pub command: Option<Dynamic>,
    /// Entry point; empty for the image's own.
    #[tf(default = Vec::new())]
    pub entrypoint: Vec<String>,
    /// Size of a task, given instead of `cpu` and `memory`. Default `1X`. Allowed: `1X` (256 CPU units, 512 MiB), `2X` (512, 1024), `PX` (1024, 6144), or `cpu:memory` like `256:1gb`, with `kb`, `mb`, `gb`, `tb` or bytes, which is rounded up to the next pair that Fargate has; the largest is `16384:120gb`.
    #[tf(optional, computed)]
    pub size: Option<String>,
    /// CPU units: 256 is a quarter of a vCPU. Given with `memory` instead of `size`; the two must be a pair that Fargate has.
    #[tf(optional, computed, range(256..=16384))]
    pub cpu: Option<i64>,
    /// Memory in MiB. Given with `cpu` instead of `size`.
    #[tf(optional, computed, range(512..=122_880))]
    pub memory: Option<i64>,
    /// `X86_64` or `ARM64`: what the image was built for.
    #[tf(default = "X86_64".to_owned(), one_of("X86_64", "ARM64"))]
    pub architecture: String,
    /// Number of tasks to run. With `scale` it is left out, because autoscaling owns it. Default 1.
    #[tf(optional, computed, range(0..=5000))]
    pub desired_count: Option<i64>,
    /// Autoscaling between two numbers of tasks, by one or more of `cpu`, `memory` and `requests`.
    pub scale: Option<Scale>,
    /// Environment variables of this process, besides the app's; they win over the app's. A change restarts the process. Names that begin with `STACKWRIGHT_` are refused.
    #[tf(default = BTreeMap::new())]
    pub config: BTreeMap<String, String>,
    /// Environment variables of this process from secrets, besides the app's: name to the ARN of a Secrets Manager secret or SSM parameter. Stackwright never reads the secrets; ECS does when it starts a task. When a value has changed since the running tasks were deployed, the plan shows that, and the apply starts a deployment; this needs `secretsmanager:DescribeSecret`, `secretsmanager:ListSecretVersionIds` and `ssm:DescribeParameters`, and does not cover secrets of other accounts or regions.
    #[tf(default = BTreeMap::new())]
    pub secrets: BTreeMap<String, String>,
    /// Seconds between SIGTERM and SIGKILL when a task stops.
    #[tf(default = 30, range(2..=120))]
    pub stop_timeout: i64,
    /// How deployments run.
    #[tf(default = Deploy::default())]
    pub deploy: Deploy,
    /// Whether `stackwright exec` (ECS Exec) may open a shell in its tasks.
    #[tf(default = false)]
    pub exec: bool,
    /// Port that the process listens on; it finds the number in the variable `PORT`. Default 8080 when anything reaches it, else none.
    #[tf(optional, computed, range(1..=65_535))]
    pub port: Option<i64>,
    /// Requests that reach this process, by a key of your choice (1 to 64 letters, digits, `-` and `_`). They come from at most 5 routers.
    #[tf(default = BTreeMap::new())]
    pub routes: BTreeMap<String, Route>,
    /// How routers find out whether a task is well.
    #[tf(default = HealthCheck::default())]
    pub health_check: HealthCheck,
    /// Seconds that a router lets requests finish at a task that stops.
    #[tf(default = DEREGISTRATION_DELAY, range(0..=3600))]
    pub deregistration_delay: i64,
    /// Seconds in which a new task gets more and more requests, from 30 on; 0 for its full share at once. 1 to 29 are refused.
    #[tf(default = 0, range(0..=900))]
    pub slow_start: i64,
    /// Whether requests of one client go to one task.
    pub stickiness: Option<Stickiness>,
    /// Who else may connect to the port, by a key of your choice (1 to 64 letters, digits, `-`, `_` and `.`): ids of security groups, each once, usually `security_group_id` of a `stackwright_app`.
    #[tf(default = BTreeMap::new())]
    pub clients: BTreeMap<String, String>,
    /// Name by which tasks of the network reach the process: `true` for `<process>.<app>`, or another name, each in the namespace of the network. Who may connect stands in `clients`. Allowed: `true`, `false`, or labels of 1 to 63 lower-case letters, digits, `-` and `_` with dots between them, at most 127 characters.
    pub private_name: Option<String>,
    /// Other containers of each task, at most 9, by name (1 to 64 letters, digits, `-` and `_`, not that of the process). Together they take no more CPU and memory than the task has.
    #[tf(default = BTreeMap::new())]
    pub sidecars: BTreeMap<String, Sidecar>,
    /// Sidecars that the process waits for: name to condition. `HEALTHY` needs a `health_check` of the sidecar, `COMPLETE` and `SUCCESS` need `essential = false`. Allowed: `START`, `COMPLETE`, `SUCCESS` or `HEALTHY` for each.
    #[tf(default = BTreeMap::new())]
    pub start_after: BTreeMap<String, String>,
    /// How ECS finds out, inside the container, whether the process is well.
    pub container_health_check: Option<ContainerCheck>,
    /// EFS file systems of the process, by a key of your choice (1 to 64 letters, digits, `-` and `_`). The security group of the file system must admit that of the app (NFS, port 2049).
    #[tf(default = BTreeMap::new())]
    pub volumes: BTreeMap<String, Volume>,
    /// ARN of the ECS service.
    #[tf(computed, prefix = "arn:")]
    pub service_arn: String,
    /// ARN of the task definition revision that runs.
    #[tf(computed, prefix = "arn:")]
    pub task_definition_arn: String,
    /// ARN of the role of its tasks.
    #[tf(computed, prefix = "arn:")]
    pub task_role_arn: String,
    /// The whole private name, when it has one.
    #[tf(computed)]
    pub private_dns_name: Option<String>,
    /// Id of the security group by which it is reached; none for a worker.
    #[tf(computed)]
    pub security_group_id: Option<String>,
    /// ARN of its target group at each router, by the router's name.
    #[tf(computed)]
    pub target_group_arns: BTreeMap<String, String>,
    /// ARN of the listener rule of each route.
    #[tf(computed)]
    pub rule_arns: BTreeMap<String, String>,
    /// What other resources need to know of this service.
    #[tf(computed, name = "ref")]
    pub reference: Plain<ServiceRef>,
    /// What every resource has.
    #[tf(flatten)]
    pub common: Common,
}

/// The services.
#[derive(Debug)]
pub struct ServiceResource;

/// Seconds that requests have to finish.
pub const DEREGISTRATION_DELAY: i64 = 30;

const FORM: &str = "<environment>/<app>/<process>";

impl Resource for ServiceResource {
    type Schema = Service;
    type View = ServiceConfig;
    const TYPE: &'static str = "service";
    const VERSION: i64 = Service::SCHEMA_VERSION;
    const ID_ATTRIBUTES: &'static [&'static str] = &["app", "process"];

    fn common(view: &mut ServiceConfig) -> &mut CommonConfig {
        &mut view.common
    }

    fn id(scope: &Scope, view: &ServiceConfig) -> Option<String> {
        let app = view.app.known()?.name.known()?;
        Some(format!(
            "{}/{app}/{}",
            scope.environment,
            view.process.known()?
        ))
    }

    fn validate(view: &ServiceConfig, found: &mut Diagnostics) {
        checks::all(view, found);
    }

    fn complete(
        _scope: &Scope,
        _facts: &Facts,
        prior: Option<&ServiceConfig>,
        view: &mut ServiceConfig,
        found: &mut Diagnostics,
    ) {
        sizing::complete(prior, view);
        complete_count(view);
        complete_port(view);
        routing::keep_priorities(prior, view, found);
        if let Some(prior) = prior {
            routing::check_move(prior, view, found);
        }
        if view.image.is_null() || (view.image.is_unknown() && prior.is_none()) {
            match prior.map(|prior| &prior.image) {
                Some(image @ Cfg::Known(_)) => view.image = image.clone(),
                _ if view.image.is_null() => found.error(
                    Path::attribute("image"),
                    "Image Needed for the First Apply",
                    "No release of this process exists yet, so there is nothing to run. Set `image` for the first apply; later it can be left out, and deployments from outside own it.",
                ),
                _ => {}
            }
        }
    }

    fn plan(scope: &Scope, view: &ServiceConfig) -> Option<Graph> {
        let inputs = Inputs::new(scope, view)?;
        let mut graph = Graph::default();
        tasks::components(&inputs, &mut graph)?;
        routing::components(&inputs, &mut graph)?;
        private_name::components(&inputs, &mut graph)?;
        ecs::components(&inputs, &mut graph)?;
        ecs::secrets(&inputs, &mut graph);
        routing::order(&mut graph);
        scaling::components(&inputs, &mut graph)?;
        Some(graph)
    }

    fn stages(prior: &Graph, planned: &Graph, found: &Found) -> Vec<Graph> {
        stages::stages(prior, planned, found)
    }

    fn moves(prior: &Graph, planned: &Graph) -> bool {
        stages::moves(prior, planned)
    }

    fn fill(scope: &Scope, view: &mut ServiceConfig, outputs: &Outputs) {
        view.service_arn = outputs.get(&SERVICE.into(), "arn");
        view.task_definition_arn = outputs.get(&TASK.into(), "arn");
        view.task_role_arn = outputs.get(&ROLE.into(), "arn");
        view.private_dns_name = private_name::dns_name(view);
        fill_routing(view, outputs);
        let app = view
            .app
            .known()
            .map_or_else(Cfg::unknown, |app| app.name.clone());
        let name = match (&app, &view.process) {
            (Cfg::Known(app), Cfg::Known(process)) => Cfg::Known(ecs_name(scope, app, process)),
            _ => Cfg::unknown(),
        };
        let cluster_arn = view
            .cluster
            .known()
            .map_or_else(Cfg::unknown, |cluster| cluster.arn.clone());
        view.reference = Cfg::Known(ServiceRefConfig {
            app,
            process: view.process.clone(),
            arn: view.service_arn.clone(),
            name,
            cluster_name: cluster_arn.clone().map(|arn| last_part(&arn)),
            cluster_arn,
            target_groups: target_groups(view, outputs),
            private_name: view.private_dns_name.clone(),
        });
    }

    fn show(view: &mut ServiceConfig, component: &Key, difference: &FieldDiff) -> bool {
        let observed = difference.observed.as_ref();
        match (component.0.as_str(), difference.field.as_str()) {
            (SERVICE, "desired_count") => {
                let Some(count) = observed.and_then(Json::as_i64) else {
                    return false;
                };
                view.desired_count = Cfg::Known(count);
            }
            (TASK, field) if is_image(field, &view.process) => {
                let Some(image) = observed.and_then(Json::as_str) else {
                    return false;
                };
                view.image = Cfg::Known(image.to_owned());
            }
            _ => return false,
        }
        true
    }

    /// Another VPC: the tasks must leave the old one before it can go.
    fn replaced_for(prior: &ServiceConfig, planned: &ServiceConfig) -> Vec<Path> {
        let vpc =
            |view: &ServiceConfig| view.app.known().and_then(|app| app.vpc_id.known().cloned());
        let moves = vpc(prior).is_some() && vpc(prior) != vpc(planned);
        moves.then(|| Path::attribute("app")).into_iter().collect()
    }

    fn exclusives(_scope: &Scope, view: &ServiceConfig) -> Vec<Exclusive> {
        let mut all = routing::exclusives(view);
        let name = private_name::dns_name(view);
        all.extend(resource::private_name(
            &name,
            Path::attribute("private_name"),
        ));
        all
    }

    fn stands_on(scope: &Scope, view: &ServiceConfig) -> Vec<(ResourceId, Path)> {
        let id = |kind: &str, name: &Cfg<String>| {
            let name = name.known()?;
            Some(ResourceId::new(
                kind,
                format!("{}/{name}", scope.environment),
            ))
        };
        let app = view.app.known().and_then(|app| id("app", &app.name));
        let cluster = view.cluster.known();
        let cluster = cluster.and_then(|cluster| id("cluster", &cluster.name));
        let routers = router_names(view).unwrap_or_default().into_iter();
        let routers = routers.filter_map(|name| id("router", &Cfg::Known(name)));
        let at = |attribute| move |id| (id, Path::attribute(attribute));
        let app = app.into_iter().map(at("app"));
        let cluster = cluster.into_iter().map(at("cluster"));
        app.chain(cluster)
            .chain(routers.map(at("routes")))
            .collect()
    }

    fn notes(
        prior: &ServiceConfig,
        planned: &ServiceConfig,
        config: &ServiceConfig,
        found: &mut Diagnostics,
    ) {
        note_image(prior, planned, config, found);
        note_secrets(prior, found);
        warn_of_count(prior, planned, config, found);
        warn_of_no_routes(prior, planned, found);
        warn_of_downtime(prior, planned, found);
    }

    fn anchors(scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError> {
        let [_, app, process] = split_id::<3>(scope, id, FORM)?;
        Ok(vec![
            Anchor::tagged(Kind::EcsService),
            Anchor::named(ROLE, Kind::Role, task_role_name(scope, app, process)),
            Anchor::follow(TASK, Kind::TaskDefinition, SERVICE, "task_definition"),
            Anchor::follow("cluster", Kind::EcsCluster, SERVICE, "cluster"),
            Anchor::tagged(Kind::TargetGroup),
            Anchor::tagged(Kind::ListenerRule),
            Anchor::tagged(Kind::SecurityGroupRule),
            Anchor::tagged(Kind::CloudMapService),
            Anchor::follow(TARGET, Kind::ScalableTarget, SERVICE, "arn"),
            Anchor::each(POLICY, Kind::ScalingPolicy, SERVICE, "arn"),
        ])
    }

    fn needs(scope: &Scope, id: &str, found: &Found) -> Vec<ResourceId> {
        let Ok([environment, app, _]) = split_id::<3>(scope, id, FORM) else {
            return Vec::new();
        };
        let router = |name: String| ResourceId::new("router", format!("{environment}/{name}"));
        let routers = recover::routers(found).into_iter().map(router);
        std::iter::once(ResourceId::new("app", format!("{environment}/{app}")))
            .chain(routers)
            .collect()
    }

    fn recover(
        scope: &Scope,
        id: &str,
        found: &Found,
        refs: &Refs,
    ) -> Result<ServiceConfig, RecoverError> {
        let [environment, app, process] = split_id::<3>(scope, id, FORM)?;
        let app = ResourceId::new("app", format!("{environment}/{app}"));
        let app = refs
            .get(&app)
            .and_then(|value| AppRefConfig::from_value(value).ok())
            .ok_or_else(|| RecoverError::Missing {
                id: id.to_owned(),
                kind: "app",
            })?;
        recover::recover(scope, id, process, app, found, refs)
    }
}

/// The role and the task definition of a process that another resource starts.
pub(crate) fn task(
    scope: &Scope,
    view: &ServiceConfig,
    id: ResourceId,
    graph: &mut Graph,
) -> Option<()> {
    let inputs = Inputs {
        id,
        ..Inputs::new(scope, view)?
    };
    tasks::components(&inputs, graph)
}

/// `containers.<process>.image`
pub(crate) fn is_image(field: &str, process: &Cfg<String>) -> bool {
    let process = process.known().map_or("", String::as_str);
    field.split('.').collect::<Vec<_>>() == ["containers", process, "image"]
}

fn last_part(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}

/// One task, unless autoscaling says how many.
fn complete_count(view: &mut ServiceConfig) {
    if view.desired_count.is_null() {
        view.desired_count = match &view.scale {
            Cfg::Null => Cfg::Known(1),
            Cfg::Known(_) => Cfg::Null,
            Cfg::Unknown(_) => Cfg::unknown(),
        };
    }
}

fn complete_port(view: &mut ServiceConfig) {
    view.port = port_of(view);
}

/// The port that is given; whatever is reached has one all the same.
fn port_of(view: &ServiceConfig) -> Cfg<i64> {
    fn some<T>(map: &Cfg<BTreeMap<String, T>>) -> Option<bool> {
        match map {
            Cfg::Null => Some(false),
            Cfg::Known(map) => Some(!map.is_empty()),
            Cfg::Unknown(_) => None,
        }
    }
    if !view.port.is_null() {
        return view.port.clone();
    }
    let named = private_name::wanted(&view.private_name).map(|it| it != Wanted::None);
    let reached = [some(&view.routes), some(&view.clients), named];
    if reached.contains(&Some(true)) {
        Cfg::Known(DEFAULT_PORT)
    } else if reached.contains(&None) {
        Cfg::unknown()
    } else {
        Cfg::Null
    }
}

fn is_some_entry<T>(map: &Cfg<BTreeMap<String, T>>) -> bool {
    map.known().is_some_and(|map| !map.is_empty())
}

fn fill_routing(view: &mut ServiceConfig, outputs: &Outputs) {
    let served = is_some_entry(&view.routes) || is_some_entry(&view.clients);
    let unsure = view.routes.is_unknown() || view.clients.is_unknown();
    view.security_group_id = match (served, unsure) {
        (true, _) => outputs.get(&GROUP.into(), "id"),
        (false, true) => Cfg::unknown(),
        (false, false) => Cfg::Null,
    };
    view.target_group_arns = by_router(view, |key| outputs.get(key, "arn"));
    view.rule_arns = match &view.routes {
        Cfg::Known(routes) => {
            let arn = |key: &String| (key.clone(), outputs.get(&rule_key(key), "arn"));
            Cfg::Known(routes.keys().map(arn).collect())
        }
        Cfg::Null => Cfg::Known(BTreeMap::new()),
        Cfg::Unknown(_) => Cfg::unknown(),
    };
    fill_priorities(view, outputs);
}

fn rule_key(route: &str) -> Key {
    format!("{RULE}{route}").into()
}

/// A priority that was left to us is what the rule got.
fn fill_priorities(view: &mut ServiceConfig, outputs: &Outputs) {
    let Cfg::Known(routes) = &mut view.routes else {
        return;
    };
    for (key, route) in routes {
        if let Cfg::Known(route) = route
            && route.priority.known().is_none()
        {
            let text = outputs.get(&rule_key(key), "priority").into_known();
            let number = text.and_then(|text| text.parse().ok());
            route.priority = number.map_or_else(Cfg::unknown, Cfg::Known);
        }
    }
}

type ByRouter<T> = Cfg<BTreeMap<String, Cfg<T>>>;

fn by_router<T>(view: &ServiceConfig, value: impl Fn(&Key) -> Cfg<T>) -> ByRouter<T> {
    let (Some(routers), false) = (router_names(view), view.port.is_unknown()) else {
        return Cfg::unknown();
    };
    let port = view.port.known().copied().unwrap_or_default();
    let of = |router: String| {
        let key = target_group_key(&router, port).into();
        (router, value(&key))
    };
    Cfg::Known(routers.into_iter().map(of).collect())
}

fn target_groups(view: &ServiceConfig, outputs: &Outputs) -> ByRouter<TargetGroupRefConfig> {
    let suffixes = load_balancers(view);
    by_router(view, |key| {
        let suffix = suffixes
            .iter()
            .find(|(router, _)| key.0.starts_with(&target_group_key(router, "")))
            .map_or_else(Cfg::unknown, |(_, suffix)| suffix.clone());
        Cfg::Known(TargetGroupRefConfig {
            arn: outputs.get(key, "arn"),
            arn_suffix: outputs.get(key, "arn_suffix"),
            load_balancer_arn_suffix: suffix,
        })
    })
}

/// The end of each load balancer's ARN, by router.
fn load_balancers(view: &ServiceConfig) -> BTreeMap<String, Cfg<String>> {
    let routes = view.routes.known().into_iter().flatten();
    let suffix = |(_, route): (&String, &Cfg<RouteConfig>)| {
        let balancer = route.known()?.router.known()?;
        Some((balancer.name.known()?.clone(), balancer.arn_suffix.clone()))
    };
    routes.filter_map(suffix).collect()
}

/// Which image runs while Terraform does not say it.
pub(crate) fn note_image(
    prior: &ServiceConfig,
    planned: &ServiceConfig,
    config: &ServiceConfig,
    found: &mut Diagnostics,
) {
    if let (true, Some(image)) = (config.image.is_null(), prior.image.known()) {
        let process = planned
            .process
            .known()
            .map_or("the service", String::as_str);
        found.warning(
            Path::attribute("image"),
            format!("{process} Runs {image}, Which Terraform Does Not Manage"),
            "`image` is left out, so deployments from outside own it.",
        );
    }
}

/// Which changed secrets the next apply brings to the tasks.
fn note_secrets(prior: &ServiceConfig, found: &mut Diagnostics) {
    let drift = prior.common.drift.known().into_iter().flatten();
    let mut of_secrets = drift.filter_map(Cfg::known).filter(|drift| {
        drift.component.known().is_some_and(|it| it == SECRETS)
            && drift
                .field
                .known()
                .is_some_and(|it| it == "changed_since_deployment")
    });
    if let Some(names) = of_secrets.find_map(|drift| drift.observed.known()) {
        found.warning(
            Path::attribute("secrets"),
            "Tasks Restart to Read Changed Secrets",
            format!("The values behind {names} changed after the running tasks were deployed. ECS injects a secret only when it starts a task, so the apply starts a new deployment of the same revision. To leave the tasks alone, add `{SECRETS}.changed_since_deployment` to `ignore_drift`."),
        );
    }
}

/// Autoscaling ends, and nobody has said how many tasks there should be.
fn warn_of_count(
    prior: &ServiceConfig,
    planned: &ServiceConfig,
    config: &ServiceConfig,
    found: &mut Diagnostics,
) {
    let ends = prior.scale.known().is_some() && planned.scale.is_null();
    if ends && config.desired_count.is_null() {
        found.warning(
            Path::attribute("scale"),
            "The Number of Tasks Becomes 1",
            "Without `scale` and `desired_count` the service runs one task, however many autoscaling runs now. Set `desired_count` to the number that is needed.",
        );
    }
}

/// From the internet, or from the network, nothing leads to the service any more.
fn warn_of_no_routes(prior: &ServiceConfig, planned: &ServiceConfig, found: &mut Diagnostics) {
    for (public, from, title) in [
        (true, "the internet", "the Internet"),
        (false, "the network", "the Network"),
    ] {
        let (before, after) = (routes_of(prior, public), routes_of(planned, public));
        if before > 0 && after == 0 && !planned.routes.is_unknown() {
            found.warning(
                Path::attribute("routes"),
                format!("No Route From {title} Is Left"),
                format!("Requests from {from} reach this service by no route any more. The rules and target groups of its routes are deleted, and such requests get the router's default answer, 404."),
            );
        }
    }
}

/// How many routes lead from a public router, or from an internal one.
fn routes_of(view: &ServiceConfig, public: bool) -> usize {
    let routes = view.routes.known().into_iter().flat_map(BTreeMap::values);
    let fits = |route: &&Cfg<RouteConfig>| {
        let at = route.known().and_then(|route| route.router.known());
        // A router that is not known yet is no reason for alarm.
        at.is_none_or(|at| at.public.known().is_none_or(|it| *it == public))
    };
    routes.filter(fits).count()
}

/// What cannot be done while requests go on.
fn warn_of_downtime(prior: &ServiceConfig, planned: &ServiceConfig, found: &mut Diagnostics) {
    let moves = !ServiceResource::replaced_for(prior, planned).is_empty();
    let renamed = prior.process.known().is_some() && prior.process != planned.process;
    if moves || renamed {
        let (attribute, why) = if moves {
            ("app", "Tasks cannot move between VPCs")
        } else {
            (
                "process",
                "The names of all its objects follow from the process",
            )
        };
        found.warning(
            Path::attribute(attribute),
            "Downtime of the Service",
            format!("{why}, so the service is deleted and created again: from the delete until the new tasks are healthy nothing runs, and requests to its routes are not answered."),
        );
    }
    warn_of_another_balancer(prior, planned, found);
    warn_of_clients(prior, planned, found);
}

/// A target group belongs to one load balancer, and is known by the router's name.
fn warn_of_another_balancer(
    prior: &ServiceConfig,
    planned: &ServiceConfig,
    found: &mut Diagnostics,
) {
    let (before, after) = (balancer_arns(prior), balancer_arns(planned));
    let other = |(name, arn): &(&&String, &&String)| before.get(*name).is_some_and(|it| it != *arn);
    for (name, _) in after.iter().filter(other) {
        found.warning(
            Path::attribute("routes"),
            "Another Load Balancer Under the Same Name",
            format!("The router `{name}` stands for another load balancer than before, and a target group belongs to one only. Where the former load balancer still has our rules, AWS refuses this apply; where it is gone, requests are not answered until the end of it. To move without an outage, make a second router with another name, point the routes to it, and remove the first one afterwards."),
        );
    }
}

/// ARNs of the load balancers, by the names of the routers.
fn balancer_arns(view: &ServiceConfig) -> BTreeMap<&String, &String> {
    let routes = view.routes.known().into_iter().flat_map(BTreeMap::values);
    let behind = routes.filter_map(|route| route.known()?.router.known());
    behind
        .filter_map(|router| router.name.known().zip(router.arn.known()))
        .collect()
}

/// Nobody tells the other side of `clients` which port to connect to.
fn warn_of_clients(prior: &ServiceConfig, planned: &ServiceConfig, found: &mut Diagnostics) {
    let clients = is_some_entry(&prior.clients) || is_some_entry(&planned.clients);
    let ports = (prior.port.known(), planned.port.known());
    if let (true, (Some(before), Some(after))) = (clients, ports)
        && before != after
    {
        found.warning(
            Path::attribute("port"),
            "Clients Must Follow the Port",
            format!("Routers follow by themselves, but the `clients` connect to port {before} until you change them, and nobody answers there once the new tasks run on port {after}."),
        );
    }
}
