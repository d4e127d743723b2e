//! Which entries of a field go together.

use quote::ToTokens as _;

use crate::entry::{Entries, Errors, Form, Key};
use crate::field_type::{FieldType, Shape};

/// Everything that may be written on a field.
pub(crate) const FIELD_KEYS: &[Key] = &[
    ("allowed", Form::Value("\"lower case letters\"")),
    ("block", Form::Flag),
    ("computed", Form::Flag),
    ("default", Form::Value("30")),
    ("deprecated", Form::Value("\"Use x instead.\"")),
    ("flatten", Form::Flag),
    ("length", Form::List("1..=32")),
    ("matches", Form::List("path::to::check")),
    ("max", Form::Value("5")),
    ("min", Form::Value("1")),
    ("name", Form::Value("\"type\"")),
    ("one_of", Form::List("\"a\", \"b\"")),
    ("optional", Form::Flag),
    ("prefix", Form::Value("\"arn:\"")),
    ("range", Form::List("1..=50")),
    ("replace", Form::Flag),
    ("required", Form::Flag),
    ("sensitive", Form::Flag),
    ("stable", Form::Flag),
    ("write_only", Form::Flag),
];

/// Everything that may be written on a struct.
pub(crate) const STRUCT_KEYS: &[Key] = &[
    ("deprecated", Form::Value("\"Use x instead.\"")),
    ("version", Form::Value("2")),
];

/// Two keys that contradict each other, and why.
const CONFLICTS: &[(&str, &str, &str)] = &[
    (
        "required",
        "optional",
        "the user must give a value, or need not",
    ),
    (
        "required",
        "computed",
        "a value is given by the user or by the provider",
    ),
    (
        "required",
        "default",
        "the default of a value that must be given is never used",
    ),
    (
        "computed",
        "default",
        "the default is the provider's value already; leave out `computed`",
    ),
    (
        "write_only",
        "computed",
        "a write-only value is given by the user and stored nowhere",
    ),
    (
        "write_only",
        "default",
        "a default is stored in the state, a write-only value is not",
    ),
    (
        "write_only",
        "replace",
        "a change cannot be seen when the old value is stored nowhere",
    ),
    (
        "stable",
        "default",
        "a default is the same on every update already",
    ),
];

/// A key that says nothing without one of the others.
const NEEDS: &[(&str, &[&str], &str)] = &[
    (
        "stable",
        &["computed"],
        "only a value that the provider gives can be kept by an update",
    ),
    (
        "prefix",
        &["computed"],
        "only a value that the provider gives is unknown in a plan",
    ),
    (
        "min",
        &["block"],
        "only a nested block is counted; use `length` for a collection",
    ),
    (
        "max",
        &["block"],
        "only a nested block is counted; use `length` for a collection",
    ),
    (
        "allowed",
        &["matches"],
        "the other checks say themselves what they allow",
    ),
];

/// What may stand beside `block`.
const WITH_BLOCK: &[&str] = &["block", "deprecated", "max", "min", "name"];

/// What a computed value that the user never gives cannot have.
const NOT_COMPUTED: &[(&str, &str)] = &[
    (
        "replace",
        "the user cannot change a value that only the provider gives",
    ),
    (
        "length",
        "a value that only the provider gives is not checked",
    ),
    (
        "matches",
        "a value that only the provider gives is not checked",
    ),
    (
        "one_of",
        "a value that only the provider gives is not checked",
    ),
    (
        "range",
        "a value that only the provider gives is not checked",
    ),
];

/// Reports everything that does not fit together.
pub(crate) fn check(entries: &Entries, ty: &FieldType, errors: &mut Errors) {
    if entries.has("flatten") {
        return alone(entries, "flatten", &["flatten"], errors);
    }
    if entries.has("block") {
        alone(entries, "block", WITH_BLOCK, errors);
        return check_block(entries, ty, errors);
    }
    if let Some(instead) = ty.unsupported() {
        let problem = format!("Terraform has no such type: use `{instead}`");
        errors.push(syn::Error::new_spanned(&ty.written, problem));
    }
    check_pairs(entries, errors);
    check_mode(entries, ty, errors);
    check_write_only(entries, ty, errors);
    check_shape(entries, ty, errors);
}

fn alone(entries: &Entries, key: &str, fitting: &[&str], errors: &mut Errors) {
    for entry in entries.iter().filter(|entry| !fitting.contains(&entry.key)) {
        let advice = "write it on the fields of the struct inside";
        errors.at(
            entry.span,
            format!("`{}` does not go with `{key}`: {advice}", entry.key),
        );
    }
}

fn check_block(entries: &Entries, ty: &FieldType, errors: &mut Errors) {
    let counted = matches!(ty.shape, Shape::List | Shape::Set) && !ty.is_option;
    let single = ty.is_option && ty.shape == Shape::Other;
    let map = ty.shape == Shape::Map && !ty.is_option;
    if !counted && !single && !map {
        let shapes = "`Option<S>`, `Vec<S>`, `BTreeSet<S>` or `BTreeMap<String, S>`";
        let problem = format!("a `block` is a field of type {shapes}");
        return errors.push(syn::Error::new_spanned(&ty.written, problem));
    }
    for entry in entries
        .iter()
        .filter(|entry| matches!(entry.key, "min" | "max") && !counted)
    {
        errors.at(
            entry.span,
            format!("`{}` needs a list or set of blocks", entry.key),
        );
    }
}

fn check_pairs(entries: &Entries, errors: &mut Errors) {
    for (a, b, reason) in CONFLICTS {
        if let (Some(_), Some(entry)) = (entries.get(a), entries.get(b)) {
            errors.at(
                entry.span,
                format!("`{a}` and `{b}` contradict each other: {reason}"),
            );
        }
    }
    for (key, needed, reason) in NEEDS {
        if let Some(entry) = entries.get(key)
            && !needed.iter().any(|needed| entries.has(needed))
        {
            let needed = needed.join("` or `");
            errors.at(entry.span, format!("`{key}` needs `{needed}`: {reason}"));
        }
    }
}

fn check_mode(entries: &Entries, ty: &FieldType, errors: &mut Errors) {
    if entries.has("computed") && !entries.has("optional") {
        for (key, reason) in NOT_COMPUTED {
            if let Some(entry) = entries.get(key) {
                errors.at(
                    entry.span,
                    format!("`{key}` does not go with `computed`: {reason}"),
                );
            }
        }
    }
    if let Some(entry) = entries.get("default").filter(|_| ty.is_option) {
        let problem = "a field with a `default` is never null: leave out the `Option`";
        errors.at(entry.span, problem);
    }
    if let Some(entry) = entries.get("required").filter(|_| ty.is_option) {
        errors.at(
            entry.span,
            "a `required` field is never null: leave out the `Option`",
        );
    }
    if let Some(entry) = entries.get("optional") {
        let fits = ty.is_option
            || ty.is_write_only
            || entries.has("default")
            || entries.has("computed")
            || entries.has("required");
        if !fits {
            errors.at(
                entry.span,
                "an `optional` field can be null: write its type as `Option<...>`",
            );
        }
    }
}

fn check_write_only(entries: &Entries, ty: &FieldType, errors: &mut Errors) {
    match entries.get("write_only") {
        Some(entry) if !ty.is_write_only => {
            errors.at(
                entry.span,
                "a `write_only` field has the type `WriteOnly<...>`",
            );
        }
        None if ty.is_write_only => {
            let problem = "a field of type `WriteOnly<...>` needs `#[tf(write_only)]`";
            errors.push(syn::Error::new_spanned(&ty.written, problem));
        }
        _ => {}
    }
}

fn check_shape(entries: &Entries, ty: &FieldType, errors: &mut Errors) {
    let fits = |shape: Shape, wanted: &[Shape]| shape == Shape::Other || wanted.contains(&shape);
    let text = fits(ty.element, &[Shape::Text]);
    if let Some(expr) = entries
        .expr("default")
        .filter(|_| !fits(ty.shape, &[Shape::Text]))
        && syn::parse2::<syn::LitStr>(expr.to_token_stream()).is_ok()
    {
        let problem = format!(
            "this default is a text, and the field is {}",
            ty.shape.describe()
        );
        errors.push(syn::Error::new_spanned(expr, problem));
    }
    let long = &[Shape::Text, Shape::List, Shape::Set, Shape::Map];
    let rules = [
        ("prefix", fits(ty.shape, &[Shape::Text]), ty.shape, "a text"),
        ("one_of", text, ty.element, "a text"),
        (
            "range",
            fits(ty.element, &[Shape::Number]),
            ty.element,
            "a number",
        ),
        (
            "length",
            fits(ty.shape, long),
            ty.shape,
            "a text or a collection",
        ),
    ];
    for (key, fits, found, wanted) in rules {
        if let Some(entry) = entries.get(key).filter(|_| !fits) {
            let found = found.describe();
            errors.at(
                entry.span,
                format!("`{key}` is for {wanted}, and this is {found}"),
            );
        }
    }
}
