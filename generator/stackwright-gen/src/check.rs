//! From the spec as it was written to a project with every default: all checks that need more than one value.

use std::collections::BTreeMap;
use std::ops::Range;

use stackwright_plan::aws_rules;
use stackwright_plan::procfile::{self, Procfile};
use stackwright_plan::regions::{self, REGIONS};
use stackwright_plan::{secret_shapes, size};
use unicode_normalization::is_nfc;

use crate::Procfiles;
use crate::build::build;
use crate::check_monitors;
use crate::check_processes;
use crate::diagnostic::{Diagnostic, Problem, ProcfileUnread, Severity, closest, nearest};
use crate::listen;
use crate::model;
use crate::project::{Environment, Project};
use crate::roles::{self, Part};
use crate::shape;
use crate::spec::{AppWritten, EnvironmentWritten, ProcessWritten, Spec, Text, Written};

/// Checks everything; the project is there unless there is an error.
pub(crate) fn check(spec: &Spec, procfiles: &Procfiles) -> (Option<Project>, Vec<Diagnostic>) {
    let mut checker = Checker {
        spec,
        procfiles,
        parsed: BTreeMap::new(),
        diagnostics: spec.diagnostics.clone(),
    };
    if spec.root.is_some() {
        checker.everything();
    }
    let failed = checker
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity() == Severity::Error);
    let project = if failed {
        None
    } else {
        build(&spec.written, &checker.parsed)
    };
    (project, checker.diagnostics)
}

const LONGEST_PROCESS_NAME: usize = 64;

pub(crate) struct Checker<'a> {
    pub(crate) spec: &'a Spec,
    procfiles: &'a Procfiles,
    /// Path in the spec -> Procfile, for those that could be parsed.
    pub(crate) parsed: BTreeMap<String, Procfile>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn everything(&mut self) {
        let written = &self.spec.written;
        self.accounts(written);
        let state = written.state.as_ref();
        let state = state.and_then(|state| state.region.as_ref());
        for region in written.region.iter().chain(state) {
            self.region(region);
        }
        check_monitors::of_router(self);
        for app in &written.apps {
            self.app(app);
        }
        for environment in &written.environments {
            self.environment(environment);
        }
        for environment in Environment::ALL {
            for app in &written.apps {
                let settings = overrides(settings_of(written, environment), app);
                self.secrets_in(environment, app, settings);
            }
        }
        check_processes::across_apps(self);
    }

    pub(crate) fn report(&mut self, span: &Range<usize>, problem: impl Into<Problem>) {
        let file = self.spec.source.name.clone();
        self.diagnostics.push(Diagnostic {
            file,
            span: span.clone(),
            problem: problem.into(),
        });
    }

    fn accounts(&mut self, written: &Written) {
        let accounts = [
            ("ops", &written.ops),
            ("stage", &written.stage),
            ("prod", &written.prod),
        ];
        for (index, (name, account)) in accounts.iter().enumerate() {
            let Some(account) = account else { continue };
            let same = accounts[..index].iter().find(|(_, other)| {
                other
                    .as_ref()
                    .is_some_and(|other| other.value == account.value)
            });
            if let Some((first, _)) = same {
                let problem = Problem::SameAccount {
                    id: account.value.clone(),
                    first,
                    second: name,
                };
                self.report(&account.span, problem);
            }
        }
    }

    /// Says that a region is none that is known.
    fn region(&mut self, region: &Text) {
        let name = region.value.as_str();
        // What has not even the form is reported with the form.
        if REGIONS.contains(&name) || !shape::Shape::Region.accepts(name) {
            return;
        }
        let problem = Problem::UnknownRegion {
            region: name.to_owned(),
            nearest: nearest(name, REGIONS),
            can_be: regions::can_be(name),
        };
        self.report(&region.span, problem);
    }

    fn app(&mut self, app: &'a AppWritten) {
        self.image(app.image.as_ref());
        self.policies(app);
        self.values(app);
        self.config_and_secrets(app, &app.config, &app.secrets, None);
        for process in &app.processes {
            self.config_and_secrets(app, &process.config, &app.secrets, None);
        }
        self.procfile(app);
        self.sizes(app);
        self.known_processes(app, app);
        check_processes::of_app(self, app);
    }

    fn image(&mut self, image: Option<&Text>) {
        let Some(image) = image.filter(|image| !shape::has_version(&image.value)) else {
            return;
        };
        let name = image.value.clone();
        if shape::Shape::Image.accepts(&name) {
            self.report(&image.span, Problem::ImageWithoutVersion { image: name });
        }
    }

    /// Checks that the values of variables reach a process as they are.
    fn values(&mut self, app: &AppWritten) {
        let own = || app.processes.iter().flat_map(|process| &process.config);
        for (name, value) in app.config.iter().chain(own()) {
            self.secret_in_config(name, value);
        }
        for (name, value) in app.config.iter().chain(&app.secrets).chain(own()) {
            let what = || format!("the value of `{}`", name.value);
            if let Some(problem) = cannot_arrive(&value.value, what) {
                self.report(&value.span, problem);
            }
        }
    }

    fn config_and_secrets(
        &mut self,
        app: &AppWritten,
        config: &[(Text, Text)],
        secrets: &[(Text, Text)],
        environment: Option<Environment>,
    ) {
        let twice = secrets
            .iter()
            .filter(|(name, _)| config.iter().any(|(other, _)| other.value == name.value));
        for (name, _) in twice {
            let problem = Problem::ConfigAndSecret {
                name: name.value.clone(),
                app: app.name.value.clone(),
                environment,
            };
            self.report(&name.span, problem);
        }
    }

    /// What looks like a secret and is kept in clear text.
    fn secret_in_config(&mut self, name: &Text, value: &Text) {
        if let Some(looks) = secret_shapes::looks_like(&name.value, &value.value) {
            let problem = Problem::SecretInConfig {
                name: name.value.clone(),
                looks,
                value: value.span.clone(),
            };
            self.report(&name.span, problem);
        }
    }

    /// Reads the Procfile of an app and checks what it means for this app.
    fn procfile(&mut self, app: &AppWritten) {
        let path = app.procfile();
        match self.procfiles.get(path) {
            Some(Ok(source)) => match procfile::parse(&source.text) {
                Ok(parsed) => {
                    self.procfile_of(app, &source.name, &parsed);
                    self.parsed.insert(path.to_owned(), parsed);
                }
                Err(errors) => self.diagnostics.extend(
                    errors
                        .into_iter()
                        .map(|error| in_procfile(&source.name, &error.place.span, error.kind)),
                ),
            },
            Some(Err(reason)) => self.unread(app, reason.clone()),
            None => self.unread(app, ProcfileUnread::Missing),
        }
    }

    fn unread(&mut self, app: &AppWritten, reason: ProcfileUnread) {
        let span = app
            .procfile
            .as_ref()
            .map_or(&app.name.span, |path| &path.span);
        let problem = Problem::ProcfileUnread {
            app: app.name.value.clone(),
            path: app.procfile().to_owned(),
            reason,
        };
        self.report(span, problem);
    }

    fn procfile_of(&mut self, app: &AppWritten, file: &str, parsed: &Procfile) {
        for process in &parsed.processes {
            for (span, problem) in process_of(app, process) {
                self.diagnostics.push(in_procfile(file, &span, problem));
            }
        }
        let runs = |process: &procfile::Process| {
            !matches!(roles::part(app, process), Part::Release | Part::ByHand)
        };
        if !parsed.processes.iter().any(runs) {
            let first = parsed.processes.first();
            let span = first.map_or(0..0, |process| process.name_place.span.clone());
            let app = app.name.value.clone();
            self.diagnostics
                .push(in_procfile(file, &span, Problem::NothingToRun { app }));
        }
    }

    /// Says what size Fargate makes of those that it does not have.
    fn sizes(&mut self, settings: &AppWritten) {
        for size in settings
            .processes
            .iter()
            .filter_map(|process| process.size.as_ref())
        {
            let asked = size::parse(&size.value);
            let rounded = asked.and_then(|asked| asked.round_up().map(|rounded| (asked, rounded)));
            // What cannot be read is reported with the form.
            if let Ok((asked, rounded)) = rounded
                && asked != rounded
            {
                self.report(&size.span, Problem::SizeRounded { asked, rounded });
            }
        }
    }

    /// Checks that settings are about processes that the app has.
    fn known_processes(&mut self, app: &AppWritten, settings: &AppWritten) {
        for process in &settings.processes {
            self.known_process(app, process);
        }
    }

    fn known_process(&mut self, app: &AppWritten, process: &ProcessWritten) {
        let Some(parsed) = self.parsed.get(app.procfile()) else {
            return;
        };
        let known: Vec<String> = parsed
            .processes
            .iter()
            .map(|process| process.name.clone())
            .collect();
        if !known.contains(&process.name.value) {
            let suggestion = closest(&process.name.value, known.iter().map(String::as_str));
            let problem = Problem::UnknownProcess {
                app: app.name.value.clone(),
                process: process.name.value.clone(),
                procfile: app.procfile().to_owned(),
                suggestion,
                known,
            };
            self.report(&process.name.span, problem);
        }
    }

    /// A certificate works in its own account and region alone.
    fn certificate(&mut self, environment: &EnvironmentWritten) {
        let written = &self.spec.written;
        let account = match environment.environment {
            Environment::Stage => &written.stage,
            Environment::Prod => &written.prod,
        };
        let Some(arn) = &environment.certificate_arn else {
            return;
        };
        let parts: Vec<&str> = arn.value.split(':').collect();
        let [_, _, "acm", region, owner, _] = parts.as_slice() else {
            return;
        };
        let differs =
            |own: &Option<Text>, other: &str| own.as_ref().is_some_and(|own| own.value != other);
        if differs(&written.region, region) || differs(account, owner) {
            let name = environment.environment;
            let reason = format!(
                "this certificate is in account {owner} and {region}, where the router of {name} is not"
            );
            let help = "request one in the account and region of the environment, or write `zone_id`, and the router requests its own";
            self.report(&arn.span, Problem::Refused { reason, help });
        }
    }

    /// What IAM would refuse of the policies of an app.
    fn policies(&mut self, app: &AppWritten) {
        for (_, policy) in &app.policies {
            if let Err(reason) = aws_rules::policy_document(&policy.value) {
                let help = "write a policy as IAM takes it for a role, as JSON";
                self.report(&policy.span, Problem::Refused { reason, help });
            }
        }
    }

    fn environment(&mut self, environment: &'a EnvironmentWritten) {
        self.certificate(environment);
        for settings in &environment.apps {
            self.values(settings);
            self.sizes(settings);
            let apps = &self.spec.written.apps;
            match apps
                .iter()
                .find(|app| app.name.value == settings.name.value)
            {
                Some(app) => self.app_in(environment.environment, app, settings),
                None => self.unknown_app(&settings.name),
            }
        }
    }

    pub(crate) fn unknown_app(&mut self, name: &Text) {
        let known = self.spec.written.apps.iter();
        let suggestion = closest(&name.value, known.map(|app| app.name.value.as_str()));
        let app = name.value.clone();
        self.report(&name.span, Problem::UnknownApp { app, suggestion });
    }

    fn app_in(&mut self, environment: Environment, app: &'a AppWritten, settings: &'a AppWritten) {
        self.policies(settings);
        self.known_processes(app, settings);
        check_processes::in_environment(self, environment, app, settings);
        let whole = |mine: &[(Text, Text)], base: &[(Text, Text)]| [mine, base].concat();
        // Only what the environment adds: a name that the app itself has twice is reported once, at the app.
        let config = whole(&settings.config, &app.config);
        self.config_and_secrets(app, &config, &settings.secrets, Some(environment));
        self.config_and_secrets(app, &settings.config, &app.secrets, Some(environment));
    }

    /// A secret of the other environment is a mistake that would work, so it is looked for.
    fn secrets_in(
        &mut self,
        environment: Environment,
        app: &AppWritten,
        settings: Option<&AppWritten>,
    ) {
        let written = &self.spec.written;
        let other = match environment {
            Environment::Stage => &written.prod,
            Environment::Prod => &written.stage,
        };
        let Some(other) = other else { return };
        let own = settings
            .map(|settings| settings.secrets.as_slice())
            .unwrap_or_default();
        let inherited = app
            .secrets
            .iter()
            .filter(|(name, _)| !own.iter().any(|(mine, _)| mine.value == name.value));
        let foreign =
            |arn: &&(Text, Text)| shape::secret_account(&arn.1.value) == Some(other.value.as_str());
        for (_, arn) in own.iter().chain(inherited).filter(foreign) {
            let owner = environment.other();
            self.report(&arn.span, Problem::SecretOfOther { environment, owner });
        }
    }
}

/// What there is to say about an entry of a Procfile.
fn process_of(app: &AppWritten, process: &procfile::Process) -> Vec<(Range<usize>, Problem)> {
    let mut found = Vec::new();
    let name = process.name_place.span.clone();
    // A process with `noservice` does what it says, so there is nothing to warn of.
    if roles::part(app, process) == Part::Release {
        let app = app.name.value.clone();
        found.push((name.clone(), Problem::ReleaseDoesNotRun { app }));
    }
    if let Some(field) = model::APP.field(&process.name) {
        let (key, means) = (field.key, field.doc);
        found.push((name.clone(), Problem::NamedLikeKey { key, means }));
    }
    if process.name.len() > LONGEST_PROCESS_NAME {
        let problem = Problem::LongProcessName {
            name: process.name.clone(),
            length: process.name.len(),
        };
        found.push((name, problem));
    }
    let what = || format!("the command of process `{}`", process.name);
    if let Some(problem) = cannot_arrive(&process.command, what) {
        found.push((process.command_place.span.clone(), problem));
    }
    found.extend(of_variables(app, process));
    if let Some(cron) = &process.cron
        && let Some(problem) = check_processes::schedule(&cron.text)
    {
        found.push((cron.place.span.clone(), problem));
    }
    found.extend(check_processes::of_ports(app, process));
    let place = || process.command_place.span.clone();
    found.extend(of_command(app, process).map(|problem| (place(), problem)));
    found
}

/// Where the command of a process that takes requests says that it listens.
fn of_command(app: &AppWritten, process: &procfile::Process) -> Option<Problem> {
    if !matches!(roles::part(app, process), Part::Web { .. }) {
        return None;
    }
    let (listens, port) = (listen::of(&process.command), roles::port(app, process));
    let process = process.name.clone();
    match (listens.hidden, listens.port) {
        (Some(address), _) => Some(Problem::HiddenAddress { process, address }),
        (None, Some(other)) if i64::from(other) != port => Some(Problem::PortInCommand {
            process,
            listens: other,
            port,
            sets_port: listens.sets_port,
        }),
        (None, _) => None,
    }
}

fn in_procfile(file: &str, span: &Range<usize>, problem: impl Into<Problem>) -> Diagnostic {
    Diagnostic {
        file: file.to_owned(),
        span: span.clone(),
        problem: problem.into(),
    }
}

/// What there is to say about the variables of an entry of a Procfile.
fn of_variables(app: &AppWritten, process: &procfile::Process) -> Vec<(Range<usize>, Problem)> {
    let mut found = Vec::new();
    for (variable, value) in &process.environment {
        if variable.text == "PORT" {
            let requests = matches!(roles::part(app, process), Part::Web { .. });
            let process = process.name.clone();
            found.push((
                variable.place.span.clone(),
                Problem::PortOfProcfile { process, requests },
            ));
        }
        if app
            .secrets
            .iter()
            .any(|(secret, _)| secret.value == variable.text)
        {
            let problem = Problem::ConfigAndSecret {
                name: variable.text.clone(),
                app: app.name.value.clone(),
                environment: None,
            };
            found.push((variable.place.span.clone(), problem));
        }
        let what = || format!("the value of `{}`", variable.text);
        if let Some(problem) = cannot_arrive(&value.text, what) {
            found.push((value.place.span.clone(), problem));
        }
    }
    found
}

/// Why a text would not reach a process as it is.
fn cannot_arrive(text: &str, what: impl FnOnce() -> String) -> Option<Problem> {
    if text.contains('\0') {
        Some(Problem::Nul { what: what() })
    } else if !is_nfc(text) {
        Some(Problem::NotNormalized { what: what() })
    } else {
        None
    }
}

/// What an environment says of apps.
pub(crate) fn settings_of(written: &Written, environment: Environment) -> &[AppWritten] {
    let own = written
        .environments
        .iter()
        .find(|it| it.environment == environment);
    own.map(|own| own.apps.as_slice()).unwrap_or_default()
}

pub(crate) fn overrides<'a>(
    settings: &'a [AppWritten],
    app: &AppWritten,
) -> Option<&'a AppWritten> {
    settings
        .iter()
        .find(|settings| settings.name.value == app.name.value)
}
