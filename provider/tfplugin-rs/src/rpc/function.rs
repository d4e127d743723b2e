//! Functions.

use tfplugin_types::{Path, Type, Value};

use crate::proto::tfplugin6::{self as proto, call_function};
use crate::registry::Registry;
use crate::{FunctionError, FunctionSignature, Parameter, canonical, wire};

/// Calls a function; it does not know whether the provider is configured.
pub(crate) fn call(
    registry: &Registry,
    request: &call_function::Request,
) -> call_function::Response {
    let Some(function) = registry.functions().get(&request.name) else {
        let (provider, name) = (registry.provider.name(), &request.name);
        return failed(
            &format!("The provider {provider} has no function named {name}."),
            None,
        );
    };
    let signature = function.signature();
    let result = arguments(&signature, &request.arguments)
        .and_then(|arguments| function.call(&arguments))
        .and_then(|result| checked(registry, &request.name, &signature.returns, result));
    match result {
        Ok(result) => call_function::Response {
            result: Some(wire::dynamic(&result, &signature.returns)),
            error: None,
        },
        Err(error) => failed(&error.text, error.argument),
    }
}

/// Terraform puts a full stop behind the text.
pub(crate) fn failed(text: &str, argument: Option<i64>) -> call_function::Response {
    let text = text.strip_suffix('.').unwrap_or(text).to_owned();
    let error = Some(proto::FunctionError {
        text,
        function_argument: argument,
    });
    call_function::Response {
        result: None,
        error,
    }
}

fn arguments(
    signature: &FunctionSignature,
    sent: &[proto::DynamicValue],
) -> Result<Vec<Value>, FunctionError> {
    let declared = signature.parameters.len();
    if sent.len() < declared || (sent.len() > declared && signature.variadic.is_none()) {
        let text = format!(
            "The function takes {declared} arguments, and was given {}.",
            sent.len()
        );
        return Err(FunctionError::new(text));
    }
    let parameters = signature
        .parameters
        .iter()
        .chain(std::iter::repeat_with(|| {
            signature
                .variadic
                .as_ref()
                .expect("more arguments than parameters need a variadic one")
        }));
    let pairs = sent.iter().zip(parameters).zip(0..);
    pairs
        .map(|((sent, parameter), at)| argument(sent, parameter, at))
        .collect()
}

fn argument(
    sent: &proto::DynamicValue,
    parameter: &Parameter,
    at: i64,
) -> Result<Value, FunctionError> {
    let name = &parameter.name;
    let value = wire::value(Some(sent), &parameter.ty)
        .map_err(|error| FunctionError::argument(at, format!("{name} cannot be read: {error}.")))?;
    if value.is_null() && !parameter.allow_null {
        return Err(FunctionError::argument(
            at,
            format!("{name} must not be null."),
        ));
    }
    if !value.is_wholly_known() && !parameter.allow_unknown {
        return Err(FunctionError::argument(
            at,
            format!("{name} must be known."),
        ));
    }
    Ok(value)
}

/// F1: the result is of its type.
fn checked(
    registry: &Registry,
    name: &str,
    returns: &Type,
    result: Value,
) -> Result<Value, FunctionError> {
    canonical::of_type(returns, result, &Path::root()).map_err(|mismatch| {
        FunctionError::new(format!(
            "The result of {name} breaks rule F1: it should be {}. This is a bug in {}; please \
             report it with the arguments.",
            mismatch.expected,
            registry.provider.name()
        ))
    })
}
