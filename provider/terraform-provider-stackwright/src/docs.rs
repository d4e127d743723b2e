//! `terraform-provider-stackwright docs REPOSITORY [--check]`: the registry pages, from the schemas.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use tfplugin_rs::Provider;

const INTRODUCTION: &str = include_str!("../introduction.md");
/// Folders that hold generated pages and nothing else.
const FOLDERS: [&str; 3] = ["resources", "data-sources", "functions"];

/// Writes the pages, or says which are out of date.
pub(crate) fn run(provider: &dyn Provider, arguments: &[String]) -> ExitCode {
    let check = arguments.iter().any(|argument| argument == "--check");
    let Some(repository) = arguments.iter().find(|argument| !argument.starts_with('-')) else {
        return say("which repository? `terraform-provider-stackwright docs REPOSITORY [--check]`");
    };
    match update(provider, Path::new(repository), check) {
        Ok(stale) if check && !stale.is_empty() => say(&format!(
            "out of date: {}; run `make docs` and commit the result",
            stale.join(", ")
        )),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => say(&format!("the pages cannot be written: {error}")),
    }
}

fn say(text: &str) -> ExitCode {
    // Nobody reads a closed standard error.
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::FAILURE
}

/// The pages that differ, after writing them unless `check`.
fn update(provider: &dyn Provider, repository: &Path, check: bool) -> io::Result<Vec<String>> {
    let example = |file: &str| fs::read_to_string(repository.join("examples").join(file)).ok();
    let pages = tfplugin_rs::docs::pages(provider, INTRODUCTION, &example);
    let docs = repository.join("docs");
    let mut stale = Vec::new();
    for (path, text) in &pages {
        let file = docs.join(path);
        if fs::read_to_string(&file).is_ok_and(|old| old == *text) {
            continue;
        }
        stale.push(path.clone());
        if !check {
            fs::create_dir_all(file.parent().unwrap_or(&docs))?;
            fs::write(file, text)?;
        }
    }
    for path in forgotten(&docs, &pages)? {
        if !check {
            fs::remove_file(docs.join(&path))?;
        }
        stale.push(path);
    }
    Ok(stale)
}

/// Pages of what does not exist any more.
fn forgotten(docs: &Path, pages: &BTreeMap<String, String>) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(docs.join(folder)) else {
            continue;
        };
        for entry in entries {
            let path = format!("{folder}/{}", entry?.file_name().to_string_lossy());
            if !pages.contains_key(&path) {
                found.insert(path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::provider::Stackwright;

    #[test]
    fn a_stale_and_a_forgotten_page_are_named_and_mended() {
        let folder = std::env::temp_dir().join(format!("stackwright-docs-{}", std::process::id()));
        let docs = folder.join("docs");
        fs::create_dir_all(docs.join("resources")).unwrap();
        fs::write(docs.join("resources/castle.md"), "gone").unwrap();
        let provider = Stackwright::default();
        let stale = update(&provider, &folder, true).unwrap();
        assert!(stale.contains(&"resources/castle.md".to_owned()));
        assert!(stale.contains(&"resources/network.md".to_owned()));
        assert!(
            docs.join("resources/castle.md").exists(),
            "a check writes nothing"
        );
        update(&provider, &folder, false).unwrap();
        assert_eq!(
            update(&provider, &folder, true).unwrap(),
            Vec::<String>::new()
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_argument_is_described() {
        let provider = Stackwright::default();
        let pages = tfplugin_rs::docs::pages(&provider, INTRODUCTION, &|_| None);
        for (path, page) in pages {
            for line in page.lines().filter(|line| line.starts_with("- `")) {
                let text = line.rsplit_once(") ").map_or("", |(_, text)| text.trim());
                assert!(!text.is_empty(), "{path}: {line}");
            }
        }
    }

    /// A module, its resource, and the arguments that it leaves out on purpose.
    const MODULES: &[(&str, &str, &[&str])] = &[
        ("cluster", "cluster", &[]),
        ("db", "db", &[]),
        ("network", "network", &[]),
        ("router", "router", &[]),
        ("scheduled-job", "job", SIZE),
        ("web-service", "service", SIZE),
        ("worker", "service", WORKER),
    ];
    /// `size` says both.
    const SIZE: &[&str] = &["cpu", "memory"];
    /// Nothing reaches a worker.
    const WORKER: &[&str] = &[
        "clients",
        "cpu",
        "deregistration_delay",
        "health_check",
        "memory",
        "port",
        "private_name",
        "routes",
        "slow_start",
        "stickiness",
    ];

    /// What a page lists before what is only read.
    fn arguments(page: &str) -> BTreeSet<&str> {
        let schema = page.split("## Schema").nth(1).unwrap();
        let lines = schema.split("### Read-Only").next().unwrap().lines();
        lines
            .filter_map(|line| line.strip_prefix("- `")?.split('`').next())
            .collect()
    }

    /// What the main resource of a module is given; the files are as `terraform fmt` writes them.
    fn given(main: &str, resource: &str) -> BTreeSet<String> {
        let start = format!("resource \"stackwright_{resource}\" \"main\" {{\n");
        let body = main.split(&start).nth(1).unwrap();
        let body = body.split("\n}").next().unwrap();
        let top = body.lines().filter(|line| !line.starts_with("   "));
        top.filter_map(|line| {
            let line = line.trim().trim_start_matches("dynamic ");
            let name = line.split([' ', '=']).next()?.trim_matches('"');
            (!name.is_empty() && name != "}").then(|| name.to_owned())
        })
        .collect()
    }

    #[test]
    fn every_argument_reaches_its_module() {
        let pages = tfplugin_rs::docs::pages(&Stackwright::default(), INTRODUCTION, &|_| None);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
        for (module, resource, left_out) in MODULES {
            let page = &pages[&format!("resources/{resource}.md")];
            let main = root.unwrap().join("modules").join(module).join("main.tf");
            let given = given(&fs::read_to_string(main).unwrap(), resource);
            let mut wanted = arguments(page);
            for name in *left_out {
                assert!(wanted.remove(name), "{module}: there is no {name}");
            }
            let wanted: BTreeSet<String> = wanted.into_iter().map(str::to_owned).collect();
            assert_eq!(given, wanted, "{module}");
        }
    }
}
