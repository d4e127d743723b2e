//! Public NAT gateway. AWS takes a minute or two to make one and to delete one.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, NatGatewayState, ResourceType};
use stackwright_plan::component::NatGateway;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, FILTER_VALUES, filter};
use crate::loader::Source;
use crate::settle::{self, id, outputs};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait, tokens};

const DESCRIBE: Op = Op::new("ec2", "DescribeNatGateways");
const CREATE: Op = Op::new("ec2", "CreateNatGateway");
const DELETE: Op = Op::new("ec2", "DeleteNatGateway");

const GONE: &[&str] = &["NatGatewayNotFound", "InvalidNatGatewayID.NotFound"];
const PAUSE: Duration = Duration::from_secs(5);

/// NAT gateways by id, also those that do not work any more.
#[derive(Debug)]
pub(crate) struct NatGateways;

#[async_trait]
impl Source for NatGateways {
    type Key = String;
    type Item = types::NatGateway;
    const BATCH: usize = FILTER_VALUES;
    const LISTS: bool = true;

    async fn keyed(
        aws: &Aws,
        ids: &[String],
    ) -> Result<HashMap<String, types::NatGateway>, AwsError> {
        Ok(by_id(
            describe(aws, vec![filter("nat-gateway-id", ids)]).await?,
        ))
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, types::NatGateway>>, AwsError> {
        Ok(Some(by_id(describe(aws, ec2_tags::ours()).await?)))
    }
}

fn by_id(gateways: Vec<types::NatGateway>) -> HashMap<String, types::NatGateway> {
    gateways
        .into_iter()
        .filter_map(|it| Some((it.nat_gateway_id.clone()?, it)))
        .collect()
}

async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::NatGateway>, AwsError> {
    let pages = aws
        .ec2()
        .describe_nat_gateways()
        .set_filter(Some(filters))
        .max_results(1_000);
    let pages = aws.pages(DESCRIBE, pages.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.nat_gateways.unwrap_or_default())
        .collect())
}

async fn fresh(aws: &Aws, id: &str) -> Result<Option<types::NatGateway>, AwsError> {
    settle::get(aws, &aws.loaders.nat_gateways, id, Freshness::Fresh).await
}

/// AWS shows dead gateways for about an hour.
fn lives(gateway: &types::NatGateway) -> bool {
    !matches!(
        gateway.state,
        Some(NatGatewayState::Deleted | NatGatewayState::Deleting | NatGatewayState::Failed)
    )
}

fn observe(gateway: types::NatGateway) -> Result<Observed<NatGateway>, AwsError> {
    let id = gateway
        .nat_gateway_id
        .ok_or_else(|| DESCRIBE.lacks("NatGatewayId"))?;
    let tags = ec2_tags::read(gateway.tags.as_deref());
    let addresses = gateway.nat_gateway_addresses.unwrap_or_default();
    let primary = addresses
        .iter()
        .find(|it| it.is_primary == Some(true))
        .or(addresses.first());
    let component = NatGateway {
        subnet_id: gateway.subnet_id.unwrap_or_default().into(),
        allocation_id: primary
            .and_then(|it| it.allocation_id.clone())
            .unwrap_or_default()
            .into(),
        tags: tags.clone(),
    };
    Ok(Observed {
        component,
        outputs: outputs(&id),
        tags,
    })
}

#[async_trait]
impl Adapter for NatGateway {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(None);
        };
        let found = settle::get(aws, &aws.loaders.nat_gateways, id, freshness).await?;
        found.filter(lives).map(observe).transpose()
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let filters = match lookup {
            Lookup::Desired(_, tags) => ec2_tags::one(tags),
            Lookup::Named(id) => vec![filter("nat-gateway-id", [id])],
            Lookup::Owned(tags) => ec2_tags::all(tags),
        };
        describe(aws, filters)
            .await?
            .into_iter()
            .filter(lives)
            .map(observe)
            .collect()
    }

    async fn create(&self, aws: &Aws, token: &str) -> Result<Created, AwsError> {
        let what = || format!("NAT gateway in {}", self.subnet_id.get());
        let attempt = |token: String| async move {
            let id = create(aws, self, &token).await?;
            aws.newborns.note(&id);
            let found = fresh(aws, &id).await?;
            Ok(found.as_ref().is_none_or(lives).then_some(id))
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
            return Err(DESCRIBE.lacks("NatGatewayId"));
        };
        aws.loaders.nat_gateways.forget(&id.to_owned());
        let written = ec2_tags::write(aws, id, changed).await;
        aws.loaders.nat_gateways.forget(&id.to_owned());
        written.map(|()| observed.outputs.clone())
    }

    /// Until it is `deleted` its elastic IP and subnet are in use.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let attempt = || {
            let call = aws.ec2().delete_nat_gateway().nat_gateway_id(id);
            aws.call(DELETE, call.send())
        };
        let deleted = settle::delete(aws, id, GONE, wait, attempt).await;
        aws.loaders.nat_gateways.forget(&id.to_owned());
        deleted?;
        settle::until(
            &format!("the deletion of NAT gateway {id}"),
            PAUSE,
            wait,
            || async {
                let state = fresh(aws, id).await?.and_then(|gateway| gateway.state);
                Ok(matches!(state, None | Some(NatGatewayState::Deleted)).then_some(()))
            },
        )
        .await
    }

    async fn settle(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        settle::until(
            &format!("NAT gateway {id} to become available"),
            PAUSE,
            wait,
            || async {
                match fresh(aws, id).await? {
                    Some(gateway) if gateway.state == Some(NatGatewayState::Available) => {
                        Ok(Some(()))
                    }
                    Some(gateway) if gateway.state == Some(NatGatewayState::Pending) => Ok(None),
                    other => Err(broken(aws, id, other.as_ref())),
                }
            },
        )
        .await
    }
}

async fn create(aws: &Aws, gateway: &NatGateway, token: &str) -> Result<String, AwsError> {
    let (subnet, allocation) = (gateway.subnet_id.get(), gateway.allocation_id.get());
    let answer = settle::once_known(aws, &[subnet, allocation], || {
        let tags = ec2_tags::specification(ResourceType::Natgateway, &gateway.tags);
        let call = aws
            .ec2()
            .create_nat_gateway()
            .client_token(token)
            .tag_specifications(tags);
        let call = call.subnet_id(subnet).allocation_id(allocation);
        aws.call(CREATE, call.send())
    });
    let id = answer
        .await?
        .nat_gateway
        .and_then(|gateway| gateway.nat_gateway_id);
    id.ok_or_else(|| CREATE.lacks("NatGatewayId"))
}

fn broken(aws: &Aws, id: &str, gateway: Option<&types::NatGateway>) -> AwsError {
    let state = gateway
        .and_then(|it| it.state.as_ref())
        .map_or("gone", NatGatewayState::as_str);
    let said = gateway
        .and_then(|it| it.failure_message())
        .unwrap_or_default();
    let reason = match said {
        "" => format!("it is {state}"),
        said => format!("it is {state}: {}", aws.redactor.clean(said)),
    };
    AwsError::Broken {
        what: format!("NAT gateway {id}"),
        reason,
    }
}
