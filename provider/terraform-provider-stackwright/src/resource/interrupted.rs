//! What a run that was killed has left of a resource.

use std::collections::{BTreeMap, BTreeSet};

use stackwright_aws::{AwsError, Freshness, Recorded};
use stackwright_plan::{Graph, Key, Kind, Node, ResourceId, Scope};

use crate::engine::observe::own_tags;
use crate::engine::record::object;
use crate::engine::world::Search;
use crate::engine::{Entry, Record, Seen, World};
use crate::journal::{Interrupted, Made};

/// Puts what is found into the record, among what waits for its delete: an apply takes back from
/// there what its configuration wants, and deletes the rest.
pub(super) async fn recover(
    world: &dyn World,
    (scope, id): (&Scope, &ResourceId),
    graph: &Graph,
    interrupted: &Interrupted,
    record: &mut Record,
) -> Result<(), AwsError> {
    for (key, needs) in &interrupted.needs {
        if let Some(entry) = record.components.get_mut(key) {
            entry.needs.extend(needs.iter().cloned());
        }
    }
    let tags = own_tags(scope, id, &Key(String::new()));
    for kind in &interrupted.kinds {
        for seen in world.find(*kind, Search::Owned(&tags)).await? {
            if let Some(key) = component(&seen, scope) {
                let mut needs = graph.nodes.get(&key).map(Node::needs).unwrap_or_default();
                needs.extend(interrupted.needs.get(&key).into_iter().flatten().cloned());
                retire(record, key, *kind, seen.outputs, needs);
            }
        }
    }
    for made in &interrupted.made {
        let Made {
            key,
            kind,
            outputs,
            needs,
        } = made;
        let seen = world.read(*kind, outputs, Freshness::Fresh).await?;
        let Some(seen) = seen.filter(|seen| is_it(seen, outputs)) else {
            continue;
        };
        let known = record.components.get_mut(key);
        match known.filter(|entry| entry.object() == object(&seen.outputs)) {
            // It was changed, and its outputs say what was written last.
            Some(entry) => {
                entry.outputs = seen.outputs;
                entry.needs.extend(needs.iter().cloned());
            }
            None => retire(record, key.clone(), *kind, seen.outputs, needs.clone()),
        }
    }
    record.bridge_gaps(graph);
    Ok(())
}

/// The component that its tags name, when they name this root.
fn component(seen: &Seen, scope: &Scope) -> Option<Key> {
    let tags = seen.own_tags()?;
    (tags.owner == scope.owner).then_some(Key(tags.component))
}

/// Whether it is as it was about to be made: a name without tags may lead to something else by now.
fn is_it(seen: &Seen, outputs: &Recorded) -> bool {
    outputs
        .iter()
        .all(|(name, value)| seen.outputs.get(name) == Some(value))
}

fn retire(record: &mut Record, key: Key, kind: Kind, outputs: Recorded, needs: BTreeSet<Key>) {
    tracing::info!(component = %key, kind = kind.label(), "found an object that a killed run has made");
    let entry = Entry {
        kind,
        outputs,
        needs,
        applied: BTreeMap::new(),
        stands_in: false,
        normalised: BTreeMap::new(),
    };
    record.retire(key, entry);
}
