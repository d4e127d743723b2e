//! Standard queues of SQS.
//!
//! AWS shows a change of a queue's attributes up to a minute late; what is read back meanwhile is
//! taken for its own spelling, and the next refresh sees the truth.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::types::QueueAttributeName as Name;
use serde_json::Value as Json;
use stackwright_plan::component::Queue;
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{In, policy_document};

use crate::call::Op;
use crate::loader::Source;
use crate::propagation::outlast;
use crate::tag_changes::{self, TagChanges, same_resource, touches};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const URL: Op = Op::new("sqs", "GetQueueUrl");
const GET: Op = Op::new("sqs", "GetQueueAttributes");
const SET: Op = Op::new("sqs", "SetQueueAttributes");
const LIST: Op = Op::new("sqs", "ListQueues");
const LIST_TAGS: Op = Op::new("sqs", "ListQueueTags");
const TAG: Op = Op::new("sqs", "TagQueue");
const UNTAG: Op = Op::new("sqs", "UntagQueue");
const CREATE: Op = Op::new("sqs", "CreateQueue");
const DELETE: Op = Op::new("sqs", "DeleteQueue");

const GONE: &[&str] = &[
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
];
/// The name is free again a minute after its queue was deleted.
const RECENTLY: &[&str] = &[
    "AWS.SimpleQueueService.QueueDeletedRecently",
    "QueueDeletedRecently",
];
const RECENT: Duration = Duration::from_secs(90);

/// A queue as SQS tells of it.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    url: String,
    attributes: HashMap<Name, String>,
    tags: BTreeMap<String, String>,
}

/// Queues by name.
#[derive(Debug)]
pub(crate) struct Queues;

#[async_trait]
impl Source for Queues {
    type Key = String;
    type Item = Told;
    const BATCH: usize = 1;

    async fn keyed(aws: &Aws, names: &[String]) -> Result<HashMap<String, Told>, AwsError> {
        let mut found = HashMap::new();
        for name in names {
            match told(aws, name).await {
                Ok(told) => drop(found.insert(name.clone(), told)),
                Err(error) if error.is_code(GONE) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

async fn told(aws: &Aws, name: &str) -> Result<Told, AwsError> {
    let call = aws.sqs().get_queue_url().queue_name(name);
    let answer = aws.call(URL, call.send()).await?;
    let url = answer.queue_url.ok_or_else(|| URL.lacks("QueueUrl"))?;
    let attributes = aws
        .sqs()
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(Name::All);
    let tags = aws.sqs().list_queue_tags().queue_url(&url);
    let (attributes, tags) = futures_util::future::try_join(
        aws.call(GET, attributes.send()),
        aws.call(LIST_TAGS, tags.send()),
    )
    .await?;
    Ok(Told {
        attributes: attributes.attributes.unwrap_or_default(),
        tags: tag_changes::own(tags.tags.unwrap_or_default()),
        url,
    })
}

fn arn(aws: &Aws, name: &str) -> String {
    format!(
        "arn:{}:sqs:{}:{}:{name}",
        aws.partition, aws.region, aws.account_id
    )
}

fn outputs(aws: &Aws, name: &str, url: &str) -> Recorded {
    [
        ("name", name.to_owned()),
        ("arn", arn(aws, name)),
        ("url", url.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn observe(aws: &Aws, name: &str, told: Told) -> Observed<Queue> {
    let text = |name: Name| told.attributes.get(&name).map_or("", String::as_str);
    let policy = match text(Name::Policy) {
        "" => Json::Null,
        policy => {
            policy_document::parse(policy).unwrap_or_else(|_| Json::String(policy.to_owned()))
        }
    };
    let component = Queue {
        queue_name: name.to_owned(),
        message_retention_period: text(Name::MessageRetentionPeriod).parse().unwrap_or(0),
        sqs_managed_sse_enabled: text(Name::SqsManagedSseEnabled) == "true",
        policy: In::Known(policy),
        tags: told.tags.clone(),
    };
    Observed {
        component,
        outputs: outputs(aws, name, &told.url),
        tags: told.tags,
    }
}

async fn get(
    aws: &Aws,
    name: &str,
    freshness: Freshness,
) -> Result<Option<Observed<Queue>>, AwsError> {
    let name = name.to_owned();
    let found = aws.loaders.queues.get(aws, &name, freshness).await?;
    Ok(found.map(|told| observe(aws, &name, told)))
}

/// All queues of the region. SQS cannot search by tags.
async fn names(aws: &Aws) -> Result<Vec<String>, AwsError> {
    let call = aws.sqs().list_queues().max_results(1_000);
    let pages = aws.pages(LIST, call.into_paginator().send()).await?;
    let urls = pages
        .into_iter()
        .flat_map(|page| page.queue_urls.unwrap_or_default());
    Ok(urls
        .filter_map(|url| Some(url.rsplit('/').next()?.to_owned()))
        .collect())
}

fn attributes(desired: &Queue) -> HashMap<Name, String> {
    [
        (
            Name::MessageRetentionPeriod,
            desired.message_retention_period.to_string(),
        ),
        (
            Name::SqsManagedSseEnabled,
            desired.sqs_managed_sse_enabled.to_string(),
        ),
        (Name::Policy, desired.policy.get().to_string()),
    ]
    .into()
}

#[async_trait]
impl Adapter for Queue {
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

    /// `Named` takes a name, an ARN or a URL.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let names = match lookup {
            Lookup::Desired(desired, _) => vec![desired.queue_name.clone()],
            Lookup::Named(name) => {
                vec![name.rsplit([':', '/']).next().unwrap_or(name).to_owned()]
            }
            Lookup::Owned(_) => names(aws).await?,
        };
        let reads = names.iter().map(|name| get(aws, name, Freshness::Fresh));
        let found = futures_util::future::try_join_all(reads).await?;
        let mut found: Vec<_> = found.into_iter().flatten().collect();
        if let Lookup::Owned(tags) = lookup {
            found.retain(|it| same_resource(&it.tags, tags));
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let name = &self.queue_name;
        let recently = |error: &AwsError| error.is_code(RECENTLY);
        let answer = outlast(RECENT, recently, || {
            let tags = self.tags.clone().into_iter().collect();
            let call = aws
                .sqs()
                .create_queue()
                .queue_name(name)
                .set_attributes(Some(attributes(self)))
                .set_tags(Some(tags));
            aws.call(CREATE, call.send())
        })
        .await?;
        aws.loaders.queues.forget(name);
        let url = answer.queue_url.ok_or_else(|| CREATE.lacks("QueueUrl"))?;
        Ok(Created {
            outputs: outputs(aws, name, &url),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let url = observed
            .outputs
            .get("url")
            .ok_or_else(|| URL.lacks("QueueUrl"))?;
        aws.loaders.queues.forget(&self.queue_name);
        let written = write(self, aws, url, changed).await;
        aws.loaders.queues.forget(&self.queue_name);
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let (Some(name), Some(url)) = (recorded.get("name"), recorded.get("url")) else {
            return Ok(());
        };
        let call = aws.sqs().delete_queue().queue_url(url);
        let deleted = aws.call(DELETE, call.send()).await;
        aws.loaders.queues.forget(name);
        match deleted {
            Err(error) if error.is_code(GONE) => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

async fn write(
    desired: &Queue,
    aws: &Aws,
    url: &str,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    let fields = [
        "message_retention_period",
        "sqs_managed_sse_enabled",
        "policy",
    ];
    if touches(changed, &fields) {
        let call = aws.sqs().set_queue_attributes().queue_url(url);
        let call = call.set_attributes(Some(attributes(desired)));
        aws.call(SET, call.send()).await?;
    }
    let TagChanges { set, remove } = TagChanges::of(changed);
    if !set.is_empty() {
        let call = aws.sqs().tag_queue().queue_url(url);
        let call = call.set_tags(Some(set.into_iter().collect()));
        aws.call(TAG, call.send()).await?;
    }
    if !remove.is_empty() {
        let call = aws.sqs().untag_queue().queue_url(url);
        let call = call.set_tag_keys(Some(remove));
        aws.call(UNTAG, call.send()).await?;
    }
    Ok(())
}
