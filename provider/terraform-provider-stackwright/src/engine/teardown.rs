//! Deleting what is not wanted any more, dependents first.
//!
//! Replaced objects and components that a graph lacks are deleted in one order, because they need
//! each other: a replica that is given up still uses the parameter group that was replaced.

use futures_util::future::{join_all, try_join_all};
use stackwright_aws::{AwsError, User};
use stackwright_plan::{Graph, Key};

use super::converge::{Cause, Doing, Failure, Job};
use super::{Entry, Record};

/// An object that has to go.
struct Doomed {
    key: Key,
    entry: Entry,
    /// It waits in `Record::retired`; else it is still a component.
    retired: bool,
}

/// Deletes replaced objects, and the components that the graph does not have.
///
/// Others may still be in one of them: Terraform updates a network before the services that have to
/// leave a subnet. Then everything stays in the record, because deleting the way to a subnet first
/// would cut them off, and who is in there is answered.
pub(crate) async fn unwanted(
    job: &Job<'_>,
    graph: &Graph,
    record: &mut Record,
) -> Result<Vec<User>, Vec<Failure>> {
    let doomed = doomed(record, |key| !graph.nodes.contains_key(key));
    let occupants = others(job, record, &doomed, Ask::Occupants).await;
    let occupants = occupants.map_err(|failure| vec![failure])?;
    if !occupants.is_empty() {
        return Ok(occupants);
    }
    match delete(job, record, doomed).await {
        failures if failures.is_empty() => Ok(Vec::new()),
        failures => Err(failures),
    }
}

/// Deletes everything that the record knows; nothing, when something outside still uses a part of
/// it and AWS would refuse a delete half-way.
pub(crate) async fn everything(job: &Job<'_>, record: &mut Record) -> Vec<Failure> {
    let doomed = doomed(record, |_| true);
    if let Err(failure) = refuse_used(job, record, &doomed).await {
        return vec![failure];
    }
    delete(job, record, doomed).await
}

async fn refuse_used(job: &Job<'_>, record: &Record, doomed: &[Doomed]) -> Result<(), Failure> {
    for one in doomed {
        let users = others(job, record, std::slice::from_ref(one), Ask::Users).await?;
        if !users.is_empty() {
            return Err(one.failure(Cause::Aws(in_use(one, users))));
        }
    }
    Ok(())
}

fn in_use(doomed: &Doomed, users: Vec<User>) -> AwsError {
    let object = doomed.entry.object().unwrap_or_default();
    AwsError::InUse {
        what: format!("{} {object}", doomed.entry.kind.label()),
        by: users.into_iter().map(|user| user.name).collect(),
    }
}

/// What is asked about an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// Who keeps it from being deleted.
    Users,
    /// Who is in it now.
    Occupants,
}

/// Whoever is not a part of the resource itself.
async fn others(
    job: &Job<'_>,
    record: &Record,
    doomed: &[Doomed],
    ask: Ask,
) -> Result<Vec<User>, Failure> {
    let asks = doomed.iter().map(|one| async move {
        let (kind, outputs) = (one.entry.kind, &one.entry.outputs);
        let users = match ask {
            Ask::Users => job.world.users(kind, outputs).await,
            Ask::Occupants => job.world.occupants(kind, outputs).await,
        };
        users.map_err(|error| one.failure(Cause::Aws(error)))
    });
    let mut users = try_join_all(asks).await?.concat();
    let own = record.objects();
    users.retain(|user| !own.contains(user.object.as_str()));
    Ok(users)
}

fn doomed(record: &Record, which: impl Fn(&Key) -> bool) -> Vec<Doomed> {
    let components = record.components.iter().filter(|(key, _)| which(key));
    let components = components.map(|(key, entry)| Doomed {
        key: key.clone(),
        entry: entry.clone(),
        retired: false,
    });
    let retired = record.retired.iter().map(|it| Doomed {
        key: it.key.clone(),
        entry: it.entry.clone(),
        retired: true,
    });
    components.chain(retired).collect()
}

/// Deletes in reverse order of the needs, independent objects at once. What is deleted leaves the
/// record; a failure stops what has not begun.
async fn delete(job: &Job<'_>, record: &mut Record, mut left: Vec<Doomed>) -> Vec<Failure> {
    while !left.is_empty() {
        let (free, needed) = split(left);
        left = needed;
        let results = join_all(free.iter().map(|one| delete_one(job, record, one))).await;
        let mut failures = Vec::new();
        for (doomed, result) in free.iter().zip(results) {
            match result {
                Ok(()) => forget(record, doomed),
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

/// Those that no other one needs, and the rest. Objects of different configurations may need each
/// other in a circle; then nothing but trying tells which one goes first.
fn split(all: Vec<Doomed>) -> (Vec<Doomed>, Vec<Doomed>) {
    let needed: Vec<bool> = all.iter().map(|one| is_needed(one, &all)).collect();
    if needed.iter().all(|needed| *needed) {
        return (all, Vec::new());
    }
    let (mut free, mut rest) = (Vec::new(), Vec::new());
    for (doomed, needed) in all.into_iter().zip(needed) {
        if needed {
            rest.push(doomed);
        } else {
            free.push(doomed);
        }
    }
    (free, rest)
}

fn is_needed(one: &Doomed, all: &[Doomed]) -> bool {
    all.iter().any(|other| other.entry.needs.contains(&one.key))
}

impl Doomed {
    fn failure(&self, cause: Cause) -> Failure {
        Failure {
            component: self.key.clone(),
            kind: self.entry.kind,
            doing: Doing::Deleting,
            cause,
        }
    }
}

async fn delete_one(job: &Job<'_>, record: &Record, doomed: &Doomed) -> Result<(), Failure> {
    let Doomed { key, entry, .. } = doomed;
    tracing::info!(component = %key, kind = entry.kind.label(), "deleting");
    if job.wait.cancel.is_cancelled() {
        return Err(doomed.failure(Cause::Stopped));
    }
    match job
        .world
        .delete(entry.kind, &entry.outputs, &job.wait)
        .await
    {
        Ok(()) => Ok(()),
        Err(error) => {
            let error = explained(job, record, doomed, error).await;
            Err(doomed.failure(Cause::Aws(error)))
        }
    }
}

/// A wait that was in vain says for whom, when they can be found.
async fn explained(job: &Job<'_>, record: &Record, doomed: &Doomed, error: AwsError) -> AwsError {
    if !matches!(error, AwsError::Timeout { .. }) {
        return error;
    }
    let one = std::slice::from_ref(doomed);
    for ask in [Ask::Users, Ask::Occupants] {
        match others(job, record, one, ask).await {
            Ok(users) if !users.is_empty() => return in_use(doomed, users),
            _ => {}
        }
    }
    error
}

fn forget(record: &mut Record, doomed: &Doomed) {
    if doomed.retired {
        record.retired.retain(|it| it.entry != doomed.entry);
    } else {
        record.remove(&doomed.key);
    }
}
