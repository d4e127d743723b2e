//! The one naming rule.
//!
//! A name is a readable prefix, cut to the limit of its kind, and a 6-character hash of the
//! `/`-joined key: `shop` + `web-api` and `shop-web` + `api` never meet. Names of global objects
//! (IAM) hash the region too, so that the same root in two regions of one account works.

use sha2::{Digest as _, Sha256};

use crate::Scope;

/// Longest name of an IAM role.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub const ROLE: usize = 64;
/// Longest name of an ECS cluster, service or task definition family.
pub const ECS: usize = 255;
/// Longest name of a security group.
pub const SECURITY_GROUP: usize = 255;
/// Longest name of an application load balancer or target group.
pub const LOAD_BALANCER: usize = 32;

/// How long names may be, by what they are for, as the function `name` takes it.
pub const LIMITS: &[(&str, usize)] = &[
    ("ecs", ECS),
    ("load_balancer", LOAD_BALANCER),
    ("role", ROLE),
    ("security_group", SECURITY_GROUP),
    ("target_group", LOAD_BALANCER),
];

/// Longest name of an alarm.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
pub const ALARM: usize = 255;
/// Longest name of a metric filter.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html>
pub const METRIC_FILTER: usize = 512;
/// Longest name of an EventBridge rule.
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
pub const EVENT_RULE: usize = 64;
/// Longest identifier of an RDS database.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html>
pub const DATABASE: usize = 63;
/// Longest name of an RDS subnet or parameter group.
pub const DATABASE_GROUP: usize = 255;

const HASH: usize = 6;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A name of at most `limit` characters from the parts of its key, and `salt`: what else must make
/// it different (the region of a global object, an input that AWS cannot change in place).
pub fn unique(parts: &[&str], salt: &[&str], limit: usize) -> String {
    let mut prefix: String = parts.join("-");
    prefix.truncate(prefix.floor_char_boundary(limit - HASH - 1));
    let key: Vec<&str> = parts.iter().chain(salt).copied().collect();
    format!("{}-{}", prefix.trim_end_matches('-'), hash(&key.join("/")))
}

/// What all names begin with whose keys have these first parts.
pub(crate) fn beginning(parts: &[&str], limit: usize) -> String {
    let mut prefix = parts.join("-") + "-";
    prefix.truncate(prefix.floor_char_boundary(limit - HASH - 1));
    prefix
}

/// Name of an IAM role. It holds everything that AWS cannot change, so that a successor can be made
/// beside it: the path, where it is not the usual one.
pub(crate) fn role(scope: &Scope, parts: &[&str]) -> String {
    let path = Some(scope.iam_path.as_str()).filter(|path| *path != "/");
    let salt: Vec<&str> = std::iter::once(scope.region.as_str()).chain(path).collect();
    unique(parts, &salt, ROLE)
}

/// Name of a security group. AWS keeps names that begin with `sg-` for its ids, so those of a project called `sg` get a word before.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>
pub fn security_group(parts: &[&str], salt: &[&str]) -> String {
    let plain = unique(parts, salt, SECURITY_GROUP);
    if plain.starts_with("sg-") {
        let parts: Vec<&str> = [&["group"], parts].concat();
        unique(&parts, salt, SECURITY_GROUP)
    } else {
        plain
    }
}

/// What the names of all alarms of an environment begin with. A project and an environment have
/// neither `/` nor spaces, so no hash is needed; people read these names on their pagers.
pub fn alarm_prefix(project: &str, environment: &str) -> String {
    format!("{project}/{environment} ")
}

/// The first 30 bits of the SHA-256 of a key, in 6 lower-case letters and digits.
fn hash(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let bits = u64::from_be_bytes([
        digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7],
    ]);
    let letter = |at: usize| ALPHABET[usize::try_from(bits >> (59 - 5 * at) & 31).unwrap_or(0)];
    (0..HASH).map(|at| char::from(letter(at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_join_alike_differ() {
        let a = unique(&["acme", "prod", "shop", "web-api"], &[], ECS);
        let b = unique(&["acme", "prod", "shop-web", "api"], &[], ECS);
        assert_ne!(a, b);
        assert_eq!(&a[..a.len() - 6], &b[..b.len() - 6]);
    }

    #[test]
    fn long_names_are_cut_before_the_hash() {
        let long = "x".repeat(200);
        let name = unique(&[&long], &["us-west-2"], LOAD_BALANCER);
        assert_eq!(name.len(), 32);
        assert_ne!(name, unique(&[&long], &["eu-west-1"], LOAD_BALANCER));
    }

    #[test]
    fn a_name_is_never_cut_inside_a_letter() {
        let name = unique(&[&"ü".repeat(40)], &[], LOAD_BALANCER);
        assert_eq!(name.len(), 31, "{name}");
    }

    #[test]
    fn a_security_group_is_not_called_like_an_id() {
        assert!(security_group(&["sg", "prod", "shop"], &[]).starts_with("group-sg-prod-shop-"));
        assert_eq!(
            security_group(&["acme", "prod"], &["vpc-1"]),
            unique(&["acme", "prod"], &["vpc-1"], SECURITY_GROUP)
        );
    }

    #[test]
    fn a_role_with_another_path_has_another_name() {
        let scope = crate::scope::example();
        let parts = ["acme", "stage", "shop"];
        let usual = role(&scope, &parts);
        assert_eq!(usual, unique(&parts, &[&scope.region], ROLE));
        let other = Scope {
            iam_path: "/apps/".to_owned(),
            ..scope
        };
        assert_ne!(role(&other, &parts), usual);
    }

    #[test]
    fn names_are_stable_for_ever() {
        // These names are in everybody's accounts: a change here replaces their objects.
        assert_eq!(
            unique(&["acme", "prod", "shop", "worker"], &[], ECS),
            "acme-prod-shop-worker-xwylod"
        );
    }
}
