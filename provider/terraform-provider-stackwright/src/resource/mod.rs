//! One Terraform resource for every [`stackwright_plan::resource::Resource`].

mod apply;
mod given;
mod ground;
mod ignored;
mod import;
mod interrupted;
mod leftovers;
mod nulls;
mod plan;
mod protection;
mod read;
mod view;

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use stackwright_plan::ResourceId;
use stackwright_plan::resource::{Resource as Planned, check_tags};
use tfplugin_rs::{
    ApplyRequest, ApplyResponse, Cx, DestroyPlan, ImportResponse, PlanRequest, PlanResponse,
    Private, ReadRequest, ReadResponse, Resource, fill_defaults,
};
use tfplugin_types::{
    Cfg, Diagnostic, Diagnostics, Path, Schema, TfConfig as _, TfObject as _, Value,
};

use crate::engine::Record;
use crate::engine::drift::Ignore;
use crate::session::{Connected, Session};

pub(crate) use import::recover;
pub(crate) use leftovers::Leftovers;
pub(crate) use read::refreshed;
pub(crate) use view::known;

/// A resource of the provider: the engine over a pure description.
pub(crate) struct EngineResource<R> {
    type_name: String,
    session: Arc<Session>,
    of: PhantomData<fn() -> R>,
}

/// Key of the record in private state.
const RECORD: &str = "record";

impl<R: Planned> EngineResource<R> {
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self {
            type_name: format!("stackwright_{}", R::TYPE),
            session,
            of: PhantomData,
        }
    }

    fn connected(&self) -> Result<Arc<Connected>, Diagnostics> {
        self.session.connected().ok_or_else(|| {
            Diagnostic::error(
                "Provider Not Configured",
                "Terraform asked for a resource before it configured the provider. This is a bug in Terraform or in stackwright; please report it.",
            )
            .into()
        })
    }
}

/// Reads a value as the maybe-unknown view of a resource.
fn decode<R: Planned>(value: &Value) -> Result<R::View, Diagnostics> {
    R::View::from_value(value).map_err(|error| {
        if error.is_about_a_number() {
            let detail = error.about_a_number();
            return Diagnostic::error("Invalid Number", detail).at(error.path).into();
        }
        let detail = format!("{error}. This is a bug in stackwright: Terraform had checked the value against the schema. Please report it.");
        Diagnostic::error("Value Does Not Fit the Schema", detail).at(error.path).into()
    })
}

/// Takes numbers that do not fit, which the checks of the schema report, for unknown ones: the rules
/// about everything else still hold.
fn decode_without_misfits<R: Planned>(mut value: Value) -> Result<R::View, Diagnostics> {
    while let Err(error) = R::View::from_value(&value) {
        let misfit = value
            .at_mut(&error.path)
            .filter(|_| error.is_about_a_number());
        match misfit {
            Some(misfit) => *misfit = Value::unknown(),
            None => break,
        }
    }
    decode::<R>(&value)
}

/// What the rules of the resource say about its arguments.
fn rules<R: Planned>(config: &Value) -> Diagnostics {
    let mut found = Diagnostics::new();
    // A rule over two attributes holds for one that was left out, too.
    let filled = fill_defaults(&R::Schema::block(), config);
    match decode_without_misfits::<R>(filled) {
        Ok(mut view) => {
            let tags = R::common(&mut view).tags.clone();
            check_tags(&Path::attribute(R::TAGS), &tags, &mut found);
            let timeouts = R::common(&mut view).timeouts.clone();
            apply::check_timeouts(&timeouts, &mut found);
            R::validate(&view, &mut found);
        }
        Err(diagnostics) => found.extend(diagnostics),
    }
    found
}

fn record_of(private: &Private) -> Result<Record, Diagnostics> {
    let record = private.get(RECORD).map_err(|error| {
        let detail = format!("The private state of this resource cannot be read: {error}. It may have been written by a newer version of the provider. Use that version, or remove the resource from the state and import it again; AWS is not touched by either.");
        Diagnostics::from(Diagnostic::error("Private State Not Understood", detail))
    })?;
    Ok(record.unwrap_or_default())
}

fn private_with(record: &Record) -> Private {
    let mut private = Private::default();
    // A record is plain data: writing it cannot fail.
    let _ = private.set(RECORD, record);
    private
}

fn ignore_of<R: Planned>(connected: &Connected, view: &mut R::View) -> Ignore {
    let drift = match &R::common(view).ignore_drift {
        Cfg::Known(patterns) => patterns.iter().filter_map(|p| p.known().cloned()).collect(),
        Cfg::Null | Cfg::Unknown(_) => BTreeSet::new(),
    };
    Ignore {
        drift,
        tags: connected.ignore_tags.clone(),
        unknown_tags: connected.scope.unknown_tags.clone(),
        fast: connected.is_fast(),
    }
}

fn resource_id<R: Planned>(id: impl Into<String>) -> ResourceId {
    ResourceId::new(R::TYPE, id)
}

#[async_trait]
impl<R: Planned> Resource for EngineResource<R> {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn schema(&self) -> Schema {
        Schema {
            version: R::VERSION,
            block: R::Schema::block(),
        }
    }

    async fn validate(&self, _cx: &Cx, config: &Value) -> Diagnostics {
        let mut found = nulls::inside(&R::Schema::block(), config);
        found.extend(given::written(rules::<R>(config)));
        found
    }

    async fn read(&self, _cx: &Cx, request: ReadRequest) -> ReadResponse {
        match self.connected() {
            Ok(connected) => read::read::<R>(&connected, request).await,
            Err(diagnostics) => ReadResponse::failed(diagnostics),
        }
    }

    async fn plan(&self, _cx: &Cx, request: PlanRequest) -> PlanResponse {
        match self.connected() {
            Ok(connected) => plan::plan::<R>(&connected, request).await,
            Err(diagnostics) => PlanResponse::failed(diagnostics),
        }
    }

    async fn plan_destroy(&self, _cx: &Cx, prior: &Value, private: Private) -> DestroyPlan {
        let checked = || {
            let mut view = decode::<R>(prior)?;
            let record = record_of(&private)?;
            let connected = self.connected()?;
            protection::refuse::<R>(&connected.scope, &mut view, &record)?;
            let id = R::common(&mut view).id.known().cloned();
            let there = id.filter(|_| !protection::main_gone::<R>(&connected.scope, &mut view));
            if let Some(id) = there {
                ground::departs(&connected, &resource_id::<R>(id))?;
            }
            Ok(R::losses(&view))
        };
        let diagnostics = checked().unwrap_or_else(|refused: Diagnostics| refused);
        DestroyPlan {
            private,
            diagnostics,
        }
    }

    async fn apply(&self, cx: &Cx, request: ApplyRequest) -> ApplyResponse {
        match self.connected() {
            Ok(connected) => apply::apply::<R>(&connected, cx, request).await,
            Err(diagnostics) => ApplyResponse::failed(diagnostics),
        }
    }

    async fn import(&self, _cx: &Cx, id: &str) -> ImportResponse {
        match self.connected() {
            Ok(connected) => import::import::<R>(&connected, id).await,
            Err(diagnostics) => ImportResponse::failed(diagnostics),
        }
    }
}
