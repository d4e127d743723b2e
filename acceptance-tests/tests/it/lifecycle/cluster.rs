//! The life of `stackwright_cluster`.

use super::*;

#[test]
fn cluster() -> Result<()> {
    let only = "the cluster is its only component: see \"everything deleted outside\"";
    let life = Life {
        name: "cluster",
        address: CLUSTER,
        imports: &[(CLUSTER, "stage/main")],
        created: |_| Ok(fixtures::cluster("")),
        updated: |_| {
            Ok(fixtures::cluster(
                "  spot_percent = 40\n  tags = { team = \"core\" }",
            ))
        },
        update_shows: &["spot_percent", "tags"],
        replaced: |_| Ok(fixtures::cluster("").replace("\"main\"\n", "\"second\"\n")),
        side: Removal::Excepted(only),
        main: Removal::Excepted(only),
        all: delete_cluster,
    };
    life.live()
}

fn delete_cluster(account: &Account) -> Result<()> {
    let clusters = account.list("ecs", "ListClusters", &json!({}), "clusterArns")?;
    let cluster = clusters.first().context("there is no cluster")?;
    account
        .outside("ecs", "DeleteCluster", &json!({ "cluster": cluster }))
        .map(drop)
}
