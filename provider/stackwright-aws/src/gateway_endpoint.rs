//! Gateway VPC endpoint (S3, DynamoDB): it puts a route into the route tables that it is told.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, ResourceType, VpcEndpointType};
use stackwright_plan::component::GatewayEndpoint;
use stackwright_plan::diff::FieldDiff;

use crate::ec2_tags;
use crate::settle::{self, id, outputs};
use crate::tag_changes::touches;
use crate::vpc_endpoint::{self, CREATE, DESCRIBE, MODIFY, changes, forget, known, lives};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

fn observe(endpoint: types::VpcEndpoint) -> Result<Observed<GatewayEndpoint>, AwsError> {
    let id = endpoint
        .vpc_endpoint_id
        .ok_or_else(|| DESCRIBE.lacks("VpcEndpointId"))?;
    let tags = ec2_tags::read(endpoint.tags.as_deref());
    let component = GatewayEndpoint {
        vpc_id: endpoint.vpc_id.unwrap_or_default().into(),
        service_name: endpoint.service_name.unwrap_or_default(),
        route_table_ids: known(endpoint.route_table_ids.unwrap_or_default()),
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
        let found = settle::get(aws, &aws.loaders.vpc_endpoints, id, freshness).await?;
        found.filter(lives).map(observe).transpose()
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let found = vpc_endpoint::find(aws, &VpcEndpointType::Gateway, lookup).await?;
        found.into_iter().map(observe).collect()
    }

    async fn create(&self, aws: &Aws, token: &str) -> Result<Created, AwsError> {
        let attempt = |token: String| async move { create(aws, self, &token).await };
        vpc_endpoint::create(aws, &self.service_name, token, attempt).await
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
        forget(aws, id);
        let written = async {
            if touches(changed, &["route_table_ids"]) {
                connect(aws, id, &observed.component, self).await?;
            }
            ec2_tags::write(aws, id, changed).await
        }
        .await;
        forget(aws, id);
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        match id(recorded) {
            Some(id) => vpc_endpoint::remove(aws, id, wait).await,
            None => Ok(()),
        }
    }
}

async fn create(
    aws: &Aws,
    endpoint: &GatewayEndpoint,
    token: &str,
) -> Result<Option<types::VpcEndpoint>, AwsError> {
    let vpc = endpoint.vpc_id.get();
    let [tables, _] = changes(&[], &endpoint.route_table_ids);
    let mut ids: Vec<&str> = tables.iter().flatten().map(String::as_str).collect();
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
            .set_route_table_ids(tables.clone());
        aws.call(CREATE, call.send())
    });
    Ok(answer.await?.vpc_endpoint)
}

/// Adds and removes route tables.
async fn connect(
    aws: &Aws,
    id: &str,
    have: &GatewayEndpoint,
    want: &GatewayEndpoint,
) -> Result<(), AwsError> {
    let [missing, extra] = changes(&have.route_table_ids, &want.route_table_ids);
    let ids: Vec<&str> = missing
        .iter()
        .flatten()
        .map(String::as_str)
        .chain([id])
        .collect();
    settle::once_known(aws, &ids, || {
        let call = aws.ec2().modify_vpc_endpoint().vpc_endpoint_id(id);
        let call = call.set_add_route_table_ids(missing.clone());
        aws.call(
            MODIFY,
            call.set_remove_route_table_ids(extra.clone()).send(),
        )
    })
    .await
    .map(drop)
}
