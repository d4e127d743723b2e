//! Interface VPC endpoint: network interfaces in subnets, by which an AWS service is reached without
//! a way to the internet. AWS takes a minute or two to make one and to delete one.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, ResourceType, State, VpcEndpointType};
use stackwright_plan::In;
use stackwright_plan::component::InterfaceEndpoint;
use stackwright_plan::diff::FieldDiff;

use crate::ec2_tags;
use crate::settle::{self, id, outputs};
use crate::tag_changes::touches;
use crate::vpc_endpoint::{self, CREATE, DESCRIBE, MODIFY, PAUSE, changes, forget, known, lives};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

/// What `ModifyVpcEndpoint` writes.
const SETTINGS: &[&str] = &["subnet_ids", "security_group_ids", "private_dns_enabled"];

fn observe(endpoint: types::VpcEndpoint) -> Result<Observed<InterfaceEndpoint>, AwsError> {
    let id = endpoint
        .vpc_endpoint_id
        .ok_or_else(|| DESCRIBE.lacks("VpcEndpointId"))?;
    let tags = ec2_tags::read(endpoint.tags.as_deref());
    let groups = endpoint.groups.unwrap_or_default();
    let component = InterfaceEndpoint {
        vpc_id: endpoint.vpc_id.unwrap_or_default().into(),
        service_name: endpoint.service_name.unwrap_or_default(),
        subnet_ids: known(endpoint.subnet_ids.unwrap_or_default()),
        security_group_ids: known(groups.into_iter().filter_map(|it| it.group_id).collect()),
        private_dns_enabled: endpoint.private_dns_enabled.unwrap_or_default(),
        tags: tags.clone(),
    };
    Ok(Observed {
        component,
        outputs: outputs(&id),
        tags,
    })
}

#[async_trait]
impl Adapter for InterfaceEndpoint {
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
        let found = vpc_endpoint::find(aws, &VpcEndpointType::Interface, lookup).await?;
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
            if touches(changed, SETTINGS) {
                modify(aws, id, &observed.component, self).await?;
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

    async fn settle(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let what = format!("VPC endpoint {id} to become available");
        settle::until(&what, PAUSE, wait, || async {
            let found = vpc_endpoint::fresh(aws, id).await?;
            match found.as_ref().and_then(types::VpcEndpoint::state) {
                Some(state) if is(state, &State::Available) => Ok(Some(())),
                Some(state) if is(state, &State::Pending) => Ok(None),
                other => Err(AwsError::Broken {
                    what: format!("VPC endpoint {id} to {}", self.service_name),
                    reason: format!("it is {}", other.map_or("gone", State::as_str)),
                }),
            }
        })
        .await
    }
}

/// AWS spells states `Available` in its model and `available` on the wire.
fn is(state: &State, wanted: &State) -> bool {
    state.as_str().eq_ignore_ascii_case(wanted.as_str())
}

/// Ids whose objects may be new, for errors and logs.
fn ids(endpoint: &InterfaceEndpoint) -> Vec<&str> {
    let lists = [&endpoint.subnet_ids, &endpoint.security_group_ids];
    let parts = lists.into_iter().flatten().map(In::get);
    parts
        .chain([endpoint.vpc_id.get(), &endpoint.service_name])
        .map(String::as_str)
        .collect()
}

async fn create(
    aws: &Aws,
    endpoint: &InterfaceEndpoint,
    token: &str,
) -> Result<Option<types::VpcEndpoint>, AwsError> {
    let ids = ids(endpoint);
    let [subnets, _] = changes(&[], &endpoint.subnet_ids);
    let [groups, _] = changes(&[], &endpoint.security_group_ids);
    let answer = settle::once_known(aws, &ids, || {
        let call = aws
            .ec2()
            .create_vpc_endpoint()
            .client_token(token)
            .vpc_endpoint_type(VpcEndpointType::Interface)
            .vpc_id(endpoint.vpc_id.get())
            .service_name(&endpoint.service_name)
            .set_subnet_ids(subnets.clone())
            .set_security_group_ids(groups.clone())
            .private_dns_enabled(endpoint.private_dns_enabled);
        let tags = ec2_tags::specification(ResourceType::VpcEndpoint, &endpoint.tags);
        aws.call(CREATE, call.tag_specifications(tags).send())
    });
    Ok(answer.await?.vpc_endpoint)
}

/// Writes what differs in one call.
async fn modify(
    aws: &Aws,
    id: &str,
    have: &InterfaceEndpoint,
    want: &InterfaceEndpoint,
) -> Result<(), AwsError> {
    let [more_subnets, fewer_subnets] = changes(&have.subnet_ids, &want.subnet_ids);
    let [more_groups, fewer_groups] = changes(&have.security_group_ids, &want.security_group_ids);
    let dns =
        (have.private_dns_enabled != want.private_dns_enabled).then_some(want.private_dns_enabled);
    let ids = [ids(want), vec![id]].concat();
    settle::once_known(aws, &ids, || {
        let call = aws
            .ec2()
            .modify_vpc_endpoint()
            .vpc_endpoint_id(id)
            .set_add_subnet_ids(more_subnets.clone())
            .set_remove_subnet_ids(fewer_subnets.clone())
            .set_add_security_group_ids(more_groups.clone())
            .set_remove_security_group_ids(fewer_groups.clone())
            .set_private_dns_enabled(dns);
        aws.call(MODIFY, call.send())
    })
    .await
    .map(drop)
}
