//! The regions of AWS that were known when this was built. New ones appear, so nothing is refused for not being in the list.

/// Every region, in alphabetical order.
/// Source: <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>, with those of China and `GovCloud`.
pub const REGIONS: [&str; 38] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Whether a region can be: its name has a direction and a number from 1, as all names of regions have.
pub fn can_be(region: &str) -> bool {
    const DIRECTIONS: [&str; 9] = [
        "central",
        "east",
        "north",
        "northeast",
        "northwest",
        "south",
        "southeast",
        "southwest",
        "west",
    ];
    let mut parts = region.rsplit('-');
    let (number, direction) = (parts.next(), parts.next());
    number.is_some_and(|number| !number.starts_with('0'))
        && direction.is_some_and(|direction| DIRECTIONS.contains(&direction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_is_there_once_and_can_be() {
        assert!(REGIONS.is_sorted_by(|a, b| a < b));
        assert!(REGIONS.iter().all(|region| can_be(region)));
        assert!(can_be("us-iso-east-1") && can_be("th-central-1"));
        assert!(!can_be("us-wets-1") && !can_be("us-west-0"));
    }
}
