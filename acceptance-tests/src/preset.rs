//! Keys that may do what the preset `deploy` may, and no more.

use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value as Json, json};

use crate::account::Account;
use crate::workspace::Workspace;

const ROLE: &str = r#"resource "stackwright_role" "deploy" {
  name   = "deploy"
  preset = "deploy"
  trust  = { account_ids = ["111111111111"] }
}
"#;

/// The policy for `acme/stage`, and the account that it was written for.
static WRITTEN: OnceLock<Result<(String, String), String>> = OnceLock::new();

/// An access key for what `acme/stage` has in an account.
pub(crate) fn deploy_key(account: &Account) -> Result<String> {
    let written = WRITTEN.get_or_init(|| written().map_err(|error| format!("{error:#}")));
    let (policy, scratch) = written.as_ref().map_err(|error| anyhow!("{error}"))?;
    let policy: Json = serde_json::from_str(&policy.replace(scratch, &account.id))?;
    let user = json!({ "account": account.id, "name": "deploy", "policies": [policy] });
    let answer = account.emulator().post("keys", &user)?;
    let key = answer["access_key"].as_str().context("no access key")?;
    Ok(key.to_owned())
}

/// As the provider writes it.
fn written() -> Result<(String, String)> {
    let scratch = Account::fresh()?;
    let root = Workspace::new(&scratch, ROLE)?;
    root.apply()?.ok()?;
    let role = "deploy";
    let names = scratch.outside("iam", "ListRolePolicies", &json!({ "RoleName": role }))?;
    let policy = json!({ "RoleName": role, "PolicyName": names["PolicyNames"][0] });
    let found = scratch.outside("iam", "GetRolePolicy", &policy)?;
    let document = &found["PolicyDocument"];
    let text = document
        .as_str()
        .map_or_else(|| document.to_string(), str::to_owned);
    Ok((text, scratch.id))
}
