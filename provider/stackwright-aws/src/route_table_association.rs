//! Association of a subnet with a route table. It cannot be tagged, and a subnet has at most one.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, RouteTableAssociationStateCode};
use stackwright_plan::component::{RouteTableAssociation, Tags};
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, FILTER_VALUES, filter};
use crate::loader::Source;
use crate::settle::{self, id, outputs};
use crate::{
    Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait, route_table,
};

const CREATE: Op = Op::new("ec2", "AssociateRouteTable");
const REPLACE: Op = Op::new("ec2", "ReplaceRouteTableAssociation");
const DELETE: Op = Op::new("ec2", "DisassociateRouteTable");

const GONE: &[&str] = &["InvalidAssociationID.NotFound"];

/// Associations by id.
#[derive(Debug)]
pub(crate) struct AssociatedTables;

#[async_trait]
impl Source for AssociatedTables {
    type Key = String;
    type Item = types::RouteTableAssociation;
    const BATCH: usize = FILTER_VALUES;
    const LISTS: bool = true;

    async fn keyed(
        aws: &Aws,
        ids: &[String],
    ) -> Result<HashMap<String, types::RouteTableAssociation>, AwsError> {
        // Nearly always they are in tables of ours: those are asked for by tag, in one call.
        let mut found = by_id(describe(aws, ec2_tags::ours()).await?);
        found.retain(|id, _| ids.contains(id));
        let missing: Vec<&String> = ids.iter().filter(|id| !found.contains_key(*id)).collect();
        if !missing.is_empty() {
            let filters = vec![filter("association.route-table-association-id", missing)];
            found.extend(by_id(describe(aws, filters).await?));
        }
        Ok(found)
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, types::RouteTableAssociation>>, AwsError> {
        Ok(Some(by_id(describe(aws, ec2_tags::ours()).await?)))
    }
}

fn by_id(
    associations: Vec<types::RouteTableAssociation>,
) -> HashMap<String, types::RouteTableAssociation> {
    let pair =
        |it: types::RouteTableAssociation| Some((it.route_table_association_id.clone()?, it));
    associations.into_iter().filter_map(pair).collect()
}

/// The association of a subnet: in a table of ours, or in another that somebody has put it into.
async fn of_subnet(
    aws: &Aws,
    subnet: &str,
) -> Result<Option<types::RouteTableAssociation>, AwsError> {
    let is_its = |it: &types::RouteTableAssociation| it.subnet_id.as_deref() == Some(subnet);
    let ours = describe(aws, ec2_tags::ours())
        .await?
        .into_iter()
        .find(is_its);
    if ours.is_some() {
        return Ok(ours);
    }
    // The filter selects tables: they come with all their associations.
    let filters = vec![filter("association.subnet-id", [subnet])];
    Ok(describe(aws, filters).await?.into_iter().find(is_its))
}

/// Associations of subnets in the tables that match, not those that are going away.
async fn describe(
    aws: &Aws,
    filters: Vec<Filter>,
) -> Result<Vec<types::RouteTableAssociation>, AwsError> {
    let tables = route_table::describe(aws, filters).await?;
    let all = tables
        .into_iter()
        .flat_map(|table| table.associations.unwrap_or_default());
    Ok(all
        .filter(|it| it.subnet_id.is_some() && lives(it))
        .collect())
}

fn lives(association: &types::RouteTableAssociation) -> bool {
    let state = association
        .association_state()
        .and_then(|state| state.state());
    !matches!(
        state,
        Some(
            RouteTableAssociationStateCode::Disassociating
                | RouteTableAssociationStateCode::Disassociated
                | RouteTableAssociationStateCode::Failed
        )
    )
}

fn observe(
    association: types::RouteTableAssociation,
) -> Result<Observed<RouteTableAssociation>, AwsError> {
    let lacks = || CREATE.lacks("RouteTableAssociationId");
    let id = association.route_table_association_id.ok_or_else(lacks)?;
    let component = RouteTableAssociation {
        route_table_id: association.route_table_id.unwrap_or_default().into(),
        subnet_id: association.subnet_id.unwrap_or_default().into(),
    };
    Ok(Observed {
        outputs: recorded(&id, component.subnet_id.get()),
        component,
        tags: Tags::new(),
    })
}

/// The subnet is recorded too: `ReplaceRouteTableAssociation` by somebody else changes the id.
fn recorded(id: &str, subnet: &str) -> Recorded {
    let mut recorded = outputs(id);
    recorded.insert("subnet_id".to_owned(), subnet.to_owned());
    recorded
}

#[async_trait]
impl Adapter for RouteTableAssociation {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(None);
        };
        let found = settle::get(aws, &aws.loaders.route_table_associations, id, freshness).await?;
        let found = match (found, recorded.get("subnet_id")) {
            (None, Some(subnet)) => of_subnet(aws, subnet).await?,
            (found, _) => found,
        };
        found.map(observe).transpose()
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let found = match lookup {
            Lookup::Desired(wanted, _) => of_subnet(aws, wanted.subnet_id.get())
                .await?
                .into_iter()
                .collect(),
            Lookup::Named(id) => {
                let found = AssociatedTables::keyed(aws, &[id.to_owned()]).await?;
                return found
                    .into_iter()
                    .filter(|(key, _)| key == id)
                    .map(|(_, it)| observe(it))
                    .collect();
            }
            Lookup::Owned(tags) => describe(aws, ec2_tags::all(tags)).await?,
        };
        found.into_iter().map(observe).collect()
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let (table, subnet) = (self.route_table_id.get(), self.subnet_id.get());
        route_table::forget(aws, table);
        let answer = settle::once_known(aws, &[table, subnet], || {
            let call = aws
                .ec2()
                .associate_route_table()
                .route_table_id(table)
                .subnet_id(subnet);
            aws.call(CREATE, call.send())
        })
        .await;
        route_table::forget(aws, table);
        let id = answer?
            .association_id
            .ok_or_else(|| CREATE.lacks("AssociationId"))?;
        aws.newborns.note(&id);
        Ok(Created {
            outputs: recorded(&id, subnet),
            complete: true,
        })
    }

    /// AWS gives the association a new id.
    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        _changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let Some(id) = id(&observed.outputs) else {
            return Err(REPLACE.lacks("AssociationId"));
        };
        let table = self.route_table_id.get();
        route_table::forget(aws, observed.component.route_table_id.get());
        route_table::forget(aws, table);
        let answer = settle::once_known(aws, &[table, id], || {
            let call = aws
                .ec2()
                .replace_route_table_association()
                .association_id(id);
            aws.call(REPLACE, call.route_table_id(table).send())
        })
        .await;
        route_table::forget(aws, observed.component.route_table_id.get());
        route_table::forget(aws, table);
        let new = answer?
            .new_association_id
            .ok_or_else(|| REPLACE.lacks("NewAssociationId"))?;
        aws.newborns.note(&new);
        Ok(recorded(&new, self.subnet_id.get()))
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let attempt = || {
            let call = aws.ec2().disassociate_route_table().association_id(id);
            aws.call(DELETE, call.send())
        };
        let deleted = settle::delete(aws, id, GONE, wait, attempt).await;
        aws.loaders.route_tables.forget_all();
        aws.loaders.route_table_associations.forget_all();
        deleted
    }
}
