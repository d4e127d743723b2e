//! The JSON Schema accepts and refuses what the reader does. A real validator (boon) reads the schema.

use boon::{Compiler, SchemaIndex, Schemas};
use proptest::prelude::*;
use serde_json::{Value, json};
use stackwright_gen::{Procfiles, SourceFile, Spec, generate, schema};

/// What only several values together say, or what a pattern cannot: no schema knows it.
const BEYOND: &[&str] = &[
    "port-of-procfile",
    "port-in-command",
    "hidden-address",
    "refused-value",
    "same-priority",
    "same-account",
    "unknown-app",
    "unknown-process",
    "config-and-secret",
    "secret-in-config",
    "secret-of-other-environment",
    "nothing-to-run",
    "unknown-monitor",
    "invalid-objective",
    "key-without-use",
    "count-and-scale",
    "invalid-scale",
    "invalid-deploy",
    "not-internal",
    "uses-itself",
    "same-route",
    "several-ports",
    "router-port",
    "timeout-too-long",
    "no-level",
    "level-order",
    "short-window",
    "unknown-handle",
    "setting-missing",
    "release-does-not-run",
    "domain-without-zone",
    "too-many-names",
    "long-names",
    "too-many",
    "domain-unused",
    "unknown-region",
    "image-without-version",
    "size-rounded",
    "unreadable-procfile",
    "nul-character",
    "not-normalized",
];

struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

fn validator() -> Validator {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("spec.json", schema()).unwrap();
    let index = compiler.compile("spec.json", &mut schemas).unwrap();
    Validator { schemas, index }
}

/// The codes of what the reader refuses in the form of a document.
fn refused(name: &str, text: &str) -> Vec<String> {
    let spec = Spec::read(SourceFile::new(name, text));
    let procfile = SourceFile::new("Procfile", "web: a\nworker: b\n");
    let procfiles: Procfiles = spec
        .procfiles()
        .into_iter()
        .map(|path| (path.to_owned(), Ok(procfile.clone())))
        .collect();
    let found = generate(&spec, &procfiles).diagnostics;
    let codes = found.iter().map(|it| it.problem.code().to_owned());
    codes
        .filter(|code| !BEYOND.contains(&code.as_str()))
        .collect()
}

fn agree(validator: &Validator, document: &Value) {
    let accepted = validator.schemas.validate(document, validator.index);
    let codes = refused("stackwright.json", &document.to_string());
    assert_eq!(
        accepted.is_ok(),
        codes.is_empty(),
        "{document:#}\nreader: {codes:?}\nschema: {accepted:?}"
    );
}

fn good() -> Value {
    json!({
        "$schema": "https://example.com/stackwright.schema.json",
        "project": "acme", "region": "us-west-2", "domain": "acme.example",
        "accounts": { "ops": "111111111111", "stage": "222222222222", "prod": "333333333333" },
        "state": { "bucket": "acme.state", "region": "eu-central-1", "prefix": "a/b" },
        "network": { "cidr": "10.30.16.0/20", "az_count": 3, "nat": "none", "ipv6": true, "flow_log_retention": 90 },
        "router": { "monitors": { "certificate": { "warning": 30, "notify": { "critical": "@slack-ops" } } } },
        "notify": { "warning": "@slack-ops arn:aws:sns:us-west-2:333333333333:x" },
        "apps": {
            "shop": {
                "image": "localhost:5000/shop:v1", "procfile": "Procfile", "config": { "A": "b" },
                "secrets": { "K": "arn:aws:ssm:us-west-2:333333333333:parameter/k" },
                "internal": false, "uses": ["billing"], "architecture": "ARM64", "policies": { "uploads": "{\"Version\": \"2012-10-17\", \"Statement\": []}" },
                "db": {
                    "engine_version": "16.4", "storage": 20, "max_storage": 100, "backup_window": "03:00-03:30",
                    "maintenance_window": "sun:04:00-sun:04:30", "parameters": { "log_min_duration_statement": "500" },
                    "log_exports": ["postgresql"], "password_version": 2, "replicas": { "reports": { "multi_az": false } },
                },
                "monitors": { "errors": { "message": "m", "metric": "a.b", "critical": { "threshold": 0.5 } } },
                "web": {
                    "size": "2X", "scale": { "max": 4, "cpu": 60 }, "port": 3000, "health_check": { "path": "/x" },
                    "routes": { "main": { "host": "*.acme.example", "path": "/api/*", "priority": 10 } },
                    "monitors": { "latency": { "enabled": false } },
                    "deploy": { "minimum_percent": 50, "rollback": true }, "deregistration_delay": 60
                },
                "worker": { "count": 2, "stop_timeout": 30, "cron": "0 3 * * ? *", "time_zone": "Europe/Berlin" }
            },
            "billing": { "image": "b:1", "db": true, "web": { "health_check": "/" } }
        },
        "environments": {
            "prod": {
                "zone_id": "Z0123456789", "notifiers": { "@slack-ops": "arn:aws:sns:us-west-2:333333333333:x" },
                "apps": { "shop": { "web": { "count": 4 }, "db": {
                    "multi_az": true, "engine_version": "16", "restore": { "source_db": "old", "time": "2026-11-20T09:30:00Z" },
                    "kms_key_id": "arn:aws:kms:us-west-2:333333333333:key/12345678-1234-1234-1234-123456789012"
                }, "policies": { "x": " {} " } } }
            }
        }
    })
}

/// Every place of a document: the path to it.
fn places(value: &Value, path: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    all.push(path.clone());
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), value))
            .collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(at, value)| (at.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        path.push(key);
        places(child, path, all);
        path.pop();
    }
}

/// A JSON pointer.
fn pointer_of(path: &[String]) -> String {
    let escaped = path
        .iter()
        .flat_map(|key| ["/".to_owned(), key.replace('~', "~0").replace('/', "~1")]);
    escaped.collect()
}

#[test]
fn a_whole_spec_is_accepted_by_both() {
    assert_eq!(
        refused("stackwright.json", &good().to_string()),
        Vec::<String>::new()
    );
    agree(&validator(), &good());
}

/// Each value replaced by each of these, each key removed, a strange key added everywhere: both say the same.
#[test]
fn reader_and_schema_agree_on_every_change() {
    let validator = validator();
    let strange = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(2),
        json!(65536),
        json!(-1),
        json!(2.0),
        json!(2.5),
        json!(1e300),
        json!(""),
        json!("x"),
        json!("X Y"),
        json!("a.b"),
        json!("/"),
        json!("1X"),
        json!("a\nb"),
        json!("é"),
        json!([]),
        json!(["x"]),
        json!({}),
        json!({ "x": {} }),
        json!({ "PORT": "1" }),
        json!({ "Ä": "x" }),
    ];
    let mut all = Vec::new();
    places(&good(), &mut Vec::new(), &mut all);
    for path in all {
        let pointer = pointer_of(&path);
        for value in &strange {
            let mut changed = good();
            *changed.pointer_mut(&pointer).unwrap() = value.clone();
            agree(&validator, &changed);
        }
        let Some((last, outer)) = path.split_last() else {
            continue;
        };
        let outer = pointer_of(outer);
        let mut changed = good();
        if let Some(map) = changed.pointer_mut(&outer).and_then(Value::as_object_mut) {
            map.remove(last);
            agree(&validator, &changed);
            let mut changed = good();
            let map = changed
                .pointer_mut(&outer)
                .and_then(Value::as_object_mut)
                .unwrap();
            map.insert("strange".to_owned(), json!("x"));
            agree(&validator, &changed);
        }
    }
}

/// Text near what each shape takes.
fn near() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b1",
        "A",
        "0",
        "10",
        "255",
        "256",
        ".",
        "..",
        "-",
        "--",
        "_",
        "/",
        ":",
        "@",
        "*",
        "?",
        " ",
        ",",
        "é",
        "\n",
        "us-west-2",
        "xn--",
        "sthree-",
        "-s3alias",
        "mrap",
        "111111111111",
        "arn:aws:sns:",
        "arn:aws:ssm:us-west-2:111111111111:parameter/",
        "10.0.0.0/16",
        "10.0.16.0/20",
        "localhost",
        "host:5000",
        ":65535",
        ":65536",
        "@sha256:",
        "last_",
        "5m",
        "p95",
        "p",
        "rate(",
        "1 hour",
        "2 hours",
        ")",
        "0 3 * * ? *",
        "? ",
        "* ",
        "db.t4g.micro",
        "16",
        "Z0",
        "Europe/Berlin",
        "200",
        "-399",
        "*.",
        "acme.example",
        "256:1gb",
        "1X",
        "sha256:0000000000000000000000000000000000000000000000000000000000000000",
    ]);
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// One place for each shape.
const TEXTS: [&str; 23] = [
    "/project",
    "/region",
    "/domain",
    "/accounts/ops",
    "/state/bucket",
    "/state/region",
    "/state/prefix",
    "/network/cidr",
    "/notify/warning",
    "/apps/shop/image",
    "/apps/shop/procfile",
    "/apps/shop/secrets/K",
    "/apps/shop/db/engine_version",
    "/apps/shop/uses/0",
    "/apps/shop/monitors/errors/metric",
    "/apps/shop/web/health_check/path",
    "/apps/shop/web/routes/main/host",
    "/apps/shop/web/routes/main/path",
    "/apps/shop/worker/cron",
    "/apps/shop/worker/time_zone",
    "/environments/prod/zone_id",
    "/environments/prod/notifiers/@slack-ops",
    "/apps/shop/web/size",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn patterns_are_the_shapes(text in near(), at in 0..TEXTS.len()) {
        thread_local!(static VALIDATOR: Validator = validator());
        let mut changed = good();
        *changed.pointer_mut(TEXTS[at]).unwrap() = json!(text);
        // Whether Fargate has so much, and whether a number of units is one, no pattern says.
        let beyond = TEXTS[at].ends_with("/size") && text.contains(':');
        if !beyond {
            VALIDATOR.with(|validator| agree(validator, &changed));
        }
    }
}
