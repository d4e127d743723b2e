//! What the Cloud Map kinds share: operations that end later than their call, and tags.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_servicediscovery::types::{Operation, OperationStatus, Tag};
use stackwright_plan::diff::FieldDiff;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::call::Op;
use crate::loader::Source;
use crate::settle;
use crate::tag_changes::{self, TagChanges};
use crate::{Aws, AwsError, Freshness, Recorded, Refresh, Wait};

const GET_OPERATION: Op = Op::new("servicediscovery", "GetOperation");
const LIST_TAGS: Op = Op::new("servicediscovery", "ListTagsForResource");
const TAG: Op = Op::new("servicediscovery", "TagResource");
const UNTAG: Op = Op::new("servicediscovery", "UntagResource");

/// Pause between questions about an operation.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);
/// How long the change of a description or a TTL may take.
const SHORT: Duration = Duration::from_mins(5);
/// Output under which a create notes the operation that `settle` waits for.
const OPERATION: &str = "operation";

/// The same operation is under way already.
pub(crate) const UNDER_WAY: &[&str] = &["DuplicateRequest"];

/// Outputs with the operation that must end first.
pub(crate) fn pending(mut outputs: Recorded, operation: String) -> Recorded {
    outputs.insert(OPERATION.to_owned(), operation);
    outputs
}

/// An operation as it is now; an error when it failed.
pub(crate) async fn operation(aws: &Aws, id: &str, what: &str) -> Result<Operation, AwsError> {
    let call = aws.servicediscovery().get_operation().operation_id(id);
    let answer = aws.call(GET_OPERATION, call.send()).await?;
    let operation = answer
        .operation
        .ok_or_else(|| GET_OPERATION.lacks("Operation"))?;
    match operation.status() {
        Some(OperationStatus::Fail) => Err(broken(aws, &operation, what)),
        _ => Ok(operation),
    }
}

fn broken(aws: &Aws, operation: &Operation, what: &str) -> AwsError {
    let code = operation.error_code().unwrap_or("no code");
    let said = operation.error_message().unwrap_or("without a reason");
    AwsError::Broken {
        what: what.to_owned(),
        reason: format!("{code}: {}", aws.redactor.clean(said)),
    }
}

/// Waits until an operation has succeeded.
pub(crate) async fn succeeded(
    aws: &Aws,
    id: &str,
    what: &str,
    wait: &Wait,
) -> Result<(), AwsError> {
    settle::until(what, PAUSE, wait, || async {
        let operation = operation(aws, id, what).await?;
        Ok((operation.status() == Some(&OperationStatus::Success)).then_some(()))
    })
    .await
}

/// Waits for a small change, which cannot be left to `settle` because it is read back before.
pub(crate) async fn soon(aws: &Aws, id: &str, what: &str) -> Result<(), AwsError> {
    let wait = Wait {
        deadline: Instant::now() + SHORT,
        cancel: CancellationToken::new(),
    };
    succeeded(aws, id, what, &wait).await
}

/// Waits for what a create began. An operation that AWS knows no more has ended long ago.
pub(crate) async fn settled(
    aws: &Aws,
    recorded: &Recorded,
    what: &str,
    wait: &Wait,
) -> Result<(), AwsError> {
    let Some(id) = recorded.get(OPERATION) else {
        return Ok(());
    };
    match succeeded(aws, id, what, wait).await {
        Err(error) if error.is_code(&["OperationNotFound"]) => Ok(()),
        outcome => outcome,
    }
}

/// Tags by ARN; AWS answers them only one by one.
#[derive(Debug)]
pub(crate) struct TagsByArn;

#[async_trait]
impl Source for TagsByArn {
    type Key = String;
    type Item = BTreeMap<String, String>;
    const BATCH: usize = 1;

    async fn keyed(
        aws: &Aws,
        keys: &[String],
    ) -> Result<HashMap<String, BTreeMap<String, String>>, AwsError> {
        let mut found = HashMap::new();
        for arn in keys {
            let call = aws
                .servicediscovery()
                .list_tags_for_resource()
                .resource_arn(arn);
            match aws.call(LIST_TAGS, call.send()).await {
                Ok(answer) => drop(found.insert(arn.clone(), read(answer.tags()))),
                Err(error) if error.is_code(&["ResourceNotFoundException"]) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

fn read(tags: &[Tag]) -> BTreeMap<String, String> {
    let pair = |tag: &Tag| (tag.key().to_owned(), tag.value().to_owned());
    tag_changes::own(tags.iter().map(pair))
}

/// The tags of an object. A fast refresh leaves them out, as for SSM parameters; `None` when the
/// object went away meanwhile.
pub(crate) async fn tags(
    aws: &Aws,
    arn: &str,
    freshness: Freshness,
) -> Result<Option<BTreeMap<String, String>>, AwsError> {
    if aws.refresh == Refresh::Fast && freshness == Freshness::Cached {
        return Ok(Some(BTreeMap::new()));
    }
    let arn = arn.to_owned();
    aws.loaders.cloud_map_tags.get(aws, &arn, freshness).await
}

/// Tags for the call that creates an object.
pub(crate) fn tag_list(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| {
        let tag = Tag::builder().key(key).value(value).build();
        tag.expect("both required fields are set")
    };
    tags.iter().map(tag).collect()
}

/// Writes the tags that differ, and no others.
pub(crate) async fn retag(aws: &Aws, arn: &str, changed: &[FieldDiff]) -> Result<(), AwsError> {
    let TagChanges { set, remove } = TagChanges::of(changed);
    let client = aws.servicediscovery();
    if !set.is_empty() {
        let call = client.tag_resource().resource_arn(arn);
        let call = call.set_tags(Some(tag_list(&set)));
        aws.call(TAG, call.send()).await?;
    }
    if !remove.is_empty() {
        let call = client.untag_resource().resource_arn(arn);
        let call = call.set_tag_keys(Some(remove));
        aws.call(UNTAG, call.send()).await?;
    }
    aws.loaders.cloud_map_tags.forget(&arn.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_operation_says_why() {
        let operation = Operation::builder()
            .status(OperationStatus::Fail)
            .error_code("CONFLICTING_DOMAIN_EXISTS")
            .error_message("the domain overlaps")
            .build();
        let error = broken(&Aws::offline(), &operation, "namespace a.internal");
        assert_eq!(
            error.to_string(),
            "namespace a.internal failed: CONFLICTING_DOMAIN_EXISTS: the domain overlaps"
        );
    }

    #[test]
    fn tags_of_aws_are_left_out() {
        let tags = BTreeMap::from([
            ("aws:x".to_owned(), "1".to_owned()),
            ("team".to_owned(), "a".to_owned()),
        ]);
        let own = read(&tag_list(&tags));
        assert_eq!(own.into_keys().collect::<Vec<_>>(), ["team"]);
    }
}
