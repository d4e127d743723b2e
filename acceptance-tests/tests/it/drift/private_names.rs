//! Drift of private names, on the router that has the simplest.

use super::*;

pub(super) const ROUNDS: &[&Round] = &[&PRIVATE];

const SERVICE: &str = "private_name";
const INSTANCE: &str = "private_alias";

const PRIVATE: Round = Round {
    name: "private-names",
    address: fixtures::ROUTER,
    resources: fixtures::internal_router,
    deploys: false,
    rows: &[
        excepted("cloud_map_service.name", FIXED),
        excepted("cloud_map_service.namespace_id", FIXED),
        excepted("cloud_map_service.routing_policy", FIXED),
        excepted("cloud_map_service.custom_health", FIXED),
        changed("cloud_map_service.description", SERVICE, |account| {
            let config = json!({ "DnsRecords": [{ "Type": "A", "TTL": 999 }] });
            let service = json!({ "Description": "changed", "DnsConfig": config });
            let params = json!({ "Id": service_of(account)?["Id"], "Service": service });
            account
                .outside("servicediscovery", "UpdateService", &params)
                .map(drop)
        }),
        together("cloud_map_service.records", SERVICE),
        changed("cloud_map_service.tags", SERVICE, |account| {
            let tags = json!([{ "Key": "Name", "Value": "changed" }]);
            let params = json!({ "ResourceARN": service_of(account)?["Arn"], "Tags": tags });
            account
                .outside("servicediscovery", "TagResource", &params)
                .map(drop)
        }),
        excepted("cloud_map_instance.service_id", IDENTITY),
        excepted("cloud_map_instance.instance_id", IDENTITY),
        changed("cloud_map_instance.attributes", INSTANCE, |account| {
            let target = "other-1.us-west-2.elb.amazonaws.com";
            let params = json!({
                "ServiceId": service_of(account)?["Id"], "InstanceId": "router",
                "Attributes": { "AWS_ALIAS_DNS_NAME": target },
            });
            account
                .outside("servicediscovery", "RegisterInstance", &params)
                .map(drop)
        }),
    ],
};

/// The only private name of an account.
fn service_of(account: &Account) -> Result<Json> {
    let params = json!({});
    let found = account.list("servicediscovery", "ListServices", &params, "Services")?;
    found.into_iter().next().context("there is no private name")
}

#[test]
fn private_names() -> Result<()> {
    PRIVATE.play()
}
