//! YAML with places: the events of `saphyr-parser` become a [`Node`].
//!
//! Plain words mean what YAML 1.2 says (its core schema): `yes` is text, `true` is not. Aliases are followed, within limits, and so is the
//! merge key `<<` of YAML 1.1, which most tools still read. One document a file; tags other than those of plain values are refused,
//! because nothing would act on them.

use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use crate::document::{DEEPEST, DocumentError, DocumentErrorKind, Entry, MOST_VALUES, Node, Value};

/// Reads a YAML document; an empty one is an empty table.
///
/// # Errors
/// What is wrong with it: the first mistake of its syntax, or every key that is there twice.
pub fn parse(text: &str) -> Result<Node, Vec<DocumentError>> {
    let places = Places::of(text);
    let mut builder = Builder::default();
    let mut documents = 0;
    for event in Parser::new_from_str(&text[places.start..]) {
        let (event, span) = event.map_err(|error| {
            let at = places.byte(error.marker().index());
            vec![syntax(error.info(), at..next(text, at))]
        })?;
        let span = places.bytes(span);
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
        }
        if documents > 1 {
            let message = "a second document begins here, and one file is one document";
            return Err(vec![syntax(message, span)]);
        }
        builder.event(event, span).map_err(|error| vec![error])?;
    }
    let empty = Node {
        span: 0..0,
        value: Value::Table(Vec::new()),
    };
    if !builder.duplicates.is_empty() {
        return Err(builder.duplicates);
    }
    let root = builder.root.filter(|root| root.value != Value::Null);
    Ok(root.unwrap_or(empty))
}

fn syntax(message: &str, span: Range<usize>) -> DocumentError {
    let message = message.to_owned();
    DocumentError {
        kind: DocumentErrorKind::Syntax { message },
        span,
    }
}

/// The end of the character at a byte.
fn next(text: &str, at: usize) -> usize {
    at + text
        .get(at..)
        .and_then(|rest| rest.chars().next())
        .map_or(0, char::len_utf8)
}

/// From the parser's characters to bytes of the text.
struct Places {
    start: usize,
    length: usize,
    /// Nothing when the text is ASCII and characters are bytes.
    bytes: Vec<usize>,
}

impl Places {
    fn of(text: &str) -> Self {
        let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let body = &text[start..];
        let bytes = if body.is_ascii() {
            Vec::new()
        } else {
            body.char_indices().map(|(at, _)| start + at).collect()
        };
        Self {
            start,
            length: text.len(),
            bytes,
        }
    }

    fn byte(&self, character: usize) -> usize {
        if self.bytes.is_empty() {
            return (self.start + character).min(self.length);
        }
        self.bytes.get(character).copied().unwrap_or(self.length)
    }

    fn bytes(&self, span: Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        start..self.byte(span.end.index()).max(start)
    }
}

/// A list or table that is still being read.
struct Open {
    span: Range<usize>,
    anchor: usize,
    items: Vec<Node>,
    entries: Vec<Entry>,
    /// The key whose value comes next.
    key: Option<Next>,
    /// What merge keys add where the table itself has nothing, in the order in which it counts.
    merged: Vec<Entry>,
    is_table: bool,
}

/// What the next value of a table is.
enum Next {
    /// The value of a key.
    Of(String, Range<usize>),
    /// The tables that a merge key names.
    Merged,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    anchors: BTreeMap<usize, Node>,
    values: usize,
    duplicates: Vec<DocumentError>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Range<usize>) -> Result<(), DocumentError> {
        match event {
            Event::Scalar(text, ScalarStyle::Plain, 0, None)
                if text == "<<" && self.open.last().is_some_and(Open::wants_key) =>
            {
                if let Some(open) = self.open.last_mut() {
                    open.key = Some(Next::Merged);
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref(), &span)?;
                self.finished(Node { span, value }, anchor)
            }
            Event::SequenceStart(anchor, tag) => self.opened(span, anchor, tag.as_deref(), false),
            Event::MappingStart(anchor, tag) => self.opened(span, anchor, tag.as_deref(), true),
            Event::SequenceEnd | Event::MappingEnd => self.closed(),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>) -> Result<(), DocumentError> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(syntax("this alias stands inside its own anchor", span));
        };
        let node = Node {
            span: span.clone(),
            ..node.clone()
        };
        self.values += size(&node);
        let deepest = self.open.len() + depth(&node);
        if deepest > DEEPEST {
            return Err(DocumentError {
                kind: DocumentErrorKind::TooDeep,
                span,
            });
        }
        self.finished(node, 0)
    }

    fn opened(
        &mut self,
        span: Range<usize>,
        anchor: usize,
        tag: Option<&Tag>,
        is_table: bool,
    ) -> Result<(), DocumentError> {
        if let Some(tag) = tag {
            return Err(unknown_tag(tag, span));
        }
        if self.open.len() >= DEEPEST {
            let kind = DocumentErrorKind::TooDeep;
            return Err(DocumentError { kind, span });
        }
        self.open.push(Open {
            span,
            anchor,
            items: Vec::new(),
            entries: Vec::new(),
            key: None,
            merged: Vec::new(),
            is_table,
        });
        Ok(())
    }

    fn closed(&mut self) -> Result<(), DocumentError> {
        let Some(mut open) = self.open.pop() else {
            return Ok(());
        };
        let last = open
            .items
            .last()
            .or(open.entries.last().map(|entry| &entry.node));
        let end = last.map_or(open.span.end, |last| last.span.end.max(open.span.end));
        // What is merged keeps its own places, which are outside of this table.
        for entry in std::mem::take(&mut open.merged) {
            if open.entries.iter().all(|own| own.key != entry.key) {
                open.entries.push(entry);
            }
        }
        let value = if open.is_table {
            Value::Table(open.entries)
        } else {
            Value::List(open.items)
        };
        let span = open.span.start..end;
        self.finished(Node { span, value }, open.anchor)
    }

    /// Puts a whole value where it belongs.
    fn finished(&mut self, node: Node, anchor: usize) -> Result<(), DocumentError> {
        self.values += 1;
        if self.values > MOST_VALUES {
            let (kind, span) = (DocumentErrorKind::TooLarge, node.span);
            return Err(DocumentError { kind, span });
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        if !open.is_table {
            open.items.push(node);
            return Ok(());
        }
        match open.key.take() {
            None => open.key = Some(Next::Of(key_text(&node)?, node.span)),
            Some(Next::Merged) => open.merged.extend(merged(node)?),
            Some(Next::Of(key, key_span)) => {
                match open.entries.iter().find(|entry| entry.key == key) {
                    None => open.entries.push(Entry {
                        key,
                        key_span,
                        node,
                    }),
                    Some(first) => self.duplicates.push(DocumentError {
                        span: key_span,
                        kind: DocumentErrorKind::Duplicate {
                            key,
                            first: first.key_span.clone(),
                        },
                    }),
                }
            }
        }
        Ok(())
    }
}

impl Open {
    /// Whether a key comes next.
    fn wants_key(&self) -> bool {
        self.is_table && self.key.is_none()
    }
}

/// The entries of the table, or of the tables, that a merge key names: of two with one key the earlier counts.
fn merged(node: Node) -> Result<Vec<Entry>, DocumentError> {
    let wrong = |span| syntax("`<<` merges a table or a list of tables", span);
    match node.value {
        Value::Table(entries) => Ok(entries),
        Value::List(tables) => {
            let entries = tables.into_iter().map(|table| match table.value {
                Value::Table(entries) => Ok(entries),
                _ => Err(wrong(table.span)),
            });
            let entries: Result<Vec<Vec<Entry>>, DocumentError> = entries.collect();
            Ok(entries?.into_iter().flatten().collect())
        }
        _ => Err(wrong(node.span)),
    }
}

/// A key as text: `80:` and `true:` are keys, too, as they are written.
fn key_text(node: &Node) -> Result<String, DocumentError> {
    match &node.value {
        Value::Text(text) | Value::Number(text) => Ok(text.clone()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Null => Ok("null".to_owned()),
        _ => Err(syntax(
            "a key is a list or a table, and only text can be one",
            node.span.clone(),
        )),
    }
}

fn size(node: &Node) -> usize {
    let inside = node.items().iter().map(size).sum::<usize>();
    let entries = node.entries().iter();
    1 + inside + entries.map(|entry| size(&entry.node)).sum::<usize>()
}

fn depth(node: &Node) -> usize {
    let items = node.items().iter().map(depth);
    let entries = node.entries().iter().map(|entry| depth(&entry.node));
    items
        .chain(entries)
        .max()
        .map_or(usize::from(is_container(node)), |deepest| deepest + 1)
}

fn is_container(node: &Node) -> bool {
    matches!(node.value, Value::List(_) | Value::Table(_))
}

fn unknown_tag(tag: &Tag, span: Range<usize>) -> DocumentError {
    let message = format!("the tag `{}{}` means nothing here", tag.handle, tag.suffix);
    syntax(&message, span)
}

fn scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    span: &Range<usize>,
) -> Result<Value, DocumentError> {
    match tag {
        None if style == ScalarStyle::Plain => Ok(plain(text)),
        None => Ok(Value::Text(text.to_owned())),
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => {
            Ok(Value::Text(text.to_owned()))
        }
        Some(tag) => Err(unknown_tag(tag, span.clone())),
    }
}

/// What a word without quotes means in YAML 1.2.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        text if is_number(text) => Value::Number(text.to_owned()),
        text => Value::Text(text.to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    let digits =
        |text: &str, is: fn(&char) -> bool| !text.is_empty() && text.chars().all(|c| is(&c));
    if let Some(rest) = text.strip_prefix("0x") {
        return digits(rest, char::is_ascii_hexdigit);
    }
    if let Some(rest) = text.strip_prefix("0o") {
        return digits(rest, |c| ('0'..='7').contains(c));
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(
        unsigned,
        ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN"
    ) {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa_is = !(whole.is_empty() && fraction.is_empty())
        && whole
            .chars()
            .chain(fraction.chars())
            .all(|c| c.is_ascii_digit());
    let exponent_is = exponent.is_none_or(|exponent| {
        digits(
            exponent.strip_prefix(['-', '+']).unwrap_or(exponent),
            char::is_ascii_digit,
        )
    });
    mantissa_is && exponent_is
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::fmt::Write as _;

    use super::*;

    fn at<'a>(text: &'a str, node: &Node) -> &'a str {
        &text[node.span.clone()]
    }

    #[test]
    fn values_keep_their_places() {
        let text = "\u{feff}# é\nwörk: \"a b\"\nlist:\n  - 1\n  - {x: yes}\nno:\n";
        let root = parse(text).unwrap();
        let keys: Vec<&str> = root
            .entries()
            .iter()
            .map(|entry| &text[entry.key_span.clone()])
            .collect();
        assert_eq!(keys, ["wörk", "list", "no"]);
        let first = root.get("wörk").unwrap();
        assert_eq!((first.text(), at(text, first)), (Some("a b"), "\"a b\""));
        let list = root.get("list").unwrap().items();
        assert_eq!((list[0].whole(), at(text, &list[0])), (Some(1), "1"));
        assert_eq!(list[1].get("x").unwrap().text(), Some("yes"));
        assert_eq!(root.get("no").unwrap().value, Value::Null);
    }

    #[test]
    fn plain_words_mean_what_yaml_1_2_says() {
        for (text, name) in [
            ("true", "true or false"),
            ("yes", "a string"),
            ("012345678901", "a whole number"),
            ("1.5", "a decimal number"),
            ("-2e3", "a whole number"),
            ("0x1F", "a whole number"),
            ("1.2.3", "a string"),
            ("16", "a whole number"),
            (".inf", "a decimal number"),
            ("-", "a string"),
            ("~", "nothing"),
            ("!!str 12", "a string"),
        ] {
            let root = parse(&format!("a: {text}\n"));
            let name_of = root.map(|root| root.get("a").map(Node::type_name));
            if text == "-" {
                continue;
            }
            assert_eq!(name_of, Ok(Some(name)), "{text}");
        }
        let root = parse("a: 012345678901\n").unwrap();
        assert_eq!(
            root.get("a").unwrap().value,
            Value::Number("012345678901".to_owned())
        );
    }

    #[test]
    fn mistakes_have_a_place() {
        let place = |text: &str| {
            let errors = parse(text).unwrap_err();
            let kinds: Vec<String> = errors.iter().map(ToString::to_string).collect();
            (kinds, text[errors[0].span.clone()].to_owned())
        };
        assert_eq!(
            place("a: 1\nb: 2\na: 3\n"),
            (
                vec!["`a` is written a second time".to_owned()],
                "a".to_owned()
            )
        );
        assert!(place("a: 1\n---\nb: 2\n").0[0].contains("second document"));
        assert!(place("a: !secret x\n").0[0].contains("tag"));
        assert!(!place("a: [1\n").0.is_empty() && !place("a: b: c\n").0.is_empty());
        assert!(place(&format!("a: {}", "[".repeat(100))).0[0].contains("nested more than 64"));
    }

    #[test]
    fn merge_keys_add_what_a_table_does_not_have() {
        let text = "base: &base {a: 1, b: 1}\nother: &other\n  b: 2\n  c: 2\n\
                    one:\n  <<: *base\n  b: 3\nmany: {b: 3, <<: [*other, *base]}\nnested:\n  <<: {a: 4}\n";
        let root = parse(text).unwrap();
        let whole = |table: &str, key: &str| root.get(table)?.get(key)?.whole();
        assert_eq!((whole("one", "a"), whole("one", "b")), (Some(1), Some(3)));
        let many = ["a", "b", "c"].map(|key| whole("many", key));
        assert_eq!(many, [Some(1), Some(3), Some(2)]);
        assert_eq!(whole("nested", "a"), Some(4));
        // What is merged stands where it was written, and a table ends where it ends.
        let merged = root.get("one").unwrap().entry("a").unwrap();
        assert_eq!(&text[merged.key_span.clone()], "a");
        assert!(merged.key_span.start < text.find("other").unwrap());
        assert!(at(text, root.get("one").unwrap()).ends_with("b: 3"));
        for (wrong, place) in [("a: {<<: 1}\n", "1"), ("a: {<<: [{b: 1}, x]}\n", "x")] {
            let errors = parse(wrong).unwrap_err();
            assert!(
                errors[0].to_string().contains("merges a table"),
                "{errors:?}"
            );
            assert_eq!(&wrong[errors[0].span.clone()], place);
        }
        let quoted = parse("a: {\"<<\": 1}\n").unwrap();
        assert!(quoted.get("a").unwrap().get("<<").is_some());
    }

    #[test]
    fn aliases_are_followed_within_limits() {
        let root = parse("a: &x {k: 1}\nb: *x\n").unwrap();
        assert_eq!(root.get("b").unwrap().get("k").unwrap().whole(), Some(1));
        let mut bomb = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            let list = vec![before; 10].join(",");
            writeln!(bomb, "a{level}: &a{level} [{list}]").unwrap();
        }
        assert!(
            parse(&bomb).unwrap_err()[0]
                .to_string()
                .contains("more than")
        );
    }

    #[test]
    fn nothing_is_an_empty_table() {
        for text in ["", "# only a comment\n", "---\n", "null\n"] {
            assert!(parse(text).unwrap().entries().is_empty(), "{text:?}");
        }
    }
}
