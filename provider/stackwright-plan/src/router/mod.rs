//! `stackwright_router`: an application load balancer with its listeners, certificate and names.
//!
//! Components: `record` (an SSM parameter, from which an import reads what AWS does not hold),
//! `security_group` with `rule.<http|https>.<ipv4|ipv6>` and `rule.targets`, `load_balancer` (main),
//! `listener.http`;
//! with TLS `listener.https` and `sni.<key>` for each further certificate; for a certificate of our
//! own `certificate`, `validation.<domain>` and `certificate_validation`; in a zone
//! `alias.<a|aaaa>.<domain>`; for an internal one in a network with private names `private_name`
//! and `private_alias`; and at the very end `deletion_protection`.
//!
//! Replaced by a change of: `name`, or of the network's VPC. Another `public` makes the load
//! balancer anew inside the resource.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin_types::{Cfg, Diagnostics, Path, TfSchema};

use crate::diff::FieldDiff;
use crate::network::{NetworkRef, NetworkRefConfig};
use crate::resource::{
    Anchor, Common, CommonConfig, Exclusive, Facts, Found, Plain, RecoverError, Refs, Resource,
    split_id,
};
use crate::{Graph, Key, Kind, Outputs, Scope, aws_rules, name, resource};

mod check;
mod parts;
mod record;

/// What requests come in through: an application load balancer with its security group, a redirect from HTTP to HTTPS, a TLS listener with a current policy, a certificate that renews itself, and DNS names. Requests that no route of a service takes are answered with 404.
///
/// Deletion protection is on by default: set `deletion_protection = false` and apply before you destroy a router.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Router {
    /// Name, unique in the environment. Changing this replaces the router.
    #[tf(
        replace,
        matches(aws_rules::resource_name),
        allowed = "1 to 32 lower-case letters, digits and `-`, beginning with a letter and not ending with `-`"
    )]
    pub name: String,
    /// The network: the `ref` of a `stackwright_network`. It needs subnets in at least two availability zones. Another VPC replaces the router.
    pub network: NetworkRef,
    /// Whether the internet reaches it, through the public subnets. Otherwise it stands in the private ones and takes requests from its VPC only. Changing this makes a new load balancer with another address; its routes are down until their services were applied.
    #[tf(default = true)]
    pub public: bool,
    /// Domains that lead to it: a certificate is requested for them and alias records are written into the zone `zone_id`. The first one is the router's main name. Without `certificate_arn` they need `zone_id`. Allowed: names in lower case like `shop.example.com` or `*.example.com`, each once; for a certificate that is requested at most 10, of which the first has at most 64 characters.
    #[tf(default = Vec::new())]
    pub domains: Vec<String>,
    /// Id of the public Route 53 zone that holds all of `domains`; refused when there are none.
    #[tf(
        matches(check::zone_id),
        allowed = "the id of a hosted zone, like `Z0123456789ABCDEFGHIJ`"
    )]
    pub zone_id: Option<String>,
    /// ARN of a certificate that exists already (ACM in the router's region, or IAM), instead of one that is requested for `domains`.
    #[tf(
        matches(check::certificate_arn),
        allowed = "the ARN of a certificate in ACM or IAM"
    )]
    pub certificate_arn: Option<String>,
    /// ARNs of further certificates, at most 25, by a key of your choice: clients get the one that fits the host they ask for (SNI).
    #[tf(default = BTreeMap::new())]
    pub additional_certificate_arns: BTreeMap<String, String>,
    /// Security policy of TLS: which versions and ciphers clients may use.
    #[tf(
        default = "ELBSecurityPolicy-TLS13-1-2-2021-06".to_owned(),
        matches(check::ssl_policy),
        allowed = "a policy of Elastic Load Balancing without TLS 1.0 and 1.1"
    )]
    pub ssl_policy: String,
    /// Seconds after which a connection is closed on which nothing is sent.
    #[tf(default = 60, range(1..=4000))]
    pub idle_timeout: i64,
    /// Where to write access logs. The bucket must stand in the router's region, and its policy must let Elastic Load Balancing write into it.
    pub access_logs: Option<RouterLogs>,
    /// Whether clients may reach it over IPv6 too. The VPC and the router's subnets must have IPv6 ranges.
    #[tf(default = false)]
    pub ipv6: bool,
    /// Whether it is kept from being deleted, by Terraform and by everybody else. To delete a router, set this to false and apply first.
    #[tf(default = true)]
    pub deletion_protection: bool,
    /// ARN of the load balancer.
    #[tf(computed, prefix = "arn:")]
    pub load_balancer_arn: String,
    /// Name of the load balancer.
    #[tf(computed)]
    pub load_balancer_name: String,
    /// DNS name that AWS gave the load balancer.
    #[tf(computed)]
    pub dns_name: String,
    /// Id of its security group. It lets requests out to everything in the IPv4 range of the network; the groups of services let them in.
    #[tf(computed, prefix = "sg-")]
    pub security_group_id: String,
    /// ARN of the listener on port 80.
    #[tf(computed, prefix = "arn:")]
    pub http_listener_arn: String,
    /// ARN of the listener on port 443; null without TLS.
    #[tf(computed)]
    pub https_listener_arn: Option<String>,
    /// ARN of the certificate that was requested for `domains`; null when there is none.
    #[tf(computed)]
    pub requested_certificate_arn: Option<String>,
    /// Private DNS name of an internal router; null when it has none.
    #[tf(computed)]
    pub private_name: Option<String>,
    /// Name of the SSM parameter with its network and domains.
    #[tf(computed)]
    pub record: String,
    /// What other resources need to know of this router.
    #[tf(computed, name = "ref")]
    pub reference: Plain<RouterRef>,
    /// What every resource has.
    #[tf(flatten)]
    pub common: Common,
}

/// Where a router writes its access logs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct RouterLogs {
    /// S3 bucket.
    #[tf(
        matches(check::bucket),
        allowed = "3 to 63 lower-case letters, digits, `.` and `-`"
    )]
    pub bucket: String,
    /// What the keys of the logs begin with; empty for nothing.
    #[tf(
        default = String::new(),
        matches(check::prefix),
        allowed = "a key prefix without slashes at its ends and without `AWSLogs`"
    )]
    pub prefix: String,
}

/// A router as other resources see it. Write it by hand to use a load balancer that exists already.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct RouterRef {
    /// Name of the router.
    pub name: String,
    /// ARN of the load balancer.
    pub arn: String,
    /// End of the ARN, `app/name/id`, by which CloudWatch knows it.
    pub arn_suffix: String,
    /// DNS name that AWS gave the load balancer.
    pub dns_name: String,
    /// Hosted zone of that DNS name.
    pub zone_id: String,
    /// ARN of the listener that takes rules: that for HTTPS when there is TLS, else that for HTTP.
    pub listener_arn: String,
    /// Id of its security group.
    pub security_group_id: String,
    /// Id of the VPC.
    pub vpc_id: String,
    /// Whether the internet reaches it.
    pub public: bool,
    /// Whether it speaks HTTPS.
    pub https: bool,
    /// Its first domain.
    pub domain: Option<String>,
    /// Id of the rule by which its security group lets requests out to every service in its network. Null for a load balancer without one: each service then adds a rule of its own to that group.
    pub egress_rule_id: Option<String>,
}

/// The routers.
#[derive(Debug)]
pub struct RouterResource;

const RECORD: &str = "record";
const GROUP: &str = "security_group";
const TARGETS: &str = "rule.targets";
const BALANCER: &str = "load_balancer";
const HTTP: &str = "listener.http";
const HTTPS: &str = "listener.https";
const CERTIFICATE: &str = "certificate";
const VALIDATED: &str = "certificate_validation";
const PROTECTION: &str = "deletion_protection";
const FORM: &str = "<environment>/<name>";

/// Where the certificate of a router comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    /// There is none: plain HTTP.
    None,
    /// The user has one.
    Given,
    /// It is requested for the domains.
    Requested,
}

impl Tls {
    /// `None` while it is not known which.
    fn of(view: &RouterConfig) -> Option<Self> {
        if !view.certificate_arn.is_null() {
            return Some(Self::Given);
        }
        match &view.domains {
            Cfg::Unknown(_) => None,
            Cfg::Known(domains) if !domains.is_empty() => Some(Self::Requested),
            Cfg::Known(_) | Cfg::Null => Some(Self::None),
        }
    }
}

/// Name of the load balancer. The scheme is part of the key: a load balancer with another one is
/// made before the old one goes. AWS keeps names that begin with `internal-` for itself.
fn balancer_name(scope: &Scope, router: &str, public: bool) -> String {
    let scheme = parts::scheme(public);
    let key = [scope.project.as_str(), &scope.environment, router];
    let unique = |parts: &[&str]| name::unique(parts, &[scheme], name::LOAD_BALANCER);
    let plain = unique(&key);
    if plain.starts_with("internal-") {
        unique(&["lb", key[0], key[1], key[2]])
    } else {
        plain
    }
}

fn vpc_id(view: &RouterConfig) -> Option<&String> {
    view.network.known()?.vpc_id.known()
}

impl Resource for RouterResource {
    type Schema = Router;
    type View = RouterConfig;
    const TYPE: &'static str = "router";
    const VERSION: i64 = Router::SCHEMA_VERSION;

    fn common(view: &mut RouterConfig) -> &mut CommonConfig {
        &mut view.common
    }

    fn id(scope: &Scope, view: &RouterConfig) -> Option<String> {
        Some(format!("{}/{}", scope.environment, view.name.known()?))
    }

    fn validate(view: &RouterConfig, found: &mut Diagnostics) {
        check::all(view, found);
    }

    fn complete(
        scope: &Scope,
        _facts: &Facts,
        _prior: Option<&RouterConfig>,
        view: &mut RouterConfig,
        found: &mut Diagnostics,
    ) {
        check::places(scope, view, found);
    }

    fn plan(scope: &Scope, view: &RouterConfig) -> Option<Graph> {
        parts::graph(scope, view)
    }

    fn fill(scope: &Scope, view: &mut RouterConfig, outputs: &Outputs) {
        fill(scope, view, outputs);
    }

    fn show(view: &mut RouterConfig, component: &Key, difference: &FieldDiff) -> bool {
        let Some(observed) = difference.observed.as_ref() else {
            return false;
        };
        let field = difference.field.as_str();
        match (component.0.as_str(), field, observed) {
            (BALANCER, "idle_timeout", Json::Number(seconds)) => {
                view.idle_timeout = seconds.as_i64().into();
            }
            (PROTECTION, "deletion_protection", Json::Bool(on)) => {
                view.deletion_protection = Cfg::Known(*on);
            }
            (HTTPS, "ssl_policy", Json::String(policy)) => {
                view.ssl_policy = Cfg::Known(policy.clone());
            }
            _ => return false,
        }
        true
    }

    /// A load balancer and its security group cannot move between VPCs.
    fn replaced_for(prior: &RouterConfig, planned: &RouterConfig) -> Vec<Path> {
        let moves = vpc_id(prior).is_some() && vpc_id(prior) != vpc_id(planned);
        moves
            .then(|| Path::attribute("network"))
            .into_iter()
            .collect()
    }

    fn protection(state: &RouterConfig) -> Option<&'static str> {
        (state.deletion_protection.known() == Some(&true)).then_some("deletion_protection")
    }

    fn exclusives(_scope: &Scope, view: &RouterConfig) -> Vec<Exclusive> {
        let domains = view.domains.known().into_iter().flatten().enumerate();
        let domain = |(index, domain): (usize, &Cfg<String>)| {
            let domain = domain.known()?;
            Some(Exclusive {
                what: format!("the domain `{domain}`"),
                at: Path::attribute("domains").index(index),
                remedy: "A domain leads to one router only. Take it out of one of them.",
            })
        };
        let private = resource::private_name(&private_name(view), Path::attribute("name"));
        domains.filter_map(domain).chain(private).collect()
    }

    fn notes(
        prior: &RouterConfig,
        planned: &RouterConfig,
        _config: &RouterConfig,
        found: &mut Diagnostics,
    ) {
        check::warn(prior, planned, found);
    }

    fn anchors(scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError> {
        let [_, router] = split_id::<2>(scope, id, FORM)?;
        let balancer = |public| {
            let name = balancer_name(scope, router, public);
            Anchor::named(BALANCER, Kind::LoadBalancer, name)
        };
        Ok(vec![
            Anchor::named(RECORD, Kind::Parameter, record::name(scope, router)),
            balancer(false),
            balancer(true),
        ])
    }

    fn recover(
        scope: &Scope,
        id: &str,
        found: &Found,
        _refs: &Refs,
    ) -> Result<RouterConfig, RecoverError> {
        let [_, router] = split_id::<2>(scope, id, FORM)?;
        record::recover(scope, id, router, found)
    }
}

fn fill(scope: &Scope, view: &mut RouterConfig, outputs: &Outputs) {
    let get = |key: &str, output: &str| outputs.get(&key.into(), output);
    let tls = Tls::of(view);
    let only_with = |there: Option<bool>, value: Cfg<String>| match there {
        Some(true) => value,
        Some(false) => Cfg::Null,
        None => Cfg::unknown(),
    };
    view.load_balancer_arn = get(BALANCER, "arn");
    view.load_balancer_name = get(BALANCER, "name");
    view.dns_name = get(BALANCER, "dns_name");
    view.security_group_id = get(GROUP, "id");
    view.http_listener_arn = get(HTTP, "arn");
    view.https_listener_arn = only_with(tls.map(|tls| tls != Tls::None), get(HTTPS, "arn"));
    // A certificate that is not known yet may be none in the end.
    let may_be_none = view.certificate_arn.is_unknown();
    let requested = tls.map(|tls| tls == Tls::Requested);
    view.requested_certificate_arn = only_with(
        requested.filter(|_| !may_be_none || view.domains.is_null()),
        get(CERTIFICATE, "arn"),
    );
    view.private_name = private_name(view);
    view.record = view.name.clone().map(|name| record::name(scope, &name));
    let listens = get(HTTPS, "arn").known().is_some();
    let https = match tls {
        Some(tls) if listens || !may_be_none => Cfg::Known(tls != Tls::None),
        _ => Cfg::unknown(),
    };
    let network = view.network.known();
    view.reference = Cfg::Known(RouterRefConfig {
        name: view.name.clone(),
        arn: view.load_balancer_arn.clone(),
        arn_suffix: get(BALANCER, "arn_suffix"),
        dns_name: view.dns_name.clone(),
        zone_id: get(BALANCER, "zone_id"),
        listener_arn: match tls {
            Some(Tls::None) => view.http_listener_arn.clone(),
            Some(_) => get(HTTPS, "arn"),
            None => Cfg::unknown(),
        },
        security_group_id: view.security_group_id.clone(),
        vpc_id: network.map_or_else(Cfg::unknown, |network| network.vpc_id.clone()),
        public: view.public.clone(),
        https,
        domain: first_domain(view),
        egress_rule_id: get(TARGETS, "id"),
    });
}

fn first_domain(view: &RouterConfig) -> Cfg<String> {
    match &view.domains {
        Cfg::Known(domains) => domains.first().cloned().unwrap_or_default(),
        Cfg::Null => Cfg::Null,
        Cfg::Unknown(_) => Cfg::unknown(),
    }
}

/// The name of an internal router in its network's namespace.
fn private_name(view: &RouterConfig) -> Cfg<String> {
    let (Cfg::Known(public), Cfg::Known(network)) = (&view.public, &view.network) else {
        return Cfg::unknown();
    };
    match (public, &view.name, &network.namespace) {
        (true, _, _) | (_, _, Cfg::Null) => Cfg::Null,
        (_, Cfg::Known(name), Cfg::Known(namespace)) => Cfg::Known(format!("{name}.{namespace}")),
        _ => Cfg::unknown(),
    }
}

#[cfg(test)]
mod tests;
