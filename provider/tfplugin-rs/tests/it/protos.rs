//! The committed protos say what the wire facts say, and the committed code is made from them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use protox::prost_reflect::{
    Cardinality, DescriptorPool, FieldDescriptor, Kind, MessageDescriptor,
};

const FILES: [&str; 2] = ["tfplugin6.proto", "plugin.proto"];
const FACTS: [&str; 4] = [
    "tfplugin6.tsv",
    "grpc_controller.tsv",
    "grpc_stdio.tsv",
    "grpc_broker.tsv",
];

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn pool() -> DescriptorPool {
    let files = protox::compile(FILES, [here().join("proto")]).unwrap();
    DescriptorPool::from_file_descriptor_set(files).unwrap()
}

/// Set `UPDATE_PROTOS=1` to write the files instead of comparing them.
#[test]
fn generated_code_is_current() {
    let made = tempfile::tempdir().unwrap();
    generate(made.path());
    for name in ["tfplugin6.rs", "plugin.rs"] {
        let fresh = fs::read_to_string(made.path().join(name)).unwrap();
        let committed = here().join("src/proto").join(name);
        if std::env::var_os("UPDATE_PROTOS").is_some() {
            fs::create_dir_all(committed.parent().unwrap()).unwrap();
            fs::write(&committed, &fresh).unwrap();
        }
        let kept = fs::read_to_string(&committed).unwrap_or_default();
        assert!(
            kept == fresh,
            "{name} is stale: run this test again with UPDATE_PROTOS=1"
        );
    }
}

fn generate(into: &Path) {
    let files = protox::compile(FILES, [here().join("proto")]).unwrap();
    tonic_prost_build::configure()
        .out_dir(into)
        .btree_map(".")
        .build_client(true)
        .client_mod_attribute(".", "#[cfg(feature = \"testing\")]")
        .build_transport(false)
        .generate_default_stubs(true)
        .emit_rerun_if_changed(false)
        .compile_fds(files)
        .unwrap();
}

#[test]
fn protos_say_what_the_wire_facts_say() {
    let facts = here().join("../../../shared/facts/wire");
    if !facts.is_dir() {
        crate::skipped(&format!(
            "no wire facts at {}, nothing was compared",
            facts.display()
        ));
        return;
    }
    let expected: BTreeSet<String> = FACTS
        .iter()
        .flat_map(|name| fact_lines(&fs::read_to_string(facts.join(name)).unwrap()))
        .collect();
    let found = described(&pool());
    let missing: Vec<_> = expected.difference(&found).collect();
    let surplus: Vec<_> = found.difference(&expected).collect();
    assert!(
        expected.len() > 300,
        "only {} facts were read",
        expected.len()
    );
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "missing {missing:#?}\nsurplus {surplus:#?}"
    );
}

/// The lines of a table, padded, each with its package.
fn fact_lines(table: &str) -> Vec<String> {
    let package = if table.contains("package tfplugin6") {
        "tfplugin6"
    } else {
        "plugin"
    };
    let lines = table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .filter(|line| !line.starts_with("message"))
        .map(|line| fact(package, line))
        .collect()
}

fn fact(package: &str, line: &str) -> String {
    let mut parts: Vec<&str> = line.split('\t').map(str::trim).collect();
    parts.resize(8, "");
    match parts[0] {
        "rpc" => format!(
            "rpc {}.{}({}) -> {}",
            parts[1], parts[2], parts[4], parts[6]
        ),
        "enum" => format!("enum {package}.{}.{} = {}", parts[1], parts[2], parts[3]),
        "field" => {
            let (label, oneof) = (parts[5], parts[6]);
            let ty = if label.is_empty() {
                parts[4].to_owned()
            } else {
                format!("{label} {}", parts[4])
            };
            format!(
                "field {package}.{}.{} = {}: {ty} [{oneof}]",
                parts[1], parts[2], parts[3]
            )
        }
        other => panic!("unknown kind of fact: {other}"),
    }
}

/// The same lines, from the compiled protos.
fn described(pool: &DescriptorPool) -> BTreeSet<String> {
    let ours = |package: &str| package == "tfplugin6" || package == "plugin";
    let mut lines = BTreeSet::new();
    for service in pool
        .services()
        .filter(|service| ours(service.package_name()))
    {
        for method in service.methods() {
            let stream = |is: bool| if is { "stream " } else { "" };
            lines.insert(format!(
                "rpc {}.{}({}{}) -> {}{}",
                service.full_name(),
                method.name(),
                stream(method.is_client_streaming()),
                method.input().full_name(),
                stream(method.is_server_streaming()),
                method.output().full_name(),
            ));
        }
    }
    for message in pool
        .all_messages()
        .filter(|m| ours(m.package_name()) && !m.is_map_entry())
    {
        lines.extend(message.fields().map(|field| field_line(&message, &field)));
    }
    for kind in pool.all_enums().filter(|kind| ours(kind.package_name())) {
        lines.extend(
            kind.values()
                .map(|v| format!("enum {}.{} = {}", kind.full_name(), v.name(), v.number())),
        );
    }
    lines
}

fn field_line(message: &MessageDescriptor, field: &FieldDescriptor) -> String {
    let real_oneof = field
        .containing_oneof()
        .filter(|oneof| !oneof.is_synthetic());
    let optional = field.field_descriptor_proto().proto3_optional();
    let ty = if field.is_map() {
        map_name(field)
    } else if field.cardinality() == Cardinality::Repeated {
        format!("repeated {}", kind_name(&field.kind()))
    } else if optional {
        format!("optional {}", kind_name(&field.kind()))
    } else {
        kind_name(&field.kind())
    };
    let (name, number) = (field.name(), field.number());
    let oneof = real_oneof
        .map(|oneof| oneof.name().to_owned())
        .unwrap_or_default();
    format!(
        "field {}.{name} = {number}: {ty} [{oneof}]",
        message.full_name()
    )
}

fn map_name(field: &FieldDescriptor) -> String {
    let Kind::Message(entry) = field.kind() else {
        panic!("a map is a message")
    };
    let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
    format!(
        "map<{},{}>",
        kind_name(&key.kind()),
        kind_name(&value.kind())
    )
}

fn kind_name(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(values) => values.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

#[test]
fn numbers_are_unique_within_a_message() {
    for message in pool().all_messages() {
        let mut seen = BTreeMap::new();
        for field in message.fields() {
            let before = seen.insert(field.number(), field.name().to_owned());
            assert_eq!(before, None, "{}", message.full_name());
        }
    }
}
