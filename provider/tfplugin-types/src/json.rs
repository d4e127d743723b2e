//! JSON values, as Terraform stores them in its state.
//!
//! JSON has no unknown values. A dynamic value is an object with its `type` and `value`, all else is
//! what one expects. Numbers keep their digits.
//!
//! ```
//! use tfplugin_types::{Type, Value, json};
//!
//! let ty = Type::set(Type::Number);
//! let value = json::decode(&serde_json::json!([2, 1.5]), &ty).unwrap();
//! assert_eq!(json::encode(&value, &ty).unwrap(), serde_json::json!([1.5, 2]));
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value as Json;

pub use crate::decode_error::DecodeError;

use crate::conform::{expected, index};
use crate::decode_error::DecodeProblem;
use crate::{ConvertError, Number, Step, Type, Value};

/// The JSON of a value, which must be wholly known and have the type; an attribute that an object
/// lacks is null.
pub fn encode(value: &Value, ty: &Type) -> Result<Json, ConvertError> {
    value.conform(ty).and_then(|value| write(&value))
}

/// Reads a value of a type. Objects must have exactly the attributes of the type.
pub fn decode(json: &Json, ty: &Type) -> Result<Value, DecodeError> {
    read(json, ty, Attributes::Exact)
}

/// Reads a value that was stored with an older schema: attributes that the type does not know are
/// left out, and those that are missing are null.
pub fn decode_lenient(json: &Json, ty: &Type) -> Result<Value, DecodeError> {
    read(json, ty, Attributes::OfAnyVersion)
}

/// Which attributes an object must have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attributes {
    Exact,
    OfAnyVersion,
}

fn write(value: &Value) -> Result<Json, ConvertError> {
    match value {
        Value::Null => Ok(Json::Null),
        Value::Unknown(_) => Err(ConvertError::new("a known value", value)),
        Value::Bool(value) => Ok(Json::Bool(*value)),
        Value::Number(number) => Ok(Json::Number(literal(number))),
        Value::String(text) => Ok(Json::String(text.clone())),
        Value::Seq(items) => items
            .iter()
            .enumerate()
            .map(|(at, item)| write(item).map_err(|error| error.inside(index(at))))
            .collect::<Result<_, _>>()
            .map(Json::Array),
        Value::Map(fields) => fields
            .iter()
            .map(|(name, value)| {
                let step = || Step::Attribute(name.clone());
                Ok((
                    name.clone(),
                    write(value).map_err(|error| error.inside(step()))?,
                ))
            })
            .collect::<Result<_, _>>()
            .map(Json::Object),
        Value::Dynamic(inner) => {
            Ok(serde_json::json!({ "type": inner.0.to_json(), "value": write(&inner.1)? }))
        }
    }
}

fn literal(number: &Number) -> serde_json::Number {
    number
        .to_string()
        .parse()
        .expect("a plain decimal is a JSON number")
}

fn read(json: &Json, ty: &Type, attributes: Attributes) -> Result<Value, DecodeError> {
    match (ty, json) {
        (_, Json::Null) => Ok(Value::Null),
        (Type::Bool, Json::Bool(value)) => Ok(Value::Bool(*value)),
        (Type::Number, Json::Number(number)) => {
            Ok(Value::Number(number.to_string().parse::<Number>()?))
        }
        (Type::String, Json::String(text)) => Ok(Value::from(text.as_str())),
        (Type::List(element), Json::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(at, item)| read(item, element, attributes).map_err(|e| e.inside(index(at))))
            .collect::<Result<_, _>>()
            .map(Value::Seq),
        (Type::Set(element), Json::Array(items)) => items
            .iter()
            .map(|item| read(item, element, attributes))
            .collect::<Result<Vec<_>, _>>()
            .map(Value::set),
        (Type::Tuple(types), Json::Array(items)) => read_tuple(items, types, attributes),
        (Type::Map(element), Json::Object(entries)) => read_map(entries, element, attributes),
        (Type::Object(types), Json::Object(fields)) => read_object(fields, types, attributes),
        (Type::Dynamic, Json::Object(parts)) => read_dynamic(parts, attributes),
        (ty, json) => Err(mismatch(expected(ty), shape(json))),
    }
}

fn read_tuple(
    items: &[Json],
    types: &[Type],
    attributes: Attributes,
) -> Result<Value, DecodeError> {
    if items.len() != types.len() {
        let expected = format!("a tuple of {}", types.len());
        return Err(mismatch(expected, format!("one of {}", items.len())));
    }
    let read = |(at, (item, ty)): (usize, (&Json, &Type))| {
        read(item, ty, attributes).map_err(|error| error.inside(index(at)))
    };
    items
        .iter()
        .zip(types)
        .enumerate()
        .map(read)
        .collect::<Result<_, _>>()
        .map(Value::Seq)
}

fn read_map(
    entries: &serde_json::Map<String, Json>,
    element: &Type,
    attributes: Attributes,
) -> Result<Value, DecodeError> {
    let read = |(key, item): (&String, &Json)| {
        let step = || Step::Key(key.clone());
        Ok((
            key.clone(),
            read(item, element, attributes).map_err(|error| error.inside(step()))?,
        ))
    };
    entries
        .iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map(Value::Map)
}

fn read_object(
    fields: &serde_json::Map<String, Json>,
    types: &BTreeMap<String, Type>,
    attributes: Attributes,
) -> Result<Value, DecodeError> {
    if attributes == Attributes::Exact {
        check_names(fields, types)?;
    }
    let read = |(name, ty): (&String, &Type)| {
        let step = || Step::Attribute(name.clone());
        let json = fields.get(name).unwrap_or(&Json::Null);
        Ok((
            name.clone(),
            read(json, ty, attributes).map_err(|error| error.inside(step()))?,
        ))
    };
    types
        .iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map(Value::Map)
}

fn check_names(
    fields: &serde_json::Map<String, Json>,
    types: &BTreeMap<String, Type>,
) -> Result<(), DecodeProblem> {
    if let Some(name) = fields
        .keys()
        .find(|name| !types.contains_key(*name))
        .cloned()
    {
        return Err(DecodeProblem::UnexpectedAttribute { name });
    }
    match types
        .keys()
        .find(|name| !fields.contains_key(*name))
        .cloned()
    {
        Some(name) => Err(DecodeProblem::MissingAttribute { name }),
        None => Ok(()),
    }
}

fn read_dynamic(
    parts: &serde_json::Map<String, Json>,
    attributes: Attributes,
) -> Result<Value, DecodeError> {
    let (Some(ty), Some(value), 2) = (parts.get("type"), parts.get("value"), parts.len()) else {
        return Err(mismatch(expected(&Type::Dynamic), "another object"));
    };
    let ty = Type::from_json(ty)?;
    let value = read(value, &ty, attributes)?;
    // "This value is of any type" says nothing that the place did not say already.
    if ty == Type::Dynamic {
        Ok(value)
    } else {
        Ok(Value::Dynamic(Box::new((ty, value))))
    }
}

fn mismatch(
    expected: impl Into<Cow<'static, str>>,
    found: impl Into<Cow<'static, str>>,
) -> DecodeError {
    DecodeProblem::Mismatch {
        expected: expected.into(),
        found: found.into(),
    }
    .into()
}

const fn shape(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a bool",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    fn object(fields: &[(&str, Type)]) -> Type {
        Type::Object(
            fields
                .iter()
                .map(|(name, ty)| ((*name).to_owned(), ty.clone()))
                .collect(),
        )
    }

    fn round_trip(json: &str, ty: &Type) {
        let parsed: Json = serde_json::from_str(json).unwrap();
        let value = decode(&parsed, ty).unwrap();
        assert_eq!(encode(&value, ty).unwrap().to_string(), json);
    }

    #[test]
    fn values_survive_the_round_trip() {
        round_trip(
            "12345678901234567890123.000000000000000000001",
            &Type::Number,
        );
        round_trip("9223372036854775808", &Type::Number);
        round_trip(
            r#"["a",1,null]"#,
            &Type::Tuple(vec![Type::String, Type::Number, Type::Bool]),
        );
        round_trip(
            r#"{"a":{"x":true},"b":[]}"#,
            &object(&[("a", Type::map(Type::Bool)), ("b", Type::list(Type::Bool))]),
        );
        round_trip(
            r#"{"type":["list","string"],"value":["a"]}"#,
            &Type::Dynamic,
        );
        round_trip(r#"{"type":"string","value":null}"#, &Type::Dynamic);
        round_trip("null", &Type::Dynamic);
    }

    #[test]
    fn sets_are_sorted_without_duplicates() {
        let value = decode(&json!(["b", "a", "b"]), &Type::set(Type::String)).unwrap();
        assert_eq!(value, Value::list(["a".into(), "b".into()]));
    }

    #[test]
    fn objects_are_exact_unless_lenient() {
        let ty = object(&[("a", object(&[("b", Type::Bool), ("c", Type::Bool)]))]);
        let old = json!({ "a": { "b": true, "c": null, "gone": 1 } });
        let error = decode(&old, &ty).unwrap_err();
        assert_eq!(error.to_string(), "a: attribute `gone` is not expected");
        let short = json!({ "a": { "b": true } });
        let error = decode(&short, &ty).unwrap_err();
        assert_eq!(error.to_string(), "a: attribute `c` is missing");
        let expected =
            Value::object([("a", Value::object([("b", true.into()), ("c", Value::Null)]))]);
        assert_eq!(decode_lenient(&old, &ty).unwrap(), expected);
        assert_eq!(decode_lenient(&short, &ty).unwrap(), expected);
    }

    #[test]
    fn lenient_errors_carry_the_path() {
        let ty = object(&[("a", Type::list(Type::map(Type::Number)))]);
        let error = decode_lenient(&json!({ "a": [{ "k": "x" }] }), &ty).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a[0][\"k\"]: expected a number, found a string"
        );
    }

    #[test]
    fn unknown_values_have_no_json() {
        let ty = object(&[("a", Type::list(Type::String))]);
        let value = Value::object([("a", Value::list([Value::unknown()]))]);
        let error = encode(&value, &ty).unwrap_err();
        let expected = "a[0]: expected a known value, found a value that is not known yet";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn bad_dynamic_values_are_refused() {
        for bad in [
            json!({}),
            json!({ "type": "string" }),
            json!({ "type": 1, "value": 1 }),
            json!(1),
        ] {
            assert!(decode(&bad, &Type::Dynamic).is_err(), "{bad}");
        }
        let extra = json!({ "type": "string", "value": "x", "more": 1 });
        assert!(decode(&extra, &Type::Dynamic).is_err());
    }

    #[test]
    fn a_number_too_large_to_write_out_is_refused() {
        let json: Json = serde_json::from_str("1e999999999").unwrap();
        assert!(matches!(
            decode(&json, &Type::Number).unwrap_err().problem,
            DecodeProblem::Number(_)
        ));
    }
}
