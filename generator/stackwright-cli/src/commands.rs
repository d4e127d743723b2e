//! What each command does, and how it can end.

use std::collections::BTreeMap;
use std::path::PathBuf;

use stackwright_gen::regenerate::{self, Changes, Conflict};
use stackwright_gen::{Diagnostic, Procfiles, Severity, SourceFile, Spec, Tree};

use crate::arguments::{Arguments, Command, GenerateArguments, InputArguments};
use crate::disk::{self, DiskError};

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
}

impl Ending {
    /// The exit code of the process.
    pub(crate) fn exit_code(&self) -> u8 {
        match &self.result {
            Ok(Success::Checked { changes, .. }) if !changes.is_empty() => 3,
            Ok(_) => 0,
            Err(_) => 1,
        }
    }
}

/// Runs the command of the arguments.
pub(crate) fn run(arguments: &Arguments) -> Ending {
    match &arguments.command {
        Command::Validate(arguments) => validate(&arguments.input),
        Command::Generate(arguments) => generate(arguments),
    }
}

fn validate(input: &InputArguments) -> Ending {
    checked(input, false, |_| {
        Ok(Success::Valid {
            spec: input.spec.clone(),
        })
    })
}

fn generate(arguments: &GenerateArguments) -> Ending {
    let out = arguments.out();
    checked(&arguments.input, !arguments.check, |tree| {
        let existing = disk::existing(&out, tree).map_err(Failure::Disk)?;
        let changes = match regenerate::compare(tree, &existing) {
            Ok(changes) => changes,
            Err(conflicts) => return Err(Failure::Conflicts { out, conflicts }),
        };
        if arguments.check {
            return Ok(Success::Checked { out, changes });
        }
        disk::write(&out, &changes).map_err(Failure::Disk)?;
        Ok(Success::Written { out, changes })
    })
}

/// Reads and checks the input, and goes on with the tree when there is no error.
fn checked(
    input: &InputArguments,
    would_write: bool,
    then: impl FnOnce(&Tree) -> Result<Success, Failure>,
) -> Ending {
    let source = match disk::read_spec(&input.spec) {
        Ok(source) => source,
        Err(error) => {
            return Ending {
                result: Err(Failure::Disk(error)),
                diagnostics: Vec::new(),
                sources: BTreeMap::new(),
            };
        }
    };
    let spec = Spec::read(source);
    let procfiles = spec
        .procfiles()
        .into_iter()
        .map(|path| (path.to_owned(), disk::read_procfile(input.folder(), path)))
        .collect();
    let outcome = stackwright_gen::generate(&spec, &procfiles);
    let result = outcome
        .tree
        .as_ref()
        .map_or(Err(Failure::Input { would_write }), then);
    Ending {
        result,
        diagnostics: outcome.diagnostics,
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
