//! The HTTP client of all AWS clients: TLS is set up with the first `https` request, because reading
//! the machine's root certificates would cost every start, also one that talks to an emulator only.
//!
//! Proxies are those of the environment (`HTTPS_PROXY`, `NO_PROXY`), root certificates those of the
//! machine (`SSL_CERT_FILE` is honoured) and of `AWS_CA_BUNDLE`.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_http_client::{Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::session::ConnectError;

/// Makes the client.
pub(crate) fn client() -> SharedHttpClient {
    SharedHttpClient::new(Client::default())
}

type Timeouts = (Option<Duration>, Option<Duration>);

/// One connector (and connection pool) per pair of time-outs: those of IMDS are shorter.
#[derive(Debug, Default)]
struct Client {
    connectors: Mutex<Vec<(Timeouts, SharedHttpConnector)>>,
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let timeouts = (settings.connect_timeout(), settings.read_timeout());
        let mut connectors = self
            .connectors
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connector)) = connectors.iter().find(|(known, _)| *known == timeouts) {
            return connector.clone();
        }
        let mut builder = Connector::builder()
            .connector_settings(settings.clone())
            .proxy_config(ProxyConfig::from_env());
        builder.set_sleep_impl(components.sleep_impl());
        let connector = SharedHttpConnector::new(ByScheme::new(builder));
        connectors.push((timeouts, connector.clone()));
        connector
    }
}

/// Plain HTTP at once, TLS when it is needed.
#[derive(Debug)]
struct ByScheme {
    builder: ConnectorBuilder,
    plain: OnceLock<Connector>,
    tls: OnceLock<Connector>,
}

impl ByScheme {
    const fn new(builder: ConnectorBuilder) -> Self {
        Self {
            builder,
            plain: OnceLock::new(),
            tls: OnceLock::new(),
        }
    }

    fn plain(&self) -> &Connector {
        self.plain.get_or_init(|| self.builder.clone().build_http())
    }

    fn tls(&self) -> &Connector {
        self.tls.get_or_init(|| {
            let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
            self.builder
                .clone()
                .tls_provider(provider)
                .tls_context(roots())
                .build()
        })
    }
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if request.uri().starts_with("http://") && !proxied() {
            self.plain().call(request)
        } else {
            self.tls().call(request)
        }
    }
}

/// A plain request through a proxy may need TLS for the proxy itself.
fn proxied() -> bool {
    ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .any(|name| std::env::var(name).is_ok_and(|proxy| proxy.starts_with("https:")))
}

/// Refuses an `AWS_CA_BUNDLE` without certificates: whoever sets it wants no other roots than these to matter, and
/// would not learn why TLS fails.
pub(crate) fn check_bundle() -> Result<(), ConnectError> {
    let Some(path) = bundle_path() else {
        return Ok(());
    };
    let problem = match std::fs::read(&path) {
        Ok(pem) if String::from_utf8_lossy(&pem).contains(CERTIFICATE) => return Ok(()),
        Ok(_) => "it holds no certificate in PEM".to_owned(),
        Err(error) => error.kind().to_string(),
    };
    Err(ConnectError::CaBundle { path, problem })
}

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// Nothing for an empty text, as in AWS's own tools.
fn bundle_path() -> Option<PathBuf> {
    let path = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty());
    path.map(PathBuf::from)
}

/// The machine's root certificates and those of `AWS_CA_BUNDLE`.
fn roots() -> TlsContext {
    let bundle = bundle_path().and_then(|path| std::fs::read(path).ok());
    let mut store = TrustStore::default();
    if let Some(pem) = bundle {
        store.add_pem_certificate(pem);
    }
    TlsContext::builder()
        .with_trust_store(store)
        .build()
        .unwrap_or_default()
}
