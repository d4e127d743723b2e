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
        incidents(scope, view, found);
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
fn incidents(scope: &Scope, view: &MonitorConfig, found: &mut Diagnostics) {
    let actions = levels::actions(scope, view, Level::Warning);
    let plan = actions
        .known()
        .and_then(|arns| arns.iter().find(|arn| arn.contains(":ssm-incidents:")));
    if let Some(arn) = plan {
        found.error(
            at("warning").join("notify"),
            "Cannot Notify",
            format!("warning.notify leads to {arn}: with two levels a composite alarm tells of warning, and composite alarms start no response plans. Give an SNS topic there."),
        );
    }
}

fn lengths(scope: &Scope, view: &MonitorConfig, found: &mut Diagnostics) {
    let Some(monitor) = view.name.known() else {
        return;
    };
    // The longest name of all its alarms.
    let level = if view.warning.is_null() {
        Level::Critical
    } else {
        Level::Warning
    };
    let count = alarms::name(scope, monitor, level).chars().count();
    if count > name::ALARM {
        let prefix = name::alarm_prefix(&scope.project, &scope.environment);
        found.error(
            at("name"),
            "Name Too Long",
            format!("name plus prefix \"{prefix}\" and suffix \"{}\" is {count} characters; CloudWatch allows {}. Shorten it by {}.", alarms::suffix(level), name::ALARM, count - name::ALARM),
        );
    }
}
