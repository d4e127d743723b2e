//! What the modules and templates write fits the provider's own schema.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::structure::{Block, Body};
use stackwright_plan::{
    app::App, caller::Caller, cluster::Cluster, db::Db, job::Job, monitor::Monitor,
    network::Network, role::Role, router::Router, service::Service,
};
use tfplugin_types::{Attribute, AttributeType, Mode, TfObject};

use crate::input::{MINIMAL, hcl, is_terraform, key_text, tree};

/// Type of resource or data source -> its attributes.
fn schemas() -> BTreeMap<&'static str, Vec<Attribute>> {
    BTreeMap::from([
        ("stackwright_app", App::block().attributes),
        ("stackwright_caller", Caller::block().attributes),
        ("stackwright_cluster", Cluster::block().attributes),
        ("stackwright_db", Db::block().attributes),
        ("stackwright_job", Job::block().attributes),
        ("stackwright_monitor", Monitor::block().attributes),
        ("stackwright_network", Network::block().attributes),
        ("stackwright_role", Role::block().attributes),
        ("stackwright_router", Router::block().attributes),
        ("stackwright_service", Service::block().attributes),
    ])
}

fn names(attributes: &[Attribute], pick: impl Fn(Mode) -> bool) -> BTreeSet<String> {
    attributes
        .iter()
        .filter(|attribute| pick(attribute.mode))
        .map(|attribute| attribute.name.clone())
        .collect()
}

/// Every attribute may be set, and every required one is.
fn check_fits(place: &str, given: &BTreeSet<String>, attributes: &[Attribute]) {
    let settable = names(attributes, |mode| mode != Mode::Computed);
    let required = names(attributes, |mode| mode == Mode::Required);
    assert!(
        given.is_subset(&settable),
        "{place}: {:?}",
        given.difference(&settable)
    );
    assert!(
        required.is_subset(given),
        "{place}: {:?}",
        required.difference(given)
    );
}

fn check_block(path: &str, block: &Block, attributes: &[Attribute]) {
    let own = || {
        let all = block.body.attributes();
        // What Terraform itself knows.
        all.filter(|attribute| attribute.key.as_str() != "for_each")
    };
    let given = own().map(|attribute| attribute.key.as_str().to_owned());
    check_fits(path, &given.collect(), attributes);
    for attribute in own() {
        let schema = attributes
            .iter()
            .find(|schema| schema.name == attribute.key.as_str())
            .unwrap();
        if let (AttributeType::Nested(_, nested), Some(object)) =
            (&schema.ty, attribute.value.as_object())
        {
            let given = object.iter().map(|(key, _)| key_text(key)).collect();
            check_fits(&format!("{path}: {}", schema.name), &given, nested);
        }
    }
}

/// Attributes that are read: the word behind `stackwright_cluster.main.`.
fn reads(body: &Body, kind: &str) -> BTreeSet<String> {
    let text = body.to_string();
    let word = |rest: &str| {
        rest.chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect()
    };
    text.split(&format!("{kind}.main."))
        .skip(1)
        .map(word)
        .collect()
}

#[test]
fn resources_fit_the_schema_of_the_provider() {
    let schemas = schemas();
    let mut seen = BTreeSet::new();
    let spec = format!("{MINIMAL}db = true\nclock = {{ cron = \"0 3 * * ? *\" }}\n");
    for (path, text) in tree(&spec, "web: w\nworker: x\nclock: y\n")
        .files()
        .iter()
        .filter(|(path, _)| is_terraform(path))
    {
        let body = hcl(text);
        for block in body
            .blocks()
            .filter(|block| block.has_ident("resource") || block.has_ident("data"))
        {
            let kind = block.labels[0].as_str();
            check_block(path, block, &schemas[kind]);
            seen.insert(kind.to_owned());
        }
        for (kind, attributes) in &schemas {
            let all = names(attributes, |_| true);
            assert!(
                reads(&body, kind).is_subset(&all),
                "{path}: {kind} {:?}",
                reads(&body, kind)
            );
        }
    }
    assert_eq!(
        seen.iter().map(String::as_str).collect::<Vec<_>>(),
        schemas.keys().copied().collect::<Vec<_>>()
    );
}

/// What the generator lets through, the provider takes.
#[test]
fn accepted_values_are_accepted_by_the_provider() {
    use stackwright_gen::Shape;
    use stackwright_plan::aws_rules;
    for name in ["a", "acme-2", &"a".repeat(32)] {
        assert!(
            Shape::App.accepts(name) && aws_rules::resource_name(&name.to_owned()).is_ok(),
            "{name}"
        );
    }
    for image in [
        "shop",
        "shop:v41",
        "localhost:5000/a/b_c.d-e:1",
        &format!("a@sha256:{}", "0".repeat(64)),
    ] {
        assert!(
            Shape::Image.accepts(image) && aws_rules::image(&image.to_owned()).is_ok(),
            "{image}"
        );
    }
    for cidr in ["10.0.0.0/16", "10.30.16.0/20"] {
        assert!(
            Shape::Cidr.accepts(cidr) && aws_rules::network_cidr(&cidr.to_owned()).is_ok(),
            "{cidr}"
        );
    }
    for variable in ["RAILS_ENV", "_x1"] {
        assert!(
            Shape::Variable.accepts(variable) && aws_rules::variable_name(variable).is_ok(),
            "{variable}"
        );
    }
    let role = format!("{}-deploy", "a".repeat(32));
    assert!(aws_rules::role_name(&role).is_ok());
    assert!(aws_rules::process_name(&"p".repeat(64)).is_ok());
}
