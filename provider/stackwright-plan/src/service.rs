//! `stackwright_service`: one process type that keeps running.
//!
//! Components: `role.task`, `task_definition`, `service` (main).
//!
//! Replaced by a change of: the app's name or VPC, `process`. Everything else is a new
//! revision of the task definition or an update of the ECS service.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfplugin_types::{Cfg, Diagnostics, Dynamic, Path, TfSchema, Type, Value};

use crate::app::{AppRef, AppRefConfig, check_config, check_twice, trust_ecs_tasks};
use crate::cluster::{ClusterRef, ClusterRefConfig};
use crate::component::{AwsLogs, Container, EcsService, Role, Tags, TaskDefinition};
use crate::diff::FieldDiff;
use crate::resource::{
    Anchor, Common, CommonConfig, Facts, Found, Plain, RecoverError, Refs, Resource, cfg_list,
    cfg_map, known_list, known_map, required, split_id,
};
use crate::size::{self, Size};
use crate::{
    Graph, In, Key, Kind, Outputs, ResourceId, Scope, aws_rules, name, policy_document, tag,
};

/// One process type of an app that keeps running on ECS: a worker, a consumer, a clock.
///
/// An apply succeeds only when the new deployment is complete with its tasks running. A deployment that ECS rolls back is a failed apply, with the reasons of the stopped tasks.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Service {
    /// The app: the `ref` of a `stackwright_app`. Another app, or the same app in another VPC, replaces the service.
    pub app: AppRef,
    /// The cluster: the `ref` of a `stackwright_cluster`. Another cluster makes the ECS service anew.
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
    /// Entry point. Default: the image's own.
    #[tf(default = Vec::new())]
    pub entrypoint: Vec<String>,
    /// Size: `1X` (256 CPU units, 512 MiB), `2X` (512, 1024), `PX` (1024, 6144) or `cpu:memory` like `256:1gb`, rounded up to the next pair that Fargate has. Given instead of `cpu` and `memory`. Default `1X`.
    #[tf(optional, computed)]
    pub size: Option<String>,
    /// CPU units: 256 is a quarter of a vCPU. With `memory`, given instead of `size`.
    #[tf(optional, computed, range(256..=16384))]
    pub cpu: Option<i64>,
    /// Memory in MiB. With `cpu`, given instead of `size`.
    #[tf(optional, computed, range(512..=122_880))]
    pub memory: Option<i64>,
    /// `X86_64` or `ARM64`: what the image was built for.
    #[tf(default = "X86_64".to_owned(), one_of("X86_64", "ARM64"))]
    pub architecture: String,
    /// Number of tasks to run.
    #[tf(default = 1, range(0..=5000))]
    pub desired_count: i64,
    /// Environment variables of this process, besides the app's; they win over the app's. A change restarts the process.
    #[tf(default = BTreeMap::new())]
    pub config: BTreeMap<String, String>,
    /// Seconds between SIGTERM and SIGKILL when a task stops.
    #[tf(default = 30, range(2..=120))]
    pub stop_timeout: i64,
    /// How deployments run.
    #[tf(default = Deploy::default())]
    pub deploy: Deploy,
    /// Whether `stackwright exec` (ECS Exec) may open a shell in its tasks.
    #[tf(default = false)]
    pub exec: bool,
    /// Requests that reach this process, by a key of your choice. Needs a `stackwright_router`, which this version does not have: must be empty.
    #[tf(default = BTreeMap::new())]
    pub routes: BTreeMap<String, Route>,
    /// ARN of the ECS service.
    #[tf(computed, prefix = "arn:")]
    pub service_arn: String,
    /// ARN of the task definition revision that runs.
    #[tf(computed, prefix = "arn:")]
    pub task_definition_arn: String,
    /// ARN of the role of its tasks.
    #[tf(computed, prefix = "arn:")]
    pub task_role_arn: String,
    /// What other resources need to know of this service.
    #[tf(computed, name = "ref")]
    pub reference: Plain<ServiceRef>,
    /// What every resource has.
    #[tf(flatten)]
    pub common: Common,
}

/// How deployments run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct Deploy {
    /// Least share of `desired_count` that stays running, in percent.
    #[tf(default = 100, range(0..=100))]
    pub minimum_percent: i64,
    /// Largest share of `desired_count` that runs meanwhile, in percent.
    #[tf(default = 200, range(100..=200))]
    pub maximum_percent: i64,
    /// Whether ECS gives up on a deployment whose tasks do not start.
    #[tf(default = true)]
    pub circuit_breaker: bool,
    /// Whether giving up brings the former deployment back.
    #[tf(default = true)]
    pub rollback: bool,
}

impl Default for Deploy {
    fn default() -> Self {
        Self {
            minimum_percent: 100,
            maximum_percent: 200,
            circuit_breaker: true,
            rollback: true,
        }
    }
}

/// Requests that reach a process.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct Route {
    /// ARN of the router's listener.
    pub router: String,
    /// Host name, `*` allowed.
    pub host: Option<String>,
    /// Path, `*` allowed.
    pub path: Option<String>,
    /// Place among the router's rules, 1 to 50000.
    #[tf(range(1..=50_000))]
    pub priority: Option<i64>,
}

/// A service as other resources see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct ServiceRef {
    /// Name of the app.
    pub app: String,
    /// Process type.
    pub process: String,
    /// ARN of the ECS service.
    pub arn: String,
    /// Name of the ECS service.
    pub name: String,
    /// ARN of the cluster.
    pub cluster_arn: String,
}

/// The services.
#[derive(Debug)]
pub struct ServiceResource;

const ROLE: &str = "role.task";
const TASK: &str = "task_definition";
const SERVICE: &str = "service";
const SHELL: [&str; 2] = ["/bin/sh", "-c"];
const FORM: &str = "<environment>/<app>/<process>";

fn ecs_name(scope: &Scope, app: &str, process: &str) -> String {
    name::unique(
        &[&scope.project, &scope.environment, app, process],
        &[],
        name::ECS,
    )
}

fn task_role_name(scope: &Scope, app: &str, process: &str) -> String {
    let parts = [scope.project.as_str(), &scope.environment, app, process];
    name::unique(&parts, &[&scope.region], name::ROLE)
}

/// What planning a service needs. Values that may be unknown stay so.
struct Inputs<'a> {
    scope: &'a Scope,
    view: &'a ServiceConfig,
    app_ref: &'a AppRefConfig,
    cluster: &'a ClusterRefConfig,
    app: &'a str,
    process: &'a str,
    id: ResourceId,
    user_tags: Tags,
}

impl<'a> Inputs<'a> {
    fn new(scope: &'a Scope, view: &'a ServiceConfig) -> Option<Self> {
        let app_ref = view.app.known()?;
        let (app, process) = (app_ref.name.known()?, view.process.known()?);
        let id = format!("{}/{app}/{process}", scope.environment);
        Some(Self {
            scope,
            view,
            app_ref,
            cluster: view.cluster.known()?,
            app,
            process,
            id: ResourceId::new(ServiceResource::TYPE, id),
            user_tags: known_map(&view.common.tags)?,
        })
    }

    fn tags(&self, component: &str, label: &str) -> Tags {
        let mut tags = self
            .scope
            .tags(&self.id, component, Some(self.app), &self.user_tags);
        tags.insert(tag::NAME.to_owned(), label.to_owned());
        tags
    }
}

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
        check_size(view, found);
        check_command(&view.command, found);
        check_config(&view.config, found);
        if let Cfg::Known(app) = &view.app {
            check_twice(&view.config, &app.secrets, found);
        }
        check_deploy(&view.deploy, found);
        if view.routes.known().is_some_and(|routes| !routes.is_empty()) {
            found.error(
                Path::attribute("routes"),
                "Routes Need a Router",
                "This version of Stackwright has no stackwright_router yet, so requests cannot reach a service. Remove `routes` and run the process as a worker.",
            );
        }
    }

    fn complete(
        _scope: &Scope,
        _facts: &Facts,
        prior: Option<&ServiceConfig>,
        view: &mut ServiceConfig,
        found: &mut Diagnostics,
    ) {
        complete_size(prior, view);
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
        task_role(&inputs, &mut graph);
        task_definition(&inputs, &mut graph)?;
        service(&inputs, &mut graph)?;
        Some(graph)
    }

    fn fill(scope: &Scope, view: &mut ServiceConfig, outputs: &Outputs) {
        view.service_arn = outputs.get(&SERVICE.into(), "arn");
        view.task_definition_arn = outputs.get(&TASK.into(), "arn");
        view.task_role_arn = outputs.get(&ROLE.into(), "arn");
        let app = view
            .app
            .known()
            .map_or_else(Cfg::unknown, |app| app.name.clone());
        let name = match (&app, &view.process) {
            (Cfg::Known(app), Cfg::Known(process)) => Cfg::Known(ecs_name(scope, app, process)),
            _ => Cfg::unknown(),
        };
        view.reference = Cfg::Known(ServiceRefConfig {
            app,
            process: view.process.clone(),
            arn: view.service_arn.clone(),
            name,
            cluster_arn: view
                .cluster
                .known()
                .map_or_else(Cfg::unknown, |cluster| cluster.arn.clone()),
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
            (TASK, field) if is_image(field) => {
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

    fn notes(
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

    fn anchors(scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError> {
        let [_, app, process] = split_id::<3>(scope, id, FORM)?;
        Ok(vec![
            Anchor::tagged(Kind::EcsService),
            Anchor::named(ROLE, Kind::Role, task_role_name(scope, app, process)),
            Anchor::follow(TASK, Kind::TaskDefinition, SERVICE, "task_definition"),
            Anchor::follow("cluster", Kind::EcsCluster, SERVICE, "cluster"),
        ])
    }

    fn needs(scope: &Scope, id: &str, _found: &Found) -> Vec<ResourceId> {
        let app = split_id::<3>(scope, id, FORM)
            .map(|[environment, app, _]| format!("{environment}/{app}"));
        app.map(|app| ResourceId::new("app", app))
            .into_iter()
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
        recover(scope, id, process, app, found)
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
    task_role(&inputs, graph);
    task_definition(&inputs, graph)
}

/// `containers.<name>.image`
pub(crate) fn is_image(field: &str) -> bool {
    matches!(
        field.split('.').collect::<Vec<_>>().as_slice(),
        ["containers", _, "image"]
    )
}

fn task_role(inputs: &Inputs<'_>, graph: &mut Graph) {
    let Inputs {
        scope,
        app,
        process,
        ..
    } = inputs;
    let role_name = task_role_name(scope, app, process);
    let policies = known_map(&inputs.app_ref.policies).map_or(In::Unknown, |policies| {
        let parse = |(name, text): (String, String)| {
            (name, policy_document::parse(&text).unwrap_or(Json::Null))
        };
        let mut documents: BTreeMap<String, Json> = policies.into_iter().map(parse).collect();
        if inputs.view.exec.known() == Some(&true) {
            documents.insert(
                "stackwright-exec".to_owned(),
                policy_document::normalise(&exec_policy()),
            );
        }
        In::Known(documents)
    });
    let role = Role {
        path: scope.iam_path.clone(),
        description: format!("What {process} of {app} may do in {}", scope.environment),
        assume_role_policy: In::Known(policy_document::normalise(&trust_ecs_tasks(scope))),
        max_session_duration: 3600,
        permissions_boundary: scope.permissions_boundary.clone().unwrap_or_default(),
        inline_policies: policies,
        managed_policy_arns: In::Known(Vec::new()),
        tags: inputs.tags(ROLE, &role_name),
        role_name: role_name.clone(),
    };
    let arn = scope.global_arn("iam", &format!("role{}{role_name}", scope.iam_path));
    graph
        .add(ROLE, &role)
        .predict("arn", arn)
        .predict("name", role_name);
}

/// What ECS Exec needs.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html>
fn exec_policy() -> Json {
    let actions = [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ];
    let statement = json!({ "Effect": "Allow", "Action": actions, "Resource": "*" });
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

fn task_definition(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let Inputs {
        scope,
        app,
        process,
        view,
        app_ref,
        ..
    } = inputs;
    let family = ecs_name(scope, app, process);
    let whole = |value: &Cfg<i64>| Some(i32::try_from(*value.known()?).unwrap_or(i32::MAX));
    let task = TaskDefinition {
        cpu: whole(&view.cpu)?,
        memory: whole(&view.memory)?,
        cpu_architecture: view.architecture.known()?.clone(),
        execution_role_arn: In::cfg(&app_ref.execution_role_arn),
        task_role_arn: In::From(ROLE.into(), "arn"),
        containers: vec![Container {
            name: (*process).to_owned(),
            image: In::cfg(&view.image),
            essential: true,
            command: command(&view.command),
            entry_point: known_list(&view.entrypoint).map_or(In::Unknown, In::Known),
            environment: environment(inputs).map_or(In::Unknown, In::Known),
            secrets: known_map(&app_ref.secrets).map_or(In::Unknown, In::Known),
            stop_timeout: whole(&view.stop_timeout)?,
            log: AwsLogs {
                group: app_ref.log_group.known()?.clone(),
                region: scope.region.clone(),
                stream_prefix: (*process).to_owned(),
            },
            init_process: true,
        }],
        tags: inputs.tags(TASK, &family),
        family: family.clone(),
    };
    // The service says which revision runs: one that was deployed from outside is followed.
    graph
        .add(TASK, &task)
        .identified_by(SERVICE, "task_definition")
        .predict("family", family);
    Some(())
}

/// The variables of the process: ours, then the app's, then its own.
fn environment(inputs: &Inputs<'_>) -> Option<BTreeMap<String, String>> {
    let mut variables = injected(inputs.scope, inputs.app, inputs.process);
    variables.extend(known_map(&inputs.app_ref.config)?);
    variables.extend(known_map(&inputs.view.config)?);
    Some(variables)
}

pub(crate) fn injected(scope: &Scope, app: &str, process: &str) -> BTreeMap<String, String> {
    let ours = [
        ("STACKWRIGHT_APP", app),
        ("STACKWRIGHT_ENVIRONMENT", &scope.environment),
        ("STACKWRIGHT_PROCESS", process),
    ];
    ours.into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn command(command: &Cfg<Dynamic>) -> In<Vec<String>> {
    match command {
        Cfg::Null | Cfg::Known(Dynamic(_, Value::Null)) => In::Known(Vec::new()),
        Cfg::Unknown(_) => In::Unknown,
        Cfg::Known(Dynamic(_, Value::String(text))) => In::Known(
            SHELL
                .into_iter()
                .chain([text.as_str()])
                .map(str::to_owned)
                .collect(),
        ),
        Cfg::Known(Dynamic(_, value)) => value
            .as_seq()
            .and_then(|items| {
                items
                    .iter()
                    .map(|item| item.as_str().map(str::to_owned))
                    .collect()
            })
            .map_or(In::Unknown, In::Known),
    }
}

fn service(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let Inputs {
        scope,
        app,
        process,
        view,
        app_ref,
        cluster,
        ..
    } = inputs;
    let service_name = ecs_name(scope, app, process);
    let deploy = view.deploy.known()?;
    let percent = |value: &Cfg<i64>| Some(i32::try_from(*value.known()?).unwrap_or(i32::MAX));
    let group = app_ref.security_group_id.known();
    let service = EcsService {
        cluster: In::cfg(&cluster.arn),
        task_definition: In::From(TASK.into(), "arn"),
        desired_count: percent(&view.desired_count),
        capacity_provider_strategy: Vec::new(),
        subnets: known_list(&app_ref.subnet_ids).map_or(In::Unknown, In::Known),
        security_groups: group.map_or(In::Unknown, |group| In::Known(vec![group.clone()])),
        assign_public_ip: false,
        minimum_healthy_percent: percent(&deploy.minimum_percent)?,
        maximum_percent: percent(&deploy.maximum_percent)?,
        circuit_breaker: *deploy.circuit_breaker.known()?,
        rollback: *deploy.rollback.known()?,
        enable_execute_command: *view.exec.known()?,
        enable_ecs_managed_tags: true,
        propagate_tags: "SERVICE".to_owned(),
        health_check_grace_period_seconds: None,
        load_balancers: Vec::new(),
        tags: inputs.tags(SERVICE, &service_name),
        service_name: service_name.clone(),
    };
    let node = graph
        .add(SERVICE, &service)
        .main()
        .predict("name", service_name.clone());
    if let Some((_, cluster)) = cluster.arn.known().and_then(|arn| arn.rsplit_once('/')) {
        node.predict(
            "arn",
            scope.arn("ecs", &format!("service/{cluster}/{service_name}")),
        );
    }
    Some(())
}

fn check_size(view: &ServiceConfig, found: &mut Diagnostics) {
    let given = |value: &Cfg<i64>| !value.is_null();
    let at = Path::attribute;
    match &view.size {
        Cfg::Known(size) => {
            if given(&view.cpu) || given(&view.memory) {
                found.error(
                    at("size"),
                    "Conflicting Arguments",
                    "`size` and `cpu` with `memory` say the same thing. Remove one of them.",
                );
            }
            if let Err(error) = size::parse(size).and_then(Size::round_up) {
                found.error(at("size"), "Invalid Size", format!("{error}."));
            }
        }
        Cfg::Null if given(&view.cpu) != given(&view.memory) => {
            let (has, lacks) = if given(&view.cpu) {
                ("cpu", "memory")
            } else {
                ("memory", "cpu")
            };
            found.error(
                at(has),
                "Missing Argument",
                format!("`{has}` needs `{lacks}` beside it. Give both, or use `size`."),
            );
        }
        Cfg::Null => {
            if let (Some(cpu), Some(memory)) = (view.cpu.known(), view.memory.known()) {
                check_pair(*cpu, *memory, found);
            }
        }
        Cfg::Unknown(_) => {}
    }
}

/// Fargate has certain pairs of CPU and memory only.
fn check_pair(cpu: i64, memory: i64, found: &mut Diagnostics) {
    let asked = Size {
        cpu: u32::try_from(cpu).unwrap_or(0),
        memory: u32::try_from(memory).unwrap_or(0),
    };
    match asked.round_up() {
        Ok(fits) if fits == asked => {}
        Ok(fits) => found.error(
            Path::attribute("cpu"),
            "Not a Fargate Size",
            format!("Fargate has no tasks with {cpu} CPU units and {memory} MiB. The next larger pair is cpu = {}, memory = {}.", fits.cpu, fits.memory),
        ),
        Err(error) => found.error(Path::attribute("cpu"), "Not a Fargate Size", format!("{error}.")),
    }
}

/// Fills `size`, `cpu` and `memory` from what is given. Another spelling of the size in the state
/// stays as it is: an import writes its own.
fn complete_size(prior: Option<&ServiceConfig>, view: &mut ServiceConfig) {
    let pair = match &view.size {
        Cfg::Unknown(_) => None,
        Cfg::Known(given) => size::parse(given).and_then(Size::round_up).ok(),
        Cfg::Null if view.explicit_pair() => view.pair(),
        Cfg::Null => Some(size::DEFAULT),
    };
    let Some(pair) = pair else {
        let unknown = |value: &mut Cfg<i64>| {
            if value.is_null() {
                *value = Cfg::unknown();
            }
        };
        unknown(&mut view.cpu);
        unknown(&mut view.memory);
        if view.size.is_null() {
            view.size = Cfg::unknown();
        }
        return;
    };
    view.cpu = Cfg::Known(i64::from(pair.cpu));
    view.memory = Cfg::Known(i64::from(pair.memory));
    let before = prior.and_then(|prior| prior.size.known());
    let same = before.filter(|before| size::parse(before).and_then(Size::round_up) == Ok(pair));
    match same {
        Some(same) => view.size = Cfg::Known(same.clone()),
        None if view.size.is_null() => view.size = Cfg::Known(size_name(pair)),
        None => {}
    }
}

fn size_name(pair: Size) -> String {
    let named = size::NAMED.iter().find(|(_, size)| *size == pair);
    named.map_or_else(
        || format!("{}:{}mb", pair.cpu, pair.memory),
        |(name, _)| (*name).to_owned(),
    )
}

impl ServiceConfig {
    fn explicit_pair(&self) -> bool {
        !self.cpu.is_null() && !self.memory.is_null()
    }

    fn pair(&self) -> Option<Size> {
        let whole = |value: &Cfg<i64>| u32::try_from(*value.known()?).ok();
        Some(Size {
            cpu: whole(&self.cpu)?,
            memory: whole(&self.memory)?,
        })
    }
}

fn check_command(command: &Cfg<Dynamic>, found: &mut Diagnostics) {
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
    let at = Path::attribute("command");
    match texts {
        None => found.error(at, "Invalid Command", "A command is a string, which runs in a shell, or a list of strings, which runs as it is."),
        Some(texts) if texts.first().is_none_or(|first| first.trim().is_empty()) && !matches!(value, Value::Seq(items) if !items.is_empty()) => {
            found.error(at, "Empty Command", "Nothing would run. Give a command, or leave it out to run the image's own.");
        }
        Some(texts) => {
            for problem in texts.iter().filter_map(|text| aws_rules::container_text("The command", text).err()) {
                found.error(at.clone(), "Invalid Command", problem);
            }
        }
    }
}

fn check_deploy(deploy: &Cfg<DeployConfig>, found: &mut Diagnostics) {
    let Cfg::Known(deploy) = deploy else { return };
    let at = Path::attribute("deploy");
    if (
        deploy.minimum_percent.known(),
        deploy.maximum_percent.known(),
    ) == (Some(&100), Some(&100))
    {
        found.error(
            at.join("maximum_percent"),
            "No Room to Deploy",
            "With a minimum and a maximum of 100 percent ECS can neither stop an old task nor start a new one. Raise the maximum or lower the minimum.",
        );
    }
    if (deploy.circuit_breaker.known(), deploy.rollback.known()) == (Some(&false), Some(&true)) {
        found.error(
            at.join("rollback"),
            "Rollback Needs the Circuit Breaker",
            "ECS brings the former deployment back only when the circuit breaker is on. Set `circuit_breaker = true` or `rollback = false`.",
        );
    }
}

fn recover(
    scope: &Scope,
    id: &str,
    process: &str,
    app: AppRefConfig,
    found: &Found,
) -> Result<ServiceConfig, RecoverError> {
    let service = required(found, SERVICE, id, Kind::EcsService)?;
    let task = required(found, TASK, id, Kind::TaskDefinition)?;
    let foreign = |reason: &str| RecoverError::Foreign {
        id: id.to_owned(),
        kind: Kind::TaskDefinition.label(),
        reason: reason.to_owned(),
    };
    let containers = task.fields.get("containers").cloned().unwrap_or_default();
    let containers: Vec<Container> = serde_json::from_value(containers)
        .map_err(|_| foreign("its containers have settings that Stackwright does not write"))?;
    let container = containers
        .into_iter()
        .find(|container| container.name == process)
        .ok_or_else(|| foreign("it has no container with the name of the process"))?;
    let app_name = app.name.known().map_or("", String::as_str);
    let app_config = known_map(&app.config).unwrap_or_default();
    let ours = injected(scope, app_name, process);
    let own = |(name, value): &(String, String)| {
        !ours.contains_key(name) && app_config.get(name) != Some(value)
    };
    let config = container
        .environment
        .get()
        .clone()
        .into_iter()
        .filter(own)
        .collect();
    let flag = |name: &str| {
        Cfg::Known(
            service
                .fields
                .get(name)
                .and_then(Json::as_bool)
                .unwrap_or_default(),
        )
    };
    let percent = |name: &str| service.number(name).into();
    let mut view = ServiceConfig {
        cluster: recover_cluster(service, found),
        process: Cfg::Known(process.to_owned()),
        image: Cfg::Known(container.image.get().clone()),
        command: recover_command(container.command.get()),
        entrypoint: cfg_list(container.entry_point.get().clone()),
        size: recover_size(task),
        cpu: task.number("cpu").into(),
        memory: task.number("memory").into(),
        architecture: task.text("cpu_architecture").into(),
        desired_count: service.number("desired_count").into(),
        config: cfg_map(config),
        stop_timeout: Cfg::Known(i64::from(container.stop_timeout)),
        deploy: Cfg::Known(DeployConfig {
            minimum_percent: percent("minimum_healthy_percent"),
            maximum_percent: percent("maximum_percent"),
            circuit_breaker: flag("circuit_breaker"),
            rollback: flag("rollback"),
        }),
        exec: flag("enable_execute_command"),
        routes: Cfg::Known(BTreeMap::new()),
        app: Cfg::Known(app),
        ..ServiceConfig::default()
    };
    view.common.tags = cfg_map(service.user_tags(scope));
    Ok(view)
}

pub(crate) fn recover_size(task: &crate::resource::Seen) -> Cfg<String> {
    let whole = |name: &str| u32::try_from(task.number(name)?).ok();
    match (whole("cpu"), whole("memory")) {
        (Some(cpu), Some(memory)) => Cfg::Known(size_name(Size { cpu, memory })),
        _ => Cfg::Null,
    }
}

/// A cluster of ours is known by its short name, another by its own.
pub(crate) fn recover_cluster(
    service: &crate::resource::Seen,
    found: &Found,
) -> Cfg<ClusterRefConfig> {
    let arn = service.text("cluster").unwrap_or_default();
    let own_name = arn.rsplit('/').next().unwrap_or_default().to_owned();
    let ours = found
        .get(&Key::from("cluster"))
        .and_then(|cluster| cluster.tags.get(tag::ID))
        .and_then(|id| id.rsplit('/').next())
        .map(str::to_owned);
    Cfg::Known(ClusterRefConfig {
        name: Cfg::Known(ours.unwrap_or(own_name)),
        arn: Cfg::Known(arn),
    })
}

pub(crate) fn recover_command(command: &[String]) -> Cfg<Dynamic> {
    match command {
        [] => Cfg::Null,
        [sh, dash_c, text] if [sh.as_str(), dash_c] == SHELL => {
            Cfg::Known(Dynamic(Type::String, Value::String(text.clone())))
        }
        items => Cfg::Known(Dynamic(
            Type::Tuple(vec![Type::String; items.len()]),
            Value::Seq(
                items
                    .iter()
                    .map(|item| Value::from(item.as_str()))
                    .collect(),
            ),
        )),
    }
}
