//! `data.stackwright_caller`.

use std::sync::Arc;

use async_trait::async_trait;
use stackwright_plan::caller::Caller;
use tfplugin_rs::{Cx, DataResponse, DataSource};
use tfplugin_types::{Schema, TfObject as _, TfType as _, Value};

use super::not_configured;
use crate::session::Session;

/// Who the provider is.
pub(crate) struct CallerDataSource(Arc<Session>);

impl CallerDataSource {
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self(session)
    }
}

#[async_trait]
impl DataSource for CallerDataSource {
    fn type_name(&self) -> &'static str {
        "stackwright_caller"
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: Caller::block(),
        }
    }

    /// The session was opened with this very question, so nothing is asked again.
    async fn read(&self, _cx: &Cx, _config: &Value) -> DataResponse {
        let Some(connected) = self.0.connected() else {
            return not_configured();
        };
        let aws = &connected.aws;
        let caller = Caller {
            account_id: aws.account_id.clone(),
            region: aws.region.clone(),
            partition: aws.partition.clone(),
            arn: aws.principal(),
            user_id: aws.user_id.clone(),
        };
        caller.to_value().into()
    }
}
