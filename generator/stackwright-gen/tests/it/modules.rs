//! The modules: their form, and READMEs made from their variables and outputs.
//!
//! `UPDATE_GOLDEN=1 cargo test -p stackwright-gen` writes the READMEs anew.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use hcl_edit::structure::{Block, Body};

use crate::input::{hcl, repository, string};

fn modules() -> Vec<PathBuf> {
    let mut modules: Vec<PathBuf> = fs::read_dir(repository().join("modules"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    modules.sort();
    modules
}

fn read(module: &Path, file: &str) -> String {
    fs::read_to_string(module.join(file))
        .unwrap_or_else(|error| panic!("{}/{file}: {error}", module.display()))
}

fn name(module: &Path) -> String {
    module.file_name().unwrap().to_string_lossy().into_owned()
}

fn label(block: &Block) -> String {
    block.labels[0].as_str().to_owned()
}

fn blocks(body: &Body, ident: &str) -> Vec<Block> {
    body.get_blocks(ident).cloned().collect()
}

/// An attribute as it is written, on one line.
fn written(block: &Block, key: &str) -> Option<String> {
    let text = block.body.get_attribute(key)?.value.to_string();
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn is_required(variable: &Block) -> bool {
    !variable.body.has_attribute("default")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The README of a module: purpose and usage from the header of `main.tf`, then inputs and outputs.
fn readme(module: &Path) -> String {
    let main = read(module, "main.tf");
    let header: Vec<&str> = main
        .lines()
        .take_while(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#'))
        .collect();
    let usage = header
        .iter()
        .position(|line| line.trim() == "Usage:")
        .expect("a header has a usage");
    let purpose: Vec<&str> = header[..usage]
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty())
        .collect();
    let code: Vec<&str> = header[usage + 1..]
        .iter()
        .map(|line| line.strip_prefix("   ").unwrap_or(""))
        .collect();
    let mut text = format!(
        "# {}\n\n{}\n\n## Usage\n\n```hcl\n{}\n```\n",
        name(module),
        purpose.join(" "),
        code.join("\n").trim()
    );
    text.push_str("\n## Inputs\n\n| name | description | type | default |\n|---|---|---|---|\n");
    for variable in blocks(&hcl(&read(module, "variables.tf")), "variable") {
        let default = written(&variable, "default").unwrap_or_else(|| "required".to_owned());
        let kind = written(&variable, "type").unwrap();
        let kind = kind.split('(').next().unwrap().to_owned()
            + if kind.starts_with("object") {
                ""
            } else {
                kind.find('(').map_or("", |at| &kind[at..])
            };
        let description = string(&variable.body, "description");
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            label(&variable),
            cell(&description),
            cell(&kind),
            cell(&default)
        );
    }
    text.push_str("\n## Outputs\n\n| name | description |\n|---|---|\n");
    for output in blocks(&hcl(&read(module, "outputs.tf")), "output") {
        let _ = writeln!(
            text,
            "| {} | {} |",
            label(&output),
            cell(&string(&output.body, "description"))
        );
    }
    text
}

#[test]
fn readmes_are_up_to_date() {
    for module in modules() {
        let wanted = readme(&module);
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(module.join("README.md"), &wanted).unwrap();
        }
        assert_eq!(
            read(&module, "README.md"),
            wanted,
            "run UPDATE_GOLDEN=1 cargo test -p stackwright-gen"
        );
    }
}

#[test]
fn variables_are_typed_described_and_sorted() {
    for module in modules() {
        let variables = blocks(&hcl(&read(&module, "variables.tf")), "variable");
        let order: Vec<(bool, String)> = variables
            .iter()
            .map(|variable| (!is_required(variable), label(variable)))
            .collect();
        assert!(
            order.is_sorted(),
            "{}: required first, then by name: {order:?}",
            name(&module)
        );
        for variable in &variables {
            assert!(
                variable.body.has_attribute("type"),
                "{}.{}",
                name(&module),
                label(variable)
            );
            assert!(
                string(&variable.body, "description").ends_with('.'),
                "{}.{}",
                name(&module),
                label(variable)
            );
            let nullable = written(variable, "default").as_deref() == Some("null");
            assert_ne!(
                nullable,
                variable.body.has_attribute("nullable"),
                "{}.{}",
                name(&module),
                label(variable)
            );
            for validation in variable.body.get_blocks("validation") {
                assert!(
                    string(&validation.body, "error_message").starts_with("Write "),
                    "{}",
                    label(variable)
                );
            }
        }
    }
}

#[test]
fn outputs_are_described_and_sorted() {
    for module in modules() {
        let outputs = blocks(&hcl(&read(&module, "outputs.tf")), "output");
        assert!(
            !outputs.is_empty() && outputs.iter().map(label).is_sorted(),
            "{}",
            name(&module)
        );
        for output in &outputs {
            assert!(
                string(&output.body, "description").ends_with('.'),
                "{}",
                label(output)
            );
        }
    }
}

#[test]
fn each_module_has_one_main_resource_and_nothing_loose() {
    for module in modules() {
        let mut files: Vec<String> = fs::read_dir(&module)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        // Tests of the module itself stay in the repository.
        files.retain(|file| file != "tests");
        files.sort();
        files.retain(|name| name != "tests");
        assert_eq!(
            files,
            [
                "README.md",
                "main.tf",
                "outputs.tf",
                "variables.tf",
                "versions.tf"
            ],
            "{}",
            name(&module)
        );
        let main = hcl(&read(&module, "main.tf"));
        match blocks(&main, "resource").as_slice() {
            [main] => assert_eq!(main.labels[1].as_str(), "main"),
            // Modules that only put others together.
            [] => assert!(!blocks(&main, "module").is_empty(), "{}", name(&module)),
            _ => assert!(
                ["environment-roles", "monitors"].contains(&name(&module).as_str()),
                "one resource a module"
            ),
        }
    }
}
