//! What can be written on the command line.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::disk;

/// Turns a Procfile and a short spec into a Terraform tree for the accounts ops, stage and prod.
#[derive(Debug, Parser)]
#[command(
    name = "stackwright",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 out of date (generate --check, generate --diff)."
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
    /// Look at the folder and write a first spec, stackwright.toml
    Init(Box<InitArguments>),
    /// Say every value that holds, and where it is written or why it is so
    Explain(ValidateArguments),
    /// Print the JSON Schema of the spec, for editors
    Schema(SchemaArguments),
    /// Print a picture of accounts, networks, apps, routes and databases
    Graph(GraphArguments),
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// Accepted as everywhere; a schema is JSON anyway
    #[arg(long)]
    pub(crate) json: bool,
}

/// The format of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Picture {
    /// A Mermaid flow chart, which GitHub and GitLab show in Markdown
    Mermaid,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArguments {
    #[command(flatten)]
    pub(crate) input: InputArguments,

    /// Format of the picture
    #[arg(long, value_enum, default_value_t = Picture::Mermaid)]
    pub(crate) format: Picture,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// Folder to look at and to write the spec to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,

    /// Name of the project [default: that of the app]
    #[arg(long)]
    pub(crate) project: Option<String>,

    /// Name of the app [default: from app.json, fly.toml or the folder]
    #[arg(long)]
    pub(crate) app: Option<String>,

    /// AWS region [default: the one nearest to that of fly.toml]
    #[arg(long)]
    pub(crate) region: Option<String>,

    /// Domain of the project
    #[arg(long)]
    pub(crate) domain: Option<String>,

    /// Route 53 zone of the domain in stage, needed with --domain for a public app
    #[arg(long, value_name = "ZONE_ID")]
    pub(crate) stage_zone: Option<String>,

    /// Route 53 zone of the domain in prod, needed with --domain for a public app
    #[arg(long, value_name = "ZONE_ID")]
    pub(crate) prod_zone: Option<String>,

    /// Container image of the app, with tag or digest
    #[arg(long)]
    pub(crate) image: Option<String>,

    /// Account id of ops
    #[arg(long, value_name = "ID")]
    pub(crate) ops: Option<String>,

    /// Account id of stage
    #[arg(long, value_name = "ID")]
    pub(crate) stage: Option<String>,

    /// Account id of prod
    #[arg(long, value_name = "ID")]
    pub(crate) prod: Option<String>,

    /// Ask nothing: take what is found and what the options say
    #[arg(long, short)]
    pub(crate) yes: bool,

    /// Write the Terraform tree at once, too
    #[arg(long)]
    pub(crate) generate: bool,

    /// Answer in JSON on standard output; asks nothing
    #[arg(long)]
    pub(crate) json: bool,
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

    /// Write nothing; show what would change, line by line
    #[arg(long)]
    pub(crate) diff: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InputArguments {
    /// The spec; Procfiles are looked for beside it [default: stackwright.toml, .yaml, .yml or .json]
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// Answer in JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

impl Arguments {
    /// Whether the answer is for a program.
    pub(crate) fn json(&self) -> bool {
        match &self.command {
            Command::Validate(arguments) | Command::Explain(arguments) => arguments.input.json,
            Command::Generate(arguments) => arguments.input.json,
            Command::Init(arguments) => arguments.json,
            Command::Schema(arguments) => arguments.json,
            Command::Graph(arguments) => arguments.input.json,
        }
    }
}

impl GenerateArguments {
    /// The arguments of the first generation, after `init`.
    pub(crate) fn first(spec: PathBuf) -> Self {
        Self {
            input: InputArguments {
                spec: Some(spec),
                json: false,
            },
            out: None,
            check: false,
            diff: false,
        }
    }

    /// The folder to write to.
    pub(crate) fn out(&self) -> PathBuf {
        let spec = self.input.spec.as_deref();
        let beside = spec.and_then(Path::parent).unwrap_or(Path::new(""));
        let out = self.out.clone();
        out.unwrap_or_else(|| beside.join("infra"))
    }
}

impl InputArguments {
    /// The spec: the one that is named, else the one with a usual name that is there.
    ///
    /// # Errors
    /// The specs with usual names, when there are several.
    pub(crate) fn spec(&self) -> Result<PathBuf, Vec<PathBuf>> {
        if let Some(spec) = &self.spec {
            return Ok(spec.clone());
        }
        let mut there = disk::usual_specs();
        match there.len() {
            0 | 1 => Ok(there.pop().unwrap_or_else(|| disk::SPECS[0].into())),
            _ => Err(there),
        }
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
