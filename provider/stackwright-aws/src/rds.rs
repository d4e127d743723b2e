//! RDS: reading databases and tags, waiting until a database can be changed or works.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_rds::types::{DbInstance, Filter, PendingModifiedValues, SourceType, Tag};
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{OwnTags, tag};
use tokio::time::Instant;

use crate::adapter::{Freshness, Recorded, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::tag_changes::{self, TagChanges, same_resource};
use crate::{Aws, AwsError, Refresh, propagation, settle};

const DESCRIBE: Op = Op::new("rds", "DescribeDBInstances");
const LIST_TAGS: Op = Op::new("rds", "ListTagsForResource");
const TAG: Op = Op::new("rds", "AddTagsToResource");
const UNTAG: Op = Op::new("rds", "RemoveTagsFromResource");
const MODIFY: Op = Op::new("rds", "ModifyDBInstance");
const EVENTS: Op = Op::new("rds", "DescribeEvents");
pub(crate) const DELETE: Op = Op::new("rds", "DeleteDBInstance");

pub(crate) const INSTANCE_GONE: &[&str] = &["DBInstanceNotFound", "DBInstanceNotFoundFault"];
const RESOURCE_GONE: &[&str] = &[
    "DBInstanceNotFound",
    "DBParameterGroupNotFound",
    "DBSubnetGroupNotFoundFault",
];
/// What AWS says while another change is under way.
const BUSY: &[&str] = &["InvalidDBInstanceState"];
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A line in the log this often.
const LINE: Duration = Duration::from_secs(10);

/// States in which a database works and takes changes.
const READY: &[&str] = &[
    "available",
    "storage-config-upgrade",
    "storage-initialization",
    "storage-optimization",
];
/// States in which a database cannot leave a last snapshot.
const WITHOUT_SNAPSHOT: &[&str] = &["failed", "incompatible-network", "incompatible-restore"];
/// States that do not end by themselves.
const BROKEN: &[&str] = &[
    "failed",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
    "incompatible-credentials",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "restore-error",
    "stopped",
    "storage-full",
];

/// Databases by identifier, replicas too, with their tags.
#[derive(Debug)]
pub(crate) struct Instances;

#[async_trait]
impl Source for Instances {
    type Key = String;
    type Item = DbInstance;
    const BATCH: usize = 20;
    const LISTS: bool = true;

    async fn keyed(aws: &Aws, ids: &[String]) -> Result<HashMap<String, DbInstance>, AwsError> {
        let filter = Filter::builder()
            .name("db-instance-id")
            .set_values(Some(ids.to_vec()))
            .build();
        match describe(aws, Some(filter)).await {
            Err(error) if error.is_code(INSTANCE_GONE) => Ok(HashMap::new()),
            found => Ok(by_id(found?)),
        }
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, DbInstance>>, AwsError> {
        Ok(Some(by_id(describe(aws, None).await?)))
    }
}

fn by_id(instances: Vec<DbInstance>) -> HashMap<String, DbInstance> {
    instances
        .into_iter()
        .filter_map(|it| Some((it.db_instance_identifier.clone()?, it)))
        .collect()
}

async fn describe(aws: &Aws, filter: Option<Filter>) -> Result<Vec<DbInstance>, AwsError> {
    let request = aws
        .rds()
        .describe_db_instances()
        .set_filters(filter.map(|filter| vec![filter]))
        .max_records(100);
    let pages = aws.pages(DESCRIBE, request.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.db_instances.unwrap_or_default())
        .collect())
}

/// All databases of the account and region.
pub(crate) async fn all(aws: &Aws) -> Result<Vec<DbInstance>, AwsError> {
    describe(aws, None).await
}

/// One database; also one that is being deleted.
pub(crate) async fn any(
    aws: &Aws,
    id: &str,
    freshness: Freshness,
) -> Result<Option<DbInstance>, AwsError> {
    settle::get(aws, &aws.loaders.db_instances, id, freshness).await
}

/// One database that is not being deleted.
pub(crate) async fn instance(
    aws: &Aws,
    id: &str,
    freshness: Freshness,
) -> Result<Option<DbInstance>, AwsError> {
    let found = any(aws, id, freshness).await?;
    Ok(found.filter(|it| status(it) != "deleting"))
}

/// All databases of a resource.
pub(crate) async fn owned(aws: &Aws, of: &OwnTags) -> Result<Vec<DbInstance>, AwsError> {
    let all = describe(aws, None).await?;
    Ok(all
        .into_iter()
        .filter(|it| status(it) != "deleting" && same_resource(&tags(it.tag_list()), of))
        .collect())
}

pub(crate) fn status(instance: &DbInstance) -> &str {
    instance.db_instance_status().unwrap_or_default()
}

/// Tags as a map, without those of AWS.
pub(crate) fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    let pair = |tag: &Tag| {
        let value = tag.value().unwrap_or_default().to_owned();
        Some((tag.key()?.to_owned(), value))
    };
    tag_changes::own(tags.iter().filter_map(pair))
}

pub(crate) fn tags_to_sdk(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// The tags of a database that are ours to compare: the one about its final snapshot belongs to
/// another component.
pub(crate) fn compared(mut tags: BTreeMap<String, String>) -> BTreeMap<String, String> {
    tags.remove(tag::FINAL_SNAPSHOT);
    tags
}

/// Tags by ARN of a subnet or parameter group; AWS answers them only one by one.
#[derive(Debug)]
pub(crate) struct RdsTags;

#[async_trait]
impl Source for RdsTags {
    type Key = String;
    type Item = BTreeMap<String, String>;
    const BATCH: usize = 1;

    async fn keyed(
        aws: &Aws,
        keys: &[String],
    ) -> Result<HashMap<String, BTreeMap<String, String>>, AwsError> {
        let mut found = HashMap::new();
        for arn in keys {
            let request = aws.rds().list_tags_for_resource().resource_name(arn);
            match aws.call(LIST_TAGS, request.send()).await {
                Ok(answer) => drop(found.insert(arn.clone(), tags(answer.tag_list()))),
                Err(error) if error.is_code(RESOURCE_GONE) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

/// The tags of a group; none under [`Refresh::Fast`], where a cached read leaves them out.
pub(crate) async fn group_tags(
    aws: &Aws,
    arn: &str,
    freshness: Freshness,
) -> Result<Option<BTreeMap<String, String>>, AwsError> {
    if aws.refresh == Refresh::Fast && freshness == Freshness::Cached {
        return Ok(Some(BTreeMap::new()));
    }
    aws.loaders
        .db_tags
        .get(aws, &arn.to_owned(), freshness)
        .await
}

/// Writes what differs in the tags of any RDS object.
pub(crate) async fn write_tags(
    aws: &Aws,
    arn: &str,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    let TagChanges { set, remove } = TagChanges::of(changed);
    if !set.is_empty() {
        let request = aws.rds().add_tags_to_resource().resource_name(arn);
        let request = request.set_tags(Some(tags_to_sdk(&set)));
        aws.call(TAG, request.send()).await?;
    }
    if !remove.is_empty() {
        let request = aws.rds().remove_tags_from_resource().resource_name(arn);
        let request = request.set_tag_keys(Some(remove));
        aws.call(UNTAG, request.send()).await?;
    }
    aws.loaders.db_tags.forget(&arn.to_owned());
    Ok(())
}

/// Writes one tag.
pub(crate) async fn set_tag(aws: &Aws, arn: &str, key: &str, value: &str) -> Result<(), AwsError> {
    let tag = Tag::builder().key(key).value(value).build();
    let request = aws.rds().add_tags_to_resource().resource_name(arn);
    aws.call(TAG, request.tags(tag).send()).await.map(drop)
}

/// Sends a `ModifyDBInstance`. A database may still be at what an earlier call has begun, though it
/// has said that it is available.
pub(crate) async fn modify(
    aws: &Aws,
    id: &str,
    request: aws_sdk_rds::operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder,
) -> Result<(), AwsError> {
    aws.loaders.db_instances.forget(&id.to_owned());
    let written = propagation::outlast(propagation::ROLE, busy, || async {
        aws.call(MODIFY, request.clone().send()).await
    });
    let written = written.await;
    aws.loaders.db_instances.forget(&id.to_owned());
    written.map(drop)
}

/// Another change of the database is under way.
pub(crate) fn busy(error: &AwsError) -> bool {
    error.is_code(BUSY)
}

/// The protection is never deferred; `ApplyImmediately` would bring what waits for the maintenance window forward.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.ApplyImmediately.html>
pub(crate) async fn set_protection(aws: &Aws, id: &str, on: bool) -> Result<(), AwsError> {
    let request = aws.rds().modify_db_instance().db_instance_identifier(id);
    modify(aws, id, request.deletion_protection(on)).await
}

/// Does at once what waits for the maintenance window.
pub(crate) async fn hurry(aws: &Aws, id: &str) -> Result<(), AwsError> {
    let found = any(aws, id, Freshness::Fresh).await?;
    let Some(pending) = found.and_then(|it| it.pending_modified_values) else {
        return Ok(());
    };
    if !ours_is_pending(&pending) {
        return Ok(());
    }
    let request = aws
        .rds()
        .modify_db_instance()
        .db_instance_identifier(id)
        .apply_immediately(true)
        .set_allow_major_version_upgrade(pending.engine_version.is_some().then_some(true))
        .set_engine_version(pending.engine_version)
        .set_db_instance_class(pending.db_instance_class)
        .set_allocated_storage(pending.allocated_storage)
        .set_iops(pending.iops)
        .set_storage_type(pending.storage_type)
        .set_multi_az(pending.multi_az)
        .set_db_port_number(pending.port)
        .set_backup_retention_period(pending.backup_retention_period)
        .set_ca_certificate_identifier(pending.ca_certificate_identifier);
    modify(aws, id, request).await
}

/// Whether something waits that we would have written: others may queue what we do not know.
fn ours_is_pending(pending: &PendingModifiedValues) -> bool {
    pending.engine_version.is_some()
        || pending.db_instance_class.is_some()
        || pending.allocated_storage.is_some()
        || pending.iops.is_some()
        || pending.storage_type.is_some()
        || pending.multi_az.is_some()
        || pending.port.is_some()
        || pending.backup_retention_period.is_some()
        || pending.ca_certificate_identifier.is_some()
        || pending.master_user_password.is_some()
        || pending.iam_database_authentication_enabled.is_some()
        || pending.pending_cloudwatch_logs_exports.is_some()
}

/// Waits until a database takes changes.
pub(crate) async fn ready(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
    let Some(id) = settle::id(recorded) else {
        return Ok(());
    };
    until_works(aws, id, wait, |_| true).await
}

/// Waits until a database works and `done` with it.
pub(crate) async fn until_works(
    aws: &Aws,
    id: &str,
    wait: &Wait,
    done: impl Fn(&DbInstance) -> bool,
) -> Result<(), AwsError> {
    let what = format!("database {id} to become available");
    let mut pauses = Pauses::new();
    loop {
        let found = any(aws, id, Freshness::Fresh).await?;
        let state = found.as_ref().map_or("gone", status).to_owned();
        if found.as_ref().is_some_and(&done) && READY.contains(&state.as_str()) {
            return Ok(());
        }
        if found.is_none() || state == "deleting" || BROKEN.contains(&state.as_str()) {
            return Err(broken(id, &state));
        }
        pauses.pause(wait, &what, &state).await?;
    }
}

/// Pauses between questions about a database: short ones first, as some changes take seconds and
/// others half an hour.
struct Pauses {
    next: Duration,
    told: Option<Instant>,
}

impl Pauses {
    fn new() -> Self {
        Self {
            next: FIRST_PAUSE,
            told: None,
        }
    }

    /// Waits, and says now and then for what.
    async fn pause(&mut self, wait: &Wait, what: &str, state: &str) -> Result<(), AwsError> {
        if self.told.is_none_or(|told| told.elapsed() >= LINE) {
            tracing::info!("waiting for {what}: it is {state}");
            self.told = Some(Instant::now());
        }
        let pause = self.next;
        self.next = (pause * 3 / 2).min(LONGEST_PAUSE);
        wait.pause(pause, what).await
    }
}

fn broken(id: &str, state: &str) -> AwsError {
    let remedy = match state {
        "storage-full" => {
            "raise `storage`, or set `max_storage`, by hand first if RDS takes no change"
        }
        "stopped" => "start it with `aws rds start-db-instance`",
        "incompatible-parameters" => {
            "a value in `parameters` does not fit its machine; mend it and reboot"
        }
        "inaccessible-encryption-credentials"
        | "inaccessible-encryption-credentials-recoverable" => {
            "its KMS key is disabled or gone; enable the key and start the database"
        }
        "gone" | "deleting" => "somebody deleted it meanwhile; apply again to make it anew",
        _ => "look at its events with `aws rds describe-events --source-type db-instance`",
    };
    AwsError::Broken {
        what: format!("database {id}"),
        reason: format!("it is {state}: {remedy}"),
    }
}

fn without_snapshot(id: &str, state: &str) -> AwsError {
    AwsError::Broken {
        what: format!("database {id}"),
        reason: format!(
            "it is {state}, and RDS takes no last snapshot of such a database, so it deletes it without one only: \
             if its data is not needed, or is in an older backup, run `aws rds delete-db-instance --db-instance-identifier {id} --skip-final-snapshot` and apply again"
        ),
    }
}

/// Whether nothing waits to be done, other than for the maintenance window.
pub(crate) fn nothing_pending(instance: &DbInstance, apply_immediately: bool) -> bool {
    let pending = instance.pending_modified_values();
    !apply_immediately || !pending.is_some_and(ours_is_pending)
}

/// What RDS says has happened to a database within the last hour, the newest first.
pub(crate) async fn events(aws: &Aws, id: &str) -> String {
    let request = aws
        .rds()
        .describe_events()
        .source_type(SourceType::DbInstance)
        .source_identifier(id)
        .duration(60);
    let Ok(answer) = aws.call(EVENTS, request.send()).await else {
        return String::new();
    };
    let events = answer.events.unwrap_or_default();
    let texts = events.iter().rev().filter_map(|event| event.message());
    let texts: Vec<String> = texts.take(3).map(|text| aws.redactor.clean(text)).collect();
    texts.join(" / ")
}

/// Calls `DeleteDBInstance` by `attempt`, again while another change is under way, and waits until
/// the database is gone.
pub(crate) async fn delete<F>(
    aws: &Aws,
    id: &str,
    wait: &Wait,
    mut attempt: impl FnMut() -> F,
) -> Result<(), AwsError>
where
    F: Future<Output = Result<(), AwsError>>,
{
    let what = format!("the deletion of database {id}");
    let mut pauses = Pauses::new();
    loop {
        match attempt().await {
            Err(error) if error.is_code(INSTANCE_GONE) => break,
            Err(error) if error.is_code(BUSY) => {
                let found = any(aws, id, Freshness::Fresh).await?;
                let state = found.as_ref().map_or("deleting", status);
                if state == "deleting" {
                    break;
                }
                if WITHOUT_SNAPSHOT.contains(&state) {
                    return Err(without_snapshot(id, state));
                }
                pauses
                    .pause(wait, &what, "busy with another change")
                    .await?;
            }
            outcome => {
                outcome?;
                break;
            }
        }
    }
    aws.newborns.forget(id);
    aws.loaders.db_instances.forget(&id.to_owned());
    while any(aws, id, Freshness::Fresh).await?.is_some() {
        pauses.pause(wait, &what, "deleting").await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_leaves_no_snapshot() {
        let told = without_snapshot("main", "failed").to_string();
        assert!(
            told.contains("it is failed") && told.contains("--skip-final-snapshot"),
            "{told}"
        );
    }
}
