//! Drift of `stackwright_monitor`.

use super::*;
use crate::fixtures::ALARM;

pub(super) const ROUNDS: &[&Round] = &[&TWO_LEVELS, &PERCENTILE, &EXPRESSION, &BAND, &LOG, &EVENT];

const TOPIC: &str = "arn:aws:sns:us-west-2:111111111111:somebody";

const TWO_LEVELS: Round = Round {
    name: "monitor",
    address: fixtures::MONITOR,
    resources: |_| Ok(fixtures::monitor("")),
    deploys: false,
    rows: &[
        excepted("metric_alarm.alarm_name", IDENTITY),
        changed(
            "metric_alarm.alarm_description",
            "alarm.critical",
            |account| {
                put(account, |alarm| {
                    alarm["AlarmDescription"] = json!("changed");
                })
            },
        ),
        changed(
            "metric_alarm.actions_enabled",
            "alarm.critical",
            |account| put(account, |alarm| alarm["ActionsEnabled"] = json!(false)),
        ),
        changed("metric_alarm.alarm_actions", "alarm.critical", |account| {
            put(account, |alarm| alarm["AlarmActions"] = json!([TOPIC]))
        }),
        changed("metric_alarm.ok_actions", "alarm.critical", |account| {
            put(account, |alarm| alarm["OKActions"] = json!([]))
        }),
        changed(
            "metric_alarm.insufficient_data_actions",
            "alarm.critical",
            |account| {
                put(account, |alarm| {
                    alarm["InsufficientDataActions"] = json!([]);
                })
            },
        ),
        changed("metric_alarm.namespace", "alarm.critical", |account| {
            put(account, |alarm| alarm["Namespace"] = json!("other"))
        }),
        changed("metric_alarm.metric_name", "alarm.critical", |account| {
            put(account, |alarm| alarm["MetricName"] = json!("other"))
        }),
        changed("metric_alarm.dimensions", "alarm.critical", |account| {
            put(account, |alarm| {
                alarm["Dimensions"] = json!([{ "Name": "Service", "Value": "other" }]);
            })
        }),
        changed("metric_alarm.statistic", "alarm.critical", |account| {
            put(account, |alarm| alarm["Statistic"] = json!("Maximum"))
        }),
        changed("metric_alarm.period", "alarm.critical", |account| {
            put(account, |alarm| alarm["Period"] = json!(60))
        }),
        changed(
            "metric_alarm.evaluation_periods",
            "alarm.critical",
            |account| put(account, |alarm| alarm["EvaluationPeriods"] = json!(4)),
        ),
        changed(
            "metric_alarm.datapoints_to_alarm",
            "alarm.critical",
            |account| put(account, |alarm| alarm["DatapointsToAlarm"] = json!(3)),
        ),
        changed("metric_alarm.threshold", "alarm.critical", |account| {
            put(account, |alarm| alarm["Threshold"] = json!(99.5))
        }),
        changed(
            "metric_alarm.comparison_operator",
            "alarm.critical",
            |account| {
                put(account, |alarm| {
                    alarm["ComparisonOperator"] = json!("LessThanThreshold");
                })
            },
        ),
        changed(
            "metric_alarm.treat_missing_data",
            "alarm.critical",
            |account| put(account, |alarm| alarm["TreatMissingData"] = json!("ignore")),
        ),
        changed(
            "metric_alarm.warm_up_minutes",
            "alarm.critical",
            |account| {
                put(account, |alarm| {
                    alarm["WarmUpConfiguration"] = json!({ "WarmUpPeriodDurationInMinutes": 30 });
                })
            },
        ),
        changed("metric_alarm.tags", "alarm.critical", |account| {
            retag_alarm(account, "critical")
        }),
        excepted("composite_alarm.alarm_name", IDENTITY),
        changed(
            "composite_alarm.alarm_description",
            "composite",
            |account| {
                put_composite(account, |alarm| {
                    alarm["AlarmDescription"] = json!("changed");
                })
            },
        ),
        changed("composite_alarm.alarm_rule", "composite", |account| {
            put_composite(account, |alarm| {
                alarm["AlarmRule"] = json!(format!("OK(\"{ALARM} [warning threshold]\")"));
            })
        }),
        changed("composite_alarm.actions_enabled", "composite", |account| {
            put_composite(account, |alarm| alarm["ActionsEnabled"] = json!(false))
        }),
        changed("composite_alarm.alarm_actions", "composite", |account| {
            put_composite(account, |alarm| alarm["AlarmActions"] = json!([]))
        }),
        changed("composite_alarm.ok_actions", "composite", |account| {
            put_composite(account, |alarm| alarm["OKActions"] = json!([TOPIC]))
        }),
        changed(
            "composite_alarm.actions_suppressor",
            "composite",
            |account| {
                put_composite(account, |alarm| {
                    alarm["ActionsSuppressor"] = json!(format!("{ALARM} [warning threshold]"));
                })
            },
        ),
        changed(
            "composite_alarm.actions_suppressor_wait_period",
            "composite",
            |account| {
                put_composite(account, |alarm| {
                    alarm["ActionsSuppressorWaitPeriod"] = json!(5);
                })
            },
        ),
        changed(
            "composite_alarm.actions_suppressor_extension_period",
            "composite",
            |account| {
                put_composite(account, |alarm| {
                    alarm["ActionsSuppressorExtensionPeriod"] = json!(5);
                })
            },
        ),
        changed("composite_alarm.tags", "composite", |account| {
            retag_alarm(account, "warning")
        }),
    ],
};

const PERCENTILE: Round = Round {
    name: "monitor of a percentile",
    address: fixtures::MONITOR,
    resources: |_| Ok(fixtures::monitor("").replace("space_aggr = \"avg\"", "space_aggr = \"p95\"")),
    deploys: false,
    rows: &[
        changed(
            "metric_alarm.extended_statistic",
            "alarm.critical",
            |account| put(account, |alarm| alarm["ExtendedStatistic"] = json!("p50")),
        ),
        changed(
            "metric_alarm.evaluate_low_sample_count_percentile",
            "alarm.critical",
            |account| {
                put(account, |alarm| {
                    alarm["EvaluateLowSampleCountPercentile"] = json!("ignore");
                })
            },
        ),
    ],
};

const EXPRESSION: Round = Round {
    name: "monitor of a ratio",
    address: fixtures::MONITOR,
    resources: |_| {
        let what = "namespace = \"app\"\n  time_aggr = \"sum\"\n  operator = \">\"\n  expression = \"a / b\"\n  \
                    metrics = { a = { metric = \"errors\" }, b = { metric = \"all\" } }";
        Ok(fixtures::monitor_on(what, fixtures::CRITICAL))
    },
    deploys: false,
    rows: &[changed(
        "metric_alarm.metrics",
        "alarm.critical",
        |account| {
            put(account, |alarm| {
                alarm["Metrics"][2]["Expression"] = json!("b / a");
            })
        },
    )],
};

const BAND: Round = Round {
    name: "monitor of anomalies",
    address: fixtures::MONITOR,
    resources: |_| Ok(fixtures::anomaly_monitor("")),
    deploys: false,
    rows: &[
        excepted("anomaly_detector.namespace", IDENTITY),
        excepted("anomaly_detector.metric_name", IDENTITY),
        excepted("anomaly_detector.dimensions", IDENTITY),
        excepted("anomaly_detector.stat", IDENTITY),
        changed(
            "metric_alarm.threshold_metric_id",
            "alarm.critical",
            |account| {
                put(account, |alarm| {
                    alarm["ThresholdMetricId"] = Json::Null;
                    alarm["Threshold"] = json!(5.0);
                    alarm["ComparisonOperator"] = json!("GreaterThanThreshold");
                    alarm["Metrics"][0]["ReturnData"] = json!(false);
                })
            },
        ),
    ],
};

const LOG: Round = Round {
    name: "monitor of logs",
    address: fixtures::MONITOR,
    resources: |account| fixtures::log_monitor(account, ""),
    deploys: false,
    rows: &[
        excepted("log_metric_filter.filter_name", IDENTITY),
        excepted("log_metric_filter.log_group_name", IDENTITY),
        changed(
            "log_metric_filter.filter_pattern",
            "metric_filter",
            other_filter,
        ),
        together("log_metric_filter.metric_namespace", "metric_filter"),
        together("log_metric_filter.metric_name", "metric_filter"),
        together("log_metric_filter.metric_value", "metric_filter"),
        together("log_metric_filter.default_value", "metric_filter"),
        together("log_metric_filter.dimensions", "metric_filter"),
    ],
};

const EVENT: Round = Round {
    name: "monitor of events",
    address: fixtures::MONITOR,
    resources: |_| Ok(fixtures::event_monitor("")),
    deploys: false,
    rows: &[
        excepted("event_rule.rule_name", IDENTITY),
        changed("event_rule.event_pattern", "event_rule", |account| {
            put_rule(account, |rule| {
                rule["EventPattern"] = json!("{\"source\": [\"aws.rds\"]}");
            })
        }),
        changed("event_rule.description", "event_rule", |account| {
            put_rule(account, |rule| rule["Description"] = json!("changed"))
        }),
        changed("event_rule.enabled", "event_rule", |account| {
            put_rule(account, |rule| rule["State"] = json!("DISABLED"))
        }),
    ],
};

#[test]
fn monitor() -> Result<()> {
    TWO_LEVELS.play()
}

#[test]
fn monitor_of_a_percentile() -> Result<()> {
    PERCENTILE.play()
}

#[test]
fn monitor_of_a_ratio() -> Result<()> {
    EXPRESSION.play()
}

#[test]
fn monitor_of_anomalies() -> Result<()> {
    BAND.play()
}

#[test]
fn monitor_of_logs() -> Result<()> {
    LOG.play()
}

#[test]
fn monitor_of_events() -> Result<()> {
    EVENT.play()
}

/// What a put takes of what a describe answers.
const METRIC: &[&str] = &[
    "AlarmName",
    "AlarmDescription",
    "ActionsEnabled",
    "AlarmActions",
    "OKActions",
    "InsufficientDataActions",
    "Namespace",
    "MetricName",
    "Dimensions",
    "Statistic",
    "ExtendedStatistic",
    "Period",
    "Metrics",
    "ThresholdMetricId",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "WarmUpConfiguration",
];

const COMPOSITE: &[&str] = &[
    "AlarmName",
    "AlarmDescription",
    "AlarmRule",
    "ActionsEnabled",
    "AlarmActions",
    "OKActions",
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
];

fn described(account: &Account, kind: &str, suffix: &str) -> Result<Json> {
    let params = json!({ "AlarmTypes": [kind], "AlarmNames": [format!("{ALARM} [{suffix}]")] });
    let found = account.list("cloudwatch", "DescribeAlarms", &params, &format!("{kind}s"))?;
    found
        .into_iter()
        .next()
        .with_context(|| format!("there is no {kind} {suffix}"))
}

fn rewritten(alarm: &Json, members: &[&str], change: fn(&mut Json)) -> Json {
    let mut alarm = alarm.clone();
    change(&mut alarm);
    let kept = members.iter().filter(|member| {
        let value = &alarm[**member];
        // A describe answers empty lists where a put wants nothing.
        let unused = value == &json!([]) && matches!(**member, "Metrics" | "Dimensions");
        !value.is_null() && !unused
    });
    kept.map(|member| ((*member).to_owned(), alarm[*member].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn put(account: &Account, change: fn(&mut Json)) -> Result<()> {
    let alarm = described(account, "MetricAlarm", "critical")?;
    let params = rewritten(&alarm, METRIC, change);
    account
        .outside("cloudwatch", "PutMetricAlarm", &params)
        .map(drop)
}

fn put_composite(account: &Account, change: fn(&mut Json)) -> Result<()> {
    let alarm = described(account, "CompositeAlarm", "warning")?;
    let params = rewritten(&alarm, COMPOSITE, change);
    account
        .outside("cloudwatch", "PutCompositeAlarm", &params)
        .map(drop)
}

fn retag_alarm(account: &Account, suffix: &str) -> Result<()> {
    let kind = if suffix == "warning" {
        "CompositeAlarm"
    } else {
        "MetricAlarm"
    };
    let arn = described(account, kind, suffix)?["AlarmArn"].clone();
    let tags = json!([{ "Key": "Name", "Value": "changed" }]);
    let params = json!({ "ResourceARN": arn, "Tags": tags });
    account
        .outside("cloudwatch", "TagResource", &params)
        .map(drop)
}

fn other_filter(account: &Account) -> Result<()> {
    let all = account.list("logs", "DescribeMetricFilters", &json!({}), "metricFilters")?;
    let filter = all.first().context("there is no metric filter")?;
    let other = json!({
        "metricNamespace": "other",
        "metricName": "other",
        "metricValue": "$.count",
        "dimensions": { "path": "$.path" },
    });
    let params = json!({
        "logGroupName": filter["logGroupName"],
        "filterName": filter["filterName"],
        "filterPattern": "{ $.level = 1 }",
        "metricTransformations": [other],
    });
    account
        .outside("logs", "PutMetricFilter", &params)
        .map(drop)
}

fn put_rule(account: &Account, change: fn(&mut Json)) -> Result<()> {
    let all = account.list("events", "ListRules", &json!({}), "Rules")?;
    let rule = all.first().context("there is no rule")?;
    let members = ["Name", "Description", "EventPattern", "State"];
    let params = rewritten(rule, &members, change);
    account.outside("events", "PutRule", &params).map(drop)
}
