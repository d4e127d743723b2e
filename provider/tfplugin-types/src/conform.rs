//! Makes a value have exactly the shape of its type.

use std::collections::BTreeMap;

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use crate::{ConvertError, Step, Type, Value};

impl Value {
    /// The same value in the one form that has exactly this type: attributes that are missing are
    /// null, sets are sorted and without duplicates, texts are NFC-normalised as Terraform does.
    ///
    /// What does not have the type is refused, also an attribute that the type does not know.
    ///
    /// ```
    /// use tfplugin_types::{Type, Value};
    ///
    /// let ty = Type::set(Type::String);
    /// let set = Value::list(["b".into(), "a".into(), "b".into()]);
    /// assert_eq!(set.conform(&ty).unwrap(), Value::list(["a".into(), "b".into()]));
    /// assert!(Value::from("a").conform(&ty).is_err());
    /// ```
    pub fn conform(&self, ty: &Type) -> Result<Value, ConvertError> {
        match (ty, self) {
            (_, Self::Null) => Ok(Self::Null),
            (_, Self::Unknown(refinements)) => Ok(Self::Unknown(refinements.clone())),
            (Type::Bool, Self::Bool(_)) | (Type::Number, Self::Number(_)) => Ok(self.clone()),
            (Type::String, Self::String(text)) => Ok(Self::String(nfc(text))),
            (Type::List(element), Self::Seq(items)) => items
                .iter()
                .enumerate()
                .map(|(at, item)| {
                    item.conform(element)
                        .map_err(|error| error.inside(index(at)))
                })
                .collect::<Result<_, _>>()
                .map(Self::Seq),
            (Type::Set(element), Self::Seq(items)) => items
                .iter()
                .map(|item| item.conform(element))
                .collect::<Result<Vec<_>, _>>()
                .map(Self::set),
            (Type::Tuple(types), Self::Seq(items)) => conform_tuple(types, items, self),
            (Type::Map(element), Self::Map(items)) => conform_map(element, items),
            (Type::Object(types), Self::Map(fields)) => conform_object(types, fields),
            (Type::Dynamic, Self::Dynamic(inner)) => {
                let value = inner.1.conform(&inner.0)?;
                Ok(Self::Dynamic(Box::new((inner.0.clone(), value))))
            }
            _ => Err(ConvertError::new(expected(ty), self)),
        }
    }

    /// A set from its elements: sorted, without duplicates. Elements that are not wholly known all
    /// stay, because each may become another value.
    pub fn set(items: impl IntoIterator<Item = Value>) -> Self {
        let mut items: Vec<Value> = items.into_iter().collect();
        items.sort();
        items.dedup_by(|a, b| a == b && a.is_wholly_known());
        Self::Seq(items)
    }
}

/// The shape of a type, for error messages.
pub(crate) const fn expected(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "a bool",
        Type::Number => "a number",
        Type::String => "a string",
        Type::Dynamic => "a value with its type",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Map(_) => "a map",
        Type::Object(_) => "an object",
        Type::Tuple(_) => "a tuple",
    }
}

/// The step to an element.
pub(crate) fn index(at: usize) -> Step {
    Step::Index(i64::try_from(at).unwrap_or(i64::MAX))
}

fn nfc(text: &str) -> String {
    if is_nfc(text) {
        text.to_owned()
    } else {
        text.nfc().collect()
    }
}

fn conform_tuple(types: &[Type], items: &[Value], whole: &Value) -> Result<Value, ConvertError> {
    if types.len() != items.len() {
        let mut error = ConvertError::new(format!("a tuple of {}", types.len()), whole);
        error.found = format!("one of {}", items.len());
        return Err(error);
    }
    let conform = |(at, (item, ty)): (usize, (&Value, &Type))| {
        item.conform(ty).map_err(|error| error.inside(index(at)))
    };
    items
        .iter()
        .zip(types)
        .enumerate()
        .map(conform)
        .collect::<Result<_, _>>()
        .map(Value::Seq)
}

fn conform_map(element: &Type, items: &BTreeMap<String, Value>) -> Result<Value, ConvertError> {
    let mut conformed = BTreeMap::new();
    for (key, item) in items {
        let step = || Step::Key(key.clone());
        let value = item
            .conform(element)
            .map_err(|error| error.inside(step()))?;
        if conformed.insert(nfc(key), value).is_some() {
            return Err(ConvertError::new("a key of its own", item).inside(step()));
        }
    }
    Ok(Value::Map(conformed))
}

fn conform_object(
    types: &BTreeMap<String, Type>,
    fields: &BTreeMap<String, Value>,
) -> Result<Value, ConvertError> {
    let step = |name: &String| Step::Attribute(name.clone());
    if let Some((name, value)) = fields.iter().find(|(name, _)| !types.contains_key(*name)) {
        return Err(ConvertError::new("no such attribute", value).inside(step(name)));
    }
    let conform = |(name, ty): (&String, &Type)| {
        let value = fields.get(name).unwrap_or(&Value::Null);
        let value = value
            .conform(ty)
            .map_err(|error| error.inside(step(name)))?;
        Ok((name.clone(), value))
    };
    types
        .iter()
        .map(conform)
        .collect::<Result<_, _>>()
        .map(Value::Map)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn object(fields: &[(&str, Type)]) -> Type {
        Type::Object(
            fields
                .iter()
                .map(|(name, ty)| ((*name).to_owned(), ty.clone()))
                .collect(),
        )
    }

    fn problem(value: &Value, ty: &Type) -> String {
        value.conform(ty).unwrap_err().to_string()
    }

    #[test]
    fn missing_attributes_become_null_at_every_depth() {
        let ty = object(&[
            ("a", Type::Bool),
            ("b", Type::list(object(&[("c", Type::Bool)]))),
        ]);
        let value = Value::object([("b", Value::list([Value::object::<&str>([])]))]);
        let inner = Value::object([("c", Value::Null)]);
        let expected = Value::object([("a", Value::Null), ("b", Value::list([inner]))]);
        assert_eq!(value.conform(&ty).unwrap(), expected);
    }

    #[test]
    fn unknown_elements_of_a_set_are_not_merged() {
        let items = [Value::unknown(), "a".into(), Value::unknown(), "a".into()];
        let set = Value::list(items)
            .conform(&Type::set(Type::String))
            .unwrap();
        assert_eq!(
            set,
            Value::list([Value::unknown(), Value::unknown(), "a".into()])
        );
    }

    #[test]
    fn texts_are_normalised() {
        let value = Value::from("e\u{301}").conform(&Type::String).unwrap();
        assert_eq!(value, Value::from("\u{e9}"));
        let twice = Value::object([("e\u{301}", Value::Null), ("\u{e9}", Value::Null)]);
        let error = twice.conform(&Type::map(Type::String)).unwrap_err();
        assert_eq!(error.expected, "a key of its own");
    }

    #[test]
    fn errors_name_the_place() {
        let ty = object(&[
            ("a", Type::map(Type::Number)),
            ("t", Type::Tuple(vec![Type::Bool])),
        ]);
        let bad = Value::object([("a", Value::object([("x", "y".into())]))]);
        assert_eq!(
            problem(&bad, &ty),
            "a[\"x\"]: expected a number, found a string"
        );
        let extra = Value::object([("z", true.into())]);
        assert_eq!(
            problem(&extra, &ty),
            "z: expected no such attribute, found a bool"
        );
        let long = Value::object([("t", Value::list([true.into(), true.into()]))]);
        assert_eq!(
            problem(&long, &ty),
            "t: expected a tuple of 1, found one of 2"
        );
        assert_eq!(
            problem(&1.into(), &Type::Dynamic),
            "expected a value with its type, found a number"
        );
    }

    #[test]
    fn the_inside_of_a_dynamic_value_conforms_too() {
        let dynamic = |value| Value::Dynamic(Box::new((Type::set(Type::Bool), value)));
        let value = dynamic(Value::list([true.into(), false.into(), true.into()]));
        let expected = dynamic(Value::list([false.into(), true.into()]));
        assert_eq!(value.conform(&Type::Dynamic).unwrap(), expected);
        assert!(dynamic(Value::from("x")).conform(&Type::Dynamic).is_err());
    }
}
