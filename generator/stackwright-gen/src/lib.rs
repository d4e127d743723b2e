//! The generator: from a Procfile and a spec to a tree of Terraform files in memory.
//!
//! ```text
//! files -> parse -> spec -> validate (all mistakes at once) -> project -> views -> templates -> tree
//! ```
//!
//! [`Spec::read`] reads a spec in TOML, YAML or JSON, [`Spec::procfiles`] says which Procfiles it wants, and [`generate`] answers the tree or
//! everything that is wrong, each mistake with its place in the user's file. [`regenerate::compare`] decides what may be written over
//! what is there, so that no edit of a person is lost.
//!
//! ```
//! use std::collections::BTreeMap;
//! use stackwright_gen::{SourceFile, Spec, generate};
//!
//! let spec = Spec::read(SourceFile::new("stackwright.toml", r#"
//! project = "acme"
//! region = "us-west-2"
//! accounts = { ops = "111111111111", stage = "222222222222", prod = "333333333333" }
//! apps.shop.image = "example/shop:v41"
//! "#));
//! let procfile = SourceFile::new("Procfile", "worker: bundle exec sidekiq\n");
//! let outcome = generate(&spec, &BTreeMap::from([("Procfile".to_owned(), Ok(procfile))]));
//! assert!(outcome.tree.is_some_and(|tree| tree.files().contains_key("prod/main.tf")));
//! ```
//!
//! This crate must not touch the disk, the clock or the environment, nor know Terraform's protocol or AWS: the command line does the
//! writing, and the same input always gives the same bytes.

mod build;
mod check;
mod check_limits;
mod check_monitors;
mod check_names;
mod check_processes;
pub mod consequences;
mod diagnostic;
pub mod explain;
mod form;
mod format;
pub mod graph;
pub mod hcl_align;
pub mod hcl_escape;
mod hcl_value;
mod hidden;
pub mod init;
pub mod invisible;
mod listen;
pub mod manifest;
mod markdown_escape;
mod model;
mod module_sources;
mod pattern;
mod project;
pub mod regenerate;
mod roles;
mod schema;
mod shape;
mod shape_words;
mod source;
mod spec;
mod templates;
mod tree;
mod view;

use std::collections::BTreeMap;

pub use diagnostic::{Diagnostic, Problem, ProcfileUnread, Severity, ToAnswer};
pub use format::Format;
pub use module_sources::Modules;
pub use project::{
    Accounts, App, Asleep, Environment, EnvironmentPlan, Network, Process, ProcessScale, Project,
    Role, Route, Router, Scale, State, Use, Web,
};
pub use schema::schema;
pub use shape::Shape;
pub use source::{Position, SourceFile, Spanned};
pub use spec::Spec;
pub use stackwright_plan::{procfile, size};
pub use tree::Tree;

/// The Procfiles that a spec names: path as in the spec -> text, or why it could not be read.
pub type Procfiles = BTreeMap<String, Result<SourceFile, ProcfileUnread>>;

/// What became of the input.
#[derive(Debug)]
pub struct Outcome {
    /// The tree, unless there is an error.
    pub tree: Option<Tree>,
    /// Every error and warning, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
}

/// Makes the tree of a spec and its Procfiles with the modules of this version, or says everything that is wrong with them.
pub fn generate(spec: &Spec, procfiles: &Procfiles) -> Outcome {
    let (project, diagnostics) = validate(spec, procfiles);
    Outcome {
        tree: project.map(|project| render(&project)),
        diagnostics,
    }
}

/// Makes the tree of a project with the modules of this version.
pub fn render(project: &Project) -> Tree {
    templates::render(project, &Modules::built_in())
}

/// Checks a spec and its Procfiles: the project with every default filled in, unless there is an error, and every error and warning.
pub fn validate(spec: &Spec, procfiles: &Procfiles) -> (Option<Project>, Vec<Diagnostic>) {
    let (project, mut diagnostics) = check::check(spec, procfiles);
    diagnostics.sort_by(|a, b| a.order().cmp(&b.order()));
    // Two apps may share a Procfile and with it its mistakes.
    diagnostics.dedup();
    (project, diagnostics)
}
