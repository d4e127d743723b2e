//! The extended Procfile of Empire: YAML, one mapping per process with `command`, `cron`, `noservice`, `ports`, `environment`.
//!
//! A command as a list becomes one line in shell syntax that means the same. A port alone is both the router's and the process's;
//! `80:8080` are the router's and the process's; a mapping adds the protocol. A file may mix both forms: `worker: sidekiq` is a mapping
//! of `command` alone.

use std::ops::Range;

use super::{
    Place, Port, Process, Procfile, ProcfileError, ProcfileErrorKind, Written, cron, name_mistake,
};
use crate::aws_rules;
use crate::document::{DocumentErrorKind, Entry, Node, Value};
use crate::yaml;

/// The fields of a process.
pub(super) const FIELDS: [&str; 5] = ["command", "cron", "environment", "noservice", "ports"];

/// Whether a text is the extended form with mappings in one line, as in `web: {command: puma}`.
pub(super) fn is_flow(text: &str) -> bool {
    let may_be = text.lines().any(|line| {
        line.split_once(':')
            .is_some_and(|(_, rest)| rest.trim_start().starts_with('{'))
    });
    let is = |root: Node| {
        let has_command = |entry: &Entry| entry.node.get("command").is_some();
        let fits = |entry: &Entry| entry.node.text().is_some() || has_command(entry);
        root.entries().iter().any(has_command) && root.entries().iter().all(fits)
    };
    may_be && yaml::parse(text).is_ok_and(is)
}

pub(super) fn parse(text: &str) -> Result<Procfile, Vec<ProcfileError>> {
    let mut reader = Reader {
        text,
        errors: Vec::new(),
    };
    let processes = match yaml::parse(text) {
        Ok(root) => reader.processes(&root),
        Err(errors) => {
            for error in errors {
                reader.document_error(error.kind, error.span);
            }
            Vec::new()
        }
    };
    if reader.errors.is_empty() {
        Ok(Procfile { processes })
    } else {
        Err(reader.errors)
    }
}

struct Reader<'a> {
    text: &'a str,
    errors: Vec<ProcfileError>,
}

impl Reader<'_> {
    fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let characters = before[line_start..].chars().filter(|c| *c != '\u{feff}');
        Place {
            span: span.clone(),
            line: before.matches('\n').count() + 1,
            column: characters.count() + 1,
        }
    }

    fn error(&mut self, kind: ProcfileErrorKind, span: &Range<usize>) {
        let place = self.place(span);
        self.errors.push(ProcfileError { kind, place });
    }

    fn document_error(&mut self, kind: DocumentErrorKind, span: Range<usize>) {
        let kind = match kind {
            DocumentErrorKind::Duplicate { key, first } => ProcfileErrorKind::Duplicate {
                first: self.place(&first),
                name: key,
            },
            kind => ProcfileErrorKind::Yaml {
                message: kind.to_string(),
            },
        };
        self.error(kind, &span);
    }

    fn wrong_type(&mut self, what: &str, expected: &'static str, node: &Node) {
        let kind = ProcfileErrorKind::WrongType {
            what: what.to_owned(),
            expected,
            found: node.type_name(),
        };
        self.error(kind, &node.span);
    }

    fn processes(&mut self, root: &Node) -> Vec<Process> {
        if !matches!(root.value, Value::Table(_)) {
            self.wrong_type("the Procfile", "a mapping of processes", root);
        }
        let entries = root.entries().iter();
        entries.filter_map(|entry| self.process(entry)).collect()
    }

    fn process(&mut self, entry: &Entry) -> Option<Process> {
        if let Some(mistake) = name_mistake(&entry.key) {
            self.error(mistake, &entry.key_span);
        }
        match &entry.node.value {
            Value::Text(_) => self.only_command(entry),
            Value::Table(_) => self.mapping(entry),
            _ => {
                self.wrong_type(
                    &entry.key,
                    "a command or a mapping with `command`",
                    &entry.node,
                );
                None
            }
        }
    }

    fn only_command(&mut self, entry: &Entry) -> Option<Process> {
        let command = self.command(&entry.key, &entry.node)?;
        Some(Process::standard(self.name(entry), command))
    }

    fn name(&self, entry: &Entry) -> Written {
        Written {
            text: entry.key.clone(),
            place: self.place(&entry.key_span),
        }
    }

    fn mapping(&mut self, entry: &Entry) -> Option<Process> {
        for field in entry.node.entries() {
            self.known(&entry.key, field);
        }
        let node = &entry.node;
        let Some(command) = node.get("command") else {
            let name = entry.key.clone();
            self.error(ProcfileErrorKind::EmptyCommand { name }, &entry.key_span);
            return None;
        };
        let command = self.command(&entry.key, command);
        let (cron, noservice) = (self.cron(node), self.noservice(node));
        let (ports, environment) = (self.ports(node), self.environment(node));
        self.not_both(entry, cron.is_some());
        Some(Process {
            cron,
            noservice,
            ports,
            environment,
            ..Process::standard(self.name(entry), command?)
        })
    }

    fn known(&mut self, process: &str, field: &Entry) {
        if field.key == "ecs" {
            return self.error(ProcfileErrorKind::Placement, &field.key_span);
        }
        if !FIELDS.contains(&field.key.as_str()) {
            let near = |name: &&&'static str| strsim::damerau_levenshtein(name, &field.key) <= 2;
            let kind = ProcfileErrorKind::UnknownField {
                process: process.to_owned(),
                field: field.key.clone(),
                suggestion: FIELDS.iter().find(near).copied(),
            };
            self.error(kind, &field.key_span);
        }
    }

    fn not_both(&mut self, entry: &Entry, has_cron: bool) {
        for other in ["noservice", "ports"] {
            let Some(field) = entry.node.entry(other).filter(|_| has_cron) else {
                continue;
            };
            if field.node.bool() != Some(false) {
                let process = entry.key.clone();
                self.error(ProcfileErrorKind::Both { process, other }, &field.key_span);
            }
        }
    }

    /// A command: text, or a list of words that becomes text.
    fn command(&mut self, process: &str, node: &Node) -> Option<Written> {
        let text = match &node.value {
            Value::Text(text) => text.trim().to_owned(),
            Value::List(items) => self.words(items)?,
            _ => {
                self.wrong_type("command", "a command or a list of its words", node);
                return None;
            }
        };
        let control = |c: &char| c.is_control() && !matches!(c, '\t' | '\n');
        if let Some(character) = text.chars().find(control) {
            self.error(
                ProcfileErrorKind::ControlCharacter { character },
                &node.span,
            );
            return None;
        }
        if text.is_empty() {
            let name = process.to_owned();
            self.error(ProcfileErrorKind::EmptyCommand { name }, &node.span);
            return None;
        }
        let place = self.place(&node.span);
        Some(Written { text, place })
    }

    fn words(&mut self, items: &[Node]) -> Option<String> {
        let mut words = Vec::new();
        for item in items {
            match &item.value {
                Value::Text(word) | Value::Number(word) => words.push(quoted(word)),
                _ => self.wrong_type("command", "a list of words", item),
            }
        }
        (words.len() == items.len()).then(|| words.join(" "))
    }

    fn cron(&mut self, node: &Node) -> Option<Written> {
        let cron = node.get("cron")?;
        let Some(text) = cron.text() else {
            self.wrong_type(
                "cron",
                "a schedule between quotes, as in \"0/2 * * * ? *\"",
                cron,
            );
            return None;
        };
        match cron::check(text) {
            Ok(text) => Some(Written {
                text,
                place: self.place(&cron.span),
            }),
            Err(mistake) => {
                self.error(mistake, &cron.span);
                None
            }
        }
    }

    fn noservice(&mut self, node: &Node) -> bool {
        let Some(value) = node.get("noservice") else {
            return false;
        };
        value.bool().unwrap_or_else(|| {
            self.wrong_type("noservice", "true or false", value);
            false
        })
    }

    fn ports(&mut self, node: &Node) -> Vec<Port> {
        let Some(ports) = node.get("ports") else {
            return Vec::new();
        };
        if !matches!(ports.value, Value::List(_)) {
            self.wrong_type("ports", "a list, as in `- \"80:8080\"`", ports);
        }
        let items = ports.items().iter();
        items.filter_map(|item| self.port(item)).collect()
    }

    fn port(&mut self, item: &Node) -> Option<Port> {
        match &item.value {
            Value::Text(text) | Value::Number(text) => self.port_of(text, &item.span),
            Value::Table(entries) if entries.len() == 1 => {
                self.protocol(&entries[0]);
                self.port_of(&entries[0].key, &entries[0].key_span)
            }
            _ => {
                self.wrong_type("ports", "a port, as in `\"80:8080\"`", item);
                None
            }
        }
    }

    fn port_of(&mut self, text: &str, span: &Range<usize>) -> Option<Port> {
        let (listener, container) = text.split_once(':').unwrap_or((text, text));
        let number = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
        let (Some(listener), Some(container)) = (number(listener), number(container)) else {
            let port = text.to_owned();
            self.error(ProcfileErrorKind::Port { port }, span);
            return None;
        };
        Some(Port {
            listener,
            container,
            place: self.place(span),
        })
    }

    fn protocol(&mut self, port: &Entry) {
        for field in port
            .node
            .entries()
            .iter()
            .filter(|field| field.key != "protocol")
        {
            let kind = ProcfileErrorKind::UnknownField {
                process: port.key.clone(),
                field: field.key.clone(),
                suggestion: Some("protocol"),
            };
            self.error(kind, &field.key_span);
        }
        match port.node.get("protocol").map(|node| (node, node.text())) {
            None | Some((_, Some("http" | "https"))) => {}
            Some((node, Some(protocol))) => {
                let protocol = protocol.to_owned();
                self.error(ProcfileErrorKind::Protocol { protocol }, &node.span);
            }
            Some((node, None)) => self.wrong_type("protocol", "`http` or `https`", node),
        }
    }

    fn environment(&mut self, node: &Node) -> Vec<(Written, Written)> {
        let Some(environment) = node.get("environment") else {
            return Vec::new();
        };
        if !matches!(environment.value, Value::Table(_)) {
            self.wrong_type("environment", "a mapping of variables", environment);
        }
        let entries = environment.entries().iter();
        entries.filter_map(|entry| self.variable(entry)).collect()
    }

    fn variable(&mut self, entry: &Entry) -> Option<(Written, Written)> {
        if aws_rules::variable_name(&entry.key).is_err() {
            let name = entry.key.clone();
            self.error(ProcfileErrorKind::VariableName { name }, &entry.key_span);
        }
        let Some(text) = entry.node.text() else {
            self.wrong_type(&entry.key, "text between quotes", &entry.node);
            return None;
        };
        let value = Written {
            text: text.to_owned(),
            place: self.place(&entry.node.span),
        };
        Some((self.name(entry), value))
    }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
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

    use super::super::parse;

    fn errors(text: &str) -> Vec<(usize, usize, String, String)> {
        let errors = parse(text).unwrap_err();
        let one = |error: &super::ProcfileError| {
            let (line, column) = (error.place.line, error.place.column);
            (line, column, error.to_string(), error.help())
        };
        errors.iter().map(one).collect()
    }

    #[test]
    fn every_field_is_read() {
        let text = "web:\n  command: [nginx, -g, daemon off;]\n  ports:\n    - \"80:8080\"\n    - \"443:8080\":\n        protocol: https\n    - 52\n  environment:\n    PORT: \"8080\"\njob:\n  command: ./job\n  cron: '0/2 * * * ? *' # every two minutes\nbash:\n  command: bash\n  noservice: true\nworker: sidekiq\n";
        let found = parse(text).unwrap().processes;
        let names: Vec<&str> = found.iter().map(|process| process.name.as_str()).collect();
        assert_eq!(names, ["web", "job", "bash", "worker"]);
        let [web, job, bash, worker] = found.as_slice() else {
            panic!("four processes")
        };
        assert_eq!(web.command, "nginx -g 'daemon off;'");
        let ports: Vec<(u16, u16)> = web
            .ports
            .iter()
            .map(|port| (port.listener, port.container))
            .collect();
        assert_eq!(ports, [(80, 8080), (443, 8080), (52, 52)]);
        assert_eq!(web.environment[0].1.text, "8080");
        assert_eq!(job.cron.as_ref().unwrap().text, "0/2 * * * ? *");
        assert!(bash.noservice && !worker.noservice);
        assert_eq!(
            (worker.command.as_str(), worker.command_place.line),
            ("sidekiq", 16)
        );
    }

    #[test]
    fn mappings_in_one_line_are_the_extended_form() {
        let found = parse("web: {command: puma, noservice: false}\n").unwrap();
        assert_eq!(found.processes[0].command, "puma");
        let shell = parse("web: { a; b; }\n").unwrap();
        assert_eq!(shell.processes[0].command, "{ a; b; }");
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let text = "web:\n  comand: a\n  ports: 80\nw b:\n  command: 12\nc:\n  command: x\n  cron: '*/5 * * * *'\n  noservice: maybe\n  ports:\n    - \"x\"\n    - \"1:2\":\n        protocol: tcp\n  environment:\n    A+B: \"1\"\n    C: 1\n  ecs: {}\n";
        let found = errors(text);
        let messages: Vec<&str> = found.iter().map(|error| error.2.as_str()).collect();
        for wanted in [
            "process `web` has an unknown field `comand`",
            "process `web` has no command",
            "`command` must be a command or a list of its words, not a whole number",
            "`noservice` must be true or false, not a string",
            "`x` is not a port",
            "a router does not speak `tcp`",
            "`A+B` is not the name of an environment variable",
            "`C` must be text between quotes, not a whole number",
            "`ecs` chooses among instances, and tasks on Fargate have none",
        ] {
            assert!(messages.contains(&wanted), "{wanted}: {messages:#?}");
        }
        let cron = found
            .iter()
            .find(|error| error.2.contains("schedule"))
            .unwrap();
        assert_eq!((cron.0, cron.1), (8, 9));
        assert!(cron.3.ends_with("`*/5 * * * ? *`"), "{}", cron.3);
        assert_eq!(found[0].3, "did you mean `command`?");
    }

    #[test]
    fn a_name_twice_is_an_error_with_both_places() {
        let found = errors("a:\n  command: x\na:\n  command: y\n");
        assert_eq!((found[0].0, found[0].1), (3, 1));
        assert!(
            found[0].3.contains("first defined in line 1"),
            "{}",
            found[0].3
        );
    }

    #[test]
    fn broken_yaml_has_a_place() {
        let found = errors("web:\n  command: [a\n");
        assert!(found[0].2.contains("not valid YAML"), "{found:?}");
    }

    #[test]
    fn a_schedule_takes_no_requests() {
        let found = errors("a:\n  command: x\n  cron: '0 1 * * ? *'\n  ports: [\"80\"]\n");
        assert_eq!(found[0].2, "process `a` has both `cron` and `ports`");
    }
}
