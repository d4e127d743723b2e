//! ECS services on Fargate, and waiting for their deployments.
//!
//! A service that is `DRAINING` or `INACTIVE` counts as gone. Its cluster is read from its ARN
//! (`service/<cluster>/<name>`, the only form that ECS gives since 2021).
//!
//! Changes of `enable_execute_command`, `enable_ecs_managed_tags` and `propagate_tags` reach the tasks
//! that start after them: ECS starts no deployment for these.

mod secrets;
mod watch;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use aws_sdk_ecs::operation::list_services::ListServicesOutput;
use aws_sdk_ecs::types::{
    AssignPublicIp, AvailabilityZoneRebalancing, AwsVpcConfiguration, DeploymentCircuitBreaker,
    DeploymentConfiguration, LoadBalancer, NetworkConfiguration, PropagateTags, Service as Sdk,
    ServiceField,
};
use stackwright_plan::In;
use stackwright_plan::component::{EcsService, LoadBalancerTarget};
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::ecs_cluster::{self, strategy_from_sdk};
use crate::loader::Source;
use crate::propagation::{self, ecs_not_ready, outlast, unknown_cluster};
use crate::tag_changes::same_resource;
use crate::{Aws, AwsError, ecs_object};
pub(crate) use secrets::SecretVersions;
pub(crate) use watch::StartedDeployments;
use watch::Watch;

const CREATE: Op = Op::new("ecs", "CreateService");
const DESCRIBE: Op = Op::new("ecs", "DescribeServices");
const LIST: Op = Op::new("ecs", "ListServices");
const UPDATE: Op = Op::new("ecs", "UpdateService");

#[async_trait]
impl Adapter for EcsService {
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
            .ecs_services
            .get(aws, &ServiceKey::of_arn(arn), freshness)
            .await?;
        match found.as_ref().filter(|service| is_active(service)) {
            Some(service) => observe(service).map(Some),
            None => Ok(None),
        }
    }

    /// `Named` takes an ARN or `<cluster>/<service>`.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let key = match lookup {
            Lookup::Desired(desired, _) => {
                ServiceKey::new(last_part(desired.cluster.get()), &desired.service_name)
            }
            Lookup::Named(arn) if arn.starts_with("arn:") => ServiceKey::of_arn(arn),
            Lookup::Named(name) => {
                let (cluster, service) = name.split_once('/').unwrap_or(("default", name));
                ServiceKey::new(cluster, service)
            }
            Lookup::Owned(tags) => {
                let ours = all(aws)
                    .await?
                    .into_iter()
                    .filter(|found| same_resource(&found.tags, tags));
                return Ok(ours.collect());
            }
        };
        let found = aws
            .loaders
            .ecs_services
            .get(aws, &key, Freshness::Fresh)
            .await?;
        match found.iter().find(|service| is_active(service)) {
            Some(service) => Ok(vec![observe(service)?]),
            None => Ok(Vec::new()),
        }
    }

    async fn create(&self, aws: &Aws, token: &str) -> Result<Created, AwsError> {
        let attempt = async || {
            aws.call(CREATE, write::creation(self, aws, token).send())
                .await
        };
        let attempt = || outlast(propagation::ROLE, ecs_not_ready, &attempt);
        let answer = outlast(propagation::WRITE, unknown_cluster, attempt).await?;
        let service = answer.service().ok_or(CREATE.lacks("service"))?;
        let arn = service.service_arn().ok_or(CREATE.lacks("serviceArn"))?;
        aws.loaders.ecs_services.forget(&ServiceKey::of_arn(arn));
        aws.loaders.deployments.note(arn, service);
        Ok(Created {
            outputs: outputs(arn, &self.service_name),
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
            .ok_or(DESCRIBE.lacks("serviceArn"))?;
        let key = ServiceKey::of_arn(arn);
        aws.loaders.ecs_services.forget(&key);
        let written = write::write(self, aws, arn, changed).await;
        aws.loaders.ecs_services.forget(&key);
        written.map(|()| observed.outputs.clone())
    }

    /// By force, so that running tasks do not stand in the way; returns when the last one has
    /// stopped. A service that drains already (an earlier destroy was killed) is waited for alike.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(arn) = recorded.get("arn") else {
            return Ok(());
        };
        let key = ServiceKey::of_arn(arn);
        aws.loaders.ecs_services.forget(&key);
        let deleted = write::delete(aws, &key, wait).await;
        aws.loaders.ecs_services.forget(&key);
        aws.loaders.deployments.drop_of(arn);
        deleted
    }

    /// Waits until the deployment that the last write started is `COMPLETED` with the tasks that were
    /// asked for. Without a write of this process: the deployment of the desired revision.
    async fn settle(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(arn) = recorded.get("arn") else {
            return Ok(());
        };
        let watch = Watch::new(self, aws, arn);
        if watch.written.is_none() && watch.has_failed().await? {
            begin_again(aws, arn).await?;
        }
        Watch::new(self, aws, arn).until_settled(wait).await
    }
}

/// A deployment of an earlier run has failed, and nothing of the service is to be written: its cause
/// was mended elsewhere (the image was pushed, the secret was made), so ECS is asked to try again.
async fn begin_again(aws: &Aws, arn: &str) -> Result<(), AwsError> {
    let key = ServiceKey::of_arn(arn);
    let request = aws
        .ecs()
        .update_service()
        .cluster(&key.cluster)
        .service(&key.service);
    let request = request.force_new_deployment(true);
    let answer = aws.call(UPDATE, request.send()).await?;
    let service = answer.service().ok_or(UPDATE.lacks("service"))?;
    aws.loaders.deployments.note(arn, service);
    Ok(())
}

/// Where a service is: the name of its cluster, and its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ServiceKey {
    cluster: String,
    service: String,
}

impl ServiceKey {
    fn new(cluster: &str, service: &str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
        }
    }

    /// `arn:aws:ecs:us-west-2:123456789012:service/main/shop`.
    fn of_arn(arn: &str) -> Self {
        let path = arn.split_once(":service/").map_or(arn, |(_, path)| path);
        let (cluster, service) = path.split_once('/').unwrap_or(("default", path));
        Self::new(cluster, service)
    }
}

fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Services; those of one cluster go out together. ECS lists ARNs, which must be described in tens all the
/// same, but one by one they seldom come at the same moment: after ten, their clusters are read whole.
#[derive(Debug)]
pub(crate) struct EcsServices;

#[async_trait]
impl Source for EcsServices {
    type Key = ServiceKey;
    type Item = Sdk;
    const BATCH: usize = 10;
    const LISTS: bool = true;
    const LIST_AFTER: usize = 10;

    async fn keyed(aws: &Aws, keys: &[ServiceKey]) -> Result<HashMap<ServiceKey, Sdk>, AwsError> {
        let mut by_cluster: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for key in keys {
            by_cluster
                .entry(&key.cluster)
                .or_default()
                .push(key.service.clone());
        }
        let calls = by_cluster
            .into_iter()
            .map(|(cluster, names)| describe(aws, cluster, names));
        let found = futures_util::future::try_join_all(calls).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The services of every cluster that was asked about.
    async fn list(
        aws: &Aws,
        asked: &[Self::Key],
    ) -> Result<Option<HashMap<ServiceKey, Sdk>>, AwsError> {
        let clusters: BTreeSet<&str> = asked.iter().map(|key| key.cluster.as_str()).collect();
        let whole = clusters.into_iter().map(|cluster| of_cluster(aws, cluster));
        let found = futures_util::future::try_join_all(whole).await?;
        Ok(Some(found.into_iter().flatten().collect()))
    }
}

/// All services of a cluster. One that is not there has none.
pub(crate) async fn of_cluster(
    aws: &Aws,
    cluster: &str,
) -> Result<HashMap<ServiceKey, Sdk>, AwsError> {
    let stream = aws
        .ecs()
        .list_services()
        .cluster(cluster)
        .max_results(100)
        .into_paginator()
        .send();
    let pages = match aws.pages(LIST, stream).await {
        Err(error) if error.is_code(&["ClusterNotFoundException"]) => return Ok(HashMap::new()),
        pages => pages?,
    };
    let names: Vec<String> = pages
        .iter()
        .flat_map(ListServicesOutput::service_arns)
        .map(|arn| last_part(arn).to_owned())
        .collect();
    let batches = names
        .chunks(EcsServices::BATCH)
        .map(|names| describe(aws, last_part(cluster), names.to_vec()));
    let found = futures_util::future::try_join_all(batches).await?;
    Ok(found.into_iter().flatten().collect())
}

/// At most ten services of one cluster. A cluster that is not there has none.
async fn describe(
    aws: &Aws,
    cluster: &str,
    names: Vec<String>,
) -> Result<HashMap<ServiceKey, Sdk>, AwsError> {
    let request = aws
        .ecs()
        .describe_services()
        .cluster(cluster)
        .set_services(Some(names.clone()));
    let answer = match aws
        .call(DESCRIBE, request.include(ServiceField::Tags).send())
        .await
    {
        Err(error) if error.is_code(&["ClusterNotFoundException"]) => return Ok(HashMap::new()),
        answer => answer?,
    };
    ecs_object::only_missing(DESCRIBE, answer.failures())?;
    let keyed = |service: &Sdk| {
        Some((
            ServiceKey::new(cluster, service.service_name()?),
            service.clone(),
        ))
    };
    Ok(answer.services().iter().filter_map(keyed).collect())
}

fn is_active(service: &Sdk) -> bool {
    service.status() == Some("ACTIVE")
}

/// Every living service of the account and region.
async fn all(aws: &Aws) -> Result<Vec<Observed<EcsService>>, AwsError> {
    let mut found = Vec::new();
    for cluster in ecs_cluster::arns(aws).await? {
        let services = of_cluster(aws, &cluster).await?;
        for service in services.values().filter(|service| is_active(service)) {
            found.push(observe(service)?);
        }
    }
    Ok(found)
}

fn observe(service: &Sdk) -> Result<Observed<EcsService>, AwsError> {
    let arn = service.service_arn().ok_or(DESCRIBE.lacks("serviceArn"))?;
    let name = service
        .service_name()
        .ok_or(DESCRIBE.lacks("serviceName"))?;
    let vpc = service
        .network_configuration()
        .and_then(NetworkConfiguration::awsvpc_configuration);
    let deployment = service.deployment_configuration();
    let breaker = deployment.and_then(DeploymentConfiguration::deployment_circuit_breaker);
    let tags = ecs_object::from_sdk(service.tags());
    let component = EcsService {
        service_name: name.to_owned(),
        cluster: service.cluster_arn().unwrap_or_default().into(),
        task_definition: service.task_definition().unwrap_or_default().into(),
        desired_count: Some(service.desired_count()),
        capacity_provider_strategy: Some(strategy_from_sdk(service.capacity_provider_strategy())),
        subnets: sorted(vpc.map(AwsVpcConfiguration::subnets)).into(),
        security_groups: sorted(vpc.map(AwsVpcConfiguration::security_groups))
            .into_iter()
            .map(In::Known)
            .collect(),
        assign_public_ip: vpc.and_then(AwsVpcConfiguration::assign_public_ip)
            == Some(&AssignPublicIp::Enabled),
        minimum_healthy_percent: deployment
            .and_then(|it| it.minimum_healthy_percent)
            .unwrap_or(100),
        maximum_percent: deployment.and_then(|it| it.maximum_percent).unwrap_or(200),
        circuit_breaker: breaker.is_some_and(DeploymentCircuitBreaker::enable),
        rollback: breaker.is_some_and(DeploymentCircuitBreaker::rollback),
        availability_zone_rebalancing: service.availability_zone_rebalancing()
            == Some(&AvailabilityZoneRebalancing::Enabled),
        enable_execute_command: service.enable_execute_command(),
        enable_ecs_managed_tags: service.enable_ecs_managed_tags(),
        propagate_tags: service
            .propagate_tags()
            .unwrap_or(&PropagateTags::None)
            .as_str()
            .to_owned(),
        health_check_grace_period_seconds: service.health_check_grace_period_seconds(),
        load_balancers: service
            .load_balancers()
            .iter()
            .map(observe_target)
            .collect(),
        service_registries: service
            .service_registries()
            .iter()
            .filter_map(|registry| registry.registry_arn().map(In::from))
            .collect(),
        tags: tags.clone(),
    };
    Ok(Observed {
        component,
        outputs: outputs(arn, name),
        tags,
    })
}

fn observe_target(target: &LoadBalancer) -> LoadBalancerTarget {
    LoadBalancerTarget {
        target_group_arn: target.target_group_arn().unwrap_or_default().into(),
        container_name: target.container_name().unwrap_or_default().to_owned(),
        container_port: target.container_port().unwrap_or_default(),
    }
}

fn sorted(items: Option<&[String]>) -> Vec<String> {
    let mut items = items.unwrap_or_default().to_vec();
    items.sort();
    items
}

fn outputs(arn: &str, name: &str) -> Recorded {
    [("arn", arn), ("name", name)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::watch::Pauses;
    use super::watch::{FIRST_PAUSE, LONGEST_PAUSE};
    use super::write::{
        deployment_configuration, load_balancers, network_configuration, service_registries,
        strategy,
    };
    use stackwright_plan::component::CapacityShare;

    use super::*;

    fn desired() -> EcsService {
        EcsService {
            service_name: "shop".to_owned(),
            cluster: "arn:aws:ecs:us-west-2:123456789012:cluster/main".into(),
            task_definition: "arn:aws:ecs:us-west-2:123456789012:task-definition/shop:3".into(),
            desired_count: Some(2),
            capacity_provider_strategy: Some(vec![CapacityShare {
                capacity_provider: "FARGATE_SPOT".to_owned(),
                weight: 1,
                base: 0,
            }]),
            subnets: vec!["subnet-a".to_owned(), "subnet-b".to_owned()].into(),
            security_groups: vec!["sg-a".into()],
            assign_public_ip: true,
            minimum_healthy_percent: 50,
            maximum_percent: 150,
            circuit_breaker: true,
            rollback: true,
            availability_zone_rebalancing: true,
            enable_execute_command: true,
            enable_ecs_managed_tags: true,
            propagate_tags: "SERVICE".to_owned(),
            health_check_grace_period_seconds: Some(30),
            load_balancers: vec![LoadBalancerTarget {
                target_group_arn: "arn:aws:elasticloadbalancing:x".into(),
                container_name: "web".to_owned(),
                container_port: 80,
            }],
            service_registries: vec!["arn:aws:servicediscovery:x".into()],
            tags: [("team".to_owned(), "a".to_owned())].into(),
        }
    }

    fn answered(desired: &EcsService) -> Sdk {
        let mut network = network_configuration(desired);
        network
            .awsvpc_configuration
            .as_mut()
            .unwrap()
            .subnets
            .reverse();
        Sdk::builder()
            .service_arn("arn:aws:ecs:us-west-2:123456789012:service/main/shop")
            .service_name("shop")
            .cluster_arn(desired.cluster.get())
            .status("ACTIVE")
            .task_definition(desired.task_definition.get())
            .desired_count(2)
            .network_configuration(network)
            .deployment_configuration(deployment_configuration(desired))
            .set_capacity_provider_strategy(strategy(desired))
            .set_load_balancers(Some(load_balancers(desired)))
            .set_service_registries(Some(service_registries(desired)))
            .enable_execute_command(true)
            .enable_ecs_managed_tags(true)
            .availability_zone_rebalancing(AvailabilityZoneRebalancing::Enabled)
            .propagate_tags(PropagateTags::Service)
            .health_check_grace_period_seconds(30)
            .set_tags(Some(ecs_object::to_sdk(&desired.tags)))
            .build()
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let observed = observe(&answered(&desired())).unwrap();
        assert_eq!(observed.component, desired());
        assert_eq!(observed.outputs["name"], "shop");
    }

    #[test]
    fn a_service_that_says_nothing_reads_as_its_defaults() {
        let bare = Sdk::builder()
            .service_arn("arn:x")
            .service_name("shop")
            .build();
        let component = observe(&bare).unwrap().component;
        assert_eq!(
            (component.minimum_healthy_percent, component.maximum_percent),
            (100, 200)
        );
        assert!(!component.circuit_breaker && !component.rollback && !component.assign_public_ip);
        assert_eq!(component.propagate_tags, "NONE");
        assert_eq!(component.health_check_grace_period_seconds, None);
    }

    #[test]
    fn the_cluster_stands_in_the_arn() {
        let key = ServiceKey::of_arn("arn:aws:ecs:us-west-2:123456789012:service/main/shop");
        assert_eq!(key, ServiceKey::new("main", "shop"));
    }

    #[test]
    fn only_active_services_are_there() {
        for (status, active) in [("ACTIVE", true), ("DRAINING", false), ("INACTIVE", false)] {
            assert_eq!(is_active(&Sdk::builder().status(status).build()), active);
        }
    }

    #[test]
    fn pauses_grow_to_four_seconds() {
        let mut pauses = Pauses::default();
        assert_eq!(pauses.next(), FIRST_PAUSE);
        let later = (0..20).map(|_| pauses.next()).last();
        assert_eq!(later, Some(LONGEST_PAUSE));
    }

    #[test]
    fn the_last_write_decides_which_deployment_is_ours() {
        use aws_sdk_ecs::types::Deployment;
        let service = |id: &str| {
            let primary = Deployment::builder().id(id).status("PRIMARY").build();
            Sdk::builder().deployments(primary).build()
        };
        let started = StartedDeployments::default();
        started.note("arn:x", &service("one"));
        started.note("arn:x", &service("two"));
        assert_eq!(started.of("arn:x").unwrap().0.id, "two");
        started.drop_of("arn:x");
        assert!(started.of("arn:x").is_none());
    }
}
