//! What is said about trees that take the place of others.

use std::collections::BTreeMap;
use std::path::Path;

use stackwright_gen::Tree;
use stackwright_gen::consequences::{Consequences, of};
use stackwright_gen::regenerate::Existing;

use crate::input::{MINIMAL, run};

const PROCFILE: &str = "web: puma\nworker: sidekiq\nclock: tick\n";

fn tree(spec: &str, procfile: &str) -> Tree {
    let outcome = run(spec, &[("Procfile", procfile)]);
    outcome
        .tree
        .unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics))
}

fn on_disk(tree: &Tree) -> BTreeMap<String, Existing> {
    let file = |(path, text): (&String, &String)| (path.clone(), Existing::Text(text.clone()));
    tree.files().iter().map(file).collect()
}

/// What follows when the one tree takes the place of the other.
fn between(before: &Tree, after: &Tree) -> Consequences {
    of(after, &on_disk(before))
}

/// Every message with its help, and the commands to run.
fn said(consequences: &Consequences) -> String {
    let losses = consequences.losses.iter();
    let losses = losses.map(|loss| format!("[{}] {loss}\n    {}\n", loss.code(), loss.help()));
    let init = consequences.init.iter();
    let init = init.map(|init| format!("{} ({})\n", init.command(Path::new("infra")), init.why));
    losses.chain(init).collect()
}

#[test]
fn a_first_tree_and_the_same_tree_have_none() {
    let tree = tree(MINIMAL, PROCFILE);
    for there in [BTreeMap::new(), on_disk(&tree)] {
        assert_eq!(of(&tree, &there), Consequences::default());
    }
}

#[test]
fn other_values_have_none() {
    let with = |more: &str| tree(&format!("{MINIMAL}{more}"), PROCFILE);
    let before = with("worker = { count = 2 }\nconfig = { source = \"x\", command = \"y\" }\n");
    let after = with("worker = { count = 3 }\n[environments.prod.network]\nnat = \"per_az\"\n");
    assert_eq!(between(&before, &after), Consequences::default());
}

#[test]
fn renamed_processes() {
    let renamed = PROCFILE
        .replace("worker:", "jobs:")
        .replace("web:", "site:");
    let spec = format!("{MINIMAL}site = {{ routes = {{ main = {{}} }} }}\n");
    let found = between(&tree(MINIMAL, PROCFILE), &tree(&spec, &renamed));
    insta::assert_snapshot!(said(&found));
}

#[test]
fn a_process_that_is_gone_or_becomes_something_else() {
    let spec = format!("{MINIMAL}clock = {{ cron = \"0 3 * * ? *\" }}\n");
    let gone = PROCFILE.replace("worker: sidekiq\n", "");
    let found = between(&tree(MINIMAL, PROCFILE), &tree(&spec, &gone));
    insta::assert_snapshot!(said(&found));
}

#[test]
fn renamed_and_removed_apps_and_databases() {
    let with = |apps: &str| {
        let (base, _) = MINIMAL.split_once("[apps.shop]").unwrap();
        let spec = format!("{base}domain = \"acme.example\"\n{apps}");
        let (head, apps) = spec.split_once("domain").unwrap();
        let (domain, apps) = apps.split_once('\n').unwrap();
        let zones =
            ["stage", "prod"].map(|it| format!("[environments.{it}]\nzone_id = \"Z0123\"\n"));
        tree(
            &format!("domain{domain}\n{head}{apps}{}", zones.concat()),
            PROCFILE,
        )
    };
    let app = |name: &str, more: &str| format!("[apps.{name}]\nimage = \"repo/x:1\"\n{more}");
    let before = with(
        &[
            app("billing", ""),
            app("mail", "db = true\n"),
            app("shop", "db = true\n"),
        ]
        .concat(),
    );
    let after = with(&[app("mail", ""), app("store", "db = true\n")].concat());
    insta::assert_snapshot!(said(&between(&before, &after)));
}

#[test]
fn another_project_region_account_and_state() {
    let moved = MINIMAL
        .replace("acme", "acme2")
        .replace("us-west-2", "us-east-1")
        .replace("333333333333", "444444444444");
    let moved = format!("{moved}[state]\nbucket = \"acme-state\"\n");
    let found = between(&tree(MINIMAL, PROCFILE), &tree(&moved, PROCFILE));
    insta::assert_snapshot!(said(&found));
}

#[test]
fn another_version_needs_an_upgrade() {
    let after = tree(MINIMAL, PROCFILE);
    let mut before = on_disk(&after);
    let old = after.files()["prod/versions.tf"].replace("~> 0.1", "~> 0.0");
    before.insert("prod/versions.tf".to_owned(), Existing::Text(old));
    assert_eq!(
        said(&of(&after, &before)),
        "terraform -chdir=infra/prod init -upgrade (another version of the provider)\n"
    );
}

#[test]
fn a_module_that_uses_another_one_concerns_every_environment() {
    let after = tree(MINIMAL, PROCFILE);
    let mut before = on_disk(&after);
    let main = &after.files()["modules/worker/main.tf"];
    let old = main.replace("module \"monitors\" {", "module \"alarms\" {");
    assert_ne!(*main, old);
    before.insert("modules/worker/main.tf".to_owned(), Existing::Text(old));
    let said = said(&of(&after, &before));
    assert!(
        said.contains("infra/stage init (new modules: monitors)") && !said.contains("ops"),
        "{said}"
    );
}
