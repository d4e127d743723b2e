//! The one comparison of what we want with what AWS has.

use serde_json::{Map, Value as Json};

use crate::graph::has_unknown;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDiff {
    /// Dotted path inside the component: `retention_days`, `tags.team`.
    pub field: String,
    /// What AWS has; `None` when it has nothing there.
    pub observed: Option<Json>,
    /// What we want; `None` when there should be nothing.
    pub desired: Option<Json>,
}

impl FieldDiff {
    /// The first part of the path: the field of the component's struct.
    pub fn top(&self) -> &str {
        self.field.split('.').next().unwrap_or_default()
    }
}

/// Fields of `desired` that `observed` does not have alike. A desired null is a field that we do not
/// own; a part that is not known yet differs. Arrays are compared without order when `unordered`
/// names their top field.
pub fn fields(
    desired: &Map<String, Json>,
    observed: &Map<String, Json>,
    unordered: &[&str],
) -> Vec<FieldDiff> {
    let mut found = Vec::new();
    for (name, want) in desired {
        if !want.is_null() {
            let have = observed.get(name).unwrap_or(&Json::Null);
            compare(
                name,
                Some(want),
                Some(have),
                unordered.contains(&name.as_str()),
                &mut found,
            );
        }
    }
    found
}

fn compare(
    path: &str,
    want: Option<&Json>,
    have: Option<&Json>,
    unordered: bool,
    found: &mut Vec<FieldDiff>,
) {
    match (want, have) {
        (Some(Json::Object(want)), Some(Json::Object(have))) if !has_unknown_mark(want) => {
            let names = want
                .keys()
                .chain(have.keys().filter(|name| !want.contains_key(*name)));
            for name in names {
                let path = format!("{path}.{name}");
                compare(&path, want.get(name), have.get(name), unordered, found);
            }
        }
        (Some(Json::Array(want)), Some(Json::Array(have))) if unordered => {
            if sorted(want) != sorted(have) {
                found.push(difference(
                    path,
                    Some(&want.clone().into()),
                    Some(&have.clone().into()),
                ));
            }
        }
        (Some(Json::Array(want)), Some(Json::Array(have)))
            if by_name(want).is_some() && by_name(have).is_some() =>
        {
            let (want, have) = (
                by_name(want).unwrap_or_default(),
                by_name(have).unwrap_or_default(),
            );
            compare(
                path,
                Some(&Json::Object(want)),
                Some(&Json::Object(have)),
                unordered,
                found,
            );
        }
        (want, have) => {
            let (want, have) = (want.filter(|v| !v.is_null()), have.filter(|v| !v.is_null()));
            if want != have {
                found.push(difference(path, want, have));
            }
        }
    }
}

/// A list of objects with names, as a map by name.
fn by_name(items: &[Json]) -> Option<Map<String, Json>> {
    let named = |item: &Json| Some((item.get("name")?.as_str()?.to_owned(), item.clone()));
    let map: Map<String, Json> = items.iter().map(named).collect::<Option<_>>()?;
    (map.len() == items.len() && !map.is_empty()).then_some(map)
}

/// Whether a field's values are never shown. `*` in a pattern stands for one part of the path; a
/// pattern covers everything below it.
pub fn is_redacted(field: &str, patterns: &[&str]) -> bool {
    let parts: Vec<&str> = field.split('.').collect();
    patterns.iter().any(|pattern| {
        let mut wanted = pattern.split('.').zip(&parts);
        parts.len() >= pattern.split('.').count()
            && wanted.all(|(want, part)| want == "*" || want == *part)
    })
}

fn has_unknown_mark(map: &Map<String, Json>) -> bool {
    map.len() == 1 && has_unknown(&Json::Object(map.clone()))
}

fn difference(path: &str, want: Option<&Json>, have: Option<&Json>) -> FieldDiff {
    FieldDiff {
        field: path.to_owned(),
        observed: have.cloned(),
        desired: want.cloned(),
    }
}

fn sorted(items: &[Json]) -> Vec<String> {
    let mut items: Vec<String> = items.iter().map(Json::to_string).collect();
    items.sort();
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn diff(desired: Json, observed: Json) -> Vec<FieldDiff> {
        match (desired, observed) {
            (Json::Object(desired), Json::Object(observed)) => {
                fields(&desired, &observed, &["ids"])
            }
            _ => unreachable!("tests compare objects"),
        }
    }

    #[test]
    fn equal_values_do_not_differ() {
        assert_eq!(
            diff(
                json!({"a": 1, "ids": ["x", "y"]}),
                json!({"a": 1, "ids": ["y", "x"], "b": 2})
            ),
            []
        );
    }

    #[test]
    fn a_null_is_not_owned() {
        assert_eq!(diff(json!({"a": null}), json!({"a": 5})), []);
    }

    #[test]
    fn maps_differ_by_key() {
        let found = diff(
            json!({"tags": {"a": "1", "b": "2"}}),
            json!({"tags": {"a": "9", "c": "3"}}),
        );
        let fields: Vec<&str> = found.iter().map(|d| d.field.as_str()).collect();
        assert_eq!(fields, ["tags.a", "tags.b", "tags.c"]);
    }

    #[test]
    fn the_order_counts_unless_told_otherwise() {
        assert_eq!(
            diff(
                json!({"command": ["a", "b"]}),
                json!({"command": ["b", "a"]})
            )
            .len(),
            1
        );
    }

    #[test]
    fn named_objects_differ_by_name() {
        let desired = json!({"containers": [{"name": "web", "image": "a"}]});
        let observed = json!({"containers": [{"name": "web", "image": "b"}]});
        assert_eq!(diff(desired, observed)[0].field, "containers.web.image");
    }

    #[test]
    fn redaction_covers_what_is_below() {
        let patterns = ["value", "containers.*.environment"];
        assert!(is_redacted("value", &patterns));
        assert!(is_redacted(
            "containers.web.environment.PASSWORD",
            &patterns
        ));
        assert!(!is_redacted("containers.web.image", &patterns));
        assert!(!is_redacted("containers.web", &patterns));
    }

    #[test]
    fn what_is_not_known_differs() {
        assert_eq!(
            diff(json!({"id": {"$unknown": true}}), json!({"id": "vpc-1"})).len(),
            1
        );
    }
}
