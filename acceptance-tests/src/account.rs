//! An AWS account in the emulator, and everything a test orders or asks there.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::emulator::Emulator;

/// The region of all tests that do not need another.
pub const REGION: &str = "us-west-2";

/// An account that no other test of this program uses.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its number.
    pub id: String,
    emulator: &'static Emulator,
}

/// One AWS call as the emulator saw it.
#[derive(Debug, Clone, Deserialize)]
pub struct Call {
    /// `ecs`.
    pub service: String,
    /// `UpdateService`.
    pub action: String,
    /// Seconds since 1970 at which it arrived.
    pub time: f64,
    /// Whether it changes anything.
    pub write: bool,
    /// HTTP status; none while it is held.
    pub status: Option<u16>,
    /// ARN of the caller.
    pub principal: String,
    /// Error that was answered.
    pub error_code: Option<String>,
    /// What it was about; never values.
    pub params: Json,
}

impl Call {
    /// Whether it writes down what a run has begun, or takes that back.
    pub fn is_of_journal(&self) -> bool {
        self.service == "ssm" && self.params.to_string().contains("/.journal/")
    }
}

/// Whether something happens before or after a call took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The call never reaches AWS.
    Before,
    /// The call took effect, its answer is lost.
    After,
}

impl Phase {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Before, Self::After];

    const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// A fault for calls of an account.
#[derive(Debug, Clone)]
pub struct Fault(Json);

impl Fault {
    /// For every matching call until it is cleared. `action` is a regular expression.
    pub fn on(service: &str, action: &str) -> Self {
        Self(json!({ "service": service, "action": action, "times": 1_000_000 }))
    }

    /// For writes only, whatever their name.
    pub fn on_writes() -> Self {
        Self(json!({ "writes_only": true, "times": 1 }))
    }

    /// How many matching calls meet it.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        self.with("times", json!(times))
    }

    /// How many matching calls pass first.
    #[must_use]
    pub fn after_calls(self, skip: usize) -> Self {
        self.with("skip", json!(skip))
    }

    /// Before or after the effect.
    #[must_use]
    pub fn phase(self, phase: Phase) -> Self {
        self.with("phase", json!(phase.name()))
    }

    /// Answers an AWS error.
    #[must_use]
    pub fn answer(self, status: u16, code: &str, message: &str) -> Self {
        self.with("status", json!(status))
            .with("code", json!(code))
            .with("message", json!(message))
    }

    /// Holds the call until it is released.
    #[must_use]
    pub fn hold(self) -> Self {
        self.with("hold", json!(true))
    }

    fn with(mut self, key: &str, value: Json) -> Self {
        self.0[key] = value;
        self
    }
}

/// What ECS does with the deployments of a service.
#[derive(Debug, Clone)]
pub struct Play(Json);

impl Play {
    /// `completed`, `rollback`, `failed` or `never`, for services whose name matches a regular expression.
    pub fn new(service: &str, outcome: &str) -> Self {
        Self(json!({ "service": service, "outcome": outcome }))
    }

    /// Answers that show the deployment in progress first.
    #[must_use]
    pub fn after_describes(mut self, count: u32) -> Self {
        self.0["after_describes"] = json!(count);
        self
    }

    /// Why.
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        self.0["reason"] = json!(reason);
        self
    }

    /// The tasks that stopped, in the emulator's own form.
    #[must_use]
    pub fn stopped_tasks(mut self, tasks: Json) -> Self {
        self.0["stopped_tasks"] = tasks;
        self
    }
}

impl Account {
    /// The next unused one.
    pub fn fresh() -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(100_000_000_001);
        let id = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        Ok(Self {
            id,
            emulator: Emulator::shared()?,
        })
    }

    /// One with a number of one's own, where a person reads it.
    pub fn numbered(id: &str) -> Result<Self> {
        Ok(Self {
            id: id.to_owned(),
            emulator: Emulator::shared()?,
        })
    }

    /// The emulator that it is in.
    pub const fn emulator(&self) -> &'static Emulator {
        self.emulator
    }

    /// The access key of its administrator.
    pub fn access_key(&self) -> String {
        format!("AKIA{}TEST", self.id)
    }

    /// The calls so far, in order of arrival.
    pub fn calls(&self) -> Result<Vec<Call>> {
        let calls = self.emulator.get(&format!("calls?account={}", self.id))?;
        Ok(serde_json::from_value(calls)?)
    }

    /// The writes so far, but those of the provider's own journal.
    pub fn writes(&self) -> Result<Vec<Call>> {
        let mut writes = self.all_writes()?;
        writes.retain(|call| !call.is_of_journal());
        Ok(writes)
    }

    /// The writes so far.
    pub fn all_writes(&self) -> Result<Vec<Call>> {
        let mut calls = self.calls()?;
        calls.retain(|call| call.write);
        Ok(calls)
    }

    /// Forgets the calls.
    pub fn forget_calls(&self) -> Result<()> {
        self.emulator
            .delete(&format!("calls?account={}", self.id))
            .map(drop)
    }

    /// Orders a fault.
    pub fn fault(&self, fault: Fault) -> Result<()> {
        self.emulator
            .post("faults", &fault.with("account", json!(self.id)).0)
            .map(drop)
    }

    /// Ends all faults.
    pub fn no_faults(&self) -> Result<()> {
        self.emulator
            .delete(&format!("faults?account={}", self.id))
            .map(drop)
    }

    /// How many calls are held.
    pub fn held(&self) -> Result<usize> {
        let held = self.emulator.get(&format!("held?account={}", self.id))?;
        Ok(held.as_array().map_or(0, Vec::len))
    }

    /// Lets the held calls go: on, or into nothing.
    pub fn release(&self, drop_them: bool) -> Result<()> {
        let order = json!({ "account": self.id, "drop": drop_them });
        self.emulator.post("release", &order).map(drop)
    }

    /// Orders what ECS does with deployments.
    pub fn play(&self, mut play: Play) -> Result<()> {
        play.0["account"] = json!(self.id);
        self.emulator.post("ecs/play", &play.0).map(drop)
    }

    /// Changes one of the emulator's settings for this account.
    pub fn setting(&self, name: &str, value: &Json) -> Result<()> {
        self.emulator
            .post("settings", &json!({ "account": self.id, name: value }))
            .map(drop)
    }

    /// Whether a database takes a user's password.
    pub fn login(&self, instance: &Json, user: &str, password: &Json) -> Result<bool> {
        let asked = json!({
            "account": self.id, "region": REGION, "instance": instance,
            "user": user, "password": password,
        });
        Ok(self.emulator.post("rds/login", &asked)?["ok"] == true)
    }

    /// Fails when a call was made that the emulator cannot do: what followed from its answer proves nothing.
    pub fn nothing_unimplemented(&self) -> Result<()> {
        let calls = self
            .emulator
            .get(&format!("unimplemented?account={}", self.id))?;
        ensure!(
            calls.as_array().is_some_and(Vec::is_empty),
            "the emulator cannot do {calls}"
        );
        Ok(())
    }

    /// Everything that exists, with ids and times made comparable.
    pub fn dump(&self) -> Result<Json> {
        self.emulator
            .get(&format!("dump?account={}&region={REGION}", self.id))
    }

    /// A call of somebody else's AWS client, by the account's administrator.
    pub fn outside(&self, service: &str, operation: &str, params: &Json) -> Result<Json> {
        let order = json!({
            "account": self.id, "region": REGION,
            "service": service, "operation": operation, "params": params,
        });
        let answer = self.emulator.post("outside", &order)?;
        if let Some(code) = answer.get("error") {
            bail!(
                "outside {service}.{operation}({params}) was refused: {code}: {}",
                answer["message"]
            );
        }
        Ok(answer)
    }

    /// The list in an outside answer, such as `Vpcs` of `DescribeVpcs`.
    pub fn list(
        &self,
        service: &str,
        operation: &str,
        params: &Json,
        key: &str,
    ) -> Result<Vec<Json>> {
        let answer = self.outside(service, operation, params)?;
        let list = answer[key].as_array().cloned();
        list.with_context(|| format!("{service}.{operation} has no list `{key}`: {answer}"))
    }

    /// The network that AWS makes in every account, in the form in which resources take one.
    pub fn default_network(&self) -> Result<String> {
        let vpcs = self.list("ec2", "DescribeVpcs", &json!({}), "Vpcs")?;
        let vpc = vpcs
            .iter()
            .find(|vpc| vpc["IsDefault"] == true)
            .context("no default VPC")?;
        let of_vpc = json!({ "Filters": [{ "Name": "vpc-id", "Values": [vpc["VpcId"]] }] });
        let mut subnets = self.list("ec2", "DescribeSubnets", &of_vpc, "Subnets")?;
        // Ids are random: by range, every account gives the same two.
        subnets.sort_by_key(|subnet| subnet["CidrBlock"].to_string());
        let ids = subnets
            .iter()
            .take(2)
            .map(|subnet| subnet["SubnetId"].to_string());
        let ids: Vec<_> = ids.collect();
        let ids = ids.join(", ");
        Ok(format!(
            "{{ name = \"default\", vpc_id = {}, cidr = {}, private_subnet_ids = [{ids}], public_subnet_ids = [{ids}] }}",
            vpc["VpcId"], vpc["CidrBlock"]
        ))
    }

    /// A load balancer in the default network that was made outside, in the form in which routes take one. Name and
    /// tags are those of the project and environment: without them the preset `deploy` does not reach it.
    pub fn router(&self, name: &str) -> Result<String> {
        let (vpc, subnets) = self.default_places()?;
        let tags = json!([
            { "Key": "stackwright:project", "Value": "acme" },
            { "Key": "stackwright:environment", "Value": "stage" },
        ]);
        let group = json!({
            "GroupName": format!("lb-{name}"), "Description": "lb", "VpcId": vpc,
            "TagSpecifications": [{ "ResourceType": "security-group", "Tags": tags }],
        });
        let group = self.outside("ec2", "CreateSecurityGroup", &group)?["GroupId"].clone();
        let balancer = json!({
            "Name": format!("acme-stage-{name}"), "Subnets": subnets, "SecurityGroups": [group],
        });
        let balancer = self.outside("elbv2", "CreateLoadBalancer", &balancer)?;
        let balancer = &balancer["LoadBalancers"][0];
        let nothing =
            json!([{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }]);
        let listener = json!({
            "LoadBalancerArn": balancer["LoadBalancerArn"], "Protocol": "HTTP", "Port": 80,
            "DefaultActions": nothing,
        });
        let listener = self.outside("elbv2", "CreateListener", &listener)?;
        reference(name, balancer, &listener["Listeners"][0]["ListenerArn"])
    }

    /// As [`Account::router`], but one that is there already is taken.
    pub fn router_once(&self, name: &str) -> Result<String> {
        let all = self.list(
            "elbv2",
            "DescribeLoadBalancers",
            &json!({}),
            "LoadBalancers",
        )?;
        let known = all
            .iter()
            .find(|balancer| balancer["LoadBalancerName"] == format!("acme-stage-{name}"));
        let Some(balancer) = known else {
            return self.router(name);
        };
        let of = json!({ "LoadBalancerArn": balancer["LoadBalancerArn"] });
        let listeners = self.list("elbv2", "DescribeListeners", &of, "Listeners")?;
        let listener = listeners.first().context("no listener")?;
        reference(name, balancer, &listener["ListenerArn"])
    }

    /// Id of the default VPC, and of two of its subnets.
    fn default_places(&self) -> Result<(Json, Vec<Json>)> {
        let vpcs = self.list("ec2", "DescribeVpcs", &json!({}), "Vpcs")?;
        let vpc = vpcs
            .iter()
            .find(|vpc| vpc["IsDefault"] == true)
            .context("no default VPC")?["VpcId"]
            .clone();
        let of_vpc = json!({ "Filters": [{ "Name": "vpc-id", "Values": [vpc] }] });
        let mut subnets = self.list("ec2", "DescribeSubnets", &of_vpc, "Subnets")?;
        // Ids are random: by range, every account gives the same two.
        subnets.sort_by_key(|subnet| subnet["CidrBlock"].to_string());
        let ids = subnets
            .iter()
            .take(2)
            .map(|subnet| subnet["SubnetId"].clone());
        Ok((vpc, ids.collect()))
    }
}

/// A load balancer in the form in which routes take one.
fn reference(name: &str, balancer: &Json, listener: &Json) -> Result<String> {
    let arn = balancer["LoadBalancerArn"].as_str().context("no ARN")?;
    let (_, suffix) = arn
        .split_once(":loadbalancer/")
        .context("no load balancer")?;
    Ok(format!(
        "{{ name = {name:?}, arn = {arn:?}, arn_suffix = {suffix:?}, dns_name = {}, zone_id = \"Z1\", \
         listener_arn = {listener}, security_group_id = {}, vpc_id = {}, public = false, https = false }}",
        balancer["DNSName"], balancer["SecurityGroups"][0], balancer["VpcId"]
    ))
}
