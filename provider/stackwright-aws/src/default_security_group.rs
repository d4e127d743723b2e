//! The security group that AWS makes with each VPC. It is taken over, never made or deleted.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, SecurityGroupRule};
use stackwright_plan::component::DefaultSecurityGroup;
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::tag;

use crate::call::Op;
use crate::ec2_tags::{self, filter};
use crate::settle::{self, id, outputs};
use crate::tag_changes::touches;
use crate::{
    Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait, security_group,
};

const DESCRIBE: Op = Op::new("ec2", "DescribeSecurityGroups");
/// AWS calls it so in every VPC; no other group may be called so.
const NAME: &str = "default";

/// `ingress tcp 80-90 from sg-1`, `egress -1 to 0.0.0.0/0`.
fn describe_rule(rule: &SecurityGroupRule) -> String {
    let egress = rule.is_egress() == Some(true);
    let (way, word) = if egress {
        ("egress", "to")
    } else {
        ("ingress", "from")
    };
    let group = rule
        .referenced_group_info()
        .and_then(|group| group.group_id());
    let other = rule
        .cidr_ipv4()
        .or(rule.cidr_ipv6())
        .or(rule.prefix_list_id())
        .or(group);
    let ports = match (rule.from_port().unwrap_or(-1), rule.to_port().unwrap_or(-1)) {
        (-1, _) => String::new(),
        (from, to) if from == to => format!(" {from}"),
        (from, to) => format!(" {from}-{to}"),
    };
    let protocol = rule.ip_protocol().unwrap_or("-1");
    format!(
        "{way} {protocol}{ports} {word} {}",
        other.unwrap_or("unknown")
    )
}

async fn observe(
    aws: &Aws,
    group: types::SecurityGroup,
    freshness: Freshness,
) -> Result<Observed<DefaultSecurityGroup>, AwsError> {
    let id = group
        .group_id()
        .ok_or_else(|| DESCRIBE.lacks("GroupId"))?
        .to_owned();
    let has_rules =
        !(group.ip_permissions().is_empty() && group.ip_permissions_egress().is_empty());
    let mut rules = Vec::new();
    if has_rules {
        rules.extend(
            security_group::rules(aws, &id, freshness)
                .await?
                .iter()
                .map(describe_rule),
        );
        rules.sort();
    }
    let tags = ec2_tags::read(group.tags.as_deref());
    let vpc_id = group.vpc_id.unwrap_or_default().into();
    let component = DefaultSecurityGroup {
        vpc_id,
        rules,
        tags: tags.clone(),
    };
    Ok(Observed {
        component,
        outputs: outputs(&id),
        tags,
    })
}

/// Whether a resource of ours, of whatever owner, has taken it over.
fn is_taken(group: &types::SecurityGroup) -> bool {
    group.tags().iter().any(|it| it.key() == Some(tag::ID))
}

async fn of_vpc(aws: &Aws, vpc: &str) -> Result<Option<types::SecurityGroup>, AwsError> {
    let filters = vec![filter("vpc-id", [vpc]), filter("group-name", [NAME])];
    Ok(security_group::describe(aws, filters).await?.pop())
}

#[async_trait]
impl Adapter for DefaultSecurityGroup {
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

    /// A group that nobody took over is not found: `create` takes it.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let groups = match lookup {
            Lookup::Desired(wanted, _) => of_vpc(aws, wanted.vpc_id.get())
                .await?
                .into_iter()
                .filter(is_taken)
                .collect(),
            Lookup::Named(id) => {
                security_group::describe(aws, vec![filter("group-id", [id])]).await?
            }
            Lookup::Owned(tags) => security_group::describe(aws, ec2_tags::all(tags)).await?,
        };
        let mut found = Vec::new();
        for group in groups
            .into_iter()
            .filter(|group| group.group_name() == Some(NAME))
        {
            found.push(observe(aws, group, Freshness::Fresh).await?);
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let vpc = self.vpc_id.get();
        // AWS makes it with the VPC, and may show it a little later.
        let ask = || async { of_vpc(aws, vpc).await.map(Vec::from_iter) };
        let found = settle::seen(aws, vpc, ask).await?.pop();
        let group = found.and_then(|group| group.group_id);
        let id = group.ok_or_else(|| AwsError::Broken {
            what: format!("locking the default security group of {vpc}"),
            reason: "AWS shows no such group".to_owned(),
        })?;
        let tagged = ec2_tags::set_all(aws, &id, &self.tags).await;
        security_group::forget(aws, &id);
        tagged.map(|()| Created {
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
        security_group::forget(aws, id);
        let written = async {
            if touches(changed, &["rules"]) {
                lock(aws, id, &self.rules).await?;
            }
            ec2_tags::write(aws, id, changed).await
        }
        .await;
        security_group::forget(aws, id);
        written.map(|()| observed.outputs.clone())
    }

    /// It goes away with its VPC.
    async fn delete(_aws: &Aws, _recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        Ok(())
    }
}

/// Revokes the rules that are not wanted.
async fn lock(aws: &Aws, group: &str, wanted: &[String]) -> Result<(), AwsError> {
    if !wanted.is_empty() {
        let cause = "rules of the default group can only be taken away".to_owned();
        return Err(AwsError::Component {
            kind: "default security group",
            cause,
        });
    }
    let rules = security_group::rules(aws, group, Freshness::Fresh).await?;
    for egress in [false, true] {
        let ids = rules.iter().filter(|rule| rule.is_egress() == Some(egress));
        let ids = ids
            .filter_map(|rule| rule.security_group_rule_id.clone())
            .collect();
        security_group::revoke(aws, group, egress, ids).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::ReferencedSecurityGroup;

    use super::*;

    #[test]
    fn rules_are_described_in_words() {
        let all = SecurityGroupRule::builder().ip_protocol("-1");
        let own = ReferencedSecurityGroup::builder().group_id("sg-1").build();
        let ingress = all
            .clone()
            .is_egress(false)
            .referenced_group_info(own)
            .build();
        assert_eq!(describe_rule(&ingress), "ingress -1 from sg-1");
        let egress = all
            .is_egress(true)
            .cidr_ipv4("0.0.0.0/0")
            .from_port(-1)
            .to_port(-1)
            .build();
        assert_eq!(describe_rule(&egress), "egress -1 to 0.0.0.0/0");
        let ports = SecurityGroupRule::builder()
            .ip_protocol("tcp")
            .from_port(80)
            .to_port(90);
        assert_eq!(
            describe_rule(&ports.cidr_ipv6("::/0").build()),
            "ingress tcp 80-90 from ::/0"
        );
    }
}
