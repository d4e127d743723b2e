//! Lines up `=` the way `terraform fmt` does, so that templates need not.

use std::ops::Range;

/// The text with the equals signs of neighbouring single-line attributes in one column.
///
/// The rule of `terraform fmt`: lines that follow one another and each hold a whole attribute form a group; a blank line, a comment or
/// an attribute that opens a bracket ends it.
pub fn align(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let attributes: Vec<Option<Attribute<'_>>> =
        lines.iter().map(|line| Attribute::of(line)).collect();
    let mut aligned = String::with_capacity(text.len() + text.len() / 8);
    for (index, line) in lines.iter().enumerate() {
        match &attributes[index] {
            Some(attribute) => {
                aligned.push_str(&attribute.padded_to(group_width(&attributes, index)));
            }
            None => aligned.push_str(line),
        }
        aligned.push('\n');
    }
    aligned
}

/// One line of the form `name = whole value`.
struct Attribute<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> Attribute<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let code = line.trim_start();
        if code.starts_with('#') {
            return None;
        }
        let equals = assignment(code)?;
        let value = code[equals + 1..].trim();
        let start = line.len() - code.len();
        (open_brackets(value) == 0).then(|| Self {
            name: line[..start + equals].trim_end(),
            value,
        })
    }

    fn width(&self) -> usize {
        self.name.chars().count()
    }

    fn padded_to(&self, width: usize) -> String {
        let padding = " ".repeat(width - self.width());
        format!("{}{padding} = {}", self.name, self.value)
    }
}

fn group_width(attributes: &[Option<Attribute<'_>>], index: usize) -> usize {
    group(attributes, index)
        .filter_map(|at| attributes[at].as_ref())
        .map(Attribute::width)
        .max()
        .unwrap_or(0)
}

fn group(attributes: &[Option<Attribute<'_>>], index: usize) -> Range<usize> {
    let start = attributes[..index]
        .iter()
        .rposition(Option::is_none)
        .map_or(0, |gap| gap + 1);
    let end = attributes[index..]
        .iter()
        .position(Option::is_none)
        .map_or(attributes.len(), |gap| index + gap);
    start..end
}

/// Where the first `=` stands that is neither in a string nor part of another operator.
fn assignment(code: &str) -> Option<usize> {
    let outside: Vec<(usize, char)> = outside_strings(code).collect();
    let single = |at: usize| {
        let before = at.checked_sub(1).map(|before| outside[before].1);
        let after = outside.get(at + 1).map(|(_, c)| *c);
        !matches!(before, Some('=' | '!' | '<' | '>')) && !matches!(after, Some('=' | '>'))
    };
    (0..outside.len())
        .find(|at| outside[*at].1 == '=' && single(*at))
        .map(|at| outside[at].0)
}

fn open_brackets(code: &str) -> i32 {
    let change = |c| match c {
        '(' | '[' | '{' => 1,
        ')' | ']' | '}' => -1,
        _ => 0,
    };
    outside_strings(code).map(|(_, c)| change(c)).sum()
}

/// The characters outside quoted strings.
fn outside_strings(code: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut quoted = false;
    let mut escaped = false;
    code.char_indices().filter(move |(_, c)| {
        let is_quote = *c == '"' && !escaped;
        escaped = quoted && *c == '\\' && !escaped;
        if is_quote {
            quoted = !quoted;
        }
        !quoted && !is_quote
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_up_neighbours() {
        let text =
            "a = 1\nlonger = \"x = {\"\n\nb = {\n  c = 1\n  dd = [1]\n}\ne = 1\n# f = 2\nggg = 3\n";
        let want = "a      = 1\nlonger = \"x = {\"\n\nb = {\n  c  = 1\n  dd = [1]\n}\ne = 1\n# f = 2\nggg = 3\n";
        assert_eq!(align(text), want);
    }

    #[test]
    fn operators_are_no_assignments() {
        let text = "condition = a == b\nx = y\n  a != b\n  for k, v in x : k => v\n";
        assert_eq!(
            align(text),
            "condition = a == b\nx         = y\n  a != b\n  for k, v in x : k => v\n"
        );
    }

    #[test]
    fn escaped_quotes_do_not_end_a_string() {
        assert_eq!(
            align("\"a\\\" = b\" = 1\nc = 2\n"),
            "\"a\\\" = b\" = 1\nc         = 2\n"
        );
    }

    #[test]
    fn aligning_twice_changes_nothing() {
        let text = align("a = 1\nbb = 2\n");
        assert_eq!(align(&text), text);
    }
}
