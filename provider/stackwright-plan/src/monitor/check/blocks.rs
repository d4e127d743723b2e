//! The blocks of levels, logs and anomalies, and their limits.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_types::{Cfg, Diagnostics, Number, Path};

use super::super::message::Level;
use super::super::{MonitorConfig, levels, rules};
use super::{at, given, missing};

/// Blocks that go with a type, and what a type takes beside.
pub(super) fn blocks(view: &MonitorConfig, found: &mut Diagnostics) {
    let Some(kind) = view.kind.known() else {
        return;
    };
    for (name, given) in [
        ("log", (given(&view.log), view.log.is_null())),
        ("event", (given(&view.event), view.event.is_null())),
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
    if view.is_log() {
        made_by_filter(view, found);
        filter_dimensions(view, found);
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

/// The metric of a log monitor is made by CloudWatch Logs, which is stricter than CloudWatch.
fn made_by_filter(view: &MonitorConfig, found: &mut Diagnostics) {
    for (name, text) in [("metric", &view.metric), ("namespace", &view.namespace)] {
        if let Some(Err(problem)) = text.known().map(|text| rules::made_by_filter(name, text)) {
            found.error(at(name), "Metric That No Filter Makes", problem);
        }
    }
    let fields = view.log.known().and_then(|log| log.dimensions.known());
    for (key, field) in fields.into_iter().flatten() {
        if let Err(problem) = rules::filter_dimension(key, field.known()) {
            found.error(
                at("log").join("dimensions").key(key),
                "Invalid Dimension",
                problem,
            );
        }
        if field.known().is_some_and(|field| !field.starts_with('$')) {
            found.error(
                at("log").join("dimensions").key(key),
                "Not a Field of the Event",
                "A dimension of a metric filter is a field of the event: write it like `$.path` or `$status`.",
            );
        }
    }
}

/// What the alarm looks for must be what the filter makes, else it waits for a series that never comes.
fn filter_dimensions(view: &MonitorConfig, found: &mut Diagnostics) {
    let Some(log) = view.log.known() else { return };
    let made: BTreeSet<&String> = match &log.dimensions {
        Cfg::Unknown(_) => return,
        Cfg::Null => BTreeSet::new(),
        Cfg::Known(map) => map.keys().collect(),
    };
    let has = || {
        if made.is_empty() {
            "none".to_owned()
        } else {
            let made: Vec<&str> = made.iter().map(|key| key.as_str()).collect();
            made.join(", ")
        }
    };
    let watched = view
        .dimensions
        .known()
        .map(|map| map.keys().collect::<BTreeSet<_>>());
    if watched.is_some_and(|watched| watched != made) {
        found.error(
            at("dimensions"),
            "Series That the Filter Does Not Make",
            format!("The metric of this monitor has exactly the dimensions of log.dimensions ({}). Name the same ones, or leave dimensions out to watch all series.", has()),
        );
    }
    let tags = view.tags.known().into_iter().flat_map(BTreeMap::keys);
    let by = view.by.known().into_iter().flatten().filter_map(Cfg::known);
    let named = tags
        .map(|key| ("tags", key))
        .chain(by.map(|key| ("by", key)));
    for (name, key) in named.filter(|(_, key)| !made.contains(key)) {
        found.error(
            at(name),
            "Series That the Filter Does Not Make",
            format!("{name} names {key}, and the metric of this monitor has the dimensions of log.dimensions ({}). Add {key} there, or remove it here.", has()),
        );
    }
    let pattern = log.pattern.known().map(|pattern| pattern.trim());
    let takes_fields = |pattern: &str| {
        (pattern.starts_with('{') && pattern.ends_with('}'))
            || (pattern.starts_with('[') && pattern.ends_with(']'))
    };
    let uses_fields = !made.is_empty()
        || log
            .value
            .known()
            .is_some_and(|value| value.starts_with('$'));
    if uses_fields && pattern.is_some_and(|pattern| !takes_fields(pattern)) {
        found.error(
            at("log").join("pattern"),
            "Pattern Without Fields",
            "log.dimensions and a log.value like $.duration take fields of the event, and only patterns of JSON ({ $.level = \"error\" }) or of words between spaces ([ip, status = 5*]) have fields. Write such a pattern.",
        );
    }
}

/// CloudWatch computes with 64-bit floats, Terraform with numbers of any size.
fn representable(view: &MonitorConfig, found: &mut Diagnostics) {
    let mut check = |path: Path, number: &Cfg<Number>| {
        if number
            .known()
            .is_some_and(|number| number.to_f64().is_none())
        {
            found.error(
                path,
                "Number Out of Range",
                "CloudWatch takes numbers up to about 1.8e308. Write a smaller one.",
            );
        }
    };
    check(at("critical_recovery"), &view.critical_recovery);
    check(at("warning_recovery"), &view.warning_recovery);
    for level in Level::BOTH {
        if let Some(block) = levels::block(view, level) {
            check(at(level.word()).join("threshold"), &block.threshold);
        }
    }
    if let Some(anomaly) = view.anomaly.known() {
        check(at("anomaly").join("bounds"), &anomaly.bounds);
        check(
            at("anomaly").join("warning_bounds"),
            &anomaly.warning_bounds,
        );
    }
    if let Some(log) = view.log.known() {
        check(at("log").join("default_value"), &log.default_value);
    }
}

/// The two levels and their order.
pub(super) fn limits(view: &MonitorConfig, found: &mut Diagnostics) {
    representable(view, found);
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
