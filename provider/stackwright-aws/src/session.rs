//! From a provider block to a session: credentials, roles, the account check.
//!
//! Credentials come from AWS's default chain (environment, files and profile, web identity,
//! container, instance) or a configured web identity token; each `assume_role` block then switches
//! once more. One `AssumeRole` per block and one `GetCallerIdentity`: nothing else is called.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_smithy_runtime_api::client::retries::classifiers::SharedRetryClassifier;
use tokio::sync::OnceCell;

use crate::aws::{Clients, Endpoints, Loaders};
use crate::call::{self, Facts, Op};
use crate::credentials::{AssumedRole, Cached, Current, FromToken};
use crate::pacer::Pacer;
use crate::patience::Patience;
use crate::redact::Redactor;
use crate::settle::Newborns;
use crate::{Aws, AwsError, Refresh, endpoint, http, restrictions};

/// How often a call is tried again when nothing was said.
const MAX_RETRIES: u32 = 10;
/// Time to make a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);
/// Time to begin an answer.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// What a provider block says about the session.
#[derive(Debug, Clone, Default)]
pub struct SessionConfig {
    /// Region; `None` for that of the environment or profile.
    pub region: Option<String>,
    /// Profile in the shared files.
    pub profile: Option<String>,
    /// Instead of `~/.aws/config`.
    pub shared_config_files: Vec<PathBuf>,
    /// Instead of `~/.aws/credentials`.
    pub shared_credentials_files: Vec<PathBuf>,
    /// Roles to switch to, one after the other.
    pub assume_roles: Vec<AssumeRole>,
    /// Role to get with a token, instead of the default chain.
    pub web_identity: Option<WebIdentity>,
    /// Endpoint of all services.
    pub endpoint_url: Option<String>,
    /// Endpoints by service (`ec2`, `ecs`, `iam`, `logs`, `ssm`, `sts`); these win.
    pub endpoints: BTreeMap<String, String>,
    /// How often a call is tried again; `None` for 10.
    pub max_retries: Option<u32>,
    /// How much a refresh reads.
    pub refresh: Refresh,
    /// Added to the user agent: `stackwright/0.1.0`.
    pub user_agent: Option<String>,
    /// Accounts in which to work; empty for any.
    pub allowed_account_ids: Vec<String>,
    /// Role under which objects are written, instead of the last one of `assume_roles`. It is assumed by
    /// [`Aws::begin_writing`].
    pub apply_role: Option<AssumeRole>,
}

/// A role to switch to.
#[derive(Clone, Default)]
pub struct AssumeRole {
    /// ARN of the role.
    pub role_arn: String,
    /// Who and which run: appears in `CloudTrail`.
    pub session_name: String,
    /// Shared with whoever owns the role.
    pub external_id: Option<String>,
    /// Length of the session; `None` for AWS's hour.
    pub duration: Option<Duration>,
    /// Narrows the session, JSON.
    pub policy: Option<String>,
    /// Managed policies that narrow the session.
    pub policy_arns: Vec<String>,
    /// Session tags.
    pub tags: BTreeMap<String, String>,
    /// Keys of session tags that stay through further switches.
    pub transitive_tag_keys: Vec<String>,
    /// Who stands behind the session.
    pub source_identity: Option<String>,
}

impl fmt::Debug for AssumeRole {
    /// Without the external id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssumeRole")
            .field("role_arn", &self.role_arn)
            .field("session_name", &self.session_name)
            .finish_non_exhaustive()
    }
}

/// A role that a token opens: GitHub Actions, Kubernetes.
#[derive(Debug, Clone, Default)]
pub struct WebIdentity {
    /// ARN of the role.
    pub role_arn: String,
    /// Who and which run.
    pub session_name: String,
    /// File with the token; read again for each new session.
    pub token_file: PathBuf,
}

/// Why there is no session. In every case nothing was changed in any account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Neither the provider block nor the environment names a region.
    #[error("no region was given: not in the provider block, the environment or the profile")]
    NoRegion,
    /// An endpoint in the environment or the profile cannot be called.
    #[error("the endpoint in {setting} cannot be used: {problem}")]
    Endpoint {
        /// The environment variable, for which the profile may stand in.
        setting: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An endpoint on another host would be asked without TLS.
    #[error(
        "the endpoint {url} in {setting} is on another host and has no TLS: requests and session tokens would go there in clear"
    )]
    PlainHttp {
        /// The argument of the provider block, or the environment variable.
        setting: String,
        /// The endpoint, without a password.
        url: String,
    },
    /// The provider block says something that the machine forbids.
    #[error(
        "the provider block sets `{argument}`, and {} forbids that on this machine",
        restrictions::RESTRICTED
    )]
    Restricted {
        /// The argument.
        argument: &'static str,
    },
    /// `AWS_CA_BUNDLE` cannot be used.
    #[error("the certificates in {} (AWS_CA_BUNDLE) cannot be used: {problem}", path.display())]
    CaBundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The role for writing belongs to another account than the one that was read.
    #[error(
        "the role in `apply_role` works in account {writing}, and the plan was made in account {reading}; nothing was changed"
    )]
    OtherAccount {
        /// The account of the reading session.
        reading: String,
        /// The account of the writing session.
        writing: String,
    },
    /// The default chain found nothing.
    #[error("no AWS credentials were found: {cause}")]
    NoCredentials {
        /// What the sources said, cleaned.
        cause: String,
    },
    /// The token file cannot be read.
    #[error("the web identity token file {} cannot be read: {cause}", path.display())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The credentials have expired.
    #[error("the AWS credentials have expired ({code} on sts:{operation})")]
    Expired {
        /// Operation that was refused.
        operation: String,
        /// AWS's error code.
        code: String,
    },
    /// AWS does not know the credentials.
    #[error("AWS did not accept the credentials ({code} on sts:{operation})")]
    Rejected {
        /// Operation that was refused.
        operation: String,
        /// AWS's error code.
        code: String,
    },
    /// A role may not be assumed.
    #[error("{principal} may not assume {role_arn}: {message}")]
    AssumeRoleDenied {
        /// The role.
        role_arn: String,
        /// Who tried.
        principal: String,
        /// What AWS said, cleaned.
        message: String,
    },
    /// A role could not be assumed for another reason.
    #[error("assuming {role_arn} failed")]
    AssumeRole {
        /// The role.
        role_arn: String,
        /// Why.
        source: AwsError,
    },
    /// STS did not answer.
    #[error("sts:{operation} got no answer from {endpoint}: {cause}")]
    Unreachable {
        /// Operation.
        operation: String,
        /// The endpoint, when one was set; else "AWS".
        endpoint: String,
        /// What the connection said.
        cause: String,
    },
    /// The credentials belong to an account in which nothing may be done.
    #[error(
        "the credentials belong to account {account_id} ({principal}), allowed are {}; nothing was changed",
        allowed.join(", ")
    )]
    WrongAccount {
        /// The account of the credentials.
        account_id: String,
        /// The accounts in which to work.
        allowed: Vec<String>,
        /// ARN of the caller.
        principal: String,
    },
    /// Asking who we are failed for another reason.
    #[error("asking AWS who the caller is failed")]
    Identity {
        /// Why.
        source: AwsError,
    },
}

const ASSUME_ROLE: Op = Op::new("sts", "AssumeRole");
const WITH_TOKEN: Op = Op::new("sts", "AssumeRoleWithWebIdentity");
const WHO_AM_I: Op = Op::new("sts", "GetCallerIdentity");

/// Opens a session: resolves credentials, switches roles, checks the account.
pub async fn connect(config: SessionConfig) -> Result<Aws, ConnectError> {
    restrictions::check_block(&config)?;
    http::check_bundle()?;
    let opening = Opening::new(&config).await?;
    let (before_last, reading) = opening.credentials(&config).await?;
    let caller = opening.caller(&reading).await?;
    check_account(&config.allowed_account_ids, &caller)?;
    let current = Current::new(reading, caller.principal.clone());
    let writing = config.apply_role.map(|role| Writing {
        role,
        from: before_last,
        opening: opening.clone(),
        opened: OnceCell::new(),
    });
    let shared = opening
        .shared
        .into_builder()
        .credentials_provider(current.provider())
        .identity_cache(IdentityCache::no_cache())
        .build();
    Ok(Aws {
        account_id: caller.account_id,
        region: opening.region,
        partition: caller.partition,
        user_id: caller.user_id,
        current,
        writing,
        refresh: config.refresh,
        loaders: Loaders::default(),
        newborns: Newborns::default(),
        zones: OnceCell::new(),
        pacer: Pacer::default(),
        redactor: opening.redactor,
        attempts: opening.attempts,
        patience: opening.patience,
        config: shared,
        endpoints: opening.endpoints,
        clients: Clients::default(),
    })
}

/// Who AWS takes us for.
#[derive(Debug)]
struct Caller {
    account_id: String,
    partition: String,
    principal: String,
    user_id: String,
}

fn check_account(allowed: &[String], caller: &Caller) -> Result<(), ConnectError> {
    if allowed.is_empty() || allowed.contains(&caller.account_id) {
        return Ok(());
    }
    Err(ConnectError::WrongAccount {
        account_id: caller.account_id.clone(),
        allowed: allowed.to_vec(),
        principal: caller.principal.clone(),
    })
}

impl Aws {
    /// Turns to the role for writing, when there is one, before the first change. Later calls of this process are made
    /// under it, reads included: it may read what it writes.
    ///
    /// # Errors
    /// When the role cannot be assumed or works in another account. Nothing was changed then.
    pub async fn begin_writing(&self) -> Result<(), ConnectError> {
        let Some(writing) = &self.writing else {
            return Ok(());
        };
        let opened = writing.opened.get_or_try_init(|| writing.open(self));
        opened.await.copied()
    }
}

/// The role under which objects are written.
pub(crate) struct Writing {
    role: AssumeRole,
    from: SharedCredentialsProvider,
    opening: Opening,
    opened: OnceCell<()>,
}

impl Writing {
    async fn open(&self, aws: &Aws) -> Result<(), ConnectError> {
        let credentials = self.opening.switch(self.from.clone(), &self.role).await?;
        let caller = self.opening.caller(&credentials).await?;
        if caller.account_id != aws.account_id {
            return Err(ConnectError::OtherAccount {
                reading: aws.account_id.clone(),
                writing: caller.account_id,
            });
        }
        tracing::info!(principal = caller.principal, "writing");
        aws.current.replace(credentials, caller.principal);
        Ok(())
    }
}

/// A session that is being opened.
#[derive(Clone)]
struct Opening {
    shared: SdkConfig,
    region: String,
    endpoints: Endpoints,
    redactor: Redactor,
    patience: SharedRetryClassifier,
    attempts: u32,
}

impl Opening {
    async fn new(config: &SessionConfig) -> Result<Self, ConnectError> {
        let attempts = config.max_retries.unwrap_or(MAX_RETRIES).saturating_add(1);
        let single = config.endpoints.iter();
        let all = config.endpoint_url.iter().map(|url| ("endpoint_url", url));
        for (setting, url) in single.map(|(name, url)| (name.as_str(), url)).chain(all) {
            restrictions::check_plain(setting, url)?;
        }
        let mut shared = endpoint::checked(loader(config, attempts).load().await)?;
        let region = shared
            .region()
            .map(ToString::to_string)
            .filter(|region| !region.is_empty())
            .ok_or(ConnectError::NoRegion)?;
        if let Some(profile) = &config.profile {
            shared = with_profile(shared, config, profile);
        }
        Ok(Self {
            shared,
            region,
            endpoints: Endpoints {
                by_service: config.endpoints.clone(),
                all: config.endpoint_url.clone(),
            },
            redactor: Redactor::default(),
            patience: SharedRetryClassifier::new(Patience::default()),
            attempts,
        })
    }

    /// Resolves the base credentials and switches through all roles. Answers the credentials before the last switch,
    /// and those after it.
    async fn credentials(
        &self,
        config: &SessionConfig,
    ) -> Result<(SharedCredentialsProvider, SharedCredentialsProvider), ConnectError> {
        let mut credentials = match &config.web_identity {
            Some(identity) => self.open_with_token(identity).await?,
            None => self.open_with_chain().await?,
        };
        let mut before_last = credentials.clone();
        for role in &config.assume_roles {
            before_last = credentials.clone();
            credentials = self.switch(credentials, role).await?;
        }
        Ok((before_last, credentials))
    }

    async fn open_with_chain(&self) -> Result<SharedCredentialsProvider, ConnectError> {
        let found = match self.shared.credentials_provider() {
            Some(chain) => {
                let cached = Cached::shared(chain, self.redactor.clone());
                cached.provide_credentials().await.map(|_| cached)
            }
            None => Err(CredentialsError::not_loaded_no_source()),
        };
        found.map_err(|error| ConnectError::NoCredentials {
            cause: self.redactor.clean(&call::chain(&error)),
        })
    }

    async fn open_with_token(
        &self,
        identity: &WebIdentity,
    ) -> Result<SharedCredentialsProvider, ConnectError> {
        if let Err(error) = std::fs::read(&identity.token_file) {
            let path = identity.token_file.clone();
            return Err(ConnectError::TokenFile {
                path,
                cause: error.kind().to_string(),
            });
        }
        let provider = FromToken {
            sts: self.sts(None),
            identity: identity.clone(),
            redactor: self.redactor.clone(),
        };
        let cached = Cached::shared(provider, self.redactor.clone());
        match cached.provide_credentials().await {
            Ok(_) => Ok(cached),
            Err(error) => {
                let principal = "the web identity token".to_owned();
                Err(self.not_assumed(WITH_TOKEN, &identity.role_arn, principal, &error))
            }
        }
    }

    async fn switch(
        &self,
        from: SharedCredentialsProvider,
        role: &AssumeRole,
    ) -> Result<SharedCredentialsProvider, ConnectError> {
        let provider = AssumedRole {
            sts: self.sts(Some(from.clone())),
            role: role.clone(),
        };
        let cached = Cached::shared(provider, self.redactor.clone());
        let Err(error) = cached.provide_credentials().await else {
            return Ok(cached);
        };
        let failed = self.not_assumed(ASSUME_ROLE, &role.role_arn, String::new(), &error);
        match failed {
            ConnectError::AssumeRoleDenied {
                role_arn, message, ..
            } => {
                let principal = self.principal(&from).await;
                Err(ConnectError::AssumeRoleDenied {
                    role_arn,
                    principal,
                    message,
                })
            }
            other => Err(other),
        }
    }

    /// Who failed to assume a role; asked only when the error text needs it.
    async fn principal(&self, credentials: &SharedCredentialsProvider) -> String {
        match self.caller(credentials).await {
            Ok(caller) => caller.principal,
            Err(_) => "the caller".to_owned(),
        }
    }

    async fn caller(
        &self,
        credentials: &SharedCredentialsProvider,
    ) -> Result<Caller, ConnectError> {
        let answer = self
            .sts(Some(credentials.clone()))
            .get_caller_identity()
            .send()
            .await;
        let answer = answer.map_err(|error| {
            let error = call::map(WHO_AM_I, &error, self.facts("the caller"));
            refused(error, |source| ConnectError::Identity { source })
        })?;
        let lacks = |what| ConnectError::Identity {
            source: WHO_AM_I.lacks(what),
        };
        let principal = answer.arn.ok_or_else(|| lacks("Arn"))?;
        let account_id = answer.account.ok_or_else(|| lacks("Account"))?;
        let partition = principal.split(':').nth(1).unwrap_or("aws").to_owned();
        let user_id = answer.user_id.unwrap_or_default();
        Ok(Caller {
            account_id,
            partition,
            principal,
            user_id,
        })
    }

    fn not_assumed(
        &self,
        op: Op,
        role_arn: &str,
        principal: String,
        error: &CredentialsError,
    ) -> ConnectError {
        let role_arn = role_arn.to_owned();
        let facts = self.facts(&principal);
        let Some(error) = call::inside_credentials(error, facts) else {
            let message = self.said(error);
            let source = AwsError::Refused {
                service: op.service,
                operation: op.name.to_owned(),
                code: "NoAnswer".to_owned(),
                message,
            };
            return ConnectError::AssumeRole { role_arn, source };
        };
        if let AwsError::Denied { message, .. } = error {
            return ConnectError::AssumeRoleDenied {
                role_arn,
                principal,
                message,
            };
        }
        refused(error, |source| ConnectError::AssumeRole {
            role_arn,
            source,
        })
    }

    fn said(&self, error: &CredentialsError) -> String {
        self.redactor.clean(&call::chain(error))
    }

    fn facts<'a>(&'a self, principal: &'a str) -> Facts<'a> {
        let endpoint = &self.endpoints;
        Facts {
            principal,
            endpoints: endpoint,
            attempts: self.attempts,
            redactor: &self.redactor,
        }
    }

    fn sts(&self, credentials: Option<SharedCredentialsProvider>) -> aws_sdk_sts::Client {
        let mut builder = aws_sdk_sts::config::Builder::from(&self.shared)
            .identity_cache(IdentityCache::no_cache());
        builder.set_credentials_provider(credentials);
        builder.push_retry_classifier(self.patience.clone());
        if let Some(url) = self.endpoints.by_service.get("sts") {
            builder = builder.endpoint_url(url);
        }
        aws_sdk_sts::Client::from_conf(builder.build())
    }
}

/// Turns a mapped error into the variant that says what to do.
fn refused(error: AwsError, other: impl FnOnce(AwsError) -> ConnectError) -> ConnectError {
    match error {
        AwsError::Credentials {
            operation, code, ..
        } if code.contains("Expired") => ConnectError::Expired { operation, code },
        AwsError::Credentials {
            operation, code, ..
        } => ConnectError::Rejected { operation, code },
        AwsError::Unreachable {
            operation,
            endpoint,
            cause,
            ..
        } => ConnectError::Unreachable {
            operation,
            endpoint,
            cause,
        },
        error => other(error),
    }
}

/// A profile that was asked for wins over credentials that happen to be in the environment.
fn with_profile(shared: SdkConfig, config: &SessionConfig, profile: &str) -> SdkConfig {
    let base = ProviderConfig::default().with_region(shared.region().cloned());
    let base = shared
        .http_client()
        .into_iter()
        .fold(base, ProviderConfig::with_http_client);
    let mut provider = ProfileFileCredentialsProvider::builder()
        .configure(&base)
        .profile_name(profile);
    if let Some(files) = profile_files(config) {
        provider = provider.profile_files(files);
    }
    let provider = SharedCredentialsProvider::new(provider.build());
    shared.into_builder().credentials_provider(provider).build()
}

fn loader(config: &SessionConfig, attempts: u32) -> aws_config::ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http::client())
        .retry_config(RetryConfig::standard().with_max_attempts(attempts))
        .timeout_config(timeouts);
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &config.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(files) = profile_files(config) {
        loader = loader.profile_files(files);
    }
    if let Some(url) = &config.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if let Some(name) = config.user_agent.as_deref().and_then(app_name) {
        loader = loader.app_name(name);
    }
    loader
}

/// The shared files, when others than the usual ones were named.
fn profile_files(config: &SessionConfig) -> Option<EnvConfigFiles> {
    let (configs, credentials) = (
        &config.shared_config_files,
        &config.shared_credentials_files,
    );
    if configs.is_empty() && credentials.is_empty() {
        return None;
    }
    let mut files = EnvConfigFiles::builder();
    for path in configs {
        files = files.with_file(EnvConfigFileKind::Config, path);
    }
    for path in credentials {
        files = files.with_file(EnvConfigFileKind::Credentials, path);
    }
    files = files.include_default_config_file(configs.is_empty());
    Some(
        files
            .include_default_credentials_file(credentials.is_empty())
            .build(),
    )
}

/// A user agent that AWS accepts: other characters become hyphens.
fn app_name(user_agent: &str) -> Option<AppName> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let name: String = user_agent
        .chars()
        .take(50)
        .map(|c| if allowed(c) { c } else { '-' })
        .collect();
    AppName::new(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_account_is_refused_with_both_accounts_and_the_principal() {
        let caller = Caller {
            account_id: "111111111111".to_owned(),
            partition: "aws".to_owned(),
            user_id: "AIDA".to_owned(),
            principal: "arn:aws:iam::111111111111:user/ann".to_owned(),
        };
        assert_eq!(check_account(&[], &caller), Ok(()));
        assert_eq!(check_account(&["111111111111".to_owned()], &caller), Ok(()));
        let refused = check_account(&["222222222222".to_owned()], &caller);
        let text = refused
            .map_err(|error| error.to_string())
            .err()
            .unwrap_or_default();
        assert_eq!(
            text,
            "the credentials belong to account 111111111111 (arn:aws:iam::111111111111:user/ann), \
             allowed are 222222222222; nothing was changed"
        );
    }

    #[test]
    fn a_user_agent_becomes_a_name_that_aws_accepts() {
        let name = app_name("stackwright/0.1.0 (ünïx)").map(|name| name.to_string());
        assert_eq!(name.as_deref(), Some("stackwright-0.1.0---n-x-"));
    }

    #[test]
    fn debug_shows_no_external_id() {
        let role = AssumeRole {
            external_id: Some("hidden".to_owned()),
            ..AssumeRole::default()
        };
        assert!(!format!("{role:?}").contains("hidden"));
    }
}
