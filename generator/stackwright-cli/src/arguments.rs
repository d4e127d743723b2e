//! What can be written on the command line.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

/// Turns a Procfile and a short spec into a Terraform tree for the accounts ops, stage and prod.
#[derive(Debug, Parser)]
#[command(
    name = "stackwright",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 out of date (generate --check)."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check the spec and its Procfiles, and report every mistake at once
    Validate(ValidateArguments),
    /// Write the Terraform tree, or with --check say whether it is up to date
    Generate(GenerateArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArguments {
    #[command(flatten)]
    pub(crate) input: InputArguments,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArguments {
    #[command(flatten)]
    pub(crate) input: InputArguments,

    /// Folder to write to [default: infra, beside the spec]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Write nothing; exit with 3 when the folder is out of date
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InputArguments {
    /// The spec; Procfiles are looked for beside it
    #[arg(long, value_name = "FILE", default_value = "stackwright.toml")]
    pub(crate) spec: PathBuf,

    /// Answer in JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

impl Arguments {
    /// Whether the answer is for a program.
    pub(crate) fn json(&self) -> bool {
        match &self.command {
            Command::Validate(arguments) => arguments.input.json,
            Command::Generate(arguments) => arguments.input.json,
        }
    }
}

impl GenerateArguments {
    /// The folder to write to.
    pub(crate) fn out(&self) -> PathBuf {
        self.out
            .clone()
            .unwrap_or_else(|| self.input.folder().join("infra"))
    }
}

impl InputArguments {
    /// The folder of the spec.
    pub(crate) fn folder(&self) -> &Path {
        self.spec.parent().unwrap_or(Path::new(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn definition_is_consistent() {
        Arguments::command().debug_assert();
    }
}
