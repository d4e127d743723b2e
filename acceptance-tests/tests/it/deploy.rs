//! Deployments: truthful applies, two writers, small plans.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use acceptance_tests::{Action, Play};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::fixtures::{self, SERVICE, WORKER};

/// Lines that people need when a deployment has failed.
const WHOLE: [&str; 7] = [
    "PG::UndefinedColumn: column users.plan does not exist",
    "java.lang.ClassNotFoundException: com.acme.shop.Main",
    "KeyError: key not found: \"STRIPE_KEY\"",
    "ModuleNotFoundError: No module named 'shop.settings'",
    "Error: Cannot find module '/app/dist/server.js'",
    "/app/config/environments/production.rb:12:in 'block in <main>': undefined method 'foo'",
    "could not translate host name \"acme-stage-shop-ccoehc.abc.us-west-2.rds.amazonaws.com\" to address",
];

/// Lines with a secret, and the secret.
const SECRET: [(&str, &str); 3] = [
    (
        "connecting to postgres://app:Kx7hunter2@db.internal/shop",
        "Kx7hunter2",
    ),
    (
        "AWS_SESSION_TOKEN=IQoJb3JpZ2luX2VjEJr8Zq3kP1mB2c9TtYvWnRq0uXsA7LhJgKdEeFiHoCg",
        "8Zq3kP1mB2c9",
    ),
    ("login failed: password=correcthorse", "correcthorse"),
];

#[test]
fn a_rolled_back_deployment_fails_the_apply_with_the_reasons() -> Result<()> {
    let root = fixtures::applied_slice(WORKER)?;
    let account = root.account().clone();
    let running = fixtures::task_definition(&account)?["taskDefinitionArn"].clone();
    let mut log = vec!["too old to be shown".to_owned()];
    log.extend((0..19).map(|line| format!("line {line}")));
    log.extend(WHOLE.map(str::to_owned));
    log.extend(SECRET.map(|(line, _)| line.to_owned()));
    log.push("cannot allocate 2 GiB for the cache".to_owned());
    let tasks = json!([{
        "stopped_reason": "Essential container in task exited",
        "exit_code": 137,
        "container_reason": "OutOfMemoryError: Container killed due to memory usage",
        "log": log,
    }]);
    account.play(
        Play::new(".*", "rollback")
            .after_describes(2)
            .stopped_tasks(tasks),
    )?;
    root.resources(&fixtures::slice(
        &account,
        "",
        &WORKER.replace("v41", "v42"),
    )?)?;
    account.forget_calls()?;
    let output = root.apply()?.failed()?;
    let since = since_aws_knows(&account, 2)?;
    ensure!(
        since < Duration::from_secs(10),
        "the apply failed {since:?} after AWS knew that the deployment had"
    );
    output.says(&[
        "OutOfMemoryError",
        "137",
        "Container worker of one of them wrote last:",
        "cannot allocate 2 GiB for the cache",
        "aws logs tail '/acme/stage/shop' --log-stream-names",
    ])?;
    output.says(&WHOLE)?;
    output.never_says(&["too old to be shown"])?;
    output.never_says(&SECRET.map(|(_, secret)| secret))?;
    let attributes = root.attributes(SERVICE)?;
    assert_eq!(
        attributes["task_definition_arn"], running,
        "state must say what really runs"
    );
    assert_eq!(
        attributes["image"], "repo/shop:v41",
        "state must say what really runs"
    );
    // Nothing stands in the way of the next try.
    root.apply()?.ok()?;
    assert_eq!(root.attributes(SERVICE)?["image"], "repo/shop:v42");
    root.plan()?.empty()
}

/// How long ago AWS had shown the new deployment in progress for the last time: it fails right after that look.
fn since_aws_knows(account: &acceptance_tests::Account, looks: usize) -> Result<Duration> {
    let calls = account.calls()?;
    let update = calls
        .iter()
        .rposition(|call| call.action == "UpdateService");
    let after = &calls[update.context("no UpdateService")?..];
    let seen = after
        .iter()
        .filter(|call| call.action == "DescribeServices")
        .nth(looks - 1)
        .context("fewer looks than the deployment takes")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(now.saturating_sub(Duration::from_secs_f64(seen.time)))
}

#[test]
fn a_first_deployment_that_fails_says_why_and_can_be_kept() -> Result<()> {
    let account = acceptance_tests::Account::fresh()?;
    let root = acceptance_tests::Workspace::new(&account, &fixtures::slice(&account, "", WORKER)?)?;
    let tasks = json!([{ "stopped_reason": "CannotPullContainerError: image not found" }]);
    account.play(
        Play::new(".*", "failed")
            .after_describes(1)
            .stopped_tasks(tasks),
    )?;
    let output = root.apply()?.failed()?;
    output.says(&["CannotPullContainerError", "terraform untaint"])?;
    root.untaint(SERVICE)?.ok()?;
    root.apply()?.ok()?;
    root.plan()?.empty()
}

#[test]
fn an_image_deployed_from_outside_stays_when_image_is_left_out() -> Result<()> {
    let root = fixtures::applied_slice(WORKER)?;
    let account = root.account().clone();
    root.resources(&fixtures::slice(
        &account,
        "",
        "  command = \"bundle exec sidekiq\"\n",
    )?)?;
    root.apply()?.ok()?;
    let deployed = deploy_outside(&account, "repo/shop:v77")?;
    let plan = root.plan()?;
    plan.empty()?;
    let warnings = plan.output.all().matches("Warning: ").count();
    ensure!(
        warnings == 1,
        "expected one warning, found {warnings}\n{}",
        plan.output.all()
    );
    plan.output.says(&["repo/shop:v77"])?;
    root.apply()?.ok()?;
    assert_eq!(
        fixtures::task_definition(&account)?["taskDefinitionArn"],
        deployed
    );
    Ok(())
}

/// What a pipeline does: registers the running definition with another image and deploys it.
pub(crate) fn deploy_outside(
    account: &acceptance_tests::Account,
    image: &str,
) -> Result<serde_json::Value> {
    let mut definition = fixtures::task_definition(account)?;
    definition["containerDefinitions"][0]["image"] = json!(image);
    let answer = account.outside(
        "ecs",
        "DescribeTaskDefinition",
        &json!({
            "taskDefinition": definition["taskDefinitionArn"], "include": ["TAGS"],
        }),
    )?;
    let keep = [
        "family",
        "taskRoleArn",
        "executionRoleArn",
        "networkMode",
        "containerDefinitions",
        "cpu",
        "memory",
        "requiresCompatibilities",
        "runtimePlatform",
    ];
    let mut register: serde_json::Map<_, _> = keep
        .iter()
        .filter(|key| !definition[**key].is_null())
        .map(|key| ((*key).to_owned(), definition[*key].clone()))
        .collect();
    register.insert("tags".to_owned(), answer["tags"].clone());
    let registered = account.outside("ecs", "RegisterTaskDefinition", &register.into())?;
    let arn = registered["taskDefinition"]["taskDefinitionArn"].clone();
    let (cluster, service) = fixtures::ecs_names(account)?;
    let update = json!({ "cluster": cluster, "service": service, "taskDefinition": arn });
    account.outside("ecs", "UpdateService", &update)?;
    let look = json!({ "cluster": cluster, "services": [service] });
    for _ in 0..3 {
        account.outside("ecs", "DescribeServices", &look)?;
    }
    Ok(arn)
}

#[test]
fn an_outside_deployment_is_undone_when_image_is_set() -> Result<()> {
    let root = fixtures::applied_slice(WORKER)?;
    let account = root.account().clone();
    deploy_outside(&account, "repo/shop:v77")?;
    let plan = root.plan()?;
    let change = plan.expect(SERVICE, Action::Update)?;
    ensure!(
        change.changed().contains(&"image".to_owned()),
        "the plan shows {:?}",
        change.changed()
    );
    plan.output.says(&["repo/shop:v77", "repo/shop:v41"])?;
    root.apply_saved()?.ok()?;
    assert_eq!(
        fixtures::task_definition(&account)?["containerDefinitions"][0]["image"],
        "repo/shop:v41"
    );
    root.plan()?.empty()
}

#[test]
fn another_count_is_one_attribute_and_one_write() -> Result<()> {
    let with_count = |count: u32| format!("{WORKER}  desired_count = {count}\n");
    let root = fixtures::applied_slice(&with_count(2))?;
    let account = root.account().clone();
    root.resources(&fixtures::slice(&account, "", &with_count(3))?)?;
    let change = root.plan()?.expect(SERVICE, Action::Update)?;
    assert_eq!(change.changed(), ["desired_count"]);
    account.forget_calls()?;
    root.apply_saved()?.ok()?;
    let writes: Vec<_> = account
        .writes()?
        .into_iter()
        .map(|call| call.action)
        .collect();
    assert_eq!(writes, ["UpdateService"]);
    assert_eq!(fixtures::ecs_service(&account)?["desiredCount"], 3);
    Ok(())
}

#[test]
fn a_new_image_is_a_plan_of_at_most_twelve_lines() -> Result<()> {
    let root = fixtures::applied_slice(WORKER)?;
    root.resources(&fixtures::slice(
        root.account(),
        "",
        &WORKER.replace("v41", "v42"),
    )?)?;
    let plan = root.plan()?;
    plan.expect(SERVICE, Action::Update)?;
    let lines = plan.output.stdout.lines();
    let diff: Vec<_> = lines
        .skip_while(|line| !line.contains("# stackwright_service.worker will be updated"))
        .take_while(|line| !line.starts_with("Plan:"))
        .filter(|line| !line.trim().is_empty())
        .collect();
    ensure!(
        !diff.is_empty() && diff.len() <= 12,
        "{} lines:\n{}",
        diff.len(),
        diff.join("\n")
    );
    Ok(())
}
