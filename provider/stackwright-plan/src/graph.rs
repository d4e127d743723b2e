//! Components and the edges between them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use tfplugin_types::{Cfg, Refinements};

use crate::UnknownTags;
use crate::component::{Component, Kind};
use crate::input::{FROM, UNKNOWN};

/// The stable key of a component inside its resource: `role.task`, `subnet.private.us-west-2a`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub String);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Key {
    fn from(key: &str) -> Self {
        Self(key.to_owned())
    }
}

impl From<String> for Key {
    fn from(key: String) -> Self {
        Self(key)
    }
}

/// One AWS object that a resource wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Which adapter it belongs to.
    pub kind: Kind,
    /// The desired value, with edges as markers until they are resolved.
    pub desired: Map<String, Json>,
    /// Outputs that are certain before the object exists (an ARN that follows from the name).
    pub predicted: BTreeMap<String, String>,
    /// Components that must exist first although no value flows.
    pub after: BTreeSet<Key>,
    /// The resource cannot live without it: when it is gone, the resource is replaced.
    pub main: bool,
    /// A field of another component that says which object this one is: `service.task_definition`
    /// names the revision that runs, also when somebody else deployed it.
    pub identified_by: Option<(Key, &'static str)>,
}

/// The components of one resource.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Graph {
    /// By key.
    pub nodes: BTreeMap<Key, Node>,
}

impl Graph {
    /// Adds a component.
    ///
    /// # Panics
    /// When the key is taken, which is a bug of the resource.
    pub fn add<C: Component>(&mut self, key: impl Into<Key>, component: &C) -> &mut Node {
        let desired = to_map(component);
        let key = key.into();
        let node = Node {
            kind: C::KIND,
            desired,
            predicted: BTreeMap::new(),
            after: BTreeSet::new(),
            main: false,
            identified_by: None,
        };
        assert!(
            !self.nodes.contains_key(&key),
            "this is a bug in stackwright: two components `{key}`"
        );
        self.nodes.entry(key).or_insert(node)
    }
}

impl Graph {
    /// Marks tags whose values are not known yet. A resource's own tag of the same key wins over the
    /// default tag.
    pub fn mark_unknown_tags(&mut self, unknown: &UnknownTags) {
        let marker = || Json::from(Map::from_iter([(UNKNOWN.to_owned(), Json::Bool(true))]));
        for node in self.nodes.values_mut() {
            let Some(tags) = node.desired.get_mut("tags") else {
                continue;
            };
            match (unknown, tags) {
                (UnknownTags::All, tags) => *tags = marker(),
                (UnknownTags::Keys(keys), Json::Object(tags)) => {
                    for key in keys {
                        tags.entry(key.clone()).or_insert_with(marker);
                    }
                }
                (UnknownTags::None | UnknownTags::Keys(_), _) => {}
            }
        }
    }
}

/// The JSON form of a component.
pub fn to_map<C: Component>(component: &C) -> Map<String, Json> {
    match serde_json::to_value(component) {
        Ok(Json::Object(map)) => map,
        _ => unreachable!("components are plain structs"),
    }
}

impl Node {
    /// An output that is certain before the object exists.
    pub fn predict(&mut self, output: &str, value: impl Into<String>) -> &mut Self {
        self.predicted.insert(output.to_owned(), value.into());
        self
    }

    /// Another component must exist first.
    pub fn after(&mut self, key: impl Into<Key>) -> &mut Self {
        self.after.insert(key.into());
        self
    }

    /// A field of another component says which object this one is.
    pub fn identified_by(&mut self, key: impl Into<Key>, field: &'static str) -> &mut Self {
        self.identified_by = Some((key.into(), field));
        self
    }

    /// The resource cannot live without it.
    pub const fn main(&mut self) -> &mut Self {
        self.main = true;
        self
    }

    /// Every component that this one needs: edges of values and of order.
    pub fn needs(&self) -> BTreeSet<Key> {
        let mut found = self.after.clone();
        self.desired
            .values()
            .for_each(|value| edges(value, &mut found));
        found
    }

    /// The desired value with its edges replaced by outputs. What is not known stays marked.
    pub fn resolve(&self, outputs: &Outputs) -> Map<String, Json> {
        let resolve = |(name, value): (&String, &Json)| (name.clone(), resolved(value, outputs));
        self.desired.iter().map(resolve).collect()
    }
}

/// Whether a part of a desired value is not known yet.
pub fn has_unknown(value: &Json) -> bool {
    match value {
        Json::Object(map) => {
            map.contains_key(UNKNOWN) || map.contains_key(FROM) || map.values().any(has_unknown)
        }
        Json::Array(items) => items.iter().any(has_unknown),
        _ => false,
    }
}

fn edge(map: &Map<String, Json>) -> Option<(Key, &str)> {
    let parts = map.get(FROM)?.as_array()?;
    Some((
        Key(parts.first()?.as_str()?.to_owned()),
        parts.get(1)?.as_str()?,
    ))
}

fn edges(value: &Json, found: &mut BTreeSet<Key>) {
    match value {
        Json::Object(map) => match edge(map) {
            Some((key, _)) => drop(found.insert(key)),
            None => map.values().for_each(|value| edges(value, found)),
        },
        Json::Array(items) => items.iter().for_each(|value| edges(value, found)),
        _ => {}
    }
}

fn resolved(value: &Json, outputs: &Outputs) -> Json {
    match value {
        Json::Object(map) => match edge(map) {
            Some((key, output)) => match outputs.get(&key, output) {
                Cfg::Known(text) => Json::String(text),
                Cfg::Null | Cfg::Unknown(_) => serde_json::json!({ UNKNOWN: true }),
            },
            None => Json::Object(
                map.iter()
                    .map(|(name, value)| (name.clone(), resolved(value, outputs)))
                    .collect(),
            ),
        },
        Json::Array(items) => items.iter().map(|value| resolved(value, outputs)).collect(),
        other => other.clone(),
    }
}

/// What is known of the components' outputs: ids, ARNs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outputs(pub BTreeMap<Key, BTreeMap<String, String>>);

impl Outputs {
    /// An output of a component; unknown until the component exists, but never null.
    pub fn get(&self, key: &Key, output: &str) -> Cfg<String> {
        self.0
            .get(key)
            .and_then(|outputs| outputs.get(output))
            .cloned()
            .map_or_else(|| Cfg::Unknown(Refinements::not_null()), Cfg::Known)
    }
}
