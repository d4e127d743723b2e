//! The corner provider as a process, with a client that does what go-plugin does.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, PKCS_ECDSA_P521_SHA512};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use tempfile::TempDir;
use tfplugin_rs::proto::plugin::grpc_broker_client::GrpcBrokerClient;
use tfplugin_rs::proto::plugin::grpc_controller_client::GrpcControllerClient;
use tfplugin_rs::proto::plugin::grpc_stdio_client::GrpcStdioClient;
use tfplugin_rs::proto::plugin::{ConnInfo, Empty};
use tfplugin_rs::proto::tfplugin6 as proto;
use tfplugin_rs::proto::tfplugin6::provider_client::ProviderClient;
use tfplugin_types::{TfObject as _, Type, Value, msgpack};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStderr, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};

use crate::corner::{Panicking, SlowThing, Thing};
use crate::corner_program;
use crate::value::{object, with};

const COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);
/// Long enough for a loaded machine; only a hanging test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client certificate as go-plugin makes it: P-521, self-signed, an authority.
struct Identity {
    certificate: CertificateDer<'static>,
    pem: String,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Identity {
    fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()),
        }
    }
}

/// A running provider.
struct Plugin {
    child: Child,
    fields: Vec<String>,
    identity: Identity,
    dir: TempDir,
}

fn command(dir: &Path) -> Command {
    // Under `nohup` this process ignores SIGHUP, and so would its children. One with a handler of its own gives
    // them the default.
    drop(signal(SignalKind::hangup()).unwrap());
    let mut command = Command::new(corner_program());
    command
        .env_clear()
        .env(COOKIE.0, COOKIE.1)
        .env("PLUGIN_UNIX_SOCKET_DIR", dir)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn first_line(child: &mut Child) -> String {
    let mut stdout = BufReader::new(child.stdout.as_mut().unwrap());
    let mut line = String::new();
    let read = stdout.read_line(&mut line);
    tokio::time::timeout(PATIENCE, read)
        .await
        .expect("no handshake")
        .unwrap();
    assert!(line.ends_with('\n'), "{line:?}");
    line.trim_end().to_owned()
}

async fn start() -> Plugin {
    start_with(&[]).await
}

async fn start_with(environment: &[(&str, &str)]) -> Plugin {
    let identity = Identity::new();
    let dir = tempfile::tempdir().unwrap();
    let mut command = command(dir.path());
    command
        .env("PLUGIN_CLIENT_CERT", &identity.pem)
        .envs(environment.iter().copied());
    let mut child = command.spawn().unwrap();
    let line = first_line(&mut child).await;
    let fields = line.split('|').map(str::to_owned).collect();
    Plugin {
        child,
        fields,
        identity,
        dir,
    }
}

impl Plugin {
    fn socket(&self) -> PathBuf {
        PathBuf::from(&self.fields[3])
    }

    fn server_cert(&self) -> CertificateDer<'static> {
        CertificateDer::from(STANDARD_NO_PAD.decode(&self.fields[5]).unwrap())
    }

    async fn connect(&self) -> Channel {
        self.connect_as(Some(&self.identity)).await.unwrap()
    }

    async fn connect_as(
        &self,
        identity: Option<&Identity>,
    ) -> Result<Channel, tonic::transport::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(self.server_cert()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder
                .with_client_auth_cert(
                    vec![identity.certificate.clone()],
                    identity.key.clone_key().into(),
                )
                .unwrap(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        let socket = self.socket();
        let connect = tower::service_fn(move |_| {
            let (connector, socket) = (connector.clone(), socket.clone());
            async move {
                let stream = UnixStream::connect(socket).await?;
                let name = ServerName::try_from("localhost").unwrap();
                connector.connect(name, stream).await.map(TokioIo::new)
            }
        });
        Endpoint::from_static("http://localhost")
            .connect_with_connector(connect)
            .await
    }

    async fn provider(&self) -> ProviderClient<Channel> {
        ProviderClient::new(self.connect().await)
            .max_decoding_message_size(256 << 20)
            .max_encoding_message_size(256 << 20)
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    async fn ended(&mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .expect("still running")
            .unwrap()
    }

    /// Ends it and answers what it has written to stderr.
    async fn stderr(mut self) -> String {
        let mut text = String::new();
        let mut stderr: ChildStderr = self.child.stderr.take().unwrap();
        let read = tokio::spawn(async move {
            stderr.read_to_string(&mut text).await.unwrap();
            text
        });
        self.signal(Signal::SIGTERM);
        self.ended().await;
        read.await.unwrap()
    }
}

#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "calls read better"
)]
fn encode(value: Value, ty: &Type) -> Option<proto::DynamicValue> {
    Some(proto::DynamicValue {
        msgpack: msgpack::encode(&value, ty),
        json: Vec::new(),
    })
}

fn decode(value: Option<&proto::DynamicValue>, ty: &Type) -> Value {
    msgpack::decode(&value.unwrap().msgpack, ty).unwrap()
}

/// The object with null for every attribute that is not given.
fn whole(ty: &Type, fields: Value) -> Value {
    let Type::Object(types) = ty else {
        panic!("not an object")
    };
    let empty = Value::object(types.keys().map(|name| (name.clone(), Value::Null)));
    let Value::Map(given) = fields else {
        panic!("not an object")
    };
    let mut all = empty;
    all.as_map_mut().unwrap().extend(given);
    all
}

fn thing(fields: Value) -> Option<proto::DynamicValue> {
    let ty = Thing::block().ty();
    let thing = whole(&ty, with(object([("mount", Value::list([]))]), []));
    let Value::Map(given) = fields else {
        panic!("not an object")
    };
    let mut thing = thing;
    thing.as_map_mut().unwrap().extend(given);
    encode(thing, &ty)
}

async fn plan_of(
    client: &mut ProviderClient<Channel>,
    type_name: &str,
    config: Option<proto::DynamicValue>,
) -> proto::plan_resource_change::Response {
    let request = proto::plan_resource_change::Request {
        type_name: type_name.to_owned(),
        config,
        ..proto::plan_resource_change::Request::default()
    };
    client
        .plan_resource_change(request)
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test]
async fn the_handshake_the_schema_and_a_prompt_end() {
    let mut plugin = start().await;
    assert_eq!(plugin.fields[..3], ["1", "6", "unix"]);
    assert_eq!(plugin.fields[4], "grpc");
    assert_eq!(plugin.fields.len(), 6);
    assert!(plugin.socket().starts_with(plugin.dir.path()));
    let mut client = plugin.provider().await;
    let schema = client
        .get_provider_schema(proto::get_provider_schema::Request {})
        .await
        .unwrap();
    let schema = schema.into_inner();
    assert_eq!(schema.diagnostics, []);
    assert_eq!(schema.resource_schemas.len(), 5);
    assert!(schema.server_capabilities.unwrap().plan_destroy);
    // An open stream of each kind must not hold up the end.
    let mut stdio = GrpcStdioClient::new(plugin.connect().await);
    let mut output = stdio.stream_stdio(()).await.unwrap().into_inner();
    let mut broker = GrpcBrokerClient::new(plugin.connect().await);
    let idle = tokio_stream::pending::<ConnInfo>();
    let mut offers = broker
        .start_stream(Request::new(idle))
        .await
        .unwrap()
        .into_inner();
    let start = Instant::now();
    GrpcControllerClient::new(plugin.connect().await)
        .shutdown(Empty {})
        .await
        .unwrap();
    assert!(plugin.ended().await.success());
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "go-plugin kills after 2 s"
    );
    assert!(
        output
            .message()
            .await
            .is_ok_and(|message| message.is_none())
    );
    assert!(!matches!(offers.message().await, Ok(Some(_))));
    assert!(!plugin.socket().exists(), "the socket was left behind");
}

#[tokio::test]
async fn nobody_else_may_connect() {
    let plugin = start().await;
    let stranger = Identity::new();
    for identity in [None, Some(&stranger)] {
        // With TLS 1.3 the refusal arrives with the first answer.
        let refused = match plugin.connect_as(identity).await {
            Err(_) => true,
            Ok(channel) => {
                let mut client = ProviderClient::new(channel);
                client
                    .stop_provider(proto::stop_provider::Request {})
                    .await
                    .is_err()
            }
        };
        assert!(refused);
    }
    plugin
        .provider()
        .await
        .stop_provider(proto::stop_provider::Request {})
        .await
        .unwrap();
}

#[tokio::test]
async fn a_client_that_is_stuck_holds_up_nobody() {
    let plugin = start().await;
    let _stuck = UnixStream::connect(plugin.socket()).await.unwrap();
    plugin
        .provider()
        .await
        .stop_provider(proto::stop_provider::Request {})
        .await
        .unwrap();
}

#[tokio::test]
async fn without_the_cookie_a_person_is_told_what_this_is() {
    let output = Command::new(corner_program())
        .env_clear()
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("Terraform provider corner"), "{said}");
}

#[tokio::test]
async fn a_bad_client_certificate_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let output = command(dir.path())
        .env("PLUGIN_CLIENT_CERT", "nonsense")
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("PLUGIN_CLIENT_CERT is not a PEM certificate"),
        "{said}"
    );
}

#[tokio::test]
async fn without_a_client_certificate_there_is_no_tls() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = command(dir.path()).spawn().unwrap();
    let line = first_line(&mut child).await;
    assert!(line.ends_with("|grpc|"), "{line}");
    let socket = PathBuf::from(line.split('|').nth(3).unwrap());
    let channel = plain(socket).await;
    ProviderClient::new(channel)
        .stop_provider(proto::stop_provider::Request {})
        .await
        .unwrap();
}

async fn plain(socket: PathBuf) -> Channel {
    let connect = tower::service_fn(move |_| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    Endpoint::from_static("http://localhost")
        .connect_with_connector(connect)
        .await
        .unwrap()
}

#[tokio::test]
async fn debug_mode_says_how_to_attach_and_ends_with_ctrl_c() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = command(dir.path());
    let mut child = command
        .env("TMPDIR", dir.path())
        .arg("--debug")
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if line.contains("TF_REATTACH_PROVIDERS=") {
            break line;
        }
    };
    let json = line
        .trim()
        .trim_start_matches("TF_REATTACH_PROVIDERS='")
        .trim_end_matches('\'');
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    let entry = &json["registry.terraform.io/corner/corner"];
    assert_eq!(entry["Pid"], child.id().unwrap());
    let socket = PathBuf::from(entry["Addr"]["String"].as_str().unwrap());
    let mut client = ProviderClient::new(plain(socket).await);
    client
        .stop_provider(proto::stop_provider::Request {})
        .await
        .unwrap();
    kill(
        Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    assert!(
        tokio::time::timeout(PATIENCE, child.wait())
            .await
            .unwrap()
            .unwrap()
            .success()
    );
}

#[tokio::test]
async fn an_interrupt_is_ignored_and_a_termination_is_not() {
    let mut plugin = start().await;
    let mut client = plugin.provider().await;
    plugin.signal(Signal::SIGINT);
    client
        .stop_provider(proto::stop_provider::Request {})
        .await
        .unwrap();
    plugin.signal(Signal::SIGINT);
    client
        .stop_provider(proto::stop_provider::Request {})
        .await
        .unwrap();
    plugin.signal(Signal::SIGTERM);
    assert!(plugin.ended().await.success());
}

#[tokio::test]
async fn the_death_of_the_parent_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    // The shell is the parent; its own output must not keep the pipe open.
    shell
        .arg("-c")
        .arg("\"$0\" & exec >&- 2>&-; wait")
        .arg(corner_program());
    shell
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env(COOKIE.0, COOKIE.1)
        .env("PLUGIN_UNIX_SOCKET_DIR", dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut shell = shell.spawn().unwrap();
    first_line(&mut shell).await;
    let mut stderr = shell.stderr.take().unwrap();
    shell.start_kill().unwrap();
    let mut rest = String::new();
    let ended = tokio::time::timeout(PATIENCE, stderr.read_to_string(&mut rest)).await;
    ended.expect("the provider outlives its parent").unwrap();
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        0,
        "the socket was left behind"
    );
}

#[tokio::test]
async fn messages_may_be_large() {
    let plugin = start().await;
    let mut client = plugin.provider().await;
    let note = "n".repeat(9 << 20);
    let config = thing(object([
        ("name", "a".into()),
        ("note", note.as_str().into()),
    ]));
    let answer = plan_of(&mut client, "corner_thing", config).await;
    assert_eq!(answer.diagnostics, []);
    let planned = decode(answer.planned_state.as_ref(), &Thing::block().ty());
    assert_eq!(planned.get("note").as_str().unwrap().len(), note.len());
}

#[tokio::test]
async fn what_is_not_offered_is_unimplemented_and_what_is_unknown_is_a_diagnostic() {
    let plugin = start().await;
    let mut client = plugin.provider().await;
    let request = proto::move_resource_state::Request::default();
    let status = client.move_resource_state(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    let answer = plan_of(&mut client, "corner_nothing", None).await;
    assert_eq!(answer.diagnostics[0].summary, "Unknown Type Name");
    let request = proto::read_data_source::Request {
        type_name: "corner_nothing".to_owned(),
        ..proto::read_data_source::Request::default()
    };
    let answer = client.read_data_source(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics[0].summary, "Unknown Type Name");
}

#[tokio::test]
async fn undecodable_input_is_reported_at_its_attribute() {
    let plugin = start().await;
    let mut client = plugin.provider().await;
    let ty = Thing::block().ty();
    let Type::Object(mut types) = ty.clone() else {
        panic!("not an object")
    };
    types.insert("count".to_owned(), Type::list(Type::String));
    let wrong = Type::Object(types);
    let config = object([
        ("count", Value::list(["x".into()])),
        ("mount", Value::list([])),
    ]);
    let answer = plan_of(
        &mut client,
        "corner_thing",
        encode(whole(&wrong, config), &wrong),
    )
    .await;
    let diagnostic = &answer.diagnostics[0];
    assert_eq!(diagnostic.summary, "Unreadable Value from Terraform");
    let step = diagnostic.attribute.as_ref().unwrap().steps[0]
        .selector
        .clone()
        .unwrap();
    let name = proto::attribute_path::step::Selector::AttributeName("count".to_owned());
    assert_eq!(step, name);
}

#[tokio::test]
async fn a_client_without_write_only_attributes_is_told_so() {
    let plugin = start().await;
    let mut client = plugin.provider().await;
    let request = proto::validate_resource_config::Request {
        type_name: "corner_thing".to_owned(),
        config: thing(object([("name", "a".into()), ("secret", "s".into())])),
        client_capabilities: None,
    };
    let answer = client
        .validate_resource_config(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        answer.diagnostics[0].summary,
        "Write-Only Attribute Not Allowed"
    );
}

type Applying = tokio::task::JoinHandle<
    Result<tonic::Response<proto::apply_resource_change::Response>, tonic::Status>,
>;

/// What the provider says of an apply that heard of the end.
const INTERRUPTED: &str = "Create Was Interrupted";

/// An apply that lasts until somebody stops it, after it has begun.
async fn lasting_apply(
    plugin: &Plugin,
    client: &mut ProviderClient<Channel>,
    deaf: bool,
) -> Applying {
    let signal = plugin.dir.path().join("begun");
    let ty = SlowThing::block().ty();
    let fields = [
        ("signal", signal.to_str().unwrap().into()),
        ("deaf", Value::Bool(deaf)),
    ];
    let config = whole(&ty, object(fields));
    let planned = plan_of(client, "corner_slow", encode(config.clone(), &ty)).await;
    let request = proto::apply_resource_change::Request {
        type_name: "corner_slow".to_owned(),
        planned_state: planned.planned_state,
        config: encode(config, &ty),
        ..proto::apply_resource_change::Request::default()
    };
    let mut applying = client.clone();
    let apply = tokio::spawn(async move { applying.apply_resource_change(request).await });
    while !signal.exists() {
        assert!(!apply.is_finished(), "{:?}", apply.await);
        tokio::task::yield_now().await;
    }
    apply
}

/// By a signal, or by Terraform's Shutdown.
async fn end(plugin: &Plugin, signal: Option<Signal>) {
    match signal {
        Some(signal) => plugin.signal(signal),
        None => drop(
            GrpcControllerClient::new(plugin.connect().await)
                .shutdown(Empty {})
                .await,
        ),
    }
}

async fn answers_partial_state(apply: Applying, summary: &str) {
    let answer = apply.await.unwrap().unwrap().into_inner();
    assert_eq!(answer.diagnostics[0].summary, summary);
    let state = decode(answer.new_state.as_ref(), &SlowThing::block().ty());
    assert_eq!(state.get("id"), &"slow-1".into());
}

#[tokio::test]
async fn stopping_an_apply_answers_partial_state() {
    let plugin = start().await;
    let mut client = plugin.provider().await;
    let apply = lasting_apply(&plugin, &mut client, false).await;
    plugin.signal(Signal::SIGINT);
    client
        .stop_provider(proto::stop_provider::Request {})
        .await
        .unwrap();
    answers_partial_state(apply, INTERRUPTED).await;
}

/// `timeout`, systemd and CI runners signal the whole group: what exists must get into the state.
#[tokio::test]
async fn whatever_ends_the_process_open_calls_answer_partial_state() {
    for signal in [Some(Signal::SIGTERM), Some(Signal::SIGHUP), None] {
        let mut plugin = start().await;
        let mut client = plugin.provider().await;
        let apply = lasting_apply(&plugin, &mut client, false).await;
        end(&plugin, signal).await;
        answers_partial_state(apply, INTERRUPTED).await;
        assert!(plugin.ended().await.success(), "{signal:?}");
        assert!(!plugin.socket().exists(), "{signal:?} left the socket");
    }
}

/// Runners of CI kill a few seconds after they asked for an end, whatever a call still waits for.
#[tokio::test]
async fn a_call_that_does_not_hear_of_the_end_is_answered_with_its_checkpoint() {
    for signal in [Some(Signal::SIGTERM), None] {
        let mut plugin = start().await;
        let mut client = plugin.provider().await;
        let apply = lasting_apply(&plugin, &mut client, true).await;
        end(&plugin, signal).await;
        answers_partial_state(apply, "Stopped While a Call Was Open").await;
        assert!(plugin.ended().await.success(), "{signal:?}");
        assert!(!plugin.socket().exists(), "{signal:?} left the socket");
    }
}

/// A call that Terraform makes between the signal and its own end is answered, but begins nothing.
#[tokio::test]
async fn a_call_after_a_termination_is_stopped_at_once() {
    let plugin = start().await;
    let mut client = plugin.provider().await;
    let first = lasting_apply(&plugin, &mut client, false).await;
    plugin.signal(Signal::SIGTERM);
    answers_partial_state(first, INTERRUPTED).await;
    std::fs::remove_file(plugin.dir.path().join("begun")).unwrap();
    let second = lasting_apply(&plugin, &mut client, false).await;
    answers_partial_state(second, INTERRUPTED).await;
}

#[tokio::test]
async fn a_hang_up_that_was_ignored_at_the_start_stays_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let mut nohup = Command::new("nohup");
    nohup
        .arg(corner_program())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env(COOKIE.0, COOKIE.1)
        .env("PLUGIN_UNIX_SOCKET_DIR", dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut child = nohup.spawn().unwrap();
    first_line(&mut child).await;
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap());
    kill(pid, Signal::SIGHUP).unwrap();
    kill(pid, Signal::SIGUSR1).unwrap();
    // The second signal is not caught and kills it: so it has outlived the first one.
    let status = tokio::time::timeout(PATIENCE, child.wait()).await;
    let status = status.expect("still running").unwrap();
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&status),
        Some(Signal::SIGUSR1 as i32)
    );
}

#[tokio::test]
async fn a_panic_leaves_a_trace_on_stderr_and_the_process_alive() {
    let plugin = start().await;
    let mut client = plugin.provider().await;
    let ty = Panicking::block().ty();
    let config = encode(whole(&ty, object([("when", "plan".into())])), &ty);
    let answer = plan_of(&mut client, "corner_panic", config).await;
    assert_eq!(answer.diagnostics[0].summary, "The Provider Has Crashed");
    let config = thing(object([("name", "a".into())]));
    assert_eq!(
        plan_of(&mut client, "corner_thing", config)
            .await
            .diagnostics,
        []
    );
    let said = plugin.stderr().await;
    assert!(
        said.starts_with("panic: assertion") && said.contains("at plan"),
        "{said}"
    );
    assert!(
        said.contains("corner::provider") && !said.contains("tokio::runtime"),
        "{said}"
    );
}

#[tokio::test]
async fn logs_are_what_terraform_reads_and_hold_no_secrets() {
    let plugin = start_with(&[("TF_LOG", "trace")]).await;
    let mut client = plugin.provider().await;
    let request = proto::configure_provider::Request::default();
    client.configure_provider(request).await.unwrap();
    let config = thing(object([("name", "a".into()), ("secret", "canary".into())]));
    plan_of(&mut client, "corner_thing", config).await;
    plan_of(&mut client, "corner_nothing", None).await;
    let said = plugin.stderr().await;
    assert!(!said.contains("canary"), "{said}");
    let (stray, lines): (Vec<&str>, Vec<&str>) =
        said.lines().partition(|line| !line.starts_with('{'));
    assert_eq!(
        stray,
        ["a stray print"],
        "stdout goes to stderr after the handshake"
    );
    let lines: Vec<serde_json::Value> = lines
        .into_iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &lines {
        assert!(
            line["@message"].is_string() && line["@level"].is_string(),
            "{line}"
        );
        assert_eq!(line["@timestamp"].as_str().unwrap().len(), 27, "{line}");
    }
    let configured = lines
        .iter()
        .find(|line| line["@message"] == "configured")
        .unwrap();
    assert_eq!(configured["tf_rpc"], "ConfigureProvider");
    assert_eq!(
        configured["tf_provider_addr"],
        "registry.terraform.io/corner/corner"
    );
    assert!(configured["tf_req_id"].is_string());
    let served = lines
        .iter()
        .find(|line| line["tf_resource_type"] == "corner_thing")
        .unwrap();
    assert_eq!(served["tf_rpc"], "PlanResourceChange");
    assert!(
        lines
            .iter()
            .any(|line| line["diagnostic_summary"] == "Unknown Type Name")
    );
}

#[tokio::test]
async fn without_tf_log_it_is_silent() {
    let plugin = start().await;
    plan_of(&mut plugin.provider().await, "corner_nothing", None).await;
    assert_eq!(plugin.stderr().await, "");
}

#[tokio::test]
async fn a_hundred_calls_at_once() {
    let plugin = start().await;
    let client = plugin.provider().await;
    let calls = (0..100).map(|number: i64| {
        let mut client = client.clone();
        tokio::spawn(async move {
            let name = format!("thing-{number}");
            let config = thing(object([("name", name.as_str().into())]));
            let answer = plan_of(&mut client, "corner_thing", config).await;
            let planned = decode(answer.planned_state.as_ref(), &Thing::block().ty());
            assert_eq!(planned.get("name"), &name.into());
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
}
