//! Checks of what AWS takes together: routes and target groups of a router, rules of a security group, database instances, and the
//! configuration and policies of an app. What AWS raises on request can be said in `[quotas]`.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::json;
use stackwright_plan::app::OWN_POLICIES;
use stackwright_plan::aws_rules::{self, INLINE_POLICIES, PARAMETER};
use stackwright_plan::document::Node;
use stackwright_plan::monitor::rules::DIMENSIONS;
use stackwright_plan::quotas::{
    DB_INSTANCES, ROUTER_RULES, ROUTER_TARGET_GROUPS, SECURITY_GROUP_RULES,
};

use crate::check::{Checker, overrides, settings_of};
use crate::check_processes::{public, routes_of};
use crate::diagnostic::Problem;
use crate::project::Environment;
use crate::spec::{AppWritten, Text};

/// What all apps take together.
pub(crate) fn across_apps(checker: &mut Checker<'_>) {
    router(checker);
    callers(checker);
    for environment in Environment::ALL {
        databases(checker, environment);
        let written = &checker.spec.written;
        let settings = settings_of(written, environment);
        for app in &written.apps {
            texts(checker, environment, app, overrides(settings, app));
        }
    }
    for app in &checker.spec.written.apps {
        monitors(checker, app);
    }
}

/// A quota as the spec says it, else as AWS gives it.
fn quota(checker: &Checker<'_>, key: &str, default: usize) -> usize {
    let quotas = checker.spec.written.quotas.as_ref();
    let written = quotas.and_then(|quotas| quotas.get(key)?.whole());
    written
        .and_then(|number| usize::try_from(number).ok())
        .unwrap_or(default)
}

fn report(
    checker: &mut Checker<'_>,
    place: &Range<usize>,
    what: String,
    most: usize,
    help: &'static str,
) {
    checker.report(place, Problem::TooMany { what, most, help });
}

/// Every route is a rule, and every public process a target group.
fn router(checker: &mut Checker<'_>) {
    let (mut rules, mut groups) = (0, 0);
    let most_rules = quota(checker, "router_rules", ROUTER_RULES);
    let mut over: [Option<Range<usize>>; 2] = [None, None];
    for app in &checker.spec.written.apps {
        for process in public(checker, app) {
            rules += routes_of(app.process(&process.name)).len().max(1);
            groups += 1;
            for (place, is_over) in over
                .iter_mut()
                .zip([rules > most_rules, groups > ROUTER_TARGET_GROUPS])
            {
                if is_over && place.is_none() {
                    *place = Some(app.name.span.clone());
                }
            }
        }
    }
    let [too_many_rules, too_many_groups] = over;
    if let Some(place) = too_many_groups {
        let what = format!(
            "the router has {groups} processes to send requests to, each with a target group"
        );
        let help = "this is a quota that AWS does not raise: make some apps `internal`, or give some a project and spec of their own";
        report(checker, &place, what, ROUTER_TARGET_GROUPS, help);
    } else if let Some(place) = too_many_rules {
        let what = format!("the router has {rules} routes");
        let help = "join routes of a process, or have AWS raise \"Rules per Application Load Balancer\" in each account, and write the number as `router_rules` in `[quotas]`";
        report(checker, &place, what, most_rules, help);
    }
}

/// Every app that uses an app is a rule in the security groups of its processes, and so is the router.
fn callers(checker: &mut Checker<'_>) {
    let most = quota(checker, "security_group_rules", SECURITY_GROUP_RULES);
    let apps = &checker.spec.written.apps;
    for app in apps {
        let uses = |other: &&AppWritten| other.uses.iter().any(|it| it.value == app.name.value);
        let callers = apps.iter().filter(uses).count();
        let from_router = usize::from(!public(checker, app).is_empty());
        if callers + from_router > most {
            let name = &app.name.value;
            let router = if from_router > 0 {
                " and by the router"
            } else {
                ""
            };
            let what = format!(
                "app `{name}` is called by {callers} apps{router}, each with a rule in its security group"
            );
            let help = "have AWS raise \"Inbound or outbound rules per security group\" in each account, and write the number as `security_group_rules` in `[quotas]`, or put an app between";
            report(checker, &app.name.span, what, most, help);
        }
    }
}

/// Databases and their replicas are instances.
fn databases(checker: &mut Checker<'_>, environment: Environment) {
    let most = quota(checker, "db_instances", DB_INSTANCES);
    let written = &checker.spec.written;
    let settings = settings_of(written, environment);
    let mut instances = 0;
    let mut over = None;
    for app in &written.apps {
        let Some((place, db)) = &app.db else { continue };
        let own = overrides(settings, app).and_then(|own| own.db.as_ref());
        let replicas = own
            .and_then(|(_, own)| own.get("replicas"))
            .or(db.get("replicas"));
        instances += 1 + replicas.map_or(0, |replicas| replicas.entries().len());
        if instances > most && over.is_none() {
            over = Some(place.clone());
        }
    }
    if let Some(place) = over {
        let what = format!("{environment} has {instances} database instances");
        let help = "have AWS raise \"DB instances\" in each account, and write the number as `db_instances` in `[quotas]`";
        report(checker, &place, what, most, help);
    }
}

/// What an app has in an environment: its own, and what the environment adds.
fn merged<'a>(
    app: &'a AppWritten,
    own: Option<&'a AppWritten>,
    pick: fn(&AppWritten) -> &[(Text, Text)],
) -> BTreeMap<&'a str, &'a str> {
    let all = [Some(app), own].into_iter().flatten().flat_map(pick);
    all.map(|(name, value)| (name.value.as_str(), value.value.as_str()))
        .collect()
}

/// The provider keeps config, secrets and policies of an app in one parameter, and IAM counts the policies of a role together.
fn texts(
    checker: &mut Checker<'_>,
    environment: Environment,
    app: &AppWritten,
    own: Option<&AppWritten>,
) {
    let policies = merged(app, own, |app| &app.policies);
    let record = json!({
        "config": merged(app, own, |app| &app.config),
        "secrets": merged(app, own, |app| &app.secrets),
        "policies": policies,
    });
    let (place, name) = (&app.name.span, &app.name.value);
    let length = record.to_string().len();
    if length > PARAMETER {
        let what = format!(
            "config, secrets and policies of app `{name}` have {length} characters in {environment}"
        );
        let help = "put long values into files of the image or into secrets, and policies into managed policies";
        report(checker, place, what, PARAMETER, help);
    }
    let documents = policies
        .values()
        .filter_map(|text| aws_rules::policy_document(text).ok());
    let length: usize = documents.map(|document| document.to_string().len()).sum();
    if length > INLINE_POLICIES {
        let what =
            format!("the policies of app `{name}` have {length} characters in {environment}");
        let help = "put some of them into a managed policy";
        report(checker, place, what, INLINE_POLICIES, help);
    }
    let taken = policies.keys().find(|policy| OWN_POLICIES.contains(policy));
    if let Some(policy) = taken {
        let reason =
            format!("policy `{policy}` of app `{name}` has the name of one that stackwright adds");
        let help = "choose another name";
        checker.report(place, Problem::Refused { reason, help });
    }
}

fn monitors(checker: &mut Checker<'_>, app: &AppWritten) {
    for monitor in &app.monitors {
        let dimensions = monitor
            .node
            .get("dimensions")
            .map_or(0, |it: &Node| it.entries().len());
        if dimensions > DIMENSIONS {
            let what = format!("monitor `{}` has {dimensions} dimensions", monitor.key);
            let help = "write those alone that the metric has";
            report(checker, &monitor.key_span, what, DIMENSIONS, help);
        }
    }
}
