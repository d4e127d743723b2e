//! Trees in version control: what two people change on two branches.

use std::fmt::Write as _;
use std::process::Command;

use crate::folder::{Folder, SPEC};

/// Three apps whose names follow one another, so that nothing but an empty line parts them.
fn spec(images: [&str; 3], more: &str) -> String {
    let (head, _) = SPEC.split_once("[apps.").unwrap();
    let mut spec = head.to_owned();
    for (app, image) in ["alpha", "beta", "gamma"].iter().zip(images) {
        let _ = writeln!(spec, "[apps.{app}]\nimage = \"repo/{app}:{image}\"\n");
    }
    spec + more
}

struct Repository {
    folder: Folder,
}

impl Repository {
    /// A repository whose first commit has a spec and its tree.
    fn new(spec: &str) -> Self {
        let folder = Folder::new(spec, "worker: x\nmailer: y\n");
        let repository = Self { folder };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.commit();
        repository
    }

    /// Runs git; whether it succeeded, and what it said.
    fn git(&self, arguments: &[&str]) -> (bool, String) {
        let mut git = Command::new("git");
        for setting in [
            "user.name=x",
            "user.email=x@example.com",
            "core.autocrlf=false",
        ] {
            git.args(["-c", setting]);
        }
        let output = git
            .args(arguments)
            .current_dir(self.folder.path(""))
            .output();
        let output = output.expect("git has to be installed, as CONTRIBUTING.md says");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), said)
    }

    fn commit(&self) {
        let run = self.folder.run(&["generate"]);
        assert_eq!(run.code, 0, "{}", run.all());
        self.git(&["add", "--all"]);
        assert!(self.git(&["commit", "--quiet", "--message", "x"]).0);
    }

    /// Two branches that begin at the same commit, merged into the first.
    fn merge(&self, ours: &str, theirs: &str) -> bool {
        self.git(&["branch", "theirs"]);
        for (branch, spec) in [("theirs", theirs), ("main", ours)] {
            self.git(&["checkout", "--quiet", branch]);
            self.folder.write("stackwright.toml", spec);
            self.commit();
        }
        self.git(&["merge", "--quiet", "theirs"]).0
    }

    /// The files that git could not merge.
    fn conflicts(&self) -> Vec<String> {
        let (_, names) = self.git(&["diff", "--name-only", "--diff-filter=U"]);
        names.lines().map(str::to_owned).collect()
    }
}

const PRODUCTION: &str = "[environments.prod.apps.";

#[test]
fn images_and_sizes_that_two_people_change_merge_by_themselves() {
    let cases = [
        // Another image of another app.
        (spec(["1", "2", "1"], ""), spec(["1", "1", "2"], "")),
        (spec(["2", "1", "1"], ""), spec(["1", "2", "2"], "")),
        // Another size of the same app.
        (
            spec(["2", "1", "1"], ""),
            spec(
                ["1", "1", "1"],
                &format!("{PRODUCTION}alpha.worker]\nsize = \"2X\"\n"),
            ),
        ),
        // Another process of the same app.
        (
            spec(
                ["1", "1", "1"],
                &format!("{PRODUCTION}beta.mailer]\nsize = \"2X\"\n"),
            ),
            spec(["1", "2", "1"], ""),
        ),
    ];
    for (ours, theirs) in cases {
        let repository = Repository::new(&spec(["1", "1", "1"], ""));
        assert!(
            repository.merge(&ours, &theirs),
            "{:?}",
            repository.conflicts()
        );
        let check = repository.folder.run(&["generate", "--check"]);
        assert_eq!(check.code, 0, "{}", check.all());
        // What is merged is known, so the next change goes on.
        let merged = repository.folder.read("stackwright.toml");
        repository
            .folder
            .write("stackwright.toml", merged.replace("alpha:", "alpha:v"));
        let run = repository.folder.run(&["generate"]);
        assert_eq!(run.code, 0, "{}", run.all());
    }
}

/// An image is a line in the values of each environment, and a digest for each in the manifest.
#[test]
fn another_image_changes_one_line_of_a_file() {
    let repository = Repository::new(&spec(["1", "1", "1"], ""));
    repository
        .folder
        .write("stackwright.toml", spec(["1", "2", "1"], ""));
    repository.folder.run(&["generate"]);
    let (_, changed) = repository.git(&["diff", "--numstat", "--", "infra"]);
    let mut changed: Vec<&str> = changed.lines().collect();
    changed.sort_unstable();
    assert_eq!(
        changed,
        [
            "1\t1\tinfra/prod/terraform.tfvars",
            "1\t1\tinfra/stage/terraform.tfvars",
            "2\t2\tinfra/.stackwright/manifest",
        ]
    );
}

#[test]
fn a_conflict_in_the_tree_is_resolved_by_generating() {
    let repository = Repository::new(&spec(["1", "1", "1"], ""));
    let merged = repository.merge(&spec(["1", "2", "1"], ""), &spec(["1", "3", "1"], ""));
    assert!(!merged && repository.conflicts().len() > 3);
    let torn = repository.folder.read("infra/stage/terraform.tfvars");
    assert!(
        torn.contains("<<<<<<< ") && torn.contains("repo/beta:2"),
        "{torn}"
    );
    // The spec has to be resolved first.
    let run = repository.folder.run(&["generate"]);
    assert!(
        run.code == 1 && run.stderr.contains("stackwright.toml:"),
        "{}",
        run.all()
    );
    repository
        .folder
        .write("stackwright.toml", spec(["1", "4", "1"], ""));
    assert_eq!(repository.folder.run(&["generate", "--check"]).code, 3);
    let run = repository.folder.run(&["generate"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let again = Folder::new(&spec(["1", "4", "1"], ""), "worker: x\nmailer: y\n");
    again.run(&["generate"]);
    assert_eq!(repository.folder.files("infra"), again.files("infra"));
}

#[test]
fn apps_that_two_people_add_in_the_same_place_are_resolved_by_generating() {
    let (ours, theirs) = (
        "[apps.bank]\nimage = \"repo/bank:1\"\n",
        "[apps.baker]\nimage = \"repo/baker:1\"\n",
    );
    let repository = Repository::new(&spec(["1", "1", "1"], ""));
    let with = |more: &str| spec(["1", "1", "1"], more);
    repository.merge(&with(ours), &with(theirs));
    let both = with(&format!("{ours}\n{theirs}"));
    repository.folder.write("stackwright.toml", &both);
    let run = repository.folder.run(&["generate"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let again = Folder::new(&both, "worker: x\nmailer: y\n");
    again.run(&["generate"]);
    assert_eq!(repository.folder.files("infra"), again.files("infra"));
}

#[test]
fn what_a_person_wrote_survives_a_merge_with_conflicts() {
    let repository = Repository::new(&spec(["1", "1", "1"], ""));
    repository.merge(&spec(["1", "2", "1"], ""), &spec(["1", "3", "1"], ""));
    let path = "infra/stage/terraform.tfvars";
    let torn = repository.folder.read(path);
    repository
        .folder
        .write(path, torn.replace("repo/beta:3", "repo/beta:mine"));
    repository
        .folder
        .write("stackwright.toml", spec(["1", "4", "1"], ""));
    let before = repository.folder.files("infra");
    let run = repository.folder.run(&["generate"]);
    let says = "`stage/terraform.tfvars` has a merge conflict, and not all of it was generated";
    assert!(run.code == 1 && run.stderr.contains(says), "{}", run.all());
    assert_eq!(repository.folder.files("infra"), before);
}
