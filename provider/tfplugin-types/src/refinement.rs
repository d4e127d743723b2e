//! What is already certain about an unknown value.

use crate::Number;

/// Facts about an unknown value: Terraform uses them to decide conditions before the value is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Refinements {
    /// The value will be null (`Some(true)`) or will not be (`Some(false)`).
    pub null: Option<bool>,
    /// The text will begin with this.
    pub prefix: Option<String>,
    /// The number will be at least this; the flag says whether the bound itself is allowed.
    pub number_min: Option<(Number, bool)>,
    /// The number will be at most this; the flag says whether the bound itself is allowed.
    pub number_max: Option<(Number, bool)>,
    /// The collection will have at least so many elements.
    pub length_min: Option<u64>,
    /// The collection will have at most so many elements.
    pub length_max: Option<u64>,
}

impl Refinements {
    /// Nothing is certain.
    pub const NONE: Self = Self {
        null: None,
        prefix: None,
        number_min: None,
        number_max: None,
        length_min: None,
        length_max: None,
    };

    /// The value will not be null.
    pub fn not_null() -> Self {
        Self {
            null: Some(false),
            ..Self::NONE
        }
    }

    /// The value will be a text that begins with `prefix`.
    pub fn prefix(prefix: impl Into<String>) -> Self {
        Self {
            null: Some(false),
            prefix: Some(prefix.into()),
            ..Self::NONE
        }
    }

    /// Whether nothing is certain.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}
