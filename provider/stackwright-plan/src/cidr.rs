//! Ranges of addresses and the network's address plan.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An IPv4 range without host bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    address: u32,
    prefix: u8,
}

/// The text is not an IPv4 range that AWS takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    /// Not of the form `10.30.0.0/16`.
    #[error("`{0}` is not an IPv4 range; write it like `10.30.0.0/16`")]
    Malformed(String),
    /// Bits behind the prefix are set: AWS would silently clear them.
    #[error("`{given}` has bits set behind the prefix; write `{canonical}`")]
    HostBits {
        /// What was given.
        given: String,
        /// The range that contains it.
        canonical: String,
    },
}

impl Cidr {
    /// Length of the prefix.
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// The `index`-th of the ranges with `bits` more bits of prefix. `None` when there is none.
    pub const fn child(self, bits: u8, index: u32) -> Option<Self> {
        let prefix = self.prefix + bits;
        if prefix > 32 || bits > 31 || index >= 1 << bits {
            return None;
        }
        let offset = index.checked_shl(32 - prefix as u32);
        match offset {
            Some(offset) => Some(Self {
                address: self.address | offset,
                prefix,
            }),
            None => None,
        }
    }

    const fn mask(prefix: u8) -> u32 {
        if prefix == 0 {
            0
        } else {
            u32::MAX << (32 - prefix)
        }
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let malformed = || CidrError::Malformed(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(malformed)?;
        let address: u32 = address.parse::<Ipv4Addr>().map_err(|_| malformed())?.into();
        let prefix: u8 = prefix
            .parse()
            .ok()
            .filter(|p| *p <= 32)
            .ok_or_else(malformed)?;
        let canonical = Self {
            address: address & Self::mask(prefix),
            prefix,
        };
        if canonical.to_string() == text {
            Ok(canonical)
        } else if canonical.address == address {
            Err(malformed())
        } else {
            let (given, canonical) = (text.to_owned(), canonical.to_string());
            Err(CidrError::HostBits { given, canonical })
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.address), self.prefix)
    }
}

/// The most availability zones that the address plan has room for.
pub const MAX_ZONES: usize = 4;

/// The ranges of one availability zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZonePlan {
    /// Half of the zone: tasks, databases.
    pub private: Cidr,
    /// A quarter: load balancers, NAT gateways. The last quarter stays free.
    pub public: Cidr,
}

/// The address plan: each of up to four zones has a quarter of the network.
pub fn zone(network: Cidr, index: usize) -> Option<ZonePlan> {
    let quarter = network.child(2, u32::try_from(index).ok()?)?;
    Some(ZonePlan {
        private: quarter.child(1, 0)?,
        public: quarter.child(2, 2)?,
    })
}

/// The IPv6 subnets of one availability zone, by the two hexadecimal digits that number them: the
/// last two of the fourth group of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6ZonePlan {
    /// Number of the private subnet.
    pub private: &'static str,
    /// Number of the public subnet.
    pub public: &'static str,
}

/// The numbers of all IPv6 subnets of the plan.
pub const IPV6_SUBNETS: [&str; 2 * MAX_ZONES] = ["00", "20", "40", "60", "80", "a0", "c0", "e0"];

/// The IPv6 address plan, cut as the IPv4 one: each of up to four zones has a quarter of the `/56`,
/// whose first `/64` is private and whose middle one is public. With an IPv4 `/16` the number is the
/// third part of the IPv4 range in hexadecimal digits.
pub fn ipv6_zone(index: usize) -> Option<Ipv6ZonePlan> {
    Some(Ipv6ZonePlan {
        private: IPV6_SUBNETS.get(2 * index)?,
        public: IPV6_SUBNETS.get(2 * index + 1)?,
    })
}

/// The `/64` with a number in a `/56`, as AWS writes it. `None` when that is not a `/56` without
/// host bits, or the number not of two hexadecimal digits.
pub fn ipv6_subnet(range: &str, number: &str) -> Option<String> {
    let (address, prefix) = range.split_once('/')?;
    let range: u128 = address.parse::<Ipv6Addr>().ok()?.into();
    let number = u8::from_str_radix(number, 16).ok()?;
    let fits = prefix == "56" && range & (u128::MAX >> 56) == 0;
    fits.then(|| Ipv6Addr::from(range | u128::from(number) << 64))
        .map(|subnet| format!("{subnet}/64"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_ipv6_plan_is_the_ipv4_plan_of_a_16() {
        let network: Cidr = "10.30.0.0/16".parse().unwrap();
        for index in 0..MAX_ZONES {
            let (four, six) = (zone(network, index).unwrap(), ipv6_zone(index).unwrap());
            for (range, number) in [(four.private, six.private), (four.public, six.public)] {
                let third = u8::from_str_radix(number, 16).unwrap();
                assert!(range.to_string().starts_with(&format!("10.30.{third}.0/")));
            }
        }
        assert_eq!(ipv6_zone(MAX_ZONES), None);
    }

    #[test]
    fn subnets_of_an_ipv6_range() {
        let range = "2600:1f14:e0a:9c00::/56";
        let subnet = |number| ipv6_subnet(range, number);
        assert_eq!(subnet("00").unwrap(), "2600:1f14:e0a:9c00::/64");
        assert_eq!(subnet("e0").unwrap(), "2600:1f14:e0a:9ce0::/64");
        assert_eq!(subnet("g0"), None);
        for bad in [
            "",
            "2600:1f14:e0a:9c00::/48",
            "2600:1f14:e0a:9c01::/56",
            "10.0.0.0/56",
        ] {
            assert_eq!(ipv6_subnet(bad, "00"), None, "{bad}");
        }
    }

    #[test]
    fn the_plan_of_a_16() {
        let network: Cidr = "10.30.0.0/16".parse().unwrap();
        let zones: Vec<String> = (0..MAX_ZONES)
            .map(|index| zone(network, index).unwrap())
            .map(|zone| format!("{} {}", zone.private, zone.public))
            .collect();
        assert_eq!(
            zones,
            [
                "10.30.0.0/19 10.30.32.0/20",
                "10.30.64.0/19 10.30.96.0/20",
                "10.30.128.0/19 10.30.160.0/20",
                "10.30.192.0/19 10.30.224.0/20",
            ]
        );
        assert_eq!(zone(network, MAX_ZONES), None);
    }

    #[test]
    fn host_bits_are_named() {
        let error = "10.0.0.1/16".parse::<Cidr>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`10.0.0.1/16` has bits set behind the prefix; write `10.0.0.0/16`"
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0/16",
            "a/b",
            "10.0.0.0/016",
            "::/0",
        ] {
            assert!(
                matches!(text.parse::<Cidr>(), Err(CidrError::Malformed(_))),
                "{text}"
            );
        }
    }
}
