//! SIGTERM and SIGHUP to the process group of Terraform in the middle of a create: what `timeout`, systemd and
//! runners of CI send when a run takes too long or its terminal goes away.

use std::fs;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use acceptance_tests::{
    Account, Output, Phase, Signal, Workspace, apply_signalled, differences, writes_of,
};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;

use crate::{fixtures, sampling};

type Root = fn(&Account) -> Result<String>;

macro_rules! signals {
    ($($name:ident: $root:expr;)*) => {
        $(#[test]
        fn $name() -> Result<()> {
            every_end(stringify!($name), $root)
        })*
    };
}

signals! {
    network: |_| Ok(fixtures::network(""));
    cluster: |_| Ok(fixtures::cluster("  spot_percent = 50"));
    app: |account| Ok(fixtures::app(&account.default_network()?, ""));
    service: |account| fixtures::slice(account, "", fixtures::WORKER);
    service_with_routes: |account| fixtures::web_slice(account, fixtures::SCALED);
    job: |account| fixtures::scheduled(account, fixtures::REPORT);
    role: |_| Ok(fixtures::role("  preset = \"deploy\""));
    monitor: |_| Ok(fixtures::monitor(""));
    monitor_of_events: |_| Ok(fixtures::event_monitor(""));
    router: |account| fixtures::router(account, &fixtures::domains(account)?);
    db: |account| fixtures::whole_db(account, "");
}

/// How a run is ended, and where it leads from there.
#[derive(Debug, Clone, Copy)]
struct End {
    write: usize,
    phase: Phase,
    signal: Signal,
    destroy: bool,
}

fn way(end: &End) -> String {
    if end.destroy { "destroy" } else { "again" }.to_owned()
}

/// Ends of a create at each of its writes; `make test` takes some of them.
fn every_end(test: &str, root: Root) -> Result<()> {
    let account = Account::fresh()?;
    let resources = root(&account)?;
    let workspace = Workspace::new(&account, &resources)?;
    let writes = writes_of(&workspace)?.len();
    let goal = fixtures::comparable(&account)?;
    let mut ends = Vec::new();
    for write in 1..=writes {
        for phase in Phase::ALL {
            for signal in [Signal::SIGTERM, Signal::SIGHUP] {
                ends.extend([true, false].map(|destroy| End {
                    write,
                    phase,
                    signal,
                    destroy,
                }));
            }
        }
    }
    let mut failures = Vec::new();
    for end in sampling::some_of(test, ends, way) {
        let result = ends_well(root, end, &goal).with_context(|| format!("{end:?} of {writes}"));
        failures.extend(result.err().map(|error| format!("{error:#}")));
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n\n"));
    Ok(())
}

fn ends_well(resources: Root, end: End, goal: &Json) -> Result<()> {
    let account = Account::fresh()?;
    let resources = resources(&account)?;
    let untouched = account.dump()?;
    let mut root = Workspace::new(&account, &resources)?;
    let scratch = tempfile::tempdir()?;
    root.set_env("TMPDIR", &scratch.path().display().to_string());
    let output = apply_signalled(&root, end.signal, end.phase, end.write)?;
    no_socket_in(scratch.path())?;
    says_how_it_ended(&output, end)?;
    // SIGHUP ends Terraform itself, before it can save what the provider answers: then the provider's own journal
    // knows what exists, and the next apply takes it over.
    if end.signal == Signal::SIGHUP || !end.destroy {
        root.apply()?.ok().context("the next apply")?;
        same(goal, &fixtures::comparable(&account)?)?;
        root.plan()?.empty()?;
    }
    if end.destroy {
        root.destroy()?.ok().context("the destroy")?;
        same(&untouched, &account.dump()?)?;
    }
    no_socket_in(scratch.path())
}

/// Terraform answers SIGTERM with an orderly end. It does not answer SIGHUP.
fn says_how_it_ended(output: &Output, end: End) -> Result<()> {
    if end.signal == Signal::SIGHUP {
        ensure!(output.code.is_none(), "{}", output.all());
        return Ok(());
    }
    output.clone().failed().map(drop)
}

fn same(wanted: &Json, found: &Json) -> Result<()> {
    let found = differences(wanted, found);
    ensure!(
        found.is_empty(),
        "the account differs:\n{}",
        found.join("\n")
    );
    Ok(())
}

fn no_socket_in(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        ensure!(!kind.is_socket(), "{} is left", entry.path().display());
        if kind.is_dir() {
            no_socket_in(&entry.path())?;
        }
    }
    Ok(())
}
