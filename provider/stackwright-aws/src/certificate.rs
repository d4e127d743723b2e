//! Certificate of ACM that is validated by DNS.
//!
//! Details and tags come one certificate at a time, so under [`Refresh::Fast`] a cached read leaves
//! tags out: the answer then has none at all, which never happens to a certificate that we made.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_acm::types::{
    CertificateDetail, CertificateStatus, CertificateType, Filters, KeyAlgorithm, Tag,
    ValidationMethod,
};
use stackwright_plan::OwnTags;
use stackwright_plan::component::{Certificate, Tags, VALIDATION_NAMES, VALIDATION_VALUES};
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::dns_record::plain_name;
use crate::ec2_tags::is_one;
use crate::loader::Source;
use crate::settle;
use crate::tag_changes::{TagChanges, own, same_resource};
use crate::{
    Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Refresh, User, Wait,
};

const DESCRIBE: Op = Op::new("acm", "DescribeCertificate");
const LIST: Op = Op::new("acm", "ListCertificates");
const LIST_TAGS: Op = Op::new("acm", "ListTagsForCertificate");
const REQUEST: Op = Op::new("acm", "RequestCertificate");
const TAG: Op = Op::new("acm", "AddTagsToCertificate");
const UNTAG: Op = Op::new("acm", "RemoveTagsFromCertificate");
const DELETE: Op = Op::new("acm", "DeleteCertificate");

const GONE: &[&str] = &["ResourceNotFoundException"];
/// Pause before the validation records of a new certificate are asked for again.
const PAUSE: Duration = Duration::from_secs(2);
/// How often; ACM needs some seconds to make them up.
const ASKS: u32 = 30;
/// Most certificates that an idempotency token is tried past.
const TOKENS: u32 = 5;

/// Certificates by ARN.
#[derive(Debug)]
pub(crate) struct Certificates;

#[async_trait]
impl Source for Certificates {
    type Key = String;
    type Item = CertificateDetail;
    const BATCH: usize = 1;

    async fn keyed(
        aws: &Aws,
        arns: &[String],
    ) -> Result<HashMap<String, CertificateDetail>, AwsError> {
        let mut found = HashMap::new();
        for arn in arns {
            let call = aws.acm().describe_certificate().certificate_arn(arn).send();
            match aws.call(DESCRIBE, call).await {
                Err(error) if error.is_code(GONE) => {}
                answer => found.extend(answer?.certificate.map(|it| (arn.clone(), it))),
            }
        }
        Ok(found)
    }
}

/// Tags by ARN.
#[derive(Debug)]
pub(crate) struct CertificateTags;

#[async_trait]
impl Source for CertificateTags {
    type Key = String;
    type Item = BTreeMap<String, String>;
    const BATCH: usize = 1;

    async fn keyed(
        aws: &Aws,
        arns: &[String],
    ) -> Result<HashMap<String, BTreeMap<String, String>>, AwsError> {
        let mut found = HashMap::new();
        for arn in arns {
            let call = aws.acm().list_tags_for_certificate();
            match aws.call(LIST_TAGS, call.certificate_arn(arn).send()).await {
                Err(error) if error.is_code(GONE) => {}
                answer => {
                    let tags = answer?.tags.unwrap_or_default().into_iter();
                    let pairs = tags.map(|tag| (tag.key, tag.value.unwrap_or_default()));
                    found.insert(arn.clone(), own(pairs));
                }
            }
        }
        Ok(found)
    }
}

/// The certificate and its tags; `None` when it is gone.
async fn read(
    aws: &Aws,
    arn: &str,
    freshness: Freshness,
) -> Result<Option<Observed<Certificate>>, AwsError> {
    let Some(mut detail) = settle::get(aws, &aws.loaders.certificates, arn, freshness).await?
    else {
        return Ok(None);
    };
    if awaits_records(&detail) {
        match with_records(aws, arn).await? {
            Some(complete) => detail = complete,
            None => return Ok(None),
        }
    }
    let skip = aws.refresh == Refresh::Fast && freshness == Freshness::Cached;
    let tags = if skip {
        Some(BTreeMap::new())
    } else {
        let loader = &aws.loaders.certificate_tags;
        settle::get(aws, loader, arn, freshness).await?
    };
    Ok(tags.map(|tags| observed(arn, &detail, tags)))
}

fn observed(
    arn: &str,
    detail: &CertificateDetail,
    tags: BTreeMap<String, String>,
) -> Observed<Certificate> {
    let names = detail.subject_alternative_names();
    let component = Certificate {
        domain_name: detail.domain_name().unwrap_or_default().to_owned(),
        subject_alternative_names: names.to_vec(),
        usable: !is_dead(detail),
        tags: tags.clone(),
    };
    Observed {
        component,
        outputs: outputs(arn, detail),
        tags,
    }
}

/// One that never works again.
pub(crate) fn is_dead(detail: &CertificateDetail) -> bool {
    matches!(
        detail.status(),
        Some(
            CertificateStatus::Expired
                | CertificateStatus::Failed
                | CertificateStatus::Revoked
                | CertificateStatus::ValidationTimedOut
        )
    )
}

/// The CNAME records that prove a certificate's names, by the name that they prove. A wildcard is
/// proved by the record of its parent.
fn records(detail: &CertificateDetail) -> BTreeMap<String, Option<(String, String)>> {
    detail
        .domain_validation_options()
        .iter()
        .map(|option| {
            let name = option.domain_name.to_ascii_lowercase();
            let record = option.resource_record.as_ref();
            let record = record.map(|it| (plain_name(&it.name), plain_name(&it.value)));
            (name.trim_start_matches("*.").to_owned(), record)
        })
        .collect()
}

fn outputs(arn: &str, detail: &CertificateDetail) -> Recorded {
    let mut outputs = Recorded::from([("arn".to_owned(), arn.to_owned())]);
    let places = VALIDATION_NAMES.iter().zip(VALIDATION_VALUES);
    for ((name, value), record) in places.zip(records(detail).into_values()) {
        if let Some((record_name, record_value)) = record {
            outputs.insert((*name).to_owned(), record_name);
            outputs.insert(value.to_owned(), record_value);
        }
    }
    outputs
}

/// Certificates that may be ours, in every state and with every kind of key.
async fn listed(aws: &Aws, domain: Option<&str>) -> Result<Vec<String>, AwsError> {
    let every_key = [
        KeyAlgorithm::EcPrime256v1,
        KeyAlgorithm::EcSecp384r1,
        KeyAlgorithm::EcSecp521r1,
        KeyAlgorithm::Rsa1024,
        KeyAlgorithm::Rsa2048,
        KeyAlgorithm::Rsa3072,
        KeyAlgorithm::Rsa4096,
    ];
    let filter = Filters::builder().set_key_types(Some(every_key.to_vec()));
    let pages = aws.acm().list_certificates().includes(filter.build());
    let pages = pages.max_items(1_000).into_paginator().send();
    let pages = aws.pages(LIST, pages).await?;
    let found = pages
        .into_iter()
        .flat_map(|page| page.certificate_summary_list.unwrap_or_default());
    Ok(found
        .filter(|one| domain.is_none_or(|domain| one.domain_name() == Some(domain)))
        .filter_map(|one| one.certificate_arn)
        .collect())
}

/// Those of the listed ones whose tags fit.
async fn tagged(
    aws: &Aws,
    domain: Option<&str>,
    fits: impl Fn(&BTreeMap<String, String>) -> bool,
) -> Result<Vec<Observed<Certificate>>, AwsError> {
    let arns = listed(aws, domain).await?;
    let reads = arns.iter().map(|arn| read(aws, arn, Freshness::Fresh));
    let found = futures_util::future::try_join_all(reads).await?;
    Ok(found
        .into_iter()
        .flatten()
        .filter(|one| fits(&one.tags))
        .collect())
}

async fn ours(
    aws: &Aws,
    desired: &Certificate,
    tags: &OwnTags,
) -> Result<Vec<Observed<Certificate>>, AwsError> {
    let mut found = tagged(aws, Some(&desired.domain_name), |it| is_one(it, tags)).await?;
    found.retain(|one| one.component.usable);
    // While one takes the place of another, both are there: the one that is wanted comes first.
    found.sort_by_key(|one| sorted(&one.component) != sorted(desired));
    Ok(found)
}

fn sorted(certificate: &Certificate) -> BTreeSet<&String> {
    certificate.subject_alternative_names.iter().collect()
}

fn forget(aws: &Aws, arn: &str) {
    aws.loaders.certificates.forget(&arn.to_owned());
    aws.loaders.certificate_tags.forget(&arn.to_owned());
}

fn arn_of(recorded: &Recorded) -> Option<&str> {
    recorded
        .get("arn")
        .map(String::as_str)
        .filter(|arn| !arn.is_empty())
}

fn sdk_tags(tags: &Tags) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| {
        let tag = Tag::builder().key(key).value(value).build();
        tag.expect("the required field is set")
    };
    tags.iter().map(tag).collect()
}

async fn request(aws: &Aws, desired: &Certificate, token: &str) -> Result<String, AwsError> {
    let others: Vec<String> = desired
        .subject_alternative_names
        .iter()
        .filter(|name| **name != desired.domain_name)
        .cloned()
        .collect();
    let call = aws
        .acm()
        .request_certificate()
        .domain_name(&desired.domain_name)
        .set_subject_alternative_names(Some(others).filter(|others| !others.is_empty()))
        .validation_method(ValidationMethod::Dns)
        .idempotency_token(token)
        .set_tags(Some(sdk_tags(&desired.tags)));
    let answer = aws.call(REQUEST, call.send());
    let arn = answer.await?.certificate_arn;
    arn.ok_or_else(|| REQUEST.lacks("CertificateArn"))
}

fn has_records(detail: &CertificateDetail) -> bool {
    let records = records(detail);
    !records.is_empty() && records.values().all(Option::is_some)
}

/// Whether ACM is still to name validation records: imported certificates, those of a private authority and those that are validated by
/// mail never have any.
fn awaits_records(detail: &CertificateDetail) -> bool {
    let issued_here = detail
        .r#type()
        .is_none_or(|kind| *kind == CertificateType::AmazonIssued);
    let by_dns = detail.domain_validation_options().iter().all(|it| {
        it.validation_method()
            .is_none_or(|method| *method == ValidationMethod::Dns)
    });
    let pending = detail.status() == Some(&CertificateStatus::PendingValidation);
    pending && issued_here && by_dns && !has_records(detail)
}

/// Waits until ACM has made up the validation records: the components after this one need them.
/// `None` when there is no such certificate.
async fn with_records(aws: &Aws, arn: &str) -> Result<Option<CertificateDetail>, AwsError> {
    for _ in 0..ASKS {
        let loader = &aws.loaders.certificates;
        match settle::get(aws, loader, arn, Freshness::Fresh).await? {
            Some(detail) if awaits_records(&detail) => {
                tokio::time::sleep(PAUSE).await;
            }
            found => return Ok(found),
        }
    }
    let what = format!("ACM to name the validation records of {arn}");
    Err(AwsError::Timeout { what })
}

#[async_trait]
impl Adapter for Certificate {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        match arn_of(recorded) {
            Some(arn) => read(aws, arn, freshness).await,
            None => Ok(None),
        }
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        match lookup {
            Lookup::Desired(desired, tags) => ours(aws, desired, tags).await,
            Lookup::Named(arn) => {
                let found = read(aws, arn, Freshness::Fresh).await?;
                Ok(found.into_iter().collect())
            }
            Lookup::Owned(tags) => tagged(aws, None, |it| same_resource(it, tags)).await,
        }
    }

    /// For an hour AWS answers a used token with the certificate of then, even when that is dead or
    /// gone by now: the next token in a row is tried.
    async fn create(&self, aws: &Aws, token: &str) -> Result<Created, AwsError> {
        for attempt in 0..TOKENS {
            let arn = request(aws, self, &format!("{token}_{attempt}")).await?;
            aws.newborns.note(&arn);
            forget(aws, &arn);
            let detail = with_records(aws, &arn).await?;
            if let Some(detail) = detail.filter(|detail| !is_dead(detail)) {
                return Ok(Created {
                    outputs: outputs(&arn, &detail),
                    complete: true,
                });
            }
        }
        Err(AwsError::Broken {
            what: format!("certificate for {}", self.domain_name),
            reason: "ACM answers the request with certificates that have failed already. Look at them in the ACM console: a CAA record of the domain may forbid Amazon to issue one".to_owned(),
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let Some(arn) = arn_of(&observed.outputs) else {
            return Err(DESCRIBE.lacks("CertificateArn"));
        };
        forget(aws, arn);
        let written = write_tags(aws, arn, changed).await;
        forget(aws, arn);
        written.map(|()| observed.outputs.clone())
    }

    /// The load balancer that used it lets go of it some time after it is gone itself.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(arn) = arn_of(recorded) else {
            return Ok(());
        };
        let attempt = || {
            let call = aws.acm().delete_certificate().certificate_arn(arn);
            aws.call(DELETE, call.send())
        };
        let deleted = settle::delete(aws, arn, GONE, wait, attempt).await;
        forget(aws, arn);
        deleted
    }

    async fn users(aws: &Aws, recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        let Some(arn) = arn_of(recorded) else {
            return Ok(Vec::new());
        };
        let loader = &aws.loaders.certificates;
        let found = loader.get(aws, &arn.to_owned(), Freshness::Fresh).await?;
        let users = found
            .and_then(|detail| detail.in_use_by)
            .unwrap_or_default();
        let user = |object: String| User {
            name: object.clone(),
            object,
        };
        Ok(users.into_iter().map(user).collect())
    }
}

async fn write_tags(aws: &Aws, arn: &str, changed: &[FieldDiff]) -> Result<(), AwsError> {
    let TagChanges { set, remove } = TagChanges::of(changed);
    if !set.is_empty() {
        let call = aws.acm().add_tags_to_certificate().certificate_arn(arn);
        let call = call.set_tags(Some(sdk_tags(&set))).send();
        aws.call(TAG, call).await?;
    }
    if !remove.is_empty() {
        let tag = |key: &String| {
            let tag = Tag::builder().key(key).build();
            tag.expect("the required field is set")
        };
        let tags = remove.iter().map(tag).collect();
        let call = aws
            .acm()
            .remove_tags_from_certificate()
            .certificate_arn(arn);
        aws.call(UNTAG, call.set_tags(Some(tags)).send()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use aws_sdk_acm::types::{DomainValidation, RecordType, ResourceRecord};

    use super::*;

    fn option(domain: &str, record: Option<&str>) -> DomainValidation {
        let record = record.map(|name| {
            ResourceRecord::builder()
                .name(name)
                .r#type(RecordType::Cname)
                .value("_Y.acm-validations.aws.")
                .build()
                .unwrap()
        });
        DomainValidation::builder()
            .domain_name(domain)
            .set_resource_record(record)
            .build()
            .unwrap()
    }

    #[test]
    fn a_wildcard_shares_the_record_of_its_parent() {
        let detail = CertificateDetail::builder()
            .domain_validation_options(option("shop.example.com", Some("_B.shop.example.com.")))
            .domain_validation_options(option("*.example.com", Some("_A.example.com.")))
            .domain_validation_options(option("example.com", Some("_A.example.com.")))
            .build();
        let outputs = outputs("arn:x", &detail);
        assert_eq!(outputs["validation_name_0"], "_a.example.com");
        assert_eq!(outputs["validation_value_0"], "_y.acm-validations.aws");
        assert_eq!(outputs["validation_name_1"], "_b.shop.example.com");
        assert_eq!(outputs.len(), 5);
    }

    #[test]
    fn a_record_that_is_not_made_up_yet_keeps_its_place() {
        let detail = CertificateDetail::builder()
            .domain_validation_options(option("a.example.com", None))
            .domain_validation_options(option("b.example.com", Some("_B.b.example.com.")))
            .build();
        let outputs = outputs("arn:x", &detail);
        assert!(!outputs.contains_key("validation_name_0"));
        assert_eq!(outputs["validation_name_1"], "_b.b.example.com");
    }

    #[test]
    fn what_failed_is_dead_and_what_waits_is_not() {
        let with = |status| CertificateDetail::builder().status(status).build();
        assert!(is_dead(&with(CertificateStatus::ValidationTimedOut)));
        assert!(is_dead(&with(CertificateStatus::Expired)));
        assert!(!is_dead(&with(CertificateStatus::PendingValidation)));
        assert!(!is_dead(&with(CertificateStatus::Issued)));
    }
}
