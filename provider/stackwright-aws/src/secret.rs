//! Secrets of Secrets Manager without their values.

use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;

use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::operation::list_secrets::ListSecretsOutput;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, Tag};
use stackwright_plan::component::Secret;
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{OwnTags, tag};

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::tag_changes::{self, TagChanges, same_resource, touches};
use crate::{Aws, AwsError, propagation};

const CREATE: Op = Op::new("secretsmanager", "CreateSecret");
const DESCRIBE: Op = Op::new("secretsmanager", "DescribeSecret");
const LIST: Op = Op::new("secretsmanager", "ListSecrets");
const UPDATE: Op = Op::new("secretsmanager", "UpdateSecret");
const RESTORE: Op = Op::new("secretsmanager", "RestoreSecret");
const DELETE: Op = Op::new("secretsmanager", "DeleteSecret");
const TAG: Op = Op::new("secretsmanager", "TagResource");
const UNTAG: Op = Op::new("secretsmanager", "UntagResource");

const GONE: &[&str] = &["ResourceNotFoundException"];
/// The name belongs to a secret that is being deleted.
const BLOCKED: &[&str] = &["InvalidRequestException"];

/// Secrets by ARN or name.
#[derive(Debug)]
pub(crate) struct Secrets;

#[async_trait]
impl Source for Secrets {
    type Key = String;
    type Item = DescribeSecretOutput;
    const BATCH: usize = 1;

    async fn keyed(
        aws: &Aws,
        keys: &[String],
    ) -> Result<HashMap<String, DescribeSecretOutput>, AwsError> {
        let mut found = HashMap::new();
        for key in keys {
            let request = aws.secretsmanager().describe_secret().secret_id(key);
            match aws.call(DESCRIBE, request.send()).await {
                Ok(answer) => drop(found.insert(key.clone(), answer)),
                Err(error) if error.is_code(GONE) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

/// A secret that is not scheduled to be deleted.
pub(crate) async fn describe(
    aws: &Aws,
    key: &str,
    freshness: Freshness,
) -> Result<Option<DescribeSecretOutput>, AwsError> {
    let found = aws
        .loaders
        .secrets
        .get(aws, &key.to_owned(), freshness)
        .await?;
    Ok(found.filter(|it| it.deleted_date().is_none()))
}

/// When a secret was last changed in any way, in milliseconds since 1970.
pub(crate) async fn last_changed(
    aws: &Aws,
    arn: &str,
    freshness: Freshness,
) -> Result<Option<i64>, AwsError> {
    let found = describe(aws, arn, freshness).await?;
    let changed = found.and_then(|secret| secret.last_changed_date);
    Ok(changed.and_then(|date| date.to_millis().ok()))
}

/// What is known under its ARN is known under its name too.
pub(crate) fn forget(aws: &Aws) {
    aws.loaders.secrets.forget_all();
    aws.loaders.secret_versions.forget_all();
}

fn observe(secret: DescribeSecretOutput) -> Result<Observed<Secret>, AwsError> {
    let arn = secret.arn.ok_or_else(|| DESCRIBE.lacks("ARN"))?;
    let name = secret.name.ok_or_else(|| DESCRIBE.lacks("Name"))?;
    let tags = tags(secret.tags.as_deref().unwrap_or_default());
    let component = Secret {
        description: secret.description.unwrap_or_default(),
        kms_key_id: secret.kms_key_id,
        tags: tags.clone(),
        name: name.clone(),
    };
    Ok(Observed {
        component,
        outputs: outputs(&arn, &name),
        tags,
    })
}

fn outputs(arn: &str, name: &str) -> Recorded {
    [("arn", arn), ("name", name)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    let pair = |tag: &Tag| {
        let value = tag.value().unwrap_or_default().to_owned();
        Some((tag.key()?.to_owned(), value))
    };
    tag_changes::own(tags.iter().filter_map(pair))
}

fn tags_to_sdk(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

#[async_trait]
impl Adapter for Secret {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(arn) = recorded.get("arn") else {
            return Ok(None);
        };
        describe(aws, arn, freshness)
            .await?
            .map(observe)
            .transpose()
    }

    /// `Named` takes a name or an ARN.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let name = match lookup {
            Lookup::Desired(desired, _) => &desired.name,
            Lookup::Named(name) => name,
            Lookup::Owned(tags) => return owned(aws, tags).await,
        };
        let found = describe(aws, name, Freshness::Fresh).await?;
        found.into_iter().map(observe).collect()
    }

    /// A secret of ours that somebody has scheduled for deletion is brought back: AWS keeps its
    /// name for up to 30 days.
    async fn create(&self, aws: &Aws, token: &str) -> Result<Created, AwsError> {
        let blocked = |error: &AwsError| error.is_code(BLOCKED);
        propagation::outlast(propagation::WRITE, blocked, || async {
            Wanted(self).create(aws, token).await
        })
        .await
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        forget(aws);
        let written = Wanted(self).write(aws, changed).await;
        forget(aws);
        written.map(|()| observed.outputs.clone())
    }

    /// At once and for good: its database is gone, so its password opens nothing.
    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some(arn) = recorded.get("arn") else {
            return Ok(());
        };
        let request = aws.secretsmanager().delete_secret().secret_id(arn);
        let request = request.force_delete_without_recovery(true);
        let deleted = aws.call(DELETE, request.send()).await;
        forget(aws);
        match deleted {
            Err(error) if error.is_code(GONE) => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// A desired secret on its way to AWS.
struct Wanted<'a>(&'a Secret);

impl Deref for Wanted<'_> {
    type Target = Secret;

    fn deref(&self) -> &Secret {
        self.0
    }
}

impl Wanted<'_> {
    async fn create(&self, aws: &Aws, token: &str) -> Result<Created, AwsError> {
        let request = aws
            .secretsmanager()
            .create_secret()
            .name(&self.name)
            .description(&self.description)
            .set_kms_key_id(self.kms_key_id.clone())
            .set_tags(Some(tags_to_sdk(&self.tags)))
            // The first value of a secret becomes its current one at once, so it is none yet.
            .secret_string("{}")
            .client_request_token(format!("{token:0>32}"));
        let created = aws.call(CREATE, request.send()).await;
        forget(aws);
        match created {
            Err(error) if error.is_code(BLOCKED) => self.bring_back(aws, error).await,
            answer => {
                let arn = answer?.arn.ok_or_else(|| CREATE.lacks("ARN"))?;
                Ok(Created {
                    outputs: outputs(&arn, &self.name),
                    complete: true,
                })
            }
        }
    }

    /// AWS keeps the name of a deleted secret: for days when it can be restored, else for seconds,
    /// in which case there is nothing to bring back and the refusal stands.
    async fn bring_back(&self, aws: &Aws, refused: AwsError) -> Result<Created, AwsError> {
        let name = &self.name;
        let found = aws.loaders.secrets.get(aws, name, Freshness::Fresh).await?;
        let Some(found) = found.filter(|secret| secret.deleted_date().is_some()) else {
            return Err(refused);
        };
        let observed = observe(found)?;
        let ours = OwnTags::read(&self.tags);
        if ours.is_none() || OwnTags::read(&observed.tags) != ours {
            return Err(AwsError::Broken {
                what: format!("secret {name}"),
                reason: format!(
                    "somebody else's secret of that name is scheduled for deletion, and AWS keeps the name until then; delete it for good with `aws secretsmanager delete-secret --force-delete-without-recovery --secret-id {name}`, or choose another name"
                ),
            });
        }
        let request = aws.secretsmanager().restore_secret().secret_id(name);
        aws.call(RESTORE, request.send()).await?;
        forget(aws);
        Ok(Created {
            outputs: observed.outputs,
            complete: false,
        })
    }

    async fn write(&self, aws: &Aws, changed: &[FieldDiff]) -> Result<(), AwsError> {
        let name = self.name.as_str();
        if touches(changed, &["description", "kms_key_id"]) {
            let request = aws.secretsmanager().update_secret().secret_id(name);
            let request = request
                .description(&self.description)
                .set_kms_key_id(self.kms_key_id.clone());
            aws.call(UPDATE, request.send()).await?;
        }
        let TagChanges { set, remove } = TagChanges::of(changed);
        if !set.is_empty() {
            let request = aws.secretsmanager().tag_resource().secret_id(name);
            let request = request.set_tags(Some(tags_to_sdk(&set)));
            aws.call(TAG, request.send()).await?;
        }
        if !remove.is_empty() {
            let request = aws.secretsmanager().untag_resource().secret_id(name);
            let request = request.set_tag_keys(Some(remove));
            aws.call(UNTAG, request.send()).await?;
        }
        Ok(())
    }
}

async fn owned(aws: &Aws, of: &OwnTags) -> Result<Vec<Observed<Secret>>, AwsError> {
    let filter = |name, value: &str| Filter::builder().key(name).values(value).build();
    let request = aws
        .secretsmanager()
        .list_secrets()
        .filters(filter(FilterNameStringType::TagKey, tag::ID))
        .filters(filter(FilterNameStringType::TagValue, &of.id))
        .max_results(100);
    let pages = aws.pages(LIST, request.into_paginator().send()).await?;
    let mut found = Vec::new();
    for entry in pages.iter().flat_map(ListSecretsOutput::secret_list) {
        if let Some(arn) = entry
            .arn()
            .filter(|_| same_resource(&tags(entry.tags()), of))
        {
            let secret = describe(aws, arn, Freshness::Fresh).await?;
            found.extend(secret.map(observe).transpose()?);
        }
    }
    Ok(found)
}
