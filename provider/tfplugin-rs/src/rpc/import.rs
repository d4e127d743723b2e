//! Taking over what exists already.

use tfplugin_types::{Diagnostic, Diagnostics};

use super::About;
use crate::proto::tfplugin6::import_resource_state;
use crate::registry::{Entry, Registry};
use crate::rules::{Broken, state};
use crate::{Cx, Resource};

pub(crate) async fn import(
    registry: &Registry,
    cx: &Cx,
    request: import_resource_state::Request,
) -> import_resource_state::Response {
    let type_name = request.type_name.as_str();
    let entry = match super::resource(registry, type_name) {
        Ok(entry) => entry,
        Err(answer) => return answer,
    };
    let about = About {
        provider: registry.provider.name(),
        type_name,
        known: entry.known(),
    };
    imported(&about, &entry, cx, &request)
        .await
        .unwrap_or_else(|found| about.failed(found))
}

async fn imported(
    about: &About<'_>,
    entry: &Entry<dyn Resource>,
    cx: &Cx,
    request: &import_resource_state::Request,
) -> Result<import_resource_state::Response, Diagnostics> {
    if request.id.is_empty() {
        let detail = format!(
            "A {} is imported by its id, not by an identity.",
            about.type_name
        );
        return Err(Diagnostic::error("Import Id Missing", detail).into());
    }
    let response = entry.of.import(cx, &request.id).await;
    if response.diagnostics.has_errors() {
        return Err(response.diagnostics);
    }
    let broken = |found| about.broken("the import", found);
    let nothing = || {
        Broken::new(
            "I1",
            &tfplugin_types::Path::root(),
            "no state and no error was answered",
        )
    };
    let state = response.state.ok_or_else(|| broken(vec![nothing()]))?;
    let state = about
        .form("I1", state)
        .map_err(|found| broken(vec![found]))?;
    let found = state::check("I1", about.block(), &about.known.ty, &state);
    if !found.is_empty() {
        return Err(broken(found));
    }
    let resource = import_resource_state::ImportedResource {
        type_name: about.type_name.to_owned(),
        state: Some(about.dynamic(&state)),
        private: response.private.to_bytes(),
        identity: None,
    };
    Ok(import_resource_state::Response {
        imported_resources: vec![resource],
        diagnostics: about.diagnostics(response.diagnostics),
        ..import_resource_state::Response::default()
    })
}
