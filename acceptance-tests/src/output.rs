//! What a program said when it ran.

use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// The end of a program.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its command line, for messages.
    pub command: String,
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

/// Runs a program to its end, with nothing on its standard input.
pub fn run(command: &mut Command) -> Result<Output> {
    let start = Instant::now();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("could not start {}", command.get_program().display()))?;
    Ok(Output::new(
        command,
        output.status,
        &output.stdout,
        &output.stderr,
        start.elapsed(),
    ))
}

impl Output {
    /// From what a finished child left.
    pub fn new(
        command: &Command,
        status: ExitStatus,
        stdout: &[u8],
        stderr: &[u8],
        took: Duration,
    ) -> Self {
        Self {
            command: line(command),
            code: status.code(),
            stdout: String::from_utf8_lossy(stdout).into_owned(),
            stderr: String::from_utf8_lossy(stderr).into_owned(),
            took,
        }
    }

    /// An error with everything the program said, unless it succeeded.
    pub fn ok(self) -> Result<Self> {
        if self.code == Some(0) {
            Ok(self)
        } else {
            bail!("{} failed\n{}", self.command, self.all())
        }
    }

    /// An error unless it failed by itself (a signal does not count).
    pub fn failed(self) -> Result<Self> {
        match self.code {
            Some(code) if code != 0 => Ok(self),
            code => bail!(
                "{} ended with {code:?}, expected a failure\n{}",
                self.command,
                self.all()
            ),
        }
    }

    /// Both streams.
    pub fn all(&self) -> String {
        format!(
            "--- exit {:?} after {:?}\n{}\n--- stderr\n{}",
            self.code, self.took, self.stdout, self.stderr
        )
    }

    /// Both streams as one line: Terraform's frames are taken off and its line breaks undone.
    pub fn flat(&self) -> String {
        let text = format!("{}\n{}", self.stdout, self.stderr).replace(['│', '╷', '╵'], " ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Fails unless every text was said.
    pub fn says(&self, texts: &[&str]) -> Result<()> {
        let flat = self.flat();
        match texts.iter().find(|text| !flat.contains(**text)) {
            None => Ok(()),
            Some(text) => bail!("{} did not say `{text}`\n{}", self.command, self.all()),
        }
    }

    /// Fails when one of the texts was said.
    pub fn never_says(&self, texts: &[&str]) -> Result<()> {
        let flat = self.flat();
        match texts.iter().find(|text| flat.contains(**text)) {
            None => Ok(()),
            Some(text) => bail!("{} said `{text}`\n{}", self.command, self.all()),
        }
    }
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
