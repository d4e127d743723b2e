//! Which changes replace a resource.

use std::collections::BTreeSet;

use tfplugin_types::{Block, Nesting, Path, Replace, Value};

use crate::shape::{Field, Shape};

/// The paths of `replace` attributes whose value changes; unknown counts as changed.
pub(crate) fn paths(block: &Block, prior: &Value, planned: &Value) -> BTreeSet<Path> {
    let mut found = BTreeSet::new();
    walk(Shape::of(block), prior, planned, &Path::root(), &mut found);
    found
}

fn replaces(field: Field<'_>) -> bool {
    field
        .attribute()
        .is_some_and(|attribute| attribute.replace == Replace::Always)
}

fn walk(shape: Shape<'_>, prior: &Value, planned: &Value, at: &Path, found: &mut BTreeSet<Path>) {
    for field in shape.fields() {
        let at = at.join(field.name());
        let (prior, planned) = (prior.get(field.name()), planned.get(field.name()));
        if prior.same(planned) {
            continue;
        }
        if replaces(field) {
            found.insert(at);
        } else if let Some((nesting, inner)) = field.inner() {
            walk_nested(nesting, inner, prior, planned, &at, found);
        }
    }
}

fn walk_nested(
    nesting: Nesting,
    shape: Shape<'_>,
    prior: &Value,
    planned: &Value,
    at: &Path,
    found: &mut BTreeSet<Path>,
) {
    let empty: &[Value] = &[];
    match nesting {
        Nesting::Single => walk(shape, prior, planned, at, found),
        Nesting::List => {
            let (prior, planned) = (
                prior.as_seq().unwrap_or(empty),
                planned.as_seq().unwrap_or(empty),
            );
            for index in 0..prior.len().max(planned.len()) {
                let of = |items: &[Value]| items.get(index).cloned().unwrap_or_default();
                walk(shape, &of(prior), &of(planned), &at.index(index), found);
            }
        }
        Nesting::Map => {
            let keys = prior
                .as_map()
                .into_iter()
                .chain(planned.as_map())
                .flat_map(|map| map.keys());
            for key in keys.collect::<BTreeSet<_>>() {
                walk(shape, prior.get(key), planned.get(key), &at.key(key), found);
            }
        }
        // Elements of a set have no path: the set itself asks for the replacement.
        Nesting::Set => {
            if kept(shape, prior) != kept(shape, planned) {
                found.insert(at.clone());
            }
        }
    }
}

/// The part of a set's elements that must not change.
fn kept(shape: Shape<'_>, set: &Value) -> Vec<Value> {
    let items = set.as_seq().unwrap_or_default();
    let mut kept: Vec<Value> = items.iter().map(|item| kept_part(shape, item)).collect();
    kept.retain(|part| part.as_map().is_some_and(|fields| !fields.is_empty()));
    kept.sort();
    kept
}

fn kept_part(shape: Shape<'_>, value: &Value) -> Value {
    let whole = shape.fields().filter(|field| replaces(*field));
    let whole = whole.map(|field| (field.name(), value.get(field.name()).clone()));
    let inner = shape
        .fields()
        .filter(|field| !replaces(*field))
        .filter_map(|field| {
            let (_, shape) = field.inner().filter(|(_, shape)| shape.any(&replaces))?;
            let value = value.get(field.name());
            let parts = match value {
                Value::Seq(items) => Value::list(items.iter().map(|item| kept_part(shape, item))),
                other => kept_part(shape, other),
            };
            Some((field.name(), parts))
        });
    Value::object(whole.chain(inner).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet as Set};

    use tfplugin_types::{TfObject as _, TfSchema};

    use super::*;

    /// A thing.
    #[derive(TfSchema)]
    struct Thing {
        /// Name.
        #[tf(replace)]
        name: String,
        /// Steps.
        steps: Option<Vec<Step>>,
        /// Routes.
        routes: Option<BTreeMap<String, Step>>,
        /// Rules.
        rules: Option<Set<Step>>,
    }

    /// Something inside.
    #[derive(PartialEq, Eq, PartialOrd, Ord, TfSchema)]
    struct Step {
        /// Port.
        #[tf(replace)]
        port: i64,
        /// Note.
        note: Option<String>,
    }

    fn of<const N: usize>(fields: [(&str, Value); N]) -> Value {
        Value::object(fields)
    }

    fn step(port: i64, note: &str) -> Value {
        of([("port", port.into()), ("note", note.into())])
    }

    fn replaced(name: &str, prior: Value, planned: Value) -> Vec<String> {
        let found = paths(
            &Thing::block(),
            &of([(name, prior)]),
            &of([(name, planned)]),
        );
        found.into_iter().map(|path| path.to_string()).collect()
    }

    #[test]
    fn a_changed_or_unknown_value_replaces() {
        assert_eq!(replaced("name", "a".into(), "b".into()), ["name"]);
        assert_eq!(replaced("name", "a".into(), Value::unknown()), ["name"]);
        assert_eq!(replaced("name", "a".into(), "a".into()), [""; 0]);
    }

    #[test]
    fn inside_collections_only_what_is_marked_replaces() {
        let list = |port, note| Value::list([step(1, "x"), step(port, note)]);
        assert_eq!(
            replaced("steps", list(2, "a"), list(3, "a")),
            ["steps[1].port"]
        );
        assert_eq!(replaced("steps", list(2, "a"), list(2, "b")), [""; 0]);
        let map = |port| of([("m", step(port, "x"))]);
        assert_eq!(replaced("routes", map(1), map(2)), ["routes[\"m\"].port"]);
    }

    #[test]
    fn a_set_is_named_as_a_whole() {
        let set = |port, note| Value::list([step(1, "x"), step(port, note)]);
        assert_eq!(replaced("rules", set(2, "a"), set(3, "a")), ["rules"]);
        assert_eq!(replaced("rules", set(2, "a"), set(2, "b")), [""; 0]);
    }
}
