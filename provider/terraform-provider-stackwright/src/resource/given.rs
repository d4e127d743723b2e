//! Values that AWS gives, such as ids and subnets, and that resources pass on to each other.
//!
//! `terraform test` with a mocked provider makes them up, and of the real provider it calls `validate`
//! alone. So the rules about them wait for the plan, which a mock does not ask for.

use tfplugin_types::{Diagnostic, Diagnostics, Path, Step};

/// Arguments with a `ref`, or with ids, of another resource.
const ARGUMENTS: [&str; 5] = ["app", "clients", "cluster", "network", "router"];

/// What is wrong with the values that the user writes.
pub(super) fn written(found: Diagnostics) -> Diagnostics {
    only(found, |diagnostic| !is_given(&diagnostic.path))
}

/// What is wrong with the values that AWS gives.
pub(super) fn given(found: Diagnostics) -> Diagnostics {
    only(found, |diagnostic| is_given(&diagnostic.path))
}

fn only(found: Diagnostics, keep: impl Fn(&Diagnostic) -> bool) -> Diagnostics {
    Diagnostics(found.0.into_iter().filter(keep).collect())
}

fn is_given(path: &Path) -> bool {
    let named = |step: &Step| match step {
        Step::Attribute(name) => ARGUMENTS.contains(&name.as_str()),
        Step::Key(_) | Step::Index(_) => false,
    };
    path.0.iter().any(named)
}
