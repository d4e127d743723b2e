//! What the presets of `stackwright_role` may do.
//!
//! `admin` and `read` are AWS's own managed policies. `deploy` and `plan` are lists of exactly the
//! calls that the provider makes, bound to the names and tags of one project and environment where
//! IAM can bind them.

use serde_json::{Value as Json, json};

use crate::{Scope, name, tag};

/// The presets, the narrower first.
pub(crate) const ALL: &[&str] = &["plan", "deploy", "read", "admin"];

/// The managed policy of a preset.
pub(crate) fn managed(scope: &Scope, preset: &str) -> Option<String> {
    let name = managed_name(preset)?;
    Some(format!("arn:{}:iam::aws:policy/{name}", scope.partition))
}

/// The name of that policy.
pub(crate) fn managed_name(preset: &str) -> Option<&'static str> {
    match preset {
        "admin" => Some("AdministratorAccess"),
        "read" => Some("SecurityAudit"),
        _ => None,
    }
}

/// The inline policy of a preset.
pub(crate) fn document(scope: &Scope, preset: &str) -> Option<Json> {
    let statements = match preset {
        "plan" => vec![read(), read_records(scope)],
        "deploy" => vec![
            look(),
            read_records(scope),
            build(),
            write_records(scope),
            change_tagged(scope),
            change_named(scope),
            tag_new(scope, "ec2", "CreateTags"),
            tag_new(scope, "ecs", "TagResource"),
            tag_new(scope, "elasticloadbalancing", "AddTags"),
            tag_unowned(scope),
            open_groups(scope),
            new_rules(scope),
            databases(scope),
            alarms(scope),
            scale(),
            spare(tag::PROJECT, &scope.project),
            spare(tag::ENVIRONMENT, &scope.environment),
            logs(scope),
            secrets(scope),
            keys(scope),
            roles(scope),
            empower_roles(scope),
            pass_roles(scope),
            service_linked_roles(scope),
            build_private_names(),
            order_rules(scope),
        ],
        _ => return None,
    };
    Some(json!({ "Version": "2012-10-17", "Statement": statements }))
}

/// Every read that a refresh makes, one by one. None of them answers a secret, or what an instance or a VPN was given to
/// begin with. `ecs:DescribeTaskDefinition` answers the variables of every task of the account: AWS lets nobody bind it.
fn read() -> Json {
    json!({
        "Sid": "Read",
        "Effect": "Allow",
        "Action": READS,
        "Resource": "*",
    })
}

/// What a refresh calls, but for the parameters of apps.
const READS: &[&str] = &[
    "acm:DescribeCertificate",
    "acm:ListCertificates",
    "acm:ListTagsForCertificate",
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:DescribeAnomalyDetectors",
    "cloudwatch:ListTagsForResource",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeEgressOnlyInternetGateways",
    "ec2:DescribeFlowLogs",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:DescribeTasks",
    "ecs:ListClusters",
    "ecs:ListServices",
    "ecs:ListTaskDefinitionFamilies",
    "ecs:ListTaskDefinitions",
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeListenerCertificates",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "events:DescribeRule",
    "events:ListRules",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:ListRoles",
    "logs:DescribeLogGroups",
    "logs:DescribeMetricFilters",
    "logs:ListTagsForResource",
    "rds:DescribeDBInstances",
    "rds:DescribeDBParameterGroups",
    "rds:DescribeDBParameters",
    "rds:DescribeDBSnapshots",
    "rds:DescribeDBSubnetGroups",
    "rds:DescribeEvents",
    "rds:ListTagsForResource",
    "route53:GetChange",
    "route53:GetHostedZone",
    "route53:ListResourceRecordSets",
    "scheduler:GetSchedule",
    "scheduler:GetScheduleGroup",
    "scheduler:ListScheduleGroups",
    "scheduler:ListTagsForResource",
    "secretsmanager:DescribeSecret",
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:ListSecrets",
    "servicediscovery:GetInstance",
    "servicediscovery:GetNamespace",
    "servicediscovery:GetOperation",
    "servicediscovery:GetService",
    "servicediscovery:ListNamespaces",
    "servicediscovery:ListServices",
    "servicediscovery:ListTagsForResource",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ListQueueTags",
    "sqs:ListQueues",
    "ssm:DescribeParameters",
    "ssm:ListTagsForResource",
    "sts:GetCallerIdentity",
    "tag:GetResources",
];

/// What an apply reads: all of [`READS`] and more, in fewer words, because the policies of a role have a limit.
fn look() -> Json {
    json!({
        "Sid": "Look",
        "Effect": "Allow",
        "Action": [
            "acm:DescribeCertificate", "acm:ListCertificates", "acm:ListTagsForCertificate",
            "application-autoscaling:Describe*", "application-autoscaling:ListTagsForResource",
            "cloudwatch:Describe*", "cloudwatch:ListTagsForResource", "ec2:Describe*",
            "ecs:Describe*", "ecs:List*", "elasticloadbalancing:Describe*",
            "events:DescribeRule", "events:ListRules", "iam:Get*", "iam:List*", "logs:Describe*", "logs:List*", "rds:Describe*",
            "rds:ListTagsForResource", "route53:Get*", "route53:List*", "scheduler:Get*",
            "scheduler:List*", "secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds",
            "secretsmanager:ListSecrets", "servicediscovery:Get*", "servicediscovery:List*", "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl", "sqs:ListQueueTags", "sqs:ListQueues", "ssm:DescribeParameters",
            "ssm:ListTagsForResource", "sts:GetCallerIdentity", "tag:GetResources",
        ],
        "Resource": "*",
    })
}

/// The parameters in which apps keep their configuration, and no others: those may be secrets.
fn records(scope: &Scope) -> String {
    scope.arn(
        "ssm",
        &format!(
            "parameter/stackwright/{}/{}/*",
            scope.project, scope.environment
        ),
    )
}

fn read_records(scope: &Scope) -> Json {
    json!({
        "Sid": "ReadRecords",
        "Effect": "Allow",
        "Action": ["ssm:GetParameters", "ssm:GetParametersByPath"],
        "Resource": records(scope),
    })
}

fn write_records(scope: &Scope) -> Json {
    json!({
        "Sid": "WriteRecords",
        "Effect": "Allow",
        "Action": [
            "ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:DeleteParameters",
            "ssm:PutParameter", "ssm:RemoveTagsFromResource",
        ],
        "Resource": records(scope),
    })
}

/// Services that make their own role in an account when they are first used there.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html>
const FIRST_USES: [&str; 5] = [
    "ecs.amazonaws.com",
    "ecs.application-autoscaling.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "rds.amazonaws.com",
    // Of alarms that open an OpsItem or an incident.
    "ssm*.alarms.cloudwatch.amazonaws.com",
];

fn service_linked_roles(scope: &Scope) -> Json {
    json!({
        "Sid": "FirstUse",
        "Effect": "Allow",
        "Action": "iam:CreateServiceLinkedRole",
        "Resource": scope.global_arn("iam", "role/aws-service-role/*"),
        "Condition": { "StringLike": { "iam:AWSServiceName": FIRST_USES } },
    })
}

/// Creates, whose resource does not exist yet.
fn build() -> Json {
    json!({
        "Sid": "Build",
        "Effect": "Allow",
        "Action": [
            "acm:RequestCertificate",
            "application-autoscaling:DeleteScalingPolicy",
            "application-autoscaling:DeregisterScalableTarget",
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:RegisterScalableTarget",
            "cloudwatch:DeleteAnomalyDetector", "cloudwatch:PutAnomalyDetector",
            "cloudwatch:PutCompositeAlarm", "ec2:AllocateAddress", "ec2:Associate*", "ec2:Attach*",
            "ec2:CreateEgressOnlyInternetGateway", "ec2:CreateFlowLogs", "ec2:CreateInternetGateway",
            "ec2:CreateNatGateway", "ec2:CreateRoute",
            "ec2:CreateRouteTable", "ec2:CreateSecurityGroup", "ec2:CreateSubnet",
            "ec2:CreateVpc", "ec2:CreateVpcEndpoint",
            "ecs:CreateCluster", "ecs:CreateService", "ecs:DeregisterTaskDefinition",
            "ecs:RegisterTaskDefinition", "elasticloadbalancing:Create*",
            "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DeleteMetricFilter",
            "logs:PutMetricFilter", "rds:RestoreDB*", "secretsmanager:GetRandomPassword",
        ],
        "Resource": "*",
    })
}

/// Changes and deletes, bound to the tags of the project and environment.
fn change_tagged(scope: &Scope) -> Json {
    json!({
        "Sid": "ChangeOwn",
        "Effect": "Allow",
        "Action": [
            "acm:AddTagsToCertificate", "acm:DeleteCertificate",
            "acm:RemoveTagsFromCertificate", "ec2:CreateTags", "ec2:Delete*", "ec2:Detach*", "ec2:Disassociate*",
            "ec2:ModifySecurityGroupRules", "ec2:ModifySubnetAttribute", "ec2:ModifyVpcAttribute",
            "ec2:ModifyVpcEndpoint", "ec2:ReleaseAddress", "ec2:ReplaceRoute",
            "ec2:ReplaceRouteTableAssociation", "ec2:Revoke*",
            "ecs:DeleteCluster",
            "ecs:DeleteService", "ecs:PutClusterCapacityProviders", "ecs:TagResource",
            "ecs:UntagResource", "ecs:UpdateCluster",
            "elasticloadbalancing:AddListenerCertificates",
            "elasticloadbalancing:AddTags", "elasticloadbalancing:Delete*",
            "elasticloadbalancing:Modify*", "elasticloadbalancing:Remove*",
            "elasticloadbalancing:SetIpAddressType", "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:SetSubnets", "servicediscovery:De*",
            "servicediscovery:RegisterInstance", "servicediscovery:Update*",
        ],
        "Resource": "*",
        "Condition": own_tags(scope),
    })
}

/// The order of the rules of our listeners: a call that knows no tags.
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html>
fn order_rules(scope: &Scope) -> Json {
    let ours = name::beginning(&[&scope.project, &scope.environment], name::LOAD_BALANCER);
    json!({
        "Sid": "OrderRules",
        "Effect": "Allow",
        "Action": "elasticloadbalancing:SetRulePriorities",
        "Resource": scope.arn("elasticloadbalancing", &format!("listener-rule/app/{ours}*")),
    })
}

/// Cloud Map works on Route 53 in the name of its caller, on zones whose ids nobody can foretell. Taking tags away
/// knows no tags of the resource.
/// Source: <https://docs.aws.amazon.com/cloud-map/latest/dg/security_iam_permissions-reference.html>
fn build_private_names() -> Json {
    json!({
        "Effect": "Allow",
        "Action": [
            "route53:AssociateVPCWithHostedZone", "route53:ChangeResourceRecordSets",
            "route53:CreateHostedZone", "route53:DeleteHostedZone",
            "route53:ListHostedZonesByName",
            "servicediscovery:CreatePrivateDnsNamespace", "servicediscovery:CreateService",
            "servicediscovery:TagResource", "servicediscovery:UntagResource",
        ],
        "Resource": "*",
    })
}

fn own_tags(scope: &Scope) -> Json {
    let tag_of = |key: &str| format!("aws:ResourceTag/{key}");
    json!({
        "StringEquals": {
            tag_of(tag::PROJECT): scope.project,
            tag_of(tag::ENVIRONMENT): scope.environment,
        },
    })
}

/// Changes and deletes of what cannot be bound to tags, bound to the beginning of the name.
fn change_named(scope: &Scope) -> Json {
    let prefix = format!("{}-{}-*", scope.project, scope.environment);
    json!({
        "Sid": "ChangeNamed",
        "Effect": "Allow",
        "Action": [
            "events:DeleteRule", "events:PutRule", "scheduler:Create*", "scheduler:Delete*",
            "scheduler:TagResource", "scheduler:UntagResource", "scheduler:UpdateSchedule", "sqs:CreateQueue",
            "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue",
        ],
        "Resource": [
            scope.arn("events", &format!("rule/{prefix}")),
            scope.arn("scheduler", &format!("schedule-group/{prefix}")),
            scope.arn("scheduler", &format!("schedule/{prefix}")),
            scope.arn("sqs", &prefix),
        ],
    })
}

/// Tags of what is being made: whoever could tag what is there already could make it its own, and delete it.
/// Sources: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html>,
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html>,
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/tagging-resources-during-creation.html>
fn tag_new(scope: &Scope, service: &str, action: &str) -> Json {
    let created = format!("{service}:CreateAction");
    json!({
        "Effect": "Allow",
        "Action": format!("{service}:{action}"),
        "Resource": scope.arn(service, "*"),
        "Condition": { "Null": { created: "false" } },
    })
}

/// The default security group, which AWS makes, rules without tags, and certificates, which have no condition of
/// the kind above: only those that are nobody's become ours.
fn tag_unowned(scope: &Scope) -> Json {
    let tag_of = |key: &str| format!("aws:RequestTag/{key}");
    json!({
        "Sid": "TagUnowned",
        "Effect": "Allow",
        "Action": ["acm:AddTagsToCertificate", "ec2:CreateTags"],
        "Resource": [
            scope.arn("ec2", "security-group*/*"),
            scope.arn("acm", "certificate/*"),
        ],
        "Condition": {
            "Null": { format!("aws:ResourceTag/{}", tag::PROJECT): "true" },
            "StringEquals": {
                tag_of(tag::PROJECT): scope.project,
                tag_of(tag::ENVIRONMENT): scope.environment,
            },
        },
    })
}

/// Rules go into our own security groups.
fn open_groups(scope: &Scope) -> Json {
    json!({
        "Sid": "OpenOwnGroups",
        "Effect": "Allow",
        "Action": ["ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress"],
        "Resource": scope.arn("ec2", "security-group/*"),
        "Condition": own_tags(scope),
    })
}

/// A rule is an object of its own, which is new.
fn new_rules(scope: &Scope) -> Json {
    json!({
        "Sid": "NewRules",
        "Effect": "Allow",
        "Action": ["ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress"],
        "Resource": scope.arn("ec2", "security-group-rule/*"),
    })
}

/// Databases and their groups, known by the beginning of their names, and the option groups that RDS gives them.
fn databases(scope: &Scope) -> Json {
    let prefix = format!("{}-{}-*", scope.project, scope.environment);
    let own = ["db", "pg", "snapshot", "subgrp"].map(|kind| format!("{kind}:{prefix}"));
    let all = own.iter().map(String::as_str).chain(["og:default*"]);
    let all: Vec<String> = all.map(|what| scope.arn("rds", what)).collect();
    json!({
        "Sid": "Databases",
        "Effect": "Allow",
        "Action": [
            "rds:AddTagsToResource", "rds:Create*", "rds:Delete*", "rds:Modify*",
            "rds:RemoveTagsFromResource", "rds:ResetDBParameterGroup",
        ],
        "Resource": all,
    })
}

/// Tags of alarms, which are known by the beginning of their names. `scale` puts and deletes alarms.
fn alarms(scope: &Scope) -> Json {
    // A question mark for the space of `name::alarm_prefix`.
    let prefix = format!("{}/{}?", scope.project, scope.environment);
    json!({
        "Sid": "Alarms",
        "Effect": "Allow",
        "Action": ["cloudwatch:TagResource", "cloudwatch:UntagResource"],
        "Resource": scope.arn("cloudwatch", &format!("alarm:{prefix}*")),
    })
}

/// Application Auto Scaling asks whether its caller might do itself what it is told to do, to any service and any
/// alarm: a permission that is bound to names or tags is none.
/// Source: <https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_service-with-iam.html>,
/// "Permissions validation"
fn scale() -> Json {
    json!({
        "Sid": "Scale",
        "Effect": "Allow",
        "Action": SCALING,
        "Resource": "*",
    })
}

/// What Application Auto Scaling asks for, beside the reads.
const SCALING: [&str; 3] = [
    "cloudwatch:DeleteAlarms",
    "cloudwatch:PutMetricAlarm",
    "ecs:UpdateService",
];

/// Takes from `scale` what has the tags of others. What has no such tag at all passes, as the question that no
/// service is named in does.
fn spare(key: &str, ours: &str) -> Json {
    let key = format!("aws:ResourceTag/{key}");
    json!({
        "Effect": "Deny",
        "Action": SCALING,
        "Resource": "*",
        "Condition": {
            "Null": { &key: "false" },
            "StringNotEquals": { &key: ours },
        },
    })
}

/// Log groups, known by the beginning of their names; the last lines of tasks that stopped are read.
fn logs(scope: &Scope) -> Json {
    let Scope {
        project,
        environment,
        ..
    } = scope;
    json!({
        "Sid": "Logs",
        "Effect": "Allow",
        "Action": [
            "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy",
            "logs:GetLogEvents", "logs:PutRetentionPolicy", "logs:TagResource",
            "logs:UntagResource",
        ],
        "Resource": scope.arn("logs", &format!("log-group:/{project}/{environment}/*")),
    })
}

/// Customers' keys of databases and their secrets, through RDS and Secrets Manager and for nothing else.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html>
fn keys(scope: &Scope) -> Json {
    let via = ["rds", "secretsmanager"].map(|it| format!("{it}.{}.amazonaws.com*", scope.region));
    json!({
        "Sid": "Keys",
        "Effect": "Allow",
        "Action": ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
        "Resource": scope.arn("kms", "key/*"),
        "Condition": { "StringLike": { "kms:ViaService": via } },
    })
}

/// The secrets that databases get. Their values are read when the password is given to RDS.
fn secrets(scope: &Scope) -> Json {
    let prefix = format!("{}/{}/*", scope.project, scope.environment);
    json!({
        "Sid": "Secrets",
        "Effect": "Allow",
        "Action": [
            "secretsmanager:CreateSecret", "secretsmanager:DeleteSecret",
            "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
            "secretsmanager:RestoreSecret", "secretsmanager:TagResource",
            "secretsmanager:UntagResource", "secretsmanager:UpdateSecret",
            "secretsmanager:UpdateSecretVersionStage",
        ],
        "Resource": scope.arn("secretsmanager", &format!("secret:{prefix}")),
    })
}

/// The roles of tasks, known by the beginning of their names.
fn own_roles(scope: &Scope) -> String {
    let Scope {
        iam_path,
        project,
        environment,
        ..
    } = scope;
    scope.global_arn("iam", &format!("role{iam_path}{project}-{environment}-*"))
}

/// What gives a role nothing more than it has.
fn roles(scope: &Scope) -> Json {
    json!({
        "Sid": "Roles",
        "Effect": "Allow",
        "Action": [
            "iam:DeleteRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
        ],
        "Resource": own_roles(scope),
    })
}

/// With a permissions boundary in the provider block, only roles that carry it can be made or get
/// policies, and it cannot be taken off: so nobody makes a role that may do more than the boundary.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html>
fn empower_roles(scope: &Scope) -> Json {
    let mut statement = json!({
        "Sid": "EmpowerRoles",
        "Effect": "Allow",
        "Action": [
            "iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy",
        ],
        "Resource": own_roles(scope),
    });
    match (
        &scope.permissions_boundary,
        statement["Action"].as_array_mut(),
    ) {
        (Some(boundary), _) => {
            statement["Condition"] =
                json!({ "StringEquals": { "iam:PermissionsBoundary": boundary } });
        }
        // Without one in the provider block, one that somebody put on is drift to take off.
        (None, Some(actions)) => actions.push("iam:DeleteRolePermissionsBoundary".into()),
        (None, None) => {}
    }
    statement
}

/// Only to what runs with our roles: tasks, the scheduler of jobs, flow logs.
fn pass_roles(scope: &Scope) -> Json {
    json!({
        "Sid": "PassRoles",
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": own_roles(scope),
        "Condition": { "StringEquals": { "iam:PassedToService": [
            "ecs-tasks.amazonaws.com", "scheduler.amazonaws.com", "vpc-flow-logs.amazonaws.com",
        ] } },
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;

    use super::*;
    use crate::aws_rules;

    fn scope() -> Scope {
        Scope {
            project: "p".repeat(32),
            environment: "e".repeat(32),
            owner: "o".to_owned(),
            ..crate::scope::example()
        }
    }

    #[test]
    fn the_longest_preset_fits_into_a_role() {
        let longest = ALL
            .iter()
            .filter_map(|preset| document(&scope(), preset))
            .map(|d| d.to_string().len())
            .max();
        assert!(
            longest.is_some_and(|longest| longest < aws_rules::INLINE_POLICIES),
            "{longest:?}"
        );
    }

    /// Reads that only an apply makes, or that need no permission.
    const NOT_IN_A_PLAN: [&str; 5] = [
        "logs:GetLogEvents",
        "secretsmanager:GetRandomPassword",
        "secretsmanager:GetSecretValue",
        "sts:AssumeRole",
        "sts:AssumeRoleWithWebIdentity",
    ];

    /// The calls that the adapters make, as IAM names them: they all name them in one way.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test over sources, not planning"
    )]
    fn calls(folder: &std::path::Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                calls(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for op in text.split("const ").filter_map(|rest| {
                let (_, op) = rest.split_once("Op::new(")?;
                op.split_once(')').map(|(op, _)| op.to_owned())
            }) {
                let names: Vec<&str> = op.split('"').skip(1).step_by(2).collect();
                if let [service, name] = names[..] {
                    found.insert(format!("{service}:{name}"));
                }
            }
        }
    }

    fn allowed(preset: &str, call: &str) -> bool {
        let document = document(&scope(), preset).unwrap();
        let statements = document["Statement"].as_array().unwrap();
        statements.iter().any(|statement| {
            let actions = match &statement["Action"] {
                Json::Array(actions) => actions.clone(),
                one => vec![one.clone()],
            };
            let fits = |action: &str| match action.strip_suffix('*') {
                Some(prefix) => call.starts_with(prefix),
                None => call == action,
            };
            actions
                .iter()
                .any(|action| action.as_str().is_some_and(fits))
        })
    }

    #[test]
    fn the_presets_allow_every_call_that_the_provider_makes() {
        let mut all = BTreeSet::new();
        let adapters =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../stackwright-aws/src");
        calls(&adapters, &mut all);
        assert!(all.len() > 80, "{all:?}");
        let lacking = |preset: &str, calls: &mut dyn Iterator<Item = &String>| {
            let lacking = calls.filter(|call| !allowed(preset, call));
            lacking.cloned().collect::<Vec<_>>()
        };
        let assuming = |call: &&String| !call.starts_with("sts:Assume");
        assert_eq!(
            lacking("deploy", &mut all.iter().filter(assuming)),
            Vec::<String>::new()
        );
        let reads = all.iter().filter(|call| {
            let name = call.split(':').nth(1).unwrap_or_default();
            let reads = ["Describe", "List", "Get"]
                .iter()
                .any(|verb| name.starts_with(verb));
            reads && !NOT_IN_A_PLAN.contains(&call.as_str())
        });
        let reads: BTreeSet<&str> = reads.map(String::as_str).collect();
        let records = ["ssm:GetParameters", "ssm:GetParametersByPath"];
        let allowed: BTreeSet<&str> = READS.iter().copied().chain(records).collect();
        assert_eq!(allowed, reads, "the preset plan reads what a refresh reads");
    }

    /// Whether a statement of `deploy` allows a call on an object, but for its conditions.
    fn allows(call: &str, arn: &str) -> bool {
        let fits = |pattern: &str, text: &str| {
            let mut parts = pattern.split('*');
            let first = parts.next().unwrap_or_default();
            let Some(mut rest) = text.strip_prefix(first) else {
                return false;
            };
            let mut open = false;
            for part in parts {
                open = part.is_empty();
                match rest.find(part) {
                    Some(at) => rest = &rest[at + part.len()..],
                    None => return false,
                }
            }
            open || rest.is_empty()
        };
        let any = |json: &Json, text: &str| match json {
            Json::Array(all) => all.iter().any(|it| fits(it.as_str().unwrap(), text)),
            one => fits(one.as_str().unwrap(), text),
        };
        let scope = Scope {
            project: "acme".to_owned(),
            environment: "prod".to_owned(),
            ..scope()
        };
        let document = document(&scope, "deploy").unwrap();
        let mut statements = document["Statement"].as_array().unwrap().iter();
        statements.any(|it| any(&it["Action"], call) && any(&it["Resource"], arn))
    }

    #[test]
    fn what_is_bound_to_names_fits_the_names_that_things_have() {
        let rds = |what: &str| format!("arn:aws:rds:us-west-2:111111111111:{what}");
        let secret = "arn:aws:secretsmanager:us-west-2:111111111111:secret:";
        let logs = "arn:aws:logs:us-west-2:111111111111:log-group:";
        for (call, arn) in [
            ("rds:CreateDBInstance", rds("db:acme-prod-main-abcdef")),
            ("rds:CreateDBInstance", rds("og:default:postgres-16")),
            (
                "rds:CreateDBSubnetGroup",
                rds("subgrp:acme-prod-main-abcdef"),
            ),
            (
                "rds:DeleteDBInstance",
                rds("snapshot:acme-prod-main-abcdef-final-xyz"),
            ),
            (
                "secretsmanager:CreateSecret",
                format!("{secret}acme/prod/main/database-AbCdEf"),
            ),
            (
                "logs:GetLogEvents",
                format!("{logs}/acme/prod/shop:log-stream:web/1"),
            ),
            ("logs:CreateLogGroup", format!("{logs}/acme/prod/shop")),
            (
                "events:PutRule",
                "arn:aws:events:us-west-2:111111111111:rule/acme-prod-deploy-abcdef".to_owned(),
            ),
        ] {
            assert!(allows(call, &arn), "{call} {arn}");
        }
        for (call, arn) in [
            ("rds:DeleteDBInstance", rds("db:other-prod-main-abcdef")),
            (
                "secretsmanager:GetSecretValue",
                format!("{secret}acme/stage/main/database-AbCdEf"),
            ),
            (
                "logs:GetLogEvents",
                format!("{logs}/acme/stage/shop:log-stream:web/1"),
            ),
        ] {
            assert!(!allows(call, &arn), "{call} {arn}");
        }
    }

    #[test]
    fn a_plan_can_neither_write_nor_read_secrets() {
        let document = document(&scope(), "plan").unwrap().to_string();
        for verb in [
            ":Create",
            ":Put",
            ":Delete",
            ":Update",
            ":Modify",
            ":Pass",
            "GetSecretValue",
        ] {
            assert!(!document.contains(verb), "{verb}");
        }
    }
}
