//! A first spec from what is found in a folder: a Procfile, `app.json`, `fly.toml`, a Dockerfile.
//!
//! Whatever these files say is either carried over or named, with what to do about it. Nothing is named as found that is then dropped.

mod docker;
mod fly;
mod heroku;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fmt::Write as _;

use stackwright_plan::document::{Node, Value};
use stackwright_plan::procfile;

use crate::format::{self, Format};
use crate::invisible::{by_number, is_invisible};
use crate::model::MOST_TASKS;
use crate::shape::Shape;

use docker::Docker;
use fly::Fly;
use heroku::Heroku;

/// What a folder has.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// The name of the folder.
    pub name: String,
    /// The text of each file of interest: `Procfile`, `app.json`, `fly.toml`, `Dockerfile`.
    pub files: BTreeMap<String, String>,
    /// The paths of all its files, and of those in `copilot`.
    pub paths: BTreeSet<String>,
}

/// Something that a file says and that is not carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The file.
    pub file: String,
    /// What of it; nothing when it is not read at all.
    pub what: Option<String>,
    /// What to do about it.
    pub instead: String,
}

/// What is known of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// How many tasks, where it is not one.
    pub count: Option<i64>,
    /// CPU and memory, where they are not those of `1X`.
    pub size: Option<String>,
    /// The port, where it is not 8080.
    pub port: Option<i64>,
    /// How the router asks it.
    pub check: Option<Check>,
    /// Seconds that it has to end, where they are not 30.
    pub stop_timeout: Option<i64>,
}

/// How the router asks a process whether it is well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Check {
    /// The path.
    pub path: String,
    /// Seconds between two questions.
    pub interval: Option<i64>,
    /// Seconds to wait for the answer.
    pub timeout: Option<i64>,
    /// Seconds to start.
    pub grace_period: Option<i64>,
}

/// What a spec is written from. Everything but `found` a person can say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// The project.
    pub project: Option<String>,
    /// The app.
    pub app: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The domain, for a public app.
    pub domain: Option<String>,
    /// The zone of the domain in stage.
    pub stage_zone: Option<String>,
    /// The zone of the domain in prod.
    pub prod_zone: Option<String>,
    /// The image.
    pub image: Option<String>,
    /// The account of ops.
    pub ops: Option<String>,
    /// The account of stage.
    pub stage: Option<String>,
    /// The account of prod.
    pub prod: Option<String>,
}

/// What was found out about a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Name of the app, from `app.json`, `fly.toml` or the folder.
    pub app: Option<String>,
    /// Region, from `fly.toml`.
    pub region: Option<String>,
    /// A Procfile to write, when there is none and its processes are known.
    pub procfile: Option<String>,
    /// Whether a process is called `web`, and with it public.
    pub is_public: bool,
    /// Process -> what the spec says of it.
    pub processes: BTreeMap<String, Settings>,
    /// Whether it asks for a PostgreSQL database.
    pub db: bool,
    /// What was found and carried over, for people.
    pub notes: Vec<String>,
    /// What is not carried over.
    pub left: Vec<Left>,
}

const SETTINGS: &str = "write its variables as `config` or `secrets` of the app";
const RELEASE: &str = "write it as a `release` process of the Procfile, on one line";
const SCRIPT: &str =
    "put it into a script, and write a line that runs the script into the Procfile";
const DISK: &str = "tasks have no disk that outlives them: keep the data in `db` or in S3";
const NOTHING: &str = "nothing in a spec stands for it";

/// Files that say what runs and are not read, and what to do about each.
const UNREAD: [(&str, &str); 7] = [
    ("compose.yaml", COMPOSE),
    ("compose.yml", COMPOSE),
    ("docker-compose.yaml", COMPOSE),
    ("docker-compose.yml", COMPOSE),
    (
        "convox.yml",
        "write a line per service into the Procfile, `environment` as `config` or `secrets`, `port`, `scale` and `health` into the tables of the processes, and a Postgres resource as `db`",
    ),
    (
        "heroku.yml",
        "write what is below `run` into the Procfile, and build the image yourself",
    ),
    (
        "copilot/*/manifest.yml",
        "write `command` into the Procfile, `image.port` as `port`, `http.healthcheck` as `health_check`, `variables` as `config` and `secrets` as `secrets`",
    ),
];
const COMPOSE: &str = "write a line per service into the Procfile, `environment` as `config` or `secrets`, and a database as `db`";

/// Looks at a folder.
pub fn look(folder: &Folder) -> Found {
    let mut found = Found::default();
    let mut read = |file: &str, format: Format| {
        let parsed = format::parse(format, folder.files.get(file)?);
        parsed
            .map_err(|_| {
                let help = format!("correct it, it is not {}, or remove it", format.name());
                found.left.push(Left::file(file, &help));
            })
            .ok()
    };
    let (json, toml) = (
        read("app.json", Format::Json),
        read("fly.toml", Format::Toml),
    );
    let heroku = json.as_ref().map(heroku::look).unwrap_or_default();
    let fly = toml.as_ref().map(fly::look);
    let docker = folder.files.get("Dockerfile");
    let docker = docker.map(|text| docker::look(text)).unwrap_or_default();
    unread(folder, &mut found);
    found.app.clone_from(&heroku.app);
    if let Some(fly) = &fly {
        found.app = found.app.take().or_else(|| fly.app.clone());
        found.region.clone_from(&fly.region);
    }
    found.app = found.app.take().or_else(|| slug(&folder.name));
    if heroku.db {
        found.db = true;
        found
            .notes
            .push("app.json: a PostgreSQL database".to_owned());
    }
    let written = folder.files.get("Procfile");
    if written.is_none() {
        found.procfile = procfile_of(fly.as_ref(), &docker, &mut found);
    }
    settings(written, &heroku, fly.as_ref(), &docker, &mut found);
    found.left.extend(heroku.left);
    found
        .left
        .extend(fly.map(|fly| fly.left).unwrap_or_default());
    found.left.extend(docker.left);
    found
}

/// Names what says what runs and is not read.
fn unread(folder: &Folder, found: &mut Found) {
    for path in &folder.paths {
        let is_manifest = path.starts_with("copilot/") && path.ends_with("/manifest.yml");
        let lower = path.to_ascii_lowercase();
        let known = if is_manifest {
            "copilot/*/manifest.yml"
        } else {
            &lower
        };
        if let Some((_, instead)) = UNREAD.iter().find(|(name, _)| *name == known) {
            found.left.push(Left::file(path, instead));
        } else if lower == "procfile" && path != "Procfile" {
            let instead = "rename it to `Procfile`, as Heroku and Stackwright call it";
            found.left.push(Left::file(path, instead));
        }
    }
}

/// A Procfile, where there is none: the process groups of Fly, or the command of the image.
fn procfile_of(fly: Option<&Fly>, docker: &Docker, found: &mut Found) -> Option<String> {
    let mut lines = String::new();
    let of_image = docker.command.as_ref();
    let of_image = of_image.filter(|_| fly.is_none_or(|fly| !fly.other_image));
    let groups = fly.map(|fly| fly.groups.as_slice()).unwrap_or_default();
    let mut names = Vec::new();
    let mut of_docker = None;
    for (name, command) in groups {
        let own = Some(command).filter(|command| !command.is_empty());
        match own.or(of_image) {
            Some(line) => {
                let _ = writeln!(lines, "{name}: {line}");
                if own.is_some() {
                    names.push(format!("`{name}`"));
                } else {
                    of_docker = Some(name.clone());
                }
            }
            None => found.left.push(Left::part(
                "fly.toml",
                &format!("process `{name}`, which runs the command of the image,"),
                "write its command into the Procfile",
            )),
        }
    }
    let has_groups = fly.is_some_and(|fly| fly.has_groups);
    if let (false, Some(line)) = (has_groups, of_image) {
        // Without a service nothing takes requests at Fly.
        let is_public = fly.is_none_or(|fly| fly.is_public);
        let name = if is_public { "web" } else { "app" };
        let _ = writeln!(lines, "{name}: {line}");
        of_docker = Some(name.to_owned());
    }
    if lines.is_empty() {
        if let Some(release) = fly.and_then(|fly| fly.release.as_ref()) {
            let what = format!("the release command `{release}`");
            found.left.push(Left::part("fly.toml", &what, RELEASE));
        }
        return None;
    }
    if !names.is_empty() {
        found
            .notes
            .push(format!("fly.toml: processes {}", names.join(", ")));
        let renamed = fly.map(|fly| fly.notes.clone()).unwrap_or_default();
        found.notes.extend(renamed);
    }
    if let Some(name) = of_docker {
        found
            .notes
            .push(format!("Dockerfile: the command of `{name}`"));
        found.notes.extend(docker.note.clone());
    }
    if let Some(release) = fly.and_then(|fly| fly.release.as_ref()) {
        let _ = writeln!(lines, "release: {release}");
        found.notes.push("fly.toml: the release command".to_owned());
    }
    Some(lines)
}

/// What the files say of the processes that there are.
fn settings(
    written: Option<&String>,
    heroku: &Heroku,
    fly: Option<&Fly>,
    docker: &Docker,
    found: &mut Found,
) {
    let text = written.cloned().or_else(|| found.procfile.clone());
    let Some(parsed) = text.and_then(|text| procfile::parse(&text).ok()) else {
        return;
    };
    let all: Vec<&str> = parsed.processes.iter().map(|it| it.name.as_str()).collect();
    if written.is_some() {
        found.notes.push(format!("Procfile: {}", all.join(", ")));
        if let Some(fly) = fly {
            not_instead_of_procfile(fly, &all, found);
        }
    }
    let running = parsed.processes.iter();
    let running = running.filter(|it| it.name != "release" && !it.noservice);
    let running: Vec<&procfile::Process> = running.collect();
    let web = running.iter().find(|it| it.name == "web");
    found.is_public = web.is_some();
    for (name, own) in &heroku.formation {
        if running.iter().any(|it| it.name == *name) {
            found.notes.push(format!("app.json: formation of `{name}`"));
            let into = found.processes.entry(name.clone()).or_default();
            into.count = own.count;
            into.size.clone_from(&own.size);
        } else {
            found.left.push(Left::part(
                "app.json",
                &format!("formation of `{name}`"),
                "the Procfile has no such process that runs",
            ));
        }
    }
    let has_port = web.is_some_and(|web| !web.ports.is_empty());
    requests(web.is_some(), has_port, fly, docker, found);
    let Some(seconds) = fly.and_then(|fly| fly.kill_timeout) else {
        return;
    };
    found
        .notes
        .push(format!("fly.toml: `kill_timeout` of {seconds} seconds"));
    for process in running
        .iter()
        .filter(|it| it.cron.is_none() && seconds != 30)
    {
        let into = found.processes.entry(process.name.clone()).or_default();
        into.stop_timeout = Some(seconds);
    }
}

/// The processes and the release command of Fly, where a Procfile says what runs.
fn not_instead_of_procfile(fly: &Fly, names: &[&str], found: &mut Found) {
    if fly.has_groups {
        let instead = "the Procfile says what runs";
        found
            .left
            .push(Left::part("fly.toml", "`processes`", instead));
    }
    if fly.release.is_some() {
        let instead = if names.contains(&"release") {
            "the Procfile has a `release` process"
        } else {
            RELEASE
        };
        found
            .left
            .push(Left::part("fly.toml", "the release command", instead));
    }
}

/// The port and the health check of `web`.
fn requests(
    is_public: bool,
    has_port: bool,
    fly: Option<&Fly>,
    docker: &Docker,
    found: &mut Found,
) {
    let of_fly = fly.and_then(|fly| Some(("fly.toml", "`internal_port`", fly.port?)));
    let of_image = docker.port.map(|port| ("Dockerfile", "`EXPOSE`", port));
    if let (Some((_, _, port)), Some((file, what, other))) = (of_fly, of_image)
        && port != other
    {
        let what = format!("{what} {other}");
        let instead = format!("fly.toml says port {port}");
        found.left.push(Left::part(file, &what, &instead));
    }
    if let Some((file, what, port)) = of_fly.or(of_image) {
        if !is_public {
            found.left.push(Left::part(
                file,
                &format!("{what} {port}"),
                "no process is called `web`: write `port` and `routes` in the table of the one that takes requests",
            ));
        } else if has_port {
            let what = format!("{what} {port}");
            let instead = "the Procfile says the port of `web`";
            found.left.push(Left::part(file, &what, instead));
        } else {
            found.notes.push(format!("{file}: port {port} of `web`"));
            if port != 8080 {
                found.processes.entry("web".to_owned()).or_default().port = Some(port);
            }
        }
    }
    if let Some(check) = fly.and_then(|fly| fly.check.as_ref()) {
        if is_public {
            found
                .notes
                .push("fly.toml: the health check of `web`".to_owned());
            found.processes.entry("web".to_owned()).or_default().check = Some(check.clone());
        } else {
            let instead = "no process is called `web`: write `health_check` in the table of the one that takes requests";
            found
                .left
                .push(Left::part("fly.toml", "the health check", instead));
        }
    }
}

impl Left {
    /// Part of a file that is read.
    fn part(file: &str, what: &str, instead: &str) -> Self {
        Self {
            file: file.to_owned(),
            what: Some(what.to_owned()),
            instead: instead.to_owned(),
        }
    }

    /// A file that is not read.
    fn file(file: &str, instead: &str) -> Self {
        Self {
            file: file.to_owned(),
            what: None,
            instead: instead.to_owned(),
        }
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Some(what) => write!(f, "{}: {what} is not carried over", self.file),
            None => write!(f, "{} is not read", self.file),
        }
    }
}

impl Settings {
    /// As an inline table; nothing when it says nothing.
    fn toml(&self) -> Option<String> {
        let number = |key: &str, value: Option<i64>| value.map(|value| format!("{key} = {value}"));
        let size = self
            .size
            .as_ref()
            .map(|size| format!("size = {}", quoted(size)));
        let check = self.check.as_ref().and_then(Check::toml);
        let all = [
            number("count", self.count),
            size,
            number("port", self.port),
            check.map(|check| format!("health_check = {check}")),
            number("stop_timeout", self.stop_timeout),
        ];
        let all: Vec<String> = all.into_iter().flatten().collect();
        (!all.is_empty()).then(|| format!("{{ {} }}", all.join(", ")))
    }
}

impl Check {
    fn toml(&self) -> Option<String> {
        let number = |key: &str, value: Option<i64>| value.map(|value| format!("{key} = {value}"));
        let path = quoted(&self.path);
        let times = [
            number("interval", self.interval),
            number("timeout", self.timeout),
            number("grace_period", self.grace_period),
        ];
        let times: Vec<String> = times.into_iter().flatten().collect();
        match (times.is_empty(), self.path.as_str()) {
            (true, "/") => None,
            (true, _) => Some(path),
            (false, _) => Some(format!("{{ path = {path}, {} }}", times.join(", "))),
        }
    }
}

/// Whether a key says nothing: it is empty, or switches something off.
fn is_blank(node: &Node) -> bool {
    match &node.value {
        Value::Null | Value::Bool(false) => true,
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.iter().all(is_blank),
        Value::Table(entries) => entries.iter().all(|entry| is_blank(&entry.node)),
        _ => false,
    }
}

/// Whether a command can stand in a Procfile, and in it shows what it is.
fn is_one_line(command: &str) -> bool {
    !command.is_empty() && !command.chars().any(|c| is_invisible(c) && c != '\t')
}

/// The spec, as TOML, or the names of the answers that are missing.
///
/// # Errors
/// What nobody can know but the user, and was not said.
pub fn spec(found: &Found, answers: &Answers) -> Result<String, Vec<&'static str>> {
    let head = Head::of(found, answers)?;
    let mut text = head.text(answers);
    if found.db {
        text.push_str("db = true\n");
    }
    for (process, settings) in &found.processes {
        if let Some(table) = settings.toml() {
            let _ = writeln!(text, "{process} = {table}");
        }
    }
    Ok(text)
}

/// What no spec can do without.
struct Head<'a> {
    app: &'a str,
    region: &'a str,
    image: &'a str,
    ops: &'a str,
    stage: &'a str,
    prod: &'a str,
}

impl<'a> Head<'a> {
    /// An error has the names of the options that nobody gave.
    fn of(found: &'a Found, answers: &'a Answers) -> Result<Self, Vec<&'static str>> {
        let mut missing = Vec::new();
        let mut given = |name, value: Option<&'a String>| {
            value.map_or_else(
                || {
                    missing.push(name);
                    ""
                },
                String::as_str,
            )
        };
        let head = Self {
            app: given("app", answers.app.as_ref().or(found.app.as_ref())),
            region: given("region", answers.region.as_ref().or(found.region.as_ref())),
            image: given("image", answers.image.as_ref()),
            ops: given("ops", answers.ops.as_ref()),
            stage: given("stage", answers.stage.as_ref()),
            prod: given("prod", answers.prod.as_ref()),
        };
        // The names of a public app are made in the zones of its domain.
        if found.is_public && answers.domain.is_some() {
            given("stage-zone", answers.stage_zone.as_ref());
            given("prod-zone", answers.prod_zone.as_ref());
        }
        if missing.is_empty() {
            Ok(head)
        } else {
            Err(missing)
        }
    }

    /// The project, its accounts, and the first lines of the app.
    fn text(&self, answers: &Answers) -> String {
        let project = answers.project.as_deref().unwrap_or(self.app);
        let mut lines = vec![
            format!("project = {}", quoted(project)),
            format!("region = {}", quoted(self.region)),
        ];
        let domain = answers.domain.as_ref();
        lines.extend(domain.map(|domain| format!("domain = {}", quoted(domain))));
        let [ops, stage, prod] = [self.ops, self.stage, self.prod].map(quoted);
        lines.push(format!(
            "accounts = {{ ops = {ops}, stage = {stage}, prod = {prod} }}"
        ));
        lines.extend(environments(answers));
        // The check of the spec refuses what cannot be the name of an app.
        let key = if Shape::App.accepts(self.app) {
            self.app.to_owned()
        } else {
            quoted(self.app)
        };
        let image = quoted(self.image);
        lines.push(format!("\n[apps.{key}]\nimage = {image}\n"));
        lines.join("\n")
    }
}

/// The line of the environments that have a zone.
fn environments(answers: &Answers) -> Option<String> {
    let zones = [("stage", &answers.stage_zone), ("prod", &answers.prod_zone)];
    let zones = zones.iter().filter_map(|(environment, zone)| {
        let zone = quoted(zone.as_ref()?);
        Some(format!("{environment} = {{ zone_id = {zone} }}"))
    });
    let zones: Vec<String> = zones.collect();
    (!zones.is_empty()).then(|| format!("environments = {{ {} }}", zones.join(", ")))
}

/// Text as a TOML string.
fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if is_invisible(c) => quoted.push_str(&by_number(c)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A name as an app can have it.
fn slug(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let joined = words.join("-");
    let start = joined.find(|c: char| c.is_ascii_lowercase())?;
    let mut slug = joined[start..].to_owned();
    slug.truncate(32);
    let slug = slug.trim_end_matches('-').to_owned();
    Shape::App.accepts(&slug).then_some(slug)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn folder(files: &[(&str, &str)]) -> Folder {
        let file = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Folder {
            name: "My Shop_2".to_owned(),
            files: files.iter().map(file).collect(),
            ..Folder::default()
        }
    }

    /// What is not carried over, with what to do about it.
    fn left(found: &Found) -> String {
        let line = |left: &Left| format!("{left}: {}\n", left.instead);
        found.left.iter().map(line).collect()
    }

    /// What is written and said.
    fn whole(found: &Found) -> String {
        let notes = found.notes.join("\n");
        let procfile = found.procfile.as_deref().unwrap_or("none\n");
        format!(
            "--- Procfile\n{procfile}--- stackwright.toml\n{}--- found\n{notes}\n--- left\n{}",
            spec(found, &answers()).unwrap(),
            left(found)
        )
    }

    fn answers() -> Answers {
        let some = |text: &str| Some(text.to_owned());
        Answers {
            region: some("us-west-2"),
            image: some("repo/shop:v1"),
            ops: some("111111111111"),
            stage: some("222222222222"),
            prod: some("333333333333"),
            ..Answers::default()
        }
    }

    #[test]
    fn a_procfile_is_enough_and_gives_ten_lines_at_most() {
        let found = look(&folder(&[("Procfile", "web: puma\nworker: sidekiq\n")]));
        assert_eq!(found.app.as_deref(), Some("my-shop-2"));
        let text = spec(&found, &answers()).unwrap();
        assert!(text.lines().count() <= 10, "{text}");
        assert!(
            text.contains("[apps.my-shop-2]\nimage = \"repo/shop:v1\"\n"),
            "{text}"
        );
    }

    #[test]
    fn what_only_the_user_knows_is_asked_for() {
        let found = look(&folder(&[("Procfile", "web: puma\n")]));
        let missing = spec(&found, &Answers::default()).unwrap_err();
        assert_eq!(missing, ["region", "image", "ops", "stage", "prod"]);
    }

    #[test]
    fn herokus_formation_and_database_are_carried_over() {
        let json = r#"{"name": "The Shop", "formation": {"web": {"quantity": 2, "size": "Standard-2X"}, "gone": {"quantity": 3}}, "addons": ["heroku-postgresql", "heroku-redis"]}"#;
        let found = look(&folder(&[("Procfile", "web: puma\n"), ("app.json", json)]));
        let text = spec(&found, &answers()).unwrap();
        assert!(text.contains("[apps.the-shop]"), "{text}");
        assert!(
            text.contains("db = true\nweb = { count = 2, size = \"2X\" }\n"),
            "{text}"
        );
        assert!(!text.contains("gone"), "{text}");
        assert!(!found.notes.iter().any(|note| note.contains("gone")));
        let left = left(&found);
        for what in ["add-on `heroku-redis`", "formation of `gone`"] {
            assert!(left.contains(what), "{left}");
        }
    }

    #[test]
    fn flys_processes_become_a_procfile() {
        let toml = "app = \"shop\"\nprimary_region = \"fra\"\n[processes]\napp = \"puma\"\nworker = \"sidekiq\"\n[deploy]\nrelease_command = \"rake db:migrate\"\n[http_service]\ninternal_port = 3000\n";
        let found = look(&folder(&[("fly.toml", toml)]));
        assert_eq!(
            found.procfile.as_deref(),
            Some("web: puma\nworker: sidekiq\nrelease: rake db:migrate\n")
        );
        assert_eq!(found.region.as_deref(), Some("eu-central-1"));
        assert!(
            spec(&found, &answers())
                .unwrap()
                .contains("web = { port = 3000 }")
        );
    }

    #[test]
    fn a_dockerfile_gives_the_command_of_web() {
        let found = look(&folder(&[(
            "Dockerfile",
            "FROM x\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n",
        )]));
        assert_eq!(
            found.procfile.as_deref(),
            Some("web: nginx -g 'daemon off;'\n")
        );
        for (text, command) in [
            ("FROM x\n", None),
            ("FROM x as b\nCMD old\nFROM y\n", None),
            ("FROM x\nCMD []\n", None),
            (
                "FROM x\nCMD a \\\n  b \\\n# c\n  d\n",
                Some("web: a  b  d\n"),
            ),
        ] {
            let found = look(&folder(&[("Dockerfile", text)]));
            assert_eq!(found.procfile.as_deref(), command, "{text}");
        }
    }

    /// Every key of a fly.toml is carried over, or named with what to do about it.
    #[test]
    fn flys_other_keys_are_carried_over_or_named() {
        let toml = r#"
app = "shop"
primary_region = "xyz"
kill_signal = "SIGINT"
kill_timeout = "1m"
swap_size_mb = 512
[build]
image = "acme/shop"
[env]
A = "b"
[experimental]
auto_rollback = true
[deploy]
release_command = "bin/migrate"
strategy = "bluegreen"
[processes]
app = "bin/server"
worker = "bin/worker"
[[mounts]]
source = "data"
destination = "/data"
[http_service]
internal_port = 8080
force_https = true
auto_stop_machines = true
min_machines_running = 0
processes = ["app", "worker"]
[http_service.concurrency]
soft_limit = 200
[[http_service.checks]]
interval = "10s"
timeout = "2s"
grace_period = "5s"
method = "GET"
path = "/up"
[[services]]
internal_port = 9000
[checks.alive]
type = "tcp"
port = 8080
[[vm]]
memory = "1gb"
[[statics]]
guest_path = "/app/public"
"#;
        let found = look(&folder(&[("fly.toml", toml)]));
        insta::assert_snapshot!(whole(&found));
    }

    #[test]
    fn services_of_fly_are_read_too() {
        let toml = r#"
app = "shop"
kill_timeout = 300
[processes]
app = "bin/server"
[[services]]
internal_port = 3000
protocol = "tcp"
script_checks = []
[services.concurrency]
hard_limit = 25
[[services.ports]]
port = 80
handlers = ["http"]
[[services.ports]]
port = 5432
handlers = ["pg_tls"]
[[services.http_checks]]
interval = 10000
timeout = 20000
path = "/healthcheck"
[services.http_checks.headers]
Host = "x"
[[services.http_checks]]
path = "/litefs/health"
[[services.tcp_checks]]
interval = "15s"
"#;
        insta::assert_snapshot!(whole(&look(&folder(&[("fly.toml", toml)]))));
    }

    /// Fly calls the group that takes the requests as it likes; in a Procfile that is `web`.
    #[test]
    fn the_group_that_takes_requests_becomes_web_and_others_do_not() {
        let look = |service: &str, processes: &str| {
            let toml = format!("app = \"shop\"\n{service}\n[processes]\n{processes}");
            look(&folder(&[("fly.toml", &toml)]))
        };
        let both = "app = \"a\"\nweb = \"b\"\n";
        let found = look("http_service = { internal_port = 3000 }", both);
        assert_eq!(found.procfile.as_deref(), Some("web: a\nweb-worker: b\n"));
        assert!(
            found
                .notes
                .iter()
                .any(|note| note.contains("`web` becomes `web-worker`")),
            "{:?}",
            found.notes
        );
        assert_eq!(left(&found), "");
        let named = "http_service = { internal_port = 3000, processes = [\"web\"] }";
        let found = look(named, both);
        assert_eq!(found.procfile.as_deref(), Some("app: a\nweb: b\n"));
        let found = look("", both);
        assert_eq!(found.procfile.as_deref(), Some("app: a\nweb-worker: b\n"));
        let found = look(
            "http_service = { internal_port = 3000 }",
            "z = \"a\"\nserver = \"b\"\nrelease = \"c\"\n",
        );
        assert_eq!(found.procfile.as_deref(), Some("z: a\nserver: b\nweb: c\n"));
    }

    /// The command of an image is its entrypoint with its command.
    #[test]
    fn entrypoints_are_kept() {
        let cases = [
            (
                "ENTRYPOINT [\"gunicorn\"]\nCMD [\"app:app\"]",
                "gunicorn app:app",
                true,
            ),
            (
                "CMD [\"app:app\"]\nENTRYPOINT [\"gunicorn\"]",
                "gunicorn app:app",
                true,
            ),
            (
                "ENTRYPOINT [\"bin/server\", \"a b\"]",
                "bin/server 'a b'",
                true,
            ),
            (
                "ENTRYPOINT exec java -jar app.jar\nCMD ignored",
                "exec java -jar app.jar",
                true,
            ),
            ("ENTRYPOINT [\"x\"]\nCMD a $B", "x /bin/sh -c 'a $B'", true),
            (
                "ENTRYPOINT [\"/docker-entrypoint.sh\"]\nCMD [\"puma\"]",
                "puma",
                false,
            ),
            (
                "ENTRYPOINT [\"/usr/bin/tini\", \"--\"]\nCMD [\"puma\"]",
                "puma",
                false,
            ),
            ("ENTRYPOINT []\nCMD [\"puma\"]", "puma", false),
        ];
        for (lines, command, is_named) in cases {
            let text = format!("FROM x\n{lines}\n");
            let found = look(&folder(&[("Dockerfile", &text)]));
            assert_eq!(found.procfile, Some(format!("web: {command}\n")), "{lines}");
            assert_eq!(left(&found).contains("`ENTRYPOINT`"), is_named, "{lines}");
            let keeps = lines.contains("tini") || lines.contains("entrypoint.sh");
            let says = found
                .notes
                .iter()
                .any(|note| note.contains("`ENTRYPOINT` stays"));
            assert_eq!(says, keeps, "{lines}");
        }
        let stages = "FROM x AS base\nENTRYPOINT [\"old\"]\nEXPOSE 3000\nFROM base\nCMD [\"a\"]\n";
        let found = look(&folder(&[("Dockerfile", stages)]));
        assert_eq!(found.procfile.as_deref(), Some("web: old a\n"));
        let drops = "FROM x AS base\nCMD [\"old\"]\nFROM base\nENTRYPOINT [\"new\"]\n";
        let found = look(&folder(&[("Dockerfile", drops)]));
        assert_eq!(found.procfile.as_deref(), Some("web: new\n"));
    }

    #[test]
    fn ports_of_images_are_those_of_web() {
        let port = |docker: &str, procfile: &str| {
            let found = look(&folder(&[("Dockerfile", docker), ("Procfile", procfile)]));
            let web = found.processes.get("web").and_then(|web| web.port);
            (web, left(&found))
        };
        let none = String::new;
        assert_eq!(
            port("FROM x\nEXPOSE 3000/tcp 53/udp\n", "web: a\n"),
            (Some(3000), none())
        );
        assert_eq!(port("FROM x\nEXPOSE 8080\n", "web: a\n"), (None, none()));
        for (docker, procfile, what) in [
            ("FROM x\nEXPOSE 80 443\n", "web: a\n", "`EXPOSE 80 443`"),
            ("FROM x\nEXPOSE $PORT\n", "web: a\n", "`EXPOSE $port`"),
            ("FROM x\nEXPOSE 3000\n", "worker: a\n", "`EXPOSE` 3000"),
            (
                "FROM x\nVOLUME /data\nHEALTHCHECK CMD curl x\n",
                "web: a\n",
                "VOLUME",
            ),
        ] {
            let (web, left) = port(docker, procfile);
            assert!(web.is_none() && left.contains(what), "{docker}{left}");
        }
    }

    /// Of several sources one counts, and what the others say is named and not said to be found.
    #[test]
    fn what_a_procfile_replaces_is_named() {
        let toml = "app = \"shop\"\nkill_timeout = 60\n[processes]\napp = \"old\"\n[deploy]\nrelease_command = \"migrate\"\n[http_service]\ninternal_port = 3000\n";
        let json = r#"{"env": {"A": "b"}, "stack": "heroku-24", "formation": {"web": {"size": "private-l"}, "release": {"quantity": 2}}}"#;
        let docker = "FROM x\nEXPOSE 4000\nCMD x\n";
        let found = look(&folder(&[
            ("Procfile", "web: puma\nworker: sidekiq\n"),
            ("fly.toml", toml),
            ("app.json", json),
            ("Dockerfile", docker),
        ]));
        insta::assert_snapshot!(whole(&found));
        let found = look(&folder(&[
            (
                "fly.toml",
                "app = \"shop\"\n[build]\ndockerfile = \"ops/Dockerfile\"\n",
            ),
            ("Dockerfile", docker),
        ]));
        assert_eq!(found.procfile, None);
        assert!(
            left(&found).contains("`build.dockerfile`"),
            "{}",
            left(&found)
        );
    }

    #[test]
    fn files_that_are_not_read_are_named() {
        let paths = [
            "compose.yaml",
            "docker-compose.yml",
            "convox.yml",
            "copilot/api/manifest.yml",
            "copilot/environments",
            "procfile",
            "README.md",
        ];
        let found = look(&Folder {
            paths: paths.map(str::to_owned).into(),
            ..folder(&[("app.json", "{"), ("Dockerfile", "FROM x\nCMD x\n")])
        });
        insta::assert_snapshot!(left(&found));
    }

    #[test]
    fn a_domain_needs_its_zones() {
        let found = look(&folder(&[("Procfile", "web: puma\n")]));
        let domain = Answers {
            domain: Some("acme.example".to_owned()),
            ..answers()
        };
        assert_eq!(
            spec(&found, &domain).unwrap_err(),
            ["stage-zone", "prod-zone"]
        );
        let zones = Answers {
            stage_zone: Some("Z1".to_owned()),
            prod_zone: Some("Z2".to_owned()),
            ..domain.clone()
        };
        let text = spec(&found, &zones).unwrap();
        let line = "environments = { stage = { zone_id = \"Z1\" }, prod = { zone_id = \"Z2\" } }\n";
        assert!(text.contains(line) && text.lines().count() <= 10, "{text}");
        let worker = look(&folder(&[("Procfile", "worker: x\n")]));
        assert!(spec(&worker, &domain).is_ok());
    }

    #[test]
    fn nothing_slips_in_by_a_name_or_a_line() {
        let toml = "app = \"shop\"\n[http_service]\ninternal_port = 8080\n[processes]\napp = \"puma\"\nodd = \"a\\nworker: b\"\n[deploy]\nrelease_command = \"a\\nworker: b\"\n";
        let found = look(&folder(&[("fly.toml", toml)]));
        assert_eq!(found.procfile.as_deref(), Some("web: puma\n"));
        assert!(left(&found).contains("process `odd`"));
        assert!(left(&found).contains("the release command"));
        let hidden = look(&folder(&[("Dockerfile", "FROM x\nCMD a \u{202e}b\n")]));
        assert!(hidden.procfile.is_none() && left(&hidden).contains("the command"));
        let named = Answers {
            app: Some("a]\nx = 1\n[b".to_owned()),
            ..answers()
        };
        let text = spec(&found, &named).unwrap();
        assert!(
            text.contains("[apps.\"a]\\u000ax = 1\\u000a[b\"]"),
            "{text}"
        );
    }
}
