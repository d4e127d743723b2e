//! An apply that is stopped at a write: by SIGKILL of the provider or of Terraform, or by a refused call. From
//! there it goes on three ways: the same again, the change reverted, everything destroyed. Each ends as if nothing
//! had come in between.
//!
//! `make test` takes a sample of the stops of each scenario, which changes with the commit; `make sweep`, or
//! `STACKWRIGHT_STOPS=all`, takes every write and every way.

use acceptance_tests::{
    Account, Call, Fault, Killed, Phase, Stops, Victim, Workspace, apply_killed, differences,
};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value as Json, json};

use crate::{fixtures, sampling};

type Root = fn(&Account) -> Result<String>;

/// What is applied and stopped.
struct Scenario {
    /// The root before the apply that is stopped; none for a create.
    before: Option<Root>,
    /// The root of that apply.
    wanted: Root,
    /// Whether it makes a resource that is in no state before.
    creates: bool,
    /// Whether the way back is open.
    reverts: bool,
}

/// How an apply is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Kill(Victim, Phase),
    Refuse,
}

impl Stop {
    const fn by(self) -> &'static str {
        match self {
            Self::Kill(Victim::Provider, _) => "provider killed",
            Self::Kill(Victim::Terraform, _) => "Terraform killed",
            Self::Refuse => "refused",
        }
    }
}

/// How it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Again,
    Revert,
    Destroy,
}

impl Next {
    const ALL: [Self; 3] = [Self::Again, Self::Revert, Self::Destroy];
}

const NETWORK: Scenario = Scenario {
    before: None,
    wanted: |_| Ok(fixtures::network("")),
    creates: true,
    reverts: true,
};

const NETWORK_UPDATE: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::network(""))),
    wanted: |_| Ok(fixtures::network("  nat = \"per_az\"")),
    creates: false,
    reverts: true,
};

/// Both ways at once: parts go, and others come in their place.
const NETWORK_CLOSED: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::network("  az_count = 1"))),
    wanted: |_| {
        let closed = "  az_count = 1\n  nat = \"none\"\n  ipv6 = false\n  flow_log_retention = 0";
        Ok(fixtures::network(closed))
    },
    creates: false,
    reverts: true,
};

const NETWORK_RENAMED: Scenario = Scenario {
    before: Some(|_| Ok(small_network("main"))),
    wanted: |_| Ok(small_network("other")),
    creates: true,
    reverts: true,
};

fn small_network(name: &str) -> String {
    let small = "  az_count = 1\n  flow_log_retention = 0\n  ipv6 = false";
    fixtures::network(small).replace("name = \"main\"", &format!("name = \"{name}\""))
}

const SLICE: Scenario = Scenario {
    before: None,
    wanted: |account| fixtures::slice(account, "", fixtures::WORKER),
    creates: true,
    reverts: true,
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
    creates: false,
    reverts: true,
};

/// Cluster, app and service get other names, so all three are replaced.
const SLICE_RENAMED: Scenario = Scenario {
    before: Some(|account| fixtures::slice(account, "", fixtures::WORKER)),
    wanted: |account| {
        let slice = fixtures::slice(account, "", fixtures::WORKER)?;
        Ok(slice
            .replace("name = \"main\"", "name = \"other\"")
            .replace("name    = \"shop\"", "name    = \"store\""))
    },
    creates: true,
    reverts: true,
};

const JOB: Scenario = Scenario {
    before: None,
    wanted: |account| fixtures::scheduled(account, fixtures::REPORT),
    creates: true,
    reverts: true,
};

const JOB_UPDATE: Scenario = Scenario {
    before: Some(|account| fixtures::scheduled(account, fixtures::REPORT)),
    wanted: |account| {
        let other = fixtures::REPORT.replace("v41", "v42") + "  enabled = false\n";
        fixtures::scheduled(account, &other)
    },
    creates: false,
    reverts: true,
};

const JOB_RENAMED: Scenario = Scenario {
    before: Some(|account| fixtures::scheduled(account, fixtures::REPORT)),
    wanted: |account| {
        let root = fixtures::scheduled(account, fixtures::REPORT)?;
        Ok(root.replace("process  = \"report\"", "process  = \"summary\""))
    },
    creates: true,
    reverts: true,
};

const WEB: Scenario = Scenario {
    before: None,
    wanted: |account| fixtures::web_slice(account, fixtures::SCALED),
    creates: true,
    reverts: true,
};

/// Another port: two target groups for a while, and requests that must not be lost.
const WEB_UPDATE: Scenario = Scenario {
    before: Some(|account| fixtures::web_slice(account, "")),
    wanted: |account| fixtures::web_slice(account, "  port = 9090\n"),
    creates: false,
    reverts: true,
};

/// Another private name: AWS cannot change one.
const PRIVATE_NAME: Scenario = Scenario {
    before: Some(|account| named_slice(account, "api.shop")),
    wanted: |account| named_slice(account, "other.shop"),
    creates: false,
    reverts: true,
};

fn named_slice(account: &Account, name: &str) -> Result<String> {
    let (network, named) = (
        account.default_network()?,
        fixtures::network_with_names(account)?,
    );
    let worker = format!("{}  private_name = \"{name}\"\n", fixtures::WORKER);
    Ok(fixtures::slice(account, "", &worker)?.replace(&network, &named))
}

const ROLE: Scenario = Scenario {
    before: None,
    wanted: |_| Ok(fixtures::role("  preset = \"read\"")),
    creates: true,
    reverts: true,
};

const ROLE_UPDATE: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::role("  preset = \"read\""))),
    wanted: |_| Ok(fixtures::role("  preset = \"plan\"\n  max_session = 7200")),
    creates: false,
    reverts: true,
};

const ROLE_RENAMED: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::role("  preset = \"read\""))),
    wanted: |_| {
        Ok(fixtures::role("  preset = \"read\"").replace("\"acme-deploy\"", "\"acme-look\""))
    },
    creates: true,
    reverts: true,
};

const MONITOR: Scenario = Scenario {
    before: None,
    wanted: |_| Ok(fixtures::monitor("")),
    creates: true,
    reverts: true,
};

const MONITOR_UPDATE: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::monitor(""))),
    wanted: |_| {
        let monitor = fixtures::monitor("  resource_tags = { team = \"core\" }");
        Ok(monitor.replace("= 50", "= 60").replace("= 10\n", "= 20\n"))
    },
    creates: false,
    reverts: true,
};

const MONITOR_RENAMED: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::monitor(""))),
    wanted: |_| Ok(fixtures::monitor("").replace("App Internal Errors", "Shop Errors")),
    creates: true,
    reverts: true,
};

const EVENT: Scenario = Scenario {
    before: None,
    wanted: |_| Ok(fixtures::event_monitor("")),
    creates: true,
    reverts: true,
};

const EVENT_UPDATE: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::event_monitor(""))),
    wanted: |_| {
        let monitor = fixtures::event_monitor("").replace("_FAILED", "_STARTED");
        Ok(monitor.replace("= 5\n", "= 6\n"))
    },
    creates: false,
    reverts: true,
};

/// A monitor becomes another kind of monitor: an object without tags takes the place of another one.
const LOGS_OR_EVENTS: Scenario = Scenario {
    before: Some(|account| fixtures::log_monitor(account, "")),
    wanted: |account| {
        fixtures::log_monitor(account, "")?;
        Ok(fixtures::event_monitor(""))
    },
    creates: false,
    reverts: true,
};

/// One look back becomes two: composites come in between alarms that others name.
const BURN: Scenario = Scenario {
    before: Some(|_| Ok(once(&fixtures::burn_monitor("")))),
    wanted: |_| Ok(fixtures::burn_monitor("")),
    creates: false,
    reverts: true,
};

/// And the other way round: what is named must not go before what names it.
const BURN_ONCE: Scenario = Scenario {
    before: Some(|_| Ok(fixtures::burn_monitor(""))),
    wanted: |_| Ok(once(&fixtures::burn_monitor(""))),
    creates: false,
    reverts: true,
};

fn once(monitor: &str) -> String {
    monitor.replace("  short_window = \"last_1m\"\n", "")
}

const ROUTER: Scenario = Scenario {
    before: None,
    wanted: |account| fixtures::router(account, &fixtures::domains(account)?),
    creates: true,
    reverts: true,
};

/// Another scheme: the load balancer is replaced, and everything moves to it.
const ROUTER_UPDATE: Scenario = Scenario {
    before: Some(|account| fixtures::router(account, &fixtures::domains(account)?)),
    wanted: |account| {
        let domains = fixtures::domains(account)?;
        fixtures::router(account, &format!("{domains}  public = false\n"))
    },
    creates: false,
    reverts: true,
};

/// Other domains: the certificate is replaced, and records come and go.
const ROUTER_DOMAINS: Scenario = Scenario {
    before: Some(|account| fixtures::router(account, &one_domain(account)?)),
    wanted: |account| fixtures::router(account, &fixtures::domains(account)?),
    creates: false,
    reverts: true,
};

fn one_domain(account: &Account) -> Result<String> {
    Ok(fixtures::domains(account)?.replace(", \"*.example.com\"", ""))
}

const ROUTER_RENAMED: Scenario = Scenario {
    before: Some(|account| fixtures::router(account, &one_domain(account)?)),
    wanted: |account| {
        let router = fixtures::router(account, &one_domain(account)?)?;
        Ok(router.replace("name    = \"public\"", "name    = \"front\""))
    },
    creates: true,
    reverts: true,
};

const DB: Scenario = Scenario {
    before: None,
    wanted: |account| fixtures::whole_db(account, ""),
    creates: true,
    reverts: true,
};

/// Another machine, and other parameters.
const DB_UPDATE: Scenario = Scenario {
    before: Some(|account| fixtures::whole_db(account, "")),
    wanted: |account| {
        let more = "  instance_class = \"db.t4g.small\"\n";
        let db = fixtures::whole_db(account, more)?;
        Ok(db.replace("work_mem = \"8192\", ", ""))
    },
    creates: false,
    reverts: true,
};

/// Another password: the plan refuses to bring an old one back.
const DB_PASSWORD: Scenario = Scenario {
    before: Some(|account| fixtures::whole_db(account, "")),
    wanted: |account| fixtures::whole_db(account, "  password_version = 2\n"),
    creates: false,
    reverts: false,
};

const DB_RENAMED: Scenario = Scenario {
    before: Some(|account| fixtures::whole_db(account, "")),
    wanted: |account| {
        let db = fixtures::whole_db(account, "")?;
        Ok(db.replace("name    = \"main\"", "name    = \"second\""))
    },
    creates: true,
    reverts: true,
};

/// Another zone of a replica, which AWS cannot change.
const DB_REPLICA: Scenario = Scenario {
    before: Some(|account| replica_in(account, "us-west-2a")),
    wanted: |account| replica_in(account, "us-west-2b"),
    creates: false,
    reverts: true,
};

fn replica_in(account: &Account, zone: &str) -> Result<String> {
    let db = fixtures::whole_db(account, "")?;
    Ok(db.replace(
        "replicas = { a = {} }",
        &format!("replicas = {{ a = {{ availability_zone = \"{zone}\" }} }}"),
    ))
}

macro_rules! stops {
    ($($scenario:ident: $name:ident = $by:expr;)*) => {
        $(#[test]
        fn $name() -> Result<()> {
            $scenario.survives(stringify!($name), $by)
        })*
    };
}

/// What stops an apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Kill(Victim),
    Refuse,
}

const ALL: &[By] = &[
    By::Kill(Victim::Provider),
    By::Refuse,
    By::Kill(Victim::Terraform),
];

/// A killed Terraform loses what it knows of the resources that it has deleted: nothing can be said of them.
const BUT_TERRAFORM: &[By] = &[By::Kill(Victim::Provider), By::Refuse];

stops! {
    NETWORK: network_create = ALL;
    NETWORK_UPDATE: network_update = ALL;
    NETWORK_CLOSED: network_closed = ALL;
    NETWORK_RENAMED: network_renamed = BUT_TERRAFORM;
    SLICE: slice_create = ALL;
    SLICE_UPDATE: slice_update = ALL;
    SLICE_RENAMED: slice_renamed = BUT_TERRAFORM;
    PRIVATE_NAME: private_name = ALL;
    JOB: job_create = ALL;
    JOB_UPDATE: job_update = ALL;
    JOB_RENAMED: job_renamed = BUT_TERRAFORM;
    WEB: web_create = ALL;
    WEB_UPDATE: web_update = ALL;
    ROLE: role_create = ALL;
    ROLE_UPDATE: role_update = ALL;
    ROLE_RENAMED: role_renamed = BUT_TERRAFORM;
    MONITOR: monitor_create = ALL;
    MONITOR_UPDATE: monitor_update = ALL;
    MONITOR_RENAMED: monitor_renamed = BUT_TERRAFORM;
    EVENT: event_create = ALL;
    EVENT_UPDATE: event_update = ALL;
    LOGS_OR_EVENTS: monitor_retyped = BUT_TERRAFORM;
    BURN: burn = ALL;
    BURN_ONCE: burn_once = ALL;
    ROUTER: router_create = ALL;
    ROUTER_UPDATE: router_update = ALL;
    ROUTER_DOMAINS: router_domains = ALL;
    ROUTER_RENAMED: router_renamed = BUT_TERRAFORM;
    DB: db_create = ALL;
    DB_UPDATE: db_update = ALL;
    DB_PASSWORD: db_password = ALL;
    DB_RENAMED: db_renamed = BUT_TERRAFORM;
    DB_REPLICA: db_replica = ALL;
}

/// One stop and how it goes on.
#[derive(Debug, Clone, Copy)]
struct Case {
    write: usize,
    stop: Stop,
    next: Next,
}

/// The stops of a test: all of them in a sweep, else a sample.
fn cases(test: &str, by: &[By], writes: usize) -> Vec<Case> {
    let stops = |by: By| (1..=writes).flat_map(move |write| stops_at(write, by, writes));
    let ways = |(write, stop)| Next::ALL.map(|next| Case { write, stop, next });
    let all: Vec<Case> = by.iter().copied().flat_map(stops).flat_map(ways).collect();
    sampling::some_of(test, all, |case| format!("{:?}", case.next))
}

/// The stops at one write. After one write and before the next the account is the same: a sample leaves out what
/// has been seen.
fn stops_at(write: usize, by: By, writes: usize) -> Vec<(usize, Stop)> {
    let phases: &[Phase] = match by {
        By::Refuse => return vec![(write, Stop::Refuse)],
        By::Kill(_) if sampling::is_sweep() => &Phase::ALL,
        By::Kill(Victim::Provider) if write == 1 => &Phase::ALL,
        By::Kill(Victim::Provider) => &[Phase::After],
        By::Kill(Victim::Terraform) if write == writes => &Phase::ALL,
        By::Kill(Victim::Terraform) => &[Phase::Before],
    };
    let By::Kill(victim) = by else {
        return Vec::new();
    };
    let stop = |phase: &Phase| (write, Stop::Kill(victim, *phase));
    phases.iter().map(stop).collect()
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

/// Changes of records, and lines of the journal, that are asked for at the same moment go out in one call: what
/// takes eleven writes may take ten another time, when the machine is less busy.
fn same_but_for_joined(some: &[String], others: &[String]) -> bool {
    const JOINED: [&str; 2] = ["ChangeResourceRecordSets", "PutParameter"];
    let rest = |writes: &[String]| {
        let mut rest: Vec<String> = writes.to_vec();
        rest.retain(|write| !JOINED.contains(&write.as_str()));
        rest.sort();
        rest
    };
    rest(some) == rest(others)
}

/// How accounts look that nothing has disturbed.
struct Undisturbed {
    /// Before anything was made.
    untouched: Json,
    /// Before the apply that is stopped.
    before: Json,
    /// After it.
    after: Json,
    /// The writes that it takes.
    writes: Vec<String>,
}

impl Undisturbed {
    const fn goal(&self, next: Next) -> &Json {
        match next {
            Next::Again => &self.after,
            Next::Revert => &self.before,
            Next::Destroy => &self.untouched,
        }
    }
}

impl Scenario {
    fn survives(&self, test: &str, by: &[By]) -> Result<()> {
        let undisturbed = self.undisturbed()?;
        let mut cases = cases(test, by, undisturbed.writes.len());
        cases.retain(|case| self.reverts || case.next != Next::Revert);
        let mut counts = Stops::new(test)?;
        let mut failures = Vec::new();
        for case in &cases {
            let told = || {
                let Case { write, stop, next } = case;
                let (of, name) = (undisturbed.writes.len(), &undisturbed.writes[write - 1]);
                format!("{stop:?} at write {write} of {of} ({name}), then {next:?}")
            };
            match self.survives_one(*case, &undisturbed).with_context(told) {
                Ok(()) => counts.held(&format!("{}, {:?}", case.stop.by(), case.next))?,
                Err(error) => failures.push(format!("{error:#}")),
            }
        }
        ensure!(
            failures.is_empty(),
            "{} of {} stops did not lead where they should\n{}",
            failures.len(),
            cases.len(),
            failures.join("\n\n")
        );
        Ok(())
    }

    fn undisturbed(&self) -> Result<Undisturbed> {
        let account = Account::fresh()?;
        let (root, untouched) = self.root(&account)?;
        let before = fixtures::comparable(&account)?;
        root.apply()?.ok()?;
        let writes = names(&account.all_writes()?);
        ensure!(!writes.is_empty(), "the apply wrote nothing");
        root.plan()?.empty()?;
        Ok(Undisturbed {
            untouched,
            before,
            after: fixtures::comparable(&account)?,
            writes,
        })
    }

    /// A root ready for the apply that is stopped, and the account before anything was made.
    fn root(&self, account: &Account) -> Result<(Workspace, Json)> {
        let wanted = (self.wanted)(account)?;
        let before = self.before.map(|before| before(account)).transpose()?;
        let untouched = fixtures::comparable(account)?;
        let root = Workspace::new(account, "")?;
        if let Some(before) = before {
            root.resources(&before)?;
            root.apply()?.ok()?;
        }
        root.resources(&wanted)?;
        account.forget_calls()?;
        Ok((root, untouched))
    }

    fn survives_one(&self, case: Case, undisturbed: &Undisturbed) -> Result<()> {
        let account = Account::fresh()?;
        let (root, _) = self.root(&account)?;
        if !stopped(&root, case)? {
            let fewer = names(&account.all_writes()?);
            ensure!(
                same_but_for_joined(&fewer, &undisturbed.writes),
                "the apply ended before it came to this write, after {}",
                fewer.join(", ")
            );
            let write = fewer.len();
            return self.survives_one(Case { write, ..case }, undisturbed);
        }
        self.go_on(&root, case)?;
        let_databases_finish(&account)?;
        let found = differences(
            &but_revisions(undisturbed.goal(case.next), case.next)?,
            &but_revisions(&fixtures::comparable(&account)?, case.next)?,
        );
        ensure!(
            found.is_empty(),
            "the account differs from an undisturbed run:\n{}",
            found.join("\n")
        );
        root.plan()?.empty()
    }

    fn go_on(&self, root: &Workspace, case: Case) -> Result<()> {
        // Terraform does not tell the provider of a resource that is in no state and in no configuration: after a
        // killed create the way back leads through another apply, as the documentation says.
        let in_no_state = self.creates && matches!(case.stop, Stop::Kill(..));
        if in_no_state && case.next != Next::Again {
            root.apply()?.ok().context("the same again")?;
        }
        match case.next {
            Next::Again => {}
            Next::Revert => {
                let before = self.before.map(|before| before(root.account()));
                root.resources(&before.transpose()?.unwrap_or_default())?;
            }
            Next::Destroy => {
                root.destroy()?.ok()?;
                return root.resources("");
            }
        }
        root.apply()?.ok().map(drop)
    }
}

/// Going back registers what runs then as another revision: what it says is compared by the plan.
fn but_revisions(dump: &Json, next: Next) -> Result<Json> {
    if next == Next::Destroy {
        return Ok(dump.clone());
    }
    let mut dump = dump.clone();
    dump["task_definitions"] = Json::Null;
    let text = dump.to_string();
    let mut parts = text.split(":active-");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain += ":active";
        plain += part.trim_start_matches(|it: char| it.is_ascii_digit());
    }
    Ok(serde_json::from_str(&plain)?)
}

/// Applies until the stop; false when the apply ended before it came to that write.
fn stopped(root: &Workspace, case: Case) -> Result<bool> {
    match case.stop {
        Stop::Kill(victim, phase) => {
            Ok(apply_killed(root, victim, phase, case.write)? == Killed::AtWrite)
        }
        Stop::Refuse => refused(root, case.write),
    }
}

fn refused(root: &Workspace, write: usize) -> Result<bool> {
    let account = root.account();
    let fault = Fault::on_writes().after_calls(write - 1);
    account.fault(fault.answer(400, "InvalidParameterException", "refused by the test"))?;
    let output = root.apply()?;
    account.no_faults()?;
    if output.code != Some(0) {
        output.says(&["refused by the test"])?;
        return Ok(true);
    }
    // The end of the journal is tidying up, which an apply does not depend on.
    let last = names(&account.all_writes()?).pop();
    Ok(last.is_some_and(|write| write.starts_with("DeleteParameters: ")))
}
