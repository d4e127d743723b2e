//! `init`, `explain`, `schema`, `graph` and `generate --diff`; specs in YAML and JSON.

use crate::folder::{Folder, SPEC};

const YAML: &str = "project: acme\nregion: us-west-2\naccounts: {ops: \"111111111111\", stage: \"222222222222\", prod: \"333333333333\"}\napps:\n  shop:\n    image: repo/shop:v41\n";
const JSON: &str = r#"{
  "project": "acme", "region": "us-west-2",
  "accounts": { "ops": "111111111111", "stage": "222222222222", "prod": "333333333333" },
  "apps": { "shop": { "image": "repo/shop:v41" } }
}
"#;

/// A folder with a Procfile alone.
fn bare() -> Folder {
    let folder = Folder::good();
    std::fs::remove_file(folder.path("stackwright.toml")).unwrap();
    folder
}

const OPTIONS: [&str; 12] = [
    "init",
    "--yes",
    "--app",
    "shop",
    "--region",
    "us-west-2",
    "--image",
    "repo/shop:v41",
    "--ops",
    "111111111111",
    "--stage",
    "222222222222",
];

fn init(folder: &Folder, more: &[&str]) -> crate::folder::Run {
    let options = [&OPTIONS[..], &["--prod", "333333333333"], more].concat();
    folder.run(&options)
}

#[test]
fn the_same_spec_in_three_formats_gives_the_same_tree() {
    let toml = Folder::good();
    assert_eq!(toml.run(&["generate"]).code, 0);
    for (name, text) in [("stackwright.yaml", YAML), ("stackwright.json", JSON)] {
        let folder = bare();
        folder.write(name, text);
        let run = folder.run(&["generate"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(folder.files("infra"), toml.files("infra"), "{name}");
    }
}

#[test]
fn mistakes_in_yaml_and_json_have_a_place_and_a_caret() {
    let wrong = |text: &str| {
        text.replace("region", "regoin")
            .replace("\"111111111111\"", "111111111111")
    };
    for (name, text) in [
        ("stackwright.yaml", wrong(YAML)),
        ("stackwright.json", wrong(JSON)),
    ] {
        let folder = bare();
        folder.write(name, &text);
        let run = folder.run(&["generate"]);
        insta::assert_snapshot!(name, run.all());
        assert!(!folder.path("infra").exists());
        let twice = text.replacen("project", "region", 1);
        folder.write(name, twice);
        assert_eq!(folder.run(&["validate"]).code, 1);
    }
}

#[test]
fn unreadable_documents_have_a_place() {
    for (name, text) in [
        ("stackwright.yaml", "project: [acme\nregion: x\n"),
        ("stackwright.yml", "project: acme\nproject: acme\n"),
        ("stackwright.json", "{\n  \"project\": \"acme\",\n}\n"),
    ] {
        let folder = bare();
        folder.write(name, text);
        insta::assert_snapshot!(
            format!("unreadable {name}"),
            folder.run(&["validate"]).all()
        );
    }
}

#[test]
fn specs_beside_each_other_are_an_error_that_names_them() {
    let folder = Folder::good();
    folder.write("stackwright.yaml", YAML);
    for command in ["validate", "generate", "explain", "graph"] {
        let run = folder.run(&[command]);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{command}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(run.stderr, @r"
            error: there are several specs: `stackwright.toml` and `stackwright.yaml`
             |
            help: keep one of them, or name the one that counts with --spec
            ");
        }
    }
    assert!(!folder.path("infra").exists());
    let named = folder.run(&["generate", "--spec", "stackwright.yaml"]);
    assert_eq!(named.code, 0, "{}", named.all());
}

/// What editors and people with several environments write.
#[test]
fn a_schema_in_json_and_merge_keys_in_yaml_change_nothing() {
    let plain = Folder::good();
    plain.write("Procfile", "worker: x\nmailer: y\n");
    plain.write(
        "stackwright.toml",
        format!("{SPEC}config = {{ A = \"1\" }}\nworker = {{ size = \"2X\", count = 2 }}\nmailer = {{ size = \"2X\" }}\n"),
    );
    assert_eq!(plain.run(&["generate"]).code, 0);
    let yaml = format!(
        "{YAML}    config: {{A: \"1\"}}\n    mailer: &small\n      size: 2X\n    worker:\n      <<: *small\n      count: 2\n"
    );
    let json = JSON.replacen('{', "{ \"$schema\": \"./stackwright.schema.json\",", 1);
    let json = json.replace("v41\"", "v41\", \"config\": {\"A\": \"1\"}, \"worker\": {\"size\": \"2X\", \"count\": 2}, \"mailer\": {\"size\": \"2X\"}");
    for (name, text) in [
        ("stackwright.yaml", yaml),
        ("stackwright.json", json.clone()),
    ] {
        let folder = bare();
        folder.write("Procfile", "worker: x\nmailer: y\n");
        folder.write(name, text);
        let run = folder.run(&["generate"]);
        assert_eq!(run.code, 0, "{}", run.all());
        assert_eq!(folder.files("infra"), plain.files("infra"), "{name}");
    }
    let folder = bare();
    folder.write(
        "stackwright.json",
        json.replace("\"./stackwright.schema.json\"", "1"),
    );
    let run = folder.run(&["validate"]);
    assert!(
        run.code == 1
            && run
                .stderr
                .contains("`$schema` must be a string, not a whole number"),
        "{}",
        run.all()
    );
    let deep = JSON.replace("{ \"image\"", "{ \"$schema\": \"x\", \"image\"");
    folder.write("stackwright.json", deep);
    let run = folder.run(&["validate"]);
    assert!(
        run.stderr.contains("unknown key `$schema`"),
        "{}",
        run.all()
    );
}

#[test]
fn init_writes_ten_lines_at_most_and_a_tree_when_asked() {
    let folder = bare();
    let run = init(&folder, &["--generate"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let spec = folder.read("stackwright.toml");
    assert!(spec.lines().count() <= 10, "{spec}");
    assert_eq!(folder.run(&["generate", "--check"]).code, 0);
    let again = init(&folder, &[]);
    assert!(
        again.code == 1 && again.stderr.contains("is there already"),
        "{}",
        again.all()
    );
    assert_eq!(folder.read("stackwright.toml"), spec);
}

#[test]
fn init_says_what_it_needs_and_writes_nothing() {
    let folder = bare();
    let run = folder.run(&["init", "--yes", "--region", "us-west-2"]);
    assert_eq!(run.code, 2, "{}", run.all());
    assert!(
        run.stderr.contains("--image --ops --stage --prod"),
        "{}",
        run.stderr
    );
    let json = folder.run(&["init", "--json"]);
    assert_eq!((json.code, json.stderr.as_str()), (2, ""));
    let wrong = init(&folder, &["--domain", "ACME"]);
    assert!(
        wrong.code == 1 && wrong.stderr.contains("`ACME` is not a domain"),
        "{}",
        wrong.all()
    );
    std::fs::remove_file(folder.path("Procfile")).unwrap();
    let nothing = init(&folder, &[]);
    assert!(
        nothing.code == 1 && nothing.stderr.contains("says what to run"),
        "{}",
        nothing.all()
    );
    assert!(folder.files("").is_empty());
}

#[test]
fn init_makes_a_procfile_of_fly_and_docker() {
    let folder = bare();
    std::fs::remove_file(folder.path("Procfile")).unwrap();
    folder.write("Dockerfile", "FROM x\nCMD [\"puma\", \"-p\", \"8080\"]\n");
    let run = init(&folder, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["procfile"], "./Procfile", "{json}");
    assert_eq!(folder.read("Procfile"), "web: puma -p 8080\n");
}

/// What is seen and not read is said, also when nothing else is there.
#[test]
fn init_names_what_it_does_not_read() {
    let folder = bare();
    std::fs::remove_file(folder.path("Procfile")).unwrap();
    folder.write("procfile", "web: puma\n");
    folder.write("compose.yaml", "services: {}\n");
    folder.write("copilot/api/manifest.yml", "name: api\n");
    let run = init(&folder, &[]);
    insta::assert_snapshot!(run.all());
    assert!(!folder.path("stackwright.toml").exists());
    let json: serde_json::Value = serde_json::from_str(&init(&folder, &["--json"]).stdout).unwrap();
    assert_eq!(json["not_carried_over"].as_array().unwrap().len(), 3);
    folder.write(
        "fly.toml",
        "app = \"shop\"\nkill_timeout = 60\n[mounts]\nsource = \"x\"\n[processes]\nworker = \"sidekiq -p 9000\"\napp = \"puma -p 9000\"\n[http_service]\ninternal_port = 3000\n",
    );
    let run = init(&folder, &["--generate"]);
    insta::assert_snapshot!(run.all());
}

#[test]
fn init_writes_a_domain_with_its_zones() {
    let folder = Folder::new("", "web: puma\n");
    std::fs::remove_file(folder.path("stackwright.toml")).unwrap();
    let domain = ["--domain", "acme.example", "--generate"];
    let run = init(&folder, &domain);
    assert!(
        run.code == 2 && run.stderr.contains("--stage-zone --prod-zone"),
        "{}",
        run.all()
    );
    let zones = ["--stage-zone", "Z1", "--prod-zone", "Z2"];
    let run = init(&folder, &[&domain[..], &zones].concat());
    assert_eq!(run.code, 0, "{}", run.all());
}

#[test]
fn explain_says_each_default_and_why() {
    let folder = Folder::new(&format!("{SPEC}worker = {{ count = 2 }}\n"), "worker: x\n");
    let run = folder.run(&["explain"]);
    insta::assert_snapshot!(run.all());
    let run = folder.run(&["explain", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let values = json["values"].as_array().unwrap();
    let count = values
        .iter()
        .find(|it| it["path"] == "apps.shop.worker.count")
        .unwrap();
    assert_eq!(
        (&count["origin"], &count["value"]),
        (&"written".into(), &"2".into())
    );
}

#[test]
fn schema_and_graph_are_printed() {
    let folder = Folder::good();
    let schema: serde_json::Value = serde_json::from_str(&folder.run(&["schema"]).stdout).unwrap();
    assert_eq!(schema["properties"]["project"]["type"], "string");
    let graph = folder.run(&["graph", "--format", "mermaid"]);
    insta::assert_snapshot!(graph.all());
    assert_eq!(folder.run(&["graph", "--format", "png"]).code, 2);
}

#[test]
fn diff_shows_what_would_change_and_writes_nothing() {
    let folder = Folder::good();
    folder.run(&["generate"]);
    assert_eq!(folder.run(&["generate", "--diff"]).code, 0);
    folder.write("Procfile", "worker: other\n");
    let before = folder.files("infra");
    let run = folder.run(&["generate", "--diff"]);
    assert_eq!((run.code, folder.files("infra") == before), (3, true));
    assert!(
        run.stdout
            .contains("--- a/apps/shop/main.tf\n+++ b/apps/shop/main.tf\n"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("= \"bundle exec sidekiq\"\n+  command")
            || run.stdout.contains("+  command       = \"other\""),
        "{}",
        run.stdout
    );
    let json = folder.run(&["generate", "--diff", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(json["diff"].as_str().unwrap().contains("other"));
}

/// What may be a secret is shown in no format.
#[test]
fn pasted_secrets_are_not_quoted_in_any_format() {
    let json = JSON.replace("v41\"", "v41\", \"secrets\": {\"KEY\": \"hunter2\"}");
    let cases = [
        (
            "stackwright.yaml",
            format!("{YAML}    secrets: {{KEY: hunter2}}\n"),
        ),
        (
            "stackwright.yaml",
            format!("{YAML}    secrets:\n      KEY: [hunter2\n"),
        ),
        ("stackwright.json", json.clone()),
        ("stackwright.json", json.replace("hunter2\"", "hunter2")),
    ];
    for (name, text) in cases {
        let folder = bare();
        folder.write(name, &text);
        for arguments in [vec!["validate"], vec!["validate", "--json"]] {
            let run = folder.run(&arguments);
            assert!(
                run.code == 1 && !run.all().contains("hunter2"),
                "{text}{}",
                run.all()
            );
        }
    }
}
