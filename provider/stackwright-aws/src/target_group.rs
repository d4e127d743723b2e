//! Target groups of application load balancers.
//!
//! Their attributes come one target group at a time, so under [`Refresh::Fast`] a cached read leaves
//! them out: the answer then has none at all, which never happens to a target group.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::operation::create_target_group::builders::CreateTargetGroupFluentBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum, TargetGroup as Sdk, TargetGroupAttribute, TargetTypeEnum,
};
use stackwright_plan::OwnTags;
use stackwright_plan::component::TargetGroup;
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::elbv2::{self, ARNS, GONE};
use crate::loader::Source;
use crate::tag_changes::{same_resource, touches};
use crate::{Aws, AwsError, Refresh, settle};

const CREATE: Op = Op::new("elasticloadbalancing", "CreateTargetGroup");
const DESCRIBE: Op = Op::new("elasticloadbalancing", "DescribeTargetGroups");
const ATTRIBUTES: Op = Op::new("elasticloadbalancing", "DescribeTargetGroupAttributes");
const MODIFY: Op = Op::new("elasticloadbalancing", "ModifyTargetGroup");
const MODIFY_ATTRIBUTES: Op = Op::new("elasticloadbalancing", "ModifyTargetGroupAttributes");
const DELETE: Op = Op::new("elasticloadbalancing", "DeleteTargetGroup");

/// What `ModifyTargetGroup` writes.
const HEALTH: &[&str] = &[
    "health_check_enabled",
    "health_check_protocol",
    "health_check_port",
    "health_check_path",
    "health_check_interval_seconds",
    "health_check_timeout_seconds",
    "healthy_threshold_count",
    "unhealthy_threshold_count",
    "matcher",
];

#[async_trait]
impl Adapter for TargetGroup {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(arn) = recorded.get("arn") else {
            return Ok(None);
        };
        let found = settle::get(aws, &aws.loaders.target_groups, arn, freshness).await?;
        match found {
            Some(group) => whole(aws, &group, freshness).await,
            None => Ok(None),
        }
    }

    /// `Named` takes a name or an ARN.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let groups = match lookup {
            Lookup::Desired(desired, _) => named(aws, &desired.name).await?,
            Lookup::Named(arn) if arn.starts_with("arn:") => {
                let groups = &aws.loaders.target_groups;
                let found = groups.get(aws, &arn.to_owned(), Freshness::Fresh).await?;
                found.into_iter().collect()
            }
            Lookup::Named(name) => named(aws, name).await?,
            Lookup::Owned(tags) => return owned(aws, tags).await,
        };
        all_of(aws, &groups).await
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let request = creation(self, aws);
        let answer = aws.call(CREATE, request.send()).await?;
        let group = answer.target_groups().first();
        let arn = group
            .and_then(Sdk::target_group_arn)
            .ok_or(CREATE.lacks("TargetGroupArn"))?;
        forget(aws, arn);
        aws.newborns.note(arn);
        // The attributes take a call of their own.
        Ok(Created {
            outputs: outputs(arn, &self.name),
            complete: false,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let arn = observed
            .outputs
            .get("arn")
            .ok_or(DESCRIBE.lacks("TargetGroupArn"))?;
        forget(aws, arn);
        let written = write(self, aws, arn, changed).await;
        forget(aws, arn);
        written.map(|()| observed.outputs.clone())
    }

    /// A rule or listener that was deleted a moment ago may still count as a user.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(arn) = recorded.get("arn") else {
            return Ok(());
        };
        forget(aws, arn);
        let deleted = settle::delete(aws, arn, GONE, wait, || {
            let request = aws.elbv2().delete_target_group().target_group_arn(arn);
            aws.call(DELETE, request.send())
        });
        let deleted = deleted.await;
        forget(aws, arn);
        deleted
    }
}

fn forget(aws: &Aws, arn: &str) {
    let key = arn.to_owned();
    aws.loaders.target_groups.forget(&key);
    aws.loaders.target_group_attributes.forget(&key);
    aws.loaders.elb_tags.forget(&key);
}

/// Target groups by ARN.
#[derive(Debug)]
pub(crate) struct TargetGroups;

#[async_trait]
impl Source for TargetGroups {
    type Key = String;
    type Item = Sdk;
    const BATCH: usize = ARNS;
    const LISTS: bool = true;
    const LIST_AFTER: usize = 10;

    async fn keyed(aws: &Aws, keys: &[String]) -> Result<HashMap<String, Sdk>, AwsError> {
        elbv2::whole_or_each(keys, |arns| by_arns(aws, arns)).await
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, Sdk>>, AwsError> {
        all(aws).await.map(by_arn).map(Some)
    }
}

fn by_arn(groups: Vec<Sdk>) -> HashMap<String, Sdk> {
    let keyed = |group: Sdk| Some((group.target_group_arn.clone()?, group));
    groups.into_iter().filter_map(keyed).collect()
}

async fn by_arns(aws: &Aws, arns: Vec<String>) -> Result<HashMap<String, Sdk>, AwsError> {
    let request = aws.elbv2().describe_target_groups();
    let request = request.set_target_group_arns(Some(arns));
    let pages = aws.pages(DESCRIBE, request.into_paginator().send()).await?;
    Ok(by_arn(
        pages
            .into_iter()
            .flat_map(|page| page.target_groups.unwrap_or_default())
            .collect(),
    ))
}

/// Whether a listener or a rule leads to it.
pub(crate) async fn is_used(aws: &Aws, arn: &str) -> Result<bool, AwsError> {
    let groups = &aws.loaders.target_groups;
    let found = groups.get(aws, &arn.to_owned(), Freshness::Fresh).await?;
    Ok(found.is_some_and(|group| !group.load_balancer_arns().is_empty()))
}

async fn all(aws: &Aws) -> Result<Vec<Sdk>, AwsError> {
    let stream = aws.elbv2().describe_target_groups().page_size(400);
    let pages = aws.pages(DESCRIBE, stream.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.target_groups.unwrap_or_default())
        .collect())
}

async fn named(aws: &Aws, name: &str) -> Result<Vec<Sdk>, AwsError> {
    let request = aws.elbv2().describe_target_groups().names(name);
    match aws.call(DESCRIBE, request.send()).await {
        Err(error) if error.is_code(GONE) => Ok(Vec::new()),
        answer => Ok(answer?.target_groups.unwrap_or_default()),
    }
}

/// Every target group of a resource.
pub(crate) async fn owned(aws: &Aws, of: &OwnTags) -> Result<Vec<Observed<TargetGroup>>, AwsError> {
    let groups = all(aws).await?;
    let arns = groups.iter().filter_map(Sdk::target_group_arn);
    let tags =
        futures_util::future::try_join_all(arns.map(|arn| elbv2::tags(aws, arn, Freshness::Fresh)));
    let tags = tags.await?;
    let ours: Vec<Sdk> = groups
        .into_iter()
        .zip(tags)
        .filter(|(_, tags)| same_resource(tags, of))
        .map(|(group, _)| group)
        .collect();
    all_of(aws, &ours).await
}

async fn all_of(aws: &Aws, groups: &[Sdk]) -> Result<Vec<Observed<TargetGroup>>, AwsError> {
    let reads = groups
        .iter()
        .map(|group| whole(aws, group, Freshness::Fresh));
    let found = futures_util::future::try_join_all(reads).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Attributes by ARN; AWS answers them only one by one.
#[derive(Debug)]
pub(crate) struct TargetGroupAttributes;

#[async_trait]
impl Source for TargetGroupAttributes {
    type Key = String;
    type Item = BTreeMap<String, String>;
    const BATCH: usize = 1;

    async fn keyed(
        aws: &Aws,
        keys: &[String],
    ) -> Result<HashMap<String, BTreeMap<String, String>>, AwsError> {
        let mut found = HashMap::new();
        for arn in keys {
            let request = aws.elbv2().describe_target_group_attributes();
            let request = request.target_group_arn(arn).send();
            match aws.call(ATTRIBUTES, request).await {
                Err(error) if error.is_code(GONE) => {}
                answer => drop(found.insert(arn.clone(), owned_attributes(answer?.attributes()))),
            }
        }
        Ok(found)
    }
}

fn owned_attributes(attributes: &[TargetGroupAttribute]) -> BTreeMap<String, String> {
    let owned = |attribute: &TargetGroupAttribute| {
        let key = attribute.key.clone()?;
        let ours = TargetGroup::ATTRIBUTES.contains(&key.as_str());
        ours.then(|| (key, attribute.value.clone().unwrap_or_default()))
    };
    attributes.iter().filter_map(owned).collect()
}

/// With tags and attributes; `None` when it went away meanwhile.
async fn whole(
    aws: &Aws,
    group: &Sdk,
    freshness: Freshness,
) -> Result<Option<Observed<TargetGroup>>, AwsError> {
    let arn = group
        .target_group_arn()
        .ok_or(DESCRIBE.lacks("TargetGroupArn"))?;
    let skip = aws.refresh == Refresh::Fast && freshness == Freshness::Cached;
    let attributes = async {
        if skip {
            return Ok(Some(BTreeMap::new()));
        }
        let attributes = &aws.loaders.target_group_attributes;
        attributes.get(aws, &arn.to_owned(), freshness).await
    };
    let (tags, attributes) =
        futures_util::future::try_join(elbv2::tags(aws, arn, freshness), attributes).await?;
    Ok(attributes.map(|attributes| observe(arn, group, tags, attributes)))
}

fn observe(
    arn: &str,
    group: &Sdk,
    tags: BTreeMap<String, String>,
    attributes: BTreeMap<String, String>,
) -> Observed<TargetGroup> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let name = text(group.target_group_name());
    let component = TargetGroup {
        name: name.clone(),
        port: group.port().unwrap_or_default(),
        protocol: text(group.protocol().map(ProtocolEnum::as_str)),
        vpc_id: group.vpc_id().unwrap_or_default().into(),
        target_type: text(group.target_type().map(TargetTypeEnum::as_str)),
        health_check_enabled: group.health_check_enabled().unwrap_or(true),
        health_check_protocol: text(group.health_check_protocol().map(ProtocolEnum::as_str)),
        health_check_port: text(group.health_check_port()),
        health_check_path: text(group.health_check_path()),
        health_check_interval_seconds: group.health_check_interval_seconds().unwrap_or_default(),
        health_check_timeout_seconds: group.health_check_timeout_seconds().unwrap_or_default(),
        healthy_threshold_count: group.healthy_threshold_count().unwrap_or_default(),
        unhealthy_threshold_count: group.unhealthy_threshold_count().unwrap_or_default(),
        matcher: text(group.matcher().and_then(Matcher::http_code)),
        attributes,
        tags: tags.clone(),
    };
    Observed {
        component,
        outputs: outputs(arn, &name),
        tags,
    }
}

fn outputs(arn: &str, name: &str) -> Recorded {
    let suffix = arn.rsplit_once(':').map_or(arn, |(_, suffix)| suffix);
    [("arn", arn), ("name", name), ("arn_suffix", suffix)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn creation(desired: &TargetGroup, aws: &Aws) -> CreateTargetGroupFluentBuilder {
    aws.elbv2()
        .create_target_group()
        .name(&desired.name)
        .port(desired.port)
        .protocol(ProtocolEnum::from(desired.protocol.as_str()))
        .vpc_id(desired.vpc_id.get())
        .target_type(TargetTypeEnum::from(desired.target_type.as_str()))
        .health_check_enabled(desired.health_check_enabled)
        .health_check_protocol(ProtocolEnum::from(desired.health_check_protocol.as_str()))
        .health_check_port(&desired.health_check_port)
        .health_check_path(&desired.health_check_path)
        .health_check_interval_seconds(desired.health_check_interval_seconds)
        .health_check_timeout_seconds(desired.health_check_timeout_seconds)
        .healthy_threshold_count(desired.healthy_threshold_count)
        .unhealthy_threshold_count(desired.unhealthy_threshold_count)
        .matcher(Matcher::builder().http_code(&desired.matcher).build())
        .set_tags(Some(elbv2::sdk_tags(&desired.tags)))
}

async fn write(
    desired: &TargetGroup,
    aws: &Aws,
    arn: &str,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    if touches(changed, HEALTH) {
        modify(desired, aws, arn).await?;
    }
    let attributes = changed_attributes(changed);
    if !attributes.is_empty() {
        let request = aws.elbv2().modify_target_group_attributes();
        let request = request.target_group_arn(arn);
        let request = request.set_attributes(Some(attributes));
        aws.call(MODIFY_ATTRIBUTES, request.send()).await?;
    }
    elbv2::write_tags(aws, arn, changed).await
}

async fn modify(desired: &TargetGroup, aws: &Aws, arn: &str) -> Result<(), AwsError> {
    let request = aws
        .elbv2()
        .modify_target_group()
        .target_group_arn(arn)
        .health_check_enabled(desired.health_check_enabled)
        .health_check_protocol(ProtocolEnum::from(desired.health_check_protocol.as_str()))
        .health_check_port(&desired.health_check_port)
        .health_check_path(&desired.health_check_path)
        .health_check_interval_seconds(desired.health_check_interval_seconds)
        .health_check_timeout_seconds(desired.health_check_timeout_seconds)
        .healthy_threshold_count(desired.healthy_threshold_count)
        .unhealthy_threshold_count(desired.unhealthy_threshold_count)
        .matcher(Matcher::builder().http_code(&desired.matcher).build());
    aws.call(MODIFY, request.send()).await.map(drop)
}

/// Attribute keys have dots, so what follows the field's name is the whole key.
fn changed_attributes(changed: &[FieldDiff]) -> Vec<TargetGroupAttribute> {
    let attribute = |diff: &FieldDiff| {
        let key = diff.field.strip_prefix("attributes.")?;
        let value = diff.desired.as_ref()?.as_str()?;
        Some(
            TargetGroupAttribute::builder()
                .key(key)
                .value(value)
                .build(),
        )
    };
    changed.iter().filter_map(attribute).collect()
}
