//! Whether load balancers find the tasks of a service well.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    TargetHealth, TargetHealthDescription, TargetHealthReasonEnum, TargetHealthStateEnum,
};

use crate::call::Op;
use crate::{Aws, AwsError, target_group};

const DESCRIBE: Op = Op::new("elasticloadbalancing", "DescribeTargetHealth");

/// How a target group finds the tasks.
pub(crate) enum Health {
    /// So many are as wanted.
    Good,
    /// Nothing leads to it, so nobody asks: while requests move, rules leave the old group before the service does, and AWS then calls
    /// its targets `unused`.
    NotAsked,
    /// What is waited for, and how it stands.
    Waiting(String),
}

/// Asks whether as many targets are healthy as tasks run.
pub(crate) async fn look(aws: &Aws, group: &str, tasks: i32) -> Result<Health, AwsError> {
    let wanted = usize::try_from(tasks).unwrap_or(0);
    let request = aws.elbv2().describe_target_health();
    let request = request.target_group_arn(group).send();
    let answer = aws.call(DESCRIBE, request).await?;
    let states = states(answer.target_health_descriptions());
    let healthy = states.get("healthy").copied().unwrap_or(0);
    if healthy >= wanted {
        Ok(Health::Good)
    } else if states.contains_key(UNUSED) && !target_group::is_used(aws, group).await? {
        Ok(Health::NotAsked)
    } else {
        Ok(Health::Waiting(what(group, wanted, &states)))
    }
}

const UNUSED: &str = "unused (Target.NotInUse)";

/// How many targets are in which state, with the reason of those that are not well.
fn states(targets: &[TargetHealthDescription]) -> BTreeMap<String, usize> {
    let mut states = BTreeMap::new();
    for health in targets
        .iter()
        .filter_map(TargetHealthDescription::target_health)
    {
        *states.entry(state(health)).or_default() += 1;
    }
    states
}

fn state(health: &TargetHealth) -> String {
    let state = health
        .state()
        .map_or("unknown", TargetHealthStateEnum::as_str);
    match health.reason().map(TargetHealthReasonEnum::as_str) {
        Some(reason) if state != "healthy" => format!("{state} ({reason})"),
        _ => state.to_owned(),
    }
}

fn what(group: &str, wanted: usize, states: &BTreeMap<String, usize>) -> String {
    let healthy = states.get("healthy").copied().unwrap_or(0);
    let others = states.iter().filter(|(state, _)| *state != "healthy");
    let others: Vec<String> = others
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    let rest = if others.is_empty() {
        String::new()
    } else {
        format!("; {}", others.join(", "))
    };
    let name = group.rsplit('/').nth(1).unwrap_or(group);
    format!("target group {name} to find the tasks well ({healthy} of {wanted} are healthy{rest})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_says_how_it_stands() {
        let health = |state, reason| {
            let health = TargetHealth::builder().state(state).set_reason(reason);
            let target = TargetHealthDescription::builder();
            target.target_health(health.build()).build()
        };
        let codes = Some(TargetHealthReasonEnum::ResponseCodeMismatch);
        let seen = states(&[
            health(TargetHealthStateEnum::Healthy, None),
            health(TargetHealthStateEnum::Unhealthy, codes),
        ]);
        assert_eq!(
            what(
                "arn:aws:elasticloadbalancing:x:y:targetgroup/shop/1",
                2,
                &seen
            ),
            "target group shop to find the tasks well (1 of 2 are healthy; 1 unhealthy (Target.ResponseCodeMismatch))"
        );
    }
}
