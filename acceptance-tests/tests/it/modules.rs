//! The modules' own tests, by `terraform test` with a mocked provider: wiring, rules of variables, default monitors.

use std::fs;
use std::path::Path;

use acceptance_tests::{Account, Workspace, repository};
use anyhow::{Context as _, Result, ensure};

/// A folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().context("a name")?);
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

#[test]
fn the_modules_own_tests_pass() -> Result<()> {
    let account = Account::fresh()?;
    let folder = Workspace::empty(&account)?;
    copy(&repository().join("modules"), folder.path())?;
    let mut tested = 0;
    for entry in fs::read_dir(folder.path())? {
        let module = entry?.path();
        let name = module.display().to_string();
        ensure!(module.join("tests").is_dir(), "{name} has no tests");
        let root = Workspace::at(&account, &module)?;
        root.init()?.ok()?;
        let output = root.terraform(&["test", "-no-color"])?;
        let output = output.ok().with_context(|| name.clone())?;
        output.says(&["Success!", ", 0 failed"]).context(name)?;
        tested += 1;
    }
    ensure!(tested >= 8, "only {tested} modules were found");
    Ok(())
}
