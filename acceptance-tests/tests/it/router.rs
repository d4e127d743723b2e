//! `stackwright_router`: protection, certificates, redirects, names.

use acceptance_tests::{Account, Action, Workspace, same};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};

use crate::fixtures::{self, ROUTER};

fn applied(account: &Account, more: &str) -> Result<Workspace> {
    let root = Workspace::new(account, &fixtures::router(account, more)?)?;
    root.apply()?.ok()?;
    Ok(root)
}

/// A router with names, which may be destroyed unless more says otherwise.
fn with_domains(account: &Account, more: &str) -> Result<Workspace> {
    let domains = fixtures::domains(account)?;
    applied(account, &(domains + more))
}

#[test]
fn a_protected_router_is_destroyed_only_after_its_protection_was_taken_off() -> Result<()> {
    let account = Account::fresh()?;
    let empty = Workspace::new(&account, "")?;
    let untouched = account.dump()?;
    drop(empty);
    let root = applied(&account, "")?;
    let whole = account.dump()?;
    account.forget_calls()?;
    let refused = root.destroy()?.failed()?;
    refused.says(&["stage/public", "`deletion_protection", "= false`"])?;
    ensure!(account.writes()?.is_empty(), "the refusal has written");
    same("the account after the refusal", &whole, &account.dump()?)?;
    root.resources(&fixtures::router(
        &account,
        "  deletion_protection = false",
    )?)?;
    root.plan()?.expect(ROUTER, Action::Update)?;
    root.apply_saved()?.ok()?;
    root.destroy()?.ok()?;
    same(
        "the account after the destroy",
        &untouched,
        &account.dump()?,
    )
}

#[test]
fn a_protected_router_is_not_replaced_either() -> Result<()> {
    let account = Account::fresh()?;
    let root = applied(&account, "")?;
    let router = fixtures::router(&account, "")?;
    root.resources(&router.replace("    = \"public\"", "    = \"second\""))?;
    let refused = root.apply()?.failed()?;
    refused.says(&["Is Protected", "deletion_protection"])?;
    Ok(())
}

#[test]
fn protection_is_the_last_write_of_a_create() -> Result<()> {
    let account = Account::fresh()?;
    with_domains(&account, "")?;
    let protected = Account::fresh()?;
    let domains = fixtures::domains(&protected)?.replace("deletion_protection = false", "");
    applied(&protected, &domains)?;
    let last = protected.writes()?.pop().context("nothing was written")?;
    ensure!(
        last.action == "ModifyLoadBalancerAttributes",
        "the last write is {}",
        last.action
    );
    ensure!(
        protected.writes()?.len() == account.writes()?.len() + 1,
        "protection takes more than one write"
    );
    Ok(())
}

#[test]
fn http_goes_to_https_and_what_nobody_serves_is_404() -> Result<()> {
    let account = Account::fresh()?;
    let root = with_domains(&account, "")?;
    let http = fixtures::listener(&account, 80)?;
    let redirect = &http["DefaultActions"][0]["RedirectConfig"];
    ensure!(
        redirect["Protocol"] == "HTTPS" && redirect["Port"] == "443",
        "{http}"
    );
    ensure!(redirect["StatusCode"] == "HTTP_301", "{http}");
    let https = fixtures::listener(&account, 443)?;
    ensure!(
        https["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "{https}"
    );
    let answer = &https["DefaultActions"][0]["FixedResponseConfig"];
    ensure!(answer["StatusCode"] == "404", "{https}");
    let state = root.attributes(ROUTER)?;
    let reference = &state["ref"];
    ensure!(
        reference["listener_arn"] == https["ListenerArn"],
        "{reference}"
    );
    ensure!(
        reference["https"] == true && reference["domain"] == "example.com",
        "{reference}"
    );
    let suffix = reference["arn_suffix"].as_str().unwrap_or_default();
    ensure!(suffix.starts_with("app/acme-stage-public-"), "{reference}");
    Ok(())
}

#[test]
fn a_certificate_is_requested_proved_and_used() -> Result<()> {
    let account = Account::fresh()?;
    let root = with_domains(&account, "")?;
    let arn = root.attributes(ROUTER)?["requested_certificate_arn"].clone();
    let shown = account.outside(
        "acm",
        "DescribeCertificate",
        &json!({ "CertificateArn": arn }),
    )?;
    let certificate = &shown["Certificate"];
    ensure!(certificate["Status"] == "ISSUED", "{certificate}");
    ensure!(
        certificate["SubjectAlternativeNames"] == json!(["example.com", "*.example.com"]),
        "{certificate}"
    );
    let https = fixtures::listener(&account, 443)?;
    ensure!(https["Certificates"][0]["CertificateArn"] == arn, "{https}");
    let names: Vec<_> = fixtures::records(&account)?
        .iter()
        .map(|record| record["Type"].clone())
        .collect();
    // One proof for both names, and an alias for each.
    let count = |kind: &str| names.iter().filter(|name| **name == kind).count();
    ensure!(count("CNAME") == 1 && count("A") == 2, "{names:?}");
    Ok(())
}

#[test]
fn another_domain_brings_another_certificate_without_a_gap() -> Result<()> {
    let account = Account::fresh()?;
    let root = with_domains(&account, "")?;
    let before = root.attributes(ROUTER)?["requested_certificate_arn"].clone();
    let domains = fixtures::domains(&account)?.replace(']', ", \"shop.example.org.example.com\"]");
    root.resources(&fixtures::router(&account, &domains)?)?;
    root.plan()?.expect(ROUTER, Action::Update)?;
    account.forget_calls()?;
    root.apply_saved()?.ok()?;
    root.plan()?.empty()?;
    let after = root.attributes(ROUTER)?["requested_certificate_arn"].clone();
    ensure!(after != before, "the certificate is still {before}");
    let writes = account.writes()?;
    let at = |action: &str| writes.iter().position(|call| call.action == action);
    let (used, deleted) = (at("ModifyListener"), at("DeleteCertificate"));
    ensure!(used.is_some() && used < deleted, "{writes:?}");
    let all = account.list(
        "acm",
        "ListCertificates",
        &json!({}),
        "CertificateSummaryList",
    )?;
    ensure!(all.len() == 1, "{all:?}");
    Ok(())
}

#[test]
fn further_certificates_are_chosen_by_host() -> Result<()> {
    let account = Account::fresh()?;
    let first = fixtures::certificate(&account, "a.example.com")?;
    let second = fixtures::certificate(&account, "b.example.com")?;
    let given = format!("  certificate_arn = \"{first}\"\n  deletion_protection = false\n");
    let sni = format!("{given}  additional_certificate_arns = {{ b = \"{second}\" }}\n");
    let root = applied(&account, &sni)?;
    let further = |account: &Account| -> Result<Vec<Json>> {
        let arn = fixtures::listener(account, 443)?["ListenerArn"].clone();
        let params = json!({ "ListenerArn": arn });
        let all = account.list(
            "elbv2",
            "DescribeListenerCertificates",
            &params,
            "Certificates",
        )?;
        Ok(all
            .into_iter()
            .filter(|one| one["IsDefault"] == false)
            .collect())
    };
    ensure!(further(&account)?[0]["CertificateArn"] == second);
    root.resources(&fixtures::router(&account, &given)?)?;
    root.apply()?.ok()?;
    ensure!(further(&account)?.is_empty());
    root.plan()?.empty()
}

#[test]
fn a_record_of_somebody_else_is_refused_and_stays() -> Result<()> {
    let account = Account::fresh()?;
    let values = json!([{ "Value": "192.0.2.1" }]);
    let theirs =
        json!({ "Name": "example.com", "Type": "A", "TTL": 60, "ResourceRecords": values });
    fixtures::change_record(&account, "CREATE", &theirs)?;
    let domains = fixtures::domains(&account)?;
    let root = Workspace::new(&account, &fixtures::router(&account, &domains)?)?;
    let refused = root.apply()?.failed()?;
    refused.says(&["example.com", "192.0.2.1"])?;
    root.destroy()?.ok()?;
    let left = fixtures::records(&account)?;
    ensure!(left.len() == 1, "{left:?}");
    ensure!(left[0]["ResourceRecords"] == values, "{left:?}");
    Ok(())
}

#[test]
fn a_name_that_was_moved_away_survives_the_destroy() -> Result<()> {
    let account = Account::fresh()?;
    let root = with_domains(&account, "")?;
    let values = json!([{ "Value": "192.0.2.1" }]);
    let moved = json!({ "Name": "example.com", "Type": "A", "TTL": 60, "ResourceRecords": values });
    fixtures::change_record(&account, "UPSERT", &moved)?;
    root.destroy()?.ok()?;
    let left = fixtures::records(&account)?;
    ensure!(
        left.len() == 1 && left[0]["ResourceRecords"] == values,
        "{left:?}"
    );
    Ok(())
}

#[test]
fn another_scheme_moves_everything_to_a_new_load_balancer() -> Result<()> {
    let account = Account::fresh()?;
    let root = with_domains(&account, "")?;
    let before = fixtures::load_balancer(&account)?;
    let domains = fixtures::domains(&account)? + "  public = false\n";
    root.resources(&fixtures::router(&account, &domains)?)?;
    let plan = root.plan()?;
    plan.expect(ROUTER, Action::Update)?;
    plan.output.says(&["Another Scheme"])?;
    root.apply_saved()?.ok()?;
    let after = fixtures::load_balancer(&account)?;
    ensure!(after["Scheme"] == "internal", "{after}");
    ensure!(
        after["LoadBalancerArn"] != before["LoadBalancerArn"],
        "{after}"
    );
    ensure!(
        after["SecurityGroups"] == before["SecurityGroups"],
        "{after}"
    );
    for record in fixtures::records(&account)? {
        if record["Type"] == "A" {
            let target = record["AliasTarget"]["DNSName"]
                .as_str()
                .unwrap_or_default();
            let name = after["DNSName"].as_str().unwrap_or("none");
            ensure!(target.trim_end_matches('.') == name, "{record}");
        }
    }
    root.plan()?.empty()
}

#[test]
fn everything_is_read_in_small_pages_too() -> Result<()> {
    let account = Account::fresh()?;
    let root = with_domains(&account, "")?;
    account.setting("page_size", &json!(1))?;
    root.plan()?.empty()
}

#[test]
fn a_slow_load_balancer_and_late_proofs_are_waited_for() -> Result<()> {
    let account = Account::fresh()?;
    account.setting("elb_describes", &json!(3))?;
    account.setting("acm_describes", &json!(1))?;
    let root = with_domains(&account, "")?;
    root.plan()?.empty()
}

#[test]
fn an_internal_router_has_a_private_name() -> Result<()> {
    let account = Account::fresh()?;
    let router = fixtures::internal_router(&account)?;
    let untouched = account.dump()?;
    let root = Workspace::new(&account, &router)?;
    root.apply()?.ok()?;
    root.plan()?.empty()?;
    let state = root.attributes(ROUTER)?;
    ensure!(
        state["private_name"] == "public.stage.acme.internal",
        "{state}"
    );
    root.destroy()?.ok()?;
    same(
        "the account after the destroy",
        &untouched,
        &account.dump()?,
    )
}
