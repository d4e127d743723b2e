//! Autoscaling: the scalable target and its policies.

use tfplugin_types::Cfg;

use super::inputs::{Inputs, POLICY, SERVICE, TARGET, ecs_name};
use super::schema::ScaleConfig;
use crate::component::{ScalableTarget, ScalingPolicy};
use crate::{Graph, In};

const CPU: &str = "ECSServiceAverageCPUUtilization";
const MEMORY: &str = "ECSServiceAverageMemoryUtilization";
const REQUESTS: &str = "ALBRequestCountPerTarget";

/// Nothing for a service with a fixed count.
pub(super) fn components(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let scale = match &inputs.view.scale {
        Cfg::Null => return Some(()),
        Cfg::Known(scale) => scale,
        Cfg::Unknown(_) => return None,
    };
    let target = ScalableTarget {
        resource_id: resource_id(inputs),
        min_capacity: whole(&scale.min)?,
        max_capacity: whole(&scale.max)?,
        suspended: Vec::new(),
    };
    graph.add(TARGET, &target).after(SERVICE);
    for (name, metric, value) in [("cpu", CPU, &scale.cpu), ("memory", MEMORY, &scale.memory)] {
        let policy = policy(inputs, scale, name, metric, value)?;
        add(name, policy.as_ref(), graph);
    }
    requests(inputs, scale, graph)
}

fn resource_id(inputs: &Inputs<'_>) -> In<String> {
    let cluster = inputs
        .cluster
        .arn
        .known()
        .and_then(|arn| arn.rsplit_once('/'));
    let service = ecs_name(inputs.scope, inputs.app, inputs.process);
    cluster.map_or(In::Unknown, |(_, cluster)| {
        In::Known(format!("service/{cluster}/{service}"))
    })
}

fn whole(value: &Cfg<i64>) -> Option<i32> {
    Some(i32::try_from(*value.known()?).unwrap_or(i32::MAX))
}

/// `Some(None)`: not wanted.
#[expect(clippy::option_option, reason = "known at all, and wanted")]
fn policy(
    inputs: &Inputs<'_>,
    scale: &ScaleConfig,
    name: &str,
    metric: &str,
    value: &Cfg<i64>,
) -> Option<Option<ScalingPolicy>> {
    if value.is_null() {
        return Some(None);
    }
    Some(Some(ScalingPolicy {
        resource_id: resource_id(inputs),
        policy_name: name.to_owned(),
        metric: metric.to_owned(),
        load_balancer: None,
        target_group: None,
        target_value: f64::from(whole(value)?),
        scale_in_cooldown: whole(&scale.scale_in_cooldown)?,
        scale_out_cooldown: whole(&scale.scale_out_cooldown)?,
        disable_scale_in: false,
    }))
}

/// The target comes first; on a delete the policies go before it.
fn add(name: &str, policy: Option<&ScalingPolicy>, graph: &mut Graph) {
    if let Some(policy) = policy {
        graph
            .add(format!("{POLICY}{name}"), policy)
            .after(TARGET)
            .after(SERVICE);
    }
}

/// One for each router: the largest count that one of them asks for wins.
fn requests(inputs: &Inputs<'_>, scale: &ScaleConfig, graph: &mut Graph) -> Option<()> {
    for (router, config) in &inputs.routers {
        let key = inputs.target_group_key(router);
        let name = key.replacen("target_group", "requests", 1);
        let found = policy(inputs, scale, &name, REQUESTS, &scale.requests)?;
        let labelled = found.map(|policy| ScalingPolicy {
            load_balancer: Some(In::cfg(&config.arn_suffix)),
            target_group: Some(In::From(key.clone().into(), "arn_suffix")),
            ..policy
        });
        add(&name, labelled.as_ref(), graph);
    }
    Some(())
}
