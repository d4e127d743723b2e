//! The whole slice as one story: from a Procfile to a running worker in two member accounts, and back.
//!
//! `make demo` tells it to a person, a test asserts it.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};

use crate::account::Account;
use crate::compare::same;
use crate::generated::Generated;
use crate::output::Output;
use crate::plan::Plan;
use crate::workspace::Workspace;

/// The roots in the order in which they are applied.
pub const ROOTS: [&str; 3] = ["ops", "stage", "prod"];

/// The example `acme-worker` in three accounts.
#[derive(Debug)]
pub struct Story {
    accounts: [Account; 3],
    tree: Generated,
    untouched: Vec<Json>,
}

/// One AWS object as an outside client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// `VPC`.
    pub kind: &'static str,
    /// What a person would say of it.
    pub what: String,
}

impl Story {
    /// Generates the tree for the accounts ops, stage and prod.
    pub fn new(accounts: [Account; 3]) -> Result<Self> {
        let untouched: Result<Vec<_>> = accounts.iter().map(Account::dump).collect();
        let [ops, stage, prod] = &accounts;
        let tree = Generated::of("acme-worker", [&ops.id, &stage.id, &prod.id])?;
        Ok(Self {
            untouched: untouched?,
            tree,
            accounts,
        })
    }

    /// The generated tree.
    pub const fn tree(&self) -> &Generated {
        &self.tree
    }

    /// The account of a root.
    pub fn account(&self, root: &str) -> Result<&Account> {
        let at = ROOTS.iter().position(|name| *name == root);
        at.and_then(|at| self.accounts.get(at))
            .with_context(|| format!("there is no root {root}"))
    }

    /// A root; people and CI are logged in to ops, so its credentials are always those of ops.
    fn root(&self, root: &str) -> Result<Workspace> {
        self.tree.root(root, self.account("ops")?)
    }

    /// `terraform init` of a root.
    pub fn init(&self, root: &str) -> Result<Output> {
        self.root(root)?.init()?.ok()
    }

    /// `terraform plan` of a root.
    pub fn plan(&self, root: &str) -> Result<Plan> {
        self.root(root)?.plan()
    }

    /// `terraform apply` of the plan that was made last.
    pub fn apply(&self, root: &str) -> Result<Output> {
        self.root(root)?.apply_saved()?.ok()
    }

    /// `terraform destroy` of a root.
    pub fn destroy(&self, root: &str) -> Result<Output> {
        self.root(root)?.destroy()?.ok()
    }

    /// Every account must be as before the story.
    pub fn as_before(&self) -> Result<()> {
        for ((account, untouched), root) in self.accounts.iter().zip(&self.untouched).zip(ROOTS) {
            account.nothing_unimplemented()?;
            same(&format!("the {root} account"), untouched, &account.dump()?)?;
        }
        Ok(())
    }

    /// The command of the only process, as the Procfile has it.
    fn command(&self) -> Result<String> {
        let procfile = std::fs::read_to_string(self.tree.input().join("Procfile"))?;
        let line = procfile
            .lines()
            .find_map(|line| line.strip_prefix("worker:"));
        Ok(line
            .context("the Procfile has no worker")?
            .trim()
            .to_owned())
    }

    /// What a plain AWS client sees of an environment, checked against what was asked for.
    pub fn look(&self, environment: &str, count: u64) -> Result<Vec<Sight>> {
        let account = self.account(environment)?;
        let mut sights = network(account, environment)?;
        sights.extend(logs(account, environment)?);
        sights.extend(roles(account)?);
        sights.extend(self.service(account, count)?);
        through_the_deploy_role(account)?;
        self.nothing_of_others(environment)?;
        Ok(sights)
    }

    fn service(&self, account: &Account, count: u64) -> Result<Vec<Sight>> {
        let clusters = account.list("ecs", "ListClusters", &json!({}), "clusterArns")?;
        let cluster = clusters.first().context("there is no cluster")?;
        let services = account.list(
            "ecs",
            "ListServices",
            &json!({ "cluster": cluster }),
            "serviceArns",
        )?;
        ensure!(
            services.len() == 1,
            "expected one service, found {services:?}"
        );
        let params = json!({ "cluster": cluster, "services": services });
        let described = account.list("ecs", "DescribeServices", &params, "services")?;
        let service = described.first().context("the service does not exist")?;
        let deployment = &service["deployments"][0];
        ensure!(
            deployment["rolloutState"] == "COMPLETED",
            "the deployment is {}",
            deployment["rolloutState"]
        );
        ensure!(
            service["desiredCount"] == count && service["runningCount"] == count,
            "{} of {} tasks run, asked for {count}",
            service["runningCount"],
            service["desiredCount"]
        );
        let definition = json!({ "taskDefinition": service["taskDefinition"] });
        let definition = account.outside("ecs", "DescribeTaskDefinition", &definition)?;
        let container = &definition["taskDefinition"]["containerDefinitions"][0];
        let wanted = json!(["/bin/sh", "-c", self.command()?]);
        ensure!(
            container["command"] == wanted,
            "the command is {}, expected {wanted}",
            container["command"]
        );
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        Ok(vec![
            Sight {
                kind: "ECS cluster",
                what: text(cluster)
                    .rsplit('/')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            },
            Sight {
                kind: "task definition",
                what: format!(
                    "{} runs {}",
                    text(&container["image"]),
                    text(&container["command"][2])
                ),
            },
            Sight {
                kind: "ECS service",
                what: format!(
                    "{}, deployment COMPLETED, {count} of {count} tasks run",
                    text(&service["serviceName"])
                ),
            },
        ])
    }

    /// Nothing in an environment's account names the other environment or its account.
    fn nothing_of_others(&self, environment: &str) -> Result<()> {
        let other = if environment == "stage" {
            "prod"
        } else {
            "stage"
        };
        let dump = self.account(environment)?.dump()?.to_string();
        for text in [
            format!("acme-{other}"),
            format!("acme/{other}"),
            self.account(other)?.id.clone(),
        ] {
            ensure!(
                !dump.contains(&text),
                "the {environment} account knows of {text}"
            );
        }
        Ok(())
    }
}

fn network(account: &Account, environment: &str) -> Result<Vec<Sight>> {
    let ours = |list: Vec<Json>| -> Vec<Json> {
        let tagged = |it: &Json| {
            let mut tags = it["Tags"].as_array().into_iter().flatten();
            tags.any(|tag| tag["Key"] == "stackwright:environment" && tag["Value"] == environment)
        };
        list.into_iter().filter(tagged).collect()
    };
    let list =
        |operation: &str, key: &str| account.list("ec2", operation, &json!({}), key).map(ours);
    let vpcs = list("DescribeVpcs", "Vpcs")?;
    ensure!(vpcs.len() == 1, "expected one VPC of ours, found {vpcs:?}");
    let subnets = list("DescribeSubnets", "Subnets")?.len();
    ensure!(subnets == 4, "expected 4 subnets, found {subnets}");
    let gateways = list("DescribeNatGateways", "NatGateways")?.len();
    ensure!(gateways > 0, "there is no NAT gateway");
    let range = vpcs[0]["CidrBlock"].as_str().unwrap_or_default();
    Ok(vec![Sight {
        kind: "VPC",
        what: format!("{range}, {subnets} subnets, {gateways} NAT gateway"),
    }])
}

fn logs(account: &Account, environment: &str) -> Result<Vec<Sight>> {
    let groups = account.list("logs", "DescribeLogGroups", &json!({}), "logGroups")?;
    let name = format!("/acme/{environment}/shop");
    let group = groups
        .iter()
        .find(|group| group["logGroupName"] == name.as_str());
    let group = group.with_context(|| format!("there is no log group {name}"))?;
    Ok(vec![Sight {
        kind: "log group",
        what: format!("{name}, {} days", group["retentionInDays"]),
    }])
}

fn roles(account: &Account) -> Result<Vec<Sight>> {
    let roles = account.list("iam", "ListRoles", &json!({}), "Roles")?;
    let names = roles.iter().filter_map(|role| role["RoleName"].as_str());
    let ours: Vec<_> = names
        .filter(|name| name.starts_with("acme-"))
        .map(str::to_owned)
        .collect();
    ensure!(
        ours.len() == 4,
        "expected the deploy, execution, flow-log and task roles, found {ours:?}"
    );
    Ok(ours
        .into_iter()
        .map(|what| Sight {
            kind: "IAM role",
            what,
        })
        .collect())
}

/// Everything in a member account but what ops did was done in the session of the deploy role.
fn through_the_deploy_role(account: &Account) -> Result<()> {
    let role = |name: &str| format!("arn:aws:sts::{}:assumed-role/{name}/terraform", account.id);
    let (deploy, ops) = (role("acme-deploy"), role("OrganizationAccountAccessRole"));
    let calls = account.calls()?;
    let known = |principal: &str| principal == deploy || principal == ops;
    let other = calls.iter().find(|call| !known(&call.principal));
    ensure!(
        other.is_none(),
        "somebody else was in {}: {other:?}",
        account.id
    );
    let ecs = calls
        .iter()
        .filter(|call| call.write && call.service != "iam");
    let foreign = ecs.clone().find(|call| call.principal != deploy);
    ensure!(
        ecs.count() > 0 && foreign.is_none(),
        "not through the deploy role: {foreign:?}"
    );
    Ok(())
}
