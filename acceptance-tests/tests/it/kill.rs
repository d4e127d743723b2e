//! SIGKILL of the provider and, apart, of Terraform at every write: the next apply converges.

use std::collections::BTreeSet;

use acceptance_tests::{
    Account, Call, Killed, Phase, Victim, Workspace, apply_killed, differences, writes_of,
};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value as Json, json};

use crate::fixtures;

/// What is applied and killed.
struct Scenario {
    /// The root before the killed apply; none for a create.
    before: Option<fn(&Account) -> Result<String>>,
    /// The root of the killed apply.
    wanted: fn(&Account) -> Result<String>,
}

const NETWORK: Scenario = Scenario {
    before: None,
    wanted: |_| Ok(fixtures::network("")),
};

const NETWORK_UPDATE: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::network(""))),
    wanted: |_| Ok(fixtures::network("  nat = \"per_az\"")),
};

/// Both ways at once: parts go, and others come in their place.
const NETWORK_CLOSED: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::network("  az_count = 1"))),
    wanted: |_| {
        let closed = "  az_count = 1\n  nat = \"none\"\n  ipv6 = false\n  flow_log_retention = 0";
        Ok(fixtures::network(closed))
    },
};

const SLICE: Scenario = Scenario {
    before: None,
    wanted: |account| fixtures::slice(account, "", fixtures::WORKER),
};

const SLICE_UPDATE: Scenario = Scenario {
    before: Some(|account| fixtures::slice(account, "", fixtures::WORKER)),
    wanted: |account| {
        let app = "  log_retention = 14\n  config = { A = \"1\" }";
        let worker = fixtures::WORKER.replace("v41", "v42") + "  desired_count = 2\n";
        let slice = fixtures::slice(account, app, &worker)?;
        Ok(slice.replace(
            &fixtures::cluster(""),
            &fixtures::cluster("  spot_percent = 50"),
        ))
    },
};

const JOB: Scenario = Scenario {
    before: None,
    wanted: |account| fixtures::scheduled(account, fixtures::REPORT),
};

const JOB_UPDATE: Scenario = Scenario {
    before: Some(|account| fixtures::scheduled(account, fixtures::REPORT)),
    wanted: |account| {
        let other = fixtures::REPORT.replace("v41", "v42") + "  enabled = false\n";
        fixtures::scheduled(account, &other)
    },
};

const WEB: Scenario = Scenario {
    before: None,
    wanted: |account| fixtures::web_slice(account, fixtures::SCALED),
};

/// Another port: two target groups for a while, and requests that must not be lost.
const WEB_UPDATE: Scenario = Scenario {
    before: Some(|account| fixtures::web_slice(account, "")),
    wanted: |account| fixtures::web_slice(account, "  port = 9090\n"),
};

const ROLE: Scenario = Scenario {
    before: None,
    wanted: |_| Ok(fixtures::role("  preset = \"read\"")),
};

const ROLE_UPDATE: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::role("  preset = \"read\""))),
    wanted: |_| Ok(fixtures::role("  preset = \"plan\"\n  max_session = 7200")),
};

const MONITOR: Scenario = Scenario {
    before: None,
    wanted: |_| Ok(fixtures::monitor("")),
};

const MONITOR_UPDATE: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::monitor(""))),
    wanted: |_| {
        let monitor = fixtures::monitor("  resource_tags = { team = \"core\" }");
        Ok(monitor.replace("= 50", "= 60").replace("= 10\n", "= 20\n"))
    },
};

const EVENT: Scenario = Scenario {
    before: None,
    wanted: |_| Ok(fixtures::event_monitor("")),
};

const EVENT_UPDATE: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::event_monitor(""))),
    wanted: |_| {
        let monitor = fixtures::event_monitor("").replace("_FAILED", "_STARTED");
        Ok(monitor.replace("= 5\n", "= 6\n"))
    },
};

/// One look back becomes two: composites come in between alarms that others name.
const BURN: Scenario = Scenario {
    before: Some(|_| Ok(once(&fixtures::burn_monitor("")))),
    wanted: |_| Ok(fixtures::burn_monitor("")),
};

/// And the other way round: what is named must not go before what names it.
const BURN_ONCE: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::burn_monitor(""))),
    wanted: |_| Ok(once(&fixtures::burn_monitor(""))),
};

fn once(monitor: &str) -> String {
    monitor.replace("  short_window = \"last_1m\"\n", "")
}

const ROUTER: Scenario = Scenario {
    before: None,
    wanted: |account| fixtures::router(account, &fixtures::domains(account)?),
};

/// Another scheme: the load balancer is made anew and everything moves to it.
const ROUTER_UPDATE: Scenario = Scenario {
    before: Some(|account| fixtures::router(account, &fixtures::domains(account)?)),
    wanted: |account| {
        let domains = fixtures::domains(account)?;
        fixtures::router(account, &format!("{domains}  public = false\n"))
    },
};

const DB: Scenario = Scenario {
    before: None,
    wanted: |account| fixtures::whole_db(account, ""),
};

/// Another machine, another password, other parameters.
const DB_UPDATE: Scenario = Scenario {
    before: Some(|account| fixtures::whole_db(account, "")),
    wanted: |account| {
        let more = "  password_version = 2\n  instance_class = \"db.t4g.small\"\n";
        let db = fixtures::whole_db(account, more)?;
        Ok(db.replace("work_mem = \"8192\", ", ""))
    },
};

macro_rules! kill_tests {
    ($($name:ident: $scenario:ident, $victim:ident;)*) => {
        $(#[test]
        fn $name() -> Result<()> {
            $scenario.survives(Victim::$victim)
        })*
    };
}

kill_tests! {
    provider_in_a_create_of_a_network: NETWORK, Provider;
    provider_in_an_update_of_a_network: NETWORK_UPDATE, Provider;
    provider_in_an_update_that_closes_a_network: NETWORK_CLOSED, Provider;
    provider_in_a_create_of_cluster_app_and_service: SLICE, Provider;
    provider_in_an_update_of_cluster_app_and_service: SLICE_UPDATE, Provider;
    provider_in_a_create_of_a_monitor: MONITOR, Provider;
    provider_in_an_update_of_a_monitor: MONITOR_UPDATE, Provider;
    provider_in_a_create_of_a_monitor_of_events: EVENT, Provider;
    provider_in_an_update_of_a_monitor_of_events: EVENT_UPDATE, Provider;
    terraform_in_a_create_of_a_monitor_of_events: EVENT, Terraform;
    terraform_in_an_update_of_a_monitor_of_events: EVENT_UPDATE, Terraform;
    provider_in_an_update_of_a_monitor_that_looks_twice: BURN, Provider;
    terraform_in_an_update_of_a_monitor_that_looks_twice: BURN, Terraform;
    provider_in_an_update_of_a_monitor_that_looks_once: BURN_ONCE, Provider;
    provider_in_a_create_of_a_job: JOB, Provider;
    provider_in_an_update_of_a_job: JOB_UPDATE, Provider;
    provider_in_a_create_of_a_service_with_routes: WEB, Provider;
    provider_in_an_update_of_a_service_with_routes: WEB_UPDATE, Provider;
    terraform_in_a_create_of_a_service_with_routes: WEB, Terraform;
    terraform_in_an_update_of_a_service_with_routes: WEB_UPDATE, Terraform;
    provider_in_a_create_of_a_role: ROLE, Provider;
    provider_in_an_update_of_a_role: ROLE_UPDATE, Provider;
    provider_in_a_create_of_a_router: ROUTER, Provider;
    provider_in_an_update_of_a_router: ROUTER_UPDATE, Provider;
    provider_in_a_create_of_a_db: DB, Provider;
    provider_in_an_update_of_a_db: DB_UPDATE, Provider;
    terraform_in_a_create_of_a_db: DB, Terraform;
    terraform_in_an_update_of_a_db: DB_UPDATE, Terraform;
    terraform_in_a_create_of_a_router: ROUTER, Terraform;
    terraform_in_an_update_of_a_router: ROUTER_UPDATE, Terraform;
    terraform_in_a_create_of_a_network: NETWORK, Terraform;
    terraform_in_an_update_of_a_network: NETWORK_UPDATE, Terraform;
    terraform_in_an_update_that_closes_a_network: NETWORK_CLOSED, Terraform;
    terraform_in_a_create_of_cluster_app_and_service: SLICE, Terraform;
    terraform_in_an_update_of_cluster_app_and_service: SLICE_UPDATE, Terraform;
    terraform_in_a_create_of_a_monitor: MONITOR, Terraform;
    terraform_in_an_update_of_a_monitor: MONITOR_UPDATE, Terraform;
    terraform_in_a_create_of_a_job: JOB, Terraform;
    terraform_in_an_update_of_a_job: JOB_UPDATE, Terraform;
    terraform_in_a_create_of_a_role: ROLE, Terraform;
    terraform_in_an_update_of_a_role: ROLE_UPDATE, Terraform;
}

/// The kills that a victim is put to. After one write and before the next the account is the same, so
/// both victims meet every state of it: the provider after each write, Terraform before each.
/// With `STACKWRIGHT_KILLS=all` both are killed before and after each.
fn kills(victim: Victim, writes: usize) -> Vec<(usize, Phase)> {
    let all = std::env::var_os("STACKWRIGHT_KILLS").is_some_and(|which| which == "all");
    let each = (1..=writes).flat_map(|write| Phase::ALL.map(|phase| (write, phase)));
    let wanted = |kill: &(usize, Phase)| match victim {
        _ if all => true,
        Victim::Provider => kill.1 == Phase::After || kill.0 == 1,
        Victim::Terraform => kill.1 == Phase::Before || kill.0 == writes,
    };
    each.filter(wanted).collect()
}

/// RDS goes on by itself with what was asked for before the kill. When nothing was left to be written, the
/// next apply has nothing to do and nobody waits.
fn let_databases_finish(account: &Account) -> Result<()> {
    const LOOKS: usize = 20;
    let at_rest = |database: &Json| {
        let pending = database["PendingModifiedValues"].as_object();
        database["DBInstanceStatus"] == "available" && pending.is_none_or(serde_json::Map::is_empty)
    };
    for _ in 0..LOOKS {
        let all = account.list("rds", "DescribeDBInstances", &json!({}), "DBInstances")?;
        if all.iter().all(at_rest) {
            return Ok(());
        }
    }
    bail!("a database is still being changed after {LOOKS} looks at it")
}

/// What was written and how it ended, for messages.
fn names(writes: &[Call]) -> Vec<String> {
    let name = |call: &Call| match &call.error_code {
        Some(code) => format!("{}: {code}", call.action),
        None => call.action.clone(),
    };
    writes.iter().map(name).collect()
}

/// Changes of records that are asked for at the same moment go out in one call: what takes eleven writes may
/// take ten another time, when the machine is less busy.
fn same_but_for_joined_records(some: &[String], others: &[String]) -> bool {
    let split = |writes: &[String]| {
        let (records, mut rest): (Vec<_>, Vec<_>) = writes
            .iter()
            .cloned()
            .partition(|write| write == "ChangeResourceRecordSets");
        rest.sort();
        (records.is_empty(), rest)
    };
    split(some) == split(others)
}

impl Scenario {
    /// Kills at every write, the last one included, before or after its effect.
    fn survives(&self, victim: Victim) -> Result<()> {
        let wanted = self.undisturbed()?;
        let writes = &wanted.1;
        let mut failures = BTreeSet::new();
        let kills = kills(victim, writes.len());
        for &(write, phase) in &kills {
            let told = || {
                let of = writes.len();
                format!(
                    "killed {phase:?} write {write} of {of} ({})",
                    writes[write - 1]
                )
            };
            let outcome = self.survives_one(victim, phase, write, &wanted);
            if let Err(error) = outcome.with_context(told) {
                failures.insert(format!("{error:#}"));
            }
        }
        let all: Vec<_> = failures.into_iter().collect();
        ensure!(
            all.is_empty(),
            "{} of {} kills did not converge\n{}",
            all.len(),
            kills.len(),
            all.join("\n\n")
        );
        Ok(())
    }

    /// The account after an apply that nothing disturbs, and the writes that it takes.
    fn undisturbed(&self) -> Result<(Json, Vec<String>)> {
        let root = self.root()?;
        let writes = names(&writes_of(&root)?);
        ensure!(!writes.is_empty(), "the apply wrote nothing");
        root.plan()?.empty()?;
        Ok((fixtures::comparable(root.account())?, writes))
    }

    /// A root in an account of its own, ready for the apply that is killed.
    fn root(&self) -> Result<Workspace> {
        let account = Account::fresh()?;
        let root = Workspace::new(&account, "")?;
        if let Some(before) = self.before {
            root.resources(&before(&account)?)?;
            root.apply()?.ok()?;
        }
        root.resources(&(self.wanted)(&account)?)?;
        account.forget_calls()?;
        Ok(root)
    }

    fn survives_one(
        &self,
        victim: Victim,
        phase: Phase,
        write: usize,
        wanted: &(Json, Vec<String>),
    ) -> Result<()> {
        let (undisturbed, writes) = wanted;
        let root = self.root()?;
        if apply_killed(&root, victim, phase, write)? == Killed::TooFewWrites {
            let fewer = names(&root.account().writes()?);
            ensure!(
                same_but_for_joined_records(&fewer, writes),
                "the apply ended before it came to this write, after {}",
                fewer.join(", ")
            );
            return self.survives_one(victim, phase, fewer.len(), wanted);
        }
        root.apply()?.ok().context("the next apply")?;
        let_databases_finish(root.account())?;
        let found = differences(undisturbed, &fixtures::comparable(root.account())?);
        ensure!(
            found.is_empty(),
            "the account differs from an undisturbed run:\n{}",
            found.join("\n")
        );
        root.plan()?.empty()
    }
}
