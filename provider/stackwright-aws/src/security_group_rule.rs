//! One rule of a security group, tagged, with one other side.

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self, IpPermission, IpRange, Ipv6Range, ResourceType, SecurityGroupRuleRequest,
    SecurityGroupRuleUpdate, UserIdGroupPair,
};
use stackwright_plan::In;
use stackwright_plan::component::{Direction, SecurityGroupRule};
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::tag;

use crate::call::Op;
use crate::ec2_tags::{self, filter};
use crate::security_group::{self, AUTHORIZE_EGRESS};
use crate::settle::{self, id, outputs};
use crate::tag_changes::touches;
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const DESCRIBE: Op = Op::new("ec2", "DescribeSecurityGroupRules");
const AUTHORIZE_INGRESS: Op = Op::new("ec2", "AuthorizeSecurityGroupIngress");
const MODIFY: Op = Op::new("ec2", "ModifySecurityGroupRules");

const DUPLICATE: &[&str] = &["InvalidPermission.Duplicate"];
/// The group, kept beside the id so that rules are read by group.
const GROUP: &str = "group_id";
/// All but tags: what `ModifySecurityGroupRules` writes.
const RULE_FIELDS: &[&str] = &[
    "ip_protocol",
    "from_port",
    "to_port",
    "cidr_ipv4",
    "cidr_ipv6",
    "referenced_group_id",
    "description",
];

fn recorded(id: &str, group: &str) -> Recorded {
    let mut recorded = outputs(id);
    recorded.insert(GROUP.to_owned(), group.to_owned());
    recorded
}

fn observe(rule: types::SecurityGroupRule) -> Result<Observed<SecurityGroupRule>, AwsError> {
    let id = rule
        .security_group_rule_id
        .ok_or_else(|| DESCRIBE.lacks("SecurityGroupRuleId"))?;
    let group = rule.group_id.ok_or_else(|| DESCRIBE.lacks("GroupId"))?;
    let tags = ec2_tags::read(rule.tags.as_deref());
    let egress = rule.is_egress == Some(true);
    let outputs = recorded(&id, &group);
    let component = SecurityGroupRule {
        group_id: group.into(),
        direction: if egress {
            Direction::Egress
        } else {
            Direction::Ingress
        },
        ip_protocol: rule.ip_protocol.unwrap_or_default(),
        from_port: rule.from_port.unwrap_or(-1),
        to_port: rule.to_port.unwrap_or(-1),
        cidr_ipv4: rule.cidr_ipv4.filter(|cidr| !cidr.is_empty()),
        cidr_ipv6: rule.cidr_ipv6.filter(|cidr| !cidr.is_empty()),
        referenced_group_id: rule
            .referenced_group_info
            .and_then(|it| it.group_id)
            .map(In::Known),
        description: rule.description.unwrap_or_default(),
        tags: tags.clone(),
    };
    Ok(Observed {
        component,
        outputs,
        tags,
    })
}

/// Whether AWS would call them duplicates: everything but description and tags is equal.
fn is_same(one: &SecurityGroupRule, other: &SecurityGroupRule) -> bool {
    let ports = |rule: &SecurityGroupRule| match rule.ip_protocol.as_str() {
        "-1" => (-1, -1),
        _ => (rule.from_port, rule.to_port),
    };
    one.direction == other.direction
        && one.ip_protocol == other.ip_protocol
        && ports(one) == ports(other)
        && one.cidr_ipv4 == other.cidr_ipv4
        && one.cidr_ipv6 == other.cidr_ipv6
        && one.referenced_group_id == other.referenced_group_id
}

async fn of_group(aws: &Aws, group: &str) -> Result<Vec<Observed<SecurityGroupRule>>, AwsError> {
    let rules = security_group::rules(aws, group, Freshness::Fresh).await?;
    rules.into_iter().map(observe).collect()
}

#[async_trait]
impl Adapter for SecurityGroupRule {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(None);
        };
        let is_it = |rule: &types::SecurityGroupRule| rule.security_group_rule_id() == Some(id);
        if let Some(group) = recorded
            .get(GROUP)
            .filter(|_| freshness == Freshness::Cached)
        {
            let rules = security_group::rules(aws, group, freshness).await?;
            if let Some(rule) = rules.into_iter().find(is_it) {
                return observe(rule).map(Some);
            }
        }
        // A miss in what was read before is confirmed.
        let filters = || vec![filter("security-group-rule-id", [id])];
        let found =
            settle::seen(aws, id, || security_group::describe_rules(aws, filters())).await?;
        found.into_iter().find(is_it).map(observe).transpose()
    }

    /// A rule that AWS would call a duplicate is found when it is somebody's; one without our tags is
    /// taken over by `create`.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        match lookup {
            Lookup::Desired(wanted, tags) => {
                let rules = of_group(aws, wanted.group_id.get()).await?;
                let (tagged, others): (Vec<_>, Vec<_>) = rules
                    .into_iter()
                    .partition(|rule| ec2_tags::is_one(&rule.tags, tags));
                if !tagged.is_empty() {
                    return Ok(tagged);
                }
                let taken = |rule: &Observed<Self>| rule.tags.contains_key(tag::ID);
                let same = |rule: &Observed<Self>| taken(rule) && is_same(&rule.component, wanted);
                Ok(others.into_iter().filter(same).collect())
            }
            Lookup::Named(id) => {
                let filters = vec![filter("security-group-rule-id", [id])];
                security_group::describe_rules(aws, filters)
                    .await?
                    .into_iter()
                    .map(observe)
                    .collect()
            }
            Lookup::Owned(tags) => {
                let filters = ec2_tags::all(tags);
                security_group::describe_rules(aws, filters)
                    .await?
                    .into_iter()
                    .map(observe)
                    .collect()
            }
        }
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let group = self.group_id.get();
        security_group::forget(aws, group);
        let answer = authorize(aws, self).await;
        security_group::forget(aws, group);
        match answer {
            Ok(id) => {
                aws.newborns.note(&id);
                Ok(Created {
                    outputs: recorded(&id, group),
                    complete: true,
                })
            }
            Err(error) if error.is_code(DUPLICATE) => adopt(aws, self, error).await,
            Err(error) => Err(error),
        }
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let Some(id) = id(&observed.outputs) else {
            return Err(DESCRIBE.lacks("SecurityGroupRuleId"));
        };
        let group = self.group_id.get();
        security_group::forget(aws, group);
        let written = async {
            if touches(changed, RULE_FIELDS) {
                modify(aws, id, self).await?;
            }
            ec2_tags::write(aws, id, changed).await
        }
        .await;
        security_group::forget(aws, group);
        written.map(|()| recorded(id, group))
    }

    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let Some(rule) = Self::read(aws, recorded, Freshness::Fresh).await? else {
            return Ok(());
        };
        let group = rule.component.group_id.get();
        let egress = rule.component.direction == Direction::Egress;
        aws.newborns.forget(id);
        security_group::revoke(aws, group, egress, vec![id.to_owned()]).await
    }
}

fn permission(rule: &SecurityGroupRule) -> IpPermission {
    let text = (!rule.description.is_empty()).then(|| rule.description.clone());
    let ipv4 = rule.cidr_ipv4.as_ref().map(|cidr| {
        vec![
            IpRange::builder()
                .cidr_ip(cidr)
                .set_description(text.clone())
                .build(),
        ]
    });
    let ipv6 = rule.cidr_ipv6.as_ref().map(|cidr| {
        vec![
            Ipv6Range::builder()
                .cidr_ipv6(cidr)
                .set_description(text.clone())
                .build(),
        ]
    });
    let group = rule.referenced_group_id.as_ref().map(|group| {
        vec![
            UserIdGroupPair::builder()
                .group_id(group.get())
                .set_description(text.clone())
                .build(),
        ]
    });
    IpPermission::builder()
        .ip_protocol(&rule.ip_protocol)
        .from_port(rule.from_port)
        .to_port(rule.to_port)
        .set_ip_ranges(ipv4)
        .set_ipv6_ranges(ipv6)
        .set_user_id_group_pairs(group)
        .build()
}

/// The ids that the rule names.
fn named(rule: &SecurityGroupRule) -> Vec<&str> {
    let other = rule
        .referenced_group_id
        .as_ref()
        .map(|id| id.get().as_str());
    other
        .into_iter()
        .chain([rule.group_id.get().as_str()])
        .collect()
}

/// Makes the rule and answers its id.
async fn authorize(aws: &Aws, rule: &SecurityGroupRule) -> Result<String, AwsError> {
    let (group, ids) = (rule.group_id.get(), named(rule));
    let made = match rule.direction {
        Direction::Ingress => {
            let answer = settle::once_known(aws, &ids, || {
                let tags = ec2_tags::specification(ResourceType::SecurityGroupRule, &rule.tags);
                let call = aws.ec2().authorize_security_group_ingress().group_id(group);
                let call = call
                    .ip_permissions(permission(rule))
                    .tag_specifications(tags);
                aws.call(AUTHORIZE_INGRESS, call.send())
            });
            answer.await?.security_group_rules
        }
        Direction::Egress => {
            let answer = settle::once_known(aws, &ids, || {
                let tags = ec2_tags::specification(ResourceType::SecurityGroupRule, &rule.tags);
                let call = aws.ec2().authorize_security_group_egress().group_id(group);
                let call = call
                    .ip_permissions(permission(rule))
                    .tag_specifications(tags);
                aws.call(AUTHORIZE_EGRESS, call.send())
            });
            answer.await?.security_group_rules
        }
    };
    let id = made
        .unwrap_or_default()
        .into_iter()
        .find_map(|rule| rule.security_group_rule_id);
    id.ok_or_else(|| AUTHORIZE_INGRESS.lacks("SecurityGroupRuleId"))
}

/// Takes over an equal rule that nobody tagged; another owner's stays an error.
async fn adopt(
    aws: &Aws,
    wanted: &SecurityGroupRule,
    duplicate: AwsError,
) -> Result<Created, AwsError> {
    let group = wanted.group_id.get();
    let free = |rule: &Observed<SecurityGroupRule>| {
        !rule.tags.contains_key(tag::ID) && is_same(&rule.component, wanted)
    };
    let Some(rule) = of_group(aws, group).await?.into_iter().find(free) else {
        return Err(duplicate);
    };
    let id = id(&rule.outputs).unwrap_or_default();
    let tagged = ec2_tags::set_all(aws, id, &wanted.tags).await;
    security_group::forget(aws, group);
    tagged.map(|()| Created {
        outputs: rule.outputs.clone(),
        complete: false,
    })
}

async fn modify(aws: &Aws, id: &str, rule: &SecurityGroupRule) -> Result<(), AwsError> {
    let request = SecurityGroupRuleRequest::builder()
        .ip_protocol(&rule.ip_protocol)
        .from_port(rule.from_port)
        .to_port(rule.to_port)
        .set_cidr_ipv4(rule.cidr_ipv4.clone())
        .set_cidr_ipv6(rule.cidr_ipv6.clone())
        .set_referenced_group_id(rule.referenced_group_id.as_ref().map(|id| id.get().clone()))
        .description(&rule.description)
        .build();
    let change = SecurityGroupRuleUpdate::builder()
        .security_group_rule_id(id)
        .security_group_rule(request)
        .build();
    let (group, mut ids) = (rule.group_id.get(), named(rule));
    ids.push(id);
    settle::once_known(aws, &ids, || {
        let call = aws.ec2().modify_security_group_rules().group_id(group);
        aws.call(MODIFY, call.security_group_rules(change.clone()).send())
    })
    .await
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> SecurityGroupRule {
        SecurityGroupRule {
            group_id: "sg-1".into(),
            direction: Direction::Ingress,
            ip_protocol: "tcp".to_owned(),
            from_port: 80,
            to_port: 80,
            cidr_ipv4: Some("10.0.0.0/8".to_owned()),
            cidr_ipv6: None,
            referenced_group_id: None,
            description: "one".to_owned(),
            tags: stackwright_plan::component::Tags::new(),
        }
    }

    #[test]
    fn a_duplicate_may_have_another_description_and_other_tags() {
        let other = SecurityGroupRule {
            description: "two".to_owned(),
            ..rule()
        };
        assert!(is_same(&rule(), &other));
        assert!(!is_same(
            &rule(),
            &SecurityGroupRule {
                to_port: 81,
                ..rule()
            }
        ));
        assert!(!is_same(
            &rule(),
            &SecurityGroupRule {
                direction: Direction::Egress,
                ..rule()
            }
        ));
    }

    #[test]
    fn ports_mean_nothing_when_all_protocols_are_let_through() {
        let all = SecurityGroupRule {
            ip_protocol: "-1".to_owned(),
            ..rule()
        };
        assert!(is_same(
            &all,
            &SecurityGroupRule {
                from_port: -1,
                to_port: -1,
                ..all.clone()
            }
        ));
    }

    #[test]
    fn aws_leaves_out_ports_when_all_protocols_are_let_through() {
        let seen = types::SecurityGroupRule::builder()
            .security_group_rule_id("sgr-1")
            .group_id("sg-1")
            .is_egress(true)
            .ip_protocol("-1")
            .cidr_ipv4("0.0.0.0/0")
            .build();
        let seen = observe(seen).map(|it| (it.component.from_port, it.component.to_port));
        assert_eq!(seen, Ok((-1, -1)));
    }
}
