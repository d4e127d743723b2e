//! What `make test` takes of long lists of cases: a few that change with the commit. `make sweep`, or
//! `STACKWRIGHT_STOPS=all`, takes all of them; `STACKWRIGHT_STOPS=revert` every write, and one way to go on.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::process::Command;
use std::sync::OnceLock;

use acceptance_tests::repository;

/// How many cases of one test are taken.
const SAMPLE: usize = 3;

/// What `STACKWRIGHT_STOPS` says: `all`, or one way to go on, such as `revert`.
fn wish() -> Option<String> {
    std::env::var("STACKWRIGHT_STOPS").ok()
}

/// Whether every case is taken.
pub(crate) fn is_sweep() -> bool {
    wish().is_some_and(|wish| wish == "all")
}

/// All cases of a test in a sweep, or all that go on one way, by its name. Else a few: one of each part of the list,
/// so that every phase is met.
pub(crate) fn some_of<T: Copy>(test: &str, mut all: Vec<T>, way: impl Fn(&T) -> String) -> Vec<T> {
    if let Some(wish) = wish() {
        all.retain(|case| wish == "all" || wish.eq_ignore_ascii_case(&way(case)));
        return all;
    }
    if all.len() <= SAMPLE {
        return all;
    }
    let mut hasher = DefaultHasher::new();
    (seed(), test).hash(&mut hasher);
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    for part in 0..SAMPLE {
        let (from, to) = (part * all.len() / SAMPLE, (part + 1) * all.len() / SAMPLE);
        part.hash(&mut hasher);
        let width = u64::try_from(to - from).unwrap_or(1).max(1);
        let at = usize::try_from(hasher.finish() % width).unwrap_or_default();
        taken.insert(from + at);
    }
    taken.into_iter().map(|at| all[at]).collect()
}

/// The same for one commit: its name, or what `STACKWRIGHT_SEED` says.
fn seed() -> &'static str {
    static SEED: OnceLock<String> = OnceLock::new();
    SEED.get_or_init(|| {
        if let Ok(seed) = std::env::var("STACKWRIGHT_SEED") {
            return seed;
        }
        let mut git = Command::new("git");
        let head = git.args(["rev-parse", "HEAD"]).current_dir(repository());
        let head = head.output().map(|it| it.stdout).unwrap_or_default();
        String::from_utf8_lossy(&head).trim().to_owned()
    })
}
