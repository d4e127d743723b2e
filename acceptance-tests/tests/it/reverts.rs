//! Changes that fail and are taken back, names that are taken, and objects that go in the right order: the live
//! object stays, and one apply leads there.

use acceptance_tests::{
    Account, Action, Drift, Fault, Killed, Phase, Play, Provider, Signal, Victim, Workspace,
    apply_killed, apply_signalled,
};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};

use crate::fixtures::{self, DB, DISPOSABLE, ROUTER, SERVICE, WORKER};

/// The number of the last such write in an undisturbed apply of a change, from 1.
fn write_of(before: &str, after: &str, account: &Account, action: &str) -> Result<usize> {
    let root = Workspace::new(account, before)?;
    root.apply()?.ok()?;
    account.forget_calls()?;
    root.resources(after)?;
    root.apply()?.ok()?;
    let writes = account.all_writes()?;
    root.destroy()?.ok()?;
    let at = writes.iter().rposition(|call| call.action == action);
    Ok(at.with_context(|| format!("no {action}"))? + 1)
}

/// The plan says that the apply stopped; afterwards the live load balancer is the only one that is left.
fn goes_back(root: &Workspace, outside: &str, live: &Json) -> Result<()> {
    root.resources(outside)?;
    let drift = root.plan()?.change(ROUTER)?.drift()?;
    let stopped = |drift: &Drift| drift.component == "last apply" && drift.cause == "apply";
    ensure!(drift.iter().any(stopped), "{drift:?}");
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let left = fixtures::load_balancer(root.account())?["LoadBalancerArn"].clone();
    ensure!(left == *live, "{left} is left of {live}");
    Ok(())
}

#[test]
fn a_router_whose_move_was_interrupted_goes_back_to_its_load_balancer() -> Result<()> {
    let account = Account::fresh()?;
    let router = |more: &str| {
        let more = format!("  deletion_protection = false\n{more}");
        fixtures::router(&account, &more)
    };
    let (outside, inside) = (router("")?, router("  public = false\n")?);
    let write = write_of(&outside, &inside, &account, "CreateLoadBalancer")?;
    let root = Workspace::new(&account, &outside)?;
    root.apply()?.ok()?;
    let live = fixtures::load_balancer(&account)?["LoadBalancerArn"].clone();
    root.resources(&inside)?;
    // One Ctrl-C: both Terraform and the provider get it.
    apply_signalled(&root, Signal::SIGINT, Phase::After, write)?.failed()?;
    goes_back(&root, &outside, &live)
}

/// A service moves to another port, is stopped at the write by which all requests go there, and goes back: its rule
/// stays, and no request meets an outage.
fn moves_back(stop: impl Fn(&Workspace, usize) -> Result<()>) -> Result<()> {
    let account = Account::fresh()?;
    let here = fixtures::web_slice(&account, "")?;
    let there = fixtures::web_slice(&account, "  port = 9090\n")?;
    let write = write_of(&here, &there, &account, "ModifyRule")?;
    let root = Workspace::new(&account, &here)?;
    root.apply()?.ok()?;
    let live = root.attributes(SERVICE)?["rule_arns"].clone();
    root.resources(&there)?;
    stop(&root, write)?;
    account.forget_routes()?;
    root.resources(&here)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let left = root.attributes(SERVICE)?["rule_arns"].clone();
    ensure!(left == live, "{left} is left of {live}");
    let outages = account.outages()?;
    ensure!(outages.is_empty(), "{}", outages.join("\n"));
    Ok(())
}

/// Terraform forgets what the provider has recorded when it is killed. The rule leads to the new port by then.
#[test]
fn a_service_whose_move_to_another_port_was_killed_goes_back_with_its_rule() -> Result<()> {
    moves_back(|root, write| {
        let end = apply_killed(root, Victim::Provider, Phase::After, write)?;
        ensure!(end == Killed::AtWrite, "the apply ended before");
        Ok(())
    })
}

/// Its tasks are behind both ports by then, and requests go to the old one.
#[test]
fn a_service_whose_move_to_another_port_was_refused_goes_back() -> Result<()> {
    moves_back(|root, write| {
        let fault = Fault::on_writes().after_calls(write - 1).times(1);
        let fault = fault.answer(400, "InvalidParameterException", "refused by the test");
        root.account().fault(fault)?;
        root.apply()?.failed()?.says(&["refused by the test"])?;
        root.account().no_faults()
    })
}

/// Protection is the default, and must not come in the way.
#[test]
fn a_protected_router_whose_move_failed_goes_back() -> Result<()> {
    let account = Account::fresh()?;
    let (outside, inside) = (
        fixtures::router(&account, "")?,
        fixtures::router(&account, "  public = false\n")?,
    );
    let root = Workspace::new(&account, &outside)?;
    root.apply()?.ok()?;
    let live = fixtures::load_balancer(&account)?["LoadBalancerArn"].clone();
    root.resources(&inside)?;
    let fault = Fault::on("elbv2", "CreateListener").times(1);
    account.fault(fault.answer(400, "InvalidConfigurationRequest", "refused by the test"))?;
    root.apply()?.failed()?.says(&["refused by the test"])?;
    goes_back(&root, &outside, &live)
}

#[test]
fn a_service_that_ecs_rolled_back_keeps_its_private_name_when_that_is_reverted() -> Result<()> {
    let account = Account::fresh()?;
    let (network, named) = (
        account.default_network()?,
        fixtures::network_with_names(&account)?,
    );
    let slice = |image: &str, name: &str| -> Result<String> {
        let more = format!("  private_name = \"{name}\"\n");
        let worker = WORKER.replace("v41", image) + &more;
        Ok(fixtures::slice(&account, "", &worker)?.replace(&network, &named))
    };
    let before = slice("v41", "api.shop")?;
    let root = Workspace::new(&account, &before)?;
    root.apply()?.ok()?;
    let listed = || account.list("servicediscovery", "ListServices", &json!({}), "Services");
    let live = listed()?;
    account.play(Play::new(".*", "rollback").after_describes(1))?;
    root.resources(&slice("v42", "other.shop")?)?;
    root.apply()?.failed()?;
    root.resources(&before)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let ids = |list: &[Json]| -> Vec<Json> { list.iter().map(|it| it["Id"].clone()).collect() };
    ensure!(ids(&listed()?) == ids(&live), "{:?} of {live:?}", listed()?);
    Ok(())
}

#[test]
fn a_router_whose_new_record_was_refused_goes_back_to_its_certificate() -> Result<()> {
    let account = Account::fresh()?;
    let two = fixtures::router(&account, &fixtures::domains(&account)?)?;
    let one = two.replace(", \"*.example.com\"", "");
    let root = Workspace::new(&account, &one)?;
    root.apply()?.ok()?;
    let certificates = || {
        account.list(
            "acm",
            "ListCertificates",
            &json!({}),
            "CertificateSummaryList",
        )
    };
    let live = certificates()?[0]["CertificateArn"].clone();
    root.resources(&two)?;
    let fault = Fault::on("route53", "ChangeResourceRecordSets").times(1);
    let writes = account.writes()?.len();
    account.fault(fault.answer(400, "InvalidChangeBatch", "refused by the test"))?;
    root.apply()?.failed()?.says(&["refused by the test"])?;
    ensure!(account.writes()?.len() > writes, "nothing was begun");
    root.resources(&one)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let left = certificates()?;
    ensure!(
        left.len() == 1 && left[0]["CertificateArn"] == live,
        "{left:?}"
    );
    Ok(())
}

/// IAM takes a name once, whatever its path: the old role goes first.
#[test]
fn another_iam_path_replaces_roles_of_the_same_name() -> Result<()> {
    let account = Account::fresh()?;
    let provider = |path: &str| Provider::of(&account).extra(&format!("  iam_path = \"{path}\"\n"));
    let root = [
        fixtures::slice(&account, "", WORKER)?,
        fixtures::job(fixtures::REPORT),
        fixtures::role("  preset = \"read\""),
    ]
    .concat();
    let root = Workspace::with_provider(&account, &provider("/a/"), &root)?;
    root.apply()?.ok()?;
    root.write("provider.tf", &provider("/b/").hcl())?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let roles = account.list("iam", "ListRoles", &json!({}), "Roles")?;
    let ours = |role: &&Json| role["Path"] == "/a/" || role["Path"] == "/b/";
    let paths: Vec<&Json> = roles
        .iter()
        .filter(ours)
        .map(|role| &role["Path"])
        .collect();
    ensure!(
        !paths.is_empty() && paths.iter().all(|path| **path == "/b/"),
        "{paths:?}"
    );
    Ok(())
}

/// The parameter group of the old version goes with the replica that uses it, in the right order.
#[test]
fn a_major_upgrade_and_the_end_of_the_replicas_are_one_apply() -> Result<()> {
    let account = Account::fresh()?;
    let (root, upgraded) = with_a_replica(&account)?;
    root.resources(&upgraded.replace("replicas = { a = {} }", "replicas = {}"))?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let left = fixtures::databases(&account)?;
    ensure!(left.len() == 1, "{left:?}");
    let groups = account.list(
        "rds",
        "DescribeDBParameterGroups",
        &json!({}),
        "DBParameterGroups",
    )?;
    let old = |group: &&Json| group["DBParameterGroupFamily"] == "postgres15";
    ensure!(!groups.iter().any(|group| old(&group)), "{groups:?}");
    Ok(())
}

/// RDS upgrades replicas in the same Region with their primary.
#[test]
fn a_major_upgrade_takes_its_replicas_along() -> Result<()> {
    let account = Account::fresh()?;
    let (root, upgraded) = with_a_replica(&account)?;
    root.resources(&upgraded)?;
    root.plan()?.expect(DB, Action::Update)?;
    root.apply_saved()?.ok()?;
    root.plan()?.empty()?;
    for one in fixtures::databases(&account)? {
        let version = one["EngineVersion"].as_str().unwrap_or_default();
        ensure!(
            version.starts_with("16"),
            "{} runs {version}",
            one["DBInstanceIdentifier"]
        );
    }
    Ok(())
}

/// A root with a database of version 15, and the same root with version 16.
fn with_a_replica(account: &Account) -> Result<(Workspace, String)> {
    let more = "  replicas = { a = {} }\n  parameters = { work_mem = \"8192\" }\n";
    let allowed = "  allow_major_version_upgrade = true\n";
    let sixteen = fixtures::db(account, &format!("{DISPOSABLE}{more}{allowed}"))?;
    let root = Workspace::new(account, &sixteen.replace("\"16\"", "\"15\""))?;
    root.apply()?.ok()?;
    Ok((root, sixteen))
}

/// Somebody scales by hand while a change is planned: the plan did not show the count, so the apply leaves it.
#[test]
fn a_count_that_a_plan_did_not_show_is_left_alone() -> Result<()> {
    for refresh in [true, false] {
        let slice = |account: &Account, image: &str| {
            let worker = WORKER.replace("v41", image) + "  desired_count = 2\n";
            fixtures::slice(account, "", &worker)
        };
        let account = Account::fresh()?;
        let root = Workspace::new(&account, &slice(&account, "v41")?)?;
        root.apply()?.ok()?;
        root.resources(&slice(&account, "v42")?)?;
        if refresh {
            // A saved plan, and then somebody is quicker.
            root.plan()?.expect(SERVICE, Action::Update)?;
            scale(&account, 9)?;
        } else {
            scale(&account, 9)?;
            root.plan_with(&["-refresh=false"])?
                .expect(SERVICE, Action::Update)?;
        }
        let output = root.apply_saved()?.ok()?;
        output.says(&["Changed After the Plan", "service.desired_count"])?;
        let count = fixtures::ecs_service(&account)?["desiredCount"].clone();
        ensure!(count == 9, "there are {count} tasks");
        let changed = root.plan()?.expect(SERVICE, Action::Update)?.changed();
        ensure!(changed.contains(&"desired_count".to_owned()), "{changed:?}");
        root.apply_saved()?.ok()?;
        root.plan()?.empty()?;
    }
    Ok(())
}

fn scale(account: &Account, count: u32) -> Result<()> {
    let (cluster, service) = fixtures::ecs_names(account)?;
    let params = json!({ "cluster": cluster, "service": service, "desiredCount": count });
    account.outside("ecs", "UpdateService", &params).map(drop)
}

/// CI was quicker: its deployment is not undone by a plan that did not know of it.
#[test]
fn a_deployment_after_the_plan_stops_the_apply() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &fixtures::slice(&account, "", WORKER)?)?;
    root.apply()?.ok()?;
    root.resources(&fixtures::slice(
        &account,
        "",
        &WORKER.replace("v41", "v42"),
    )?)?;
    root.plan()?.expect(SERVICE, Action::Update)?;
    crate::deploy::deploy_outside(&account, "repo/shop:v77")?;
    let running = fixtures::ecs_service(&account)?["taskDefinition"].clone();
    root.apply_saved()?
        .failed()?
        .says(&["Something Was Deployed After the Plan"])?;
    let now = fixtures::ecs_service(&account)?["taskDefinition"].clone();
    ensure!(now == running, "{now} took the place of {running}");
    root.apply()?.ok()?;
    root.plan()?.empty()
}
