//! Where the programs are: ours, built on demand, and those of the machine.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::output::run;

/// The programs that the tests drive.
#[derive(Debug)]
pub struct Binaries {
    /// `terraform-provider-stackwright`.
    pub provider: PathBuf,
    /// `stackwright`.
    pub generator: PathBuf,
    /// `terraform`.
    pub terraform: PathBuf,
}

impl Binaries {
    /// Finds or builds them, once. What the machine lacks is named with how to get it.
    pub fn get() -> Result<&'static Self> {
        static BINARIES: OnceLock<Result<Binaries, String>> = OnceLock::new();
        let found = BINARIES.get_or_init(|| Self::find().map_err(|error| format!("{error:#}")));
        found.as_ref().map_err(|error| anyhow!("{error}"))
    }

    fn find() -> Result<Self> {
        let terraform = find_terraform()?;
        let folder = built()?;
        let provider = folder.join("terraform-provider-stackwright");
        Ok(Self {
            provider,
            generator: folder.join("stackwright"),
            terraform,
        })
    }
}

/// The repository's root. Cargo says at run time where the package is: a shared target folder may hold
/// a program that was compiled in another checkout.
pub fn repository() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        package.parent().unwrap_or(Path::new("/")).to_owned()
    })
}

/// The folder for what tests leave behind, in cargo's target folder.
pub fn work_folder() -> Result<PathBuf> {
    let profile = profile_folder()?;
    let folder = profile
        .parent()
        .context("the target folder has no parent")?
        .join("acceptance");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The folder of the running program's own profile, such as `target/debug`.
fn profile_folder() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let folder = program.parent().context("the program is in no folder")?;
    Ok(if is_test()? {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    }
    .to_owned())
}

/// Whether the running program is a test: cargo keeps these in a folder of their own.
fn is_test() -> Result<bool> {
    let program = env::current_exe()?;
    let folder = program.parent().and_then(Path::file_name);
    Ok(folder.is_some_and(|name| name == "deps"))
}

fn built() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("STACKWRIGHT_BIN_DIR") {
        return Ok(PathBuf::from(folder));
    }
    let profile = profile_folder()?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(repository());
    // As the Makefile, which has built everything this way: another way would build it a second time.
    let release = profile.ends_with("release");
    build.args(if is_test()? {
        ["test", "--quiet", "--workspace", "--no-run"]
    } else if release {
        ["build", "--quiet", "--workspace", "--bins"]
    } else {
        ["build", "--quiet", "--workspace", "--all-targets"]
    });
    build.arg("--target-dir").arg(
        profile
            .parent()
            .context("the target folder has no parent")?,
    );
    if release {
        build.arg("--release");
    }
    run(&mut build)?.ok()?;
    Ok(profile)
}

fn find_terraform() -> Result<PathBuf> {
    let terraform =
        env::var_os("TERRAFORM").map_or_else(|| PathBuf::from("terraform"), PathBuf::from);
    let mut version = Command::new(&terraform);
    let version = version.arg("version").env("CHECKPOINT_DISABLE", "1");
    let output = run(version).context(
        "terraform is needed (1.11 or newer): install it from https://developer.hashicorp.com/terraform/install \
         and put it in PATH, or name it in TERRAFORM",
    )?;
    let text = output.ok()?.stdout;
    let minor = text
        .split(['v', '.', '\n'])
        .nth(2)
        .and_then(|minor| minor.parse::<u32>().ok());
    if minor.is_none_or(|minor| minor < 11) {
        bail!(
            "terraform 1.11 or newer is needed, this is {}",
            text.lines().next().unwrap_or_default()
        );
    }
    Ok(terraform)
}

/// The Python of the emulator's virtual environment, which is made on first use.
pub fn python() -> Result<&'static Path> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let made = PYTHON.get_or_init(|| set_up_python().map_err(|error| format!("{error:#}")));
    made.as_deref().map_err(|error| anyhow!("{error}"))
}

fn set_up_python() -> Result<PathBuf> {
    let setup = repository().join("acceptance-tests/emulator/setup.sh");
    let output = run(&mut Command::new(setup)).and_then(crate::Output::ok).context(
        "the AWS emulator needs Python 3.10 or newer with its venv module: install python3 and python3-venv",
    )?;
    let last = output
        .stdout
        .lines()
        .last()
        .context("setup.sh printed no path")?;
    Ok(PathBuf::from(last))
}
