//! The life of `stackwright_service`.

use super::*;

#[test]
fn service() -> Result<()> {
    let life = Life {
        name: "service",
        address: SERVICE,
        imports: &[
            (CLUSTER, "stage/main"),
            (APP, "stage/shop"),
            (SERVICE, "stage/shop/worker"),
        ],
        created: |account| fixtures::slice(account, "", fixtures::WORKER),
        updated: |account| {
            fixtures::slice(
                account,
                "",
                &format!("{}  desired_count = 3\n", fixtures::WORKER),
            )
        },
        update_shows: &["desired_count"],
        replaced: |account| {
            let slice = fixtures::slice(account, "", fixtures::WORKER)?;
            Ok(slice.replace("process = \"worker\"", "process = \"mailer\""))
        },
        side: Removal::By(delete_task_role),
        main: Removal::By(delete_ecs_service),
        all: delete_whole_service,
    };
    life.live()
}

fn delete_task_role(account: &Account) -> Result<&'static str> {
    ensure!(
        delete_roles(account, "worker")? == 1,
        "the service has no task role"
    );
    Ok("role.task")
}

pub(super) fn delete_ecs_service(account: &Account) -> Result<&'static str> {
    let (cluster, service) = fixtures::ecs_names(account)?;
    let params = json!({ "cluster": cluster, "service": service, "force": true });
    account.outside("ecs", "DeleteService", &params)?;
    // The service drains before it is gone; each look takes it one step on.
    for _ in 0..3 {
        account.outside(
            "ecs",
            "DescribeServices",
            &json!({ "cluster": cluster, "services": [service] }),
        )?;
    }
    Ok("service")
}

fn delete_whole_service(account: &Account) -> Result<()> {
    let definition = fixtures::task_definition(account)?["taskDefinitionArn"].clone();
    delete_ecs_service(account)?;
    account.outside(
        "ecs",
        "DeregisterTaskDefinition",
        &json!({ "taskDefinition": definition }),
    )?;
    delete_task_role(account).map(drop)
}
