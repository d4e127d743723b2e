//! What each command does, and how it can end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use stackwright_gen::consequences::{self, Consequences};
use stackwright_gen::explain::{self, Explained};
use stackwright_gen::init::Left;
use stackwright_gen::manifest::{MANIFEST, Manifest, ManifestError};
use stackwright_gen::regenerate::{self, Changes, Conflict, Existing};
use stackwright_gen::{Diagnostic, Procfiles, Project, Severity, SourceFile, Spec, Tree, graph};

use crate::arguments::{Arguments, Command, GenerateArguments, InputArguments, Picture};
use crate::disk::{self, DiskError};
use crate::init;

/// Everything that a run has to tell.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) result: Result<Success, Failure>,
    /// Errors and warnings about the input.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The input files by the name that diagnostics use.
    pub(crate) sources: BTreeMap<String, SourceFile>,
}

/// How a run can end well, or at least as asked.
#[derive(Debug)]
pub(crate) enum Success {
    /// The input has no errors.
    Valid { spec: PathBuf },
    /// The tree was written, or already was as it should be.
    Written(Update),
    /// The answer of `--check`.
    Checked(Update),
    /// The answer of `--diff`: what would change, as a unified diff.
    Compared(Update, String),
    /// A spec was written, and what else was.
    Started {
        spec: PathBuf,
        procfile: Option<PathBuf>,
        notes: Vec<String>,
        left: Vec<Left>,
        generated: Option<Update>,
    },
    /// Every value that holds.
    Explained(Vec<Explained>),
    /// The JSON Schema.
    Schema(serde_json::Value),
    /// A picture.
    Picture(String),
}

/// What a run does to a tree, or would do.
#[derive(Debug)]
pub(crate) struct Update {
    /// The output folder.
    pub(crate) out: PathBuf,
    pub(crate) changes: Changes,
    /// What the changes mean for what runs already.
    pub(crate) consequences: Consequences,
    /// Whether a run that was killed has left files behind.
    pub(crate) interrupted: bool,
}

impl Update {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.interrupted
    }
}

/// Why a run failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input has errors, which are in the diagnostics.
    Input { would_write: bool },
    /// Files stand in the way.
    Conflicts {
        out: PathBuf,
        conflicts: Vec<Conflict>,
    },
    /// The disk refused something.
    Disk(DiskError),
    /// The manifest of the tree is not one.
    Manifest(ManifestError),
    /// `init` needs to be told more.
    Unanswered { missing: Vec<&'static str> },
    /// There are several specs, and nothing says which one counts.
    SeveralSpecs { paths: Vec<PathBuf> },
    /// `init` does not write over a spec.
    SpecExists { path: PathBuf },
    /// `init` found nothing that says what runs.
    NothingFound { folder: PathBuf, left: Vec<Left> },
}

impl From<DiskError> for Failure {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}

impl Ending {
    /// The exit code of the process.
    pub(crate) fn exit_code(&self) -> u8 {
        match &self.result {
            Ok(Success::Checked(update) | Success::Compared(update, _)) if !update.is_empty() => 3,
            Ok(_) => 0,
            Err(Failure::Unanswered { .. }) => 2,
            Err(_) => 1,
        }
    }
}

/// Runs the command of the arguments.
pub(crate) fn run(arguments: &Arguments) -> Ending {
    match &arguments.command {
        Command::Validate(arguments) => checked(&arguments.input, false, |input| {
            let spec = input.path.to_owned();
            Ok(Success::Valid { spec })
        }),
        Command::Generate(arguments) => generate(arguments),
        Command::Init(arguments) => init::run(arguments),
        Command::Explain(arguments) => checked(&arguments.input, false, |input| {
            let explained = explain::explain(input.spec, input.project, input.procfiles);
            Ok(Success::Explained(explained))
        }),
        Command::Schema(_) => alone(Ok(Success::Schema(stackwright_gen::schema()))),
        Command::Graph(arguments) => checked(&arguments.input, false, |input| {
            let Picture::Mermaid = arguments.format;
            Ok(Success::Picture(graph::mermaid(input.project)))
        }),
    }
}

/// An ending that is about no input.
pub(crate) fn alone(result: Result<Success, Failure>) -> Ending {
    Ending {
        result,
        diagnostics: Vec::new(),
        sources: BTreeMap::new(),
    }
}

pub(crate) fn generate(arguments: &GenerateArguments) -> Ending {
    let out = arguments.out();
    let writes = !arguments.check && !arguments.diff;
    checked(&arguments.input, writes, |input| {
        let tree = &stackwright_gen::render(input.project);
        let lock = if writes {
            Some(disk::lock(&out)?)
        } else {
            None
        };
        let (manifest, existing) = there(&out, tree)?;
        let changes = match regenerate::compare(tree, &manifest, &existing) {
            Ok(changes) => changes,
            Err(conflicts) => return Err(Failure::Conflicts { out, conflicts }),
        };
        let consequences = consequences::of(tree, &existing);
        let interrupted = !writes && disk::is_interrupted(&out);
        if writes {
            disk::write(&out, &changes)?;
        }
        drop(lock);
        let diff = arguments
            .diff
            .then(|| regenerate::diff(&changes, &existing));
        let update = Update {
            out,
            changes,
            consequences,
            interrupted,
        };
        Ok(match diff {
            Some(diff) => Success::Compared(update, diff),
            None if arguments.check => Success::Checked(update),
            None => Success::Written(update),
        })
    })
}

/// The manifest of the output folder, and every file that it or the new tree names.
fn there(out: &Path, tree: &Tree) -> Result<(Manifest, BTreeMap<String, Existing>), Failure> {
    let found = disk::existing(out, [MANIFEST].into_iter())?;
    let text = match found.get(MANIFEST) {
        Some(Existing::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let manifest = Manifest::read(text).map_err(Failure::Manifest)?;
    let paths = tree.files().keys().map(String::as_str);
    let existing = disk::existing(out, paths.chain(manifest.paths()))?;
    Ok((manifest, existing))
}

/// Input without errors.
struct Input<'a> {
    /// The path of the spec.
    path: &'a Path,
    spec: &'a Spec,
    procfiles: &'a Procfiles,
    project: &'a Project,
}

/// Reads and checks the input, and goes on with the project when there is no error.
fn checked(
    input: &InputArguments,
    would_write: bool,
    then: impl FnOnce(&Input<'_>) -> Result<Success, Failure>,
) -> Ending {
    let path = match input.spec() {
        Ok(path) => path,
        Err(paths) => return alone(Err(Failure::SeveralSpecs { paths })),
    };
    let source = match disk::read_spec(&path) {
        Ok(source) => source,
        Err(error) => return alone(Err(Failure::Disk(error))),
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let spec = Spec::read(source);
    let procfiles: Procfiles = spec
        .procfiles()
        .into_iter()
        .map(|path| (path.to_owned(), disk::read_procfile(folder, path)))
        .collect();
    let (project, diagnostics) = stackwright_gen::validate(&spec, &procfiles);
    let result = match &project {
        None => Err(Failure::Input { would_write }),
        Some(project) => then(&Input {
            path: &path,
            spec: &spec,
            procfiles: &procfiles,
            project,
        }),
    };
    Ending {
        result,
        diagnostics,
        sources: sources(&spec, &procfiles),
    }
}

fn sources(spec: &Spec, procfiles: &Procfiles) -> BTreeMap<String, SourceFile> {
    let read = procfiles
        .values()
        .filter_map(|procfile| procfile.as_ref().ok());
    read.chain([spec.source()])
        .map(|source| (source.name.clone(), source.clone()))
        .collect()
}

/// How many diagnostics have a severity.
pub(crate) fn count(diagnostics: &[Diagnostic], severity: Severity) -> usize {
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity() == severity)
        .count()
}
