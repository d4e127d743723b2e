//! `null` inside of a list, set or map. Terraform lets it through, and nothing that it could mean is what its author meant.

use tfplugin_types::{
    Attribute, AttributeType, Block, Diagnostic, Diagnostics, Nesting, Path, Type, Value,
};

/// Tells of every `null` that stands for an element.
pub(super) fn inside(block: &Block, value: &Value) -> Diagnostics {
    let mut found = Diagnostics::new();
    of_block(block, value, &Path::root(), &mut found);
    found
}

fn of_block(block: &Block, value: &Value, at: &Path, found: &mut Diagnostics) {
    of_attributes(&block.attributes, value, at, found);
    for nested in &block.blocks {
        let at = at.join(&nested.name);
        match value.get(&nested.name) {
            Value::Seq(items) => {
                for (index, item) in items.iter().enumerate() {
                    of_block(&nested.block, item, &at.clone().index(index), found);
                }
            }
            one => of_block(&nested.block, one, &at, found),
        }
    }
}

fn of_attributes(attributes: &[Attribute], value: &Value, at: &Path, found: &mut Diagnostics) {
    for attribute in attributes {
        let (at, value) = (at.join(&attribute.name), value.get(&attribute.name));
        match &attribute.ty {
            AttributeType::Plain(ty) => of_type(ty, value, &at, found),
            AttributeType::Nested(Nesting::Single, inner) => {
                of_attributes(inner, value, &at, found);
            }
            AttributeType::Nested(_, inner) => {
                let one = |item: &Value, at: &Path, found: &mut Diagnostics| {
                    of_attributes(inner, item, at, found);
                };
                elements(value, &at, found, one);
            }
        }
    }
}

fn of_type(ty: &Type, value: &Value, at: &Path, found: &mut Diagnostics) {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => {
            let one = |item: &Value, at: &Path, found: &mut Diagnostics| {
                of_type(element, item, at, found);
            };
            elements(value, at, found, one);
        }
        Type::Object(fields) => {
            for (name, ty) in fields {
                of_type(ty, value.get(name), &at.join(name), found);
            }
        }
        Type::Tuple(_) | Type::Dynamic | Type::Bool | Type::Number | Type::String => {}
    }
}

/// Terraform shows the argument, but not which element of it.
fn null_element(at: &Path) -> Diagnostic {
    let detail = format!(
        "`{at}` is null, and AWS has no such value. Remove the element, or leave it out while it is null, as in `{{ for name, value in local.all : name => value if value != null }}`."
    );
    Diagnostic::error("Null Element", detail).at(at.clone())
}

fn elements(
    value: &Value,
    at: &Path,
    found: &mut Diagnostics,
    one: impl Fn(&Value, &Path, &mut Diagnostics),
) {
    let mut element = |item: &Value, at: &Path| match item {
        Value::Null => {
            found.push(null_element(at));
        }
        item => one(item, at, found),
    };
    match value {
        Value::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                element(item, &at.clone().index(index));
            }
        }
        Value::Map(items) => {
            for (key, item) in items {
                element(item, &at.clone().key(key));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use stackwright_plan::service::ServiceResource;
    use tfplugin_types::TfObject as _;

    use super::*;

    fn object(fields: &[(&str, Value)]) -> Value {
        Value::Map(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        )
    }

    fn places(found: Diagnostics) -> Vec<String> {
        found.0.into_iter().map(|it| it.path.to_string()).collect()
    }

    #[test]
    fn elements_are_never_null_and_attributes_may_be() {
        type Service = <ServiceResource as stackwright_plan::resource::Resource>::Schema;
        let sidecar = object(&[
            ("image", Value::from("proxy:1")),
            ("command", Value::Seq(vec![Value::from("a"), Value::Null])),
            ("config", Value::Null),
        ]);
        let app = object(&[
            ("name", Value::Null),
            ("config", object(&[("A", Value::Null)])),
        ]);
        let config = object(&[
            (
                "config",
                object(&[("A", Value::from("b")), ("X", Value::Null)]),
            ),
            ("routes", object(&[("www", Value::Null)])),
            ("sidecars", object(&[("s", sidecar)])),
            ("app", app),
            ("secrets", Value::unknown()),
            ("size", Value::Null),
        ]);
        assert_eq!(
            places(inside(&Service::block(), &config)),
            [
                "app.config[\"A\"]",
                "config[\"X\"]",
                "routes[\"www\"]",
                "sidecars[\"s\"].command[1]",
            ]
        );
    }
}
