//! The built provider as a release in a filesystem mirror, the way an air-gapped team installs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow};

use crate::binaries::{Binaries, work_folder};
use crate::output::{Output, run};

const VERSION: &str = "0.1.0";

/// A filesystem mirror with the built provider, and a folder in which `terraform init` ran once.
#[derive(Debug)]
pub struct Mirror {
    /// The command line configuration that points at the mirror.
    pub cli_config: PathBuf,
    /// Holds `.terraform` and the lock file that `terraform init` wrote.
    pub template: PathBuf,
}

impl Mirror {
    /// The mirror, made once per build of the provider.
    pub fn get() -> Result<&'static Self> {
        static MIRROR: OnceLock<Result<Mirror, String>> = OnceLock::new();
        let made = MIRROR.get_or_init(|| Self::make().map_err(|error| format!("{error:#}")));
        made.as_ref().map_err(|error| anyhow!("{error}"))
    }

    fn make() -> Result<Self> {
        let provider = &Binaries::get()?.provider;
        let folder = work_folder()?.join(format!("mirror-{}", stamp(provider)?));
        let mirror = Self {
            cli_config: folder.join("terraform.rc"),
            template: folder.join("template"),
        };
        if !folder.exists() {
            // Made aside and renamed, so that another test program never sees half of it.
            let aside = tempfile::tempdir_in(work_folder()?)?;
            install(provider, aside.path(), &folder)?;
            if fs::rename(aside.path(), &folder).is_ok() {
                drop(aside.keep());
            }
        }
        mirror.init_template()?;
        Ok(mirror)
    }

    fn init_template(&self) -> Result<()> {
        if self.template.join(".terraform.lock.hcl").exists() {
            return Ok(());
        }
        let aside = tempfile::tempdir_in(work_folder()?)?;
        fs::write(aside.path().join("versions.tf"), REQUIREMENTS)?;
        self.init(aside.path())?.ok()?;
        if fs::rename(aside.path(), &self.template).is_ok() {
            drop(aside.keep());
        }
        Ok(())
    }

    /// `terraform init` in a folder.
    pub fn init(&self, folder: &Path) -> Result<Output> {
        let mut init = Command::new(&Binaries::get()?.terraform);
        init.current_dir(folder)
            .args(["init", "-input=false", "-no-color"]);
        run(init
            .env("TF_CLI_CONFIG_FILE", &self.cli_config)
            .env("CHECKPOINT_DISABLE", "1"))
    }
}

/// The `terraform` block of every root.
pub(crate) const REQUIREMENTS: &str = r#"terraform {
  required_version = ">= 1.11"
  required_providers {
    stackwright = {
      source  = "stackwright/stackwright"
      version = "~> 0.1"
    }
  }
}
"#;

/// Changes with every build: length and time of the binary.
fn stamp(provider: &Path) -> Result<String> {
    let told = || format!("the provider is not built: {}", provider.display());
    let data = fs::metadata(provider).with_context(told)?;
    let time = data
        .modified()?
        .duration_since(std::time::UNIX_EPOCH)?
        .as_millis();
    Ok(format!("{time}-{}", data.len()))
}

/// Lays out `HOST/NAMESPACE/TYPE/VERSION/PLATFORM` under `aside`, for use under `folder`.
fn install(provider: &Path, aside: &Path, folder: &Path) -> Result<()> {
    let package = aside
        .join("packages/registry.terraform.io/stackwright/stackwright")
        .join(VERSION)
        .join(platform());
    fs::create_dir_all(&package)?;
    let binary = package.join(format!("terraform-provider-stackwright_v{VERSION}"));
    fs::copy(provider, &binary)?;
    strip(&binary);
    let packages = folder.join("packages");
    let config = format!(
        "disable_checkpoint = true\nprovider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n}}\n",
        packages.display().to_string()
    );
    fs::write(aside.join("terraform.rc"), config)?;
    Ok(())
}

/// Takes symbols off a debug build: Terraform reads the whole file at every start to check its digest.
/// Where there is no `strip` the tests are only slower.
fn strip(binary: &Path) {
    drop(run(Command::new("strip").arg(binary)));
}

fn platform() -> String {
    let system = std::env::consts::OS.replace("macos", "darwin");
    let machine = std::env::consts::ARCH
        .replace("x86_64", "amd64")
        .replace("aarch64", "arm64");
    format!("{system}_{machine}")
}
