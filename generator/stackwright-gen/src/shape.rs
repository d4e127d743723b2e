//! The shapes that values must have: one rule each, with what to write instead.

use std::net::Ipv4Addr;

use stackwright_plan::aws_rules;

use crate::shape_words;

/// Words that cannot be the name of an attribute in a type of Terraform's language.
pub(crate) const HCL_WORDS: [&str; 6] = ["false", "for", "if", "in", "null", "true"];

/// The shape of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The project name.
    Project,
    /// The name of an app.
    App,
    /// An AWS region.
    Region,
    /// An AWS account id.
    Account,
    /// A DNS domain.
    Domain,
    /// A container image.
    Image,
    /// The path of a file.
    Path,
    /// The IPv4 range of a network.
    Cidr,
    /// The name of an S3 bucket.
    Bucket,
    /// The start of the keys of state files.
    StatePrefix,
    /// The name of an environment variable.
    Variable,
    /// A key that the user chooses, such as that of a monitor.
    Key,
    /// Who is told: handles or ARNs, with spaces between them.
    Notify,
    /// One handle.
    Handle,
    /// The ARN of an SNS topic.
    TargetArn,
    /// The ARN of an ACM certificate.
    CertificateArn,
    /// The id of a Route 53 zone.
    ZoneId,
    /// The path of a URL, without wildcards.
    UrlPath,
    /// A path with wildcards.
    RoutePath,
    /// A host name with wildcards.
    Host,
    /// HTTP codes.
    Matcher,
    /// When a job runs.
    Schedule,
    /// A time zone.
    TimeZone,
    /// A length of time that a monitor looks at.
    TimeWindow,
    /// How a monitor puts series together.
    SpaceAggr,
    /// The name of a metric, a namespace or a dimension.
    Metric,
    /// The name of a monitor.
    MonitorName,
    /// The message of a monitor.
    Message,
    /// A version of PostgreSQL.
    EngineVersion,
    /// A class of database instances.
    InstanceClass,
    /// When backups are made.
    BackupWindow,
    /// When a database may be restarted.
    MaintenanceWindow,
    /// The name of a PostgreSQL parameter.
    Parameter,
    /// The ARN of a KMS key.
    KmsKeyArn,
    /// The key of a read replica.
    Replica,
    /// What RDS knows a database or a snapshot by.
    RdsId,
    /// A moment in UTC.
    Moment,
    /// An IAM policy.
    Policy,
    /// Any text.
    Any,
}

impl Shape {
    /// Whether the value has the shape.
    pub fn accepts(self, value: &str) -> bool {
        match self {
            Self::Project => is_name(value),
            Self::App => is_name(value) && !HCL_WORDS.contains(&value),
            Self::Region => is_region(value),
            Self::Account => value.len() == 12 && is_digits(value),
            Self::Domain => is_domain(value),
            Self::Image => is_image(value),
            Self::Path => !value.is_empty() && !value.chars().any(char::is_control),
            Self::Cidr => cidr(value)
                .is_some_and(|cidr| cidr.is_canonical() && (16..=20).contains(&cidr.prefix)),
            Self::Bucket => aws_rules::s3_bucket(value),
            Self::StatePrefix => is_state_prefix(value),
            Self::Variable => is_variable(value),
            Self::Any => true,
            shape => shape_words::accepts(shape, value),
        }
    }

    /// What such a value is called.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Project => "a project name",
            Self::App => "an app name",
            Self::Region => "an AWS region",
            Self::Account => "an AWS account id",
            Self::Domain => "a domain",
            Self::Image => "a container image",
            Self::Path => "a file path",
            Self::Cidr => "an IPv4 range that a network can have",
            Self::Bucket => "an S3 bucket name",
            Self::StatePrefix => "a prefix of state keys",
            Self::Variable => "the name of an environment variable",
            Self::Any => "text",
            shape => shape_words::noun(shape),
        }
    }

    /// What to write instead of a value that is refused.
    pub fn help(self, value: &str) -> String {
        match self {
            Self::Cidr => cidr_help(value),
            Self::Account
                if is_digits(&value.replace('-', "")) && value.replace('-', "").len() == 12 =>
            {
                format!(
                    "write the 12 digits without hyphens: \"{}\"",
                    value.replace('-', "")
                )
            }
            Self::App if HCL_WORDS.contains(&value) => {
                format!("write another name: `{value}` is a word of Terraform's language")
            }
            _ => self.rule().to_owned(),
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Self::Project => {
                "write 1 to 32 lower-case letters, digits and single hyphens, starting with a letter, as in `acme`"
            }
            Self::App => {
                "write 1 to 32 lower-case letters, digits and single hyphens, starting with a letter, as in `shop`"
            }
            Self::Region => "write the code of one region, as in `us-west-2`",
            Self::Account => {
                "write the 12 digits of the account between quotes, as in \"111111111111\""
            }
            Self::Domain => {
                "write a domain in lower case without scheme or final dot, as in `acme.example`"
            }
            Self::Image => {
                "write `[registry/]repository[:tag][@sha256:digest]`, as in `111111111111.dkr.ecr.us-west-2.amazonaws.com/shop:v41`"
            }
            Self::Path => {
                "write the path of the Procfile, from the folder of this file, as in `Procfile`"
            }
            Self::Cidr => "write an IPv4 range from /16 to /20, as in `10.30.0.0/16`",
            Self::Bucket => {
                "write 3 to 63 lower-case letters, digits, `.` and `-`, with a letter or digit at both ends, and none of the prefixes and suffixes that S3 reserves, as in `acme-terraform-state`"
            }
            Self::StatePrefix => {
                "write letters, digits, `-`, `_`, `.` and single `/` between them, as in `acme`"
            }
            Self::Variable => {
                "write letters, digits and _ . -, starting with a letter or `_`, as in `RAILS_ENV`"
            }
            Self::Any => "write text between quotes",
            shape => shape_words::rule(shape),
        }
    }
}

/// The account of a Secrets Manager secret or an SSM parameter, from its ARN.
pub(crate) fn secret_account(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let (start, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let named = match service {
        "secretsmanager" => rest.strip_prefix("secret:")?,
        "ssm" => rest.strip_prefix("parameter/")?,
        _ => return None,
    };
    let partition = matches!(partition, "aws" | "aws-cn" | "aws-us-gov");
    let printable = named.chars().all(|c| c.is_ascii_graphic());
    let whole = start == "arn"
        && partition
        && is_region(region)
        && Shape::Account.accepts(account)
        && !named.is_empty()
        && printable;
    whole.then_some(account)
}

/// The partition of a region: the second part of its ARNs.
pub(crate) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

pub(crate) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Lower-case words of letters and digits with single hyphens between them, starting with a letter.
fn is_name(text: &str) -> bool {
    text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('-').all(is_lower_word)
}

fn is_lower_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

pub(crate) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [area, middle @ .., number] = parts.as_slice() else {
        return false;
    };
    let letters =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    area.len() == 2
        && letters(area)
        && !middle.is_empty()
        && middle.iter().all(letters)
        && is_digits(number)
}

pub(crate) fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        label.len() <= 63
            && label.split('-').next() != Some("")
            && !label.ends_with('-')
            && label
                .split('-')
                .all(|word| word.is_empty() || is_lower_word(word))
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

fn is_state_prefix(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.len() <= 512
        && text
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != ".." && part.chars().all(plain))
}

fn is_variable(text: &str) -> bool {
    let start = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    start
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

fn is_image(text: &str) -> bool {
    let (name, digest) = text
        .split_once('@')
        .map_or((text, None), |(name, digest)| (name, Some(digest)));
    let (path, tag) = image_tag(name);
    text.len() <= 255
        && is_image_path(path)
        && tag.is_none_or(is_tag)
        && digest.is_none_or(is_digest)
}

/// Whether an image says which version it means.
pub(crate) fn has_version(image: &str) -> bool {
    image.contains('@') || image_tag(image).1.is_some_and(|tag| tag != "latest")
}

fn image_tag(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (name, None),
    }
}

fn is_image_path(path: &str) -> bool {
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.len() > 1
        && (parts[0].contains(['.', ':']) || parts[0] == "localhost")
        && !is_host(parts.remove(0))
    {
        return false;
    }
    parts.iter().all(|part| {
        part.split(['.', '_', '-'])
            .enumerate()
            .all(|(at, word)| is_lower_word(word) || (at > 0 && word.is_empty()))
            && !part.ends_with(['.', '_', '-'])
    })
}

fn is_host(text: &str) -> bool {
    let (name, port) = text
        .split_once(':')
        .map_or((text, None), |(name, port)| (name, Some(port)));
    let named = name.split('.').all(|label| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    });
    named && port.is_none_or(|port| is_digits(port) && port.parse::<u16>().is_ok())
}

fn is_tag(tag: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    (1..=128).contains(&tag.len()) && !tag.starts_with(['.', '-']) && tag.chars().all(plain)
}

fn is_digest(digest: &str) -> bool {
    let hex = |hex: &str| {
        hex.len() == 64
            && hex
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    digest.strip_prefix("sha256:").is_some_and(hex)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cidr {
    address: u32,
    pub(crate) prefix: u32,
}

impl Cidr {
    fn network(self) -> u32 {
        self.address & u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0)
    }

    fn is_canonical(self) -> bool {
        self.network() == self.address
    }
}

fn cidr(text: &str) -> Option<Cidr> {
    let (address, prefix) = text.split_once('/')?;
    let plain = is_digits(prefix) && !(prefix.len() > 1 && prefix.starts_with('0'));
    let prefix = prefix
        .parse::<u32>()
        .ok()
        .filter(|prefix| plain && *prefix <= 32)?;
    Some(Cidr {
        address: address.parse::<Ipv4Addr>().ok()?.to_bits(),
        prefix,
    })
}

fn cidr_help(value: &str) -> String {
    match cidr(value) {
        Some(cidr) if !cidr.is_canonical() && (16..=20).contains(&cidr.prefix) => {
            format!(
                "write the first address of the range: \"{}/{}\"",
                Ipv4Addr::from_bits(cidr.network()),
                cidr.prefix
            )
        }
        _ => Shape::Cidr.rule().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shape: Shape, good: &[&str], bad: &[&str]) {
        for value in good {
            assert!(shape.accepts(value), "{value} is {}", shape.noun());
        }
        for value in bad {
            assert!(!shape.accepts(value), "{value} is not {}", shape.noun());
            assert!(!shape.help(value).is_empty());
        }
    }

    #[test]
    fn names() {
        let long = "a".repeat(33);
        check(
            Shape::Project,
            &["acme", "a", "acme-2", &long[..32]],
            &[
                "", "Acme", "2acme", "-a", "a-", "a--b", "a_b", "a b", "é", &long,
            ],
        );
    }

    #[test]
    fn regions_and_accounts() {
        check(
            Shape::Region,
            &["us-west-2", "us-gov-east-1", "ap-southeast-12"],
            &[
                "",
                "us-west",
                "US-WEST-2",
                "uswest2",
                "us-west-2a",
                "us--2",
                "usa-west-2",
            ],
        );
        check(
            Shape::Account,
            &["111111111111", "000000000001"],
            &["", "11111111111", "1111-1111-1111", "a11111111111"],
        );
        assert_eq!(
            Shape::Account.help("1111-2222-3333"),
            "write the 12 digits without hyphens: \"111122223333\""
        );
        assert_eq!(
            (
                partition("cn-north-1"),
                partition("us-gov-west-1"),
                partition("us-west-2")
            ),
            ("aws-cn", "aws-us-gov", "aws")
        );
    }

    #[test]
    fn images() {
        let digest = format!("repo/shop@sha256:{}", "a".repeat(64));
        let good = [
            "shop",
            "shop:v41",
            "repo/shop:1.2_3-x",
            "localhost:5000/shop",
            "111111111111.dkr.ecr.us-west-2.amazonaws.com/a/b__c:v41",
            "a--b",
            &digest,
        ];
        let bad = [
            "",
            ":v1",
            "shop:",
            "Shop",
            "a b",
            "shop:-x",
            "shop@sha256:12",
            "https://x/y",
            "repo//shop",
            "/shop",
            "-a",
            "a-",
            "shop:a/b:c:",
            "host:99999/x",
        ];
        check(Shape::Image, &good, &bad);
        assert!(has_version("a:v1") && has_version(&digest));
        assert!(!has_version("a") && !has_version("a:latest") && !has_version("host:5000/a"));
    }

    #[test]
    fn ranges() {
        check(
            Shape::Cidr,
            &["10.30.0.0/16", "10.30.16.0/20"],
            &[
                "",
                "10.30.0.0",
                "10.30.0.0/15",
                "10.30.0.0/21",
                "10.30.0.1/16",
                "10.300.0.0/16",
                "10.30.0.0/016",
                "::/16",
            ],
        );
        assert_eq!(
            Shape::Cidr.help("10.30.1.2/16"),
            "write the first address of the range: \"10.30.0.0/16\""
        );
    }

    #[test]
    fn secrets() {
        let account = Some("333333333333");
        for good in [
            "arn:aws:secretsmanager:us-west-2:333333333333:secret:shop/key-AbCdEf",
            "arn:aws:secretsmanager:us-west-2:333333333333:secret:shop-AbCdEf:url::",
            "arn:aws:ssm:us-west-2:333333333333:parameter/shop/key",
        ] {
            assert_eq!(secret_account(good), account, "{good}");
        }
        for bad in [
            "",
            "shop/key",
            "arn:aws:s3:::bucket",
            "arn:aws:ssm:us-west-2:3:parameter/x",
            "arn:aws:secretsmanager:us-west-2:333333333333:secret:",
        ] {
            assert_eq!(secret_account(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_rest() {
        check(
            Shape::Domain,
            &["acme.example", "a-b.c1.example"],
            &[
                "",
                "acme",
                "https://acme.example",
                "Acme.example",
                "acme.example.",
                "-a.example",
                "a-.example",
            ],
        );
        check(
            Shape::Bucket,
            &["acme-state", "a1b", "a.b", "acme.terraform.state"],
            &[
                "ab", "Acme", "-ab", "ab-", "a..b", "a_b", "10.0.0.1", "xn--a",
            ],
        );
        check(
            Shape::StatePrefix,
            &["acme", "a/b.c_d"],
            &["", "/a", "a/", "a//b", "../a", "a b"],
        );
        check(
            Shape::Variable,
            &["RAILS_ENV", "_x1"],
            &["", "1A", "A+B", "A B", "A=B", "${x}", "É"],
        );
        check(Shape::Path, &["Procfile", "../app/Procfile"], &["", "a\nb"]);
    }
}
