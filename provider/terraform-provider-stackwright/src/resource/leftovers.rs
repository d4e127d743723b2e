//! Objects that an apply could not delete yet, because other resources were still in them.
//!
//! Terraform updates what a resource refers to first, so those resources leave later in the same
//! run. Whenever another apply ends, the leftovers are tried again. What stays in spite of that is
//! in the state of its resource, and the next plan shows it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stackwright_aws::Wait;
use stackwright_plan::{Graph, ResourceId, Scope};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::engine::converge::Job;
use crate::engine::drift::Ignore;
use crate::engine::{Record, World, teardown};

/// How long a delete may take.
const LONGEST: Duration = Duration::from_mins(5);
/// AWS takes the network interfaces of stopped tasks away with some delay.
const LOOKS: usize = 5;
const PAUSE: Duration = Duration::from_secs(3);

/// All leftovers of this run.
#[derive(Default)]
pub(crate) struct Leftovers(Mutex<Vec<Leftover>>);

/// What is left of one resource.
pub(crate) struct Leftover {
    pub(crate) scope: Scope,
    pub(crate) id: ResourceId,
    pub(crate) graph: Graph,
    pub(crate) record: Record,
    pub(crate) since: Instant,
}

impl Leftovers {
    /// Remembers what is left of a resource.
    pub(crate) fn add(&self, leftover: Leftover) {
        self.lock().push(leftover);
    }

    /// Deletes what can be deleted by now, of what was left before an apply began.
    pub(crate) async fn retry(
        &self,
        before: Instant,
        world: &dyn World,
        cancel: &CancellationToken,
    ) {
        let earlier = |leftover: &mut Leftover| leftover.since < before;
        let all: Vec<Leftover> = self.lock().extract_if(.., earlier).collect();
        for mut leftover in all {
            if leftover.still_occupied(world, cancel).await {
                self.add(leftover);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Leftover>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leftover {
    /// Tries to delete what is left, a few times while there are fewer and fewer inside.
    async fn still_occupied(&mut self, world: &dyn World, cancel: &CancellationToken) -> bool {
        let mut before = usize::MAX;
        for _ in 0..LOOKS {
            let Ok(inside) = self.delete(world, cancel).await else {
                // The next plan shows it, and its apply says what is wrong.
                return false;
            };
            if inside == 0 || inside >= before {
                return inside > 0;
            }
            before = inside;
            tokio::select! {
                () = cancel.cancelled() => return true,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
        true
    }

    /// Answers how many are still inside.
    async fn delete(&mut self, world: &dyn World, cancel: &CancellationToken) -> Result<usize, ()> {
        let Self {
            scope,
            id,
            graph,
            record,
            ..
        } = self;
        let ignore = Ignore::default();
        let job = Job {
            world,
            scope,
            former_owner: None,
            id,
            ignore: &ignore,
            shown: None,
            wait: Wait {
                deadline: Instant::now() + LONGEST,
                cancel: cancel.clone(),
            },
            resume: false,
            journal: None,
            save: &|_| {},
        };
        match teardown::unwanted(&job, graph, record).await {
            Ok(users) => Ok(users.len()),
            Err(failures) => {
                tracing::warn!(?failures, %id, "a leftover cannot be deleted");
                Err(())
            }
        }
    }
}
