//! The life of `stackwright_app`.

use super::*;

#[test]
fn app() -> Result<()> {
    let life = Life {
        name: "app",
        address: APP,
        imports: &[(APP, "stage/shop")],
        created: |account| {
            Ok(fixtures::app(
                &account.default_network()?,
                "  config = { A = \"1\" }",
            ))
        },
        updated: |account| {
            Ok(fixtures::app(
                &account.default_network()?,
                "  config = { A = \"1\" }\n  log_retention = 14",
            ))
        },
        update_shows: &["log_retention"],
        replaced: |account| {
            let app = fixtures::app(&account.default_network()?, "  config = { A = \"1\" }");
            Ok(app.replace("\"shop\"\n  network", "\"store\"\n  network"))
        },
        side: Removal::By(delete_log_group),
        main: Removal::By(delete_task_group),
        all: delete_whole_app,
    };
    life.live()
}

fn delete_log_group(account: &Account) -> Result<&'static str> {
    let groups = account.list("logs", "DescribeLogGroups", &json!({}), "logGroups")?;
    let name = &groups.first().context("there is no log group")?["logGroupName"];
    account.outside("logs", "DeleteLogGroup", &json!({ "logGroupName": name }))?;
    Ok("log_group")
}

fn delete_task_group(account: &Account) -> Result<&'static str> {
    for group in ours(
        account,
        "DescribeSecurityGroups",
        "SecurityGroups",
        "GroupId",
    )? {
        account.outside("ec2", "DeleteSecurityGroup", &json!({ "GroupId": group }))?;
    }
    Ok("security_group")
}

fn delete_whole_app(account: &Account) -> Result<()> {
    delete_log_group(account)?;
    delete_task_group(account)?;
    delete_parameters(account)?;
    delete_roles(account, "").map(drop)
}

fn delete_parameters(account: &Account) -> Result<()> {
    for parameter in account.list("ssm", "DescribeParameters", &json!({}), "Parameters")? {
        account.outside(
            "ssm",
            "DeleteParameter",
            &json!({ "Name": parameter["Name"] }),
        )?;
    }
    Ok(())
}
