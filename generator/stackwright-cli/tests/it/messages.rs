//! How help, mistakes and refusals look.

use crate::folder::{Folder, SPEC};

#[test]
fn help() {
    let folder = Folder::good();
    let pages = [
        vec!["--help"],
        vec!["validate", "--help"],
        vec!["generate", "--help"],
    ];
    let texts: Vec<String> = pages
        .iter()
        .map(|arguments| {
            format!(
                "$ stackwright {}\n{}",
                arguments.join(" "),
                folder.run(arguments).all()
            )
        })
        .collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn wrong_usage_exits_with_2() {
    let folder = Folder::good();
    for arguments in [
        vec![],
        vec!["generat"],
        vec!["generate", "--chek"],
        vec!["validate", "--out", "x"],
    ] {
        assert_eq!(folder.run(&arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn mistakes_of_spec_and_procfile() {
    let spec = SPEC.replace("acme", "Acme").replace("image", "imgae")
        + "\n[apps.shop.worker]\nsize = \"300:512mb\"\ncount = \"2\"\n";
    let folder = Folder::new(
        &spec,
        "release : rake\r\nworker: a\r\nworker: é\r\n\tx: y\r\n",
    );
    insta::assert_snapshot!(folder.run(&["generate"]).all());
    assert!(!folder.path("infra").exists());
}

#[test]
fn mistakes_as_json() {
    let folder = Folder::new(
        &SPEC.replace("us-west-2", "us-west"),
        "web: puma\nworker: x\n",
    );
    let run = folder.run(&["validate", "--json"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap());
}

#[test]
fn warnings_do_not_stop_anything() {
    let folder = Folder::new(SPEC, "release: rake\nworker: x\n");
    insta::assert_snapshot!(folder.run(&["validate"]).all());
    assert_eq!(folder.run(&["generate"]).code, 0);
}

#[test]
fn an_empty_spec_and_an_empty_procfile() {
    insta::assert_snapshot!(Folder::new("", "").run(&["validate"]).all());
    insta::assert_snapshot!(Folder::new(SPEC, "").run(&["validate"]).all());
}

#[test]
fn missing_and_unreadable_files() {
    let folder = Folder::good();
    insta::assert_snapshot!(folder.run(&["validate", "--spec", "nope.toml"]).all());
    folder.write("stackwright.toml", [0x61, 0xff]);
    assert!(
        folder
            .run(&["validate"])
            .stderr
            .contains("is not UTF-8 text: byte 1 is not part of a character")
    );
    folder.write(
        "stackwright.toml",
        format!("{SPEC}procfile = \"other/Procfile\"\n"),
    );
    insta::assert_snapshot!(folder.run(&["validate"]).all());
    folder.write("other/Procfile", [0xff]);
    assert!(
        folder
            .run(&["validate"])
            .stderr
            .contains("it is not UTF-8 text: byte 0")
    );
}

#[test]
fn no_colours_when_nobody_looks() {
    let run = Folder::new("project = 1\n", "").run(&["validate"]);
    assert!(!run.stderr.contains('\u{1b}') && !run.stdout.contains('\u{1b}'));
}

/// Control characters of the input do not reach the terminal.
#[test]
fn input_cannot_write_escapes_to_the_terminal() {
    let run = Folder::new(
        &SPEC.replace("acme", "a\\u001b[31mcme"),
        "worker: \u{1b}[2Jx\n",
    )
    .run(&["validate"]);
    assert_eq!(run.code, 1);
    assert!(!run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
}

#[test]
fn input_cannot_turn_messages_round() {
    let spec = format!(
        "{}\"\u{200f}x\" = 1\n",
        SPEC.replace("acme", "a\u{202e}cme")
    );
    let run = Folder::new(&spec, "\u{2066}worker: x\n").run(&["validate"]);
    assert_eq!(run.code, 1);
    let turns = |c: char| matches!(c, '\u{200f}' | '\u{202e}' | '\u{2066}');
    assert!(!run.stderr.contains(turns), "{:?}", run.stderr);
    let config = format!("{SPEC}config = {{ A = \"\u{202e}x\" }}\n");
    let run = Folder::new(&config, "worker: x\n").run(&["explain"]);
    assert!(run.stdout.contains("\\u202ex") && !run.stdout.contains(turns));
}

/// A secret pasted in place of its ARN is not quoted, whatever else is wrong with its line.
#[test]
fn pasted_secrets_are_not_quoted() {
    let pasted = format!("{SPEC}secrets = {{ PORT = \"hunter2\" }}\n");
    let run = Folder::new(&pasted, "worker: x\n").run(&["validate"]);
    insta::assert_snapshot!(run.all());
    assert!(!run.all().contains("hunter2"));
    let broken = format!("{SPEC}[apps.shop.secrets]\nKEY = hunter2\n");
    for arguments in [vec!["validate"], vec!["validate", "--json"]] {
        assert!(
            !Folder::new(&broken, "worker: x\n")
                .run(&arguments)
                .all()
                .contains("hunter2")
        );
    }
}
