//! Everything again in small pages: a reader that stops after the first page sees less than there is.

use acceptance_tests::{Account, Workspace, same};
use anyhow::Result;
use serde_json::json;

use crate::fixtures::{self, WORKER};

#[test]
fn a_whole_life_in_pages_of_two() -> Result<()> {
    let account = Account::fresh()?;
    account.setting("page_size", &json!(2))?;
    let network = fixtures::network("  az_count = 3\n  nat = \"per_az\"");
    let app = fixtures::app("stackwright_network.main.ref", "");
    let services: String = (0..5)
        .map(|at| fixtures::service(WORKER).replace("\"worker\"", &format!("\"worker{at}\"")))
        .collect();
    let untouched = account.dump()?;
    let root = Workspace::new(
        &account,
        &[network, fixtures::cluster(""), app, services].concat(),
    )?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let whole = account.dump()?;
    root.forget_state()?;
    root.import(fixtures::NETWORK, "stage/main")?.ok()?;
    root.import(fixtures::CLUSTER, "stage/main")?.ok()?;
    root.import(fixtures::APP, "stage/shop")?.ok()?;
    for at in 0..5 {
        let address = format!("stackwright_service.worker{at}");
        root.import(&address, &format!("stage/shop/worker{at}"))?
            .ok()?;
    }
    root.plan()?.empty()?;
    same("the account after importing", &whole, &account.dump()?)?;
    root.destroy()?.ok()?;
    same(
        "the account after the destroy",
        &untouched,
        &account.dump()?,
    )
}
