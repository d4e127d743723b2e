//! Alarms, anomaly detectors and metric filters against the emulator.

use std::collections::BTreeMap;

use serde_json::json;
use stackwright_aws::{Adapter, Freshness, Lookup};
use stackwright_plan::component::{
    AnomalyDetector, CompositeAlarm, EventRule, LogMetricFilter, MetricAlarm, MetricQuery, Tags,
};
use stackwright_plan::{In, ResourceId};

use crate::emulated::{Account, code, differences};

fn topic(account: &Account, name: &str) -> String {
    format!("arn:aws:sns:us-west-2:{}:{name}", account.id)
}

fn tags(account: &Account, component: &str, user: &[(&str, &str)]) -> Tags {
    let user = user
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let id = ResourceId::new("monitor", "stage/errors");
    account.scope().tags(&id, component, None, &user)
}

fn alarm(account: &Account, suffix: &str) -> MetricAlarm {
    MetricAlarm {
        alarm_name: format!("acme/stage errors{suffix}"),
        alarm_description: "what to do".into(),
        actions_enabled: true,
        alarm_actions: vec![topic(account, "page")].into(),
        ok_actions: Vec::new().into(),
        insufficient_data_actions: vec![topic(account, "page")].into(),
        namespace: "AWS/RDS".to_owned(),
        metric_name: "CPUUtilization".to_owned(),
        dimensions: BTreeMap::from([("DBInstanceIdentifier".to_owned(), "orders".to_owned())])
            .into(),
        statistic: "Average".to_owned(),
        extended_statistic: String::new(),
        period: 60,
        metrics: Vec::new().into(),
        threshold_metric_id: String::new(),
        evaluation_periods: 5,
        datapoints_to_alarm: 5,
        threshold: Some(80.5.into()),
        comparison_operator: "GreaterThanThreshold".to_owned(),
        treat_missing_data: "missing".to_owned(),
        evaluate_low_sample_count_percentile: String::new(),
        warm_up_minutes: 15,
        tags: tags(account, "alarm.critical", &[("team", "a"), ("gone", "b")]),
    }
}

/// The same alarm on something else than one metric.
fn on(queries: Vec<MetricQuery>, alarm: MetricAlarm) -> MetricAlarm {
    MetricAlarm {
        namespace: String::new(),
        metric_name: String::new(),
        dimensions: BTreeMap::new().into(),
        statistic: String::new(),
        period: 0,
        metrics: queries.into(),
        ..alarm
    }
}

fn series(id: &str, returned: bool) -> MetricQuery {
    MetricQuery {
        id: id.to_owned(),
        expression: String::new(),
        namespace: "app".to_owned(),
        metric_name: format!("app.{id}"),
        dimensions: BTreeMap::from([("Host".to_owned(), "a".to_owned())]),
        stat: "Sum".to_owned(),
        period: 300,
        return_data: returned,
    }
}

fn expression(id: &str, text: &str, period: i32) -> MetricQuery {
    MetricQuery {
        id: id.to_owned(),
        expression: text.to_owned(),
        namespace: String::new(),
        metric_name: String::new(),
        dimensions: BTreeMap::new(),
        stat: String::new(),
        period,
        return_data: true,
    }
}

fn composite(account: &Account, suppressor: &str) -> CompositeAlarm {
    CompositeAlarm {
        alarm_name: "acme/stage errors [warning]".to_owned(),
        alarm_description: "look soon".into(),
        alarm_rule: "ALARM(\"acme/stage errors [warning threshold]\")".to_owned(),
        actions_enabled: true,
        alarm_actions: vec![topic(account, "infra")].into(),
        ok_actions: vec![topic(account, "infra")].into(),
        actions_suppressor: suppressor.into(),
        actions_suppressor_wait_period: 60,
        actions_suppressor_extension_period: 60,
        tags: tags(account, "composite", &[("team", "a")]),
    }
}

#[tokio::test]
async fn a_metric_alarm_lives_and_changes() {
    let account = Account::new().await;
    let desired = alarm(&account, " [critical]");
    let recorded = account.make(&desired).await;
    assert_eq!(
        recorded["arn"],
        format!(
            "arn:aws:cloudwatch:us-west-2:{}:alarm:acme/stage errors [critical]",
            account.id
        )
    );
    let changed = MetricAlarm {
        alarm_description: "something else".into(),
        actions_enabled: false,
        alarm_actions: Vec::new().into(),
        ok_actions: vec![topic(&account, "ok")].into(),
        statistic: String::new(),
        extended_statistic: "p99.9".to_owned(),
        evaluate_low_sample_count_percentile: "ignore".to_owned(),
        period: 300,
        evaluation_periods: 3,
        datapoints_to_alarm: 1,
        threshold: Some(0.1.into()),
        comparison_operator: "LessThanOrEqualToThreshold".to_owned(),
        treat_missing_data: "breaching".to_owned(),
        warm_up_minutes: 0,
        tags: tags(&account, "alarm.critical", &[("team", "c")]),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    account.change(&desired, &recorded).await;
    account.remove::<MetricAlarm>(&recorded).await;
}

#[tokio::test]
async fn an_alarm_moves_between_its_forms() {
    let account = Account::new().await;
    let classic = alarm(&account, " [critical]");
    let recorded = account.make(&classic).await;
    let insights = on(
        vec![expression("q1", "SELECT AVG(\"x\") FROM \"app\"", 300)],
        classic.clone(),
    );
    account.change(&insights, &recorded).await;
    let ratio = on(
        vec![
            series("a", false),
            series("b", false),
            expression("result", "a / b", 0),
        ],
        classic.clone(),
    );
    account.change(&ratio, &recorded).await;
    let band = MetricAlarm {
        threshold: None,
        threshold_metric_id: "band".to_owned(),
        comparison_operator: "GreaterThanUpperThreshold".to_owned(),
        ..on(
            vec![
                series("m1", true),
                expression("band", "ANOMALY_DETECTION_BAND(m1, 2)", 0),
            ],
            classic.clone(),
        )
    };
    account.change(&band, &recorded).await;
    account.change(&classic, &recorded).await;
}

#[tokio::test]
async fn a_composite_goes_before_its_children() {
    let account = Account::new().await;
    let critical = account.make(&alarm(&account, " [critical]")).await;
    let warning = account.make(&alarm(&account, " [warning threshold]")).await;
    let desired = composite(&account, &critical["arn"]);
    let recorded = account.make(&desired).await;
    let changed = CompositeAlarm {
        alarm_description: "later".into(),
        actions_enabled: false,
        alarm_actions: Vec::new().into(),
        ok_actions: Vec::new().into(),
        actions_suppressor_wait_period: 5,
        actions_suppressor_extension_period: 6,
        tags: tags(&account, "composite", &[("team", "b")]),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    account.change(&desired, &recorded).await;
    for child in [&critical, &warning] {
        let refused = MetricAlarm::delete(&account.aws, child, &crate::emulated::wait()).await;
        assert_eq!(code(&refused.unwrap_err()), "ValidationError");
    }
    account.remove::<CompositeAlarm>(&recorded).await;
    account.remove::<MetricAlarm>(&warning).await;
    account.remove::<MetricAlarm>(&critical).await;
}

#[tokio::test]
async fn what_is_left_alone_is_written_as_it_is() {
    let account = Account::new().await;
    let desired = alarm(&account, " [critical]");
    let recorded = account.make(&desired).await;
    let names = json!({ "AlarmNames": [desired.alarm_name] });
    account.outside("cloudwatch", "DisableAlarmActions", names);
    let observed = account.read::<MetricAlarm>(&recorded).await;
    let wanted = MetricAlarm {
        period: 120,
        ..desired
    };
    let changed: Vec<_> = differences(&wanted, &observed)
        .into_iter()
        .filter(|diff| diff.field == "period")
        .collect();
    wanted
        .update(&account.aws, &observed, &changed)
        .await
        .unwrap();
    let found = account.read::<MetricAlarm>(&recorded).await.component;
    assert_eq!((found.period, found.actions_enabled), (120, false));
}

#[tokio::test]
async fn alarms_are_found_by_name_by_arn_and_by_resource() {
    let account = Account::new().await;
    let desired = alarm(&account, " [critical]");
    let own = account.own_tags("monitor", "stage/errors", "alarm.critical");
    let none = MetricAlarm::find(&account.aws, Lookup::Desired(&desired, &own))
        .await
        .unwrap();
    assert!(none.is_empty());
    let recorded = account.make(&desired).await;
    let other = MetricAlarm {
        alarm_name: "acme/stage other [critical]".to_owned(),
        tags: Tags::new(),
        ..desired.clone()
    };
    account.make(&other).await;
    for lookup in [
        Lookup::Desired(&desired, &own),
        Lookup::Named(&desired.alarm_name),
        Lookup::Named(&recorded["arn"]),
        Lookup::Owned(&own),
    ] {
        let found = MetricAlarm::find(&account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
        assert_eq!(differences(&desired, &found[0]), [], "{lookup:?}");
    }
    let composites = CompositeAlarm::find(&account.aws, Lookup::Named(&desired.alarm_name)).await;
    assert!(
        composites.unwrap().is_empty(),
        "a metric alarm is no composite"
    );
}

/// Makes so many alarms, and answers their records.
async fn many(account: &Account, count: usize) -> Vec<BTreeMap<String, String>> {
    let mut recorded = Vec::new();
    for at in 0..count {
        let one = alarm(account, &format!(" {at} [critical]"));
        recorded.push(one.create(&account.aws, "token").await.unwrap().outputs);
    }
    recorded
}

#[tokio::test]
async fn many_alarms_are_read_with_their_tags_in_few_calls() {
    let account = Account::new().await;
    let recorded = many(&account, 30).await;
    let again = Account::again(&account.id).await;
    let before = account.calls().len();
    let reads = recorded
        .iter()
        .map(|one| MetricAlarm::read(&again.aws, one, Freshness::Cached));
    let found = futures_util::future::try_join_all(reads).await.unwrap();
    assert!(found.iter().flatten().all(|one| one.tags["team"] == "a"));
    assert_eq!(found.iter().flatten().count(), 30);
    let calls: Vec<String> = account.calls()[before..]
        .iter()
        .map(|call| call["action"].as_str().unwrap().to_owned())
        .filter(|action| action != "GetCallerIdentity")
        .collect();
    assert!(calls.len() <= 4, "{calls:?}");
    assert!(
        !calls.contains(&"ListTagsForResource".to_owned()),
        "{calls:?}"
    );
}

#[tokio::test]
async fn another_tag_is_confirmed_by_the_alarm_itself() {
    let account = Account::new().await;
    let recorded = many(&account, 1).await.remove(0);
    let tag = json!([{ "Key": "team", "Value": "z" }]);
    account.outside(
        "cloudwatch",
        "TagResource",
        json!({ "ResourceARN": recorded["arn"], "Tags": tag }),
    );
    let again = Account::again(&account.id).await;
    let found = MetricAlarm::read(&again.aws, &recorded, Freshness::Cached)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.tags["team"], "z");
    assert_eq!(account.calls_of("ListTagsForResource").len(), 1);
    // What was found is what is known from now on.
    let once_more = Account::again(&account.id).await;
    MetricAlarm::read(&once_more.aws, &found.outputs, Freshness::Cached)
        .await
        .unwrap();
    assert_eq!(account.calls_of("ListTagsForResource").len(), 1);
}

#[tokio::test]
async fn a_refused_batch_is_asked_one_by_one() {
    let account = Account::new().await;
    let recorded = many(&account, 2).await;
    account.control(
        "faults",
        json!({ "action": "GetResources", "times": -1, "status": 400, "code": "AccessDeniedException", "message": "no" }),
    );
    let again = Account::again(&account.id).await;
    for one in &recorded {
        let found = MetricAlarm::read(&again.aws, one, Freshness::Cached)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.tags["team"], "a");
    }
    assert_eq!(account.calls_of("ListTagsForResource").len(), 2);
}

#[tokio::test]
async fn small_pages_hide_no_alarm() {
    let account = Account::new().await;
    let recorded = many(&account, 5).await;
    account.control("settings", json!({ "page_size": 2 }));
    let again = Account::again(&account.id).await;
    let reads = recorded
        .iter()
        .map(|one| MetricAlarm::read(&again.aws, one, Freshness::Cached));
    let found = futures_util::future::try_join_all(reads).await.unwrap();
    assert_eq!(found.iter().flatten().count(), 5);
}

#[tokio::test]
async fn a_detector_is_known_by_its_series() {
    let account = Account::new().await;
    let desired = AnomalyDetector {
        namespace: "app".to_owned(),
        metric_name: "app.5xx".to_owned(),
        dimensions: BTreeMap::from([("Host".to_owned(), "a".to_owned())]).into(),
        stat: "Average".to_owned(),
    };
    let recorded = account.make(&desired).await;
    let own = account.own_tags("monitor", "stage/errors", "anomaly_detector");
    for lookup in [
        Lookup::Desired(&desired, &own),
        Lookup::Named(&recorded["id"]),
    ] {
        let found = AnomalyDetector::find(&account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
    }
    let other = AnomalyDetector {
        stat: "Sum".to_owned(),
        ..desired
    };
    assert!(
        AnomalyDetector::find(&account.aws, Lookup::Desired(&other, &own))
            .await
            .unwrap()
            .is_empty()
    );
    account.remove::<AnomalyDetector>(&recorded).await;
}

fn filter(group: &str) -> LogMetricFilter {
    LogMetricFilter {
        filter_name: "acme-stage-errors-abcdef".to_owned(),
        log_group_name: group.into(),
        filter_pattern: "ERROR".into(),
        metric_namespace: "app".to_owned(),
        metric_name: "errors".to_owned(),
        metric_value: "1".into(),
        default_value: "0".to_owned(),
        dimensions: BTreeMap::new(),
    }
}

#[tokio::test]
async fn a_metric_filter_lives_and_changes() {
    let account = Account::new().await;
    account.outside(
        "logs",
        "CreateLogGroup",
        json!({ "logGroupName": "/acme/shop" }),
    );
    let desired = filter("/acme/shop");
    let recorded = account.make(&desired).await;
    let changed = LogMetricFilter {
        filter_pattern: "{ $.level = \"error\" }".into(),
        metric_namespace: "other".to_owned(),
        metric_name: "failures".to_owned(),
        metric_value: "$.count".into(),
        default_value: String::new(),
        dimensions: BTreeMap::from([("path".to_owned(), "$.path".to_owned())]),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    account.change(&desired, &recorded).await;
    let found = LogMetricFilter::find(&account.aws, Lookup::Named(&recorded["name"]))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    account.remove::<LogMetricFilter>(&recorded).await;
}

fn rule(name: &str) -> EventRule {
    EventRule {
        rule_name: name.to_owned(),
        description: "Events that the monitor errors counts".to_owned(),
        event_pattern: json!({ "source": ["aws.ecs"] }).into(),
        enabled: true,
    }
}

#[tokio::test]
async fn an_event_rule_lives_and_changes() {
    let account = Account::new().await;
    let desired = rule("acme-stage-errors-abcdef");
    let recorded = account.make(&desired).await;
    let changed = EventRule {
        description: "Other".to_owned(),
        event_pattern: json!({ "source": ["aws.rds"], "detail": { "x": [{ "exists": true }] } })
            .into(),
        enabled: false,
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    account.change(&desired, &recorded).await;
    let found = EventRule::find(&account.aws, Lookup::Named(&recorded["arn"]))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    account.remove::<EventRule>(&recorded).await;
}

/// After a handful of single questions all rules are listed, page by page.
#[tokio::test]
async fn many_event_rules_are_read_by_lists() {
    let account = Account::new().await;
    let mut made = Vec::new();
    for number in 0..105 {
        made.push(account.make(&rule(&format!("acme-stage-{number}"))).await);
    }
    for recorded in &made {
        let found = EventRule::read(&account.aws, recorded, Freshness::Cached).await;
        assert_eq!(found.unwrap().unwrap().outputs, *recorded);
    }
}

#[tokio::test]
async fn a_filter_goes_with_its_group() {
    let account = Account::new().await;
    account.outside(
        "logs",
        "CreateLogGroup",
        json!({ "logGroupName": "/acme/shop" }),
    );
    let recorded = account.make(&filter("/acme/shop")).await;
    account.outside(
        "logs",
        "DeleteLogGroup",
        json!({ "logGroupName": "/acme/shop" }),
    );
    account.remove::<LogMetricFilter>(&recorded).await;
    let lost: LogMetricFilter = LogMetricFilter {
        log_group_name: In::Known("/acme/none".to_owned()),
        ..filter("")
    };
    let refused = lost.create(&account.aws, "token").await.unwrap_err();
    assert_eq!(code(&refused), "ResourceNotFoundException");
}

#[tokio::test]
async fn many_alarms_are_listed_even_when_all_are_asked_for_at_once() {
    let account = Account::new().await;
    let mut made = Vec::new();
    for at in 0..25 {
        made.push(account.make(&alarm(&account, &format!(" {at}"))).await);
    }
    let before = account.calls_of("DescribeAlarms").len();
    let refresh = Account::again(&account.id).await;
    let reads = made
        .iter()
        .map(|recorded| MetricAlarm::read(&refresh.aws, recorded, Freshness::Cached));
    let found = futures_util::future::try_join_all(reads).await.unwrap();
    assert!(found.iter().all(Option::is_some));
    assert_eq!(account.calls_of("DescribeAlarms").len() - before, 1);
}
