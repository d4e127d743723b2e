//! Which series an alarm watches, in AWS's words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tfplugin_types::{Cfg, Number};

use super::shape::{Ask, Scan, Shape, Space, Time};
use super::{MonitorConfig, SeriesConfig, window};
use crate::In;
use crate::component::MetricQuery;
use crate::resource::{known_list, known_map};

/// Id of what an expression results in.
pub(crate) const RESULT: &str = "result";
/// Id of the series under a band.
pub(crate) const SERIES: &str = "m1";
/// Id of the band.
pub(crate) const BAND: &str = "band";
/// Id of a Metrics Insights query.
pub(crate) const QUERY: &str = "q1";
/// Namespace of what EventBridge counts.
pub(crate) const EVENTS: &str = "AWS/Events";
/// Events that a rule has matched. On the default bus its only dimension is the rule.
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>
const TRIGGERED: &str = "TriggeredRules";

/// What an alarm watches. One of the metric and `metrics` is empty.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Watched {
    pub(crate) namespace: String,
    pub(crate) metric_name: String,
    pub(crate) dimensions: In<BTreeMap<String, String>>,
    pub(crate) statistic: String,
    pub(crate) extended_statistic: String,
    pub(crate) period: i64,
    pub(crate) metrics: In<Vec<MetricQuery>>,
}

/// Which series there are; `None` while that is not known.
pub(crate) fn scan(view: &MonitorConfig) -> Option<Scan> {
    view.kind.known()?;
    match (&view.metrics, &view.expression, &view.dimensions) {
        (Cfg::Known(_), Cfg::Null, _) => Some(Scan::Listed),
        (Cfg::Null | Cfg::Known(_), Cfg::Known(_), _) => Some(Scan::Formula),
        (Cfg::Null, Cfg::Null, Cfg::Known(_)) => Some(Scan::One),
        (Cfg::Null, Cfg::Null, Cfg::Null) if view.is_log() => log_scan(view),
        (Cfg::Null, Cfg::Null, Cfg::Null) if view.is_event() => Some(Scan::One),
        (Cfg::Null, Cfg::Null, Cfg::Null) => Some(Scan::Many),
        _ => None,
    }
}

/// The metric that a filter makes has one series, unless the filter or the monitor tells them apart.
fn log_scan(view: &MonitorConfig) -> Option<Scan> {
    let log = view.log.known()?;
    let split = !known_map(&log.dimensions)?.is_empty();
    let many = split || !view.tags.is_null() || view.is_grouped()?;
    Some(if many { Scan::Many } else { Scan::One })
}

/// What is asked for; `None` while a part of it is not known or cannot be read.
pub(crate) fn ask(view: &MonitorConfig) -> Option<Ask> {
    let scan = scan(view)?;
    let word = |value: &Cfg<String>, fallback: Option<&str>| match value {
        Cfg::Known(word) => Some(word.clone()),
        Cfg::Null => fallback.map(str::to_owned),
        Cfg::Unknown(_) => None,
    };
    let count = view.counts().then_some("sum");
    let any = (scan == Scan::Formula).then_some("avg");
    Some(Ask {
        time: Time::parse(&word(&view.time_aggr, count)?)?,
        space: Space::parse(&word(&view.space_aggr, count.or(any))?)?,
        above: view.is_above()?,
        window: window::seconds(view.time_window.known()?)?,
        interval: *view.interval.known()?,
        scan,
    })
}

/// The same over `short_window`, when there is one; `None` while that is not known or cannot be read.
#[expect(clippy::option_option, reason = "none given and none known differ")]
pub(crate) fn short(view: &MonitorConfig, ask: &Ask) -> Option<Option<Ask>> {
    match &view.short_window {
        Cfg::Null => Some(None),
        Cfg::Known(text) => Some(Some(Ask {
            window: window::seconds(text)?,
            ..ask.clone()
        })),
        Cfg::Unknown(_) => None,
    }
}

/// The metric: a log monitor makes one with its own name.
pub(crate) fn metric(view: &MonitorConfig) -> Option<String> {
    if view.is_event() {
        return Some(TRIGGERED.to_owned());
    }
    match (&view.metric, view.is_log()) {
        (Cfg::Known(metric), _) => Some(metric.clone()),
        (Cfg::Null, true) => Some(own_metric(view.name.known()?)),
        _ => None,
    }
}

/// The metric that a log monitor makes: metric names take neither `:` nor `*` nor `$` from a filter.
pub(crate) fn own_metric(name: &str) -> String {
    name.replace(':', "-")
}

/// What the alarm of one level watches; `bounds` is the width of its band.
pub(crate) fn watched(
    view: &MonitorConfig,
    ask: &Ask,
    shape: &Shape,
    bounds: &Cfg<Number>,
) -> Option<Watched> {
    let metrics = if view.is_anomaly() {
        band(view, shape, bounds)?
    } else {
        match ask.scan {
            Scan::One => return one(view, shape),
            Scan::Many => insights(view, ask, shape)?,
            Scan::Listed | Scan::Formula => listed(view, ask, shape)?,
        }
    };
    Some(Watched {
        namespace: String::new(),
        metric_name: String::new(),
        dimensions: In::Known(BTreeMap::new()),
        statistic: String::new(),
        extended_statistic: String::new(),
        period: 0,
        metrics,
    })
}

fn one(view: &MonitorConfig, shape: &Shape) -> Option<Watched> {
    let percentile = shape.stat.starts_with('p');
    let stat = |wanted: bool| {
        if wanted {
            shape.stat.clone()
        } else {
            String::new()
        }
    };
    Some(Watched {
        namespace: view.namespace.known()?.clone(),
        metric_name: metric(view)?,
        dimensions: dimensions(view),
        statistic: stat(!percentile),
        extended_statistic: stat(percentile),
        period: shape.period,
        metrics: In::Known(Vec::new()),
    })
}

/// The exact dimensions of the one series.
pub(crate) fn dimensions(view: &MonitorConfig) -> In<BTreeMap<String, String>> {
    known_map(&view.dimensions).map_or(In::Unknown, In::Known)
}

fn expression(id: &str, expression: String, period: i32) -> MetricQuery {
    MetricQuery {
        id: id.to_owned(),
        expression,
        namespace: String::new(),
        metric_name: String::new(),
        dimensions: BTreeMap::new(),
        stat: String::new(),
        period,
        return_data: true,
    }
}

fn insights(view: &MonitorConfig, ask: &Ask, shape: &Shape) -> Option<In<Vec<MetricQuery>>> {
    let (Some(tags), Some(by)) = (known_map(&view.tags), known_list(&view.by)) else {
        return Some(In::Unknown);
    };
    let namespace = view.namespace.known()?;
    let query = sql(
        ask.space.function()?,
        &metric(view)?,
        namespace,
        &tags,
        &by,
        ask.above,
    );
    Some(In::Known(vec![expression(
        QUERY,
        query,
        whole(shape.period),
    )]))
}

/// A Metrics Insights query. Neither metrics, namespaces, tags nor their values have quotes in them.
pub(crate) fn sql(
    function: &str,
    metric: &str,
    namespace: &str,
    tags: &BTreeMap<String, String>,
    by: &[String],
    above: bool,
) -> String {
    let mut query = format!("SELECT {function}(\"{metric}\") FROM \"{namespace}\"");
    let conditions: Vec<String> = tags
        .iter()
        .map(|(key, value)| format!("\"{key}\" = '{value}'"))
        .collect();
    if !conditions.is_empty() {
        query.push_str(" WHERE ");
        query.push_str(&conditions.join(" AND "));
    }
    if !by.is_empty() {
        let keys: Vec<String> = by.iter().map(|key| format!("\"{key}\"")).collect();
        let order = if above { "DESC" } else { "ASC" };
        // Writing to a String cannot fail.
        let _ = write!(
            query,
            " GROUP BY {} ORDER BY {function}() {order}",
            keys.join(", ")
        );
    }
    query
}

fn listed(view: &MonitorConfig, ask: &Ask, shape: &Shape) -> Option<In<Vec<MetricQuery>>> {
    let series = view.metrics.known()?;
    let mut entries = Vec::new();
    for (id, one) in series {
        match entry(view, id, one.known()?, shape)? {
            In::Known(entry) => entries.push(entry),
            In::From(..) | In::Unknown => return Some(In::Unknown),
        }
    }
    let text = if ask.scan == Scan::Formula {
        view.expression.known()?.clone()
    } else {
        folded(shape.fold?, series.keys())
    };
    entries.push(expression(RESULT, text, 0));
    Some(In::Known(entries))
}

/// `SUM([a, b])`.
pub(crate) fn folded<'a>(function: &str, ids: impl Iterator<Item = &'a String>) -> String {
    let ids: Vec<&str> = ids.map(String::as_str).collect();
    format!("{function}([{}])", ids.join(", "))
}

/// One series of an expression.
fn entry(
    view: &MonitorConfig,
    id: &str,
    series: &SeriesConfig,
    shape: &Shape,
) -> Option<In<MetricQuery>> {
    let namespace = match &series.namespace {
        Cfg::Null => view.namespace.known()?,
        given => given.known()?,
    };
    let stat = match &series.stat {
        Cfg::Null => shape.stat.clone(),
        given => stat(given.known()?)?,
    };
    let Some(dimensions) = known_map(&series.dimensions) else {
        return Some(In::Unknown);
    };
    Some(In::Known(MetricQuery {
        id: id.to_owned(),
        expression: String::new(),
        namespace: namespace.clone(),
        metric_name: series.metric.known()?.clone(),
        dimensions,
        stat,
        period: whole(shape.period),
        return_data: false,
    }))
}

/// AWS's word for the `stat` of a series.
pub(crate) fn stat(word: &str) -> Option<String> {
    if word == "count" {
        return Some("SampleCount".to_owned());
    }
    Space::parse(word).map(|space| space.stat())
}

/// The `stat` of a series for AWS's word.
pub(crate) fn stat_word(stat: &str) -> String {
    match stat {
        "Average" => "avg",
        "Sum" => "sum",
        "Minimum" => "min",
        "Maximum" => "max",
        "SampleCount" => "count",
        percentile => percentile,
    }
    .to_owned()
}

fn band(view: &MonitorConfig, shape: &Shape, bounds: &Cfg<Number>) -> Option<In<Vec<MetricQuery>>> {
    let (In::Known(dimensions), Cfg::Known(bounds)) = (dimensions(view), bounds) else {
        return Some(In::Unknown);
    };
    let series = MetricQuery {
        id: SERIES.to_owned(),
        expression: String::new(),
        namespace: view.namespace.known()?.clone(),
        metric_name: metric(view)?,
        dimensions,
        stat: shape.stat.clone(),
        period: whole(shape.period),
        return_data: true,
    };
    let text = format!("ANOMALY_DETECTION_BAND({SERIES}, {bounds})");
    Some(In::Known(vec![series, expression(BAND, text, 0)]))
}

/// Windows are a week at most, so they fit.
pub(crate) fn whole(seconds: i64) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_written_with_quotes_throughout() {
        let none = BTreeMap::new();
        assert_eq!(
            sql("AVG", "app.5xx", "app", &none, &[], true),
            "SELECT AVG(\"app.5xx\") FROM \"app\""
        );
        let tags = BTreeMap::from([
            ("env".to_owned(), "prod".to_owned()),
            ("az".to_owned(), "a".to_owned()),
        ]);
        assert_eq!(
            sql("SUM", "x", "app", &tags, &["host".to_owned()], false),
            "SELECT SUM(\"x\") FROM \"app\" WHERE \"az\" = 'a' AND \"env\" = 'prod' GROUP BY \"host\" ORDER BY SUM() ASC"
        );
    }

    #[test]
    fn statistics_go_forth_and_back() {
        for word in ["avg", "sum", "min", "max", "count", "p95"] {
            assert_eq!(
                stat(word).map(|stat| stat_word(&stat)).as_deref(),
                Some(word)
            );
        }
        assert_eq!(stat("median"), None);
    }
}
