//! `docs/rules/*.md` says which rule of AWS is refused where. Every test that it names must exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use acceptance_tests::repository;
use anyhow::{Context as _, Result, ensure};

/// One row of a table: the rule, how it is handled, the tests.
struct Row {
    file: String,
    rule: String,
    how: String,
    tests: Vec<String>,
}

fn rows() -> Result<Vec<Row>> {
    let folder = repository().join("docs/rules");
    let mut rows = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let file = path.display().to_string();
        for line in fs::read_to_string(&path)?.lines() {
            rows.extend(row(&file, line));
        }
    }
    Ok(rows)
}

/// A row that is neither head nor ruler.
fn row(file: &str, line: &str) -> Option<Row> {
    // A bar inside code is written as an entity, so cells can be split at bars.
    let cells: Vec<&str> = line.trim().trim_matches('|').split('|').collect();
    let [rule, how, tests] = cells[..] else {
        return None;
    };
    let (rule, how) = (rule.trim().to_owned(), how.trim().to_owned());
    if rule.starts_with("AWS refuses") || rule.starts_with("--") {
        return None;
    }
    let tests = tests.split(',').map(|test| test.trim().trim_matches('`'));
    let tests = tests.filter(|test| !test.is_empty() && *test != "-");
    Some(Row {
        file: file.to_owned(),
        rule,
        how,
        tests: tests.map(str::to_owned).collect(),
    })
}

/// The names of all test functions below a folder.
fn tests_in(folder: &Path, found: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                tests_in(&path, found)?;
            }
        } else if name.ends_with(".rs") || name.ends_with(".py") {
            collect(&fs::read_to_string(&path)?, found);
        }
    }
    Ok(())
}

fn collect(text: &str, found: &mut BTreeSet<String>) {
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let python = line
            .strip_prefix("def test_")
            .map(|rest| format!("test_{rest}"));
        let rust = line.split_once("fn ").filter(|_| is_test);
        let Some(named) = python.or_else(|| rust.map(|(_, name)| name.to_owned())) else {
            continue;
        };
        is_test = false;
        found.extend(named.split('(').next().map(str::to_owned));
    }
}

#[test]
fn every_rule_of_aws_names_tests_that_exist() -> Result<()> {
    let mut known = BTreeSet::new();
    for folder in ["provider", "generator", "acceptance-tests"] {
        tests_in(&repository().join(folder), &mut known)?;
    }
    let rows = rows()?;
    ensure!(rows.len() > 10, "only {} rules", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let at = format!("{}: {}", row.file, row.rule);
        if row.how.is_empty() {
            wrong.push(format!("{at}: says nothing"));
        }
        for test in &row.tests {
            let name = test.rsplit("::").next().unwrap_or(test);
            let name = name.rsplit('.').next().unwrap_or(name);
            if !known.contains(name) {
                wrong.push(format!("{at}: there is no test `{test}`"));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
