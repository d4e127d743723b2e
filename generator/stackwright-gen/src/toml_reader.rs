//! Typed reading of TOML tables. Nothing stops at the first mistake: each is recorded and reading goes on.

use std::ops::Range;

use toml_edit::{Item, TableLike, Value};

use crate::diagnostic::{Diagnostic, Problem, closest};
use crate::shape;
use crate::source::Spanned;

/// A string with its place.
pub(crate) type Text = Spanned<String>;

/// A table, the path to it and the key to point at when something is missing in it.
pub(crate) struct Section<'a> {
    /// The path as a person writes it, such as `apps.shop`; empty for the whole file.
    pub(crate) path: String,
    /// Where the key of the table stands.
    pub(crate) span: Range<usize>,
    pub(crate) table: &'a dyn TableLike,
}

/// Collects what is wrong while tables are read.
pub(crate) struct Reader {
    file: String,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Values that must not be shown: they stand where the ARN of a secret should be.
    pub(crate) hidden: Vec<Range<usize>>,
}

impl<'a> Section<'a> {
    /// The keys in the order of the file, with their places.
    pub(crate) fn keys(&self) -> Vec<Text> {
        self.table.iter().map(|(key, _)| self.key(key)).collect()
    }

    /// A key with the path to it.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn key(&self, key: &str) -> Text {
        let place = self
            .table
            .get_key_value(key)
            .and_then(|(key, _)| key.span());
        Text {
            value: key.to_owned(),
            span: place.unwrap_or_else(|| self.span.clone()),
        }
    }

    fn item(&self, key: &str) -> Option<&'a Item> {
        self.table.get(key)
    }

    fn span_of(&self, key: &str) -> Range<usize> {
        self.item(key)
            .and_then(Item::span)
            .unwrap_or_else(|| self.key(key).span)
    }
}

impl Reader {
    pub(crate) fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            diagnostics: Vec::new(),
            hidden: Vec::new(),
        }
    }

    pub(crate) fn report(&mut self, span: Range<usize>, problem: Problem) {
        self.diagnostics.push(Diagnostic {
            file: self.file.clone(),
            span,
            problem,
        });
    }

    /// Reports every key of the section that is not known.
    pub(crate) fn only(&mut self, section: &Section<'_>, known: &[&str]) {
        for key in section
            .keys()
            .into_iter()
            .filter(|key| !known.contains(&key.value.as_str()))
        {
            self.unknown(&key, known.iter().copied());
        }
    }

    pub(crate) fn unknown<'k>(&mut self, key: &Text, known: impl IntoIterator<Item = &'k str>) {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let suggestion = closest(&key.value, known.iter().map(String::as_str));
        self.report(
            key.span.clone(),
            Problem::UnknownKey {
                key: key.value.clone(),
                suggestion,
                known,
            },
        );
    }

    /// Reports a key that has to be there.
    pub(crate) fn missing(&mut self, section: &Section<'_>, key: &str, example: &'static str) {
        self.report(
            section.span.clone(),
            Problem::MissingKey {
                key: section.path_of(key),
                example,
            },
        );
    }

    pub(crate) fn required(
        &mut self,
        section: &Section<'_>,
        key: &str,
        example: &'static str,
    ) -> Option<Text> {
        if section.item(key).is_none() {
            self.missing(section, key, example);
        }
        self.string(section, key)
    }

    pub(crate) fn string(&mut self, section: &Section<'_>, key: &str) -> Option<Text> {
        let item = section.item(key)?;
        let span = section.span_of(key);
        match item.as_str() {
            Some(value) => Some(Text {
                value: value.to_owned(),
                span,
            }),
            None => self.wrong_type(section, key, "a string", quoted(item)),
        }
    }

    pub(crate) fn integer(&mut self, section: &Section<'_>, key: &str) -> Option<Spanned<i64>> {
        let item = section.item(key)?;
        let span = section.span_of(key);
        match item.as_integer() {
            Some(value) => Some(Spanned { value, span }),
            None => self.wrong_type(section, key, "a whole number", unquoted(item)),
        }
    }

    pub(crate) fn section<'a>(&mut self, section: &Section<'a>, key: &str) -> Option<Section<'a>> {
        let item = section.item(key)?;
        let path = section.path_of(key);
        let Some(table) = item.as_table_like() else {
            return self.wrong_type(
                section,
                key,
                "a table",
                format!("write a table, as in `[{path}]`"),
            );
        };
        Some(Section {
            path,
            span: section.key(key).span,
            table,
        })
    }

    /// A map of strings, such as environment variables.
    pub(crate) fn strings(&mut self, section: &Section<'_>, key: &str) -> Vec<(Text, Text)> {
        let Some(map) = self.section(section, key) else {
            return Vec::new();
        };
        let keys = map.keys();
        keys.into_iter()
            .filter_map(|key| self.string(&map, &key.value).map(|value| (key, value)))
            .collect()
    }

    /// A map of variables to ARNs of secrets. What is no ARN is hidden, as it may be the secret itself.
    pub(crate) fn secrets(&mut self, section: &Section<'_>, key: &str) -> Vec<(Text, Text)> {
        let Some(map) = self.section(section, key) else {
            self.hidden.push(section.span_of(key));
            return Vec::new();
        };
        let keys = map.keys();
        keys.into_iter()
            .filter_map(|name| self.secret(&map, &name.value).map(|arn| (name, arn)))
            .collect()
    }

    fn secret(&mut self, map: &Section<'_>, name: &str) -> Option<Text> {
        let span = map.span_of(name);
        let arn = map.item(name)?.as_str();
        if arn.and_then(shape::secret_account).is_none() {
            self.hidden.push(span.clone());
        }
        match arn {
            Some(arn) => Some(Text {
                value: arn.to_owned(),
                span,
            }),
            None => self.wrong_type(
                map,
                name,
                "a string",
                "write the ARN of a secret between quotes".to_owned(),
            ),
        }
    }

    fn wrong_type<T>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        expected: &'static str,
        instead: String,
    ) -> Option<T> {
        let found = section.item(key).map_or("nothing", type_name);
        self.report(
            section.span_of(key),
            Problem::WrongType {
                key: section.path_of(key),
                expected,
                found,
                instead,
            },
        );
        None
    }
}

fn type_name(item: &Item) -> &'static str {
    match item {
        Item::None => "nothing",
        Item::Table(_) | Item::Value(Value::InlineTable(_)) => "a table",
        Item::ArrayOfTables(_) => "a list of tables",
        Item::Value(Value::String(_)) => "a string",
        Item::Value(Value::Integer(_)) => "a whole number",
        Item::Value(Value::Float(_)) => "a decimal number",
        Item::Value(Value::Boolean(_)) => "true or false",
        Item::Value(Value::Datetime(_)) => "a date",
        Item::Value(Value::Array(_)) => "a list",
    }
}

fn quoted(item: &Item) -> String {
    let plain = match item {
        Item::Value(Value::Integer(value)) => Some(value.value().to_string()),
        Item::Value(Value::Float(value)) => Some(value.value().to_string()),
        Item::Value(Value::Boolean(value)) => Some(value.value().to_string()),
        _ => None,
    };
    plain.map_or_else(
        || "write text between quotes".to_owned(),
        |value| format!("write it between quotes: \"{value}\""),
    )
}

fn unquoted(item: &Item) -> String {
    match item
        .as_str()
        .map(str::trim)
        .and_then(|text| text.parse::<i64>().ok())
    {
        Some(number) => format!("write it without quotes: {number}"),
        None => "write a whole number without quotes".to_owned(),
    }
}
