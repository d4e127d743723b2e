//! Role switching: stage and prod are built through the deploy role that ops made there.

use acceptance_tests::{Account, Call, Fault, Provider, ROOTS, Story, Workspace};
use anyhow::{Result, ensure};
use serde_json::json;

use crate::fixtures::{self, APP, CLUSTER};

/// A provider block that works in another account through a role.
fn switching(account: &Account, role: &str, more: &str) -> Provider {
    Provider::of(account).extra(&block("assume_role", account, role, more))
}

fn block(name: &str, account: &Account, role: &str, more: &str) -> String {
    let arn = format!("arn:aws:iam::{}:role/{role}", account.id);
    format!("  {name} {{\n    role_arn = \"{arn}\"\n{more}\n  }}\n")
}

#[test]
fn calls_go_through_the_deploy_role_with_the_session_name() -> Result<()> {
    let (ops, member) = (Account::fresh()?, Account::fresh()?);
    let role = fixtures::role("  preset = \"deploy\"").replace("111111111111", &ops.id);
    let provider = switching(
        &member,
        "OrganizationAccountAccessRole",
        "    session_name = \"ops-root\"",
    );
    let bootstrap = Workspace::with_provider(&ops, &provider, &role)?;
    bootstrap.apply()?.ok()?;
    all_as(
        &member,
        "assumed-role/OrganizationAccountAccessRole/ops-root",
    )?;
    member.forget_calls()?;
    let provider = switching(&member, "acme-deploy", "    session_name = \"terraform\"");
    let root = Workspace::with_provider(&ops, &provider, &fixtures::cluster(""))?;
    root.apply()?.ok()?;
    all_as(&member, "assumed-role/acme-deploy/terraform")?;
    ensure!(
        ops.writes()?.is_empty(),
        "it wrote to ops: {:?}",
        ops.writes()?
    );
    root.plan()?.empty()
}

/// Both roles of an environment, made by ops.
fn roles(ops: &Account, member: &Account) -> Result<()> {
    let role = |preset: &str| {
        format!(
            "resource \"stackwright_role\" \"{preset}\" {{\n  name   = \"acme-{preset}\"\n  preset = \"{preset}\"\n  \
             trust  = {{ account_ids = [\"{}\"] }}\n}}\n",
            ops.id
        )
    };
    let provider = switching(member, "OrganizationAccountAccessRole", "");
    let both = role("plan") + &role("deploy");
    let bootstrap = Workspace::with_provider(ops, &provider, &both)?;
    bootstrap.apply()?.ok()?;
    member.forget_calls()
}

/// A root that reads under the one and writes under the other.
fn reading_and_writing(ops: &Account, member: &Account) -> Result<Workspace> {
    let both = block("assume_role", member, "acme-plan", "")
        + &block("apply_role", member, "acme-deploy", "");
    let provider = Provider::of(member).extra(&both);
    Workspace::with_provider(ops, &provider, &fixtures::cluster(""))
}

/// An access key of somebody in ops who may assume one role.
fn who_may_assume(ops: &Account, member: &Account, role: &str) -> Result<String> {
    let arn = format!("arn:aws:iam::{}:role/{role}", member.id);
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arn }],
    });
    let user = json!({ "account": ops.id, "name": role, "policies": [policy] });
    let answer = ops.emulator().post("keys", &user)?;
    Ok(answer["access_key"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_plan_needs_the_role_for_reading_alone_and_a_saved_plan_is_applied_with_the_other() -> Result<()>
{
    let (ops, member) = (Account::fresh()?, Account::fresh()?);
    roles(&ops, &member)?;
    let mut root = reading_and_writing(&ops, &member)?;
    root.set_env(
        "AWS_ACCESS_KEY_ID",
        &who_may_assume(&ops, &member, "acme-plan")?,
    );
    ensure!(!root.plan()?.is_empty(), "the plan creates a cluster");
    all_by(&member, "acme-plan")?;
    ensure!(member.all_writes()?.is_empty(), "the plan wrote something");
    let refused = root.apply_saved()?.failed()?;
    refused.says(&[
        "Role Cannot Be Assumed",
        "acme-deploy",
        "Nothing was changed",
        "`apply_role`",
    ])?;
    ensure!(
        member.all_writes()?.is_empty(),
        "without its role it wrote something"
    );
    root.set_env("AWS_ACCESS_KEY_ID", &ops.access_key());
    ensure!(
        !root.plan()?.is_empty(),
        "the cluster is still to be created"
    );
    member.forget_calls()?;
    root.apply_saved()?.ok()?;
    let writes = member.all_writes()?;
    let foreign = writes
        .iter()
        .find(|call| !call.principal.contains("/acme-deploy/"));
    ensure!(
        !writes.is_empty() && foreign.is_none(),
        "written by {foreign:?}"
    );
    root.plan()?.empty()?;
    root.resources(&fixtures::cluster("  container_insights = false\n"))?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    root.destroy()?.ok().map(drop)
}

fn all_by(account: &Account, role: &str) -> Result<()> {
    let calls = account.calls()?;
    let part = format!("assumed-role/{role}/");
    let other = calls.iter().find(|call| !call.principal.contains(&part));
    ensure!(
        !calls.is_empty() && other.is_none(),
        "expected {role}, found {other:?}"
    );
    Ok(())
}

/// Every call in the account was made by this principal.
fn all_as(account: &Account, principal: &str) -> Result<()> {
    let calls = account.calls()?;
    ensure!(
        calls.iter().any(|call| call.write),
        "there was no write in {}",
        account.id
    );
    let arn = format!("arn:aws:sts::{}:{principal}", account.id);
    let other = calls.iter().find(|call| call.principal != arn);
    ensure!(other.is_none(), "expected {arn}, found {other:?}");
    Ok(())
}

#[test]
fn an_external_id_is_given_along() -> Result<()> {
    let (ops, member) = (Account::fresh()?, Account::fresh()?);
    let role = fixtures::role("  preset = \"deploy\"").replace(
        "[\"111111111111\"]",
        &format!("[\"{}\"], external_id = \"agreed\"", ops.id),
    );
    let provider = switching(&member, "OrganizationAccountAccessRole", "");
    Workspace::with_provider(&ops, &provider, &role)?
        .apply()?
        .ok()?;
    let without = switching(&member, "acme-deploy", "");
    let root = Workspace::with_provider(&ops, &without, &fixtures::cluster(""))?;
    root.apply()?
        .failed()?
        .says(&["AssumeRole", "acme-deploy"])?;
    let with = switching(&member, "acme-deploy", "    external_id = \"agreed\"");
    root.write("provider.tf", &with.hcl())?;
    root.apply()?.ok().map(drop)
}

#[test]
fn every_session_has_a_name_even_when_none_is_given() -> Result<()> {
    let (ops, member) = (Account::fresh()?, Account::fresh()?);
    let provider = switching(&member, "OrganizationAccountAccessRole", "");
    let root = Workspace::with_provider(&ops, &provider, &fixtures::cluster(""))?;
    root.apply()?.ok()?;
    let calls = member.calls()?;
    let named = |arn: &str| {
        arn.rsplit('/')
            .next()
            .is_some_and(|name| name.contains("stackwright"))
    };
    let other = calls.iter().find(|call| !named(&call.principal));
    ensure!(
        !calls.is_empty() && other.is_none(),
        "a session name must say who: {other:?}"
    );
    Ok(())
}

#[test]
fn the_generated_tree_builds_both_environments_and_takes_them_down() -> Result<()> {
    let story = Story::new([Account::fresh()?, Account::fresh()?, Account::fresh()?])?;
    for root in ROOTS {
        story.init(root)?;
        story.plan(root)?;
        story.apply(root)?;
    }
    for environment in ["stage", "prod"] {
        story.look(environment)?;
    }
    for root in ROOTS {
        story.plan(root)?.empty()?;
    }
    story.destroy_is_refused("prod")?;
    story.take_protection_off()?;
    for environment in ["stage", "prod"] {
        story.plan(environment)?;
        story.apply(environment)?;
    }
    for root in ["prod", "stage", "ops"] {
        story.destroy(root)?;
    }
    story.as_before()
}

/// Permissions that are bound to tags are none on an object that is gone, and AWS denies the call.
#[test]
fn a_destroy_goes_on_when_a_denied_object_is_gone_already() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &fixtures::app(&account.default_network()?, ""))?;
    root.apply()?.ok()?;
    let group = root.attributes(APP)?["security_group_id"].clone();
    account.outside("ec2", "DeleteSecurityGroup", &json!({ "GroupId": group }))?;
    let denied = Fault::on("ec2", "DeleteSecurityGroup").times(1);
    account.fault(denied.answer(403, "UnauthorizedOperation", "denied by the test"))?;
    account.forget_calls()?;
    let destroy = ["destroy", "-auto-approve", "-refresh=false", "-no-color"];
    root.terraform(&destroy)?.ok()?;
    let writes = account.all_writes()?;
    let is_denied = |call: &Call| call.error_code.as_deref() == Some("UnauthorizedOperation");
    ensure!(writes.iter().any(is_denied), "no call was denied");
    Ok(())
}

/// The denial of what is there is one.
#[test]
fn a_destroy_fails_when_it_is_denied() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &fixtures::app(&account.default_network()?, ""))?;
    root.apply()?.ok()?;
    let denied = Fault::on("ec2", "DeleteSecurityGroup").times(1);
    account.fault(denied.answer(403, "UnauthorizedOperation", "denied by the test"))?;
    let failed = root.destroy()?.failed()?;
    failed.says(&["may not call", "ec2:DeleteSecurityGroup", "then run again"])?;
    root.destroy()?.ok().map(drop)
}

/// It may have been deleted after the plan.
#[test]
fn a_destroy_goes_on_when_its_cluster_is_gone_already() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &fixtures::cluster(""))?;
    root.apply()?.ok()?;
    let cluster = root.attributes(CLUSTER)?["cluster_arn"].clone();
    account.outside("ecs", "DeleteCluster", &json!({ "cluster": cluster }))?;
    let destroy = ["destroy", "-auto-approve", "-refresh=false", "-no-color"];
    root.terraform(&destroy)?.ok().map(drop)
}
