//! The one place where text becomes HCL: input is data, never code.
//!
//! Every value that a template writes passes [`string_content`] (it is the escape function of the template engine, so a plain
//! `{{value}}` is already safe between quotes), [`key`] or [`comment`].

use crate::invisible::{self, by_number, is_invisible};

/// The text as the inside of a quoted HCL string: Terraform reads back exactly the text.
///
/// Two kinds of text cannot be carried and are refused before they come here: a NUL character, which no process can get, and text that
/// Unicode normalization (NFC) changes, because Terraform normalizes every string.
pub fn string_content(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        push_escaped(&mut escaped, c, before, chars.peek().copied());
        before = Some(c);
    }
    escaped
}

/// The text as a quoted HCL string.
pub fn string(text: &str) -> String {
    format!("\"{}\"", string_content(text))
}

/// The text as the key of an object: bare where HCL allows it, else quoted.
pub fn key(text: &str) -> String {
    if is_bare_key(text) {
        text.to_owned()
    } else {
        string(text)
    }
}

/// The text for a comment: one line, without what ends a block comment.
pub fn comment(text: &str) -> String {
    invisible::one_line(text).replace("*/", "* /")
}

fn push_escaped(escaped: &mut String, c: char, before: Option<char>, next: Option<char>) {
    match c {
        '"' => escaped.push_str("\\\""),
        '\\' => escaped.push_str("\\\\"),
        '\n' => escaped.push_str("\\n"),
        '\r' => escaped.push_str("\\r"),
        '\t' => escaped.push_str("\\t"),
        // `$${` stands for `${`. Behind another `$` parsers disagree about what it means, so there the sign is written by its number.
        '$' | '%' if next == Some('{') && before == Some(c) => escaped.push_str(&by_number(c)),
        '$' | '%' if next == Some('{') => escaped.extend([c, c]),
        c if is_invisible(c) => escaped.push_str(&by_number(c)),
        c => escaped.push(c),
    }
}

fn is_bare_key(text: &str) -> bool {
    let mut bytes = text.bytes();
    let starts = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    starts
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && !RESERVED.contains(&text)
}

/// Words that mean something else at the start of an object.
const RESERVED: [&str; 6] = ["for", "if", "in", "null", "true", "false"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_hcl_would_read() {
        assert_eq!(
            string(r#"a "b" \ ${x} %{y} $5 100% $"#),
            r#""a \"b\" \\ $${x} %%{y} $5 100% $""#
        );
        assert_eq!(
            string("a\nb\r\tc\u{1}\u{7f}\u{2028}"),
            "\"a\\nb\\r\\tc\\u0001\\u007f\\u2028\""
        );
        assert_eq!(string("$${x} %%{y} $$$"), "\"$\\u0024{x} %\\u0025{y} $$$\"");
        assert_eq!(
            string("\u{202e}x\u{2066}y\u{200f}\u{e0041}"),
            "\"\\u202ex\\u2066y\\u200f\\U000e0041\""
        );
        assert_eq!(string("*/ # // é"), "\"*/ # // é\"");
    }

    #[test]
    fn quotes_keys_that_need_it() {
        assert_eq!(key("RAILS_ENV"), "RAILS_ENV");
        assert_eq!(key("shop-web"), "shop-web");
        for text in ["for", "null", "1x", "-a", "", "a.b", "a b"] {
            assert_eq!(key(text), format!("\"{text}\""));
        }
        assert_eq!(key("${x}"), "\"$${x}\"");
    }

    #[test]
    fn comments_stay_one_line() {
        assert_eq!(comment("a\nb */ c\u{2028}d"), "a b * / c d");
        assert_eq!(comment("a\u{202e}b"), "a\\u202eb");
    }
}
