//! Rules about what an apply answers.

use std::collections::BTreeMap;

use tfplugin_types::{Path, Refinements, Type, Value};

use super::Broken;
use crate::sets::{pair_up, project, unknown_mask};

/// A2 and A3: what was planned and known is what came out; what was unknown keeps its promises.
pub(crate) fn check(ty: &Type, planned: &Value, actual: &Value) -> Vec<Broken> {
    let mut broken = Vec::new();
    compare(ty, planned, actual, &Path::root(), &mut broken);
    broken
}

/// A4: a deletion leaves nothing, anything else leaves something.
pub(crate) fn a4_presence(planned: Option<&Value>, actual: Option<&Value>) -> Option<Broken> {
    let problem = match (planned, actual) {
        (None, Some(_)) => "state was answered after a deletion without an error",
        (Some(_), None) => "no state was answered and no error",
        _ => return None,
    };
    Some(Broken::new("A4", &Path::root(), problem))
}

fn compare(ty: &Type, planned: &Value, actual: &Value, at: &Path, broken: &mut Vec<Broken>) {
    if let Value::Unknown(promised) = planned {
        broken.extend(a2_promise_is_kept(promised, actual, at));
        return;
    }
    if actual.is_unknown() || planned == actual {
        // That a value is still unknown is rule A1.
        return;
    }
    if planned.is_null() != actual.is_null() {
        broken.push(a2_null_stays(planned, at));
        return;
    }
    match (ty, planned, actual) {
        (Type::Object(types), Value::Map(planned), Value::Map(actual)) => {
            compare_object(types, planned, actual, at, broken);
        }
        (Type::List(element), Value::Seq(planned), Value::Seq(actual)) => {
            broken.extend(a3_as_many(planned.len(), actual.len(), at));
            for (index, (planned, actual)) in planned.iter().zip(actual).enumerate() {
                compare(element, planned, actual, &at.index(index), broken);
            }
        }
        (Type::Tuple(types), Value::Seq(planned), Value::Seq(actual)) => {
            for (index, ((ty, planned), actual)) in
                types.iter().zip(planned).zip(actual).enumerate()
            {
                compare(ty, planned, actual, &at.index(index), broken);
            }
        }
        (Type::Map(element), Value::Map(planned), Value::Map(actual)) => {
            broken.extend(a3_same_keys(planned, actual, at));
            for (key, planned) in planned {
                if let Some(actual) = actual.get(key) {
                    compare(element, planned, actual, &at.key(key), broken);
                }
            }
        }
        (Type::Set(element), Value::Seq(planned), Value::Seq(actual)) => {
            broken.extend(a3_same_set(element, planned, actual, at));
        }
        (Type::Dynamic, Value::Dynamic(planned), Value::Dynamic(actual))
            if planned.0 == actual.0 =>
        {
            compare(&planned.0, &planned.1, &actual.1, at, broken);
        }
        _ => broken.push(Broken::new("A2", at, "the value is not the planned one")),
    }
}

fn compare_object(
    types: &BTreeMap<String, Type>,
    planned: &BTreeMap<String, Value>,
    actual: &BTreeMap<String, Value>,
    at: &Path,
    broken: &mut Vec<Broken>,
) {
    for (name, ty) in types {
        if let (Some(planned), Some(actual)) = (planned.get(name), actual.get(name)) {
            compare(ty, planned, actual, &at.join(name), broken);
        }
    }
}

/// A2: null stays null, and what is not null does not become null.
fn a2_null_stays(planned: &Value, at: &Path) -> Broken {
    let problem = if planned.is_null() {
        "the planned value was null, and there is one now"
    } else {
        "a value was planned, and it is null now"
    };
    Broken::new("A2", at, problem)
}

/// A2: an unknown value turned out as it was promised.
fn a2_promise_is_kept(promised: &Refinements, actual: &Value, at: &Path) -> Option<Broken> {
    let broken = |problem: &str| Some(Broken::new("A2", at, problem));
    match (promised.null, actual.is_null()) {
        (Some(false), true) => return broken("a value was promised, and it is null"),
        (Some(true), false) => return broken("null was promised, and there is a value"),
        (_, true) => return None,
        _ => {}
    }
    let kept = match actual {
        Value::String(text) => promised
            .prefix
            .as_ref()
            .is_none_or(|prefix| text.starts_with(prefix)),
        Value::Number(number) => {
            let above = promised
                .number_min
                .as_ref()
                .is_none_or(|(least, inclusive)| number > least || (*inclusive && number == least));
            let below = promised
                .number_max
                .as_ref()
                .is_none_or(|(most, inclusive)| number < most || (*inclusive && number == most));
            above && below
        }
        Value::Seq(items) => length_kept(promised, items.len()),
        Value::Map(items) => length_kept(promised, items.len()),
        _ => true,
    };
    if kept {
        None
    } else {
        broken("the value is not what the plan has promised of it")
    }
}

fn length_kept(promised: &Refinements, length: usize) -> bool {
    let length = length as u64;
    promised.length_min.is_none_or(|least| length >= least)
        && promised.length_max.is_none_or(|most| length <= most)
}

/// A3: a list neither grows nor shrinks.
fn a3_as_many(planned: usize, actual: usize, at: &Path) -> Option<Broken> {
    let problem = || format!("{planned} elements were planned, and there are {actual}");
    (planned != actual).then(|| Broken::new("A3", at, problem()))
}

/// A3: a map keeps its keys.
fn a3_same_keys(
    planned: &BTreeMap<String, Value>,
    actual: &BTreeMap<String, Value>,
    at: &Path,
) -> Vec<Broken> {
    let gone = planned.keys().filter(|key| !actual.contains_key(*key));
    let gone = gone.map(|key| Broken::new("A3", &at.key(key), "the planned element is missing"));
    let new = actual.keys().filter(|key| !planned.contains_key(*key));
    let new = new.map(|key| {
        Broken::new(
            "A3",
            &at.key(key),
            "an element appeared that was not planned",
        )
    });
    gone.chain(new).collect()
}

/// A3: every planned element of a set came out, and nothing else.
fn a3_same_set(element: &Type, planned: &[Value], actual: &[Value], at: &Path) -> Option<Broken> {
    let fits = |planned: &Value, actual: &Value| check(element, planned, actual).is_empty();
    let pairs = pair_up(planned, actual, |p| unknown_mask(element, p), project, fits);
    // Planned elements that turned out equal are one.
    let merged = pairs
        .lonely_patterns
        .iter()
        .all(|&p| actual.iter().any(|a| fits(&planned[p], a)));
    (!merged || !pairs.lonely_items.is_empty())
        .then(|| Broken::new("A3", at, "the elements of the set are not the planned ones"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "tests read better")]
    fn broken(ty: &Type, planned: Value, actual: Value) -> Vec<String> {
        let found = check(ty, &planned, &actual);
        found
            .into_iter()
            .map(|one| format!("{} {}", one.rule, one.path))
            .collect()
    }

    fn list<const N: usize>(items: [&str; N]) -> Value {
        Value::list(items.map(Value::from))
    }

    fn map<const N: usize>(items: [(&str, Value); N]) -> Value {
        Value::object(items)
    }

    const NONE: [&str; 0] = [];

    #[test]
    fn a2_what_was_planned_comes_out() {
        let ty = Type::Object([("a".to_owned(), Type::String)].into());
        let of = |value: Value| map([("a", value)]);
        assert_eq!(broken(&ty, of("x".into()), of("x".into())), NONE);
        assert_eq!(broken(&ty, of("x".into()), of("y".into())), ["A2 a"]);
        assert_eq!(broken(&ty, of(Value::Null), of("y".into())), ["A2 a"]);
        assert_eq!(broken(&ty, of("x".into()), of(Value::Null)), ["A2 a"]);
        assert_eq!(broken(&ty, of(Value::unknown()), of("y".into())), NONE);
        assert_eq!(broken(&ty, of(Value::unknown()), of(Value::Null)), NONE);
    }

    #[expect(clippy::needless_pass_by_value, reason = "tests read better")]
    fn promise(refinements: Refinements, actual: Value) -> bool {
        a2_promise_is_kept(&refinements, &actual, &Path::root()).is_none()
    }

    #[test]
    fn a2_promises_about_unknown_values_are_kept() {
        assert!(promise(Refinements::prefix("arn:"), "arn:x".into()));
        assert!(!promise(Refinements::prefix("arn:"), "x".into()));
        assert!(!promise(Refinements::not_null(), Value::Null));
        let above = |inclusive| Refinements {
            number_min: Some((3_i64.into(), inclusive)),
            ..Refinements::NONE
        };
        assert!(promise(above(true), 3.into()) && !promise(above(false), 3.into()));
        let below = Refinements {
            number_max: Some((3_i64.into(), true)),
            ..Refinements::NONE
        };
        assert!(promise(below.clone(), 3.into()) && !promise(below, 4.into()));
        let length = Refinements {
            length_min: Some(1),
            length_max: Some(2),
            ..Refinements::NONE
        };
        assert!(promise(length.clone(), list(["a"])));
        assert!(!promise(length.clone(), list([])) && !promise(length, list(["a", "b", "c"])));
    }

    #[test]
    fn a3_lists_keep_their_length_and_maps_their_keys() {
        let ty = Type::list(Type::String);
        assert_eq!(broken(&ty, list(["a"]), list(["a", "b"])), ["A3 "]);
        assert_eq!(broken(&ty, list(["a", "b"]), list(["a", "c"])), ["A2 [1]"]);
        let ty = Type::map(Type::String);
        let (a, b) = (map([("a", "1".into())]), map([("b", "1".into())]));
        assert_eq!(broken(&ty, a.clone(), b), ["A3 [\"a\"]", "A3 [\"b\"]"]);
        assert_eq!(broken(&ty, a, map([("a", "2".into())])), ["A2 [\"a\"]"]);
    }

    #[test]
    fn a3_sets_keep_their_elements() {
        let ty = Type::set(Type::Object(
            [("p", Type::Number), ("id", Type::String)]
                .map(|(n, t)| (n.to_owned(), t))
                .into(),
        ));
        let rule = |port: i64, id: Value| map([("p", port.into()), ("id", id)]);
        let planned = Value::list([rule(1, Value::unknown()), rule(2, Value::unknown())]);
        let good = Value::list([rule(1, "a".into()), rule(2, "b".into())]);
        assert_eq!(broken(&ty, planned.clone(), good), NONE);
        let other = Value::list([rule(1, "a".into()), rule(3, "b".into())]);
        assert_eq!(broken(&ty, planned.clone(), other), ["A3 "]);
        let more = Value::list([
            rule(1, "a".into()),
            rule(2, "b".into()),
            rule(2, "c".into()),
        ]);
        assert_eq!(broken(&ty, planned, more), ["A3 "]);
        let same = Value::list([rule(1, Value::unknown()), rule(1, Value::unknown())]);
        let merged = Value::list([rule(1, "a".into())]);
        assert_eq!(
            broken(&ty, same, merged),
            NONE,
            "elements that turn out equal are one"
        );
    }

    #[test]
    fn a4_a_deletion_leaves_nothing() {
        let state = map([]);
        assert!(a4_presence(None, Some(&state)).is_some());
        assert!(a4_presence(Some(&state), None).is_some());
        assert!(a4_presence(Some(&state), Some(&state)).is_none());
        assert!(a4_presence(None, None).is_none());
    }

    #[test]
    fn dynamic_values_keep_their_type() {
        let of = |ty, value| Value::Dynamic(Box::new((ty, value)));
        let planned = of(Type::String, "a".into());
        assert_eq!(
            broken(
                &Type::Dynamic,
                planned.clone(),
                of(Type::String, "a".into())
            ),
            NONE
        );
        assert_eq!(
            broken(&Type::Dynamic, planned, of(Type::Number, 1.into())),
            ["A2 "]
        );
    }
}
