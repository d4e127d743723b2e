//! Properties of whole trees.

use std::collections::BTreeMap;

use crate::input::{MINIMAL, at, hcl, run, string, tree};

/// Two apps, several processes, everything that can differ between environments, state in S3.
pub(crate) const LARGE: &str = r#"project = "acme"
region = "us-gov-west-1"
domain = "acme.example"

[accounts]
ops = "111111111111"
stage = "222222222222"
prod = "333333333333"

[state]
bucket = "acme-terraform-state"
region = "us-gov-east-1"
prefix = "infra/acme"

[network]
cidr = "10.31.0.0/18"
az_count = 3

[router.monitors]
certificate = { warning = 30 }
router_errors = { enabled = false }

[apps.shop]
image = "repo/shop"

[apps.shop.config]
RAILS_ENV = "production"
for = "${not.code}"

[apps.shop.worker]
size = "2X"
count = 2

[apps.shop-admin]
image = "registry.example:5000/team/admin:1"
procfile = "admin/Procfile"

[environments.stage.apps.shop.config]
RAILS_ENV = "staging"

[environments.stage]
zone_id = "Z0123456789ABCDEFSTAG"

[environments.prod]
zone_id = "Z0123456789ABCDEFPROD"

[environments.prod.network]
cidr = "10.32.0.0/18"
nat = "per_az"
ipv6 = false
flow_log_retention = 0

[environments.prod.apps.shop.worker]
count = 4

[environments.prod.apps.shop.1x]
size = "300:1gb"

[environments.prod.apps.shop-admin.secrets]
TOKEN = "arn:aws-us-gov:secretsmanager:us-gov-west-1:333333333333:secret:admin/token-AbCdEf"
"#;

pub(crate) const LARGE_PROCFILES: [(&str, &str); 2] = [
    (
        "Procfile",
        "web: puma\nworker: bundle exec \"sidekiq\" ${QUEUE:-a}\n1x: a\n-x: b\nrelease: rake db:migrate\n",
    ),
    ("admin/Procfile", "clock_work: clock\n"),
];

fn large() -> BTreeMap<String, String> {
    let outcome = run(LARGE, &LARGE_PROCFILES);
    outcome
        .tree
        .unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics))
        .files()
        .clone()
}

#[test]
fn stage_and_prod_differ_in_two_files_only() {
    for files in [large(), tree(MINIMAL, "worker: x\n").files().clone()] {
        let root = |name: &str| -> BTreeMap<String, String> {
            let inside = files.iter().filter_map(|(path, text)| {
                Some((path.strip_prefix(name)?.to_owned(), text.clone()))
            });
            inside.collect()
        };
        let (stage, prod) = (root("stage/"), root("prod/"));
        assert_eq!(
            stage.keys().collect::<Vec<_>>(),
            prod.keys().collect::<Vec<_>>()
        );
        assert_eq!(stage.len(), 7);
        for (path, text) in &stage {
            let may_differ = ["terraform.tfvars", "backend.tf"].contains(&path.as_str());
            assert!(may_differ || prod[path] == *text, "{path}");
        }
        assert_ne!(stage["terraform.tfvars"], prod["terraform.tfvars"]);
    }
}

#[test]
fn same_input_same_bytes() {
    assert_eq!(large(), large());
    let turned: String = LARGE.replace("[apps.shop-admin]", "[zzz]");
    assert_ne!(turned, LARGE);
    let moved = format!(
        "{}\n[apps.shop]\nimage = \"repo/shop:v41\"\n",
        MINIMAL.split("[apps.shop]").next().unwrap()
    );
    assert_eq!(
        tree(MINIMAL, "worker: x\n"),
        tree(&moved, "\n# comment\nworker:    x  \n")
    );
}

#[test]
fn environments_override_what_the_app_says() {
    let files = large();
    let apps = |root: &str| {
        hcl(&files[&format!("{root}/terraform.tfvars")])
            .get_attribute("apps")
            .unwrap()
            .value
            .clone()
    };
    let text = |root: &str, path: &[&str]| at(&apps(root), path).as_str().unwrap().to_owned();
    let number = |root: &str, path: &[&str]| at(&apps(root), path).to_string().trim().to_owned();
    assert_eq!(text("stage", &["shop", "config", "RAILS_ENV"]), "staging");
    assert_eq!(text("prod", &["shop", "config", "RAILS_ENV"]), "production");
    assert_eq!(text("prod", &["shop", "config", "for"]), "${not.code}");
    assert_eq!(
        number("stage", &["shop", "processes", "worker", "desired_count"]),
        "2"
    );
    assert_eq!(
        number("prod", &["shop", "processes", "worker", "desired_count"]),
        "4"
    );
    assert_eq!(text("prod", &["shop", "processes", "worker", "size"]), "2X");
    assert_eq!(
        text("prod", &["shop", "processes", "1x", "size"]),
        "300:1gb"
    );
    assert_eq!(text("stage", &["shop", "processes", "1x", "size"]), "1X");
    assert!(text("prod", &["shop-admin", "secrets", "TOKEN"]).starts_with("arn:aws-us-gov:"));
    assert!(!files["stage/terraform.tfvars"].contains("TOKEN"));
    let network = |root: &str| {
        hcl(&files[&format!("{root}/terraform.tfvars")])
            .get_attribute("network")
            .unwrap()
            .value
            .clone()
    };
    assert_eq!(
        at(&network("stage"), &["cidr"]).as_str(),
        Some("10.31.0.0/18")
    );
    assert_eq!(
        at(&network("prod"), &["cidr"]).as_str(),
        Some("10.32.0.0/18")
    );
    assert_eq!(at(&network("prod"), &["nat"]).as_str(), Some("per_az"));
    let own = |root: &str| {
        let network = network(root);
        let keys = ["ipv6", "flow_log_retention"];
        keys.map(|key| at(&network, &[key]).to_string().trim().to_owned())
    };
    assert_eq!(own("stage"), ["true", "30"]);
    assert_eq!(own("prod"), ["false", "0"]);
}

#[test]
fn monitors_of_the_router_are_changed_in_both_environments() {
    let files = large();
    for root in ["stage", "prod"] {
        let values = hcl(&files[&format!("{root}/terraform.tfvars")]);
        let router = values.get_attribute("router").unwrap().value.clone();
        let monitor = |path: &[&str]| at(&router, path).to_string().trim().to_owned();
        assert_eq!(monitor(&["monitors", "certificate", "warning"]), "30");
        assert_eq!(monitor(&["monitors", "router_errors", "enabled"]), "false");
        let outputs = &files[&format!("{root}/outputs.tf")];
        assert!(
            outputs.contains("= module.environment.monitors\n"),
            "{outputs}"
        );
    }
}

#[test]
fn state_has_one_key_per_root() {
    let files = large();
    for root in ["ops", "stage", "prod"] {
        let body = hcl(&files[&format!("{root}/backend.tf")]);
        let terraform = body.get_blocks("terraform").next().unwrap();
        let backend = terraform.body.get_blocks("backend").next().unwrap();
        assert!(backend.has_labels(&["s3"]));
        assert_eq!(
            string(&backend.body, "key"),
            format!("infra/acme/{root}/terraform.tfstate")
        );
        assert_eq!(string(&backend.body, "region"), "us-gov-east-1");
        assert!(backend.body.has_attribute("use_lockfile"));
    }
    let local = tree(MINIMAL, "worker: x\n");
    assert!(local.files()["stage/backend.tf"].contains("backend \"local\""));
}

#[test]
fn a_release_is_left_out_and_said_to_be() {
    let outcome = run(LARGE, &LARGE_PROCFILES);
    let codes: Vec<&str> = outcome
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.problem.code())
        .collect();
    assert_eq!(
        codes,
        [
            "release-does-not-run",
            "image-without-version",
            "size-rounded"
        ]
    );
    let main = &outcome.tree.unwrap().files()["apps/shop/main.tf"].clone();
    assert!(main.contains("module \"process_web\"") && !main.contains("process_release"));
    assert!(main.contains("module \"process_-x\"") && main.contains("module \"process_1x\""));
}

#[test]
fn every_root_is_bound_to_its_account_and_owner() {
    let files = large();
    for root in ["ops", "stage", "prod"] {
        for provider in hcl(&files[&format!("{root}/providers.tf")]).get_blocks("provider") {
            assert!(provider.body.has_attribute("allowed_account_ids"), "{root}");
            assert!(provider.body.has_attribute("owner"), "{root}");
            let roles = provider.body.get_blocks("assume_role").count();
            let member = root != "ops" || provider.body.has_attribute("alias");
            assert_eq!(roles, usize::from(member), "{root}");
        }
    }
    assert!(
        files["stage/providers.tf"]
            .contains("\"arn:aws-us-gov:iam::${var.account_id}:role/${var.project}-deploy\"")
    );
}
