//! What each process is: from its name, its entry in the Procfile and what the spec says of it.

use stackwright_plan::procfile::{Process, Procfile};

use crate::spec::{AppWritten, ProcessWritten};

/// What a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The release phase.
    Release,
    /// Only there to be run by hand.
    ByHand,
    /// Runs on a schedule.
    Job,
    /// Takes requests: from the public router, by a private name, or both.
    Web { public: bool, internal: bool },
    /// Keeps running.
    Worker,
}

/// What a process of an app is.
pub(crate) fn part(app: &AppWritten, process: &Process) -> Part {
    let settings = app.process(&process.name);
    let has_cron = settings.is_some_and(|settings| settings.cron.is_some());
    if process.cron.is_some() || has_cron {
        return Part::Job;
    }
    if process.noservice {
        return Part::ByHand;
    }
    if process.name == "release" {
        return Part::Release;
    }
    let is_web = process.name == "web";
    let own = |says: fn(&ProcessWritten) -> bool| settings.is_some_and(says);
    let internal = (app.internal && is_web) || own(|settings| settings.internal);
    let routed = own(|settings| settings.routes.is_some());
    let public = routed || ((is_web || !process.ports.is_empty()) && !internal);
    if public || internal {
        Part::Web { public, internal }
    } else {
        Part::Worker
    }
}

/// Whether a process runs as a service or a job.
pub(crate) fn is_generated(part: Part) -> bool {
    !matches!(part, Part::Release | Part::ByHand)
}

/// The process of an app that answers other apps: `web` first.
pub(crate) fn answering<'a>(app: &AppWritten, procfile: &'a Procfile) -> Option<&'a Process> {
    let is = |process: &&Process| matches!(part(app, process), Part::Web { internal: true, .. });
    let web = procfile
        .processes
        .iter()
        .find(|process| process.name == "web");
    web.filter(is)
        .or_else(|| procfile.processes.iter().find(is))
}

/// The port of a process that takes requests.
pub(crate) fn port(app: &AppWritten, process: &Process) -> i64 {
    let written = app
        .process(&process.name)
        .and_then(|settings| settings.port.as_ref());
    let ports = process.ports.first().map(|port| i64::from(port.container));
    written.map(|port| port.value).or(ports).unwrap_or(8080)
}
