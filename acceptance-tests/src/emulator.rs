//! The emulated AWS: one process for all tests of this program.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow};
use serde_json::Value as Json;

use crate::binaries::{python, repository, work_folder};
use crate::http;

/// The running emulator.
///
/// It listens on loopback, on a free port. It ends when its standard input does, and the other end of
/// that pipe is here: whatever ends the tests, a SIGKILL included, ends it too.
#[derive(Debug)]
pub struct Emulator {
    port: u16,
    child: Child,
}

impl Emulator {
    /// The shared emulator, started on first use.
    pub fn shared() -> Result<&'static Self> {
        static EMULATOR: OnceLock<Result<Emulator, String>> = OnceLock::new();
        let started = EMULATOR.get_or_init(|| Self::start().map_err(|error| format!("{error:#}")));
        started.as_ref().map_err(|error| anyhow!("{error}"))
    }

    /// Starts one and waits until it accepts connections.
    pub fn start() -> Result<Self> {
        // Its log is for whoever looks into a failed test; here it would bury what the test says.
        let log = File::create(work_folder()?.join("emulator.log"))?;
        let mut child = Command::new(python()?)
            .args(["-m", "stackwright_emulator"])
            .current_dir(repository().join("acceptance-tests/emulator"))
            .env("PYTHONPYCACHEPREFIX", work_folder()?.join("pycache"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("could not start the emulator")?;
        let stdout = child.stdout.take().context("the emulator has no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let ready: Json = serde_json::from_str(&line)
            .context("the emulator did not start, see emulator.log in the target folder")?;
        let port = ready["port"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok());
        Ok(Self {
            port: port.context("the emulator told no port")?,
            child,
        })
    }

    /// Where AWS calls go.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks one of its own endpoints.
    pub fn get(&self, path: &str) -> Result<Json> {
        http::request(
            self.port,
            "GET",
            &format!("/_stackwright/{path}"),
            &Json::Null,
        )
    }

    /// Orders something at one of its own endpoints.
    pub fn post(&self, path: &str, body: &Json) -> Result<Json> {
        http::request(self.port, "POST", &format!("/_stackwright/{path}"), body)
    }

    /// Clears one of its lists.
    pub fn delete(&self, path: &str) -> Result<Json> {
        http::request(
            self.port,
            "DELETE",
            &format!("/_stackwright/{path}"),
            &Json::Null,
        )
    }
}

impl Drop for Emulator {
    /// Ends it: closing its standard input is its sign.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}
