//! Load balancers, listeners, certificates and DNS records against the emulator.

use futures_util::future::{join, join_all};
use serde_json::{Value as Json, json};
use stackwright_aws::{Adapter, Freshness, Lookup, Recorded, Refresh};
use stackwright_plan::In;
use stackwright_plan::component::{
    AccessLogs, Certificate, CertificateValidation, DnsRecord, Listener, ListenerAction,
    ListenerCertificate, LoadBalancer, LoadBalancerProtection, SecurityGroup, Subnet, Tags,
};

use crate::emulated::{Account, code, wait};
use crate::network::{id, tags, vpc};

const ZONE: &str = "example.com";

fn text(value: &str) -> In<String> {
    In::Known(value.to_owned())
}

async fn subnet(account: &Account, vpc: &Recorded, zone: &str, cidr: &str) -> String {
    let subnet = Subnet {
        vpc_id: id(vpc),
        availability_zone: format!("us-west-2{zone}"),
        cidr_block: cidr.to_owned(),
        map_public_ip_on_launch: false,
        ipv6_cidr_block: "".into(),
        assign_ipv6_address_on_creation: false,
        tags: tags(account, zone, &[]),
    };
    account.make(&subnet).await["id"].clone()
}

/// An internal load balancer with two subnets and a group, as it is wanted and recorded.
async fn balancer(account: &Account) -> (LoadBalancer, Recorded) {
    let vpc = account.make(&vpc(account)).await;
    let subnets = vec![
        subnet(account, &vpc, "a", "10.1.0.0/24").await,
        subnet(account, &vpc, "b", "10.1.1.0/24").await,
    ];
    let group = SecurityGroup {
        group_name: "router".to_owned(),
        description: "router".to_owned(),
        vpc_id: id(&vpc),
        default_egress: false,
        tags: tags(account, "group", &[]),
    };
    let group = account.make(&group).await;
    let want = LoadBalancer {
        name: "acme-stage-public-abcdef".to_owned(),
        scheme: "internal".to_owned(),
        vpc_id: id(&vpc),
        ip_address_type: "ipv4".to_owned(),
        subnets: In::Known(subnets),
        security_groups: vec![id(&group)],
        idle_timeout: 61,
        drop_invalid_header_fields: true,
        http2: true,
        access_logs: AccessLogs::default(),
        tags: tags(account, "balancer", &[("team", "a")]),
    };
    let recorded = account.make(&want).await;
    (want, recorded)
}

fn http(account: &Account, balancer: &Recorded) -> Listener {
    Listener {
        load_balancer_arn: text(&balancer["arn"]),
        port: 80,
        protocol: "HTTP".to_owned(),
        ssl_policy: String::new(),
        certificate_arn: text(""),
        default_action: ListenerAction::FixedResponse {
            status_code: "404".to_owned(),
            content_type: "text/plain".to_owned(),
            message_body: "nothing".to_owned(),
        },
        tags: tags(account, "http", &[]),
    }
}

fn zone(account: &Account) -> String {
    let params = json!({"Name": ZONE, "CallerReference": "x"});
    let made = account.outside("route53", "CreateHostedZone", params);
    let id = made["HostedZone"]["Id"].as_str().unwrap().to_owned();
    id.trim_start_matches("/hostedzone/").to_owned()
}

fn certificate(account: &Account, names: &[&str]) -> Certificate {
    Certificate {
        domain_name: names[0].to_owned(),
        subject_alternative_names: names.iter().map(ToString::to_string).collect(),
        usable: true,
        tags: tags(account, "certificate", &[]),
    }
}

fn proof(zone: &str, certificate: &Recorded) -> DnsRecord {
    DnsRecord {
        zone_id: text(zone),
        name: text(&certificate["validation_name_0"]),
        record_type: "CNAME".to_owned(),
        values: vec![text(&certificate["validation_value_0"])],
        alias_zone_id: text(""),
        ttl: 300,
        set_identifier: String::new(),
    }
}

fn alias(zone: &str, name: &str, balancer: &Recorded) -> DnsRecord {
    DnsRecord {
        zone_id: text(zone),
        name: text(name),
        record_type: "A".to_owned(),
        values: vec![text(&balancer["dns_name"])],
        alias_zone_id: text(&balancer["zone_id"]),
        ttl: 0,
        set_identifier: String::new(),
    }
}

/// A certificate that is issued.
async fn issued(account: &Account, zone: &str, name: &str) -> String {
    let made = certificate(account, &[name]);
    let token = name.replace('.', "_");
    let made = made.create(&account.aws, &token).await.unwrap().outputs;
    account.make(&proof(zone, &made)).await;
    let valid = CertificateValidation {
        certificate_arn: text(&made["arn"]),
        status: "ISSUED".to_owned(),
    };
    valid.settle(&account.aws, &made, &wait()).await.unwrap();
    made["arn"].clone()
}

#[tokio::test]
async fn a_load_balancer_lives_changes_and_goes() {
    let account = Account::new().await;
    account.control("settings", json!({"elb_describes": 4}));
    let (want, recorded) = balancer(&account).await;
    want.settle(&account.aws, &recorded, &wait()).await.unwrap();
    let own = account.own_tags("network", "stage/main", "balancer");
    for lookup in [
        Lookup::Desired(&want, &own),
        Lookup::Named(&want.name),
        Lookup::Named(&recorded["arn"]),
        Lookup::Owned(&own),
    ] {
        let found = LoadBalancer::find(&account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
        assert_eq!(found[0].outputs, recorded);
    }
    assert_eq!(
        recorded["arn"].split_once("loadbalancer/").unwrap().1,
        recorded["arn_suffix"]
    );
    for change in [
        LoadBalancer {
            idle_timeout: 4000,
            http2: false,
            ..want.clone()
        },
        LoadBalancer {
            drop_invalid_header_fields: false,
            ip_address_type: "dualstack".to_owned(),
            ..want.clone()
        },
        LoadBalancer {
            tags: tags(&account, "balancer", &[("team", "b")]),
            ..want.clone()
        },
    ] {
        account.change(&change, &recorded).await;
        account.change(&want, &recorded).await;
    }
    account.remove::<LoadBalancer>(&recorded).await;
    let none = LoadBalancer::find(&account.aws, Lookup::Named(&want.name)).await;
    assert!(none.unwrap().is_empty());
}

#[tokio::test]
async fn logs_are_written_to_a_bucket_that_lets_them_in() {
    let account = Account::new().await;
    let (want, recorded) = balancer(&account).await;
    let bucket = format!("logs-{}", account.id);
    let logs = LoadBalancer {
        access_logs: AccessLogs {
            enabled: true,
            bucket: bucket.clone(),
            prefix: "public".to_owned(),
        },
        ..want.clone()
    };
    let place = json!({"LocationConstraint": "us-west-2"});
    let params = json!({"Bucket": bucket, "CreateBucketConfiguration": place});
    account.outside("s3", "CreateBucket", params);
    let params = json!({"Bucket": bucket, "Policy": "{\"Statement\": []}"});
    account.outside("s3", "PutBucketPolicy", params);
    account.change(&logs, &recorded).await;
    account.change(&want, &recorded).await;
}

#[tokio::test]
async fn a_protected_load_balancer_is_let_go_by_its_protection_alone() {
    let account = Account::new().await;
    let (_, recorded) = balancer(&account).await;
    let want = LoadBalancerProtection {
        load_balancer_arn: text(&recorded["arn"]),
        deletion_protection: true,
    };
    let protection = account.make(&want).await;
    let refused = LoadBalancer::delete(&account.aws, &recorded, &wait()).await;
    assert_eq!(code(&refused.unwrap_err()), "OperationNotPermitted");
    let lookup = Lookup::Named(&recorded["arn"]);
    let found = LoadBalancerProtection::find(&account.aws, lookup)
        .await
        .unwrap();
    assert_eq!(found[0].component, want);
    for _ in 0..2 {
        LoadBalancerProtection::delete(&account.aws, &protection, &wait())
            .await
            .unwrap();
    }
    account.remove::<LoadBalancer>(&recorded).await;
    // Nothing is left to protect.
    account.remove::<LoadBalancerProtection>(&protection).await;
}

#[tokio::test]
async fn a_listener_is_known_by_its_port() {
    let account = Account::new().await;
    let (_, balancer) = balancer(&account).await;
    let want = http(&account, &balancer);
    let recorded = account.make(&want).await;
    let own = account.own_tags("network", "stage/main", "http");
    for lookup in [
        Lookup::Desired(&want, &own),
        Lookup::Named(&recorded["arn"]),
        Lookup::Owned(&own),
    ] {
        let found = Listener::find(&account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
        assert_eq!(found[0].outputs, recorded);
    }
    let redirect = Listener {
        default_action: ListenerAction::Redirect {
            protocol: "HTTPS".to_owned(),
            port: "443".to_owned(),
            host: "#{host}".to_owned(),
            path: "/#{path}".to_owned(),
            query: "#{query}".to_owned(),
            status_code: "HTTP_301".to_owned(),
        },
        tags: tags(&account, "http", &[("team", "b")]),
        ..want.clone()
    };
    account.change(&redirect, &recorded).await;
    account.remove::<Listener>(&recorded).await;
    // The listener of a load balancer that is gone is gone too.
    let recorded = account.make(&want).await;
    account.remove::<LoadBalancer>(&balancer).await;
    let read = Listener::read(&account.aws, &recorded, Freshness::Fresh).await;
    assert!(read.unwrap().is_none());
}

#[tokio::test]
async fn https_uses_a_certificate_and_others_by_host() {
    let account = Account::new().await;
    let (_, balancer) = balancer(&account).await;
    let zone = zone(&account);
    let first = issued(&account, &zone, "a.example.com").await;
    let second = issued(&account, &zone, "b.example.com").await;
    let want = Listener {
        port: 443,
        protocol: "HTTPS".to_owned(),
        ssl_policy: "ELBSecurityPolicy-TLS13-1-2-2021-06".to_owned(),
        certificate_arn: text(&first),
        ..http(&account, &balancer)
    };
    let recorded = account.make(&want).await;
    let further = ListenerCertificate {
        listener_arn: text(&recorded["arn"]),
        certificate_arn: text(&second),
    };
    let sni = account.make(&further).await;
    let own = account.own_tags("network", "stage/main", "sni");
    let found = ListenerCertificate::find(&account.aws, Lookup::Desired(&further, &own)).await;
    assert_eq!(found.unwrap()[0].outputs, sni);
    let policy = Listener {
        ssl_policy: "ELBSecurityPolicy-TLS13-1-3-2021-06".to_owned(),
        ..want.clone()
    };
    account.change(&policy, &recorded).await;
    account.assert_same(&further, &sni).await;
    account.remove::<ListenerCertificate>(&sni).await;
    let used = Recorded::from([("arn".to_owned(), first)]);
    account.remove::<Listener>(&recorded).await;
    account.remove::<Certificate>(&used).await;
}

#[tokio::test]
async fn a_certificate_waits_for_its_proofs() {
    let account = Account::new().await;
    account.control("settings", json!({"acm_describes": 2}));
    let zone = zone(&account);
    let want = certificate(&account, &["example.com", "*.example.com"]);
    let recorded = account.make(&want).await;
    let own = account.own_tags("network", "stage/main", "certificate");
    for lookup in [
        Lookup::Desired(&want, &own),
        Lookup::Named(&recorded["arn"]),
        Lookup::Owned(&own),
    ] {
        let found = Certificate::find(&account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
        assert_eq!(found[0].outputs["arn"], recorded["arn"]);
    }
    assert!(!recorded.contains_key("validation_name_1"), "{recorded:?}");
    let valid = CertificateValidation {
        certificate_arn: text(&recorded["arn"]),
        status: "ISSUED".to_owned(),
    };
    let status = |found: stackwright_aws::Observed<CertificateValidation>| found.component.status;
    assert_eq!(status(account.read(&recorded).await), "PENDING_VALIDATION");
    account.make(&proof(&zone, &recorded)).await;
    valid
        .settle(&account.aws, &recorded, &wait())
        .await
        .unwrap();
    assert_eq!(status(account.read(&recorded).await), "ISSUED");
    let retagged = Certificate {
        tags: tags(&account, "certificate", &[("team", "b")]),
        ..want
    };
    account.change(&retagged, &recorded).await;
    account.remove::<Certificate>(&recorded).await;
}

#[tokio::test]
async fn records_of_one_zone_go_out_together() {
    let account = Account::new().await;
    let (_, balancer) = balancer(&account).await;
    let zone = zone(&account);
    let names = [
        "example.com",
        "*.example.com",
        "a.example.com",
        "b.example.com",
    ];
    let wanted: Vec<DnsRecord> = names.map(|name| alias(&zone, name, &balancer)).into();
    let made = join_all(wanted.iter().map(|want| want.create(&account.aws, "t"))).await;
    assert_eq!(account.calls_of("ChangeResourceRecordSets").len(), 1);
    let made: Vec<Recorded> = made.into_iter().map(|made| made.unwrap().outputs).collect();
    for (want, recorded) in wanted.iter().zip(&made) {
        account.assert_same(want, recorded).await;
        want.settle(&account.aws, recorded, &wait()).await.unwrap();
    }
    join_all(
        made.iter()
            .map(|recorded| account.remove::<DnsRecord>(recorded)),
    )
    .await;
    assert!(plain_records(&account, &zone).is_empty());
}

#[tokio::test]
async fn one_refused_change_does_not_take_the_others_along() {
    let account = Account::new().await;
    let (_, balancer) = balancer(&account).await;
    let zone = zone(&account);
    let good = alias(&zone, "a.example.com", &balancer);
    let bad = alias(&zone, "a.example.org", &balancer);
    let both = join(
        good.create(&account.aws, "t"),
        bad.create(&account.aws, "t"),
    );
    let (good_made, bad_made) = both.await;
    assert_eq!(code(&bad_made.unwrap_err()), "InvalidChangeBatch");
    account
        .assert_same(&good, &good_made.unwrap().outputs)
        .await;
}

#[tokio::test]
async fn a_record_that_somebody_else_has_changed_is_not_deleted() {
    let account = Account::new().await;
    let (_, balancer) = balancer(&account).await;
    let zone = zone(&account);
    let want = alias(&zone, "a.example.com", &balancer);
    let recorded = account.make(&want).await;
    let values = json!([{"Value": "192.0.2.1"}]);
    let theirs =
        json!({"Name": "a.example.com", "Type": "A", "TTL": 60, "ResourceRecords": values});
    let changes = json!([{"Action": "UPSERT", "ResourceRecordSet": theirs}]);
    let params = json!({"HostedZoneId": zone, "ChangeBatch": {"Changes": changes}});
    account.outside("route53", "ChangeResourceRecordSets", params);
    // A refresh sees what stands there now, and still knows what we wrote.
    let seen = account.read::<DnsRecord>(&recorded).await;
    assert_eq!(seen.component.values, [text("192.0.2.1")]);
    assert_eq!(seen.outputs, recorded);
    DnsRecord::delete(&account.aws, &recorded, &wait())
        .await
        .unwrap();
    assert_eq!(plain_records(&account, &zone).len(), 1);
    account.change(&want, &recorded).await;
    account.remove::<DnsRecord>(&recorded).await;
}

fn plain_records(account: &Account, zone: &str) -> Vec<Json> {
    let params = json!({"HostedZoneId": zone});
    let answer = account.outside("route53", "ListResourceRecordSets", params);
    let all = answer["ResourceRecordSets"].as_array().unwrap().clone();
    all.into_iter()
        .filter(|record| record["Type"] != "NS" && record["Type"] != "SOA")
        .collect()
}

#[tokio::test]
async fn everything_is_read_through_small_pages() {
    let account = Account::new().await;
    let (_, balancer) = balancer(&account).await;
    let listeners = [80, 81, 82].map(|port| Listener {
        port,
        tags: Tags::from([("Name".to_owned(), port.to_string())]),
        ..http(&account, &balancer)
    });
    account.control("settings", json!({"page_size": 1}));
    for want in listeners {
        let recorded = account.make(&want).await;
        let own = account.own_tags("network", "stage/main", "x");
        let found = Listener::find(&account.aws, Lookup::Desired(&want, &own)).await;
        assert_eq!(found.unwrap()[0].outputs, recorded);
    }
}

#[tokio::test]
async fn a_fast_refresh_reads_no_tags() {
    let account = Account::new().await;
    let (_, balancer) = balancer(&account).await;
    let listener = account.make(&http(&account, &balancer)).await;
    let before = account.calls_of("DescribeTags").len();
    let mut refresh = Account::again(&account.id).await;
    refresh.aws.refresh = Refresh::Fast;
    let aws = &refresh.aws;
    let read = LoadBalancer::read(aws, &balancer, Freshness::Cached).await;
    assert!(read.unwrap().unwrap().tags.is_empty());
    let read = Listener::read(aws, &listener, Freshness::Cached).await;
    assert!(read.unwrap().unwrap().tags.is_empty());
    assert_eq!(account.calls_of("DescribeTags").len(), before);
    // Before a write everything counts.
    let read = LoadBalancer::read(aws, &balancer, Freshness::Fresh).await;
    assert!(!read.unwrap().unwrap().tags.is_empty());
}
