//! What can go wrong between us and AWS.

/// Why tasks of a deployment stopped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoppedTasks {
    /// Their reasons, each once.
    pub reasons: Vec<String>,
    /// What the containers of one of them wrote last.
    pub logs: Vec<LogTail>,
}

/// What a container of a stopped task wrote last, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogTail {
    /// Name of the container.
    pub container: String,
    /// Its last lines.
    pub lines: Vec<String>,
    /// Log group of the whole log.
    pub group: String,
    /// Log stream of the whole log.
    pub stream: String,
}

/// An AWS call, or waiting for its effect, failed.
///
/// Texts from AWS have passed the redactor: no credential or secret is in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AwsError {
    /// The caller may not do this.
    #[error("{principal} may not call {service}:{operation}: {message}")]
    Denied {
        /// Service: `ecs`.
        service: &'static str,
        /// Operation: `CreateService`.
        operation: String,
        /// ARN of the caller.
        principal: String,
        /// What AWS said.
        message: String,
    },
    /// The credentials are expired or not valid.
    #[error("the credentials of {principal} were not accepted by {service}:{operation} ({code})")]
    Credentials {
        /// Service.
        service: &'static str,
        /// Operation.
        operation: String,
        /// ARN of the caller as it was at the start of the run.
        principal: String,
        /// AWS's error code: `ExpiredToken`.
        code: String,
    },
    /// AWS asked to slow down and went on doing so through all retries.
    #[error("{service}:{operation} was throttled {attempts} times ({code})")]
    Throttled {
        /// Service.
        service: &'static str,
        /// Operation.
        operation: String,
        /// How often it was tried.
        attempts: u32,
        /// AWS's error code.
        code: String,
    },
    /// No answer: connection refused, name not resolved, time-out.
    #[error("{service}:{operation} got no answer from {endpoint}: {cause}")]
    Unreachable {
        /// Service.
        service: &'static str,
        /// Operation.
        operation: String,
        /// The endpoint, when one was set; else "AWS".
        endpoint: String,
        /// What the connection said.
        cause: String,
    },
    /// AWS refused the request.
    #[error("{service}:{operation} was refused ({code}): {message}")]
    Refused {
        /// Service.
        service: &'static str,
        /// Operation.
        operation: String,
        /// AWS's error code.
        code: String,
        /// What AWS said.
        message: String,
    },
    /// AWS failed (HTTP 5xx) through all retries; the call may have had its effect.
    #[error("{service}:{operation} failed inside AWS ({code}): {message}")]
    Failed {
        /// Service.
        service: &'static str,
        /// Operation.
        operation: String,
        /// AWS's error code.
        code: String,
        /// What AWS said.
        message: String,
    },
    /// AWS's answer lacked something that it always has.
    #[error("the answer of {service}:{operation} lacks {missing}")]
    Answer {
        /// Service.
        service: &'static str,
        /// Operation.
        operation: &'static str,
        /// What was missing.
        missing: &'static str,
    },
    /// A component's JSON does not fit its kind: a bug in stackwright.
    #[error("this is a bug in stackwright: a desired {kind} cannot be read: {cause}")]
    Component {
        /// Kind of the component.
        kind: &'static str,
        /// What does not fit, without values.
        cause: String,
    },
    /// Something else has what only one object can have.
    #[error("{what} belongs to {by}")]
    Taken {
        /// What was asked for: `priority 10`.
        what: String,
        /// Who has it.
        by: String,
    },
    /// Something else uses an object, and goes on doing so however long one waits.
    #[error("{what} is still used by {}", by.join(", "))]
    InUse {
        /// The object.
        what: String,
        /// Who uses it.
        by: Vec<String>,
    },
    /// AWS made an object that does not work.
    #[error("{what} failed: {reason}")]
    Broken {
        /// The object: `NAT gateway nat-1`.
        what: String,
        /// AWS's own reason.
        reason: String,
    },
    /// ECS gave up on a deployment.
    #[error("ECS gave up on the deployment of {service}: {reason}")]
    RolledBack {
        /// Name of the ECS service.
        service: String,
        /// ECS's own reason.
        reason: String,
        /// The task definition that runs now.
        running: String,
        /// What is known of its tasks.
        stopped: Box<StoppedTasks>,
    },
    /// The deadline of the resource's `timeouts` passed.
    #[error("gave up waiting for {what}")]
    Timeout {
        /// What was waited for.
        what: String,
    },
    /// Terraform asked to stop.
    #[error("stopped while waiting for {what}")]
    Stopped {
        /// What was waited for.
        what: String,
    },
}

impl AwsError {
    /// AWS's error code, where there is one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Credentials { code, .. }
            | Self::Throttled { code, .. }
            | Self::Refused { code, .. }
            | Self::Failed { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether AWS refused the request with one of these codes.
    pub fn is_code(&self, codes: &[&str]) -> bool {
        self.code().is_some_and(|code| codes.contains(&code))
    }
}
