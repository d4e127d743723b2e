//! The only part that touches the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use stackwright_gen::regenerate::{Changes, Existing};
use stackwright_gen::{ProcfileUnread, SourceFile, Tree};

/// What the disk can refuse.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiskError {
    /// A file or folder cannot be read.
    #[error("`{}` cannot be read: {}", path.display(), reason(source))]
    Read { path: PathBuf, source: io::Error },
    /// The spec is not text.
    #[error("`{}` is not UTF-8 text: byte {offset} is not part of a character", path.display())]
    NotUtf8 { path: PathBuf, offset: usize },
    /// A file cannot be written.
    #[error("`{}` cannot be written: {}", path.display(), reason(source))]
    Write { path: PathBuf, source: io::Error },
    /// A file cannot be removed.
    #[error("`{}` cannot be removed: {}", path.display(), reason(source))]
    Remove { path: PathBuf, source: io::Error },
}

impl DiskError {
    /// What to do about it.
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "name the spec with --spec, or run in its folder"
            }
            Self::Read { .. } => "make it readable and run again",
            Self::NotUtf8 { .. } => "save it as UTF-8 text",
            Self::Write { .. } => {
                "make room or make the folder writable, and run again: files are replaced one by one when all have been written"
            }
            Self::Remove { .. } => "remove it by hand or run again: everything else is done",
        }
    }
}

/// The names that a spec usually has.
pub(crate) const SPECS: [&str; 4] = [
    "stackwright.toml",
    "stackwright.yaml",
    "stackwright.yml",
    "stackwright.json",
];

/// The first of the usual specs that is in this folder; the first name when none is.
pub(crate) fn usual_spec() -> PathBuf {
    let there = SPECS.iter().find(|name| Path::new(name).exists());
    PathBuf::from(there.unwrap_or(&SPECS[0]))
}

/// The text of a file; nothing when it is not there or no text.
pub(crate) fn text_if_any(path: &Path) -> Option<String> {
    fs::read(path)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
}

/// The name of a folder, wherever it is.
pub(crate) fn folder_name(folder: &Path) -> String {
    let full = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let name = full
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_default()
}

/// Writes a file that is not there yet.
pub(crate) fn write_first(path: &Path, content: &str) -> Result<(), DiskError> {
    write_all(&[(path.to_owned(), content)])?;
    rename(path)
}

/// Reads the spec.
pub(crate) fn read_spec(path: &Path) -> Result<SourceFile, DiskError> {
    let bytes = fs::read(path).map_err(|source| DiskError::Read {
        path: path.to_owned(),
        source,
    })?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceFile::new(path.to_string_lossy(), text)),
        Err(error) => Err(DiskError::NotUtf8 {
            path: path.to_owned(),
            offset: error.utf8_error().valid_up_to(),
        }),
    }
}

/// Reads a Procfile that the spec in `folder` names.
pub(crate) fn read_procfile(folder: &Path, path: &str) -> Result<SourceFile, ProcfileUnread> {
    let path = folder.join(path);
    let bytes = fs::read(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ProcfileUnread::Missing,
        _ => ProcfileUnread::Refused {
            reason: reason(&error),
        },
    })?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceFile::new(path.to_string_lossy(), text)),
        Err(error) => Err(ProcfileUnread::NotUtf8 {
            offset: error.utf8_error().valid_up_to(),
        }),
    }
}

/// What is in the output folder: everything at a path of the tree, and every other file that may be one of ours.
pub(crate) fn existing(out: &Path, tree: &Tree) -> Result<BTreeMap<String, Existing>, DiskError> {
    let mut found = BTreeMap::new();
    if is_missing(out) {
        return Ok(found);
    }
    for path in tree.files().keys() {
        if let Some(there) = at(out, path)? {
            found.insert(path.clone(), there);
        }
    }
    if out.is_dir() {
        others(out, "", &mut found)?;
    }
    Ok(found)
}

/// Writes changes: all new content first, under other names, then one rename per file, then what is to be removed.
pub(crate) fn write(out: &Path, changes: &Changes) -> Result<(), DiskError> {
    let files: Vec<NewFile<'_>> = changes
        .create
        .iter()
        .chain(&changes.update)
        .map(|(path, content)| (out.join(path), content.as_str()))
        .collect();
    let written = write_all(&files);
    let renamed = written.and_then(|()| files.iter().try_for_each(|(path, _)| rename(path)));
    if renamed.is_err() {
        // What was not renamed is of no use; a failure to remove it changes nothing about the error.
        for (path, _) in &files {
            drop(fs::remove_file(new_name(path)));
        }
    }
    renamed?;
    changes.remove.iter().try_for_each(|path| remove(out, path))
}

fn is_missing(out: &Path) -> bool {
    fs::symlink_metadata(out).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Where a file will be and what is in it.
type NewFile<'a> = (PathBuf, &'a str);

/// Makes the folders, then writes under other names on all cores.
fn write_all(files: &[NewFile<'_>]) -> Result<(), DiskError> {
    let mut made = BTreeSet::new();
    for (path, _) in files {
        if let Some(parent) = path.parent().filter(|parent| made.insert(*parent)) {
            fs::create_dir_all(parent).map_err(|source| unwritten(path, source))?;
        }
    }
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let parts = files.chunks(files.len().div_ceil(cores).max(1));
        let writers: Vec<_> = parts
            .map(|part| scope.spawn(|| part.iter().try_for_each(write_new)))
            .collect();
        let outcomes = writers.into_iter().map(|writer| match writer.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        outcomes.collect()
    })
}

fn write_new((path, content): &NewFile<'_>) -> Result<(), DiskError> {
    fs::write(new_name(path), content).map_err(|source| unwritten(path, source))
}

fn unwritten(path: &Path, source: io::Error) -> DiskError {
    DiskError::Write {
        path: path.to_owned(),
        source,
    }
}

fn at(out: &Path, path: &str) -> Result<Option<Existing>, DiskError> {
    let full = out.join(path);
    if has_strange_parent(out, path) {
        return Ok(Some(Existing::Other));
    }
    match fs::symlink_metadata(&full) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DiskError::Read { path: full, source }),
        Ok(metadata) if metadata.is_file() => {
            text_of(&full).map(|text| Some(text.map_or(Existing::Other, Existing::Text)))
        }
        Ok(_) => Ok(Some(Existing::Other)),
    }
}

/// Whether a folder on the way is something else, such as a link that leads out of the tree.
fn has_strange_parent(out: &Path, path: &str) -> bool {
    let parents = Path::new(path)
        .ancestors()
        .skip(1)
        .filter(|parent| !parent.as_os_str().is_empty());
    let strange = |parent: &Path| {
        fs::symlink_metadata(out.join(parent)).is_ok_and(|metadata| !metadata.is_dir())
    };
    parents.into_iter().any(strange)
}

fn text_of(path: &Path) -> Result<Option<String>, DiskError> {
    let bytes = fs::read(path).map_err(|source| DiskError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(String::from_utf8(bytes).ok())
}

/// Adds the text files below a folder that are not yet known.
fn others(
    out: &Path,
    below: &str,
    found: &mut BTreeMap<String, Existing>,
) -> Result<(), DiskError> {
    let folder = out.join(below);
    let failed = |source| DiskError::Read {
        path: folder.clone(),
        source,
    };
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A name that is not text is none of ours.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = if below.is_empty() {
            name.clone()
        } else {
            format!("{below}/{name}")
        };
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            if may_hold_ours(&out.join(&path), below, &name) {
                others(out, &path, found)?;
            }
        } else if kind.is_file() && may_be_ours(&name) && !found.contains_key(&path) {
            text_of(&out.join(&path))?.map(|text| found.insert(path, Existing::Text(text)));
        }
    }
    Ok(())
}

const FOREIGN_FOLDERS: [&str; 2] = [".terraform", ".git"];
/// Folders of a tree that hold folders; the others hold files alone.
const HOLDS_FOLDERS: [&str; 2] = ["apps", "modules"];

/// Whether files of this tree can be in a folder: other trees may lie below it, and files are theirs.
fn may_hold_ours(folder: &Path, below: &str, name: &str) -> bool {
    let is_tree = || {
        ["ops", "modules"]
            .iter()
            .any(|name| folder.join(name).is_dir())
    };
    if FOREIGN_FOLDERS.contains(&name) {
        false
    } else if below.is_empty() {
        HOLDS_FOLDERS.contains(&name) || !is_tree()
    } else {
        HOLDS_FOLDERS.contains(&below)
    }
}

fn may_be_ours(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(OsStr::to_str);
    name == ".gitignore" || matches!(extension, Some("tf" | "tfvars" | "md"))
}

fn new_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".stackwright-new");
    path.with_file_name(name)
}

fn rename(path: &Path) -> Result<(), DiskError> {
    fs::rename(new_name(path), path).map_err(|source| unwritten(path, source))
}

/// Removes a file and the folders that it leaves empty.
fn remove(out: &Path, path: &str) -> Result<(), DiskError> {
    let full = out.join(path);
    fs::remove_file(&full).map_err(|source| DiskError::Remove {
        path: full.clone(),
        source,
    })?;
    let parents = Path::new(path)
        .ancestors()
        .skip(1)
        .filter(|parent| !parent.as_os_str().is_empty());
    // A folder that is not empty stays: that is the answer wanted, not an error.
    parents
        .take_while(|parent| fs::remove_dir(out.join(parent)).is_ok())
        .for_each(drop);
    Ok(())
}

/// The system's words without its error number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::NotADirectory => "a folder on the way is a file".to_owned(),
        _ => error.to_string(),
    }
}
