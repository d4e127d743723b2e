//! Bytes to values.

use std::collections::BTreeMap;

use super::reader::{Reader, Token, number, text};
use super::refined;
use crate::conform::{expected, index};
use crate::decode_error::{DecodeError, DecodeProblem};
use crate::{ParseTypeError, Step, Type, Value};

/// Dynamic values may hold dynamic values; types themselves are bounded by the JSON parser.
const DEEPEST: usize = 128;

/// Reads a value of a type; the bytes must hold that value and nothing else.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = read(&mut reader, ty, 0)?;
    match reader.remaining() {
        0 => Ok(value),
        bytes => Err(DecodeProblem::Trailing { bytes }.into()),
    }
}

fn read(reader: &mut Reader<'_>, ty: &Type, depth: usize) -> Result<Value, DecodeError> {
    if depth > DEEPEST {
        return Err(DecodeProblem::TooDeep.into());
    }
    let depth = depth + 1;
    let token = reader.token()?;
    match (ty, token) {
        (_, Token::Nil) => Ok(Value::Null),
        (ty, Token::Extension(code, payload)) => {
            refined::unknown(code, payload, ty).map(Value::Unknown)
        }
        (Type::Bool, Token::Bool(value)) => Ok(Value::Bool(value)),
        (Type::Number, Token::Number(value)) => Ok(Value::Number(value)),
        (Type::Number, Token::Text(bytes)) => number(bytes).map(Value::Number),
        (Type::String, Token::Text(bytes) | Token::Bin(bytes)) => Ok(text(bytes)?.into()),
        (Type::List(element), Token::Array(items)) => list(reader, items, element, depth),
        (Type::Set(element), Token::Array(items)) => {
            let items = (0..items).map(|_| read(reader, element, depth));
            items.collect::<Result<Vec<_>, _>>().map(Value::set)
        }
        (Type::Tuple(types), Token::Array(items)) => tuple(reader, items, types, depth),
        (Type::Map(element), Token::Map(entries)) => map(reader, entries, element, depth),
        (Type::Object(types), Token::Map(entries)) => object(reader, entries, types, depth),
        (Type::Dynamic, Token::Array(2)) => dynamic(reader, depth),
        (ty, token) => Err(mismatch(expected(ty), &token)),
    }
}

fn list(
    reader: &mut Reader<'_>,
    items: u32,
    element: &Type,
    depth: usize,
) -> Result<Value, DecodeError> {
    let mut read_values = Vec::new();
    for _ in 0..items {
        let at = read_values.len();
        let value = read(reader, element, depth).map_err(|error| error.inside(index(at)))?;
        read_values.push(value);
    }
    Ok(Value::Seq(read_values))
}

fn tuple(
    reader: &mut Reader<'_>,
    items: u32,
    types: &[Type],
    depth: usize,
) -> Result<Value, DecodeError> {
    if usize::try_from(items) != Ok(types.len()) {
        let expected = format!("a tuple of {}", types.len()).into();
        let found = format!("one of {items}").into();
        return Err(DecodeProblem::Mismatch { expected, found }.into());
    }
    let items = types
        .iter()
        .enumerate()
        .map(|(at, ty)| read(reader, ty, depth).map_err(|error| error.inside(index(at))));
    items.collect::<Result<_, _>>().map(Value::Seq)
}

fn map(
    reader: &mut Reader<'_>,
    entries: u32,
    element: &Type,
    depth: usize,
) -> Result<Value, DecodeError> {
    let mut read_entries = BTreeMap::new();
    for _ in 0..entries {
        let key = key(reader)?;
        let value =
            read(reader, element, depth).map_err(|error| error.inside(Step::Key(key.clone())))?;
        insert(&mut read_entries, key, value)?;
    }
    Ok(Value::Map(read_entries))
}

fn object(
    reader: &mut Reader<'_>,
    entries: u32,
    types: &BTreeMap<String, Type>,
    depth: usize,
) -> Result<Value, DecodeError> {
    let mut fields = BTreeMap::new();
    for _ in 0..entries {
        let name = key(reader)?;
        let Some(ty) = types.get(&name) else {
            return Err(DecodeProblem::UnexpectedAttribute { name }.into());
        };
        let value =
            read(reader, ty, depth).map_err(|error| error.inside(Step::Attribute(name.clone())))?;
        insert(&mut fields, name, value)?;
    }
    match types.keys().find(|name| !fields.contains_key(*name)) {
        Some(name) => Err(DecodeProblem::MissingAttribute { name: name.clone() }.into()),
        None => Ok(Value::Map(fields)),
    }
}

fn insert(
    into: &mut BTreeMap<String, Value>,
    key: String,
    value: Value,
) -> Result<(), DecodeError> {
    if into.contains_key(&key) {
        return Err(DecodeProblem::DuplicateKey { key }.into());
    }
    into.insert(key, value);
    Ok(())
}

fn key(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    match reader.token()? {
        Token::Text(bytes) | Token::Bin(bytes) => text(bytes).map(str::to_owned),
        token => Err(mismatch("a key", &token)),
    }
}

fn dynamic(reader: &mut Reader<'_>, depth: usize) -> Result<Value, DecodeError> {
    let json = match reader.token()? {
        Token::Text(bytes) | Token::Bin(bytes) => text(bytes)?,
        token => return Err(mismatch("the type of a dynamic value", &token)),
    };
    let unreadable = |_| ParseTypeError {
        json: json.to_owned(),
    };
    let ty = Type::from_json(&serde_json::from_str(json).map_err(unreadable)?)?;
    let value = read(reader, &ty, depth)?;
    // "This value is of any type" says nothing that the place did not say already.
    if ty == Type::Dynamic {
        Ok(value)
    } else {
        Ok(Value::Dynamic(Box::new((ty, value))))
    }
}

fn mismatch(expected: &'static str, token: &Token<'_>) -> DecodeError {
    let (expected, found) = (expected.into(), token.describe().into());
    DecodeProblem::Mismatch { expected, found }.into()
}
