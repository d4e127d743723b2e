//! What is told, and what is only worth a warning.

use std::collections::BTreeMap;

use tfplugin_types::{Cfg, Diagnostics};

use super::super::message::{self, Level, Rendered};
use super::super::{MonitorConfig, levels};
use super::at;

pub(super) fn messages(view: &MonitorConfig, found: &mut Diagnostics) {
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

/// A level that is there and notifies nobody.
pub(crate) fn silent(view: &MonitorConfig) -> Option<Level> {
    let nobody = |notify: &Cfg<String>| match notify {
        Cfg::Null => true,
        Cfg::Known(text) => text.trim().is_empty(),
        Cfg::Unknown(_) => false,
    };
    let is_silent =
        |level: &Level| levels::block(view, *level).is_some_and(|block| nobody(&block.notify));
    Level::BOTH.into_iter().find(is_silent)
}

pub(super) fn warnings(view: &MonitorConfig, found: &mut Diagnostics) {
    let dynamo = view
        .namespace
        .known()
        .is_some_and(|it| it == "AWS/DynamoDB");
    if dynamo
        && view
            .no_data
            .known()
            .is_some_and(|no_data| no_data != "ignore")
    {
        found.warning(
            at("no_data"),
            "Missing Data Is Always Ignored",
            "CloudWatch ignores missing data of AWS/DynamoDB, whatever an alarm says. Write no_data = \"ignore\", so that the plan says what happens.",
        );
    }
    if view.dimensions.known().is_some_and(BTreeMap::is_empty) {
        found.warning(
            at("dimensions"),
            "Only the Series Without Dimensions",
            "dimensions = {} watches only the series that has no dimensions. Leave dimensions out to watch all series of the metric.",
        );
    }
    let sum = match view.time_aggr.known() {
        Some(time) => time == "sum",
        None => view.counts(),
    };
    let counted = view.counts() || view.time_aggr.known().is_some();
    if view.no_data.is_null() && !sum && counted {
        found.warning(
            at("no_data"),
            "Missing Data Is Not Decided",
            "no_data is not set. Where a series has gaps, CloudWatch reaches further back than time_window, which Datadog does not. Say what a gap means: \"ok\", \"alert\", \"ignore\", \"notify\" or \"show\".",
        );
    }
}
