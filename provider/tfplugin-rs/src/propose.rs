//! What Terraform proposes as the state after an apply, before the resource has its say.

use tfplugin_types::{Attribute, Block, Nesting, Refinements, Value};

use crate::sets::{config_mask, pair_up, project};
use crate::shape::{Field, Shape};

/// Merges configuration and prior state.
///
/// What the user gives is taken; write-only values become null; of what is left null, attributes
/// with a default get it, and computed attributes keep the prior value or, where there is none,
/// become unknown. A null where none may be (after an import, or a create that failed half-way)
/// counts as none.
pub fn propose(block: &Block, prior: Option<&Value>, config: &Value) -> Value {
    object(Shape::of(block), prior, config)
}

/// The configuration with defaults in place of what the user left out; a block that is left out
/// altogether is an empty one.
pub fn fill_defaults(block: &Block, config: &Value) -> Value {
    let mut filled = if config.is_null() {
        Value::object::<&str>([])
    } else {
        config.clone()
    };
    defaults(Shape::of(block), &mut filled);
    filled
}

/// Makes the computed attributes unknown that an apply may change: all that the user leaves to the
/// provider, except those marked `stable`.
pub fn mark_changing(block: &Block, config: &Value, planned: &mut Value) {
    changing(Shape::of(block), config, planned);
}

fn object(shape: Shape<'_>, prior: Option<&Value>, config: &Value) -> Value {
    let Value::Map(_) = config else {
        return config.clone();
    };
    let fields = shape.fields().map(|field| {
        let name = field.name();
        let prior = prior.map(|prior| prior.get(name));
        (name, propose_field(field, prior, config.get(name)))
    });
    Value::object(fields)
}

fn propose_field(field: Field<'_>, prior: Option<&Value>, config: &Value) -> Value {
    if field.is_write_only() {
        return Value::Null;
    }
    if config.is_null() {
        return left_out(field, prior);
    }
    match field.inner() {
        None => config.clone(),
        Some((nesting, shape)) => nested(nesting, shape, prior.unwrap_or(&Value::Null), config),
    }
}

fn left_out(field: Field<'_>, prior: Option<&Value>) -> Value {
    let Some(attribute) = field.attribute() else {
        return Value::Null;
    };
    if let Some(default) = &attribute.default {
        return default.clone();
    }
    if !field.is_computed() {
        return Value::Null;
    }
    let prior = prior.filter(|prior| attribute.nullable || !prior.is_null());
    prior.cloned().unwrap_or_else(|| unknown(attribute))
}

/// An unknown value with what is certain about it.
fn unknown(attribute: &Attribute) -> Value {
    Value::Unknown(match &attribute.prefix {
        Some(prefix) => Refinements::prefix(prefix),
        None if attribute.nullable => Refinements::NONE,
        None => Refinements::not_null(),
    })
}

fn nested(nesting: Nesting, shape: Shape<'_>, prior: &Value, config: &Value) -> Value {
    match (nesting, config) {
        (Nesting::Single, Value::Map(_)) => object(shape, present(prior), config),
        (Nesting::List, Value::Seq(items)) => {
            let prior = prior.as_seq().unwrap_or_default();
            let items = items.iter().enumerate();
            let item = |(at, item)| object(shape, prior.get(at).and_then(present), item);
            Value::list(items.map(item))
        }
        (Nesting::Map, Value::Map(items)) => Value::object(
            items
                .iter()
                .map(|(key, item)| (key.clone(), object(shape, present(prior.get(key)), item))),
        ),
        (Nesting::Set, Value::Seq(items)) => set(shape, prior.as_seq().unwrap_or_default(), items),
        _ => config.clone(),
    }
}

fn present(prior: &Value) -> Option<&Value> {
    Some(prior).filter(|prior| matches!(prior, Value::Map(_)))
}

fn set(shape: Shape<'_>, prior: &[Value], config: &[Value]) -> Value {
    let pairs = pair_up(
        config,
        prior,
        |c| config_mask(shape, c),
        project,
        |_, _| true,
    );
    let mut prior_of = vec![None; config.len()];
    for (at, index) in pairs.both {
        prior_of[at] = Some(&prior[index]);
    }
    Value::list(
        config
            .iter()
            .zip(prior_of)
            .map(|(item, prior)| object(shape, prior, item)),
    )
}

fn defaults(shape: Shape<'_>, value: &mut Value) {
    let Value::Map(fields) = value else { return };
    for field in shape.fields() {
        let value = fields.entry(field.name().to_owned()).or_default();
        if value.is_null() {
            *value = field
                .attribute()
                .and_then(|a| a.default.clone())
                .unwrap_or_default();
        } else if let Some((nesting, shape)) = field.inner() {
            each_mut(nesting, value, &mut |value| defaults(shape, value));
        }
    }
}

pub(crate) fn each_mut(nesting: Nesting, value: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    match (nesting, value) {
        (Nesting::Single, single) => visit(single),
        (Nesting::List | Nesting::Set, Value::Seq(items)) => items.iter_mut().for_each(visit),
        (Nesting::Map, Value::Map(items)) => items.values_mut().for_each(visit),
        _ => {}
    }
}

fn changing(shape: Shape<'_>, config: &Value, planned: &mut Value) {
    let Value::Map(fields) = planned else { return };
    for field in shape.fields() {
        let name = field.name();
        let (config, Some(planned)) = (config.get(name), fields.get_mut(name)) else {
            continue;
        };
        match field.attribute() {
            Some(attribute) if config.is_null() => {
                if field.is_computed() && attribute.default.is_none() && !attribute.stable {
                    *planned = unknown(attribute);
                }
            }
            _ => {
                if let Some((nesting, shape)) = field.inner() {
                    changing_inside(nesting, shape, config, planned);
                }
            }
        }
    }
}

fn changing_inside(nesting: Nesting, shape: Shape<'_>, config: &Value, planned: &mut Value) {
    match (nesting, config, planned) {
        (Nesting::Single, config, planned) => changing(shape, config, planned),
        (Nesting::List, Value::Seq(config), Value::Seq(planned)) => {
            config
                .iter()
                .zip(planned)
                .for_each(|(c, p)| changing(shape, c, p));
        }
        (Nesting::Map, Value::Map(config), Value::Map(planned)) => {
            for (key, planned) in planned {
                changing(shape, config.get(key).unwrap_or(&Value::Null), planned);
            }
        }
        (Nesting::Set, Value::Seq(config), Value::Seq(planned)) => {
            let pairs = pair_up(
                config,
                planned,
                |c| config_mask(shape, c),
                project,
                |_, _| true,
            );
            for (c, p) in pairs.both {
                changing(shape, &config[c], &mut planned[p]);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tfplugin_types::{TfObject as _, TfSchema};

    use super::*;

    /// A thing.
    #[derive(TfSchema)]
    struct Thing {
        /// Given, else two.
        #[tf(default = 2)]
        count: i64,
        /// Made once.
        #[tf(computed, stable, prefix = "t-")]
        id: String,
        /// Made, or not.
        #[tf(computed)]
        note: Option<String>,
        /// Rules.
        rules: Option<BTreeSet<Rule>>,
    }

    /// A rule.
    #[derive(PartialEq, Eq, PartialOrd, Ord, TfSchema)]
    struct Rule {
        /// Port.
        port: i64,
        /// Made.
        #[tf(computed)]
        url: String,
    }

    fn of<const N: usize>(fields: [(&str, Value); N]) -> Value {
        Value::object(fields)
    }

    #[test]
    fn a_create_gets_defaults_and_unknowns() {
        let proposed = propose(&Thing::block(), None, &of([]));
        assert_eq!(proposed.get("count"), &2.into());
        assert_eq!(
            proposed.get("id"),
            &Value::Unknown(Refinements::prefix("t-"))
        );
        assert_eq!(proposed.get("note"), &Value::unknown());
        assert_eq!(proposed.get("rules"), &Value::Null);
    }

    #[test]
    fn an_update_keeps_what_is_there_and_asks_for_what_is_missing() {
        let prior = of([
            ("count", 7.into()),
            ("id", Value::Null),
            ("note", Value::Null),
        ]);
        let proposed = propose(&Thing::block(), Some(&prior), &of([]));
        assert_eq!(
            proposed.get("count"),
            &2.into(),
            "the default, not the prior value"
        );
        assert_eq!(
            proposed.get("id"),
            &Value::Unknown(Refinements::prefix("t-"))
        );
        assert_eq!(proposed.get("note"), &Value::Null, "null is a value of it");
    }

    #[test]
    fn elements_of_sets_find_their_prior_ones() {
        let rule = |port: i64, url: Value| of([("port", port.into()), ("url", url)]);
        let prior = of([(
            "rules",
            Value::list([rule(1, "a".into()), rule(2, "b".into())]),
        )]);
        let config = of([(
            "rules",
            Value::list([rule(2, Value::Null), rule(3, Value::Null)]),
        )]);
        let proposed = propose(&Thing::block(), Some(&prior), &config);
        let expected = [
            rule(2, "b".into()),
            rule(3, Value::Unknown(Refinements::not_null())),
        ];
        assert_eq!(proposed.get("rules"), &Value::list(expected));
    }

    #[test]
    fn only_what_is_not_stable_may_change() {
        let mut planned = of([
            ("count", 2.into()),
            ("id", "t-1".into()),
            ("note", "n".into()),
        ]);
        mark_changing(&Thing::block(), &of([]), &mut planned);
        assert_eq!(planned.get("id"), &"t-1".into());
        assert_eq!(planned.get("count"), &2.into());
        assert_eq!(planned.get("note"), &Value::unknown());
    }
}
