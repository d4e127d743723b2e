//! The provider: its block, its resources, its session.

use std::sync::Arc;

use async_trait::async_trait;
use stackwright_plan::app::AppResource;
use stackwright_plan::cluster::ClusterResource;
use stackwright_plan::db::DbResource;
use stackwright_plan::job::JobResource;
use stackwright_plan::monitor::MonitorResource;
use stackwright_plan::network::NetworkResource;
use stackwright_plan::role::RoleResource;
use stackwright_plan::router::RouterResource;
use stackwright_plan::service::ServiceResource;
use tfplugin_rs::{Cx, DataSource, Function, Provider, Resource};
use tfplugin_types::{Diagnostic, Diagnostics, Path, Schema, TfObject as _, TfType as _, Value};

use crate::config::{self, ProviderBlock, ProviderBlockConfig};
use crate::data::{CallerDataSource, ExistingDataSource};
use crate::diagnose;
use crate::functions::{Name, ProcfileDecode, RoleArn, SizeDecode};
use crate::resource::EngineResource;
use crate::session::{Connected, Session};

/// The Stackwright provider.
#[derive(Default)]
pub(crate) struct Stackwright {
    session: Arc<Session>,
}

impl Stackwright {
    async fn connect(&self, config: &Value) -> Result<Diagnostics, Diagnostics> {
        let mut view =
            ProviderBlockConfig::from_value(config).map_err(|error| unreadable(&error))?;
        if let Some(name) = config::unknown(&view) {
            return Err(Diagnostic::error(
                "Provider Argument Not Known Yet",
                format!("`{name}` comes from a resource that does not exist yet, but Stackwright must know where it works before it can plan. Apply that resource first (`terraform apply -target=...`), or give the value directly."),
            )
            .at(Path::attribute(name))
            .into());
        }
        let unknown_tags = config::take_unknown_tags(&mut view);
        let block =
            ProviderBlock::from_value(&view.to_value()).map_err(|error| unreadable(&error))?;
        let aws = stackwright_aws::connect(config::session(&block))
            .await
            .map_err(|error| Diagnostics::from(diagnose::connecting(&error)))?;
        tracing::info!(
            account_id = aws.account_id,
            region = aws.region,
            principal = aws.principal(),
            "connected"
        );
        let scope = config::scope(&block, unknown_tags, &aws);
        let ignore_tags = block.ignore_tags.clone().unwrap_or_default();
        // In debug mode: the run before this one has ended.
        self.close_journal().await;
        let connected = Connected::new(scope, aws, ignore_tags);
        let left = connected.journal.left().await;
        self.session.fill(connected);
        let mut found = Diagnostics::new();
        match left {
            Ok(ids) if ids.is_empty() => {}
            Ok(ids) => found.push(diagnose::killed_before(&ids)),
            Err(error) => found.extend(diagnose::calling("Reading the Journal Failed", &error)),
        }
        Ok(found)
    }

    /// Whoever asks has all answers: nothing of the run has to be remembered.
    async fn close_journal(&self) {
        if let Some(connected) = self.session.connected()
            && let Err(error) = connected.journal.close().await
        {
            tracing::warn!(%error, "the journal of this run stays; the next plan knows that it says nothing new");
        }
    }
}

fn unreadable(error: &tfplugin_types::ConvertError) -> Diagnostics {
    let detail = format!(
        "{error}. A provider argument must be known before the plan; give it directly, or apply what it comes from first."
    );
    Diagnostic::error("Provider Argument Not Usable", detail)
        .at(error.path.clone())
        .into()
}

#[async_trait]
impl Provider for Stackwright {
    fn name(&self) -> &'static str {
        "stackwright"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: ProviderBlock::block(),
        }
    }

    fn resources(&self) -> Vec<Arc<dyn Resource>> {
        let session = || Arc::clone(&self.session);
        vec![
            Arc::new(EngineResource::<AppResource>::new(session())),
            Arc::new(EngineResource::<ClusterResource>::new(session())),
            Arc::new(EngineResource::<DbResource>::new(session())),
            Arc::new(EngineResource::<MonitorResource>::new(session())),
            Arc::new(EngineResource::<JobResource>::new(session())),
            Arc::new(EngineResource::<NetworkResource>::new(session())),
            Arc::new(EngineResource::<RoleResource>::new(session())),
            Arc::new(EngineResource::<RouterResource>::new(session())),
            Arc::new(EngineResource::<ServiceResource>::new(session())),
        ]
    }

    fn data_sources(&self) -> Vec<Arc<dyn DataSource>> {
        let session = || Arc::clone(&self.session);
        let name = &["name"];
        vec![
            Arc::new(CallerDataSource::new(session())),
            Arc::new(ExistingDataSource::<AppResource>::new(session(), name)),
            Arc::new(ExistingDataSource::<ClusterResource>::new(session(), name)),
            Arc::new(ExistingDataSource::<DbResource>::new(session(), name)),
            Arc::new(ExistingDataSource::<NetworkResource>::new(session(), name)),
            Arc::new(ExistingDataSource::<RouterResource>::new(session(), name)),
            Arc::new(ExistingDataSource::<ServiceResource>::new(
                session(),
                &["app", "process"],
            )),
        ]
    }

    fn functions(&self) -> Vec<Arc<dyn Function>> {
        vec![
            Arc::new(Name),
            Arc::new(ProcfileDecode),
            Arc::new(RoleArn),
            Arc::new(SizeDecode),
        ]
    }

    async fn validate(&self, _cx: &Cx, config: &Value) -> Diagnostics {
        let mut found = Diagnostics::new();
        match ProviderBlockConfig::from_value(config) {
            Ok(view) => config::validate(&view, &mut found),
            Err(error) => found.extend(unreadable(&error)),
        }
        found
    }

    async fn configure(&self, _cx: &Cx, config: &Value, _terraform_version: &str) -> Diagnostics {
        let connected = Box::pin(self.connect(config)).await;
        connected.unwrap_or_else(|refused| refused)
    }

    async fn close(&self) {
        self.close_journal().await;
    }
}
