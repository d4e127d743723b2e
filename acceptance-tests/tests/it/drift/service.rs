//! Drift of `stackwright_service`.

use super::*;
use crate::rotation;

pub(super) const ROUNDS: &[&Round] = &[&SERVICE, &REVISION, &FAMILY, &SECRETS, &WEB];

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
        changed(
            "ecs_service.availability_zone_rebalancing",
            "service",
            |account| {
                on_service(
                    account,
                    json!({ "availabilityZoneRebalancing": "DISABLED" }),
                )
            },
        ),
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
        excepted(
            "task_definition.tags",
            "a revision that is known is not read again, because nothing else of it can change; tasks take their tags from the service",
        ),
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
        together("task_definition.volumes", "task_definition"),
        excepted(
            "ecs_service.task_definition",
            "another revision shows as the fields of `task_definition` that it has otherwise",
        ),
    ],
};

/// A parameter that somebody writes again after the tasks were deployed.
const SECRETS: Round = Round {
    name: "service-secrets",
    address: fixtures::SERVICE,
    resources: |account| {
        write_token(account)?;
        let arn = format!("arn:aws:ssm:us-west-2:{}:parameter/token", account.id);
        let own = format!("{}  secrets = {{ TOKEN = \"{arn}\" }}\n", fixtures::WORKER);
        fixtures::slice(account, "", &own)
    },
    deploys: false,
    rows: &[
        excepted("service_secrets.service_arn", IDENTITY),
        excepted(
            "service_secrets.secrets",
            "these are the references of the task definition, which has a row of its own",
        ),
        changed(
            "service_secrets.changed_since_deployment",
            "secrets",
            |account| {
                rotation::let_the_clock_move();
                write_token(account)
            },
        ),
    ],
};

fn write_token(account: &Account) -> Result<()> {
    let token =
        json!({ "Name": "/token", "Type": "SecureString", "Value": "one", "Overwrite": true });
    account.outside("ssm", "PutParameter", &token).map(drop)
}

const WEB: Round = Round {
    name: "service-web",
    address: fixtures::SERVICE,
    resources: |account| {
        let more =
            "  private_name = true\n  scale = { min = 1, max = 4, cpu = 60, requests = 500 }\n";
        let router = account.router("main")?;
        let network = fixtures::network_with_names(account)?;
        let service = fixtures::service(&(fixtures::web(&router) + more));
        Ok([fixtures::cluster(""), fixtures::app(&network, ""), service].concat())
    },
    deploys: false,
    rows: &[
        excepted("target_group.name", IDENTITY),
        excepted("target_group.port", FIXED),
        excepted("target_group.protocol", FIXED),
        excepted("target_group.vpc_id", FIXED),
        excepted("target_group.target_type", FIXED),
        excepted(
            "target_group.health_check_enabled",
            "AWS refuses to switch the health check of addresses off",
        ),
        changed("target_group.health_check_path", GROUP, |account| {
            let health = json!({
                "HealthCheckProtocol": "HTTPS", "HealthCheckPort": "81", "HealthCheckPath": "/other",
                "HealthCheckIntervalSeconds": 44, "HealthCheckTimeoutSeconds": 11,
                "HealthyThresholdCount": 7, "UnhealthyThresholdCount": 8, "Matcher": { "HttpCode": "404" },
            });
            on_group(account, "ModifyTargetGroup", health)
        }),
        together("target_group.health_check_protocol", GROUP),
        together("target_group.health_check_port", GROUP),
        together("target_group.health_check_interval_seconds", GROUP),
        together("target_group.health_check_timeout_seconds", GROUP),
        together("target_group.healthy_threshold_count", GROUP),
        together("target_group.unhealthy_threshold_count", GROUP),
        together("target_group.matcher", GROUP),
        changed("target_group.attributes", GROUP, |account| {
            let attributes = json!([{ "Key": "slow_start.duration_seconds", "Value": "90" }]);
            on_group(
                account,
                "ModifyTargetGroupAttributes",
                json!({ "Attributes": attributes }),
            )
        }),
        changed("target_group.tags", GROUP, |account| {
            retag_elb(account, &group_of(account)?["TargetGroupArn"])
        }),
        excepted("listener_rule.listener_arn", FIXED),
        changed("listener_rule.priority", "rule.web", |account| {
            let place = json!([{ "RuleArn": rule_of(account)?["RuleArn"], "Priority": 77 }]);
            account
                .outside(
                    "elbv2",
                    "SetRulePriorities",
                    &json!({ "RulePriorities": place }),
                )
                .map(drop)
        }),
        changed("listener_rule.host_headers", "rule.web", |account| {
            let redirect = json!({ "Type": "redirect", "RedirectConfig": { "StatusCode": "HTTP_301", "Host": "x.example.com" } });
            let conditions = json!([
                { "Field": "host-header", "HostHeaderConfig": { "Values": ["other.example.com"] } },
                { "Field": "path-pattern", "PathPatternConfig": { "Values": ["/other"] } },
            ]);
            let rule = json!({ "RuleArn": rule_of(account)?["RuleArn"], "Conditions": conditions, "Actions": [redirect] });
            account.outside("elbv2", "ModifyRule", &rule).map(drop)
        }),
        together("listener_rule.path_patterns", "rule.web"),
        together("listener_rule.targets", "rule.web"),
        together("listener_rule.others", "rule.web"),
        changed("listener_rule.tags", "rule.web", |account| {
            retag_elb(account, &rule_of(account)?["RuleArn"])
        }),
        excepted("scalable_target.resource_id", IDENTITY),
        changed(
            "scalable_target.min_capacity",
            "scalable_target",
            |account| {
                let suspended = json!({ "DynamicScalingInSuspended": true });
                on_scaling(
                    account,
                    "RegisterScalableTarget",
                    json!({ "MinCapacity": 0, "MaxCapacity": 9, "SuspendedState": suspended }),
                )
            },
        ),
        together("scalable_target.max_capacity", "scalable_target"),
        together("scalable_target.suspended", "scalable_target"),
        excepted("scaling_policy.resource_id", IDENTITY),
        excepted("scaling_policy.policy_name", IDENTITY),
        changed("scaling_policy.metric", "scaling_policy.cpu", |account| {
            on_policy(
                account,
                "cpu",
                &json!({ "PredefinedMetricType": "ECSServiceAverageMemoryUtilization" }),
            )
        }),
        together("scaling_policy.target_value", "scaling_policy.cpu"),
        together("scaling_policy.scale_in_cooldown", "scaling_policy.cpu"),
        together("scaling_policy.scale_out_cooldown", "scaling_policy.cpu"),
        together("scaling_policy.disable_scale_in", "scaling_policy.cpu"),
        changed("scaling_policy.load_balancer", REQUESTS, |account| {
            let label = "app/other/0123456789abcdef/targetgroup/other/0123456789abcdef";
            on_policy(
                account,
                "requests.main.8080",
                &json!({ "PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label }),
            )
        }),
        together("scaling_policy.target_group", REQUESTS),
        changed("ecs_service.load_balancers", "service", |account| {
            on_service(
                account,
                json!({ "loadBalancers": [], "serviceRegistries": [], "healthCheckGracePeriodSeconds": 0 }),
            )
        }),
        together("ecs_service.health_check_grace_period_seconds", "service"),
        together("ecs_service.service_registries", "service"),
    ],
};

const GROUP: &str = "target_group.main.8080";
const REQUESTS: &str = "scaling_policy.requests.main.8080";

fn group_of(account: &Account) -> Result<Json> {
    let groups = account.list("elbv2", "DescribeTargetGroups", &json!({}), "TargetGroups")?;
    groups
        .into_iter()
        .next()
        .context("there is no target group")
}

fn on_group(account: &Account, operation: &str, mut params: Json) -> Result<()> {
    params["TargetGroupArn"] = group_of(account)?["TargetGroupArn"].clone();
    account.outside("elbv2", operation, &params).map(drop)
}

fn rule_of(account: &Account) -> Result<Json> {
    let balancers = account.list(
        "elbv2",
        "DescribeLoadBalancers",
        &json!({}),
        "LoadBalancers",
    )?;
    let of = json!({ "LoadBalancerArn": balancers.first().context("no load balancer")?["LoadBalancerArn"] });
    let listeners = account.list("elbv2", "DescribeListeners", &of, "Listeners")?;
    let of = json!({ "ListenerArn": listeners.first().context("no listener")?["ListenerArn"] });
    let rules = account.list("elbv2", "DescribeRules", &of, "Rules")?;
    let ours = rules.into_iter().find(|rule| rule["IsDefault"] != true);
    ours.context("there is no rule")
}

fn retag_elb(account: &Account, arn: &Json) -> Result<()> {
    let tags = json!([{ "Key": "Name", "Value": "changed" }]);
    account
        .outside(
            "elbv2",
            "AddTags",
            &json!({ "ResourceArns": [arn], "Tags": tags }),
        )
        .map(drop)
}

fn on_scaling(account: &Account, operation: &str, mut params: Json) -> Result<()> {
    let of = json!({ "ServiceNamespace": "ecs" });
    let targets = account.list(
        "application-autoscaling",
        "DescribeScalableTargets",
        &of,
        "ScalableTargets",
    )?;
    let target = targets.first().context("there is no scalable target")?;
    for name in ["ServiceNamespace", "ResourceId", "ScalableDimension"] {
        params[name] = target[name].clone();
    }
    account
        .outside("application-autoscaling", operation, &params)
        .map(drop)
}

fn on_policy(account: &Account, name: &str, metric: &Json) -> Result<()> {
    let tracking = json!({
        "TargetValue": 11.0, "PredefinedMetricSpecification": metric, "ScaleInCooldown": 7,
        "ScaleOutCooldown": 8, "DisableScaleIn": true,
    });
    let policy = json!({
        "PolicyName": name, "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
    });
    on_scaling(account, "PutScalingPolicy", policy)
}

#[test]
fn service_web() -> Result<()> {
    WEB.play()
}

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
fn service_secrets() -> Result<()> {
    SECRETS.play()
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
        let efs = json!({ "fileSystemId": "fs-0123abcd", "transitEncryption": "ENABLED" });
        register["volumes"] = json!([{ "name": "more", "efsVolumeConfiguration": efs }]);
    }
    register["containerDefinitions"] = json!([container]);
    let registered = account.outside("ecs", "RegisterTaskDefinition", &register)?;
    on_service(
        account,
        json!({ "taskDefinition": registered["taskDefinition"]["taskDefinitionArn"] }),
    )
}
