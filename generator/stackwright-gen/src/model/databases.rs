//! What a spec may say of databases.

use super::{DEFAULT_MONITORS, Field, Kind, Table, default, field, known};
use crate::shape::Shape;

/// What a database and an environment's say of it; `$set` writes a setting with its default, or without.
macro_rules! db_settings {
    ($set:ident $(, $more:expr)?) => {
        known(&[
            $set(
                "engine_version",
                Kind::Text(Shape::EngineVersion),
                "16",
                "a version that AWS supports for years",
                "PostgreSQL version, as in `16` or `16.4`.",
            ),
            $set(
                "instance_class",
                Kind::Text(Shape::InstanceClass),
                "db.t4g.micro",
                "the least cost; environments say more",
                "Instance class.",
            ),
            $set(
                "storage",
                Kind::Whole {
                    least: 20,
                    most: 65_536,
                },
                "20",
                "the least that gp3 has",
                "GiB of storage.",
            ),
            field(
                "max_storage",
                Kind::Whole {
                    least: 22,
                    most: 65_536,
                },
                "GiB up to which AWS grows the storage by itself, at least 10% above `storage`. Without it, never.",
            ),
            $set(
                "multi_az",
                Kind::Bool,
                "false",
                "a standby costs as much again; prod may ask for it",
                "Whether a standby in another zone takes over.",
            ),
            $set(
                "backup_retention",
                Kind::Whole { least: 0, most: 35 },
                "7",
                "a week to find out",
                "Days that backups are kept.",
            ),
            field(
                "backup_window",
                Kind::Text(Shape::BackupWindow),
                "When the daily backup runs, in UTC, as in `03:00-03:30`. Without it AWS chooses.",
            ),
            field(
                "maintenance_window",
                Kind::Text(Shape::MaintenanceWindow),
                "When AWS may restart it, in UTC, as in `sun:04:00-sun:04:30`. Without it AWS chooses.",
            ),
            $set(
                "apply_immediately",
                Kind::Bool,
                "true",
                "an apply ends with what was asked for",
                "Whether changes that restart it are done at once, and not in the maintenance window.",
            ),
            $set(
                "allow_major_version_upgrade",
                Kind::Bool,
                "false",
                "it stops the database for minutes and cannot be undone",
                "Whether another major version is taken.",
            ),
            field(
                "parameters",
                Kind::Map {
                    key: Shape::Parameter,
                    value: &Kind::Text(Shape::Any),
                    filled: false,
                },
                "PostgreSQL parameters that differ from RDS's defaults, as in `log_min_duration_statement = \"500\"`.",
            ),
            field(
                "log_exports",
                Kind::List {
                    value: &Kind::Word(&["iam-db-auth-error", "postgresql", "upgrade"]),
                    filled: false,
                },
                "Logs that RDS sends to CloudWatch Logs.",
            ),
            $set(
                "password_version",
                Kind::Whole {
                    least: 1,
                    most: 1_000_000,
                },
                "1",
                "the first password",
                "Raise it for another password. Running processes keep the old one until they are started anew.",
            ),
            $set(
                "iam_authentication",
                Kind::Bool,
                "false",
                "processes have a password",
                "Whether IAM credentials are accepted, too.",
            ),
            $set(
                "performance_insights",
                Kind::Bool,
                "true",
                "a week of it is free of charge",
                "Whether Performance Insights shows which queries are slow.",
            ),
            field(
                "kms_key_id",
                Kind::Text(Shape::KmsKeyArn),
                "ARN of the KMS key that encrypts it, in place of AWS's own. Changing it replaces the database.",
            ),
            field(
                "replicas",
                Kind::Map {
                    key: Shape::Replica,
                    value: &Kind::Table(&REPLICA),
                    filled: false,
                },
                "Read replicas, by a key of your choice. They need backups.",
            ),
            field(
                "restore",
                Kind::Table(&RESTORE),
                "What a new database is filled from. Read only when it is made.",
            ),
            $set(
                "deletion_protection",
                Kind::Bool,
                "true",
                "data does not go by accident",
                "Whether AWS refuses to delete it.",
            ),
            $set(
                "final_snapshot",
                Kind::Bool,
                "true",
                "data that was deleted on purpose may still be missed",
                "Whether a last snapshot is left when it is deleted.",
            ),
            $($more,)?
        ])
    };
}

/// A setting that an environment has from the app, unless it says something else.
const fn inherited(
    key: &'static str,
    kind: Kind,
    _: &'static str,
    _: &'static str,
    doc: &'static str,
) -> Field {
    field(key, kind, doc)
}

/// A database.
pub(crate) static DB: Table = db_settings!(
    default,
    field(
        "monitors",
        DEFAULT_MONITORS,
        "Changes to the monitors that come with it, by key.",
    )
);

/// What an environment says of a database.
pub(super) static DB_IN: Table = db_settings!(inherited);

static REPLICA: Table = known(&[
    field(
        "instance_class",
        Kind::Text(Shape::InstanceClass),
        "Instance class. Default: that of the database.",
    ),
    field(
        "multi_az",
        Kind::Bool,
        "Whether it has a standby of its own.",
    ),
]);

static RESTORE: Table = known(&[
    field(
        "snapshot_id",
        Kind::Text(Shape::RdsId),
        "Name or ARN of a snapshot.",
    ),
    field(
        "source_db",
        Kind::Text(Shape::RdsId),
        "RDS identifier of a database with backups, in place of a snapshot.",
    ),
    field(
        "time",
        Kind::Text(Shape::Moment),
        "Moment of `source_db` to restore, as in `2026-11-20T09:30:00Z`. Default: the newest there is.",
    ),
]);
