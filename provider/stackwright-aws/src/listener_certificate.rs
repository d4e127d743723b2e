//! Further certificate of a listener, which clients choose by the host that they name (SNI).

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::Certificate;
use stackwright_plan::component::ListenerCertificate;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::elbv2::{self, GONE};
use crate::loader::Source;
use crate::settle::{self, id, outputs};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const DESCRIBE: Op = Op::new("elasticloadbalancing", "DescribeListenerCertificates");
const ADD: Op = Op::new("elasticloadbalancing", "AddListenerCertificates");
const REMOVE: Op = Op::new("elasticloadbalancing", "RemoveListenerCertificates");

/// Further certificates by ARN of the listener; AWS answers them one listener at a time.
#[derive(Debug)]
pub(crate) struct ListenerCertificates;

#[async_trait]
impl Source for ListenerCertificates {
    type Key = String;
    type Item = BTreeSet<String>;
    const BATCH: usize = 1;

    async fn keyed(
        aws: &Aws,
        listeners: &[String],
    ) -> Result<HashMap<String, BTreeSet<String>>, AwsError> {
        elbv2::whole_or_each(listeners, |arns| async move {
            let arn = arns.into_iter().next().unwrap_or_default();
            let pages = aws.elbv2().describe_listener_certificates();
            let pages = pages.listener_arn(&arn).page_size(400).into_paginator();
            let pages = aws.pages(DESCRIBE, pages.send()).await?;
            let further = pages
                .into_iter()
                .flat_map(|page| page.certificates.unwrap_or_default())
                .filter(|certificate| certificate.is_default() != Some(true))
                .filter_map(|certificate| certificate.certificate_arn);
            Ok(HashMap::from([(arn, further.collect())]))
        })
        .await
    }
}

fn id_of(listener: &str, certificate: &str) -> String {
    format!("{listener}|{certificate}")
}

async fn read(
    aws: &Aws,
    listener: &str,
    certificate: &str,
    freshness: Freshness,
) -> Result<Option<Observed<ListenerCertificate>>, AwsError> {
    let loader = &aws.loaders.listener_certificates;
    let found = loader.get(aws, &listener.to_owned(), freshness).await?;
    let there = found.is_some_and(|found| found.contains(certificate));
    Ok(there.then(|| Observed {
        component: ListenerCertificate {
            listener_arn: listener.to_owned().into(),
            certificate_arn: certificate.to_owned().into(),
        },
        outputs: outputs(&id_of(listener, certificate)),
        tags: Recorded::new(),
    }))
}

fn sdk(certificate: &str) -> Certificate {
    Certificate::builder().certificate_arn(certificate).build()
}

#[async_trait]
impl Adapter for ListenerCertificate {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        match id(recorded).and_then(|id| id.split_once('|')) {
            Some((listener, certificate)) => read(aws, listener, certificate, freshness).await,
            None => Ok(None),
        }
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let pair = match lookup {
            Lookup::Desired(desired, _) => Some((
                desired.listener_arn.get().as_str(),
                desired.certificate_arn.get().as_str(),
            )),
            Lookup::Named(id) => id.split_once('|'),
            Lookup::Owned(_) => None,
        };
        let Some((listener, certificate)) = pair else {
            return Ok(Vec::new());
        };
        let found = read(aws, listener, certificate, Freshness::Fresh).await?;
        Ok(found.into_iter().collect())
    }

    fn foretold(&self) -> Option<Recorded> {
        let id = id_of(self.listener_arn.get(), self.certificate_arn.get());
        Some(outputs(&id))
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let (listener, certificate) = (self.listener_arn.get(), self.certificate_arn.get());
        let loader = &aws.loaders.listener_certificates;
        loader.forget(listener);
        let added = settle::once_known(aws, &[listener, certificate], || {
            let call = aws.elbv2().add_listener_certificates();
            let call = call.listener_arn(listener).certificates(sdk(certificate));
            aws.call(ADD, call.send())
        })
        .await;
        loader.forget(listener);
        added.map(|_| Created {
            outputs: outputs(&id_of(listener, certificate)),
            complete: true,
        })
    }

    /// Nothing of it can be changed.
    async fn update(
        &self,
        _aws: &Aws,
        observed: &Observed<Self>,
        _changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        Ok(observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some((listener, certificate)) = id(recorded).and_then(|id| id.split_once('|')) else {
            return Ok(());
        };
        let loader = &aws.loaders.listener_certificates;
        loader.forget(&listener.to_owned());
        let call = aws.elbv2().remove_listener_certificates();
        let call = call.listener_arn(listener).certificates(sdk(certificate));
        let removed = aws.call(REMOVE, call.send()).await;
        loader.forget(&listener.to_owned());
        match removed {
            Err(error) if error.is_code(GONE) => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}
