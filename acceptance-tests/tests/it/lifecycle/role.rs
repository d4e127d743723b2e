//! The life of `stackwright_role`.

use super::*;

#[test]
fn role() -> Result<()> {
    let only = "the role is its only component: see \"everything deleted outside\"";
    let life = Life {
        name: "role",
        address: ROLE,
        imports: &[(ROLE, "acme-deploy")],
        created: |_| {
            Ok(fixtures::role("  policies = { extra = jsonencode(local.policy) }") + POLICY)
        },
        updated: |_| {
            Ok(fixtures::role(
                "  policies = { extra = jsonencode(local.policy) }\n  max_session = 7200",
            ) + POLICY)
        },
        update_shows: &["max_session"],
        replaced: |_| {
            let role = fixtures::role("  policies = { extra = jsonencode(local.policy) }") + POLICY;
            Ok(role.replace("acme-deploy", "acme-other"))
        },
        side: Removal::Excepted(only),
        main: Removal::Excepted(only),
        all: delete_deploy_role,
    };
    life.live()
}

const POLICY: &str = r#"
locals {
  policy = {
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:ListAllMyBuckets", Resource = "*" }]
  }
}
"#;

fn delete_deploy_role(account: &Account) -> Result<()> {
    ensure!(
        delete_roles(account, "acme-deploy")? == 1,
        "there is no role acme-deploy"
    );
    Ok(())
}
