//! Every rule of the monitor, with the text that people read, and every form of it as AWS gets it.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use tfplugin_types::{Cfg, Diagnostics, Severity, Value};

use super::*;
use crate::resource::Seen;
use crate::{Key, Monitoring, name};

pub(super) fn scope() -> Scope {
    let topic = |name: &str| format!("arn:aws:sns:us-west-2:111111111111:{name}");
    Scope {
        monitoring: Monitoring {
            namespace: Some("app".to_owned()),
            notifiers: BTreeMap::from([
                ("@pagerduty".to_owned(), topic("page")),
                ("@slack-team-infra".to_owned(), topic("infra")),
            ]),
        },
        ..crate::scope::example()
    }
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::String(text) if text == "?" => Value::Unknown(tfplugin_types::Refinements::NONE),
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Number(number.to_string().parse().unwrap()),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Seq(items.iter().map(value).collect()),
        Json::Object(fields) => Value::Map(
            fields
                .iter()
                .map(|(name, field)| (name.clone(), value(field)))
                .collect(),
        ),
    }
}

/// A monitor as Terraform passes it on: with its defaults; `"?"` is not known yet.
fn view(json: &Json) -> MonitorConfig {
    let mut whole = json!({ "type": "metric", "interval": 60, "resource_tags": {} });
    for (name, field) in json.as_object().unwrap() {
        whole[name] = field.clone();
    }
    for (block, field, default) in [
        ("log", "value", json!("1")),
        ("anomaly", "direction", json!("both")),
    ] {
        if whole[block].is_object() && whole[block][field].is_null() {
            whole[block][field] = default;
        }
    }
    MonitorConfig::from_value(&value(&whole)).unwrap()
}

/// Segment's own example.
pub(super) fn segment() -> Json {
    json!({
        "name": "App Internal Errors",
        "message": "App Internal Error Alerts",
        "metric": "app.5xx",
        "time_aggr": "avg",
        "time_window": "last_5m",
        "space_aggr": "avg",
        "operator": ">",
        "warning": { "threshold": 10, "notify": "@slack-team-infra" },
        "critical": { "threshold": 50, "notify": "@slack-team-infra @pagerduty" },
    })
}

/// The example with other arguments.
pub(super) fn with(changes: &Json) -> Json {
    let mut whole = segment();
    for (name, field) in changes.as_object().unwrap() {
        whole[name] = field.clone();
    }
    whole
}

fn all(json: &Json) -> Diagnostics {
    let mut view = view(json);
    let mut found = Diagnostics::new();
    MonitorResource::validate(&view, &mut found);
    MonitorResource::complete(&scope(), &Facts::default(), None, &mut view, &mut found);
    found
}

fn of(json: &Json, severity: Severity) -> Vec<String> {
    let found = all(json)
        .0
        .into_iter()
        .filter(|one| one.severity == severity);
    found.map(|one| one.detail).collect()
}

fn errors(json: &Json) -> Vec<String> {
    of(json, Severity::Error)
}

/// The one error of the example with these changes.
fn error(changes: &Json) -> String {
    let found = errors(&with(changes));
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn warned(changes: &Json) -> Vec<String> {
    assert_eq!(errors(&with(changes)), Vec::<String>::new());
    of(&with(changes), Severity::Warning)
}

/// The components of a monitor that has no errors.
pub(super) fn components(json: &Json) -> BTreeMap<String, Json> {
    assert_eq!(errors(json), Vec::<String>::new());
    let mut view = view(json);
    MonitorResource::complete(
        &scope(),
        &Facts::default(),
        None,
        &mut view,
        &mut Diagnostics::new(),
    );
    let graph = MonitorResource::plan(&scope(), &view).unwrap();
    graph
        .nodes
        .into_iter()
        .map(|(key, node)| (key.0, Json::Object(node.desired)))
        .collect()
}

#[test]
fn segments_example_becomes_two_alarms_and_a_composite() {
    let made = components(&segment());
    let keys: Vec<&str> = made.keys().map(String::as_str).collect();
    assert_eq!(keys, ["alarm.critical", "alarm.warning", "composite"]);
    let (critical, warning, composite) = (
        &made["alarm.critical"],
        &made["alarm.warning"],
        &made["composite"],
    );
    assert_eq!(
        critical["alarm_name"],
        "acme/stage App Internal Errors [critical]"
    );
    assert_eq!(
        critical["metrics"][0]["expression"],
        "SELECT AVG(\"app.5xx\") FROM \"app\""
    );
    assert_eq!(critical["metrics"][0]["period"], 300);
    assert_eq!(
        (
            &critical["evaluation_periods"],
            &critical["datapoints_to_alarm"]
        ),
        (&json!(1), &json!(1))
    );
    assert_eq!(critical["threshold"], 50.0);
    assert_eq!(critical["comparison_operator"], "GreaterThanThreshold");
    assert_eq!(critical["alarm_actions"].as_array().unwrap().len(), 2);
    assert_eq!(critical["ok_actions"], critical["alarm_actions"]);
    assert_eq!(warning["threshold"], 10.0);
    assert_eq!(warning["alarm_actions"], json!([]));
    assert_eq!(
        composite["alarm_rule"],
        "ALARM(\"acme/stage App Internal Errors [warning threshold]\")"
    );
    assert_eq!(
        composite["actions_suppressor"],
        json!({ "$from": ["alarm.critical", "arn"] })
    );
    assert_eq!(composite["actions_suppressor_wait_period"], 60);
    assert_eq!(
        composite["alarm_actions"],
        json!(["arn:aws:sns:us-west-2:111111111111:infra"])
    );
}

#[test]
fn alarms_are_made_one_after_the_other_and_the_composite_last() {
    let graph = MonitorResource::plan(&scope(), &{
        let mut view = view(&segment());
        MonitorResource::complete(
            &scope(),
            &Facts::default(),
            None,
            &mut view,
            &mut Diagnostics::new(),
        );
        view
    });
    let graph = graph.unwrap();
    let needs = |key: &str| {
        graph.nodes[&Key::from(key)]
            .needs()
            .into_iter()
            .map(|key| key.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(needs("alarm.critical"), Vec::<String>::new());
    assert_eq!(needs("alarm.warning"), ["alarm.critical"]);
    assert_eq!(needs("composite"), ["alarm.critical", "alarm.warning"]);
    assert!(graph.nodes[&Key::from("alarm.critical")].main);
}

#[test]
fn an_exact_series_is_a_classic_alarm() {
    let made = components(&with(&json!({
        "namespace": "AWS/RDS", "metric": "CPUUtilization", "dimensions": { "DBInstanceIdentifier": "orders" },
        "time_aggr": "min", "time_window": "last_15m", "no_data": "notify",
    })));
    let alarm = &made["alarm.critical"];
    assert_eq!(alarm["metrics"], json!([]));
    assert_eq!(
        (&alarm["namespace"], &alarm["metric_name"]),
        (&json!("AWS/RDS"), &json!("CPUUtilization"))
    );
    assert_eq!(
        (&alarm["statistic"], &alarm["period"]),
        (&json!("Average"), &json!(60))
    );
    assert_eq!(
        (&alarm["evaluation_periods"], &alarm["datapoints_to_alarm"]),
        (&json!(15), &json!(15))
    );
    assert_eq!(alarm["treat_missing_data"], "missing");
    assert_eq!(
        alarm["insufficient_data_actions"].as_array().unwrap().len(),
        2,
        "both levels, each topic once"
    );
    assert_eq!(
        made["alarm.warning"]["insufficient_data_actions"],
        json!([])
    );
}

#[test]
fn missing_data_of_a_sum_is_zero_as_in_datadog() {
    let treated =
        |changes: Json| components(&with(&changes))["alarm.critical"]["treat_missing_data"].clone();
    let sum = json!({ "time_aggr": "sum", "space_aggr": "sum" });
    assert_eq!(treated(sum.clone()), "notBreaching");
    let mut below = sum;
    below["operator"] = json!("<");
    below["warning"]["threshold"] = json!(60);
    assert_eq!(treated(below), "breaching");
    assert_eq!(treated(json!({})), "missing");
    for (word, treatment) in [
        ("ignore", "ignore"),
        ("ok", "notBreaching"),
        ("alert", "breaching"),
        ("show", "missing"),
        ("notify", "missing"),
    ] {
        assert_eq!(treated(json!({ "no_data": word })), treatment);
    }
}

#[test]
fn percentiles_warm_up_and_priority_reach_the_alarm() {
    let made = components(&with(&json!({
        "dimensions": { "LoadBalancer": "app/x/1" }, "space_aggr": "p95", "warm_up": 15, "priority": 1,
    })));
    let alarm = &made["alarm.critical"];
    assert_eq!(
        (&alarm["statistic"], &alarm["extended_statistic"]),
        (&json!(""), &json!("p95"))
    );
    assert_eq!(alarm["evaluate_low_sample_count_percentile"], "evaluate");
    assert_eq!(alarm["warm_up_minutes"], 15);
    assert_eq!(alarm["alarm_description"], "[P1] App Internal Error Alerts");
}

#[test]
fn an_expression_watches_its_named_series() {
    let made = components(&json!({
        "name": "ratio", "message": "m", "time_aggr": "sum", "time_window": "last_5m", "operator": ">",
        "namespace": "AWS/ApplicationELB", "no_data": "ok",
        "expression": "IF(requests >= 20, 100 * errors / requests, 0)",
        "metrics": {
            "requests": { "metric": "RequestCount", "dimensions": { "LoadBalancer": "app/x/1" } },
            "errors": { "metric": "HTTPCode_Target_5XX_Count", "dimensions": { "LoadBalancer": "app/x/1" }, "stat": "sum" },
        },
        "critical": { "threshold": 5, "notify": "@pagerduty" },
    }));
    let metrics = made["alarm.critical"]["metrics"]
        .as_array()
        .unwrap()
        .clone();
    let ids: Vec<&str> = metrics.iter().filter_map(|it| it["id"].as_str()).collect();
    assert_eq!(ids, ["errors", "requests", "result"]);
    assert!(
        metrics[..2]
            .iter()
            .all(|it| it["stat"] == "Sum" && it["period"] == 300 && it["return_data"] == false)
    );
    assert_eq!(metrics[2]["return_data"], true);
    assert_eq!(made.len(), 1);
}

/// Both levels, each with two looks back.
fn burning() -> Json {
    json!({
        "name": "burn", "message": "m", "time_aggr": "sum", "time_window": "last_1h", "short_window": "last_5m",
        "operator": ">", "namespace": "AWS/X", "expression": "100 * b / a",
        "metrics": { "a": { "metric": "all" }, "b": { "metric": "bad" } },
        "warning": { "threshold": 1, "notify": "@slack-team-infra" },
        "critical": { "threshold": 14.4, "notify": "@pagerduty" },
    })
}

/// The same with one level.
fn burning_once() -> Json {
    let mut burning = burning();
    burning["warning"] = Json::Null;
    burning
}

const PAGE: &str = "arn:aws:sns:us-west-2:111111111111:page";

#[test]
fn a_short_window_is_a_second_alarm_and_a_composite_over_both() {
    let made = components(&burning_once());
    let keys: Vec<&str> = made.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "alarm.critical",
            "alarm.critical_short",
            "composite_critical"
        ]
    );
    let period = |key: &str| made[key]["metrics"][0]["period"].clone();
    assert_eq!(
        (period(keys[0]), period(keys[1])),
        (json!(3600), json!(300))
    );
    for key in &keys[..2] {
        assert_eq!(made[*key]["alarm_actions"], json!([]), "{key}");
        assert_eq!(made[*key]["ok_actions"], json!([]), "{key}");
        assert_eq!(made[*key]["threshold"], 14.4, "{key}");
    }
    let composite = &made["composite_critical"];
    assert_eq!(
        composite["alarm_rule"],
        "ALARM(\"acme/stage burn [critical]\") AND ALARM(\"acme/stage burn [critical short window]\")"
    );
    assert_eq!(composite["alarm_actions"], json!([PAGE]));
    assert_eq!(composite["ok_actions"], json!([PAGE]));
    assert_eq!(composite["actions_suppressor"], "");
}

#[test]
fn with_a_short_window_the_composite_of_critical_keeps_warning_quiet() {
    let made = components(&burning());
    let composite = &made["composite"];
    assert_eq!(
        composite["alarm_rule"],
        "ALARM(\"acme/stage burn [warning threshold]\") AND ALARM(\"acme/stage burn [warning short window]\")"
    );
    assert_eq!(
        composite["actions_suppressor"],
        json!({ "$from": ["composite_critical", "arn"] })
    );
    let graph = MonitorResource::plan(&scope(), &view(&burning())).unwrap();
    let needs = |key: &str| {
        let needs = graph.nodes[&Key::from(key)].needs();
        needs.into_iter().map(|key| key.0).collect::<Vec<_>>()
    };
    assert_eq!(needs("alarm.critical_short"), ["alarm.critical"]);
    assert_eq!(needs("composite_critical"), ["alarm.critical_short"]);
    assert_eq!(needs("alarm.warning"), ["composite_critical"]);
    assert_eq!(needs("alarm.warning_short"), ["alarm.warning"]);
    assert_eq!(
        needs("composite"),
        ["alarm.warning_short", "composite_critical"]
    );
}

#[test]
fn the_plan_says_that_there_are_two_looks() {
    let text = summary::text(&scope(), &view(&burning())).unwrap();
    for part in [
        "100 * b / a; one period of 1 hour.",
        "Looks a second time, at one period of 5 minutes: a level fires while both looks do.",
        "critical: > 14.4 -> alarms \"acme/stage burn [critical]\" and \"acme/stage burn [critical short window]\" tell nobody; composite alarm \"acme/stage burn [critical both windows]\" tells @pagerduty.",
        "composite alarm \"acme/stage burn [warning]\" tells @slack-team-infra after 60 s, unless critical fires.",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn computed_attributes_name_the_alarms_of_both_looks() {
    let mut view = view(&burning());
    MonitorResource::fill(&scope(), &mut view, &Outputs::default());
    let arns: Vec<String> = view.alarm_arns.known().unwrap().keys().cloned().collect();
    assert_eq!(
        arns,
        ["critical", "critical_short", "warning", "warning_short"]
    );
    let reference = view.reference.known().unwrap();
    assert_eq!(
        reference.alarm_name.known().unwrap(),
        "acme/stage burn [critical both windows]"
    );
}

#[test]
fn a_short_window_is_refused_where_it_cannot_be() {
    assert_eq!(
        error(&json!({ "short_window": "5m", "no_data": "ok" })),
        "short_window \"5m\": use last_<n>m, last_<n>h, last_1d or last_1w, for example last_5m."
    );
    assert_eq!(
        error(&json!({ "short_window": "last_5m", "no_data": "ok" })),
        "short_window last_5m is not shorter than time_window last_5m. Shorten it, or remove it."
    );
    assert_eq!(
        error(
            &json!({ "short_window": "last_3m", "interval": 120, "time_window": "last_4m", "no_data": "ok" })
        ),
        "short_window last_3m is not a multiple of interval 120 s; use last_2m."
    );
    assert_eq!(
        error(&json!({ "short_window": "last_1m", "interval": 300, "no_data": "ok" })),
        "short_window last_1m is not a multiple of interval 300 s; no shorter one is. Remove it, or shorten interval."
    );
    for no_data in [Json::Null, json!("show"), json!("notify")] {
        let refused = error(&json!({ "short_window": "last_1m", "no_data": no_data }));
        assert!(refused.contains("takes an alarm without data"), "{refused}");
    }
    let mut unusual = anomaly();
    unusual["short_window"] = json!("last_1m");
    let mut counted = event();
    counted["short_window"] = json!("last_1m");
    let grouped = with(&json!({ "short_window": "last_1m", "no_data": "ok", "by": ["host"] }));
    for (refused, why) in [
        (unusual, "a band that is made for one window"),
        (counted, "counts single events"),
        (grouped, "all groups as one"),
    ] {
        assert!(
            errors(&refused).iter().any(|error| error.contains(why)),
            "{refused}"
        );
    }
    let plan = "arn:aws:ssm-incidents::111111111111:response-plan/x";
    let mut incident = burning_once();
    incident["critical"]["notify"] = json!(plan);
    assert!(errors(&incident)[0].contains("with short_window a composite alarm tells of critical"));
}

#[test]
fn a_short_window_that_is_not_known_yet_is_not_there_yet() {
    let plan = "arn:aws:ssm-incidents::111111111111:response-plan/x";
    let mut incident = burning_once();
    incident["critical"]["notify"] = json!(plan);
    incident["short_window"] = json!("?");
    assert_eq!(errors(&incident), Vec::<String>::new());
}

#[test]
fn names_with_a_short_window_leave_room_for_the_longest_alarm() {
    let mut long = burning_once();
    long["name"] =
        json!("x".repeat(name::ALARM - "acme/stage ".len() - " [critical both windows]".len()));
    assert_eq!(errors(&long), Vec::<String>::new());
    long["name"] = json!(format!("{}x", long["name"].as_str().unwrap()));
    assert!(errors(&long)[0].contains("Shorten it by 1."));
}

#[test]
fn listed_series_are_folded_by_space_aggr() {
    let made = components(&json!({
        "name": "sum", "message": "m", "time_aggr": "avg", "space_aggr": "sum", "time_window": "last_5m", "operator": ">",
        "metrics": { "a": { "metric": "x", "dimensions": { "Host": "1" } }, "b": { "metric": "x", "dimensions": { "Host": "2" } } },
        "critical": { "threshold": 5, "notify": "@pagerduty" },
    }));
    let metrics = &made["alarm.critical"]["metrics"];
    assert_eq!(
        (&metrics[0]["stat"], &metrics[2]["expression"]),
        (&json!("Average"), &json!("SUM([a, b])"))
    );
}

fn anomaly() -> Json {
    let mut whole = with(&json!({
        "type": "anomaly", "dimensions": { "Host": "a" }, "operator": null,
        "anomaly": { "bounds": 3, "warning_bounds": 2, "direction": "above" },
    }));
    whole["warning"]["threshold"] = Json::Null;
    whole["critical"]["threshold"] = Json::Null;
    whole
}

#[test]
fn an_anomaly_is_a_detector_and_two_bands() {
    let made = components(&anomaly());
    assert_eq!(
        made["anomaly_detector"],
        json!({ "namespace": "app", "metric_name": "app.5xx", "dimensions": { "Host": "a" }, "stat": "Average" })
    );
    let alarm = &made["alarm.critical"];
    assert_eq!(
        alarm["metrics"][1]["expression"],
        "ANOMALY_DETECTION_BAND(m1, 3)"
    );
    assert_eq!(
        made["alarm.warning"]["metrics"][1]["expression"],
        "ANOMALY_DETECTION_BAND(m1, 2)"
    );
    assert_eq!(alarm["threshold_metric_id"], "band");
    assert_eq!(alarm["threshold"], Json::Null);
    assert_eq!(alarm["comparison_operator"], "GreaterThanUpperThreshold");
}

fn log() -> Json {
    json!({
        "name": "errors: shop", "type": "log", "message": "m", "time_window": "last_5m", "operator": ">",
        "log": { "group": "/acme/shop", "pattern": "ERROR" },
        "critical": { "threshold": 0, "notify": "@pagerduty" },
    })
}

#[test]
fn a_log_monitor_is_a_filter_and_an_alarm_on_its_metric() {
    let made = components(&log());
    let filter = &made["metric_filter"];
    assert!(
        filter["filter_name"]
            .as_str()
            .unwrap()
            .starts_with("acme-stage-errors- shop-")
    );
    assert_eq!(
        (&filter["metric_namespace"], &filter["metric_name"]),
        (&json!("app"), &json!("errors- shop"))
    );
    assert_eq!(
        (&filter["metric_value"], &filter["default_value"]),
        (&json!("1"), &json!(""))
    );
    let alarm = &made["alarm.critical"];
    assert_eq!(
        (&alarm["metric_name"], &alarm["dimensions"]),
        (&json!("errors- shop"), &json!({}))
    );
    assert_eq!(
        (&alarm["statistic"], &alarm["treat_missing_data"]),
        (&json!("Sum"), &json!("notBreaching"))
    );
}

#[test]
fn a_log_monitor_with_dimensions_watches_all_its_series() {
    let mut split = log();
    split["log"]["dimensions"] = json!({ "path": "$.path" });
    split["log"]["pattern"] = json!("{ $.level = \"error\" }");
    let made = components(&split);
    assert_eq!(
        made["alarm.critical"]["metrics"][0]["expression"],
        "SELECT SUM(\"errors- shop\") FROM \"app\""
    );
}

fn event() -> Json {
    json!({
        "name": "deploy: shop", "type": "event", "message": "m", "time_window": "last_1m", "operator": ">",
        "event": { "pattern": "{\"detail\":{\"n\":[{\"numeric\":[\"\\u003e\",0]}]},\"source\":[\"aws.ecs\"]}" },
        "critical": { "threshold": 0, "notify": "@pagerduty" },
    })
}

#[test]
fn an_event_monitor_is_a_rule_and_an_alarm_on_what_it_counts() {
    let made = components(&event());
    let rule = &made["event_rule"];
    let name = rule["rule_name"].as_str().unwrap();
    assert!(name.starts_with("acme-stage-deploy--shop-"), "{name}");
    let pattern = json!({ "source": ["aws.ecs"], "detail": { "n": [{ "numeric": [">", 0] }] } });
    assert_eq!(
        (&rule["event_pattern"], &rule["enabled"]),
        (&pattern, &json!(true))
    );
    let alarm = &made["alarm.critical"];
    assert_eq!(
        (
            &alarm["namespace"],
            &alarm["metric_name"],
            &alarm["dimensions"]
        ),
        (
            &json!("AWS/Events"),
            &json!("TriggeredRules"),
            &json!({ "RuleName": name })
        )
    );
    assert_eq!(
        (&alarm["statistic"], &alarm["treat_missing_data"]),
        (&json!("Sum"), &json!("notBreaching"))
    );
}

#[test]
fn a_rule_has_a_name_that_eventbridge_takes() {
    let mut long = event();
    long["name"] = json!("é".repeat(120));
    let made = components(&long);
    let name = made["event_rule"]["rule_name"].as_str().unwrap();
    assert!(name.len() <= name::EVENT_RULE && name.is_ascii(), "{name}");
}

#[test]
fn an_event_monitor_takes_nothing_that_its_pattern_says() {
    assert_eq!(errors(&event()), Vec::<String>::new());
    for (name, value) in [
        ("metric", json!("x")),
        ("namespace", json!("app")),
        ("dimensions", json!({ "a": "b" })),
        ("tags", json!({ "a": "b" })),
        ("by", json!(["a"])),
        ("time_aggr", json!("avg")),
        ("space_aggr", json!("max")),
    ] {
        let mut other = event();
        other[name] = value;
        let said = errors(&other);
        assert!(
            said.iter()
                .any(|text| text.starts_with("type \"event\" counts") && text.contains(name)),
            "{said:?}"
        );
    }
    let mut no_block = event();
    no_block["event"] = Json::Null;
    assert!(errors(&no_block)[0].contains("type \"event\" needs the block event"));
    let mut formula = event();
    formula["metrics"] = json!({ "a": { "metric": "x" } });
    assert!(
        errors(&formula)
            .iter()
            .any(|text| text.starts_with("metrics and expression go with type \"metric\""))
    );
}

#[test]
fn groups_notify_by_themselves() {
    let made = components(&with(&json!({ "tags": { "env": "prod" }, "by": ["host"] })));
    assert_eq!(made.len(), 2, "no composite");
    assert_eq!(
        made["alarm.warning"]["alarm_actions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        made["alarm.critical"]["metrics"][0]["expression"],
        "SELECT AVG(\"app.5xx\") FROM \"app\" WHERE \"env\" = 'prod' GROUP BY \"host\" ORDER BY AVG() DESC"
    );
}

#[test]
fn the_plan_says_in_words_what_is_made() {
    let mut view = view(&segment());
    MonitorResource::complete(
        &scope(),
        &Facts::default(),
        None,
        &mut view,
        &mut Diagnostics::new(),
    );
    let text = summary::text(&scope(), &view).unwrap();
    for part in [
        "Metrics Insights: SELECT AVG(\"app.5xx\") FROM \"app\"; one period of 5 minutes.",
        "critical: > 50 -> alarm \"acme/stage App Internal Errors [critical]\" tells @slack-team-infra, @pagerduty.",
        "composite alarm \"acme/stage App Internal Errors [warning]\" tells @slack-team-infra after 60 s, unless critical fires.",
        "No data: the alarms become INSUFFICIENT_DATA and tell nobody.",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn what_is_not_known_yet_leaves_the_plan_open() {
    let mut view = view(&with(
        &json!({ "critical": { "threshold": "?", "notify": "?" } }),
    ));
    let mut found = Diagnostics::new();
    MonitorResource::validate(&view, &mut found);
    MonitorResource::complete(&scope(), &Facts::default(), None, &mut view, &mut found);
    assert!(!found.has_errors(), "{found:?}");
    assert_eq!(summary::text(&scope(), &view), None);
    let graph = MonitorResource::plan(&scope(), &view).unwrap();
    let alarm = &graph.nodes[&Key::from("alarm.critical")].desired;
    assert!(crate::has_unknown(&alarm["threshold"]) && crate::has_unknown(&alarm["alarm_actions"]));
    for unknown in ["metric", "time_window", "operator", "by", "dimensions"] {
        let view = super::tests::view(&with(&json!({ unknown: "?" })));
        assert_eq!(MonitorResource::plan(&scope(), &view), None, "{unknown}");
    }
}

#[test]
fn what_is_not_known_yet_clashes_with_nothing() {
    // In a module each.value is unknown while Terraform validates.
    let names = [
        "metric",
        "dimensions",
        "tags",
        "by",
        "space_aggr",
        "expression",
        "metrics",
        "no_data",
        "critical_recovery",
    ];
    let unknown: serde_json::Map<String, Json> = names
        .iter()
        .map(|name| ((*name).to_owned(), json!("?")))
        .collect();
    let mut found = Diagnostics::new();
    MonitorResource::validate(&view(&with(&unknown.into())), &mut found);
    assert!(!found.has_errors(), "{found:?}");
}

// The table of validations, row by row.

#[test]
fn row_window_syntax() {
    assert_eq!(
        error(&json!({ "time_window": "5m" })),
        "time_window \"5m\": use last_<n>m, last_<n>h, last_1d or last_1w, for example last_5m."
    );
}

#[test]
fn row_window_and_interval() {
    let changes = json!({ "time_window": "last_7m", "interval": 300 });
    assert_eq!(
        error(&changes),
        "time_window last_7m is not a multiple of interval 300 s; use last_5m or last_10m."
    );
}

#[test]
fn row_metrics_insights_window() {
    let text = error(&json!({ "time_window": "last_4h" }));
    assert_eq!(
        text,
        "Without dimensions this monitor uses a Metrics Insights alarm, which sees only 3 hours of data; last_4h cannot work. Set dimensions to watch one series."
    );
}

#[test]
fn row_many_short_periods() {
    let text =
        error(&json!({ "time_aggr": "min", "time_window": "last_2d", "dimensions": { "a": "b" } }));
    assert!(text.starts_with("time_aggr \"min\" over last_2d needs more than one day of 60 s periods; CloudWatch allows one day."), "{text}");
}

#[test]
fn row_aggregation_pair() {
    let text = error(&json!({ "time_aggr": "sum" }));
    assert!(text.starts_with("time_aggr \"sum\" with space_aggr \"avg\" cannot be expressed as a CloudWatch alarm. Use sum/sum or avg/avg"), "{text}");
}

#[test]
fn row_percentile_of_many_series() {
    let text = error(&json!({ "space_aggr": "p95" }));
    assert!(
        text.starts_with(
            "space_aggr \"p95\" needs exact dimensions: Metrics Insights has no percentiles."
        ),
        "{text}"
    );
}

#[test]
fn row_percentile_warning() {
    let told = warned(&json!({ "space_aggr": "p95", "dimensions": { "a": "b" }, "no_data": "ok" }));
    assert_eq!(
        told,
        [
            "CloudWatch takes p95 of the whole window; Datadog averages p95 per point. Values may differ. See whether the threshold still fits."
        ]
    );
}

#[test]
fn row_change_functions() {
    for word in ["change", "pct_change"] {
        let text = error(&json!({ "time_aggr": word }));
        let start = format!(
            "time_aggr \"{word}\": CloudWatch alarms cannot compare with an earlier window. Use"
        );
        assert!(text.starts_with(&start), "{text}");
    }
    assert!(error(&json!({ "time_aggr": "forecast" })).contains("no such function"));
    assert!(error(&json!({ "time_aggr": "anomalies" })).contains("type = \"anomaly\""));
    assert!(error(&json!({ "time_aggr": "median" })).contains("use avg, sum, min or max"));
    assert!(
        error(&json!({ "type": "outlier" }))
            .contains("type \"outlier\" is not available on CloudWatch")
    );
}

#[test]
fn row_operator() {
    for word in ["==", "!="] {
        assert_eq!(
            error(&json!({ "operator": word })),
            format!("operator \"{word}\" is not available on CloudWatch; use >, >=, < or <=.")
        );
    }
}

#[test]
fn row_level_order() {
    let text = error(&json!({ "warning": { "threshold": 60, "notify": "@pagerduty" } }));
    assert_eq!(
        text,
        "warning.threshold (60) must be below critical.threshold (50) for operator \">\"."
    );
    let text = error(&json!({ "operator": "<=" }));
    assert_eq!(
        text,
        "warning.threshold (10) must be above critical.threshold (50) for operator \"<=\"."
    );
    let equal = error(&json!({ "warning": { "threshold": 50, "notify": "@pagerduty" } }));
    assert!(
        equal.starts_with("warning.threshold (50) must be below"),
        "{equal}"
    );
}

#[test]
fn row_critical_missing() {
    let text = error(&json!({ "critical": null }));
    assert!(
        text.starts_with(
            "critical is required: Datadog refuses a monitor without an alert threshold."
        ),
        "{text}"
    );
}

#[test]
fn row_recovery() {
    for name in ["critical_recovery", "warning_recovery"] {
        let text = error(&json!({ name: 40 }));
        assert_eq!(
            text,
            format!(
                "{name} has no CloudWatch equivalent; CloudWatch recovers as soon as the condition is false. Remove it."
            )
        );
    }
}

#[test]
fn row_renotify() {
    let text = error(&json!({ "renotify_interval": 30 }));
    assert_eq!(
        text,
        "renotify_interval: CloudWatch notifies only on state changes. Use your pager's escalation. Remove it here."
    );
    assert!(
        error(&json!({ "escalation_message": "again" }))
            .starts_with("escalation_message: CloudWatch notifies only")
    );
    assert!(error(&json!({ "evaluation_delay": 60 })).starts_with("evaluation_delay: "));
    assert!(error(&json!({ "new_group_delay": 60 })).contains("warm_up"));
}

#[test]
fn what_only_datadog_has_is_refused_with_advice() {
    for (name, value) in [
        ("timeout_h", json!(4)),
        ("require_full_window", json!(true)),
        ("notify_audit", json!(true)),
        ("restricted_roles", json!(["x"])),
        ("draft_status", json!("draft")),
    ] {
        let text = error(&json!({ name: value }));
        assert!(
            text.starts_with(&format!("{name}: ")) && text.contains("Remove it"),
            "{text}"
        );
    }
    assert!(error(&json!({ "notify_no_data": true })).contains("no_data = \"notify\""));
}

#[test]
fn row_template() {
    let text = error(&json!({ "message": "at {{value}}" }));
    assert_eq!(
        text,
        "{{value}} cannot be filled in by CloudWatch (one static description per alarm). The notification's NewStateReason carries the value. Remove it here."
    );
}

#[test]
fn row_recovery_text() {
    let text = error(&json!({ "message": "{{#is_recovery}}ok{{/is_recovery}}" }));
    assert!(text.starts_with("{{#is_recovery}} would be shown on every transition; CloudWatch has one text per alarm."), "{text}");
}

#[test]
fn row_message_size() {
    let found = errors(&with(
        &json!({ "message": format!("{{{{#is_alert}}}}{}{{{{/is_alert}}}}", "x".repeat(1180)) }),
    ));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with(
            "message renders to 1180 characters for level critical; CloudWatch allows 1024."
        ),
        "{found:?}"
    );
    assert_eq!(
        errors(&with(&json!({ "message": "x".repeat(1024) }))),
        Vec::<String>::new()
    );
}

#[test]
fn row_handle_unknown() {
    let text = error(&json!({ "critical": { "threshold": 50, "notify": "@pagerdutty" } }));
    assert_eq!(
        text,
        "notify \"@pagerdutty\" is not in provider monitoring.notifiers. Known: @pagerduty, @slack-team-infra."
    );
}

#[test]
fn row_handle_count() {
    let topics: Vec<String> = (0..6)
        .map(|at| format!("arn:aws:sns:us-west-2:111111111111:t{at}"))
        .collect();
    let text = error(&json!({ "critical": { "threshold": 50, "notify": topics.join(" ") } }));
    assert_eq!(
        text,
        "critical.notify has 6 handles; an alarm can run 5 actions per state. Group them behind one topic."
    );
    let both = json!({ "no_data": "notify", "critical": { "threshold": 50, "notify": topics[..5].join(" ") } });
    assert!(error(&both).starts_with("no_data = \"notify\" tells the 6 handles"));
}

#[test]
fn row_no_handle() {
    let silent = json!({ "no_data": "ok", "critical": { "threshold": 50 } });
    assert_eq!(warned(&silent), Vec::<String>::new());
    let advice = MonitorResource::advice(&view(&with(&silent))).unwrap();
    assert_eq!(advice.summary, "Monitors Without Notification");
    assert_eq!(advice.path.to_string(), "critical.notify");
    let heard = json!({ "critical": { "threshold": 50, "notify": "@pagerduty" } });
    assert_eq!(MonitorResource::advice(&view(&with(&heard))), None);
}

#[test]
fn row_by_and_no_data() {
    let text = errors(&with(&json!({ "by": ["host"], "no_data": "notify" })));
    assert_eq!(text.len(), 1, "{text:?}");
    assert!(text[0].starts_with("no_data = \"notify\" with by: grouped CloudWatch alarms never report missing data per group."), "{text:?}");
}

#[test]
fn row_by_and_two_levels() {
    let told = warned(&json!({ "by": ["host"], "no_data": "ok" }));
    assert_eq!(
        told,
        [
            "With by, warning and critical notify independently: CloudWatch cannot suppress per group. Whoever is told of critical is told of warning too if both name them."
        ]
    );
}

#[test]
fn row_dimensions_and_tags() {
    let text = error(&json!({ "dimensions": { "a": "b" }, "tags": { "c": "d" } }));
    assert_eq!(
        text,
        "Set dimensions (exact series) or tags (filter), not both."
    );
    assert!(
        error(&json!({ "dimensions": { "a": "b" }, "by": ["c"], "warning": null }))
            .starts_with("Set dimensions (exact series) or by")
    );
}

#[test]
fn row_period() {
    let check = Monitor::block_checks("interval");
    assert_eq!(
        check(45).unwrap_err(),
        "interval 45: use 10, 20, 30 or a multiple of 60."
    );
    assert!(check(300).is_ok());
}

#[test]
fn row_name() {
    let text = error(&json!({ "name": "n".repeat(232) }));
    assert!(text.contains("suffix \" [warning threshold]\" is 263 characters; CloudWatch allows 255. Shorten it by 8."), "{text}");
    assert_eq!(
        errors(&with(&json!({ "name": "n".repeat(224) }))),
        Vec::<String>::new()
    );
}

#[test]
fn row_anomaly() {
    let mut with_threshold = anomaly();
    with_threshold["critical"]["threshold"] = json!(5);
    assert_eq!(
        errors(&with_threshold),
        ["type \"anomaly\" takes anomaly.bounds, not threshold."]
    );
}

#[test]
fn row_log_filter() {
    let mut four = log();
    four["log"]["pattern"] = json!("[a, b, c, d]");
    four["log"]["dimensions"] = json!({ "a": "$.a", "b": "$.b", "c": "$.c", "d": "$.d" });
    assert_eq!(
        errors(&four),
        ["log.dimensions has 4 entries; a metric filter allows 3."]
    );
    four["log"]["dimensions"] = json!({ "a": "$.a" });
    four["log"]["default_value"] = json!(0);
    assert!(errors(&four)[0].starts_with("log.default_value is for a metric without dimensions"));
}

#[test]
fn a_log_monitor_needs_an_operator() {
    let mut without = log();
    without["operator"] = Json::Null;
    let text = errors(&without);
    assert_eq!(text.len(), 1, "{text:?}");
    assert!(
        text[0].starts_with("operator is required here."),
        "{text:?}"
    );
}

/// The errors of the log monitor with other fields of its `log`, and other arguments.
fn log_errors(log_fields: &Json, changes: &Json) -> Vec<String> {
    let mut whole = log();
    for (name, field) in log_fields.as_object().unwrap() {
        whole["log"][name] = field.clone();
    }
    for (name, field) in changes.as_object().unwrap() {
        whole[name] = field.clone();
    }
    errors(&whole)
}

#[test]
fn a_log_monitor_watches_what_its_filter_makes() {
    let split = json!({ "dimensions": { "path": "$.path" }, "pattern": "{ $.path = * }" });
    let good = json!({ "dimensions": { "path": "/" } });
    assert_eq!(log_errors(&split, &good), Vec::<String>::new());
    assert_eq!(
        log_errors(&split, &json!({ "by": ["path"] })),
        Vec::<String>::new()
    );
    for (fields, changes, start) in [
        (
            &split,
            json!({ "dimensions": { "host": "a" } }),
            "The metric of this monitor has exactly",
        ),
        (
            &split,
            json!({ "dimensions": {} }),
            "The metric of this monitor has exactly",
        ),
        (
            &split,
            json!({ "tags": { "host": "a" } }),
            "tags names host",
        ),
        (&split, json!({ "by": ["host"] }), "by names host"),
        (
            &json!({}),
            json!({ "dimensions": { "host": "a" } }),
            "The metric of this monitor has exactly",
        ),
    ] {
        let text = log_errors(fields, &changes);
        assert!(
            text.len() == 1 && text[0].starts_with(start),
            "{changes}: {text:?}"
        );
    }
}

#[test]
fn a_filter_takes_fields_of_patterns_with_fields_alone() {
    let none = json!({});
    for (fields, start) in [
        (json!({ "value": "$.ms" }), "log.dimensions and a log.value"),
        (
            json!({ "dimensions": { "path": "path" }, "pattern": "[path]" }),
            "A dimension of a metric filter is a field",
        ),
    ] {
        let text = log_errors(&fields, &none);
        assert!(text.len() == 1 && text[0].starts_with(start), "{text:?}");
    }
    let duration = json!({ "value": "$.ms", "pattern": "{ $.ms > 0 }" });
    assert_eq!(log_errors(&duration, &none), Vec::<String>::new());
    let text = log_errors(&none, &json!({ "metric": "a:b" }));
    assert!(
        text.len() == 1 && text[0].starts_with("metric \"a:b\" has `:`"),
        "{text:?}"
    );
    assert!(
        rules::log_value(&"many".to_owned()).is_err() && rules::log_value(&"1".to_owned()).is_ok()
    );
    assert!(
        rules::log_group(&"/acme/prod".to_owned()).is_ok()
            && rules::log_group(&"a b".to_owned()).is_err()
    );
}

#[test]
fn dimensions_of_a_filter_have_names_and_fields() {
    for dimensions in [
        json!({ "": "$.x" }),
        json!({ ":x": "$.x" }),
        json!({ "ü": "$.x" }),
        json!({ "x".repeat(256): "$.x" }),
        json!({ "x": "$" }),
        json!({ "x": format!("$.{}", "v".repeat(254)) }),
    ] {
        let fields = json!({ "dimensions": dimensions, "pattern": "{ $.x > 0 }" });
        let text = log_errors(&fields, &json!({}));
        assert!(
            text.len() == 1 && text[0].starts_with("A dimension of a metric filter has a name"),
            "{text:?}"
        );
    }
}

#[test]
fn an_expression_results_in_one_series() {
    let problems = |expression: &str| {
        let metrics = json!({ "a": { "metric": "x" }, "b": { "metric": "y" } });
        formula(&json!({ "metrics": metrics, "expression": expression }))
    };
    let long = vec!["a + b"; 257].join(" + ");
    for (expression, says) in [
        ("[a, b]", "several series"),
        ("METRICS()", "several series"),
        ("METRICS() / (a + b)", "several series"),
        ("a + b + ((", "brackets"),
        ("MAX([a, b)]", "brackets"),
        ("a + b)", "brackets"),
        ("ANOMALY_DETECTION_BAND(a + b, 2)", "type = \"anomaly\""),
        (&long, "1 to 2048 characters"),
    ] {
        let found = problems(expression);
        assert!(
            found.iter().any(|it| it.contains(says)),
            "{expression}: {found:?}"
        );
    }
    for good in [
        "SUM(METRICS())",
        "MAX([a, b])",
        "IF(a > 1, MIN([a, b]), 0)",
        &long[..1501],
    ] {
        assert_eq!(problems(good), Vec::<String>::new(), "{good}");
    }
}

#[test]
fn dimensions_are_ascii_with_a_value() {
    let long = "x".repeat(256);
    for dimensions in [
        json!({ "Host": "é" }),
        json!({ ":Host": "a" }),
        json!({ "Host": " " }),
        json!({ long: "a" }),
        json!({ "Host": "y".repeat(1025) }),
    ] {
        let text = error(&json!({ "dimensions": dimensions, "no_data": "ok" }));
        assert!(text.starts_with("CloudWatch takes dimensions"), "{text}");
    }
}

#[test]
fn an_expression_uses_what_metrics_has() {
    let formula = |text: &str| {
        let mut whole = segment();
        for name in ["metric", "space_aggr"] {
            whole[name] = Json::Null;
        }
        whole["no_data"] = json!("ok");
        whole["expression"] = json!(text);
        whole["metrics"] = json!({ "a": { "metric": "x" } });
        errors(&whole)
    };
    assert_eq!(formula("IF(a > 1, FILL(a, 0), 0)"), Vec::<String>::new());
    let text = formula("a / b");
    assert!(
        text.len() == 1 && text[0].starts_with("expression uses \"b\""),
        "{text:?}"
    );
}

#[test]
fn only_some_actions_run_when_an_alarm_recovers() {
    let item = "arn:aws:ssm:us-west-2:111111111111:opsitem:3";
    let study = "arn:aws:aiops:us-west-2:111111111111:investigation-group/x";
    let topic = "arn:aws:sns:us-west-2:111111111111:page";
    let told = format!("{topic} {item} {study}");
    let made = components(&with(&json!({
        "no_data": "ok",
        "warning": { "threshold": 10, "notify": told },
        "critical": { "threshold": 50, "notify": told },
    })));
    let actions = |component: &str, state: &str| made[component][state].as_array().unwrap().len();
    assert_eq!(actions("alarm.critical", "alarm_actions"), 3);
    assert_eq!(made["alarm.critical"]["ok_actions"], json!([topic, item]));
    assert_eq!(actions("composite", "alarm_actions"), 3);
    assert_eq!(made["composite"]["ok_actions"], json!([topic]));
    let plan = "arn:aws:ssm-incidents::111111111111:response-plan/x";
    let refused =
        error(&json!({ "no_data": "ok", "warning": { "threshold": 10, "notify": plan } }));
    assert!(
        refused.contains("composite alarms start no response plans"),
        "{refused}"
    );
}

#[test]
fn dynamodb_ignores_missing_data() {
    let told = warned(&json!({ "namespace": "AWS/DynamoDB", "no_data": "alert" }));
    assert!(
        told.len() == 1 && told[0].starts_with("CloudWatch ignores missing data"),
        "{told:?}"
    );
}

// What else section 2 of the facts refuses or warns of.

#[test]
fn a_gap_that_nobody_decided_is_a_warning() {
    assert!(warned(&json!({}))[0].starts_with("no_data is not set."));
    assert_eq!(
        warned(&json!({ "time_aggr": "sum", "space_aggr": "sum" })),
        Vec::<String>::new()
    );
}

#[test]
fn empty_dimensions_are_a_warning() {
    let told = warned(&json!({ "dimensions": {}, "no_data": "ok" }));
    assert!(told[0].starts_with("dimensions = {} watches only the series that has no dimensions."));
}

#[test]
fn a_time_frame_without_data_other_than_the_window_is_refused() {
    let text = error(&json!({ "no_data_timeframe": 10 }));
    assert!(
        text.starts_with(
            "no_data_timeframe 10: CloudWatch misses data after one time_window, 5 minutes."
        ),
        "{text}"
    );
    assert_eq!(
        errors(&with(&json!({ "no_data_timeframe": 5 }))),
        Vec::<String>::new()
    );
}

#[test]
fn suppression_needs_two_levels() {
    let text = error(&json!({ "warning": null, "suppression": { "wait": 5, "extension": 5 } }));
    assert!(
        text.starts_with("suppression is how long warning waits for critical"),
        "{text}"
    );
}

#[test]
fn a_namespace_comes_from_somewhere() {
    let mut bare = scope();
    bare.monitoring.namespace = None;
    let mut found = Diagnostics::new();
    MonitorResource::complete(
        &bare,
        &Facts::default(),
        None,
        &mut view(&segment()),
        &mut found,
    );
    assert!(
        found.0[0].detail.starts_with(
            "namespace is not set, and the provider block has no monitoring.namespace."
        )
    );
}

fn formula(changes: &Json) -> Vec<String> {
    let mut whole = json!({
        "name": "ratio", "message": "m", "time_aggr": "avg", "time_window": "last_5m", "operator": ">", "no_data": "ok",
        "expression": "a / b", "metrics": { "a": { "metric": "x" }, "b": { "metric": "y" } },
        "critical": { "threshold": 5, "notify": "@pagerduty" },
    });
    for (name, field) in changes.as_object().unwrap() {
        whole[name] = field.clone();
    }
    errors(&whole)
}

#[test]
fn expressions_are_checked() {
    assert_eq!(formula(&json!({})), Vec::<String>::new());
    assert!(
        formula(&json!({ "expression": "SEARCH('x', 'Sum') + a / b" }))[0]
            .starts_with("expression uses SEARCH")
    );
    assert_eq!(
        formula(&json!({ "expression": "a * 2" })),
        ["expression does not use \"b\" of metrics. Remove the entry, or use it."]
    );
    assert!(
        formula(&json!({ "space_aggr": "avg" }))[0].starts_with("space_aggr has nothing to fold")
    );
    assert!(formula(&json!({ "metrics": null }))[0].starts_with("metrics is required here."));
    assert!(formula(&json!({ "metric": "x" }))[0].starts_with("metric says which series"));
    let eleven: serde_json::Map<String, Json> = (0..11)
        .map(|at| (format!("m{at}"), json!({ "metric": "x" })))
        .collect();
    let sum: Vec<String> = eleven.keys().cloned().collect();
    assert_eq!(
        formula(&json!({ "metrics": eleven, "expression": sum.join(" + ") })),
        ["metrics has 11 entries; an alarm takes 1 to 10."]
    );
    assert!(
        formula(&json!({ "metrics": { "A": { "metric": "x" } }, "expression": "A" }))[0]
            .starts_with("metrics key \"A\"")
    );
    assert!(
        formula(&json!({ "metrics": { "result": { "metric": "x" } }, "expression": "result" }))[0]
            .contains("is taken by the expression itself")
    );
    assert!(
        formula(
            &json!({ "metrics": { "a": { "metric": "x", "stat": "median" } }, "expression": "a" })
        )[0]
        .starts_with("stat \"median\"")
    );
}

#[test]
fn what_a_type_needs_is_asked_for() {
    assert!(error(&json!({ "metric": null })).starts_with("metric is required here."));
    assert!(error(&json!({ "time_aggr": null })).starts_with("time_aggr is required here."));
    assert!(error(&json!({ "space_aggr": null })).starts_with("space_aggr is required here."));
    assert!(
        errors(&with(&json!({ "operator": null })))[0].starts_with("operator is required here.")
    );
    assert!(
        error(&json!({ "critical": { "notify": "@pagerduty" } }))
            .starts_with("critical.threshold is required")
    );
    assert!(
        error(&json!({ "log": { "group": "g", "pattern": "" } }))
            .starts_with("The block log goes with type = \"log\".")
    );
    let mut no_block = log();
    no_block["log"] = Json::Null;
    assert!(errors(&no_block)[0].contains("type \"log\" needs the block log"));
    assert!(
        error(&json!({ "dimensions": { "a": "it's" } }))
            .starts_with("CloudWatch takes dimensions with a name")
    );
}

#[test]
fn bands_are_checked() {
    let found = |changes: Json, warning: Json| {
        let mut whole = anomaly();
        whole["anomaly"] = changes;
        whole["warning"] = warning;
        errors(&whole)
    };
    let warning = json!({ "notify": "@pagerduty" });
    assert!(
        found(json!({ "bounds": 2 }), warning.clone())[0]
            .starts_with("anomaly.warning_bounds is required")
    );
    assert!(
        found(json!({ "bounds": 2, "warning_bounds": 2 }), warning.clone())[0]
            .starts_with("anomaly.warning_bounds (2) must be below anomaly.bounds (2)")
    );
    assert!(found(json!({ "bounds": 0 }), Json::Null)[0].starts_with("anomaly.bounds is 0"));
    assert!(
        found(json!({ "bounds": 2, "warning_bounds": 1 }), Json::Null)[0]
            .starts_with("anomaly.warning_bounds goes with the block warning")
    );
    let mut with_operator = anomaly();
    with_operator["operator"] = json!(">");
    assert_eq!(
        errors(&with_operator),
        ["type \"anomaly\" takes anomaly.direction, not operator."]
    );
    let mut many = anomaly();
    many["dimensions"] = Json::Null;
    assert!(errors(&many)[0].contains("An anomaly detector learns one series"));
}

/// What an import answers for a monitor.
fn imported(json: &Json) -> MonitorConfig {
    let outputs = |key: &str| json!(format!("arn of {key}"));
    let mut found = BTreeMap::new();
    for (key, mut fields) in components(json) {
        for (_, field) in fields.as_object_mut().unwrap().iter_mut() {
            if field["$from"].is_array() {
                *field = outputs("critical");
            }
        }
        let tags = serde_json::from_value(fields["tags"].clone()).unwrap_or_default();
        let seen = Seen {
            fields: fields.as_object().unwrap().clone(),
            outputs: BTreeMap::new(),
            tags,
        };
        found.insert(Key(key), seen);
    }
    let id = format!("stage/{}", json["name"].as_str().unwrap());
    let mut view = MonitorResource::recover(&scope(), &id, &found, &Refs::default()).unwrap();
    MonitorResource::complete(
        &scope(),
        &Facts::default(),
        None,
        &mut view,
        &mut Diagnostics::new(),
    );
    view
}

#[test]
fn an_import_answers_the_configuration_that_made_it() {
    let mut split = log();
    split["log"] = json!({ "group": "/acme/shop", "pattern": "{ $.x = 1 }", "value": "$.d", "dimensions": { "path": "$.path" } });
    let mut counted = log();
    counted["log"]["default_value"] = json!(0);
    let ratio = json!({
        "name": "ratio", "message": "m", "time_aggr": "sum", "time_window": "last_5m", "operator": "<", "namespace": "AWS/X",
        "expression": "IF(a >= 20, 100 * b / a, 0)",
        "metrics": { "a": { "metric": "x", "dimensions": { "h": "1" } }, "b": { "metric": "y", "stat": "max" } },
        "critical": { "threshold": 0.1, "notify": "@pagerduty" },
    });
    let folded = json!({
        "name": "fold", "message": "m", "time_aggr": "min", "space_aggr": "max", "time_window": "last_5m", "operator": ">=",
        "metrics": { "a": { "metric": "x", "dimensions": { "h": "1" } }, "b": { "metric": "x", "dimensions": { "h": "2" } } },
        "critical": { "threshold": 5 },
    });
    let cases = [
        segment(),
        with(
            &json!({ "dimensions": { "a": "b" }, "time_aggr": "min", "interval": 300, "time_window": "last_15m", "no_data": "notify", "priority": 2, "warm_up": 5 }),
        ),
        with(
            &json!({ "dimensions": {}, "time_aggr": "max", "operator": "<", "warning": { "threshold": 60 }, "no_data": "ok" }),
        ),
        with(
            &json!({ "tags": { "env": "prod", "az": "a" }, "by": ["host", "path"], "space_aggr": "max", "time_aggr": "max" }),
        ),
        with(
            &json!({ "dimensions": { "a": "b" }, "space_aggr": "p99.9", "suppression": { "wait": 10, "extension": 20 }, "no_data": "alert" }),
        ),
        with(
            &json!({ "time_aggr": "sum", "space_aggr": "sum", "time_window": "last_1h", "no_data": "ignore" }),
        ),
        with(&json!({ "name": "a/b: c", "resource_tags": { "team": "core" } })),
        anomaly(),
        log(),
        event(),
        split,
        counted,
        ratio,
        folded,
        burning(),
        burning_once(),
        with(&json!({ "short_window": "last_2m", "no_data": "ignore" })),
    ];
    for case in cases {
        let mut wanted = view(&case);
        MonitorResource::complete(
            &scope(),
            &Facts::default(),
            None,
            &mut wanted,
            &mut Diagnostics::new(),
        );
        assert_eq!(imported(&case), wanted, "{case}");
    }
}

#[test]
fn import_ids_are_checked() {
    let anchors = |id: &str| MonitorResource::anchors(&scope(), id);
    assert_eq!(anchors("stage/App Internal Errors").unwrap().len(), 8);
    for bad in ["x", "stage/", "/x"] {
        assert!(
            matches!(anchors(bad), Err(RecoverError::BadId { .. })),
            "{bad}"
        );
    }
    assert!(matches!(
        anchors("prod/x"),
        Err(RecoverError::OtherEnvironment { .. })
    ));
}

#[test]
fn no_two_alarms_of_a_monitor_share_a_name() {
    let name = "x";
    let of =
        |level| [Look::Whole, Look::Short].map(|look| alarms::name(&scope(), name, level, look));
    let mut names: BTreeSet<String> = LevelName::BOTH.into_iter().flat_map(of).collect();
    names.insert(alarms::composite_name(&scope(), name));
    names.insert(alarms::critical_composite_name(&scope(), name));
    assert_eq!(names.len(), 6);
    assert!(names.iter().all(|name| name.starts_with("acme/stage x [")));
}

impl Monitor {
    /// The check that the schema has on a number.
    fn block_checks(name: &str) -> impl Fn(i64) -> Result<(), String> {
        use tfplugin_types::TfObject as _;
        let checks = Self::block().attribute(name).unwrap().checks.clone();
        move |number| {
            checks
                .iter()
                .try_for_each(|check| check.run(&Value::from(number)))
        }
    }
}

#[test]
fn computed_attributes_name_the_alarms() {
    let mut view = view(&segment());
    MonitorResource::complete(
        &scope(),
        &Facts::default(),
        None,
        &mut view,
        &mut Diagnostics::new(),
    );
    let graph = MonitorResource::plan(&scope(), &view).unwrap();
    let outputs = Outputs(
        graph
            .nodes
            .into_iter()
            .map(|(key, node)| (key, node.predicted))
            .collect(),
    );
    MonitorResource::fill(&scope(), &mut view, &outputs);
    let arn = |name: &str| {
        Cfg::Known(format!(
            "arn:aws:cloudwatch:us-west-2:111111111111:alarm:acme/stage App Internal Errors [{name}]"
        ))
    };
    let arns = view.alarm_arns.known().unwrap();
    assert_eq!(
        (&arns["critical"], &arns["warning"]),
        (&arn("critical"), &arn("warning threshold"))
    );
    assert_eq!(view.composite_arn, arn("warning"));
    assert_eq!(view.reference.known().unwrap().alarm_arn, arn("critical"));
}
