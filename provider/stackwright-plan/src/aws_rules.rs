//! Rules of AWS that its emulators do not enforce, as pure checks on one value.
//!
//! Each answers what is wrong in a sentence that ends with what to do. Sources are named at each.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::cidr::Cidr;

/// The longest policy document that a role takes inline, all inline policies together.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub const INLINE_POLICIES: usize = 10_240;

/// The longest trust policy of a role.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub const TRUST_POLICY: usize = 2_048;

/// Days that CloudWatch Logs can keep a log group.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>
pub const RETENTION_DAYS: &[i64] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// The longest value of an SSM parameter (intelligent tiering moves it to the advanced tier).
/// Source: <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>
pub const PARAMETER: usize = 8_192;

/// Name of a network, cluster or app: part of AWS names of many kinds.
pub fn resource_name(name: &String) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = (1..=32).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(letters);
    refuse_unless(fits, || {
        format!(
            "`{name}` does not work in the names of AWS objects. Use 1 to 32 lower-case letters, digits and `-`, beginning with a letter and not ending with `-`."
        )
    })
}

/// Name of a process: also the name of its container.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>
pub fn process_name(name: &String) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let fits = (1..=64).contains(&name.len()) && name.chars().all(letters);
    refuse_unless(fits, || {
        format!(
            "`{name}` is not a process name. Use 1 to 64 letters, digits, `-` and `_`, as in a Procfile."
        )
    })
}

/// What the name of an S3 bucket does not begin with.
pub const BUCKET_PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];

/// What the name of an S3 bucket does not end with.
pub const BUCKET_SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/// Whether this is the name of an S3 bucket.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
pub fn s3_bucket(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let digits =
        |part: &str| matches!(part.len(), 1..=3) && part.chars().all(|c| c.is_ascii_digit());
    let is_address = name.split('.').count() == 4 && name.split('.').all(digits);
    (3..=63).contains(&name.len())
        && name.chars().all(|c| plain(c) || c == '-' || c == '.')
        && name.starts_with(plain)
        && name.ends_with(plain)
        && !name.contains("..")
        && !is_address
        && !BUCKET_PREFIXES.iter().any(|it| name.starts_with(it))
        && !BUCKET_SUFFIXES.iter().any(|it| name.ends_with(it))
}

/// IPv4 range of a VPC.
/// Source: <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>
pub fn network_cidr(text: &String) -> Result<(), String> {
    let cidr: Cidr = text.parse().map_err(|error| format!("{error}."))?;
    refuse_unless((16..=24).contains(&cidr.prefix()), || {
        format!(
            "`{text}` does not fit. AWS takes VPCs from /16 to /28, and subnets of at least /28 for four zones need a network of /24 or larger."
        )
    })
}

/// Days to keep logs.
pub fn retention_days(days: &i64) -> Result<(), String> {
    refuse_unless(RETENTION_DAYS.contains(days), || {
        let nearest = RETENTION_DAYS
            .iter()
            .find(|allowed| *allowed > days)
            .unwrap_or(&3653);
        format!(
            "CloudWatch Logs cannot keep logs for {days} days. The next number that it takes is {nearest}."
        )
    })
}

/// Name of an IAM role that people type.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>
pub fn role_name(name: &String) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    let fits = (1..=64).contains(&name.len()) && name.chars().all(letters);
    refuse_unless(fits, || {
        format!(
            "`{name}` is not a name for an IAM role. Use 1 to 64 letters, digits and + = , . @ _ -."
        )
    })
}

/// Description of an IAM role.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>
#[expect(clippy::ptr_arg, reason = "`matches` gives a `&String`")]
pub fn iam_description(text: &String) -> Result<(), String> {
    let takes = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    let wrong = text.chars().find(|c| !takes(*c));
    refuse_unless(wrong.is_none(), || {
        format!(
            "IAM does not take the character `{}` in a description. Use letters of Latin-1, digits, spaces, line ends and punctuation.",
            wrong.unwrap_or_default().escape_default()
        )
    })
}

/// A value against the confused deputy.
/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
#[expect(clippy::ptr_arg, reason = "`matches` gives a `&String`")]
pub fn external_id(text: &String) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    refuse_unless(text.chars().all(letters), || {
        "STS takes letters, digits and _ + = , . @ : / - in an external id. Remove what is neither."
            .to_owned()
    })
}

/// Name of an inline policy.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html>
pub fn policy_name(name: &str) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    let fits = (1..=128).contains(&name.len()) && name.chars().all(letters);
    refuse_unless(fits, || {
        format!(
            "`{name}` is not a name for a policy. Use 1 to 128 letters, digits and + = , . @ _ -."
        )
    })
}

/// A policy document for a role.
pub fn policy_document(text: &str) -> Result<Json, String> {
    let document: Json = serde_json::from_str(text).map_err(|error| {
        format!(
            "This is not JSON: {error}. Use jsonencode() or a data source that writes policies."
        )
    })?;
    let known = ["Version", "Id", "Statement"];
    let mut names = document.as_object().into_iter().flatten();
    if let Some((odd, _)) = names.find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(format!(
            "IAM knows no `{odd}` in a policy document. It takes Version, Id and Statement."
        ));
    }
    let statements = document.get("Statement");
    let statements: Vec<&Json> = match statements {
        Some(Json::Array(items)) if !items.is_empty() => items.iter().collect(),
        Some(one @ Json::Object(_)) => vec![one],
        _ => return Err("A policy document needs a `Statement`.".to_owned()),
    };
    if let Some(problem) = version_problem(&document).or_else(|| sid_problem(&statements)) {
        return Err(problem);
    }
    if let Some(problem) = statements
        .iter()
        .find_map(|statement| statement_problem(statement))
    {
        return Err(problem);
    }
    Ok(document)
}

/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>
fn version_problem(document: &Json) -> Option<String> {
    let version = document.get("Version")?;
    let known = ["2012-10-17", "2008-10-17"];
    (!known.iter().any(|it| version == it))
        .then(|| format!("IAM knows no policy `Version` {version}. Write \"2012-10-17\"."))
}

/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html>
fn sid_problem(statements: &[&Json]) -> Option<String> {
    let mut seen = BTreeSet::new();
    let sids = statements.iter().filter_map(|it| it.get("Sid")?.as_str());
    for sid in sids.filter(|sid| !sid.is_empty()) {
        if !sid.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Some(format!(
                "IAM takes only letters and digits in a `Sid`, and `{sid}` has others. Remove them."
            ));
        }
        if !seen.insert(sid) {
            return Some(format!(
                "The `Sid` {sid} stands in two statements. Give each one of its own, or leave it out."
            ));
        }
    }
    None
}

fn statement_problem(statement: &Json) -> Option<String> {
    let has = |names: [&str; 2]| names.iter().any(|name| statement.get(name).is_some());
    match statement.get("Effect").and_then(Json::as_str) {
        Some("Allow" | "Deny") => {}
        _ => return Some("Each statement needs an `Effect` of `Allow` or `Deny`.".to_owned()),
    }
    if has(["Principal", "NotPrincipal"]) {
        return Some(
            "A policy of a role names no `Principal`: the role is the principal. Remove it."
                .to_owned(),
        );
    }
    unknown_element(statement).or_else(|| {
        [("Action", "NotAction"), ("Resource", "NotResource")]
            .into_iter()
            .find_map(|(name, not)| element_problem(statement, name, not))
    })
}

const ELEMENTS: [&str; 7] = [
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

fn unknown_element(statement: &Json) -> Option<String> {
    let mut names = statement.as_object()?.keys();
    let odd = names.find(|name| !ELEMENTS.contains(&name.as_str()))?;
    Some(format!(
        "IAM knows no `{odd}` in a statement of a role. It takes {}.",
        ELEMENTS.join(", ")
    ))
}

/// One of the two, with one text or a list of them, each in IAM's form.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>
fn element_problem(statement: &Json, name: &str, not: &str) -> Option<String> {
    let value = match (statement.get(name), statement.get(not)) {
        (Some(_), Some(_)) => {
            return Some(format!(
                "A statement takes `{name}` or `{not}`, not both. Remove one."
            ));
        }
        (Some(value), None) | (None, Some(value)) => value,
        (None, None) => return Some(format!("Each statement needs a `{name}` or `{not}`.")),
    };
    let texts: Option<Vec<&str>> = match value {
        Json::String(text) => Some(vec![text]),
        Json::Array(items) if !items.is_empty() => items.iter().map(Json::as_str).collect(),
        _ => None,
    };
    let Some(texts) = texts else {
        return Some(format!(
            "`{name}` and `{not}` are a text or a list of texts that is not empty. Write it so."
        ));
    };
    let (fits, form): (fn(&str) -> bool, _) = if name == "Action" {
        (
            is_action,
            "`*`, or a service and its action, like `s3:GetObject`",
        )
    } else {
        (is_resource, "`*` or an ARN, like `arn:aws:s3:::bucket/*`")
    };
    let odd = texts.into_iter().find(|text| *text != "*" && !fits(text))?;
    Some(format!(
        "IAM takes no {} `{odd}`. Write {form}.",
        name.to_lowercase()
    ))
}

fn is_action(text: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || "-.*?_".contains(c);
    let parts = text.split_once(':');
    parts.is_some_and(|(service, action)| {
        [service, action]
            .iter()
            .all(|part| !part.is_empty() && part.chars().all(letters))
    })
}

fn is_resource(text: &str) -> bool {
    text.starts_with("arn:")
}

/// Name of an environment variable.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/taskdef-envfiles.html>
pub fn variable_name(name: &str) -> Result<(), String> {
    // Java's and Elasticsearch's settings have dots and hyphens in their names.
    let letters = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let fits = !name.is_empty()
        && name.chars().all(letters)
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    refuse_unless(fits, || {
        format!(
            "`{name}` is not a name for an environment variable. Use letters, digits and _ . -, beginning with a letter or `_`."
        )
    })?;
    refuse_unless(!name.starts_with("STACKWRIGHT_"), || {
        format!(
            "`{name}` begins with `STACKWRIGHT_`: those variables are set by Stackwright. Choose another name."
        )
    })
}

/// A text that reaches a container: AWS refuses NUL, and other control characters do not survive
/// every log and console.
pub fn container_text(what: &str, text: &str) -> Result<(), String> {
    refuse_unless(!text.contains('\0'), || {
        format!("{what} contains a NUL character, which no process can be given. Remove it.")
    })
}

/// ARN of a secret in Secrets Manager (also with JSON key, version stage and version id) or of an
/// SSM parameter.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html>
pub fn secret_arn(arn: &str) -> Result<(), String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let fits = match parts.as_slice() {
        ["arn", _, "secretsmanager", region, account, rest] => {
            !region.is_empty() && is_account(account) && rest.starts_with("secret:")
        }
        ["arn", _, "ssm", region, account, rest] => {
            !region.is_empty() && is_account(account) && rest.starts_with("parameter/")
        }
        _ => false,
    };
    refuse_unless(!arn.contains('*'), || {
        "A secret is one secret or one parameter, and its ARN has no `*`: with one, the tasks could read all that fit.".to_owned()
    })?;
    refuse_unless(fits, || {
        "A secret is given by the ARN of a Secrets Manager secret (arn:aws:secretsmanager:...:secret:name) or of an SSM parameter (arn:aws:ssm:...:parameter/name). The value given here is neither; it is not shown because it may be the secret itself.".to_owned()
    })
}

/// A container image: registry, repository, and a tag or digest.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>
pub fn image(image: &String) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || "-_./:@#".contains(c);
    let fits = (1..=255).contains(&image.len()) && image.chars().all(letters);
    refuse_unless(fits, || {
        format!(
            "`{image}` is not a container image. Write it like `repository/name:tag` or `repository/name@sha256:...`, with at most 255 letters, digits and - _ . / : @ #."
        )
    })
}

/// Number of an AWS account.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn refuse_unless(fits: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if fits { Ok(()) } else { Err(problem()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn names_of_buckets_are_those_of_s3() {
        for good in [
            "acme-state",
            "a.b.c",
            "acme.terraform-state",
            "1.2.3",
            "a--b",
        ] {
            assert!(s3_bucket(good), "{good}");
        }
        for bad in [
            "ab",
            "A.b",
            "a_b",
            "-ab",
            "ab.",
            "a..b",
            "192.168.5.4",
            "999.1.1.1",
            "xn--acme",
            "sthree-acme",
            "amzn-s3-demo-acme",
            "acme-s3alias",
            "acme--ol-s3",
            "acme.mrap",
            "acme--x-s3",
            "acme--table-s3",
        ] {
            assert!(!s3_bucket(bad), "{bad}");
        }
        assert!(!s3_bucket(&"a".repeat(64)));
    }

    #[test]
    fn names_at_their_limits() {
        assert!(resource_name(&"a".repeat(32)).is_ok());
        for bad in ["", "A", "1a", "a-", "a_b", &"a".repeat(33)] {
            assert!(resource_name(&bad.to_owned()).is_err(), "{bad}");
        }
        assert!(role_name(&"r".repeat(64)).is_ok());
        assert!(role_name(&"r".repeat(65)).is_err());
        assert!(role_name(&"a b".to_owned()).is_err());
        assert!(process_name(&"web_2-x".to_owned()).is_ok());
        assert!(process_name(&"web.2".to_owned()).is_err());
    }

    #[test]
    fn versions_and_names_of_statements() {
        let document = |version: &str, sids: [&str; 2]| {
            let [one, two] = sids;
            let statement = |sid: &str| {
                format!(r#"{{"Sid":"{sid}","Effect":"Allow","Action":"s3:Get*","Resource":"*"}}"#)
            };
            let all = format!("{},{}", statement(one), statement(two));
            policy_document(&format!(r#"{{"Version":"{version}","Statement":[{all}]}}"#))
        };
        assert!(document("2012-10-17", ["A", "B"]).is_ok());
        assert!(
            document("2020-01-01", ["A", "B"])
                .unwrap_err()
                .contains("2012-10-17")
        );
        assert!(
            document("2012-10-17", ["A", "A"])
                .unwrap_err()
                .contains("two statements")
        );
        assert!(
            document("2012-10-17", ["A b", "B"])
                .unwrap_err()
                .contains("letters and digits")
        );
        assert!(policy_document(r#"{"Statement":[]}"#).is_err());
    }

    #[test]
    fn texts_of_roles() {
        assert!(iam_description(&"Déploiement: 1\n".to_owned()).is_ok());
        for bad in ["\u{7}", "日本", "\u{2013}"] {
            assert!(iam_description(&bad.to_owned()).is_err(), "{bad}");
        }
        assert!(external_id(&"acme/prod:1".to_owned()).is_ok());
        assert!(external_id(&"a b".to_owned()).is_err());
    }

    #[test]
    fn retention_names_the_next_number() {
        assert!(retention_days(&30).is_ok());
        assert_eq!(
            retention_days(&31).unwrap_err(),
            "CloudWatch Logs cannot keep logs for 31 days. The next number that it takes is 60."
        );
    }

    #[test]
    fn vpc_sizes() {
        for (cidr, fits) in [
            ("10.0.0.0/15", false),
            ("10.0.0.0/16", true),
            ("10.0.0.0/24", true),
            ("10.0.0.0/25", false),
        ] {
            assert_eq!(network_cidr(&cidr.to_owned()).is_ok(), fits, "{cidr}");
        }
    }

    #[test]
    fn policies_of_roles() {
        let good = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
        assert!(policy_document(good).is_ok());
        for (bad, says) in [
            ("{", "not JSON"),
            ("{}", "needs a `Statement`"),
            (
                r#"{"Statement":[{"Effect":"allow","Action":"a","Resource":"*"}]}"#,
                "`Effect`",
            ),
            (
                r#"{"Statement":[{"Effect":"Allow","Resource":"*"}]}"#,
                "`Action`",
            ),
            (
                r#"{"Statement":[{"Effect":"Allow","Action":"s3:*"}]}"#,
                "`Resource`",
            ),
            (
                r#"{"Statement":[{"Effect":"Allow","Action":"a","Resource":"*","Principal":"*"}]}"#,
                "Principal",
            ),
            (
                r#"{"Statement":[{"Effect":"Allow","Action":"nonsense","Resource":"*"}]}"#,
                "no action `nonsense`",
            ),
            (
                r#"{"Statement":[{"Effect":"Allow","Action":5,"Resource":"*"}]}"#,
                "a text or a list of texts",
            ),
            (
                r#"{"Statement":[{"Effect":"Allow","Action":[],"Resource":"*"}]}"#,
                "a text or a list of texts",
            ),
            (
                r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":["*","bucket"]}]}"#,
                "no resource `bucket`",
            ),
            (
                r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","NotAction":"s3:*","Resource":"*"}]}"#,
                "not both",
            ),
            (
                r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Foo":1}]}"#,
                "no `Foo`",
            ),
            (
                r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}],"Foo":1}"#,
                "no `Foo`",
            ),
        ] {
            assert!(policy_document(bad).unwrap_err().contains(says), "{bad}");
        }
    }

    #[test]
    fn a_pasted_secret_is_not_shown() {
        let problem = secret_arn("hunter2-canary").unwrap_err();
        assert!(!problem.contains("hunter2"));
        assert!(secret_arn("arn:aws:ssm:us-west-2:111111111111:parameter/a/b").is_ok());
        assert!(
            secret_arn("arn:aws:secretsmanager:us-west-2:111111111111:secret:a-AbCdEf:url::")
                .is_ok()
        );
        assert!(secret_arn("arn:aws:s3:::bucket").is_err());
    }

    #[test]
    fn variables() {
        for good in ["RAILS_ENV", "discovery.type", "_x-1"] {
            assert!(variable_name(good).is_ok(), "{good}");
        }
        for bad in ["", "1A", "A+B", "STACKWRIGHT_APP", "A B"] {
            assert!(variable_name(bad).is_err(), "{bad}");
        }
    }
}
