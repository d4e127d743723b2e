//! Availability zones of the region.

use aws_sdk_ec2::types::{AvailabilityZone, AvailabilityZoneOptInStatus, AvailabilityZoneState};

use crate::call::Op;
use crate::{Aws, AwsError};

const DESCRIBE: Op = Op::new("ec2", "DescribeAvailabilityZones");

impl Aws {
    /// The zones that everyone may use and that work, sorted. Local and wavelength zones, which have to
    /// be opted into, are left out. AWS is asked once.
    pub async fn availability_zones(&self) -> Result<&[String], AwsError> {
        let zones = self.zones.get_or_try_init(|| async {
            let call = self.ec2().describe_availability_zones();
            let answer = self.call(DESCRIBE, call.send()).await?;
            Ok(usable(&answer.availability_zones.unwrap_or_default()))
        });
        zones.await.map(Vec::as_slice)
    }
}

fn usable(zones: &[AvailabilityZone]) -> Vec<String> {
    let mut names: Vec<String> = zones
        .iter()
        .filter(|zone| {
            zone.state()
                .is_none_or(|state| *state == AvailabilityZoneState::Available)
        })
        .filter(|zone| {
            zone.opt_in_status()
                .is_none_or(|status| *status == AvailabilityZoneOptInStatus::OptInNotRequired)
        })
        .filter(|zone| {
            zone.zone_type()
                .is_none_or(|kind| kind == "availability-zone")
        })
        .filter_map(|zone| zone.zone_name.clone())
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_zones_that_everyone_may_use_count() {
        let zone = |name: &str| AvailabilityZone::builder().zone_name(name);
        let zones = [
            zone("us-west-2b")
                .state(AvailabilityZoneState::Available)
                .build(),
            zone("us-west-2a")
                .opt_in_status(AvailabilityZoneOptInStatus::OptInNotRequired)
                .build(),
            zone("us-west-2c")
                .state(AvailabilityZoneState::Impaired)
                .build(),
            zone("us-west-2-lax-1a")
                .opt_in_status(AvailabilityZoneOptInStatus::OptedIn)
                .build(),
            zone("us-west-2-wl1").zone_type("wavelength-zone").build(),
        ];
        assert_eq!(usable(&zones), ["us-west-2a", "us-west-2b"]);
    }
}
