//! `stackwright_network`: a VPC with public and private subnets in several availability zones.
//!
//! Components: `vpc` (main), `internet_gateway`, `default_security_group`, `endpoint.s3`,
//! `route_table.public` with `route.public`; per zone `subnet.public.<zone>`,
//! `subnet.private.<zone>`, `route_table.private.<zone>`, `route.private.<zone>` and their
//! `association.<public|private>.<zone>`; per NAT gateway `elastic_ip.<zone>` and `nat.<zone>`;
//! `namespace` for private names.
//!
//! Replaced by a change of: `name`, `cidr`, `domain`.

pub mod private_domain;

use std::collections::BTreeMap;

use tfplugin_types::{Cfg, Diagnostics, Path, Refinements, TfSchema};

use crate::cidr::{self, Cidr, ZonePlan};
use crate::component::{
    CloudMapNamespace, DefaultSecurityGroup, ElasticIp, GatewayEndpoint, InternetGateway,
    NatGateway, Route, RouteTable, RouteTableAssociation, Subnet, Tags, Vpc,
};
use crate::resource::{
    Anchor, Common, CommonConfig, Facts, Found, Plain, RecoverError, Refs, Resource, cfg_list,
    cfg_map, known_list, required, split_id,
};
use crate::{Graph, In, Key, Kind, Outputs, ResourceId, Scope, aws_rules, tag};

/// A VPC with public and private subnets in several availability zones, an internet gateway, NAT gateways, route tables and an S3 gateway endpoint. Its default security group has no rules.
///
/// Each of up to four zones gets a quarter of `cidr`: half of it private, a quarter public, a quarter free.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Network {
    /// Name, unique in the environment. Changing this replaces the network.
    #[tf(
        replace,
        matches(aws_rules::resource_name),
        allowed = "1 to 32 lower-case letters, digits and `-`, beginning with a letter"
    )]
    pub name: String,
    /// IPv4 range, a `/16` to `/24` without host bits. Changing this replaces the network.
    #[tf(default = "10.30.0.0/16".to_owned(), replace, matches(aws_rules::network_cidr), allowed = "an IPv4 range from `/16` to `/24`")]
    pub cidr: String,
    /// Number of availability zones to use: the first ones of the region that are open to every account. Given instead of `availability_zones`.
    #[tf(optional, computed, range(1..=4))]
    pub az_count: Option<i64>,
    /// Availability zones to use, in the order of the address plan. Add at the end: a zone whose place changes gets new subnets. Default: the first two of the region.
    #[tf(optional, computed, length(1..=4))]
    pub availability_zones: Option<Vec<String>>,
    /// NAT gateways: `single` for one that all zones share, `per_az` for one in each zone.
    #[tf(default = "single".to_owned(), one_of("single", "per_az"))]
    pub nat: String,
    /// Domain of the private names in the network: apps, databases and internal routers are found there by each other, and nobody else. Default: `<environment>.<project>.internal`. Changing this replaces the network.
    #[tf(
        optional,
        computed,
        matches(private_domain::check),
        allowed = "a domain in lower case, like `stage.acme.internal`"
    )]
    pub domain: Option<String>,
    /// Id of the VPC.
    #[tf(computed, prefix = "vpc-")]
    pub vpc_id: String,
    /// Id of the public subnet of each availability zone.
    #[tf(computed)]
    pub public_subnet_ids: BTreeMap<String, String>,
    /// Id of the private subnet of each availability zone.
    #[tf(computed)]
    pub private_subnet_ids: BTreeMap<String, String>,
    /// Public addresses from which tasks reach the internet, by availability zone.
    #[tf(computed)]
    pub nat_public_ips: BTreeMap<String, String>,
    /// Id of the Cloud Map namespace that holds the private names.
    #[tf(computed)]
    pub namespace_id: String,
    /// What other resources need to know of this network.
    #[tf(computed, name = "ref")]
    pub reference: Plain<NetworkRef>,
    /// What every resource has.
    #[tf(flatten)]
    pub common: Common,
}

/// A network as other resources see it. Write it by hand to use a VPC that exists already.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct NetworkRef {
    /// Name of the network.
    pub name: String,
    /// Id of the VPC.
    pub vpc_id: String,
    /// IPv4 range of the VPC.
    pub cidr: String,
    /// Ids of the private subnets, in the order of the zones.
    pub private_subnet_ids: Vec<String>,
    /// Ids of the public subnets, in the order of the zones.
    pub public_subnet_ids: Vec<String>,
    /// Id of the Cloud Map namespace for private names; without one nothing in the network has a private name.
    pub namespace_id: Option<String>,
    /// Domain of the namespace: `stage.acme.internal`.
    pub namespace: Option<String>,
}

/// The networks.
#[derive(Debug)]
pub struct NetworkResource;

/// What planning a network needs, all known.
struct Inputs<'a> {
    scope: &'a Scope,
    name: String,
    cidr: Cidr,
    zones: Vec<String>,
    nat_per_zone: bool,
    domain: String,
    id: ResourceId,
    user_tags: Tags,
}

impl Inputs<'_> {
    fn new<'a>(scope: &'a Scope, view: &NetworkConfig) -> Option<Inputs<'a>> {
        let name = view.name.known()?.clone();
        Some(Inputs {
            scope,
            cidr: view.cidr.known()?.parse().ok()?,
            zones: known_list(&view.availability_zones)?,
            nat_per_zone: view.nat.known()? == "per_az",
            domain: view.domain.known()?.clone(),
            id: ResourceId::new(
                NetworkResource::TYPE,
                format!("{}/{name}", scope.environment),
            ),
            user_tags: crate::resource::known_map(&view.common.tags)?,
            name,
        })
    }

    fn tags(&self, component: &str) -> Tags {
        let mut tags = self.scope.tags(&self.id, component, None, &self.user_tags);
        let Scope {
            project,
            environment,
            ..
        } = self.scope;
        let label = component.replace(['.', '_'], "-");
        tags.insert(
            tag::NAME.to_owned(),
            format!("{project}-{environment}-{}-{label}", self.name),
        );
        tags
    }

    fn zone_plan(&self, index: usize) -> Option<ZonePlan> {
        cidr::zone(self.cidr, index)
    }

    /// The zone whose NAT gateway serves a zone.
    fn nat_zone<'a>(&'a self, zone: &'a str) -> &'a str {
        if self.nat_per_zone {
            zone
        } else {
            self.zones.first().map_or(zone, String::as_str)
        }
    }
}

const VPC: &str = "vpc";
const GATEWAY: &str = "internet_gateway";
const NAMESPACE: &str = "namespace";

fn output(key: impl Into<Key>) -> In<String> {
    In::From(key.into(), "id")
}

impl Resource for NetworkResource {
    type Schema = Network;
    type View = NetworkConfig;
    const TYPE: &'static str = "network";
    const VERSION: i64 = Network::SCHEMA_VERSION;
    const NEEDS_ZONES: bool = true;

    fn common(view: &mut NetworkConfig) -> &mut CommonConfig {
        &mut view.common
    }

    fn id(scope: &Scope, view: &NetworkConfig) -> Option<String> {
        Some(format!("{}/{}", scope.environment, view.name.known()?))
    }

    fn validate(view: &NetworkConfig, found: &mut Diagnostics) {
        if view.az_count.known().is_some() && view.availability_zones.known().is_some() {
            found.error(
                Path::attribute("az_count"),
                "Conflicting Arguments",
                "`az_count` and `availability_zones` say the same thing. Remove one of them.",
            );
        }
        let zones = known_list(&view.availability_zones).unwrap_or_default();
        for (index, zone) in zones.iter().enumerate() {
            if zones[..index].contains(zone) {
                let at = Path::attribute("availability_zones").index(index);
                found.error(
                    at,
                    "Repeated Availability Zone",
                    format!("`{zone}` stands here twice. Remove one."),
                );
            }
        }
    }

    /// Zones once chosen stay: a zone that AWS adds to the region later moves nothing.
    fn complete(
        scope: &Scope,
        facts: &Facts,
        prior: Option<&NetworkConfig>,
        view: &mut NetworkConfig,
        found: &mut Diagnostics,
    ) {
        if view.domain.is_null() {
            let before = prior.and_then(|prior| prior.domain.known().cloned());
            let chosen = before.unwrap_or_else(|| default_domain(scope));
            view.domain = Cfg::Known(chosen);
        }
        match (&view.availability_zones, &view.az_count) {
            (Cfg::Known(zones), _) => view.az_count = count(zones.len()),
            (Cfg::Unknown(_), _) => view.az_count = Cfg::unknown(),
            (Cfg::Null, Cfg::Unknown(_)) => view.availability_zones = Cfg::unknown(),
            (Cfg::Null, _) => choose(facts, prior, view, found),
        }
        check_places(prior, view, found);
    }

    fn plan(scope: &Scope, view: &NetworkConfig) -> Option<Graph> {
        let inputs = Inputs::new(scope, view)?;
        let mut graph = Graph::default();
        shared(&inputs, &mut graph);
        for (index, zone) in inputs.zones.iter().enumerate() {
            subnets(&inputs, zone, inputs.zone_plan(index)?, &mut graph);
            private_routes(&inputs, zone, &mut graph);
            if inputs.nat_zone(zone) == zone {
                nat(&inputs, zone, &mut graph);
            }
        }
        endpoint(&inputs, &mut graph);
        namespace(&inputs, &mut graph);
        Some(graph)
    }

    fn fill(_scope: &Scope, view: &mut NetworkConfig, outputs: &Outputs) {
        let vpc_id = outputs
            .get(&VPC.into(), "id")
            .refined(Refinements::prefix("vpc-"));
        let zones = known_list(&view.availability_zones);
        let by_zone = |what: &str, output: &str| match &zones {
            Some(zones) => Cfg::Known(
                zones
                    .iter()
                    .map(|zone| {
                        (
                            zone.clone(),
                            outputs.get(&format!("{what}.{zone}").into(), output),
                        )
                    })
                    .collect::<BTreeMap<_, _>>(),
            ),
            None => Cfg::unknown(),
        };
        let in_order = |what: &str| match &zones {
            Some(zones) => Cfg::Known(
                zones
                    .iter()
                    .map(|zone| outputs.get(&format!("{what}.{zone}").into(), "id"))
                    .collect(),
            ),
            None => Cfg::unknown(),
        };
        view.public_subnet_ids = by_zone("subnet.public", "id");
        view.private_subnet_ids = by_zone("subnet.private", "id");
        view.nat_public_ips = match (&view.nat, &zones) {
            (Cfg::Known(nat), Some(zones)) => {
                let count = if nat == "per_az" { zones.len() } else { 1 };
                let ip = |zone: &String| {
                    (
                        zone.clone(),
                        outputs.get(&format!("elastic_ip.{zone}").into(), "public_ip"),
                    )
                };
                Cfg::Known(zones.iter().take(count).map(ip).collect())
            }
            _ => Cfg::unknown(),
        };
        view.namespace_id = outputs.get(&NAMESPACE.into(), "id");
        view.reference = Cfg::Known(NetworkRefConfig {
            name: view.name.clone(),
            vpc_id: vpc_id.clone(),
            cidr: view.cidr.clone(),
            private_subnet_ids: in_order("subnet.private"),
            public_subnet_ids: in_order("subnet.public"),
            namespace_id: view.namespace_id.clone(),
            namespace: view.domain.clone(),
        });
        view.vpc_id = vpc_id;
    }

    /// A network that had no domain yet gets one beside what it has.
    fn replaced_for(prior: &NetworkConfig, planned: &NetworkConfig) -> Vec<Path> {
        let (before, after) = (prior.domain.known(), planned.domain.known());
        let moves = before.is_some() && before != after;
        moves
            .then(|| Path::attribute("domain"))
            .into_iter()
            .collect()
    }

    fn anchors(scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError> {
        split_id::<2>(scope, id, "<environment>/<name>")?;
        Ok([
            Kind::Vpc,
            Kind::Subnet,
            Kind::NatGateway,
            Kind::CloudMapNamespace,
        ]
        .map(Anchor::tagged)
        .to_vec())
    }

    fn recover(
        scope: &Scope,
        id: &str,
        found: &Found,
        _refs: &Refs,
    ) -> Result<NetworkConfig, RecoverError> {
        let [_, name] = split_id::<2>(scope, id, "<environment>/<name>")?;
        let vpc = required(found, VPC, id, Kind::Vpc)?;
        let zones = zones_of(found);
        let nats = found.keys().filter(|key| key.0.starts_with("nat.")).count();
        let nat = if nats > 1 { "per_az" } else { "single" };
        let mut view = NetworkConfig {
            name: Cfg::Known(name.to_owned()),
            cidr: vpc.text("cidr_block").into(),
            availability_zones: cfg_list(zones),
            nat: Cfg::Known(nat.to_owned()),
            domain: found
                .get(&Key::from(NAMESPACE))
                .and_then(|namespace| namespace.text("name"))
                .into(),
            ..NetworkConfig::default()
        };
        view.common.tags = cfg_map(vpc.user_tags(scope));
        Ok(view)
    }
}

/// The zones of the private subnets, in the order of the address plan.
fn zones_of(found: &Found) -> Vec<String> {
    let private = found.iter().filter_map(|(key, seen)| {
        let zone = key.0.strip_prefix("subnet.private.")?;
        Some((
            seen.text("cidr_block")?.parse::<Cidr>().ok()?,
            zone.to_owned(),
        ))
    });
    private.collect::<BTreeMap<_, _>>().into_values().collect()
}

/// A zone's place decides its addresses: a zone that moves would need new subnets where others are.
fn check_places(prior: Option<&NetworkConfig>, view: &NetworkConfig, found: &mut Diagnostics) {
    let before = prior
        .and_then(|prior| known_list(&prior.availability_zones))
        .unwrap_or_default();
    let after = known_list(&view.availability_zones).unwrap_or_default();
    let same_network =
        prior.is_some_and(|prior| prior.cidr == view.cidr && prior.name == view.name);
    let moved = |(at, zone): (usize, &String)| {
        let was = before.iter().position(|before| before == zone)?;
        (was != at).then(|| (at, zone.clone(), was))
    };
    for (at, zone, was) in after
        .iter()
        .enumerate()
        .filter_map(moved)
        .filter(|_| same_network)
    {
        found.error(
            Path::attribute("availability_zones").index(at),
            "Availability Zone Moved",
            format!("`{zone}` stood in place {} and stands in place {} now. The place decides the addresses of its subnets, and those cannot change while tasks run in them. Keep the order: add zones at the end and remove them from the end.", was + 1, at + 1),
        );
    }
}

fn count(zones: usize) -> Cfg<i64> {
    i64::try_from(zones).map_or(Cfg::Null, Cfg::Known)
}

fn choose(
    facts: &Facts,
    prior: Option<&NetworkConfig>,
    view: &mut NetworkConfig,
    found: &mut Diagnostics,
) {
    let chosen = prior
        .and_then(|prior| known_list(&prior.availability_zones))
        .unwrap_or_default();
    let wanted = match view.az_count.known() {
        Some(count) => usize::try_from(*count).unwrap_or(0),
        None if chosen.is_empty() => 2,
        None => chosen.len(),
    };
    let zones = choose_zones(&chosen, &facts.availability_zones, wanted, found);
    view.az_count = count(zones.len());
    view.availability_zones = cfg_list(zones);
}

/// Keeps what was chosen and fills up with the first free zones of the region.
fn choose_zones(
    chosen: &[String],
    available: &[String],
    wanted: usize,
    found: &mut Diagnostics,
) -> Vec<String> {
    let free = available.iter().filter(|zone| !chosen.contains(zone));
    let zones: Vec<String> = chosen.iter().chain(free).take(wanted).cloned().collect();
    if zones.len() < wanted {
        found.error(
            Path::attribute("az_count"),
            "Too Few Availability Zones",
            format!("{wanted} availability zones are asked for, but the region has {} that are open to every account: {}. Ask for fewer.", available.len(), available.join(", ")),
        );
    }
    zones
}

fn shared(inputs: &Inputs<'_>, graph: &mut Graph) {
    let vpc = Vpc {
        cidr_block: inputs.cidr.to_string(),
        enable_dns_support: true,
        enable_dns_hostnames: true,
        tags: inputs.tags(VPC),
    };
    graph.add(VPC, &vpc).main();
    graph.add(
        GATEWAY,
        &InternetGateway {
            vpc_id: output(VPC),
            tags: inputs.tags(GATEWAY),
        },
    );
    let locked = "default_security_group";
    let group = DefaultSecurityGroup {
        vpc_id: output(VPC),
        rules: Vec::new(),
        tags: inputs.tags(locked),
    };
    graph.add(locked, &group);
    let table = "route_table.public";
    graph.add(
        table,
        &RouteTable {
            vpc_id: output(VPC),
            tags: inputs.tags(table),
        },
    );
    let route = Route {
        route_table_id: output(table),
        destination_cidr_block: "0.0.0.0/0".to_owned(),
        gateway_id: Some(output(GATEWAY)),
        nat_gateway_id: None,
    };
    graph.add("route.public", &route);
}

fn subnets(inputs: &Inputs<'_>, zone: &str, plan: ZonePlan, graph: &mut Graph) {
    let sides = [
        ("public", plan.public, "route_table.public".to_owned()),
        (
            "private",
            plan.private,
            format!("route_table.private.{zone}"),
        ),
    ];
    for (side, range, table) in sides {
        let key = format!("subnet.{side}.{zone}");
        let subnet = Subnet {
            vpc_id: output(VPC),
            availability_zone: zone.to_owned(),
            cidr_block: range.to_string(),
            map_public_ip_on_launch: false,
            tags: inputs.tags(&key),
        };
        graph.add(key.clone(), &subnet);
        let association = RouteTableAssociation {
            route_table_id: output(table),
            subnet_id: output(key),
        };
        graph.add(format!("association.{side}.{zone}"), &association);
    }
}

fn private_routes(inputs: &Inputs<'_>, zone: &str, graph: &mut Graph) {
    let table = format!("route_table.private.{zone}");
    graph.add(
        table.clone(),
        &RouteTable {
            vpc_id: output(VPC),
            tags: inputs.tags(&table),
        },
    );
    let route = Route {
        route_table_id: output(table),
        destination_cidr_block: "0.0.0.0/0".to_owned(),
        gateway_id: None,
        nat_gateway_id: Some(output(format!("nat.{}", inputs.nat_zone(zone)))),
    };
    graph.add(format!("route.private.{zone}"), &route);
}

fn nat(inputs: &Inputs<'_>, zone: &str, graph: &mut Graph) {
    let address = format!("elastic_ip.{zone}");
    graph.add(
        address.clone(),
        &ElasticIp {
            tags: inputs.tags(&address),
        },
    );
    let key = format!("nat.{zone}");
    let gateway = NatGateway {
        subnet_id: output(format!("subnet.public.{zone}")),
        allocation_id: output(address),
        tags: inputs.tags(&key),
    };
    // AWS makes a NAT gateway fail when its VPC has no internet gateway yet.
    graph.add(key, &gateway).after(GATEWAY);
}

fn default_domain(scope: &Scope) -> String {
    format!("{}.{}.internal", scope.environment, scope.project)
}

fn namespace(inputs: &Inputs<'_>, graph: &mut Graph) {
    let Inputs { scope, name, .. } = inputs;
    let namespace = CloudMapNamespace {
        name: inputs.domain.clone(),
        vpc_id: output(VPC),
        description: format!("Private names in network {name} of {}", scope.environment),
        tags: inputs.tags(NAMESPACE),
    };
    graph.add(NAMESPACE, &namespace);
}

fn endpoint(inputs: &Inputs<'_>, graph: &mut Graph) {
    let private = inputs
        .zones
        .iter()
        .map(|zone| output(format!("route_table.private.{zone}")));
    let key = "endpoint.s3";
    let endpoint = GatewayEndpoint {
        vpc_id: output(VPC),
        service_name: format!("com.amazonaws.{}.s3", inputs.scope.region),
        route_table_ids: private.collect(),
        tags: inputs.tags(key),
    };
    graph.add(key, &endpoint);
}
