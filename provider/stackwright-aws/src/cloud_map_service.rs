//! Services of Cloud Map: one name in a namespace each.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_servicediscovery::types::{
    DnsConfig, DnsConfigChange, DnsRecord, FilterCondition, HealthCheckCustomConfig, RecordType,
    RoutingPolicy, Service, ServiceChange, ServiceFilter, ServiceFilterName, ServiceSummary,
};
use stackwright_plan::component::CloudMapService;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::cloud_map;
use crate::loader::Source;
use crate::settle::{self, id};
use crate::tag_changes::{same_resource, touches};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, User, Wait};

const GET: Op = Op::new("servicediscovery", "GetService");
const LIST: Op = Op::new("servicediscovery", "ListServices");
const CREATE: Op = Op::new("servicediscovery", "CreateService");
const UPDATE: Op = Op::new("servicediscovery", "UpdateService");
const DELETE: Op = Op::new("servicediscovery", "DeleteService");

const GONE: &[&str] = &["ServiceNotFound"];

/// Services by id.
#[derive(Debug)]
pub(crate) struct Services;

#[async_trait]
impl Source for Services {
    type Key = String;
    type Item = Service;
    const BATCH: usize = 1;

    async fn keyed(aws: &Aws, ids: &[String]) -> Result<HashMap<String, Service>, AwsError> {
        let mut found = HashMap::new();
        for id in ids {
            let call = aws.servicediscovery().get_service().id(id);
            match aws.call(GET, call.send()).await {
                Ok(answer) => found.extend(answer.service.map(|it| (id.clone(), it))),
                Err(error) if error.is_code(GONE) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

/// Services of a namespace, or all. What is listed lacks its namespace, so only the id is used.
/// The services of a namespace: AWS keeps it while it has any.
pub(crate) async fn in_namespace(aws: &Aws, namespace: &str) -> Result<Vec<User>, AwsError> {
    let user = |service: ServiceSummary| {
        let object = service.id.unwrap_or_default();
        let name = service.name.unwrap_or_default();
        User {
            name: format!("the private name `{name}` ({object})"),
            object,
        }
    };
    Ok(list(aws, Some(namespace))
        .await?
        .into_iter()
        .map(user)
        .collect())
}

async fn list(aws: &Aws, namespace: Option<&str>) -> Result<Vec<ServiceSummary>, AwsError> {
    let filter = namespace.map(|id| {
        let filter = ServiceFilter::builder().name(ServiceFilterName::NamespaceId);
        let filter = filter.values(id).condition(FilterCondition::Eq).build();
        vec![filter.expect("the required fields are set")]
    });
    let call = aws.servicediscovery().list_services().set_filters(filter);
    let pages = call.into_paginator().send();
    let pages = aws.pages(LIST, pages).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.services.unwrap_or_default())
        .collect())
}

fn outputs(id: &str, arn: &str, name: &str) -> Recorded {
    [("id", id), ("arn", arn), ("name", name)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn records(config: Option<&DnsConfig>) -> BTreeMap<String, i64> {
    let record = |record: &DnsRecord| (record.r#type().as_str().to_owned(), record.ttl());
    let records = config.map(DnsConfig::dns_records).unwrap_or_default();
    records.iter().map(record).collect()
}

/// Older services name their namespace only beside their records.
#[expect(deprecated, reason = "AWS answers it in both places")]
fn namespace(service: &Service) -> &str {
    let beside = || service.dns_config().and_then(DnsConfig::namespace_id);
    service.namespace_id().or_else(beside).unwrap_or_default()
}

/// The name of a policy; AWS leaves the default out.
fn policy(config: Option<&DnsConfig>) -> String {
    let policy = config.and_then(DnsConfig::routing_policy);
    policy
        .map_or("MULTIVALUE", RoutingPolicy::as_str)
        .to_owned()
}

async fn read(
    aws: &Aws,
    id: &str,
    freshness: Freshness,
) -> Result<Option<Observed<CloudMapService>>, AwsError> {
    let found = settle::get(aws, &aws.loaders.cloud_map_services, id, freshness).await?;
    let Some(service) = found else {
        return Ok(None);
    };
    let arn = service.arn().ok_or_else(|| GET.lacks("Arn"))?;
    // Without tags it went away between the two calls.
    let Some(tags) = cloud_map::tags(aws, arn, freshness).await? else {
        return Ok(None);
    };
    let config = service.dns_config();
    let name = service.name().unwrap_or_default();
    let component = CloudMapService {
        name: name.to_owned(),
        namespace_id: namespace(&service).into(),
        description: service.description().unwrap_or_default().to_owned(),
        records: records(config),
        routing_policy: policy(config),
        custom_health: service.health_check_custom_config().is_some(),
        tags: tags.clone(),
    };
    Ok(Some(Observed {
        component,
        outputs: outputs(id, arn, name),
        tags,
    }))
}

async fn read_all(
    aws: &Aws,
    listed: Vec<ServiceSummary>,
) -> Result<Vec<Observed<CloudMapService>>, AwsError> {
    let ids = listed.iter().filter_map(ServiceSummary::id);
    let reads = ids.map(|id| read(aws, id, Freshness::Fresh));
    let found = futures_util::future::try_join_all(reads).await?;
    Ok(found.into_iter().flatten().collect())
}

#[async_trait]
impl Adapter for CloudMapService {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        match id(recorded) {
            Some(id) => read(aws, id, freshness).await,
            None => Ok(None),
        }
    }

    /// Names are unique in a namespace whatever their case. `Named` takes an id or an ARN.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        match lookup {
            Lookup::Desired(desired, _) => {
                let mut listed = list(aws, Some(desired.namespace_id.get())).await?;
                listed.retain(|it| {
                    it.name()
                        .is_some_and(|name| name.eq_ignore_ascii_case(&desired.name))
                });
                let mut found = read_all(aws, listed).await?;
                found.retain(|it| it.component.namespace_id == desired.namespace_id);
                Ok(found)
            }
            Lookup::Named(name) => {
                let id = name.rsplit('/').next().unwrap_or(name);
                let found = read(aws, id, Freshness::Fresh).await?;
                Ok(found.into_iter().collect())
            }
            Lookup::Owned(tags) => {
                let mut found = read_all(aws, list(aws, None).await?).await?;
                found.retain(|it| same_resource(&it.tags, tags));
                Ok(found)
            }
        }
    }

    /// A token of ours would be the same after a delete, and AWS would answer with the service of then. The name,
    /// which a namespace has once, is what makes the call safe to repeat.
    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let health = self
            .custom_health
            .then(|| HealthCheckCustomConfig::builder().build());
        let namespace = self.namespace_id.get();
        let call = aws
            .servicediscovery()
            .create_service()
            .name(&self.name)
            .namespace_id(namespace)
            .description(&self.description)
            .dns_config(self.dns_config())
            .set_health_check_custom_config(health)
            .set_tags(Some(cloud_map::tag_list(&self.tags)));
        let answer = aws.call(CREATE, call.send()).await?;
        let service = answer.service.ok_or_else(|| CREATE.lacks("Service"))?;
        let id = service.id().ok_or_else(|| CREATE.lacks("Id"))?;
        let arn = service.arn().ok_or_else(|| CREATE.lacks("Arn"))?;
        aws.newborns.note(id);
        Ok(Created {
            outputs: outputs(id, arn, &self.name),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let id = id(&observed.outputs).ok_or_else(|| GET.lacks("Id"))?;
        aws.loaders.cloud_map_services.forget(&id.to_owned());
        let written = write(self, aws, id, &observed.outputs, changed).await;
        aws.loaders.cloud_map_services.forget(&id.to_owned());
        written.map(|()| observed.outputs.clone())
    }

    /// ECS takes its tasks out of a service some time after they stopped: until then it is in use.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(id) = id(recorded) else {
            return Ok(());
        };
        let attempt = || {
            let call = aws.servicediscovery().delete_service().id(id);
            aws.call(DELETE, call.send())
        };
        let deleted = settle::delete(aws, id, GONE, wait, attempt).await;
        aws.loaders.cloud_map_services.forget(&id.to_owned());
        deleted
    }
}

trait Sdk {
    fn dns_records(&self) -> Vec<DnsRecord>;
    fn dns_config(&self) -> DnsConfig;
}

impl Sdk for CloudMapService {
    fn dns_records(&self) -> Vec<DnsRecord> {
        let record = |(kind, ttl): (&String, &i64)| {
            let kind = RecordType::from(kind.as_str());
            let record = DnsRecord::builder().r#type(kind).ttl(*ttl).build();
            record.expect("the required fields are set")
        };
        self.records.iter().map(record).collect()
    }

    fn dns_config(&self) -> DnsConfig {
        let policy = RoutingPolicy::from(self.routing_policy.as_str());
        let config = DnsConfig::builder().routing_policy(policy);
        let config = config.set_dns_records(Some(self.dns_records())).build();
        config.expect("the required fields are set")
    }
}

async fn write(
    desired: &CloudMapService,
    aws: &Aws,
    id: &str,
    outputs: &Recorded,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    if touches(changed, &["records", "description"]) {
        // Records that are left out of the change are deleted.
        let records = DnsConfigChange::builder().set_dns_records(Some(desired.dns_records()));
        let records = records.build().expect("the required fields are set");
        let change = ServiceChange::builder()
            .description(&desired.description)
            .dns_config(records);
        let call = aws
            .servicediscovery()
            .update_service()
            .id(id)
            .service(change.build());
        let answer = aws.call(UPDATE, call.send()).await?;
        let what = format!("the change of the private name {}", desired.name);
        if let Some(operation) = answer.operation_id() {
            cloud_map::soon(aws, operation, &what).await?;
        }
    }
    let arn = outputs.get("arn").ok_or_else(|| GET.lacks("Arn"))?;
    cloud_map::retag(aws, arn, changed).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_go_out_and_come_back() {
        let service = CloudMapService {
            name: "db".to_owned(),
            namespace_id: "ns-1".into(),
            description: String::new(),
            records: BTreeMap::from([("CNAME".to_owned(), 60)]),
            routing_policy: "WEIGHTED".to_owned(),
            custom_health: false,
            tags: BTreeMap::new(),
        };
        let config = service.dns_config();
        assert_eq!(records(Some(&config)), service.records);
        assert_eq!(policy(Some(&config)), "WEIGHTED");
        assert_eq!(policy(None), "MULTIVALUE");
    }
}
