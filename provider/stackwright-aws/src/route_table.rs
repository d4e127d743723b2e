//! Route table. Its routes and associations are components of their own.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, ResourceType};
use stackwright_plan::component::RouteTable;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, FILTER_VALUES, filter};
use crate::loader::Source;
use crate::settle::{self, id, outputs};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const DESCRIBE: Op = Op::new("ec2", "DescribeRouteTables");
const CREATE: Op = Op::new("ec2", "CreateRouteTable");
const DELETE: Op = Op::new("ec2", "DeleteRouteTable");

/// Route tables, with routes and associations, by id.
#[derive(Debug)]
pub(crate) struct RouteTables;

#[async_trait]
impl Source for RouteTables {
    type Key = String;
    type Item = types::RouteTable;
    const BATCH: usize = FILTER_VALUES;
    const LISTS: bool = true;

    async fn keyed(
        aws: &Aws,
        ids: &[String],
    ) -> Result<HashMap<String, types::RouteTable>, AwsError> {
        Ok(by_id(
            describe(aws, vec![filter("route-table-id", ids)]).await?,
        ))
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, types::RouteTable>>, AwsError> {
        Ok(Some(by_id(describe(aws, ec2_tags::ours()).await?)))
    }
}

fn by_id(tables: Vec<types::RouteTable>) -> HashMap<String, types::RouteTable> {
    tables
        .into_iter()
        .filter_map(|table| Some((table.route_table_id.clone()?, table)))
        .collect()
}

/// Also for routes and associations. AWS answers at most 100 tables a page.
pub(crate) async fn describe(
    aws: &Aws,
    filters: Vec<Filter>,
) -> Result<Vec<types::RouteTable>, AwsError> {
    let pages = aws
        .ec2()
        .describe_route_tables()
        .set_filters(Some(filters))
        .max_results(100);
    let pages = aws.pages(DESCRIBE, pages.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.route_tables.unwrap_or_default())
        .collect())
}

/// What is known of a table counts no more: the table or one of its parts was written.
pub(crate) fn forget(aws: &Aws, id: &str) {
    aws.loaders.route_tables.forget(&id.to_owned());
    aws.loaders.route_table_associations.forget_all();
}

fn observe(table: types::RouteTable) -> Result<Observed<RouteTable>, AwsError> {
    let id = table
        .route_table_id
        .ok_or_else(|| DESCRIBE.lacks("RouteTableId"))?;
    let tags = ec2_tags::read(table.tags.as_deref());
    let vpc_id = table.vpc_id.unwrap_or_default().into();
    Ok(Observed {
        component: RouteTable {
            vpc_id,
            tags: tags.clone(),
        },
        outputs: outputs(&id),
        tags,
    })
}

#[async_trait]
impl Adapter for RouteTable {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(None);
        };
        let found = settle::get(aws, &aws.loaders.route_tables, id, freshness).await?;
        found.map(observe).transpose()
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let filters = match lookup {
            Lookup::Desired(_, tags) => ec2_tags::one(tags),
            Lookup::Named(id) => vec![filter("route-table-id", [id])],
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
            let tags = ec2_tags::specification(ResourceType::RouteTable, &self.tags);
            let call = aws
                .ec2()
                .create_route_table()
                .vpc_id(vpc)
                .tag_specifications(tags);
            aws.call(CREATE, call.send())
        });
        let id = answer
            .await?
            .route_table
            .and_then(|table| table.route_table_id);
        let id = id.ok_or_else(|| CREATE.lacks("RouteTableId"))?;
        aws.newborns.note(&id);
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
            return Err(DESCRIBE.lacks("RouteTableId"));
        };
        forget(aws, id);
        let written = ec2_tags::write(aws, id, changed).await;
        forget(aws, id);
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let attempt = || {
            let call = aws.ec2().delete_route_table().route_table_id(id);
            aws.call(DELETE, call.send())
        };
        let deleted =
            settle::delete(aws, id, &["InvalidRouteTableID.NotFound"], wait, attempt).await;
        forget(aws, id);
        deleted
    }
}
