//! The corner provider: no cloud, only a folder in which each object is a JSON file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::Value as Json;
use tfplugin_rs::{
    ApplyRequest, ApplyResponse, Changed, Cx, DataSource, Function, FunctionError,
    FunctionSignature, Parameter, Plan, PlanRequest, PlanResponse, Private, Provider, ReadRequest,
    ReadResponse, Resource, TypedDataSource, TypedResource, View, Want, typed, typed_data_source,
};
use tfplugin_types::{
    Cfg, Diagnostic, Diagnostics, Dynamic, Path, Refinements, Schema, TfConfig as _, TfObject as _,
    TfSchema, TfType as _, Type, Value, WriteOnly, json,
};

/// The provider.
#[derive(Debug, Default)]
pub(crate) struct Corner {
    /// Whether it prints to stdout, which belongs to the handshake.
    chatty: bool,
    store: Store,
}

/// Where the objects are; known after configuration.
#[derive(Debug, Clone, Default)]
struct Store(Arc<Mutex<Option<PathBuf>>>);

impl Store {
    fn file(&self, id: &str) -> Result<PathBuf, Diagnostics> {
        let dir = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let unset = || Diagnostics::from(Diagnostic::error("Not Configured", "`dir` is missing."));
        Ok(dir.ok_or_else(unset)?.join(format!("{id}.json")))
    }

    fn write(&self, id: &str, state: &Value, ty: &Type) -> Result<(), Diagnostics> {
        let json = json::encode(state, ty).map_err(|error| failure("write", &error))?;
        std::fs::write(self.file(id)?, json.to_string()).map_err(|error| failure("write", &error))
    }

    fn read(&self, id: &str, ty: &Type) -> Result<Option<Value>, Diagnostics> {
        let Ok(bytes) = std::fs::read(self.file(id)?) else {
            return Ok(None);
        };
        let json: Json = serde_json::from_slice(&bytes).map_err(|e| failure("read", &e))?;
        json::decode(&json, ty)
            .map(Some)
            .map_err(|error| failure("read", &error))
    }

    fn delete(&self, id: &str) -> Result<(), Diagnostics> {
        // What is gone already counts as deleted.
        drop(std::fs::remove_file(self.file(id)?));
        Ok(())
    }
}

fn failure(doing: &str, error: &impl std::fmt::Display) -> Diagnostics {
    Diagnostic::error(
        "Store Failed",
        format!("Cannot {doing} the object: {error}."),
    )
    .into()
}

/// The provider block.
#[derive(Debug, Clone, TfSchema)]
pub(crate) struct Settings {
    /// Folder of the objects.
    dir: Option<String>,
    /// How loud it is.
    #[tf(default = 3)]
    volume: i64,
}

impl Corner {
    /// One that prints to stdout.
    pub(crate) fn chatty() -> Self {
        Self {
            chatty: true,
            ..Self::default()
        }
    }
}

#[async_trait]
impl Provider for Corner {
    fn name(&self) -> &'static str {
        "corner"
    }

    fn version(&self) -> &'static str {
        "0.1.0"
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: Settings::block(),
        }
    }

    fn resources(&self) -> Vec<Arc<dyn Resource>> {
        vec![
            typed(ThingResource(self.store.clone())),
            typed(Slow),
            typed(PanicResource),
            typed(Old),
            Arc::new(Broken),
        ]
    }

    fn data_sources(&self) -> Vec<Arc<dyn DataSource>> {
        vec![typed_data_source(Lookup)]
    }

    fn functions(&self) -> Vec<Arc<dyn Function>> {
        vec![Arc::new(Shout)]
    }

    async fn configure(&self, _cx: &Cx, config: &Value, _terraform: &str) -> Diagnostics {
        tracing::info!("configured");
        if self.chatty {
            drop(std::io::stdout().write_all(b"a stray print\n"));
        }
        let dir = config.get("dir").as_str().map(PathBuf::from);
        *self.store.0.lock().unwrap_or_else(PoisonError::into_inner) = dir;
        assert_eq!(
            config.get("volume"),
            &Value::from(3),
            "the default was filled in"
        );
        Diagnostics::new()
    }
}

/// An object with one attribute of each kind.
#[derive(Debug, Clone, PartialEq, TfSchema)]
#[tf(version = 1)]
pub(crate) struct Thing {
    /// Name. Changing this replaces the thing.
    #[tf(replace, length(1..=32))]
    name: String,
    /// A note.
    note: Option<String>,
    /// How many.
    #[tf(default = 2, range(1..=50))]
    count: i64,
    /// Labels.
    labels: Option<BTreeMap<String, String>>,
    /// Zones.
    zones: Option<BTreeSet<String>>,
    /// Rules, without order.
    rules: Option<BTreeSet<Rule>>,
    /// Routes by name.
    routes: Option<BTreeMap<String, Route>>,
    /// Steps, in order.
    steps: Option<Vec<Route>>,
    /// A password.
    #[tf(write_only, optional)]
    secret: WriteOnly<String>,
    /// A token.
    #[tf(sensitive)]
    token: Option<String>,
    /// Anything.
    anything: Option<Dynamic>,
    /// The name in capitals, unless given.
    #[tf(optional, computed)]
    shout: Option<String>,
    /// Its id.
    #[tf(computed, stable, prefix = "thing-")]
    id: String,
    /// Counts the changes.
    #[tf(computed)]
    revision: i64,
    /// Length of the password that was given last.
    #[tf(computed)]
    secret_length: i64,
    /// How long to wait.
    #[tf(block)]
    timeouts: Option<Timeouts>,
    /// Mounts, in order.
    #[tf(block)]
    mount: Vec<Mount>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, TfSchema)]
pub(crate) struct Rule {
    /// Port.
    port: i64,
    /// Protocol.
    #[tf(default = "tcp")]
    protocol: String,
    /// Id of the rule, made by the provider.
    #[tf(computed)]
    made_id: String,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq, TfSchema)]
pub(crate) struct Route {
    /// Path.
    path: String,
    /// Where it leads.
    target: Option<String>,
    /// Its address.
    #[tf(computed)]
    url: String,
}

/// How long to wait.
#[derive(Debug, Clone, PartialEq, Eq, TfSchema)]
pub(crate) struct Timeouts {
    /// For a create.
    create: Option<String>,
}

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq, TfSchema)]
pub(crate) struct Mount {
    /// Where.
    path: String,
    /// Its device.
    #[tf(computed)]
    device: String,
}

struct ThingResource(Store);

impl ThingResource {
    /// What the "cloud" makes of a plan.
    fn realise(want: &Want<Thing>, id: String, revision: i64) -> Result<Thing, Diagnostics> {
        let mut view = want.planned.clone();
        if let Cfg::Known(rules) = view.rules {
            let finish = |rule: Cfg<RuleConfig>| {
                rule.map(|mut rule| {
                    let port = rule.port.known().copied().unwrap_or_default();
                    settle(&mut rule.made_id, format!("rule-{port}"));
                    rule
                })
            };
            view.rules = Cfg::Known(rules.into_iter().map(finish).collect());
        }
        if let Cfg::Known(routes) = &mut view.routes {
            routes.values_mut().for_each(finish_route);
        }
        if let Cfg::Known(steps) = &mut view.steps {
            steps.iter_mut().for_each(finish_route);
        }
        if let Cfg::Known(mounts) = &mut view.mount {
            for mount in mounts {
                if let Cfg::Known(mount) = mount {
                    settle(&mut mount.device, "/dev/corner".to_owned());
                }
            }
        }
        let name = view.name.known().cloned().unwrap_or_default();
        settle(&mut view.shout, name.to_uppercase());
        settle(&mut view.id, id);
        view.revision = Cfg::Known(revision);
        let length = want.config.secret.known().map_or(0, String::len);
        view.secret_length = Cfg::Known(i64::try_from(length).unwrap_or_default());
        Thing::from_value(&Cfg::Known(view).to_value()).map_err(|error| failure("make", &error))
    }
}

fn finish_route(route: &mut Cfg<RouteConfig>) {
    if let Cfg::Known(route) = route {
        let path = route.path.known().cloned().unwrap_or_default();
        settle(&mut route.url, format!("https://corner{path}"));
    }
}

/// Gives a value to what is unknown.
fn settle<T>(value: &mut Cfg<T>, to: T) {
    if value.is_unknown() {
        *value = Cfg::Known(to);
    }
}

fn id_of(view: &View<Thing>) -> String {
    view.id.known().cloned().unwrap_or_default()
}

#[async_trait]
impl TypedResource for ThingResource {
    type State = Thing;

    fn type_name(&self) -> &'static str {
        "corner_thing"
    }

    fn version(&self) -> i64 {
        Thing::SCHEMA_VERSION
    }

    async fn validate(&self, _cx: &Cx, config: &View<Thing>) -> Diagnostics {
        let mut found = Diagnostics::new();
        if config.note.known().is_some_and(|note| note == "forbidden") {
            found.error(
                Path::attribute("note"),
                "Forbidden Note",
                "Choose another note.",
            );
        }
        if config.note.known().is_some_and(|note| note == "odd") {
            found.warning(Path::attribute("note"), "Odd Note", "This note is odd.");
        }
        found
    }

    async fn plan(&self, _cx: &Cx, plan: &mut Plan<Thing>) -> Diagnostics {
        plan.mark_changing();
        let secret_changes = plan.config.secret.known().is_some() && plan.prior.is_none();
        if secret_changes {
            plan.planned.secret_length = Cfg::Unknown(Refinements::not_null());
        }
        plan.private
            .set("planned", &true)
            .map_err(|e| failure("plan", &e))
            .err()
            .unwrap_or_default()
    }

    async fn read(
        &self,
        _cx: &Cx,
        state: &View<Thing>,
        private: &mut Private,
    ) -> Result<Option<Thing>, Diagnostics> {
        private
            .set("read", &true)
            .map_err(|error| failure("read", &error))?;
        let Some(found) = self.0.read(&id_of(state), &Thing::block().ty())? else {
            return Ok(None);
        };
        Thing::from_value(&found)
            .map(Some)
            .map_err(|error| failure("read", &error))
    }

    async fn create(
        &self,
        _cx: &Cx,
        want: &mut Want<Thing>,
    ) -> Result<Changed<Thing>, Diagnostics> {
        assert_eq!(
            want.private.get("planned").ok(),
            Some(Some(true)),
            "R2: private data arrives"
        );
        let name = want.planned.name.known().cloned().unwrap_or_default();
        let thing = Self::realise(want, format!("thing-{name}"), 1)?;
        self.0
            .write(&thing.id, &thing.to_value(), &Thing::block().ty())?;
        want.private
            .set("made_by", &"create")
            .map_err(|error| failure("create", &error))?;
        if thing.note.as_deref() == Some("fails late") {
            want.checkpoint(&thing.to_config().into_known().unwrap_or_default());
            return Err(Diagnostic::error("Late Failure", "The thing exists in part.").into());
        }
        Ok(thing.into())
    }

    async fn update(
        &self,
        _cx: &Cx,
        prior: &View<Thing>,
        want: &mut Want<Thing>,
    ) -> Result<Changed<Thing>, Diagnostics> {
        let revision = prior.revision.known().copied().unwrap_or_default() + 1;
        let thing = Self::realise(want, id_of(prior), revision)?;
        self.0
            .write(&thing.id, &thing.to_value(), &Thing::block().ty())?;
        Ok(thing.into())
    }

    async fn delete(
        &self,
        _cx: &Cx,
        prior: &View<Thing>,
        _private: &mut Private,
    ) -> Result<(), Diagnostics> {
        self.0.delete(&id_of(prior))
    }

    async fn import(&self, _cx: &Cx, id: &str) -> Result<View<Thing>, Diagnostics> {
        Ok(ThingConfig {
            id: Cfg::Known(id.to_owned()),
            ..ThingConfig::default()
        })
    }

    async fn upgrade(&self, _cx: &Cx, version: i64, mut state: Json) -> Result<Json, Diagnostics> {
        assert_eq!(version, 0, "only older versions are upgraded");
        if let Some(fields) = state.as_object_mut()
            && let Some(old) = fields.remove("title")
        {
            fields.insert("name".to_owned(), old);
        }
        Ok(state)
    }
}

/// An object that takes for ever to create.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub(crate) struct SlowThing {
    /// File that is written when the create has begun.
    signal: String,
    /// Whether it goes on waiting when it is cancelled, as for an answer that never comes.
    deaf: Option<bool>,
    /// Its id.
    #[tf(computed, stable)]
    id: Option<String>,
    /// Whether it was finished.
    #[tf(computed)]
    finished: Option<bool>,
}

struct Slow;

#[async_trait]
impl TypedResource for Slow {
    type State = SlowThing;

    fn type_name(&self) -> &'static str {
        "corner_slow"
    }

    async fn read(
        &self,
        _cx: &Cx,
        state: &View<SlowThing>,
        _private: &mut Private,
    ) -> Result<Option<SlowThing>, Diagnostics> {
        let state = Cfg::Known(state.clone()).to_value();
        SlowThing::from_value(&state)
            .map(Some)
            .map_err(|error| failure("read", &error))
    }

    async fn create(
        &self,
        cx: &Cx,
        want: &mut Want<SlowThing>,
    ) -> Result<Changed<SlowThing>, Diagnostics> {
        let mut partial = want.planned.clone();
        partial.id = Cfg::Known("slow-1".to_owned());
        want.checkpoint(&partial);
        let signal = want.planned.signal.known().cloned().unwrap_or_default();
        std::fs::write(signal, "begun").map_err(|error| failure("signal", &error))?;
        cx.cancelled().await;
        if want.planned.deaf.known() == Some(&true) {
            std::future::pending::<()>().await;
        }
        Err(Diagnostic::error("Create Was Interrupted", "The thing slow-1 exists in part.").into())
    }

    async fn update(
        &self,
        _cx: &Cx,
        _prior: &View<SlowThing>,
        _want: &mut Want<SlowThing>,
    ) -> Result<Changed<SlowThing>, Diagnostics> {
        Err(Diagnostic::error("No Update", "A slow thing is never updated.").into())
    }

    async fn delete(
        &self,
        _cx: &Cx,
        _prior: &View<SlowThing>,
        _private: &mut Private,
    ) -> Result<(), Diagnostics> {
        Ok(())
    }
}

/// An object whose handler panics.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub(crate) struct Panicking {
    /// When it panics.
    #[tf(one_of("validate", "plan", "create", "create_after_checkpoint"))]
    when: String,
    /// Its id.
    #[tf(computed, stable)]
    id: String,
}

struct PanicResource;

#[async_trait]
impl TypedResource for PanicResource {
    type State = Panicking;

    fn type_name(&self) -> &'static str {
        "corner_panic"
    }

    async fn validate(&self, _cx: &Cx, config: &View<Panicking>) -> Diagnostics {
        assert_ne!(
            config.when,
            Cfg::Known("validate".to_owned()),
            "at validate"
        );
        Diagnostics::new()
    }

    async fn plan(&self, _cx: &Cx, plan: &mut Plan<Panicking>) -> Diagnostics {
        assert_ne!(plan.config.when, Cfg::Known("plan".to_owned()), "at plan");
        Diagnostics::new()
    }

    async fn read(
        &self,
        _cx: &Cx,
        _state: &View<Panicking>,
        _private: &mut Private,
    ) -> Result<Option<Panicking>, Diagnostics> {
        Ok(None)
    }

    async fn create(
        &self,
        _cx: &Cx,
        want: &mut Want<Panicking>,
    ) -> Result<Changed<Panicking>, Diagnostics> {
        if want.planned.when == Cfg::Known("create_after_checkpoint".to_owned()) {
            let mut partial = want.planned.clone();
            partial.id = Cfg::Known("saved".to_owned());
            want.checkpoint(&partial);
        }
        panic!("at create");
    }

    async fn update(
        &self,
        _cx: &Cx,
        _prior: &View<Panicking>,
        _want: &mut Want<Panicking>,
    ) -> Result<Changed<Panicking>, Diagnostics> {
        panic!("at update");
    }

    async fn delete(
        &self,
        _cx: &Cx,
        _prior: &View<Panicking>,
        _private: &mut Private,
    ) -> Result<(), Diagnostics> {
        Ok(())
    }
}

/// An object whose older versions cannot be upgraded.
#[derive(Debug, Clone, PartialEq, TfSchema)]
#[tf(version = 3)]
pub(crate) struct OldThing {
    /// Name.
    name: String,
}

struct Old;

#[async_trait]
impl TypedResource for Old {
    type State = OldThing;

    fn type_name(&self) -> &'static str {
        "corner_old"
    }

    fn version(&self) -> i64 {
        OldThing::SCHEMA_VERSION
    }

    async fn read(
        &self,
        _cx: &Cx,
        state: &View<OldThing>,
        _private: &mut Private,
    ) -> Result<Option<OldThing>, Diagnostics> {
        let name = state.name.known().cloned();
        Ok(name.map(|name| OldThing { name }))
    }

    async fn create(
        &self,
        _cx: &Cx,
        want: &mut Want<OldThing>,
    ) -> Result<Changed<OldThing>, Diagnostics> {
        let name = want.planned.name.known().cloned().unwrap_or_default();
        Ok(OldThing { name }.into())
    }

    async fn update(
        &self,
        _cx: &Cx,
        _prior: &View<OldThing>,
        want: &mut Want<OldThing>,
    ) -> Result<Changed<OldThing>, Diagnostics> {
        let name = want.planned.name.known().cloned().unwrap_or_default();
        Ok(OldThing { name }.into())
    }

    async fn delete(
        &self,
        _cx: &Cx,
        _prior: &View<OldThing>,
        _private: &mut Private,
    ) -> Result<(), Diagnostics> {
        Ok(())
    }
}

/// An object whose handler breaks the rule that its configuration names.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub(crate) struct BrokenThing {
    /// Which rule it breaks.
    rule: String,
    /// A list.
    items: Option<Vec<String>>,
    /// Never stored.
    #[tf(write_only, optional)]
    secret: WriteOnly<String>,
    /// Given by the provider.
    #[tf(computed, prefix = "made-")]
    made: String,
}

struct Broken;

fn set(value: &mut Value, name: &str, to: impl Into<Value>) {
    if let Some(fields) = value.as_map_mut() {
        fields.insert(name.to_owned(), to.into());
    }
}

#[async_trait]
impl Resource for Broken {
    fn type_name(&self) -> &'static str {
        "corner_broken"
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: BrokenThing::block(),
        }
    }

    async fn plan(&self, _cx: &Cx, request: PlanRequest) -> PlanResponse {
        let rule = request
            .config
            .get("rule")
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let mut planned = request.proposed;
        let mut requires_replace = Vec::new();
        match rule.as_str() {
            "P1" => set(&mut planned, "made", 7),
            "P2" => set(&mut planned, "rule", "else"),
            "P3" => set(&mut planned, "rule", Value::unknown()),
            "P6" => set(&mut planned, "secret", "kept"),
            "P7" => requires_replace.push(Path::attribute("nowhere")),
            _ => {}
        }
        PlanResponse {
            planned,
            requires_replace,
            private: request.private,
            diagnostics: Diagnostics::new(),
        }
    }

    async fn read(&self, _cx: &Cx, request: ReadRequest) -> ReadResponse {
        let mut state = request.state;
        if state.get("rule").as_str() == Some("R1") {
            set(&mut state, "made", Value::unknown());
        }
        ReadResponse::found(state, request.private)
    }

    async fn apply(&self, _cx: &Cx, request: ApplyRequest) -> ApplyResponse {
        let Some(mut state) = request.planned else {
            return ApplyResponse::deleted();
        };
        let rule = state.get("rule").as_str().unwrap_or_default().to_owned();
        set(&mut state, "made", "made-1");
        match rule.as_str() {
            "A1" => set(&mut state, "made", Value::unknown()),
            "A1 type" => set(&mut state, "made", true),
            "A1 secret" => set(&mut state, "secret", "kept"),
            "A2" => set(&mut state, "rule", "else"),
            "A2 null" => set(&mut state, "made", Value::Null),
            "A2 prefix" => set(&mut state, "made", "other-1"),
            "A3" => set(&mut state, "items", Value::list(["a".into(), "b".into()])),
            "A4" => return ApplyResponse::default(),
            _ => {}
        }
        ApplyResponse::done(state, request.private)
    }
}

/// Looks something up.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub(crate) struct Found {
    /// What to look for.
    name: String,
    /// How often.
    #[tf(default = 1)]
    times: i64,
    /// What was found.
    #[tf(computed)]
    result: String,
}

struct Lookup;

#[async_trait]
impl TypedDataSource for Lookup {
    type State = Found;

    fn type_name(&self) -> &'static str {
        "corner_lookup"
    }

    async fn read(&self, _cx: &Cx, config: &View<Found>) -> Result<Found, Diagnostics> {
        let name = config.name.known().cloned().unwrap_or_default();
        let times = config.times.known().copied().unwrap_or_default();
        let result = name.repeat(usize::try_from(times).unwrap_or_default());
        Ok(Found {
            name,
            times,
            result,
        })
    }
}

struct Shout;

impl Function for Shout {
    fn name(&self) -> &'static str {
        "shout"
    }

    fn signature(&self) -> FunctionSignature {
        FunctionSignature {
            parameters: vec![Parameter::new("text", Type::String, "What to shout.")],
            variadic: Some(Parameter::new(
                "more",
                Type::String,
                "What to shout after it.",
            )),
            returns: Type::String,
            summary: "Shouts".to_owned(),
            description: "Puts texts in capitals.".to_owned(),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let texts: Vec<&str> = arguments.iter().filter_map(Value::as_str).collect();
        if let Some(at) = texts.iter().position(|text| text.is_empty()) {
            let at = i64::try_from(at).unwrap_or_default();
            return Err(FunctionError::argument(at, "There is nothing to shout."));
        }
        Ok(texts.join(" ").to_uppercase().into())
    }
}
