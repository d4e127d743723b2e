//! Credentials by switching roles, kept until shortly before they expire.
//!
//! Whatever passes through here is made known to the redactor, so that it can be cut out of texts.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sts::types::{PolicyDescriptorType, Tag};
use tokio::sync::Mutex;

use crate::redact::Redactor;
use crate::session::{AssumeRole, WebIdentity};

/// Credentials are renewed this long before they expire: a call may be retried for a while.
const RENEW_BEFORE: Duration = Duration::from_mins(5);
/// Credentials that are as short-lived as this are not used any more when renewing fails.
const LAST_USE_BEFORE: Duration = Duration::from_secs(10);

/// Keeps what another provider gave; one renewal at a time.
pub(crate) struct Cached<P> {
    inner: P,
    current: Mutex<Option<Credentials>>,
    redactor: Redactor,
}

impl<P: ProvideCredentials + 'static> Cached<P> {
    /// Wraps a provider.
    pub(crate) fn shared(inner: P, redactor: Redactor) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Self {
            inner,
            current: Mutex::new(None),
            redactor,
        })
    }

    async fn load(&self) -> Result<Credentials, CredentialsError> {
        let mut current = self.current.lock().await;
        if let Some(credentials) = current.as_ref().filter(|it| lasts(it, RENEW_BEFORE)) {
            return Ok(credentials.clone());
        }
        match self.inner.provide_credentials().await {
            Ok(credentials) => {
                self.redactor.learn(credentials.secret_access_key());
                if let Some(token) = credentials.session_token() {
                    self.redactor.learn(token);
                }
                *current = Some(credentials.clone());
                Ok(credentials)
            }
            Err(error) => match current.as_ref().filter(|it| lasts(it, LAST_USE_BEFORE)) {
                Some(credentials) => Ok(credentials.clone()),
                None => Err(error),
            },
        }
    }
}

fn lasts(credentials: &Credentials, at_least: Duration) -> bool {
    credentials
        .expiry()
        .is_none_or(|expiry| expiry > SystemTime::now() + at_least)
}

impl<P> fmt::Debug for Cached<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cached")
    }
}

impl<P: ProvideCredentials + 'static> ProvideCredentials for Cached<P> {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }
}

/// Whose credentials calls are made with: those for reading, until the first change.
#[derive(Clone)]
pub(crate) struct Current(Arc<RwLock<(SharedCredentialsProvider, String)>>);

impl Current {
    pub(crate) fn new(credentials: SharedCredentialsProvider, principal: String) -> Self {
        Self(Arc::new(RwLock::new((credentials, principal))))
    }

    /// Later calls are made with these.
    pub(crate) fn replace(&self, credentials: SharedCredentialsProvider, principal: String) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *current = (credentials, principal);
    }

    /// ARN of whoever has the credentials.
    pub(crate) fn principal(&self) -> String {
        self.get().1
    }

    /// For clients: it always gives the current credentials.
    pub(crate) fn provider(&self) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(self.clone())
    }

    fn get(&self) -> (SharedCredentialsProvider, String) {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    #[cfg(test)]
    pub(crate) fn nobody(principal: &str) -> Self {
        let nothing = Credentials::new("AKIATEST", "secret", None, None, "test");
        Self::new(
            SharedCredentialsProvider::new(nothing),
            principal.to_owned(),
        )
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Current").field(&self.principal()).finish()
    }
}

impl ProvideCredentials for Current {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let (credentials, _) = self.get();
        future::ProvideCredentials::new(async move { credentials.provide_credentials().await })
    }
}

/// A role, assumed with the credentials of its STS client.
#[derive(Debug)]
pub(crate) struct AssumedRole {
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) role: AssumeRole,
}

impl AssumedRole {
    async fn load(&self) -> Result<Credentials, CredentialsError> {
        let role = &self.role;
        let duration = role
            .duration
            .map(|it| i32::try_from(it.as_secs()).unwrap_or(i32::MAX));
        let policies = role
            .policy_arns
            .iter()
            .map(|arn| PolicyDescriptorType::builder().arn(arn).build());
        let mut tags = Vec::new();
        for (key, value) in &role.tags {
            let tag = Tag::builder().key(key).value(value).build();
            tags.push(tag.map_err(CredentialsError::invalid_configuration)?);
        }
        let answer = self
            .sts
            .assume_role()
            .role_arn(&role.role_arn)
            .role_session_name(&role.session_name)
            .set_external_id(role.external_id.clone())
            .set_duration_seconds(duration)
            .set_policy(role.policy.clone())
            .set_policy_arns(some(policies.collect()))
            .set_tags(some(tags))
            .set_transitive_tag_keys(some(role.transitive_tag_keys.clone()))
            .set_source_identity(role.source_identity.clone())
            .send()
            .await
            .map_err(CredentialsError::provider_error)?;
        read(answer.credentials)
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }
}

/// A role, opened with the token in a file.
pub(crate) struct FromToken {
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) identity: WebIdentity,
    pub(crate) redactor: Redactor,
}

impl fmt::Debug for FromToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromToken")
    }
}

impl FromToken {
    async fn load(&self) -> Result<Credentials, CredentialsError> {
        let token = tokio::fs::read_to_string(&self.identity.token_file)
            .await
            .map_err(CredentialsError::invalid_configuration)?;
        let token = token.trim();
        self.redactor.learn(token);
        let answer = self
            .sts
            .assume_role_with_web_identity()
            .role_arn(&self.identity.role_arn)
            .role_session_name(&self.identity.session_name)
            .web_identity_token(token)
            .send()
            .await
            .map_err(CredentialsError::provider_error)?;
        read(answer.credentials)
    }
}

impl ProvideCredentials for FromToken {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }
}

/// `None` for an empty list, which AWS would take for a value.
fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

fn read(answer: Option<aws_sdk_sts::types::Credentials>) -> Result<Credentials, CredentialsError> {
    let lacks = || CredentialsError::unhandled("the answer of STS has no credentials");
    let answer = answer.ok_or_else(lacks)?;
    let expiry = SystemTime::try_from(answer.expiration).map_err(CredentialsError::unhandled)?;
    Ok(Credentials::new(
        answer.access_key_id,
        answer.secret_access_key,
        Some(answer.session_token),
        Some(expiry),
        "stackwright",
    ))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Gives credentials that live for as long as it is told, or none.
    #[derive(Debug, Clone)]
    struct Fake {
        calls: Arc<AtomicU32>,
        lives: Option<Duration>,
        fails_after: u32,
    }

    impl Fake {
        fn new(lives: Option<u64>, fails_after: u32) -> Self {
            Self {
                calls: Arc::default(),
                lives: lives.map(Duration::from_secs),
                fails_after,
            }
        }
    }

    impl ProvideCredentials for Fake {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let call = self.calls.fetch_add(1, Ordering::SeqCst);
            let expiry = self.lives.map(|lives| SystemTime::now() + lives);
            future::ProvideCredentials::ready(if call < self.fails_after {
                Ok(Credentials::new(
                    "AKIA",
                    "abcdefghijkl",
                    Some("tokentoken".to_owned()),
                    expiry,
                    "fake",
                ))
            } else {
                Err(CredentialsError::not_loaded("gone"))
            })
        }
    }

    async fn twice(fake: &Fake) -> Result<Credentials, CredentialsError> {
        let cached = Cached::shared(fake.clone(), Redactor::default());
        cached.provide_credentials().await?;
        cached.provide_credentials().await
    }

    #[tokio::test]
    async fn credentials_are_kept_until_shortly_before_they_expire() {
        for (lives, calls) in [(None, 1), (Some(3_600), 1), (Some(200), 2)] {
            let fake = Fake::new(lives, 9);
            twice(&fake).await.unwrap();
            assert_eq!(fake.calls.load(Ordering::SeqCst), calls, "{lives:?}");
        }
    }

    #[tokio::test]
    async fn a_failed_renewal_is_forgiven_while_the_old_ones_work() {
        assert!(twice(&Fake::new(Some(200), 1)).await.is_ok());
        assert!(twice(&Fake::new(Some(5), 1)).await.is_err());
    }

    #[tokio::test]
    async fn what_passes_is_known_to_the_redactor() {
        let redactor = Redactor::default();
        let cached = Cached::shared(Fake::new(None, 9), redactor.clone());
        cached.provide_credentials().await.unwrap();
        assert_eq!(redactor.clean("xabcdefghijkl tokentoken"), "x*** ***");
        assert!(!format!("{cached:?}").contains("abcdefghijkl"));
    }
}
