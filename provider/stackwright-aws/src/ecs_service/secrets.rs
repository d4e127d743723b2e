//! Whether the running tasks of a service have read the present values of their secrets.
//!
//! ECS injects secrets when it starts a task, so a value that changed after the primary deployment was
//! created has not reached every task. AWS does not report this: it is the comparison of two times.
//!
//! `DescribeSecret` answers when a secret was last changed in any way, also by a tag; its versions, which
//! say when the value changed, are asked for only when that was after the deployment.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use aws_sdk_ecs::types::Service as Sdk;
use aws_sdk_secretsmanager::operation::list_secret_version_ids::ListSecretVersionIdsOutput;
use aws_sdk_secretsmanager::types::SecretVersionsListEntry;
use stackwright_plan::component::ServiceSecrets;
use stackwright_plan::diff::FieldDiff;

use super::watch::Watch;
use super::{ServiceKey, begin_again, is_active, observe};
use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::deployment::Poll;
use crate::loader::Source;
use crate::settle::id;
use crate::tag_changes::touches;
use crate::{Aws, AwsError, parameter, secret};

const LIST_VERSIONS: Op = Op::new("secretsmanager", "ListSecretVersionIds");

/// The version that ECS reads unless the reference names another stage.
const CURRENT: &str = "AWSCURRENT";
/// The output that keeps the references: nothing in AWS but the task definition has them.
const REFERENCES: &str = "secrets";
/// Milliseconds by which the clocks of two AWS services may differ. It takes longer than that from the
/// creation of a deployment to the start of its first task, so nothing is missed.
const CLOCKS: i64 = 1000;

/// Variable to reference.
type References = BTreeMap<String, String>;

#[async_trait]
impl Adapter for ServiceSecrets {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(arn) = id(recorded) else {
            return Ok(None);
        };
        let references = recorded.get(REFERENCES);
        let references = references.and_then(|text| serde_json::from_str(text).ok());
        look(aws, arn, references.unwrap_or_default(), freshness).await
    }

    /// Every service has it.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let Lookup::Desired(desired, _) = lookup else {
            return Ok(Vec::new());
        };
        let references = desired.secrets.get().clone();
        let found = look(
            aws,
            desired.service_arn.get(),
            references,
            Freshness::Cached,
        );
        Ok(found.await?.into_iter().collect())
    }

    fn foretold(&self) -> Option<Recorded> {
        Some(outputs(self.service_arn.get(), self.secrets.get()))
    }

    /// There is nothing to create: tasks that start now read the present values.
    async fn create(&self, _aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        Ok(Created {
            outputs: outputs(self.service_arn.get(), self.secrets.get()),
            complete: true,
        })
    }

    /// New references bring a new revision of the task definition; new values need new tasks.
    async fn update(
        &self,
        aws: &Aws,
        _observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let arn = self.service_arn.get();
        if touches(changed, &["changed_since_deployment"])
            && active(aws, arn, Freshness::Fresh).await?.is_some()
        {
            begin_again(aws, arn).await?;
            aws.loaders.ecs_services.forget(&ServiceKey::of_arn(arn));
        }
        Ok(outputs(arn, self.secrets.get()))
    }

    async fn delete(_aws: &Aws, _recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        Ok(())
    }

    /// Waits for the deployment that `update` started.
    async fn settle(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let arn = id(recorded).unwrap_or_default();
        let Some(service) = active(aws, arn, Freshness::Cached).await? else {
            return Ok(());
        };
        let seen = observe(&service)?.component;
        let watch = Watch::new(&seen, aws, arn);
        if watch.is_done(&service) {
            return Ok(());
        }
        watch.until_settled(wait).await
    }
}

async fn active(aws: &Aws, arn: &str, freshness: Freshness) -> Result<Option<Sdk>, AwsError> {
    let key = ServiceKey::of_arn(arn);
    let found = aws.loaders.ecs_services.get(aws, &key, freshness).await?;
    Ok(found.filter(is_active))
}

async fn look(
    aws: &Aws,
    arn: &str,
    references: References,
    freshness: Freshness,
) -> Result<Option<Observed<ServiceSecrets>>, AwsError> {
    let Some(service) = active(aws, arn, freshness).await? else {
        return Ok(None);
    };
    let mut changed = BTreeSet::new();
    // Without a task there is nothing to restart.
    if let Some(since) = Poll::from(&service).started()
        && since.created > 0
        && service.desired_count() > 0
    {
        for (variable, reference) in &references {
            if is_newer(aws, reference, since.created, freshness).await? {
                changed.insert(name_of(variable).to_owned());
            }
        }
    }
    Ok(Some(Observed {
        outputs: outputs(arn, &references),
        component: ServiceSecrets {
            service_arn: arn.to_owned().into(),
            secrets: references.into(),
            changed_since_deployment: changed.into_iter().collect(),
        },
        tags: Recorded::new(),
    }))
}

/// The variable in `sidecar/proxy/TOKEN`.
fn name_of(variable: &str) -> &str {
    variable.rsplit('/').next().unwrap_or(variable)
}

fn outputs(arn: &str, references: &References) -> Recorded {
    let references = serde_json::json!(references).to_string();
    [("id", arn.to_owned()), (REFERENCES, references)]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

async fn is_newer(
    aws: &Aws,
    reference: &str,
    since: i64,
    freshness: Freshness,
) -> Result<bool, AwsError> {
    let changed = match Referred::parse(aws, reference) {
        None => None,
        Some(Referred::Parameter(name)) => {
            if_allowed(parameter::last_modified(aws, name, freshness).await)?
        }
        Some(Referred::Secret { arn, stage }) => {
            match if_allowed(secret::last_changed(aws, arn, freshness).await)? {
                Some(changed) if changed > since + CLOCKS => {
                    version_created(aws, arn, stage, freshness).await?
                }
                _ => None,
            }
        }
    };
    Ok(changed.is_some_and(|changed| changed > since + CLOCKS))
}

/// What a reference of a task definition names.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html>
#[derive(Debug, PartialEq, Eq)]
enum Referred<'a> {
    Parameter(&'a str),
    Secret { arn: &'a str, stage: &'a str },
}

impl<'a> Referred<'a> {
    /// `None` for what is in another account or region, and for one version of a secret: that is
    /// immutable.
    fn parse(aws: &Aws, reference: &'a str) -> Option<Self> {
        let place = format!(":{}:{}:", aws.region, aws.account_id);
        let (service, resource) = reference.split_once(&place)?;
        if service.ends_with(":ssm") {
            return resource.strip_prefix("parameter").map(Self::Parameter);
        }
        let mut parts = resource.split(':').skip(1);
        let (_name, _json_key) = (parts.next()?, parts.next());
        let (stage, version) = (parts.next(), parts.next());
        if version.is_some_and(|version| !version.is_empty()) {
            return None;
        }
        let end = resource.match_indices(':').nth(1).map(|(at, _)| at);
        let length = service.len() + place.len() + end.unwrap_or(resource.len());
        Some(Self::Secret {
            arn: &reference[..length],
            stage: stage.filter(|stage| !stage.is_empty()).unwrap_or(CURRENT),
        })
    }
}

/// When the version that carries a stage was created, by stage and ARN of the secret.
#[derive(Debug)]
pub(crate) struct SecretVersions;

#[async_trait]
impl Source for SecretVersions {
    type Key = String;
    type Item = HashMap<String, i64>;
    const BATCH: usize = 1;

    async fn keyed(
        aws: &Aws,
        keys: &[String],
    ) -> Result<HashMap<String, HashMap<String, i64>>, AwsError> {
        let mut found = HashMap::new();
        for arn in keys {
            let request = aws
                .secretsmanager()
                .list_secret_version_ids()
                .secret_id(arn);
            let pages = request.into_paginator().send();
            let pages = aws.pages(LIST_VERSIONS, pages).await?;
            let versions = pages.iter().flat_map(ListSecretVersionIdsOutput::versions);
            found.insert(arn.clone(), versions.flat_map(stages).collect());
        }
        Ok(found)
    }
}

fn stages(version: &SecretVersionsListEntry) -> Vec<(String, i64)> {
    let created = version.created_date().and_then(|it| it.to_millis().ok());
    let at = created.unwrap_or_default();
    let stages = version.version_stages().iter();
    stages.map(|stage| (stage.clone(), at)).collect()
}

async fn version_created(
    aws: &Aws,
    arn: &str,
    stage: &str,
    freshness: Freshness,
) -> Result<Option<i64>, AwsError> {
    let versions = &aws.loaders.secret_versions;
    let found = versions.get(aws, &arn.to_owned(), freshness).await;
    Ok(if_allowed(found)?.and_then(|found| found.get(stage).copied()))
}

/// A secret that our role may not look at is left out.
pub(crate) fn if_allowed<T>(answer: Result<Option<T>, AwsError>) -> Result<Option<T>, AwsError> {
    match answer {
        Err(AwsError::Denied { .. }) => Ok(None),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn references_name_secrets_stages_and_parameters() {
        let aws = Aws::offline();
        let at = |service: &str, rest: &str| {
            format!("arn:aws:{service}:{}:{}:{rest}", aws.region, aws.account_id)
        };
        let secret = at("secretsmanager", "secret:shop/key-AbCdEf");
        let parse = |suffix: &str| match Referred::parse(&aws, &format!("{secret}{suffix}")) {
            Some(Referred::Secret { arn, stage }) => Some((arn.to_owned(), stage.to_owned())),
            other => {
                assert_eq!(other, None);
                None
            }
        };
        let current = Some((secret.clone(), "AWSCURRENT".to_owned()));
        for suffix in ["", ":url::", ":url", "::AWSCURRENT:"] {
            assert_eq!(parse(suffix), current, "{suffix}");
        }
        assert_eq!(parse("::blue:").unwrap().1, "blue");
        assert_eq!(parse(":::a1b2"), None);
        let parameter = at("ssm", "parameter/shop/key");
        let expected = Some(Referred::Parameter("/shop/key"));
        assert_eq!(Referred::parse(&aws, &parameter), expected);
        let elsewhere = "arn:aws:secretsmanager:eu-west-1:999999999999:secret:x-AbCdEf";
        assert_eq!(Referred::parse(&aws, elsewhere), None);
    }
}
