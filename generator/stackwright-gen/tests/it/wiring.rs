//! What `terraform validate` would find without the provider: calls, variables and outputs fit each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use hcl_edit::structure::Body;

use crate::input::{MINIMAL, hcl, is_terraform, run, string, tree};
use crate::tree::{LARGE, LARGE_PROCFILES};

/// Everything that the `.tf` files of one folder define and use.
struct Folder {
    body: Body,
    text: String,
}

fn folders(files: &BTreeMap<String, String>) -> BTreeMap<String, Folder> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (path, text) in files.iter().filter(|(path, _)| is_terraform(path)) {
        let folder = path.rsplit_once('/').unwrap().0;
        texts.entry(folder.to_owned()).or_default().push_str(text);
    }
    texts
        .into_iter()
        .map(|(folder, text)| {
            (
                folder,
                Folder {
                    body: hcl(&text),
                    text,
                },
            )
        })
        .collect()
}

impl Folder {
    fn labels(&self, ident: &str) -> BTreeSet<String> {
        let blocks: Vec<String> = self
            .body
            .get_blocks(ident)
            .map(|block| block.labels[0].as_str().to_owned())
            .collect();
        let unique: BTreeSet<String> = blocks.iter().cloned().collect();
        assert_eq!(blocks.len(), unique.len(), "{ident} {blocks:?}");
        unique
    }

    fn required(&self) -> BTreeSet<String> {
        let required = self
            .body
            .get_blocks("variable")
            .filter(|block| !block.body.has_attribute("default"));
        required
            .map(|block| block.labels[0].as_str().to_owned())
            .collect()
    }

    /// The names that follow a prefix such as `var.`.
    fn uses(&self, prefix: &str) -> BTreeSet<String> {
        let is_code = |line: &&str| !line.trim_start().starts_with('#');
        let code = self
            .text
            .lines()
            .filter(is_code)
            .collect::<Vec<_>>()
            .join("\n");
        let name = |rest: &str| {
            rest.chars()
                .take_while(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c))
                .collect()
        };
        code.split(prefix).skip(1).map(name).collect()
    }
}

fn first(path: &str) -> String {
    path.split('.').next().unwrap().to_owned()
}

fn resolve(folder: &str, source: &str) -> String {
    let mut path = PathBuf::new();
    for part in Path::new(folder).join(source).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{source} leaves the tree"),
            part => path.push(part),
        }
    }
    path.to_string_lossy().into_owned()
}

pub(crate) fn check(files: &BTreeMap<String, String>) {
    let folders = folders(files);
    for (path, folder) in &folders {
        let variables = folder.labels("variable");
        let used: BTreeSet<String> = folder.uses("var.").iter().map(|name| first(name)).collect();
        assert_eq!(
            used, variables,
            "{path}: every variable is declared and used"
        );
        for output in folder.uses("module.") {
            // `module.x[0].y` and the like.
            let Some((module, output)) = output.split_once('.') else {
                continue;
            };
            let target = &folders[&resolve(path, &source(folder, module))];
            assert!(
                target.labels("output").contains(&first(output)),
                "{path}: {module}.{output}"
            );
        }
        for module in folder.body.get_blocks("module") {
            let target = &folders[&resolve(path, &string(&module.body, "source"))];
            let known = ["source", "providers", "count", "for_each"];
            let given: BTreeSet<String> = module
                .body
                .attributes()
                .map(|attribute| attribute.key.as_str().to_owned())
                .collect();
            let given: BTreeSet<String> = given
                .into_iter()
                .filter(|name| !known.contains(&name.as_str()))
                .collect();
            assert!(
                given.is_subset(&target.labels("variable")),
                "{path}: {given:?}"
            );
            assert!(target.required().is_subset(&given), "{path}: {given:?}");
        }
        folder.labels("module");
        folder.labels("output");
    }
}

fn source(folder: &Folder, module: &str) -> String {
    let block = folder
        .body
        .get_blocks("module")
        .find(|block| block.has_exact_labels(&[module]));
    string(
        &block.unwrap_or_else(|| panic!("no module {module}")).body,
        "source",
    )
}

/// Each variable of a root has a value or a default, and no value is without its variable.
pub(crate) fn check_values(files: &BTreeMap<String, String>) {
    let folders = folders(files);
    for root in ["ops", "stage", "prod"] {
        let values = hcl(&files[&format!("{root}/terraform.tfvars")]);
        let given: BTreeSet<String> = values
            .attributes()
            .map(|attribute| attribute.key.as_str().to_owned())
            .collect();
        assert!(folders[root].required().is_subset(&given), "{root}");
        assert!(given.is_subset(&folders[root].labels("variable")), "{root}");
    }
}

#[test]
fn calls_fit_their_modules() {
    for files in [
        tree(MINIMAL, "worker: x\n"),
        run(LARGE, &LARGE_PROCFILES).tree.unwrap(),
    ] {
        check(files.files());
        check_values(files.files());
    }
}
