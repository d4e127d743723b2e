//! From the spec as it was written to a project with every default: all checks that need more than one value's type.

use std::collections::BTreeMap;
use std::ops::Range;

use stackwright_plan::procfile::{self, Procfile};
use stackwright_plan::size;
use unicode_normalization::is_nfc;

use crate::Procfiles;
use crate::build::build;
use crate::diagnostic::{Diagnostic, Problem, ProcfileUnread, Severity, closest};
use crate::project::{Environment, Project};
use crate::shape::{self, Shape};
use crate::source::Spanned;
use crate::spec::{AppWritten, EnvironmentWritten, NetworkWritten, ProcessWritten, Spec, Written};
use crate::toml_reader::Text;

/// Checks everything; the project is there unless there is an error.
pub(crate) fn check(spec: &Spec, procfiles: &Procfiles) -> (Option<Project>, Vec<Diagnostic>) {
    let mut checker = Checker {
        spec,
        procfiles,
        parsed: BTreeMap::new(),
        diagnostics: spec.diagnostics.clone(),
    };
    if spec.is_toml() {
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

/// Processes that need something that is not generated yet.
const LEFT_OUT: [&str; 2] = ["web", "release"];
const MOST_TASKS: i64 = 5000;
const LONGEST_PROCESS_NAME: usize = 64;

struct Checker<'a> {
    spec: &'a Spec,
    procfiles: &'a Procfiles,
    /// Path in the spec -> Procfile, for those that could be parsed.
    parsed: BTreeMap<String, Procfile>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn everything(&mut self) {
        let spec = self.spec;
        let written = &spec.written;
        self.shape(written.project.as_ref(), Shape::Project);
        self.shape(written.region.as_ref(), Shape::Region);
        self.domain(written.domain.as_ref());
        self.accounts(written);
        self.state(written);
        self.network(&written.network);
        for app in &written.apps {
            self.app(app);
        }
        for environment in &written.environments {
            self.environment(environment);
        }
        for environment in Environment::ALL {
            let own = written
                .environments
                .iter()
                .find(|it| it.environment == environment);
            let settings = own.map(|own| own.apps.as_slice()).unwrap_or_default();
            for app in &written.apps {
                self.secrets_in(environment, app, overrides(settings, app));
            }
        }
    }

    fn report(&mut self, span: &Range<usize>, problem: impl Into<Problem>) {
        let file = self.spec.source.name.clone();
        self.diagnostics.push(Diagnostic {
            file,
            span: span.clone(),
            problem: problem.into(),
        });
    }

    fn shape(&mut self, text: Option<&Text>, shape: Shape) {
        if let Some(text) = text.filter(|text| !shape.accepts(&text.value)) {
            self.report(
                &text.span,
                Problem::BadShape {
                    value: text.value.clone(),
                    shape,
                },
            );
        }
    }

    fn domain(&mut self, domain: Option<&Text>) {
        self.shape(domain, Shape::Domain);
        if let Some(domain) = domain {
            self.report(&domain.span, Problem::DomainUnused);
        }
    }

    fn accounts(&mut self, written: &Written) {
        let accounts = [
            ("ops", &written.ops),
            ("stage", &written.stage),
            ("prod", &written.prod),
        ];
        for (index, (name, account)) in accounts.iter().enumerate() {
            let Some(account) = account else { continue };
            self.shape(Some(account), Shape::Account);
            let same = accounts[..index].iter().find(|(_, other)| {
                other
                    .as_ref()
                    .is_some_and(|other| other.value == account.value)
            });
            if let Some((first, _)) = same {
                self.report(
                    &account.span,
                    Problem::SameAccount {
                        id: account.value.clone(),
                        first,
                        second: name,
                    },
                );
            }
        }
    }

    fn state(&mut self, written: &Written) {
        let Some(state) = &written.state else { return };
        self.shape(state.bucket.as_ref(), Shape::Bucket);
        self.shape(state.region.as_ref(), Shape::Region);
        self.shape(state.prefix.as_ref(), Shape::StatePrefix);
    }

    fn network(&mut self, network: &NetworkWritten) {
        self.shape(network.cidr.as_ref(), Shape::Cidr);
        self.shape(network.nat.as_ref(), Shape::Nat);
        self.range("az_count", network.az_count.as_ref(), 2, 3);
    }

    fn range(&mut self, key: &str, number: Option<&Spanned<i64>>, least: i64, most: i64) {
        if let Some(number) = number.filter(|number| !(least..=most).contains(&number.value)) {
            self.report(
                &number.span,
                Problem::OutOfRange {
                    key: key.to_owned(),
                    value: number.value,
                    least,
                    most,
                },
            );
        }
    }

    fn app(&mut self, app: &'a AppWritten) {
        self.shape(Some(&app.name), Shape::App);
        self.image(app.image.as_ref());
        self.shape(app.procfile.as_ref(), Shape::Path);
        self.variables(app);
        self.config_and_secrets(app, &app.config, &app.secrets, None);
        self.procfile(app);
        self.scales(app);
        self.known_processes(app, app);
    }

    fn image(&mut self, image: Option<&Text>) {
        self.shape(image, Shape::Image);
        if let Some(image) = image
            .filter(|image| Shape::Image.accepts(&image.value) && !shape::has_version(&image.value))
        {
            self.report(
                &image.span,
                Problem::ImageWithoutVersion {
                    image: image.value.clone(),
                },
            );
        }
    }

    fn variables(&mut self, app: &AppWritten) {
        for (name, value) in app.config.iter().chain(&app.secrets) {
            self.shape(Some(name), Shape::Variable);
            if name.value == "PORT" || name.value.starts_with("STACKWRIGHT_") {
                self.report(
                    &name.span,
                    Problem::ReservedVariable {
                        name: name.value.clone(),
                    },
                );
            }
            if let Some(problem) =
                cannot_arrive(&value.value, || format!("the value of `{}`", name.value))
            {
                self.report(&value.span, problem);
            }
        }
        for (name, arn) in &app.secrets {
            if shape::secret_account(&arn.value).is_none() {
                self.report(
                    &arn.span,
                    Problem::NotAnArn {
                        name: name.value.clone(),
                    },
                );
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
        for (name, _) in secrets
            .iter()
            .filter(|(name, _)| config.iter().any(|(other, _)| other.value == name.value))
        {
            self.report(
                &name.span,
                Problem::ConfigAndSecret {
                    name: name.value.clone(),
                    app: app.name.value.clone(),
                    environment,
                },
            );
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
                        .map(|error| in_procfile(&source.name, error.place.span, error.kind)),
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
        self.report(
            span,
            Problem::ProcfileUnread {
                app: app.name.value.clone(),
                path: app.procfile().to_owned(),
                reason,
            },
        );
    }

    fn procfile_of(&mut self, app: &AppWritten, file: &str, parsed: &Procfile) {
        let app_name = || app.name.value.clone();
        for process in &parsed.processes {
            let name = &process.name_place.span;
            match process.name.as_str() {
                "web" => self.diagnostics.push(in_procfile(
                    file,
                    name.clone(),
                    Problem::WebLeftOut { app: app_name() },
                )),
                "release" => self.diagnostics.push(in_procfile(
                    file,
                    name.clone(),
                    Problem::ReleaseLeftOut { app: app_name() },
                )),
                _ => {}
            }
            if process.name.len() > LONGEST_PROCESS_NAME {
                let problem = Problem::LongProcessName {
                    name: process.name.clone(),
                    length: process.name.len(),
                };
                self.diagnostics
                    .push(in_procfile(file, name.clone(), problem));
            }
            if let Some(problem) = cannot_arrive(&process.command, || {
                format!("the command of process `{}`", process.name)
            }) {
                self.diagnostics.push(in_procfile(
                    file,
                    process.command_place.span.clone(),
                    problem,
                ));
            }
        }
        if generated(parsed).next().is_none() {
            let span = parsed
                .processes
                .first()
                .map_or(0..0, |process| process.name_place.span.clone());
            self.diagnostics.push(in_procfile(
                file,
                span,
                Problem::NothingToRun { app: app_name() },
            ));
        }
    }

    /// Checks counts and sizes, written for an app or for an app in an environment.
    fn scales(&mut self, settings: &AppWritten) {
        for process in &settings.processes {
            self.range("count", process.count.as_ref(), 0, MOST_TASKS);
            self.size(process.size.as_ref());
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
            let (app_name, procfile) = (app.name.value.clone(), app.procfile().to_owned());
            let problem = Problem::UnknownProcess {
                app: app_name,
                process: process.name.value.clone(),
                procfile,
                suggestion,
                known,
            };
            self.report(&process.name.span, problem);
        }
    }

    fn size(&mut self, size: Option<&Text>) {
        let Some(size) = size else { return };
        match size::parse(&size.value)
            .and_then(|asked| asked.round_up().map(|rounded| (asked, rounded)))
        {
            Err(error) => self.report(&size.span, error),
            Ok((asked, rounded)) if asked != rounded => {
                self.report(&size.span, Problem::SizeRounded { asked, rounded });
            }
            Ok(_) => {}
        }
    }

    fn environment(&mut self, environment: &'a EnvironmentWritten) {
        self.network(&environment.network);
        for settings in &environment.apps {
            self.variables(settings);
            self.scales(settings);
            match self
                .spec
                .written
                .apps
                .iter()
                .find(|app| app.name.value == settings.name.value)
            {
                Some(app) => self.app_in(environment.environment, app, settings),
                None => self.unknown_app(&settings.name),
            }
        }
    }

    fn unknown_app(&mut self, name: &Text) {
        let known = self
            .spec
            .written
            .apps
            .iter()
            .map(|app| app.name.value.as_str());
        let suggestion = closest(&name.value, known);
        self.report(
            &name.span,
            Problem::UnknownApp {
                app: name.value.clone(),
                suggestion,
            },
        );
    }

    fn app_in(&mut self, environment: Environment, app: &'a AppWritten, settings: &'a AppWritten) {
        self.known_processes(app, settings);
        let whole = |mine: &[(Text, Text)], base: &[(Text, Text)]| [mine, base].concat();
        // Only what the environment adds: a name that the app itself has twice is reported once, at the app.
        self.config_and_secrets(
            app,
            &whole(&settings.config, &app.config),
            &settings.secrets,
            Some(environment),
        );
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
            self.report(
                &arn.span,
                Problem::SecretOfOther {
                    environment,
                    owner: environment.other(),
                },
            );
        }
    }
}

fn in_procfile(file: &str, span: Range<usize>, problem: impl Into<Problem>) -> Diagnostic {
    Diagnostic {
        file: file.to_owned(),
        span,
        problem: problem.into(),
    }
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

pub(crate) fn generated(procfile: &Procfile) -> impl Iterator<Item = &procfile::Process> {
    procfile
        .processes
        .iter()
        .filter(|process| !LEFT_OUT.contains(&process.name.as_str()))
}

pub(crate) fn overrides<'a>(
    settings: &'a [AppWritten],
    app: &AppWritten,
) -> Option<&'a AppWritten> {
    settings
        .iter()
        .find(|settings| settings.name.value == app.name.value)
}
