//! Messages quote the user's file. What stands where the ARN of a secret should be may be the secret itself, so it is never quoted.

use std::ops::Range;

/// Replaces ranges of the text by stars, byte for byte, so that every other place stays where it is.
pub(crate) fn hide(text: &mut String, ranges: &[Range<usize>]) {
    let hidden = |at: usize| ranges.iter().any(|range| range.contains(&at));
    let stars = text.char_indices().map(|(at, c)| match c {
        c if c == '\n' || !hidden(at) => c.to_string(),
        c => "*".repeat(c.len_utf8()),
    });
    *text = stars.collect();
}

/// What may be a secret in a text that is not TOML: everything behind `=` in tables called `secrets`, and behind `secrets =` itself.
pub(crate) fn by_words(text: &str) -> Vec<Range<usize>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> String {
        let mut hidden = text.to_owned();
        hide(&mut hidden, &by_words(text));
        assert_eq!(hidden.len(), text.len());
        hidden
    }

    #[test]
    fn hides_what_may_be_secret() {
        let text = "a = 1\n[apps.shop.secrets]\nKEY = s3cr\u{e9}t\nmore\n[x]\nb = 2\nsecrets = { K = 1 }\n";
        let want =
            "a = 1\n[apps.shop.secrets]\nKEY =********\n****\n[x]\nb = 2\nsecrets =**********\n";
        assert_eq!(hidden(text), want);
    }
}
