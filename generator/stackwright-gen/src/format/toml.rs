//! TOML as a document.

use std::ops::Range;

use stackwright_plan::document::{DocumentError, DocumentErrorKind, Entry, Node, Value};
use toml_edit::{Document, Item, TableLike};

pub(super) fn parse(text: &str) -> Result<Node, Vec<DocumentError>> {
    match Document::parse(text) {
        Ok(document) => Ok(Node {
            span: 0..text.len(),
            value: table(document.as_table(), &(0..0)),
        }),
        Err(error) => {
            let message = error.message().trim().replace('\n', "; ");
            Err(vec![DocumentError {
                kind: DocumentErrorKind::Syntax { message },
                span: error.span().unwrap_or(0..0),
            }])
        }
    }
}

fn table(table: &dyn TableLike, outer: &Range<usize>) -> Value {
    let entries = table.iter().filter(|(_, item)| !item.is_none());
    let entry = |(key, item): (&str, &Item)| {
        let place = table.get_key_value(key).and_then(|(key, _)| key.span());
        let key_span = place.unwrap_or_else(|| outer.clone());
        Entry {
            key: key.to_owned(),
            node: node(item, &key_span),
            key_span,
        }
    };
    Value::Table(entries.map(entry).collect())
}

fn node(item: &Item, key: &Range<usize>) -> Node {
    let span = item.span().unwrap_or_else(|| key.clone());
    let value = match item {
        Item::None => Value::Null,
        Item::Table(inner) => table(inner, key),
        Item::ArrayOfTables(tables) => Value::List(
            tables
                .iter()
                .map(|inner| Node {
                    span: inner.span().unwrap_or_else(|| key.clone()),
                    value: table(inner, key),
                })
                .collect(),
        ),
        Item::Value(inner) => value(inner, key),
    };
    Node { span, value }
}

fn value(value: &toml_edit::Value, key: &Range<usize>) -> Value {
    use toml_edit::Value as Toml;
    match value {
        Toml::String(text) => Value::Text(text.value().clone()),
        Toml::Integer(number) => Value::Number(number.value().to_string()),
        Toml::Float(number) => Value::Number(number.value().to_string()),
        Toml::Boolean(value) => Value::Bool(*value.value()),
        Toml::Datetime(_) => Value::Other("a date"),
        Toml::Array(list) => Value::List(
            list.iter()
                .map(|item| Node {
                    span: item.span().unwrap_or_else(|| key.clone()),
                    value: self::value(item, key),
                })
                .collect(),
        ),
        Toml::InlineTable(inner) => table(inner, key),
    }
}
