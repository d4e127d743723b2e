//! Idempotency tokens. A token follows from what an object is to be, so it is the same after a delete; and AWS answers a
//! used token with what was made then, even when that is gone by now.

use std::future::Future;

use crate::AwsError;

/// Most tokens that are tried.
const MOST: u32 = 5;

/// Creates with a token, and with the next ones in a row while AWS answers with something that is gone: then the
/// attempt is `None`.
pub(crate) async fn past_used<T, F>(
    token: &str,
    what: impl FnOnce() -> String,
    attempt: impl Fn(String) -> F,
) -> Result<T, AwsError>
where
    F: Future<Output = Result<Option<T>, AwsError>>,
{
    for number in 0..MOST {
        let token = match number {
            0 => token.to_owned(),
            number => format!("{token}-{number}"),
        };
        if let Some(made) = attempt(token).await? {
            return Ok(made);
        }
    }
    Err(AwsError::Broken {
        what: what(),
        reason: "AWS answers the creation with objects that were deleted".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn first_living(used: u32) -> Result<String, AwsError> {
        let lives = |token: &String| (used == 0 && token == "t") || *token == format!("t-{used}");
        past_used(
            "t",
            || "x".to_owned(),
            |token| async move { Ok(Some(token).filter(lives)) },
        )
        .await
    }

    #[tokio::test]
    async fn used_tokens_are_passed_over() {
        assert_eq!(first_living(0).await.as_deref(), Ok("t"));
        assert_eq!(first_living(4).await.as_deref(), Ok("t-4"));
        assert!(matches!(
            first_living(5).await,
            Err(AwsError::Broken { .. })
        ));
    }
}
