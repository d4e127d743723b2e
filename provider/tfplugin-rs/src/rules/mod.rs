//! Terraform's rules about answers, checked before answering.
//!
//! Terraform checks them too, but says "this is a bug in the provider" and no more. Each rule has
//! an id: P for plans, A for applies, R, U, I and T for what is read, upgraded, imported and looked up.

pub(crate) mod apply;
pub(crate) mod plan;
pub(crate) mod schema;
pub(crate) mod state;

use tfplugin_types::{Diagnostic, Path};

use crate::canonical::Mismatch;

/// A rule that an answer breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) rule: &'static str,
    pub(crate) path: Path,
    /// What is wrong, without the value: it may be a secret.
    pub(crate) problem: String,
}

impl Broken {
    pub(crate) fn new(rule: &'static str, path: &Path, problem: impl Into<String>) -> Self {
        Self {
            rule,
            path: path.clone(),
            problem: problem.into(),
        }
    }

    /// The first rule of every answer: it has the type that the schema says.
    pub(crate) fn wrong_type(rule: &'static str, mismatch: Mismatch) -> Self {
        let problem = format!(
            "the value is not of its type, the schema says {}",
            mismatch.expected
        );
        Self {
            rule,
            path: mismatch.path,
            problem,
        }
    }

    /// What the user is told.
    pub(crate) fn diagnostic(&self, provider: &str, doing: &str) -> Diagnostic {
        let place = if self.path.0.is_empty() {
            "the whole object".to_owned()
        } else {
            format!("`{}`", self.path)
        };
        Diagnostic::error(
            "Provider Broke a Rule of Terraform",
            format!(
                "The answer to {doing} breaks rule {} at {place}: {}. This is a bug in {provider}; \
                 please report it with the configuration of this object.",
                self.rule, self.problem
            ),
        )
        .at(self.path.clone())
    }
}
