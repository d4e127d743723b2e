//! Stored state, brought to the newest schema.

use serde_json::Value as Json;
use tfplugin_types::{Diagnostic, Diagnostics, Value, json};

use super::{About, undecodable};
use crate::proto::tfplugin6::{RawState, upgrade_resource_state};
use crate::registry::{Entry, Registry};
use crate::rules::state;
use crate::shape::Shape;
use crate::{Cx, Resource};

pub(crate) async fn upgrade(
    registry: &Registry,
    cx: &Cx,
    request: upgrade_resource_state::Request,
) -> upgrade_resource_state::Response {
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
    match upgraded(&about, &entry, cx, &request).await {
        Ok(state) => upgrade_resource_state::Response {
            upgraded_state: Some(about.dynamic(&state)),
            diagnostics: Vec::new(),
        },
        Err(found) => about.failed(found),
    }
}

async fn upgraded(
    about: &About<'_>,
    entry: &Entry<dyn Resource>,
    cx: &Cx,
    request: &upgrade_resource_state::Request,
) -> Result<Value, Diagnostics> {
    let mut stored = stored(about, request.raw_state.as_ref())?;
    if stored.is_null() {
        return Ok(Value::Null);
    }
    if request.version < about.known.schema.version {
        stored = entry.of.upgrade(cx, request.version, stored).await?;
    }
    let decoded = json::decode_lenient(&stored, &about.known.ty)
        .map_err(|error| Diagnostics::from(undecodable("stored state", about.type_name, &error)))?;
    let broken = |found| about.broken("the upgrade", found);
    let mut state = about
        .form("U1", decoded)
        .map_err(|found| broken(vec![found]))?;
    drop_secrets(Shape::of(about.block()), &mut state);
    let found = state::check("U1", about.block(), &about.known.ty, &state);
    if found.is_empty() {
        Ok(state)
    } else {
        Err(broken(found))
    }
}

fn stored(about: &About<'_>, raw: Option<&RawState>) -> Result<Json, Diagnostics> {
    let unreadable = |why: String| {
        let detail = format!(
            "The stored state of this {} {why}. Nothing was changed. Restore the state from a \
             backup, or remove this object from the state and import it again.",
            about.type_name
        );
        Diagnostics::from(Diagnostic::error("Unreadable Stored State", detail))
    };
    match raw {
        Some(raw) if !raw.json.is_empty() => serde_json::from_slice(&raw.json)
            .map_err(|error| unreadable(format!("is not JSON: {error}"))),
        Some(raw) if !raw.flatmap.is_empty() => Err(unreadable(
            "is in the form of Terraform 0.11, which is not supported".to_owned(),
        )),
        _ => Ok(Json::Null),
    }
}

/// A write-only attribute may have been an ordinary one when the state was stored.
fn drop_secrets(shape: Shape<'_>, value: &mut Value) {
    let Value::Map(fields) = value else { return };
    for field in shape.fields() {
        let Some(value) = fields.get_mut(field.name()) else {
            continue;
        };
        if field.is_write_only() {
            *value = Value::Null;
        } else if let Some((nesting, inner)) = field.inner() {
            crate::propose::each_mut(nesting, value, &mut |value| drop_secrets(inner, value));
        }
    }
}
