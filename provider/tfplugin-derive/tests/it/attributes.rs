//! What the schema says about each field.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_types::{
    Attribute, AttributeType, Block, BlockNesting, Dynamic, Mode, Nesting, Replace, TfObject,
    TfSchema, TfType, Type, Value, WriteOnly,
};

const LIMIT: i64 = 5;

fn starts_low(text: &str) -> Result<(), String> {
    let low = text.starts_with(char::is_lowercase);
    if low {
        Ok(())
    } else {
        Err("The name must begin in lower case.".to_owned())
    }
}

/// What every resource has.
#[derive(Debug, Clone, PartialEq, TfSchema)]
struct Common {
    /// Natural key.
    #[tf(computed, stable)]
    id: String,
    /// How long to wait.
    #[tf(block)]
    timeouts: Option<Timeouts>,
}

/// How long to wait.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
struct Timeouts {
    /// For the creation.
    create: Option<String>,
}

/// One way in.
#[derive(Debug, Clone, PartialEq, TfSchema)]
struct Route {
    /// Host name.
    host: String,
    /// Port.
    #[tf(default = 443, range(1..=65535))]
    port: u16,
}

/// A service
/// behind a router.
///
/// Second paragraph.
#[derive(Debug, Clone, PartialEq, TfSchema)]
#[tf(version = 2, deprecated = "Use another.")]
struct Service {
    #[tf(flatten)]
    common: Common,
    /// Name of
    /// the service.
    #[tf(replace, matches(starts_low), allowed = "lower case first", length(1..=32))]
    name: String,
    /// Kind.
    #[tf(name = "type", one_of("web", "worker"), default = "web")]
    kind: String,
    /// Tasks.
    #[tf(range(1..LIMIT), optional, computed)]
    count: Option<i64>,
    /// Secret.
    #[tf(write_only, sensitive, length(8..))]
    token: WriteOnly<String>,
    /// Another secret.
    #[tf(write_only, optional)]
    salt: WriteOnly<String>,
    /// ARN.
    #[tf(computed, stable, prefix = "arn:")]
    arn: String,
    /// Old.
    #[tf(deprecated = "Use name.")]
    r#loop: Option<bool>,
    /// Subnets.
    #[tf(one_of("a", "b"), length(..=2))]
    subnets: BTreeSet<String>,
    /// Routes by name.
    #[tf(default = BTreeMap::<String, Route>::new())]
    routes: BTreeMap<String, Route>,
    /// Main route.
    main: Option<Route>,
    /// Any.
    extra: Option<Dynamic>,
    /// Mounts.
    #[tf(block, min = 1, max = 3)]
    mount: Vec<Timeouts>,
    /// Unordered.
    #[tf(block, deprecated = "No more.")]
    group: BTreeSet<Timeouts>,
    /// Labelled.
    #[tf(block)]
    label: BTreeMap<String, Timeouts>,
}

fn attribute(name: &str) -> Attribute {
    Service::block().attribute(name).unwrap().clone()
}

fn allowed(name: &str) -> Vec<String> {
    attribute(name)
        .checks
        .into_iter()
        .map(|check| check.allowed)
        .filter(|allowed| !allowed.is_empty())
        .collect()
}

#[test]
fn the_struct_gives_version_description_and_deprecation() {
    let block = Service::block();
    assert_eq!((Service::SCHEMA_VERSION, Common::SCHEMA_VERSION), (2, 0));
    assert_eq!(
        block.description,
        "A service behind a router.\n\nSecond paragraph."
    );
    assert_eq!(block.deprecated.as_deref(), Some("Use another."));
}

#[test]
fn attributes_keep_the_order_of_the_struct_with_flattened_ones_in_place() {
    let block = Service::block();
    let names: Vec<&str> = block.attributes.iter().map(|a| a.name.as_str()).collect();
    let expected = [
        "id", "name", "type", "count", "token", "salt", "arn", "loop", "subnets", "routes", "main",
        "extra",
    ];
    assert_eq!(names, expected);
    let blocks: Vec<&str> = block.blocks.iter().map(|b| b.name.as_str()).collect();
    assert_eq!(blocks, ["timeouts", "mount", "group", "label"]);
}

#[test]
fn modes() {
    for (name, mode) in [
        ("id", Mode::Computed),
        ("name", Mode::Required),
        ("type", Mode::OptionalComputed),
        ("count", Mode::OptionalComputed),
        ("token", Mode::Required),
        ("salt", Mode::Optional),
        ("arn", Mode::Computed),
        ("loop", Mode::Optional),
        ("subnets", Mode::Required),
        ("routes", Mode::OptionalComputed),
        ("main", Mode::Optional),
    ] {
        assert_eq!(attribute(name).mode, mode, "{name}");
    }
}

#[test]
fn entries_reach_the_schema() {
    assert_eq!(attribute("name").description, "Name of the service.");
    assert_eq!(attribute("name").replace, Replace::Always);
    assert_eq!(attribute("type").replace, Replace::No);
    assert_eq!(attribute("type").default, Some("web".into()));
    assert_eq!(
        attribute("routes").default,
        Some(Value::Map(BTreeMap::new()))
    );
    assert!(attribute("token").write_only && attribute("token").sensitive);
    assert!(attribute("salt").write_only && !attribute("salt").sensitive);
    assert_eq!(attribute("arn").prefix.as_deref(), Some("arn:"));
    assert!(attribute("arn").stable && !attribute("count").stable);
    assert_eq!(attribute("loop").deprecated.as_deref(), Some("Use name."));
}

#[test]
fn checks_say_what_they_allow() {
    assert_eq!(allowed("name"), ["1 to 32 characters", "lower case first"]);
    assert_eq!(allowed("type"), ["one of `web`, `worker`"]);
    assert_eq!(allowed("count"), ["1 to 4"]);
    assert_eq!(allowed("token"), ["at least 8 characters"]);
    assert_eq!(
        allowed("subnets"),
        ["one of `a`, `b`", "at most 2 elements"]
    );
    let upper = attribute("name").checks[1].run(&"Upper".into());
    assert_eq!(upper.unwrap_err(), "The name must begin in lower case.");
}

#[test]
fn types() {
    let plain = |name: &str| match attribute(name).ty {
        AttributeType::Plain(ty) => ty,
        AttributeType::Nested(..) => panic!("{name} is nested"),
    };
    assert_eq!(plain("subnets"), Type::set(Type::String));
    assert_eq!(plain("extra"), Type::Dynamic);
    assert_eq!(plain("token"), Type::String);
    let nesting = |name: &str| match attribute(name).ty {
        AttributeType::Nested(nesting, inner) => (nesting, inner.len()),
        AttributeType::Plain(_) => panic!("{name} is plain"),
    };
    assert_eq!(nesting("routes"), (Nesting::Map, 2));
    assert_eq!(nesting("main"), (Nesting::Single, 2));
}

#[test]
fn blocks() {
    let Block { blocks, .. } = Service::block();
    let facts: Vec<_> = blocks
        .iter()
        .map(|b| (b.nesting, b.min_items, b.max_items))
        .collect();
    let expected = [
        (BlockNesting::Single, 0, 0),
        (BlockNesting::List, 1, 3),
        (BlockNesting::Set, 0, 0),
        (BlockNesting::Map, 0, 0),
    ];
    assert_eq!(facts, expected);
    assert_eq!(blocks[1].block.description, "Mounts.");
    assert_eq!(blocks[2].block.deprecated.as_deref(), Some("No more."));
}

#[test]
fn blocks_inside_nested_attributes_become_attributes() {
    let AttributeType::Nested(Nesting::Single, inner) = Common::attribute_type() else {
        panic!("a struct is a nested attribute");
    };
    let timeouts = inner.iter().find(|a| a.name == "timeouts").unwrap();
    assert_eq!(timeouts.mode, Mode::Optional);
    assert!(matches!(
        timeouts.ty,
        AttributeType::Nested(Nesting::Single, _)
    ));
}
