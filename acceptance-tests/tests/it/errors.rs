//! Errors: what a person is told, and what must not have happened meanwhile.

use std::net::TcpListener;

use acceptance_tests::{Account, Fault, Provider, Workspace};
use anyhow::{Context as _, Result, ensure};

use crate::fixtures::{self, WORKER};

#[test]
fn a_wrong_account_stops_before_the_first_write() -> Result<()> {
    let account = Account::fresh()?;
    let provider = Provider {
        allowed_account: "999999999999".to_owned(),
        ..Provider::of(&account)
    };
    let root = Workspace::with_provider(&account, &provider, &fixtures::cluster(""))?;
    let output = root.apply()?.failed()?;
    output.says(&[&account.id, "999999999999", "allowed_account_ids"])?;
    ensure!(
        account.writes()?.is_empty(),
        "it wrote: {:?}",
        account.writes()?
    );
    Ok(())
}

/// An applied cluster on which a fault is then laid.
fn applied() -> Result<(Account, Workspace, Vec<u8>)> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &fixtures::cluster(""))?;
    root.apply()?.ok()?;
    let state = root.state_file();
    Ok((account, root, state))
}

/// Neither a plan nor a refresh nor an apply may touch the state.
fn keeps_state(root: &Workspace, state: &[u8]) -> Result<()> {
    ensure!(
        root.state_file() == state,
        "the state file changed:\n{}",
        String::from_utf8_lossy(&root.state_file())
    );
    Ok(())
}

#[test]
fn an_unreachable_endpoint_names_the_endpoint_and_keeps_state() -> Result<()> {
    let (_, mut root, state) = applied()?;
    // Nobody listens on port 1 of loopback.
    root.set_env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let output = root.apply()?.failed()?;
    output.says(&["GetCallerIdentity", "127.0.0.1:1"])?;
    keeps_state(&root, &state)
}

#[test]
fn a_throttling_endpoint_names_the_call_and_keeps_state() -> Result<()> {
    let (account, root, state) = applied()?;
    // The default of 10 retries takes a minute.
    root.write(
        "provider.tf",
        &Provider::of(&account).extra("  max_retries = 2").hcl(),
    )?;
    let busy = Fault::on("ecs", "Describe.*|List.*");
    account.fault(busy.answer(400, "ThrottlingException", "Rate exceeded"))?;
    let output = root.apply()?.failed()?;
    output.says(&["DescribeClusters was throttled 3 times", "run again"])?;
    keeps_state(&root, &state)
}

#[test]
fn a_short_throttling_is_retried() -> Result<()> {
    let (account, root, _) = applied()?;
    account.fault(Fault::on("ecs", "DescribeClusters").times(2).answer(
        400,
        "ThrottlingException",
        "Rate exceeded",
    ))?;
    root.plan()?.empty()
}

#[test]
fn expired_credentials_name_the_remedy_and_keep_state() -> Result<()> {
    let (account, mut root, state) = applied()?;
    root.set_env("AWS_ACCESS_KEY_ID", &format!("ASIA{}EXPIRED", account.id));
    root.set_env("AWS_SESSION_TOKEN", "token");
    let output = root.apply()?.failed()?;
    output.says(&["expired", "GetCallerIdentity"])?;
    keeps_state(&root, &state)
}

#[test]
fn credentials_that_expire_during_a_refresh_keep_state() -> Result<()> {
    let (account, root, state) = applied()?;
    account.fault(Fault::on("ecs", ".*").answer(
        400,
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ))?;
    let output = root.apply()?.failed()?;
    output.says(&[
        "ExpiredTokenException",
        "DescribeClusters",
        "new credentials",
    ])?;
    keeps_state(&root, &state)
}

#[test]
fn a_missing_permission_names_call_role_and_remedy_and_keeps_state() -> Result<()> {
    let (account, root, state) = applied()?;
    let text = format!(
        "User: arn:aws:iam::{}:user/administrator is not authorized to perform: ecs:DescribeClusters",
        account.id
    );
    account.fault(Fault::on("ecs", "DescribeClusters").answer(
        400,
        "AccessDeniedException",
        &text,
    ))?;
    let output = root.apply()?.failed()?;
    let role = format!("arn:aws:iam::{}:user/administrator", account.id);
    output.says(&["ecs:DescribeClusters", &role, "policy"])?;
    keeps_state(&root, &state)
}

#[test]
fn a_missing_permission_in_a_destroy_keeps_state() -> Result<()> {
    let (account, root, state) = applied()?;
    account.fault(Fault::on("ecs", "DeleteCluster").answer(
        400,
        "AccessDeniedException",
        "not authorized to perform: ecs:DeleteCluster",
    ))?;
    root.destroy()?.failed()?.says(&["DeleteCluster"])?;
    let kept = root.find_instance(fixtures::CLUSTER)?.is_some();
    ensure!(
        kept,
        "state lost the cluster: {}",
        String::from_utf8_lossy(&state)
    );
    account.no_faults()?;
    root.plan()?.empty()
}

/// A root whose author wants programs to run, and requests to go elsewhere, when others plan it.
#[test]
fn a_restricted_plan_runs_no_program_and_asks_no_other_host() -> Result<()> {
    let account = Account::fresh()?;
    let elsewhere = TcpListener::bind("127.0.0.1:0")?;
    let port = elsewhere.local_addr()?.port();
    let mut root = Workspace::new(&account, "data \"stackwright_caller\" \"main\" {}\n")?;
    let ran = root.path().join("RAN");
    let program = format!("[default]\ncredential_process = touch {}\n", ran.display());
    root.write("aws-config", &program)?;
    root.write("token", "the token of the job")?;
    let hostile = [
        "  shared_config_files = [\"aws-config\"]".to_owned(),
        "  shared_credentials_files = [\"aws-config\"]".to_owned(),
        format!("  endpoint_url = \"http://127.0.0.1:{port}\""),
        format!("  endpoints {{\n    sts = \"http://127.0.0.1:{port}\"\n  }}"),
        "  assume_role_with_web_identity {\n    role_arn = \"arn:aws:iam::111111111111:role/x\"\n    web_identity_token_file = \"token\"\n  }".to_owned(),
    ];
    elsewhere.set_nonblocking(true)?;
    root.set_env("STACKWRIGHT_RESTRICTED", "1");
    for block in &hostile {
        root.write("provider.tf", &Provider::of(&account).extra(block).hcl())?;
        let refused = root.apply()?.failed()?;
        refused.says(&["Forbidden Provider Argument", "STACKWRIGHT_RESTRICTED"])?;
    }
    ensure!(!ran.exists(), "a program ran");
    ensure!(elsewhere.accept().is_err(), "a request went elsewhere");
    // Without the switch the same root runs the program: what is tested above is not something else.
    root.write(
        "provider.tf",
        &Provider::of(&account).extra(&hostile[0]).hcl(),
    )?;
    root.set_env("STACKWRIGHT_RESTRICTED", "");
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        root.set_env(name, "");
    }
    root.apply()?.failed()?;
    ensure!(ran.exists(), "the program did not run");
    Ok(())
}

#[test]
fn what_would_weaken_a_session_without_a_word_is_an_error() -> Result<()> {
    let account = Account::fresh()?;
    let mut root = Workspace::new(&account, "data \"stackwright_caller\" \"main\" {}\n")?;
    let plain =
        Provider::of(&account).extra("  endpoint_url = \"http://me:secret@192.0.2.1:4566\"");
    root.write("provider.tf", &plain.hcl())?;
    let refused = root.apply()?.failed()?;
    refused.says(&[
        "Endpoint Without TLS",
        "http://192.0.2.1:4566",
        "STACKWRIGHT_ALLOW_PLAIN_HTTP",
    ])?;
    refused.never_says(&["secret@"])?;
    let none = Provider::of(&account).hcl();
    let known = format!("[\"{}\"]", account.id);
    root.write("provider.tf", &none.replace(&known, "[]"))?;
    root.apply()?
        .failed()?
        .says(&["No Account Allowed", "allowed_account_ids"])?;
    root.write("provider.tf", &none)?;
    root.set_env("AWS_CA_BUNDLE", "/nowhere/bundle.pem");
    root.apply()?
        .failed()?
        .says(&["Certificates Not Readable", "/nowhere/bundle.pem"])
}

#[test]
fn a_role_that_cannot_be_assumed_is_named() -> Result<()> {
    let account = Account::fresh()?;
    let role = format!("arn:aws:iam::{}:role/missing", account.id);
    let provider = Provider::of(&account).extra(&format!(
        "  assume_role {{\n    role_arn = \"{role}\"\n  }}"
    ));
    let root = Workspace::with_provider(&account, &provider, &fixtures::cluster(""))?;
    root.apply()?.failed()?.says(&["AssumeRole", &role])
}

/// A mistake in HCL: the resources, and what the plan must say. The error must point into `main.tf`.
struct Mistake {
    what: &'static str,
    service: &'static str,
    says: &'static [&'static str],
}

const MISTAKES: &[Mistake] = &[
    Mistake {
        what: "count below 0",
        service: "  desired_count = -1",
        says: &["desired_count"],
    },
    Mistake {
        what: "stop timeout above 120",
        service: "  stop_timeout = 121",
        says: &["stop_timeout", "120"],
    },
    Mistake {
        what: "memory that Fargate has not",
        service: "  cpu = 256\n  memory = 8192",
        says: &["8192", "Fargate"],
    },
    Mistake {
        what: "cpu without memory",
        service: "  cpu = 256",
        says: &["memory"],
    },
    Mistake {
        what: "size and another cpu",
        service: "  size = \"1X\"\n  cpu = 512\n  memory = 1024",
        says: &["`cpu` is 512, but `size` \"1X\" stands for 256"],
    },
    Mistake {
        what: "unknown size",
        service: "  size = \"9XL\"",
        says: &["9XL"],
    },
    Mistake {
        what: "no room to deploy",
        service: "  deploy = { minimum_percent = 100, maximum_percent = 100 }",
        says: &["maximum_percent"],
    },
    Mistake {
        what: "command of numbers",
        service: "  command = [1, 2]",
        says: &["command"],
    },
    Mistake {
        what: "empty command",
        service: "  command = \"\"",
        says: &["command"],
    },
    Mistake {
        what: "process with a space",
        service: "  process = \"two words\"",
        says: &["process"],
    },
    Mistake {
        what: "image with a space",
        service: "  image = \"not an image\"",
        says: &["image"],
    },
    Mistake {
        what: "reserved tag",
        service: "  tags = { \"aws:x\" = \"1\" }",
        says: &["aws:x"],
    },
    Mistake {
        what: "unknown argument",
        service: "  desired = 1",
        says: &["desired"],
    },
    Mistake {
        what: "timeout without unit",
        service: "  timeouts {\n    create = \"20\"\n  }",
        says: &["20"],
    },
    Mistake {
        what: "environment name with a space",
        service: "  config = { \"A B\" = \"1\" }",
        says: &["A B"],
    },
    Mistake {
        what: "more than the desired count at least",
        service: "  deploy = { minimum_percent = 101 }",
        says: &["minimum_percent", "100"],
    },
    Mistake {
        what: "route to a host that is none",
        service: "  routes = { a = { router = ROUTER, host = \"a_b\" } }",
        says: &["host", "a_b"],
    },
    Mistake {
        what: "route to a path that is none",
        service: "  routes = { a = { router = ROUTER, path = \"api\" } }",
        says: &["path", "api"],
    },
    Mistake {
        what: "priority 0",
        service: "  routes = { a = { router = ROUTER, priority = 0 } }",
        says: &["priority", "50000"],
    },
    Mistake {
        what: "priority 50001",
        service: "  routes = { a = { router = ROUTER, priority = 50001 } }",
        says: &["priority", "50000"],
    },
    Mistake {
        what: "router of another network",
        service: "  routes = { a = { router = ELSEWHERE } }",
        says: &["routes[\"a\"].router", "vpc-elsewhere"],
    },
    Mistake {
        what: "health check without rest",
        service: "  health_check = { interval = 5, timeout = 5 }",
        says: &["health_check", "timeout"],
    },
    Mistake {
        what: "health check threshold 11",
        service: "  health_check = { healthy_threshold = 11 }",
        says: &["healthy_threshold", "10"],
    },
    Mistake {
        what: "matcher 999",
        service: "  health_check = { matcher = \"999\" }",
        says: &["matcher", "999"],
    },
    Mistake {
        what: "slow start of ten seconds",
        service: "  slow_start = 10",
        says: &["slow_start", "30"],
    },
    Mistake {
        what: "delay above an hour",
        service: "  deregistration_delay = 3601",
        says: &["deregistration_delay", "3600"],
    },
    Mistake {
        what: "least number above the largest",
        service: "  scale = { min = 5, max = 4, cpu = 50 }",
        says: &["scale", "Lower `min`"],
    },
    Mistake {
        what: "nothing to scale by",
        service: "  scale = { min = 1, max = 4 }",
        says: &["Nothing to Scale By"],
    },
    Mistake {
        what: "count beside autoscaling",
        service: "  desired_count = 2\n  scale = { max = 4, cpu = 50 }",
        says: &["desired_count", "autoscaling"],
    },
    Mistake {
        what: "container health check every second",
        service: "  container_health_check = { command = \"true\", interval = 1 }",
        says: &["interval", "5"],
    },
    Mistake {
        what: "sidecar larger than the task",
        service: "  sidecars = { proxy = { image = \"p:1\", memory = 4096 } }",
        says: &["memory", "4096"],
    },
    Mistake {
        what: "sidecar with the name of the process",
        service: "  sidecars = { worker = { image = \"p:1\" } }",
        says: &["Container Given Twice"],
    },
    Mistake {
        what: "waiting for nobody",
        service: "  start_after = { proxy = \"START\" }",
        says: &["start_after", "proxy"],
    },
    Mistake {
        what: "file system that is none",
        service: "  volumes = { data = { file_system_id = \"x\", mount_path = \"/data\" } }",
        says: &["file_system_id", "fs-"],
    },
    Mistake {
        what: "secret that is no ARN",
        service: "  secrets = { TOKEN = \"hunter2\" }",
        says: &["secrets", "ARN"],
    },
    Mistake {
        what: "port 70000",
        service: "  port = 70000",
        says: &["port", "65535"],
    },
    Mistake {
        what: "health check slower than the interval that is left out",
        service: "  health_check = { timeout = 20 }",
        says: &["health_check", "20", "15"],
    },
    Mistake {
        what: "health check faster than the timeout that is left out",
        service: "  health_check = { interval = 5 }",
        says: &["health_check", "timeout"],
    },
    Mistake {
        what: "no room beside the minimum that is left out",
        service: "  deploy = { maximum_percent = 100 }",
        says: &["maximum_percent", "No Room to Deploy"],
    },
    Mistake {
        what: "rollback that is left out without circuit breaker",
        service: "  deploy = { circuit_breaker = false }",
        says: &["rollback = false"],
    },
    Mistake {
        what: "end of a sidecar that is essential unless it says otherwise",
        service: "  sidecars = { migrate = { image = \"m:1\" } }\n  start_after = { migrate = \"SUCCESS\" }",
        says: &["start_after", "essential"],
    },
    Mistake {
        what: "sidecars larger than the task together",
        service: "  sidecars = { a = { image = \"p:1\", memory = 300 }, b = { image = \"p:1\", memory = 300 } }",
        says: &["sidecars", "600 MiB", "512"],
    },
    Mistake {
        what: "sidecar on the port that is left out",
        service: "  routes = { a = { router = ROUTER } }\n  sidecars = { a = { image = \"p:1\", port = 8080 } }",
        says: &["Port Used Twice"],
    },
    Mistake {
        what: "six wildcards in host and path",
        service: "  routes = { a = { router = ROUTER, host = \"*.*.example.com\", path = \"/*/*/*/*\" } }",
        says: &["5 wildcards", "6 together"],
    },
    Mistake {
        what: "client that is a range of addresses",
        service: "  clients = { a = \"10.0.0.0/8\" }",
        says: &["clients", "security group"],
    },
    Mistake {
        what: "name without a namespace",
        service: "  private_name = true",
        says: &["private_name", "namespace"],
    },
];

#[test]
fn mistakes_in_a_service_are_told_at_the_attribute_at_plan_time() -> Result<()> {
    let account = Account::fresh()?;
    let network = account.default_network()?;
    let mut failures = Vec::new();
    for mistake in MISTAKES {
        let mut worker = WORKER.to_owned();
        for name in ["command", "image"] {
            if mistake.service.trim_start().starts_with(name) {
                let others: Vec<_> = worker.lines().filter(|line| !line.contains(name)).collect();
                worker = others.join("\n") + "\n";
            }
        }
        let (there, elsewhere) = (router("vpc-0000"), router("vpc-elsewhere"));
        let more = mistake.service.replace("ROUTER", &there);
        let more = more.replace("ELSEWHERE", &elsewhere);
        let mut service = fixtures::service(&(worker + &more));
        if mistake.service.contains("process =") {
            service = service.replace("  process = \"worker\"\n", "");
        }
        let resources = [fixtures::cluster(""), fixtures::app(&network, ""), service].concat();
        let root = Workspace::new(&account, &resources)?;
        let result = refused_at(&root, mistake.says);
        failures.extend(
            result
                .err()
                .map(|error| format!("{}: {error:#}", mistake.what)),
        );
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n\n"));
    ensure!(account.writes()?.is_empty(), "a plan wrote");
    Ok(())
}

/// A load balancer that somebody wrote by hand.
fn router(vpc: &str) -> String {
    format!(
        "{{ name = \"main\", arn = \"arn:lb\", arn_suffix = \"app/main/1\", dns_name = \"x.example.com\", \
         zone_id = \"Z1\", listener_arn = \"arn:listener\", security_group_id = \"sg-1\", vpc_id = \"{vpc}\", \
         public = true, https = false }}"
    )
}

/// The plan fails and every error points into `main.tf`.
fn refused_at(root: &Workspace, says: &[&str]) -> Result<()> {
    let output = root.plan_output(&[])?.failed()?;
    ensure!(
        output.code == Some(1),
        "the plan was accepted\n{}",
        output.all()
    );
    output.says(says)?;
    output.says(&["on main.tf line"])
}

/// Arguments of a database, and what the plan says of them.
const MISTAKES_IN_A_DB: &[(&str, &[&str])] = &[
    ("  name = \"a--b\"", &["name", "two hyphens"]),
    ("  engine_version = \"9.6\"", &["engine_version", "9.6"]),
    (
        "  instance_class = \"t4g.micro\"",
        &["instance_class", "db.t4g.micro"],
    ),
    ("  storage = 10", &["storage", "20"]),
    ("  max_storage = 21", &["max_storage", "22"]),
    (
        "  storage = 100\n  max_storage = 105",
        &["max_storage", "at least 110"],
    ),
    ("  username = \"admin\"", &["username", "reserved"]),
    (
        "  username = \"1a\"",
        &["username", "beginning with a letter"],
    ),
    (
        "  database = \"a-b\"",
        &["database", "letters, digits and `_`"],
    ),
    ("  backup_retention = 36", &["backup_retention", "35"]),
    (
        "  backup_window = \"3:00-3:30\"",
        &["backup_window", "03:00-03:30"],
    ),
    (
        "  maintenance_window = \"sun:04:00-sun:04:10\"",
        &["maintenance_window", "30 minutes"],
    ),
    (
        "  backup_window = \"04:00-05:00\"\n  maintenance_window = \"sun:04:30-sun:05:30\"",
        &["backup_window", "overlap"],
    ),
    ("  port = 80", &["port", "1150"]),
    (
        "  kms_key_id = \"alias/mine\"",
        &["kms_key_id", "not an alias"],
    ),
    (
        "  performance_insights_retention = 8",
        &["performance_insights_retention", "31"],
    ),
    (
        "  log_exports = [\"slowquery\"]",
        &["log_exports", "postgresql"],
    ),
    (
        "  ca_certificate = \"mine\"",
        &["ca_certificate", "rds-ca-rsa2048-g1"],
    ),
    (
        "  parameters = { Work = \"1\" }",
        &["parameters", "lower case"],
    ),
    (
        "  parameters = { \"rds.force_ssl\" = \"0\" }",
        &["parameters", "always 1"],
    ),
    (
        "  parameters = { work_mem = \"\" }",
        &["parameters", "empty value"],
    ),
    (
        "  clients = { shop = \"10.0.0.0/8\" }",
        &["clients", "security group"],
    ),
    ("  replicas = { \"A_b\" = {} }", &["replicas", "identifier"]),
    (
        "  backup_retention = 0\n  replicas = { a = {} }",
        &["replicas", "backup_retention"],
    ),
    ("  restore = {}", &["restore", "snapshot_id"]),
    (
        "  restore = { snapshot_id = \"a\", source_db = \"b\" }",
        &["restore", "Remove one"],
    ),
    (
        "  restore = { snapshot_id = \"a\", time = \"2026-11-20T09:30:00Z\" }",
        &["time", "source_db"],
    ),
    (
        "  restore = { source_db = \"a\", time = \"yesterday\" }",
        &["time", "UTC"],
    ),
    ("  password_version = 0", &["password_version", "1"]),
    ("  database = \"user\"", &["database", "keeps for itself"]),
    (
        "  replicas = { a = { multi_az = true, availability_zone = \"us-west-2a\" } }",
        &["availability_zone", "multi_az"],
    ),
    (
        "  clients = { a = \"sg-1\", b = \"sg-1\" }",
        &["clients", "Remove one"],
    ),
];

#[test]
fn mistakes_in_a_db_are_told_at_the_attribute_at_plan_time() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, "")?;
    for (more, says) in MISTAKES_IN_A_DB {
        let key = more.trim_start().split(' ').next().unwrap_or_default();
        let base = fixtures::db(&account, "")?;
        let kept = base.lines().filter(|line| {
            let name = line.trim_start().split(' ').next().unwrap_or_default();
            name != key
        });
        let kept: Vec<_> = kept.collect();
        let db = kept.join("\n");
        let db = db.trim_end().trim_end_matches('}');
        root.resources(&format!("{db}\n{more}\n}}\n"))?;
        let output = root
            .plan_output(&[])?
            .failed()
            .with_context(|| (*more).to_owned())?;
        output.says(says).with_context(|| (*more).to_owned())?;
    }
    ensure!(account.writes()?.is_empty(), "a plan has written");
    Ok(())
}

#[test]
fn mistakes_in_a_router_are_told_at_the_attribute_at_plan_time() -> Result<()> {
    let account = Account::fresh()?;
    let here = format!("arn:aws:acm:us-west-2:{}:certificate/0a", account.id);
    let elsewhere = here.replace("us-west-2", "us-east-1");
    let zone = "  zone_id = \"Z0123\"\n";
    let mistakes = [
        (
            "  idle_timeout = 0".to_owned(),
            vec!["idle_timeout", "4000"],
        ),
        (
            "  idle_timeout = 4001".to_owned(),
            vec!["idle_timeout", "4000"],
        ),
        (
            "  ssl_policy = \"ELBSecurityPolicy-2016-08\"".to_owned(),
            vec!["ssl_policy", "TLS 1.0"],
        ),
        (
            "  domains = [\"example.com\"]".to_owned(),
            vec!["domains", "zone_id"],
        ),
        (
            format!("{zone}  domains = [\"a.*.example.com\"]"),
            vec!["domains", "a.*.example.com"],
        ),
        (zone.to_owned(), vec!["zone_id", "domains"]),
        (
            "  zone_id = \"/hostedzone/Z1\"\n  domains = [\"example.com\"]".to_owned(),
            vec!["zone_id", "/hostedzone/"],
        ),
        (
            format!("  certificate_arn = \"{elsewhere}\""),
            vec!["certificate_arn", "us-west-2"],
        ),
        (
            "  certificate_arn = \"x\"".to_owned(),
            vec!["certificate_arn", "ARN"],
        ),
        (
            format!("  additional_certificate_arns = {{ a = \"{here}\" }}"),
            vec!["additional_certificate_arns", "plain HTTP"],
        ),
        (
            "  access_logs = { bucket = \"A\" }".to_owned(),
            vec!["bucket", "S3"],
        ),
        (
            "  access_logs = { bucket = \"acme-logs\", prefix = \"/x\" }".to_owned(),
            vec!["prefix", "slashes"],
        ),
    ];
    for (more, says) in mistakes {
        let root = Workspace::new(&account, &fixtures::router(&account, &more)?)?;
        let output = root.apply()?.failed()?;
        output.says(&says)?;
    }
    ensure!(account.writes()?.is_empty(), "it wrote");
    Ok(())
}

/// What is wrong, the resources, and what the plan must say.
type Wrong = (&'static str, String, Vec<&'static str>);

fn wrong_networks_jobs_and_policies(account: &Account, network: &str) -> Result<Vec<Wrong>> {
    Ok(vec![
        (
            "host bits",
            fixtures::network("  cidr = \"10.30.0.1/16\""),
            vec!["cidr"],
        ),
        (
            "range too small",
            fixtures::network("  cidr = \"10.30.0.0/29\""),
            vec!["cidr"],
        ),
        (
            "unknown nat",
            fixtures::network("  nat = \"double\""),
            vec!["nat", "none", "per_az"],
        ),
        (
            "flow log that AWS does not keep so long",
            fixtures::network("  flow_log_retention = 31"),
            vec!["flow_log_retention", "60"],
        ),
        (
            "too many zones",
            fixtures::network("  az_count = 9"),
            vec!["az_count"],
        ),
        (
            "zone of another region",
            fixtures::network("  availability_zones = [\"us-west-2a\", \"eu-west-1a\"]"),
            vec!["availability_zones", "eu-west-1a", "us-west-2b"],
        ),
        (
            "schedule that is none",
            fixtures::scheduled(
                account,
                &fixtures::REPORT.replace("cron(0 3 * * ? *)", "cron(0 3 * * *)"),
            )?,
            vec!["schedule"],
        ),
        (
            "time zone that is none",
            fixtures::scheduled(
                account,
                &format!("{}  time_zone = \"Mars/Base\"\n", fixtures::REPORT),
            )?,
            vec!["time_zone", "Mars/Base"],
        ),
        (
            "retries above 185",
            fixtures::scheduled(account, &format!("{}  retries = 186\n", fixtures::REPORT))?,
            vec!["retries", "185"],
        ),
        (
            "runs older than a day",
            fixtures::scheduled(
                account,
                &format!("{}  maximum_age = 86401\n", fixtures::REPORT),
            )?,
            vec!["maximum_age", "86400"],
        ),
        (
            "window above a day",
            fixtures::scheduled(
                account,
                &format!("{}  flexible_window = 1441\n", fixtures::REPORT),
            )?,
            vec!["flexible_window", "1440"],
        ),
        (
            "policy with the name of one of ours",
            fixtures::app(
                network,
                "  policies = { stackwright-exec = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"s3:Get*\", Resource = \"*\" }] }) }",
            ),
            vec!["policies", "stackwright-exec"],
        ),
        (
            "policy with one name for two statements",
            fixtures::app(
                network,
                "  policies = { a = jsonencode({ Statement = [for at in [1, 2] : { Sid = \"A\", Effect = \"Allow\", Action = \"s3:Get*\", Resource = \"*\" }] }) }",
            ),
            vec!["policies", "two statements"],
        ),
        (
            "forty-three tags",
            fixtures::cluster("  tags = { for at in range(43) : \"tag${at}\" => \"x\" }"),
            vec!["tags", "42"],
        ),
    ])
}

fn wrong_clusters_apps_and_roles(network: &str) -> Vec<Wrong> {
    vec![
        (
            "spot above 100",
            fixtures::cluster("  spot_percent = 101"),
            vec!["spot_percent", "100"],
        ),
        (
            "spot that is a fraction",
            fixtures::cluster("  spot_percent = 1.5"),
            vec!["spot_percent", "whole number"],
        ),
        (
            "variable that is null",
            fixtures::app(network, "  config = { A = \"1\", B = null }"),
            vec!["config", "null"],
        ),
        (
            "policies that do not fit beside the preset",
            fixtures::role(
                "  preset = \"deploy\"\n  policies = { a = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"s3:Get*\", Resource = [for at in range(100) : format(\"arn:aws:s3:::bucket-of-the-shop-%03d/*\", at)] }] }) }",
            ),
            vec!["policies", "10240"],
        ),
        (
            "upper-case name",
            fixtures::cluster("").replace("\"main\"\n", "\"Main\"\n"),
            vec!["name"],
        ),
        (
            "retention that AWS has not",
            fixtures::app(network, "  log_retention = 31"),
            vec!["log_retention"],
        ),
        (
            "variable and secret of one name",
            fixtures::app(
                network,
                "  config = { A = \"1\" }\n  secrets = { A = \"arn:aws:secretsmanager:us-west-2:111111111111:secret:a\" }",
            ),
            vec!["secrets"],
        ),
        (
            "secret that is no ARN",
            fixtures::app(network, "  secrets = { A = \"hunter2\" }"),
            vec!["secrets"],
        ),
        (
            "policy that is no JSON",
            fixtures::app(network, "  policies = { a = \"nonsense\" }"),
            vec!["policies"],
        ),
        (
            "role that may do nothing",
            fixtures::role(""),
            vec!["preset"],
        ),
        (
            "unknown preset",
            fixtures::role("  preset = \"root\""),
            vec!["preset", "admin"],
        ),
        (
            "session below an hour",
            fixtures::role("  preset = \"read\"\n  max_session = 900"),
            vec!["max_session", "3600"],
        ),
        (
            "account that is none",
            fixtures::role("  preset = \"read\"").replace("111111111111", "1111"),
            vec!["account_ids", "12"],
        ),
    ]
}

#[test]
fn mistakes_in_other_resources_are_told_at_the_attribute_at_plan_time() -> Result<()> {
    let account = Account::fresh()?;
    let network = account.default_network()?;
    let mut mistakes = wrong_networks_jobs_and_policies(&account, &network)?;
    mistakes.extend(wrong_clusters_apps_and_roles(&network));
    let mut failures = Vec::new();
    for (what, resources, says) in mistakes {
        let root = Workspace::new(&account, &resources)?;
        let result = refused_at(&root, &says);
        failures.extend(result.err().map(|error| format!("{what}: {error:#}")));
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n\n"));
    ensure!(account.writes()?.is_empty(), "a plan wrote");
    Ok(())
}

#[test]
fn state_of_another_account_is_an_error_and_never_gone() -> Result<()> {
    let (account, root, state) = applied()?;
    let other = Account::fresh()?;
    let provider = Provider {
        allowed_account: other.id.clone(),
        ..Provider::of(&account)
    };
    root.write("provider.tf", &provider.hcl())?;
    let mut root = root;
    root.set_env("AWS_ACCESS_KEY_ID", &other.access_key());
    root.apply()?.failed()?.says(&[&account.id, &other.id])?;
    ensure!(other.writes()?.is_empty(), "it wrote to the other account");
    keeps_state(&root, &state)
}

#[test]
fn state_of_another_environment_is_an_error_and_never_gone() -> Result<()> {
    let (account, root, state) = applied()?;
    let provider = Provider {
        environment: "prod".to_owned(),
        ..Provider::of(&account)
    };
    root.write("provider.tf", &provider.hcl())?;
    root.apply()?.failed()?.says(&["stage", "prod"])?;
    keeps_state(&root, &state)
}
