//! What the two levels have, and what they say.

use tfplugin_types::{Cfg, Number};

use super::message::{self, Level, Rendered, Values};
use super::{LevelConfig, MonitorConfig, notify};
use crate::{In, Scope};

/// The block of a level; `None` when there is none.
pub(crate) const fn block(view: &MonitorConfig, level: Level) -> Option<&LevelConfig> {
    match level {
        Level::Critical => view.critical.known(),
        Level::Warning => view.warning.known(),
    }
}

/// What stands for the level's limit: its threshold, or the width of its band.
pub(crate) fn limit(view: &MonitorConfig, level: Level) -> Cfg<Number> {
    if view.is_anomaly() {
        let Cfg::Known(anomaly) = &view.anomaly else {
            return Cfg::Null;
        };
        return match level {
            Level::Critical => anomaly.bounds.clone(),
            Level::Warning => anomaly.warning_bounds.clone(),
        };
    }
    block(view, level).map_or(Cfg::Null, |block| block.threshold.clone())
}

/// The same as AWS takes it.
pub(crate) fn threshold(view: &MonitorConfig, level: Level) -> In<f64> {
    match limit(view, level) {
        Cfg::Known(number) => In::Known(number.to_f64().unwrap_or_default()),
        Cfg::Null | Cfg::Unknown(_) => In::Unknown,
    }
}

/// The ARNs that a level tells.
pub(crate) fn actions(scope: &Scope, view: &MonitorConfig, level: Level) -> In<Vec<String>> {
    match block(view, level).map(|block| &block.notify) {
        None | Some(Cfg::Null) => In::Known(Vec::new()),
        Some(Cfg::Known(text)) => In::Known(notify::actions(&scope.monitoring, text)),
        Some(Cfg::Unknown(_)) => In::Unknown,
    }
}

/// The ARNs of both levels, each once.
pub(crate) fn all_actions(scope: &Scope, view: &MonitorConfig) -> In<Vec<String>> {
    let of = |level| match actions(scope, view, level) {
        In::Known(arns) => Some(arns),
        In::From(..) | In::Unknown => None,
    };
    let (Some(mut all), Some(more)) = (of(Level::Critical), of(Level::Warning)) else {
        return In::Unknown;
    };
    for arn in more {
        if !all.contains(&arn) {
            all.push(arn);
        }
    }
    In::Known(all)
}

/// What a template's variables stand for.
pub(crate) fn values(view: &MonitorConfig) -> Values {
    let mut values = Values::new();
    let mut put = |name, value: Cfg<String>| match value {
        Cfg::Known(text) => drop(values.insert(name, Some(text))),
        Cfg::Unknown(_) => drop(values.insert(name, None)),
        Cfg::Null => {}
    };
    if !view.is_anomaly() {
        let text = |level| limit(view, level).map(|number| number.to_string());
        put("threshold", text(Level::Critical));
        put("warn_threshold", text(Level::Warning));
        put("comparator", view.operator.clone());
    }
    values
}

/// The text of a level.
pub(crate) fn description(view: &MonitorConfig, level: Level) -> In<String> {
    let (Cfg::Known(template), false) = (&view.message, view.priority.is_unknown()) else {
        return In::Unknown;
    };
    let text = match message::render(template, level, &values(view)) {
        Ok(Rendered::Text(text)) => text,
        Ok(Rendered::Unknown) => return In::Unknown,
        // Refused where it was known in time; else people see what was written.
        Err(_) => template.clone(),
    };
    In::Known(prefixed(view, &text))
}

/// With the priority before it.
pub(crate) fn prefixed(view: &MonitorConfig, text: &str) -> String {
    match view.priority.known() {
        Some(priority) => format!("[P{priority}] {text}"),
        None => text.to_owned(),
    }
}

impl MonitorConfig {
    pub(crate) fn is_anomaly(&self) -> bool {
        self.kind.known().is_some_and(|kind| kind == "anomaly")
    }

    pub(crate) fn is_log(&self) -> bool {
        self.kind.known().is_some_and(|kind| kind == "log")
    }

    pub(crate) fn is_event(&self) -> bool {
        self.kind.known().is_some_and(|kind| kind == "event")
    }

    /// Whether it counts what matches, and so has `sum` when nothing is said.
    pub(crate) fn counts(&self) -> bool {
        self.is_log() || self.is_event()
    }

    /// Whether series are told apart; `None` while that is not known.
    pub(crate) fn is_grouped(&self) -> Option<bool> {
        match &self.by {
            Cfg::Null => Some(false),
            Cfg::Known(by) => Some(!by.is_empty()),
            Cfg::Unknown(_) => None,
        }
    }

    /// Whether alarms fire above their limit.
    pub(crate) fn is_above(&self) -> Option<bool> {
        match self.operator.known().map(String::as_str) {
            Some(">" | ">=") => Some(true),
            Some("<" | "<=") => Some(false),
            _ => self.is_anomaly().then_some(true),
        }
    }
}
