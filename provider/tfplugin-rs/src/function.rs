//! What a function is.

use tfplugin_types::{Type, Value};

/// A pure function: `provider::stackwright::procfile_decode(...)`.
///
/// The same arguments must always give the same result. It is called before the provider is
/// configured.
pub trait Function: Send + Sync + 'static {
    /// Its name, an identifier.
    fn name(&self) -> &str;

    /// Its parameters, result and documentation.
    fn signature(&self) -> FunctionSignature;

    /// Computes the result. Variadic arguments follow the others.
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError>;
}

/// Parameters, result and documentation of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSignature {
    /// The parameters, in order.
    pub parameters: Vec<Parameter>,
    /// What further arguments are, when there may be any number of them.
    pub variadic: Option<Parameter>,
    /// Type of the result.
    pub returns: Type,
    /// One line.
    pub summary: String,
    /// Markdown.
    pub description: String,
}

/// One parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, an identifier.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Markdown.
    pub description: String,
    /// Whether the function is called with null; otherwise Terraform refuses null.
    pub allow_null: bool,
    /// Whether the function is called with unknown; otherwise Terraform answers unknown by itself.
    pub allow_unknown: bool,
}

/// Why a function has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FunctionError {
    /// Full sentences for the user.
    pub text: String,
    /// The argument to blame, from zero, when it is one.
    pub argument: Option<i64>,
}

impl Parameter {
    /// A parameter that is neither null nor unknown when the function is called.
    pub fn new(name: impl Into<String>, ty: Type, description: impl Into<String>) -> Self {
        let (name, description) = (name.into(), description.into());
        Self {
            name,
            ty,
            description,
            allow_null: false,
            allow_unknown: false,
        }
    }
}

impl FunctionError {
    /// An error about the call as a whole.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            argument: None,
        }
    }

    /// An error about one argument, counted from zero.
    pub fn argument(argument: i64, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            argument: Some(argument),
        }
    }
}
