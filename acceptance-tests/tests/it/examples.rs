//! What the registry pages show works: every example is applied.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance_tests::{Account, Provider, Workspace, repository};
use anyhow::{Context as _, Result, ensure};

/// The examples of a kind: name of the type and text.
fn examples(kind: &str, file: &str) -> Result<Vec<(String, String)>> {
    let folder = repository().join("examples").join(kind);
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        let text = fs::read_to_string(path.join(file))
            .with_context(|| format!("{} has no {file}", path.display()))?;
        found.push((name_of(&path), text));
    }
    found.sort();
    ensure!(!found.is_empty(), "{} is empty", folder.display());
    Ok(found)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Runs one work for each item, a few at the same time; answers everything that failed.
fn each<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failures = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(item) =
                    items.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                {
                    if let Err(error) = work(item) {
                        failures.lock().unwrap().push(format!("{error:?}"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    ensure!(failures.is_empty(), "{}", failures.join("\n\n"));
    Ok(())
}

#[test]
fn every_resource_is_shown_and_its_example_applies() -> Result<()> {
    let shown = examples("resources", "resource.tf")?;
    each(&shown, |(name, text)| {
        let account = Account::fresh()?;
        let root = Workspace::new(&account, text).with_context(|| name.clone())?;
        root.apply()?.ok().with_context(|| name.clone())?;
        root.plan()?.empty().with_context(|| name.clone())?;
        account.nothing_unimplemented()
    })
}

#[test]
fn every_data_source_reads_what_another_root_has_made() -> Result<()> {
    let shown = examples("data-sources", "data-source.tf")?;
    each(&shown, |(name, text)| {
        let account = Account::fresh()?;
        if let Ok(made) = fs::read_to_string(made_by(name)) {
            Workspace::new(&account, &made)?.apply()?.ok()?;
        }
        let reader = Provider::of(&account).owner("acme/reader");
        let root = Workspace::with_provider(&account, &reader, text)?;
        root.apply()?.ok().with_context(|| name.clone())?;
        root.plan()?.empty().with_context(|| name.clone())
    })
}

fn made_by(name: &str) -> PathBuf {
    let folder = repository().join("examples/resources").join(name);
    folder.join("resource.tf")
}

#[test]
fn a_data_source_of_nothing_says_so() -> Result<()> {
    let account = Account::fresh()?;
    let text = "data \"stackwright_network\" \"gone\" {\n  name = \"gone\"\n}\n";
    let root = Workspace::new(&account, text)?;
    root.apply()?.failed()?.says(&["stage/gone"])?;
    Ok(())
}

#[test]
fn every_function_example_answers_what_its_comment_says() -> Result<()> {
    let account = Account::fresh()?;
    for (name, text) in examples("functions", "function.tf")? {
        let wanted = text.lines().next().unwrap_or_default();
        let wanted = wanted.trim_start_matches('#').trim().to_owned();
        let root = Workspace::new(&account, &text)?;
        root.apply()?.ok().with_context(|| name.clone())?;
        let output = root.terraform(&["output", "-no-color"])?.ok()?.stdout;
        let flat: String = output.split_whitespace().collect();
        let pieces = wanted.split(|c: char| " {},=\"".contains(c));
        for piece in pieces.filter(|piece| !piece.is_empty()) {
            ensure!(flat.contains(piece), "{name}: no {piece} in {output}");
        }
    }
    Ok(())
}
