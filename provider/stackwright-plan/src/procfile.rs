//! Procfiles: the standard form, one `name: command` per line, and the extended form of Empire, in YAML.
//!
//! The rules of the standard form are those of Heroku and foreman: a name is made of ASCII letters, digits, `_` and `-`; the command is everything after the
//! first colon, without the spaces around it; a line that starts with `#` is a comment. Where those tools skip a line that they do not
//! understand, this parser reports it: a process that silently does not run is worse than an error.
//!
//! [`parse`] collects every error of a file, each with its place and with what to write instead. `extended.rs` reads the extended form.

mod cron;
mod extended;

use std::collections::BTreeMap;
use std::ops::Range;

/// A parsed Procfile: its processes in the order of the file, each name once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Procfile {
    /// The processes, in the order of the file.
    pub processes: Vec<Process>,
}

/// One entry of a Procfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The process name, such as `worker`.
    pub name: String,
    /// The command, without the spaces around it.
    pub command: String,
    /// Where the name stands.
    pub name_place: Place,
    /// Where the command stands.
    pub command_place: Place,
    /// When it runs, if it does not keep running: six fields, as in `0/2 * * * ? *`. Extended form.
    pub cron: Option<Written>,
    /// Whether it is only there to be run by hand. Extended form.
    pub noservice: bool,
    /// Ports that it listens on. Extended form.
    pub ports: Vec<Port>,
    /// Environment variables of this process alone, in the order of the file. Extended form.
    pub environment: Vec<(Written, Written)>,
}

/// A text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// A port of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The port of the load balancer.
    pub listener: u16,
    /// The port that the process listens on.
    pub container: u16,
    /// Where it stands.
    pub place: Place,
}

impl Process {
    /// A process of the standard form: a name and a command.
    fn standard(name: Written, command: Written) -> Self {
        Self {
            name: name.text,
            command: command.text,
            name_place: name.place,
            command_place: command.place,
            cron: None,
            noservice: false,
            ports: Vec::new(),
            environment: Vec::new(),
        }
    }
}

/// A place in a file: bytes for programs, line and column for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The byte range in the text that was parsed.
    pub span: Range<usize>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1. A byte order mark does not count.
    pub column: usize,
}

/// One mistake in a Procfile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct ProcfileError {
    /// What is wrong.
    pub kind: ProcfileErrorKind,
    /// Where it is wrong.
    pub place: Place,
}

/// What can be wrong in a Procfile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProcfileErrorKind {
    /// The line has no colon.
    #[error("line is not an entry of the form `name: command`")]
    NotAnEntry,
    /// The line is a marker of an unresolved merge.
    #[error("unresolved merge conflict")]
    MergeConflict,
    /// What stands before the colon is not a process name.
    #[error("`{name}` is not a process name")]
    InvalidName {
        /// The text before the colon.
        name: String,
    },
    /// There is space between the name and the colon, which Heroku and foreman do not accept.
    #[error("space between the process name `{name}` and its colon")]
    SpaceBeforeColon {
        /// The name without the space.
        name: String,
    },
    /// The entry does not start in the first column.
    #[error("entry is indented")]
    Indented {
        /// The line without the space before it.
        entry: String,
    },
    /// A name without a command.
    #[error("process `{name}` has no command")]
    EmptyCommand {
        /// The process name.
        name: String,
    },
    /// The same name a second time.
    #[error("process `{name}` is defined a second time")]
    Duplicate {
        /// The process name.
        name: String,
        /// Where it was defined first.
        first: Place,
    },
    /// A control character other than a tab.
    #[error("control character U+{:04X} in the line", u32::from(*.character))]
    ControlCharacter {
        /// The character.
        character: char,
    },
    /// The extended form is not YAML.
    #[error("this is not valid YAML: {message}")]
    Yaml {
        /// The parser's message.
        message: String,
    },
    /// A field that the extended form does not have.
    #[error("process `{process}` has an unknown field `{field}`")]
    UnknownField {
        /// The process.
        process: String,
        /// The field.
        field: String,
        /// The field that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// A value of another type.
    #[error("`{what}` must be {expected}, not {found}")]
    WrongType {
        /// What has the value.
        what: String,
        /// The type that is wanted.
        expected: &'static str,
        /// The type that is there.
        found: &'static str,
    },
    /// A schedule that cannot be read.
    #[error("`{cron}` is not a schedule: {reason}")]
    Cron {
        /// What is written.
        cron: String,
        /// What is wrong with it.
        reason: String,
        /// The same schedule in six fields, when it is known.
        six_fields: Option<String>,
    },
    /// A process that runs on a schedule and only by hand, or on a schedule and for requests.
    #[error("process `{process}` has both `cron` and `{other}`")]
    Both {
        /// The process.
        process: String,
        /// The other field.
        other: &'static str,
    },
    /// A port that is none.
    #[error("`{port}` is not a port")]
    Port {
        /// What is written.
        port: String,
    },
    /// A protocol that an application load balancer does not speak.
    #[error("a router does not speak `{protocol}`")]
    Protocol {
        /// The protocol.
        protocol: String,
    },
    /// Where Empire's tasks ran: Fargate has no instances to choose from.
    #[error("`ecs` chooses among instances, and tasks on Fargate have none")]
    Placement,
    /// One of the environment variables cannot have its name.
    #[error("`{name}` is not the name of an environment variable")]
    VariableName {
        /// The name.
        name: String,
    },
    /// No line of the file defines a process.
    #[error("the Procfile defines no process")]
    NoProcess,
}

impl ProcfileError {
    /// What to write instead.
    pub fn help(&self) -> String {
        self.kind.help()
    }
}

impl ProcfileErrorKind {
    /// What to write instead.
    pub fn help(&self) -> String {
        match self {
            Self::NotAnEntry => "write `name: command`, or start the line with `#` to make it a comment".to_owned(),
            Self::MergeConflict => "resolve the conflict and remove its `<<<<<<<`, `=======` and `>>>>>>>` lines".to_owned(),
            Self::InvalidName { name } => invalid_name_help(name),
            Self::SpaceBeforeColon { name } => format!("write `{name}:` without the space"),
            Self::Indented { entry } => format!("start the line in the first column: `{entry}`"),
            Self::EmptyCommand { name } => format!("write a command after the colon, as in `{name}: bundle exec sidekiq`, or remove the line"),
            Self::Duplicate { name, first } => {
                format!("remove one of the two entries or give it another name; `{name}` is first defined in line {}", first.line)
            }
            Self::ControlCharacter { character: '\0' } => "remove it: no process can get a NUL byte in its command".to_owned(),
            Self::ControlCharacter { character: '\r' } => "end lines with a line feed, or with carriage return and line feed".to_owned(),
            Self::ControlCharacter { .. } => "remove it; a command that needs it can write it in shell syntax, as in `printf '\\033'`".to_owned(),
            Self::Yaml { .. } => "correct the line; everything after it is checked once it can be read".to_owned(),
            Self::UnknownField { suggestion: Some(name), .. } => format!("did you mean `{name}`?"),
            Self::UnknownField { suggestion: None, .. } => format!("known here: {}", extended::FIELDS.map(|name| format!("`{name}`")).join(", ")),
            Self::WrongType { expected, .. } => format!("write {expected}"),
            Self::Cron { six_fields: Some(cron), .. } => format!("write six fields (minute, hour, day of month, month, day of week, year): `{cron}`"),
            Self::Cron { six_fields: None, .. } => "write six fields (minute, hour, day of month, month, day of week, year) with `?` for one of the two days, as in `0/2 * * * ? *`".to_owned(),
            Self::Both { other, .. } => format!("remove `{other}`, or `cron`: a process that runs on a schedule ends by itself and takes no requests"),
            Self::Port { .. } => "write a port from 1 to 65535, or the router's port and that of the process, as in `80:8080`".to_owned(),
            Self::Protocol { .. } => "write `http` or `https`, or remove the port: other protocols need no router and reach the process by its private name".to_owned(),
            Self::Placement => "remove `ecs`; choose CPU and memory with `size` in the spec".to_owned(),
            Self::VariableName { .. } => "write letters, digits and `_`, not starting with a digit, as in `RAILS_ENV`".to_owned(),
            Self::NoProcess => "write at least one line of the form `name: command`, as in `worker: bundle exec sidekiq`".to_owned(),
        }
    }
}

/// Parses a Procfile of either form.
///
/// # Errors
/// Every mistake of the file, in the order of the file.
///
/// # Examples
/// ```
/// let procfile = stackwright_plan::procfile::parse("worker: bundle exec sidekiq\n")?;
/// assert_eq!(procfile.processes[0].command, "bundle exec sidekiq");
/// # Ok::<(), Vec<stackwright_plan::procfile::ProcfileError>>(())
/// ```
pub fn parse(text: &str) -> Result<Procfile, Vec<ProcfileError>> {
    let lines = lines(text);
    if extended_entry(&lines) || extended::is_flow(text) {
        return extended::parse(text);
    }
    let mut parser = Parser::default();
    for line in &lines {
        parser.line(line);
    }
    parser.finish()
}

/// Whether a text is a process name: ASCII letters, digits, `_` and `-`, at least one.
pub fn is_process_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

const BLANK: [char; 2] = [' ', '\t'];

/// One line without its end, and where it starts.
struct Line<'a> {
    text: &'a str,
    start: usize,
    number: usize,
}

impl Line<'_> {
    /// The place of a byte range of this line.
    fn place(&self, range: Range<usize>) -> Place {
        let column = self
            .text
            .get(..range.start)
            .map_or(0, |before| before.chars().count())
            + 1;
        Place {
            span: self.start + range.start..self.start + range.end,
            line: self.number,
            column,
        }
    }

    fn whole(&self) -> Place {
        let start = self.text.len() - self.text.trim_start_matches(BLANK).len();
        self.place(start..self.text.trim_end_matches(BLANK).len().max(start))
    }

    fn is_silent(&self) -> bool {
        let text = self.text.trim_matches(BLANK);
        text.is_empty() || text.starts_with('#')
    }

    fn is_indented(&self) -> bool {
        self.text.starts_with(BLANK)
    }

    /// The text before the first colon and its offset after the colon.
    fn split(&self) -> Option<(&str, usize)> {
        self.text
            .find(':')
            .map(|colon| (&self.text[..colon], colon + 1))
    }
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut start = text.len() - body.len();
    let mut lines = Vec::new();
    for (index, raw) in body.split('\n').enumerate() {
        let text = raw.strip_suffix('\r').unwrap_or(raw);
        lines.push(Line {
            text,
            start,
            number: index + 1,
        });
        start += raw.len() + 1;
    }
    lines
}

/// Whether a name is followed by an indented mapping.
fn extended_entry(lines: &[Line<'_>]) -> bool {
    let mut spoken = lines.iter().filter(|line| !line.is_silent()).peekable();
    while let Some(line) = spoken.next() {
        let opens = !line.is_indented()
            && line
                .split()
                .is_some_and(|(_, rest)| line.text[rest..].trim_matches(BLANK).is_empty());
        if opens
            && spoken
                .peek()
                .is_some_and(|next| next.is_indented() && next.split().is_some())
        {
            return true;
        }
    }
    false
}

#[derive(Default)]
struct Parser {
    processes: Vec<Process>,
    errors: Vec<ProcfileError>,
    seen: BTreeMap<String, Place>,
}

impl Parser {
    fn line(&mut self, line: &Line<'_>) {
        let control = |(_, c): &(usize, char)| c.is_control() && *c != '\t';
        if let Some((at, character)) = line.text.char_indices().find(control) {
            let kind = ProcfileErrorKind::ControlCharacter { character };
            self.error(kind, line.place(at..at + character.len_utf8()));
        } else if !line.is_silent() {
            self.spoken(line);
        }
    }

    /// A line that should be an entry.
    fn spoken(&mut self, line: &Line<'_>) {
        if is_conflict_marker(line.text) {
            self.error(ProcfileErrorKind::MergeConflict, line.whole());
        } else if line.is_indented() {
            let entry = line.text.trim_matches(BLANK).to_owned();
            self.error(ProcfileErrorKind::Indented { entry }, line.whole());
        } else if let Some((name, rest)) = line.split() {
            self.entry(line, name, rest);
        } else {
            self.error(ProcfileErrorKind::NotAnEntry, line.whole());
        }
    }

    fn entry(&mut self, line: &Line<'_>, name: &str, rest: usize) {
        let name_place = line.place(0..name.len());
        let command = line.text[rest..].trim_matches(BLANK);
        if let Some(kind) = name_mistake(name) {
            self.error(kind, name_place);
        } else if command.is_empty() {
            let name = name.to_owned();
            self.error(ProcfileErrorKind::EmptyCommand { name }, line.whole());
        } else if let Some(first) = self.seen.get(name).cloned() {
            self.error(
                ProcfileErrorKind::Duplicate {
                    name: name.to_owned(),
                    first,
                },
                name_place,
            );
        } else {
            let start = rest
                + (line.text[rest..].len() - line.text[rest..].trim_start_matches(BLANK).len());
            let place = line.place(start..start + command.len());
            self.seen.insert(name.to_owned(), name_place.clone());
            let (name, command) = (name.to_owned(), command.to_owned());
            self.processes.push(Process::standard(
                Written {
                    text: name,
                    place: name_place,
                },
                Written {
                    text: command,
                    place,
                },
            ));
        }
    }

    fn error(&mut self, kind: ProcfileErrorKind, place: Place) {
        self.errors.push(ProcfileError { kind, place });
    }

    fn finish(mut self) -> Result<Procfile, Vec<ProcfileError>> {
        if self.errors.is_empty() && self.processes.is_empty() {
            self.error(
                ProcfileErrorKind::NoProcess,
                Place {
                    span: 0..0,
                    line: 1,
                    column: 1,
                },
            );
        }
        if self.errors.is_empty() {
            Ok(Procfile {
                processes: self.processes,
            })
        } else {
            Err(self.errors)
        }
    }
}

fn name_mistake(name: &str) -> Option<ProcfileErrorKind> {
    let trimmed = name.trim_end_matches(BLANK);
    if is_process_name(name) {
        None
    } else if is_process_name(trimmed) {
        Some(ProcfileErrorKind::SpaceBeforeColon {
            name: trimmed.to_owned(),
        })
    } else if trimmed.chars().any(|c| BLANK.contains(&c)) {
        // A shell command with a colon somewhere in it, not a name.
        Some(ProcfileErrorKind::NotAnEntry)
    } else {
        Some(ProcfileErrorKind::InvalidName {
            name: trimmed.to_owned(),
        })
    }
}

fn invalid_name_help(name: &str) -> String {
    let rule = "a process name has only letters, digits, `_` and `-`";
    let better: String = name
        .chars()
        .map(|c| {
            if c.is_ascii() && is_name_byte(c as u8) {
                c
            } else {
                '-'
            }
        })
        .collect();
    let better = better.trim_matches('-');
    if is_process_name(better) {
        format!("{rule}: write `{better}:`")
    } else {
        format!("{rule}, as in `worker:`")
    }
}

fn is_conflict_marker(line: &str) -> bool {
    ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
        .iter()
        .any(|marker| line.starts_with(marker))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// Name and command of each process.
    fn processes(text: &str) -> Vec<(String, String)> {
        parse(text)
            .unwrap()
            .processes
            .into_iter()
            .map(|process| (process.name, process.command))
            .collect()
    }

    /// Line, column, message and help of each error.
    fn errors(text: &str) -> Vec<(usize, usize, String, String)> {
        let errors = parse(text).unwrap_err();
        errors
            .iter()
            .map(|error| {
                (
                    error.place.line,
                    error.place.column,
                    error.to_string(),
                    error.help(),
                )
            })
            .collect()
    }

    fn pair(name: &str, command: &str) -> (String, String) {
        (name.to_owned(), command.to_owned())
    }

    #[test]
    fn reads_entries_comments_and_blank_lines() {
        let text = "# processes\n\nweb: puma -p $PORT\n   \nworker:sidekiq   \n  # end\n";
        assert_eq!(
            processes(text),
            [pair("web", "puma -p $PORT"), pair("worker", "sidekiq")]
        );
    }

    #[test]
    fn keeps_everything_after_the_first_colon() {
        let command = r#"sh -c "a:b; echo '${X:-%{y}}' \\ # not a comment */""#;
        assert_eq!(processes(&format!("w:\t{command}\t")), [pair("w", command)]);
    }

    #[test]
    fn accepts_crlf_byte_order_mark_and_no_final_newline() {
        let procfile = parse("\u{feff}web: a\r\nworker: b c").unwrap();
        let [web, worker] = procfile.processes.as_slice() else {
            panic!("two processes")
        };
        assert_eq!(
            (
                web.command.as_str(),
                web.name_place.column,
                web.name_place.span.clone()
            ),
            ("a", 1, 3..6)
        );
        assert_eq!(
            (
                worker.command.as_str(),
                worker.command_place.line,
                worker.command_place.column
            ),
            ("b c", 2, 9)
        );
    }

    #[test]
    fn spans_point_at_the_text() {
        let text = "# é\nworker :x\nwörk: y\n";
        let spans: Vec<&str> = parse(text)
            .unwrap_err()
            .iter()
            .map(|error| &text[error.place.span.clone()])
            .collect();
        assert_eq!(spans, ["worker ", "wörk"]);
    }

    #[test]
    fn reports_every_mistake_at_once() {
        let found = errors(
            "web: a\nmailcatcher -f\nweb: b\nempty:\nwork er: x\nrelease : y\n  late: z\na.b: c\n",
        );
        let places: Vec<(usize, usize)> = found.iter().map(|error| (error.0, error.1)).collect();
        assert_eq!(
            places,
            [(2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 3), (8, 1)]
        );
        assert_eq!(found[1].2, "process `web` is defined a second time");
        assert!(
            found[1].3.contains("first defined in line 1"),
            "{}",
            found[1].3
        );
        assert_eq!(found[4].3, "write `release:` without the space");
        assert_eq!(found[5].3, "start the line in the first column: `late: z`");
        assert!(found[6].3.ends_with("write `a-b:`"), "{}", found[6].3);
    }

    #[test]
    fn names_merge_conflicts() {
        let found = errors("<<<<<<< HEAD\nweb: a\n=======\nweb: b\n>>>>>>> other: branch\n");
        let messages: Vec<&str> = found.iter().map(|error| error.2.as_str()).collect();
        assert_eq!(
            messages
                .iter()
                .filter(|message| **message == "unresolved merge conflict")
                .count(),
            3
        );
        assert!(messages.contains(&"process `web` is defined a second time"));
    }

    #[test]
    fn refuses_control_characters_with_their_place() {
        assert_eq!(
            errors("w: a\0b")[0],
            (
                1,
                5,
                "control character U+0000 in the line".to_owned(),
                "remove it: no process can get a NUL byte in its command".to_owned()
            )
        );
        assert!(errors("w: a\rx: b\r")[0].3.contains("line feed"));
        assert_eq!(
            errors("w: \u{1b}[1m")[0].2,
            "control character U+001B in the line"
        );
    }

    #[test]
    fn refuses_a_file_without_processes() {
        for text in ["", "\n\n", "# only a comment\n", "\u{feff}"] {
            assert_eq!(errors(text)[0].2, "the Procfile defines no process");
        }
    }

    #[test]
    fn only_ascii_blanks_are_trimmed() {
        assert_eq!(processes("w: \u{a0}x\u{a0}"), [pair("w", "\u{a0}x\u{a0}")]);
    }
}
