//! The life of the process: handshake, serving, end.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::Provider;
use crate::go_plugin::{Broker, Controller, Stdio};
use crate::handshake::{Address, HandshakeError, Line, Wishes, reattach_json};
use crate::lifecycle::{Signals, Stopped};
use crate::listener::{ListenError, Listener};
use crate::proto::plugin::grpc_broker_server::GrpcBrokerServer;
use crate::proto::plugin::grpc_controller_server::GrpcControllerServer;
use crate::proto::plugin::grpc_stdio_server::GrpcStdioServer;
use crate::proto::tfplugin6::provider_server::ProviderServer;
use crate::service::Service;
use crate::tls::{Pinned, TlsError};
use crate::{logging, panics};

/// The largest message in either direction, as in Go providers.
const MESSAGE_LIMIT: usize = 256 << 20;
/// How long open calls may take to end after the order to stop; the parent kills after 2 s.
const GRACE: Duration = Duration::from_millis(1200);
/// How long the provider may take to tidy up, and connections to close.
const CLOSING: Duration = Duration::from_millis(500);
/// How long no call may have been open before a signal ends the process: an answer is on its way,
/// and Terraform, which has the signal too, will ask for the end when it has stored it.
const QUIET: Duration = Duration::from_secs(2);
/// The most threads that answer calls.
const MOST_THREADS: usize = 4;

/// Why the provider does not run.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("cannot {doing}")]
    Io {
        doing: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("the server has failed")]
    Server(#[from] tonic::transport::Error),
    #[error("unknown argument `{0}`; the only one is --debug")]
    Argument(String),
}

/// How the process was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// By Terraform.
    Plugin,
    /// By a person, for Terraform runs that are told where it is.
    Debug,
}

/// Serves a provider: the whole life of the process, from handshake to exit code.
///
/// With the argument `--debug` it waits for Terraform runs that find it by `TF_REATTACH_PROVIDERS`,
/// which it prints.
pub fn serve(provider: impl Provider) -> ExitCode {
    panics::install_hook();
    logging::start(provider.name(), |name| std::env::var(name).ok());
    let name = provider.name().to_owned();
    match start(provider) {
        Ok(stopped) => {
            tracing::debug!(?stopped, "the provider ends");
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&name, &error);
            ExitCode::FAILURE
        }
    }
}

fn start(provider: impl Provider) -> Result<Stopped, ServeError> {
    let mode = mode(std::env::args().skip(1))?;
    let wishes = match mode {
        Mode::Plugin => Wishes::read(|name| std::env::var(name).ok())?,
        Mode::Debug => Wishes::default(),
    };
    let runtime = runtime().map_err(io_error("start the runtime"))?;
    let stopped = runtime.block_on(run(provider, mode, wishes));
    // Whatever still blocks a thread must not keep the process.
    runtime.shutdown_background();
    stopped
}

/// Providers wait for networks: a few threads do, and start faster than one for each core.
fn runtime() -> io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.clamp(2, MOST_THREADS);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
}

fn mode(arguments: impl IntoIterator<Item = String>) -> Result<Mode, ServeError> {
    let mut mode = Mode::Plugin;
    for argument in arguments {
        match argument.as_str() {
            "--debug" | "-debug" => mode = Mode::Debug,
            _ => return Err(ServeError::Argument(argument)),
        }
    }
    Ok(mode)
}

async fn run(provider: impl Provider, mode: Mode, wishes: Wishes) -> Result<Stopped, ServeError> {
    let signals = match mode {
        Mode::Plugin => Signals::of_a_plugin(),
        Mode::Debug => Signals::of_a_person(),
    }
    .map_err(io_error("catch signals"))?;
    let provider: Arc<dyn Provider> = Arc::new(provider);
    let shutdown = CancellationToken::new();
    let end = shutdown.child_token();
    let service = Service::new(Arc::clone(&provider), end.clone());
    service.prepare_schemas();
    let listener = Arc::new(Listener::bind(&wishes).await?);
    let pinned = wishes.client_cert.clone().map(Pinned::to).transpose()?;
    announce(
        provider.as_ref(),
        mode,
        &wishes,
        &listener.address(),
        pinned.as_ref(),
    )?;
    let acceptor = pinned.map(|pinned| pinned.acceptor);
    let server = tokio::spawn(serve_on(
        Arc::clone(&listener),
        acceptor,
        service.clone(),
        shutdown.clone(),
    ));
    let stopped = until_stopped(signals, &service, &shutdown, &end).await;
    if shutdown.is_cancelled() {
        // Whoever asks has all answers and waits for the end of this process, but not for long.
        let _ = tokio::time::timeout(CLOSING, provider.close()).await;
    }
    shutdown.cancel();
    let ended = tokio::time::timeout(CLOSING, server).await;
    listener.unlink();
    if let Ok(Ok(ended)) = ended {
        ended?;
    }
    Ok(stopped)
}

/// How long a call may go on waiting for its answer when the process has to end. Runners of CI kill a few
/// seconds after SIGTERM.
const fn patience(stopped: Stopped) -> Duration {
    match stopped {
        Stopped::Terminated => Duration::from_secs(2),
        Stopped::Shutdown | Stopped::Orphaned | Stopped::Interrupted => Duration::from_millis(600),
    }
}

/// Waits for a reason to stop, and then for the open calls. They are told to stop, and answer with
/// what exists by now: that is all that Terraform will know of it.
async fn until_stopped(
    mut signals: Signals,
    service: &Service,
    shutdown: &CancellationToken,
    end: &CancellationToken,
) -> Stopped {
    let stopped = signals.stopped(shutdown).await;
    tracing::debug!(?stopped, "the open calls are told to stop");
    end.cancel();
    let impatient = service.clone();
    tokio::spawn(async move {
        tokio::time::sleep(patience(stopped)).await;
        impatient.abandon();
    });
    let longest = match stopped {
        // Terraform lives on and waits for the answers. It says when it has them; another signal, or its
        // death, ends the wait.
        Stopped::Terminated => {
            tokio::select! {
                _ = signals.stopped(shutdown) => GRACE,
                () = service.quiet_for(QUIET) => Duration::ZERO,
            }
        }
        Stopped::Shutdown | Stopped::Orphaned | Stopped::Interrupted => GRACE,
    };
    let _ = tokio::time::timeout(longest, service.quiet_for(Duration::ZERO)).await;
    stopped
}

async fn serve_on(
    listener: Arc<Listener>,
    acceptor: Option<TlsAcceptor>,
    service: Service,
    shutdown: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let provider = ProviderServer::new(service)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT);
    let ended = tonic::transport::Server::builder()
        .add_service(provider)
        .add_service(GrpcControllerServer::new(Controller(shutdown.clone())))
        .add_service(GrpcStdioServer::new(Stdio(shutdown.clone())))
        .add_service(GrpcBrokerServer::new(Broker(shutdown.clone())))
        .serve_with_incoming_shutdown(
            listener.connections(acceptor),
            shutdown.clone().cancelled_owned(),
        )
        .await;
    shutdown.cancel();
    ended
}

fn announce(
    provider: &dyn Provider,
    mode: Mode,
    wishes: &Wishes,
    address: &Address,
    pinned: Option<&Pinned>,
) -> Result<(), ServeError> {
    if mode == Mode::Debug {
        let json = reattach_json(&provider.address(), address);
        return say(&format!(
            "Provider started. Set this in the shell where Terraform runs:\n\n\
             \tTF_REATTACH_PROVIDERS='{json}'\n"
        ));
    }
    let server_cert = pinned.map(|pinned| pinned.server_cert.as_ref());
    let line = Line {
        address,
        server_cert,
        multiplex_asked: wishes.multiplex_asked,
    };
    say(&line.to_string())?;
    // From here on nobody reads stdout; a stray print belongs to the log.
    nix::unistd::dup2_stdout(io::stderr()).map_err(|error| ServeError::Io {
        doing: "redirect stdout",
        source: error.into(),
    })
}

fn say(line: &str) -> Result<(), ServeError> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .map_err(io_error("write to stdout"))
}

fn io_error(doing: &'static str) -> impl FnOnce(io::Error) -> ServeError {
    move |source| ServeError::Io { doing, source }
}

/// Tells a person, or Terraform's log, why the provider does not run.
fn complain(name: &str, error: &ServeError) {
    let text = if matches!(error, ServeError::Handshake(HandshakeError::NoCookie)) {
        format!(
            "This is the Terraform provider {name}. It is started by Terraform, not by hand:\n\
             write it into required_providers and run `terraform init`.\n\
             To debug it, start it with --debug."
        )
    } else {
        let mut text = format!("{name}: {error}");
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        text
    };
    // There is nobody to tell when stderr is closed.
    drop(writeln!(io::stderr(), "{text}"));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn arguments() {
        assert_eq!(mode([]).unwrap(), Mode::Plugin);
        assert_eq!(mode(["--debug".to_owned()]).unwrap(), Mode::Debug);
        let error = mode(["--dbug".to_owned()]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown argument `--dbug`; the only one is --debug"
        );
    }
}
