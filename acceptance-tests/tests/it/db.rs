//! `stackwright_db`: protection, passwords, upgrades, restores, and what a plan says before it stops.

use acceptance_tests::{Account, Action, Workspace, repository, same};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};

use crate::fixtures::{self, DB, DISPOSABLE};
use crate::modules;

fn applied(account: &Account, more: &str) -> Result<Workspace> {
    let root = Workspace::new(account, &fixtures::db(account, more)?)?;
    root.apply()?.ok()?;
    Ok(root)
}

/// A database that is destroyed without ado, with other arguments than before, planned.
fn changed(root: &Workspace, more: &str) -> Result<acceptance_tests::Plan> {
    let db = fixtures::db(root.account(), &format!("{DISPOSABLE}{more}"))?;
    root.resources(&db)?;
    root.plan()
}

fn opens(account: &Account, password: &Json) -> Result<bool> {
    let instance = fixtures::database(account)?["DBInstanceIdentifier"].clone();
    account.login(&instance, "app", password)
}

#[test]
fn a_protected_database_is_destroyed_only_after_its_protection_was_taken_off() -> Result<()> {
    let account = Account::fresh()?;
    let root = applied(&account, "")?;
    let whole = account.dump()?;
    account.forget_calls()?;
    let refused = root.destroy()?.failed()?;
    refused.says(&["stage/main", "`deletion_protection", "= false`"])?;
    ensure!(account.writes()?.is_empty(), "the refusal has written");
    same("the account after the refusal", &whole, &account.dump()?)?;
    root.resources(&fixtures::db(&account, "  deletion_protection = false\n")?)?;
    root.plan()?.expect(DB, Action::Update)?;
    root.apply_saved()?.ok()?;
    root.destroy()?.ok()?;
    ensure!(
        fixtures::databases(&account)?.is_empty(),
        "it is still there"
    );
    let left = snapshots(&account)?;
    ensure!(left.len() == 1, "final snapshots: {left:?}");
    let tags = left[0]["TagList"].to_string();
    ensure!(tags.contains("stage/main"), "the snapshot has tags {tags}");
    Ok(())
}

fn snapshots(account: &Account) -> Result<Vec<Json>> {
    let manual = json!({ "SnapshotType": "manual" });
    account.list("rds", "DescribeDBSnapshots", &manual, "DBSnapshots")
}

#[test]
fn without_a_final_snapshot_nothing_is_left() -> Result<()> {
    let account = Account::fresh()?;
    let untouched = account.dump()?;
    let root = applied(&account, DISPOSABLE)?;
    root.destroy()?.ok()?;
    same(
        "the account after the destroy",
        &untouched,
        &account.dump()?,
    )
}

#[test]
fn a_protected_database_is_not_replaced_either() -> Result<()> {
    let account = Account::fresh()?;
    let root = applied(&account, "")?;
    root.resources(&fixtures::db(&account, "  database = \"other\"\n")?)?;
    let refused = root.apply()?.failed()?;
    refused.says(&["Is Protected", "deletion_protection"])?;
    Ok(())
}

#[test]
fn protection_is_the_last_write_of_a_create() -> Result<()> {
    let account = Account::fresh()?;
    applied(&account, "")?;
    let writes = account.writes()?;
    let last: Vec<_> = writes
        .iter()
        .rev()
        .take(2)
        .map(|call| &call.action)
        .collect();
    ensure!(
        last == ["AddTagsToResource", "ModifyDBInstance"],
        "the last writes are {last:?}"
    );
    ensure!(fixtures::database(&account)?["DeletionProtection"] == true);
    Ok(())
}

#[test]
fn a_database_is_private_encrypted_and_takes_tls_only() -> Result<()> {
    let account = Account::fresh()?;
    let root = applied(&account, "")?;
    let made = fixtures::database(&account)?;
    for (field, value) in [
        ("PubliclyAccessible", json!(false)),
        ("StorageEncrypted", json!(true)),
        ("BackupRetentionPeriod", json!(7)),
        ("CopyTagsToSnapshot", json!(true)),
        ("AutoMinorVersionUpgrade", json!(true)),
    ] {
        ensure!(made[field] == value, "{field} is {}", made[field]);
    }
    let group = made["DBParameterGroups"][0]["DBParameterGroupName"].clone();
    let params = json!({ "DBParameterGroupName": group, "Source": "user" });
    let set = account.list("rds", "DescribeDBParameters", &params, "Parameters")?;
    let forced =
        |one: &Json| one["ParameterName"] == "rds.force_ssl" && one["ParameterValue"] == "1";
    ensure!(set.iter().any(forced), "{set:?}");
    let state = root.attributes(DB)?;
    ensure!(
        state["config"]["DB_HOST"] == state["host"],
        "{}",
        state["config"]
    );
    let value = fixtures::secret_value(&account)?;
    for (name, wanted) in [
        ("host", state["host"].clone()),
        ("port", json!(5432)),
        ("dbname", json!("app")),
        ("username", json!("app")),
    ] {
        ensure!(value[name] == wanted, "{name} of the secret differs");
    }
    ensure!(
        opens(&account, &value["password"])?,
        "the password does not open it"
    );
    Ok(())
}

#[test]
fn a_higher_password_version_brings_another_password() -> Result<()> {
    let account = Account::fresh()?;
    let root = applied(&account, DISPOSABLE)?;
    let before = fixtures::secret_value(&account)?["password"].clone();
    let plan = changed(&root, "  password_version = 2\n")?;
    plan.expect(DB, Action::Update)?;
    plan.output
        .says(&["Running Processes Keep the Old Password"])?;
    root.apply_saved()?.ok()?;
    root.plan()?.empty()?;
    let after = fixtures::secret_value(&account)?["password"].clone();
    ensure!(after != before, "the password is the same");
    ensure!(opens(&account, &after)? && !opens(&account, &before)?);
    let back = changed(&root, "  password_version = 1\n");
    ensure!(back.is_err(), "a lower version was planned");
    root.plan_output(&[])?
        .says(&["Password Version Goes Back"])?;
    Ok(())
}

#[test]
fn a_plan_says_what_stands_still_and_what_is_lost() -> Result<()> {
    let account = Account::fresh()?;
    let root = applied(&account, DISPOSABLE)?;
    for (more, says) in [
        (
            "  instance_class = \"db.t4g.small\"\n",
            vec![
                "Downtime of the Database",
                "`instance_class`",
                "during the apply",
            ],
        ),
        (
            "  instance_class = \"db.t4g.small\"\n  apply_immediately = false\n",
            vec!["Downtime of the Database", "maintenance window"],
        ),
        (
            "  port = 5433\n",
            vec!["Downtime of the Database", "`port`"],
        ),
        (
            "  parameters = { max_connections = \"50\" }\n",
            vec![
                "Wait for a Restart",
                "max_connections",
                "reboot-db-instance",
            ],
        ),
        ("  backup_retention = 0\n", vec!["All Backups Are Deleted"]),
        (
            "  restore = { snapshot_id = \"x\" }\n",
            vec!["Has No Effect"],
        ),
    ] {
        let plan = changed(&root, more)?;
        plan.expect(DB, Action::Update)?;
        plan.output.says(&says).with_context(|| more.to_owned())?;
    }
    for (more, says) in [
        ("  database = \"other\"\n", "`database` cannot change"),
        ("  username = \"other\"\n", "`username` cannot change"),
    ] {
        let plan = changed(&root, more)?;
        plan.expect(DB, Action::Replace)?;
        plan.output.says(&[
            "Is Deleted and an Empty One Is Made",
            says,
            "NOTHING is left",
        ])?;
    }
    Ok(())
}

#[test]
fn a_major_upgrade_is_allowed_by_hand_and_never_undone() -> Result<()> {
    let account = Account::fresh()?;
    let root = applied(&account, DISPOSABLE)?;
    let seventeen = |more: &str| -> Result<String> {
        let db = fixtures::db(&account, &format!("{DISPOSABLE}{more}"))?;
        Ok(db.replace("\"16\"", "\"17\""))
    };
    root.resources(&seventeen("")?)?;
    let refused = root.plan_output(&[])?.failed()?;
    refused.says(&[
        "Major Upgrade Not Allowed",
        "allow_major_version_upgrade = true",
    ])?;
    root.resources(&seventeen("  allow_major_version_upgrade = true\n")?)?;
    let plan = root.plan()?;
    plan.expect(DB, Action::Update)?;
    plan.output
        .says(&["Downtime of the Database", "`engine_version`"])?;
    root.apply_saved()?.ok()?;
    root.plan()?.empty()?;
    let made = fixtures::database(&account)?;
    let version = made["EngineVersion"].as_str().unwrap_or_default();
    ensure!(version.starts_with("17."), "it runs {version}");
    // The parameters of the old version are gone.
    let (list, member) = ("DescribeDBParameterGroups", "DBParameterGroups");
    let groups = account.list("rds", list, &json!({}), member)?;
    let ours = |one: &&Json| one["DBParameterGroupFamily"] == "postgres16";
    ensure!(!groups.iter().any(|one| ours(&one)), "{groups:?}");
    root.resources(&fixtures::db(&account, DISPOSABLE)?)?;
    let refused = root.plan_output(&[])?.failed()?;
    refused.says(&["No Way Back"])?;
    Ok(())
}

#[test]
fn a_version_that_ran_ahead_is_told() -> Result<()> {
    let account = Account::fresh()?;
    let root = applied(&account, DISPOSABLE)?;
    let group = json!({
        "DBParameterGroupName": "other", "DBParameterGroupFamily": "postgres17", "Description": "other",
    });
    account.outside("rds", "CreateDBParameterGroup", &group)?;
    let upgrade = json!({
        "EngineVersion": "17", "AllowMajorVersionUpgrade": true, "DBParameterGroupName": "other",
    });
    fixtures::modify_database(&account, &fixtures::database(&account)?, upgrade)?;
    let refused = root.plan_output(&[])?.failed()?;
    refused.says(&["No Way Back", "17."])?;
    Ok(())
}

#[test]
fn storage_grows_and_what_grew_by_hand_is_told() -> Result<()> {
    let account = Account::fresh()?;
    let root = applied(&account, DISPOSABLE)?;
    changed(&root, "  storage = 30\n")?.expect(DB, Action::Update)?;
    root.apply_saved()?.ok()?;
    root.plan()?.empty()?;
    let more = json!({ "AllocatedStorage": 40 });
    fixtures::modify_database(&account, &fixtures::database(&account)?, more)?;
    let refused = root.plan_output(&[])?.failed()?;
    refused.says(&["Storage Does Not Shrink", "Set `storage` to 40"])?;
    changed(&root, "  storage = 40\n")?;
    root.apply()?.ok()?;
    root.plan()?.empty()
}

#[test]
fn insights_that_were_switched_off_come_back() -> Result<()> {
    let account = Account::fresh()?;
    let root = applied(&account, DISPOSABLE)?;
    let off = json!({ "EnablePerformanceInsights": false });
    fixtures::modify_database(&account, &fixtures::database(&account)?, off)?;
    let change = root.plan()?.expect(DB, Action::Update)?;
    let shown = change.changed();
    ensure!(
        shown.contains(&"performance_insights".to_owned()),
        "{shown:?}"
    );
    root.apply_saved()?.ok()?;
    ensure!(fixtures::database(&account)?["PerformanceInsightsEnabled"] == true);
    root.plan()?.empty()
}

#[test]
fn what_waits_for_the_window_is_no_change_any_more() -> Result<()> {
    let account = Account::fresh()?;
    let root = applied(&account, DISPOSABLE)?;
    let later = "  apply_immediately = false\n  instance_class = \"db.t4g.small\"\n";
    changed(&root, later)?.expect(DB, Action::Update)?;
    root.apply_saved()?.ok()?;
    let made = fixtures::database(&account)?;
    ensure!(made["DBInstanceClass"] == "db.t4g.micro", "it did not wait");
    root.plan()?.empty()
}

#[test]
fn a_database_is_filled_from_a_snapshot() -> Result<()> {
    let account = Account::fresh()?;
    let first = applied(&account, "  deletion_protection = false\n")?;
    first.destroy()?.ok()?;
    let snapshot = snapshots(&account)?[0]["DBSnapshotIdentifier"].clone();
    let restore = format!("{DISPOSABLE}  restore = {{ snapshot_id = {snapshot} }}\n");
    let root = applied(&account, &restore)?;
    root.plan()?.empty()?;
    let password = fixtures::secret_value(&account)?["password"].clone();
    ensure!(
        opens(&account, &password)?,
        "the new password does not open it"
    );
    // Without `restore` there is one change, of a tag.
    changed(&root, "")?.expect(DB, Action::Update)?;
    root.apply_saved()?.ok()?;
    root.plan()?.empty()
}

#[test]
fn everything_is_read_in_small_pages_too() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &fixtures::whole_db(&account, "")?)?;
    root.apply()?.ok()?;
    account.setting("page_size", &json!(1))?;
    root.plan()?.empty()
}

#[test]
fn a_slow_database_is_waited_for() -> Result<()> {
    let account = Account::fresh()?;
    account.setting("rds_describes", &json!(3))?;
    let root = applied(&account, DISPOSABLE)?;
    root.plan()?.empty()?;
    root.destroy()?.ok()?;
    Ok(())
}

#[test]
fn a_database_has_a_private_name_that_follows_it() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &fixtures::whole_db(&account, "")?)?;
    root.apply()?.ok()?;
    let state = root.attributes(DB)?;
    ensure!(
        state["private_name"] == "main.db.stage.acme.internal",
        "it is {}",
        state["private_name"]
    );
    let api = "servicediscovery";
    let services = account.list(api, "ListServices", &json!({}), "Services")?;
    let id = json!({ "ServiceId": services[0]["Id"] });
    let instances = account.list(api, "ListInstances", &id, "Instances")?;
    let target = &instances[0]["Attributes"]["AWS_INSTANCE_CNAME"];
    ensure!(*target == state["host"], "it leads to {target}");
    Ok(())
}

/// The module and the one that it uses, beside each other.
fn with_modules(root: &Workspace) -> Result<()> {
    for module in ["db", "monitors"] {
        let from = repository().join("modules").join(module);
        modules::copy(&from, &root.path().join(module))?;
    }
    Ok(())
}

#[test]
fn the_modules_own_tests_pass() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::empty(&account)?;
    with_modules(&root)?;
    let run = |command: &str| root.terraform(&["-chdir=db", command, "-no-color"])?.ok();
    run("init")?;
    run("test")?.says(&["0 failed"])
}

#[test]
fn the_module_applies_with_its_monitors() -> Result<()> {
    let account = Account::fresh()?;
    let network = account.default_network()?;
    let module = format!(
        "module \"db\" {{\n  source = \"./db\"\n  name = \"shop\"\n  network = {network}\n  \
         deletion_protection = false\n  final_snapshot = false\n  replicas = {{ a = {{}} }}\n}}\n\
         output \"config\" {{\n  value = module.db.config\n}}\n"
    );
    let root = Workspace::new(&account, "")?;
    let untouched = account.dump()?;
    with_modules(&root)?;
    root.resources(&module)?;
    root.init()?.ok()?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let list = ("DescribeAlarms", "MetricAlarms");
    let alarms = account.list("cloudwatch", list.0, &json!({}), list.1)?;
    let names: Vec<_> = alarms
        .iter()
        .filter_map(|alarm| alarm["AlarmName"].as_str())
        .collect();
    for wanted in [
        "shop/db free memory",
        "shop/db connections",
        "shop/db/a replica lag",
    ] {
        ensure!(
            names.iter().any(|name| name.contains(wanted)),
            "no {wanted}: {names:?}"
        );
    }
    root.destroy()?.ok()?;
    same(
        "the account after the destroy",
        &untouched,
        &account.dump()?,
    )
}
