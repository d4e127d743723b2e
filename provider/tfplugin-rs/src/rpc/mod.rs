//! What the framework does for each call, around what the resource does.

pub(crate) mod apply;
pub(crate) mod configure;
pub(crate) mod data;
pub(crate) mod function;
pub(crate) mod import;
pub(crate) mod plan;
pub(crate) mod read;
pub(crate) mod schema;
pub(crate) mod upgrade;
pub(crate) mod validate;

use std::sync::Arc;

use tfplugin_types::{Block, DecodeError, Diagnostic, Diagnostics, Value};

use crate::proto::tfplugin6 as proto;
use crate::registry::{Entry, Known, Registry};
use crate::rules::Broken;
use crate::service::Answer;
use crate::{DataSource, Private, Resource, canonical, wire};

/// A call about one resource or data source: what all its steps need.
struct About<'a> {
    provider: &'a str,
    type_name: &'a str,
    known: &'a Known,
}

impl About<'_> {
    /// Reads a value that Terraform has sent.
    fn value(&self, what: &str, sent: Option<&proto::DynamicValue>) -> Result<Value, Diagnostics> {
        let read = wire::value(sent, &self.known.ty);
        read.map_err(|error| undecodable(what, self.type_name, &error).into())
    }

    /// Reads a state or plan that may be absent.
    fn optional(
        &self,
        what: &str,
        sent: Option<&proto::DynamicValue>,
    ) -> Result<Option<Value>, Diagnostics> {
        Ok(Some(self.value(what, sent)?).filter(|value| !value.is_null()))
    }

    /// Reads private data.
    fn private(&self, bytes: &[u8]) -> Result<Private, Diagnostics> {
        Private::from_bytes(bytes).map_err(|error| {
            let detail = format!(
                "The private data in the state of this {} cannot be read: {error}. The state may \
                 have been edited, or written by another provider.",
                self.type_name
            );
            Diagnostic::error("Unreadable Private Data", detail).into()
        })
    }

    /// Brings an answered value to its one form; the error is a broken rule.
    fn form(&self, rule: &'static str, value: Value) -> Result<Value, Broken> {
        canonical::block(self.block(), &self.known.ty, value)
            .map_err(|mismatch| Broken::wrong_type(rule, mismatch))
    }

    /// Writes a value.
    fn dynamic(&self, value: &Value) -> proto::DynamicValue {
        wire::dynamic(value, &self.known.ty)
    }

    /// Writes messages.
    fn diagnostics(&self, all: Diagnostics) -> Vec<proto::Diagnostic> {
        wire::diagnostics(all, Some(self.block()))
    }

    /// An answer of messages alone.
    fn failed<T: Answer>(&self, all: Diagnostics) -> T {
        T::failed(self.diagnostics(all))
    }

    /// Broken rules as messages.
    fn broken(&self, doing: &str, all: impl IntoIterator<Item = Broken>) -> Diagnostics {
        let doing = format!("{doing} of {}", self.type_name);
        Diagnostics(
            all.into_iter()
                .map(|one| one.diagnostic(self.provider, &doing))
                .collect(),
        )
    }

    const fn block(&self) -> &Block {
        self.known.block()
    }
}

fn undecodable(what: &str, of: &str, error: &DecodeError) -> Diagnostic {
    Diagnostic::error(
        "Unreadable Value from Terraform",
        format!(
            "The {what} of {of} does not fit its schema: {error}. Nothing was changed. Terraform \
             and the provider may disagree about the provider's version; run `terraform init` again."
        ),
    )
    .at(error.path.clone())
}

/// The resource of that name, or the answer that there is none.
fn resource<T: Answer>(
    registry: &Registry,
    type_name: &str,
) -> Result<Arc<Entry<dyn Resource>>, T> {
    let found = registry.resources().get(type_name).cloned();
    found.ok_or_else(|| T::failed(unknown_type(registry, "resource", type_name)))
}

/// The data source of that name, or the answer that there is none.
fn data_source<T: Answer>(
    registry: &Registry,
    type_name: &str,
) -> Result<Arc<Entry<dyn DataSource>>, T> {
    let found = registry.data_sources().get(type_name).cloned();
    found.ok_or_else(|| T::failed(unknown_type(registry, "data source", type_name)))
}

fn unknown_type(registry: &Registry, kind: &str, type_name: &str) -> Vec<proto::Diagnostic> {
    let provider = registry.provider.name();
    let detail = format!(
        "The provider {provider} {} has no {kind} named {type_name}. Nothing was changed. Check \
         the spelling and the provider's version.",
        registry.provider.version()
    );
    wire::diagnostics(Diagnostic::error("Unknown Type Name", detail).into(), None)
}
