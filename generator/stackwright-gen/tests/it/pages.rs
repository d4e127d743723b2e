//! What is written for people about modules says what their variables and outputs are.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::structure::Body;

use crate::input::{MINIMAL, hcl, run, string};

/// Apps of each shape: public and not, called by another, with database, monitors, a schedule, and nothing of it.
fn files() -> BTreeMap<String, String> {
    let (base, shop) = MINIMAL.split_once("[apps.shop]").unwrap();
    let spec = format!(
        "{base}[apps.mail]\nimage = \"repo/mail:1\"\nprocfile = \"mail/Procfile\"\n\
         [apps.billing]\nimage = \"repo/billing:1\"\ninternal = true\n\
         [apps.shop]{shop}db = true\nuses = [\"billing\"]\nclock = {{ cron = \"0 3 * * ? *\" }}\n\
         monitors.errors = {{ message = \"m\", metric = \"x\", critical = {{ threshold = 1 }} }}\n"
    );
    let procfiles = [
        ("Procfile", "web: a\nclock: b\nworker: c\n"),
        ("mail/Procfile", "worker: a\n"),
    ];
    let outcome = run(&spec, &procfiles);
    let tree = outcome
        .tree
        .unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
    tree.files().clone()
}

/// The folders of modules: those of apps, and those that they use.
fn folders(files: &BTreeMap<String, String>) -> BTreeSet<&str> {
    let main = files
        .keys()
        .filter_map(|path| path.strip_suffix("/main.tf"));
    main.filter(|folder| folder.contains('/')).collect()
}

fn names(body: &Body, ident: &str) -> BTreeMap<String, Body> {
    let blocks = body.get_blocks(ident);
    blocks
        .map(|block| (block.labels[0].as_str().to_owned(), block.body.clone()))
        .collect()
}

/// The cells of the rows of a table below a heading.
fn rows(readme: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, rest) = readme.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = rest.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let cells = |line: &str| {
        line.trim_matches('|')
            .split(" | ")
            .map(|it| it.trim().to_owned())
            .collect()
    };
    rows.skip(1).map(cells).collect()
}

#[test]
fn readmes_of_apps_name_every_variable_and_output() {
    let files = files();
    for app in ["billing", "mail", "shop"] {
        let file = |name: &str| files[&format!("apps/{app}/{name}")].as_str();
        let readme = file("README.md");
        let variables = names(&hcl(file("variables.tf")), "variable");
        let mut listed = Vec::new();
        for row in rows(readme, "Inputs") {
            let [name, description, kind, default] = row.as_slice() else {
                panic!("{row:?}")
            };
            let variable = variables
                .get(name)
                .unwrap_or_else(|| panic!("{app}: {name}"));
            assert_eq!(
                *description,
                string(variable, "description"),
                "{app}: {name}"
            );
            assert_eq!(
                default == "required",
                !variable.has_attribute("default"),
                "{app}: {name}"
            );
            let written = variable.get_attribute("type").unwrap().value.to_string();
            let outer = |text: &str| text.trim().split("({").next().unwrap().to_owned();
            assert_eq!(
                outer(&written),
                outer(&kind.replace("object)", "object({")),
                "{app}: {name}"
            );
            listed.push(name.clone());
        }
        listed.sort();
        assert_eq!(
            listed,
            variables.keys().cloned().collect::<Vec<_>>(),
            "{app}"
        );
        let outputs = names(&hcl(file("outputs.tf")), "output");
        let outputs = outputs
            .iter()
            .map(|(name, body)| vec![name.clone(), string(body, "description")]);
        assert_eq!(
            rows(readme, "Outputs"),
            outputs.collect::<Vec<_>>(),
            "{app}"
        );
    }
}

/// Whoever copies a usage gives everything that is required, and nothing that there is not.
#[test]
fn usages_give_every_required_variable() {
    let files = files();
    for folder in folders(&files) {
        let main = &files[&format!("{folder}/main.tf")];
        let header = main.lines().skip_while(|line| *line != "# Usage:");
        let header = header.skip(1).take_while(|line| line.starts_with('#'));
        let usage: Vec<&str> = header.filter_map(|line| line.strip_prefix('#')).collect();
        let usage = hcl(&usage.join("\n"));
        let variables = names(&hcl(&files[&format!("{folder}/variables.tf")]), "variable");
        let call = usage
            .get_blocks("module")
            .next()
            .unwrap_or_else(|| panic!("{folder}"));
        let mut given: BTreeSet<String> = call
            .body
            .attributes()
            .map(|it| it.key.to_string().trim().to_owned())
            .collect();
        assert!(given.remove("source"), "{folder}");
        for (name, variable) in &variables {
            let required = !variable.has_attribute("default");
            assert!(!required || given.contains(name), "{folder}: {name}");
        }
        for name in given.iter().filter(|name| *name != "providers") {
            assert!(variables.contains_key(name), "{folder}: {name}");
        }
    }
}
