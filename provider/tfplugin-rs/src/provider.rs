//! What a provider is.

use std::sync::Arc;

use async_trait::async_trait;
use tfplugin_types::{Diagnostics, Schema, Value};

use crate::{Cx, DataSource, Function, Resource};

/// A Terraform provider: its own configuration and what it offers.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// Its name in lower case, as in `required_providers`: `stackwright`.
    fn name(&self) -> &str;

    /// Its version: `0.1.0`.
    fn version(&self) -> &str;

    /// Its registry address, for debug mode: `registry.terraform.io/example/stackwright`.
    fn address(&self) -> String {
        format!("registry.terraform.io/{0}/{0}", self.name())
    }

    /// The schema of the `provider` block.
    fn schema(&self) -> Schema;

    /// The managed resources.
    fn resources(&self) -> Vec<Arc<dyn Resource>>;

    /// The data sources.
    fn data_sources(&self) -> Vec<Arc<dyn DataSource>> {
        Vec::new()
    }

    /// The functions.
    fn functions(&self) -> Vec<Arc<dyn Function>> {
        Vec::new()
    }

    /// Checks the `provider` block beyond what the schema says. Values may be unknown.
    async fn validate(&self, _cx: &Cx, _config: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    /// Takes the configuration; called before any resource is read or changed.
    async fn configure(&self, cx: &Cx, config: &Value, terraform_version: &str) -> Diagnostics;

    /// Tidies up when Terraform asks the process to end: all calls were answered, and Terraform has
    /// the answers. Not called when the process is killed or Terraform has died. Half a second is all
    /// there is.
    async fn close(&self) {}
}
