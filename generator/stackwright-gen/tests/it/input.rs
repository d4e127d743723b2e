//! Short ways to make input and to look at output.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Block, Body};
use stackwright_gen::{Outcome, Procfiles, SourceFile, Spec, Tree, generate};

/// The first lines that every spec needs.
pub(crate) const MINIMAL: &str = r#"project = "acme"
region = "us-west-2"

[accounts]
ops = "111111111111"
stage = "222222222222"
prod = "333333333333"

[apps.shop]
image = "repo/shop:v41"
"#;

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Generates from a spec and Procfiles.
pub(crate) fn run(spec: &str, procfiles: &[(&str, &str)]) -> Outcome {
    let spec = Spec::read(SourceFile::new("stackwright.toml", spec));
    let procfiles: Procfiles = procfiles
        .iter()
        .map(|(path, text)| ((*path).to_owned(), Ok(SourceFile::new(*path, *text))))
        .collect();
    generate(&spec, &procfiles)
}

/// The tree of a spec and one Procfile that have no errors.
pub(crate) fn tree(spec: &str, procfile: &str) -> Tree {
    let outcome = run(spec, &[("Procfile", procfile)]);
    outcome
        .tree
        .unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics))
}

/// `line:column message` of every diagnostic, followed by the text it points at and its help.
pub(crate) fn messages(spec: &str, procfiles: &[(&str, &str)]) -> String {
    let outcome = run(spec, procfiles);
    let sources: BTreeMap<&str, &str> = procfiles
        .iter()
        .copied()
        .chain([("stackwright.toml", spec)])
        .collect();
    let lines = outcome.diagnostics.iter().map(|diagnostic| {
        let text = sources[diagnostic.file.as_str()];
        let position = SourceFile::new("", text).position(diagnostic.span.start);
        let (file, severity, problem) =
            (&diagnostic.file, diagnostic.severity(), &diagnostic.problem);
        let at = &text[diagnostic.span.clone()];
        let (line, column) = (position.line, position.column);
        format!(
            "{file}:{line}:{column} {severity:?} [{}] {problem}\n    at `{at}`\n    {}\n",
            problem.code(),
            problem.help()
        )
    });
    lines.collect()
}

/// The files of a tree as HCL.
pub(crate) fn hcl(text: &str) -> Body {
    text.parse()
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The block with these labels.
pub(crate) fn block<'a>(body: &'a Body, ident: &str, labels: &[&str]) -> &'a Block {
    let found = body
        .blocks()
        .find(|block| block.has_ident(ident) && block.has_exact_labels(labels));
    found.unwrap_or_else(|| panic!("no {ident} {labels:?}"))
}

/// The text of a string attribute.
pub(crate) fn string(body: &Body, key: &str) -> String {
    let attribute = body
        .get_attribute(key)
        .unwrap_or_else(|| panic!("no {key}"));
    attribute
        .value
        .as_str()
        .unwrap_or_else(|| panic!("{key} is no plain string"))
        .to_owned()
}

/// The value at a path of object keys.
pub(crate) fn at<'a>(value: &'a Expression, path: &[&str]) -> &'a Expression {
    path.iter().fold(value, |value, key| {
        let object = value
            .as_object()
            .unwrap_or_else(|| panic!("no object at {key}"));
        let entry = object.iter().find(|(name, _)| key_text(name) == *key);
        entry.unwrap_or_else(|| panic!("no key {key}")).1.expr()
    })
}

/// The text of an object key, bare or quoted.
pub(crate) fn key_text(key: &ObjectKey) -> String {
    match key {
        ObjectKey::Ident(ident) => ident.as_str().to_owned(),
        ObjectKey::Expression(expression) => expression.as_str().unwrap_or_default().to_owned(),
    }
}

/// Whether a path is a Terraform file.
pub(crate) fn is_terraform(path: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "tf")
}
