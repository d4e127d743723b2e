//! What the provider offers.

use std::collections::BTreeMap;

use tfplugin_types::Diagnostics;

use crate::proto::tfplugin6 as proto;
use crate::proto::tfplugin6::{get_functions, get_metadata, get_provider_schema};
use crate::registry::{Known, Registry};
use crate::rules;
use crate::wire;

const fn capabilities() -> proto::ServerCapabilities {
    proto::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: false,
        generate_resource_config: false,
    }
}

pub(crate) fn metadata(registry: &Registry) -> get_metadata::Response {
    let resource = |name: &String| get_metadata::ResourceMetadata {
        type_name: name.clone(),
    };
    let data_source = |name: &String| get_metadata::DataSourceMetadata {
        type_name: name.clone(),
    };
    let function = |name: &String| get_metadata::FunctionMetadata { name: name.clone() };
    get_metadata::Response {
        server_capabilities: Some(capabilities()),
        resources: registry.resources().keys().map(resource).collect(),
        data_sources: registry.data_sources().keys().map(data_source).collect(),
        functions: registry.functions().keys().map(function).collect(),
        ..get_metadata::Response::default()
    }
}

/// All schemas; with a malformed one, only messages, because Terraform would crash on it.
pub(crate) fn schemas(registry: &Registry) -> get_provider_schema::Response {
    let found = malformed(registry);
    if found.has_errors() {
        return get_provider_schema::Response {
            diagnostics: wire::diagnostics(found, None),
            ..get_provider_schema::Response::default()
        };
    }
    let resources = registry.resources().iter();
    let data_sources = registry.data_sources().iter();
    get_provider_schema::Response {
        provider: Some(wire::provider_schema(&registry.own().schema)),
        resource_schemas: resources
            .map(|(n, e)| (n.clone(), wire::schema(&e.known().schema)))
            .collect(),
        data_source_schemas: data_sources
            .map(|(n, e)| (n.clone(), wire::schema(&e.known().schema)))
            .collect(),
        functions: function_definitions(registry),
        server_capabilities: Some(capabilities()),
        ..get_provider_schema::Response::default()
    }
}

pub(crate) fn functions(registry: &Registry) -> get_functions::Response {
    get_functions::Response {
        functions: function_definitions(registry),
        ..get_functions::Response::default()
    }
}

fn function_definitions(registry: &Registry) -> BTreeMap<String, proto::Function> {
    let functions = registry.functions().iter();
    functions
        .map(|(name, f)| (name.clone(), wire::function(&f.signature())))
        .collect()
}

fn malformed(registry: &Registry) -> Diagnostics {
    let provider = registry.provider.name();
    let mut found = Diagnostics::new();
    let mut check = |what: &str, known: &Known| {
        for broken in rules::schema::check(&known.schema) {
            found.push(broken.diagnostic(provider, &format!("the schema of {what}")));
        }
    };
    check("the provider", registry.own());
    registry
        .resources()
        .iter()
        .for_each(|(name, entry)| check(name, entry.known()));
    registry
        .data_sources()
        .iter()
        .for_each(|(name, entry)| check(name, entry.known()));
    for (name, function) in registry.functions() {
        for broken in rules::schema::s5_function(name, &function.signature()) {
            found.push(broken.diagnostic(provider, &format!("the signature of {name}")));
        }
    }
    found
}
