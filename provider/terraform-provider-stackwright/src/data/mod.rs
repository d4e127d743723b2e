//! Data sources.

mod caller;
mod existing;

pub(crate) use caller::CallerDataSource;
pub(crate) use existing::ExistingDataSource;

use tfplugin_rs::DataResponse;
use tfplugin_types::{Diagnostic, Diagnostics};

/// The answer to a question that came too early.
fn not_configured() -> DataResponse {
    let detail = "Terraform read a data source before it configured the provider. This is a bug in Terraform or in stackwright; please report it.";
    Diagnostics::from(Diagnostic::error("Provider Not Configured", detail)).into()
}
