//! Naming what AWS has otherwise than Terraform wrote it.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};
use stackwright_plan::diff::{self, FieldDiff};
use stackwright_plan::{Graph, Key, Node, OwnTags, UnknownTags, has_unknown};

use super::observe::Observation;
use super::record::digest;
use super::{Entry, Record, Seen};

/// Why something differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Somebody else changed it.
    Outside,
    /// This provider wants something else than the one that wrote it.
    Provider,
}

/// One difference, by component.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    /// The component.
    pub(crate) component: Key,
    /// The field, or nothing when the whole component is missing or too much.
    pub(crate) field: Option<FieldDiff>,
    /// Whether the component exists.
    pub(crate) exists: bool,
    /// Whether its values may be shown.
    pub(crate) redacted: bool,
    /// Why.
    pub(crate) cause: Cause,
}

/// What the user told us to leave alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ignore {
    /// `component` or `component.field`.
    pub(crate) drift: BTreeSet<String>,
    /// Tag keys.
    pub(crate) tags: BTreeSet<String>,
    /// Default tags that are not known in this plan.
    pub(crate) unknown_tags: UnknownTags,
    /// `refresh = "fast"`: tags that AWS tells in further calls were not read.
    pub(crate) fast: bool,
}

impl Ignore {
    /// Whether the field was not read: an object of ours has tags, and a target group attributes, so
    /// none means not asked.
    fn is_unread(&self, field: &FieldDiff, seen: &Seen) -> bool {
        let empty = |name: &str| {
            let map = seen.fields.get(name).and_then(Json::as_object);
            map.is_some_and(Map::is_empty)
        };
        self.fast
            && match field.top() {
                "tags" => seen.tags.is_empty(),
                "attributes" => empty("attributes"),
                _ => false,
            }
    }

    /// Whether a tag that others may set.
    pub(crate) fn covers_tag(&self, field: &str) -> bool {
        field
            .strip_prefix("tags.")
            .is_some_and(|key| self.tags.contains(key) || self.unknown_tags.cover(key))
    }

    /// Whether drift of a field of a component is left alone.
    pub(crate) fn covers(&self, component: &Key, field: &str) -> bool {
        let whole = format!("{component}.{field}");
        let drift = self.drift.iter().any(|pattern| {
            whole == *pattern
                || whole
                    .strip_prefix(pattern)
                    .is_some_and(|rest| rest.starts_with('.'))
        });
        drift || self.covers_tag(field)
    }
}

/// All differences between what a graph wants and what was observed.
pub(crate) fn differences(
    graph: &Graph,
    record: &Record,
    observed: &Observation,
    ignore: &Ignore,
) -> Vec<Difference> {
    let outputs = observed.outputs();
    let mut all = Vec::new();
    for (key, node) in &graph.nodes {
        let entry = record.components.get(key);
        match observed.found.get(key) {
            None => all.push(missing(key, entry)),
            Some(seen) => {
                let desired = node.resolve(&outputs);
                all.extend(of_component(key, node, &desired, seen, entry, ignore));
            }
        }
    }
    all.extend(observed.leftover.iter().map(too_much));
    all.extend(
        observed
            .retired
            .iter()
            .map(|it| too_much(&replaced(&it.key))),
    );
    all.retain(|difference| {
        difference.field.is_some() || !ignore.covers(&difference.component, "")
    });
    all
}

fn missing(key: &Key, entry: Option<&Entry>) -> Difference {
    let cause = if entry.is_some() {
        Cause::Outside
    } else {
        Cause::Provider
    };
    Difference {
        component: key.clone(),
        field: None,
        exists: false,
        redacted: false,
        cause,
    }
}

/// What the drift list calls an object that its component has no more.
fn replaced(key: &Key) -> Key {
    Key(format!("{key} (replaced)"))
}

fn too_much(key: &Key) -> Difference {
    let cause = Cause::Provider;
    Difference {
        component: key.clone(),
        field: None,
        exists: true,
        redacted: false,
        cause,
    }
}

fn of_component(
    key: &Key,
    node: &Node,
    desired: &Map<String, Json>,
    seen: &Seen,
    entry: Option<&Entry>,
    ignore: &Ignore,
) -> Vec<Difference> {
    let facts = node.kind.facts();
    fields(node, desired, seen, entry)
        .into_iter()
        .filter(|field| !ignore.covers(key, &field.field) && !ignore.is_unread(field, seen))
        .map(|field| Difference {
            component: key.clone(),
            exists: true,
            redacted: diff::is_redacted(&field.field, facts.redacted),
            cause: cause(&field, desired, entry),
            field: Some(field),
        })
        .collect()
}

/// The fields of one component that differ, without those that AWS's own spelling excuses, and
/// without the tags of an object that somebody else has deployed in place of ours.
pub(crate) fn fields(
    node: &Node,
    desired: &Map<String, Json>,
    seen: &Seen,
    entry: Option<&Entry>,
) -> Vec<FieldDiff> {
    let stands_in = node.identified_by.is_some() && seen.own_tags().is_none();
    let mut found = diff::fields(desired, &seen.fields, node.kind.facts().unordered);
    found.retain(|field| {
        let excused = stands_in && field.top() == "tags";
        !excused && !is_normalised(field.top(), desired, seen, entry)
    });
    found
}

/// AWS gave the field back in another spelling right after we wrote it, and nothing changed since.
fn is_normalised(
    field: &str,
    desired: &Map<String, Json>,
    seen: &Seen,
    entry: Option<&Entry>,
) -> bool {
    let Some(entry) = entry else { return false };
    let same = |digests: &std::collections::BTreeMap<String, String>,
                values: &Map<String, Json>| {
        digests
            .get(field)
            .is_some_and(|known| *known == digest(values.get(field).unwrap_or(&Json::Null)))
    };
    same(&entry.normalised, &seen.fields) && same(&entry.applied, desired)
}

fn cause(field: &FieldDiff, desired: &Map<String, Json>, entry: Option<&Entry>) -> Cause {
    let applied = entry.and_then(|entry| entry.applied.get(field.top()));
    let wanted = desired.get(field.top()).map(digest);
    match (applied, wanted) {
        (Some(applied), Some(wanted)) if *applied != wanted => Cause::Provider,
        _ => Cause::Outside,
    }
}

/// A value as the drift list shows it.
pub(crate) fn shown(value: Option<&Json>, redacted: bool) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(_) if redacted => "(not shown)".to_owned(),
        Some(value) if has_unknown(value) => "(known after apply)".to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The owner that an object's tags name, when it is not `ours`.
pub(crate) fn other_owner(seen: &Seen, ours: &OwnTags) -> Option<String> {
    match seen.own_tags() {
        Some(theirs) if theirs == *ours => None,
        Some(theirs) => Some(format!(
            "`{}` (as {} of {})",
            theirs.owner, theirs.component, theirs.id
        )),
        None => Some("nobody that Stackwright knows: it has none of Stackwright's tags".to_owned()),
    }
}
