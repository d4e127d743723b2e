//! From a spec without errors to a project: every default filled in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use stackwright_plan::document::{self, Node};
use stackwright_plan::procfile::{self, Procfile};
use stackwright_plan::quotas::CERTIFICATE_FIRST_NAME;

use crate::check::{overrides, settings_of};
use crate::project::{
    Accounts, App, Asleep, Environment, EnvironmentPlan, Network, Process, ProcessScale, Project,
    Role, Route, Router, Scale, State, Use, Web,
};
use crate::roles::{self, Part};
use crate::shape;
use crate::spec::{AppWritten, NetworkWritten, ProcessWritten, Text, Written};

type Parsed = BTreeMap<String, Procfile>;

/// The project of a spec without errors; nothing when something required is missing, which is an error.
pub(crate) fn build(written: &Written, procfiles: &Parsed) -> Option<Project> {
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
    let builder = Builder { written, procfiles };
    let apps = builder.apps()?;
    let environments = Environment::ALL
        .into_iter()
        .map(|it| builder.environment(&accounts, &apps, it))
        .collect::<Option<_>>()?;
    Some(Project {
        partition: shape::partition(&region),
        name,
        region,
        accounts,
        state,
        apps,
        notify: written.notify.as_ref().map(json_of),
        environments,
    })
}

/// The domain of an app in an environment.
pub(crate) fn env_domain(
    written: &Written,
    environment: Environment,
    app: &AppWritten,
    own: Option<&AppWritten>,
) -> Option<String> {
    let of_app = app
        .domain
        .as_ref()
        .filter(|_| environment == Environment::Prod);
    let own = own.and_then(|own| own.domain.as_ref()).or(of_app);
    own.map(|domain| domain.value.clone()).or_else(|| {
        base_domain(written, environment).map(|base| format!("{}.{base}", app.name.value))
    })
}

/// The domain below which the apps of an environment are.
pub(crate) fn base_domain(written: &Written, environment: Environment) -> Option<String> {
    let own = written
        .environments
        .iter()
        .find(|it| it.environment == environment);
    let own = own.and_then(|own| own.domain.as_ref());
    let project = written.domain.as_ref().map(|domain| match environment {
        Environment::Prod => domain.value.clone(),
        Environment::Stage => format!("stage.{}", domain.value),
    });
    own.map(|domain| domain.value.clone()).or(project)
}

/// The host of each route of a public process in an environment.
pub(crate) fn hosts(
    written: &Written,
    environment: Environment,
    app: &AppWritten,
    own: Option<&AppWritten>,
    process: &str,
) -> BTreeMap<String, String> {
    let domain = env_domain(written, environment, app, own);
    let settings = app.process(process);
    let routes = settings.and_then(|settings| settings.routes.as_ref());
    let Some(routes) = routes else {
        let main = domain.map(|domain| ("main".to_owned(), domain));
        return main.into_iter().collect();
    };
    let host = |route: &document::Entry| {
        let host = route.node.get("host").and_then(Node::text);
        let host =
            host.map(|host| host_in(written, environment, host).unwrap_or_else(|| host.to_owned()));
        Some((route.key.clone(), host.or_else(|| domain.clone())?))
    };
    routes.node.entries().iter().filter_map(host).collect()
}

/// A host as it is in an environment: below the environment's domain in place of the project's.
fn host_in(written: &Written, environment: Environment, host: &str) -> Option<String> {
    let project = written.domain.as_ref()?;
    let base = base_domain(written, environment)?;
    if host == project.value {
        return Some(base);
    }
    let below = host.strip_suffix(&project.value)?.strip_suffix('.')?;
    Some(format!("{below}.{base}"))
}

/// The names of the router of an environment: those of its hosts, in the order that a certificate takes.
pub(crate) fn router_names(
    written: &Written,
    environment: Environment,
    hosts: BTreeSet<String>,
) -> Vec<String> {
    let base = base_domain(written, environment).filter(|_| written.wildcard.is_some());
    let shared = |host: String| match &base {
        Some(base) if is_right_below(&host, base) => format!("*.{base}"),
        _ => host,
    };
    let names: BTreeSet<String> = hosts.into_iter().map(shared).collect();
    let mut names: Vec<String> = names.into_iter().collect();
    // The first name is the common name of the certificate, which has to be short.
    let short = names
        .iter()
        .position(|name| name.len() <= CERTIFICATE_FIRST_NAME);
    if let Some(short) = short {
        names[..=short].rotate_right(1);
    }
    names
}

/// Whether a wildcard for the names below a domain stands for a host.
fn is_right_below(host: &str, base: &str) -> bool {
    let label = host
        .strip_suffix(base)
        .and_then(|host| host.strip_suffix('.'));
    label.is_some_and(|label| !label.is_empty() && !label.contains('.'))
}

/// The variable with the address of an app.
pub(crate) fn variable_of(app: &str) -> String {
    format!("{}_URL", app.to_ascii_uppercase().replace('-', "_"))
}

/// A node as JSON, to be written as HCL.
pub(crate) fn json_of(node: &Node) -> Value {
    use document::Value as Written;
    match &node.value {
        Written::Null | Written::Other(_) => Value::Null,
        Written::Bool(value) => json!(value),
        Written::Number(_) => match (node.whole(), node.number()) {
            (Some(whole), _) => json!(whole),
            (None, number) => json!(number),
        },
        Written::Text(text) => json!(text),
        Written::List(items) => items.iter().map(json_of).collect(),
        Written::Table(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), json_of(&entry.node)))
            .collect::<Map<String, Value>>()
            .into(),
    }
}

fn by_name(written: &Written) -> Vec<&AppWritten> {
    let mut apps: Vec<&AppWritten> = written.apps.iter().collect();
    apps.sort_by(|a, b| a.name.value.cmp(&b.name.value));
    apps
}

fn pairs(pairs: &[(Text, Text)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(Text, Text)| (name.value.clone(), value.value.clone());
    pairs.iter().map(owned).collect()
}

struct Builder<'a> {
    written: &'a Written,
    procfiles: &'a Parsed,
}

impl Builder<'_> {
    fn apps(&self) -> Option<Vec<App>> {
        let apps = by_name(self.written);
        let mut used_by: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for app in &apps {
            for used in &app.uses {
                let users = used_by.entry(&used.value).or_default();
                users.insert(app.name.value.clone());
            }
        }
        let of = |app: &&AppWritten| {
            let users = used_by.get(app.name.value.as_str());
            self.app(app, users.into_iter().flatten().cloned().collect())
        };
        apps.iter().map(of).collect()
    }

    fn app(&self, app: &AppWritten, used_by: Vec<String>) -> Option<App> {
        let parsed = self.procfiles.get(app.procfile())?;
        let runs = |process: &&procfile::Process| roles::is_generated(roles::part(app, process));
        let monitors = app.monitors.iter();
        Some(App {
            name: app.name.value.clone(),
            procfile: app.procfile().to_owned(),
            processes: parsed
                .processes
                .iter()
                .filter(runs)
                .map(|it| process(app, it))
                .collect(),
            asleep: parsed
                .processes
                .iter()
                .filter_map(|it| asleep(app, it))
                .collect(),
            uses: self.uses(app),
            used_by,
            architecture: app.architecture.as_ref().map(|it| it.value.clone()),
            db: app
                .db
                .as_ref()
                .map(|(_, db)| db.get("monitors").map_or(Value::Null, json_of)),
            monitors: monitors
                .map(|monitor| (monitor.key.clone(), monitor_of(self.written, app, monitor)))
                .collect(),
        })
    }

    fn uses(&self, app: &AppWritten) -> Vec<Use> {
        let find = |used: &Text| {
            let other = self
                .written
                .apps
                .iter()
                .find(|it| it.name.value == used.value)?;
            let process = roles::answering(other, self.procfiles.get(other.procfile())?)?;
            Some(Use {
                variable: variable_of(&used.value),
                name: format!("{}.{}", process.name, used.value),
                port: roles::port(other, process),
            })
        };
        let mut uses: Vec<Use> = app.uses.iter().filter_map(find).collect();
        uses.sort_by(|a, b| a.variable.cmp(&b.variable));
        uses.dedup();
        uses
    }

    fn environment(
        &self,
        accounts: &Accounts,
        apps: &[App],
        environment: Environment,
    ) -> Option<EnvironmentPlan> {
        let written = self.written;
        let own = written
            .environments
            .iter()
            .find(|it| it.environment == environment);
        let settings = settings_of(written, environment);
        let scales = by_name(written).into_iter().zip(apps);
        let apps: Vec<Scale> = scales
            .map(|(app, built)| self.scale(environment, app, built, overrides(settings, app)))
            .collect::<Option<_>>()?;
        let hosts = apps.iter().flat_map(|app| app.processes.values());
        let domains: BTreeSet<String> = hosts
            .flat_map(|process| process.hosts.values().cloned())
            .collect();
        let text = |text: Option<&Text>| text.map(|text| text.value.clone());
        let is_public = built_public(self.written, self.procfiles);
        Some(EnvironmentPlan {
            environment,
            account: accounts.of(environment).to_owned(),
            network: build_network(&written.network, own.map(|own| &own.network)),
            router: is_public.then(|| Router {
                domains: router_names(written, environment, domains),
                zone_id: text(own.and_then(|own| own.zone_id.as_ref())),
                certificate_arn: text(own.and_then(|own| own.certificate_arn.as_ref())),
                monitors: written
                    .router_monitors
                    .as_ref()
                    .map(|monitors| json_of(&monitors.node)),
            }),
            container_insights: own.and_then(|own| own.container_insights),
            deletion_protection: own.and_then(|own| own.deletion_protection),
            notifiers: own.map(|own| pairs(&own.notifiers)).unwrap_or_default(),
            apps,
        })
    }

    fn scale(
        &self,
        environment: Environment,
        app: &AppWritten,
        built: &App,
        own: Option<&AppWritten>,
    ) -> Option<Scale> {
        let merged = |pick: fn(&AppWritten) -> &[(Text, Text)]| {
            let mut all = pairs(pick(app));
            all.extend(own.map(|own| pairs(pick(own))).unwrap_or_default());
            all
        };
        let processes = built.processes.iter().map(|process| {
            let hosts = match &process.role {
                Role::Web(web) if web.public => {
                    hosts(self.written, environment, app, own, &process.name)
                }
                _ => BTreeMap::new(),
            };
            let scale = process_scale(app, own, process, hosts);
            (process.name.clone(), scale)
        });
        Some(Scale {
            app: app.name.value.clone(),
            image: app.image.as_ref()?.value.clone(),
            config: merged(|app| &app.config),
            secrets: merged(|app| &app.secrets),
            policies: merged(|app| &app.policies),
            processes: processes.collect(),
            db: built.db.as_ref().map(|_| db_of(app, own)),
        })
    }
}

fn built_public(written: &Written, procfiles: &Parsed) -> bool {
    written.apps.iter().any(|app| {
        let processes = procfiles
            .get(app.procfile())
            .map(|parsed| &parsed.processes);
        processes
            .into_iter()
            .flatten()
            .any(|process| matches!(roles::part(app, process), Part::Web { public: true, .. }))
    })
}

fn asleep(app: &AppWritten, process: &procfile::Process) -> Option<Asleep> {
    let why = match roles::part(app, process) {
        Part::Release => "the release phase: not run yet",
        Part::ByHand => "run by hand",
        _ => return None,
    };
    Some(Asleep {
        name: process.name.clone(),
        command: process.command.clone(),
        why,
    })
}

fn role(app: &AppWritten, process: &procfile::Process) -> Role {
    let settings = app.process(&process.name);
    match roles::part(app, process) {
        Part::Job => job(process, settings),
        Part::Web { public, internal } => Role::Web(Web {
            port: roles::port(app, process),
            public,
            internal,
            routes: if public {
                routes(settings)
            } else {
                BTreeMap::new()
            },
            health_check: settings
                .and_then(|settings| settings.health_check.as_ref())
                .map(|check| match check.node.text() {
                    Some(path) => json!({ "path": path }),
                    None => json_of(&check.node),
                }),
            deregistration_delay: settings
                .and_then(|settings| settings.deregistration_delay.as_ref())
                .map(|seconds| seconds.value),
            slo: settings
                .and_then(|settings| settings.slo.as_ref())
                .map(|slo| json_of(&slo.node)),
        }),
        Part::Worker | Part::Release | Part::ByHand => Role::Worker,
    }
}

fn process(app: &AppWritten, process: &procfile::Process) -> Process {
    let settings = app.process(&process.name);
    let written = process.environment.iter();
    let mut config: BTreeMap<String, String> = written
        .filter(|(name, _)| name.text != "PORT")
        .map(|(name, value)| (name.text.clone(), value.text.clone()))
        .collect();
    config.extend(settings.map(|it| pairs(&it.config)).unwrap_or_default());
    let whole = |pick: fn(&ProcessWritten) -> Option<i64>| settings.and_then(pick);
    Process {
        name: process.name.clone(),
        command: process.command.clone(),
        role: role(app, process),
        config,
        exec: settings.is_some_and(|settings| settings.exec),
        stop_timeout: whole(|it| it.stop_timeout.as_ref().map(|number| number.value)),
        deploy: settings
            .and_then(|settings| settings.deploy.as_ref())
            .map(|deploy| json_of(&deploy.node)),
        monitors: settings
            .and_then(|settings| settings.monitors.as_ref())
            .map(|monitors| json_of(&monitors.node)),
    }
}

fn job(process: &procfile::Process, settings: Option<&ProcessWritten>) -> Role {
    let written = settings.and_then(|settings| settings.cron.as_ref());
    let cron = written.map(|cron| cron.value.clone());
    let cron = cron.or_else(|| process.cron.as_ref().map(|cron| cron.text.clone()));
    let cron = cron.unwrap_or_default();
    let is_rate = cron.starts_with("rate(");
    Role::Job {
        schedule: if is_rate {
            cron
        } else {
            format!("cron({cron})")
        },
        time_zone: settings.and_then(|it| it.time_zone.as_ref().map(|zone| zone.value.clone())),
        retries: settings.and_then(|it| it.retries.as_ref().map(|number| number.value)),
        expected_window: settings.and_then(|it| {
            it.expected_window
                .as_ref()
                .map(|window| window.value.clone())
        }),
    }
}

fn routes(settings: Option<&ProcessWritten>) -> BTreeMap<String, Route> {
    let Some(routes) = settings.and_then(|settings| settings.routes.as_ref()) else {
        return BTreeMap::from([("main".to_owned(), Route::default())]);
    };
    let route = |node: &Node| Route {
        path: node.get("path").and_then(Node::text).map(str::to_owned),
        priority: node.get("priority").and_then(Node::whole),
    };
    let entries = routes.node.entries().iter();
    entries
        .map(|entry| (entry.key.clone(), route(&entry.node)))
        .collect()
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
    let ipv6 = own.and_then(|own| own.ipv6).or(base.ipv6);
    let flow_log = own
        .and_then(|own| own.flow_log_retention)
        .or(base.flow_log_retention);
    Network {
        cidr: text(|network| network.cidr.as_ref(), "10.30.0.0/16"),
        az_count: az_count.map_or(2, |count| count.value),
        nat: text(|network| network.nat.as_ref(), "single"),
        ipv6: ipv6.unwrap_or(true),
        flow_log_retention: flow_log.unwrap_or(30),
    }
}

/// How many tasks of which size: the environment's word, else the app's, else one of `1X`.
fn process_scale(
    app: &AppWritten,
    own: Option<&AppWritten>,
    process: &Process,
    hosts: BTreeMap<String, String>,
) -> ProcessScale {
    let written: Vec<&ProcessWritten> = [own, Some(app)]
        .into_iter()
        .flatten()
        .filter_map(|settings| settings.process(&process.name))
        .collect();
    let count = written.iter().find_map(|it| it.count.as_ref());
    let size = written.iter().find_map(|it| it.size.as_ref());
    let scale = written.iter().find_map(|it| it.scale.as_ref());
    let counted = scale.is_none() && !matches!(process.role, Role::Job { .. });
    ProcessScale {
        count: counted.then(|| count.map_or(1, |count| count.value)),
        size: size.map_or_else(|| "1X".to_owned(), |size| size.value.clone()),
        scale: scale.map(|scale| json_of(&scale.node)),
        hosts,
    }
}

/// The settings of a database, but for its monitors, which are the same everywhere.
fn db_of(app: &AppWritten, own: Option<&AppWritten>) -> Value {
    let tables = [Some(app), own].into_iter().flatten();
    let nodes = tables.filter_map(|app| app.db.as_ref().map(|(_, node)| node));
    let entries = nodes.flat_map(Node::entries);
    let settings = entries.filter(|entry| entry.key != "monitors");
    settings
        .map(|entry| (entry.key.clone(), json_of(&entry.node)))
        .collect::<Map<String, Value>>()
        .into()
}

/// The arguments of an own monitor, its defaults filled in.
fn monitor_of(written: &Written, app: &AppWritten, monitor: &document::Entry) -> Value {
    let mut all = json!({
        "name": format!("{} {}", app.name.value, monitor.key),
        "time_aggr": "sum",
        "time_window": "last_5m",
        "space_aggr": "sum",
        "operator": ">",
    });
    let own = json_of(&monitor.node);
    if let (Value::Object(all), Value::Object(own)) = (&mut all, own) {
        all.extend(own);
    }
    for level in ["warning", "critical"] {
        let told = written
            .notify
            .as_ref()
            .and_then(|notify| notify.get(level)?.text());
        let level = all.get_mut(level).and_then(Value::as_object_mut);
        if let (Some(told), Some(level)) = (told, level) {
            level.entry("notify").or_insert_with(|| json!(told));
        }
    }
    all
}
