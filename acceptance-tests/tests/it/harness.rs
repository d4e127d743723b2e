//! The harness against the emulator alone: a test tool that lies would make every other test worthless.

use acceptance_tests::{Account, Emulator, Fault, differences};
use anyhow::Result;
use serde_json::json;

#[test]
fn accounts_are_apart() -> Result<()> {
    let (ours, theirs) = (Account::fresh()?, Account::fresh()?);
    let before = theirs.dump()?;
    ours.outside("ecs", "CreateCluster", &json!({ "clusterName": "mine" }))?;
    assert_eq!(differences(&before, &theirs.dump()?), Vec::<String>::new());
    assert_ne!(ours.dump()?, before, "a new cluster must show in the dump");
    Ok(())
}

#[test]
fn the_dump_is_the_same_after_making_and_removing() -> Result<()> {
    let account = Account::fresh()?;
    let before = account.dump()?;
    let group = json!({ "logGroupName": "/a" });
    account.outside("logs", "CreateLogGroup", &group)?;
    assert_ne!(account.dump()?, before);
    account.outside("logs", "DeleteLogGroup", &group)?;
    assert_eq!(differences(&before, &account.dump()?), Vec::<String>::new());
    Ok(())
}

#[test]
fn outside_clients_meet_no_faults() -> Result<()> {
    let account = Account::fresh()?;
    account.fault(Fault::on(".*", ".*").answer(400, "ThrottlingException", "slow down"))?;
    account.outside("ecs", "ListClusters", &json!({}))?;
    assert_eq!(
        account.calls()?.len(),
        0,
        "outside calls are not the provider's"
    );
    account.no_faults()
}

#[test]
fn the_emulator_ends_with_its_owner() -> Result<()> {
    let emulator = Emulator::start()?;
    let pid = emulator.pid();
    assert!(!acceptance_tests::has_ended(pid));
    drop(emulator);
    assert!(acceptance_tests::has_ended(pid));
    Ok(())
}
