//! The one form of a value: all attributes present, sets sorted, text NFC-normalised.

use std::collections::BTreeMap;

use tfplugin_types::{Block, Nesting, Path, Type, Value};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use crate::shape::Shape;

/// A value that is not of its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) path: Path,
    pub(crate) expected: String,
}

/// Brings the value of a block to its one form.
pub(crate) fn block(block: &Block, ty: &Type, mut value: Value) -> Result<Value, Mismatch> {
    fill_blocks(Shape::of(block), &mut value);
    of_type(ty, value, &Path::root())
}

/// Blocks that repeat are never null for Terraform: without any, they are empty.
fn fill_blocks(shape: Shape<'_>, value: &mut Value) {
    let Value::Map(fields) = value else { return };
    for field in shape.fields() {
        let crate::shape::Field::Block(_, nesting, inner) = field else {
            continue;
        };
        let at = fields.entry(field.name().to_owned()).or_default();
        match (nesting, &mut *at) {
            (Nesting::List | Nesting::Set, Value::Null) => *at = Value::Seq(Vec::new()),
            (Nesting::Map, Value::Null) => *at = Value::Map(BTreeMap::new()),
            (Nesting::Single, single) => fill_blocks(inner, single),
            (_, Value::Seq(items)) => items.iter_mut().for_each(|item| fill_blocks(inner, item)),
            (_, Value::Map(items)) => items.values_mut().for_each(|item| fill_blocks(inner, item)),
            _ => {}
        }
    }
}

/// Brings a value of a type to its one form.
pub(crate) fn of_type(ty: &Type, value: Value, at: &Path) -> Result<Value, Mismatch> {
    match (ty, value) {
        (_, value @ (Value::Null | Value::Unknown(_)))
        | (Type::Bool, value @ Value::Bool(_))
        | (Type::Number, value @ Value::Number(_)) => Ok(value),
        (Type::String, Value::String(text)) => Ok(Value::String(normalised(text))),
        (Type::Dynamic, Value::Dynamic(inner)) => {
            let (ty, value) = *inner;
            let value = of_type(&ty, value, at)?;
            Ok(Value::Dynamic(Box::new((ty, value))))
        }
        (Type::List(element), Value::Seq(items)) => {
            let items = items.into_iter().enumerate();
            let items = items.map(|(index, item)| of_type(element, item, &at.index(index)));
            items.collect::<Result<_, _>>().map(Value::Seq)
        }
        (Type::Set(element), Value::Seq(items)) => {
            let items = items.into_iter().map(|item| of_type(element, item, at));
            items.collect::<Result<_, _>>().map(sorted_set)
        }
        (Type::Tuple(types), Value::Seq(items)) if types.len() == items.len() => {
            let items = types.iter().zip(items).enumerate();
            let items = items.map(|(index, (ty, item))| of_type(ty, item, &at.index(index)));
            items.collect::<Result<_, _>>().map(Value::Seq)
        }
        (Type::Map(element), Value::Map(items)) => {
            let item = |(key, item)| {
                let item = of_type(element, item, &at.key(&key))?;
                Ok((normalised(key), item))
            };
            items
                .into_iter()
                .map(item)
                .collect::<Result<_, _>>()
                .map(Value::Map)
        }
        (Type::Object(types), Value::Map(fields)) => object(types, fields, at),
        (ty, _) => Err(Mismatch {
            path: at.clone(),
            expected: name_of(ty).to_owned(),
        }),
    }
}

fn object(
    types: &BTreeMap<String, Type>,
    mut fields: BTreeMap<String, Value>,
    at: &Path,
) -> Result<Value, Mismatch> {
    let field = |(name, ty): (&String, &Type)| {
        let value = fields.remove(name).unwrap_or_default();
        Ok((name.clone(), of_type(ty, value, &at.join(name))?))
    };
    let known = types.iter().map(field).collect::<Result<_, _>>()?;
    match fields.into_keys().next() {
        None => Ok(Value::Map(known)),
        Some(extra) => Err(Mismatch {
            path: at.join(extra),
            expected: "no such attribute".to_owned(),
        }),
    }
}

/// Sorted, and without duplicates. Elements that are not wholly known may still turn out to be
/// different, so two of them never count as one.
fn sorted_set(mut items: Vec<Value>) -> Value {
    items.sort();
    items.dedup_by(|a, b| a == b && a.is_wholly_known());
    Value::Seq(items)
}

fn normalised(text: String) -> String {
    if is_nfc(&text) {
        text
    } else {
        text.nfc().collect()
    }
}

const fn name_of(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "a bool",
        Type::Number => "a number",
        Type::String => "a string",
        Type::Dynamic => "a value with its type",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Map(_) => "a map",
        Type::Object(_) => "an object",
        Type::Tuple(_) => "a tuple of that length",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn form(ty: &Type, value: Value) -> Result<Value, Mismatch> {
        of_type(ty, value, &Path::root())
    }

    #[test]
    fn sets_are_sorted_and_known_duplicates_are_one() {
        let ty = Type::set(Type::String);
        let set = Value::list(["b", "a", "b"].map(Value::from));
        assert_eq!(
            form(&ty, set).unwrap(),
            Value::list(["a", "b"].map(Value::from))
        );
        let unknown = Value::list([Value::unknown(), Value::unknown()]);
        assert_eq!(form(&ty, unknown.clone()).unwrap(), unknown);
    }

    #[test]
    fn text_is_nfc() {
        let form = form(&Type::String, "e\u{301}".into()).unwrap();
        assert_eq!(form, "é".into());
    }

    #[test]
    fn a_wrong_value_is_found_at_any_depth() {
        let ty = Type::Object([("a".to_owned(), Type::list(Type::Number))].into());
        let wrong = Value::object([("a", Value::list([1.into(), "x".into()]))]);
        let error = form(&ty, wrong).unwrap_err();
        assert_eq!(
            (error.path.to_string().as_str(), error.expected.as_str()),
            ("a[1]", "a number")
        );
        let extra = form(&ty, Value::object([("b", Value::Null)])).unwrap_err();
        assert_eq!(extra.path.to_string(), "b");
        let filled = form(&ty, Value::object::<&str>([])).unwrap();
        assert_eq!(filled, Value::object([("a", Value::Null)]));
    }
}
