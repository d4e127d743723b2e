//! Values in and out of the struct and its twin.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_types::{Cfg, Refinements, TfConfig, TfSchema, TfType, Value, WriteOnly};

/// Shared.
#[derive(Debug, Clone, PartialEq, TfSchema)]
struct Common {
    /// Tags.
    tags: Option<BTreeMap<String, String>>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
struct Rule {
    /// Port.
    port: u16,
}

/// A gate.
#[derive(Debug, Clone, PartialEq, TfSchema)]
struct Gate {
    #[tf(flatten)]
    common: Common,
    /// Name.
    #[tf(name = "gate_name")]
    name: String,
    /// Rules.
    rules: BTreeSet<Rule>,
    /// Keyed rules.
    keyed: Option<BTreeMap<String, Rule>>,
    /// Secret.
    #[tf(write_only, optional)]
    token: WriteOnly<String>,
    /// Password.
    #[tf(sensitive)]
    password: Option<String>,
    /// Ordered blocks.
    #[tf(block)]
    step: Vec<Rule>,
    /// One block.
    #[tf(block)]
    last: Option<Rule>,
}

fn rule(port: i64) -> Value {
    Value::object([("port", port.into())])
}

fn state() -> Value {
    Value::object([
        ("tags", Value::object([("a", "b".into())])),
        ("gate_name", "north".into()),
        ("rules", Value::list([rule(80), rule(443)])),
        ("keyed", Value::object([("x", rule(1))])),
        ("token", Value::Null),
        ("password", "hunter2".into()),
        ("step", Value::list([rule(9), rule(8)])),
        ("last", Value::Null),
    ])
}

#[test]
fn a_struct_survives_the_round_trip() {
    let gate = Gate::from_value(&state()).unwrap();
    assert_eq!(gate.common.tags.as_ref().unwrap()["a"], "b");
    assert_eq!(gate.step, [Rule { port: 9 }, Rule { port: 8 }]);
    assert_eq!(gate.to_value(), state());
}

#[test]
fn the_twin_of_a_struct_is_wholly_known() {
    let Cfg::Known(twin) = Gate::from_value(&state()).unwrap().to_config() else {
        panic!("known");
    };
    assert_eq!(twin.name, Cfg::Known("north".to_owned()));
    assert_eq!(twin.to_value(), state());
}

#[test]
fn the_twin_keeps_unknown_parts_at_every_depth() {
    let arn = || Value::Unknown(Refinements::prefix("arn:"));
    let mut config = state();
    let fields = config.as_map_mut().unwrap();
    fields.insert("gate_name".to_owned(), arn());
    fields.insert("token".to_owned(), "shown once".into());
    fields.insert("tags".to_owned(), Value::object([("a", Value::unknown())]));
    fields.insert("rules".to_owned(), Value::list([Value::unknown()]));
    let twin = GateConfig::from_value(&config).unwrap();
    assert_eq!(twin.name, Cfg::Unknown(Refinements::prefix("arn:")));
    assert_eq!(twin.token, Cfg::Known("shown once".to_owned()));
    assert_eq!(twin.to_value(), config);
}

#[test]
fn what_is_missing_is_null_and_absent_blocks_are_empty() {
    let twin = GateConfig::from_value(&Value::object::<&str>([])).unwrap();
    assert_eq!(twin.name, Cfg::Null);
    assert_eq!(twin.common.tags, Cfg::Null);
    assert_eq!(twin.step, Cfg::Known(Vec::new()));
    assert_eq!(
        GateConfig::default().to_value().get("step"),
        &Value::list([])
    );
    assert_eq!(GateConfig::default().to_value().get("last"), &Value::Null);
}

#[test]
fn errors_carry_the_path() {
    let mut bad = state();
    let keyed = Value::object([("x", Value::object([("port", "http".into())]))]);
    bad.as_map_mut().unwrap().insert("keyed".to_owned(), keyed);
    let expected = "keyed[\"x\"].port: expected a whole number from 0 to 65535, found a string";
    assert_eq!(Gate::from_value(&bad).unwrap_err().to_string(), expected);
    assert_eq!(
        GateConfig::from_value(&bad).unwrap_err().to_string(),
        expected
    );
    let mut bad = state();
    let rules = Value::list([rule(1), Value::object([("port", true.into())])]);
    bad.as_map_mut().unwrap().insert("rules".to_owned(), rules);
    let in_set = "rules.port: expected a whole number from 0 to 65535, found a bool";
    assert_eq!(Gate::from_value(&bad).unwrap_err().to_string(), in_set);
    let missing = Gate::from_value(&Value::object::<&str>([])).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "gate_name: expected a string, found null"
    );
    let none = GateConfig::from_value(&Value::Null).unwrap_err();
    assert_eq!(none.to_string(), "expected an object, found null");
}

#[test]
fn secrets_stay_out_of_debug() {
    let mut config = state();
    config
        .as_map_mut()
        .unwrap()
        .insert("token".to_owned(), "s3cret".into());
    let text = format!("{:?}", GateConfig::from_value(&config).unwrap());
    assert!(
        text.contains("north") && text.contains("(sensitive)"),
        "{text}"
    );
    assert!(
        !text.contains("hunter2") && !text.contains("s3cret"),
        "{text}"
    );
}

#[test]
fn the_trait_reads_as_the_inherent_function_does() {
    fn read<C: TfConfig>(value: &Value) -> C {
        C::from_value(value).unwrap()
    }
    assert_eq!(read::<GateConfig>(&state()).to_value(), state());
    let Cfg::Known(twin) = read::<Cfg<GateConfig>>(&state()) else {
        panic!("known")
    };
    assert_eq!(twin.to_value(), state());
}
