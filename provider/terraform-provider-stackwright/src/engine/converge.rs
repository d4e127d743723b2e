//! Bringing AWS to what is wanted.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::{Map, Value as Json};
use stackwright_aws::{AwsError, Freshness, Recorded, User, Wait};
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{Graph, Key, Kind, Node, Outputs, OwnTags, ResourceId, Scope, has_unknown};

use super::changes::Changes;
use super::drift::{self, Ignore};
use super::observe::own_tags;
use super::record::{digest, digests, object};
use super::world::Search;
use super::{Entry, Record, Seen, World, teardown};
use crate::journal::{Journal, Made};

/// What an apply works with.
#[derive(Clone)]
pub(crate) struct Job<'a> {
    /// AWS.
    pub(crate) world: &'a dyn World,
    /// Who we are.
    pub(crate) scope: &'a Scope,
    /// Who managed the objects before, when the resource was imported or moved here.
    pub(crate) former_owner: Option<&'a str>,
    /// The resource.
    pub(crate) id: &'a ResourceId,
    /// What is left alone.
    pub(crate) ignore: &'a Ignore,
    /// What the plan showed: nothing else is written. `None` when the last apply came to a stop, or
    /// nothing exists yet: then everything that differs is.
    pub(crate) shown: Option<&'a Changes>,
    /// How long.
    pub(crate) wait: Wait,
    /// The last apply came to a stop: what it waited for is waited for again.
    pub(crate) resume: bool,
    /// Where an object without tags is written down before it is made.
    pub(crate) journal: Option<&'a Journal>,
    /// Called with the record whenever an object has come into existence.
    pub(crate) save: &'a (dyn Fn(&Record) + Send + Sync),
}

/// What stopped an apply.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    /// The component.
    pub(crate) component: Key,
    /// Its kind.
    pub(crate) kind: Kind,
    /// What was being done.
    pub(crate) doing: Doing,
    /// Why it failed.
    pub(crate) cause: Cause,
}

/// What was being done when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Looking at what AWS has.
    Reading,
    /// Making it.
    Creating,
    /// Writing what differs.
    Updating,
    /// Waiting until it works.
    Settling,
    /// Removing it.
    Deleting,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cause {
    /// AWS, or the way to it.
    Aws(AwsError),
    /// An object with our name is there and belongs to somebody else.
    Foreign {
        /// The object: its name or id.
        object: String,
        /// Whose it is.
        owner: String,
    },
    /// An object in our place is there, carries no tags that say whose it is, and is not as we want
    /// it.
    Unlike {
        /// The object: its id.
        object: String,
        /// How it differs.
        differs: String,
    },
    /// It was deleted outside after the plan was made, and the plan does not touch it.
    Gone {
        /// The object: its name or id.
        object: String,
    },
    /// It holds data, and differs in what AWS cannot change.
    Precious {
        /// The object: its name or id.
        object: String,
        /// How it differs.
        fields: String,
    },
    /// Another revision was deployed after the plan was made.
    Superseded {
        /// The revision that the plan started from.
        planned_from: String,
        /// The one that runs now.
        now: String,
    },
    /// Terraform asked to stop before this step was begun.
    Stopped,
}

/// How far an apply came.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Everything that exists.
    pub(crate) record: Record,
    /// What stopped it, if anything.
    pub(crate) failures: Vec<Failure>,
    /// Fields that were changed outside after the plan was made, and were left alone: `service.desired_count`.
    pub(crate) left_alone: BTreeSet<String>,
    /// Who is still in something that has to go: it waits in the record.
    pub(crate) waits_for: Vec<User>,
}

/// Goes through the stages, each one to its end with everything waited for, and then to the graph.
pub(crate) async fn converge_in_stages(
    job: &Job<'_>,
    stages: &[Graph],
    graph: &Graph,
    before: Record,
) -> Outcome {
    let whole = Job {
        resume: true,
        ..job.clone()
    };
    let mut record = before;
    let mut left_alone = BTreeSet::new();
    for stage in stages {
        let mut outcome = converge(&whole, stage, record).await;
        left_alone.append(&mut outcome.left_alone);
        if !outcome.failures.is_empty() {
            return outcome;
        }
        record = outcome.record;
    }
    let mut outcome = converge(job, graph, record).await;
    outcome.left_alone.append(&mut left_alone);
    outcome
}

/// Creates, updates and replaces in dependency order, then deletes what is not wanted any more.
pub(crate) async fn converge(job: &Job<'_>, graph: &Graph, before: Record) -> Outcome {
    let mut state = State {
        record: Record {
            incomplete: true,
            ..before
        },
        failures: Vec::new(),
        left_alone: BTreeSet::new(),
    };
    (job.save)(&state.record);
    state
        .failures
        .extend(superseded(job, graph, &state.record).await);
    run(job, graph, &mut state).await;
    let mut waits_for = Vec::new();
    if state.failures.is_empty() {
        match teardown::unwanted(job, graph, &mut state.record).await {
            Ok(users) => waits_for = users,
            Err(failures) => state.failures.extend(failures),
        }
    }
    state.record.incomplete = !state.failures.is_empty();
    state.record.unborn &= state.record.incomplete;
    Outcome {
        record: state.record,
        failures: state.failures,
        left_alone: state.left_alone,
        waits_for,
    }
}

/// Looks whether something was deployed after the plan was made that the apply would undo.
async fn superseded(job: &Job<'_>, graph: &Graph, record: &Record) -> Option<Failure> {
    let shown = job.shown?;
    for (key, node) in &graph.nodes {
        let Some((other, field)) = &node.identified_by else {
            continue;
        };
        let recorded = record.components.get(key).zip(record.components.get(other));
        let Some((own, names)) = recorded.filter(|_| shown.touch(key) || shown.touch(other)) else {
            continue;
        };
        let fail = |doing, cause| Failure {
            component: other.clone(),
            kind: names.kind,
            doing,
            cause,
        };
        let read = job
            .world
            .read(names.kind, &names.outputs, Freshness::Cached);
        let seen = match read.await {
            Ok(seen) => seen.unwrap_or_default(),
            Err(error) => return Some(fail(Doing::Reading, Cause::Aws(error))),
        };
        let now = seen.fields.get(*field).and_then(Json::as_str);
        let planned_from = own.outputs.get("arn").cloned().unwrap_or_default();
        if let Some(now) = now.filter(|now| !now.is_empty() && *now != planned_from) {
            let now = now.to_owned();
            let cause = Cause::Superseded { planned_from, now };
            return Some(fail(Doing::Updating, cause));
        }
    }
    None
}

struct State {
    record: Record,
    failures: Vec<Failure>,
    left_alone: BTreeSet<String>,
}

/// Starts every component whose needs are done; after a failure nothing new is started, and what
/// is under way comes to its end.
async fn run(job: &Job<'_>, graph: &Graph, state: &mut State) {
    let mut done: BTreeSet<Key> = BTreeSet::new();
    let mut started: BTreeSet<Key> = BTreeSet::new();
    let mut outputs = Outputs::default();
    let mut running = FuturesUnordered::new();
    loop {
        if state.failures.is_empty() {
            for (key, node) in ready(graph, &done, &started) {
                if job.wait.cancel.is_cancelled() {
                    state.failures.push(stopped(key, node.kind));
                    break;
                }
                started.insert(key.clone());
                let desired = node.resolve(&outputs);
                let walk = Walk::new(job, (key, node), desired, &state.record);
                running.push(walk.ensure());
            }
        }
        let Some(ensured) = running.next().await else {
            break;
        };
        done.insert(ensured.key.clone());
        keep(job, ensured, &mut outputs, state);
    }
}

fn ready<'a>(
    graph: &'a Graph,
    done: &BTreeSet<Key>,
    started: &BTreeSet<Key>,
) -> Vec<(&'a Key, &'a Node)> {
    let free = |node: &Node| node.needs().iter().all(|need| done.contains(need));
    graph
        .nodes
        .iter()
        .filter(|(key, node)| !started.contains(*key) && free(node))
        .collect()
}

fn stopped(key: &Key, kind: Kind) -> Failure {
    Failure {
        component: key.clone(),
        kind,
        doing: Doing::Creating,
        cause: Cause::Stopped,
    }
}

fn keep(job: &Job<'_>, ensured: Ensured, outputs: &mut Outputs, state: &mut State) {
    let Ensured {
        key,
        entry,
        given_up,
        failure,
        left_alone,
    } = ensured;
    if let Some(entry) = entry {
        outputs.0.insert(key.clone(), entry.outputs.clone());
        state.record.hold(key.clone(), entry);
    } else {
        state.record.remove(&key);
    }
    for old in given_up {
        state.record.retire(key.clone(), old);
    }
    state.failures.extend(failure);
    state.left_alone.extend(left_alone);
    (job.save)(&state.record);
}

/// What became of one component.
struct Ensured {
    key: Key,
    entry: Option<Entry>,
    given_up: Vec<Entry>,
    failure: Option<Failure>,
    left_alone: BTreeSet<String>,
}

/// One component on its way.
struct Walk<'a> {
    job: &'a Job<'a>,
    key: &'a Key,
    node: &'a Node,
    desired: Map<String, Json>,
    entry: Option<Entry>,
    /// Objects that the component had before and that wait for their delete.
    retired: Vec<Entry>,
    /// Objects that it has no more and that have to be deleted.
    given_up: Vec<Entry>,
    /// Top fields that were changed outside after the plan was made.
    left_alone: BTreeSet<String>,
    doing: Doing,
}

impl<'a> Walk<'a> {
    fn new(
        job: &'a Job<'a>,
        (key, node): (&'a Key, &'a Node),
        desired: Map<String, Json>,
        record: &Record,
    ) -> Self {
        Self {
            job,
            key,
            node,
            desired,
            entry: record.components.get(key).cloned(),
            retired: record.retired_of(key),
            given_up: Vec::new(),
            left_alone: BTreeSet::new(),
            doing: Doing::Reading,
        }
    }

    async fn ensure(mut self) -> Ensured {
        let failure = self.go().await.err().map(|cause| Failure {
            component: self.key.clone(),
            kind: self.node.kind,
            doing: self.doing,
            cause,
        });
        let name = |field: String| format!("{}.{field}", self.key);
        Ensured {
            key: self.key.clone(),
            entry: self.entry,
            given_up: self.given_up,
            failure,
            left_alone: self.left_alone.into_iter().map(name).collect(),
        }
    }
}

impl Walk<'_> {
    async fn go(&mut self) -> Result<(), Cause> {
        assert!(
            !self.desired.values().any(has_unknown),
            "this is a bug in stackwright: component `{}` is applied before its inputs are known",
            self.key
        );
        let written = match self.look().await? {
            None => self.create().await?,
            Some(seen) => {
                let changed = self.differences(&seen);
                if self.must_replace(&changed) {
                    self.replace(&seen).await?
                } else {
                    let changed = self.but_left_alone(changed);
                    self.update(&seen, &changed).await?
                }
            }
        };
        self.settle(written).await
    }

    /// The object, by its record or by name and tags. Another owner's is refused.
    async fn look(&mut self) -> Result<Option<Seen>, Cause> {
        if let Some(entry) = &self.entry {
            let seen = self.read(entry).await?;
            if seen.is_some() {
                return Ok(seen);
            }
            self.refuse_unless_planned(entry)?;
            self.entry = None;
        }
        match self.revive().await? {
            Some(seen) => Ok(Some(seen)),
            None => self.adopt().await,
        }
    }

    async fn read(&self, entry: &Entry) -> Result<Option<Seen>, Cause> {
        let Job { world, .. } = self.job;
        let seen = world.read(self.node.kind, &entry.outputs, self.freshness());
        seen.await.map_err(Cause::Aws)
    }

    /// What is gone although the plan found it, and leaves it as it is, is not made behind the
    /// user's back: with it went more than a plan could say.
    fn refuse_unless_planned(&self, entry: &Entry) -> Result<(), Cause> {
        match self.job.shown {
            Some(shown) if !shown.touch(self.key) => Err(Cause::Gone {
                object: entry.object().unwrap_or_default().to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// An object that the component had before, and that needs no replacement to be what is wanted
    /// now: the change that gave it up was reverted.
    async fn revive(&mut self) -> Result<Option<Seen>, Cause> {
        let retired = std::mem::take(&mut self.retired);
        for entry in retired {
            let Some(seen) = self.read(&entry).await? else {
                continue;
            };
            let before = self.entry.replace(entry);
            if !self.must_replace(&self.differences(&seen)) {
                tracing::info!(component = %self.key, object = object_name(&seen), "taking back an object that waited for its delete");
                self.given_up.extend(before);
                return Ok(Some(seen));
            }
            self.entry = before;
        }
        Ok(None)
    }

    /// A fast refresh leaves fields out; what is written is compared as a whole.
    fn freshness(&self) -> Freshness {
        if self.job.ignore.fast {
            Freshness::Fresh
        } else {
            Freshness::Cached
        }
    }

    /// An object of an earlier run that was killed, or whose answer was lost, is taken over.
    async fn adopt(&mut self) -> Result<Option<Seen>, Cause> {
        let ours = own_tags(self.job.scope, self.job.id, self.key);
        let search = Search::Desired(&self.desired, &ours);
        let found = self
            .job
            .world
            .find(self.node.kind, search)
            .await
            .map_err(Cause::Aws)?;
        let Some(seen) = self.fittest(found) else {
            return Ok(None);
        };
        if let Some(owner) = self.stranger(&seen, &ours) {
            let object = object_name(&seen);
            return Err(Cause::Foreign { object, owner });
        }
        if let Some(differs) = self.unlike(&seen) {
            let object = object_name(&seen);
            return Err(Cause::Unlike { object, differs });
        }
        tracing::info!(component = %self.key, object = object_name(&seen), "taking over an object of an earlier run");
        self.entry = Some(self.entry_with(seen.outputs.clone()));
        Ok(Some(seen))
    }

    /// Of several objects with our tags the one that is kept: one that needs no replacement.
    fn fittest(&self, found: Vec<Seen>) -> Option<Seen> {
        let fits = |seen: &Seen| !self.must_replace(&self.compare(seen, None));
        let (mut fitting, other): (Vec<Seen>, Vec<Seen>) = found.into_iter().partition(fits);
        fitting.extend(other);
        fitting.into_iter().next()
    }

    /// Whose an object is when it is not ours. What cannot be tagged is ours through its parent; and
    /// AWS makes a VPC's default security group itself, so that is ours because the VPC is.
    fn stranger(&self, seen: &Seen, ours: &OwnTags) -> Option<String> {
        let taggable = !seen.tags.is_empty() || self.desired.contains_key("tags");
        let made_by_aws = self.node.kind == Kind::DefaultSecurityGroup && seen.own_tags().is_none();
        let former = self.job.former_owner.map(str::to_owned);
        let former = former.map(|owner| OwnTags {
            owner,
            ..ours.clone()
        });
        if !taggable || made_by_aws || (former.is_some() && seen.own_tags() == former) {
            return None;
        }
        drift::other_owner(seen, ours)
    }

    /// How an object without tags differs from what we want.
    fn unlike(&self, seen: &Seen) -> Option<String> {
        if !self.node.kind.facts().adopt_equal {
            return None;
        }
        let shown = |value: Option<&Json>| match drift::shown(value, false) {
            text if text.is_empty() => "empty".to_owned(),
            text => text,
        };
        let differ = drift::fields(self.node, &self.desired, seen, None);
        let told: Vec<String> = differ
            .iter()
            .map(|one| {
                let (have, want) = (shown(one.observed.as_ref()), shown(one.desired.as_ref()));
                format!("`{}` is {have} instead of {want}", one.field)
            })
            .collect();
        (!told.is_empty()).then(|| told.join(", "))
    }

    fn entry_with(&self, outputs: Recorded) -> Entry {
        Entry {
            kind: self.node.kind,
            outputs,
            needs: self.node.needs(),
            applied: BTreeMap::new(),
            stands_in: false,
            normalised: BTreeMap::new(),
        }
    }

    fn differences(&self, seen: &Seen) -> Vec<FieldDiff> {
        self.compare(seen, self.entry.as_ref())
    }

    fn compare(&self, seen: &Seen, entry: Option<&Entry>) -> Vec<FieldDiff> {
        let mut found = drift::fields(self.node, &self.desired, seen, entry);
        found.retain(|field| !self.is_ignored(field));
        found
    }

    /// The differences that the plan showed. What was changed outside since then is remembered, and
    /// left alone: an apply writes what a person has seen.
    fn but_left_alone(&mut self, mut changed: Vec<FieldDiff>) -> Vec<FieldDiff> {
        let Some(shown) = self.job.shown else {
            return changed;
        };
        changed.retain(|field| {
            let planned = shown.write(self.key, field.top());
            if !planned {
                self.left_alone.insert(field.top().to_owned());
            }
            planned
        });
        changed
    }

    /// What is written: what is desired, but what is left alone stays as it is, also where AWS takes
    /// an object as a whole only.
    fn to_write(&self, seen: &Seen) -> Map<String, Json> {
        let mut fields = self.desired.clone();
        for field in &self.left_alone {
            if let Some(value) = seen.fields.get(field) {
                fields.insert(field.clone(), value.clone());
            }
        }
        fields
    }

    /// What the user ignores is left alone as long as nobody wants it otherwise than it was written.
    fn is_ignored(&self, field: &FieldDiff) -> bool {
        let ignore = self.job.ignore;
        let applied = self
            .entry
            .as_ref()
            .and_then(|entry| entry.applied.get(field.top()));
        let same = applied == self.desired.get(field.top()).map(digest).as_ref();
        ignore.covers_tag(&field.field) || (same && ignore.covers(self.key, &field.field))
    }

    fn must_replace(&self, changed: &[FieldDiff]) -> bool {
        let fixed = self.node.kind.facts().replace;
        changed.iter().any(|field| fixed.contains(&field.top()))
    }

    async fn create(&mut self) -> Result<bool, Cause> {
        self.doing = Doing::Creating;
        let token = self.token();
        self.write_down().await?;
        tracing::info!(component = %self.key, kind = self.node.kind.label(), "creating");
        let created = self
            .job
            .world
            .create(self.node.kind, &self.desired, &token)
            .await
            .map_err(Cause::Aws)?;
        self.entry = Some(self.entry_with(created.outputs));
        if created.complete {
            self.wrote();
            self.read_back().await?;
        } else {
            self.finish_create().await?;
        }
        Ok(true)
    }

    /// An object that carries no tags cannot be found by them: the next run has to know its name, and what
    /// was written.
    async fn write_down(&self) -> Result<(), Cause> {
        let Job {
            world, journal, id, ..
        } = self.job;
        let foretold = world.foretold(self.node.kind, &self.desired);
        let (Some(journal), Some(outputs)) = (journal, foretold.map_err(Cause::Aws)?) else {
            return Ok(());
        };
        let made = Made {
            key: self.key.clone(),
            kind: self.node.kind,
            outputs,
            needs: self.node.needs(),
        };
        journal.making(id, made).await.map_err(Cause::Aws)
    }

    /// The rest of a create that takes more than one call.
    async fn finish_create(&mut self) -> Result<(), Cause> {
        let seen = self.read_fresh().await?;
        let Some(seen) = seen else {
            let what = format!("the new {} to be seen by AWS", self.node.kind.label());
            return Err(Cause::Aws(AwsError::Timeout { what }));
        };
        let changed = self.differences(&seen);
        self.write(&seen, &changed).await
    }

    async fn read_fresh(&self) -> Result<Option<Seen>, Cause> {
        let Some(entry) = &self.entry else {
            return Ok(None);
        };
        // A new object is not seen everywhere at once.
        for pause in [100, 300, 1000, 3000, 10_000] {
            let seen = self
                .job
                .world
                .read(self.node.kind, &entry.outputs, Freshness::Fresh)
                .await
                .map_err(Cause::Aws)?;
            if seen.is_some() {
                return Ok(seen);
            }
            let what = format!("the new {} to be seen by AWS", self.node.kind.label());
            let pause = std::time::Duration::from_millis(pause);
            self.job
                .wait
                .pause(pause, &what)
                .await
                .map_err(Cause::Aws)?;
        }
        Ok(None)
    }

    /// Makes another object in the place of one that AWS cannot change. The old one is deleted at
    /// the end of the apply, when nothing refers to it any more.
    async fn replace(&mut self, seen: &Seen) -> Result<bool, Cause> {
        if self.is_same_name(seen) {
            self.refuse_precious(seen)?;
            return self.replace_in_place().await;
        }
        let old = self.entry.take();
        let written = self.successor(old.as_ref()).await;
        if self.entry.is_none() {
            self.entry = old;
        } else if !self.node.kind.facts().keeps_history {
            self.given_up.extend(old);
        }
        written.map(|_| true)
    }

    /// Whether AWS would refuse the new object because the old one has its name.
    fn is_same_name(&self, seen: &Seen) -> bool {
        let name = self.node.kind.facts().name;
        let same = |field: &&str| seen.fields.get(*field) == self.desired.get(*field);
        !name.is_empty() && name.iter().all(same)
    }

    /// A database that differs in what AWS cannot change is not deleted because of it.
    fn refuse_precious(&self, seen: &Seen) -> Result<(), Cause> {
        let facts = self.node.kind.facts();
        if !facts.precious {
            return Ok(());
        }
        let differ = self.differences(seen).into_iter();
        let fields = differ.filter(|field| facts.replace.contains(&field.top()));
        let fields: Vec<String> = fields.map(|field| format!("`{}`", field.field)).collect();
        Err(Cause::Precious {
            object: object_name(seen),
            fields: fields.join(", "),
        })
    }

    /// Both have one name, so the old one goes first.
    async fn replace_in_place(&mut self) -> Result<bool, Cause> {
        let Some(old) = self.entry.clone() else {
            return Ok(false);
        };
        self.doing = Doing::Deleting;
        let Job { world, wait, .. } = self.job;
        tracing::info!(component = %self.key, kind = self.node.kind.label(), "deleting, because its successor has the same name");
        let deleted = world.delete(old.kind, &old.outputs, wait).await;
        deleted.map_err(Cause::Aws)?;
        self.entry = None;
        self.create().await
    }

    /// Takes over a successor that was made before, or makes one.
    async fn successor(&mut self, old: Option<&Entry>) -> Result<bool, Cause> {
        if let Some(seen) = self.revive().await? {
            let changed = self.differences(&seen);
            return self.update(&seen, &changed).await;
        }
        match self.adopt().await? {
            Some(seen) if old.and_then(Entry::object) != object(&seen.outputs) => {
                let changed = self.differences(&seen);
                self.update(&seen, &changed).await
            }
            _ => {
                self.entry = None;
                self.create().await
            }
        }
    }

    async fn update(&mut self, seen: &Seen, changed: &[FieldDiff]) -> Result<bool, Cause> {
        if let Some(entry) = &mut self.entry {
            entry.outputs = seen.outputs.clone();
            // Until all is written the object may still refer to what it needed before.
            entry.needs.extend(self.node.needs());
        }
        if changed.is_empty() {
            self.confirm(seen).await?;
            let fresh = self
                .entry
                .as_ref()
                .is_some_and(|entry| entry.applied.is_empty());
            self.note_applied();
            self.note_needs();
            return Ok(fresh);
        }
        if self.node.kind.facts().adopt_equal {
            // Only what was written last tells that it is ours.
            self.write_down().await?;
        }
        self.write(seen, changed).await?;
        self.note_needs();
        Ok(true)
    }

    /// An object without tags is as we want it: its outputs say so from now on, also when an apply
    /// that was killed has written it.
    async fn confirm(&mut self, seen: &Seen) -> Result<(), Cause> {
        if !self.node.kind.facts().adopt_equal {
            return Ok(());
        }
        let Job { world, .. } = self.job;
        let outputs = world
            .update(self.node.kind, &self.desired, seen, &[])
            .await
            .map_err(Cause::Aws)?;
        if let Some(entry) = &mut self.entry {
            entry.outputs.extend(outputs);
        }
        Ok(())
    }

    async fn write(&mut self, seen: &Seen, changed: &[FieldDiff]) -> Result<(), Cause> {
        if !changed.is_empty() {
            self.doing = if self.doing == Doing::Creating {
                Doing::Creating
            } else {
                Doing::Updating
            };
            let fields: Vec<&str> = changed.iter().map(|field| field.field.as_str()).collect();
            tracing::info!(component = %self.key, fields = fields.join(" "), "updating");
            let Job { world, wait, .. } = self.job;
            world
                .ready(self.node.kind, &seen.outputs, wait)
                .await
                .map_err(Cause::Aws)?;
            let outputs = world
                .update(self.node.kind, &self.to_write(seen), seen, changed)
                .await
                .map_err(Cause::Aws)?;
            if let Some(entry) = &mut self.entry {
                entry.outputs.extend(outputs);
            }
        }
        self.wrote();
        self.read_back().await
    }

    /// After a write AWS is asked once what it made of it: its own spelling is no drift.
    async fn read_back(&mut self) -> Result<(), Cause> {
        let Some(seen) = self.read_fresh().await? else {
            return Ok(());
        };
        let mut odd = drift::fields(self.node, &self.desired, &seen, None);
        odd.retain(|field| {
            let ignored = self.job.ignore.covers(self.key, &field.field);
            !ignored && !self.left_alone.contains(field.top())
        });
        if let Some(entry) = &mut self.entry {
            if self.node.kind.facts().late_outputs {
                entry.outputs.extend(seen.outputs.clone());
            }
            let top: BTreeSet<&str> = odd.iter().map(FieldDiff::top).collect();
            let observed = |field: &str| digest(seen.fields.get(field).unwrap_or(&Json::Null));
            entry.normalised = top
                .into_iter()
                .map(|field| (field.to_owned(), observed(field)))
                .collect();
        }
        Ok(())
    }

    fn wrote(&mut self) {
        self.note_applied();
        if let Some(entry) = &mut self.entry {
            entry.normalised.clear();
        }
    }

    /// What was left alone may be a reference.
    fn note_needs(&mut self) {
        if let Some(entry) = &mut self.entry
            && self.left_alone.is_empty()
        {
            entry.needs = self.node.needs();
        }
    }

    fn note_applied(&mut self) {
        let applied = digests(&self.desired);
        if let Some(entry) = &mut self.entry {
            entry.stands_in = false;
            entry.applied = applied;
        }
    }

    /// What is desired, but what is ignored or left alone as it is: waiting for that to become
    /// otherwise would never end.
    async fn wanted_in_the_end(&self) -> Result<Map<String, Json>, Cause> {
        let mut wanted = self.desired.clone();
        let ignore = self.job.ignore;
        let stays = |field: &&String| {
            ignore.covers(self.key, field) || self.left_alone.contains(field.as_str())
        };
        let ignored: Vec<String> = wanted.keys().filter(stays).cloned().collect();
        if ignored.is_empty() {
            return Ok(wanted);
        }
        let seen = self.read_fresh().await?;
        for field in ignored {
            if let Some(value) = seen.as_ref().and_then(|seen| seen.fields.get(&field)) {
                wanted.insert(field, value.clone());
            }
        }
        Ok(wanted)
    }

    async fn settle(&mut self, written: bool) -> Result<(), Cause> {
        let Some(entry) = &self.entry else {
            return Ok(());
        };
        if !written && !self.job.resume {
            return Ok(());
        }
        self.doing = Doing::Settling;
        let wanted = self.wanted_in_the_end().await?;
        let Job { world, wait, .. } = self.job;
        world
            .settle(self.node.kind, &wanted, &entry.outputs, wait)
            .await
            .map_err(Cause::Aws)?;
        // What AWS had not done yet when it was read back is no spelling of its own.
        if entry.normalised.is_empty() && !self.node.kind.facts().late_outputs {
            return Ok(());
        }
        self.read_back().await
    }

    /// The same for the same component with the same value: a repeated create finds its first answer.
    fn token(&self) -> String {
        let Job { scope, id, .. } = self.job;
        let identity = format!("{}/{}/{id}/{}", scope.account_id, scope.region, self.key);
        digest(&serde_json::json!([identity, self.desired]))
    }
}

/// The name or id of an object.
pub(crate) fn object_name(seen: &Seen) -> String {
    let name = ["name", "id", "arn"]
        .iter()
        .find_map(|output| seen.outputs.get(*output));
    name.cloned().unwrap_or_default()
}
