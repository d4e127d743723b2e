//! Waiting out what AWS has not told itself yet.
//!
//! IAM tells the other services of a new role some seconds late, and what one call wrote the next
//! call may not see. Such refusals are tried again for a bounded time; every other error stands.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::AwsError;

/// How long ECS may take to learn of a role.
/// Source: facts of terraform-provider-aws, which waits as long for IAM everywhere.
pub(crate) const ROLE: Duration = Duration::from_mins(2);
/// How long IAM may take to learn of a principal, and a service of its own last write.
pub(crate) const WRITE: Duration = Duration::from_secs(20);

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Tries until it succeeds, fails for another reason, or the time is over.
pub(crate) async fn outlast<T, F>(
    span: Duration,
    passes: impl Fn(&AwsError) -> bool,
    attempt: impl Fn() -> F,
) -> Result<T, AwsError>
where
    F: Future<Output = Result<T, AwsError>>,
{
    let deadline = Instant::now() + span;
    let mut pause = FIRST_PAUSE;
    loop {
        match attempt().await {
            Err(error) if passes(&error) && Instant::now() + pause < deadline => {
                tracing::info!(%error, "AWS may not know yet what was just written, trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            outcome => return outcome,
        }
    }
}

/// ECS cannot assume a role yet, still drains a service of the same name, or does not see yet that a rule leads to a
/// target group. For these it has no code of its own: they are `InvalidParameterException`s that differ in their
/// message alone.
pub(crate) fn ecs_not_ready(error: &AwsError) -> bool {
    const SIGNS: [&str; 4] = [
        "unable to assume",
        "service role being passed",
        "still draining",
        "does not have an associated load balancer",
    ];
    is_refusal(error, "InvalidParameterException", &SIGNS)
}

/// ECS does not know a new cluster everywhere yet.
pub(crate) fn unknown_cluster(error: &AwsError) -> bool {
    error.is_code(&["ClusterNotFoundException"])
}

/// RDS is making the role that it has in an account since it is first used there.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html>
pub(crate) fn rds_not_ready(error: &AwsError) -> bool {
    let signs = ["service linked role", "service-linked role"];
    is_refusal(error, "InvalidParameterValue", &signs)
}

/// EC2 cannot assume the role of a flow log yet.
pub(crate) fn flow_logs_not_ready(error: &AwsError) -> bool {
    is_refusal(error, "InvalidParameter", &["unable to assume"])
}

/// Application Auto Scaling does not see yet what it was just told, or may not reach CloudWatch yet.
pub(crate) fn scaling_not_ready(error: &AwsError) -> bool {
    error.is_code(&["ObjectNotFoundException", "FailedResourceAccessException"])
}

/// IAM does not know a principal of a policy yet. A policy that is wrong for good has the same code.
pub(crate) fn unknown_principal(error: &AwsError) -> bool {
    is_refusal(error, "MalformedPolicyDocument", &["invalid principal"])
}

fn is_refusal(error: &AwsError, expected: &str, signs: &[&str]) -> bool {
    let AwsError::Refused { code, message, .. } = error else {
        return false;
    };
    let message = message.to_ascii_lowercase();
    code == expected && signs.iter().any(|sign| message.contains(sign))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn refused(code: &str, message: &str) -> AwsError {
        AwsError::Refused {
            service: "ecs",
            operation: "CreateService".to_owned(),
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_succeeds_once_aws_knows() {
        let tries = AtomicU32::new(0);
        let outcome = outlast(ROLE, ecs_not_ready, async || {
            match tries.fetch_add(1, Ordering::Relaxed) {
                0..4 => Err(refused(
                    "InvalidParameterException",
                    "Unable to assume the service linked role.",
                )),
                count => Ok(count),
            }
        });
        assert_eq!(outcome.await, Ok(4));
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_in_time_with_the_error() {
        let start = Instant::now();
        let error = refused("InvalidParameterException", "unable to assume the role");
        let outcome = outlast(ROLE, ecs_not_ready, async || Err::<(), _>(error.clone())).await;
        assert_eq!(outcome, Err(error.clone()));
        assert!(start.elapsed() <= ROLE && start.elapsed() + LONGEST_PAUSE * 2 > ROLE);
    }

    #[tokio::test(start_paused = true)]
    async fn other_errors_stand_at_once() {
        for error in [
            refused("InvalidParameterException", "no such subnet"),
            refused("ClientException", "unable to assume"),
            AwsError::Timeout {
                what: "unable to assume".to_owned(),
            },
        ] {
            let start = Instant::now();
            let outcome = outlast(ROLE, ecs_not_ready, async || Err::<(), _>(error.clone())).await;
            assert_eq!(outcome.unwrap_err(), error);
            assert_eq!(start.elapsed(), Duration::ZERO);
        }
    }

    #[test]
    fn a_wrong_policy_is_not_a_late_principal() {
        let code = "MalformedPolicyDocument";
        assert!(unknown_principal(&refused(
            code,
            "Invalid principal in policy: \"AWS\":\"arn\""
        )));
        assert!(!unknown_principal(&refused(
            code,
            "Syntax errors in policy."
        )));
    }

    #[test]
    fn rds_makes_its_role_when_it_is_first_used() {
        let late = "Unable to create the resource. Verify that you have permission to create service linked role. Otherwise wait and try again later";
        assert!(rds_not_ready(&refused("InvalidParameterValue", late)));
        let wrong = "The parameter AllocatedStorage must be at least 20";
        assert!(!rds_not_ready(&refused("InvalidParameterValue", wrong)));
    }

    #[test]
    fn a_rule_may_be_late_for_ecs() {
        let late = "The target group with targetGroupArn arn:aws:x does not have an associated load balancer.";
        assert!(ecs_not_ready(&refused("InvalidParameterException", late)));
    }

    #[test]
    fn a_role_of_a_flow_log_may_be_late() {
        let late = "Unable to assume given IAM role";
        assert!(flow_logs_not_ready(&refused("InvalidParameter", late)));
        let wrong = "Invalid value for log group";
        assert!(!flow_logs_not_ready(&refused("InvalidParameter", wrong)));
        assert!(!flow_logs_not_ready(&refused("AccessDenied", late)));
    }
}
