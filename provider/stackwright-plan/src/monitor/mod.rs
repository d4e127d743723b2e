//! `stackwright_monitor`: a Datadog-style monitor on CloudWatch.
//!
//! Components: `alarm.critical` (main), `alarm.critical_short`, `composite_critical`, `alarm.warning`,
//! `alarm.warning_short`, `composite`, `anomaly_detector`, `metric_filter`, `event_rule`.
//!
//! Replaced by a change of: `name`.
//!
//! How fields become alarms stands in `docs/design/011-monitors.md`.

mod alarms;
mod check;
mod levels;
mod message;
mod notify;
mod recover;
pub mod rules;
mod series;
mod shape;
mod summary;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod transitions;
mod window;

use std::collections::BTreeMap;

use tfplugin_types::{Cfg, Diagnostic, Diagnostics, Number, Path, TfSchema};

use crate::resource::{Anchor, CommonConfig, Facts, Found, Plain, RecoverError, Refs, Resource};
use crate::resource_tags::{CommonBesideTags, RESOURCE_TAGS};
use crate::{Graph, In, Outputs, Scope};

use alarms::Look;
use message::Level as LevelName;
pub use window::seconds as window_seconds;

/// A Datadog-style monitor on CloudWatch: one or two levels, each with its threshold and with whom it tells.
///
/// `cloudwatch_plan` says in words which alarms stand for it. What CloudWatch cannot do is an error of the plan, never a silent difference.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Monitor {
    /// Name, unique in the environment. Changing this replaces the monitor.
    #[tf(
        replace,
        matches(rules::name),
        allowed = "letters, digits, spaces and + - = . _ : / @"
    )]
    pub name: String,
    /// What whoever is told reads. `{{threshold}}`, `{{warn_threshold}}`, `{{comparator}}`, `{{#is_alert}}...{{/is_alert}}` and `{{#is_warning}}...{{/is_warning}}` (and both with `^`) are filled in per level.
    pub message: String,
    /// What it watches: a metric, what leaves the band around what is normal (`anomaly`), the events of a log group that match (`log`), or the events of AWS itself that match (`event`). Allowed: one of `metric`, `anomaly`, `log`, `event`.
    #[tf(name = "type", default = "metric")]
    pub kind: String,
    /// The metric: `app.5xx`, `CPUUtilization`. Of type `log`: the metric that is made, by default named like the monitor.
    #[tf(matches(rules::metric), allowed = "1 to 255 characters without quotes")]
    pub metric: Option<String>,
    /// CloudWatch namespace of the metric: `AWS/RDS`. Default: `monitoring.namespace` of the provider block; of type `event` it is `AWS/Events`.
    #[tf(
        optional,
        computed,
        matches(rules::namespace),
        allowed = "1 to 255 letters, digits, spaces and . - _ / # :"
    )]
    pub namespace: Option<String>,
    /// All dimensions of the one series to watch. Without `dimensions` and `tags` all series of the metric are watched.
    pub dimensions: Option<BTreeMap<String, String>>,
    /// Watch the series that have these values in their dimensions. The tags of the AWS objects are `resource_tags`.
    pub tags: Option<BTreeMap<String, String>>,
    /// Dimensions by which series are told apart: `["host"]` alerts for each host by itself.
    pub by: Option<Vec<String>>,
    /// Over time. With `>` and `>=`, `min` means at all times and `max` at least once; with `<` and `<=` the other way round. `avg` weighs each sample alike. Of type `log` and `event` it is `sum` when it is left out, else it is needed. Allowed: one of `avg`, `sum`, `min`, `max`.
    pub time_aggr: Option<String>,
    /// How far back, a multiple of `interval`; where all series of a metric are watched, 3 hours at most. Allowed: `last_` with a number and `m`, `h`, `d` or `w`, like `last_5m`, `last_4h` or `last_1d`, up to `last_1w`.
    pub time_window: String,
    /// A second, shorter look back: a level fires only while it is past its threshold in this window too, and so ends soon after its cause. Burn rates have one: `last_5m` beside a `time_window` of `last_1h`. Not of type `anomaly` and `event`, not with `by`, and only where missing data is `ok`, `alert` or `ignore`. Allowed: as `time_window`, and shorter.
    pub short_window: Option<String>,
    /// Over series. Of type `log` and `event` it is `sum` when it is left out, with `expression` there is none, else it is needed. Allowed: one of `avg`, `sum`, `min`, `max`, or for one series a percentile like `p95`.
    pub space_aggr: Option<String>,
    /// How the value is compared with the thresholds; not of type `anomaly`, where `anomaly.direction` says it. Allowed: one of `>`, `>=`, `<`, `<=`.
    pub operator: Option<String>,
    /// CloudWatch metric math over `metrics`, for ratios: `IF(requests >= 20, 100 * errors / requests, 0)`.
    pub expression: Option<String>,
    /// Up to 10 series, by the name that `expression` calls them. Without `expression`, `space_aggr` folds them.
    pub metrics: Option<BTreeMap<String, Series>>,
    /// Seconds between two datapoints of the metric.
    #[tf(
        default = 60,
        matches(rules::interval),
        allowed = "10, 20, 30 or a multiple of 60"
    )]
    pub interval: i64,
    /// What missing data means: `ignore` (the state stays), `ok`, `alert`, `notify` (both levels are told) or `show` (the state says so, nobody is told). Default: of sums 0, else `show`.
    #[tf(one_of("ignore", "ok", "alert", "notify", "show"))]
    pub no_data: Option<String>,
    /// Minutes after a change of the monitor in which it waits for data before it fires.
    #[tf(range(1..=2880))]
    pub warm_up: Option<i64>,
    /// 1 (highest) to 5; stands before the message as `[P1]`.
    #[tf(range(1..=5))]
    pub priority: Option<i64>,
    /// The lower level. While the critical one fires, it stays quiet.
    #[tf(block)]
    pub warning: Option<Level>,
    /// The level at which somebody has to act. A monitor with one level has this one.
    #[tf(block)]
    pub critical: Option<Level>,
    /// Of type `log`: which events count.
    #[tf(block)]
    pub log: Option<Log>,
    /// Of type `event`: which events count.
    #[tf(block)]
    pub event: Option<Event>,
    /// Of type `anomaly`: the band.
    #[tf(block)]
    pub anomaly: Option<Anomaly>,
    /// How long `warning` waits for `critical`.
    #[tf(block)]
    pub suppression: Option<Suppression>,
    /// Datadog's recovery threshold. CloudWatch has none: refused with advice.
    pub critical_recovery: Option<Number>,
    /// Datadog's recovery threshold. CloudWatch has none: refused with advice.
    pub warning_recovery: Option<Number>,
    /// Datadog's repeated notification. CloudWatch has none: refused with advice.
    pub renotify_interval: Option<i64>,
    /// Datadog's text of a repeated notification. CloudWatch has none: refused with advice.
    pub escalation_message: Option<String>,
    /// Datadog's delay. CloudWatch has none: refused with advice.
    pub evaluation_delay: Option<i64>,
    /// Datadog's delay of new groups. CloudWatch has none: refused with advice.
    pub new_group_delay: Option<i64>,
    /// Datadog's minutes without data. CloudWatch waits for one `time_window`: anything else is refused.
    pub no_data_timeframe: Option<i64>,
    /// Datadog's end of an alert after some hours. CloudWatch has none: refused with advice.
    pub timeout_h: Option<i64>,
    /// Datadog's wait for a whole window of data. CloudWatch has none: refused with advice.
    pub require_full_window: Option<bool>,
    /// Datadog's notification of changes. CloudWatch has none: refused with advice.
    pub notify_audit: Option<bool>,
    /// Datadog's roles that may change a monitor. CloudWatch has none: refused with advice.
    pub restricted_roles: Option<Vec<String>>,
    /// Datadog's drafts. CloudWatch has none: refused with advice.
    pub draft_status: Option<String>,
    /// Datadog's older word for `no_data`: refused with advice.
    pub notify_no_data: Option<bool>,
    /// ARN of the alarm of each level: `critical`, `warning`, and with `short_window` also `critical_short`, `warning_short`.
    #[tf(computed)]
    pub alarm_arns: BTreeMap<String, String>,
    /// ARN of the composite alarm that tells `warning` unless `critical` fires. Null with one level.
    #[tf(computed)]
    pub composite_arn: Option<String>,
    /// ARN of the composite alarm that tells `critical` while both of its alarms fire. Null without `short_window`.
    #[tf(computed)]
    pub critical_composite_arn: Option<String>,
    /// Which alarms stand for this monitor, in words.
    #[tf(computed)]
    pub cloudwatch_plan: String,
    /// What other resources need to know of this monitor.
    #[tf(computed, name = "ref")]
    pub reference: Plain<MonitorRef>,
    /// What every resource has.
    #[tf(flatten)]
    pub common: CommonBesideTags,
}

/// One level of a monitor.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Level {
    /// The number to compare with. Of type `anomaly` the band takes its place.
    pub threshold: Option<Number>,
    /// Whom to tell: handles of the provider's `monitoring.notifiers` or ARNs, with spaces between.
    pub notify: Option<String>,
}

/// One series of an expression.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct Series {
    /// The metric.
    #[tf(matches(rules::metric), allowed = "1 to 255 characters without quotes")]
    pub metric: String,
    /// CloudWatch namespace. Default: that of the monitor.
    #[tf(
        matches(rules::namespace),
        allowed = "1 to 255 letters, digits, spaces and . - _ / # :"
    )]
    pub namespace: Option<String>,
    /// All dimensions of the series.
    pub dimensions: Option<BTreeMap<String, String>>,
    /// Statistic of the series. Default: `sum` when `time_aggr` is, else `avg`. Allowed: one of `avg`, `sum`, `min`, `max`, `count`, or a percentile like `p95`.
    pub stat: Option<String>,
}

/// The events of a log group that count.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Log {
    /// Name of the log group: `log_group` of a `stackwright_app`.
    #[tf(
        matches(rules::log_group),
        allowed = "1 to 512 letters, digits and _ - / . #"
    )]
    pub group: String,
    /// Which events, as CloudWatch Logs writes filters: `ERROR`, `{ $.level = "error" }`. Empty for all.
    #[tf(length(0..=1024))]
    pub pattern: String,
    /// What one event counts: a number, or a field of the event like `$.duration`.
    #[tf(
        default = "1",
        matches(rules::log_value),
        allowed = "a number, or a field that begins with `$`"
    )]
    pub value: String,
    /// Up to 3 dimensions of the metric, from fields of the event: `{ path = "$.path" }`.
    pub dimensions: Option<BTreeMap<String, String>>,
    /// What a minute without matching events counts.
    pub default_value: Option<Number>,
}

/// The events on the account's event bus that count.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Event {
    /// Which events, as EventBridge writes patterns: `jsonencode({ source = ["aws.ecs"], "detail-type" = ["ECS Deployment State Change"] })`.
    #[tf(
        matches(rules::event_pattern),
        allowed = "a JSON object whose fields are lists of what is looked for, up to 4096 characters"
    )]
    pub pattern: String,
}

/// A band around what is normal for a series.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Anomaly {
    /// Width of the band of `critical`, in standard deviations.
    pub bounds: Number,
    /// Width of the band of `warning`; smaller than `bounds`.
    pub warning_bounds: Option<Number>,
    /// Which side counts: `above`, `below` or `both`.
    #[tf(default = "both", one_of("above", "below", "both"))]
    pub direction: String,
}

/// How long the lower level waits for the higher one.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Suppression {
    /// Seconds that `warning` waits before it tells anyone, so that `critical` can come first.
    #[tf(default = 60, range(0..=2_147_483_647))]
    pub wait: i64,
    /// Seconds that `warning` stays quiet after `critical` has ended.
    #[tf(default = 60, range(0..=2_147_483_647))]
    pub extension: i64,
}

/// A monitor as other resources see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct MonitorRef {
    /// Name of the monitor.
    pub name: String,
    /// Name of the alarm that tells `critical`.
    pub alarm_name: String,
    /// ARN of the alarm that tells `critical`.
    pub alarm_arn: String,
}

/// The monitors.
#[derive(Debug)]
pub struct MonitorResource;

const FORM: &str = "<environment>/<monitor name>";

impl Resource for MonitorResource {
    type Schema = Monitor;
    type View = MonitorConfig;
    const TYPE: &'static str = "monitor";
    const VERSION: i64 = Monitor::SCHEMA_VERSION;
    const TAGS: &'static str = RESOURCE_TAGS;

    fn common(view: &mut MonitorConfig) -> &mut CommonConfig {
        &mut view.common.0
    }

    fn id(scope: &Scope, view: &MonitorConfig) -> Option<String> {
        Some(format!("{}/{}", scope.environment, view.name.known()?))
    }

    fn validate(view: &MonitorConfig, found: &mut Diagnostics) {
        check::check(view, found);
    }

    fn complete(
        scope: &Scope,
        _facts: &Facts,
        prior: Option<&MonitorConfig>,
        view: &mut MonitorConfig,
        found: &mut Diagnostics,
    ) {
        if let Some(prior) = prior {
            keep_message(prior, view);
        }
        if view.namespace.is_null() {
            view.namespace = match view.kind {
                Cfg::Unknown(_) => Cfg::unknown(),
                _ if view.is_event() => Cfg::Known(series::EVENTS.to_owned()),
                _ => scope.monitoring.namespace.clone().into(),
            };
        }
        check::with_provider(scope, view, found);
    }

    fn plan(scope: &Scope, view: &MonitorConfig) -> Option<Graph> {
        alarms::graph(scope, view)
    }

    fn advice(view: &MonitorConfig) -> Option<Diagnostic> {
        let level = check::silent(view)?;
        let detail = "This monitor, and perhaps others, have a level without `notify`: its alarm changes state and notifies nobody. Name a handle or an ARN in `notify` if somebody should know.";
        let at = Path::attribute(level.word()).join("notify");
        Some(Diagnostic::warning("Monitors Without Notification", detail).at(at))
    }

    fn fill(scope: &Scope, view: &mut MonitorConfig, outputs: &Outputs) {
        let arn = |key: &str| outputs.get(&key.into(), "arn");
        view.alarm_arns = arns(view, arn);
        view.composite_arn = match alarms::has_composite(view) {
            Some(true) => arn(alarms::COMPOSITE),
            Some(false) => Cfg::Null,
            None => Cfg::unknown(),
        };
        view.critical_composite_arn = match view.short_window {
            Cfg::Known(_) => arn(alarms::CRITICAL_COMPOSITE),
            Cfg::Null => Cfg::Null,
            Cfg::Unknown(_) => Cfg::unknown(),
        };
        view.cloudwatch_plan = summary::text(scope, view).map_or_else(Cfg::unknown, Cfg::Known);
        view.reference = reference(scope, view, arn);
    }

    fn anchors(scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError> {
        recover::anchors(scope, id)
    }

    fn recover(
        scope: &Scope,
        id: &str,
        found: &Found,
        _refs: &Refs,
    ) -> Result<MonitorConfig, RecoverError> {
        recover::recover(scope, id, found)
    }
}

/// The alarms on metrics; unknown while what decides about one is.
fn arns(
    view: &MonitorConfig,
    arn: impl Fn(&str) -> Cfg<String>,
) -> Cfg<BTreeMap<String, Cfg<String>>> {
    if view.short_window.is_unknown() {
        return Cfg::unknown();
    }
    let mut arns = BTreeMap::new();
    for level in LevelName::BOTH {
        if level == LevelName::Warning && view.warning.is_null() {
            continue;
        }
        let word = level.word();
        arns.insert(word.to_owned(), arn(alarms::key(level, Look::Whole)));
        if !view.short_window.is_null() {
            let short = arn(alarms::key(level, Look::Short));
            arns.insert(format!("{word}_short"), short);
        }
    }
    Cfg::Known(arns)
}

fn reference(
    scope: &Scope,
    view: &MonitorConfig,
    arn: impl Fn(&str) -> Cfg<String>,
) -> Cfg<MonitorRefConfig> {
    let unknown = view.short_window.is_unknown();
    let name = |name: String| alarms::telling_name(scope, view, &name);
    Cfg::Known(MonitorRefConfig {
        name: view.name.clone(),
        alarm_name: if unknown {
            Cfg::unknown()
        } else {
            view.name.clone().map(name)
        },
        alarm_arn: if unknown {
            Cfg::unknown()
        } else {
            arn(alarms::telling(view))
        },
    })
}

/// An import knows the texts that a message was rendered to, not its template. A template that gives
/// the same texts is no change.
fn keep_message(prior: &MonitorConfig, view: &mut MonitorConfig) {
    let Cfg::Known(before) = &prior.message else {
        return;
    };
    let with_former = MonitorConfig {
        message: Cfg::Known(before.clone()),
        ..view.clone()
    };
    let same = |level| match (
        levels::description(view, level),
        levels::description(&with_former, level),
    ) {
        (In::Known(now), In::Known(then)) => now == then,
        _ => false,
    };
    let mut levels = LevelName::BOTH.into_iter();
    if levels.all(|level| levels::block(view, level).is_none() || same(level)) {
        view.message = Cfg::Known(before.clone());
    }
}
