//! Log groups of `CloudWatch` Logs.
//!
//! Tags come one group at a time, so under [`Refresh::Fast`] a cached read leaves them out: the answer
//! then has no tags at all, which never happens to a group that we made.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::LogGroup as Sdk;
use stackwright_plan::component::LogGroup;
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::propagation::{self, outlast};
use crate::tag_changes::{self, TagChanges, same_resource, touches};
use crate::{Aws, AwsError, Refresh};

const CREATE: Op = Op::new("logs", "CreateLogGroup");
const DESCRIBE: Op = Op::new("logs", "DescribeLogGroups");
const LIST_TAGS: Op = Op::new("logs", "ListTagsForResource");
const PUT_RETENTION: Op = Op::new("logs", "PutRetentionPolicy");
const DELETE_RETENTION: Op = Op::new("logs", "DeleteRetentionPolicy");
const TAG: Op = Op::new("logs", "TagResource");
const UNTAG: Op = Op::new("logs", "UntagResource");
const DELETE: Op = Op::new("logs", "DeleteLogGroup");

const NOT_FOUND: &[&str] = &["ResourceNotFoundException"];
/// Retention of a group that keeps its events for ever.
const FOR_EVER: i32 = 0;

#[async_trait]
impl Adapter for LogGroup {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(name) = recorded.get("name") else {
            return Ok(None);
        };
        read(aws, name, freshness).await
    }

    /// `Named` takes a name or an ARN.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let name = match lookup {
            Lookup::Desired(desired, _) => &desired.log_group_name,
            Lookup::Named(name) => name_of(name),
            Lookup::Owned(tags) => {
                let mut found = with_tags(aws, containing(aws, &tags.project).await?).await?;
                found.retain(|group| same_resource(&group.tags, tags));
                return Ok(found);
            }
        };
        Ok(read(aws, name, Freshness::Fresh)
            .await?
            .into_iter()
            .collect())
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let name = &self.log_group_name;
        let tags: HashMap<String, String> = self.tags.clone().into_iter().collect();
        let request = aws
            .logs()
            .create_log_group()
            .log_group_name(name)
            .set_tags(Some(tags));
        aws.call(CREATE, request.send()).await?;
        forget(aws, name);
        Ok(Created {
            outputs: outputs(aws, name),
            complete: self.retention_in_days == FOR_EVER,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        forget(aws, &self.log_group_name);
        let written = write(self, aws, changed).await;
        forget(aws, &self.log_group_name);
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some(name) = recorded.get("name") else {
            return Ok(());
        };
        forget(aws, name);
        let attempt = || async move {
            aws.call(
                DELETE,
                aws.logs().delete_log_group().log_group_name(name).send(),
            )
            .await
        };
        let deleted = outlast(propagation::WRITE, busy, attempt).await;
        forget(aws, name);
        match deleted {
            Err(error) if error.is_code(NOT_FOUND) => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// Log groups by name.
#[derive(Debug)]
pub(crate) struct LogGroups;

#[async_trait]
impl Source for LogGroups {
    type Key = String;
    type Item = Sdk;
    const BATCH: usize = 50;

    async fn keyed(aws: &Aws, keys: &[String]) -> Result<HashMap<String, Sdk>, AwsError> {
        if let [name] = keys {
            return one(aws, name).await;
        }
        let request = aws
            .logs()
            .describe_log_groups()
            .set_log_group_identifiers(Some(keys.to_vec()));
        let pages = match aws.pages(DESCRIBE, request.into_paginator().send()).await {
            // One of them is not there, and AWS does not say which.
            Err(error) if error.is_code(NOT_FOUND) => return one_by_one(aws, keys).await,
            pages => pages?,
        };
        let groups = pages
            .into_iter()
            .flat_map(|page| page.log_groups.unwrap_or_default());
        let named = groups.filter_map(|group| Some((group.log_group_name.clone()?, group)));
        Ok(named.filter(|(name, _)| keys.contains(name)).collect())
    }
}

/// Names are sorted, so the name itself is the first that begins with it.
async fn one(aws: &Aws, name: &String) -> Result<HashMap<String, Sdk>, AwsError> {
    let request = aws
        .logs()
        .describe_log_groups()
        .log_group_name_prefix(name)
        .limit(1);
    let answer = aws.call(DESCRIBE, request.send()).await?;
    let groups = answer.log_groups.unwrap_or_default().into_iter();
    let is_it = |group: &Sdk| group.log_group_name() == Some(name.as_str());
    Ok(groups
        .filter(is_it)
        .map(|group| (name.clone(), group))
        .collect())
}

async fn one_by_one(aws: &Aws, names: &[String]) -> Result<HashMap<String, Sdk>, AwsError> {
    let mut found = HashMap::new();
    for name in names {
        found.extend(one(aws, name).await?);
    }
    Ok(found)
}

/// Tags by name of the group; AWS answers them only one by one.
#[derive(Debug)]
pub(crate) struct LogGroupTags;

#[async_trait]
impl Source for LogGroupTags {
    type Key = String;
    type Item = BTreeMap<String, String>;
    const BATCH: usize = 1;

    async fn keyed(
        aws: &Aws,
        keys: &[String],
    ) -> Result<HashMap<String, BTreeMap<String, String>>, AwsError> {
        let mut found = HashMap::new();
        for name in keys {
            let request = aws
                .logs()
                .list_tags_for_resource()
                .resource_arn(arn(aws, name));
            match aws.call(LIST_TAGS, request.send()).await {
                Ok(answer) => {
                    let tags = tag_changes::own(answer.tags.unwrap_or_default());
                    found.insert(name.clone(), tags);
                }
                Err(error) if error.is_code(NOT_FOUND) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

async fn read(
    aws: &Aws,
    name: &str,
    freshness: Freshness,
) -> Result<Option<Observed<LogGroup>>, AwsError> {
    let name = name.to_owned();
    let Some(group) = aws.loaders.log_groups.get(aws, &name, freshness).await? else {
        return Ok(None);
    };
    let skip = aws.refresh == Refresh::Fast && freshness == Freshness::Cached;
    let tags = if skip {
        Some(BTreeMap::new())
    } else {
        aws.loaders
            .log_group_tags
            .get(aws, &name, freshness)
            .await?
    };
    // Without tags it went away between the two calls.
    Ok(tags.map(|tags| observe(&group, outputs(aws, &name), tags)))
}

/// Groups with this text in their name. `CloudWatch` Logs cannot search by tags.
async fn containing(aws: &Aws, text: &str) -> Result<Vec<String>, AwsError> {
    let request = aws
        .logs()
        .describe_log_groups()
        .log_group_name_pattern(text);
    let pages = aws.pages(DESCRIBE, request.into_paginator().send()).await?;
    let groups = pages
        .into_iter()
        .flat_map(|page| page.log_groups.unwrap_or_default());
    Ok(groups.filter_map(|group| group.log_group_name).collect())
}

async fn with_tags(aws: &Aws, names: Vec<String>) -> Result<Vec<Observed<LogGroup>>, AwsError> {
    let reads = names.iter().map(|name| read(aws, name, Freshness::Fresh));
    let found = futures_util::future::try_join_all(reads).await?;
    Ok(found.into_iter().flatten().collect())
}

fn observe(group: &Sdk, outputs: Recorded, tags: BTreeMap<String, String>) -> Observed<LogGroup> {
    let component = LogGroup {
        log_group_name: group.log_group_name().unwrap_or_default().to_owned(),
        retention_in_days: group.retention_in_days().unwrap_or(FOR_EVER),
        tags: tags.clone(),
    };
    Observed {
        component,
        outputs,
        tags,
    }
}

/// The form of the ARN that tagging wants, without `:*`; it follows from the name.
fn arn(aws: &Aws, name: &str) -> String {
    format!(
        "arn:{}:logs:{}:{}:log-group:{name}",
        aws.partition, aws.region, aws.account_id
    )
}

/// The name in an ARN, or the name itself.
fn name_of(text: &str) -> &str {
    let name = text
        .split_once(":log-group:")
        .map_or(text, |(_, name)| name);
    name.strip_suffix(":*").unwrap_or(name)
}

fn outputs(aws: &Aws, name: &str) -> Recorded {
    [("arn", arn(aws, name)), ("name", name.to_owned())]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

fn forget(aws: &Aws, name: &String) {
    aws.loaders.log_groups.forget(name);
    aws.loaders.log_group_tags.forget(name);
}

/// Another operation on the group is under way, most often our own last one.
fn busy(error: &AwsError) -> bool {
    error.is_code(&["OperationAbortedException"])
}

async fn write(desired: &LogGroup, aws: &Aws, changed: &[FieldDiff]) -> Result<(), AwsError> {
    if touches(changed, &["retention_in_days"]) {
        outlast(propagation::WRITE, busy, || put_retention(desired, aws)).await?;
    }
    let arn = arn(aws, &desired.log_group_name);
    let retagged = TagChanges::of(changed);
    if !retagged.set.is_empty() {
        let tags = retagged.set.into_iter().collect();
        let request = aws
            .logs()
            .tag_resource()
            .resource_arn(&arn)
            .set_tags(Some(tags));
        aws.call(TAG, request.send()).await?;
    }
    if !retagged.remove.is_empty() {
        let request = aws
            .logs()
            .untag_resource()
            .resource_arn(&arn)
            .set_tag_keys(Some(retagged.remove));
        aws.call(UNTAG, request.send()).await?;
    }
    Ok(())
}

async fn put_retention(desired: &LogGroup, aws: &Aws) -> Result<(), AwsError> {
    let (name, days) = (&desired.log_group_name, desired.retention_in_days);
    if days == FOR_EVER {
        let request = aws.logs().delete_retention_policy().log_group_name(name);
        return aws.call(DELETE_RETENTION, request.send()).await.map(drop);
    }
    let request = aws
        .logs()
        .put_retention_policy()
        .log_group_name(name)
        .retention_in_days(days);
    aws.call(PUT_RETENTION, request.send()).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_arns() {
        for text in [
            "/acme/shop",
            "arn:aws:logs:us-west-2:123456789012:log-group:/acme/shop",
            "arn:aws:logs:us-west-2:123456789012:log-group:/acme/shop:*",
        ] {
            assert_eq!(name_of(text), "/acme/shop");
        }
    }

    #[test]
    fn a_group_without_retention_keeps_for_ever() {
        let observed = observe(
            &Sdk::builder().log_group_name("x").build(),
            Recorded::new(),
            BTreeMap::new(),
        );
        assert_eq!(observed.component.retention_in_days, FOR_EVER);
        let week = Sdk::builder()
            .log_group_name("x")
            .retention_in_days(7)
            .build();
        assert_eq!(
            observe(&week, Recorded::new(), BTreeMap::new())
                .component
                .retention_in_days,
            7
        );
    }
}
