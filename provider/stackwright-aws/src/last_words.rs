//! The last lines that a stopped task wrote, for the message about a failed deployment.

use aws_sdk_ecs::types::{ContainerDefinition, Task};

use crate::call::Op;
use crate::task_definition::{LOG_GROUP, LOG_STREAM_PREFIX};
use crate::{Aws, AwsError};

const DESCRIBE: Op = Op::new("ecs", "DescribeTaskDefinition");
const GET: Op = Op::new("logs", "GetLogEvents");

/// Lines of each container, and their longest length: the message is read at a terminal.
const LINES: i32 = 5;
const LENGTH: usize = 200;

/// The last lines of the containers of one task, masked where they look like a secret. What cannot
/// be read is left out: the reason of the failure is told without it.
pub(crate) async fn of(
    aws: &Aws,
    tasks: &[Task],
    deployment: Option<&str>,
    keep: &[&str],
) -> Vec<String> {
    let Some(task) = tasks.iter().find(|task| failed(task, deployment)) else {
        return Vec::new();
    };
    match lines(aws, task, keep).await {
        Ok(lines) => lines,
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

async fn lines(aws: &Aws, task: &Task, keep: &[&str]) -> Result<Vec<String>, AwsError> {
    let arn = task.task_definition_arn().unwrap_or_default();
    let id = task.task_arn().unwrap_or_default();
    let id = id.rsplit('/').next().unwrap_or_default();
    let request = aws.ecs().describe_task_definition().task_definition(arn);
    let answer = aws.call(DESCRIBE, &[arn], request.send()).await?;
    let definition = answer.task_definition();
    let containers = definition.map_or(&[][..], |it| it.container_definitions());
    let mut found = Vec::new();
    for container in containers {
        if let Some((group, stream)) = stream(container, id) {
            let name = container.name().unwrap_or_default();
            let texts = events(aws, &group, &stream).await.unwrap_or_default();
            let line = |text: &String| format!("log of {name}: {}", short(aws, text, keep));
            found.extend(texts.iter().map(line));
        }
    }
    Ok(found)
}

/// `<prefix>/<container>/<task>`, as the `awslogs` driver calls its streams.
fn stream(container: &ContainerDefinition, task: &str) -> Option<(String, String)> {
    let options = container.log_configuration()?.options()?;
    let prefix = options.get(LOG_STREAM_PREFIX)?;
    let stream = format!("{prefix}/{}/{task}", container.name()?);
    Some((options.get(LOG_GROUP)?.clone(), stream))
}

async fn events(aws: &Aws, group: &str, stream: &str) -> Result<Vec<String>, AwsError> {
    let request = aws
        .logs()
        .get_log_events()
        .log_group_name(group)
        .log_stream_name(stream)
        .start_from_head(false)
        .limit(LINES);
    let answer = aws.call(GET, &[group, stream], request.send()).await?;
    let messages = answer.events().iter();
    Ok(messages.filter_map(|event| event.message.clone()).collect())
}

fn short(aws: &Aws, text: &str, keep: &[&str]) -> String {
    let line = text.lines().next().unwrap_or_default();
    let line: String = line.chars().take(LENGTH).collect();
    aws.redactor.clean(&line, keep)
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
    fn only_a_task_that_ran_has_last_words() {
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
