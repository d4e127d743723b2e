//! The deletion protection of a load balancer: one of its attributes, as a component of its own.

use async_trait::async_trait;
use stackwright_plan::component::LoadBalancerProtection;
use stackwright_plan::diff::FieldDiff;

use crate::load_balancer::{forget, modify};
use crate::settle::{id, outputs};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const ATTRIBUTE: &str = "deletion_protection.enabled";

/// The attribute of a load balancer; `None` when that is gone.
async fn read(
    aws: &Aws,
    arn: &str,
    freshness: Freshness,
) -> Result<Option<Observed<LoadBalancerProtection>>, AwsError> {
    let loader = &aws.loaders.load_balancer_attributes;
    let attributes = crate::settle::get(aws, loader, arn, freshness).await?;
    Ok(attributes.map(|attributes| Observed {
        component: LoadBalancerProtection {
            load_balancer_arn: arn.to_owned().into(),
            deletion_protection: attributes.get(ATTRIBUTE).is_some_and(|it| it == "true"),
        },
        outputs: outputs(arn),
        tags: Recorded::new(),
    }))
}

async fn write(aws: &Aws, arn: &str, protected: bool) -> Result<(), AwsError> {
    forget(aws, arn);
    let written = modify(aws, arn, [(ATTRIBUTE, protected.to_string())]).await;
    forget(aws, arn);
    written
}

#[async_trait]
impl Adapter for LoadBalancerProtection {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        match id(recorded) {
            Some(arn) => read(aws, arn, freshness).await,
            None => Ok(None),
        }
    }

    /// Every load balancer has it, turned on or off.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let arn = match lookup {
            Lookup::Desired(desired, _) => desired.load_balancer_arn.get(),
            Lookup::Named(arn) => arn,
            Lookup::Owned(_) => return Ok(Vec::new()),
        };
        Ok(read(aws, arn, Freshness::Fresh)
            .await?
            .into_iter()
            .collect())
    }

    fn foretold(&self) -> Option<Recorded> {
        Some(outputs(self.load_balancer_arn.get()))
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let arn = self.load_balancer_arn.get();
        write(aws, arn, self.deletion_protection).await?;
        Ok(Created {
            outputs: outputs(arn),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        _changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        write(aws, self.load_balancer_arn.get(), self.deletion_protection).await?;
        Ok(observed.outputs.clone())
    }

    /// Turns it off: whether the load balancer may be deleted was decided before.
    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some(arn) = id(recorded) else {
            return Ok(());
        };
        match read(aws, arn, Freshness::Fresh).await? {
            Some(found) if found.component.deletion_protection => write(aws, arn, false).await,
            _ => Ok(()),
        }
    }
}
