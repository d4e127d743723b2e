//! `stackwright.toml` as it was written: types and keys are checked here, meaning in `check`.

use std::collections::BTreeSet;
use std::ops::Range;

use toml_edit::Document;

use crate::diagnostic::{Diagnostic, Problem};
use crate::hidden;
use crate::project::Environment;
use crate::source::{SourceFile, Spanned};
use crate::toml_reader::{Reader, Section, Text};

/// A spec as it was written, with the places of its values and what is wrong with its form.
#[derive(Debug, Clone)]
pub struct Spec {
    pub(crate) source: SourceFile,
    pub(crate) written: Written,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Everything that a spec can say; what it does not say is absent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    pub(crate) project: Option<Text>,
    pub(crate) region: Option<Text>,
    pub(crate) domain: Option<Text>,
    pub(crate) ops: Option<Text>,
    pub(crate) stage: Option<Text>,
    pub(crate) prod: Option<Text>,
    pub(crate) state: Option<StateWritten>,
    pub(crate) network: NetworkWritten,
    pub(crate) apps: Vec<AppWritten>,
    pub(crate) environments: Vec<EnvironmentWritten>,
}

#[derive(Debug, Clone)]
pub(crate) struct StateWritten {
    pub(crate) bucket: Option<Text>,
    pub(crate) region: Option<Text>,
    pub(crate) prefix: Option<Text>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct NetworkWritten {
    pub(crate) cidr: Option<Text>,
    pub(crate) az_count: Option<Spanned<i64>>,
    pub(crate) nat: Option<Text>,
}

#[derive(Debug, Clone)]
pub(crate) struct AppWritten {
    pub(crate) name: Text,
    pub(crate) image: Option<Text>,
    pub(crate) procfile: Option<Text>,
    pub(crate) config: Vec<(Text, Text)>,
    pub(crate) secrets: Vec<(Text, Text)>,
    pub(crate) processes: Vec<ProcessWritten>,
}

#[derive(Debug, Clone)]
pub(crate) struct ProcessWritten {
    pub(crate) name: Text,
    pub(crate) count: Option<Spanned<i64>>,
    pub(crate) size: Option<Text>,
}

#[derive(Debug, Clone)]
pub(crate) struct EnvironmentWritten {
    pub(crate) environment: Environment,
    pub(crate) network: NetworkWritten,
    pub(crate) apps: Vec<AppWritten>,
}

impl AppWritten {
    /// The path of its Procfile.
    pub(crate) fn procfile(&self) -> &str {
        self.procfile
            .as_ref()
            .map_or("Procfile", |path| &path.value)
    }
}

impl Spec {
    /// Reads a spec. What is wrong with it is part of the answer of [`crate::generate`].
    pub fn read(mut source: SourceFile) -> Self {
        let (written, diagnostics, hidden) = match Document::parse(source.text.as_str()) {
            Ok(document) => read(&source.name, document.as_table()),
            Err(error) => {
                let problem = Problem::Toml {
                    message: one_line(error.message()),
                };
                let span = error.span().unwrap_or(0..0);
                (
                    Written::default(),
                    vec![Diagnostic {
                        file: source.name.clone(),
                        span,
                        problem,
                    }],
                    hidden::by_words(&source.text),
                )
            }
        };
        hidden::hide(&mut source.text, &hidden);
        Self {
            source,
            written,
            diagnostics,
        }
    }

    /// The paths of the Procfiles that it names, as they are written, from the folder of the spec.
    pub fn procfiles(&self) -> BTreeSet<&str> {
        self.written.apps.iter().map(AppWritten::procfile).collect()
    }

    /// The file that it was read from, with stars in place of what may be a secret.
    pub fn source(&self) -> &SourceFile {
        &self.source
    }

    /// Whether the text could be read as TOML at all.
    pub(crate) fn is_toml(&self) -> bool {
        !self
            .diagnostics
            .iter()
            .any(|diagnostic| matches!(diagnostic.problem, Problem::Toml { .. }))
    }
}

const TOP: [&str; 8] = [
    "project",
    "region",
    "domain",
    "accounts",
    "state",
    "network",
    "apps",
    "environments",
];
const APP: [&str; 4] = ["image", "procfile", "config", "secrets"];
const APP_EXAMPLE: &str = "[apps.shop]";

/// Keys of an app that the design has and this version does not.
const LATER: [(&str, &str); 1] = [("db", "databases")];

fn one_line(message: &str) -> String {
    message.trim().replace('\n', "; ")
}

fn read(
    file: &str,
    table: &dyn toml_edit::TableLike,
) -> (Written, Vec<Diagnostic>, Vec<Range<usize>>) {
    let mut reader = Reader::new(file);
    let top = Section {
        path: String::new(),
        span: 0..0,
        table,
    };
    reader.only(&top, &TOP);
    let mut written = Written {
        project: reader.required(&top, "project", "project = \"acme\""),
        region: reader.required(&top, "region", "region = \"us-west-2\""),
        domain: reader.string(&top, "domain"),
        state: read_state(&mut reader, &top),
        network: read_network(&mut reader, &top),
        apps: read_apps(&mut reader, &top),
        environments: read_environments(&mut reader, &top),
        ..Written::default()
    };
    read_accounts(&mut reader, &top, &mut written);
    (written, reader.diagnostics, reader.hidden)
}

fn read_accounts(reader: &mut Reader, top: &Section<'_>, written: &mut Written) {
    if !top.table.contains_key("accounts") {
        return reader.missing(top, "accounts", "[accounts]");
    }
    let Some(accounts) = reader.section(top, "accounts") else {
        return;
    };
    reader.only(&accounts, &["ops", "stage", "prod"]);
    written.ops = reader.required(&accounts, "ops", "ops = \"111111111111\"");
    written.stage = reader.required(&accounts, "stage", "stage = \"222222222222\"");
    written.prod = reader.required(&accounts, "prod", "prod = \"333333333333\"");
}

fn read_state(reader: &mut Reader, top: &Section<'_>) -> Option<StateWritten> {
    let state = reader.section(top, "state")?;
    reader.only(&state, &["bucket", "region", "prefix"]);
    Some(StateWritten {
        bucket: reader.required(&state, "bucket", "bucket = \"acme-terraform-state\""),
        region: reader.string(&state, "region"),
        prefix: reader.string(&state, "prefix"),
    })
}

fn read_network(reader: &mut Reader, section: &Section<'_>) -> NetworkWritten {
    let Some(network) = reader.section(section, "network") else {
        return NetworkWritten::default();
    };
    reader.only(&network, &["cidr", "az_count", "nat"]);
    NetworkWritten {
        cidr: reader.string(&network, "cidr"),
        az_count: reader.integer(&network, "az_count"),
        nat: reader.string(&network, "nat"),
    }
}

fn read_apps(reader: &mut Reader, top: &Section<'_>) -> Vec<AppWritten> {
    if !top.table.contains_key("apps") {
        reader.missing(top, "apps", APP_EXAMPLE);
        return Vec::new();
    }
    let Some(apps) = reader.section(top, "apps") else {
        return Vec::new();
    };
    if apps.table.is_empty() {
        reader.report(
            apps.span.clone(),
            Problem::MissingKey {
                key: "apps.<name>".to_owned(),
                example: APP_EXAMPLE,
            },
        );
    }
    apps.keys()
        .into_iter()
        .filter_map(|name| read_app(reader, &apps, name))
        .collect()
}

fn read_app(reader: &mut Reader, apps: &Section<'_>, name: Text) -> Option<AppWritten> {
    let section = reader.section(apps, &name.value)?;
    Some(AppWritten {
        name,
        image: reader.required(
            &section,
            "image",
            "image = \"111111111111.dkr.ecr.us-west-2.amazonaws.com/shop:v41\"",
        ),
        procfile: reader.string(&section, "procfile"),
        config: reader.strings(&section, "config"),
        secrets: reader.secrets(&section, "secrets"),
        processes: read_processes(reader, &section, &APP),
    })
}

/// The tables of a section whose keys are not taken by something else: one per process.
fn read_processes(
    reader: &mut Reader,
    section: &Section<'_>,
    taken: &[&str],
) -> Vec<ProcessWritten> {
    let names = section
        .keys()
        .into_iter()
        .filter(|name| !taken.contains(&name.value.as_str()));
    names
        .filter_map(|name| read_process(reader, section, name, taken))
        .collect()
}

fn read_process(
    reader: &mut Reader,
    section: &Section<'_>,
    name: Text,
    taken: &[&str],
) -> Option<ProcessWritten> {
    if let Some((key, feature)) = LATER.iter().find(|(key, _)| *key == name.value) {
        reader.report(
            name.span,
            Problem::NotYet {
                key: section.path_of(key),
                feature,
            },
        );
        return None;
    }
    if !section
        .table
        .get(&name.value)
        .is_some_and(toml_edit::Item::is_table_like)
    {
        reader.unknown(&name, taken.iter().copied());
        return None;
    }
    let process = reader.section(section, &name.value)?;
    reader.only(&process, &["count", "size"]);
    Some(ProcessWritten {
        name,
        count: reader.integer(&process, "count"),
        size: reader.string(&process, "size"),
    })
}

fn read_environments(reader: &mut Reader, top: &Section<'_>) -> Vec<EnvironmentWritten> {
    let Some(environments) = reader.section(top, "environments") else {
        return Vec::new();
    };
    reader.only(&environments, &Environment::ALL.map(Environment::name));
    Environment::ALL
        .into_iter()
        .filter_map(|environment| read_environment(reader, &environments, environment))
        .collect()
}

fn read_environment(
    reader: &mut Reader,
    environments: &Section<'_>,
    environment: Environment,
) -> Option<EnvironmentWritten> {
    let section = reader.section(environments, environment.name())?;
    reader.only(&section, &["network", "apps"]);
    let network = read_network(reader, &section);
    let apps = reader
        .section(&section, "apps")
        .map(|apps| read_overrides(reader, &apps))
        .unwrap_or_default();
    Some(EnvironmentWritten {
        environment,
        network,
        apps,
    })
}

/// What an environment says about apps: everything but what an app is.
fn read_overrides(reader: &mut Reader, apps: &Section<'_>) -> Vec<AppWritten> {
    let taken = ["config", "secrets"];
    let mut overrides = Vec::new();
    for name in apps.keys() {
        let Some(section) = reader.section(apps, &name.value) else {
            continue;
        };
        let config = reader.strings(&section, "config");
        let secrets = reader.secrets(&section, "secrets");
        let processes = read_processes(reader, &section, &taken);
        overrides.push(AppWritten {
            name,
            image: None,
            procfile: None,
            config,
            secrets,
            processes,
        });
    }
    overrides
}
