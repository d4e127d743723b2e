//! `stackwright_network`: a VPC with public and private subnets in several availability zones.
//!
//! Components: `vpc` (main), `internet_gateway`, `default_security_group`, `endpoint.s3`,
//! `route_table.public` with `route.public`; per zone `subnet.public.<zone>`,
//! `subnet.private.<zone>`, `route_table.private.<zone>`, `route.private.<zone>` and their
//! `association.<public|private>.<zone>`; per NAT gateway `elastic_ip.<zone>` and `nat.<zone>`;
//! without NAT `endpoint.<service>` with `security_group.endpoints` and `rule.endpoints`; with IPv6
//! `ipv6`, `egress_gateway`, `route_ipv6.public` and `route_ipv6.private.<zone>`; `flow_log` with
//! `log_group.flow_log` and `role.flow_log`; `namespace` for private names.
//!
//! Replaced by a change of: `name`, `cidr`, `domain`.

mod endpoints;
mod flow_log;
mod ipv6;
mod notes;
pub mod private_domain;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin_types::{Cfg, Diagnostics, Path, Refinements, TfSchema};

use crate::cidr::{self, Cidr, Ipv6ZonePlan, ZonePlan};
use crate::component::{
    CloudMapNamespace, DefaultSecurityGroup, ElasticIp, GatewayEndpoint, InternetGateway,
    NatGateway, Route, RouteTable, RouteTableAssociation, Subnet, Tags, Vpc,
};
use crate::diff::FieldDiff;
use crate::resource::{
    Anchor, Common, CommonConfig, Facts, Found, Plain, RecoverError, Refs, Resource, cfg_list,
    cfg_map, known_list, required, split_id,
};
use crate::{Graph, In, Key, Kind, Outputs, ResourceId, Scope, aws_rules, tag};

/// A VPC with IPv4 and IPv6, public and private subnets in several availability zones, ways to the internet, a private path to S3 and a flow log. Its default security group has no rules.
///
/// Each of up to four zones gets a quarter of `cidr`: half of it private, a quarter public, a quarter free. The IPv6 range, a `/56` that AWS chooses, is cut alike: a zone gets a quarter of it, whose first `/64` is the private subnet and whose middle one is the public subnet. In an IPv4 `/16`, subnet `10.30.32.0/20` and the IPv6 subnet with the number `20` (hexadecimal for 32) belong together.
///
/// Nothing from outside reaches a private subnet, by IPv4 or IPv6.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Network {
    /// Name, unique in the environment. Changing this replaces the network.
    #[tf(
        replace,
        matches(aws_rules::resource_name),
        allowed = "1 to 32 lower-case letters, digits and `-`, beginning with a letter and not ending with `-`"
    )]
    pub name: String,
    /// IPv4 range, a `/16` to `/24` without host bits. Changing this replaces the network.
    #[tf(default = "10.30.0.0/16".to_owned(), replace, matches(aws_rules::network_cidr), allowed = "an IPv4 range from `/16` to `/24`")]
    pub cidr: String,
    /// Number of availability zones to use: the first ones of the region that are open to every account. Given instead of `availability_zones`.
    #[tf(optional, computed, range(1..=4))]
    pub az_count: Option<i64>,
    /// Availability zones to use, in the order of the address plan. Add zones at the end and remove them from the end: a zone keeps its place, because its addresses follow from it. Default: the first two of the region.
    #[tf(optional, computed, length(1..=4))]
    pub availability_zones: Option<Vec<String>>,
    /// How private subnets reach IPv4 addresses outside: `single` for one NAT gateway that all zones share, `per_az` for one in each zone, `none` for no NAT gateway. With `none`, interface endpoints in each zone lead to the AWS services that tasks need (ECR, CloudWatch Logs, Secrets Manager, SSM), and images can be pulled from ECR alone; in two zones these endpoints cost more than a NAT gateway, so this is for networks that must be closed, which also need `ipv6 = false`.
    #[tf(default = "single".to_owned(), one_of("none", "single", "per_az"))]
    pub nat: String,
    /// Whether the network has IPv6 beside IPv4: a range that AWS chooses, a subnet of it in each subnet, and an egress-only internet gateway, by which private subnets reach IPv6 addresses and are not reached. It costs nothing. Taking it away needs a network in which nothing has an IPv6 address.
    #[tf(default = true)]
    pub ipv6: bool,
    /// Days to keep the flow log, the record of who connected to whom, in CloudWatch Logs; 0 for no flow log.
    #[tf(
        default = 30,
        matches(flow_log::check_days),
        allowed = "0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653"
    )]
    pub flow_log_retention: i64,
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
    /// IPv6 range of the VPC, a `/56`. Null without `ipv6`.
    #[tf(computed)]
    pub ipv6_cidr: Option<String>,
    /// IPv6 range of the public subnet of each availability zone, a `/64`. Empty without `ipv6`.
    #[tf(computed)]
    pub public_subnet_ipv6_cidrs: BTreeMap<String, String>,
    /// IPv6 range of the private subnet of each availability zone, a `/64`. Empty without `ipv6`.
    #[tf(computed)]
    pub private_subnet_ipv6_cidrs: BTreeMap<String, String>,
    /// Id of the egress-only internet gateway. Null without `ipv6`.
    #[tf(computed)]
    pub egress_only_gateway_id: Option<String>,
    /// Public addresses from which tasks reach the internet by IPv4, by availability zone. Empty with `nat = "none"`.
    #[tf(computed)]
    pub nat_public_ips: BTreeMap<String, String>,
    /// Id of the interface endpoint of each AWS service, by the end of its endpoint name: `ecr.api`. Empty unless `nat = "none"`.
    #[tf(computed)]
    pub endpoint_ids: BTreeMap<String, String>,
    /// Name of the log group of the flow log. Null with `flow_log_retention = 0`.
    #[tf(computed)]
    pub flow_log_group: Option<String>,
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
    /// IPv6 range of the VPC; without one nothing in the network has an IPv6 address.
    pub ipv6_cidr: Option<String>,
    /// IPv6 ranges of the private subnets, in the order of the zones.
    pub private_subnet_ipv6_cidrs: Option<Vec<String>>,
    /// IPv6 ranges of the public subnets, in the order of the zones.
    pub public_subnet_ipv6_cidrs: Option<Vec<String>>,
}

/// The networks.
#[derive(Debug)]
pub struct NetworkResource;

/// How private subnets reach IPv4 addresses outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nat {
    None,
    Single,
    PerZone,
}

impl Nat {
    fn of(text: &str) -> Self {
        match text {
            "none" => Self::None,
            "per_az" => Self::PerZone,
            _ => Self::Single,
        }
    }
}

/// What planning a network needs, all known.
struct Inputs<'a> {
    scope: &'a Scope,
    name: String,
    cidr: Cidr,
    zones: Vec<String>,
    nat: Nat,
    ipv6: bool,
    /// Days to keep the flow log; 0 for none.
    flow_log_days: i64,
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
            nat: Nat::of(view.nat.known()?),
            ipv6: known_or(&view.ipv6, false)?,
            flow_log_days: known_or(&view.flow_log_retention, 0)?,
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
    fn nat_zone<'a>(&'a self, zone: &'a str) -> Option<&'a str> {
        match self.nat {
            Nat::None => None,
            Nat::Single => self.zones.first().map(String::as_str),
            Nat::PerZone => Some(zone),
        }
    }
}

/// The state of an older provider has null for what it did not know: then the network has none.
fn known_or<T: Copy>(value: &Cfg<T>, null: T) -> Option<T> {
    match value {
        Cfg::Known(value) => Some(*value),
        Cfg::Null => Some(null),
        Cfg::Unknown(_) => None,
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
        if let (Some(asked), Cfg::Known(zones)) = (view.az_count.known(), &view.availability_zones)
            && count(zones.len()) != Cfg::Known(*asked)
        {
            found.error(
                Path::attribute("az_count"),
                "Conflicting Arguments",
                format!(
                    "`az_count` is {asked}, but `availability_zones` has {}. Remove one of them.",
                    zones.len()
                ),
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
        check_region(scope, facts, prior, view, found);
        check_places(prior, view, found);
    }

    fn plan(scope: &Scope, view: &NetworkConfig) -> Option<Graph> {
        let inputs = Inputs::new(scope, view)?;
        let mut graph = Graph::default();
        shared(&inputs, &mut graph);
        for (index, zone) in inputs.zones.iter().enumerate() {
            subnets(&inputs, zone, (index, inputs.zone_plan(index)?), &mut graph);
            private_routes(&inputs, zone, &mut graph);
            ipv6::private(&inputs, zone, &mut graph);
            if inputs.nat_zone(zone) == Some(zone) {
                nat(&inputs, zone, &mut graph);
            }
        }
        endpoint(&inputs, &mut graph);
        if inputs.nat == Nat::None {
            endpoints::add(&inputs, &mut graph);
        }
        if inputs.flow_log_days != 0 {
            flow_log::add(&inputs, inputs.flow_log_days, &mut graph);
        }
        namespace(&inputs, &mut graph);
        Some(graph)
    }

    fn fill(scope: &Scope, view: &mut NetworkConfig, outputs: &Outputs) {
        let known = Known::new(view, outputs);
        view.vpc_id = outputs
            .get(&VPC.into(), "id")
            .refined(Refinements::prefix("vpc-"));
        view.public_subnet_ids = known.by_zone("subnet.public", "id");
        view.private_subnet_ids = known.by_zone("subnet.private", "id");
        view.nat_public_ips = known.nat_public_ips();
        view.endpoint_ids = known.endpoint_ids();
        view.ipv6_cidr = known.when_ipv6(|| outputs.get(&ipv6::RANGE.into(), "cidr"));
        view.egress_only_gateway_id = known.when_ipv6(|| outputs.get(&ipv6::EGRESS.into(), "id"));
        view.public_subnet_ipv6_cidrs = known.ipv6_by_zone(|plan| plan.public);
        view.private_subnet_ipv6_cidrs = known.ipv6_by_zone(|plan| plan.private);
        view.namespace_id = outputs.get(&NAMESPACE.into(), "id");
        view.reference = Cfg::Known(NetworkRefConfig {
            name: view.name.clone(),
            vpc_id: view.vpc_id.clone(),
            cidr: view.cidr.clone(),
            private_subnet_ids: known.in_order("subnet.private"),
            public_subnet_ids: known.in_order("subnet.public"),
            namespace_id: view.namespace_id.clone(),
            namespace: view.domain.clone(),
            ipv6_cidr: view.ipv6_cidr.clone(),
            private_subnet_ipv6_cidrs: known.ipv6_in_order(|plan| plan.private),
            public_subnet_ipv6_cidrs: known.ipv6_in_order(|plan| plan.public),
        });
        view.flow_log_group = match (&view.flow_log_retention, &view.name) {
            (Cfg::Known(0) | Cfg::Null, _) => Cfg::Null,
            (Cfg::Known(_), Cfg::Known(name)) => Cfg::Known(flow_log::group_name(scope, name)),
            _ => Cfg::unknown(),
        };
    }

    fn show(view: &mut NetworkConfig, component: &Key, difference: &FieldDiff) -> bool {
        let days = difference.observed.as_ref().and_then(Json::as_i64);
        match (component.0.as_str(), difference.field.as_str(), days) {
            // For ever is no number of days, and 0 says that there is no flow log.
            (flow_log::GROUP, "retention_in_days", Some(days)) if days != 0 => {
                view.flow_log_retention = Cfg::Known(days);
            }
            _ => return false,
        }
        true
    }

    fn losses(view: &NetworkConfig) -> Diagnostics {
        notes::losses(view)
    }

    fn notes(
        prior: &NetworkConfig,
        planned: &NetworkConfig,
        _config: &NetworkConfig,
        found: &mut Diagnostics,
    ) {
        notes::of(prior, planned, found);
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
        let [_, name] = split_id::<2>(scope, id, "<environment>/<name>")?;
        let logs = flow_log::group_name(scope, name);
        let mut anchors = [
            Kind::Vpc,
            Kind::Subnet,
            Kind::NatGateway,
            Kind::InterfaceEndpoint,
            Kind::EgressOnlyInternetGateway,
            Kind::CloudMapNamespace,
        ]
        .map(Anchor::tagged)
        .to_vec();
        anchors.push(Anchor::named(flow_log::GROUP, Kind::LogGroup, logs));
        Ok(anchors)
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
        let days = found
            .get(&Key::from(flow_log::GROUP))
            .and_then(|logs| logs.number("retention_in_days"));
        let mut view = NetworkConfig {
            name: Cfg::Known(name.to_owned()),
            cidr: vpc.text("cidr_block").into(),
            availability_zones: cfg_list(zones),
            nat: Cfg::Known(nat_of(found).to_owned()),
            ipv6: Cfg::Known(found.contains_key(&Key::from(ipv6::EGRESS))),
            flow_log_retention: Cfg::Known(days.unwrap_or(0)),
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

/// How the private subnets reach the internet, by what there is for it.
fn nat_of(found: &Found) -> &'static str {
    let count = |prefix: &str| {
        let keys = found.keys().filter(|key| key.0.starts_with(prefix));
        keys.count()
    };
    match (count("nat."), count("endpoint.")) {
        (0, 1..) => "none",
        (0 | 1, _) => "single",
        _ => "per_az",
    }
}

/// What is known of a network's outputs.
struct Known<'a> {
    outputs: &'a Outputs,
    zones: Option<Vec<String>>,
    nat: Option<Nat>,
    ipv6: Option<bool>,
}

type Texts = Cfg<BTreeMap<String, Cfg<String>>>;

impl<'a> Known<'a> {
    fn new(view: &NetworkConfig, outputs: &'a Outputs) -> Self {
        let zones = known_list(&view.availability_zones);
        Self {
            outputs,
            zones: zones.filter(|zones| !zones.is_empty()),
            nat: view.nat.known().map(|nat| Nat::of(nat)),
            ipv6: known_or(&view.ipv6, false),
        }
    }

    fn of_zone(&self, what: &str, zone: &str, output: &str) -> Cfg<String> {
        self.outputs.get(&format!("{what}.{zone}").into(), output)
    }

    fn by_zone(&self, what: &str, output: &str) -> Texts {
        let entry = |zone: &String| (zone.clone(), self.of_zone(what, zone, output));
        match &self.zones {
            Some(zones) => Cfg::Known(zones.iter().map(entry).collect()),
            None => Cfg::unknown(),
        }
    }

    fn in_order(&self, what: &str) -> Cfg<Vec<Cfg<String>>> {
        match &self.zones {
            Some(zones) => Cfg::Known(
                zones
                    .iter()
                    .map(|zone| self.of_zone(what, zone, "id"))
                    .collect(),
            ),
            None => Cfg::unknown(),
        }
    }

    fn nat_public_ips(&self) -> Texts {
        let (Some(nat), Some(zones)) = (self.nat, &self.zones) else {
            return Cfg::unknown();
        };
        let count = match nat {
            Nat::None => 0,
            Nat::Single => 1,
            Nat::PerZone => zones.len(),
        };
        let ip = |zone: &String| (zone.clone(), self.of_zone("elastic_ip", zone, "public_ip"));
        Cfg::Known(zones.iter().take(count).map(ip).collect())
    }

    fn endpoint_ids(&self) -> Texts {
        let id = |service: &str| {
            let id = self.outputs.get(&endpoints::key(service).into(), "id");
            (service.to_owned(), id)
        };
        match self.nat {
            Some(Nat::None) => Cfg::Known(endpoints::SERVICES.map(id).into()),
            Some(Nat::Single | Nat::PerZone) => Cfg::Known(BTreeMap::new()),
            None => Cfg::unknown(),
        }
    }

    /// Null in a network without IPv6.
    fn when_ipv6<T>(&self, value: impl FnOnce() -> Cfg<T>) -> Cfg<T> {
        match self.ipv6 {
            Some(true) => value(),
            Some(false) => Cfg::Null,
            None => Cfg::unknown(),
        }
    }

    /// The IPv6 range of one subnet of each zone, with the zone.
    fn ipv6_cidrs(
        &self,
        number: fn(&Ipv6ZonePlan) -> &'static str,
    ) -> Option<Vec<(String, Cfg<String>)>> {
        let zones = self.zones.as_ref()?.iter().enumerate();
        let range = |(index, zone): (usize, &String)| {
            let plan = cidr::ipv6_zone(index)?;
            let range = self.outputs.get(&ipv6::RANGE.into(), number(&plan));
            Some((zone.clone(), range))
        };
        zones.map(range).collect()
    }

    fn ipv6_by_zone(&self, number: fn(&Ipv6ZonePlan) -> &'static str) -> Texts {
        match (self.ipv6, self.ipv6_cidrs(number)) {
            (Some(false), _) => Cfg::Known(BTreeMap::new()),
            (Some(true), Some(all)) => Cfg::Known(all.into_iter().collect()),
            _ => Cfg::unknown(),
        }
    }

    fn ipv6_in_order(&self, number: fn(&Ipv6ZonePlan) -> &'static str) -> Cfg<Vec<Cfg<String>>> {
        self.when_ipv6(|| match self.ipv6_cidrs(number) {
            Some(all) => Cfg::Known(all.into_iter().map(|(_, range)| range).collect()),
            None => Cfg::unknown(),
        })
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

/// Zones that are asked for are those of the region. One that is used already may be out of order for a while.
fn check_region(
    scope: &Scope,
    facts: &Facts,
    prior: Option<&NetworkConfig>,
    view: &NetworkConfig,
    found: &mut Diagnostics,
) {
    let before = prior
        .and_then(|prior| known_list(&prior.availability_zones))
        .unwrap_or_default();
    let zones = view.availability_zones.known().into_iter().flatten();
    for (at, zone) in zones.enumerate() {
        let Some(zone) = zone.known() else { continue };
        if !facts.availability_zones.contains(zone) && !before.contains(zone) {
            found.error(
                Path::attribute("availability_zones").index(at),
                "No Such Availability Zone",
                format!("`{zone}` is not an availability zone of {} that is open to every account. There are {}.", scope.region, facts.availability_zones.join(", ")),
            );
        }
    }
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
        destination_ipv6_cidr_block: String::new(),
        gateway_id: Some(output(GATEWAY)),
        egress_only_internet_gateway_id: None,
        nat_gateway_id: None,
    };
    graph.add("route.public", &route);
    ipv6::shared(inputs, graph);
}

/// The two subnets of a zone. Only private ones give IPv6 addresses unasked: nothing else reaches
/// those, and a router asks for its own.
fn subnets(inputs: &Inputs<'_>, zone: &str, (index, plan): (usize, ZonePlan), graph: &mut Graph) {
    let sides = [
        (
            "public",
            plan.public,
            ipv6::subnet(inputs, index, |plan| plan.public),
            "route_table.public".to_owned(),
        ),
        (
            "private",
            plan.private,
            ipv6::subnet(inputs, index, |plan| plan.private),
            format!("route_table.private.{zone}"),
        ),
    ];
    for (side, range, ipv6_range, table) in sides {
        let key = format!("subnet.{side}.{zone}");
        let subnet = Subnet {
            vpc_id: output(VPC),
            availability_zone: zone.to_owned(),
            cidr_block: range.to_string(),
            map_public_ip_on_launch: false,
            ipv6_cidr_block: ipv6_range,
            assign_ipv6_address_on_creation: inputs.ipv6 && side == "private",
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
    let Some(nat) = inputs.nat_zone(zone) else {
        return;
    };
    let route = Route {
        route_table_id: output(table),
        destination_cidr_block: "0.0.0.0/0".to_owned(),
        destination_ipv6_cidr_block: String::new(),
        gateway_id: None,
        egress_only_internet_gateway_id: None,
        nat_gateway_id: Some(output(format!("nat.{nat}"))),
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
