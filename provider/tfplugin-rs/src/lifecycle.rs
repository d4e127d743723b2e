//! What ends the process: the parent's order, SIGTERM or SIGHUP, or the parent's death. Never SIGINT.

use std::io;
use std::time::Duration;

use nix::unistd::{Pid, getppid};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often the parent is looked for, where the system does not tell of its death.
const PARENT_INTERVAL: Duration = Duration::from_secs(1);

/// Why the server stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The parent said so, by call.
    Shutdown,
    /// SIGTERM or SIGHUP came, from `timeout`, systemd, a CI runner or a closed terminal. They send
    /// it to the whole process group, so Terraform has it, too, and waits for partial state.
    Terminated,
    /// There is no parent any more.
    Orphaned,
    /// The user pressed Ctrl-C in debug mode.
    Interrupted,
}

/// The signals of this process, caught from the moment that this is made.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Not of a process that was told to ignore it, as `nohup` does.
    hang_up: Option<Signal>,
    parent: Option<ParentWatch>,
}

/// Notices that the parent has died.
struct ParentWatch {
    pid: Pid,
    hint: Signal,
}

impl Signals {
    /// Of a process that Terraform has started.
    ///
    /// Ctrl-C goes to the whole process group: Terraform then sends `StopProvider` and waits for
    /// partial state, so this process must outlive the signal.
    pub(crate) fn of_a_plugin() -> io::Result<Self> {
        Ok(Self {
            parent: Some(ParentWatch::new()?),
            ..Self::of_a_person()?
        })
    }

    /// Of a process that a person has started.
    pub(crate) fn of_a_person() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        let hang_up = if is_ignored(SignalKind::hangup()) {
            None
        } else {
            Some(signal(SignalKind::hangup())?)
        };
        Ok(Self {
            terminate,
            interrupt,
            hang_up,
            parent: None,
        })
    }

    /// Waits for a reason to stop. Can be asked again, for a reason to stop at once.
    pub(crate) async fn stopped(&mut self, shutdown: &CancellationToken) -> Stopped {
        let Self {
            terminate,
            interrupt,
            hang_up,
            parent,
        } = self;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return Stopped::Shutdown,
                _ = terminate.recv() => return Stopped::Terminated,
                () = received(hang_up) => return Stopped::Terminated,
                () = gone(parent) => return Stopped::Orphaned,
                _ = interrupt.recv() => match parent {
                    Some(_) => tracing::debug!("an interrupt was ignored"),
                    None => return Stopped::Interrupted,
                },
            }
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

async fn gone(parent: &mut Option<ParentWatch>) {
    match parent {
        Some(parent) => parent.gone().await,
        None => std::future::pending().await,
    }
}

/// Whether the process was started with a signal ignored: that is inherited, and meant. Where the
/// system does not say so, it counts as not ignored.
fn is_ignored(signal: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal.as_raw_value() - 1) & 1 == 1)
}

impl ParentWatch {
    fn new() -> io::Result<Self> {
        let hint = signal(SignalKind::user_defined2())?;
        ask_for_death_signal()?;
        Ok(Self {
            pid: getppid(),
            hint,
        })
    }

    /// The system's signal tells of the death of the *thread* that has started this process, which
    /// may happen while its process lives on; so it is only a hint to look.
    async fn gone(&mut self) {
        while getppid() == self.pid {
            tokio::select! {
                _ = self.hint.recv() => {}
                () = tokio::time::sleep(PARENT_INTERVAL) => {}
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn ask_for_death_signal() -> io::Result<()> {
    Ok(nix::sys::prctl::set_pdeathsig(
        nix::sys::signal::Signal::SIGUSR2,
    )?)
}

#[cfg(not(target_os = "linux"))]
fn ask_for_death_signal() -> io::Result<()> {
    Ok(())
}
