//! Checks on known values, with what they allow in words.

use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use crate::{AttributeType, Number, TfType, Type, Value};

/// A check on the known value of an attribute.
#[derive(Clone)]
pub struct Check {
    /// What is allowed, for the documentation: "1 to 50", "one of `a`, `b`". Empty when the check
    /// has no words for it.
    pub allowed: String,
    run: Arc<CheckFn>,
}

type CheckFn = dyn Fn(&Value) -> Result<(), String> + Send + Sync;

impl Check {
    /// A check with the text for the documentation; the function answers what is wrong with a value.
    pub fn new(
        allowed: impl Into<String>,
        run: impl Fn(&Value) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            allowed: allowed.into(),
            run: Arc::new(run),
        }
    }

    /// The text is one of these; in a collection, each element is.
    pub fn one_of(texts: &[&str]) -> Self {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        let quoted: Vec<String> = texts.iter().map(|text| format!("`{text}`")).collect();
        let allowed = match quoted.as_slice() {
            [only] => only.clone(),
            all => format!("one of {}", all.join(", ")),
        };
        let problem = format!("The value must be {allowed}.");
        Self::each(allowed, problem, move |value| match value {
            Value::String(text) => texts.contains(text),
            _ => true,
        })
    }

    /// The number is in the range; in a collection, each element is.
    pub fn range(bounds: impl RangeBounds<i64>) -> Self {
        let (least, most) = (smallest(&bounds), largest(&bounds));
        let allowed = words(least, most);
        let (least, most) = (least.map(Number::from), most.map(Number::from));
        let problem = format!("The value must be {allowed}.");
        Self::each(allowed, problem, move |value| match value {
            Value::Number(number) => fits(number, least.as_ref(), most.as_ref()),
            _ => true,
        })
    }

    /// Every number in the value is one that the type has: whole, and not too large for it. `None` for
    /// a type without such numbers, and for an object, whose attributes have checks of their own.
    pub fn number<T: TfType>() -> Option<Self> {
        let AttributeType::Plain(ty) = T::attribute_type() else {
            return None;
        };
        has_number(&ty).then(|| {
            Self::new("", |value| match T::from_value(value) {
                Err(error) if error.is_about_a_number() => Err(error.about_a_number()),
                _ => Ok(()),
            })
        })
    }

    /// The text has so many characters, or the collection so many elements.
    pub fn length(bounds: impl RangeBounds<i64>, of: &AttributeType) -> Self {
        let (least, most) = (smallest(&bounds), largest(&bounds));
        let unit = match of {
            AttributeType::Plain(Type::String) => "character",
            _ => "element",
        };
        let plural = if most.or(least) == Some(1) { "" } else { "s" };
        let allowed = format!("{} {unit}{plural}", words(least, most));
        let problem = format!("The value must have {allowed}");
        Self::new(allowed, move |value| match length(value) {
            Some(length) if !fits(&length, least.as_ref(), most.as_ref()) => {
                Err(format!("{problem}, not {length}."))
            }
            _ => Ok(()),
        })
    }

    /// The function accepts the value; its error is a whole sentence for the user.
    pub fn matches<T: TfType>(
        allowed: impl Into<String>,
        accept: impl Fn(&T) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self::new(allowed, move |value| match T::from_value(value) {
            Ok(value) => accept(&value),
            Err(error) => Err(format!("The value does not fit: {error}.")),
        })
    }

    /// What is wrong with a known value, if anything.
    pub fn run(&self, value: &Value) -> Result<(), String> {
        (self.run)(value)
    }

    fn each(
        allowed: String,
        problem: String,
        fits: impl Fn(&Value) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::new(allowed, move |value| {
            if all(value, &fits) {
                Ok(())
            } else {
                Err(problem.clone())
            }
        })
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Check({})", self.allowed)
    }
}

fn has_number(ty: &Type) -> bool {
    match ty {
        Type::Number => true,
        Type::List(inner) | Type::Set(inner) | Type::Map(inner) => has_number(inner),
        Type::Object(fields) => fields.values().any(has_number),
        Type::Tuple(items) => items.iter().any(has_number),
        Type::Bool | Type::String | Type::Dynamic => false,
    }
}

fn all(value: &Value, fits: &dyn Fn(&Value) -> bool) -> bool {
    match value {
        Value::Seq(items) => items.iter().all(|item| all(item, fits)),
        Value::Map(items) => items.values().all(|item| all(item, fits)),
        scalar => fits(scalar),
    }
}

fn length(value: &Value) -> Option<i64> {
    let length = match value {
        Value::String(text) => text.chars().count(),
        Value::Seq(items) => items.len(),
        Value::Map(items) => items.len(),
        _ => return None,
    };
    Some(i64::try_from(length).unwrap_or(i64::MAX))
}

fn fits<N: Ord>(value: &N, least: Option<&N>, most: Option<&N>) -> bool {
    least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most)
}

/// The smallest whole number in the range.
fn smallest(bounds: &impl RangeBounds<i64>) -> Option<i64> {
    match bounds.start_bound() {
        Bound::Included(bound) => Some(*bound),
        Bound::Excluded(bound) => Some(bound.saturating_add(1)),
        Bound::Unbounded => None,
    }
}

/// The largest whole number in the range.
fn largest(bounds: &impl RangeBounds<i64>) -> Option<i64> {
    match bounds.end_bound() {
        Bound::Included(bound) => Some(*bound),
        Bound::Excluded(bound) => Some(bound.saturating_sub(1)),
        Bound::Unbounded => None,
    }
}

fn words(least: Option<i64>, most: Option<i64>) -> String {
    match (least, most) {
        (Some(least), Some(most)) if least == most => least.to_string(),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => "any number".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn text() -> AttributeType {
        AttributeType::Plain(Type::String)
    }

    #[test]
    fn one_of_names_what_is_allowed() {
        let check = Check::one_of(&["a", "b"]);
        assert_eq!(check.allowed, "one of `a`, `b`");
        assert_eq!(check.run(&"b".into()), Ok(()));
        assert_eq!(
            check.run(&"c".into()).unwrap_err(),
            "The value must be one of `a`, `b`."
        );
        assert_eq!(Check::one_of(&["only"]).allowed, "`only`");
    }

    #[test]
    fn elements_are_checked_one_by_one() {
        let check = Check::one_of(&["a", "b"]);
        assert!(check.run(&Value::list(["a".into(), "b".into()])).is_ok());
        assert!(check.run(&Value::list(["a".into(), "c".into()])).is_err());
        assert!(
            Check::range(1..3)
                .run(&Value::object([("x", 3.into())]))
                .is_err()
        );
    }

    #[test]
    fn range_keeps_fractions_out_of_its_bounds() {
        let half = |text: &str| Value::Number(text.parse().unwrap());
        let check = Check::range(1..=50);
        assert_eq!(check.allowed, "1 to 50");
        assert!(check.run(&half("50")).is_ok());
        assert_eq!(
            check.run(&half("50.5")).unwrap_err(),
            "The value must be 1 to 50."
        );
        assert!(check.run(&half("0.5")).is_err());
    }

    #[test]
    fn half_open_and_open_ranges() {
        assert_eq!(Check::range(1..5).allowed, "1 to 4");
        assert!(Check::range(1..5).run(&5.into()).is_err());
        assert_eq!(Check::range(1..).allowed, "at least 1");
        assert!(Check::range(1..).run(&0.into()).is_err());
        assert_eq!(Check::range(..=9).allowed, "at most 9");
        assert!(Check::range(..=9).run(&10.into()).is_err());
    }

    #[test]
    fn length_counts_characters_or_elements() {
        let check = Check::length(1..=2, &text());
        assert_eq!(check.allowed, "1 to 2 characters");
        assert!(check.run(&"äö".into()).is_ok());
        let problem = check.run(&"äöü".into()).unwrap_err();
        assert_eq!(problem, "The value must have 1 to 2 characters, not 3.");
        let list = AttributeType::Plain(Type::list(Type::String));
        assert_eq!(Check::length(..=1, &list).allowed, "at most 1 element");
        assert!(Check::length(1.., &list).run(&Value::list([])).is_err());
    }

    #[test]
    fn matches_sees_the_rust_value() {
        let even = |n: &i64| {
            if n % 2 == 0 {
                Ok(())
            } else {
                Err(format!("{n} is odd."))
            }
        };
        let check = Check::matches("even", even);
        assert_eq!(check.run(&2.into()), Ok(()));
        assert_eq!(check.run(&3.into()).unwrap_err(), "3 is odd.");
        let problem = check.run(&"x".into()).unwrap_err();
        assert_eq!(
            problem,
            "The value does not fit: expected a whole number, found a string."
        );
    }
}
