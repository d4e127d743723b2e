//! Cleans texts that come from outside before anyone sees them.
//!
//! Two nets. Exact: secret keys and session tokens that this process knows are cut out in every
//! spelling. Wide: an error body may carry other people's secrets (a proxy that echoes headers, a
//! hostile endpoint), so a word stays only when it looks like no secret: a plain word, a number, an
//! ARN, an id or a region of AWS, an action, or a word that we sent ourselves.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// What stands for a secret.
pub(crate) const MASK: &str = "***";
/// Longest text that is passed on.
const LONGEST: usize = 2_000;
/// Longest plain word.
const LONGEST_WORD: usize = 24;
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

    /// The text without secrets. Words of `keep` stay as they are.
    pub(crate) fn clean(&self, text: &str, keep: &[&str]) -> String {
        let cut = self.cut(text);
        let mut clean = String::with_capacity(cut.len());
        for part in cut.split_inclusive(char::is_whitespace) {
            let word = part.trim_end_matches(char::is_whitespace);
            clean.push_str(&masked(word, keep));
            if part.len() > word.len() && !clean.ends_with(' ') {
                clean.push(' ');
            }
        }
        shortened(clean)
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

fn shortened(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = (0..=LONGEST)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or_default();
        text.truncate(end);
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

/// Marks that may stand around a word.
const MARKS: &[char] = &[
    '"', '\'', '`', '(', ')', '[', ']', '{', '}', '<', '>', ',', ';', ':', '.', '!', '?', '=', '|',
];

/// A word with its marks; its core masked unless it looks harmless.
fn masked(word: &str, keep: &[&str]) -> String {
    if harmless(word, keep) {
        return word.to_owned();
    }
    let core = word.trim_matches(MARKS);
    if harmless(core, keep) {
        return word.to_owned();
    }
    // `Name='shop'` and `(Service:IAM;Status:403)` are words with marks between them.
    let split: Vec<&str> = core
        .split(['"', '\'', '(', ')', '[', ']', '{', '}', ',', ';', '=', '|'])
        .collect();
    if split.len() > 1
        && split
            .iter()
            .all(|part| harmless(part.trim_matches(MARKS), keep))
    {
        return word.to_owned();
    }
    word.replacen(core, MASK, 1)
}

fn harmless(word: &str, keep: &[&str]) -> bool {
    word.is_empty()
        || word == MASK
        || keep.contains(&word)
        || word.chars().all(|c| c.is_ascii_punctuation()) && word.len() <= 3
        || is_word(word)
        || is_number(word)
        || is_arn(word)
        || is_id(word)
        || is_action(word)
        || is_region(word)
        || COMPOUNDS.contains(&word.to_ascii_lowercase().as_str())
}

/// Words with hyphens that AWS uses in its messages.
const COMPOUNDS: &[&str] = &[
    "cross-account",
    "ecs-tasks.amazonaws.com",
    "identity-based",
    "non-empty",
    "opt-in",
    "read-only",
    "resource-based",
    "service-linked",
    "session-based",
    "sub-resource",
];

/// Letters, with at most one apostrophe near the end (`doesn't`).
fn is_word(word: &str) -> bool {
    let word = ["'t", "'s"]
        .iter()
        .find_map(|tail| word.strip_suffix(tail))
        .unwrap_or(word);
    !word.is_empty() && word.len() <= LONGEST_WORD && word.chars().all(|c| c.is_ascii_alphabetic())
}

/// Numbers, times, addresses and ranges: `3`, `10.0.0.0/16`, `2026-01-02T03:04:05Z`.
fn is_number(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    (1..=20).contains(&digits)
        && word
            .chars()
            .all(|c| c.is_ascii_digit() || ".:/-+%TZ".contains(c))
}

/// `arn:aws:iam::123456789012:role/shop`.
fn is_arn(word: &str) -> bool {
    let mut parts = word.splitn(6, ':');
    let head = [
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ];
    let [
        Some("arn"),
        Some("aws" | "aws-cn" | "aws-us-gov"),
        Some(service),
        Some(region),
        Some(account),
    ] = head
    else {
        return false;
    };
    let short = |text: &str| {
        text.len() <= LONGEST_WORD && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let resource = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "+=,.@_/:*-".contains(c))
    };
    let account_id = account.is_empty()
        || account == "aws"
        || account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    short(service) && short(region) && account_id && parts.next().is_some_and(resource)
}

/// `vpc-0abc12`, `sgr-0123456789abcdef0`, and request ids (UUID).
fn is_id(word: &str) -> bool {
    let hex = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase())
    };
    let Some((kind, id)) = word.rsplit_once('-') else {
        return false;
    };
    let named = (2..=12).contains(&kind.len())
        && kind.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        && [8, 17].contains(&id.len())
        && hex(id);
    named || is_uuid(word, hex)
}

fn is_uuid(word: &str, hex: impl Fn(&str) -> bool) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.into_iter().all(hex)
}

/// `ecs:CreateService`.
fn is_action(word: &str) -> bool {
    word.split_once(':').is_some_and(|(service, action)| {
        (2..=20).contains(&service.len())
            && service
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && action.starts_with(|c: char| c.is_ascii_uppercase())
            && action.len() <= 50
            && action.chars().all(|c| c.is_ascii_alphabetic())
    })
}

/// `us-west-2`, `us-west-2a`, `us-gov-east-1`.
fn is_region(word: &str) -> bool {
    let word = word
        .strip_suffix(|c: char| c.is_ascii_lowercase())
        .unwrap_or(word);
    let Some((name, number)) = word.rsplit_once('-') else {
        return false;
    };
    number.len() == 1
        && number.bytes().all(|b| b.is_ascii_digit())
        && (2..=3).contains(&name.split('-').count())
        && name.split('-').all(|part| {
            (2..=9).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzEXAMPLEKEY";

    fn clean(text: &str) -> String {
        Redactor::default().clean(text, &["acme-stage-shop-a1b2c3", "shop_web"])
    }

    #[test]
    fn messages_of_aws_stay_readable() {
        for message in [
            "User: arn:aws:sts::123456789012:assumed-role/acme-plan/terraform is not authorized to perform: ecs:CreateService on resource: arn:aws:ecs:us-west-2:123456789012:service/acme/shop because no identity-based policy allows the ecs:CreateService action",
            "The security group 'sg-0123456789abcdef0' does not exist",
            "The vpc ID 'vpc-0abc1234' doesn't exist.",
            "The CIDR '10.0.1.0/24' conflicts with another subnet",
            "Signature expired: 20150830T123600Z is now earlier than 20150909T200751Z (20150909T202251Z - 15 min.)",
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
            "The role with name acme-stage-shop-a1b2c3 cannot be found.",
            "Cluster not found: acme-stage-shop-a1b2c3.",
            "1 validation error detected: Value at 'retentionInDays' failed",
            "Value (us-west-2q) for parameter availabilityZone is invalid. Subnets can currently only be created in: us-west-2a, us-west-2b.",
            "Rate exceeded",
            "resource sg-0123456789abcdef0 has a dependent object",
            "connection refused (os error 111)",
            "Role name='shop_web' exists (Service: IAM; Status: 409; Request ID: 7a62c49f-347e-4fc4-9331-6e8eaaaaaaaa)",
        ] {
            assert_eq!(clean(message), message);
        }
    }

    #[test]
    fn whatever_looks_like_a_secret_is_masked() {
        for secret in [
            SECRET,
            "AKIAIOSFODNN7EXAMPLE",
            "hunter2",
            "p@ssw0rd!x",
            "correct-horse-battery-staple",
            "FwoGZXIvYXdzEBYaDHqa0AP1/sw==",
            "postgres://u:pw@host/db",
            "abcdefghijklmnopqrstuvwxyz",
            "canary_9f3b",
            "arn:notaws:x",
            "0123456789012345678901234567",
        ] {
            for text in [
                secret.to_owned(),
                format!("bad token {secret} given"),
                format!("bad token '{secret}'."),
                format!("<Token>{secret}</Token>"),
                format!("{{\"password\":\"{secret}\"}}"),
                format!("Authorization={secret};x"),
                format!("line\n{secret}\tend"),
            ] {
                assert!(!clean(&text).contains(secret), "{text} -> {}", clean(&text));
            }
        }
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
            let clean = redactor.clean(&text, &[&text]);
            assert!(clean.contains(MASK), "{clean}");
            assert!(
                !clean.contains("K7MDENG") && !clean.contains("plainletter"),
                "{clean}"
            );
        }
    }

    #[test]
    fn clones_share_what_they_know() {
        let redactor = Redactor::default();
        redactor.clone().learn("plainlettersecret");
        assert_eq!(redactor.clean("a plainlettersecret", &[]), "a ***");
        assert_eq!(format!("{redactor:?}"), "Redactor");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert!(clean(&"word é ".repeat(2_000)).len() <= LONGEST + 4);
    }

    #[test]
    fn control_characters_do_not_pass() {
        assert_eq!(clean("a\u{1b}[31mred\r\nb"), "*** b");
    }
}
