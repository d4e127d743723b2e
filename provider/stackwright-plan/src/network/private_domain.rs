//! The domain of a network's private names.

/// Longest domain: the name of a service (63) and a dot fit before it.
/// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html>
const LONGEST: usize = 255 - 64;

/// Domains that AWS answers itself: a private zone of that name would hide its answers.
const OF_AWS: [&str; 4] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "compute.internal",
    "ec2.internal",
];

/// Checks a domain for private names. AWS keeps zones in lower case and without the last dot.
pub fn check(domain: &String) -> Result<(), String> {
    if let Some(reserved) = OF_AWS.iter().find(|reserved| is_below(domain, reserved)) {
        return Err(format!(
            "`{domain}` lies in `{reserved}`, which AWS answers itself. Choose another domain, like `stage.acme.internal`."
        ));
    }
    if domain.len() <= LONGEST && domain.split('.').all(is_label) {
        return Ok(());
    }
    Err(format!(
        "`{domain}` is not a domain for private names. Use up to {LONGEST} lower-case letters, digits and `-` in parts of 1 to 63 with dots between them, like `stage.acme.internal`."
    ))
}

/// Whether a domain is in `..region.compute.internal`, `..amazonaws.com` and so on, or is it.
fn is_below(domain: &str, reserved: &str) -> bool {
    let before = domain.strip_suffix(reserved);
    before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn is_label(label: &str) -> bool {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&label.len())
        && label.chars().all(letters)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_that_zones_can_have() {
        for good in ["stage.acme.internal", "internal", "a-b.c1", &"a".repeat(63)] {
            assert_eq!(check(&good.to_owned()), Ok(()), "{good}");
        }
        let long = vec!["a".repeat(47); 4].join(".");
        assert_eq!(long.len(), LONGEST);
        assert_eq!(check(&long), Ok(()));
        for bad in [
            "",
            "Stage.internal",
            "a..b",
            "a.",
            ".a",
            "-a.b",
            "a-.b",
            "a_b.c",
            &"a".repeat(64),
            &format!("{long}a"),
        ] {
            assert!(check(&bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_domains_of_aws_are_left_to_aws() {
        for bad in [
            "ec2.internal",
            "us-west-2.compute.internal",
            "rds.amazonaws.com",
        ] {
            let problem = check(&bad.to_owned()).err().unwrap_or_default();
            assert!(problem.contains("AWS answers itself"), "{bad}: {problem}");
        }
        assert_eq!(check(&"myec2.internal".to_owned()), Ok(()));
    }
}
