//! Drift of `stackwright_job`.

use super::*;
use crate::fixtures::{JOB, schedule, scheduled};

pub(super) const ROUNDS: &[&Round] = &[&START];

const START: Round = Round {
    name: "job",
    address: JOB,
    resources: |account| scheduled(account, fixtures::REPORT),
    deploys: false,
    rows: &[
        excepted("schedule_group.name", IDENTITY),
        changed("schedule_group.tags", "schedule_group", |account| {
            let group = schedule(account)?["GroupName"].clone();
            let group =
                account.outside("scheduler", "GetScheduleGroup", &json!({ "Name": group }))?;
            let tags = json!([{ "Key": "Name", "Value": "changed" }]);
            let params = json!({ "ResourceArn": group["Arn"], "Tags": tags });
            account
                .outside("scheduler", "TagResource", &params)
                .map(drop)
        }),
        excepted("schedule.group_name", IDENTITY),
        excepted("schedule.name", IDENTITY),
        changed("schedule.description", "schedule", change_everything),
        attribute("schedule.schedule_expression", "schedule", |_| Ok(())),
        attribute("schedule.schedule_expression_timezone", "time_zone", |_| {
            Ok(())
        }),
        attribute("schedule.state", "enabled", |_| Ok(())),
        attribute(
            "schedule.flexible_window_minutes",
            "flexible_window",
            |_| Ok(()),
        ),
        together("schedule.cluster", "schedule"),
        together("schedule.role_arn", "schedule"),
        excepted(
            "schedule.task_definition",
            "another revision shows as the fields of `task_definition` that it has otherwise",
        ),
        together("schedule.task_count", "schedule"),
        together("schedule.subnets", "schedule"),
        together("schedule.security_groups", "schedule"),
        together("schedule.assign_public_ip", "schedule"),
        together("schedule.enable_ecs_managed_tags", "schedule"),
        together("schedule.propagate_tags", "schedule"),
        together("schedule.input", "schedule"),
        attribute("schedule.maximum_retry_attempts", "retries", |_| Ok(())),
        attribute(
            "schedule.maximum_event_age_in_seconds",
            "maximum_age",
            |_| Ok(()),
        ),
        together("schedule.dead_letter_arn", "schedule"),
        excepted("queue.queue_name", IDENTITY),
        changed(
            "queue.message_retention_period",
            "dead_letters",
            |account| {
                let open = json!({
                    "Version": "2012-10-17",
                    "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*" }],
                });
                let attributes = json!({
                    "MessageRetentionPeriod": "60", "SqsManagedSseEnabled": "false", "Policy": open.to_string(),
                });
                on_queue(
                    account,
                    "SetQueueAttributes",
                    &json!({ "Attributes": attributes }),
                )
            },
        ),
        together("queue.sqs_managed_sse_enabled", "dead_letters"),
        together("queue.policy", "dead_letters"),
        changed("queue.tags", "dead_letters", |account| {
            on_queue(
                account,
                "TagQueue",
                &json!({ "Tags": { "Name": "changed" } }),
            )
        }),
    ],
};

#[test]
fn job() -> Result<()> {
    START.play()
}

/// A deployment from outside stays when `image` is left out, and is undone when it is set.
#[test]
fn job_revision() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &scheduled(&account, fixtures::REPORT)?)?;
    root.apply()?.ok()?;
    let image = fixtures::REPORT.replace("  image = \"repo/shop:v41\"\n", "");
    ensure!(image != fixtures::REPORT, "the fixture has another image");
    root.resources(&scheduled(&account, &image)?)?;
    root.plan()?.empty()?;
    deploy(&account, "repo/shop:v99")?;
    let plan = root.plan()?;
    plan.empty()?;
    plan.output.says(&["repo/shop:v99"])?;
    root.apply()?.ok()?;
    ensure!(
        running_image(&account)? == "repo/shop:v99",
        "the deployment was undone"
    );
    root.resources(&scheduled(&account, fixtures::REPORT)?)?;
    root.plan()?.expect(JOB, Action::Update)?;
    root.apply_saved()?.ok()?;
    ensure!(
        running_image(&account)? == "repo/shop:v41",
        "the image of the configuration does not run"
    );
    root.plan()?.empty()
}

fn definition(account: &Account) -> Result<Json> {
    let arn = schedule(account)?["Target"]["EcsParameters"]["TaskDefinitionArn"].clone();
    let params = json!({ "taskDefinition": arn });
    let answer = account.outside("ecs", "DescribeTaskDefinition", &params)?;
    Ok(answer["taskDefinition"].clone())
}

fn running_image(account: &Account) -> Result<Json> {
    Ok(definition(account)?["containerDefinitions"][0]["image"].clone())
}

/// What CI does: a new revision with another image, and the schedule set to it.
fn deploy(account: &Account, image: &str) -> Result<()> {
    let mut definition = definition(account)?;
    definition["containerDefinitions"][0]["image"] = json!(image);
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
    let register: serde_json::Map<_, _> = keep
        .iter()
        .map(|key| ((*key).to_owned(), definition[*key].clone()))
        .collect();
    let registered = account.outside("ecs", "RegisterTaskDefinition", &register.into())?;
    let arn = registered["taskDefinition"]["taskDefinitionArn"].clone();
    on_schedule(account, |schedule| {
        schedule["Target"]["EcsParameters"]["TaskDefinitionArn"] = arn;
    })
}

fn on_schedule(account: &Account, change: impl FnOnce(&mut Json)) -> Result<()> {
    let mut schedule = schedule(account)?;
    change(&mut schedule);
    let keep = [
        "Name",
        "GroupName",
        "Description",
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "State",
        "FlexibleTimeWindow",
        "Target",
    ];
    let params: serde_json::Map<_, _> = keep
        .iter()
        .map(|key| ((*key).to_owned(), schedule[*key].clone()))
        .collect();
    account
        .outside("scheduler", "UpdateSchedule", &params.into())
        .map(drop)
}

/// An update writes a schedule as a whole, so all its fields change in one.
fn change_everything(account: &Account) -> Result<()> {
    let groups = account.list(
        "ec2",
        "DescribeSecurityGroups",
        &json!({}),
        "SecurityGroups",
    )?;
    let mut groups = groups.iter();
    let default = groups
        .find(|group| group["GroupName"] == "default")
        .context("no default group")?["GroupId"]
        .clone();
    let roles = account.list("iam", "ListRoles", &json!({}), "Roles")?;
    let mut roles = roles.iter().filter_map(|role| role["Arn"].as_str());
    let other = roles
        .find(|arn| arn.contains("execution"))
        .context("no other role")?;
    let elsewhere = format!("arn:aws:ecs:us-west-2:{}:cluster/other", account.id);
    let letters = format!("arn:aws:sqs:us-west-2:{}:other", account.id);
    on_schedule(account, |schedule| {
        schedule["Description"] = json!("changed");
        schedule["ScheduleExpression"] = json!("rate(1 minute)");
        schedule["ScheduleExpressionTimezone"] = json!("Europe/Berlin");
        schedule["State"] = json!("DISABLED");
        schedule["FlexibleTimeWindow"] =
            json!({ "Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15 });
        let target = &mut schedule["Target"];
        target["Arn"] = json!(elsewhere);
        target["RoleArn"] = json!(other);
        target["Input"] = json!("{}");
        target["RetryPolicy"] =
            json!({ "MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400 });
        target["DeadLetterConfig"] = json!({ "Arn": letters });
        let ecs = &mut target["EcsParameters"];
        ecs["TaskCount"] = json!(3);
        ecs["EnableECSManagedTags"] = json!(false);
        ecs["PropagateTags"] = Json::Null;
        let network = &mut ecs["NetworkConfiguration"]["awsvpcConfiguration"];
        network["Subnets"] = json!([network["Subnets"][0]]);
        network["SecurityGroups"] = json!([default]);
        network["AssignPublicIp"] = json!("ENABLED");
        if let Some(ecs) = ecs.as_object_mut() {
            ecs.remove("PropagateTags");
        }
    })
}

fn on_queue(account: &Account, operation: &str, params: &Json) -> Result<()> {
    let urls = account.list("sqs", "ListQueues", &json!({}), "QueueUrls")?;
    let mut params = params.clone();
    params["QueueUrl"] = urls.into_iter().next().context("there is no queue")?;
    account.outside("sqs", operation, &params).map(drop)
}
