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
    routes.filter_map(|route| Some((route, leads_to(route)?)))
}

/// The range that a route of AWS is for.
fn leads_to(route: &types::Route) -> Option<&str> {
    let ipv4 = route.destination_cidr_block();
    ipv4.or(route.destination_ipv6_cidr_block())
}

fn observe(table: &str, destination: &str, route: &types::Route) -> Observed<Route> {
    let known = |id: Option<&str>| id.map(|id| In::Known(id.to_owned()));
    let (ipv4, ipv6) = if is_ipv6(destination) {
        ("", destination)
    } else {
        (destination, "")
    };
    let component = Route {
        route_table_id: table.into(),
        destination_cidr_block: ipv4.to_owned(),
        destination_ipv6_cidr_block: ipv6.to_owned(),
        gateway_id: known(route.gateway_id()),
        egress_only_internet_gateway_id: known(route.egress_only_internet_gateway_id()),
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

/// Whether a destination is of IPv6.
fn is_ipv6(destination: &str) -> bool {
    destination.contains(':')
}

/// Where a route leads to.
fn destination(route: &Route) -> &str {
    if route.destination_ipv6_cidr_block.is_empty() {
        &route.destination_cidr_block
    } else {
        &route.destination_ipv6_cidr_block
    }
}

/// A destination as calls take it: as IPv4 or as IPv6.
fn by_family(destination: &str) -> (Option<String>, Option<String>) {
    let destination = destination.to_owned();
    if is_ipv6(&destination) {
        (None, Some(destination))
    } else {
        (Some(destination), None)
    }
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
            Lookup::Desired(route, _) => (route.route_table_id.get().as_str(), destination(route)),
            Lookup::Named(id) => match parts(id) {
                Some(parts) => parts,
                None => return Ok(Vec::new()),
            },
            Lookup::Owned(tags) => return in_tables(aws, ec2_tags::all(tags), None).await,
        };
        in_tables(aws, vec![filter("route-table-id", [table])], Some(to)).await
    }

    fn foretold(&self) -> Option<Recorded> {
        let (table, destination) = (self.route_table_id.get(), destination(self));
        Some(outputs(&format!("{table}{MARK}{destination}")))
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let table = self.route_table_id.get();
        let (ipv4, ipv6) = by_family(destination(self));
        let targets = Targets::of(self);
        let ids = targets.ids(table);
        route_table::forget(aws, table);
        let written = settle::once_known(aws, &ids, || {
            let call = aws
                .ec2()
                .create_route()
                .route_table_id(table)
                .set_destination_cidr_block(ipv4.clone())
                .set_destination_ipv6_cidr_block(ipv6.clone())
                .set_gateway_id(targets.gateway.clone())
                .set_egress_only_internet_gateway_id(targets.egress_only.clone())
                .set_nat_gateway_id(targets.nat.clone());
            aws.call(CREATE, call.send())
        })
        .await;
        route_table::forget(aws, table);
        written.map(|_| Created {
            outputs: outputs(&format!("{table}{MARK}{}", destination(self))),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        _changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let table = self.route_table_id.get();
        let (ipv4, ipv6) = by_family(destination(self));
        let targets = Targets::of(self);
        let ids = targets.ids(table);
        route_table::forget(aws, table);
        let written = settle::once_known(aws, &ids, || {
            let call = aws
                .ec2()
                .replace_route()
                .route_table_id(table)
                .set_destination_cidr_block(ipv4.clone())
                .set_destination_ipv6_cidr_block(ipv6.clone())
                .set_gateway_id(targets.gateway.clone())
                .set_egress_only_internet_gateway_id(targets.egress_only.clone())
                .set_nat_gateway_id(targets.nat.clone());
            aws.call(REPLACE, call.send())
        })
        .await;
        route_table::forget(aws, table);
        written.map(|_| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some((table, to)) = id(recorded).and_then(parts) else {
            return Ok(());
        };
        let (ipv4, ipv6) = by_family(to);
        let attempt = || {
            let call = aws
                .ec2()
                .delete_route()
                .route_table_id(table)
                .set_destination_cidr_block(ipv4.clone())
                .set_destination_ipv6_cidr_block(ipv6.clone());
            aws.call(DELETE, call.send())
        };
        let what = format!("route {to} of {table}");
        let deleted = settle::delete(aws, &what, GONE, wait, attempt).await;
        route_table::forget(aws, table);
        deleted
    }
}

/// What a route leads to: one of these.
struct Targets {
    gateway: Option<String>,
    egress_only: Option<String>,
    nat: Option<String>,
}

impl Targets {
    fn of(route: &Route) -> Self {
        let id = |id: Option<&In<String>>| id.map(|id| id.get().clone());
        Self {
            gateway: id(route.gateway_id.as_ref()),
            egress_only: id(route.egress_only_internet_gateway_id.as_ref()),
            nat: id(route.nat_gateway_id.as_ref()),
        }
    }

    /// The ids that a call names.
    fn ids<'a>(&'a self, table: &'a str) -> Vec<&'a str> {
        let targets = [&self.gateway, &self.egress_only, &self.nat];
        let named = targets.into_iter().flatten().map(String::as_str);
        named.chain([table]).collect()
    }
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
            .routes(
                types::Route::builder()
                    .destination_ipv6_cidr_block("::/0")
                    .egress_only_internet_gateway_id("eigw-1")
                    .origin(RouteOrigin::CreateRoute)
                    .build(),
            )
            .build();
        let seen = observe_all(&table, None);
        let ids: Vec<_> = seen.iter().filter_map(|it| it.outputs.get("id")).collect();
        assert_eq!(ids, ["rtb-1|0.0.0.0/0", "rtb-1|::/0"]);
        let ipv6 = &seen[1].component;
        assert_eq!(ipv6.destination_cidr_block, "");
        assert_eq!(destination(ipv6), "::/0");
        assert_eq!(observe_all(&table, Some("10.0.0.0/16")).len(), 0);
    }

    #[test]
    fn an_id_names_table_and_destination() {
        assert_eq!(parts("rtb-1|0.0.0.0/0"), Some(("rtb-1", "0.0.0.0/0")));
        assert_eq!(parts("rtb-1"), None);
    }
}
