//! How long an endpoint that does not answer is asked again.
//!
//! The SDK tries a call up to eleven times with growing pauses. That is right for throttling and for
//! errors inside AWS, but a refused connection or an unknown host would take minutes. So once no
//! call of the session got any answer for [`PATIENCE`], calls without an answer are not repeated.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};
use aws_smithy_types::retry::ErrorKind;
use tokio::time::Instant;

/// How long.
const PATIENCE: Duration = Duration::from_secs(4);

/// Pause between calls that got no answer; growing pauses would outlast the patience.
const PAUSE: Duration = Duration::from_millis(700);

/// Shared by all clients of a session.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    /// Since when nothing was answered.
    silent_since: Mutex<Option<Instant>>,
}

impl Patience {
    /// Notes whether a call was answered; whether it may be repeated if it was not.
    fn note(&self, answered: bool, now: Instant) -> bool {
        let mut since = self
            .silent_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if answered {
            *since = None;
            return true;
        }
        now.duration_since(*since.get_or_insert(now)) < PATIENCE
    }
}

impl ClassifyRetry for Patience {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            self.note(true, Instant::now());
            return RetryAction::NoActionIndicated;
        };
        let connector = error.as_connector_error();
        let silent =
            error.is_timeout_error() || connector.is_some_and(|it| it.is_io() || it.is_timeout());
        match (self.note(!silent, Instant::now()), silent) {
            (true, true) => {
                RetryAction::retryable_error_with_explicit_delay(ErrorKind::TransientError, PAUSE)
            }
            (true, false) => RetryAction::NoActionIndicated,
            (false, _) => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "Patience"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_is_borne_for_a_while_only() {
        let patience = Patience::default();
        let start = Instant::now();
        assert!(patience.note(false, start));
        assert!(patience.note(false, start + Duration::from_secs(3)));
        assert!(!patience.note(false, start + Duration::from_secs(4)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_restores_patience() {
        let patience = Patience::default();
        let start = Instant::now();
        assert!(patience.note(false, start));
        assert!(patience.note(true, start + Duration::from_secs(7)));
        assert!(patience.note(false, start + Duration::from_secs(8)));
    }
}
