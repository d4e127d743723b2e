//! Who is told when, by a monitor with two levels.
//!
//! No emulator plays alarms, so the three alarms of a monitor are played here, by a small fake with
//! its own clock. It is ours, not AWS: what it knows of suppression is what the CloudWatch user guide
//! says of `WaitPeriod` and `ExtensionPeriod`.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::tests::{components, segment, with};

/// Seconds between two evaluations of an alarm.
const EVALUATION: u32 = 60;
/// The critical alarm is evaluated this many seconds after that of `warning`.
const SKEW: u32 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Alarm,
    NoData,
}

/// One notification: second, topic, alarm, and the state that it tells.
type Told = (u32, String, &'static str, State);

/// An action of the composite that has not run.
#[derive(Debug, Clone, Copy)]
enum Pending {
    /// Runs at this second.
    At(u32),
    /// Until the suppressor leaves its alarm.
    Suppressed,
}

struct Fake {
    alarms: BTreeMap<String, Json>,
    states: BTreeMap<&'static str, State>,
    pending: Option<Pending>,
    told: Vec<Told>,
}

impl Fake {
    /// All three alarms in `OK`.
    fn new(monitor: &Json) -> Self {
        Self {
            alarms: components(monitor),
            states: ["alarm.critical", "alarm.warning", "composite"]
                .map(|key| (key, State::Ok))
                .into(),
            pending: None,
            told: Vec::new(),
        }
    }

    /// Plays the values, each for five minutes. What was told, each second as the count since the
    /// value that caused it.
    fn play(monitor: &Json, values: &[Option<f64>]) -> Vec<Vec<Told>> {
        let mut fake = Self::new(monitor);
        let each = 5 * EVALUATION;
        let mut rounds = Vec::new();
        for (round, value) in (0_u32..).zip(values) {
            let start = round * each;
            for second in start..start + each {
                fake.tick(second, *value);
            }
            let told = std::mem::take(&mut fake.told).into_iter();
            rounds.push(
                told.map(|(second, topic, alarm, state)| (second - start, topic, alarm, state))
                    .collect(),
            );
        }
        rounds
    }

    fn tick(&mut self, second: u32, value: Option<f64>) {
        if second.is_multiple_of(EVALUATION) {
            self.evaluate(second, "alarm.warning", value);
            self.follow(second);
        }
        if second % EVALUATION == SKEW {
            let before = self.states["alarm.critical"];
            self.evaluate(second, "alarm.critical", value);
            self.suppress(second, before);
        }
        if matches!(self.pending, Some(Pending::At(due)) if due <= second) {
            self.pending = None;
            self.tell(second, "composite");
        }
    }

    /// A metric alarm sees a value.
    fn evaluate(&mut self, second: u32, alarm: &'static str, value: Option<f64>) {
        let desired = &self.alarms[alarm];
        assert_eq!(desired["comparison_operator"], "GreaterThanThreshold");
        let state = match value {
            Some(value) if value > desired["threshold"].as_f64().unwrap() => State::Alarm,
            Some(_) => State::Ok,
            None => {
                assert_eq!(desired["treat_missing_data"], "missing");
                State::NoData
            }
        };
        if self.states.insert(alarm, state) != Some(state) {
            self.tell(second, alarm);
        }
    }

    /// The composite follows its rule.
    fn follow(&mut self, second: u32) {
        let rule = self.alarms["composite"]["alarm_rule"].as_str().unwrap();
        let child = self.alarms["alarm.warning"]["alarm_name"].as_str().unwrap();
        assert_eq!(rule, format!("ALARM(\"{child}\")"));
        let state = match self.states["alarm.warning"] {
            State::Alarm => State::Alarm,
            State::Ok | State::NoData => State::Ok,
        };
        if self.states.insert("composite", state) == Some(state) {
            return;
        }
        self.pending = Some(if self.states[self.suppressor()] == State::Alarm {
            Pending::Suppressed
        } else {
            Pending::At(second + self.period("wait"))
        });
    }

    /// The composite follows its suppressor, which was in another state before.
    fn suppress(&mut self, second: u32, before: State) {
        let now = self.states[self.suppressor()];
        match (before == State::Alarm, now == State::Alarm) {
            (false, true) if self.pending.is_some() => self.pending = Some(Pending::Suppressed),
            // In its extension it acts on the state that it then has.
            (true, false) => self.pending = Some(Pending::At(second + self.period("extension"))),
            _ => {}
        }
    }

    fn suppressor(&self) -> &'static str {
        let named = &self.alarms["composite"]["actions_suppressor"]["$from"][0];
        assert_eq!(named, "alarm.critical");
        "alarm.critical"
    }

    fn period(&self, which: &str) -> u32 {
        let field = format!("actions_suppressor_{which}_period");
        let seconds = self.alarms["composite"][&field].as_u64().unwrap();
        u32::try_from(seconds).unwrap()
    }

    fn tell(&mut self, second: u32, alarm: &'static str) {
        let state = self.states[alarm];
        let field = match state {
            State::Ok => "ok_actions",
            State::Alarm => "alarm_actions",
            State::NoData => "insufficient_data_actions",
        };
        for arn in self.alarms[alarm][field].as_array().into_iter().flatten() {
            let topic = arn.as_str().unwrap().rsplit(':').next().unwrap();
            self.told.push((second, topic.to_owned(), alarm, state));
        }
    }
}

/// Warning above 10 to `infra`, critical above 50 to `page`: nobody is told by both.
fn monitor() -> Json {
    with(&json!({ "critical": { "threshold": 50, "notify": "@pagerduty" }, "no_data": "notify" }))
}

const QUIET: Option<f64> = Some(1.0);
const WARNING: Option<f64> = Some(20.0);
const CRITICAL: Option<f64> = Some(70.0);

fn last(values: &[Option<f64>]) -> Vec<Told> {
    Fake::play(&monitor(), values).pop().unwrap()
}

fn infra(second: u32, state: State) -> Told {
    (second, "infra".to_owned(), "composite", state)
}

fn page(state: State) -> Told {
    (SKEW, "page".to_owned(), "alarm.critical", state)
}

#[test]
fn a_warning_is_told_after_the_wait() {
    assert_eq!(last(&[QUIET, WARNING]), [infra(60, State::Alarm)]);
}

#[test]
fn what_is_critical_at_once_is_told_at_once_and_only_to_its_handles() {
    assert_eq!(last(&[QUIET, CRITICAL]), [page(State::Alarm)]);
}

#[test]
fn a_warning_that_gets_worse_is_told_to_the_handles_of_critical_without_a_false_recovery() {
    assert_eq!(last(&[QUIET, WARNING, CRITICAL]), [page(State::Alarm)]);
}

#[test]
fn what_is_critical_no_more_is_a_warning_after_the_extension() {
    assert_eq!(
        last(&[QUIET, CRITICAL, WARNING]),
        [page(State::Ok), infra(SKEW + 60, State::Alarm)]
    );
}

#[test]
fn a_recovery_is_told_to_the_handles_of_critical_and_after_the_wait_to_those_of_warning() {
    assert_eq!(
        last(&[QUIET, CRITICAL, QUIET]),
        [page(State::Ok), infra(SKEW + 60, State::Ok)]
    );
    assert_eq!(last(&[QUIET, WARNING, QUIET]), [infra(60, State::Ok)]);
}

#[test]
fn missing_data_is_told_to_all_by_the_alarm_of_critical_alone() {
    let told = last(&[QUIET, None]);
    let topics: Vec<&str> = told.iter().map(|(_, topic, ..)| topic.as_str()).collect();
    assert_eq!(topics, ["page", "infra"]);
    assert!(
        told.iter()
            .all(|(_, _, alarm, state)| *alarm == "alarm.critical" && *state == State::NoData)
    );
}

/// With a shorter wait than the skew, a warning would be told just before what is critical.
#[test]
fn the_wait_absorbs_that_alarms_are_evaluated_one_after_the_other() {
    let mut hasty = monitor();
    hasty["suppression"] = json!({ "wait": 10, "extension": 60 });
    let told = Fake::play(&hasty, &[QUIET, CRITICAL]).pop().unwrap();
    assert_eq!(told, [infra(10, State::Alarm), page(State::Alarm)]);
}

#[test]
fn segments_example_tells_a_handle_that_both_levels_name_once_for_each() {
    let rounds = Fake::play(&segment(), &[QUIET, WARNING, CRITICAL]);
    let count = |round: usize| rounds[round].len();
    assert_eq!((count(0), count(1), count(2)), (0, 1, 2), "{rounds:?}");
}
