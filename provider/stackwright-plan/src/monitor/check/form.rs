//! The words of a monitor, and whether CloudWatch has an alarm of that form.

use tfplugin_types::Diagnostics;

use super::super::shape::{Refusal, Scan, Space, Time};
use super::super::{MonitorConfig, rules, series, window};
use super::at;

/// Words whose values have a meaning of their own.
pub(super) fn words(view: &MonitorConfig, found: &mut Diagnostics) {
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
