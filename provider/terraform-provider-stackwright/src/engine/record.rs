//! What the engine keeps in a resource's private state.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};
use stackwright_aws::Recorded;
use stackwright_plan::{Graph, Key, Kind, Node, Outputs};

/// The components of one resource that exist.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    /// By key.
    #[serde(default)]
    pub(crate) components: BTreeMap<Key, Entry>,
    /// Objects that are not wanted any more and wait for their delete. No object is here and in
    /// `components`: see [`Record::hold`] and [`Record::retire`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) retired: Vec<Retired>,
    /// The last create or update did not reach its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) incomplete: bool,
    /// The run that has applied it last, when that run keeps a journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// The create has not reached its end in any apply since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unborn: bool,
}

/// An object that a component had before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retired {
    /// The component. A change that is reverted wants the object back, and finds it by this.
    pub(crate) key: Key,
    /// The object.
    #[serde(flatten)]
    pub(crate) entry: Entry,
}

/// One object that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Which adapter.
    pub(crate) kind: Kind,
    /// Ids and ARNs.
    pub(crate) outputs: Recorded,
    /// Components that it needs: they are deleted after it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) needs: BTreeSet<Key>,
    /// Digest of each field as it was last written.
    #[serde(default)]
    pub(crate) applied: BTreeMap<String, String>,
    /// Somebody else has put it in place of ours, and it is not as we want it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) stands_in: bool,
    /// Digest of each field that AWS gave back otherwise than it was written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) normalised: BTreeMap<String, String>,
}

impl Record {
    /// The outputs of all components that exist.
    pub(crate) fn outputs(&self) -> Outputs {
        let outputs = |(key, entry): (&Key, &Entry)| (key.clone(), entry.outputs.clone());
        Outputs(self.components.iter().map(outputs).collect())
    }

    /// Whether nothing exists.
    pub(crate) fn is_empty(&self) -> bool {
        self.components.is_empty() && self.retired.is_empty()
    }

    /// Makes an object that of a component. It does not wait for its delete any more, if it did.
    pub(crate) fn hold(&mut self, key: Key, entry: Entry) {
        self.retired
            .retain(|retired| !retired.entry.is_object_of(&entry));
        self.components.insert(key, entry);
    }

    /// Gives an object up: it waits for its delete, unless a component still has it.
    pub(crate) fn retire(&mut self, key: Key, entry: Entry) {
        let mut known = self
            .components
            .values()
            .chain(self.retired.iter().map(|it| &it.entry));
        if !known.any(|other| other.is_object_of(&entry)) {
            self.retired.push(Retired { key, entry });
        }
    }

    /// Takes out a component that does not exist any more. Whatever needed it needs what it needed: its
    /// place between two others in the order of deletes is not lost.
    pub(crate) fn remove(&mut self, key: &Key) {
        let Some(gone) = self.components.remove(key) else {
            return;
        };
        let retired = self.retired.iter_mut().map(|it| &mut it.entry);
        let entries = self.components.values_mut().chain(retired);
        for entry in entries.filter(|entry| entry.needs.contains(key)) {
            entry.needs.extend(gone.needs.iter().cloned());
        }
    }

    /// Whatever needs something that does not exist needs what that would need. A record that was lost and put
    /// together again, from a change that was stopped half-way, has such gaps; without this, what they join would be
    /// deleted at once.
    pub(crate) fn bridge_gaps(&mut self, graph: &Graph) {
        let retired = self.retired.iter().map(|it| &it.key);
        let known: BTreeSet<Key> = self.components.keys().chain(retired).cloned().collect();
        let retired = self.retired.iter_mut().map(|it| &mut it.entry);
        for entry in self.components.values_mut().chain(retired) {
            let mut gaps: Vec<Key> = entry.needs.difference(&known).cloned().collect();
            while let Some(gap) = gaps.pop() {
                let needs = graph.nodes.get(&gap).map(Node::needs).unwrap_or_default();
                let new = needs.into_iter().filter(|need| !entry.needs.contains(need));
                let new: Vec<Key> = new.collect();
                gaps.extend(new.iter().filter(|need| !known.contains(*need)).cloned());
                entry.needs.extend(new);
            }
        }
    }

    /// Everything by which AWS knows the objects of the record.
    pub(crate) fn objects(&self) -> BTreeSet<&str> {
        let retired = self.retired.iter().map(|it| &it.entry);
        let entries = self.components.values().chain(retired);
        let outputs = entries.flat_map(|entry| entry.outputs.values());
        outputs.map(String::as_str).collect()
    }

    /// The objects that a component had before, the newest first.
    pub(crate) fn retired_of(&self, key: &Key) -> Vec<Entry> {
        let of_it = self.retired.iter().rev().filter(|it| it.key == *key);
        of_it.map(|it| it.entry.clone()).collect()
    }
}

impl Entry {
    /// What AWS knows the object by.
    pub(crate) fn object(&self) -> Option<&str> {
        object(&self.outputs)
    }

    /// Whether both stand for one AWS object.
    pub(crate) fn is_object_of(&self, other: &Self) -> bool {
        self.kind == other.kind && self.object().is_some() && self.object() == other.object()
    }
}

/// The output by which AWS knows an object: ids and ARNs are never given twice, names are.
pub(crate) fn object(outputs: &Recorded) -> Option<&str> {
    ["id", "arn", "name"]
        .iter()
        .find_map(|name| outputs.get(*name).map(String::as_str))
}

/// A short digest of a value: enough to see that it differs, useless to learn it.
pub(crate) fn digest(value: &Json) -> String {
    let digest = Sha256::digest(value.to_string().as_bytes());
    digest
        .iter()
        .take(8)
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The digest of each field.
pub(crate) fn digests(fields: &Map<String, Json>) -> BTreeMap<String, String> {
    let known = fields.iter().filter(|(_, value)| !value.is_null());
    known
        .map(|(name, value)| (name.clone(), digest(value)))
        .collect()
}
