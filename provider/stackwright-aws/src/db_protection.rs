//! What happens when a database is deleted: AWS's deletion protection, and a tag that says whether
//! a snapshot is left.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_rds::types::DbInstance;
use stackwright_plan::component::DbProtection;
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::tag;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::tag_changes::touches;
use crate::{Aws, AwsError, rds, settle};

fn observe(instance: &DbInstance) -> Observed<DbProtection> {
    let id = instance.db_instance_identifier().unwrap_or_default();
    let tags = rds::tags(instance.tag_list());
    let component = DbProtection {
        db_instance_identifier: id.into(),
        deletion_protection: instance.deletion_protection() == Some(true),
        final_snapshot: tags.get(tag::FINAL_SNAPSHOT).map(|it| it == "true"),
    };
    let mut outputs = settle::outputs(id);
    let arn = instance.db_instance_arn().unwrap_or_default();
    outputs.insert("arn".to_owned(), arn.to_owned());
    Observed {
        component,
        outputs,
        tags: BTreeMap::new(),
    }
}

#[async_trait]
impl Adapter for DbProtection {
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

    /// Every database has it, so it is always found.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let id = match lookup {
            Lookup::Desired(desired, _) => desired.db_instance_identifier.get().as_str(),
            Lookup::Named(id) => id,
            Lookup::Owned(tags) => {
                let all = rds::owned(aws, tags).await?;
                return Ok(all.iter().map(observe).collect());
            }
        };
        let found = rds::instance(aws, id, Freshness::Fresh).await?;
        Ok(found.iter().map(observe).collect())
    }

    /// Reached only when the database went away a moment ago.
    async fn create(&self, _aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        Err(AwsError::Broken {
            what: format!("database {}", self.db_instance_identifier.get()),
            reason: "it is gone: somebody deleted it meanwhile; apply again to make it anew"
                .to_owned(),
        })
    }

    /// The tag comes last: a database without it has not been finished.
    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let id = self.db_instance_identifier.get();
        if touches(changed, &["deletion_protection"]) {
            rds::set_protection(aws, id, self.deletion_protection).await?;
        }
        if touches(changed, &["final_snapshot"]) {
            let arn = observed.outputs.get("arn").cloned().unwrap_or_default();
            let value = (self.final_snapshot == Some(true)).to_string();
            rds::set_tag(aws, &arn, tag::FINAL_SNAPSHOT, &value).await?;
        }
        aws.loaders.db_instances.forget(id);
        Ok(observed.outputs.clone())
    }

    /// The engine has asked already whether the resource is protected.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = settle::id(recorded) else {
            return Ok(());
        };
        let found = rds::instance(aws, id, Freshness::Fresh).await?;
        if found.is_some_and(|it| it.deletion_protection() == Some(true)) {
            rds::ready(aws, recorded, wait).await?;
            rds::set_protection(aws, id, false).await?;
        }
        Ok(())
    }

    async fn ready(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        rds::ready(aws, recorded, wait).await
    }
}
