//! Databases: RDS objects.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Component, Kind, Tags};
use crate::In;

/// Outputs: `name`, `arn`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DbSubnetGroup {
    /// Name, in lower case.
    pub db_subnet_group_name: String,
    /// Description.
    pub db_subnet_group_description: String,
    /// Its subnets, in two availability zones at least.
    pub subnet_ids: In<Vec<String>>,
    /// Tags.
    pub tags: Tags,
}

impl Component for DbSubnetGroup {
    const KIND: Kind = Kind::DbSubnetGroup;
    const REPLACE: &'static [&'static str] = &["db_subnet_group_name"];
    const NAME: &'static [&'static str] = &["db_subnet_group_name"];
    const UNORDERED: &'static [&'static str] = &["subnet_ids"];
}

/// Outputs: `name`, `arn`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DbParameterGroup {
    /// Name, in lower case.
    pub db_parameter_group_name: String,
    /// `postgres16`: AWS cannot change it.
    pub db_parameter_group_family: String,
    /// AWS cannot change it.
    pub description: String,
    /// The parameters that do not have the family's own value.
    pub parameters: BTreeMap<String, String>,
    /// Tags.
    pub tags: Tags,
}

impl Component for DbParameterGroup {
    const KIND: Kind = Kind::DbParameterGroup;
    const REPLACE: &'static [&'static str] = &[
        "db_parameter_group_name",
        "db_parameter_group_family",
        "description",
    ];
    const NAME: &'static [&'static str] = &["db_parameter_group_name"];
}

/// What a new database is filled from. Exactly one of snapshot and source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbOrigin {
    /// Name or ARN of a snapshot.
    pub snapshot: Option<String>,
    /// Identifier of a database with backups.
    pub source: Option<String>,
    /// RFC 3339 time; the last time that can be restored when there is none.
    pub time: Option<String>,
}

impl DbOrigin {
    /// As the text of a tag, by which it is known afterwards.
    pub fn to_tag(&self) -> String {
        let parts = [
            ("snapshot", &self.snapshot),
            ("source", &self.source),
            ("time", &self.time),
        ];
        let parts = parts.into_iter();
        let parts = parts.filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)));
        parts.collect::<Vec<_>>().join(" ")
    }

    /// From the text of a tag; what somebody else wrote there names nothing.
    pub fn from_tag(text: &str) -> Self {
        let part = |name: &str| {
            let mut parts = text.split(' ').filter_map(|part| part.split_once('='));
            let found = parts.find(|(key, _)| *key == name);
            found.map(|(_, value)| value.to_owned())
        };
        Self {
            snapshot: part("snapshot"),
            source: part("source"),
            time: part("time"),
        }
    }
}

/// A PostgreSQL database. Its password is none of its fields: see [`DbCredentials`]. What is pending
/// (waits for the maintenance window, or is under way) counts as there.
///
/// Outputs: `id`, `arn`, `resource_id`, `address`, `port`, `engine_version`, `allocated_storage`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "AWS has them so")]
pub struct DbInstance {
    /// Identifier, in lower case.
    pub db_instance_identifier: String,
    /// `16`. AWS upgrades it, never back.
    pub major_version: String,
    /// `16.4` when that minor version is wanted and no other.
    pub engine_version: Option<String>,
    /// `db.t4g.micro`.
    pub db_instance_class: String,
    /// GiB. What autoscaling has added is left out.
    pub allocated_storage: i32,
    /// GiB up to which AWS grows the storage; 0 for never.
    pub max_allocated_storage: i32,
    /// `gp3`.
    pub storage_type: String,
    /// Whether it is encrypted.
    pub storage_encrypted: bool,
    /// ARN of the key; AWS's own without one.
    pub kms_key_id: Option<String>,
    /// The database that is made with it.
    pub db_name: Option<String>,
    /// The user that is made with it.
    pub master_username: Option<String>,
    /// Port.
    pub port: i32,
    /// Its subnets.
    pub db_subnet_group_name: In<String>,
    /// Who may connect.
    pub vpc_security_group_ids: Vec<In<String>>,
    /// Its parameters.
    pub db_parameter_group_name: In<String>,
    /// Whether there is a standby in another availability zone.
    pub multi_az: bool,
    /// Whether it has a public address.
    pub publicly_accessible: bool,
    /// Days of backups.
    pub backup_retention_period: i32,
    /// UTC: `03:00-03:30`.
    pub preferred_backup_window: Option<String>,
    /// UTC: `sun:04:00-sun:04:30`.
    pub preferred_maintenance_window: Option<String>,
    /// Whether snapshots get its tags.
    pub copy_tags_to_snapshot: bool,
    /// Whether AWS brings newer minor versions.
    pub auto_minor_version_upgrade: bool,
    /// Whether IAM credentials are accepted besides passwords.
    pub enable_iam_database_authentication: bool,
    /// Whether Performance Insights looks.
    pub enable_performance_insights: bool,
    /// Days that Performance Insights keeps.
    pub performance_insights_retention_period: Option<i32>,
    /// Logs that go to `CloudWatch`: `postgresql`, `upgrade`.
    pub enabled_cloudwatch_logs_exports: Vec<String>,
    /// The authority that signed its certificate.
    pub ca_certificate_identifier: Option<String>,
    /// Whether changes that need a restart are done at once rather than in the maintenance window.
    /// AWS does not keep it: it stands in a tag.
    pub apply_immediately: bool,
    /// Where its data comes from. Read by the create only; kept in a tag.
    pub origin: Option<DbOrigin>,
    /// Tags.
    pub tags: Tags,
}

impl Component for DbInstance {
    const KIND: Kind = Kind::DbInstance;
    const LATE_OUTPUTS: bool = true;
    const DECIDES: &'static [(&'static str, &'static str)] = &[
        ("major_version", "engine_version"),
        ("engine_version", "engine_version"),
        ("allocated_storage", "allocated_storage"),
    ];
    const REPLACE: &'static [&'static str] = &[
        "db_instance_identifier",
        "storage_encrypted",
        "kms_key_id",
        "db_name",
        "master_username",
        "db_subnet_group_name",
    ];
    const NAME: &'static [&'static str] = &["db_instance_identifier"];
    const PRECIOUS: bool = true;
    const UNORDERED: &'static [&'static str] =
        &["vpc_security_group_ids", "enabled_cloudwatch_logs_exports"];
}

/// A copy of a database that answers reads. It has the version, the storage and the users of its
/// source. Outputs: `id`, `arn`, `address`, `port`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "AWS has them so")]
pub struct DbReplica {
    /// Identifier, in lower case.
    pub db_instance_identifier: String,
    /// Identifier of the source.
    pub source_db_instance_identifier: In<String>,
    /// `db.t4g.micro`.
    pub db_instance_class: String,
    /// Its availability zone; AWS chooses without one.
    pub availability_zone: Option<String>,
    /// Whether there is a standby in another availability zone.
    pub multi_az: bool,
    /// Whether it has a public address.
    pub publicly_accessible: bool,
    /// Who may connect.
    pub vpc_security_group_ids: Vec<In<String>>,
    /// Its parameters.
    pub db_parameter_group_name: In<String>,
    /// Whether AWS brings newer minor versions.
    pub auto_minor_version_upgrade: bool,
    /// Whether snapshots get its tags.
    pub copy_tags_to_snapshot: bool,
    /// Whether changes that need a restart are done at once; stands in a tag.
    pub apply_immediately: bool,
    /// Tags.
    pub tags: Tags,
}

impl Component for DbReplica {
    const KIND: Kind = Kind::DbReplica;
    const LATE_OUTPUTS: bool = true;
    const REPLACE: &'static [&'static str] = &[
        "db_instance_identifier",
        "source_db_instance_identifier",
        "availability_zone",
    ];
    const NAME: &'static [&'static str] = &["db_instance_identifier"];
    const UNORDERED: &'static [&'static str] = &["vpc_security_group_ids"];
}

/// The password of a database, which only RDS and Secrets Manager know, and the secret's value with
/// it. A version of the secret has an id made from these fields, so that the value is never read to
/// learn whether it is the wanted one. Outputs: `version` and the fields themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DbCredentials {
    /// The secret.
    pub secret_arn: In<String>,
    /// Identifier of the database.
    pub db_instance_identifier: In<String>,
    /// Identity of the database for AWS: another one, even of the same name, has another password.
    pub resource_id: In<String>,
    /// Host name.
    pub host: In<String>,
    /// Port.
    pub port: i32,
    /// Database.
    pub dbname: String,
    /// User.
    pub username: String,
    /// Raised by the user for another password.
    pub password_version: i64,
    /// Whether the secret's current version is the one with these values.
    pub current: bool,
}

impl Component for DbCredentials {
    const KIND: Kind = Kind::DbCredentials;
    const REPLACE: &'static [&'static str] = &["secret_arn"];
    const NAME: &'static [&'static str] = &["secret_arn"];
}

/// What happens when a database is deleted. Written last in a create: a database whose create did
/// not come to its end can be deleted without ado. Outputs: `id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DbProtection {
    /// Identifier of the database.
    pub db_instance_identifier: In<String>,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Whether a delete leaves a snapshot. AWS does not keep it: it stands in a tag, which a
    /// database has that was finished.
    pub final_snapshot: Option<bool>,
}

impl Component for DbProtection {
    const KIND: Kind = Kind::DbProtection;
    const REPLACE: &'static [&'static str] = &["db_instance_identifier"];
    const NAME: &'static [&'static str] = &["db_instance_identifier"];
}
