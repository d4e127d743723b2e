//! Import: from a natural key to the configuration that would have made what is there.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value as Json;
use stackwright_aws::Freshness;
use stackwright_plan::app::AppResource;
use stackwright_plan::network::NetworkResource;
use stackwright_plan::resource::{
    Anchor, By, Facts, Found, Refs, Resource as Planned, Seen as Part,
};
use stackwright_plan::router::RouterResource;
use stackwright_plan::{Key, Outputs, ResourceId, tag};
use tfplugin_rs::ImportResponse;
use tfplugin_types::{Cfg, Diagnostics, TfConfig as _, Value};

use super::read::refreshed;
use super::resource_id;
use super::view::fill;
use crate::diagnose;
use crate::engine::observe::own_tags;
use crate::engine::world::Search;
use crate::engine::{Record, Seen};
use crate::session::Connected;

pub(super) async fn import<R: Planned>(connected: &Connected, id: &str) -> ImportResponse {
    match recover::<R>(connected, id).await {
        Ok(view) => ImportResponse::found(super::view::known(&view.to_value(), &Value::Null)),
        Err(diagnostics) => ImportResponse::failed(diagnostics),
    }
}

/// The resource with this import id, as its configuration would have it.
pub(crate) fn recover<'a, R: Planned>(
    connected: &'a Connected,
    id: &'a str,
) -> BoxFuture<'a, Result<R::View, Diagnostics>> {
    async move {
        let resource = resource_id::<R>(id);
        let scope = &connected.scope;
        let failed = |error| diagnose::importing(&resource, &error);
        let anchors = R::anchors(scope, id).map_err(failed)?;
        let found = find_all(connected, &resource, &anchors).await?;
        let refs = references(connected, R::needs(scope, id, &found)).await?;
        let mut view = R::recover(scope, id, &found, &refs).map_err(failed)?;
        let mut notes = Diagnostics::new();
        R::complete(scope, &Facts::default(), None, &mut view, &mut notes);
        fill::<R>(scope, &mut view, &Outputs::default());
        let common = R::common(&mut view);
        common.drift = Cfg::Known(Vec::new());
        common.ignore_drift = Cfg::Known(BTreeSet::new());
        if let Some(owner) = owner_of(&found, &resource) {
            common.owner = Cfg::Known(owner);
        }
        Ok(view)
    }
    .boxed()
}

/// The owner that the objects' own tags name.
fn owner_of(found: &Found, resource: &ResourceId) -> Option<String> {
    let ours = |part: &&Part| part.tags.get(tag::ID) == Some(&resource.to_string());
    found.values().find(ours)?.tags.get(tag::OWNER).cloned()
}

async fn find_all(
    connected: &Connected,
    resource: &ResourceId,
    anchors: &[Anchor],
) -> Result<Found, Diagnostics> {
    let mut found = Found::new();
    for anchor in anchors {
        let objects = find(connected, resource, anchor, &found).await?;
        for seen in objects {
            let key = match &anchor.by {
                By::Tags => seen.own_tags().map(|tags| Key(tags.component)),
                By::Name(_) | By::Follow(..) => Some(anchor.key.clone()),
                By::Each(..) => seen
                    .outputs
                    .get("name")
                    .map(|name| Key(format!("{}{name}", anchor.key))),
            };
            found.extend(key.map(|key| (key, part(seen))));
        }
    }
    Ok(found)
}

async fn find(
    connected: &Connected,
    resource: &ResourceId,
    anchor: &Anchor,
    found: &Found,
) -> Result<Vec<Seen>, Diagnostics> {
    let tags = own_tags(&connected.scope, resource, &anchor.key);
    let followed = match &anchor.by {
        By::Follow(key, field) | By::Each(key, field) => found.get(key).and_then(|part| {
            let text = part.fields.get(*field).and_then(Json::as_str);
            text.or_else(|| part.outputs.get(*field).map(String::as_str))
        }),
        By::Name(_) | By::Tags => None,
    };
    let search = match (&anchor.by, followed) {
        (By::Name(name), _) => Search::Named(name),
        (By::Tags, _) => Search::Owned(&tags),
        (By::Follow(..) | By::Each(..), Some(name)) => Search::Named(name),
        (By::Follow(..) | By::Each(..), None) => return Ok(Vec::new()),
    };
    connected
        .world
        .find(anchor.kind, search)
        .await
        .map_err(|error| diagnose::reading(resource, &error))
}

fn part(seen: Seen) -> Part {
    Part {
        fields: seen.fields,
        outputs: seen.outputs,
        tags: seen.tags,
    }
}

/// The `ref` of other resources.
async fn references(connected: &Connected, needs: Vec<ResourceId>) -> Result<Refs, Diagnostics> {
    let mut refs = BTreeMap::new();
    for need in needs {
        let reference = match need.kind.as_str() {
            AppResource::TYPE => reference::<AppResource>(connected, &need.id).await?,
            NetworkResource::TYPE => reference::<NetworkResource>(connected, &need.id).await?,
            RouterResource::TYPE => reference::<RouterResource>(connected, &need.id).await?,
            other => unreachable!("no resource refers to a {other}"),
        };
        refs.insert(need, reference);
    }
    Ok(refs)
}

async fn reference<R: Planned>(connected: &Connected, id: &str) -> Result<Value, Diagnostics> {
    let mut view = recover::<R>(connected, id).await?;
    refreshed::<R>(connected, &mut view, Record::default(), Freshness::Cached).await?;
    Ok(view.to_value().get("ref").clone())
}
