//! `provider::stackwright::name` and `role_arn`.

use stackwright_plan::{aws_rules, name};
use tfplugin_rs::{Function, FunctionError, FunctionSignature, Parameter};
use tfplugin_types::{Type, Value};

/// The naming rule.
pub(crate) struct Name;

/// The ARN of a role in another account.
pub(crate) struct RoleArn;

impl Function for Name {
    fn name(&self) -> &'static str {
        "name"
    }

    fn signature(&self) -> FunctionSignature {
        let kinds: Vec<String> = name::LIMITS
            .iter()
            .map(|(kind, limit)| format!("`{kind}` ({limit})"))
            .collect();
        FunctionSignature {
            parameters: vec![
                Parameter::new("kind", Type::String, format!("What the name is for, which decides how long it may be: {}.", kinds.join(", "))),
                Parameter::new("key", Type::list(Type::String), "The parts of the key, such as `[\"acme\", \"prod\", \"shop\", \"web\"]`."),
            ],
            variadic: Some(Parameter::new("salt", Type::String, "What else must make the name another one: the region for names of global objects such as roles.")),
            returns: Type::String,
            summary: "Makes a name the way Stackwright does".to_owned(),
            description: "Answers a readable prefix, cut to what AWS allows for the kind, and a hash of 6 characters of the whole key, so that keys that look alike once they are joined never meet.".to_owned(),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let [kind, Value::Seq(key), salt @ ..] = arguments else {
            return Err(FunctionError::new("`name` takes a kind and a list."));
        };
        let limit = limit(kind.as_str().unwrap_or_default())?;
        let parts = texts(key)
            .filter(|parts| !parts.is_empty() && parts.iter().all(|part| fits(part)))
            .ok_or_else(|| {
                FunctionError::argument(1, "`key` must be a list of at least one text of letters, digits and `-`, none of them empty.")
            })?;
        let salt = texts(salt).ok_or_else(|| FunctionError::argument(2, "`salt` must be text."))?;
        let name = if kind.as_str() == Some("security_group") {
            name::security_group(&parts, &salt)
        } else {
            name::unique(&parts, &salt, limit)
        };
        Ok(name.into())
    }
}

fn limit(kind: &str) -> Result<usize, FunctionError> {
    let known = name::LIMITS.iter().find(|(name, _)| *name == kind);
    known.map(|(_, limit)| *limit).ok_or_else(|| {
        let kinds: Vec<&str> = name::LIMITS.iter().map(|(kind, _)| *kind).collect();
        FunctionError::argument(
            0,
            format!("`{kind}` is no kind of name; use {}.", kinds.join(", ")),
        )
    })
}

fn fits(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn texts(values: &[Value]) -> Option<Vec<&str>> {
    values.iter().map(Value::as_str).collect()
}

impl Function for RoleArn {
    fn name(&self) -> &'static str {
        "role_arn"
    }

    fn signature(&self) -> FunctionSignature {
        FunctionSignature {
            parameters: vec![
                Parameter::new("account_id", Type::String, "The account that the role is in, 12 digits."),
                Parameter::new("name", Type::String, "Name of the role, with its path when it has one: `acme-deploy`, `ci/acme-deploy`."),
            ],
            variadic: Some(Parameter::new("partition", Type::String, "`aws` (the default), `aws-cn` or `aws-us-gov`; at most one.")),
            returns: Type::String,
            summary: "The ARN of a role in another account".to_owned(),
            description: "Answers the ARN of an IAM role, for `assume_role` and for trust between accounts. Nothing is looked up.".to_owned(),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let all = texts(arguments).ok_or_else(|| FunctionError::new("`role_arn` takes texts."))?;
        let (account, name, partition) = match all[..] {
            [account, name] => (account, name, "aws"),
            [account, name, partition] => (account, name, partition),
            _ => {
                return Err(FunctionError::new(
                    "`role_arn` takes an account, a name and at most one partition.",
                ));
            }
        };
        check_account(account)?;
        check_role(name)?;
        if !["aws", "aws-cn", "aws-us-gov"].contains(&partition) {
            let text =
                format!("`{partition}` is no partition; use `aws`, `aws-cn` or `aws-us-gov`.");
            return Err(FunctionError::argument(2, text));
        }
        Ok(format!("arn:{partition}:iam::{account}:role/{name}").into())
    }
}

fn check_account(account: &str) -> Result<(), FunctionError> {
    if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    let text = format!(
        "`{account}` is not an AWS account: it has 12 digits. Write it in quotes, so that a zero in front stays."
    );
    Err(FunctionError::argument(0, text))
}

fn check_role(name: &str) -> Result<(), FunctionError> {
    let (path, last) = name.rsplit_once('/').unwrap_or(("", name));
    let fits = |c: char| ('!'..='~').contains(&c);
    if name.starts_with('/') || !path.chars().all(fits) || path.len() > 510 {
        let text = format!(
            "`{name}` does not begin with the path of a role; write it as in `ci/acme-deploy`, without a slash in front."
        );
        return Err(FunctionError::argument(1, text));
    }
    aws_rules::role_name(&last.to_owned()).map_err(|problem| FunctionError::argument(1, problem))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn key(parts: &[&str]) -> Value {
        Value::list(parts.iter().map(|part| Value::from(*part)))
    }

    #[test]
    fn names_are_those_of_the_resources() {
        let name = Name
            .call(&["ecs".into(), key(&["acme", "prod", "shop", "worker"])])
            .unwrap();
        assert_eq!(name, "acme-prod-shop-worker-xwylod".into());
    }

    #[test]
    fn names_keep_to_the_limit_and_differ_by_salt() {
        let long = key(&["acme", "production", "a-very-long-application", "web"]);
        let name = |salt: &str| {
            let answer = Name.call(&["load_balancer".into(), long.clone(), salt.into()]);
            answer.unwrap().as_str().unwrap().to_owned()
        };
        assert_eq!(name("us-west-2").len(), 32);
        assert_ne!(name("us-west-2"), name("eu-west-1"));
    }

    #[test]
    fn mistakes_in_names_blame_their_argument() {
        let wrong = [
            (vec!["castle".into(), key(&["a"])], Some(0)),
            (vec!["ecs".into(), key(&[])], Some(1)),
            (vec!["ecs".into(), key(&["a", ""])], Some(1)),
            (vec!["ecs".into(), key(&["a/b"])], Some(1)),
        ];
        for (arguments, blamed) in wrong {
            assert_eq!(Name.call(&arguments).unwrap_err().argument, blamed);
        }
    }

    fn arn(arguments: &[&str]) -> Result<Value, FunctionError> {
        let arguments: Vec<Value> = arguments.iter().map(|text| Value::from(*text)).collect();
        RoleArn.call(&arguments)
    }

    #[test]
    fn role_arns_of_every_partition() {
        let plain = arn(&["333333333333", "acme-deploy"]).unwrap();
        assert_eq!(plain, "arn:aws:iam::333333333333:role/acme-deploy".into());
        let path = arn(&["333333333333", "ci/acme-deploy", "aws-cn"]).unwrap();
        assert_eq!(
            path,
            "arn:aws-cn:iam::333333333333:role/ci/acme-deploy".into()
        );
    }

    #[test]
    fn mistakes_in_role_arns_blame_their_argument() {
        let wrong = [
            (vec!["3333", "acme"], Some(0)),
            (vec!["333333333333", ""], Some(1)),
            (vec!["333333333333", "/acme"], Some(1)),
            (vec!["333333333333", "a b"], Some(1)),
            (vec!["333333333333", "acme", "azure"], Some(2)),
            (vec!["333333333333", "acme", "aws", "aws"], None),
        ];
        for (arguments, blamed) in wrong {
            assert_eq!(
                arn(&arguments).unwrap_err().argument,
                blamed,
                "{arguments:?}"
            );
        }
    }
}
