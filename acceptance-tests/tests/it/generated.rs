//! Trees that the generator writes, and our own modules.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use acceptance_tests::{Account, Generated};
use anyhow::{Result, ensure};

const ACCOUNTS: [&str; 3] = ["111111111111", "222222222222", "333333333333"];

/// More spec: state in S3.
const STATE: &str = "\n[state]\nbucket = \"acme-terraform-state\"\n";

#[test]
fn terraform_fmt_finds_nothing_to_change() -> Result<()> {
    for example in examples()? {
        let generated = Generated::of(&example, ACCOUNTS)?;
        let fmt = ["fmt", "-check", "-recursive", "-diff"];
        generated.terraform(&generated.tree(), &fmt)?.ok()?;
    }
    Ok(())
}

/// The examples; none at all would make every test here an empty one.
fn examples() -> Result<Vec<String>> {
    let examples = Generated::examples()?;
    ensure!(!examples.is_empty(), "there are no examples");
    Ok(examples)
}

#[test]
fn every_root_and_module_validates() -> Result<()> {
    for example in examples()? {
        let generated = Generated::of(&example, ACCOUNTS)?;
        let folders = terraform_folders(&generated.tree())?;
        ensure!(
            folders.len() >= 7,
            "expected roots, app and modules, found {folders:?}"
        );
        for folder in folders {
            generated
                .terraform(
                    &folder,
                    &["init", "-backend=false", "-input=false", "-no-color"],
                )?
                .ok()?;
            generated
                .terraform(&folder, &["validate", "-no-color"])?
                .ok()?;
        }
    }
    Ok(())
}

fn terraform_folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut has_terraform = false;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(terraform_folders(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "tf") {
            has_terraform = true;
        }
    }
    if has_terraform {
        found.push(folder.to_owned());
    }
    Ok(found)
}

#[test]
fn the_same_input_gives_the_same_bytes() -> Result<()> {
    for example in examples()? {
        let (first, second) = (
            Generated::of(&example, ACCOUNTS)?,
            Generated::of(&example, ACCOUNTS)?,
        );
        let files = first.files("")?;
        ensure!(!files.is_empty(), "nothing was written");
        ensure!(
            files == second.files("")?,
            "{example}: two runs wrote different bytes"
        );
        first.generate(&["--check"])?.ok()?;
    }
    Ok(())
}

#[test]
fn check_tells_a_tree_that_is_out_of_date() -> Result<()> {
    let generated = Generated::of("acme-worker", ACCOUNTS)?;
    let procfile = generated.input().join("Procfile");
    fs::write(
        &procfile,
        fs::read_to_string(&procfile)? + "mailer: bin/mailer\n",
    )?;
    let files = generated.files("")?;
    let output = generated.generate(&["--check"])?;
    ensure!(
        output.code == Some(3),
        "--check of an old tree ended with {:?}\n{}",
        output.code,
        output.all()
    );
    ensure!(files == generated.files("")?, "--check wrote");
    Ok(())
}

#[test]
fn stage_and_prod_differ_in_values_and_state_alone() -> Result<()> {
    for (more, differing) in [
        ("", vec!["terraform.tfvars"]),
        (STATE, vec!["backend.tf", "terraform.tfvars"]),
    ] {
        let generated = Generated::with_spec("acme-worker", ACCOUNTS, more)?;
        let (stage, prod) = (generated.files("stage")?, generated.files("prod")?);
        let names: BTreeSet<_> = stage.keys().chain(prod.keys()).collect();
        let differ: Vec<_> = names
            .into_iter()
            .filter(|name| stage.get(*name) != prod.get(*name))
            .collect();
        ensure!(
            differ == differing,
            "stage and prod differ in {differ:?}, expected {differing:?}"
        );
    }
    Ok(())
}

#[test]
fn a_mistake_is_told_with_its_place_and_nothing_is_written() -> Result<()> {
    let generated = Generated::of("acme-worker", ACCOUNTS)?;
    let files = generated.files("")?;
    let spec = generated.input().join("stackwright.toml");
    let text = fs::read_to_string(&spec)?;
    fs::write(
        &spec,
        text.replace("project =", "projet =")
            .replace("count = 2", "count = -2"),
    )?;
    let output = generated.generate(&[])?.failed()?;
    output.says(&["stackwright.toml:1:1", "projet", "project", "-2", "^"])?;
    ensure!(files == generated.files("")?, "something was written");
    Ok(())
}

/// One command and at most ten lines of spec lie between a Procfile and a plan.
#[test]
fn from_a_procfile_to_a_planned_tree_with_one_command() -> Result<()> {
    let accounts = [Account::fresh()?, Account::fresh()?, Account::fresh()?];
    let ids = [&accounts[0].id, &accounts[1].id, &accounts[2].id].map(String::as_str);
    let started = Instant::now();
    let generated =
        Generated::started("web: bundle exec puma\nworker: bundle exec sidekiq\n", ids)?;
    let ops = generated.root("ops", &accounts[0])?;
    ops.init()?.ok()?;
    ops.plan()?;
    ops.apply_saved()?.ok()?;
    let stage = generated.root("stage", &accounts[0])?;
    stage.init()?.ok()?;
    let plan = stage.plan()?;
    let took = started.elapsed();
    plan.output.says(&[
        "module.app_shop.module.process_web.stackwright_service.main",
        "module.app_shop.module.process_worker.stackwright_service.main",
        "module.environment.module.public_router[0].stackwright_router.main",
        "stackwright_monitor.main[\"latency\"]",
    ])?;
    ensure!(took.as_secs() < 60, "it took {took:?}");
    let spec = fs::read_to_string(generated.input().join("stackwright.toml"))?;
    ensure!(spec.lines().count() <= 10, "{spec}");
    ops.destroy()?.ok()?;
    Ok(())
}

/// Apps that reach another one inside the network.
fn town(apps: &[&str], ids: [&str; 3]) -> String {
    let [ops, stage, prod] = ids;
    let accounts = format!("{{ ops = \"{ops}\", stage = \"{stage}\", prod = \"{prod}\" }}");
    let head = format!(
        "project = \"acme\"\nregion = \"us-west-2\"\naccounts = {accounts}\n\n[environments.stage]\n[environments.prod]\n"
    );
    let app = |text: String, app: &&str| {
        let more = match *app {
            "billing" => "internal = true\n",
            "shop" => "procfile = \"shop.Procfile\"\nuses = [\"billing\"]\n",
            _ => "",
        };
        format!("{text}\n[apps.{app}]\nimage = \"example/{app}:v1\"\n{more}")
    };
    apps.iter().fold(head, app)
}

/// Its security group is in a rule of the app that it uses.
#[test]
fn an_app_that_uses_another_is_removed_and_comes_back() -> Result<()> {
    let accounts = [Account::fresh()?, Account::fresh()?, Account::fresh()?];
    let ids = [&accounts[0].id, &accounts[1].id, &accounts[2].id].map(String::as_str);
    let generated = Generated::empty()?;
    fs::write(generated.input().join("Procfile"), "web: puma\n")?;
    let worker = generated.input().join("shop.Procfile");
    fs::write(worker, "worker: sidekiq\n")?;
    let apply = |root: &str, apps: &[&str]| -> Result<_> {
        fs::write(generated.input().join("stackwright.toml"), town(apps, ids))?;
        generated.generate(&[])?.ok()?;
        let root = generated.root(root, &accounts[0])?;
        root.init()?.ok()?;
        root.apply()?.ok()?;
        root.plan()?.empty()?;
        Ok(root)
    };
    let all = ["billing", "front", "shop"];
    apply("ops", &all)?;
    apply("stage", &all)?;
    apply("stage", &all[..2])?;
    apply("stage", &all).map(drop)
}
