//! The three formats of a spec become one kind of document.
//!
//! TOML is read by `toml_edit`, YAML by `saphyr-parser` (in `stackwright-plan`, which needs it for Procfiles), JSON by `jsonc-parser` with
//! everything switched off that JSON does not have: each is well kept and says where every key and value stands.

mod json;
mod toml;

use stackwright_plan::document::{DocumentError, Node};
use stackwright_plan::yaml;

/// A format that a spec can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `stackwright.toml`.
    Toml,
    /// `stackwright.yaml` or `stackwright.yml`.
    Yaml,
    /// `stackwright.json`.
    Json,
}

impl Format {
    /// The format of a file, by the end of its name; TOML when that says nothing.
    pub fn of(name: &str) -> Self {
        let end = name.rsplit_once('.').map_or("", |(_, end)| end);
        match end.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Self::Yaml,
            "json" => Self::Json,
            _ => Self::Toml,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
            Self::Json => "JSON",
        }
    }

    /// A line that sets a key to a value, both as in TOML: what a message says to write.
    pub(crate) fn line(self, toml: &str) -> String {
        let table = toml
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        match (self, table, toml.split_once(" = ")) {
            (Self::Yaml, Some(table), _) => format!("{}:", table.replace('.', ": ")),
            (Self::Json, Some(table), _) => format!("\"{}\": {{}}", table.replace('.', "\": {\"")),
            (Self::Yaml, _, Some((key, value))) => format!("{key}: {value}"),
            (Self::Json, _, Some((key, value))) => format!("\"{key}\": {value}"),
            _ => toml.to_owned(),
        }
    }
}

/// Reads a document, or says what keeps it from being one.
pub(crate) fn parse(format: Format, text: &str) -> Result<Node, Vec<DocumentError>> {
    match format {
        Format::Toml => toml::parse(text),
        Format::Yaml => yaml::parse(text),
        Format::Json => json::parse(text),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// The value of a document without its places.
    fn shape(node: &Node) -> String {
        let inside = |nodes: &[Node]| nodes.iter().map(shape).collect::<Vec<_>>().join(" ");
        let entries = node.entries().iter();
        let entries: Vec<String> = entries
            .map(|entry| format!("{}={}", entry.key, shape(&entry.node)))
            .collect();
        format!(
            "{}:{}{:?}{entries:?}[{}]",
            node.type_name(),
            node.text().unwrap_or_default(),
            node.number(),
            inside(node.items())
        )
    }

    #[test]
    fn the_same_document_in_three_formats() {
        let toml = "a = \"x\"\nn = 2\nf = 0.5\nt = true\nl = [\"é\", 1]\n[d.e]\nk = \"v\"\n";
        let yaml = "a: x\nn: 2\nf: 0.5\nt: true\nl: [é, 1]\nd:\n  e:\n    k: \"v\"\n";
        let json = r#"{"a": "x", "n": 2, "f": 0.5, "t": true, "l": ["\u00e9", 1], "d": {"e": {"k": "v"}}}"#;
        let shapes = [
            (Format::Toml, toml),
            (Format::Yaml, yaml),
            (Format::Json, json),
        ]
        .map(|(format, text)| shape(&parse(format, text).unwrap()));
        assert_eq!(shapes[0], shapes[1]);
        assert_eq!(shapes[1], shapes[2]);
        let tables = parse(Format::Toml, "[[a]]\nb = 1\n[[a]]\nb = 2\n").unwrap();
        let inline = parse(Format::Json, r#"{"a": [{"b": 1}, {"b": 2}]}"#).unwrap();
        assert_eq!(shape(&tables), shape(&inline));
    }

    #[test]
    fn each_format_keeps_places_and_refuses_a_key_twice() {
        let cases = [
            (Format::Toml, "# é\na = 1\na = 2\n"),
            (Format::Yaml, "# é\na: 1\na: 2\n"),
            (Format::Json, "{\"é\": 0, \"a\": 1,\n\"a\": 2}"),
        ];
        for (format, text) in cases {
            let errors = parse(format, text).unwrap_err();
            assert!(
                text[errors[0].span.clone()].contains('a'),
                "{format:?} {errors:?}"
            );
            assert!(errors[0].span.start >= 10, "{format:?} {errors:?}");
        }
    }

    #[test]
    fn json_is_json_and_nothing_more() {
        for text in [
            "",
            "{",
            "{a: 1}",
            "{'a': 1}",
            "{\"a\": 1,}",
            "// x\n{}",
            "{\"a\": 0x1}",
            "{} {}",
            "{\"a\": +1}",
            "{\"a\": .5}",
            "{\"a\": NaN}",
            "[1 2]",
        ] {
            assert!(parse(Format::Json, text).is_err(), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(parse(Format::Json, &deep).is_err());
    }

    #[test]
    fn the_end_of_the_name_says_the_format() {
        let format = |name: &str| Format::of(name).name();
        assert_eq!(format("stackwright.toml"), "TOML");
        assert_eq!(format("a/b.YML"), "YAML");
        assert_eq!((format("x.json"), format("x")), ("JSON", "TOML"));
    }
}
