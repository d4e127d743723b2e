//! A first spec from what is found in a folder: a Procfile, `app.json`, `fly.toml`, a Dockerfile.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use stackwright_plan::document::{Node, Value};
use stackwright_plan::{procfile, size};

use crate::format::{self, Format};
use crate::invisible::{by_number, is_invisible};
use crate::shape::Shape;

/// What a folder has.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// The name of the folder.
    pub name: String,
    /// The text of each file of interest: `Procfile`, `app.json`, `fly.toml`, `Dockerfile`.
    pub files: BTreeMap<String, String>,
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
    /// Process -> count and size, where they are not one of `1X`.
    pub processes: BTreeMap<String, (Option<i64>, Option<String>)>,
    /// The port, where it is not 8080.
    pub port: Option<i64>,
    /// Whether it asks for a PostgreSQL database.
    pub db: bool,
    /// What was found, for people.
    pub notes: Vec<String>,
}

/// Looks at a folder.
pub fn look(folder: &Folder) -> Found {
    let mut found = Found::default();
    if let Some(text) = folder.files.get("app.json") {
        match format::parse(Format::Json, text) {
            Ok(root) => app_json(&root, &mut found),
            Err(_) => found
                .notes
                .push("app.json is no JSON and is left alone".to_owned()),
        }
    }
    if let Some(text) = folder.files.get("fly.toml") {
        match format::parse(Format::Toml, text) {
            Ok(root) => fly_toml(&root, &mut found),
            Err(_) => found
                .notes
                .push("fly.toml is no TOML and is left alone".to_owned()),
        }
    }
    match folder.files.get("Procfile") {
        Some(text) => known_processes(text, &mut found),
        None => command_of_image(folder, &mut found),
    }
    found.app = found.app.take().or_else(|| slug(&folder.name));
    found
}

/// The spec, as TOML, or the names of the answers that are missing.
///
/// # Errors
/// What nobody can know but the user, and was not said.
pub fn spec(found: &Found, answers: &Answers) -> Result<String, Vec<&'static str>> {
    let app = answers.app.clone().or_else(|| found.app.clone());
    let region = answers.region.clone().or_else(|| found.region.clone());
    let all = [
        ("app", &app),
        ("region", &region),
        ("image", &answers.image),
        ("ops", &answers.ops),
        ("stage", &answers.stage),
        ("prod", &answers.prod),
    ];
    let missing: Vec<&str> = all
        .iter()
        .filter(|(_, value)| value.is_none())
        .map(|(name, _)| *name)
        .collect();
    let (Some(app), Some(region), Some(image), Some(ops), Some(stage), Some(prod)) = (
        &app,
        &region,
        &answers.image,
        &answers.ops,
        &answers.stage,
        &answers.prod,
    ) else {
        return Err(missing);
    };
    let project = answers.project.as_ref().unwrap_or(app);
    // What is no name is told by the check of the spec.
    let key = if Shape::App.accepts(app) {
        app.clone()
    } else {
        quoted(app)
    };
    let mut text = format!(
        "project = {}\nregion = {}\n",
        quoted(project),
        quoted(region)
    );
    if let Some(domain) = &answers.domain {
        let _ = writeln!(text, "domain = {}", quoted(domain));
    }
    let _ = writeln!(
        text,
        "accounts = {{ ops = {}, stage = {}, prod = {} }}\n\n[apps.{key}]\nimage = {}",
        quoted(ops),
        quoted(stage),
        quoted(prod),
        quoted(image)
    );
    if found.db {
        text.push_str("db = true\n");
    }
    let port = found.port.filter(|_| !found.processes.is_empty());
    for (process, (count, size)) in &found.processes {
        let port = port
            .filter(|_| process == "web")
            .map(|port| format!("port = {port}"));
        let count = count.map(|count| format!("count = {count}"));
        let size = size.as_ref().map(|size| format!("size = {}", quoted(size)));
        let all: Vec<String> = [count, size, port].into_iter().flatten().collect();
        if !all.is_empty() {
            let _ = writeln!(text, "{process} = {{ {} }}", all.join(", "));
        }
    }
    Ok(text)
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

const SETTINGS: &str = "write its variables as `config` or `secrets` of the app";
const RELEASE: &str = "write it as a `release` process of the Procfile, on one line";

/// `name`, `formation` and `addons` of Heroku.
fn app_json(root: &Node, found: &mut Found) {
    found.app = root.get("name").and_then(Node::text).and_then(slug);
    for (key, instead) in [("env", SETTINGS), ("scripts", RELEASE)] {
        if root.get(key).is_some_and(|it| !it.entries().is_empty()) {
            found
                .notes
                .push(format!("app.json: `{key}` is not carried over: {instead}"));
        }
    }
    let formation = root.get("formation").map(Node::entries).unwrap_or_default();
    for entry in formation {
        let count = entry.node.get("quantity").and_then(Node::whole);
        let written = entry.node.get("size").and_then(Node::text);
        let size = written.and_then(heroku_size);
        let plain = ["free", "hobby", "eco", "basic", "standard-1x", "1x"];
        if let Some(odd) = written
            .filter(|it| size.is_none() && !plain.contains(&it.to_ascii_lowercase().as_str()))
        {
            found.notes.push(format!(
                "app.json: size `{odd}` of `{}` is not carried over: write `size` in its table",
                entry.key
            ));
        }
        found.processes.insert(
            entry.key.clone(),
            (count.filter(|count| *count != 1), size.map(str::to_owned)),
        );
        found
            .notes
            .push(format!("app.json: formation of `{}`", entry.key));
    }
    let addons = root.get("addons").map(Node::items).unwrap_or_default();
    for addon in addons {
        let plan = addon.text().or_else(|| addon.get("plan")?.text());
        match plan {
            Some(plan) if plan.starts_with("heroku-postgresql") => {
                found.db = true;
                found
                    .notes
                    .push("app.json: a PostgreSQL database".to_owned());
            }
            Some(plan) => found
                .notes
                .push(format!("app.json: add-on `{plan}` is not carried over")),
            None => {}
        }
    }
}

/// A size of ours for one of Heroku's, when it is not the default.
fn heroku_size(size: &str) -> Option<&'static str> {
    match size.to_ascii_lowercase().as_str() {
        "standard-2x" | "2x" => Some("2X"),
        "performance-m" | "performance" | "px" => Some("1024:3gb"),
        "performance-l" => Some("4096:14gb"),
        _ => None,
    }
}

/// `app`, `primary_region`, `internal_port` and `processes` of Fly.
fn fly_toml(root: &Node, found: &mut Found) {
    let name = root.get("app").and_then(Node::text).and_then(slug);
    found.app = found.app.take().or(name);
    let region = root.get("primary_region").and_then(Node::text);
    found.region = region.and_then(fly_region).map(str::to_owned);
    let port = root
        .get("http_service")
        .and_then(|http| http.get("internal_port")?.whole());
    for (key, instead) in [
        ("env", SETTINGS),
        ("services", "write the port as `port` in the table of `web`"),
        ("vm", "write `size` in the tables of the processes"),
    ] {
        if root.get(key).is_some() {
            found
                .notes
                .push(format!("fly.toml: `{key}` is not carried over: {instead}"));
        }
    }
    found.port = port.filter(|port| *port != 8080 && (1..=65_535).contains(port));
    if found.port.is_some() {
        found.processes.entry("web".to_owned()).or_default();
    }
    let processes = root.get("processes").map(Node::entries).unwrap_or_default();
    let mut lines = String::new();
    for entry in processes {
        // Fly calls the process that takes requests `app`.
        let name = if entry.key == "app" {
            "web"
        } else {
            &entry.key
        };
        let command = entry.node.text().map(str::trim).unwrap_or_default();
        if command.contains(['\n', '\r']) {
            found.notes.push(format!("fly.toml: process `{name}` has several lines and is not carried over: put them into a script"));
        } else if !command.is_empty() {
            let _ = writeln!(lines, "{name}: {command}");
        }
    }
    let release = root
        .get("deploy")
        .and_then(|deploy| deploy.get("release_command")?.text());
    match release {
        Some(release) if lines.is_empty() || release.contains(['\n', '\r']) => found.notes.push(
            format!("fly.toml: the release command is not carried over: {RELEASE}"),
        ),
        Some(release) => drop(writeln!(lines, "release: {release}")),
        None => {}
    }
    if procfile::parse(&lines).is_ok() {
        found.procfile = Some(lines);
        found.notes.push("fly.toml: processes".to_owned());
    }
}

/// The AWS region nearest to a region of Fly.
fn fly_region(region: &str) -> Option<&'static str> {
    let known = [
        ("us-east-1", &["iad", "ewr", "bos", "mia", "atl"][..]),
        ("us-east-2", &["ord"]),
        ("us-west-1", &["sjc", "lax"]),
        ("us-west-2", &["sea", "den", "phx"]),
        ("eu-west-1", &["dub"]),
        ("eu-west-2", &["lhr"]),
        ("eu-west-3", &["cdg", "mad"]),
        ("eu-central-1", &["fra", "ams", "waw"]),
        ("eu-north-1", &["arn"]),
        ("ap-northeast-1", &["nrt"]),
        ("ap-southeast-1", &["sin", "hkg"]),
        ("ap-southeast-2", &["syd"]),
        ("ap-south-1", &["bom"]),
        ("sa-east-1", &["gru", "gig", "eze"]),
        ("ca-central-1", &["yyz", "yul"]),
        ("af-south-1", &["jnb"]),
    ];
    let of = known.iter().find(|(_, codes)| codes.contains(&region));
    of.map(|(aws, _)| *aws)
}

/// Keeps what is known of processes that the Procfile has.
fn known_processes(text: &str, found: &mut Found) {
    found.procfile = None;
    let Ok(parsed) = procfile::parse(text) else {
        return;
    };
    let names: Vec<&str> = parsed.processes.iter().map(|it| it.name.as_str()).collect();
    found
        .processes
        .retain(|name, _| names.contains(&name.as_str()));
    found.notes.push(format!("Procfile: {}", names.join(", ")));
    found
        .processes
        .retain(|_, (_, size)| size.as_ref().is_none_or(|size| size::parse(size).is_ok()));
}

/// Without a Procfile, the command of the image is the web process.
fn command_of_image(folder: &Folder, found: &mut Found) {
    if found.procfile.is_some() {
        return;
    }
    let command = folder
        .files
        .get("Dockerfile")
        .and_then(|text| docker_command(text));
    if let Some(command) = command {
        found.procfile = Some(format!("web: {command}\n"));
        found
            .notes
            .push("Dockerfile: the command of `web`".to_owned());
    }
}

/// The last CMD of a Dockerfile as one line of shell.
fn docker_command(text: &str) -> Option<String> {
    let last = instructions(text).into_iter().fold(None, |last, line| {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or_default();
        match word.to_ascii_uppercase().as_str() {
            "CMD" => Some(rest.trim().to_owned()),
            // Another stage begins, with a command of its own image.
            "FROM" => None,
            _ => last,
        }
    })?;
    let command = match format::parse(Format::Json, &last) {
        Ok(exec) if matches!(exec.value, Value::List(_)) => {
            let words: Option<Vec<&str>> = exec.items().iter().map(Node::text).collect();
            words?
                .iter()
                .map(|word| shell_word(word))
                .collect::<Vec<_>>()
                .join(" ")
        }
        _ => last,
    };
    procfile::parse(&format!("web: {command}\n"))
        .is_ok()
        .then_some(command)
}

/// The instructions of a Dockerfile, each on one line. Comments may stand between the lines of one.
fn instructions(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = String::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.strip_suffix('\\') {
            Some(part) => open = format!("{open}{part} "),
            None => all.push(std::mem::take(&mut open) + line),
        }
    }
    all.push(open);
    all
}

fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
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
        }
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
        assert!(found.notes.iter().any(|note| note.contains("heroku-redis")));
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

    #[test]
    fn what_is_not_carried_over_is_said() {
        let toml = "[env]\nA = \"b\"\n[deploy]\nrelease_command = \"migrate\"\n[[services]]\ninternal_port = 3000\n";
        let json = r#"{"env": {"A": "b"}, "formation": {"web": {"size": "private-l"}}}"#;
        let found = look(&folder(&[
            ("fly.toml", toml),
            ("app.json", json),
            ("Dockerfile", "CMD x\n"),
        ]));
        for what in [
            "fly.toml: `env`",
            "fly.toml: `services`",
            "release command",
            "app.json: `env`",
            "`private-l` of `web`",
        ] {
            assert!(
                found.notes.iter().any(|note| note.contains(what)),
                "{what}: {:?}",
                found.notes
            );
        }
    }

    #[test]
    fn nothing_slips_in_by_a_name_or_a_line() {
        let toml = "app = \"shop\"\n[processes]\napp = \"puma\"\nodd = \"a\\nworker: b\"\n[deploy]\nrelease_command = \"a\\nworker: b\"\n";
        let found = look(&folder(&[("fly.toml", toml)]));
        assert_eq!(found.procfile.as_deref(), Some("web: puma\n"));
        assert!(found.notes.iter().any(|note| note.contains("`odd`")));
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
