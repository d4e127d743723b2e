//! Composite alarms: alarms on the states of others.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_cloudwatch::operation::put_composite_alarm::builders::PutCompositeAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::CompositeAlarm as Sdk;
use stackwright_plan::component::CompositeAlarm;
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::alarm::{self, Alarm};
use crate::call::Op;
use crate::tag_changes::same_resource;
use crate::{Aws, AwsError};

const PUT: Op = Op::new("cloudwatch", "PutCompositeAlarm");

#[async_trait]
impl Adapter for CompositeAlarm {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        match recorded.get("name") {
            Some(name) => read(aws, name, recorded, freshness).await,
            None => Ok(None),
        }
    }

    /// `Named` takes a name or an ARN.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let names = match lookup {
            Lookup::Desired(desired, _) => vec![desired.alarm_name.clone()],
            Lookup::Named(name) => vec![alarm::name_of(name).to_owned()],
            Lookup::Owned(tags) => alarm::names(aws, tags).await?,
        };
        let nothing = Recorded::new();
        let reads = names
            .iter()
            .map(|name| read(aws, name, &nothing, Freshness::Fresh));
        let found = futures_util::future::try_join_all(reads).await?;
        let ours = |it: &Observed<Self>| match lookup {
            Lookup::Owned(tags) => same_resource(&it.tags, tags),
            Lookup::Desired(..) | Lookup::Named(_) => true,
        };
        Ok(found.into_iter().flatten().filter(ours).collect())
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let name = &self.alarm_name;
        alarm::forget(aws, name);
        let request = put(self, aws).set_tags(Some(alarm::to_sdk(&self.tags)));
        let made = aws.call(PUT, request.send()).await;
        alarm::forget(aws, name);
        made?;
        Ok(Created {
            outputs: alarm::outputs(aws, name, &self.tags, &Recorded::new()),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        alarm::forget(aws, &self.alarm_name);
        let written = write(self, aws, observed, changed).await;
        alarm::forget(aws, &self.alarm_name);
        written.map(|()| alarm::outputs(aws, &self.alarm_name, &self.tags, &observed.outputs))
    }

    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        alarm::delete(aws, recorded).await
    }
}

async fn read(
    aws: &Aws,
    name: &String,
    recorded: &Recorded,
    freshness: Freshness,
) -> Result<Option<Observed<CompositeAlarm>>, AwsError> {
    let found = aws.loaders.alarms.get(aws, name, freshness).await?;
    let Some(Alarm::Composite(alarm)) = found else {
        return Ok(None);
    };
    let tags = alarm::tags(aws, name, recorded, freshness).await?;
    Ok(tags.map(|tags| Observed {
        outputs: alarm::outputs(aws, name, &tags, recorded),
        component: observe(aws, &alarm, tags.clone()),
        tags,
    }))
}

async fn write(
    desired: &CompositeAlarm,
    aws: &Aws,
    observed: &Observed<CompositeAlarm>,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    if alarm::has_fields(changed) {
        let whole = alarm::overlaid(desired, &observed.component, changed)?;
        aws.call(PUT, put(&whole, aws).send()).await?;
    }
    alarm::retag(aws, &desired.alarm_name, changed).await
}

fn put(desired: &CompositeAlarm, aws: &Aws) -> PutCompositeAlarmFluentBuilder {
    let suppressor = desired.actions_suppressor.get();
    let request = aws
        .cloudwatch()
        .put_composite_alarm()
        .alarm_name(&desired.alarm_name)
        .alarm_description(desired.alarm_description.get())
        .alarm_rule(&desired.alarm_rule)
        .actions_enabled(desired.actions_enabled)
        .set_alarm_actions(Some(desired.alarm_actions.get().clone()))
        .set_ok_actions(Some(desired.ok_actions.get().clone()));
    // Somebody may have taken the suppressor away, and the waits go with it.
    if suppressor.is_empty() {
        return request;
    }
    request
        .actions_suppressor(suppressor)
        .actions_suppressor_wait_period(desired.actions_suppressor_wait_period)
        .actions_suppressor_extension_period(desired.actions_suppressor_extension_period)
}

fn observe(aws: &Aws, alarm: &Sdk, tags: BTreeMap<String, String>) -> CompositeAlarm {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    // AWS answers what it was given, a name or an ARN: both mean the same alarm.
    let suppressor = match alarm.actions_suppressor() {
        Some(text) if !text.is_empty() => alarm::arn(aws, alarm::name_of(text)),
        _ => String::new(),
    };
    CompositeAlarm {
        alarm_name: owned(alarm.alarm_name()),
        alarm_description: owned(alarm.alarm_description()).into(),
        alarm_rule: owned(alarm.alarm_rule()),
        actions_enabled: alarm.actions_enabled().unwrap_or(true),
        alarm_actions: alarm.alarm_actions().to_vec().into(),
        ok_actions: alarm.ok_actions().to_vec().into(),
        actions_suppressor: suppressor.into(),
        actions_suppressor_wait_period: alarm.actions_suppressor_wait_period().unwrap_or_default(),
        actions_suppressor_extension_period: alarm
            .actions_suppressor_extension_period()
            .unwrap_or_default(),
        tags,
    }
}
