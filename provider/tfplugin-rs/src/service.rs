//! The protocol's service: each call gets an id, a span, a cancellation, and a guard against panics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tfplugin_types::Diagnostic;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use tracing::Instrument as _;

use crate::proto::tfplugin6 as proto;
use crate::proto::tfplugin6::provider_server::Provider as ProviderService;
use crate::registry::Registry;
use crate::{ClientCapabilities, Cx, Provider, panics, rpc, wire};

/// The protocol version that logs name.
const PROTOCOL: &str = "6.11";

/// Answers Terraform's calls.
#[derive(Clone)]
pub(crate) struct Service {
    registry: Arc<Registry>,
    /// The first answer about schemas, while nobody asked for it.
    prepared: Arc<Mutex<Option<Prepared>>>,
    /// Cancelled when the process ends: calls that follow are stopped as soon as they begin.
    end: CancellationToken,
    /// Cancelled when the end cannot wait any longer for the open calls.
    abandoned: CancellationToken,
    /// Cancelled by `StopProvider`, then replaced: calls that follow start afresh.
    stop: Arc<Mutex<CancellationToken>>,
    requests: Arc<Requests>,
    /// How many calls are open.
    open: watch::Sender<usize>,
}

type Prepared = JoinHandle<proto::get_provider_schema::Response>;

/// Numbers requests, so that ids differ between processes.
struct Requests {
    process: u64,
    next: AtomicU64,
}

/// A call: its name, what it is about, and what the caller understands.
struct Call {
    rpc: &'static str,
    about: String,
    client: ClientCapabilities,
}

/// Counts a call as open while it lives.
struct Open(watch::Sender<usize>);

impl Open {
    fn one(open: &watch::Sender<usize>) -> Self {
        open.send_modify(|open| *open += 1);
        Self(open.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

/// A call that did not come to its end: it panicked, or was abandoned.
struct Unfinished {
    cx: Cx,
    diagnostic: proto::Diagnostic,
}

/// A call that still waits for something when the process has to end.
fn abandoned(cx: Cx) -> Unfinished {
    let diagnostic = Diagnostic::error(
        "Stopped While a Call Was Open",
        "The run was told to end, and a call was still waiting for its answer. What exists for certain is in the state; whether that call had an effect is not known yet. Run `terraform apply`, or `terraform destroy`: it finds out and goes on from there.",
    );
    let diagnostic = wire::diagnostics(diagnostic.into(), None).remove(0);
    Unfinished { cx, diagnostic }
}

/// An answer that can consist of messages alone.
pub(crate) trait Answer: Default + Send + 'static {
    fn diagnostics_mut(&mut self) -> &mut Vec<proto::Diagnostic>;

    fn failed(diagnostics: Vec<proto::Diagnostic>) -> Self {
        let mut answer = Self::default();
        *answer.diagnostics_mut() = diagnostics;
        answer
    }
}

macro_rules! answers {
    ($($module:ident),* $(,)?) => {
        $(impl Answer for proto::$module::Response {
            fn diagnostics_mut(&mut self) -> &mut Vec<proto::Diagnostic> {
                &mut self.diagnostics
            }
        })*
    };
}

answers!(
    get_metadata,
    get_provider_schema,
    validate_provider_config,
    validate_resource_config,
    validate_data_resource_config,
    upgrade_resource_state,
    configure_provider,
    read_resource,
    plan_resource_change,
    apply_resource_change,
    import_resource_state,
    read_data_source,
    get_functions,
);

impl Service {
    /// `end` is cancelled when the process ends.
    pub(crate) fn new(provider: Arc<dyn Provider>, end: CancellationToken) -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let process = since.as_secs() << 20 | u64::from(std::process::id() & 0xf_ffff);
        Self {
            registry: Arc::new(Registry::new(provider)),
            prepared: Arc::default(),
            stop: Arc::new(Mutex::new(end.child_token())),
            end,
            abandoned: CancellationToken::new(),
            open: watch::Sender::new(0),
            requests: Arc::new(Requests {
                process,
                next: AtomicU64::new(1),
            }),
        }
    }

    /// Waits until no call has been open for so long.
    pub(crate) async fn quiet_for(&self, pause: Duration) {
        let mut open = self.open.subscribe();
        // The sender is in `self`: waiting for it cannot fail.
        while open.wait_for(|open| *open == 0).await.is_ok() {
            let began = tokio::time::timeout(pause, open.changed()).await;
            if began.is_err() {
                return;
            }
        }
    }

    /// Begins with what Terraform asks for first, beside the handshake.
    pub(crate) fn prepare_schemas(&self) {
        let registry = Arc::clone(&self.registry);
        let prepared = tokio::task::spawn_blocking(move || rpc::schema::schemas(&registry));
        *self.prepared() = Some(prepared);
    }

    fn prepared(&self) -> MutexGuard<'_, Option<Prepared>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(feature = "testing")]
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    fn context(&self, client: ClientCapabilities) -> Cx {
        let number = self.requests.next.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:x}-{number}", self.requests.process);
        let stop = self
            .stop
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .child_token();
        Cx::new(&id, stop, client)
    }

    /// Runs a call in a task of its own. When Terraform gives the call up, it is cancelled, not
    /// torn down in the middle.
    async fn guarded<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        call: &Call,
        run: impl FnOnce(Arc<Registry>, Cx) -> F,
    ) -> Result<T, Box<Unfinished>> {
        let cx = self.context(call.client);
        let span = self.span(call, &cx);
        let given_up = cx.cancel().clone().drop_guard();
        let open = Open::one(&self.open);
        let task = run(Arc::clone(&self.registry), cx.clone());
        let timed = async {
            let start = Instant::now();
            tracing::trace!("received request");
            let answer = task.await;
            let tf_req_duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::trace!(tf_req_duration_ms, "served request");
            drop(open);
            answer
        };
        let mut task = tokio::spawn(timed.instrument(span));
        let ended = tokio::select! {
            ended = &mut task => ended.map_err(|error| Box::new(self.crashed(call, cx, error))),
            () = self.abandoned.cancelled() => {
                task.abort();
                Err(Box::new(abandoned(cx)))
            }
        };
        drop(given_up);
        ended
    }

    /// Answers all open calls now, with what they know by now.
    pub(crate) fn abandon(&self) {
        self.abandoned.cancel();
    }

    fn span(&self, call: &Call, cx: &Cx) -> tracing::Span {
        let span = tracing::info_span!(
            "rpc",
            tf_req_id = cx.request_id(),
            tf_rpc = call.rpc,
            tf_provider_addr = %self.registry.provider.address(),
            tf_proto_version = PROTOCOL,
            tf_resource_type = tracing::field::Empty,
            tf_data_source_type = tracing::field::Empty,
            tf_function_name = tracing::field::Empty,
        );
        let key = match call.rpc {
            "ReadDataSource" | "ValidateDataResourceConfig" => "tf_data_source_type",
            "CallFunction" => "tf_function_name",
            _ => "tf_resource_type",
        };
        if !call.about.is_empty() {
            span.record(key, call.about.as_str());
        }
        span
    }

    fn crashed(&self, call: &Call, cx: Cx, error: tokio::task::JoinError) -> Unfinished {
        let said = match error.try_into_panic() {
            Ok(payload) => panics::message(payload.as_ref()),
            Err(_) => "the call was given up".to_owned(),
        };
        tracing::error!(
            tf_rpc = call.rpc,
            tf_req_id = cx.request_id(),
            said,
            "a call panicked"
        );
        let provider = self.registry.provider.name();
        let diagnostic = panics::diagnostic(provider, cx.request_id(), call.rpc, &said);
        let diagnostic = wire::diagnostics(diagnostic.into(), None).remove(0);
        Unfinished { cx, diagnostic }
    }

    async fn answer<T: Answer, F: Future<Output = T> + Send + 'static>(
        &self,
        call: Call,
        run: impl FnOnce(Arc<Registry>, Cx) -> F,
    ) -> Result<Response<T>, Status> {
        let ended = self.guarded(&call, run).await;
        let mut answer = ended.unwrap_or_else(|unfinished| T::failed(vec![unfinished.diagnostic]));
        log_diagnostics(call.rpc, answer.diagnostics_mut());
        Ok(Response::new(answer))
    }
}

fn log_diagnostics(rpc: &str, all: &[proto::Diagnostic]) {
    for one in all {
        tracing::debug!(
            tf_rpc = rpc,
            diagnostic_severity = one.severity().as_str_name(),
            diagnostic_summary = one.summary,
            diagnostic_detail = one.detail,
            "answered with a diagnostic"
        );
    }
}

impl Call {
    fn new(rpc: &'static str, about: &str, client: Option<proto::ClientCapabilities>) -> Self {
        let client = client.unwrap_or_default();
        let client = ClientCapabilities {
            deferral_allowed: client.deferral_allowed,
            write_only_attributes_allowed: client.write_only_attributes_allowed,
        };
        Self {
            rpc,
            about: about.to_owned(),
            client,
        }
    }
}

#[tonic::async_trait]
impl ProviderService for Service {
    async fn get_metadata(
        &self,
        _request: Request<proto::get_metadata::Request>,
    ) -> Result<Response<proto::get_metadata::Response>, Status> {
        let call = Call::new("GetMetadata", "", None);
        self.answer(call, |registry, _| async move {
            rpc::schema::metadata(&registry)
        })
        .await
    }

    async fn get_provider_schema(
        &self,
        _request: Request<proto::get_provider_schema::Request>,
    ) -> Result<Response<proto::get_provider_schema::Response>, Status> {
        let call = Call::new("GetProviderSchema", "", None);
        let prepared = self.prepared().take();
        self.answer(call, |registry, _| async move {
            match prepared {
                // What went wrong goes wrong again, where Terraform hears of it.
                Some(prepared) => prepared
                    .await
                    .unwrap_or_else(|_| rpc::schema::schemas(&registry)),
                None => rpc::schema::schemas(&registry),
            }
        })
        .await
    }

    async fn get_functions(
        &self,
        _request: Request<proto::get_functions::Request>,
    ) -> Result<Response<proto::get_functions::Response>, Status> {
        let call = Call::new("GetFunctions", "", None);
        self.answer(call, |registry, _| async move {
            rpc::schema::functions(&registry)
        })
        .await
    }

    async fn validate_provider_config(
        &self,
        request: Request<proto::validate_provider_config::Request>,
    ) -> Result<Response<proto::validate_provider_config::Response>, Status> {
        let request = request.into_inner();
        let call = Call::new("ValidateProviderConfig", "", None);
        self.answer(call, |registry, cx| async move {
            rpc::configure::validate(&registry, &cx, request).await
        })
        .await
    }

    async fn configure_provider(
        &self,
        request: Request<proto::configure_provider::Request>,
    ) -> Result<Response<proto::configure_provider::Response>, Status> {
        let request = request.into_inner();
        let call = Call::new("ConfigureProvider", "", request.client_capabilities);
        // Terraform has the schemas from another process.
        drop(self.prepared().take());
        self.answer(call, |registry, cx| async move {
            rpc::configure::configure(&registry, &cx, request).await
        })
        .await
    }

    async fn validate_resource_config(
        &self,
        request: Request<proto::validate_resource_config::Request>,
    ) -> Result<Response<proto::validate_resource_config::Response>, Status> {
        let request = request.into_inner();
        let client = request.client_capabilities;
        let call = Call::new("ValidateResourceConfig", &request.type_name, client);
        self.answer(call, |registry, cx| async move {
            rpc::validate::resource(&registry, &cx, request).await
        })
        .await
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<proto::validate_data_resource_config::Request>,
    ) -> Result<Response<proto::validate_data_resource_config::Response>, Status> {
        let request = request.into_inner();
        let call = Call::new("ValidateDataResourceConfig", &request.type_name, None);
        self.answer(call, |registry, cx| async move {
            rpc::data::validate(&registry, &cx, request).await
        })
        .await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<proto::upgrade_resource_state::Request>,
    ) -> Result<Response<proto::upgrade_resource_state::Response>, Status> {
        let request = request.into_inner();
        let call = Call::new("UpgradeResourceState", &request.type_name, None);
        self.answer(call, |registry, cx| async move {
            rpc::upgrade::upgrade(&registry, &cx, request).await
        })
        .await
    }

    async fn read_resource(
        &self,
        request: Request<proto::read_resource::Request>,
    ) -> Result<Response<proto::read_resource::Response>, Status> {
        let request = request.into_inner();
        let call = Call::new(
            "ReadResource",
            &request.type_name,
            request.client_capabilities,
        );
        self.answer(call, |registry, cx| async move {
            rpc::read::read(&registry, &cx, request).await
        })
        .await
    }

    async fn plan_resource_change(
        &self,
        request: Request<proto::plan_resource_change::Request>,
    ) -> Result<Response<proto::plan_resource_change::Response>, Status> {
        let request = request.into_inner();
        let call = Call::new(
            "PlanResourceChange",
            &request.type_name,
            request.client_capabilities,
        );
        self.answer(call, |registry, cx| async move {
            rpc::plan::plan(&registry, &cx, request).await
        })
        .await
    }

    async fn apply_resource_change(
        &self,
        request: Request<proto::apply_resource_change::Request>,
    ) -> Result<Response<proto::apply_resource_change::Response>, Status> {
        let request = request.into_inner();
        let type_name = request.type_name.clone();
        let before = (request.prior_state.clone(), request.planned_private.clone());
        let call = Call::new("ApplyResourceChange", &type_name, None);
        let ended = self
            .guarded(&call, |registry, cx| async move {
                rpc::apply::apply(&registry, &cx, request).await
            })
            .await;
        let mut answer = ended.unwrap_or_else(|unfinished| {
            let saved = unfinished.cx.saved();
            rpc::apply::unfinished(
                &self.registry,
                &type_name,
                saved,
                before,
                unfinished.diagnostic,
            )
        });
        log_diagnostics(call.rpc, answer.diagnostics_mut());
        Ok(Response::new(answer))
    }

    async fn import_resource_state(
        &self,
        request: Request<proto::import_resource_state::Request>,
    ) -> Result<Response<proto::import_resource_state::Response>, Status> {
        let request = request.into_inner();
        let client = request.client_capabilities;
        let call = Call::new("ImportResourceState", &request.type_name, client);
        self.answer(call, |registry, cx| async move {
            rpc::import::import(&registry, &cx, request).await
        })
        .await
    }

    async fn read_data_source(
        &self,
        request: Request<proto::read_data_source::Request>,
    ) -> Result<Response<proto::read_data_source::Response>, Status> {
        let request = request.into_inner();
        let call = Call::new(
            "ReadDataSource",
            &request.type_name,
            request.client_capabilities,
        );
        self.answer(call, |registry, cx| async move {
            rpc::data::read(&registry, &cx, request).await
        })
        .await
    }

    async fn call_function(
        &self,
        request: Request<proto::call_function::Request>,
    ) -> Result<Response<proto::call_function::Response>, Status> {
        let request = request.into_inner();
        let call = Call::new("CallFunction", &request.name, None);
        let ended = self
            .guarded(&call, |registry, _| async move {
                rpc::function::call(&registry, &request)
            })
            .await;
        Ok(Response::new(ended.unwrap_or_else(|unfinished| {
            rpc::function::failed(&unfinished.diagnostic.detail, None)
        })))
    }

    async fn stop_provider(
        &self,
        _request: Request<proto::stop_provider::Request>,
    ) -> Result<Response<proto::stop_provider::Response>, Status> {
        tracing::debug!("Terraform asks to stop");
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *stop, self.end.child_token()).cancel();
        Ok(Response::new(proto::stop_provider::Response::default()))
    }
}
