//! Procfiles of public repositories: each is generated from, or refused with its line and the reason, and what was generated is valid.
//!
//! The corpus lies beside the repository and is not part of it; without it the test says so and passes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use acceptance_tests::{Generated, repository};
use anyhow::{Result, ensure};

const HEAD: &str = r#"project = "acme"
region = "us-west-2"
domain = "acme.example"
router.wildcard = true
accounts = { ops = "111111111111", stage = "222222222222", prod = "333333333333" }
environments.stage.zone_id = "Z0123456789ABCDEFSTAG"
environments.prod.zone_id = "Z0123456789ABCDEFPROD"
"#;

/// The Procfiles, plain and extended.
fn corpus() -> Result<Vec<PathBuf>> {
    let repository = fs::canonicalize(repository())?;
    let mut beside = repository
        .ancestors()
        .map(|outer| outer.join("shared/corpus"));
    let Some(folder) = beside.find(|folder| folder.is_dir()) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for kind in ["procfile", "empire"] {
        for entry in fs::read_dir(folder.join(kind))? {
            found.push(entry?.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Past the test runner, which shows what passing tests print to nobody.
fn say(text: &str) -> Result<()> {
    writeln!(io::stderr().lock(), "{text}")?;
    Ok(())
}

/// A spec with an app for each Procfile.
fn spec(procfiles: &BTreeSet<usize>) -> String {
    let mut spec = HEAD.to_owned();
    for at in procfiles {
        // Writing to a String cannot fail.
        let _ = write!(
            spec,
            "[apps.app-{at}]\nimage = \"example/app:v1\"\nprocfile = \"p{at}/Procfile\"\n"
        );
    }
    spec
}

/// The numbers of the Procfiles that errors point at: ` --> p12/Procfile:3:1`.
fn refused(errors: &str) -> BTreeSet<usize> {
    let places = errors.lines().filter_map(|line| {
        let place = line.trim_start().strip_prefix("--> p")?;
        let (number, rest) = place.split_once("/Procfile:")?;
        let (line, column) = rest.split_once(':')?;
        let known = line.parse::<u32>().is_ok() && column.parse::<u32>().is_ok();
        number.parse().ok().filter(|_| known)
    });
    places.collect()
}

/// The errors of what was said, without the warnings.
fn errors(said: &str) -> String {
    let parts = said.split("\n\n");
    let wrong = parts.filter(|part| part.trim_start().starts_with("error"));
    wrong.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn every_procfile_is_generated_from_or_refused_with_its_place() -> Result<()> {
    let corpus = corpus()?;
    if corpus.is_empty() {
        let root = repository();
        let root = root.display();
        return say(&format!(
            "SKIPPED: there is no shared/corpus beside {root} or further up, so no Procfile of it was read"
        ));
    }
    let generated = Generated::empty()?;
    for (at, path) in corpus.iter().enumerate() {
        let folder = generated.input().join(format!("p{at}"));
        fs::create_dir(&folder)?;
        fs::copy(path, folder.join("Procfile"))?;
    }
    let all: BTreeSet<usize> = (0..corpus.len()).collect();
    let write = |procfiles: &BTreeSet<usize>| -> Result<_> {
        fs::write(generated.input().join("stackwright.toml"), spec(procfiles))?;
        generated.generate(&[])
    };
    let said = write(&all)?.failed()?.all();
    let bad = refused(&errors(&said));
    ensure!(
        !bad.is_empty(),
        "the corpus has files that are no Procfiles\n{said}"
    );
    let good: BTreeSet<usize> = all.difference(&bad).copied().collect();
    ensure!(
        good.len() > 60,
        "only {} of {} are good\n{said}",
        good.len(),
        all.len()
    );
    write(&good)?.ok()?;
    let stage = generated.tree().join("stage");
    generated
        .terraform(
            &stage,
            &["init", "-backend=false", "-input=false", "-no-color"],
        )?
        .ok()?;
    generated
        .terraform(&stage, &["validate", "-no-color"])?
        .ok()?;
    let fmt = ["fmt", "-check", "-recursive", "-diff"];
    generated.terraform(&generated.tree(), &fmt)?.ok()?;
    Ok(())
}
