//! The parts of a service's configuration.

use std::collections::BTreeMap;

use tfplugin_types::TfSchema;

use super::rules;
use crate::aws_rules;
use crate::router::RouterRef;

/// How deployments run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct Deploy {
    /// Least share of `desired_count` that stays running, in percent; ECS rounds the tasks up. Not 100 when `maximum_percent` is 100.
    #[tf(default = 100, range(0..=100))]
    pub minimum_percent: i64,
    /// Largest share of `desired_count` that runs meanwhile, in percent; ECS rounds the tasks down. It must allow one task more than `minimum_percent` keeps.
    #[tf(default = 200, range(100..=200))]
    pub maximum_percent: i64,
    /// Whether ECS gives up on a deployment whose tasks do not start.
    #[tf(default = true)]
    pub circuit_breaker: bool,
    /// Whether giving up brings the former deployment back. It needs the circuit breaker: with `circuit_breaker = false` set this to `false` too.
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
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Route {
    /// The router: the `ref` of a `stackwright_router`, in the VPC of the app.
    pub router: RouterRef,
    /// Host name; `*` and `?` are wildcards, of which host and path may have 5 together. Default: any host.
    #[tf(
        matches(rules::route_host),
        allowed = "a host name of at most 128 characters"
    )]
    pub host: Option<String>,
    /// Path; `*` and `?` are wildcards, so `/api/*` is all below `/api/`. Default: any path.
    #[tf(
        matches(rules::route_path),
        allowed = "a path of at most 128 characters that begins with `/` or `*`"
    )]
    pub path: Option<String>,
    /// Place among the router's rules: the lowest that fits a request wins. Default: a free one, in an order in which the more specific comes first; it is kept once it is chosen.
    #[tf(optional, computed, range(1..=50_000))]
    pub priority: Option<i64>,
}

/// How the router finds out whether a task is well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct HealthCheck {
    /// Path that is asked on the port of the process.
    #[tf(default = "/".to_owned(), matches(rules::health_path), allowed = "a path of at most 1024 characters that begins with `/`")]
    pub path: String,
    /// Seconds between two questions.
    #[tf(default = 15, range(5..=300))]
    pub interval: i64,
    /// Seconds to wait for the answer; less than `interval`.
    #[tf(default = 5, range(2..=120))]
    pub timeout: i64,
    /// Good answers in a row that make a task healthy.
    #[tf(default = 2, range(2..=10))]
    pub healthy_threshold: i64,
    /// Bad answers in a row that make it unhealthy.
    #[tf(default = 3, range(2..=10))]
    pub unhealthy_threshold: i64,
    /// HTTP codes of a good answer: `200`, `200,302` or `200-399`.
    #[tf(default = "200-399".to_owned(), matches(rules::health_matcher), allowed = "HTTP codes from 200 to 499")]
    pub matcher: String,
    /// Seconds after its start in which a task is not stopped for bad answers.
    #[tf(default = 60, range(0..=86_400))]
    pub grace_period: i64,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            interval: 15,
            timeout: 5,
            healthy_threshold: 2,
            unhealthy_threshold: 3,
            matcher: "200-399".to_owned(),
            grace_period: 60,
        }
    }
}

/// Requests of one client go to one task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct Stickiness {
    /// Seconds that the router's cookie lasts.
    #[tf(default = 86_400, range(1..=604_800))]
    pub duration: i64,
}

/// Autoscaling by what the tasks have to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct Scale {
    /// Least number of tasks, not above `max`.
    #[tf(default = 1, range(0..=5000))]
    pub min: i64,
    /// Largest number of tasks.
    #[tf(range(1..=5000))]
    pub max: i64,
    /// CPU that the tasks are held at, in percent of what they have.
    #[tf(range(1..=100))]
    pub cpu: Option<i64>,
    /// Memory that the tasks are held at, in percent of what they have.
    #[tf(range(1..=100))]
    pub memory: Option<i64>,
    /// Requests a minute that each task is held at, for every router of `routes`, of which there must be one.
    #[tf(range(1..=1_000_000))]
    pub requests: Option<i64>,
    /// Seconds between two steps down.
    #[tf(default = 300, range(0..=86_400))]
    pub scale_in_cooldown: i64,
    /// Seconds between two steps up.
    #[tf(default = 60, range(0..=86_400))]
    pub scale_out_cooldown: i64,
}

/// A command in the container by which ECS finds out whether it is well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct ContainerCheck {
    /// Command, run by a shell in the container; exit code 0 means well.
    #[tf(length(1..=8192))]
    pub command: String,
    /// Seconds between two runs.
    #[tf(default = 30, range(5..=300))]
    pub interval: i64,
    /// Seconds that a run may take.
    #[tf(default = 5, range(2..=60))]
    pub timeout: i64,
    /// Failures in a row that make it unhealthy.
    #[tf(default = 3, range(1..=10))]
    pub retries: i64,
    /// Seconds after the start in which failures do not count.
    #[tf(default = 0, range(0..=300))]
    pub start_period: i64,
}

/// Another container in each task.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Sidecar {
    /// Container image with tag or digest.
    #[tf(
        matches(aws_rules::image),
        allowed = "`repository/name:tag` or `repository/name@sha256:...`"
    )]
    pub image: String,
    /// What to run, word by word: `["sh", "-c", "..."]` for a shell. Default: the image's own command.
    pub command: Option<Vec<String>>,
    /// Entry point; empty for the image's own.
    #[tf(default = Vec::new())]
    pub entrypoint: Vec<String>,
    /// Its environment variables; those of the app and the process are not given to it.
    #[tf(default = BTreeMap::new())]
    pub config: BTreeMap<String, String>,
    /// Its environment variables from secrets: name to the ARN of a Secrets Manager secret or SSM parameter.
    #[tf(default = BTreeMap::new())]
    pub secrets: BTreeMap<String, String>,
    /// Whether the task ends when it does.
    #[tf(default = true)]
    pub essential: bool,
    /// Port that it listens on.
    #[tf(range(1..=65_535))]
    pub port: Option<i64>,
    /// CPU units of the task that are its own.
    #[tf(range(1..=16_384))]
    pub cpu: Option<i64>,
    /// MiB after which it is stopped.
    #[tf(range(6..=122_880))]
    pub memory: Option<i64>,
    /// How ECS finds out whether it is well.
    pub health_check: Option<ContainerCheck>,
    /// Containers of the task that come first: name to condition, as in `start_after`. The process's own container has its name. Allowed: `START`, `COMPLETE`, `SUCCESS` or `HEALTHY` for each.
    #[tf(default = BTreeMap::new())]
    pub depends_on: BTreeMap<String, String>,
    /// Seconds between SIGTERM and SIGKILL.
    #[tf(default = 30, range(2..=120))]
    pub stop_timeout: i64,
}

/// An EFS file system in the process's container, encrypted on its way and allowed by IAM.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct Volume {
    /// Id of the file system.
    #[tf(
        matches(rules::file_system_id),
        allowed = "`fs-` and 8 to 40 hexadecimal digits"
    )]
    pub file_system_id: String,
    /// Id of an access point of it.
    #[tf(
        matches(rules::access_point_id),
        allowed = "`fsap-` and 8 to 40 hexadecimal digits"
    )]
    pub access_point_id: Option<String>,
    /// Folder of the file system to mount. With an access point it is `/`, because the access point says it.
    #[tf(default = "/".to_owned(), matches(rules::absolute_path), allowed = "a path that begins with `/`")]
    pub root_directory: String,
    /// Where it is in the container.
    #[tf(matches(rules::absolute_path), allowed = "a path that begins with `/`")]
    pub mount_path: String,
    /// Whether the process only reads it.
    #[tf(default = false)]
    pub read_only: bool,
}

/// A target group of a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct TargetGroupRef {
    /// ARN of the target group.
    pub arn: String,
    /// The end of it, as metrics name it: `targetgroup/<name>/<id>`.
    pub arn_suffix: String,
    /// The end of the load balancer's ARN, as metrics name it: `app/<name>/<id>`.
    pub load_balancer_arn_suffix: String,
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
    /// Name of the ECS cluster.
    pub cluster_name: String,
    /// Its target groups, by name of the router.
    pub target_groups: BTreeMap<String, TargetGroupRef>,
    /// Name by which tasks reach it inside the network, when it has one.
    pub private_name: Option<String>,
}
