//! Schedule groups of `EventBridge` Scheduler.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_scheduler::types::{ScheduleGroupState, ScheduleGroupSummary, Tag};
use stackwright_plan::component::ScheduleGroup;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::loader::Source;
use crate::settle;
use crate::tag_changes::{self, TagChanges, same_resource};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const GET: Op = Op::new("scheduler", "GetScheduleGroup");
const LIST: Op = Op::new("scheduler", "ListScheduleGroups");
const CREATE: Op = Op::new("scheduler", "CreateScheduleGroup");
const DELETE: Op = Op::new("scheduler", "DeleteScheduleGroup");
const LIST_TAGS: Op = Op::new("scheduler", "ListTagsForResource");
const TAG: Op = Op::new("scheduler", "TagResource");
const UNTAG: Op = Op::new("scheduler", "UntagResource");

pub(crate) const GONE: &[&str] = &["ResourceNotFoundException"];
const PAUSE: Duration = Duration::from_secs(1);

/// Groups that exist, by name, with their tags.
#[derive(Debug)]
pub(crate) struct Groups;

#[async_trait]
impl Source for Groups {
    type Key = String;
    type Item = BTreeMap<String, String>;
    const BATCH: usize = 1;

    async fn keyed(
        aws: &Aws,
        names: &[String],
    ) -> Result<HashMap<String, BTreeMap<String, String>>, AwsError> {
        let mut found = HashMap::new();
        for name in names {
            if let Some(tags) = group(aws, name).await? {
                found.insert(name.clone(), tags);
            }
        }
        Ok(found)
    }
}

/// The state of a group; `None` when there is none.
async fn state(aws: &Aws, name: &str) -> Result<Option<ScheduleGroupState>, AwsError> {
    let call = aws.scheduler().get_schedule_group().name(name);
    match aws.call(GET, call.send()).await {
        Ok(answer) => Ok(answer.state),
        Err(error) if error.is_code(GONE) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The tags of a group that is not going away.
async fn group(aws: &Aws, name: &str) -> Result<Option<BTreeMap<String, String>>, AwsError> {
    if !matches!(state(aws, name).await?, Some(state) if state != ScheduleGroupState::Deleting) {
        return Ok(None);
    }
    let arn = arn(aws, name);
    let call = aws.scheduler().list_tags_for_resource().resource_arn(&arn);
    match aws.call(LIST_TAGS, call.send()).await {
        Ok(answer) => Ok(Some(read(answer.tags()))),
        Err(error) if error.is_code(GONE) => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(tags: &[Tag]) -> BTreeMap<String, String> {
    let pair = |tag: &Tag| (tag.key().to_owned(), tag.value().to_owned());
    tag_changes::own(tags.iter().map(pair))
}

fn tag_list(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| {
        let tag = Tag::builder().key(key).value(value).build();
        tag.expect("both required fields are set")
    };
    tags.iter().map(tag).collect()
}

fn arn(aws: &Aws, name: &str) -> String {
    format!(
        "arn:{}:scheduler:{}:{}:schedule-group/{name}",
        aws.partition, aws.region, aws.account_id
    )
}

fn outputs(aws: &Aws, name: &str) -> Recorded {
    [("name", name.to_owned()), ("arn", arn(aws, name))]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

fn observe(aws: &Aws, name: &str, tags: BTreeMap<String, String>) -> Observed<ScheduleGroup> {
    let component = ScheduleGroup {
        name: name.to_owned(),
        tags: tags.clone(),
    };
    Observed {
        component,
        outputs: outputs(aws, name),
        tags,
    }
}

async fn get(
    aws: &Aws,
    name: &str,
    freshness: Freshness,
) -> Result<Option<Observed<ScheduleGroup>>, AwsError> {
    let name = name.to_owned();
    let found = aws
        .loaders
        .schedule_groups
        .get(aws, &name, freshness)
        .await?;
    Ok(found.map(|tags| observe(aws, &name, tags)))
}

async fn names(aws: &Aws) -> Result<Vec<String>, AwsError> {
    let call = aws.scheduler().list_schedule_groups().max_results(100);
    let pages = aws.pages(LIST, call.into_paginator().send()).await?;
    let groups = pages.into_iter().flat_map(|page| page.schedule_groups);
    let name = |group: ScheduleGroupSummary| group.name;
    Ok(groups.filter_map(name).collect())
}

#[async_trait]
impl Adapter for ScheduleGroup {
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
        let names = match lookup {
            Lookup::Desired(desired, _) => vec![desired.name.clone()],
            Lookup::Named(name) => vec![name.rsplit('/').next().unwrap_or(name).to_owned()],
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

    /// A group of the same name that is still going away is waited for.
    ///
    /// A token of ours would be the same after a delete, and AWS would answer with the group of then. The name is
    /// what makes the call safe to repeat.
    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let name = &self.name;
        aws.loaders.schedule_groups.forget(name);
        let going = |error: &AwsError| error.is_code(&["ConflictException"]);
        crate::propagation::outlast(crate::propagation::ROLE, going, || async {
            let call = aws.scheduler().create_schedule_group().name(name);
            let call = call.set_tags(Some(tag_list(&self.tags)));
            match aws.call(CREATE, call.send()).await {
                Err(error) if going(&error) && lives(aws, name).await? => Err(in_the_way(error)),
                answer => answer.map(drop),
            }
        })
        .await?;
        aws.loaders.schedule_groups.forget(name);
        Ok(Created {
            outputs: outputs(aws, name),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let written = retag(aws, &arn(aws, &self.name), changed).await;
        aws.loaders.schedule_groups.forget(&self.name);
        written.map(|()| observed.outputs.clone())
    }

    /// Its schedules go with it, and it stays visible until they are gone.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(name) = recorded.get("name") else {
            return Ok(());
        };
        let attempt = || {
            let call = aws.scheduler().delete_schedule_group().name(name);
            aws.call(DELETE, call.send())
        };
        let deleted = settle::delete(aws, name, GONE, wait, attempt).await;
        aws.loaders.schedule_groups.forget(name);
        deleted?;
        let what = format!("the deletion of schedule group {name}");
        settle::until(&what, PAUSE, wait, || async {
            Ok(state(aws, name).await?.is_none().then_some(()))
        })
        .await
    }
}

async fn lives(aws: &Aws, name: &str) -> Result<bool, AwsError> {
    let state = state(aws, name).await?;
    Ok(state.is_some_and(|state| state != ScheduleGroupState::Deleting))
}

/// The same refusal under another code, so that it is not waited for.
fn in_the_way(error: AwsError) -> AwsError {
    match error {
        AwsError::Refused {
            service,
            operation,
            message,
            ..
        } => AwsError::Refused {
            service,
            operation,
            code: "ScheduleGroupExists".to_owned(),
            message,
        },
        other => other,
    }
}

async fn retag(aws: &Aws, arn: &str, changed: &[FieldDiff]) -> Result<(), AwsError> {
    let TagChanges { set, remove } = TagChanges::of(changed);
    if !set.is_empty() {
        let call = aws.scheduler().tag_resource().resource_arn(arn);
        let call = call.set_tags(Some(tag_list(&set)));
        aws.call(TAG, call.send()).await?;
    }
    if !remove.is_empty() {
        let call = aws.scheduler().untag_resource().resource_arn(arn);
        let call = call.set_tag_keys(Some(remove));
        aws.call(UNTAG, call.send()).await?;
    }
    Ok(())
}
