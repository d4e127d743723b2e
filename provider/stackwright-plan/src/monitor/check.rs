//! What is wrong with a monitor, found before AWS is asked. Unknown values defer a check.

use std::collections::BTreeMap;

use tfplugin_types::{Cfg, Diagnostics, Number, Path};

use super::message::{self, Level, Rendered};
use super::shape::{Refusal, Scan, Space, Time};
use super::{MonitorConfig, SeriesConfig, alarms, levels, notify, rules, series, window};
use crate::{Scope, name};

type Texts = Cfg<BTreeMap<String, Cfg<String>>>;

fn at(name: &str) -> Path {
    Path::attribute(name)
}

/// Everything that the configuration alone tells.
pub(crate) fn check(written: &MonitorConfig, found: &mut Diagnostics) {
    let view = &with_defaults(written);
    kind(view, found);
    refused(view, found);
    words(view, found);
    selection(view, found);
    metrics(view, found);
    blocks(view, found);
    limits(view, found);
    shape(view, found);
    grouping(view, found);
    messages(view, found);
    warnings(view, found);
}

/// Configuration is checked before Terraform has filled in what was left out.
fn with_defaults(view: &MonitorConfig) -> MonitorConfig {
    let mut view = view.clone();
    if view.kind.is_null() {
        view.kind = Cfg::Known("metric".to_owned());
    }
    if view.interval.is_null() {
        view.interval = Cfg::Known(60);
    }
    view
}

/// Whether there is a value for certain: one that is not known yet may turn out to be null.
const fn given<T>(value: &Cfg<T>) -> bool {
    value.known().is_some()
}

fn kind(view: &MonitorConfig, found: &mut Diagnostics) {
    let Some(kind) = view.kind.known() else {
        return;
    };
    if !["metric", "anomaly", "log"].contains(&kind.as_str()) {
        found.error(
            at("type"),
            "Type Not Available",
            format!("type \"{kind}\" is not available on CloudWatch; use \"metric\", \"anomaly\" or \"log\"."),
        );
    }
}

/// Arguments of Datadog that CloudWatch has nothing for.
fn refused(view: &MonitorConfig, found: &mut Diagnostics) {
    let mut refuse = |name: &str, given: bool, why: &str| {
        if given {
            found.error(
                at(name),
                "Not Available on CloudWatch",
                format!("{name}{why}"),
            );
        }
    };
    let recovery = " has no CloudWatch equivalent; CloudWatch recovers as soon as the condition is false. Remove it.";
    refuse(
        "critical_recovery",
        given(&view.critical_recovery),
        recovery,
    );
    refuse("warning_recovery", given(&view.warning_recovery), recovery);
    let repeated = ": CloudWatch notifies only on state changes. Use your pager's escalation.";
    refuse(
        "renotify_interval",
        given(&view.renotify_interval),
        repeated,
    );
    refuse(
        "escalation_message",
        given(&view.escalation_message),
        repeated,
    );
    let delay = ": CloudWatch evaluates data as it comes. Remove it, or look further back with time_window.";
    refuse("evaluation_delay", given(&view.evaluation_delay), delay);
    let group = ": CloudWatch has no delay per group. Use warm_up, which delays the whole monitor after a change.";
    refuse("new_group_delay", given(&view.new_group_delay), group);
    let minutes = view.no_data_timeframe.known().copied();
    let seconds = view
        .time_window
        .known()
        .and_then(|text| window::seconds(text));
    if let (Some(minutes), Some(seconds)) = (minutes, seconds)
        && minutes.saturating_mul(60) != seconds
    {
        let why = format!(
            " {minutes}: CloudWatch misses data after one time_window, {}. Remove it, or make both alike.",
            window::words(seconds)
        );
        refuse("no_data_timeframe", true, &why);
    }
}

/// Words whose values have a meaning of their own.
fn words(view: &MonitorConfig, found: &mut Diagnostics) {
    if let Some(text) = view
        .time_window
        .known()
        .filter(|text| window::seconds(text).is_none())
    {
        found.error(
            at("time_window"),
            "Invalid Time Window",
            format!("time_window \"{text}\": use last_<n>m, last_<n>h, last_1d or last_1w, for example last_5m."),
        );
    }
    if let Some(word) = view
        .time_aggr
        .known()
        .filter(|word| Time::parse(word).is_none())
    {
        let why = match word.as_str() {
            "change" | "pct_change" | "diff" => {
                "CloudWatch alarms cannot compare with an earlier window."
            }
            "anomalies" => "use type = \"anomaly\".",
            "outliers" | "forecast" => "CloudWatch alarms have no such function.",
            _ => "use avg, sum, min or max.",
        };
        found.error(
            at("time_aggr"),
            "Invalid Aggregation",
            format!("time_aggr \"{word}\": {why}"),
        );
    }
    if let Some(word) = view
        .space_aggr
        .known()
        .filter(|word| Space::parse(word).is_none())
    {
        found.error(
            at("space_aggr"),
            "Invalid Aggregation",
            format!(
                "space_aggr \"{word}\": use avg, sum, min, max or a percentile from p50 to p99.9."
            ),
        );
    }
    let operators = [">", ">=", "<", "<="];
    if let Some(word) = view
        .operator
        .known()
        .filter(|word| !operators.contains(&word.as_str()))
    {
        found.error(
            at("operator"),
            "Invalid Operator",
            format!("operator \"{word}\" is not available on CloudWatch; use >, >=, < or <=."),
        );
    }
}

/// How the series are chosen.
fn selection(view: &MonitorConfig, found: &mut Diagnostics) {
    let formula = !view.metrics.is_null() || !view.expression.is_null();
    let dimensions = given(&view.dimensions);
    let grouped = view.is_grouped() == Some(true);
    let mut clash = |name: &str, text: &str| found.error(at(name), "Conflicting Arguments", text);
    if dimensions && given(&view.tags) {
        clash(
            "tags",
            "Set dimensions (exact series) or tags (filter), not both.",
        );
    }
    if dimensions && grouped {
        clash(
            "by",
            "Set dimensions (exact series) or by (one alert for each group), not both.",
        );
    }
    if given(&view.metrics) || given(&view.expression) {
        for (name, given) in [
            ("metric", given(&view.metric)),
            ("dimensions", dimensions),
            ("tags", given(&view.tags)),
            ("by", grouped),
        ] {
            if given {
                clash(
                    name,
                    &format!(
                        "{name} says which series a monitor of one metric watches; with metrics each entry says so itself. Remove {name} or metrics."
                    ),
                );
            }
        }
    }
    if given(&view.expression) && given(&view.space_aggr) {
        clash(
            "space_aggr",
            "space_aggr has nothing to fold: the expression does. Remove it, or the expression.",
        );
    }
    if given(&view.operator) && view.is_anomaly() {
        clash(
            "operator",
            "type \"anomaly\" takes anomaly.direction, not operator.",
        );
    }
    let named = formula || view.is_log() || view.kind.known().is_none();
    if view.metric.is_null() && !named {
        missing(found, "metric", "Name the metric, or several in metrics.");
    }
    plain(view, found);
    texts(view, found);
}

fn missing(found: &mut Diagnostics, name: &str, advice: &str) {
    found.error(
        at(name),
        "Missing Argument",
        format!("{name} is required here. {advice}"),
    );
}

/// Arguments that all monitors but some need.
fn plain(view: &MonitorConfig, found: &mut Diagnostics) {
    if given(&view.expression) && view.metrics.is_null() {
        missing(
            found,
            "metrics",
            "expression computes with the series that metrics names.",
        );
    }
    let certain = given(&view.metrics) || given(&view.expression);
    if certain && (view.is_anomaly() || view.is_log()) {
        found.error(
            at("metrics"),
            "Conflicting Arguments",
            "metrics and expression go with type \"metric\". Watch one metric, or change type.",
        );
    }
    if view.is_log() || view.kind.known().is_none() {
        return;
    }
    if view.time_aggr.is_null() {
        missing(found, "time_aggr", "Use avg, sum, min or max.");
    }
    if view.space_aggr.is_null() && view.expression.is_null() {
        missing(
            found,
            "space_aggr",
            "Use avg, sum, min, max or a percentile like p95.",
        );
    }
    if view.operator.is_null() && !view.is_anomaly() {
        missing(found, "operator", "Use >, >=, < or <=.");
    }
    if view.is_anomaly() && view.dimensions.is_null() {
        missing(
            found,
            "dimensions",
            "An anomaly detector learns one series: give all its dimensions.",
        );
    }
}

/// Names and values that go into alarms and queries.
fn texts(view: &MonitorConfig, found: &mut Diagnostics) {
    dimensions(&at("dimensions"), &view.dimensions, found);
    for (name, map) in [("tags", &view.tags), ("dimensions", &view.dimensions)] {
        for (key, value) in map.known().into_iter().flatten() {
            let value = value.known().map_or("", String::as_str);
            quotes(&at(name).key(key), &[key, value], found);
        }
    }
    for key in view.by.known().into_iter().flatten().filter_map(Cfg::known) {
        quotes(&at("by"), &[key, ""], found);
    }
}

fn quotes(path: &Path, texts: &[&str], found: &mut Diagnostics) {
    let empty = texts.first().is_some_and(|key| key.is_empty());
    let odd = texts
        .iter()
        .any(|text| text.contains(['"', '\'']) || text.chars().any(char::is_control));
    if empty || odd {
        found.error(
            path.clone(),
            "Invalid Dimension",
            "CloudWatch takes dimensions with a name, and Stackwright none with quotes. Write the name and value as the metric has them.",
        );
    }
}

fn dimensions(path: &Path, map: &Texts, found: &mut Diagnostics) {
    let count = map.known().map_or(0, BTreeMap::len);
    if count > rules::DIMENSIONS {
        found.error(
            path.clone(),
            "Too Many Dimensions",
            format!(
                "dimensions has {count} entries; a metric has at most {}.",
                rules::DIMENSIONS
            ),
        );
    }
}

/// The series of an expression.
fn metrics(view: &MonitorConfig, found: &mut Diagnostics) {
    let Some(map) = view.metrics.known() else {
        return;
    };
    if map.is_empty() || map.len() > rules::METRICS {
        found.error(
            at("metrics"),
            "Number of Metrics",
            format!(
                "metrics has {} entries; an alarm takes 1 to {}.",
                map.len(),
                rules::METRICS
            ),
        );
    }
    for (id, series) in map {
        let path = at("metrics").key(id);
        let letters = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !letters
            || !id.starts_with(|c: char| c.is_ascii_lowercase())
            || id.len() > 255
            || id == series::RESULT
        {
            found.error(
                path.clone(),
                "Invalid Id",
                format!("metrics key \"{id}\": an expression knows names that begin with a lower-case letter and go on with letters, digits and _; \"{}\" is taken by the expression itself.", series::RESULT),
            );
        }
        if let Some(series) = series.known() {
            one_series(&path, series, found);
        }
    }
    if let Some(text) = view.expression.known() {
        expression(text, map.keys(), found);
    }
}

fn one_series(path: &Path, series: &SeriesConfig, found: &mut Diagnostics) {
    dimensions(&path.join("dimensions"), &series.dimensions, found);
    if let Some(word) = series
        .stat
        .known()
        .filter(|word| series::stat(word).is_none())
    {
        found.error(
            path.join("stat"),
            "Invalid Statistic",
            format!(
                "stat \"{word}\": use avg, sum, min, max, count or a percentile from p50 to p99.9."
            ),
        );
    }
}

fn expression<'a>(text: &str, ids: impl Iterator<Item = &'a String>, found: &mut Diagnostics) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words: Vec<&str> = text
        .split(|c| !is_word(c))
        .filter(|word| !word.is_empty())
        .collect();
    let mut refuse = |detail: String| found.error(at("expression"), "Invalid Expression", detail);
    if text.trim().is_empty() || text.chars().count() > 1024 {
        refuse("expression has to have 1 to 1024 characters.".to_owned());
    }
    if words.contains(&"SEARCH") {
        refuse("expression uses SEARCH, which CloudWatch alarms cannot evaluate. Name the series in metrics, or watch all with metric and without dimensions.".to_owned());
    }
    for id in ids.filter(|id| !words.contains(&id.as_str()) && !words.contains(&"METRICS")) {
        refuse(format!(
            "expression does not use \"{id}\" of metrics. Remove the entry, or use it."
        ));
    }
}

/// Blocks that go with a type.
fn blocks(view: &MonitorConfig, found: &mut Diagnostics) {
    let Some(kind) = view.kind.known() else {
        return;
    };
    for (name, given) in [
        ("log", (given(&view.log), view.log.is_null())),
        ("anomaly", (given(&view.anomaly), view.anomaly.is_null())),
    ] {
        match (name == kind, given) {
            (true, (_, true)) => missing(
                found,
                name,
                &format!("type \"{kind}\" needs the block {name} {{ ... }}."),
            ),
            (false, (true, _)) => found.error(
                at(name),
                "Conflicting Arguments",
                format!(
                    "The block {name} goes with type = \"{name}\". Remove it, or set the type."
                ),
            ),
            _ => {}
        }
    }
    if let Some(log) = view.log.known() {
        let count = log.dimensions.known().map_or(0, BTreeMap::len);
        if count > rules::FILTER_DIMENSIONS {
            found.error(
                at("log").join("dimensions"),
                "Too Many Dimensions",
                format!(
                    "log.dimensions has {count} entries; a metric filter allows {}.",
                    rules::FILTER_DIMENSIONS
                ),
            );
        }
        if count > 0 && given(&log.default_value) {
            found.error(
                at("log").join("default_value"),
                "Conflicting Arguments",
                "log.default_value is for a metric without dimensions: CloudWatch Logs cannot know which series to fill. Remove it or log.dimensions.",
            );
        }
    }
    let both = !view.warning.is_null() && view.is_grouped() != Some(true);
    if given(&view.suppression) && !both {
        found.error(
            at("suppression"),
            "Nothing to Suppress",
            "suppression is how long warning waits for critical: it needs both blocks, and no by. Remove it.",
        );
    }
}

/// The two levels and their order.
fn limits(view: &MonitorConfig, found: &mut Diagnostics) {
    if view.critical.is_null() {
        found.error(
            at("critical"),
            "Critical Missing",
            "critical is required: Datadog refuses a monitor without an alert threshold. With one level, critical is that level; its notify says whom it tells.",
        );
    }
    for level in Level::BOTH {
        let Some(block) = levels::block(view, level) else {
            continue;
        };
        let path = at(level.word()).join("threshold");
        if view.is_anomaly() && given(&block.threshold) {
            found.error(
                path,
                "No Threshold in a Band",
                "type \"anomaly\" takes anomaly.bounds, not threshold.",
            );
        } else if !view.is_anomaly() && block.threshold.is_null() && view.kind.known().is_some() {
            found.error(
                path,
                "Missing Argument",
                format!(
                    "{}.threshold is required: the number to compare with.",
                    level.word()
                ),
            );
        }
    }
    if view.is_anomaly() {
        bands(view, found);
    } else {
        order(view, found);
    }
}

fn order(view: &MonitorConfig, found: &mut Diagnostics) {
    let (Cfg::Known(warning), Cfg::Known(critical)) = (
        levels::limit(view, Level::Warning),
        levels::limit(view, Level::Critical),
    ) else {
        return;
    };
    let Some(above) = view.is_above() else { return };
    let fits = if above {
        warning < critical
    } else {
        warning > critical
    };
    if !fits {
        let (side, operator) = (
            if above { "below" } else { "above" },
            view.operator.known().map_or("", String::as_str),
        );
        found.error(
            at("warning").join("threshold"),
            "Levels in the Wrong Order",
            format!("warning.threshold ({warning}) must be {side} critical.threshold ({critical}) for operator \"{operator}\"."),
        );
    }
}

fn bands(view: &MonitorConfig, found: &mut Diagnostics) {
    let Some(anomaly) = view.anomaly.known() else {
        return;
    };
    let path = |name: &str| at("anomaly").join(name);
    let zero = Number::from(0_i64);
    for (name, bounds) in [
        ("bounds", &anomaly.bounds),
        ("warning_bounds", &anomaly.warning_bounds),
    ] {
        if let Some(bounds) = bounds.known().filter(|bounds| **bounds <= zero) {
            found.error(
                path(name),
                "Band Without Width",
                format!("anomaly.{name} is {bounds}; a band has a width above 0, most often 2."),
            );
        }
    }
    match (view.warning.is_null(), &anomaly.warning_bounds) {
        (false, Cfg::Null) => found.error(path("warning_bounds"), "Missing Argument", "anomaly.warning_bounds is required with the block warning: its narrower band."),
        (true, Cfg::Known(_)) => found.error(path("warning_bounds"), "Conflicting Arguments", "anomaly.warning_bounds goes with the block warning, which says whom it tells. Add the block or remove it."),
        _ => {}
    }
    if let (Some(warning), Some(critical)) =
        (anomaly.warning_bounds.known(), anomaly.bounds.known())
        && warning >= critical
    {
        found.error(path("warning_bounds"), "Levels in the Wrong Order", format!("anomaly.warning_bounds ({warning}) must be below anomaly.bounds ({critical}): the wider band is left later."));
    }
}

/// Whether an alarm can be made of it.
fn shape(view: &MonitorConfig, found: &mut Diagnostics) {
    let Some(ask) = series::ask(view) else { return };
    if rules::interval(&ask.interval).is_err() {
        return;
    }
    if let Err(Refusal {
        at: name,
        summary,
        detail,
    }) = ask.shape()
    {
        found.error(at(name), summary, detail);
    } else if matches!(
        (ask.time, &ask.space, ask.scan),
        (Time::Avg, Space::Percentile(_), Scan::One)
    ) {
        let word = ask.space.word();
        found.warning(
            at("space_aggr"),
            "Percentile of the Whole Window",
            format!("CloudWatch takes {word} of the whole window; Datadog averages {word} per point. Values may differ."),
        );
    }
}

fn grouping(view: &MonitorConfig, found: &mut Diagnostics) {
    if view.is_grouped() != Some(true) {
        return;
    }
    if view
        .no_data
        .known()
        .is_some_and(|no_data| no_data == "notify")
    {
        found.error(
            at("no_data"),
            "No Data Is Not Known per Group",
            "no_data = \"notify\" with by: grouped CloudWatch alarms never report missing data per group. Use another no_data, or remove by.",
        );
    }
    if !view.warning.is_null() {
        found.warning(
            at("by"),
            "Levels Notify Independently",
            "With by, warning and critical notify independently: CloudWatch cannot suppress per group.",
        );
    }
}

fn messages(view: &MonitorConfig, found: &mut Diagnostics) {
    let Some(template) = view.message.known() else {
        return;
    };
    let values = levels::values(view);
    let mut told: Vec<String> = Vec::new();
    for level in Level::BOTH {
        if levels::block(view, level).is_none() {
            continue;
        }
        let problems = match message::render(template, level, &values) {
            Ok(Rendered::Unknown) => continue,
            Ok(Rendered::Text(text)) => too_long(view, level, &text).into_iter().collect(),
            Err(problems) => problems,
        };
        told.extend(problems);
    }
    told.dedup();
    let mut seen = std::collections::BTreeSet::new();
    for problem in told {
        if seen.insert(problem.clone()) {
            found.error(at("message"), "Message Cannot Be Shown", problem);
        }
    }
}

fn too_long(view: &MonitorConfig, level: Level, text: &str) -> Option<String> {
    let count = levels::prefixed(view, text).chars().count();
    (count > message::LONGEST).then(|| {
        format!("message renders to {count} characters for level {}; CloudWatch allows {}. Keep what to do first, and link the rest.", level.word(), message::LONGEST)
    })
}

fn warnings(view: &MonitorConfig, found: &mut Diagnostics) {
    for level in Level::BOTH {
        let Some(block) = levels::block(view, level) else {
            continue;
        };
        let silent = block.notify.is_null()
            || block
                .notify
                .known()
                .is_some_and(|text| text.trim().is_empty());
        if silent {
            found.warning(
                at(level.word()).join("notify"),
                "Nobody Is Told",
                format!(
                    "{} has no notify: the alarm will change state silently.",
                    level.word()
                ),
            );
        }
    }
    if view.dimensions.known().is_some_and(BTreeMap::is_empty) {
        found.warning(
            at("dimensions"),
            "Only the Series Without Dimensions",
            "dimensions = {} watches only the series that has no dimensions. Leave dimensions out to watch all series of the metric.",
        );
    }
    let sum = view.is_log() || view.time_aggr.known().is_some_and(|time| time == "sum");
    if view.no_data.is_null() && !sum && view.time_aggr.known().is_some() {
        found.warning(
            at("no_data"),
            "Missing Data Is Not Decided",
            "no_data is not set. Where a series has gaps, CloudWatch reaches further back than time_window, which Datadog does not. Say what a gap means: \"ok\", \"alert\", \"ignore\", \"notify\" or \"show\".",
        );
    }
}

/// What only the provider block tells: its handles and namespace, and the length of names.
pub(crate) fn with_provider(scope: &Scope, view: &MonitorConfig, found: &mut Diagnostics) {
    let entries = view.metrics.known().into_iter().flat_map(BTreeMap::values);
    let bare = entries
        .filter_map(Cfg::known)
        .any(|series| series.namespace.is_null());
    let needed = bare || (view.metrics.is_null() && view.expression.is_null());
    if view.namespace.is_null() && needed {
        found.error(
            at("namespace"),
            "Namespace Missing",
            "namespace is not set, and the provider block has no monitoring.namespace. Give the CloudWatch namespace of the metric, like \"AWS/RDS\".",
        );
    }
    for level in Level::BOTH {
        let notify = levels::block(view, level).and_then(|block| block.notify.known());
        let problem =
            notify.and_then(|text| notify::problem(&scope.monitoring, level.word(), text));
        if let Some(problem) = problem {
            found.error(at(level.word()).join("notify"), "Cannot Notify", problem);
        }
    }
    if view
        .no_data
        .known()
        .is_some_and(|no_data| no_data == "notify")
        && let Some(problem) = levels::all_actions(scope, view)
            .known()
            .and_then(|all| notify::no_data_problem(all))
    {
        found.error(at("no_data"), "Cannot Notify", problem);
    }
    lengths(scope, view, found);
}

fn lengths(scope: &Scope, view: &MonitorConfig, found: &mut Diagnostics) {
    let Some(monitor) = view.name.known() else {
        return;
    };
    // The longest name of all its alarms.
    let level = if view.warning.is_null() {
        Level::Critical
    } else {
        Level::Warning
    };
    let count = alarms::name(scope, monitor, level).chars().count();
    if count > name::ALARM {
        let prefix = name::alarm_prefix(&scope.project, &scope.environment);
        found.error(
            at("name"),
            "Name Too Long",
            format!("name plus prefix \"{prefix}\" and suffix \"{}\" is {count} characters; CloudWatch allows {}. Shorten it by {}.", alarms::suffix(level), name::ALARM, count - name::ALARM),
        );
    }
}
