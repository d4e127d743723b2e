//! The AWS objects of a monitor.
//!
//! Created one after the other: the alarm of `critical`, that of `warning`, then the composite that
//! names both. With `short_window` each level has a second alarm, and `critical` a composite, too.
//! AWS wants them deleted the other way round.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin_types::Cfg;

use super::message::Level;
use super::shape::{Ask, Shape, Time};
use super::{MonitorConfig, MonitorResource, levels, rules, series};
use crate::component::{
    AnomalyDetector, CompositeAlarm, EventRule, LogMetricFilter, MetricAlarm, Tags,
};
use crate::resource::{Resource as _, known_map};
use crate::{Graph, In, ResourceId, Scope, name, tag};

pub(crate) const COMPOSITE: &str = "composite";
pub(crate) const CRITICAL_COMPOSITE: &str = "composite_critical";
pub(crate) const DETECTOR: &str = "anomaly_detector";
pub(crate) const FILTER: &str = "metric_filter";
pub(crate) const RULE: &str = "event_rule";

/// How far an alarm looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Over `time_window`.
    Whole,
    /// Over `short_window`.
    Short,
}

/// Key of a level's alarm.
pub(crate) const fn key(level: Level, look: Look) -> &'static str {
    match (level, look) {
        (Level::Critical, Look::Whole) => "alarm.critical",
        (Level::Critical, Look::Short) => "alarm.critical_short",
        (Level::Warning, Look::Whole) => "alarm.warning",
        (Level::Warning, Look::Short) => "alarm.warning_short",
    }
}

/// What stands behind the monitor's name in the name of a level's alarm.
const fn suffix(level: Level, look: Look) -> &'static str {
    match (level, look) {
        (Level::Critical, Look::Whole) => " [critical]",
        (Level::Critical, Look::Short) => " [critical short window]",
        (Level::Warning, Look::Whole) => " [warning threshold]",
        (Level::Warning, Look::Short) => " [warning short window]",
    }
}

/// What stands behind the monitor's name in the name of the alarm that tells `critical` when there is a short window.
const BOTH_WINDOWS: &str = " [critical both windows]";

/// Name of a level's alarm.
pub(crate) fn name(scope: &Scope, monitor: &str, level: Level, look: Look) -> String {
    prefixed(scope, monitor) + suffix(level, look)
}

/// Name of the alarm that tells `warning` when there are two levels.
pub(crate) fn composite_name(scope: &Scope, monitor: &str) -> String {
    prefixed(scope, monitor) + " [warning]"
}

/// Name of the alarm that tells `critical` when there is a short window.
pub(crate) fn critical_composite_name(scope: &Scope, monitor: &str) -> String {
    prefixed(scope, monitor) + BOTH_WINDOWS
}

/// The longest end of the names of the monitor's alarms.
pub(crate) fn longest_suffix(view: &MonitorConfig) -> &'static str {
    match (view.warning.is_null(), view.short_window.known()) {
        (_, Some(_)) => BOTH_WINDOWS,
        (true, None) => suffix(Level::Critical, Look::Whole),
        (false, None) => suffix(Level::Warning, Look::Whole),
    }
}

/// The alarm of `critical` that tells, and that keeps `warning` quiet.
pub(crate) fn telling(view: &MonitorConfig) -> &'static str {
    if view.short_window.is_null() {
        key(Level::Critical, Look::Whole)
    } else {
        CRITICAL_COMPOSITE
    }
}

/// Name of the same.
pub(crate) fn telling_name(scope: &Scope, view: &MonitorConfig, monitor: &str) -> String {
    if view.short_window.is_null() {
        name(scope, monitor, Level::Critical, Look::Whole)
    } else {
        critical_composite_name(scope, monitor)
    }
}

fn prefixed(scope: &Scope, monitor: &str) -> String {
    name::alarm_prefix(&scope.project, &scope.environment) + monitor
}

/// Name of the metric filter of a log monitor: filters take no `:`.
pub(crate) fn filter_name(scope: &Scope, monitor: &str) -> String {
    let shown = monitor.replace(':', "-");
    name::unique(
        &[&scope.project, &scope.environment, &shown],
        &[monitor],
        name::METRIC_FILTER,
    )
}

/// Name of the rule of an event monitor: rules take letters, digits and . - _ only.
pub(crate) fn rule_name(scope: &Scope, monitor: &str) -> String {
    let takes = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let shown = monitor.replace(|c| !takes(c), "-");
    name::unique(
        &[&scope.project, &scope.environment, &shown],
        &[monitor],
        name::EVENT_RULE,
    )
}

/// Whether a composite alarm tells `warning`: with `by` it could not keep groups apart.
pub(crate) fn has_composite(view: &MonitorConfig) -> Option<bool> {
    Some(!view.warning.is_null() && !view.is_grouped()?)
}

/// How missing data is treated, and whether somebody is told.
pub(crate) fn missing(view: &MonitorConfig, ask: &Ask) -> Option<(&'static str, bool)> {
    let treatment = match &view.no_data {
        Cfg::Unknown(_) => return None,
        Cfg::Null => return Some((unsaid(ask), false)),
        Cfg::Known(no_data) => match no_data.as_str() {
            "ignore" => "ignore",
            "ok" => "notBreaching",
            "alert" => "breaching",
            _ => "missing",
        },
    };
    let told = view.no_data.known().is_some_and(|it| it == "notify");
    Some((treatment, told))
}

/// As in Datadog: a sum without data is 0.
pub(crate) const fn unsaid(ask: &Ask) -> &'static str {
    match (ask.time, ask.above) {
        (Time::Sum, true) => "notBreaching",
        (Time::Sum, false) => "breaching",
        _ => "missing",
    }
}

/// What planning needs.
struct Inputs<'a> {
    scope: &'a Scope,
    view: &'a MonitorConfig,
    name: &'a str,
    id: ResourceId,
    ask: Ask,
    shape: Shape,
    /// The same over `short_window`.
    short: Option<Shape>,
    user_tags: Tags,
}

/// All objects; `None` while something unknown decides which there are.
pub(crate) fn graph(scope: &Scope, view: &MonitorConfig) -> Option<Graph> {
    let name = view.name.known()?;
    let ask = series::ask(view)?;
    let inputs = Inputs {
        scope,
        view,
        name,
        id: ResourceId::new(
            MonitorResource::TYPE,
            format!("{}/{name}", scope.environment),
        ),
        shape: ask.shape().ok()?,
        short: series::short(view, &ask)?
            .map(|short| short.shape())
            .transpose()
            .ok()?,
        ask,
        user_tags: known_map(&view.common.0.tags)?,
    };
    let mut graph = Graph::default();
    inputs.filter(&mut graph)?;
    inputs.rule(&mut graph)?;
    inputs.detector(&mut graph)?;
    inputs.level(&mut graph, Level::Critical)?;
    if inputs.short.is_some() {
        inputs.critical_composite(&mut graph);
    }
    if !view.warning.is_null() {
        inputs.level(&mut graph, Level::Warning)?;
    }
    if has_composite(view)? {
        inputs.composite(&mut graph)?;
    }
    Some(graph)
}

impl Inputs<'_> {
    fn tags(&self, component: &str, label: &str) -> Tags {
        let mut tags = self.scope.tags(&self.id, component, None, &self.user_tags);
        tags.insert(tag::NAME.to_owned(), label.to_owned());
        tags
    }

    fn alarm_arn(&self, name: &str) -> String {
        self.scope.arn("cloudwatch", &format!("alarm:{name}"))
    }

    /// The alarms on metrics of a level.
    fn level(&self, graph: &mut Graph, level: Level) -> Option<()> {
        self.alarm(graph, level, Look::Whole, &self.shape)?;
        match &self.short {
            Some(shape) => self.alarm(graph, level, Look::Short, shape),
            None => Some(()),
        }
    }

    fn alarm(&self, graph: &mut Graph, level: Level, look: Look, shape: &Shape) -> Option<()> {
        let alarm = self.metric_alarm(level, look, shape)?;
        let alarm_name = alarm.alarm_name.clone();
        let has_detector = graph.nodes.contains_key(&DETECTOR.into());
        let node = graph
            .add(key(level, look), &alarm)
            .predict("arn", self.alarm_arn(&alarm_name))
            .predict("name", alarm_name);
        if has_detector {
            node.after(DETECTOR);
        }
        match (level, look) {
            (Level::Critical, Look::Whole) => drop(node.main()),
            (Level::Warning, Look::Whole) => drop(node.after(telling(self.view))),
            (_, Look::Short) => drop(node.after(key(level, Look::Whole))),
        }
        Some(())
    }

    fn metric_alarm(&self, level: Level, look: Look, shape: &Shape) -> Option<MetricAlarm> {
        let Self {
            scope, view, ask, ..
        } = self;
        let limit = levels::limit(view, level);
        let watched = series::watched(view, ask, shape, &limit)?;
        let alarm_name = name(scope, self.name, level, look);
        let anomaly = view.is_anomaly();
        let (treatment, told) = missing(view, ask)?;
        let actions = self.actions(level)?;
        let percentile = !watched.extended_statistic.is_empty();
        Some(MetricAlarm {
            alarm_description: levels::description(view, level),
            actions_enabled: true,
            ok_actions: beside_alarm(&actions, false),
            alarm_actions: actions,
            insufficient_data_actions: if told && (level, look) == (Level::Critical, Look::Whole) {
                beside_alarm(&levels::all_actions(scope, view), false)
            } else {
                In::Known(Vec::new())
            },
            namespace: watched.namespace,
            metric_name: watched.metric_name,
            dimensions: if view.is_event() {
                In::Known(self.rule_series())
            } else {
                watched.dimensions
            },
            statistic: watched.statistic,
            extended_statistic: watched.extended_statistic,
            period: series::whole(watched.period),
            metrics: watched.metrics,
            threshold_metric_id: text_if(anomaly, series::BAND),
            evaluation_periods: series::whole(shape.periods),
            datapoints_to_alarm: series::whole(shape.datapoints),
            threshold: (!anomaly).then(|| levels::threshold(view, level)),
            comparison_operator: self.comparison()?.to_owned(),
            treat_missing_data: treatment.to_owned(),
            evaluate_low_sample_count_percentile: text_if(percentile, "evaluate"),
            warm_up_minutes: series::whole(view.warm_up.known_or(0)?),
            tags: self.tags(key(level, look), &alarm_name),
            alarm_name,
        })
    }

    /// Below a composite an alarm tells nobody itself.
    fn actions(&self, level: Level) -> Option<In<Vec<String>>> {
        let silent = self.short.is_some() || level == Level::Warning && has_composite(self.view)?;
        Some(if silent {
            In::Known(Vec::new())
        } else {
            levels::actions(self.scope, self.view, level)
        })
    }

    fn comparison(&self) -> Option<&'static str> {
        if self.view.is_anomaly() {
            let direction = self.view.anomaly.known()?.direction.known()?;
            return Some(match direction.as_str() {
                "above" => "GreaterThanUpperThreshold",
                "below" => "LessThanLowerThreshold",
                _ => "LessThanLowerOrGreaterThanUpperThreshold",
            });
        }
        Some(match self.view.operator.known()?.as_str() {
            ">" => "GreaterThanThreshold",
            ">=" => "GreaterThanOrEqualToThreshold",
            "<" => "LessThanThreshold",
            _ => "LessThanOrEqualToThreshold",
        })
    }

    /// Fires while all alarms of a level do.
    fn rule_of(&self, level: Level) -> String {
        let alarm = |look| format!("ALARM(\"{}\")", name(self.scope, self.name, level, look));
        match self.short {
            Some(_) => alarm(Look::Whole) + " AND " + &alarm(Look::Short),
            None => alarm(Look::Whole),
        }
    }

    /// The alarm of a level that all of its alarms on metrics come before.
    const fn last(&self, level: Level) -> &'static str {
        let look = if self.short.is_some() {
            Look::Short
        } else {
            Look::Whole
        };
        key(level, look)
    }

    /// Tells `critical` while both of its alarms fire.
    fn critical_composite(&self, graph: &mut Graph) {
        let name = critical_composite_name(self.scope, self.name);
        let composite = self.tells(Level::Critical, CRITICAL_COMPOSITE, name);
        self.add_composite(graph, Level::Critical, CRITICAL_COMPOSITE, &composite);
    }

    /// Tells `warning` unless `critical` fires.
    fn composite(&self, graph: &mut Graph) -> Option<()> {
        let name = composite_name(self.scope, self.name);
        let (wait, extension) = waits(self.view)?;
        let composite = CompositeAlarm {
            actions_suppressor: In::From(telling(self.view).into(), "arn"),
            actions_suppressor_wait_period: series::whole(wait),
            actions_suppressor_extension_period: series::whole(extension),
            ..self.tells(Level::Warning, COMPOSITE, name)
        };
        self.add_composite(graph, Level::Warning, COMPOSITE, &composite);
        Some(())
    }

    /// A composite alarm over those of a level, which nothing keeps quiet.
    fn tells(&self, level: Level, component: &str, alarm_name: String) -> CompositeAlarm {
        let actions = levels::actions(self.scope, self.view, level);
        CompositeAlarm {
            alarm_description: levels::description(self.view, level),
            alarm_rule: self.rule_of(level),
            actions_enabled: true,
            ok_actions: beside_alarm(&actions, true),
            alarm_actions: actions,
            actions_suppressor: In::Known(String::new()),
            actions_suppressor_wait_period: 0,
            actions_suppressor_extension_period: 0,
            tags: self.tags(component, &alarm_name),
            alarm_name,
        }
    }

    fn add_composite(
        &self,
        graph: &mut Graph,
        level: Level,
        component: &'static str,
        composite: &CompositeAlarm,
    ) {
        graph
            .add(component, composite)
            .after(self.last(level))
            .predict("arn", self.alarm_arn(&composite.alarm_name))
            .predict("name", composite.alarm_name.clone());
    }

    /// The model under the bands of both levels.
    fn detector(&self, graph: &mut Graph) -> Option<()> {
        if !self.view.is_anomaly() {
            return Some(());
        }
        let detector = AnomalyDetector {
            namespace: self.view.namespace.known()?.clone(),
            metric_name: series::metric(self.view)?,
            dimensions: series::dimensions(self.view),
            stat: self.shape.stat.clone(),
        };
        graph.add(DETECTOR, &detector);
        Some(())
    }

    /// What CloudWatch tells the events of one rule by.
    fn rule_series(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("RuleName".to_owned(), rule_name(self.scope, self.name))])
    }

    fn rule(&self, graph: &mut Graph) -> Option<()> {
        if !self.view.is_event() {
            return Some(());
        }
        let rule_name = rule_name(self.scope, self.name);
        let rule = EventRule {
            rule_name: rule_name.clone(),
            description: format!("Events that the monitor {} counts", self.name),
            event_pattern: pattern(&self.view.event.known()?.pattern)?,
            enabled: true,
        };
        let arn = self.scope.arn("events", &format!("rule/{rule_name}"));
        graph
            .add(RULE, &rule)
            .predict("arn", arn)
            .predict("name", rule_name);
        Some(())
    }

    fn filter(&self, graph: &mut Graph) -> Option<()> {
        if !self.view.is_log() {
            return Some(());
        }
        let log = self.view.log.known()?;
        let default = match &log.default_value {
            Cfg::Null => String::new(),
            Cfg::Known(number) => number.to_string(),
            Cfg::Unknown(_) => return None,
        };
        let filter_name = filter_name(self.scope, self.name);
        let filter = LogMetricFilter {
            filter_name: filter_name.clone(),
            log_group_name: In::cfg(&log.group),
            filter_pattern: In::cfg(&log.pattern),
            metric_namespace: self.view.namespace.known()?.clone(),
            metric_name: series::metric(self.view)?,
            metric_value: In::cfg(&log.value),
            default_value: default,
            dimensions: known_map(&log.dimensions)?,
        };
        graph.add(FILTER, &filter).predict("name", filter_name);
        Some(())
    }
}

/// A pattern as JSON, so that spaces and the order of fields mean nothing.
fn pattern(text: &Cfg<String>) -> Option<In<Json>> {
    match text {
        Cfg::Known(text) => serde_json::from_str(text).ok().map(In::Known),
        Cfg::Unknown(_) => Some(In::Unknown),
        Cfg::Null => None,
    }
}

/// Those of the actions that AWS takes for other states than ALARM.
fn beside_alarm(actions: &In<Vec<String>>, composite: bool) -> In<Vec<String>> {
    match actions {
        In::Known(arns) => {
            let arns = arns
                .iter()
                .filter(|arn| rules::runs_beside_alarm(arn, composite));
            In::Known(arns.cloned().collect())
        }
        other => other.clone(),
    }
}

fn text_if(wanted: bool, text: &str) -> String {
    if wanted {
        text.to_owned()
    } else {
        String::new()
    }
}

/// Seconds that `warning` waits, before and after `critical`. AWS recommends a minute each.
pub(crate) fn waits(view: &MonitorConfig) -> Option<(i64, i64)> {
    match &view.suppression {
        Cfg::Null => Some((60, 60)),
        Cfg::Known(given) => Some((given.wait.known_or(60)?, given.extension.known_or(60)?)),
        Cfg::Unknown(_) => None,
    }
}

/// The dimensions of a map that is known, for the text of the plan.
pub(crate) fn dimension_names(map: &Cfg<BTreeMap<String, Cfg<String>>>) -> Vec<String> {
    map.known()
        .map(|map| map.keys().cloned().collect())
        .unwrap_or_default()
}
