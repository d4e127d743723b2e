//! VPC.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, AttributeBooleanValue, Filter, ResourceType, VpcAttributeName};
use stackwright_plan::component::Vpc;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, FILTER_VALUES, filter};
use crate::loader::Source;
use crate::settle::{self, id, outputs};
use crate::tag_changes::touches;
use crate::{
    Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, User, Wait, users,
};

const DESCRIBE: Op = Op::new("ec2", "DescribeVpcs");
const ATTRIBUTE: Op = Op::new("ec2", "DescribeVpcAttribute");
const CREATE: Op = Op::new("ec2", "CreateVpc");
const MODIFY: Op = Op::new("ec2", "ModifyVpcAttribute");
const DELETE: Op = Op::new("ec2", "DeleteVpc");

/// AWS's defaults of a new VPC.
const DNS_SUPPORT: bool = true;
const DNS_HOSTNAMES: bool = false;

/// VPCs by id.
#[derive(Debug)]
pub(crate) struct Vpcs;

#[async_trait]
impl Source for Vpcs {
    type Key = String;
    type Item = types::Vpc;
    const BATCH: usize = FILTER_VALUES;
    const LISTS: bool = true;

    async fn keyed(aws: &Aws, ids: &[String]) -> Result<HashMap<String, types::Vpc>, AwsError> {
        Ok(by_id(describe(aws, vec![filter("vpc-id", ids)]).await?))
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, types::Vpc>>, AwsError> {
        Ok(Some(by_id(describe(aws, ec2_tags::ours()).await?)))
    }
}

/// What AWS tells of a VPC only one by one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dns {
    support: bool,
    hostnames: bool,
}

/// DNS settings by VPC.
#[derive(Debug)]
pub(crate) struct VpcAttributes;

#[async_trait]
impl Source for VpcAttributes {
    type Key = String;
    type Item = Dns;
    const BATCH: usize = 1;

    async fn keyed(aws: &Aws, ids: &[String]) -> Result<HashMap<String, Dns>, AwsError> {
        let mut found = HashMap::new();
        for id in ids {
            let (support, hostnames) = futures_util::future::join(
                attribute(aws, id, VpcAttributeName::EnableDnsSupport),
                attribute(aws, id, VpcAttributeName::EnableDnsHostnames),
            )
            .await;
            if let (Some(support), Some(hostnames)) = (support?, hostnames?) {
                found.insert(id.clone(), Dns { support, hostnames });
            }
        }
        Ok(found)
    }
}

/// `None` when the VPC is gone.
async fn attribute(aws: &Aws, id: &str, name: VpcAttributeName) -> Result<Option<bool>, AwsError> {
    let call = aws
        .ec2()
        .describe_vpc_attribute()
        .vpc_id(id)
        .attribute(name);
    let answer = match aws.call(ATTRIBUTE, call.send()).await {
        Ok(answer) => answer,
        Err(error) if error.is_code(&["InvalidVpcID.NotFound"]) => return Ok(None),
        Err(error) => return Err(error),
    };
    let value = answer.enable_dns_support.or(answer.enable_dns_hostnames);
    value
        .and_then(|value| value.value)
        .map(Some)
        .ok_or_else(|| ATTRIBUTE.lacks("the value"))
}

fn by_id(vpcs: Vec<types::Vpc>) -> HashMap<String, types::Vpc> {
    vpcs.into_iter()
        .filter_map(|vpc| Some((vpc.vpc_id.clone()?, vpc)))
        .collect()
}

/// Also for what belongs to a VPC.
pub(crate) async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::Vpc>, AwsError> {
    let pages = aws
        .ec2()
        .describe_vpcs()
        .set_filters(Some(filters))
        .max_results(1_000);
    let pages = aws.pages(DESCRIBE, pages.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.vpcs.unwrap_or_default())
        .collect())
}

/// `None` when the VPC went away meanwhile.
async fn observe(
    aws: &Aws,
    vpc: types::Vpc,
    freshness: Freshness,
) -> Result<Option<Observed<Vpc>>, AwsError> {
    let id = vpc.vpc_id.ok_or_else(|| DESCRIBE.lacks("VpcId"))?;
    let Some(dns) = settle::get(aws, &aws.loaders.vpc_attributes, &id, freshness).await? else {
        return Ok(None);
    };
    let tags = ec2_tags::read(vpc.tags.as_deref());
    let component = Vpc {
        cidr_block: vpc.cidr_block.unwrap_or_default(),
        enable_dns_support: dns.support,
        enable_dns_hostnames: dns.hostnames,
        tags: tags.clone(),
    };
    Ok(Some(Observed {
        component,
        outputs: outputs(&id),
        tags,
    }))
}

#[async_trait]
impl Adapter for Vpc {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(None);
        };
        match settle::get(aws, &aws.loaders.vpcs, id, freshness).await? {
            Some(vpc) => observe(aws, vpc, freshness).await,
            None => Ok(None),
        }
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let filters = match lookup {
            Lookup::Desired(_, tags) => ec2_tags::one(tags),
            Lookup::Named(id) => vec![filter("vpc-id", [id])],
            Lookup::Owned(tags) => ec2_tags::all(tags),
        };
        let mut found = Vec::new();
        for vpc in describe(aws, filters).await? {
            found.extend(observe(aws, vpc, Freshness::Fresh).await?);
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let tags = ec2_tags::specification(ResourceType::Vpc, &self.tags);
        let call = aws
            .ec2()
            .create_vpc()
            .cidr_block(&self.cidr_block)
            .tag_specifications(tags);
        let answer = aws.call(CREATE, call.send()).await?;
        let id = answer
            .vpc
            .and_then(|vpc| vpc.vpc_id)
            .ok_or_else(|| CREATE.lacks("VpcId"))?;
        aws.newborns.note(&id);
        let complete =
            (self.enable_dns_support, self.enable_dns_hostnames) == (DNS_SUPPORT, DNS_HOSTNAMES);
        Ok(Created {
            outputs: outputs(&id),
            complete,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let Some(id) = id(&observed.outputs) else {
            return Err(DESCRIBE.lacks("VpcId"));
        };
        forget(aws, id);
        let written = write(aws, self, id, changed).await;
        forget(aws, id);
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let attempt = || aws.call(DELETE, aws.ec2().delete_vpc().vpc_id(id).send());
        let deleted = settle::delete(aws, id, &["InvalidVpcID.NotFound"], wait, attempt).await;
        forget(aws, id);
        deleted
    }

    async fn users(aws: &Aws, recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        match recorded.get("id") {
            Some(id) => users::of_vpc(aws, id).await,
            None => Ok(Vec::new()),
        }
    }
}

/// The VPC or a part of it was written.
pub(crate) fn forget(aws: &Aws, id: &str) {
    aws.loaders.vpcs.forget(&id.to_owned());
    aws.loaders.vpc_attributes.forget(&id.to_owned());
}

/// Host names need the resolver: it goes on first and off last.
async fn write(aws: &Aws, vpc: &Vpc, id: &str, changed: &[FieldDiff]) -> Result<(), AwsError> {
    let support = touches(changed, &["enable_dns_support"]).then_some(vpc.enable_dns_support);
    let hostnames = touches(changed, &["enable_dns_hostnames"]).then_some(vpc.enable_dns_hostnames);
    if support == Some(true) {
        modify(aws, id, support, None).await?;
    }
    if hostnames.is_some() {
        modify(aws, id, None, hostnames).await?;
    }
    if support == Some(false) {
        modify(aws, id, support, None).await?;
    }
    ec2_tags::write(aws, id, changed).await
}

/// AWS takes one attribute a call.
async fn modify(
    aws: &Aws,
    id: &str,
    support: Option<bool>,
    hostnames: Option<bool>,
) -> Result<(), AwsError> {
    let value = |value: bool| AttributeBooleanValue::builder().value(value).build();
    settle::once_known(aws, &[id], || {
        let call = aws.ec2().modify_vpc_attribute().vpc_id(id);
        let call = call.set_enable_dns_support(support.map(value));
        aws.call(
            MODIFY,
            call.set_enable_dns_hostnames(hostnames.map(value)).send(),
        )
    })
    .await
    .map(drop)
}
