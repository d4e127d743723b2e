//! Killing the provider or Terraform at a chosen write.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
pub use nix::sys::signal::Signal;
use nix::sys::signal::{kill, killpg};
use nix::unistd::Pid;

use crate::account::{Account, Call, Fault, Phase};
use crate::output::Output;
use crate::process::{has_ended, provider_of};
use crate::workspace::Workspace;

/// Longest that anything here may take before the test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// Which process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Victim {
    /// The provider; Terraform sees it crash.
    Provider,
    /// Terraform; the provider is orphaned.
    Terraform,
}

/// How a run that was to be killed ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Killed {
    /// At the wanted write.
    AtWrite,
    /// It ended well by itself before it came to that write.
    TooFewWrites,
}

/// Applies and returns the writes that it took.
pub fn writes_of(root: &Workspace) -> Result<Vec<Call>> {
    root.account().forget_calls()?;
    root.apply()?.ok()?;
    root.account().writes()
}

/// Applies and kills the victim with SIGKILL at the `write`-th write (from 1), before or after its effect.
/// The call's connection is dropped once the victim is dead, and nothing of the run is left when this returns.
pub fn apply_killed(
    root: &Workspace,
    victim: Victim,
    phase: Phase,
    write: usize,
) -> Result<Killed> {
    let account = root.account();
    account.fault(
        Fault::on_writes()
            .after_calls(write - 1)
            .phase(phase)
            .hold(),
    )?;
    let mut terraform = root.start_apply()?;
    let outcome = if wait_for_held(account, &mut terraform)? {
        kill_now(account, victim, &mut terraform)?;
        Killed::AtWrite
    } else {
        Killed::TooFewWrites
    };
    account.no_faults()?;
    Ok(outcome)
}

/// Applies in a process group of its own, and sends a signal to the group at the `write`-th write (from 1), before or
/// after its effect: what `timeout`, systemd and runners of CI do, and a Ctrl-C. The call's connection is dropped once
/// all of the group have ended; after a SIGINT the call is answered.
pub fn apply_signalled(
    root: &Workspace,
    signal: Signal,
    phase: Phase,
    write: usize,
) -> Result<Output> {
    let account = root.account();
    let writes = Fault::on_writes().after_calls(write - 1);
    account.fault(writes.phase(phase).hold())?;
    // Under `nohup` this process ignores SIGHUP, and so would Terraform. With a handler here it has the default.
    signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::default())?;
    let mut command = root.apply_command()?;
    let start = Instant::now();
    let mut terraform = command
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    ensure!(
        wait_for_held(account, &mut terraform)?,
        "the apply ended before it came to write {write}"
    );
    let providers = provider_of(terraform.id());
    killpg(Pid::from_raw(terraform.id().try_into()?), signal)?;
    if signal == Signal::SIGINT {
        // A person waits for an orderly end, and so does the provider: for the answer of AWS.
        account.no_faults()?;
        account.release(false)?;
    }
    let gone = wait_for_end(&providers, PATIENCE);
    account.no_faults()?;
    account.release(true)?;
    let end = terraform.wait_with_output()?;
    gone.with_context(|| format!("the provider does not end at {signal}"))?;
    let (stdout, stderr) = (&end.stdout, &end.stderr);
    Ok(Output::new(
        &command,
        end.status,
        stdout,
        stderr,
        start.elapsed(),
    ))
}

/// Whether a call is held; false when Terraform ended well before.
fn wait_for_held(account: &Account, terraform: &mut Child) -> Result<bool> {
    let start = Instant::now();
    loop {
        if account.held()? > 0 {
            return Ok(true);
        }
        if let Some(status) = terraform.try_wait()? {
            ensure!(status.success(), "the apply ended by itself with {status}");
            return Ok(false);
        }
        ensure!(
            start.elapsed() < PATIENCE,
            "neither a held call nor an end of the apply in {PATIENCE:?}"
        );
        sleep(Duration::from_millis(20));
    }
}

fn kill_now(account: &Account, victim: Victim, terraform: &mut Child) -> Result<()> {
    let providers = provider_of(terraform.id());
    ensure!(
        !providers.is_empty(),
        "Terraform has no provider process although a call of it is held"
    );
    match victim {
        Victim::Provider => providers.iter().try_for_each(|pid| sigkill(*pid))?,
        Victim::Terraform => terraform.kill()?,
    }
    let gone = wait_for_end(&providers, Duration::from_secs(10));
    if gone.is_err() {
        // Before the test fails, so that nothing writes behind the back of another.
        providers.iter().try_for_each(|pid| sigkill(*pid))?;
    }
    account.release(true)?;
    terraform.wait()?;
    gone.context("the provider went on working after its Terraform was killed")
}

fn wait_for_end(pids: &[u32], longest: Duration) -> Result<()> {
    let start = Instant::now();
    while !pids.iter().all(|pid| has_ended(*pid)) {
        if start.elapsed() > longest {
            bail!("process {pids:?} still runs after {longest:?}");
        }
        sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn sigkill(pid: u32) -> Result<()> {
    Ok(kill(Pid::from_raw(pid.try_into()?), Signal::SIGKILL)?)
}
