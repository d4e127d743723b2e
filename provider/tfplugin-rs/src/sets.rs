//! Which element of one set belongs to which element of another, found by hashing.
//!
//! Elements of sets have no key. Where an element is only partly certain (the provider computes
//! some of its attributes, or they are not known yet), the certain part is compared. Elements with
//! the same uncertain part are looked up in one table, so that a thousand elements of a kind cost
//! a thousand steps, not a million.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use tfplugin_types::{Nesting, Type, Value};

use crate::shape::{Field, Shape};

/// Which part of a value is certain. `Bool(true)` leaves a part out, `Null` compares it whole.
const FREE: Value = Value::Bool(true);
const WHOLE: Value = Value::Null;

/// Pairs of indexes, and what is left over on both sides.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs {
    pub(crate) both: Vec<(usize, usize)>,
    pub(crate) lonely_patterns: Vec<usize>,
    pub(crate) lonely_items: Vec<usize>,
}

/// Pairs each pattern with one item that has the same certain part and fits.
pub(crate) fn pair_up(
    patterns: &[Value],
    items: &[Value],
    mask: impl Fn(&Value) -> Value,
    project: impl Fn(&Value, &Value) -> Value,
    fits: impl Fn(&Value, &Value) -> bool,
) -> Pairs {
    let mut tables: HashMap<Value, HashMap<Value, Vec<usize>>> = HashMap::new();
    let mut taken = vec![false; items.len()];
    let mut found = Pairs::default();
    let mut masks: Vec<(usize, Value)> = patterns.iter().map(mask).enumerate().collect();
    // The most certain patterns choose first, so that a vague one does not take their item.
    masks.sort_by_key(|(_, mask)| count_free(mask));
    for (at, mask) in masks {
        let wanted = project(&mask, &patterns[at]);
        let table = match tables.entry(mask) {
            Entry::Occupied(table) => table.into_mut(),
            Entry::Vacant(free) => {
                let table = table(items, |item| project(free.key(), item));
                free.insert(table)
            }
        };
        let candidates = table.get_mut(&wanted);
        let chosen = candidates.and_then(|indexes| {
            indexes.retain(|index| !taken[*index]);
            let position = indexes
                .iter()
                .position(|i| fits(&patterns[at], &items[*i]))?;
            Some(indexes.remove(position))
        });
        match chosen {
            Some(index) => {
                taken[index] = true;
                found.both.push((at, index));
            }
            None => found.lonely_patterns.push(at),
        }
    }
    found.both.sort_unstable();
    found.lonely_patterns.sort_unstable();
    found.lonely_items = (0..items.len()).filter(|index| !taken[*index]).collect();
    found
}

fn table(items: &[Value], project: impl Fn(&Value) -> Value) -> HashMap<Value, Vec<usize>> {
    let mut table: HashMap<Value, Vec<usize>> = HashMap::new();
    for (index, item) in items.iter().enumerate() {
        table.entry(project(item)).or_default().push(index);
    }
    table
}

fn count_free(mask: &Value) -> usize {
    match mask {
        Value::Bool(true) => 1,
        Value::Seq(items) => items.iter().map(count_free).sum(),
        Value::Map(fields) => fields.values().map(count_free).sum(),
        _ => 0,
    }
}

/// The mask of a configured object: what the provider computes is left out.
pub(crate) fn config_mask(shape: Shape<'_>, config: &Value) -> Value {
    let Value::Map(_) = config else { return WHOLE };
    let fields = shape.fields().map(|field| {
        (
            field.name(),
            config_field_mask(field, config.get(field.name())),
        )
    });
    Value::object(fields)
}

fn config_field_mask(field: Field<'_>, config: &Value) -> Value {
    if field.is_write_only() || (config.is_null() && field.is_computed()) {
        return FREE;
    }
    let Some((nesting, shape)) = field.inner() else {
        return WHOLE;
    };
    match (nesting, config) {
        (Nesting::Single, Value::Map(_)) => config_mask(shape, config),
        (Nesting::List, Value::Seq(items)) => {
            Value::list(items.iter().map(|item| config_mask(shape, item)))
        }
        (Nesting::Map, Value::Map(items)) => Value::object(
            items
                .iter()
                .map(|(key, item)| (key.clone(), config_mask(shape, item))),
        ),
        (Nesting::Set, Value::Seq(_)) if shape.any(&Field::is_computed) => FREE,
        _ => WHOLE,
    }
}

/// The mask of a planned value: what is unknown is left out. Inner sets with unknowns are, too.
pub(crate) fn unknown_mask(ty: &Type, planned: &Value) -> Value {
    match (ty, planned) {
        (_, Value::Unknown(_)) => FREE,
        (_, value) if value.is_wholly_known() => WHOLE,
        (Type::List(element), Value::Seq(items)) => {
            Value::list(items.iter().map(|item| unknown_mask(element, item)))
        }
        (Type::Tuple(types), Value::Seq(items)) => Value::list(
            types
                .iter()
                .zip(items)
                .map(|(ty, item)| unknown_mask(ty, item)),
        ),
        (Type::Map(element), Value::Map(items)) => Value::object(
            items
                .iter()
                .map(|(key, item)| (key.clone(), unknown_mask(element, item))),
        ),
        (Type::Object(types), Value::Map(items)) => Value::object(
            types
                .iter()
                .map(|(name, ty)| (name.clone(), unknown_mask(ty, planned_field(items, name)))),
        ),
        _ => FREE,
    }
}

fn planned_field<'a>(
    fields: &'a std::collections::BTreeMap<String, Value>,
    name: &str,
) -> &'a Value {
    fields.get(name).unwrap_or(&Value::Null)
}

/// The part of a value that a mask compares.
pub(crate) fn project(mask: &Value, value: &Value) -> Value {
    match (mask, value) {
        (Value::Bool(true), _) => Value::Null,
        (Value::Map(masks), Value::Map(fields)) => {
            let known = fields.iter().map(|(name, field)| {
                (
                    name.clone(),
                    masks
                        .get(name)
                        .map_or_else(|| plain(field), |m| project(m, field)),
                )
            });
            Value::object(known)
        }
        (Value::Seq(masks), Value::Seq(items)) if masks.len() == items.len() => Value::list(
            masks
                .iter()
                .zip(items)
                .map(|(mask, item)| project(mask, item)),
        ),
        (_, value) => plain(value),
    }
}

/// The value without what is known about unknowns.
fn plain(value: &Value) -> Value {
    match value {
        Value::Unknown(_) => Value::unknown(),
        Value::Seq(items) => Value::list(items.iter().map(plain)),
        Value::Map(fields) => Value::object(fields.iter().map(|(k, v)| (k.clone(), plain(v)))),
        Value::Dynamic(inner) => Value::Dynamic(Box::new((inner.0.clone(), plain(&inner.1)))),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::time::Instant;

    use super::*;

    fn rule(port: i64, id: Value) -> Value {
        Value::object([("port", port.into()), ("id", id)])
    }

    fn object() -> Type {
        Type::Object(
            [("port", Type::Number), ("id", Type::String)]
                .map(|(n, t)| (n.to_owned(), t))
                .into(),
        )
    }

    fn pair(patterns: &[Value], items: &[Value]) -> Pairs {
        let ty = object();
        pair_up(
            patterns,
            items,
            |p| unknown_mask(&ty, p),
            project,
            |_, _| true,
        )
    }

    #[test]
    fn the_certain_part_decides() {
        let patterns = [rule(1, Value::unknown()), rule(2, Value::unknown())];
        let items = [rule(2, "b".into()), rule(3, "c".into())];
        let found = pair(&patterns, &items);
        assert_eq!(found.both, [(1, 0)]);
        assert_eq!(found.lonely_patterns, [0]);
        assert_eq!(found.lonely_items, [1]);
    }

    #[test]
    fn a_vague_pattern_leaves_the_exact_item_to_its_owner() {
        let patterns = [rule(1, Value::unknown()), rule(1, "a".into())];
        let items = [rule(1, "a".into()), rule(1, "b".into())];
        assert_eq!(pair(&patterns, &items).both, [(0, 1), (1, 0)]);
    }

    #[test]
    fn ten_thousand_elements_are_no_trouble() {
        let patterns: Vec<_> = (0..10_000)
            .map(|port| rule(port, Value::unknown()))
            .collect();
        let items: Vec<_> = (0..10_000)
            .rev()
            .map(|port| rule(port, "x".into()))
            .collect();
        let start = Instant::now();
        assert_eq!(pair(&patterns, &items).both.len(), 10_000);
        // Pairwise comparison needs minutes here; the bound is wide enough for any machine.
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }
}
