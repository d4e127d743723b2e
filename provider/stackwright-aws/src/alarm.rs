//! What metric alarms and composite alarms share: reading them in batches, their tags, their delete.
//!
//! Their tags come one alarm at a time from `CloudWatch`, but a hundred at once from the tagging API,
//! which may lag behind. So a cached read asks the tagging API, and believes it when it says what was
//! last known; a difference is confirmed by the alarm itself. `docs/design/012-tags-of-alarms.md`.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_cloudwatch::types::{AlarmType, CompositeAlarm, MetricAlarm, Tag};
use aws_sdk_resourcegroupstagging::operation::get_resources::GetResourcesOutput;
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{Component, OwnTags, name, to_map};

use crate::adapter::{Freshness, Recorded};
use crate::call::Op;
use crate::loader::Source;
use crate::tag_changes::{self, TagChanges};
use crate::{Aws, AwsError, Refresh};

const DESCRIBE: Op = Op::new("cloudwatch", "DescribeAlarms");
const LIST_TAGS: Op = Op::new("cloudwatch", "ListTagsForResource");
const TAG: Op = Op::new("cloudwatch", "TagResource");
const UNTAG: Op = Op::new("cloudwatch", "UntagResource");
const DELETE: Op = Op::new("cloudwatch", "DeleteAlarms");
const GET_RESOURCES: Op = Op::new("tag", "GetResources");

const NOT_FOUND: &[&str] = &["ResourceNotFoundException", "ResourceNotFound"];
/// Output with a digest of the tags that were last known.
const KNOWN_TAGS: &str = "tags";

/// An alarm as `DescribeAlarms` answers it.
#[derive(Debug, Clone)]
pub(crate) enum Alarm {
    /// On a metric.
    Metric(Box<MetricAlarm>),
    /// On other alarms.
    Composite(Box<CompositeAlarm>),
}

/// Alarms of both kinds by name: names are unique among them.
#[derive(Debug)]
pub(crate) struct Alarms;

#[async_trait]
impl Source for Alarms {
    type Key = String;
    type Item = Alarm;
    const BATCH: usize = 100;
    const LISTS: bool = true;

    async fn keyed(aws: &Aws, keys: &[String]) -> Result<HashMap<String, Alarm>, AwsError> {
        let request = describe(aws).set_alarm_names(Some(keys.to_vec()));
        alarms(aws, request).await
    }

    /// All alarms of the environment have the same beginning of their names.
    async fn list(
        aws: &Aws,
        asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, Alarm>>, AwsError> {
        let Some((project, environment)) = place(asked) else {
            return Ok(None);
        };
        let prefix = name::alarm_prefix(project, environment);
        let request = describe(aws).alarm_name_prefix(&prefix);
        alarms(aws, request).await.map(Some)
    }
}

type Describe =
    aws_sdk_cloudwatch::operation::describe_alarms::builders::DescribeAlarmsFluentBuilder;

fn describe(aws: &Aws) -> Describe {
    aws.cloudwatch()
        .describe_alarms()
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .max_records(100)
}

async fn alarms(aws: &Aws, request: Describe) -> Result<HashMap<String, Alarm>, AwsError> {
    let pages = aws.pages(DESCRIBE, request.into_paginator().send()).await?;
    let mut found = HashMap::new();
    for page in pages {
        for alarm in page.metric_alarms.unwrap_or_default() {
            let name = alarm.alarm_name().unwrap_or_default().to_owned();
            found.insert(name, Alarm::Metric(Box::new(alarm)));
        }
        for alarm in page.composite_alarms.unwrap_or_default() {
            let name = alarm.alarm_name().unwrap_or_default().to_owned();
            found.insert(name, Alarm::Composite(Box::new(alarm)));
        }
    }
    Ok(found)
}

/// Project and environment of the alarms with these names: a process works for one.
fn place(names: &[String]) -> Option<(&str, &str)> {
    names
        .iter()
        .find_map(|name| name.split_once(' ')?.0.split_once('/'))
}

/// Names of the alarms of a resource's environment.
pub(crate) async fn names(aws: &Aws, of: &OwnTags) -> Result<Vec<String>, AwsError> {
    let prefix = name::alarm_prefix(&of.project, &of.environment);
    let found = alarms(aws, describe(aws).alarm_name_prefix(&prefix)).await?;
    Ok(found.into_keys().collect())
}

/// Tags by name of the alarm, from the tagging API.
#[derive(Debug)]
pub(crate) struct AlarmTags;

#[async_trait]
impl Source for AlarmTags {
    type Key = String;
    type Item = BTreeMap<String, String>;
    const BATCH: usize = 100;
    const LISTS: bool = true;

    async fn keyed(
        aws: &Aws,
        keys: &[String],
    ) -> Result<HashMap<String, BTreeMap<String, String>>, AwsError> {
        let arns = keys.iter().map(|name| arn(aws, name)).collect();
        let request = aws
            .tagging()
            .get_resources()
            .set_resource_arn_list(Some(arns));
        tagged(aws, request).await
    }

    async fn list(
        aws: &Aws,
        asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, BTreeMap<String, String>>>, AwsError> {
        let Some((project, environment)) = place(asked) else {
            return Ok(None);
        };
        let filter = |key: &str, value: &str| {
            aws_sdk_resourcegroupstagging::types::TagFilter::builder()
                .key(key)
                .values(value)
                .build()
        };
        let request = aws
            .tagging()
            .get_resources()
            .resource_type_filters("cloudwatch:alarm")
            .tag_filters(filter(stackwright_plan::tag::PROJECT, project))
            .tag_filters(filter(stackwright_plan::tag::ENVIRONMENT, environment))
            .resources_per_page(100);
        tagged(aws, request).await.map(Some)
    }
}

async fn tagged(
    aws: &Aws,
    request: aws_sdk_resourcegroupstagging::operation::get_resources::builders::GetResourcesFluentBuilder,
) -> Result<HashMap<String, BTreeMap<String, String>>, AwsError> {
    let stream = request.into_paginator().send();
    let pages = match aws.pages(GET_RESOURCES, stream).await {
        // Whoever may not ask for many may still ask one by one.
        Err(AwsError::Denied { .. }) => return Ok(HashMap::new()),
        pages => pages?,
    };
    let mut found = HashMap::new();
    for mapping in pages
        .iter()
        .flat_map(GetResourcesOutput::resource_tag_mapping_list)
    {
        let tags = mapping
            .tags()
            .iter()
            .map(|tag| (tag.key.clone(), tag.value.clone()));
        if let Some(name) = mapping.resource_arn().and_then(name_in) {
            found.insert(name.to_owned(), tag_changes::own(tags));
        }
    }
    Ok(found)
}

/// The tags of an alarm that exists; `None` when it went away meanwhile.
pub(crate) async fn tags(
    aws: &Aws,
    name: &String,
    recorded: &Recorded,
    freshness: Freshness,
) -> Result<Option<BTreeMap<String, String>>, AwsError> {
    if freshness == Freshness::Cached {
        if aws.refresh == Refresh::Fast {
            return Ok(Some(BTreeMap::new()));
        }
        let many = aws.loaders.alarm_tags.get(aws, name, freshness).await?;
        let known = recorded.get(KNOWN_TAGS);
        if let Some(tags) = many.filter(|tags| known == Some(&digest(tags))) {
            return Ok(Some(tags));
        }
    }
    let request = aws
        .cloudwatch()
        .list_tags_for_resource()
        .resource_arn(arn(aws, name));
    match aws.call(LIST_TAGS, request.send()).await {
        Ok(answer) => {
            let pairs = answer.tags.unwrap_or_default().into_iter();
            let pairs = pairs.filter_map(|tag| Some((tag.key?, tag.value?)));
            Ok(Some(tag_changes::own(pairs)))
        }
        Err(error) if error.is_code(NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A short text that another set of tags does not have.
fn digest(tags: &BTreeMap<String, String>) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(serde_json::json!(tags).to_string().as_bytes());
    hash[..8]
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// The outputs of an alarm with these tags. A fast read has no tags and leaves what was known.
pub(crate) fn outputs(
    aws: &Aws,
    name: &str,
    tags: &BTreeMap<String, String>,
    recorded: &Recorded,
) -> Recorded {
    let known = if tags.is_empty() {
        recorded.get(KNOWN_TAGS).cloned()
    } else {
        Some(digest(tags))
    };
    let mut outputs = Recorded::from([
        ("arn".to_owned(), arn(aws, name)),
        ("name".to_owned(), name.to_owned()),
    ]);
    outputs.extend(known.map(|known| (KNOWN_TAGS.to_owned(), known)));
    outputs
}

/// The ARN of an alarm follows from its name.
pub(crate) fn arn(aws: &Aws, name: &str) -> String {
    format!(
        "arn:{}:cloudwatch:{}:{}:alarm:{name}",
        aws.partition, aws.region, aws.account_id
    )
}

fn name_in(arn: &str) -> Option<&str> {
    arn.split_once(":alarm:").map(|(_, name)| name)
}

/// The name in an ARN, or the name itself.
pub(crate) fn name_of(text: &str) -> &str {
    if text.starts_with("arn:") {
        name_in(text).unwrap_or(text)
    } else {
        text
    }
}

pub(crate) fn forget(aws: &Aws, name: &String) {
    aws.loaders.alarms.forget(name);
    aws.loaders.alarm_tags.forget(name);
}

pub(crate) fn to_sdk(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// `PutMetricAlarm` ignores tags of an alarm that exists.
pub(crate) async fn retag(aws: &Aws, name: &str, changed: &[FieldDiff]) -> Result<(), AwsError> {
    let (arn, retagged) = (arn(aws, name), TagChanges::of(changed));
    if !retagged.set.is_empty() {
        let request = aws
            .cloudwatch()
            .tag_resource()
            .resource_arn(&arn)
            .set_tags(Some(to_sdk(&retagged.set)));
        aws.call(TAG, request.send()).await?;
    }
    if !retagged.remove.is_empty() {
        let request = aws
            .cloudwatch()
            .untag_resource()
            .resource_arn(&arn)
            .set_tag_keys(Some(retagged.remove));
        aws.call(UNTAG, request.send()).await?;
    }
    Ok(())
}

/// Deletes one alarm: a composite has to be alone in its call, and goes before those it names.
pub(crate) async fn delete(aws: &Aws, recorded: &Recorded) -> Result<(), AwsError> {
    let Some(name) = recorded.get("name") else {
        return Ok(());
    };
    forget(aws, name);
    let request = aws.cloudwatch().delete_alarms().alarm_names(name);
    let deleted = aws.call(DELETE, request.send()).await;
    forget(aws, name);
    match deleted {
        Err(error) if error.is_code(NOT_FOUND) => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// What a call that overwrites everything has to send: the fields that are to change as wanted, the
/// others as they are, because somebody may have been told to leave them alone.
pub(crate) fn overlaid<C: Component>(
    desired: &C,
    observed: &C,
    changed: &[FieldDiff],
) -> Result<C, AwsError> {
    let mut fields = to_map(observed);
    let wanted = to_map(desired);
    for field in changed.iter().map(FieldDiff::top) {
        if let Some(value) = wanted.get(field) {
            fields.insert(field.to_owned(), value.clone());
        }
    }
    // What is not wanted at all cannot stay: a band has no threshold.
    let unwanted = wanted.into_iter().filter(|(_, value)| value.is_null());
    fields.extend(unwanted);
    serde_json::from_value(fields.into()).map_err(|_| AwsError::Component {
        kind: C::KIND.label(),
        cause: "its fields cannot be put together".to_owned(),
    })
}

/// Whether something else than a tag differs.
pub(crate) fn has_fields(changed: &[FieldDiff]) -> bool {
    changed.iter().any(|diff| diff.top() != "tags")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_arns() {
        let arn = "arn:aws:cloudwatch:us-west-2:111111111111:alarm:acme/stage a: b [critical]";
        assert_eq!(name_of(arn), "acme/stage a: b [critical]");
        assert_eq!(name_of("acme/stage x"), "acme/stage x");
    }

    #[test]
    fn names_tell_project_and_environment() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(place(&names(&["of somebody else"])), None);
        assert_eq!(
            place(&names(&["else", "acme/stage x [critical]"])),
            Some(("acme", "stage"))
        );
    }

    #[test]
    fn other_tags_have_another_digest() {
        let tags = |value: &str| BTreeMap::from([("team".to_owned(), value.to_owned())]);
        assert_eq!(digest(&tags("a")), digest(&tags("a")));
        assert_ne!(digest(&tags("a")), digest(&tags("b")));
    }
}
