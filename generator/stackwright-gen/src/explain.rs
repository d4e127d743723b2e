//! What holds in a project, value by value: written where, or a default and why.

use stackwright_plan::document::{Node, Value};
use stackwright_plan::procfile;

use crate::model::{self, Kind, Table};
use crate::project::{Project, Role};
use crate::spec::Spec;
use crate::{Procfiles, SourceFile};

/// One value that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The path to its key, such as `apps.shop.web.count`.
    pub path: String,
    /// The value.
    pub value: String,
    /// Where it is from.
    pub origin: Origin,
}

/// Where a value is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The spec has it in this line.
    Written {
        /// The line.
        line: usize,
    },
    /// Nobody wrote it.
    Default {
        /// Why it is so.
        why: String,
    },
    /// It follows from other values.
    Follows {
        /// From which.
        from: String,
    },
}

/// Keys of processes that take requests alone.
const REQUESTS: [&str; 3] = ["port", "health_check", "deregistration_delay"];
/// Keys of processes on a schedule alone.
const SCHEDULE: [&str; 3] = ["time_zone", "retries", "expected_window"];
/// Keys of processes that keep running alone.
const RUNNING: [&str; 2] = ["count", "exec"];

/// Every value of a project without errors.
pub fn explain(spec: &Spec, project: &Project, procfiles: &Procfiles) -> Vec<Explained> {
    let empty = Node {
        span: 0..0,
        value: Value::Table(Vec::new()),
    };
    let root = spec.root.as_ref().unwrap_or(&empty);
    let mut explainer = Explainer {
        source: spec.source(),
        found: Vec::new(),
    };
    let elsewhere = ["apps", "environments", model::SCHEMA];
    explainer.table(&model::SPEC, root, "", &elsewhere);
    for (name, table) in [("network", &model::SPEC)] {
        if let (None, Some(Kind::Table(inner))) =
            (root.get(name), table.field(name).map(|it| &it.kind))
        {
            explainer.table(inner, &empty, name, &[]);
        }
    }
    for app in &project.apps {
        let node = root.get("apps").and_then(|apps| apps.get(&app.name));
        explainer.app(app, node.unwrap_or(&empty), &empty, procfiles);
    }
    if let Some(environments) = root.get("environments") {
        explainer.plain(environments, "environments");
    }
    for plan in &project.environments {
        explainer.hosts(plan);
    }
    explainer.found
}

struct Explainer<'a> {
    source: &'a SourceFile,
    found: Vec<Explained>,
}

impl Explainer<'_> {
    fn push(&mut self, path: String, value: String, origin: Origin) {
        self.found.push(Explained {
            path,
            value,
            origin,
        });
    }

    fn table(&mut self, table: &Table, node: &Node, path: &str, except: &[&str]) {
        let fields = table.fields.iter();
        for field in fields.filter(|field| !except.contains(&field.key)) {
            let path = join(path, field.key);
            match (node.get(field.key), field.default) {
                (Some(inner), _) => self.written(&field.kind, inner, &path),
                (None, Some((value, why))) => {
                    let why = why.to_owned();
                    self.push(path, value.to_owned(), Origin::Default { why });
                }
                (None, None) => {}
            }
        }
    }

    fn written(&mut self, kind: &Kind, node: &Node, path: &str) {
        match kind {
            Kind::Table(table) => self.table(table, node, path, &[]),
            Kind::Either(_, Kind::Table(table)) if matches!(node.value, Value::Table(_)) => {
                self.table(table, node, path, &[]);
            }
            _ => self.plain(node, path),
        }
    }

    /// A value as it is written, key by key.
    fn plain(&mut self, node: &Node, path: &str) {
        for entry in node.entries() {
            self.plain(&entry.node, &join(path, &entry.key));
        }
        if node.entries().is_empty() {
            let line = self.source.position(node.span.start).line;
            let value = self.source.text.get(node.span.clone()).unwrap_or_default();
            let value = value.trim_matches(['"', '\'']).to_owned();
            self.push(path.to_owned(), value, Origin::Written { line });
        }
    }

    fn app(&mut self, app: &crate::App, node: &Node, empty: &Node, procfiles: &Procfiles) {
        let path = join("apps", &app.name);
        self.table(&model::APP, node, &path, &["db"]);
        if let (Some(db), true) = (node.get("db"), app.db.is_some()) {
            let table = if matches!(db.value, Value::Table(_)) {
                db
            } else {
                empty
            };
            self.table(&model::DB, table, &join(&path, "db"), &[]);
        }
        let parsed = procfiles
            .get(&app.procfile)
            .and_then(|text| text.as_ref().ok());
        let parsed = parsed.and_then(|source| procfile::parse(&source.text).ok());
        for process in &app.processes {
            let own = node.get(&process.name).unwrap_or(empty);
            let (useless, because) = useless(&process.role);
            let path = join(&path, &process.name);
            let mut except = useless;
            except.push("internal");
            if own.get("scale").is_some() {
                except.push("count");
            }
            let in_procfile = parsed
                .as_ref()
                .and_then(|parsed| parsed.processes.iter().find(|it| it.name == process.name));
            let port = in_procfile.and_then(|it| it.ports.first());
            if let (Some(port), None) = (port, own.get("port")) {
                except.push("port");
                let from = format!("line {} of {}", port.place.line, app.procfile);
                self.push(
                    join(&path, "port"),
                    port.container.to_string(),
                    Origin::Follows { from },
                );
            }
            let from = because.to_owned();
            self.push(
                join(&path, "is"),
                process.role.words(),
                Origin::Follows { from },
            );
            self.table(&model::PROCESS, own, &path, &except);
        }
        for asleep in &app.asleep {
            let from = "the Procfile".to_owned();
            let path = join(&join(&path, &asleep.name), "is");
            self.push(path, asleep.why.to_owned(), Origin::Follows { from });
        }
    }

    fn hosts(&mut self, plan: &crate::EnvironmentPlan) {
        for app in &plan.apps {
            for (name, process) in &app.processes {
                for (route, host) in &process.hosts {
                    let path = format!(
                        "environments.{}.apps.{}.{name}.routes.{route}.host",
                        plan.environment, app.app
                    );
                    let from =
                        "`domain` and the name of the app, or the route's own `host`".to_owned();
                    self.push(path, host.clone(), Origin::Follows { from });
                }
            }
        }
    }
}

/// The keys that mean nothing for a process, and why it is what it is.
fn useless(role: &Role) -> (Vec<&'static str>, &'static str) {
    match role {
        Role::Web(web) if web.public => (
            SCHEDULE.to_vec(),
            "it is called `web`, or has routes or ports",
        ),
        Role::Web(_) => (
            [&SCHEDULE[..], &["health_check", "deregistration_delay"]].concat(),
            "`internal`",
        ),
        Role::Worker => (
            [&SCHEDULE[..], &REQUESTS].concat(),
            "it is not called `web` and has neither routes nor a schedule",
        ),
        Role::Job { .. } => ([&REQUESTS[..], &RUNNING].concat(), "`cron`"),
    }
}

fn join(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}
