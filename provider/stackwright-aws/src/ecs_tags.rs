//! Tags of ECS objects.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::Tag;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::tag_changes::{self, TagChanges};
use crate::{Aws, AwsError};

const TAG: Op = Op::new("ecs", "TagResource");
const UNTAG: Op = Op::new("ecs", "UntagResource");

/// As the SDK wants them.
pub(crate) fn to_sdk(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Without those of AWS.
pub(crate) fn from_sdk(tags: &[Tag]) -> BTreeMap<String, String> {
    let pair = |tag: &Tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()));
    tag_changes::own(tags.iter().filter_map(pair))
}

/// Writes the tags that differ.
pub(crate) async fn change(aws: &Aws, arn: &str, changed: &[FieldDiff]) -> Result<(), AwsError> {
    let changes = TagChanges::of(changed);
    if !changes.set.is_empty() {
        let tags = to_sdk(&changes.set);
        let request = aws.ecs().tag_resource().resource_arn(arn).set_tags(Some(tags));
        aws.call(TAG, &[arn], request.send()).await?;
    }
    if !changes.remove.is_empty() {
        let request = aws.ecs().untag_resource().resource_arn(arn).set_tag_keys(Some(changes.remove));
        aws.call(UNTAG, &[arn], request.send()).await?;
    }
    Ok(())
}
