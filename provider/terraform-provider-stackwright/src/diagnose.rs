//! Messages about what AWS refused or what came to a stop: what failed, what exists now, what to do.

use std::collections::{BTreeMap, BTreeSet};

use stackwright_aws::{AwsError, ConnectError, LogTail, StoppedTasks};
use stackwright_plan::resource::{Exclusive, RecoverError};
use stackwright_plan::{Key, Kind, ResourceId, Scope};
use tfplugin_types::{Diagnostic, Diagnostics, Path, Value};

use crate::engine::converge::{Cause, Doing, Failure, Outcome};
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

/// What is about to be made cannot be written down.
pub(crate) fn journal(id: &ResourceId, error: &AwsError) -> Diagnostics {
    let detail = format!(
        "Before Stackwright makes objects, it notes in SSM Parameter Store which resource it works on, so that a run that is killed leaves nothing behind that the next one does not find. That failed: {}. Nothing was changed. {}",
        error_text(error),
        remedy(error)
    );
    Diagnostic::error(format!("Applying {} Cannot Begin", named(id)), detail).into()
}

/// Earlier runs of this root were killed.
pub(crate) fn killed_before(ids: &BTreeSet<String>) -> Diagnostic {
    const SHOWN: usize = 10;
    let mut names: Vec<String> = ids.iter().take(SHOWN).map(|id| format!("`{id}`")).collect();
    if ids.len() > SHOWN {
        names.push(format!("{} more", ids.len() - SHOWN));
    }
    Diagnostic::warning(
        "An Earlier Run Was Killed",
        format!(
            "A run of this root ended before Terraform could store what it had made. It was working on {}. An apply of these resources finishes them, and deletes what is not wanted any more. If one of them is neither in the state nor in the configuration by now, its objects are in no state: put its block back, apply, and then remove it.",
            names.join(", ")
        ),
    )
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
        format!("`{attribute}` of {} {} is true, so it is neither destroyed nor replaced. Nothing was changed. To delete it, set `{attribute} = false`, apply that, and then destroy or replace it.", id.kind, id.id),
    )
    .at(Path::attribute(attribute))
    .into()
}

/// A resource would be deleted while others, which stay, still use it.
pub(crate) fn in_use(id: &ResourceId, users: &[ResourceId]) -> Diagnostics {
    let names: Vec<String> = users.iter().map(named).collect();
    let (whole, names) = (named(id), names.join(", "));
    Diagnostic::error(
        format!("{} {} Is Still in Use", capital(&id.kind), id.id),
        format!("{} still uses {whole}. Terraform deletes {whole} before it updates what uses it, and AWS refuses that, on every run. Nothing was changed. Do it in two applies: first keep {whole} in the configuration, beside what takes its place, change {names} so that {whole} is not used any more, and apply; then remove {whole} and apply again.", capital(&names)),
    )
    .into()
}

/// A resource is replaced because one that it stands on is.
pub(crate) fn replaced_together(id: &ResourceId, ground: &ResourceId) -> Diagnostic {
    let (id_named, ground_named) = (named(id), named(ground));
    Diagnostic::warning(
        format!("Downtime of {id_named}"),
        format!(
            "{} is replaced, and AWS does not delete it while {id_named} uses it. So {id_named} is deleted first and re-created at the end: nothing of it runs in between. To keep it running, leave {ground_named} as it is, or make another one with another name beside it and move {id_named} there.",
            capital(&ground_named)
        ),
    )
}

fn named(id: &ResourceId) -> String {
    format!("{} {}", id.kind, id.id)
}

/// Two resources ask for what only one can have.
pub(crate) fn claimed(id: &ResourceId, holder: &ResourceId, exclusive: Exclusive) -> Diagnostic {
    let Exclusive { what, at, remedy } = exclusive;
    Diagnostic::error(
        "Conflicting Resources",
        format!(
            "{} and {} both claim {what}. {remedy}",
            capital(&named(holder)),
            named(id)
        ),
    )
    .at(at)
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
        (Cause::Gone { .. }, _) => format!("{kind} Was Deleted After the Plan"),
        (Cause::Precious { .. }, _) => format!("{kind} Is Not Replaced"),
        (Cause::Superseded { .. }, _) => "Something Was Deployed After the Plan".to_owned(),
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
        Cause::Gone { object } => format!(
            "The {} `{object}` ({component}) existed when the plan was made and does not exist any more, and the plan does not re-create it. Run `terraform plan` again, without `-refresh=false`, and apply that plan.",
            failure.kind.label()
        ),
        Cause::Precious { object, fields } => format!(
            "The {} `{object}` ({component}) differs in {fields}, which AWS cannot change, and a replacement would delete what it holds. So it was left as it is. It may have been made outside under the same name: look at it, and import it, rename it or give the resource another name.",
            failure.kind.label()
        ),
        Cause::Superseded { planned_from, now } => format!(
            "The plan started from {planned_from}, but by now the {} ({component}) runs {now}: a deployment from outside came in between, and this apply would undo it. Nothing was changed. Run `terraform plan` again, without `-refresh=false`, and apply that plan.",
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

fn rolled_back(service: &str, reason: &str, running: &str, stopped: &StoppedTasks) -> String {
    let StoppedTasks { reasons, logs } = stopped;
    let mut text = format!("ECS gave up on the deployment of {service}: {reason}\n");
    if reasons.is_empty() {
        text.push_str(
            "\nECS keeps no stopped tasks of it any more; the log group of the app may tell more.",
        );
    } else {
        text.push_str("\nIts tasks stopped because:\n");
        text.extend(reasons.iter().map(|reason| format!("  - {reason}\n")));
    }
    text.extend(logs.iter().map(log_tail));
    text + &format!(
        "\nRunning now: {running}. The state says so too. Mend the cause and apply again."
    )
}

/// The last lines of a container, and the command that shows all of them.
fn log_tail(log: &LogTail) -> String {
    let LogTail {
        container,
        lines,
        group,
        stream,
    } = log;
    let lines: Vec<String> = lines.iter().map(|line| format!("    | {line}\n")).collect();
    let lines = lines.concat();
    format!(
        "\nContainer {container} of one of them wrote last:\n{lines}  All of it: aws logs tail '{group}' --log-stream-names '{stream}' --since 3h\n"
    )
}

/// What an apply that went well has left.
pub(crate) fn finished(id: &ResourceId, outcome: &Outcome) -> Diagnostics {
    let mut found = Diagnostics::new();
    if !outcome.left_alone.is_empty() {
        let fields = outcome.left_alone.iter().map(|field| format!("`{field}`"));
        let fields: Vec<String> = fields.collect();
        let summary = format!("{} {} Changed After the Plan", capital(&id.kind), id.id);
        let detail = format!(
            "The plan did not show a change of {}, so the apply left what AWS has now. The next plan shows what differs.",
            fields.join(", ")
        );
        found.push(Diagnostic::warning(summary, detail));
    }
    if !outcome.waits_for.is_empty() {
        let inside: Vec<&str> = outcome
            .waits_for
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        let summary = format!("Parts of {} {} Are Still in Use", capital(&id.kind), id.id);
        let detail = format!(
            "What is not wanted any more of {} {} was not deleted yet, because this is still in it: {}. It is deleted in this run when the resources that use it have left it. If it is still there afterwards, the next plan shows it, and another apply deletes it.",
            id.kind,
            id.id,
            inside.join(", ")
        );
        found.push(Diagnostic::warning(summary, detail));
    }
    found
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
        Verb::Creating => "Terraform marks the resource as tainted: the next apply would delete these objects and create all of them again. To keep them and go on from here, run `terraform untaint` with the address of the resource, then `terraform apply`.".to_owned(),
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
        AwsError::InUse { .. } => "Waiting does not help: remove or move what uses it first, then run again.".to_owned(),
        AwsError::Taken { .. } => "Choose another one here, or change the other resource first.".to_owned(),
        AwsError::Refused { .. } => "Change what AWS refuses and run again.".to_owned(),
        AwsError::RolledBack { .. } => String::new(),
        _ => "Please report it with the log of `TF_LOG_PROVIDER=debug`.".to_owned(),
    }
}

fn error_text(error: &AwsError) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}

fn sentence(error: &AwsError) -> String {
    capital(&error_text(error))
}

/// There is no session. Nothing was changed in any account.
pub(crate) fn connecting(error: &ConnectError) -> Diagnostic {
    let (summary, next, path) = unconnected(error);
    no_session(error, summary, "Nothing was read or changed.", next).at(path)
}

/// There is no session to write with. The plan was made with another one. A resource has no path to an argument of the
/// provider block, so the text names it.
pub(crate) fn before_writing(error: &ConnectError) -> Diagnostic {
    let (summary, next, _) = unconnected(error);
    let state = "Nothing was changed. The role is that of `apply_role` in the provider block.";
    no_session(error, summary, state, next)
}

fn no_session(error: &ConnectError, summary: &str, state: &str, next: &str) -> Diagnostic {
    let cause = std::error::Error::source(error)
        .map(|cause| format!(": {cause}"))
        .unwrap_or_default();
    let error = capital(error.to_string().trim_end_matches('.'));
    Diagnostic::error(summary, format!("{error}{cause}. {state} {next}"))
}

/// What happened, what to do next, and the argument that it is about.
fn unconnected(error: &ConnectError) -> (&'static str, &'static str, Path) {
    match error {
        ConnectError::NoRegion => (
            "No AWS Region",
            "Set `region` in the provider block or AWS_REGION in the environment.",
            Path::attribute("region"),
        ),
        ConnectError::Endpoint { .. } => (
            "Invalid Endpoint",
            "Correct or unset it; the profile may set the same under `endpoint_url`.",
            Path::root(),
        ),
        ConnectError::PlainHttp { .. } => (
            "Endpoint Without TLS",
            "Use https. For an emulator in a network of your own, set STACKWRIGHT_ALLOW_PLAIN_HTTP=1 in the environment.",
            Path::root(),
        ),
        ConnectError::Restricted { argument } => (
            "Forbidden Provider Argument",
            "Take it out: on this machine, files and hosts come from the environment alone.",
            Path::attribute(*argument),
        ),
        ConnectError::CaBundle { .. } => (
            "Certificates Not Readable",
            "Correct or unset AWS_CA_BUNDLE.",
            Path::root(),
        ),
        ConnectError::OtherAccount { .. } => (
            "Wrong AWS Account",
            "Give `apply_role` and `assume_role` roles of the same account.",
            Path::attribute("apply_role"),
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
    }
}

/// A sentence begins with a capital, but not when it begins with an ARN or with an action of IAM.
fn capital(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    if first.contains([':', '`', '/', '_']) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn title_case(label: &str) -> String {
    label.split(' ').map(capital).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_begin_with_a_capital_but_names_stay() {
        for (text, sentence) in [
            ("the service is gone", "The service is gone"),
            (
                "arn:aws:iam::111111111111:role/a may not",
                "arn:aws:iam::111111111111:role/a may not",
            ),
            ("ecs:CreateService is denied", "ecs:CreateService is denied"),
            ("`a` is wrong", "`a` is wrong"),
        ] {
            assert_eq!(capital(text), sentence);
        }
    }
}
