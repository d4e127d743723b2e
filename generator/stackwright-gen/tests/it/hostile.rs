//! Input is data, never code: text with quotes, `${`, newlines and the like arrives unchanged.

use proptest::prelude::*;
use stackwright_gen::invisible::is_invisible;
use stackwright_gen::{hcl_escape, procfile};

use crate::input::{self, MINIMAL, at, block, hcl, run, string};

/// Text that HCL could take for something else, mixed with any other characters.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "${",
            "$${",
            "$$${",
            "%{",
            "%%{",
            "}",
            "~}",
            "\"",
            "\\",
            "\\\"",
            "\\n",
            "\n",
            "\r\n",
            "\t",
            "*/",
            "/*",
            "#",
            "//",
            "<<EOT",
            "\u{1b}",
            "\u{7f}",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{202e}",
            "\u{2066}",
            "\u{200f}",
            "\u{61c}",
            "\u{200b}",
            "\u{e0041}",
            "$",
            "%",
            "{",
            "'",
            "`",
            "é",
            "日本",
            "🚀",
            "${var.x}",
            "{{app}}",
            "{{{app}}}",
            "&amp;",
            " ",
        ])
        .prop_map(str::to_owned),
        any::<char>()
            .prop_filter("no process can get a NUL", |c| *c != '\0')
            .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| nfc(&pieces.concat()))
}

fn nfc(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    text.nfc().collect()
}

/// A TOML string: JSON's escapes are TOML's, but for DEL and its neighbours.
fn toml(text: &str) -> String {
    serde_json::to_string(text)
        .unwrap()
        .replace('\u{7f}', "\\u007f")
}

fn as_command(text: &str) -> String {
    let line: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("x{}", line.trim_matches([' ', '\t']))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn commands_and_values_arrive(command in hostile(), value in hostile(), process in "[A-Za-z0-9_-]{1,12}") {
        let command = as_command(&command);
        prop_assume!(process != "web" && process != "release");
        let file = format!("P{}", as_command(&value));
        let spec = format!("{MINIMAL}config = {{ VALUE = {} }}\nprocfile = {}\n", toml(&value), toml(&file));
        let outcome = run(&spec, &[(file.as_str(), &format!("{process}: {command}\n"))]);
        let tree = outcome.tree.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
        let main = hcl(&tree.files()["apps/shop/main.tf"]);
        let module = block(&main, "module", &[&format!("process_{process}")]);
        prop_assert_eq!(string(&module.body, "command"), command);
        prop_assert_eq!(string(&module.body, "process"), process);
        let tfvars = hcl(&tree.files()["prod/terraform.tfvars"]);
        let apps = &tfvars.get_attribute("apps").unwrap().value;
        prop_assert_eq!(at(apps, &["shop", "config", "VALUE"]).as_str(), Some(value.as_str()));
        for (path, text) in tree.files().iter().filter(|(path, _)| input::is_terraform(path)) {
            prop_assert!(text.parse::<hcl_edit::structure::Body>().is_ok(), "{}", path);
        }
        for (path, text) in tree.files() {
            prop_assert!(!text.chars().any(|c| c != '\n' && is_invisible(c)), "{}", path);
        }
    }

    #[test]
    fn escaped_strings_read_back(text in hostile()) {
        let body = hcl(&format!("a = {}\n", hcl_escape::string(&text)));
        prop_assert_eq!(string(&body, "a"), text);
    }

    #[test]
    fn any_text_is_a_procfile_or_has_errors(text in "(?s).{0,200}") {
        if let Err(errors) = procfile::parse(&text) {
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert!(text.get(error.place.span.clone()).is_some(), "{:?}", error);
                prop_assert!(!error.help().is_empty());
            }
        }
    }

    #[test]
    fn any_spec_gives_a_tree_or_errors(text in hostile(), cut in 0..200_usize) {
        let cut = MINIMAL.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(MINIMAL.len());
        let spec = format!("{}{text}{}", &MINIMAL[..cut], &MINIMAL[cut..]);
        let outcome = run(&spec, &[("Procfile", "worker: x\n")]);
        prop_assert!(outcome.tree.is_some() || !outcome.diagnostics.is_empty());
        for diagnostic in outcome.diagnostics {
            prop_assert!(diagnostic.file != "stackwright.toml" || spec.get(diagnostic.span.clone()).is_some(), "{:?}", diagnostic);
        }
    }
}

#[test]
fn what_cannot_arrive_is_refused() {
    let value = |text: &str| {
        input::messages(
            &format!("{MINIMAL}config = {{ A = {} }}\n", toml(text)),
            &[("Procfile", "worker: x\n")],
        )
    };
    assert!(
        value("a\0b")
            .contains("the value of `A` contains a NUL character, which no process can get")
    );
    assert!(value("e\u{301}").contains(
        "the value of `A` is not in Unicode normal form C, and Terraform would change it"
    ));
    let command = |text: &str| input::messages(MINIMAL, &[("Procfile", text)]);
    assert!(command("worker: a\0b\n").contains("control character U+0000 in the line"));
    assert!(
        command("worker: e\u{301}\n")
            .contains("the command of process `worker` is not in Unicode normal form C")
    );
}

/// What a reviewer reads is what Terraform reads, in values, comments and READMEs.
#[test]
fn text_that_turns_round_is_written_by_number() {
    let spec = format!(
        "{MINIMAL}procfile = \"P\u{2066}\"\nconfig = {{ A = \"x\u{202e}y\" }}\nmonitors.m = {{ message = \"\u{200f}m\", metric = \"x\", critical = {{ threshold = 1 }} }}\n"
    );
    let procfile = "worker: run \u{202e}x\nrelease: migrate \u{61c}y\n";
    let outcome = run(&spec, &[("P\u{2066}", procfile)]);
    let tree = outcome.tree.unwrap();
    let main = &tree.files()["apps/shop/main.tf"];
    for wanted in [
        "are those of P\\u2066.",
        "migrate \\u061cy",
        "\"run \\u202ex\"",
        "\"\\u200fm\"",
    ] {
        assert!(main.contains(wanted), "{wanted}\n{main}");
    }
    assert!(tree.files()["prod/terraform.tfvars"].contains("\"x\\u202ey\""));
    let readme = &tree.files()["apps/shop/README.md"];
    assert!(readme.contains("<code>run &#92;u202ex</code>"), "{readme}");
    for (path, text) in tree.files() {
        assert!(
            !text.chars().any(|c| c != '\n' && is_invisible(c)),
            "{path}"
        );
    }
}
