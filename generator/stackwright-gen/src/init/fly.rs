//! `fly.toml`: the name, the region, the process groups and the service that takes requests.

use stackwright_plan::document::{Node, Value};
use stackwright_plan::procfile;

use super::{Check, Left, SETTINGS, is_blank, is_one_line, slug};
use crate::shape::Shape;

const FILE: &str = "fly.toml";

/// What `fly.toml` says.
#[derive(Debug, Default)]
pub(super) struct Fly {
    pub(super) app: Option<String>,
    pub(super) region: Option<String>,
    /// The process groups by the names that they get, with their commands.
    pub(super) groups: Vec<(String, String)>,
    /// Whether there are process groups, also such as cannot be carried over.
    pub(super) has_groups: bool,
    pub(super) release: Option<String>,
    /// Whether something takes requests.
    pub(super) is_public: bool,
    pub(super) port: Option<i64>,
    pub(super) check: Option<Check>,
    /// Seconds to end.
    pub(super) kill_timeout: Option<i64>,
    /// Whether the image runs another command than its own, or comes from another Dockerfile.
    pub(super) other_image: bool,
    /// Process groups that have another name here, for people.
    pub(super) notes: Vec<String>,
    pub(super) left: Vec<Left>,
}

const IMAGE: &str = "build the image yourself and name it with --image";
const RUNS: &str = "tasks run all the time: write `count` or `scale` in the table of `web`";
const SCALE: &str =
    "write `scale` in the table of `web`, as in `scale = { max = 4, requests = 600 }`";
const CHECKED: &str = "the router asks the path of `health_check` in the table of `web`, by GET over HTTP, and takes what `matcher` says";

/// What to do about keys that are left, by their paths.
const INSTEAD: [(&str, &str); 18] = [
    ("env", SETTINGS),
    ("mounts", super::DISK),
    ("vm", "write `size` in the tables of the processes"),
    ("statics", "let the app or a CDN serve them"),
    ("restart", "ECS starts another task whenever one ends"),
    ("build.image", "name the image with --image"),
    ("concurrency", SCALE),
    ("auto_stop_machines", RUNS),
    ("auto_start_machines", RUNS),
    ("min_machines_running", RUNS),
    ("max_machines_running", RUNS),
    ("tcp_checks", CHECKED),
    ("script_checks", CHECKED),
    (
        "strategy",
        "ECS starts new tasks beside the old ones and stops those when the new ones answer; `deploy` in the table of a process says how many at a time",
    ),
    (
        "max_unavailable",
        "write `minimum_percent` in `deploy` of a process",
    ),
    ("cmd", "write the command into the Procfile"),
    ("entrypoint", "write the whole command into the Procfile"),
    ("exec", "write the command into the Procfile"),
];

pub(super) fn look(root: &Node) -> Fly {
    let mut fly = Fly {
        app: root.get("app").and_then(Node::text).and_then(slug),
        ..Fly::default()
    };
    let services = services(root);
    let first = services.first().copied();
    fly.is_public = first.is_some();
    groups(root, first.map(|(_, service)| service), &mut fly);
    for (path, node) in &services {
        service(path, node, &mut fly);
    }
    for entry in root.entries() {
        let node = &entry.node;
        match entry.key.as_str() {
            "app" | "processes" | "http_service" | "services" => {}
            "primary_region" => region(node, &mut fly),
            "kill_timeout" => kill_timeout(node, &mut fly),
            "kill_signal" => kill_signal(node, &mut fly),
            "checks" => checks(node, &mut fly),
            "deploy" => inside("deploy", node, &["release_command"], &mut fly),
            "build" => {
                fly.other_image |= ["dockerfile", "build-target"]
                    .iter()
                    .any(|key| node.get(key).is_some());
                inside("build", node, &[], &mut fly);
            }
            "experimental" => {
                fly.other_image |= ["cmd", "entrypoint", "exec"]
                    .iter()
                    .any(|key| node.get(key).is_some_and(|node| !is_blank(node)));
                inside("experimental", node, &["auto_rollback"], &mut fly);
            }
            key => fly.unused(key, node),
        }
    }
    release(root, &mut fly);
    fly
}

impl Fly {
    fn left(&mut self, what: &str, instead: &str) {
        self.left.push(Left::part(FILE, what, instead));
    }

    /// A key that nothing reads, unless it says nothing.
    fn unused(&mut self, path: &str, node: &Node) {
        if is_blank(node) {
            return;
        }
        let last = path.rsplit('.').next();
        let known = |(key, _): &&(&str, &str)| *key == path || Some(*key) == last;
        let instead = match INSTEAD.iter().find(known) {
            Some((_, instead)) => instead,
            None if path.starts_with("build.") => IMAGE,
            None => super::NOTHING,
        };
        self.left(&format!("`{path}`"), instead);
    }
}

/// The keys of a table that nothing reads.
fn inside(path: &str, node: &Node, read: &[&str], fly: &mut Fly) {
    for entry in node.entries() {
        let is_default = path == "deploy" && entry.node.text() == Some("rolling");
        if !read.contains(&entry.key.as_str()) && !is_default {
            fly.unused(&format!("{path}.{}", entry.key), &entry.node);
        }
    }
}

/// What takes requests: `http_service`, and `services` with HTTP.
fn services(root: &Node) -> Vec<(&'static str, &Node)> {
    let http = root.get("http_service").into_iter();
    let others = root.get("services");
    let list = others.map(Node::items).unwrap_or_default().iter();
    // A single table in place of a list.
    let single = others.filter(|it| !it.entries().is_empty());
    http.map(|it| ("http_service", it))
        .chain(list.chain(single).map(|it| ("services", it)))
        .collect()
}

/// The first service becomes the requests of `web`; what others say is left.
fn service(path: &str, service: &Node, fly: &mut Fly) {
    let port = service.get("internal_port").and_then(Node::whole);
    if fly.port.is_some() {
        let port = port.map_or_else(String::new, |port| format!(" with port {port}"));
        fly.left(
            &format!("another of `{path}`{port}"),
            "write `port` and `routes` in the table of the process that takes its requests",
        );
        return;
    }
    fly.port = port.filter(|port| (1..=65_535).contains(port));
    if fly.port != port {
        fly.left(
            &format!("`{path}.internal_port`"),
            "write `port` in the table of `web`",
        );
    }
    for entry in service.entries() {
        let (key, node) = (entry.key.as_str(), &entry.node);
        let path = format!("{path}.{key}");
        match key {
            "internal_port" => {}
            // More than one group behind a service.
            "processes" => {
                for other in node.items().iter().skip(1).filter_map(Node::text) {
                    fly.left(
                        &format!("`{other}` in `{path}`"),
                        "write `port` and `routes` in its table",
                    );
                }
            }
            "force_https" if node.bool() == Some(true) => {}
            "protocol" if node.text() == Some("tcp") => {}
            "ports" => ports(&path, node, fly),
            "checks" | "http_checks" => {
                for check in node.items() {
                    health_check(&path, check, fly);
                }
            }
            _ => fly.unused(&path, node),
        }
    }
}

/// A router listens on 80 and 443.
fn ports(path: &str, ports: &Node, fly: &mut Fly) {
    for port in ports.items() {
        let number = port.get("port").and_then(Node::whole);
        let handlers = port.get("handlers").map(Node::items).unwrap_or_default();
        let http = handlers.iter().any(|it| it.text() == Some("http"));
        if !http || !matches!(number, Some(80 | 443)) {
            let number = number.map_or_else(String::new, |number| format!(" {number}"));
            fly.left(
                &format!("`{path}`: port{number}"),
                "a router takes HTTP on 80 and HTTPS on 443",
            );
        }
    }
}

/// Checks beside the services: one by HTTP of the port of `web` is its health check.
fn checks(checks: &Node, fly: &mut Fly) {
    for entry in checks.entries() {
        let path = format!("checks.{}", entry.key);
        let port = entry.node.get("port").and_then(Node::whole);
        let http = entry.node.get("type").and_then(Node::text) == Some("http");
        if http && (port.is_none() || port == Some(fly.port.unwrap_or(8080))) && fly.is_public {
            health_check(&path, &entry.node, fly);
        } else {
            fly.left(&format!("`{path}`"), CHECKED);
        }
    }
}

fn health_check(path: &str, check: &Node, fly: &mut Fly) {
    let asked = check.get("path").and_then(Node::text).unwrap_or("/");
    let word = |key: &str| {
        check
            .get(key)
            .and_then(Node::text)
            .map(str::to_ascii_lowercase)
    };
    let fits = word("method").is_none_or(|method| method == "get")
        && word("protocol").is_none_or(|protocol| protocol == "http")
        && Shape::UrlPath.accepts(asked);
    if fly.check.is_some() || !fits {
        fly.left(&format!("`{path}` of `{asked}`"), CHECKED);
        return;
    }
    let mut taken = Check {
        path: asked.to_owned(),
        ..Check::default()
    };
    let time = |key: &str| check.get(key).and_then(seconds);
    taken.interval = time("interval").filter(|it| (5..=300).contains(it));
    taken.timeout = time("timeout").filter(|it| (2..=120).contains(it));
    // With less than the default, a task that starts slowly would be stopped.
    taken.grace_period = time("grace_period").filter(|it| (61..=86_400).contains(it));
    let (interval, timeout) = (taken.interval.unwrap_or(15), taken.timeout.unwrap_or(5));
    if timeout >= interval {
        // The default of the one does not go with what is written for the other.
        match (taken.interval, taken.timeout) {
            (Some(interval), None) => taken.timeout = Some(interval - 1),
            _ => taken.timeout = None,
        }
    }
    let grace_period = taken
        .grace_period
        .or_else(|| time("grace_period").filter(|it| *it == 60));
    for (key, value, why) in [
        (
            "grace_period",
            grace_period,
            "tasks have 60 seconds to start; write more as `grace_period` in `health_check`",
        ),
        (
            "interval",
            taken.interval,
            "write 5 to 300 seconds as `interval` in `health_check`",
        ),
        (
            "timeout",
            taken.timeout,
            "write 2 to 120 seconds, less than `interval`, as `timeout` in `health_check`",
        ),
    ] {
        if check.get(key).is_some() && value.is_none() {
            fly.left(&format!("`{path}.{key}`"), why);
        }
    }
    let read = [
        "path",
        "interval",
        "timeout",
        "grace_period",
        "method",
        "protocol",
        "type",
        "port",
        "restart_limit",
        "tls_skip_verify",
    ];
    inside(path, check, &read, fly);
    fly.check = Some(taken);
}

fn region(node: &Node, fly: &mut Fly) {
    let Some(written) = node.text() else { return };
    fly.region = nearest_region(written).map(str::to_owned);
    if fly.region.is_none() {
        fly.left(
            &format!("`primary_region` `{written}`"),
            "name the AWS region with --region",
        );
    }
}

fn kill_timeout(node: &Node, fly: &mut Fly) {
    fly.kill_timeout = seconds(node).filter(|it| (2..=120).contains(it));
    if fly.kill_timeout.is_none() {
        fly.left(
            "`kill_timeout`",
            "write 2 to 120 seconds, the most that Fargate gives, as `stop_timeout` in the tables of the processes",
        );
    }
}

fn kill_signal(node: &Node, fly: &mut Fly) {
    if let Some(signal) = node.text().filter(|it| *it != "SIGTERM") {
        fly.left(
            "`kill_signal`",
            &format!("ECS sends what the image asks for, else SIGTERM: write `STOPSIGNAL {signal}` into the Dockerfile"),
        );
    }
}

/// The release command runs before a version, as Heroku's `release` does.
fn release(root: &Node, fly: &mut Fly) {
    let deploy = root.get("deploy");
    let command = deploy.and_then(|deploy| deploy.get("release_command")?.text());
    match command.map(str::trim) {
        Some(command) if is_one_line(command) => fly.release = Some(command.to_owned()),
        Some(_) => fly.left("the release command", super::RELEASE),
        None => {}
    }
}

/// The process groups. The one that takes the requests is `web`, whatever Fly calls it.
fn groups(root: &Node, service: Option<&Node>, fly: &mut Fly) {
    let written = root.get("processes").map(Node::entries).unwrap_or_default();
    let names: Vec<&str> = written.iter().map(|entry| entry.key.as_str()).collect();
    let chosen = service.and_then(|service| service.get("processes")?.items().first()?.text());
    let usual = names.iter().find(|name| **name == "app");
    let usual = usual.or_else(|| names.iter().min()).copied();
    let public = service.and_then(|_| chosen.filter(|name| names.contains(name)).or(usual));
    fly.has_groups = !written.is_empty();
    for entry in written {
        let key = entry.key.as_str();
        let name = if public == Some(key) {
            "web".to_owned()
        } else if matches!(key, "web" | "release") {
            let free = |name: &String| !names.contains(&name.as_str());
            let mut others = (1..).map(|at| match at {
                1 => format!("{key}-worker"),
                at => format!("{key}-worker-{at}"),
            });
            others.find(free).unwrap_or_default()
        } else {
            key.to_owned()
        };
        if name != key {
            let why = if name == "web" {
                "it takes the requests"
            } else {
                "its own name means something else in a Procfile"
            };
            fly.notes.push(format!(
                "{FILE}: process group `{key}` becomes `{name}`: {why}"
            ));
        }
        command(&name, &entry.node, fly);
    }
}

fn command(name: &str, node: &Node, fly: &mut Fly) {
    let command = node.text().map(str::trim).unwrap_or_default();
    let line = format!("{name}: {command}\n");
    let is_written = is_one_line(command) && procfile::parse(&line).is_ok();
    // Without a command it runs that of the image.
    if command.is_empty() || is_written {
        fly.groups.push((name.to_owned(), command.to_owned()));
    } else {
        fly.left(&format!("process `{name}`"), super::SCRIPT);
    }
}

/// A length of time in seconds: `1m30s`, or a number, which from 1000 on counts milliseconds.
fn seconds(node: &Node) -> Option<i64> {
    let whole = |number: i64| {
        if number >= 1000 {
            number / 1000
        } else {
            number
        }
    };
    match &node.value {
        Value::Text(text) => match text.parse::<i64>() {
            Ok(number) => Some(whole(number)),
            Err(_) => duration(text),
        },
        _ => node.whole().map(whole),
    }
}

/// Numbers with units, as Go writes them.
fn duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut milliseconds = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let units = rest[digits..].find(|c: char| c.is_ascii_digit());
        let unit = &rest[digits..units.map_or(rest.len(), |end| digits + end)];
        let factor = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        milliseconds = milliseconds.checked_add(number.checked_mul(factor)?)?;
        rest = &rest[digits + unit.len()..];
    }
    Some(milliseconds.checked_add(999)? / 1000)
}

/// The AWS region nearest to a region of Fly.
fn nearest_region(region: &str) -> Option<&'static str> {
    let of = NEAREST.iter().find(|(_, codes)| codes.contains(&region));
    of.map(|(aws, _)| *aws)
}

const NEAREST: [(&str, &[&str]); 16] = [
    ("us-east-1", &["iad", "ewr", "bos", "mia", "atl"]),
    ("us-east-2", &["ord"]),
    ("us-west-1", &["sjc", "lax"]),
    ("us-west-2", &["sea", "den", "phx"]),
    ("eu-west-1", &["dub"]),
    ("eu-west-2", &["lhr"]),
    ("eu-west-3", &["cdg", "mad"]),
    ("eu-central-1", &["fra", "ams", "waw"]),
    ("eu-north-1", &["arn"]),
    ("ap-northeast-1", &["nrt"]),
    ("ap-southeast-1", &["sin", "hkg"]),
    ("ap-southeast-2", &["syd"]),
    ("ap-south-1", &["bom"]),
    ("sa-east-1", &["gru", "gig", "eze"]),
    ("ca-central-1", &["yyz", "yul"]),
    ("af-south-1", &["jnb"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_that_are_proposed_are_known() {
        for (region, _) in NEAREST {
            assert!(
                stackwright_plan::regions::REGIONS.contains(&region),
                "{region}"
            );
        }
    }

    #[test]
    fn lengths_of_time_are_those_of_go() {
        let all = ["5s", "1m30s", "300ms", "1h", "5", "x", "5x", "s"].map(|text| {
            seconds(&Node {
                span: 0..0,
                value: Value::Text(text.to_owned()),
            })
        });
        let want = [
            Some(5),
            Some(90),
            Some(1),
            Some(3600),
            Some(5),
            None,
            None,
            None,
        ];
        assert_eq!(all, want);
    }
}
