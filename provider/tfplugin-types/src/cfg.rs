//! A value as configuration and plans have it: known, null or not known yet.

use crate::Refinements;

/// A value that may be null or not known yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Cfg<T> {
    /// The value.
    Known(T),
    /// Not set.
    #[default]
    Null,
    /// Set, but known only after something else was applied.
    Unknown(Refinements),
}

impl<T> Cfg<T> {
    /// Not known yet, and nothing is certain about it.
    pub const fn unknown() -> Self {
        Self::Unknown(Refinements::NONE)
    }

    /// The value, when there is one and it is known.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown(_) => None,
        }
    }

    /// The value, when there is one and it is known.
    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown(_) => None,
        }
    }

    /// Whether it is not set.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is not known yet.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// The same with another value inside; null and unknown stay (refinements are dropped).
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Cfg<U> {
        match self {
            Self::Known(value) => Cfg::Known(f(value)),
            Self::Null => Cfg::Null,
            Self::Unknown(_) => Cfg::unknown(),
        }
    }

    /// The same, with what is certain about it while it is not known.
    #[must_use]
    pub fn refined(self, refinements: Refinements) -> Self {
        match self {
            Self::Unknown(_) => Self::Unknown(refinements),
            other => other,
        }
    }

    /// A view that borrows the value.
    pub fn as_ref(&self) -> Cfg<&T> {
        match self {
            Self::Known(value) => Cfg::Known(value),
            Self::Null => Cfg::Null,
            Self::Unknown(refinements) => Cfg::Unknown(refinements.clone()),
        }
    }

    /// The value or, when null, the default; `None` when unknown.
    pub fn known_or(&self, default: T) -> Option<T>
    where
        T: Clone,
    {
        match self {
            Self::Known(value) => Some(value.clone()),
            Self::Null => Some(default),
            Self::Unknown(_) => None,
        }
    }
}

impl<T> From<T> for Cfg<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T> From<Option<T>> for Cfg<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}
