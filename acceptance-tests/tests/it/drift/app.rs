//! Drift of `stackwright_app`.

use super::*;

pub(super) const ROUNDS: &[&Round] = &[&APP, &EGRESS];

const APP: Round = Round {
    name: "app",
    address: fixtures::APP,
    resources: |account| {
        Ok(fixtures::app(
            &account.default_network()?,
            "  config = { A = \"first\" }",
        ))
    },
    deploys: false,
    rows: &[
        excepted("security_group.group_name", FIXED),
        excepted("security_group.description", FIXED),
        excepted("security_group.vpc_id", FIXED),
        changed("security_group.tags", "security_group", |account| {
            retag(account, &GROUP, "security_group")
        }),
        excepted("security_group_rule.group_id", FIXED),
        excepted("security_group_rule.direction", FIXED),
        changed(
            "security_group_rule.ip_protocol",
            "rule.egress",
            narrow_rule,
        ),
        together("security_group_rule.from_port", "rule.egress"),
        together("security_group_rule.to_port", "rule.egress"),
        together("security_group_rule.cidr_ipv4", "rule.egress"),
        together("security_group_rule.description", "rule.egress"),
        excepted(
            "security_group_rule.cidr_ipv6",
            "no rule of this version has an IPv6 side; a rule has one side, so another one shows in cidr_ipv4",
        ),
        excepted(
            "security_group_rule.referenced_group_id",
            "no rule of this version has a group as its side; a rule has one side, so another one shows in cidr_ipv4",
        ),
        changed("security_group_rule.tags", "rule.egress", |account| {
            retag(account, &RULE, "rule.egress")
        }),
        excepted("log_group.log_group_name", IDENTITY),
        attribute("log_group.retention_in_days", "log_retention", |account| {
            let params = json!({ "logGroupName": log_group(account)?, "retentionInDays": 7 });
            account
                .outside("logs", "PutRetentionPolicy", &params)
                .map(drop)
        }),
        changed("log_group.tags", "log_group", |account| {
            let params =
                json!({ "logGroupName": log_group(account)?, "tags": { "Name": "changed" } });
            account.outside("logs", "TagLogGroup", &params).map(drop)
        }),
        excepted("role.role_name", IDENTITY),
        excepted("role.path", FIXED),
        changed("role.description", "role.execution", |account| {
            on_role(
                account,
                "UpdateRole",
                json!({ "Description": "changed", "MaxSessionDuration": 7200 }),
            )
        }),
        together("role.max_session_duration", "role.execution"),
        changed("role.assume_role_policy", "role.execution", |account| {
            let anyone = json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": "*" },
            }] });
            on_role(
                account,
                "UpdateAssumeRolePolicy",
                json!({ "PolicyDocument": anyone.to_string() }),
            )
        }),
        changed("role.permissions_boundary", "role.execution", |account| {
            let boundary =
                json!({ "PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess" });
            on_role(account, "PutRolePermissionsBoundary", boundary)
        }),
        changed("role.inline_policies", "role.execution", |account| {
            let all = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
            on_role(
                account,
                "PutRolePolicy",
                json!({ "PolicyName": "backdoor", "PolicyDocument": all.to_string() }),
            )
        }),
        changed("role.managed_policy_arns", "role.execution", |account| {
            on_role(
                account,
                "AttachRolePolicy",
                json!({ "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess" }),
            )
        }),
        changed("role.tags", "role.execution", |account| {
            on_role(
                account,
                "TagRole",
                json!({ "Tags": [{ "Key": "Name", "Value": "changed" }] }),
            )
        }),
        excepted("parameter.name", IDENTITY),
        changed("parameter.value", "record", |account| {
            let params = json!({ "Name": parameter(account)?, "Value": "{}", "Description": "changed", "Overwrite": true });
            account.outside("ssm", "PutParameter", &params).map(drop)
        }),
        together("parameter.description", "record"),
        changed("parameter.tags", "record", |account| {
            let tags = json!([{ "Key": "Name", "Value": "changed" }]);
            let params = json!({ "ResourceType": "Parameter", "ResourceId": parameter(account)?, "Tags": tags });
            account
                .outside("ssm", "AddTagsToResource", &params)
                .map(drop)
        }),
    ],
};

const EGRESS: Round = Round {
    name: "app-egress",
    address: fixtures::APP,
    resources: |account| Ok(fixtures::app(&account.default_network()?, "")),
    deploys: false,
    rows: &[changed(
        "security_group.default_egress",
        "security_group",
        |account| {
            // AWS refuses the same rule twice, so ours has to make room first.
            narrow_rule(account)?;
            let all = json!([{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
            let params =
                json!({ "GroupId": id(account, &GROUP, "security_group")?, "IpPermissions": all });
            account
                .outside("ec2", "AuthorizeSecurityGroupEgress", &params)
                .map(drop)
        },
    )],
};

#[test]
fn app() -> Result<()> {
    APP.play()
}

#[test]
fn app_egress() -> Result<()> {
    EGRESS.play()
}

fn narrow_rule(account: &Account) -> Result<()> {
    let rule = object(account, &RULE, "rule.egress")?;
    let narrow = json!({
        "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": "10.0.0.0/8", "Description": "changed",
    });
    let rules = json!([{ "SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": narrow }]);
    let params = json!({ "GroupId": rule["GroupId"], "SecurityGroupRules": rules });
    account
        .outside("ec2", "ModifySecurityGroupRules", &params)
        .map(drop)
}

fn parameter(account: &Account) -> Result<Json> {
    let filter = json!({ "ParameterFilters": [{ "Key": "Name", "Option": "BeginsWith", "Values": ["/stackwright/"] }] });
    let parameters = account.list("ssm", "DescribeParameters", &filter, "Parameters")?;
    Ok(parameters.first().context("there is no parameter")?["Name"].clone())
}
