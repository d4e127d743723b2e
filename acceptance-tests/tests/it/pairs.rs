//! Each resource and what can refer to it: both are removed in one apply, one is renamed, one takes the place of
//! the other. No request is lost on the way, and nothing is left in the end.

use acceptance_tests::{Account, Workspace, differences};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;

use crate::fixtures::{self, DISPOSABLE, REPORT, WORKER};

/// The name of the app, and another one.
const SHOP: &str = "name    = \"shop\"";
const STORE: &str = "name    = \"store\"";

/// What a root has; a test changes one of these.
struct Town {
    network: String,
    cluster: String,
    router: String,
    app: String,
    /// Another app, which stays.
    front: String,
    db: String,
    service: String,
    front_service: String,
    job: String,
}

impl Town {
    /// In the account's default network, with a private domain.
    fn of(account: &Account) -> Result<Self> {
        Self::in_network(account, &fixtures::network_with_names(account)?)
    }

    fn in_network(account: &Account, network: &str) -> Result<Self> {
        let place = account.default_network()?;
        let router = fixtures::router(account, "  deletion_protection = false\n")?;
        let db = fixtures::db(account, DISPOSABLE)?;
        let app = fixtures::app(network, "");
        let front = app.replace("\"shop\"", "\"front\"");
        let web = fixtures::web("stackwright_router.public.ref");
        let front_service = fixtures::service(&web.replace("shop.example", "front.example"))
            .replace("\"worker\"", "\"front\"")
            .replace("app.shop", "app.front");
        Ok(Self {
            network: String::new(),
            cluster: fixtures::cluster(""),
            router: router.replace(&place, network),
            app,
            front,
            db: db.replace(&place, network),
            service: fixtures::service(&web),
            front_service,
            job: fixtures::job(REPORT),
        })
    }

    /// Without the app `shop` and its processes.
    fn without_shop(&self) -> String {
        let rest = [
            &self.cluster,
            &self.router,
            &self.front,
            &self.db,
            &self.front_service,
        ];
        rest.map(String::as_str).concat()
    }

    fn hcl(&self) -> String {
        [
            &self.network,
            &self.cluster,
            &self.router,
            &self.app,
            &self.front,
            &self.db,
            &self.service,
            &self.front_service,
            &self.job,
        ]
        .map(String::as_str)
        .concat()
    }

    /// Replaces a text everywhere.
    fn rewritten(&self, from: &str, to: &str) -> String {
        self.hcl().replace(from, to)
    }
}

/// One apply leads from one root to the other, without an outage; afterwards everything can be destroyed.
fn converges(account: &Account, before: &str, after: &str) -> Result<()> {
    let untouched = account.dump()?;
    let root = applied(account, before).context("the root before the change")?;
    moves(account, &root, after)?;
    destroyed(account, &root, &untouched)
}

/// The next root is reached by one apply without an outage.
fn moves(account: &Account, root: &Workspace, after: &str) -> Result<()> {
    account.forget_routes()?;
    root.resources(after)?;
    root.apply()?.ok().context("the change")?;
    root.plan()?.empty()?;
    let outages = account.outages()?;
    ensure!(
        outages.is_empty(),
        "requests were lost:\n{}",
        outages.join("\n")
    );
    Ok(())
}

/// A root, applied.
fn applied(account: &Account, hcl: &str) -> Result<Workspace> {
    let root = Workspace::new(account, hcl)?;
    root.apply()?.ok()?;
    Ok(root)
}

/// One apply leads from one root to the other. Tasks may stop on the way.
fn leads(account: &Account, before: &str, after: &str) -> Result<Workspace> {
    let root = applied(account, before)?;
    root.resources(after)?;
    root.apply()?.ok().context("the change")?;
    root.plan()?.empty()?;
    Ok(root)
}

/// The plan refuses to go there in one apply, names the two that work, and has changed nothing.
fn is_refused(account: &Account, root: &Workspace, after: &str) -> Result<()> {
    let whole = account.dump()?;
    root.resources(after)?;
    let refused = root.apply()?.failed()?;
    refused.says(&[
        "Is Still in Use",
        "Nothing was changed",
        "Do it in two applies",
    ])?;
    let changed = differences(&whole, &account.dump()?);
    ensure!(changed.is_empty(), "it wrote:\n{}", changed.join("\n"));
    Ok(())
}

/// A refused change is followed by the two applies that the refusal names.
fn takes_two_applies(account: &Account, before: &str, between: &str, after: &str) -> Result<()> {
    let untouched = account.dump()?;
    let root = applied(account, before)?;
    is_refused(account, &root, after)?;
    moves(account, &root, between).context("the first apply")?;
    moves(account, &root, after).context("the second apply")?;
    destroyed(account, &root, &untouched)
}

/// A refused change is taken back.
fn is_not_renamed(before: impl Fn(&Town) -> &String, from: &str, to: &str) -> Result<()> {
    let account = Account::fresh()?;
    let town = Town::of(&account)?;
    let (hcl, renamed) = (town.hcl(), before(&town).replace(from, to));
    ensure!(renamed != *before(&town), "{from} was not found");
    let root = applied(&account, &hcl)?;
    is_refused(&account, &root, &hcl.replace(before(&town), &renamed))?;
    root.resources(&hcl)?;
    root.plan()?.empty()
}

/// Nothing is left of a root.
fn destroyed(account: &Account, root: &Workspace, untouched: &Json) -> Result<()> {
    root.destroy()?.ok()?;
    let left = differences(untouched, &account.dump()?);
    ensure!(left.is_empty(), "something is left:\n{}", left.join("\n"));
    Ok(())
}

/// The same resource under another name, in Terraform and in AWS.
fn under_another_name(hcl: &str, name: &str) -> String {
    let old = hcl.split('"').nth(3).unwrap_or_default();
    hcl.replace(&format!("\"{old}\""), &format!("\"{name}\""))
}

#[test]
fn everything_that_refers_to_each_other_is_removed_in_one_apply() -> Result<()> {
    let account = Account::fresh()?;
    let mut town = Town::in_network(&account, "stackwright_network.main.ref")?;
    town.network = fixtures::network("  az_count = 2\n  flow_log_retention = 0");
    converges(&account, &town.hcl(), "")
}

#[test]
fn a_cluster_is_removed_with_its_service_and_job() -> Result<()> {
    let account = Account::fresh()?;
    let town = Town::of(&account)?;
    let rest = [&town.router, &town.app, &town.front, &town.db].map(String::as_str);
    converges(&account, &town.hcl(), &rest.concat())
}

/// Another cluster takes its place: what runs on it moves first.
#[test]
fn another_cluster_takes_the_place_of_one_in_use() -> Result<()> {
    let account = Account::fresh()?;
    let mut town = Town::of(&account)?;
    let before = town.hcl();
    let next = under_another_name(&town.cluster, "next");
    let after = before
        .replace(&town.cluster, &next)
        .replace("cluster.main", "cluster.next");
    town.cluster += &next;
    let between = town.rewritten("cluster.main", "cluster.next");
    takes_two_applies(&account, &before, &between, &after)
}

#[test]
fn a_cluster_in_use_is_not_renamed_in_one_apply() -> Result<()> {
    is_not_renamed(
        |town| &town.cluster,
        "  name = \"main\"",
        "  name = \"other\"",
    )
}

#[test]
fn a_cluster_and_an_app_in_use_are_replaced_when_terraform_is_told_to() -> Result<()> {
    let account = Account::fresh()?;
    let town = Town::of(&account)?;
    let root = Workspace::new(&account, &town.hcl())?;
    root.apply()?.ok()?;
    for address in [fixtures::CLUSTER, fixtures::APP] {
        let replace = format!("-replace={address}");
        let plan = root.plan_with(&[&replace])?;
        plan.output
            .says(&["Downtime of service"])
            .context(address)?;
        root.apply_saved()?.ok().context(address)?;
        root.plan()?.empty().context(address)?;
    }
    Ok(())
}

#[test]
fn an_app_is_removed_with_its_service_and_job() -> Result<()> {
    let account = Account::fresh()?;
    let town = Town::of(&account)?;
    converges(&account, &town.hcl(), &town.without_shop())
}

#[test]
fn an_app_in_use_is_renamed() -> Result<()> {
    let account = Account::fresh()?;
    let before = Town::of(&account)?.hcl();
    leads(&account, &before, &before.replace(SHOP, STORE)).map(drop)
}

/// The security group of the app is in a rule of the database, and in one of the other app's service.
#[test]
fn an_app_is_removed_with_its_entries_among_clients() -> Result<()> {
    let account = Account::fresh()?;
    let (before, after) = with_and_without_a_client(&account)?;
    converges(&account, &before, &after)
}

fn with_and_without_a_client(account: &Account) -> Result<(String, String)> {
    let mut town = Town::of(account)?;
    let clients = "  clients = { shop = stackwright_app.shop.security_group_id }\n}\n";
    let with = |hcl: &str| hcl.trim_end().trim_end_matches('}').to_owned() + clients;
    let after = town.without_shop();
    town.db = with(&town.db);
    town.front_service = with(&town.front_service);
    Ok((town.hcl(), after))
}

#[test]
fn an_app_that_is_a_client_is_renamed() -> Result<()> {
    let account = Account::fresh()?;
    let (before, _) = with_and_without_a_client(&account)?;
    leads(&account, &before, &before.replace(SHOP, STORE)).map(drop)
}

#[test]
fn another_app_takes_the_place_of_a_client() -> Result<()> {
    let account = Account::fresh()?;
    let (before, after) = with_and_without_a_client(&account)?;
    let other = before
        .replace("app.shop", "app.store")
        .replace(
            "\"stackwright_app\" \"shop\"",
            "\"stackwright_app\" \"store\"",
        )
        .replace(SHOP, STORE);
    let root = leads(&account, &before, &other)?;
    moves(&account, &root, &after)
}

#[test]
fn a_router_is_removed_after_the_routes_to_it() -> Result<()> {
    let account = Account::fresh()?;
    let mut town = Town::of(&account)?;
    let before = town.hcl();
    town.service = fixtures::service(WORKER);
    town.front_service.clear();
    let between = town.hcl();
    town.router.clear();
    takes_two_applies(&account, &before, &between, &town.hcl())
}

#[test]
fn another_router_takes_the_place_of_one_in_use() -> Result<()> {
    let account = Account::fresh()?;
    let mut town = Town::of(&account)?;
    let before = town.hcl();
    let edge = under_another_name(&town.router, "edge");
    let after = before
        .replace(&town.router, &edge)
        .replace("router.public", "router.edge");
    town.router += &edge;
    let between = town.rewritten("router.public", "router.edge");
    takes_two_applies(&account, &before, &between, &after)
}

#[test]
fn a_router_in_use_is_not_renamed_in_one_apply() -> Result<()> {
    is_not_renamed(
        |town| &town.router,
        "name    = \"public\"",
        "name    = \"front\"",
    )
}

/// The network gives subnets away that others still use: they leave in the same run.
#[test]
fn a_network_gives_a_zone_up_while_its_ref_is_in_use() -> Result<()> {
    let account = Account::fresh()?;
    let mut town = Town::in_network(&account, "stackwright_network.main.ref")?;
    let zones =
        |count: u8| fixtures::network(&format!("  az_count = {count}\n  flow_log_retention = 0"));
    town.network = zones(3);
    let before = town.hcl();
    town.network = zones(2);
    converges(&account, &before, &town.hcl())
}

#[test]
fn two_services_exchange_their_routers() -> Result<()> {
    let account = Account::fresh()?;
    let mut town = Town::of(&account)?;
    let edge = town.router.replace("\"public\"", "\"edge\"");
    let on = |hcl: &str, router: &str| hcl.replace("router.public", &format!("router.{router}"));
    town.router += &edge;
    let (service, front) = (town.service.clone(), town.front_service.clone());
    town.front_service = on(&front, "edge");
    let before = town.hcl();
    town.service = on(&service, "edge");
    town.front_service = front;
    converges(&account, &before, &town.hcl())
}

#[test]
fn a_database_is_removed_with_what_reads_it() -> Result<()> {
    let account = Account::fresh()?;
    let town = Town::of(&account)?;
    let (before, after) = (reading(&town.hcl()), town.hcl().replace(&town.db, ""));
    converges(&account, &before, &after)
}

/// The same root, whose job and service read the database.
fn reading(hcl: &str) -> String {
    let settings =
        "  config  = stackwright_db.main.config\n  secrets = stackwright_db.main.secrets\n";
    hcl.replace(
        "  image = \"repo/shop:v41\"\n",
        &format!("  image = \"repo/shop:v41\"\n{settings}"),
    )
}

#[test]
fn a_database_in_use_is_renamed() -> Result<()> {
    let account = Account::fresh()?;
    let town = Town::of(&account)?;
    let before = reading(&town.hcl());
    let other = town
        .db
        .replace("name    = \"main\"", "name    = \"second\"");
    ensure!(other != town.db, "the name was not found");
    converges(&account, &before, &before.replace(&town.db, &other))
}

#[test]
fn another_database_takes_the_place_of_one_in_use() -> Result<()> {
    let account = Account::fresh()?;
    let town = Town::of(&account)?;
    let before = reading(&town.hcl());
    let other = town.db.replace("\"main\"", "\"next\"");
    let after = before
        .replace(&town.db, &other)
        .replace("db.main", "db.next");
    converges(&account, &before, &after)
}
