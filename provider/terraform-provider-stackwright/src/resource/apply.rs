//! Apply: create, update, delete.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use stackwright_aws::{AwsError, Freshness, Wait};
use stackwright_plan::resource::{Found, Resource as Planned, Seen as Part, TimeoutsConfig};
use stackwright_plan::{Graph, Key, Node, Outputs, ResourceId, Scope};
use tfplugin_rs::{ApplyRequest, ApplyResponse, Cx};
use tfplugin_types::{Cfg, Diagnostics, Path, TfConfig as _, Value};
use tokio::time::Instant;

use super::interrupted;
use super::leftovers::Leftover;
use super::plan::drifted;
use super::protection;
use super::read::{refreshed, stated_scope};
use super::view::{check_place, fill, known};
use super::{decode, ignore_of, private_with, record_of, resource_id};
use crate::diagnose::{self, Verb};
use crate::duration;
use crate::engine::changes::{Changes, changes};
use crate::engine::converge::{Job, Outcome, converge_in_stages};
use crate::engine::observe::{Reading, observe};
use crate::engine::{Record, Seen, teardown};
use crate::journal::Begun;
use crate::session::Connected;

pub(super) async fn apply<R: Planned>(
    connected: &Connected,
    cx: &Cx,
    request: ApplyRequest,
) -> ApplyResponse {
    let failed = ApplyResponse {
        state: request.prior.clone(),
        private: request.private.clone(),
        ..ApplyResponse::default()
    };
    let begun = Instant::now();
    if let Err(error) = connected.aws.begin_writing().await {
        return ApplyResponse {
            diagnostics: diagnose::before_writing(&error).into(),
            ..failed
        };
    }
    let applied = match (&request.prior, &request.planned) {
        (Some(prior), None) => delete::<R>(connected, cx, prior, &request).await,
        (prior, Some(planned)) => {
            write::<R>(connected, cx, prior.as_ref(), planned, &request).await
        }
        (None, None) => Ok(ApplyResponse::deleted()),
    };
    let world = connected.world.as_ref();
    connected.leftovers.retry(begun, world, cx.cancel()).await;
    applied.unwrap_or_else(|diagnostics| ApplyResponse {
        diagnostics,
        ..failed
    })
}

async fn write<R: Planned>(
    connected: &Connected,
    cx: &Cx,
    prior: Option<&Value>,
    planned: &Value,
    request: &ApplyRequest,
) -> Result<ApplyResponse, Diagnostics> {
    let scope = &connected.scope;
    let mut view = decode::<R>(planned)?;
    let mut before = prior.map(decode::<R>).transpose()?;
    if let Some(before) = &mut before {
        check_place::<R>(scope, before)?;
    }
    let former = before
        .as_mut()
        .map(|before| stated_scope::<R>(scope, before).owner);
    let id = resource_id::<R>(R::id(scope, &view).unwrap_or_default());
    let graph = R::plan(scope, &view).ok_or_else(|| diagnose::unknown_input(&id))?;
    let mut record = match &before {
        Some(before) => {
            let record = record_of(&request.private)?;
            not_empty::<R>(connected, &mut before.clone(), record).await?
        }
        None => Record {
            unborn: true,
            ..Record::default()
        },
    };
    recover(connected, &id, &graph, &mut record).await?;
    let verb = if prior.is_some() {
        Verb::Updating
    } else {
        Verb::Creating
    };
    let wait = wait::<R>(cx, &mut view, verb);
    let ignore = ignore_of::<R>(connected, &mut view);
    let save = |record: &Record| {
        let (state, private) = partial::<R>(scope, &view, prior, record);
        cx.checkpoint(state, private);
    };
    let (mut shown, mut stages) = (None, Vec::new());
    if let (Some(before), Some(prior)) = (&before, prior) {
        let tags_differ = prior.get("tags_all") != planned.get("tags_all");
        shown = shown_by_plan::<R>(scope, before, &graph, &record, tags_differ);
        stages = self::stages::<R>(connected, &id, before, &graph, &record).await?;
    }
    let begun = begin(connected, &id, &graph, shown.as_ref(), &record).await?;
    let job = Job {
        world: connected.world.as_ref(),
        scope,
        former_owner: former.as_deref(),
        id: &id,
        ignore: &ignore,
        shown: shown.as_ref(),
        wait,
        resume: record.incomplete,
        journal: Some(&connected.journal),
        save: &save,
    };
    let mut outcome = converge_in_stages(&job, &stages, &graph, record).await;
    if begun {
        // Not before: what was saved on the way is what the next run starts from when this one is abandoned.
        outcome.record.run = Some(connected.journal.run().to_owned());
        connected.journal.ended(&id);
    }
    if outcome.failures.is_empty() {
        Ok(done::<R>(connected, view.clone(), &id, graph, &outcome))
    } else {
        Ok(stopped::<R>(connected, &view, prior, verb, outcome).await)
    }
}

/// What still waits for others to leave is tried again when they have.
fn done<R: Planned>(
    connected: &Connected,
    mut view: R::View,
    id: &ResourceId,
    graph: Graph,
    outcome: &Outcome,
) -> ApplyResponse {
    let scope = &connected.scope;
    if !outcome.waits_for.is_empty() {
        connected.leftovers.add(Leftover {
            scope: scope.clone(),
            id: id.clone(),
            graph,
            record: outcome.record.clone(),
            since: Instant::now(),
        });
    }
    finish::<R>(scope, &mut view, &outcome.record.outputs());
    ApplyResponse {
        diagnostics: diagnose::finished(id, outcome),
        ..ApplyResponse::done(view.to_value(), private_with(&outcome.record))
    }
}

/// A state without a record: Terraform forgets private state when the provider crashes. What the
/// resource has is found by names and tags, as an import finds it.
async fn not_empty<R: Planned>(
    connected: &Connected,
    view: &mut R::View,
    record: Record,
) -> Result<Record, Diagnostics> {
    if !record.is_empty() {
        return Ok(record);
    }
    let found = refreshed::<R>(connected, view, record, Freshness::Fresh).await?;
    Ok(found.unwrap_or_default())
}

/// Looks for what a run that was killed has left. What is found is in the record from now on.
async fn recover(
    connected: &Connected,
    id: &ResourceId,
    graph: &Graph,
    record: &mut Record,
) -> Result<(), Diagnostics> {
    let Connected {
        journal,
        world,
        scope,
        ..
    } = connected;
    let failed = |error: AwsError| diagnose::reading(id, &error);
    let interrupted = journal.interrupted(id, record.run.as_deref()).await;
    if let Some(interrupted) = interrupted.map_err(failed)? {
        record.incomplete = true;
        let of = (scope, id);
        let found = interrupted::recover(world.as_ref(), of, graph, &interrupted, record).await;
        found.map_err(failed)?;
    }
    journal.settled(id);
    Ok(())
}

/// Writes down that objects are about to be made, so that a kill leaves none that nobody finds. Answers whether
/// there are any.
async fn begin(
    connected: &Connected,
    id: &ResourceId,
    graph: &Graph,
    shown: Option<&Changes>,
    record: &Record,
) -> Result<bool, Diagnostics> {
    let makes = |key: &Key| shown.is_none_or(|shown| shown.make(key));
    let nodes = graph.nodes.iter().filter(|(key, _)| makes(key));
    let nodes: Vec<&Node> = nodes.map(|(_, node)| node).collect();
    if nodes.is_empty() {
        return Ok(false);
    }
    let tagged = nodes
        .iter()
        .filter(|node| node.desired.contains_key("tags") && !node.kind.facts().keeps_history);
    let begun = Begun {
        kinds: tagged.map(|node| node.kind).collect(),
        needs: new_needs(graph, record),
    };
    let begun = connected.journal.begin(id, begun).await;
    begun.map_err(|error| diagnose::journal(id, &error))?;
    Ok(true)
}

/// What components will need that their recorded objects do not need. Of a create nothing: only
/// another apply can come upon its objects, and that has a graph.
fn new_needs(graph: &Graph, record: &Record) -> BTreeMap<Key, BTreeSet<Key>> {
    if record.is_empty() {
        return BTreeMap::new();
    }
    let new = |(key, node): (&Key, &Node)| {
        let known = record.components.get(key).map(|entry| &entry.needs);
        let mut needs = node.needs();
        needs.retain(|need| known.is_none_or(|known| !known.contains(need)));
        (!needs.is_empty()).then(|| (key.clone(), needs))
    };
    graph.nodes.iter().filter_map(new).collect()
}

/// What the plan has shown. `None` when it could not say.
fn shown_by_plan<R: Planned>(
    scope: &Scope,
    before: &R::View,
    graph: &Graph,
    record: &Record,
    tags_differ: bool,
) -> Option<Changes> {
    if record.incomplete {
        return None;
    }
    let mut before = before.clone();
    let former = stated_scope::<R>(scope, &mut before);
    let (drifted, missing) = drifted::<R>(&mut before);
    let prior = R::plan(&former, &before)?;
    let mut shown = changes(Some(&prior), graph, record, &drifted, &missing);
    if tags_differ {
        shown.add_tags(graph);
    }
    Some(shown)
}

/// The way from what there is to what is wanted, when it has to be gone in several steps.
async fn stages<R: Planned>(
    connected: &Connected,
    id: &ResourceId,
    before: &R::View,
    graph: &Graph,
    record: &Record,
) -> Result<Vec<Graph>, Diagnostics> {
    let mut before = before.clone();
    let scope = stated_scope::<R>(&connected.scope, &mut before);
    let Some(prior) = R::plan(&scope, &before).filter(|prior| R::moves(prior, graph)) else {
        return Ok(Vec::new());
    };
    let reading = Reading {
        freshness: Freshness::Cached,
        fast: false,
    };
    let world = connected.world.as_ref();
    let observed = observe(world, &scope, id, &prior, record, reading)
        .await
        .map_err(|error| diagnose::reading(id, &error))?;
    let found: Found = observed.found.into_iter().map(part).collect();
    Ok(R::stages(&prior, graph, &found))
}

fn part((key, seen): (Key, Seen)) -> (Key, Part) {
    let Seen {
        fields,
        outputs,
        tags,
    } = seen;
    let part = Part {
        fields,
        outputs,
        tags,
    };
    (key, part)
}

fn finish<R: Planned>(scope: &Scope, view: &mut R::View, outputs: &Outputs) {
    fill::<R>(scope, view, outputs);
    R::common(view).drift = Cfg::Known(Vec::new());
}

/// What is known so far, in case nothing more comes.
fn partial<R: Planned>(
    scope: &Scope,
    view: &R::View,
    before: Option<&Value>,
    record: &Record,
) -> (Value, tfplugin_rs::Private) {
    let mut view = view.clone();
    finish::<R>(scope, &mut view, &record.outputs());
    (
        known(&view.to_value(), before.unwrap_or(&Value::Null)),
        private_with(record),
    )
}

/// The answer of an apply that came to a stop: the state says what exists and what really runs.
async fn stopped<R: Planned>(
    connected: &Connected,
    view: &R::View,
    prior: Option<&Value>,
    verb: Verb,
    outcome: Outcome,
) -> ApplyResponse {
    let Outcome {
        record, failures, ..
    } = outcome;
    let id = resource_id::<R>(R::id(&connected.scope, view).unwrap_or_default());
    let diagnostics = diagnose::stopped(&id, verb, &failures, &record, &connected.scope);
    if record.is_empty() {
        return ApplyResponse {
            diagnostics,
            ..ApplyResponse::default()
        };
    }
    let (mut state, mut private) = partial::<R>(&connected.scope, view, prior, &record);
    if let Ok(mut real) = decode::<R>(&state) {
        let incomplete = record.clone();
        let seen = refreshed::<R>(connected, &mut real, incomplete, Freshness::Fresh).await;
        if let Ok(Some(record)) = seen {
            state = known(&real.to_value(), &state);
            private = private_with(&record);
        }
    }
    ApplyResponse {
        state: Some(state),
        private,
        diagnostics,
    }
}

async fn delete<R: Planned>(
    connected: &Connected,
    cx: &Cx,
    prior: &Value,
    request: &ApplyRequest,
) -> Result<ApplyResponse, Diagnostics> {
    let mut view = decode::<R>(prior)?;
    check_place::<R>(&connected.scope, &mut view)?;
    let mut record = record_of(&request.private)?;
    protection::refuse::<R>(&connected.scope, &mut view, &record)?;
    let scope = stated_scope::<R>(&connected.scope, &mut view);
    let id = resource_id::<R>(R::common(&mut view).id.known().cloned().unwrap_or_default());
    let graph = R::plan(&scope, &view).unwrap_or_default();
    record = not_empty::<R>(connected, &mut view, record).await?;
    recover(connected, &id, &graph, &mut record).await?;
    let wait = wait::<R>(cx, &mut view, Verb::Deleting);
    let ignore = ignore_of::<R>(connected, &mut view);
    let save = |record: &Record| cx.checkpoint(prior.clone(), private_with(record));
    let job = Job {
        world: connected.world.as_ref(),
        scope: &scope,
        former_owner: None,
        id: &id,
        ignore: &ignore,
        shown: None,
        wait,
        resume: false,
        journal: None,
        save: &save,
    };
    let failures = teardown::everything(&job, &mut record).await;
    if failures.is_empty() {
        return Ok(ApplyResponse::deleted());
    }
    let diagnostics = diagnose::stopped(&id, Verb::Deleting, &failures, &record, &scope);
    Ok(ApplyResponse {
        state: Some(prior.clone()),
        private: private_with(&record),
        diagnostics,
    })
}

fn wait<R: Planned>(cx: &Cx, view: &mut R::View, verb: Verb) -> Wait {
    let timeouts = R::common(view).timeouts.known();
    let given = timeouts.and_then(|timeouts| match verb {
        Verb::Creating => timeouts.create.known(),
        Verb::Updating => timeouts.update.known(),
        Verb::Deleting => timeouts.delete.known(),
    });
    let longest = given
        .and_then(|text| limit(text))
        .unwrap_or(Duration::from_mins(R::TIMEOUT_MINUTES));
    Wait {
        deadline: Instant::now() + longest,
        cancel: cx.cancel().clone(),
    }
}

/// Checks the texts of a `timeouts` block.
pub(super) fn check_timeouts(timeouts: &Cfg<TimeoutsConfig>, found: &mut Diagnostics) {
    let Cfg::Known(timeouts) = timeouts else {
        return;
    };
    let all = [
        ("create", &timeouts.create),
        ("update", &timeouts.update),
        ("delete", &timeouts.delete),
    ];
    for (name, value) in all {
        if let Some(text) = value.known().filter(|text| limit(text).is_none()) {
            found.error(
                Path::attribute("timeouts").join(name),
                "Invalid Timeout",
                format!("`{text}` is not a length of time from 1 s to 24 h. Write a number and a unit: \"90s\", \"20m\" or \"1h\"."),
            );
        }
    }
}

/// A length of time that a wait may take.
fn limit(text: &str) -> Option<Duration> {
    let allowed = Duration::from_secs(1)..=Duration::from_hours(24);
    duration::parse(text).filter(|length| allowed.contains(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_have_limits() {
        assert_eq!(limit("20m"), Some(Duration::from_mins(20)));
        assert_eq!(limit("0s"), None);
        assert_eq!(limit("25h"), None);
    }
}
