//! Values that flow into components.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value as Json, json};

use tfplugin_types::Cfg;

use crate::Key;

/// A value of a component: known, taken from another component of the same resource, or not known
/// before something else was applied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum In<T> {
    /// The value.
    Known(T),
    /// The output of another component: an edge of the graph.
    From(Key, &'static str),
    /// Known only after another resource was applied.
    Unknown,
}

/// Marks an edge in the JSON form.
pub(crate) const FROM: &str = "$from";
/// Marks a value that is not known yet in the JSON form.
pub(crate) const UNKNOWN: &str = "$unknown";

impl<T> In<T> {
    /// The value. Adapters see resolved components only.
    ///
    /// # Panics
    /// When the engine did not resolve the component first, which is a bug.
    pub fn get(&self) -> &T {
        match self {
            Self::Known(value) => value,
            Self::From(..) | Self::Unknown => {
                panic!("this is a bug in stackwright: a component reached AWS unresolved")
            }
        }
    }

    /// The value when it is known.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::From(..) | Self::Unknown => None,
        }
    }
}

impl<T: Clone> In<T> {
    /// From configuration. Null counts as not known: required values are never null.
    pub fn cfg(value: &Cfg<T>) -> Self {
        match value {
            Cfg::Known(value) => Self::Known(value.clone()),
            Cfg::Null | Cfg::Unknown(_) => Self::Unknown,
        }
    }
}

impl<T> From<T> for In<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl From<&str> for In<String> {
    fn from(value: &str) -> Self {
        Self::Known(value.to_owned())
    }
}

impl<T: Serialize> Serialize for In<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => value.serialize(serializer),
            Self::From(key, output) => json!({ FROM: [key, output] }).serialize(serializer),
            Self::Unknown => json!({ UNKNOWN: true }).serialize(serializer),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for In<T> {
    /// Never reads an edge. A value that is not known is met only by whoever looks for an object by its
    /// name: what is written is always resolved.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        if json == json!({ UNKNOWN: true }) {
            return Ok(Self::Unknown);
        }
        serde_json::from_value(json)
            .map(Self::Known)
            .map_err(serde::de::Error::custom)
    }
}
