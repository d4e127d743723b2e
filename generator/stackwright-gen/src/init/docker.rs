//! A Dockerfile: the command and the port of the image.

use std::collections::BTreeMap;

use stackwright_plan::document::{Node, Value};

use super::{Left, is_one_line};
use crate::format::{self, Format};

/// What a Dockerfile says of its image.
#[derive(Debug, Default)]
pub(super) struct Docker {
    /// What the image runs, as one line of shell.
    pub(super) command: Option<String>,
    /// The port that it listens on.
    pub(super) port: Option<i64>,
    pub(super) left: Vec<Left>,
    /// What is kept of an `ENTRYPOINT`, for people.
    pub(super) note: Option<String>,
}

/// What one stage has, with what it takes from the stage that it starts from.
#[derive(Debug, Clone, Default)]
struct Stage {
    entrypoint: Option<Words>,
    command: Option<Words>,
    /// Whether the command is of this stage itself: an entrypoint drops that of the image below it.
    own_command: bool,
    ports: Vec<String>,
    others: Vec<&'static str>,
}

/// An `ENTRYPOINT` or a `CMD`.
#[derive(Debug, Clone)]
enum Words {
    /// Words, which the system runs as they are.
    Exec(Vec<String>),
    /// Text, which a shell runs.
    Shell(String),
}

/// What has a counterpart elsewhere, and what that is.
const OTHERS: [(&str, &str); 2] = [
    (
        "HEALTHCHECK",
        "ECS and the router do not look at it: write `health_check` in the table of `web`",
    ),
    ("VOLUME", super::DISK),
];

/// Looks at the last stage, which is the image that a build gives.
pub(super) fn look(text: &str) -> Docker {
    let stage = last_stage(text);
    let mut docker = Docker::default();
    for (word, instead) in OTHERS {
        if stage.others.contains(&word) {
            docker.left(word, instead);
        }
    }
    port(&stage, &mut docker);
    command(stage, &mut docker);
    docker
}

impl Docker {
    fn left(&mut self, what: &str, instead: &str) {
        self.left.push(Left::part("Dockerfile", what, instead));
    }
}

fn port(stage: &Stage, docker: &mut Docker) {
    let tcp = stage.ports.iter().filter(|port| !port.ends_with("/udp"));
    let mut ports: Vec<&str> = tcp.map(|port| port.trim_end_matches("/tcp")).collect();
    ports.sort_unstable();
    ports.dedup();
    match ports.as_slice() {
        [] if stage.ports.is_empty() => {}
        [port] if port.parse::<u16>().is_ok_and(|port| port > 0) => {
            docker.port = port.parse().ok();
        }
        _ => docker.left(
            &format!("`EXPOSE {}`", stage.ports.join(" ")),
            "write the one port that takes requests as `port` in the table of `web`",
        ),
    }
}

fn command(stage: Stage, docker: &mut Docker) {
    let is_empty = |words: &Words| matches!(words, Words::Exec(words) if words.is_empty());
    let entrypoint = stage.entrypoint.filter(|words| !is_empty(words));
    let command = stage.command.filter(|words| !is_empty(words));
    let line = match (entrypoint, command) {
        (None, None) => return,
        (None, Some(command)) => command.line(),
        (Some(Words::Exec(words)), Some(command)) if passes_on(&words) => {
            docker.note = Some(format!(
                "Dockerfile: `ENTRYPOINT` stays in front of every command: {}",
                joined(&words)
            ));
            command.line()
        }
        (Some(entrypoint), command) => {
            let line = entrypoint.followed_by(command);
            docker.left(
                "`ENTRYPOINT` as a part of its own",
                &format!(
                    "the image puts it in front of every command of the Procfile: write `CMD {line}` in its place in the Dockerfile"
                ),
            );
            line
        }
    };
    if is_one_line(&line) {
        docker.command = Some(line);
    } else {
        docker.left("the command", super::SCRIPT);
    }
}

/// Whether an entrypoint runs what is behind it, as wrappers do: then the command of the Procfile works behind it.
fn passes_on(words: &[String]) -> bool {
    let name = |word: &String| word.rsplit('/').next().unwrap_or_default().to_owned();
    let first = words.first().map(name).unwrap_or_default();
    let last = words.last().map(name).unwrap_or_default();
    ["tini", "dumb-init", "catatonit", "env", "launcher"].contains(&first.as_str())
        && (words.len() == 1 || last.starts_with('-') || is_script(&last))
        || words.len() == 1 && is_script(&first)
}

fn is_script(name: &str) -> bool {
    let is_shell = std::path::Path::new(name).extension() == Some("sh".as_ref());
    is_shell || name.contains("entrypoint")
}

impl Words {
    fn of(written: &str) -> Self {
        match format::parse(Format::Json, written) {
            Ok(Node {
                value: Value::List(items),
                ..
            }) => {
                let words: Option<Vec<String>> = items
                    .iter()
                    .map(|it| it.text().map(str::to_owned))
                    .collect();
                words.map_or_else(|| Self::Shell(written.to_owned()), Self::Exec)
            }
            _ => Self::Shell(written.to_owned()),
        }
    }

    fn line(self) -> String {
        match self {
            Self::Exec(words) => joined(&words),
            Self::Shell(text) => text,
        }
    }

    /// The whole of an entrypoint and the command behind it, as Docker puts them together.
    fn followed_by(self, command: Option<Self>) -> String {
        match (self, command) {
            // A shell looks at no words behind its own.
            (Self::Shell(text), _) => text,
            (Self::Exec(words), None) => joined(&words),
            (Self::Exec(words), Some(Self::Exec(more))) => joined(&[words, more].concat()),
            (Self::Exec(words), Some(Self::Shell(text))) => {
                let shell = ["/bin/sh", "-c", &text].map(str::to_owned);
                joined(&[words, shell.to_vec()].concat())
            }
        }
    }
}

fn last_stage(text: &str) -> Stage {
    let mut named: BTreeMap<String, Stage> = BTreeMap::new();
    let mut name = None;
    let mut stage = Stage::default();
    for line in instructions(text) {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or_default();
        let rest = rest.trim();
        let word = word.to_ascii_uppercase();
        match word.as_str() {
            "FROM" => {
                if let Some(name) = name.take() {
                    named.insert(name, stage);
                }
                let mut words = rest.split_whitespace().filter(|it| !it.starts_with("--"));
                let base = words.next().unwrap_or_default().to_ascii_lowercase();
                stage = named.get(&base).cloned().unwrap_or_default();
                stage.own_command = false;
                name = words.nth(1).map(str::to_ascii_lowercase);
            }
            "CMD" => {
                stage.command = Some(Words::of(rest));
                stage.own_command = true;
            }
            "ENTRYPOINT" => {
                stage.entrypoint = Some(Words::of(rest));
                if !stage.own_command {
                    stage.command = None;
                }
            }
            "EXPOSE" => stage
                .ports
                .extend(rest.split_whitespace().map(str::to_ascii_lowercase)),
            _ => {
                let other = OTHERS.iter().find(|(other, _)| *other == word);
                stage.others.extend(other.map(|(other, _)| *other));
            }
        }
    }
    stage
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

/// Words as one line of shell.
fn joined(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    words.join(" ")
}

fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
