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
