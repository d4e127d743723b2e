//! What a class of RDS machines has: for monitors, and for the connections that it takes.

use tfplugin_types::Cfg;

use super::DbConfig;

const GIB: i64 = 1024 * 1024 * 1024;

/// Memory of a class; `None` for families that are not known.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html>
pub(super) fn memory_bytes(class: &str) -> Option<i64> {
    let mut parts = class.split('.').skip(1);
    let (family, size) = (parts.next()?, parts.next()?);
    let burstable = match size {
        "micro" => Some(1),
        "small" => Some(2),
        "medium" => Some(4),
        _ => None,
    };
    let gib = match (family.chars().next()?, burstable) {
        ('t', Some(gib)) => gib,
        ('t' | 'm', None) => 4 * vcpus(size)?,
        ('m' | 'r', Some(_)) if size == "medium" => memory_of_medium(family),
        ('r', None) => 8 * vcpus(size)?,
        ('c', None) => 2 * vcpus(size)?,
        _ => return None,
    };
    Some(gib * GIB)
}

fn memory_of_medium(family: &str) -> i64 {
    if family.starts_with('m') { 4 } else { 8 }
}

/// `large` has 2, `xlarge` 4, `4xlarge` 16.
fn vcpus(size: &str) -> Option<i64> {
    match size {
        "large" => Some(2),
        "xlarge" => Some(4),
        _ => size
            .strip_suffix("xlarge")?
            .parse::<i64>()
            .ok()
            .map(|times| 4 * times),
    }
}

/// RDS reckons with what the operating system and itself leave of the memory: of small machines that is much less. AWS does not publish
/// how much; a db.t4g.small with 2 GiB was seen to take 181 connections. These shares are a little lower, so that an alarm near the
/// limit fires before it is reached.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections>
fn default_connections(memory: i64) -> i64 {
    let percent = match memory / GIB {
        0..=1 => 70,
        2..=3 => 77,
        4..=7 => 88,
        _ => 92,
    };
    (memory / 100 * percent / 9_531_392).min(5_000)
}

/// The connections that a database takes; 0 when it cannot be said.
pub(super) fn max_connections(view: &DbConfig) -> Cfg<i64> {
    let given = match &view.parameters {
        Cfg::Known(parameters) => parameters.get("max_connections").cloned(),
        Cfg::Null => None,
        Cfg::Unknown(_) => return Cfg::unknown(),
    };
    match given {
        Some(Cfg::Unknown(_)) => Cfg::unknown(),
        Some(Cfg::Known(given)) => Cfg::Known(given.parse().unwrap_or(0)),
        Some(Cfg::Null) | None => view.memory_bytes.clone().map(default_connections),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_follows_family_and_size() {
        for (class, gib) in [
            ("db.t4g.micro", Some(1)),
            ("db.t3.medium", Some(4)),
            ("db.t4g.large", Some(8)),
            ("db.m6g.large", Some(8)),
            ("db.r6g.4xlarge", Some(128)),
            ("db.x2g.large", None),
            ("db.serverless", None),
        ] {
            assert_eq!(memory_bytes(class), gib.map(|gib| gib * GIB), "{class}");
        }
    }

    #[test]
    fn connections_follow_memory_up_to_a_limit() {
        assert_eq!(default_connections(GIB), 78);
        let small = default_connections(2 * GIB);
        assert!((150..181).contains(&small), "{small}");
        assert_eq!(default_connections(128 * GIB), 5_000);
    }
}
