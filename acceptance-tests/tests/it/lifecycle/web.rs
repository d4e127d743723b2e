//! The life of a `stackwright_service` that has everything: routes, autoscaling, a private name, sidecars, volumes.

use super::*;

#[test]
fn service_web() -> Result<()> {
    let life = Life {
        name: "service with routes",
        address: SERVICE,
        imports: &[
            (ROUTER, "stage/public"),
            (CLUSTER, "stage/main"),
            (APP, "stage/shop"),
            (SERVICE, "stage/shop/worker"),
        ],
        created: fixtures::whole_web,
        updated: |account| {
            let web = fixtures::whole_web(account)?;
            // Not the image: former revisions stay, and would make the accounts differ.
            let web = web.replace("interval = 30", "interval = 40");
            Ok(web.replace("max = 4", "max = 5"))
        },
        update_shows: &["health_check", "scale"],
        replaced: |account| {
            let web = fixtures::whole_web(account)?;
            Ok(web.replace("process = \"worker\"", "process = \"mailer\""))
        },
        side: Removal::By(|account| {
            let arn = rule(account, "/api/*")?;
            account.outside("elbv2", "DeleteRule", &json!({ "RuleArn": arn }))?;
            Ok("rule.api")
        }),
        main: Removal::By(service::delete_ecs_service),
        all: delete_whole_service,
    };
    life.live()
}

/// The rules of the router's only listener that are not the default one.
fn rules(account: &Account) -> Result<Vec<Json>> {
    let of = json!({ "ListenerArn": fixtures::listener(account, 80)?["ListenerArn"] });
    let mut rules = account.list("elbv2", "DescribeRules", &of, "Rules")?;
    rules.retain(|rule| rule["IsDefault"] != true);
    Ok(rules)
}

/// ARN of the rule with a path.
fn rule(account: &Account, path: &str) -> Result<Json> {
    let rules = rules(account)?;
    let of_path = |rule: &&Json| rule["Conditions"].to_string().contains(path);
    let rule = rules.iter().find(of_path).context("no such rule")?;
    Ok(rule["RuleArn"].clone())
}

/// In the order in which AWS allows it.
fn delete_whole_service(account: &Account) -> Result<()> {
    let definition = fixtures::task_definition(account)?["taskDefinitionArn"].clone();
    delete_scaling(account)?;
    service::delete_ecs_service(account)?;
    let definition = json!({ "taskDefinition": definition });
    account.outside("ecs", "DeregisterTaskDefinition", &definition)?;
    for rule in rules(account)? {
        let arn = json!({ "RuleArn": rule["RuleArn"] });
        account.outside("elbv2", "DeleteRule", &arn)?;
    }
    for group in account.list("elbv2", "DescribeTargetGroups", &json!({}), "TargetGroups")? {
        let arn = json!({ "TargetGroupArn": group["TargetGroupArn"] });
        account.outside("elbv2", "DeleteTargetGroup", &arn)?;
    }
    delete_group(account)?;
    for name in account.list("servicediscovery", "ListServices", &json!({}), "Services")? {
        let id = json!({ "Id": name["Id"] });
        account.outside("servicediscovery", "DeleteService", &id)?;
    }
    ensure!(delete_roles(account, "worker")? == 2, "not the two roles");
    Ok(())
}

fn delete_scaling(account: &Account) -> Result<()> {
    let of = json!({ "ServiceNamespace": "ecs" });
    let scaling = "application-autoscaling";
    for target in account.list(scaling, "DescribeScalableTargets", &of, "ScalableTargets")? {
        let key = json!({
            "ServiceNamespace": "ecs", "ResourceId": target["ResourceId"],
            "ScalableDimension": target["ScalableDimension"],
        });
        account.outside(scaling, "DeregisterScalableTarget", &key)?;
    }
    Ok(())
}

/// The service's security group, after the router's rule that refers to it.
fn delete_group(account: &Account) -> Result<()> {
    let filter = json!({ "Filters": [{ "Name": "tag:stackwright:id", "Values": ["service/stage/shop/worker"] }] });
    let ours = |operation: &str, list: &str| account.list("ec2", operation, &filter, list);
    for rule in ours("DescribeSecurityGroupRules", "SecurityGroupRules")? {
        if rule["IsEgress"] == true {
            let key = json!({ "GroupId": rule["GroupId"], "SecurityGroupRuleIds": [rule["SecurityGroupRuleId"]] });
            account.outside("ec2", "RevokeSecurityGroupEgress", &key)?;
        }
    }
    for group in ours("DescribeSecurityGroups", "SecurityGroups")? {
        let key = json!({ "GroupId": group["GroupId"] });
        account.outside("ec2", "DeleteSecurityGroup", &key)?;
    }
    Ok(())
}
