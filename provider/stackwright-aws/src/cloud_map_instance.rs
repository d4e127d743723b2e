//! Instances of Cloud Map: what a name leads to.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_servicediscovery::types::Instance;
use stackwright_plan::In;
use stackwright_plan::component::CloudMapInstance;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::cloud_map::{self, UNDER_WAY};
use crate::loader::Source;
use crate::settle::{self, id, outputs};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const GET: Op = Op::new("servicediscovery", "GetInstance");
const REGISTER: Op = Op::new("servicediscovery", "RegisterInstance");
const DEREGISTER: Op = Op::new("servicediscovery", "DeregisterInstance");

const GONE: &[&str] = &["InstanceNotFound", "ServiceNotFound"];

/// Instances by `<service>|<instance>`.
#[derive(Debug)]
pub(crate) struct Instances;

#[async_trait]
impl Source for Instances {
    type Key = String;
    type Item = Instance;
    const BATCH: usize = 1;

    async fn keyed(aws: &Aws, keys: &[String]) -> Result<HashMap<String, Instance>, AwsError> {
        let mut found = HashMap::new();
        for key in keys {
            let Some((service, instance)) = key.split_once('|') else {
                continue;
            };
            let call = aws
                .servicediscovery()
                .get_instance()
                .service_id(service)
                .instance_id(instance);
            match aws.call(GET, call.send()).await {
                Ok(answer) => found.extend(answer.instance.map(|it| (key.clone(), it))),
                Err(error) if error.is_code(GONE) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

fn observe(key: &str, instance: Instance) -> Observed<CloudMapInstance> {
    let (service, name) = key.split_once('|').unwrap_or((key, ""));
    let attributes = instance.attributes.unwrap_or_default();
    let known = |(name, value): (String, String)| (name, In::Known(value));
    let component = CloudMapInstance {
        service_id: service.into(),
        instance_id: name.to_owned(),
        attributes: attributes.into_iter().map(known).collect(),
    };
    Observed {
        component,
        outputs: outputs(key),
        tags: BTreeMap::new(),
    }
}

async fn read(
    aws: &Aws,
    key: &str,
    freshness: Freshness,
) -> Result<Option<Observed<CloudMapInstance>>, AwsError> {
    let key = key.to_owned();
    let loader = &aws.loaders.cloud_map_instances;
    let found = loader.get(aws, &key, freshness).await?;
    Ok(found.map(|instance| observe(&key, instance)))
}

fn key(desired: &CloudMapInstance) -> String {
    format!("{}|{}", desired.service_id.get(), desired.instance_id)
}

#[async_trait]
impl Adapter for CloudMapInstance {
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

    /// `Named` takes `<service>|<instance>`.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let key = match lookup {
            Lookup::Desired(desired, _) => key(desired),
            Lookup::Named(name) => name.to_owned(),
            Lookup::Owned(_) => return Ok(Vec::new()),
        };
        let found = read(aws, &key, Freshness::Fresh).await?;
        Ok(found.into_iter().collect())
    }

    fn foretold(&self) -> Option<Recorded> {
        Some(outputs(&key(self)))
    }

    /// The same call makes an instance and changes it, so it needs no token of ours.
    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let operation = register(self, aws).await?;
        let outputs = outputs(&key(self));
        let outputs = match operation {
            Some(operation) => cloud_map::pending(outputs, operation),
            None => outputs,
        };
        Ok(Created {
            outputs,
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        _changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        if let Some(operation) = register(self, aws).await? {
            let what = format!("the change of {}", self.instance_id);
            cloud_map::soon(aws, &operation, &what).await?;
        }
        aws.loaders.cloud_map_instances.forget(&key(self));
        Ok(observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(key) = id(recorded) else {
            return Ok(());
        };
        let Some((service, instance)) = key.split_once('|') else {
            return Ok(());
        };
        let what = format!("the deregistration of {instance}");
        let attempt = || async {
            let call = aws
                .servicediscovery()
                .deregister_instance()
                .service_id(service)
                .instance_id(instance);
            let answer = aws.call(DEREGISTER, call.send());
            match answer.await?.operation_id() {
                Some(operation) => cloud_map::succeeded(aws, operation, &what, wait).await,
                None => Ok(()),
            }
        };
        let deleted = settle::delete(aws, key, GONE, wait, attempt).await;
        aws.loaders.cloud_map_instances.forget(&key.to_owned());
        match deleted {
            Err(error) if error.is_code(UNDER_WAY) => gone(aws, key, &what, wait).await,
            outcome => outcome,
        }
    }

    async fn settle(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let what = format!("the registration of {}", self.instance_id);
        let settled = cloud_map::settled(aws, recorded, &what, wait).await;
        aws.loaders.cloud_map_instances.forget(&key(self));
        settled
    }
}

async fn register(desired: &CloudMapInstance, aws: &Aws) -> Result<Option<String>, AwsError> {
    aws.loaders.cloud_map_instances.forget(&key(desired));
    let known = |(name, value): (&String, &In<String>)| (name.clone(), value.get().clone());
    let service = desired.service_id.get();
    let call = aws
        .servicediscovery()
        .register_instance()
        .service_id(service)
        .instance_id(&desired.instance_id)
        .set_attributes(Some(desired.attributes.iter().map(known).collect()));
    let answer = aws.call(REGISTER, call.send());
    let operation = answer.await?.operation_id;
    aws.loaders.cloud_map_instances.forget(&key(desired));
    Ok(operation)
}

/// Somebody else's deregistration is under way.
async fn gone(aws: &Aws, key: &str, what: &str, wait: &Wait) -> Result<(), AwsError> {
    settle::until(what, cloud_map::PAUSE, wait, || async {
        let found = read(aws, key, Freshness::Fresh).await?;
        Ok(found.is_none().then_some(()))
    })
    .await
}
