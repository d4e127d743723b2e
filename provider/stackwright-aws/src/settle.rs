//! Waiting for AWS to catch up: new objects that are not seen yet, old ones that are still in use.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::loader::{Loader, Source};
use crate::{Aws, AwsError, Freshness, Recorded, Wait};

/// How long AWS may take to know everywhere what it made.
const YOUNG: Duration = Duration::from_mins(1);
/// How long a new object may be invisible to reads.
const INVISIBLE: Duration = Duration::from_secs(15);
/// Pause between questions about new objects.
const PAUSE: Duration = Duration::from_millis(500);
/// Pause between attempts to delete.
const DELETE_PAUSE: Duration = Duration::from_secs(3);
/// A line in the log this often.
const LINE: Duration = Duration::from_secs(10);

/// What AWS says of an id that it has not heard of yet, or no more.
const NOT_KNOWN: &[&str] = &[
    "CertificateNotFound",
    "InvalidAllocationID.NotFound",
    "InvalidGatewayID.NotFound",
    "InvalidGroup.NotFound",
    "InvalidInternetGatewayID.NotFound",
    "InvalidNatGatewayID.NotFound",
    "InvalidRouteTableID.NotFound",
    "InvalidSecurityGroup",
    "InvalidSecurityGroupRuleId.NotFound",
    "InvalidSubnetID.NotFound",
    "InvalidVpcID.NotFound",
    "ListenerNotFound",
    "LoadBalancerNotFound",
    "NatGatewayNotFound",
    "SubnetNotFound",
];

/// What AWS says when something still uses the object.
const IN_USE: &[&str] = &[
    "DependencyViolation",
    "InvalidCidrBlock.InUse",
    "InvalidGroup.InUse",
    "InvalidIPAddress.InUse",
    "ResourceInUse",
    "ResourceInUseException",
];

/// Objects that this process made, and when.
#[derive(Debug, Default)]
pub(crate) struct Newborns {
    born: Mutex<HashMap<String, Instant>>,
}

impl Newborns {
    /// It was made just now.
    pub(crate) fn note(&self, id: &str) {
        self.lock().insert(id.to_owned(), Instant::now());
    }

    /// It was deleted.
    pub(crate) fn forget(&self, id: &str) {
        self.lock().remove(id);
    }

    fn younger_than(&self, id: &str, age: Duration) -> bool {
        self.lock().get(id).is_some_and(|born| born.elapsed() < age)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instant>> {
        self.born.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The recorded id.
pub(crate) fn id(recorded: &Recorded) -> Option<&str> {
    recorded
        .get("id")
        .map(String::as_str)
        .filter(|id| !id.is_empty())
}

/// Outputs with only an id.
pub(crate) fn outputs(id: &str) -> Recorded {
    Recorded::from([("id".to_owned(), id.to_owned())])
}

/// Reads by id; asks a few times about an object that this process made just now.
pub(crate) async fn get<S: Source<Key = String>>(
    aws: &Aws,
    loader: &Loader<S>,
    id: &str,
    freshness: Freshness,
) -> Result<Option<S::Item>, AwsError> {
    loop {
        let found = loader.get(aws, &id.to_owned(), freshness).await?;
        if found.is_some() || !aws.newborns.younger_than(id, INVISIBLE) {
            return Ok(found);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Asks a few times about an object that this process made just now, while there is no answer.
pub(crate) async fn seen<T, F>(
    aws: &Aws,
    id: &str,
    mut ask: impl FnMut() -> F,
) -> Result<Vec<T>, AwsError>
where
    F: Future<Output = Result<Vec<T>, AwsError>>,
{
    loop {
        let found = ask().await?;
        if !found.is_empty() || !aws.newborns.younger_than(id, INVISIBLE) {
            return Ok(found);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Makes a call again while AWS does not know one of these ids although this process made it.
pub(crate) fn once_known<'a, T, F, A>(
    aws: &'a Aws,
    ids: &[&str],
    mut attempt: A,
) -> impl Future<Output = Result<T, AwsError>> + use<'a, T, F, A>
where
    F: Future<Output = Result<T, AwsError>>,
    A: FnMut() -> F,
{
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let young = move || ids.iter().any(|id| aws.newborns.younger_than(id, YOUNG));
    async move {
        loop {
            match attempt().await {
                Err(error) if error.is_code(NOT_KNOWN) && young() => {
                    tokio::time::sleep(PAUSE).await;
                }
                answer => return answer,
            }
        }
    }
}

/// Deletes: again while something still uses the object; one that is gone already is success.
pub(crate) async fn delete<T, F>(
    aws: &Aws,
    id: &str,
    gone: &[&str],
    wait: &Wait,
    mut attempt: impl FnMut() -> F,
) -> Result<(), AwsError>
where
    F: Future<Output = Result<T, AwsError>>,
{
    let mut said = None;
    let result = loop {
        match attempt().await {
            Ok(_) => break Ok(()),
            Err(error) if error.is_code(gone) => break Ok(()),
            Err(error) if is_in_use(&error) => blocked(id, &error, &mut said, wait).await?,
            Err(error) => break Err(error),
        }
    };
    aws.newborns.forget(id);
    result
}

/// Whether AWS refused to delete an object because something uses it.
pub(crate) fn is_in_use(error: &AwsError) -> bool {
    error.is_code(IN_USE)
}

/// Waits a little; says every ten seconds what blocks.
async fn blocked(
    id: &str,
    error: &AwsError,
    said: &mut Option<Instant>,
    wait: &Wait,
) -> Result<(), AwsError> {
    if said.is_none_or(|at| at.elapsed() >= LINE) {
        tracing::info!(%id, %error, "cannot be deleted yet, something still uses it");
        *said = Some(Instant::now());
    }
    wait.pause(
        DELETE_PAUSE,
        &format!("the deletion of {id}, which something still uses ({error})"),
    )
    .await
}

/// Asks until the answer is `Some`, with a line every ten seconds.
pub(crate) async fn until<T, F>(
    what: &str,
    pause: Duration,
    wait: &Wait,
    mut ask: impl FnMut() -> F,
) -> Result<T, AwsError>
where
    F: Future<Output = Result<Option<T>, AwsError>>,
{
    let mut said = Instant::now();
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if said.elapsed() >= LINE {
            tracing::info!("waiting for {what}");
            said = Instant::now();
        }
        wait.pause(pause, what).await?;
    }
}

/// Asks until there is an answer, for as long as AWS may take. For what mostly takes seconds and belongs to one call of
/// ours.
pub(crate) async fn within<T, F>(
    span: Duration,
    what: impl FnOnce() -> String,
    ask: impl Fn() -> F,
) -> Result<T, AwsError>
where
    F: Future<Output = Result<Option<T>, AwsError>>,
{
    let deadline = Instant::now() + span;
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            return Err(AwsError::Timeout { what: what() });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::cell::Cell;

    use tokio_util::sync::CancellationToken;

    use super::*;

    fn refused(code: &str) -> AwsError {
        AwsError::Refused {
            service: "ec2",
            operation: "X".to_owned(),
            code: code.to_owned(),
            message: "no".to_owned(),
        }
    }

    fn wait(seconds: u64) -> Wait {
        Wait {
            deadline: Instant::now() + Duration::from_secs(seconds),
            cancel: CancellationToken::new(),
        }
    }

    /// Fails with the code this often, then works; answers the result and the number of attempts.
    async fn deleted(code: &str, failures: u32, wait: &Wait) -> (Result<(), AwsError>, u32) {
        let (aws, tries) = (Box::new(Aws::offline()), Cell::new(0));
        let result = delete(&aws, "sg-1", &["InvalidGroup.NotFound"], wait, || {
            tries.set(tries.get() + 1);
            let answer = if tries.get() <= failures {
                Err(refused(code))
            } else {
                Ok(())
            };
            std::future::ready(answer)
        });
        (result.await, tries.get())
    }

    #[tokio::test(start_paused = true)]
    async fn deleting_waits_for_what_still_uses_the_object() {
        assert_eq!(
            deleted("DependencyViolation", 3, &wait(60)).await,
            (Ok(()), 4)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn deleting_gives_up_at_the_deadline_and_says_what_blocks() {
        let (result, tries) = deleted("DependencyViolation", 99, &wait(10)).await;
        let text = result.unwrap_err().to_string();
        assert!(
            text.contains("sg-1") && text.contains("DependencyViolation"),
            "{text}"
        );
        assert_eq!(tries, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn deleting_stops_when_terraform_asks() {
        let wait = wait(600);
        wait.cancel.cancel();
        let (result, _) = deleted("DependencyViolation", 99, &wait).await;
        assert!(
            matches!(result, Err(AwsError::Stopped { .. })),
            "{result:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_gone_is_deleted_and_other_errors_are_errors() {
        assert_eq!(
            deleted("InvalidGroup.NotFound", 9, &wait(60)).await,
            (Ok(()), 1)
        );
        assert_eq!(
            deleted("Other", 9, &wait(60)).await,
            (Err(refused("Other")), 1)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn only_an_id_that_we_just_made_is_waited_for() {
        let (aws, tries) = (Aws::offline(), Cell::new(0));
        let attempt = || {
            tries.set(tries.get() + 1);
            std::future::ready(if tries.get() < 3 {
                Err(refused("InvalidVpcID.NotFound"))
            } else {
                Ok(())
            })
        };
        assert!(once_known(&aws, &["vpc-1"], attempt).await.is_err());
        aws.newborns.note("vpc-1");
        assert_eq!(once_known(&aws, &["vpc-1"], attempt).await, Ok(()));
    }
}
