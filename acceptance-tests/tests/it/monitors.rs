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
