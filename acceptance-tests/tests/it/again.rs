//! The same objects again, in an account where they were before: AWS remembers what we do not.

use acceptance_tests::{Account, Workspace};
use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};

use crate::fixtures::{self, WORKER};

/// Applies, destroys, and applies what is the same again.
fn comes_again(account: &Account, resources: &str) -> Result<()> {
    let root = Workspace::new(account, resources)?;
    for _ in 0..2 {
        root.apply()?.ok()?;
        root.plan()?.empty()?;
        root.destroy()?.ok()?;
    }
    Ok(())
}

#[test]
fn a_network() -> Result<()> {
    comes_again(&Account::fresh()?, &fixtures::network(""))
}

#[test]
fn a_job() -> Result<()> {
    let account = Account::fresh()?;
    let scheduled = fixtures::scheduled(&account, fixtures::REPORT)?;
    comes_again(&account, &scheduled)
}

#[test]
fn a_service_with_a_private_name() -> Result<()> {
    let account = Account::fresh()?;
    let network = fixtures::network_with_names(&account)?;
    let named = format!("{WORKER}  port = 8080\n  private_name = true\n");
    let resources = [
        fixtures::cluster(""),
        fixtures::app(&network, ""),
        fixtures::service(&named),
    ];
    comes_again(&account, &resources.concat())
}

/// IAM takes keys that differ only in case for one: the old one must not take the new one along.
#[test]
fn a_tag_in_another_case() -> Result<()> {
    let account = Account::fresh()?;
    let role = |tags: &str| fixtures::role(&format!("  preset = \"read\"\n  tags = {tags}"));
    let root = Workspace::new(&account, &role("{ team = \"a\" }"))?;
    root.apply()?.ok()?;
    root.resources(&role("{ Team = \"a\" }"))?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let tags = account.outside("iam", "ListRoleTags", &json!({ "RoleName": "acme-deploy" }))?;
    let keys: Vec<&Json> = tags["Tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| &tag["Key"])
        .collect();
    ensure!(
        keys.contains(&&json!("Team")) && !keys.contains(&&json!("team")),
        "{keys:?}"
    );
    root.resources(&role("{ Team = \"a\", team = \"b\" }"))?;
    root.plan_output(&[])?
        .failed()?
        .says(&["Duplicate Tag", "`Team`", "`team`"])
}
