//! Values to bytes.

use std::collections::BTreeMap;
use std::convert::Infallible;

use rmp::encode::{self as wire, ByteBuf};

use super::refined;
use crate::{Number, Refinements, Type, Value};

/// The bytes of a value.
///
/// Attributes that an object lacks are written as null, and sets sorted and without duplicates.
/// What does not have the type is written as it is, and Terraform refuses it: [`Value::conform`]
/// finds it first and says where.
pub fn encode(value: &Value, ty: &Type) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.value(value, ty);
    writer.into_bytes()
}

/// Writes to memory, which cannot fail.
#[derive(Default)]
pub(super) struct Writer(ByteBuf);

impl Writer {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_vec()
    }

    fn value(&mut self, value: &Value, ty: &Type) {
        match (ty, value) {
            (_, Value::Null) => self.nil(),
            (Type::Dynamic, Value::Dynamic(inner)) => self.dynamic(&inner.0, &inner.1),
            (ty, Value::Dynamic(inner)) => self.value(&inner.1, ty),
            (ty, Value::Unknown(refinements)) => self.unknown(refinements, ty),
            (_, Value::Bool(value)) => self.bool(*value),
            (_, Value::Number(number)) => self.number(number),
            (_, Value::String(text)) => self.text(text),
            (Type::Set(element), Value::Seq(items)) => self.set(items, element),
            (ty, Value::Seq(items)) => self.items(items, ty),
            (Type::Object(types), Value::Map(fields)) => self.object(fields, types),
            (ty, Value::Map(items)) => self.map(items, ty),
        }
    }

    fn dynamic(&mut self, ty: &Type, value: &Value) {
        self.array(2);
        self.bin(ty.to_json().to_string().as_bytes());
        self.value(value, ty);
    }

    fn unknown(&mut self, refinements: &Refinements, ty: &Type) {
        match refined::payload(refinements, ty) {
            Some(payload) => self.extension(refined::CODE, &payload),
            None => self.extension(0, &[0]),
        }
    }

    fn set(&mut self, items: &[Value], element: &Type) {
        let mut items: Vec<&Value> = items.iter().collect();
        items.sort();
        items.dedup_by(|a, b| a == b && a.is_wholly_known());
        self.array(items.len());
        for item in items {
            self.value(item, element);
        }
    }

    fn items(&mut self, items: &[Value], ty: &Type) {
        self.array(items.len());
        for (at, item) in items.iter().enumerate() {
            self.value(item, element(ty, at));
        }
    }

    fn object(&mut self, fields: &BTreeMap<String, Value>, types: &BTreeMap<String, Type>) {
        let unexpected = || fields.iter().filter(|(name, _)| !types.contains_key(*name));
        self.map_header(types.len() + unexpected().count());
        for (name, ty) in types {
            self.text(name);
            self.value(fields.get(name).unwrap_or(&Value::Null), ty);
        }
        for (name, value) in unexpected() {
            self.text(name);
            self.value(value, &Type::Dynamic);
        }
    }

    fn map(&mut self, items: &BTreeMap<String, Value>, ty: &Type) {
        self.map_header(items.len());
        for (key, item) in items {
            self.text(key);
            self.value(item, element(ty, 0));
        }
    }

    pub(super) fn number(&mut self, number: &Number) {
        if let Some(whole) = number.to_i64() {
            self.int(whole);
        } else if let Some(float) = exact_fraction(number) {
            sure(wire::write_f64(&mut self.0, float));
        } else {
            self.text(&number.to_string());
        }
    }

    pub(super) fn int(&mut self, value: i64) {
        sure(wire::write_sint(&mut self.0, value));
    }

    pub(super) fn bool(&mut self, value: bool) {
        sure(wire::write_bool(&mut self.0, value));
    }

    pub(super) fn text(&mut self, text: &str) {
        sure(wire::write_str(&mut self.0, text));
    }

    pub(super) fn array(&mut self, items: usize) {
        sure(wire::write_array_len(&mut self.0, length(items)));
    }

    pub(super) fn map_header(&mut self, entries: usize) {
        sure(wire::write_map_len(&mut self.0, length(entries)));
    }

    fn nil(&mut self) {
        sure(wire::write_nil(&mut self.0));
    }

    fn bin(&mut self, bytes: &[u8]) {
        sure(wire::write_bin(&mut self.0, bytes));
    }

    fn extension(&mut self, code: i8, payload: &[u8]) {
        sure(wire::write_ext_meta(
            &mut self.0,
            length(payload.len()),
            code,
        ));
        self.0.as_mut_vec().extend_from_slice(payload);
    }

    /// Bytes that were written elsewhere.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.0.as_mut_vec().extend_from_slice(bytes);
    }
}

/// The type of an element; for a value that is no collection in its type, whatever the value says.
fn element(ty: &Type, at: usize) -> &Type {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => element,
        Type::Tuple(types) => types.get(at).unwrap_or(&Type::Dynamic),
        _ => &Type::Dynamic,
    }
}

/// The float that is exactly this number, for numbers that are not whole.
fn exact_fraction(number: &Number) -> Option<f64> {
    let float = number.to_f64().filter(|float| float.fract() != 0.0)?;
    (Number::from_f64(float).as_ref() == Some(number)).then_some(float)
}

fn length(items: usize) -> u32 {
    u32::try_from(items).expect("a protocol message is smaller than 4 GiB")
}

fn sure<T>(written: Result<T, impl Into<WriteError>>) -> T {
    match written.map_err(Into::into) {
        Ok(written) => written,
        Err(WriteError(never)) => match never {},
    }
}

/// The error of writing to memory: there is none.
struct WriteError(Infallible);

impl From<Infallible> for WriteError {
    fn from(never: Infallible) -> Self {
        Self(never)
    }
}

impl From<wire::ValueWriteError<Infallible>> for WriteError {
    fn from(error: wire::ValueWriteError<Infallible>) -> Self {
        match error {
            wire::ValueWriteError::InvalidMarkerWrite(never)
            | wire::ValueWriteError::InvalidDataWrite(never) => Self(never),
        }
    }
}
