//! Places of listener rules, changed together.
//!
//! AWS refuses a place that another rule has. So changes of one listener that come within a few
//! milliseconds go out in one `SetRulePriorities`, which AWS carries out as a whole: rules change
//! places in a circle, and no request meets an order that is half done.
//!
//! A rule of the same root that stands in the way, and has not asked for another place itself, makes
//! way to a free one. The plan refuses two resources that want one place, so the resource of that
//! rule is about to move or to delete it in the same apply.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types::{Rule, RulePriorityPair};
use stackwright_plan::component::ListenerRule;
use stackwright_plan::{OwnTags, priority, tag};
use tokio::sync::oneshot;

use crate::call::Op;
use crate::listener_rule::{create_at, forget, of_listener};
use crate::{Aws, AwsError, Freshness, elbv2};

const REORDER: Op = Op::new("elasticloadbalancing", "SetRulePriorities");
const CREATE: Op = Op::new("elasticloadbalancing", "CreateRule");

/// How long moves are collected.
const GATHER: Duration = Duration::from_millis(20);
/// How often a place is chosen again when another root takes it at the same moment.
const CHOICES: usize = 20;
const TAKEN: &[&str] = &["PriorityInUse"];

/// Moves under way, by listener.
#[derive(Debug, Default)]
pub(crate) struct RulePlaces {
    listeners: Mutex<HashMap<String, Arc<Listener>>>,
}

#[derive(Debug, Default)]
struct Listener {
    waiting: Mutex<Vec<Waiting>>,
    /// Held by whoever reads and changes places.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Waiting {
    rule: Move,
    answer: oneshot::Sender<Result<(), AwsError>>,
}

/// A rule that wants another place.
#[derive(Debug, Clone)]
struct Move {
    arn: String,
    to: i32,
    of: Option<OwnTags>,
}

/// A rule that stands somewhere.
#[derive(Debug, Clone, PartialEq)]
struct Standing {
    arn: String,
    at: i32,
}

/// Moves a rule, together with others of its listener.
pub(crate) async fn move_to(
    aws: &Aws,
    desired: &ListenerRule,
    arn: &str,
    to: i32,
) -> Result<(), AwsError> {
    let name = desired.listener_arn.get();
    let listener = aws.loaders.rule_places.listener(name);
    let (answer, answered) = oneshot::channel();
    let rule = Move {
        arn: arn.to_owned(),
        to,
        of: OwnTags::read(&desired.tags),
    };
    lock(&listener.waiting).push(Waiting { rule, answer });
    tokio::time::sleep(GATHER).await;
    {
        let _turn = listener.turn.lock().await;
        send(aws, name, &listener).await;
    }
    answered.await.unwrap_or_else(|_| {
        let what = format!("rule {arn} to move to priority {to}");
        Err(AwsError::Timeout { what })
    })
}

/// Makes a rule at the place that it names, or at a free one. Answers its ARN and place.
pub(crate) async fn make(aws: &Aws, desired: &ListenerRule) -> Result<(String, i32), AwsError> {
    let name = desired.listener_arn.get();
    let listener = aws.loaders.rule_places.listener(name);
    // Rules that are there already move first: often to make room for this one.
    tokio::time::sleep(GATHER).await;
    let _turn = listener.turn.lock().await;
    send(aws, name, &listener).await;
    match desired.priority {
        Some(at) => {
            make_room(aws, desired, at).await?;
            Ok((create_at(desired, aws, at).await?, at))
        }
        None => make_anywhere(aws, desired).await,
    }
}

/// Does something with the rules of a listener while nobody reads and changes their places.
pub(crate) async fn in_turn<T>(aws: &Aws, listener: &str, work: impl Future<Output = T>) -> T {
    let listener = aws.loaders.rule_places.listener(listener);
    let _turn = listener.turn.lock().await;
    work.await
}

/// Another process may take the chosen place meanwhile.
async fn make_anywhere(aws: &Aws, desired: &ListenerRule) -> Result<(String, i32), AwsError> {
    let mut refused = None;
    for _ in 0..CHOICES {
        let at = choose(aws, desired).await?;
        match create_at(desired, aws, at).await {
            Err(error) if error.is_code(TAKEN) => refused = Some(error),
            made => return made.map(|arn| (arn, at)),
        }
    }
    Err(refused.unwrap_or(CREATE.lacks("Priority")))
}

async fn choose(aws: &Aws, desired: &ListenerRule) -> Result<i32, AwsError> {
    let taken = standing(aws, desired.listener_arn.get()).await?;
    let tag = |key: &str| desired.tags.get(key).map_or("", String::as_str);
    let identity = format!("{}/{}", tag(tag::ID), tag(tag::COMPONENT));
    let (hosts, paths) = (&desired.host_headers, &desired.path_patterns);
    let preferred = priority::preferred(hosts, paths, &identity);
    let taken = taken.iter().map(|rule| rule.at).collect();
    // All 50000 taken: AWS says so, in its words.
    Ok(priority::free(preferred, &taken).unwrap_or(preferred))
}

/// Whoever stands where a new rule has to go, makes way.
async fn make_room(aws: &Aws, desired: &ListenerRule, at: i32) -> Result<(), AwsError> {
    let name = desired.listener_arn.get();
    let rules = standing(aws, name).await?;
    let Some(there) = rules.iter().find(|rule| rule.at == at) else {
        return Ok(());
    };
    let of = OwnTags::read(&desired.tags);
    refuse_stranger(aws, &there.arn, at, of.as_ref()).await?;
    let mut taken: BTreeSet<i32> = rules.iter().map(|rule| rule.at).collect();
    let away = step_aside(there, &mut taken);
    reorder(aws, name, vec![away]).await
}

/// Carries out what is waiting. Whoever is refused hears of it alone.
async fn send(aws: &Aws, name: &str, listener: &Listener) {
    let batch = std::mem::take(&mut *lock(&listener.waiting));
    if batch.is_empty() {
        return;
    }
    let mut going = Vec::new();
    let rules = standing(aws, name).await;
    for Waiting { rule, answer } in batch {
        let free = match &rules {
            Ok(rules) => may_go(aws, &rule, rules).await,
            Err(error) => Err(error.clone()),
        };
        match free {
            Ok(()) => going.push((rule, answer)),
            // The caller may have been stopped: then nobody listens.
            Err(error) => drop(answer.send(Err(error))),
        }
    }
    let moves: BTreeMap<String, i32> = going
        .iter()
        .map(|(rule, _)| (rule.arn.clone(), rule.to))
        .collect();
    let places = new_places(&rules.unwrap_or_default(), &moves);
    let done = reorder(aws, name, places).await;
    for (_, answer) in going {
        let _ = answer.send(done.clone());
    }
}

async fn may_go(aws: &Aws, rule: &Move, rules: &[Standing]) -> Result<(), AwsError> {
    match rules.iter().find(|other| other.at == rule.to) {
        Some(there) if there.arn != rule.arn => {
            refuse_stranger(aws, &there.arn, rule.to, rule.of.as_ref()).await
        }
        _ => Ok(()),
    }
}

/// The place that each rule gets: those that move, and those that stand in their way.
fn new_places(rules: &[Standing], moves: &BTreeMap<String, i32>) -> Vec<Standing> {
    let wanted: BTreeSet<i32> = moves.values().copied().collect();
    let mut taken: BTreeSet<i32> = rules.iter().map(|rule| rule.at).collect();
    taken.extend(&wanted);
    let mut places = Vec::new();
    for rule in rules {
        match moves.get(&rule.arn) {
            Some(to) if *to != rule.at => places.push(Standing {
                at: *to,
                ..rule.clone()
            }),
            None if wanted.contains(&rule.at) => places.push(step_aside(rule, &mut taken)),
            _ => {}
        }
    }
    places
}

/// The next free place behind a rule, so that it keeps its order among its neighbours.
fn step_aside(rule: &Standing, taken: &mut BTreeSet<i32>) -> Standing {
    let at = priority::free(rule.at, taken).unwrap_or(rule.at);
    taken.insert(at);
    Standing { at, ..rule.clone() }
}

/// Rules of other roots stay where they are.
async fn refuse_stranger(
    aws: &Aws,
    arn: &str,
    at: i32,
    of: Option<&OwnTags>,
) -> Result<(), AwsError> {
    let tags = elbv2::tags(aws, arn, Freshness::Fresh).await?;
    let theirs = OwnTags::read(&tags);
    let root = |tags: &OwnTags| {
        let OwnTags {
            project,
            environment,
            owner,
            ..
        } = tags;
        (project.clone(), environment.clone(), owner.clone())
    };
    if theirs.as_ref().map(root) == of.map(root) && of.is_some() {
        return Ok(());
    }
    let by = theirs.map_or_else(
        || format!("{arn}, a rule without tags of Stackwright"),
        |tags| format!("the rule of {} of root `{}`", tags.id, tags.owner),
    );
    Err(AwsError::Taken {
        what: format!("priority {at}"),
        by,
    })
}

/// The rules of a listener but its default one, as they are now.
async fn standing(aws: &Aws, listener: &str) -> Result<Vec<Standing>, AwsError> {
    let rules = of_listener(aws, listener, Freshness::Fresh).await?;
    let stands = |rule: &Rule| {
        Some(Standing {
            arn: rule.rule_arn()?.to_owned(),
            at: rule.priority()?.parse().ok()?,
        })
    };
    Ok(rules.iter().filter_map(stands).collect())
}

async fn reorder(aws: &Aws, listener: &str, places: Vec<Standing>) -> Result<(), AwsError> {
    if places.is_empty() {
        return Ok(());
    }
    let pair = |rule: &Standing| {
        let pair = RulePriorityPair::builder().rule_arn(&rule.arn);
        pair.priority(rule.at).build()
    };
    let request = aws.elbv2().set_rule_priorities();
    let request = request.set_rule_priorities(Some(places.iter().map(pair).collect()));
    let moved = aws.call(REORDER, request.send()).await;
    forget(aws, listener);
    moved.map(drop)
}

impl RulePlaces {
    fn listener(&self, arn: &str) -> Arc<Listener> {
        Arc::clone(lock(&self.listeners).entry(arn.to_owned()).or_default())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(places: &[(&str, i32)]) -> Vec<Standing> {
        let rule = |(arn, at): &(&str, i32)| Standing {
            arn: (*arn).to_owned(),
            at: *at,
        };
        places.iter().map(rule).collect()
    }

    fn after(before: &[(&str, i32)], moves: &[(&str, i32)]) -> Vec<Standing> {
        let moves = moves.iter().map(|(arn, to)| ((*arn).to_owned(), *to));
        new_places(&rules(before), &moves.collect())
    }

    #[test]
    fn rules_change_places_in_a_circle() {
        let before = [("a", 1), ("b", 2), ("c", 3)];
        let moves = [("a", 2), ("b", 3), ("c", 1)];
        assert_eq!(after(&before, &moves), rules(&moves));
    }

    #[test]
    fn a_rule_that_does_not_move_makes_way_to_the_next_free_place() {
        let before = [("a", 1), ("b", 2), ("c", 3)];
        assert_eq!(after(&before, &[("c", 1)]), rules(&[("a", 4), ("c", 1)]));
    }

    #[test]
    fn a_place_that_another_one_is_about_to_take_is_not_free() {
        let before = [("a", 1), ("b", 2)];
        let moves = [("b", 1), ("n", 3)];
        assert_eq!(after(&before, &moves), rules(&[("a", 4), ("b", 1)]));
    }

    #[test]
    fn a_rule_that_is_where_it_wants_to_be_stays() {
        assert_eq!(after(&[("a", 1)], &[("a", 1)]), []);
    }
}
