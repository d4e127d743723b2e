//! Application load balancer.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    self, IpAddressType, LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerStateEnum,
};
use stackwright_plan::component::{AccessLogs, LoadBalancer};
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::elbv2::{self, ARNS, GONE};
use crate::loader::Source;
use crate::settle;
use crate::tag_changes::{same_resource, touches};
use crate::{
    Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, User, Wait, users,
};

const DESCRIBE: Op = Op::new("elasticloadbalancing", "DescribeLoadBalancers");
const DESCRIBE_ATTRIBUTES: Op = Op::new("elasticloadbalancing", "DescribeLoadBalancerAttributes");
const CREATE: Op = Op::new("elasticloadbalancing", "CreateLoadBalancer");
const DELETE: Op = Op::new("elasticloadbalancing", "DeleteLoadBalancer");
const MODIFY: Op = Op::new("elasticloadbalancing", "ModifyLoadBalancerAttributes");
const SET_GROUPS: Op = Op::new("elasticloadbalancing", "SetSecurityGroups");
const SET_IP_TYPE: Op = Op::new("elasticloadbalancing", "SetIpAddressType");
const SET_SUBNETS: Op = Op::new("elasticloadbalancing", "SetSubnets");

const PAUSE: Duration = Duration::from_secs(5);

const IDLE_TIMEOUT: &str = "idle_timeout.timeout_seconds";
const DROP_INVALID: &str = "routing.http.drop_invalid_header_fields.enabled";
const HTTP2: &str = "routing.http2.enabled";
const LOGS: &str = "access_logs.s3.enabled";
const LOGS_BUCKET: &str = "access_logs.s3.bucket";
const LOGS_PREFIX: &str = "access_logs.s3.prefix";

/// Attributes by AWS's names.
pub(crate) type Attributes = BTreeMap<String, String>;

/// Load balancers by ARN.
#[derive(Debug)]
pub(crate) struct LoadBalancers;

#[async_trait]
impl Source for LoadBalancers {
    type Key = String;
    type Item = types::LoadBalancer;
    const BATCH: usize = ARNS;
    const LISTS: bool = true;

    async fn keyed(
        aws: &Aws,
        arns: &[String],
    ) -> Result<HashMap<String, types::LoadBalancer>, AwsError> {
        elbv2::whole_or_each(arns, |arns| async move {
            let pages = aws.elbv2().describe_load_balancers();
            let pages = pages.set_load_balancer_arns(Some(arns)).into_paginator();
            let pages = aws.pages(DESCRIBE, pages.send()).await?;
            let found = pages
                .into_iter()
                .flat_map(|page| page.load_balancers.unwrap_or_default());
            Ok(by_arn(found.collect()))
        })
        .await
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, types::LoadBalancer>>, AwsError> {
        Ok(Some(by_arn(all(aws).await?)))
    }
}

/// Attributes by ARN of the load balancer; AWS answers them one by one.
#[derive(Debug)]
pub(crate) struct LoadBalancerAttributes;

#[async_trait]
impl Source for LoadBalancerAttributes {
    type Key = String;
    type Item = Attributes;
    const BATCH: usize = 1;

    async fn keyed(aws: &Aws, arns: &[String]) -> Result<HashMap<String, Attributes>, AwsError> {
        elbv2::whole_or_each(arns, |arns| async move {
            let arn = arns.into_iter().next().unwrap_or_default();
            let call = aws.elbv2().describe_load_balancer_attributes();
            let call = call.load_balancer_arn(&arn).send();
            let answer = aws.call(DESCRIBE_ATTRIBUTES, call).await?;
            let pairs = answer.attributes.unwrap_or_default().into_iter();
            let attributes =
                pairs.filter_map(|one| Some((one.key?, one.value.unwrap_or_default())));
            Ok(HashMap::from([(arn, attributes.collect())]))
        })
        .await
    }
}

fn by_arn(found: Vec<types::LoadBalancer>) -> HashMap<String, types::LoadBalancer> {
    found
        .into_iter()
        .filter_map(|one| Some((one.load_balancer_arn.clone()?, one)))
        .collect()
}

async fn all(aws: &Aws) -> Result<Vec<types::LoadBalancer>, AwsError> {
    let pages = aws.elbv2().describe_load_balancers().page_size(400);
    let pages = aws.pages(DESCRIBE, pages.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.load_balancers.unwrap_or_default())
        .collect())
}

async fn named(aws: &Aws, name: &str) -> Result<Vec<types::LoadBalancer>, AwsError> {
    let call = aws.elbv2().describe_load_balancers();
    let call = if name.starts_with("arn:") {
        call.load_balancer_arns(name)
    } else {
        call.names(name)
    };
    match aws.call(DESCRIBE, call.send()).await {
        Err(error) if error.is_code(GONE) => Ok(Vec::new()),
        answer => Ok(answer?.load_balancers.unwrap_or_default()),
    }
}

/// Writes some attributes.
pub(crate) async fn modify(
    aws: &Aws,
    arn: &str,
    attributes: impl IntoIterator<Item = (&str, String)>,
) -> Result<(), AwsError> {
    let attributes = attributes
        .into_iter()
        .map(|(key, value)| {
            LoadBalancerAttribute::builder()
                .key(key)
                .value(value)
                .build()
        })
        .collect();
    let call = aws.elbv2().modify_load_balancer_attributes();
    let call = call
        .load_balancer_arn(arn)
        .set_attributes(Some(attributes))
        .send();
    aws.call(MODIFY, call).await.map(drop)
}

/// The load balancer or one of its attributes was written.
pub(crate) fn forget(aws: &Aws, arn: &str) {
    let arn = arn.to_owned();
    aws.loaders.load_balancers.forget(&arn);
    aws.loaders.load_balancer_attributes.forget(&arn);
    aws.loaders.elb_tags.forget(&arn);
}

fn arn_of(recorded: &Recorded) -> Option<&str> {
    recorded
        .get("arn")
        .map(String::as_str)
        .filter(|arn| !arn.is_empty())
}

/// `None` when it went away between two calls.
async fn observe(
    aws: &Aws,
    found: types::LoadBalancer,
    freshness: Freshness,
) -> Result<Option<Observed<LoadBalancer>>, AwsError> {
    let arn = found
        .load_balancer_arn
        .clone()
        .ok_or_else(|| DESCRIBE.lacks("LoadBalancerArn"))?;
    let attributes = &aws.loaders.load_balancer_attributes;
    let (attributes, tags) = futures_util::future::try_join(
        attributes.get(aws, &arn, freshness),
        elbv2::tags(aws, &arn, freshness),
    )
    .await?;
    let outputs = outputs(&arn, &found);
    Ok(attributes.map(|attributes| Observed {
        component: component(found, &attributes, tags.clone()),
        outputs,
        tags,
    }))
}

fn component(
    found: types::LoadBalancer,
    attributes: &Attributes,
    tags: BTreeMap<String, String>,
) -> LoadBalancer {
    let zones = found.availability_zones.unwrap_or_default();
    let text = |key: &str, default: &str| {
        attributes
            .get(key)
            .filter(|value| !value.is_empty())
            .map_or_else(|| default.to_owned(), Clone::clone)
    };
    LoadBalancer {
        name: found.load_balancer_name.unwrap_or_default(),
        scheme: found
            .scheme
            .map_or_else(String::new, |scheme| scheme.as_str().to_owned()),
        vpc_id: found.vpc_id.unwrap_or_default().into(),
        ip_address_type: found
            .ip_address_type
            .map_or_else(|| "ipv4".to_owned(), |kind| kind.as_str().to_owned()),
        subnets: zones
            .into_iter()
            .filter_map(|zone| zone.subnet_id)
            .collect::<Vec<_>>()
            .into(),
        security_groups: found
            .security_groups
            .unwrap_or_default()
            .into_iter()
            .map(Into::into)
            .collect(),
        idle_timeout: text(IDLE_TIMEOUT, "60").parse().unwrap_or_default(),
        drop_invalid_header_fields: text(DROP_INVALID, "false") == "true",
        http2: text(HTTP2, "true") == "true",
        access_logs: access_logs(
            text(LOGS, "false") == "true",
            text(LOGS_BUCKET, ""),
            text(LOGS_PREFIX, ""),
        ),
        tags,
    }
}

/// AWS goes on showing the bucket of logs that were turned off.
fn access_logs(enabled: bool, bucket: String, prefix: String) -> AccessLogs {
    if enabled {
        AccessLogs {
            enabled,
            bucket,
            prefix,
        }
    } else {
        AccessLogs::default()
    }
}

fn outputs(arn: &str, found: &types::LoadBalancer) -> Recorded {
    let suffix = arn
        .split_once(":loadbalancer/")
        .map_or("", |(_, suffix)| suffix);
    [
        ("arn", arn),
        ("name", found.load_balancer_name().unwrap_or_default()),
        (
            "dns_name",
            &found.dns_name().unwrap_or_default().to_ascii_lowercase(),
        ),
        (
            "zone_id",
            found.canonical_hosted_zone_id().unwrap_or_default(),
        ),
        ("arn_suffix", suffix),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

#[async_trait]
impl Adapter for LoadBalancer {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(arn) = arn_of(recorded) else {
            return Ok(None);
        };
        match settle::get(aws, &aws.loaders.load_balancers, arn, freshness).await? {
            Some(found) => observe(aws, found, freshness).await,
            None => Ok(None),
        }
    }

    /// `Named` takes a name or an ARN.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let found = match lookup {
            Lookup::Desired(desired, _) => named(aws, &desired.name).await?,
            Lookup::Named(name) => named(aws, name).await?,
            Lookup::Owned(_) => all(aws).await?,
        };
        let reads = found
            .into_iter()
            .map(|one| observe(aws, one, Freshness::Fresh));
        let mut found: Vec<_> = futures_util::future::try_join_all(reads)
            .await?
            .into_iter()
            .flatten()
            .collect();
        if let Lookup::Owned(tags) = lookup {
            found.retain(|one| same_resource(&one.tags, tags));
        }
        Ok(found)
    }

    /// Never complete: attributes are another call.
    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let groups: Vec<String> = self
            .security_groups
            .iter()
            .map(|id| id.get().clone())
            .collect();
        let subnets = self.subnets.get();
        let known: Vec<&str> = groups.iter().chain(subnets).map(String::as_str).collect();
        let answer = settle::once_known(aws, &known, || {
            let call = aws
                .elbv2()
                .create_load_balancer()
                .name(&self.name)
                .scheme(LoadBalancerSchemeEnum::from(self.scheme.as_str()))
                .ip_address_type(IpAddressType::from(self.ip_address_type.as_str()))
                .set_subnets(Some(subnets.clone()))
                .set_security_groups(Some(groups.clone()))
                .set_tags(Some(elbv2::sdk_tags(&self.tags)));
            aws.call(CREATE, call.send())
        })
        .await?;
        let made = answer.load_balancers.unwrap_or_default();
        let made = made.first().ok_or_else(|| CREATE.lacks("LoadBalancers"))?;
        let arn = made
            .load_balancer_arn()
            .ok_or_else(|| CREATE.lacks("LoadBalancerArn"))?;
        aws.newborns.note(arn);
        forget(aws, arn);
        Ok(Created {
            outputs: outputs(arn, made),
            complete: false,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let Some(arn) = arn_of(&observed.outputs) else {
            return Err(DESCRIBE.lacks("LoadBalancerArn"));
        };
        forget(aws, arn);
        let written = write(self, aws, arn, changed).await;
        forget(aws, arn);
        written.map(|()| observed.outputs.clone())
    }

    /// What hangs on it (network interfaces, the use of a certificate) goes some time after it.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(arn) = arn_of(recorded) else {
            return Ok(());
        };
        let attempt = || {
            let call = aws.elbv2().delete_load_balancer().load_balancer_arn(arn);
            aws.call(DELETE, call.send())
        };
        let deleted = settle::delete(aws, arn, GONE, wait, attempt).await;
        forget(aws, arn);
        deleted?;
        let what = format!("the deletion of load balancer {arn}");
        settle::until(&what, PAUSE, wait, || async {
            let left = &aws.loaders.load_balancers;
            let left = left.get(aws, &arn.to_owned(), Freshness::Fresh).await?;
            Ok(left.is_none().then_some(()))
        })
        .await
    }

    async fn users(aws: &Aws, recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        match recorded.get("arn") {
            Some(arn) => users::of_load_balancer(aws, arn).await,
            None => Ok(Vec::new()),
        }
    }

    async fn settle(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(arn) = arn_of(recorded) else {
            return Ok(());
        };
        let what = format!("load balancer {} to become active", self.name);
        settle::until(&what, PAUSE, wait, || async {
            let loader = &aws.loaders.load_balancers;
            let found = settle::get(aws, loader, arn, Freshness::Fresh).await?;
            match found
                .as_ref()
                .and_then(|it| it.state.as_ref()?.code.clone())
            {
                Some(LoadBalancerStateEnum::Provisioning) => Ok(None),
                // One that is impaired takes requests; AWS mends it by itself.
                Some(LoadBalancerStateEnum::Active | LoadBalancerStateEnum::ActiveImpaired) => {
                    Ok(Some(()))
                }
                _ => Err(broken(aws, &self.name, found.as_ref())),
            }
        })
        .await
    }
}

async fn write(
    desired: &LoadBalancer,
    aws: &Aws,
    arn: &str,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    if touches(changed, &["security_groups"]) {
        let groups = desired.security_groups.iter().map(|id| id.get().clone());
        let call = aws.elbv2().set_security_groups().load_balancer_arn(arn);
        let call = call.set_security_groups(Some(groups.collect())).send();
        aws.call(SET_GROUPS, call).await?;
    }
    if touches(changed, &["subnets"]) {
        let call = aws.elbv2().set_subnets().load_balancer_arn(arn);
        let call = call.set_subnets(Some(desired.subnets.get().clone())).send();
        aws.call(SET_SUBNETS, call).await?;
    }
    if touches(changed, &["ip_address_type"]) {
        let kind = IpAddressType::from(desired.ip_address_type.as_str());
        let call = aws.elbv2().set_ip_address_type().load_balancer_arn(arn);
        aws.call(SET_IP_TYPE, call.ip_address_type(kind).send())
            .await?;
    }
    let attributes = attributes(desired, changed);
    if !attributes.is_empty() {
        modify(aws, arn, attributes).await?;
    }
    elbv2::write_tags(aws, arn, changed).await
}

/// The attributes of the fields that differ.
fn attributes(desired: &LoadBalancer, changed: &[FieldDiff]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut add = |field: &str, pairs: Vec<(&'static str, String)>| {
        if touches(changed, &[field]) {
            found.extend(pairs);
        }
    };
    let drop_invalid = desired.drop_invalid_header_fields.to_string();
    add(
        "idle_timeout",
        vec![(IDLE_TIMEOUT, desired.idle_timeout.to_string())],
    );
    add(
        "drop_invalid_header_fields",
        vec![(DROP_INVALID, drop_invalid)],
    );
    add("http2", vec![(HTTP2, desired.http2.to_string())]);
    let AccessLogs {
        enabled,
        bucket,
        prefix,
    } = &desired.access_logs;
    let mut logs = vec![(LOGS, enabled.to_string())];
    if *enabled {
        logs.push((LOGS_BUCKET, bucket.clone()));
        logs.push((LOGS_PREFIX, prefix.clone()));
    }
    add("access_logs", logs);
    found
}

fn broken(aws: &Aws, name: &str, found: Option<&types::LoadBalancer>) -> AwsError {
    let state = found.and_then(types::LoadBalancer::state);
    let code = state
        .and_then(|state| state.code())
        .map_or("gone", LoadBalancerStateEnum::as_str);
    let reason = match state.and_then(|state| state.reason()).unwrap_or_default() {
        "" => format!("it is {code}"),
        said => format!("it is {code}: {}", aws.redactor.clean(said)),
    };
    AwsError::Broken {
        what: format!("load balancer {name}"),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_that_were_turned_off_have_no_bucket() {
        let off = access_logs(false, "old".to_owned(), "p".to_owned());
        assert_eq!(off, AccessLogs::default());
        assert!(access_logs(true, "b".to_owned(), String::new()).enabled);
    }

    #[test]
    fn cloudwatch_knows_it_by_the_end_of_its_arn() {
        let arn = "arn:aws:elasticloadbalancing:us-west-2:111111111111:loadbalancer/app/x/50dc6c495c0c9188";
        let found = types::LoadBalancer::builder()
            .dns_name("X-1.us-west-2.elb.amazonaws.com")
            .build();
        let outputs = outputs(arn, &found);
        assert_eq!(outputs["arn_suffix"], "app/x/50dc6c495c0c9188");
        assert_eq!(outputs["dns_name"], "x-1.us-west-2.elb.amazonaws.com");
    }
}
