//! Doc comments as Markdown.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The doc comment without its wrapping: one line for each paragraph, list item or table row.
/// `None` when there is no text.
pub(crate) fn markdown(attributes: &[Attribute]) -> Option<String> {
    let text: Vec<String> = attributes.iter().filter_map(doc_text).collect();
    let unwrapped = unwrap_lines(text.iter().flat_map(|text| text.split('\n')));
    (!unwrapped.is_empty()).then_some(unwrapped)
}

/// The doc attributes themselves, to carry them over to the twin.
pub(crate) fn attributes(attributes: &[Attribute]) -> Vec<&Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .collect()
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn unwrap_lines<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    let mut in_code = false;
    let mut may_continue = false;
    for line in lines {
        let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
        let fence = line.trim_start().starts_with("```");
        let continues = may_continue && !in_code && !fence && !starts_anew(line);
        if !out.is_empty() {
            out.push(if continues { ' ' } else { '\n' });
        }
        out.push_str(if continues { line.trim_start() } else { line });
        in_code ^= fence;
        may_continue = !in_code && !fence && !line.is_empty() && !line.starts_with(['#', '|']);
    }
    out.trim_matches('\n').to_owned()
}

/// Whether a line is not the rest of the paragraph before it.
fn starts_anew(line: &str) -> bool {
    let text = line.trim_start();
    let numbered = || {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.len() < text.len() && rest.starts_with(". ")
    };
    text.is_empty()
        || text.starts_with(['#', '|', '>'])
        || ["- ", "* ", "+ "]
            .iter()
            .any(|bullet| text.starts_with(bullet))
        || numbered()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unwrapped(text: &str) -> String {
        unwrap_lines(text.split('\n'))
    }

    #[test]
    fn wrapped_lines_become_one_paragraph() {
        assert_eq!(
            unwrapped(" One\n two.\n\n Three\n four."),
            "One two.\n\nThree four."
        );
    }

    #[test]
    fn list_items_and_tables_keep_their_lines() {
        assert_eq!(
            unwrapped(" Either:\n - a\n   b\n - c\n 1. d"),
            "Either:\n- a b\n- c\n1. d"
        );
        assert_eq!(unwrapped(" | a |\n |---|\n | b |"), "| a |\n|---|\n| b |");
    }

    #[test]
    fn code_is_verbatim() {
        assert_eq!(
            unwrapped(" Try\n ```hcl\n a {\n   b = 1\n }\n ```\n End"),
            "Try\n```hcl\na {\n  b = 1\n}\n```\nEnd"
        );
    }
}
