//! Checks of the names of the public router: they need a zone or a certificate, and a certificate takes few of them.

use std::collections::BTreeSet;
use std::ops::Range;

use stackwright_plan::document::Node;
use stackwright_plan::quotas::{CERTIFICATE_FIRST_NAME, CERTIFICATE_NAMES};

use crate::build::{base_domain, hosts, router_names};
use crate::check::{Checker, overrides, settings_of};
use crate::check_processes::{public, routes_of};
use crate::diagnostic::Problem;
use crate::project::Environment;
use crate::spec::{AppWritten, EnvironmentWritten, Text};

/// A host of a route, and where it is from.
type Named = (String, Range<usize>);

/// A domain is there for something, and its names and certificate can be made.
pub(crate) fn domains(checker: &mut Checker<'_>) {
    let written = &checker.spec.written;
    let apps = written.apps.iter();
    let all_read = apps
        .clone()
        .all(|app| checker.parsed.contains_key(app.procfile()));
    let is_public = apps.clone().any(|app| !public(checker, app).is_empty());
    if let Some(domain) = written.domain.as_ref().filter(|_| !is_public && all_read) {
        checker.report(&domain.span, Problem::DomainUnused);
    }
    for environment in Environment::ALL.into_iter().filter(|_| is_public) {
        let written = &checker.spec.written;
        let mut all = written.environments.iter();
        let own = all.find(|it| it.environment == environment);
        of_environment(checker, environment, own);
    }
    wildcard(checker);
}

fn of_environment(
    checker: &mut Checker<'_>,
    environment: Environment,
    own: Option<&EnvironmentWritten>,
) {
    let zone = own.and_then(|own| own.zone_id.as_ref());
    let certificate = own.and_then(|own| own.certificate_arn.as_ref());
    let named = named(checker, environment);
    match (named.first(), zone) {
        (None, Some(zone)) => {
            let (key, needs) = ("zone_id", "a domain whose records go into the zone");
            let help = "write `domain` for the project, or for this environment";
            checker.report(&zone.span, Problem::Needs { key, needs, help });
        }
        (Some((host, span)), None) if certificate.is_none() => {
            let problem = without_zone(checker, environment, host);
            checker.report(span, problem);
        }
        (Some(_), _) if certificate.is_none() => certificate_names(checker, environment, &named),
        _ => {}
    }
}

/// The hosts of all public processes in an environment, with what says so.
fn named(checker: &Checker<'_>, environment: Environment) -> Vec<Named> {
    let written = &checker.spec.written;
    let settings = settings_of(written, environment);
    let mut all = Vec::new();
    for app in &written.apps {
        let own = overrides(settings, app);
        for process in public(checker, app) {
            for (route, host) in hosts(written, environment, app, own, &process.name) {
                let routes = routes_of(app.process(&process.name)).iter();
                let mut routes = routes.filter(|it| it.key == route);
                let written_host = routes
                    .find_map(|it| it.node.get("host"))
                    .map(|it: &Node| &it.span);
                let place = written_host.or_else(|| domain_place(checker, environment, app, own));
                all.push((host, place.unwrap_or(&app.name.span).clone()));
            }
        }
    }
    all
}

/// Where the domain of an app in an environment is written.
fn domain_place<'a>(
    checker: &'a Checker<'_>,
    environment: Environment,
    app: &'a AppWritten,
    own: Option<&'a AppWritten>,
) -> Option<&'a Range<usize>> {
    let written = &checker.spec.written;
    let mut environments = written.environments.iter();
    let of_environment = environments
        .find(|it| it.environment == environment)
        .and_then(|it| it.domain.as_ref());
    let of_app = app
        .domain
        .as_ref()
        .filter(|_| environment == Environment::Prod);
    let all = [
        own.and_then(|own| own.domain.as_ref()),
        of_app,
        of_environment,
        written.domain.as_ref(),
    ];
    all.into_iter()
        .flatten()
        .map(|text: &Text| &text.span)
        .next()
}

fn without_zone(checker: &Checker<'_>, environment: Environment, host: &str) -> Problem {
    let written = &checker.spec.written;
    let account = match environment {
        Environment::Stage => &written.stage,
        Environment::Prod => &written.prod,
    };
    let account = account.as_ref().map(|account| account.value.clone());
    Problem::NoZone {
        environment,
        domain: base_domain(written, environment).unwrap_or_else(|| host.to_owned()),
        account: account.unwrap_or_else(|| format!("of {environment}")),
    }
}

/// ACM makes a certificate for a few names, the first of which is short.
fn certificate_names(checker: &mut Checker<'_>, environment: Environment, named: &[Named]) {
    let written = &checker.spec.written;
    let hosts: BTreeSet<String> = named.iter().map(|(host, _)| host.clone()).collect();
    let all = router_names(written, environment, hosts.clone());
    let Some((_, place)) = named.first() else {
        return;
    };
    if all.len() > CERTIFICATE_NAMES {
        let problem = Problem::TooManyNames {
            environment,
            names: all.len(),
            most: CERTIFICATE_NAMES,
            wildcard: helpful_wildcard(checker, environment, hosts),
        };
        checker.report(place, problem);
    } else if all
        .first()
        .is_some_and(|name| name.len() > CERTIFICATE_FIRST_NAME)
    {
        let most = CERTIFICATE_FIRST_NAME;
        checker.report(place, Problem::LongNames { environment, most });
    }
}

/// The wildcard that would leave few enough names, unless it is there already.
fn helpful_wildcard(
    checker: &Checker<'_>,
    environment: Environment,
    hosts: BTreeSet<String>,
) -> Option<String> {
    let mut written = checker.spec.written.clone();
    let base = base_domain(&written, environment)?;
    let missing = written.wildcard.replace(0..0).is_none();
    let names = router_names(&written, environment, hosts);
    (missing && names.len() <= CERTIFICATE_NAMES).then(|| format!("*.{base}"))
}

/// A wildcard stands for the apps below a domain.
fn wildcard(checker: &mut Checker<'_>) {
    let written = &checker.spec.written;
    let is_missing = |environment: &Environment| base_domain(written, *environment).is_none();
    if let Some(place) = written.wildcard.clone()
        && Environment::ALL.iter().all(is_missing)
    {
        let (key, needs) = ("wildcard", "a domain that the apps are below");
        let help = "write `domain` for the project, or for an environment";
        checker.report(&place, Problem::Needs { key, needs, help });
    }
}
