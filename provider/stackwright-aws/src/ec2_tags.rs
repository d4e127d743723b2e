//! Tags and filters of EC2 objects.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use stackwright_plan::component::Tags;
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{OwnTags, tag};

use crate::call::Op;
use crate::tag_changes::{TagChanges, own};
use crate::{Aws, AwsError};

/// Most values of one filter.
pub(crate) const FILTER_VALUES: usize = 200;

const CREATE: Op = Op::new("ec2", "CreateTags");
const DELETE: Op = Op::new("ec2", "DeleteTags");

/// Tags for the call that creates an object.
pub(crate) fn specification(of: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder()
        .resource_type(of)
        .set_tags(Some(list(tags)))
        .build()
}

fn list<'a>(tags: impl IntoIterator<Item = (&'a String, &'a String)>) -> Vec<Tag> {
    tags.into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// Reads tags back, without those that AWS itself writes.
pub(crate) fn read(tags: Option<&[Tag]>) -> Tags {
    let pair = |tag: &Tag| {
        Some((
            tag.key()?.to_owned(),
            tag.value().unwrap_or_default().to_owned(),
        ))
    };
    own(tags.unwrap_or_default().iter().filter_map(pair))
}

/// Writes the tags that differ, and no others.
pub(crate) async fn write(aws: &Aws, id: &str, changed: &[FieldDiff]) -> Result<(), AwsError> {
    let TagChanges { set, remove } = TagChanges::of(changed);
    if !set.is_empty() {
        set_all(aws, id, &set).await?;
    }
    if !remove.is_empty() {
        let keys = remove
            .iter()
            .map(|key| Tag::builder().key(key).build())
            .collect();
        let call = aws.ec2().delete_tags().resources(id).set_tags(Some(keys));
        aws.call(DELETE, call.send()).await?;
    }
    Ok(())
}

/// Writes tags.
pub(crate) async fn set_all(aws: &Aws, id: &str, tags: &Tags) -> Result<(), AwsError> {
    let call = aws
        .ec2()
        .create_tags()
        .resources(id)
        .set_tags(Some(list(tags)));
    aws.call(CREATE, call.send()).await.map(drop)
}

/// A filter. EC2 reads `*`, `?` and `\` in values as wildcards, so they are escaped.
pub(crate) fn filter<V: AsRef<str>>(name: &str, values: impl IntoIterator<Item = V>) -> Filter {
    let values = values
        .into_iter()
        .map(|value| escaped(value.as_ref()))
        .collect();
    Filter::builder()
        .name(name)
        .set_values(Some(values))
        .build()
}

fn escaped(value: &str) -> String {
    value.chars().fold(String::new(), |mut text, c| {
        if matches!(c, '*' | '?' | '\\') {
            text.push('\\');
        }
        text.push(c);
        text
    })
}

/// Whatever stackwright made, of any project.
pub(crate) fn ours() -> Vec<Filter> {
    vec![filter("tag-key", [tag::PROJECT])]
}

/// One component of one resource, whoever owns it.
pub(crate) fn one(tags: &OwnTags) -> Vec<Filter> {
    let mut filters = all(tags);
    filters.push(filter(
        &format!("tag:{}", tag::COMPONENT),
        [&tags.component],
    ));
    filters
}

/// All components of one resource, whoever owns them.
pub(crate) fn all(tags: &OwnTags) -> Vec<Filter> {
    let keys = [
        (tag::PROJECT, &tags.project),
        (tag::ENVIRONMENT, &tags.environment),
        (tag::ID, &tags.id),
    ];
    keys.map(|(key, value)| filter(&format!("tag:{key}"), [value]))
        .into()
}

/// Whether an object is the component that these tags name, whoever owns it.
pub(crate) fn is_one(have: &BTreeMap<String, String>, want: &OwnTags) -> bool {
    crate::tag_changes::same_resource(have, want)
        && have.get(tag::COMPONENT) == Some(&want.component)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_values_are_escaped() {
        assert_eq!(filter("name", ["a*b?c\\d"]).values(), ["a\\*b\\?c\\\\d"]);
    }

    #[test]
    fn tags_of_aws_are_left_out() {
        let tag = |key: &str| Tag::builder().key(key).value("x").build();
        let tags = read(Some(&[tag("aws:cloudformation:stack-id"), tag("team")]));
        assert_eq!(tags.keys().collect::<Vec<_>>(), ["team"]);
    }
}
