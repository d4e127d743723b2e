//! What the real Terraform says. It has to be on PATH, as it has to be to use the product.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use stackwright_gen::{Tree, hcl_escape};

use crate::input::{MINIMAL, repository, run, tree};
use crate::tree::{LARGE, LARGE_PROCFILES};

/// Runs Terraform in a folder.
pub(crate) fn terraform(folder: &Path, arguments: &[&str]) -> Output {
    let run = Command::new("terraform")
        .arg(format!("-chdir={}", folder.display()))
        .args(arguments)
        .env("TF_IN_AUTOMATION", "1")
        .output();
    run.expect("terraform has to be installed and on PATH")
}

pub(crate) fn assert_formatted(folder: &Path) {
    let output = terraform(folder, &["fmt", "-check", "-recursive", "-diff"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

pub(crate) fn write(folder: &Path, tree: &Tree) {
    for (path, content) in tree.files() {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

#[test]
fn trees_need_no_formatting() {
    for tree in [
        tree(MINIMAL, "worker: x\n"),
        run(LARGE, &LARGE_PROCFILES).tree.unwrap(),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &tree);
        assert_formatted(folder.path());
    }
}

#[test]
fn modules_and_examples_need_no_formatting() {
    assert_formatted(&repository().join("modules"));
    assert_formatted(&repository().join("examples"));
}

/// Terraform itself reads back every string that `hcl_escape` writes, exactly.
#[test]
fn terraform_reads_escaped_strings_back() {
    let mut texts: Vec<String> = [
        "",
        "a \"b\" c",
        "\\",
        "\\\\\"",
        "${x}",
        "$${x}",
        "$$${x}",
        "$$$${",
        "%{ if x }",
        "%%{",
        "%%%{",
        "$",
        "$$",
        "%",
        "${",
        "%{",
        "$%{",
        "%${",
        "*/ /* // #",
        "a\nb",
        "a\r\nb",
        "\t",
        "\u{1}\u{1b}[0m\u{7f}",
        "\u{85}\u{2028}\u{2029}",
        "\u{feff}x",
        "é日本🚀",
        "<<EOT\nx\nEOT",
        "{{x}} {{{x}}}",
        "~}",
        "'`",
    ]
    .map(str::to_owned)
    .to_vec();
    let marks = ["$", "{", "}", "%", "\"", "\\", "\n", "n", "u0041"];
    for a in marks {
        for b in marks {
            texts.extend(marks.map(|c| format!("{a}{b}{c}")));
        }
    }
    let main = texts
        .iter()
        .enumerate()
        .fold(String::new(), |mut main, (index, text)| {
            let _ = writeln!(
                main,
                "output \"o{index}\" {{ value = {} }}",
                hcl_escape::string(text)
            );
            main
        });
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.tf"), main).unwrap();
    let apply = terraform(folder.path(), &["apply", "-auto-approve", "-input=false"]);
    assert!(
        apply.status.success(),
        "{}",
        String::from_utf8_lossy(&apply.stderr)
    );
    let json: serde_json::Value =
        serde_json::from_slice(&terraform(folder.path(), &["output", "-json"]).stdout).unwrap();
    for (index, text) in texts.iter().enumerate() {
        assert_eq!(
            json[format!("o{index}")]["value"].as_str(),
            Some(text.as_str()),
            "{}",
            hcl_escape::string(text)
        );
    }
}
