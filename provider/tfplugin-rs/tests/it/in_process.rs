//! The corner provider, driven in this process as Terraform drives it.

use std::time::Instant;

use tempfile::TempDir;
use tfplugin_rs::harness::{Action, Harness, Instance};
use tfplugin_types::{Diagnostics, Number, Path, Refinements, Severity, Type, Value};

use crate::corner::Corner;
use crate::value::{list, object, with};

struct Rig {
    harness: Harness,
    dir: TempDir,
}

async fn rig() -> Rig {
    let dir = tempfile::tempdir().unwrap();
    let config = object([("dir", dir.path().to_str().unwrap().into())]);
    let harness = Harness::configured(Corner::default(), config)
        .await
        .unwrap();
    Rig { harness, dir }
}

async fn thing() -> (Rig, Instance) {
    let rig = rig().await;
    let instance = rig.harness.resource("corner_thing");
    (rig, instance)
}

fn named(name: &str) -> Value {
    object([("name", name.into())])
}

fn only(found: Diagnostics) -> (String, String, String) {
    assert_eq!(found.0.len(), 1, "{found:#?}");
    let one = found.0.into_iter().next().unwrap();
    (one.summary, one.path.to_string(), one.detail)
}

#[tokio::test]
async fn a_life_from_create_to_destroy() {
    let (_rig, mut thing) = thing().await;
    assert_eq!(thing.apply(&named("a")).await.unwrap(), Action::Create);
    let state = thing.state.clone().unwrap();
    assert_eq!(state.get("id"), &"thing-a".into());
    assert_eq!(state.get("count"), &2.into(), "the default");
    assert_eq!(state.get("shout"), &"A".into());
    assert_eq!(thing.apply(&named("a")).await.unwrap(), Action::NoOp);
    let louder = with(named("a"), [("count", 5.into())]);
    assert_eq!(thing.apply(&louder).await.unwrap(), Action::Update);
    assert_eq!(thing.state.clone().unwrap().get("revision"), &2.into());
    assert_eq!(thing.apply(&named("b")).await.unwrap(), Action::Replace);
    thing.destroy().await.unwrap();
    assert_eq!(thing.state, None);
}

#[tokio::test]
async fn an_update_shows_what_changes_and_nothing_stable() {
    let (_rig, mut thing) = thing().await;
    thing.apply(&named("a")).await.unwrap();
    let plan = thing
        .plan(&with(named("a"), [("note", "n".into())]))
        .await
        .unwrap();
    assert_eq!(plan.planned.get("id"), &"thing-a".into(), "stable");
    assert_eq!(
        plan.planned.get("revision"),
        &Value::Unknown(Refinements::not_null())
    );
    assert_eq!(plan.planned.get("count"), &2.into());
}

#[tokio::test]
async fn a_create_promises_what_is_certain() {
    let (_rig, mut thing) = thing().await;
    let plan = thing.plan(&named("a")).await.unwrap();
    assert_eq!(
        plan.planned.get("id"),
        &Value::Unknown(Refinements::prefix("thing-"))
    );
}

#[tokio::test]
async fn null_and_empty_are_not_the_same() {
    let (_rig, mut thing) = thing().await;
    let empty = with(
        named("a"),
        [
            ("labels", object([])),
            ("zones", list([])),
            ("steps", list([])),
        ],
    );
    thing.apply(&empty).await.unwrap();
    assert_eq!(thing.state.clone().unwrap().get("labels"), &object([]));
    assert_eq!(thing.apply(&named("a")).await.unwrap(), Action::Update);
    assert!(thing.state.clone().unwrap().get("zones").is_null());
    assert_eq!(thing.apply(&empty).await.unwrap(), Action::Update);
}

#[tokio::test]
async fn unknown_configuration_stays_unknown_until_apply() {
    let (_rig, mut thing) = thing().await;
    let route = |target: Value| {
        let route = object([("path", "/x".into()), ("target", target)]);
        with(
            named("a"),
            [("routes", object([("main", route)])), ("note", "n".into())],
        )
    };
    let plan = thing.plan(&route(Value::unknown())).await.unwrap();
    let planned = plan.planned.get("routes").get("main").clone();
    assert!(planned.get("target").is_unknown() && planned.get("url").is_unknown());
    thing
        .apply_plan(&route("elsewhere".into()), &plan)
        .await
        .unwrap();
    let state = thing.state.clone().unwrap();
    assert_eq!(
        state.get("routes").get("main").get("url"),
        &"https://corner/x".into()
    );
}

#[tokio::test]
async fn whole_unknown_collections_and_blocks() {
    let (_rig, mut thing) = thing().await;
    let config = with(
        named("a"),
        [
            ("routes", Value::unknown()),
            ("rules", Value::unknown()),
            ("mount", Value::unknown()),
        ],
    );
    let plan = thing.plan(&config).await.unwrap();
    for name in ["routes", "rules", "mount"] {
        assert!(plan.planned.get(name).is_unknown(), "{name}");
    }
    let known = with(
        named("a"),
        [("mount", list([object([("path", "/m".into())])]))],
    );
    thing.apply_plan(&known, &plan).await.unwrap();
    assert!(thing.state.unwrap().get("routes").is_null());
}

fn rule(port: i64) -> Value {
    object([("port", port.into())])
}

fn rules<const N: usize>(rules: [Value; N]) -> Value {
    with(named("a"), [("rules", list(rules))])
}

#[tokio::test]
async fn a_new_element_of_a_set_disturbs_no_other() {
    let (_rig, mut thing) = thing().await;
    thing.apply(&rules([rule(80), rule(443)])).await.unwrap();
    let plan = thing
        .plan(&rules([rule(443), rule(22), rule(80)]))
        .await
        .unwrap();
    let planned = plan.planned.get("rules").as_seq().unwrap().to_vec();
    let of = |port: i64| {
        planned
            .iter()
            .find(|rule| rule.get("port") == &port.into())
            .unwrap()
    };
    assert!(of(22).get("made_id").is_unknown());
    assert_eq!(
        of(22).get("protocol"),
        &"tcp".into(),
        "P11: a default inside a set"
    );
    let udp = with(rule(80), [("protocol", "udp".into())]);
    assert_eq!(
        thing.apply(&rules([rule(443), udp])).await.unwrap(),
        Action::Update
    );
    let state = thing.state.clone().unwrap();
    assert_eq!(state.get("rules").as_seq().unwrap().len(), 2);
    thing.apply(&rules([rule(443)])).await.unwrap();
}

#[tokio::test]
async fn three_thousand_elements_of_a_set_plan_quickly() {
    let (_rig, mut thing) = thing().await;
    let many: Vec<Value> = (1..=3_000).map(rule).collect();
    let config = with(named("a"), [("rules", Value::Seq(many))]);
    thing.apply(&config).await.unwrap();
    let start = Instant::now();
    assert_eq!(thing.plan(&config).await.unwrap().action, Action::NoOp);
    // Quadratic sets need minutes here (facts/protocol.md section 5); a debug build some seconds.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[tokio::test]
async fn lists_maps_blocks_and_dynamic_values() {
    let (_rig, mut thing) = thing().await;
    let step = |path: &str| object([("path", path.into())]);
    let anything = Value::Dynamic(Box::new((Type::list(Type::Bool), list([true.into()]))));
    let config = with(
        named("a"),
        [
            ("steps", list([step("/1"), step("/2")])),
            ("mount", list([object([("path", "/m".into())])])),
            ("timeouts", object([("create", "5m".into())])),
            ("anything", anything.clone()),
            ("labels", object([("a", "1".into())])),
            ("token", "t".into()),
        ],
    );
    thing.apply(&config).await.unwrap();
    let state = thing.state.clone().unwrap();
    assert_eq!(state.get("anything"), &anything);
    assert_eq!(
        state.get("mount").as_seq().unwrap()[0].get("device"),
        &"/dev/corner".into()
    );
    let longer = with(
        config,
        [("steps", list([step("/1"), step("/2"), step("/3")]))],
    );
    let plan = thing.plan(&longer).await.unwrap();
    assert!(
        plan.planned.get("steps").as_seq().unwrap()[2]
            .get("url")
            .is_unknown()
    );
    thing.apply(&longer).await.unwrap();
}

#[tokio::test]
async fn a_write_only_value_is_used_and_never_kept() {
    let (rig, mut thing) = thing().await;
    let config = with(named("a"), [("secret", "hunter22".into())]);
    let plan = thing.plan(&config).await.unwrap();
    assert!(plan.planned.get("secret").is_null());
    thing.apply(&config).await.unwrap();
    let state = thing.state.clone().unwrap();
    assert_eq!(state.get("secret_length"), &8.into(), "it arrived");
    assert!(!format!("{state:?}").contains("hunter22"));
    let kept = std::fs::read_to_string(rig.dir.path().join("thing-a.json")).unwrap();
    assert!(!kept.contains("hunter22"));
}

#[tokio::test]
async fn what_is_gone_is_made_anew() {
    let (rig, mut thing) = thing().await;
    thing.apply(&named("a")).await.unwrap();
    std::fs::remove_file(rig.dir.path().join("thing-a.json")).unwrap();
    thing.refresh().await.unwrap();
    assert_eq!(thing.state, None);
    assert_eq!(thing.apply(&named("a")).await.unwrap(), Action::Create);
}

#[tokio::test]
async fn private_data_goes_from_plan_to_apply_to_read() {
    let (_rig, mut thing) = thing().await;
    thing.apply(&named("a")).await.unwrap();
    let private = String::from_utf8(thing.private.clone()).unwrap();
    assert_eq!(
        private,
        r#"{"made_by":"create","planned":true,"read":true}"#
    );
}

#[tokio::test]
async fn import_reads_everything() {
    let (rig, mut thing) = thing().await;
    thing.apply(&named("a")).await.unwrap();
    let mut again = rig.harness.resource("corner_thing");
    again.import("thing-a").await.unwrap();
    assert_eq!(again.state, thing.state);
    assert_eq!(again.plan(&named("a")).await.unwrap().action, Action::NoOp);
    let (summary, ..) = only(
        rig.harness
            .resource("corner_thing")
            .import("no")
            .await
            .unwrap_err(),
    );
    assert_eq!(summary, "Cannot import non-existent remote object");
    let (summary, ..) = only(
        rig.harness
            .resource("corner_panic")
            .import("x")
            .await
            .unwrap_err(),
    );
    assert_eq!(summary, "Import Not Supported");
}

#[tokio::test]
async fn state_of_the_same_version_may_have_attributes_that_are_gone() {
    let (_rig, mut thing) = thing().await;
    let stored =
        serde_json::json!({"name": "a", "count": 12_345_678_901_234_567_890_u64, "old": [1]});
    thing.upgrade(1, &stored).await.unwrap();
    let state = thing.state.clone().unwrap();
    let exact: Number = "12345678901234567890".parse().unwrap();
    assert_eq!(state.get("count"), &Value::Number(exact));
    assert_eq!(state.get("mount"), &list([]), "blocks are never null");
}

#[tokio::test]
async fn older_state_is_upgraded() {
    let (rig, mut thing) = thing().await;
    thing
        .upgrade(0, &serde_json::json!({"title": "a"}))
        .await
        .unwrap();
    assert_eq!(thing.state.unwrap().get("name"), &"a".into());
    let mut old = rig.harness.resource("corner_old");
    let (summary, _, detail) = only(old.upgrade(1, &serde_json::json!({})).await.unwrap_err());
    assert_eq!(summary, "State Upgrade Not Supported");
    assert!(
        detail.contains("version 1") && detail.contains("version 3"),
        "{detail}"
    );
    let wrong = old
        .upgrade(3, &serde_json::json!({"name": [1]}))
        .await
        .unwrap_err();
    assert_eq!(only(wrong).1, "name", "the path of what cannot be read");
}

#[tokio::test]
async fn all_mistakes_are_reported_at_once() {
    let (_rig, thing) = thing().await;
    let config = object([
        ("name", "".into()),
        ("count", 99.into()),
        ("note", "forbidden".into()),
    ]);
    let found = thing.validate(&config).await;
    let paths: Vec<String> = found.0.iter().map(|one| one.path.to_string()).collect();
    assert_eq!(paths, ["name", "count", "note"], "{found:#?}");
    let half = with(
        named("a"),
        [("count", Value::Number("1.5".parse().unwrap()))],
    );
    assert_eq!(only(thing.validate(&half).await).1, "count");
    let warned = thing
        .validate(&with(named("a"), [("note", "odd".into())]))
        .await;
    assert_eq!(warned.0[0].severity, Severity::Warning);
}

#[tokio::test]
async fn elements_of_sets_are_reported_at_the_set() {
    let (_rig, thing) = thing().await;
    let half = Value::Number("1.5".parse().unwrap());
    let found = thing
        .validate(&rules([rule(1), object([("port", half)])]))
        .await;
    assert_eq!(only(found).1, "rules");
}

#[tokio::test]
async fn a_failed_create_keeps_what_exists_and_is_replaced() {
    let (_rig, mut thing) = thing().await;
    let config = with(named("a"), [("note", "fails late".into())]);
    let found = thing.apply(&config).await.unwrap_err();
    assert_eq!(only(found).0, "Late Failure");
    assert!(thing.tainted);
    assert_eq!(thing.state.clone().unwrap().get("id"), &"thing-a".into());
    assert_eq!(
        thing.plan(&named("a")).await.unwrap().action,
        Action::Replace
    );
    thing.apply(&named("a")).await.unwrap();
}

#[tokio::test]
async fn stopping_an_apply_keeps_what_exists() {
    let rig = rig().await;
    let signal = rig.dir.path().join("signal");
    let mut slow = rig.harness.resource("corner_slow");
    let config = object([("signal", signal.to_str().unwrap().into())]);
    let running = tokio::spawn(async move {
        let found = slow.apply(&config).await.unwrap_err();
        (slow, found)
    });
    while !signal.exists() {
        tokio::task::yield_now().await;
    }
    rig.harness.stop().await;
    let (slow, found) = running.await.unwrap();
    assert_eq!(only(found).0, "Create Was Interrupted");
    let state = slow.state.unwrap();
    assert_eq!(state.get("id"), &"slow-1".into());
    assert!(state.get("finished").is_null(), "what was unknown is null");
    let mut thing = rig.harness.resource("corner_thing");
    thing.apply(&named("after")).await.unwrap();
}

#[tokio::test]
async fn a_panic_is_a_diagnostic_and_the_provider_lives_on() {
    let rig = rig().await;
    for when in ["validate", "plan", "create"] {
        let mut panicking = rig.harness.resource("corner_panic");
        let config = object([("when", when.into())]);
        let (summary, _, detail) = only(panicking.apply(&config).await.unwrap_err());
        assert_eq!(summary, "The Provider Has Crashed");
        assert!(detail.contains(&format!("at {when}")), "{detail}");
        assert_eq!(panicking.state, None);
    }
    let mut panicking = rig.harness.resource("corner_panic");
    let config = object([("when", "create_after_checkpoint".into())]);
    panicking.apply(&config).await.unwrap_err();
    assert_eq!(panicking.state.unwrap().get("id"), &"saved".into());
}

async fn breaks(rule: &str) -> (Instance, Diagnostics) {
    let rig = rig().await;
    let mut broken = rig.harness.resource("corner_broken");
    let config = object([("rule", rule.into()), ("items", list(["a".into()]))]);
    let config = if rule == "A1 secret" {
        with(config, [("secret", "s".into())])
    } else {
        config
    };
    let found = broken.apply(&config).await.expect_err(rule);
    (broken, found)
}

#[tokio::test]
async fn each_broken_rule_is_named_with_its_attribute() {
    let rules = [
        ("P1", "made"),
        ("P2", "rule"),
        ("P3", "rule"),
        ("P6", "secret"),
        ("A1", "made"),
        ("A1 type", "made"),
        ("A1 secret", "secret"),
        ("A2", "rule"),
        ("A2 null", "made"),
        ("A2 prefix", "made"),
        ("A3", "items"),
        ("A4", ""),
        ("R1", "made"),
    ];
    for (rule, at) in rules {
        let (instance, found) = breaks(rule).await;
        let id = rule.split(' ').next().unwrap();
        let first = &found.0[0];
        assert!(
            first.detail.contains(&format!("breaks rule {id} ")),
            "{rule}: {found:#?}"
        );
        assert!(
            first.detail.contains("This is a bug in corner"),
            "{rule}: {found:#?}"
        );
        assert_eq!(first.path.to_string(), at, "{rule}: {found:#?}");
        assert!(
            rule.starts_with('P') || instance.state.is_some(),
            "{rule}: state was lost"
        );
    }
}

#[tokio::test]
async fn a_path_that_does_not_exist_cannot_ask_for_replacement() {
    let rig = rig().await;
    let mut broken = rig.harness.resource("corner_broken");
    broken
        .apply(&object([("rule", "none".into())]))
        .await
        .unwrap();
    let found = broken
        .plan(&object([("rule", "P7".into())]))
        .await
        .unwrap_err();
    let (_, at, detail) = only(found);
    assert_eq!(at, "nowhere");
    assert!(detail.contains("breaks rule P7 "), "{detail}");
}

#[tokio::test]
async fn data_sources_and_functions() {
    let rig = rig().await;
    let found = rig
        .harness
        .data("corner_lookup", object([("name", "ab".into())]))
        .await
        .unwrap();
    assert_eq!(
        found.get("result"),
        &"ab".into(),
        "the default is filled in"
    );
    let shouted = rig
        .harness
        .call("shout", &["a".into(), "b".into()])
        .await
        .unwrap();
    assert_eq!(shouted, "A B".into());
    let (text, argument) = rig
        .harness
        .call("shout", &["a".into(), "".into()])
        .await
        .unwrap_err();
    assert_eq!(
        (text.as_str(), argument),
        ("There is nothing to shout", Some(1))
    );
    let (text, argument) = rig.harness.call("shout", &[Value::Null]).await.unwrap_err();
    assert_eq!(
        (text.as_str(), argument),
        ("text must not be null", Some(0))
    );
    let (text, _) = rig.harness.call("whisper", &[]).await.unwrap_err();
    assert_eq!(text, "The provider corner has no function named whisper");
}

#[tokio::test]
async fn a_replaced_path_is_reported() {
    let (_rig, mut thing) = thing().await;
    thing.apply(&named("a")).await.unwrap();
    let plan = thing.plan(&named("b")).await.unwrap();
    assert_eq!(plan.requires_replace, [Path::attribute("name")]);
    assert!(
        plan.planned.get("id").is_unknown(),
        "planned again with nothing before it"
    );
}

#[tokio::test]
async fn text_is_compared_in_its_normal_form() {
    let (_rig, mut thing) = thing().await;
    thing
        .apply(&with(named("a"), [("note", "e\u{301}".into())]))
        .await
        .unwrap();
    let plan = thing
        .plan(&with(named("a"), [("note", "é".into())]))
        .await
        .unwrap();
    assert_eq!(plan.action, Action::NoOp);
}
