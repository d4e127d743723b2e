//! `stackwright init`: looks, asks little, writes a first spec.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use stackwright_gen::init::{self, Answers, Folder, Found};
use stackwright_gen::{Severity, Shape, SourceFile, Spec};

use crate::arguments::{GenerateArguments, InitArguments};
use crate::commands::{Ending, Failure, Success, alone, generate};
use crate::disk::{self, DiskError};

const FILES: [&str; 4] = ["Procfile", "app.json", "fly.toml", "Dockerfile"];

/// Writes a first spec, or says what is missing for it.
pub(crate) fn run(arguments: &InitArguments) -> Ending {
    let folder = &arguments.folder;
    if let Some(path) = disk::SPECS
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.exists())
    {
        return alone(Err(Failure::SpecExists { path }));
    }
    let found = match read(folder) {
        Ok(folder) => init::look(&folder),
        Err(error) => return alone(Err(Failure::Disk(error))),
    };
    if found.procfile.is_none() && !folder.join("Procfile").exists() {
        let (folder, left) = (folder.clone(), found.left);
        return alone(Err(Failure::NothingFound { folder, left }));
    }
    let mut answers = given(arguments);
    if !arguments.yes && !arguments.json && io::stdin().is_terminal() {
        ask(&found, &mut answers);
    }
    let text = match init::spec(&found, &answers) {
        Ok(text) => text,
        Err(missing) => return alone(Err(Failure::Unanswered { missing })),
    };
    write(arguments, &found, &text)
}

fn write(arguments: &InitArguments, found: &Found, text: &str) -> Ending {
    let path = arguments.folder.join("stackwright.toml");
    // A wrong answer is shown in the text that it would make, before anything is written.
    let source = SourceFile::new(path.to_string_lossy(), text);
    let name = source.name.clone();
    let spec = Spec::read(source);
    let procfile = match &found.procfile {
        Some(procfile) => Ok(SourceFile::new("Procfile", procfile.as_str())),
        None => disk::read_procfile(&arguments.folder, "Procfile"),
    };
    let procfiles = BTreeMap::from([("Procfile".to_owned(), procfile)]);
    let (_, diagnostics) = stackwright_gen::validate(&spec, &procfiles);
    let read = procfiles.into_values().flatten();
    let read = read.map(|source| (source.name.clone(), source));
    let sources = read.chain([(name, spec.source().clone())]).collect();
    if diagnostics
        .iter()
        .any(|it| it.severity() == Severity::Error)
    {
        return Ending {
            result: Err(Failure::Input { would_write: true }),
            diagnostics,
            sources,
        };
    }
    match write_files(&arguments.folder, found, text) {
        Err(error) => alone(Err(Failure::Disk(error))),
        // What is a warning now is one of every later run, so it is said at once.
        Ok(()) => finish(
            arguments,
            found,
            Ending {
                diagnostics,
                sources,
                result: Ok(Success::Valid { spec: path }),
            },
        ),
    }
}

fn write_files(folder: &Path, found: &Found, text: &str) -> Result<(), DiskError> {
    if let Some(procfile) = &found.procfile {
        disk::write_first(&folder.join("Procfile"), procfile)?;
    }
    disk::write_first(&folder.join("stackwright.toml"), text)
}

fn finish(arguments: &InitArguments, found: &Found, valid: Ending) -> Ending {
    let spec = arguments.folder.join("stackwright.toml");
    let mut ending = if arguments.generate {
        generate(&GenerateArguments::first(spec.clone()))
    } else {
        valid
    };
    let generated = match ending.result {
        Ok(Success::Written(update)) => Some(update),
        Ok(_) => None,
        Err(_) => return ending,
    };
    ending.result = Ok(Success::Started {
        spec,
        procfile: found
            .procfile
            .as_ref()
            .map(|_| arguments.folder.join("Procfile")),
        notes: found.notes.clone(),
        left: found.left.clone(),
        generated,
    });
    ending
}

fn read(folder: &Path) -> Result<Folder, DiskError> {
    let mut files = BTreeMap::new();
    for name in FILES {
        if let Some(text) = disk::text_if_any(&folder.join(name))? {
            files.insert(name.to_owned(), text);
        }
    }
    Ok(Folder {
        name: disk::folder_name(folder),
        files,
        paths: paths(folder),
    })
}

/// What is in the folder, and the manifests of Copilot.
fn paths(folder: &Path) -> BTreeSet<String> {
    let services = disk::names_in(&folder.join("copilot")).into_iter();
    let manifests = services.map(|name| format!("copilot/{name}/manifest.yml"));
    let manifests = manifests.filter(|path| folder.join(path).is_file());
    disk::names_in(folder)
        .into_iter()
        .chain(manifests)
        .collect()
}

fn given(arguments: &InitArguments) -> Answers {
    Answers {
        project: arguments.project.clone(),
        app: arguments.app.clone(),
        region: arguments.region.clone(),
        domain: arguments.domain.clone(),
        stage_zone: arguments.stage_zone.clone(),
        prod_zone: arguments.prod_zone.clone(),
        image: arguments.image.clone(),
        ops: arguments.ops.clone(),
        stage: arguments.stage.clone(),
        prod: arguments.prod.clone(),
    }
}

/// Asks for what nothing says, each until the answer can be used.
fn ask(found: &Found, answers: &mut Answers) {
    if found.app.is_none() {
        one("Name of the app", "shop", Shape::App, &mut answers.app);
    }
    if found.region.is_none() {
        one(
            "AWS region",
            "us-west-2",
            Shape::Region,
            &mut answers.region,
        );
    }
    let image = "111111111111.dkr.ecr.us-west-2.amazonaws.com/shop:v41";
    one("Container image", image, Shape::Image, &mut answers.image);
    one(
        "Account id of ops",
        "111111111111",
        Shape::Account,
        &mut answers.ops,
    );
    one(
        "Account id of stage",
        "222222222222",
        Shape::Account,
        &mut answers.stage,
    );
    one(
        "Account id of prod",
        "333333333333",
        Shape::Account,
        &mut answers.prod,
    );
    if answers.domain.is_some() && found.is_public {
        let zones = [
            ("stage", &mut answers.stage_zone),
            ("prod", &mut answers.prod_zone),
        ];
        for (environment, answer) in zones {
            let question = format!("Route 53 zone of the domain in {environment}");
            one(&question, "Z0123456789ABCDEFGHIJ", Shape::ZoneId, answer);
        }
    }
}

fn one(question: &str, example: &str, shape: Shape, answer: &mut Option<String>) {
    while answer.is_none() {
        let mut stderr = io::stderr();
        // Nobody can be asked when the terminal is gone; what is missing is then reported.
        if write!(stderr, "{question}, e.g. {example}: ")
            .and_then(|()| stderr.flush())
            .is_err()
        {
            return;
        }
        let mut line = String::new();
        if !matches!(io::stdin().read_line(&mut line), Ok(read) if read > 0) {
            return;
        }
        let value = line.trim();
        if shape.accepts(value) {
            *answer = Some(value.to_owned());
        } else if writeln!(stderr, "  {}", shape.help(value)).is_err() {
            return;
        }
    }
}
