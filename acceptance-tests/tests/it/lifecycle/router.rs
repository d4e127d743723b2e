//! The life of `stackwright_router`.

use super::*;

#[test]
fn router() -> Result<()> {
    let life = Life {
        name: "router",
        address: ROUTER,
        imports: &[(ROUTER, "stage/public")],
        created: |account| fixtures::router(account, &fixtures::domains(account)?),
        updated: |account| {
            let domains = fixtures::domains(account)?;
            let more = "  idle_timeout = 120\n  tags = { team = \"core\" }";
            fixtures::router(account, &format!("{domains}{more}"))
        },
        update_shows: &["idle_timeout", "tags"],
        replaced: |account| {
            let router = fixtures::router(account, &fixtures::domains(account)?)?;
            Ok(router.replace("    = \"public\"", "    = \"second\""))
        },
        side: Removal::By(|account| {
            delete_records(account, |name| name == "example.com.")?;
            Ok("alias.a.example.com")
        }),
        main: Removal::By(|account| {
            delete_load_balancer(account)?;
            Ok("load_balancer")
        }),
        all: delete_whole_router,
    };
    life.live()
}

fn delete_load_balancer(account: &Account) -> Result<()> {
    let arn = fixtures::load_balancer(account)?["LoadBalancerArn"].clone();
    let params = json!({ "LoadBalancerArn": arn });
    account
        .outside("elbv2", "DeleteLoadBalancer", &params)
        .map(drop)
}

fn delete_records(account: &Account, chosen: fn(&str) -> bool) -> Result<()> {
    let records = fixtures::records(account)?;
    let chosen = records
        .iter()
        .filter(|record| record["Name"].as_str().is_some_and(chosen));
    for record in chosen {
        fixtures::change_record(account, "DELETE", record)?;
    }
    Ok(())
}

/// In the order in which AWS allows it.
fn delete_whole_router(account: &Account) -> Result<()> {
    delete_load_balancer(account)?;
    delete_records(account, |_| true)?;
    let certificates = account.list(
        "acm",
        "ListCertificates",
        &json!({}),
        "CertificateSummaryList",
    )?;
    for certificate in certificates {
        let arn = json!({ "CertificateArn": certificate["CertificateArn"] });
        account.outside("acm", "DeleteCertificate", &arn)?;
    }
    for group in ours(
        account,
        "DescribeSecurityGroups",
        "SecurityGroups",
        "GroupId",
    )? {
        account.outside("ec2", "DeleteSecurityGroup", &json!({ "GroupId": group }))?;
    }
    for parameter in account.list("ssm", "DescribeParameters", &json!({}), "Parameters")? {
        let name = json!({ "Name": parameter["Name"] });
        account.outside("ssm", "DeleteParameter", &name)?;
    }
    Ok(())
}
