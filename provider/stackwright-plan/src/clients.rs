//! Who may connect: security groups by keys of the user's choice, as services and databases take them.

use std::collections::BTreeMap;

use tfplugin_types::{Cfg, Diagnostics, Path};

/// What AWS refuses of `clients`.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html>
pub(crate) fn check(clients: &Cfg<BTreeMap<String, Cfg<String>>>, found: &mut Diagnostics) {
    let at = |key: &String| Path::attribute("clients").key(key);
    let letters = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut groups: BTreeMap<&String, &String> = BTreeMap::new();
    for (key, group) in clients.known().into_iter().flatten() {
        if !(1..=64).contains(&key.len()) || !key.chars().all(letters) {
            found.error(at(key), "Invalid Key", format!("`{key}` becomes part of a description and a tag. Use 1 to 64 letters, digits and - _ ."));
        }
        let Some(group) = group.known() else { continue };
        if !is_group(group) {
            found.error(at(key), "Not a Security Group", "A client is given by the id of its security group, like `stackwright_app.shop.security_group_id`.");
        } else if let Some(other) = groups.insert(group, key) {
            found.error(at(key), "Client Given Twice", format!("`{other}` and `{key}` are the same security group, and AWS takes a rule once. Remove one."));
        }
    }
}

fn is_group(id: &str) -> bool {
    let digits = id.strip_prefix("sg-").unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summaries(clients: &[(&str, &str)]) -> Vec<String> {
        let entry = |(key, group): &(&str, &str)| (key.to_string(), Cfg::Known(group.to_string()));
        let mut found = Diagnostics::new();
        check(&Cfg::Known(clients.iter().map(entry).collect()), &mut found);
        found.0.into_iter().map(|it| it.summary).collect()
    }

    #[test]
    fn clients_are_security_groups_once_each() {
        assert!(summaries(&[("a", "sg-0a1b"), ("b", "sg-0a1c")]).is_empty());
        assert_eq!(summaries(&[("a b", "sg-0a1b")]), ["Invalid Key"]);
        for bad in ["10.0.0.0/8", "sg-", "shop", "sg-1 2"] {
            assert_eq!(summaries(&[("a", bad)]), ["Not a Security Group"], "{bad}");
        }
        let twice = [("a", "sg-0a1b"), ("b", "sg-0a1b")];
        assert_eq!(summaries(&twice), ["Client Given Twice"]);
    }
}
