//! Import: the configuration that would have made a job that exists.

use serde_json::Value as Json;
use tfplugin_types::Cfg;

use super::{FORM, GROUP, JobConfig, SCHEDULE, TASK};
use crate::app::AppRefConfig;
use crate::component::Container;
use crate::resource::{
    Found, RecoverError, Refs, Seen, cfg_list, cfg_map, known_map, required, split_id,
};
use crate::{Kind, ResourceId, Scope, service};

pub(super) fn recover(
    scope: &Scope,
    id: &str,
    found: &Found,
    refs: &Refs,
) -> Result<JobConfig, RecoverError> {
    let [environment, app, process] = split_id::<3>(scope, id, FORM)?;
    let app = app_of(id, &format!("{environment}/{app}"), refs)?;
    let schedule = required(found, SCHEDULE, id, Kind::Schedule)?;
    let group = required(found, GROUP, id, Kind::ScheduleGroup)?;
    let task = required(found, TASK, id, Kind::TaskDefinition)?;
    let container = container(id, process, task)?;
    let mut view = JobConfig {
        cluster: service::recover_cluster(schedule, found),
        process: Cfg::Known(process.to_owned()),
        schedule: schedule.text("schedule_expression").into(),
        time_zone: schedule.text("schedule_expression_timezone").into(),
        flexible_window: schedule.number("flexible_window_minutes").into(),
        enabled: schedule
            .text("state")
            .map(|state| state == "ENABLED")
            .into(),
        retries: schedule.number("maximum_retry_attempts").into(),
        maximum_age: schedule.number("maximum_event_age_in_seconds").into(),
        image: Cfg::Known(container.image.get().clone()),
        command: service::recover_command(container.command.get()),
        entrypoint: cfg_list(container.entry_point.get().clone()),
        size: service::recover_size(task),
        cpu: task.number("cpu").into(),
        memory: task.number("memory").into(),
        architecture: task.text("cpu_architecture").into(),
        config: cfg_map(own_config(scope, process, &app, &container)),
        secrets: cfg_map(service::own_secrets(&container, &app)),
        stop_timeout: Cfg::Known(i64::from(container.stop_timeout)),
        app: Cfg::Known(app),
        ..JobConfig::default()
    };
    view.common.tags = cfg_map(group.user_tags(scope));
    Ok(view)
}

fn app_of(id: &str, app: &str, refs: &Refs) -> Result<AppRefConfig, RecoverError> {
    let found = refs.get(&ResourceId::new("app", app));
    let found = found.and_then(|value| AppRefConfig::from_value(value).ok());
    found.ok_or_else(|| RecoverError::Missing {
        id: id.to_owned(),
        kind: "app",
    })
}

fn container(id: &str, process: &str, task: &Seen) -> Result<Container, RecoverError> {
    let foreign = |reason: &str| RecoverError::Foreign {
        id: id.to_owned(),
        kind: Kind::TaskDefinition.label(),
        reason: reason.to_owned(),
    };
    let containers: Json = task.fields.get("containers").cloned().unwrap_or_default();
    let containers: Vec<Container> = serde_json::from_value(containers)
        .map_err(|_| foreign("its containers have settings that Stackwright does not write"))?;
    let mut containers = containers.into_iter();
    let found = containers.find(|container| container.name == process);
    found.ok_or_else(|| foreign("it has no container with the name of the process"))
}

/// The variables that neither Stackwright nor the app gives it.
fn own_config(
    scope: &Scope,
    process: &str,
    app: &AppRefConfig,
    container: &Container,
) -> std::collections::BTreeMap<String, String> {
    let name = app.name.known().map_or("", String::as_str);
    let ours = service::injected(scope, name, process);
    let of_app = known_map(&app.config).unwrap_or_default();
    let own = |(name, value): &(String, String)| {
        !ours.contains_key(name) && of_app.get(name) != Some(value)
    };
    let all = container.environment.get().clone();
    all.into_iter().filter(own).collect()
}
