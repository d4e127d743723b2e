//! RDS read replicas.

use async_trait::async_trait;
use aws_sdk_rds::types;
use stackwright_plan::component::DbReplica;
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::tag;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::tag_changes::touches;
use crate::{Aws, AwsError, propagation, rds, settle};

const CREATE: Op = Op::new("rds", "CreateDBInstanceReadReplica");

fn observe(instance: &types::DbInstance) -> Observed<DbReplica> {
    let tags = rds::tags(instance.tag_list());
    let pending = instance.pending_modified_values();
    let id = instance.db_instance_identifier().unwrap_or_default();
    let source = instance.read_replica_source_db_instance_identifier();
    let source = source.unwrap_or_default();
    let class = pending
        .and_then(|it| it.db_instance_class())
        .or(instance.db_instance_class());
    let multi_az = pending.and_then(|it| it.multi_az).or(instance.multi_az);
    let component = DbReplica {
        db_instance_identifier: id.to_owned(),
        source_db_instance_identifier: source.rsplit(':').next().unwrap_or(source).into(),
        db_instance_class: class.unwrap_or_default().to_owned(),
        availability_zone: instance.availability_zone.clone(),
        multi_az: multi_az == Some(true),
        publicly_accessible: instance.publicly_accessible() == Some(true),
        vpc_security_group_ids: security_groups(instance),
        db_parameter_group_name: parameter_group(instance).into(),
        auto_minor_version_upgrade: instance.auto_minor_version_upgrade() == Some(true),
        copy_tags_to_snapshot: instance.copy_tags_to_snapshot() == Some(true),
        apply_immediately: !tags.contains_key(tag::APPLY),
        tags: rds::compared(tags.clone()),
    };
    Observed {
        component,
        outputs: outputs(instance),
        tags,
    }
}

pub(crate) fn security_groups(instance: &types::DbInstance) -> Vec<stackwright_plan::In<String>> {
    let groups = instance.vpc_security_groups().iter();
    groups
        .filter_map(|group| group.vpc_security_group_id().map(Into::into))
        .collect()
}

pub(crate) fn parameter_group(instance: &types::DbInstance) -> &str {
    let group = instance.db_parameter_groups().first();
    group
        .and_then(|group| group.db_parameter_group_name())
        .unwrap_or_default()
}

/// What others may refer to; the address comes when the database works.
pub(crate) fn outputs(instance: &types::DbInstance) -> Recorded {
    let endpoint = instance.endpoint();
    let all = [
        ("id", instance.db_instance_identifier().map(str::to_owned)),
        ("arn", instance.db_instance_arn().map(str::to_owned)),
        ("resource_id", instance.dbi_resource_id().map(str::to_owned)),
        (
            "engine_version",
            instance.engine_version().map(str::to_owned),
        ),
        ("address", endpoint.and_then(|it| it.address.clone())),
        (
            "allocated_storage",
            instance.allocated_storage().map(|it| it.to_string()),
        ),
        ("iops", instance.iops().map(|it| it.to_string())),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

#[async_trait]
impl Adapter for DbReplica {
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
                let is_replica = |it: &&types::DbInstance| {
                    it.read_replica_source_db_instance_identifier().is_some()
                };
                return Ok(all.iter().filter(is_replica).map(observe).collect());
            }
        };
        let found = rds::instance(aws, id, Freshness::Fresh).await?;
        Ok(found.iter().map(observe).collect())
    }

    /// It begins with the parameter group of its source: RDS takes none for a replica of PostgreSQL.
    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let id = self.db_instance_identifier.as_str();
        let source = self.source_db_instance_identifier.get();
        let groups = self
            .vpc_security_group_ids
            .iter()
            .map(|id| id.get().clone());
        let request = aws
            .rds()
            .create_db_instance_read_replica()
            .db_instance_identifier(id)
            .source_db_instance_identifier(source)
            .db_instance_class(&self.db_instance_class)
            .set_availability_zone(self.availability_zone.clone())
            .multi_az(self.multi_az)
            .publicly_accessible(self.publicly_accessible)
            .set_vpc_security_group_ids(Some(groups.collect()))
            .auto_minor_version_upgrade(self.auto_minor_version_upgrade)
            .copy_tags_to_snapshot(self.copy_tags_to_snapshot)
            .set_tags(Some(rds::tags_to_sdk(&self.tags)));
        let answer = propagation::outlast(propagation::ROLE, rds::busy, || async {
            aws.call(CREATE, request.clone().send()).await
        });
        let answer = answer.await?;
        aws.newborns.note(id);
        aws.loaders.db_instances.forget(&id.to_owned());
        let made = answer
            .db_instance
            .ok_or_else(|| CREATE.lacks("DBInstance"))?;
        Ok(Created {
            outputs: outputs(&made),
            complete: false,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let id = self.db_instance_identifier.as_str();
        let differs = |field: &str| touches(changed, &[field]);
        let own = [
            "db_instance_class",
            "multi_az",
            "publicly_accessible",
            "vpc_security_group_ids",
            "db_parameter_group_name",
            "auto_minor_version_upgrade",
            "copy_tags_to_snapshot",
        ];
        if touches(changed, &own) {
            let groups = self
                .vpc_security_group_ids
                .iter()
                .map(|id| id.get().clone());
            let groups = differs("vpc_security_group_ids").then(|| groups.collect());
            let class = differs("db_instance_class").then(|| self.db_instance_class.clone());
            let parameters = self.db_parameter_group_name.get().clone();
            let parameters = differs("db_parameter_group_name").then_some(parameters);
            let flag = |field: &str, value: bool| differs(field).then_some(value);
            let request = aws
                .rds()
                .modify_db_instance()
                .db_instance_identifier(id)
                .apply_immediately(self.apply_immediately)
                .set_db_instance_class(class)
                .set_multi_az(flag("multi_az", self.multi_az))
                .set_publicly_accessible(flag("publicly_accessible", self.publicly_accessible))
                .set_vpc_security_group_ids(groups)
                .set_db_parameter_group_name(parameters)
                .set_auto_minor_version_upgrade(flag(
                    "auto_minor_version_upgrade",
                    self.auto_minor_version_upgrade,
                ))
                .set_copy_tags_to_snapshot(flag(
                    "copy_tags_to_snapshot",
                    self.copy_tags_to_snapshot,
                ));
            rds::modify(aws, id, request).await?;
        }
        let arn = observed.outputs.get("arn").cloned().unwrap_or_default();
        rds::write_tags(aws, &arn, changed).await?;
        aws.loaders.db_instances.forget(&id.to_owned());
        Ok(observed.outputs.clone())
    }

    /// A replica has nothing that its source has not: AWS takes no final snapshot of it.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = settle::id(recorded) else {
            return Ok(());
        };
        rds::delete(aws, id, wait, || async {
            let request = aws.rds().delete_db_instance().db_instance_identifier(id);
            let request = request.skip_final_snapshot(true);
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
        let done = |it: &types::DbInstance| rds::nothing_pending(it, self.apply_immediately);
        rds::until_works(aws, id, wait, done).await
    }
}
