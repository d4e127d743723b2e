//! Security groups and their rules against the emulator.

use serde_json::json;
use stackwright_aws::{Adapter, Freshness, Lookup, Recorded};
use stackwright_plan::component::{Direction, SecurityGroup, SecurityGroupRule, Tags};

use crate::emulated::{Account, code};
use crate::network::{id, tags, vpc};

async fn group(account: &Account, name: &str) -> (SecurityGroup, Recorded) {
    let vpc = account.make(&vpc(account)).await;
    let want = SecurityGroup {
        group_name: name.to_owned(),
        description: "tasks of shop".to_owned(),
        vpc_id: id(&vpc),
        default_egress: false,
        tags: tags(account, "group", &[("team", "a")]),
    };
    let recorded = account.make(&want).await;
    (want, recorded)
}

fn rule(account: &Account, group: &Recorded, direction: Direction) -> SecurityGroupRule {
    SecurityGroupRule {
        group_id: id(group),
        direction,
        ip_protocol: "tcp".to_owned(),
        from_port: 8000,
        to_port: 8080,
        cidr_ipv4: Some("10.0.0.0/8".to_owned()),
        cidr_ipv6: None,
        referenced_group_id: None,
        description: "from inside".to_owned(),
        tags: tags(account, "rule", &[]),
    }
}

#[tokio::test]
async fn a_group_lives_without_the_rule_that_aws_adds() {
    let account = Account::new().await;
    let (want, recorded) = group(&account, "shop").await;
    let own = account.own_tags("network", "stage/main", "group");
    for lookup in [
        Lookup::Desired(&want, &own),
        Lookup::Named(&recorded["id"]),
        Lookup::Owned(&own),
    ] {
        let found = SecurityGroup::find(&account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
        assert_eq!(found[0].outputs, recorded);
    }
    let all = json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]});
    let params = json!({"GroupId": recorded["id"], "IpPermissions": [all]});
    account.outside("ec2", "AuthorizeSecurityGroupEgress", params);
    assert!(
        account
            .read::<SecurityGroup>(&recorded)
            .await
            .component
            .default_egress
    );
    account.change(&want, &recorded).await;
    account
        .change(
            &SecurityGroup {
                default_egress: true,
                ..want.clone()
            },
            &recorded,
        )
        .await;
    account
        .change(
            &SecurityGroup {
                tags: tags(&account, "group", &[]),
                ..want
            },
            &recorded,
        )
        .await;
    account.remove::<SecurityGroup>(&recorded).await;
}

#[tokio::test]
async fn our_own_rule_to_everywhere_is_not_the_rule_of_aws() {
    let account = Account::new().await;
    let (want, recorded) = group(&account, "shop").await;
    let everywhere = SecurityGroupRule {
        ip_protocol: "-1".to_owned(),
        from_port: -1,
        to_port: -1,
        cidr_ipv4: Some("0.0.0.0/0".to_owned()),
        ..rule(&account, &recorded, Direction::Egress)
    };
    account.make(&everywhere).await;
    account.assert_same(&want, &recorded).await;
}

#[tokio::test]
async fn rules_live_change_and_go() {
    let account = Account::new().await;
    let (_, group) = group(&account, "shop").await;
    for direction in [Direction::Ingress, Direction::Egress] {
        let want = rule(&account, &group, direction);
        let own = account.own_tags("network", "stage/main", "rule");
        let recorded = account.make(&want).await;
        for lookup in [
            Lookup::Desired(&want, &own),
            Lookup::Named(&recorded["id"]),
            Lookup::Owned(&own),
        ] {
            let found = SecurityGroupRule::find(&account.aws, lookup).await.unwrap();
            assert_eq!(found.len(), 1, "{lookup:?}");
            assert_eq!(found[0].outputs, recorded);
        }
        let changed = SecurityGroupRule {
            description: "another".to_owned(),
            to_port: 9000,
            cidr_ipv4: Some("10.2.0.0/16".to_owned()),
            ..want.clone()
        };
        account.change(&changed, &recorded).await;
        let tagged = SecurityGroupRule {
            tags: tags(&account, "rule", &[("a", "b")]),
            ..changed
        };
        account.change(&tagged, &recorded).await;
        account.remove::<SecurityGroupRule>(&recorded).await;
    }
}

#[tokio::test]
async fn a_rule_may_let_in_another_group() {
    let account = Account::new().await;
    let (_, group) = group(&account, "shop").await;
    let want = SecurityGroupRule {
        cidr_ipv4: None,
        referenced_group_id: Some(id(&group)),
        ..rule(&account, &group, Direction::Ingress)
    };
    let recorded = account.make(&want).await;
    account.remove::<SecurityGroupRule>(&recorded).await;
}

#[tokio::test]
async fn an_equal_rule_without_tags_is_adopted_and_one_of_another_owner_is_not() {
    let account = Account::new().await;
    let (_, group) = group(&account, "shop").await;
    let want = rule(&account, &group, Direction::Ingress);
    let own = account.own_tags("network", "stage/main", "rule");
    let range = json!({"CidrIp": "10.0.0.0/8"});
    let same = json!({"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8080, "IpRanges": [range]});
    let params = json!({"GroupId": group["id"], "IpPermissions": [same]});
    account.outside("ec2", "AuthorizeSecurityGroupIngress", params);
    let find = || SecurityGroupRule::find(&account.aws, Lookup::Desired(&want, &own));
    assert!(
        find().await.unwrap().is_empty(),
        "nobody's rule is no obstacle"
    );
    let recorded = account.make(&want).await;
    assert_eq!(find().await.unwrap()[0].outputs, recorded);

    let other = Tags::from([("stackwright:id".to_owned(), "app/stage/other".to_owned())]);
    let theirs = SecurityGroupRule {
        tags: other,
        from_port: 1,
        to_port: 2,
        ..want.clone()
    };
    let wanted = SecurityGroupRule {
        from_port: 1,
        to_port: 2,
        tags: tags(&account, "second", &[]),
        ..want
    };
    account.make(&theirs).await;
    let own = account.own_tags("network", "stage/main", "second");
    let found = SecurityGroupRule::find(&account.aws, Lookup::Desired(&wanted, &own))
        .await
        .unwrap();
    assert_eq!(found[0].tags["stackwright:id"], "app/stage/other");
    let refused = wanted.create(&account.aws, "token").await.unwrap_err();
    assert_eq!(code(&refused), "InvalidPermission.Duplicate");
}

#[tokio::test]
async fn rules_that_were_taken_away_outside_are_missed() {
    let account = Account::new().await;
    let (_, group) = group(&account, "shop").await;
    let recorded = account
        .make(&rule(&account, &group, Direction::Ingress))
        .await;
    let params = json!({"GroupId": group["id"], "SecurityGroupRuleIds": [recorded["id"]]});
    account.outside("ec2", "RevokeSecurityGroupIngress", params);
    let found = SecurityGroupRule::read(&account.aws, &recorded, Freshness::Fresh)
        .await
        .unwrap();
    assert!(found.is_none());
    SecurityGroupRule::delete(&account.aws, &recorded, &crate::emulated::wait())
        .await
        .unwrap();
}
