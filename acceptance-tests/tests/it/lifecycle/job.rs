//! The life of `stackwright_job`.

use super::*;
use crate::fixtures::JOB;

#[test]
fn job() -> Result<()> {
    let life = Life {
        name: "job",
        address: JOB,
        imports: &[
            (CLUSTER, "stage/main"),
            (APP, "stage/shop"),
            (JOB, "stage/shop/report"),
        ],
        created: |account| fixtures::scheduled(account, fixtures::REPORT),
        updated: |account| {
            let other = fixtures::REPORT.replace("cron(0 3 * * ? *)", "rate(1 hour)")
                + "  time_zone = \"Europe/Berlin\"\n  flexible_window = 5\n  enabled = false\n  \
                   retries = 0\n  maximum_age = 60\n  tags = { team = \"core\" }\n";
            fixtures::scheduled(account, &other)
        },
        // Another image would leave a revision behind, which a replacement takes along.
        update_shows: &[
            "schedule",
            "time_zone",
            "flexible_window",
            "enabled",
            "retries",
            "maximum_age",
            "tags",
        ],
        replaced: |account| {
            let root = fixtures::scheduled(account, fixtures::REPORT)?;
            Ok(root.replace("process  = \"report\"", "process  = \"digest\""))
        },
        side: Removal::By(delete_queue),
        main: Removal::By(delete_schedule),
        all: delete_whole_job,
    };
    life.live()
}

/// Secrets of its own bring a role of its own, which starts its runs and alone may read them.
#[test]
fn job_with_secrets() -> Result<()> {
    let account = Account::fresh()?;
    let arn = format!("arn:aws:ssm:us-west-2:{}:parameter/token", account.id);
    let own = format!("{}  secrets = {{ TOKEN = \"{arn}\" }}\n", fixtures::REPORT);
    let root = Workspace::new(&account, &fixtures::scheduled(&account, &own)?)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let task = task(&account)?;
    let secrets = &task["containerDefinitions"][0]["secrets"];
    ensure!(
        secrets[0]["valueFrom"] == arn.as_str(),
        "its secrets are {secrets}"
    );
    let role = task["executionRoleArn"].as_str().unwrap_or_default();
    let role = role.rsplit('/').next().unwrap_or_default();
    ensure!(role.contains("report"), "{role} starts its runs");
    let starter = &fixtures::schedule(&account)?["Target"]["RoleArn"];
    let starter = starter.as_str().unwrap_or_default().rsplit('/').next();
    let policy = json!({ "RoleName": starter, "PolicyName": "start" });
    let policy = account.outside("iam", "GetRolePolicy", &policy)?;
    ensure!(
        policy["PolicyDocument"].to_string().contains(role),
        "Scheduler may not pass {role}: {policy}"
    );
    root.forget_state()?;
    for (address, id) in [
        (CLUSTER, "stage/main"),
        (APP, "stage/shop"),
        (JOB, "stage/shop/report"),
    ] {
        root.import(address, id)?.ok()?;
    }
    root.plan()?.empty()?;
    root.resources(&fixtures::scheduled(&account, fixtures::REPORT)?)?;
    root.apply()?.ok()?;
    let gone = account.outside("iam", "GetRole", &json!({ "RoleName": role }));
    ensure!(gone.is_err(), "the role {role} is still there");
    root.plan()?.empty()?;
    root.destroy()?.ok()?;
    Ok(())
}

/// The task definition that the schedule runs.
fn task(account: &Account) -> Result<serde_json::Value> {
    let schedule = fixtures::schedule(account)?;
    let arn = &schedule["Target"]["EcsParameters"]["TaskDefinitionArn"];
    let params = json!({ "taskDefinition": arn });
    let answer = account.outside("ecs", "DescribeTaskDefinition", &params)?;
    Ok(answer["taskDefinition"].clone())
}

fn delete_queue(account: &Account) -> Result<&'static str> {
    for url in account.list("sqs", "ListQueues", &json!({}), "QueueUrls")? {
        account.outside("sqs", "DeleteQueue", &json!({ "QueueUrl": url }))?;
    }
    Ok("dead_letters")
}

fn delete_schedule(account: &Account) -> Result<&'static str> {
    let schedule = fixtures::schedule(account)?;
    let params = json!({ "Name": schedule["Name"], "GroupName": schedule["GroupName"] });
    account.outside("scheduler", "DeleteSchedule", &params)?;
    Ok("schedule")
}

fn delete_whole_job(account: &Account) -> Result<()> {
    let schedule = fixtures::schedule(account)?;
    let definition = &schedule["Target"]["EcsParameters"]["TaskDefinitionArn"];
    let group = json!({ "Name": schedule["GroupName"] });
    account.outside("scheduler", "DeleteScheduleGroup", &group)?;
    delete_queue(account)?;
    account.outside(
        "ecs",
        "DeregisterTaskDefinition",
        &json!({ "taskDefinition": definition }),
    )?;
    let roles = delete_roles(account, "report")?;
    ensure!(roles == 2, "the job has {roles} roles");
    Ok(())
}
