//! Between the framework's types and the protocol's.

use tfplugin_types::{
    Attribute, AttributeType, Block, BlockNesting, DecodeError, DecodeProblem, Diagnostic,
    Diagnostics, Mode, NestedBlock, Nesting, Path, Schema, Severity, Step, Type, Value, json,
    msgpack,
};

use crate::proto::tfplugin6 as proto;
use crate::shape::{Field, Shape};
use crate::{FunctionSignature, Parameter};

/// Reads a value; nothing at all is null.
pub(crate) fn value(sent: Option<&proto::DynamicValue>, ty: &Type) -> Result<Value, DecodeError> {
    match sent {
        Some(sent) if !sent.msgpack.is_empty() => msgpack::decode(&sent.msgpack, ty),
        Some(sent) if !sent.json.is_empty() => {
            let unreadable = |_| {
                DecodeError::from(DecodeProblem::Mismatch {
                    expected: "JSON".into(),
                    found: "something else".into(),
                })
            };
            json::decode(&serde_json::from_slice(&sent.json).map_err(unreadable)?, ty)
        }
        _ => Ok(Value::Null),
    }
}

/// Writes a value.
pub(crate) fn dynamic(value: &Value, ty: &Type) -> proto::DynamicValue {
    proto::DynamicValue {
        msgpack: msgpack::encode(value, ty),
        json: Vec::new(),
    }
}

/// The schema as resources and data sources have it.
pub(crate) fn schema(schema: &Schema) -> proto::Schema {
    proto::Schema {
        version: schema.version,
        block: Some(block(&schema.block)),
    }
}

/// The schema of a `provider` block: a default is filled in by the framework, and Terraform hears
/// only that the attribute is optional, because nothing there can be computed.
pub(crate) fn provider_schema(of: &Schema) -> proto::Schema {
    let mut schema = schema(of);
    if let Some(block) = &mut schema.block {
        for attribute in &mut block.attributes {
            attribute.computed = false;
        }
    }
    schema
}

fn block(of: &Block) -> proto::schema::Block {
    proto::schema::Block {
        attributes: of.attributes.iter().map(attribute).collect(),
        block_types: of.blocks.iter().map(nested_block).collect(),
        description: of.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
        deprecated: of.deprecated.is_some(),
        deprecation_message: of.deprecated.clone().unwrap_or_default(),
        ..proto::schema::Block::default()
    }
}

fn attribute(of: &Attribute) -> proto::schema::Attribute {
    let (ty, nested_type) = match &of.ty {
        AttributeType::Plain(ty) => (type_bytes(ty), None),
        AttributeType::Nested(nesting, inner) => (Vec::new(), Some(object(*nesting, inner))),
    };
    proto::schema::Attribute {
        name: of.name.clone(),
        r#type: ty,
        nested_type,
        description: of.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
        required: of.mode == Mode::Required,
        optional: matches!(of.mode, Mode::Optional | Mode::OptionalComputed),
        computed: matches!(of.mode, Mode::Computed | Mode::OptionalComputed),
        sensitive: of.sensitive,
        write_only: of.write_only,
        deprecated: of.deprecated.is_some(),
        deprecation_message: of.deprecated.clone().unwrap_or_default(),
    }
}

fn object(nesting: Nesting, attributes: &[Attribute]) -> proto::schema::Object {
    use proto::schema::object::NestingMode;
    let nesting = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    proto::schema::Object {
        attributes: attributes.iter().map(attribute).collect(),
        nesting: nesting.into(),
        ..proto::schema::Object::default()
    }
}

fn nested_block(of: &NestedBlock) -> proto::schema::NestedBlock {
    use proto::schema::nested_block::NestingMode;
    let nesting = match of.nesting {
        BlockNesting::Single => NestingMode::Single,
        BlockNesting::List => NestingMode::List,
        BlockNesting::Set => NestingMode::Set,
        BlockNesting::Map => NestingMode::Map,
    };
    // Terraform wants a single block to be either required (1 and 1) or not counted (0 and 0).
    let (min_items, max_items) = match of.nesting {
        BlockNesting::Single => (of.min_items, of.min_items),
        _ => (of.min_items, of.max_items),
    };
    proto::schema::NestedBlock {
        type_name: of.name.clone(),
        block: Some(block(&of.block)),
        nesting: nesting.into(),
        min_items,
        max_items,
    }
}

fn type_bytes(ty: &Type) -> Vec<u8> {
    ty.to_json().to_string().into_bytes()
}

/// A function's definition.
pub(crate) fn function(of: &FunctionSignature) -> proto::Function {
    proto::Function {
        parameters: of.parameters.iter().map(parameter).collect(),
        variadic_parameter: of.variadic.as_ref().map(parameter),
        r#return: Some(proto::function::Return {
            r#type: type_bytes(&of.returns),
        }),
        summary: of.summary.clone(),
        description: of.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
        deprecation_message: String::new(),
    }
}

fn parameter(of: &Parameter) -> proto::function::Parameter {
    proto::function::Parameter {
        name: of.name.clone(),
        r#type: type_bytes(&of.ty),
        allow_null_value: of.allow_null,
        allow_unknown_values: of.allow_unknown,
        description: of.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
    }
}

/// Messages, with paths that Terraform can follow in this schema.
pub(crate) fn diagnostics(all: Diagnostics, block: Option<&Block>) -> Vec<proto::Diagnostic> {
    all.0
        .into_iter()
        .map(|one| diagnostic(one, block))
        .collect()
}

fn diagnostic(of: Diagnostic, block: Option<&Block>) -> proto::Diagnostic {
    let severity = match of.severity {
        Severity::Error => proto::diagnostic::Severity::Error,
        Severity::Warning => proto::diagnostic::Severity::Warning,
    };
    let at = block.map_or_else(
        || of.path.clone(),
        |block| addressable(Shape::of(block), &of.path),
    );
    let shown = block.map_or_else(|| at.clone(), |block| findable(block, &at));
    let detail = if shown == at {
        of.detail
    } else {
        format!("{}\n\nAt `{}`.", of.detail, of.path)
    };
    proto::Diagnostic {
        severity: severity.into(),
        summary: without_commands(&of.summary),
        detail: without_commands(&detail),
        attribute: (!shown.0.is_empty()).then(|| path(&shown)),
    }
}

/// The text without lines that a CI would obey: values of a configuration may hold line ends, and what begins a line
/// with `::` (GitHub Actions) or `##` (Azure Pipelines) hides values, sets variables or stops the log there. Such a line is
/// put behind the one before it.
fn without_commands(text: &str) -> String {
    let is_command = |line: &str| {
        let line = line.trim_start();
        line.starts_with("::") || line.starts_with("##")
    };
    let mut plain = String::with_capacity(text.len());
    for line in text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        let glue = if is_command(line) { " | " } else { "\n" };
        if !plain.is_empty() || glue != "\n" {
            plain.push_str(glue);
        }
        plain.push_str(line);
    }
    plain
}

/// The part of a path that Terraform finds in the source. It follows blocks to any depth, but inside
/// an attribute only one element of a list or map; further in, it would point at the whole resource.
fn findable(block: &Block, path: &Path) -> Path {
    let is_block = |name: &str| block.blocks.iter().any(|nested| nested.name == name);
    let keep = match path.0.as_slice() {
        [Step::Attribute(name), ..] if is_block(name) => path.0.len(),
        [Step::Attribute(_), Step::Key(_) | Step::Index(_)] => 2,
        steps => steps.len().min(1),
    };
    Path(path.0[..keep].to_vec())
}

/// The path up to the first set, whose elements Terraform cannot address.
fn addressable(mut shape: Shape<'_>, path: &Path) -> Path {
    let mut kept = Vec::new();
    let mut steps = path.0.iter();
    while let Some(step) = steps.next() {
        kept.push(step.clone());
        let Step::Attribute(name) = step else { break };
        let Some((nesting, inner)) = shape.field(name).and_then(Field::inner) else {
            let plain_set = shape
                .field(name)
                .and_then(Field::attribute)
                .map(|a| a.ty.ty());
            if !matches!(plain_set, Some(Type::Set(_))) {
                kept.extend(steps.cloned());
            }
            break;
        };
        shape = inner;
        match nesting {
            Nesting::Single => {}
            Nesting::Set => break,
            Nesting::List | Nesting::Map => kept.extend(steps.next().cloned()),
        }
    }
    Path(kept)
}

/// A path.
pub(crate) fn path(of: &Path) -> proto::AttributePath {
    use proto::attribute_path::step::Selector;
    let step = |step: &Step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        };
        proto::attribute_path::Step {
            selector: Some(selector),
        }
    };
    proto::AttributePath {
        steps: of.0.iter().map(step).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn no_line_of_a_message_is_a_command_of_a_ci() {
        for (text, plain) in [
            ("one line", "one line"),
            ("two\n\nlines: `a::b`", "two\n\nlines: `a::b`"),
            (
                "`x\n::add-mask::y` is wrong",
                "`x | ::add-mask::y` is wrong",
            ),
            ("`x\r\n  ##vso[task]y`", "`x\n |   ##vso[task]y`"),
            ("::stop-commands::t", " | ::stop-commands::t"),
            ("a\u{2028}::b", "a | ::b"),
        ] {
            assert_eq!(without_commands(text), plain);
        }
    }

    #[test]
    fn nothing_is_null() {
        let empty = proto::DynamicValue::default();
        assert_eq!(value(None, &Type::String).unwrap(), Value::Null);
        assert_eq!(value(Some(&empty), &Type::String).unwrap(), Value::Null);
    }

    #[test]
    fn both_forms_are_read() {
        let sent = dynamic(&"a".into(), &Type::String);
        assert_eq!(value(Some(&sent), &Type::String).unwrap(), "a".into());
        let sent = proto::DynamicValue {
            json: b"\"a\"".to_vec(),
            msgpack: Vec::new(),
        };
        assert_eq!(value(Some(&sent), &Type::String).unwrap(), "a".into());
    }
}
