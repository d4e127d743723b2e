//! The `provider` block.

use tfplugin_types::{Diagnostics, Path, Value};

use super::About;
use crate::proto::tfplugin6::{configure_provider, validate_provider_config};
use crate::registry::Registry;
use crate::{Cx, propose};

fn about(registry: &Registry) -> About<'_> {
    let provider = registry.provider.name();
    About {
        provider,
        type_name: "the provider block",
        known: registry.own(),
    }
}

pub(crate) async fn validate(
    registry: &Registry,
    cx: &Cx,
    request: validate_provider_config::Request,
) -> validate_provider_config::Response {
    let about = about(registry);
    let found = match about.value("configuration", request.config.as_ref()) {
        Ok(config) => check(registry, cx, &about, &config).await,
        Err(unreadable) => unreadable,
    };
    validate_provider_config::Response {
        diagnostics: about.diagnostics(found),
    }
}

async fn check(registry: &Registry, cx: &Cx, about: &About<'_>, config: &Value) -> Diagnostics {
    let mut found = Diagnostics::new();
    about.block().check(config, &Path::root(), &mut found);
    let config = propose::fill_defaults(about.block(), config);
    found.extend(registry.provider.validate(cx, &config).await);
    found
}

pub(crate) async fn configure(
    registry: &Registry,
    cx: &Cx,
    request: configure_provider::Request,
) -> configure_provider::Response {
    let about = about(registry);
    let found = match about.value("configuration", request.config.as_ref()) {
        Ok(config) => {
            let config = propose::fill_defaults(about.block(), &config);
            registry
                .provider
                .configure(cx, &config, &request.terraform_version)
                .await
        }
        Err(unreadable) => unreadable,
    };
    configure_provider::Response {
        diagnostics: about.diagnostics(found),
    }
}
