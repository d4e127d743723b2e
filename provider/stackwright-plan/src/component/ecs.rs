//! ECS.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Component, Kind, Tags};
use crate::In;

/// One share of a capacity provider strategy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CapacityShare {
    /// `FARGATE` or `FARGATE_SPOT`.
    pub capacity_provider: String,
    /// Share of the tasks, 0 to 1000.
    pub weight: i32,
    /// Tasks that run here before shares count.
    pub base: i32,
}

/// Outputs: `arn`, `name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EcsCluster {
    /// Name.
    pub cluster_name: String,
    /// `enabled`, `enhanced` or `disabled`.
    pub container_insights: String,
    /// `DEFAULT` (exec sessions are logged with the task's own log driver) or `NONE`.
    pub exec_logging: String,
    /// Capacity providers.
    pub capacity_providers: Vec<String>,
    /// Strategy of services that name none.
    pub default_capacity_provider_strategy: Vec<CapacityShare>,
    /// Tags.
    pub tags: Tags,
}

impl Component for EcsCluster {
    const KIND: Kind = Kind::EcsCluster;
    const REPLACE: &'static [&'static str] = &["cluster_name"];
    const NAME: &'static [&'static str] = &["cluster_name"];
    const UNORDERED: &'static [&'static str] =
        &["capacity_providers", "default_capacity_provider_strategy"];
}

/// The `awslogs` driver of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwsLogs {
    /// Log group.
    pub group: String,
    /// Region.
    pub region: String,
    /// First part of the stream's name.
    pub stream_prefix: String,
}

/// How ECS asks a container whether it is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerHealthCheck {
    /// `CMD-SHELL` and a command, or `CMD` and its words.
    pub command: Vec<String>,
    /// Seconds between two runs.
    pub interval: i32,
    /// Seconds that a run may take.
    pub timeout: i32,
    /// Failures in a row that make it unhealthy.
    pub retries: i32,
    /// Seconds after the start in which failures do not count.
    pub start_period: i32,
}

/// A volume inside a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Name of the volume.
    pub name: String,
    /// Where it is.
    pub container_path: String,
    /// Whether nobody writes to it.
    pub read_only: bool,
}

/// An EFS file system that a task can mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EfsVolume {
    /// Name.
    pub name: String,
    /// The file system.
    pub file_system_id: String,
    /// Folder of it that is mounted.
    pub root_directory: String,
    /// Access point; the empty text for none.
    pub access_point_id: String,
    /// Whether it is encrypted on its way.
    pub transit_encryption: bool,
    /// Whether the task's role must allow it.
    pub iam: bool,
}

/// One container of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Name.
    pub name: String,
    /// Image.
    pub image: In<String>,
    /// Whether the task stops with it.
    pub essential: bool,
    /// Arguments; empty for the image's own.
    pub command: In<Vec<String>>,
    /// Entry point; empty for the image's own.
    pub entry_point: In<Vec<String>>,
    /// Environment variables.
    pub environment: In<BTreeMap<String, String>>,
    /// Environment variables from Secrets Manager or SSM: name to ARN.
    pub secrets: In<BTreeMap<String, String>>,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_timeout: i32,
    /// Where its output goes.
    pub log: AwsLogs,
    /// Whether a small init process reaps children.
    pub init_process: bool,
    /// Ports that it listens on.
    pub ports: Vec<i32>,
    /// CPU units of the task that are its own; 0 for a share of what is free.
    pub cpu: i32,
    /// MiB after which it is killed; none for all of the task's.
    pub memory: Option<i32>,
    /// How ECS asks whether it is well.
    pub health_check: Option<ContainerHealthCheck>,
    /// Containers that come first: name to `START`, `COMPLETE`, `SUCCESS` or `HEALTHY`.
    pub depends_on: BTreeMap<String, String>,
    /// Volumes, by name.
    pub mounts: Vec<Mount>,
}

/// One immutable revision on Fargate. A changed field registers a new one; tags can change. Former
/// revisions stay; a delete deregisters every active revision of the family.
/// Outputs: `arn` (with revision), `family`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// Family.
    pub family: String,
    /// CPU units: 256 is a quarter of a vCPU.
    pub cpu: i32,
    /// MiB.
    pub memory: i32,
    /// `X86_64` or `ARM64`.
    pub cpu_architecture: String,
    /// Role by which ECS pulls the image and reads secrets.
    pub execution_role_arn: In<String>,
    /// Role of the code in the task.
    pub task_role_arn: In<String>,
    /// Containers, by name.
    pub containers: Vec<Container>,
    /// Volumes, by name.
    pub volumes: Vec<EfsVolume>,
    /// Tags.
    pub tags: Tags,
}

impl Component for TaskDefinition {
    const KIND: Kind = Kind::TaskDefinition;
    const REPLACE: &'static [&'static str] = &[
        "family",
        "cpu",
        "memory",
        "cpu_architecture",
        "execution_role_arn",
        "task_role_arn",
        "containers",
        "volumes",
    ];
    const REDACTED: &'static [&'static str] = &["containers.*.environment", "containers.*.secrets"];
    // ECS rolls back to former revisions, and so do people: they are deregistered with the service.
    const KEEPS_HISTORY: bool = true;
    const IMMUTABLE: bool = true;
}

/// A target group that a service registers its tasks in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancerTarget {
    /// Target group.
    pub target_group_arn: In<String>,
    /// Container.
    pub container_name: String,
    /// Port of the container.
    pub container_port: i32,
}

/// Outputs: `arn`, `name`. `settle` waits until the deployment is COMPLETED.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each switch of the AWS API"
)]
pub struct EcsService {
    /// Name, unique in its cluster.
    pub service_name: String,
    /// ARN of the cluster.
    pub cluster: In<String>,
    /// ARN of the task definition revision.
    pub task_definition: In<String>,
    /// Tasks to run; `None` when autoscaling owns it.
    pub desired_count: Option<i32>,
    /// Strategy; `None` when the default of the cluster was taken at the create.
    pub capacity_provider_strategy: Option<Vec<CapacityShare>>,
    /// Subnets of its tasks.
    pub subnets: In<Vec<String>>,
    /// Security groups of its tasks.
    pub security_groups: Vec<In<String>>,
    /// Whether tasks get a public address.
    pub assign_public_ip: bool,
    /// Least healthy share during a deployment, in percent.
    pub minimum_healthy_percent: i32,
    /// Largest share during a deployment, in percent.
    pub maximum_percent: i32,
    /// Whether ECS gives up on a deployment whose tasks do not start.
    pub circuit_breaker: bool,
    /// Whether giving up brings the former deployment back.
    pub rollback: bool,
    /// Whether ECS moves tasks so that the zones have alike many; not with a `maximum_percent` of 100.
    pub availability_zone_rebalancing: bool,
    /// Whether `exec` works.
    pub enable_execute_command: bool,
    /// Whether tasks carry AWS's cost tags.
    pub enable_ecs_managed_tags: bool,
    /// Where tasks take their tags from: `SERVICE`.
    pub propagate_tags: String,
    /// Seconds in which a new task's failed health checks do not count; without load balancer none.
    pub health_check_grace_period_seconds: Option<i32>,
    /// Target groups.
    pub load_balancers: Vec<LoadBalancerTarget>,
    /// ARNs of the Cloud Map services that its tasks are registered in.
    pub service_registries: Vec<In<String>>,
    /// Tags.
    pub tags: Tags,
}

impl Component for EcsService {
    const KIND: Kind = Kind::EcsService;
    const REPLACE: &'static [&'static str] = &["service_name", "cluster"];
    const NAME: &'static [&'static str] = &["service_name", "cluster"];
    const UNORDERED: &'static [&'static str] = &[
        "subnets",
        "security_groups",
        "capacity_provider_strategy",
        "load_balancers",
        "service_registries",
    ];
}

/// The secrets that the running tasks of a service have read: ECS injects a value when it starts a task
/// and never again. A view of the service, not an object of its own.
/// Outputs: `id` (the ARN of the service), `secrets` (the references).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceSecrets {
    /// The service.
    pub service_arn: In<String>,
    /// References of the task definition, by container and environment variable.
    pub secrets: In<BTreeMap<String, String>>,
    /// Environment variables whose value changed after the primary deployment was created. The desired
    /// value is empty; writing it starts a deployment.
    pub changed_since_deployment: Vec<String>,
}

impl Component for ServiceSecrets {
    const KIND: Kind = Kind::ServiceSecrets;
    const REPLACE: &'static [&'static str] = &["service_arn"];
    const NAME: &'static [&'static str] = &["service_arn"];
    const REDACTED: &'static [&'static str] = &["secrets"];
}
