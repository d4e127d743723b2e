//! Changes of Route 53 zones, in few calls.
//!
//! Route 53 takes five requests a second of a whole account and one change of a zone at a time. So
//! changes of a zone that come within a few milliseconds, or while another one is under way, go out
//! together. A batch is all or nothing: one that is refused is sent again change by change, so that
//! each caller hears of its own mistake only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_route53::types::{Change, ChangeBatch, ChangeStatus};
use tokio::sync::oneshot;

use crate::call::Op;
use crate::loader::Source;
use crate::settle;
use crate::{Aws, AwsError, Freshness, Wait};

const CHANGE: Op = Op::new("route53", "ChangeResourceRecordSets");
const GET_CHANGE: Op = Op::new("route53", "GetChange");

/// How long changes are collected.
const GATHER: Duration = Duration::from_millis(5);
/// Most changes of one batch. AWS takes 1,000 of 32,000 characters; an UPSERT counts twice.
const BATCH: usize = 100;
/// Pause between questions whether a change has reached all name servers.
const PAUSE: Duration = Duration::from_secs(5);

/// Changes under way, by zone.
#[derive(Debug, Default)]
pub(crate) struct DnsChanges {
    zones: Mutex<HashMap<String, Arc<Zone>>>,
    /// The last change of each record, by the record's id.
    made: Mutex<HashMap<String, String>>,
}

#[derive(Debug, Default)]
struct Zone {
    waiting: Mutex<Vec<Waiting>>,
    /// Held by whoever sends.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Waiting {
    change: Change,
    answer: oneshot::Sender<Result<String, AwsError>>,
}

/// Changes by id; whether they have reached all name servers.
#[derive(Debug)]
pub(crate) struct ChangeStates;

#[async_trait]
impl Source for ChangeStates {
    type Key = String;
    type Item = ChangeStatus;
    const BATCH: usize = 1;

    async fn keyed(aws: &Aws, ids: &[String]) -> Result<HashMap<String, ChangeStatus>, AwsError> {
        let mut found = HashMap::new();
        for id in ids {
            let call = aws.route53().get_change().id(id).send();
            let answer = aws.call(GET_CHANGE, call).await?;
            found.extend(answer.change_info.map(|info| (id.clone(), info.status)));
        }
        Ok(found)
    }
}

/// Sends a change of the record with this id, together with others of its zone.
pub(crate) async fn submit(
    aws: &Aws,
    zone_id: &str,
    record: &str,
    change: Change,
) -> Result<(), AwsError> {
    let changes = &aws.loaders.dns_changes;
    let zone = changes.zone(zone_id);
    let (answer, answered) = oneshot::channel();
    lock(&zone.waiting).push(Waiting { change, answer });
    tokio::time::sleep(GATHER).await;
    {
        let _turn = zone.turn.lock().await;
        let mut batch = std::mem::take(&mut *lock(&zone.waiting));
        while !batch.is_empty() {
            let rest = batch.split_off(batch.len().min(BATCH));
            send(aws, zone_id, batch).await;
            batch = rest;
        }
    }
    let id = answered.await.unwrap_or_else(|_| {
        Err(AwsError::Timeout {
            what: format!("the change of {record}"),
        })
    })?;
    lock(&changes.made).insert(record.to_owned(), id);
    Ok(())
}

/// Waits until all name servers know the last change of a record, when this process made one.
pub(crate) async fn settled(aws: &Aws, record: &str, wait: &Wait) -> Result<(), AwsError> {
    let made = lock(&aws.loaders.dns_changes.made).get(record).cloned();
    let Some(id) = made else { return Ok(()) };
    let what = format!("the name servers of Route 53 to know {record}");
    settle::until(&what, PAUSE, wait, || async {
        let loader = &aws.loaders.dns_change_states;
        let state = loader.get(aws, &id, Freshness::Fresh).await?;
        Ok((state == Some(ChangeStatus::Insync)).then_some(()))
    })
    .await
}

async fn send(aws: &Aws, zone_id: &str, batch: Vec<Waiting>) {
    let changes: Vec<Change> = batch.iter().map(|one| one.change.clone()).collect();
    let whole = call(aws, zone_id, changes).await;
    let alone = batch.len() == 1 || !whole.as_ref().is_err_and(is_refusal);
    for Waiting { change, answer } in batch {
        let result = if alone {
            whole.clone()
        } else {
            call(aws, zone_id, vec![change]).await
        };
        // Nobody listens when the caller was stopped.
        let _ = answer.send(result);
    }
}

/// Whether it is about what the batch says.
fn is_refusal(error: &AwsError) -> bool {
    error.is_code(&["InvalidChangeBatch", "InvalidInput"])
}

async fn call(aws: &Aws, zone_id: &str, changes: Vec<Change>) -> Result<String, AwsError> {
    let batch = ChangeBatch::builder().set_changes(Some(changes)).build();
    let batch = batch.map_err(|_| CHANGE.lacks("a change"))?;
    let call = aws.route53().change_resource_record_sets();
    let call = call.hosted_zone_id(zone_id).change_batch(batch).send();
    let answer = aws.call(CHANGE, call).await?;
    let info = answer
        .change_info
        .ok_or_else(|| CHANGE.lacks("ChangeInfo"))?;
    Ok(info.id.trim_start_matches("/change/").to_owned())
}

impl DnsChanges {
    fn zone(&self, zone_id: &str) -> Arc<Zone> {
        Arc::clone(lock(&self.zones).entry(zone_id.to_owned()).or_default())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
