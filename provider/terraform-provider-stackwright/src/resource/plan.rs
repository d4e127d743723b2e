//! Planning: what an apply would do, attribute by attribute.

use std::collections::BTreeSet;

use stackwright_plan::resource::{Facts, Resource as Planned, check_tag_case, check_tag_count};
use stackwright_plan::{Graph, Key, Node, ResourceId, Scope, limits};
use tfplugin_rs::{PlanRequest, PlanResponse, Private};
use tfplugin_types::{
    Attribute, AttributeType, Cfg, Diagnostics, Mode, Nesting, Path, Replace, TfConfig as _,
    TfObject as _, Value,
};

use super::nulls;
use super::protection;
use super::read::stated_scope;
use super::view::{check_place, fill};
use super::{decode, given, ground, ignored, record_of, resource_id, rules};
use crate::claims::{Asked, Claim};
use crate::diagnose;
use crate::engine::Record;
use crate::engine::changes::{Changes, Drifted, changes};
use crate::engine::drift::other_owner;
use crate::engine::observe::{is_ours, own_tags};
use crate::engine::world::{Search, Seen};
use crate::session::Connected;

pub(super) async fn plan<R: Planned>(connected: &Connected, request: PlanRequest) -> PlanResponse {
    match try_plan::<R>(connected, &request).await {
        Ok(response) => response,
        Err(diagnostics) => PlanResponse::failed(diagnostics),
    }
}

async fn try_plan<R: Planned>(
    connected: &Connected,
    request: &PlanRequest,
) -> Result<PlanResponse, Diagnostics> {
    let mut found = nulls::inside(&R::Schema::block(), &request.config);
    found.extend(given::given(rules::<R>(&request.config)));
    if found.has_errors() {
        return Err(found);
    }
    let config = decode::<R>(&request.config)?;
    let mut prior = request.prior.as_ref().map(decode::<R>).transpose()?;
    let mut view = decode::<R>(&left_out_is_null::<R>(&request.proposed, &request.config))?;
    if let Some(prior) = &mut prior {
        check_place::<R>(&connected.scope, prior)?;
    }
    let graph = complete::<R>(connected, prior.as_ref(), &mut view, &mut found).await?;
    let record = record_of(&request.private)?;
    let mut replaced = match &mut prior {
        None => {
            creation::<R>(connected, &mut view, graph).await?;
            Vec::new()
        }
        Some(prior) => {
            let remade = remade::<R>(connected, prior, &view).await?;
            change::<R>(
                connected,
                prior,
                &mut view,
                graph.as_ref(),
                &record,
                &remade,
            )
        }
    };
    let asked = match &prior {
        Some(_) => Asked::WithState,
        None if request.private == Private::default() => Asked::New,
        None => Asked::Again,
    };
    claim::<R>(connected, &view, &request.config, asked)?;
    if let Some(prior) = &prior {
        R::notes(prior, &view, &config, &mut found);
    }
    found.extend(remarks::<R>(connected, prior.as_ref(), &view, asked));
    if found.has_errors() {
        return Err(found);
    }
    match &mut prior {
        Some(prior) => {
            let together = ground::<R>(connected, prior, &view, &replaced)?;
            replace_together::<R>(together, &mut view, &mut replaced, &mut found);
        }
        None => ground::arrives::<R>(connected, &view, asked)?,
    }
    let again = !replaced.is_empty() || fixed_differ::<R>(prior.as_ref(), &view);
    if let Some(prior) = prior.as_mut().filter(|_| again) {
        protection::refuse::<R>(&connected.scope, prior, &record)?;
    }
    Ok(PlanResponse {
        planned: view.to_value(),
        requires_replace: replaced,
        private: request.private.clone(),
        diagnostics: found,
    })
}

/// Fills what the configuration leaves open, and checks the whole. `None`: what is unknown decides what there is.
async fn complete<R: Planned>(
    connected: &Connected,
    prior: Option<&R::View>,
    view: &mut R::View,
    found: &mut Diagnostics,
) -> Result<Option<Graph>, Diagnostics> {
    let scope = &connected.scope;
    let facts = facts::<R>(connected).await?;
    R::complete(scope, &facts, prior, view, found);
    let tags = R::common(view).tags.clone();
    check_tag_count(&Path::attribute(R::TAGS), scope, &tags, found);
    check_tag_case(&Path::attribute(R::TAGS), scope, &tags, found);
    let mut graph = R::plan(scope, view);
    if let Some(graph) = &mut graph {
        graph.mark_unknown_tags(&scope.unknown_tags);
        limits::check(graph, found);
        ignored::check(graph, &R::common(view).ignore_drift, found);
    }
    if found.has_errors() {
        return Err(found.clone());
    }
    Ok(graph)
}

/// Advice, what a replacement loses, and what another resource of the root has already.
fn remarks<R: Planned>(
    connected: &Connected,
    prior: Option<&R::View>,
    view: &R::View,
    asked: Asked,
) -> Diagnostics {
    let advice = R::advice(view).filter(|_| connected.claims.first(R::TYPE));
    let mut found = advice.map(Diagnostics::from).unwrap_or_default();
    found.extend(losses::<R>(connected, prior, view, asked));
    found.extend(ground::reserve::<R>(connected, &connected.scope, view));
    found
}

/// What a replacement loses.
fn losses<R: Planned>(
    connected: &Connected,
    prior: Option<&R::View>,
    view: &R::View,
    asked: Asked,
) -> Diagnostics {
    let Some(id) = R::id(&connected.scope, view).map(resource_id::<R>) else {
        return Diagnostics::new();
    };
    if let Some(prior) = prior {
        connected.claims.would_lose(&id, R::losses(prior));
    }
    match asked {
        Asked::Again => connected.claims.loses(&id),
        Asked::WithState | Asked::New => Diagnostics::new(),
    }
}

/// What Terraform proposes, but attributes that the user left out are null again, also inside
/// objects: the resource decides what they become.
fn left_out_is_null<R: Planned>(proposed: &Value, config: &Value) -> Value {
    let mut value = proposed.clone();
    empty(&R::Schema::block().attributes, &mut value, config);
    value
}

fn empty(attributes: &[Attribute], value: &mut Value, config: &Value) {
    let Some(fields) = value.as_map_mut() else {
        return;
    };
    for attribute in attributes {
        let fills = attribute.mode == Mode::OptionalComputed && attribute.default.is_none();
        let given = config.get(&attribute.name);
        if fills && given.is_null() {
            fields.insert(attribute.name.clone(), Value::Null);
        } else if let (AttributeType::Nested(nesting, inside), Some(value)) =
            (&attribute.ty, fields.get_mut(&attribute.name))
        {
            empty_inside(*nesting, inside, value, given);
        }
    }
}

/// Objects of a set have no key by which their configuration is known: they stay as proposed.
fn empty_inside(nesting: Nesting, inside: &[Attribute], value: &mut Value, config: &Value) {
    match (nesting, value, config) {
        (Nesting::Single, value, config) => empty(inside, value, config),
        (Nesting::Map, Value::Map(items), config) => {
            for (key, item) in items {
                empty(inside, item, config.get(key));
            }
        }
        (Nesting::List, Value::Seq(items), Value::Seq(config)) => {
            for (item, config) in items.iter_mut().zip(config) {
                empty(inside, item, config);
            }
        }
        _ => {}
    }
}

async fn facts<R: Planned>(connected: &Connected) -> Result<Facts, Diagnostics> {
    if !R::NEEDS_ZONES {
        return Ok(Facts::default());
    }
    let availability_zones = connected
        .zones()
        .await
        .map_err(|error| diagnose::calling("Reading Availability Zones Failed", &error))?;
    Ok(Facts { availability_zones })
}

/// The plan of a resource that does not exist: refuses what somebody else has.
async fn creation<R: Planned>(
    connected: &Connected,
    view: &mut R::View,
    graph: Option<Graph>,
) -> Result<(), Diagnostics> {
    let scope = &connected.scope;
    let predicted = graph.as_ref().map(|graph| {
        changes(
            None,
            graph,
            &Record::default(),
            &Drifted::new(),
            &BTreeSet::new(),
        )
    });
    let outputs = predicted.map(|changes| changes.outputs).unwrap_or_default();
    fill::<R>(scope, view, &outputs);
    R::common(view).drift = Cfg::Known(Vec::new());
    if let (Some(graph), Some(id)) = (graph, R::id(scope, view)) {
        refuse_foreign::<R>(connected, &id, &graph).await?;
    }
    Ok(())
}

/// Looks whether the main component, where it can be looked for already, belongs to another root. What
/// cannot be tagged is whose the components are that it needs.
async fn refuse_foreign<R: Planned>(
    connected: &Connected,
    id: &str,
    graph: &Graph,
) -> Result<(), Diagnostics> {
    let id = resource_id::<R>(id);
    for (key, node) in claims(graph) {
        let tags = own_tags(&connected.scope, &id, key);
        let seen = looked_for(connected, &id, node).await?;
        if let Some((owner, seen)) = seen
            .iter()
            .find_map(|seen| Some((other_owner(seen, &tags)?, seen)))
        {
            return Err(diagnose::foreign(
                &id,
                node.kind,
                &crate::engine::converge::object_name(seen),
                &owner,
            ));
        }
    }
    Ok(())
}

/// What has the name that a component will have; nothing when that is not known yet.
async fn looked_for(
    connected: &Connected,
    id: &ResourceId,
    node: &Node,
) -> Result<Vec<Seen>, Diagnostics> {
    let predicted = &node.predicted;
    let Some(name) = predicted.get("arn").or_else(|| predicted.get("name")) else {
        return Ok(Vec::new());
    };
    let found = connected.world.find(node.kind, Search::Named(name)).await;
    found.map_err(|error| diagnose::reading(id, &error))
}

/// Main components that are gone from where the state knows them, and that an apply has already made
/// anew under the name that is wanted now: it was killed before it could say so. They are taken over.
async fn remade<R: Planned>(
    connected: &Connected,
    prior: &mut R::View,
    view: &R::View,
) -> Result<BTreeSet<Key>, Diagnostics> {
    let scope = &connected.scope;
    let (_, missing) = drifted::<R>(prior);
    let mut found = BTreeSet::new();
    let (Some(graph), Some(id)) = (R::plan(scope, view), R::id(scope, view)) else {
        return Ok(found);
    };
    let id = resource_id::<R>(&id);
    let mains = graph.nodes.iter().filter(|(_, node)| node.main);
    for (key, node) in mains.filter(|(key, _)| missing.contains(*key)) {
        let tags = own_tags(scope, &id, key);
        let seen = looked_for(connected, &id, node).await?;
        if seen.iter().any(|seen| is_ours(seen, &tags)) {
            found.insert(key.clone());
        }
    }
    Ok(found)
}

/// The components whose tags say whose the resource is.
fn claims(graph: &Graph) -> impl Iterator<Item = (&Key, &Node)> {
    let tagged = |node: &Node| node.desired.contains_key("tags");
    let mains = graph.nodes.values().filter(|node| node.main);
    let needed: BTreeSet<Key> = mains
        .filter(|node| !tagged(node))
        .flat_map(Node::needs)
        .collect();
    let nodes = graph.nodes.iter();
    nodes.filter(move |(key, node)| tagged(node) && (node.main || needed.contains(key)))
}

/// The plan of a resource that exists. Answers the attributes that force a replacement.
fn change<R: Planned>(
    connected: &Connected,
    prior: &mut R::View,
    view: &mut R::View,
    after: Option<&Graph>,
    record: &Record,
    remade: &BTreeSet<Key>,
) -> Vec<Path> {
    let scope = &connected.scope;
    let former = stated_scope::<R>(scope, prior);
    let (drifted, missing) = drifted::<R>(prior);
    let before = R::plan(&former, prior);
    let changes = match after {
        Some(after) => changes(before.as_ref(), after, record, &drifted, &missing),
        None => Changes::default(),
    };
    let untouched = after.is_some() && changes.steps.is_empty() && !record.incomplete;
    fill::<R>(scope, view, &changes.outputs);
    R::common(view).drift = Cfg::Known(Vec::new());
    if untouched && drifted.is_empty() && missing.is_empty() {
        keep_computed::<R>(prior, view);
    }
    let lost = &missing - remade;
    replaced::<R>(scope, prior, view, before.as_ref(), record, &lost)
}

/// Nothing is written: computed attributes that the plan did not work out stay as they are.
fn keep_computed<R: Planned>(prior: &R::View, view: &mut R::View) {
    let block = R::Schema::block();
    let before = prior.to_value();
    let mut value = view.to_value();
    if let Some(fields) = value.as_map_mut() {
        for attribute in block
            .attributes
            .iter()
            .filter(|attribute| attribute.mode == Mode::Computed)
        {
            let unknown = !fields
                .get(&attribute.name)
                .is_some_and(Value::is_wholly_known);
            if unknown {
                fields.insert(attribute.name.clone(), before.get(&attribute.name).clone());
            }
        }
    }
    if let Ok(kept) = R::View::from_value(&value) {
        *view = kept;
    }
}

/// The fields of components that the state says have drifted, and the components that are missing.
pub(super) fn drifted<R: Planned>(prior: &mut R::View) -> (Drifted, BTreeSet<Key>) {
    let (mut drifted, mut missing) = (Drifted::new(), BTreeSet::new());
    let entries = match &R::common(prior).drift {
        Cfg::Known(entries) => entries.clone(),
        Cfg::Null | Cfg::Unknown(_) => Vec::new(),
    };
    for entry in entries.iter().filter_map(Cfg::known) {
        let Some(component) = entry.component.known() else {
            continue;
        };
        let key = Key(component.clone());
        let field = entry.field.known().cloned().unwrap_or_default();
        let gone = entry
            .observed
            .known()
            .is_some_and(|observed| observed == "nothing");
        if field.is_empty() && gone {
            missing.insert(key);
        } else {
            drifted.entry(key).or_default().insert(field);
        }
    }
    (drifted, missing)
}

/// Attributes that force a replacement: another natural key, or a main component that is gone.
fn replaced<R: Planned>(
    scope: &Scope,
    prior: &mut R::View,
    view: &mut R::View,
    before: Option<&Graph>,
    record: &Record,
    missing: &BTreeSet<Key>,
) -> Vec<Path> {
    // After a failed create the main component may never have been: then it is made, alone.
    let existed = |key: &Key| record.components.contains_key(key);
    let main_gone = before.is_some_and(|graph| {
        graph
            .nodes
            .iter()
            .any(|(key, node)| node.main && missing.contains(key) && existed(key))
    });
    if main_gone {
        return vec![Path::attribute(GONE)];
    }
    let old = R::common(prior).id.known().cloned();
    let new = R::id(scope, view);
    let attributes = R::ID_ATTRIBUTES.iter();
    if old.is_some() && new.is_none() {
        // Another key may come of it.
        let planned = view.to_value();
        return attributes
            .filter(|name| !planned.get(name).is_wholly_known())
            .map(|name| Path::attribute(*name))
            .collect();
    }
    if old.is_some() && new != old {
        return attributes.map(|name| Path::attribute(*name)).collect();
    }
    R::replaced_for(prior, view)
}

/// Whether an attribute differs that the framework will have the resource replaced for.
fn fixed_differ<R: Planned>(prior: Option<&R::View>, view: &R::View) -> bool {
    let Some(prior) = prior else { return false };
    let (before, after) = (prior.to_value(), view.to_value());
    let block = R::Schema::block();
    let fixed = block
        .attributes
        .iter()
        .filter(|attribute| attribute.replace == Replace::Always);
    fixed
        .map(|attribute| &attribute.name)
        .any(|name| before.get(name) != after.get(name))
}

/// What the change means for what it stands on, and for what stands on it.
fn ground<R: Planned>(
    connected: &Connected,
    prior: &mut R::View,
    view: &R::View,
    replaced: &[Path],
) -> Result<Vec<(ResourceId, Path)>, Diagnostics> {
    let id = R::common(prior).id.known().cloned();
    let change = ground::Change::<R> {
        prior,
        view,
        id,
        main_gone: replaced == [Path::attribute(GONE)],
        replaced: !replaced.is_empty() || fixed_differ::<R>(Some(prior), view),
    };
    ground::check::<R>(connected, &change)
}

/// Replaces a resource with those that it stands on.
fn replace_together<R: Planned>(
    together: Vec<(ResourceId, Path)>,
    view: &mut R::View,
    replaced: &mut Vec<Path>,
    found: &mut Diagnostics,
) {
    let id = R::common(view).id.known().cloned().unwrap_or_default();
    for (ground, at) in together {
        found.push(diagnose::replaced_together(&resource_id::<R>(&id), &ground).at(at.clone()));
        replaced.push(at);
        // Terraform heeds attributes only whose value changes, and a reference may stay the same.
        R::common(view).id = Cfg::unknown();
        replaced.push(Path::attribute("id"));
    }
}

/// The attribute that asks for a replacement when the main component is gone.
const GONE: &str = "drift";

/// The same resource twice in one root would fight itself.
fn claim<R: Planned>(
    connected: &Connected,
    view: &R::View,
    config: &Value,
    asked: Asked,
) -> Result<(), Diagnostics> {
    let Some(id) = R::id(&connected.scope, view) else {
        return Ok(());
    };
    let id = resource_id::<R>(id);
    match connected.claims.claim(&id, config, asked) {
        Claim::Free => Ok(()),
        Claim::Taken(other) => {
            let attribute = R::ID_ATTRIBUTES.last().copied().unwrap_or_default();
            Err(diagnose::twice(&id, config, &other)
                .at(Path::attribute(attribute))
                .into())
        }
    }
}
