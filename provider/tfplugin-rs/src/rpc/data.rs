//! Data sources.

use tfplugin_types::{Diagnostics, Path};

use super::About;
use crate::proto::tfplugin6::{read_data_source, validate_data_resource_config};
use crate::registry::{Entry, Registry};
use crate::rules::state;
use crate::{Cx, DataSource, propose};

pub(crate) async fn validate(
    registry: &Registry,
    cx: &Cx,
    request: validate_data_resource_config::Request,
) -> validate_data_resource_config::Response {
    let type_name = request.type_name.as_str();
    let entry = match super::data_source(registry, type_name) {
        Ok(entry) => entry,
        Err(answer) => return answer,
    };
    let about = About {
        provider: registry.provider.name(),
        type_name,
        known: entry.known(),
    };
    let config = match about.value("configuration", request.config.as_ref()) {
        Ok(config) => config,
        Err(unreadable) => return about.failed(unreadable),
    };
    let mut found = Diagnostics::new();
    about.block().check(&config, &Path::root(), &mut found);
    found.extend(entry.of.validate(cx, &config).await);
    about.failed(found)
}

pub(crate) async fn read(
    registry: &Registry,
    cx: &Cx,
    request: read_data_source::Request,
) -> read_data_source::Response {
    let type_name = request.type_name.as_str();
    let entry = match super::data_source(registry, type_name) {
        Ok(entry) => entry,
        Err(answer) => return answer,
    };
    let about = About {
        provider: registry.provider.name(),
        type_name,
        known: entry.known(),
    };
    looked_up(&about, &entry, cx, &request)
        .await
        .unwrap_or_else(|found| about.failed(found))
}

async fn looked_up(
    about: &About<'_>,
    entry: &Entry<dyn DataSource>,
    cx: &Cx,
    request: &read_data_source::Request,
) -> Result<read_data_source::Response, Diagnostics> {
    let config = about.value("configuration", request.config.as_ref())?;
    let config = propose::fill_defaults(about.block(), &config);
    let response = entry.of.read(cx, &config).await;
    if response.diagnostics.has_errors() {
        return Err(response.diagnostics);
    }
    let broken = |found| about.broken("the read", found);
    let state = about
        .form("T1", response.state)
        .map_err(|found| broken(vec![found]))?;
    let found = state::check("T1", about.block(), &about.known.ty, &state);
    if !found.is_empty() {
        return Err(broken(found));
    }
    Ok(read_data_source::Response {
        state: Some(about.dynamic(&state)),
        diagnostics: about.diagnostics(response.diagnostics),
        ..read_data_source::Response::default()
    })
}
