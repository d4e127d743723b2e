//! A spec as it was written: the document with every value in its place. Form is checked in `form.rs`, meaning in `check.rs`.

use std::collections::BTreeSet;
use std::ops::Range;

use stackwright_plan::document::{DocumentError, DocumentErrorKind, Entry, Node};

use crate::diagnostic::{Diagnostic, Problem};
use crate::form;
use crate::format::{self, Format};
use crate::hidden;
use crate::model;
use crate::project::Environment;
use crate::source::{SourceFile, Spanned};

/// A string with its place.
pub(crate) type Text = Spanned<String>;

/// A spec as it was written, with the places of its values and what is wrong with its form.
#[derive(Debug, Clone)]
pub struct Spec {
    pub(crate) source: SourceFile,
    pub(crate) root: Option<Node>,
    pub(crate) written: Written,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Everything that a spec can say; what it does not say, or says in a wrong form, is absent.
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
    pub(crate) router_monitors: Option<Entry>,
    /// Where it is asked for that one name stands for all apps.
    pub(crate) wildcard: Option<Range<usize>>,
    pub(crate) quotas: Option<Node>,
    pub(crate) notify: Option<Node>,
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
    pub(crate) ipv6: Option<bool>,
    pub(crate) flow_log_retention: Option<i64>,
}

/// An app, or what an environment says of one.
#[derive(Debug, Clone)]
pub(crate) struct AppWritten {
    pub(crate) name: Text,
    pub(crate) image: Option<Text>,
    pub(crate) procfile: Option<Text>,
    pub(crate) config: Vec<(Text, Text)>,
    pub(crate) secrets: Vec<(Text, Text)>,
    pub(crate) policies: Vec<(Text, Text)>,
    pub(crate) architecture: Option<Text>,
    pub(crate) internal: bool,
    pub(crate) domain: Option<Text>,
    pub(crate) uses: Vec<Text>,
    /// The table of the database; an empty one for `db = true`.
    pub(crate) db: Option<(Range<usize>, Node)>,
    pub(crate) monitors: Vec<Entry>,
    pub(crate) processes: Vec<ProcessWritten>,
}

/// A process of an app, or what an environment says of one. Tables that pass into Terraform as they are stay nodes.
#[derive(Debug, Clone)]
pub(crate) struct ProcessWritten {
    pub(crate) name: Text,
    pub(crate) count: Option<Spanned<i64>>,
    pub(crate) size: Option<Text>,
    pub(crate) scale: Option<Entry>,
    pub(crate) exec: bool,
    pub(crate) internal: bool,
    pub(crate) port: Option<Spanned<i64>>,
    pub(crate) health_check: Option<Entry>,
    pub(crate) routes: Option<Entry>,
    pub(crate) config: Vec<(Text, Text)>,
    pub(crate) cron: Option<Text>,
    pub(crate) time_zone: Option<Text>,
    pub(crate) retries: Option<Spanned<i64>>,
    pub(crate) expected_window: Option<Text>,
    pub(crate) slo: Option<Entry>,
    pub(crate) stop_timeout: Option<Spanned<i64>>,
    pub(crate) deregistration_delay: Option<Spanned<i64>>,
    pub(crate) deploy: Option<Entry>,
    pub(crate) monitors: Option<Entry>,
    /// Every key that it has, for what only some processes can have.
    pub(crate) keys: Vec<(String, Range<usize>)>,
}

#[derive(Debug, Clone)]
pub(crate) struct EnvironmentWritten {
    pub(crate) environment: Environment,
    pub(crate) network: NetworkWritten,
    pub(crate) domain: Option<Text>,
    pub(crate) zone_id: Option<Text>,
    pub(crate) certificate_arn: Option<Text>,
    pub(crate) container_insights: Option<bool>,
    pub(crate) deletion_protection: Option<bool>,
    pub(crate) notifiers: Vec<(Text, Text)>,
    pub(crate) apps: Vec<AppWritten>,
}

impl AppWritten {
    /// The path of its Procfile.
    pub(crate) fn procfile(&self) -> &str {
        self.procfile
            .as_ref()
            .map_or("Procfile", |path| &path.value)
    }

    /// What is said of a process.
    pub(crate) fn process(&self, name: &str) -> Option<&ProcessWritten> {
        self.processes
            .iter()
            .find(|process| process.name.value == name)
    }
}

impl Spec {
    /// Reads a spec; the end of its name says whether it is TOML, YAML or JSON. What is wrong with it is part of the answer of
    /// [`crate::generate`].
    pub fn read(mut source: SourceFile) -> Self {
        let format = Format::of(&source.name);
        let document = format::parse(format, &source.text);
        let (written, diagnostics, hidden) = match &document {
            Ok(root) => {
                let form = form::check(&source.name, format, root);
                (read(root), form.diagnostics, form.hidden)
            }
            Err(errors) => {
                let diagnostics = errors.iter().cloned();
                let diagnostics = diagnostics.map(|error| unreadable(&source.name, format, error));
                let hidden = hidden::by_words(format, &source.text);
                (Written::default(), diagnostics.collect(), hidden)
            }
        };
        hidden::hide(&mut source.text, &hidden);
        Self {
            source,
            root: document.ok(),
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
}

fn unreadable(file: &str, format: Format, error: DocumentError) -> Diagnostic {
    let problem = match error.kind {
        DocumentErrorKind::Duplicate { key, first } => Problem::DuplicateKey { key, first },
        kind => Problem::Syntax {
            format: format.name(),
            message: kind.to_string(),
        },
    };
    Diagnostic {
        file: file.to_owned(),
        span: error.span,
        problem,
    }
}

fn text_of(node: &Node) -> Option<Text> {
    let value = node.text()?.to_owned();
    let span = node.span.clone();
    Some(Spanned { value, span })
}

fn text(node: &Node, key: &str) -> Option<Text> {
    text_of(node.get(key)?)
}

fn whole(node: &Node, key: &str) -> Option<Spanned<i64>> {
    let inner = node.get(key)?;
    let (value, span) = (inner.whole()?, inner.span.clone());
    Some(Spanned { value, span })
}

fn truth(node: &Node, key: &str) -> bool {
    node.get(key).and_then(Node::bool).unwrap_or_default()
}

fn name_of(entry: &Entry) -> Text {
    Spanned {
        value: entry.key.clone(),
        span: entry.key_span.clone(),
    }
}

/// A map of strings, such as environment variables.
fn strings(node: &Node, key: &str) -> Vec<(Text, Text)> {
    let entries = node.get(key).map(Node::entries).unwrap_or_default();
    let pair = |entry: &Entry| Some((name_of(entry), text_of(&entry.node)?));
    entries.iter().filter_map(pair).collect()
}

fn table<'a>(node: &'a Node, key: &str) -> &'a [Entry] {
    node.get(key).map(Node::entries).unwrap_or_default()
}

fn read(root: &Node) -> Written {
    let empty = Node {
        span: 0..0,
        value: stackwright_plan::document::Value::Null,
    };
    let accounts = root.get("accounts").unwrap_or(&empty);
    Written {
        project: text(root, "project"),
        region: text(root, "region"),
        domain: text(root, "domain"),
        ops: text(accounts, "ops"),
        stage: text(accounts, "stage"),
        prod: text(accounts, "prod"),
        state: root.get("state").map(|state| StateWritten {
            bucket: text(state, "bucket"),
            region: text(state, "region"),
            prefix: text(state, "prefix"),
        }),
        network: read_network(root),
        router_monitors: root
            .get("router")
            .and_then(|router| router.entry("monitors").cloned()),
        wildcard: root
            .get("router")
            .and_then(|router| router.entry("wildcard"))
            .filter(|wildcard| wildcard.node.bool() == Some(true))
            .map(|wildcard| wildcard.key_span.clone()),
        quotas: root.get("quotas").cloned(),
        notify: root.get("notify").cloned(),
        apps: table(root, "apps")
            .iter()
            .map(|app| read_app(app, &model::APP))
            .collect(),
        environments: read_environments(root),
    }
}

fn read_network(section: &Node) -> NetworkWritten {
    let Some(network) = section.get("network") else {
        return NetworkWritten::default();
    };
    NetworkWritten {
        cidr: text(network, "cidr"),
        az_count: whole(network, "az_count"),
        nat: text(network, "nat"),
        ipv6: network.get("ipv6").and_then(Node::bool),
        flow_log_retention: whole(network, "flow_log_retention").map(|days| days.value),
    }
}

fn read_app(entry: &Entry, known: &model::Table) -> AppWritten {
    let app = &entry.node;
    let uses = app.get("uses").map(Node::items).unwrap_or_default();
    let is_process = |inner: &&Entry| known.field(&inner.key).is_none();
    let tables = app.entries().iter().filter(is_process);
    let tables =
        tables.filter(|inner| form::fits(&model::Kind::Table(&model::PROCESS), &inner.node));
    AppWritten {
        name: name_of(entry),
        image: text(app, "image"),
        procfile: text(app, "procfile"),
        config: strings(app, "config"),
        secrets: strings(app, "secrets"),
        policies: strings(app, "policies"),
        architecture: text(app, "architecture"),
        internal: truth(app, "internal"),
        domain: text(app, "domain"),
        uses: uses.iter().filter_map(text_of).collect(),
        db: read_db(app),
        monitors: table(app, "monitors").to_vec(),
        processes: tables.map(read_process).collect(),
    }
}

fn read_db(app: &Node) -> Option<(Range<usize>, Node)> {
    let entry = app.entry("db")?;
    (entry.node.bool() != Some(false)).then(|| (entry.key_span.clone(), entry.node.clone()))
}

fn read_process(entry: &Entry) -> ProcessWritten {
    let process = &entry.node;
    let own = |key: &str| process.entry(key).cloned();
    let keys = process.entries().iter();
    ProcessWritten {
        name: name_of(entry),
        count: whole(process, "count"),
        size: text(process, "size"),
        scale: own("scale"),
        exec: truth(process, "exec"),
        internal: truth(process, "internal"),
        port: whole(process, "port"),
        health_check: own("health_check"),
        routes: own("routes"),
        config: strings(process, "config"),
        cron: text(process, "cron"),
        time_zone: text(process, "time_zone"),
        retries: whole(process, "retries"),
        expected_window: text(process, "expected_window"),
        slo: own("slo"),
        stop_timeout: whole(process, "stop_timeout"),
        deregistration_delay: whole(process, "deregistration_delay"),
        deploy: own("deploy"),
        monitors: own("monitors"),
        keys: keys
            .map(|entry| (entry.key.clone(), entry.key_span.clone()))
            .collect(),
    }
}

fn read_environments(root: &Node) -> Vec<EnvironmentWritten> {
    let environments = root.get("environments");
    let read = |environment: Environment| {
        let section = environments?.get(environment.name())?;
        Some(EnvironmentWritten {
            environment,
            network: read_network(section),
            domain: text(section, "domain"),
            zone_id: text(section, "zone_id"),
            certificate_arn: text(section, "certificate_arn"),
            container_insights: section.get("container_insights").and_then(Node::bool),
            deletion_protection: section.get("deletion_protection").and_then(Node::bool),
            notifiers: strings(section, "notifiers"),
            apps: table(section, "apps")
                .iter()
                .map(|app| read_app(app, &model::APP))
                .collect(),
        })
    };
    Environment::ALL.into_iter().filter_map(read).collect()
}
