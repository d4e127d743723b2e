//! Which tags a write has to set and which to remove.

use std::collections::BTreeMap;

use stackwright_plan::OwnTags;
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::tag;

/// Changes of an object's tags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TagChanges {
    /// To be written, by key.
    pub(crate) set: BTreeMap<String, String>,
    /// Keys to be taken away.
    pub(crate) remove: Vec<String>,
}

impl TagChanges {
    /// From what differs. Tags that the comparison leaves out (`ignore_tags`) are not touched.
    pub(crate) fn of(changed: &[FieldDiff]) -> Self {
        let mut found = Self::default();
        for diff in changed {
            let Some(key) = diff.field.strip_prefix("tags.") else {
                continue;
            };
            match diff.desired.as_ref().and_then(|value| value.as_str()) {
                Some(value) => drop(found.set.insert(key.to_owned(), value.to_owned())),
                None => found.remove.push(key.to_owned()),
            }
        }
        found
    }
}

/// Without the tags that AWS itself writes.
pub(crate) fn own(tags: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, String> {
    tags.into_iter()
        .filter(|(key, _)| !key.starts_with("aws:"))
        .collect()
}

/// Whether an object belongs to the resource that these tags name; owner and component are not
/// compared.
pub(crate) fn same_resource(tags: &BTreeMap<String, String>, of: &OwnTags) -> bool {
    let has = |key: &str, value: &String| tags.get(key) == Some(value);
    has(tag::PROJECT, &of.project) && has(tag::ENVIRONMENT, &of.environment) && has(tag::ID, &of.id)
}

/// Whether one of the fields of a component's struct differs.
pub(crate) fn touches(changed: &[FieldDiff], fields: &[&str]) -> bool {
    changed.iter().any(|diff| fields.contains(&diff.top()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn diff(field: &str, desired: Option<&str>) -> FieldDiff {
        FieldDiff {
            field: field.to_owned(),
            observed: Some(json!("x")),
            desired: desired.map(|v| json!(v)),
        }
    }

    #[test]
    fn keys_with_dots_and_colons_are_whole() {
        let changed = [
            diff("tags.stackwright:owner", Some("ops")),
            diff("tags.a.b", None),
            diff("description", Some("y")),
        ];
        let found = TagChanges::of(&changed);
        assert_eq!(
            found.set,
            BTreeMap::from([("stackwright:owner".to_owned(), "ops".to_owned())])
        );
        assert_eq!(found.remove, ["a.b"]);
    }

    #[test]
    fn tags_of_aws_are_left_out() {
        let tags = [("aws:cloudformation:stack", "x"), ("team", "y")];
        let own = own(tags.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(own, BTreeMap::from([("team".to_owned(), "y".to_owned())]));
    }

    #[test]
    fn owner_and_component_do_not_make_another_resource() {
        let of = OwnTags {
            project: "acme".to_owned(),
            environment: "stage".to_owned(),
            owner: "a".to_owned(),
            id: "app/stage/shop".to_owned(),
            component: "x".to_owned(),
        };
        let tags = |id: &str| {
            let tags = [
                (tag::PROJECT, "acme"),
                (tag::ENVIRONMENT, "stage"),
                (tag::OWNER, "b"),
                (tag::ID, id),
            ];
            tags.into_iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect()
        };
        assert!(same_resource(&tags("app/stage/shop"), &of));
        assert!(!same_resource(&tags("app/stage/shop2"), &of));
        assert!(!same_resource(&BTreeMap::new(), &of));
    }

    #[test]
    fn a_path_touches_its_first_field() {
        assert!(touches(
            &[diff("inline_policies.a", None)],
            &["inline_policies"]
        ));
        assert!(!touches(
            &[diff("inline_policies.a", None)],
            &["description"]
        ));
    }
}
