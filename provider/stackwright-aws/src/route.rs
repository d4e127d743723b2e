//! Route. It cannot be tagged: it belongs to whoever owns its table.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, RouteOrigin};
use stackwright_plan::In;
use stackwright_plan::component::{Route, Tags};
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, filter};
use crate::settle::{self, id, outputs};
use crate::{
    Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait, route_table,
};

const CREATE: Op = Op::new("ec2", "CreateRoute");
const REPLACE: Op = Op::new("ec2", "ReplaceRoute");
const DELETE: Op = Op::new("ec2", "DeleteRoute");

const GONE: &[&str] = &["InvalidRoute.NotFound", "InvalidRouteTableID.NotFound"];
/// Between table and destination in an id.
const MARK: char = '|';

/// The routes of a table that someone wrote, with their destinations: not the local one, not those
/// of gateway endpoints, which have a prefix list, and not those that AWS propagates.
fn written(table: &types::RouteTable) -> impl Iterator<Item = (&types::Route, &str)> {
    let by_hand = |route: &&types::Route| {
        route.origin() == Some(&RouteOrigin::CreateRoute) || route.origin().is_none()
    };
    let local = |route: &&types::Route| route.gateway_id() == Some("local");
    let routes = table
        .routes()
        .iter()
        .filter(by_hand)
        .filter(move |route| !local(route));
    routes.filter_map(|route| Some((route, route.destination_cidr_block()?)))
}

fn observe(table: &str, destination: &str, route: &types::Route) -> Observed<Route> {
    let known = |id: Option<&str>| id.map(|id| In::Known(id.to_owned()));
    let component = Route {
        route_table_id: table.into(),
        destination_cidr_block: destination.to_owned(),
        gateway_id: known(route.gateway_id()),
        nat_gateway_id: known(route.nat_gateway_id()),
    };
    let outputs = outputs(&format!("{table}{MARK}{destination}"));
    Observed {
        component,
        outputs,
        tags: Tags::new(),
    }
}

/// All written routes of a table, or the one to a destination.
fn observe_all(table: &types::RouteTable, to: Option<&str>) -> Vec<Observed<Route>> {
    let id = table.route_table_id().unwrap_or_default();
    let routes = written(table).filter(|(_, destination)| to.is_none_or(|to| to == *destination));
    routes
        .map(|(route, destination)| observe(id, destination, route))
        .collect()
}

/// Table and destination.
fn parts(id: &str) -> Option<(&str, &str)> {
    id.split_once(MARK)
}

async fn in_tables(
    aws: &Aws,
    filters: Vec<types::Filter>,
    to: Option<&str>,
) -> Result<Vec<Observed<Route>>, AwsError> {
    let tables = route_table::describe(aws, filters).await?;
    Ok(tables
        .iter()
        .flat_map(|table| observe_all(table, to))
        .collect())
}

#[async_trait]
impl Adapter for Route {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some((table, to)) = id(recorded).and_then(parts) else {
            return Ok(None);
        };
        let found = settle::get(aws, &aws.loaders.route_tables, table, freshness).await?;
        let route = found.and_then(|table| observe_all(&table, Some(to)).pop());
        if route.is_some() || freshness == Freshness::Fresh {
            return Ok(route);
        }
        // A miss in what was read before is confirmed.
        let found = settle::get(aws, &aws.loaders.route_tables, table, Freshness::Fresh).await?;
        Ok(found.and_then(|table| observe_all(&table, Some(to)).pop()))
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let (table, to) = match lookup {
            Lookup::Desired(route, _) => (
                route.route_table_id.get().as_str(),
                route.destination_cidr_block.as_str(),
            ),
            Lookup::Named(id) => match parts(id) {
                Some(parts) => parts,
                None => return Ok(Vec::new()),
            },
            Lookup::Owned(tags) => return in_tables(aws, ec2_tags::all(tags), None).await,
        };
        in_tables(aws, vec![filter("route-table-id", [table])], Some(to)).await
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let (table, to) = (self.route_table_id.get(), &self.destination_cidr_block);
        let (gateway, nat) = (
            target(self.gateway_id.as_ref()),
            target(self.nat_gateway_id.as_ref()),
        );
        let ids = [
            table.as_str(),
            gateway.as_deref().unwrap_or_default(),
            nat.as_deref().unwrap_or_default(),
        ];
        route_table::forget(aws, table);
        let written = settle::once_known(aws, &ids, || {
            let call = aws
                .ec2()
                .create_route()
                .route_table_id(table)
                .destination_cidr_block(to);
            let call = call
                .set_gateway_id(gateway.clone())
                .set_nat_gateway_id(nat.clone());
            aws.call(CREATE, &ids, call.send())
        })
        .await;
        route_table::forget(aws, table);
        written.map(|_| Created {
            outputs: outputs(&format!("{table}{MARK}{to}")),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        _changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let (table, to) = (self.route_table_id.get(), &self.destination_cidr_block);
        let (gateway, nat) = (
            target(self.gateway_id.as_ref()),
            target(self.nat_gateway_id.as_ref()),
        );
        let ids = [
            table.as_str(),
            gateway.as_deref().unwrap_or_default(),
            nat.as_deref().unwrap_or_default(),
        ];
        route_table::forget(aws, table);
        let written = settle::once_known(aws, &ids, || {
            let call = aws
                .ec2()
                .replace_route()
                .route_table_id(table)
                .destination_cidr_block(to);
            let call = call
                .set_gateway_id(gateway.clone())
                .set_nat_gateway_id(nat.clone());
            aws.call(REPLACE, &ids, call.send())
        })
        .await;
        route_table::forget(aws, table);
        written.map(|_| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some((table, to)) = id(recorded).and_then(parts) else {
            return Ok(());
        };
        let attempt = || {
            let call = aws
                .ec2()
                .delete_route()
                .route_table_id(table)
                .destination_cidr_block(to);
            aws.call(DELETE, &[table], call.send())
        };
        let what = format!("route {to} of {table}");
        let deleted = settle::delete(aws, &what, GONE, wait, attempt).await;
        route_table::forget(aws, table);
        deleted
    }
}

fn target(id: Option<&In<String>>) -> Option<String> {
    id.map(|id| id.get().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(to: &str, gateway: &str, origin: RouteOrigin) -> types::Route {
        types::Route::builder()
            .destination_cidr_block(to)
            .gateway_id(gateway)
            .origin(origin)
            .build()
    }

    #[test]
    fn only_routes_that_someone_wrote_are_seen() {
        let table = types::RouteTable::builder()
            .route_table_id("rtb-1")
            .routes(route("10.0.0.0/16", "local", RouteOrigin::CreateRouteTable))
            .routes(route(
                "10.9.0.0/16",
                "vgw-1",
                RouteOrigin::EnableVgwRoutePropagation,
            ))
            .routes(
                types::Route::builder()
                    .destination_prefix_list_id("pl-1")
                    .gateway_id("vpce-1")
                    .build(),
            )
            .routes(route("0.0.0.0/0", "igw-1", RouteOrigin::CreateRoute))
            .build();
        let seen = observe_all(&table, None);
        let ids: Vec<_> = seen.iter().filter_map(|it| it.outputs.get("id")).collect();
        assert_eq!(ids, ["rtb-1|0.0.0.0/0"]);
        assert_eq!(observe_all(&table, Some("10.0.0.0/16")).len(), 0);
    }

    #[test]
    fn an_id_names_table_and_destination() {
        assert_eq!(parts("rtb-1|0.0.0.0/0"), Some(("rtb-1", "0.0.0.0/0")));
        assert_eq!(parts("rtb-1"), None);
    }
}
