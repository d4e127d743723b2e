//! What was planned in this run, across resources.
//!
//! Terraform plans resources one by one; some mistakes show only between two of them. The same id
//! twice, one priority or one private name for two, and a resource that is about to be deleted while
//! another one still stands on it: Terraform deletes first and updates afterwards, so AWS would
//! refuse the delete, on every run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use stackwright_plan::ResourceId;
use tfplugin_types::{Diagnostics, Value};

/// What was planned in this run.
#[derive(Debug, Default)]
pub(crate) struct Claims(Mutex<Claimed>);

#[derive(Debug, Default)]
struct Claimed {
    /// Ids, with the configuration that was planned for them.
    ids: BTreeMap<ResourceId, Value>,
    /// Who has what only one can have.
    exclusives: BTreeMap<String, ResourceId>,
    /// Resources that are deleted, and what comes after.
    leaving: BTreeMap<ResourceId, Leaving>,
    /// Resources that stay, by what they stand on before the change.
    standing: BTreeMap<ResourceId, BTreeSet<ResourceId>>,
    /// What is lost when a resource is deleted, for a plan that may turn out to replace it.
    losses: BTreeMap<ResourceId, Diagnostics>,
    /// Types of resources whose advice was given.
    advised: BTreeSet<&'static str>,
    /// Ids under which a replacement deletes nothing: they are new, or their objects are gone.
    vacant: BTreeSet<ResourceId>,
}

/// What comes after a delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// Nothing, or a resource with another id.
    ForGood,
    /// The same resource again, with other objects.
    Replaced,
}

/// How Terraform asks for the plan of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// With its state.
    WithState,
    /// Without one, because there is none.
    New,
    /// Without its state, after a plan with it: a replacement, perhaps by the user's order. The provider knows it by the private
    /// data of the first plan.
    Again,
}

/// Whether an id is free.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Claim {
    /// No other resource has it.
    Free,
    /// Another resource with this configuration has it.
    Taken(Value),
}

impl Claims {
    /// Takes an id.
    ///
    /// Terraform plans a resource with a state once, or twice with the same configuration; one
    /// without a state once. Whoever comes second otherwise is another resource.
    pub(crate) fn claim(&self, id: &ResourceId, config: &Value, asked: Asked) -> Claim {
        let mut claimed = self.lock();
        let Some(first) = claimed.ids.get(id) else {
            claimed.ids.insert(id.clone(), config.clone());
            return Claim::Free;
        };
        let same_resource = match asked {
            Asked::WithState => first == config,
            Asked::New => false,
            // `ignore_changes` gives it another configuration.
            Asked::Again => true,
        };
        if same_resource {
            Claim::Free
        } else {
            Claim::Taken(first.clone())
        }
    }

    /// Takes what only one resource can have; answers who has it already.
    pub(crate) fn reserve(&self, what: &str, id: &ResourceId) -> Option<ResourceId> {
        let mut claimed = self.lock();
        let holder = claimed.exclusives.entry(what.to_owned());
        let holder = holder.or_insert_with(|| id.clone());
        (holder != id).then(|| holder.clone())
    }

    /// Keeps what would be lost: Terraform says only in a second plan, without the state, that it replaces
    /// a resource.
    pub(crate) fn would_lose(&self, id: &ResourceId, losses: Diagnostics) {
        self.lock().losses.insert(id.clone(), losses);
    }

    /// What is lost by the replacement of a resource.
    pub(crate) fn loses(&self, id: &ResourceId) -> Diagnostics {
        self.lock().losses.remove(id).unwrap_or_default()
    }

    /// Whether the advice of a type of resources was not given in this run yet.
    pub(crate) fn first(&self, of: &'static str) -> bool {
        self.lock().advised.insert(of)
    }

    /// A resource will be deleted. Answers who stands on it and stays.
    pub(crate) fn leaves(&self, id: &ResourceId, how: Leaving) -> BTreeSet<ResourceId> {
        let mut claimed = self.lock();
        claimed.leaving.insert(id.clone(), how);
        let stands = |(user, on): (&ResourceId, &BTreeSet<ResourceId>)| {
            on.contains(id).then(|| user.clone())
        };
        claimed.standing.iter().filter_map(stands).collect()
    }

    /// Nothing is deleted under this id when its resource is replaced.
    pub(crate) fn vacate(&self, id: &ResourceId) {
        self.lock().vacant.insert(id.clone());
    }

    /// The second plan of a replacement: what has this id is deleted, and made again. Answers who
    /// stands on it and stays.
    pub(crate) fn comes_again(&self, id: &ResourceId) -> BTreeSet<ResourceId> {
        if self.lock().vacant.contains(id) {
            return BTreeSet::new();
        }
        self.leaves(id, Leaving::Replaced)
    }

    /// Whether a resource will be deleted, as far as it is known by now.
    pub(crate) fn leaving(&self, id: &ResourceId) -> Option<Leaving> {
        self.lock().leaving.get(id).copied()
    }

    /// A resource stays, and stood on others before the change.
    pub(crate) fn stays(&self, id: &ResourceId, on: BTreeSet<ResourceId>) {
        self.lock().standing.insert(id.clone(), on);
    }

    fn lock(&self) -> MutexGuard<'_, Claimed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> ResourceId {
        ResourceId::new("service", "stage/shop/worker")
    }

    fn router() -> ResourceId {
        ResourceId::new("router", "stage/public")
    }

    #[test]
    fn two_new_resources_meet() {
        let claims = Claims::default();
        let (one, two) = (Value::from("one"), Value::from("two"));
        assert_eq!(claims.claim(&service(), &one, Asked::New), Claim::Free);
        assert_eq!(
            claims.claim(&service(), &two, Asked::New),
            Claim::Taken(one)
        );
    }

    #[test]
    fn a_new_one_meets_an_old_one() {
        let claims = Claims::default();
        let (one, two) = (Value::from("one"), Value::from("two"));
        assert_eq!(
            claims.claim(&service(), &one, Asked::WithState),
            Claim::Free
        );
        assert_eq!(
            claims.claim(&service(), &two, Asked::New),
            Claim::Taken(one)
        );
    }

    #[test]
    fn an_old_one_meets_a_new_one() {
        let claims = Claims::default();
        let (one, two) = (Value::from("one"), Value::from("two"));
        assert_eq!(claims.claim(&service(), &two, Asked::New), Claim::Free);
        assert_eq!(
            claims.claim(&service(), &one, Asked::WithState),
            Claim::Taken(two)
        );
    }

    #[test]
    fn a_replacement_is_no_rival_of_itself() {
        let claims = Claims::default();
        let one = Value::from("one");
        assert_eq!(
            claims.claim(&service(), &one, Asked::WithState),
            Claim::Free
        );
        let two = Value::from("two");
        assert_eq!(claims.claim(&service(), &two, Asked::Again), Claim::Free);
        assert_eq!(
            claims.claim(&service(), &one, Asked::New),
            Claim::Taken(one)
        );
    }

    #[test]
    fn what_only_one_can_have_is_taken_once() {
        let claims = Claims::default();
        let other = ResourceId::new("service", "stage/shop/web");
        assert_eq!(claims.reserve("priority 1", &service()), None);
        assert_eq!(claims.reserve("priority 1", &service()), None);
        assert_eq!(claims.reserve("priority 1", &other), Some(service()));
        assert_eq!(claims.reserve("priority 2", &other), None);
    }

    #[test]
    fn a_new_id_and_objects_that_are_gone_carry_nobody() {
        let claims = Claims::default();
        claims.vacate(&router());
        assert!(claims.comes_again(&router()).is_empty());
        assert_eq!(claims.leaving(&router()), None);
        let claims = Claims::default();
        assert!(claims.comes_again(&router()).is_empty());
        assert_eq!(claims.leaving(&router()), Some(Leaving::Replaced));
    }

    #[test]
    fn whoever_comes_second_sees_that_the_ground_goes() {
        let claims = Claims::default();
        assert_eq!(claims.leaving(&router()), None);
        assert!(claims.leaves(&router(), Leaving::ForGood).is_empty());
        assert_eq!(claims.leaving(&router()), Some(Leaving::ForGood));
        let claims = Claims::default();
        claims.stays(&service(), BTreeSet::from([router()]));
        let users = claims.leaves(&router(), Leaving::ForGood);
        assert_eq!(users, BTreeSet::from([service()]));
    }
}
