//! What may be written over what is there: edits of people are never lost.
//!
//! A file that the generator wrote and nobody changed is replaced or, when it is no longer part of the tree, removed. A file that
//! someone changed, or that the generator did not write, is a conflict, and with one conflict nothing at all is written. Files at other
//! paths without our header are never looked at.

use std::collections::BTreeMap;

use crate::tree::Ownership;
use crate::tree::{Tree, ownership};

/// What is at a path in the output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existing {
    /// A text file.
    Text(String),
    /// Something else: a folder, a link, or a file that is not text.
    Other,
}

/// What has to be done to the output folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files to make: path -> content.
    pub create: BTreeMap<String, String>,
    /// Files to replace: path -> content.
    pub update: BTreeMap<String, String>,
    /// Files to remove, because they are no longer part of the tree.
    pub remove: Vec<String>,
    /// How many files already are as they should be.
    pub unchanged: usize,
}

/// Why a file stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// A generated file was edited by hand.
    #[error("`{path}` was generated and then edited by hand")]
    Edited {
        /// The file.
        path: String,
    },
    /// A file that the generator did not write is where one of its files belongs.
    #[error("`{path}` was not written by stackwright")]
    Foreign {
        /// The file.
        path: String,
    },
    /// A folder, a link or a binary file is where one of its files belongs.
    #[error("`{path}` is not a plain text file")]
    NotAFile {
        /// The path.
        path: String,
    },
    /// A generated file was edited by hand and is no longer part of the tree.
    #[error("`{path}` is no longer generated, but was edited by hand")]
    StaleEdited {
        /// The file.
        path: String,
    },
}

impl Conflict {
    /// The file in the way.
    pub fn path(&self) -> &str {
        match self {
            Self::Edited { path }
            | Self::Foreign { path }
            | Self::NotAFile { path }
            | Self::StaleEdited { path } => path,
        }
    }

    /// How to get out of it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Edited { .. } => {
                "move the edit to stackwright.toml or to a file of your own beside it (such as `local_override.tf`), delete the file and run again"
            }
            Self::Foreign { .. } | Self::NotAFile { .. } => {
                "move it away or choose another folder with --out, and run again"
            }
            Self::StaleEdited { .. } => {
                "delete it, or remove its first line to keep it as your own, and run again"
            }
        }
    }
}

impl Changes {
    /// Whether the output folder already is as it should be.
    pub fn is_empty(&self) -> bool {
        self.create.is_empty() && self.update.is_empty() && self.remove.is_empty()
    }
}

/// Compares the tree with the files below the output folder.
///
/// `existing` needs every path of the tree that exists, and may have any other; others without our header are ignored.
///
/// # Errors
/// Every file that stands in the way.
pub fn compare(
    tree: &Tree,
    existing: &BTreeMap<String, Existing>,
) -> Result<Changes, Vec<Conflict>> {
    let mut changes = Changes::default();
    let mut conflicts = Vec::new();
    for (path, content) in tree.files() {
        match existing.get(path) {
            None => drop(changes.create.insert(path.clone(), content.clone())),
            Some(there) => replace(&mut changes, &mut conflicts, path, content, there),
        }
    }
    for (path, there) in existing
        .iter()
        .filter(|(path, _)| !tree.files().contains_key(*path))
    {
        retire(&mut changes, &mut conflicts, path, there);
    }
    if conflicts.is_empty() {
        Ok(changes)
    } else {
        Err(conflicts)
    }
}

/// What would change, as a unified diff that `git apply` takes.
pub fn diff(changes: &Changes, existing: &BTreeMap<String, Existing>) -> String {
    let there = |path: &str| match existing.get(path) {
        Some(Existing::Text(text)) => text.replace("\r\n", "\n"),
        _ => String::new(),
    };
    let mut all: BTreeMap<&str, (String, &str)> = BTreeMap::new();
    for (path, content) in changes.create.iter().chain(&changes.update) {
        all.insert(path, (there(path), content));
    }
    for path in &changes.remove {
        all.insert(path, (there(path), ""));
    }
    let one = |(path, (old, new)): (&str, (String, &str))| {
        let name = |start: &str, text: &str| match text {
            "" => "/dev/null".to_owned(),
            _ => format!("{start}/{path}"),
        };
        let (before, after) = (name("a", &old), name("b", new));
        let diff = similar::TextDiff::from_lines(old.as_str(), new);
        diff.unified_diff().header(&before, &after).to_string()
    };
    all.into_iter().map(one).collect()
}

fn replace(
    changes: &mut Changes,
    conflicts: &mut Vec<Conflict>,
    path: &str,
    content: &str,
    there: &Existing,
) {
    let path = path.to_owned();
    let Existing::Text(text) = there else {
        return conflicts.push(Conflict::NotAFile { path });
    };
    match ownership(text) {
        _ if text.replace("\r\n", "\n") == content => changes.unchanged += 1,
        Ownership::Generated => drop(changes.update.insert(path, content.to_owned())),
        Ownership::Edited => conflicts.push(Conflict::Edited { path }),
        Ownership::Foreign => conflicts.push(Conflict::Foreign { path }),
    }
}

fn retire(changes: &mut Changes, conflicts: &mut Vec<Conflict>, path: &str, there: &Existing) {
    let Existing::Text(text) = there else { return };
    match ownership(text) {
        Ownership::Generated => changes.remove.push(path.to_owned()),
        Ownership::Edited => conflicts.push(Conflict::StaleEdited {
            path: path.to_owned(),
        }),
        Ownership::Foreign => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (path, body) in files {
            tree.add(*path, body);
        }
        tree
    }

    fn on_disk(tree: &Tree) -> BTreeMap<String, Existing> {
        tree.files()
            .iter()
            .map(|(path, text)| (path.clone(), Existing::Text(text.clone())))
            .collect()
    }

    #[test]
    fn an_empty_folder_gets_everything() {
        let changes = compare(&tree(&[("a.tf", "1"), ("b.tf", "2")]), &BTreeMap::new()).unwrap();
        assert_eq!((changes.create.len(), changes.is_empty()), (2, false));
    }

    #[test]
    fn the_same_tree_changes_nothing_also_with_other_line_ends() {
        let new = tree(&[("a.tf", "x\ny\n")]);
        assert!(compare(&new, &on_disk(&new)).unwrap().is_empty());
        let crlf = new.files()["a.tf"].replace('\n', "\r\n");
        assert!(
            compare(
                &new,
                &BTreeMap::from([("a.tf".to_owned(), Existing::Text(crlf))])
            )
            .unwrap()
            .is_empty()
        );
    }

    #[test]
    fn unedited_files_are_replaced_or_removed() {
        let old = tree(&[("a.tf", "1"), ("gone.tf", "1")]);
        let changes = compare(&tree(&[("a.tf", "2")]), &on_disk(&old)).unwrap();
        assert_eq!(changes.update.keys().collect::<Vec<_>>(), ["a.tf"]);
        assert_eq!(changes.remove, ["gone.tf"]);
    }

    #[test]
    fn a_diff_shows_every_change_and_nothing_else() {
        let old = tree(&[("a.tf", "x\n"), ("gone.tf", "z\n"), ("same.tf", "s\n")]);
        let new = tree(&[("a.tf", "y\n"), ("new.tf", "n\n"), ("same.tf", "s\n")]);
        let disk = on_disk(&old);
        let text = diff(&compare(&new, &disk).unwrap(), &disk);
        for line in [
            "--- a/a.tf\n+++ b/a.tf\n",
            "\n-x\n",
            "\n+y\n",
            "--- a/gone.tf\n+++ /dev/null\n",
            "--- /dev/null\n+++ b/new.tf\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains("same.tf"), "{text}");
    }

    #[test]
    fn every_conflict_is_named() {
        let old = tree(&[("a.tf", "1"), ("gone.tf", "1")]);
        let mut disk = on_disk(&old);
        for there in disk.values_mut() {
            let Existing::Text(text) = there else {
                panic!("text")
            };
            text.push_str("# mine\n");
        }
        disk.insert("b.tf".to_owned(), Existing::Text("# mine\n".to_owned()));
        disk.insert("c.tf".to_owned(), Existing::Other);
        disk.insert("mine.tf".to_owned(), Existing::Text("# mine\n".to_owned()));
        let conflicts =
            compare(&tree(&[("a.tf", "2"), ("b.tf", "2"), ("c.tf", "2")]), &disk).unwrap_err();
        let messages: Vec<String> = conflicts.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(messages.join("\n"), @r"
        `a.tf` was generated and then edited by hand
        `b.tf` was not written by stackwright
        `c.tf` is not a plain text file
        `gone.tf` is no longer generated, but was edited by hand
        ");
    }
}
