//! Target tracking policies of Application Auto Scaling, for ECS services.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalingPolicy as Sdk,
    TargetTrackingScalingPolicyConfiguration as Tracking,
};
use stackwright_plan::In;
use stackwright_plan::component::ScalingPolicy;
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::scalable_target::{DIMENSION, NAMESPACE, NOT_FOUND, resource_id};
use crate::settle::{self, id};
use crate::{Aws, AwsError, propagation};

const PUT: Op = Op::new("application-autoscaling", "PutScalingPolicy");
const DESCRIBE: Op = Op::new("application-autoscaling", "DescribeScalingPolicies");
const DELETE: Op = Op::new("application-autoscaling", "DeleteScalingPolicy");

#[async_trait]
impl Adapter for ScalingPolicy {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some((resource, name)) = id(recorded).and_then(|id| id.split_once('|')) else {
            return Ok(None);
        };
        let policies = of_target(aws, resource, freshness).await?;
        let found = policies.iter().find(|policy| policy.policy_name() == name);
        Ok(found.map(observe))
    }

    /// `Named` takes the resource id of a target, or the ARN of its service: all of its policies.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let (resource, name) = match lookup {
            Lookup::Desired(desired, _) => (
                desired.resource_id.get().as_str(),
                Some(&desired.policy_name),
            ),
            Lookup::Named(name) => (resource_id(name), None),
            // Known through its service alone.
            Lookup::Owned(_) => return Ok(Vec::new()),
        };
        let policies = of_target(aws, resource, Freshness::Fresh).await?;
        let wanted = |policy: &&Sdk| name.is_none_or(|name| policy.policy_name() == name);
        Ok(policies.iter().filter(wanted).map(observe).collect())
    }

    fn foretold(&self) -> Option<Recorded> {
        let id = format!("{}|{}", self.resource_id.get(), self.policy_name);
        Some(settle::outputs(&id))
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let arn = put(self, aws).await?;
        Ok(Created {
            outputs: outputs(self.resource_id.get(), &self.policy_name, &arn),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        _changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        put(self, aws).await?;
        Ok(observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some((resource, name)) = id(recorded).and_then(|id| id.split_once('|')) else {
            return Ok(());
        };
        let key = resource.to_owned();
        aws.loaders.scaling_policies.forget(&key);
        let request = aws
            .appautoscaling()
            .delete_scaling_policy()
            .service_namespace(NAMESPACE)
            .scalable_dimension(DIMENSION)
            .resource_id(resource)
            .policy_name(name);
        let deleted = aws.call(DELETE, request.send()).await;
        aws.loaders.scaling_policies.forget(&key);
        match deleted {
            Err(error) if error.is_code(NOT_FOUND) => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// The policies of scalable targets, by resource id. AWS answers ten in a page, so a list is cheaper
/// than one call for each target.
#[derive(Debug)]
pub(crate) struct ScalingPolicies;

#[async_trait]
impl Source for ScalingPolicies {
    type Key = String;
    type Item = Vec<Sdk>;
    const BATCH: usize = 1;
    const LISTS: bool = true;
    const LIST_AFTER: usize = 5;

    async fn keyed(aws: &Aws, keys: &[String]) -> Result<HashMap<String, Vec<Sdk>>, AwsError> {
        let mut found = HashMap::new();
        for key in keys {
            found.insert(key.clone(), describe(aws, Some(key)).await?);
        }
        Ok(found)
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, Vec<Sdk>>>, AwsError> {
        let mut found: HashMap<String, Vec<Sdk>> = HashMap::new();
        for policy in describe(aws, None).await? {
            found
                .entry(policy.resource_id.clone())
                .or_default()
                .push(policy);
        }
        Ok(Some(found))
    }
}

async fn describe(aws: &Aws, resource: Option<&String>) -> Result<Vec<Sdk>, AwsError> {
    let stream = aws
        .appautoscaling()
        .describe_scaling_policies()
        .service_namespace(NAMESPACE)
        .scalable_dimension(DIMENSION)
        .set_resource_id(resource.cloned())
        .into_paginator()
        .send();
    let pages = aws.pages(DESCRIBE, stream).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.scaling_policies.unwrap_or_default())
        .collect())
}

async fn of_target(aws: &Aws, resource: &str, freshness: Freshness) -> Result<Vec<Sdk>, AwsError> {
    let policies = &aws.loaders.scaling_policies;
    let found = policies.get(aws, &resource.to_owned(), freshness).await?;
    Ok(found.unwrap_or_default())
}

fn observe(policy: &Sdk) -> Observed<ScalingPolicy> {
    let tracking = policy.target_tracking_scaling_policy_configuration();
    let metric = tracking.and_then(Tracking::predefined_metric_specification);
    let label = metric.and_then(PredefinedMetricSpecification::resource_label);
    let parts = label.and_then(|label| label.split_once("/targetgroup/"));
    let seconds = |seconds: Option<i32>| seconds.unwrap_or(DEFAULT_COOLDOWN);
    let component = ScalingPolicy {
        resource_id: policy.resource_id().into(),
        policy_name: policy.policy_name().to_owned(),
        metric: metric
            .map(|metric| metric.predefined_metric_type().as_str())
            .unwrap_or_default()
            .to_owned(),
        load_balancer: parts.map(|(balancer, _)| balancer.into()),
        target_group: parts.map(|(_, group)| In::Known(format!("targetgroup/{group}"))),
        target_value: tracking.map(Tracking::target_value).unwrap_or_default(),
        scale_in_cooldown: seconds(tracking.and_then(Tracking::scale_in_cooldown)),
        scale_out_cooldown: seconds(tracking.and_then(Tracking::scale_out_cooldown)),
        disable_scale_in: tracking
            .and_then(Tracking::disable_scale_in)
            .unwrap_or(false),
    };
    let arn = policy.policy_arn();
    Observed {
        outputs: outputs(policy.resource_id(), policy.policy_name(), arn),
        component,
        tags: [].into(),
    }
}

/// What AWS takes for ECS services when nothing is said.
/// Source: <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html>
const DEFAULT_COOLDOWN: i32 = 300;

fn outputs(resource: &str, name: &str, arn: &str) -> Recorded {
    let id = format!("{resource}|{name}");
    [("id", id.as_str()), ("name", name), ("arn", arn)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

async fn put(desired: &ScalingPolicy, aws: &Aws) -> Result<String, AwsError> {
    let resource = desired.resource_id.get();
    aws.loaders.scaling_policies.forget(resource);
    let request = aws
        .appautoscaling()
        .put_scaling_policy()
        .service_namespace(NAMESPACE)
        .scalable_dimension(DIMENSION)
        .resource_id(resource)
        .policy_name(&desired.policy_name)
        .policy_type(PolicyType::TargetTrackingScaling)
        .target_tracking_scaling_policy_configuration(tracking(desired));
    let answer = propagation::outlast(
        propagation::ROLE,
        propagation::scaling_not_ready,
        || async { aws.call(PUT, request.clone().send()).await },
    );
    let answer = answer.await;
    aws.loaders.scaling_policies.forget(resource);
    Ok(answer?.policy_arn)
}

fn tracking(desired: &ScalingPolicy) -> Tracking {
    let label = desired
        .load_balancer
        .as_ref()
        .zip(desired.target_group.as_ref());
    let label = label.map(|(balancer, group)| format!("{}/{}", balancer.get(), group.get()));
    let metric = PredefinedMetricSpecification::builder()
        .predefined_metric_type(MetricType::from(desired.metric.as_str()))
        .set_resource_label(label)
        .build()
        .expect("the required field is set");
    Tracking::builder()
        .target_value(desired.target_value)
        .predefined_metric_specification(metric)
        .scale_in_cooldown(desired.scale_in_cooldown)
        .scale_out_cooldown(desired.scale_out_cooldown)
        .disable_scale_in(desired.disable_scale_in)
        .build()
        .expect("the required field is set")
}
