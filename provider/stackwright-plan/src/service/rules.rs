//! Rules of AWS for the attributes of a service, as pure checks on one value.

fn refuse_unless(fits: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if fits { Ok(()) } else { Err(problem()) }
}

/// Host name of a listener rule.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html#host-conditions>
pub(super) fn route_host(host: &String) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || "-.*?".contains(c);
    let (_, last) = host.rsplit_once('.').unwrap_or(("", ""));
    let fits = (1..=128).contains(&host.len())
        && host.chars().all(letters)
        && !last.is_empty()
        && last.chars().all(|c| c.is_ascii_alphabetic())
        && host.split('.').all(|label| !label.is_empty())
        && wildcards(host) <= WILDCARDS;
    refuse_unless(fits, || {
        format!(
            "`{host}` is not a host name that a router takes. Use at most 128 letters, digits and - . * ?, with letters alone after the last dot, no two dots side by side and at most 5 wildcards, like `www.example.com` or `*.example.com`."
        )
    })
}

/// Most wildcards of a rule.
pub const WILDCARDS: usize = 5;

/// How many wildcards a host or a path has.
pub fn wildcards(text: &str) -> usize {
    text.chars().filter(|c| "*?".contains(*c)).count()
}

/// Path of a listener rule.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html#path-conditions>
pub(super) fn route_path(path: &String) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || "_-.$/~\"'@:+&*?".contains(c);
    let fits = (1..=128).contains(&path.len())
        && path.starts_with(['/', '*'])
        && path.chars().all(letters)
        && wildcards(path) <= WILDCARDS;
    refuse_unless(fits, || {
        format!(
            "`{path}` is not a path that a router takes. Begin with `/` and use at most 128 letters, digits and _ - . $ / ~ \" ' @ : + & with at most 5 wildcards * ?, like `/api/*`."
        )
    })
}

/// Path of a health check.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>
pub(super) fn health_path(path: &String) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_graphic();
    let fits =
        (1..=1024).contains(&path.len()) && path.starts_with('/') && path.chars().all(letters);
    refuse_unless(fits, || {
        format!(
            "`{path}` is not a path that can be asked. Begin with `/` and use at most 1024 characters without spaces, like `/health`."
        )
    })
}

/// HTTP codes of a good answer, for an application load balancer.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Matcher.html>
pub(super) fn health_matcher(codes: &String) -> Result<(), String> {
    let code = |text: &str| {
        let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number: u16 = text.parse().unwrap_or(0);
        (digits && (200..=499).contains(&number)).then_some(number)
    };
    let part = |part: &str| match part.split_once('-') {
        Some((from, to)) => code(from).zip(code(to)).is_some_and(|(from, to)| from < to),
        None => code(part).is_some(),
    };
    refuse_unless(codes.split(',').all(part), || {
        format!(
            "`{codes}` are not codes that AWS takes. Use numbers from 200 to 499: `200`, `200,302` or `200-399`."
        )
    })
}

fn id(text: &str, prefix: &str) -> bool {
    let digits = text.strip_prefix(prefix).unwrap_or_default();
    (8..=40).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Id of an EFS file system.
/// Source: <https://docs.aws.amazon.com/efs/latest/ug/API_FileSystemDescription.html>
pub(super) fn file_system_id(text: &String) -> Result<(), String> {
    refuse_unless(id(text, "fs-"), || {
        format!("`{text}` is not the id of an EFS file system. It begins with `fs-`.")
    })
}

/// Id of an EFS access point.
/// Source: <https://docs.aws.amazon.com/efs/latest/ug/API_AccessPointDescription.html>
pub(super) fn access_point_id(text: &String) -> Result<(), String> {
    refuse_unless(id(text, "fsap-"), || {
        format!("`{text}` is not the id of an EFS access point. It begins with `fsap-`.")
    })
}

/// A folder.
pub(super) fn absolute_path(path: &String) -> Result<(), String> {
    refuse_unless(path.starts_with('/') && !path.contains('\0'), || {
        format!("`{path}` is not a whole path. Begin with `/`.")
    })
}

/// Name in a Cloud Map namespace: labels of a host name.
/// Source: <https://docs.aws.amazon.com/cloud-map/latest/api/API_CreateService.html>
pub(super) fn private_name(name: &str) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(letters)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let fits = name.len() <= 127 && name.split('.').all(label);
    refuse_unless(fits, || {
        format!(
            "`{name}` is not a name in a network. Use labels of 1 to 63 lower-case letters, digits and `-`, with dots between them, like `api.shop`."
        )
    })
}

/// A key of a map: part of tags, and of the names of containers and volumes.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>
pub(super) fn map_key(key: &str) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let fits = (1..=64).contains(&key.len()) && key.chars().all(letters);
    refuse_unless(fits, || {
        format!(
            "`{key}` does not work in names and tags. Use 1 to 64 letters, digits, `-` and `_`."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rule = fn(&String) -> Result<(), String>;

    fn check(rule: Rule, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(rule(&(*text).to_owned()), Ok(()), "{text}");
        }
        for text in bad {
            let problem = rule(&(*text).to_owned());
            assert!(problem.is_err_and(|it| it.contains(text)), "{text}");
        }
    }

    #[test]
    fn hosts_that_a_router_takes() {
        let long = format!("{}.example.com", "x".repeat(117));
        check(
            route_host,
            &["www.example.com", "*.example.com", "a-?.*.example.com"],
            &["localhost", "a_b.example.com", "a.1", "*.*.*.*.*.*", &long],
        );
    }

    #[test]
    fn paths_that_a_router_takes() {
        let long = format!("/{}", "x".repeat(128));
        check(
            route_path,
            &["/", "/api/*", "*.php", "/a_b-c.$~\"'@:+&?"],
            &["api", "/a b", "/*/*/*/*/*/*", "/ü", &long],
        );
    }

    #[test]
    fn health_checks_that_aws_takes() {
        check(health_path, &["/", "/health?full=1"], &["health", "/a b"]);
        check(
            health_matcher,
            &["200", "200,302", "200-399", "200-204,404"],
            &["99", "999", "500", "399-200", "200,", "2xx"],
        );
    }

    #[test]
    fn file_systems() {
        check(
            file_system_id,
            &["fs-0123abcd"],
            &["fs-1", "efs-0123abcd", "fs-0123abcx"],
        );
        check(
            access_point_id,
            &["fsap-0123456789abcdef0"],
            &["fs-0123abcd"],
        );
        check(absolute_path, &["/", "/data"], &["data"]);
    }

    #[test]
    fn private_names() {
        for good in ["api", "api.shop", "a-1.b_2"] {
            assert_eq!(private_name(good), Ok(()), "{good}");
        }
        for bad in ["", "API", "-a", "a..b", &"x".repeat(64)] {
            assert!(private_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_fit_into_names_and_tags() {
        assert!(map_key("web_2-x").is_ok() && map_key(&"k".repeat(64)).is_ok());
        for bad in ["", "a.b", "a b", "ü", &"k".repeat(65)] {
            assert!(map_key(bad).is_err(), "{bad}");
        }
    }
}
