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
        "plan" => vec![look()],
        "deploy" => vec![look(), build(), change_tagged(scope), roles(scope), pass_roles(scope)],
        _ => return None,
    };
    Some(json!({ "Version": "2012-10-17", "Statement": statements }))
}

/// Whether a document that IAM gave back says the same as one of ours.
pub(crate) fn alike(ours: &Json, theirs: &Json) -> bool {
    canonical(ours) == canonical(theirs)
}

/// IAM answers a list of one as a text, and lists in any order.
fn canonical(json: &Json) -> Json {
    match json {
        Json::Object(map) => map.iter().map(|(key, value)| (key.clone(), canonical(value))).collect(),
        Json::Array(items) if items.len() == 1 => canonical(&items[0]),
        Json::Array(items) => {
            let mut items: Vec<Json> = items.iter().map(canonical).collect();
            items.sort_by_key(Json::to_string);
            items.into()
        }
        other => other.clone(),
    }
}

/// Every read that a refresh makes. None of them answers a secret.
fn look() -> Json {
    json!({
        "Sid": "Look",
        "Effect": "Allow",
        "Action": [
            "ec2:Describe*", "ecs:Describe*", "ecs:List*", "iam:Get*", "iam:List*",
            "logs:Describe*", "logs:List*", "ssm:DescribeParameters", "ssm:GetParameters",
            "ssm:ListTagsForResource", "sts:GetCallerIdentity",
        ],
        "Resource": "*",
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
            "logs:TagResource", "ssm:AddTagsToResource", "ssm:PutParameter",
        ],
        "Resource": "*",
    })
}

/// Changes and deletes, bound to the tags of the project and environment.
fn change_tagged(scope: &Scope) -> Json {
    let tag_of = |key: &str| format!("aws:ResourceTag/{key}");
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
            "ssm:DeleteParameter", "ssm:RemoveTagsFromResource",
        ],
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                tag_of(tag::PROJECT): scope.project,
                tag_of(tag::ENVIRONMENT): scope.environment,
            },
        },
    })
}

/// The roles of tasks, known by the beginning of their names.
fn own_roles(scope: &Scope) -> String {
    let Scope { iam_path, project, environment, .. } = scope;
    scope.global_arn("iam", &format!("role{iam_path}{project}-{environment}-*"))
}

fn roles(scope: &Scope) -> Json {
    json!({
        "Sid": "Roles",
        "Effect": "Allow",
        "Action": [
            "iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole",
            "iam:DeleteRolePermissionsBoundary", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
            "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:TagRole",
            "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
        ],
        "Resource": own_roles(scope),
    })
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
    use super::*;

    #[test]
    fn iam_answers_single_items_as_text() {
        let ours = json!({ "Action": ["a"], "Resource": ["x", "y"] });
        assert!(alike(&ours, &json!({ "Action": "a", "Resource": ["y", "x"] })));
        assert!(!alike(&ours, &json!({ "Action": "b", "Resource": ["y", "x"] })));
    }
}
