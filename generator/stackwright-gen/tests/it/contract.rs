//! The example with everything, and a stand-in for the module of monitors: variables and outputs alone.

use std::fmt::Write as _;

/// The variables of the module; required ones end with `!`.
const TAKES: &[&str] = &[
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
];
const GIVES: &[&str] = &["monitors", "omitted"];

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
    let one = |name: &&str| {
        format!(
            "output \"{name}\" {{\n  description = \"From the contract.\"\n  value       = {{}}\n}}\n"
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

/// A file of the stand-in.
pub(crate) fn stand_in(file: &str) -> Option<String> {
    let found = files(TAKES, GIVES)
        .into_iter()
        .find(|(name, _)| *name == file);
    found.map(|(_, text)| text)
}

/// The example with everything.
fn acme() -> stackwright_gen::Outcome {
    let (spec, procfiles) = crate::golden::input(&crate::input::repository().join("examples/acme"));
    stackwright_gen::generate(&spec, &procfiles)
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
