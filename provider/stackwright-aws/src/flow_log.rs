//! Flow log of a VPC, into a log group. AWS changes nothing of one but its tags.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self, Filter, FlowLogsResourceType, LogDestinationType, ResourceType, TrafficType,
    UnsuccessfulItem,
};
use stackwright_plan::component::FlowLog;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::ec2_tags::{self, FILTER_VALUES, filter};
use crate::loader::Source;
use crate::propagation::{self, flow_logs_not_ready, outlast};
use crate::settle::{self, id, outputs};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait, tokens};

const DESCRIBE: Op = Op::new("ec2", "DescribeFlowLogs");
const CREATE: Op = Op::new("ec2", "CreateFlowLogs");
const DELETE: Op = Op::new("ec2", "DeleteFlowLogs");

const GONE: &[&str] = &["InvalidFlowLogId.NotFound"];

/// Flow logs by id.
#[derive(Debug)]
pub(crate) struct FlowLogs;

#[async_trait]
impl Source for FlowLogs {
    type Key = String;
    type Item = types::FlowLog;
    const BATCH: usize = FILTER_VALUES;
    const LISTS: bool = true;

    async fn keyed(aws: &Aws, ids: &[String]) -> Result<HashMap<String, types::FlowLog>, AwsError> {
        Ok(by_id(
            describe(aws, vec![filter("flow-log-id", ids)]).await?,
        ))
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, types::FlowLog>>, AwsError> {
        Ok(Some(by_id(describe(aws, ec2_tags::ours()).await?)))
    }
}

fn by_id(logs: Vec<types::FlowLog>) -> HashMap<String, types::FlowLog> {
    logs.into_iter()
        .filter_map(|it| Some((it.flow_log_id.clone()?, it)))
        .collect()
}

async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::FlowLog>, AwsError> {
    let pages = aws
        .ec2()
        .describe_flow_logs()
        .set_filter(Some(filters))
        .max_results(1_000);
    let pages = aws.pages(DESCRIBE, pages.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.flow_logs.unwrap_or_default())
        .collect())
}

fn observe(log: types::FlowLog) -> Result<Observed<FlowLog>, AwsError> {
    let id = log.flow_log_id.ok_or_else(|| DESCRIBE.lacks("FlowLogId"))?;
    let tags = ec2_tags::read(log.tags.as_deref());
    let role = log.deliver_logs_permission_arn.unwrap_or_default();
    let component = FlowLog {
        resource_id: log.resource_id.unwrap_or_default().into(),
        traffic_type: log
            .traffic_type
            .map(|it| it.as_str().to_owned())
            .unwrap_or_default(),
        log_group_name: log.log_group_name.unwrap_or_default().into(),
        deliver_logs_permission_arn: role.into(),
        max_aggregation_interval: log.max_aggregation_interval.unwrap_or_default(),
        tags: tags.clone(),
    };
    Ok(Observed {
        component,
        outputs: outputs(&id),
        tags,
    })
}

#[async_trait]
impl Adapter for FlowLog {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(None);
        };
        let found = settle::get(aws, &aws.loaders.flow_logs, id, freshness).await?;
        found.map(observe).transpose()
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let filters = match lookup {
            Lookup::Desired(_, tags) => ec2_tags::one(tags),
            Lookup::Named(id) => vec![filter("flow-log-id", [id])],
            Lookup::Owned(tags) => ec2_tags::all(tags),
        };
        describe(aws, filters)
            .await?
            .into_iter()
            .map(observe)
            .collect()
    }

    /// EC2 learns of a new role some seconds late.
    async fn create(&self, aws: &Aws, token: &str) -> Result<Created, AwsError> {
        let what = || format!("flow log of {}", self.resource_id.get());
        let attempt = |token: String| async move {
            let attempt = || create(aws, self, &token);
            let id = outlast(propagation::ROLE, flow_logs_not_ready, attempt).await?;
            aws.newborns.note(&id);
            let found = settle::get(aws, &aws.loaders.flow_logs, &id, Freshness::Fresh).await?;
            Ok(found.map(|_| id))
        };
        let id = tokens::past_used(token, what, attempt).await?;
        Ok(Created {
            outputs: outputs(&id),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let Some(id) = id(&observed.outputs) else {
            return Err(DESCRIBE.lacks("FlowLogId"));
        };
        aws.loaders.flow_logs.forget(&id.to_owned());
        let written = ec2_tags::write(aws, id, changed).await;
        aws.loaders.flow_logs.forget(&id.to_owned());
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let deleted = settle::delete(aws, id, GONE, wait, || delete(aws, id)).await;
        aws.loaders.flow_logs.forget(&id.to_owned());
        deleted
    }
}

async fn create(aws: &Aws, log: &FlowLog, token: &str) -> Result<String, AwsError> {
    let (vpc, group) = (log.resource_id.get(), log.log_group_name.get());
    let role = log.deliver_logs_permission_arn.get();
    let answer = settle::once_known(aws, &[vpc], || {
        let call = aws
            .ec2()
            .create_flow_logs()
            .client_token(token)
            .resource_type(FlowLogsResourceType::Vpc)
            .resource_ids(vpc)
            .traffic_type(TrafficType::from(log.traffic_type.as_str()))
            .log_destination_type(LogDestinationType::CloudWatchLogs)
            .log_group_name(group)
            .deliver_logs_permission_arn(role)
            .max_aggregation_interval(log.max_aggregation_interval);
        let tags = ec2_tags::specification(ResourceType::VpcFlowLog, &log.tags);
        aws.call(CREATE, call.tag_specifications(tags).send())
    });
    let answer = answer.await?;
    refused(aws, CREATE, answer.unsuccessful)?;
    let id = answer.flow_log_ids.unwrap_or_default().into_iter().next();
    id.ok_or_else(|| CREATE.lacks("FlowLogId"))
}

async fn delete(aws: &Aws, id: &str) -> Result<(), AwsError> {
    let call = aws.ec2().delete_flow_logs().flow_log_ids(id);
    let answer = aws.call(DELETE, call.send()).await?;
    refused(aws, DELETE, answer.unsuccessful)
}

/// AWS answers 200 and lists what it did not do.
fn refused(aws: &Aws, op: Op, unsuccessful: Option<Vec<UnsuccessfulItem>>) -> Result<(), AwsError> {
    let mut items = unsuccessful.unwrap_or_default().into_iter();
    let Some(error) = items.find_map(|item| item.error) else {
        return Ok(());
    };
    Err(AwsError::Refused {
        service: op.service,
        operation: op.name.to_owned(),
        code: error.code.unwrap_or_default(),
        message: aws.redactor.clean(&error.message.unwrap_or_default()),
    })
}
