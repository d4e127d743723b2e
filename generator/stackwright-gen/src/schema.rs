//! The JSON Schema of a spec, made from `model.rs`: for editors, and for whoever wants to check a spec without us.

use serde_json::{Map, Value, json};

use crate::form;
use crate::model::{Field, Kind, SPEC, Table};
use crate::pattern;
use crate::shape::{HCL_WORDS, Shape};

/// The schema, draft 2020-12. It accepts and refuses the same documents as the reader, but for what depends on several values.
pub fn schema() -> Value {
    let mut schema = table(&SPEC);
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://github.com/stackwright/stackwright/stackwright.schema.json",
        "title": "stackwright.toml, stackwright.yaml or stackwright.json",
    });
    if let (Value::Object(schema), Value::Object(head)) = (&mut schema, head) {
        schema.extend(head);
    }
    schema
}

fn table(table: &Table) -> Value {
    let fields = table.fields.iter();
    let properties: Map<String, Value> = fields
        .map(|field| (field.key.to_owned(), described(field)))
        .collect();
    let required: Vec<&str> = table
        .fields
        .iter()
        .filter(|field| field.required.is_some())
        .map(|field| field.key)
        .collect();
    let others = table.others.map_or(Value::Bool(false), self::table);
    let mut schema =
        json!({ "type": "object", "properties": properties, "additionalProperties": others });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn described(field: &Field) -> Value {
    let mut schema = kind(&field.kind);
    let text = match field.default {
        Some((value, why)) => format!("{} Default: {value} ({why}).", field.doc),
        None => field.doc.to_owned(),
    };
    schema["description"] = Value::String(text);
    schema
}

fn kind(kind: &Kind) -> Value {
    match kind {
        Kind::Text(shape) => text(*shape),
        Kind::Word(words) => json!({ "type": "string", "enum": words }),
        Kind::Secret => json!({ "type": "string", "pattern": pattern::SECRET }),
        Kind::Size => json!({ "type": "string", "pattern": pattern::SIZE }),
        Kind::Whole { least, most } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::LogDays => {
            json!({ "type": "integer", "enum": form::log_days().collect::<Vec<_>>() })
        }
        Kind::Number => json!({ "type": "number" }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::List { value, filled } => {
            json!({ "type": "array", "items": self::kind(value), "minItems": i32::from(*filled) })
        }
        Kind::Table(inner) => table(inner),
        Kind::Map { key, value, filled } => map(*key, value, *filled),
        Kind::Either(first, second) => json!({ "anyOf": [self::kind(first), self::kind(second)] }),
    }
}

fn text(shape: Shape) -> Value {
    let mut schema = json!({ "type": "string" });
    if shape == Shape::App {
        schema["not"] = json!({ "enum": HCL_WORDS });
    }
    if let Some(pattern) = pattern::not(shape) {
        schema["not"] = json!({ "pattern": pattern });
    }
    if let Some((pattern, least, most)) = pattern::of(shape) {
        schema["pattern"] = json!(pattern);
        if least > 0 {
            schema["minLength"] = json!(least);
        }
        if let Some(most) = most {
            schema["maxLength"] = json!(most);
        }
    }
    schema
}

fn map(key: Shape, value: &Kind, filled: bool) -> Value {
    let mut names = text(key);
    if key == Shape::Variable {
        names["not"] = json!({ "pattern": "^(PORT$|STACKWRIGHT_)" });
    }
    let mut schema =
        json!({ "type": "object", "propertyNames": names, "additionalProperties": kind(value) });
    if filled {
        schema["minProperties"] = json!(1);
    }
    schema
}
