//! What AWS refuses of a router, said before anything is made; and what a change takes down.

use std::collections::BTreeSet;

use tfplugin_types::{Cfg, Diagnostics, Path};

use super::{RouterConfig, Tls, vpc_id};
use crate::network::NetworkRefConfig;
use crate::quotas::{CERTIFICATE_FIRST_NAME, CERTIFICATE_NAMES};
use crate::resource::known_list;
use crate::{Scope, aws_rules};

/// Most further certificates of a load balancer.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
const FURTHER: usize = 25;

/// Id of a hosted zone.
/// Source: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZone.html>
pub(super) fn zone_id(id: &String) -> Result<(), String> {
    let fits = (1..=32).contains(&id.len())
        && id
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    fits.then_some(()).ok_or_else(|| {
        format!("`{id}` is not the id of a Route 53 zone. Those have 1 to 32 capital letters and digits; leave `/hostedzone/` out.")
    })
}

/// Security policy of a listener. Which there are grows; AWS refuses those that it does not know.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html>
pub(super) fn ssl_policy(policy: &String) -> Result<(), String> {
    let Some(versions) = policy.strip_prefix("ELBSecurityPolicy-") else {
        return Err(format!(
            "`{policy}` is not a security policy of Elastic Load Balancing, like `ELBSecurityPolicy-TLS13-1-2-2021-06`."
        ));
    };
    let current = ["TLS13-1-2-", "TLS13-1-3-", "FS-1-2-", "TLS-1-2-"];
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let fits = current.iter().any(|begin| {
        versions
            .strip_prefix(begin)
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(plain))
    });
    fits.then_some(()).ok_or_else(|| {
        format!("`{policy}` lets clients use TLS 1.0 or 1.1, or does not exist. Use `ELBSecurityPolicy-TLS13-1-2-2021-06` or another one whose name has `1-2` or `1-3` as its lowest version.")
    })
}

/// ARN of a certificate that a listener takes.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Certificate.html>
pub(super) fn certificate_arn(arn: &String) -> Result<(), String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let fits = match parts.as_slice() {
        ["arn", _, "acm", region, account, what] => {
            !region.is_empty()
                && aws_rules::is_account(account)
                && what
                    .strip_prefix("certificate/")
                    .is_some_and(|id| !id.is_empty())
        }
        ["arn", _, "iam", "", account, what] => {
            aws_rules::is_account(account) && what.starts_with("server-certificate/")
        }
        _ => false,
    };
    fits.then_some(()).ok_or_else(|| {
        format!("`{arn}` is not the ARN of a certificate. Give one of ACM (arn:aws:acm:...:certificate/...) or of IAM (arn:aws:iam::...:server-certificate/...).")
    })
}

/// Name of the S3 bucket of access logs.
pub(super) fn bucket(name: &String) -> Result<(), String> {
    aws_rules::s3_bucket(name).then_some(()).ok_or_else(|| {
        format!("`{name}` is not the name of an S3 bucket: those have 3 to 63 lower-case letters, digits, `.` and `-`, begin and end with a letter or digit, and are no IP address.")
    })
}

/// What the keys of access logs begin with.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html>
pub(super) fn prefix(prefix: &String) -> Result<(), String> {
    let fits = !prefix.starts_with('/') && !prefix.ends_with('/') && !prefix.contains("AWSLogs");
    // Keys in S3 have 1,024 bytes, of which AWS needs some for date and file.
    if prefix.len() > 700 || prefix.chars().any(char::is_control) {
        return Err("The prefix of the logs has control characters or more than 700 bytes. Write a short one, like `routers/public`.".to_owned());
    }
    fits.then_some(()).ok_or_else(|| {
        format!("`{prefix}` does not work: AWS puts slashes and `AWSLogs` around the prefix itself. Leave them out.")
    })
}

/// A domain with at most one leading wildcard.
/// Source: <https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html>
fn domain(name: &str) -> Result<(), String> {
    let plain = name.strip_prefix("*.").unwrap_or(name);
    let label = |label: &str| {
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (1..=63).contains(&label.len())
            && label.chars().all(letters)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // ACM takes no last label of one character.
    let last = plain.rsplit('.').next().unwrap_or_default();
    let fits =
        name.len() <= 253 && plain.contains('.') && plain.split('.').all(label) && last.len() > 1;
    fits.then_some(()).ok_or_else(|| {
        format!("`{name}` is not a domain. Write it in lower case without a dot at its end, like `shop.example.com`; a `*` may stand for the whole first part only, like `*.example.com`.")
    })
}

/// All rules over what is known.
pub(super) fn all(view: &RouterConfig, found: &mut Diagnostics) {
    domains(view, found);
    certificates(view, found);
    subnets(view, found);
    ipv6(view, found);
}

fn domains(view: &RouterConfig, found: &mut Diagnostics) {
    let at = Path::attribute("domains");
    let domains = match &view.domains {
        Cfg::Unknown(_) => return,
        Cfg::Known(domains) => domains.as_slice(),
        Cfg::Null => &[],
    };
    let mut seen = BTreeSet::new();
    for (index, name) in domains.iter().enumerate() {
        let Some(name) = name.known() else { continue };
        if let Err(problem) = domain(name) {
            found.error(at.clone().index(index), "Invalid Domain", problem);
        } else if !seen.insert(name) {
            let text = format!("`{name}` stands here twice. Remove one.");
            found.error(at.clone().index(index), "Repeated Domain", text);
        }
    }
    if Tls::of(view) == Some(Tls::Requested) {
        requested(view, found);
    }
    if domains.is_empty() && view.zone_id.known().is_some() {
        found.error(
            Path::attribute("zone_id"),
            "Zone Without Domains",
            "`zone_id` says where the records of `domains` go, but there are none. Give `domains`, or remove `zone_id`.",
        );
    }
}

/// Rules for a certificate that is requested.
fn requested(view: &RouterConfig, found: &mut Diagnostics) {
    let at = Path::attribute("domains");
    let domains = known_list(&view.domains).unwrap_or_default();
    if view.zone_id.is_null() {
        found.error(
            at.clone(),
            "Domains Need a Zone",
            "A certificate for `domains` is validated through records in their Route 53 zone. Give its id as `zone_id`, or the ARN of a certificate that you have as `certificate_arn`.",
        );
    }
    if domains.len() > CERTIFICATE_NAMES {
        found.error(
            at.clone(),
            "Too Many Domains",
            format!("ACM puts at most {CERTIFICATE_NAMES} names into a certificate, and there are {}. Use a wildcard, a second router, or certificates of your own (`certificate_arn`, `additional_certificate_arns`).", domains.len()),
        );
    }
    if let Some(first) = domains
        .first()
        .filter(|first| first.len() > CERTIFICATE_FIRST_NAME)
    {
        found.error(
            at.index(0),
            "First Domain Too Long",
            format!("The first name of a certificate has at most {CERTIFICATE_FIRST_NAME} characters, and `{first}` has {}. Put a shorter one first.", first.len()),
        );
    }
}

fn certificates(view: &RouterConfig, found: &mut Diagnostics) {
    let Cfg::Known(further) = &view.additional_certificate_arns else {
        return;
    };
    let at = Path::attribute("additional_certificate_arns");
    if !further.is_empty() && Tls::of(view) == Some(Tls::None) {
        found.error(
            at.clone(),
            "Further Certificates Need a First One",
            "Without `certificate_arn` or `domains` the router speaks plain HTTP and takes no certificates. Give one of the two.",
        );
    }
    if further.len() > FURTHER {
        found.error(
            at.clone(),
            "Too Many Certificates",
            format!("A load balancer takes {FURTHER} further certificates, and there are {}. Use certificates with several names, or a second router.", further.len()),
        );
    }
    let mut seen = BTreeSet::new();
    for (key, arn) in further {
        let Some(arn) = arn.known() else { continue };
        let at = at.clone().key(key);
        if let Err(problem) = certificate_arn(arn) {
            found.error(at, "Invalid Certificate", problem);
        } else if !seen.insert(arn) || view.certificate_arn.known() == Some(arn) {
            let text = format!("`{arn}` is used already. Remove it here.");
            found.error(at, "Repeated Certificate", text);
        }
    }
}

/// A load balancer needs two availability zones.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html>
fn subnets(view: &RouterConfig, found: &mut Diagnostics) {
    let Some(network) = view.network.known() else {
        return;
    };
    let public = match view.public {
        Cfg::Unknown(_) => return,
        Cfg::Known(public) => public,
        Cfg::Null => true,
    };
    let (list, what) = if public {
        (&network.public_subnet_ids, "public_subnet_ids")
    } else {
        (&network.private_subnet_ids, "private_subnet_ids")
    };
    let Some(subnets) = known_list(list) else {
        return;
    };
    let distinct: BTreeSet<&String> = subnets.iter().collect();
    if distinct.len() < 2 || distinct.len() < subnets.len() {
        found.error(
            Path::attribute("network").join(what),
            "Two Subnets Needed",
            format!("A load balancer needs subnets in at least two availability zones, one in each, and `{what}` has {}. Use a network with two zones or more.", match (distinct.len(), subnets.len()) {
                (different, all) if different < all => "one of them twice".to_owned(),
                (count, _) => count.to_string(),
            }),
        );
    }
}

/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#ip-address-type>
fn ipv6(view: &RouterConfig, found: &mut Diagnostics) {
    let without = |network: &NetworkRefConfig| network.ipv6_cidr.is_null();
    if view.ipv6.known() == Some(&true) && view.network.known().is_some_and(without) {
        found.error(
            Path::attribute("ipv6"),
            "Network Without IPv6",
            "A router is reached over IPv6 only in a network that has it: the `ipv6_cidr` of this network is null. Set `ipv6 = true` on the `stackwright_network`, give the `ipv6_cidr` of a network that is written by hand, or leave `ipv6` out here.",
        );
    }
}

/// Certificates of ACM are used where they are.
pub(super) fn places(scope: &Scope, view: &RouterConfig, found: &mut Diagnostics) {
    let given = view
        .certificate_arn
        .known()
        .map(|arn| (Path::attribute("certificate_arn"), arn));
    let further = view
        .additional_certificate_arns
        .known()
        .into_iter()
        .flatten();
    let further = further.filter_map(|(key, arn)| {
        let at = Path::attribute("additional_certificate_arns").key(key);
        Some((at, arn.known()?))
    });
    for (at, arn) in given.into_iter().chain(further) {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let [_, _, service, region, account, _] = parts.as_slice() else {
            continue;
        };
        let elsewhere =
            *account != scope.account_id || (*service == "acm" && *region != scope.region);
        if elsewhere {
            found.error(
                at,
                "Certificate of Another Place",
                format!("`{arn}` is not in account {} and region {}, and a load balancer takes certificates of its own account and region only. Request or import one there.", scope.account_id, scope.region),
            );
        }
    }
}

/// What a change takes down.
pub(super) fn warn(prior: &RouterConfig, planned: &RouterConfig, found: &mut Diagnostics) {
    let services = "until its services were applied, too: apply them in the same run";
    let known = |view: &RouterConfig| view.name.known().cloned();
    if known(prior).is_some() && known(prior) != known(planned) {
        found.warning(
            Path::attribute("name"),
            "Another Name Replaces the Router",
            "The load balancer is deleted, and one with another address is created. Services cannot have routes to it at that time: create the new router beside the old one, move the routes there, and then remove the old one.",
        );
    } else if vpc_id(prior).is_some() && vpc_id(prior) != vpc_id(planned) {
        found.warning(
            Path::attribute("network"),
            "Another VPC Replaces the Router",
            format!("A load balancer cannot move between VPCs, so it is deleted and created again with another address: everything behind it is down meanwhile and {services}."),
        );
    } else if prior.public != planned.public {
        found.warning(
            Path::attribute("public"),
            "Another Scheme Replaces the Load Balancer",
            format!("A new load balancer with another address is created, the router's domains are pointed at it, then the old one is deleted. Its routes are down from then on {services}."),
        );
    } else if listener_changes(prior, planned) {
        found.warning(
            Path::attribute("certificate_arn"),
            "Routes Move Between HTTP and HTTPS",
            format!(
                "The router's rules move to another listener. Its routes may be down {services}."
            ),
        );
    }
}

fn listener_changes(prior: &RouterConfig, planned: &RouterConfig) -> bool {
    let speaks = |view| Tls::of(view).map(|tls| tls != Tls::None);
    matches!((speaks(prior), speaks(planned)), (Some(before), Some(after)) if before != after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(check: impl Fn(&String) -> Result<(), String>, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(check(&(*text).to_owned()), Ok(()), "{text}");
        }
        for text in bad {
            let problem = check(&(*text).to_owned()).err();
            assert!(
                problem
                    .as_ref()
                    .is_some_and(|problem| problem.contains(text)),
                "{text}: {problem:?}"
            );
        }
    }

    #[test]
    fn zones_are_named_by_their_plain_id() {
        texts(
            zone_id,
            &["Z0123456789ABCDEFGHIJ"],
            &["/hostedzone/Z01", "z01", "Z-1", "example.com"],
        );
    }

    #[test]
    fn policies_with_old_tls_are_refused() {
        texts(
            ssl_policy,
            &[
                "ELBSecurityPolicy-TLS13-1-2-2021-06",
                "ELBSecurityPolicy-TLS13-1-3-2021-06",
                "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
                "ELBSecurityPolicy-FS-1-2-Res-2020-10",
            ],
            &[
                "ELBSecurityPolicy-2016-08",
                "ELBSecurityPolicy-TLS13-1-0-2021-06",
                "ELBSecurityPolicy-TLS-1-1-2017-01",
                "ELBSecurityPolicy-TLS13-1-2-",
                "TLS13",
            ],
        );
    }

    #[test]
    fn certificates_are_of_acm_or_iam() {
        texts(
            certificate_arn,
            &[
                "arn:aws:acm:us-west-2:111111111111:certificate/0a-1b",
                "arn:aws:iam::111111111111:server-certificate/shop",
            ],
            &[
                "arn:aws:acm:us-west-2:111111111111:certificate/",
                "arn:aws:acm::111111111111:certificate/0a",
                "arn:aws:s3:::bucket",
                "certificate",
            ],
        );
    }

    #[test]
    fn logs_go_to_a_bucket_below_a_prefix() {
        texts(
            bucket,
            &["acme-logs", "a.b.c"],
            &["A", "ab", "-abc", "a..b", "a_bc"],
        );
        texts(prefix, &["", "routers/public"], &["/x", "x/", "AWSLogs/x"]);
        assert!(prefix(&"a\nb".to_owned()).is_err());
        assert!(prefix(&"x".repeat(701)).is_err());
    }

    #[test]
    fn a_wildcard_is_a_whole_first_part() {
        for good in ["example.com", "*.example.com", "a-1.b.example.com"] {
            assert_eq!(domain(good), Ok(()));
        }
        let long = format!("{}.com", "a".repeat(64));
        for bad in [
            "com",
            "*",
            "*.com",
            "a*.example.com",
            "a.*.example.com",
            "*.*.example.com",
            "Example.com",
            "example.com.",
            "-a.example.com",
            "a..com",
            "a_b.example.com",
            &long,
        ] {
            assert!(domain(bad).is_err(), "{bad}");
        }
    }
}
