//! The lives of `stackwright_monitor`: on a metric, on a log group, on what is unusual.

use super::*;
use crate::fixtures::{MONITOR, delete_alarm};

const IMPORT: &[(&str, &str)] = &[(MONITOR, "stage/App Internal Errors")];

#[test]
fn monitor() -> Result<()> {
    let life = Life {
        name: "monitor",
        address: MONITOR,
        imports: IMPORT,
        created: |_| Ok(fixtures::monitor("")),
        updated: |_| {
            let monitor = fixtures::monitor("  resource_tags = { team = \"core\" }");
            Ok(monitor
                .replace("= 50", "= 60")
                .replace("runbook", "new runbook")
                .replace("last_5m", "last_10m"))
        },
        update_shows: &["critical", "message", "resource_tags", "time_window"],
        replaced: |_| Ok(fixtures::monitor("").replace("App Internal", "Other Internal")),
        side: Removal::By(|account| {
            delete_alarm(account, "warning")?;
            Ok("composite")
        }),
        main: Removal::By(|account| {
            delete_alarm(account, "warning")?;
            delete_alarm(account, "critical")?;
            Ok("alarm.critical")
        }),
        all: |account| {
            for suffix in ["warning", "critical", "warning threshold"] {
                delete_alarm(account, suffix)?;
            }
            Ok(())
        },
    };
    life.live()
}

#[test]
fn monitor_of_logs() -> Result<()> {
    let life = Life {
        name: "monitor of logs",
        address: MONITOR,
        imports: IMPORT,
        created: |account| fixtures::log_monitor(account, ""),
        updated: |account| {
            let monitor = fixtures::log_monitor(account, "")?;
            Ok(monitor.replace("\"ERROR\"", "\"FATAL\""))
        },
        update_shows: &["log"],
        replaced: |account| {
            let monitor = fixtures::log_monitor(account, "")?;
            Ok(monitor.replace("App Internal", "Other Internal"))
        },
        side: Removal::By(|account| {
            delete_filters(account)?;
            Ok("metric_filter")
        }),
        main: Removal::By(|account| {
            delete_alarm(account, "critical")?;
            Ok("alarm.critical")
        }),
        all: |account| {
            delete_filters(account)?;
            delete_alarm(account, "critical")
        },
    };
    life.live()
}

#[test]
fn monitor_of_events() -> Result<()> {
    let life = Life {
        name: "monitor of events",
        address: MONITOR,
        imports: IMPORT,
        created: |_| Ok(fixtures::event_monitor("")),
        updated: |_| Ok(fixtures::event_monitor("").replace("_FAILED", "_STARTED")),
        update_shows: &["event"],
        replaced: |_| Ok(fixtures::event_monitor("").replace("App Internal", "Other Internal")),
        side: Removal::By(|account| {
            delete_rules(account)?;
            Ok("event_rule")
        }),
        main: Removal::By(|account| {
            delete_alarm(account, "critical")?;
            Ok("alarm.critical")
        }),
        all: |account| {
            delete_rules(account)?;
            delete_alarm(account, "critical")
        },
    };
    life.live()
}

#[test]
fn monitor_of_a_burn_rate() -> Result<()> {
    let life = Life {
        name: "monitor of a burn rate",
        address: MONITOR,
        imports: IMPORT,
        created: |_| Ok(fixtures::burn_monitor("")),
        updated: |_| {
            let monitor = fixtures::burn_monitor("");
            Ok(monitor
                .replace("last_1m", "last_2m")
                .replace("= 5\n", "= 6\n"))
        },
        update_shows: &["critical", "short_window"],
        replaced: |_| Ok(fixtures::burn_monitor("").replace("App Internal", "Other Internal")),
        side: Removal::By(|account| {
            delete_alarm(account, "warning")?;
            delete_alarm(account, "critical both windows")?;
            Ok("composite_critical")
        }),
        main: Removal::By(|account| {
            delete_alarm(account, "warning")?;
            delete_alarm(account, "critical both windows")?;
            delete_alarm(account, "critical")?;
            Ok("alarm.critical")
        }),
        all: |account| {
            for suffix in [
                "warning",
                "warning short window",
                "warning threshold",
                "critical both windows",
                "critical short window",
                "critical",
            ] {
                delete_alarm(account, suffix)?;
            }
            Ok(())
        },
    };
    life.live()
}

#[test]
fn monitor_of_anomalies() -> Result<()> {
    let life = Life {
        name: "monitor of anomalies",
        address: MONITOR,
        imports: IMPORT,
        created: |_| Ok(fixtures::anomaly_monitor("")),
        updated: |_| Ok(fixtures::anomaly_monitor("").replace("bounds = 3", "bounds = 2.5")),
        update_shows: &["anomaly"],
        replaced: |_| Ok(fixtures::anomaly_monitor("").replace("App Internal", "Other Internal")),
        side: Removal::By(|account| {
            delete_detectors(account)?;
            Ok("anomaly_detector")
        }),
        main: Removal::By(|account| {
            delete_alarm(account, "critical")?;
            Ok("alarm.critical")
        }),
        all: |account| {
            delete_detectors(account)?;
            delete_alarm(account, "critical")
        },
    };
    life.live()
}

fn delete_filters(account: &Account) -> Result<()> {
    let all = account.list("logs", "DescribeMetricFilters", &json!({}), "metricFilters")?;
    ensure!(!all.is_empty(), "there is no metric filter");
    for filter in all {
        let one =
            json!({ "logGroupName": filter["logGroupName"], "filterName": filter["filterName"] });
        account.outside("logs", "DeleteMetricFilter", &one)?;
    }
    Ok(())
}

fn delete_rules(account: &Account) -> Result<()> {
    let all = account.list("events", "ListRules", &json!({}), "Rules")?;
    ensure!(!all.is_empty(), "there is no rule");
    for rule in all {
        account.outside("events", "DeleteRule", &json!({ "Name": rule["Name"] }))?;
    }
    Ok(())
}

fn delete_detectors(account: &Account) -> Result<()> {
    let list = "AnomalyDetectors";
    let all = account.list("cloudwatch", "DescribeAnomalyDetectors", &json!({}), list)?;
    ensure!(!all.is_empty(), "there is no anomaly detector");
    for detector in all {
        let one = json!({ "SingleMetricAnomalyDetector": detector["SingleMetricAnomalyDetector"] });
        account.outside("cloudwatch", "DeleteAnomalyDetector", &one)?;
    }
    Ok(())
}
