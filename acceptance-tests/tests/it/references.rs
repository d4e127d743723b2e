//! References carry values that change; owners keep roots apart.

use acceptance_tests::{Account, Action, Provider, Workspace};
use anyhow::{Context as _, Result, ensure};

use crate::fixtures::{self, APP, CLUSTER, NETWORK, SERVICE, WORKER};

#[test]
fn a_replaced_network_reaches_the_service_in_the_same_apply() -> Result<()> {
    let account = Account::fresh()?;
    let resources = |cidr: &str| {
        // The old network goes while the new one is already used: nothing there needs long.
        let timeouts = "  timeouts {\n    delete = \"30s\"\n  }";
        let network = fixtures::network(&format!("  cidr = \"{cidr}\"\n{timeouts}"));
        let app = fixtures::app("stackwright_network.main.ref", "");
        [
            network,
            fixtures::cluster(""),
            app,
            fixtures::service(WORKER),
        ]
        .concat()
    };
    let root = Workspace::new(&account, &resources("10.30.0.0/16"))?;
    root.apply()?.ok()?;
    let before = fixtures::ecs_service(&account)?;
    root.resources(&resources("10.31.0.0/16"))?;
    root.plan()?.expect(NETWORK, Action::Replace)?;
    root.apply_saved()?.ok()?;
    let after = fixtures::ecs_service(&account)?;
    let configuration = |service: &serde_json::Value| {
        service["networkConfiguration"]["awsvpcConfiguration"].clone()
    };
    let (old, new) = (configuration(&before), configuration(&after));
    ensure!(
        old["subnets"] != new["subnets"],
        "the service is in its old subnets: {new}"
    );
    ensure!(
        old["securityGroups"] != new["securityGroups"],
        "the service has its old security group: {new}"
    );
    root.plan()?.empty()
}

#[test]
fn changed_config_of_the_app_reaches_the_service_in_the_same_apply() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(
        &account,
        &fixtures::slice(&account, "  config = { MODE = \"old\" }", WORKER)?,
    )?;
    root.apply()?.ok()?;
    let before = fixtures::task_definition(&account)?;
    assert_eq!(fixtures::variable(&before, "MODE").as_deref(), Some("old"));
    root.resources(&fixtures::slice(
        &account,
        "  config = { MODE = \"new\" }",
        WORKER,
    )?)?;
    let plan = root.plan()?;
    plan.expect(APP, Action::Update)?;
    plan.expect(SERVICE, Action::Update)?;
    root.apply_saved()?.ok()?;
    let after = fixtures::task_definition(&account)?;
    assert_eq!(fixtures::variable(&after, "MODE").as_deref(), Some("new"));
    ensure!(
        before["revision"] != after["revision"],
        "the task definition was not replaced"
    );
    root.plan()?.empty()
}

#[test]
fn changed_capacity_of_the_cluster_reaches_the_service_in_the_same_apply() -> Result<()> {
    let account = Account::fresh()?;
    let slice = fixtures::slice(&account, "", WORKER)?;
    let root = Workspace::new(&account, &slice)?;
    root.apply()?.ok()?;
    let half = fixtures::cluster("  spot_percent = 50");
    root.resources(&slice.replace(&fixtures::cluster(""), &half))?;
    let plan = root.plan()?;
    plan.expect(CLUSTER, Action::Update)?;
    plan.expect(SERVICE, Action::Update)?;
    root.apply_saved()?.ok()?;
    let strategy = fixtures::ecs_service(&account)?["capacityProviderStrategy"].clone();
    let weights = strategy.as_array().context("no strategy")?.iter();
    let weights: Vec<_> = weights.map(|share| share["weight"].clone()).collect();
    ensure!(weights == [50, 50], "the service has {strategy}");
    root.plan()?.empty()
}

#[test]
fn a_changed_port_of_a_database_reaches_its_app_in_the_same_apply() -> Result<()> {
    let account = Account::fresh()?;
    let network = account.default_network()?;
    let resources = |more: &str| -> Result<String> {
        let db = fixtures::db(&account, &format!("{}{more}", fixtures::DISPOSABLE))?;
        let app = fixtures::app(&network, "  config = stackwright_db.main.config");
        Ok(db + &app)
    };
    let root = Workspace::new(&account, &resources("")?)?;
    root.apply()?.ok()?;
    root.resources(&resources("  port = 5433\n")?)?;
    let plan = root.plan()?;
    plan.expect(fixtures::DB, Action::Update)?;
    plan.expect(APP, Action::Update)?;
    root.apply_saved()?.ok()?;
    let config = root.attributes(APP)?["config"].clone();
    ensure!(config["DB_PORT"] == "5433", "the app has {config}");
    root.plan()?.empty()
}

#[test]
fn config_of_the_process_wins_over_that_of_the_app() -> Result<()> {
    let account = Account::fresh()?;
    let worker = format!("{WORKER}  config = {{ MODE = \"process\" }}\n");
    let app = "  config = { MODE = \"app\", OTHER = \"app\" }";
    let root = Workspace::new(&account, &fixtures::slice(&account, app, &worker)?)?;
    root.apply()?.ok()?;
    let definition = fixtures::task_definition(&account)?;
    assert_eq!(
        fixtures::variable(&definition, "MODE").as_deref(),
        Some("process")
    );
    assert_eq!(
        fixtures::variable(&definition, "OTHER").as_deref(),
        Some("app")
    );
    Ok(())
}

#[test]
fn a_second_root_is_refused_with_the_owner_of_the_first() -> Result<()> {
    let account = Account::fresh()?;
    let slice = fixtures::slice(&account, "", WORKER)?;
    let first = Workspace::new(&account, &slice)?;
    first.apply()?.ok()?;
    let untouched = account.dump()?;
    let provider = Provider::of(&account).owner("acme/other");
    // The second root borrows cluster and app and claims only the service.
    let attributes = |address: &str| first.attributes(address).map(|it| it["ref"].to_string());
    let borrowed = slice
        .split("resource \"stackwright_service\"")
        .nth(1)
        .context("the slice has no service")?;
    let borrowed = borrowed
        .replace(
            "stackwright_app.shop.ref",
            &format!("jsondecode({:?})", attributes(APP)?),
        )
        .replace(
            "stackwright_cluster.main.ref",
            &format!("jsondecode({:?})", attributes(fixtures::CLUSTER)?),
        );
    let resources = format!("resource \"stackwright_service\"{borrowed}");
    let second = Workspace::with_provider(&account, &provider, &resources)?;
    let output = second.apply()?.failed()?;
    output.says(&["belongs to `acme/stage`", "stage/shop/worker"])?;
    acceptance_tests::same(
        "the account after the refusal",
        &untouched,
        &account.dump()?,
    )?;
    first.plan()?.empty()
}

#[test]
fn the_same_service_twice_in_one_root_is_one_error_that_names_both() -> Result<()> {
    let account = Account::fresh()?;
    let slice = fixtures::slice(&account, "", WORKER)?;
    let twin = fixtures::service(WORKER).replace("\"worker\" {", "\"twin\" {");
    let root = Workspace::new(&account, &(slice + &twin))?;
    let output = root.apply()?.failed()?;
    output.says(&["stage/shop/worker"])?;
    let errors = output.stderr.matches("Error: ").count();
    ensure!(
        errors == 1,
        "expected one error, found {errors}\n{}",
        output.all()
    );
    let flat = output.flat();
    ensure!(
        flat.contains("stackwright_service.worker") || flat.contains("stackwright_service.twin"),
        "the error names no address\n{}",
        output.all()
    );
    Ok(())
}

#[test]
fn a_resource_is_replaced_when_terraform_is_told_to() -> Result<()> {
    let account = Account::fresh()?;
    let resources = |trigger: &str| {
        let lifecycle = "  spot_percent = 20\n  lifecycle {\n    ignore_changes       = [spot_percent]\n    replace_triggered_by = [terraform_data.trigger]\n  }";
        let trigger =
            format!("resource \"terraform_data\" \"trigger\" {{\n  input = \"{trigger}\"\n}}\n");
        trigger + &fixtures::cluster(lifecycle)
    };
    let root = Workspace::new(&account, &resources("one"))?;
    root.apply()?.ok()?;
    // What is ignored makes the second plan's configuration another one.
    root.resources(&resources("two").replace("= 20", "= 50"))?;
    root.plan()?.expect(fixtures::CLUSTER, Action::Replace)?;
    root.apply_saved()?.ok()?;
    root.plan()?.empty()
}

#[test]
fn an_app_that_is_not_known_yet_is_planned_as_a_replacement() -> Result<()> {
    let account = Account::fresh()?;
    let network = account.default_network()?;
    let app = fixtures::app(&network, "");
    let other = app.replace("\"shop\"", "\"other\"");
    let job = fixtures::job(fixtures::REPORT).replace(
        "stackwright_app.shop.ref",
        "{ a = stackwright_app.shop.ref, b = stackwright_app.other.ref }[terraform_data.pick.output]",
    );
    let resources = |pick: &str| {
        let pick = format!("resource \"terraform_data\" \"pick\" {{\n  input = \"{pick}\"\n}}\n");
        [
            fixtures::cluster(""),
            app.clone(),
            other.clone(),
            job.clone(),
            pick,
        ]
        .concat()
    };
    let root = Workspace::new(&account, &resources("a"))?;
    root.apply()?.ok()?;
    root.resources(&resources("b"))?;
    root.plan()?
        .expect("stackwright_job.report", Action::Replace)?;
    root.apply_saved()?.ok()?;
    root.plan()?.empty()
}

#[test]
fn a_changed_owner_is_planned_as_a_change_of_owner() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &fixtures::cluster(""))?;
    root.apply()?.ok()?;
    root.write(
        "provider.tf",
        &Provider::of(&account).owner("acme/moved").hcl(),
    )?;
    let change = root.plan()?.expect(fixtures::CLUSTER, Action::Update)?;
    ensure!(
        change.changed() == ["owner"],
        "the plan shows {:?}",
        change.changed()
    );
    root.apply_saved()?.ok()?;
    root.plan()?.empty()
}
