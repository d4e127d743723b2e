//! Messages quote the user's file. What stands where the ARN of a secret should be may be the secret itself, so it is never quoted.

use std::ops::Range;

use crate::format::Format;

/// Replaces ranges of the text by stars, byte for byte, so that every other place stays where it is.
pub(crate) fn hide(text: &mut String, ranges: &[Range<usize>]) {
    let hidden = |at: usize| ranges.iter().any(|range| range.contains(&at));
    let stars = text.char_indices().map(|(at, c)| match c {
        c if c == '\n' || !hidden(at) => c.to_string(),
        c => "*".repeat(c.len_utf8()),
    });
    *text = stars.collect();
}

/// What may be a secret in a text that cannot be read: everything behind `secrets`, as far as each format lets it reach.
pub(crate) fn by_words(format: Format, text: &str) -> Vec<Range<usize>> {
    match format {
        Format::Toml => by_tables(text),
        Format::Yaml => by_indent(text),
        Format::Json => by_braces(text),
    }
}

/// Everything behind `=` in tables called `secrets`, and behind `secrets =` itself.
fn by_tables(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    let mut in_secrets = false;
    for line in text.split_inclusive('\n') {
        let code = line.trim();
        if code.starts_with('[') {
            in_secrets = code.contains("secrets");
        } else if let Some(value) = line
            .find('=')
            .filter(|at| in_secrets || line[..*at].contains("secrets"))
        {
            ranges.push(start + value + 1..start + line.len());
        } else if in_secrets {
            ranges.push(start..start + line.len());
        }
        start += line.len();
    }
    ranges
}

/// What stands behind `secrets:` and, in the lines that are indented more, everything but keys.
fn by_indent(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    let mut secrets: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if secrets.is_some_and(|outer| indent <= outer && !line.trim().is_empty()) {
            secrets = None;
        }
        let colon = line.find(':').map_or(0, |colon| colon + 1);
        if secrets.is_some() {
            ranges.push(start + colon..start + line.len());
        } else if let Some(at) = line.find("secrets") {
            secrets = Some(indent);
            ranges.push(start + at + "secrets".len()..start + line.len());
        }
        start += line.len();
    }
    ranges
}

/// What stands between the braces behind `"secrets"`; to the end when they are not closed.
fn by_braces(text: &str) -> Vec<Range<usize>> {
    let starts = text.match_indices("secrets");
    let range = |(at, word): (usize, &str)| {
        let start = at + word.len();
        let end = text[start..]
            .find('}')
            .map_or(text.len(), |end| start + end);
        start..end
    };
    starts.map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(format: Format, text: &str) -> String {
        let mut hidden = text.to_owned();
        hide(&mut hidden, &by_words(format, text));
        assert_eq!(hidden.len(), text.len());
        hidden
    }

    #[test]
    fn hides_what_may_be_secret() {
        let text = "a = 1\n[apps.shop.secrets]\nKEY = s3cr\u{e9}t\nmore\n[x]\nb = 2\nsecrets = { K = 1 }\n";
        let want =
            "a = 1\n[apps.shop.secrets]\nKEY =********\n****\n[x]\nb = 2\nsecrets =**********\n";
        assert_eq!(hidden(Format::Toml, text), want);
        let text = "a:\n  secrets:\n    KEY: s3cret\n    - x\n  b: 2\nsecrets: {K: x}\n";
        let want = "a:\n  secrets*\n    KEY:*******\n*******\n  b: 2\nsecrets********\n";
        assert_eq!(hidden(Format::Yaml, text), want);
        let text = "{\"a\": 1, \"secrets\": {\"K\": \"x\"}, b}\n";
        let want = "{\"a\": 1, \"secrets************}, b}\n";
        assert_eq!(hidden(Format::Json, text), want);
    }
}
