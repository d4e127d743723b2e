//! The life of `stackwright_db`.

use super::*;

#[test]
fn db() -> Result<()> {
    let life = Life {
        name: "db",
        address: fixtures::DB,
        imports: &[(fixtures::DB, "stage/main")],
        created: |account| fixtures::whole_db(account, ""),
        updated: |account| {
            let more = "  backup_retention = 3\n  instance_class = \"db.t4g.small\"\n  \
                 iam_authentication = true\n  tags = { team = \"core\" }\n";
            let db = fixtures::whole_db(account, more)?;
            Ok(db.replace("work_mem = \"8192\", ", ""))
        },
        update_shows: &[
            "backup_retention",
            "instance_class",
            "iam_authentication",
            "parameters",
            "tags",
        ],
        replaced: |account| {
            let db = fixtures::whole_db(account, "")?;
            Ok(db.replace("    = \"main\"", "    = \"second\""))
        },
        side: Removal::By(|account| {
            let all = fixtures::databases(account)?;
            let replica = all
                .iter()
                .find(|one| !one["ReadReplicaSourceDBInstanceIdentifier"].is_null());
            fixtures::delete_database(account, replica.context("there is no replica")?)?;
            Ok("replica.a")
        }),
        main: Removal::By(|account| {
            fixtures::delete_database(account, &fixtures::database(account)?)?;
            Ok("instance")
        }),
        all: delete_everything,
    };
    life.live()
}

/// In the order in which AWS allows it.
fn delete_everything(account: &Account) -> Result<()> {
    for database in fixtures::databases(account)? {
        fixtures::delete_database(account, &database)?;
    }
    delete_names(account)?;
    for (list, one, operation, member, name) in [
        (
            "rds",
            "DescribeDBSubnetGroups",
            "DeleteDBSubnetGroup",
            "DBSubnetGroups",
            "DBSubnetGroupName",
        ),
        (
            "rds",
            "DescribeDBParameterGroups",
            "DeleteDBParameterGroup",
            "DBParameterGroups",
            "DBParameterGroupName",
        ),
        (
            "ssm",
            "DescribeParameters",
            "DeleteParameter",
            "Parameters",
            "Name",
        ),
    ] {
        for object in account.list(list, one, &json!({}), member)? {
            account.outside(list, operation, &json!({ name: object[name] }))?;
        }
    }
    for secret in account.list("secretsmanager", "ListSecrets", &json!({}), "SecretList")? {
        let params = json!({ "SecretId": secret["ARN"], "ForceDeleteWithoutRecovery": true });
        account.outside("secretsmanager", "DeleteSecret", &params)?;
    }
    let list = "SecurityGroups";
    for group in ours(account, "DescribeSecurityGroups", list, "GroupId")? {
        account.outside("ec2", "DeleteSecurityGroup", &json!({ "GroupId": group }))?;
    }
    Ok(())
}

fn delete_names(account: &Account) -> Result<()> {
    let api = "servicediscovery";
    for service in account.list(api, "ListServices", &json!({}), "Services")? {
        let id = json!({ "ServiceId": service["Id"] });
        for instance in account.list(api, "ListInstances", &id, "Instances")? {
            let params = json!({ "ServiceId": service["Id"], "InstanceId": instance["Id"] });
            account.outside(api, "DeregisterInstance", &params)?;
        }
        account.outside(api, "DeleteService", &json!({ "Id": service["Id"] }))?;
    }
    Ok(())
}
