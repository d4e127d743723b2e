//! The configuration of a resource.

use tfplugin_types::{Diagnostics, Path, Value};

use super::About;
use crate::Cx;
use crate::proto::tfplugin6::validate_resource_config;
use crate::registry::Registry;
use crate::rules::state::each;
use crate::shape::Shape;

pub(crate) async fn resource(
    registry: &Registry,
    cx: &Cx,
    request: validate_resource_config::Request,
) -> validate_resource_config::Response {
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
    let config = match about.value("configuration", request.config.as_ref()) {
        Ok(config) => config,
        Err(unreadable) => return about.failed(unreadable),
    };
    let mut found = Diagnostics::new();
    about.block().check(&config, &Path::root(), &mut found);
    if !cx.client().write_only_attributes_allowed {
        x2_no_write_only(Shape::of(about.block()), &config, &Path::root(), &mut found);
    }
    found.extend(entry.of.validate(cx, &config).await);
    about.failed(found)
}

/// X2: a Terraform that does not know write-only attributes would keep their values in the state.
fn x2_no_write_only(shape: Shape<'_>, config: &Value, at: &Path, found: &mut Diagnostics) {
    for field in shape.fields() {
        let (value, at) = (config.get(field.name()), at.join(field.name()));
        if field.is_write_only() && !value.is_null() {
            found.error(
                at,
                "Write-Only Attribute Not Allowed",
                format!(
                    "The attribute {} is write-only, and this version of Terraform would keep its \
                     value in the state. Use Terraform 1.11 or later, or leave the attribute out.",
                    field.name()
                ),
            );
        } else if let Some((nesting, inner)) = field.inner() {
            each(nesting, value, &at, &mut |value, at| {
                x2_no_write_only(inner, value, at, found);
            });
        }
    }
}
