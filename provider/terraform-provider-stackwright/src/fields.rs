//! `terraform-provider-stackwright fields`: every field of every kind of AWS object that we own, as
//! JSON. The drift tests take their table from it, so that no field can be forgotten.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::{Value as Json, json};
use stackwright_plan::Kind;

/// Prints the list.
pub(crate) fn print() -> ExitCode {
    let kinds: Vec<Json> = Kind::ALL.iter().map(|kind| of_kind(*kind)).collect();
    let written = writeln!(std::io::stdout(), "{}", Json::from(kinds));
    if written.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn of_kind(kind: Kind) -> Json {
    let facts = kind.facts();
    let field = |name: &&str| json!({ "name": name, "replaces": facts.replace.contains(name) });
    let fields: Vec<Json> = kind.fields().iter().map(field).collect();
    json!({ "kind": kind, "label": kind.label(), "fields": fields })
}
