//! Which ids were planned in this run: the same one twice is a mistake in the configuration.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use stackwright_plan::ResourceId;
use tfplugin_types::Value;

/// Ids that were planned, with what was planned for them.
#[derive(Debug, Default)]
pub(crate) struct Claims(Mutex<BTreeMap<ResourceId, Value>>);

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
    /// Nobody else has it.
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
        let mut claims = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = claims.get(id) else {
            claims.insert(id.clone(), config.clone());
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> ResourceId {
        ResourceId::new("service", "stage/shop/worker")
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
}
