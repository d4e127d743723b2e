//! Egress-only internet gateway: IPv6 out of a VPC. AWS makes and attaches it in one call.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, AttachmentStatus, Filter, ResourceType};
use stackwright_plan::component::EgressOnlyInternetGateway;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, FILTER_VALUES};
use crate::loader::Source;
use crate::settle::{self, id, outputs};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait, tokens};

const DESCRIBE: Op = Op::new("ec2", "DescribeEgressOnlyInternetGateways");
const CREATE: Op = Op::new("ec2", "CreateEgressOnlyInternetGateway");
const DELETE: Op = Op::new("ec2", "DeleteEgressOnlyInternetGateway");

const GONE: &[&str] = &[
    "InvalidEgressOnlyInternetGatewayId.NotFound",
    "InvalidGatewayID.NotFound",
];

/// Egress-only internet gateways by id.
#[derive(Debug)]
pub(crate) struct EgressOnlyInternetGateways;

#[async_trait]
impl Source for EgressOnlyInternetGateways {
    type Key = String;
    type Item = types::EgressOnlyInternetGateway;
    const BATCH: usize = FILTER_VALUES;
    const LISTS: bool = true;

    /// AWS has no filter for ids. One that is gone may fail the call for all of them.
    async fn keyed(
        aws: &Aws,
        ids: &[String],
    ) -> Result<HashMap<String, types::EgressOnlyInternetGateway>, AwsError> {
        match describe_ids(aws, ids).await {
            Err(error) if error.is_code(GONE) && ids.len() > 1 => one_by_one(aws, ids).await,
            Err(error) if error.is_code(GONE) => Ok(HashMap::new()),
            other => other.map(by_id),
        }
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, types::EgressOnlyInternetGateway>>, AwsError> {
        Ok(Some(by_id(describe(aws, ec2_tags::ours()).await?)))
    }
}

async fn describe_ids(
    aws: &Aws,
    ids: &[String],
) -> Result<Vec<types::EgressOnlyInternetGateway>, AwsError> {
    let call = aws
        .ec2()
        .describe_egress_only_internet_gateways()
        .set_egress_only_internet_gateway_ids(Some(ids.to_vec()));
    let answer = aws.call(DESCRIBE, call.send()).await?;
    Ok(answer.egress_only_internet_gateways.unwrap_or_default())
}

async fn one_by_one(
    aws: &Aws,
    ids: &[String],
) -> Result<HashMap<String, types::EgressOnlyInternetGateway>, AwsError> {
    let mut found = HashMap::new();
    for id in ids {
        match describe_ids(aws, std::slice::from_ref(id)).await {
            Err(error) if error.is_code(GONE) => {}
            other => found.extend(by_id(other?)),
        }
    }
    Ok(found)
}

fn by_id(
    gateways: Vec<types::EgressOnlyInternetGateway>,
) -> HashMap<String, types::EgressOnlyInternetGateway> {
    gateways
        .into_iter()
        .filter_map(|it| Some((it.egress_only_internet_gateway_id.clone()?, it)))
        .collect()
}

/// AWS answers at most 255 a page.
async fn describe(
    aws: &Aws,
    filters: Vec<Filter>,
) -> Result<Vec<types::EgressOnlyInternetGateway>, AwsError> {
    let pages = aws
        .ec2()
        .describe_egress_only_internet_gateways()
        .set_filters(Some(filters))
        .max_results(255);
    let pages = aws.pages(DESCRIBE, pages.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.egress_only_internet_gateways.unwrap_or_default())
        .collect())
}

/// The VPC that it is attached to; the empty text for none.
fn attached_to(gateway: &types::EgressOnlyInternetGateway) -> String {
    let leaving = [
        Some(AttachmentStatus::Detached),
        Some(AttachmentStatus::Detaching),
    ];
    let mut attachments = gateway.attachments().iter();
    let attachment = attachments.find(|it| !leaving.contains(&it.state));
    attachment
        .and_then(|it| it.vpc_id.clone())
        .unwrap_or_default()
}

fn observe(
    gateway: &types::EgressOnlyInternetGateway,
) -> Result<Observed<EgressOnlyInternetGateway>, AwsError> {
    let id = gateway
        .egress_only_internet_gateway_id()
        .ok_or_else(|| DESCRIBE.lacks("EgressOnlyInternetGatewayId"))?;
    let tags = ec2_tags::read(gateway.tags.as_deref());
    let component = EgressOnlyInternetGateway {
        vpc_id: attached_to(gateway).into(),
        tags: tags.clone(),
    };
    Ok(Observed {
        component,
        outputs: outputs(id),
        tags,
    })
}

#[async_trait]
impl Adapter for EgressOnlyInternetGateway {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(None);
        };
        let loader = &aws.loaders.egress_only_internet_gateways;
        let found = settle::get(aws, loader, id, freshness).await?;
        found.as_ref().map(observe).transpose()
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let found = match lookup {
            Lookup::Desired(_, tags) => describe(aws, ec2_tags::one(tags)).await?,
            Lookup::Named(id) => one_by_one(aws, &[id.to_owned()])
                .await?
                .into_values()
                .collect(),
            Lookup::Owned(tags) => describe(aws, ec2_tags::all(tags)).await?,
        };
        found.iter().map(observe).collect()
    }

    async fn create(&self, aws: &Aws, token: &str) -> Result<Created, AwsError> {
        let what = || format!("egress-only internet gateway of {}", self.vpc_id.get());
        let attempt = |token: String| async move {
            let id = create(aws, self, &token).await?;
            aws.newborns.note(&id);
            let loader = &aws.loaders.egress_only_internet_gateways;
            let found = settle::get(aws, loader, &id, Freshness::Fresh).await?;
            Ok(found.map(|_| id))
        };
        let id = tokens::past_used(token, what, attempt).await?;
        Ok(Created {
            outputs: outputs(&id),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let Some(id) = id(&observed.outputs) else {
            return Err(DESCRIBE.lacks("EgressOnlyInternetGatewayId"));
        };
        forget(aws, id);
        let written = ec2_tags::write(aws, id, changed).await;
        forget(aws, id);
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let attempt = || {
            let call = aws.ec2().delete_egress_only_internet_gateway();
            let call = call.egress_only_internet_gateway_id(id);
            aws.call(DELETE, call.send())
        };
        let deleted = settle::delete(aws, id, GONE, wait, attempt).await;
        forget(aws, id);
        deleted
    }
}

fn forget(aws: &Aws, id: &str) {
    aws.loaders
        .egress_only_internet_gateways
        .forget(&id.to_owned());
}
async fn create(
    aws: &Aws,
    gateway: &EgressOnlyInternetGateway,
    token: &str,
) -> Result<String, AwsError> {
    let vpc = gateway.vpc_id.get();
    let answer = settle::once_known(aws, &[vpc], || {
        let kind = ResourceType::EgressOnlyInternetGateway;
        let call = aws
            .ec2()
            .create_egress_only_internet_gateway()
            .client_token(token)
            .vpc_id(vpc)
            .tag_specifications(ec2_tags::specification(kind, &gateway.tags));
        aws.call(CREATE, call.send())
    });
    let made = answer.await?.egress_only_internet_gateway;
    let id = made.and_then(|made| made.egress_only_internet_gateway_id);
    id.ok_or_else(|| CREATE.lacks("EgressOnlyInternetGatewayId"))
}
