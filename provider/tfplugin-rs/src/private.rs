//! Data that a resource keeps beside its state, out of the user's sight.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// Private data of a resource: named JSON values that Terraform stores and gives back unread.
///
/// It is not secret: it stands in the state file in clear text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Private(pub BTreeMap<String, Json>);

/// Private data that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// The bytes from Terraform are no JSON object.
    #[error("private data is not a JSON object")]
    NotAnObject(#[source] serde_json::Error),
    /// One of the values does not have the expected shape.
    #[error("private data `{key}` does not have the expected shape")]
    Shape {
        /// Which value.
        key: String,
        /// What serde says.
        #[source]
        source: serde_json::Error,
    },
}

impl Private {
    /// Reads what Terraform has kept; no bytes are an empty map.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PrivateError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(bytes)
            .map(Self)
            .map_err(PrivateError::NotAnObject)
    }

    /// Writes what Terraform shall keep; an empty map is no bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.0.is_empty() {
            return Vec::new();
        }
        serde_json::to_vec(&self.0).expect("a map from text to JSON can be written")
    }

    /// The value of that name, when there is one.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, PrivateError> {
        let shape = |source| PrivateError::Shape {
            key: key.to_owned(),
            source,
        };
        self.0
            .get(key)
            .map(|json| T::deserialize(json).map_err(shape))
            .transpose()
    }

    /// Sets the value of that name.
    pub fn set<T: Serialize>(&mut self, key: &str, value: &T) -> Result<(), PrivateError> {
        let json = serde_json::to_value(value).map_err(|source| PrivateError::Shape {
            key: key.to_owned(),
            source,
        })?;
        self.0.insert(key.to_owned(), json);
        Ok(())
    }

    /// Removes the value of that name.
    pub fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn no_bytes_are_an_empty_map() {
        assert_eq!(Private::from_bytes(b"").unwrap(), Private::default());
        assert!(Private::default().to_bytes().is_empty());
    }

    #[test]
    fn values_survive_the_bytes() {
        let mut private = Private::default();
        private.set("incomplete", &vec!["role"]).unwrap();
        let again = Private::from_bytes(&private.to_bytes()).unwrap();
        assert_eq!(
            again.get::<Vec<String>>("incomplete").unwrap().unwrap(),
            ["role"]
        );
        assert_eq!(again.get::<bool>("other").unwrap(), None);
    }

    #[test]
    fn a_wrong_shape_names_the_key() {
        let private = Private::from_bytes(br#"{"count":"two"}"#).unwrap();
        let error = private.get::<i64>("count").unwrap_err();
        assert_eq!(
            error.to_string(),
            "private data `count` does not have the expected shape"
        );
        assert!(Private::from_bytes(b"[1]").is_err());
    }
}
