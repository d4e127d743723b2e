//! A create that fails at each component in turn: what exists is in state, the message says so, and both ways
//! out converge.

use acceptance_tests::{Account, Action, Call, Fault, Workspace, differences, writes_of};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;

use crate::fixtures::{self, APP, CLUSTER, NETWORK, ROLE, ROUTER, SERVICE};
use crate::sampling;

type Root = fn(&Account) -> Result<String>;

#[test]
fn of_a_network() -> Result<()> {
    every_write_refused("of_a_network", |_| Ok(fixtures::network("")), &[NETWORK])
}

#[test]
fn of_a_closed_network() -> Result<()> {
    every_write_refused(
        "of_a_closed_network",
        |_| Ok(fixtures::network("  nat = \"none\"")),
        &[NETWORK],
    )
}

#[test]
fn of_cluster_app_and_service() -> Result<()> {
    every_write_refused(
        "of_cluster_app_and_service",
        |account| fixtures::slice(account, "", fixtures::WORKER),
        &[CLUSTER, APP, SERVICE],
    )
}

#[test]
fn of_a_job() -> Result<()> {
    every_write_refused(
        "of_a_job",
        |account| fixtures::scheduled(account, fixtures::REPORT),
        &[CLUSTER, APP, fixtures::JOB],
    )
}

#[test]
fn of_a_service_with_routes() -> Result<()> {
    every_write_refused(
        "of_a_service_with_routes",
        |account| fixtures::web_slice(account, fixtures::SCALED),
        &[CLUSTER, APP, SERVICE],
    )
}

#[test]
fn of_a_role() -> Result<()> {
    every_write_refused(
        "of_a_role",
        |_| Ok(fixtures::role("  preset = \"deploy\"")),
        &[ROLE],
    )
}

#[test]
fn of_a_monitor() -> Result<()> {
    every_write_refused(
        "of_a_monitor",
        |_| Ok(fixtures::monitor("")),
        &[fixtures::MONITOR],
    )
}

#[test]
fn of_a_monitor_of_logs() -> Result<()> {
    every_write_refused(
        "of_a_monitor_of_logs",
        |account| fixtures::log_monitor(account, ""),
        &[fixtures::MONITOR],
    )
}

#[test]
fn of_a_monitor_of_events() -> Result<()> {
    every_write_refused(
        "of_a_monitor_of_events",
        |_| Ok(fixtures::event_monitor("")),
        &[fixtures::MONITOR],
    )
}

#[test]
fn of_a_monitor_of_a_burn_rate() -> Result<()> {
    every_write_refused(
        "of_a_monitor_of_a_burn_rate",
        |_| Ok(fixtures::burn_monitor("")),
        &[fixtures::MONITOR],
    )
}

#[test]
fn of_a_monitor_of_anomalies() -> Result<()> {
    every_write_refused(
        "of_a_monitor_of_anomalies",
        |_| Ok(fixtures::anomaly_monitor("")),
        &[fixtures::MONITOR],
    )
}

#[test]
fn of_a_router() -> Result<()> {
    let router = |account: &Account| fixtures::router(account, &fixtures::domains(account)?);
    every_write_refused("of_a_router", router, &[ROUTER])
}

#[test]
fn of_a_db() -> Result<()> {
    every_write_refused(
        "of_a_db",
        |account| fixtures::whole_db(account, ""),
        &[fixtures::DB],
    )
}

/// Refuses each write of a create in turn, once for either way out.
fn every_write_refused(test: &str, root: Root, addresses: &[&str]) -> Result<()> {
    let (undisturbed, writes) = undisturbed(root)?;
    let cases = (0..writes.len()).flat_map(|at| [true, false].map(|keep| (at, keep)));
    let cases = sampling::some_of(test, cases.collect(), |_| "again".to_owned());
    let mut failures = Vec::new();
    for (at, keep) in &cases {
        let call = &writes[*at];
        let told = || format!("{} {} refused, keep = {keep}", call.service, call.action);
        let same = |other: &&Call| other.action == call.action;
        let nth = writes[..*at].iter().filter(same).count();
        let result =
            one_refused(root, addresses, call, nth, *keep, &undisturbed).with_context(told);
        failures.extend(result.err().map(|error| format!("{error:#}")));
    }
    ensure!(
        failures.is_empty(),
        "{} of {} failures\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n\n")
    );
    Ok(())
}

fn undisturbed(root: Root) -> Result<(Json, Vec<Call>)> {
    let account = Account::fresh()?;
    let workspace = Workspace::new(&account, &root(&account)?)?;
    let writes = writes_of(&workspace)?;
    Ok((fixtures::comparable(&account)?, writes))
}

fn one_refused(
    resources: Root,
    addresses: &[&str],
    call: &Call,
    nth: usize,
    keep: bool,
    undisturbed: &Json,
) -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &resources(&account)?)?;
    let untouched = account.dump()?;
    let refusal = Fault::on(&call.service, &call.action)
        .times(1)
        .after_calls(nth);
    account.fault(refusal.answer(400, "InvalidParameterException", "refused by the test"))?;
    let output = root.apply()?.failed()?;
    output.says(&["refused by the test"])?;
    let tainted = tainted(&root, addresses)?;
    if tainted.is_some() {
        output.says(&["terraform untaint", "exist"])?;
    } else {
        // Nothing of the failed resource exists, so there is nothing to keep.
        nothing_left(&root, addresses, &untouched)?;
    }
    leave(&root, tainted, keep)?;
    let found = differences(undisturbed, &fixtures::comparable(&account)?);
    ensure!(
        found.is_empty(),
        "the account differs from an undisturbed run:\n{}",
        found.join("\n")
    );
    root.plan()?.empty()
}

/// The resource that Terraform would replace.
fn tainted<'a>(root: &Workspace, addresses: &[&'a str]) -> Result<Option<&'a str>> {
    for address in addresses {
        if root
            .find_instance(address)?
            .is_some_and(|instance| instance["status"] == "tainted")
        {
            return Ok(Some(address));
        }
    }
    Ok(None)
}

/// When no resource at all is in state, the account must be as before.
fn nothing_left(root: &Workspace, addresses: &[&str], untouched: &Json) -> Result<()> {
    for address in addresses {
        if root.find_instance(address)?.is_some() {
            return Ok(());
        }
    }
    let found = differences(untouched, &root.account().dump()?);
    ensure!(
        found.is_empty(),
        "state is empty, but the account is not:\n{}",
        found.join("\n")
    );
    Ok(())
}

fn leave(root: &Workspace, tainted: Option<&str>, keep: bool) -> Result<()> {
    if let Some(address) = tainted {
        let wanted = if keep {
            Action::Update
        } else {
            Action::Replace
        };
        if keep {
            root.untaint(address)?.ok()?;
        }
        root.plan()?.expect(address, wanted)?;
    }
    root.apply()?.ok().context("the next apply").map(drop)
}
