//! A provider started the way Terraform starts it, with go-plugin's "auto mTLS".

use std::io::{BufRead as _, BufReader};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P521_SHA512};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::binaries::Binaries;
use crate::grpc::call_empty;
use crate::process::resident_bytes;

const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// The client's certificate, of the kind that go-plugin makes: P-521, self-signed.
#[derive(Debug)]
pub struct Client {
    key: KeyPair,
    certificate: rcgen::Certificate,
}

impl Client {
    /// A new one.
    pub fn new() -> Result<Self> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512)?;
        let params = CertificateParams::new(["localhost".to_owned()])?;
        let certificate = params.self_signed(&key)?;
        Ok(Self { key, certificate })
    }

    /// Trusts the server's certificate alone, as the handshake line gives it.
    fn config(&self, server: &str) -> Result<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(STANDARD_NO_PAD.decode(server)?))?;
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![self.certificate.der().clone()], key.into())?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }
}

/// A started provider. It is killed when this is dropped.
#[derive(Debug)]
pub struct Started {
    child: Child,
    line: String,
    begun: Instant,
    /// From its start to the handshake line.
    pub handshake: Duration,
}

impl Started {
    /// Starts it and reads its handshake line.
    pub fn provider(client: &Client) -> Result<Self> {
        let mut command = Command::new(&Binaries::get()?.provider);
        command
            .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
            .env("PLUGIN_PROTOCOL_VERSIONS", "6")
            .env("PLUGIN_CLIENT_CERT", client.certificate.pem())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let begun = Instant::now();
        let mut child = command.spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no stdout")?).read_line(&mut line)?;
        Ok(Self {
            child,
            line,
            begun,
            handshake: begun.elapsed(),
        })
    }

    /// Asks for the schema; its size and the time since the start.
    pub fn schema(&self, client: &Client) -> Result<(usize, Duration)> {
        let fields: Vec<&str> = self.line.trim().split('|').collect();
        let [_, _, "unix", socket, "grpc", server] = fields[..] else {
            anyhow::bail!("not a handshake with TLS: {:?}", self.line);
        };
        let config = Arc::new(client.config(server)?);
        let connection = ClientConnection::new(config, ServerName::try_from("localhost")?)?;
        let socket = UnixStream::connect(socket)?;
        let mut stream = StreamOwned::new(connection, socket);
        let bytes = call_empty(&mut stream, "/tfplugin6.Provider/GetProviderSchema")?;
        let took = self.begun.elapsed();
        drop(stream.sock.shutdown(Shutdown::Both));
        Ok((bytes, took))
    }

    /// Its memory now.
    pub fn resident(&self) -> Result<u64> {
        resident_bytes(self.child.id())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
