//! Places of listener rules: the more specific comes first.
//!
//! A load balancer asks its rules in the order of their numbers, 1 to 50000, and the first that fits
//! wins. Rules of different services must not depend on who came first, so each has a band by how
//! specific it is, and inside the band a place by a hash of its identity.

use sha2::{Digest as _, Sha256};

/// Numbers of one band.
const BAND: i32 = 5_000;
/// The largest number that AWS takes.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html>
pub const LAST: i32 = 50_000;

/// How much of a request a text fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Exact,
    Pattern,
    Any,
}

fn fit(values: &[String]) -> Fit {
    let is_pattern = |value: &String| value.contains(['*', '?']);
    let is_any = |value: &String| value == "/*" || value == "*";
    if values.is_empty() || values.iter().any(is_any) {
        Fit::Any
    } else if values.iter().any(is_pattern) {
        Fit::Pattern
    } else {
        Fit::Exact
    }
}

/// The first number of the band of a rule. Nine bands begin at 1; the numbers behind them are for
/// people who choose their own.
pub fn band(hosts: &[String], paths: &[String]) -> i32 {
    let rank = fit(hosts) as i32 * 3 + fit(paths) as i32;
    rank * BAND + 1
}

/// The place of a rule, when it is free. Inside the band of patterns the longer path comes first.
pub fn preferred(hosts: &[String], paths: &[String], identity: &str) -> i32 {
    let digest = Sha256::digest(identity.as_bytes());
    let hash = i32::from(u16::from_be_bytes([digest[0], digest[1]]));
    let longest = paths.iter().map(String::len).max().unwrap_or(0).min(128);
    let patterned = fit(paths) == Fit::Pattern;
    // 128 lengths and some 39 places for each.
    let slot = BAND / 129;
    let inside = if patterned {
        let length = i32::try_from(longest).unwrap_or(128);
        (128 - length) * slot + hash % slot
    } else {
        hash % BAND
    };
    band(hosts, paths) + inside
}

/// The number to take: the preferred one, else the next free one, from the beginning when the end is
/// reached. `None` when all are taken.
pub fn free(preferred: i32, taken: &std::collections::BTreeSet<i32>) -> Option<i32> {
    (preferred..=LAST)
        .chain(1..preferred)
        .find(|number| !taken.contains(number))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn place(host: &[&str], path: &[&str]) -> i32 {
        preferred(
            &texts(host),
            &texts(path),
            "service/stage/shop/web/rule.web",
        )
    }

    #[test]
    fn the_more_specific_comes_first() {
        let places = [
            place(&["www.example.com"], &["/api"]),
            place(&["www.example.com"], &["/api/v1/*"]),
            place(&["www.example.com"], &["/api/*"]),
            place(&["www.example.com"], &[]),
            place(&["*.example.com"], &["/api"]),
            place(&["*.example.com"], &["/api/*"]),
            place(&["*.example.com"], &[]),
            place(&[], &["/api"]),
            place(&[], &["/api/*"]),
            place(&[], &["/*"]),
        ];
        assert!(places.is_sorted(), "{places:?}");
        assert!(places.iter().all(|place| (1..=45_000).contains(place)));
    }

    #[test]
    fn places_are_stable_for_ever() {
        // A change here gives new rules other places than their neighbours expect.
        assert_eq!(place(&["www.example.com"], &[]), 12_428);
    }

    #[test]
    fn the_next_free_one_is_taken() {
        assert_eq!(free(7, &BTreeSet::from([7, 8])), Some(9));
        assert_eq!(free(LAST, &BTreeSet::from([LAST])), Some(1));
        assert_eq!(free(7, &(1..=LAST).collect()), None);
    }
}
