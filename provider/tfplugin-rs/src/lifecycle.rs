//! What ends the process: the parent's order, SIGTERM, or the parent's death. Never SIGINT.

use std::io;
use std::time::Duration;

use nix::unistd::{Pid, getppid};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often the parent is looked for, where the system does not tell of its death.
const PARENT_INTERVAL: Duration = Duration::from_secs(1);

/// Why the server stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The parent said so, by call.
    Shutdown,
    /// The parent said so, by signal.
    Terminated,
    /// There is no parent any more.
    Orphaned,
    /// The user pressed Ctrl-C in debug mode.
    Interrupted,
}

/// The signals of this process, caught from the moment that this is made.
pub(crate) struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    parent: Option<ParentWatch>,
}

/// Notices that the parent has died.
struct ParentWatch {
    pid: Pid,
    hint: tokio::signal::unix::Signal,
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
        Ok(Self {
            terminate,
            interrupt,
            parent: None,
        })
    }

    /// Waits for a reason to stop.
    pub(crate) async fn stopped(mut self, shutdown: &CancellationToken) -> Stopped {
        let Some(mut parent) = self.parent.take() else {
            return tokio::select! {
                () = shutdown.cancelled() => Stopped::Shutdown,
                _ = self.terminate.recv() => Stopped::Terminated,
                _ = self.interrupt.recv() => Stopped::Interrupted,
            };
        };
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return Stopped::Shutdown,
                _ = self.terminate.recv() => return Stopped::Terminated,
                () = parent.gone() => return Stopped::Orphaned,
                _ = self.interrupt.recv() => tracing::debug!("an interrupt was ignored"),
            }
        }
    }
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
