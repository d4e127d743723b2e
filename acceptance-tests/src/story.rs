//! The whole product as one story: two apps from their Procfiles, running in two member accounts, and back.
//!
//! `make demo` tells it to a person, a test asserts it.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::{Value as Json, json};

use crate::account::Account;
use crate::compare::same;
use crate::generated::Generated;
use crate::output::Output;
use crate::plan::Plan;
use crate::sights::{self, Sight, Wanted};
use crate::workspace::Workspace;

/// The roots in the order in which they are applied.
pub const ROOTS: [&str; 3] = ["ops", "stage", "prod"];

/// The environments: domain of their zone, and the id that the example's spec has in its place.
const ZONES: [(&str, &str, &str); 2] = [
    ("stage", "stage.acme.example", "Z0123456789ABCDEFSTAG"),
    ("prod", "acme.example", "Z0123456789ABCDEFPROD"),
];

/// The example `acme` in three accounts.
#[derive(Debug)]
pub struct Story {
    accounts: [Account; 3],
    tree: Generated,
    untouched: Vec<Json>,
}

impl Story {
    /// Makes what a team has before it starts (a DNS zone and topics in each account), and generates the tree for the accounts ops,
    /// stage and prod.
    pub fn new(accounts: [Account; 3]) -> Result<Self> {
        let [ops, stage, prod] = &accounts;
        let mut zones = Vec::new();
        for ((_, domain, placeholder), account) in ZONES.iter().zip([stage, prod]) {
            zones.push((*placeholder, prepared(account, domain)?));
        }
        let untouched: Result<Vec<_>> = accounts.iter().map(Account::dump).collect();
        let tree = Generated::acme([&ops.id, &stage.id, &prod.id], &zones)?;
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

    /// `terraform destroy` of an environment is refused before anything goes, with the reason and the way out.
    pub fn destroy_is_refused(&self, environment: &str) -> Result<Output> {
        let before = self.account(environment)?.dump()?;
        let output = self.root(environment)?.destroy()?.failed()?;
        output.says(&["deletion_protection", "false"])?;
        same(
            &format!("the {environment} account after the refusal"),
            &before,
            &self.account(environment)?.dump()?,
        )?;
        Ok(output)
    }

    /// Takes the protection off in the spec, as a person would, and generates anew. The databases shall leave no snapshot, so that
    /// nothing at all is left.
    pub fn take_protection_off(&self) -> Result<()> {
        let path = self.tree.input().join("stackwright.toml");
        let mut spec = fs::read_to_string(&path)?;
        for (environment, ..) in ZONES {
            let table = format!("[environments.{environment}]\n");
            spec = spec.replace(&table, &format!("{table}deletion_protection = false\n"));
        }
        let spec = spec.replace("db = true", "db = { final_snapshot = false }");
        fs::write(&path, spec)?;
        self.tree.generate(&[])?.ok()?;
        Ok(())
    }

    /// Every account must be as before the story.
    pub fn as_before(&self) -> Result<()> {
        for ((account, untouched), root) in self.accounts.iter().zip(&self.untouched).zip(ROOTS) {
            account.nothing_unimplemented()?;
            same(&format!("the {root} account"), untouched, &account.dump()?)?;
        }
        Ok(())
    }

    /// What a plain AWS client sees of an environment, checked against what was asked for.
    pub fn look(&self, environment: &str) -> Result<Vec<Sight>> {
        let zone = ZONES.iter().find(|(name, ..)| *name == environment);
        let (_, domain, _) = zone.with_context(|| format!("there is no {environment}"))?;
        let prod = environment == "prod";
        let wanted = Wanted {
            environment,
            domain,
            services: [
                ("shop", "web", if prod { 2 } else { 1 }),
                ("shop", "worker", if prod { 2 } else { 1 }),
                ("billing", "web", 1),
            ],
            scale: prod.then_some((2, 8)),
            instance_class: if prod { "db.m7g.large" } else { "db.t4g.micro" },
        };
        let account = self.account(environment)?;
        let sights = sights::look(account, &wanted)?;
        sights::through_its_roles(account)?;
        self.nothing_of_others(environment)?;
        Ok(sights)
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
            anyhow::ensure!(
                !dump.contains(&text),
                "the {environment} account knows of {text}"
            );
        }
        Ok(())
    }
}

/// Makes a zone and the topics that the spec's handles stand for; answers the zone's id.
fn prepared(account: &Account, domain: &str) -> Result<String> {
    let order = json!({ "Name": domain, "CallerReference": domain });
    let zone = account.outside("route53", "CreateHostedZone", &order)?;
    for topic in ["slack-ops", "pagerduty"] {
        account.outside("sns", "CreateTopic", &json!({ "Name": topic }))?;
    }
    let id = zone["HostedZone"]["Id"].as_str().context("a zone's id")?;
    Ok(id.trim_start_matches("/hostedzone/").to_owned())
}
