//! `plan -generate-config-out`: the configuration that Terraform writes for an import is accepted as it is, and says
//! what there is.

use std::fmt::Write as _;

use acceptance_tests::{Account, Workspace};
use anyhow::{Context as _, Result, ensure};

use crate::fixtures;

type Root = fn(&Account) -> Result<String>;

macro_rules! written {
    ($($name:ident: $root:expr;)*) => {
        $(#[test]
        fn $name() -> Result<()> {
            is_accepted($root)
        })*
    };
}

written! {
    network: |_| Ok(fixtures::network(""));
    closed_network: |_| Ok(fixtures::network("  az_count = 2\n  nat = \"none\""));
    cluster_app_and_service: |account| fixtures::slice(account, "  config = { A = \"1\" }", fixtures::WORKER);
    service_with_routes_and_router: fixtures::whole_web;
    job: |account| fixtures::scheduled(account, fixtures::REPORT);
    job_of_a_size: |account| fixtures::scheduled(account, &(fixtures::REPORT.to_owned() + "  size = \"2X\"\n"));
    router: |account| fixtures::router(account, &fixtures::domains(account)?);
    db: |account| fixtures::whole_db(account, "");
    role_of_a_preset: |_| Ok(fixtures::role("  preset = \"deploy\""));
    monitor: |_| Ok(fixtures::monitor(""));
    monitor_of_logs: |account| fixtures::log_monitor(account, "");
    monitor_of_events: |_| Ok(fixtures::event_monitor(""));
    monitor_of_a_burn_rate: |_| Ok(fixtures::burn_monitor(""));
    monitor_of_anomalies: |_| Ok(fixtures::anomaly_monitor(""));
}

fn is_accepted(resources: Root) -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &resources(&account)?)?;
    root.apply()?.ok()?;
    let mut imports = String::new();
    for (address, id) in ids(&root)? {
        let _ = writeln!(imports, "import {{\n  to = {address}\n  id = {id:?}\n}}");
    }
    root.forget_state()?;
    root.resources(&imports)?;
    account.forget_calls()?;
    let output = root.plan_output(&["-generate-config-out=generated.tf"])?;
    let written = std::fs::read_to_string(root.path().join("generated.tf"));
    let written = written.with_context(|| output.all())?;
    ensure!(
        output.code.is_some_and(|code| code != 1),
        "{written}\n{}",
        output.all()
    );
    let planned = root.plan()?;
    planned
        .output
        .says(&["0 to add, 0 to change, 0 to destroy"])?;
    root.apply()?.ok()?;
    let last = root.plan()?;
    last.output.says(&["No changes."])?;
    last.empty()?;
    ensure!(
        account.writes()?.is_empty(),
        "an import wrote: {:?}",
        account.writes()?
    );
    Ok(())
}

/// The addresses in state and the ids of what is there.
fn ids(root: &Workspace) -> Result<Vec<(String, String)>> {
    let state = root.state()?;
    let resources = state["resources"].as_array().context("no resources")?;
    let of = |resource: &serde_json::Value| {
        let (kind, name) = (resource["type"].as_str()?, resource["name"].as_str()?);
        let id = resource["instances"][0]["attributes"]["id"].as_str()?;
        Some((format!("{kind}.{name}"), id.to_owned()))
    };
    resources.iter().map(|it| of(it).context("no id")).collect()
}
