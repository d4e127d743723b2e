//! A world in memory, and the engine's rules tried on it.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::{Map, Value as Json};
use stackwright_aws::{AwsError, Created, Freshness, Recorded, Wait};
use stackwright_plan::component::{LogGroup, Role};
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{Kind, OwnTags, Scope};

use super::Seen;
use super::world::{Search, World};

type Objects = BTreeMap<(Kind, String), Map<String, Json>>;

/// Objects by kind and id, and what was done to them.
#[derive(Default)]
pub(crate) struct Fake {
    objects: Mutex<Objects>,
    log: Mutex<Vec<String>>,
    refuse: Mutex<Option<String>>,
    /// How many writes pass before the next one is refused.
    refuse_after: Mutex<Option<usize>>,
    /// What was waited for, by kind.
    settled: Mutex<BTreeMap<Kind, Map<String, Json>>>,
}

impl Fake {
    /// What was written, in order: `create log_group /a`.
    pub(crate) fn writes(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// Refuses the write with this line.
    pub(crate) fn refuse(&self, line: &str) {
        *self.refuse.lock().unwrap() = Some(line.to_owned());
    }

    /// Refuses all writes after so many.
    pub(crate) fn refuse_after(&self, writes: usize) {
        *self.refuse_after.lock().unwrap() = Some(writes);
    }

    /// Lets everything pass again.
    pub(crate) fn allow(&self) {
        *self.refuse.lock().unwrap() = None;
        *self.refuse_after.lock().unwrap() = None;
    }

    /// Another world with the same objects.
    pub(crate) fn copy(&self) -> Self {
        Self {
            objects: Mutex::new(self.objects()),
            ..Self::default()
        }
    }

    /// Everything that exists.
    pub(crate) fn objects(&self) -> Objects {
        self.objects.lock().unwrap().clone()
    }

    /// Whether a field of another object holds its ARN: AWS refuses to delete it then.
    fn is_used(&self, kind: Kind, id: &str) -> bool {
        let arn = Json::from(format!("arn:{id}"));
        let uses = |((of, name), fields): (&(Kind, String), &Map<String, Json>)| {
            (*of, name.as_str()) != (kind, id) && fields.values().any(|value| *value == arn)
        };
        self.objects.lock().unwrap().iter().any(uses)
    }

    /// Changes an object from outside.
    pub(crate) fn outside(&self, kind: Kind, change: impl Fn(&mut Map<String, Json>)) {
        let mut objects = self.objects.lock().unwrap();
        objects
            .iter_mut()
            .filter(|((of, _), _)| *of == kind)
            .for_each(|(_, fields)| change(fields));
    }

    /// Removes all objects of a kind from outside.
    pub(crate) fn lose(&self, kind: Kind) {
        self.objects
            .lock()
            .unwrap()
            .retain(|(of, _), _| *of != kind);
    }

    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.objects.lock().unwrap().len()
    }

    fn write(&self, line: String) -> Result<(), AwsError> {
        let passes = match &mut *self.refuse_after.lock().unwrap() {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        };
        if !passes || self.refuse.lock().unwrap().as_ref() == Some(&line) {
            return Err(refused("not today"));
        }
        self.log.lock().unwrap().push(line);
        Ok(())
    }

    fn id(kind: Kind, fields: &Map<String, Json>) -> String {
        let name = match kind {
            Kind::LogGroup => "log_group_name",
            Kind::Role => "role_name",
            other => unreachable!("the fake has no {}", other.label()),
        };
        text(fields, name)
    }
}

fn refused(message: &str) -> AwsError {
    AwsError::Refused {
        service: "fake",
        operation: "Write".to_owned(),
        code: "No".to_owned(),
        message: message.to_owned(),
    }
}

fn text(fields: &Map<String, Json>, name: &str) -> String {
    fields[name]
        .as_str()
        .map_or_else(|| fields[name].to_string(), str::to_owned)
}

fn seen(id: &str, fields: &Map<String, Json>) -> Seen {
    let tags =
        serde_json::from_value(fields.get("tags").cloned().unwrap_or_default()).unwrap_or_default();
    Seen {
        fields: fields.clone(),
        outputs: outputs(id),
        tags,
    }
}

fn outputs(id: &str) -> Recorded {
    Recorded::from([
        ("arn".to_owned(), format!("arn:{id}")),
        ("name".to_owned(), id.to_owned()),
    ])
}

fn label(kind: Kind) -> String {
    kind.label().replace(' ', "_").to_lowercase()
}

#[async_trait]
impl World for Fake {
    async fn read(
        &self,
        kind: Kind,
        recorded: &Recorded,
        _freshness: Freshness,
    ) -> Result<Option<Seen>, AwsError> {
        let id = recorded["arn"].trim_start_matches("arn:").to_owned();
        let objects = self.objects.lock().unwrap();
        Ok(objects
            .get(&(kind, id.clone()))
            .map(|fields| seen(&id, fields)))
    }

    async fn find(&self, kind: Kind, search: Search<'_>) -> Result<Vec<Seen>, AwsError> {
        let wanted = match search {
            Search::Desired(desired, _) => Self::id(kind, desired),
            Search::Named(name) => name.trim_start_matches("arn:").to_owned(),
            Search::Owned(tags) => panic!("not asked in these tests: {tags:?}"),
        };
        let objects = self.objects.lock().unwrap();
        Ok(objects
            .get(&(kind, wanted.clone()))
            .map(|fields| seen(&wanted, fields))
            .into_iter()
            .collect())
    }

    async fn create(
        &self,
        kind: Kind,
        desired: &Map<String, Json>,
        _token: &str,
    ) -> Result<Created, AwsError> {
        let id = Self::id(kind, desired);
        self.write(format!("create {} {id}", label(kind)))?;
        assert!(
            !self
                .objects
                .lock()
                .unwrap()
                .contains_key(&(kind, id.clone())),
            "AWS takes no second {id}"
        );
        self.objects
            .lock()
            .unwrap()
            .insert((kind, id.clone()), desired.clone());
        Ok(Created {
            outputs: outputs(&id),
            complete: true,
        })
    }

    async fn update(
        &self,
        kind: Kind,
        desired: &Map<String, Json>,
        seen: &Seen,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let id = &seen.outputs["name"];
        let fields: Vec<&str> = changed.iter().map(|field| field.field.as_str()).collect();
        self.write(format!("update {} {id} {}", label(kind), fields.join(" ")))?;
        self.objects
            .lock()
            .unwrap()
            .insert((kind, id.clone()), desired.clone());
        Ok(outputs(id))
    }

    async fn delete(&self, kind: Kind, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let id = recorded["name"].clone();
        if self.is_used(kind, &id) {
            return Err(refused("something still uses it"));
        }
        self.write(format!("delete {} {id}", label(kind)))?;
        self.objects.lock().unwrap().remove(&(kind, id));
        Ok(())
    }

    async fn settle(
        &self,
        kind: Kind,
        desired: &Map<String, Json>,
        _recorded: &Recorded,
        _wait: &Wait,
    ) -> Result<(), AwsError> {
        self.settled.lock().unwrap().insert(kind, desired.clone());
        Ok(())
    }
}

/// Who the tests are.
pub(crate) fn scope() -> Scope {
    Scope {
        project: "acme".to_owned(),
        environment: "stage".to_owned(),
        owner: "acme/stage".to_owned(),
        account_id: "222222222222".to_owned(),
        region: "us-west-2".to_owned(),
        partition: "aws".to_owned(),
        default_tags: BTreeMap::new(),
        unknown_tags: stackwright_plan::UnknownTags::None,
        iam_path: "/".to_owned(),
        permissions_boundary: None,
        monitoring: stackwright_plan::Monitoring::default(),
    }
}

/// Tags of an object that another root made.
pub(crate) fn tags_of_another_root(ours: &OwnTags) -> Json {
    serde_json::json!({
        "stackwright:project": ours.project, "stackwright:environment": ours.environment,
        "stackwright:owner": "acme/other", "stackwright:id": ours.id, "stackwright:component": ours.component,
    })
}

mod rules {
    use std::collections::BTreeSet;

    use stackwright_plan::component::Tags;
    use stackwright_plan::{Graph, In, Key, ResourceId};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::engine::changes::{Changes, Drifted, changes};
    use crate::engine::converge::{Cause, Failure, Job, Outcome, converge, converge_in_stages};
    use crate::engine::drift::{self, Ignore, differences};
    use crate::engine::observe::{Reading, observe, own_tags};
    use crate::engine::{Record, teardown};

    fn id() -> ResourceId {
        ResourceId::new("app", "stage/shop")
    }

    fn tags(component: &str) -> Tags {
        scope().tags(&id(), component, None, &Tags::new())
    }

    /// A log group, and a role whose description takes the log group's ARN.
    fn graph(days: i32, role_name: &str) -> Graph {
        let mut graph = Graph::default();
        let logs = LogGroup {
            log_group_name: "/a".to_owned(),
            retention_in_days: days,
            tags: tags("logs"),
        };
        graph.add("logs", &logs).main();
        let role = Role {
            role_name: role_name.to_owned(),
            path: "/".to_owned(),
            description: "d".to_owned(),
            assume_role_policy: In::Known(Json::Null),
            max_session_duration: 3600,
            permissions_boundary: String::new(),
            inline_policies: In::Known(BTreeMap::new()),
            managed_policy_arns: In::Known(Vec::new()),
            tags: tags("role"),
        };
        graph.add("role", &role).after("logs");
        graph
    }

    async fn apply(world: &Fake, graph: &Graph, record: Record) -> Outcome {
        apply_in_stages(world, &[], graph, record).await
    }

    /// What the user ignores is as somebody else has it: a wait for what was planned would never end, or call it a failure.
    #[tokio::test]
    async fn nobody_waits_for_what_is_ignored() {
        let world = Fake::default();
        let outcome = apply(&world, &graph(30, "r"), Record::default()).await;
        world.outside(Kind::LogGroup, |fields| {
            fields.insert("retention_in_days".to_owned(), 7.into());
        });
        let waited_for = |ignore: &[&str]| {
            let ignore = Ignore {
                drift: ignore.iter().map(|it| (*it).to_owned()).collect(),
                ..Ignore::default()
            };
            let (world, record) = (&world, outcome.record.clone());
            async move {
                let (scope, id) = (scope(), id());
                let job = Job {
                    world,
                    scope: &scope,
                    former_owner: None,
                    id: &id,
                    ignore: &ignore,
                    shown: None,
                    wait: wait(),
                    resume: true,
                    journal: None,
                    save: &|_| {},
                };
                converge_in_stages(&job, &[], &graph(30, "r"), record).await;
                world.settled.lock().unwrap()[&Kind::LogGroup]["retention_in_days"].clone()
            }
        };
        assert_eq!(waited_for(&["logs.retention_in_days"]).await, 7);
        assert_eq!(waited_for(&[]).await, 30);
    }

    async fn apply_in_stages(
        world: &Fake,
        stages: &[Graph],
        graph: &Graph,
        record: Record,
    ) -> Outcome {
        apply_shown(world, None, stages, graph, record).await
    }

    async fn apply_shown(
        world: &Fake,
        shown: Option<&Changes>,
        stages: &[Graph],
        graph: &Graph,
        record: Record,
    ) -> Outcome {
        let (scope, id, ignore) = (scope(), id(), Ignore::default());
        let job = Job {
            world,
            scope: &scope,
            former_owner: None,
            id: &id,
            ignore: &ignore,
            shown,
            wait: wait(),
            resume: false,
            journal: None,
            save: &|_| {},
        };
        converge_in_stages(&job, stages, graph, record).await
    }

    async fn destroy(world: &Fake, record: &mut Record) -> Vec<Failure> {
        let (scope, id, ignore) = (scope(), id(), Ignore::default());
        let job = Job {
            world,
            scope: &scope,
            former_owner: None,
            id: &id,
            ignore: &ignore,
            shown: None,
            wait: wait(),
            resume: false,
            journal: None,
            save: &|_| {},
        };
        teardown::everything(&job, record).await
    }

    fn wait() -> Wait {
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_mins(1);
        Wait {
            deadline,
            cancel: CancellationToken::new(),
        }
    }

    fn names(record: &Record) -> Vec<&str> {
        record.components.keys().map(|key| key.0.as_str()).collect()
    }

    #[tokio::test]
    async fn creates_in_order_and_then_has_nothing_to_do() {
        let world = Fake::default();
        let outcome = apply(&world, &graph(30, "r"), Record::default()).await;
        assert_eq!(world.writes(), ["create log_group /a", "create iam_role r"]);
        assert!(outcome.failures.is_empty() && !outcome.record.incomplete);
        apply(&world, &graph(30, "r"), outcome.record).await;
        assert_eq!(world.writes(), [] as [&str; 0]);
    }

    #[tokio::test]
    async fn a_killed_create_is_taken_over() {
        let world = Fake::default();
        apply(&world, &graph(30, "r"), Record::default()).await;
        world.writes();
        let outcome = apply(&world, &graph(30, "r"), Record::default()).await;
        assert_eq!(world.writes(), [] as [&str; 0]);
        assert_eq!(names(&outcome.record), ["logs", "role"]);
    }

    #[tokio::test]
    async fn a_failed_create_records_what_exists_and_goes_on_later() {
        let world = Fake::default();
        world.refuse("create iam_role r");
        let outcome = apply(&world, &graph(30, "r"), Record::default()).await;
        assert_eq!(names(&outcome.record), ["logs"]);
        assert!(outcome.record.incomplete);
        assert_eq!(outcome.failures[0].component, Key::from("role"));
        world.allow();
        world.writes();
        let outcome = apply(&world, &graph(30, "r"), outcome.record).await;
        assert_eq!(world.writes(), ["create iam_role r"]);
        assert!(!outcome.record.incomplete);
    }

    #[tokio::test]
    async fn somebody_elses_object_is_not_touched() {
        let world = Fake::default();
        apply(&world, &graph(30, "r"), Record::default()).await;
        let theirs = tags_of_another_root(&own_tags(&scope(), &id(), &"logs".into()));
        world.outside(Kind::LogGroup, |fields| {
            fields.insert("tags".to_owned(), theirs.clone());
        });
        world.writes();
        let outcome = apply(&world, &graph(7, "r"), Record::default()).await;
        assert_eq!(world.writes(), [] as [&str; 0]);
        let Cause::Foreign { owner, .. } = &outcome.failures[0].cause else {
            panic!("{:?}", outcome.failures)
        };
        assert!(owner.contains("acme/other"), "{owner}");
    }

    #[tokio::test]
    async fn what_cannot_be_changed_is_made_anew_before_the_old_one_goes() {
        let world = Fake::default();
        let outcome = apply(&world, &graph(30, "old"), Record::default()).await;
        world.writes();
        let outcome = apply(&world, &graph(30, "new"), outcome.record).await;
        assert_eq!(
            world.writes(),
            ["create iam_role new", "delete iam_role old"]
        );
        assert!(outcome.record.retired.is_empty());
    }

    #[tokio::test]
    async fn an_old_object_that_could_not_be_deleted_is_deleted_next_time() {
        let world = Fake::default();
        let outcome = apply(&world, &graph(30, "old"), Record::default()).await;
        world.refuse("delete iam_role old");
        let outcome = apply(&world, &graph(30, "new"), outcome.record).await;
        assert_eq!(outcome.record.retired.len(), 1);
        world.allow();
        world.writes();
        let outcome = apply(&world, &graph(30, "new"), outcome.record).await;
        assert_eq!(world.writes(), ["delete iam_role old"]);
        assert!(outcome.record.retired.is_empty());
    }

    /// The old role, and beside it one that takes its place.
    fn both() -> Graph {
        let mut both = graph(60, "old");
        let successor = graph(60, "new").nodes[&Key::from("role")].clone();
        both.nodes.insert("successor".into(), successor);
        both
    }

    /// The successor alone.
    fn moved() -> Graph {
        let mut moved = both();
        moved.nodes.remove(&Key::from("role"));
        moved
    }

    #[tokio::test]
    async fn a_stage_is_gone_through_to_its_end_before_the_next() {
        let world = Fake::default();
        let outcome = apply(&world, &graph(30, "old"), Record::default()).await;
        world.writes();
        let outcome = apply_in_stages(&world, &[both()], &moved(), outcome.record).await;
        assert_eq!(
            world.writes(),
            [
                "update log_group /a retention_in_days",
                "create iam_role new",
                "delete iam_role old"
            ]
        );
        assert_eq!(names(&outcome.record), ["logs", "successor"]);
        assert!(!outcome.record.incomplete && outcome.failures.is_empty());
    }

    #[tokio::test]
    async fn a_stage_that_fails_leaves_what_was_and_goes_on_next_time() {
        let world = Fake::default();
        let outcome = apply(&world, &graph(30, "old"), Record::default()).await;
        world.refuse("create iam_role new");
        world.writes();
        let outcome = apply_in_stages(&world, &[both()], &moved(), outcome.record).await;
        assert_eq!(world.writes(), ["update log_group /a retention_in_days"]);
        assert!(outcome.record.incomplete && outcome.failures.len() == 1);
        assert_eq!(names(&outcome.record), ["logs", "role"]);
        world.allow();
        let outcome = apply_in_stages(&world, &[both()], &moved(), outcome.record).await;
        assert_eq!(
            world.writes(),
            ["create iam_role new", "delete iam_role old"]
        );
        assert_eq!(names(&outcome.record), ["logs", "successor"]);
    }

    #[tokio::test]
    async fn a_component_that_is_not_wanted_any_more_goes() {
        let world = Fake::default();
        let outcome = apply(&world, &graph(30, "r"), Record::default()).await;
        world.writes();
        let mut less = graph(30, "r");
        less.nodes.remove(&Key::from("role"));
        apply(&world, &less, outcome.record).await;
        assert_eq!(world.writes(), ["delete iam_role r"]);
    }

    #[tokio::test]
    async fn deletes_go_against_the_needs() {
        let world = Fake::default();
        let mut record = apply(&world, &graph(30, "r"), Record::default())
            .await
            .record;
        world.writes();
        assert!(destroy(&world, &mut record).await.is_empty());
        assert_eq!(world.writes(), ["delete iam_role r", "delete log_group /a"]);
        assert_eq!(world.len(), 0);
    }

    #[tokio::test]
    async fn nothing_is_begun_after_a_stop() {
        let world = Fake::default();
        let (scope, id, ignore, wait) = (scope(), id(), Ignore::default(), wait());
        wait.cancel.cancel();
        let job = Job {
            world: &world,
            scope: &scope,
            former_owner: None,
            id: &id,
            ignore: &ignore,
            shown: None,
            wait,
            resume: false,
            journal: None,
            save: &|_| {},
        };
        let outcome = converge(&job, &graph(30, "r"), Record::default()).await;
        assert_eq!(outcome.failures[0].cause, Cause::Stopped);
        assert_eq!(world.len(), 0);
    }

    async fn drift(world: &Fake, graph: &Graph, record: &Record, ignore: &[&str]) -> Vec<String> {
        let ignore = Ignore {
            drift: ignore.iter().map(|p| (*p).to_owned()).collect(),
            ..Ignore::default()
        };
        let observed = observe(
            world,
            &scope(),
            &id(),
            graph,
            record,
            Reading {
                freshness: Freshness::Cached,
                fast: false,
            },
        )
        .await
        .unwrap();
        let all = differences(graph, record, &observed, &ignore);
        let line = |d: &drift::Difference| {
            let field = d.field.as_ref().map_or("", |field| field.field.as_str());
            format!("{} {field} {:?}", d.component, d.cause)
        };
        all.iter().map(line).collect()
    }

    #[tokio::test]
    async fn drift_is_named_with_its_cause() {
        let world = Fake::default();
        let record = apply(&world, &graph(30, "r"), Record::default())
            .await
            .record;
        assert_eq!(
            drift(&world, &graph(30, "r"), &record, &[]).await,
            [] as [&str; 0]
        );
        world.outside(Kind::LogGroup, |fields| {
            fields.insert("retention_in_days".to_owned(), 7.into());
        });
        assert_eq!(
            drift(&world, &graph(30, "r"), &record, &[]).await,
            ["logs retention_in_days Outside"]
        );
        assert_eq!(
            drift(
                &world,
                &graph(30, "r"),
                &record,
                &["logs.retention_in_days"]
            )
            .await,
            [] as [&str; 0]
        );
        assert_eq!(
            drift(&world, &graph(30, "r"), &record, &["logs"]).await,
            [] as [&str; 0]
        );
    }

    #[tokio::test]
    async fn a_newer_wish_is_the_providers_drift() {
        let world = Fake::default();
        let record = apply(&world, &graph(30, "r"), Record::default())
            .await
            .record;
        assert_eq!(
            drift(&world, &graph(60, "r"), &record, &[]).await,
            ["logs retention_in_days Provider"]
        );
    }

    #[tokio::test]
    async fn a_lost_component_is_made_anew_alone() {
        let world = Fake::default();
        let record = apply(&world, &graph(30, "r"), Record::default())
            .await
            .record;
        world.lose(Kind::Role);
        assert_eq!(
            drift(&world, &graph(30, "r"), &record, &[]).await,
            ["role  Outside"]
        );
        world.writes();
        apply(&world, &graph(30, "r"), record).await;
        assert_eq!(world.writes(), ["create iam_role r"]);
    }

    /// Configurations that differ in everything a change can do: other names, an unchangeable
    /// field under the same name, other fields, parts more and less.
    fn configurations() -> Vec<Graph> {
        let of_days = |days: i32, logs: &str, role: &str, path: &str| {
            let mut graph = graph(days, role);
            for node in graph.nodes.values_mut() {
                let fields = &mut node.desired;
                if let Some(name) = fields.get_mut("log_group_name") {
                    *name = logs.into();
                } else {
                    fields.insert("path".to_owned(), path.into());
                    let of_logs = serde_json::json!({ "$from": ["logs", "arn"] });
                    fields.insert("assume_role_policy".to_owned(), of_logs);
                }
            }
            graph
        };
        let named = |logs, role, path| of_days(30, logs, role, path);
        let mut more = named("/a", "r", "/");
        let mut second = named("/a", "second", "/").nodes[&Key::from("role")].clone();
        second.desired.insert(
            "tags".to_owned(),
            serde_json::to_value(tags("second")).unwrap(),
        );
        more.nodes.insert("second".into(), second);
        // Something comes in between two others: the order of deletes is another one.
        let mut chain = more.clone();
        let role = chain.nodes.get_mut(&Key::from("role")).unwrap();
        let of_second = serde_json::json!({ "$from": ["second", "arn"] });
        role.desired
            .insert("assume_role_policy".to_owned(), of_second);
        let mut less = named("/a", "r", "/");
        less.nodes.remove(&Key::from("role"));
        vec![
            named("/a", "r", "/"),
            named("/b", "r2", "/"),
            named("/b", "r", "/x/"),
            of_days(60, "/a", "r", "/"),
            more,
            chain,
            less,
        ]
    }

    /// Terraform forgets the record when a provider crashes: what is found again may lack what stood in between.
    #[tokio::test]
    async fn a_gap_in_a_record_does_not_break_the_order_of_deletes() {
        let mut chain = configurations().remove(5);
        let role = chain.nodes.get_mut(&Key::from("role")).unwrap();
        role.after.clear();
        let world = Fake::default();
        let mut record = apply(&world, &chain, Record::default()).await.record;
        let second = record.components.remove(&"second".into()).unwrap();
        let mut role = record.components[&"role".into()].clone();
        assert!(second.needs.contains(&"logs".into()) && !role.needs.contains(&"logs".into()));
        let mut old = role.clone();
        old.outputs = Recorded::from([("arn".to_owned(), "other".to_owned())]);
        record.retire("old role".into(), old);
        record.bridge_gaps(&chain);
        role.needs.insert("logs".into());
        assert_eq!(record.components[&"role".into()], role);
        assert_eq!(record.retired[0].entry.needs, role.needs);
    }

    /// The world and the record of an apply that began at `before` and was stopped on its way to `after`.
    async fn stopped(before: &Graph, after: &Graph, writes: usize) -> (Fake, Record, bool) {
        let world = Fake::default();
        let record = apply(&world, before, Record::default()).await.record;
        world.refuse_after(writes);
        let outcome = apply(&world, after, record).await;
        world.allow();
        (world, outcome.record, !outcome.failures.is_empty())
    }

    /// A change that was stopped at any write can be gone on with, reverted, given up for a third
    /// one, or be followed by a destroy: each ends as if nothing had come in between.
    #[tokio::test]
    async fn a_stopped_change_can_lead_anywhere() {
        let mut stops = 0;
        let all = configurations();
        for (before, after) in all
            .iter()
            .flat_map(|one| all.iter().map(move |two| (one, two)))
        {
            for writes in 0.. {
                let (world, record, was_stopped) = stopped(before, after, writes).await;
                if !was_stopped {
                    break;
                }
                stops += 1;
                for goal in &all {
                    let (world, undisturbed) = (world.copy(), Fake::default());
                    let outcome = apply(&world, goal, record.clone()).await;
                    assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
                    apply(&undisturbed, goal, Record::default()).await;
                    assert_eq!(world.objects(), undisturbed.objects());
                    assert!(outcome.record.retired.is_empty());
                    let again = apply(&world, goal, outcome.record).await;
                    assert!(again.failures.is_empty());
                }
                let (world, mut record) = (world.copy(), record);
                assert!(destroy(&world, &mut record).await.is_empty());
                assert!(world.objects().is_empty() && record.is_empty());
            }
        }
        assert!(stops > 60, "only {stops} stops");
    }

    /// What was changed outside after the plan is left alone, also where an object is written whole.
    #[tokio::test]
    async fn only_what_the_plan_showed_is_written() {
        let world = Fake::default();
        let record = apply(&world, &graph(30, "r"), Record::default())
            .await
            .record;
        let mut wanted = graph(30, "r");
        let role = wanted.nodes.get_mut(&Key::from("role")).unwrap();
        role.desired
            .insert("max_session_duration".to_owned(), 7200.into());
        let shown = changes(
            Some(&graph(30, "r")),
            &wanted,
            &record,
            &Drifted::new(),
            &BTreeSet::new(),
        );
        world.outside(Kind::LogGroup, |fields| {
            fields.insert("retention_in_days".to_owned(), 7.into());
        });
        world.outside(Kind::Role, |fields| {
            fields.insert("description".to_owned(), "by hand".into());
        });
        world.writes();
        let outcome = apply_shown(&world, Some(&shown), &[], &wanted, record).await;
        assert_eq!(world.writes(), ["update iam_role r max_session_duration"]);
        let left: Vec<&str> = outcome.left_alone.iter().map(String::as_str).collect();
        assert_eq!(left, ["logs.retention_in_days", "role.description"]);
        world.outside(Kind::Role, |fields| {
            assert_eq!(fields["description"], "by hand");
        });
        let drift = drift(&world, &wanted, &outcome.record, &[]).await;
        assert_eq!(
            drift,
            ["logs retention_in_days Outside", "role description Outside"]
        );
    }

    #[tokio::test]
    async fn what_is_gone_since_the_plan_stops_the_apply() {
        let world = Fake::default();
        let record = apply(&world, &graph(30, "r"), Record::default())
            .await
            .record;
        let shown = Changes::default();
        world.lose(Kind::Role);
        world.writes();
        let wanted = graph(30, "r");
        let outcome = apply_shown(&world, Some(&shown), &[], &wanted, record).await;
        assert_eq!(world.writes(), [] as [&str; 0]);
        assert!(matches!(outcome.failures[0].cause, Cause::Gone { .. }));
    }
}
