//! What the templates see: only values that they write as they are, every decision already made.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::module_sources::Modules;
use crate::project::{
    App, Environment, EnvironmentPlan, Process, Project, Role, Scale, State, Web,
};

/// The project, for files that are the same everywhere.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a template knows nothing but whether to write a line"
)]
pub(crate) struct ProjectView<'a> {
    project: &'a str,
    region: &'a str,
    partition: &'a str,
    accounts: Vec<Pair<'a>>,
    ops_account: &'a str,
    environments: Vec<EnvironmentView<'a>>,
    apps: Vec<AppView<'a>>,
    has_state: bool,
    /// Whether something is public.
    public: bool,
    /// Whether there are monitors.
    monitoring: bool,
    /// Whether those of the router can be listed.
    router_watched: bool,
    mermaid: String,
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
    ipv6: bool,
    flow_log_retention: i64,
    router: Option<Value>,
    container_insights: Option<bool>,
    deletion_protection: Option<bool>,
    monitoring: bool,
    notifiers: &'a BTreeMap<String, String>,
    notify: Option<&'a Value>,
    apps: Map<String, Value>,
}

/// One app, for its module.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a template knows nothing but whether to write a line"
)]
pub(crate) struct AppView<'a> {
    app: &'a str,
    procfile: &'a str,
    processes: Vec<ProcessView<'a>>,
    services: Vec<&'a str>,
    task_roles: Vec<&'a str>,
    /// Its processes whose monitors can be listed.
    watched: Vec<&'a str>,
    /// Whether those of its database can be listed.
    db_watched: bool,
    asleep: Vec<AsleepView<'a>>,
    uses: Vec<UseView<'a>>,
    used_by: &'a [String],
    /// Whether the public router sends it requests.
    public: bool,
    scaled: bool,
    has_db: bool,
    db_monitors: Option<&'a Value>,
    db_notify: bool,
    /// Whether there are monitors.
    monitoring: bool,
    /// Whether something in it has monitors that tell somebody.
    tells: bool,
    /// Whether something in it has monitors that need Container Insights.
    counts_tasks: bool,
    monitors: Vec<MonitorView<'a>>,
}

#[derive(Debug, Serialize)]
struct AsleepView<'a> {
    process: &'a str,
    command: &'a str,
    why: &'a str,
}

#[derive(Debug, Serialize)]
struct UseView<'a> {
    variable: &'a str,
    name: &'a str,
    port: i64,
}

/// A monitor: its arguments, and its levels, which are blocks.
#[derive(Debug, Serialize)]
struct MonitorView<'a> {
    monitor: &'a str,
    arguments: Vec<Argument<'a>>,
    levels: Vec<Level<'a>>,
}

#[derive(Debug, Serialize)]
struct Level<'a> {
    level: &'a str,
    arguments: Vec<Argument<'a>>,
}

#[derive(Debug, Serialize)]
struct Argument<'a> {
    name: &'a str,
    value: &'a Value,
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

/// One process: the module that it is made by and what that is given.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a template knows nothing but whether to write a line"
)]
struct ProcessView<'a> {
    process: &'a str,
    command: &'a str,
    module: &'static str,
    role: String,
    last: bool,
    counted: bool,
    scaled: bool,
    web: Option<WebView<'a>>,
    schedule: Option<&'a str>,
    time_zone: Option<&'a str>,
    retries: Option<i64>,
    expected_window: Option<&'a str>,
    exec: bool,
    stop_timeout: Option<i64>,
    deploy: Option<&'a Value>,
    architecture: Option<&'a str>,
    config: Option<Value>,
    /// Whether its config and secrets are those of the database, too.
    has_db: bool,
    takes_clients: bool,
    monitors: Option<&'a Value>,
    takes_notify: bool,
    counts_tasks: bool,
}

#[derive(Debug, Serialize)]
struct WebView<'a> {
    port: i64,
    public: bool,
    private_name: bool,
    routes: Vec<RouteView<'a>>,
    health_check: Option<&'a Value>,
    deregistration_delay: Option<i64>,
    slo: Option<&'a Value>,
}

#[derive(Debug, Serialize)]
struct RouteView<'a> {
    route: &'a str,
    path: Option<&'a str>,
    priority: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Pair<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> ProjectView<'a> {
    pub(crate) fn of(project: &'a Project, modules: &Modules) -> Self {
        let accounts = &project.accounts;
        let pair = |name, value: &'a String| Pair { name, value };
        let environments = project.environments.iter();
        let apps = project.apps.iter();
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
            environments: environments
                .map(|plan| EnvironmentView::of(project, plan, modules))
                .collect(),
            apps: apps.map(|app| AppView::of(app, modules)).collect(),
            has_state: project.state.is_some(),
            public: project.is_public(),
            monitoring: modules.has("monitors"),
            router_watched: project.is_public() && modules.gives("environment", "monitors"),
            mermaid: crate::graph::mermaid(project),
        }
    }
}

impl<'a> EnvironmentView<'a> {
    pub(crate) fn of(project: &'a Project, plan: &'a EnvironmentPlan, modules: &Modules) -> Self {
        let router = plan.router.as_ref().map(|router| {
            let mut all = json!({ "domains": router.domains });
            if let Some(zone_id) = &router.zone_id {
                all["zone_id"] = json!(zone_id);
            }
            if let Some(arn) = &router.certificate_arn {
                all["certificate_arn"] = json!(arn);
            }
            if let Some(monitors) = &router.monitors {
                all["monitors"] = monitors.clone();
            }
            all
        });
        let apps = plan.apps.iter();
        Self {
            project: &project.name,
            region: &project.region,
            environment: plan.environment.name(),
            account: &plan.account,
            cidr: &plan.network.cidr,
            az_count: plan.network.az_count,
            nat: &plan.network.nat,
            ipv6: plan.network.ipv6,
            flow_log_retention: plan.network.flow_log_retention,
            router,
            container_insights: plan.container_insights,
            deletion_protection: plan.deletion_protection,
            monitoring: modules.has("monitors"),
            notifiers: &plan.notifiers,
            notify: project.notify.as_ref(),
            apps: apps
                .map(|app| (app.app.clone(), scale_value(app)))
                .collect(),
        }
    }
}

/// What an environment says of an app, as the value of its variable.
fn scale_value(scale: &Scale) -> Value {
    let mut all = json!({ "image": scale.image });
    for (key, map) in [
        ("config", &scale.config),
        ("secrets", &scale.secrets),
        ("policies", &scale.policies),
    ] {
        if !map.is_empty() {
            all[key] = json!(map);
        }
    }
    if let Some(db) = &scale.db {
        all["db"] = db.clone();
    }
    let processes = scale.processes.iter().map(|(name, process)| {
        let mut one = json!({ "size": process.size });
        if let Some(count) = process.count {
            one["desired_count"] = json!(count);
        }
        if let Some(scale) = &process.scale {
            one["scale"] = scale.clone();
        }
        if !process.hosts.is_empty() {
            one["hosts"] = json!(process.hosts);
        }
        (name.clone(), one)
    });
    all["processes"] = processes.collect::<Map<String, Value>>().into();
    all
}

impl<'a> AppView<'a> {
    pub(crate) fn of(app: &'a App, modules: &Modules) -> Self {
        let last = app.processes.len().saturating_sub(1);
        let processes = app.processes.iter().enumerate();
        let gives = |output: &'static str| {
            let with = app
                .processes
                .iter()
                .filter(move |process| modules.gives(process.role.module(), output));
            with.map(|process| process.name.as_str()).collect()
        };
        let web = |process: &Process| match &process.role {
            Role::Web(web) => web.public,
            _ => false,
        };
        let any_takes = |variable: &str| {
            let mut processes = app.processes.iter();
            processes.any(|it| modules.takes(it.role.module(), variable))
        };
        let db_notify =
            app.db.is_some() && modules.has("monitors") && modules.takes("db", "notify");
        Self {
            app: &app.name,
            procfile: &app.procfile,
            services: gives("service_arn"),
            task_roles: gives("task_role_arn"),
            watched: gives("monitors"),
            db_watched: app.db.is_some() && modules.gives("db", "monitors"),
            asleep: app
                .asleep
                .iter()
                .map(|it| AsleepView {
                    process: &it.name,
                    command: &it.command,
                    why: it.why,
                })
                .collect(),
            uses: app
                .uses
                .iter()
                .map(|it| UseView {
                    variable: &it.variable,
                    name: &it.name,
                    port: it.port,
                })
                .collect(),
            used_by: &app.used_by,
            public: app.processes.iter().any(web),
            scaled: any_takes("scale"),
            has_db: app.db.is_some(),
            db_monitors: app
                .db
                .as_ref()
                .filter(|monitors| !monitors.is_null() && modules.takes("db", "monitors")),
            db_notify,
            monitoring: modules.has("monitors"),
            tells: modules.has("monitors") && (any_takes("notify") || db_notify),
            counts_tasks: any_takes("container_insights"),
            monitors: app
                .monitors
                .iter()
                .map(|(key, all)| MonitorView::of(key, all))
                .collect(),
            processes: processes
                .map(|(index, process)| ProcessView::of(app, process, index == last, modules))
                .collect(),
        }
    }
}

/// The arguments of a monitor in the order in which Segment wrote them.
const MONITOR: [&str; 11] = [
    "name",
    "message",
    "metric",
    "namespace",
    "dimensions",
    "time_aggr",
    "time_window",
    "short_window",
    "space_aggr",
    "operator",
    "no_data",
];

impl<'a> MonitorView<'a> {
    fn of(key: &'a str, all: &'a Value) -> Self {
        // A monitor with one level has it as `critical`, whomever it tells.
        let only = all.get("critical").is_none();
        let levels = ["warning", "critical"].into_iter().filter_map(|level| {
            let arguments = arguments(all.get(level)?, &["threshold", "notify"]);
            let level = if only { "critical" } else { level };
            Some(Level { level, arguments })
        });
        Self {
            monitor: key,
            levels: levels.collect(),
            arguments: arguments(all, &MONITOR),
        }
    }
}

/// Those of these arguments that are there.
fn arguments<'a>(all: &'a Value, names: &[&'static str]) -> Vec<Argument<'a>> {
    let argument = |name: &&'static str| {
        let value = all.get(*name)?;
        Some(Argument { name, value })
    };
    names.iter().filter_map(argument).collect()
}

impl<'a> ProcessView<'a> {
    fn of(app: &'a App, process: &'a Process, last: bool, modules: &Modules) -> Self {
        let module = process.role.module();
        let takes = |variable| modules.takes(module, variable);
        let (schedule, time_zone, retries, expected_window) = match &process.role {
            Role::Job {
                schedule,
                time_zone,
                retries,
                expected_window,
            } => (
                Some(schedule.as_str()),
                time_zone.as_deref(),
                *retries,
                expected_window.as_deref(),
            ),
            _ => (None, None, None, None),
        };
        let web = match &process.role {
            Role::Web(web) => Some(WebView::of(web, takes("private_name"), takes("slo"))),
            _ => None,
        };
        let is_internal = matches!(&process.role, Role::Web(web) if web.internal);
        Self {
            process: &process.name,
            command: &process.command,
            module,
            role: process.role.words(),
            last,
            counted: schedule.is_none(),
            scaled: takes("scale"),
            web,
            schedule,
            time_zone: time_zone.filter(|_| takes("time_zone")),
            retries: retries.filter(|_| takes("retries")),
            expected_window: expected_window.filter(|_| takes("expected_window")),
            exec: process.exec && takes("exec"),
            stop_timeout: process.stop_timeout.filter(|_| takes("stop_timeout")),
            deploy: process.deploy.as_ref().filter(|_| takes("deploy")),
            architecture: app
                .architecture
                .as_deref()
                .filter(|_| takes("architecture")),
            config: (!process.config.is_empty() && takes("config")).then(|| json!(process.config)),
            has_db: app.db.is_some() && takes("secrets"),
            takes_clients: is_internal && !app.used_by.is_empty() && takes("clients"),
            monitors: process.monitors.as_ref().filter(|_| takes("monitors")),
            takes_notify: modules.has("monitors") && takes("notify"),
            counts_tasks: takes("container_insights"),
        }
    }
}

impl<'a> WebView<'a> {
    fn of(web: &'a Web, takes_name: bool, takes_slo: bool) -> Self {
        let routes = web.routes.iter();
        Self {
            port: web.port,
            public: web.public,
            private_name: web.internal && takes_name,
            routes: routes
                .map(|(key, route)| RouteView {
                    route: key,
                    path: route.path.as_deref(),
                    priority: route.priority,
                })
                .collect(),
            health_check: web.health_check.as_ref(),
            deregistration_delay: web.deregistration_delay,
            slo: web.slo.as_ref().filter(|_| takes_slo),
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

#[cfg(test)]
mod tests {
    use super::MONITOR;
    use crate::model;

    #[test]
    fn every_key_of_a_monitor_is_written() {
        let keys = model::MONITOR.keys();
        let mut keys = keys.iter().map(String::as_str);
        assert!(keys.all(|key| MONITOR.contains(&key) || matches!(key, "warning" | "critical")));
    }
}
