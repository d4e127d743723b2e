//! Many apps: the same bytes twice, and no time that grows with the square of their number.

use std::fmt::Write as _;
use std::time::Instant;

use crate::input::{MINIMAL, run};

const APPS: usize = 1000;

/// The time limit is for a build without optimisation on a busy machine; `make bench` measures the release build.
#[test]
fn a_thousand_apps_twice_are_the_same_bytes() {
    let mut spec = MINIMAL.to_owned();
    for app in 0..APPS {
        write!(
            spec,
            "[apps.app-{app}]\nimage = \"repo/app:v{app}\"\nworker = {{ count = 2 }}\n"
        )
        .unwrap();
    }
    let started = Instant::now();
    let first = run(&spec, &[("Procfile", "worker: bundle exec sidekiq\n")]);
    let took = started.elapsed();
    let second = run(&spec, &[("Procfile", "worker: bundle exec sidekiq\n")]);
    let (first, second) = (first.tree.unwrap(), second.tree.unwrap());
    assert!(first.files().len() > 4 * APPS);
    assert!(first == second, "two runs differ");
    assert!(took.as_secs() < 60, "{took:?}");
}
