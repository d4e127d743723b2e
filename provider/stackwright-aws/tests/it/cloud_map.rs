//! Cloud Map against the emulator.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;
use stackwright_aws::{Adapter, Freshness, Lookup, Observed, Recorded};
use stackwright_plan::In;
use stackwright_plan::component::{CloudMapInstance, CloudMapNamespace, CloudMapService, Vpc};

use crate::emulated::{Account, code, wait};
use crate::network::{id, tags, vpc};

fn namespace(account: &Account, vpc: &Recorded) -> CloudMapNamespace {
    CloudMapNamespace {
        name: "stage.acme.internal".to_owned(),
        vpc_id: id(vpc),
        description: "private names".to_owned(),
        tags: tags(account, "namespace", &[("team", "a"), ("gone", "b")]),
    }
}

fn service(account: &Account, namespace: &Recorded, name: &str) -> CloudMapService {
    CloudMapService {
        name: name.to_owned(),
        namespace_id: id(namespace),
        description: "a database".to_owned(),
        records: BTreeMap::from([("CNAME".to_owned(), 60)]),
        routing_policy: "WEIGHTED".to_owned(),
        custom_health: false,
        tags: tags(account, name, &[("team", "a"), ("gone", "b")]),
    }
}

fn cname(service: &Recorded, target: &str) -> CloudMapInstance {
    let attribute = (
        CloudMapInstance::CNAME.to_owned(),
        In::Known(target.to_owned()),
    );
    CloudMapInstance {
        service_id: id(service),
        instance_id: "db".to_owned(),
        attributes: BTreeMap::from([attribute]),
    }
}

async fn make<C: Adapter>(account: &Account, desired: &C) -> Recorded {
    let recorded = account.make(desired).await;
    desired
        .settle(&account.aws, &recorded, &wait())
        .await
        .unwrap();
    account.assert_same(desired, &recorded).await;
    recorded
}

/// On the heap: the futures of the SDK are large.
fn in_a_network() -> BoxFuture<'static, (Account, Recorded, Recorded)> {
    network_with_namespace().boxed()
}

async fn network_with_namespace() -> (Account, Recorded, Recorded) {
    let account = Account::new().await;
    let vpc = account.make(&vpc(&account)).await;
    let space = make(&account, &namespace(&account, &vpc)).await;
    (account, vpc, space)
}

fn ids<C>(found: &[Observed<C>]) -> Vec<&str> {
    found.iter().map(|it| it.outputs["id"].as_str()).collect()
}

#[tokio::test]
async fn a_namespace_lives_and_changes() {
    let (account, vpc, recorded) = in_a_network().await;
    let desired = namespace(&account, &vpc);
    let waited = account.calls_of("GetOperation").len();
    assert!(
        waited >= 2,
        "its operation was under way at first: {waited}"
    );
    let changed = CloudMapNamespace {
        description: "other".to_owned(),
        tags: tags(&account, "namespace", &[("team", "c")]),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    account.change(&desired, &recorded).await;
    account.remove::<CloudMapNamespace>(&recorded).await;
    account.remove::<Vpc>(&vpc).await;
}

#[tokio::test]
async fn a_namespace_is_found_by_name_tags_and_id_on_every_page() {
    let (account, vpc, recorded) = in_a_network().await;
    account.control("settings", json!({"page_size": 2}));
    for at in 0..3 {
        let params = json!({"Name": format!("{at}.other"), "Vpc": vpc["id"], "CreatorRequestId": at.to_string()});
        account.outside("servicediscovery", "CreatePrivateDnsNamespace", params);
    }
    let aws = &account.aws;
    let desired = namespace(&account, &vpc);
    let own = account.own_tags("network", "stage/main", "namespace");
    let lookups = [
        Lookup::Desired(&desired, &own),
        Lookup::Named(&recorded["id"]),
        Lookup::Named(&recorded["arn"]),
        Lookup::Owned(&own),
    ];
    for lookup in lookups {
        let found = CloudMapNamespace::find(aws, lookup).await.unwrap();
        assert_eq!(ids(&found), [&recorded["id"]], "{lookup:?}");
        assert_eq!(found[0].component, desired, "{lookup:?}");
    }
    let other = account.own_tags("network", "stage/other", "namespace");
    assert!(
        CloudMapNamespace::find(aws, Lookup::Owned(&other))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_namespace_of_somebody_else_is_in_the_way_in_its_own_vpc_only() {
    let account = Account::new().await;
    let (here, there) = (
        account.make(&vpc(&account)).await,
        account
            .make(&Vpc {
                tags: tags(&account, "vpc2", &[]),
                ..vpc(&account)
            })
            .await,
    );
    let params = json!({"Name": "stage.acme.internal", "Vpc": here["id"], "CreatorRequestId": "x"});
    account.outside("servicediscovery", "CreatePrivateDnsNamespace", params);
    let own = account.own_tags("network", "stage/main", "namespace");
    for (vpc, expected) in [(&here, 1), (&there, 0)] {
        let desired = namespace(&account, vpc);
        let found = CloudMapNamespace::find(&account.aws, Lookup::Desired(&desired, &own)).await;
        let found = found.unwrap();
        assert_eq!(found.len(), expected);
        assert!(found.iter().all(|it| it.tags.is_empty()));
    }
    let error = namespace(&account, &here)
        .create(&account.aws, "t")
        .await
        .unwrap_err();
    assert_eq!(code(&error), "NamespaceAlreadyExists");
}

#[tokio::test]
async fn a_repeated_create_gives_the_same_namespace_but_not_a_deleted_one() {
    let (account, vpc, first) = in_a_network().await;
    let desired = namespace(&account, &vpc);
    let again = desired.create(&account.aws, "token").await.unwrap();
    assert_eq!(again.outputs["id"], first["id"]);
    account.remove::<CloudMapNamespace>(&first).await;
    let anew = desired.create(&account.aws, "token").await.unwrap();
    assert_ne!(anew.outputs["id"], first["id"]);
}

#[tokio::test]
async fn a_private_name_lives_and_changes() {
    let (account, _, space) = in_a_network().await;
    let desired = service(&account, &space, "db");
    let recorded = make(&account, &desired).await;
    let changed = CloudMapService {
        description: "other".to_owned(),
        records: BTreeMap::from([("CNAME".to_owned(), 5)]),
        tags: tags(&account, "db", &[("team", "c")]),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    account.change(&desired, &recorded).await;
    account.remove::<CloudMapService>(&recorded).await;
    account.remove::<CloudMapNamespace>(&space).await;
}

#[tokio::test]
async fn a_name_for_tasks_has_their_health() {
    let (account, _, space) = in_a_network().await;
    let desired = CloudMapService {
        records: BTreeMap::from([("A".to_owned(), 10), ("AAAA".to_owned(), 10)]),
        routing_policy: "MULTIVALUE".to_owned(),
        custom_health: true,
        ..service(&account, &space, "web.shop")
    };
    let recorded = make(&account, &desired).await;
    let changed = CloudMapService {
        records: BTreeMap::from([("A".to_owned(), 20), ("AAAA".to_owned(), 10)]),
        ..desired
    };
    account.change(&changed, &recorded).await;
    let answer = account.outside(
        "servicediscovery",
        "GetService",
        json!({"Id": recorded["id"]}),
    );
    assert!(
        answer["Service"]["HealthCheckCustomConfig"].is_object(),
        "a change keeps the health"
    );
}

#[tokio::test]
async fn a_name_is_found_in_its_namespace_on_every_page() {
    let (account, _, space) = in_a_network().await;
    account.control("settings", json!({"page_size": 2}));
    for name in ["a", "b", "c"] {
        let params = json!({"Name": name, "NamespaceId": space["id"]});
        account.outside("servicediscovery", "CreateService", params);
    }
    let desired = service(&account, &space, "db");
    let recorded = make(&account, &desired).await;
    let own = account.own_tags("network", "stage/main", "db");
    let upper = CloudMapService {
        name: "DB".to_owned(),
        ..desired.clone()
    };
    for lookup in [
        Lookup::Desired(&desired, &own),
        Lookup::Desired(&upper, &own),
        Lookup::Named(&recorded["arn"]),
        Lookup::Owned(&own),
    ] {
        let found = CloudMapService::find(&account.aws, lookup).await.unwrap();
        assert_eq!(ids(&found), [&recorded["id"]], "{lookup:?}");
        assert_eq!(found[0].component, desired);
    }
}

#[tokio::test]
async fn what_a_name_leads_to_lives_and_changes() {
    let (account, _, space) = in_a_network().await;
    let name = make(&account, &service(&account, &space, "db")).await;
    let desired = cname(&name, "db-1.example.com");
    let own = account.own_tags("network", "stage/main", "x");
    let find = Lookup::Desired(&desired, &own);
    assert!(
        CloudMapInstance::find(&account.aws, find)
            .await
            .unwrap()
            .is_empty()
    );
    let recorded = make(&account, &desired).await;
    let found = CloudMapInstance::find(&account.aws, find).await.unwrap();
    assert_eq!(ids(&found), [&recorded["id"]]);
    account
        .change(&cname(&name, "db-2.example.com"), &recorded)
        .await;
    account.remove::<CloudMapInstance>(&recorded).await;
    account.remove::<CloudMapService>(&name).await;
    // A name that is gone takes what it leads to along.
    assert!(
        CloudMapInstance::find(&account.aws, find)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn an_alias_is_an_instance_of_a_weighted_name() {
    let (account, _, space) = in_a_network().await;
    let name = CloudMapService {
        records: BTreeMap::from([("A".to_owned(), 60)]),
        ..service(&account, &space, "router")
    };
    let name = make(&account, &name).await;
    let attribute = (
        CloudMapInstance::ALIAS.to_owned(),
        In::Known("internal-lb.example.com".to_owned()),
    );
    let alias = CloudMapInstance {
        attributes: BTreeMap::from([attribute]),
        ..cname(&name, "")
    };
    let recorded = make(&account, &alias).await;
    account.remove::<CloudMapInstance>(&recorded).await;
}

#[tokio::test]
async fn a_delete_waits_for_what_is_still_inside() {
    let (account, _, space) = in_a_network().await;
    let name = make(&account, &service(&account, &space, "db")).await;
    let aws = &account.aws;
    let wait = wait();
    let whole = CloudMapNamespace::delete(aws, &space, &wait);
    let inside = async {
        while account.calls_of("DeleteNamespace").is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        CloudMapService::delete(aws, &name, &wait).await
    };
    let (whole, inside) = futures_util::future::join(whole, inside).await;
    assert_eq!((whole, inside), (Ok(()), Ok(())));
    assert!(account.calls_of("DeleteNamespace").len() >= 2);
    let gone = CloudMapNamespace::read(aws, &space, Freshness::Fresh)
        .await
        .unwrap();
    assert!(gone.is_none());
}
