//! The roots that the tests work with: small, and one place to change when the resources do.

use acceptance_tests::{Account, Workspace};
use anyhow::{Context as _, Result};
use serde_json::{Value as Json, json};

/// Address of the service that [`slice`] makes.
pub(crate) const SERVICE: &str = "stackwright_service.worker";
/// Address of its app.
pub(crate) const APP: &str = "stackwright_app.shop";
/// Address of its cluster.
pub(crate) const CLUSTER: &str = "stackwright_cluster.main";
/// Address of the network of [`network`].
pub(crate) const NETWORK: &str = "stackwright_network.main";
/// Address of the role of [`role`].
pub(crate) const ROLE: &str = "stackwright_role.deploy";

/// Address of the router of [`router`].
pub(crate) const ROUTER: &str = "stackwright_router.public";

/// A network with more arguments.
pub(crate) fn network(more: &str) -> String {
    format!("resource \"stackwright_network\" \"main\" {{\n  name = \"main\"\n{more}\n}}\n")
}

/// A cluster with more arguments.
pub(crate) fn cluster(more: &str) -> String {
    format!("resource \"stackwright_cluster\" \"main\" {{\n  name = \"main\"\n{more}\n}}\n")
}

/// An app in a network, an HCL expression, with more arguments.
pub(crate) fn app(network: &str, more: &str) -> String {
    format!(
        "resource \"stackwright_app\" \"shop\" {{\n  name    = \"shop\"\n  network = {network}\n{more}\n}}\n"
    )
}

/// The worker of [`app`] on [`cluster`] with more arguments; `image` is one of them.
pub(crate) fn service(more: &str) -> String {
    format!(
        "resource \"stackwright_service\" \"worker\" {{\n  app     = stackwright_app.shop.ref\n  \
         cluster = stackwright_cluster.main.ref\n  process = \"worker\"\n{more}\n}}\n"
    )
}

/// Address of the job of [`job`].
pub(crate) const JOB: &str = "stackwright_job.report";

/// The job of [`app`] on [`cluster`] with more arguments; `image` and `schedule` are among them.
pub(crate) fn job(more: &str) -> String {
    format!(
        "resource \"stackwright_job\" \"report\" {{\n  app      = stackwright_app.shop.ref\n  \
         cluster  = stackwright_cluster.main.ref\n  process  = \"report\"\n{more}\n}}\n"
    )
}

/// Arguments of the job in [`scheduled`].
pub(crate) const REPORT: &str =
    "  image = \"repo/shop:v41\"\n  command = \"bin/report\"\n  schedule = \"cron(0 3 * * ? *)\"\n";

/// Cluster, app and job in the account's default network.
pub(crate) fn scheduled(account: &Account, job_more: &str) -> Result<String> {
    let network = account.default_network()?;
    Ok([cluster(""), app(&network, ""), job(job_more)].concat())
}

/// The only schedule of an account, as `GetSchedule` shows it.
pub(crate) fn schedule(account: &Account) -> Result<Json> {
    let schedules = account.list("scheduler", "ListSchedules", &json!({}), "Schedules")?;
    let listed = schedules.first().context("there is no schedule")?;
    let params = json!({ "Name": listed["Name"], "GroupName": listed["GroupName"] });
    account.outside("scheduler", "GetSchedule", &params)
}

/// A role with more arguments.
pub(crate) fn role(more: &str) -> String {
    format!(
        "resource \"stackwright_role\" \"deploy\" {{\n  name   = \"acme-deploy\"\n  \
         trust  = {{ account_ids = [\"111111111111\"] }}\n{more}\n}}\n"
    )
}

/// A router in the account's default network with more arguments.
pub(crate) fn router(account: &Account, more: &str) -> Result<String> {
    let network = account.default_network()?;
    Ok(format!(
        "resource \"stackwright_router\" \"public\" {{\n  name    = \"public\"\n  network = {network}\n{more}\n}}\n"
    ))
}

/// An internal router in the account's default network, which gets a namespace for private names.
pub(crate) fn internal_router(account: &Account) -> Result<String> {
    let (network, named) = (account.default_network()?, network_with_names(account)?);
    let more = "  public = false\n  deletion_protection = false\n";
    Ok(router(account, more)?.replace(&network, &named))
}

/// Address of the database of [`db`].
pub(crate) const DB: &str = "stackwright_db.main";

/// A database in the account's default network with more arguments.
pub(crate) fn db(account: &Account, more: &str) -> Result<String> {
    let network = account.default_network()?;
    Ok(format!(
        "resource \"stackwright_db\" \"main\" {{\n  name    = \"main\"\n  network = {network}\n  \
         engine_version = \"16\"\n{more}\n}}\n"
    ))
}

/// Arguments of a database that is destroyed without ado.
pub(crate) const DISPOSABLE: &str = "  deletion_protection = false\n  final_snapshot = false\n";

/// A database with a private name, a client, a replica and parameters; with more arguments.
pub(crate) fn whole_db(account: &Account, more: &str) -> Result<String> {
    let client = default_group(account)?;
    let rest = format!(
        "{DISPOSABLE}  clients = {{ shop = \"{client}\" }}\n  replicas = {{ a = {{}} }}\n  \
         parameters = {{ work_mem = \"8192\", max_connections = \"200\" }}\n{more}"
    );
    let db = db(account, &rest)?;
    Ok(db.replace(&account.default_network()?, &network_with_names(account)?))
}

/// Id of the default security group of the account's default VPC.
pub(crate) fn default_group(account: &Account) -> Result<String> {
    let vpcs = account.list("ec2", "DescribeVpcs", &json!({}), "Vpcs")?;
    let vpc = vpcs.iter().find(|vpc| vpc["IsDefault"] == true);
    let vpc = vpc.context("there is no default VPC")?["VpcId"].clone();
    let groups = account.list(
        "ec2",
        "DescribeSecurityGroups",
        &json!({}),
        "SecurityGroups",
    )?;
    let default = groups
        .iter()
        .find(|group| group["GroupName"] == "default" && group["VpcId"] == vpc);
    let id = default.and_then(|group| group["GroupId"].as_str());
    Ok(id.context("there is no default group")?.to_owned())
}

/// The databases of an account, replicas too.
pub(crate) fn databases(account: &Account) -> Result<Vec<Json>> {
    account.list("rds", "DescribeDBInstances", &json!({}), "DBInstances")
}

/// The only database that is no replica.
pub(crate) fn database(account: &Account) -> Result<Json> {
    let all = databases(account)?;
    let source = |one: &Json| one["ReadReplicaSourceDBInstanceIdentifier"].is_null();
    let own = all.into_iter().find(source);
    own.context("there is no database")
}

/// Changes a database outside and waits until it is done.
pub(crate) fn modify_database(account: &Account, which: &Json, mut params: Json) -> Result<()> {
    params["DBInstanceIdentifier"] = which["DBInstanceIdentifier"].clone();
    params["ApplyImmediately"] = json!(true);
    account.outside("rds", "ModifyDBInstance", &params)?;
    settle_databases(account)
}

/// Looks at the databases until nothing goes on with them any more.
pub(crate) fn settle_databases(account: &Account) -> Result<()> {
    for _ in 0..50 {
        let all = databases(account)?;
        let still = |one: &Json| {
            let pending = one["PendingModifiedValues"].as_object();
            one["DBInstanceStatus"] == "available" && pending.is_none_or(serde_json::Map::is_empty)
        };
        if all.iter().all(still) {
            return Ok(());
        }
    }
    anyhow::bail!("the databases never come to rest")
}

/// Deletes a database outside, and waits until it is gone.
pub(crate) fn delete_database(account: &Account, which: &Json) -> Result<()> {
    let id = json!({ "DBInstanceIdentifier": which["DBInstanceIdentifier"] });
    if which["DeletionProtection"] == true {
        modify_database(account, which, json!({ "DeletionProtection": false }))?;
    }
    let mut params = id.clone();
    params["SkipFinalSnapshot"] = json!(true);
    account.outside("rds", "DeleteDBInstance", &params)?;
    for _ in 0..50 {
        let left = databases(account)?;
        if !left
            .iter()
            .any(|one| one["DBInstanceIdentifier"] == id["DBInstanceIdentifier"])
        {
            return Ok(());
        }
    }
    anyhow::bail!("the database is never gone")
}

/// The value of the only secret: what a process gets.
pub(crate) fn secret_value(account: &Account) -> Result<Json> {
    let secrets = account.list("secretsmanager", "ListSecrets", &json!({}), "SecretList")?;
    let arn = secrets.first().context("there is no secret")?["ARN"].clone();
    let params = json!({ "SecretId": arn });
    let answer = account.outside("secretsmanager", "GetSecretValue", &params)?;
    let text = answer["SecretString"].as_str().context("no value")?;
    Ok(serde_json::from_str(text)?)
}

const PRIVATE: &str = "stage.acme.internal";

/// Id of the private namespace of the account's default network, made when it is first asked for.
fn namespace(account: &Account) -> Result<String> {
    let (service, list) = ("servicediscovery", "ListNamespaces");
    let there = account.list(service, list, &json!({}), "Namespaces")?;
    if there.is_empty() {
        let vpcs = account.list("ec2", "DescribeVpcs", &json!({}), "Vpcs")?;
        let vpc = vpcs.iter().find(|vpc| vpc["IsDefault"] == true);
        let vpc = vpc.context("there is no default VPC")?["VpcId"].clone();
        let params = json!({ "Name": PRIVATE, "Vpc": vpc, "CreatorRequestId": "tests" });
        let made = account.outside(service, "CreatePrivateDnsNamespace", &params)?;
        let operation = json!({ "OperationId": made["OperationId"] });
        account.outside(service, "GetOperation", &operation)?;
    }
    let spaces = account.list(service, list, &json!({}), "Namespaces")?;
    let id = spaces.first().and_then(|space| space["Id"].as_str());
    Ok(id.context("there is no namespace")?.to_owned())
}

/// Arguments of a router with a certificate and names of its own, that may be destroyed.
pub(crate) fn domains(account: &Account) -> Result<String> {
    Ok(format!(
        "  domains = [\"example.com\", \"*.example.com\"]\n  zone_id = \"{}\"\n  \
         deletion_protection = false\n",
        zone(account)?
    ))
}

/// Id of the account's zone `example.com`, made when it is first asked for.
pub(crate) fn zone(account: &Account) -> Result<String> {
    let zones = account.list("route53", "ListHostedZones", &json!({}), "HostedZones")?;
    let there = zones
        .into_iter()
        .find(|zone| zone["Name"] == "example.com.");
    let zone = if let Some(zone) = there {
        zone
    } else {
        let params = json!({ "Name": "example.com", "CallerReference": "tests" });
        account.outside("route53", "CreateHostedZone", &params)?["HostedZone"].clone()
    };
    let id = zone["Id"].as_str().context("the zone has no id")?;
    Ok(id.trim_start_matches("/hostedzone/").to_owned())
}

/// Changes a record of the account's zone.
pub(crate) fn change_record(account: &Account, action: &str, record: &Json) -> Result<()> {
    let changes = json!([{ "Action": action, "ResourceRecordSet": record }]);
    let params = json!({ "HostedZoneId": zone(account)?, "ChangeBatch": { "Changes": changes } });
    account
        .outside("route53", "ChangeResourceRecordSets", &params)
        .map(drop)
}

/// The records of the account's zone but those that every zone has.
pub(crate) fn records(account: &Account) -> Result<Vec<Json>> {
    let params = json!({ "HostedZoneId": zone(account)? });
    let mut records = account.list(
        "route53",
        "ListResourceRecordSets",
        &params,
        "ResourceRecordSets",
    )?;
    records.retain(|record| record["Type"] != "NS" && record["Type"] != "SOA");
    Ok(records)
}

/// ARN of a certificate of somebody else, made and validated when it is first asked for.
pub(crate) fn certificate(account: &Account, domain: &str) -> Result<String> {
    let list = "CertificateSummaryList";
    let all = account.list("acm", "ListCertificates", &json!({}), list)?;
    if let Some(there) = all.iter().find(|one| one["DomainName"] == domain) {
        let arn = there["CertificateArn"].as_str().context("no ARN")?;
        return Ok(arn.to_owned());
    }
    let params = json!({ "DomainName": domain, "ValidationMethod": "DNS" });
    let made = account.outside("acm", "RequestCertificate", &params)?;
    let arn = made["CertificateArn"].as_str().context("no ARN")?;
    let shown = account.outside(
        "acm",
        "DescribeCertificate",
        &json!({ "CertificateArn": arn }),
    )?;
    let proof = &shown["Certificate"]["DomainValidationOptions"][0]["ResourceRecord"];
    let values = json!([{ "Value": proof["Value"] }]);
    let record =
        json!({ "Name": proof["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": values });
    change_record(account, "UPSERT", &record)?;
    Ok(arn.to_owned())
}

/// The only load balancer of an account.
pub(crate) fn load_balancer(account: &Account) -> Result<Json> {
    let all = account.list(
        "elbv2",
        "DescribeLoadBalancers",
        &json!({}),
        "LoadBalancers",
    )?;
    match <[Json; 1]>::try_from(all) {
        Ok([one]) => Ok(one),
        Err(all) => anyhow::bail!("there are {} load balancers", all.len()),
    }
}

/// The listener of the only load balancer on a port.
pub(crate) fn listener(account: &Account, port: u16) -> Result<Json> {
    let params = json!({ "LoadBalancerArn": load_balancer(account)?["LoadBalancerArn"] });
    let all = account.list("elbv2", "DescribeListeners", &params, "Listeners")?;
    all.into_iter()
        .find(|one| one["Port"] == port)
        .with_context(|| format!("nothing listens on port {port}"))
}

/// Arguments of the service in [`slice`].
pub(crate) const WORKER: &str =
    "  image = \"repo/shop:v41\"\n  command = \"bundle exec sidekiq\"\n";

/// Cluster, app and service in the account's default network.
pub(crate) fn slice(account: &Account, app_more: &str, service_more: &str) -> Result<String> {
    let network = account.default_network()?;
    Ok([cluster(""), app(&network, app_more), service(service_more)].concat())
}

/// The default network, with a namespace that somebody else made for it.
pub(crate) fn network_with_names(account: &Account) -> Result<String> {
    let network = account.default_network()?;
    let (id, name) = (namespace(account)?, PRIVATE);
    Ok(network.replace(
        "{ name",
        &format!("{{ namespace_id = \"{id}\", namespace = \"{name}\", name"),
    ))
}

/// Arguments of a service that takes requests from a router, an HCL expression.
pub(crate) fn web(router: &str) -> String {
    format!(
        "  image = \"repo/shop:v41\"\n  routes = {{ web = {{ router = {router}, host = \"shop.example.com\" }} }}\n"
    )
}

/// Everything that a service can have, behind a router of ours.
pub(crate) fn whole_web(account: &Account) -> Result<String> {
    let (network, named) = (account.default_network()?, network_with_names(account)?);
    let router = router(account, "  deletion_protection = false\n")?.replace(&network, &named);
    Ok([router, cluster(""), app(&named, ""), service(WHOLE)].concat())
}

const WHOLE: &str = r#"  image   = "repo/shop:v41"
  command = ["serve", "--port", "8080"]
  routes = {
    web = { router = stackwright_router.public.ref, host = "shop.example.com" }
    api = { router = stackwright_router.public.ref, host = "shop.example.com", path = "/api/*" }
  }
  health_check = { path = "/health", interval = 30, matcher = "200" }
  stickiness   = { duration = 3600 }
  scale        = { min = 1, max = 4, cpu = 60, requests = 500 }
  clients      = { app = stackwright_app.shop.security_group_id }
  private_name = true
  secrets      = { TOKEN = "arn:aws:ssm:us-west-2:111111111111:parameter/token" }
  sidecars = {
    proxy  = { image = "repo/proxy:1", port = 9000, memory = 128, health_check = { command = "true" } }
    tracer = { image = "repo/tracer:1", essential = false, command = ["tracer", "--quiet"] }
  }
  start_after            = { proxy = "HEALTHY" }
  container_health_check = { command = "curl -f localhost:$PORT" }
  volumes                = { data = { file_system_id = "fs-0123abcd", mount_path = "/data" } }
"#;

/// Autoscaling of a service with routes.
pub(crate) const SCALED: &str = "  scale = { min = 1, max = 4, cpu = 60, requests = 500 }\n";

/// [`slice`] with a service behind a router that exists already.
pub(crate) fn web_slice(account: &Account, more: &str) -> Result<String> {
    let router = account.router_once("main")?;
    slice(account, "", &(web(&router) + more))
}

/// A root with [`slice`], applied.
pub(crate) fn applied_slice(service_more: &str) -> Result<Workspace> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &slice(&account, "", service_more)?)?;
    root.apply()?.ok()?;
    Ok(root)
}

/// The only ECS service of an account, as `DescribeServices` shows it.
pub(crate) fn ecs_service(account: &Account) -> Result<Json> {
    let (cluster, service) = ecs_names(account)?;
    let params = json!({ "cluster": cluster, "services": [service] });
    let services = account.list("ecs", "DescribeServices", &params, "services")?;
    services
        .into_iter()
        .next()
        .context("the service does not exist")
}

/// ARN of the only cluster with a service, and ARN of that service.
pub(crate) fn ecs_names(account: &Account) -> Result<(String, String)> {
    let clusters = account.list("ecs", "ListClusters", &json!({}), "clusterArns")?;
    for cluster in &clusters {
        let params = json!({ "cluster": cluster });
        let services = account.list("ecs", "ListServices", &params, "serviceArns")?;
        if let (Some(cluster), Some(service)) =
            (cluster.as_str(), services.first().and_then(Json::as_str))
        {
            return Ok((cluster.to_owned(), service.to_owned()));
        }
    }
    anyhow::bail!(
        "account {} has no ECS service, but clusters {clusters:?}",
        account.id
    )
}

/// The task definition that the only service runs.
pub(crate) fn task_definition(account: &Account) -> Result<Json> {
    let arn = ecs_service(account)?["taskDefinition"].clone();
    let answer = account.outside(
        "ecs",
        "DescribeTaskDefinition",
        &json!({ "taskDefinition": arn }),
    )?;
    Ok(answer["taskDefinition"].clone())
}

/// The environment variables of a task definition's first container.
pub(crate) fn environment(definition: &Json) -> Vec<(String, String)> {
    let list = definition["containerDefinitions"][0]["environment"].as_array();
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    list.into_iter()
        .flatten()
        .map(|pair| (text(&pair["name"]), text(&pair["value"])))
        .collect()
}

/// One environment variable of a task definition's first container.
pub(crate) fn variable(definition: &Json, name: &str) -> Option<String> {
    environment(definition)
        .into_iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

/// Everything in an account, so that two accounts can be compared: the hash at the end of a security group's
/// name is taken off, because it comes from the random id of the VPC.
pub(crate) fn comparable(account: &Account) -> Result<Json> {
    let mut dump = account.dump()?;
    let groups = dump["security_groups"]
        .as_object_mut()
        .context("the dump has no security groups")?;
    for group in groups.values_mut() {
        let name = group["GroupName"].as_str().unwrap_or_default();
        if let Some((prefix, _)) = name.rsplit_once('-') {
            group["GroupName"] = json!(prefix);
        }
    }
    without_hashes(&dump)
}

/// The hash at the end of a target group's name comes from the VPC too, and the name stands in many places.
fn without_hashes(dump: &Json) -> Result<Json> {
    let groups = dump["target_groups"].as_object();
    let mut text = dump.to_string();
    for group in groups.into_iter().flat_map(serde_json::Map::values) {
        let name = group["TargetGroupName"].as_str().unwrap_or_default();
        if let Some((prefix, _)) = name.rsplit_once('-') {
            text = text.replace(name, prefix);
        }
    }
    Ok(serde_json::from_str(&text)?)
}

/// Address of the monitor of [`monitor`].
pub(crate) const MONITOR: &str = "stackwright_monitor.errors";
/// What the names of its alarms begin with.
pub(crate) const ALARM: &str = "acme/stage App Internal Errors";

/// A monitor with both levels, in Segment's words, on one series; with more arguments.
pub(crate) fn monitor(more: &str) -> String {
    monitor_on(
        "namespace = \"app\"\n  metric = \"app.5xx\"\n  dimensions = { Service = \"shop\" }\n  \
         time_aggr = \"avg\"\n  space_aggr = \"avg\"\n  operator = \">\"\n  no_data = \"notify\"",
        &("  warning {\n    threshold = 10\n    notify    = \"arn:aws:sns:us-west-2:111111111111:infra\"\n  }\n  \
         critical {\n    threshold = 50\n    notify    = \"arn:aws:sns:us-west-2:111111111111:page\"\n  }\n".to_owned() + more),
    )
}

/// A monitor of something, with its levels.
pub(crate) fn monitor_on(what: &str, levels: &str) -> String {
    format!(
        "resource \"stackwright_monitor\" \"errors\" {{\n  name = \"App Internal Errors\"\n  \
         message = \"See the runbook.\"\n  time_window = \"last_5m\"\n  {what}\n{levels}\n}}\n"
    )
}

/// One level that tells somebody.
pub(crate) const CRITICAL: &str = "  critical {\n    threshold = 5\n    notify    = \"arn:aws:sns:us-west-2:111111111111:page\"\n  }\n";

/// A monitor of a log group, which is made outside when it is not there.
pub(crate) fn log_monitor(account: &Account, more: &str) -> Result<String> {
    let groups = account.list("logs", "DescribeLogGroups", &json!({}), "logGroups")?;
    if groups.is_empty() {
        let group = json!({ "logGroupName": "/acme/shop" });
        account.outside("logs", "CreateLogGroup", &group)?;
    }
    let log =
        "log {\n    group = \"/acme/shop\"\n    pattern = \"ERROR\"\n    default_value = 0\n  }";
    let what =
        format!("type = \"log\"\n  namespace = \"app\"\n  operator = \">\"\n  {log}\n{more}");
    Ok(monitor_on(&what, CRITICAL))
}

/// A monitor of failed deployments.
pub(crate) fn event_monitor(more: &str) -> String {
    let pattern =
        "source = [\"aws.ecs\"], detail = { eventName = [\"SERVICE_DEPLOYMENT_FAILED\"] }";
    monitor_on(
        &format!(
            "type = \"event\"\n  operator = \">\"\n  event {{\n    pattern = jsonencode({{ {pattern} }})\n  }}\n{more}"
        ),
        CRITICAL,
    )
}

/// A monitor with both levels, each of which looks back twice.
pub(crate) fn burn_monitor(more: &str) -> String {
    let series = "metrics = { a = { metric = \"errors\" }, b = { metric = \"all\" } }";
    monitor_on(
        &format!(
            "namespace = \"app\"\n  time_aggr = \"sum\"\n  operator = \">\"\n  short_window = \"last_1m\"\n  \
             expression = \"100 * a / b\"\n  {series}\n{more}"
        ),
        &("  warning {\n    threshold = 1\n    notify    = \"arn:aws:sns:us-west-2:111111111111:infra\"\n  }\n".to_owned()
            + CRITICAL),
    )
}

/// A monitor of what is unusual for a series.
pub(crate) fn anomaly_monitor(more: &str) -> String {
    monitor_on(
        &format!(
            "type = \"anomaly\"\n  namespace = \"app\"\n  metric = \"app.5xx\"\n  dimensions = {{ Service = \"shop\" }}\n  \
         time_aggr = \"avg\"\n  space_aggr = \"avg\"\n  no_data = \"ok\"\n  anomaly {{\n    bounds = 3\n  }}\n{more}"
        ),
        "  critical {\n    notify = \"arn:aws:sns:us-west-2:111111111111:page\"\n  }\n",
    )
}

/// Deletes one alarm.
pub(crate) fn delete_alarm(account: &Account, suffix: &str) -> Result<()> {
    let names = json!({ "AlarmNames": [format!("{ALARM} [{suffix}]")] });
    account
        .outside("cloudwatch", "DeleteAlarms", &names)
        .map(drop)
}
