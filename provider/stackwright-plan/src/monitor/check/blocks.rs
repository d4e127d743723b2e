//! The blocks of levels, logs and anomalies, and their limits.

use std::collections::BTreeMap;

use tfplugin_types::{Cfg, Diagnostics, Number};

use super::super::message::Level;
use super::super::{MonitorConfig, levels, rules};
use super::{at, given, missing};

/// Blocks that go with a type.
pub(super) fn blocks(view: &MonitorConfig, found: &mut Diagnostics) {
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
pub(super) fn limits(view: &MonitorConfig, found: &mut Diagnostics) {
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
