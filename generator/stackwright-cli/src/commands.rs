//! What each command does, and how it can end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use stackwright_gen::explain::{self, Explained};
use stackwright_gen::regenerate::{self, Changes, Conflict};
use stackwright_gen::{Diagnostic, Procfiles, Project, Severity, SourceFile, Spec, graph};

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
    Written { out: PathBuf, changes: Changes },
    /// The answer of `--check`.
    Checked { out: PathBuf, changes: Changes },
    /// The answer of `--diff`.
    Compared {
        out: PathBuf,
        changes: Changes,
        /// What would change, as a unified diff.
        diff: String,
    },
    /// A spec was written, and what else was.
    Started {
        spec: PathBuf,
        procfile: Option<PathBuf>,
        notes: Vec<String>,
        generated: Option<(PathBuf, Changes)>,
    },
    /// Every value that holds.
    Explained(Vec<Explained>),
    /// The JSON Schema.
    Schema(serde_json::Value),
    /// A picture.
    Picture(String),
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
    /// `init` needs to be told more.
    Unanswered { missing: Vec<&'static str> },
    /// `init` does not write over a spec.
    SpecExists { path: PathBuf },
    /// `init` found nothing that says what runs.
    NothingFound { folder: PathBuf },
}

impl Ending {
    /// The exit code of the process.
    pub(crate) fn exit_code(&self) -> u8 {
        match &self.result {
            Ok(Success::Checked { changes, .. } | Success::Compared { changes, .. })
                if !changes.is_empty() =>
            {
                3
            }
            Ok(_) => 0,
            Err(Failure::Unanswered { .. }) => 2,
            Err(_) => 1,
        }
    }
}

/// Runs the command of the arguments.
pub(crate) fn run(arguments: &Arguments) -> Ending {
    match &arguments.command {
        Command::Validate(arguments) => {
            let spec = arguments.input.spec();
            checked(&arguments.input, false, |_| {
                Ok(Success::Valid { spec: spec.clone() })
            })
        }
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
        let existing = disk::existing(&out, tree).map_err(Failure::Disk)?;
        let changes = match regenerate::compare(tree, &existing) {
            Ok(changes) => changes,
            Err(conflicts) => return Err(Failure::Conflicts { out, conflicts }),
        };
        if arguments.diff {
            let diff = regenerate::diff(&changes, &existing);
            return Ok(Success::Compared { out, changes, diff });
        }
        if arguments.check {
            return Ok(Success::Checked { out, changes });
        }
        disk::write(&out, &changes).map_err(Failure::Disk)?;
        Ok(Success::Written { out, changes })
    })
}

/// Input without errors.
struct Input<'a> {
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
    let path = input.spec();
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
