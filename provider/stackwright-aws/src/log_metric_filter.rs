//! Metric filters of `CloudWatch` Logs. They have no tags: a filter is ours through its monitor.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::{MetricFilter as Sdk, MetricTransformation};
use stackwright_plan::component::LogMetricFilter;
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::propagation::{self, outlast};
use crate::{Aws, AwsError, alarm};

const PUT: Op = Op::new("logs", "PutMetricFilter");
const DESCRIBE: Op = Op::new("logs", "DescribeMetricFilters");
const DELETE: Op = Op::new("logs", "DeleteMetricFilter");

const NOT_FOUND: &[&str] = &["ResourceNotFoundException"];

/// Log group and name.
type Place = (String, String);

#[async_trait]
impl Adapter for LogMetricFilter {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(place) = place(recorded) else {
            return Ok(None);
        };
        let found = aws
            .loaders
            .metric_filters
            .get(aws, &place, freshness)
            .await?;
        Ok(found.as_ref().map(observe))
    }

    /// `Named` takes a name: it does not say which group, so all are asked.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let place = match lookup {
            Lookup::Desired(desired, _) => self::key(desired),
            Lookup::Named(name) => {
                let all = all(aws, aws.logs().describe_metric_filters()).await?;
                let named = all
                    .values()
                    .filter(|filter| filter.filter_name() == Some(name));
                return Ok(named.map(observe).collect());
            }
            Lookup::Owned(_) => return Ok(Vec::new()),
        };
        let found = aws
            .loaders
            .metric_filters
            .get(aws, &place, Freshness::Fresh)
            .await?;
        Ok(found.iter().map(observe).collect())
    }

    fn foretold(&self) -> Option<Recorded> {
        Some(outputs(&key(self)))
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        write(self, aws).await?;
        Ok(Created {
            outputs: outputs(&key(self)),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let whole = alarm::overlaid(self, &observed.component, changed)?;
        write(&whole, aws).await?;
        Ok(observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some(place) = place(recorded) else {
            return Ok(());
        };
        let (group, name) = &place;
        aws.loaders.metric_filters.forget(&place);
        let attempt = || async {
            let request = aws
                .logs()
                .delete_metric_filter()
                .log_group_name(group)
                .filter_name(name);
            aws.call(DELETE, request.send()).await
        };
        let deleted = outlast(propagation::WRITE, busy, attempt).await;
        aws.loaders.metric_filters.forget(&place);
        match deleted {
            Err(error) if error.is_code(NOT_FOUND) => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// Filters by log group and name.
#[derive(Debug)]
pub(crate) struct MetricFilters;

#[async_trait]
impl Source for MetricFilters {
    type Key = Place;
    type Item = Sdk;
    const BATCH: usize = 1;
    const LISTS: bool = true;
    const LIST_AFTER: usize = 5;

    async fn keyed(aws: &Aws, keys: &[Place]) -> Result<HashMap<Place, Sdk>, AwsError> {
        let mut found = HashMap::new();
        for (group, name) in keys {
            let request = aws
                .logs()
                .describe_metric_filters()
                .log_group_name(group)
                .filter_name_prefix(name);
            match all(aws, request).await {
                // The group is gone, and its filters with it.
                Err(error) if error.is_code(NOT_FOUND) => {}
                filters => found.extend(filters?),
            }
        }
        found.retain(|place, _| keys.contains(place));
        Ok(found)
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<Place, Sdk>>, AwsError> {
        all(aws, aws.logs().describe_metric_filters())
            .await
            .map(Some)
    }
}

async fn all(
    aws: &Aws,
    request: aws_sdk_cloudwatchlogs::operation::describe_metric_filters::builders::DescribeMetricFiltersFluentBuilder,
) -> Result<HashMap<Place, Sdk>, AwsError> {
    let stream = request.into_paginator().send();
    let pages = aws.pages(DESCRIBE, stream).await?;
    let filters = pages
        .into_iter()
        .flat_map(|page| page.metric_filters.unwrap_or_default());
    let placed = |filter: Sdk| {
        let place = (filter.log_group_name.clone()?, filter.filter_name.clone()?);
        Some((place, filter))
    };
    Ok(filters.filter_map(placed).collect())
}

fn key(desired: &LogMetricFilter) -> Place {
    (
        desired.log_group_name.get().clone(),
        desired.filter_name.clone(),
    )
}

fn place(recorded: &Recorded) -> Option<Place> {
    Some((
        recorded.get("group")?.clone(),
        recorded.get("name")?.clone(),
    ))
}

fn outputs((group, name): &Place) -> Recorded {
    // A name says which filter only together with its group.
    Recorded::from([
        ("id".to_owned(), format!("{group}|{name}")),
        ("group".to_owned(), group.clone()),
        ("name".to_owned(), name.clone()),
    ])
}

/// Another operation on the group is under way.
fn busy(error: &AwsError) -> bool {
    error.is_code(&["OperationAbortedException"])
}

/// One call makes a filter or overwrites it.
async fn write(desired: &LogMetricFilter, aws: &Aws) -> Result<(), AwsError> {
    let place = key(desired);
    aws.loaders.metric_filters.forget(&place);
    let attempt = || async {
        let request = aws
            .logs()
            .put_metric_filter()
            .log_group_name(&place.0)
            .filter_name(&place.1)
            .filter_pattern(desired.filter_pattern.get())
            .metric_transformations(transformation(desired)?);
        aws.call(PUT, request.send()).await
    };
    let written = outlast(propagation::WRITE, busy, attempt).await;
    aws.loaders.metric_filters.forget(&place);
    written.map(drop)
}

fn transformation(desired: &LogMetricFilter) -> Result<MetricTransformation, AwsError> {
    let dimensions: HashMap<String, String> = desired.dimensions.clone().into_iter().collect();
    MetricTransformation::builder()
        .metric_namespace(&desired.metric_namespace)
        .metric_name(&desired.metric_name)
        .metric_value(desired.metric_value.get())
        .set_default_value(desired.default_value.parse().ok())
        .set_dimensions((!dimensions.is_empty()).then_some(dimensions))
        .build()
        .map_err(|_| PUT.lacks("metricTransformations"))
}

fn observe(filter: &Sdk) -> Observed<LogMetricFilter> {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let one = filter.metric_transformations().first();
    let of = |read: fn(&MetricTransformation) -> &str| one.map(read).unwrap_or_default().to_owned();
    let place = (owned(filter.log_group_name()), owned(filter.filter_name()));
    let default = one.and_then(MetricTransformation::default_value);
    let dimensions: BTreeMap<String, String> = one
        .and_then(MetricTransformation::dimensions)
        .map(|map| map.clone().into_iter().collect())
        .unwrap_or_default();
    Observed {
        outputs: outputs(&place),
        component: LogMetricFilter {
            filter_name: place.1,
            log_group_name: place.0.into(),
            filter_pattern: owned(filter.filter_pattern()).into(),
            metric_namespace: of(MetricTransformation::metric_namespace),
            metric_name: of(MetricTransformation::metric_name),
            metric_value: of(MetricTransformation::metric_value).into(),
            default_value: default.map(|number| number.to_string()).unwrap_or_default(),
            dimensions,
        },
        tags: BTreeMap::new(),
    }
}
