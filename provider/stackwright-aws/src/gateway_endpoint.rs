//! Gateway VPC endpoint (S3, DynamoDB): it puts a route into the route tables that it is told.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, ResourceType, State, VpcEndpointType};
use stackwright_plan::In;
use stackwright_plan::component::GatewayEndpoint;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, FILTER_VALUES};
use crate::loader::Source;
use crate::settle::{self, id, outputs};
use crate::tag_changes::touches;
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const DESCRIBE: Op = Op::new("ec2", "DescribeVpcEndpoints");
const CREATE: Op = Op::new("ec2", "CreateVpcEndpoint");
const MODIFY: Op = Op::new("ec2", "ModifyVpcEndpoint");
const DELETE: Op = Op::new("ec2", "DeleteVpcEndpoints");

const GONE: &[&str] = &[
    "InvalidVpcEndpointId.NotFound",
    "InvalidVpcEndpoint.NotFound",
];
const PAUSE: Duration = Duration::from_secs(2);
/// Most endpoints that an idempotency token is tried past.
const TOKENS: u32 = 5;

/// VPC endpoints by id, also those that are going away.
#[derive(Debug)]
pub(crate) struct GatewayEndpoints;

#[async_trait]
impl Source for GatewayEndpoints {
    type Key = String;
    type Item = types::VpcEndpoint;
    const BATCH: usize = FILTER_VALUES;

    async fn keyed(
        aws: &Aws,
        ids: &[String],
    ) -> Result<HashMap<String, types::VpcEndpoint>, AwsError> {
        match describe_ids(aws, ids).await {
            Err(error) if error.is_code(GONE) && ids.len() > 1 => one_by_one(aws, ids).await,
            Err(error) if error.is_code(GONE) => Ok(HashMap::new()),
            other => other.map(by_id),
        }
    }

    async fn list(aws: &Aws) -> Result<Option<HashMap<String, types::VpcEndpoint>>, AwsError> {
        Ok(Some(by_id(describe(aws, ec2_tags::ours()).await?)))
    }
}

/// By id and not by the filter `vpc-endpoint-id`: emulators do not know it.
async fn describe_ids(aws: &Aws, ids: &[String]) -> Result<Vec<types::VpcEndpoint>, AwsError> {
    let call = aws
        .ec2()
        .describe_vpc_endpoints()
        .set_vpc_endpoint_ids(Some(ids.to_vec()));
    let answer = aws.call(DESCRIBE, &[], call.send()).await?;
    Ok(answer.vpc_endpoints.unwrap_or_default())
}

/// One id that is gone fails the call for all of them.
async fn one_by_one(
    aws: &Aws,
    ids: &[String],
) -> Result<HashMap<String, types::VpcEndpoint>, AwsError> {
    let mut found = HashMap::new();
    for id in ids {
        match describe_ids(aws, std::slice::from_ref(id)).await {
            Err(error) if error.is_code(GONE) => {}
            other => found.extend(by_id(other?)),
        }
    }
    Ok(found)
}

fn by_id(endpoints: Vec<types::VpcEndpoint>) -> HashMap<String, types::VpcEndpoint> {
    endpoints
        .into_iter()
        .filter_map(|it| Some((it.vpc_endpoint_id.clone()?, it)))
        .collect()
}

async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::VpcEndpoint>, AwsError> {
    let pages = aws
        .ec2()
        .describe_vpc_endpoints()
        .set_filters(Some(filters))
        .max_results(1_000);
    let pages = aws
        .pages(DESCRIBE, &[], pages.into_paginator().send())
        .await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.vpc_endpoints.unwrap_or_default())
        .collect())
}

async fn fresh(aws: &Aws, id: &str) -> Result<Option<types::VpcEndpoint>, AwsError> {
    settle::get(aws, &aws.loaders.gateway_endpoints, id, Freshness::Fresh).await
}

/// AWS spells states `Available` in its model and `available` on the wire.
fn lives(endpoint: &types::VpcEndpoint) -> bool {
    let dead = [
        State::Deleted,
        State::Deleting,
        State::Failed,
        State::Expired,
        State::Rejected,
    ];
    let state = endpoint.state().map(State::as_str).unwrap_or_default();
    !dead
        .iter()
        .any(|dead| dead.as_str().eq_ignore_ascii_case(state))
}

fn observe(endpoint: types::VpcEndpoint) -> Result<Observed<GatewayEndpoint>, AwsError> {
    let id = endpoint
        .vpc_endpoint_id
        .ok_or_else(|| DESCRIBE.lacks("VpcEndpointId"))?;
    let tags = ec2_tags::read(endpoint.tags.as_deref());
    let mut tables = endpoint.route_table_ids.unwrap_or_default();
    tables.sort();
    let component = GatewayEndpoint {
        vpc_id: endpoint.vpc_id.unwrap_or_default().into(),
        service_name: endpoint.service_name.unwrap_or_default(),
        route_table_ids: tables.into_iter().map(In::Known).collect(),
        tags: tags.clone(),
    };
    Ok(Observed {
        component,
        outputs: outputs(&id),
        tags,
    })
}

#[async_trait]
impl Adapter for GatewayEndpoint {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(None);
        };
        let found = settle::get(aws, &aws.loaders.gateway_endpoints, id, freshness).await?;
        found.filter(lives).map(observe).transpose()
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let found = match lookup {
            Lookup::Desired(_, tags) => describe(aws, ec2_tags::one(tags)).await?,
            Lookup::Named(id) => fresh(aws, id).await?.into_iter().collect(),
            Lookup::Owned(tags) => describe(aws, ec2_tags::all(tags)).await?,
        };
        let gateway =
            |it: &types::VpcEndpoint| it.vpc_endpoint_type == Some(VpcEndpointType::Gateway);
        found
            .into_iter()
            .filter(|it| gateway(it) && lives(it))
            .map(observe)
            .collect()
    }

    /// As for NAT gateways: a used token is answered with the endpoint of then.
    async fn create(&self, aws: &Aws, token: &str) -> Result<Created, AwsError> {
        for attempt in 0..TOKENS {
            let token = if attempt == 0 {
                token.to_owned()
            } else {
                format!("{token}-{attempt}")
            };
            let id = create(aws, self, &token).await?;
            aws.newborns.note(&id);
            if fresh(aws, &id).await?.as_ref().is_none_or(lives) {
                return Ok(Created {
                    outputs: outputs(&id),
                    complete: true,
                });
            }
        }
        Err(AwsError::Broken {
            what: format!("gateway endpoint to {}", self.service_name),
            reason: "AWS answers the creation with endpoints that were deleted".to_owned(),
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let Some(id) = id(&observed.outputs) else {
            return Err(DESCRIBE.lacks("VpcEndpointId"));
        };
        aws.loaders.gateway_endpoints.forget(&id.to_owned());
        let written = async {
            if touches(changed, &["route_table_ids"]) {
                connect(aws, id, tables(&observed.component), tables(self)).await?;
            }
            ec2_tags::write(aws, id, changed).await
        }
        .await;
        aws.loaders.gateway_endpoints.forget(&id.to_owned());
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        if fresh(aws, id).await?.is_none_or(|it| is_deleted(&it)) {
            return Ok(());
        }
        let deleted = settle::delete(aws, id, GONE, wait, || delete(aws, id)).await;
        aws.loaders.gateway_endpoints.forget(&id.to_owned());
        deleted?;
        settle::until(
            &format!("the deletion of VPC endpoint {id}"),
            PAUSE,
            wait,
            || async {
                Ok(fresh(aws, id)
                    .await?
                    .is_none_or(|it| is_deleted(&it))
                    .then_some(()))
            },
        )
        .await
    }
}

fn is_deleted(endpoint: &types::VpcEndpoint) -> bool {
    endpoint
        .state()
        .is_some_and(|state| state.as_str().eq_ignore_ascii_case("deleted"))
}

fn tables(endpoint: &GatewayEndpoint) -> BTreeSet<String> {
    endpoint
        .route_table_ids
        .iter()
        .map(|table| table.get().clone())
        .collect()
}

async fn create(aws: &Aws, endpoint: &GatewayEndpoint, token: &str) -> Result<String, AwsError> {
    let vpc = endpoint.vpc_id.get();
    let tables: Vec<String> = tables(endpoint).into_iter().collect();
    let mut ids: Vec<&str> = tables.iter().map(String::as_str).collect();
    ids.extend([vpc.as_str(), endpoint.service_name.as_str()]);
    let answer = settle::once_known(aws, &ids, || {
        let tags = ec2_tags::specification(ResourceType::VpcEndpoint, &endpoint.tags);
        let call = aws
            .ec2()
            .create_vpc_endpoint()
            .client_token(token)
            .tag_specifications(tags);
        let call = call.vpc_endpoint_type(VpcEndpointType::Gateway).vpc_id(vpc);
        let call = call
            .service_name(&endpoint.service_name)
            .set_route_table_ids(Some(tables.clone()));
        aws.call(CREATE, &ids, call.send())
    });
    let id = answer
        .await?
        .vpc_endpoint
        .and_then(|endpoint| endpoint.vpc_endpoint_id);
    id.ok_or_else(|| CREATE.lacks("VpcEndpointId"))
}

/// Adds and removes route tables.
async fn connect(
    aws: &Aws,
    id: &str,
    have: BTreeSet<String>,
    want: BTreeSet<String>,
) -> Result<(), AwsError> {
    let missing: Vec<String> = want.difference(&have).cloned().collect();
    let extra: Vec<String> = have.difference(&want).cloned().collect();
    let some = |ids: &Vec<String>| (!ids.is_empty()).then(|| ids.clone());
    let ids: Vec<&str> = missing.iter().map(String::as_str).chain([id]).collect();
    settle::once_known(aws, &ids, || {
        let call = aws.ec2().modify_vpc_endpoint().vpc_endpoint_id(id);
        let call = call.set_add_route_table_ids(some(&missing));
        aws.call(
            MODIFY,
            &ids,
            call.set_remove_route_table_ids(some(&extra)).send(),
        )
    })
    .await
    .map(drop)
}

/// AWS answers 200 and lists what it did not delete.
async fn delete(aws: &Aws, id: &str) -> Result<(), AwsError> {
    let call = aws.ec2().delete_vpc_endpoints().vpc_endpoint_ids(id);
    let answer = aws.call(DELETE, &[id], call.send()).await?;
    let Some(error) = answer
        .unsuccessful
        .unwrap_or_default()
        .into_iter()
        .find_map(|it| it.error)
    else {
        return Ok(());
    };
    Err(AwsError::Refused {
        service: DELETE.service,
        operation: DELETE.name.to_owned(),
        code: error.code.unwrap_or_default(),
        message: aws
            .redactor
            .clean(&error.message.unwrap_or_default(), &[id]),
    })
}
