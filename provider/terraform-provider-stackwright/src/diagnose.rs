//! Messages about what AWS refused or what came to a stop: what failed, what exists now, what to do.

use std::collections::BTreeMap;

use stackwright_aws::{AwsError, ConnectError};
use stackwright_plan::resource::RecoverError;
use stackwright_plan::{Key, Kind, ResourceId, Scope};
use tfplugin_types::{Diagnostic, Diagnostics, Path, Value};

use crate::engine::converge::{Cause, Doing, Failure};
use crate::engine::{Entry, Record};

/// What an apply was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// A create.
    Creating,
    /// An update.
    Updating,
    /// A delete.
    Deleting,
}

impl Verb {
    const fn title(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::Updating => "Updating",
            Self::Deleting => "Deleting",
        }
    }
}

/// A refresh failed.
pub(crate) fn reading(id: &ResourceId, error: &AwsError) -> Diagnostics {
    let detail = format!(
        "{}. {}\n\nThe state is unchanged.",
        sentence(error),
        remedy(error)
    );
    Diagnostic::error(format!("Reading {} {} Failed", id.kind, id.id), detail).into()
}

/// A call outside of a resource's own components failed.
pub(crate) fn calling(summary: &str, error: &AwsError) -> Diagnostics {
    Diagnostic::error(summary, format!("{}. {}", sentence(error), remedy(error))).into()
}

/// An import cannot go on.
pub(crate) fn importing(id: &ResourceId, error: &RecoverError) -> Diagnostics {
    let next = match error {
        RecoverError::BadId { .. } => "Nothing was imported. Use an id of that form.",
        RecoverError::OtherEnvironment { .. } => {
            "Nothing was imported. Import through the provider block of that environment."
        }
        RecoverError::Missing { .. } => {
            "Nothing was imported. Check the id, the account and the region, or let `terraform apply` create it."
        }
        RecoverError::Foreign { .. } => "Nothing was imported, and the object was not touched.",
    };
    Diagnostic::error(
        format!("Importing {} {} Failed", id.kind, id.id),
        format!("{}. {next}", capital(&error.to_string())),
    )
    .into()
}

/// An object with our name belongs to somebody else.
pub(crate) fn foreign(id: &ResourceId, kind: Kind, object: &str, owner: &str) -> Diagnostics {
    Diagnostic::error(
        format!("{} {} Belongs to Another Root", capital(&id.kind), id.id),
        format!("The {} `{object}` exists already and belongs to {owner}. Two roots never manage one object, so nothing was changed. Choose another name here, remove it from the other root first, or, to move it to this root on purpose, import it with `terraform import` and the id `{}`.", kind.label(), id.id),
    )
    .into()
}

/// An attribute keeps the resource from being deleted.
pub(crate) fn protected(id: &ResourceId, attribute: &str) -> Diagnostics {
    Diagnostic::error(
        format!("{} {} Is Protected", capital(&id.kind), id.id),
        format!("`{attribute}` of {} {} is true, so it is not deleted, neither for good nor to be made anew. Nothing was changed. If it should really go, set `{attribute} = false`, apply that, and then destroy or replace it.", id.kind, id.id),
    )
    .at(Path::attribute(attribute))
    .into()
}

/// The same id stands twice in one root.
pub(crate) fn twice(id: &ResourceId, config: &Value, other: &Value) -> Diagnostic {
    let differ = differing(config, other);
    let which = if differ.is_empty() {
        "Both have the same arguments.".to_owned()
    } else {
        format!(
            "The one that this error points at has {}; the other one has {}.",
            listed(&differ, |pair| &pair.0),
            listed(&differ, |pair| &pair.1)
        )
    };
    Diagnostic::error(
        format!("{} {} Stands Twice in This Root", capital(&id.kind), id.id),
        format!(
            "Two resources of type stackwright_{} have the same natural key `{}`, so they would manage the same AWS objects and undo each other. {which} Remove one of them, or give it another name.",
            id.kind, id.id
        ),
    )
}

type Differing<'a> = BTreeMap<&'a str, (String, String)>;

/// Arguments by name that two configurations have otherwise. Maps may hold what should not be
/// shown, so only scalars are.
fn differing<'a>(one: &'a Value, two: &'a Value) -> Differing<'a> {
    let (Some(one), Some(two)) = (one.as_map(), two.as_map()) else {
        return Differing::new();
    };
    let differ = |(name, value): (&'a String, &Value)| {
        let other = two.get(name).unwrap_or(&Value::Null);
        (value != other).then(|| (name.as_str(), (scalar(value), scalar(other))))
    };
    one.iter().filter_map(differ).collect()
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "left out".to_owned(),
        Value::Unknown(_) => "not known yet".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("\"{text}\""),
        Value::Dynamic(inner) => scalar(&inner.1),
        Value::Seq(_) | Value::Map(_) => "another value".to_owned(),
    }
}

fn listed(differ: &Differing<'_>, side: impl Fn(&(String, String)) -> &String) -> String {
    let parts: Vec<String> = differ
        .iter()
        .map(|(name, pair)| format!("`{name}` {}", side(pair)))
        .collect();
    parts.join(", ")
}

/// The plan was made, but an input is still unknown.
pub(crate) fn unknown_input(id: &ResourceId) -> Diagnostics {
    Diagnostic::error(
        format!("{} {} Has an Unknown Input", capital(&id.kind), id.id),
        "An argument that must be known by now is not. Nothing was changed. This is a bug in stackwright or Terraform; please report it with the configuration.",
    )
    .into()
}

/// An apply came to a stop.
pub(crate) fn stopped(
    id: &ResourceId,
    verb: Verb,
    failures: &[Failure],
    record: &Record,
    scope: &Scope,
) -> Diagnostics {
    let one = |failure| {
        Diagnostic::error(
            summary(failure, verb),
            detail(id, verb, failure, record, scope),
        )
    };
    Diagnostics(failures.iter().map(one).collect())
}

fn summary(failure: &Failure, verb: Verb) -> String {
    let kind = title_case(failure.kind.label());
    match (&failure.cause, failure.doing) {
        (Cause::Aws(AwsError::RolledBack { .. }), _) => "Deployment Rolled Back by ECS".to_owned(),
        (Cause::Foreign { .. }, _) => format!("{kind} Belongs to Another Root"),
        (Cause::Unlike { .. }, _) => format!("{kind} Exists Already and Differs"),
        (_, Doing::Reading) => format!("Reading {kind} Failed"),
        (_, Doing::Creating) => format!("Creating {kind} Failed"),
        (_, Doing::Updating) => format!("Updating {kind} Failed"),
        (_, Doing::Deleting) => format!("Deleting {kind} Failed"),
        (_, Doing::Settling) => format!("{} {kind} Did Not Finish", verb.title()),
    }
}

fn detail(
    id: &ResourceId,
    verb: Verb,
    failure: &Failure,
    record: &Record,
    scope: &Scope,
) -> String {
    let mut parts = vec![what_failed(id, failure)];
    parts.push(what_exists(record));
    parts.push(what_next(verb, record, scope));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

fn what_failed(id: &ResourceId, failure: &Failure) -> String {
    let component = format!("component `{}` of {} {}", failure.component, id.kind, id.id);
    match &failure.cause {
        Cause::Stopped => format!("Terraform was asked to stop before {component} was begun."),
        Cause::Foreign { object, owner } => format!(
            "The {} `{object}` ({component}) exists already and belongs to {owner}. Two roots never manage one object, so it was not touched. Choose another name here, remove it from the other root first, or, to move it to this root on purpose, import the resource with `terraform import` and the id `{}`.",
            failure.kind.label(),
            id.id
        ),
        Cause::Unlike { object, differs } => format!(
            "The {} `{object}` ({component}) exists already and says something else: {differs}. Nothing tells whose it is, and somebody may depend on it, so it was not touched. Delete it, or change it to what is wanted here, and apply again; or choose another name here.",
            failure.kind.label()
        ),
        Cause::Aws(AwsError::RolledBack {
            service,
            reason,
            running,
            stopped,
        }) => rolled_back(service, reason, running, stopped),
        Cause::Aws(error) => format!("{} ({component}). {}", sentence(error), remedy(error)),
    }
}

fn rolled_back(service: &str, reason: &str, running: &str, stopped: &[String]) -> String {
    let mut text = format!("ECS gave up on the deployment of {service}: {reason}\n");
    if stopped.is_empty() {
        text.push_str(
            "\nECS keeps no stopped tasks of it any more; the log group of the app may tell more.",
        );
    } else {
        text.push_str("\nIts tasks stopped because:\n");
        text.extend(stopped.iter().map(|reason| format!("  - {reason}\n")));
    }
    text + &format!(
        "\nRunning now: {running}. The state says so too. Mend the cause and apply again."
    )
}

/// What is in the state after the failure.
fn what_exists(record: &Record) -> String {
    if record.components.is_empty() {
        return "No object of the resource exists.".to_owned();
    }
    let name = |(key, entry): (&Key, &Entry)| {
        let object = ["name", "id", "arn"]
            .iter()
            .find_map(|output| entry.outputs.get(*output));
        format!(
            "{key} ({})",
            object.map_or_else(|| entry.kind.label(), String::as_str)
        )
    };
    let names: Vec<String> = record.components.iter().map(name).collect();
    format!(
        "These objects exist and are in the state: {}.",
        names.join(", ")
    )
}

fn what_next(verb: Verb, record: &Record, scope: &Scope) -> String {
    match verb {
        Verb::Creating if record.components.is_empty() => "Apply again when the cause is mended.".to_owned(),
        Verb::Creating => "Terraform marks the resource as tainted: the next apply would delete these objects and make all of them anew. To keep them and go on from here, run `terraform untaint` with the address of the resource, then `terraform apply`.".to_owned(),
        Verb::Updating => "Nothing is lost: the next `terraform apply` goes on from here.".to_owned(),
        Verb::Deleting => format!("They still stand in account {}. The next `terraform destroy` or `apply` goes on from here.", scope.account_id),
    }
}

/// What to do about an AWS error.
fn remedy(error: &AwsError) -> String {
    match error {
        AwsError::Denied { service, operation, principal, .. } => format!("Allow `{service}:{operation}` in a policy of {principal} (and in its permissions boundary and the organization's policies, when there are any), then run again."),
        AwsError::Credentials { .. } => "Get new credentials (log in again, or restart the CI job) and run again; nothing is lost.".to_owned(),
        AwsError::Throttled { .. } => "Wait a minute and run again. For very large roots, set `refresh = \"fast\"` in the provider block or split the root.".to_owned(),
        AwsError::Unreachable { .. } => "Check the network, the proxy and the endpoint, then run again.".to_owned(),
        AwsError::Failed { .. } => "The call may have had its effect all the same; running again takes over what it made. See https://health.aws.amazon.com.".to_owned(),
        AwsError::Timeout { .. } => "It may still come to its end by itself. Run again to go on waiting, or raise the `timeouts` of the resource.".to_owned(),
        AwsError::Stopped { .. } => "Run again to go on.".to_owned(),
        AwsError::Refused { .. } => "Change what AWS refuses and run again.".to_owned(),
        AwsError::RolledBack { .. } => String::new(),
        _ => "Please report it with the log of `TF_LOG_PROVIDER=debug`.".to_owned(),
    }
}

fn sentence(error: &AwsError) -> String {
    capital(error.to_string().trim_end_matches('.'))
}

/// There is no session. Nothing was changed in any account.
pub(crate) fn connecting(error: &ConnectError) -> Diagnostic {
    let (summary, next, path) = match error {
        ConnectError::NoRegion => (
            "No AWS Region",
            "Set `region` in the provider block or AWS_REGION in the environment.",
            Path::attribute("region"),
        ),
        ConnectError::NoCredentials { .. } => (
            "No AWS Credentials",
            "Log in (`aws sso login`, environment variables, a profile) or run where AWS gives credentials (CI with OIDC, an instance role).",
            Path::root(),
        ),
        ConnectError::TokenFile { .. } => (
            "Web Identity Token Not Readable",
            "Check `web_identity_token_file` and that the CI job may ask for tokens.",
            Path::attribute("assume_role_with_web_identity"),
        ),
        ConnectError::Expired { .. } => (
            "AWS Credentials Expired",
            "Log in again, or restart the CI job, and run again.",
            Path::root(),
        ),
        ConnectError::Rejected { .. } => (
            "AWS Credentials Not Accepted",
            "Check that the access key exists, is active and belongs to this partition.",
            Path::root(),
        ),
        ConnectError::AssumeRoleDenied { .. } => (
            "Role Cannot Be Assumed",
            "The role must exist and trust the caller, and a policy of the caller must allow `sts:AssumeRole` on it. With Stackwright's tree, apply the `ops` root first: it makes the roles of the other accounts.",
            Path::attribute("assume_role"),
        ),
        ConnectError::AssumeRole { .. } => (
            "Role Cannot Be Assumed",
            "Check the `assume_role` block.",
            Path::attribute("assume_role"),
        ),
        ConnectError::Unreachable { .. } => (
            "AWS Not Reachable",
            "Check the network, the proxy and the endpoint, then run again.",
            Path::root(),
        ),
        ConnectError::WrongAccount { .. } => (
            "Wrong AWS Account",
            "Use the credentials or the role of an allowed account, or, when this account is right, add it to `allowed_account_ids`.",
            Path::attribute("allowed_account_ids"),
        ),
        ConnectError::Identity { .. } => (
            "AWS Caller Unknown",
            "Run again, and look at the log with TF_LOG_PROVIDER=debug.",
            Path::root(),
        ),
    };
    let cause = std::error::Error::source(error)
        .map(|cause| format!(": {cause}"))
        .unwrap_or_default();
    let detail = format!(
        "{}{cause}. Nothing was read or changed. {next}",
        capital(error.to_string().trim_end_matches('.'))
    );
    Diagnostic::error(summary, detail).at(path)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn title_case(label: &str) -> String {
    label.split(' ').map(capital).collect::<Vec<_>>().join(" ")
}
