//! From a spec without errors to a project: every default filled in.

use std::collections::BTreeMap;

use stackwright_plan::procfile::Procfile;

use crate::check::{generated, overrides};
use crate::project::{
    Accounts, App, Environment, EnvironmentPlan, Network, Process, Project, Scale, State,
};
use crate::shape;
use crate::spec::{AppWritten, NetworkWritten, ProcessWritten, Written};
use crate::toml_reader::Text;

/// The project of a spec without errors; nothing when something required is missing, which is an error.
pub(crate) fn build(written: &Written, procfiles: &BTreeMap<String, Procfile>) -> Option<Project> {
    let value = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone());
    let accounts = Accounts {
        ops: value(&written.ops)?,
        stage: value(&written.stage)?,
        prod: value(&written.prod)?,
    };
    let (name, region) = (value(&written.project)?, value(&written.region)?);
    let state = match &written.state {
        None => None,
        Some(state) => Some(State {
            bucket: value(&state.bucket)?,
            region: value(&state.region).unwrap_or_else(|| region.clone()),
            prefix: value(&state.prefix).unwrap_or_else(|| name.clone()),
        }),
    };
    let apps = by_name(written)
        .into_iter()
        .map(|app| build_app(app, procfiles))
        .collect::<Option<Vec<App>>>()?;
    let environments = Environment::ALL
        .into_iter()
        .map(|it| build_environment(written, &accounts, &apps, it))
        .collect::<Option<_>>()?;
    Some(Project {
        partition: shape::partition(&region),
        name,
        region,
        accounts,
        state,
        apps,
        environments,
    })
}

fn by_name(written: &Written) -> Vec<&AppWritten> {
    let mut apps: Vec<&AppWritten> = written.apps.iter().collect();
    apps.sort_by(|a, b| a.name.value.cmp(&b.name.value));
    apps
}

fn build_app(app: &AppWritten, procfiles: &BTreeMap<String, Procfile>) -> Option<App> {
    let processes = generated(procfiles.get(app.procfile())?);
    let processes = processes.map(|process| Process {
        name: process.name.clone(),
        command: process.command.clone(),
    });
    Some(App {
        name: app.name.value.clone(),
        procfile: app.procfile().to_owned(),
        processes: processes.collect(),
    })
}

fn build_environment(
    written: &Written,
    accounts: &Accounts,
    apps: &[App],
    environment: Environment,
) -> Option<EnvironmentPlan> {
    let own = written
        .environments
        .iter()
        .find(|it| it.environment == environment);
    let settings = own.map(|own| own.apps.as_slice()).unwrap_or_default();
    let scales = by_name(written).into_iter().zip(apps);
    Some(EnvironmentPlan {
        environment,
        account: accounts.of(environment).to_owned(),
        network: build_network(&written.network, own.map(|own| &own.network)),
        apps: scales
            .map(|(app, built)| build_scale(app, built, overrides(settings, app)))
            .collect::<Option<_>>()?,
    })
}

fn build_network(base: &NetworkWritten, own: Option<&NetworkWritten>) -> Network {
    let text = |pick: fn(&NetworkWritten) -> Option<&Text>, default: &str| {
        own.and_then(pick)
            .or_else(|| pick(base))
            .map_or_else(|| default.to_owned(), |text| text.value.clone())
    };
    let az_count = own
        .and_then(|own| own.az_count.as_ref())
        .or(base.az_count.as_ref());
    Network {
        cidr: text(|network| network.cidr.as_ref(), "10.30.0.0/16"),
        az_count: az_count.map_or(2, |count| count.value),
        nat: text(|network| network.nat.as_ref(), "single"),
    }
}

fn build_scale(app: &AppWritten, built: &App, own: Option<&AppWritten>) -> Option<Scale> {
    let merged = |pick: fn(&AppWritten) -> &[(Text, Text)]| {
        let pairs = pick(app).iter().chain(own.map(pick).unwrap_or_default());
        pairs
            .map(|(name, value)| (name.value.clone(), value.value.clone()))
            .collect()
    };
    Some(Scale {
        app: app.name.value.clone(),
        image: app.image.as_ref()?.value.clone(),
        config: merged(|app| &app.config),
        secrets: merged(|app| &app.secrets),
        processes: built
            .processes
            .iter()
            .map(|process| (process.name.clone(), process_scale(app, own, &process.name)))
            .collect(),
    })
}

/// How many tasks of which size: the environment's word, else the app's, else one of `1X`.
fn process_scale(app: &AppWritten, own: Option<&AppWritten>, name: &str) -> (i64, String) {
    let find = |settings: &'_ AppWritten| {
        settings
            .processes
            .iter()
            .position(|process| process.name.value == name)
    };
    let written = [own, Some(app)]
        .into_iter()
        .flatten()
        .filter_map(|settings| find(settings).map(|at| &settings.processes[at]));
    let written: Vec<&ProcessWritten> = written.collect();
    let count = written
        .iter()
        .find_map(|process| process.count.as_ref())
        .map_or(1, |count| count.value);
    let size = written
        .iter()
        .find_map(|process| process.size.as_ref())
        .map_or_else(|| "1X".to_owned(), |size| size.value.clone());
    (count, size)
}
