//! Real Terraform applies whole trees before there is a provider: each of our resources is replaced by the built-in `terraform_data`,
//! which keeps what it is given. So types, validations and wiring are Terraform's own, and what reaches a resource can be read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use stackwright_gen::Tree;

use crate::input::{MINIMAL, is_terraform, run, tree};
use crate::terraform::terraform;
use crate::tree::{LARGE, LARGE_PROCFILES};

/// What a `ref` has and nobody writes, by the kind of resource.
const COMPUTED: [(&str, &str); 7] = [
    (
        "stackwright_db",
        "config = { DB_HOST = \"db\" }\nsecrets = { DATABASE_URL = \"arn\" }\ninstance_id = \"db\"\nmax_connections = 1\nmemory_bytes = 1\nreplica_ids = { reports = \"replica\" }\n",
    ),
    ("stackwright_role", "role_arn = \"arn\"\n"),
    (
        "stackwright_monitor",
        "alarm_arns = {}\nref = { alarm_arn = \"arn\" }\n",
    ),
    (
        "stackwright_network",
        "namespace = \"stage.acme.internal\"\n",
    ),
    (
        "stackwright_router",
        "dns_name = \"public.example\"\narn_suffix = \"app/public/1\"\n",
    ),
    (
        "stackwright_service",
        "name = \"name\"\ncluster_arn = \"arn:cluster/main\"\ncluster_name = \"main\"\ntarget_groups = { public = { arn_suffix = \"t\", load_balancer_arn_suffix = \"l\" } }\n",
    ),
    (
        "stackwright_job",
        "schedule_group = \"group\"\ndead_letter_queue = \"queue\"\n\
         task_definition_family = \"family\"\n",
    ),
];

/// A file with our resources replaced.
fn without_provider(path: &str, text: &str) -> String {
    let name = Path::new(path).file_name().unwrap().to_str().unwrap();
    if ["providers.tf", "backend.tf", "versions.tf"].contains(&name) || !is_terraform(path) {
        return if is_terraform(path) {
            String::new()
        } else {
            text.to_owned()
        };
    }
    let mut lines = text.lines();
    let mut replaced = String::new();
    while let Some(line) = lines.next() {
        if line.trim() == "providers = {" {
            lines
                .by_ref()
                .take_while(|line| line.trim() != "}")
                .for_each(drop);
        } else if line.starts_with("data \"stackwright_") {
            replaced.push_str("resource \"terraform_data\" \"main\" {}\n");
        } else if line.starts_with("resource \"stackwright_") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "}").collect();
            // A value has no blocks that are made by a loop.
            let dynamic = body.iter().position(|line| line.starts_with("  dynamic "));
            let body = body[..dynamic.unwrap_or(body.len())]
                .join("\n")
                .replace("  warning {", "  warning = {")
                .replace("  critical {", "  critical = {");
            let more = COMPUTED.into_iter().find(|(kind, _)| line.contains(kind));
            let more = more.map_or("", |(_, more)| more);
            let name = line.split('"').nth(3).unwrap();
            write!(
                replaced,
                "resource \"terraform_data\" \"{name}\" {{\n  input = {{\n{}\n{more}  }}\n}}\n",
                references(&body)
            )
            .unwrap();
        } else {
            replaced.push_str(&references(line));
            replaced.push('\n');
        }
    }
    replaced
}

/// The text with `stackwright_network.main.ref` and the like replaced.
fn references(text: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let text = text.replace("data.stackwright_", "stackwright_");
    let mut parts = text.split("stackwright_");
    let mut replaced = parts.next().unwrap().to_owned();
    for part in parts {
        let (kind, rest) = part.split_at(part.find(|c| !is_name(c)).unwrap_or(part.len()));
        if let Some((name, rest)) = rest
            .strip_prefix('.')
            .and_then(|rest| rest.split_once('.'))
            .filter(|(name, _)| kind == "monitor" || *name == "plan" || *name == "deploy")
        {
            write!(replaced, "terraform_data.{name}.input.{rest}").unwrap();
            continue;
        }
        match rest.strip_prefix(".main.") {
            Some(rest) => {
                let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
                let attribute = match (kind, &rest[..end]) {
                    (_, "security_group_id") => "id".to_owned(),
                    ("db", name) if COMPUTED[0].1.contains(&format!("{name} = ")) => {
                        format!("input.{name}")
                    }
                    // What is given is known while it is planned, as it is with the provider.
                    _ => "input".to_owned(),
                };
                write!(replaced, "terraform_data.main.{attribute}{}", &rest[end..]).unwrap();
            }
            None => write!(replaced, "stackwright_{kind}{rest}").unwrap(),
        }
    }
    replaced
}

pub(crate) fn write(folder: &Path, tree: &Tree) {
    for (path, text) in tree.files() {
        let target = folder.join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        // Monitors are made by `for_each`, which is not taken apart here: what the module is given is enough.
        let stand_in = path.strip_prefix("modules/monitors/");
        let stand_in = stand_in.and_then(crate::contract::stand_in);
        let text = stand_in.unwrap_or_else(|| without_provider(path, text));
        fs::write(target, text).unwrap();
    }
}

fn succeed(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Applies a root: address of each resource -> what it was given.
pub(crate) fn apply(root: &Path) -> BTreeMap<String, Value> {
    succeed(&terraform(root, &["init", "-input=false"]));
    succeed(&terraform(
        root,
        &["apply", "-auto-approve", "-input=false"],
    ));
    let state: Value =
        serde_json::from_str(&succeed(&terraform(root, &["show", "-json"]))).unwrap();
    let mut found = BTreeMap::new();
    collect(&state["values"]["root_module"], &mut found);
    found
}

fn collect(module: &Value, found: &mut BTreeMap<String, Value>) {
    for resource in module["resources"].as_array().into_iter().flatten() {
        found.insert(
            resource["address"].as_str().unwrap().to_owned(),
            resource["values"]["input"].clone(),
        );
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        collect(child, found);
    }
}

fn process<'a>(found: &'a BTreeMap<String, Value>, app: &str, process: &str) -> &'a Value {
    &found[&format!("module.app_{app}.module.process_{process}.terraform_data.main")]
}

#[test]
fn terraform_applies_every_root() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &run(LARGE, &LARGE_PROCFILES).tree.unwrap());
    let ops = apply(&folder.path().join("ops"));
    for preset in ["plan", "deploy"] {
        let role = &ops[&format!("module.roles_prod.terraform_data.{preset}")];
        assert_eq!(role["name"], format!("acme-{preset}"));
        assert_eq!(role["preset"], preset);
        let trusted = &role["trust"]["account_ids"];
        assert_eq!(*trusted, serde_json::json!(["111111111111"]));
    }
    let stage = apply(&folder.path().join("stage"));
    let prod = apply(&folder.path().join("prod"));
    assert_eq!(
        stage.keys().collect::<Vec<_>>(),
        prod.keys().collect::<Vec<_>>()
    );
    let network = |found: &BTreeMap<String, Value>| {
        found["module.environment.module.network.terraform_data.main"].clone()
    };
    assert_eq!(
        network(&stage),
        serde_json::json!({ "name": "main", "cidr": "10.31.0.0/18", "az_count": 3, "nat": "single", "ipv6": true, "flow_log_retention": 30, "availability_zones": null, "domain": null, "ignore_drift": [], "tags": {}, "namespace": "stage.acme.internal" })
    );
    assert_eq!(
        network(&prod),
        serde_json::json!({ "name": "main", "cidr": "10.32.0.0/18", "az_count": 3, "nat": "per_az", "ipv6": false, "flow_log_retention": 0, "availability_zones": null, "domain": null, "ignore_drift": [], "tags": {}, "namespace": "stage.acme.internal" })
    );
    let router =
        &prod["module.environment.module.public_router[0].module.monitors.terraform_data.main"];
    assert_eq!(router["monitors"]["certificate"]["warning"], 30);
    assert_eq!(router["dimensions"]["LoadBalancer"], "app/public/1");
    assert_eq!(process(&stage, "shop", "worker")["desired_count"], 2);
    assert_eq!(process(&prod, "shop", "worker")["desired_count"], 4);
    assert_eq!(process(&prod, "shop", "1x")["size"], "300:1gb");
    assert_eq!(process(&prod, "shop", "-x")["command"], "b");
    assert_eq!(
        process(&prod, "shop", "worker")["command"],
        "bundle exec \"sidekiq\" ${QUEUE:-a}"
    );
    assert_eq!(
        process(&prod, "shop-admin", "clock_work")["image"],
        "registry.example:5000/team/admin:1"
    );
    let app = &prod["module.app_shop-admin.terraform_data.main"];
    assert!(
        app["secrets"]["TOKEN"]
            .as_str()
            .unwrap()
            .starts_with("arn:aws-us-gov:")
    );
}

/// What an app, its processes and its database may say besides sizes and counts.
const SETTINGS: &str = r#"
architecture = "ARM64"

[apps.shop.policies]
uploads = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'

[apps.shop.web]
deploy = { minimum_percent = 50, maximum_percent = 200 }
deregistration_delay = 0

[apps.shop.worker]
deploy = { circuit_breaker = false, rollback = false }

[apps.shop.db]
max_storage = 100
parameters = { log_min_duration_statement = "500" }
log_exports = ["postgresql"]
backup_window = "03:00-03:30"

[environments.prod.apps.shop.policies]
uploads = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::prod/*"}]}'

[environments.prod.apps.shop.db]
engine_version = "17"
password_version = 2
apply_immediately = false
replicas = { reports = { instance_class = "db.m7g.large" } }
restore = { source_db = "old", time = "2026-11-20T09:30:00Z" }
"#;

#[test]
fn settings_reach_their_resources() {
    let folder = tempfile::tempdir().unwrap();
    let spec = format!("{MINIMAL}{SETTINGS}");
    let made = tree(&spec, "web: puma\nworker: x\n");
    write(folder.path(), &made);
    let stage = apply(&folder.path().join("stage"));
    let prod = apply(&folder.path().join("prod"));
    for found in [&stage, &prod] {
        let (web, worker) = (
            process(found, "shop", "web"),
            process(found, "shop", "worker"),
        );
        assert_eq!(
            (&web["architecture"], &worker["architecture"]),
            (&"ARM64".into(), &"ARM64".into())
        );
        assert_eq!(web["deregistration_delay"], 0);
        assert_eq!(web["deploy"]["minimum_percent"], 50);
        assert_eq!(web["deploy"]["rollback"], true);
        assert_eq!(worker["deploy"]["rollback"], false);
    }
    let policy = |found: &BTreeMap<String, Value>| {
        let app = &found["module.app_shop.terraform_data.main"];
        app["policies"]["uploads"].as_str().unwrap().to_owned()
    };
    assert!(policy(&stage).contains("\"*\"") && policy(&prod).contains("s3:::prod/*"));
    let db = |found: &BTreeMap<String, Value>, key: &str| {
        found["module.app_shop.module.db.terraform_data.main"][key].clone()
    };
    let of_both = |key| (db(&stage, key), db(&prod, key));
    assert_eq!(of_both("engine_version"), ("16".into(), "17".into()));
    assert_eq!(of_both("password_version"), (1.into(), 2.into()));
    assert_eq!(of_both("apply_immediately"), (true.into(), false.into()));
    assert_eq!(of_both("max_storage"), (100.into(), 100.into()));
    assert_eq!(of_both("backup_window").1, "03:00-03:30");
    assert_eq!(db(&stage, "log_exports"), serde_json::json!(["postgresql"]));
    assert_eq!(db(&prod, "parameters")["log_min_duration_statement"], "500");
    assert_eq!(db(&prod, "replicas")["reports"]["multi_az"], false);
    assert_eq!(db(&prod, "restore")["source_db"], "old");
    assert_eq!(of_both("restore").0, Value::Null);
}

#[test]
fn hostile_text_reaches_the_resource_unchanged() {
    let command = r#"sh -c "echo '${X}' %{y} $${z} \\ \n */ # é 🚀 {{app}}" && true"#;
    let value = "a\n\"b\" ${c} %{d} \\ \u{1b} $${e} */";
    let spec = format!(
        "{MINIMAL}[apps.shop.config]\nVALUE = {}\n",
        serde_json::to_string(value).unwrap()
    );
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &tree(&spec, &format!("worker: {command}\n")));
    let found = apply(&folder.path().join("stage"));
    assert_eq!(
        process(&found, "shop", "worker")["command"].as_str(),
        Some(command)
    );
    assert_eq!(
        found["module.app_shop.terraform_data.main"]["config"]["VALUE"].as_str(),
        Some(value)
    );
}

#[test]
fn variables_refuse_what_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &tree(MINIMAL, "worker: x\n"));
    let root = folder.path().join("stage");
    succeed(&terraform(&root, &["init", "-input=false"]));
    let apps = |processes: &str| {
        format!("apps={{ shop = {{ image = \"a:1\", processes = {processes} }} }}")
    };
    let cases = [
        (
            "account_id=12".to_owned(),
            "Write the 12 digits of an AWS account.",
        ),
        (
            "session_name=a b".to_owned(),
            "Write 2 to 64 letters, digits or characters",
        ),
        (
            apps("{}"),
            "Write one entry for each process of the app: worker.",
        ),
        (
            apps("{ worker = {}, other = {} }"),
            "Write one entry for each process of the app: worker.",
        ),
        (
            apps("{ worker = { size = \"9X\" } }"),
            "Write 1X, 2X, PX or cpu:memory",
        ),
        (
            apps("{ worker = { desired_count = -1 } }"),
            "Write a whole number from 0 to 5000.",
        ),
        (
            "network={ cidr = \"10.0.0.0/8\" }".to_owned(),
            "Write an IPv4 range from /16 to /20",
        ),
        ("network={ az_count = 4 }".to_owned(), "Write 2 or 3."),
        (
            "network={ nat = \"some\" }".to_owned(),
            "Write none, single or per_az.",
        ),
    ];
    for (variable, message) in cases {
        let plan = terraform(
            &root,
            &["plan", "-input=false", "-no-color", "-var", &variable],
        );
        let text = String::from_utf8_lossy(&plan.stderr).replace("\n│ ", " ");
        assert!(
            !plan.status.success() && text.contains(message),
            "{variable}: {text}"
        );
    }
}
