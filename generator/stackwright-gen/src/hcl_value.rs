//! Values as HCL expressions: what a spec passes into Terraform as it is.

use std::fmt::Write as _;

use serde_json::Value;

use crate::hcl_escape;

/// A value as an expression whose first line stands after `indent` spaces. `hcl_align` lines it up.
pub(crate) fn expression(value: &Value, indent: usize) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => hcl_escape::string(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| expression(item, indent)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Object(entries) => {
            let mut text = "{\n".to_owned();
            let mut before = None;
            for (key, value) in entries {
                // An empty line before and after each object: version control merges changes of both sides of it.
                if before.is_some_and(|before| is_block(before) || is_block(value)) {
                    text.push('\n');
                }
                before = Some(value);
                let (key, value) = (hcl_escape::key(key), expression(value, indent + 2));
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{:1$}{key} = {value}", "", indent + 2);
            }
            let _ = write!(text, "{:1$}}}", "", indent);
            text
        }
    }
}

/// Whether an expression has several lines.
fn is_block(value: &Value) -> bool {
    value.as_object().is_some_and(|entries| !entries.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_and_escaped() {
        let value = json!({ "a": "${x}", "b b": [1, 0.5, true], "c": {}, "d": { "e": null } });
        let want = "{\n    a = \"$${x}\"\n    \"b b\" = [1, 0.5, true]\n    c = {}\n\n    d = {\n      e = null\n    }\n  }";
        assert_eq!(expression(&value, 2), want);
    }
}
