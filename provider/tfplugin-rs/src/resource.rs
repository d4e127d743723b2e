//! What a managed resource is.

use async_trait::async_trait;
use serde_json::Value as Json;
use tfplugin_types::{Diagnostic, Diagnostics, Path, Schema, Value};

use crate::{Cx, Private};

/// A managed resource, written against plain values.
///
/// [`TypedResource`](crate::TypedResource) is the comfortable way to write one.
/// The framework has decoded and checked everything before these methods are called, and checks
/// Terraform's consistency rules on what they answer.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// Its name in HCL: `stackwright_service`.
    fn type_name(&self) -> &str;

    /// Its schema.
    fn schema(&self) -> Schema;

    /// Checks the configuration beyond what the schema says. Values may be unknown.
    async fn validate(&self, _cx: &Cx, _config: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    /// Brings stored state of an older schema version to the newest.
    async fn upgrade(&self, _cx: &Cx, version: i64, _state: Json) -> Result<Json, Diagnostics> {
        let newest = self.schema().version;
        Err(Diagnostic::error(
            "State Upgrade Not Supported",
            format!(
                "The state of this {} was stored with schema version {version}, and this provider \
                 reads version {newest} only. Nothing was changed. Use a provider version that can \
                 upgrade it.",
                self.type_name()
            ),
        )
        .into())
    }

    /// Looks at what really exists.
    async fn read(&self, cx: &Cx, request: ReadRequest) -> ReadResponse;

    /// Says what an apply will make of it.
    async fn plan(&self, _cx: &Cx, request: PlanRequest) -> PlanResponse {
        PlanResponse::new(request.proposed, request.private)
    }

    /// Says something about a planned deletion.
    async fn plan_destroy(&self, _cx: &Cx, _prior: &Value, private: Private) -> DestroyPlan {
        DestroyPlan {
            private,
            diagnostics: Diagnostics::new(),
        }
    }

    /// Creates, updates or deletes.
    async fn apply(&self, cx: &Cx, request: ApplyRequest) -> ApplyResponse;

    /// Finds an existing object by the id that the user gives; [`Resource::read`] follows at once.
    async fn import(&self, _cx: &Cx, _id: &str) -> ImportResponse {
        let detail = format!("A {} cannot be imported.", self.type_name());
        ImportResponse::failed(Diagnostic::error("Import Not Supported", detail).into())
    }
}

/// The question what really exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRequest {
    /// The state as Terraform knows it.
    pub state: Value,
    /// The private data.
    pub private: Private,
}

/// What really exists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadResponse {
    /// The state; `None` when nothing of it is left.
    pub state: Option<Value>,
    /// The private data. What is not given back is lost.
    pub private: Private,
    /// Messages. With an error, Terraform keeps the state that it has.
    pub diagnostics: Diagnostics,
}

/// The question what an apply will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRequest {
    /// The state before; `None` for a create.
    pub prior: Option<Value>,
    /// What the user wrote, write-only values included.
    pub config: Value,
    /// The framework's proposal: configuration, defaults, and for computed attributes the prior
    /// value (update) or unknown (create). Write-only values are null.
    pub proposed: Value,
    /// The private data of the state before.
    pub private: Private,
}

/// What an apply will do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanResponse {
    /// The state after the apply, with unknowns.
    pub planned: Value,
    /// Paths whose change replaces the resource, beside those that the schema names.
    pub requires_replace: Vec<Path>,
    /// The private data that the apply is given.
    pub private: Private,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// What is to be said about a planned deletion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DestroyPlan {
    /// The private data that the apply is given.
    pub private: Private,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// An order to create (no prior), update, or delete (no planned).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyRequest {
    /// The state before; `None` for a create.
    pub prior: Option<Value>,
    /// The state that was planned, with unknowns; `None` for a delete.
    pub planned: Option<Value>,
    /// What the user wrote, write-only values included and wholly known; `None` for a delete.
    pub config: Option<Value>,
    /// The private data that the plan has answered.
    pub private: Private,
}

/// What exists after an apply, also after a failed one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApplyResponse {
    /// The state, wholly known; `None` after a delete, or when an error left everything as before.
    ///
    /// Beside an error, values that are still unknown become the prior value or null.
    pub state: Option<Value>,
    /// The private data. What is not given back is lost.
    pub private: Private,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// What was found by an import id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportResponse {
    /// The state, wholly known; enough for [`Resource::read`] to find the object.
    pub state: Option<Value>,
    /// The private data.
    pub private: Private,
    /// Messages.
    pub diagnostics: Diagnostics,
}

impl ReadResponse {
    /// This is what exists.
    pub const fn found(state: Value, private: Private) -> Self {
        Self {
            state: Some(state),
            private,
            diagnostics: Diagnostics::new(),
        }
    }

    /// Nothing of it is left.
    pub fn gone() -> Self {
        Self::default()
    }

    /// It could not be looked at; Terraform keeps the state that it has.
    pub fn failed(diagnostics: Diagnostics) -> Self {
        Self {
            diagnostics,
            ..Self::default()
        }
    }
}

impl PlanResponse {
    /// This is what an apply will make.
    pub const fn new(planned: Value, private: Private) -> Self {
        Self {
            planned,
            requires_replace: Vec::new(),
            private,
            diagnostics: Diagnostics::new(),
        }
    }

    /// There is no plan.
    pub fn failed(diagnostics: Diagnostics) -> Self {
        Self {
            diagnostics,
            ..Self::default()
        }
    }
}

impl ApplyResponse {
    /// It was created or updated.
    pub const fn done(state: Value, private: Private) -> Self {
        Self {
            state: Some(state),
            private,
            diagnostics: Diagnostics::new(),
        }
    }

    /// It was deleted.
    pub fn deleted() -> Self {
        Self::default()
    }

    /// Nothing was changed.
    pub fn failed(diagnostics: Diagnostics) -> Self {
        Self {
            diagnostics,
            ..Self::default()
        }
    }
}

impl ImportResponse {
    /// This is what the id names.
    pub fn found(state: Value) -> Self {
        Self {
            state: Some(state),
            ..Self::default()
        }
    }

    /// The id names nothing that can be imported.
    pub fn failed(diagnostics: Diagnostics) -> Self {
        Self {
            diagnostics,
            ..Self::default()
        }
    }
}
