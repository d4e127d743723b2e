//! The functions of the provider: here `procfile_decode` and `size_decode`.

mod names;

pub(crate) use names::{Name, RoleArn};

use std::collections::BTreeMap;

use stackwright_plan::size::Size;
use stackwright_plan::{procfile, size};
use tfplugin_rs::{Function, FunctionError, FunctionSignature, Parameter};
use tfplugin_types::{Type, Value};

/// Reads a Procfile of either form.
pub(crate) struct ProcfileDecode;

/// Reads a size.
pub(crate) struct SizeDecode;

fn text<'a>(arguments: &'a [Value], name: &str) -> Result<&'a str, FunctionError> {
    arguments
        .first()
        .and_then(Value::as_str)
        .ok_or_else(|| FunctionError::argument(0, format!("`{name}` must be a string.")))
}

impl Function for ProcfileDecode {
    fn name(&self) -> &'static str {
        "procfile_decode"
    }

    fn signature(&self) -> FunctionSignature {
        let process = Type::Object(BTreeMap::from([("command".to_owned(), Type::String)]));
        FunctionSignature {
            parameters: vec![Parameter::new("procfile", Type::String, "Text of a Procfile, standard or extended, as `file(\"Procfile\")` reads it.")],
            variadic: None,
            returns: Type::map(process),
            summary: "Reads a Procfile".to_owned(),
            description: "Answers a map from the name of each process to an object with its `command`. A mistake in the Procfile is an error that names the line.".to_owned(),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let parsed = procfile::parse(text(arguments, "procfile")?);
        let parsed =
            parsed.map_err(|errors| FunctionError::argument(0, procfile_errors(&errors)))?;
        let process = |process: procfile::Process| {
            (
                process.name,
                Value::object([("command", Value::String(process.command))]),
            )
        };
        Ok(Value::Map(
            parsed.processes.into_iter().map(process).collect(),
        ))
    }
}

fn procfile_errors(errors: &[procfile::ProcfileError]) -> String {
    let one = |error: &procfile::ProcfileError| {
        format!(
            "line {}, column {}: {error}; {}",
            error.place.line,
            error.place.column,
            error.help()
        )
    };
    let all: Vec<String> = errors.iter().map(one).collect();
    format!("The Procfile has mistakes:\n{}", all.join("\n"))
}

impl Function for SizeDecode {
    fn name(&self) -> &'static str {
        "size_decode"
    }

    fn signature(&self) -> FunctionSignature {
        let fields = ["cpu", "memory"].map(|name| (name.to_owned(), Type::Number));
        FunctionSignature {
            parameters: vec![Parameter::new("size", Type::String, "A name (`1X`, `2X`, `PX`) or `cpu:memory`, like `256:1gb`.")],
            variadic: None,
            returns: Type::Object(BTreeMap::from(fields)),
            summary: "Reads a size".to_owned(),
            description: "Answers the CPU units and the MiB of memory of a size, rounded up to the next pair that Fargate has.".to_owned(),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let size = size::parse(text(arguments, "size")?).and_then(Size::round_up);
        let size = size
            .map_err(|error| FunctionError::argument(0, format!("{error}: {}.", error.help())))?;
        let number = |value: u32| Value::from(i64::from(value));
        Ok(Value::object([
            ("cpu", number(size.cpu)),
            ("memory", number(size.memory)),
        ]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_procfile() {
        let value = ProcfileDecode
            .call(&["web: bin/web\nworker: bin/work -q \"a: b\"\n".into()])
            .unwrap();
        assert_eq!(
            value.get("worker").get("command"),
            &Value::from("bin/work -q \"a: b\"")
        );
    }

    #[test]
    fn all_mistakes_of_a_procfile() {
        let error = ProcfileDecode
            .call(&["web bin/web\nworker:\n".into()])
            .unwrap_err();
        assert!(
            error.text.contains("line 1") && error.text.contains("line 2"),
            "{}",
            error.text
        );
    }

    #[test]
    fn a_size_is_rounded_up() {
        let value = SizeDecode.call(&["300:1gb".into()]).unwrap();
        assert_eq!(
            value,
            Value::object([("cpu", 512.into()), ("memory", 1024.into())])
        );
    }
}
