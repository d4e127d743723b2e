//! Anomaly detectors: what is normal for one series. They have neither names nor tags, so the series
//! itself is the key, and two monitors on one series share its detector.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_cloudwatch::operation::describe_anomaly_detectors::DescribeAnomalyDetectorsOutput;
use aws_sdk_cloudwatch::types::{AnomalyDetectorType, SingleMetricAnomalyDetector as Sdk};
use serde::{Deserialize, Serialize};
use stackwright_plan::component::AnomalyDetector;
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::metric_alarm::{dimensions_from_sdk, dimensions_to_sdk};
use crate::{Aws, AwsError};

const PUT: Op = Op::new("cloudwatch", "PutAnomalyDetector");
const DESCRIBE: Op = Op::new("cloudwatch", "DescribeAnomalyDetectors");
const DELETE: Op = Op::new("cloudwatch", "DeleteAnomalyDetector");

const NOT_FOUND: &[&str] = &["ResourceNotFoundException", "ResourceNotFound"];

/// One series and its statistic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Series {
    namespace: String,
    metric_name: String,
    dimensions: BTreeMap<String, String>,
    stat: String,
}

impl Series {
    fn of(desired: &AnomalyDetector) -> Self {
        Self {
            namespace: desired.namespace.clone(),
            metric_name: desired.metric_name.clone(),
            dimensions: desired.dimensions.get().clone(),
            stat: desired.stat.clone(),
        }
    }

    /// From the output `id`; anything else is no detector of ours.
    fn recorded(recorded: &Recorded) -> Option<Self> {
        serde_json::from_str(recorded.get("id")?).ok()
    }

    fn to_sdk(&self) -> Sdk {
        Sdk::builder()
            .namespace(&self.namespace)
            .metric_name(&self.metric_name)
            .set_dimensions(Some(dimensions_to_sdk(&self.dimensions)))
            .stat(&self.stat)
            .build()
    }

    fn from_sdk(detector: &Sdk) -> Self {
        let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            namespace: owned(detector.namespace()),
            metric_name: owned(detector.metric_name()),
            dimensions: dimensions_from_sdk(detector.dimensions()),
            stat: owned(detector.stat()),
        }
    }

    fn outputs(&self) -> Recorded {
        let id = serde_json::json!(self).to_string();
        Recorded::from([("id".to_owned(), id)])
    }

    fn observed(self) -> Observed<AnomalyDetector> {
        Observed {
            outputs: self.outputs(),
            component: AnomalyDetector {
                namespace: self.namespace,
                metric_name: self.metric_name,
                dimensions: self.dimensions.into(),
                stat: self.stat,
            },
            tags: BTreeMap::new(),
        }
    }
}

#[async_trait]
impl Adapter for AnomalyDetector {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(series) = Series::recorded(recorded) else {
            return Ok(None);
        };
        let found = aws
            .loaders
            .anomaly_detectors
            .get(aws, &series, freshness)
            .await?;
        Ok(found.map(Series::observed))
    }

    /// `Named` takes the output `id`. Nothing says whose a detector is, so nobody owns one.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let recorded = match lookup {
            Lookup::Desired(desired, _) => Series::of(desired).outputs(),
            Lookup::Named(id) => Recorded::from([("id".to_owned(), id.to_owned())]),
            Lookup::Owned(_) => return Ok(Vec::new()),
        };
        let found = Self::read(aws, &recorded, Freshness::Fresh).await?;
        Ok(found.into_iter().collect())
    }

    fn foretold(&self) -> Option<Recorded> {
        Some(Series::of(self).outputs())
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let series = Series::of(self);
        let request = aws
            .cloudwatch()
            .put_anomaly_detector()
            .single_metric_anomaly_detector(series.to_sdk());
        aws.loaders.anomaly_detectors.forget(&series);
        let made = aws.call(PUT, request.send()).await;
        aws.loaders.anomaly_detectors.forget(&series);
        made?;
        Ok(Created {
            outputs: series.outputs(),
            complete: true,
        })
    }

    /// Nothing of it can change: another series is another detector.
    async fn update(
        &self,
        _aws: &Aws,
        observed: &Observed<Self>,
        _changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        Ok(observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some(series) = Series::recorded(recorded) else {
            return Ok(());
        };
        let request = aws
            .cloudwatch()
            .delete_anomaly_detector()
            .single_metric_anomaly_detector(series.to_sdk());
        aws.loaders.anomaly_detectors.forget(&series);
        let deleted = aws.call(DELETE, request.send()).await;
        aws.loaders.anomaly_detectors.forget(&series);
        match deleted {
            Err(error) if error.is_code(NOT_FOUND) => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// Detectors by their series.
#[derive(Debug)]
pub(crate) struct AnomalyDetectors;

#[async_trait]
impl Source for AnomalyDetectors {
    type Key = Series;
    type Item = Series;
    const BATCH: usize = 1;
    const LISTS: bool = true;
    const LIST_AFTER: usize = 5;

    async fn keyed(aws: &Aws, keys: &[Series]) -> Result<HashMap<Series, Series>, AwsError> {
        let mut found = HashMap::new();
        for series in keys {
            let request = describe(aws)
                .namespace(&series.namespace)
                .metric_name(&series.metric_name)
                .set_dimensions(Some(dimensions_to_sdk(&series.dimensions)));
            found.extend(all(aws, request).await?);
        }
        found.retain(|series, _| keys.contains(series));
        Ok(found)
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<Series, Series>>, AwsError> {
        all(aws, describe(aws)).await.map(Some)
    }
}

type Describe = aws_sdk_cloudwatch::operation::describe_anomaly_detectors::builders::DescribeAnomalyDetectorsFluentBuilder;

fn describe(aws: &Aws) -> Describe {
    aws.cloudwatch()
        .describe_anomaly_detectors()
        .anomaly_detector_types(AnomalyDetectorType::SingleMetric)
}

async fn all(aws: &Aws, request: Describe) -> Result<HashMap<Series, Series>, AwsError> {
    let stream = request.into_paginator().send();
    let pages = aws.pages(DESCRIBE, stream).await?;
    let detectors = pages
        .iter()
        .flat_map(DescribeAnomalyDetectorsOutput::anomaly_detectors);
    let series = detectors
        .filter_map(|detector| detector.single_metric_anomaly_detector())
        .map(Series::from_sdk);
    Ok(series.map(|series| (series.clone(), series)).collect())
}
