//! Everything again in small pages: a reader that stops after the first page sees less than there is.

use acceptance_tests::{Account, Workspace, same};
use anyhow::Result;
use serde_json::json;

use crate::fixtures::{self, APP, CLUSTER, NETWORK, WORKER};

/// What is imported: address and id.
type Imports = Vec<(String, String)>;

/// Makes it, finds it all again without its state, and takes it away, in pages of two.
fn whole_life(resources: fn(&Account) -> Result<String>, imports: Imports) -> Result<()> {
    let account = Account::fresh()?;
    account.setting("page_size", &json!(2))?;
    let resources = resources(&account)?;
    let untouched = account.dump()?;
    let root = Workspace::new(&account, &resources)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let whole = account.dump()?;
    root.forget_state()?;
    for (address, id) in imports {
        root.import(&address, &id)?.ok()?;
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

/// What every root here begins with.
fn ground() -> Imports {
    let pairs = [
        (NETWORK, "stage/main"),
        (CLUSTER, "stage/main"),
        (APP, "stage/shop"),
    ];
    pairs
        .map(|(address, id)| (address.to_owned(), id.to_owned()))
        .into()
}

fn ground_resources(network: &str) -> String {
    let app = fixtures::app("stackwright_network.main.ref", "");
    [fixtures::network(network), fixtures::cluster(""), app].concat()
}

/// Several of a kind: each copy has its number at the end of its label and name.
fn copies(of: &str, label: &str, count: usize) -> String {
    let quoted = format!("\"{label}\"");
    (0..count)
        .map(|at| of.replace(&quoted, &format!("\"{label}{at}\"")))
        .collect()
}

#[test]
fn a_whole_life_in_pages_of_two() -> Result<()> {
    let services = (0..5).map(|at| {
        let address = format!("stackwright_service.worker{at}");
        (address, format!("stage/shop/worker{at}"))
    });
    whole_life(
        |_| {
            let ground = ground_resources("  az_count = 3\n  nat = \"per_az\"");
            Ok(ground + &copies(&fixtures::service(WORKER), "worker", 5))
        },
        ground().into_iter().chain(services).collect(),
    )
}

#[test]
fn a_closed_network_and_its_jobs_in_pages_of_two() -> Result<()> {
    let jobs = (0..3).map(|at| {
        let address = format!("stackwright_job.report{at}");
        (address, format!("stage/shop/report{at}"))
    });
    whole_life(
        |_| {
            let ground = ground_resources("  az_count = 3\n  nat = \"none\"");
            Ok(ground + &copies(&fixtures::job(fixtures::REPORT), "report", 3))
        },
        ground().into_iter().chain(jobs).collect(),
    )
}

#[test]
fn routers_in_pages_of_two() -> Result<()> {
    let routers = [
        ("stackwright_router.public", "stage/public"),
        ("stackwright_router.inside", "stage/inside"),
    ];
    let routers = routers.map(|(address, id)| (address.to_owned(), id.to_owned()));
    let network = (NETWORK.to_owned(), "stage/main".to_owned());
    whole_life(
        |account| {
            let default = account.default_network()?;
            let of = |more: &str| -> Result<String> {
                let router = fixtures::router(account, more)?;
                Ok(router.replace(&default, "stackwright_network.main.ref"))
            };
            let domains = fixtures::domains(account)?.replace(
                "\"*.example.com\"",
                "\"*.example.com\", \"a.example.com\", \"b.example.com\"",
            );
            let public = of(&(domains + "  ipv6 = true\n"))?;
            let inside = of("  public = false\n  deletion_protection = false\n")?;
            let inside = inside.replace("\"public\"", "\"inside\"");
            Ok([fixtures::network(""), public, inside].concat())
        },
        [network].into_iter().chain(routers).collect(),
    )
}

#[test]
fn monitors_in_pages_of_two() -> Result<()> {
    let names = [
        "metric", "log", "anomaly", "event", "other", "third", "burn",
    ];
    let monitors = names.map(|name| {
        let address = format!("stackwright_monitor.{name}");
        (address, format!("stage/Errors by {name}"))
    });
    whole_life(
        |account| {
            let of = |monitor: String, name: &str| {
                let monitor = monitor.replace("\"errors\"", &format!("\"{name}\""));
                monitor.replace("App Internal Errors", &format!("Errors by {name}"))
            };
            Ok([
                of(fixtures::monitor(""), "metric"),
                of(fixtures::log_monitor(account, "")?, "log"),
                of(fixtures::anomaly_monitor(""), "anomaly"),
                of(fixtures::event_monitor(""), "event"),
                of(fixtures::event_monitor(""), "other"),
                of(fixtures::event_monitor(""), "third"),
                of(fixtures::burn_monitor(""), "burn"),
            ]
            .concat())
        },
        monitors.into(),
    )
}
