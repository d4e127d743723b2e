//! JSON as a document.

use std::ops::Range;

use jsonc_parser::ast;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use stackwright_plan::document::{DocumentError, DocumentErrorKind, Entry, Node, Value};

/// JSON as RFC 8259 has it, without what the parser knows besides.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

pub(super) fn parse(text: &str) -> Result<Node, Vec<DocumentError>> {
    // A byte order mark is no part of JSON, but editors write it; as a space it keeps every place where it is.
    let body = text.replacen('\u{feff}', "   ", usize::from(text.starts_with('\u{feff}')));
    let parsed = parse_to_ast(&body, &CollectOptions::default(), &STRICT);
    let value = parsed.map_err(|error| {
        let range = error.range();
        vec![syntax(&error.kind().to_string(), range.start..range.end)]
    })?;
    let Some(root) = value.value else {
        return Err(vec![syntax("the file is empty", 0..0)]);
    };
    let mut duplicates = Vec::new();
    let root = node(&root, &mut duplicates);
    if duplicates.is_empty() {
        Ok(root)
    } else {
        Err(duplicates)
    }
}

fn syntax(message: &str, span: Range<usize>) -> DocumentError {
    let message = message.to_owned();
    DocumentError {
        kind: DocumentErrorKind::Syntax { message },
        span,
    }
}

fn node(value: &ast::Value<'_>, duplicates: &mut Vec<DocumentError>) -> Node {
    let (range, value) = match value {
        ast::Value::NullKeyword(null) => (null.range, Value::Null),
        ast::Value::BooleanLit(truth) => (truth.range, Value::Bool(truth.value)),
        ast::Value::NumberLit(number) => (number.range, Value::Number(number.value.to_owned())),
        ast::Value::StringLit(text) => (text.range, Value::Text(text.value.clone().into_owned())),
        ast::Value::Array(list) => {
            let items = list.elements.iter();
            let items = items.map(|item| node(item, duplicates)).collect();
            (list.range, Value::List(items))
        }
        ast::Value::Object(object) => (object.range, table(object, duplicates)),
    };
    let span = range.start..range.end;
    Node { span, value }
}

fn table(object: &ast::Object<'_>, duplicates: &mut Vec<DocumentError>) -> Value {
    let mut entries: Vec<Entry> = Vec::new();
    for property in &object.properties {
        let (key, range) = match &property.name {
            ast::ObjectPropName::String(name) => (name.value.as_ref(), name.range),
            ast::ObjectPropName::Word(name) => (name.value, name.range),
        };
        let (key, key_span) = (key.to_owned(), range.start..range.end);
        let node = node(&property.value, duplicates);
        match entries.iter().find(|entry| entry.key == key) {
            None => entries.push(Entry {
                key,
                key_span,
                node,
            }),
            Some(first) => duplicates.push(DocumentError {
                span: key_span,
                kind: DocumentErrorKind::Duplicate {
                    first: first.key_span.clone(),
                    key,
                },
            }),
        }
    }
    Value::Table(entries)
}
