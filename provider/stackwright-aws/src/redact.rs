//! Cleans texts that come from outside before anyone sees them: AWS's error messages, reasons of stopped tasks, log
//! lines of an app.
//!
//! People need these texts at three in the morning, so only two things are taken out of them:
//! - secrets that this process knows, in every spelling: its credentials, the passwords that it made, and the values
//!   that it was given to write and that look like nothing else ([`Redactor::learn_value`]);
//! - whatever has the shape of a secret: keys and tokens with known beginnings, private keys, credentials in a URL, the
//!   value of something that is called a password, and long random text.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use regex_lite::{Captures, Regex};
use stackwright_plan::secret_shapes::TOKENS;

/// What stands for a secret.
pub(crate) const MASK: &str = "***";
/// Longest text that is passed on, in bytes.
const LONGEST: usize = 2_000;
/// Shorter secrets are not cut out of the middle of words.
const SHORTEST_SECRET: usize = 8;

/// Knows the secrets of a session. Clones share what they know.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    secrets: Arc<RwLock<BTreeSet<String>>>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// Learns a secret, in the spellings in which it may come back.
    pub(crate) fn learn(&self, secret: &str) {
        if secret.len() < SHORTEST_SECRET {
            return;
        }
        let mut secrets = self.secrets.write().unwrap_or_else(PoisonError::into_inner);
        secrets.insert(secret.to_owned());
        secrets.insert(secret.replace('/', "\\/"));
        secrets.insert(percent_encoded(secret));
    }

    /// Learns a value that may be a secret or not, such as that of an environment variable. Words, names, numbers and
    /// addresses are none: without them the messages that name them would say nothing.
    pub(crate) fn learn_value(&self, value: &str) {
        if !is_plain(value) {
            self.learn(value);
        }
    }

    /// The text on one line, without secrets and not longer than a message may be.
    pub(crate) fn clean(&self, text: &str) -> String {
        shortened(self.lines(text).join(" "), LONGEST)
    }

    /// Each line of a text that says something, without secrets.
    pub(crate) fn lines(&self, text: &str) -> Vec<String> {
        let masked = mask(self.cut(&printable(text)));
        let lines = masked.lines().map(str::trim_end);
        lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Cuts out what is known, longest first.
    fn cut(&self, text: &str) -> String {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let mut longest_first: Vec<&String> = secrets.iter().collect();
        longest_first.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        longest_first.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.as_str(), MASK)
        })
    }
}

/// A text of at most so many bytes, and a mark where it was cut.
pub(crate) fn shortened(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        text.truncate(text.floor_char_boundary(longest));
        text.push_str(" ...");
    }
    text
}

fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let mut encoded = Vec::new();
    for byte in text.bytes() {
        if plain(byte) {
            encoded.push(char::from(byte).to_string());
        } else {
            encoded.push(format!("%{byte:02X}"));
        }
    }
    encoded.concat()
}

/// Without the colours of a terminal and whatever else it would obey.
fn printable(text: &str) -> String {
    let plain = COLOURS.replace_all(text, "");
    let shown = plain
        .chars()
        .map(|c| if c == '\n' || !c.is_control() { c } else { ' ' });
    shown.collect()
}

fn pattern(pattern: &str) -> Regex {
    #[expect(
        clippy::expect_used,
        reason = "the patterns below are constants, and each is tested"
    )]
    Regex::new(pattern).expect("a valid pattern")
}

static COLOURS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\x1b\[[0-9;?]*[A-Za-z]"));

/// A key in PEM, to its end or that of the text.
static PRIVATE_KEY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)")
});

/// `postgres://user:password@host`: the scheme, and what stands before the host.
static IN_URL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"([A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s/?\#"'<>:@]*:[^\s"'<>]*|[^\s/?\#"'<>]+)@"#)
});

/// Keys and tokens whose makers gave them a beginning, and JSON web tokens.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    let beginnings: Vec<String> = TOKENS.iter().map(|it| regex_lite::escape(it)).collect();
    pattern(&format!(
        r"\b(?:A(?:KIA|SIA)[A-Z0-9]{{12,}}|eyJ[A-Za-z0-9_-]{{8,}}(?:\.[A-Za-z0-9_-]*)*|(?:{})[A-Za-z0-9_.+/=-]{{8,}}|sk-[A-Za-z0-9]{{20,}})",
        beginnings.join("|"),
    ))
});

/// The header with which a call is signed or a user known, to the end of the line or the quote.
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?i)\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?|bearer\s+)[^\s"'][^\n"']*"#)
});

/// What is called like a secret, how it is joined to its value, and the value.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"([A-Za-z0-9_.-]*(?i:passw(?:or)?d|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key",
        r"|private[_-]?key|credentials?)(?:[_-][A-Za-z0-9_-]*)?)",
        r#"(["'`\]]*\s*(?:=>|[:=])\s*|\s+)"#,
        r#"("[^"\n]*"?|'[^'\n]*'?|[^\s"'`,;&)}\]]+)"#,
    ))
});

/// What is said about a secret and is not the secret: `secret_arn`, `password_version`.
static ABOUT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)[_-](?:arn|count|expires|file|id|length|limit|name|path|type|version)$")
});

/// A run of letters and digits that is long enough for a secret.
static RUN: LazyLock<Regex> = LazyLock::new(|| pattern(r"[A-Za-z0-9+/_=-]{20,}"));

fn mask(mut text: String) -> String {
    let kept = |kept: &str| format!("{kept}{MASK}");
    text = PRIVATE_KEY.replace_all(&text, MASK).into_owned();
    text = IN_URL.replace_all(&text, kept("${1}") + "@").into_owned();
    text = HEADER.replace_all(&text, kept("${1}")).into_owned();
    text = TOKEN.replace_all(&text, MASK).into_owned();
    text = NAMED.replace_all(&text, named).into_owned();
    RUN.replace_all(&text, run).into_owned()
}

/// `DB_PASSWORD=hunter2` and `password "hunter2"` lose their values. A sentence (`InvalidToken: the token has expired`,
/// `password authentication failed`) does not.
fn named(found: &Captures<'_>) -> String {
    let (whole, name, joint, value) = (&found[0], &found[1], &found[2], &found[3]);
    let quote = value.chars().next().filter(|c| "\"'".contains(*c));
    let is_sentence = match joint.trim() {
        "" => quote.is_none() || !name.to_ascii_lowercase().contains("pass"),
        ":" => quote.is_none() && is_plain_word(value),
        _ => false,
    };
    if value.contains(MASK) || is_sentence || ABOUT.is_match(name) {
        return whole.to_owned();
    }
    let quote = quote.map(String::from).unwrap_or_default();
    format!("{name}{joint}{quote}{MASK}{quote}")
}

fn run(found: &Captures<'_>) -> String {
    let text = &found[0];
    if looks_random(text) {
        MASK.to_owned()
    } else {
        text.to_owned()
    }
}

/// Whether a run of letters and digits changes between them more often than names and paths do. Lower-case text with
/// digits is not counted: ids, digests and the names that AWS gives are of that kind.
fn looks_random(text: &str) -> bool {
    let has = |is: fn(&char) -> bool| text.chars().any(|c| is(&c));
    let mixed =
        has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit);
    // A secret key of AWS has 40 characters. Names are seldom as long, and change less the longer they are.
    let share = if text.len() < 36 { 28 } else { 20 };
    mixed && changes(text) * 100 >= text.len() * share
}

/// How often a text goes from one kind of character to another. A capital letter that begins a word does not count
/// twice.
fn changes(text: &str) -> usize {
    let pairs = text.bytes().zip(text.bytes().skip(1));
    let change = |(a, b): &(u8, u8)| {
        let lower_to_upper = a.is_ascii_lowercase() && b.is_ascii_uppercase();
        lower_to_upper
            || a.is_ascii_digit() != b.is_ascii_digit()
                && a.is_ascii_alphanumeric()
                && b.is_ascii_alphanumeric()
    };
    pairs.filter(change).count()
}

/// A word of a sentence.
fn is_plain_word(text: &str) -> bool {
    let text = text.trim_end_matches(['.', '!', '?']);
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphabetic())
}

/// Whether a value is a word, a name, a number, a path or an address, none of which is a secret.
fn is_plain(value: &str) -> bool {
    const LONGEST_WORD: usize = 24;
    /// `v1` and the like.
    const SHORT: usize = 3;
    let address = value.split_once("://").map_or(value, |(_, rest)| rest);
    let part = |part: &str| {
        let letters = part.chars().all(|c| c.is_ascii_alphabetic());
        let digits = part.chars().all(|c| c.is_ascii_digit());
        part.len() <= SHORT || part.len() <= LONGEST_WORD && (letters || digits)
    };
    address.split(['.', '-', '_', '/', ':', ' ', ',']).all(part)
        || value.starts_with("arn:aws") && !value.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret key of AWS's documentation.
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const TOKEN: &str = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLXdlc3QtMiJHMEUCIQDf4x8Zq3kP1mB2c9TtYvWnRq0uXsA7LhJgKdEeFiHoCg";

    fn clean(text: &str) -> String {
        Redactor::default().clean(text)
    }

    #[test]
    fn messages_of_aws_arrive_whole() {
        for message in [
            "User: arn:aws:sts::123456789012:assumed-role/acme-plan/terraform is not authorized to perform: ecs:CreateService on resource: arn:aws:ecs:us-west-2:123456789012:service/acme/shop because no identity-based policy allows the ecs:CreateService action",
            "The security group 'sg-0123456789abcdef0' does not exist",
            "The CIDR '10.0.1.0/24' conflicts with another subnet",
            "Signature expired: 20150830T123600Z is now earlier than 20150909T200751Z (20150909T202251Z - 15 min.)",
            "The role with name acme-stage-shop-a1b2c3 cannot be found.",
            "The parameter group default.postgres16 does not exist",
            "Unknown DescribeServiceRevisions action",
            "1 validation error detected: Value at 'retentionInDays' failed",
            "Value (us-west-2q) for parameter availabilityZone is invalid. Subnets can currently only be created in: us-west-2a, us-west-2b.",
            "The security token included in the request is invalid",
            "InvalidClientTokenId: The security token included in the request is invalid.",
            "connection refused (os error 111)",
            "Role name='shop_web' exists (Service: IAM; Status: 409; Request ID: 7a62c49f-347e-4fc4-9331-6e8eaaaaaaaa)",
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref 111111111111.dkr.ecr.us-west-2.amazonaws.com/shop:v42: not found",
            "task definition arn:aws:ecs:us-west-2:111111111111:task-definition/acme-stage-shop-web-k3jq2a:12 is inactive",
            "(service acme-stage-shop-web-k3jq2a) (deployment ecs-svc/1234567890123456789) deployment failed: tasks failed to start.",
        ] {
            assert_eq!(clean(message), message);
        }
    }

    #[test]
    fn lines_of_apps_arrive_whole() {
        for line in [
            "PG::UndefinedColumn: column users.plan does not exist",
            "java.lang.ClassNotFoundException: com.acme.shop.Main",
            "KeyError: key not found: \"STRIPE_KEY\"",
            "ModuleNotFoundError: No module named 'shop.settings'",
            "Error: Cannot find module '/app/dist/server.js'",
            "/app/config/environments/production.rb:12:in 'block in <main>': undefined method 'foo'",
            "could not translate host name \"acme-stage-shop-ccoehc.abc.us-west-2.rds.amazonaws.com\" to address",
            "FATAL:  password authentication failed for user \"app\"",
            "ActionController::InvalidAuthenticityToken (ActionController::InvalidAuthenticityToken):",
            "SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
            "JsonWebTokenError: invalid signature",
            "django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.",
            "Missing credentials: run `bin/rails credentials:edit`",
            "    at Module._compile (node:internal/modules/cjs/loader:1105:14)",
            "  File \"/usr/local/lib/python3.12/site-packages/sqlalchemy/engine/base.py\", line 146, in __init__",
            "\tat org.springframework.beans.factory.support.AbstractAutowireCapableBeanFactory.doCreateBean(AbstractAutowireCapableBeanFactory.java:599)",
            "panic: runtime error: invalid memory address or nil pointer dereference",
            "[2026-11-30T10:00:00.123456 #1]  INFO -- : [7a62c49f-347e-4fc4-9331-6e8eaaaaaaaa] Started GET \"/healthz\" for 10.0.3.17",
            "error: image digest sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "loading secret_name: acme/stage/shop, password_version=2",
            "Error: connect ECONNREFUSED 10.0.2.14:6379",
            "could not connect to redis://cache.internal:6379/0",
            "NoMethodError: undefined method 'token' for nil:NilClass",
            "ActiveRecord::PendingMigrationError: Migrations are pending. 20261130120000_AddPlanToUsers",
            "bundler: failed to load command: puma (/usr/local/bundle/ruby/3.3.0/bin/puma)",
            "Cannot read /app/Controllers/V1/UsersController.php",
        ] {
            let lines = Redactor::default().lines(line);
            assert_eq!(lines, [line.replace('\t', " ")]);
        }
    }

    #[test]
    fn what_has_the_shape_of_a_secret_is_masked() {
        for (text, secret) in [
            ("key AKIAIOSFODNN7EXAMPLE was used".to_owned(), "AKIAIOSFODNN7EXAMPLE"),
            (format!("bad key {SECRET} given"), "K7MDENG"),
            (format!("AWS_SESSION_TOKEN={TOKEN}"), "JHMEUCIQDf4x8"),
            (format!("token is {TOKEN}"), "JHMEUCIQDf4x8"),
            ("DATABASE_URL=postgres://app:hunter2@db.internal/shop".to_owned(), "hunter2"),
            ("redis://:hunter2@cache:6379 refused".to_owned(), "hunter2"),
            ("amqp://u:p/w#x@host/v".to_owned(), "p/w#x"),
            ("https://ghostoken@github.com/a/b".to_owned(), "ghostoken"),
            ("DB_PASSWORD=hunter2".to_owned(), "hunter2"),
            ("password: hunter2".to_owned(), "hunter2"),
            ("password='correct horse'".to_owned(), "correct"),
            ("password='correct horse'".to_owned(), "horse"),
            ("{\"password\": \"hunter2\", \"user\": \"app\"}".to_owned(), "hunter2"),
            ("{'db_password' => 'swordfish'}".to_owned(), "swordfish"),
            ("failed for password \"swordfish\"".to_owned(), "swordfish"),
            ("api_key=abcdefgh&x=1".to_owned(), "abcdefgh"),
            ("password 'swordfish' refused".to_owned(), "swordfish"),
            ("password=swordfish".to_owned(), "swordfish"),
            ("secret_key_base: 0a1b2c3d".to_owned(), "0a1b2c3d"),
            ("Authorization: Bearer abc.def".to_owned(), "abc.def"),
            ("\"authorization\":\"Basic dXNlcjpwYXNz\"".to_owned(), "dXNlcjpwYXNz"),
            ("sk_live_4eC39HqLyjWDarjtT1zdp7dc".to_owned(), "4eC39"),
            ("token ghp_16C7e42F292c6912E7710c838347Ae178B4a".to_owned(), "16C7e42F"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.s1gnature".to_owned(), "eyJzdWIi"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKC\nshort=\n-----END RSA PRIVATE KEY-----\nnext".to_owned(), "short="),
            ("-----BEGIN PRIVATE KEY-----\nabc".to_owned(), "abc"),
        ] {
            let clean = clean(&text);
            assert!(!clean.contains(secret) && clean.contains(MASK), "{text} -> {clean}");
        }
        assert_eq!(
            clean("postgres://app:hunter2@db.internal/shop refused"),
            "postgres://***@db.internal/shop refused"
        );
    }

    #[test]
    fn known_secrets_are_cut_out_of_the_middle_of_anything() {
        let redactor = Redactor::default();
        redactor.learn(SECRET);
        redactor.learn("plainlettersecret");
        for text in [
            format!("arn:aws:iam::123456789012:user/{SECRET}"),
            "the plainlettersecret here".to_owned(),
            format!("x{SECRET}y"),
            SECRET.replace('/', "\\/"),
            SECRET.replace('/', "%2F"),
        ] {
            let clean = redactor.clean(&text);
            assert!(clean.contains(MASK), "{clean}");
            assert!(
                !clean.contains("K7MDENG") && !clean.contains("plainletter"),
                "{clean}"
            );
        }
    }

    #[test]
    fn values_are_learnt_unless_they_are_plain() {
        let redactor = Redactor::default();
        for plain in [
            "production",
            "us-west-2",
            "https://api.acme.example/v1",
            "redis://cache.internal:6379",
            "3600",
            "bundle exec puma",
            "arn:aws:s3:::acme-uploads-9f3b",
        ] {
            redactor.learn_value(plain);
            assert_eq!(redactor.clean(plain), plain);
        }
        for odd in ["canary_9f3b2c", "p@ssw0rd!x", "hunter2hunter2"] {
            redactor.learn_value(odd);
            assert_eq!(redactor.clean(&format!("a {odd} b")), "a *** b");
        }
    }

    #[test]
    fn clones_share_what_they_know() {
        let redactor = Redactor::default();
        redactor.clone().learn("plainlettersecret");
        assert_eq!(redactor.clean("a plainlettersecret"), "a ***");
        assert_eq!(format!("{redactor:?}"), "Redactor");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert!(clean(&"word é ".repeat(2_000)).len() <= LONGEST + 4);
    }

    #[test]
    fn a_terminal_has_nothing_to_obey() {
        assert_eq!(clean("a\u{1b}[31mred\r\nb\u{1b}c"), "ared b c");
    }
}
