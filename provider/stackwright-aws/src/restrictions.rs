//! What a provider block may not say, by the will of whoever runs us.
//!
//! A CI plans what authors of pull requests have written, with credentials that they must not get. Terraform itself can
//! run programs of such a root, and only the CI can keep it from that; but this provider adds no way of its own when
//! [`RESTRICTED`] is set. The switches are environment variables, because the root can set none.

use std::net::IpAddr;

use url::{Host, Url};

use crate::session::{ConnectError, SessionConfig};

/// Set to `1`: nothing in a provider block may name files (which can name programs and keys) or hosts.
pub const RESTRICTED: &str = "STACKWRIGHT_RESTRICTED";
/// Set to `1`: endpoints may be asked without TLS on other hosts than this one.
pub const PLAIN_HTTP: &str = "STACKWRIGHT_ALLOW_PLAIN_HTTP";

/// Refuses what the switch forbids.
pub(crate) fn check_block(config: &SessionConfig) -> Result<(), ConnectError> {
    if !is_set(RESTRICTED) {
        return Ok(());
    }
    let said = [
        (
            "shared_config_files",
            !config.shared_config_files.is_empty(),
        ),
        (
            "shared_credentials_files",
            !config.shared_credentials_files.is_empty(),
        ),
        ("endpoint_url", config.endpoint_url.is_some()),
        ("endpoints", !config.endpoints.is_empty()),
        (
            "assume_role_with_web_identity",
            config.web_identity.is_some(),
        ),
    ];
    let forbidden = said.into_iter().find(|(_, said)| *said);
    forbidden.map_or(Ok(()), |(argument, _)| {
        Err(ConnectError::Restricted { argument })
    })
}

/// Refuses to send signed requests and session tokens in clear to another host.
pub(crate) fn check_plain(setting: &str, url: &str) -> Result<(), ConnectError> {
    let plain = Url::parse(url).is_ok_and(|url| url.scheme() == "http" && !is_here(&url));
    if plain && !is_set(PLAIN_HTTP) {
        return Err(ConnectError::PlainHttp {
            setting: setting.to_owned(),
            url: crate::endpoint::without_user(url),
        });
    }
    Ok(())
}

/// Whether a URL leads to this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn is_set(switch: &str) -> bool {
    std::env::var(switch).is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        for here in [
            "http://localhost:1",
            "http://aws.localhost",
            "http://127.0.0.9:5555",
            "http://[::1]:1",
            "https://aws.example",
        ] {
            assert!(check_plain("endpoint_url", here).is_ok(), "{here}");
        }
        for elsewhere in [
            "http://aws.example",
            "http://169.254.169.254",
            "http://10.0.0.1",
            "http://localhost.evil.example",
            "http://[fe80::1]",
        ] {
            assert!(
                check_plain("endpoint_url", elsewhere).is_err(),
                "{elsewhere}"
            );
        }
    }
}
