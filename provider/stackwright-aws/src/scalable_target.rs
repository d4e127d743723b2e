//! Scalable targets of Application Auto Scaling, for the number of tasks of ECS services.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTarget as Sdk, ServiceNamespace, SuspendedState,
};
use stackwright_plan::component::ScalableTarget;
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::settle::{self, id};
use crate::{Aws, AwsError};

const REGISTER: Op = Op::new("application-autoscaling", "RegisterScalableTarget");
const DESCRIBE: Op = Op::new("application-autoscaling", "DescribeScalableTargets");
const DEREGISTER: Op = Op::new("application-autoscaling", "DeregisterScalableTarget");

/// The only thing of a service that can be scaled.
pub(crate) const DIMENSION: ScalableDimension = ScalableDimension::EcsServiceDesiredCount;
pub(crate) const NAMESPACE: ServiceNamespace = ServiceNamespace::Ecs;
/// What AWS says of a target or policy that there is not.
pub(crate) const NOT_FOUND: &[&str] = &["ObjectNotFoundException"];

/// `service/<cluster>/<service>` of an ARN of an ECS service; anything else stays as it is.
pub(crate) fn resource_id(name: &str) -> &str {
    let start = name.find("service/").unwrap_or_default();
    if name.starts_with("arn:") {
        &name[start..]
    } else {
        name
    }
}

#[async_trait]
impl Adapter for ScalableTarget {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        match id(recorded) {
            Some(id) => read(aws, id, freshness).await,
            None => Ok(None),
        }
    }

    /// `Named` takes a resource id or the ARN of the service.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let id = match lookup {
            Lookup::Desired(desired, _) => desired.resource_id.get(),
            Lookup::Named(name) => resource_id(name),
            // Known through its service alone.
            Lookup::Owned(_) => return Ok(Vec::new()),
        };
        let found = read(aws, id, Freshness::Fresh).await?;
        Ok(found.into_iter().collect())
    }

    fn foretold(&self) -> Option<Recorded> {
        Some(settle::outputs(self.resource_id.get()))
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let arn = register(self, aws).await?;
        Ok(Created {
            outputs: outputs(self.resource_id.get(), &arn),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        _changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        register(self, aws).await?;
        Ok(observed.outputs.clone())
    }

    /// AWS deletes its policies with it.
    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        forget(aws, id);
        let request = aws
            .appautoscaling()
            .deregister_scalable_target()
            .service_namespace(NAMESPACE)
            .scalable_dimension(DIMENSION)
            .resource_id(id);
        let deleted = aws.call(DEREGISTER, request.send()).await;
        forget(aws, id);
        match deleted {
            Err(error) if error.is_code(NOT_FOUND) => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

fn forget(aws: &Aws, id: &str) {
    let key = id.to_owned();
    aws.loaders.scalable_targets.forget(&key);
    aws.loaders.scaling_policies.forget(&key);
}

async fn read(
    aws: &Aws,
    id: &str,
    freshness: Freshness,
) -> Result<Option<Observed<ScalableTarget>>, AwsError> {
    let targets = &aws.loaders.scalable_targets;
    let found = targets.get(aws, &id.to_owned(), freshness).await?;
    Ok(found.map(|target| observe(id, &target)))
}

/// Scalable targets by resource id.
#[derive(Debug)]
pub(crate) struct ScalableTargets;

#[async_trait]
impl Source for ScalableTargets {
    type Key = String;
    type Item = Sdk;
    const BATCH: usize = 50;
    const LISTS: bool = true;

    async fn keyed(aws: &Aws, keys: &[String]) -> Result<HashMap<String, Sdk>, AwsError> {
        describe(aws, Some(keys.to_vec())).await
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, Sdk>>, AwsError> {
        describe(aws, None).await.map(Some)
    }
}

async fn describe(aws: &Aws, ids: Option<Vec<String>>) -> Result<HashMap<String, Sdk>, AwsError> {
    let stream = aws
        .appautoscaling()
        .describe_scalable_targets()
        .service_namespace(NAMESPACE)
        .scalable_dimension(DIMENSION)
        .set_resource_ids(ids)
        .into_paginator()
        .send();
    let pages = aws.pages(DESCRIBE, stream).await?;
    let targets = pages
        .into_iter()
        .flat_map(|page| page.scalable_targets.unwrap_or_default());
    Ok(targets
        .map(|target| (target.resource_id.clone(), target))
        .collect())
}

fn observe(id: &str, target: &Sdk) -> Observed<ScalableTarget> {
    let component = ScalableTarget {
        resource_id: id.into(),
        min_capacity: target.min_capacity(),
        max_capacity: target.max_capacity(),
        suspended: suspended(target.suspended_state()),
    };
    Observed {
        component,
        outputs: outputs(id, target.scalable_target_arn().unwrap_or_default()),
        tags: [].into(),
    }
}

fn suspended(state: Option<&SuspendedState>) -> Vec<String> {
    let Some(state) = state else {
        return Vec::new();
    };
    let all = [
        ("dynamic_scaling_in", state.dynamic_scaling_in_suspended()),
        ("dynamic_scaling_out", state.dynamic_scaling_out_suspended()),
        ("scheduled_scaling", state.scheduled_scaling_suspended()),
    ];
    let is_suspended = all
        .into_iter()
        .filter(|(_, suspended)| *suspended == Some(true));
    is_suspended.map(|(name, _)| name.to_owned()).collect()
}

fn outputs(id: &str, arn: &str) -> Recorded {
    [("id", id), ("arn", arn)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

async fn register(desired: &ScalableTarget, aws: &Aws) -> Result<String, AwsError> {
    let id = desired.resource_id.get();
    let is = |name: &str| desired.suspended.iter().any(|one| one == name);
    let state = SuspendedState::builder()
        .dynamic_scaling_in_suspended(is("dynamic_scaling_in"))
        .dynamic_scaling_out_suspended(is("dynamic_scaling_out"))
        .scheduled_scaling_suspended(is("scheduled_scaling"));
    forget(aws, id);
    let request = aws
        .appautoscaling()
        .register_scalable_target()
        .service_namespace(NAMESPACE)
        .scalable_dimension(DIMENSION)
        .resource_id(id)
        .min_capacity(desired.min_capacity)
        .max_capacity(desired.max_capacity)
        .suspended_state(state.build());
    let answer = aws.call(REGISTER, request.send()).await;
    forget(aws, id);
    Ok(answer?.scalable_target_arn.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_id_stands_in_the_arn() {
        let arn = "arn:aws:ecs:us-west-2:123456789012:service/main/shop";
        assert_eq!(resource_id(arn), "service/main/shop");
        assert_eq!(resource_id("service/main/shop"), "service/main/shop");
    }
}
