//! The ECS service, and its name in the network.

use std::collections::BTreeMap;

use tfplugin_types::Cfg;

use super::inputs::{GROUP, Inputs, REGISTRY, SECRETS, SERVICE, TASK, ecs_name};
use super::routing;
use super::tasks::{all_secrets, whole};
use crate::cluster::{ClusterRefConfig, strategy};
use crate::component::{CapacityShare, EcsService, ServiceSecrets};
use crate::resource::known_list;
use crate::{Graph, In, Key};

pub(super) fn components(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
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
    let load_balancers = routing::load_balancers(inputs);
    let service = EcsService {
        cluster: In::cfg(&cluster.arn),
        task_definition: In::From(TASK.into(), "arn"),
        desired_count: desired_count(inputs)?,
        capacity_provider_strategy: capacity(cluster)?,
        subnets: known_list(&app_ref.subnet_ids).map_or(In::Unknown, In::Known),
        security_groups: security_groups(inputs),
        assign_public_ip: false,
        minimum_healthy_percent: whole(&deploy.minimum_percent)?,
        maximum_percent: whole(&deploy.maximum_percent)?,
        circuit_breaker: *deploy.circuit_breaker.known()?,
        rollback: *deploy.rollback.known()?,
        availability_zone_rebalancing: whole(&deploy.maximum_percent)? > 100,
        enable_execute_command: *view.exec.known()?,
        enable_ecs_managed_tags: true,
        propagate_tags: "SERVICE".to_owned(),
        health_check_grace_period_seconds: if load_balancers.is_empty() {
            None
        } else {
            Some(whole(&view.health_check.known()?.grace_period)?)
        },
        load_balancers,
        service_registries: registries(graph),
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

/// What the tasks have read of their secrets, when they have any.
pub(super) fn secrets(inputs: &Inputs<'_>, graph: &mut Graph) {
    let secrets = all_secrets(inputs);
    if secrets.as_ref().is_some_and(BTreeMap::is_empty) {
        return;
    }
    let view = ServiceSecrets {
        service_arn: In::From(SERVICE.into(), "arn"),
        secrets: secrets.map_or(In::Unknown, In::Known),
        changed_since_deployment: Vec::new(),
    };
    graph.add(SECRETS, &view);
}

/// Where ECS writes the addresses of the tasks.
fn registries(graph: &Graph) -> Vec<In<String>> {
    let key = Key::from(REGISTRY);
    let named = graph.nodes.contains_key(&key);
    named.then_some(In::From(key, "arn")).into_iter().collect()
}

/// The strategy that a cluster of ours has, so that a plan shows a change of it. `Some(None)`: the cluster is
/// not ours, and ECS takes its default.
#[expect(clippy::option_option, reason = "known at all, and ours")]
fn capacity(cluster: &ClusterRefConfig) -> Option<Option<Vec<CapacityShare>>> {
    match cluster.spot_percent {
        Cfg::Null => Some(None),
        Cfg::Known(percent) => Some(Some(strategy(percent))),
        Cfg::Unknown(_) => None,
    }
}

/// `Some(None)`: autoscaling owns it.
#[expect(clippy::option_option, reason = "known at all, and owned")]
fn desired_count(inputs: &Inputs<'_>) -> Option<Option<i32>> {
    match &inputs.view.scale {
        Cfg::Null => Some(whole(&inputs.view.desired_count)),
        Cfg::Known(_) => Some(None),
        Cfg::Unknown(_) => None,
    }
}

/// The app's group, by which its tasks reach others, and the process's own, by which it is reached.
fn security_groups(inputs: &Inputs<'_>) -> Vec<In<String>> {
    let mut groups = vec![In::cfg(&inputs.app_ref.security_group_id)];
    if inputs.is_served() {
        groups.push(In::From(GROUP.into(), "id"));
    }
    groups
}
