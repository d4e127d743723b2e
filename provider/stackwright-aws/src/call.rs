//! The one place where a call goes out and where its error becomes an [`AwsError`].
//!
//! An adapter names its operation once and calls through [`Aws::call`]:
//!
//! ```text
//! const DESCRIBE: Op = Op::new("ecs", "DescribeServices");
//! let answer = aws.call(DESCRIBE, aws.ecs().describe_services().services(name).send()).await?;
//! ```
//!
//! The future is not polled before the pacer lets it go.
//!
//! A call whose error is expected is matched by code, never by message:
//!
//! ```text
//! match aws.call(DELETE, ...).await {
//!     Err(error) if error.is_code(&["InvalidVpcID.NotFound"]) => Ok(()),
//!     other => other.map(drop),
//! }
//! ```

use std::error::Error;
use std::future::Future;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_async::future::pagination_stream::PaginationStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::Endpoints;
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
        AwsError::Answer {
            service: self.service,
            operation: self.name,
            missing,
        }
    }
}

/// What an error text needs to know of its session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// ARN of the caller.
    pub(crate) principal: &'a str,
    /// Where calls go.
    pub(crate) endpoints: &'a Endpoints,
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
    pub(crate) fn call<T, E, F>(
        &self,
        op: Op,
        future: F,
    ) -> impl Future<Output = Result<T, AwsError>> + Send + use<'_, T, E, F>
    where
        T: Send,
        E: ProvideErrorMetadata + Error + Send + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        // The futures of the SDK are tens of kilobytes large: on the heap they do not add up.
        let future = Box::pin(future);
        async move {
            self.pacer.wait(op).await;
            let answer = future.await;
            tracing::debug!(
                service = op.service,
                operation = op.name,
                ok = answer.is_ok(),
                "aws call"
            );
            answer.map_err(|error| self.error(op, &error))
        }
    }

    /// Reads all pages of `client.describe_x().into_paginator().send()`, each one paced.
    pub(crate) async fn pages<T, E>(
        &self,
        op: Op,
        mut stream: PaginationStream<Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<Vec<T>, AwsError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let mut pages = Vec::new();
        self.pacer.wait(op).await;
        while let Some(page) = stream.next().await {
            tracing::debug!(
                service = op.service,
                operation = op.name,
                ok = page.is_ok(),
                "aws call"
            );
            pages.push(page.map_err(|error| self.error(op, &error))?);
            self.pacer.wait(op).await;
        }
        // The last wait was for a page that there is not.
        self.pacer.give_back(op);
        Ok(pages)
    }

    fn error<E>(&self, op: Op, error: &SdkError<E, HttpResponse>) -> AwsError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let principal = self.principal();
        let facts = Facts {
            principal: &principal,
            endpoints: &self.endpoints,
            attempts: self.attempts,
            redactor: &self.redactor,
        };
        map(op, error, facts)
    }
}

/// The code that AWS sent, when it is one: letters, digits and dots.
fn code<E>(error: &SdkError<E, HttpResponse>) -> Option<&str>
where
    E: ProvideErrorMetadata,
{
    let code = error.as_service_error()?.code()?;
    let plain = code.len() <= 80 && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    let wordy = code.chars().filter(char::is_ascii_digit).count() <= 4;
    (plain && wordy && !code.is_empty()).then_some(code)
}

/// Maps an error of the SDK.
pub(crate) fn map<E>(op: Op, error: &SdkError<E, HttpResponse>, facts: Facts<'_>) -> AwsError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let (service, operation) = (op.service, op.name.to_owned());
    if credentials_failed(error) {
        return inside_credentials(error, facts).unwrap_or_else(|| AwsError::Credentials {
            service,
            operation,
            principal: facts.principal.to_owned(),
            code: "NoCredentials".to_owned(),
        });
    }
    match error {
        SdkError::ServiceError(_) | SdkError::ResponseError(_) => answered(op, error, facts),
        SdkError::ConstructionFailure(_) => AwsError::Refused {
            service,
            operation,
            code: "NotSent".to_owned(),
            message: facts.redactor.clean(&chain(error)),
        },
        _ => AwsError::Unreachable {
            service,
            operation,
            endpoint: facts.endpoints.of(service),
            cause: facts.redactor.clean(&cause(error)),
        },
    }
}

/// Maps what AWS answered.
fn answered<E>(op: Op, error: &SdkError<E, HttpResponse>, facts: Facts<'_>) -> AwsError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = error
        .raw_response()
        .map_or(0, |response| response.status().as_u16());
    let code = code(error).map_or_else(|| format!("HTTP {status}"), str::to_owned);
    let said = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::message);
    let message = facts.redactor.clean(said.unwrap_or("no message"));
    let (service, operation) = (op.service, op.name.to_owned());
    let is = |codes: &[&str]| codes.contains(&code.as_str());
    if is(DENIED) {
        AwsError::Denied {
            service,
            operation,
            principal: facts.principal.to_owned(),
            message,
        }
    } else if is(CREDENTIALS) {
        AwsError::Credentials {
            service,
            operation,
            principal: facts.principal.to_owned(),
            code,
        }
    } else if is(THROTTLED) || status == 429 {
        AwsError::Throttled {
            service,
            operation,
            attempts: facts.attempts,
            code,
        }
    } else if status >= 500 || matches!(error, SdkError::ResponseError(_)) {
        AwsError::Failed {
            service,
            operation,
            code,
            message,
        }
    } else {
        AwsError::Refused {
            service,
            operation,
            code,
            message,
        }
    }
}

/// The call to STS that failed inside a credentials provider, mapped; `None` when there was no call.
pub(crate) fn inside_credentials(
    error: &(dyn Error + 'static),
    facts: Facts<'_>,
) -> Option<AwsError> {
    const ASSUME: Op = Op::new("sts", "AssumeRole");
    const TOKEN: Op = Op::new("sts", "AssumeRoleWithWebIdentity");
    type Failed<E> = SdkError<E, HttpResponse>;
    causes(error)
        .skip_while(|cause| cause.downcast_ref::<CredentialsError>().is_none())
        .find_map(|cause| {
            let assume = cause.downcast_ref::<Failed<AssumeRoleError>>();
            let token = cause.downcast_ref::<Failed<AssumeRoleWithWebIdentityError>>();
            let assume = assume.map(|error| map(ASSUME, error, facts));
            assume.or_else(|| token.map(|error| map(TOKEN, error, facts)))
        })
}

/// Whether the credentials provider failed, rather than the call.
fn credentials_failed<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<CredentialsError>().is_some())
}

/// The error and its sources, outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    // Without naming the trait, the method of `&dyn Error` would be meant, which borrows the pointer.
    std::iter::successors(Some(error), |error| Error::source(*error))
}

/// All texts of an error and its sources.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = causes(error).map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}

/// The innermost reason of a failed connection: `connection refused (os error 111)`.
fn cause(error: &(dyn Error + 'static)) -> String {
    causes(error)
        .last()
        .map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::operation::create_service::CreateServiceError;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    const CREATE: Op = Op::new("ecs", "CreateService");
    type Failed = SdkError<CreateServiceError, HttpResponse>;

    fn answered(status: u16, code: &str, message: &str) -> Failed {
        let metadata = ErrorMetadata::builder().code(code).message(message).build();
        let status = StatusCode::try_from(status).unwrap_or_else(|_| unreachable!("a real status"));
        SdkError::service_error(
            CreateServiceError::generic(metadata),
            HttpResponse::new(status, SdkBody::empty()),
        )
    }

    fn mapped(error: &Failed) -> AwsError {
        let (redactor, endpoints) = (Redactor::default(), Endpoints::default());
        let facts = Facts {
            principal: "arn:p",
            endpoints: &endpoints,
            attempts: 11,
            redactor: &redactor,
        };
        map(CREATE, error, facts)
    }

    #[test]
    fn codes_decide_what_an_error_is() {
        let kind = |status, code: &str| match mapped(&answered(status, code, "x")) {
            AwsError::Denied { .. } => "denied",
            AwsError::Credentials { .. } => "credentials",
            AwsError::Throttled { .. } => "throttled",
            AwsError::Failed { .. } => "failed",
            AwsError::Refused { .. } => "refused",
            _ => "other",
        };
        assert_eq!(kind(400, "AccessDeniedException"), "denied");
        assert_eq!(kind(403, "AccessDenied"), "denied");
        assert_eq!(kind(403, "UnauthorizedOperation"), "denied");
        assert_eq!(kind(400, "ExpiredTokenException"), "credentials");
        assert_eq!(kind(403, "InvalidClientTokenId"), "credentials");
        assert_eq!(kind(400, "UnrecognizedClientException"), "credentials");
        assert_eq!(kind(403, "SignatureDoesNotMatch"), "credentials");
        assert_eq!(kind(400, "ThrottlingException"), "throttled");
        assert_eq!(kind(503, "RequestLimitExceeded"), "throttled");
        assert_eq!(kind(503, "SlowDown"), "throttled");
        assert_eq!(kind(429, "Whatever"), "throttled");
        assert_eq!(kind(500, "InternalFailure"), "failed");
        assert_eq!(kind(400, "ClusterNotFoundException"), "refused");
        assert_eq!(kind(404, "NoSuchEntity"), "refused");
    }

    #[test]
    fn the_message_is_cleaned() {
        let error = mapped(&answered(
            400,
            "InvalidParameterException",
            "shop-a1 has password=hunter2",
        ));
        assert_eq!(
            error.to_string(),
            "ecs:CreateService was refused (InvalidParameterException): shop-a1 has password=***"
        );
        assert!(error.is_code(&["Other", "InvalidParameterException"]));
    }

    #[test]
    fn a_code_that_is_none_is_not_passed_on() {
        for code in ["wJalr/XUtn", "AKIA1234567890123456", "", "a b"] {
            let error = mapped(&answered(418, code, "x"));
            assert_eq!(error.code(), Some("HTTP 418"), "{code}");
        }
    }

    #[test]
    fn no_answer_is_unreachable_with_the_innermost_cause() {
        let refused =
            std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "connection refused");
        let error: Failed = SdkError::dispatch_failure(ConnectorError::io(refused.into()));
        assert_eq!(
            mapped(&error).to_string(),
            "ecs:CreateService got no answer from AWS: connection refused"
        );
        let error: Failed = SdkError::timeout_error("took too long");
        assert!(matches!(mapped(&error), AwsError::Unreachable { .. }));
    }

    #[test]
    fn missing_credentials_are_told_from_a_missing_endpoint() {
        let missing = CredentialsError::not_loaded("none");
        let error: Failed = SdkError::dispatch_failure(ConnectorError::other(missing.into(), None));
        assert!(
            matches!(mapped(&error), AwsError::Credentials { ref code, .. } if code == "NoCredentials")
        );
    }

    #[test]
    fn a_role_that_may_not_be_assumed_any_more_names_that_call() {
        let metadata = ErrorMetadata::builder()
            .code("AccessDenied")
            .message("not allowed")
            .build();
        let status = StatusCode::try_from(403).unwrap_or_else(|_| unreachable!("a real status"));
        let inner: SdkError<AssumeRoleError, HttpResponse> = SdkError::service_error(
            AssumeRoleError::generic(metadata),
            HttpResponse::new(status, SdkBody::empty()),
        );
        let error: Failed = SdkError::dispatch_failure(ConnectorError::other(
            CredentialsError::provider_error(inner).into(),
            None,
        ));
        assert_eq!(
            mapped(&error).to_string(),
            "arn:p may not call sts:AssumeRole: not allowed"
        );
    }
}
