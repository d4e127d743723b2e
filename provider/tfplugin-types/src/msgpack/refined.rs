//! Unknown values and what is certain about them, as `MessagePack` extensions.

use super::encode::Writer;
use super::reader::{Reader, Token, number, text};
use crate::decode_error::{DecodeError, DecodeProblem};
use crate::{Number, Refinements, Type};

/// The extension that carries facts; every other one is an unknown value without.
pub(super) const CODE: i8 = 12;

/// Terraform reads no larger payload.
const LARGEST_PAYLOAD: usize = 1024;

/// Terraform writes no longer prefix, so that the payload stays small.
const LONGEST_PREFIX: usize = 256;

const NULLNESS: i64 = 1;
const PREFIX: i64 = 2;
const NUMBER_MIN: i64 = 3;
const NUMBER_MAX: i64 = 4;
const LENGTH_MIN: i64 = 5;
const LENGTH_MAX: i64 = 6;

/// The payload of an unknown value; `None` when nothing is certain that can be said of this type.
pub(super) fn payload(refinements: &Refinements, ty: &Type) -> Option<Vec<u8>> {
    let mut facts = Facts::default();
    if !matches!(ty, Type::Dynamic) {
        facts.nullness(refinements);
    }
    match ty {
        Type::String => facts.prefix(refinements),
        Type::Number => facts.bounds(refinements),
        Type::List(_) | Type::Set(_) | Type::Map(_) => facts.lengths(refinements),
        _ => {}
    }
    let payload = facts.finish()?;
    // Numbers may have any size; without the facts the value is still right.
    (payload.len() <= LARGEST_PAYLOAD).then_some(payload)
}

#[derive(Default)]
struct Facts {
    count: usize,
    writer: Writer,
}

impl Facts {
    fn key(&mut self, key: i64) -> &mut Writer {
        self.count += 1;
        self.writer.int(key);
        &mut self.writer
    }

    fn nullness(&mut self, refinements: &Refinements) {
        if let Some(null) = refinements.null {
            self.key(NULLNESS).bool(null);
        }
    }

    fn prefix(&mut self, refinements: &Refinements) {
        if let Some(prefix) = refinements
            .prefix
            .as_deref()
            .filter(|prefix| !prefix.is_empty())
        {
            let end = prefix.floor_char_boundary(LONGEST_PREFIX);
            self.key(PREFIX).text(&prefix[..end]);
        }
    }

    fn bounds(&mut self, refinements: &Refinements) {
        let bounds = [
            (NUMBER_MIN, &refinements.number_min),
            (NUMBER_MAX, &refinements.number_max),
        ];
        for (key, bound) in bounds {
            if let Some((number, inclusive)) = bound {
                let writer = self.key(key);
                writer.array(2);
                writer.number(number);
                writer.bool(*inclusive);
            }
        }
    }

    fn lengths(&mut self, refinements: &Refinements) {
        let lengths = [
            (LENGTH_MIN, refinements.length_min),
            (LENGTH_MAX, refinements.length_max),
        ];
        for (key, length) in lengths {
            // Terraform counts in `int`; what is larger bounds nothing.
            if let Some(length) = length.and_then(|length| i64::try_from(length).ok()) {
                self.key(key).int(length);
            }
        }
    }

    fn finish(self) -> Option<Vec<u8>> {
        let mut whole = Writer::default();
        whole.map_header(self.count);
        whole.append(&self.writer.into_bytes());
        (self.count > 0).then(|| whole.into_bytes())
    }
}

/// What an extension says about an unknown value of a type.
pub(super) fn unknown(code: i8, payload: &[u8], ty: &Type) -> Result<Refinements, DecodeError> {
    if payload.len() <= 1 {
        return Ok(Refinements::NONE);
    }
    if code != CODE {
        return Err(wrong("an extension that Terraform does not use"));
    }
    if payload.len() > LARGEST_PAYLOAD {
        return Err(wrong("more than 1024 bytes"));
    }
    if matches!(ty, Type::Dynamic) {
        return Ok(Refinements::NONE);
    }
    let mut reader = Reader::new(payload);
    let Token::Map(entries) = reader.token()? else {
        return Err(wrong("no map"));
    };
    let mut refinements = Refinements::NONE;
    for _ in 0..entries {
        fact(&mut reader, ty, &mut refinements)?;
    }
    match reader.remaining() {
        0 => Ok(refinements),
        _ => Err(wrong("bytes after the map")),
    }
}

fn fact(reader: &mut Reader<'_>, ty: &Type, into: &mut Refinements) -> Result<(), DecodeError> {
    let Token::Number(key) = reader.token()? else {
        return Err(wrong("a key is no number"));
    };
    let countable = matches!(ty, Type::List(_) | Type::Set(_) | Type::Map(_));
    match key.to_i64() {
        Some(NULLNESS) => into.null = Some(flag(reader)?),
        Some(PREFIX) if *ty == Type::String => into.prefix = Some(prefix(reader)?),
        Some(NUMBER_MIN) if *ty == Type::Number => into.number_min = Some(bound(reader)?),
        Some(NUMBER_MAX) if *ty == Type::Number => into.number_max = Some(bound(reader)?),
        Some(LENGTH_MIN) if countable => into.length_min = Some(count(reader)?),
        Some(LENGTH_MAX) if countable => into.length_max = Some(count(reader)?),
        Some(PREFIX..=LENGTH_MAX) => return Err(wrong("a fact that does not fit the type")),
        _ => reader.skip()?,
    }
    Ok(())
}

fn flag(reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match reader.token()? {
        Token::Bool(flag) => Ok(flag),
        _ => Err(wrong("a flag is no bool")),
    }
}

fn prefix(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    match reader.token()? {
        Token::Text(bytes) | Token::Bin(bytes) => text(bytes).map(str::to_owned),
        _ => Err(wrong("the prefix is no text")),
    }
}

fn bound(reader: &mut Reader<'_>) -> Result<(Number, bool), DecodeError> {
    let Token::Array(2) = reader.token()? else {
        return Err(wrong("a bound is no pair"));
    };
    let number = match reader.token()? {
        Token::Number(number) => number,
        Token::Text(bytes) => number(bytes)?,
        _ => return Err(wrong("a bound is no number")),
    };
    Ok((number, flag(reader)?))
}

fn count(reader: &mut Reader<'_>) -> Result<u64, DecodeError> {
    match reader.token()? {
        Token::Number(number) => number
            .to_u64()
            .ok_or_else(|| wrong("a length is no length")),
        _ => Err(wrong("a length is no number")),
    }
}

fn wrong(reason: &'static str) -> DecodeError {
    DecodeProblem::Refinements { reason }.into()
}
