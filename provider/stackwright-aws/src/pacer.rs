//! Keeps below the rates that AWS documents, so that throttling does not happen rather than being
//! retried.
//!
//! One token bucket per API group and [`Aws`](crate::Aws). A bucket starts full: a small run never
//! waits. Rates are those of AWS's documentation less a tenth, because others use the account too;
//! where AWS publishes none, the SDK's retries have to do and the bucket is wide.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::call::Op;

/// Share of a documented rate that we use.
const SHARE: f64 = 0.9;

/// Operations that draw from one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Group {
    Ec2Read,
    Ec2Write,
    EcsServiceRead,
    EcsServiceWrite,
    EcsTaskDefinitionRead,
    EcsTaskDefinitionWrite,
    EcsClusterRead,
    EcsClusterWrite,
    EcsTags,
    IamRead,
    IamWrite,
    LogsRead,
    LogsWrite,
    SsmRead,
    SsmWrite,
    AlarmRead,
    AlarmWrite,
    AlarmTagRead,
    AlarmTagWrite,
    Tagging,
    ElbRead,
    ElbWrite,
    Other,
}

impl Group {
    /// Where an operation belongs. AWS counts `List` and `Describe` alike.
    fn of(op: Op) -> Self {
        let reads = ["Describe", "List", "Get"]
            .iter()
            .any(|verb| op.name.starts_with(verb));
        match (op.service, reads) {
            ("ec2", true) => Self::Ec2Read,
            ("ec2", false) => Self::Ec2Write,
            ("ecs", _) => Self::of_ecs(op.name, reads),
            ("iam", true) => Self::IamRead,
            ("iam", false) => Self::IamWrite,
            ("logs", true) => Self::LogsRead,
            ("logs", false) => Self::LogsWrite,
            ("ssm", true) => Self::SsmRead,
            ("ssm", false) => Self::SsmWrite,
            ("cloudwatch", reads) => Self::of_cloudwatch(op.name, reads),
            ("tag", _) => Self::Tagging,
            ("elasticloadbalancing", true) => Self::ElbRead,
            ("elasticloadbalancing", false) => Self::ElbWrite,
            _ => Self::Other,
        }
    }

    fn of_cloudwatch(name: &str, reads: bool) -> Self {
        match (name, reads) {
            ("ListTagsForResource", _) => Self::AlarmTagRead,
            ("TagResource" | "UntagResource", _) => Self::AlarmTagWrite,
            (_, true) => Self::AlarmRead,
            (_, false) => Self::AlarmWrite,
        }
    }

    fn of_ecs(name: &str, reads: bool) -> Self {
        let about = |what: &str| name.contains(what);
        match reads {
            _ if about("TagsForResource") => Self::EcsClusterRead,
            _ if about("TagResource") || about("UntagResource") => Self::EcsTags,
            true if about("TaskDefinition") => Self::EcsTaskDefinitionRead,
            false if about("TaskDefinition") => Self::EcsTaskDefinitionWrite,
            true if about("Cluster") => Self::EcsClusterRead,
            false if about("Cluster") => Self::EcsClusterWrite,
            true => Self::EcsServiceRead,
            false => Self::EcsServiceWrite,
        }
    }

    /// Burst and refill per second as documented (facts: `aws-limits.md`, 1.3).
    const fn rate(self) -> (f64, f64) {
        match self {
            Self::Ec2Read | Self::EcsServiceRead | Self::IamRead => (100.0, 20.0),
            Self::Ec2Write | Self::EcsServiceWrite => (50.0, 5.0),
            Self::EcsTaskDefinitionRead | Self::EcsClusterRead => (50.0, 20.0),
            Self::EcsTaskDefinitionWrite | Self::EcsClusterWrite => (20.0, 1.0),
            Self::EcsTags => (20.0, 10.0),
            Self::LogsRead | Self::AlarmTagRead => (10.0, 10.0),
            Self::LogsWrite => (10.0, 5.0),
            Self::IamWrite => (50.0, 10.0),
            Self::SsmRead => (40.0, 40.0),
            Self::SsmWrite => (10.0, 3.0),
            Self::AlarmRead => (9.0, 9.0),
            Self::AlarmWrite => (3.0, 3.0),
            Self::AlarmTagWrite => (20.0, 20.0),
            Self::Tagging => (15.0, 15.0),
            Self::ElbRead => (40.0, 10.0),
            Self::ElbWrite => (20.0, 3.0),
            Self::Other => (100.0, 50.0),
        }
    }
}

/// A token bucket whose tokens may be owed: whoever owes waits.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    burst: f64,
    per_second: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn new((burst, per_second): (f64, f64), now: Instant) -> Self {
        let (burst, per_second) = (burst * SHARE, per_second * SHARE);
        Self {
            burst,
            per_second,
            tokens: burst,
            at: now,
        }
    }

    /// Takes a token and answers how long to wait until it is there.
    fn take(&mut self, now: Instant) -> Duration {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.burst) - 1.0;
        self.at = now;
        Duration::from_secs_f64((-self.tokens / self.per_second).max(0.0))
    }

    fn give_back(&mut self) {
        self.tokens = (self.tokens + 1.0).min(self.burst);
    }
}

/// The buckets of one account and region.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    buckets: Mutex<HashMap<Group, Bucket>>,
}

impl Pacer {
    /// Returns when the operation may go out.
    pub(crate) async fn wait(&self, op: Op) {
        let pause = self.with(op, Bucket::take);
        if !pause.is_zero() {
            tracing::debug!(service = op.service, operation = op.name, ?pause, "paced");
            tokio::time::sleep(pause).await;
        }
    }

    /// A token was taken for a call that was not made.
    pub(crate) fn give_back(&self, op: Op) {
        self.with(op, |bucket, _| bucket.give_back());
    }

    fn with<T>(&self, op: Op, act: impl FnOnce(&mut Bucket, Instant) -> T) -> T {
        let (group, now) = (Group::of(op), Instant::now());
        let mut buckets = self
            .buckets
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        act(
            buckets
                .entry(group)
                .or_insert_with(|| Bucket::new(group.rate(), now)),
            now,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTER: Op = Op::new("ecs", "RegisterTaskDefinition");

    #[test]
    fn operations_draw_from_the_bucket_that_aws_counts_them_in() {
        let group = |service, name| Group::of(Op::new(service, name));
        assert_eq!(
            group("ecs", "DeregisterTaskDefinition"),
            Group::EcsTaskDefinitionWrite
        );
        assert_eq!(
            group("ecs", "DescribeTaskDefinition"),
            Group::EcsTaskDefinitionRead
        );
        assert_eq!(group("ecs", "UpdateService"), Group::EcsServiceWrite);
        assert_eq!(
            group("ecs", "PutClusterCapacityProviders"),
            Group::EcsClusterWrite
        );
        assert_eq!(group("ecs", "UntagResource"), Group::EcsTags);
        assert_eq!(group("ecs", "ListTagsForResource"), Group::EcsClusterRead);
        assert_eq!(
            group("ec2", "AuthorizeSecurityGroupIngress"),
            Group::Ec2Write
        );
        assert_eq!(group("sts", "GetCallerIdentity"), Group::Other);
        assert_eq!(group("cloudwatch", "PutCompositeAlarm"), Group::AlarmWrite);
        assert_eq!(group("cloudwatch", "DescribeAlarms"), Group::AlarmRead);
        assert_eq!(
            group("cloudwatch", "ListTagsForResource"),
            Group::AlarmTagRead
        );
        assert_eq!(group("cloudwatch", "UntagResource"), Group::AlarmTagWrite);
        assert_eq!(group("tag", "GetResources"), Group::Tagging);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_what_follows_is_paced() {
        let (pacer, start) = (Pacer::default(), Instant::now());
        for _ in 0..18 {
            pacer.wait(REGISTER).await;
        }
        assert_eq!(
            start.elapsed(),
            Duration::ZERO,
            "9 tenths of a burst of 20 go out at once"
        );
        for _ in 0..9 {
            pacer.wait(REGISTER).await;
        }
        let seconds = start.elapsed().as_secs_f64();
        assert!(
            (9.9..10.2).contains(&seconds),
            "9 more at 0.9 a second took {seconds} s"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_callers_wait_in_turn() {
        let (pacer, start) = (Pacer::default(), Instant::now());
        futures_util::future::join_all((0..27).map(|_| pacer.wait(REGISTER))).await;
        let seconds = start.elapsed().as_secs_f64();
        assert!(
            (9.9..10.2).contains(&seconds),
            "27 at once took {seconds} s"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_fills_up_to_its_burst_only() {
        let mut bucket = Bucket::new((20.0, 1.0), Instant::now());
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!(bucket.take(Instant::now()), Duration::ZERO);
        assert!((bucket.tokens - 17.0).abs() < 1e-9, "{bucket:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn groups_do_not_slow_each_other() {
        let (pacer, start) = (Pacer::default(), Instant::now());
        for _ in 0..18 {
            pacer.wait(REGISTER).await;
        }
        pacer.wait(Op::new("ecs", "DescribeServices")).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_was_given_back_is_there_again() {
        let (pacer, start) = (Pacer::default(), Instant::now());
        for _ in 0..100 {
            pacer.wait(REGISTER).await;
            pacer.give_back(REGISTER);
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
