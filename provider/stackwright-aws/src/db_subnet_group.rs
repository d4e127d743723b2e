//! RDS subnet groups.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_rds::types;
use stackwright_plan::component::DbSubnetGroup;
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, User, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::propagation::{self, outlast, rds_not_ready};
use crate::tag_changes::{same_resource, touches};
use crate::{Aws, AwsError, rds, users};

const DESCRIBE: Op = Op::new("rds", "DescribeDBSubnetGroups");
const CREATE: Op = Op::new("rds", "CreateDBSubnetGroup");
const MODIFY: Op = Op::new("rds", "ModifyDBSubnetGroup");
const DELETE: Op = Op::new("rds", "DeleteDBSubnetGroup");

const GONE: &[&str] = &["DBSubnetGroupNotFoundFault", "DBSubnetGroupNotFound"];

/// Subnet groups by name.
#[derive(Debug)]
pub(crate) struct SubnetGroups;

#[async_trait]
impl Source for SubnetGroups {
    type Key = String;
    type Item = types::DbSubnetGroup;
    const BATCH: usize = 1;
    const LISTS: bool = true;

    async fn keyed(
        aws: &Aws,
        keys: &[String],
    ) -> Result<HashMap<String, types::DbSubnetGroup>, AwsError> {
        let mut found = HashMap::new();
        for name in keys {
            match describe(aws, Some(name)).await {
                Err(error) if error.is_code(GONE) => {}
                groups => found.extend(by_name(groups?)),
            }
        }
        Ok(found)
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, types::DbSubnetGroup>>, AwsError> {
        Ok(Some(by_name(describe(aws, None).await?)))
    }
}

fn by_name(groups: Vec<types::DbSubnetGroup>) -> HashMap<String, types::DbSubnetGroup> {
    groups
        .into_iter()
        .filter_map(|it| Some((it.db_subnet_group_name.clone()?, it)))
        .collect()
}

async fn describe(aws: &Aws, name: Option<&String>) -> Result<Vec<types::DbSubnetGroup>, AwsError> {
    let request = aws
        .rds()
        .describe_db_subnet_groups()
        .set_db_subnet_group_name(name.cloned())
        .max_records(100);
    let pages = aws.pages(DESCRIBE, request.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.db_subnet_groups.unwrap_or_default())
        .collect())
}

async fn read(
    aws: &Aws,
    name: &str,
    freshness: Freshness,
) -> Result<Option<Observed<DbSubnetGroup>>, AwsError> {
    let group = aws
        .loaders
        .db_subnet_groups
        .get(aws, &name.to_owned(), freshness)
        .await?;
    match group {
        Some(group) => observe(aws, group, freshness).await,
        None => Ok(None),
    }
}

async fn observe(
    aws: &Aws,
    group: types::DbSubnetGroup,
    freshness: Freshness,
) -> Result<Option<Observed<DbSubnetGroup>>, AwsError> {
    let arn = group
        .db_subnet_group_arn
        .ok_or_else(|| DESCRIBE.lacks("DBSubnetGroupArn"))?;
    let name = group.db_subnet_group_name.unwrap_or_default();
    let Some(tags) = rds::group_tags(aws, &arn, freshness).await? else {
        return Ok(None);
    };
    let subnets = group.subnets.unwrap_or_default();
    let component = DbSubnetGroup {
        db_subnet_group_description: group.db_subnet_group_description.unwrap_or_default(),
        subnet_ids: subnets
            .into_iter()
            .filter_map(|subnet| subnet.subnet_identifier)
            .collect::<Vec<_>>()
            .into(),
        tags: tags.clone(),
        db_subnet_group_name: name.clone(),
    };
    Ok(Some(Observed {
        component,
        outputs: outputs(&name, &arn),
        tags,
    }))
}

fn outputs(name: &str, arn: &str) -> Recorded {
    [("name", name), ("arn", arn)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

fn forget(aws: &Aws, name: &str) {
    aws.loaders.db_subnet_groups.forget(&name.to_owned());
}

#[async_trait]
impl Adapter for DbSubnetGroup {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        match recorded.get("name") {
            Some(name) => read(aws, name, freshness).await,
            None => Ok(None),
        }
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let name = match lookup {
            Lookup::Desired(desired, _) => desired.db_subnet_group_name.as_str(),
            Lookup::Named(name) => name.rsplit(':').next().unwrap_or(name),
            Lookup::Owned(tags) => {
                let mut found = Vec::new();
                for group in describe(aws, None).await? {
                    let seen = observe(aws, group, Freshness::Fresh).await?;
                    found.extend(seen.filter(|seen| same_resource(&seen.tags, tags)));
                }
                return Ok(found);
            }
        };
        Ok(read(aws, name, Freshness::Fresh)
            .await?
            .into_iter()
            .collect())
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let name = self.db_subnet_group_name.as_str();
        let request = aws
            .rds()
            .create_db_subnet_group()
            .db_subnet_group_name(name)
            .db_subnet_group_description(&self.db_subnet_group_description)
            .set_subnet_ids(Some(self.subnet_ids.get().clone()))
            .set_tags(Some(rds::tags_to_sdk(&self.tags)));
        let answer = outlast(propagation::ROLE, rds_not_ready, || async {
            aws.call(CREATE, request.clone().send()).await
        });
        let answer = answer.await?;
        forget(aws, name);
        let arn = answer
            .db_subnet_group
            .and_then(|group| group.db_subnet_group_arn)
            .ok_or_else(|| CREATE.lacks("DBSubnetGroupArn"))?;
        Ok(Created {
            outputs: outputs(name, &arn),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let name = self.db_subnet_group_name.as_str();
        if touches(changed, &["db_subnet_group_description", "subnet_ids"]) {
            let request = aws
                .rds()
                .modify_db_subnet_group()
                .db_subnet_group_name(name)
                .db_subnet_group_description(&self.db_subnet_group_description)
                .set_subnet_ids(Some(self.subnet_ids.get().clone()));
            forget(aws, name);
            let written = aws.call(MODIFY, request.send()).await;
            forget(aws, name);
            written?;
        }
        let arn = observed.outputs.get("arn").cloned().unwrap_or_default();
        rds::write_tags(aws, &arn, changed).await?;
        Ok(observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some(name) = recorded.get("name") else {
            return Ok(());
        };
        let request = aws
            .rds()
            .delete_db_subnet_group()
            .db_subnet_group_name(name);
        let deleted = aws.call(DELETE, request.send()).await;
        forget(aws, name);
        match deleted {
            Err(error) if error.is_code(GONE) => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    async fn users(aws: &Aws, recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        match recorded.get("name") {
            Some(name) => {
                let of = |it: &types::DbInstance| {
                    it.db_subnet_group()
                        .and_then(|group| group.db_subnet_group_name())
                        == Some(name)
                };
                users::of_database_group(aws, of).await
            }
            None => Ok(Vec::new()),
        }
    }
}
