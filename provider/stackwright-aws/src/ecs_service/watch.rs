//! Waiting for a deployment, and for the targets that it registers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_ecs::types::{DesiredStatus, Service as Sdk, Task};
use stackwright_plan::component::EcsService;
use tokio::time::Instant;

use super::ServiceKey;
use crate::adapter::{Freshness, Wait};
use crate::call::Op;
use crate::deployment::{GivenUp, Goal, Poll, Started, Verdict, judge, stopped_reasons};
use crate::target_health::{self, Health};
use crate::{Aws, AwsError, StoppedTasks, task_logs};

const LIST_TASKS: Op = Op::new("ecs", "ListTasks");
const DESCRIBE_TASKS: Op = Op::new("ecs", "DescribeTasks");

/// What `DescribeTasks` takes at once.
const TASKS: usize = 100;
/// First and longest pause between two looks at a deployment.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(300);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// How often the log says what is waited for.
const REPORT: Duration = Duration::from_secs(10);
/// How long a service that was just written may be missing in answers.
const APPEARS_WITHIN: Duration = Duration::from_secs(30);

/// Growing pauses between looks.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    last: Option<Duration>,
}

impl Pauses {
    pub(crate) fn next(&mut self) -> Duration {
        let next = self
            .last
            .map_or(FIRST_PAUSE, |last| (last * 3 / 2).min(LONGEST_PAUSE));
        self.last = Some(next);
        next
    }
}

/// The deployments that writes of this process started, by ARN of the service.
#[derive(Debug, Default)]
pub(crate) struct StartedDeployments {
    by_service: Mutex<HashMap<String, (Started, Instant)>>,
}

impl StartedDeployments {
    /// Takes the primary deployment from the answer to a write: the one that it started, or, when it
    /// started none, the one that it left in place.
    pub(super) fn note(&self, arn: &str, service: &Sdk) {
        if let Some(started) = Poll::from(service).started() {
            self.lock()
                .insert(arn.to_owned(), (started, Instant::now()));
        }
    }

    pub(super) fn of(&self, arn: &str) -> Option<(Started, Instant)> {
        self.lock().get(arn).cloned()
    }

    pub(super) fn drop_of(&self, arn: &str) {
        self.lock().remove(arn);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Started, Instant)>> {
        self.by_service
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches one deployment.
pub(super) struct Watch<'a> {
    aws: &'a Aws,
    service: &'a EcsService,
    key: ServiceKey,
    goal: Goal,
    pub(super) written: Option<Instant>,
    reported: Instant,
}

impl<'a> Watch<'a> {
    pub(super) fn new(service: &'a EcsService, aws: &'a Aws, arn: &str) -> Self {
        let (started, written) = aws.loaders.deployments.of(arn).unzip();
        let task_definition = service.task_definition.get().clone();
        let goal = Goal {
            task_definition,
            desired: service.desired_count,
            started,
        };
        Self {
            aws,
            service,
            key: ServiceKey::of_arn(arn),
            goal,
            written,
            reported: Instant::now(),
        }
    }

    /// Whether the primary deployment runs what we want and ECS has given it up.
    pub(super) async fn has_failed(&self) -> Result<bool, AwsError> {
        let services = &self.aws.loaders.ecs_services;
        let found = services.get(self.aws, &self.key, Freshness::Fresh).await?;
        Ok(found.is_some_and(|service| Poll::from(&service).has_failed(&self.goal)))
    }

    /// Whether an answer of ECS shows what we wait for.
    pub(super) fn is_done(&self, service: &Sdk) -> bool {
        judge(&Poll::from(service), &self.goal) == Verdict::Done
    }

    pub(super) async fn until_settled(mut self, wait: &Wait) -> Result<(), AwsError> {
        let mut pauses = Pauses::default();
        let mut seen = "its state was not read yet".to_owned();
        loop {
            wait.pause(pauses.next(), &self.what(&seen)).await?;
            let found = self
                .aws
                .loaders
                .ecs_services
                .get(self.aws, &self.key, Freshness::Fresh)
                .await?;
            let Some(poll) = self.poll(found.as_ref()) else {
                continue;
            };
            seen = poll.to_string();
            match judge(&poll, &self.goal) {
                Verdict::Done => return self.until_healthy(wait).await,
                Verdict::Waiting(watched) => self.goal.started = watched,
                Verdict::GivenUp(given_up) => return Err(self.given_up(given_up).await),
            }
            self.report(&seen);
        }
    }

    /// A task that runs may still be asked by a load balancer whether it is well.
    async fn until_healthy(&self, wait: &Wait) -> Result<(), AwsError> {
        for target in &self.service.load_balancers {
            let group = target.target_group_arn.get();
            let mut pauses = Pauses::default();
            // Autoscaling may change meanwhile how many there are.
            while let Health::Waiting(what) =
                target_health::look(self.aws, group, self.running().await?).await?
            {
                tracing::info!(waiting_for = %what);
                wait.pause(pauses.next(), &what).await?;
            }
        }
        Ok(())
    }

    /// How many tasks run now.
    async fn running(&self) -> Result<i32, AwsError> {
        let services = &self.aws.loaders.ecs_services;
        let found = services.get(self.aws, &self.key, Freshness::Fresh).await?;
        Ok(found.map_or(0, |service| Poll::from(&service).running()))
    }

    fn what(&self, seen: &str) -> String {
        format!(
            "the deployment of ECS service {} ({seen})",
            self.service.service_name
        )
    }

    /// What was seen, with clean texts. `None` when a service that was just written is not visible yet.
    fn poll(&self, found: Option<&Sdk>) -> Option<Poll> {
        let Some(service) = found else {
            let fresh = self
                .written
                .is_some_and(|written| written.elapsed() < APPEARS_WITHIN);
            return (!fresh).then(Poll::missing);
        };
        let mut poll = Poll::from(service);
        let clean = |text: &mut String| *text = self.aws.redactor.clean(text);
        poll.event.iter_mut().for_each(clean);
        poll.deployments
            .iter_mut()
            .filter_map(|deployment| deployment.reason.as_mut())
            .for_each(clean);
        Some(poll)
    }

    fn report(&mut self, seen: &str) {
        if self.reported.elapsed() >= REPORT {
            tracing::info!(waiting_for = %self.what(seen));
            self.reported = Instant::now();
        }
    }

    async fn given_up(&self, given_up: GivenUp) -> AwsError {
        let running = if given_up.running.is_empty() {
            "nothing".to_owned()
        } else {
            given_up.running
        };
        let stopped = match self.stopped_tasks().await {
            Ok(tasks) => {
                let deployment = given_up.deployment.as_deref();
                let reasons = stopped_reasons(&tasks, deployment);
                let clean = |reason: &String| self.aws.redactor.clean(reason);
                StoppedTasks {
                    reasons: reasons.iter().map(clean).collect(),
                    logs: task_logs::of(self.aws, &tasks, deployment).await,
                }
            }
            Err(error) => StoppedTasks {
                reasons: vec![format!(
                    "the reasons of stopped tasks are not known: {error}"
                )],
                logs: Vec::new(),
            },
        };
        AwsError::RolledBack {
            service: self.service.service_name.clone(),
            reason: given_up.reason,
            running,
            stopped: Box::new(stopped),
        }
    }

    /// ECS remembers stopped tasks for about an hour.
    async fn stopped_tasks(&self) -> Result<Vec<Task>, AwsError> {
        let ServiceKey { cluster, service } = &self.key;
        let request = self
            .aws
            .ecs()
            .list_tasks()
            .cluster(cluster)
            .service_name(service);
        let stream = request
            .desired_status(DesiredStatus::Stopped)
            .into_paginator()
            .send();
        let pages = self.aws.pages(LIST_TASKS, stream).await?;
        let arns: Vec<String> = pages
            .iter()
            .flat_map(|page| page.task_arns().to_vec())
            .collect();
        let mut tasks = Vec::new();
        for batch in arns.chunks(TASKS) {
            let request = self
                .aws
                .ecs()
                .describe_tasks()
                .cluster(cluster)
                .set_tasks(Some(batch.to_vec()));
            let answer = self.aws.call(DESCRIBE_TASKS, request.send()).await?;
            tasks.extend_from_slice(answer.tasks());
        }
        Ok(tasks)
    }
}
