//! Rules of a listener that forward to target groups.
//!
//! AWS lists rules by listener only; they are read whole per listener and kept. The priority of a
//! rule that names none is chosen when it is made: [`stackwright_plan::priority`] says which, the
//! next free one when it is taken. [`rule_places`] gives and changes priorities.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::operation::describe_listeners::DescribeListenersOutput;
use aws_sdk_elasticloadbalancingv2::operation::describe_load_balancers::DescribeLoadBalancersOutput;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, HostHeaderConditionConfig,
    PathPatternConditionConfig, Rule as Sdk, RuleCondition, TargetGroupStickinessConfig,
    TargetGroupTuple,
};
use stackwright_plan::component::{ForwardTarget, ListenerRule};
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{OwnTags, tag};

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::elbv2::{self, GONE};
use crate::loader::Source;
use crate::tag_changes::{same_resource, touches};
use crate::{Aws, AwsError, rule_places, target_group};

const CREATE: Op = Op::new("elasticloadbalancing", "CreateRule");
const DESCRIBE: Op = Op::new("elasticloadbalancing", "DescribeRules");
const LISTENERS: Op = Op::new("elasticloadbalancing", "DescribeListeners");
const BALANCERS: Op = Op::new("elasticloadbalancing", "DescribeLoadBalancers");
const MODIFY: Op = Op::new("elasticloadbalancing", "ModifyRule");
const DELETE: Op = Op::new("elasticloadbalancing", "DeleteRule");

/// What `ModifyRule` writes.
const MODIFIED: &[&str] = &["host_headers", "path_patterns", "targets", "others"];

const HOST: &str = "host-header";
const PATH: &str = "path-pattern";

#[async_trait]
impl Adapter for ListenerRule {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(arn) = recorded.get("arn") else {
            return Ok(None);
        };
        let rules = of_listener(aws, &listener_of(arn), freshness).await?;
        match rules.iter().find(|rule| rule.rule_arn() == Some(arn)) {
            Some(rule) => whole(aws, rule, freshness).await,
            None => Ok(None),
        }
    }

    /// Two rules never collide but by their priority, which is given away by AWS: what is found is
    /// the rule with our tags.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        match lookup {
            Lookup::Desired(desired, tags) => tagged(aws, desired, tags).await,
            Lookup::Named(arn) => {
                let recorded = Recorded::from([("arn".to_owned(), arn.to_owned())]);
                let found = Self::read(aws, &recorded, Freshness::Fresh).await?;
                Ok(found.into_iter().collect())
            }
            Lookup::Owned(tags) => owned(aws, tags).await,
        }
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let listener = self.listener_arn.get();
        forget(aws, listener);
        let made = rule_places::make(aws, self).await;
        forget(aws, listener);
        let (arn, priority) = made?;
        Ok(Created {
            outputs: outputs(&arn, priority),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let arn = observed
            .outputs
            .get("arn")
            .ok_or(DESCRIBE.lacks("RuleArn"))?;
        let listener = self.listener_arn.get();
        forget(aws, listener);
        let written = write(self, aws, arn, changed).await;
        forget(aws, listener);
        let priority = written?.or(observed.component.priority);
        Ok(outputs(arn, priority.unwrap_or_default()))
    }

    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some(arn) = recorded.get("arn") else {
            return Ok(());
        };
        let listener = listener_of(arn);
        forget(aws, &listener);
        let request = aws.elbv2().delete_rule().rule_arn(arn);
        let deleted = aws.call(DELETE, request.send());
        let deleted = rule_places::in_turn(aws, &listener, deleted).await;
        forget(aws, &listener);
        aws.loaders.elb_tags.forget(arn);
        match deleted {
            Err(error) if error.is_code(GONE) => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// `...:listener-rule/app/<name>/<lb>/<listener>/<rule>` is a rule of
/// `...:listener/app/<name>/<lb>/<listener>`.
fn listener_of(rule: &str) -> String {
    let (listener, _) = rule.rsplit_once('/').unwrap_or((rule, ""));
    listener.replacen(":listener-rule/", ":listener/", 1)
}

pub(crate) fn forget(aws: &Aws, listener: &str) {
    aws.loaders.listener_rules.forget(&listener.to_owned());
}

fn outputs(arn: &str, priority: i32) -> Recorded {
    [("arn", arn.to_owned()), ("priority", priority.to_string())]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

/// The rules of listeners, the default rule left out.
#[derive(Debug)]
pub(crate) struct ListenerRules;

#[async_trait]
impl Source for ListenerRules {
    type Key = String;
    type Item = Vec<Sdk>;
    const BATCH: usize = 1;

    async fn keyed(aws: &Aws, keys: &[String]) -> Result<HashMap<String, Vec<Sdk>>, AwsError> {
        let mut found = HashMap::new();
        for listener in keys {
            let request = aws.elbv2().describe_rules().listener_arn(listener);
            let stream = request.page_size(400).into_paginator().send();
            match aws.pages(DESCRIBE, stream).await {
                Err(error) if error.is_code(GONE) => {}
                pages => {
                    let rules = pages?
                        .into_iter()
                        .flat_map(|page| page.rules.unwrap_or_default());
                    let rules = rules.filter(|rule| rule.is_default() != Some(true));
                    found.insert(listener.clone(), rules.collect());
                }
            }
        }
        Ok(found)
    }
}

/// ARNs of the rules that were read, and of the target groups that they lead to.
pub(crate) fn known_arns(aws: &Aws) -> Vec<String> {
    let rules: Vec<Sdk> = aws.loaders.listener_rules.cached().concat();
    let behind = rules.iter().flat_map(targets);
    let behind = behind.filter_map(|target| target.target_group_arn.known().cloned());
    let own = rules.iter().filter_map(|rule| rule.rule_arn.clone());
    let arns: BTreeSet<String> = own.chain(behind).collect();
    arns.into_iter().collect()
}

pub(crate) async fn of_listener(
    aws: &Aws,
    listener: &str,
    freshness: Freshness,
) -> Result<Vec<Sdk>, AwsError> {
    let rules = &aws.loaders.listener_rules;
    let found = rules.get(aws, &listener.to_owned(), freshness).await?;
    Ok(found.unwrap_or_default())
}

async fn whole(
    aws: &Aws,
    rule: &Sdk,
    freshness: Freshness,
) -> Result<Option<Observed<ListenerRule>>, AwsError> {
    let arn = rule.rule_arn().ok_or(DESCRIBE.lacks("RuleArn"))?;
    let tags = elbv2::tags(aws, arn, freshness).await?;
    Ok(Some(observe(arn, rule, tags)))
}

fn observe(arn: &str, rule: &Sdk, tags: BTreeMap<String, String>) -> Observed<ListenerRule> {
    let priority = rule.priority().and_then(|text| text.parse().ok());
    let component = ListenerRule {
        listener_arn: listener_of(arn).into(),
        priority,
        host_headers: values(rule, HOST),
        path_patterns: values(rule, PATH),
        targets: targets(rule),
        others: others(rule),
        tags: tags.clone(),
    };
    Observed {
        component,
        outputs: outputs(arn, priority.unwrap_or_default()),
        tags,
    }
}

/// AWS answers the values of a condition twice, in its old and its new form.
fn values(rule: &Sdk, field: &str) -> Vec<String> {
    let of = |condition: &RuleCondition| {
        let new = match field {
            HOST => condition
                .host_header_config()
                .map(HostHeaderConditionConfig::values),
            _ => condition
                .path_pattern_config()
                .map(PathPatternConditionConfig::values),
        };
        let new = new.filter(|values| !values.is_empty());
        new.unwrap_or_else(|| condition.values()).to_vec()
    };
    let mut values: Vec<String> = rule
        .conditions()
        .iter()
        .filter(|condition| condition.field() == Some(field))
        .flat_map(of)
        .collect();
    values.sort();
    values
}

fn targets(rule: &Sdk) -> Vec<ForwardTarget> {
    let Some(action) = rule.actions().iter().find(|action| is_forward(action)) else {
        return Vec::new();
    };
    let weighted = action
        .forward_config()
        .map(ForwardActionConfig::target_groups);
    let target = |tuple: &TargetGroupTuple| ForwardTarget {
        target_group_arn: tuple.target_group_arn().unwrap_or_default().into(),
        weight: tuple.weight().unwrap_or(1),
    };
    match weighted.filter(|groups| !groups.is_empty()) {
        // The weight of a single target group says nothing.
        Some([one]) => vec![ForwardTarget {
            weight: 1,
            ..target(one)
        }],
        Some(groups) => groups.iter().map(target).collect(),
        None => vec![ForwardTarget {
            target_group_arn: action.target_group_arn().unwrap_or_default().into(),
            weight: 1,
        }],
    }
}

fn is_forward(action: &Action) -> bool {
    action.r#type() == Some(&ActionTypeEnum::Forward)
}

/// Conditions and actions that we never write.
fn others(rule: &Sdk) -> Vec<String> {
    let conditions = rule.conditions().iter().filter_map(RuleCondition::field);
    let conditions = conditions
        .filter(|field| ![HOST, PATH].contains(field))
        .map(|field| format!("condition {field}"));
    let actions = rule.actions().iter().filter(|action| !is_forward(action));
    let actions = actions.filter_map(Action::r#type);
    let actions = actions.map(|kind| format!("action {}", kind.as_str()));
    let mut others: Vec<String> = conditions.chain(actions).collect();
    others.sort();
    others
}

/// The rules of the listener with these tags. Where one forwards to says nothing: a move that was stopped
/// may have left it at another target group.
async fn tagged(
    aws: &Aws,
    desired: &ListenerRule,
    of: &OwnTags,
) -> Result<Vec<Observed<ListenerRule>>, AwsError> {
    let rules = of_listener(aws, desired.listener_arn.get(), Freshness::Fresh).await?;
    let can_be_ours = rules.iter().filter(|rule| rule.is_default() != Some(true));
    let reads = can_be_ours.map(|rule| whole(aws, rule, Freshness::Fresh));
    let found = futures_util::future::try_join_all(reads).await?;
    let mut found: Vec<_> = found.into_iter().flatten().collect();
    found.retain(|rule| same_resource(&rule.tags, of));
    found.retain(|rule| rule.tags.get(tag::COMPONENT) == Some(&of.component));
    Ok(found)
}

/// Rules forward to target groups of the same resource, and these say which load balancers they
/// belong to.
async fn owned(aws: &Aws, of: &OwnTags) -> Result<Vec<Observed<ListenerRule>>, AwsError> {
    let groups = target_group::owned(aws, of).await?;
    let arns: BTreeSet<&String> = groups
        .iter()
        .filter_map(|it| it.outputs.get("arn"))
        .collect();
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for listener in listeners(aws).await? {
        let rules = of_listener(aws, &listener, Freshness::Fresh).await?;
        let ours = |rule: &&Sdk| {
            let targets = targets(rule);
            targets
                .iter()
                .any(|target| arns.contains(target.target_group_arn.get()))
        };
        for rule in rules.iter().filter(ours) {
            found.extend(whole(aws, rule, Freshness::Fresh).await?);
        }
    }
    found.retain(|rule| same_resource(&rule.tags, of));
    Ok(found)
}

async fn listeners(aws: &Aws) -> Result<Vec<String>, AwsError> {
    let stream = aws
        .elbv2()
        .describe_load_balancers()
        .into_paginator()
        .send();
    let balancers = aws.pages(BALANCERS, stream).await?;
    let balancers = balancers
        .iter()
        .flat_map(DescribeLoadBalancersOutput::load_balancers);
    let mut found = Vec::new();
    for arn in balancers.filter_map(|balancer| balancer.load_balancer_arn()) {
        let request = aws.elbv2().describe_listeners().load_balancer_arn(arn);
        let stream = request.into_paginator().send();
        let pages = aws.pages(LISTENERS, stream).await?;
        let arns = pages.iter().flat_map(DescribeListenersOutput::listeners);
        found.extend(arns.filter_map(|listener| listener.listener_arn.clone()));
    }
    Ok(found)
}

pub(crate) async fn create_at(
    desired: &ListenerRule,
    aws: &Aws,
    priority: i32,
) -> Result<String, AwsError> {
    let request = aws
        .elbv2()
        .create_rule()
        .listener_arn(desired.listener_arn.get())
        .priority(priority)
        .set_conditions(Some(conditions(desired)))
        .actions(forward(desired))
        .set_tags(Some(elbv2::sdk_tags(&desired.tags)));
    let answer = aws.call(CREATE, request.send()).await?;
    let rule = answer.rules().first();
    let arn = rule
        .and_then(Sdk::rule_arn)
        .ok_or(CREATE.lacks("RuleArn"))?;
    Ok(arn.to_owned())
}

fn conditions(desired: &ListenerRule) -> Vec<RuleCondition> {
    let filled = |values: &Vec<String>| (!values.is_empty()).then(|| values.clone());
    let host = filled(&desired.host_headers).map(|values| {
        let config = HostHeaderConditionConfig::builder().set_values(Some(values));
        let condition = RuleCondition::builder().field(HOST);
        condition.host_header_config(config.build()).build()
    });
    let path = filled(&desired.path_patterns).map(|values| {
        let config = PathPatternConditionConfig::builder().set_values(Some(values));
        let condition = RuleCondition::builder().field(PATH);
        condition.path_pattern_config(config.build()).build()
    });
    host.into_iter().chain(path).collect()
}

/// Seconds for which a client stays with one of two target groups: longer than a move takes.
const MOVE: i32 = 3600;

fn forward(desired: &ListenerRule) -> Action {
    let action = Action::builder().r#type(ActionTypeEnum::Forward);
    let action = match desired.targets.as_slice() {
        [one] => action.target_group_arn(one.target_group_arn.get()),
        several => {
            let tuple = |target: &ForwardTarget| {
                TargetGroupTuple::builder()
                    .target_group_arn(target.target_group_arn.get())
                    .weight(target.weight)
                    .build()
            };
            let groups = several.iter().map(tuple).collect();
            // ELB wants it when one of the groups is sticky, and it is there only while requests move.
            let sticky = TargetGroupStickinessConfig::builder().enabled(true);
            let config = ForwardActionConfig::builder()
                .set_target_groups(Some(groups))
                .target_group_stickiness_config(sticky.duration_seconds(MOVE).build());
            action.forward_config(config.build())
        }
    };
    action.build()
}

/// Answers the new priority when it was changed.
async fn write(
    desired: &ListenerRule,
    aws: &Aws,
    arn: &str,
    changed: &[FieldDiff],
) -> Result<Option<i32>, AwsError> {
    if touches(changed, MODIFIED) {
        let request = aws.elbv2().modify_rule().rule_arn(arn);
        let request = request.set_conditions(Some(conditions(desired)));
        let request = request.actions(forward(desired));
        aws.call(MODIFY, request.send()).await?;
    }
    let moved = desired.priority.filter(|_| touches(changed, &["priority"]));
    if let Some(priority) = moved {
        rule_places::move_to(aws, desired, arn, priority).await?;
    }
    elbv2::write_tags(aws, arn, changed).await?;
    Ok(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTENER: &str =
        "arn:aws:elasticloadbalancing:us-west-2:111111111111:listener/app/main/1/2";

    fn desired(targets: &[(&str, i32)]) -> ListenerRule {
        let target = |(arn, weight): &(&str, i32)| ForwardTarget {
            target_group_arn: (*arn).into(),
            weight: *weight,
        };
        ListenerRule {
            listener_arn: LISTENER.into(),
            priority: Some(7),
            host_headers: vec!["a.example.com".to_owned()],
            path_patterns: vec!["/x/*".to_owned()],
            targets: targets.iter().map(target).collect(),
            others: Vec::new(),
            tags: BTreeMap::new(),
        }
    }

    fn answered(desired: &ListenerRule) -> Sdk {
        Sdk::builder()
            .priority("7")
            .set_conditions(Some(conditions(desired)))
            .actions(forward(desired))
            .build()
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for targets in [&[("arn:a", 1)][..], &[("arn:a", 1), ("arn:b", 0)]] {
            let desired = desired(targets);
            let arn = LISTENER.replace(":listener/", ":listener-rule/") + "/3";
            let observed = observe(&arn, &answered(&desired), BTreeMap::new());
            assert_eq!(observed.component, desired);
            assert_eq!(observed.outputs["priority"], "7");
        }
    }

    #[test]
    fn what_we_never_write_is_named() {
        let mut rule = answered(&desired(&[("arn:a", 1)]));
        let redirect = Action::builder().r#type(ActionTypeEnum::Redirect).build();
        rule.actions = Some(vec![redirect]);
        let source = RuleCondition::builder().field("source-ip").build();
        rule.conditions.get_or_insert_default().push(source);
        assert_eq!(others(&rule), ["action redirect", "condition source-ip"]);
        assert_eq!(targets(&rule), []);
    }
}
