//! What only the provider block tells: its handles and namespace, and the length of names.

use std::collections::BTreeMap;

use tfplugin_types::{Cfg, Diagnostics};

use super::super::message::Level;
use super::super::{MonitorConfig, alarms, levels, notify};
use super::at;
use crate::{Scope, name};

/// What only the provider block tells: its handles and namespace, and the length of names.
pub(crate) fn with_provider(scope: &Scope, view: &MonitorConfig, found: &mut Diagnostics) {
    let entries = view.metrics.known().into_iter().flat_map(BTreeMap::values);
    let bare = entries
        .filter_map(Cfg::known)
        .any(|series| series.namespace.is_null());
    let needed = bare || (view.metrics.is_null() && view.expression.is_null());
    if view.namespace.is_null() && needed {
        found.error(
            at("namespace"),
            "Namespace Missing",
            "namespace is not set, and the provider block has no monitoring.namespace. Give the CloudWatch namespace of the metric, like \"AWS/RDS\".",
        );
    }
    for level in Level::BOTH {
        let notify = levels::block(view, level).and_then(|block| block.notify.known());
        let problem = notify
            .and_then(|text| notify::problem(&scope.monitoring, &scope.region, level.word(), text));
        if let Some(problem) = problem {
            found.error(at(level.word()).join("notify"), "Cannot Notify", problem);
        }
    }
    if alarms::has_composite(view) == Some(true) {
        incidents(scope, view, Level::Warning, found);
    }
    if view.short_window.known().is_some() {
        incidents(scope, view, Level::Critical, found);
    }
    if view
        .no_data
        .known()
        .is_some_and(|no_data| no_data == "notify")
        && let Some(problem) = levels::all_actions(scope, view)
            .known()
            .and_then(|all| notify::no_data_problem(all))
    {
        found.error(at("no_data"), "Cannot Notify", problem);
    }
    lengths(scope, view, found);
}

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>
fn incidents(scope: &Scope, view: &MonitorConfig, level: Level, found: &mut Diagnostics) {
    let actions = levels::actions(scope, view, level);
    let plan = actions
        .known()
        .and_then(|arns| arns.iter().find(|arn| arn.contains(":ssm-incidents:")));
    if let Some(arn) = plan {
        let word = level.word();
        let (why, instead) = match level {
            Level::Critical => ("short_window", ", or remove short_window"),
            Level::Warning => ("two levels", ""),
        };
        found.error(
            at(word).join("notify"),
            "Cannot Notify",
            format!("{word}.notify leads to {arn}: with {why} a composite alarm tells of {word}, and composite alarms start no response plans. Give an SNS topic there{instead}."),
        );
    }
}

fn lengths(scope: &Scope, view: &MonitorConfig, found: &mut Diagnostics) {
    let Some(monitor) = view.name.known() else {
        return;
    };
    let suffix = alarms::longest_suffix(view);
    let prefix = name::alarm_prefix(&scope.project, &scope.environment);
    let parts = [prefix.as_str(), monitor.as_str(), suffix];
    let count: usize = parts.iter().map(|part| part.chars().count()).sum();
    if count > name::ALARM {
        found.error(
            at("name"),
            "Name Too Long",
            format!("name plus prefix \"{prefix}\" and suffix \"{}\" is {count} characters; CloudWatch allows {}. Shorten it by {}.", suffix, name::ALARM, count - name::ALARM),
        );
    }
}
