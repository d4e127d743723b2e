//! What each process is: from its name, its entry in the Procfile and what the spec says of it.

use stackwright_plan::procfile::{Process, Procfile};

use crate::module_sources::Modules;
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

/// What the modules of this version can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a feature of its own"
)]
pub(crate) struct Features {
    pub(crate) public: bool,
    pub(crate) internal: bool,
    pub(crate) jobs: bool,
    pub(crate) databases: bool,
    pub(crate) monitors: bool,
}

impl Features {
    pub(crate) fn of(modules: &Modules) -> Self {
        let router = modules.has("router") && modules.gives("environment", "public_router");
        Self {
            public: modules.has("web-service") && router,
            internal: modules.has("web-service") && modules.takes("web-service", "clients"),
            jobs: modules.has("scheduled-job"),
            databases: modules.has("db") && modules.takes("worker", "secrets"),
            monitors: modules.has("monitors"),
        }
    }

    /// The module that a process would need and that is not there.
    pub(crate) fn lacks(self, part: Part) -> Option<&'static str> {
        match part {
            Part::Job if !self.jobs => Some("scheduled-job"),
            Part::Web { public: true, .. } if !self.public => Some("router"),
            Part::Web { internal: true, .. } if !self.internal => Some("web-service"),
            _ => None,
        }
    }
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

/// Whether a process runs as a service or a job, and the modules for it are there.
pub(crate) fn is_generated(part: Part, features: Features) -> bool {
    !matches!(part, Part::Release | Part::ByHand) && features.lacks(part).is_none()
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
