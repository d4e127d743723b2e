//! Tags of load balancers' parts: read for up to 20 objects at once.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::Tag;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::loader::Source;
use crate::tag_changes::{self, TagChanges};
use crate::{Aws, AwsError};

const DESCRIBE: Op = Op::new("elasticloadbalancing", "DescribeTags");
const ADD: Op = Op::new("elasticloadbalancing", "AddTags");
const REMOVE: Op = Op::new("elasticloadbalancing", "RemoveTags");

/// What AWS says of an object that there is not, by kind.
pub(crate) const NOT_FOUND: &[&str] = &[
    "TargetGroupNotFound",
    "RuleNotFound",
    "ListenerNotFound",
    "LoadBalancerNotFound",
];

/// Tags by ARN.
#[derive(Debug)]
pub(crate) struct Elbv2Tags;

#[async_trait]
impl Source for Elbv2Tags {
    type Key = String;
    type Item = BTreeMap<String, String>;
    const BATCH: usize = 20;

    /// One object that is gone fails the whole call: then each is asked for itself.
    async fn keyed(
        aws: &Aws,
        keys: &[String],
    ) -> Result<HashMap<String, BTreeMap<String, String>>, AwsError> {
        match describe(aws, keys).await {
            Err(error) if error.is_code(NOT_FOUND) && keys.len() > 1 => {
                let mut found = HashMap::new();
                for key in keys {
                    match describe(aws, std::slice::from_ref(key)).await {
                        Err(error) if error.is_code(NOT_FOUND) => {}
                        answer => found.extend(answer?),
                    }
                }
                Ok(found)
            }
            Err(error) if error.is_code(NOT_FOUND) => Ok(HashMap::new()),
            answer => answer,
        }
    }
}

async fn describe(
    aws: &Aws,
    arns: &[String],
) -> Result<HashMap<String, BTreeMap<String, String>>, AwsError> {
    let words: Vec<&str> = arns.iter().map(String::as_str).collect();
    let request = aws
        .elbv2()
        .describe_tags()
        .set_resource_arns(Some(arns.to_vec()));
    let answer = aws.call(DESCRIBE, &words, request.send()).await?;
    let tagged = answer.tag_descriptions().iter().filter_map(|object| {
        let tags = object.tags().iter().map(pair);
        Some((object.resource_arn.clone()?, tag_changes::own(tags)))
    });
    Ok(tagged.collect())
}

fn pair(tag: &Tag) -> (String, String) {
    (
        tag.key().unwrap_or_default().to_owned(),
        tag.value().unwrap_or_default().to_owned(),
    )
}

/// As the SDK wants them.
pub(crate) fn to_sdk(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).collect()
}

/// Writes the tags that differ.
pub(crate) async fn change(aws: &Aws, arn: &str, changed: &[FieldDiff]) -> Result<(), AwsError> {
    let retagged = TagChanges::of(changed);
    let key = arn.to_owned();
    aws.loaders.elbv2_tags.forget(&key);
    let written = write(aws, arn, retagged).await;
    aws.loaders.elbv2_tags.forget(&key);
    written
}

async fn write(aws: &Aws, arn: &str, retagged: TagChanges) -> Result<(), AwsError> {
    if !retagged.set.is_empty() {
        let tags = to_sdk(&retagged.set);
        let request = aws.elbv2().add_tags().resource_arns(arn);
        aws.call(ADD, &[arn], request.set_tags(Some(tags)).send())
            .await?;
    }
    if !retagged.remove.is_empty() {
        let request = aws.elbv2().remove_tags().resource_arns(arn);
        let request = request.set_tag_keys(Some(retagged.remove));
        aws.call(REMOVE, &[arn], request.send()).await?;
    }
    Ok(())
}
