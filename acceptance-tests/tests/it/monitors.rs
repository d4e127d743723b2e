//! Monitors as people write them: Segment's own words, handles, modules, mistakes.

use acceptance_tests::{Account, Action, Provider, Workspace, repository};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};

use crate::fixtures;
use crate::modules::copy;

/// The example of Segment's provider with its fields unchanged; only the resource's name is legal now.
const SEGMENT: &str = r#"
resource "stackwright_monitor" "app_internal_errors" {
  name        = "App Internal Errors"
  message     = "App Internal Error Alerts"
  metric      = "app.5xx"
  time_aggr   = "avg"
  time_window = "last_5m"
  space_aggr  = "avg"
  operator    = ">"
  warning {
    threshold = 10
    notify    = "@slack-team-infra"
  }
  critical {
    threshold = 50
    notify    = "@slack-team-infra @pagerduty"
  }
}
"#;
const ADDRESS: &str = "stackwright_monitor.app_internal_errors";

fn monitoring(page: &str) -> String {
    format!(
        "  monitoring {{\n    backend = \"cloudwatch\"\n    namespace = \"app\"\n    notifiers = {{\n      \
         \"@slack-team-infra\" = \"arn:aws:sns:us-west-2:111111111111:infra\"\n      \
         \"@pagerduty\" = \"arn:aws:sns:us-west-2:111111111111:{page}\"\n    }}\n  }}"
    )
}

fn root(account: &Account, resources: &str) -> Result<Workspace> {
    let provider = Provider::of(account).extra(&monitoring("page"));
    Workspace::with_provider(account, &provider, resources)
}

fn alarms(account: &Account, kind: &str) -> Result<Vec<Json>> {
    let params = json!({ "AlarmTypes": [kind] });
    account.list("cloudwatch", "DescribeAlarms", &params, &format!("{kind}s"))
}

#[test]
fn segments_example_works_with_its_fields_unchanged() -> Result<()> {
    let account = Account::fresh()?;
    let root = root(&account, SEGMENT)?;
    let plan = root.plan()?;
    plan.expect(ADDRESS, Action::Create)?;
    plan.output.says(&[
        "SELECT AVG",
        "tells @slack-team-infra, @pagerduty",
        "no_data is not set",
    ])?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let [composite] = &alarms(&account, "CompositeAlarm")?[..] else {
        anyhow::bail!("there is not one composite alarm");
    };
    ensure!(composite["AlarmActions"] == json!(["arn:aws:sns:us-west-2:111111111111:infra"]));
    ensure!(
        composite["ActionsSuppressor"]
            .as_str()
            .is_some_and(|it| it.ends_with("[critical]"))
    );
    let metric = alarms(&account, "MetricAlarm")?;
    let actions: Vec<usize> = metric
        .iter()
        .map(|it| it["AlarmActions"].as_array().map_or(0, Vec::len))
        .collect();
    ensure!(
        actions == [2, 0],
        "critical tells both, the warning threshold nobody: {actions:?}"
    );
    let order: Vec<String> = account
        .writes()?
        .into_iter()
        .map(|call| call.action)
        .collect();
    ensure!(
        order == ["PutMetricAlarm", "PutMetricAlarm", "PutCompositeAlarm"],
        "{order:?}"
    );
    root.forget_state()?;
    root.import(ADDRESS, "stage/App Internal Errors")?.ok()?;
    root.plan()?.empty()?;
    account.forget_calls()?;
    root.destroy()?.ok()?;
    let order: Vec<String> = account
        .writes()?
        .into_iter()
        .map(|call| call.action)
        .collect();
    ensure!(order == ["DeleteAlarms"; 3], "{order:?}");
    account.nothing_unimplemented()
}

#[test]
fn another_topic_behind_a_handle_is_an_update() -> Result<()> {
    let account = Account::fresh()?;
    let root = root(&account, SEGMENT)?;
    root.apply()?.ok()?;
    let provider = Provider::of(&account).extra(&monitoring("other"));
    root.write("provider.tf", &provider.hcl())?;
    root.plan()?.expect(ADDRESS, Action::Update)?;
    root.apply_saved()?.ok()?;
    root.plan()?.empty()?;
    let told = alarms(&account, "MetricAlarm")?[0]["AlarmActions"].to_string();
    ensure!(told.contains(":other") && !told.contains(":page"), "{told}");
    Ok(())
}

#[test]
fn one_level_more_and_less_keeps_the_other() -> Result<()> {
    let account = Account::fresh()?;
    let (start, end) = (
        SEGMENT.find("  warning").context("warning")?,
        SEGMENT.find("  critical").context("critical")?,
    );
    let single = SEGMENT[..start].to_owned() + &SEGMENT[end..];
    let root = root(&account, &single)?;
    root.apply()?.ok()?;
    ensure!(
        alarms(&account, "MetricAlarm")?.len() == 1
            && alarms(&account, "CompositeAlarm")?.is_empty()
    );
    root.resources(SEGMENT)?;
    root.plan()?.expect(ADDRESS, Action::Update)?;
    root.apply_saved()?.ok()?;
    root.plan()?.empty()?;
    ensure!(
        alarms(&account, "MetricAlarm")?.len() == 2
            && alarms(&account, "CompositeAlarm")?.len() == 1
    );
    root.resources(&single)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    ensure!(
        alarms(&account, "MetricAlarm")?.len() == 1
            && alarms(&account, "CompositeAlarm")?.is_empty()
    );
    Ok(())
}

#[test]
fn mistakes_are_told_before_anything_is_made() -> Result<()> {
    let account = Account::fresh()?;
    for (from, to, said) in [
        (
            "@pagerduty",
            "@pagerdutty",
            "is not in provider monitoring.notifiers. Known: @pagerduty, @slack-team-infra.",
        ),
        (
            "last_5m",
            "5m",
            "time_window \"5m\": use last_<n>m, last_<n>h, last_1d or last_1w, for example last_5m.",
        ),
        (
            "threshold = 10",
            "threshold = 60",
            "warning.threshold (60) must be below critical.threshold (50) for operator \">\".",
        ),
        (
            "time_aggr   = \"avg\"",
            "time_aggr = \"sum\"",
            "cannot be expressed as a CloudWatch alarm.",
        ),
        (
            "App Internal Error Alerts",
            "{{value}}",
            "{{value}} cannot be filled in by CloudWatch",
        ),
        (
            "operator    =",
            "renotify_interval = 5\n  operator =",
            "CloudWatch notifies only on state changes.",
        ),
        (
            "operator    =",
            "interval = 45\n  operator =",
            "interval 45: use 10, 20, 30 or a multiple of 60.",
        ),
    ] {
        let root = root(&account, &SEGMENT.replace(from, to))?;
        let output = root.plan_output(&[])?.failed()?;
        output.says(&[said]).with_context(|| to.to_owned())?;
    }
    ensure!(account.writes()?.is_empty());
    Ok(())
}

#[test]
fn datadog_is_told_to_come_later() -> Result<()> {
    let account = Account::fresh()?;
    let provider =
        Provider::of(&account).extra(&monitoring("page").replace("\"cloudwatch\"", "\"datadog\""));
    let root = Workspace::with_provider(&account, &provider, SEGMENT)?;
    root.plan_output(&[])?
        .failed()?
        .says(&["backend = \"datadog\" comes with a later version"])
}

#[test]
fn a_missing_log_group_is_told_with_its_call() -> Result<()> {
    let account = Account::fresh()?;
    let monitor = fixtures::log_monitor(&account, "")?.replace("/acme/shop", "/acme/none");
    let root = Workspace::new(&account, &monitor)?;
    root.apply()?
        .failed()?
        .says(&["PutMetricFilter", "log group does not exist"])
}

#[test]
fn default_monitors_apply_and_stay() -> Result<()> {
    let account = Account::fresh()?;
    let module = repository().join("modules/monitors");
    let resources = "module \"web\" {\n  source = \"./monitors\"\n  name = \"shop/web\"\n  kind = \"web\"\n  container_insights = true\n  \
         dimensions = { ClusterName = \"main\", ServiceName = \"web\", LoadBalancer = \"app/x/1\", TargetGroup = \"targetgroup/x/1\" }\n  \
         notify = { warning = \"@slack-team-infra\", critical = \"@pagerduty\" }\n  monitors = { latency = { enabled = false } }\n}\n\
         module \"db\" {\n  source = \"./monitors\"\n  name = \"orders\"\n  kind = \"database\"\n  allocated_storage_gib = 20\n  \
         max_connections = 100\n  memory_bytes = 1073741824\n  dimensions = { DBInstanceIdentifier = \"orders\" }\n}\n\
         module \"job\" {\n  source = \"./monitors\"\n  name = \"nightly\"\n  kind = \"job\"\n  dimensions = { ScheduleGroup = \"acme-stage\" }\n}\n\
         module \"queue\" {\n  source = \"./monitors\"\n  name = \"mails\"\n  kind = \"queue\"\n  \
         dimensions = { QueueName = \"mails\", DeadLetterQueueName = \"dead\" }\n}\n";
    let root = root(&account, "")?;
    copy(&module, &root.path().join("monitors"))?;
    root.resources(resources)?;
    root.init()?.ok()?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let names: Vec<String> = alarms(&account, "MetricAlarm")?
        .iter()
        .filter_map(|alarm| alarm["AlarmName"].as_str().map(str::to_owned))
        .collect();
    ensure!(
        !names.iter().any(|name| name.contains("latency")),
        "{names:?}"
    );
    for wanted in [
        "shop/web 5xx ratio [critical]",
        "orders free storage [warning threshold]",
        "nightly dropped runs [critical]",
        "mails age [critical]",
    ] {
        ensure!(
            names.iter().any(|name| name.ends_with(wanted)),
            "no {wanted}: {names:?}"
        );
    }
    root.destroy()?.ok()?;
    ensure!(
        alarms(&account, "MetricAlarm")?.is_empty()
            && alarms(&account, "CompositeAlarm")?.is_empty()
    );
    Ok(())
}

/// A default monitor as AWS has to have it: name, metric, statistic, period, periods that are looked at (all of them breach), operator,
/// thresholds of warning and critical, and what missing data is.
type Expected = (
    &'static str,
    &'static str,
    &'static str,
    i64,
    i64,
    &'static str,
    Option<f64>,
    Option<f64>,
    &'static str,
);

const ABOVE: &str = "GreaterThanThreshold";
const AT_LEAST: &str = "GreaterThanOrEqualToThreshold";
const BELOW: &str = "LessThanThreshold";
const AT_MOST: &str = "LessThanOrEqualToThreshold";
const SLO: &str = "IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)";
/// Default monitors whose level fires only while it does over a second, shorter period, too.
const SHORT: &[(&str, i64)] = &[
    ("shop/web SLO burns fast", 300),
    ("shop/web SLO burns", 1800),
    ("shop/web SLO at risk", 21_600),
];
const GIB: f64 = 1_073_741_824.0;

/// From AWS's recommended alarms and claranet's, as `docs/guides/monitors.md` has them.
#[rustfmt::skip]
const DEFAULTS: &[Expected] = &[
    ("shop/web cpu", "CPUUtilization", "Average", 60, 5, ABOVE, Some(80.0), Some(90.0), "missing"),
    ("shop/web memory", "MemoryUtilization", "Average", 60, 5, ABOVE, Some(80.0), Some(90.0), "missing"),
    ("shop/web none running", "RunningTaskCount", "Average", 60, 5, AT_MOST, None, Some(0.0), "breaching"),
    ("shop/web below desired", "desired - running", "Average", 60, 15, ABOVE, Some(0.0), None, "notBreaching"),
    ("shop/web deploy failed", "TriggeredRules", "Sum", 60, 1, ABOVE, None, Some(0.0), "notBreaching"),
    ("shop/web no healthy target", "HealthyHostCount", "Minimum", 60, 2, BELOW, None, Some(1.0), "breaching"),
    ("shop/web unhealthy targets", "UnHealthyHostCount", "Maximum", 60, 5, ABOVE, Some(0.0), None, "notBreaching"),
    ("shop/web 5xx ratio", "IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)", "Sum", 300, 1, ABOVE, Some(1.0), Some(5.0), "notBreaching"),
    ("shop/web SLO burns fast", SLO, "Sum", 3600, 1, ABOVE, None, Some(1.44), "notBreaching"),
    ("shop/web SLO burns", SLO, "Sum", 21_600, 1, ABOVE, None, Some(0.6), "notBreaching"),
    ("shop/web SLO at risk", SLO, "Sum", 259_200, 1, ABOVE, Some(0.1), None, "notBreaching"),
    ("shop/web latency", "TargetResponseTime", "p95", 300, 3, ABOVE, Some(1.0), Some(3.0), "missing"),
    ("public own 5xx", "HTTPCode_ELB_5XX_Count", "Sum", 300, 1, AT_LEAST, Some(1.0), Some(10.0), "notBreaching"),
    ("public certificate", "DaysToExpiry", "Minimum", 86_400, 1, AT_MOST, Some(44.0), Some(14.0), "breaching"),
    ("orders cpu", "CPUUtilization", "Average", 60, 15, ABOVE, Some(80.0), Some(90.0), "breaching"),
    ("orders free storage", "FreeStorageSpace", "Minimum", 60, 5, BELOW, Some(4.0 * GIB), Some(2.0 * GIB), "breaching"),
    ("orders connections", "DatabaseConnections", "Average", 60, 5, ABOVE, Some(80.0), Some(90.0), "breaching"),
    ("orders free memory", "FreeableMemory", "Average", 60, 15, BELOW, Some(GIB / 4.0), None, "breaching"),
    ("orders burst of operations", "EBSIOBalance%", "Average", 60, 3, BELOW, Some(10.0), None, "missing"),
    ("orders burst of throughput", "EBSByteBalance%", "Average", 60, 3, BELOW, Some(10.0), None, "missing"),
    ("orders transaction ids", "MaximumUsedTransactionIDs", "Average", 60, 1, ABOVE, None, Some(1e9), "missing"),
    ("copy replica lag", "ReplicaLag", "Maximum", 60, 10, ABOVE, Some(30.0), Some(60.0), "breaching"),
    ("nightly dropped runs", "InvocationDroppedCount", "Sum", 60, 1, ABOVE, None, Some(0.0), "notBreaching"),
    ("nightly dead letters lost", "InvocationsFailedToBeSentToDeadLetterCount", "Sum", 60, 15, ABOVE, Some(0.0), None, "notBreaching"),
    ("nightly throttled", "TargetErrorThrottledCount", "Sum", 60, 15, ABOVE, Some(0.0), None, "notBreaching"),
    ("nightly dead letters", "ApproximateNumberOfMessagesVisible", "Maximum", 60, 1, ABOVE, None, Some(0.0), "notBreaching"),
    ("nightly failed run", "TriggeredRules", "Sum", 60, 1, ABOVE, None, Some(0.0), "notBreaching"),
    ("mails age", "ApproximateAgeOfOldestMessage", "Maximum", 60, 15, AT_LEAST, Some(300.0), Some(600.0), "notBreaching"),
    ("mails dead letters", "ApproximateNumberOfMessagesVisible", "Maximum", 60, 1, ABOVE, None, Some(0.0), "notBreaching"),
];

/// One call of the module `monitors` for each kind of thing.
const EVERY_KIND: &str = r#"
module "web" {
  source             = "./monitors"
  name               = "shop/web"
  kind               = "web"
  container_insights = true
  slo                = 99.9
  dimensions         = { ClusterName = "main", ServiceName = "web", LoadBalancer = "app/x/1", TargetGroup = "targetgroup/x/1" }
}
module "router" {
  source     = "./monitors"
  name       = "public"
  kind       = "router"
  dimensions = { LoadBalancer = "app/x/1", CertificateArn = "arn:aws:acm:us-west-2:111111111111:certificate/x" }
}
module "db" {
  source                = "./monitors"
  name                  = "orders"
  kind                  = "database"
  allocated_storage_gib = 20
  max_connections       = 100
  memory_bytes          = 1073741824
  dimensions            = { DBInstanceIdentifier = "orders" }
}
module "replica" {
  source     = "./monitors"
  name       = "copy"
  kind       = "database"
  replica    = true
  dimensions = { DBInstanceIdentifier = "copy" }
}
module "job" {
  source     = "./monitors"
  name       = "nightly"
  kind       = "job"
  dimensions = { ScheduleGroup = "acme-stage", DeadLetterQueueName = "dead", TaskDefinitionFamily = "acme-stage-nightly", ContainerName = "nightly" }
}
module "queue" {
  source     = "./monitors"
  name       = "mails"
  kind       = "queue"
  dimensions = { QueueName = "mails", DeadLetterQueueName = "dead" }
}
"#;

/// Every default monitor against the table: what is watched, how, from where on, and what missing data is.
#[test]
fn default_monitors_are_those_of_the_table() -> Result<()> {
    let account = Account::fresh()?;
    let root = root(&account, "")?;
    copy(
        &repository().join("modules/monitors"),
        &root.path().join("monitors"),
    )?;
    root.resources(EVERY_KIND)?;
    root.init()?.ok()?;
    root.apply()?.ok()?;
    let alarms = alarms(&account, "MetricAlarm")?;
    let wrong: Vec<String> = DEFAULTS
        .iter()
        .flat_map(|expected| differences(&alarms, expected))
        .collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    let levels = |row: &Expected| 1 + usize::from(row.6.is_some() && row.7.is_some());
    let count: usize = DEFAULTS.iter().map(levels).sum::<usize>() + SHORT.len();
    let names: Vec<&Json> = alarms.iter().map(|alarm| &alarm["AlarmName"]).collect();
    ensure!(
        alarms.iter().filter(|alarm| !is_of_replica(alarm)).count() == count,
        "{count} alarms are in the table, and there are {names:?}"
    );
    short_windows_are_those_of_the_table(&account, &alarms)?;
    rules_match_what_they_should(&account)?;
    root.destroy()?.ok().map(drop)
}

/// The second look of each that has one, and that both looks together tell.
fn short_windows_are_those_of_the_table(account: &Account, metric: &[Json]) -> Result<()> {
    let composites = alarms(account, "CompositeAlarm")?;
    let named = |all: &[Json], ending: &str| {
        let mut all = all.iter();
        let found = all.find(|it| {
            it["AlarmName"]
                .as_str()
                .unwrap_or_default()
                .ends_with(ending)
        });
        found
            .cloned()
            .with_context(|| format!("there is no{ending}"))
    };
    for (name, period) in SHORT {
        let whole = named(metric, &format!(" {name} [critical]"))?;
        let short = named(metric, &format!(" {name} [critical short window]"))?;
        let both = named(&composites, &format!(" {name} [critical both windows]"))?;
        let queries = short["Metrics"].as_array().context("metrics")?;
        let looks = queries
            .iter()
            .filter_map(|it| it["MetricStat"]["Period"].as_i64());
        ensure!(looks.eq([*period, *period]), "{name}: {queries:?}");
        ensure!(
            short["Threshold"] == whole["Threshold"],
            "{name}: other thresholds"
        );
        let rule = format!(
            "ALARM({}) AND ALARM({})",
            whole["AlarmName"], short["AlarmName"]
        );
        ensure!(both["AlarmRule"] == rule, "{name}: {}", both["AlarmRule"]);
    }
    Ok(())
}

/// Whether AWS's own examples of events, and those next to them, are matched: asked of the emulator.
fn rules_match_what_they_should(account: &Account) -> Result<()> {
    let rules = account.list("events", "ListRules", &json!({}), "Rules")?;
    let matches = |event: &Json| -> Result<bool> {
        for rule in &rules {
            let params =
                json!({ "EventPattern": rule["EventPattern"], "Event": event.to_string() });
            if account.outside("events", "TestEventPattern", &params)?["Result"] == true {
                return Ok(true);
            }
        }
        Ok(false)
    };
    for (event, wanted) in events() {
        ensure!(matches(&event)? == wanted, "{wanted} was wanted of {event}");
    }
    Ok(())
}

/// Events in the form of <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html>.
fn events() -> Vec<(Json, bool)> {
    let event = |kind: &str, resource: &str, detail: Json| {
        json!({
            "version": "0", "id": "ddca6449-b258-46c0-8653-e0e3a6d0468b", "detail-type": kind, "source": "aws.ecs",
            "account": "111111111111", "time": "2026-05-23T12:31:14Z", "region": "us-west-2",
            "resources": [format!("arn:aws:ecs:us-west-2:111111111111:{resource}")], "detail": detail,
        })
    };
    let deployed = |service: &str, name: &str| {
        let detail =
            json!({ "eventType": "ERROR", "eventName": name, "deploymentId": "ecs-svc/123" });
        event(
            "ECS Deployment State Change",
            &format!("service/{service}"),
            detail,
        )
    };
    let stopped = |family: &str, status: &str, code: Json, stop: &str| {
        let mut main = json!({ "name": "nightly", "lastStatus": status });
        main["exitCode"] = code;
        let sidecar = json!({ "name": "agent", "lastStatus": status, "exitCode": 143 });
        let detail = json!({
            "group": format!("family:{family}"), "lastStatus": status, "stopCode": stop,
            "containers": [main, sidecar],
        });
        event(
            "ECS Task State Change",
            "task/main/0123456789abcdef",
            detail,
        )
    };
    let ours = "acme-stage-nightly";
    vec![
        (deployed("main/web", "SERVICE_DEPLOYMENT_FAILED"), true),
        (deployed("main/web", "SERVICE_DEPLOYMENT_COMPLETED"), false),
        (deployed("other/web", "SERVICE_DEPLOYMENT_FAILED"), false),
        (
            deployed("main/other-web", "SERVICE_DEPLOYMENT_FAILED"),
            false,
        ),
        (
            stopped(ours, "STOPPED", json!(1), "EssentialContainerExited"),
            true,
        ),
        (
            stopped(ours, "STOPPED", json!(0), "EssentialContainerExited"),
            false,
        ),
        (stopped(ours, "RUNNING", json!(1), ""), false),
        (
            stopped(
                "acme-stage-other",
                "STOPPED",
                json!(1),
                "EssentialContainerExited",
            ),
            false,
        ),
        (
            stopped(ours, "STOPPED", Json::Null, "TaskFailedToStart"),
            true,
        ),
    ]
}

/// What a replica has beside its lag, which the rows of the primary show.
fn is_of_replica(alarm: &Json) -> bool {
    let name = alarm["AlarmName"].as_str().unwrap_or_default();
    name.contains(" copy ") && !name.contains("replica lag")
}

fn differences(alarms: &[Json], expected: &Expected) -> Vec<String> {
    let (name, _, _, _, _, _, warning, critical, _) = expected;
    // A monitor with one level has it as its alarm of `critical`.
    let levels = match (warning, critical) {
        (Some(warning), Some(critical)) => {
            vec![("[warning threshold]", *warning), ("[critical]", *critical)]
        }
        (one, other) => vec![("[critical]", one.or(*other).unwrap_or_default())],
    };
    let of_level = |(suffix, threshold): (&str, f64)| {
        let ending = format!(" {name} {suffix}");
        let alarm = alarms.iter().find(|it| {
            it["AlarmName"]
                .as_str()
                .is_some_and(|it| it.ends_with(&ending))
        });
        match alarm {
            None => vec![format!("there is no{ending}")],
            Some(alarm) => level_differences(&ending, alarm, expected, threshold),
        }
    };
    levels.into_iter().flat_map(of_level).collect()
}

fn level_differences(name: &str, alarm: &Json, expected: &Expected, threshold: f64) -> Vec<String> {
    let (_, metric, stat, period, periods, operator, _, _, missing) = expected;
    let queries = alarm["Metrics"].as_array().filter(|it| !it.is_empty());
    let (watched, stats, seconds) = if let Some(queries) = queries {
        {
            let of_metrics = |field: &str| {
                let all = queries.iter().filter(|it| it["MetricStat"].is_object());
                let mut all: Vec<Json> = all.map(|it| it["MetricStat"][field].clone()).collect();
                all.dedup();
                all.pop().unwrap_or_default()
            };
            let expression = queries.iter().find_map(|it| it["Expression"].as_str());
            (json!(expression), of_metrics("Stat"), of_metrics("Period"))
        }
    } else {
        {
            let plain = alarm["Statistic"].as_str().filter(|it| !it.is_empty());
            let stat = plain.map_or(alarm["ExtendedStatistic"].clone(), |it| json!(it));
            (alarm["MetricName"].clone(), stat, alarm["Period"].clone())
        }
    };
    let rows = [
        ("watches", watched, json!(metric)),
        ("statistic", stats, json!(stat)),
        ("period", seconds, json!(period)),
        (
            "periods",
            alarm["EvaluationPeriods"].clone(),
            json!(periods),
        ),
        (
            "datapoints",
            alarm["DatapointsToAlarm"].clone(),
            json!(periods),
        ),
        (
            "operator",
            alarm["ComparisonOperator"].clone(),
            json!(operator),
        ),
        (
            "threshold",
            json!(alarm["Threshold"].as_f64()),
            json!(threshold),
        ),
        (
            "missing data",
            alarm["TreatMissingData"].clone(),
            json!(missing),
        ),
    ];
    let differ = rows.into_iter().filter(|(_, is, wanted)| is != wanted);
    differ
        .map(|(what, is, wanted)| format!("{name}: {what} is {is}, expected {wanted}"))
        .collect()
}
