//! Types, values and texts as people read them.

use tfplugin_types::{Type, Value};

use crate::FunctionSignature;

/// `Map of String`.
pub(super) fn of_type(ty: &Type) -> String {
    match ty {
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::String => "String".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
        Type::List(element) => format!("List of {}", of_type(element)),
        Type::Set(element) => format!("Set of {}", of_type(element)),
        Type::Map(element) => format!("Map of {}", of_type(element)),
        Type::Object(fields) => {
            let names: Vec<String> = fields.keys().map(|name| format!("`{name}`")).collect();
            format!("Object with {}", names.join(", "))
        }
        Type::Tuple(items) => format!("Tuple of {}", items.len()),
    }
}

/// As in an HCL type constraint: `map(string)`.
fn of_constraint(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::Dynamic => "any".to_owned(),
        Type::List(element) => format!("list({})", of_constraint(element)),
        Type::Set(element) => format!("set({})", of_constraint(element)),
        Type::Map(element) => format!("map({})", of_constraint(element)),
        Type::Object(fields) => {
            let field = |(name, ty): (&String, &Type)| format!("{name} = {}", of_constraint(ty));
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("object({{ {} }})", fields.join(", "))
        }
        Type::Tuple(items) => {
            let items: Vec<String> = items.iter().map(of_constraint).collect();
            format!("tuple([{}])", items.join(", "))
        }
    }
}

/// `name(parameter type, ...) type`.
pub(super) fn call(name: &str, signature: &FunctionSignature) -> String {
    let mut parameters: Vec<String> = signature
        .parameters
        .iter()
        .map(|it| format!("{} {}", it.name, of_constraint(&it.ty)))
        .collect();
    parameters.extend(
        signature
            .variadic
            .iter()
            .map(|it| format!("{} {}...", it.name, of_constraint(&it.ty))),
    );
    format!(
        "{name}({}) {}",
        parameters.join(", "),
        of_constraint(&signature.returns)
    )
}

/// A default as in HCL.
pub(super) fn of_value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Unknown(_) => "(known after apply)".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        Value::Seq(items) => {
            let items: Vec<String> = items.iter().map(of_value).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Map(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{name} = {}", of_value(value));
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Dynamic(inner) => of_value(&inner.1),
    }
}

/// The text to its first full stop that ends a sentence.
pub(super) fn first_sentence(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    line.split_once(". ")
        .map_or_else(|| line.to_owned(), |(first, _)| format!("{first}."))
}

/// Doc comments of Rust have links that only rustdoc resolves: `[Type]` loses its brackets.
pub(super) fn escaped(text: &str) -> String {
    text.replace("[`", "`").replace("`]", "`")
}
