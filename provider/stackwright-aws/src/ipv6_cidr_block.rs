//! IPv6 range of a VPC. It cannot be tagged: it belongs to whoever owns its VPC, and is read with it.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, VpcCidrBlockStateCode, VpcIpv6CidrBlockAssociation};
use stackwright_plan::cidr::{IPV6_SUBNETS, ipv6_subnet};
use stackwright_plan::component::{Ipv6CidrBlock, Tags};
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, filter};
use crate::settle::{self, id, outputs};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait, vpc};

const CREATE: Op = Op::new("ec2", "AssociateVpcCidrBlock");
const DELETE: Op = Op::new("ec2", "DisassociateVpcCidrBlock");

const GONE: &[&str] = &[
    "InvalidVpcCidrBlockAssociationID.NotFound",
    "InvalidVpcID.NotFound",
];
/// The VPC, kept beside the id so that the range is read with it.
const VPC: &str = "vpc_id";
const PAUSE: Duration = Duration::from_millis(500);
/// How long AWS may take to choose a range: mostly it takes a few seconds.
const CHOOSING: Duration = Duration::from_mins(2);

fn state(association: &VpcIpv6CidrBlockAssociation) -> Option<&VpcCidrBlockStateCode> {
    association.ipv6_cidr_block_state()?.state()
}

/// AWS goes on showing ranges for hours that were taken away.
fn lives(association: &VpcIpv6CidrBlockAssociation) -> bool {
    use VpcCidrBlockStateCode::{Associated, Associating};
    matches!(state(association), Some(Associated | Associating))
}

fn is_chosen(association: &VpcIpv6CidrBlockAssociation) -> bool {
    state(association) == Some(&VpcCidrBlockStateCode::Associated)
}

fn living(vpc: &types::Vpc) -> impl Iterator<Item = &VpcIpv6CidrBlockAssociation> {
    let all = vpc.ipv6_cidr_block_association_set().iter();
    all.filter(|one| lives(one))
}

fn recorded(id: &str, vpc: &str, range: &str) -> Recorded {
    let mut recorded = outputs(id);
    recorded.insert(VPC.to_owned(), vpc.to_owned());
    recorded.insert("cidr".to_owned(), range.to_owned());
    let subnet = |number: &str| Some((number.to_owned(), ipv6_subnet(range, number)?));
    recorded.extend(IPV6_SUBNETS.iter().filter_map(|number| subnet(number)));
    recorded
}

fn observe(vpc: &types::Vpc, association: &VpcIpv6CidrBlockAssociation) -> Observed<Ipv6CidrBlock> {
    let vpc_id = vpc.vpc_id().unwrap_or_default();
    Observed {
        component: Ipv6CidrBlock {
            vpc_id: vpc_id.into(),
        },
        outputs: recorded(
            association.association_id().unwrap_or_default(),
            vpc_id,
            association.ipv6_cidr_block().unwrap_or_default(),
        ),
        tags: Tags::new(),
    }
}

/// The VPC once AWS has chosen the ranges that it was asked for.
async fn chosen(
    aws: &Aws,
    vpc: &str,
    freshness: Freshness,
) -> Result<Option<types::Vpc>, AwsError> {
    let waits = |vpc: &types::Vpc| living(vpc).any(|association| !is_chosen(association));
    let found = settle::get(aws, &aws.loaders.vpcs, vpc, freshness).await?;
    if !found.as_ref().is_some_and(waits) {
        return Ok(found);
    }
    let what = || format!("the IPv6 range of {vpc}");
    settle::within(CHOOSING, what, || async {
        let found = settle::get(aws, &aws.loaders.vpcs, vpc, Freshness::Fresh).await?;
        let chosen = !found.as_ref().is_some_and(waits);
        Ok(chosen.then_some(found))
    })
    .await
}

async fn of_vpc(
    aws: &Aws,
    vpc: &str,
    freshness: Freshness,
) -> Result<Vec<Observed<Ipv6CidrBlock>>, AwsError> {
    let found = chosen(aws, vpc, freshness).await?;
    let all = |vpc: &types::Vpc| living(vpc).map(|one| observe(vpc, one)).collect();
    Ok(found.as_ref().map(all).unwrap_or_default())
}

async fn of_ours(aws: &Aws, own: &stackwright_plan::OwnTags) -> Result<Vec<String>, AwsError> {
    let vpcs = vpc::describe(aws, ec2_tags::all(own)).await?;
    Ok(vpcs.into_iter().filter_map(|vpc| vpc.vpc_id).collect())
}

async fn with_id(aws: &Aws, id: &str) -> Result<Vec<String>, AwsError> {
    let filters = vec![filter("ipv6-cidr-block-association.association-id", [id])];
    let vpcs = vpc::describe(aws, filters).await?;
    Ok(vpcs.into_iter().filter_map(|vpc| vpc.vpc_id).collect())
}

#[async_trait]
impl Adapter for Ipv6CidrBlock {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let (Some(id), Some(vpc)) = (id(recorded), recorded.get(VPC)) else {
            return Ok(None);
        };
        let found = of_vpc(aws, vpc, freshness).await?;
        let is_it = |one: &Observed<Self>| one.outputs.get("id").is_some_and(|it| it == id);
        Ok(found.into_iter().find(is_it))
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let vpcs = match lookup {
            Lookup::Desired(wanted, _) => vec![wanted.vpc_id.get().clone()],
            Lookup::Named(id) => with_id(aws, id).await?,
            Lookup::Owned(tags) => of_ours(aws, tags).await?,
        };
        let mut found = Vec::new();
        for vpc in vpcs {
            found.extend(of_vpc(aws, &vpc, Freshness::Fresh).await?);
        }
        Ok(found)
    }

    /// The range is part of what is answered: others are cut from it.
    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let vpc = self.vpc_id.get();
        vpc::forget(aws, vpc);
        let answer = settle::once_known(aws, &[vpc], || {
            let call = aws.ec2().associate_vpc_cidr_block().vpc_id(vpc);
            aws.call(CREATE, call.amazon_provided_ipv6_cidr_block(true).send())
        })
        .await;
        vpc::forget(aws, vpc);
        let association = answer?
            .ipv6_cidr_block_association
            .and_then(|association| association.association_id)
            .ok_or_else(|| CREATE.lacks("AssociationId"))?;
        let found = of_vpc(aws, vpc, Freshness::Fresh).await?;
        let is_it = |one: &Observed<Self>| one.outputs.get("id") == Some(&association);
        let made = found.into_iter().find(is_it);
        made.map(|made| Created {
            outputs: made.outputs,
            complete: true,
        })
        .ok_or_else(|| AwsError::Broken {
            what: format!("IPv6 range of {vpc}"),
            reason: "AWS has chosen none".to_owned(),
        })
    }

    /// There is nothing to change: its VPC is what it is known by.
    async fn update(
        &self,
        _aws: &Aws,
        observed: &Observed<Self>,
        _changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        Ok(observed.outputs.clone())
    }

    /// Until it is gone the VPC can get no other one.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let (Some(id), Some(vpc)) = (id(recorded), recorded.get(VPC)) else {
            return Ok(());
        };
        if shown(aws, vpc, id).await?.is_none_or(|one| !lives(&one)) {
            return Ok(());
        }
        let attempt = || {
            let call = aws.ec2().disassociate_vpc_cidr_block().association_id(id);
            aws.call(DELETE, call.send())
        };
        let deleted = settle::delete(aws, id, GONE, wait, attempt).await;
        vpc::forget(aws, vpc);
        deleted?;
        let what = format!("the end of the IPv6 range of {vpc}");
        settle::until(&what, PAUSE, wait, || async {
            let going = Some(&VpcCidrBlockStateCode::Disassociating);
            let one = shown(aws, vpc, id).await?;
            let ended = one.is_none_or(|one| !lives(&one) && state(&one) != going);
            Ok(ended.then_some(()))
        })
        .await
    }
}

/// The association as AWS shows it now, also one that was taken away.
async fn shown(
    aws: &Aws,
    vpc: &str,
    id: &str,
) -> Result<Option<VpcIpv6CidrBlockAssociation>, AwsError> {
    let found = settle::get(aws, &aws.loaders.vpcs, vpc, Freshness::Fresh).await?;
    let all = found.and_then(|vpc| vpc.ipv6_cidr_block_association_set);
    let is_it = |one: &VpcIpv6CidrBlockAssociation| one.association_id() == Some(id);
    Ok(all.unwrap_or_default().into_iter().find(is_it))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::VpcCidrBlockState;

    use super::*;

    fn association(id: &str, state: VpcCidrBlockStateCode) -> VpcIpv6CidrBlockAssociation {
        VpcIpv6CidrBlockAssociation::builder()
            .association_id(id)
            .ipv6_cidr_block("2600:1f14:e0a:9c00::/56")
            .ipv6_cidr_block_state(VpcCidrBlockState::builder().state(state).build())
            .build()
    }

    #[test]
    fn ranges_that_were_taken_away_are_not_seen() {
        let vpc = types::Vpc::builder()
            .ipv6_cidr_block_association_set(association("a", VpcCidrBlockStateCode::Disassociated))
            .ipv6_cidr_block_association_set(association("b", VpcCidrBlockStateCode::Failed))
            .ipv6_cidr_block_association_set(association("c", VpcCidrBlockStateCode::Associated))
            .build();
        let ids: Vec<_> = living(&vpc).filter_map(|it| it.association_id()).collect();
        assert_eq!(ids, ["c"]);
    }

    #[test]
    fn the_subnets_of_the_plan_are_among_the_outputs() {
        let outputs = recorded("a", "vpc-1", "2600:1f14:e0a:9c00::/56");
        assert_eq!(outputs["cidr"], "2600:1f14:e0a:9c00::/56");
        assert_eq!(outputs["e0"], "2600:1f14:e0a:9ce0::/64");
        assert_eq!(outputs.len(), 3 + IPV6_SUBNETS.len());
    }
}
