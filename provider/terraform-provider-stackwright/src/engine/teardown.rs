//! Deleting components, dependents first.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use stackwright_plan::Key;

use super::Record;
use super::converge::{Cause, Doing, Failure, Job};

/// Deletes the given components in reverse order of their needs, independent ones at once. What is
/// deleted leaves the record; a failure stops what has not begun.
pub(crate) async fn delete(
    job: &Job<'_>,
    record: &mut Record,
    keys: &BTreeSet<Key>,
) -> Vec<Failure> {
    let mut left = keys.clone();
    while !left.is_empty() {
        let free: Vec<Key> = left
            .iter()
            .filter(|key| !is_needed(record, key, &left))
            .cloned()
            .collect();
        let results = join_all(free.iter().map(|key| delete_one(job, record, key))).await;
        let mut failures = Vec::new();
        for (key, result) in free.into_iter().zip(results) {
            left.remove(&key);
            match result {
                Ok(()) => drop(record.components.remove(&key)),
                Err(failure) => failures.push(failure),
            }
        }
        (job.save)(record);
        if !failures.is_empty() {
            return failures;
        }
    }
    Vec::new()
}

fn is_needed(record: &Record, key: &Key, left: &BTreeSet<Key>) -> bool {
    let needs = |other: &Key| {
        record
            .components
            .get(other)
            .is_some_and(|entry| entry.needs.contains(key))
    };
    left.iter().any(needs)
}

async fn delete_one(job: &Job<'_>, record: &Record, key: &Key) -> Result<(), Failure> {
    let Some(entry) = record.components.get(key) else {
        return Ok(());
    };
    tracing::info!(component = %key, kind = entry.kind.label(), "deleting");
    let fail = |cause| Failure {
        component: key.clone(),
        kind: entry.kind,
        doing: Doing::Deleting,
        cause,
    };
    if job.wait.cancel.is_cancelled() {
        return Err(fail(Cause::Stopped));
    }
    let deleted = job
        .world
        .delete(entry.kind, &entry.outputs, &job.wait)
        .await;
    deleted.map_err(|error| fail(Cause::Aws(error)))
}

/// Deletes everything that the record knows.
pub(crate) async fn everything(job: &Job<'_>, record: &mut Record) -> Vec<Failure> {
    let all: BTreeSet<Key> = record.components.keys().cloned().collect();
    let failures = delete(job, record, &all).await;
    if !failures.is_empty() {
        return failures;
    }
    retired(job, record).await.err().into_iter().collect()
}

/// Deletes what was replaced.
pub(crate) async fn retired(job: &Job<'_>, record: &mut Record) -> Result<(), Failure> {
    while let Some(entry) = record.retired.pop() {
        if let Err(error) = job
            .world
            .delete(entry.kind, &entry.outputs, &job.wait)
            .await
        {
            let (component, kind) = (Key::from("replaced object"), entry.kind);
            record.retired.push(entry);
            return Err(Failure {
                component,
                kind,
                doing: Doing::Deleting,
                cause: Cause::Aws(error),
            });
        }
        (job.save)(record);
    }
    Ok(())
}
