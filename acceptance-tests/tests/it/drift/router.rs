//! Drift of `stackwright_router`.

use super::*;

pub(super) const ROUNDS: &[&Round] = &[&ROUTER, &PROTOCOL];

const ROUTER: Round = Round {
    name: "router",
    address: fixtures::ROUTER,
    resources: with_logs_and_sni,
    deploys: false,
    rows: &[
        excepted("load_balancer.name", IDENTITY),
        excepted("load_balancer.scheme", FIXED),
        excepted("load_balancer.vpc_id", FIXED),
        changed(
            "load_balancer.ip_address_type",
            "load_balancer",
            |account| {
                on_balancer(
                    account,
                    "SetIpAddressType",
                    json!({ "IpAddressType": "dualstack" }),
                )
            },
        ),
        changed("load_balancer.subnets", "load_balancer", other_subnets),
        changed(
            "load_balancer.security_groups",
            "load_balancer",
            |account| {
                let group = id_of_default_group(account)?;
                on_balancer(
                    account,
                    "SetSecurityGroups",
                    json!({ "SecurityGroups": [group] }),
                )
            },
        ),
        attribute("load_balancer.idle_timeout", "idle_timeout", |account| {
            attribute_of(account, "idle_timeout.timeout_seconds", "7")
        }),
        changed(
            "load_balancer.drop_invalid_header_fields",
            "load_balancer",
            |account| {
                let name = "routing.http.drop_invalid_header_fields.enabled";
                attribute_of(account, name, "false")
            },
        ),
        changed("load_balancer.http2", "load_balancer", |account| {
            attribute_of(account, "routing.http2.enabled", "false")
        }),
        changed("load_balancer.access_logs", "load_balancer", |account| {
            attribute_of(account, "access_logs.s3.enabled", "false")
        }),
        changed("load_balancer.tags", "load_balancer", |account| {
            let arn = fixtures::load_balancer(account)?["LoadBalancerArn"].clone();
            retag_elb(account, &arn)
        }),
        excepted("load_balancer_protection.load_balancer_arn", IDENTITY),
        attribute(
            "load_balancer_protection.deletion_protection",
            "deletion_protection",
            |account| attribute_of(account, "deletion_protection.enabled", "true"),
        ),
        excepted("listener.load_balancer_arn", IDENTITY),
        changed("listener.port", "listener.http", |account| {
            on_listener(account, 80, json!({ "Port": 8080 }))
        }),
        changed("listener.default_action", "listener.http", |account| {
            let says = json!({ "StatusCode": "200", "ContentType": "text/plain" });
            let action = json!([{ "Type": "fixed-response", "FixedResponseConfig": says }]);
            on_listener(account, 8080, json!({ "DefaultActions": action }))
        }),
        attribute("listener.ssl_policy", "ssl_policy", |account| {
            let policy = "ELBSecurityPolicy-TLS13-1-3-2021-06";
            on_listener(account, 443, json!({ "SslPolicy": policy }))
        }),
        changed("listener.certificate_arn", "listener.https", |account| {
            let other = fixtures::certificate(account, "other.example.com")?;
            let certificates = json!([{ "CertificateArn": other }]);
            on_listener(account, 443, json!({ "Certificates": certificates }))
        }),
        changed("listener.tags", "listener.https", |account| {
            let arn = fixtures::listener(account, 443)?["ListenerArn"].clone();
            retag_elb(account, &arn)
        }),
        excepted("listener_certificate.listener_arn", IDENTITY),
        excepted("listener_certificate.certificate_arn", IDENTITY),
        excepted("certificate.domain_name", FIXED),
        excepted("certificate.subject_alternative_names", FIXED),
        excepted(
            "certificate.usable",
            "no call of AWS makes a certificate fail or expire; what follows is in the adapter's tests",
        ),
        changed("certificate.tags", "certificate", |account| {
            let params = json!({
                "CertificateArn": requested(account)?,
                "Tags": [{ "Key": "Name", "Value": "changed" }],
            });
            account
                .outside("acm", "AddTagsToCertificate", &params)
                .map(drop)
        }),
        excepted("certificate_validation.certificate_arn", IDENTITY),
        excepted(
            "certificate_validation.status",
            "AWS alone changes it; a certificate whose records are gone shows those as drift",
        ),
        excepted("dns_record.zone_id", IDENTITY),
        excepted("dns_record.name", IDENTITY),
        excepted("dns_record.type", IDENTITY),
        changed("dns_record.values", "alias.a.example.com", |account| {
            let values = json!([{ "Value": "10.0.0.1" }]);
            let record =
                json!({ "Name": "example.com", "Type": "A", "TTL": 60, "ResourceRecords": values });
            fixtures::change_record(account, "UPSERT", &record)
        }),
        together("dns_record.alias_zone_id", "alias.a.example.com"),
        together("dns_record.ttl", "alias.a.example.com"),
        changed(
            "dns_record.set_identifier",
            "alias.a.*.example.com",
            |account| {
                let all = fixtures::records(account)?;
                let mut wildcard = all
                    .into_iter()
                    .find(|record| record["Name"] == "\\052.example.com.")
                    .context("there is no wildcard")?;
                fixtures::change_record(account, "DELETE", &wildcard)?;
                wildcard["SetIdentifier"] = json!("one");
                wildcard["Weight"] = json!(1);
                fixtures::change_record(account, "CREATE", &wildcard)
            },
        ),
    ],
};

const PROTOCOL: Round = Round {
    name: "router-protocol",
    address: fixtures::ROUTER,
    resources: |account| {
        let arn = fixtures::certificate(account, "given.example.com")?;
        fixtures::router(account, &format!("  certificate_arn = \"{arn}\"\n"))
    },
    deploys: false,
    rows: &[changed("listener.protocol", "listener.https", |account| {
        on_listener(account, 443, json!({ "Protocol": "HTTP" }))
    })],
};

#[test]
fn router() -> Result<()> {
    ROUTER.play()
}

#[test]
fn router_protocol() -> Result<()> {
    PROTOCOL.play()
}

fn with_logs_and_sni(account: &Account) -> Result<String> {
    let bucket = format!("logs-{}", account.id);
    let place = json!({ "LocationConstraint": "us-west-2" });
    let made = json!({ "Bucket": bucket, "CreateBucketConfiguration": place });
    account.outside("s3", "CreateBucket", &made)?;
    let policy = json!({ "Bucket": bucket, "Policy": "{\"Statement\": []}" });
    account.outside("s3", "PutBucketPolicy", &policy)?;
    let other = fixtures::certificate(account, "other.example.com")?;
    let more = format!(
        "  access_logs = {{ bucket = \"{bucket}\", prefix = \"public\" }}\n  \
         additional_certificate_arns = {{ other = \"{other}\" }}\n"
    );
    fixtures::router(account, &(fixtures::domains(account)? + &more))
}

fn on_balancer(account: &Account, operation: &str, mut params: Json) -> Result<()> {
    params["LoadBalancerArn"] = fixtures::load_balancer(account)?["LoadBalancerArn"].clone();
    account.outside("elbv2", operation, &params).map(drop)
}

fn attribute_of(account: &Account, name: &str, value: &str) -> Result<()> {
    let attributes = json!([{ "Key": name, "Value": value }]);
    let operation = "ModifyLoadBalancerAttributes";
    on_balancer(account, operation, json!({ "Attributes": attributes }))
}

fn on_listener(account: &Account, port: u16, mut params: Json) -> Result<()> {
    params["ListenerArn"] = fixtures::listener(account, port)?["ListenerArn"].clone();
    account
        .outside("elbv2", "ModifyListener", &params)
        .map(drop)
}

fn retag_elb(account: &Account, arn: &Json) -> Result<()> {
    let tags = json!([{ "Key": "Name", "Value": "changed" }]);
    let params = json!({ "ResourceArns": [arn], "Tags": tags });
    account.outside("elbv2", "AddTags", &params).map(drop)
}

/// All subnets of the load balancer's VPC.
fn other_subnets(account: &Account) -> Result<()> {
    let vpc = fixtures::load_balancer(account)?["VpcId"].clone();
    let filter = json!({ "Filters": [{ "Name": "vpc-id", "Values": [vpc] }] });
    let subnets = account.list("ec2", "DescribeSubnets", &filter, "Subnets")?;
    let ids: Vec<_> = subnets.iter().map(|subnet| &subnet["SubnetId"]).collect();
    ensure!(ids.len() > 2, "the VPC has {} subnets", ids.len());
    on_balancer(account, "SetSubnets", json!({ "Subnets": ids }))
}

fn id_of_default_group(account: &Account) -> Result<Json> {
    let vpc = fixtures::load_balancer(account)?["VpcId"].clone();
    let groups = account.list(
        "ec2",
        "DescribeSecurityGroups",
        &json!({}),
        "SecurityGroups",
    )?;
    let default = groups
        .iter()
        .find(|group| group["GroupName"] == "default" && group["VpcId"] == vpc);
    Ok(default.context("there is no default group")?["GroupId"].clone())
}

/// ARN of the certificate that the router has requested.
fn requested(account: &Account) -> Result<Json> {
    let list = "CertificateSummaryList";
    let all = account.list("acm", "ListCertificates", &json!({}), list)?;
    let ours = all
        .iter()
        .find(|certificate| certificate["DomainName"] == "example.com");
    Ok(ours.context("there is no certificate")?["CertificateArn"].clone())
}
