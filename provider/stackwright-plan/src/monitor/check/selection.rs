//! Which series a monitor watches.

use std::collections::BTreeMap;

use tfplugin_types::{Cfg, Diagnostics, Path};

use super::super::{MonitorConfig, SeriesConfig, rules, series};
use super::{Texts, at, given, missing};

/// How the series are chosen.
pub(super) fn selection(view: &MonitorConfig, found: &mut Diagnostics) {
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
    counted(view, found);
    let named = formula || view.counts() || view.kind.known().is_none();
    if view.metric.is_null() && !named {
        missing(found, "metric", "Name the metric, or several in metrics.");
    }
    plain(view, found);
    texts(view, found);
}

/// What EventBridge counts has one name and one series.
fn counted(view: &MonitorConfig, found: &mut Diagnostics) {
    if !view.is_event() {
        return;
    }
    let namespace = view
        .namespace
        .known()
        .is_some_and(|it| it != series::EVENTS);
    for (name, given) in [
        ("metric", given(&view.metric)),
        ("namespace", namespace),
        ("dimensions", given(&view.dimensions)),
        ("tags", given(&view.tags)),
        ("by", view.is_grouped() == Some(true)),
    ] {
        if given {
            found.error(
                at(name),
                "Conflicting Arguments",
                format!("type \"event\" counts the events that event.pattern matches: what {name} would choose stands in the pattern. Remove it."),
            );
        }
    }
    let sums = [
        ("time_aggr", &view.time_aggr),
        ("space_aggr", &view.space_aggr),
    ];
    for (name, word) in sums {
        if word.known().is_some_and(|word| word != "sum") {
            found.error(
                at(name),
                "Conflicting Arguments",
                format!("type \"event\" counts events, so {name} is \"sum\". Remove it."),
            );
        }
    }
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
    if certain && (view.is_anomaly() || view.counts()) {
        found.error(
            at("metrics"),
            "Conflicting Arguments",
            "metrics and expression go with type \"metric\". Watch one metric, or change type.",
        );
    }
    if view.operator.is_null() && !view.is_anomaly() && view.kind.known().is_some() {
        missing(found, "operator", "Use >, >=, < or <=.");
    }
    if view.counts() || view.kind.known().is_none() {
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
            pair(&at(name).key(key), key, value, found);
        }
    }
    for key in view.by.known().into_iter().flatten().filter_map(Cfg::known) {
        quotes(&at("by"), &[key], found);
    }
}

/// Longest name and value of a dimension.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
const LENGTHS: [usize; 2] = [255, 1024];

fn pair(path: &Path, key: &str, value: &Cfg<String>, found: &mut Diagnostics) {
    match value.known() {
        Some(value) => quotes(path, &[key, value], found),
        None => quotes(path, &[key], found),
    }
}

fn quotes(path: &Path, texts: &[&str], found: &mut Diagnostics) {
    let empty = texts.iter().any(|text| text.trim().is_empty())
        || texts.first().is_some_and(|key| key.starts_with(':'));
    let odd = texts
        .iter()
        .any(|text| text.contains(['"', '\'']) || !text.chars().all(|c| matches!(c, ' '..='~')));
    let long = texts
        .iter()
        .zip(LENGTHS)
        .any(|(text, most)| text.len() > most);
    if empty || odd || long {
        found.error(
            path.clone(),
            "Invalid Dimension",
            "CloudWatch takes dimensions with a name of 1 to 255 and a value of 1 to 1024 ASCII characters, no name that begins with `:`, and Stackwright none with quotes. Write the name and value as the metric has them.",
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
pub(super) fn metrics(view: &MonitorConfig, found: &mut Diagnostics) {
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
    for (key, value) in series.dimensions.known().into_iter().flatten() {
        pair(&path.join("dimensions").key(key), key, value, found);
    }
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
    if text.trim().is_empty() || text.chars().count() > rules::EXPRESSION {
        refuse(format!(
            "expression has to have 1 to {} characters.",
            rules::EXPRESSION
        ));
    }
    if let Some(problem) = many_series(text, &words) {
        refuse(problem.to_owned());
    }
    if words.contains(&"SEARCH") {
        refuse("expression uses SEARCH, which CloudWatch alarms cannot evaluate. Name the series in metrics, or watch all with metric and without dimensions.".to_owned());
    }
    let ids: Vec<&String> = ids.collect();
    if let Some(word) = unknown_word(text, &ids) {
        refuse(format!(
            "expression uses \"{word}\", which metrics does not have. Add it there, or write the name as it stands there."
        ));
    }
    for id in ids
        .iter()
        .filter(|id| !words.contains(&id.as_str()) && !words.contains(&"METRICS"))
    {
        refuse(format!(
            "expression does not use \"{id}\" of metrics. Remove the entry, or use it."
        ));
    }
}

/// Why an expression is none, or has not exactly one series as its result, as far as its form shows it.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html>
fn many_series(text: &str, words: &[&str]) -> Option<&'static str> {
    if words.contains(&"ANOMALY_DETECTION_BAND") {
        return Some(
            "expression uses ANOMALY_DETECTION_BAND, which results in two series and has no threshold. Set type = \"anomaly\" instead.",
        );
    }
    let mut open = Vec::new();
    let plain: String = text.split(['"', '\'']).step_by(2).collect();
    for (at, c) in plain.char_indices() {
        let fits = match c {
            '(' | '[' => {
                let bare = open.is_empty() && (c == '[' || plain[..at].ends_with("METRICS"));
                if bare {
                    return Some(
                        "expression results in several series, and an alarm watches one. Fold them, as in SUM(METRICS()) or MAX([a, b]).",
                    );
                }
                open.push(c);
                true
            }
            ')' => open.pop() == Some('('),
            ']' => open.pop() == Some('['),
            _ => true,
        };
        if !fits {
            return Some(UNBALANCED);
        }
    }
    (!open.is_empty()).then_some(UNBALANCED)
}

const UNBALANCED: &str = "expression has brackets that do not match. Close each one that you open.";

/// A word that looks like the id of a series and is none. Functions are written in capitals, and texts in quotes are labels.
fn unknown_word<'a>(text: &'a str, ids: &[&String]) -> Option<&'a str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let plain = text.split(['"', '\'']).step_by(2);
    let mut words = plain.flat_map(|part| part.split(move |c| !is_word(c)));
    words.find(|word| {
        word.starts_with(|c: char| c.is_ascii_lowercase()) && !ids.iter().any(|id| id == word)
    })
}
