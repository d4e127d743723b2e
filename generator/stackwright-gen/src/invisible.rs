//! Characters that nobody sees, and that change how the text around them looks: with them, a reviewer reads something else than Terraform
//! does (CVE-2021-42574, "Trojan Source"). They are written by their number wherever text of the input reaches a file.

/// Whether a character is one of these: control characters, line separators, marks that change the direction of text, and characters
/// without width. The two that join letters (U+200C and U+200D) belong to languages and emoji and are not among them.
pub fn is_invisible(c: char) -> bool {
    let separators_and_directions = '\u{2028}'..='\u{202e}';
    let operators_and_directions = '\u{2060}'..='\u{206f}';
    let annotations = '\u{fff9}'..='\u{fffb}';
    let tags = '\u{e0000}'..='\u{e007f}';
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
        )
        || separators_and_directions.contains(&c)
        || operators_and_directions.contains(&c)
        || annotations.contains(&c)
        || tags.contains(&c)
}

/// A character by its number, as strings of HCL, TOML and JSON have it: `\u202e`.
pub(crate) fn by_number(c: char) -> String {
    match u32::from(c) {
        number @ 0..=0xffff => format!("\\u{number:04x}"),
        number => format!("\\U{number:08x}"),
    }
}

/// The text on one line, with its invisible characters by their numbers.
pub fn one_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => shown.push(' '),
            c if is_invisible(c) => shown.push_str(&by_number(c)),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_text_round_is_invisible_and_what_languages_need_is_not() {
        let turning = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        assert!(turning.chars().all(is_invisible));
        assert!(
            "\u{0}\u{1b}\u{7f}\u{9b}\u{200b}\u{e0041}"
                .chars()
                .all(is_invisible)
        );
        assert!(
            !"a é שלום مرحبا 日本 👩\u{200d}🚀\u{fe0f}"
                .chars()
                .any(is_invisible)
        );
    }

    #[test]
    fn a_line_shows_the_numbers() {
        assert_eq!(
            one_line("a\nb\u{202e}c\u{1b}d\u{e0041}"),
            "a b\\u202ec\\u001bd\\U000e0041"
        );
    }
}
