//! The life of each resource, cell by cell. `docs/tables/lifecycle.md` is rendered from what happens here.

use acceptance_tests::{Account, Action, Cell, Results, Workspace, same};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value as Json, json};

use crate::fixtures::{self, APP, CLUSTER, NETWORK, ROLE, ROUTER, SERVICE};

mod app;
mod cluster;
mod db;
mod job;
mod monitor;
mod network;
mod role;
mod router;
mod service;
mod web;

/// One resource and what happens to it. The roots are functions of the account, whose default network they may use.
struct Life {
    /// Row of the table.
    name: &'static str,
    address: &'static str,
    /// Addresses and ids to import, in order.
    imports: &'static [(&'static str, &'static str)],
    created: fn(&Account) -> Result<String>,
    updated: fn(&Account) -> Result<String>,
    /// Attributes that the update must show.
    update_shows: &'static [&'static str],
    replaced: fn(&Account) -> Result<String>,
    side: Removal,
    main: Removal,
    all: fn(&Account) -> Result<()>,
}

/// What somebody deletes outside.
enum Removal {
    /// Deletes it and returns the key of the component.
    By(fn(&Account) -> Result<&'static str>),
    /// There is nothing to delete.
    Excepted(&'static str),
}

/// The steps, in the order in which they happen to one resource in one account.
const STEPS: [(&str, Step); 9] = [
    ("create", Life::create),
    ("empty second plan", Life::second_plan),
    ("update in place", Life::update),
    ("import by id", Life::import),
    ("side component deleted outside", Life::side_deleted),
    ("main component deleted outside", Life::main_deleted),
    ("everything deleted outside", Life::all_deleted),
    ("replace", Life::replace),
    ("destroy", Life::destroy),
];

type Step = fn(&Life, &Stage) -> Result<Cell>;

/// Where a life takes place.
struct Stage {
    root: Workspace,
    /// The account before anything was made.
    untouched: Json,
}

impl Life {
    /// Lives through all steps, writes each cell down, and fails with every step that failed.
    fn live(&self) -> Result<()> {
        let account = Account::fresh()?;
        let root = Workspace::new(&account, &(self.created)(&account)?)?;
        let stage = Stage {
            untouched: account.dump()?,
            root,
        };
        let mut results = Results::new("lifecycle", self.name)?;
        let mut failures = Vec::new();
        for (name, step) in STEPS {
            let cell = step(self, &stage).unwrap_or_else(|error| {
                failures.push(format!("{} / {name}: {error:#}", self.name));
                Cell::Failed(format!("{error}"))
            });
            results.record(name, cell)?;
        }
        ensure!(failures.is_empty(), "{}", failures.join("\n\n"));
        Ok(())
    }

    fn create(&self, stage: &Stage) -> Result<Cell> {
        stage.root.plan()?.expect(self.address, Action::Create)?;
        let before = stage.root.account().writes()?.len();
        ensure!(before == 0, "a plan made {before} writes");
        stage.root.apply()?.ok()?;
        let writes = stage.root.account().writes()?.len();
        ensure!(
            stage.root.account().dump()? != stage.untouched,
            "nothing exists after the apply"
        );
        Ok(Cell::Shown(format!("made with {writes} writes")))
    }

    fn second_plan(_: &Self, stage: &Stage) -> Result<Cell> {
        stage.root.account().forget_calls()?;
        stage.root.plan()?.empty()?;
        // How many reads it takes depends on which of them meet in a batch: the benchmark counts those.
        let writes = stage.root.account().writes()?;
        ensure!(writes.is_empty(), "an empty plan has written: {writes:?}");
        Ok(Cell::Shown("no changes, no writes".to_owned()))
    }

    fn update(&self, stage: &Stage) -> Result<Cell> {
        let account = stage.root.account();
        let created = account.dump()?;
        stage.root.resources(&(self.updated)(account)?)?;
        let change = stage.root.plan()?.expect(self.address, Action::Update)?;
        let shown = change.changed();
        for name in self.update_shows {
            ensure!(
                shown.iter().any(|it| it == name),
                "the plan shows {shown:?} and not {name}"
            );
        }
        account.forget_calls()?;
        stage.root.apply_saved()?.ok()?;
        let writes = account.writes()?.len();
        stage.root.plan()?.empty()?;
        ensure!(
            account.dump()? != created,
            "the update changed nothing in AWS"
        );
        self.settle(stage)?;
        Ok(Cell::Shown(format!(
            "{writes} writes for {}",
            self.update_shows.join(", ")
        )))
    }

    /// Back to the first configuration, whatever was before.
    fn settle(&self, stage: &Stage) -> Result<()> {
        stage
            .root
            .resources(&(self.created)(stage.root.account())?)?;
        stage.root.apply()?.ok()?;
        stage.root.plan()?.empty()
    }

    fn import(&self, stage: &Stage) -> Result<Cell> {
        let account = stage.root.account();
        let known = stage.root.attributes(self.address)?;
        stage.root.forget_state()?;
        account.forget_calls()?;
        for (address, id) in self.imports {
            stage.root.import(address, id)?.ok()?;
        }
        ensure!(
            account.writes()?.is_empty(),
            "an import wrote: {:?}",
            account.writes()?
        );
        stage.root.plan()?.empty()?;
        let found = stage.root.attributes(self.address)?;
        ensure!(
            found["id"] == known["id"],
            "id is {} after the import, was {}",
            found["id"],
            known["id"]
        );
        Ok(Cell::Shown("state rebuilt, no changes".to_owned()))
    }

    fn side_deleted(&self, stage: &Stage) -> Result<Cell> {
        let Removal::By(remove) = self.side else {
            return self.side.excepted();
        };
        let component = self.repaired(stage, remove, Action::Update)?;
        Ok(Cell::Shown(format!(
            "`{component}` in drift, created again alone"
        )))
    }

    fn main_deleted(&self, stage: &Stage) -> Result<Cell> {
        let Removal::By(remove) = self.main else {
            return self.main.excepted();
        };
        let component = self.repaired(stage, remove, Action::Replace)?;
        Ok(Cell::Shown(format!("`{component}` in drift, replaced")))
    }

    /// Removes a component, sees it in the plan, and has the account as before after an apply.
    fn repaired(
        &self,
        stage: &Stage,
        remove: fn(&Account) -> Result<&'static str>,
        action: Action,
    ) -> Result<&'static str> {
        self.settle(stage)?;
        let account = stage.root.account();
        let whole = account.dump()?;
        let component = remove(account)?;
        ensure!(
            account.dump()? != whole,
            "the removal of {component} does not show in the dump"
        );
        let plan = stage.root.plan()?;
        let change = plan.expect(self.address, action)?;
        let drift = change.drift()?;
        let told = drift
            .iter()
            .any(|drift| drift.component == component && drift.cause == "outside");
        ensure!(told, "drift does not name {component}: {drift:?}");
        plan.output.says(&[component])?;
        stage.root.apply_saved()?.ok()?;
        stage.root.plan()?.empty()?;
        same("the account after the repair", &whole, &account.dump()?)?;
        Ok(component)
    }

    fn all_deleted(&self, stage: &Stage) -> Result<Cell> {
        self.settle(stage)?;
        let account = stage.root.account();
        let whole = account.dump()?;
        (self.all)(account)?;
        let plan = stage.root.plan()?;
        plan.expect(self.address, Action::Create)?;
        stage.root.apply_saved()?.ok()?;
        stage.root.plan()?.empty()?;
        same("the account after making it anew", &whole, &account.dump()?)?;
        Ok(Cell::Shown("gone from state, created anew".to_owned()))
    }

    fn replace(&self, stage: &Stage) -> Result<Cell> {
        self.settle(stage)?;
        let account = stage.root.account();
        let whole = account.dump()?;
        stage.root.resources(&(self.replaced)(account)?)?;
        stage.root.plan()?.expect(self.address, Action::Replace)?;
        stage.root.apply_saved()?.ok()?;
        stage.root.plan()?.empty()?;
        stage.root.resources(&(self.created)(account)?)?;
        stage.root.apply()?.ok()?;
        same(
            "the account after replacing forth and back",
            &whole,
            &account.dump()?,
        )?;
        Ok(Cell::Shown("replaced, the old one is gone".to_owned()))
    }

    fn destroy(_: &Self, stage: &Stage) -> Result<Cell> {
        stage.root.destroy()?.ok()?;
        let left = stage.root.state()?["resources"]
            .as_array()
            .map_or(0, Vec::len);
        stage.root.account().nothing_unimplemented()?;
        ensure!(left == 0, "{left} resources are left in state");
        same(
            "the account after the destroy",
            &stage.untouched,
            &stage.root.account().dump()?,
        )?;
        Ok(Cell::Shown("the account is as before".to_owned()))
    }
}

impl Removal {
    fn excepted(&self) -> Result<Cell> {
        match self {
            Self::Excepted(reason) => Ok(Cell::Excepted((*reason).to_owned())),
            Self::By(_) => bail!("this removal has no exception"),
        }
    }
}

/// Deletes the account's own roles whose name contains a text, as AWS demands: policies first.
fn delete_roles(account: &Account, text: &str) -> Result<usize> {
    let roles = account.list("iam", "ListRoles", &json!({}), "Roles")?;
    let names = roles
        .iter()
        .filter_map(|role| role["RoleName"].as_str())
        .filter(|name| name.contains(text));
    let names: Vec<_> = names.filter(|name| name.starts_with("acme")).collect();
    for name in &names {
        delete_role(account, name)?;
    }
    Ok(names.len())
}

fn delete_role(account: &Account, name: &str) -> Result<()> {
    let role = json!({ "RoleName": name });
    for policy in account.list("iam", "ListRolePolicies", &role, "PolicyNames")? {
        account.outside(
            "iam",
            "DeleteRolePolicy",
            &json!({ "RoleName": name, "PolicyName": policy }),
        )?;
    }
    for policy in account.list("iam", "ListAttachedRolePolicies", &role, "AttachedPolicies")? {
        let both = json!({ "RoleName": name, "PolicyArn": policy["PolicyArn"] });
        account.outside("iam", "DetachRolePolicy", &both)?;
    }
    account.outside("iam", "DeleteRole", &role).map(drop)
}

/// Ids of objects of the account that carry a tag of ours.
fn ours(account: &Account, operation: &str, list: &str, id: &str) -> Result<Vec<String>> {
    let filter = json!({ "Filters": [{ "Name": "tag-key", "Values": ["stackwright:id"] }] });
    let found = account.list("ec2", operation, &filter, list)?;
    // What was deleted is listed for a while.
    let found: Vec<_> = found
        .into_iter()
        .filter(|it| it["State"] != "deleted")
        .collect();
    let ids: Option<Vec<_>> = found
        .iter()
        .map(|it| it[id].as_str().map(str::to_owned))
        .collect();
    ids.with_context(|| format!("{operation} answered no {id}"))
}
