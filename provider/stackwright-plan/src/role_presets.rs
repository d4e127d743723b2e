//! What the presets of `stackwright_role` may do.
//!
//! `admin` and `read` are AWS's own managed policies. `deploy` and `plan` are lists of exactly the
//! calls that the provider makes, bound to the names and tags of one project and environment where
//! IAM can bind them.

use serde_json::{Value as Json, json};

use crate::{Scope, tag};

/// The presets, the narrower first.
pub(crate) const ALL: &[&str] = &["plan", "deploy", "read", "admin"];

/// The managed policy of a preset.
pub(crate) fn managed(scope: &Scope, preset: &str) -> Option<String> {
    let name = match preset {
        "admin" => "AdministratorAccess",
        "read" => "SecurityAudit",
        _ => return None,
    };
    Some(format!("arn:{}:iam::aws:policy/{name}", scope.partition))
}

/// The inline policy of a preset.
pub(crate) fn document(scope: &Scope, preset: &str) -> Option<Json> {
    let statements = match preset {
        "plan" => vec![look(), read_records(scope)],
        "deploy" => vec![
            look(),
            read_records(scope),
            build(),
            write_records(scope),
            change_tagged(scope),
            roles(scope),
            empower_roles(scope),
            pass_roles(scope),
            service_linked_role(scope),
            build_private_names(),
            change_private_names(scope),
        ],
        _ => return None,
    };
    Some(json!({ "Version": "2012-10-17", "Statement": statements }))
}

/// Every read that a refresh makes. None of them answers a secret.
fn look() -> Json {
    json!({
        "Sid": "Look",
        "Effect": "Allow",
        "Action": [
            "ec2:Describe*", "ecs:Describe*", "ecs:List*", "iam:Get*", "iam:List*",
            "logs:Describe*", "logs:List*", "route53:GetHostedZone", "servicediscovery:Get*",
            "servicediscovery:List*", "ssm:DescribeParameters", "ssm:ListTagsForResource",
            "sts:GetCallerIdentity",
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
        "Action": ["ssm:GetParameter", "ssm:GetParameters"],
        "Resource": records(scope),
    })
}

fn write_records(scope: &Scope) -> Json {
    json!({
        "Sid": "WriteRecords",
        "Effect": "Allow",
        "Action": [
            "ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:PutParameter",
            "ssm:RemoveTagsFromResource",
        ],
        "Resource": records(scope),
    })
}

/// ECS makes its own role in an account when it is first used there.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html>
fn service_linked_role(scope: &Scope) -> Json {
    json!({
        "Sid": "FirstUseOfEcs",
        "Effect": "Allow",
        "Action": "iam:CreateServiceLinkedRole",
        "Resource": scope.global_arn("iam", "role/aws-service-role/ecs.amazonaws.com/*"),
        "Condition": { "StringEquals": { "iam:AWSServiceName": "ecs.amazonaws.com" } },
    })
}

/// Creates, whose resource does not exist yet.
fn build() -> Json {
    json!({
        "Sid": "Build",
        "Effect": "Allow",
        "Action": [
            "ec2:AllocateAddress", "ec2:AssociateRouteTable", "ec2:AttachInternetGateway",
            "ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateInternetGateway", "ec2:CreateNatGateway", "ec2:CreateRoute",
            "ec2:CreateRouteTable", "ec2:CreateSecurityGroup", "ec2:CreateSubnet",
            "ec2:CreateTags", "ec2:CreateVpc", "ec2:CreateVpcEndpoint",
            "ecs:CreateCluster", "ecs:CreateService", "ecs:DeregisterTaskDefinition",
            "ecs:RegisterTaskDefinition", "ecs:TagResource", "logs:CreateLogGroup",
            "logs:TagResource",
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
            "ec2:DeleteInternetGateway", "ec2:DeleteNatGateway", "ec2:DeleteRoute",
            "ec2:DeleteRouteTable", "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet",
            "ec2:DeleteTags", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints",
            "ec2:DetachInternetGateway", "ec2:DisassociateRouteTable",
            "ec2:ModifySecurityGroupRules", "ec2:ModifySubnetAttribute", "ec2:ModifyVpcAttribute",
            "ec2:ModifyVpcEndpoint", "ec2:ReleaseAddress", "ec2:ReplaceRoute",
            "ec2:ReplaceRouteTableAssociation", "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress", "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
            "ec2:UpdateSecurityGroupRuleDescriptionsIngress", "ecs:DeleteCluster",
            "ecs:DeleteService", "ecs:PutClusterCapacityProviders", "ecs:UntagResource",
            "ecs:UpdateCluster", "ecs:UpdateClusterSettings", "ecs:UpdateService",
            "logs:DeleteLogGroup", "logs:PutRetentionPolicy", "logs:UntagResource",
        ],
        "Resource": "*",
        "Condition": own_tags(scope),
    })
}

/// Cloud Map works on Route 53 in the name of its caller, on zones whose ids nobody can foretell.
/// Source: <https://docs.aws.amazon.com/cloud-map/latest/dg/security_iam_permissions-reference.html>
fn build_private_names() -> Json {
    json!({
        "Sid": "BuildPrivateNames",
        "Effect": "Allow",
        "Action": [
            "route53:ChangeResourceRecordSets", "route53:CreateHostedZone",
            "route53:DeleteHostedZone", "route53:ListHostedZonesByName",
            "servicediscovery:CreatePrivateDnsNamespace", "servicediscovery:CreateService",
            "servicediscovery:TagResource",
        ],
        "Resource": "*",
    })
}

fn change_private_names(scope: &Scope) -> Json {
    json!({
        "Sid": "ChangePrivateNames",
        "Effect": "Allow",
        "Action": [
            "servicediscovery:DeleteNamespace", "servicediscovery:DeleteService",
            "servicediscovery:DeregisterInstance", "servicediscovery:RegisterInstance",
            "servicediscovery:UntagResource", "servicediscovery:UpdatePrivateDnsNamespace",
            "servicediscovery:UpdateService",
        ],
        "Resource": "*",
        "Condition": own_tags(scope),
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
    if let Some(boundary) = &scope.permissions_boundary {
        statement["Condition"] = json!({ "StringEquals": { "iam:PermissionsBoundary": boundary } });
    }
    statement
}

/// Only to tasks: the role of a task cannot be given to anything else.
fn pass_roles(scope: &Scope) -> Json {
    json!({
        "Sid": "PassRoles",
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": own_roles(scope),
        "Condition": { "StringEquals": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::aws_rules;

    #[test]
    fn the_longest_preset_fits_into_a_role() {
        let scope = Scope {
            project: "p".repeat(32),
            environment: "e".repeat(32),
            owner: "o".to_owned(),
            account_id: "111111111111".to_owned(),
            region: "us-west-2".to_owned(),
            partition: "aws".to_owned(),
            default_tags: BTreeMap::new(),
            iam_path: "/".to_owned(),
            permissions_boundary: None,
        };
        let longest = ALL
            .iter()
            .filter_map(|preset| document(&scope, preset))
            .map(|d| d.to_string().len())
            .max();
        assert!(
            longest.is_some_and(|longest| longest < aws_rules::INLINE_POLICIES / 2),
            "{longest:?}"
        );
    }
}
