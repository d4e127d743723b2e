//! Internet gateway, made and attached as one.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, AttachmentStatus, Filter, ResourceType};
use stackwright_plan::component::InternetGateway;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, FILTER_VALUES, filter};
use crate::loader::Source;
use crate::settle::{self, id, outputs};
use crate::tag_changes::touches;
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const DESCRIBE: Op = Op::new("ec2", "DescribeInternetGateways");
const CREATE: Op = Op::new("ec2", "CreateInternetGateway");
const ATTACH: Op = Op::new("ec2", "AttachInternetGateway");
const DETACH: Op = Op::new("ec2", "DetachInternetGateway");
const DELETE: Op = Op::new("ec2", "DeleteInternetGateway");

const GONE: &[&str] = &["InvalidInternetGatewayID.NotFound"];
/// Nothing is attached, or no more.
const DETACHED: &[&str] = &[
    "Gateway.NotAttached",
    "InvalidInternetGatewayID.NotFound",
    "InvalidVpcID.NotFound",
];

/// Internet gateways by id.
#[derive(Debug)]
pub(crate) struct InternetGateways;

#[async_trait]
impl Source for InternetGateways {
    type Key = String;
    type Item = types::InternetGateway;
    const BATCH: usize = FILTER_VALUES;
    const LISTS: bool = true;

    async fn keyed(
        aws: &Aws,
        ids: &[String],
    ) -> Result<HashMap<String, types::InternetGateway>, AwsError> {
        Ok(by_id(
            describe(aws, vec![filter("internet-gateway-id", ids)]).await?,
        ))
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, types::InternetGateway>>, AwsError> {
        Ok(Some(by_id(describe(aws, ec2_tags::ours()).await?)))
    }
}

fn by_id(gateways: Vec<types::InternetGateway>) -> HashMap<String, types::InternetGateway> {
    gateways
        .into_iter()
        .filter_map(|it| Some((it.internet_gateway_id.clone()?, it)))
        .collect()
}

async fn describe(
    aws: &Aws,
    filters: Vec<Filter>,
) -> Result<Vec<types::InternetGateway>, AwsError> {
    let pages = aws
        .ec2()
        .describe_internet_gateways()
        .set_filters(Some(filters))
        .max_results(1_000);
    let pages = aws.pages(DESCRIBE, pages.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.internet_gateways.unwrap_or_default())
        .collect())
}

/// The VPC that it is attached to; the empty text for none.
fn attached_to(gateway: &types::InternetGateway) -> String {
    let leaving = [
        Some(AttachmentStatus::Detached),
        Some(AttachmentStatus::Detaching),
    ];
    let attachment = gateway
        .attachments()
        .iter()
        .find(|it| !leaving.contains(&it.state));
    attachment
        .and_then(|it| it.vpc_id.clone())
        .unwrap_or_default()
}

fn observe(gateway: &types::InternetGateway) -> Result<Observed<InternetGateway>, AwsError> {
    let id = gateway
        .internet_gateway_id()
        .ok_or_else(|| DESCRIBE.lacks("InternetGatewayId"))?;
    let tags = ec2_tags::read(gateway.tags.as_deref());
    let component = InternetGateway {
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
impl Adapter for InternetGateway {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(None);
        };
        let found = settle::get(aws, &aws.loaders.internet_gateways, id, freshness).await?;
        found.as_ref().map(observe).transpose()
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let filters = match lookup {
            Lookup::Desired(_, tags) => ec2_tags::one(tags),
            Lookup::Named(id) => vec![filter("internet-gateway-id", [id])],
            Lookup::Owned(tags) => ec2_tags::all(tags),
        };
        describe(aws, filters).await?.iter().map(observe).collect()
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let tags = ec2_tags::specification(ResourceType::InternetGateway, &self.tags);
        let call = aws.ec2().create_internet_gateway().tag_specifications(tags);
        let answer = aws.call(CREATE, call.send()).await?;
        let id = answer
            .internet_gateway
            .and_then(|gateway| gateway.internet_gateway_id);
        let id = id.ok_or_else(|| CREATE.lacks("InternetGatewayId"))?;
        aws.newborns.note(&id);
        Ok(Created {
            outputs: outputs(&id),
            complete: false,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let Some(id) = id(&observed.outputs) else {
            return Err(DESCRIBE.lacks("InternetGatewayId"));
        };
        aws.loaders.internet_gateways.forget(&id.to_owned());
        let written = async {
            if touches(changed, &["vpc_id"]) {
                attach(aws, id, observed.component.vpc_id.get(), self.vpc_id.get()).await?;
            }
            ec2_tags::write(aws, id, changed).await
        }
        .await;
        aws.loaders.internet_gateways.forget(&id.to_owned());
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let found = describe(aws, vec![filter("internet-gateway-id", [id])]).await?;
        let Some(vpc) = found.first().map(attached_to) else {
            return Ok(());
        };
        if !vpc.is_empty() {
            // AWS refuses while public addresses of the VPC are in use.
            let attempt = || {
                let call = aws
                    .ec2()
                    .detach_internet_gateway()
                    .internet_gateway_id(id)
                    .vpc_id(&vpc);
                aws.call(DETACH, call.send())
            };
            settle::delete(aws, id, DETACHED, wait, attempt).await?;
        }
        let attempt = || {
            let call = aws.ec2().delete_internet_gateway().internet_gateway_id(id);
            aws.call(DELETE, call.send())
        };
        let deleted = settle::delete(aws, id, GONE, wait, attempt).await;
        aws.loaders.internet_gateways.forget(&id.to_owned());
        deleted
    }
}

/// A gateway is attached to one VPC at a time.
async fn attach(aws: &Aws, id: &str, from: &str, to: &str) -> Result<(), AwsError> {
    if !from.is_empty() {
        let call = aws
            .ec2()
            .detach_internet_gateway()
            .internet_gateway_id(id)
            .vpc_id(from);
        match aws.call(DETACH, call.send()).await {
            Err(error) if !error.is_code(DETACHED) => return Err(error),
            _ => {}
        }
    }
    settle::once_known(aws, &[id, to], || {
        let call = aws
            .ec2()
            .attach_internet_gateway()
            .internet_gateway_id(id)
            .vpc_id(to);
        aws.call(ATTACH, call.send())
    })
    .await
    .map(drop)
}
