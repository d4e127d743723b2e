//! What the adapters of load balancers, listeners and target groups share: tags, and batches in
//! which one ARN may be gone.
//!
//! Tags take calls of their own, so under [`Refresh::Fast`] a cached read leaves them out: the answer then
//! has none at all, which never happens to an object that we made.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::Tag;
use stackwright_plan::component::Tags;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::loader::Source;
use crate::tag_changes::{TagChanges, own};
use crate::{Aws, AwsError, Freshness, Refresh, listener_rule};

const DESCRIBE_TAGS: Op = Op::new("elasticloadbalancing", "DescribeTags");
const ADD_TAGS: Op = Op::new("elasticloadbalancing", "AddTags");
const REMOVE_TAGS: Op = Op::new("elasticloadbalancing", "RemoveTags");

/// What Elastic Load Balancing says of an ARN that is not there.
pub(crate) const GONE: &[&str] = &[
    "ListenerNotFound",
    "LoadBalancerNotFound",
    "RuleNotFound",
    "TargetGroupNotFound",
];

/// Most ARNs of one describe call, of whatever kind.
pub(crate) const ARNS: usize = 20;

/// Tags by ARN, of every kind of object.
#[derive(Debug)]
pub(crate) struct ElbTags;

#[async_trait]
impl Source for ElbTags {
    type Key = String;
    type Item = BTreeMap<String, String>;
    const BATCH: usize = ARNS;
    const LISTS: bool = true;
    const LIST_AFTER: usize = 2 * ARNS;

    async fn keyed(
        aws: &Aws,
        arns: &[String],
    ) -> Result<HashMap<String, BTreeMap<String, String>>, AwsError> {
        whole_or_each(arns, |arns| describe_tags(aws, arns)).await
    }

    /// Whoever asks for many asks for those of rules and of the target groups behind them.
    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, BTreeMap<String, String>>>, AwsError> {
        let arns = listener_rule::known_arns(aws);
        let batches = arns.chunks(ARNS).map(|arns| Self::keyed(aws, arns));
        let found = futures_util::future::try_join_all(batches).await?;
        Ok(Some(found.into_iter().flatten().collect()))
    }
}

async fn describe_tags(
    aws: &Aws,
    arns: Vec<String>,
) -> Result<HashMap<String, BTreeMap<String, String>>, AwsError> {
    let call = aws
        .elbv2()
        .describe_tags()
        .set_resource_arns(Some(arns))
        .send();
    let answer = aws.call(DESCRIBE_TAGS, call).await?;
    let found = answer.tag_descriptions.unwrap_or_default();
    Ok(found
        .into_iter()
        .filter_map(|one| Some((one.resource_arn?, read_tags(&one.tags.unwrap_or_default()))))
        .collect())
}

/// Asks for a batch. AWS refuses it whole when one ARN is gone; then each is asked for alone.
pub(crate) async fn whole_or_each<T, F>(
    arns: &[String],
    ask: impl Fn(Vec<String>) -> F,
) -> Result<HashMap<String, T>, AwsError>
where
    F: Future<Output = Result<HashMap<String, T>, AwsError>>,
{
    match ask(arns.to_vec()).await {
        Err(error) if error.is_code(GONE) && arns.len() == 1 => Ok(HashMap::new()),
        Err(error) if error.is_code(GONE) => {
            let mut found = HashMap::new();
            for arn in arns {
                match ask(vec![arn.clone()]).await {
                    Ok(one) => found.extend(one),
                    Err(error) if error.is_code(GONE) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(found)
        }
        answer => answer,
    }
}

/// The tags of an object; none when it went away meanwhile.
pub(crate) async fn tags(
    aws: &Aws,
    arn: &str,
    freshness: Freshness,
) -> Result<BTreeMap<String, String>, AwsError> {
    if aws.refresh == Refresh::Fast && freshness == Freshness::Cached {
        return Ok(BTreeMap::new());
    }
    let tags = aws
        .loaders
        .elb_tags
        .get(aws, &arn.to_owned(), freshness)
        .await?;
    Ok(tags.unwrap_or_default())
}

fn read_tags(tags: &[Tag]) -> BTreeMap<String, String> {
    let pair = |tag: &Tag| {
        Some((
            tag.key()?.to_owned(),
            tag.value().unwrap_or_default().to_owned(),
        ))
    };
    own(tags.iter().filter_map(pair))
}

/// Tags for the call that creates an object.
pub(crate) fn sdk_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// Writes the tags that differ, and no others.
pub(crate) async fn write_tags(
    aws: &Aws,
    arn: &str,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    let TagChanges { set, remove } = TagChanges::of(changed);
    if !set.is_empty() {
        let call = aws.elbv2().add_tags().resource_arns(arn);
        let call = call.set_tags(Some(sdk_tags(&set))).send();
        aws.call(ADD_TAGS, call).await?;
    }
    if !remove.is_empty() {
        let call = aws.elbv2().remove_tags().resource_arns(arn);
        let call = call.set_tag_keys(Some(remove)).send();
        aws.call(REMOVE_TAGS, call).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::cell::RefCell;

    use super::*;

    #[tokio::test]
    async fn one_arn_that_is_gone_does_not_hide_the_others() {
        let asked = RefCell::new(Vec::new());
        let ask = |arns: Vec<String>| {
            asked.borrow_mut().push(arns.len());
            let gone = arns.iter().any(|arn| arn == "gone");
            std::future::ready(if gone {
                Err(AwsError::Refused {
                    service: "elasticloadbalancing",
                    operation: "X".to_owned(),
                    code: "LoadBalancerNotFound".to_owned(),
                    message: String::new(),
                })
            } else {
                Ok(arns.into_iter().map(|arn| (arn, ())).collect())
            })
        };
        let arns = ["a", "gone", "b"].map(str::to_owned);
        let found = whole_or_each(&arns, ask).await.unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(*asked.borrow(), [3, 1, 1, 1]);
    }
}
