//! Subnet.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, AttributeBooleanValue, Filter, ResourceType};
use stackwright_plan::component::Subnet;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, FILTER_VALUES, filter};
use crate::loader::Source;
use crate::settle::{self, id, outputs};
use crate::tag_changes::touches;
use crate::{
    Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, User, Wait, users,
};

const DESCRIBE: Op = Op::new("ec2", "DescribeSubnets");
const CREATE: Op = Op::new("ec2", "CreateSubnet");
const MODIFY: Op = Op::new("ec2", "ModifySubnetAttribute");
const ASSOCIATE: Op = Op::new("ec2", "AssociateSubnetCidrBlock");
const DISASSOCIATE: Op = Op::new("ec2", "DisassociateSubnetCidrBlock");
const DELETE: Op = Op::new("ec2", "DeleteSubnet");

/// Subnets by id.
#[derive(Debug)]
pub(crate) struct Subnets;

#[async_trait]
impl Source for Subnets {
    type Key = String;
    type Item = types::Subnet;
    const BATCH: usize = FILTER_VALUES;
    const LISTS: bool = true;

    async fn keyed(aws: &Aws, ids: &[String]) -> Result<HashMap<String, types::Subnet>, AwsError> {
        Ok(by_id(describe(aws, vec![filter("subnet-id", ids)]).await?))
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, types::Subnet>>, AwsError> {
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
    let pages = aws.pages(DESCRIBE, pages.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.subnets.unwrap_or_default())
        .collect())
}

/// The range that a subnet has, or gets just now.
fn ipv6(subnet: &types::Subnet) -> Option<&types::SubnetIpv6CidrBlockAssociation> {
    use types::SubnetCidrBlockStateCode::{Associated, Associating};
    let lives = |it: &&types::SubnetIpv6CidrBlockAssociation| {
        let state = it.ipv6_cidr_block_state().and_then(|state| state.state());
        matches!(state, Some(Associated | Associating))
    };
    subnet.ipv6_cidr_block_association_set().iter().find(lives)
}

fn observe(subnet: types::Subnet) -> Result<Observed<Subnet>, AwsError> {
    let ipv6_range = ipv6(&subnet).and_then(|it| it.ipv6_cidr_block.clone());
    let id = subnet.subnet_id.ok_or_else(|| DESCRIBE.lacks("SubnetId"))?;
    let tags = ec2_tags::read(subnet.tags.as_deref());
    let range = ipv6_range.unwrap_or_default();
    let component = Subnet {
        vpc_id: subnet.vpc_id.unwrap_or_default().into(),
        availability_zone: subnet.availability_zone.unwrap_or_default(),
        cidr_block: subnet.cidr_block.unwrap_or_default(),
        map_public_ip_on_launch: subnet.map_public_ip_on_launch.unwrap_or_default(),
        ipv6_cidr_block: range.into(),
        assign_ipv6_address_on_creation: subnet.assign_ipv6_address_on_creation.unwrap_or_default(),
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
        let answer = settle::once_known(aws, &[vpc], || {
            let tags = ec2_tags::specification(ResourceType::Subnet, &self.tags);
            let call = aws
                .ec2()
                .create_subnet()
                .vpc_id(vpc)
                .tag_specifications(tags);
            let call = call
                .availability_zone(&self.availability_zone)
                .cidr_block(&self.cidr_block)
                .set_ipv6_cidr_block(wanted_range(self).map(str::to_owned));
            aws.call(CREATE, call.send())
        });
        let subnet = answer.await?.subnet.and_then(|subnet| subnet.subnet_id);
        let id = subnet.ok_or_else(|| CREATE.lacks("SubnetId"))?;
        aws.newborns.note(&id);
        // AWS gives no addresses in a new subnet that were not asked for.
        Ok(Created {
            outputs: outputs(&id),
            complete: !self.map_public_ip_on_launch && !self.assign_ipv6_address_on_creation,
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
        let written = write(aws, self, &observed.component, id, changed).await;
        aws.loaders.subnets.forget(&id.to_owned());
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let attempt = || aws.call(DELETE, aws.ec2().delete_subnet().subnet_id(id).send());
        let deleted = settle::delete(aws, id, &["InvalidSubnetID.NotFound"], wait, attempt).await;
        aws.loaders.subnets.forget(&id.to_owned());
        deleted
    }

    async fn occupants(aws: &Aws, recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        match recorded.get("id") {
            Some(id) => users::in_subnet(aws, id).await,
            None => Ok(Vec::new()),
        }
    }
}

/// The IPv6 range that it is to have.
fn wanted_range(subnet: &Subnet) -> Option<&str> {
    Some(subnet.ipv6_cidr_block.get().as_str()).filter(|range| !range.is_empty())
}

/// AWS gives IPv6 addresses only with a range, and takes no range away while it gives addresses.
async fn write(
    aws: &Aws,
    subnet: &Subnet,
    observed: &Subnet,
    id: &str,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    if touches(changed, &["map_public_ip_on_launch"]) {
        let public = subnet.map_public_ip_on_launch;
        modify(aws, id, Some(public), None).await?;
    }
    let renumbered = touches(changed, &["ipv6_cidr_block"]);
    let mut gives = observed.assign_ipv6_address_on_creation;
    if gives && (renumbered || !subnet.assign_ipv6_address_on_creation) {
        modify(aws, id, None, Some(false)).await?;
        gives = false;
    }
    if renumbered {
        renumber(aws, id, wanted_range(subnet)).await?;
    }
    if subnet.assign_ipv6_address_on_creation && !gives {
        until_settled(aws, id).await?;
        modify(aws, id, None, Some(true)).await?;
    }
    ec2_tags::write(aws, id, changed).await
}

/// AWS takes one attribute a call.
async fn modify(
    aws: &Aws,
    id: &str,
    public: Option<bool>,
    ipv6: Option<bool>,
) -> Result<(), AwsError> {
    let value = |value: bool| AttributeBooleanValue::builder().value(value).build();
    settle::once_known(aws, &[id], || {
        let call = aws
            .ec2()
            .modify_subnet_attribute()
            .subnet_id(id)
            .set_map_public_ip_on_launch(public.map(value))
            .set_assign_ipv6_address_on_creation(ipv6.map(value));
        aws.call(MODIFY, call.send())
    })
    .await
    .map(drop)
}

/// How long AWS may take to give a subnet an IPv6 range or to take one away: mostly it takes a few seconds.
const RANGE: Duration = Duration::from_mins(2);

/// Waits for IPv6 ranges that come and go. A subnet gives no addresses of a range that is still coming, and takes no
/// other one while one is going.
/// Source: <https://github.com/hashicorp/terraform-provider-aws/issues/24681>
async fn until_settled(aws: &Aws, id: &str) -> Result<(), AwsError> {
    use types::SubnetCidrBlockStateCode::{Associating, Disassociating};
    let moves = |it: &types::SubnetIpv6CidrBlockAssociation| {
        let state = it.ipv6_cidr_block_state().and_then(|state| state.state());
        matches!(state, Some(Associating | Disassociating))
    };
    let what = || format!("the IPv6 range of {id}");
    settle::within(RANGE, what, || async {
        let found = settle::get(aws, &aws.loaders.subnets, id, Freshness::Fresh).await?;
        let mut ranges = found
            .iter()
            .flat_map(types::Subnet::ipv6_cidr_block_association_set);
        Ok((!ranges.any(moves)).then_some(()))
    })
    .await
}

/// Takes away the IPv6 range that it has and gives it another one, or none.
async fn renumber(aws: &Aws, id: &str, range: Option<&str>) -> Result<(), AwsError> {
    let found = settle::get(aws, &aws.loaders.subnets, id, Freshness::Fresh).await?;
    let old = found.as_ref().and_then(ipv6);
    if let Some(association) = old.and_then(|it| it.association_id()) {
        let call = aws.ec2().disassociate_subnet_cidr_block();
        let call = call.association_id(association);
        aws.call(DISASSOCIATE, call.send()).await?;
        until_settled(aws, id).await?;
    }
    let Some(range) = range else {
        return Ok(());
    };
    let call = aws
        .ec2()
        .associate_subnet_cidr_block()
        .subnet_id(id)
        .ipv6_cidr_block(range);
    aws.call(ASSOCIATE, call.send()).await.map(drop)
}
