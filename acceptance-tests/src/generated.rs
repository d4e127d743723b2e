//! Trees that `stackwright generate` writes from the examples.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::account::Account;
use crate::binaries::{Binaries, repository};
use crate::mirror::Mirror;
use crate::output::{Output, run};
use crate::workspace::Workspace;

/// The accounts that the examples are written for.
const EXAMPLE_ACCOUNTS: [&str; 3] = ["111111111111", "222222222222", "333333333333"];

/// An example, copied, with accounts of one's own, and the tree that was generated from it.
#[derive(Debug)]
pub struct Generated {
    folder: TempDir,
}

impl Generated {
    /// Copies `examples/apps/<example>` and generates its tree for the accounts ops, stage and prod.
    pub fn of(example: &str, accounts: [&str; 3]) -> Result<Self> {
        Self::with_spec(example, accounts, "")
    }

    /// A folder with a Procfile alone, and what one command makes of it.
    pub fn started(procfile: &str, accounts: [&str; 3]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("stackwright-").tempdir()?;
        fs::write(folder.path().join("Procfile"), procfile)?;
        let [ops, stage, prod] = accounts;
        let mut init = Command::new(&Binaries::get()?.generator);
        init.args(["init", "--yes", "--generate", "--app", "shop"])
            .args(["--region", "us-west-2", "--image", "example/shop:v1"])
            .args(["--ops", ops, "--stage", stage, "--prod", prod])
            .current_dir(folder.path());
        run(&mut init)?.ok()?;
        Ok(Self { folder })
    }

    /// Copies `examples/acme`, with other accounts and DNS zones (placeholder and id), and generates its tree.
    pub fn acme(accounts: [&str; 3], zones: &[(&str, String)]) -> Result<Self> {
        let generated = Self::empty()?;
        let input = repository().join("examples/acme");
        for file in ["shop/Procfile", "billing/Procfile", "stackwright.toml"] {
            let text = fs::read_to_string(input.join(file)).with_context(|| file.to_owned())?;
            let swapped = EXAMPLE_ACCOUNTS.iter().zip(accounts);
            let text = swapped.fold(text, |text, (theirs, ours)| text.replace(theirs, ours));
            let text = zones
                .iter()
                .fold(text, |text, (theirs, ours)| text.replace(theirs, ours));
            let path = generated.input().join(file);
            fs::create_dir_all(path.parent().context("a file has a folder")?)?;
            fs::write(path, text)?;
        }
        generated.generate(&[])?.ok()?;
        Ok(generated)
    }

    /// A folder without spec, Procfile and tree.
    pub fn empty() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("stackwright-").tempdir()?;
        Ok(Self { folder })
    }

    /// As `of`, with more lines at the end of the spec.
    pub fn with_spec(example: &str, accounts: [&str; 3], more: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("stackwright-").tempdir()?;
        let input = repository().join("examples/apps").join(example);
        for file in ["Procfile", "stackwright.toml"] {
            let path = input.join(file);
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let swapped = EXAMPLE_ACCOUNTS.iter().zip(accounts);
            let text = swapped.fold(text, |text, (theirs, ours)| text.replace(theirs, ours));
            let more = if file == "stackwright.toml" { more } else { "" };
            fs::write(folder.path().join(file), text + more)?;
        }
        let generated = Self { folder };
        generated.generate(&[])?.ok()?;
        Ok(generated)
    }

    /// The examples that exist.
    pub fn examples() -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(repository().join("examples/apps"))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    /// Runs `stackwright generate` with more arguments.
    pub fn generate(&self, more: &[&str]) -> Result<Output> {
        let mut generate = Command::new(&Binaries::get()?.generator);
        generate
            .arg("generate")
            .args(more)
            .current_dir(self.folder.path());
        run(&mut generate)
    }

    /// The folder of spec and Procfile.
    pub fn input(&self) -> &Path {
        self.folder.path()
    }

    /// The folder that was written.
    pub fn tree(&self) -> PathBuf {
        self.folder.path().join("infra")
    }

    /// One of its roots, with the credentials of an account's administrator.
    pub fn root(&self, name: &str, account: &Account) -> Result<Workspace> {
        Workspace::at(account, &self.tree().join(name))
    }

    /// `terraform` in one of its folders, without AWS.
    pub fn terraform(&self, folder: &Path, arguments: &[&str]) -> Result<Output> {
        let mut terraform = Command::new(&Binaries::get()?.terraform);
        terraform
            .args(arguments)
            .current_dir(folder)
            .env("CHECKPOINT_DISABLE", "1");
        run(terraform.env("TF_CLI_CONFIG_FILE", &Mirror::get()?.cli_config))
    }

    /// The contents of all files below a folder of the tree, by path. What Terraform adds is left out.
    pub fn files(&self, below: &str) -> Result<BTreeMap<String, Vec<u8>>> {
        let mut found = BTreeMap::new();
        let base = self.tree().join(below);
        collect(&base, &base, &mut found)?;
        Ok(found)
    }
}

fn collect(base: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.strip_prefix(base)?.display().to_string();
        let terraforms = [".terraform", ".terraform.lock.hcl", "terraform.tfstate"];
        if terraforms
            .iter()
            .any(|theirs| path.file_name().is_some_and(|name| name == *theirs))
        {
            continue;
        }
        if path.is_dir() {
            collect(base, &path, found)?;
        } else {
            found.insert(name, fs::read(&path)?);
        }
    }
    Ok(())
}
