//! The socket that the parent connects to, and the connections that come in on it.

use std::fs::Permissions;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use crate::handshake::{Address, Wishes};

/// How long a client may take for the TLS handshake.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait after a failed accept, for example when files are used up.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// The unix socket cannot be made.
    #[error("cannot listen on a unix socket in {}", dir.display())]
    Unix {
        /// Where it was to be.
        dir: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The group of `PLUGIN_UNIX_SOCKET_GROUP` does not exist or cannot be given the socket.
    #[error("cannot give the socket to group `{group}`")]
    Group {
        /// Which group.
        group: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// No port is free.
    #[error("cannot listen on a loopback port")]
    Tcp(#[source] io::Error),
}

/// A listening socket; a unix socket's file is removed when this is dropped.
#[derive(Debug)]
pub(crate) enum Listener {
    Unix(tempfile::NamedTempFile<UnixListener>),
    Tcp(TcpListener, SocketAddr),
}

impl Listener {
    /// Listens where the parent wants it: on a unix socket, or on TCP when the path would be too long.
    pub(crate) async fn bind(wishes: &Wishes) -> Result<Self, ListenError> {
        let dir = wishes.socket_dir.clone().unwrap_or_else(std::env::temp_dir);
        match unix(&dir) {
            Ok(socket) => {
                restrict(socket.path(), wishes.socket_group.as_deref())?;
                Ok(Self::Unix(socket))
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => tcp(wishes.ports).await,
            Err(source) => Err(ListenError::Unix { dir, source }),
        }
    }

    pub(crate) fn address(&self) -> Address {
        match self {
            Self::Unix(socket) => Address::Unix(socket.path().to_owned()),
            Self::Tcp(_, address) => Address::Tcp(*address),
        }
    }

    /// Removes the file of a unix socket, also while connections are still open.
    pub(crate) fn unlink(&self) {
        if let Self::Unix(socket) = self {
            // Whoever removed it before has done the same.
            let _ = std::fs::remove_file(socket.path());
        }
    }

    async fn accept(&self) -> io::Result<Connection> {
        match self {
            Self::Unix(socket) => {
                let (stream, _) = socket.as_file().accept().await?;
                Ok(Connection(Box::pin(stream)))
            }
            Self::Tcp(socket, _) => {
                let (stream, _) = socket.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Connection(Box::pin(stream)))
            }
        }
    }

    /// Accepts for ever. Every TLS handshake has a task of its own, so that a client which is
    /// stuck holds up nobody, and a failed one ends nothing but itself.
    pub(crate) fn connections(
        self: Arc<Self>,
        tls: Option<TlsAcceptor>,
    ) -> ReceiverStream<io::Result<Connection>> {
        let (send, receive) = mpsc::channel(16);
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = self.accept() => accepted,
                    () = send.closed() => return,
                };
                match accepted {
                    Ok(plain) => drop(tokio::spawn(hand_over(plain, tls.clone(), send.clone()))),
                    Err(error) => {
                        tracing::warn!(%error, "accepting a connection failed");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        });
        ReceiverStream::new(receive)
    }
}

async fn hand_over(
    plain: Connection,
    tls: Option<TlsAcceptor>,
    to: mpsc::Sender<io::Result<Connection>>,
) {
    let secured = match tls {
        None => Ok(plain),
        Some(tls) => match tokio::time::timeout(TLS_TIMEOUT, tls.accept(plain)).await {
            Ok(secured) => secured.map(|stream| Connection(Box::pin(stream))),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        },
    };
    match secured {
        // A closed channel means that the server is stopping; the connection ends with it.
        Ok(connection) => drop(to.send(Ok(connection)).await),
        Err(error) => tracing::warn!(%error, "a client was refused"),
    }
}

fn unix(dir: &Path) -> io::Result<tempfile::NamedTempFile<UnixListener>> {
    tempfile::Builder::new()
        .prefix("plugin")
        .make_in(dir, |path| UnixListener::bind(path))
}

fn restrict(socket: &Path, group: Option<&str>) -> Result<(), ListenError> {
    let mode = |mode| std::fs::set_permissions(socket, Permissions::from_mode(mode));
    let Some(group) = group else {
        let dir = socket.to_owned();
        return mode(0o600).map_err(|source| ListenError::Unix { dir, source });
    };
    group_id(group)
        .and_then(|gid| std::os::unix::fs::chown(socket, None, Some(gid)))
        .and_then(|()| mode(0o660))
        .map_err(|source| ListenError::Group {
            group: group.to_owned(),
            source,
        })
}

/// The number of a group given by number or name.
fn group_id(group: &str) -> io::Result<u32> {
    if let Ok(number) = group.parse() {
        return Ok(number);
    }
    let found = nix::unistd::Group::from_name(group)?;
    found
        .map(|group| group.gid.as_raw())
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}

async fn tcp(ports: Option<(u16, u16)>) -> Result<Listener, ListenError> {
    let (first, last) = ports.unwrap_or((0, 0));
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for port in first..=last {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(socket) => {
                let address = socket.local_addr().map_err(ListenError::Tcp)?;
                return Ok(Listener::Tcp(socket, address));
            }
            Err(error) => failure = error,
        }
    }
    Err(ListenError::Tcp(failure))
}

trait Stream: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Stream for T {}

/// One connection, whatever carries it.
pub(crate) struct Connection(Pin<Box<dyn Stream>>);

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn in_dir(dir: &Path) -> Wishes {
        Wishes {
            socket_dir: Some(dir.to_owned()),
            ..Wishes::default()
        }
    }

    #[tokio::test]
    async fn the_socket_is_private_and_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let listener = Listener::bind(&in_dir(dir.path())).await.unwrap();
        let Address::Unix(path) = listener.address() else {
            panic!("not a unix socket")
        };
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_path_that_is_too_long_means_tcp() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let listener = Listener::bind(&in_dir(&deep)).await.unwrap();
        assert!(matches!(listener.address(), Address::Tcp(address) if address.ip().is_loopback()));
    }

    #[tokio::test]
    async fn a_missing_folder_is_an_error_that_names_it() {
        let error = Listener::bind(&in_dir(Path::new("/does/not/exist")))
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot listen on a unix socket in /does/not/exist"
        );
    }

    #[tokio::test]
    async fn the_group_gets_the_socket() {
        let dir = tempfile::tempdir().unwrap();
        let own = nix::unistd::getgid().as_raw();
        let group = |name: String| Wishes {
            socket_group: Some(name),
            ..in_dir(dir.path())
        };
        let listener = Listener::bind(&group(own.to_string())).await.unwrap();
        let Address::Unix(path) = listener.address() else {
            panic!("not a unix socket")
        };
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o660
        );
        let error = Listener::bind(&group("no-such-group".to_owned()))
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot give the socket to group `no-such-group`"
        );
    }
}
