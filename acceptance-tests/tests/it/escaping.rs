//! Commands, names and values with every nasty character arrive unchanged, or are refused with the reason.

use acceptance_tests::{Account, Workspace};
use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};

use crate::fixtures;

const NASTY: &[&str] = &[
    r#"echo "double" 'single' `back`"#,
    "echo ${HOME} $HOME $${escaped}",
    "%{ if true }yes%{ endif } %%{",
    "first\nsecond\n\tindented",
    r"C:\path\new \\ \u0041",
    "/* comment */ // and # more",
    "emoji 🚀 and ümläut",
    " leading and trailing ",
    "a=b&c=d;e|f>g<h",
    r#"{"json": ["in", "text"]}"#,
    "<<EOT\nheredoc\nEOT",
];

/// HCL that stands for a text: JSON's escapes and Terraform's two template marks.
fn hcl(text: &str) -> String {
    Json::from(text)
        .to_string()
        .replace("${", "$${")
        .replace("%{", "%%{")
}

#[test]
fn nasty_values_arrive_unchanged() -> Result<()> {
    let account = Account::fresh()?;
    let variables: Vec<_> = NASTY
        .iter()
        .enumerate()
        .map(|(at, text)| format!("    V{at} = {}\n", hcl(text)))
        .collect();
    let service = format!(
        "  image = \"repo/shop:v41\"\n  config = {{\n{}  }}\n",
        variables.concat()
    );
    let root = Workspace::new(&account, &fixtures::slice(&account, "", &service)?)?;
    root.apply()?.ok()?;
    let definition = fixtures::task_definition(&account)?;
    for (at, text) in NASTY.iter().enumerate() {
        assert_eq!(
            fixtures::variable(&definition, &format!("V{at}")).as_deref(),
            Some(*text)
        );
    }
    root.plan()?.empty()
}

#[test]
fn nasty_commands_arrive_unchanged() -> Result<()> {
    let account = Account::fresh()?;
    let slice = |command: &str| {
        let service = format!("  image = \"repo/shop:v41\"\n  command = {command}\n");
        fixtures::slice(&account, "", &service)
    };
    let root = Workspace::new(&account, &slice(&hcl(NASTY[0]))?)?;
    for text in NASTY {
        root.resources(&slice(&hcl(text))?)?;
        root.apply()?.ok()?;
        let command =
            fixtures::task_definition(&account)?["containerDefinitions"][0]["command"].clone();
        assert_eq!(command, json!(["/bin/sh", "-c", text]));
    }
    let list: Vec<_> = NASTY.iter().map(|text| hcl(text)).collect();
    root.resources(&slice(&format!("[{}]", list.join(", ")))?)?;
    root.apply()?.ok()?;
    let command =
        fixtures::task_definition(&account)?["containerDefinitions"][0]["command"].clone();
    assert_eq!(command, json!(NASTY));
    root.plan()?.empty()
}

#[test]
fn nasty_process_names_are_refused_with_the_reason() -> Result<()> {
    let account = Account::fresh()?;
    for name in NASTY {
        let slice = fixtures::slice(&account, "", fixtures::WORKER)?;
        let slice = slice.replace("process = \"worker\"", &format!("process = {}", hcl(name)));
        let output = Workspace::new(&account, &slice)?.plan_output(&[])?;
        ensure!(
            output.code == Some(1),
            "process name {name:?} was accepted\n{}",
            output.all()
        );
        output.says(&["process", "letters"])?;
    }
    Ok(())
}
