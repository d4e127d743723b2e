//! The last lines that a stopped task wrote, for the message about a failed deployment.

use aws_sdk_ecs::types::{ContainerDefinition, Task};

use crate::call::Op;
use crate::redact::shortened;
use crate::task_definition::{LOG_GROUP, LOG_STREAM_PREFIX};
use crate::{Aws, AwsError, LogTail};

const DESCRIBE: Op = Op::new("ecs", "DescribeTaskDefinition");
const GET: Op = Op::new("logs", "GetLogEvents");

/// Lines of each container: a stack trace, and what led to it.
const LINES: usize = 30;
/// Longest line, in bytes: the message is read at a terminal.
const LENGTH: usize = 500;

/// The last lines of the containers of one task, without secrets. What cannot be read is left out: the message
/// has the reason of the failure without it.
pub(crate) async fn of(aws: &Aws, tasks: &[Task], deployment: Option<&str>) -> Vec<LogTail> {
    let Some(task) = tasks.iter().find(|task| failed(task, deployment)) else {
        return Vec::new();
    };
    match tails(aws, task).await {
        Ok(tails) => tails,
        Err(error) => {
            tracing::debug!(%error, "the last log lines of a stopped task cannot be read");
            Vec::new()
        }
    }
}

/// A task of the deployment that began to run and ended by itself has written something.
fn failed(task: &Task, deployment: Option<&str>) -> bool {
    let ended = |container: &aws_sdk_ecs::types::Container| {
        container.exit_code().is_some_and(|code| code != 0)
    };
    task.started_by() == deployment && task.containers().iter().any(ended)
}

async fn tails(aws: &Aws, task: &Task) -> Result<Vec<LogTail>, AwsError> {
    let arn = task.task_definition_arn().unwrap_or_default();
    let id = task.task_arn().unwrap_or_default();
    let id = id.rsplit('/').next().unwrap_or_default();
    let request = aws.ecs().describe_task_definition().task_definition(arn);
    let answer = aws.call(DESCRIBE, request.send()).await?;
    let definition = answer.task_definition();
    let containers = definition.map_or(&[][..], |it| it.container_definitions());
    let mut found = Vec::new();
    for container in containers {
        if let Some((group, stream)) = stream(container, id) {
            let text = events(aws, &group, &stream).await.unwrap_or_default();
            let lines = aws.redactor.lines(&text).into_iter();
            let lines: Vec<String> = lines.map(|line| shortened(line, LENGTH)).collect();
            let first = lines.len().saturating_sub(LINES);
            found.push(LogTail {
                container: container.name().unwrap_or_default().to_owned(),
                lines: lines[first..].to_vec(),
                group,
                stream,
            });
        }
    }
    found.retain(|tail| !tail.lines.is_empty());
    Ok(found)
}

/// `<prefix>/<container>/<task>`, as the `awslogs` driver calls its streams.
fn stream(container: &ContainerDefinition, task: &str) -> Option<(String, String)> {
    let options = container.log_configuration()?.options()?;
    let prefix = options.get(LOG_STREAM_PREFIX)?;
    let stream = format!("{prefix}/{}/{task}", container.name()?);
    Some((options.get(LOG_GROUP)?.clone(), stream))
}

async fn events(aws: &Aws, group: &str, stream: &str) -> Result<String, AwsError> {
    let request = aws
        .logs()
        .get_log_events()
        .log_group_name(group)
        .log_stream_name(stream)
        .start_from_head(false)
        .limit(i32::try_from(LINES).unwrap_or(i32::MAX));
    let answer = aws.call(GET, request.send()).await?;
    let messages = answer.events().iter().filter_map(|event| event.message());
    Ok(messages.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{Container, LogConfiguration, LogDriver};

    use super::*;

    #[test]
    fn the_stream_is_named_after_the_task() {
        let log = LogConfiguration::builder()
            .log_driver(LogDriver::Awslogs)
            .options(LOG_GROUP, "/acme/stage/shop")
            .options(LOG_STREAM_PREFIX, "web");
        let container = ContainerDefinition::builder()
            .name("web")
            .set_log_configuration(log.build().ok());
        assert_eq!(
            stream(&container.build(), "0123"),
            Some(("/acme/stage/shop".to_owned(), "web/web/0123".to_owned()))
        );
    }

    #[test]
    fn only_a_task_that_ran_has_logs() {
        let task = |code| {
            let container = Container::builder().set_exit_code(code).build();
            let task = Task::builder().started_by("ecs-svc/2");
            task.containers(container).build()
        };
        let now = Some("ecs-svc/2");
        assert!(failed(&task(Some(1)), now));
        assert!(!failed(&task(Some(1)), Some("ecs-svc/1")));
        assert!(!failed(&task(Some(0)), now) && !failed(&task(None), now));
    }
}
