//! ECS task definitions: immutable revisions of a family, on Fargate.
//!
//! A revision is described once per process: only its tags and its status can change, and both are
//! asked for again under [`Freshness::Fresh`]. Deleting deregisters every active revision of the
//! family: AWS keeps the `INACTIVE` ones for the tasks that still run from them and for the record,
//! at no cost; they count as gone.

mod container;

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_ecs::operation::describe_task_definition::DescribeTaskDefinitionOutput;
use aws_sdk_ecs::operation::list_task_definition_families::ListTaskDefinitionFamiliesOutput;
use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionFluentBuilder;
use aws_sdk_ecs::types::{
    Compatibility, ContainerDefinition, CpuArchitecture, NetworkMode, OsFamily, RuntimePlatform,
    TaskDefinition as Sdk, TaskDefinitionFamilyStatus, TaskDefinitionField, TaskDefinitionStatus,
};
use stackwright_plan::component::{Container, EfsVolume, TaskDefinition};
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{In, OwnTags};

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::tag_changes::same_resource;
use crate::{Aws, AwsError, ecs_object};
pub(crate) use container::{LOG_GROUP, LOG_STREAM_PREFIX};
use container::{container_from_sdk, container_to_sdk, reduced, volume_from_sdk, volume_to_sdk};

const REGISTER: Op = Op::new("ecs", "RegisterTaskDefinition");
const DESCRIBE: Op = Op::new("ecs", "DescribeTaskDefinition");
const DEREGISTER: Op = Op::new("ecs", "DeregisterTaskDefinition");
const LIST: Op = Op::new("ecs", "ListTaskDefinitions");
const LIST_FAMILIES: Op = Op::new("ecs", "ListTaskDefinitionFamilies");

#[async_trait]
impl Adapter for TaskDefinition {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(arn) = recorded.get("arn") else {
            return Ok(None);
        };
        let found = aws
            .loaders
            .task_definitions
            .get(aws, arn, freshness)
            .await?;
        Ok(found.map(|revision| revision.observed))
    }

    /// `Desired` answers the newest active revision of the family when registering would make the
    /// same again: what an earlier, killed run registered is adopted.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let found = match lookup {
            Lookup::Desired(desired, _) => describe(aws, &desired.family)
                .await?
                .filter(|newest| newest.is(desired)),
            Lookup::Named(name) => describe(aws, name).await?,
            Lookup::Owned(tags) => return owned(aws, tags).await,
        };
        Ok(found
            .map(|revision| revision.observed)
            .into_iter()
            .collect())
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        // ECS may repeat a value in its error, and an app in its log.
        for container in &self.containers {
            let values = container.environment.get().values();
            values.for_each(|value| aws.redactor.learn_value(value));
        }
        let request = registration(self, aws);
        let answer = aws.call(REGISTER, request.send()).await?;
        let definition = answer
            .task_definition()
            .ok_or(REGISTER.lacks("taskDefinition"))?;
        let arn = definition
            .task_definition_arn()
            .ok_or(REGISTER.lacks("taskDefinitionArn"))?;
        Ok(Created {
            outputs: outputs(arn, &self.family),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let arn = observed
            .outputs
            .get("arn")
            .ok_or(DESCRIBE.lacks("taskDefinitionArn"))?;
        aws.loaders.task_definitions.forget(arn);
        let written = ecs_object::change(aws, arn, changed).await;
        aws.loaders.task_definitions.forget(arn);
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some(family) = recorded.get("family") else {
            return Ok(());
        };
        for arn in revisions(aws, family).await? {
            deregister(aws, &arn).await?;
        }
        Ok(())
    }
}

async fn deregister(aws: &Aws, arn: &str) -> Result<(), AwsError> {
    let request = aws.ecs().deregister_task_definition().task_definition(arn);
    let written = aws.call(DEREGISTER, request.send()).await;
    aws.loaders.task_definitions.forget(&arn.to_owned());
    written.map(drop)
}

/// A revision as AWS has it.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    observed: Observed<TaskDefinition>,
    /// Whether it says nothing but what [`TaskDefinition`] can say.
    plain: bool,
}

/// Revisions by ARN; AWS describes them only one by one.
#[derive(Debug)]
pub(crate) struct TaskDefinitions;

#[async_trait]
impl Source for TaskDefinitions {
    type Key = String;
    type Item = Revision;
    const BATCH: usize = 1;

    async fn keyed(aws: &Aws, keys: &[String]) -> Result<HashMap<String, Revision>, AwsError> {
        let mut found = HashMap::new();
        for arn in keys {
            found.extend(
                describe(aws, arn)
                    .await?
                    .map(|revision| (arn.clone(), revision)),
            );
        }
        Ok(found)
    }
}

/// One active revision by ARN, or the newest active one by family.
///
/// `ClientException` is all that ECS says of a task definition that there is not.
async fn describe(aws: &Aws, name: &str) -> Result<Option<Revision>, AwsError> {
    let request = aws
        .ecs()
        .describe_task_definition()
        .task_definition(name)
        .include(TaskDefinitionField::Tags);
    match aws.call(DESCRIBE, request.send()).await {
        Ok(answer) => Revision::from_sdk(&answer),
        Err(error) if error.is_code(&["ClientException"]) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Active revisions of all families whose names begin as the naming rule makes them begin for this
/// resource: ECS cannot search by tags.
async fn owned(aws: &Aws, of: &OwnTags) -> Result<Vec<Observed<TaskDefinition>>, AwsError> {
    let prefix = family_prefix(of);
    let stream = aws
        .ecs()
        .list_task_definition_families()
        .family_prefix(&prefix)
        .status(TaskDefinitionFamilyStatus::Active)
        .into_paginator()
        .send();
    let pages = aws.pages(LIST_FAMILIES, stream).await?;
    let mut found = Vec::new();
    for family in pages
        .iter()
        .flat_map(ListTaskDefinitionFamiliesOutput::families)
    {
        for arn in revisions(aws, family).await? {
            found.extend(describe(aws, &arn).await?.map(|revision| revision.observed));
        }
    }
    found.retain(|revision| same_resource(&revision.tags, of));
    Ok(found)
}

async fn revisions(aws: &Aws, family: &str) -> Result<Vec<String>, AwsError> {
    let request = aws.ecs().list_task_definitions().family_prefix(family);
    let stream = request
        .status(TaskDefinitionStatus::Active)
        .into_paginator()
        .send();
    let pages = aws.pages(LIST, stream).await?;
    Ok(pages
        .iter()
        .flat_map(|page| page.task_definition_arns().to_vec())
        .collect())
}

/// `acme-stage-shop-worker` for `service/stage/shop/worker` of project `acme`.
fn family_prefix(of: &OwnTags) -> String {
    let natural = of.id.split('/').skip(1);
    std::iter::once(of.project.as_str())
        .chain(natural)
        .collect::<Vec<_>>()
        .join("-")
}

fn registration(desired: &TaskDefinition, aws: &Aws) -> RegisterTaskDefinitionFluentBuilder {
    let architecture = CpuArchitecture::from(desired.cpu_architecture.as_str());
    let platform = RuntimePlatform::builder()
        .cpu_architecture(architecture)
        .operating_system_family(OsFamily::Linux);
    aws.ecs()
        .register_task_definition()
        .family(&desired.family)
        .requires_compatibilities(Compatibility::Fargate)
        .network_mode(NetworkMode::Awsvpc)
        .runtime_platform(platform.build())
        .cpu(desired.cpu.to_string())
        .memory(desired.memory.to_string())
        .set_execution_role_arn(given(desired.execution_role_arn.get()))
        .set_task_role_arn(given(desired.task_role_arn.get()))
        .set_container_definitions(Some(
            desired.containers.iter().map(container_to_sdk).collect(),
        ))
        .set_volumes(filled(desired.volumes.iter().map(volume_to_sdk).collect()))
        .set_tags(Some(ecs_object::to_sdk(&desired.tags)))
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn outputs(arn: &str, family: &str) -> Recorded {
    [("arn", arn), ("family", family)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

impl Revision {
    fn from_sdk(answer: &DescribeTaskDefinitionOutput) -> Result<Option<Self>, AwsError> {
        let definition = answer
            .task_definition()
            .ok_or(DESCRIBE.lacks("taskDefinition"))?;
        if definition
            .status()
            .is_some_and(|status| *status != TaskDefinitionStatus::Active)
        {
            return Ok(None);
        }
        let arn = definition
            .task_definition_arn()
            .ok_or(DESCRIBE.lacks("taskDefinitionArn"))?;
        let tags = ecs_object::from_sdk(answer.tags());
        let component = TaskDefinition {
            tags: tags.clone(),
            ..observe(definition)
        };
        let outputs = outputs(arn, &component.family);
        let plain = is_plain(definition);
        Ok(Some(Self {
            observed: Observed {
                component,
                outputs,
                tags,
            },
            plain,
        }))
    }

    /// Whether registering `desired` would make the same revision again, but for its tags.
    fn is(&self, desired: &TaskDefinition) -> bool {
        let tags = self.observed.component.tags.clone();
        let containers = by_name(desired.containers.clone());
        self.plain
            && self.observed.component
                == TaskDefinition {
                    tags,
                    containers,
                    ..desired.clone()
                }
    }
}

fn by_name(mut containers: Vec<Container>) -> Vec<Container> {
    containers.sort_by(|a, b| a.name.cmp(&b.name));
    containers
}

/// The revision without its tags.
fn observe(definition: &Sdk) -> TaskDefinition {
    let number = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
    let text = |text: Option<&str>| In::from(text.unwrap_or_default());
    let platform = definition.runtime_platform();
    let architecture = platform.and_then(RuntimePlatform::cpu_architecture);
    TaskDefinition {
        family: definition.family().unwrap_or_default().to_owned(),
        cpu: number(definition.cpu()),
        memory: number(definition.memory()),
        cpu_architecture: architecture
            .unwrap_or(&CpuArchitecture::X8664)
            .as_str()
            .to_owned(),
        execution_role_arn: text(definition.execution_role_arn()),
        task_role_arn: text(definition.task_role_arn()),
        containers: by_name(
            definition
                .container_definitions()
                .iter()
                .map(container_from_sdk)
                .collect(),
        ),
        volumes: volumes(definition),
        tags: BTreeMap::new(),
    }
}

fn volumes(definition: &Sdk) -> Vec<EfsVolume> {
    let mut volumes: Vec<EfsVolume> = definition.volumes().iter().map(volume_from_sdk).collect();
    volumes.sort_by(|a, b| a.name.cmp(&b.name));
    volumes
}

/// Whether a revision says nothing but what [`TaskDefinition`] can say: someone else may have
/// registered it with settings of which we know nothing.
fn is_plain(definition: &Sdk) -> bool {
    let same = |container: &ContainerDefinition| {
        reduced(container.clone()) == reduced(container_to_sdk(&container_from_sdk(container)))
    };
    let fargate = definition.requires_compatibilities() == [Compatibility::Fargate];
    let linux = definition
        .runtime_platform()
        .and_then(RuntimePlatform::operating_system_family);
    fargate
        && definition.network_mode() == Some(&NetworkMode::Awsvpc)
        && linux.is_none_or(|family| *family == OsFamily::Linux)
        && definition
            .volumes()
            .iter()
            .all(|volume| volume_to_sdk(&volume_from_sdk(volume)) == *volume)
        && definition.placement_constraints().is_empty()
        && definition.proxy_configuration().is_none()
        && definition.ephemeral_storage().is_none()
        && definition.pid_mode().is_none()
        && definition.ipc_mode().is_none()
        && !definition.enable_fault_injection().unwrap_or(false)
        && definition.container_definitions().iter().all(same)
}

fn filled<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::container::{aws_logs, no_logs};
    use super::*;
    use aws_sdk_ecs::types::{
        HostVolumeProperties, LogConfiguration, LogDriver, SystemControl, Ulimit, UlimitName,
        Volume,
    };
    use stackwright_plan::component::{AwsLogs, ContainerHealthCheck, Mount, Tags};

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn map(pairs: &[(&str, &str)]) -> Tags {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn container(name: &str) -> Container {
        Container {
            name: name.to_owned(),
            image: "shop:1".into(),
            essential: true,
            command: texts(&["sh", "-c", "echo \"${HOME}\" %{x} */ \\ \n"]).into(),
            entry_point: Vec::new().into(),
            environment: map(&[("B", "2"), ("A", "")]).into(),
            secrets: map(&[("TOKEN", "arn:aws:ssm:us-west-2:123456789012:parameter/x")]).into(),
            stop_timeout: 60,
            log: AwsLogs {
                group: "g".to_owned(),
                region: "us-west-2".to_owned(),
                stream_prefix: "p".to_owned(),
            },
            init_process: true,
            ports: vec![8080],
            cpu: 64,
            memory: Some(128),
            health_check: Some(ContainerHealthCheck {
                command: texts(&["CMD-SHELL", "true"]),
                interval: 10,
                timeout: 3,
                retries: 2,
                start_period: 1,
            }),
            depends_on: map(&[("sidecar", "START")]),
            mounts: vec![Mount {
                name: "data".to_owned(),
                container_path: "/data".to_owned(),
                read_only: true,
            }],
        }
    }

    fn bare(name: &str) -> Container {
        Container {
            command: Vec::new().into(),
            environment: BTreeMap::new().into(),
            secrets: BTreeMap::new().into(),
            init_process: false,
            essential: false,
            ports: Vec::new(),
            cpu: 0,
            memory: None,
            health_check: None,
            depends_on: BTreeMap::new(),
            mounts: Vec::new(),
            ..container(name)
        }
    }

    fn desired() -> TaskDefinition {
        TaskDefinition {
            family: "shop".to_owned(),
            cpu: 256,
            memory: 512,
            cpu_architecture: "ARM64".to_owned(),
            execution_role_arn: "arn:aws:iam::123456789012:role/x".into(),
            task_role_arn: "arn:aws:iam::123456789012:role/t".into(),
            containers: vec![container("worker"), bare("sidecar")],
            volumes: vec![EfsVolume {
                name: "data".to_owned(),
                file_system_id: "fs-0123abcd".to_owned(),
                root_directory: "/x".to_owned(),
                access_point_id: String::new(),
                transit_encryption: true,
                iam: true,
            }],
            tags: map(&[("team", "a")]),
        }
    }

    /// What AWS answers after `desired` was registered: with the lists that it adds.
    fn answered(desired: &TaskDefinition) -> Sdk {
        let with_defaults = |container| {
            let mut definition = container_to_sdk(container);
            definition.port_mappings.get_or_insert_default();
            definition.mount_points.get_or_insert_default();
            definition.depends_on.get_or_insert_default();
            definition.volumes_from = Some(Vec::new());
            definition.system_controls = Some(Vec::<SystemControl>::new());
            definition.environment.get_or_insert_default().reverse();
            definition
        };
        let architecture = CpuArchitecture::from(desired.cpu_architecture.as_str());
        let platform = RuntimePlatform::builder()
            .cpu_architecture(architecture)
            .operating_system_family(OsFamily::Linux)
            .build();
        Sdk::builder()
            .task_definition_arn("arn:aws:ecs:us-west-2:123456789012:task-definition/shop:1")
            .family(&desired.family)
            .status(TaskDefinitionStatus::Active)
            .cpu(desired.cpu.to_string())
            .memory(desired.memory.to_string())
            .network_mode(NetworkMode::Awsvpc)
            .requires_compatibilities(Compatibility::Fargate)
            .compatibilities(Compatibility::Ec2)
            .runtime_platform(platform)
            .execution_role_arn(desired.execution_role_arn.get())
            .task_role_arn(desired.task_role_arn.get())
            .set_container_definitions(Some(desired.containers.iter().map(with_defaults).collect()))
            .set_volumes(Some(desired.volumes.iter().map(volume_to_sdk).collect()))
            .build()
    }

    fn revision(definition: Sdk) -> Option<Revision> {
        let tag = ecs_object::to_sdk(&map(&[("team", "b"), ("aws:x", "y")]));
        let answer = DescribeTaskDefinitionOutput::builder()
            .task_definition(definition)
            .set_tags(Some(tag))
            .build();
        Revision::from_sdk(&answer).unwrap()
    }

    #[test]
    fn containers_come_back_as_they_were_written() {
        for container in [container("a"), bare("b")] {
            assert_eq!(container_from_sdk(&container_to_sdk(&container)), container);
        }
    }

    #[test]
    fn what_aws_adds_is_left_out() {
        let revision = revision(answered(&desired())).unwrap();
        let expected = TaskDefinition {
            containers: vec![bare("sidecar"), container("worker")],
            tags: map(&[("team", "b")]),
            ..desired()
        };
        assert_eq!(revision.observed.component, expected);
        assert_eq!(revision.observed.tags, map(&[("team", "b")]));
        assert_eq!(revision.observed.outputs["family"], "shop");
        assert!(revision.is(&desired()));
    }

    #[test]
    fn an_inactive_revision_is_gone() {
        let mut definition = answered(&desired());
        definition.status = Some(TaskDefinitionStatus::Inactive);
        assert!(revision(definition).is_none());
    }

    #[test]
    fn another_value_is_another_revision() {
        let revision = revision(answered(&desired())).unwrap();
        let mut other = desired();
        other.containers[0].environment = map(&[("A", "1")]).into();
        assert!(!revision.is(&other));
        assert!(!revision.is(&TaskDefinition {
            cpu: 512,
            ..desired()
        }));
    }

    #[test]
    fn what_we_cannot_say_is_not_ours() {
        let changes: [fn(&mut Sdk); 6] = [
            |sdk| sdk.network_mode = Some(NetworkMode::Bridge),
            |sdk| sdk.requires_compatibilities = Some(vec![Compatibility::Ec2]),
            |sdk| sdk.enable_fault_injection = Some(true),
            |sdk| first(sdk).privileged = Some(true),
            |sdk| {
                let limit = Ulimit::builder().name(UlimitName::Nofile);
                first(sdk).ulimits = Some(vec![limit.soft_limit(1).hard_limit(1).build().unwrap()]);
            },
            |sdk| {
                let host = HostVolumeProperties::builder().source_path("/").build();
                sdk.volumes = Some(vec![Volume::builder().name("x").host(host).build()]);
            },
        ];
        for (index, change) in changes.into_iter().enumerate() {
            let mut definition = answered(&desired());
            change(&mut definition);
            assert!(
                !revision(definition).unwrap().is(&desired()),
                "change {index}"
            );
        }
    }

    fn first(definition: &mut Sdk) -> &mut ContainerDefinition {
        &mut definition.container_definitions.as_mut().unwrap()[0]
    }

    #[test]
    fn another_log_driver_reads_as_no_group() {
        let splunk = LogConfiguration::builder()
            .log_driver(LogDriver::Splunk)
            .options(LOG_GROUP, "g");
        assert_eq!(aws_logs(&splunk.build().unwrap()), no_logs());
    }

    #[test]
    fn families_begin_with_the_resource() {
        let of = OwnTags {
            project: "acme".to_owned(),
            environment: "stage".to_owned(),
            owner: "x".to_owned(),
            id: "service/stage/shop/worker".to_owned(),
            component: "task_definition".to_owned(),
        };
        assert_eq!(family_prefix(&of), "acme-stage-shop-worker");
    }
}
