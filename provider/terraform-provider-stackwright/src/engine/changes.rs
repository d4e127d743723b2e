//! What a change of configuration does to the components, before it is done.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};
use stackwright_aws::Recorded;
use stackwright_plan::diff;
use stackwright_plan::{Graph, Key, Kind, Node, Outputs};

use super::Record;
use super::observe::order;

/// What happens to one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// It is made.
    Create,
    /// Some of its fields are written.
    Update,
    /// A new one is made, then the old one is deleted.
    Replace,
    /// It is deleted.
    Delete,
}

/// Fields that have drifted, by component.
pub(crate) type Drifted = BTreeMap<Key, BTreeSet<String>>;

/// What a change does, and which outputs are known before it is done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes {
    /// By component; those that stay as they are are left out.
    pub(crate) steps: BTreeMap<Key, Step>,
    /// The fields that an [`Step::Update`] writes. A component without an entry is written whole.
    fields: BTreeMap<Key, BTreeSet<String>>,
    /// Ids and ARNs that are certain.
    pub(crate) outputs: Outputs,
}

impl Changes {
    /// Whether anything is done to a component.
    pub(crate) fn touch(&self, component: &Key) -> bool {
        self.steps.contains_key(component)
    }

    /// Whether an object is made for a component.
    pub(crate) fn make(&self, component: &Key) -> bool {
        matches!(
            self.steps.get(component),
            Some(Step::Create | Step::Replace)
        )
    }

    /// The tags of all components are written too: the plan did not know them.
    pub(crate) fn add_tags(&mut self, graph: &Graph) {
        let tagged = |(_, node): &(&Key, &Node)| node.desired.contains_key("tags");
        for (key, _) in graph.nodes.iter().filter(tagged) {
            let fields = match self.steps.get(key) {
                // Without a list all fields are.
                Some(_) => self.fields.get_mut(key),
                None => Some(self.fields.entry(key.clone()).or_default()),
            };
            if let Some(fields) = fields {
                fields.insert("tags".to_owned());
            }
            self.steps.entry(key.clone()).or_insert(Step::Update);
        }
    }

    /// Whether a field of a component is written.
    pub(crate) fn write(&self, component: &Key, field: &str) -> bool {
        self.touch(component)
            && self
                .fields
                .get(component)
                .is_none_or(|fields| fields.contains(field))
    }
}

/// Works out the steps from `before` to `after`. `drifted` components are written, `missing` ones made.
pub(crate) fn changes(
    before: Option<&Graph>,
    after: &Graph,
    record: &Record,
    drifted: &Drifted,
    missing: &BTreeSet<Key>,
) -> Changes {
    let old_outputs = record.outputs();
    let mut changes = Changes::default();
    for key in order(after) {
        let node = &after.nodes[&key];
        let desired = node.resolve(&changes.outputs);
        let old = before
            .and_then(|graph| graph.nodes.get(&key))
            .map(|node| node.resolve(&old_outputs));
        let exists = record.components.contains_key(&key) && !missing.contains(&key);
        let fields = old.map(|old| changed(&desired, &old, drifted.get(&key), node.kind));
        let step = match &fields {
            _ if !exists => Some(Step::Create),
            None => Some(Step::Update),
            Some(fields) => step(fields, node.kind).or(drifted.get(&key).map(|_| Step::Update)),
        };
        let outputs = match step {
            Some(Step::Create | Step::Replace) => node.predicted.clone(),
            _ => kept(
                record,
                &key,
                fields.as_ref().unwrap_or(&BTreeSet::new()),
                node.kind,
            ),
        };
        if let (Some(Step::Update), Some(fields)) = (step, fields) {
            changes.fields.insert(key.clone(), fields);
        }
        changes.outputs.0.insert(key.clone(), outputs);
        changes.steps.extend(step.map(|step| (key, step)));
    }
    let gone = record
        .components
        .keys()
        .filter(|key| !after.nodes.contains_key(*key));
    changes
        .steps
        .extend(gone.map(|key| (key.clone(), Step::Delete)));
    changes
}

/// The fields that are written: what is wanted otherwise, and what has drifted.
fn changed(
    desired: &Map<String, Json>,
    old: &Map<String, Json>,
    drifted: Option<&BTreeSet<String>>,
    kind: Kind,
) -> BTreeSet<String> {
    let fields = diff::fields(desired, old, kind.facts().unordered);
    let wanted = fields.iter().map(|field| field.top().to_owned());
    let top = |field: &String| field.split('.').next().unwrap_or_default().to_owned();
    let drifted = drifted.into_iter().flatten().map(top);
    wanted.chain(drifted).collect()
}

fn step(fields: &BTreeSet<String>, kind: Kind) -> Option<Step> {
    let mut fixed = kind.facts().replace.iter();
    if fixed.any(|field| fields.contains(*field)) {
        return Some(Step::Replace);
    }
    (!fields.is_empty()).then_some(Step::Update)
}

/// The outputs that stay as they are.
fn kept(record: &Record, key: &Key, fields: &BTreeSet<String>, kind: Kind) -> Recorded {
    let entry = record.components.get(key);
    let mut outputs = entry.map(|entry| entry.outputs.clone()).unwrap_or_default();
    for (field, output) in kind.facts().decides {
        if fields.contains(*field) {
            outputs.remove(*output);
        }
    }
    outputs
}
