//! The only part that touches the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use stackwright_gen::manifest::MANIFEST;
use stackwright_gen::regenerate::{Changes, Existing};
use stackwright_gen::{ProcfileUnread, SourceFile};

use crate::input::{self, Unread};

/// What the disk can refuse.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiskError {
    /// A file of the input is not one that is read.
    #[error("`{}` cannot be read: {unread}", path.display())]
    Input { path: PathBuf, unread: Unread },
    /// A file or folder of the tree cannot be read.
    #[error("`{}` cannot be read: {}", path.display(), reason(source))]
    Read { path: PathBuf, source: io::Error },
    /// A part of the path to write to is a symbolic link.
    #[error("`{}` is a symbolic link, and nothing is written through links", path.display())]
    Link { path: PathBuf },
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
            Self::Input { unread, .. } => unread.help(),
            Self::Read { .. } => "make it readable and run again",
            Self::Link { .. } => "put a folder in its place, or name the folder that it leads to",
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

/// Which of the usual specs are in the current folder.
pub(crate) fn usual_specs() -> Vec<PathBuf> {
    let there = SPECS.iter().map(PathBuf::from);
    there.filter(|path| path.exists()).collect()
}

/// The text of a file; nothing when it is not there or no text.
pub(crate) fn text_if_any(path: &Path) -> Result<Option<String>, DiskError> {
    match input::read(path, &input::root(folder_of(path))) {
        Ok(text) => Ok(Some(text)),
        Err(Unread::Missing | Unread::NotUtf8 { .. }) => Ok(None),
        Err(unread) => Err(unreadable(path, unread)),
    }
}

fn unreadable(path: &Path, unread: Unread) -> DiskError {
    DiskError::Input {
        path: path.to_owned(),
        unread,
    }
}

/// The folder of a file.
fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The names of what is in a folder; none when it cannot be read.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// The name of a folder, wherever it is.
pub(crate) fn folder_name(folder: &Path) -> String {
    let full = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let name = full
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_default()
}

/// Writes a file that is not there yet, and never over one that is.
pub(crate) fn write_first(path: &Path, content: &str) -> Result<(), DiskError> {
    check_links(folder_of(path))?;
    write_new(path, content)
}

/// Makes a file. Where there is one already, or a link that leads to none yet, the system refuses.
fn write_new(path: &Path, content: &str) -> Result<(), DiskError> {
    let written = File::create_new(path).and_then(|mut file| file.write_all(content.as_bytes()));
    written.map_err(|source| unwritten(path, source))
}

/// Refuses a folder that is reached through a symbolic link: in a repository that others write to, it may lead
/// anywhere.
///
/// The current folder and what leads to it are the caller's own, and so is the parent of a folder elsewhere.
fn check_links(folder: &Path) -> Result<(), DiskError> {
    let current = std::env::current_dir().unwrap_or_default();
    let own = [input::root(&current), current];
    let below = |own: &PathBuf| Some((own.clone(), folder.strip_prefix(own).ok()?));
    let (mut path, parts) = match own.iter().find_map(below) {
        Some(found) => found,
        None if folder.is_relative() => (PathBuf::new(), folder),
        None => (
            folder_of(folder).to_owned(),
            folder.file_name().map_or(Path::new(""), Path::new),
        ),
    };
    for part in parts {
        path.push(part);
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            return Err(DiskError::Link { path });
        }
    }
    Ok(())
}

/// Reads the spec.
pub(crate) fn read_spec(path: &Path) -> Result<SourceFile, DiskError> {
    let text = input::read(path, &input::root(folder_of(path)));
    let text = text.map_err(|unread| unreadable(path, unread))?;
    Ok(SourceFile::new(path.to_string_lossy(), text))
}

/// Reads a Procfile that the spec in `folder` names.
pub(crate) fn read_procfile(folder: &Path, path: &str) -> Result<SourceFile, ProcfileUnread> {
    if Path::new(path).is_absolute() {
        return Err(ProcfileUnread::Refused {
            reason: "its path begins at the root of the disk, and it must begin at the folder of the spec".to_owned(),
        });
    }
    let path = folder.join(path);
    match input::read(&path, &input::root(folder)) {
        Ok(text) => Ok(SourceFile::new(path.to_string_lossy(), text)),
        Err(Unread::Missing) => Err(ProcfileUnread::Missing),
        Err(Unread::NotUtf8 { offset }) => Err(ProcfileUnread::NotUtf8 { offset }),
        Err(unread) => Err(ProcfileUnread::Refused {
            reason: unread.to_string(),
        }),
    }
}

/// What is in the output folder at some paths.
pub(crate) fn existing<'a>(
    out: &Path,
    paths: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, Existing>, DiskError> {
    check_links(out)?;
    let mut found = BTreeMap::new();
    for path in paths {
        if let Some(there) = at(out, path)? {
            found.insert(path.to_owned(), there);
        }
    }
    Ok(found)
}

/// Held while a tree is compared and written: a second run waits until the first is done.
///
/// The system lets go of it when the process ends, however it ends, and it is no file that could be left behind.
#[derive(Debug)]
pub(crate) struct Lock {
    /// Nothing where the system cannot lock a folder.
    _folder: Option<File>,
}

/// Waits for the output folder, which is made when it is not there.
pub(crate) fn lock(out: &Path) -> Result<Lock, DiskError> {
    check_links(out)?;
    if is_missing(out) {
        fs::create_dir_all(out).map_err(|source| unwritten(out, source))?;
    }
    let folder = File::open(out).ok().filter(|folder| folder.lock().is_ok());
    Ok(Lock { _folder: folder })
}

/// Whether a run that was killed has left files behind. What a run that goes on is writing does not count.
pub(crate) fn is_interrupted(out: &Path) -> bool {
    let goes_on = || File::open(out).is_ok_and(|folder| folder.try_lock_shared().is_err());
    out.join(STAGING).is_dir() && !goes_on()
}

/// Where new files are written before they take their places.
const STAGING: &str = ".stackwright/new";

/// Writes changes: all new content first, in a folder of its own, then one rename per file, then what is to be removed.
///
/// The manifest names old and new content from before the first rename until after the last removal, so that a run that is killed in
/// between leaves only files that the next one knows.
pub(crate) fn write(out: &Path, changes: &Changes) -> Result<(), DiskError> {
    let staging = out.join(STAGING);
    clear(&staging)?;
    let done = staged(out, &staging, changes);
    let cleared = clear(&staging);
    // The folder goes when nothing is in it, as after a first run that failed.
    drop(fs::remove_dir(out.join(".stackwright")));
    done.and(cleared)
}

fn staged(out: &Path, staging: &Path, changes: &Changes) -> Result<(), DiskError> {
    let all = changes.create.iter().chain(&changes.update);
    let files: Vec<(&str, &str)> = all
        .map(|(path, content)| (path.as_str(), content.as_str()))
        .collect();
    write_all(staging, &files)?;
    let (manifest, others): (Vec<_>, Vec<_>) = files
        .iter()
        .map(|(path, _)| *path)
        .partition(|path| *path == MANIFEST);
    make_folders(files.iter().map(|(path, _)| out.join(path)))?;
    let place = |path: &str| take_place(&staging.join(path), &out.join(path));
    if !manifest.is_empty() {
        let meanwhile = staging.join("meanwhile");
        write_new(&meanwhile, &changes.meanwhile)?;
        take_place(&meanwhile, &out.join(MANIFEST))?;
    }
    others.iter().try_for_each(|path| place(path))?;
    changes
        .remove
        .iter()
        .try_for_each(|path| remove(out, path))?;
    manifest.iter().try_for_each(|path| place(path))
}

fn clear(staging: &Path) -> Result<(), DiskError> {
    match fs::remove_dir_all(staging) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(DiskError::Remove {
            path: staging.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

fn is_missing(out: &Path) -> bool {
    fs::symlink_metadata(out).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Writes files below a folder, on all cores.
fn write_all(below: &Path, files: &[(&str, &str)]) -> Result<(), DiskError> {
    make_folders(files.iter().map(|(path, _)| below.join(path)))?;
    let write = |(path, content): &(&str, &str)| write_new(&below.join(path), content);
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let parts = files.chunks(files.len().div_ceil(cores).max(1));
        let writers: Vec<_> = parts
            .map(|part| scope.spawn(|| part.iter().try_for_each(write)))
            .collect();
        let outcomes = writers.into_iter().map(|writer| match writer.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        outcomes.collect()
    })
}

/// Makes the folders of files.
fn make_folders(files: impl Iterator<Item = PathBuf>) -> Result<(), DiskError> {
    let mut made = BTreeSet::new();
    for path in files {
        if let Some(parent) = path.parent().filter(|parent| !made.contains(*parent)) {
            fs::create_dir_all(parent).map_err(|source| unwritten(&path, source))?;
            made.insert(parent.to_owned());
        }
    }
    Ok(())
}

/// Moves a file that was written to where it belongs.
fn take_place(staged: &Path, path: &Path) -> Result<(), DiskError> {
    let moved = fs::rename(staged, path);
    moved.map_err(|source| unwritten(path, source))
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

/// The text of a file that we may have generated; nothing when it cannot be one.
fn text_of(path: &Path) -> Result<Option<String>, DiskError> {
    let read = input::bytes(path, LONGEST_GENERATED).map_err(|source| DiskError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(read.and_then(|bytes| String::from_utf8(bytes).ok()))
}

/// Longer than any file that we generate, in bytes.
const LONGEST_GENERATED: u64 = 64 << 20;

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
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::NotADirectory => "a folder on the way is a file".to_owned(),
        _ => error.to_string(),
    }
}
