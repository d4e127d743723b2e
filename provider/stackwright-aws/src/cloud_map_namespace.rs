//! Private DNS namespaces of Cloud Map.
//!
//! Cloud Map itself does not say which VPC a namespace is for: that stands in its hosted zone. It
//! never changes, so what was recorded is believed, and Route 53 is asked only for namespaces that
//! are looked for by name or tags.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_servicediscovery::types::{
    FilterCondition, Namespace, NamespaceFilter, NamespaceFilterName, NamespaceSummary,
    NamespaceType, OperationStatus, OperationTargetType, PrivateDnsNamespaceChange,
};
use stackwright_plan::OwnTags;
use stackwright_plan::component::CloudMapNamespace;
use stackwright_plan::diff::FieldDiff;
use tokio::time::Instant;

use crate::call::Op;
use crate::cloud_map::{self, PAUSE, UNDER_WAY};
use crate::ec2_tags::is_one;
use crate::loader::Source;
use crate::settle::{self, id};
use crate::tag_changes::{same_resource, touches};
use crate::{
    Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, User, Wait,
    cloud_map_service, tokens,
};

const GET: Op = Op::new("servicediscovery", "GetNamespace");
const LIST: Op = Op::new("servicediscovery", "ListNamespaces");
const CREATE: Op = Op::new("servicediscovery", "CreatePrivateDnsNamespace");
const UPDATE: Op = Op::new("servicediscovery", "UpdatePrivateDnsNamespace");
const DELETE: Op = Op::new("servicediscovery", "DeleteNamespace");
const ZONE: Op = Op::new("route53", "GetHostedZone");

const GONE: &[&str] = &["NamespaceNotFound"];
/// How long a create may go without naming the namespace that it makes.
const NAMELESS: Duration = Duration::from_mins(3);

/// Namespaces by id.
#[derive(Debug)]
pub(crate) struct Namespaces;

#[async_trait]
impl Source for Namespaces {
    type Key = String;
    type Item = Namespace;
    const BATCH: usize = 1;

    async fn keyed(aws: &Aws, ids: &[String]) -> Result<HashMap<String, Namespace>, AwsError> {
        let mut found = HashMap::new();
        for id in ids {
            let call = aws.servicediscovery().get_namespace().id(id);
            match aws.call(GET, call.send()).await {
                Ok(answer) => found.extend(answer.namespace.map(|it| (id.clone(), it))),
                Err(error) if error.is_code(GONE) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

/// Private namespaces, of one name or all.
async fn list(aws: &Aws, name: Option<&str>) -> Result<Vec<NamespaceSummary>, AwsError> {
    let kind = filter(
        NamespaceFilterName::Type,
        NamespaceType::DnsPrivate.as_str(),
    );
    let name = name.map(|name| filter(NamespaceFilterName::Name, name));
    let call = aws
        .servicediscovery()
        .list_namespaces()
        .set_filters(Some([kind].into_iter().chain(name).collect()));
    let pages = call.into_paginator().send();
    let pages = aws.pages(LIST, pages).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.namespaces.unwrap_or_default())
        .collect())
}

fn filter(name: NamespaceFilterName, value: &str) -> NamespaceFilter {
    let filter = NamespaceFilter::builder().name(name).values(value);
    let filter = filter.condition(FilterCondition::Eq).build();
    filter.expect("the required fields are set")
}

/// The VPCs of the namespace's hosted zone.
async fn vpcs(aws: &Aws, namespace: &Namespace) -> Result<Vec<String>, AwsError> {
    let zone = namespace
        .properties()
        .and_then(|it| it.dns_properties()?.hosted_zone_id());
    let Some(zone) = zone else {
        return Ok(Vec::new());
    };
    let call = aws.route53().get_hosted_zone().id(zone);
    match aws.call(ZONE, call.send()).await {
        Ok(answer) => Ok(answer
            .vpcs
            .unwrap_or_default()
            .into_iter()
            .filter_map(|vpc| vpc.vpc_id)
            .collect()),
        Err(error) if error.is_code(&["NoSuchHostedZone"]) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn outputs(id: &str, arn: &str, vpc_id: &str) -> Recorded {
    [("id", id), ("arn", arn), ("vpc_id", vpc_id)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

async fn observe(
    aws: &Aws,
    namespace: &Namespace,
    vpc_id: &str,
    freshness: Freshness,
) -> Result<Option<Observed<CloudMapNamespace>>, AwsError> {
    let (id, arn) = (namespace.id(), namespace.arn());
    let id = id.ok_or_else(|| GET.lacks("Id"))?;
    let arn = arn.ok_or_else(|| GET.lacks("Arn"))?;
    // Without tags it went away between the two calls.
    let Some(tags) = cloud_map::tags(aws, arn, freshness).await? else {
        return Ok(None);
    };
    let component = CloudMapNamespace {
        name: namespace.name().unwrap_or_default().to_owned(),
        vpc_id: vpc_id.into(),
        description: namespace.description().unwrap_or_default().to_owned(),
        tags: tags.clone(),
    };
    Ok(Some(Observed {
        component,
        outputs: outputs(id, arn, vpc_id),
        tags,
    }))
}

/// A namespace with the VPC that its hosted zone names; `hint` when it names none, or several.
async fn located(
    aws: &Aws,
    id: &str,
    hint: &str,
) -> Result<Option<Observed<CloudMapNamespace>>, AwsError> {
    let found = &aws.loaders.cloud_map_namespaces;
    let found = settle::get(aws, found, id, Freshness::Fresh).await?;
    let Some(namespace) = found.filter(is_private) else {
        return Ok(None);
    };
    let vpcs = vpcs(aws, &namespace).await?;
    let vpc_id = match vpcs.first() {
        Some(first) if !vpcs.iter().any(|vpc| vpc == hint) => first,
        _ => hint,
    };
    observe(aws, &namespace, vpc_id, Freshness::Fresh).await
}

fn is_private(namespace: &Namespace) -> bool {
    namespace.r#type() == Some(&NamespaceType::DnsPrivate)
}

async fn all(
    aws: &Aws,
    name: Option<&str>,
    hint: &str,
) -> Result<Vec<Observed<CloudMapNamespace>>, AwsError> {
    let listed = list(aws, name).await?;
    let ids = listed.iter().filter_map(NamespaceSummary::id);
    let reads = ids.map(|id| located(aws, id, hint));
    let found = futures_util::future::try_join_all(reads).await?;
    Ok(found.into_iter().flatten().collect())
}

/// The namespace of this component, or one that holds its domain in its VPC.
async fn in_the_way(
    aws: &Aws,
    desired: &CloudMapNamespace,
    tags: &OwnTags,
) -> Result<Vec<Observed<CloudMapNamespace>>, AwsError> {
    let vpc = desired.vpc_id.get();
    let mut found = all(aws, Some(&desired.name), vpc).await?;
    found.retain(|it| it.component.name == desired.name);
    found.retain(|it| is_one(&it.tags, tags) || it.component.vpc_id.get() == vpc);
    found.sort_by_key(|it| !is_one(&it.tags, tags));
    Ok(found)
}

#[async_trait]
impl Adapter for CloudMapNamespace {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(None);
        };
        let found = settle::get(aws, &aws.loaders.cloud_map_namespaces, id, freshness).await?;
        let vpc_id = recorded.get("vpc_id").map_or("", String::as_str);
        match found {
            Some(namespace) => observe(aws, &namespace, vpc_id, freshness).await,
            None => Ok(None),
        }
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        match lookup {
            Lookup::Desired(desired, tags) => in_the_way(aws, desired, tags).await,
            Lookup::Named(name) => {
                let id = name.rsplit('/').next().unwrap_or(name);
                Ok(located(aws, id, "").await?.into_iter().collect())
            }
            Lookup::Owned(tags) => {
                let mut found = all(aws, None, "").await?;
                found.retain(|it| same_resource(&it.tags, tags));
                Ok(found)
            }
        }
    }

    async fn create(&self, aws: &Aws, token: &str) -> Result<Created, AwsError> {
        let what = || format!("namespace {}", self.name);
        let attempt = |token: String| async move { begin(self, aws, &token).await };
        let outputs = tokens::past_used(token, what, attempt).await?;
        Ok(Created {
            outputs,
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let id = id(&observed.outputs).ok_or_else(|| GET.lacks("Id"))?;
        aws.loaders.cloud_map_namespaces.forget(&id.to_owned());
        let written = write(self, aws, id, &observed.outputs, changed).await;
        aws.loaders.cloud_map_namespaces.forget(&id.to_owned());
        written.map(|()| observed.outputs.clone())
    }

    /// Waits until the names in it are gone, and then until it is gone itself.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let attempt = || async {
            let call = aws.servicediscovery().delete_namespace().id(id);
            let answer = aws.call(DELETE, call.send()).await?;
            let what = format!("the deletion of namespace {id}");
            match answer.operation_id() {
                Some(operation) => cloud_map::succeeded(aws, operation, &what, wait).await,
                None => Ok(()),
            }
        };
        let deleted = settle::delete(aws, id, GONE, wait, attempt).await;
        aws.loaders.cloud_map_namespaces.forget(&id.to_owned());
        match deleted {
            Err(error) if error.is_code(UNDER_WAY) => gone(aws, id, wait).await,
            outcome => outcome,
        }
    }

    async fn users(aws: &Aws, recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        match recorded.get("id") {
            Some(id) => cloud_map_service::in_namespace(aws, id).await,
            None => Ok(Vec::new()),
        }
    }

    async fn settle(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let what = format!("namespace {}", self.name);
        cloud_map::settled(aws, recorded, &what, wait).await?;
        // Until then it may have been invisible.
        if let Some(id) = id(recorded) {
            aws.loaders.cloud_map_namespaces.forget(&id.to_owned());
        }
        Ok(())
    }
}

/// Begins the creation; `None` when the namespace that the token stands for is gone again.
async fn begin(
    desired: &CloudMapNamespace,
    aws: &Aws,
    token: &str,
) -> Result<Option<Recorded>, AwsError> {
    let vpc = desired.vpc_id.get();
    let operation = submit(desired, aws, token).await?;
    let (id, done) = named(aws, desired, &operation).await?;
    let arn = format!(
        "arn:{}:servicediscovery:{}:{}:namespace/{id}",
        aws.partition, aws.region, aws.account_id
    );
    if done {
        let known = &aws.loaders.cloud_map_namespaces;
        if known.get(aws, &id, Freshness::Fresh).await?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(cloud_map::pending(outputs(&id, &arn, vpc), operation)))
}

async fn submit(desired: &CloudMapNamespace, aws: &Aws, token: &str) -> Result<String, AwsError> {
    let vpc = desired.vpc_id.get();
    let deadline = Instant::now() + NAMELESS;
    loop {
        let call = aws
            .servicediscovery()
            .create_private_dns_namespace()
            .creator_request_id(token)
            .name(&desired.name)
            .vpc(vpc)
            .description(&desired.description)
            .set_tags(Some(cloud_map::tag_list(&desired.tags)));
        match aws.call(CREATE, call.send()).await {
            // A run that was killed began it: its end is awaited, then AWS answers with its operation.
            Err(error) if error.is_code(UNDER_WAY) && Instant::now() < deadline => {
                tokio::time::sleep(PAUSE).await;
            }
            answer => {
                return answer?
                    .operation_id
                    .ok_or_else(|| CREATE.lacks("OperationId"));
            }
        }
    }
}

/// The namespace that an operation makes, and whether it is done.
async fn named(
    aws: &Aws,
    desired: &CloudMapNamespace,
    operation: &str,
) -> Result<(String, bool), AwsError> {
    let what = format!("namespace {}", desired.name);
    let deadline = Instant::now() + NAMELESS;
    loop {
        let now = cloud_map::operation(aws, operation, &what).await?;
        let target = now
            .targets()
            .and_then(|targets| targets.get(&OperationTargetType::Namespace));
        if let Some(id) = target {
            let done = now.status() == Some(&OperationStatus::Success);
            return Ok((id.clone(), done));
        }
        if Instant::now() > deadline {
            return Err(AwsError::Timeout { what });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn write(
    desired: &CloudMapNamespace,
    aws: &Aws,
    id: &str,
    outputs: &Recorded,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    if touches(changed, &["description"]) {
        let change = PrivateDnsNamespaceChange::builder().description(&desired.description);
        let call = aws
            .servicediscovery()
            .update_private_dns_namespace()
            .id(id)
            .namespace(change.build());
        let answer = aws.call(UPDATE, call.send()).await?;
        let what = format!("the change of namespace {}", desired.name);
        if let Some(operation) = answer.operation_id() {
            cloud_map::soon(aws, operation, &what).await?;
        }
    }
    let arn = outputs.get("arn").ok_or_else(|| GET.lacks("Arn"))?;
    cloud_map::retag(aws, arn, changed).await
}

/// Somebody else's delete is under way.
async fn gone(aws: &Aws, id: &str, wait: &Wait) -> Result<(), AwsError> {
    let what = format!("the deletion of namespace {id}");
    settle::until(&what, PAUSE, wait, || async {
        let loader = &aws.loaders.cloud_map_namespaces;
        let found = loader.get(aws, &id.to_owned(), Freshness::Fresh).await?;
        Ok(found.is_none().then_some(()))
    })
    .await
}
