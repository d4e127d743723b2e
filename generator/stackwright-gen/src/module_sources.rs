//! The Terraform modules of the repository's `modules` folder, built into the binary so that a tree needs nothing else.
//!
//! What differs between them is asked with [`Modules::has`], [`Modules::takes`] and [`Modules::gives`]: a job takes no `scale`, a worker no
//! `port`.

use std::collections::{BTreeMap, BTreeSet};

/// Modules: path below `modules/` -> content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modules {
    files: BTreeMap<String, String>,
    /// The first lines of all variables and outputs, with the path of their file before them.
    declared: BTreeSet<String>,
}

macro_rules! files {
    ($($module:literal),+ $(,)?) => {
        &[$(
            (concat!($module, "/README.md"), include_str!(concat!("../../../modules/", $module, "/README.md"))),
            (concat!($module, "/main.tf"), include_str!(concat!("../../../modules/", $module, "/main.tf"))),
            (concat!($module, "/outputs.tf"), include_str!(concat!("../../../modules/", $module, "/outputs.tf"))),
            (concat!($module, "/variables.tf"), include_str!(concat!("../../../modules/", $module, "/variables.tf"))),
            (concat!($module, "/versions.tf"), include_str!(concat!("../../../modules/", $module, "/versions.tf"))),
        )+]
    };
}

/// Every file of every module.
const FILES: &[(&str, &str)] = files![
    "cluster",
    "db",
    "environment",
    "environment-roles",
    "monitors",
    "network",
    "router",
    "scheduled-job",
    "web-service",
    "worker",
];

impl Modules {
    /// The modules of this version.
    pub fn built_in() -> Self {
        let files = FILES.iter();
        files.fold(Self::default(), |modules, (path, text)| {
            modules.with(path, text)
        })
    }

    /// Adds or replaces a file: its path below `modules/`, and its content.
    #[must_use]
    pub fn with(mut self, path: &str, content: &str) -> Self {
        let of_file = format!("{path} ");
        self.declared.retain(|line| !line.starts_with(&of_file));
        let lines = content.lines().filter(|line| line.ends_with(" {"));
        self.declared
            .extend(lines.map(|line| of_file.clone() + line));
        self.files.insert(path.to_owned(), content.to_owned());
        self
    }

    /// The files: path below `modules/` -> content.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// The files of the modules that a tree uses, and of those that these use.
    pub(crate) fn used_by(&self, tree: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut wanted: BTreeSet<&str> = BTreeSet::new();
        let mut more: Vec<&str> = tree.values().flat_map(|text| sources(text)).collect();
        while let Some(name) = more.pop() {
            let main = self.files.get(&format!("{name}/main.tf"));
            if let Some(main) = main.filter(|_| wanted.insert(name)) {
                more.extend(sources(main));
            }
        }
        let files = self.files.iter();
        let is_wanted = |path: &str| {
            path.split_once('/')
                .is_some_and(|(name, _)| wanted.contains(name))
        };
        files
            .filter(|(path, _)| is_wanted(path))
            .map(|(path, text)| (path.clone(), text.clone()))
            .collect()
    }

    /// Whether there is a module.
    pub fn has(&self, module: &str) -> bool {
        self.files.contains_key(&format!("{module}/main.tf"))
    }

    /// Whether a module has a variable.
    pub fn takes(&self, module: &str, variable: &str) -> bool {
        self.declares(&format!("{module}/variables.tf"), "variable", variable)
    }

    /// Whether a module has an output.
    pub fn gives(&self, module: &str, output: &str) -> bool {
        self.declares(&format!("{module}/outputs.tf"), "output", output)
    }

    fn declares(&self, path: &str, kind: &str, name: &str) -> bool {
        self.declared
            .contains(&format!("{path} {kind} \"{name}\" {{"))
    }
}

/// The last part of each `source` of a module call.
fn sources(text: &str) -> impl Iterator<Item = &str> {
    let calls = text
        .lines()
        .filter(|line| line.trim_start().starts_with("source "));
    calls.filter_map(|line| line.trim_end().strip_suffix('"')?.rsplit('/').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_known_by_their_files() {
        let modules = Modules::built_in();
        assert!(modules.has("worker") && !modules.has("nothing"));
        assert!(modules.takes("worker", "size") && !modules.takes("worker", "siz"));
        assert!(modules.gives("network", "ref") && !modules.gives("network", "size"));
        let more = modules
            .with("x/main.tf", "")
            .with("x/variables.tf", "variable \"a\" {\n}\n");
        assert!(more.has("x") && more.takes("x", "a"));
    }
}
