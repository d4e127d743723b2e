//! Drives a provider as Terraform does, in this process: for unit tests, in milliseconds.
//!
//! Values cross the same codecs and calls as in a real run; only the connection is missing. After
//! each apply the harness reads back and asserts that a second plan is empty.

use std::sync::Arc;

use tfplugin_types::{Diagnostic, Diagnostics, Path, Severity, Step, Type, Value};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::proto::tfplugin6 as proto;
use crate::proto::tfplugin6::provider_server::Provider as _;
use crate::registry::Known;
use crate::service::Service;
use crate::{Provider, rules, wire};

/// A provider under test.
#[derive(Clone)]
pub struct Harness {
    service: Service,
}

/// One resource instance under test, with the state that Terraform would have stored.
#[derive(Clone)]
pub struct Instance {
    harness: Harness,
    type_name: String,
    /// The stored state; `None` before the create and after the destroy.
    pub state: Option<Value>,
    /// The stored private data.
    pub private: Vec<u8>,
    /// Whether the next apply replaces it because its create failed.
    pub tainted: bool,
    /// Warnings of all calls so far.
    pub warnings: Diagnostics,
}

/// What Terraform would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing.
    NoOp,
    /// Create it.
    Create,
    /// Change it in place.
    Update,
    /// Delete it and create it anew.
    Replace,
    /// Delete it.
    Delete,
}

/// A plan as Terraform would show it.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What would be done.
    pub action: Action,
    /// The planned state; null for a delete.
    pub planned: Value,
    /// The paths that ask for replacement.
    pub requires_replace: Vec<Path>,
    private: Vec<u8>,
}

type Answered<T> = Result<Response<T>, Status>;

/// The answer; no call of the framework ever fails as a call.
fn inside<T>(answered: Answered<T>) -> T {
    answered
        .expect("the framework answers with diagnostics, not with a status")
        .into_inner()
}

impl Harness {
    /// A provider with an empty `provider` block.
    pub async fn new(provider: impl Provider) -> Result<Self, Diagnostics> {
        Self::configured(provider, Value::object::<&str>([])).await
    }

    /// A provider with a `provider` block.
    pub async fn configured(provider: impl Provider, config: Value) -> Result<Self, Diagnostics> {
        let harness = Self {
            service: Service::new(Arc::new(provider), CancellationToken::new()),
        };
        let schema = proto::get_provider_schema::Request {};
        let schema = inside(
            harness
                .service
                .get_provider_schema(Request::new(schema))
                .await,
        );
        passed(schema.diagnostics)?;
        let own = harness.service.registry().own();
        let config = Some(wire::dynamic(&filled(own, config), &own.ty));
        let validate = proto::validate_provider_config::Request {
            config: config.clone(),
        };
        passed(
            inside(
                harness
                    .service
                    .validate_provider_config(Request::new(validate))
                    .await,
            )
            .diagnostics,
        )?;
        let configure = proto::configure_provider::Request {
            terraform_version: "1.11.4".to_owned(),
            config,
            client_capabilities: Some(capabilities()),
        };
        passed(
            inside(
                harness
                    .service
                    .configure_provider(Request::new(configure))
                    .await,
            )
            .diagnostics,
        )?;
        Ok(harness)
    }

    /// A resource that does not exist yet.
    pub fn resource(&self, type_name: &str) -> Instance {
        Instance {
            harness: self.clone(),
            type_name: type_name.to_owned(),
            state: None,
            private: Vec::new(),
            tainted: false,
            warnings: Diagnostics::new(),
        }
    }

    /// Reads a data source.
    pub async fn data(&self, type_name: &str, config: Value) -> Result<Value, Diagnostics> {
        let entry = self.service.registry().data_sources().get(type_name);
        let known = entry.ok_or_else(|| missing(type_name))?.known();
        let config = Some(wire::dynamic(&filled(known, config), &known.ty));
        let type_name = type_name.to_owned();
        let validate = proto::validate_data_resource_config::Request {
            type_name: type_name.clone(),
            config: config.clone(),
        };
        passed(
            inside(
                self.service
                    .validate_data_resource_config(Request::new(validate))
                    .await,
            )
            .diagnostics,
        )?;
        let read = proto::read_data_source::Request {
            type_name,
            config,
            client_capabilities: Some(capabilities()),
            ..proto::read_data_source::Request::default()
        };
        let answer = inside(self.service.read_data_source(Request::new(read)).await);
        passed(answer.diagnostics)?;
        Ok(decode(answer.state.as_ref(), &known.ty))
    }

    /// Calls a function; the error is its text and the argument to blame.
    pub async fn call(
        &self,
        name: &str,
        arguments: &[Value],
    ) -> Result<Value, (String, Option<i64>)> {
        let functions = self.service.registry().functions();
        let signature = functions.get(name).map(|function| function.signature());
        let (types, returns) = signature.map_or_else(
            || (vec![Type::Dynamic; arguments.len()], Type::Dynamic),
            |s| {
                let variadic = s.variadic.iter().cycle().take(arguments.len());
                let types = s.parameters.iter().chain(variadic).map(|p| p.ty.clone());
                (types.collect(), s.returns.clone())
            },
        );
        let request = proto::call_function::Request {
            name: name.to_owned(),
            arguments: arguments
                .iter()
                .zip(&types)
                .map(|(v, ty)| wire::dynamic(v, ty))
                .collect(),
        };
        let answer = inside(self.service.call_function(Request::new(request)).await);
        match answer.error {
            Some(error) => Err((error.text, error.function_argument)),
            None => Ok(decode(answer.result.as_ref(), &returns)),
        }
    }

    /// Asks all running calls to stop, as Terraform does on Ctrl-C.
    pub async fn stop(&self) {
        inside(
            self.service
                .stop_provider(Request::new(proto::stop_provider::Request {}))
                .await,
        );
    }
}

impl Instance {
    /// Checks a configuration.
    pub async fn validate(&self, config: &Value) -> Diagnostics {
        let request = proto::validate_resource_config::Request {
            type_name: self.type_name.clone(),
            config: Some(self.encode(config)),
            client_capabilities: Some(capabilities()),
        };
        let service = &self.harness.service;
        let answer = inside(
            service
                .validate_resource_config(Request::new(request))
                .await,
        );
        diagnostics(answer.diagnostics)
    }

    /// Validates and plans; asserts that planning twice gives the same bytes.
    pub async fn plan(&mut self, config: &Value) -> Result<Planned, Diagnostics> {
        let checked = self.validate(config).await;
        self.warn(checked)?;
        let prior = self.state.clone().filter(|_| !self.tainted);
        let first = self
            .ask_plan(prior.as_ref(), Some(config), &self.private.clone())
            .await?;
        let again = self
            .ask_plan(prior.as_ref(), Some(config), &self.private.clone())
            .await?;
        assert_eq!(first, again, "P10: two plans with the same input differ");
        let planned = self.planned(prior.as_ref(), &first);
        if planned.action != Action::Replace && !self.tainted {
            return Ok(planned);
        }
        // Terraform plans the create that follows the delete, with nothing before it.
        let create = self
            .ask_plan(None, Some(config), &first.planned_private)
            .await?;
        let requires_replace = planned.requires_replace;
        let create = self.planned(None, &create);
        Ok(Planned {
            action: Action::Replace,
            requires_replace,
            ..create
        })
    }

    /// Plans and applies, reads back, and asserts that a second plan is empty.
    pub async fn apply(&mut self, config: &Value) -> Result<Action, Diagnostics> {
        let plan = self.plan(config).await?;
        self.apply_plan(config, &plan).await?;
        self.refresh().await?;
        let again = self.plan(config).await?;
        assert_eq!(
            again.action,
            Action::NoOp,
            "the second plan is not empty: {again:#?}"
        );
        Ok(plan.action)
    }

    /// Applies a plan and nothing else. `config` is wholly known, as at apply time.
    pub async fn apply_plan(&mut self, config: &Value, plan: &Planned) -> Result<(), Diagnostics> {
        match plan.action {
            Action::NoOp => Ok(()),
            Action::Delete => self.destroy().await,
            Action::Create => self.make(None, config, plan).await,
            Action::Update => self.make(self.state.clone(), config, plan).await,
            Action::Replace => {
                self.destroy().await?;
                self.make(None, config, plan).await
            }
        }
    }

    async fn make(
        &mut self,
        prior: Option<Value>,
        config: &Value,
        plan: &Planned,
    ) -> Result<(), Diagnostics> {
        let private = prior
            .as_ref()
            .map_or_else(|| plan.private.clone(), |_| self.private.clone());
        let second = self
            .ask_plan(prior.as_ref(), Some(config), &private)
            .await?;
        let known = self.known();
        let planned = decode(second.planned_state.as_ref(), &known.ty);
        let broken = rules::apply::check(&known.ty, &plan.planned, &planned);
        assert_eq!(
            broken,
            [],
            "P9: the plan at apply time contradicts the first one"
        );
        let request = proto::apply_resource_change::Request {
            type_name: self.type_name.clone(),
            prior_state: Some(self.encode(prior.as_ref().unwrap_or(&Value::Null))),
            planned_state: second.planned_state,
            config: Some(self.encode(config)),
            planned_private: second.planned_private,
            ..proto::apply_resource_change::Request::default()
        };
        let creates = prior.is_none();
        let found = self.ask_apply(request).await;
        self.tainted = creates && found.has_errors() && self.state.is_some();
        self.warn(found)
    }

    /// Deletes it.
    pub async fn destroy(&mut self) -> Result<(), Diagnostics> {
        let prior = self.state.clone();
        let plan = self
            .ask_plan(prior.as_ref(), None, &self.private.clone())
            .await?;
        let planned = decode(plan.planned_state.as_ref(), &self.known().ty);
        assert_eq!(planned, Value::Null, "a destroy plan is null");
        let request = proto::apply_resource_change::Request {
            type_name: self.type_name.clone(),
            prior_state: Some(self.encode(prior.as_ref().unwrap_or(&Value::Null))),
            planned_state: plan.planned_state,
            config: None,
            planned_private: plan.planned_private,
            ..proto::apply_resource_change::Request::default()
        };
        let found = self.ask_apply(request).await;
        self.warn(found)
    }

    /// Reads what really exists.
    pub async fn refresh(&mut self) -> Result<(), Diagnostics> {
        let Some(state) = &self.state else {
            return Ok(());
        };
        let request = proto::read_resource::Request {
            type_name: self.type_name.clone(),
            current_state: Some(self.encode(state)),
            private: self.private.clone(),
            client_capabilities: Some(capabilities()),
            ..proto::read_resource::Request::default()
        };
        let answer = inside(
            self.harness
                .service
                .read_resource(Request::new(request))
                .await,
        );
        self.warn(diagnostics(answer.diagnostics))?;
        let state = decode(answer.new_state.as_ref(), &self.known().ty);
        self.state = Some(state).filter(|state| !state.is_null());
        self.private = answer.private;
        Ok(())
    }

    /// Imports by id and reads, as Terraform does.
    pub async fn import(&mut self, id: &str) -> Result<(), Diagnostics> {
        let request = proto::import_resource_state::Request {
            type_name: self.type_name.clone(),
            id: id.to_owned(),
            client_capabilities: Some(capabilities()),
            identity: None,
        };
        let service = &self.harness.service;
        let answer = inside(service.import_resource_state(Request::new(request)).await);
        self.warn(diagnostics(answer.diagnostics))?;
        let [imported] = answer.imported_resources.as_slice() else {
            panic!("I1: exactly one resource is imported");
        };
        self.state = Some(decode(imported.state.as_ref(), &self.known().ty));
        self.private.clone_from(&imported.private);
        self.refresh().await?;
        let gone = Diagnostic::error("Cannot import non-existent remote object", id);
        if self.state.is_some() {
            Ok(())
        } else {
            Err(gone.into())
        }
    }

    /// Brings stored JSON state to the newest schema and takes it as the state.
    pub async fn upgrade(
        &mut self,
        version: i64,
        state: &serde_json::Value,
    ) -> Result<(), Diagnostics> {
        let raw_state = proto::RawState {
            json: state.to_string().into_bytes(),
            ..Default::default()
        };
        let request = proto::upgrade_resource_state::Request {
            type_name: self.type_name.clone(),
            version,
            raw_state: Some(raw_state),
        };
        let service = &self.harness.service;
        let answer = inside(service.upgrade_resource_state(Request::new(request)).await);
        self.warn(diagnostics(answer.diagnostics))?;
        self.state = Some(decode(answer.upgraded_state.as_ref(), &self.known().ty));
        Ok(())
    }

    async fn ask_plan(
        &mut self,
        prior: Option<&Value>,
        config: Option<&Value>,
        private: &[u8],
    ) -> Result<proto::plan_resource_change::Response, Diagnostics> {
        let request = proto::plan_resource_change::Request {
            type_name: self.type_name.clone(),
            prior_state: Some(self.encode(prior.unwrap_or(&Value::Null))),
            config: Some(self.encode(config.unwrap_or(&Value::Null))),
            prior_private: private.to_vec(),
            client_capabilities: Some(capabilities()),
            ..proto::plan_resource_change::Request::default()
        };
        let service = &self.harness.service;
        let answer = inside(service.plan_resource_change(Request::new(request)).await);
        self.warn(diagnostics(answer.diagnostics.clone()))?;
        Ok(answer)
    }

    async fn ask_apply(&mut self, request: proto::apply_resource_change::Request) -> Diagnostics {
        let service = &self.harness.service;
        let answer = inside(service.apply_resource_change(Request::new(request)).await);
        let found = diagnostics(answer.diagnostics);
        let state = decode(answer.new_state.as_ref(), &self.known().ty);
        // Terraform keeps what it has when an error comes without a state.
        if !state.is_null() || !found.has_errors() {
            self.state = Some(state).filter(|state| !state.is_null());
            self.private = answer.private;
        }
        found
    }

    fn planned(
        &self,
        prior: Option<&Value>,
        answer: &proto::plan_resource_change::Response,
    ) -> Planned {
        let planned = decode(answer.planned_state.as_ref(), &self.known().ty);
        let requires_replace: Vec<Path> = answer.requires_replace.iter().map(path).collect();
        let action = match prior {
            None => Action::Create,
            Some(prior) if prior.same(&planned) => Action::NoOp,
            Some(_) if !requires_replace.is_empty() => Action::Replace,
            Some(_) => Action::Update,
        };
        Planned {
            action,
            planned,
            requires_replace,
            private: answer.planned_private.clone(),
        }
    }

    fn warn(&mut self, found: Diagnostics) -> Result<(), Diagnostics> {
        if found.has_errors() {
            return Err(found);
        }
        self.warnings.extend(found);
        Ok(())
    }

    fn encode(&self, value: &Value) -> proto::DynamicValue {
        let known = self.known();
        wire::dynamic(&filled(known, value.clone()), &known.ty)
    }

    fn known(&self) -> &Known {
        let entry = self
            .harness
            .service
            .registry()
            .resources()
            .get(&self.type_name);
        entry
            .unwrap_or_else(|| panic!("the provider has no resource {}", self.type_name))
            .known()
    }
}

fn capabilities() -> proto::ClientCapabilities {
    proto::ClientCapabilities {
        write_only_attributes_allowed: true,
        ..proto::ClientCapabilities::default()
    }
}

/// The value with all attributes that the test has left out.
fn filled(known: &Known, value: Value) -> Value {
    crate::canonical::block(known.block(), &known.ty, value)
        .unwrap_or_else(|error| panic!("{}: expected {}", error.path, error.expected))
}

fn decode(sent: Option<&proto::DynamicValue>, ty: &Type) -> Value {
    wire::value(sent, ty).expect("the framework writes what it can read")
}

fn passed(found: Vec<proto::Diagnostic>) -> Result<(), Diagnostics> {
    let found = diagnostics(found);
    if found.has_errors() {
        Err(found)
    } else {
        Ok(())
    }
}

fn missing(type_name: &str) -> Diagnostics {
    Diagnostic::error("Unknown Type Name", type_name).into()
}

fn diagnostics(all: Vec<proto::Diagnostic>) -> Diagnostics {
    Diagnostics(all.into_iter().map(diagnostic).collect())
}

fn diagnostic(of: proto::Diagnostic) -> Diagnostic {
    let severity = match of.severity() {
        proto::diagnostic::Severity::Warning => Severity::Warning,
        _ => Severity::Error,
    };
    let path = of.attribute.as_ref().map(path).unwrap_or_default();
    Diagnostic {
        severity,
        summary: of.summary,
        detail: of.detail,
        path,
    }
}

fn path(of: &proto::AttributePath) -> Path {
    use proto::attribute_path::step::Selector;
    let step = |step: &proto::attribute_path::Step| match &step.selector {
        Some(Selector::AttributeName(name)) => Step::Attribute(name.clone()),
        Some(Selector::ElementKeyString(key)) => Step::Key(key.clone()),
        Some(Selector::ElementKeyInt(index)) => Step::Index(*index),
        None => panic!("a path step says nothing"),
    };
    Path(of.steps.iter().map(step).collect())
}
