//! What ECS makes of a deployment: judged from one answer of `DescribeServices`, without effects.
//!
//! ECS says `UpdateService` succeeded long before it knows whether the tasks run. The truth is in the
//! service's `deployments`: the newest is `PRIMARY`, and when ECS gives up on it, the circuit breaker
//! either leaves it there as `FAILED` or puts a deployment of the former task definition in its place.
//! [`judge`] tells these apart, also when this process did not start the deployment (an earlier
//! apply was killed).

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{DeploymentRolloutState, Service, Task};

/// How far ECS says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rollout {
    /// Tasks are being started, or the former ones stopped.
    InProgress,
    /// Steady.
    Completed,
    /// Given up.
    Failed,
    /// ECS says nothing: it does so for services with other deployment controllers.
    Unsaid,
}

/// One deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) primary: bool,
    pub(crate) task_definition: String,
    pub(crate) rollout: Rollout,
    pub(crate) reason: Option<String>,
    pub(crate) desired: i32,
    pub(crate) running: i32,
    pub(crate) failed: i32,
    /// Milliseconds since 1970; 0 when ECS does not say.
    pub(crate) created: i64,
}

/// What one poll saw of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Poll {
    /// `ACTIVE`, `DRAINING`, `INACTIVE`.
    pub(crate) status: String,
    pub(crate) deployments: Vec<Deployment>,
    /// Its newest event.
    pub(crate) event: Option<String>,
}

/// A deployment that was started, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Started {
    pub(crate) id: String,
    pub(crate) created: i64,
}

/// What we wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Goal {
    /// The revision that shall run.
    pub(crate) task_definition: String,
    /// The tasks that shall run; `None` when ECS's own count will do.
    pub(crate) desired: Option<i32>,
    /// The deployment that our write started, when this process wrote.
    pub(crate) started: Option<Started>,
}

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// What was asked for runs.
    Done,
    /// Not yet; the deployment to go on watching, when ECS shows it.
    Waiting(Option<Started>),
    /// ECS gave up.
    GivenUp(GivenUp),
}

/// A deployment that will never be complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GivenUp {
    /// Why, as ECS or we say it.
    pub(crate) reason: String,
    /// The deployment that failed, when ECS still shows it.
    pub(crate) deployment: Option<String>,
    /// The task definition of the primary deployment; empty when the service is gone.
    pub(crate) running: String,
}

/// Judges one poll.
pub(crate) fn judge(poll: &Poll, goal: &Goal) -> Verdict {
    let Some(primary) = poll.primary().filter(|_| poll.status == "ACTIVE") else {
        return given_up(format!("the service is {}", poll.status), goal, None);
    };
    let Some(ours) = poll.ours(goal) else {
        return without_ours(primary, goal);
    };
    if ours.rollout == Rollout::Failed {
        let reason = [ours, primary]
            .iter()
            .find_map(|deployment| deployment.reason.clone());
        let reason = reason.unwrap_or_else(|| format!("deployment {} failed", ours.id));
        return given_up(reason, goal, Some((ours, primary)));
    }
    if !ours.primary {
        return given_up(took_its_place(primary), goal, Some((ours, primary)));
    }
    if is_complete(ours, poll, goal) {
        Verdict::Done
    } else {
        Verdict::Waiting(Some(ours.started()))
    }
}

/// Our deployment is not among those that ECS shows. Either the answer is older than our write, or
/// the deployment was given up and all its tasks are stopped.
fn without_ours(primary: &Deployment, goal: &Goal) -> Verdict {
    let too_old = goal
        .started
        .as_ref()
        .is_some_and(|ours| primary.created < ours.created);
    if too_old {
        return Verdict::Waiting(goal.started.clone());
    }
    let running = primary.task_definition.clone();
    let deployment = goal.started.as_ref().map(|ours| ours.id.clone());
    Verdict::GivenUp(GivenUp {
        reason: took_its_place(primary),
        deployment,
        running,
    })
}

fn took_its_place(primary: &Deployment) -> String {
    let cause = primary
        .reason
        .as_ref()
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default();
    format!("deployment {} took its place{cause}", primary.id)
}

fn given_up(reason: String, goal: &Goal, found: Option<(&Deployment, &Deployment)>) -> Verdict {
    let started = goal.started.as_ref().map(|ours| ours.id.clone());
    let (deployment, running) = match found {
        Some((ours, primary)) => (Some(ours.id.clone()), primary.task_definition.clone()),
        None => (started, String::new()),
    };
    Verdict::GivenUp(GivenUp {
        reason,
        deployment,
        running,
    })
}

fn is_complete(ours: &Deployment, poll: &Poll, goal: &Goal) -> bool {
    let rolled_out = match ours.rollout {
        Rollout::Completed => true,
        Rollout::Unsaid => poll.deployments.len() == 1,
        Rollout::InProgress | Rollout::Failed => false,
    };
    let counts =
        ours.running == ours.desired && goal.desired.is_none_or(|want| want == ours.desired);
    rolled_out && counts && ours.task_definition == goal.task_definition
}

impl Poll {
    fn primary(&self) -> Option<&Deployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.primary)
    }

    /// The deployment that our write started; when this process did not write, the newest one of the
    /// revision that we want.
    fn ours(&self, goal: &Goal) -> Option<&Deployment> {
        if let Some(started) = &goal.started {
            return self
                .deployments
                .iter()
                .find(|deployment| deployment.id == started.id);
        }
        let same = |deployment: &&Deployment| deployment.task_definition == goal.task_definition;
        let candidates = self.deployments.iter().filter(same);
        candidates.max_by_key(|deployment| (deployment.primary, deployment.created))
    }

    /// Whether the primary deployment is the one that we want and has failed.
    pub(crate) fn has_failed(&self, goal: &Goal) -> bool {
        let failed = |ours: &Deployment| ours.primary && ours.rollout == Rollout::Failed;
        self.status == "ACTIVE" && self.ours(goal).is_some_and(failed)
    }

    /// The tasks of the primary deployment that run.
    pub(crate) fn running(&self) -> i32 {
        self.primary().map_or(0, |primary| primary.running)
    }

    /// A service that there is not.
    pub(crate) fn missing() -> Self {
        Self {
            status: "INACTIVE".to_owned(),
            deployments: Vec::new(),
            event: None,
        }
    }

    /// The deployment that a write started.
    pub(crate) fn started(&self) -> Option<Started> {
        self.primary().map(Deployment::started)
    }
}

impl Deployment {
    fn started(&self) -> Started {
        Started {
            id: self.id.clone(),
            created: self.created,
        }
    }
}

/// For logs and for the error after a time-out.
impl fmt::Display for Poll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.primary() {
            Some(Deployment {
                desired,
                running,
                failed,
                ..
            }) => {
                write!(f, "{running} of {desired} tasks run")?;
                if *failed > 0 {
                    write!(f, ", {failed} failed")?;
                }
            }
            None => write!(f, "the service is {}", self.status)?,
        }
        self.event
            .as_ref()
            .map_or(Ok(()), |event| write!(f, "; latest event: {event}"))
    }
}

impl From<&Service> for Poll {
    fn from(service: &Service) -> Self {
        let newest = service
            .events()
            .iter()
            .max_by_key(|event| millis(event.created_at()));
        Self {
            status: service.status().unwrap_or("INACTIVE").to_owned(),
            deployments: service.deployments().iter().map(Deployment::from).collect(),
            event: newest.and_then(|event| event.message.clone()),
        }
    }
}

impl From<&aws_sdk_ecs::types::Deployment> for Deployment {
    fn from(deployment: &aws_sdk_ecs::types::Deployment) -> Self {
        Self {
            id: deployment.id.clone().unwrap_or_default(),
            primary: deployment.status() == Some("PRIMARY"),
            task_definition: deployment.task_definition.clone().unwrap_or_default(),
            rollout: match deployment
                .rollout_state()
                .map(DeploymentRolloutState::as_str)
            {
                Some("COMPLETED") => Rollout::Completed,
                Some("FAILED") => Rollout::Failed,
                Some(_) => Rollout::InProgress,
                None => Rollout::Unsaid,
            },
            reason: deployment.rollout_state_reason.clone(),
            desired: deployment.desired_count,
            running: deployment.running_count,
            failed: deployment.failed_tasks,
            created: millis(deployment.created_at()),
        }
    }
}

fn millis(time: Option<&DateTime>) -> i64 {
    time.and_then(|time| time.to_millis().ok()).unwrap_or(0)
}

/// Why tasks of a deployment stopped, each reason once with the number of tasks, most frequent first.
/// Tasks that ECS stopped on purpose (scaling in, the end of a deployment) are left out. When no task
/// says which deployment started it, all tasks count.
pub(crate) fn stopped_reasons(tasks: &[Task], deployment: Option<&str>) -> Vec<String> {
    let ours = |task: &&Task| task.started_by() == deployment;
    let any = deployment.is_some() && tasks.iter().any(|task| ours(&task));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for task in tasks
        .iter()
        .filter(|task| !any || ours(task))
        .filter(|task| !is_on_purpose(task))
    {
        *counts.entry(stopped_reason(task)).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
        .into_iter()
        .map(|(reason, count)| counted(&reason, count))
        .collect()
}

fn is_on_purpose(task: &Task) -> bool {
    task.stop_code()
        .is_some_and(|code| code.as_str() == "ServiceSchedulerInitiated")
        && task
            .containers()
            .iter()
            .all(|container| container.reason().is_none())
}

fn counted(reason: &str, count: usize) -> String {
    let tasks = if count == 1 { "task" } else { "tasks" };
    format!("{count} {tasks}: {reason}")
}

fn stopped_reason(task: &Task) -> String {
    let containers: Vec<String> = task
        .containers()
        .iter()
        .filter_map(container_reason)
        .collect();
    let reason = task.stopped_reason().unwrap_or("ECS gives no reason");
    if containers.is_empty() {
        reason.to_owned()
    } else {
        format!("{reason} ({})", containers.join("; "))
    }
}

fn container_reason(container: &aws_sdk_ecs::types::Container) -> Option<String> {
    let exit = container
        .exit_code()
        .filter(|code| *code != 0)
        .map(|code| format!("exit code {code}"));
    let parts: Vec<String> = exit.into_iter().chain(container.reason.clone()).collect();
    let name = container.name().unwrap_or("container");
    (!parts.is_empty()).then(|| format!("{name}: {}", parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::types::{Container, TaskStopCode};

    const NEW: &str = "arn:aws:ecs:us-west-2:123456789012:task-definition/shop:2";
    const OLD: &str = "arn:aws:ecs:us-west-2:123456789012:task-definition/shop:1";

    fn deployment(id: &str, task_definition: &str, rollout: Rollout) -> Deployment {
        Deployment {
            id: id.to_owned(),
            primary: true,
            task_definition: task_definition.to_owned(),
            rollout,
            reason: None,
            desired: 2,
            running: 2,
            failed: 0,
            created: 100,
        }
    }

    fn active(deployment: Deployment) -> Deployment {
        Deployment {
            primary: false,
            ..deployment
        }
    }

    fn poll(deployments: Vec<Deployment>) -> Poll {
        Poll {
            status: "ACTIVE".to_owned(),
            deployments,
            event: None,
        }
    }

    /// What this process wants after it started deployment `new` at 100.
    fn wrote() -> Goal {
        Goal {
            started: Some(Started {
                id: "new".to_owned(),
                created: 100,
            }),
            ..rerun()
        }
    }

    /// What a process wants that did not write.
    fn rerun() -> Goal {
        Goal {
            task_definition: NEW.to_owned(),
            desired: Some(2),
            started: None,
        }
    }

    fn name(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Done => "done",
            Verdict::Waiting(_) => "waiting",
            Verdict::GivenUp(_) => "given up",
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn the_table_of_cases() {
        use Rollout::{Completed, Failed, InProgress, Unsaid};
        let new = |rollout| deployment("new", NEW, rollout);
        let old = |rollout| deployment("old", OLD, rollout);
        let before = |deployment| Deployment {
            created: 50,
            ..deployment
        };
        let after = |deployment| Deployment {
            created: 150,
            ..deployment
        };
        let short = |deployment| Deployment {
            running: 1,
            ..deployment
        };
        let both = "either";
        let cases: Vec<(&str, &str, Vec<Deployment>, &str)> = vec![
            ("steady", both, vec![new(Completed)], "done"),
            (
                "starting",
                both,
                vec![new(InProgress), active(before(old(Completed)))],
                "waiting",
            ),
            (
                "all run, former tasks still stop",
                both,
                vec![new(InProgress)],
                "waiting",
            ),
            (
                "scaling out after the rollout",
                both,
                vec![short(new(Completed))],
                "waiting",
            ),
            ("failed, stays", both, vec![new(Failed)], "given up"),
            (
                "failed, former one comes back",
                both,
                vec![after(old(InProgress)), active(new(Failed))],
                "given up",
            ),
            (
                "failed, former one is back",
                both,
                vec![after(old(Completed)), active(new(Failed))],
                "given up",
            ),
            (
                "put aside before ECS says failed",
                both,
                vec![after(old(InProgress)), active(new(InProgress))],
                "given up",
            ),
            (
                "failed and gone, former one is back",
                both,
                vec![after(old(Completed))],
                "given up",
            ),
            (
                "an answer older than our write",
                "wrote",
                vec![before(old(Completed))],
                "waiting",
            ),
            (
                "nothing of ours and we did not write",
                "rerun",
                vec![before(old(Completed))],
                "given up",
            ),
            (
                "same revision, answer older than our write",
                "wrote",
                vec![before(deployment("old", NEW, Completed))],
                "waiting",
            ),
            (
                "same revision, we did not write",
                "rerun",
                vec![before(deployment("old", NEW, Completed))],
                "done",
            ),
            (
                "same revision, rolled back",
                "wrote",
                vec![after(deployment("back", NEW, InProgress))],
                "given up",
            ),
            (
                "ECS says no state, one deployment",
                both,
                vec![new(Unsaid)],
                "done",
            ),
            (
                "ECS says no state, two deployments",
                both,
                vec![new(Unsaid), active(old(Unsaid))],
                "waiting",
            ),
            (
                "ECS says no state, too few tasks",
                both,
                vec![short(new(Unsaid))],
                "waiting",
            ),
            ("no deployment at all", both, vec![], "given up"),
        ];
        for (case, who, deployments, expected) in cases {
            let goals = [("wrote", wrote()), ("rerun", rerun())];
            for (label, goal) in goals
                .into_iter()
                .filter(|(label, _)| who == both || who == *label)
            {
                let verdict = judge(&poll(deployments.clone()), &goal);
                assert_eq!(name(&verdict), expected, "{case} ({label}): {verdict:?}");
            }
        }
    }

    #[test]
    fn the_count_that_was_asked_for_must_run() {
        let old_count = poll(vec![deployment("new", NEW, Rollout::Completed)]);
        let goal = Goal {
            desired: Some(3),
            ..wrote()
        };
        assert_eq!(name(&judge(&old_count, &goal)), "waiting");
        let whatever = Goal {
            desired: None,
            ..wrote()
        };
        assert_eq!(judge(&old_count, &whatever), Verdict::Done);
    }

    #[test]
    fn no_tasks_can_be_what_was_asked_for() {
        let none = Deployment {
            desired: 0,
            running: 0,
            ..deployment("new", NEW, Rollout::Completed)
        };
        assert_eq!(
            judge(
                &poll(vec![none]),
                &Goal {
                    desired: Some(0),
                    ..rerun()
                }
            ),
            Verdict::Done
        );
    }

    #[test]
    fn a_service_that_is_deleted_is_given_up() {
        for status in ["DRAINING", "INACTIVE"] {
            let gone = Poll {
                status: status.to_owned(),
                ..poll(vec![deployment("new", NEW, Rollout::Completed)])
            };
            let verdict = judge(&gone, &wrote());
            let expected = GivenUp {
                reason: format!("the service is {status}"),
                deployment: Some("new".to_owned()),
                running: String::new(),
            };
            assert_eq!(verdict, Verdict::GivenUp(expected));
        }
    }

    #[test]
    fn a_rollback_names_what_runs_and_why() {
        let why = "ECS deployment circuit breaker: tasks failed to start.".to_owned();
        let failed = Deployment {
            reason: Some(why.clone()),
            ..deployment("new", NEW, Rollout::Failed)
        };
        let back = Deployment {
            created: 150,
            ..deployment("back", OLD, Rollout::InProgress)
        };
        let expected = GivenUp {
            reason: why,
            deployment: Some("new".to_owned()),
            running: OLD.to_owned(),
        };
        let seen = poll(vec![back, active(failed)]);
        assert_eq!(judge(&seen, &wrote()), Verdict::GivenUp(expected.clone()));
        assert_eq!(judge(&seen, &rerun()), Verdict::GivenUp(expected));
    }

    #[test]
    fn a_rerun_watches_the_deployment_that_it_found() {
        let seen = poll(vec![deployment("new", NEW, Rollout::InProgress)]);
        let watched = Started {
            id: "new".to_owned(),
            created: 100,
        };
        assert_eq!(judge(&seen, &rerun()), Verdict::Waiting(Some(watched)));
    }

    #[test]
    fn a_poll_says_how_it_stands() {
        let seen = Poll {
            event: Some("(service shop) was unable to place a task".to_owned()),
            ..poll(vec![Deployment {
                running: 1,
                failed: 3,
                ..deployment("new", NEW, Rollout::InProgress)
            }])
        };
        assert_eq!(
            seen.to_string(),
            "1 of 2 tasks run, 3 failed; latest event: (service shop) was unable to place a task"
        );
    }

    fn task(started_by: &str, reason: &str, exit: Option<i32>, why: Option<&str>) -> Task {
        let container = Container::builder()
            .name("worker")
            .set_exit_code(exit)
            .set_reason(why.map(str::to_owned))
            .build();
        Task::builder()
            .started_by(started_by)
            .stopped_reason(reason)
            .containers(container)
            .build()
    }

    #[test]
    fn each_reason_stands_once_with_its_count() {
        let exited = "Essential container in task exited";
        let pull = "CannotPullContainerError: image not found";
        let tasks = [
            task("new", pull, None, None),
            task("new", exited, Some(1), None),
            task("new", exited, Some(1), None),
            task(
                "new",
                exited,
                Some(137),
                Some("OutOfMemoryError: container killed"),
            ),
            task("old", "host failed", None, None),
        ];
        assert_eq!(
            stopped_reasons(&tasks, Some("new")),
            [
                "2 tasks: Essential container in task exited (worker: exit code 1)",
                "1 task: CannotPullContainerError: image not found",
                "1 task: Essential container in task exited (worker: exit code 137, OutOfMemoryError: container killed)",
            ]
        );
    }

    #[test]
    fn all_tasks_count_when_none_says_who_started_it() {
        let tasks = [task("someone", "host failed", Some(0), None)];
        assert_eq!(
            stopped_reasons(&tasks, Some("new")),
            ["1 task: host failed"]
        );
        assert_eq!(stopped_reasons(&tasks, None), ["1 task: host failed"]);
    }

    #[test]
    fn tasks_that_ecs_stopped_on_purpose_do_not_count() {
        let scaled_in = Task::builder()
            .stop_code(TaskStopCode::ServiceSchedulerInitiated)
            .stopped_reason("Scaling activity initiated by (deployment new)")
            .build();
        assert_eq!(stopped_reasons(&[scaled_in], None), Vec::<String>::new());
    }

    #[test]
    fn an_answer_of_ecs_becomes_a_poll() {
        use aws_sdk_ecs::types::{Deployment as Sdk, ServiceEvent};
        let event = |at, message: &str| {
            ServiceEvent::builder()
                .created_at(DateTime::from_secs(at))
                .message(message)
                .build()
        };
        let sdk = Sdk::builder()
            .id("new")
            .status("PRIMARY")
            .task_definition(NEW)
            .rollout_state(DeploymentRolloutState::Completed)
            .desired_count(2)
            .running_count(2)
            .created_at(DateTime::from_millis(100))
            .build();
        let service = Service::builder()
            .status("ACTIVE")
            .deployments(sdk)
            .events(event(2, "newer"))
            .events(event(1, "older"))
            .build();
        let expected = Poll {
            event: Some("newer".to_owned()),
            ..poll(vec![deployment("new", NEW, Rollout::Completed)])
        };
        assert_eq!(Poll::from(&service), expected);
    }
}
