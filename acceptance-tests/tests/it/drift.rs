//! Drift, field by field: somebody changes it outside, the plan names it, the apply repairs it.
//!
//! The provider itself lists the fields that it writes (`terraform-provider-stackwright fields`): a field
//! without a row here fails. `docs/tables/drift.md` is rendered from what happens.

use std::collections::BTreeSet;
use std::process::Command;

use acceptance_tests::{
    Account, Action, Binaries, Cell, Change, Drift, Provider, Results, Workspace, run, same,
};
use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::fixtures;

/// What happens to one field.
struct Row {
    /// `vpc.enable_dns_support`.
    field: &'static str,
    how: How,
}

enum How {
    /// Somebody changes it; the component whose drift names it.
    Changed {
        component: &'static str,
        by: fn(&Account) -> Result<()>,
    },
    /// As `Changed`, but an attribute of the resource shows it.
    Attribute {
        name: &'static str,
        by: fn(&Account) -> Result<()>,
    },
    /// The change of the row before it changes this one too.
    Together { component: &'static str },
    /// Nobody can change it outside, and why.
    Excepted(&'static str),
}

/// Rows that one resource of one root lives through at the same time.
struct Round {
    /// Name of the test that writes the results.
    name: &'static str,
    address: &'static str,
    resources: fn(&Account) -> Result<String>,
    /// Whether somebody deploys another task definition.
    deploys: bool,
    rows: &'static [Row],
}

const fn changed(
    field: &'static str,
    component: &'static str,
    by: fn(&Account) -> Result<()>,
) -> Row {
    Row {
        field,
        how: How::Changed { component, by },
    }
}

const fn attribute(field: &'static str, name: &'static str, by: fn(&Account) -> Result<()>) -> Row {
    Row {
        field,
        how: How::Attribute { name, by },
    }
}

const fn together(field: &'static str, component: &'static str) -> Row {
    Row {
        field,
        how: How::Together { component },
    }
}

const fn excepted(field: &'static str, reason: &'static str) -> Row {
    Row {
        field,
        how: How::Excepted(reason),
    }
}

const FIXED: &str = "AWS never changes it on an existing object; the object deleted outside is in the life-cycle table";
const IDENTITY: &str =
    "it is part of what identifies the object; a deleted one is in the life-cycle table";

const NETWORK: Round = Round {
    name: "network",
    address: fixtures::NETWORK,
    resources: |_| Ok(fixtures::network("")),
    deploys: false,
    rows: &[
        excepted("vpc.cidr_block", FIXED),
        changed("vpc.enable_dns_support", "vpc", |account| {
            vpc_attribute(account, "EnableDnsSupport")
        }),
        changed("vpc.enable_dns_hostnames", "vpc", |account| {
            vpc_attribute(account, "EnableDnsHostnames")
        }),
        changed("vpc.tags", "vpc", |account| retag(account, &VPC, "vpc")),
        changed("internet_gateway.tags", "internet_gateway", |account| {
            retag(account, &GATEWAY, "internet_gateway")
        }),
        excepted("subnet.vpc_id", FIXED),
        excepted("subnet.availability_zone", FIXED),
        excepted("subnet.cidr_block", FIXED),
        changed(
            "subnet.map_public_ip_on_launch",
            "subnet.private.us-west-2a",
            |account| {
                let id = id(account, &SUBNET, "subnet.private.us-west-2a")?;
                let params = json!({ "SubnetId": id, "MapPublicIpOnLaunch": { "Value": true } });
                account
                    .outside("ec2", "ModifySubnetAttribute", &params)
                    .map(drop)
            },
        ),
        changed("subnet.tags", "subnet.public.us-west-2b", |account| {
            retag(account, &SUBNET, "subnet.public.us-west-2b")
        }),
        changed("elastic_ip.tags", "elastic_ip.us-west-2a", |account| {
            retag(account, &ADDRESS, "elastic_ip.us-west-2a")
        }),
        excepted("nat_gateway.subnet_id", FIXED),
        excepted("nat_gateway.allocation_id", FIXED),
        changed("nat_gateway.tags", "nat.us-west-2a", |account| {
            retag(account, &NAT, "nat.us-west-2a")
        }),
        excepted("route_table.vpc_id", FIXED),
        changed("route_table.tags", "route_table.public", |account| {
            retag(account, &TABLE, "route_table.public")
        }),
        excepted("route.route_table_id", IDENTITY),
        excepted("route.destination_cidr_block", IDENTITY),
        changed(
            "route.nat_gateway_id",
            "route.private.us-west-2a",
            |account| {
                let target = id(account, &GATEWAY, "internet_gateway")?;
                replace_route(
                    account,
                    "route_table.private.us-west-2a",
                    "GatewayId",
                    &target,
                )
            },
        ),
        changed("route.gateway_id", "route.public", |account| {
            let target = id(account, &NAT, "nat.us-west-2a")?;
            replace_route(account, "route_table.public", "NatGatewayId", &target)
        }),
        changed(
            "route_table_association.route_table_id",
            "association.private.us-west-2b",
            associate_elsewhere,
        ),
        excepted("route_table_association.subnet_id", IDENTITY),
        excepted("gateway_endpoint.vpc_id", FIXED),
        excepted("gateway_endpoint.service_name", FIXED),
        changed(
            "gateway_endpoint.route_table_ids",
            "endpoint.s3",
            |account| {
                let tables = [id(account, &TABLE, "route_table.private.us-west-2b")?];
                let params = json!({ "VpcEndpointId": id(account, &ENDPOINT, "endpoint.s3")?, "RemoveRouteTableIds": tables });
                account
                    .outside("ec2", "ModifyVpcEndpoint", &params)
                    .map(drop)
            },
        ),
        changed("gateway_endpoint.tags", "endpoint.s3", |account| {
            retag(account, &ENDPOINT, "endpoint.s3")
        }),
        excepted("default_security_group.vpc_id", FIXED),
        changed(
            "default_security_group.rules",
            "default_security_group",
            |account| {
                let group = id(account, &GROUP, "default_security_group")?;
                let open = json!([{ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
                let params = json!({ "GroupId": group, "IpPermissions": open });
                account
                    .outside("ec2", "AuthorizeSecurityGroupIngress", &params)
                    .map(drop)
            },
        ),
        changed(
            "default_security_group.tags",
            "default_security_group",
            |account| retag(account, &GROUP, "default_security_group"),
        ),
    ],
};

const GATEWAY_ROUND: Round = Round {
    name: "network-gateway",
    address: fixtures::NETWORK,
    resources: |_| Ok(fixtures::network("")),
    deploys: false,
    rows: &[changed(
        "internet_gateway.vpc_id",
        "internet_gateway",
        |account| {
            // AWS refuses to detach it while public addresses are in use, so the NAT gateway goes first.
            let nat = json!({ "NatGatewayId": id(account, &NAT, "nat.us-west-2a")? });
            account.outside("ec2", "DeleteNatGateway", &nat)?;
            let address =
                json!({ "AllocationId": id(account, &ADDRESS, "elastic_ip.us-west-2a")? });
            account.outside("ec2", "ReleaseAddress", &address)?;
            let params = json!({ "InternetGatewayId": id(account, &GATEWAY, "internet_gateway")?, "VpcId": id(account, &VPC, "vpc")? });
            account
                .outside("ec2", "DetachInternetGateway", &params)
                .map(drop)
        },
    )],
};

const APP: Round = Round {
    name: "app",
    address: fixtures::APP,
    resources: |account| {
        Ok(fixtures::app(
            &account.default_network()?,
            "  config = { A = \"first\" }",
        ))
    },
    deploys: false,
    rows: &[
        excepted("security_group.group_name", FIXED),
        excepted("security_group.description", FIXED),
        excepted("security_group.vpc_id", FIXED),
        changed("security_group.tags", "security_group", |account| {
            retag(account, &GROUP, "security_group")
        }),
        excepted("security_group_rule.group_id", FIXED),
        excepted("security_group_rule.direction", FIXED),
        changed(
            "security_group_rule.ip_protocol",
            "rule.egress",
            narrow_rule,
        ),
        together("security_group_rule.from_port", "rule.egress"),
        together("security_group_rule.to_port", "rule.egress"),
        together("security_group_rule.cidr_ipv4", "rule.egress"),
        together("security_group_rule.description", "rule.egress"),
        excepted(
            "security_group_rule.cidr_ipv6",
            "no rule of this version has an IPv6 side; a rule has one side, so another one shows in cidr_ipv4",
        ),
        excepted(
            "security_group_rule.referenced_group_id",
            "no rule of this version has a group as its side; a rule has one side, so another one shows in cidr_ipv4",
        ),
        changed("security_group_rule.tags", "rule.egress", |account| {
            retag(account, &RULE, "rule.egress")
        }),
        excepted("log_group.log_group_name", IDENTITY),
        attribute("log_group.retention_in_days", "log_retention", |account| {
            let params = json!({ "logGroupName": log_group(account)?, "retentionInDays": 7 });
            account
                .outside("logs", "PutRetentionPolicy", &params)
                .map(drop)
        }),
        changed("log_group.tags", "log_group", |account| {
            let params =
                json!({ "logGroupName": log_group(account)?, "tags": { "Name": "changed" } });
            account.outside("logs", "TagLogGroup", &params).map(drop)
        }),
        excepted("role.role_name", IDENTITY),
        excepted("role.path", FIXED),
        changed("role.description", "role.execution", |account| {
            on_role(
                account,
                "UpdateRole",
                json!({ "Description": "changed", "MaxSessionDuration": 7200 }),
            )
        }),
        together("role.max_session_duration", "role.execution"),
        changed("role.assume_role_policy", "role.execution", |account| {
            let anyone = json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": "*" },
            }] });
            on_role(
                account,
                "UpdateAssumeRolePolicy",
                json!({ "PolicyDocument": anyone.to_string() }),
            )
        }),
        changed("role.permissions_boundary", "role.execution", |account| {
            let boundary =
                json!({ "PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess" });
            on_role(account, "PutRolePermissionsBoundary", boundary)
        }),
        changed("role.inline_policies", "role.execution", |account| {
            let all = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
            on_role(
                account,
                "PutRolePolicy",
                json!({ "PolicyName": "backdoor", "PolicyDocument": all.to_string() }),
            )
        }),
        changed("role.managed_policy_arns", "role.execution", |account| {
            on_role(
                account,
                "AttachRolePolicy",
                json!({ "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess" }),
            )
        }),
        changed("role.tags", "role.execution", |account| {
            on_role(
                account,
                "TagRole",
                json!({ "Tags": [{ "Key": "Name", "Value": "changed" }] }),
            )
        }),
        excepted("parameter.name", IDENTITY),
        changed("parameter.value", "record", |account| {
            let params = json!({ "Name": parameter(account)?, "Value": "{}", "Description": "changed", "Overwrite": true });
            account.outside("ssm", "PutParameter", &params).map(drop)
        }),
        together("parameter.description", "record"),
        changed("parameter.tags", "record", |account| {
            let tags = json!([{ "Key": "Name", "Value": "changed" }]);
            let params = json!({ "ResourceType": "Parameter", "ResourceId": parameter(account)?, "Tags": tags });
            account
                .outside("ssm", "AddTagsToResource", &params)
                .map(drop)
        }),
    ],
};

const EGRESS: Round = Round {
    name: "app-egress",
    address: fixtures::APP,
    resources: |account| Ok(fixtures::app(&account.default_network()?, "")),
    deploys: false,
    rows: &[changed(
        "security_group.default_egress",
        "security_group",
        |account| {
            // AWS refuses the same rule twice, so ours has to make room first.
            narrow_rule(account)?;
            let all = json!([{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
            let params =
                json!({ "GroupId": id(account, &GROUP, "security_group")?, "IpPermissions": all });
            account
                .outside("ec2", "AuthorizeSecurityGroupEgress", &params)
                .map(drop)
        },
    )],
};

const CLUSTER: Round = Round {
    name: "cluster",
    address: fixtures::CLUSTER,
    resources: |_| Ok(fixtures::cluster("")),
    deploys: false,
    rows: &[
        excepted("ecs_cluster.cluster_name", IDENTITY),
        attribute(
            "ecs_cluster.container_insights",
            "container_insights",
            |account| {
                let on =
                    json!({ "settings": [{ "name": "containerInsights", "value": "enabled" }] });
                on_cluster(account, "UpdateClusterSettings", on)
            },
        ),
        attribute("ecs_cluster.exec_logging", "exec_logging", |account| {
            let off = json!({ "configuration": { "executeCommandConfiguration": { "logging": "NONE" } } });
            on_cluster(account, "UpdateCluster", off)
        }),
        changed("ecs_cluster.capacity_providers", "cluster", |account| {
            let spot = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0 }]);
            let only_spot = json!({ "capacityProviders": ["FARGATE_SPOT"], "defaultCapacityProviderStrategy": spot });
            on_cluster(account, "PutClusterCapacityProviders", only_spot)
        }),
        together("ecs_cluster.default_capacity_provider_strategy", "cluster"),
        changed("ecs_cluster.tags", "cluster", |account| {
            let (arn, tags) = (
                cluster_arn(account)?,
                json!([{ "key": "Name", "value": "changed" }]),
            );
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

const ROUNDS: [&Round; 8] = [
    &NETWORK,
    &GATEWAY_ROUND,
    &APP,
    &EGRESS,
    &CLUSTER,
    &SERVICE,
    &REVISION,
    &FAMILY,
];

#[test]
fn network() -> Result<()> {
    NETWORK.play()
}

#[test]
fn network_gateway() -> Result<()> {
    GATEWAY_ROUND.play()
}

#[test]
fn app() -> Result<()> {
    APP.play()
}

#[test]
fn app_egress() -> Result<()> {
    EGRESS.play()
}

#[test]
fn cluster() -> Result<()> {
    CLUSTER.play()
}

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

/// A kind of component as the provider lists it.
#[derive(Debug, Deserialize)]
struct Kind {
    kind: String,
    fields: Vec<Field>,
}

/// A field of it.
#[derive(Debug, Deserialize)]
struct Field {
    name: String,
}

#[test]
fn every_field_that_the_provider_writes_has_a_row() -> Result<()> {
    let output = run(Command::new(&Binaries::get()?.provider).arg("fields"))?.ok()?;
    let kinds: Vec<Kind> = serde_json::from_str(&output.stdout)?;
    let of_kind = |kind: &Kind| {
        let name = |field: &Field| format!("{}.{}", kind.kind, field.name);
        kind.fields.iter().map(name).collect::<Vec<_>>()
    };
    let written: BTreeSet<_> = kinds.iter().flat_map(of_kind).collect();
    let rows = ROUNDS
        .iter()
        .flat_map(|round| round.rows)
        .map(|row| row.field.to_owned());
    let rows: BTreeSet<_> = rows.collect();
    let (lacking, extra): (Vec<_>, Vec<_>) = (
        written.difference(&rows).collect(),
        rows.difference(&written).collect(),
    );
    ensure!(
        !written.is_empty() && lacking.is_empty(),
        "fields without a row: {lacking:?}"
    );
    ensure!(
        extra.is_empty(),
        "rows for fields that do not exist: {extra:?}"
    );
    Ok(())
}

impl Round {
    /// Changes everything outside, sees every change in one plan, and has the account as before after one apply.
    fn play(&self) -> Result<()> {
        let account = Account::fresh()?;
        let root = Workspace::new(&account, &(self.resources)(&account)?)?;
        let mut results = Results::new("drift", self.name)?;
        root.apply()?.ok()?;
        let whole = account.dump()?;
        self.change_all(&account)?;
        let plan = root.plan()?;
        let change = plan.expect(self.address, Action::Update)?;
        let mut failures = Vec::new();
        let mut cells = Vec::new();
        for row in self.rows {
            cells.push(row.seen(&change, &plan.output).unwrap_or_else(|error| {
                failures.push(format!("{}: {error:#}", row.field));
                Cell::Failed(error.to_string())
            }));
        }
        let repaired = self.repaired(&root, whole);
        for (row, cell) in self.rows.iter().zip(cells) {
            let cell = match (&repaired, cell) {
                (Err(error), Cell::Shown(_)) => Cell::Failed(format!("not repaired: {error}")),
                (_, cell) => cell,
            };
            results.record(row.field, cell)?;
        }
        ensure!(
            failures.is_empty(),
            "{}\n{}",
            failures.join("\n"),
            plan.output.all()
        );
        repaired
    }

    fn repaired(&self, root: &Workspace, whole: Json) -> Result<()> {
        root.apply_saved()?.ok()?;
        let found = root.account().dump()?;
        same(
            "the account after the repair",
            &self.kept(whole),
            &self.kept(found),
        )?;
        root.plan()?.empty()
    }

    /// What the repair must bring back: revisions of task definitions stay behind, so after another one was
    /// deployed the service runs a new one, with other contents that the plan's emptiness vouches for.
    fn kept(&self, mut dump: Json) -> Json {
        if !self.deploys {
            return dump;
        }
        dump["task_definitions"] = Json::Null;
        for service in dump["services"]
            .as_object_mut()
            .into_iter()
            .flat_map(serde_json::Map::values_mut)
        {
            service["taskDefinition"] = Json::Null;
        }
        dump
    }

    fn change_all(&self, account: &Account) -> Result<()> {
        for row in self.rows {
            if let How::Changed { by, .. } | How::Attribute { by, .. } = row.how {
                by(account).with_context(|| format!("changing {} outside", row.field))?;
            }
        }
        Ok(())
    }
}

impl Row {
    fn seen(&self, change: &Change, output: &acceptance_tests::Output) -> Result<Cell> {
        let (_, field) = self
            .field
            .split_once('.')
            .context("a field is KIND.FIELD")?;
        match self.how {
            How::Excepted(reason) => Ok(Cell::Excepted(reason.to_owned())),
            How::Attribute { name, .. } => {
                ensure!(
                    change.changed().iter().any(|it| it == name),
                    "the plan shows {:?}",
                    change.changed()
                );
                Ok(Cell::Shown(format!("attribute `{name}`")))
            }
            How::Changed { component, .. } | How::Together { component } => {
                let drift = named(&change.drift()?, component, field)?;
                ensure!(drift.cause == "outside", "cause is {}", drift.cause);
                let redacted =
                    self.field == "parameter.value" || self.field == "task_definition.containers";
                ensure!(
                    redacted || drift.observed != drift.expected,
                    "observed and expected are alike: {drift:?}"
                );
                output.says(&[component, &drift.field])?;
                Ok(Cell::Shown(format!("drift of `{component}`")))
            }
        }
    }
}

/// The drift of a field, or of a part of it.
fn named(drift: &[Drift], component: &str, field: &str) -> Result<Drift> {
    let is_part = |it: &str| {
        it == field
            || it
                .strip_prefix(field)
                .is_some_and(|rest| rest.starts_with('.'))
    };
    let found = drift
        .iter()
        .find(|it| it.component == component && is_part(&it.field));
    found
        .cloned()
        .with_context(|| format!("drift does not name {component} {field}: {drift:?}"))
}

/// How to list objects of EC2 by our tags.
struct Ec2 {
    operation: &'static str,
    list: &'static str,
    id: &'static str,
}

const VPC: Ec2 = Ec2 {
    operation: "DescribeVpcs",
    list: "Vpcs",
    id: "VpcId",
};
const GATEWAY: Ec2 = Ec2 {
    operation: "DescribeInternetGateways",
    list: "InternetGateways",
    id: "InternetGatewayId",
};
const SUBNET: Ec2 = Ec2 {
    operation: "DescribeSubnets",
    list: "Subnets",
    id: "SubnetId",
};
const ADDRESS: Ec2 = Ec2 {
    operation: "DescribeAddresses",
    list: "Addresses",
    id: "AllocationId",
};
const NAT: Ec2 = Ec2 {
    operation: "DescribeNatGateways",
    list: "NatGateways",
    id: "NatGatewayId",
};
const TABLE: Ec2 = Ec2 {
    operation: "DescribeRouteTables",
    list: "RouteTables",
    id: "RouteTableId",
};
const ENDPOINT: Ec2 = Ec2 {
    operation: "DescribeVpcEndpoints",
    list: "VpcEndpoints",
    id: "VpcEndpointId",
};
const GROUP: Ec2 = Ec2 {
    operation: "DescribeSecurityGroups",
    list: "SecurityGroups",
    id: "GroupId",
};
const RULE: Ec2 = Ec2 {
    operation: "DescribeSecurityGroupRules",
    list: "SecurityGroupRules",
    id: "SecurityGroupRuleId",
};

/// The one object that carries a component's tag. The tag is compared here: not every filter works in moto.
fn object(account: &Account, kind: &Ec2, component: &str) -> Result<Json> {
    let all = account.list("ec2", kind.operation, &json!({}), kind.list)?;
    let is_ours = |it: &Json| {
        let tags = it["Tags"].as_array().into_iter().flatten();
        tags.clone()
            .any(|tag| tag["Key"] == "stackwright:component" && tag["Value"] == component)
    };
    let mut found = all.into_iter().filter(is_ours);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => bail!("{} has nothing tagged {component}", kind.operation),
        (Some(_), Some(_)) => bail!("{} has several tagged {component}", kind.operation),
    }
}

fn id(account: &Account, kind: &Ec2, component: &str) -> Result<String> {
    let object = object(account, kind, component)?;
    object[kind.id]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no {} in {object}", kind.id))
}

fn retag(account: &Account, kind: &Ec2, component: &str) -> Result<()> {
    let tags = json!([{ "Key": "Name", "Value": "changed" }]);
    let params = json!({ "Resources": [id(account, kind, component)?], "Tags": tags });
    account.outside("ec2", "CreateTags", &params).map(drop)
}

fn vpc_attribute(account: &Account, attribute: &str) -> Result<()> {
    let params = json!({ "VpcId": id(account, &VPC, "vpc")?, attribute: { "Value": false } });
    account
        .outside("ec2", "ModifyVpcAttribute", &params)
        .map(drop)
}

fn replace_route(account: &Account, table: &str, kind: &str, target: &str) -> Result<()> {
    let table = id(account, &TABLE, table)?;
    let params =
        json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", kind: target });
    account.outside("ec2", "ReplaceRoute", &params).map(drop)
}

fn associate_elsewhere(account: &Account) -> Result<()> {
    let table = object(account, &TABLE, "route_table.private.us-west-2b")?;
    let association = &table["Associations"][0]["RouteTableAssociationId"];
    let params = json!({ "AssociationId": association, "RouteTableId": id(account, &TABLE, "route_table.public")? });
    account
        .outside("ec2", "ReplaceRouteTableAssociation", &params)
        .map(drop)
}

fn narrow_rule(account: &Account) -> Result<()> {
    let rule = object(account, &RULE, "rule.egress")?;
    let narrow = json!({
        "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": "10.0.0.0/8", "Description": "changed",
    });
    let rules = json!([{ "SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": narrow }]);
    let params = json!({ "GroupId": rule["GroupId"], "SecurityGroupRules": rules });
    account
        .outside("ec2", "ModifySecurityGroupRules", &params)
        .map(drop)
}

fn log_group(account: &Account) -> Result<Json> {
    let groups = account.list("logs", "DescribeLogGroups", &json!({}), "logGroups")?;
    Ok(groups.first().context("there is no log group")?["logGroupName"].clone())
}

fn parameter(account: &Account) -> Result<Json> {
    let filter = json!({ "ParameterFilters": [{ "Key": "Name", "Option": "BeginsWith", "Values": ["/stackwright/"] }] });
    let parameters = account.list("ssm", "DescribeParameters", &filter, "Parameters")?;
    Ok(parameters.first().context("there is no parameter")?["Name"].clone())
}

fn on_role(account: &Account, operation: &str, mut params: Json) -> Result<()> {
    let roles = account.list("iam", "ListRoles", &json!({}), "Roles")?;
    let mut names = roles.iter().filter_map(|role| role["RoleName"].as_str());
    let name = names
        .find(|name| name.contains("execution"))
        .context("there is no execution role")?;
    params["RoleName"] = json!(name);
    account.outside("iam", operation, &params).map(drop)
}

fn cluster_arn(account: &Account) -> Result<Json> {
    let clusters = account.list("ecs", "ListClusters", &json!({}), "clusterArns")?;
    clusters.into_iter().next().context("there is no cluster")
}

fn on_cluster(account: &Account, operation: &str, mut params: Json) -> Result<()> {
    params["cluster"] = cluster_arn(account)?;
    account.outside("ecs", operation, &params).map(drop)
}

fn on_service(account: &Account, mut params: Json) -> Result<()> {
    let (cluster, service) = fixtures::ecs_names(account)?;
    params["cluster"] = json!(cluster);
    params["service"] = json!(service);
    account.outside("ecs", "UpdateService", &params)?;
    let look = json!({ "cluster": cluster, "services": [service] });
    for _ in 0..3 {
        account.outside("ecs", "DescribeServices", &look)?;
    }
    Ok(())
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

#[test]
fn ignored_drift_is_silent() -> Result<()> {
    let account = Account::fresh()?;
    let network = account.default_network()?;
    let app = |more: &str| fixtures::app(&network, more);
    let root = Workspace::new(&account, &app("  ignore_drift = [\"log_group.tags\"]"))?;
    root.apply()?.ok()?;
    let whole = account.dump()?;
    let params = json!({ "logGroupName": log_group(&account)?, "tags": { "Name": "changed" } });
    account.outside("logs", "TagLogGroup", &params)?;
    root.plan()?.empty()?;
    // Without the exception the same change is repaired again.
    root.resources(&app(""))?;
    root.apply()?.ok()?;
    root.apply()?.ok()?;
    same("the account after the repair", &whole, &account.dump()?)
}

#[test]
fn a_new_default_tag_is_drift_by_the_provider() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &fixtures::cluster(""))?;
    root.apply()?.ok()?;
    let provider = Provider::of(&account).extra("  default_tags = { cost = \"42\" }");
    root.write("provider.tf", &provider.hcl())?;
    let plan = root.plan()?;
    let change = plan.expect(fixtures::CLUSTER, Action::Update)?;
    let drift = named(&change.drift()?, "cluster", "tags")?;
    assert_eq!(drift.cause, "provider");
    root.apply_saved()?.ok()?;
    root.plan()?.empty()
}

#[test]
fn values_of_the_environment_never_show() -> Result<()> {
    let account = Account::fresh()?;
    let resources = fixtures::slice(&account, "", fixtures::WORKER)?;
    let root = Workspace::new(&account, &resources)?;
    root.apply()?.ok()?;
    let mut definition = fixtures::task_definition(&account)?;
    definition["containerDefinitions"][0]["environment"] =
        json!([{ "name": "KEY", "value": "canary-outside-value" }]);
    let keep = [
        "family",
        "taskRoleArn",
        "executionRoleArn",
        "networkMode",
        "containerDefinitions",
        "cpu",
        "memory",
        "requiresCompatibilities",
        "runtimePlatform",
    ];
    let register: serde_json::Map<_, _> = keep
        .iter()
        .map(|key| ((*key).to_owned(), definition[*key].clone()))
        .collect();
    let registered = account.outside("ecs", "RegisterTaskDefinition", &register.into())?;
    on_service(
        &account,
        json!({ "taskDefinition": registered["taskDefinition"]["taskDefinitionArn"] }),
    )?;
    let plan = root.plan()?;
    plan.expect(fixtures::SERVICE, Action::Update)?;
    plan.output.never_says(&["canary-outside-value"])?;
    ensure!(
        !plan.json.to_string().contains("canary-outside-value"),
        "the value is in the plan's JSON"
    );
    Ok(())
}
