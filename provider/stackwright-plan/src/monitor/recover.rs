//! Import: from alarms back to the configuration that would have made them.
//!
//! An alarm keeps less than a monitor says: the message comes back as it was rendered for each level,
//! and of two configurations that mean the same alarm the shorter one is answered.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin_types::{Cfg, Number};

use super::alarms::Look;
use super::message::Level;
use super::shape::{Ask, Space, Time};
use super::{
    AnomalyConfig, EventConfig, FORM, LevelConfig, LogConfig, MonitorConfig, SeriesConfig,
    SuppressionConfig, alarms, notify, series, window,
};
use crate::component::MetricQuery;
use crate::resource::{Anchor, Found, RecoverError, Seen, cfg_list, cfg_map, required};
use crate::{Key, Kind, Scope};

/// The monitor's name in an import id. Names may hold `/`.
fn named<'a>(scope: &Scope, id: &'a str) -> Result<&'a str, RecoverError> {
    let bad = || RecoverError::BadId {
        id: id.to_owned(),
        form: FORM,
    };
    let (environment, name) = id.split_once('/').ok_or_else(bad)?;
    if environment.is_empty() || name.is_empty() {
        return Err(bad());
    }
    if environment != scope.environment {
        return Err(RecoverError::OtherEnvironment {
            id: id.to_owned(),
            environment: environment.to_owned(),
            ours: scope.environment.clone(),
        });
    }
    Ok(name)
}

pub(crate) fn anchors(scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError> {
    let name = named(scope, id)?;
    let alarm = |level, look| {
        Anchor::named(
            alarms::key(level, look),
            Kind::MetricAlarm,
            alarms::name(scope, name, level, look),
        )
    };
    let composite = |key, name| Anchor::named(key, Kind::CompositeAlarm, name);
    Ok(vec![
        alarm(Level::Critical, Look::Whole),
        alarm(Level::Critical, Look::Short),
        alarm(Level::Warning, Look::Whole),
        alarm(Level::Warning, Look::Short),
        composite(alarms::COMPOSITE, alarms::composite_name(scope, name)),
        composite(
            alarms::CRITICAL_COMPOSITE,
            alarms::critical_composite_name(scope, name),
        ),
        Anchor::named(
            alarms::FILTER,
            Kind::LogMetricFilter,
            alarms::filter_name(scope, name),
        ),
        Anchor::named(
            alarms::RULE,
            Kind::EventRule,
            alarms::rule_name(scope, name),
        ),
    ])
}

pub(crate) fn recover(
    scope: &Scope,
    id: &str,
    found: &Found,
) -> Result<MonitorConfig, RecoverError> {
    let name = named(scope, id)?;
    let main = alarms::key(Level::Critical, Look::Whole);
    let critical = required(found, main, id, Kind::MetricAlarm)?;
    let mut view = MonitorConfig {
        name: Cfg::Known(name.to_owned()),
        kind: Cfg::Known("metric".to_owned()),
        ..MonitorConfig::default()
    };
    let warning = found.get(&Key::from(alarms::key(Level::Warning, Look::Whole)));
    text(critical, warning, &mut view);
    if let Some(filter) = found.get(&Key::from(alarms::FILTER)) {
        log(filter, &mut view);
    }
    if let Some(rule) = found.get(&Key::from(alarms::RULE)) {
        event(rule, &mut view);
    }
    let foreign = || RecoverError::Foreign {
        id: id.to_owned(),
        kind: Kind::MetricAlarm.label(),
        reason: "it watches something that no monitor of Stackwright would watch".to_owned(),
    };
    watched(critical, &mut view).ok_or_else(foreign)?;
    levels(scope, found, critical, &mut view);
    view.short_window = short_window(found);
    view.no_data = no_data(critical, &view);
    let warm_up = critical
        .number("warm_up_minutes")
        .filter(|minutes| *minutes > 0);
    view.warm_up = warm_up.into();
    view.common.0.tags = cfg_map(critical.user_tags(scope));
    Ok(view)
}

/// The message and the priority before it. Two levels with texts of their own become two sections.
fn text(critical: &Seen, warning: Option<&Seen>, view: &mut MonitorConfig) {
    let (priority, message) = split(critical);
    view.priority = priority.map_or(Cfg::Null, Cfg::Known);
    let other = warning
        .map(|alarm| split(alarm).1)
        .filter(|other| *other != message);
    view.message = Cfg::Known(match other {
        None => message,
        Some(other) => format!(
            "{{{{#is_alert}}}}{message}{{{{/is_alert}}}}{{{{#is_warning}}}}{other}{{{{/is_warning}}}}"
        ),
    });
}

/// A description without the priority before it.
fn split(alarm: &Seen) -> (Option<i64>, String) {
    let text = alarm.text("alarm_description").unwrap_or_default();
    let inside = text
        .strip_prefix("[P")
        .and_then(|rest| rest.split_once("] "));
    let priority = inside.and_then(|(digit, rest)| Some((digit.parse::<i64>().ok()?, rest)));
    match priority.filter(|(priority, _)| (1..=5).contains(priority)) {
        Some((priority, rest)) => (Some(priority), rest.to_owned()),
        None => (None, text),
    }
}

fn log(filter: &Seen, view: &mut MonitorConfig) {
    let known = |field: &str| filter.text(field).map_or(Cfg::Null, Cfg::Known);
    let dimensions = map(filter.fields.get("dimensions"));
    let default = filter.text("default_value").filter(|text| !text.is_empty());
    view.kind = Cfg::Known("log".to_owned());
    view.log = Cfg::Known(LogConfig {
        group: known("log_group_name"),
        pattern: known("filter_pattern"),
        value: known("metric_value"),
        dimensions: if dimensions.is_empty() {
            Cfg::Null
        } else {
            cfg_map(dimensions)
        },
        default_value: default.and_then(|text| text.parse().ok()).into(),
    });
}

fn event(rule: &Seen, view: &mut MonitorConfig) {
    let pattern = rule.fields.get("event_pattern").map(as_terraform);
    view.kind = Cfg::Known("event".to_owned());
    view.event = Cfg::Known(EventConfig {
        pattern: pattern.map_or(Cfg::Null, Cfg::Known),
    });
}

/// As `jsonencode` writes it, so that an import differs from no configuration that says the same.
fn as_terraform(json: &Json) -> String {
    let escaped = [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")];
    let plain = json.to_string();
    escaped
        .iter()
        .fold(plain, |text, (sign, code)| text.replace(sign, code))
}

fn map(json: Option<&Json>) -> BTreeMap<String, String> {
    json.and_then(|json| serde_json::from_value(json.clone()).ok())
        .unwrap_or_default()
}

/// How an alarm looks at its series.
struct Looks {
    stat: String,
    period: i64,
    periods: i64,
    datapoints: i64,
    /// The function that folds listed series.
    fold: Option<&'static str>,
}

/// Series, aggregations, window and operator.
fn watched(alarm: &Seen, view: &mut MonitorConfig) -> Option<()> {
    let queries: Vec<MetricQuery> =
        serde_json::from_value(alarm.fields.get("metrics")?.clone()).ok()?;
    let mut looks = Looks {
        stat: alarm
            .text("statistic")
            .filter(|stat| !stat.is_empty())
            .or_else(|| alarm.text("extended_statistic"))
            .unwrap_or_default(),
        period: alarm.number("period").unwrap_or_default(),
        periods: alarm.number("evaluation_periods")?,
        datapoints: alarm.number("datapoints_to_alarm")?,
        fold: None,
    };
    operator(alarm, view)?;
    if queries.is_empty() {
        namespace_and_metric(view, alarm.text("namespace")?, alarm.text("metric_name")?);
        let dimensions = map(alarm.fields.get("dimensions"));
        if !(view.is_event() || view.is_log() && dimensions.is_empty()) {
            view.dimensions = cfg_map(dimensions);
        }
    } else if let Some(query) = queries.iter().find(|query| query.id == series::QUERY) {
        looks.period = i64::from(query.period);
        looks.stat = insights(&query.expression, view)?;
    } else if let Some(one) = queries
        .iter()
        .find(|query| query.id == series::SERIES && view.is_anomaly())
    {
        looks.period = i64::from(one.period);
        looks.stat.clone_from(&one.stat);
        namespace_and_metric(view, one.namespace.clone(), one.metric_name.clone());
        view.dimensions = cfg_map(one.dimensions.clone());
    } else {
        looks.period = i64::from(queries.first()?.period);
        listed(&queries, &mut looks, view)?;
    }
    aggregations(&looks, view);
    Some(())
}

fn namespace_and_metric(view: &mut MonitorConfig, namespace: String, metric: String) {
    let own = view.is_event()
        || view.is_log()
            && view
                .name
                .known()
                .is_some_and(|name| series::own_metric(name) == metric);
    view.namespace = Cfg::Known(namespace);
    view.metric = if own { Cfg::Null } else { Cfg::Known(metric) };
}

fn operator(alarm: &Seen, view: &mut MonitorConfig) -> Option<()> {
    let word = match alarm.text("comparison_operator")?.as_str() {
        "GreaterThanThreshold" => ">",
        "GreaterThanOrEqualToThreshold" => ">=",
        "LessThanThreshold" => "<",
        "LessThanOrEqualToThreshold" => "<=",
        band => {
            let direction = match band {
                "GreaterThanUpperThreshold" => "above",
                "LessThanLowerThreshold" => "below",
                "LessThanLowerOrGreaterThanUpperThreshold" => "both",
                _ => return None,
            };
            view.kind = Cfg::Known("anomaly".to_owned());
            view.anomaly = Cfg::Known(AnomalyConfig {
                direction: Cfg::Known(direction.to_owned()),
                ..AnomalyConfig::default()
            });
            return Some(());
        }
    };
    view.operator = Cfg::Known(word.to_owned());
    Some(())
}

/// Reads a query that [`series::sql`] has written. Answers the statistic.
fn insights(query: &str, view: &mut MonitorConfig) -> Option<String> {
    let (function, rest) = query.strip_prefix("SELECT ")?.split_once("(\"")?;
    let (metric, rest) = rest.split_once("\") FROM \"")?;
    let (namespace, rest) = rest.split_once('"')?;
    let (conditions, groups) = rest.split_once(" GROUP BY ").unwrap_or((rest, ""));
    namespace_and_metric(view, namespace.to_owned(), metric.to_owned());
    if let Some(conditions) = conditions.strip_prefix(" WHERE ") {
        let pair = |text: &str| {
            let (key, value) = text.split_once("\" = '")?;
            Some((
                key.strip_prefix('"')?.to_owned(),
                value.strip_suffix('\'')?.to_owned(),
            ))
        };
        view.tags = cfg_map(conditions.split(" AND ").map(pair).collect::<Option<_>>()?);
    }
    if !groups.is_empty() {
        let (keys, _) = groups.split_once(" ORDER BY ")?;
        view.by = cfg_list(
            keys.split(", ")
                .map(|key| key.trim_matches('"').to_owned())
                .collect(),
        );
    }
    let space = Space::parse(&function.to_ascii_lowercase())?;
    Some(space.stat())
}

/// The series of an expression, which may be no more than a function that folds them.
fn listed(queries: &[MetricQuery], looks: &mut Looks, view: &mut MonitorConfig) -> Option<()> {
    let result = queries.iter().find(|query| query.id == series::RESULT)?;
    let entries: Vec<&MetricQuery> = queries
        .iter()
        .filter(|query| query.expression.is_empty())
        .collect();
    let ids: Vec<String> = entries.iter().map(|entry| entry.id.clone()).collect();
    let fold = ["AVG", "SUM", "MIN", "MAX"]
        .into_iter()
        .find(|function| series::folded(function, ids.iter()) == result.expression);
    let is_sum = |entry: &&MetricQuery| entry.stat == "Sum";
    let sums = if fold.is_some() {
        entries.iter().all(is_sum)
    } else {
        entries.iter().any(is_sum)
    };
    looks.stat = Space::stat(if sums { &Space::Sum } else { &Space::Avg });
    looks.fold = fold;
    let namespace = entries.first()?.namespace.clone();
    let same = entries.iter().all(|entry| entry.namespace == namespace);
    let one = |entry: &&MetricQuery| {
        let plain = entry.stat == looks.stat;
        let config = SeriesConfig {
            metric: Cfg::Known(entry.metric_name.clone()),
            namespace: if same {
                Cfg::Null
            } else {
                Cfg::Known(entry.namespace.clone())
            },
            dimensions: if entry.dimensions.is_empty() {
                Cfg::Null
            } else {
                cfg_map(entry.dimensions.clone())
            },
            stat: if plain {
                Cfg::Null
            } else {
                Cfg::Known(series::stat_word(&entry.stat))
            },
        };
        (entry.id.clone(), Cfg::Known(config))
    };
    view.metrics = Cfg::Known(entries.iter().map(one).collect());
    view.namespace = if same {
        Cfg::Known(namespace)
    } else {
        Cfg::Null
    };
    if fold.is_none() {
        view.expression = Cfg::Known(result.expression.clone());
    }
    Some(())
}

fn aggregations(looks: &Looks, view: &mut MonitorConfig) {
    let whole = looks.periods == 1 && !["Minimum", "Maximum"].contains(&looks.stat.as_str());
    let above = view.is_above().unwrap_or(true);
    let always = looks.datapoints == looks.periods;
    let time = match (whole, looks.stat.as_str()) {
        (true, "Sum") => Time::Sum,
        (true, _) => Time::Avg,
        (false, _) if always == above => Time::Min,
        (false, _) => Time::Max,
    };
    let space = match looks.fold {
        Some(function) => function.to_ascii_lowercase(),
        None => series::stat_word(&looks.stat),
    };
    view.time_window = Cfg::Known(window::text(looks.period * looks.periods));
    view.interval = Cfg::Known(if whole { 60 } else { looks.period });
    let counts = view.counts() && time == Time::Sum && space == "sum";
    if !counts {
        view.time_aggr = Cfg::Known(time.word().to_owned());
        if view.expression.is_null() {
            view.space_aggr = Cfg::Known(space);
        }
    }
}

/// The second look back, from the alarm that has it.
fn short_window(found: &Found) -> Cfg<String> {
    let key = alarms::key(Level::Critical, Look::Short);
    let seconds = found.get(&Key::from(key)).and_then(|alarm| {
        let queries: Vec<MetricQuery> =
            serde_json::from_value(alarm.fields.get("metrics")?.clone()).ok()?;
        let period = match queries.first() {
            Some(query) => i64::from(query.period),
            None => alarm.number("period")?,
        };
        Some(period * alarm.number("evaluation_periods")?)
    });
    seconds.map(window::text).into()
}

fn levels(scope: &Scope, found: &Found, critical: &Seen, view: &mut MonitorConfig) {
    let warning = found.get(&Key::from(alarms::key(Level::Warning, Look::Whole)));
    let composite = found.get(&Key::from(alarms::COMPOSITE));
    let telling = found.get(&Key::from(alarms::CRITICAL_COMPOSITE));
    view.critical = level(scope, critical, telling.unwrap_or(critical));
    if let Some(warning) = warning {
        view.warning = level(scope, warning, composite.unwrap_or(warning));
    }
    if let Some(composite) = composite {
        let seconds = |field| composite.number(field).unwrap_or(60);
        let wait = seconds("actions_suppressor_wait_period");
        let extension = seconds("actions_suppressor_extension_period");
        if (wait, extension) != (60, 60) {
            view.suppression = Cfg::Known(SuppressionConfig {
                wait: Cfg::Known(wait),
                extension: Cfg::Known(extension),
            });
        }
    }
    if let Cfg::Known(anomaly) = &mut view.anomaly {
        anomaly.bounds = bounds(critical).into();
        anomaly.warning_bounds = warning.and_then(bounds).into();
    }
}

/// A level: its number from one alarm, whom it tells from another.
fn level(scope: &Scope, limit: &Seen, tells: &Seen) -> Cfg<LevelConfig> {
    let number = limit.fields.get("threshold").and_then(Json::as_f64);
    let arns: Vec<String> = tells
        .fields
        .get("alarm_actions")
        .and_then(|json| serde_json::from_value(json.clone()).ok())
        .unwrap_or_default();
    let notify = notify::notify(&scope.monitoring, &arns);
    Cfg::Known(LevelConfig {
        // Written and read again, so that 0.1 is not its nearest binary fraction.
        threshold: number
            .and_then(|number| number.to_string().parse::<Number>().ok())
            .into(),
        notify: if notify.is_empty() {
            Cfg::Null
        } else {
            Cfg::Known(notify)
        },
    })
}

fn bounds(alarm: &Seen) -> Option<Number> {
    let queries: Vec<MetricQuery> =
        serde_json::from_value(alarm.fields.get("metrics")?.clone()).ok()?;
    let band = queries.into_iter().find(|query| query.id == series::BAND)?;
    let inside = band
        .expression
        .strip_prefix("ANOMALY_DETECTION_BAND(")?
        .strip_suffix(')')?
        .to_owned();
    inside.split_once(',')?.1.trim().parse().ok()
}

/// The shortest `no_data` that means what the alarm does.
fn no_data(alarm: &Seen, view: &MonitorConfig) -> Cfg<String> {
    let treatment = alarm.text("treat_missing_data").unwrap_or_default();
    let told = alarm
        .fields
        .get("insufficient_data_actions")
        .and_then(Json::as_array)
        .is_some_and(|actions| !actions.is_empty());
    let unsaid = series::ask(view).map(|ask: Ask| alarms::unsaid(&ask));
    if unsaid == Some(treatment.as_str()) && !told {
        return Cfg::Null;
    }
    let word = match (treatment.as_str(), told) {
        ("ignore", _) => "ignore",
        ("notBreaching", _) => "ok",
        ("breaching", _) => "alert",
        (_, true) => "notify",
        (_, false) => "show",
    };
    Cfg::Known(word.to_owned())
}
