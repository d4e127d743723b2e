//! What all ECS objects share: tags, and `failures` in answers.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{Failure, Tag};
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::tag_changes::{self, TagChanges};
use crate::{Aws, AwsError};

const TAG: Op = Op::new("ecs", "TagResource");
const UNTAG: Op = Op::new("ecs", "UntagResource");

/// As the SDK wants them.
pub(crate) fn to_sdk(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// Without those of AWS.
pub(crate) fn from_sdk(tags: &[Tag]) -> BTreeMap<String, String> {
    let pair = |tag: &Tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()));
    tag_changes::own(tags.iter().filter_map(pair))
}

/// Writes the tags that differ.
pub(crate) async fn change(aws: &Aws, arn: &str, changed: &[FieldDiff]) -> Result<(), AwsError> {
    let retagged = TagChanges::of(changed);
    if !retagged.set.is_empty() {
        let tags = to_sdk(&retagged.set);
        let request = aws
            .ecs()
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(tags));
        aws.call(TAG, request.send()).await?;
    }
    if !retagged.remove.is_empty() {
        let request = aws
            .ecs()
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(retagged.remove));
        aws.call(UNTAG, request.send()).await?;
    }
    Ok(())
}

/// ECS answers what it could not describe as `failures`. `MISSING` means that it is not there; any
/// other reason is an error, never "not there".
pub(crate) fn only_missing(op: Op, failures: &[Failure]) -> Result<(), AwsError> {
    let other = failures
        .iter()
        .find(|failure| failure.reason() != Some("MISSING"));
    other.map_or(Ok(()), |failure| {
        Err(AwsError::Refused {
            service: op.service,
            operation: op.name.to_owned(),
            code: failure.reason().unwrap_or("no reason").to_owned(),
            message: format!(
                "ECS could not describe {}",
                failure.arn().unwrap_or("an object")
            ),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_missing_means_missing() {
        let failure = |reason: &str| Failure::builder().arn("arn:x").reason(reason).build();
        assert_eq!(only_missing(TAG, &[failure("MISSING")]), Ok(()));
        let error = only_missing(TAG, &[failure("MISSING"), failure("ACCESS_DENIED")]);
        assert!(matches!(error, Err(AwsError::Refused { code, .. }) if code == "ACCESS_DENIED"));
    }

    #[test]
    fn tags_come_back_as_they_were_written() {
        let tags = BTreeMap::from([
            ("a".to_owned(), "1".to_owned()),
            ("b".to_owned(), String::new()),
        ]);
        assert_eq!(from_sdk(&to_sdk(&tags)), tags);
    }
}
