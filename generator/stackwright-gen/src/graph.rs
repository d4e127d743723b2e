//! A picture of a project: accounts, networks, apps, routes, databases and who calls whom.

use std::fmt::Write as _;

use crate::markdown_escape::text;
use crate::project::{App, EnvironmentPlan, Project, Role, Scale};

/// The picture as a Mermaid flow chart.
pub fn mermaid(project: &Project) -> String {
    let mut chart = format!(
        "flowchart LR\n  ops[\"ops<br/>{}\"]\n",
        text(&project.accounts.ops)
    );
    for plan in &project.environments {
        environment(&mut chart, project, plan);
    }
    chart
}

// Writing to a string cannot fail, so what `writeln!` answers is not looked at.
fn environment(chart: &mut String, project: &Project, plan: &EnvironmentPlan) {
    let name = plan.environment.name();
    if plan.router.is_some() {
        let _ = writeln!(chart, "  {name}_internet((internet)) --> {name}_router");
    }
    let account = text(&plan.account);
    let _ = writeln!(chart, "  subgraph {name}_account[\"{name}, {account}\"]");
    let cidr = text(&plan.network.cidr);
    let _ = writeln!(chart, "    subgraph {name}_network[\"network {cidr}\"]");
    if let Some(router) = &plan.router {
        let domains = router.domains.iter().map(|domain| text(domain));
        let label: Vec<String> = ["router".to_owned()].into_iter().chain(domains).collect();
        let _ = writeln!(
            chart,
            "      {name}_router{{{{\"{}\"}}}}",
            label.join("<br/>")
        );
    }
    let _ = writeln!(chart, "      subgraph {name}_cluster[\"cluster\"]");
    for (at, (app, scale)) in project.apps.iter().zip(&plan.apps).enumerate() {
        // An empty line between apps: version control merges changes of two of them.
        if at > 0 {
            chart.push('\n');
        }
        processes(chart, &format!("{name}_{at}"), app, scale);
    }
    chart.push_str("      end\n");
    for (at, app) in project.apps.iter().enumerate() {
        if app.db.is_some() {
            let label = text(&app.name);
            let _ = writeln!(chart, "      {name}_{at}_db[(\"{label} database\")]");
        }
    }
    chart.push_str("    end\n  end\n");
    for (at, app) in project.apps.iter().enumerate() {
        edges(chart, project, &format!("{name}_{at}"), name, app);
    }
    let role = text(&project.name);
    let _ = writeln!(
        chart,
        "  ops -- \"switches to {role}-deploy\" --> {name}_account"
    );
}

fn processes(chart: &mut String, id: &str, app: &App, scale: &Scale) {
    for (at, process) in app.processes.iter().enumerate() {
        let own = &scale.processes[&process.name];
        let how = match (&process.role, own.count, &own.scale) {
            (Role::Job { schedule, .. }, _, _) => text(schedule),
            (_, Some(count), _) => format!("{count} x {}", text(&own.size)),
            (_, None, Some(scale)) => {
                let number = |key: &str| {
                    scale
                        .get(key)
                        .map_or_else(|| "1".to_owned(), ToString::to_string)
                };
                format!(
                    "{} to {} x {}",
                    number("min"),
                    number("max"),
                    text(&own.size)
                )
            }
            (_, None, None) => text(&own.size),
        };
        let (app, process) = (text(&app.name), text(&process.name));
        let _ = writeln!(chart, "        {id}_{at}[\"{app} / {process}<br/>{how}\"]");
    }
}

/// Who sends requests to whom.
fn edges(chart: &mut String, project: &Project, id: &str, environment: &str, app: &App) {
    for (at, process) in app.processes.iter().enumerate() {
        if matches!(&process.role, Role::Web(web) if web.public) {
            let _ = writeln!(chart, "  {environment}_router --> {id}_{at}");
        }
        if app.db.is_some() {
            let _ = writeln!(chart, "  {id}_{at} --> {id}_db");
        }
        for used in &app.uses {
            if let Some(target) = target(project, environment, &used.name) {
                let _ = writeln!(chart, "  {id}_{at} -.-> {target}");
            }
        }
    }
}

/// The node of a private name, `process.app`.
fn target(project: &Project, environment: &str, name: &str) -> Option<String> {
    let (process, app) = name.split_once('.')?;
    let at = project.apps.iter().position(|it| it.name == app)?;
    let within = project.apps[at]
        .processes
        .iter()
        .position(|it| it.name == process)?;
    Some(format!("{environment}_{at}_{within}"))
}
