//! Drift, field by field: somebody changes it outside, the plan names it, the apply repairs it.
//!
//! The provider itself lists the fields that it writes (`terraform-provider-stackwright fields`): a field
//! without a row here fails. `docs/tables/drift.md` is rendered from what happens.

use std::collections::BTreeSet;
use std::process::Command;

use acceptance_tests::{
    Account, Action, Binaries, Cell, Change, Drift, Provider, Results, Workspace, run, same,
};
use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::fixtures;

mod app;
mod cluster;
mod db;
mod job;
mod monitor;
mod network;
mod private_names;
mod router;
mod service;

/// What happens to one field.
struct Row {
    /// `vpc.enable_dns_support`.
    field: &'static str,
    how: How,
}

enum How {
    /// Somebody changes it; the component whose drift names it.
    Changed {
        component: &'static str,
        by: fn(&Account) -> Result<()>,
    },
    /// As `Changed`, but an attribute of the resource shows it.
    Attribute {
        name: &'static str,
        by: fn(&Account) -> Result<()>,
    },
    /// The change of the row before it changes this one too.
    Together { component: &'static str },
    /// Nobody can change it outside, and why.
    Excepted(&'static str),
}

/// Rows that one resource of one root lives through at the same time.
struct Round {
    /// Name of the test that writes the results.
    name: &'static str,
    address: &'static str,
    resources: fn(&Account) -> Result<String>,
    /// Whether somebody deploys another task definition.
    deploys: bool,
    rows: &'static [Row],
}

const fn changed(
    field: &'static str,
    component: &'static str,
    by: fn(&Account) -> Result<()>,
) -> Row {
    Row {
        field,
        how: How::Changed { component, by },
    }
}

const fn attribute(field: &'static str, name: &'static str, by: fn(&Account) -> Result<()>) -> Row {
    Row {
        field,
        how: How::Attribute { name, by },
    }
}

const fn together(field: &'static str, component: &'static str) -> Row {
    Row {
        field,
        how: How::Together { component },
    }
}

const fn excepted(field: &'static str, reason: &'static str) -> Row {
    Row {
        field,
        how: How::Excepted(reason),
    }
}

const FIXED: &str = "AWS never changes it on an existing object; the object deleted outside is in the life-cycle table";

const IDENTITY: &str =
    "it is part of what identifies the object; a deleted one is in the life-cycle table";

const ROUNDS: &[&[&Round]] = &[
    app::ROUNDS,
    cluster::ROUNDS,
    db::ROUNDS,
    monitor::ROUNDS,
    job::ROUNDS,
    network::ROUNDS,
    private_names::ROUNDS,
    router::ROUNDS,
    service::ROUNDS,
];

/// A kind of component as the provider lists it.
#[derive(Debug, Deserialize)]
struct Kind {
    kind: String,
    fields: Vec<Field>,
}

/// A field of it.
#[derive(Debug, Deserialize)]
struct Field {
    name: String,
}

#[test]
fn every_field_that_the_provider_writes_has_a_row() -> Result<()> {
    let output = run(Command::new(&Binaries::get()?.provider).arg("fields"))?.ok()?;
    let kinds: Vec<Kind> = serde_json::from_str(&output.stdout)?;
    let of_kind = |kind: &Kind| {
        let name = |field: &Field| format!("{}.{}", kind.kind, field.name);
        kind.fields.iter().map(name).collect::<Vec<_>>()
    };
    let written: BTreeSet<_> = kinds.iter().flat_map(of_kind).collect();
    let rounds = ROUNDS.iter().copied().flatten();
    let rows = rounds
        .flat_map(|round| round.rows)
        .map(|row| row.field.to_owned());
    let rows: BTreeSet<_> = rows.collect();
    let (lacking, extra): (Vec<_>, Vec<_>) = (
        written.difference(&rows).collect(),
        rows.difference(&written).collect(),
    );
    ensure!(
        !written.is_empty() && lacking.is_empty(),
        "fields without a row: {lacking:?}"
    );
    ensure!(
        extra.is_empty(),
        "rows for fields that do not exist: {extra:?}"
    );
    Ok(())
}

impl Round {
    /// Changes everything outside, sees every change in one plan, and has the account as before after one apply.
    fn play(&self) -> Result<()> {
        let account = Account::fresh()?;
        let root = Workspace::new(&account, &(self.resources)(&account)?)?;
        let mut results = Results::new("drift", self.name)?;
        root.apply()?.ok()?;
        let whole = account.dump()?;
        self.change_all(&account)?;
        let plan = root.plan()?;
        let change = plan.expect(self.address, Action::Update)?;
        let mut failures = Vec::new();
        let mut cells = Vec::new();
        for row in self.rows {
            cells.push(row.seen(&change, &plan.output).unwrap_or_else(|error| {
                failures.push(format!("{}: {error:#}", row.field));
                Cell::Failed(error.to_string())
            }));
        }
        let repaired = self.repaired(&root, whole);
        for (row, cell) in self.rows.iter().zip(cells) {
            let cell = match (&repaired, cell) {
                (Err(error), Cell::Shown(_)) => Cell::Failed(format!("not repaired: {error}")),
                (_, cell) => cell,
            };
            results.record(row.field, cell)?;
        }
        ensure!(
            failures.is_empty(),
            "{}\n{}",
            failures.join("\n"),
            plan.output.all()
        );
        repaired
    }

    fn repaired(&self, root: &Workspace, whole: Json) -> Result<()> {
        root.apply_saved()?.ok()?;
        let found = root.account().dump()?;
        same(
            "the account after the repair",
            &self.kept(whole),
            &self.kept(found),
        )?;
        root.plan()?.empty()
    }

    /// What the repair must bring back: revisions of task definitions stay behind, so after another one was
    /// deployed the service runs a new one, with other contents that the plan's emptiness vouches for.
    fn kept(&self, mut dump: Json) -> Json {
        if !self.deploys {
            return dump;
        }
        dump["task_definitions"] = Json::Null;
        for service in dump["services"]
            .as_object_mut()
            .into_iter()
            .flat_map(serde_json::Map::values_mut)
        {
            service["taskDefinition"] = Json::Null;
        }
        dump
    }

    fn change_all(&self, account: &Account) -> Result<()> {
        for row in self.rows {
            if let How::Changed { by, .. } | How::Attribute { by, .. } = row.how {
                by(account).with_context(|| format!("changing {} outside", row.field))?;
            }
        }
        Ok(())
    }
}

impl Row {
    fn seen(&self, change: &Change, output: &acceptance_tests::Output) -> Result<Cell> {
        let (_, field) = self
            .field
            .split_once('.')
            .context("a field is KIND.FIELD")?;
        match self.how {
            How::Excepted(reason) => Ok(Cell::Excepted(reason.to_owned())),
            How::Attribute { name, .. } => {
                ensure!(
                    change.changed().iter().any(|it| it == name),
                    "the plan shows {:?}",
                    change.changed()
                );
                Ok(Cell::Shown(format!("attribute `{name}`")))
            }
            How::Changed { component, .. } | How::Together { component } => {
                let drift = named(&change.drift()?, component, field)?;
                ensure!(drift.cause == "outside", "cause is {}", drift.cause);
                let redacted =
                    self.field == "parameter.value" || self.field == "task_definition.containers";
                ensure!(
                    redacted || drift.observed != drift.expected,
                    "observed and expected are alike: {drift:?}"
                );
                output.says(&[component, &drift.field])?;
                Ok(Cell::Shown(format!("drift of `{component}`")))
            }
        }
    }
}

/// The drift of a field, or of a part of it.
fn named(drift: &[Drift], component: &str, field: &str) -> Result<Drift> {
    let is_part = |it: &str| {
        it == field
            || it
                .strip_prefix(field)
                .is_some_and(|rest| rest.starts_with('.'))
    };
    let found = drift
        .iter()
        .find(|it| it.component == component && is_part(&it.field));
    found
        .cloned()
        .with_context(|| format!("drift does not name {component} {field}: {drift:?}"))
}

/// How to list objects of EC2 by our tags.
struct Ec2 {
    operation: &'static str,
    list: &'static str,
    id: &'static str,
}

const VPC: Ec2 = Ec2 {
    operation: "DescribeVpcs",
    list: "Vpcs",
    id: "VpcId",
};

const GATEWAY: Ec2 = Ec2 {
    operation: "DescribeInternetGateways",
    list: "InternetGateways",
    id: "InternetGatewayId",
};

const SUBNET: Ec2 = Ec2 {
    operation: "DescribeSubnets",
    list: "Subnets",
    id: "SubnetId",
};

const ADDRESS: Ec2 = Ec2 {
    operation: "DescribeAddresses",
    list: "Addresses",
    id: "AllocationId",
};

const NAT: Ec2 = Ec2 {
    operation: "DescribeNatGateways",
    list: "NatGateways",
    id: "NatGatewayId",
};

const TABLE: Ec2 = Ec2 {
    operation: "DescribeRouteTables",
    list: "RouteTables",
    id: "RouteTableId",
};

const ENDPOINT: Ec2 = Ec2 {
    operation: "DescribeVpcEndpoints",
    list: "VpcEndpoints",
    id: "VpcEndpointId",
};

const EGRESS: Ec2 = Ec2 {
    operation: "DescribeEgressOnlyInternetGateways",
    list: "EgressOnlyInternetGateways",
    id: "EgressOnlyInternetGatewayId",
};

const FLOW_LOG: Ec2 = Ec2 {
    operation: "DescribeFlowLogs",
    list: "FlowLogs",
    id: "FlowLogId",
};

const GROUP: Ec2 = Ec2 {
    operation: "DescribeSecurityGroups",
    list: "SecurityGroups",
    id: "GroupId",
};

const RULE: Ec2 = Ec2 {
    operation: "DescribeSecurityGroupRules",
    list: "SecurityGroupRules",
    id: "SecurityGroupRuleId",
};

/// The one object that carries a component's tag. The tag is compared here: not every filter works in moto.
fn object(account: &Account, kind: &Ec2, component: &str) -> Result<Json> {
    let all = account.list("ec2", kind.operation, &json!({}), kind.list)?;
    let is_ours = |it: &Json| {
        let tags = it["Tags"].as_array().into_iter().flatten();
        tags.clone()
            .any(|tag| tag["Key"] == "stackwright:component" && tag["Value"] == component)
    };
    let mut found = all.into_iter().filter(is_ours);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => bail!("{} has nothing tagged {component}", kind.operation),
        (Some(_), Some(_)) => bail!("{} has several tagged {component}", kind.operation),
    }
}

fn id(account: &Account, kind: &Ec2, component: &str) -> Result<String> {
    let object = object(account, kind, component)?;
    object[kind.id]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no {} in {object}", kind.id))
}

fn retag(account: &Account, kind: &Ec2, component: &str) -> Result<()> {
    let tags = json!([{ "Key": "Name", "Value": "changed" }]);
    let params = json!({ "Resources": [id(account, kind, component)?], "Tags": tags });
    account.outside("ec2", "CreateTags", &params).map(drop)
}

fn on_role(account: &Account, operation: &str, mut params: Json) -> Result<()> {
    let roles = account.list("iam", "ListRoles", &json!({}), "Roles")?;
    let mut names = roles.iter().filter_map(|role| role["RoleName"].as_str());
    let name = names
        .find(|name| name.contains("execution"))
        .context("there is no execution role")?;
    params["RoleName"] = json!(name);
    account.outside("iam", operation, &params).map(drop)
}

fn cluster_arn(account: &Account) -> Result<Json> {
    let clusters = account.list("ecs", "ListClusters", &json!({}), "clusterArns")?;
    clusters.into_iter().next().context("there is no cluster")
}

#[test]
fn ignored_drift_is_silent() -> Result<()> {
    let account = Account::fresh()?;
    let network = account.default_network()?;
    let app = |more: &str| fixtures::app(&network, more);
    let root = Workspace::new(&account, &app("  ignore_drift = [\"log_group.tags\"]"))?;
    root.apply()?.ok()?;
    let whole = account.dump()?;
    let params = json!({ "logGroupName": log_group(&account)?, "tags": { "Name": "changed" } });
    account.outside("logs", "TagLogGroup", &params)?;
    root.plan()?.empty()?;
    // Without the exception the same change is repaired again.
    root.resources(&app(""))?;
    root.apply()?.ok()?;
    root.apply()?.ok()?;
    same("the account after the repair", &whole, &account.dump()?)
}

#[test]
fn a_new_default_tag_is_drift_by_the_provider() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &fixtures::cluster(""))?;
    root.apply()?.ok()?;
    let provider = Provider::of(&account).extra("  default_tags = { cost = \"42\" }");
    root.write("provider.tf", &provider.hcl())?;
    let plan = root.plan()?;
    let change = plan.expect(fixtures::CLUSTER, Action::Update)?;
    let drift = named(&change.drift()?, "cluster", "tags")?;
    assert_eq!(drift.cause, "provider");
    root.apply_saved()?.ok()?;
    root.plan()?.empty()
}

#[test]
fn values_of_the_environment_never_show() -> Result<()> {
    let account = Account::fresh()?;
    let resources = fixtures::slice(&account, "", fixtures::WORKER)?;
    let root = Workspace::new(&account, &resources)?;
    root.apply()?.ok()?;
    let mut definition = fixtures::task_definition(&account)?;
    definition["containerDefinitions"][0]["environment"] =
        json!([{ "name": "KEY", "value": "canary-outside-value" }]);
    let keep = [
        "family",
        "taskRoleArn",
        "executionRoleArn",
        "networkMode",
        "containerDefinitions",
        "cpu",
        "memory",
        "requiresCompatibilities",
        "runtimePlatform",
    ];
    let register: serde_json::Map<_, _> = keep
        .iter()
        .map(|key| ((*key).to_owned(), definition[*key].clone()))
        .collect();
    let registered = account.outside("ecs", "RegisterTaskDefinition", &register.into())?;
    on_service(
        &account,
        json!({ "taskDefinition": registered["taskDefinition"]["taskDefinitionArn"] }),
    )?;
    let plan = root.plan()?;
    plan.expect(fixtures::SERVICE, Action::Update)?;
    plan.output.never_says(&["canary-outside-value"])?;
    ensure!(
        !plan.json.to_string().contains("canary-outside-value"),
        "the value is in the plan's JSON"
    );
    Ok(())
}

fn log_group(account: &Account) -> Result<Json> {
    let groups = account.list("logs", "DescribeLogGroups", &json!({}), "logGroups")?;
    Ok(groups.first().context("there is no log group")?["logGroupName"].clone())
}

fn on_service(account: &Account, mut params: Json) -> Result<()> {
    let (cluster, service) = fixtures::ecs_names(account)?;
    params["cluster"] = json!(cluster);
    params["service"] = json!(service);
    account.outside("ecs", "UpdateService", &params)?;
    let look = json!({ "cluster": cluster, "services": [service] });
    for _ in 0..3 {
        account.outside("ecs", "DescribeServices", &look)?;
    }
    Ok(())
}
