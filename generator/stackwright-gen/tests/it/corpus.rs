//! Every Procfile of the corpus either parses or gets errors with line and reason.

use std::fs;

use stackwright_gen::procfile;

use crate::input::repository;

/// The files of a folder of the corpus, which lies beside the repository and is not part of it.
fn corpus(folder: &str) -> Vec<(String, String)> {
    let repository = fs::canonicalize(repository()).unwrap();
    let beside = repository
        .ancestors()
        .map(|outer| outer.join("shared/corpus").join(folder));
    let Some(entries) = beside.into_iter().find_map(|path| fs::read_dir(path).ok()) else {
        say(&format!(
            "SKIPPED: there is no shared/corpus/{folder} beside {} or further up",
            repository.display()
        ));
        return Vec::new();
    };
    let mut files: Vec<(String, String)> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

#[expect(clippy::print_stderr, reason = "a skipped test has to be seen")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn outcome(name: &str, text: &str) -> String {
    match procfile::parse(text) {
        Ok(parsed) => {
            for process in &parsed.processes {
                let at = &text[process.command_place.span.clone()];
                let words: Vec<&str> = at.split_whitespace().collect();
                let first = process.command.split_whitespace().next().unwrap();
                assert!(words.join(" ").contains(first), "{name}: {at}");
                assert_eq!(
                    &text[process.name_place.span.clone()],
                    process.name,
                    "{name}"
                );
            }
            let names: Vec<&str> = parsed
                .processes
                .iter()
                .map(|process| process.name.as_str())
                .collect();
            format!("{name}: {}\n", names.join(", "))
        }
        Err(errors) => {
            let lines = errors
                .iter()
                .map(|error| format!("    {}:{} {error}\n", error.place.line, error.place.column));
            format!("{name}: refused\n{}", lines.collect::<String>())
        }
    }
}

#[test]
fn procfiles_parse_or_say_why_not() {
    let files = corpus("procfile");
    if !files.is_empty() {
        let outcomes: String = files
            .iter()
            .map(|(name, text)| outcome(name, text))
            .collect();
        insta::assert_snapshot!(outcomes);
    }
}

/// What is said about where their commands listen: a warning for each, and none for commands that use `$PORT`.
#[test]
fn ports_in_commands_of_procfiles_are_noticed() {
    let files = corpus("procfile");
    let mut said = String::new();
    for (name, text) in &files {
        let outcome = crate::input::run(crate::input::MINIMAL, &[("Procfile", text)]);
        for problem in outcome.diagnostics.into_iter().map(|it| it.problem) {
            if ["port-in-command", "hidden-address"].contains(&problem.code()) {
                said.extend([name, ": ", &problem.to_string(), "\n"]);
            }
        }
    }
    if !files.is_empty() {
        insta::assert_snapshot!(said);
    }
}

/// Extended Procfiles, and Markdown that is none at all: each is read, or refused with line and reason.
#[test]
fn files_of_empire_parse_or_say_why_not() {
    let files = corpus("empire");
    if !files.is_empty() {
        let outcomes: String = files
            .iter()
            .map(|(name, text)| outcome(name, text))
            .collect();
        insta::assert_snapshot!(outcomes);
    }
}
