//! `stackwright_job`: one process that runs on a schedule.
//!
//! Components: `role.task`, `task_definition`, `dead_letters`, `role.scheduler`, `schedule_group`,
//! `schedule` (main); with secrets of its own also `role.execution`.
//!
//! Replaced by a change of: the app's name, `process`. Everything else is a new revision of the
//! task definition or an update of the schedule.

pub mod expression;
mod recover;
mod start;
pub mod time_zone;

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin_types::{Cfg, Diagnostics, Dynamic, TfSchema};

use crate::app::{AppRef, AppRefConfig};
use crate::cluster::{ClusterRef, ClusterRefConfig};
use crate::component::Tags;
use crate::diff::FieldDiff;
use crate::resource::{
    Anchor, Common, CommonConfig, Facts, Found, Plain, RecoverError, Refs, Resource, known_map,
    split_id,
};
use crate::service::{self, ServiceConfig, ServiceResource};
use crate::{Graph, Key, Kind, Outputs, ResourceId, Scope, aws_rules, name, tag};

/// One process of an app that runs on a schedule: a report at night, a clean-up every hour.
///
/// EventBridge Scheduler starts one ECS task for each run and does not wait for its end: a run that takes longer than the pause between two runs has a second one beside it, and rarely the same run is started twice. Write jobs that bear both, for example with a lock in the database. A run that cannot be started is tried again, and then put into the dead-letter queue. A task that starts and fails is not tried again: watch its exit code. No task is stopped because it runs long: for a limit, put `timeout 3600` before the command.
///
/// The process finds the variables `STACKWRIGHT_APP`, `STACKWRIGHT_PROCESS` and `STACKWRIGHT_ENVIRONMENT`, then those of the app's `config` and of its own `config`, of which the later wins. Names that begin with `STACKWRIGHT_` are refused in `config` and `secrets`. `PORT` is not set, because nothing reaches a job.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Job {
    /// The app: the `ref` of a `stackwright_app`. Another app replaces the job.
    pub app: AppRef,
    /// The cluster: the `ref` of a `stackwright_cluster`.
    pub cluster: ClusterRef,
    /// Process type, as in the Procfile. No service of the app may have the same. Changing this replaces the job.
    #[tf(
        replace,
        matches(aws_rules::process_name),
        allowed = "1 to 64 letters, digits, `-` and `_`"
    )]
    pub process: String,
    /// When it runs: `cron(minutes hours day-of-month month day-of-week year)` with `?` for one of the two days, `rate(5 minutes)`, or `at(2030-01-31T03:00:00)` for a single run.
    #[tf(
        matches(expression::check),
        allowed = "an expression of EventBridge Scheduler, like `cron(0 3 * * ? *)` or `rate(5 minutes)`"
    )]
    pub schedule: String,
    /// Time zone of `cron` and `at`, by its IANA name. Scheduler follows summer time: a run that would fall into the skipped hour is skipped.
    #[tf(default = "UTC".to_owned(), matches(time_zone::check), allowed = "an IANA name, like `UTC` or `Europe/Berlin`")]
    pub time_zone: String,
    /// Minutes after the moment within which AWS may start the run, so that not all jobs start at once; 0 for at once.
    #[tf(default = 0, range(0..=1440))]
    pub flexible_window: i64,
    /// Whether it runs at all.
    #[tf(default = true)]
    pub enabled: bool,
    /// How often a start that failed is tried again.
    #[tf(default = 3, range(0..=185))]
    pub retries: i64,
    /// Seconds after which a start that failed is given up and put into the dead-letter queue.
    #[tf(default = 3600, range(60..=86_400))]
    pub maximum_age: i64,
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
    /// Environment variables of this process, besides the app's; they win over the app's. Names that begin with `STACKWRIGHT_` are refused.
    #[tf(default = BTreeMap::new())]
    pub config: BTreeMap<String, String>,
    /// Environment variables of this process from secrets, besides the app's: name to the ARN of a Secrets Manager secret or SSM parameter. Stackwright never reads the secrets; ECS does when it starts a task.
    #[tf(default = BTreeMap::new())]
    pub secrets: BTreeMap<String, String>,
    /// Seconds between SIGTERM and SIGKILL when a task is stopped.
    #[tf(default = 30, range(2..=120))]
    pub stop_timeout: i64,
    /// ARN of the schedule.
    #[tf(computed, prefix = "arn:")]
    pub schedule_arn: String,
    /// ARN of the task definition revision that runs.
    #[tf(computed, prefix = "arn:")]
    pub task_definition_arn: String,
    /// ARN of the role of its tasks.
    #[tf(computed, prefix = "arn:")]
    pub task_role_arn: String,
    /// ARN of the role by which Scheduler starts it.
    #[tf(computed, prefix = "arn:")]
    pub scheduler_role_arn: String,
    /// ARN of the queue for runs that could not be started. Messages stay for 14 days.
    #[tf(computed, prefix = "arn:")]
    pub dead_letter_queue_arn: String,
    /// What other resources need to know of this job.
    #[tf(computed, name = "ref")]
    pub reference: Plain<JobRef>,
    /// What every resource has.
    #[tf(flatten)]
    pub common: Common,
}

/// A job as other resources see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct JobRef {
    /// Name of the app.
    pub app: String,
    /// Process type.
    pub process: String,
    /// ARN of the schedule.
    pub arn: String,
    /// Name of the schedule.
    pub schedule: String,
    /// Name of the schedule group, which holds this schedule alone: Scheduler's metrics are by group.
    pub schedule_group: String,
    /// Name of the queue for runs that could not be started.
    pub dead_letter_queue: String,
    /// Family of the task definition: ECS's events name it as the group of a task.
    pub task_definition_family: String,
}

/// The jobs.
#[derive(Debug)]
pub struct JobResource;

const TASK: &str = "task_definition";
const TASK_ROLE: &str = "role.task";
const ROLE: &str = "role.scheduler";
const QUEUE: &str = "dead_letters";
const GROUP: &str = "schedule_group";
const SCHEDULE: &str = "schedule";
const FORM: &str = "<environment>/<app>/<process>";

/// Longest name of a schedule or schedule group.
/// Source: <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>
const SCHEDULE_NAME: usize = 64;
/// Longest name of a queue.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>
const QUEUE_NAME: usize = 80;

/// Name of the schedule and of its group.
fn schedule_name(scope: &Scope, app: &str, process: &str) -> String {
    let parts = [scope.project.as_str(), &scope.environment, app, process];
    name::unique(&parts, &[], SCHEDULE_NAME)
}

fn queue_name(scope: &Scope, app: &str, process: &str) -> String {
    let Scope {
        project,
        environment,
        ..
    } = scope;
    let parts = [project.as_str(), environment, app, process, "dead-letters"];
    name::unique(&parts, &[], QUEUE_NAME)
}

/// What planning a job needs. Values that may be unknown stay so.
struct Inputs<'a> {
    scope: &'a Scope,
    view: &'a JobConfig,
    app_ref: &'a AppRefConfig,
    cluster: &'a ClusterRefConfig,
    app: &'a str,
    process: &'a str,
    id: ResourceId,
    user_tags: Tags,
}

impl<'a> Inputs<'a> {
    fn new(scope: &'a Scope, view: &'a JobConfig) -> Option<Self> {
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
            id: ResourceId::new(JobResource::TYPE, id),
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

/// The process as a service would run it: what both have is checked and planned by one code.
fn process(view: &JobConfig) -> ServiceConfig {
    let mut process = ServiceConfig {
        app: view.app.clone(),
        cluster: view.cluster.clone(),
        process: view.process.clone(),
        image: view.image.clone(),
        command: view.command.clone(),
        entrypoint: view.entrypoint.clone(),
        size: view.size.clone(),
        cpu: view.cpu.clone(),
        memory: view.memory.clone(),
        architecture: view.architecture.clone(),
        config: view.config.clone(),
        secrets: view.secrets.clone(),
        stop_timeout: view.stop_timeout.clone(),
        exec: Cfg::Known(false),
        ..ServiceConfig::default()
    };
    process.common.tags = view.common.tags.clone();
    process
}

impl Resource for JobResource {
    type Schema = Job;
    type View = JobConfig;
    const TYPE: &'static str = "job";
    const VERSION: i64 = Job::SCHEMA_VERSION;
    const ID_ATTRIBUTES: &'static [&'static str] = &["app", "process"];

    fn common(view: &mut JobConfig) -> &mut CommonConfig {
        &mut view.common
    }

    fn id(scope: &Scope, view: &JobConfig) -> Option<String> {
        let app = view.app.known()?.name.known()?;
        let process = view.process.known()?;
        Some(format!("{}/{app}/{process}", scope.environment))
    }

    fn validate(view: &JobConfig, found: &mut Diagnostics) {
        ServiceResource::validate(&process(view), found);
    }

    fn complete(
        scope: &Scope,
        facts: &Facts,
        prior: Option<&JobConfig>,
        view: &mut JobConfig,
        found: &mut Diagnostics,
    ) {
        let mut filled = process(view);
        ServiceResource::complete(
            scope,
            facts,
            prior.map(process).as_ref(),
            &mut filled,
            found,
        );
        view.image = filled.image;
        view.size = filled.size;
        view.cpu = filled.cpu;
        view.memory = filled.memory;
    }

    fn plan(scope: &Scope, view: &JobConfig) -> Option<Graph> {
        let inputs = Inputs::new(scope, view)?;
        let mut graph = Graph::default();
        service::task(scope, &process(view), inputs.id.clone(), &mut graph)?;
        start::components(&inputs, &mut graph)?;
        Some(graph)
    }

    fn fill(scope: &Scope, view: &mut JobConfig, outputs: &Outputs) {
        let arn = |key: &str| outputs.get(&key.into(), "arn");
        view.schedule_arn = arn(SCHEDULE);
        view.task_definition_arn = arn(TASK);
        view.task_role_arn = arn(TASK_ROLE);
        view.scheduler_role_arn = arn(ROLE);
        view.dead_letter_queue_arn = arn(QUEUE);
        let app = view
            .app
            .known()
            .map_or_else(Cfg::unknown, |app| app.name.clone());
        let named = |name: fn(&Scope, &str, &str) -> String| match (&app, &view.process) {
            (Cfg::Known(app), Cfg::Known(process)) => Cfg::Known(name(scope, app, process)),
            _ => Cfg::unknown(),
        };
        view.reference = Cfg::Known(JobRefConfig {
            process: view.process.clone(),
            arn: view.schedule_arn.clone(),
            schedule: named(schedule_name),
            schedule_group: named(schedule_name),
            dead_letter_queue: named(queue_name),
            task_definition_family: named(service::ecs_name),
            app,
        });
    }

    fn show(view: &mut JobConfig, component: &Key, difference: &FieldDiff) -> bool {
        let observed = difference.observed.as_ref();
        let text = || observed.and_then(Json::as_str).map(str::to_owned);
        let number = || observed.and_then(Json::as_i64);
        let shown = match (component.0.as_str(), difference.field.as_str()) {
            (SCHEDULE, "schedule_expression") => text().map(|it| view.schedule = Cfg::Known(it)),
            (SCHEDULE, "schedule_expression_timezone") => {
                text().map(|it| view.time_zone = Cfg::Known(it))
            }
            (SCHEDULE, "state") => text().map(|it| view.enabled = Cfg::Known(it == "ENABLED")),
            (SCHEDULE, "flexible_window_minutes") => {
                number().map(|it| view.flexible_window = Cfg::Known(it))
            }
            (SCHEDULE, "maximum_retry_attempts") => {
                number().map(|it| view.retries = Cfg::Known(it))
            }
            (SCHEDULE, "maximum_event_age_in_seconds") => {
                number().map(|it| view.maximum_age = Cfg::Known(it))
            }
            (TASK, field) if service::is_image(field, &view.process) => {
                text().map(|it| view.image = Cfg::Known(it))
            }
            _ => None,
        };
        shown.is_some()
    }

    fn notes(prior: &JobConfig, planned: &JobConfig, config: &JobConfig, found: &mut Diagnostics) {
        service::note_image(&process(prior), &process(planned), &process(config), found);
    }

    fn anchors(scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError> {
        let [_, app, process] = split_id::<3>(scope, id, FORM)?;
        let name = schedule_name(scope, app, process);
        Ok(vec![
            Anchor::named(GROUP, Kind::ScheduleGroup, name.clone()),
            Anchor::named(SCHEDULE, Kind::Schedule, format!("{name}/{name}")),
            Anchor::follow(TASK, Kind::TaskDefinition, SCHEDULE, "task_definition"),
            Anchor::follow("cluster", Kind::EcsCluster, SCHEDULE, "cluster"),
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
    ) -> Result<JobConfig, RecoverError> {
        recover::recover(scope, id, found, refs)
    }
}
