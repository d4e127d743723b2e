//! Metric alarms: on one metric, on metric math, on a Metrics Insights query, on a band.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, Metric, MetricAlarm as Sdk, MetricDataQuery, MetricStat,
    Statistic, WarmUpConfiguration,
};
use stackwright_plan::component::{MetricAlarm, MetricQuery};
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::alarm::{self, Alarm};
use crate::call::Op;
use crate::tag_changes::same_resource;
use crate::{Aws, AwsError};

const PUT: Op = Op::new("cloudwatch", "PutMetricAlarm");

#[async_trait]
impl Adapter for MetricAlarm {
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
) -> Result<Option<Observed<MetricAlarm>>, AwsError> {
    let found = aws.loaders.alarms.get(aws, name, freshness).await?;
    let Some(Alarm::Metric(alarm)) = found else {
        return Ok(None);
    };
    let tags = alarm::tags(aws, name, recorded, freshness).await?;
    Ok(tags.map(|tags| Observed {
        outputs: alarm::outputs(aws, name, &tags, recorded),
        component: observe(&alarm, tags.clone()),
        tags,
    }))
}

async fn write(
    desired: &MetricAlarm,
    aws: &Aws,
    observed: &Observed<MetricAlarm>,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    if alarm::has_fields(changed) {
        let whole = alarm::overlaid(desired, &observed.component, changed)?;
        aws.call(PUT, put(&whole, aws).send()).await?;
    }
    alarm::retag(aws, &desired.alarm_name, changed).await
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned()).filter(|value| !value.is_empty())
}

fn put(desired: &MetricAlarm, aws: &Aws) -> PutMetricAlarmFluentBuilder {
    let metrics = desired.metrics.get();
    let one = metrics.is_empty();
    let warm_up = WarmUpConfiguration::builder()
        .warm_up_period_duration_in_minutes(desired.warm_up_minutes)
        .build();
    aws.cloudwatch()
        .put_metric_alarm()
        .alarm_name(&desired.alarm_name)
        .alarm_description(desired.alarm_description.get())
        .actions_enabled(desired.actions_enabled)
        .set_alarm_actions(Some(desired.alarm_actions.get().clone()))
        .set_ok_actions(Some(desired.ok_actions.get().clone()))
        .set_insufficient_data_actions(Some(desired.insufficient_data_actions.get().clone()))
        .set_namespace(text(&desired.namespace))
        .set_metric_name(text(&desired.metric_name))
        .set_dimensions(one.then(|| dimensions_to_sdk(desired.dimensions.get())))
        .set_statistic(text(&desired.statistic).map(|stat| Statistic::from(stat.as_str())))
        .set_extended_statistic(text(&desired.extended_statistic))
        .set_period(one.then_some(desired.period))
        .set_metrics((!one).then(|| metrics.iter().map(query_to_sdk).collect()))
        .set_threshold_metric_id(text(&desired.threshold_metric_id))
        .evaluation_periods(desired.evaluation_periods)
        .datapoints_to_alarm(desired.datapoints_to_alarm)
        .set_threshold(desired.threshold.as_ref().map(|threshold| *threshold.get()))
        .comparison_operator(ComparisonOperator::from(
            desired.comparison_operator.as_str(),
        ))
        .treat_missing_data(&desired.treat_missing_data)
        .set_evaluate_low_sample_count_percentile(text(
            &desired.evaluate_low_sample_count_percentile,
        ))
        .set_warm_up_configuration((desired.warm_up_minutes > 0).then_some(warm_up))
}

pub(crate) fn dimensions_to_sdk(dimensions: &BTreeMap<String, String>) -> Vec<Dimension> {
    let one =
        |(name, value): (&String, &String)| Dimension::builder().name(name).value(value).build();
    dimensions.iter().map(one).collect()
}

pub(crate) fn dimensions_from_sdk(dimensions: &[Dimension]) -> BTreeMap<String, String> {
    dimensions
        .iter()
        .filter_map(|it| Some((it.name.clone()?, it.value.clone()?)))
        .collect()
}

fn query_to_sdk(query: &MetricQuery) -> MetricDataQuery {
    let entry = MetricDataQuery::builder()
        .id(&query.id)
        .return_data(query.return_data);
    if !query.expression.is_empty() {
        let period = Some(query.period).filter(|period| *period > 0);
        return entry
            .expression(&query.expression)
            .set_period(period)
            .build();
    }
    let metric = Metric::builder()
        .namespace(&query.namespace)
        .metric_name(&query.metric_name)
        .set_dimensions(Some(dimensions_to_sdk(&query.dimensions)))
        .build();
    let stat = MetricStat::builder()
        .metric(metric)
        .period(query.period)
        .stat(&query.stat)
        .build();
    entry.metric_stat(stat).build()
}

fn query_from_sdk(query: &MetricDataQuery) -> MetricQuery {
    let stat = query.metric_stat();
    let metric = stat.and_then(MetricStat::metric);
    let of_metric =
        |read: fn(&Metric) -> Option<&str>| metric.and_then(read).unwrap_or_default().to_owned();
    MetricQuery {
        id: query.id().unwrap_or_default().to_owned(),
        expression: query.expression().unwrap_or_default().to_owned(),
        namespace: of_metric(Metric::namespace),
        metric_name: of_metric(Metric::metric_name),
        dimensions: metric
            .map(|it| dimensions_from_sdk(it.dimensions()))
            .unwrap_or_default(),
        stat: stat
            .and_then(MetricStat::stat)
            .unwrap_or_default()
            .to_owned(),
        period: stat
            .and_then(MetricStat::period)
            .or(query.period())
            .unwrap_or_default(),
        // AWS's default, which it need not send.
        return_data: query.return_data().unwrap_or(true),
    }
}

fn observe(alarm: &Sdk, tags: BTreeMap<String, String>) -> MetricAlarm {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let queries: Vec<MetricQuery> = alarm.metrics().iter().map(query_from_sdk).collect();
    let periods = alarm.evaluation_periods().unwrap_or_default();
    MetricAlarm {
        alarm_name: owned(alarm.alarm_name()),
        alarm_description: owned(alarm.alarm_description()).into(),
        actions_enabled: alarm.actions_enabled().unwrap_or(true),
        alarm_actions: alarm.alarm_actions().to_vec().into(),
        ok_actions: alarm.ok_actions().to_vec().into(),
        insufficient_data_actions: alarm.insufficient_data_actions().to_vec().into(),
        namespace: owned(alarm.namespace()),
        metric_name: owned(alarm.metric_name()),
        dimensions: dimensions_from_sdk(alarm.dimensions()).into(),
        statistic: owned(alarm.statistic().map(Statistic::as_str)),
        extended_statistic: owned(alarm.extended_statistic()),
        period: alarm.period().unwrap_or_default(),
        metrics: queries.into(),
        threshold_metric_id: owned(alarm.threshold_metric_id()),
        evaluation_periods: periods,
        // Left out, all periods count.
        datapoints_to_alarm: alarm.datapoints_to_alarm().unwrap_or(periods),
        threshold: alarm.threshold().map(Into::into),
        comparison_operator: owned(alarm.comparison_operator().map(ComparisonOperator::as_str)),
        treat_missing_data: alarm.treat_missing_data().unwrap_or("missing").to_owned(),
        evaluate_low_sample_count_percentile: low_samples(alarm),
        warm_up_minutes: alarm
            .warm_up_configuration()
            .and_then(WarmUpConfiguration::warm_up_period_duration_in_minutes)
            .unwrap_or_default(),
        tags,
    }
}

/// AWS's default with a percentile, which it need not send.
fn low_samples(alarm: &Sdk) -> String {
    let default = if alarm.extended_statistic().is_some() {
        "evaluate"
    } else {
        ""
    };
    alarm
        .evaluate_low_sample_count_percentile()
        .unwrap_or(default)
        .to_owned()
}
