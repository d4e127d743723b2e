//! Drift of `stackwright_db`.

use super::*;

pub(super) const ROUNDS: &[&Round] = &[&DB];

const INSTANCE: &str = "instance";
const REPLICA: &str = "replica.a";
const CREDENTIALS: &str = "credentials";
const UPGRADE: &str =
    "RDS never goes back to an older version: `db::a_version_that_ran_ahead_is_told`";
const OF_VALUE: &str =
    "it is a part of the secret's value: another value is not `current`, which has a row";

const DB: Round = Round {
    name: "db",
    address: fixtures::DB,
    resources: with_everything,
    deploys: false,
    rows: &[
        excepted("db_subnet_group.db_subnet_group_name", IDENTITY),
        changed(
            "db_subnet_group.db_subnet_group_description",
            "subnet_group",
            |account| {
                let name = one(account, "DescribeDBSubnetGroups", "DBSubnetGroups")?;
                let params = json!({
                    "DBSubnetGroupName": name["DBSubnetGroupName"],
                    "DBSubnetGroupDescription": "changed",
                    "SubnetIds": all_subnets(account)?,
                });
                rds(account, "ModifyDBSubnetGroup", &params)
            },
        ),
        together("db_subnet_group.subnet_ids", "subnet_group"),
        changed("db_subnet_group.tags", "subnet_group", |account| {
            let group = one(account, "DescribeDBSubnetGroups", "DBSubnetGroups")?;
            retag(account, &group["DBSubnetGroupArn"], "Name")
        }),
        excepted("db_parameter_group.db_parameter_group_name", IDENTITY),
        excepted("db_parameter_group.db_parameter_group_family", FIXED),
        excepted("db_parameter_group.description", FIXED),
        changed(
            "db_parameter_group.parameters",
            "parameter_group",
            |account| {
                let parameter = json!({
                    "ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate",
                });
                let params = json!({
                    "DBParameterGroupName": parameter_group(account)?["DBParameterGroupName"],
                    "Parameters": [parameter],
                });
                rds(account, "ModifyDBParameterGroup", &params)
            },
        ),
        changed("db_parameter_group.tags", "parameter_group", |account| {
            let arn = parameter_group(account)?["DBParameterGroupArn"].clone();
            retag(account, &arn, "Name")
        }),
        excepted("db_instance.db_instance_identifier", IDENTITY),
        excepted("db_instance.major_version", UPGRADE),
        excepted("db_instance.engine_version", UPGRADE),
        attribute(
            "db_instance.db_instance_class",
            "instance_class",
            |account| on_instance(account, json!({ "DBInstanceClass": "db.t4g.small" })),
        ),
        excepted(
            "db_instance.allocated_storage",
            "RDS never takes storage away: `db::storage_that_grew_by_hand_is_told`",
        ),
        attribute(
            "db_instance.max_allocated_storage",
            "max_storage",
            |account| on_instance(account, json!({ "MaxAllocatedStorage": 100 })),
        ),
        changed("db_instance.storage_type", INSTANCE, |account| {
            on_instance(account, json!({ "StorageType": "gp2" }))
        }),
        excepted("db_instance.storage_encrypted", FIXED),
        excepted("db_instance.kms_key_id", FIXED),
        excepted("db_instance.db_name", FIXED),
        excepted("db_instance.master_username", FIXED),
        attribute("db_instance.port", "port", |account| {
            on_instance(account, json!({ "DBPortNumber": 5433 }))
        }),
        excepted(
            "db_instance.db_subnet_group_name",
            "RDS moves a database only to another VPC, and then it is another database for us",
        ),
        changed("db_instance.vpc_security_group_ids", INSTANCE, |account| {
            let group = fixtures::default_group(account)?;
            on_instance(account, json!({ "VpcSecurityGroupIds": [group] }))
        }),
        changed("db_instance.db_parameter_group_name", INSTANCE, |account| {
            on_instance(account, json!({ "DBParameterGroupName": OTHER }))
        }),
        attribute("db_instance.multi_az", "multi_az", |account| {
            on_instance(account, json!({ "MultiAZ": true }))
        }),
        changed("db_instance.publicly_accessible", INSTANCE, |account| {
            on_instance(account, json!({ "PubliclyAccessible": true }))
        }),
        attribute(
            "db_instance.backup_retention_period",
            "backup_retention",
            |account| on_instance(account, json!({ "BackupRetentionPeriod": 1 })),
        ),
        attribute(
            "db_instance.preferred_backup_window",
            "backup_window",
            |account| on_instance(account, json!({ "PreferredBackupWindow": "05:00-05:30" })),
        ),
        attribute(
            "db_instance.preferred_maintenance_window",
            "maintenance_window",
            |account| {
                let window = json!({ "PreferredMaintenanceWindow": "mon:10:00-mon:10:30" });
                on_instance(account, window)
            },
        ),
        changed("db_instance.copy_tags_to_snapshot", INSTANCE, |account| {
            on_instance(account, json!({ "CopyTagsToSnapshot": false }))
        }),
        changed(
            "db_instance.auto_minor_version_upgrade",
            INSTANCE,
            |account| on_instance(account, json!({ "AutoMinorVersionUpgrade": false })),
        ),
        attribute(
            "db_instance.enable_iam_database_authentication",
            "iam_authentication",
            |account| on_instance(account, json!({ "EnableIAMDatabaseAuthentication": true })),
        ),
        attribute(
            "db_instance.performance_insights_retention_period",
            "performance_insights_retention",
            |account| {
                let days = json!({ "EnablePerformanceInsights": true, "PerformanceInsightsRetentionPeriod": 31 });
                on_instance(account, days)
            },
        ),
        excepted(
            "db_instance.enable_performance_insights",
            "the retention, which changes with it, has a row; alone in `db::insights_that_were_switched_off_come_back`",
        ),
        changed(
            "db_instance.enabled_cloudwatch_logs_exports",
            INSTANCE,
            |account| {
                let logs =
                    json!({ "EnableLogTypes": ["upgrade"], "DisableLogTypes": ["postgresql"] });
                on_instance(
                    account,
                    json!({ "CloudwatchLogsExportConfiguration": logs }),
                )
            },
        ),
        attribute(
            "db_instance.ca_certificate_identifier",
            "ca_certificate",
            |account| {
                on_instance(
                    account,
                    json!({ "CACertificateIdentifier": "rds-ca-rsa4096-g1" }),
                )
            },
        ),
        changed("db_instance.apply_immediately", INSTANCE, |account| {
            let arn = fixtures::database(account)?["DBInstanceArn"].clone();
            retag(account, &arn, "stackwright:apply")
        }),
        excepted(
            "db_instance.origin",
            "read by the create only, and kept in a tag",
        ),
        together("db_instance.tags", INSTANCE),
        excepted("db_replica.db_instance_identifier", IDENTITY),
        excepted("db_replica.source_db_instance_identifier", FIXED),
        excepted("db_replica.availability_zone", FIXED),
        attribute("db_replica.db_instance_class", "replicas", |account| {
            on_replica(account, json!({ "DBInstanceClass": "db.t4g.medium" }))
        }),
        attribute("db_replica.multi_az", "replicas", |account| {
            on_replica(account, json!({ "MultiAZ": true }))
        }),
        changed("db_replica.publicly_accessible", REPLICA, |account| {
            on_replica(account, json!({ "PubliclyAccessible": true }))
        }),
        changed("db_replica.vpc_security_group_ids", REPLICA, |account| {
            let group = fixtures::default_group(account)?;
            on_replica(account, json!({ "VpcSecurityGroupIds": [group] }))
        }),
        changed("db_replica.db_parameter_group_name", REPLICA, |account| {
            on_replica(account, json!({ "DBParameterGroupName": OTHER }))
        }),
        changed(
            "db_replica.auto_minor_version_upgrade",
            REPLICA,
            |account| on_replica(account, json!({ "AutoMinorVersionUpgrade": false })),
        ),
        changed("db_replica.copy_tags_to_snapshot", REPLICA, |account| {
            on_replica(account, json!({ "CopyTagsToSnapshot": false }))
        }),
        changed("db_replica.apply_immediately", REPLICA, |account| {
            retag(
                account,
                &replica(account)?["DBInstanceArn"],
                "stackwright:apply",
            )
        }),
        together("db_replica.tags", REPLICA),
        excepted("db_credentials.secret_arn", IDENTITY),
        excepted("db_credentials.db_instance_identifier", IDENTITY),
        excepted("db_credentials.resource_id", OF_VALUE),
        excepted("db_credentials.host", OF_VALUE),
        excepted("db_credentials.port", OF_VALUE),
        excepted("db_credentials.dbname", OF_VALUE),
        excepted("db_credentials.username", OF_VALUE),
        excepted("db_credentials.password_version", OF_VALUE),
        changed("db_credentials.current", CREDENTIALS, |account| {
            let params = json!({ "SecretId": secret(account)?["ARN"], "SecretString": "{}" });
            account
                .outside("secretsmanager", "PutSecretValue", &params)
                .map(drop)
        }),
        excepted("db_protection.db_instance_identifier", IDENTITY),
        attribute(
            "db_protection.deletion_protection",
            "deletion_protection",
            |account| on_instance(account, json!({ "DeletionProtection": true })),
        ),
        attribute(
            "db_protection.final_snapshot",
            "final_snapshot",
            |account| {
                let arn = fixtures::database(account)?["DBInstanceArn"].clone();
                let tags = json!([{ "Key": "stackwright:final-snapshot", "Value": "true" }]);
                let params = json!({ "ResourceName": arn, "Tags": tags });
                rds(account, "AddTagsToResource", &params)
            },
        ),
        excepted("secret.name", IDENTITY),
        changed("secret.description", "secret", |account| {
            let params = json!({
                "SecretId": secret(account)?["ARN"], "Description": "changed",
                "KmsKeyId": key(account, "other")?,
            });
            account
                .outside("secretsmanager", "UpdateSecret", &params)
                .map(drop)
        }),
        together("secret.kms_key_id", "secret"),
        changed("secret.tags", "secret", |account| {
            let tags = json!([{ "Key": "Name", "Value": "changed" }]);
            let params = json!({ "SecretId": secret(account)?["ARN"], "Tags": tags });
            account
                .outside("secretsmanager", "TagResource", &params)
                .map(drop)
        }),
    ],
};

/// A parameter group of somebody else.
const OTHER: &str = "other";

#[test]
fn db() -> Result<()> {
    DB.play()
}

fn with_everything(account: &Account) -> Result<String> {
    let group = json!({
        "DBParameterGroupName": OTHER, "DBParameterGroupFamily": "postgres16", "Description": "other",
    });
    account.outside("rds", "CreateDBParameterGroup", &group)?;
    key(account, "other")?;
    let more = format!(
        "  backup_window = \"03:00-03:30\"\n  maintenance_window = \"sun:08:00-sun:08:30\"\n  \
         ca_certificate = \"rds-ca-rsa2048-g1\"\n  log_exports = [\"postgresql\"]\n  \
         kms_key_id = \"{}\"\n",
        key(account, "ours")?
    );
    fixtures::whole_db(account, &more)
}

/// ARN of a key of the account, made when it is first asked for.
fn key(account: &Account, description: &str) -> Result<String> {
    for key in account.list("kms", "ListKeys", &json!({}), "Keys")? {
        let params = json!({ "KeyId": key["KeyId"] });
        let found = account.outside("kms", "DescribeKey", &params)?;
        if found["KeyMetadata"]["Description"] == description {
            return Ok(found["KeyMetadata"]["Arn"]
                .as_str()
                .context("no ARN")?
                .to_owned());
        }
    }
    let made = account.outside("kms", "CreateKey", &json!({ "Description": description }))?;
    let arn = made["KeyMetadata"]["Arn"].as_str();
    Ok(arn.context("no ARN")?.to_owned())
}

fn rds(account: &Account, operation: &str, params: &Json) -> Result<()> {
    account.outside("rds", operation, params).map(drop)
}

fn one(account: &Account, operation: &str, list: &str) -> Result<Json> {
    let found = account.list("rds", operation, &json!({}), list)?;
    found
        .into_iter()
        .next()
        .with_context(|| format!("{operation} answered nothing"))
}

fn parameter_group(account: &Account) -> Result<Json> {
    let all = account.list(
        "rds",
        "DescribeDBParameterGroups",
        &json!({}),
        "DBParameterGroups",
    )?;
    let ours = |group: &Json| {
        let name = group["DBParameterGroupName"].as_str().unwrap_or_default();
        name.starts_with("acme-")
    };
    all.into_iter()
        .find(ours)
        .context("there is no parameter group of ours")
}

fn secret(account: &Account) -> Result<Json> {
    let (list, member) = ("ListSecrets", "SecretList");
    let found = account.list("secretsmanager", list, &json!({}), member)?;
    found.into_iter().next().context("there is no secret")
}

fn replica(account: &Account) -> Result<Json> {
    let all = fixtures::databases(account)?;
    let replica = |one: &Json| !one["ReadReplicaSourceDBInstanceIdentifier"].is_null();
    let found = all.into_iter().find(replica);
    found.context("there is no replica")
}

fn on_instance(account: &Account, params: Json) -> Result<()> {
    fixtures::modify_database(account, &fixtures::database(account)?, params)
}

fn on_replica(account: &Account, params: Json) -> Result<()> {
    fixtures::modify_database(account, &replica(account)?, params)
}

fn retag(account: &Account, arn: &Json, key: &str) -> Result<()> {
    let tags = json!([{ "Key": key, "Value": "changed" }]);
    let params = json!({ "ResourceName": arn, "Tags": tags });
    rds(account, "AddTagsToResource", &params)
}

/// All subnets of the default VPC.
fn all_subnets(account: &Account) -> Result<Vec<Json>> {
    let group = one(account, "DescribeDBSubnetGroups", "DBSubnetGroups")?;
    let filter = json!({ "Filters": [{ "Name": "vpc-id", "Values": [group["VpcId"]] }] });
    let subnets = account.list("ec2", "DescribeSubnets", &filter, "Subnets")?;
    ensure!(subnets.len() > 2, "the VPC has {} subnets", subnets.len());
    Ok(subnets
        .iter()
        .map(|subnet| subnet["SubnetId"].clone())
        .collect())
}
