//! What every resource has, and what the engine asks of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};
use tfplugin_types::{
    AttributeType, Cfg, ConvertError, Diagnostic, Diagnostics, Path, TfConfig, TfConfigLeaf,
    TfObject, TfSchema, TfType, Value,
};

use crate::diff::FieldDiff;
use crate::{Graph, Key, Kind, Outputs, ResourceId, Scope, tag};

/// Attributes of every resource.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Common {
    /// Natural key of the resource; also its import id.
    #[tf(computed, stable)]
    pub id: String,
    /// AWS account that the resource lives in.
    #[tf(computed, stable)]
    pub account_id: String,
    /// AWS region that the resource lives in.
    #[tf(computed, stable)]
    pub region: String,
    /// Project of the provider block that made the resource.
    #[tf(computed, stable)]
    pub project: String,
    /// Environment of the provider block that made the resource.
    #[tf(computed, stable)]
    pub environment: String,
    /// Name of the root that manages the resource. Another root is refused.
    #[tf(computed)]
    pub owner: String,
    /// Tags for every AWS object of the resource, besides the provider's `default_tags`. Keys that begin with `aws:` or `stackwright:` are refused.
    #[tf(default = BTreeMap::new())]
    pub tags: BTreeMap<String, String>,
    /// `tags` and the provider's `default_tags` together. The tags that Stackwright adds to know its objects are not listed.
    #[tf(computed)]
    pub tags_all: BTreeMap<String, String>,
    /// What was changed outside Terraform, or what a newer provider wants otherwise. Always empty after an apply: what stands here will be repaired.
    #[tf(computed)]
    pub drift: Vec<Drift>,
    /// Drift to leave alone, as `component.field`: `["log_group.retention_in_days"]`. A component's name alone stands for all its fields.
    #[tf(default = BTreeSet::new())]
    pub ignore_drift: BTreeSet<String>,
    /// How long AWS may take.
    #[tf(block)]
    pub timeouts: Option<Timeouts>,
}

/// One difference between what Terraform wrote and what AWS has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct Drift {
    /// Component of the resource: `log_group`, `subnet.private.us-west-2a`.
    #[tf(computed)]
    pub component: String,
    /// Field of the component, in the words of the AWS API; empty when the whole component is gone.
    #[tf(computed)]
    pub field: String,
    /// What AWS has.
    #[tf(computed)]
    pub observed: String,
    /// What an apply will write.
    #[tf(computed)]
    pub expected: String,
    /// `outside` when it was changed outside Terraform; `apply` when the last apply stopped before its end; `provider` when this version of the provider or other default tags want something else.
    #[tf(computed)]
    pub cause: String,
}

/// How long AWS may take, as a number and a unit: `"30s"`, `"20m"`, `"1h"`.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Timeouts {
    /// For a create: a whole number and `s`, `m` or `h`, like `30m`. Default: `20m`, and `60m` of a `stackwright_db`.
    pub create: Option<String>,
    /// For an update: a whole number and `s`, `m` or `h`, like `30m`. Default: `20m`, and `60m` of a `stackwright_db`.
    pub update: Option<String>,
    /// For a delete: a whole number and `s`, `m` or `h`, like `30m`. Default: `20m`, and `60m` of a `stackwright_db`.
    pub delete: Option<String>,
}

/// An object with one fixed shape: Terraform shows and checks it as a whole. Used for `ref`.
#[derive(Debug, Clone, PartialEq)]
pub struct Plain<T>(pub T);

impl<T: TfObject> TfType for Plain<T> {
    type Config = Cfg<T::View>;

    fn attribute_type() -> AttributeType {
        AttributeType::Plain(T::attribute_type().ty())
    }

    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        T::from_value(value).map(Self)
    }

    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}

/// What must be asked of AWS before a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Availability zones of the region that are open to every account, sorted.
    pub availability_zones: Vec<String>,
}

/// Something that only one resource of a root can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusive {
    /// In words, which are also what it is compared by: "priority 10 of router `public`".
    pub what: String,
    /// The attribute that asks for it.
    pub at: Path,
    /// What happens when two have it, and what to do.
    pub remedy: &'static str,
}

/// A component by which an import finds the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Key of the component; for [`By::Tags`] the keys come from the objects' own tags.
    pub key: Key,
    /// Which adapter.
    pub kind: Kind,
    /// How to find it.
    pub by: By,
}

/// How an import finds a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// By its name or ARN.
    Name(String),
    /// All objects of the kind that carry the resource's tags.
    Tags,
    /// By the name or ARN that stands in a field or output of an anchor before this one.
    Follow(Key, &'static str),
    /// As `Follow`, but there may be several: each one's key is the anchor's and its output `name`.
    Each(Key, &'static str),
}

impl Anchor {
    /// A component with a name of ours.
    pub fn named(key: &str, kind: Kind, name: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            kind,
            by: By::Name(name.into()),
        }
    }

    /// The object that a field of an anchor before this one names.
    pub fn follow(key: &str, kind: Kind, anchor: &str, field: &'static str) -> Self {
        Self {
            key: key.into(),
            kind,
            by: By::Follow(anchor.into(), field),
        }
    }

    /// All objects that a field or output of an anchor before this one leads to. `key` is the
    /// beginning of their keys.
    pub fn each(key: &str, kind: Kind, anchor: &str, field: &'static str) -> Self {
        Self {
            key: key.into(),
            kind,
            by: By::Each(anchor.into(), field),
        }
    }

    /// All components of a kind, by tags.
    pub fn tagged(kind: Kind) -> Self {
        Self {
            key: Key(String::new()),
            kind,
            by: By::Tags,
        }
    }
}

/// A component that was read from AWS.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Seen {
    /// Its fields.
    pub fields: Map<String, Json>,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Seen {
    /// A text field.
    pub fn text(&self, field: &str) -> Option<String> {
        self.fields.get(field)?.as_str().map(str::to_owned)
    }

    /// A number field.
    pub fn number(&self, field: &str) -> Option<i64> {
        self.fields.get(field)?.as_i64()
    }

    /// The tags that neither AWS nor we have made.
    pub fn user_tags(&self, scope: &Scope) -> BTreeMap<String, String> {
        let ours = |key: &str| key.starts_with(tag::PREFIX) || key == tag::NAME;
        let is_default = |key: &str, value: &str| {
            scope
                .default_tags
                .get(key)
                .is_some_and(|default| default == value)
        };
        self.tags
            .iter()
            .filter(|(key, value)| !ours(key) && !is_default(key, value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}

/// The components that an import has found.
pub type Found = BTreeMap<Key, Seen>;

/// References to other resources that an import has made out: the values of their `ref`.
pub type Refs = BTreeMap<ResourceId, Value>;

/// Why an import cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// The id does not have the right form.
    #[error("`{id}` is not an import id of this resource; it has the form `{form}`")]
    BadId {
        /// What was given.
        id: String,
        /// What it should look like.
        form: &'static str,
    },
    /// The id names another environment than the provider block.
    #[error("`{id}` is in environment `{environment}`, but this provider block manages `{ours}`")]
    OtherEnvironment {
        /// What was given.
        id: String,
        /// Its environment.
        environment: String,
        /// The provider's.
        ours: String,
    },
    /// A component is not there.
    #[error("the {kind} of `{id}` does not exist in this account and region")]
    Missing {
        /// What was given.
        id: String,
        /// What is missing.
        kind: &'static str,
    },
    /// A component is there, but was not made by this provider or cannot be read as such.
    #[error("the {kind} of `{id}` cannot be taken over: {reason}")]
    Foreign {
        /// What was given.
        id: String,
        /// Which component.
        kind: &'static str,
        /// What does not fit.
        reason: String,
    },
}

/// A high-level resource: a documented struct and pure functions over it. The engine does the rest.
pub trait Resource: Send + Sync + 'static {
    /// The documented struct.
    type Schema: TfObject<View = Self::View>;
    /// Its twin whose values may be unknown.
    type View: TfConfig + TfConfigLeaf + Clone + PartialEq + Send + Sync;

    /// Name of the type without the provider's prefix: `service`.
    const TYPE: &'static str;
    /// Version of the schema.
    const VERSION: i64;
    /// Attributes that make the natural key: a change of theirs replaces the resource.
    const ID_ATTRIBUTES: &'static [&'static str] = &["name"];
    /// Attribute with the user's tags for AWS objects: `tags`, where that name is free.
    const TAGS: &'static str = "tags";
    /// Whether [`Resource::complete`] wants the availability zones.
    const NEEDS_ZONES: bool = false;

    /// How long AWS may take when the user says nothing.
    const TIMEOUT_MINUTES: u64 = 20;

    /// The common part.
    fn common(view: &mut Self::View) -> &mut CommonConfig;

    /// The natural key; `None` while a part of it is unknown.
    fn id(scope: &Scope, view: &Self::View) -> Option<String>;

    /// Rules that concern more than one attribute, on whatever is known.
    fn validate(_view: &Self::View, _found: &mut Diagnostics) {}

    /// Fills optional attributes that the user left out. `prior` is the state, when there is one.
    fn complete(
        _scope: &Scope,
        _facts: &Facts,
        _prior: Option<&Self::View>,
        _view: &mut Self::View,
        _found: &mut Diagnostics,
    ) {
    }

    /// The components; `None` while something unknown decides which there are.
    fn plan(scope: &Scope, view: &Self::View) -> Option<Graph>;

    /// Whether going from `prior` to `planned` may need [`Resource::stages`].
    fn moves(_prior: &Graph, _planned: &Graph) -> bool {
        false
    }

    /// Graphs to go through, one after another, before `planned`: a way on which nothing stops
    /// working. `found` is what AWS has.
    fn stages(_prior: &Graph, _planned: &Graph, _found: &Found) -> Vec<Graph> {
        Vec::new()
    }

    /// Fills the computed attributes (not those of [`Common`]) from the components' outputs.
    fn fill(scope: &Scope, view: &mut Self::View, outputs: &Outputs);

    /// Takes a difference into an attribute, when one shows it. Answers whether one does.
    fn show(_view: &mut Self::View, _component: &Key, _difference: &FieldDiff) -> bool {
        false
    }

    /// Attributes whose change replaces the resource only sometimes.
    fn replaced_for(_prior: &Self::View, _planned: &Self::View) -> Vec<Path> {
        Vec::new()
    }

    /// The attribute that keeps it from being deleted, while it does.
    fn protection(_state: &Self::View) -> Option<&'static str> {
        None
    }

    /// What no other resource of the root may have too.
    fn exclusives(_scope: &Scope, _view: &Self::View) -> Vec<Exclusive> {
        Vec::new()
    }

    /// Other resources that AWS does not delete while this one is there, each with the attribute that
    /// refers to it.
    fn stands_on(_scope: &Scope, _view: &Self::View) -> Vec<(ResourceId, Path)> {
        Vec::new()
    }

    /// What a plan should say besides the difference itself.
    fn notes(
        _prior: &Self::View,
        _planned: &Self::View,
        _config: &Self::View,
        _found: &mut Diagnostics,
    ) {
    }

    /// What is lost when the resource is deleted, also before it is made again.
    fn losses(_view: &Self::View) -> Diagnostics {
        Diagnostics::new()
    }

    /// A warning that one run gives once, however many resources of the type call for it.
    fn advice(_view: &Self::View) -> Option<Diagnostic> {
        None
    }

    /// The components by which an import finds the rest.
    fn anchors(scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError>;

    /// Other resources whose `ref` [`Resource::recover`] needs.
    fn needs(_scope: &Scope, _id: &str, _found: &Found) -> Vec<ResourceId> {
        Vec::new()
    }

    /// The configuration that would have made what was found.
    fn recover(
        scope: &Scope,
        id: &str,
        found: &Found,
        refs: &Refs,
    ) -> Result<Self::View, RecoverError>;
}

/// A whole private name, as what only one resource can have. There is none when the network has no
/// private names.
pub(crate) fn private_name(name: &Cfg<String>, at: Path) -> Option<Exclusive> {
    let name = name.known().filter(|name| !name.is_empty())?;
    Some(Exclusive {
        what: format!("the private name `{name}`"),
        at,
        remedy: "A private name leads to one of them only. Give one of them another name.",
    })
}

/// Splits an import id of the form `<environment>/...` and checks the environment.
pub(crate) fn split_id<'a, const N: usize>(
    scope: &Scope,
    id: &'a str,
    form: &'static str,
) -> Result<[&'a str; N], RecoverError> {
    let bad = || RecoverError::BadId {
        id: id.to_owned(),
        form,
    };
    let parts: Vec<&str> = id.split('/').collect();
    let parts: [&str; N] = parts.try_into().map_err(|_| bad())?;
    if parts.iter().any(|part| part.is_empty()) {
        return Err(bad());
    }
    if parts[0] != scope.environment {
        return Err(RecoverError::OtherEnvironment {
            id: id.to_owned(),
            environment: parts[0].to_owned(),
            ours: scope.environment.clone(),
        });
    }
    Ok(parts)
}

/// A component that an import cannot do without.
pub(crate) fn required<'a>(
    found: &'a Found,
    key: &str,
    id: &str,
    kind: Kind,
) -> Result<&'a Seen, RecoverError> {
    found
        .get(&Key::from(key))
        .ok_or_else(|| RecoverError::Missing {
            id: id.to_owned(),
            kind: kind.label(),
        })
}

/// Checks the user's tags against AWS's rules.
/// Source: <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>
pub fn check_tags(at: &Path, tags: &Cfg<BTreeMap<String, Cfg<String>>>, found: &mut Diagnostics) {
    let Cfg::Known(tags) = tags else { return };
    for (key, value) in tags {
        let value = value.known().map_or("", String::as_str);
        if let Some(problem) = tag_problem(key, value) {
            found.error(at.key(key), "Invalid Tag", problem);
        }
        if let Some(other) = tags
            .keys()
            .find(|other| *other < key && is_same_to_iam(other, key))
        {
            found.error(at.key(key), "Duplicate Tag", but_for_case(key, other));
        }
    }
}

/// Refuses keys that differ only in case from those of the provider block.
pub fn check_tag_case(
    at: &Path,
    scope: &Scope,
    tags: &Cfg<BTreeMap<String, Cfg<String>>>,
    found: &mut Diagnostics,
) {
    for key in tags.known().into_iter().flat_map(BTreeMap::keys) {
        let mut defaults = scope.default_tags.keys();
        if let Some(other) = defaults.find(|other| *other != key && is_same_to_iam(other, key)) {
            let problem = but_for_case(key, &format!("{other}` of `default_tags"));
            found.error(at.key(key), "Duplicate Tag", problem);
        }
    }
}

/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html>, "Case sensitivity"
fn is_same_to_iam(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn but_for_case(key: &str, other: &str) -> String {
    format!(
        "`{key}` and `{other}` differ only in upper and lower case. IAM takes them for one key and refuses a role with both. Write both alike, or leave one out."
    )
}

/// Tags that AWS takes on an object beside the eight that Stackwright puts there.
const TAGS: usize = 42;

/// Checks how many tags there are with those of the provider block.
pub fn check_tag_count(
    at: &Path,
    scope: &Scope,
    tags: &Cfg<BTreeMap<String, Cfg<String>>>,
    found: &mut Diagnostics,
) {
    let own = tags.known().into_iter().flat_map(BTreeMap::keys);
    let all: BTreeSet<&String> = own.chain(scope.default_tags.keys()).collect();
    if all.len() > TAGS {
        found.error(
            at.clone(),
            "Too Many Tags",
            format!("AWS allows 50 tags on an object, and Stackwright needs up to 8 of them. Here and in the provider block's `default_tags` are {} together: give at most {TAGS}.", all.len()),
        );
    }
}

fn tag_problem(key: &str, value: &str) -> Option<String> {
    let allowed = |c: char| c.is_alphanumeric() || c == ' ' || "+-=._:/@".contains(c);
    let lower = key.to_ascii_lowercase();
    if lower.starts_with("aws:") || lower.starts_with(tag::PREFIX) {
        return Some(format!(
            "The prefix of the key `{key}` is reserved. Choose another key."
        ));
    }
    if is_same_to_iam(key, tag::NAME) {
        return Some("The tag `Name`, which IAM takes to be the same in upper and lower case, is set by Stackwright on every object, to the object's name. Use another key.".to_owned());
    }
    if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
        return Some("AWS allows keys of 1 to 128 and values of up to 256 characters.".to_owned());
    }
    if !key.chars().chain(value.chars()).all(allowed) {
        return Some("AWS allows letters, digits, spaces and + - = . _ : / @ in tags.".to_owned());
    }
    None
}

/// The known entries of a map of texts; `None` while one is unknown.
pub(crate) fn known_map(
    map: &Cfg<BTreeMap<String, Cfg<String>>>,
) -> Option<BTreeMap<String, String>> {
    match map {
        Cfg::Null => Some(BTreeMap::new()),
        Cfg::Unknown(_) => None,
        Cfg::Known(map) => map
            .iter()
            .map(|(key, value)| Some((key.clone(), value.known()?.clone())))
            .collect(),
    }
}

/// The known elements of a list of texts; `None` while one is unknown.
pub(crate) fn known_list(list: &Cfg<Vec<Cfg<String>>>) -> Option<Vec<String>> {
    match list {
        Cfg::Null => Some(Vec::new()),
        Cfg::Unknown(_) => None,
        Cfg::Known(items) => items.iter().map(|item| item.known().cloned()).collect(),
    }
}

/// A map of texts as configuration has it.
pub(crate) fn cfg_map(map: BTreeMap<String, String>) -> Cfg<BTreeMap<String, Cfg<String>>> {
    Cfg::Known(
        map.into_iter()
            .map(|(key, value)| (key, Cfg::Known(value)))
            .collect(),
    )
}

/// A list of texts as configuration has it.
pub(crate) fn cfg_list(items: Vec<String>) -> Cfg<Vec<Cfg<String>>> {
    Cfg::Known(items.into_iter().map(Cfg::Known).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(keys: &[&str]) -> Cfg<BTreeMap<String, Cfg<String>>> {
        let pair = |key: &&str| ((*key).to_owned(), "x".to_owned());
        cfg_map(keys.iter().map(pair).collect())
    }

    fn problems(keys: &[&str], defaults: &[&str]) -> Vec<String> {
        let mut found = Diagnostics::new();
        let pair = |key: &&str| ((*key).to_owned(), "y".to_owned());
        let scope = Scope {
            default_tags: defaults.iter().map(pair).collect(),
            ..crate::scope::example()
        };
        let at = Path::attribute("tags");
        check_tags(&at, &tags(keys), &mut found);
        check_tag_case(&at, &scope, &tags(keys), &mut found);
        found.0.into_iter().map(|it| it.summary).collect()
    }

    #[test]
    fn keys_that_differ_only_in_case_are_one_key() {
        let none: [&str; 0] = [];
        assert_eq!(problems(&["team", "cost"], &["team", "owner"]), none);
        assert_eq!(problems(&["team", "Team"], &[]), ["Duplicate Tag"]);
        assert_eq!(problems(&["team"], &["TEAM"]), ["Duplicate Tag"]);
        assert_eq!(problems(&["name"], &[]), ["Invalid Tag"]);
    }
}
