//! Requests that reach a service: target groups, rules, priorities, and moves without an outage.

use acceptance_tests::{Account, Action, Provider, Workspace, same};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};

use crate::fixtures::{self, SERVICE};

/// The rules of all listeners but the default ones, by their priority.
fn rules(account: &Account) -> Result<Vec<Json>> {
    let mut found = Vec::new();
    for balancer in account.list(
        "elbv2",
        "DescribeLoadBalancers",
        &json!({}),
        "LoadBalancers",
    )? {
        let of = json!({ "LoadBalancerArn": balancer["LoadBalancerArn"] });
        for listener in account.list("elbv2", "DescribeListeners", &of, "Listeners")? {
            let of = json!({ "ListenerArn": listener["ListenerArn"] });
            found.extend(account.list("elbv2", "DescribeRules", &of, "Rules")?);
        }
    }
    found.retain(|rule| rule["IsDefault"] != true);
    found.sort_by_key(|rule| {
        rule["Priority"]
            .as_str()
            .and_then(|it| it.parse::<i64>().ok())
    });
    Ok(found)
}

fn groups(account: &Account) -> Result<Vec<Json>> {
    account.list("elbv2", "DescribeTargetGroups", &json!({}), "TargetGroups")
}

#[test]
fn a_service_is_reached_and_its_targets_are_healthy() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &fixtures::web_slice(&account, "")?)?;
    account.setting("target_describes", &json!(3))?;
    root.apply()?.ok()?;
    let group = &groups(&account)?[0];
    ensure!(
        group["Port"] == 8080 && group["TargetType"] == "ip",
        "{group}"
    );
    let asked = account.calls()?;
    let asked = asked
        .iter()
        .filter(|call| call.action == "DescribeTargetHealth");
    ensure!(
        asked.count() == 4,
        "the apply did not wait until the target was healthy"
    );
    let definition = fixtures::task_definition(&account)?;
    let port = fixtures::variable(&definition, "PORT");
    ensure!(port.as_deref() == Some("8080"), "PORT is {port:?}");
    root.plan()?.empty()?;
    let service = root.attributes(SERVICE)?;
    let reference = &service["ref"]["target_groups"]["main"];
    ensure!(reference["arn"] == group["TargetGroupArn"], "{reference}");
    ensure!(
        service["routes"]["web"]["priority"].is_i64(),
        "the priority is not in the state: {}",
        service["routes"]
    );
    Ok(())
}

/// New routes before old ones, the way back, three that rotate, and one that moves to another service: one apply
/// each, and no call is refused.
#[test]
fn priorities_shift_rotate_and_move() -> Result<()> {
    let account = Account::fresh()?;
    let at_router = account.router("main")?;
    let routes = |of: &[(&str, u32)]| {
        let route = |(key, at): &(&str, u32)| {
            format!("{key} = {{ router = {at_router}, path = \"/{key}\", priority = {at} }}")
        };
        let all: Vec<String> = of.iter().map(route).collect();
        let image = "  image = \"repo/shop:v41\"\n";
        format!("{image}  routes = {{ {} }}\n", all.join(", "))
    };
    let second = |of: &[(&str, u32)]| {
        let service = fixtures::service(&routes(of));
        service.replace("\"worker\"", "\"other\"")
    };
    let both = |first: &[(&str, u32)], others: &[(&str, u32)]| -> Result<String> {
        Ok(fixtures::slice(&account, "", &routes(first))? + &second(others))
    };
    let root = Workspace::new(&account, &both(&[("a", 1), ("b", 2)], &[("z", 9)])?)?;
    root.apply()?.ok()?;
    let steps = [
        both(&[("n", 1), ("a", 2), ("b", 3)], &[("z", 9)])?,
        both(&[("a", 1), ("b", 2)], &[("z", 9)])?,
        both(&[("a", 1), ("b", 2), ("c", 3)], &[("z", 9)])?,
        both(&[("a", 2), ("b", 3), ("c", 1)], &[("z", 9)])?,
        both(&[("a", 2), ("b", 3)], &[("z", 1)])?,
        both(&[("a", 1), ("b", 3)], &[("z", 2)])?,
    ];
    for (at, step) in steps.iter().enumerate() {
        account.forget_calls()?;
        root.resources(step)?;
        root.apply()?.ok().with_context(|| format!("step {at}"))?;
        root.plan()?.empty().with_context(|| format!("step {at}"))?;
        let calls = account.calls()?;
        let refused = calls
            .iter()
            .find(|call| call.write && call.error_code.is_some());
        ensure!(refused.is_none(), "step {at}: {refused:?}");
    }
    Ok(())
}

#[test]
fn the_same_priority_in_two_new_services_is_an_error_of_the_plan() -> Result<()> {
    let account = Account::fresh()?;
    let router = account.router("main")?;
    let at = |path: &str| {
        let route = format!("{{ router = {router}, path = \"{path}\", priority = 7 }}");
        format!("  image = \"repo/shop:v41\"\n  routes = {{ it = {route} }}\n")
    };
    let other = fixtures::service(&at("/b")).replace("\"worker\"", "\"other\"");
    let root = fixtures::slice(&account, "", &at("/a"))? + &other;
    let root = Workspace::new(&account, &root)?;
    let told = [
        "Conflicting Resources",
        "priority",
        "stage/shop/worker",
        "stage/shop/other",
    ];
    root.plan_output(&[])?.failed()?.says(&told)
}

/// Rules of one load balancer never meet, and a chosen priority stays when another could be had.
#[test]
fn a_taken_priority_is_passed_over_and_the_chosen_one_kept() -> Result<()> {
    let account = Account::fresh()?;
    let router = account.router("main")?;
    let slice = |more: &str| fixtures::slice(&account, "", &(fixtures::web(&router) + more));
    let root = Workspace::new(&account, &slice("")?)?;
    root.apply()?.ok()?;
    let first = rules(&account)?[0]["Priority"].clone();
    root.destroy()?.ok()?;
    let taken = json!({
        "ListenerArn": listener(&account)?, "Priority": first.as_str().and_then(|it| it.parse::<i64>().ok()),
        "Conditions": [{ "Field": "path-pattern", "Values": ["/x"] }],
        "Actions": [{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }],
    });
    account.outside("elbv2", "CreateRule", &taken)?;
    root.apply()?.ok()?;
    let all = rules(&account)?;
    let numbers: Vec<i64> = all
        .iter()
        .filter_map(|rule| rule["Priority"].as_str()?.parse().ok())
        .collect();
    ensure!(
        numbers.len() == 2 && numbers[1] == numbers[0] + 1,
        "{numbers:?}"
    );
    account.outside(
        "elbv2",
        "DeleteRule",
        &json!({ "RuleArn": all[0]["RuleArn"] }),
    )?;
    root.plan()?.empty()
}

fn listener(account: &Account) -> Result<Json> {
    let balancers = account.list(
        "elbv2",
        "DescribeLoadBalancers",
        &json!({}),
        "LoadBalancers",
    )?;
    let of = json!({ "LoadBalancerArn": balancers.first().context("none")?["LoadBalancerArn"] });
    let listeners = account.list("elbv2", "DescribeListeners", &of, "Listeners")?;
    Ok(listeners.first().context("none")?["ListenerArn"].clone())
}

#[test]
fn priorities_are_given_and_exchanged() -> Result<()> {
    let account = Account::fresh()?;
    let router = account.router("main")?;
    let two = |a: u32, b: u32| {
        let route = |path: &str, at: u32| {
            format!("{{ router = {router}, path = \"{path}\", priority = {at} }}")
        };
        format!(
            "  image = \"repo/shop:v41\"\n  routes = {{ a = {}, b = {} }}\n",
            route("/a", a),
            route("/b", b)
        )
    };
    let root = Workspace::new(&account, &fixtures::slice(&account, "", &two(10, 20))?)?;
    root.apply()?.ok()?;
    root.resources(&fixtures::slice(&account, "", &two(20, 10))?)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let first = &rules(&account)?[0];
    let path = &first["Conditions"][0]["PathPatternConfig"]["Values"][0];
    ensure!(path == "/b", "{first}");
    Ok(())
}

#[test]
fn another_port_moves_without_an_outage() -> Result<()> {
    let account = Account::fresh()?;
    let router = account.router("main")?;
    let slice = |more: &str| fixtures::slice(&account, "", &(fixtures::web(&router) + more));
    let root = Workspace::new(&account, &slice("")?)?;
    root.apply()?.ok()?;
    let before = rules(&account)?;
    account.setting("target_describes", &json!(3))?;
    account.forget_routes()?;
    root.resources(&slice("  port = 9090\n")?)?;
    root.plan()?.expect(SERVICE, Action::Update)?;
    root.apply()?.ok()?;
    let outages = account.outages()?;
    ensure!(outages.is_empty(), "{}", outages.join("\n"));
    root.plan()?.empty()?;
    let after = groups(&account)?;
    ensure!(after.len() == 1 && after[0]["Port"] == 9090, "{after:?}");
    let (old, new) = (&before[0], &rules(&account)?[0]);
    same("the rule's place", &old["Priority"], &new["Priority"])?;
    same("the rule itself", &old["RuleArn"], &new["RuleArn"])
}

/// ELB takes a rule to two groups, one of them sticky, only when the rule is sticky itself.
#[test]
fn a_sticky_service_moves_to_another_port() -> Result<()> {
    let account = Account::fresh()?;
    let router = account.router("main")?;
    let sticky = "  stickiness = { duration = 3600 }\n";
    let slice =
        |more: &str| fixtures::slice(&account, "", &(fixtures::web(&router) + sticky + more));
    let root = Workspace::new(&account, &slice("")?)?;
    root.apply()?.ok()?;
    root.resources(&slice("  port = 9090\n")?)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let after = groups(&account)?;
    ensure!(after.len() == 1 && after[0]["Port"] == 9090, "{after:?}");
    Ok(())
}

#[test]
fn another_router_is_reached_before_the_old_one_is_left() -> Result<()> {
    let account = Account::fresh()?;
    let (one, two) = (account.router("one")?, account.router("two")?);
    let slice = |router: &str| fixtures::slice(&account, "", &fixtures::web(router));
    let root = Workspace::new(&account, &slice(&one)?)?;
    root.apply()?.ok()?;
    let whole = account.dump()?;
    account.forget_calls()?;
    root.resources(&slice(&two)?)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let calls = account.writes()?;
    let at = |action: &str, nth: usize| {
        let mut places = calls
            .iter()
            .enumerate()
            .filter(|(_, call)| call.action == action);
        places.nth(nth).map(|(at, _)| at).context(action.to_owned())
    };
    // Registered in both, then the old rule goes, then the service leaves the old target group.
    let order = [
        at("CreateRule", 0)?,
        at("UpdateService", 0)?,
        at("DeleteRule", 0)?,
        at("UpdateService", 1)?,
        at("DeleteTargetGroup", 0)?,
    ];
    ensure!(order.is_sorted(), "{order:?} of {calls:?}");
    let both = calls[order[1]].params["loadBalancers"]
        .as_array()
        .map(Vec::len);
    ensure!(
        both == Some(2),
        "the tasks were registered in {both:?} target groups"
    );
    root.resources(&slice(&one)?)?;
    root.apply()?.ok()?;
    same(
        "the account after going forth and back",
        &strip(whole),
        &strip(account.dump()?),
    )
}

/// Without task definitions and revisions, of which there are more now.
fn strip(mut dump: Json) -> Json {
    dump["task_definitions"] = Json::Null;
    dump
}

#[test]
fn routes_come_and_go() -> Result<()> {
    let account = Account::fresh()?;
    let router = account.router("main")?;
    let slice = |more: &str| fixtures::slice(&account, "", more);
    let worker = slice("  image = \"repo/shop:v41\"\n")?;
    let root = Workspace::new(&account, &worker)?;
    root.apply()?.ok()?;
    root.resources(&slice(&fixtures::web(&router))?)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    account.forget_calls()?;
    root.resources(&worker)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let writes = account.writes()?;
    let at = |action: &str| writes.iter().position(|call| call.action == action);
    let order = [
        at("DeleteRule"),
        at("UpdateService"),
        at("DeleteTargetGroup"),
    ];
    ensure!(order.is_sorted() && order[0].is_some(), "{order:?}");
    ensure!(groups(&account)?.is_empty(), "the target group is left");
    Ok(())
}

/// Autoscaling owns the count: what it chooses is no drift, and an apply does not write it.
#[test]
fn the_count_belongs_to_autoscaling() -> Result<()> {
    let account = Account::fresh()?;
    let scale = "  scale = { min = 2, max = 6, cpu = 60, requests = 500 }\n";
    let slice = fixtures::web_slice(&account, scale)?;
    let root = Workspace::new(&account, &slice)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let (cluster, service) = fixtures::ecs_names(&account)?;
    ensure!(
        fixtures::ecs_service(&account)?["desiredCount"] == 2,
        "not at the minimum"
    );
    let chosen = json!({ "cluster": cluster, "service": service, "desiredCount": 5 });
    account.outside("ecs", "UpdateService", &chosen)?;
    root.plan()?.empty()?;
    let policies = json!({ "ServiceNamespace": "ecs" });
    let policies = account.list(
        "application-autoscaling",
        "DescribeScalingPolicies",
        &policies,
        "ScalingPolicies",
    )?;
    ensure!(policies.len() == 2, "{policies:?}");
    root.resources(&slice.replace("v41", "v42"))?;
    root.apply()?.ok()?;
    ensure!(
        fixtures::ecs_service(&account)?["desiredCount"] == 5,
        "the apply wrote the count"
    );
    root.plan()?.empty()
}

/// Ids of the rules by which the security group of a load balancer lets requests out, and what they lead to.
fn ways_out(account: &Account) -> Result<Vec<(Json, Json)>> {
    let balancer = fixtures::load_balancer(account)?;
    let group = &balancer["SecurityGroups"][0];
    let of = json!({ "Filters": [{ "Name": "group-id", "Values": [group] }] });
    let rules = account.list(
        "ec2",
        "DescribeSecurityGroupRules",
        &of,
        "SecurityGroupRules",
    )?;
    let out = rules.iter().filter(|rule| rule["IsEgress"] == true);
    let way = |rule: &Json| {
        let to = match &rule["CidrIpv4"] {
            Json::Null => rule["ReferencedGroupInfo"]["GroupId"].clone(),
            range => range.clone(),
        };
        (rule["SecurityGroupRuleId"].clone(), to)
    };
    Ok(out.map(way).collect())
}

/// Routers were once made without a way out for all: their services bring their own until the router has one.
#[test]
fn a_service_brings_its_own_way_out_until_its_router_has_one() -> Result<()> {
    let account = Account::fresh()?;
    let routers = Workspace::new(&account, &fixtures::router(&account, "")?)?;
    routers.apply()?.ok()?;
    let (for_all, range) = ways_out(&account)?
        .pop()
        .context("the router has no way out")?;
    let group = fixtures::load_balancer(&account)?["SecurityGroups"][0].clone();
    let rule = json!({ "GroupId": group, "SecurityGroupRuleIds": [for_all] });
    account.outside("ec2", "RevokeSecurityGroupEgress", &rule)?;

    let slice = fixtures::slice(
        &account,
        "",
        &fixtures::web("data.stackwright_router.public.ref"),
    )?;
    let data = "data \"stackwright_router\" \"public\" {\n  name = \"public\"\n}\n";
    let services = Workspace::with_provider(
        &account,
        &Provider::of(&account).owner("acme/services"),
        &format!("{data}{slice}"),
    )?;
    services.apply()?.ok()?;
    services.plan()?.empty()?;
    let ways: Vec<_> = ways_out(&account)?.into_iter().map(|(_, to)| to).collect();
    ensure!(
        matches!(&ways[..], [to] if to.as_str().is_some_and(|to| to.starts_with("sg-"))),
        "the router reaches {ways:?}"
    );

    routers.apply()?.ok()?;
    ensure!(
        ways_out(&account)?.len() == 2,
        "the router has not got its way back"
    );
    services.plan()?.expect(SERVICE, Action::Update)?;
    services.apply()?.ok()?;
    services.plan()?.empty()?;
    routers.plan()?.empty()?;
    let ways: Vec<_> = ways_out(&account)?.into_iter().map(|(_, to)| to).collect();
    ensure!(ways == [range], "the router reaches {ways:?}");
    Ok(())
}
