//! What a plan says of a change to a network: what restarts, what breaks, what is lost.

use tfplugin_types::{Diagnostics, Path};

use super::{NetworkConfig, NetworkResource};
use crate::resource::{Resource as _, known_list};

/// Says it for every change that does more than its difference shows.
pub(super) fn of(prior: &NetworkConfig, planned: &NetworkConfig, found: &mut Diagnostics) {
    let replaced = !NetworkResource::replaced_for(prior, planned).is_empty();
    if replaced || prior.cidr != planned.cidr || prior.name != planned.name {
        return;
    }
    nat(prior, planned, found);
    ipv6(prior, planned, found);
    zones(prior, planned, found);
    flow_log(prior, planned, found);
}

fn nat(prior: &NetworkConfig, planned: &NetworkConfig, found: &mut Diagnostics) {
    let (Some(before), Some(after)) = (prior.nat.known(), planned.nat.known()) else {
        return;
    };
    let says = match (before.as_str(), after.as_str()) {
        ("single", "per_az") => {
            "Every zone but the first gets a NAT gateway of its own. Tasks there reach the internet from a new public address, and their open connections to the internet break once. Tell whoever allows the addresses in `nat_public_ips`. No task restarts."
        }
        ("per_az", "single") => {
            "Tasks in every zone reach the internet from the public address of the first one. The other NAT gateways are deleted, their public addresses are given back to AWS for good, and the connections through them break. No task restarts."
        }
        (_, "none") if before != after => {
            "The NAT gateways are deleted, and their public addresses are given back to AWS for good. Tasks reach the AWS services in `endpoint_ids`, S3 and, with `ipv6`, IPv6 addresses, but nothing else outside the network: images must come from ECR. No task restarts."
        }
        ("none", _) if before != after => {
            "Tasks reach the internet from the public addresses in `nat_public_ips`, which are new. The interface endpoints are deleted afterwards, and open connections through them break once. No task restarts."
        }
        _ => return,
    };
    found.warning(Path::attribute("nat"), "Another Way to the Internet", says);
}

fn ipv6(prior: &NetworkConfig, planned: &NetworkConfig, found: &mut Diagnostics) {
    let (before, after) = (prior.ipv6.known() == Some(&true), planned.ipv6.known());
    let (summary, says) = match (before, after) {
        (false, Some(true)) => (
            "The Network Gets IPv6",
            "The VPC and its subnets get IPv6 ranges beside their IPv4 ones. Nothing restarts: tasks get an IPv6 address when they are started the next time.",
        ),
        (true, Some(false)) => (
            "The Network Loses IPv6",
            "The IPv6 range goes back to AWS, and the network never gets the same one again. AWS refuses this while anything uses an address of it: stop the tasks and set `ipv6 = false` on the routers of this network first.",
        ),
        _ => return,
    };
    found.warning(Path::attribute("ipv6"), summary, says);
}

fn zones(prior: &NetworkConfig, planned: &NetworkConfig, found: &mut Diagnostics) {
    let before = known_list(&prior.availability_zones).unwrap_or_default();
    let after = known_list(&planned.availability_zones).unwrap_or_default();
    let not_in = |these: &[String], those: &[String]| -> Vec<String> {
        these
            .iter()
            .filter(|it| !those.contains(it))
            .cloned()
            .collect()
    };
    let (more, fewer) = (not_in(&after, &before), not_in(&before, &after));
    if after.is_empty() || before.is_empty() {
        return;
    }
    let at = Path::attribute("availability_zones");
    if !fewer.is_empty() {
        found.warning(at, "Availability Zones Go", format!("The subnets in {} are deleted, with their NAT gateways and public addresses. Routers, apps, services and databases of this root that take their subnets from `ref` leave them in the same apply. AWS keeps a subnet while anything else is in it: then it stays, and each plan shows it until it is empty and can be deleted.", fewer.join(", ")));
    } else if !more.is_empty() {
        found.warning(at, "Availability Zones Are Added", format!("{} get subnets. What is in the other zones stays as it is. Services and routers of this network get the new subnets, and ECS replaces their tasks, one deployment each.", more.join(", ")));
    }
}

fn flow_log(prior: &NetworkConfig, planned: &NetworkConfig, found: &mut Diagnostics) {
    let (before, after) = (
        prior.flow_log_retention.known().copied().unwrap_or(0),
        planned.flow_log_retention.known().copied(),
    );
    if let (Some(after), true) = (after, before != 0)
        && after < before
    {
        let says = match after {
            0 => "The log group of the flow log is deleted with what it has recorded. Export it first if it is needed.".to_owned(),
            days => format!("CloudWatch Logs deletes what is older than {days} days."),
        };
        found.warning(
            Path::attribute("flow_log_retention"),
            "Recorded Traffic Is Deleted",
            says,
        );
    }
}

/// The data that is deleted with the network.
pub(super) fn losses(view: &NetworkConfig) -> Diagnostics {
    let mut found = Diagnostics::new();
    if view
        .flow_log_retention
        .known()
        .is_some_and(|days| *days > 0)
    {
        found.warning(
            Path::root(),
            "Recorded Traffic Is Deleted",
            "With the network, the log group of its flow log is deleted. Export it first if it is needed.",
        );
    }
    found
}
