//! Reads as few times as AWS allows: one loader per kind of object, for the life of one process.
//!
//! Keys that are asked within a few milliseconds of each other go out together, in the largest batch;
//! while it is on its way, the next gathers. After [`Source::LIST_AFTER`] distinct keys the loader lists instead, once,
//! and serves later reads from that.
//! Concurrent readers of one key wait for the same call. What a write touches is forgotten at once,
//! and an answer to a call that began before the write is not kept.
//!
//! A miss is never kept, and a miss in a list is confirmed by a keyed read before it is believed.
//! Errors go to all who wait and are not kept either.
//!
//! How an adapter uses it: declare a [`Source`], put a `Loader<Source>` into
//! [`Loaders`](crate::aws::Loaders), read with [`Loader::get`], and call [`Loader::forget`] in create,
//! update and delete, **before and after** the write:
//!
//! ```text
//! pub(crate) struct Clusters;
//! #[async_trait]
//! impl Source for Clusters {
//!     type Key = String;
//!     type Item = aws_sdk_ecs::types::Cluster;
//!     const BATCH: usize = 100;
//!     async fn keyed(aws: &Aws, keys: &[String]) -> Result<HashMap<String, Self::Item>, AwsError> { ... }
//! }
//! let cluster = aws.loaders.clusters.get(aws, &arn, freshness).await?;
//! ```

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::{self, Debug};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use crate::{Aws, AwsError, Freshness};

/// How long a batch waits for the one before: a call that does not end must not hold up the others.
const TURN: Duration = Duration::from_secs(5);

/// A batch is collected until none came for so long ...
const GATHER: Duration = Duration::from_millis(5);

/// ... or so many times over.
const GATHERS: u32 = 6;

/// Where a loader reads from.
#[async_trait]
pub(crate) trait Source: Send + Sync + 'static {
    /// What is asked by.
    type Key: Clone + Eq + Hash + Ord + Debug + Send + Sync + 'static;
    /// What is answered.
    type Item: Clone + Send + Sync + 'static;
    /// Most keys of one call.
    const BATCH: usize;
    /// Whether [`Source::list`] can answer.
    const LISTS: bool = false;
    /// Distinct keys after which the loader lists. Fewer where one key costs several calls.
    const LIST_AFTER: usize = 20;

    /// Asks AWS for at most [`Source::BATCH`] keys. What there is not is left out of the answer.
    async fn keyed(
        aws: &Aws,
        keys: &[Self::Key],
    ) -> Result<HashMap<Self::Key, Self::Item>, AwsError>;

    /// Asks AWS for all of ours, of whom some were asked for; `None` (the default) when listing is no cheaper
    /// than asking.
    async fn list(
        _aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<Self::Key, Self::Item>>, AwsError> {
        Ok(None)
    }
}

/// What readers of one key wait for.
type Answer<I> = Result<Option<I>, AwsError>;
type Receiver<I> = watch::Receiver<Option<Answer<I>>>;
type Sender<I> = watch::Sender<Option<Answer<I>>>;
type Gathering<S> =
    HashMap<<S as Source>::Key, (Sender<<S as Source>::Item>, Receiver<<S as Source>::Item>)>;

/// Reads one kind of object.
pub(crate) struct Loader<S: Source> {
    state: Mutex<State<S>>,
    /// Whoever sends a batch waits here for the one before, apart for cached and fresh reads.
    turns: [Semaphore; 2],
}

struct State<S: Source> {
    cache: HashMap<S::Key, S::Item>,
    /// Distinct keys that were asked for.
    seen: HashSet<S::Key>,
    listing: Listing,
    /// Keys that wait to be sent, apart for cached and fresh reads.
    gathering: [Option<Gathering<S>>; 2],
    /// Cached reads under way.
    flights: HashMap<S::Key, Receiver<S::Item>>,
    /// Counts what was forgotten; a flight remembers where it began.
    epoch: u64,
    forgotten: HashMap<S::Key, u64>,
    all_forgotten: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listing {
    NotYet,
    Done,
    /// The source cannot list, or may not.
    Never,
}

/// The part that a reader plays for its key.
enum Part<S: Source> {
    Served(S::Item),
    Waits(Receiver<S::Item>),
    /// First of its batch: waits a moment, then sends it.
    Leads,
}

/// Why a read goes out.
#[derive(Debug, Clone, Copy)]
struct Flight {
    lane: usize,
    epoch: u64,
}

impl<S: Source> Default for Loader<S> {
    fn default() -> Self {
        let state = State {
            cache: HashMap::new(),
            seen: HashSet::new(),
            listing: Listing::NotYet,
            gathering: [None, None],
            flights: HashMap::new(),
            epoch: 0,
            forgotten: HashMap::new(),
            all_forgotten: 0,
        };
        Self {
            state: Mutex::new(state),
            turns: [Semaphore::new(1), Semaphore::new(1)],
        }
    }
}

impl<S: Source> Debug for Loader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Loader")
            .field("cached", &state.cache.len())
            .finish_non_exhaustive()
    }
}

impl<S: Source> Loader<S> {
    /// One object. [`Freshness::Fresh`] always asks AWS (together with other fresh reads).
    pub(crate) async fn get(
        &self,
        aws: &Aws,
        key: &S::Key,
        freshness: Freshness,
    ) -> Answer<S::Item> {
        let lane = usize::from(freshness == Freshness::Fresh);
        loop {
            let receiver = match self.join(key, lane) {
                Part::Served(item) => return Ok(Some(item)),
                Part::Waits(receiver) => receiver,
                Part::Leads => self.lead(aws, key, lane).await,
            };
            if let Some(answer) = wait(receiver).await {
                return answer;
            }
            // Whoever led was cancelled: take part again.
        }
    }

    /// Something was written to this object: what is known of it counts no more.
    pub(crate) fn forget(&self, key: &S::Key) {
        let mut state = self.lock();
        state.epoch += 1;
        let epoch = state.epoch;
        state.forgotten.insert(key.clone(), epoch);
        state.cache.remove(key);
        state.flights.remove(key);
    }

    /// Something was written and its keys are not known.
    pub(crate) fn forget_all(&self) {
        let mut state = self.lock();
        state.epoch += 1;
        state.all_forgotten = state.epoch;
        state.cache.clear();
        state.flights.clear();
        state.seen.clear();
        if state.listing == Listing::Done {
            state.listing = Listing::NotYet;
        }
    }

    fn join(&self, key: &S::Key, lane: usize) -> Part<S> {
        let mut state = self.lock();
        if lane == 0 {
            if let Some(item) = state.cache.get(key) {
                return Part::Served(item.clone());
            }
            if let Some(flight) = state.flights.get(key).filter(|flight| alive(flight)) {
                return Part::Waits(flight.clone());
            }
            state.seen.insert(key.clone());
        }
        let leads = state.gathering[lane].is_none();
        let batch = state.gathering[lane].get_or_insert_default();
        let (_, receiver) = batch
            .entry(key.clone())
            .or_insert_with(|| watch::channel(None));
        let receiver = receiver.clone();
        if leads {
            Part::Leads
        } else {
            Part::Waits(receiver)
        }
    }

    /// Collects for a moment, sends the batch and answers everyone in it.
    async fn lead(&self, aws: &Aws, key: &S::Key, lane: usize) -> Receiver<S::Item> {
        // A leader that is cancelled takes its batch with it: the senders drop, the others notice.
        let guard = Cancelled {
            loader: self,
            lane,
            armed: true,
        };
        self.gather(lane).await;
        let turn = self.turn(lane).await;
        let (batch, flight) = self.depart(lane);
        guard.disarm();
        let mine = batch.get(key).map(|(_, receiver)| receiver.clone());
        let keys: BTreeSet<S::Key> = batch.keys().cloned().collect();
        let known = if lane == 0 {
            if turn.is_some() {
                self.list(aws, flight).await;
            }
            self.known(&keys)
        } else {
            HashMap::new()
        };
        let (hits, misses): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|key| known.contains_key(key));
        for key in hits {
            self.land(&batch, flight, &key, Ok(known.get(&key).cloned()));
        }
        let chunks = misses
            .chunks(S::BATCH.max(1))
            .map(|keys| self.fly(aws, &batch, flight, keys));
        futures_util::future::join_all(chunks).await;
        drop(turn);
        mine.unwrap_or_else(|| watch::channel(None).1)
    }

    /// Collects as long as keys keep coming and one call takes them.
    async fn gather(&self, lane: usize) {
        let mut had = 1;
        for _ in 0..GATHERS {
            tokio::time::sleep(GATHER).await;
            let has = self.gathered(lane);
            if has <= had || has >= S::BATCH {
                return;
            }
            had = has;
        }
    }

    fn gathered(&self, lane: usize) -> usize {
        self.lock().gathering[lane].as_ref().map_or(0, HashMap::len)
    }

    /// Waits until no other batch is on its way, where a larger one or a list saves calls. Only who has the
    /// turn lists.
    async fn turn(&self, lane: usize) -> Option<SemaphorePermit<'_>> {
        let may_list = S::LISTS && lane == 0 && self.lock().listing == Listing::NotYet;
        if S::BATCH == 1 && !may_list {
            return None;
        }
        let turn = tokio::time::timeout(TURN, self.turns[lane].acquire()).await;
        turn.ok()?.ok()
    }

    /// Asks for some keys and answers those who wait for them.
    async fn fly(&self, aws: &Aws, batch: &Gathering<S>, flight: Flight, keys: &[S::Key]) {
        let answer = S::keyed(aws, keys).await;
        for key in keys {
            let answer = match &answer {
                Ok(items) => Ok(items.get(key).cloned()),
                Err(error) => Err(error.clone()),
            };
            self.land(batch, flight, key, answer);
        }
    }

    /// Takes the batch and puts its cached keys under way.
    fn depart(&self, lane: usize) -> (Gathering<S>, Flight) {
        let mut state = self.lock();
        let batch = state.gathering[lane].take().unwrap_or_default();
        if lane == 0 {
            let flights = batch
                .iter()
                .map(|(key, (_, receiver))| (key.clone(), receiver.clone()));
            state.flights.extend(flights);
        }
        (
            batch,
            Flight {
                lane,
                epoch: state.epoch,
            },
        )
    }

    /// Lists when enough keys were asked for and nobody listed yet. The others wait for their turn.
    async fn list(&self, aws: &Aws, flight: Flight) {
        let Some(asked) = self.asked_enough() else {
            return;
        };
        match S::list(aws, &asked).await {
            Ok(Some(items)) => {
                for (key, item) in &items {
                    self.keep(flight, key, item);
                }
                self.listed(flight);
            }
            Ok(None) => self.list_never(),
            Err(error) => {
                tracing::debug!(%error, "listing failed, asking one by one");
                self.list_never();
            }
        }
    }

    /// What was asked for, when it is time to list.
    fn asked_enough(&self) -> Option<Vec<S::Key>> {
        let state = self.lock();
        let due = S::LISTS && state.listing == Listing::NotYet && state.seen.len() > S::LIST_AFTER;
        due.then(|| state.seen.iter().cloned().collect())
    }

    /// Once is enough, unless all of it was forgotten meanwhile.
    fn listed(&self, flight: Flight) {
        let mut state = self.lock();
        if state.all_forgotten <= flight.epoch {
            state.listing = Listing::Done;
        }
    }

    fn list_never(&self) {
        self.lock().listing = Listing::Never;
    }

    /// Those of the keys that were answered since they were asked for.
    fn known(&self, keys: &BTreeSet<S::Key>) -> HashMap<S::Key, S::Item> {
        let state = self.lock();
        let item = |key: &S::Key| Some((key.clone(), state.cache.get(key)?.clone()));
        keys.iter().filter_map(item).collect()
    }

    /// All that was answered and still counts.
    pub(crate) fn cached(&self) -> Vec<S::Item> {
        self.lock().cache.values().cloned().collect()
    }

    /// Keeps an item unless it was forgotten since the flight began. A fresh answer replaces an old one.
    fn keep(&self, flight: Flight, key: &S::Key, item: &S::Item) {
        let mut state = self.lock();
        let forgotten = state
            .forgotten
            .get(key)
            .copied()
            .unwrap_or_default()
            .max(state.all_forgotten);
        if forgotten <= flight.epoch && (flight.lane == 1 || !state.cache.contains_key(key)) {
            state.cache.insert(key.clone(), item.clone());
        }
    }

    /// Answers everyone who waits for the key.
    fn land(&self, batch: &Gathering<S>, flight: Flight, key: &S::Key, answer: Answer<S::Item>) {
        match &answer {
            Ok(Some(item)) => self.keep(flight, key, item),
            Ok(None) if flight.lane == 1 => self.forget(key),
            Ok(None) | Err(_) => {}
        }
        if let Some((sender, receiver)) = batch.get(key) {
            let mut state = self.lock();
            if state
                .flights
                .get(key)
                .is_some_and(|flight| flight.same_channel(receiver))
            {
                state.flights.remove(key);
            }
            drop(state);
            sender.send_replace(Some(answer));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clears away the batch of a leader that was cancelled while it gathered.
struct Cancelled<'a, S: Source> {
    loader: &'a Loader<S>,
    lane: usize,
    armed: bool,
}

impl<S: Source> Cancelled<'_, S> {
    fn disarm(mut self) {
        self.armed = false;
    }
}

impl<S: Source> Drop for Cancelled<'_, S> {
    fn drop(&mut self) {
        if self.armed {
            self.loader.lock().gathering[self.lane] = None;
        }
    }
}

/// Whether someone still works on it.
fn alive<I>(flight: &Receiver<I>) -> bool {
    flight.borrow().is_some() || flight.has_changed().is_ok()
}

/// `None` when whoever led was cancelled before it answered.
async fn wait<I: Clone>(mut receiver: Receiver<I>) -> Option<Answer<I>> {
    match receiver.wait_for(Option::is_some).await {
        Ok(answer) => answer.clone(),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::cell::RefCell;

    use futures_util::future::join_all;

    use super::*;

    /// What was asked, and what is answered. Each test has a thread of its own.
    #[derive(Default)]
    struct World {
        there: Vec<u32>,
        listed: Vec<u32>,
        calls: Vec<String>,
        fails: bool,
        value: u32,
        slow: bool,
    }

    thread_local! {
        static WORLD: RefCell<World> = RefCell::default();
    }

    fn world<T>(act: impl FnOnce(&mut World) -> T) -> T {
        WORLD.with_borrow_mut(act)
    }

    fn calls() -> Vec<String> {
        world(|world| std::mem::take(&mut world.calls))
    }

    fn failed() -> AwsError {
        AwsError::Timeout {
            what: "test".to_owned(),
        }
    }

    struct Fake;

    #[async_trait]
    impl Source for Fake {
        type Key = u32;
        type Item = u32;
        const BATCH: usize = 10;
        const LISTS: bool = true;

        async fn keyed(_: &Aws, keys: &[u32]) -> Result<HashMap<u32, u32>, AwsError> {
            let (slow, value) = world(|world| {
                world.calls.push(format!("keyed {keys:?}"));
                (world.slow, world.value)
            });
            if slow {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            world(|world| {
                let there = keys.iter().filter(|key| world.there.contains(key));
                if world.fails {
                    Err(failed())
                } else {
                    Ok(there.map(|key| (*key, value)).collect())
                }
            })
        }

        async fn list(_: &Aws, _: &[u32]) -> Result<Option<HashMap<u32, u32>>, AwsError> {
            world(|world| {
                world.calls.push("list".to_owned());
                let items = world.listed.iter().map(|key| (*key, world.value)).collect();
                if world.fails {
                    Err(failed())
                } else {
                    Ok(Some(items))
                }
            })
        }
    }

    /// A loader over a world with the keys below 100, all of them listed.
    fn loader() -> (Aws, Loader<Fake>) {
        world(|world| {
            *world = World {
                there: (0..100).collect(),
                listed: (0..100).collect(),
                ..World::default()
            };
        });
        (Aws::offline(), Loader::default())
    }

    async fn cached(
        aws: &Aws,
        loader: &Loader<Fake>,
        keys: impl IntoIterator<Item = u32>,
    ) -> Vec<Answer<u32>> {
        join_all(
            keys.into_iter()
                .map(|key| async move { loader.get(aws, &key, Freshness::Cached).await }),
        )
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_reads_go_out_together_and_are_served_from_then_on() {
        let (aws, loader) = loader();
        assert_eq!(
            cached(&aws, &loader, [1, 2, 2, 3]).await,
            vec![Ok(Some(0)); 4]
        );
        assert_eq!(calls(), ["keyed [1, 2, 3]"]);
        cached(&aws, &loader, [3, 2, 1]).await;
        assert_eq!(calls(), [""; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn batches_are_no_larger_than_aws_allows() {
        let (aws, loader) = loader();
        cached(&aws, &loader, 0..15).await;
        assert_eq!(
            calls(),
            [
                "keyed [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]",
                "keyed [10, 11, 12, 13, 14]"
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn many_keys_are_listed_once() {
        let (aws, loader) = loader();
        for key in 0..60 {
            assert_eq!(cached(&aws, &loader, [key]).await, [Ok(Some(0))]);
        }
        let calls = calls();
        assert_eq!(calls.len(), 21, "20 keyed and one list: {calls:?}");
        assert_eq!(calls.last().unwrap(), "list");
    }

    #[tokio::test(start_paused = true)]
    async fn one_key_read_often_is_never_listed() {
        let (aws, loader) = loader();
        for _ in 0..50 {
            cached(&aws, &loader, [7]).await;
            loader.forget(&7);
        }
        assert!(calls().iter().all(|call| call == "keyed [7]"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_miss_in_a_list_is_confirmed() {
        let (aws, loader) = loader();
        world(|world| world.listed = vec![1, 2]);
        cached(&aws, &loader, 0..21).await;
        calls();
        assert_eq!(
            cached(&aws, &loader, [50, 1]).await,
            [Ok(Some(0)), Ok(Some(0))],
            "50 is there but not listed"
        );
        assert_eq!(cached(&aws, &loader, [100]).await, [Ok(None)]);
        assert_eq!(calls(), ["keyed [50]", "keyed [100]"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_miss_is_asked_again() {
        let (aws, loader) = loader();
        assert_eq!(cached(&aws, &loader, [100]).await, [Ok(None)]);
        world(|world| world.there.push(100));
        assert_eq!(cached(&aws, &loader, [100]).await, [Ok(Some(0))]);
    }

    #[tokio::test(start_paused = true)]
    async fn errors_reach_everyone_and_are_not_kept() {
        let (aws, loader) = loader();
        world(|world| world.fails = true);
        assert_eq!(
            cached(&aws, &loader, [1, 1, 2]).await,
            vec![Err(failed()); 3]
        );
        world(|world| world.fails = false);
        assert_eq!(cached(&aws, &loader, [1]).await, [Ok(Some(0))]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_may_not_be_read_is_given_up() {
        let (aws, loader) = loader();
        world(|world| world.fails = true);
        cached(&aws, &loader, 0..21).await;
        world(|world| world.fails = false);
        calls();
        cached(&aws, &loader, [1]).await;
        cached(&aws, &loader, [2]).await;
        assert_eq!(calls(), ["keyed [1]", "keyed [2]"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fresh_read_always_asks_and_serves_later_cached_ones() {
        let (aws, loader) = loader();
        cached(&aws, &loader, [1]).await;
        world(|world| world.value = 5);
        assert_eq!(loader.get(&aws, &1, Freshness::Fresh).await, Ok(Some(5)));
        assert_eq!(cached(&aws, &loader, [1]).await, [Ok(Some(5))]);
        assert_eq!(calls(), ["keyed [1]", "keyed [1]"]);
    }

    #[tokio::test(start_paused = true)]
    async fn fresh_reads_at_once_go_out_together() {
        let (aws, loader) = loader();
        join_all((1..4).map(|key| {
            let (aws, loader) = (&aws, &loader);
            async move { loader.get(aws, &key, Freshness::Fresh).await }
        }))
        .await;
        assert_eq!(calls(), ["keyed [1, 2, 3]"]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_forgotten_is_asked_again() {
        let (aws, loader) = loader();
        cached(&aws, &loader, [1, 2]).await;
        loader.forget(&1);
        calls();
        cached(&aws, &loader, [1, 2]).await;
        assert_eq!(calls(), ["keyed [1]"]);
        loader.forget_all();
        cached(&aws, &loader, [1, 2]).await;
        assert_eq!(calls(), ["keyed [1, 2]"]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_from_before_a_write_is_not_kept_or_shared() {
        let (aws, loader) = loader();
        world(|world| world.slow = true);
        let early = loader.get(&aws, &1, Freshness::Cached);
        let write_and_read = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            world(|world| (world.value, world.slow) = (9, false));
            loader.forget(&1);
            loader.get(&aws, &1, Freshness::Cached).await
        };
        let (early, late) = futures_util::future::join(early, write_and_read).await;
        assert_eq!((early, late), (Ok(Some(0)), Ok(Some(9))));
        assert_eq!(cached(&aws, &loader, [1]).await, [Ok(Some(9))]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_comes_late_waits_for_the_call_under_way() {
        let (aws, loader) = loader();
        world(|world| world.slow = true);
        let late = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            loader.get(&aws, &1, Freshness::Cached).await
        };
        let both = futures_util::future::join(loader.get(&aws, &1, Freshness::Cached), late).await;
        assert_eq!(both, (Ok(Some(0)), Ok(Some(0))));
        assert_eq!(calls(), ["keyed [1]"]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_while_a_call_is_under_way_goes_out_together() {
        let (aws, loader) = loader();
        world(|world| world.slow = true);
        let reads = (0..5).map(|key| {
            let (aws, loader) = (&aws, &loader);
            async move {
                tokio::time::sleep(Duration::from_millis(u64::from(key) * 100)).await;
                loader.get(aws, &key, Freshness::Cached).await
            }
        });
        assert_eq!(join_all(reads).await, vec![Ok(Some(0)); 5]);
        assert_eq!(calls(), ["keyed [0]", "keyed [1, 2, 3, 4]"]);
    }

    #[tokio::test(start_paused = true)]
    async fn keys_that_keep_coming_go_out_together_up_to_a_limit() {
        let (aws, loader) = loader();
        let reads = (0..9).map(|key| {
            let (aws, loader) = (&aws, &loader);
            async move {
                tokio::time::sleep(Duration::from_millis(u64::from(key) * 4)).await;
                loader.get(aws, &key, Freshness::Cached).await
            }
        });
        join_all(reads).await;
        assert_eq!(calls(), ["keyed [0, 1, 2, 3, 4, 5, 6, 7]", "keyed [8]"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_does_not_end_holds_nobody_up_for_long() {
        let (aws, loader) = loader();
        world(|world| world.slow = true);
        let hung = loader.turns[0].acquire().await.unwrap();
        let begun = tokio::time::Instant::now();
        assert_eq!(cached(&aws, &loader, [1]).await, [Ok(Some(0))]);
        assert!(
            begun.elapsed() < TURN + Duration::from_secs(2),
            "{:?}",
            begun.elapsed()
        );
        drop(hung);
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_first_reader_is_cancelled_the_others_carry_on() {
        for cancelled_after in [1, 500] {
            let (aws, loader) = loader();
            world(|world| world.slow = true);
            let first = tokio::time::timeout(
                Duration::from_millis(cancelled_after),
                loader.get(&aws, &1, Freshness::Cached),
            );
            let (first, second) =
                futures_util::future::join(first, loader.get(&aws, &1, Freshness::Cached)).await;
            assert!(first.is_err());
            assert_eq!(second, Ok(Some(0)), "cancelled after {cancelled_after} ms");
        }
    }
}
