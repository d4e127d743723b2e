//! Refresh: what AWS has, in the words of the resource.

use std::collections::BTreeMap;

use stackwright_aws::{Freshness, Recorded};
use stackwright_plan::resource::Resource as Planned;
use stackwright_plan::{Graph, Key, Node, Scope};
use tfplugin_rs::{ReadRequest, ReadResponse};
use tfplugin_types::{Cfg, Diagnostics, TfConfig as _};

use super::view::{check_place, drift_list, field_of, fill, known};
use super::{decode, ignore_of, private_with, record_of, resource_id};
use crate::diagnose;
use crate::engine::drift::{Cause, Difference, Ignore, differences, fields};
use crate::engine::observe::{Observation, Reading, observe};
use crate::engine::record::digests;
use crate::engine::{Entry, Record, Seen};
use crate::session::Connected;

pub(super) async fn read<R: Planned>(connected: &Connected, request: ReadRequest) -> ReadResponse {
    match try_read::<R>(connected, &request).await {
        Ok(response) => response,
        Err(diagnostics) => ReadResponse {
            state: Some(request.state),
            private: request.private,
            diagnostics,
        },
    }
}

async fn try_read<R: Planned>(
    connected: &Connected,
    request: &ReadRequest,
) -> Result<ReadResponse, Diagnostics> {
    let mut view = decode::<R>(&request.state)?;
    let mut record = record_of(&request.private)?;
    check_place::<R>(&connected.scope, &mut view)?;
    let id = resource_id::<R>(R::common(&mut view).id.known().cloned().unwrap_or_default());
    let interrupted = connected.journal.interrupted(&id, record.run.as_deref());
    let interrupted = interrupted.await;
    let interrupted = interrupted.map_err(|error| diagnose::reading(&id, &error))?;
    record.incomplete |= interrupted.is_some();
    let found = refreshed::<R>(connected, &mut view, record.clone(), Freshness::Cached).await?;
    let record = match found {
        Some(record) => record,
        None if interrupted.is_none() => return Ok(ReadResponse::gone()),
        None => {
            // The journal may know of objects that only an apply looks for.
            R::common(&mut view).drift = drift_list(&[], true);
            record
        }
    };
    let state = known(&view.to_value(), &request.state);
    Ok(ReadResponse::found(state, private_with(&record)))
}

/// Brings a view up to date with AWS. Answers the new record; `None` when nothing is left.
pub(crate) async fn refreshed<R: Planned>(
    connected: &Connected,
    view: &mut R::View,
    mut record: Record,
    freshness: Freshness,
) -> Result<Option<Record>, Diagnostics> {
    let scope = stated_scope::<R>(&connected.scope, view);
    let id = resource_id::<R>(R::common(view).id.known().cloned().unwrap_or_default());
    let Some(graph) = R::plan(&scope, view) else {
        return Ok(Some(record));
    };
    let world = connected.world.as_ref();
    let reading = Reading {
        freshness,
        fast: connected.is_fast() && freshness == Freshness::Cached,
    };
    let observed = observe(world, &scope, &id, &graph, &record, reading)
        .await
        .map_err(|error| diagnose::reading(&id, &error))?;
    record.retired.clone_from(&observed.retired);
    if observed.found.is_empty() && observed.leftover.is_empty() && record.retired.is_empty() {
        return Ok(None);
    }
    let ignore = ignore_of::<R>(connected, view);
    let all = show::<R>(&scope, view, graph, &record, &observed, &ignore);
    forget_gone(&mut record, &observed, &all);
    if let Some(graph) = R::plan(&scope, view) {
        record_found(&mut record, &graph, &observed);
    }
    let owner = scope.owner.clone();
    let tags_all = R::common(view).tags_all.clone();
    fill::<R>(&connected.scope, view, &observed.outputs());
    let common = R::common(view);
    common.owner = Cfg::Known(owner);
    if !tags_all.is_null() {
        common.tags_all = tags_all;
    }
    common.drift = drift_list(&all, record.incomplete);
    Ok(Some(record))
}

/// The scope with the owner of the state: another owner is a change to plan, not drift.
pub(super) fn stated_scope<R: Planned>(scope: &Scope, view: &mut R::View) -> Scope {
    let owner = R::common(view).owner.known().cloned();
    Scope {
        owner: owner.unwrap_or_else(|| scope.owner.clone()),
        ..scope.clone()
    }
}

/// Takes differences that have an attribute into it; answers the others.
fn show<R: Planned>(
    scope: &Scope,
    view: &mut R::View,
    mut graph: Graph,
    record: &Record,
    observed: &Observation,
    ignore: &Ignore,
) -> Vec<Difference> {
    let found = differences(&graph, record, observed, ignore);
    let mut taken = false;
    for difference in &found {
        if let Some(field) = field_of(difference).filter(|_| difference.cause == Cause::Outside) {
            taken |= R::show(view, &difference.component, field);
        }
    }
    if !taken {
        return found;
    }
    if let Some(shown) = R::plan(scope, view) {
        graph = shown;
    }
    differences(&graph, record, observed, ignore)
}

/// Nothing of what is gone stays in the record.
fn forget_gone(record: &mut Record, observed: &Observation, all: &[Difference]) {
    let stays = |key: &Key| {
        observed.found.contains_key(key) || observed.leftover.contains(key) || is_missing(key, all)
    };
    let keys = record.components.keys().cloned();
    let gone: Vec<Key> = keys.filter(|key| !stays(key)).collect();
    for key in gone {
        record.remove(&key);
    }
}

/// What was found, but under the names that are certain: a revision that stands in for ours may be
/// of another family, which is not ours to delete.
fn outputs_of(seen: &Seen, node: &Node) -> Recorded {
    let mut outputs = seen.outputs.clone();
    if node.identified_by.is_some() {
        outputs.extend(node.predicted.clone());
    }
    outputs
}

fn is_missing(key: &Key, all: &[Difference]) -> bool {
    all.iter()
        .any(|difference| difference.component == *key && difference.field.is_none())
}

/// Records what was found, also what an import or a search by name has come upon.
fn record_found(record: &mut Record, graph: &Graph, observed: &Observation) {
    let outputs = observed.outputs();
    for (key, seen) in &observed.found {
        let Some(node) = graph.nodes.get(key) else {
            continue;
        };
        let found = outputs_of(seen, node);
        let desired = node.resolve(&outputs);
        if let Some(entry) = record.components.get_mut(key) {
            entry.stands_in = stands_in(node, &desired, seen, Some(entry));
            entry.outputs = found;
            continue;
        }
        record
            .components
            .entry(key.clone())
            .or_insert_with(|| Entry {
                kind: node.kind,
                outputs: found,
                needs: node.needs(),
                stands_in: stands_in(node, &desired, seen, None),
                applied: digests(&desired),
                normalised: BTreeMap::new(),
            });
    }
    record.bridge_gaps(graph);
}

/// Whether a followed object, which is not read again while it is the same, is not as we want it.
fn stands_in(
    node: &Node,
    desired: &serde_json::Map<String, serde_json::Value>,
    seen: &Seen,
    entry: Option<&Entry>,
) -> bool {
    node.identified_by.is_some() && !fields(node, desired, seen, entry).is_empty()
}
