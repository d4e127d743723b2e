//! Values of secrets that change while tasks run: the plan shows it, and the apply replaces the tasks.

use std::thread::sleep;
use std::time::Duration;

use acceptance_tests::{Account, Action, Workspace};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};

use crate::fixtures::{self, DB, DISPOSABLE, SERVICE, WORKER};

/// The provider allows for clocks of AWS that differ by a second, and Secrets Manager's times are whole seconds.
pub(crate) fn let_the_clock_move() {
    sleep(Duration::from_millis(2100));
}

fn deployment(account: &Account) -> Result<Json> {
    Ok(fixtures::ecs_service(account)?["deployments"][0]["id"].clone())
}

/// The next plan names the variable, its apply starts one deployment of the same revision, and then all is quiet.
fn restarts(root: &Workspace, variable: &str) -> Result<()> {
    let account = root.account();
    let (before, revision) = (deployment(account)?, running(account)?);
    let plan = root.plan()?;
    let drift = plan.expect(SERVICE, Action::Update)?.drift()?;
    let named = drift
        .iter()
        .find(|it| it.field == "changed_since_deployment");
    let named = named.with_context(|| format!("the drift is {drift:?}"))?;
    ensure!(
        named
            .observed
            .as_ref()
            .is_some_and(|it| it.contains(variable)),
        "the drift is {named:?}"
    );
    plan.output
        .says(&["Tasks Restart to Read Changed Secrets", variable])?;
    root.apply_saved()?.ok()?;
    ensure!(deployment(account)? != before, "no deployment was started");
    ensure!(running(account)? == revision, "another revision runs");
    root.plan()?.empty()
}

fn running(account: &Account) -> Result<Json> {
    Ok(fixtures::ecs_service(account)?["taskDefinition"].clone())
}

fn with_password(account: &Account, version: u8) -> Result<String> {
    let db = fixtures::db(
        account,
        &format!("{DISPOSABLE}  password_version = {version}\n"),
    )?;
    let secrets = "  secrets = { DATABASE_URL = \"${stackwright_db.main.secret_arn}:url::\" }\n";
    Ok(db + &fixtures::slice(account, secrets, WORKER)?)
}

#[test]
fn a_new_password_of_a_database_replaces_the_tasks_that_use_it() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &with_password(&account, 1)?)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let_the_clock_move();
    root.resources(&with_password(&account, 2)?)?;
    let plan = root.plan()?;
    plan.expect(DB, Action::Update)?;
    plan.output
        .says(&["Running Processes Keep the Old Password"])?;
    root.apply_saved()?.ok()?;
    restarts(&root, "DATABASE_URL")?;
    root.destroy()?.ok()?;
    Ok(())
}

#[test]
fn a_changed_secret_replaces_the_tasks_that_use_it() -> Result<()> {
    let account = Account::fresh()?;
    let secret = json!({ "Name": "token", "SecretString": "one" });
    let secret = account.outside("secretsmanager", "CreateSecret", &secret)?["ARN"].clone();
    let own = format!("{WORKER}  secrets = {{ TOKEN = {secret} }}\n");
    let root = Workspace::new(&account, &fixtures::slice(&account, "", &own)?)?;
    root.apply()?.ok()?;
    let_the_clock_move();
    // A tag changes the secret, but not its value.
    let tags = json!({ "SecretId": secret, "Tags": [{ "Key": "team", "Value": "shop" }] });
    account.outside("secretsmanager", "TagResource", &tags)?;
    root.plan()?.empty()?;
    let value = json!({ "SecretId": secret, "SecretString": "two" });
    account.outside("secretsmanager", "PutSecretValue", &value)?;
    restarts(&root, "TOKEN")?;
    // Tasks that are left alone on purpose.
    let_the_clock_move();
    let value = json!({ "SecretId": secret, "SecretString": "three" });
    account.outside("secretsmanager", "PutSecretValue", &value)?;
    let ignoring = own + "  ignore_drift = [\"secrets.changed_since_deployment\"]\n";
    root.resources(&fixtures::slice(&account, "", &ignoring)?)?;
    let before = deployment(&account)?;
    root.apply()?.ok()?;
    ensure!(deployment(&account)? == before, "the tasks were replaced");
    root.plan()?.empty()
}
