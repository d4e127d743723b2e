//! Runs that are killed, and runs beside each other.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::folder::{Folder, SPEC};

impl Folder {
    /// Starts the binary and does not wait for it.
    fn start(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_stackwright"))
            .args(arguments)
            .current_dir(self.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}

/// A spec with some apps, so that writing takes a while.
fn many(apps: usize, image: &str) -> String {
    let more = (0..apps).map(|at| format!("[apps.app-{at}]\nimage = \"repo/app:{image}\"\n"));
    SPEC.to_owned() + &more.collect::<String>()
}

/// The tree that a spec gives in an empty folder.
fn fresh(spec: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = Folder::new(spec, "worker: x\n");
    assert_eq!(folder.run(&["generate"]).code, 0);
    folder.files("infra")
}

#[test]
fn a_run_that_is_killed_at_any_moment_is_taken_up_with_any_spec() {
    let folder = Folder::new(SPEC, "worker: x\n");
    let mut killed = 0;
    for round in 0..24_u64 {
        let apps = if round % 2 == 0 { 60 } else { 40 };
        folder.write("stackwright.toml", many(apps, &format!("v{round}")));
        let mut run = folder.start(&["generate"]);
        thread::sleep(Duration::from_millis(10 + 9 * round));
        run.kill().unwrap();
        killed += u32::from(!run.wait().unwrap().success());
    }
    assert!(killed > 3, "{killed} of 24 runs were killed");
    folder.write("stackwright.toml", many(50, "last"));
    let run = folder.run(&["generate"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(folder.files("infra"), fresh(&many(50, "last")));
}

#[test]
fn what_a_killed_run_leaves_is_seen_and_cleared() {
    let folder = Folder::good();
    folder.run(&["generate"]);
    let whole = folder.files("infra");
    folder.write("infra/.stackwright/new/stage/main.tf", "half of it");
    let check = folder.run(&["generate", "--check"]);
    assert!(
        check.code == 3
            && check
                .stdout
                .contains("is left from a run that was interrupted"),
        "{}",
        check.all()
    );
    assert_eq!(folder.run(&["generate"]).code, 0);
    assert_eq!(folder.files("infra"), whole);
    assert_eq!(folder.run(&["generate", "--check"]).code, 0);
}

#[test]
fn runs_beside_each_other_end_with_the_tree_of_one() {
    let folder = Folder::good();
    let specs = [many(30, "a"), many(20, "b")];
    for (name, spec) in ["a", "b"].iter().zip(&specs) {
        folder.write(&format!("{name}.toml"), spec);
    }
    folder.write("Procfile", "worker: x\n");
    for _ in 0..4 {
        let runs = ["a.toml", "b.toml", "a.toml", "b.toml"]
            .map(|spec| folder.start(&["generate", "--spec", spec, "--out", "infra"]));
        for mut run in runs {
            assert!(run.wait().unwrap().success());
        }
        let files = folder.files("infra");
        assert!(specs.iter().any(|spec| files == fresh(spec)));
    }
}
