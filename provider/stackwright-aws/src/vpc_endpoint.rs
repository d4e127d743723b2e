//! What gateway and interface VPC endpoints have in common: reading, states, deleting.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, State, VpcEndpointType};
use stackwright_plan::{Component, In};

use crate::call::Op;
use crate::ec2_tags::{self, FILTER_VALUES};
use crate::loader::Source;
use crate::settle::{self, outputs};
use crate::{Aws, AwsError, Created, Freshness, Lookup, Wait, tokens};

pub(crate) const DESCRIBE: Op = Op::new("ec2", "DescribeVpcEndpoints");
pub(crate) const CREATE: Op = Op::new("ec2", "CreateVpcEndpoint");
pub(crate) const MODIFY: Op = Op::new("ec2", "ModifyVpcEndpoint");
const DELETE: Op = Op::new("ec2", "DeleteVpcEndpoints");

const GONE: &[&str] = &[
    "InvalidVpcEndpointId.NotFound",
    "InvalidVpcEndpoint.NotFound",
];
/// Pause between questions about an endpoint on its way.
pub(crate) const PAUSE: Duration = Duration::from_secs(2);

/// VPC endpoints by id, also those that are going away.
#[derive(Debug)]
pub(crate) struct VpcEndpoints;

#[async_trait]
impl Source for VpcEndpoints {
    type Key = String;
    type Item = types::VpcEndpoint;
    const BATCH: usize = FILTER_VALUES;
    const LISTS: bool = true;

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

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, types::VpcEndpoint>>, AwsError> {
        Ok(Some(by_id(describe(aws, ec2_tags::ours()).await?)))
    }
}

/// By id and not by the filter `vpc-endpoint-id`: emulators do not know it.
async fn describe_ids(aws: &Aws, ids: &[String]) -> Result<Vec<types::VpcEndpoint>, AwsError> {
    let call = aws
        .ec2()
        .describe_vpc_endpoints()
        .set_vpc_endpoint_ids(Some(ids.to_vec()));
    let answer = aws.call(DESCRIBE, call.send()).await?;
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
    let pages = aws.pages(DESCRIBE, pages.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.vpc_endpoints.unwrap_or_default())
        .collect())
}

pub(crate) async fn fresh(aws: &Aws, id: &str) -> Result<Option<types::VpcEndpoint>, AwsError> {
    settle::get(aws, &aws.loaders.vpc_endpoints, id, Freshness::Fresh).await
}

/// AWS spells states `Available` in its model and `available` on the wire.
pub(crate) fn lives(endpoint: &types::VpcEndpoint) -> bool {
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

/// What is known of an endpoint counts no more: it was written.
pub(crate) fn forget(aws: &Aws, id: &str) {
    aws.loaders.vpc_endpoints.forget(&id.to_owned());
}

/// The living endpoints of a kind that a lookup means.
pub(crate) async fn find<C: Component>(
    aws: &Aws,
    kind: &VpcEndpointType,
    lookup: Lookup<'_, C>,
) -> Result<Vec<types::VpcEndpoint>, AwsError> {
    let mut found = match lookup {
        Lookup::Desired(_, tags) => describe(aws, ec2_tags::one(tags)).await?,
        Lookup::Named(id) => fresh(aws, id).await?.into_iter().collect(),
        Lookup::Owned(tags) => describe(aws, ec2_tags::all(tags)).await?,
    };
    found.retain(|it| it.vpc_endpoint_type.as_ref() == Some(kind) && lives(it));
    Ok(found)
}

/// Creates with a token that was not used for an endpoint that is gone.
pub(crate) async fn create<F>(
    aws: &Aws,
    service: &str,
    token: &str,
    attempt: impl Fn(String) -> F,
) -> Result<Created, AwsError>
where
    F: Future<Output = Result<Option<types::VpcEndpoint>, AwsError>>,
{
    let attempt = &attempt;
    let create = |token: String| async move {
        let made = attempt(token).await?;
        let id = made.and_then(|endpoint| endpoint.vpc_endpoint_id);
        let id = id.ok_or_else(|| CREATE.lacks("VpcEndpointId"))?;
        aws.newborns.note(&id);
        let found = fresh(aws, &id).await?;
        Ok(found.as_ref().is_none_or(lives).then_some(id))
    };
    let id = tokens::past_used(token, || format!("endpoint to {service}"), create).await?;
    Ok(Created {
        outputs: outputs(&id),
        complete: true,
    })
}

/// Deletes, and waits until what it used is free.
pub(crate) async fn remove(aws: &Aws, id: &str, wait: &Wait) -> Result<(), AwsError> {
    if fresh(aws, id).await?.is_none_or(|it| is_deleted(&it)) {
        return Ok(());
    }
    let deleted = settle::delete(aws, id, GONE, wait, || delete(aws, id)).await;
    forget(aws, id);
    deleted?;
    let what = format!("the deletion of VPC endpoint {id}");
    settle::until(&what, PAUSE, wait, || async {
        let found = fresh(aws, id).await?;
        Ok(found.is_none_or(|it| is_deleted(&it)).then_some(()))
    })
    .await
}

/// What must be added to a set of ids and what removed; `None` for nothing.
pub(crate) fn changes(have: &[In<String>], want: &[In<String>]) -> [Option<Vec<String>>; 2] {
    let ids = |list: &[In<String>]| -> BTreeSet<String> {
        list.iter().map(|id| id.get().clone()).collect()
    };
    let (have, want) = (ids(have), ids(want));
    [(&want, &have), (&have, &want)].map(|(these, those)| {
        let ids: Vec<String> = these.difference(those).cloned().collect();
        (!ids.is_empty()).then_some(ids)
    })
}

/// Ids as components keep them.
pub(crate) fn known(ids: Vec<String>) -> Vec<In<String>> {
    let mut ids = ids;
    ids.sort();
    ids.into_iter().map(In::Known).collect()
}

fn is_deleted(endpoint: &types::VpcEndpoint) -> bool {
    endpoint
        .state()
        .is_some_and(|state| state.as_str().eq_ignore_ascii_case("deleted"))
}

/// AWS answers 200 and lists what it did not delete.
async fn delete(aws: &Aws, id: &str) -> Result<(), AwsError> {
    let call = aws.ec2().delete_vpc_endpoints().vpc_endpoint_ids(id);
    let answer = aws.call(DELETE, call.send()).await?;
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
        message: aws.redactor.clean(&error.message.unwrap_or_default()),
    })
}
