//! What is wrong with a monitor, found before AWS is asked. Unknown values defer a check.

use std::collections::BTreeMap;

use tfplugin_types::{Cfg, Diagnostics, Path};

use super::{MonitorConfig, window};

mod blocks;
mod form;
mod messages;
mod provider;
mod selection;

pub(crate) use messages::silent;
pub(crate) use provider::with_provider;

type Texts = Cfg<BTreeMap<String, Cfg<String>>>;

fn at(name: &str) -> Path {
    Path::attribute(name)
}

/// Everything that the configuration alone tells.
pub(crate) fn check(view: &MonitorConfig, found: &mut Diagnostics) {
    kind(view, found);
    refused(view, found);
    form::words(view, found);
    selection::selection(view, found);
    selection::metrics(view, found);
    blocks::blocks(view, found);
    blocks::limits(view, found);
    form::shape(view, found);
    form::short_window(view, found);
    form::grouping(view, found);
    messages::messages(view, found);
    messages::warnings(view, found);
}

/// Whether there is a value for certain: one that is not known yet may turn out to be null.
const fn given<T>(value: &Cfg<T>) -> bool {
    value.known().is_some()
}

fn kind(view: &MonitorConfig, found: &mut Diagnostics) {
    let Some(kind) = view.kind.known() else {
        return;
    };
    if !["metric", "anomaly", "log", "event"].contains(&kind.as_str()) {
        found.error(
            at("type"),
            "Type Not Available",
            format!("type \"{kind}\" is not available on CloudWatch; use \"metric\", \"anomaly\", \"log\" or \"event\"."),
        );
    }
}

/// Arguments of Datadog that CloudWatch has nothing for.
fn refused(view: &MonitorConfig, found: &mut Diagnostics) {
    let recovery = " has no CloudWatch equivalent; CloudWatch recovers as soon as the condition is false. Remove it.";
    let repeated =
        ": CloudWatch notifies only on state changes. Use your pager's escalation. Remove it here.";
    let delay = ": CloudWatch evaluates data as it comes. Remove it, or look further back with time_window.";
    let group = ": CloudWatch has no delay per group. Use warm_up, which delays the whole monitor after a change.";
    let end = ": CloudWatch alarms recover when their condition is false, and not after a time. Remove it.";
    let whole = ": CloudWatch evaluates a window as soon as it has data. Remove it, and say with no_data what gaps mean.";
    let drafts = ": CloudWatch has no drafts. Remove it, or leave out notify for an alarm that tells nobody.";
    let no_data =
        ": say it with no_data = \"notify\" (both levels are told) or \"show\" (nobody is).";
    for (name, given, why) in [
        (
            "critical_recovery",
            given(&view.critical_recovery),
            recovery,
        ),
        ("warning_recovery", given(&view.warning_recovery), recovery),
        (
            "renotify_interval",
            given(&view.renotify_interval),
            repeated,
        ),
        (
            "escalation_message",
            given(&view.escalation_message),
            repeated,
        ),
        ("evaluation_delay", given(&view.evaluation_delay), delay),
        ("new_group_delay", given(&view.new_group_delay), group),
        ("timeout_h", given(&view.timeout_h), end),
        (
            "require_full_window",
            given(&view.require_full_window),
            whole,
        ),
        (
            "notify_audit",
            given(&view.notify_audit),
            ": CloudTrail keeps who changed an alarm. Remove it.",
        ),
        (
            "restricted_roles",
            given(&view.restricted_roles),
            ": IAM says who may change an alarm. Remove it.",
        ),
        ("draft_status", given(&view.draft_status), drafts),
        ("notify_no_data", given(&view.notify_no_data), no_data),
    ] {
        if given {
            refuse(name, why, found);
        }
    }
    let minutes = view.no_data_timeframe.known().copied();
    let seconds = view
        .time_window
        .known()
        .and_then(|text| window::seconds(text));
    if let (Some(minutes), Some(seconds)) = (minutes, seconds)
        && minutes.saturating_mul(60) != seconds
    {
        let why = format!(
            " {minutes}: CloudWatch misses data after one time_window, {}. Remove it, or make both alike.",
            window::words(seconds)
        );
        refuse("no_data_timeframe", &why, found);
    }
}

fn refuse(name: &str, why: &str, found: &mut Diagnostics) {
    found.error(
        at(name),
        "Not Available on CloudWatch",
        format!("{name}{why}"),
    );
}

fn missing(found: &mut Diagnostics, name: &str, advice: &str) {
    found.error(
        at(name),
        "Missing Argument",
        format!("{name} is required here. {advice}"),
    );
}
