//! Policy documents, compared by what they mean.
//!
//! IAM answers documents as URL-encoded JSON and rewrites some of them: one-element lists become
//! plain texts, lists change their order, an account id becomes the ARN of its root. [`normalise`]
//! gives every spelling of a document the same form; it must be applied to both sides of a
//! comparison. What is written to AWS is the document as it was asked for.
//!
//! Statements keep their order, because IAM keeps it. Whatever has no other spelling is left alone.

use serde_json::{Map, Value as Json};

/// The text is not a policy document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A `%` without two hexadecimal digits, or bytes that are not UTF-8.
    #[error("the policy document is not URL-encoded text")]
    Encoding,
    /// Not JSON.
    #[error("the policy document is not JSON (line {line}, column {column})")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// JSON, but not an object.
    #[error("the policy document is not a JSON object")]
    Shape,
}

/// Reads a document as IAM answers it (URL-encoded) or as people write it, in its normal form.
pub fn parse(text: &str) -> Result<Json, PolicyError> {
    let text = text.trim();
    let decoded = if text.starts_with('{') {
        text.to_owned()
    } else {
        url_decode(text)?
    };
    let json: Json = serde_json::from_str(&decoded).map_err(|error| PolicyError::Json {
        line: error.line(),
        column: error.column(),
    })?;
    if json.is_object() {
        Ok(normalise(&json))
    } else {
        Err(PolicyError::Shape)
    }
}

/// The normal form of a document: the same for all spellings of one meaning.
pub fn normalise(document: &Json) -> Json {
    let Json::Object(document) = document else {
        return document.clone();
    };
    let part = |(name, value): (&String, &Json)| {
        let value = if name == "Statement" {
            statements(value)
        } else {
            value.clone()
        };
        (name.clone(), value)
    };
    document.iter().map(part).collect::<Map<_, _>>().into()
}

fn statements(value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(statement).collect(),
        single => Json::Array(vec![statement(single)]),
    }
}

fn statement(value: &Json) -> Json {
    let Json::Object(fields) = value else {
        return value.clone();
    };
    let kept = fields.iter().filter(|(name, value)| !is_unset(name, value));
    kept.map(|(name, value)| (name.clone(), element(name, value)))
        .collect::<Map<_, _>>()
        .into()
}

/// IAM answers `"Sid": ""` for a statement without one.
fn is_unset(name: &str, value: &Json) -> bool {
    (name == "Sid" && value.as_str() == Some("")) || value.is_null()
}

fn element(name: &str, value: &Json) -> Json {
    match name {
        "Action" | "NotAction" | "Resource" | "NotResource" => set(value, Json::clone),
        "Principal" | "NotPrincipal" => principals(value),
        "Condition" => conditions(value),
        _ => value.clone(),
    }
}

/// `"*"` is short for `{"AWS": "*"}`.
fn principals(value: &Json) -> Json {
    let Json::Object(kinds) = value else {
        let all: Map<String, Json> = [("AWS".to_owned(), set(value, Json::clone))]
            .into_iter()
            .collect();
        return all.into();
    };
    let kind = |(name, value): (&String, &Json)| (name.clone(), set(value, principal));
    kinds.iter().map(kind).collect::<Map<_, _>>().into()
}

/// `arn:aws:iam::123456789012:root` and `123456789012` are the same principal.
fn principal(value: &Json) -> Json {
    let account = value.as_str().and_then(root_account);
    account.map_or_else(|| value.clone(), Json::from)
}

fn root_account(arn: &str) -> Option<&str> {
    let (service, rest) = arn.strip_prefix("arn:")?.split_once("::")?;
    let account = rest.strip_suffix(":root")?;
    let whole = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (service.ends_with(":iam") && whole).then_some(account)
}

/// Operators hold keys, keys hold values; IAM compares all values as text.
fn conditions(value: &Json) -> Json {
    let Json::Object(operators) = value else {
        return value.clone();
    };
    let keys = |value: &Json| match value {
        Json::Object(keys) => keys
            .iter()
            .map(|(key, value)| (key.clone(), set(value, as_text)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    };
    operators
        .iter()
        .map(|(name, value)| (name.clone(), keys(value)))
        .collect::<Map<_, _>>()
        .into()
}

fn as_text(value: &Json) -> Json {
    match value {
        Json::Bool(_) | Json::Number(_) => Json::String(value.to_string()),
        other => other.clone(),
    }
}

/// One value stands alone; several are sorted and each is there once.
fn set(value: &Json, each: impl Fn(&Json) -> Json) -> Json {
    let Json::Array(items) = value else {
        return each(value);
    };
    let mut items: Vec<Json> = items.iter().map(each).collect();
    items.sort_by_key(Json::to_string);
    items.dedup();
    match items.as_slice() {
        [single] => single.clone(),
        _ => Json::Array(items),
    }
}

/// Undoes RFC 3986; a `+` stands for itself.
fn url_decode(text: &str) -> Result<String, PolicyError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let (high, low) = (hex(tail.first())?, hex(tail.get(1))?);
            bytes.push(high << 4 | low);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).map_err(|_| PolicyError::Encoding)
}

fn hex(digit: Option<&u8>) -> Result<u8, PolicyError> {
    let digit = digit.and_then(|digit| char::from(*digit).to_digit(16));
    digit
        .and_then(|digit| u8::try_from(digit).ok())
        .ok_or(PolicyError::Encoding)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use serde_json::json;

    fn document(statement: Json) -> Json {
        let version = ("Version".to_owned(), Json::from("2012-10-17"));
        Json::from_iter([version, ("Statement".to_owned(), statement)])
    }

    /// Both spellings have the same normal form.
    #[track_caller]
    fn same(a: Json, b: Json) {
        assert_eq!(normalise(&document(a)), normalise(&document(b)));
    }

    #[track_caller]
    fn different(a: Json, b: Json) {
        assert_ne!(normalise(&document(a)), normalise(&document(b)));
    }

    #[test]
    fn one_statement_may_stand_alone() {
        same(
            json!({"Effect": "Allow", "Action": "s3:*"}),
            json!([{"Effect": "Allow", "Action": "s3:*"}]),
        );
    }

    #[test]
    fn one_element_lists_are_plain_texts() {
        for field in ["Action", "NotAction", "Resource", "NotResource"] {
            same(json!({ field: "x" }), json!({ field: ["x"] }));
        }
    }

    #[test]
    fn lists_are_sets() {
        for field in ["Action", "NotAction", "Resource", "NotResource"] {
            same(
                json!({ field: ["b", "a", "b"] }),
                json!({ field: ["a", "b"] }),
            );
            different(json!({ field: ["a", "b"] }), json!({ field: ["a"] }));
        }
    }

    #[test]
    fn principals_have_one_form() {
        same(
            json!({"Principal": "*"}),
            json!({"Principal": {"AWS": ["*"]}}),
        );
        same(
            json!({"Principal": {"AWS": ["123456789012", "arn:aws:iam::210987654321:role/x"]}}),
            json!({"Principal": {"AWS": ["arn:aws:iam::210987654321:role/x", "arn:aws:iam::123456789012:root"]}}),
        );
        same(
            json!({"Principal": {"AWS": "arn:aws-cn:iam::123456789012:root"}}),
            json!({"Principal": {"AWS": "123456789012"}}),
        );
        same(
            json!({"Principal": {"Service": ["ecs-tasks.amazonaws.com"]}}),
            json!({"Principal": {"Service": "ecs-tasks.amazonaws.com"}}),
        );
        different(
            json!({"Principal": {"AWS": "arn:aws:iam::123456789012:role/root"}}),
            json!({"Principal": {"AWS": "123456789012"}}),
        );
        different(
            json!({"Principal": {"AWS": "1"}}),
            json!({"Principal": {"Service": "1"}}),
        );
    }

    #[test]
    fn condition_values_are_sets_of_texts() {
        same(
            json!({"Condition": {"Bool": {"aws:MultiFactorAuthPresent": true}}}),
            json!({"Condition": {"Bool": {"aws:MultiFactorAuthPresent": ["true"]}}}),
        );
        same(
            json!({"Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": 3600}}}),
            json!({"Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}}),
        );
        same(
            json!({"Condition": {"StringEquals": {"sts:ExternalId": ["b", "a"]}}}),
            json!({"Condition": {"StringEquals": {"sts:ExternalId": ["a", "b"]}}}),
        );
        different(
            json!({"Condition": {"StringEquals": {"sts:ExternalId": "a"}}}),
            json!({"Condition": {"StringLike": {"sts:ExternalId": "a"}}}),
        );
    }

    #[test]
    fn an_empty_sid_is_none() {
        same(
            json!({"Sid": "", "Effect": "Allow"}),
            json!({"Effect": "Allow"}),
        );
        different(
            json!({"Sid": "x", "Effect": "Allow"}),
            json!({"Effect": "Allow"}),
        );
    }

    #[test]
    fn the_order_of_statements_counts() {
        different(
            json!([{"Sid": "a"}, {"Sid": "b"}]),
            json!([{"Sid": "b"}, {"Sid": "a"}]),
        );
    }

    #[test]
    fn the_normal_form_is_its_own_normal_form() {
        let once = normalise(&document(json!({
            "Effect": "Allow", "Action": ["b", "a"], "Principal": "*",
            "Condition": {"Bool": {"x": [true, false]}},
        })));
        assert_eq!(normalise(&once), once);
    }

    #[test]
    fn answers_of_iam_are_url_encoded() {
        let encoded = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Sid%22%3A%22a%20%2B%20%C3%BC%22%7D%5D%7D";
        assert_eq!(
            parse(encoded).unwrap(),
            json!({"Version": "2012-10-17", "Statement": [{"Sid": "a + ü"}]})
        );
    }

    #[test]
    fn plain_json_is_read_as_it_is() {
        let plain = r#" {"Statement": {"Resource": ["arn:aws:s3:::a/%25+b"]}}"#;
        assert_eq!(
            parse(plain).unwrap(),
            json!({"Statement": [{"Resource": "arn:aws:s3:::a/%25+b"}]})
        );
    }

    #[test]
    fn what_is_no_document_is_an_error() {
        assert_eq!(parse("%7"), Err(PolicyError::Encoding));
        assert_eq!(parse("%zz"), Err(PolicyError::Encoding));
        assert_eq!(parse("%FF"), Err(PolicyError::Encoding));
        assert_eq!(parse("%5B%5D"), Err(PolicyError::Shape));
        assert_eq!(parse("{\n!"), Err(PolicyError::Json { line: 2, column: 1 }));
    }
}
