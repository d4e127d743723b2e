//! Elastic IP.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Address, DomainType, Filter, ResourceType};
use stackwright_plan::component::ElasticIp;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, FILTER_VALUES, filter};
use crate::loader::Source;
use crate::settle::{self, id, outputs};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const DESCRIBE: Op = Op::new("ec2", "DescribeAddresses");
const CREATE: Op = Op::new("ec2", "AllocateAddress");
const DELETE: Op = Op::new("ec2", "ReleaseAddress");

const GONE: &[&str] = &["InvalidAllocationID.NotFound", "InvalidAddressID.NotFound"];

/// Elastic IPs by allocation id.
#[derive(Debug)]
pub(crate) struct Addresses;

#[async_trait]
impl Source for Addresses {
    type Key = String;
    type Item = Address;
    const BATCH: usize = FILTER_VALUES;
    const LISTS: bool = true;

    async fn keyed(aws: &Aws, ids: &[String]) -> Result<HashMap<String, Address>, AwsError> {
        Ok(by_id(
            describe(aws, vec![filter("allocation-id", ids)]).await?,
        ))
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, Address>>, AwsError> {
        Ok(Some(by_id(describe(aws, ec2_tags::ours()).await?)))
    }
}

fn by_id(addresses: Vec<Address>) -> HashMap<String, Address> {
    addresses
        .into_iter()
        .filter_map(|it| Some((it.allocation_id.clone()?, it)))
        .collect()
}

/// AWS answers all addresses in one page.
async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<Address>, AwsError> {
    let call = aws.ec2().describe_addresses().set_filters(Some(filters));
    Ok(aws
        .call(DESCRIBE, call.send())
        .await?
        .addresses
        .unwrap_or_default())
}

fn recorded(id: &str, public_ip: Option<String>) -> Recorded {
    let mut recorded = outputs(id);
    recorded.insert("public_ip".to_owned(), public_ip.unwrap_or_default());
    recorded
}

fn observe(address: Address) -> Result<Observed<ElasticIp>, AwsError> {
    let id = address
        .allocation_id
        .ok_or_else(|| DESCRIBE.lacks("AllocationId"))?;
    let tags = ec2_tags::read(address.tags.as_deref());
    let outputs = recorded(&id, address.public_ip);
    Ok(Observed {
        component: ElasticIp { tags: tags.clone() },
        outputs,
        tags,
    })
}

#[async_trait]
impl Adapter for ElasticIp {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(None);
        };
        let found = settle::get(aws, &aws.loaders.addresses, id, freshness).await?;
        found.map(observe).transpose()
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let filters = match lookup {
            Lookup::Desired(_, tags) => ec2_tags::one(tags),
            Lookup::Named(id) => vec![filter("allocation-id", [id])],
            Lookup::Owned(tags) => ec2_tags::all(tags),
        };
        describe(aws, filters)
            .await?
            .into_iter()
            .map(observe)
            .collect()
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let tags = ec2_tags::specification(ResourceType::ElasticIp, &self.tags);
        let call = aws
            .ec2()
            .allocate_address()
            .domain(DomainType::Vpc)
            .tag_specifications(tags);
        let answer = aws.call(CREATE, call.send()).await?;
        let id = answer
            .allocation_id
            .ok_or_else(|| CREATE.lacks("AllocationId"))?;
        aws.newborns.note(&id);
        Ok(Created {
            outputs: self::recorded(&id, answer.public_ip),
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
            return Err(DESCRIBE.lacks("AllocationId"));
        };
        aws.loaders.addresses.forget(&id.to_owned());
        let written = ec2_tags::write(aws, id, changed).await;
        aws.loaders.addresses.forget(&id.to_owned());
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let attempt = || {
            let call = aws.ec2().release_address().allocation_id(id);
            aws.call(DELETE, call.send())
        };
        let deleted = settle::delete(aws, id, GONE, wait, attempt).await;
        aws.loaders.addresses.forget(&id.to_owned());
        deleted
    }
}
