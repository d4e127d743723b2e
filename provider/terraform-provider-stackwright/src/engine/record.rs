//! What the engine keeps in a resource's private state.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};
use stackwright_aws::Recorded;
use stackwright_plan::{Key, Kind, Outputs};

/// The components of one resource that exist.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    /// By key.
    #[serde(default)]
    pub(crate) components: BTreeMap<Key, Entry>,
    /// Objects that were replaced and wait for their delete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) retired: Vec<Entry>,
    /// The last create or update did not reach its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) incomplete: bool,
    /// The create has not reached its end in any apply since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unborn: bool,
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
