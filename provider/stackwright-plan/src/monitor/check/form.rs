//! The words of a monitor, and whether CloudWatch has an alarm of that form.

use tfplugin_types::Diagnostics;

use super::super::shape::{Ask, Refusal, Scan, Space, Time};
use super::super::{MonitorConfig, alarms, rules, series, window};
use super::at;

/// Words whose values have a meaning of their own.
pub(super) fn words(view: &MonitorConfig, found: &mut Diagnostics) {
    let windows = [
        ("time_window", &view.time_window),
        ("short_window", &view.short_window),
    ];
    for (name, text) in windows {
        if let Some(text) = text.known().filter(|text| window::seconds(text).is_none()) {
            found.error(
                at(name),
                "Invalid Time Window",
                format!("{name} \"{text}\": use last_<n>m, last_<n>h, last_1d or last_1w, for example last_5m."),
            );
        }
    }
    if let Some(word) = view
        .time_aggr
        .known()
        .filter(|word| Time::parse(word).is_none())
    {
        let why = match word.as_str() {
            "change" | "pct_change" | "diff" => {
                "CloudWatch alarms cannot compare with an earlier window. Use type = \"anomaly\", or avg, sum, min or max."
            }
            "anomalies" => "use type = \"anomaly\".",
            "outliers" | "forecast" => {
                "CloudWatch alarms have no such function. Use type = \"anomaly\", or avg, sum, min or max."
            }
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

/// Whether an alarm can be made of it.
pub(super) fn shape(view: &MonitorConfig, found: &mut Diagnostics) {
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
            format!("CloudWatch takes {word} of the whole window; Datadog averages {word} per point. Values may differ. See whether the threshold still fits."),
        );
    }
}

/// Whether the second look back goes with the first one.
pub(super) fn short_window(view: &MonitorConfig, found: &mut Diagnostics) {
    let Some(text) = view.short_window.known() else {
        return;
    };
    for (why, clash) in [
        (
            "type \"anomaly\" compares with a band that is made for one window",
            view.is_anomaly(),
        ),
        ("type \"event\" counts single events", view.is_event()),
        (
            "with by, a composite alarm would see all groups as one",
            view.is_grouped() == Some(true),
        ),
    ] {
        if clash {
            found.error(
                at("short_window"),
                "Conflicting Arguments",
                format!("short_window cannot be used here: {why}. Remove it."),
            );
        }
    }
    let (Some(short), Some(ask)) = (window::seconds(text), series::ask(view)) else {
        return;
    };
    if short >= ask.window {
        found.error(
            at("short_window"),
            "Short Window Too Long",
            format!(
                "short_window {text} is not shorter than time_window {}. Shorten it, or remove it.",
                window::text(ask.window)
            ),
        );
    } else if rules::interval(&ask.interval).is_ok() && short % ask.interval != 0 {
        let interval = ask.interval;
        let fitting = window::multiples_below(short, interval, ask.window);
        let advice = fitting.map_or_else(
            || "no shorter one is. Remove it, or shorten interval".to_owned(),
            |windows| format!("use {windows}"),
        );
        found.error(
            at("short_window"),
            "Time Window Does Not Fit the Interval",
            format!("short_window {text} is not a multiple of interval {interval} s; {advice}."),
        );
    }
    gaps(view, &ask, found);
}

/// A composite alarm sees an alarm without data as one that does not fire, and would tell a recovery.
fn gaps(view: &MonitorConfig, ask: &Ask, found: &mut Diagnostics) {
    if let Some(("missing", _)) = alarms::missing(view, ask) {
        found.error(
            at("no_data"),
            "Missing Data Would Be a Recovery",
            "With short_window a composite alarm tells, which takes an alarm without data for one that does not fire: it would tell that all is well. Say what missing data means: no_data = \"ok\", \"alert\" or \"ignore\".",
        );
    }
}

pub(super) fn grouping(view: &MonitorConfig, found: &mut Diagnostics) {
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
            "With by, warning and critical notify independently: CloudWatch cannot suppress per group. Whoever is told of critical is told of warning too if both name them.",
        );
    }
}
