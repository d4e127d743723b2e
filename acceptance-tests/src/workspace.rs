//! A Terraform root in a folder of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::account::{Account, REGION};
use crate::binaries::Binaries;
use crate::mirror::{Mirror, REQUIREMENTS};
use crate::output::{Output, run};
use crate::plan::Plan;
use crate::preset;

/// The provider block of a root.
#[derive(Debug, Clone)]
pub struct Provider {
    /// `environment`.
    pub environment: String,
    /// `owner`.
    pub owner: String,
    /// The only account of `allowed_account_ids`.
    pub allowed_account: String,
    /// More HCL inside the block.
    pub extra: String,
}

impl Provider {
    /// The block that most tests use: `acme/stage` in an account.
    pub fn of(account: &Account) -> Self {
        Self {
            environment: "stage".to_owned(),
            owner: "acme/stage".to_owned(),
            allowed_account: account.id.clone(),
            extra: String::new(),
        }
    }

    /// With another owner.
    #[must_use]
    pub fn owner(self, owner: &str) -> Self {
        Self {
            owner: owner.to_owned(),
            ..self
        }
    }

    /// With more HCL in the block.
    #[must_use]
    pub fn extra(self, extra: &str) -> Self {
        Self {
            extra: extra.to_owned(),
            ..self
        }
    }

    /// Its HCL.
    pub fn hcl(&self) -> String {
        let mut hcl = String::from("provider \"stackwright\" {\n  project = \"acme\"\n");
        for (key, value) in [
            ("environment", &self.environment),
            ("owner", &self.owner),
            ("region", &REGION.to_owned()),
        ] {
            // Writing to a String cannot fail.
            let _ = writeln!(hcl, "  {key} = \"{value}\"");
        }
        let _ = writeln!(
            hcl,
            "  allowed_account_ids = [\"{}\"]\n{}\n}}",
            self.allowed_account, self.extra
        );
        hcl
    }
}

/// A Terraform root with its state, and the environment in which Terraform runs there.
#[derive(Debug)]
pub struct Workspace {
    folder: PathBuf,
    owned: Option<TempDir>,
    env: BTreeMap<String, String>,
    account: Account,
    /// Limited to what the preset `deploy` allows in `acme/stage`, but for roles.
    deploys: bool,
}

impl Workspace {
    /// A root with the usual provider block and these resources, initialised.
    pub fn new(account: &Account, resources: &str) -> Result<Self> {
        Self::with_provider(account, &Provider::of(account), resources)
    }

    /// A root with a provider block of one's own. In `acme/stage` it may do what the preset `deploy` allows.
    pub fn with_provider(account: &Account, provider: &Provider, resources: &str) -> Result<Self> {
        let mut root = Self::empty(account)?;
        root.deploys = provider.environment == "stage";
        root.write("versions.tf", REQUIREMENTS)?;
        root.write("provider.tf", &provider.hcl())?;
        root.write("main.tf", resources)?;
        root.copy_init()?;
        Ok(root)
    }

    /// An empty folder.
    pub fn empty(account: &Account) -> Result<Self> {
        let owned = tempfile::Builder::new().prefix("stackwright-").tempdir()?;
        let folder = owned.path().to_owned();
        Ok(Self {
            env: environment(account, &folder)?,
            folder,
            owned: Some(owned),
            account: account.clone(),
            deploys: false,
        })
    }

    /// A folder that exists and that somebody else removes.
    pub fn at(account: &Account, folder: &Path) -> Result<Self> {
        let env = environment(account, folder)?;
        Ok(Self {
            env,
            folder: folder.to_owned(),
            owned: None,
            account: account.clone(),
            deploys: false,
        })
    }

    /// Leaves the folder behind, for a person to look at.
    pub fn keep(&mut self) -> &Path {
        if let Some(owned) = self.owned.take() {
            drop(owned.keep());
        }
        &self.folder
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The account whose administrator Terraform works as.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// Writes a file of the root.
    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        let path = self.folder.join(file);
        fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))
    }

    /// Writes the resources anew.
    pub fn resources(&self, text: &str) -> Result<()> {
        self.write("main.tf", text)
    }

    /// Changes the environment of later runs.
    pub fn set_env(&mut self, key: &str, value: &str) {
        self.env.insert(key.to_owned(), value.to_owned());
    }

    /// What `terraform init` makes of the usual requirements, without running it again: the lock file and
    /// a link to the same package.
    fn copy_init(&self) -> Result<()> {
        let template = &Mirror::get()?.template;
        copy_tree(
            &template.join(".terraform"),
            &self.folder.join(".terraform"),
        )?;
        fs::copy(
            template.join(".terraform.lock.hcl"),
            self.folder.join(".terraform.lock.hcl"),
        )?;
        Ok(())
    }

    /// `terraform` with these arguments, not started yet.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(&Binaries::get()?.terraform);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(&self.env);
        let own_key = self.env.get("AWS_ACCESS_KEY_ID") == Some(&self.account.access_key());
        if self.deploys && own_key && !self.is_for_administrators() {
            command.env("AWS_ACCESS_KEY_ID", preset::deploy_key(&self.account)?);
        }
        command.stdin(Stdio::null());
        Ok(command)
    }

    /// Administrators make roles and switch to them; all else has to work with what the preset `deploy` allows.
    fn is_for_administrators(&self) -> bool {
        let files = ["main.tf", "provider.tf", "terraform.tfstate"];
        let texts =
            files.map(|file| fs::read_to_string(self.folder.join(file)).unwrap_or_default());
        let words = ["stackwright_role", "assume_role"];
        texts
            .iter()
            .any(|text| words.iter().any(|word| text.contains(word)))
    }

    /// Runs `terraform` with these arguments.
    pub fn terraform(&self, arguments: &[&str]) -> Result<Output> {
        run(&mut self.command(arguments)?)
    }

    /// `terraform init`.
    pub fn init(&self) -> Result<Output> {
        self.terraform(&["init", "-input=false", "-no-color"])
    }

    /// `terraform validate`.
    pub fn validate(&self) -> Result<Output> {
        self.terraform(&["validate", "-no-color"])
    }

    /// `terraform plan`, which must succeed, with its JSON.
    pub fn plan(&self) -> Result<Plan> {
        self.plan_with(&[])
    }

    /// `terraform plan` with more arguments, which must succeed, with its JSON.
    pub fn plan_with(&self, more: &[&str]) -> Result<Plan> {
        let output = self.plan_output(more)?;
        if !matches!(output.code, Some(0 | 2)) {
            bail!("{} failed\n{}", output.command, output.all());
        }
        let json = self.terraform(&["show", "-json", "plan.bin"])?.ok()?.stdout;
        // Terraform's exit code 2 stands for changes of outputs too, and 0 for none at all.
        Ok(Plan {
            output,
            json: serde_json::from_str(&json)?,
        })
    }

    /// `terraform plan -detailed-exitcode -out=plan.bin`, which may fail.
    pub fn plan_output(&self, more: &[&str]) -> Result<Output> {
        let always = [
            "plan",
            "-input=false",
            "-no-color",
            "-detailed-exitcode",
            "-out=plan.bin",
        ];
        self.terraform(&[&always, more].concat())
    }

    /// `terraform apply`.
    pub fn apply(&self) -> Result<Output> {
        self.terraform(&APPLY)
    }

    /// Applies the plan that was saved last.
    pub fn apply_saved(&self) -> Result<Output> {
        self.terraform(&["apply", "-input=false", "-no-color", "plan.bin"])
    }

    /// `terraform apply`, not started yet.
    pub fn apply_command(&self) -> Result<Command> {
        self.command(&APPLY)
    }

    /// Starts `terraform apply` and does not wait.
    pub fn start_apply(&self) -> Result<std::process::Child> {
        let mut command = self.apply_command()?;
        Ok(command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?)
    }

    /// `terraform destroy`.
    pub fn destroy(&self) -> Result<Output> {
        self.terraform(&["destroy", "-auto-approve", "-input=false", "-no-color"])
    }

    /// `terraform import`.
    pub fn import(&self, address: &str, id: &str) -> Result<Output> {
        self.terraform(&["import", "-input=false", "-no-color", address, id])
    }

    /// `terraform untaint`.
    pub fn untaint(&self, address: &str) -> Result<Output> {
        self.terraform(&["untaint", "-no-color", address])
    }

    /// The state file as it is on disk; empty when there is none.
    pub fn state_file(&self) -> Vec<u8> {
        fs::read(self.folder.join("terraform.tfstate")).unwrap_or_default()
    }

    /// The state file as JSON.
    pub fn state(&self) -> Result<Json> {
        let bytes = self.state_file();
        if bytes.is_empty() {
            Ok(Json::Null)
        } else {
            Ok(serde_json::from_slice(&bytes)?)
        }
    }

    /// One resource of the state file: its instance with `attributes` and `status`.
    pub fn instance(&self, address: &str) -> Result<Json> {
        self.find_instance(address)?
            .with_context(|| format!("{address} is not in state"))
    }

    /// One resource of the state file, if it is there.
    pub fn find_instance(&self, address: &str) -> Result<Option<Json>> {
        let (kind, name) = address.split_once('.').context("an address is TYPE.NAME")?;
        let state = self.state()?;
        let resources = state["resources"].as_array().into_iter().flatten();
        let mut ours = resources.filter(|it| it["type"] == kind && it["name"] == name);
        Ok(ours.next().map(|it| it["instances"][0].clone()))
    }

    /// The attributes of one resource in state.
    pub fn attributes(&self, address: &str) -> Result<Json> {
        Ok(self.instance(address)?["attributes"].clone())
    }

    /// Forgets the state, as if the root were new.
    pub fn forget_state(&self) -> Result<()> {
        for file in ["terraform.tfstate", "terraform.tfstate.backup"] {
            match fs::remove_file(self.folder.join(file)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error.into());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

const APPLY: [&str; 4] = ["apply", "-auto-approve", "-input=false", "-no-color"];

/// Nothing of the machine's own environment or home reaches Terraform, but `PATH`.
fn environment(account: &Account, home: &Path) -> Result<BTreeMap<String, String>> {
    let text = |path: &Path| path.display().to_string();
    let pairs = [
        ("PATH", std::env::var("PATH").unwrap_or_default()),
        ("HOME", text(home)),
        ("TMPDIR", text(&std::env::temp_dir())),
        ("TF_CLI_CONFIG_FILE", text(&Mirror::get()?.cli_config)),
        ("TF_IN_AUTOMATION", "1".to_owned()),
        ("CHECKPOINT_DISABLE", "1".to_owned()),
        ("AWS_ENDPOINT_URL", account.emulator().endpoint()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_ACCESS_KEY_ID", account.access_key()),
        ("AWS_SECRET_ACCESS_KEY", "emulated".to_owned()),
        ("AWS_REGION", REGION.to_owned()),
    ];
    Ok(pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect())
}

/// Copies a folder; links stay links.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source)?, &target)?;
        } else if kind.is_dir() {
            copy_tree(&source, &target)?;
        } else {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}
