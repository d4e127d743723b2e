//! What every call carries: its id, whether Terraform wants it stopped, what the client can do.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tfplugin_types::Value;
use tokio_util::sync::CancellationToken;

use crate::Private;

/// The context of one call from Terraform.
#[derive(Clone)]
pub struct Cx {
    request_id: Arc<str>,
    cancel: CancellationToken,
    client: ClientCapabilities,
    saved: Arc<Mutex<Option<Saved>>>,
}

/// What the calling Terraform understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClientCapabilities {
    /// Answers may be deferred.
    pub deferral_allowed: bool,
    /// Write-only attributes may hold values (Terraform 1.11 and later).
    pub write_only_attributes_allowed: bool,
}

/// State that is certain to exist, kept in case the call ends badly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The state so far, wholly known.
    pub state: Value,
    /// The private data so far.
    pub private: Private,
}

impl Cx {
    /// A context for calls that do not come from Terraform, as in unit tests.
    pub fn detached() -> Self {
        Self::new(
            "detached",
            CancellationToken::new(),
            ClientCapabilities::newest(),
        )
    }

    /// A context of a call.
    pub fn new(request_id: &str, cancel: CancellationToken, client: ClientCapabilities) -> Self {
        Self {
            request_id: request_id.into(),
            cancel,
            client,
            saved: Arc::default(),
        }
    }

    /// The id that logs and diagnostics of this call carry.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// What the calling Terraform understands.
    pub const fn client(&self) -> ClientCapabilities {
        self.client
    }

    /// The token that is cancelled when Terraform asks to stop.
    pub const fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Whether Terraform has asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Waits until Terraform asks to stop.
    pub async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// Remembers what exists by now: if the apply panics, Terraform is given this instead of nothing.
    pub fn checkpoint(&self, state: Value, private: Private) {
        let saved = Saved { state, private };
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(saved);
    }

    /// The newest checkpoint.
    pub fn saved(&self) -> Option<Saved> {
        self.saved
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl ClientCapabilities {
    /// Everything that this framework knows of, except deferral.
    pub const fn newest() -> Self {
        Self {
            deferral_allowed: false,
            write_only_attributes_allowed: true,
        }
    }
}

impl fmt::Debug for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx")
            .field("request_id", &self.request_id)
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}
