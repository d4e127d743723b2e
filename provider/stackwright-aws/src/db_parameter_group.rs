//! RDS parameter groups with the parameters that somebody has set.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Deref;

use async_trait::async_trait;
use aws_sdk_rds::types::{self, ApplyMethod, Parameter};
use stackwright_plan::component::DbParameterGroup;
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, User, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::tag_changes::{same_resource, touches};
use crate::{Aws, AwsError, rds, settle, users};

const DESCRIBE: Op = Op::new("rds", "DescribeDBParameterGroups");
const PARAMETERS: Op = Op::new("rds", "DescribeDBParameters");
const CREATE: Op = Op::new("rds", "CreateDBParameterGroup");
const MODIFY: Op = Op::new("rds", "ModifyDBParameterGroup");
const RESET: Op = Op::new("rds", "ResetDBParameterGroup");
const DELETE: Op = Op::new("rds", "DeleteDBParameterGroup");

const GONE: &[&str] = &["DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"];
/// A database is just leaving it.
const IN_USE: &[&str] = &["InvalidDBParameterGroupState"];
const PAUSE: std::time::Duration = std::time::Duration::from_secs(5);
/// Most parameters of one call.
const BATCH: usize = 20;

/// A group with its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    group: types::DbParameterGroup,
    parameters: BTreeMap<String, String>,
}

/// Parameter groups by name.
#[derive(Debug)]
pub(crate) struct ParameterGroups;

#[async_trait]
impl Source for ParameterGroups {
    type Key = String;
    type Item = Content;
    const BATCH: usize = 1;

    async fn keyed(aws: &Aws, keys: &[String]) -> Result<HashMap<String, Content>, AwsError> {
        let mut found = HashMap::new();
        for name in keys {
            let content = match describe(aws, Some(name)).await {
                Err(error) if error.is_code(GONE) => continue,
                groups => with_parameters(aws, groups?).await?,
            };
            found.extend(content.map(|content| (name.clone(), content)));
        }
        Ok(found)
    }
}

async fn with_parameters(
    aws: &Aws,
    groups: Vec<types::DbParameterGroup>,
) -> Result<Option<Content>, AwsError> {
    let Some(group) = groups.into_iter().next() else {
        return Ok(None);
    };
    let name = group.db_parameter_group_name().unwrap_or_default();
    let parameters = match parameters(aws, name, Some("user")).await {
        Err(error) if error.is_code(GONE) => return Ok(None),
        parameters => parameters?,
    };
    let pair = |it: Parameter| Some((it.parameter_name?, it.parameter_value?));
    let parameters = parameters.into_iter().filter_map(pair).collect();
    Ok(Some(Content { group, parameters }))
}

async fn describe(
    aws: &Aws,
    name: Option<&String>,
) -> Result<Vec<types::DbParameterGroup>, AwsError> {
    let request = aws
        .rds()
        .describe_db_parameter_groups()
        .set_db_parameter_group_name(name.cloned())
        .max_records(100);
    let pages = aws.pages(DESCRIBE, request.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.db_parameter_groups.unwrap_or_default())
        .collect())
}

/// The parameters of a group: those that somebody has set (`user`), or all.
async fn parameters(
    aws: &Aws,
    name: &str,
    source: Option<&str>,
) -> Result<Vec<Parameter>, AwsError> {
    let request = aws
        .rds()
        .describe_db_parameters()
        .db_parameter_group_name(name)
        .set_source(source.map(str::to_owned))
        .max_records(100);
    let pages = aws
        .pages(PARAMETERS, request.into_paginator().send())
        .await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.parameters.unwrap_or_default())
        .collect())
}

async fn observe(
    aws: &Aws,
    content: Content,
    freshness: Freshness,
) -> Result<Option<Observed<DbParameterGroup>>, AwsError> {
    let Content { group, parameters } = content;
    let arn = group
        .db_parameter_group_arn
        .ok_or_else(|| DESCRIBE.lacks("DBParameterGroupArn"))?;
    let name = group.db_parameter_group_name.unwrap_or_default();
    let Some(tags) = rds::group_tags(aws, &arn, freshness).await? else {
        return Ok(None);
    };
    let component = DbParameterGroup {
        db_parameter_group_family: group.db_parameter_group_family.unwrap_or_default(),
        description: group.description.unwrap_or_default(),
        parameters,
        tags: tags.clone(),
        db_parameter_group_name: name.clone(),
    };
    Ok(Some(Observed {
        component,
        outputs: outputs(&name, &arn),
        tags,
    }))
}

async fn read(
    aws: &Aws,
    name: &str,
    freshness: Freshness,
) -> Result<Option<Observed<DbParameterGroup>>, AwsError> {
    let key = name.to_owned();
    match aws
        .loaders
        .db_parameter_groups
        .get(aws, &key, freshness)
        .await?
    {
        Some(content) => observe(aws, content, freshness).await,
        None => Ok(None),
    }
}

fn outputs(name: &str, arn: &str) -> Recorded {
    [("name", name), ("arn", arn)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

fn forget(aws: &Aws, name: &str) {
    aws.loaders.db_parameter_groups.forget(&name.to_owned());
}

#[async_trait]
impl Adapter for DbParameterGroup {
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
        let names = match lookup {
            Lookup::Desired(desired, _) => vec![desired.db_parameter_group_name.clone()],
            Lookup::Named(name) => vec![name.rsplit(':').next().unwrap_or(name).to_owned()],
            Lookup::Owned(_) => {
                let groups = describe(aws, None).await?;
                let named = groups
                    .into_iter()
                    .filter_map(|it| it.db_parameter_group_name);
                named.collect()
            }
        };
        let mut found = Vec::new();
        for name in names {
            found.extend(read(aws, &name, Freshness::Fresh).await?);
        }
        if let Lookup::Owned(tags) = lookup {
            found.retain(|seen| same_resource(&seen.tags, tags));
        }
        Ok(found)
    }

    /// AWS takes the parameters in a second call.
    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let name = self.db_parameter_group_name.as_str();
        let request = aws
            .rds()
            .create_db_parameter_group()
            .db_parameter_group_name(name)
            .db_parameter_group_family(&self.db_parameter_group_family)
            .description(&self.description)
            .set_tags(Some(rds::tags_to_sdk(&self.tags)));
        let answer = aws.call(CREATE, request.send()).await?;
        forget(aws, name);
        let arn = answer
            .db_parameter_group
            .and_then(|group| group.db_parameter_group_arn)
            .ok_or_else(|| CREATE.lacks("DBParameterGroupArn"))?;
        Ok(Created {
            outputs: outputs(name, &arn),
            complete: self.parameters.is_empty(),
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let name = self.db_parameter_group_name.as_str();
        if touches(changed, &["parameters"]) {
            forget(aws, name);
            let written = Wanted(self)
                .write(aws, &observed.component.parameters)
                .await;
            forget(aws, name);
            written?;
        }
        let arn = observed.outputs.get("arn").cloned().unwrap_or_default();
        rds::write_tags(aws, &arn, changed).await?;
        Ok(observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(name) = recorded.get("name") else {
            return Ok(());
        };
        let what = format!("the deletion of parameter group {name}, which a database still uses");
        let deleted = settle::until(&what, PAUSE, wait, || async {
            let request = aws
                .rds()
                .delete_db_parameter_group()
                .db_parameter_group_name(name);
            match aws.call(DELETE, request.send()).await {
                Err(error) if error.is_code(GONE) => Ok(Some(())),
                Err(error) if error.is_code(IN_USE) => Ok(None),
                outcome => outcome.map(|_| Some(())),
            }
        });
        let deleted = deleted.await;
        forget(aws, name);
        deleted
    }

    async fn users(aws: &Aws, recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        match recorded.get("name") {
            Some(name) => {
                let is = |group: &types::DbParameterGroupStatus| {
                    group.db_parameter_group_name() == Some(name)
                };
                let of = |it: &types::DbInstance| it.db_parameter_groups().iter().any(is);
                users::of_database_group(aws, of).await
            }
            None => Ok(Vec::new()),
        }
    }
}

/// A desired group on its way to AWS.
struct Wanted<'a>(&'a DbParameterGroup);

impl Deref for Wanted<'_> {
    type Target = DbParameterGroup;

    fn deref(&self) -> &DbParameterGroup {
        self.0
    }
}

impl Wanted<'_> {
    /// Sets what is wanted and takes back what is not. Static parameters wait for a restart: AWS
    /// refuses them with `immediate`.
    async fn write(&self, aws: &Aws, before: &BTreeMap<String, String>) -> Result<(), AwsError> {
        let dynamic = self.dynamic(aws).await?;
        let parameter = |name: &str, value: Option<&String>| {
            let method = if dynamic.contains(name) {
                ApplyMethod::Immediate
            } else {
                ApplyMethod::PendingReboot
            };
            Parameter::builder()
                .parameter_name(name)
                .set_parameter_value(value.cloned())
                .apply_method(method)
                .build()
        };
        let set: Vec<Parameter> = self
            .parameters
            .iter()
            .filter(|(name, value)| before.get(*name) != Some(value))
            .map(|(name, value)| parameter(name, Some(value)))
            .collect();
        let reset: Vec<Parameter> = before
            .keys()
            .filter(|name| !self.parameters.contains_key(*name))
            .map(|name| parameter(name, None))
            .collect();
        self.send(aws, &set, &reset).await
    }

    async fn send(
        &self,
        aws: &Aws,
        set: &[Parameter],
        reset: &[Parameter],
    ) -> Result<(), AwsError> {
        let name = self.db_parameter_group_name.as_str();
        for batch in set.chunks(BATCH) {
            let request = aws.rds().modify_db_parameter_group();
            let request = request
                .db_parameter_group_name(name)
                .set_parameters(Some(batch.to_vec()));
            aws.call(MODIFY, request.send()).await?;
        }
        for batch in reset.chunks(BATCH) {
            let request = aws.rds().reset_db_parameter_group();
            let request = request
                .db_parameter_group_name(name)
                .reset_all_parameters(false)
                .set_parameters(Some(batch.to_vec()));
            aws.call(RESET, request.send()).await?;
        }
        Ok(())
    }

    /// The parameters that take effect at once.
    async fn dynamic(&self, aws: &Aws) -> Result<HashSet<String>, AwsError> {
        let all = parameters(aws, &self.db_parameter_group_name, None).await?;
        let at_once = |it: Parameter| {
            let is_dynamic = it.apply_type.as_deref() == Some("dynamic");
            it.parameter_name.filter(|_| is_dynamic)
        };
        Ok(all.into_iter().filter_map(at_once).collect())
    }
}
