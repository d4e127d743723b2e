//! PostgreSQL databases on RDS. What is pending counts as there: it comes by itself.

use std::ops::Deref;

use async_trait::async_trait;
use aws_sdk_rds::operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder;
use aws_sdk_rds::types::{self, CloudwatchLogsExportConfiguration};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use stackwright_plan::component::{DbInstance, DbOrigin};
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::tag;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::db_replica::{outputs, parameter_group, security_groups};
use crate::password::Password;
use crate::propagation::{self, outlast, rds_not_ready};
use crate::tag_changes::touches;
use crate::{Aws, AwsError, rds, settle};

const CREATE: Op = Op::new("rds", "CreateDBInstance");
const RESTORE: Op = Op::new("rds", "RestoreDBInstanceFromDBSnapshot");
const RESTORE_TIME: Op = Op::new("rds", "RestoreDBInstanceToPointInTime");
const SNAPSHOTS: Op = Op::new("rds", "DescribeDBSnapshots");

fn observe(instance: &types::DbInstance) -> Observed<DbInstance> {
    let tags = rds::tags(instance.tag_list());
    let nothing = types::PendingModifiedValues::builder().build();
    let pending = instance.pending_modified_values().unwrap_or(&nothing);
    let version = pending.engine_version().or(instance.engine_version());
    let version = version.unwrap_or_default().to_owned();
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let insights = instance.performance_insights_enabled() == Some(true);
    let component = DbInstance {
        db_instance_identifier: text(instance.db_instance_identifier()),
        major_version: text(version.split('.').next()),
        engine_version: Some(version),
        db_instance_class: text(pending.db_instance_class().or(instance.db_instance_class())),
        allocated_storage: storage(instance, pending),
        max_allocated_storage: max_storage(instance),
        storage_type: text(pending.storage_type().or(instance.storage_type())),
        storage_encrypted: instance.storage_encrypted() == Some(true),
        kms_key_id: instance.kms_key_id.clone(),
        db_name: instance.db_name.clone(),
        master_username: instance.master_username.clone(),
        port: pending.port.or_else(|| port(instance)).unwrap_or_default(),
        db_subnet_group_name: text(
            instance
                .db_subnet_group()
                .and_then(|group| group.db_subnet_group_name()),
        )
        .into(),
        vpc_security_group_ids: security_groups(instance),
        db_parameter_group_name: parameter_group(instance).into(),
        multi_az: pending.multi_az.or(instance.multi_az) == Some(true),
        publicly_accessible: instance.publicly_accessible() == Some(true),
        backup_retention_period: pending
            .backup_retention_period
            .or(instance.backup_retention_period)
            .unwrap_or_default(),
        preferred_backup_window: instance.preferred_backup_window.clone(),
        preferred_maintenance_window: instance.preferred_maintenance_window.clone(),
        copy_tags_to_snapshot: instance.copy_tags_to_snapshot() == Some(true),
        auto_minor_version_upgrade: instance.auto_minor_version_upgrade() == Some(true),
        enable_iam_database_authentication: pending
            .iam_database_authentication_enabled
            .or(instance.iam_database_authentication_enabled)
            == Some(true),
        enable_performance_insights: insights,
        performance_insights_retention_period: instance
            .performance_insights_retention_period
            .filter(|_| insights),
        enabled_cloudwatch_logs_exports: logs(instance, pending),
        ca_certificate_identifier: pending
            .ca_certificate_identifier
            .clone()
            .or_else(|| instance.ca_certificate_identifier.clone()),
        apply_immediately: !tags.contains_key(tag::APPLY),
        origin: tags.get(tag::ORIGIN).map(|text| DbOrigin::from_tag(text)),
        tags: rds::compared(tags.clone()),
    };
    Observed {
        component,
        outputs: outputs(instance),
        tags,
    }
}

/// While it is being made, a database has no endpoint but says its port.
fn port(instance: &types::DbInstance) -> Option<i32> {
    let known = instance.endpoint().and_then(|endpoint| endpoint.port);
    known.or_else(|| instance.db_instance_port.filter(|port| *port > 0))
}

/// AWS shows the limit of autoscaling only while there is room to grow.
fn max_storage(instance: &types::DbInstance) -> i32 {
    let limit = instance.max_allocated_storage.unwrap_or_default();
    if Some(limit) > instance.allocated_storage {
        limit
    } else {
        0
    }
}

/// The storage without what autoscaling has added to what was asked for.
fn storage(instance: &types::DbInstance, pending: &types::PendingModifiedValues) -> i32 {
    let has = pending.allocated_storage.or(instance.allocated_storage);
    let has = has.unwrap_or_default();
    let tags = rds::tags(instance.tag_list());
    let asked = tags.get(tag::STORAGE).and_then(|text| text.parse().ok());
    let scales = instance.max_allocated_storage.is_some();
    asked.filter(|asked| scales && *asked < has).unwrap_or(has)
}

fn logs(instance: &types::DbInstance, pending: &types::PendingModifiedValues) -> Vec<String> {
    let mut logs = instance.enabled_cloudwatch_logs_exports().to_vec();
    if let Some(coming) = pending.pending_cloudwatch_logs_exports() {
        logs.retain(|log| !coming.log_types_to_disable().contains(log));
        logs.extend(coming.log_types_to_enable().iter().cloned());
    }
    logs.sort();
    logs.dedup();
    logs
}

#[async_trait]
impl Adapter for DbInstance {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = settle::id(recorded) else {
            return Ok(None);
        };
        let found = rds::instance(aws, id, freshness).await?;
        Ok(found.as_ref().map(observe))
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let id = match lookup {
            Lookup::Desired(desired, _) => desired.db_instance_identifier.as_str(),
            Lookup::Named(id) => id.rsplit(':').next().unwrap_or(id),
            Lookup::Owned(tags) => {
                let all = rds::owned(aws, tags).await?;
                let is_source = |it: &&types::DbInstance| {
                    it.read_replica_source_db_instance_identifier().is_none()
                };
                return Ok(all.iter().filter(is_source).map(observe).collect());
            }
        };
        let found = rds::instance(aws, id, Freshness::Fresh).await?;
        Ok(found.iter().map(observe).collect())
    }

    /// A database that is restored takes a part of its settings by a second call.
    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let id = self.db_instance_identifier.as_str();
        let made = match &self.origin {
            None => Database(self).make(aws).await?,
            Some(origin) => match (&origin.snapshot, &origin.source) {
                (Some(snapshot), _) => Database(self).restore(aws, snapshot).await?,
                (None, source) => {
                    let source = source.as_deref().unwrap_or_default();
                    Database(self).restore_to(aws, source, origin).await?
                }
            },
        };
        aws.newborns.note(id);
        aws.loaders.db_instances.forget(&id.to_owned());
        let made = made.ok_or_else(|| CREATE.lacks("DBInstance"))?;
        Ok(Created {
            outputs: outputs(&made),
            complete: self.origin.is_none(),
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let id = self.db_instance_identifier.as_str();
        if let Some(request) = Database(self).modification(aws, observed, changed) {
            rds::modify(aws, id, request).await?;
        } else if self.apply_immediately && touches(changed, &["apply_immediately"]) {
            rds::hurry(aws, id).await?;
        }
        let arn = observed.outputs.get("arn").cloned().unwrap_or_default();
        rds::write_tags(aws, &arn, changed).await?;
        aws.loaders.db_instances.forget(&id.to_owned());
        Ok(observed.outputs.clone())
    }

    /// Leaves a snapshot when the database was finished and its tag says so. One without the tag has
    /// never been finished: nobody uses it, and its protection does not count.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = settle::id(recorded) else {
            return Ok(());
        };
        let Some(instance) = rds::any(aws, id, Freshness::Fresh).await? else {
            return Ok(());
        };
        let tags = rds::tags(instance.tag_list());
        let wanted = tags.get(tag::FINAL_SNAPSHOT);
        if wanted.is_none() && instance.deletion_protection() == Some(true) {
            rds::ready(aws, recorded, wait).await?;
            rds::set_protection(aws, id, false).await?;
        }
        let snapshot = wanted
            .is_some_and(|wanted| wanted == "true")
            .then(|| final_snapshot(&instance));
        rds::delete(aws, id, wait, || async {
            let request = aws
                .rds()
                .delete_db_instance()
                .db_instance_identifier(id)
                .skip_final_snapshot(snapshot.is_none())
                .set_final_db_snapshot_identifier(snapshot.clone());
            aws.call(rds::DELETE, request.send()).await.map(drop)
        })
        .await
    }

    async fn ready(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        rds::ready(aws, recorded, wait).await
    }

    async fn settle(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = settle::id(recorded) else {
            return Ok(());
        };
        let done = |it: &types::DbInstance| {
            let has_address = it.endpoint().is_some_and(|it| it.address.is_some());
            has_address && rds::nothing_pending(it, self.apply_immediately)
        };
        rds::until_works(aws, id, wait, done).await?;
        check_done(self, aws, id).await?;
        check_name(self, aws, id).await
    }
}

/// RDS gives up some changes by itself, an upgrade whose precheck fails for one, and is available again as it was before.
async fn check_done(desired: &DbInstance, aws: &Aws, id: &str) -> Result<(), AwsError> {
    let Some(found) = rds::instance(aws, id, Freshness::Cached).await? else {
        return Ok(());
    };
    let is = observe(&found).component;
    let version = is.engine_version.clone().unwrap_or_default();
    let wanted = desired.engine_version.as_ref();
    let undone = if is.major_version != desired.major_version
        || wanted.is_some_and(|wanted| *wanted != version)
    {
        let wanted = wanted.unwrap_or(&desired.major_version);
        format!("PostgreSQL {wanted}: it runs {version}")
    } else if is.db_instance_class != desired.db_instance_class {
        format!(
            "{}: it is a {}",
            desired.db_instance_class, is.db_instance_class
        )
    } else if is.multi_az != desired.multi_az {
        format!("multi_az = {}: it is not so", desired.multi_az)
    } else {
        return Ok(());
    };
    let events = match rds::events(aws, id).await {
        events if events.is_empty() => "see `aws rds describe-events` for why".to_owned(),
        events => format!("its events say: {events}"),
    };
    Err(AwsError::Broken {
        what: format!("database {id}"),
        reason: format!(
            "RDS took the change to {undone} now and nothing is pending; {events}. Mend the reason and apply again"
        ),
    })
}

/// A snapshot does not say which database is in it; what was restored does.
async fn check_name(desired: &DbInstance, aws: &Aws, id: &str) -> Result<(), AwsError> {
    let found = rds::instance(aws, id, Freshness::Cached).await?;
    let has = found.and_then(|it| it.db_name).unwrap_or_default();
    let fits = desired.db_name.as_ref().is_none_or(|name| *name == has);
    if desired.origin.is_none() || fits {
        return Ok(());
    }
    Err(AwsError::Broken {
        what: format!("database {id}, which was restored,"),
        reason: format!("the database inside it is `{has}`; set `database` to that"),
    })
}

/// AWS gives each database an id of its own, so the snapshot of one never meets that of an older
/// one of the same name.
fn final_snapshot(instance: &types::DbInstance) -> String {
    let id = instance.db_instance_identifier().unwrap_or_default();
    let own = instance.dbi_resource_id().unwrap_or_default();
    let own: String = own.trim_start_matches("db-").chars().take(12).collect();
    format!("{id}-final-{}", own.to_ascii_lowercase())
}

/// GiB from which on RDS stripes gp3 storage over several volumes, what these do at least, and that a request for so much storage has to
/// say it.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html>
const STRIPED: i32 = 400;
const STRIPED_IOPS: i32 = 12_000;

fn has_iops(observed: &Observed<DbInstance>) -> i32 {
    let known = observed.outputs.get("iops");
    known.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A desired database on its way to AWS.
struct Database<'a>(&'a DbInstance);

impl Deref for Database<'_> {
    type Target = DbInstance;

    fn deref(&self) -> &DbInstance {
        self.0
    }
}

impl Database<'_> {
    fn groups(&self) -> Vec<String> {
        let groups = self.vpc_security_group_ids.iter();
        groups.map(|group| group.get().clone()).collect()
    }

    /// The wanted version: the minor one, or the newest of the major one.
    fn version(&self) -> &str {
        self.engine_version
            .as_deref()
            .unwrap_or(&self.major_version)
    }

    /// With a password that nobody learns: `DbCredentials` gives it the one of the secret.
    async fn make(&self, aws: &Aws) -> Result<Option<types::DbInstance>, AwsError> {
        let password = Password::random(aws).await?;
        let id = self.db_instance_identifier.as_str();
        let limit = Some(self.max_allocated_storage).filter(|limit| *limit > 0);
        let request = aws
            .rds()
            .create_db_instance()
            .db_instance_identifier(id)
            .engine("postgres")
            .engine_version(self.version())
            .db_instance_class(&self.db_instance_class)
            .allocated_storage(self.allocated_storage)
            .set_max_allocated_storage(limit)
            .storage_type(&self.storage_type)
            .storage_encrypted(self.storage_encrypted)
            .set_kms_key_id(self.kms_key_id.clone())
            .set_db_name(self.db_name.clone())
            .set_master_username(self.master_username.clone())
            .master_user_password(password.reveal())
            .port(self.port)
            .db_subnet_group_name(self.db_subnet_group_name.get())
            .set_vpc_security_group_ids(Some(self.groups()))
            .db_parameter_group_name(self.db_parameter_group_name.get())
            .multi_az(self.multi_az)
            .publicly_accessible(self.publicly_accessible)
            .backup_retention_period(self.backup_retention_period)
            .set_preferred_backup_window(self.preferred_backup_window.clone())
            .set_preferred_maintenance_window(self.preferred_maintenance_window.clone())
            .copy_tags_to_snapshot(self.copy_tags_to_snapshot)
            .auto_minor_version_upgrade(self.auto_minor_version_upgrade)
            .enable_iam_database_authentication(self.enable_iam_database_authentication)
            .enable_performance_insights(self.enable_performance_insights)
            .set_performance_insights_retention_period(self.performance_insights_retention_period)
            .set_enable_cloudwatch_logs_exports(Some(self.enabled_cloudwatch_logs_exports.clone()))
            .set_ca_certificate_identifier(self.ca_certificate_identifier.clone())
            .set_tags(Some(rds::tags_to_sdk(&self.tags)));
        let answer = outlast(propagation::ROLE, rds_not_ready, || async {
            aws.call(CREATE, request.clone().send()).await
        });
        let answer = answer.await?;
        Ok(answer.db_instance)
    }

    async fn restore(
        &self,
        aws: &Aws,
        snapshot: &str,
    ) -> Result<Option<types::DbInstance>, AwsError> {
        let request = aws.rds().describe_db_snapshots();
        let request = request.db_snapshot_identifier(snapshot);
        let found = aws.call(SNAPSHOTS, request.send()).await?;
        let found = found.db_snapshots.unwrap_or_default();
        let found = found
            .first()
            .ok_or_else(|| SNAPSHOTS.lacks("DBSnapshots"))?;
        self.fits(
            &format!("snapshot {snapshot}"),
            found.master_username(),
            found.engine_version(),
            found.encrypted() == Some(true),
        )?;
        let id = self.db_instance_identifier.as_str();
        let request = aws
            .rds()
            .restore_db_instance_from_db_snapshot()
            .db_instance_identifier(id)
            .db_snapshot_identifier(snapshot)
            .db_instance_class(&self.db_instance_class)
            .port(self.port)
            .storage_type(&self.storage_type)
            .db_subnet_group_name(self.db_subnet_group_name.get())
            .set_vpc_security_group_ids(Some(self.groups()))
            .db_parameter_group_name(self.db_parameter_group_name.get())
            .multi_az(self.multi_az)
            .publicly_accessible(self.publicly_accessible)
            .auto_minor_version_upgrade(self.auto_minor_version_upgrade)
            .copy_tags_to_snapshot(self.copy_tags_to_snapshot)
            .deletion_protection(false)
            .enable_iam_database_authentication(self.enable_iam_database_authentication)
            .set_enable_cloudwatch_logs_exports(Some(self.enabled_cloudwatch_logs_exports.clone()))
            .set_tags(Some(rds::tags_to_sdk(&self.tags)));
        let answer = aws.call(RESTORE, request.send()).await?;
        Ok(answer.db_instance)
    }

    async fn restore_to(
        &self,
        aws: &Aws,
        source: &str,
        origin: &DbOrigin,
    ) -> Result<Option<types::DbInstance>, AwsError> {
        let found = rds::instance(aws, source, Freshness::Fresh).await?;
        let found = found.ok_or_else(|| AwsError::Broken {
            what: format!("database {source}, the `source_db` of `restore`,"),
            reason: "there is none of this identifier in this account and region; name it by its `instance_id`".to_owned(),
        })?;
        self.fits(
            &format!("database {source}"),
            found.master_username(),
            found.engine_version(),
            found.storage_encrypted() == Some(true),
        )?;
        let time = origin
            .time
            .as_deref()
            .map(|text| DateTime::from_str(text, Format::DateTime));
        let time = time.and_then(Result::ok);
        let id = self.db_instance_identifier.as_str();
        let request = aws
            .rds()
            .restore_db_instance_to_point_in_time()
            .source_db_instance_identifier(source)
            .target_db_instance_identifier(id)
            .use_latest_restorable_time(time.is_none())
            .set_restore_time(time)
            .db_instance_class(&self.db_instance_class)
            .port(self.port)
            .storage_type(&self.storage_type)
            .db_subnet_group_name(self.db_subnet_group_name.get())
            .set_vpc_security_group_ids(Some(self.groups()))
            .db_parameter_group_name(self.db_parameter_group_name.get())
            .multi_az(self.multi_az)
            .publicly_accessible(self.publicly_accessible)
            .auto_minor_version_upgrade(self.auto_minor_version_upgrade)
            .copy_tags_to_snapshot(self.copy_tags_to_snapshot)
            .deletion_protection(false)
            .enable_iam_database_authentication(self.enable_iam_database_authentication)
            .set_enable_cloudwatch_logs_exports(Some(self.enabled_cloudwatch_logs_exports.clone()))
            .set_tags(Some(rds::tags_to_sdk(&self.tags)));
        let answer = aws.call(RESTORE_TIME, request.send()).await?;
        Ok(answer.db_instance)
    }

    /// What a restore cannot change must be as it is wanted.
    fn fits(
        &self,
        what: &str,
        user: Option<&str>,
        version: Option<&str>,
        encrypted: bool,
    ) -> Result<(), AwsError> {
        let major = version
            .and_then(|it| it.split('.').next())
            .unwrap_or_default();
        let reason = if user != self.master_username.as_deref() {
            format!(
                "its user is `{}`; set `username` to that",
                user.unwrap_or_default()
            )
        } else if major != self.major_version {
            format!(
                "it is of PostgreSQL {major}; set `engine_version = \"{major}\"`, restore, and upgrade afterwards"
            )
        } else if encrypted {
            return Ok(());
        } else {
            "it is not encrypted; copy it with `aws rds copy-db-snapshot --kms-key-id ...` and restore the copy".to_owned()
        };
        Err(AwsError::Broken {
            what: format!("restoring from {what}"),
            reason,
        })
    }

    /// A `ModifyDBInstance` with what differs; `None` when that is nothing of the instance's own.
    fn modification(
        &self,
        aws: &Aws,
        observed: &Observed<DbInstance>,
        changed: &[FieldDiff],
    ) -> Option<ModifyDBInstanceFluentBuilder> {
        let elsewhere = [
            "tags",
            "apply_immediately",
            "origin",
            "db_name",
            "master_username",
        ];
        if changed.iter().all(|it| elsewhere.contains(&it.top())) {
            return None;
        }
        let request = aws
            .rds()
            .modify_db_instance()
            .db_instance_identifier(&self.db_instance_identifier)
            .apply_immediately(self.apply_immediately);
        let request = self.with_storage(request, observed, changed);
        let request = self.with_version(request, changed);
        Some(self.with_settings(request, observed, changed))
    }

    /// Storage never shrinks, and what autoscaling has added stays.
    fn with_storage(
        &self,
        request: ModifyDBInstanceFluentBuilder,
        observed: &Observed<DbInstance>,
        changed: &[FieldDiff],
    ) -> ModifyDBInstanceFluentBuilder {
        let known = observed.outputs.get("allocated_storage");
        let has: i32 = known.and_then(|text| text.parse().ok()).unwrap_or_default();
        let grows = touches(changed, &["allocated_storage"]) && self.allocated_storage > has;
        let limit = match self.max_allocated_storage {
            // AWS turns autoscaling off when the limit is what there is.
            0 => has.max(self.allocated_storage),
            limit => limit,
        };
        let limit = touches(changed, &["max_allocated_storage"]).then_some(limit);
        let kind = touches(changed, &["storage_type"]).then(|| self.storage_type.clone());
        let iops = grows && self.allocated_storage >= STRIPED;
        request
            .set_allocated_storage(grows.then_some(self.allocated_storage))
            .set_iops(iops.then(|| has_iops(observed).max(STRIPED_IOPS)))
            .set_max_allocated_storage(limit)
            .set_storage_type(kind)
    }

    /// Whether a major upgrade is allowed was asked when it was planned.
    fn with_version(
        &self,
        request: ModifyDBInstanceFluentBuilder,
        changed: &[FieldDiff],
    ) -> ModifyDBInstanceFluentBuilder {
        let major = touches(changed, &["major_version"]);
        let version = touches(changed, &["major_version", "engine_version"]);
        request
            .set_engine_version(version.then(|| self.version().to_owned()))
            .set_allow_major_version_upgrade(major.then_some(true))
    }

    fn with_settings(
        &self,
        request: ModifyDBInstanceFluentBuilder,
        observed: &Observed<DbInstance>,
        changed: &[FieldDiff],
    ) -> ModifyDBInstanceFluentBuilder {
        let differs = |field: &str| touches(changed, &[field]);
        let flag = |field: &str, value: bool| differs(field).then_some(value);
        let number = |field: &str, value: i32| differs(field).then_some(value);
        let text = |field: &str, value: &str| differs(field).then(|| value.to_owned());
        let option = |field: &str, value: &Option<String>| value.clone().filter(|_| differs(field));
        let groups = differs("vpc_security_group_ids").then(|| self.groups());
        let parameters = self.db_parameter_group_name.get();
        let retention = "performance_insights_retention_period";
        let insights = "enable_performance_insights";
        let insights_differ = touches(changed, &[insights, retention]);
        let iam = self.enable_iam_database_authentication;
        request
            .set_db_instance_class(text("db_instance_class", &self.db_instance_class))
            .set_db_port_number(number("port", self.port))
            .set_vpc_security_group_ids(groups)
            .set_db_parameter_group_name(text("db_parameter_group_name", parameters))
            .set_multi_az(flag("multi_az", self.multi_az))
            .set_publicly_accessible(flag("publicly_accessible", self.publicly_accessible))
            .set_backup_retention_period(number(
                "backup_retention_period",
                self.backup_retention_period,
            ))
            .set_preferred_backup_window(option(
                "preferred_backup_window",
                &self.preferred_backup_window,
            ))
            .set_preferred_maintenance_window(option(
                "preferred_maintenance_window",
                &self.preferred_maintenance_window,
            ))
            .set_copy_tags_to_snapshot(flag("copy_tags_to_snapshot", self.copy_tags_to_snapshot))
            .set_auto_minor_version_upgrade(flag(
                "auto_minor_version_upgrade",
                self.auto_minor_version_upgrade,
            ))
            .set_enable_iam_database_authentication(flag("enable_iam_database_authentication", iam))
            .set_enable_performance_insights(
                insights_differ.then_some(self.enable_performance_insights),
            )
            .set_performance_insights_retention_period(
                self.performance_insights_retention_period
                    .filter(|_| insights_differ),
            )
            .set_cloudwatch_logs_export_configuration(self.log_changes(observed))
            .set_ca_certificate_identifier(option(
                "ca_certificate_identifier",
                &self.ca_certificate_identifier,
            ))
    }

    /// Which logs begin to be sent and which stop.
    fn log_changes(
        &self,
        observed: &Observed<DbInstance>,
    ) -> Option<CloudwatchLogsExportConfiguration> {
        let (wanted, has) = (
            &self.enabled_cloudwatch_logs_exports,
            &observed.component.enabled_cloudwatch_logs_exports,
        );
        let lacking = |of: &[String], other: &[String]| -> Vec<String> {
            of.iter()
                .filter(|log| !other.contains(log))
                .cloned()
                .collect()
        };
        let (on, off) = (lacking(wanted, has), lacking(has, wanted));
        let some = |logs: Vec<String>| Some(logs).filter(|logs| !logs.is_empty());
        (!on.is_empty() || !off.is_empty()).then(|| {
            CloudwatchLogsExportConfiguration::builder()
                .set_enable_log_types(some(on))
                .set_disable_log_types(some(off))
                .build()
        })
    }
}
