//! Reading all components of a resource.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use serde_json::{Map, Value as Json};
use stackwright_aws::{AwsError, Freshness, Recorded};
use stackwright_plan::{Graph, Key, Node, Outputs, OwnTags, ResourceId, Scope, has_unknown};

use super::drift;
use super::record::{Retired, digests};
use super::world::Search;
use super::{Entry, Record, Seen, World};

/// What was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observation {
    /// Components that exist, by key.
    pub(crate) found: BTreeMap<Key, Seen>,
    /// Recorded components that the graph does not have any more and that still exist.
    pub(crate) leftover: BTreeSet<Key>,
    /// Objects that wait for their delete and that still exist.
    pub(crate) retired: Vec<Retired>,
}

impl Observation {
    /// The outputs of what exists.
    pub(crate) fn outputs(&self) -> Outputs {
        let outputs = |(key, seen): (&Key, &Seen)| (key.clone(), seen.outputs.clone());
        Outputs(self.found.iter().map(outputs).collect())
    }
}

/// How thoroughly to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// Whether a loader's answer will do.
    pub(crate) freshness: Freshness,
    /// `refresh = "fast"`: what is followed and still the one that we made is not read. An immutable
    /// object is not read then under `full` either.
    pub(crate) fast: bool,
}

/// Reads every component: recorded ones by their ids, all at once; the others by name or tags, in
/// dependency order. An object that belongs to somebody else counts as not there.
pub(crate) async fn observe(
    world: &dyn World,
    scope: &Scope,
    id: &ResourceId,
    graph: &Graph,
    record: &Record,
    reading: Reading,
) -> Result<Observation, AwsError> {
    let mut seen = recorded(world, graph, record, reading.freshness).await?;
    follow(world, graph, record, &mut seen, reading).await?;
    let leftover = seen
        .keys()
        .filter(|key| !graph.nodes.contains_key(key))
        .cloned()
        .collect();
    seen.retain(|key, _| graph.nodes.contains_key(key));
    for key in order(graph) {
        if seen.contains_key(&key) || record.components.contains_key(&key) {
            continue;
        }
        let node = &graph.nodes[&key];
        if let Some(found) = search(world, scope, id, &key, node, &outputs_of(&seen)).await? {
            seen.insert(key, found);
        }
    }
    // What was found by its name only now leads on to what it names.
    follow(world, graph, record, &mut seen, reading).await?;
    Ok(Observation {
        found: seen,
        leftover,
        retired: retired(world, record, reading.freshness).await?,
    })
}

async fn retired(
    world: &dyn World,
    record: &Record,
    freshness: Freshness,
) -> Result<Vec<Retired>, AwsError> {
    let reads = record.retired.iter().map(|retired| async move {
        let Retired { entry, .. } = retired;
        let seen = world.read(entry.kind, &entry.outputs, freshness).await?;
        Ok(seen.map(|_| retired.clone()))
    });
    Ok(try_join_all(reads).await?.into_iter().flatten().collect())
}

fn outputs_of(seen: &BTreeMap<Key, Seen>) -> Outputs {
    Outputs(
        seen.iter()
            .map(|(key, seen)| (key.clone(), seen.outputs.clone()))
            .collect(),
    )
}

async fn recorded(
    world: &dyn World,
    graph: &Graph,
    record: &Record,
    freshness: Freshness,
) -> Result<BTreeMap<Key, Seen>, AwsError> {
    let followed = |key: &Key| {
        graph
            .nodes
            .get(key)
            .is_some_and(|node| node.identified_by.is_some())
    };
    let reads = record
        .components
        .iter()
        .filter(|(key, _)| !followed(key))
        .map(|(key, entry)| async move {
            let seen = world.read(entry.kind, &entry.outputs, freshness).await?;
            Ok(seen.map(|seen| (key.clone(), seen)))
        });
    let mut seen: BTreeMap<Key, Seen> = try_join_all(reads).await?.into_iter().flatten().collect();
    // What another component names is read by that name; without it, by its own record.
    for (key, entry) in record.components.iter().filter(|(key, _)| followed(key)) {
        if !names(graph, &seen, key) {
            let found = world.read(entry.kind, &entry.outputs, freshness).await?;
            seen.extend(found.map(|found| (key.clone(), found)));
        }
    }
    Ok(seen)
}

fn names(graph: &Graph, seen: &BTreeMap<Key, Seen>, key: &Key) -> bool {
    named(graph, seen, key).is_some()
}

/// The name or ARN by which another component that exists knows this one.
fn named<'a>(graph: &Graph, seen: &'a BTreeMap<Key, Seen>, key: &Key) -> Option<&'a str> {
    let (other, field) = graph.nodes.get(key)?.identified_by.as_ref()?;
    seen.get(other)?
        .fields
        .get(*field)?
        .as_str()
        .filter(|name| !name.is_empty())
}

async fn follow(
    world: &dyn World,
    graph: &Graph,
    record: &Record,
    seen: &mut BTreeMap<Key, Seen>,
    reading: Reading,
) -> Result<(), AwsError> {
    let names: Vec<(Key, String)> = graph
        .nodes
        .keys()
        .filter_map(|key| Some((key.clone(), named(graph, seen, key)?.to_owned())))
        .collect();
    for (key, arn) in names {
        let node = &graph.nodes[&key];
        if is_seen(seen, &key, &arn) {
            continue;
        }
        let spared = reading.fast || node.kind.facts().immutable;
        let unchanged = (spared && reading.freshness == Freshness::Cached)
            .then(|| unchanged(node, record.components.get(&key), &arn, seen));
        if let Some(same) = unchanged.flatten() {
            seen.insert(key, same);
            continue;
        }
        let recorded = Recorded::from([("arn".to_owned(), arn)]);
        let found = world.read(node.kind, &recorded, reading.freshness).await?;
        seen.extend(found.map(|found| (key, found)));
    }
    Ok(())
}

fn is_seen(seen: &BTreeMap<Key, Seen>, key: &Key, arn: &str) -> bool {
    let seen = seen.get(key).and_then(|seen| seen.outputs.get("arn"));
    seen.is_some_and(|known| known == arn)
}

/// An object that never changes, is still the one that was recorded and is wanted as it was written:
/// there is nothing to learn from reading it.
fn unchanged(
    node: &Node,
    entry: Option<&Entry>,
    arn: &str,
    seen: &BTreeMap<Key, Seen>,
) -> Option<Seen> {
    let entry = entry.filter(|entry| entry.outputs.get("arn").is_some_and(|known| known == arn))?;
    if entry.stands_in {
        return None;
    }
    let fields = node.resolve(&outputs_of(seen));
    (digests(&fields) == entry.applied).then(|| Seen {
        fields,
        outputs: entry.outputs.clone(),
        tags: BTreeMap::new(),
    })
}

/// The tags that an object of ours would carry.
pub(crate) fn own_tags(scope: &Scope, id: &ResourceId, key: &Key) -> OwnTags {
    OwnTags {
        project: scope.project.clone(),
        environment: scope.environment.clone(),
        owner: scope.owner.clone(),
        id: id.to_string(),
        component: key.0.clone(),
    }
}

async fn search(
    world: &dyn World,
    scope: &Scope,
    id: &ResourceId,
    key: &Key,
    node: &Node,
    outputs: &Outputs,
) -> Result<Option<Seen>, AwsError> {
    let desired = node.resolve(outputs);
    let tags = own_tags(scope, id, key);
    if desired.values().any(has_unknown) && !is_name_known(node, &desired) {
        return by_tags(world, node, &tags).await;
    }
    let found = world
        .find(node.kind, Search::Desired(&desired, &tags))
        .await?;
    Ok(found.into_iter().find(|seen| {
        (seen.tags.is_empty() && may_be_ours(node, &desired, seen)) || is_ours(seen, &tags)
    }))
}

/// Of what cannot be tagged, some is ours only when it is as we want it.
fn may_be_ours(node: &Node, desired: &Map<String, Json>, seen: &Seen) -> bool {
    !node.kind.facts().adopt_equal || drift::fields(node, desired, seen, None).is_empty()
}

/// Whether its tags say that it is this component of this resource.
pub(crate) fn is_ours(seen: &Seen, tags: &OwnTags) -> bool {
    seen.own_tags().is_some_and(|theirs| theirs == *tags)
}

/// Whether it has a name and that is known: nothing more is needed to look for it.
fn is_name_known(node: &Node, desired: &Map<String, Json>) -> bool {
    let name = node.kind.facts().name;
    let known = |field: &&str| desired.get(*field).is_some_and(|value| !has_unknown(value));
    !name.is_empty() && name.iter().all(known)
}

/// Something that it needs is gone, so its name is not known: its tags still say what it is.
/// When a provider crashes, Terraform forgets the private state, and with it every id.
async fn by_tags(world: &dyn World, node: &Node, tags: &OwnTags) -> Result<Option<Seen>, AwsError> {
    if !node.desired.contains_key("tags") || node.kind.facts().keeps_history {
        return Ok(None);
    }
    let found = world.find(node.kind, Search::Owned(tags)).await?;
    Ok(found.into_iter().find(|seen| is_ours(seen, tags)))
}

/// The keys in dependency order: what is needed comes first.
pub(crate) fn order(graph: &Graph) -> Vec<Key> {
    let mut done = BTreeSet::new();
    let mut order = Vec::new();
    while order.len() < graph.nodes.len() {
        let ready: Vec<Key> = graph
            .nodes
            .iter()
            .filter(|(key, _)| !done.contains(*key))
            .filter(|(_, node)| {
                node.needs()
                    .iter()
                    .all(|need| done.contains(need) || !graph.nodes.contains_key(need))
            })
            .map(|(key, _)| key.clone())
            .collect();
        assert!(
            !ready.is_empty(),
            "this is a bug in stackwright: components need each other in a circle"
        );
        done.extend(ready.iter().cloned());
        order.extend(ready);
    }
    order
}
