//! What a hostile repository must not be able to do.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::folder::{Folder, Run, SPEC};

const WORKER: &str = "worker: bundle exec sidekiq\n";

/// Longer than any run takes that reads no endless file, also beside other tests.
const SOON: Duration = Duration::from_secs(20);

/// A repository, with a folder beside it that nothing may be written to.
struct Repository {
    folder: Folder,
}

impl Repository {
    fn new() -> Self {
        let folder = Folder::empty();
        folder.write("outside/kept", "as it was");
        folder.write("repository/.git/config", "extraheader: secret\n");
        Self { folder }
    }

    /// With a spec and a Procfile.
    fn with_spec() -> Self {
        let repository = Self::new();
        repository.write("stackwright.toml", SPEC);
        repository.write("Procfile", WORKER);
        repository
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        self.folder.write(&format!("repository/{path}"), content);
    }

    fn link(&self, path: &str, to: &str) {
        let path = self.folder.path(&format!("repository/{path}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(self.folder.path(to), path).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let begun = Instant::now();
        let run = self.folder.run_in("repository", arguments);
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        run
    }

    /// Nothing outside was written, and nothing that is there was shown.
    fn is_untouched_after(&self, run: &Run) {
        let outside = self.folder.files("outside");
        assert_eq!(outside.keys().collect::<Vec<_>>(), ["kept"]);
        assert_eq!(outside["kept"], b"as it was");
        let shown = run.all();
        assert!(
            !shown.contains("as it was") && !shown.contains("secret"),
            "{shown}"
        );
    }
}

fn init(repository: &Repository, more: &[&str]) -> Run {
    let image = "111111111111.dkr.ecr.us-west-2.amazonaws.com/shop:v41";
    let mut arguments = vec!["init", "--yes", "--app", "shop", "--region", "us-west-2"];
    arguments.extend(["--image", image, "--ops", "111111111111"]);
    arguments.extend(["--stage", "222222222222", "--prod", "333333333333"]);
    arguments.extend(more);
    repository.run(&arguments)
}

const FLY: &str =
    "app = \"shop\"\nprimary_region = \"iad\"\n[processes]\nweb = \"puma; id > PWNED\"\n";

#[test]
fn init_writes_through_no_link() {
    for name in ["Procfile", "stackwright.toml"] {
        for target in ["outside/new", "outside/kept"] {
            let repository = Repository::new();
            repository.write("fly.toml", FLY);
            repository.link(name, target);
            let run = init(&repository, &[]);
            assert_ne!(run.code, 0, "{name} -> {target}: {}", run.all());
            repository.is_untouched_after(&run);
        }
    }
    let repository = Repository::new();
    repository.write("fly.toml", FLY);
    repository.link("deep", "outside");
    let run = init(&repository, &["--folder", "deep"]);
    assert_ne!(run.code, 0);
    repository.is_untouched_after(&run);
}

#[test]
fn init_reads_through_no_link_that_leads_out() {
    for name in ["Procfile", "app.json", "fly.toml", "Dockerfile"] {
        let repository = Repository::new();
        repository.link(name, "outside/kept");
        let run = init(&repository, &[]);
        assert_ne!(run.code, 0, "{name}");
        assert!(run.stderr.contains("is outside of"), "{}", run.all());
        repository.is_untouched_after(&run);
    }
}

/// Every path that a run of `generate` writes, and all its parents.
fn touched() -> Vec<String> {
    let repository = Repository::with_spec();
    assert_eq!(repository.run(&["generate"]).code, 0);
    let files = repository.folder.files("repository/infra");
    let mut paths: Vec<String> = files
        .keys()
        .flat_map(|file| {
            Path::new(file)
                .ancestors()
                .map(Path::to_owned)
                .collect::<Vec<_>>()
        })
        .map(|path| Path::new("infra").join(path).to_string_lossy().into_owned())
        .map(|path| path.trim_end_matches('/').to_owned())
        .chain(["infra/.stackwright/new".to_owned()])
        .collect();
    paths.sort();
    paths.dedup();
    assert!(
        paths.len() > 70 && paths.contains(&"infra".to_owned()),
        "{paths:?}"
    );
    paths
}

#[test]
fn generate_writes_through_no_link_at_any_name_or_parent() {
    for path in touched() {
        for target in ["outside", "outside/new"] {
            let repository = Repository::with_spec();
            repository.link(&path, target);
            let run = repository.run(&["generate"]);
            // Where new files are staged is ours alone: a link there is taken away.
            let staging = path == "infra/.stackwright/new";
            assert!(
                run.code == 1 || staging && run.code == 0,
                "{path} -> {target}: {}",
                run.all()
            );
            repository.is_untouched_after(&run);
        }
    }
}

#[test]
fn the_folder_to_write_to_is_reached_through_no_link() {
    for out in ["link", "link/infra", "link/../infra2", "deep/link/infra"] {
        for absolute in [false, true] {
            let repository = Repository::with_spec();
            repository.link("link", "outside");
            repository.link("deep/link", "outside");
            let full = repository
                .folder
                .path("repository")
                .canonicalize()
                .unwrap()
                .join(out);
            let out = if absolute {
                full.to_str().unwrap()
            } else {
                out
            };
            let run = repository.run(&["generate", "--out", out]);
            assert_eq!(run.code, 1, "{out}: {}", run.all());
            assert!(run.stderr.contains("is a symbolic link"), "{}", run.all());
            repository.is_untouched_after(&run);
        }
    }
    let repository = Repository::with_spec();
    let elsewhere = repository.folder.path("elsewhere");
    let run = repository.run(&["generate", "--out", elsewhere.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.all());
}

#[test]
fn a_procfile_comes_from_the_repository_alone() {
    let outside = Folder::empty();
    outside.write("credentials", "aws_secret_access_key: AKIASECRET\n");
    let absolute = outside.path("credentials");
    let cases = [
        (absolute.to_str().unwrap(), "begins at the root of the disk"),
        ("../outside/kept", "is outside of"),
        ("/proc/self/environ", "begins at the root of the disk"),
        ("/dev/zero", "begins at the root of the disk"),
        ("link", "is outside of"),
        ("zero", "is outside of"),
        ("pipe", "is not a regular file"),
        ("infra", "is not a regular file"),
        ("long", "is longer than 1 MiB"),
        (".git/config", "belongs to git"),
    ];
    for (procfile, reason) in cases {
        let repository = Repository::new();
        let spec = SPEC.replace(
            "[apps.shop]\n",
            &format!("[apps.shop]\nprocfile = \"{procfile}\"\n"),
        );
        repository.write("stackwright.toml", spec);
        strange_files(&repository);
        let run = repository.run(&["generate"]);
        assert_eq!(run.code, 1, "{procfile}: {}", run.all());
        assert!(run.stderr.contains(reason), "{procfile}: {}", run.all());
        assert!(!run.all().contains("AKIASECRET"), "{}", run.all());
        repository.is_untouched_after(&run);
    }
}

fn strange_files(repository: &Repository) {
    repository.link("link", "outside/kept");
    repository.write("long", format!("worker: {}\n", "x".repeat(2 << 20)));
    repository.write("infra/README", "");
    let path = |name: &str| repository.folder.path(&format!("repository/{name}"));
    symlink("/dev/zero", path("zero")).unwrap();
    let made = Command::new("mkfifo").arg(path("pipe")).status().unwrap();
    assert!(made.success());
}

#[test]
fn a_spec_and_what_init_reads_are_regular_files_of_limited_size() {
    for (file, reason) in [
        ("zero", "is outside of"),
        ("link", "is outside of"),
        ("pipe", "is not a regular file"),
        ("infra", "is not a regular file"),
        ("long", "is longer than 1 MiB"),
        (".git/config", "belongs to git"),
        ("/dev/zero", "is not a regular file"),
    ] {
        let repository = Repository::new();
        strange_files(&repository);
        let run = repository.run(&["validate", "--spec", file]);
        assert!(
            run.code == 1 && run.stderr.contains(reason),
            "{file}: {}",
            run.all()
        );
        repository.is_untouched_after(&run);
    }
    for (file, reason) in [
        ("zero", "is outside of"),
        ("pipe", "is not a regular file"),
        ("long", "is longer than 1 MiB"),
    ] {
        let repository = Repository::new();
        strange_files(&repository);
        let from = repository.folder.path(&format!("repository/{file}"));
        fs::rename(from, repository.folder.path("repository/fly.toml")).unwrap();
        let run = init(&repository, &[]);
        assert!(
            run.code == 1 && run.stderr.contains(reason),
            "{file}: {}",
            run.all()
        );
    }
}

#[test]
fn a_procfile_beside_the_spec_and_one_elsewhere_in_the_repository_are_read() {
    let repository = Repository::new();
    repository.write("shop/Procfile", WORKER);
    repository.write(
        "deploy/stackwright.toml",
        SPEC.replace(
            "[apps.shop]\n",
            "[apps.shop]\nprocfile = \"../shop/Procfile\"\n",
        ),
    );
    let run = repository.run(&["validate", "--spec", "deploy/stackwright.toml"]);
    assert_eq!(run.code, 0, "{}", run.all());
}

#[test]
fn no_value_of_the_input_becomes_a_line_of_its_own() {
    let repository = Repository::with_spec();
    let region = "us-west-2\\n::add-mask::x\\n##vso[task.setvariable]\\u2028::stop-commands::y";
    repository.write("stackwright.toml", SPEC.replace("us-west-2", region));
    let run = repository.run(&["validate"]);
    assert_eq!(run.code, 1);
    let commands =
        |line: &&str| line.trim_start().starts_with("::") || line.trim_start().starts_with("##");
    let all = run.all();
    assert_eq!(
        all.lines().filter(commands).collect::<Vec<_>>(),
        Vec::<&str>::new(),
        "{all}"
    );
}

#[test]
fn of_many_mistakes_the_first_hundred_are_shown_and_soon() {
    let repository = Repository::with_spec();
    let mut spec = SPEC.to_owned();
    for at in 0..20_000 {
        spec.push_str("unknown-");
        spec.push_str(&at.to_string());
        spec.push_str(" = 1\n");
    }
    repository.write("stackwright.toml", spec);
    let run = repository.run(&["validate"]);
    assert_eq!(
        (run.code, run.stderr.matches("\nerror: ").count()),
        (1, 99),
        "{}",
        run.all().len()
    );
    assert!(
        run.stderr.ends_with("20000 errors (19900 not shown)\n"),
        "{:?}",
        run.stderr.lines().last()
    );
    let json = repository.run(&["validate", "--json"]);
    assert!(json.stdout.contains("\"diagnostics_left_out\":19900"));
    repository.write(
        "stackwright.yaml",
        format!("project: acme\n{}", "region: us-west-2\n".repeat(20_000)),
    );
    let run = repository.run(&["validate", "--spec", "stackwright.yaml"]);
    assert_eq!(run.code, 1);
}

#[test]
fn a_secret_in_config_is_not_shown() {
    let repository = Repository::with_spec();
    let config = r#"config = { KEY = "sk_live_4eC39HqLyjWDarjtT1zdp7dc", URL = "postgres://app:hunter2@db/é", "b d" = "1" }"#;
    repository.write("stackwright.toml", format!("{SPEC}{config}\n"));
    for arguments in [&["validate"][..], &["validate", "--json"], &["generate"]] {
        let run = repository.run(arguments);
        let all = run.all();
        assert!(run.code == 1 && all.contains("looks like a token"), "{all}");
        assert!(!all.contains("4eC39") && !all.contains("hunter2"), "{all}");
    }
}
