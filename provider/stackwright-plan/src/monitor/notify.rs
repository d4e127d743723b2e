//! Handles in `notify`, and the ARNs that they stand for.

use std::collections::BTreeMap;

use super::rules::{ACTIONS, foreign_region, is_action};
use crate::Monitoring;

/// The handles of a `notify`.
pub(crate) fn handles(notify: &str) -> impl Iterator<Item = &str> {
    notify.split_whitespace()
}

/// The ARNs of a `notify`, each once. A handle that stands for nothing is left out: `problem` says so.
pub(crate) fn actions(monitoring: &Monitoring, notify: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for handle in handles(notify) {
        let arn = match monitoring.notifiers.get(handle) {
            Some(arn) => arn.clone(),
            None if is_action(handle) => handle.to_owned(),
            None => continue,
        };
        if !found.contains(&arn) {
            found.push(arn);
        }
    }
    found
}

/// The `notify` that stands for these ARNs.
pub(crate) fn notify(monitoring: &Monitoring, arns: &[String]) -> String {
    let mut handles: BTreeMap<&str, &str> = BTreeMap::new();
    for (handle, arn) in &monitoring.notifiers {
        handles.entry(arn).or_insert(handle);
    }
    let words: Vec<&str> = arns
        .iter()
        .map(|arn| handles.get(arn.as_str()).copied().unwrap_or(arn))
        .collect();
    words.join(" ")
}

/// What is wrong with the `notify` of a block.
pub(crate) fn problem(
    monitoring: &Monitoring,
    region: &str,
    level: &str,
    notify: &str,
) -> Option<String> {
    let known = |handle: &str| monitoring.notifiers.contains_key(handle) || is_action(handle);
    if let Some(handle) = handles(notify).find(|handle| !known(handle)) {
        let known: Vec<&str> = monitoring.notifiers.keys().map(String::as_str).collect();
        let known = if known.is_empty() {
            "none; add it there with the ARN of an SNS topic".to_owned()
        } else {
            known.join(", ")
        };
        return Some(format!(
            "notify \"{handle}\" is not in provider monitoring.notifiers. Known: {known}."
        ));
    }
    let arns = actions(monitoring, notify);
    let elsewhere = arns
        .iter()
        .find_map(|arn| Some((arn, foreign_region(arn, region)?)));
    if let Some((arn, there)) = elsewhere {
        return Some(format!(
            "{level}.notify leads to {arn} in {there}; an alarm in {region} runs actions of its own region only. Give a topic in {region}."
        ));
    }
    let count = arns.len();
    (count > ACTIONS).then(|| {
        format!("{level}.notify has {count} handles; an alarm can run {ACTIONS} actions per state. Group them behind one topic.")
    })
}

/// What is wrong when missing data is told to both levels at once.
pub(crate) fn no_data_problem(union: &[String]) -> Option<String> {
    let count = union.len();
    (count > ACTIONS).then(|| {
        format!("no_data = \"notify\" tells the {count} handles of warning and critical together; an alarm can run {ACTIONS} actions per state. Group them behind one topic.")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn topic(name: &str) -> String {
        format!("arn:aws:sns:us-west-2:111111111111:{name}")
    }

    fn wrong(monitoring: &Monitoring, notify: &str) -> Option<String> {
        problem(monitoring, "us-west-2", "critical", notify)
    }

    fn monitoring() -> Monitoring {
        let entry = |handle: &str, name: &str| (handle.to_owned(), topic(name));
        Monitoring {
            namespace: None,
            notifiers: BTreeMap::from([
                entry("@pagerduty", "page"),
                entry("@slack-team-infra", "infra"),
            ]),
        }
    }

    #[test]
    fn handles_stand_for_their_arns_and_arns_for_themselves() {
        let notify = format!("@slack-team-infra  @pagerduty {} @pagerduty", topic("raw"));
        assert_eq!(
            actions(&monitoring(), &notify),
            [topic("infra"), topic("page"), topic("raw")]
        );
        assert_eq!(wrong(&monitoring(), &notify), None);
    }

    #[test]
    fn actions_are_in_the_region_of_the_alarm() {
        let there = "arn:aws:sns:eu-west-1:111111111111:page";
        assert_eq!(
            wrong(&monitoring(), there).unwrap(),
            "critical.notify leads to arn:aws:sns:eu-west-1:111111111111:page in eu-west-1; an alarm in us-west-2 runs actions of its own region only. Give a topic in us-west-2."
        );
        let anywhere = "arn:aws:ssm-incidents::111111111111:response-plan/x";
        assert_eq!(wrong(&monitoring(), anywhere), None);
    }

    #[test]
    fn an_unknown_handle_is_refused_with_those_that_are_known() {
        let problem = wrong(&monitoring(), "@pagerdutty").unwrap();
        assert_eq!(
            problem,
            "notify \"@pagerdutty\" is not in provider monitoring.notifiers. Known: @pagerduty, @slack-team-infra."
        );
        let none = wrong(&Monitoring::default(), "@x").unwrap();
        assert!(none.contains("Known: none"), "{none}");
    }

    #[test]
    fn six_handles_are_too_many() {
        let notify: Vec<String> = (0..6).map(|at| topic(&at.to_string())).collect();
        let problem = wrong(&monitoring(), &notify.join(" ")).unwrap();
        assert_eq!(
            problem,
            "critical.notify has 6 handles; an alarm can run 5 actions per state. Group them behind one topic."
        );
        assert!(no_data_problem(&notify).unwrap().contains("6 handles"));
        assert_eq!(no_data_problem(&notify[1..]), None);
    }

    #[test]
    fn arns_become_handles_again() {
        let arns = [topic("page"), topic("raw")];
        assert_eq!(
            notify(&monitoring(), &arns),
            format!("@pagerduty {}", topic("raw"))
        );
    }
}
