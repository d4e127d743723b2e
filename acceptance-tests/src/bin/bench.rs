//! `make bench`: counts first, then times, against the goals. It fails when something does not work, never
//! because a machine is slow. `make bench PARTS="web start"` runs some parts alone.

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use acceptance_tests::{
    Account, Binaries, Call, Client, Provider, Started, Workspace, children, peak_bytes,
};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;

const RUNS: usize = 20;

/// A part by its name.
type Part = (&'static str, fn() -> Result<()>);

fn main() -> Result<()> {
    if cfg!(debug_assertions) {
        println!(
            "This is a debug build: counts are right, times and sizes are not. Run `make bench`.\n"
        );
    }
    println!("{:<58} {:>12} {:>12}", "what", "measured", "goal");
    let parts: [Part; 4] = [
        ("generation", generation),
        ("workers", || plans("workers", workers)),
        ("web", || plans("web services", web)),
        ("start", start),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for word in &wanted {
        ensure!(
            parts.iter().any(|(name, _)| name == word),
            "there is no part `{word}`: the parts are {}",
            parts.map(|(name, _)| name).join(", ")
        );
    }
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            part()?;
        }
    }
    Ok(())
}

fn line(what: &str, measured: &str, goal: &str) {
    println!("{what:<58} {measured:>12} {goal:>12}");
}

/// A thousand apps, written, and made anew to be compared: the time of the first, and that both are the same bytes.
fn generation() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut spec = "project = \"acme\"\nregion = \"us-west-2\"\naccounts = { ops = \"111111111111\", stage = \"222222222222\", prod = \"333333333333\" }\n".to_owned();
    for app in 0..1000 {
        // A router takes a hundred processes, so these are reached by their private names.
        writeln!(
            spec,
            "[apps.app-{app}]\nimage = \"example/app:v{app}\"\ninternal = true"
        )?;
    }
    fs::write(folder.path().join("stackwright.toml"), spec)?;
    fs::write(
        folder.path().join("Procfile"),
        "web: bundle exec puma\nworker: bundle exec sidekiq\n",
    )?;
    let generate = |out: &str, more: &[&str]| -> Result<Duration> {
        let started = Instant::now();
        let mut command = Command::new(&Binaries::get()?.generator);
        command.args(["generate", "--out", out]).args(more);
        let status = command
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .status()?;
        ensure!(
            status.success(),
            "generate --out {out} {more:?} ended with {status}"
        );
        Ok(started.elapsed())
    };
    let took = generate("infra", &[])?;
    generate("infra", &["--check"])?;
    line(
        "generate 1,000 apps with web and worker, twice the same bytes",
        &format!("{:.2} s", took.as_secs_f64()),
        "1 s",
    );
    Ok(())
}

/// What a plan took, and the worst resident memory of its provider.
struct Measured {
    calls: usize,
    /// The most frequent first.
    by_action: Vec<(String, usize)>,
    wall: Duration,
    peak: u64,
}

/// A root with so many services, for an account.
type Services = fn(&Account, u32) -> Result<String>;

/// Plans of 1, 10 and 100 unchanged services.
fn plans(what: &str, root: Services) -> Result<()> {
    for services in [1, 10, 100] {
        let account = Account::fresh()?;
        let root = Workspace::new(&account, &root(&account, services)?)?;
        root.apply()?.ok()?;
        for (refresh, per_service) in [("full", 1.5), ("fast", 0.5)] {
            let provider = Provider::of(&account).extra(&format!("  refresh = \"{refresh}\""));
            root.write("provider.tf", &provider.hcl())?;
            let measured = measure_plan(&root)?;
            report(what, services, refresh, per_service, &measured);
        }
    }
    Ok(())
}

fn report(kind: &str, services: u32, refresh: &str, per_service: f64, measured: &Measured) {
    let what = format!("plan of {services} {kind}, refresh = {refresh}");
    let goal = f64::from(services) * per_service + 60.0;
    line(
        &format!("{what}: AWS calls"),
        &measured.calls.to_string(),
        &format!("{goal:.0}"),
    );
    if services == 100 {
        for (action, calls) in &measured.by_action {
            line(&format!("  {action}"), &calls.to_string(), "-");
        }
    }
    line(
        &format!("{what}: wall"),
        &format!("{:.2} s", measured.wall.as_secs_f64()),
        "-",
    );
    let memory_goal = if services == 100 { "60 MiB" } else { "-" };
    line(
        &format!("{what}: peak memory"),
        &mebibytes(measured.peak),
        memory_goal,
    );
}

/// One cluster and one app.
fn app(account: &Account) -> Result<String> {
    let network = account.default_network()?;
    Ok(format!(
        r#"
resource "stackwright_cluster" "main" {{
  name = "main"
}}
resource "stackwright_app" "shop" {{
  name    = "shop"
  network = {network}
}}
"#
    ))
}

/// Services at one router, each with a rule, a target group, autoscaling and a monitor of two levels.
fn web(account: &Account, services: u32) -> Result<String> {
    let network = account.default_network()?;
    let zone = account.outside(
        "route53",
        "CreateHostedZone",
        &json!({ "Name": "example.com", "CallerReference": "bench" }),
    )?;
    let zone = zone["HostedZone"]["Id"].as_str().context("no zone")?;
    let zone = zone.trim_start_matches("/hostedzone/");
    let app = app(account)?;
    Ok(format!(
        r#"{app}
locals {{
  services = toset([for at in range({services}) : "web${{at}}"])
}}
resource "stackwright_router" "public" {{
  name    = "public"
  network = {network}
  domains = ["*.example.com"]
  zone_id = "{zone}"
}}
resource "stackwright_service" "web" {{
  for_each = local.services
  app      = stackwright_app.shop.ref
  cluster  = stackwright_cluster.main.ref
  process  = each.key
  image    = "repo/shop:v41"
  command  = "serve"
  routes   = {{ main = {{ router = stackwright_router.public.ref, host = "${{each.key}}.example.com" }} }}
  scale    = {{ min = 1, max = 4, cpu = 60, requests = 500 }}
}}
resource "stackwright_monitor" "latency" {{
  for_each    = local.services
  name        = "${{each.key}} is slow"
  message     = "Look at its database first."
  namespace   = "AWS/ApplicationELB"
  metric      = "TargetResponseTime"
  dimensions  = {{ LoadBalancer = stackwright_router.public.ref.arn_suffix, TargetGroup = stackwright_service.web[each.key].ref.target_groups["public"].arn_suffix }}
  time_aggr   = "avg"
  time_window = "last_5m"
  space_aggr  = "p95"
  operator    = ">"
  no_data     = "ok"
  warning {{
    threshold = 1
    notify    = "arn:aws:sns:us-west-2:{account_id}:look"
  }}
  critical {{
    threshold = 3
    notify    = "arn:aws:sns:us-west-2:{account_id}:page"
  }}
}}
"#,
        account_id = account.id
    ))
}

/// Services that take no requests.
fn workers(account: &Account, services: u32) -> Result<String> {
    let app = app(account)?;
    Ok(format!(
        r#"{app}
resource "stackwright_service" "worker" {{
  for_each = toset([for at in range({services}) : "worker${{at}}"])
  app      = stackwright_app.shop.ref
  cluster  = stackwright_cluster.main.ref
  process  = each.key
  image    = "repo/shop:v41"
  command  = "work"
}}
"#
    ))
}

/// Plans without changes, counting calls and watching the provider's memory.
fn measure_plan(root: &Workspace) -> Result<Measured> {
    root.account().forget_calls()?;
    let mut command = root.command(&[
        "plan",
        "-input=false",
        "-no-color",
        "-detailed-exitcode",
        "-lock=false",
    ])?;
    let start = Instant::now();
    let mut plan = command
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()?;
    let mut peak = 0;
    let status = loop {
        let now = children(plan.id())
            .into_iter()
            .filter(|(_, line)| line.contains("terraform-provider-stackwright"));
        peak = now
            .filter_map(|(pid, _)| peak_bytes(pid).ok())
            .fold(peak, u64::max);
        match plan.try_wait()? {
            Some(status) => break status,
            None => sleep(Duration::from_millis(10)),
        }
    };
    if !status.success() {
        // Once more, for its text.
        root.plan()?.empty()?;
    }
    ensure!(status.success(), "the plan failed: {status}");
    let calls = root.account().calls()?;
    Ok(Measured {
        calls: calls.len(),
        by_action: by_action(&calls),
        wall: start.elapsed(),
        peak,
    })
}

/// How often each action was called, the most frequent first.
fn by_action(calls: &[Call]) -> Vec<(String, usize)> {
    let mut counts = BTreeMap::<String, usize>::new();
    for call in calls {
        let action = format!("{} {}", call.service, call.action);
        *counts.entry(action).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, calls)| Reverse(*calls));
    counts
}

/// Start to handshake, and on to the schema answer; the median of some runs.
fn start() -> Result<()> {
    let client = Client::new()?;
    let (mut handshakes, mut schemas) = (Vec::new(), Vec::new());
    let (mut idle, mut bytes) = (0, 0);
    for _ in 0..RUNS {
        let provider = Started::provider(&client)?;
        let (size, schema) = provider.schema(&client)?;
        handshakes.push(provider.handshake);
        schemas.push(schema);
        (bytes, idle) = (size, provider.resident()?);
    }
    line(
        "start to handshake line, with TLS",
        &milliseconds(&mut handshakes),
        "8 ms",
    );
    line(
        &format!("start to schema answer ({bytes} bytes), with TLS"),
        &milliseconds(&mut schemas),
        "20 ms",
    );
    line(
        "resident memory, idle after the schema answer",
        &mebibytes(idle),
        "20 MiB",
    );
    let size = fs::metadata(&Binaries::get()?.provider)?.len();
    line(
        "provider binary, as built with the release profile",
        &mebibytes(size),
        "30 MiB",
    );
    Ok(())
}

fn milliseconds(runs: &mut [Duration]) -> String {
    runs.sort();
    let median = runs.get(runs.len() / 2).copied().unwrap_or_default();
    format!("{:.1} ms", median.as_secs_f64() * 1000.0)
}

/// With one digit behind the point.
fn mebibytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1 << 20);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}
