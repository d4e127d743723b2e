//! Checks of the monitors that come with processes, databases and routers: their keys, and the objective that some of them watch.

use stackwright_plan::document::{Entry, Node};
use stackwright_plan::monitor::window_seconds;

use crate::check::Checker;
use crate::diagnostic::{Problem, closest};
use crate::roles::{self, Part};
use crate::spec::{AppWritten, ProcessWritten, Written};

/// Monitors of what keeps running.
const SERVICE: &[&str] = &[
    "below_desired",
    "cpu",
    "deploy_failed",
    "memory",
    "none_running",
];
/// Monitors of what a router sees of a service.
const TARGET: &[&str] = &[
    "errors",
    "latency",
    "no_healthy",
    "slo_fast",
    "slo_long",
    "slo_slow",
    "unhealthy",
];
const JOB: &[&str] = &[
    "dead_letters",
    "dead_letters_failed",
    "dropped",
    "failed",
    "missed_run",
    "throttled",
];
const DATABASE: &[&str] = &[
    "burst_bytes",
    "burst_io",
    "connections",
    "cpu",
    "memory",
    "replica_lag",
    "storage",
    "transaction_ids",
];
const ROUTER: &[&str] = &["certificate", "router_errors"];

/// The keys of the monitors that come with a process.
fn of_part(part: Part) -> Vec<&'static str> {
    match part {
        Part::Web { public: true, .. } => [SERVICE, TARGET].concat(),
        Part::Web { .. } | Part::Worker => SERVICE.to_vec(),
        Part::Job => JOB.to_vec(),
        Part::Release | Part::ByHand => Vec::new(),
    }
}

/// Every key names a monitor that there is, and an objective can be met.
pub(crate) fn of_app(checker: &mut Checker<'_>, app: &AppWritten) {
    for settings in &app.processes {
        let parsed = checker.parsed.get(app.procfile());
        let found = parsed.and_then(|parsed| {
            let mut processes = parsed.processes.iter();
            processes.find(|it| it.name == settings.name.value)
        });
        if let (Some(found), Some(monitors)) = (found, &settings.monitors) {
            let part = roles::part(app, found);
            // What does not run has no key that means anything, which is said of each.
            if roles::is_generated(part) {
                keys(checker, monitors.node.entries(), &of_part(part));
            }
        }
        objective(checker, settings);
    }
    let monitors = app.db.as_ref().and_then(|(_, db)| db.get("monitors"));
    if let Some(monitors) = monitors {
        keys(checker, monitors.entries(), DATABASE);
    }
}

/// Every key of the router's monitors names one that there is.
pub(crate) fn of_router(checker: &mut Checker<'_>) {
    if let Some(monitors) = &checker.spec.written.router_monitors {
        keys(checker, monitors.node.entries(), ROUTER);
    }
}

/// The changes to monitors that come with something.
pub(crate) fn changed(written: &Written) -> impl Iterator<Item = &Entry> {
    let apps = written.apps.iter();
    let of_apps = apps.flat_map(|app| {
        let processes = app.processes.iter();
        let db = app.db.as_ref().and_then(|(_, db)| db.get("monitors"));
        processes
            .filter_map(|process| process.monitors.as_ref())
            .map(|monitors| &monitors.node)
            .chain(db)
    });
    let of_router = written.router_monitors.iter();
    of_apps
        .chain(of_router.map(|monitors| &monitors.node))
        .flat_map(Node::entries)
}

/// Monitors of events: an event has no second window.
const EVENTS: [&str; 2] = ["deploy_failed", "failed"];

/// A second look back is shorter than the first, and knows what missing data is. `own` are monitors that a spec has itself.
pub(crate) fn short_window(checker: &mut Checker<'_>, monitor: &Entry, own: bool) {
    let text = |key: &str| monitor.node.get(key).and_then(Node::text);
    let Some(place) = monitor.node.get("short_window") else {
        return;
    };
    // An own monitor sums over five minutes when nothing is said, and a sum without data is 0.
    let sums = own && text("time_aggr").is_none_or(|time| time == "sum");
    let short = text("short_window").and_then(window_seconds);
    let whole = text("time_window").or(own.then_some("last_5m"));
    let gaps = text("no_data").or(sums.then_some("ok"));
    let (what, help) = if !own && EVENTS.contains(&monitor.key.as_str()) {
        ("has no meaning: it counts single events", "remove it")
    } else if whole.is_none() || gaps.is_none() {
        (
            "needs a `time_window` and a `no_data` beside it",
            "write both, as in `time_window = \"last_1h\"` and `no_data = \"ok\"`",
        )
    } else if gaps.is_some_and(|gaps| matches!(gaps, "notify" | "show")) {
        (
            "would make missing data a recovery",
            "write `no_data` as `ok`, `alert` or `ignore`",
        )
    } else if short
        .zip(whole.and_then(window_seconds))
        .is_some_and(|(short, whole)| short >= whole)
    {
        (
            "is not shorter than its `time_window`",
            "write a shorter one, or a longer `time_window`",
        )
    } else {
        return;
    };
    let key = monitor.key.clone();
    checker.report(&place.span, Problem::ShortWindow { key, what, help });
}

fn keys(checker: &mut Checker<'_>, monitors: &[Entry], known: &[&str]) {
    let unknown = monitors.iter();
    for entry in unknown.filter(|entry| !known.contains(&entry.key.as_str())) {
        let problem = Problem::UnknownMonitor {
            key: entry.key.clone(),
            suggestion: closest(&entry.key, known.iter().copied()),
            known: known.iter().map(|&key| key.to_owned()).collect(),
        };
        checker.report(&entry.key_span, problem);
    }
    for entry in monitors {
        short_window(checker, entry, false);
    }
}

fn objective(checker: &mut Checker<'_>, settings: &ProcessWritten) {
    let slo = settings.slo.as_ref();
    let Some(value) = slo.and_then(|slo| Node::number(&slo.node)) else {
        return;
    };
    if let Some(slo) = slo.filter(|_| !(94.0..=99.999).contains(&value)) {
        let value = value.to_string();
        checker.report(&slo.node.span, Problem::Objective { value });
    }
}

#[cfg(test)]
mod tests {
    use super::{DATABASE, JOB, ROUTER, SERVICE, TARGET};
    use crate::module_sources::Modules;

    /// The module is where the monitors are made.
    #[test]
    fn every_key_is_one_of_the_module_and_the_other_way_round() {
        let modules = Modules::built_in();
        let main = &modules.files()["monitors/main.tf"];
        let indented = main.lines().filter_map(|line| {
            let (key, rest) = line.strip_prefix("    ")?.split_once(" = ")?;
            (rest == "{" || rest.starts_with("merge(local.slo")).then_some(key)
        });
        let mut there: Vec<&str> = indented.filter(|key| !key.starts_with(' ')).collect();
        let mut known = [SERVICE, TARGET, JOB, DATABASE, ROUTER].concat();
        // Those of queues belong to nothing that a spec has.
        known.push("age");
        for keys in [&mut there, &mut known] {
            keys.sort_unstable();
            keys.dedup();
        }
        there.retain(|key| *key != "metrics");
        assert_eq!(there, known);
    }
}
