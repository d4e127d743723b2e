//! Schedules of `EventBridge` Scheduler that start ECS tasks.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use aws_sdk_scheduler::types::{
    AssignPublicIp, AwsVpcConfiguration, DeadLetterConfig, EcsParameters, FlexibleTimeWindow,
    FlexibleTimeWindowMode, NetworkConfiguration, PropagateTags, RetryPolicy, ScheduleState,
    Target,
};
use stackwright_plan::In;
use stackwright_plan::component::Schedule;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::loader::Source;
use crate::propagation::{self, outlast};
use crate::schedule_group::GONE;
use crate::settle::{self, id};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const GET: Op = Op::new("scheduler", "GetSchedule");
const CREATE: Op = Op::new("scheduler", "CreateSchedule");
const UPDATE: Op = Op::new("scheduler", "UpdateSchedule");
const DELETE: Op = Op::new("scheduler", "DeleteSchedule");

/// Schedules by `<group>/<name>`.
#[derive(Debug)]
pub(crate) struct Schedules;

#[async_trait]
impl Source for Schedules {
    type Key = String;
    type Item = GetScheduleOutput;
    const BATCH: usize = 1;

    async fn keyed(
        aws: &Aws,
        keys: &[String],
    ) -> Result<HashMap<String, GetScheduleOutput>, AwsError> {
        let mut found = HashMap::new();
        for key in keys {
            let Some((group, name)) = key.split_once('/') else {
                continue;
            };
            let call = aws.scheduler().get_schedule().group_name(group).name(name);
            match aws.call(GET, call.send()).await {
                Ok(answer) => drop(found.insert(key.clone(), answer)),
                Err(error) if error.is_code(GONE) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

fn outputs(aws: &Aws, key: &str) -> Recorded {
    let name = key.rsplit('/').next().unwrap_or(key);
    let arn = format!(
        "arn:{}:scheduler:{}:{}:schedule/{key}",
        aws.partition, aws.region, aws.account_id
    );
    [("id", key), ("name", name), ("arn", &arn)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn key(desired: &Schedule) -> String {
    format!("{}/{}", desired.group_name.get(), desired.name)
}

fn sorted(items: &[String]) -> In<Vec<String>> {
    let mut items = items.to_vec();
    items.sort();
    In::Known(items)
}

fn observe(aws: &Aws, key: &str, found: &GetScheduleOutput) -> Observed<Schedule> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let target = found.target();
    let ecs = target.and_then(Target::ecs_parameters);
    let network = ecs
        .and_then(EcsParameters::network_configuration)
        .and_then(NetworkConfiguration::awsvpc_configuration);
    let retry = target.and_then(Target::retry_policy);
    let dead_letters = target.and_then(Target::dead_letter_config);
    let window = found.flexible_time_window();
    let public = network.and_then(AwsVpcConfiguration::assign_public_ip);
    let propagated = ecs.and_then(EcsParameters::propagate_tags);
    let component = Schedule {
        group_name: In::Known(text(found.group_name())),
        name: text(found.name()),
        description: text(found.description()),
        schedule_expression: text(found.schedule_expression()),
        schedule_expression_timezone: found
            .schedule_expression_timezone()
            .unwrap_or("UTC")
            .to_owned(),
        state: text(found.state().map(ScheduleState::as_str)),
        flexible_window_minutes: window
            .and_then(FlexibleTimeWindow::maximum_window_in_minutes)
            .unwrap_or(0),
        cluster: In::Known(text(target.map(Target::arn))),
        role_arn: In::Known(text(target.map(Target::role_arn))),
        task_definition: In::Known(text(ecs.map(EcsParameters::task_definition_arn))),
        task_count: ecs.and_then(EcsParameters::task_count).unwrap_or(1),
        subnets: sorted(
            network
                .map(AwsVpcConfiguration::subnets)
                .unwrap_or_default(),
        ),
        security_groups: sorted(
            network
                .map(AwsVpcConfiguration::security_groups)
                .unwrap_or_default(),
        ),
        assign_public_ip: public == Some(&AssignPublicIp::Enabled),
        enable_ecs_managed_tags: ecs
            .and_then(EcsParameters::enable_ecs_managed_tags)
            .unwrap_or_default(),
        propagate_tags: text(propagated.map(PropagateTags::as_str)),
        input: text(target.and_then(Target::input)),
        maximum_retry_attempts: retry
            .and_then(RetryPolicy::maximum_retry_attempts)
            .unwrap_or(185),
        maximum_event_age_in_seconds: retry
            .and_then(RetryPolicy::maximum_event_age_in_seconds)
            .unwrap_or(86_400),
        dead_letter_arn: In::Known(text(dead_letters.and_then(DeadLetterConfig::arn))),
    };
    Observed {
        component,
        outputs: outputs(aws, key),
        tags: BTreeMap::new(),
    }
}

async fn get(
    aws: &Aws,
    key: &str,
    freshness: Freshness,
) -> Result<Option<Observed<Schedule>>, AwsError> {
    let key = key.to_owned();
    let found = aws.loaders.schedules.get(aws, &key, freshness).await?;
    Ok(found.map(|found| observe(aws, &key, &found)))
}

#[async_trait]
impl Adapter for Schedule {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        match id(recorded) {
            Some(key) => get(aws, key, freshness).await,
            None => Ok(None),
        }
    }

    /// `Named` takes `<group>/<name>` or an ARN.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let key = match lookup {
            Lookup::Desired(desired, _) => key(desired),
            Lookup::Named(name) => {
                let key = name.split_once(":schedule/").map(|(_, key)| key);
                key.unwrap_or(name).to_owned()
            }
            Lookup::Owned(_) => return Ok(Vec::new()),
        };
        let found = get(aws, &key, Freshness::Fresh).await?;
        Ok(found.into_iter().collect())
    }

    /// Scheduler tries to take the role at once, and IAM tells it of a new one some seconds late.
    fn foretold(&self) -> Option<Recorded> {
        let (id, name) = (key(self), self.name.clone());
        Some(Recorded::from([
            ("id".to_owned(), id),
            ("name".to_owned(), name),
        ]))
    }

    /// Without a token of ours, as for groups.
    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let (key, group) = (key(self), self.group_name.get());
        outlast(propagation::ROLE, role_not_ready, || {
            let call = aws
                .scheduler()
                .create_schedule()
                .group_name(group)
                .name(&self.name)
                .description(&self.description)
                .schedule_expression(&self.schedule_expression)
                .schedule_expression_timezone(&self.schedule_expression_timezone)
                .state(ScheduleState::from(self.state.as_str()))
                .flexible_time_window(window(self))
                .target(target(self));
            aws.call(CREATE, call.send())
        })
        .await?;
        aws.loaders.schedules.forget(&key);
        Ok(Created {
            outputs: outputs(aws, &key),
            complete: true,
        })
    }

    /// What an update leaves out is set back to its default, so all of it is written.
    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        _changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let (key, group) = (key(self), self.group_name.get());
        aws.loaders.schedules.forget(&key);
        let written = outlast(propagation::ROLE, role_not_ready, || {
            let call = aws
                .scheduler()
                .update_schedule()
                .group_name(group)
                .name(&self.name)
                .description(&self.description)
                .schedule_expression(&self.schedule_expression)
                .schedule_expression_timezone(&self.schedule_expression_timezone)
                .state(ScheduleState::from(self.state.as_str()))
                .flexible_time_window(window(self))
                .target(target(self));
            aws.call(UPDATE, call.send())
        })
        .await;
        aws.loaders.schedules.forget(&key);
        written.map(|_| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some((key, (group, name))) =
            id(recorded).and_then(|key| Some((key, key.split_once('/')?)))
        else {
            return Ok(());
        };
        let attempt = || {
            let call = aws
                .scheduler()
                .delete_schedule()
                .group_name(group)
                .name(name);
            aws.call(DELETE, call.send())
        };
        let deleted = settle::delete(aws, key, GONE, wait, attempt).await;
        aws.loaders.schedules.forget(&key.to_owned());
        deleted
    }
}

/// Scheduler has no code of its own for a role that it cannot take yet.
fn role_not_ready(error: &AwsError) -> bool {
    let AwsError::Refused { code, message, .. } = error else {
        return false;
    };
    code == "ValidationException" && message.to_ascii_lowercase().contains("assume the role")
}

fn window(desired: &Schedule) -> FlexibleTimeWindow {
    let window = FlexibleTimeWindow::builder();
    let window = match desired.flexible_window_minutes {
        0 => window.mode(FlexibleTimeWindowMode::Off),
        minutes => window
            .mode(FlexibleTimeWindowMode::Flexible)
            .maximum_window_in_minutes(minutes),
    };
    window.build().expect("the required field is set")
}

fn target(desired: &Schedule) -> Target {
    let retry = RetryPolicy::builder()
        .maximum_retry_attempts(desired.maximum_retry_attempts)
        .maximum_event_age_in_seconds(desired.maximum_event_age_in_seconds);
    let dead_letters = DeadLetterConfig::builder().arn(desired.dead_letter_arn.get());
    let input = Some(desired.input.clone()).filter(|input| !input.is_empty());
    let target = Target::builder()
        .arn(desired.cluster.get())
        .role_arn(desired.role_arn.get())
        .retry_policy(retry.build())
        .dead_letter_config(dead_letters.build())
        .set_input(input)
        .ecs_parameters(ecs_parameters(desired));
    target.build().expect("the required fields are set")
}

fn ecs_parameters(desired: &Schedule) -> EcsParameters {
    let public = if desired.assign_public_ip {
        AssignPublicIp::Enabled
    } else {
        AssignPublicIp::Disabled
    };
    let network = AwsVpcConfiguration::builder()
        .set_subnets(Some(desired.subnets.get().clone()))
        .set_security_groups(Some(desired.security_groups.get().clone()))
        .assign_public_ip(public);
    let network = network.build().expect("the required field is set");
    let parameters = EcsParameters::builder()
        .task_definition_arn(desired.task_definition.get())
        .task_count(desired.task_count)
        .network_configuration(
            NetworkConfiguration::builder()
                .awsvpc_configuration(network)
                .build(),
        )
        .enable_ecs_managed_tags(desired.enable_ecs_managed_tags)
        .propagate_tags(PropagateTags::from(desired.propagate_tags.as_str()));
    parameters.build().expect("the required field is set")
}
