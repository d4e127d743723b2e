//! Security group, and the loaders of groups and of their rules.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self, Filter, IpPermission, IpRange, Ipv6Range, ResourceType, SecurityGroupRule,
};
use stackwright_plan::component::SecurityGroup;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, FILTER_VALUES, filter};
use crate::loader::Source;
use crate::settle::{self, id, outputs};
use crate::tag_changes::touches;
use crate::{
    Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, User, Wait, users,
};

const DESCRIBE: Op = Op::new("ec2", "DescribeSecurityGroups");
const DESCRIBE_RULES: Op = Op::new("ec2", "DescribeSecurityGroupRules");
const CREATE: Op = Op::new("ec2", "CreateSecurityGroup");
const DELETE: Op = Op::new("ec2", "DeleteSecurityGroup");
pub(crate) const AUTHORIZE_EGRESS: Op = Op::new("ec2", "AuthorizeSecurityGroupEgress");
const REVOKE_EGRESS: Op = Op::new("ec2", "RevokeSecurityGroupEgress");
const REVOKE_INGRESS: Op = Op::new("ec2", "RevokeSecurityGroupIngress");

const GONE: &[&str] = &["InvalidGroup.NotFound", "InvalidGroupId.NotFound"];
/// A rule that is to be revoked is gone already.
pub(crate) const RULE_GONE: &[&str] = &[
    "InvalidGroup.NotFound",
    "InvalidPermission.NotFound",
    "InvalidSecurityGroupRuleId.NotFound",
];

/// Security groups by id.
#[derive(Debug)]
pub(crate) struct Groups;

#[async_trait]
impl Source for Groups {
    type Key = String;
    type Item = types::SecurityGroup;
    const BATCH: usize = FILTER_VALUES;
    const LISTS: bool = true;

    async fn keyed(
        aws: &Aws,
        ids: &[String],
    ) -> Result<HashMap<String, types::SecurityGroup>, AwsError> {
        Ok(by_id(describe(aws, vec![filter("group-id", ids)]).await?))
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, types::SecurityGroup>>, AwsError> {
        Ok(Some(by_id(describe(aws, ec2_tags::ours()).await?)))
    }
}

fn by_id(groups: Vec<types::SecurityGroup>) -> HashMap<String, types::SecurityGroup> {
    groups
        .into_iter()
        .filter_map(|group| Some((group.group_id.clone()?, group)))
        .collect()
}

/// Rules by group: they are few, and a group's own comparison needs those without tags too.
#[derive(Debug)]
pub(crate) struct GroupRules;

#[async_trait]
impl Source for GroupRules {
    type Key = String;
    type Item = Vec<SecurityGroupRule>;
    const BATCH: usize = FILTER_VALUES;
    const LISTS: bool = true;

    async fn keyed(
        aws: &Aws,
        groups: &[String],
    ) -> Result<HashMap<String, Vec<SecurityGroupRule>>, AwsError> {
        let mut found: HashMap<_, _> = groups.iter().map(|id| (id.clone(), Vec::new())).collect();
        for rule in describe_rules(aws, vec![filter("group-id", groups)]).await? {
            if let Some(group) = rule.group_id() {
                found.entry(group.to_owned()).or_default().push(rule);
            }
        }
        Ok(found)
    }

    /// The rules of all groups that are ours.
    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, Vec<SecurityGroupRule>>>, AwsError> {
        let groups: Vec<String> = by_id(describe(aws, ec2_tags::ours()).await?)
            .into_keys()
            .collect();
        let mut found = HashMap::new();
        for groups in groups.chunks(FILTER_VALUES) {
            found.extend(Self::keyed(aws, groups).await?);
        }
        Ok(Some(found))
    }
}

/// Also for the default group.
pub(crate) async fn describe(
    aws: &Aws,
    filters: Vec<Filter>,
) -> Result<Vec<types::SecurityGroup>, AwsError> {
    let pages = aws
        .ec2()
        .describe_security_groups()
        .set_filters(Some(filters))
        .max_results(1_000);
    let pages = aws.pages(DESCRIBE, pages.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.security_groups.unwrap_or_default())
        .collect())
}

/// Also for single rules.
pub(crate) async fn describe_rules(
    aws: &Aws,
    filters: Vec<Filter>,
) -> Result<Vec<SecurityGroupRule>, AwsError> {
    let pages = aws
        .ec2()
        .describe_security_group_rules()
        .set_filters(Some(filters))
        .max_results(1_000);
    let pages = aws
        .pages(DESCRIBE_RULES, pages.into_paginator().send())
        .await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.security_group_rules.unwrap_or_default())
        .collect())
}

/// The rules of a group.
pub(crate) async fn rules(
    aws: &Aws,
    group: &str,
    freshness: Freshness,
) -> Result<Vec<SecurityGroupRule>, AwsError> {
    let rules = settle::get(aws, &aws.loaders.security_group_rules, group, freshness).await?;
    Ok(rules.unwrap_or_default())
}

/// A group or one of its rules was written.
pub(crate) fn forget(aws: &Aws, group: &str) {
    aws.loaders.security_groups.forget(&group.to_owned());
    aws.loaders.security_group_rules.forget(&group.to_owned());
}

/// Revokes rules by id; those that are gone already do not matter.
pub(crate) async fn revoke(
    aws: &Aws,
    group: &str,
    egress: bool,
    rules: Vec<String>,
) -> Result<(), AwsError> {
    if rules.is_empty() {
        return Ok(());
    }
    let revoked = if egress {
        let call = aws.ec2().revoke_security_group_egress().group_id(group);
        let call = call.set_security_group_rule_ids(Some(rules)).send();
        settle_revoked(aws.call(REVOKE_EGRESS, call).await)
    } else {
        let call = aws.ec2().revoke_security_group_ingress().group_id(group);
        let call = call.set_security_group_rule_ids(Some(rules)).send();
        settle_revoked(aws.call(REVOKE_INGRESS, call).await)
    };
    forget(aws, group);
    revoked
}

fn settle_revoked<T>(answer: Result<T, AwsError>) -> Result<(), AwsError> {
    match answer {
        Err(error) if !error.is_code(RULE_GONE) => Err(error),
        _ => Ok(()),
    }
}

/// Whether it is a rule that AWS puts into every new group: one for IPv4, and in a VPC with IPv6 another.
fn is_default_egress(rule: &SecurityGroupRule) -> bool {
    rule.is_egress() == Some(true)
        && rule.ip_protocol() == Some("-1")
        && (rule.cidr_ipv4() == Some("0.0.0.0/0") || rule.cidr_ipv6() == Some("::/0"))
        && rule.tags().is_empty()
}

/// Whether the group has any rule like it, ours or AWS's: else its rules need not be asked for.
fn may_have_default_egress(group: &types::SecurityGroup) -> bool {
    group.ip_permissions_egress().iter().any(|permission| {
        let ipv4 = |range: &IpRange| range.cidr_ip() == Some("0.0.0.0/0");
        let ipv6 = |range: &Ipv6Range| range.cidr_ipv6() == Some("::/0");
        permission.ip_protocol() == Some("-1")
            && (permission.ip_ranges().iter().any(ipv4)
                || permission.ipv6_ranges().iter().any(ipv6))
    })
}

async fn default_egress(
    aws: &Aws,
    group: &str,
    freshness: Freshness,
) -> Result<Vec<String>, AwsError> {
    let rules = rules(aws, group, freshness).await?;
    let default = rules.into_iter().filter(is_default_egress);
    Ok(default
        .filter_map(|rule| rule.security_group_rule_id)
        .collect())
}

async fn observe(
    aws: &Aws,
    group: types::SecurityGroup,
    freshness: Freshness,
) -> Result<Observed<SecurityGroup>, AwsError> {
    let id = group
        .group_id()
        .ok_or_else(|| DESCRIBE.lacks("GroupId"))?
        .to_owned();
    let has_default =
        may_have_default_egress(&group) && !default_egress(aws, &id, freshness).await?.is_empty();
    let tags = ec2_tags::read(group.tags.as_deref());
    let component = SecurityGroup {
        group_name: group.group_name.unwrap_or_default(),
        description: group.description.unwrap_or_default(),
        vpc_id: group.vpc_id.unwrap_or_default().into(),
        default_egress: has_default,
        tags: tags.clone(),
    };
    Ok(Observed {
        component,
        outputs: outputs(&id),
        tags,
    })
}

#[async_trait]
impl Adapter for SecurityGroup {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(None);
        };
        match settle::get(aws, &aws.loaders.security_groups, id, freshness).await? {
            Some(group) => observe(aws, group, freshness).await.map(Some),
            None => Ok(None),
        }
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let filters = match lookup {
            Lookup::Desired(wanted, _) => {
                vec![
                    filter("group-name", [&wanted.group_name]),
                    filter("vpc-id", [wanted.vpc_id.get()]),
                ]
            }
            Lookup::Named(id) => vec![filter("group-id", [id])],
            Lookup::Owned(tags) => ec2_tags::all(tags),
        };
        let mut found = Vec::new();
        for group in describe(aws, filters).await? {
            // The default group is another kind.
            if group.group_name() != Some("default") {
                found.push(observe(aws, group, Freshness::Fresh).await?);
            }
        }
        Ok(found)
    }

    /// Never complete: AWS adds a rule.
    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let vpc = self.vpc_id.get();
        let answer = settle::once_known(aws, &[vpc], || {
            let tags = ec2_tags::specification(ResourceType::SecurityGroup, &self.tags);
            let call = aws
                .ec2()
                .create_security_group()
                .vpc_id(vpc)
                .tag_specifications(tags);
            let call = call
                .group_name(&self.group_name)
                .description(&self.description);
            aws.call(CREATE, call.send())
        });
        let id = answer
            .await?
            .group_id
            .ok_or_else(|| CREATE.lacks("GroupId"))?;
        aws.newborns.note(&id);
        forget(aws, &id);
        Ok(Created {
            outputs: outputs(&id),
            complete: false,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let Some(id) = id(&observed.outputs) else {
            return Err(DESCRIBE.lacks("GroupId"));
        };
        forget(aws, id);
        let written = async {
            if touches(changed, &["default_egress"]) {
                write_default_egress(aws, id, self.default_egress).await?;
            }
            ec2_tags::write(aws, id, changed).await
        }
        .await;
        forget(aws, id);
        written.map(|()| observed.outputs.clone())
    }

    /// Network interfaces of stopped tasks leave the group with some delay.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let attempt = || async {
            match delete(aws, id).await {
                Err(error)
                    if settle::is_in_use(&error) && users::release_group(aws, id).await? =>
                {
                    delete(aws, id).await
                }
                deleted => deleted,
            }
        };
        let deleted = settle::delete(aws, id, GONE, wait, attempt).await;
        forget(aws, id);
        deleted
    }

    async fn users(aws: &Aws, recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        match recorded.get("id") {
            Some(id) => users::of_group(aws, id).await,
            None => Ok(Vec::new()),
        }
    }
}

async fn delete(aws: &Aws, id: &str) -> Result<(), AwsError> {
    let call = aws.ec2().delete_security_group().group_id(id);
    aws.call(DELETE, call.send()).await.map(drop)
}

async fn write_default_egress(aws: &Aws, group: &str, wanted: bool) -> Result<(), AwsError> {
    if !wanted {
        let rules = default_egress(aws, group, Freshness::Fresh).await?;
        return revoke(aws, group, true, rules).await;
    }
    let everywhere = IpRange::builder().cidr_ip("0.0.0.0/0").build();
    let permission = IpPermission::builder()
        .ip_protocol("-1")
        .ip_ranges(everywhere)
        .build();
    settle::once_known(aws, &[group], || {
        let call = aws.ec2().authorize_security_group_egress().group_id(group);
        aws.call(
            AUTHORIZE_EGRESS,
            call.ip_permissions(permission.clone()).send(),
        )
    })
    .await
    .map(drop)
}
