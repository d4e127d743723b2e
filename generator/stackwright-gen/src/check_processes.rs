//! Checks of what processes, databases, monitors and calls between apps mean together.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use stackwright_plan::document::{Entry, Node};
use stackwright_plan::job::{expression, time_zone};
use stackwright_plan::monitor::rules;
use stackwright_plan::procfile;
use stackwright_plan::service::{WILDCARDS, tasks_in_deployment, wildcards};

use crate::build::{env_domain, variable_of};
use crate::check::{Checker, overrides, settings_of};
use crate::check_limits;
use crate::check_monitors;
use crate::check_names;
use crate::diagnostic::{Problem, ToAnswer};
use crate::model;
use crate::project::Environment;
use crate::roles::{self, Part};
use crate::shape::Shape;
use crate::source::Spanned;
use crate::spec::{AppWritten, ProcessWritten};

/// Keys that only a process of some kind can have.
const REQUESTS: [&str; 5] = [
    "port",
    "health_check",
    "routes",
    "slo",
    "deregistration_delay",
];
/// Keys of what a router does.
const ROUTED: [&str; 3] = ["health_check", "slo", "deregistration_delay"];
const SCHEDULE: [&str; 3] = ["time_zone", "retries", "expected_window"];
const RUNNING: [&str; 4] = ["count", "scale", "exec", "deploy"];

/// What an app's own tables mean.
pub(crate) fn of_app<'a>(checker: &mut Checker<'a>, app: &'a AppWritten) {
    for settings in &app.processes {
        process(checker, app, settings);
    }
    monitors(checker, app);
    check_monitors::of_app(checker, app);
    uses(checker, app);
}

fn process(checker: &mut Checker<'_>, app: &AppWritten, settings: &ProcessWritten) {
    keys(checker, app, settings);
    if settings.count.is_some()
        && let Some(scale) = &settings.scale
    {
        let problem = Problem::CountAndScale {
            process: settings.name.value.clone(),
            environment: None,
        };
        checker.report(&scale.key_span, problem);
    }
    if let Some(scale) = &settings.scale {
        autoscaling(checker, &settings.name.value, scale);
    }
    if let Some(deploy) = &settings.deploy {
        let tasks = fewest(settings.count.as_ref(), settings.scale.as_ref());
        replacement(checker, &settings.name.value, deploy, tasks);
    }
    if let Some(check) = &settings.health_check {
        timeout(checker, &check.node);
    }
    of_wildcards(checker, settings);
    if let Some(cron) = &settings.cron
        && let Some(problem) = schedule(&cron.value)
    {
        checker.report(&cron.span, problem);
    }
    let zone = settings.time_zone.as_ref();
    if let Some(zone) = zone.filter(|zone| Shape::TimeZone.accepts(&zone.value))
        && let Err(reason) = time_zone::check(&zone.value)
    {
        let help = "write a name of the IANA list, as in `Europe/Berlin` or `UTC`";
        checker.report(&zone.span, Problem::Refused { reason, help });
    }
}

/// What EventBridge Scheduler would refuse of a schedule in the right form.
pub(crate) fn schedule(cron: &str) -> Option<Problem> {
    if !Shape::Schedule.accepts(cron) {
        return None;
    }
    let expression = if cron.starts_with("rate(") {
        cron.to_owned()
    } else {
        format!("cron({cron})")
    };
    let reason = expression::check(&expression).err()?;
    let help = "write minutes, hours, day of month, month, day of week and year, as in `0 3 * * ? *` or `0/15 8-17 ? * MON-FRI *`";
    Some(Problem::Refused { reason, help })
}

/// Keys that mean nothing for what the process is.
fn keys(checker: &mut Checker<'_>, app: &AppWritten, settings: &ProcessWritten) {
    let name = &settings.name.value;
    let parsed = checker.parsed.get(app.procfile());
    let found = parsed.and_then(|parsed| parsed.processes.iter().find(|it| it.name == *name));
    let Some(found) = found else { return };
    let (useless, is): (Vec<&str>, &'static str) = match roles::part(app, found) {
        Part::Web { public: false, .. } => (
            [&SCHEDULE[..], &ROUTED].concat(),
            "is reached by its private name alone",
        ),
        Part::Web { .. } => (SCHEDULE.to_vec(), "keeps running"),
        Part::Worker => ([&REQUESTS[..], &SCHEDULE].concat(), "takes no requests"),
        Part::Job => ([&REQUESTS[..], &RUNNING].concat(), "runs on a schedule"),
        Part::Release => (every_key(), "does not run yet"),
        Part::ByHand => (every_key(), "has `noservice` and is run by hand"),
    };
    let is_public = matches!(roles::part(app, found), Part::Web { public: true, .. });
    if let Some(scale) = settings.scale.as_ref().filter(|_| !is_public) {
        by_requests(checker, name, scale);
    }
    let wrong = settings
        .keys
        .iter()
        .filter(|(key, _)| useless.contains(&key.as_str()));
    for (key, span) in wrong {
        let problem = Problem::KeyWithoutUse {
            key: key.clone(),
            process: name.clone(),
            is,
        };
        checker.report(span, problem);
    }
}

fn every_key() -> Vec<&'static str> {
    let fields = model::PROCESS.fields.iter();
    fields.map(|field| field.key).collect()
}

/// Without a route nobody counts requests.
fn by_requests(checker: &mut Checker<'_>, process: &str, scale: &Entry) {
    if let Some(requests) = scale.node.get("requests") {
        let problem = Problem::Scale {
            process: process.to_owned(),
            what: "goes by requests, which only a public router counts",
            help: "remove `requests`, and write `cpu` or `memory`",
        };
        checker.report(&requests.span, problem);
    }
}

fn autoscaling(checker: &mut Checker<'_>, process: &str, scale: &Entry) {
    let number = |key: &str| scale.node.get(key).and_then(Node::whole);
    let targets = ["cpu", "memory", "requests"];
    let (what, help) = if targets.iter().all(|key| scale.node.get(key).is_none()) {
        (
            "has nothing to go by",
            "write at least one of `cpu`, `memory` and `requests`, as in `cpu = 60`",
        )
    } else if number("min").unwrap_or(1) > number("max").unwrap_or(i64::MAX) {
        (
            "has a `min` above its `max`",
            "write a `min` that is at most `max`",
        )
    } else {
        return;
    };
    let process = process.to_owned();
    checker.report(
        &scale.key_span,
        Problem::Scale {
            process,
            what,
            help,
        },
    );
}

/// How many tasks there are when they are fewest.
fn fewest(count: Option<&Spanned<i64>>, scale: Option<&Entry>) -> i64 {
    match scale {
        Some(scale) => scale.node.get("min").and_then(Node::whole).unwrap_or(1),
        None => count.map_or(1, |count| count.value),
    }
}

/// What ECS cannot do when a new version replaces the old.
fn replacement(checker: &mut Checker<'_>, process: &str, deploy: &Entry, tasks: i64) {
    let number = |key: &str, default| {
        deploy
            .node
            .get(key)
            .and_then(Node::whole)
            .unwrap_or(default)
    };
    let truth = |key: &str| deploy.node.get(key).and_then(Node::bool).unwrap_or(true);
    let (minimum, maximum) = (
        number("minimum_percent", 100),
        number("maximum_percent", 200),
    );
    let (kept, allowed) = tasks_in_deployment(tasks, minimum, maximum);
    let (what, help) = if minimum >= maximum || (tasks > 0 && kept >= allowed) {
        (
            "leaves no room for a new task: of the tasks, ECS rounds `minimum_percent` up and `maximum_percent` down",
            "write a larger `maximum_percent`, such as 200, or a smaller `minimum_percent`",
        )
    } else if truth("rollback") && !truth("circuit_breaker") {
        (
            "rolls back without a circuit breaker",
            "write `rollback = false`, too, or remove `circuit_breaker = false`",
        )
    } else {
        return;
    };
    let process = process.to_owned();
    checker.report(
        &deploy.key_span,
        Problem::Deploy {
            process,
            what,
            help,
        },
    );
}

fn timeout(checker: &mut Checker<'_>, check: &Node) {
    let number = |key: &str, default| check.get(key).and_then(Node::whole).unwrap_or(default);
    let (timeout, interval) = (number("timeout", 5), number("interval", 15));
    let place = check.get("timeout").or(check.get("interval"));
    if let Some(place) = place.filter(|_| timeout >= interval) {
        checker.report(&place.span, Problem::Timeout { timeout, interval });
    }
}

/// What an environment says of an app.
pub(crate) fn in_environment<'a>(
    checker: &mut Checker<'a>,
    environment: Environment,
    app: &'a AppWritten,
    settings: &'a AppWritten,
) {
    if let Some((span, _)) = settings.db.as_ref().filter(|_| app.db.is_none()) {
        let problem = Problem::Needs {
            key: "db",
            needs: "a database of the app",
            help: "write `db = true` in the table of the app, too",
        };
        checker.report(span, problem);
    }
    taken(checker, app, settings);
    for process in &settings.processes {
        keys(checker, app, process);
        let name = &process.name.value;
        let base = app.process(name);
        let count = process.count.as_ref();
        let counted = count.or(base.and_then(|base| base.count.as_ref()));
        let scale = process.scale.as_ref();
        let scaled = scale.or(base.and_then(|base| base.scale.as_ref()));
        if let (Some(_), Some(_)) = (counted, scaled)
            && let Some(span) = scale.map(|it| &it.key_span).or(count.map(|it| &it.span))
        {
            let problem = Problem::CountAndScale {
                process: name.clone(),
                environment: Some(environment),
            };
            checker.report(span, problem);
        }
        if let Some(scale) = scale {
            autoscaling(checker, name, scale);
        }
        if let Some(deploy) = base.and_then(|base| base.deploy.as_ref())
            && (count.is_some() || scale.is_some())
        {
            replacement(checker, name, deploy, fewest(counted, scaled));
        }
    }
}

/// What the ports of an extended Procfile mean.
pub(crate) fn of_ports(
    app: &AppWritten,
    process: &procfile::Process,
) -> Vec<(Range<usize>, Problem)> {
    let mut found = Vec::new();
    let is_public = matches!(roles::part(app, process), Part::Web { public: true, .. });
    for port in &process.ports {
        if is_public && !matches!(port.listener, 80 | 443) {
            let problem = Problem::RouterPort {
                port: port.listener,
            };
            found.push((port.place.span.clone(), problem));
        }
    }
    let other = process
        .ports
        .iter()
        .find(|port| port.container != process.ports[0].container);
    if let Some(other) = other {
        let process = process.name.clone();
        found.push((other.place.span.clone(), Problem::SeveralPorts { process }));
    }
    found
}

fn monitors(checker: &mut Checker<'_>, app: &AppWritten) {
    for monitor in &app.monitors {
        check_monitors::short_window(checker, monitor, true);
        if let Some(name) = monitor.node.get("name")
            && let Some(text) = name.text().filter(|text| Shape::MonitorName.accepts(text))
            && let Err(reason) = rules::name(&text.to_owned())
        {
            let help = "write letters, digits, spaces and + - = . _ : / @, as in `shop errors`";
            checker.report(&name.span, Problem::Refused { reason, help });
        }
        let level = |name: &str| monitor.node.get(name);
        let key = monitor.key.clone();
        if level("warning").is_none() && level("critical").is_none() {
            checker.report(&monitor.key_span, Problem::NoLevel { key });
            continue;
        }
        let threshold = |name: &str| level(name)?.get("threshold")?.number();
        let (Some(warning), Some(critical)) = (threshold("warning"), threshold("critical")) else {
            continue;
        };
        let falls = monitor
            .node
            .get("operator")
            .and_then(Node::text)
            .is_some_and(|operator| operator.starts_with('<'));
        if (falls && warning <= critical) || (!falls && warning >= critical) {
            checker.report(&monitor.key_span, Problem::LevelOrder { key });
        }
    }
}

fn uses(checker: &mut Checker<'_>, app: &AppWritten) {
    for used in &app.uses {
        let apps = &checker.spec.written.apps;
        if used.value == app.name.value {
            let app = app.name.value.clone();
            checker.report(&used.span, Problem::UsesItself { app });
        } else if !apps.iter().any(|other| other.name.value == used.value) {
            checker.unknown_app(used);
        }
    }
    taken(checker, app, app);
}

/// Variables that an app gets from those that it uses and from its database.
fn taken(checker: &mut Checker<'_>, app: &AppWritten, settings: &AppWritten) {
    let mut names: BTreeSet<String> = app.uses.iter().map(|it| variable_of(&it.value)).collect();
    if app.db.is_some() {
        names.extend(["DATABASE_URL", "DB_PASSWORD"].map(str::to_owned));
    }
    let of_processes = settings.processes.iter().flat_map(|it| &it.config);
    let own = settings.config.iter().chain(&settings.secrets);
    for (name, _) in own.chain(of_processes) {
        if names.contains(&name.value) {
            let problem = Problem::ReservedVariable {
                name: name.value.clone(),
            };
            checker.report(&name.span, problem);
        }
    }
}

/// What apps mean to each other: calls, routes, domains, handles.
pub(crate) fn across_apps(checker: &mut Checker<'_>) {
    answers(checker);
    routes(checker);
    priorities(checker);
    check_names::domains(checker);
    check_limits::across_apps(checker);
    handles(checker);
}

/// Every app that is called has a process that answers.
fn answers(checker: &mut Checker<'_>) {
    let apps = &checker.spec.written.apps;
    for app in apps {
        for used in &app.uses {
            let Some(other) = apps.iter().find(|other| other.name.value == used.value) else {
                continue;
            };
            let Some(parsed) = checker.parsed.get(other.procfile()) else {
                continue;
            };
            if roles::answering(other, parsed).is_none() {
                let problem = Problem::NotInternal {
                    app: app.name.value.clone(),
                    used: used.value.clone(),
                    way: to_answer(other, parsed),
                };
                checker.report(&used.span, problem);
            }
        }
    }
}

/// How an app without a private name gets one: `web` first, else what takes requests, else what keeps running.
fn to_answer(app: &AppWritten, procfile: &procfile::Procfile) -> ToAnswer {
    let processes = procfile.processes.iter();
    let part = |it: &procfile::Process| roles::part(app, it);
    let public = processes
        .clone()
        .filter(|it| matches!(part(it), Part::Web { .. }))
        .max_by_key(|it| it.name == "web");
    let mut running = processes.filter(|it| part(it) == Part::Worker);
    match (public.map(|it| it.name.clone()), running.next()) {
        (Some(process), _) if app.process(&process).is_some_and(|it| it.routes.is_some()) => {
            ToAnswer::WithRoutes { process }
        }
        (Some(process), _) => ToAnswer::Public { process },
        (None, Some(worker)) => ToAnswer::Worker {
            process: worker.name.clone(),
        },
        (None, None) => ToAnswer::NothingRuns,
    }
}

/// No two public processes want the same requests, in no environment.
fn routes(checker: &mut Checker<'_>) {
    let mut found: BTreeMap<Meeting, Vec<Environment>> = BTreeMap::new();
    for environment in Environment::ALL {
        for meeting in same_routes(checker, environment) {
            found.entry(meeting).or_default().push(environment);
        }
    }
    let apps = &checker.spec.written.apps;
    for ((app, process, other, a_domain_helps), environments) in found {
        let problem = Problem::SameRoute {
            a_domain_helps,
            environment: match environments[..] {
                [only] => Some(only),
                _ => None,
            },
            app: apps[app].name.value.clone(),
            process,
            other,
        };
        checker.report(&apps[app].name.span, problem);
    }
}

/// Processes of an app that a public router asks.
pub(crate) fn public(checker: &Checker<'_>, app: &AppWritten) -> Vec<procfile::Process> {
    let parsed = checker.parsed.get(app.procfile());
    let all = parsed.into_iter().flat_map(|parsed| &parsed.processes);
    all.filter(|it| matches!(roles::part(app, it), Part::Web { public: true, .. }))
        .cloned()
        .collect()
}

/// The number of an app, its process, the process that wants the same, and whether a domain would part them.
type Meeting = (usize, String, String, bool);

fn same_routes(checker: &Checker<'_>, environment: Environment) -> BTreeSet<Meeting> {
    let written = &checker.spec.written;
    let settings = settings_of(written, environment);
    let mut seen: BTreeMap<(Option<String>, String), (usize, String)> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for (at, app) in written.apps.iter().enumerate() {
        let own = env_domain(written, environment, app, overrides(settings, app));
        for process in public(checker, app) {
            for (host, path) in wanted(app, &process) {
                let wants = (
                    host.or_else(|| own.clone()),
                    path.unwrap_or_else(|| "/*".to_owned()),
                );
                let no_host = wants.0.is_none();
                if let Some((of, other)) = seen.insert(wants, (at, full_name(app, &process))) {
                    found.insert((at, process.name.clone(), other, no_host && of != at));
                }
            }
        }
    }
    found
}

fn full_name(app: &AppWritten, process: &procfile::Process) -> String {
    format!("{}` of app `{}", process.name, app.name.value)
}

/// All public routes are at one router, which takes each number once.
fn priorities(checker: &mut Checker<'_>) {
    let mut seen: BTreeMap<i64, String> = BTreeMap::new();
    let apps = &checker.spec.written.apps;
    for app in apps {
        for process in public(checker, app) {
            for route in routes_of(app.process(&process.name)) {
                let number = route.node.get("priority");
                let Some((number, priority)) = number.and_then(|it| Some((it, it.whole()?))) else {
                    continue;
                };
                let process = full_name(app, &process);
                if let Some(other) = seen.insert(priority, process.clone()) {
                    let problem = Problem::SamePriority {
                        priority,
                        process,
                        other,
                    };
                    checker.report(&number.span, problem);
                }
            }
        }
    }
}

/// The routes of a process that has some of its own.
pub(crate) fn routes_of(settings: Option<&ProcessWritten>) -> &[Entry] {
    let routes = settings.and_then(|settings| settings.routes.as_ref());
    routes
        .map(|routes| routes.node.entries())
        .unwrap_or_default()
}

/// Host and path of a route have few wildcards together.
fn of_wildcards(checker: &mut Checker<'_>, settings: &ProcessWritten) {
    for route in routes_of(Some(settings)) {
        let count = |key: &str| {
            let text = route.node.get(key).and_then(Node::text);
            text.map_or(0, wildcards)
        };
        let written = count("host") + count("path");
        if written > WILDCARDS {
            let reason = format!(
                "host and path of this route have {written} wildcards, and a router takes {WILDCARDS}"
            );
            let help = "write fewer `*` and `?`, or several routes";
            checker.report(&route.key_span, Problem::Refused { reason, help });
        }
    }
}

fn wanted(app: &AppWritten, process: &procfile::Process) -> Vec<(Option<String>, Option<String>)> {
    let settings = app.process(&process.name);
    let Some(routes) = settings.and_then(|settings| settings.routes.as_ref()) else {
        return vec![(None, None)];
    };
    let text = |route: &Entry, key: &str| route.node.get(key)?.text().map(str::to_owned);
    let entries = routes.node.entries().iter();
    entries
        .map(|route| (text(route, "host"), text(route, "path")))
        .collect()
}

/// Every handle that is told has a meaning in each environment.
fn handles(checker: &mut Checker<'_>) {
    let mut told: Vec<(String, Range<usize>)> = Vec::new();
    let mut add = |node: &Node| {
        let words = node.text().unwrap_or_default().split(' ');
        let handles = words.filter(|word| word.starts_with('@'));
        told.extend(handles.map(|handle| (handle.to_owned(), node.span.clone())));
    };
    let written = &checker.spec.written;
    let notify = written.notify.iter().flat_map(Node::entries);
    notify.for_each(|entry| add(&entry.node));
    for monitor in check_monitors::changed(written) {
        let notify = monitor.node.get("notify").map(Node::entries);
        let levels = notify.unwrap_or_default().iter();
        levels.for_each(|entry| add(&entry.node));
    }
    let monitors = written.apps.iter().flat_map(|app| &app.monitors);
    for monitor in monitors {
        for level in ["warning", "critical"] {
            if let Some(node) = monitor
                .node
                .get(level)
                .and_then(|level| level.get("notify"))
            {
                add(node);
            }
        }
    }
    for environment in Environment::ALL {
        let own = written
            .environments
            .iter()
            .find(|it| it.environment == environment);
        let notifiers = own.map(|own| own.notifiers.as_slice()).unwrap_or_default();
        for (handle, span) in &told {
            if !notifiers.iter().any(|(name, _)| name.value == *handle) {
                let handle = handle.clone();
                let problem = Problem::UnknownHandle {
                    handle,
                    environment,
                };
                checker.report(span, problem);
            }
        }
    }
}
