//! ECS clusters. A cluster that is `INACTIVE` or being deleted counts as gone.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ecs::operation::create_cluster::builders::CreateClusterFluentBuilder;
use aws_sdk_ecs::types::{
    CapacityProviderStrategyItem, Cluster as Sdk, ClusterConfiguration, ClusterField,
    ClusterSetting, ClusterSettingName, ExecuteCommandConfiguration, ExecuteCommandLogging,
};
use stackwright_plan::component::{CapacityShare, EcsCluster};
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, User, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::propagation::{self, ecs_not_ready, outlast};
use crate::tag_changes::{same_resource, touches};
use crate::{Aws, AwsError, ecs_object, users};

const CREATE: Op = Op::new("ecs", "CreateCluster");
const DESCRIBE: Op = Op::new("ecs", "DescribeClusters");
const LIST: Op = Op::new("ecs", "ListClusters");
const UPDATE: Op = Op::new("ecs", "UpdateCluster");
const PUT_PROVIDERS: Op = Op::new("ecs", "PutClusterCapacityProviders");
const DELETE: Op = Op::new("ecs", "DeleteCluster");

/// Pause between looks at a cluster that changes.
const PAUSE: Duration = Duration::from_secs(2);

#[async_trait]
impl Adapter for EcsCluster {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(arn) = recorded.get("arn") else {
            return Ok(None);
        };
        let found = aws.loaders.ecs_clusters.get(aws, arn, freshness).await?;
        found.as_ref().map(observe).transpose()
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let name = match lookup {
            Lookup::Desired(desired, _) => &desired.cluster_name,
            Lookup::Named(name) => name,
            Lookup::Owned(tags) => {
                let all = all(aws).await?;
                let ours = all
                    .into_iter()
                    .filter(|found| same_resource(&found.tags, tags));
                return Ok(ours.collect());
            }
        };
        let found = aws
            .loaders
            .ecs_clusters
            .get(aws, &name.to_owned(), Freshness::Fresh)
            .await?;
        found.iter().map(observe).collect()
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let attempt = || aws.call(CREATE, creation(self, aws).send());
        let answer = outlast(propagation::ROLE, ecs_not_ready, attempt).await?;
        let cluster = answer.cluster().ok_or(CREATE.lacks("cluster"))?;
        let arn = cluster.cluster_arn().ok_or(CREATE.lacks("clusterArn"))?;
        aws.loaders.ecs_clusters.forget(&arn.to_owned());
        Ok(Created {
            outputs: outputs(arn, &self.cluster_name),
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
            .ok_or(DESCRIBE.lacks("clusterArn"))?;
        aws.loaders.ecs_clusters.forget(arn);
        let written = write(self, aws, arn, changed).await;
        aws.loaders.ecs_clusters.forget(arn);
        written.map(|()| observed.outputs.clone())
    }

    /// ECS refuses while services drain and tasks stop: that is waited for.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(arn) = recorded.get("arn") else {
            return Ok(());
        };
        aws.loaders.ecs_clusters.forget(arn);
        let deleted = delete(aws, arn, wait).await;
        aws.loaders.ecs_clusters.forget(arn);
        deleted
    }

    async fn users(aws: &Aws, recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        match recorded.get("arn") {
            Some(arn) => users::of_cluster(aws, arn).await,
            None => Ok(Vec::new()),
        }
    }

    /// Waits until capacity providers are attached.
    async fn settle(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(arn) = recorded.get("arn") else {
            return Ok(());
        };
        let what = format!("ECS cluster {} to become ACTIVE", self.cluster_name);
        loop {
            let found = aws
                .loaders
                .ecs_clusters
                .get(aws, arn, Freshness::Fresh)
                .await?;
            match found.as_ref().and_then(Sdk::status) {
                Some("ACTIVE") => return Ok(()),
                Some("FAILED") => return Err(failed(&self.cluster_name)),
                _ => wait.pause(PAUSE, &what).await?,
            }
        }
    }
}

/// Clusters by ARN or name, without those that are gone.
#[derive(Debug)]
pub(crate) struct EcsClusters;

#[async_trait]
impl Source for EcsClusters {
    type Key = String;
    type Item = Sdk;
    const BATCH: usize = 100;

    async fn keyed(aws: &Aws, keys: &[String]) -> Result<HashMap<String, Sdk>, AwsError> {
        let request = aws
            .ecs()
            .describe_clusters()
            .set_clusters(Some(keys.to_vec()))
            .include(ClusterField::Settings)
            .include(ClusterField::Configurations)
            .include(ClusterField::Tags);
        let answer = aws.call(DESCRIBE, request.send()).await?;
        ecs_object::only_missing(DESCRIBE, answer.failures())?;
        let living = answer.clusters().iter().filter(|cluster| !is_gone(cluster));
        let by_key = |cluster: &Sdk| {
            let is = |key: &&String| {
                cluster.cluster_arn() == Some(key.as_str())
                    || cluster.cluster_name() == Some(key.as_str())
            };
            keys.iter()
                .filter(is)
                .map(|key| (key.clone(), cluster.clone()))
                .collect::<Vec<_>>()
        };
        Ok(living.flat_map(by_key).collect())
    }
}

fn is_gone(cluster: &Sdk) -> bool {
    matches!(cluster.status(), Some("INACTIVE" | "DEPROVISIONING"))
}

/// Every cluster of the account and region.
async fn all(aws: &Aws) -> Result<Vec<Observed<EcsCluster>>, AwsError> {
    let arns = arns(aws).await?;
    let mut found = Vec::new();
    for batch in arns.chunks(EcsClusters::BATCH) {
        let clusters = EcsClusters::keyed(aws, batch).await?;
        for cluster in clusters.values() {
            found.push(observe(cluster)?);
        }
    }
    Ok(found)
}

/// ARNs of all clusters.
pub(crate) async fn arns(aws: &Aws) -> Result<Vec<String>, AwsError> {
    let pages = aws
        .pages(LIST, aws.ecs().list_clusters().into_paginator().send())
        .await?;
    Ok(pages
        .iter()
        .flat_map(|page| page.cluster_arns().to_vec())
        .collect())
}

fn creation(desired: &EcsCluster, aws: &Aws) -> CreateClusterFluentBuilder {
    aws.ecs()
        .create_cluster()
        .cluster_name(&desired.cluster_name)
        .settings(insights(desired))
        .configuration(configuration(desired))
        .set_capacity_providers(Some(desired.capacity_providers.clone()))
        .set_default_capacity_provider_strategy(Some(strategy_to_sdk(
            &desired.default_capacity_provider_strategy,
        )))
        .set_tags(Some(ecs_object::to_sdk(&desired.tags)))
}

async fn write(
    desired: &EcsCluster,
    aws: &Aws,
    arn: &str,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    if touches(changed, &["container_insights", "exec_logging"]) {
        let request = aws
            .ecs()
            .update_cluster()
            .cluster(arn)
            .settings(insights(desired));
        aws.call(UPDATE, request.configuration(configuration(desired)).send())
            .await?;
    }
    if touches(
        changed,
        &["capacity_providers", "default_capacity_provider_strategy"],
    ) {
        // An earlier change of the same may still be under way.
        let passes = |error: &AwsError| error.is_code(&["UpdateInProgressException"]);
        outlast(propagation::ROLE, passes, || {
            put_providers(desired, aws, arn)
        })
        .await?;
    }
    ecs_object::change(aws, arn, changed).await
}

async fn put_providers(desired: &EcsCluster, aws: &Aws, arn: &str) -> Result<(), AwsError> {
    let strategy = strategy_to_sdk(&desired.default_capacity_provider_strategy);
    let request = aws
        .ecs()
        .put_cluster_capacity_providers()
        .cluster(arn)
        .set_capacity_providers(Some(desired.capacity_providers.clone()))
        .set_default_capacity_provider_strategy(Some(strategy));
    aws.call(PUT_PROVIDERS, request.send()).await.map(drop)
}

async fn delete(aws: &Aws, arn: &str, wait: &Wait) -> Result<(), AwsError> {
    const BUSY: &[&str] = &[
        "ClusterContainsServicesException",
        "ClusterContainsTasksException",
        "UpdateInProgressException",
    ];
    loop {
        let found = aws
            .loaders
            .ecs_clusters
            .get(aws, &arn.to_owned(), Freshness::Fresh)
            .await?;
        if found.is_none() {
            return Ok(());
        }
        match aws
            .call(DELETE, aws.ecs().delete_cluster().cluster(arn).send())
            .await
        {
            Ok(_) => {}
            Err(error) if error.is_code(&["ClusterNotFoundException"]) => return Ok(()),
            Err(error) if error.is_code(BUSY) => {
                wait.pause(PAUSE, &format!("ECS cluster {arn} to be deleted: {error}"))
                    .await?;
            }
            Err(error) => return Err(error),
        }
    }
}

fn observe(cluster: &Sdk) -> Result<Observed<EcsCluster>, AwsError> {
    let arn = cluster.cluster_arn().ok_or(DESCRIBE.lacks("clusterArn"))?;
    let name = cluster
        .cluster_name()
        .ok_or(DESCRIBE.lacks("clusterName"))?;
    let tags = ecs_object::from_sdk(cluster.tags());
    let component = EcsCluster {
        cluster_name: name.to_owned(),
        container_insights: observed_insights(cluster),
        exec_logging: observed_exec_logging(cluster),
        capacity_providers: sorted(cluster.capacity_providers().to_vec()),
        default_capacity_provider_strategy: strategy_from_sdk(
            cluster.default_capacity_provider_strategy(),
        ),
        tags: tags.clone(),
    };
    Ok(Observed {
        component,
        outputs: outputs(arn, name),
        tags,
    })
}

fn outputs(arn: &str, name: &str) -> Recorded {
    [("arn", arn), ("name", name)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

fn insights(desired: &EcsCluster) -> ClusterSetting {
    let setting = ClusterSetting::builder().name(ClusterSettingName::ContainerInsights);
    setting.value(&desired.container_insights).build()
}

fn observed_insights(cluster: &Sdk) -> String {
    let is_insights =
        |setting: &&ClusterSetting| setting.name() == Some(&ClusterSettingName::ContainerInsights);
    let value = cluster
        .settings()
        .iter()
        .find(is_insights)
        .and_then(ClusterSetting::value);
    value.unwrap_or("disabled").to_owned()
}

fn configuration(desired: &EcsCluster) -> ClusterConfiguration {
    let logging = ExecuteCommandLogging::from(desired.exec_logging.as_str());
    let exec = ExecuteCommandConfiguration::builder()
        .logging(logging)
        .build();
    ClusterConfiguration::builder()
        .execute_command_configuration(exec)
        .build()
}

/// `DEFAULT` is what a cluster does that says nothing.
fn observed_exec_logging(cluster: &Sdk) -> String {
    let configuration = cluster
        .configuration()
        .and_then(ClusterConfiguration::execute_command_configuration);
    let logging = configuration.and_then(ExecuteCommandConfiguration::logging);
    logging
        .unwrap_or(&ExecuteCommandLogging::Default)
        .as_str()
        .to_owned()
}

fn failed(name: &str) -> AwsError {
    AwsError::Failed {
        service: DESCRIBE.service,
        operation: PUT_PROVIDERS.name.to_owned(),
        code: "FAILED".to_owned(),
        message: format!("ECS could not set up the capacity providers of cluster {name}"),
    }
}

/// A strategy as the SDK wants it.
pub(crate) fn strategy_to_sdk(shares: &[CapacityShare]) -> Vec<CapacityProviderStrategyItem> {
    let item = |share: &CapacityShare| {
        CapacityProviderStrategyItem::builder()
            .capacity_provider(&share.capacity_provider)
            .weight(share.weight)
            .base(share.base)
            .build()
            .expect("the required field is set")
    };
    shares.iter().map(item).collect()
}

/// A strategy, sorted.
pub(crate) fn strategy_from_sdk(items: &[CapacityProviderStrategyItem]) -> Vec<CapacityShare> {
    let share = |item: &CapacityProviderStrategyItem| CapacityShare {
        capacity_provider: item.capacity_provider.clone(),
        weight: item.weight,
        base: item.base,
    };
    sorted(items.iter().map(share).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn bare() -> aws_sdk_ecs::types::builders::ClusterBuilder {
        Sdk::builder()
            .cluster_arn("arn:aws:ecs:us-west-2:123456789012:cluster/main")
            .cluster_name("main")
    }

    fn share(name: &str, weight: i32) -> CapacityShare {
        CapacityShare {
            capacity_provider: name.to_owned(),
            weight,
            base: 0,
        }
    }

    #[test]
    fn a_cluster_that_says_nothing_reads_as_its_defaults() {
        let observed = observe(&bare().build()).unwrap();
        assert_eq!(observed.component.container_insights, "disabled");
        assert_eq!(observed.component.exec_logging, "DEFAULT");
        assert_eq!(observed.outputs["name"], "main");
        assert_eq!(
            observed.outputs["arn"],
            "arn:aws:ecs:us-west-2:123456789012:cluster/main"
        );
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let shares = vec![share("FARGATE", 1), share("FARGATE_SPOT", 4)];
        let desired = EcsCluster {
            cluster_name: "main".to_owned(),
            container_insights: "enhanced".to_owned(),
            exec_logging: "NONE".to_owned(),
            capacity_providers: vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()],
            default_capacity_provider_strategy: shares.clone(),
            tags: [("team".to_owned(), "a".to_owned())].into(),
        };
        let cluster = bare()
            .settings(insights(&desired))
            .configuration(configuration(&desired))
            .set_capacity_providers(Some(
                desired.capacity_providers.iter().rev().cloned().collect(),
            ))
            .set_default_capacity_provider_strategy(Some(strategy_to_sdk(&[
                shares[1].clone(),
                shares[0].clone(),
            ])))
            .set_tags(Some(ecs_object::to_sdk(&desired.tags)))
            .build();
        assert_eq!(observe(&cluster).unwrap().component, desired);
    }

    #[test]
    fn deleted_clusters_are_gone() {
        for (status, gone) in [
            ("INACTIVE", true),
            ("DEPROVISIONING", true),
            ("PROVISIONING", false),
            ("ACTIVE", false),
            ("FAILED", false),
        ] {
            assert_eq!(is_gone(&bare().status(status).build()), gone, "{status}");
        }
    }
}
