//! What must not be deleted, is not: the attribute that says so has to be changed first.

use stackwright_plan::Scope;
use stackwright_plan::resource::Resource as Planned;
use tfplugin_types::Diagnostics;

use super::plan::drifted;
use super::read::stated_scope;
use crate::diagnose;
use crate::engine::Record;

/// Refuses to delete a resource that its own attribute protects. Two kinds are let go: one whose
/// create never came to its end, because nobody uses it yet, and one that has lost its main
/// component, because nothing is left to protect.
pub(super) fn refuse<R: Planned>(
    scope: &Scope,
    prior: &mut R::View,
    record: &Record,
) -> Result<(), Diagnostics> {
    let Some(attribute) = R::protection(prior).filter(|_| !record.unborn) else {
        return Ok(());
    };
    if main_gone::<R>(scope, prior) {
        return Ok(());
    }
    let id = R::common(prior).id.known().cloned().unwrap_or_default();
    Err(diagnose::protected(&super::resource_id::<R>(id), attribute))
}

/// Whether the state says that the main component does not exist any more.
pub(super) fn main_gone<R: Planned>(scope: &Scope, prior: &mut R::View) -> bool {
    let scope = stated_scope::<R>(scope, prior);
    let (_, missing) = drifted::<R>(prior);
    let graph = R::plan(&scope, prior).unwrap_or_default();
    let mut nodes = graph.nodes.iter();
    nodes.any(|(key, node)| node.main && missing.contains(key))
}
