//! AWS as the engine sees it: six verbs over JSON, by kind.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Map, Value as Json};
use stackwright_aws::{AwsError, Created, Freshness, Recorded, User, Wait};
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{Kind, OwnTags};

/// A component as AWS has it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Seen {
    /// Every field that we own.
    pub(crate) fields: Map<String, Json>,
    /// What other components may refer to.
    pub(crate) outputs: Recorded,
    /// All tags.
    pub(crate) tags: BTreeMap<String, String>,
}

impl Seen {
    /// Our tags on it; `None` when it was not made by us or cannot be tagged.
    pub(crate) fn own_tags(&self) -> Option<OwnTags> {
        OwnTags::read(&self.tags)
    }
}

/// How to look for a component whose id is not recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Search<'a> {
    /// What would collide with a create of this desired value.
    Desired(&'a Map<String, Json>, &'a OwnTags),
    /// The object with this name or ARN.
    Named(&'a str),
    /// All objects with the project, environment and id of these tags.
    Owned(&'a OwnTags),
}

/// What the engine needs of AWS.
#[async_trait]
pub(crate) trait World: Send + Sync {
    /// Reads by what was recorded.
    async fn read(
        &self,
        kind: Kind,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Seen>, AwsError>;

    /// Looks for objects whose id is not recorded.
    async fn find(&self, kind: Kind, search: Search<'_>) -> Result<Vec<Seen>, AwsError>;

    /// What will be recorded of an object without tags, as far as its value says it.
    fn foretold(
        &self,
        _kind: Kind,
        _desired: &Map<String, Json>,
    ) -> Result<Option<Recorded>, AwsError> {
        Ok(None)
    }

    /// Brings an object into existence.
    async fn create(
        &self,
        kind: Kind,
        desired: &Map<String, Json>,
        token: &str,
    ) -> Result<Created, AwsError>;

    /// Writes what differs.
    async fn update(
        &self,
        kind: Kind,
        desired: &Map<String, Json>,
        seen: &Seen,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError>;

    /// Deletes; gone already is success.
    async fn delete(&self, kind: Kind, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError>;

    /// Who keeps the object from being deleted, however long one waits.
    async fn users(&self, _kind: Kind, _recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        Ok(Vec::new())
    }

    /// Who is in the object now and may leave it later.
    async fn occupants(&self, _kind: Kind, _recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        Ok(Vec::new())
    }

    /// Waits until the object can be written.
    async fn ready(&self, _kind: Kind, _recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        Ok(())
    }

    /// Waits until what was written works.
    async fn settle(
        &self,
        kind: Kind,
        desired: &Map<String, Json>,
        recorded: &Recorded,
        wait: &Wait,
    ) -> Result<(), AwsError>;
}
