//! Why bytes or JSON are no value of a type.

use std::borrow::Cow;

use crate::{ParseNumberError, ParseTypeError, Path, Step};

/// Bytes or JSON are no value of the type that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", place(path))]
pub struct DecodeError {
    /// Where in the value; the set itself for an element of a set, which Terraform cannot address.
    pub path: Path,
    /// What is wrong there.
    pub problem: DecodeProblem,
}

/// What is wrong with bytes or JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeProblem {
    /// The bytes end in the middle of a value.
    #[error("the value ends too early")]
    Truncated,
    /// Bytes follow after the value.
    #[error("{bytes} bytes follow after the value")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// The value has another shape than the type.
    #[error("expected {expected}, found {found}")]
    Mismatch {
        /// The shape that the type says.
        expected: Cow<'static, str>,
        /// What was there.
        found: Cow<'static, str>,
    },
    /// The object has no such attribute, and the type says it has.
    #[error("attribute `{name}` is missing")]
    MissingAttribute {
        /// Which.
        name: String,
    },
    /// The object has an attribute that the type does not know.
    #[error("attribute `{name}` is not expected")]
    UnexpectedAttribute {
        /// Which.
        name: String,
    },
    /// A map or object has two values for one key.
    #[error("key `{key}` is there twice")]
    DuplicateKey {
        /// Which.
        key: String,
    },
    /// A text is not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// A number cannot be read, or is infinite.
    #[error("{0}")]
    Number(#[from] ParseNumberError),
    /// The type of a dynamic value cannot be read.
    #[error("the type of a dynamic value cannot be read: {0}")]
    Type(#[from] ParseTypeError),
    /// What is said about an unknown value cannot be read or does not fit its type.
    #[error("the facts about an unknown value are wrong: {reason}")]
    Refinements {
        /// In which way.
        reason: &'static str,
    },
    /// Dynamic values inside dynamic values, without end.
    #[error("the value is nested too deep")]
    TooDeep,
}

impl DecodeError {
    /// The same, one step deeper.
    #[must_use]
    pub fn inside(mut self, step: Step) -> Self {
        self.path.0.insert(0, step);
        self
    }
}

impl<P: Into<DecodeProblem>> From<P> for DecodeError {
    fn from(problem: P) -> Self {
        Self {
            path: Path::root(),
            problem: problem.into(),
        }
    }
}

/// The path with a colon; nothing for the top, which has no name.
pub(crate) fn place(path: &Path) -> String {
    if path.0.is_empty() {
        String::new()
    } else {
        format!("{path}: ")
    }
}
