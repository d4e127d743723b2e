//! IPv6 in a network: a range that AWS chooses, ways out, and none in.

use super::{GATEWAY, Inputs, VPC, output};
use crate::cidr::{self, Ipv6ZonePlan};
use crate::component::{EgressOnlyInternetGateway, Ipv6CidrBlock, Route};
use crate::{Graph, In};

/// The range of the VPC.
pub(super) const RANGE: &str = "ipv6";
/// The way out of the private subnets.
pub(super) const EGRESS: &str = "egress_gateway";
/// Everywhere.
const ALL: &str = "::/0";

/// The IPv6 range of a subnet; the empty text for none.
pub(super) fn subnet(
    inputs: &Inputs<'_>,
    index: usize,
    number: fn(&Ipv6ZonePlan) -> &'static str,
) -> In<String> {
    let plan = cidr::ipv6_zone(index).filter(|_| inputs.ipv6);
    plan.map_or_else(
        || In::Known(String::new()),
        |plan| In::From(RANGE.into(), number(&plan)),
    )
}

/// AWS takes a range away only when no gateway needs it, so the gateways come after it.
pub(super) fn shared(inputs: &Inputs<'_>, graph: &mut Graph) {
    if !inputs.ipv6 {
        return;
    }
    let range = Ipv6CidrBlock {
        vpc_id: output(VPC),
    };
    graph.add(RANGE, &range);
    let gateway = EgressOnlyInternetGateway {
        vpc_id: output(VPC),
        tags: inputs.tags(EGRESS),
    };
    graph.add(EGRESS, &gateway).after(RANGE);
    let public = route("route_table.public", Some(GATEWAY), None);
    graph.add("route_ipv6.public", &public).after(RANGE);
}

/// The way out of the private subnet of a zone.
pub(super) fn private(inputs: &Inputs<'_>, zone: &str, graph: &mut Graph) {
    if inputs.ipv6 {
        let table = format!("route_table.private.{zone}");
        let out = route(&table, None, Some(EGRESS));
        graph.add(format!("route_ipv6.private.{zone}"), &out);
    }
}

fn route(table: &str, gateway: Option<&str>, egress_only: Option<&str>) -> Route {
    Route {
        route_table_id: output(table),
        destination_cidr_block: String::new(),
        destination_ipv6_cidr_block: ALL.to_owned(),
        gateway_id: gateway.map(output),
        egress_only_internet_gateway_id: egress_only.map(output),
        nat_gateway_id: None,
    }
}
