//! The example trees, byte for byte. `UPDATE_GOLDEN=1 cargo test -p stackwright-gen` writes them anew.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use stackwright_gen::{Procfiles, SourceFile, Spec, Tree, generate};

use crate::input::repository;

/// The spec of an example and its Procfiles.
pub(crate) fn input(folder: &Path) -> (Spec, Procfiles) {
    let read = |name: &str| SourceFile::new(name, fs::read_to_string(folder.join(name)).unwrap());
    let spec = Spec::read(read("stackwright.toml"));
    let procfiles: Procfiles = spec
        .procfiles()
        .into_iter()
        .map(|path| (path.to_owned(), Ok(read(path))))
        .collect();
    (spec, procfiles)
}

fn generated(folder: &Path) -> Tree {
    let (spec, procfiles) = input(folder);
    let outcome = generate(&spec, &procfiles);
    let known = ["release-does-not-run"];
    for diagnostic in &outcome.diagnostics {
        let code = diagnostic.problem.code();
        assert!(
            known.contains(&code),
            "an example has neither errors nor warnings: {diagnostic:?}"
        );
    }
    outcome.tree.unwrap()
}

/// Every folder with a spec and its tree.
fn examples() -> Vec<PathBuf> {
    let examples = repository().join("examples");
    let apps = fs::read_dir(examples.join("apps")).unwrap();
    let apps = apps.map(|entry| entry.unwrap().path());
    apps.chain([examples.join("acme")]).collect()
}

fn on_disk(folder: &Path, below: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if below.is_empty() {
            name.clone()
        } else {
            format!("{below}/{name}")
        };
        if name == ".terraform" || name.contains("tfstate") || name.starts_with(".terraform.lock") {
        } else if entry.file_type().unwrap().is_dir() {
            on_disk(folder, &path, files);
        } else {
            files.insert(
                path.clone(),
                fs::read_to_string(folder.join(&path)).unwrap(),
            );
        }
    }
}

fn write(folder: &Path, tree: &Tree) {
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
    for (path, content) in tree.files() {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

#[test]
fn examples_are_up_to_date() {
    for folder in examples() {
        let tree = generated(&folder);
        let infra = folder.join("infra");
        if env::var_os("UPDATE_GOLDEN").is_some() {
            write(&infra, &tree);
        }
        let mut there = BTreeMap::new();
        on_disk(&infra, "", &mut there);
        let advice = format!(
            "{}: run UPDATE_GOLDEN=1 cargo test -p stackwright-gen and read the diff",
            infra.display()
        );
        assert_eq!(
            there.keys().collect::<Vec<_>>(),
            tree.files().keys().collect::<Vec<_>>(),
            "{advice}"
        );
        for (path, content) in tree.files() {
            assert!(there[path] == *content, "{path} differs in {advice}");
        }
    }
}
