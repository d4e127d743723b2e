//! The common part of every resource's view.

use std::collections::BTreeMap;

use stackwright_plan::resource::{DriftConfig, Resource as Planned};
use stackwright_plan::{Outputs, Scope, UnknownTags, diff};
use tfplugin_types::{Cfg, Diagnostic, Diagnostics, Value};

use crate::engine::drift::{Cause, Difference, shown};

/// Fills id, place, owner and `tags_all`, and lets the resource fill its own computed attributes.
pub(super) fn fill<R: Planned>(scope: &Scope, view: &mut R::View, outputs: &Outputs) {
    let id = R::id(scope, view).map_or_else(Cfg::unknown, Cfg::Known);
    let common = R::common(view);
    common.id = id;
    common.account_id = Cfg::Known(scope.account_id.clone());
    common.region = Cfg::Known(scope.region.clone());
    common.project = Cfg::Known(scope.project.clone());
    common.environment = Cfg::Known(scope.environment.clone());
    common.owner = Cfg::Known(scope.owner.clone());
    common.tags_all = tags_all(scope, &common.tags);
    R::fill(scope, view, outputs);
}

type Tags = Cfg<BTreeMap<String, Cfg<String>>>;

fn tags_all(scope: &Scope, tags: &Tags) -> Tags {
    let defaults = scope
        .default_tags
        .iter()
        .map(|(key, value)| (key.clone(), Cfg::Known(value.clone())));
    let mut all: BTreeMap<String, Cfg<String>> = defaults.collect();
    match &scope.unknown_tags {
        UnknownTags::None => {}
        UnknownTags::Keys(keys) => {
            all.extend(keys.iter().map(|key| (key.clone(), Cfg::unknown())));
        }
        UnknownTags::All => return Cfg::unknown(),
    }
    match tags {
        Cfg::Unknown(_) => return Cfg::unknown(),
        Cfg::Null => {}
        Cfg::Known(tags) => all.extend(tags.clone()),
    }
    Cfg::Known(all)
}

/// The drift list of the state. It has an entry for an apply that came to a stop, so that the next plan
/// calls for another one.
pub(super) fn drift_list(
    differences: &[Difference],
    incomplete: bool,
) -> Cfg<Vec<Cfg<DriftConfig>>> {
    let stopped = incomplete.then(|| {
        let text = |text: &str| Cfg::Known(text.to_owned());
        DriftConfig {
            component: text("last apply"),
            field: text(""),
            observed: text("stopped before its end"),
            expected: text("complete"),
            cause: text("apply"),
        }
    });
    Cfg::Known(
        differences
            .iter()
            .map(|difference| drift_entry(difference, incomplete))
            .chain(stopped)
            .map(Cfg::Known)
            .collect(),
    )
}

fn drift_entry(difference: &Difference, incomplete: bool) -> DriftConfig {
    let cause = match difference.cause {
        Cause::Outside => "outside",
        // What the stopped apply was still to write.
        Cause::Provider if incomplete => "apply",
        Cause::Provider => "provider",
    };
    let (field, observed, expected) = match (&difference.field, difference.exists) {
        (Some(field), _) => (
            field.field.clone(),
            shown(field.observed.as_ref(), difference.redacted),
            shown(field.desired.as_ref(), difference.redacted),
        ),
        (None, true) => (String::new(), "exists".to_owned(), "nothing".to_owned()),
        (None, false) => (String::new(), "nothing".to_owned(), "exists".to_owned()),
    };
    let text = |text: String| Cfg::Known(text);
    DriftConfig {
        component: text(difference.component.0.clone()),
        field: text(field),
        observed: text(observed),
        expected: text(expected),
        cause: text(cause.to_owned()),
    }
}

/// Refuses a state of another account, region, project or environment: "not found" means nothing
/// from there.
pub(super) fn check_place<R: Planned>(
    scope: &Scope,
    view: &mut R::View,
) -> Result<(), Diagnostics> {
    let common = R::common(view);
    let id = common.id.known().cloned().unwrap_or_default();
    let places = [
        ("account", &common.account_id, &scope.account_id),
        ("region", &common.region, &scope.region),
        ("project", &common.project, &scope.project),
        ("environment", &common.environment, &scope.environment),
    ];
    for (what, stated, ours) in places {
        if let Some(stated) = stated.known().filter(|stated| *stated != ours) {
            return Err(Diagnostic::error(
                format!("{} {id} Lives in Another {}", title(R::TYPE), title(what)),
                format!("The state says that {id} was made in {what} `{stated}`, but this provider block works in {what} `{ours}`. Nothing was read or changed. Point the provider block at `{stated}` again, or, when the resource should move, destroy it there first."),
            )
            .into());
        }
    }
    Ok(())
}

/// A word with a capital letter.
pub(super) fn title(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A state in which nothing is unknown: what a missing component would say stays as it was, or is
/// null when it never was.
pub(crate) fn known(value: &Value, before: &Value) -> Value {
    match value {
        Value::Unknown(_) if before.is_wholly_known() => before.clone(),
        Value::Unknown(_) => Value::Null,
        Value::Seq(items) => {
            let before = |at: usize| {
                before
                    .as_seq()
                    .and_then(|items| items.get(at))
                    .unwrap_or(&Value::Null)
            };
            Value::Seq(
                items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| known(item, before(at)))
                    .collect(),
            )
        }
        Value::Map(fields) => Value::Map(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), known(value, before.get(name))))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Whether a difference concerns a field of a component, not the component as a whole.
pub(super) fn field_of(difference: &Difference) -> Option<&diff::FieldDiff> {
    difference.field.as_ref()
}
