//! Waiting until a certificate is issued.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_acm::types::{CertificateDetail, CertificateStatus};
use stackwright_plan::component::CertificateValidation;
use stackwright_plan::diff::FieldDiff;

use crate::certificate::is_dead;
use crate::settle;
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

/// ACM looks for the records every few seconds at first.
const PAUSE: Duration = Duration::from_secs(5);

async fn read(
    aws: &Aws,
    arn: &str,
    freshness: Freshness,
) -> Result<Option<Observed<CertificateValidation>>, AwsError> {
    let detail = settle::get(aws, &aws.loaders.certificates, arn, freshness).await?;
    Ok(detail.map(|detail| Observed {
        component: CertificateValidation {
            certificate_arn: arn.to_owned().into(),
            status: status(&detail).to_owned(),
        },
        outputs: outputs(arn),
        tags: Recorded::new(),
    }))
}

fn status(detail: &CertificateDetail) -> &str {
    detail.status().map_or("unknown", CertificateStatus::as_str)
}

fn outputs(arn: &str) -> Recorded {
    Recorded::from([("arn".to_owned(), arn.to_owned())])
}

#[async_trait]
impl Adapter for CertificateValidation {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        match recorded.get("arn") {
            Some(arn) => read(aws, arn, freshness).await,
            None => Ok(None),
        }
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let arn = match lookup {
            Lookup::Desired(desired, _) => desired.certificate_arn.get(),
            Lookup::Named(arn) => arn,
            Lookup::Owned(_) => return Ok(Vec::new()),
        };
        Ok(read(aws, arn, Freshness::Fresh)
            .await?
            .into_iter()
            .collect())
    }

    /// Nothing is written: the records are components of their own.
    async fn create(&self, _aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        Ok(Created {
            outputs: outputs(self.certificate_arn.get()),
            complete: true,
        })
    }

    async fn update(
        &self,
        _aws: &Aws,
        observed: &Observed<Self>,
        _changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        Ok(observed.outputs.clone())
    }

    /// The certificate is another component.
    async fn delete(_aws: &Aws, _recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        Ok(())
    }

    async fn settle(&self, aws: &Aws, _recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let arn = self.certificate_arn.get();
        let what = format!(
            "certificate {arn} to be issued (ACM must find its CNAME records in the public DNS: check that the zone is the one that the domain's registrar delegates to)"
        );
        settle::until(&what, PAUSE, wait, || async {
            let loader = &aws.loaders.certificates;
            match settle::get(aws, loader, arn, Freshness::Fresh).await? {
                Some(detail) if status(&detail) == self.status => {
                    // Load balancers learn of it only now.
                    aws.newborns.note(arn);
                    Ok(Some(()))
                }
                Some(detail) if is_dead(&detail) => Err(failed(arn, Some(&detail))),
                Some(_) => Ok(None),
                None => Err(failed(arn, None)),
            }
        })
        .await
    }
}

fn failed(arn: &str, detail: Option<&CertificateDetail>) -> AwsError {
    let reason = detail
        .and_then(CertificateDetail::failure_reason)
        .map(|reason| format!(": {}", reason.as_str()));
    AwsError::Broken {
        what: format!("certificate {arn}"),
        reason: format!(
            "it is {}{}. Mend the cause and apply again: a new one is requested",
            detail.map_or("gone", status),
            reason.unwrap_or_default()
        ),
    }
}
