//! What a plain AWS client sees of an environment of the example `acme`, checked against what its spec asks for.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};

use crate::account::Account;

/// One AWS object as an outside client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// `VPC`.
    pub kind: &'static str,
    /// What a person would say of it.
    pub what: String,
}

impl Sight {
    fn new(kind: &'static str, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { kind, what }
    }
}

/// What an environment must have.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// `stage`.
    pub environment: &'a str,
    /// Domain below which its apps are.
    pub domain: &'a str,
    /// App, process and tasks that run.
    pub services: [(&'static str, &'static str, u64); 3],
    /// Least and most tasks of `shop`'s `web`, when they scale.
    pub scale: Option<(u64, u64)>,
    /// Machine of the database.
    pub instance_class: &'static str,
}

/// Looks at everything.
pub(crate) fn look(account: &Account, wanted: &Wanted<'_>) -> Result<Vec<Sight>> {
    let services = services(account, wanted)?;
    let mut sights = network(account, wanted)?;
    sights.extend(routers(account, wanted, &services)?);
    for (service, (app, process, count)) in services.iter().zip(wanted.services) {
        sights.push(running(service, app, process, count)?);
    }
    sights.extend(scaling(account, wanted)?);
    sights.push(schedule(account, wanted)?);
    sights.extend(database(account, wanted)?);
    sights.push(environment_of_web(account, wanted, &services)?);
    sights.extend(private_name(account, wanted, &services)?);
    sights.push(alarms(account)?);
    sights.extend(logs(account, wanted)?);
    sights.push(roles(account)?);
    Ok(sights)
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}

/// The only one of a list.
fn only(what: &str, list: Vec<Json>) -> Result<Json> {
    ensure!(
        list.len() == 1,
        "expected one {what}, found {}: {list:?}",
        list.len()
    );
    list.into_iter().next().context("checked above")
}

fn network(account: &Account, wanted: &Wanted<'_>) -> Result<Vec<Sight>> {
    let ours = |list: Vec<Json>| -> Vec<Json> {
        let tagged = |it: &Json| {
            let mut tags = it["Tags"].as_array().into_iter().flatten();
            tags.any(|tag| {
                tag["Key"] == "stackwright:environment" && tag["Value"] == wanted.environment
            })
        };
        list.into_iter().filter(tagged).collect()
    };
    let list =
        |operation: &str, key: &str| account.list("ec2", operation, &json!({}), key).map(ours);
    let vpc = only("VPC", list("DescribeVpcs", "Vpcs")?)?;
    let subnets = list("DescribeSubnets", "Subnets")?.len();
    ensure!(subnets == 4, "expected 4 subnets, found {subnets}");
    let gateways = list("DescribeNatGateways", "NatGateways")?.len();
    ensure!(gateways > 0, "there is no NAT gateway");
    let range = text(&vpc["CidrBlock"]);
    Ok(vec![Sight::new(
        "VPC",
        format!("{range}, {subnets} subnets, {gateways} NAT gateway"),
    )])
}

/// The ECS services in the order in which they are wanted, and no others.
fn services(account: &Account, wanted: &Wanted<'_>) -> Result<Vec<Json>> {
    let clusters = account.list("ecs", "ListClusters", &json!({}), "clusterArns")?;
    let cluster = only("cluster", clusters)?;
    let all = json!({ "cluster": cluster });
    let services = account.list("ecs", "ListServices", &all, "serviceArns")?;
    ensure!(
        services.len() == wanted.services.len(),
        "expected {} services, found {services:?}",
        wanted.services.len()
    );
    let params = json!({ "cluster": cluster, "services": services });
    let described = counted(account, &params)?;
    let find = |(app, process, _): (&str, &str, u64)| {
        let name = format!("acme-{}-{app}-{process}-", wanted.environment);
        let found = described
            .iter()
            .find(|service| text(&service["serviceName"]).starts_with(&name));
        found.cloned().with_context(|| format!("no service {name}"))
    };
    wanted.services.into_iter().map(find).collect()
}

/// The services once each has the tasks that it shall have. Autoscaling changes its mind after the apply, and ECS takes a moment to
/// follow.
fn counted(account: &Account, params: &Json) -> Result<Vec<Json>> {
    let mut looks = 5;
    loop {
        let described = account.list("ecs", "DescribeServices", params, "services")?;
        let is_counted = |service: &Json| service["runningCount"] == service["desiredCount"];
        looks -= 1;
        if looks == 0 || described.iter().all(is_counted) {
            return Ok(described);
        }
    }
}

fn running(service: &Json, app: &str, process: &str, count: u64) -> Result<Sight> {
    let state = &service["deployments"][0]["rolloutState"];
    ensure!(
        state == "COMPLETED",
        "the deployment of {app}/{process} is {state}"
    );
    ensure!(
        service["desiredCount"] == count && service["runningCount"] == count,
        "{} of {} tasks of {app}/{process} run, asked for {count}",
        service["runningCount"],
        service["desiredCount"]
    );
    Ok(Sight::new(
        "ECS service",
        format!("{app}/{process}, deployment COMPLETED, {count} of {count} tasks run"),
    ))
}

/// The load balancer, its listeners, its one rule, the target group of `shop`'s `web` and the DNS name.
fn routers(account: &Account, wanted: &Wanted<'_>, services: &[Json]) -> Result<Vec<Sight>> {
    let list =
        |operation: &str, params: Json, key: &str| account.list("elbv2", operation, &params, key);
    let balancers = list("DescribeLoadBalancers", json!({}), "LoadBalancers")?;
    let balancer = only("load balancer", balancers)?;
    let arn = &balancer["LoadBalancerArn"];
    ensure!(balancer["Scheme"] == "internet-facing", "it is not public");
    let of_balancer = json!({ "LoadBalancerArn": arn });
    let listeners = list("DescribeListeners", of_balancer.clone(), "Listeners")?;
    let listener = |port: u16| {
        let found = listeners.iter().find(|listener| listener["Port"] == port);
        found.with_context(|| format!("nothing listens on {port}"))
    };
    ensure!(
        listener(80)?["DefaultActions"][0]["Type"] == "redirect",
        "HTTP is not redirected"
    );
    ensure!(
        text(&listener(443)?["SslPolicy"]).contains("TLS13"),
        "the policy of TLS is old"
    );
    let of_listener = json!({ "ListenerArn": listener(443)?["ListenerArn"] });
    let mut rules = list("DescribeRules", of_listener, "Rules")?;
    rules.retain(|rule| rule["IsDefault"] != true);
    let rule = only("rule", rules)?;
    let host = format!("shop.{}", wanted.domain);
    ensure!(
        rule["Conditions"].to_string().contains(&host),
        "the rule is not for {host}: {rule}"
    );
    let groups = list("DescribeTargetGroups", of_balancer, "TargetGroups")?;
    let group = only("target group", groups)?;
    let web = services.first().context("no service")?;
    for (who, has) in [
        ("rule", rule["Actions"].to_string()),
        ("service shop/web", web["loadBalancers"].to_string()),
    ] {
        ensure!(
            has.contains(text(&group["TargetGroupArn"])),
            "the {who} does not lead to the target group: {has}"
        );
    }
    let attached = group["LoadBalancerArns"].as_array().into_iter().flatten();
    ensure!(
        attached.clone().count() > 0 && attached.clone().all(|it| it == arn),
        "the target group is not attached"
    );
    let check = text(&group["HealthCheckPath"]);
    ensure!(check == "/healthz", "the health check asks {check}");
    named(account, &host, text(&balancer["DNSName"]))?;
    Ok(vec![
        Sight::new(
            "load balancer",
            format!("public, 80 to 443, https://{host}"),
        ),
        Sight::new(
            "target group",
            format!("port {}, asks {check}, attached to shop/web", group["Port"]),
        ),
    ])
}

/// A DNS name leads to the load balancer.
fn named(account: &Account, host: &str, balancer: &str) -> Result<()> {
    let zone = only("zone", public_zones(account)?)?;
    let records = account.list(
        "route53",
        "ListResourceRecordSets",
        &json!({ "HostedZoneId": zone["Id"] }),
        "ResourceRecordSets",
    )?;
    let leads = |record: &Json| {
        text(&record["Name"]).trim_end_matches('.') == host
            && record["AliasTarget"]["DNSName"]
                .to_string()
                .to_lowercase()
                .contains(&balancer.to_lowercase())
    };
    ensure!(
        records.iter().any(leads),
        "no record leads from {host} to {balancer}: {records:?}"
    );
    Ok(())
}

fn public_zones(account: &Account) -> Result<Vec<Json>> {
    let mut zones = account.list("route53", "ListHostedZones", &json!({}), "HostedZones")?;
    zones.retain(|zone| zone["Config"]["PrivateZone"] != true);
    Ok(zones)
}

fn scaling(account: &Account, wanted: &Wanted<'_>) -> Result<Option<Sight>> {
    let ecs = json!({ "ServiceNamespace": "ecs" });
    let service = "application-autoscaling";
    let targets = account.list(service, "DescribeScalableTargets", &ecs, "ScalableTargets")?;
    let Some((least, most)) = wanted.scale else {
        ensure!(targets.is_empty(), "nothing scales here: {targets:?}");
        return Ok(None);
    };
    let target = only("scalable target", targets)?;
    ensure!(
        target["MinCapacity"] == least && target["MaxCapacity"] == most,
        "it scales otherwise: {target}"
    );
    let policies = account.list(service, "DescribeScalingPolicies", &ecs, "ScalingPolicies")?;
    let policy = only("scaling policy", policies)?;
    let cpu = &policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"];
    ensure!(cpu.as_f64() == Some(60.0), "it holds CPU at {cpu}");
    Ok(Some(Sight::new(
        "autoscaling",
        format!("shop/web, {least} to {most} tasks, CPU at 60%"),
    )))
}

fn schedule(account: &Account, wanted: &Wanted<'_>) -> Result<Sight> {
    let schedules = account.list("scheduler", "ListSchedules", &json!({}), "Schedules")?;
    let listed = only("schedule", schedules)?;
    let name = json!({ "Name": listed["Name"], "GroupName": listed["GroupName"] });
    let schedule = account.outside("scheduler", "GetSchedule", &name)?;
    let (when, zone) = (
        text(&schedule["ScheduleExpression"]),
        text(&schedule["ScheduleExpressionTimezone"]),
    );
    ensure!(
        (when, zone) == ("cron(0 3 * * ? *)", "America/Los_Angeles"),
        "it runs {when} {zone}"
    );
    ensure!(schedule["State"] == "ENABLED", "it is switched off");
    let task = text(&schedule["Target"]["EcsParameters"]["TaskDefinitionArn"]);
    let ours = format!("acme-{}-shop-clock-", wanted.environment);
    ensure!(task.contains(&ours), "it runs {task}");
    Ok(Sight::new("schedule", format!("shop/clock, {when} {zone}")))
}

fn database(account: &Account, wanted: &Wanted<'_>) -> Result<Vec<Sight>> {
    let instances = account.list("rds", "DescribeDBInstances", &json!({}), "DBInstances")?;
    let instance = only("database", instances)?;
    let class = text(&instance["DBInstanceClass"]);
    ensure!(class == wanted.instance_class, "its machine is {class}");
    for (field, value) in [
        ("StorageEncrypted", json!(true)),
        ("PubliclyAccessible", json!(false)),
        ("DeletionProtection", json!(true)),
        ("DBInstanceStatus", json!("available")),
    ] {
        ensure!(
            instance[field] == value,
            "{field} of the database is {}",
            instance[field]
        );
    }
    let group = &instance["DBParameterGroups"][0]["DBParameterGroupName"];
    let of_group = json!({ "DBParameterGroupName": group });
    let parameters = account.list("rds", "DescribeDBParameters", &of_group, "Parameters")?;
    let forced = parameters
        .iter()
        .any(|it| it["ParameterName"] == "rds.force_ssl" && it["ParameterValue"] == "1");
    ensure!(forced, "connections without TLS are let in");
    let keys = secret(account)?;
    Ok(vec![
        Sight::new(
            "database",
            format!("PostgreSQL on {class}, encrypted, TLS forced, protected"),
        ),
        Sight::new("secret", format!("of the database, with {keys}")),
    ])
}

/// The keys of the only secret; each has a value.
fn secret(account: &Account) -> Result<String> {
    let secrets = account.list("secretsmanager", "ListSecrets", &json!({}), "SecretList")?;
    let id = json!({ "SecretId": only("secret", secrets)?["ARN"] });
    let value = account.outside("secretsmanager", "GetSecretValue", &id)?;
    let value: Json = serde_json::from_str(text(&value["SecretString"]))?;
    let entries = value.as_object().context("the secret is no object")?;
    let keys: Vec<&str> = entries.keys().map(String::as_str).collect();
    let wanted = ["dbname", "host", "password", "port", "url", "username"];
    ensure!(keys == wanted, "the secret has {keys:?}");
    let empty = entries
        .iter()
        .find(|(_, value)| text(value).is_empty() && !value.is_number());
    ensure!(empty.is_none(), "a key of the secret is empty");
    Ok(keys.join(", "))
}

/// `shop`'s `web` finds its database and `billing` in its environment, and no secret's value is there.
fn environment_of_web(account: &Account, wanted: &Wanted<'_>, services: &[Json]) -> Result<Sight> {
    let web = services.first().context("no service")?;
    let named = json!({ "taskDefinition": web["taskDefinition"] });
    let definition = account.outside("ecs", "DescribeTaskDefinition", &named)?;
    let container = &definition["taskDefinition"]["containerDefinitions"][0];
    let command = json!(["/bin/sh", "-c", "bundle exec puma -C config/puma.rb"]);
    ensure!(
        container["command"] == command,
        "the command is {}",
        container["command"]
    );
    let value = |list: &str, name: &str, field: &str| {
        let entries = container[list].as_array().into_iter().flatten();
        let mut found = entries.filter(|entry| entry["name"] == name);
        found.next().map(|entry| text(&entry[field]).to_owned())
    };
    let url = format!(
        "http://web.billing.{}.acme.internal:8080",
        wanted.environment
    );
    for (name, expected) in [
        ("BILLING_URL", url.as_str()),
        ("PORT", "8080"),
        ("DB_PORT", "5432"),
    ] {
        let found = value("environment", name, "value");
        ensure!(
            found.as_deref() == Some(expected),
            "{name} of shop/web is {found:?}"
        );
    }
    for name in ["DATABASE_URL", "DB_PASSWORD"] {
        let from = value("secrets", name, "valueFrom").unwrap_or_default();
        ensure!(
            from.starts_with("arn:aws:secretsmanager:"),
            "{name} of shop/web comes from `{from}`"
        );
        ensure!(
            value("environment", name, "value").is_none(),
            "{name} stands in the open"
        );
    }
    Ok(Sight::new(
        "environment",
        format!("of shop/web: BILLING_URL={url}, DATABASE_URL from the secret"),
    ))
}

/// `billing` answers by its private name, to `shop` alone.
fn private_name(
    account: &Account,
    wanted: &Wanted<'_>,
    services: &[Json],
) -> Result<Option<Sight>> {
    let list =
        |operation: &str, key: &str| account.list("servicediscovery", operation, &json!({}), key);
    let namespace = only("namespace", list("ListNamespaces", "Namespaces")?)?;
    let domain = format!("{}.acme.internal", wanted.environment);
    ensure!(
        namespace["Name"] == domain.as_str(),
        "the namespace is {}",
        namespace["Name"]
    );
    let names = list("ListServices", "Services")?;
    let name = names
        .iter()
        .find(|service| service["Name"] == "web.billing");
    let name = name.with_context(|| format!("no private name web.billing: {names:?}"))?;
    let billing = services.last().context("no service")?;
    let registries = billing["serviceRegistries"].to_string();
    ensure!(
        registries.contains(text(&name["Arn"])),
        "the tasks of billing/web are not registered: {registries}"
    );
    Ok(Some(Sight::new(
        "private name",
        format!("web.billing.{domain}, called by shop"),
    )))
}

/// Every alarm tells somebody, and each monitor of two levels has its composite.
fn alarms(account: &Account) -> Result<Sight> {
    let types = json!({ "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100 });
    let described = account.outside("cloudwatch", "DescribeAlarms", &types)?;
    let list = |key: &str| described[key].as_array().cloned().unwrap_or_default();
    let (metric, composite) = (list("MetricAlarms"), list("CompositeAlarms"));
    let named = |name: &str| {
        let mut all = metric.iter();
        all.any(|alarm| text(&alarm["AlarmName"]).ends_with(name))
    };
    for wanted in [
        "shop/web cpu [critical]",
        "shop/web none running [critical]",
        "shop/web at public no healthy target [critical]",
        "shop/web at public latency [warning threshold]",
        "shop/worker memory [critical]",
        "billing/web cpu [critical]",
        "shop/clock missed run [critical]",
        "shop/db cpu [critical]",
        "router/public certificate [critical]",
        "shop internal errors [critical]",
    ] {
        ensure!(named(wanted), "there is no alarm {wanted}");
    }
    for alarm in &composite {
        let (rule, suppressor) = (text(&alarm["AlarmRule"]), text(&alarm["ActionsSuppressor"]));
        ensure!(
            rule.contains("[warning threshold]") && suppressor.contains("critical"),
            "{} is not quiet while its critical alarm fires: {rule}, {suppressor}",
            alarm["AlarmName"]
        );
        ensure!(
            alarm["AlarmActions"].to_string().contains("slack-ops"),
            "{} tells nobody",
            alarm["AlarmName"]
        );
    }
    ensure!(!composite.is_empty(), "there is no composite alarm");
    Ok(Sight::new(
        "alarms",
        format!(
            "{} and {} composite ones, that tell of warnings",
            metric.len(),
            composite.len()
        ),
    ))
}

fn logs(account: &Account, wanted: &Wanted<'_>) -> Result<Vec<Sight>> {
    let groups = account.list("logs", "DescribeLogGroups", &json!({}), "logGroups")?;
    let look = |app: &str| {
        let name = format!("/acme/{}/{app}", wanted.environment);
        let group = groups
            .iter()
            .find(|group| group["logGroupName"] == name.as_str());
        let group = group.with_context(|| format!("there is no log group {name}"))?;
        let what = format!("{name}, {} days", group["retentionInDays"]);
        Ok(Sight::new("log group", what))
    };
    ["shop", "billing"].into_iter().map(look).collect()
}

fn roles(account: &Account) -> Result<Sight> {
    let roles = account.list("iam", "ListRoles", &json!({}), "Roles")?;
    let ours: Vec<&str> = roles
        .iter()
        .map(|role| text(&role["RoleName"]))
        .filter(|name| name.starts_with("acme-"))
        .collect();
    let both = ["acme-plan", "acme-deploy"];
    let missing = both.iter().find(|name| !ours.contains(name));
    ensure!(missing.is_none(), "no role {missing:?} in {ours:?}");
    Ok(Sight::new(
        "IAM roles",
        format!(
            "acme-plan, acme-deploy and {} of apps and processes",
            ours.len() - 2
        ),
    ))
}

/// Everything in a member account but what ops did was done in the sessions of the plan role, which wrote nothing, and
/// of the deploy role.
pub(crate) fn through_its_roles(account: &Account) -> Result<()> {
    let role = |name: &str| format!("arn:aws:sts::{}:assumed-role/{name}/terraform", account.id);
    let (plan, deploy) = (role("acme-plan"), role("acme-deploy"));
    let ops = role("OrganizationAccountAccessRole");
    let calls = account.calls()?;
    let known = |principal: &str| [&plan, &deploy, &ops].contains(&&principal.to_owned());
    let planned = calls.iter().filter(|call| call.principal == plan);
    let written = planned.clone().find(|call| call.write);
    ensure!(
        planned.count() > 0 && written.is_none(),
        "not planned with the plan role alone: {written:?}"
    );
    let other = calls.iter().find(|call| !known(&call.principal));
    ensure!(
        other.is_none(),
        "somebody else was in {}: {other:?}",
        account.id
    );
    let ecs = calls
        .iter()
        .filter(|call| call.write && call.service != "iam" && !call.is_of_journal());
    let foreign = ecs.clone().find(|call| call.principal != deploy);
    ensure!(
        ecs.count() > 0 && foreign.is_none(),
        "not through the deploy role: {foreign:?}"
    );
    Ok(())
}
