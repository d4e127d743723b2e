//! What a data source is.

use async_trait::async_trait;
use tfplugin_types::{Diagnostics, Schema, Value};

use crate::Cx;

/// A data source: something that is only read.
#[async_trait]
pub trait DataSource: Send + Sync + 'static {
    /// Its name in HCL: `stackwright_caller`.
    fn type_name(&self) -> &str;

    /// Its schema.
    fn schema(&self) -> Schema;

    /// Checks the configuration beyond what the schema says. Values may be unknown.
    async fn validate(&self, _cx: &Cx, _config: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    /// Reads it. The configuration is wholly known and has its defaults.
    async fn read(&self, cx: &Cx, config: &Value) -> DataResponse;
}

/// The answer to reading a data source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataResponse {
    /// The whole object, configured attributes included.
    pub state: Value,
    /// Messages.
    pub diagnostics: Diagnostics,
}

impl From<Value> for DataResponse {
    fn from(state: Value) -> Self {
        Self {
            state,
            diagnostics: Diagnostics::new(),
        }
    }
}

impl From<Diagnostics> for DataResponse {
    fn from(diagnostics: Diagnostics) -> Self {
        Self {
            state: Value::Null,
            diagnostics,
        }
    }
}
