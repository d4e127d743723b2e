//! Rules of `EventBridge` on the default event bus. They carry no tags: a rule is ours through its monitor.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_eventbridge::operation::describe_rule::DescribeRuleOutput;
use aws_sdk_eventbridge::types::{Rule, RuleState};
use serde_json::Value as Json;
use stackwright_plan::component::EventRule;
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::propagation::{self, outlast};
use crate::{Aws, AwsError, alarm};

const PUT: Op = Op::new("events", "PutRule");
const DESCRIBE: Op = Op::new("events", "DescribeRule");
const LIST: Op = Op::new("events", "ListRules");
const DELETE: Op = Op::new("events", "DeleteRule");

const NOT_FOUND: &[&str] = &["ResourceNotFoundException"];
/// Rules of one answer.
const PAGE: i32 = 100;

#[async_trait]
impl Adapter for EventRule {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        match recorded.get("name") {
            Some(name) => get(aws, name, freshness).await,
            None => Ok(None),
        }
    }

    /// `Named` takes a name or an ARN.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let name = match lookup {
            Lookup::Desired(desired, _) => desired.rule_name.as_str(),
            Lookup::Named(name) => name.rsplit('/').next().unwrap_or(name),
            Lookup::Owned(_) => return Ok(Vec::new()),
        };
        let found = get(aws, name, Freshness::Fresh).await?;
        Ok(found.into_iter().collect())
    }

    fn foretold(&self) -> Option<Recorded> {
        Some(Recorded::from([(
            "name".to_owned(),
            self.rule_name.clone(),
        )]))
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        Ok(Created {
            outputs: write(self, aws).await?,
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        if changed.is_empty() {
            return Ok(observed.outputs.clone());
        }
        write(&alarm::overlaid(self, &observed.component, changed)?, aws).await
    }

    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some(name) = recorded.get("name") else {
            return Ok(());
        };
        aws.loaders.event_rules.forget(name);
        let deleted = outlast(propagation::WRITE, busy, || async {
            let request = aws.events().delete_rule().name(name);
            aws.call(DELETE, request.send()).await
        });
        let deleted = deleted.await;
        aws.loaders.event_rules.forget(name);
        match deleted {
            Err(error) if error.is_code(NOT_FOUND) => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// Rules by name.
#[derive(Debug)]
pub(crate) struct Rules;

#[async_trait]
impl Source for Rules {
    type Key = String;
    type Item = Rule;
    const BATCH: usize = 1;
    const LISTS: bool = true;
    const LIST_AFTER: usize = 5;

    async fn keyed(aws: &Aws, names: &[String]) -> Result<HashMap<String, Rule>, AwsError> {
        let mut found = HashMap::new();
        for name in names {
            let request = aws.events().describe_rule().name(name);
            match aws.call(DESCRIBE, request.send()).await {
                Err(error) if error.is_code(NOT_FOUND) => {}
                answer => drop(found.insert(name.clone(), listed(answer?))),
            }
        }
        Ok(found)
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, Rule>>, AwsError> {
        let mut found = HashMap::new();
        let mut request = aws.events().list_rules().limit(PAGE);
        loop {
            let page = aws.call(LIST, request.clone().send()).await?;
            let rules = page.rules.unwrap_or_default();
            found.extend(
                rules
                    .into_iter()
                    .filter_map(|it| Some((it.name.clone()?, it))),
            );
            if page.next_token.is_none() {
                return Ok(Some(found));
            }
            request = request.set_next_token(page.next_token);
        }
    }
}

/// A described rule in the form of a listed one.
fn listed(rule: DescribeRuleOutput) -> Rule {
    Rule::builder()
        .set_name(rule.name)
        .set_arn(rule.arn)
        .set_description(rule.description)
        .set_event_pattern(rule.event_pattern)
        .set_state(rule.state)
        .build()
}

async fn get(
    aws: &Aws,
    name: &str,
    freshness: Freshness,
) -> Result<Option<Observed<EventRule>>, AwsError> {
    let name = name.to_owned();
    let found = aws.loaders.event_rules.get(aws, &name, freshness).await?;
    Ok(found.as_ref().map(observe))
}

fn observe(rule: &Rule) -> Observed<EventRule> {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let text = rule.event_pattern().unwrap_or_default();
    // What is no JSON differs from every pattern.
    let pattern = serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned()));
    Observed {
        component: EventRule {
            rule_name: owned(rule.name()),
            description: owned(rule.description()),
            event_pattern: pattern.into(),
            enabled: rule.state() == Some(&RuleState::Enabled),
        },
        outputs: outputs(owned(rule.name()), owned(rule.arn())),
        tags: BTreeMap::new(),
    }
}

fn outputs(name: String, arn: String) -> Recorded {
    Recorded::from([("name".to_owned(), name), ("arn".to_owned(), arn)])
}

/// Another operation on the rule is under way.
fn busy(error: &AwsError) -> bool {
    error.is_code(&["ConcurrentModificationException"])
}

/// One call makes a rule or overwrites it.
async fn write(desired: &EventRule, aws: &Aws) -> Result<Recorded, AwsError> {
    let name = &desired.rule_name;
    let state = if desired.enabled {
        RuleState::Enabled
    } else {
        RuleState::Disabled
    };
    aws.loaders.event_rules.forget(name);
    let written = outlast(propagation::WRITE, busy, || async {
        let request = aws
            .events()
            .put_rule()
            .name(name)
            .description(&desired.description)
            .event_pattern(desired.event_pattern.get().to_string())
            .state(state.clone());
        aws.call(PUT, request.send()).await
    });
    let written = written.await;
    aws.loaders.event_rules.forget(name);
    let arn = written?.rule_arn.ok_or_else(|| PUT.lacks("RuleArn"))?;
    Ok(outputs(name.clone(), arn))
}
