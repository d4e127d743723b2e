//! What is a secret by its looks. Where a text is not kept secret, such a value should be a reference instead.

/// What tokens begin with whose makers want them to be found: those of code hosts, package registries, payment, chat and cloud
/// services.
/// Source: <https://docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns>
pub const TOKENS: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk_live_",
    "rk_live_",
    "sk_test_",
    "rk_test_",
    "whsec_",
    "xoxa-",
    "xoxb-",
    "xoxe-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "xapp-",
    "npm_",
    "pypi-",
    "dop_v1_",
    "hvs.",
    "shpat_",
    "sk-ant-",
    "sk-proj-",
    "SG.",
    "AIza",
    "ya29.",
];

/// Shortest rest of a token.
const REST: usize = 16;

/// What a variable looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    /// For people: "a private key".
    pub like: &'static str,
    /// It cannot be anything else.
    pub certain: bool,
}

/// What kind of secret a variable seems to hold.
pub fn looks_like(name: &str, value: &str) -> Option<Looks> {
    let certain = |like| {
        Some(Looks {
            like,
            certain: true,
        })
    };
    let aws = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    if aws.contains(&name) && !value.is_empty() {
        return certain("a key of AWS");
    }
    if value.contains("PRIVATE KEY-----") {
        return certain("a private key");
    }
    if TOKENS.iter().any(|beginning| is_token(value, beginning)) {
        return certain("a token");
    }
    has_password(value).then_some(Looks {
        like: "a URL with a password",
        certain: false,
    })
}

fn is_token(value: &str, beginning: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    value
        .strip_prefix(beginning)
        .is_some_and(|rest| rest.len() >= REST && rest.chars().all(letters))
}

/// `postgres://user:password@host`, and not `https://host/a:b@c`.
fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, _)) = host.rsplit_once('@') else {
        return false;
    };
    user.split_once(':')
        .is_some_and(|(_, password)| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_looks() {
        for (name, value, like) in [
            ("AWS_SECRET_ACCESS_KEY", "x", "a key of AWS"),
            (
                "KEY",
                "-----BEGIN RSA PRIVATE KEY-----\nMII",
                "a private key",
            ),
            ("STRIPE", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "a token"),
            (
                "GITHUB",
                "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
                "a token",
            ),
            (
                "DATABASE_URL",
                "postgres://app:hunter2@db/shop",
                "a URL with a password",
            ),
            (
                "REDIS_URL",
                "redis://:hunter2@cache:6379",
                "a URL with a password",
            ),
        ] {
            let looks = looks_like(name, value).map(|looks| looks.like);
            assert_eq!(looks, Some(like), "{value}");
        }
        for value in [
            "",
            "production",
            "https://api.acme.example/v1",
            "redis://cache:6379/0",
            "https://user@host/path",
            "https://host/a:b@c",
            "mailto:a@b",
            "sk_live_",
            "npm_config_cache",
            "ghp_ is how tokens begin, more or less",
        ] {
            assert_eq!(looks_like("NAME", value), None, "{value}");
        }
        assert_eq!(looks_like("AWS_SECRET_ACCESS_KEY", ""), None);
    }
}
