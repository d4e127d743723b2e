//! Refreshing the state of a resource.

use tfplugin_types::Diagnostics;

use super::About;
use crate::proto::tfplugin6::read_resource;
use crate::registry::{Entry, Registry};
use crate::rules::state;
use crate::{Cx, ReadRequest, Resource};

pub(crate) async fn read(
    registry: &Registry,
    cx: &Cx,
    request: read_resource::Request,
) -> read_resource::Response {
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
    refreshed(&about, &entry, cx, &request)
        .await
        .unwrap_or_else(|found| about.failed(found))
}

async fn refreshed(
    about: &About<'_>,
    entry: &Entry<dyn Resource>,
    cx: &Cx,
    request: &read_resource::Request,
) -> Result<read_resource::Response, Diagnostics> {
    let state = about.value("state", request.current_state.as_ref())?;
    let private = about.private(&request.private)?;
    let response = entry.of.read(cx, ReadRequest { state, private }).await;
    if response.diagnostics.has_errors() {
        return Err(response.diagnostics);
    }
    let new_state = match response.state {
        None => None,
        Some(state) => {
            let broken = |found| about.broken("the read", found);
            let state = about
                .form("R1", state)
                .map_err(|found| broken(vec![found]))?;
            let found = state::check("R1", about.block(), &about.known.ty, &state);
            if !found.is_empty() {
                return Err(broken(found));
            }
            Some(state)
        }
    };
    Ok(read_resource::Response {
        new_state: Some(about.dynamic(&new_state.unwrap_or_default())),
        diagnostics: about.diagnostics(response.diagnostics),
        private: response.private.to_bytes(),
        ..read_resource::Response::default()
    })
}
