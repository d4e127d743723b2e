//! Terraform types and their JSON form.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// A Terraform type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `bool`.
    Bool,
    /// `number`.
    Number,
    /// `string`.
    String,
    /// Any type, chosen by the value.
    Dynamic,
    /// `list(T)`.
    List(Box<Type>),
    /// `set(T)`.
    Set(Box<Type>),
    /// `map(T)`.
    Map(Box<Type>),
    /// `object({...})`.
    Object(BTreeMap<String, Type>),
    /// `tuple([...])`.
    Tuple(Vec<Type>),
}

/// The JSON does not describe a Terraform type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{json}` is not a Terraform type")]
pub struct ParseTypeError {
    /// The part that was not understood.
    pub json: String,
}

impl Type {
    /// `list(element)`.
    pub fn list(element: Type) -> Self {
        Self::List(Box::new(element))
    }

    /// `set(element)`.
    pub fn set(element: Type) -> Self {
        Self::Set(Box::new(element))
    }

    /// `map(element)`.
    pub fn map(element: Type) -> Self {
        Self::Map(Box::new(element))
    }

    /// The form that Terraform's wire protocol uses.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Bool => "bool".into(),
            Self::Number => "number".into(),
            Self::String => "string".into(),
            Self::Dynamic => "dynamic".into(),
            Self::List(element) => Json::from(vec!["list".into(), element.to_json()]),
            Self::Set(element) => Json::from(vec!["set".into(), element.to_json()]),
            Self::Map(element) => Json::from(vec!["map".into(), element.to_json()]),
            Self::Object(fields) => {
                let fields = fields.iter().map(|(name, ty)| (name.clone(), ty.to_json()));
                Json::from(vec!["object".into(), Json::Object(fields.collect())])
            }
            Self::Tuple(items) => {
                let items: Vec<Json> = items.iter().map(Self::to_json).collect();
                Json::from(vec![Json::from("tuple"), Json::from(items)])
            }
        }
    }

    /// Reads the form that [`Type::to_json`] writes.
    pub fn from_json(json: &Json) -> Result<Self, ParseTypeError> {
        match json {
            Json::String(name) => Self::primitive(name).ok_or_else(|| unreadable(json)),
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(kind), inner] => Self::compound(kind, inner),
                [Json::String(kind), inner, _optional] if kind == "object" => {
                    Self::compound(kind, inner)
                }
                _ => Err(unreadable(json)),
            },
            _ => Err(unreadable(json)),
        }
    }

    fn primitive(name: &str) -> Option<Self> {
        match name {
            "bool" => Some(Self::Bool),
            "number" => Some(Self::Number),
            "string" => Some(Self::String),
            "dynamic" => Some(Self::Dynamic),
            _ => None,
        }
    }

    fn compound(kind: &str, inner: &Json) -> Result<Self, ParseTypeError> {
        match (kind, inner) {
            ("list", _) => Ok(Self::list(Self::from_json(inner)?)),
            ("set", _) => Ok(Self::set(Self::from_json(inner)?)),
            ("map", _) => Ok(Self::map(Self::from_json(inner)?)),
            ("object", Json::Object(fields)) => fields
                .iter()
                .map(|(name, ty)| Ok((name.clone(), Self::from_json(ty)?)))
                .collect::<Result<_, _>>()
                .map(Self::Object),
            ("tuple", Json::Array(items)) => items
                .iter()
                .map(Self::from_json)
                .collect::<Result<_, _>>()
                .map(Self::Tuple),
            _ => Err(unreadable(inner)),
        }
    }
}

fn unreadable(json: &Json) -> ParseTypeError {
    ParseTypeError {
        json: json.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn json_round_trip() {
        let ty = Type::Object(BTreeMap::from([
            ("a".to_owned(), Type::list(Type::map(Type::Number))),
            (
                "b".to_owned(),
                Type::Tuple(vec![Type::Bool, Type::Dynamic, Type::set(Type::String)]),
            ),
        ]));
        assert_eq!(Type::from_json(&ty.to_json()).unwrap(), ty);
    }

    #[test]
    fn unknown_name_is_refused() {
        let error = Type::from_json(&Json::from("strng")).unwrap_err();
        assert_eq!(error.to_string(), "`\"strng\"` is not a Terraform type");
    }
}
