//! Subnet.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, AttributeBooleanValue, Filter, ResourceType};
use stackwright_plan::component::Subnet;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, FILTER_VALUES, filter};
use crate::loader::Source;
use crate::settle::{self, id, outputs};
use crate::tag_changes::touches;
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const DESCRIBE: Op = Op::new("ec2", "DescribeSubnets");
const CREATE: Op = Op::new("ec2", "CreateSubnet");
const MODIFY: Op = Op::new("ec2", "ModifySubnetAttribute");
const DELETE: Op = Op::new("ec2", "DeleteSubnet");

/// Subnets by id.
#[derive(Debug)]
pub(crate) struct Subnets;

#[async_trait]
impl Source for Subnets {
    type Key = String;
    type Item = types::Subnet;
    const BATCH: usize = FILTER_VALUES;

    async fn keyed(aws: &Aws, ids: &[String]) -> Result<HashMap<String, types::Subnet>, AwsError> {
        Ok(by_id(describe(aws, vec![filter("subnet-id", ids)]).await?))
    }

    async fn list(aws: &Aws) -> Result<Option<HashMap<String, types::Subnet>>, AwsError> {
        Ok(Some(by_id(describe(aws, ec2_tags::ours()).await?)))
    }
}

fn by_id(subnets: Vec<types::Subnet>) -> HashMap<String, types::Subnet> {
    subnets
        .into_iter()
        .filter_map(|subnet| Some((subnet.subnet_id.clone()?, subnet)))
        .collect()
}

async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::Subnet>, AwsError> {
    let pages = aws
        .ec2()
        .describe_subnets()
        .set_filters(Some(filters))
        .max_results(1_000);
    let pages = aws
        .pages(DESCRIBE, &[], pages.into_paginator().send())
        .await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.subnets.unwrap_or_default())
        .collect())
}

fn observe(subnet: types::Subnet) -> Result<Observed<Subnet>, AwsError> {
    let id = subnet.subnet_id.ok_or_else(|| DESCRIBE.lacks("SubnetId"))?;
    let tags = ec2_tags::read(subnet.tags.as_deref());
    let component = Subnet {
        vpc_id: subnet.vpc_id.unwrap_or_default().into(),
        availability_zone: subnet.availability_zone.unwrap_or_default(),
        cidr_block: subnet.cidr_block.unwrap_or_default(),
        map_public_ip_on_launch: subnet.map_public_ip_on_launch.unwrap_or_default(),
        tags: tags.clone(),
    };
    Ok(Observed {
        component,
        outputs: outputs(&id),
        tags,
    })
}

#[async_trait]
impl Adapter for Subnet {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(None);
        };
        let found = settle::get(aws, &aws.loaders.subnets, id, freshness).await?;
        found.map(observe).transpose()
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let filters = match lookup {
            Lookup::Desired(_, tags) => ec2_tags::one(tags),
            Lookup::Named(id) => vec![filter("subnet-id", [id])],
            Lookup::Owned(tags) => ec2_tags::all(tags),
        };
        describe(aws, filters)
            .await?
            .into_iter()
            .map(observe)
            .collect()
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let vpc = self.vpc_id.get();
        let keep = [vpc.as_str(), self.availability_zone.as_str()];
        let answer = settle::once_known(aws, &[vpc], || {
            let tags = ec2_tags::specification(ResourceType::Subnet, &self.tags);
            let call = aws
                .ec2()
                .create_subnet()
                .vpc_id(vpc)
                .tag_specifications(tags);
            let call = call
                .availability_zone(&self.availability_zone)
                .cidr_block(&self.cidr_block);
            aws.call(CREATE, &keep, call.send())
        });
        let subnet = answer.await?.subnet.and_then(|subnet| subnet.subnet_id);
        let id = subnet.ok_or_else(|| CREATE.lacks("SubnetId"))?;
        aws.newborns.note(&id);
        // AWS gives no public addresses in a new subnet.
        Ok(Created {
            outputs: outputs(&id),
            complete: !self.map_public_ip_on_launch,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let Some(id) = id(&observed.outputs) else {
            return Err(DESCRIBE.lacks("SubnetId"));
        };
        aws.loaders.subnets.forget(&id.to_owned());
        let written = write(aws, self, id, changed).await;
        aws.loaders.subnets.forget(&id.to_owned());
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let attempt = || {
            aws.call(
                DELETE,
                &[id],
                aws.ec2().delete_subnet().subnet_id(id).send(),
            )
        };
        let deleted = settle::delete(aws, id, &["InvalidSubnetID.NotFound"], wait, attempt).await;
        aws.loaders.subnets.forget(&id.to_owned());
        deleted
    }
}

async fn write(
    aws: &Aws,
    subnet: &Subnet,
    id: &str,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    if touches(changed, &["map_public_ip_on_launch"]) {
        let value = AttributeBooleanValue::builder()
            .value(subnet.map_public_ip_on_launch)
            .build();
        settle::once_known(aws, &[id], || {
            let call = aws.ec2().modify_subnet_attribute().subnet_id(id);
            aws.call(
                MODIFY,
                &[id],
                call.map_public_ip_on_launch(value.clone()).send(),
            )
        })
        .await?;
    }
    ec2_tags::write(aws, id, changed).await
}
