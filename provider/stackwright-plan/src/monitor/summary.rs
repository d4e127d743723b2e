//! `cloudwatch_plan`: which alarms stand for a monitor, in words.

use tfplugin_types::Cfg;

use super::alarms::Look;
use super::message::Level;
use super::shape::{Ask, Scan, Shape, Time};
use super::{MonitorConfig, SeriesConfig, alarms, levels, notify, series, window};
use crate::{In, Scope};

/// The text; `None` while something in it is not known.
pub(crate) fn text(scope: &Scope, view: &MonitorConfig) -> Option<String> {
    let name = view.name.known()?;
    let ask = series::ask(view)?;
    let shape = ask.shape().ok()?;
    let short = series::short(view, &ask)?;
    let mut lines = vec![watches(view, &ask, &shape)?];
    if let Some(short) = &short {
        let evaluation = evaluation(short, &short.shape().ok()?);
        lines.push(format!(
            "Looks a second time, at {evaluation}: a level fires while both looks do."
        ));
    }
    lines.push(level(scope, view, name, Level::Critical)?);
    if !view.warning.is_null() {
        lines.push(level(scope, view, name, Level::Warning)?);
    }
    lines.push(missing(view, &ask)?);
    Some(lines.join("\n"))
}

fn watches(view: &MonitorConfig, ask: &Ask, shape: &Shape) -> Option<String> {
    let what = match ask.scan {
        Scan::One => one(view, shape)?,
        Scan::Many => many(view, ask)?,
        Scan::Listed => {
            let series = view.metrics.known()?;
            let own = |it: &Cfg<SeriesConfig>| it.known().is_some_and(|it| !it.stat.is_null());
            let stat = if series.values().any(own) {
                "stat of each"
            } else {
                &format!("{} each", shape.stat)
            };
            format!("{} of {} series ({stat})", shape.fold?, series.len())
        }
        Scan::Formula => format!("the expression {}", view.expression.known()?),
    };
    let band = if view.is_anomaly() {
        " against its anomaly detection band"
    } else {
        ""
    };
    Some(format!("Watches {what}{band}; {}.", evaluation(ask, shape)))
}

fn one(view: &MonitorConfig, shape: &Shape) -> Option<String> {
    if view.is_event() {
        return Some("how many events match, counted by a rule of EventBridge".to_owned());
    }
    let names = alarms::dimension_names(&view.dimensions);
    let which = if names.is_empty() {
        "the series without dimensions".to_owned()
    } else {
        format!("the one series with exactly {}", names.join(", "))
    };
    Some(format!(
        "{} of {} in {}, {which}",
        shape.stat,
        series::metric(view)?,
        view.namespace.known()?
    ))
}

fn many(view: &MonitorConfig, ask: &Ask) -> Option<String> {
    let tags = crate::resource::known_map(&view.tags)?;
    let by = crate::resource::known_list(&view.by)?;
    let query = series::sql(
        ask.space.function()?,
        &series::metric(view)?,
        view.namespace.known()?,
        &tags,
        &by,
        ask.above,
    );
    Some(format!("all series by Metrics Insights: {query}"))
}

fn evaluation(ask: &Ask, shape: &Shape) -> String {
    let window = window::words(ask.window);
    let period = window::words(shape.period);
    match (ask.time, shape.datapoints) {
        (Time::Avg | Time::Sum, _) => format!("one period of {period}"),
        (_, 1) if shape.periods > 1 => {
            format!(
                "any of {} periods of {period} within {window}",
                shape.periods
            )
        }
        _ => format!("all of {} periods of {period}", shape.periods),
    }
}

fn level(scope: &Scope, view: &MonitorConfig, name: &str, level: Level) -> Option<String> {
    let limit = match levels::limit(view, level) {
        Cfg::Known(number) => number.to_string(),
        Cfg::Null | Cfg::Unknown(_) => return None,
    };
    let condition = if view.is_anomaly() {
        let direction = view.anomaly.known()?.direction.known()?;
        let side = if direction == "both" {
            "outside"
        } else {
            direction
        };
        format!("{side} a band of {limit} deviations")
    } else {
        format!("{} {limit}", view.operator.known()?)
    };
    let quiet = quiet(scope, view, name, level);
    let told = told(scope, view, level)?;
    Some(match level {
        Level::Warning if alarms::has_composite(view)? => {
            let (wait, _) = alarms::waits(view)?;
            let composite = alarms::composite_name(scope, name);
            format!(
                "warning: {condition} -> {quiet}; composite alarm \"{composite}\" tells {told} after {wait} s, unless critical fires."
            )
        }
        Level::Critical if !view.short_window.is_null() => {
            let composite = alarms::critical_composite_name(scope, name);
            format!(
                "critical: {condition} -> {quiet}; composite alarm \"{composite}\" tells {told}."
            )
        }
        _ => format!(
            "{}: {condition} -> alarm \"{}\" tells {told}.",
            level.word(),
            alarms::name(scope, name, level, Look::Whole)
        ),
    })
}

/// The alarms of a level that a composite stands over.
fn quiet(scope: &Scope, view: &MonitorConfig, name: &str, level: Level) -> String {
    let whole = alarms::name(scope, name, level, Look::Whole);
    if view.short_window.is_null() {
        return format!("alarm \"{whole}\" tells nobody");
    }
    let short = alarms::name(scope, name, level, Look::Short);
    format!("alarms \"{whole}\" and \"{short}\" tell nobody")
}

fn told(scope: &Scope, view: &MonitorConfig, level: Level) -> Option<String> {
    let In::Known(_) = levels::actions(scope, view, level) else {
        return None;
    };
    let notify = &levels::block(view, level)?.notify;
    let handles: Vec<&str> = notify
        .known()
        .map(|text| notify::handles(text).collect())
        .unwrap_or_default();
    Some(if handles.is_empty() {
        "nobody".to_owned()
    } else {
        handles.join(", ")
    })
}

fn missing(view: &MonitorConfig, ask: &Ask) -> Option<String> {
    let (treatment, told) = alarms::missing(view, ask)?;
    Some(
        match (treatment, told) {
            ("ignore", _) => "No data: the state stays as it is.",
            ("notBreaching", _) => "No data: counts as fine.",
            ("breaching", _) => "No data: fires.",
            (_, true) => {
                "No data: the critical alarm becomes INSUFFICIENT_DATA and tells both levels."
            }
            (_, false) => "No data: the alarms become INSUFFICIENT_DATA and tell nobody.",
        }
        .to_owned(),
    )
}
