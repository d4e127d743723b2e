//! Who we are: what every name, tag and state carries.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Keys of the tags that every taggable object carries.
pub mod tag {
    /// Project of the provider block.
    pub const PROJECT: &str = "stackwright:project";
    /// Environment of the provider block.
    pub const ENVIRONMENT: &str = "stackwright:environment";
    /// App, on objects that belong to one.
    pub const APP: &str = "stackwright:app";
    /// Name of the root that manages the object.
    pub const OWNER: &str = "stackwright:owner";
    /// Resource type and natural key: `service/stage/shop/worker`.
    pub const ID: &str = "stackwright:id";
    /// Key of the component inside its resource: `subnet.private.us-west-2a`.
    pub const COMPONENT: &str = "stackwright:component";
    /// On a database: the storage that was asked for, in GiB; autoscaling may have added to it.
    pub const STORAGE: &str = "stackwright:storage";
    /// On a database: `window` when changes wait for the maintenance window.
    pub const APPLY: &str = "stackwright:apply";
    /// On a database: whether its delete leaves a snapshot. Missing until its create has come to
    /// its end.
    pub const FINAL_SNAPSHOT: &str = "stackwright:final-snapshot";
    /// On a database that was restored: what from. Missing on others.
    pub const ORIGIN: &str = "stackwright:restored-from";
    /// On the secret of a database: which password it is.
    pub const PASSWORD_VERSION: &str = "stackwright:password-version";
    /// The name that AWS shows in its console.
    pub const NAME: &str = "Name";
    /// All our keys begin with this.
    pub const PREFIX: &str = "stackwright:";
}

/// What the provider block says about monitors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Monitoring {
    /// CloudWatch namespace of monitors that name none.
    pub namespace: Option<String>,
    /// ARNs by the handles that stand for them: `@pagerduty`.
    pub notifiers: BTreeMap<String, String>,
}

/// Default tags whose values are known only after another resource was applied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum UnknownTags {
    /// All values are known.
    #[default]
    None,
    /// The values of these keys are not known.
    Keys(BTreeSet<String>),
    /// Not even the keys are known.
    All,
}

impl UnknownTags {
    /// Whether the value of a tag may be one of these. Our own tags never are.
    pub fn cover(&self, key: &str) -> bool {
        match self {
            Self::None => false,
            Self::Keys(keys) => keys.contains(key),
            Self::All => !key.starts_with(tag::PREFIX) && key != tag::NAME,
        }
    }
}

/// Where a provider block works and in whose name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Part of every name and tag.
    pub project: String,
    /// `stage`, `prod`, `ops`.
    pub environment: String,
    /// Name of the root that manages the objects: two roots never own one object.
    pub owner: String,
    /// AWS account, 12 digits.
    pub account_id: String,
    /// AWS region.
    pub region: String,
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// Tags for every object, from the provider block.
    pub default_tags: BTreeMap<String, String>,
    /// Those of them that are not known in this plan, and missing in `default_tags`.
    pub unknown_tags: UnknownTags,
    /// Path of IAM roles, `/` by default.
    pub iam_path: String,
    /// Policy that bounds every role we make.
    pub permissions_boundary: Option<String>,
    /// What the provider block says about monitors.
    pub monitoring: Monitoring,
}

/// The natural key of a resource: its type and import id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    /// Type without the provider's prefix: `service`.
    pub kind: String,
    /// Import id: `stage/shop/worker`.
    pub id: String,
}

impl ResourceId {
    /// From a type and an import id.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            id: id.into(),
        }
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

/// The tags by which an object is known to be ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnTags {
    /// Value of [`tag::PROJECT`].
    pub project: String,
    /// Value of [`tag::ENVIRONMENT`].
    pub environment: String,
    /// Value of [`tag::OWNER`].
    pub owner: String,
    /// Value of [`tag::ID`].
    pub id: String,
    /// Value of [`tag::COMPONENT`].
    pub component: String,
}

impl OwnTags {
    /// Reads them back; `None` when the object was not made by us.
    pub fn read(tags: &BTreeMap<String, String>) -> Option<Self> {
        let get = |key: &str| tags.get(key).cloned();
        Some(Self {
            project: get(tag::PROJECT)?,
            environment: get(tag::ENVIRONMENT)?,
            owner: get(tag::OWNER)?,
            id: get(tag::ID)?,
            component: get(tag::COMPONENT)?,
        })
    }
}

/// One to test with.
#[cfg(test)]
pub(crate) fn example() -> Scope {
    Scope {
        project: "acme".to_owned(),
        environment: "stage".to_owned(),
        owner: "acme/stage".to_owned(),
        account_id: "111111111111".to_owned(),
        region: "us-west-2".to_owned(),
        partition: "aws".to_owned(),
        default_tags: BTreeMap::new(),
        unknown_tags: UnknownTags::None,
        iam_path: "/".to_owned(),
        permissions_boundary: None,
        monitoring: Monitoring::default(),
    }
}

impl Scope {
    /// All tags of one component. User tags win over the provider's default tags; ours win over both.
    pub fn tags(
        &self,
        resource: &ResourceId,
        component: &str,
        app: Option<&str>,
        user: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let mut tags = self.default_tags.clone();
        tags.extend(user.clone());
        let own = [
            (tag::PROJECT, self.project.clone()),
            (tag::ENVIRONMENT, self.environment.clone()),
            (tag::OWNER, self.owner.clone()),
            (tag::ID, resource.to_string()),
            (tag::COMPONENT, component.to_owned()),
        ];
        tags.extend(own.map(|(key, value)| (key.to_owned(), value)));
        tags.extend(app.map(|app| (tag::APP.to_owned(), app.to_owned())));
        tags
    }

    /// An ARN in this account and region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:{}:{service}:{}:{}:{resource}",
            self.partition, self.region, self.account_id
        )
    }

    /// An ARN of a global service (IAM) in this account.
    pub fn global_arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:{}:{service}::{}:{resource}",
            self.partition, self.account_id
        )
    }
}
