//! The one place where a call goes out and where its error becomes an [`AwsError`].
//!
//! An adapter names its operation once and calls through [`Aws::call`]:
//!
//! ```ignore
//! const DESCRIBE: Op = Op::new("ecs", "DescribeServices");
//! let answer = aws.call(DESCRIBE, &[name], aws.ecs().describe_services().services(name).send()).await?;
//! ```
//!
//! The future is not polled before the pacer lets it go. The words in `keep` are those that we sent
//! and that AWS may repeat in its messages: without them the redactor masks names.
//!
//! A call whose error is expected is matched by code, never by message:
//!
//! ```ignore
//! match aws.call(DELETE, &[id], ...).await {
//!     Err(error) if error.is_code(&["InvalidVpcID.NotFound"]) => Ok(()),
//!     other => other.map(drop),
//! }
//! ```

use std::error::Error;
use std::future::Future;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_async::future::pagination_stream::PaginationStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::redact::Redactor;
use crate::{Aws, AwsError};

/// An API operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Op {
    /// Service as IAM actions name it: `ecs`, `ec2`, `iam`, `logs`, `ssm`, `sts`.
    pub(crate) service: &'static str,
    /// `CreateService`.
    pub(crate) name: &'static str,
}

impl Op {
    /// `Op::new("ecs", "CreateService")`.
    pub(crate) const fn new(service: &'static str, name: &'static str) -> Self {
        Self { service, name }
    }

    /// The error for an answer that lacks something that AWS always sends.
    pub(crate) const fn lacks(self, missing: &'static str) -> AwsError {
        AwsError::Answer { service: self.service, operation: self.name, missing }
    }
}

/// What an error text needs to know of its session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// ARN of the caller.
    pub(crate) principal: &'a str,
    /// The endpoint, when one was set; else "AWS".
    pub(crate) endpoint: &'a str,
    /// How often a call is tried.
    pub(crate) attempts: u32,
    /// Cleans texts.
    pub(crate) redactor: &'a Redactor,
}

const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "Client.UnauthorizedOperation",
    "NotAuthorized",
    "UnauthorizedOperation",
];

const CREDENTIALS: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
];

const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "TooManyRequestsException",
];

impl Aws {
    /// Runs one call: paced, tried again by the SDK, its error mapped.
    pub(crate) async fn call<T, E>(
        &self,
        op: Op,
        keep: &[&str],
        future: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, AwsError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.pacer.wait(op).await;
        let answer = future.await;
        tracing::debug!(service = op.service, operation = op.name, ok = answer.is_ok(), "aws call");
        answer.map_err(|error| self.error(op, keep, &error))
    }

    /// Reads all pages of `client.describe_x().into_paginator().send()`, each one paced.
    pub(crate) async fn pages<T, E>(
        &self,
        op: Op,
        keep: &[&str],
        mut stream: PaginationStream<Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<Vec<T>, AwsError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let mut pages = Vec::new();
        self.pacer.wait(op).await;
        while let Some(page) = stream.next().await {
            tracing::debug!(service = op.service, operation = op.name, ok = page.is_ok(), "aws call");
            pages.push(page.map_err(|error| self.error(op, keep, &error))?);
            self.pacer.wait(op).await;
        }
        // The last wait was for a page that there is not.
        self.pacer.give_back(op);
        Ok(pages)
    }

    fn error<E>(&self, op: Op, keep: &[&str], error: &SdkError<E, HttpResponse>) -> AwsError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let endpoint = self.endpoint(op.service);
        let facts = Facts {
            principal: &self.principal,
            endpoint: &endpoint,
            attempts: self.attempts,
            redactor: &self.redactor,
        };
        map(op, keep, error, facts)
    }
}

/// The code that AWS sent, when it is one: letters, digits and dots.
pub(crate) fn code<E>(error: &SdkError<E, HttpResponse>) -> Option<&str>
where
    E: ProvideErrorMetadata,
{
    let code = error.as_service_error()?.code()?;
    let plain = code.len() <= 80 && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    let wordy = code.chars().filter(char::is_ascii_digit).count() <= 4;
    (plain && wordy && !code.is_empty()).then_some(code)
}

/// Maps an error of the SDK.
pub(crate) fn map<E>(
    op: Op,
    keep: &[&str],
    error: &SdkError<E, HttpResponse>,
    facts: Facts<'_>,
) -> AwsError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let (service, operation) = (op.service, op.name.to_owned());
    if credentials_failed(error) {
        let code = "NoCredentials".to_owned();
        return AwsError::Credentials { service, operation, principal: facts.principal.to_owned(), code };
    }
    match error {
        SdkError::ServiceError(_) | SdkError::ResponseError(_) => answered(op, keep, error, facts),
        SdkError::ConstructionFailure(_) => AwsError::Refused {
            service,
            operation,
            code: "NotSent".to_owned(),
            message: facts.redactor.clean(&chain(error), keep),
        },
        _ => AwsError::Unreachable {
            service,
            operation,
            endpoint: facts.endpoint.to_owned(),
            cause: facts.redactor.clean(&cause(error), &[keep, &[facts.endpoint]].concat()),
        },
    }
}

/// Maps what AWS answered.
fn answered<E>(op: Op, keep: &[&str], error: &SdkError<E, HttpResponse>, facts: Facts<'_>) -> AwsError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let code = code(error).map_or_else(|| format!("HTTP {status}"), str::to_owned);
    let said = error.as_service_error().and_then(ProvideErrorMetadata::message);
    let message = facts.redactor.clean(said.unwrap_or("no message"), keep);
    let (service, operation) = (op.service, op.name.to_owned());
    let is = |codes: &[&str]| codes.contains(&code.as_str());
    if is(DENIED) {
        AwsError::Denied { service, operation, principal: facts.principal.to_owned(), message }
    } else if is(CREDENTIALS) {
        AwsError::Credentials { service, operation, principal: facts.principal.to_owned(), code }
    } else if is(THROTTLED) || status == 429 {
        AwsError::Throttled { service, operation, attempts: facts.attempts, code }
    } else if status >= 500 || matches!(error, SdkError::ResponseError(_)) {
        AwsError::Failed { service, operation, code, message }
    } else {
        AwsError::Refused { service, operation, code, message }
    }
}

/// Whether the credentials provider failed, rather than the call.
fn credentials_failed<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<CredentialsError>().is_some())
}

/// The error and its sources, outermost first.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// All texts of an error and its sources.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = causes(error).map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}

/// The innermost reason of a failed connection: `connection refused (os error 111)`.
fn cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}
