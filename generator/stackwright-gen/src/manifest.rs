//! The manifest of a tree: which files the generator wrote, and what it wrote into them.
//!
//! It lists every generated file with a digest of each of its paragraphs, so that an edit by hand is recognised, and so that a file is
//! removed only where the generator itself wrote it. The digests stand in lines of their own with empty lines between them: version
//! control merges the manifest wherever it merges the files. Design record 017 gives the reasons.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The path of the manifest below the output folder.
pub const MANIFEST: &str = ".stackwright/manifest";

const PREFACE: &str = "\
# Written by `stackwright generate`, which never overwrites or removes files of others.
# Is this file in a merge conflict? Resolve the spec, leave this file as it is, and run `stackwright generate`.
";

/// The digests of the paragraphs of a file, in their order.
type Content = Vec<String>;

/// What the generator wrote: path below the output folder -> every content that the file may have.
///
/// There are several contents while files are being replaced, and after a merge that version control could not finish.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    files: BTreeMap<String, Vec<Content>>,
    state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// There is no manifest.
    #[default]
    Absent,
    /// It is as the generator wrote it, or as version control merged it.
    Whole,
    /// It has conflict markers. A merged file may have paragraphs of both sides.
    Torn,
}

/// A manifest that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{line}` in `{MANIFEST}` is neither a path nor a digest")]
pub struct ManifestError {
    /// The line.
    pub line: String,
}

impl Manifest {
    /// The manifest of generated files.
    pub(crate) fn of(files: &BTreeMap<String, String>) -> Self {
        let others = files.iter().filter(|(path, _)| *path != MANIFEST);
        let entry = |(path, text): (&String, &String)| (path.clone(), vec![content(path, text)]);
        Self {
            files: others.map(entry).collect(),
            state: State::Whole,
        }
    }

    /// Reads the manifest of a tree, if it has one. Conflict markers of version control are understood.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn read(text: Option<&str>) -> Result<Self, ManifestError> {
        let Some(text) = text.map(|text| text.replace("\r\n", "\n")) else {
            return Ok(Self::default());
        };
        let Some([ours, theirs]) = sides(&text) else {
            return Self::parse(&text, State::Whole);
        };
        let ours = Self::parse(&ours, State::Torn)?;
        Ok(ours.with(&Self::parse(&theirs, State::Torn)?))
    }

    fn parse(text: &str, state: State) -> Result<Self, ManifestError> {
        let mut files: BTreeMap<String, Vec<Content>> = BTreeMap::new();
        let mut path = "";
        let lines = text.lines();
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let digest = line.strip_prefix("  ").filter(|digest| is_digest(digest));
            let content = files.get_mut(path).and_then(|contents| contents.last_mut());
            match (digest, content) {
                (Some(digest), Some(content)) => content.push(digest.to_owned()),
                _ if is_path(line) => {
                    path = line;
                    files
                        .entry(path.to_owned())
                        .or_default()
                        .push(Content::new());
                }
                _ => {
                    let line = line.to_owned();
                    return Err(ManifestError { line });
                }
            }
        }
        Ok(Self { files, state })
    }

    /// What both list: what a tree may hold while one becomes the other.
    pub(crate) fn with(mut self, other: &Self) -> Self {
        for (path, contents) in &other.files {
            let mine = self.files.entry(path.clone()).or_default();
            for content in contents {
                if !mine.contains(content) {
                    mine.push(content.clone());
                }
            }
        }
        self
    }

    /// The manifest as it is written.
    pub(crate) fn text(&self) -> String {
        let mut text = PREFACE.to_owned();
        for (path, contents) in &self.files {
            for content in contents {
                // Writing to a string cannot fail.
                let _ = write!(text, "\n{path}\n");
                for digest in content {
                    let _ = write!(text, "\n  {digest}\n");
                }
            }
        }
        text
    }

    /// The files that it lists.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Whether the tree has none.
    pub(crate) fn is_absent(&self) -> bool {
        self.state == State::Absent
    }

    /// Whether it lists a file.
    pub(crate) fn lists(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Whether a file holds what the generator wrote and nothing else.
    pub(crate) fn wrote(&self, path: &str, text: &str) -> bool {
        let Some(contents) = self.files.get(path) else {
            return false;
        };
        let known: BTreeSet<&String> = contents.iter().flatten().collect();
        let is_known = |text: &str| content(path, text).iter().all(|it| known.contains(it));
        match sides(text) {
            // Version control could not finish the merge, but everything that it merged is generated.
            Some(sides) => sides.iter().all(|side| is_known(side)),
            None if self.state == State::Torn => is_known(text),
            None => {
                let there = sorted(content(path, text));
                contents
                    .iter()
                    .any(|content| sorted(content.clone()) == there)
            }
        }
    }
}

/// Version control may merge equal paragraphs in another order than their digests.
fn sorted(mut content: Content) -> Content {
    content.sort();
    content
}

/// Whether a text has the conflict markers of a merge that version control could not finish.
pub(crate) fn is_torn(text: &str) -> bool {
    sides(text).is_some()
}

/// A text without conflict markers: of those that it has, one side.
pub(crate) fn one_side(text: &str) -> String {
    sides(text).map_or_else(|| text.to_owned(), |[ours, _]| ours)
}

/// Both sides of a text with conflict markers, as git and others write them; nothing when it has none.
fn sides(text: &str) -> Option<[String; 2]> {
    let mut sides = [String::new(), String::new()];
    let mut wanted = [true, true];
    let mut conflicts = 0;
    for line in text.split_inclusive('\n') {
        let marker = line.trim_end();
        wanted = match (marker.get(..7), wanted) {
            (Some("<<<<<<<"), [true, true]) => {
                conflicts += 1;
                [true, false]
            }
            // What both sides began with, when git is asked to show it.
            (Some("|||||||"), [true, false]) => [false, false],
            (Some("======="), [_, false]) => [false, true],
            (Some(">>>>>>>"), [false, true]) => [true, true],
            (_, wanted) => {
                for (side, _) in sides.iter_mut().zip(wanted).filter(|(_, wanted)| *wanted) {
                    side.push_str(line);
                }
                continue;
            }
        };
    }
    (conflicts > 0 && wanted == [true, true]).then_some(sides)
}

/// The digests of a file. Line ends do not count: git may convert them.
///
/// A module comes whole from a version of the generator; what is made from a spec changes paragraph by paragraph.
fn content(path: &str, text: &str) -> Content {
    let text = text.replace("\r\n", "\n");
    if path.starts_with("modules/") {
        return vec![digest(&text)];
    }
    let paragraphs = text.split("\n\n").map(|it| it.trim_matches('\n'));
    let paragraphs = paragraphs.filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(digest).collect()
}

/// 64 bits are enough: nobody forges an edit of their own file.
fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash[..8].iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn is_digest(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a path stays below the output folder. A manifest is a text that anyone may have changed.
fn is_path(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    let part = |part: &str| !part.is_empty() && part != "." && part != "..";
    text.chars().all(plain) && text.split('/').all(part)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const FILE: &str = "# head\n\na = 1\n\nb = {\n  c = 2\n}\n";

    fn manifest(files: &[(&str, &str)]) -> Manifest {
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Manifest::of(&files.iter().map(owned).collect())
    }

    fn reread(manifest: &Manifest) -> Manifest {
        Manifest::read(Some(&manifest.text())).unwrap()
    }

    #[test]
    fn a_file_is_known_by_what_it_holds_and_where_it_is() {
        let manifest = reread(&manifest(&[
            ("stage/main.tf", FILE),
            ("modules/a/main.tf", FILE),
        ]));
        for path in ["stage/main.tf", "modules/a/main.tf"] {
            assert!(manifest.wrote(path, FILE), "{path}");
            assert!(manifest.wrote(path, &FILE.replace('\n', "\r\n")), "{path}");
            for edit in [
                FILE.replace('1', "2"),
                FILE.replace("a = 1\n\n", ""),
                format!("{FILE}\nd = 3\n"),
                format!("{FILE}# mine\n"),
                String::new(),
            ] {
                assert!(!manifest.wrote(path, &edit), "{path}: {edit}");
            }
        }
        assert!(!manifest.wrote("qa/main.tf", FILE));
    }

    #[test]
    fn it_reads_back_as_it_was_written() {
        let one = manifest(&[("a.tf", FILE), ("b/c.tf", "x\n\nx\n")]);
        assert_eq!(reread(&one), one);
        assert_eq!(
            Manifest::read(Some(&one.text().replace('\n', "\r\n"))).unwrap(),
            one
        );
        assert!(Manifest::read(None).unwrap().is_absent() && !one.is_absent());
        assert_eq!(one.paths().collect::<Vec<_>>(), ["a.tf", "b/c.tf"]);
    }

    #[test]
    fn while_files_are_replaced_both_contents_are_known_and_no_mixture() {
        let new = FILE.replace('1', "2").replace("c = 2", "c = 3");
        let both = manifest(&[("a.tf", FILE)]).with(&manifest(&[("a.tf", &new), ("b.tf", "x\n")]));
        let both = reread(&both);
        assert!(both.wrote("a.tf", FILE) && both.wrote("a.tf", &new) && both.wrote("b.tf", "x\n"));
        assert!(!both.wrote("a.tf", &FILE.replace('1', "2")));
    }

    /// What git leaves in both files when two people change neighbouring lines.
    #[test]
    fn a_merge_that_was_not_finished_is_generated_when_both_sides_are() {
        let (ours, theirs) = (FILE.replace('1', "2"), FILE.replace('1', "3"));
        let torn = "# head\n\n<<<<<<< HEAD\na = 2\n||||||| base\na = 1\n=======\na = 3\n>>>>>>> theirs\n\nb = {\n  c = 2\n}\n";
        assert_eq!(sides(torn), Some([ours.clone(), theirs.clone()]));
        let [mine, yours] = [&ours, &theirs].map(|text| manifest(&[("a.tf", text)]).text());
        let text = format!("<<<<<<< HEAD\n{mine}=======\n{yours}>>>>>>> theirs\n");
        let manifest = Manifest::read(Some(&text)).unwrap();
        assert!(manifest.wrote("a.tf", torn) && manifest.wrote("a.tf", &ours));
        assert!(!manifest.wrote("a.tf", &torn.replace('3', "4")));
        assert!(is_torn(torn) && !is_torn("Title\n=======\n") && !is_torn("<<<<<<< HEAD\n"));
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        for text in [
            "../a.tf\n",
            "/etc/passwd\n",
            "a.tf\n  12\n",
            "  0123456789abcdef\n",
            "a b\n",
        ] {
            let error = Manifest::read(Some(text)).unwrap_err();
            assert!(text.contains(&error.line), "{text}");
        }
    }
}
