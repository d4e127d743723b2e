//! Drift of `stackwright_cluster`.

use super::*;

pub(super) const ROUNDS: &[&Round] = &[&CLUSTER];

const CLUSTER: Round = Round {
    name: "cluster",
    address: fixtures::CLUSTER,
    resources: |_| Ok(fixtures::cluster("")),
    deploys: false,
    rows: &[
        excepted("ecs_cluster.cluster_name", IDENTITY),
        attribute(
            "ecs_cluster.container_insights",
            "container_insights",
            |account| {
                let on =
                    json!({ "settings": [{ "name": "containerInsights", "value": "enabled" }] });
                on_cluster(account, "UpdateClusterSettings", on)
            },
        ),
        attribute("ecs_cluster.exec_logging", "exec_logging", |account| {
            let off = json!({ "configuration": { "executeCommandConfiguration": { "logging": "NONE" } } });
            on_cluster(account, "UpdateCluster", off)
        }),
        changed("ecs_cluster.capacity_providers", "cluster", |account| {
            let spot = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0 }]);
            let only_spot = json!({ "capacityProviders": ["FARGATE_SPOT"], "defaultCapacityProviderStrategy": spot });
            on_cluster(account, "PutClusterCapacityProviders", only_spot)
        }),
        together("ecs_cluster.default_capacity_provider_strategy", "cluster"),
        changed("ecs_cluster.tags", "cluster", |account| {
            let (arn, tags) = (
                cluster_arn(account)?,
                json!([{ "key": "Name", "value": "changed" }]),
            );
            account
                .outside(
                    "ecs",
                    "TagResource",
                    &json!({ "resourceArn": arn, "tags": tags }),
                )
                .map(drop)
        }),
    ],
};

#[test]
fn cluster() -> Result<()> {
    CLUSTER.play()
}

fn on_cluster(account: &Account, operation: &str, mut params: Json) -> Result<()> {
    params["cluster"] = cluster_arn(account)?;
    account.outside("ecs", operation, &params).map(drop)
}
