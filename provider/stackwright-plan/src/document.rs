//! A document of tables, lists and plain values that remember where they stand: what YAML, TOML and JSON have in common.

use std::ops::Range;

/// A value and its bytes in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its bytes.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number as it is written, so that no digit is lost.
    Number(String),
    /// Text.
    Text(String),
    /// Something that only one of the formats has, by its name.
    Other(&'static str),
    /// Values in order.
    List(Vec<Node>),
    /// Values by key, in the order of the text, each key once.
    Table(Vec<Entry>),
}

/// One key of a table and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The bytes of the key.
    pub key_span: Range<usize>,
    /// The value.
    pub node: Node,
}

/// What is wrong with a document as such.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentErrorKind {
    /// The text does not follow the rules of its format.
    #[error("{message}")]
    Syntax {
        /// The parser's message.
        message: String,
    },
    /// A key of a table a second time.
    #[error("`{key}` is written a second time")]
    Duplicate {
        /// The key.
        key: String,
        /// Where it is written first.
        first: Range<usize>,
    },
    /// Tables or lists within each other, more than anyone writes.
    #[error("tables and lists are nested more than {DEEPEST} deep")]
    TooDeep,
    /// More values than anyone writes, as when aliases multiply.
    #[error("the document has more than {MOST_VALUES} values")]
    TooLarge,
}

/// One thing that is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct DocumentError {
    /// What is wrong.
    pub kind: DocumentErrorKind,
    /// The bytes to point at.
    pub span: Range<usize>,
}

/// How deep tables and lists may be nested.
pub const DEEPEST: usize = 64;
/// How many values a document may have.
pub const MOST_VALUES: usize = 1_000_000;

impl Node {
    /// The value of a key, when this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// A key and its value, when this is a table that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a table; none of anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The values of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text, when it is text.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth, when it is true or false.
    pub fn bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The whole number, when it is one; `2.0` is, too.
    pub fn whole(&self) -> Option<i64> {
        let Value::Number(written) = &self.value else {
            return None;
        };
        let plain = written.replace('_', "");
        let based = [("0x", 16), ("0o", 8), ("0b", 2)];
        for (start, radix) in based {
            if let Some(digits) = plain.strip_prefix(start) {
                return i64::from_str_radix(digits, radix).ok();
            }
        }
        plain
            .parse()
            .ok()
            .or_else(|| whole_of(plain.parse::<f64>().ok()?))
    }

    /// The number, when it is one and finite.
    pub fn number(&self) -> Option<f64> {
        let Value::Number(written) = &self.value else {
            return None;
        };
        #[expect(
            clippy::cast_precision_loss,
            reason = "a threshold of more than 15 digits is not told from its neighbours anyway"
        )]
        let whole = self.whole().map(|whole| whole as f64);
        let number = whole.or_else(|| written.replace('_', "").parse().ok());
        number.filter(|number: &f64| number.is_finite())
    }

    /// What kind of value it is, as a message names it.
    pub fn type_name(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) if self.whole().is_some() => "a whole number",
            Value::Number(_) => "a decimal number",
            Value::Text(_) => "a string",
            Value::Other(name) => name,
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// The whole number that a decimal one stands for, as long as no digit is lost.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked before"
)]
fn whole_of(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(written: &str) -> Node {
        Node {
            span: 0..0,
            value: Value::Number(written.to_owned()),
        }
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for (written, whole) in [
            ("12", Some(12)),
            ("-3", Some(-3)),
            ("+3", Some(3)),
            ("1_000", Some(1000)),
            ("0x10", Some(16)),
            ("0o10", Some(8)),
            ("2.0", Some(2)),
            ("2e2", Some(200)),
            ("2.5", None),
            ("1e300", None),
            ("nan", None),
        ] {
            assert_eq!(number(written).whole(), whole, "{written}");
        }
        assert_eq!(number("0.25").number(), Some(0.25));
        assert_eq!(number("inf").number(), None);
    }
}
