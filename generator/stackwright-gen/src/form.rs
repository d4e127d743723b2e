//! Checks the form of a spec against `model.rs`: keys, types, shapes and ranges. Nothing stops at the first mistake.

use std::ops::Range;

use stackwright_plan::aws_rules::RETENTION_DAYS;
use stackwright_plan::document::{Entry, Node, Value};
use stackwright_plan::size;

use crate::diagnostic::{Diagnostic, Problem, closest};
use crate::format::Format;
use crate::model::{Field, Kind, SPEC, Table};
use crate::shape::{self, Shape};

/// What is wrong with the form of a document, and what of it must not be shown.
pub(crate) struct Form {
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Values that stand where the ARN of a secret should be.
    pub(crate) hidden: Vec<Range<usize>>,
}

/// Checks a whole spec.
pub(crate) fn check(file: &str, format: Format, root: &Node) -> Form {
    let mut checker = Checker {
        file,
        format,
        form: Form {
            diagnostics: Vec::new(),
            hidden: Vec::new(),
        },
    };
    let top = Place {
        path: String::new(),
        key: 0..0,
        key_text: String::new(),
    };
    checker.kind(&Kind::Table(&SPEC), root, &top);
    checker.form
}

/// Where a value is: the path to it as a person writes it, and its key.
struct Place {
    path: String,
    key: Range<usize>,
    key_text: String,
}

impl Place {
    fn inside(&self, entry: &Entry) -> Self {
        Self {
            path: self.path_of(&entry.key),
            key: entry.key_span.clone(),
            key_text: entry.key.clone(),
        }
    }

    fn path_of(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }
}

struct Checker<'a> {
    file: &'a str,
    format: Format,
    form: Form,
}

impl Checker<'_> {
    fn report(&mut self, span: &Range<usize>, problem: impl Into<Problem>) {
        self.form.diagnostics.push(Diagnostic {
            file: self.file.to_owned(),
            span: span.clone(),
            problem: problem.into(),
        });
    }

    fn kind(&mut self, kind: &Kind, node: &Node, place: &Place) {
        match kind {
            Kind::Either(first, second) => {
                let chosen = if fits(first, node) { first } else { second };
                if fits(chosen, node) {
                    self.kind(chosen, node, place);
                } else {
                    self.wrong_type(kind, node, place);
                }
            }
            kind if !fits(kind, node) => self.wrong_type(kind, node, place),
            Kind::Table(table) => self.table(table, node, place),
            Kind::Map { key, value, filled } => self.map(*key, value, *filled, node, place),
            Kind::List { value, filled } => self.list(value, *filled, node, place),
            kind => self.plain(kind, node, place),
        }
    }

    /// A value without others inside it.
    fn plain(&mut self, kind: &Kind, node: &Node, place: &Place) {
        match (kind, node.text(), node.whole()) {
            (Kind::Text(shape), Some(text), _) => self.shape(*shape, text, &node.span),
            (Kind::Word(words), Some(text), _) if !words.contains(&text) => {
                let problem = Problem::NoWord {
                    key: place.key_text.clone(),
                    value: text.to_owned(),
                    words,
                    suggestion: closest(text, words.iter().copied()),
                };
                self.report(&node.span, problem);
            }
            (Kind::Secret, Some(arn), _) => self.secret(arn, node, place),
            (Kind::Size, Some(text), _) => {
                if let Err(error) = size::parse(text).and_then(size::Size::round_up) {
                    self.report(&node.span, error);
                }
            }
            (Kind::Whole { least, most }, _, Some(value)) if !(*least..=*most).contains(&value) => {
                let (key, least, most) = (place.key_text.clone(), *least, *most);
                let problem = Problem::OutOfRange {
                    key,
                    value,
                    least,
                    most,
                };
                self.report(&node.span, problem);
            }
            (Kind::LogDays, _, Some(days)) if !log_days().any(|allowed| allowed == days) => {
                let key = place.key_text.clone();
                self.report(&node.span, Problem::NoLogDays { key, value: days });
            }
            _ => {}
        }
    }

    fn shape(&mut self, shape: Shape, text: &str, span: &Range<usize>) {
        if !shape.accepts(text) {
            let value = text.to_owned();
            self.report(span, Problem::BadShape { value, shape });
        }
    }

    fn secret(&mut self, arn: &str, node: &Node, place: &Place) {
        if shape::secret_account(arn).is_none() {
            self.form.hidden.push(node.span.clone());
            let name = place.key_text.clone();
            self.report(&node.span, Problem::NotAnArn { name });
        }
    }

    fn table(&mut self, table: &Table, node: &Node, place: &Place) {
        for entry in node.entries() {
            let inside = place.inside(entry);
            let others = table
                .others
                .filter(|_| matches!(entry.node.value, Value::Table(_)));
            match (table.field(&entry.key), others) {
                (Some(field), _) => self.kind(&field.kind, &entry.node, &inside),
                (None, Some(others)) => self.table(others, &entry.node, &inside),
                (None, None) => self.unknown(table, entry),
            }
        }
        for field in table.fields {
            self.required(field, node, place);
        }
    }

    fn required(&mut self, field: &Field, node: &Node, place: &Place) {
        let Some(example) = field.required.filter(|_| node.get(field.key).is_none()) else {
            return;
        };
        let problem = Problem::MissingKey {
            key: place.path_of(field.key),
            example: self.format.line(example),
        };
        self.report(&place.key, problem);
    }

    fn unknown(&mut self, table: &Table, entry: &Entry) {
        let known = table.keys();
        let problem = Problem::UnknownKey {
            key: entry.key.clone(),
            suggestion: closest(&entry.key, known.iter().map(String::as_str)),
            known,
        };
        self.report(&entry.key_span, problem);
    }

    fn map(&mut self, key: Shape, value: &Kind, filled: bool, node: &Node, place: &Place) {
        for entry in node.entries() {
            self.shape(key, &entry.key, &entry.key_span);
            if key == Shape::Variable && is_reserved(&entry.key) {
                let name = entry.key.clone();
                self.report(&entry.key_span, Problem::ReservedVariable { name });
            }
            self.kind(value, &entry.node, &place.inside(entry));
        }
        if filled && node.entries().is_empty() {
            let problem = Problem::MissingKey {
                key: place.path_of("<name>"),
                example: self.format.line(&format!("[{}]", place.path_of("shop"))),
            };
            self.report(&place.key, problem);
        }
    }

    fn list(&mut self, inner: &Kind, filled: bool, node: &Node, place: &Place) {
        for item in node.items() {
            self.kind(inner, item, place);
        }
        if filled && node.items().is_empty() {
            let key = place.path.clone();
            self.report(&node.span, Problem::EmptyList { key });
        }
    }

    fn wrong_type(&mut self, kind: &Kind, node: &Node, place: &Place) {
        let secret = matches!(kind, Kind::Secret)
            || matches!(
                kind,
                Kind::Map {
                    value: Kind::Secret,
                    ..
                }
            );
        if secret {
            self.form.hidden.push(node.span.clone());
        }
        let problem = Problem::WrongType {
            key: place.path.clone(),
            expected: expected(kind),
            found: node.type_name(),
            instead: self.instead(kind, node, place, secret),
        };
        let span = match (&node.value, place.path.as_str()) {
            (_, "") => 0..0,
            (Value::Table(_) | Value::List(_) | Value::Null, _) => place.key.clone(),
            _ => node.span.clone(),
        };
        self.report(&span, problem);
    }

    fn instead(&self, kind: &Kind, node: &Node, place: &Place, secret: bool) -> String {
        let table = || {
            format!(
                "write a table, as in `{}`",
                self.format.line(&format!("[{}]", place.path))
            )
        };
        match (kind, &node.value) {
            (Kind::Table(_) | Kind::Map { .. }, _) => table(),
            (Kind::Text(_) | Kind::Word(_) | Kind::Size, Value::Number(written)) => {
                format!("write it between quotes: \"{written}\"")
            }
            (Kind::Text(_), Value::Bool(value)) => format!("write it between quotes: \"{value}\""),
            (Kind::Text(_) | Kind::Word(_) | Kind::Size | Kind::Secret, _) => {
                "write text between quotes".to_owned()
            }
            (Kind::Whole { .. } | Kind::LogDays | Kind::Number, Value::Text(text)) if !secret => {
                match text.trim().parse::<i64>() {
                    Ok(number) => format!("write it without quotes: {number}"),
                    Err(_) => "write a number without quotes".to_owned(),
                }
            }
            (Kind::Whole { .. } | Kind::LogDays, _) => {
                "write a whole number without quotes".to_owned()
            }
            (Kind::Number, _) => "write a number without quotes".to_owned(),
            (Kind::Bool, _) => "write `true` or `false` without quotes".to_owned(),
            (Kind::List { .. }, Value::Text(text)) if Shape::App.accepts(text) => {
                format!("write a list: [\"{text}\"]")
            }
            (Kind::List { .. }, _) => "write a list between brackets".to_owned(),
            (Kind::Either(_, second), _) => match second {
                Kind::Table(_) => format!("write {}", expected(kind)),
                _ => "write the one or the other".to_owned(),
            },
        }
    }
}

/// Whether a value has the type that a kind wants.
pub(crate) fn fits(kind: &Kind, node: &Node) -> bool {
    match kind {
        Kind::Text(_) | Kind::Word(_) | Kind::Secret | Kind::Size => node.text().is_some(),
        Kind::Whole { .. } | Kind::LogDays => node.whole().is_some(),
        Kind::Number => node.number().is_some(),
        Kind::Bool => node.bool().is_some(),
        Kind::List { .. } => matches!(node.value, Value::List(_)),
        Kind::Table(_) | Kind::Map { .. } => matches!(node.value, Value::Table(_)),
        Kind::Either(first, second) => fits(first, node) || fits(second, node),
    }
}

fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text(_) | Kind::Word(_) | Kind::Secret | Kind::Size => "a string",
        Kind::Whole { .. } | Kind::LogDays => "a whole number",
        Kind::Number => "a number",
        Kind::Bool => "true or false",
        Kind::List { .. } => "a list",
        Kind::Table(_) | Kind::Map { .. } => "a table",
        Kind::Either(Kind::Bool, _) => "true, false or a table",
        Kind::Either(..) => "a string or a table",
    }
}

/// Days that `CloudWatch` Logs can keep logs, and 0 for no log.
pub(crate) fn log_days() -> impl Iterator<Item = i64> {
    [0].into_iter().chain(RETENTION_DAYS.iter().copied())
}

/// Variables that Stackwright itself sets.
pub(crate) fn is_reserved(name: &str) -> bool {
    name == "PORT" || name.starts_with("STACKWRIGHT_")
}
