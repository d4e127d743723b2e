//! Adapters by [`Kind`], for an engine that knows components as JSON only.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use async_trait::async_trait;
use serde_json::{Map, Value as Json};
use stackwright_plan::component;
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{Kind, OwnTags};

use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, User, Wait};

/// A component as AWS has it, without its type.
#[derive(Debug, Clone, PartialEq)]
pub struct AnyObserved {
    /// The fields, comparable with the desired ones.
    pub component: Map<String, Json>,
    /// What other components may refer to.
    pub outputs: Recorded,
    /// All tags but those of AWS.
    pub tags: BTreeMap<String, String>,
}

/// How to look for a component; see [`Lookup`].
#[derive(Debug, Clone, Copy)]
pub enum AnyLookup<'a> {
    /// See [`Lookup::Desired`].
    Desired(&'a Map<String, Json>, &'a OwnTags),
    /// See [`Lookup::Named`].
    Named(&'a str),
    /// See [`Lookup::Owned`].
    Owned(&'a OwnTags),
}

/// [`Adapter`] without its type.
#[async_trait]
pub trait AnyAdapter: Send + Sync {
    /// See [`Adapter::read`].
    async fn read(
        &self,
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<AnyObserved>, AwsError>;

    /// See [`Adapter::find`].
    async fn find(&self, aws: &Aws, lookup: AnyLookup<'_>) -> Result<Vec<AnyObserved>, AwsError>;

    /// See [`Adapter::foretold`].
    fn foretold(&self, desired: &Map<String, Json>) -> Result<Option<Recorded>, AwsError>;

    /// See [`Adapter::create`].
    async fn create(
        &self,
        aws: &Aws,
        desired: &Map<String, Json>,
        token: &str,
    ) -> Result<Created, AwsError>;

    /// See [`Adapter::update`].
    async fn update(
        &self,
        aws: &Aws,
        desired: &Map<String, Json>,
        observed: &AnyObserved,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError>;

    /// See [`Adapter::delete`].
    async fn delete(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError>;

    /// See [`Adapter::users`].
    async fn users(&self, aws: &Aws, recorded: &Recorded) -> Result<Vec<User>, AwsError>;

    /// See [`Adapter::occupants`].
    async fn occupants(&self, aws: &Aws, recorded: &Recorded) -> Result<Vec<User>, AwsError>;

    /// See [`Adapter::ready`].
    async fn ready(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError>;

    /// See [`Adapter::settle`].
    async fn settle(
        &self,
        aws: &Aws,
        desired: &Map<String, Json>,
        recorded: &Recorded,
        wait: &Wait,
    ) -> Result<(), AwsError>;
}

macro_rules! adapters {
    ($($kind:ident),* $(,)?) => {
        /// The adapter of a kind.
        pub fn adapter(kind: Kind) -> &'static dyn AnyAdapter {
            match kind { $(Kind::$kind => &Typed::<component::$kind>(PhantomData)),* }
        }
    };
}

adapters! {
    Vpc,
    Ipv6CidrBlock,
    EgressOnlyInternetGateway,
    InternetGateway,
    Subnet,
    ElasticIp,
    NatGateway,
    RouteTable,
    Route,
    RouteTableAssociation,
    GatewayEndpoint,
    InterfaceEndpoint,
    FlowLog,
    DefaultSecurityGroup,
    SecurityGroup,
    SecurityGroupRule,
    LogGroup,
    Role,
    Parameter,
    EcsCluster,
    TaskDefinition,
    EcsService,
    ServiceSecrets,
    DbSubnetGroup,
    DbParameterGroup,
    DbInstance,
    DbReplica,
    DbCredentials,
    DbProtection,
    Secret,
    CloudMapNamespace,
    CloudMapService,
    CloudMapInstance,
    MetricAlarm,
    CompositeAlarm,
    AnomalyDetector,
    LogMetricFilter,
    EventRule,
    ScheduleGroup,
    Schedule,
    Queue,
    LoadBalancer,
    LoadBalancerProtection,
    Listener,
    ListenerCertificate,
    Certificate,
    CertificateValidation,
    DnsRecord,
    TargetGroup,
    ListenerRule,
    ScalableTarget,
    ScalingPolicy,
}

/// Gives a typed adapter its untyped face.
struct Typed<C>(PhantomData<fn() -> C>);

#[async_trait]
impl<C: Adapter> AnyAdapter for Typed<C> {
    async fn read(
        &self,
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<AnyObserved>, AwsError> {
        C::read(aws, recorded, freshness)
            .await?
            .map(untyped)
            .transpose()
    }

    async fn find(&self, aws: &Aws, lookup: AnyLookup<'_>) -> Result<Vec<AnyObserved>, AwsError> {
        let found = match lookup {
            AnyLookup::Desired(desired, tags) => {
                let desired: C = typed(desired)?;
                C::find(aws, Lookup::Desired(&desired, tags)).await?
            }
            AnyLookup::Named(name) => C::find(aws, Lookup::Named(name)).await?,
            AnyLookup::Owned(tags) => C::find(aws, Lookup::Owned(tags)).await?,
        };
        found.into_iter().map(untyped).collect()
    }

    fn foretold(&self, desired: &Map<String, Json>) -> Result<Option<Recorded>, AwsError> {
        Ok(typed::<C>(desired)?.foretold())
    }

    async fn create(
        &self,
        aws: &Aws,
        desired: &Map<String, Json>,
        token: &str,
    ) -> Result<Created, AwsError> {
        typed::<C>(desired)?.create(aws, token).await
    }

    async fn update(
        &self,
        aws: &Aws,
        desired: &Map<String, Json>,
        observed: &AnyObserved,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let observed = Observed {
            component: typed::<C>(&observed.component)?,
            outputs: observed.outputs.clone(),
            tags: observed.tags.clone(),
        };
        typed::<C>(desired)?.update(aws, &observed, changed).await
    }

    async fn delete(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        C::delete(aws, recorded, wait).await
    }

    async fn users(&self, aws: &Aws, recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        C::users(aws, recorded).await
    }

    async fn occupants(&self, aws: &Aws, recorded: &Recorded) -> Result<Vec<User>, AwsError> {
        C::occupants(aws, recorded).await
    }

    async fn ready(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        C::ready(aws, recorded, wait).await
    }

    async fn settle(
        &self,
        aws: &Aws,
        desired: &Map<String, Json>,
        recorded: &Recorded,
        wait: &Wait,
    ) -> Result<(), AwsError> {
        typed::<C>(desired)?.settle(aws, recorded, wait).await
    }
}

/// Reads a component. The error names no value: it could be a secret.
fn typed<C: Adapter>(component: &Map<String, Json>) -> Result<C, AwsError> {
    serde_json::from_value(Json::Object(component.clone())).map_err(|error| mismatch::<C>(&error))
}

fn untyped<C: Adapter>(observed: Observed<C>) -> Result<AnyObserved, AwsError> {
    let component = match serde_json::to_value(&observed.component) {
        Ok(Json::Object(component)) => component,
        Ok(_) => return Err(bug::<C>("its form is no object")),
        Err(error) => return Err(mismatch::<C>(&error)),
    };
    Ok(AnyObserved {
        component,
        outputs: observed.outputs,
        tags: observed.tags,
    })
}

fn mismatch<C: Adapter>(error: &serde_json::Error) -> AwsError {
    // `missing field `x`` names a field; everything else may repeat a value.
    let text = error.to_string();
    bug::<C>(if text.starts_with("missing field") {
        &text
    } else {
        "a value has another type"
    })
}

fn bug<C: Adapter>(cause: &str) -> AwsError {
    AwsError::Component {
        kind: C::KIND.label(),
        cause: cause.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;
    use stackwright_plan::component::ElasticIp;

    use super::*;

    fn map(json: &Json) -> Map<String, Json> {
        json.as_object().cloned().unwrap()
    }

    #[tokio::test]
    async fn of_no_kind_there_is_an_object_that_was_never_recorded() {
        let (aws, nothing) = (Aws::offline(), Recorded::new());
        for kind in Kind::ALL {
            let found = adapter(*kind).read(&aws, &nothing, Freshness::Fresh).await;
            assert_eq!(found, Ok(None), "{kind:?}");
        }
    }

    #[test]
    fn a_component_that_does_not_fit_is_our_bug_and_shows_no_value() {
        let error = typed::<ElasticIp>(&map(&json!({"tags": "hunter2"}))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "this is a bug in stackwright: a desired elastic IP cannot be read: a value has another type"
        );
        let error = typed::<ElasticIp>(&map(&json!({}))).unwrap_err();
        assert!(
            error.to_string().ends_with("missing field `tags`"),
            "{error}"
        );
    }

    #[test]
    fn an_observed_component_keeps_its_fields() {
        let tags = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        let component = ElasticIp { tags: tags.clone() };
        let observed = Observed {
            component,
            outputs: Recorded::new(),
            tags,
        };
        assert_eq!(
            untyped(observed).unwrap().component,
            map(&json!({"tags": {"a": "b"}}))
        );
    }
}
