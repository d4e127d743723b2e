//! The one session of a provider process, and what is shared by all resources.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use serde_json::{Map, Value as Json};
use stackwright_aws::{
    AnyLookup, AnyObserved, Aws, AwsError, Created, Freshness, Recorded, Refresh, User, Wait,
    adapter,
};
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{Kind, Scope};

use crate::claims::Claims;
use crate::engine::world::Search;
use crate::engine::{Seen, World};
use crate::journal::{Journal, Parameters};
use crate::resource::Leftovers;

/// Filled when Terraform configures the provider: once, or with `--debug` at the begin of every run.
#[derive(Default)]
pub(crate) struct Session(RwLock<Option<Arc<Connected>>>);

/// A configured provider.
pub(crate) struct Connected {
    /// Who we are.
    pub(crate) scope: Scope,
    /// AWS for the engine.
    pub(crate) world: Arc<dyn World>,
    /// AWS itself.
    pub(crate) aws: Arc<Aws>,
    /// Tag keys that are left alone.
    pub(crate) ignore_tags: BTreeSet<String>,
    /// What this run, and killed ones before it, have begun.
    pub(crate) journal: Journal,
    /// What was planned in this run.
    pub(crate) claims: Claims,
    /// What could not be deleted yet in this run.
    pub(crate) leftovers: Leftovers,
}

impl Session {
    /// The session, once there is one.
    pub(crate) fn connected(&self) -> Option<Arc<Connected>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Begins a run.
    pub(crate) fn fill(&self, connected: Connected) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(Arc::new(connected));
    }
}

impl Connected {
    /// From a session.
    pub(crate) fn new(scope: Scope, aws: Aws, ignore_tags: BTreeSet<String>) -> Self {
        let aws = Arc::new(aws);
        let world = Arc::new(AwsWorld(Arc::clone(&aws)));
        let store = Parameters::of(&scope, Arc::clone(&aws));
        Self {
            journal: Journal::new(Box::new(store), &scope.owner),
            scope,
            world,
            aws,
            ignore_tags,
            claims: Claims::default(),
            leftovers: Leftovers::default(),
        }
    }

    /// Whether a refresh leaves out what AWS offers only one by one.
    pub(crate) fn is_fast(&self) -> bool {
        self.aws.refresh == Refresh::Fast
    }

    /// The availability zones of the region.
    pub(crate) async fn zones(&self) -> Result<Vec<String>, AwsError> {
        self.aws.availability_zones().await.map(<[String]>::to_vec)
    }
}

/// The engine's world over AWS.
struct AwsWorld(Arc<Aws>);

fn seen(observed: AnyObserved) -> Seen {
    Seen {
        fields: observed.component,
        outputs: observed.outputs,
        tags: observed.tags,
    }
}

fn observed(seen: &Seen) -> AnyObserved {
    AnyObserved {
        component: seen.fields.clone(),
        outputs: seen.outputs.clone(),
        tags: seen.tags.clone(),
    }
}

#[async_trait]
impl World for AwsWorld {
    async fn read(
        &self,
        kind: Kind,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Seen>, AwsError> {
        Ok(adapter(kind)
            .read(&self.0, recorded, freshness)
            .await?
            .map(seen))
    }

    async fn find(&self, kind: Kind, search: Search<'_>) -> Result<Vec<Seen>, AwsError> {
        let lookup = match search {
            Search::Desired(desired, tags) => AnyLookup::Desired(desired, tags),
            Search::Named(name) => AnyLookup::Named(name),
            Search::Owned(tags) => AnyLookup::Owned(tags),
        };
        Ok(adapter(kind)
            .find(&self.0, lookup)
            .await?
            .into_iter()
            .map(seen)
            .collect())
    }

    fn foretold(
        &self,
        kind: Kind,
        desired: &Map<String, Json>,
    ) -> Result<Option<Recorded>, AwsError> {
        adapter(kind).foretold(desired)
    }

    async fn create(
        &self,
        kind: Kind,
        desired: &Map<String, Json>,
        token: &str,
    ) -> Result<Created, AwsError> {
        adapter(kind).create(&self.0, desired, token).await
    }

    async fn update(
        &self,
        kind: Kind,
        desired: &Map<String, Json>,
        seen: &Seen,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        adapter(kind)
            .update(&self.0, desired, &observed(seen), changed)
            .await
    }

    /// A permission that is bound to tags finds none on an object that is gone already, so AWS answers that the
    /// caller may not delete it: reading tells the two apart.
    async fn delete(&self, kind: Kind, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let deleted = adapter(kind).delete(&self.0, recorded, wait).await;
        if matches!(deleted, Err(AwsError::Denied { .. }))
            && matches!(self.read(kind, recorded, Freshness::Fresh).await, Ok(None))
        {
            return Ok(());
        }
        deleted
    }

    async fn users(&self, kind: Kind, recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        adapter(kind).users(&self.0, recorded).await
    }

    async fn occupants(&self, kind: Kind, recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        adapter(kind).occupants(&self.0, recorded).await
    }

    async fn ready(&self, kind: Kind, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        adapter(kind).ready(&self.0, recorded, wait).await
    }

    async fn settle(
        &self,
        kind: Kind,
        desired: &Map<String, Json>,
        recorded: &Recorded,
        wait: &Wait,
    ) -> Result<(), AwsError> {
        adapter(kind).settle(&self.0, desired, recorded, wait).await
    }
}
