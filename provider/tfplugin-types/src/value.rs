//! A Terraform value without its type.

use std::collections::BTreeMap;

use crate::{Number, Path, Refinements, Step, Type};

/// A Terraform value.
///
/// The type is kept beside it (in the schema), so lists, sets and tuples share one shape, and so do
/// maps and objects. Sets are canonical when they come out of a codec: sorted, without duplicates.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// A value that will be known later, with what is already certain about it.
    Unknown(Refinements),
    /// `true` or `false`.
    Bool(bool),
    /// An exact decimal number.
    Number(Number),
    /// Unicode text, NFC-normalised by Terraform.
    String(String),
    /// A list, set or tuple.
    Seq(Vec<Value>),
    /// A map or object.
    Map(BTreeMap<String, Value>),
    /// A value of an attribute whose type is `dynamic`, with the type that it turned out to have.
    Dynamic(Box<(Type, Value)>),
}

impl Value {
    /// An unknown value about which nothing is certain.
    pub const fn unknown() -> Self {
        Self::Unknown(Refinements::NONE)
    }

    /// An object from attribute names and values.
    pub fn object<K: Into<String>>(fields: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Map(fields.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }

    /// A list from its elements.
    pub fn list(items: impl IntoIterator<Item = Value>) -> Self {
        Self::Seq(items.into_iter().collect())
    }

    /// Whether this is null.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether this value itself is unknown (elements are not looked at).
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Whether neither this value nor anything inside is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::Seq(items) => items.iter().all(Self::is_wholly_known),
            Self::Map(fields) => fields.values().all(Self::is_wholly_known),
            Self::Dynamic(inner) => inner.1.is_wholly_known(),
            _ => true,
        }
    }

    /// The text, when this is a known string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The fields of a known map or object.
    pub const fn as_map(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Self::Map(fields) => Some(fields),
            _ => None,
        }
    }

    /// The fields of a known map or object, to change them.
    pub const fn as_map_mut(&mut self) -> Option<&mut BTreeMap<String, Value>> {
        match self {
            Self::Map(fields) => Some(fields),
            _ => None,
        }
    }

    /// The elements of a known list, set or tuple.
    pub fn as_seq(&self) -> Option<&[Value]> {
        match self {
            Self::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The attribute of an object; null when this is no object or has no such attribute.
    pub fn get(&self, name: &str) -> &Value {
        const NULL: &Value = &Value::Null;
        self.as_map()
            .and_then(|fields| fields.get(name))
            .unwrap_or(NULL)
    }

    /// The value at a path; `None` when there is none.
    pub fn at_mut(&mut self, path: &Path) -> Option<&mut Value> {
        path.0
            .iter()
            .try_fold(self, |value, step| match (value, step) {
                (Self::Map(fields), Step::Attribute(name) | Step::Key(name)) => {
                    fields.get_mut(name)
                }
                (Self::Seq(items), Step::Index(index)) => {
                    items.get_mut(usize::try_from(*index).ok()?)
                }
                _ => None,
            })
    }

    /// Equal when refinements of unknown values are not looked at.
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Self::Unknown(_), Self::Unknown(_)) => true,
            (Self::Seq(a), Self::Seq(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
            }
            (Self::Map(a), Self::Map(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|((ka, va), (kb, vb))| ka == kb && va.same(vb))
            }
            (Self::Dynamic(a), Self::Dynamic(b)) => a.0 == b.0 && a.1.same(&b.1),
            (a, b) => a == b,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(Number::from(value))
    }
}
