//! Secrets never enter state, plan, logs or diagnostics.

use std::fs;
use std::path::Path;

use acceptance_tests::{Account, Fault, Workspace, python, run};
use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};

use crate::fixtures::{self, WORKER};

const SECRET_KEY: &str = "canary-secret-access-key";
const SESSION_TOKEN: &str = "canary-session-token";
const SECRET_VALUE: &str = "canary-secret-value";
const PARAMETER_VALUE: &str = "canary-parameter-value";
const ERROR_BODY: &str = "canary-error-body";

const CANARIES: [&str; 5] = [
    SECRET_KEY,
    SESSION_TOKEN,
    SECRET_VALUE,
    PARAMETER_VALUE,
    ERROR_BODY,
];

/// A root whose credentials and secret references are canaries.
fn root() -> Result<Workspace> {
    let account = Account::fresh()?;
    let secret = account.outside(
        "secretsmanager",
        "CreateSecret",
        &json!({ "Name": "api", "SecretString": SECRET_VALUE }),
    )?;
    let parameter = json!({ "Name": "/db", "Type": "SecureString", "Value": PARAMETER_VALUE });
    account.outside("ssm", "PutParameter", &parameter)?;
    let references = format!(
        "  secrets = {{\n    API_KEY = {}\n    DB = \"arn:aws:ssm:us-west-2:{}:parameter/db\"\n  }}",
        secret["ARN"], account.id
    );
    let mut root = Workspace::new(&account, &fixtures::slice(&account, &references, WORKER)?)?;
    root.set_env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
    root.set_env("AWS_SESSION_TOKEN", SESSION_TOKEN);
    root.set_env("TF_LOG", "TRACE");
    root.set_env(
        "TF_LOG_PATH",
        &root.path().join("trace.log").display().to_string(),
    );
    Ok(root)
}

#[test]
fn canaries_are_nowhere() -> Result<()> {
    let mut root = root()?;
    root.plan()?;
    no_canary_in(root.path())?;
    let applied = root.apply()?.ok()?;
    applied.never_says(&CANARIES)?;
    root.plan()?.output.never_says(&CANARIES)?;
    unzip(&root)?;
    no_canary_in(root.path())?;
    // What the provider itself prints, without Terraform's log file in between.
    root.set_env("TF_LOG_PATH", "");
    let traced = root.plan_output(&[])?;
    ensure!(
        traced.stderr.len() > 10_000,
        "TF_LOG=TRACE printed only {} bytes",
        traced.stderr.len()
    );
    traced.never_says(&CANARIES)?;
    // The references did arrive, so the search was for something that was there.
    let secrets =
        fixtures::task_definition(root.account())?["containerDefinitions"][0]["secrets"].clone();
    ensure!(
        secrets.as_array().is_some_and(|list| list.len() == 2),
        "the task has secrets {secrets}"
    );
    Ok(())
}

#[test]
fn bodies_of_aws_errors_do_not_leak_secrets() -> Result<()> {
    let root = root()?;
    let account = root.account();
    // AWS repeats what it was sent: a message with the credentials in it must not be passed on.
    let message =
        format!("The request signature with {SECRET_KEY} and {SESSION_TOKEN} does not match");
    account.fault(Fault::on("ecs", "CreateCluster").answer(
        400,
        "InvalidParameterException",
        &message,
    ))?;
    let output = root.apply()?.failed()?;
    output.says(&["CreateCluster"])?;
    output.never_says(&[SECRET_KEY, SESSION_TOKEN])?;
    no_canary_in(root.path())
}

/// The password of a database is in RDS and in its secret, and nowhere else; nor are the passwords that came before
/// it.
#[test]
fn the_password_of_a_database_is_nowhere() -> Result<()> {
    let account = Account::fresh()?;
    let mut root = Workspace::new(&account, &fixtures::whole_db(&account, "")?)?;
    root.set_env("TF_LOG", "TRACE");
    let log = root.path().join("trace.log").display().to_string();
    root.set_env("TF_LOG_PATH", &log);
    root.plan()?;
    let created = root.apply_saved()?.ok()?;
    let first = secret_texts(&account)?;
    root.resources(&fixtures::whole_db(&account, "  password_version = 2\n")?)?;
    let planned = root.plan()?;
    let rotated = root.apply_saved()?.ok()?;
    unzip(&root)?;
    let second = secret_texts(&account)?;
    ensure!(first != second, "the password is the same");
    let texts: Vec<&str> = first.iter().chain(&second).map(String::as_str).collect();
    for output in [&created, &planned.output, &rotated] {
        output.never_says(&texts)?;
    }
    nothing_of(&texts, root.path())?;
    // What the provider itself prints, without Terraform's log file in between, in a refresh, a drift and a repair.
    root.set_env("TF_LOG_PATH", "");
    let other = json!({ "SecretId": secret_arn(&account)?, "SecretString": "{}" });
    account.outside("secretsmanager", "PutSecretValue", &other)?;
    let repaired = root.apply()?.ok()?;
    ensure!(
        repaired.stderr.len() > 10_000,
        "TF_LOG=TRACE printed only {} bytes",
        repaired.stderr.len()
    );
    repaired.never_says(&texts)?;
    ensure!(
        secret_texts(&account)? == second,
        "the value did not come back"
    );
    nothing_of(&texts, root.path())
}

/// The password and the URL in an account's only secret.
fn secret_texts(account: &Account) -> Result<Vec<String>> {
    let value = fixtures::secret_value(account)?;
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let texts = vec![text("password"), text("url")];
    ensure!(
        texts.iter().all(|text| text.len() >= 20) && texts[1].contains(&texts[0]),
        "the secret has no password or URL"
    );
    Ok(texts)
}

fn secret_arn(account: &Account) -> Result<Json> {
    let (list, member) = ("ListSecrets", "SecretList");
    let secrets = account.list("secretsmanager", list, &json!({}), member)?;
    ensure!(secrets.len() == 1, "there are {} secrets", secrets.len());
    Ok(secrets[0]["ARN"].clone())
}

/// A saved plan is a zip: its bytes alone would hide what is in it.
fn unzip(root: &Workspace) -> Result<()> {
    let mut python = std::process::Command::new(python()?);
    python
        .args(["-m", "zipfile", "-e", "plan.bin", "unzipped"])
        .current_dir(root.path());
    run(&mut python)?.ok()?;
    ensure!(
        root.path().join("unzipped/tfplan").exists(),
        "the plan has no tfplan in it"
    );
    Ok(())
}

fn no_canary_in(folder: &Path) -> Result<()> {
    nothing_of(&CANARIES, folder)
}

/// None of these texts is in any file below a folder.
fn nothing_of(texts: &[&str], folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            nothing_of(texts, &entry.path())?;
        } else if entry.file_type()?.is_file() {
            let bytes = fs::read(entry.path())?;
            let text = String::from_utf8_lossy(&bytes);
            let found = texts.iter().find(|canary| text.contains(**canary));
            ensure!(
                found.is_none(),
                "{found:?} is in {}: {}",
                entry.path().display(),
                around(&text, found)
            );
        }
    }
    Ok(())
}

fn around(text: &str, canary: Option<&&str>) -> String {
    let line = text
        .lines()
        .find(|line| canary.is_some_and(|canary| line.contains(*canary)));
    line.unwrap_or_default().chars().take(400).collect()
}

#[test]
fn config_values_of_an_app_are_not_logged() -> Result<()> {
    let account = Account::fresh()?;
    let config = "  config = { TOKEN = \"canary-config-value\" }";
    let mut root = Workspace::new(&account, &fixtures::slice(&account, config, WORKER)?)?;
    root.set_env("TF_LOG_PROVIDER", "TRACE");
    let output = root.apply()?.ok()?;
    let lines = output
        .stderr
        .lines()
        .filter(|line| line.contains("provider.terraform-provider-stackwright"));
    let leaked: Vec<_> = lines
        .filter(|line| line.contains("canary-config-value"))
        .collect();
    ensure!(
        leaked.is_empty(),
        "the provider logged {}",
        Json::from(leaked)
    );
    Ok(())
}
