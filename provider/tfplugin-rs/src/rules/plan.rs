//! Rules about plans.

use tfplugin_types::{Block, Mode, Nesting, Path, Step, Value};

use super::Broken;
use crate::sets::{config_mask, pair_up, project};
use crate::shape::{Field, Shape};

/// The three values that a plan rule looks at.
#[derive(Debug, Clone, Copy)]
struct Triple<'a> {
    prior: &'a Value,
    config: &'a Value,
    planned: &'a Value,
}

/// All rules about a planned state.
pub(crate) fn check(
    block: &Block,
    prior: Option<&Value>,
    config: &Value,
    planned: &Value,
) -> Vec<Broken> {
    let mut broken = Vec::new();
    if planned.as_map().is_none() {
        broken.push(Broken::new(
            "P1",
            &Path::root(),
            "the planned state is null or unknown",
        ));
        return broken;
    }
    let prior = prior.unwrap_or(&Value::Null);
    walk(
        Shape::of(block),
        Triple {
            prior,
            config,
            planned,
        },
        &Path::root(),
        &mut broken,
    );
    broken
}

fn walk(shape: Shape<'_>, values: Triple<'_>, at: &Path, broken: &mut Vec<Broken>) {
    for field in shape.fields() {
        let name = field.name();
        let at = at.join(name);
        let values = Triple {
            prior: values.prior.get(name),
            config: values.config.get(name),
            planned: values.planned.get(name),
        };
        match field {
            Field::Block(_, nesting, inner) => walk_block(nesting, inner, values, &at, broken),
            Field::Plain(_) | Field::Nested(..) => walk_attribute(field, values, &at, broken),
        }
    }
}

fn walk_attribute(field: Field<'_>, values: Triple<'_>, at: &Path, broken: &mut Vec<Broken>) {
    if field.is_write_only() {
        broken.extend(p6_write_only_is_null(values.planned, at));
        return;
    }
    if may_be_planned(field, values) {
        return;
    }
    if let Some(found) = p3_configured_stays_known(values, at) {
        broken.push(found);
        return;
    }
    match field.inner() {
        Some((nesting, shape)) if !values.config.is_unknown() => {
            walk_nested(nesting, shape, values, at, broken);
        }
        _ => broken.push(p2_configured_is_kept(field, values, at)),
    }
}

/// P2: the planned value is what the user wrote, or the prior value of the same meaning, or the
/// provider's own where the user has left it to the provider.
fn may_be_planned(
    field: Field<'_>,
    Triple {
        prior,
        config,
        planned,
    }: Triple<'_>,
) -> bool {
    let computed_only = field.attribute().is_some_and(|a| a.mode == Mode::Computed);
    let same_meaning = !prior.is_null() && !config.is_null() && planned.same(prior);
    planned.same(config)
        || same_meaning
        || computed_only
        || (field.is_computed() && config.is_null())
}

/// P2, in words.
fn p2_configured_is_kept(field: Field<'_>, values: Triple<'_>, at: &Path) -> Broken {
    let problem = if values.config.is_null() && !field.is_computed() {
        "a value was planned for an attribute that is not computed and that the user has left out"
    } else {
        "the planned value is neither the configured value nor the prior one"
    };
    Broken::new("P2", at, problem)
}

/// P3: what the user gives never becomes unknown.
fn p3_configured_stays_known(values: Triple<'_>, at: &Path) -> Option<Broken> {
    let given = !values.config.is_null() && !values.config.is_unknown();
    (given && values.planned.is_unknown())
        .then(|| Broken::new("P3", at, "a configured value was planned as unknown"))
}

/// P6: a write-only value is never planned.
fn p6_write_only_is_null(planned: &Value, at: &Path) -> Option<Broken> {
    (!planned.is_null()).then(|| Broken::new("P6", at, "a write-only value was planned"))
}

fn walk_nested(
    nesting: Nesting,
    shape: Shape<'_>,
    values: Triple<'_>,
    at: &Path,
    broken: &mut Vec<Broken>,
) {
    let found = p4_same_elements(nesting, values, at);
    if found.is_some() {
        broken.extend(found);
        return;
    }
    match nesting {
        Nesting::Single => walk(shape, values, at, broken),
        Nesting::List => walk_list(shape, values, at, broken),
        Nesting::Map => walk_map(shape, values, at, broken),
        Nesting::Set => broken.extend(p4_set_elements(shape, values, at)),
    }
}

fn walk_block(
    nesting: Nesting,
    shape: Shape<'_>,
    values: Triple<'_>,
    at: &Path,
    broken: &mut Vec<Broken>,
) {
    match p5_unknown_block(values, at) {
        Some(found) => broken.push(found),
        None if values.config.is_unknown() => {}
        None => walk_nested(nesting, shape, values, at, broken),
    }
}

/// P5: blocks that are not known yet are planned exactly so.
fn p5_unknown_block(values: Triple<'_>, at: &Path) -> Option<Broken> {
    let differs = values.config.is_unknown() != values.planned.is_unknown();
    differs.then(|| {
        Broken::new(
            "P5",
            at,
            "blocks that are not known yet must be planned as unknown",
        )
    })
}

/// P4: as many elements, or the same keys, as the user has written.
fn p4_same_elements(nesting: Nesting, values: Triple<'_>, at: &Path) -> Option<Broken> {
    let problem = match (nesting, values.config, values.planned) {
        (_, Value::Null, Value::Null) => return None,
        (_, Value::Null, _) => "it was planned though the user has left it out",
        (_, _, Value::Null) => "it was left out though the user has written it",
        (Nesting::Map, Value::Map(config), Value::Map(planned)) => {
            let same = config.len() == planned.len() && config.keys().eq(planned.keys());
            if same {
                return None;
            }
            "the planned keys are not those that the user has written"
        }
        (Nesting::List, Value::Seq(config), Value::Seq(planned)) => {
            if config.len() == planned.len() {
                return None;
            }
            "there are not as many elements as the user has written"
        }
        (Nesting::Set, Value::Seq(_), Value::Seq(_))
        | (Nesting::Single, Value::Map(_), Value::Map(_)) => {
            return None;
        }
        _ => "it was not planned as the user has written it",
    };
    Some(Broken::new("P4", at, problem))
}

fn walk_list(shape: Shape<'_>, values: Triple<'_>, at: &Path, broken: &mut Vec<Broken>) {
    let prior = values.prior.as_seq().unwrap_or_default();
    let config = values.config.as_seq().unwrap_or_default();
    let planned = values.planned.as_seq().unwrap_or_default();
    for (index, (config, planned)) in config.iter().zip(planned).enumerate() {
        let prior = prior.get(index).unwrap_or(&Value::Null);
        walk_element(
            shape,
            Triple {
                prior,
                config,
                planned,
            },
            &at.index(index),
            broken,
        );
    }
}

fn walk_map(shape: Shape<'_>, values: Triple<'_>, at: &Path, broken: &mut Vec<Broken>) {
    for key in values
        .config
        .as_map()
        .into_iter()
        .flat_map(|config| config.keys())
    {
        let values = Triple {
            prior: values.prior.get(key),
            config: values.config.get(key),
            planned: values.planned.get(key),
        };
        walk_element(shape, values, &at.key(key), broken);
    }
}

fn walk_element(shape: Shape<'_>, values: Triple<'_>, at: &Path, broken: &mut Vec<Broken>) {
    if values.config.as_map().is_some() && values.planned.as_map().is_some() {
        walk(shape, values, at, broken);
    } else if !values.planned.same(values.config) {
        broken.push(Broken::new(
            "P4",
            at,
            "the element is not what the user has written",
        ));
    }
}

/// P4 for sets: every configured element is planned, and nothing else is.
fn p4_set_elements(shape: Shape<'_>, values: Triple<'_>, at: &Path) -> Option<Broken> {
    let config = values.config.as_seq().unwrap_or_default();
    let planned = values.planned.as_seq().unwrap_or_default();
    let fits = |config: &Value, planned: &Value| {
        let mut broken = Vec::new();
        walk_element(
            shape,
            Triple {
                prior: &Value::Null,
                config,
                planned,
            },
            at,
            &mut broken,
        );
        broken.is_empty()
    };
    let pairs = pair_up(config, planned, |c| config_mask(shape, c), project, fits);
    // Elements that become equal by their defaults are one; so configured ones may be left over.
    let merged = pairs
        .lonely_patterns
        .iter()
        .all(|&c| planned.iter().any(|p| fits(&config[c], p)));
    (!merged || !pairs.lonely_items.is_empty()).then(|| {
        Broken::new(
            "P4",
            at,
            "the planned elements are not those that the user has written",
        )
    })
}

/// P7: what asks for replacement exists, before or after.
pub(crate) fn p7_path_exists(path: &Path, prior: &Value, planned: &Value) -> Option<Broken> {
    (!exists(path, prior) && !exists(path, planned)).then(|| {
        Broken::new(
            "P7",
            path,
            "an attribute that does not exist asks for replacement",
        )
    })
}

fn exists(path: &Path, value: &Value) -> bool {
    let mut at = value;
    for step in &path.0 {
        let next = match (step, at) {
            (Step::Attribute(name) | Step::Key(name), Value::Map(fields)) => fields.get(name),
            (Step::Index(index), Value::Seq(items)) => usize::try_from(*index)
                .ok()
                .and_then(|index| items.get(index)),
            _ => None,
        };
        let Some(next) = next else { return false };
        at = next;
    }
    true
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use tfplugin_types::{TfObject as _, TfSchema, WriteOnly};

    use super::*;

    /// A resource with everything that plan rules look at.
    #[derive(TfSchema)]
    struct Thing {
        /// Given.
        name: String,
        /// Given or not.
        note: Option<String>,
        /// Given, else made.
        #[tf(optional, computed)]
        size: Option<i64>,
        /// Made.
        #[tf(computed)]
        id: String,
        /// Never kept.
        #[tf(write_only, optional)]
        secret: WriteOnly<String>,
        /// In order.
        steps: Option<Vec<Step>>,
        /// By name.
        routes: Option<BTreeMap<String, Step>>,
        /// Without order.
        rules: Option<BTreeSet<Step>>,
        /// One.
        single: Option<Step>,
        /// In order.
        #[tf(block)]
        mount: Vec<Step>,
    }

    /// Something inside.
    #[derive(PartialEq, Eq, PartialOrd, Ord, TfSchema)]
    struct Step {
        /// Given.
        port: i64,
        /// Made.
        #[tf(computed)]
        url: String,
    }

    fn of<const N: usize>(fields: [(&str, Value); N]) -> Value {
        Value::object(fields)
    }

    fn step(port: i64, url: &str) -> Value {
        let url = if url.is_empty() {
            Value::Null
        } else {
            url.into()
        };
        of([("port", port.into()), ("url", url)])
    }

    /// The rules that are broken, with their places.
    fn broken(prior: Option<&Value>, config: &Value, planned: &Value) -> Vec<String> {
        let found = check(&Thing::block(), prior, config, planned);
        found
            .into_iter()
            .map(|one| format!("{} {}", one.rule, one.path))
            .collect()
    }

    fn breaks(name: &str, config: Value, planned: Value) -> Vec<String> {
        broken(None, &of([(name, config)]), &of([(name, planned)]))
    }

    #[test]
    fn p1_a_plan_is_an_object() {
        assert_eq!(broken(None, &of([]), &Value::Null), ["P1 "]);
    }

    #[test]
    fn p2_the_configured_value_is_planned() {
        assert_eq!(breaks("name", "a".into(), "b".into()), ["P2 name"]);
        assert_eq!(breaks("note", Value::Null, "b".into()), ["P2 note"]);
        assert_eq!(breaks("size", 1.into(), 2.into()), ["P2 size"]);
        assert_eq!(breaks("name", "a".into(), "a".into()), [""; 0]);
        assert_eq!(breaks("size", Value::Null, 2.into()), [""; 0]);
        assert_eq!(breaks("id", Value::Null, Value::unknown()), [""; 0]);
    }

    #[test]
    fn p2_the_prior_value_may_stay_when_it_means_the_same() {
        let (prior, config) = (of([("name", "A".into())]), of([("name", "a".into())]));
        assert_eq!(broken(Some(&prior), &config, &prior), [""; 0]);
        assert_eq!(
            broken(Some(&prior), &of([]), &prior),
            ["P2 name"],
            "not when it is left out"
        );
    }

    #[test]
    fn p3_a_configured_value_stays_known() {
        assert_eq!(breaks("name", "a".into(), Value::unknown()), ["P3 name"]);
        assert_eq!(breaks("name", Value::unknown(), Value::unknown()), [""; 0]);
        let config = Value::list([step(1, "")]);
        assert_eq!(breaks("steps", config, Value::unknown()), ["P3 steps"]);
    }

    #[test]
    fn p4_lists_and_blocks_have_the_configured_length() {
        let one = Value::list([step(1, "")]);
        let two = Value::list([step(1, "x"), step(2, "x")]);
        assert_eq!(breaks("steps", one.clone(), two.clone()), ["P4 steps"]);
        assert_eq!(breaks("mount", one.clone(), two), ["P4 mount"]);
        assert_eq!(breaks("single", Value::Null, step(1, "")), ["P4 single"]);
        assert_eq!(breaks("single", step(1, ""), Value::Null), ["P4 single"]);
        let wrong = Value::list([step(2, "x")]);
        assert_eq!(
            breaks("steps", one.clone(), wrong.clone()),
            ["P2 steps[0].port"]
        );
        assert_eq!(breaks("mount", one, wrong), ["P2 mount[0].port"]);
    }

    #[test]
    fn p4_maps_have_the_configured_keys() {
        let (a, b) = (of([("a", step(1, ""))]), of([("b", step(1, "x"))]));
        assert_eq!(breaks("routes", a.clone(), b), ["P4 routes"]);
        assert_eq!(
            breaks("routes", a.clone(), of([("a", step(2, "x"))])),
            ["P2 routes[\"a\"].port"]
        );
        assert_eq!(breaks("routes", a, of([("a", step(1, "x"))])), [""; 0]);
    }

    #[test]
    fn p4_sets_have_the_configured_elements() {
        let config = Value::list([step(1, ""), step(2, "")]);
        let planned = |ports: &[i64]| Value::list(ports.iter().map(|port| step(*port, "x")));
        assert_eq!(breaks("rules", config.clone(), planned(&[2, 1])), [""; 0]);
        assert_eq!(
            breaks("rules", config.clone(), planned(&[1, 3])),
            ["P4 rules"]
        );
        assert_eq!(breaks("rules", config.clone(), planned(&[1])), ["P4 rules"]);
        assert_eq!(breaks("rules", config, planned(&[1, 2, 3])), ["P4 rules"]);
    }

    #[test]
    fn p5_unknown_blocks_stay_unknown() {
        let known = Value::list([step(1, "x")]);
        assert_eq!(
            breaks("mount", Value::unknown(), known.clone()),
            ["P5 mount"]
        );
        assert_eq!(breaks("mount", known, Value::unknown()), ["P5 mount"]);
        assert_eq!(breaks("mount", Value::unknown(), Value::unknown()), [""; 0]);
    }

    #[test]
    fn p6_write_only_values_are_not_planned() {
        assert_eq!(breaks("secret", "s".into(), "s".into()), ["P6 secret"]);
        assert_eq!(breaks("secret", "s".into(), Value::Null), [""; 0]);
    }

    #[test]
    fn p7_a_replaced_path_exists() {
        let (prior, planned) = (of([("steps", Value::list([step(1, "x")]))]), of([]));
        let good = Path::attribute("steps").index(0).join("port");
        assert_eq!(p7_path_exists(&good, &prior, &planned), None);
        let bad = Path::attribute("steps").index(1).join("port");
        assert_eq!(
            p7_path_exists(&bad, &prior, &planned).map(|one| one.rule),
            Some("P7")
        );
    }
}
