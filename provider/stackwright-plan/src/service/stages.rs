//! Moving requests from old to new target groups without a moment in which a rule points at a
//! target group that nobody answers for.
//!
//! ECS takes a target group only when it belongs to a load balancer, which a rule makes it; and it
//! stops the former tasks as soon as the new ones are healthy in the new target group. So a move
//! takes three steps:
//!
//! 1. the new target groups join the rules with a weight of 0, and the tasks are registered in the
//!    old and the new ones;
//! 2. when they are healthy there, the rules point to the new ones alone;
//! 3. the service leaves the old ones, and they are deleted.
//!
//! What AWS has decides which steps are left, so an apply that was killed goes on where it was.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::inputs::{ROUTER_EGRESS, ROUTER_INGRESS, RULE, SERVICE, TARGET_GROUP};
use crate::input::FROM;
use crate::resource::{Found, Seen};
use crate::{Graph, Key, Node};

/// The graphs to go through before `planned`.
pub(super) fn stages(prior: &Graph, planned: &Graph, found: &Found) -> Vec<Graph> {
    let dropped = dropped(prior, planned, found);
    if dropped.is_empty() {
        return Vec::new();
    }
    let gains = target_groups(planned).any(|key| !prior.nodes.contains_key(key));
    if gains {
        let both = both(prior, planned, found, &dropped);
        let switched = with_rules(both.clone(), planned);
        vec![both, switched]
    } else {
        vec![with_rules(prior.clone(), planned)]
    }
}

/// Whether a target group is given up, so that there may be stages.
pub(super) fn moves(prior: &Graph, planned: &Graph) -> bool {
    target_groups(prior).any(|key| !planned.nodes.contains_key(key))
}

fn target_groups(graph: &Graph) -> impl Iterator<Item = &Key> {
    let is_one = |key: &&Key| key.0.starts_with(TARGET_GROUP);
    graph.nodes.keys().filter(is_one)
}

/// Target groups that are not wanted any more, in which tasks are registered and to which requests go, by ARN.
/// One to which none go is left at once: it may belong to no load balancer any more, and then ECS refuses every
/// change of a service that still names it.
fn dropped(prior: &Graph, planned: &Graph, found: &Found) -> BTreeMap<String, Key> {
    let registered = found
        .get(&Key::from(SERVICE))
        .map(registered)
        .unwrap_or_default();
    let rules = found.iter().filter(|(key, _)| key.0.starts_with(RULE));
    let served: BTreeSet<String> = rules.flat_map(|(_, rule)| serving(rule)).collect();
    target_groups(prior)
        .filter(|key| !planned.nodes.contains_key(key))
        .filter_map(|key| Some((found.get(key)?.outputs.get("arn")?.clone(), key.clone())))
        .filter(|(arn, _)| registered.contains(arn) && served.contains(arn))
        .collect()
}

fn texts(items: Option<&Json>, field: &str) -> Vec<String> {
    let text = |item: &Json| item.get(field)?.as_str().map(str::to_owned);
    let items = items.and_then(Json::as_array);
    items.into_iter().flatten().filter_map(text).collect()
}

fn registered(service: &Seen) -> BTreeSet<String> {
    let groups = texts(service.fields.get("load_balancers"), "target_group_arn");
    groups.into_iter().collect()
}

/// A graph with the rules of another; those that the other does not have are gone.
fn with_rules(mut graph: Graph, planned: &Graph) -> Graph {
    graph.nodes.retain(|key, _| !key.0.starts_with(RULE));
    let rules = planned.nodes.iter();
    let rules = rules.filter(|(key, _)| key.0.starts_with(RULE));
    graph
        .nodes
        .extend(rules.map(|(key, node)| (key.clone(), node.clone())));
    let kept: BTreeSet<Key> = graph.nodes.keys().cloned().collect();
    for node in graph.nodes.values_mut() {
        node.after.retain(|key| kept.contains(key));
    }
    graph
}

/// What is planned, and beside it the old target groups with the way to them.
fn both(prior: &Graph, planned: &Graph, found: &Found, dropped: &BTreeMap<String, Key>) -> Graph {
    let mut graph = planned.clone();
    let ways = [ROUTER_INGRESS, ROUTER_EGRESS];
    for (key, node) in &prior.nodes {
        let is_way = ways.iter().any(|prefix| key.0.starts_with(prefix));
        if is_way || dropped.values().any(|old| old == key) {
            graph
                .nodes
                .entry(key.clone())
                .or_insert_with(|| node.clone());
        }
    }
    for (key, node) in &mut graph.nodes {
        if key.0.starts_with(RULE) {
            wait_for_targets(key, node, prior, found, dropped);
        }
    }
    if let Some(service) = graph.nodes.get_mut(&Key::from(SERVICE)) {
        register_in(service, dropped.values());
    }
    graph
}

/// A rule that sends requests to old target groups goes on to do so; the new one joins it without
/// any. One that moves to another listener is made there beside the old one.
fn wait_for_targets(
    key: &Key,
    node: &mut Node,
    prior: &Graph,
    found: &Found,
    dropped: &BTreeMap<String, Key>,
) {
    let stays = prior.nodes.get(key).is_some_and(|before| {
        before.desired.get("listener_arn") == node.desired.get("listener_arn")
    });
    let now = found.get(key).map(serving).unwrap_or_default();
    let old: Vec<&Key> = now.iter().filter_map(|arn| dropped.get(arn)).collect();
    if !stays || old.is_empty() || old.len() != now.len() {
        return;
    }
    let Some(Json::Array(targets)) = node.desired.get_mut("targets") else {
        return;
    };
    for target in targets.iter_mut() {
        target["weight"] = json!(0);
    }
    let still = |key: &&Key| json!({ "target_group_arn": { FROM: [key, "arn"] }, "weight": 1 });
    targets.extend(old.iter().map(still));
}

/// Target groups to which a rule sends requests.
fn serving(rule: &Seen) -> Vec<String> {
    let targets = rule.fields.get("targets").and_then(Json::as_array);
    let serves = |target: &&Json| target.get("weight").and_then(Json::as_i64) != Some(0);
    let arn = |target: &Json| target.get("target_group_arn")?.as_str().map(str::to_owned);
    targets
        .into_iter()
        .flatten()
        .filter(serves)
        .filter_map(arn)
        .collect()
}

/// The tasks are registered in the old target groups too, with the port that they have now.
fn register_in<'a>(service: &mut Node, old: impl Iterator<Item = &'a Key>) {
    let Some(Json::Array(targets)) = service.desired.get_mut("load_balancers") else {
        return;
    };
    let Some(like) = targets.first().cloned() else {
        return;
    };
    for key in old {
        let mut target = like.clone();
        target["target_group_arn"] = json!({ FROM: [key, "arn"] });
        targets.push(target);
    }
}
