//! Every Procfile of the corpus either parses or gets errors with line and reason.

use std::fs;
use std::path::PathBuf;

use stackwright_gen::procfile;

use crate::input::repository;

/// The files of a folder of the corpus, which lies beside the repository and is not part of it.
fn corpus(folder: &str) -> Vec<(String, String)> {
    let path: PathBuf = repository().join("../shared/corpus").join(folder);
    let Ok(entries) = fs::read_dir(&path) else {
        say(&format!(
            "SKIPPED: there is no corpus at {}",
            path.display()
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
                assert_eq!(
                    &text[process.command_place.span.clone()],
                    process.command,
                    "{name}"
                );
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

/// Extended Procfiles, and Markdown that is none at all: no crash, and a reason.
#[test]
fn files_of_empire_parse_or_say_why_not() {
    for (name, text) in corpus("empire") {
        assert!(!outcome(&name, &text).is_empty());
    }
}
