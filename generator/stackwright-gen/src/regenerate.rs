//! What may be written over what is there: edits of people are never lost.
//!
//! The manifest of a tree says what the generator wrote, and where. A file that still holds that is replaced or, when it is no longer
//! part of the tree, removed. A file that someone changed, or that the generator did not write, is a conflict, and with one conflict
//! nothing at all is written. Files that are neither in the manifest nor in the tree are never looked at.

use std::collections::BTreeMap;

use crate::manifest::{self, MANIFEST, Manifest};
use crate::tree::{self, Tree};

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
    /// The manifest to have while the files are being replaced, so that a run that is killed leaves nothing unknown.
    pub meanwhile: String,
}

/// Why a file stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` {why}")]
pub struct Conflict {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub why: Obstacle,
}

/// What is wrong with a file that stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// A generated file was edited by hand.
    #[error("was generated and then edited by hand")]
    Edited,
    /// A file that the generator did not write is where one of its files belongs.
    #[error("was not written by stackwright")]
    Foreign,
    /// A folder, a link or a binary file is where one of its files belongs.
    #[error("is not a plain text file")]
    NotAFile,
    /// A generated file was edited by hand and is no longer part of the tree.
    #[error("is no longer generated, but was edited by hand")]
    StaleEdited,
    /// A generated file has conflict markers, and some of it was not generated.
    #[error("has a merge conflict, and not all of it was generated")]
    Unmerged,
    /// A generated file, and nothing that tells whether it was edited by hand.
    #[error("was generated, but without `{MANIFEST}` nothing tells whether it was edited by hand")]
    Unlisted,
}

impl Conflict {
    /// How to get out of it.
    pub fn help(&self) -> &'static str {
        self.why.help()
    }
}

impl Obstacle {
    fn help(self) -> &'static str {
        match self {
            Self::Edited => {
                "move the edit to the spec or to a file of your own beside it (such as `local_override.tf`), delete the file and run again"
            }
            Self::Foreign | Self::NotAFile => {
                "move it away or choose another folder with --out, and run again"
            }
            Self::StaleEdited => "delete it, or move it to a folder of your own, and run again",
            Self::Unmerged => {
                "take one side of it, move what was edited by hand to the spec or to a file of your own, delete it and run again"
            }
            Self::Unlisted => {
                "restore the manifest from version control; or delete this file, when nobody edited it, and run again"
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

/// Compares the tree with the files below the output folder: every one of the tree and of the manifest that exists.
///
/// # Errors
/// Every file that stands in the way.
pub fn compare(
    tree: &Tree,
    manifest: &Manifest,
    existing: &BTreeMap<String, Existing>,
) -> Result<Changes, Vec<Conflict>> {
    let mut changes = Changes {
        meanwhile: manifest.clone().with(&Manifest::of(tree.files())).text(),
        ..Changes::default()
    };
    let mut conflicts = Vec::new();
    for (path, content) in tree.files() {
        let Some(there) = existing.get(path) else {
            changes.create.insert(path.clone(), content.clone());
            continue;
        };
        match replaced(manifest, path, content, there) {
            Ok(true) => drop(changes.update.insert(path.clone(), content.clone())),
            Ok(false) => changes.unchanged += 1,
            Err(why) => conflicts.push(conflict(path, why)),
        }
    }
    for path in manifest
        .paths()
        .filter(|path| !tree.files().contains_key(*path))
    {
        match existing.get(path) {
            Some(Existing::Text(text)) if manifest.wrote(path, text) => {
                changes.remove.push(path.to_owned());
            }
            Some(Existing::Text(_)) => conflicts.push(conflict(path, Obstacle::StaleEdited)),
            Some(Existing::Other) | None => {}
        }
    }
    if conflicts.is_empty() {
        Ok(changes)
    } else {
        Err(conflicts)
    }
}

fn conflict(path: &str, why: Obstacle) -> Conflict {
    let path = path.to_owned();
    Conflict { path, why }
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

/// Whether a file has to be replaced, or why it must not be.
fn replaced(
    manifest: &Manifest,
    path: &str,
    content: &str,
    there: &Existing,
) -> Result<bool, Obstacle> {
    let Existing::Text(text) = there else {
        return Err(Obstacle::NotAFile);
    };
    if text.replace("\r\n", "\n") == content {
        Ok(false)
    } else if path == MANIFEST || manifest.wrote(path, text) {
        Ok(true)
    } else if manifest.lists(path) && manifest::is_torn(text) {
        Err(Obstacle::Unmerged)
    } else if manifest.lists(path) {
        Err(Obstacle::Edited)
    } else if manifest.is_absent() && tree::has_header(text) {
        Err(Obstacle::Unlisted)
    } else {
        Err(Obstacle::Foreign)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (path, body) in files {
            tree.add(*path, &format!("\n{body}\n"));
        }
        tree.finished()
    }

    type Disk = BTreeMap<String, Existing>;

    fn on_disk(tree: &Tree) -> Disk {
        tree.files()
            .iter()
            .map(|(path, text)| (path.clone(), Existing::Text(text.clone())))
            .collect()
    }

    fn compare(tree: &Tree, disk: &Disk) -> Result<Changes, Vec<Conflict>> {
        let manifest = match disk.get(MANIFEST) {
            Some(Existing::Text(text)) => Manifest::read(Some(text)).unwrap(),
            _ => Manifest::default(),
        };
        super::compare(tree, &manifest, disk)
    }

    fn edit(disk: &mut Disk, path: &str, edit: impl Fn(&str) -> String) {
        let Some(Existing::Text(text)) = disk.get(path) else {
            panic!("{path} is text")
        };
        let edited = edit(text);
        disk.insert(path.to_owned(), Existing::Text(edited));
    }

    #[test]
    fn an_empty_folder_gets_everything() {
        let changes = compare(&tree(&[("a.tf", "1"), ("b.tf", "2")]), &Disk::new()).unwrap();
        assert_eq!((changes.create.len(), changes.is_empty()), (3, false));
    }

    #[test]
    fn the_same_tree_changes_nothing_also_with_other_line_ends() {
        let new = tree(&[("a.tf", "x\ny\n")]);
        let mut disk = on_disk(&new);
        assert!(compare(&new, &disk).unwrap().is_empty());
        for path in ["a.tf", MANIFEST] {
            edit(&mut disk, path, |text| text.replace('\n', "\r\n"));
        }
        assert!(compare(&new, &disk).unwrap().is_empty());
    }

    #[test]
    fn unedited_files_are_replaced_or_removed() {
        let old = tree(&[("a.tf", "1"), ("gone.tf", "1")]);
        let mut disk = on_disk(&old);
        edit(&mut disk, "a.tf", |text| text.replace('\n', "\r\n"));
        let changes = compare(&tree(&[("a.tf", "2")]), &disk).unwrap();
        assert_eq!(
            changes.update.keys().collect::<Vec<_>>(),
            [MANIFEST, "a.tf"]
        );
        assert_eq!(changes.remove, ["gone.tf"]);
    }

    /// Copies of generated files, wherever they are, belong to whoever made them.
    #[test]
    fn a_copy_of_a_generated_file_is_not_ours() {
        let old = tree(&[("stage/a.tf", "1")]);
        let mut disk = on_disk(&old);
        disk.insert("qa/a.tf".to_owned(), disk["stage/a.tf"].clone());
        let changes = compare(&tree(&[("stage/a.tf", "2")]), &disk).unwrap();
        assert!(changes.remove.is_empty());
        let wanted = tree(&[("stage/a.tf", "1"), ("qa/a.tf", "2")]);
        let conflicts = compare(&wanted, &disk).unwrap_err();
        assert_eq!(conflicts, [conflict("qa/a.tf", Obstacle::Foreign)]);
    }

    /// Between the first and the last file of a run that is killed, every file is known.
    #[test]
    fn a_run_that_was_killed_is_taken_up_with_any_input() {
        let old = tree(&[("a.tf", "1"), ("b.tf", "1"), ("gone.tf", "1")]);
        let new = tree(&[("a.tf", "2"), ("b.tf", "2"), ("new.tf", "2")]);
        let changes = compare(&new, &on_disk(&old)).unwrap();
        let mut disk = on_disk(&old);
        disk.insert(
            MANIFEST.to_owned(),
            Existing::Text(changes.meanwhile.clone()),
        );
        for (path, text) in changes.create.iter().chain(&changes.update) {
            if path != MANIFEST {
                disk.insert(path.clone(), Existing::Text(text.clone()));
            }
            for next in [&old, &new, &tree(&[("a.tf", "3"), ("new.tf", "3")])] {
                let again = compare(next, &disk).unwrap();
                let kept = disk.keys().filter(|it| !again.remove.contains(it)).count();
                assert_eq!(kept + again.create.len(), next.files().len());
            }
        }
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
        assert!(!text.contains("/same.tf"), "{text}");
    }

    fn messages(conflicts: &[Conflict]) -> String {
        let messages: Vec<String> = conflicts.iter().map(ToString::to_string).collect();
        messages.join("\n")
    }

    #[test]
    fn every_conflict_is_named() {
        let old = tree(&[("a.tf", "1"), ("gone.tf", "1"), ("m.tf", "1")]);
        let mut disk = on_disk(&old);
        for path in ["a.tf", "gone.tf"] {
            edit(&mut disk, path, |text| format!("{text}# mine\n"));
        }
        edit(&mut disk, "m.tf", |text| {
            format!("<<<<<<< a\n{text}=======\n# mine\n>>>>>>> b\n")
        });
        disk.insert("b.tf".to_owned(), Existing::Text("# mine\n".to_owned()));
        disk.insert("c.tf".to_owned(), Existing::Other);
        disk.insert("mine.tf".to_owned(), Existing::Text("# mine\n".to_owned()));
        let new = tree(&[("a.tf", "2"), ("b.tf", "2"), ("c.tf", "2"), ("m.tf", "2")]);
        insta::assert_snapshot!(messages(&compare(&new, &disk).unwrap_err()), @r"
        `a.tf` was generated and then edited by hand
        `b.tf` was not written by stackwright
        `c.tf` is not a plain text file
        `m.tf` has a merge conflict, and not all of it was generated
        `gone.tf` is no longer generated, but was edited by hand
        ");
    }

    #[test]
    fn without_manifest_only_equal_files_are_known() {
        let old = tree(&[("a.tf", "1"), ("b.tf", "1")]);
        let mut disk = on_disk(&old);
        disk.remove(MANIFEST);
        let changes = compare(&old, &disk).unwrap();
        assert_eq!(changes.create.keys().collect::<Vec<_>>(), [MANIFEST]);
        let conflicts = compare(&tree(&[("a.tf", "2"), ("b.tf", "1")]), &disk).unwrap_err();
        assert_eq!(conflicts, [conflict("a.tf", Obstacle::Unlisted)]);
    }
}
