//! What the templates see: only values that they write as they are, every decision already made.

use serde::Serialize;

use crate::project::{App, Environment, EnvironmentPlan, Project, Scale, State};

/// The project, for files that are the same everywhere.
#[derive(Debug, Serialize)]
pub(crate) struct ProjectView<'a> {
    project: &'a str,
    region: &'a str,
    partition: &'a str,
    accounts: Vec<Pair<'a>>,
    ops_account: &'a str,
    environments: Vec<EnvironmentView<'a>>,
    apps: Vec<AppView<'a>>,
    has_state: bool,
}

/// One environment.
#[derive(Debug, Serialize)]
pub(crate) struct EnvironmentView<'a> {
    project: &'a str,
    region: &'a str,
    environment: &'a str,
    account: &'a str,
    cidr: &'a str,
    az_count: i64,
    nat: &'a str,
    apps: Vec<ScaleView<'a>>,
}

/// One app, for its module.
#[derive(Debug, Serialize)]
pub(crate) struct AppView<'a> {
    app: &'a str,
    procfile: &'a str,
    processes: Vec<ProcessView<'a>>,
}

/// State of one root.
#[derive(Debug, Serialize)]
pub(crate) struct BackendView<'a> {
    state: Option<StateView<'a>>,
}

#[derive(Debug, Serialize)]
struct StateView<'a> {
    bucket: &'a str,
    region: &'a str,
    key: String,
}

#[derive(Debug, Serialize)]
struct ProcessView<'a> {
    process: &'a str,
    command: &'a str,
    last: bool,
}

#[derive(Debug, Serialize)]
struct ScaleView<'a> {
    app: &'a str,
    image: &'a str,
    config: Vec<Pair<'a>>,
    secrets: Vec<Pair<'a>>,
    processes: Vec<ProcessScaleView<'a>>,
}

#[derive(Debug, Serialize)]
struct ProcessScaleView<'a> {
    process: &'a str,
    count: i64,
    size: &'a str,
}

#[derive(Debug, Serialize)]
struct Pair<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> ProjectView<'a> {
    pub(crate) fn of(project: &'a Project) -> Self {
        let accounts = &project.accounts;
        let pair = |name, value: &'a String| Pair { name, value };
        Self {
            project: &project.name,
            region: &project.region,
            partition: project.partition,
            accounts: vec![
                pair("ops", &accounts.ops),
                pair("stage", &accounts.stage),
                pair("prod", &accounts.prod),
            ],
            ops_account: &accounts.ops,
            environments: project
                .environments
                .iter()
                .map(|plan| EnvironmentView::of(project, plan))
                .collect(),
            apps: project.apps.iter().map(AppView::of).collect(),
            has_state: project.state.is_some(),
        }
    }
}

impl<'a> EnvironmentView<'a> {
    pub(crate) fn of(project: &'a Project, plan: &'a EnvironmentPlan) -> Self {
        Self {
            project: &project.name,
            region: &project.region,
            environment: plan.environment.name(),
            account: &plan.account,
            cidr: &plan.network.cidr,
            az_count: plan.network.az_count,
            nat: &plan.network.nat,
            apps: plan.apps.iter().map(ScaleView::of).collect(),
        }
    }
}

impl<'a> AppView<'a> {
    pub(crate) fn of(app: &'a App) -> Self {
        let last = app.processes.len().saturating_sub(1);
        let processes = app.processes.iter().enumerate();
        let processes = processes.map(|(index, process)| ProcessView {
            process: &process.name,
            command: &process.command,
            last: index == last,
        });
        Self {
            app: &app.name,
            procfile: &app.procfile,
            processes: processes.collect(),
        }
    }
}

impl<'a> BackendView<'a> {
    /// The state of a root: of ops, or of an environment.
    pub(crate) fn of(state: Option<&'a State>, environment: Option<Environment>) -> Self {
        let root = environment.map_or("ops", Environment::name);
        let view = |state: &'a State| StateView {
            bucket: &state.bucket,
            region: &state.region,
            key: format!("{}/{root}/terraform.tfstate", state.prefix),
        };
        Self {
            state: state.map(view),
        }
    }
}

impl<'a> ScaleView<'a> {
    fn of(scale: &'a Scale) -> Self {
        let pairs = |map: &'a std::collections::BTreeMap<String, String>| {
            map.iter()
                .map(|(name, value)| Pair { name, value })
                .collect()
        };
        let processes = scale.processes.iter();
        Self {
            app: &scale.app,
            image: &scale.image,
            config: pairs(&scale.config),
            secrets: pairs(&scale.secrets),
            processes: processes
                .map(|(process, (count, size))| ProcessScaleView {
                    process,
                    count: *count,
                    size,
                })
                .collect(),
        }
    }
}
