//! What a resource stands on, and who stands on it.
//!
//! Terraform deletes before it updates. A resource that others stand on can be deleted only after
//! they were deleted, too: so they are replaced together with it, or the plan is refused before
//! anything is changed.

use std::collections::BTreeSet;

use stackwright_plan::resource::Resource as Planned;
use stackwright_plan::{ResourceId, Scope};
use tfplugin_types::{Diagnostics, Path};

use super::resource_id;
use crate::claims::{Asked, Leaving};
use crate::diagnose;
use crate::session::Connected;

/// What is planned for a resource that has a state.
pub(super) struct Change<'a, R: Planned> {
    pub(super) prior: &'a R::View,
    pub(super) view: &'a R::View,
    /// The id that the state has.
    pub(super) id: Option<String>,
    /// The main component is gone, so that a delete meets nobody.
    pub(super) main_gone: bool,
    /// Whether it is replaced for reasons of its own.
    pub(super) replaced: bool,
}

/// Looks for resources that would get in the way of each other. Answers those that this one stands
/// on and has to be replaced with, and the attributes that refer to them.
pub(super) fn check<R: Planned>(
    connected: &Connected,
    change: &Change<'_, R>,
) -> Result<Vec<(ResourceId, Path)>, Diagnostics> {
    let Some(id) = change.id.as_ref().map(resource_id::<R>) else {
        return Ok(Vec::new());
    };
    if change.replaced {
        leaves(connected, &id, change).map(|()| Vec::new())
    } else {
        stays(connected, &id, change)
    }
}

/// It is replaced: whoever stands on it must not stay behind.
fn leaves<R: Planned>(
    connected: &Connected,
    id: &ResourceId,
    change: &Change<'_, R>,
) -> Result<(), Diagnostics> {
    let new = R::id(&connected.scope, change.view).map(resource_id::<R>);
    let renamed = new.as_ref() != Some(id);
    if let Some(new) = new.filter(|_| renamed || change.main_gone) {
        connected.claims.vacate(&new);
    }
    if change.main_gone || !renamed {
        // The second plan says the rest.
        return Ok(());
    }
    refuse_if_used(id, &connected.claims.leaves(id, Leaving::ForGood))
}

/// It stays: what it stands on must, too, or it is replaced with it.
fn stays<R: Planned>(
    connected: &Connected,
    id: &ResourceId,
    change: &Change<'_, R>,
) -> Result<Vec<(ResourceId, Path)>, Diagnostics> {
    let before = R::stands_on(&connected.scope, change.prior);
    let after = R::stands_on(&connected.scope, change.view);
    let mut together = Vec::new();
    for (ground, _) in &before {
        let again = after.iter().find(|(other, _)| other == ground);
        match (connected.claims.leaving(ground), again) {
            (None, _) => {}
            (Some(Leaving::Replaced), Some(again)) => together.push(again.clone()),
            (Some(_), _) => return Err(diagnose::in_use(ground, std::slice::from_ref(id))),
        }
    }
    if together.is_empty() {
        let on = before.into_iter().map(|(ground, _)| ground).collect();
        connected.claims.stays(id, on);
    }
    Ok(together)
}

/// The plan of a resource without a state: a new one, or the second half of a replacement.
pub(super) fn arrives<R: Planned>(
    connected: &Connected,
    view: &R::View,
    asked: Asked,
) -> Result<(), Diagnostics> {
    match R::id(&connected.scope, view).map(resource_id::<R>) {
        Some(id) if asked == Asked::Again => {
            refuse_if_used(&id, &connected.claims.comes_again(&id))
        }
        _ => Ok(()),
    }
}

/// The plan of a delete.
pub(super) fn departs(connected: &Connected, id: &ResourceId) -> Result<(), Diagnostics> {
    refuse_if_used(id, &connected.claims.leaves(id, Leaving::ForGood))
}

fn refuse_if_used(id: &ResourceId, users: &BTreeSet<ResourceId>) -> Result<(), Diagnostics> {
    if users.is_empty() {
        return Ok(());
    }
    let users: Vec<ResourceId> = users.iter().cloned().collect();
    Err(diagnose::in_use(id, &users))
}

/// What no other resource of the root may have, too.
pub(super) fn reserve<R: Planned>(
    connected: &Connected,
    scope: &Scope,
    view: &R::View,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(id) = R::id(scope, view).map(resource_id::<R>) else {
        return found;
    };
    for exclusive in R::exclusives(scope, view) {
        if let Some(holder) = connected.claims.reserve(&exclusive.what, &id) {
            found.push(diagnose::claimed(&id, &holder, exclusive));
        }
    }
    found
}
