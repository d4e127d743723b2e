//! Who keeps an object from being deleted.
//!
//! AWS says only that something does, when it is too late: by then, other parts of the resource are
//! gone. So a delete asks first, and names who it is.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{NetworkInterface, SecurityGroupRule};
use stackwright_plan::{OwnTags, tag};

use crate::call::Op;
use crate::ec2_tags::{self, filter};
use crate::{Aws, AwsError, Freshness, User};
use crate::{ecs_service, elbv2, listener, listener_rule, rds, security_group};

const DESCRIBE_INTERFACES: Op = Op::new("ec2", "DescribeNetworkInterfaces");

/// What people know an object by: the resource and root that its tags name, or what AWS calls it.
pub(crate) fn named(tags: &BTreeMap<String, String>, object: &str) -> String {
    match OwnTags::read(tags) {
        Some(OwnTags { id, owner, .. }) => format!("{object} of {id} (root `{owner}`)"),
        None => object.to_owned(),
    }
}

/// Rules of other resources at the listeners of a load balancer: their requests would go nowhere.
pub(crate) async fn of_load_balancer(aws: &Aws, arn: &str) -> Result<Vec<User>, AwsError> {
    let mut users = Vec::new();
    for listener in listener::of_load_balancer(aws, arn).await? {
        let listener = listener.listener_arn.unwrap_or_default();
        for rule in listener_rule::of_listener(aws, &listener, Freshness::Fresh).await? {
            let object = rule.rule_arn.unwrap_or_default();
            let tags = elbv2::tags(aws, &object, Freshness::Fresh).await?;
            let name = named(&tags, &format!("the listener rule {object}"));
            users.push(User { object, name });
        }
    }
    Ok(users)
}

/// Services that run in a cluster. Those that drain go by themselves.
pub(crate) async fn of_cluster(aws: &Aws, arn: &str) -> Result<Vec<User>, AwsError> {
    let services = ecs_service::of_cluster(aws, arn).await?;
    let active = services.values().filter(|it| it.status() == Some("ACTIVE"));
    let user = |service: &aws_sdk_ecs::types::Service| {
        let tags = crate::ecs_object::from_sdk(service.tags());
        let name = service.service_name().unwrap_or_default();
        User {
            object: service.service_arn().unwrap_or_default().to_owned(),
            name: named(&tags, &format!("the ECS service {name}")),
        }
    };
    Ok(active.map(user).collect())
}

/// Rules in other groups that name a group, and that are not ours to remove.
pub(crate) async fn of_group(aws: &Aws, group: &str) -> Result<Vec<User>, AwsError> {
    let root = root_of_group(aws, group).await?;
    let rules = naming(aws, group).await?.into_iter();
    let foreign = rules.filter(|rule| root.is_none() || root_of_rule(rule) != root);
    let user = |rule: SecurityGroupRule| {
        let object = rule.security_group_rule_id.clone().unwrap_or_default();
        let tags = ec2_tags::read(rule.tags.as_deref());
        let group = rule.group_id().unwrap_or_default();
        let name = named(
            &tags,
            &format!("the rule {object} of security group {group}"),
        );
        User { object, name }
    };
    Ok(foreign.map(user).collect())
}

/// Takes the rules of the same root that name a group out of the other groups. Terraform deletes an
/// app before it updates the services that admit it, so these rules are about to go anyway.
/// Answers whether there were any.
pub(crate) async fn release_group(aws: &Aws, group: &str) -> Result<bool, AwsError> {
    let Some(root) = root_of_group(aws, group).await? else {
        return Ok(false);
    };
    let rules = naming(aws, group).await?.into_iter();
    let ours: Vec<SecurityGroupRule> = rules
        .filter(|rule| root_of_rule(rule).as_ref() == Some(&root))
        .collect();
    for rule in &ours {
        let (Some(id), Some(of)) = (rule.security_group_rule_id(), rule.group_id()) else {
            continue;
        };
        tracing::info!(
            rule = id,
            group,
            "removing a rule that names a group which goes"
        );
        let egress = rule.is_egress() == Some(true);
        security_group::revoke(aws, of, egress, vec![id.to_owned()]).await?;
    }
    Ok(!ours.is_empty())
}

type Root = (String, String, String);

async fn root_of_group(aws: &Aws, group: &str) -> Result<Option<Root>, AwsError> {
    let groups = security_group::describe(aws, vec![filter("group-id", [group])]).await?;
    let tags = groups.first().map(|it| ec2_tags::read(it.tags.as_deref()));
    Ok(tags.as_ref().and_then(root))
}

fn root_of_rule(rule: &SecurityGroupRule) -> Option<Root> {
    root(&ec2_tags::read(rule.tags.as_deref()))
}

/// Whose an object is: project, environment and root.
pub(crate) fn root(tags: &BTreeMap<String, String>) -> Option<Root> {
    let get = |key: &str| tags.get(key).cloned();
    Some((get(tag::PROJECT)?, get(tag::ENVIRONMENT)?, get(tag::OWNER)?))
}

/// Rules in other groups that name a group.
async fn naming(aws: &Aws, group: &str) -> Result<Vec<SecurityGroupRule>, AwsError> {
    let mut others = Vec::new();
    for direction in ["ip-permission.group-id", "egress.ip-permission.group-id"] {
        let groups = security_group::describe(aws, vec![filter(direction, [group])]).await?;
        others.extend(groups.into_iter().filter_map(|it| it.group_id));
    }
    others.retain(|other| other != group);
    others.sort();
    others.dedup();
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let rules = security_group::describe_rules(aws, vec![filter("group-id", &others)]).await?;
    let names = |rule: &SecurityGroupRule| {
        let other = rule.referenced_group_info();
        other.and_then(|it| it.group_id()) == Some(group)
    };
    Ok(rules.into_iter().filter(names).collect())
}

/// Security groups and databases of others in a VPC: whatever runs there has one of them.
pub(crate) async fn of_vpc(aws: &Aws, vpc: &str) -> Result<Vec<User>, AwsError> {
    let groups = security_group::describe(aws, vec![filter("vpc-id", [vpc])]).await?;
    let own = groups
        .into_iter()
        .filter(|group| group.group_name() != Some("default"));
    let user = |group: aws_sdk_ec2::types::SecurityGroup| {
        let object = group.group_id.unwrap_or_default();
        let tags = ec2_tags::read(group.tags.as_deref());
        let name = named(&tags, &format!("the security group {object}"));
        User { object, name }
    };
    Ok(own.map(user).collect())
}

/// Databases that use a subnet group or a parameter group.
pub(crate) async fn of_database_group(
    aws: &Aws,
    is_in: impl Fn(&aws_sdk_rds::types::DbInstance) -> bool,
) -> Result<Vec<User>, AwsError> {
    let instances = rds::all(aws).await?;
    let user = |instance: &aws_sdk_rds::types::DbInstance| User {
        object: instance.db_instance_arn().unwrap_or_default().to_owned(),
        name: format!(
            "the database {}",
            instance.db_instance_identifier().unwrap_or_default()
        ),
    };
    Ok(instances.iter().filter(|it| is_in(it)).map(user).collect())
}

/// Network interfaces in a subnet.
pub(crate) async fn in_subnet(aws: &Aws, subnet: &str) -> Result<Vec<User>, AwsError> {
    let pages = aws.ec2().describe_network_interfaces();
    let pages = pages.filters(filter("subnet-id", [subnet]));
    let pages = pages.into_paginator().send();
    let pages = aws.pages(DESCRIBE_INTERFACES, pages).await?;
    let interfaces = pages
        .into_iter()
        .flat_map(|page| page.network_interfaces.unwrap_or_default());
    Ok(interfaces.map(|it| interface(&it)).collect())
}

/// AWS writes into the description whose an interface is: `Interface for NAT Gateway nat-1`.
fn interface(interface: &NetworkInterface) -> User {
    let id = interface.network_interface_id().unwrap_or_default();
    let description = interface.description().unwrap_or_default();
    let name = if description.is_empty() {
        format!("the network interface {id}")
    } else {
        format!("the network interface {id} ({description})")
    };
    let words = description.split_whitespace();
    let of = words
        .rev()
        .find(|word| word.starts_with("nat-") || word.starts_with("vpce-"));
    User {
        object: of.unwrap_or(id).to_owned(),
        name,
    }
}
