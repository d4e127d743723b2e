//! An account of its own in the emulator, for each test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value as Json, json};
use stackwright_aws::{
    Adapter, Aws, AwsError, Freshness, Observed, Recorded, SessionConfig, Wait, connect,
};
use stackwright_plan::diff::{self, FieldDiff};
use stackwright_plan::{OwnTags, ResourceId, Scope, to_map};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) const REGION: &str = "us-west-2";

/// One emulator for all tests of this process; it ends with its standard input, so with us.
pub(crate) fn port() -> u16 {
    static EMULATOR: OnceLock<(Child, u16)> = OnceLock::new();
    EMULATOR.get_or_init(start).1
}

fn start() -> (Child, u16) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../acceptance-tests/emulator")
        .canonicalize()
        .unwrap();
    let setup = Command::new(folder.join("setup.sh"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(setup.status.success(), "setup.sh failed");
    let python = String::from_utf8(setup.stdout)
        .unwrap()
        .lines()
        .last()
        .unwrap()
        .to_owned();
    let mut child = Command::new(python)
        .args(["-m", "stackwright_emulator"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let said: Json = serde_json::from_str(&line).unwrap();
    (
        child,
        u16::try_from(said["port"].as_u64().unwrap()).unwrap(),
    )
}

/// An empty account and a session in it.
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) aws: Aws,
}

impl Account {
    pub(crate) async fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(710_000_000_000);
        Self::again(&NEXT.fetch_add(1, Ordering::Relaxed).to_string()).await
    }

    /// Another session in an account.
    pub(crate) async fn again(id: &str) -> Self {
        let id = id.to_owned();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        let text =
            format!("[test]\naws_access_key_id = AKIA{id}TEST\naws_secret_access_key = anything\n");
        std::fs::write(&file, text).unwrap();
        let config = SessionConfig {
            region: Some(REGION.to_owned()),
            profile: Some("test".to_owned()),
            shared_credentials_files: vec![file],
            endpoint_url: Some(format!("http://127.0.0.1:{}", port())),
            allowed_account_ids: vec![id.clone()],
            ..SessionConfig::default()
        };
        let aws = connect(config).await.unwrap();
        Self { id, aws }
    }

    pub(crate) fn scope(&self) -> Scope {
        Scope {
            project: "acme".to_owned(),
            environment: "stage".to_owned(),
            owner: "acme/stage".to_owned(),
            account_id: self.id.clone(),
            region: REGION.to_owned(),
            partition: "aws".to_owned(),
            default_tags: [].into(),
            unknown_tags: stackwright_plan::UnknownTags::None,
            iam_path: "/".to_owned(),
            permissions_boundary: None,
            monitoring: stackwright_plan::Monitoring::default(),
        }
    }

    /// The tags of a component of this resource.
    pub(crate) fn own_tags(&self, kind: &str, id: &str, component: &str) -> OwnTags {
        let tags = self
            .scope()
            .tags(&ResourceId::new(kind, id), component, None, &[].into());
        OwnTags::read(&tags).unwrap()
    }

    /// A control request of the emulator.
    pub(crate) fn control(&self, path: &str, mut body: Json) -> Json {
        body["account"] = json!(self.id);
        let body = body.to_string();
        let request = format!(
            "POST /_stackwright/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        answer(&request)
    }

    /// Calls of this account so far.
    pub(crate) fn calls(&self) -> Vec<Json> {
        let request = format!(
            "GET /_stackwright/calls?account={} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            self.id
        );
        answer(&request).as_array().unwrap().clone()
    }

    /// Calls of one action.
    pub(crate) fn calls_of(&self, action: &str) -> Vec<Json> {
        self.calls()
            .into_iter()
            .filter(|call| call["action"] == action)
            .collect()
    }

    /// What another client does.
    pub(crate) fn outside(&self, service: &str, operation: &str, params: Json) -> Json {
        let mut body = json!({"region": REGION, "service": service, "operation": operation});
        body["params"] = params;
        let answer = self.control("outside", body);
        assert!(answer.get("error").is_none(), "{operation}: {answer}");
        answer
    }

    /// Brings a component into being as the engine does: create, read, write what still differs, read.
    pub(crate) async fn make<C: Adapter>(&self, desired: &C) -> Recorded {
        let created = desired.create(&self.aws, "token").await.unwrap();
        let observed = self.read::<C>(&created.outputs).await;
        let changed = differences(desired, &observed);
        assert_eq!(changed.is_empty(), created.complete, "{changed:?}");
        if !created.complete {
            desired
                .update(&self.aws, &observed, &changed)
                .await
                .unwrap();
        }
        self.assert_same(desired, &created.outputs).await;
        created.outputs
    }

    /// Writes what differs and reads it back.
    pub(crate) async fn change<C: Adapter>(&self, desired: &C, recorded: &Recorded) {
        let observed = self.read::<C>(recorded).await;
        let changed = differences(desired, &observed);
        assert!(!changed.is_empty(), "nothing differs");
        desired
            .update(&self.aws, &observed, &changed)
            .await
            .unwrap();
        self.assert_same(desired, recorded).await;
    }

    pub(crate) async fn read<C: Adapter>(&self, recorded: &Recorded) -> Observed<C> {
        C::read(&self.aws, recorded, Freshness::Fresh)
            .await
            .unwrap()
            .expect("it is there")
    }

    pub(crate) async fn assert_same<C: Adapter>(&self, desired: &C, recorded: &Recorded) {
        for freshness in [Freshness::Fresh, Freshness::Cached] {
            let observed = C::read(&self.aws, recorded, freshness)
                .await
                .unwrap()
                .expect("it is there");
            assert_eq!(differences(desired, &observed), [], "{freshness:?}");
        }
    }

    /// Deletes it, twice, and sees that it is gone.
    pub(crate) async fn remove<C: Adapter>(&self, recorded: &Recorded) {
        for _ in 0..2 {
            C::delete(&self.aws, recorded, &wait()).await.unwrap();
            for freshness in [Freshness::Fresh, Freshness::Cached] {
                assert!(
                    C::read(&self.aws, recorded, freshness)
                        .await
                        .unwrap()
                        .is_none()
                );
            }
        }
    }
}

pub(crate) fn wait() -> Wait {
    Wait {
        deadline: Instant::now() + Duration::from_mins(1),
        cancel: CancellationToken::new(),
    }
}

pub(crate) fn differences<C: Adapter>(desired: &C, observed: &Observed<C>) -> Vec<FieldDiff> {
    diff::fields(&to_map(desired), &to_map(&observed.component), C::UNORDERED)
}

pub(crate) fn code(error: &AwsError) -> &str {
    match error {
        AwsError::Refused { code, .. } => code,
        _ => "",
    }
}

pub(crate) fn answer(request: &str) -> Json {
    let mut stream = TcpStream::connect(("127.0.0.1", port())).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{text}");
    serde_json::from_str(body).unwrap()
}
