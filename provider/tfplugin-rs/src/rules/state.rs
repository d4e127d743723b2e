//! Rules about every state that is answered.

use tfplugin_types::{Block, Nesting, Path, Type, Value};

use super::Broken;
use crate::shape::Shape;

/// A1, R1, U1, I1 and T1: an object, wholly known, without write-only values.
pub(crate) fn check(rule: &'static str, block: &Block, ty: &Type, state: &Value) -> Vec<Broken> {
    if state.as_map().is_none() {
        return vec![Broken::new(
            rule,
            &Path::root(),
            "the state is null or unknown",
        )];
    }
    let mut broken = Vec::new();
    known(rule, ty, state, &Path::root(), &mut broken);
    without_secrets(rule, Shape::of(block), state, &Path::root(), &mut broken);
    broken
}

fn known(rule: &'static str, ty: &Type, value: &Value, at: &Path, broken: &mut Vec<Broken>) {
    if value.is_wholly_known() {
        return;
    }
    match (ty, value) {
        (Type::Object(types), Value::Map(fields)) => {
            for (name, ty) in types {
                known(
                    rule,
                    ty,
                    fields.get(name).unwrap_or(&Value::Null),
                    &at.join(name),
                    broken,
                );
            }
        }
        (Type::Map(element), Value::Map(items)) => {
            for (key, item) in items {
                known(rule, element, item, &at.key(key), broken);
            }
        }
        (Type::List(element), Value::Seq(items)) => {
            for (index, item) in items.iter().enumerate() {
                known(rule, element, item, &at.index(index), broken);
            }
        }
        _ => broken.push(Broken::new(rule, at, "the value is still unknown")),
    }
}

fn without_secrets(
    rule: &'static str,
    shape: Shape<'_>,
    value: &Value,
    at: &Path,
    broken: &mut Vec<Broken>,
) {
    for field in shape.fields() {
        let (value, at) = (value.get(field.name()), at.join(field.name()));
        if field.is_write_only() && !value.is_null() {
            broken.push(Broken::new(rule, &at, "a write-only value is in the state"));
        } else if let Some((nesting, shape)) = field.inner() {
            each(nesting, value, &at, &mut |value, at| {
                without_secrets(rule, shape, value, at, broken);
            });
        }
    }
}

/// Visits every object of a nested value; elements of sets have the path of the set.
pub(crate) fn each(
    nesting: Nesting,
    value: &Value,
    at: &Path,
    visit: &mut impl FnMut(&Value, &Path),
) {
    match (nesting, value) {
        (Nesting::Single, Value::Map(_)) => visit(value, at),
        (Nesting::List, Value::Seq(items)) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| visit(item, &at.index(index)));
        }
        (Nesting::Set, Value::Seq(items)) => items.iter().for_each(|item| visit(item, at)),
        (Nesting::Map, Value::Map(items)) => {
            for (key, item) in items {
                visit(item, &at.key(key));
            }
        }
        _ => {}
    }
}
