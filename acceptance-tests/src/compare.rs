//! Comparison of two JSON documents, told by path.

use anyhow::{Result, bail};
use serde_json::Value as Json;

/// Fails with every difference unless both are equal.
pub fn same(what: &str, expected: &Json, found: &Json) -> Result<()> {
    let found = differences(expected, found);
    if found.is_empty() {
        Ok(())
    } else {
        bail!("{what} differs:\n{}", found.join("\n"))
    }
}

/// Every difference, one line each.
pub fn differences(expected: &Json, found: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    collect("", expected, found, &mut lines);
    lines
}

fn collect(path: &str, expected: &Json, found: &Json, lines: &mut Vec<String>) {
    match (expected, found) {
        (Json::Object(left), Json::Object(right)) => {
            let mut keys: Vec<_> = left.keys().chain(right.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let [left, right] = [left, right].map(|map| map.get(key).unwrap_or(&Json::Null));
                collect(&format!("{path}.{key}"), left, right, lines);
            }
        }
        (Json::Array(left), Json::Array(right)) if left.len() == right.len() => {
            for (at, (left, right)) in left.iter().zip(right).enumerate() {
                collect(&format!("{path}[{at}]"), left, right, lines);
            }
        }
        (left, right) if left == right => {}
        (left, right) => lines.push(format!("  {path}: expected {left}, found {right}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_told_by_path() {
        let left = json!({ "a": [1, { "b": 2 }], "only": true });
        let right = json!({ "a": [1, { "b": 3 }] });
        assert_eq!(
            differences(&left, &right),
            [
                "  .a[1].b: expected 2, found 3",
                "  .only: expected true, found null"
            ]
        );
        assert!(same("it", &left, &right).is_err());
        assert!(same("it", &left, &left).is_ok());
    }
}
