//! Sessions: credentials, roles, the account check, errors.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use stackwright_aws::{
    Adapter, AssumeRole, Aws, AwsError, ConnectError, Freshness, Recorded, SessionConfig,
    WebIdentity, connect,
};
use stackwright_plan::component::Vpc;
use tempfile::TempDir;

use crate::emulated::{Account, REGION, answer, port};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzEXAMPLEKEY";

/// A configuration whose profile has this access key; the folder holds its files.
fn config(access_key: &str) -> (SessionConfig, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    let text =
        format!("[test]\naws_access_key_id = {access_key}\naws_secret_access_key = {SECRET}\n");
    std::fs::write(&file, text).unwrap();
    std::fs::write(folder.path().join("config"), "").unwrap();
    let config = SessionConfig {
        region: Some(REGION.to_owned()),
        profile: Some("test".to_owned()),
        shared_config_files: vec![folder.path().join("config")],
        shared_credentials_files: vec![file],
        endpoint_url: Some(format!("http://127.0.0.1:{}", port())),
        ..SessionConfig::default()
    };
    (config, folder)
}

fn administrator(account: &str) -> String {
    format!("AKIA{account}TEST")
}

fn role(account: &str, name: &str) -> AssumeRole {
    AssumeRole {
        role_arn: format!("arn:aws:iam::{account}:role/{name}"),
        session_name: "ann-run-7".to_owned(),
        ..AssumeRole::default()
    }
}

async fn refused(config: SessionConfig) -> ConnectError {
    connect(config).await.unwrap_err()
}

/// Reads something that is not there.
async fn call(aws: &Aws) -> Result<(), AwsError> {
    let recorded = Recorded::from([("id".to_owned(), "vpc-0123abcd".to_owned())]);
    Vpc::read(aws, &recorded, Freshness::Fresh)
        .await
        .map(|found| assert!(found.is_none()))
}

fn fault(account: &str, mut fault: Json) {
    fault["account"] = json!(account);
    let body = fault.to_string();
    answer(&format!(
        "POST /_stackwright/faults HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
}

fn calls(account: &str) -> Vec<Json> {
    let request = "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let calls = answer(&format!(
        "GET /_stackwright/calls?account={account} {request}"
    ));
    calls.as_array().unwrap().clone()
}

#[tokio::test]
async fn a_session_costs_one_call() {
    let (config, _files) = config(&administrator("720000000001"));
    let aws = connect(config).await.unwrap();
    assert_eq!(aws.account_id, "720000000001");
    assert_eq!(
        aws.principal(),
        "arn:aws:iam::720000000001:user/administrator"
    );
    assert_eq!(
        (aws.partition.as_str(), aws.region.as_str()),
        ("aws", REGION)
    );
    let calls = calls("720000000001");
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0]["action"], "GetCallerIdentity");
}

#[tokio::test]
async fn roles_are_switched_one_after_the_other_under_the_session_name() {
    let (mut config, _files) = config(&administrator("720000000002"));
    config.assume_roles = vec![
        role("720000000003", "OrganizationAccountAccessRole"),
        role("720000000004", "OrganizationAccountAccessRole"),
    ];
    config.allowed_account_ids = vec!["720000000004".to_owned()];
    let aws = connect(config).await.unwrap();
    assert_eq!(
        aws.principal(),
        "arn:aws:sts::720000000004:assumed-role/OrganizationAccountAccessRole/ann-run-7"
    );
    call(&aws).await.unwrap();
    let actions: Vec<String> = ["720000000002", "720000000003", "720000000004"]
        .iter()
        .flat_map(|account| calls(account))
        .map(|call| {
            format!(
                "{} {}",
                call["action"].as_str().unwrap(),
                call["principal"].as_str().unwrap()
            )
        })
        .collect();
    let second = "arn:aws:sts::720000000003:assumed-role/OrganizationAccountAccessRole/ann-run-7";
    let last = "arn:aws:sts::720000000004:assumed-role/OrganizationAccountAccessRole/ann-run-7";
    assert_eq!(
        actions,
        [
            "AssumeRole arn:aws:iam::720000000002:user/administrator".to_owned(),
            format!("AssumeRole {second}"),
            format!("GetCallerIdentity {last}"),
            format!("DescribeVpcs {last}"),
        ]
    );
}

#[tokio::test]
async fn a_role_that_does_not_trust_us_is_named_with_the_caller() {
    let (mut config, _files) = config(&administrator("720000000005"));
    config.assume_roles = vec![role("720000000006", "nobody")];
    match refused(config).await {
        ConnectError::AssumeRoleDenied {
            role_arn,
            principal,
            ..
        } => {
            assert_eq!(role_arn, "arn:aws:iam::720000000006:role/nobody");
            assert_eq!(principal, "arn:aws:iam::720000000005:user/administrator");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn another_account_is_refused_before_anything_else() {
    let (mut config, _files) = config(&administrator("720000000007"));
    config.allowed_account_ids = vec!["720000000008".to_owned()];
    let text = refused(config).await.to_string();
    for part in [
        "720000000007",
        "720000000008",
        "user/administrator",
        "nothing was changed",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[tokio::test]
async fn credentials_that_expired_or_are_unknown_are_told_apart() {
    let (expired, _files) = config("AKIA720000000009EXPIRED");
    assert!(matches!(
        refused(expired).await,
        ConnectError::Expired { .. }
    ));
    let (unknown, _files) = config("AKIAUNKNOWN");
    let error = refused(unknown).await;
    assert!(matches!(error, ConnectError::Rejected { .. }), "{error:?}");
}

#[tokio::test]
async fn a_profile_without_credentials_is_none_found() {
    let (mut config, files) = config("x");
    std::fs::write(files.path().join("credentials"), "[test]\n").unwrap();
    config.profile = Some("test".to_owned());
    let error = refused(config).await;
    assert!(
        matches!(error, ConnectError::NoCredentials { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_missing_credentials_file_is_named() {
    let (mut config, files) = config("x");
    let missing = files.path().join("nowhere");
    config.shared_credentials_files = vec![missing.clone()];
    let text = refused(config).await.to_string();
    assert!(text.contains(&missing.display().to_string()), "{text}");
}

#[tokio::test]
async fn a_missing_token_file_is_named() {
    let (mut config, files) = config("x");
    let token_file = files.path().join("token");
    config.web_identity = Some(WebIdentity {
        role_arn: "arn:aws:iam::720000000010:role/ci".to_owned(),
        session_name: "ci".to_owned(),
        token_file: token_file.clone(),
    });
    match refused(config).await {
        ConnectError::TokenFile { path, .. } => assert_eq!(path, token_file),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_an_error_of_its_role() {
    let (mut config, files) = config("x");
    let token_file = files.path().join("token");
    std::fs::write(&token_file, "hunter2hunter2").unwrap();
    let role_arn = "arn:aws:iam::720000000010:role/ci".to_owned();
    config.web_identity = Some(WebIdentity {
        role_arn: role_arn.clone(),
        session_name: "ci".to_owned(),
        token_file,
    });
    let error = refused(config).await;
    let text = format!("{error:?}");
    assert!(
        text.contains(&role_arn) || matches!(error, ConnectError::Rejected { .. }),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_refused_connection_fails_within_ten_seconds() {
    let (mut config, _files) = config(&administrator("720000000011"));
    // Nothing listens on the port of a listener that is gone.
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    config.endpoint_url = Some(format!("http://{gone}"));
    let start = Instant::now();
    match refused(config).await {
        ConnectError::Unreachable {
            endpoint, cause, ..
        } => {
            assert_eq!(endpoint, format!("http://{gone}"));
            assert!(
                cause.to_lowercase().contains("connection refused"),
                "{cause}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn an_endpoint_of_one_service_wins() {
    let (mut config, _files) = config(&administrator("720000000012"));
    let emulator = config
        .endpoint_url
        .replace("http://127.0.0.1:9".to_owned())
        .unwrap();
    for service in ["sts", "ec2"] {
        config
            .endpoints
            .insert(service.to_owned(), emulator.clone());
    }
    let aws = connect(config).await.unwrap();
    call(&aws).await.unwrap();
}

#[tokio::test]
async fn throttling_is_retried() {
    let account = Account::new().await;
    account.control("faults", json!({"action": "DescribeVpcs", "status": 503, "code": "RequestLimitExceeded", "times": 2}));
    call(&account.aws).await.unwrap();
    assert_eq!(account.calls_of("DescribeVpcs").len(), 3);
}

#[tokio::test]
async fn errors_say_what_to_do_about_them() {
    let id = "720000000013";
    let (mut config, _files) = config(&administrator(id));
    config.max_retries = Some(0);
    let aws = connect(config).await.unwrap();
    let mut texts = Vec::new();
    for (status, code) in [
        (403, "UnauthorizedOperation"),
        (400, "RequestExpired"),
        (503, "RequestLimitExceeded"),
        (500, "InternalError"),
        (400, "InvalidParameterValue"),
    ] {
        let message = format!("canary token=hunter2 {SECRET} of vpc-0123abcd");
        fault(
            id,
            json!({"action": "DescribeVpcs", "status": status, "code": code, "message": message}),
        );
        texts.push(call(&aws).await.unwrap_err().to_string());
    }
    assert_eq!(
        texts,
        [
            "arn:aws:iam::720000000013:user/administrator may not call ec2:DescribeVpcs: canary token=*** *** of vpc-0123abcd",
            "the credentials of arn:aws:iam::720000000013:user/administrator were not accepted by ec2:DescribeVpcs (RequestExpired)",
            "ec2:DescribeVpcs was throttled 1 times (RequestLimitExceeded)",
            "ec2:DescribeVpcs failed inside AWS (InternalError): canary token=*** *** of vpc-0123abcd",
            "ec2:DescribeVpcs was refused (InvalidParameterValue): canary token=*** *** of vpc-0123abcd",
        ]
    );
}

#[tokio::test]
async fn nothing_that_can_be_printed_shows_credentials() {
    let (config, _files) = config(&administrator("720000000014"));
    let aws = connect(config.clone()).await.unwrap();
    for text in [format!("{aws:?}"), format!("{config:?}")] {
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[tokio::test]
async fn the_role_for_writing_is_assumed_when_something_is_written() {
    let (mut config, _files) = config(&administrator("720000000021"));
    let name = "OrganizationAccountAccessRole";
    config.assume_roles = vec![role("720000000022", name)];
    let mut writer = role("720000000022", name);
    writer.session_name = "writer".to_owned();
    config.apply_role = Some(writer);
    let aws = connect(config).await.unwrap();
    let assumed = || {
        let all = calls("720000000021").into_iter();
        all.filter(|call| call["action"] == "AssumeRole").count()
    };
    call(&aws).await.unwrap();
    assert!(
        aws.principal().ends_with("/ann-run-7"),
        "{}",
        aws.principal()
    );
    assert_eq!(assumed(), 1);
    let (one, two) = tokio::join!(aws.begin_writing(), aws.begin_writing());
    one.and(two).unwrap();
    assert_eq!(
        assumed(),
        2,
        "it is assumed once, from the credentials before the role for reading"
    );
    call(&aws).await.unwrap();
    let last = calls("720000000022").pop().unwrap();
    let principal = format!("arn:aws:sts::720000000022:assumed-role/{name}/writer");
    assert_eq!(
        (last["principal"].as_str(), aws.principal()),
        (Some(principal.as_str()), principal.clone())
    );
}

#[tokio::test]
async fn a_role_for_writing_in_another_account_is_refused() {
    let (mut config, _files) = config(&administrator("720000000023"));
    let name = "OrganizationAccountAccessRole";
    config.assume_roles = vec![role("720000000024", name)];
    config.apply_role = Some(role("720000000025", name));
    let aws = connect(config).await.unwrap();
    let refused = aws.begin_writing().await.unwrap_err();
    assert!(
        matches!(refused, ConnectError::OtherAccount { .. }),
        "{refused}"
    );
    assert!(aws.principal().contains("720000000024"));
}
