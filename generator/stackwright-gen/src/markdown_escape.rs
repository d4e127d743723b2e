//! The one place where text becomes Markdown.

use std::fmt::Write as _;

use crate::invisible;

/// The text so that Markdown shows it as it is, in running text, in a table cell and in a Mermaid label.
pub(crate) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in invisible::one_line(text).chars() {
        match c {
            '&' | '<' | '>' | '"' | '`' | '|' | '*' | '[' | ']' | '\\' | '#' => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        assert_eq!(text("a|b <i>\n`x`"), "a&#124;b &#60;i&#62; &#96;x&#96;");
        assert_eq!(super::text("a\u{202e}b"), "a&#92;u202eb");
    }
}
