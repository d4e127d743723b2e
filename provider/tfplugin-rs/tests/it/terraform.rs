//! The corner provider, driven by real Terraform.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::{corner_program, skipped};

/// A folder with a configuration, and a Terraform that uses the built provider.
struct Root {
    terraform: PathBuf,
    dir: TempDir,
}

fn terraform() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join("terraform"))
        .find(|file| file.is_file())
}

/// `None`, said loudly, where there is no Terraform.
fn root(main: &str) -> Option<Root> {
    let Some(terraform) = terraform() else {
        skipped("no terraform in PATH, real Terraform was not tested");
        return None;
    };
    let dir = tempfile::tempdir().unwrap();
    let bin = dir.path().join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(corner_program(), bin.join("terraform-provider-corner")).unwrap();
    fs::create_dir(dir.path().join("objects")).unwrap();
    let overrides = format!(
        "provider_installation {{\n  dev_overrides {{ \"example/corner\" = {:?} }}\n  direct {{}}\n}}\n",
        bin.display().to_string()
    );
    fs::write(dir.path().join("terraform.rc"), overrides).unwrap();
    let root = Root { terraform, dir };
    root.write(main);
    Some(root)
}

impl Root {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes `main.tf`: the provider, then this.
    fn write(&self, main: &str) {
        let head = format!(
            "terraform {{\n  required_providers {{ corner = {{ source = \"example/corner\" }} }}\n}}\n\
             provider \"corner\" {{ dir = {:?} }}\n",
            self.path("objects").display().to_string()
        );
        fs::write(self.path("main.tf"), head + main).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.terraform);
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env("TF_CLI_CONFIG_FILE", self.path("terraform.rc"))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .env_remove("TF_LOG")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = text(&output);
        assert!(output.status.success(), "terraform {arguments:?}:\n{said}");
        said
    }

    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = text(&output);
        assert!(
            !output.status.success(),
            "terraform {arguments:?} succeeded:\n{said}"
        );
        said
    }

    fn apply(&self) -> String {
        self.ok(&["apply", "-auto-approve", "-no-color"])
    }

    /// A second plan that finds nothing to do.
    fn unchanged(&self) {
        let output = self.run(&["plan", "-detailed-exitcode", "-no-color"]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "the plan is not empty:\n{}",
            text(&output)
        );
    }

    /// The attributes of a resource in the state.
    fn state(&self, address: &str) -> Json {
        let shown: Json = serde_json::from_str(&self.ok(&["show", "-json"])).unwrap();
        let resources = shown["values"]["root_module"]["resources"]
            .as_array()
            .unwrap()
            .clone();
        let found = resources
            .into_iter()
            .find(|resource| resource["address"] == address);
        found.unwrap_or_else(|| panic!("{address} is not in the state: {shown:#}"))["values"]
            .clone()
    }
}

fn text(output: &Output) -> String {
    let both = [output.stdout.as_slice(), b"\n", output.stderr.as_slice()].concat();
    // Terraform breaks lines to fit a terminal; tests look for sentences.
    let text = String::from_utf8(both).unwrap();
    text.lines()
        .map(|line| line.trim_start_matches(['│', ' ']))
        .collect::<Vec<_>>()
        .join("\n")
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const EVERYTHING: &str = r#"
resource "terraform_data" "later" { input = "known later" }

resource "corner_thing" "a" {
  name     = "a"
  note     = terraform_data.later.output
  labels   = { x = "1", y = terraform_data.later.output }
  zones    = ["b", "a", "b"]
  rules    = [{ port = 443 }, { port = 80, protocol = "udp" }]
  routes   = { main = { path = "/", target = terraform_data.later.output }, side = { path = "/s" } }
  steps    = [{ path = "/1" }, { path = "/2" }]
  secret   = "canary-secret"
  token    = "canary-token"
  anything = { list = [1, "two", true] }
  timeouts { create = "5m" }
  dynamic "mount" {
    for_each = toset(["/m", terraform_data.later.output])
    content { path = mount.value }
  }
}

resource "corner_thing" "empty" {
  name   = "empty"
  labels = {}
  zones  = []
  rules  = []
}

data "corner_lookup" "found" { name = "ab" }

# Both are decided at plan time, while the values are unknown.
locals { starts = startswith(corner_thing.a.id, "thing-") && corner_thing.a.revision != null }
resource "terraform_data" "decided" { count = local.starts ? 1 : 0 }

output "shouted" { value = provider::corner::shout("a", "b") }
output "found" { value = data.corner_lookup.found.result }
"#;

#[test]
fn everything_applies_and_a_second_plan_is_empty() {
    let Some(root) = root(EVERYTHING) else { return };
    let said = root.apply();
    assert!(
        said.contains("shouted = \"A B\"") && said.contains("found = \"ab\""),
        "{said}"
    );
    root.unchanged();
    let state = root.state("corner_thing.a");
    assert_eq!(state["id"], "thing-a");
    assert_eq!(state["secret_length"], "canary-secret".len());
    assert_eq!(state["routes"]["main"]["url"], "https://corner/");
    assert_eq!(state["mount"].as_array().unwrap().len(), 2);
    assert_eq!(
        root.state("corner_thing.empty")["zones"],
        serde_json::json!([])
    );
    let stored = fs::read_to_string(root.path("terraform.tfstate")).unwrap();
    assert!(
        !stored.contains("canary-secret"),
        "a write-only value is in the state"
    );
    let louder = EVERYTHING.replace("{ port = 443 }", "{ port = 443 }, { port = 22 }");
    root.write(&louder.replace(
        "[{ path = \"/1\" }",
        "[{ path = \"/0\" }, { path = \"/1\" }",
    ));
    assert!(root.apply().contains("1 changed"));
    root.unchanged();
    root.ok(&["destroy", "-auto-approve"]);
    assert_eq!(fs::read_dir(root.path("objects")).unwrap().count(), 0);
}

#[test]
fn a_change_shows_no_more_than_it_must() {
    let thing = |note: i64| {
        format!("resource \"corner_thing\" \"a\" {{\n name = \"a\"\n note = {note}\n}}\n")
    };
    let Some(root) = root(&thing(2)) else { return };
    root.apply();
    root.write(&thing(3));
    let said = root.ok(&["plan", "-no-color"]);
    assert!(
        said.contains("~ note") && said.contains("~ revision"),
        "{said}"
    );
    assert!(
        !said.contains("~ id") && said.contains("1 to change"),
        "{said}"
    );
}

#[test]
fn import_gives_an_empty_plan() {
    let main = "resource \"corner_thing\" \"a\" { name = \"a\" }\n";
    let Some(root) = root(main) else { return };
    root.apply();
    root.ok(&["state", "rm", "corner_thing.a"]);
    root.ok(&["import", "corner_thing.a", "thing-a"]);
    root.unchanged();
    root.write(&main.replace("\"a\" }", "\"b\" }"));
    let said = root.ok(&["plan", "-no-color"]);
    assert!(
        said.contains("must be replaced") && said.contains("forces replacement"),
        "{said}"
    );
}

#[test]
fn state_of_an_older_version_is_upgraded() {
    let Some(root) = root("resource \"corner_thing\" \"a\" { name = \"a\" }\n") else {
        return;
    };
    root.apply();
    let file = root.path("terraform.tfstate");
    let mut state: Json = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let instance = &mut state["resources"][0]["instances"][0];
    instance["schema_version"] = 0.into();
    let attributes = instance["attributes"].as_object_mut().unwrap();
    let name = attributes.remove("name").unwrap();
    attributes.insert("title".to_owned(), name);
    fs::write(&file, state.to_string()).unwrap();
    root.unchanged();
}

#[test]
fn mistakes_are_shown_at_their_attribute() {
    let main = "resource \"corner_thing\" \"a\" {\n  name = \"a\"\n  note = \"forbidden\"\n}\n\
                output \"x\" { value = provider::corner::shout(\"\") }\n";
    let Some(root) = root(main) else { return };
    let said = flat(&root.fails(&["plan", "-no-color"]));
    assert!(said.contains("Error: Forbidden Note"), "{said}");
    assert!(said.contains("note = \"forbidden\""), "{said}");
    assert!(said.contains("There is nothing to shout."), "{said}");
}

#[test]
fn a_panic_and_a_broken_rule_are_ordinary_errors() {
    let main = "resource \"corner_panic\" \"a\" { when = \"create\" }\n\
                resource \"corner_broken\" \"b\" { rule = \"A2\" }\n";
    let Some(root) = root(main) else { return };
    let said = flat(&root.fails(&["apply", "-auto-approve", "-no-color"]));
    assert!(said.contains("Error: The Provider Has Crashed"), "{said}");
    assert!(said.contains("breaks rule A2 at `rule`"), "{said}");
    assert!(!said.contains("Request cancelled"), "{said}");
    // Terraform finds the hook's text and shows it; the framework's own frames are left out.
    assert!(
        said.contains("panic: at create") && !said.contains("tokio::runtime"),
        "{said}"
    );
    assert!(
        !said.contains("inconsistent result"),
        "Terraform itself has found it: {said}"
    );
}

#[test]
fn a_failed_create_is_tainted_and_replaced() {
    let thing = |note: &str| {
        format!("resource \"corner_thing\" \"a\" {{\n name = \"a\"\n note = {note:?}\n}}\n")
    };
    let Some(root) = root(&thing("fails late")) else {
        return;
    };
    let said = root.fails(&["apply", "-auto-approve", "-no-color"]);
    assert!(said.contains("Late Failure"), "{said}");
    assert_eq!(root.state("corner_thing.a")["id"], "thing-a");
    root.write(&thing("fine"));
    assert!(root.ok(&["plan", "-no-color"]).contains("is tainted"));
    root.apply();
    root.unchanged();
}

#[test]
fn ctrl_c_keeps_partial_state() {
    let Some(root) = root("") else { return };
    let signal = root.path("begun");
    let signal_text = signal.display().to_string();
    root.write(&format!(
        "resource \"corner_slow\" \"a\" {{ signal = {signal_text:?} }}\n"
    ));
    let mut command = root.command(&["apply", "-auto-approve", "-no-color"]);
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !signal.exists() {
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "the apply has not begun"
        );
        std::thread::yield_now();
    }
    // Ctrl-C goes to the whole group: Terraform and the provider.
    killpg(
        Pid::from_raw(i32::try_from(child.id()).unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = text(&output);
    assert!(said.contains("Create Was Interrupted"), "{said}");
    let state = root.state("corner_slow.a");
    assert_eq!(state["id"], "slow-1");
    assert_eq!(state["finished"], Json::Null);
}

#[test]
fn a_provider_costs_no_time_to_stop_and_logs_as_terraform_reads() {
    let Some(root) = root("resource \"corner_thing\" \"a\" { name = \"a\" }\n") else {
        return;
    };
    let log = root.path("log");
    let start = Instant::now();
    let mut command = root.command(&["plan", "-no-color"]);
    let output = command
        .env("TF_LOG", "TRACE")
        .env("TF_LOG_PATH", &log)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let log = fs::read_to_string(log).unwrap();
    assert!(
        !log.contains("plugin failed to exit gracefully"),
        "after {:?}",
        start.elapsed()
    );
    let line = log
        .lines()
        .find(|line| line.contains("configured:"))
        .unwrap();
    assert!(
        line.contains("[INFO]  provider.terraform-provider-corner: configured"),
        "{line}"
    );
    assert!(line.contains("tf_rpc=ConfigureProvider"), "{line}");
    assert!(!line.contains("0001-01-01"), "{line}");
    assert!(
        log.contains("a stray print"),
        "stdout after the handshake is lost"
    );
}

#[test]
fn terraform_attaches_to_a_provider_in_debug_mode() {
    let Some(root) = root("resource \"corner_thing\" \"a\" { name = \"a\" }\n") else {
        return;
    };
    let mut provider = Command::new(corner_program());
    let mut provider = provider
        .arg("--debug")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines =
        std::io::BufRead::lines(std::io::BufReader::new(provider.stdout.take().unwrap()));
    let line = lines.find_map(|line| {
        let line = line.unwrap();
        let (_, json) = line.split_once("TF_REATTACH_PROVIDERS='")?;
        Some(json.trim_end_matches('\'').to_owned())
    });
    let json = line.unwrap().replace("corner/corner", "example/corner");
    let mut command = root.command(&["apply", "-auto-approve", "-no-color"]);
    let output = command.env("TF_REATTACH_PROVIDERS", json).output();
    let alive = provider.try_wait().unwrap().is_none();
    provider.kill().unwrap();
    provider.wait().unwrap();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(alive, "the provider was ended by Terraform");
    assert!(root.path("objects/thing-a.json").is_file());
}

#[test]
fn a_hundred_instances_at_once() {
    let main =
        "resource \"corner_thing\" \"many\" {\n  count = 100\n  name = \"n${count.index}\"\n}\n";
    let Some(root) = root(main) else { return };
    root.ok(&["apply", "-auto-approve", "-parallelism=50"]);
    root.unchanged();
}
