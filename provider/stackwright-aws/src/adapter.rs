//! The four verbs of an AWS object.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{Component, OwnTags};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{Aws, AwsError};

/// Outputs of a component as the engine keeps them in private state: `id`, `arn`, `name`.
pub type Recorded = BTreeMap<String, String>;

/// A component as AWS has it.
#[derive(Debug, Clone)]
pub struct Observed<C> {
    /// Every field that we own, read back, in the same form as the desired value: sets sorted,
    /// documents parsed, defaults that AWS adds left out.
    pub component: C,
    /// What other components may refer to.
    pub outputs: Recorded,
    /// All tags of the object, without those that begin with `aws:`; empty for untaggable kinds.
    pub tags: BTreeMap<String, String>,
}

/// How to look for a component whose id is not recorded.
#[derive(Debug)]
pub enum Lookup<'a, C> {
    /// The object that would collide with a create of this (same name, same place), whoever owns it;
    /// for objects without unique names, the one that carries these tags (project, environment, id,
    /// component; the owner may differ). Always asks AWS. Of a component whose `NAME` is known, other
    /// fields may be unknown.
    Desired(&'a C, &'a OwnTags),
    /// The object with this name or ARN.
    Named(&'a str),
    /// All objects of this kind that carry project, environment and id of these tags
    /// (`component` and `owner` are not compared).
    Owned(&'a OwnTags),
}

// Derived, these would ask the component to be `Copy`.
impl<C> Clone for Lookup<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Lookup<'_, C> {}

/// Whether a read may be served by a loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// A batched or listed answer of this process will do.
    Cached,
    /// AWS is asked.
    Fresh,
}

/// A successful create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// What to record.
    pub outputs: Recorded,
    /// Whether the one call wrote every field. If not, the engine reads back and calls `update` with
    /// what still differs; so a failure in between leaves a recorded object.
    pub complete: bool,
}

/// Something that keeps an object from being deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id or ARN.
    pub object: String,
    /// What it is, for people.
    pub name: String,
}

/// The one waiting policy: a deadline from the resource's `timeouts`, and Terraform's stop request.
#[derive(Debug, Clone)]
pub struct Wait {
    /// When to give up.
    pub deadline: Instant,
    /// Terraform asked to stop.
    pub cancel: CancellationToken,
}

/// One kind of AWS object. Implemented on the component's struct.
///
/// All fields of a component that an adapter gets are [`stackwright_plan::In::Known`].
#[async_trait]
pub trait Adapter: Component {
    /// Reads by what was recorded. `None` only when AWS, asked in the right account and region, says
    /// that there is no such object (or it is being deleted for good).
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError>;

    /// Looks for objects whose id is not recorded.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError>;

    /// What will be recorded of the object, as far as its value says it. For objects without tags: an
    /// apply notes it before the create, so that another one finds the object if this one is killed.
    fn foretold(&self) -> Option<Recorded> {
        None
    }

    /// The one call that brings the object into existence, with its tags. `token` is stable for this
    /// component and value: calls that take an idempotency token get it.
    async fn create(&self, aws: &Aws, token: &str) -> Result<Created, AwsError>;

    /// Writes what differs, nothing else. Fields in [`Component::REPLACE`] never differ here.
    /// Answers the outputs, which may have changed.
    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError>;

    /// Deletes, and waits until AWS lets dependents go. An object that is gone already is success.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError>;

    /// Who keeps AWS from deleting the object, however long one waits. Parts of the same resource may
    /// be among them.
    async fn users(_aws: &Aws, _recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        Ok(Vec::new())
    }

    /// Who is in the object now and may leave it later.
    async fn occupants(_aws: &Aws, _recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        Ok(Vec::new())
    }

    /// Waits until AWS lets the object be written: a database refuses changes while another one is
    /// under way.
    async fn ready(_aws: &Aws, _recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        Ok(())
    }

    /// Waits until what was written works: the NAT gateway is available, the deployment COMPLETED.
    async fn settle(&self, _aws: &Aws, _recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        Ok(())
    }
}

impl Wait {
    /// Sleeps; an error when Terraform asked to stop or the deadline passed.
    pub async fn pause(&self, pause: Duration, what: &str) -> Result<(), AwsError> {
        let until = Instant::now() + pause;
        if until > self.deadline {
            return Err(AwsError::Timeout {
                what: what.to_owned(),
            });
        }
        tokio::select! {
            () = self.cancel.cancelled() => Err(AwsError::Stopped { what: what.to_owned() }),
            () = tokio::time::sleep_until(until) => Ok(()),
        }
    }
}
