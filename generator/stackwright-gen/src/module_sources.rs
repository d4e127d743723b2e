//! The Terraform modules of the repository's `modules` folder, built into the binary so that a tree needs nothing else.

/// A file of a module: path below `modules/`, content.
pub(crate) type ModuleFile = (&'static str, &'static str);

macro_rules! files {
    ($($module:literal),+ $(,)?) => {
        &[$(
            (concat!($module, "/README.md"), include_str!(concat!("../../../modules/", $module, "/README.md"))),
            (concat!($module, "/main.tf"), include_str!(concat!("../../../modules/", $module, "/main.tf"))),
            (concat!($module, "/outputs.tf"), include_str!(concat!("../../../modules/", $module, "/outputs.tf"))),
            (concat!($module, "/variables.tf"), include_str!(concat!("../../../modules/", $module, "/variables.tf"))),
            (concat!($module, "/versions.tf"), include_str!(concat!("../../../modules/", $module, "/versions.tf"))),
        )+]
    };
}

/// Every file of every module.
pub(crate) const FILES: &[ModuleFile] = files!["cluster", "deploy-role", "network", "worker"];
