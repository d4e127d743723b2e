//! `MessagePack` tokens, read from bytes that may be hostile: nothing is allocated for a length
//! before its bytes are there.

use rmp::Marker;

use crate::decode_error::{DecodeError, DecodeProblem};
use crate::{Number, ParseNumberError};

/// One token; the insides of arrays and maps follow as tokens.
pub(super) enum Token<'a> {
    Nil,
    Bool(bool),
    Number(Number),
    Infinite,
    Text(&'a [u8]),
    Bin(&'a [u8]),
    Array(u32),
    Map(u32),
    Extension(i8, &'a [u8]),
}

/// Bytes that are still to be read.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn remaining(&self) -> usize {
        self.0.len()
    }

    pub(super) fn token(&mut self) -> Result<Token<'a>, DecodeError> {
        let [first] = self.array()?;
        Ok(match Marker::from_u8(first) {
            Marker::Null => Token::Nil,
            Marker::True => Token::Bool(true),
            Marker::False => Token::Bool(false),
            Marker::Reserved => return Err(reserved()),
            Marker::F32 => float(f64::from(f32::from_be_bytes(self.array()?))),
            Marker::F64 => float(f64::from_be_bytes(self.array()?)),
            Marker::FixStr(length) => Token::Text(self.take(length.into())?),
            Marker::Str8 | Marker::Str16 | Marker::Str32 => Token::Text(self.sized(first - 0xd9)?),
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => Token::Bin(self.sized(first - 0xc4)?),
            Marker::FixArray(items) => Token::Array(items.into()),
            Marker::Array16 => Token::Array(u16::from_be_bytes(self.array()?).into()),
            Marker::Array32 => Token::Array(u32::from_be_bytes(self.array()?)),
            Marker::FixMap(entries) => Token::Map(entries.into()),
            Marker::Map16 => Token::Map(u16::from_be_bytes(self.array()?).into()),
            Marker::Map32 => Token::Map(u32::from_be_bytes(self.array()?)),
            Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16 => self.extension(1 << (first - 0xd4))?,
            Marker::Ext8 | Marker::Ext16 | Marker::Ext32 => {
                let length = self.length(first - 0xc7)?;
                self.extension(length)?
            }
            integer => Token::Number(self.integer(integer)?),
        })
    }

    /// Passes over one whole value, however deep.
    pub(super) fn skip(&mut self) -> Result<(), DecodeError> {
        let mut left = 1_u64;
        while left > 0 {
            left -= 1;
            left += match self.token()? {
                Token::Array(items) => u64::from(items),
                Token::Map(entries) => 2 * u64::from(entries),
                _ => 0,
            };
        }
        Ok(())
    }

    fn integer(&mut self, marker: Marker) -> Result<Number, DecodeError> {
        let signed = match marker {
            Marker::FixPos(value) => i64::from(value),
            Marker::FixNeg(value) => i64::from(value),
            Marker::U8 => i64::from(u8::from_be_bytes(self.array()?)),
            Marker::U16 => i64::from(u16::from_be_bytes(self.array()?)),
            Marker::U32 => i64::from(u32::from_be_bytes(self.array()?)),
            Marker::U64 => return Ok(Number::from(u64::from_be_bytes(self.array()?))),
            Marker::I8 => i64::from(i8::from_be_bytes(self.array()?)),
            Marker::I16 => i64::from(i16::from_be_bytes(self.array()?)),
            Marker::I32 => i64::from(i32::from_be_bytes(self.array()?)),
            Marker::I64 => i64::from_be_bytes(self.array()?),
            _ => return Err(reserved()),
        };
        Ok(Number::from(signed))
    }

    fn extension(&mut self, length: usize) -> Result<Token<'a>, DecodeError> {
        let [code] = self.array()?;
        Ok(Token::Extension(
            i8::from_be_bytes([code]),
            self.take(length)?,
        ))
    }

    /// Bytes after their length, which has 1, 2 or 4 bytes itself (`width` 0, 1 or 2).
    fn sized(&mut self, width: u8) -> Result<&'a [u8], DecodeError> {
        let length = self.length(width)?;
        self.take(length)
    }

    fn length(&mut self, width: u8) -> Result<usize, DecodeError> {
        let length = match width {
            0 => u32::from(u8::from_be_bytes(self.array()?)),
            1 => u32::from(u16::from_be_bytes(self.array()?)),
            _ => u32::from_be_bytes(self.array()?),
        };
        usize::try_from(length).map_err(|_| DecodeProblem::Truncated.into())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(DecodeProblem::Truncated)?;
        self.0 = rest;
        Ok(*head)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(DecodeProblem::Truncated)?;
        self.0 = rest;
        Ok(head)
    }
}

impl Token<'_> {
    pub(super) const fn describe(&self) -> &'static str {
        match self {
            Self::Nil => "null",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::Infinite => "an infinite number",
            Self::Text(_) => "a string",
            Self::Bin(_) => "bytes",
            Self::Array(_) => "a list",
            Self::Map(_) => "a map",
            Self::Extension(..) => "an unknown value",
        }
    }
}

/// UTF-8 or an error.
pub(super) fn text(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|_| DecodeProblem::NotUtf8.into())
}

/// A number from its decimal text.
pub(super) fn number(bytes: &[u8]) -> Result<Number, DecodeError> {
    let number: Result<Number, ParseNumberError> = text(bytes)?.parse();
    Ok(number?)
}

fn float<'a>(value: f64) -> Token<'a> {
    Number::from_f64(value).map_or(Token::Infinite, Token::Number)
}

fn reserved() -> DecodeError {
    let (expected, found) = (
        "a value".into(),
        "a byte that MessagePack does not use".into(),
    );
    DecodeProblem::Mismatch { expected, found }.into()
}
