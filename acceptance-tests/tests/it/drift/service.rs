//! Drift of `stackwright_service`.

use super::*;

pub(super) const ROUNDS: &[&Round] = &[&SERVICE, &REVISION, &FAMILY];

const SERVICE: Round = Round {
    name: "service",
    address: fixtures::SERVICE,
    resources: |account| fixtures::slice(account, "", fixtures::WORKER),
    deploys: false,
    rows: &[
        excepted("ecs_service.service_name", IDENTITY),
        excepted("ecs_service.cluster", FIXED),
        attribute("ecs_service.desired_count", "desired_count", |account| {
            on_service(account, json!({ "desiredCount": 4 }))
        }),
        changed(
            "ecs_service.minimum_healthy_percent",
            "service",
            |account| {
                let breaker = json!({ "enable": false, "rollback": false });
                let deployment = json!({ "minimumHealthyPercent": 50, "maximumPercent": 150, "deploymentCircuitBreaker": breaker });
                on_service(account, json!({ "deploymentConfiguration": deployment }))
            },
        ),
        together("ecs_service.maximum_percent", "service"),
        together("ecs_service.circuit_breaker", "service"),
        together("ecs_service.rollback", "service"),
        changed("ecs_service.subnets", "service", |account| {
            let groups = account.list(
                "ec2",
                "DescribeSecurityGroups",
                &json!({}),
                "SecurityGroups",
            )?;
            let default = groups
                .iter()
                .find(|group| group["GroupName"] == "default")
                .context("no default group")?;
            let now = fixtures::ecs_service(account)?["networkConfiguration"]["awsvpcConfiguration"]["subnets"].clone();
            let elsewhere = json!({
                "subnets": [now[0]], "securityGroups": [default["GroupId"]], "assignPublicIp": "ENABLED",
            });
            on_service(
                account,
                json!({ "networkConfiguration": { "awsvpcConfiguration": elsewhere } }),
            )
        }),
        together("ecs_service.security_groups", "service"),
        together("ecs_service.assign_public_ip", "service"),
        changed(
            "ecs_service.capacity_provider_strategy",
            "service",
            |account| {
                let spot = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0 }]);
                on_service(
                    account,
                    json!({ "capacityProviderStrategy": spot, "forceNewDeployment": true }),
                )
            },
        ),
        changed("ecs_service.enable_execute_command", "service", |account| {
            on_service(account, json!({ "enableExecuteCommand": true }))
        }),
        changed(
            "ecs_service.enable_ecs_managed_tags",
            "service",
            |account| {
                on_service(
                    account,
                    json!({ "enableECSManagedTags": false, "propagateTags": "NONE" }),
                )
            },
        ),
        together("ecs_service.propagate_tags", "service"),
        excepted(
            "ecs_service.health_check_grace_period_seconds",
            "AWS refuses it for a service without load balancer, and this version has none",
        ),
        excepted(
            "ecs_service.load_balancers",
            "this version makes no target group; one that is added outside belongs to nobody here",
        ),
        changed("ecs_service.tags", "service", |account| {
            let (_, arn) = fixtures::ecs_names(account)?;
            let tags = json!([{ "key": "Name", "value": "changed" }]);
            account
                .outside(
                    "ecs",
                    "TagResource",
                    &json!({ "resourceArn": arn, "tags": tags }),
                )
                .map(drop)
        }),
        changed("task_definition.tags", "task_definition", |account| {
            let arn = fixtures::ecs_service(account)?["taskDefinition"].clone();
            let tags = json!([{ "key": "Name", "value": "changed" }]);
            account
                .outside(
                    "ecs",
                    "TagResource",
                    &json!({ "resourceArn": arn, "tags": tags }),
                )
                .map(drop)
        }),
    ],
};

/// Another revision deployed from outside: the fields of a revision never change, but the revision that runs does.
const REVISION: Round = Round {
    name: "service-revision",
    address: fixtures::SERVICE,
    resources: |account| fixtures::slice(account, "", fixtures::WORKER),
    deploys: true,
    rows: &[
        changed("task_definition.cpu", "task_definition", |account| {
            deploy_other(account, None)
        }),
        together("task_definition.memory", "task_definition"),
        together("task_definition.cpu_architecture", "task_definition"),
        together("task_definition.execution_role_arn", "task_definition"),
        together("task_definition.task_role_arn", "task_definition"),
        together("task_definition.containers", "task_definition"),
        excepted(
            "ecs_service.task_definition",
            "another revision shows as the fields of `task_definition` that it has otherwise",
        ),
    ],
};

const FAMILY: Round = Round {
    name: "service-family",
    address: fixtures::SERVICE,
    resources: |account| fixtures::slice(account, "", fixtures::WORKER),
    deploys: true,
    rows: &[changed(
        "task_definition.family",
        "task_definition",
        |account| deploy_other(account, Some("somebody-elses")),
    )],
};

#[test]
fn service() -> Result<()> {
    SERVICE.play()
}

#[test]
fn service_revision() -> Result<()> {
    REVISION.play()
}

#[test]
fn service_family() -> Result<()> {
    FAMILY.play()
}

/// Registers another revision with everything different and deploys it.
fn deploy_other(account: &Account, family: Option<&str>) -> Result<()> {
    let definition = fixtures::task_definition(account)?;
    let other_role = format!("arn:aws:iam::{}:role/somebody-elses", account.id);
    let mut container = definition["containerDefinitions"][0].clone();
    let mut register = json!({
        "family": definition["family"], "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": definition["cpu"], "memory": definition["memory"],
        "executionRoleArn": definition["executionRoleArn"], "taskRoleArn": definition["taskRoleArn"],
        "runtimePlatform": definition["runtimePlatform"],
    });
    if let Some(family) = family {
        register["family"] = json!(family);
    } else {
        container["environment"] = json!([{ "name": "BACKDOOR", "value": "open" }]);
        register["cpu"] = json!("1024");
        register["memory"] = json!("4096");
        register["runtimePlatform"] =
            json!({ "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" });
        register["executionRoleArn"] = json!(other_role);
        register["taskRoleArn"] = json!(other_role);
    }
    register["containerDefinitions"] = json!([container]);
    let registered = account.outside("ecs", "RegisterTaskDefinition", &register)?;
    on_service(
        account,
        json!({ "taskDefinition": registered["taskDefinition"]["taskDefinitionArn"] }),
    )
}
