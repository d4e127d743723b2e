//! Results of executed tests, kept as files, from which the tables in `docs/tables` are rendered.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::binaries::work_folder;

/// One cell: what a test saw, or why there can be nothing to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// The test ran and held; how it showed, in a few words.
    Shown(String),
    /// It cannot apply, and why.
    Excepted(String),
    /// The test ran and failed.
    Failed(String),
}

/// The rows that one test adds to a table. Each test writes a file of its own, so nothing has to be locked.
#[derive(Debug)]
pub struct Results {
    file: PathBuf,
    cells: BTreeMap<String, Cell>,
}

impl Results {
    /// Of one test, such as `network` of the table `lifecycle`. What an earlier run left is removed first.
    pub fn new(table: &str, test: &str) -> Result<Self> {
        let folder = work_folder()?.join(table);
        fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{test}.json"));
        let results = Self {
            file,
            cells: BTreeMap::new(),
        };
        results.save()?;
        Ok(results)
    }

    /// Writes a cell down at once: a later failure does not lose it.
    pub fn record(&mut self, name: &str, cell: Cell) -> Result<()> {
        self.cells.insert(name.to_owned(), cell);
        self.save()
    }

    fn save(&self) -> Result<()> {
        Ok(fs::write(
            &self.file,
            serde_json::to_vec_pretty(&self.cells)?,
        )?)
    }
}

/// How many stops of an apply led where they should, by the way that was taken.
#[derive(Debug)]
pub struct Stops {
    file: PathBuf,
    counts: BTreeMap<String, usize>,
}

impl Stops {
    /// Of one test. What an earlier run left is removed first.
    pub fn new(test: &str) -> Result<Self> {
        let folder = work_folder()?.join("stops");
        fs::create_dir_all(&folder)?;
        let stops = Self {
            file: folder.join(format!("{test}.json")),
            counts: BTreeMap::new(),
        };
        stops.save()?;
        Ok(stops)
    }

    /// Counts one.
    pub fn held(&mut self, way: &str) -> Result<()> {
        *self.counts.entry(way.to_owned()).or_default() += 1;
        self.save()
    }

    /// All of them so far, by test.
    pub fn all() -> Result<BTreeMap<String, BTreeMap<String, usize>>> {
        let folder = work_folder()?.join("stops");
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry?.path();
            let test = path.file_stem().unwrap_or_default().to_string_lossy();
            let counts = serde_json::from_slice(&fs::read(&path)?)?;
            found.insert(test.into_owned(), counts);
        }
        Ok(found)
    }

    fn save(&self) -> Result<()> {
        Ok(fs::write(&self.file, serde_json::to_vec(&self.counts)?)?)
    }
}

/// Everything that the tests wrote for a table: by test, by cell.
pub fn cells_of(table: &str) -> Result<BTreeMap<String, BTreeMap<String, Cell>>> {
    let folder = work_folder()?.join(table);
    let told = || format!("no results in {}: run the tests first", folder.display());
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(&folder).with_context(told)? {
        let path = entry?.path();
        let test = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default()
            .to_owned();
        found.insert(test, serde_json::from_slice(&fs::read(&path)?)?);
    }
    Ok(found)
}
