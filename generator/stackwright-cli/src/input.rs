//! Reading files whose content or name is not to be trusted.
//!
//! In a repository that others write to, a name may lead anywhere: to a device that never ends, a pipe that nobody
//! writes to, the credentials of whoever runs us. What cannot be used is often shown in a message, and so in the log
//! of a CI that others read. So a file counts only when it is a regular file of limited size inside the repository.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::disk;

/// Longest file that is read, in bytes.
pub(crate) const LONGEST: u64 = 1 << 20;

/// Where git keeps what is not part of the work tree: among it the token with which a CI fetched the repository.
const GIT: &str = ".git";

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// A folder, device, pipe or socket.
    #[error("it is not a regular file")]
    NotRegular,
    /// The path leads out of the repository.
    #[error("it is outside of {}", root.display())]
    Outside {
        /// The repository.
        root: PathBuf,
    },
    /// The file belongs to git.
    #[error("it belongs to git")]
    OfGit,
    /// The file is too long.
    #[error("it is longer than 1 MiB")]
    TooLong,
    /// The file is not text.
    #[error("it is not UTF-8 text: byte {offset} is not part of a character")]
    NotUtf8 {
        /// The first byte that is not part of a character.
        offset: usize,
    },
    /// The system refused.
    #[error("{}", disk::reason(.0))]
    Refused(#[from] io::Error),
}

impl Unread {
    /// What to do about it.
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::Missing => "name the spec with --spec, or run in its folder",
            Self::NotRegular | Self::TooLong => "put a text file in its place",
            Self::Outside { .. } | Self::OfGit => {
                "copy it into the folder of the spec, or run where both are in one repository"
            }
            Self::NotUtf8 { .. } => "save it as UTF-8 text",
            Self::Refused(_) => "make it readable and run again",
        }
    }
}

/// The folder that input may come from: the repository around a folder, or the folder itself.
pub(crate) fn root(folder: &Path) -> PathBuf {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let full = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let repository = full
        .ancestors()
        .find(|parent| parent.join(GIT).symlink_metadata().is_ok());
    repository.unwrap_or(&full).to_owned()
}

/// The text of a regular file below `root`.
pub(crate) fn read(path: &Path, root: &Path) -> Result<String, Unread> {
    let full = fs::canonicalize(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unread::Missing,
        _ => Unread::Refused(error),
    })?;
    let inside = full.strip_prefix(root).map_err(|_| Unread::Outside {
        root: root.to_owned(),
    })?;
    if inside.components().any(|part| part.as_os_str() == GIT) {
        return Err(Unread::OfGit);
    }
    if !fs::metadata(&full)?.is_file() {
        return Err(Unread::NotRegular);
    }
    let bytes = bytes(&full, LONGEST)?.ok_or(Unread::TooLong)?;
    String::from_utf8(bytes).map_err(|error| Unread::NotUtf8 {
        offset: error.utf8_error().valid_up_to(),
    })
}

/// The bytes of a file; nothing when there are more than `longest`.
pub(crate) fn bytes(path: &Path, longest: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut file = open(path)?.take(longest + 1);
    file.read_to_end(&mut bytes)?;
    let all = u64::try_from(bytes.len()).is_ok_and(|length| length <= longest);
    Ok(all.then_some(bytes))
}

/// Opens a file without waiting: a pipe that took its place in the meantime has nobody at the other end.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(nix::libc::O_NONBLOCK);
    options.open(path)
}
