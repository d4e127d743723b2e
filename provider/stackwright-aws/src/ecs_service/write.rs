//! What is written to an ECS service, and how it is deleted.

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder;
use aws_sdk_ecs::types::{
    AssignPublicIp, AvailabilityZoneRebalancing, AwsVpcConfiguration, CapacityProviderStrategyItem,
    DeploymentCircuitBreaker, DeploymentConfiguration, DeploymentController,
    DeploymentControllerType, LoadBalancer, NetworkConfiguration, PropagateTags,
    SchedulingStrategy, ServiceRegistry,
};
use stackwright_plan::In;
use stackwright_plan::component::{EcsService, LoadBalancerTarget};
use stackwright_plan::diff::FieldDiff;

use super::watch::Pauses;
use super::{ServiceKey, UPDATE};
use crate::adapter::{Freshness, Wait};
use crate::call::Op;
use crate::ecs_cluster::strategy_to_sdk;
use crate::propagation::{self, ecs_not_ready, outlast};
use crate::tag_changes::touches;
use crate::{Aws, AwsError, ecs_object};

const DELETE: Op = Op::new("ecs", "DeleteService");

/// Longest `clientToken`.
const TOKEN: usize = 36;

/// Without `desired_count` (autoscaling owns it) a new service starts one task: ECS wants a number,
/// and the scaling target raises it to its minimum at once.
pub(super) fn creation(desired: &EcsService, aws: &Aws, token: &str) -> CreateServiceFluentBuilder {
    let controller = DeploymentController::builder()
        .r#type(DeploymentControllerType::Ecs)
        .build();
    let targets = load_balancers(desired);
    let registries = service_registries(desired);
    let grace = desired
        .health_check_grace_period_seconds
        .filter(|_| !targets.is_empty());
    aws.ecs()
        .create_service()
        .client_token(token.chars().take(TOKEN).collect::<String>())
        .cluster(desired.cluster.get())
        .service_name(&desired.service_name)
        .task_definition(desired.task_definition.get())
        .desired_count(desired.desired_count.unwrap_or(1))
        .scheduling_strategy(SchedulingStrategy::Replica)
        .set_deployment_controller(controller.ok())
        .deployment_configuration(deployment_configuration(desired))
        .availability_zone_rebalancing(rebalancing(desired))
        .network_configuration(network_configuration(desired))
        .propagate_tags(PropagateTags::from(desired.propagate_tags.as_str()))
        .enable_ecs_managed_tags(desired.enable_ecs_managed_tags)
        .enable_execute_command(desired.enable_execute_command)
        .set_capacity_provider_strategy(strategy(desired))
        .set_health_check_grace_period_seconds(grace)
        .set_load_balancers((!targets.is_empty()).then_some(targets))
        .set_service_registries((!registries.is_empty()).then_some(registries))
        .set_tags(Some(ecs_object::to_sdk(&desired.tags)))
}

pub(super) async fn write(
    desired: &EcsService,
    aws: &Aws,
    arn: &str,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    if changed.iter().any(|diff| diff.top() != "tags") {
        let attempt = async || {
            let request = change(desired, aws, arn, changed);
            aws.call(UPDATE, request.send()).await
        };
        let answer = outlast(propagation::ROLE, ecs_not_ready, attempt).await?;
        let service = answer.service().ok_or(UPDATE.lacks("service"))?;
        aws.loaders.deployments.note(arn, service);
    }
    ecs_object::change(aws, arn, changed).await
}

/// `None`: ECS takes the default of the cluster.
pub(super) fn strategy(desired: &EcsService) -> Option<Vec<CapacityProviderStrategyItem>> {
    let shares = desired.capacity_provider_strategy.as_deref();
    shares.map(strategy_to_sdk)
}

/// Only what differs: another `desired_count` sends the count alone, so nothing is deployed anew.
fn change(
    desired: &EcsService,
    aws: &Aws,
    arn: &str,
    changed: &[FieldDiff],
) -> UpdateServiceFluentBuilder {
    let key = ServiceKey::of_arn(arn);
    let mut request = aws
        .ecs()
        .update_service()
        .cluster(key.cluster)
        .service(key.service);
    for field in tops(changed) {
        request = match field {
            "task_definition" => request.task_definition(desired.task_definition.get()),
            "desired_count" => request.set_desired_count(desired.desired_count),
            // ECS changes a strategy only together with a new deployment.
            "capacity_provider_strategy" => request
                .set_capacity_provider_strategy(strategy(desired))
                .force_new_deployment(true),
            "availability_zone_rebalancing" => {
                request.availability_zone_rebalancing(rebalancing(desired))
            }
            "enable_execute_command" => {
                request.enable_execute_command(desired.enable_execute_command)
            }
            "enable_ecs_managed_tags" => {
                request.enable_ecs_managed_tags(desired.enable_ecs_managed_tags)
            }
            "propagate_tags" => {
                request.propagate_tags(PropagateTags::from(desired.propagate_tags.as_str()))
            }
            "health_check_grace_period_seconds" => request
                .set_health_check_grace_period_seconds(desired.health_check_grace_period_seconds),
            "load_balancers" => registered(request, desired),
            "service_registries" => {
                request.set_service_registries(Some(service_registries(desired)))
            }
            _ => request,
        };
    }
    if touches(changed, &["subnets", "security_groups", "assign_public_ip"]) {
        request = request.network_configuration(network_configuration(desired));
    }
    if touches(
        changed,
        &[
            "minimum_healthy_percent",
            "maximum_percent",
            "circuit_breaker",
            "rollback",
        ],
    ) {
        request = request.deployment_configuration(deployment_configuration(desired));
    }
    request
}

/// Without target groups ECS takes no grace period, so the former one goes with them.
fn registered(
    request: UpdateServiceFluentBuilder,
    desired: &EcsService,
) -> UpdateServiceFluentBuilder {
    let targets = load_balancers(desired);
    let grace = targets.is_empty().then_some(0);
    let grace = desired.health_check_grace_period_seconds.or(grace);
    request
        .set_load_balancers(Some(targets))
        .set_health_check_grace_period_seconds(grace)
}

/// Fields of the struct that differ, each once.
fn tops(changed: &[FieldDiff]) -> Vec<&str> {
    let mut tops: Vec<&str> = changed.iter().map(FieldDiff::top).collect();
    tops.dedup();
    tops
}

pub(super) fn deployment_configuration(desired: &EcsService) -> DeploymentConfiguration {
    let breaker = DeploymentCircuitBreaker::builder()
        .enable(desired.circuit_breaker)
        .rollback(desired.rollback);
    DeploymentConfiguration::builder()
        .minimum_healthy_percent(desired.minimum_healthy_percent)
        .maximum_percent(desired.maximum_percent)
        .deployment_circuit_breaker(breaker.build())
        .build()
}

/// A new service has it unless told otherwise, and ECS refuses it together with a maximum of 100 percent.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html>
fn rebalancing(desired: &EcsService) -> AvailabilityZoneRebalancing {
    if desired.availability_zone_rebalancing {
        AvailabilityZoneRebalancing::Enabled
    } else {
        AvailabilityZoneRebalancing::Disabled
    }
}

pub(super) fn network_configuration(desired: &EcsService) -> NetworkConfiguration {
    let public = if desired.assign_public_ip {
        AssignPublicIp::Enabled
    } else {
        AssignPublicIp::Disabled
    };
    let vpc = AwsVpcConfiguration::builder()
        .set_subnets(Some(desired.subnets.get().clone()))
        .set_security_groups(Some(known(&desired.security_groups)))
        .assign_public_ip(public)
        .build()
        .expect("the required field is set");
    NetworkConfiguration::builder()
        .awsvpc_configuration(vpc)
        .build()
}

fn known(items: &[In<String>]) -> Vec<String> {
    items.iter().map(|item| item.get().clone()).collect()
}

pub(super) fn service_registries(desired: &EcsService) -> Vec<ServiceRegistry> {
    let registry = |arn: &In<String>| ServiceRegistry::builder().registry_arn(arn.get()).build();
    desired.service_registries.iter().map(registry).collect()
}

pub(super) fn load_balancers(desired: &EcsService) -> Vec<LoadBalancer> {
    let target = |target: &LoadBalancerTarget| {
        LoadBalancer::builder()
            .target_group_arn(target.target_group_arn.get())
            .container_name(&target.container_name)
            .container_port(target.container_port)
            .build()
    };
    desired.load_balancers.iter().map(target).collect()
}

pub(super) async fn delete(aws: &Aws, key: &ServiceKey, wait: &Wait) -> Result<(), AwsError> {
    /// Not there, or on its way.
    const GONE: &[&str] = &[
        "ServiceNotFoundException",
        "ServiceNotActiveException",
        "ClusterNotFoundException",
    ];
    let request = aws
        .ecs()
        .delete_service()
        .cluster(&key.cluster)
        .service(&key.service)
        .force(true);
    match aws.call(DELETE, request.send()).await {
        Err(error) if !error.is_code(GONE) => return Err(error),
        _ => {}
    }
    let mut pauses = Pauses::default();
    loop {
        let found = aws
            .loaders
            .ecs_services
            .get(aws, key, Freshness::Fresh)
            .await?;
        let Some(service) = found.filter(|service| service.status() != Some("INACTIVE")) else {
            return Ok(());
        };
        let (status, running) = (
            service.status().unwrap_or("unknown"),
            service.running_count(),
        );
        let what = format!(
            "ECS service {} to stop: {status}, {running} tasks run",
            key.service
        );
        tracing::info!(waiting_for = %what);
        wait.pause(pauses.next(), &what).await?;
    }
}
