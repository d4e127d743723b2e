//! What the parent process says in the environment, and the one line that it waits for.

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// The name of the variable that only a plugin's parent sets.
pub(crate) const COOKIE_NAME: &str = "TF_PLUGIN_MAGIC_COOKIE";
/// Its value for Terraform providers.
pub(crate) const COOKIE_VALUE: &str =
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
/// What the CERT field of the handshake is encoded with: standard base64 without padding.
const CERT_ENCODING: base64::engine::GeneralPurpose = STANDARD_NO_PAD;

/// What the parent asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// The only certificate that may connect; none without TLS.
    pub(crate) client_cert: Option<CertificateDer<'static>>,
    /// Where the socket is to be.
    pub(crate) socket_dir: Option<PathBuf>,
    /// Who beside the owner may use the socket.
    pub(crate) socket_group: Option<String>,
    /// Ports for TCP, first and last.
    pub(crate) ports: Option<(u16, u16)>,
    /// Whether the line shall say that connections are not multiplexed.
    pub(crate) multiplex_asked: bool,
}

/// Why the parent's wishes cannot be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    /// Started by a person, or by something that is not Terraform.
    #[error("the magic cookie is missing")]
    NoCookie,
    /// The certificate in `PLUGIN_CLIENT_CERT` cannot be read.
    #[error("PLUGIN_CLIENT_CERT is not a PEM certificate")]
    ClientCert(#[source] rustls_pki_types::pem::Error),
    /// A port is not a number.
    #[error("{variable} is not a port: `{value}`")]
    Port {
        /// Which variable.
        variable: &'static str,
        /// What it holds.
        value: String,
    },
}

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// A unix socket.
    Unix(PathBuf),
    /// A TCP port on the loopback interface.
    Tcp(std::net::SocketAddr),
}

/// The line that tells the parent where to connect.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) address: &'a Address,
    pub(crate) server_cert: Option<&'a [u8]>,
    pub(crate) multiplex_asked: bool,
}

impl Wishes {
    /// Reads the environment through `var`.
    pub(crate) fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, HandshakeError> {
        if var(COOKIE_NAME).as_deref() != Some(COOKIE_VALUE) {
            return Err(HandshakeError::NoCookie);
        }
        let set = |name: &str| var(name).filter(|value| !value.is_empty());
        let client_cert = set("PLUGIN_CLIENT_CERT")
            .map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()))
            .transpose()
            .map_err(HandshakeError::ClientCert)?;
        Ok(Self {
            client_cert,
            socket_dir: set("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
            socket_group: set("PLUGIN_UNIX_SOCKET_GROUP"),
            ports: ports(&set)?,
            multiplex_asked: set("PLUGIN_MULTIPLEX_GRPC").is_some(),
        })
    }
}

fn ports(set: &impl Fn(&str) -> Option<String>) -> Result<Option<(u16, u16)>, HandshakeError> {
    let port = |variable: &'static str| {
        let parse = |value: String| {
            value
                .parse::<u16>()
                .map_err(|_| HandshakeError::Port { variable, value })
        };
        set(variable).map(parse).transpose()
    };
    Ok(port("PLUGIN_MIN_PORT")?.zip(port("PLUGIN_MAX_PORT")?))
}

impl Address {
    /// The network's name in Go.
    pub(crate) const fn network(&self) -> &'static str {
        match self {
            Self::Unix(_) => "unix",
            Self::Tcp(_) => "tcp",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Tcp(address) => write!(f, "{address}"),
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cert = self
            .server_cert
            .map(|der| CERT_ENCODING.encode(der))
            .unwrap_or_default();
        write!(
            f,
            "1|6|{}|{}|grpc|{cert}",
            self.address.network(),
            self.address
        )?;
        // The field says whether this server multiplexes; only a parent that asked can read it.
        if self.multiplex_asked {
            f.write_str("|false")
        } else {
            Ok(())
        }
    }
}

/// The variable by which Terraform uses a provider that is already running.
pub(crate) fn reattach_json(provider_address: &str, address: &Address) -> String {
    serde_json::json!({
        provider_address: {
            "Protocol": "grpc",
            "ProtocolVersion": 6,
            "Pid": std::process::id(),
            "Test": true,
            "Addr": { "Network": address.network(), "String": address.to_string() },
        }
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Wishes, HandshakeError> {
        Wishes::read(|name| {
            let found = vars.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_wrong_cookie_is_no_cookie() {
        assert!(matches!(read(&[]), Err(HandshakeError::NoCookie)));
        assert!(matches!(
            read(&[(COOKIE_NAME, "else")]),
            Err(HandshakeError::NoCookie)
        ));
        assert_eq!(
            read(&[(COOKIE_NAME, COOKIE_VALUE)]).unwrap(),
            Wishes::default()
        );
    }

    #[test]
    fn bad_wishes_are_named() {
        let port = read(&[
            (COOKIE_NAME, COOKIE_VALUE),
            ("PLUGIN_MIN_PORT", "x"),
            ("PLUGIN_MAX_PORT", "25000"),
        ]);
        assert_eq!(
            port.unwrap_err().to_string(),
            "PLUGIN_MIN_PORT is not a port: `x`"
        );
        let cert = read(&[
            (COOKIE_NAME, COOKIE_VALUE),
            ("PLUGIN_CLIENT_CERT", "no pem"),
        ]);
        assert!(matches!(cert, Err(HandshakeError::ClientCert(_))));
    }

    #[test]
    fn the_line_has_six_fields_and_an_unpadded_certificate() {
        let address = Address::Unix("/tmp/plugin1".into());
        let line = |cert, multiplex_asked| {
            Line {
                address: &address,
                server_cert: cert,
                multiplex_asked,
            }
            .to_string()
        };
        assert_eq!(line(None, false), "1|6|unix|/tmp/plugin1|grpc|");
        assert_eq!(
            line(Some(b"a".as_slice()), false),
            "1|6|unix|/tmp/plugin1|grpc|YQ"
        );
        assert_eq!(line(None, true), "1|6|unix|/tmp/plugin1|grpc||false");
    }

    #[test]
    fn the_reattach_variable_is_what_terraform_reads() {
        let address = Address::Unix("/tmp/s".into());
        let json = reattach_json("registry.terraform.io/a/b", &address);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let entry = &json["registry.terraform.io/a/b"];
        assert_eq!(entry["Addr"]["Network"], "unix");
        assert_eq!(entry["Addr"]["String"], "/tmp/s");
        assert_eq!(entry["ProtocolVersion"], 6);
        assert_eq!(entry["Test"], true);
    }
}
