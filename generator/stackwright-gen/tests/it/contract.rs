//! What the generator writes for modules that come with other parts: each is stood in for by its contract, variables and outputs alone.
//!
//! When a module is in `modules/`, the real one is taken and the stand-in is not looked at.

use std::fmt::Write as _;

use stackwright_gen::Modules;

/// Module, its variables (required ones end with `!`) and its outputs.
const CONTRACTS: [(&str, &[&str], &[&str]); 6] = [
    (
        "web-service",
        &[
            "app!",
            "cluster!",
            "command!",
            "image!",
            "process!",
            "clients",
            "config",
            "desired_count",
            "exec",
            "health_check",
            "monitors",
            "notify",
            "port",
            "private_name",
            "routes",
            "scale",
            "secrets",
            "size",
            "stop_timeout",
        ],
        &["service_arn", "task_role_arn"],
    ),
    (
        "worker",
        &[
            "app!",
            "cluster!",
            "command!",
            "image!",
            "process!",
            "config",
            "desired_count",
            "exec",
            "monitors",
            "notify",
            "scale",
            "secrets",
            "size",
            "stop_timeout",
        ],
        &["service_arn", "task_role_arn"],
    ),
    (
        "scheduled-job",
        &[
            "app!",
            "cluster!",
            "command!",
            "image!",
            "process!",
            "schedule!",
            "config",
            "monitors",
            "notify",
            "retries",
            "secrets",
            "size",
            "time_zone",
        ],
        &["task_role_arn"],
    ),
    (
        "db",
        &[
            "name!",
            "network!",
            "backup_retention",
            "clients",
            "deletion_protection",
            "engine_version",
            "final_snapshot",
            "instance_class",
            "monitors",
            "multi_az",
            "notify",
            "storage",
        ],
        &["config", "db", "secrets"],
    ),
    (
        "router",
        &[
            "name!",
            "network!",
            "certificate_arn",
            "domains",
            "public",
            "zone_id",
        ],
        &["router"],
    ),
    (
        "monitors",
        &[
            "dimensions!",
            "kind!",
            "name!",
            "allocated_storage_gib",
            "container_insights",
            "defaults",
            "expected_window",
            "max_connections",
            "may_run_none",
            "memory_bytes",
            "monitors",
            "notify",
            "replica",
            "slo",
            "tags",
        ],
        &["monitors", "omitted"],
    ),
];

fn variables(names: &[&str]) -> String {
    let mut text = String::new();
    for name in names {
        let (name, default) = match name.strip_suffix('!') {
            Some(name) => (name, ""),
            None => (*name, "  default     = null\n"),
        };
        let _ = writeln!(
            text,
            "variable \"{name}\" {{\n  description = \"From the contract.\"\n  type        = any\n{default}}}\n"
        );
    }
    text.trim_end().to_owned() + "\n"
}

fn outputs(names: &[&str]) -> String {
    let value = |name: &str| match name {
        "config" => "{ DB_HOST = \"db\" }",
        "secrets" => "{ DATABASE_URL = \"arn\" }",
        "router" => "{ name = \"public\", dns_name = \"public.example\" }",
        "monitors" | "omitted" => "{}",
        _ => "\"x\"",
    };
    let one = |name: &&str| {
        let value = value(name);
        format!(
            "output \"{name}\" {{\n  description = \"From the contract.\"\n  value       = {value}\n}}\n"
        )
    };
    names.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// A module that takes everything and keeps it.
fn main(names: &[&str]) -> String {
    let mut text = "resource \"terraform_data\" \"main\" {\n  input = {\n".to_owned();
    for name in names {
        let name = name.trim_end_matches('!');
        let _ = writeln!(text, "    {name} = var.{name}");
    }
    stackwright_gen::hcl_align::align(&(text + "  }\n}\n"))
}

fn files(takes: &[&str], gives: &[&str]) -> [(&'static str, String); 5] {
    let versions = "terraform {\n  required_version = \">= 1.11\"\n}\n";
    [
        ("main.tf", main(takes)),
        ("variables.tf", variables(takes)),
        ("outputs.tf", outputs(gives)),
        ("versions.tf", versions.to_owned()),
        ("README.md", "From the contract.\n".to_owned()),
    ]
}

/// A file of the stand-in of a module.
pub(crate) fn stand_in(module: &str, file: &str) -> Option<String> {
    let (_, takes, gives) = CONTRACTS.into_iter().find(|(name, ..)| *name == module)?;
    let files = files(takes, gives);
    let found = files.into_iter().find(|(name, _)| *name == file);
    found.map(|(_, text)| text)
}

/// The modules of this version, and stand-ins for those that are not there or lack something of their contract.
pub(crate) fn modules() -> Modules {
    let built_in = Modules::built_in();
    let mut modules = built_in.clone();
    for (module, takes, gives) in CONTRACTS {
        let whole = takes
            .iter()
            .all(|name| built_in.takes(module, name.trim_end_matches('!')));
        if whole && gives.iter().all(|name| built_in.gives(module, name)) {
            continue;
        }
        for (file, text) in files(takes, gives) {
            modules = modules.with(&format!("{module}/{file}"), &text);
        }
    }
    modules
}

/// The example with everything, with modules for all of it.
fn acme() -> stackwright_gen::Outcome {
    let (spec, procfiles) = crate::golden::input(&crate::input::repository().join("examples/acme"));
    stackwright_gen::generate_with(&spec, &procfiles, &modules())
}

#[test]
fn the_example_with_everything_is_whole() {
    let outcome = acme();
    let codes: Vec<&str> = outcome
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.problem.code())
        .collect();
    assert_eq!(codes, ["release-does-not-run"]);
    let tree = outcome.tree.unwrap();
    crate::wiring::check(tree.files());
    crate::wiring::check_values(tree.files());
    let shop = &tree.files()["apps/shop/main.tf"];
    let billing = &tree.files()["apps/billing/main.tf"];
    let stage = &tree.files()["stage/main.tf"];
    assert_eq!(*stage, tree.files()["prod/main.tf"]);
    for (text, wanted) in [
        (
            shop,
            "BILLING_URL = \"http://web.billing.${var.network.namespace}:8080\"",
        ),
        (shop, "source = \"../../modules/scheduled-job\""),
        (shop, "schedule  = \"cron(0 3 * * ? *)\""),
        (
            shop,
            "resource \"stackwright_monitor\" \"internal-errors\" {",
        ),
        (shop, "    threshold = 50\n    notify    = \"@pagerduty\"\n"),
        (billing, "= var.clients\n"),
        (
            billing,
            "command       = \"bin/billing --listen 0.0.0.0:8080\"",
        ),
        (stage, "shop = module.app_shop.security_group_id"),
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    assert!(!billing.contains("routes") && !shop.contains("process_release"));
    let prod = &tree.files()["prod/terraform.tfvars"];
    assert!(
        prod.contains("\"shop.acme.example\"") && prod.contains("max = 8"),
        "{prod}"
    );
    assert!(tree.files()["stage/terraform.tfvars"].contains("\"shop.stage.acme.example\""));
}

/// Real Terraform finds no cycle and every type fits.
#[test]
fn terraform_applies_the_example_with_everything() {
    let folder = tempfile::tempdir().unwrap();
    let tree = acme().tree.unwrap();
    crate::whole::write(folder.path(), &tree);
    let as_it_is = tempfile::tempdir().unwrap();
    crate::terraform::write(as_it_is.path(), &tree);
    for part in ["apps", "stage", "prod", "ops"] {
        crate::terraform::assert_formatted(&as_it_is.path().join(part));
    }
    let found = crate::whole::apply(&folder.path().join("stage"));
    let app = &found["module.app_shop.terraform_data.main"];
    assert_eq!(
        app["config"]["BILLING_URL"],
        "http://web.billing.stage.acme.internal:8080"
    );
    let web = &found["module.app_shop.module.process_web.terraform_data.main"];
    assert_eq!(web["routes"]["main"]["host"], "shop.stage.acme.example");
    assert_eq!(web["config"]["DB_HOST"], "db");
    assert_eq!(web["health_check"]["path"], "/healthz");
    let prod = crate::whole::apply(&folder.path().join("prod"));
    let web = &prod["module.app_shop.module.process_web.terraform_data.main"];
    assert_eq!(
        (web["scale"]["max"].as_i64(), web["size"].as_str()),
        (Some(8), Some("2X"))
    );
}
