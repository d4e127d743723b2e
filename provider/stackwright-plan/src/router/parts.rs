//! The components of a router.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_types::Cfg;

use super::{
    BALANCER, CERTIFICATE, GROUP, HTTP, HTTPS, NetworkRefConfig, PROTECTION, RECORD, RouterConfig,
    RouterResource, TARGETS, Tls, VALIDATED, balancer_name, record,
};
use crate::component::{
    AccessLogs, Certificate, CertificateValidation, CloudMapInstance, CloudMapService, Direction,
    DnsRecord, Listener, ListenerAction, ListenerCertificate, LoadBalancer, LoadBalancerProtection,
    Parameter, SecurityGroup, SecurityGroupRule, Tags, VALIDATION_NAMES, VALIDATION_VALUES,
};
use crate::resource::{Resource as _, known_list, known_map};
use crate::{Graph, In, Key, ResourceId, Scope, name, tag};

/// Seconds that resolvers may keep a validation record.
const TTL: i64 = 300;
/// Seconds that resolvers may keep a private name.
const PRIVATE_TTL: i64 = 60;

/// AWS's word for where a load balancer stands.
pub(super) const fn scheme(public: bool) -> &'static str {
    if public {
        "internet-facing"
    } else {
        "internal"
    }
}

/// What planning a router needs. Values that may be unknown stay so.
struct Inputs<'a> {
    scope: &'a Scope,
    view: &'a RouterConfig,
    network: &'a NetworkRefConfig,
    name: &'a str,
    public: bool,
    ipv6: bool,
    domains: Vec<String>,
    tls: Tls,
    balancer: String,
    id: ResourceId,
    user_tags: Tags,
}

impl<'a> Inputs<'a> {
    fn new(scope: &'a Scope, view: &'a RouterConfig) -> Option<Self> {
        let name = view.name.known()?;
        let public = *view.public.known()?;
        let id = format!("{}/{name}", scope.environment);
        Some(Self {
            scope,
            view,
            network: view.network.known()?,
            name,
            public,
            ipv6: *view.ipv6.known()?,
            domains: known_list(&view.domains)?,
            tls: Tls::of(view)?,
            balancer: balancer_name(scope, name, public),
            id: ResourceId::new(RouterResource::TYPE, id),
            user_tags: known_map(&view.common.tags)?,
        })
    }

    fn tags(&self, component: &str, label: &str) -> Tags {
        let mut tags = self.scope.tags(&self.id, component, None, &self.user_tags);
        tags.insert(tag::NAME.to_owned(), label.to_owned());
        tags
    }

    /// A name for what AWS gives none: `acme-prod-public`.
    fn label(&self) -> String {
        let Scope {
            project,
            environment,
            ..
        } = self.scope;
        format!("{project}-{environment}-{}", self.name)
    }
}

fn output(key: impl Into<Key>, output: &'static str) -> In<String> {
    In::From(key.into(), output)
}

/// The components; `None` while something unknown decides which there are.
pub(super) fn graph(scope: &Scope, view: &RouterConfig) -> Option<Graph> {
    let inputs = Inputs::new(scope, view)?;
    let mut graph = Graph::default();
    parameter(&inputs, &mut graph);
    security_group(&inputs, &mut graph)?;
    load_balancer(&inputs, &mut graph)?;
    if inputs.tls == Tls::Requested {
        certificate(&inputs, &mut graph);
    }
    listeners(&inputs, &mut graph)?;
    aliases(&inputs, &mut graph);
    private_alias(&inputs, &mut graph)?;
    protection(&inputs, &mut graph)?;
    Some(graph)
}

fn parameter(inputs: &Inputs<'_>, graph: &mut Graph) {
    let name = record::name(inputs.scope, inputs.name);
    let parameter = Parameter {
        description: format!(
            "Network and domains of router {} in {}, kept by Stackwright",
            inputs.name, inputs.scope.environment
        ),
        value: record::text(inputs.view).map_or(In::Unknown, In::Known),
        tags: inputs.tags(RECORD, &name),
        name: name.clone(),
    };
    graph.add(RECORD, &parameter).predict("name", name);
}

/// What comes in, and the way to the targets.
fn security_group(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let vpc_id = In::cfg(&inputs.network.vpc_id);
    let in_vpc = vpc_id.known().map_or("unknown", String::as_str);
    let Scope {
        project,
        environment,
        ..
    } = inputs.scope;
    let group = SecurityGroup {
        group_name: name::security_group(&[project, environment, inputs.name, "router"], &[in_vpc]),
        description: format!("Router {}", inputs.name),
        vpc_id,
        default_egress: false,
        tags: inputs.tags(GROUP, &format!("{}-router", inputs.label())),
    };
    graph.add(GROUP, &group);
    let ports: &[(&str, i32)] = match inputs.tls {
        Tls::None => &[("http", 80)],
        Tls::Given | Tls::Requested => &[("http", 80), ("https", 443)],
    };
    for (protocol, port) in ports {
        let range = if inputs.public {
            "0.0.0.0/0".to_owned()
        } else {
            inputs.network.cidr.known()?.clone()
        };
        ingress(inputs, protocol, *port, "ipv4", range, graph);
        if let Some(range) = ipv6_range(inputs)? {
            ingress(inputs, protocol, *port, "ipv6", range, graph);
        }
    }
    targets(inputs, graph)
}

/// One way out for all services, because AWS gives a group sixty rules: which requests get in is decided by
/// the groups of the services. Targets are registered by their IPv4 addresses.
fn targets(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let rule = SecurityGroupRule {
        group_id: output(GROUP, "id"),
        direction: Direction::Egress,
        ip_protocol: "tcp".to_owned(),
        from_port: 0,
        to_port: 65_535,
        cidr_ipv4: Some(inputs.network.cidr.known()?.clone()),
        cidr_ipv6: None,
        referenced_group_id: None,
        description: "Requests to services".to_owned(),
        tags: inputs.tags(TARGETS, &format!("{}-targets", inputs.label())),
    };
    graph.add(TARGETS, &rule);
    Some(())
}

/// Who reaches it over IPv6: `Some(None)` is nobody, `None` is not known yet.
#[expect(clippy::option_option, reason = "known at all, and given")]
fn ipv6_range(inputs: &Inputs<'_>) -> Option<Option<String>> {
    if !inputs.ipv6 {
        return Some(None);
    }
    if inputs.public {
        return Some(Some("::/0".to_owned()));
    }
    match &inputs.network.ipv6_cidr {
        Cfg::Null => Some(None),
        range => Some(Some(range.known()?.clone())),
    }
}

fn ingress(
    inputs: &Inputs<'_>,
    protocol: &str,
    port: i32,
    family: &str,
    range: String,
    graph: &mut Graph,
) {
    let key = format!("rule.{protocol}.{family}");
    let from = if inputs.public {
        "the internet"
    } else {
        "the VPC"
    };
    let (cidr_ipv4, cidr_ipv6) = if family == "ipv4" {
        (Some(range), None)
    } else {
        (None, Some(range))
    };
    let rule = SecurityGroupRule {
        group_id: output(GROUP, "id"),
        direction: Direction::Ingress,
        ip_protocol: "tcp".to_owned(),
        from_port: port,
        to_port: port,
        cidr_ipv4,
        cidr_ipv6,
        referenced_group_id: None,
        description: format!("{} from {from}", protocol.to_uppercase()),
        tags: inputs.tags(&key, &format!("{}-{protocol}-{family}", inputs.label())),
    };
    graph.add(key, &rule);
}

fn load_balancer(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let subnets = if inputs.public {
        &inputs.network.public_subnet_ids
    } else {
        &inputs.network.private_subnet_ids
    };
    let balancer = LoadBalancer {
        name: inputs.balancer.clone(),
        scheme: scheme(inputs.public).to_owned(),
        vpc_id: In::cfg(&inputs.network.vpc_id),
        ip_address_type: if inputs.ipv6 { "dualstack" } else { "ipv4" }.to_owned(),
        subnets: known_list(subnets).map_or(In::Unknown, In::Known),
        security_groups: vec![output(GROUP, "id")],
        idle_timeout: i32::try_from(*inputs.view.idle_timeout.known()?).unwrap_or(i32::MAX),
        drop_invalid_header_fields: true,
        http2: true,
        access_logs: access_logs(inputs.view)?,
        tags: inputs.tags(BALANCER, &inputs.balancer),
    };
    graph
        .add(BALANCER, &balancer)
        .main()
        .predict("name", inputs.balancer.clone());
    Some(())
}

fn access_logs(view: &RouterConfig) -> Option<AccessLogs> {
    if view.access_logs.is_null() {
        return Some(AccessLogs::default());
    }
    let logs = view.access_logs.known()?;
    Some(AccessLogs {
        enabled: true,
        bucket: logs.bucket.known()?.clone(),
        prefix: logs.prefix.known()?.clone(),
    })
}

/// The domains that a certificate proves, without the wildcards that their parents prove.
fn proved(domains: &[String]) -> BTreeSet<&str> {
    domains
        .iter()
        .map(|domain| domain.trim_start_matches("*."))
        .collect()
}

fn certificate(inputs: &Inputs<'_>, graph: &mut Graph) {
    let certificate = Certificate {
        domain_name: inputs.domains.first().cloned().unwrap_or_default(),
        subject_alternative_names: inputs.domains.clone(),
        usable: true,
        tags: inputs.tags(CERTIFICATE, &inputs.label()),
    };
    graph.add(CERTIFICATE, &certificate);
    let mut records = Vec::new();
    let places = VALIDATION_NAMES.iter().zip(VALIDATION_VALUES);
    for (domain, (name, value)) in proved(&inputs.domains).into_iter().zip(places) {
        let key = format!("validation.{domain}");
        let record = DnsRecord {
            zone_id: In::cfg(&inputs.view.zone_id),
            name: output(CERTIFICATE, name),
            record_type: "CNAME".to_owned(),
            values: vec![output(CERTIFICATE, value)],
            alias_zone_id: In::from(""),
            ttl: TTL,
            set_identifier: String::new(),
        };
        graph.add(key.clone(), &record);
        records.push(key);
    }
    let issued = CertificateValidation {
        certificate_arn: output(CERTIFICATE, "arn"),
        status: "ISSUED".to_owned(),
    };
    let node = graph.add(VALIDATED, &issued);
    for key in records {
        node.after(key);
    }
}

fn listeners(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let nothing = ListenerAction::FixedResponse {
        status_code: "404".to_owned(),
        content_type: "text/plain".to_owned(),
        message_body: "Nothing is here.".to_owned(),
    };
    let default_action = match inputs.tls {
        Tls::None => nothing.clone(),
        Tls::Given | Tls::Requested => to_https(),
    };
    let http = Listener {
        load_balancer_arn: output(BALANCER, "arn"),
        port: 80,
        protocol: "HTTP".to_owned(),
        ssl_policy: String::new(),
        certificate_arn: In::from(""),
        default_action,
        tags: inputs.tags(HTTP, &format!("{}-http", inputs.label())),
    };
    graph.add(HTTP, &http);
    if inputs.tls == Tls::None {
        return Some(());
    }
    let https = Listener {
        load_balancer_arn: output(BALANCER, "arn"),
        port: 443,
        protocol: "HTTPS".to_owned(),
        ssl_policy: inputs.view.ssl_policy.known()?.clone(),
        certificate_arn: match inputs.tls {
            Tls::Requested => output(VALIDATED, "arn"),
            Tls::Given | Tls::None => In::cfg(&inputs.view.certificate_arn),
        },
        default_action: nothing,
        tags: inputs.tags(HTTPS, &format!("{}-https", inputs.label())),
    };
    graph.add(HTTPS, &https);
    for (key, arn) in inputs.view.additional_certificate_arns.known()? {
        let further = ListenerCertificate {
            listener_arn: output(HTTPS, "arn"),
            certificate_arn: In::cfg(arn),
        };
        graph.add(format!("sni.{key}"), &further);
    }
    Some(())
}

fn to_https() -> ListenerAction {
    ListenerAction::Redirect {
        protocol: "HTTPS".to_owned(),
        port: "443".to_owned(),
        host: "#{host}".to_owned(),
        path: "/#{path}".to_owned(),
        query: "#{query}".to_owned(),
        status_code: "HTTP_301".to_owned(),
    }
}

/// The names of the router in its zone, written when it answers.
fn aliases(inputs: &Inputs<'_>, graph: &mut Graph) {
    if inputs.view.zone_id.is_null() {
        return;
    }
    let types: &[&str] = if inputs.ipv6 { &["A", "AAAA"] } else { &["A"] };
    let answers = if inputs.tls == Tls::None { HTTP } else { HTTPS };
    for domain in &inputs.domains {
        for record_type in types {
            let record = DnsRecord {
                zone_id: In::cfg(&inputs.view.zone_id),
                name: In::Known(domain.clone()),
                record_type: (*record_type).to_owned(),
                values: vec![output(BALANCER, "dns_name")],
                alias_zone_id: output(BALANCER, "zone_id"),
                ttl: 0,
                set_identifier: String::new(),
            };
            let key = format!("alias.{}.{domain}", record_type.to_lowercase());
            graph.add(key, &record).after(answers);
        }
    }
}

/// The private name of an internal router. AWS lets nobody but Cloud Map write into that zone.
fn private_alias(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    if inputs.public || inputs.network.namespace.is_null() {
        return Some(());
    }
    let namespace = inputs.network.namespace.known()?;
    let key = "private_name";
    let service = CloudMapService {
        name: inputs.name.to_owned(),
        namespace_id: In::cfg(&inputs.network.namespace_id),
        description: format!("Router {}", inputs.name),
        records: BTreeMap::from([("A".to_owned(), PRIVATE_TTL)]),
        routing_policy: "WEIGHTED".to_owned(),
        custom_health: false,
        tags: inputs.tags(key, &format!("{}.{namespace}", inputs.name)),
    };
    graph.add(key, &service);
    let instance = CloudMapInstance {
        service_id: output(key, "id"),
        instance_id: "router".to_owned(),
        attributes: BTreeMap::from([(
            CloudMapInstance::ALIAS.to_owned(),
            output(BALANCER, "dns_name"),
        )]),
    };
    let answers = if inputs.tls == Tls::None { HTTP } else { HTTPS };
    graph.add("private_alias", &instance).after(answers);
    Some(())
}

/// The last write of a create: until then a failed router can be deleted again.
fn protection(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let before: Vec<Key> = graph.nodes.keys().cloned().collect();
    let protection = LoadBalancerProtection {
        load_balancer_arn: output(BALANCER, "arn"),
        deletion_protection: *inputs.view.deletion_protection.known()?,
    };
    let node = graph.add(PROTECTION, &protection);
    for key in before {
        node.after(key);
    }
    Some(())
}
