//! Which ids were planned in this run: the same one twice is a mistake in the configuration.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use stackwright_plan::ResourceId;
use tfplugin_types::Value;

/// Ids that were planned, with what was planned for them.
#[derive(Debug, Default)]
pub(crate) struct Claims(Mutex<BTreeMap<ResourceId, Planned>>);

#[derive(Debug)]
struct Planned {
    config: Value,
    /// Terraform plans a replacement twice: with the state, then without. The second is no rival.
    expects_second: bool,
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
    /// Takes an id. `exists`: the resource has a state; `replaced`: it will be planned once more
    /// without it.
    ///
    /// Terraform plans a resource with a state once, or twice with the same configuration; one
    /// without a state once. Whoever comes second otherwise is another resource.
    pub(crate) fn claim(
        &self,
        id: &ResourceId,
        config: &Value,
        exists: bool,
        replaced: bool,
    ) -> Claim {
        let mut claims = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = claims.get_mut(id) else {
            claims.insert(
                id.clone(),
                Planned {
                    config: config.clone(),
                    expects_second: replaced,
                },
            );
            return Claim::Free;
        };
        let again = std::mem::replace(&mut first.expects_second, replaced);
        let same_resource = if exists {
            first.config == *config
        } else {
            again
        };
        if same_resource {
            Claim::Free
        } else {
            Claim::Taken(first.config.clone())
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
        assert_eq!(claims.claim(&service(), &one, false, false), Claim::Free);
        assert_eq!(
            claims.claim(&service(), &two, false, false),
            Claim::Taken(one)
        );
    }

    #[test]
    fn a_new_one_meets_an_old_one() {
        let claims = Claims::default();
        let (one, two) = (Value::from("one"), Value::from("two"));
        assert_eq!(claims.claim(&service(), &one, true, false), Claim::Free);
        assert_eq!(
            claims.claim(&service(), &two, false, false),
            Claim::Taken(one)
        );
    }

    #[test]
    fn an_old_one_meets_a_new_one() {
        let claims = Claims::default();
        let (one, two) = (Value::from("one"), Value::from("two"));
        assert_eq!(claims.claim(&service(), &two, false, false), Claim::Free);
        assert_eq!(
            claims.claim(&service(), &one, true, false),
            Claim::Taken(two)
        );
    }

    #[test]
    fn a_replacement_is_no_rival_of_itself() {
        let claims = Claims::default();
        let one = Value::from("one");
        assert_eq!(claims.claim(&service(), &one, true, true), Claim::Free);
        assert_eq!(claims.claim(&service(), &one, false, false), Claim::Free);
        assert_eq!(
            claims.claim(&service(), &one, false, false),
            Claim::Taken(one)
        );
    }
}
