//! Resources and data sources written against structs with `#[derive(TfSchema)]`.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;
use tfplugin_types::{
    ConvertError, Diagnostic, Diagnostics, Path, Schema, TfConfigLeaf as _, TfObject, TfType as _,
    Value,
};

use crate::{
    ApplyRequest, ApplyResponse, Cx, DataResponse, DataSource, DestroyPlan, ImportResponse,
    PlanRequest, PlanResponse, Private, ReadRequest, ReadResponse, Resource, mark_changing,
};

/// The twin of a state in which every part may be null or unknown.
pub type View<S> = <S as TfObject>::View;

/// A managed resource, written against its struct.
///
/// What Terraform has stored arrives as a [`View`], because a create that failed half-way, or an
/// import, leaves attributes null. What is answered is the struct itself: a state with unknowns
/// cannot be written down.
#[async_trait]
pub trait TypedResource: Send + Sync + 'static {
    /// The struct of its state.
    type State: TfObject<View: Send + Sync + Clone> + Send + Sync + 'static;

    /// Its name in HCL: `stackwright_service`.
    fn type_name(&self) -> &str;

    /// Version of the stored state.
    fn version(&self) -> i64 {
        0
    }

    /// Checks the configuration beyond what the schema says. Values may be unknown.
    async fn validate(&self, _cx: &Cx, _config: &View<Self::State>) -> Diagnostics {
        Diagnostics::new()
    }

    /// Says what an apply will make of it, by changing `plan.planned`.
    ///
    /// Unless overridden, computed attributes that are not `stable` become unknown when anything
    /// changes.
    async fn plan(&self, _cx: &Cx, plan: &mut Plan<Self::State>) -> Diagnostics {
        plan.mark_changing();
        Diagnostics::new()
    }

    /// Says something about a planned deletion.
    async fn plan_destroy(
        &self,
        _cx: &Cx,
        _prior: &View<Self::State>,
        _private: &mut Private,
    ) -> Diagnostics {
        Diagnostics::new()
    }

    /// Looks at what really exists; `None` when nothing of it is left.
    async fn read(
        &self,
        cx: &Cx,
        state: &View<Self::State>,
        private: &mut Private,
    ) -> Result<Option<Self::State>, Diagnostics>;

    /// Creates it. After an error, Terraform keeps the newest [`Want::checkpoint`].
    async fn create(
        &self,
        cx: &Cx,
        want: &mut Want<Self::State>,
    ) -> Result<Changed<Self::State>, Diagnostics>;

    /// Changes it. After an error, Terraform keeps the newest [`Want::checkpoint`], else the prior state.
    async fn update(
        &self,
        cx: &Cx,
        prior: &View<Self::State>,
        want: &mut Want<Self::State>,
    ) -> Result<Changed<Self::State>, Diagnostics>;

    /// Deletes it; what is gone already counts as deleted. After an error, the prior state stays.
    async fn delete(
        &self,
        cx: &Cx,
        prior: &View<Self::State>,
        private: &mut Private,
    ) -> Result<(), Diagnostics>;

    /// Finds an existing object by id: as much as [`TypedResource::read`] needs, the rest null.
    async fn import(&self, _cx: &Cx, _id: &str) -> Result<View<Self::State>, Diagnostics> {
        let detail = format!("A {} cannot be imported.", self.type_name());
        Err(Diagnostic::error("Import Not Supported", detail).into())
    }

    /// Brings stored state of an older schema version to the newest.
    async fn upgrade(&self, _cx: &Cx, version: i64, _state: Json) -> Result<Json, Diagnostics> {
        Err(no_upgrade(self.type_name(), version, self.version()))
    }
}

/// A data source, written against its struct.
#[async_trait]
pub trait TypedDataSource: Send + Sync + 'static {
    /// The struct of its state.
    type State: TfObject<View: Send + Sync> + Send + Sync + 'static;

    /// Its name in HCL: `stackwright_caller`.
    fn type_name(&self) -> &str;

    /// Checks the configuration beyond what the schema says. Values may be unknown.
    async fn validate(&self, _cx: &Cx, _config: &View<Self::State>) -> Diagnostics {
        Diagnostics::new()
    }

    /// Reads it. The configuration is wholly known and has its defaults.
    async fn read(&self, cx: &Cx, config: &View<Self::State>) -> Result<Self::State, Diagnostics>;
}

/// A plan in the making.
pub struct Plan<S: TfObject> {
    /// The state before; `None` for a create.
    pub prior: Option<View<S>>,
    /// What the user wrote, write-only values included.
    pub config: View<S>,
    /// The state after: begins as the framework's proposal.
    pub planned: View<S>,
    /// Paths whose change replaces the resource, beside those that the schema names.
    pub requires_replace: Vec<Path>,
    /// Private data: of the state before, then for the apply.
    pub private: Private,
}

/// An order to make something real.
pub struct Want<S: TfObject> {
    /// The planned state; what the provider gives is unknown.
    pub planned: View<S>,
    /// What the user wrote: the only place where write-only values can be read.
    pub config: View<S>,
    /// Private data: of the plan, then of the state.
    pub private: Private,
    cx: Cx,
}

/// What a create or update has made.
#[derive(Debug)]
pub struct Changed<S> {
    /// The state.
    pub state: S,
    /// Warnings, or errors beside which the state is nevertheless true.
    pub diagnostics: Diagnostics,
}

impl<S> From<S> for Changed<S> {
    fn from(state: S) -> Self {
        Self {
            state,
            diagnostics: Diagnostics::new(),
        }
    }
}

impl<S: TfObject> Plan<S> {
    /// Whether anything differs from the prior state; true for a create.
    pub fn changes(&self) -> bool {
        let planned = canonical::<S>(self.planned.leaf_to_value());
        self.prior
            .as_ref()
            .is_none_or(|p| !canonical::<S>(p.leaf_to_value()).same(&planned))
    }

    /// When anything changes, makes the computed attributes unknown that are not `stable`.
    pub fn mark_changing(&mut self) {
        if self.prior.is_none() || !self.changes() {
            return;
        }
        let mut planned = self.planned.leaf_to_value();
        mark_changing(&S::block(), &self.config.leaf_to_value(), &mut planned);
        self.planned = View::<S>::leaf_from_value(&planned)
            .expect("a view reads itself with some of its parts unknown");
    }
}

impl<S: TfObject> Want<S> {
    /// Remembers what exists by now. Unknown values become the prior ones, or null.
    ///
    /// Call it after each step that cannot be undone: whatever stops the apply, Terraform is given
    /// the newest one.
    pub fn checkpoint(&self, state: &View<S>) {
        self.cx
            .checkpoint(state.leaf_to_value(), self.private.clone());
    }
}

/// A [`TypedResource`] as a [`Resource`].
#[derive(Debug)]
pub struct Typed<R>(pub R);

/// A typed resource, ready for [`Provider::resources`](crate::Provider::resources).
pub fn typed<R: TypedResource>(resource: R) -> Arc<dyn Resource> {
    Arc::new(Typed(resource))
}

/// A typed data source, ready for [`Provider::data_sources`](crate::Provider::data_sources).
pub fn typed_data_source<D: TypedDataSource>(source: D) -> Arc<dyn DataSource> {
    Arc::new(TypedData(source))
}

/// A [`TypedDataSource`] as a [`DataSource`].
struct TypedData<D>(D);

fn canonical<S: TfObject>(value: Value) -> Value {
    let block = S::block();
    let ty = block.ty();
    crate::canonical::block(&block, &ty, value.clone()).unwrap_or(value)
}

fn view<S: TfObject>(what: &str, value: &Value) -> Result<View<S>, Diagnostics> {
    View::<S>::leaf_from_value(value).map_err(|error| unfit(what, &error))
}

/// The configuration as a rule sees it; or what keeps it from being seen, but numbers that do not fit: these are
/// reported by the checks of the schema.
fn valid<S: TfObject>(config: &Value) -> Result<View<S>, Diagnostics> {
    View::<S>::leaf_from_value(config).map_err(|error| {
        if error.is_about_a_number() {
            Diagnostics::new()
        } else {
            unfit("configuration", &error)
        }
    })
}

/// A number that is too large for its field, for example: of the right type, and no value of it.
fn unfit(what: &str, error: &ConvertError) -> Diagnostics {
    let name = error
        .path
        .0
        .last()
        .map_or_else(|| what.to_owned(), |_| format!("{}", error.path));
    let detail = format!("The {what} has a wrong value: {error}. Give {name} such a value.");
    Diagnostic::error(format!("Invalid Value for {name}"), detail)
        .at(error.path.clone())
        .into()
}

fn no_upgrade(type_name: &str, version: i64, newest: i64) -> Diagnostics {
    Diagnostic::error(
        "State Upgrade Not Supported",
        format!(
            "The state of this {type_name} was stored with schema version {version}, and this \
             provider reads version {newest} only. Nothing was changed. Use a provider version \
             that can upgrade it."
        ),
    )
    .into()
}

#[async_trait]
impl<R: TypedResource> Resource for Typed<R> {
    fn type_name(&self) -> &str {
        self.0.type_name()
    }

    fn schema(&self) -> Schema {
        Schema {
            version: self.0.version(),
            block: R::State::block(),
        }
    }

    async fn validate(&self, cx: &Cx, config: &Value) -> Diagnostics {
        match valid::<R::State>(config) {
            Ok(config) => self.0.validate(cx, &config).await,
            Err(unfit) => unfit,
        }
    }

    async fn upgrade(&self, cx: &Cx, version: i64, state: Json) -> Result<Json, Diagnostics> {
        self.0.upgrade(cx, version, state).await
    }

    async fn read(&self, cx: &Cx, request: ReadRequest) -> ReadResponse {
        let mut private = request.private;
        let state = match view::<R::State>("state", &request.state) {
            Ok(state) => state,
            Err(unfit) => return ReadResponse::failed(unfit),
        };
        match self.0.read(cx, &state, &mut private).await {
            Ok(Some(state)) => ReadResponse::found(state.to_value(), private),
            Ok(None) => ReadResponse::gone(),
            Err(found) => ReadResponse::failed(found),
        }
    }

    async fn plan(&self, cx: &Cx, request: PlanRequest) -> PlanResponse {
        let mut plan = match start_plan::<R::State>(request) {
            Ok(plan) => plan,
            Err(unfit) => return PlanResponse::failed(unfit),
        };
        let diagnostics = self.0.plan(cx, &mut plan).await;
        PlanResponse {
            planned: plan.planned.leaf_to_value(),
            requires_replace: plan.requires_replace,
            private: plan.private,
            diagnostics,
        }
    }

    async fn plan_destroy(&self, cx: &Cx, prior: &Value, mut private: Private) -> DestroyPlan {
        let diagnostics = match view::<R::State>("state", prior) {
            Ok(prior) => self.0.plan_destroy(cx, &prior, &mut private).await,
            Err(unfit) => unfit,
        };
        DestroyPlan {
            private,
            diagnostics,
        }
    }

    async fn apply(&self, cx: &Cx, request: ApplyRequest) -> ApplyResponse {
        let applied = match (request.planned, request.config) {
            (Some(planned), Some(config)) => {
                self.make(cx, request.prior, &planned, &config, request.private)
                    .await
            }
            _ => self.remove(cx, request.prior, request.private).await,
        };
        applied.unwrap_or_else(|found| failed(cx, found))
    }

    async fn import(&self, cx: &Cx, id: &str) -> ImportResponse {
        match self.0.import(cx, id).await {
            Ok(state) => {
                let block = R::State::block();
                let state = crate::rpc::apply::settled(&block.ty(), &state.leaf_to_value(), None);
                ImportResponse::found(state)
            }
            Err(found) => ImportResponse::failed(found),
        }
    }
}

impl<R: TypedResource> Typed<R> {
    async fn make(
        &self,
        cx: &Cx,
        prior: Option<Value>,
        planned: &Value,
        config: &Value,
        private: Private,
    ) -> Result<ApplyResponse, Diagnostics> {
        let planned = view::<R::State>("plan", planned)?;
        let config = view::<R::State>("configuration", config)?;
        let mut want = Want {
            planned,
            config,
            private,
            cx: cx.clone(),
        };
        let changed = match prior {
            None => self.0.create(cx, &mut want).await?,
            Some(prior) => {
                let prior = view::<R::State>("state", &prior)?;
                self.0.update(cx, &prior, &mut want).await?
            }
        };
        Ok(ApplyResponse {
            state: Some(changed.state.to_value()),
            private: want.private,
            diagnostics: changed.diagnostics,
        })
    }

    async fn remove(
        &self,
        cx: &Cx,
        prior: Option<Value>,
        mut private: Private,
    ) -> Result<ApplyResponse, Diagnostics> {
        let prior = view::<R::State>("state", &prior.unwrap_or_default())?;
        self.0.delete(cx, &prior, &mut private).await?;
        Ok(ApplyResponse::deleted())
    }
}

/// What Terraform keeps after an error: the newest checkpoint, else what it has.
fn failed(cx: &Cx, found: Diagnostics) -> ApplyResponse {
    match cx.saved() {
        Some(saved) => ApplyResponse {
            state: Some(saved.state),
            private: saved.private,
            diagnostics: found,
        },
        None => ApplyResponse::failed(found),
    }
}

fn start_plan<S: TfObject>(request: PlanRequest) -> Result<Plan<S>, Diagnostics> {
    Ok(Plan {
        prior: request
            .prior
            .map(|prior| view::<S>("state", &prior))
            .transpose()?,
        config: view::<S>("configuration", &request.config)?,
        planned: view::<S>("configuration", &request.proposed)?,
        requires_replace: Vec::new(),
        private: request.private,
    })
}

#[async_trait]
impl<D: TypedDataSource> DataSource for TypedData<D> {
    fn type_name(&self) -> &str {
        self.0.type_name()
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: D::State::block(),
        }
    }

    async fn validate(&self, cx: &Cx, config: &Value) -> Diagnostics {
        match valid::<D::State>(config) {
            Ok(config) => self.0.validate(cx, &config).await,
            Err(unfit) => unfit,
        }
    }

    async fn read(&self, cx: &Cx, config: &Value) -> DataResponse {
        let config = match view::<D::State>("configuration", config) {
            Ok(config) => config,
            Err(unfit) => return unfit.into(),
        };
        match self.0.read(cx, &config).await {
            Ok(state) => state.to_value().into(),
            Err(found) => found.into(),
        }
    }
}
