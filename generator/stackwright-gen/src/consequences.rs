//! What a new tree means for what runs already: what the next apply destroys, and which roots need `terraform init` before it.
//!
//! The files that are there say what runs: their module calls are compared with those of the files that replace them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::manifest;
use crate::project::Environment;
use crate::regenerate::Existing;
use crate::tree::Tree;

/// What follows from a new tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consequences {
    /// What the next apply destroys or refuses.
    pub losses: Vec<Loss>,
    /// The roots that need `terraform init`.
    pub init: Vec<Init>,
}

/// Something that runs and is not part of the new tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// An app.
    #[error("the next apply destroys app `{app}`: {}{}", whole(*database), new(successor.as_ref(), "processes"))]
    App {
        /// Its name.
        app: String,
        /// Whether it has a database.
        database: bool,
        /// A new app with the same processes.
        successor: Option<String>,
    },
    /// A process of an app.
    #[error("the next apply destroys process `{process}` of app `{app}`{}", new(successor.as_ref(), "command"))]
    Process {
        /// Its app.
        app: String,
        /// Its name.
        process: String,
        /// Whether a public router sends it requests.
        public: bool,
        /// A new process with the same command.
        successor: Option<String>,
    },
    /// A process that becomes another kind of resource under the same name.
    #[error(
        "process `{process}` of app `{app}` was {was} and becomes {is}: the next apply destroys the one and creates the other"
    )]
    Kind {
        /// Its app.
        app: String,
        /// Its name.
        process: String,
        /// What it was.
        was: &'static str,
        /// What it becomes.
        is: &'static str,
    },
    /// The database of an app.
    #[error("the next apply destroys the database of app `{app}`")]
    Database {
        /// The app.
        app: String,
    },
    /// Another project, region or account.
    #[error("`{key}` of {environment} was `{was}` and becomes `{is}`: nothing in AWS can follow")]
    Place {
        /// The variable.
        key: &'static str,
        /// The environment.
        environment: Environment,
        /// The old value.
        was: String,
        /// The new value.
        is: String,
    },
}

/// A root that needs `terraform init`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Init {
    /// The root.
    pub root: String,
    /// What else Terraform has to be told.
    pub option: Option<&'static str>,
    /// Why, for people.
    pub why: String,
}

fn whole(database: bool) -> &'static str {
    if database {
        "its services, its database, and its log group with every log line"
    } else {
        "its services, and its log group with every log line"
    }
}

fn new(successor: Option<&String>, same: &str) -> String {
    successor.map_or_else(String::new, |name| {
        format!("; `{name}` has the same {same} and is created")
    })
}

impl Loss {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::App { .. } => "app-destroyed",
            Self::Process { .. } => "process-destroyed",
            Self::Kind { .. } => "process-replaced",
            Self::Database { .. } => "database-destroyed",
            Self::Place { .. } => "place-changed",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::App { app, successor: Some(new), database } => format!(
                "names in AWS contain the name of the app, so a `moved` block cannot rename it; without a gap: keep `[apps.{app}]` beside `[apps.{new}]`, apply, move what calls `{app}`, then remove it and apply again{}",
                if *database {
                    format!(" (the database of `{new}` is a new one: fill it with `restore`)")
                } else {
                    String::new()
                }
            ),
            Self::App { app, database: true, .. } => format!(
                "put `[apps.{app}]` back to keep it; otherwise `deletion_protection` refuses to destroy its database until it is off, and a last snapshot stays unless `final_snapshot` is false"
            ),
            Self::App { app, .. } => format!("put `[apps.{app}]` back to keep it"),
            Self::Process { successor: Some(new), public: true, .. } => format!(
                "names in AWS contain the name of the process, so a `moved` block cannot rename it, and requests fail until `{new}` is healthy; without a gap: keep both names in the Procfile, give `{new}` a route of its own, apply, then move the routes, remove the old name and apply again"
            ),
            Self::Process { successor: Some(_), .. } => "names in AWS contain the name of the process, so a `moved` block cannot rename it; without a gap: keep both names in the Procfile, apply, then remove the old one and apply again".to_owned(),
            Self::Process { process, .. } => format!("put `{process}` back into the Procfile to keep it"),
            Self::Kind { .. } => "give the new one another name, apply, then remove the old one and apply again, if there must be no gap".to_owned(),
            Self::Database { app } => format!(
                "put `db` back into `[apps.{app}]` to keep it; otherwise `deletion_protection` refuses until it is off, and a last snapshot stays unless `final_snapshot` is false"
            ),
            Self::Place { key, was, .. } => format!(
                "write `{was}` again to keep what runs: Terraform refuses to plan with a state of another {}; to move, destroy the environment first and generate after that",
                key.trim_end_matches("_id")
            ),
        }
    }
}

impl Init {
    /// The command to run, for a tree in a folder.
    pub fn command(&self, out: &Path) -> String {
        let root = out.join(&self.root);
        let option = self.option.map(|option| format!(" {option}"));
        format!(
            "terraform -chdir={} init{}",
            root.display(),
            option.unwrap_or_default()
        )
    }
}

/// What follows when a tree takes the place of what is there.
pub fn of(tree: &Tree, existing: &BTreeMap<String, Existing>) -> Consequences {
    let files = Files { tree, existing };
    let roots = Environment::ALL.map(Environment::name);
    let mut losses = Vec::new();
    places(&files, &mut losses);
    apps(&files, &mut losses);
    let shared = shared_calls(&files);
    let init = ["ops"].into_iter().chain(roots);
    Consequences {
        losses,
        init: init
            .filter_map(|root| initialize(&files, root, &shared))
            .collect(),
    }
}

/// Every file before and after.
struct Files<'a> {
    tree: &'a Tree,
    existing: &'a BTreeMap<String, Existing>,
}

impl Files<'_> {
    fn before(&self, path: &str) -> Option<String> {
        match self.existing.get(path)? {
            Existing::Text(text) => Some(manifest::one_side(text)),
            Existing::Other => None,
        }
    }

    fn after(&self, path: &str) -> &str {
        self.tree.files().get(path).map_or("", String::as_str)
    }

    /// The module calls of a file, before and after.
    fn calls(&self, path: &str) -> [Calls; 2] {
        let before = self.before(path).unwrap_or_default();
        [calls(&before), calls(self.after(path))]
    }
}

/// The module calls of a file, by their names.
type Calls = BTreeMap<String, Call>;

/// A module call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Call {
    /// The last part of its source.
    module: String,
    command: String,
    routed: bool,
}

fn calls(text: &str) -> Calls {
    let mut calls = Calls::new();
    let mut name = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("module \"") {
            name = rest.strip_suffix("\" {").map(str::to_owned);
            calls.extend(name.clone().map(|name| (name, Call::default())));
        } else if line == "}" {
            name = None;
        }
        let Some(call) = name.as_ref().and_then(|name| calls.get_mut(name)) else {
            continue;
        };
        match argument(line) {
            Some(("source", value)) => {
                let path = value.trim_matches('"');
                call.module = path
                    .rsplit('/')
                    .next()
                    .map(str::to_owned)
                    .unwrap_or_default();
            }
            Some(("command", value)) => call.command = String::from(value),
            Some(("routes", _)) => call.routed = true,
            _ => {}
        }
    }
    calls
}

/// Name and value of an argument of a block; nothing for what is nested deeper.
fn argument(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix("  ")?.split_once('=')?;
    (!name.starts_with(' ')).then(|| (name.trim_end(), value.trim()))
}

/// The project, the region and the account of each environment.
fn places(files: &Files<'_>, losses: &mut Vec<Loss>) {
    for environment in Environment::ALL {
        let path = format!("{environment}/terraform.tfvars");
        let Some(before) = files.before(&path) else {
            continue;
        };
        for key in ["project", "region", "account_id"] {
            let (was, is) = (value(&before, key), value(files.after(&path), key));
            if let (Some(was), Some(is)) = (was, is)
                && was != is
            {
                losses.push(Loss::Place {
                    key,
                    environment,
                    was,
                    is,
                });
            }
        }
    }
}

/// The value of a variable whose value is plain text.
fn value(text: &str, variable: &str) -> Option<String> {
    let value = |line: &str| {
        let (name, value) = line.split_once('=')?;
        (name.trim_end() == variable).then(|| value.trim().trim_matches('"').to_owned())
    };
    text.lines().find_map(value)
}

fn apps(files: &Files<'_>, losses: &mut Vec<Loss>) {
    let roots = Environment::ALL.map(|environment| files.calls(&format!("{environment}/main.tf")));
    let names = |at: usize| -> BTreeSet<String> {
        let calls = roots.iter().flat_map(|root| root[at].keys());
        let apps = calls.filter_map(|call| call.strip_prefix("app_"));
        apps.map(str::to_owned).collect()
    };
    let (before, after) = (names(0), names(1));
    for app in &before {
        let calls = files.calls(&format!("apps/{app}/main.tf"));
        if after.contains(app) {
            parts(app, &calls, losses);
            continue;
        }
        let new = after.difference(&before);
        let same = |new: &&String| {
            let [_, theirs] = files.calls(&format!("apps/{new}/main.tf"));
            theirs == calls[0]
        };
        losses.push(Loss::App {
            app: app.clone(),
            database: calls[0].contains_key("db"),
            successor: new.into_iter().find(same).cloned(),
        });
    }
}

fn processes(calls: &Calls) -> impl Iterator<Item = (&str, &Call)> {
    let all = calls.iter();
    all.filter_map(|(name, call)| Some((name.strip_prefix("process_")?, call)))
}

/// The parts of an app that stays.
fn parts(app: &str, [before, after]: &[Calls; 2], losses: &mut Vec<Loss>) {
    for (process, call) in processes(before) {
        let app = app.to_owned();
        match after.get(&format!("process_{process}")) {
            None => losses.push(Loss::Process {
                app,
                process: process.to_owned(),
                public: call.routed,
                successor: successor(before, after, call),
            }),
            Some(new) if is_job(call) != is_job(new) => losses.push(Loss::Kind {
                app,
                process: process.to_owned(),
                was: noun(call),
                is: noun(new),
            }),
            Some(_) => {}
        }
    }
    if before.contains_key("db") && !after.contains_key("db") {
        let app = app.to_owned();
        losses.push(Loss::Database { app });
    }
}

/// A new process with the command of one that is gone.
fn successor(before: &Calls, after: &Calls, gone: &Call) -> Option<String> {
    let is_new = |name: &str| !before.contains_key(&format!("process_{name}"));
    let mut new = processes(after).filter(|(name, _)| is_new(name));
    let found = new.find(|(_, call)| call.command == gone.command);
    found.map(|(name, _)| name.to_owned())
}

fn is_job(call: &Call) -> bool {
    call.module == "scheduled-job"
}

fn noun(call: &Call) -> &'static str {
    if is_job(call) { "a job" } else { "a service" }
}

/// The new module calls of apps and modules, which every environment uses.
fn shared_calls(files: &Files<'_>) -> Vec<String> {
    let all = files.tree.files().keys();
    let shared = all.filter(|path| path.starts_with("apps/") || path.starts_with("modules/"));
    let main =
        shared.filter(|path| path.ends_with("/main.tf") && files.existing.contains_key(*path));
    main.flat_map(|path| new_calls(files, path)).collect()
}

/// The module calls that a file did not have, or had with another source.
fn new_calls(files: &Files<'_>, path: &str) -> Vec<String> {
    let [before, after] = files.calls(path);
    let is_new = |(name, call): &(String, Call)| {
        before.get(name).is_none_or(|old| old.module != call.module)
    };
    after
        .into_iter()
        .filter(is_new)
        .map(|(name, _)| name)
        .collect()
}

/// Whether a root that was there needs `terraform init`, and why.
fn initialize(files: &Files<'_>, root: &str, shared: &[String]) -> Option<Init> {
    let differs = |file: &str| {
        let path = format!("{root}/{file}");
        let before = files.before(&path)?;
        (without_comments(&before) != without_comments(files.after(&path))).then_some(())
    };
    let main = format!("{root}/main.tf");
    files.before(&main)?;
    let mut modules = new_calls(files, &main);
    if root != "ops" {
        modules.extend(shared.iter().cloned());
    }
    modules.sort();
    modules.dedup();
    let (option, why) = if differs("backend.tf").is_some() {
        (
            Some("-migrate-state"),
            "another place for its state".to_owned(),
        )
    } else if differs("versions.tf").is_some() {
        (
            Some("-upgrade"),
            "another version of the provider".to_owned(),
        )
    } else if modules.is_empty() {
        return None;
    } else {
        (None, format!("new modules: {}", modules.join(", ")))
    };
    let root = root.to_owned();
    Some(Init { root, option, why })
}

/// A file of an older version may say the same with other comments.
fn without_comments(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim_end);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}
