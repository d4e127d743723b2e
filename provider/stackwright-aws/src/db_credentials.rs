//! The password of a database and the value of its secret.
//!
//! A version of a secret has an id that the client chooses. Here it is made from the fields of the
//! component, so that `DescribeSecret` alone says whether the current version is the wanted one.
//!
//! The order survives a kill at any call: the new value is kept in the secret as a version that is
//! not current yet; RDS gets its password; when the database has taken it, the version becomes the
//! current one. Whoever comes back finds the version and goes on with the same password.

use std::collections::BTreeMap;
use std::ops::Deref;

use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use stackwright_plan::component::DbCredentials;
use stackwright_plan::diff::FieldDiff;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::password::Password;
use crate::{Aws, AwsError, rds, secret};

const PUT: Op = Op::new("secretsmanager", "PutSecretValue");
const GET: Op = Op::new("secretsmanager", "GetSecretValue");
const PROMOTE: Op = Op::new("secretsmanager", "UpdateSecretVersionStage");

const TAKEN: &[&str] = &["ResourceExistsException"];

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

/// The version that carries a label.
fn labelled<'a>(secret: &'a DescribeSecretOutput, label: &str) -> Option<&'a String> {
    let versions = secret.version_ids_to_stages.as_ref()?;
    let has = |stages: &Vec<String>| stages.iter().any(|stage| stage == label);
    versions
        .iter()
        .find(|(_, stages)| has(stages))
        .map(|(version, _)| version)
}

fn has_version(secret: &DescribeSecretOutput, version: &str) -> bool {
    let versions = secret.version_ids_to_stages.as_ref();
    versions.is_some_and(|versions| versions.contains_key(version))
}

/// The fields that were recorded.
fn from_outputs(recorded: &Recorded) -> Option<DbCredentials> {
    let text = |name: &str| recorded.get(name).cloned();
    Some(DbCredentials {
        secret_arn: text("secret_arn")?.into(),
        db_instance_identifier: text("id")?.into(),
        resource_id: text("resource_id")?.into(),
        host: text("host")?.into(),
        port: text("port")?.parse().ok()?,
        dbname: text("dbname")?,
        username: text("username")?,
        password_version: text("password_version")?.parse().ok()?,
        current: false,
    })
}

/// Credentials as they are wanted or known.
struct Wanted<'a>(&'a DbCredentials);

impl Deref for Wanted<'_> {
    type Target = DbCredentials;

    fn deref(&self) -> &DbCredentials {
        self.0
    }
}

impl Wanted<'_> {
    /// The id of the version with these values: 64 characters.
    fn version(&self) -> String {
        let fields = json!([
            self.secret_arn.get(),
            self.resource_id.get(),
            self.host.get(),
            self.port,
            self.dbname,
            self.username,
            self.password_version,
        ]);
        let digest = Sha256::digest(fields.to_string().as_bytes());
        digest
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    /// The fields, so that a later read knows which version to look for. None of them is secret.
    fn outputs(&self) -> Recorded {
        let all = [
            ("secret_arn", self.secret_arn.get().clone()),
            ("id", self.db_instance_identifier.get().clone()),
            ("resource_id", self.resource_id.get().clone()),
            ("host", self.host.get().clone()),
            ("port", self.port.to_string()),
            ("dbname", self.dbname.clone()),
            ("username", self.username.clone()),
            ("password_version", self.password_version.to_string()),
        ];
        all.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// These values as the secret has them; `None` when it has none at all.
    async fn look(
        self,
        aws: &Aws,
        freshness: Freshness,
    ) -> Result<Option<Observed<DbCredentials>>, AwsError> {
        let found = secret::describe(aws, self.secret_arn.get(), freshness).await?;
        let Some(version) = found.as_ref().and_then(|it| labelled(it, CURRENT)) else {
            return Ok(None);
        };
        let outputs = self.outputs();
        let component = DbCredentials {
            current: *version == self.version(),
            ..self.0.clone()
        };
        Ok(Some(Observed {
            component,
            outputs,
            tags: BTreeMap::new(),
        }))
    }

    /// Keeps the new value in the secret and gives its password to RDS.
    async fn write(&self, aws: &Aws) -> Result<(), AwsError> {
        let (arn, version) = (self.secret_arn.get(), self.version());
        let found = secret::describe(aws, arn, Freshness::Fresh).await?;
        let password = if found.is_some_and(|it| has_version(&it, &version)) {
            self.kept(aws, &version).await?
        } else {
            self.put(aws, &version).await?
        };
        let id = self.db_instance_identifier.get();
        let request = aws.rds().modify_db_instance().db_instance_identifier(id);
        // A password is never deferred, and `ApplyImmediately` would bring forward what waits for the maintenance window.
        let request = request.master_user_password(password.reveal());
        rds::modify(aws, id, request).await
    }

    /// The password of a version that an earlier run has made.
    async fn kept(&self, aws: &Aws, version: &str) -> Result<Password, AwsError> {
        let arn = self.secret_arn.get();
        let request = aws.secretsmanager().get_secret_value().secret_id(arn);
        let answer = aws.call(GET, request.version_id(version).send()).await?;
        let value: Option<Json> = answer
            .secret_string()
            .and_then(|text| serde_json::from_str(text).ok());
        let password = value.as_ref().and_then(|value| value["password"].as_str());
        password
            .map(|password| Password::learn(aws, password))
            .ok_or_else(|| GET.lacks("the password"))
    }

    async fn put(&self, aws: &Aws, version: &str) -> Result<Password, AwsError> {
        let password = Password::random(aws).await?;
        let arn = self.secret_arn.get();
        let request = aws
            .secretsmanager()
            .put_secret_value()
            .secret_id(arn)
            .client_request_token(version)
            .version_stages(PENDING)
            .secret_string(self.value(&password));
        let written = aws.call(PUT, request.send()).await;
        secret::forget(aws);
        match written {
            // The version is there and has lost its labels, so AWS does not list it.
            Err(error) if error.is_code(TAKEN) => self.kept(aws, version).await,
            outcome => outcome.map(|_| password),
        }
    }

    /// The value of the secret.
    fn value(&self, password: &Password) -> String {
        let DbCredentials {
            port,
            dbname,
            username,
            ..
        } = self.0;
        let (host, password) = (self.host.get(), password.reveal());
        let url =
            format!("postgresql://{username}:{password}@{host}:{port}/{dbname}?sslmode=require");
        json!({
            "host": host,
            "port": port,
            "dbname": dbname,
            "username": username,
            "password": password,
            "url": url,
        })
        .to_string()
    }

    async fn promote(&self, aws: &Aws, secret: &DescribeSecretOutput) -> Result<(), AwsError> {
        let arn = self.secret_arn.get();
        let request = aws
            .secretsmanager()
            .update_secret_version_stage()
            .secret_id(arn)
            .version_stage(CURRENT)
            .move_to_version_id(self.version())
            .set_remove_from_version_id(labelled(secret, CURRENT).cloned());
        let moved = aws.call(PROMOTE, request.send()).await;
        secret::forget(aws);
        moved.map(drop)
    }
}

#[async_trait]
impl Adapter for DbCredentials {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        match from_outputs(recorded) {
            Some(known) => Wanted(&known).look(aws, freshness).await,
            None => Ok(None),
        }
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let Lookup::Desired(desired, _) = lookup else {
            return Ok(Vec::new());
        };
        // A secret can be there without its database: then there is nothing that its value could say.
        if desired.resource_id.known().is_none() || desired.host.known().is_none() {
            return Ok(Vec::new());
        }
        let found = Wanted(desired).look(aws, Freshness::Fresh).await?;
        Ok(found.into_iter().collect())
    }

    /// `settle` makes the value current.
    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        Wanted(self).write(aws).await?;
        Ok(Created {
            outputs: Wanted(self).outputs(),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        _observed: &Observed<Self>,
        _changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        Wanted(self).write(aws).await?;
        Ok(Wanted(self).outputs())
    }

    /// The value goes with its secret.
    async fn delete(_aws: &Aws, _recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        Ok(())
    }

    async fn ready(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        rds::ready(aws, recorded, wait).await
    }

    async fn settle(&self, aws: &Aws, _recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let (arn, version) = (self.secret_arn.get(), Wanted(self).version());
        let known = secret::describe(aws, arn, Freshness::Fresh).await?;
        if !known.as_ref().is_some_and(|it| has_version(it, &version)) {
            Wanted(self).write(aws).await?;
        }
        let id = self.db_instance_identifier.get();
        let taken = |it: &aws_sdk_rds::types::DbInstance| {
            let pending = it.pending_modified_values();
            pending.is_none_or(|pending| pending.master_user_password().is_none())
        };
        rds::until_works(aws, id, wait, taken).await?;
        let Some(secret) = secret::describe(aws, arn, Freshness::Fresh).await? else {
            return Err(GET.lacks("the secret"));
        };
        if labelled(&secret, CURRENT) == Some(&version) {
            return Ok(());
        }
        Wanted(self).promote(aws, &secret).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> DbCredentials {
        DbCredentials {
            secret_arn: "arn:secret".into(),
            db_instance_identifier: "main".into(),
            resource_id: "db-ABC".into(),
            host: "main.rds.amazonaws.com".into(),
            port: 5432,
            dbname: "app".to_owned(),
            username: "app".to_owned(),
            password_version: 1,
            current: true,
        }
    }

    fn version(of: &DbCredentials) -> String {
        Wanted(of).version()
    }

    #[test]
    fn another_password_is_another_version() {
        let one = credentials();
        let two = DbCredentials {
            password_version: 2,
            ..credentials()
        };
        assert_eq!(version(&one), version(&credentials()));
        assert_ne!(version(&one), version(&two));
        assert_eq!(version(&one).len(), 64);
    }

    #[test]
    fn what_is_recorded_is_read_again_and_holds_no_password() {
        let recorded = Wanted(&credentials()).outputs();
        let read = from_outputs(&recorded);
        assert_eq!(read.as_ref().map(version), Some(version(&credentials())));
        assert!(!recorded.contains_key("password"));
    }

    #[test]
    fn the_value_has_a_url_that_wants_tls() {
        let password = Password::learn(&Aws::offline(), "secretsecret");
        let value: Json =
            serde_json::from_str(&Wanted(&credentials()).value(&password)).unwrap_or_default();
        assert_eq!(
            value["url"],
            "postgresql://app:secretsecret@main.rds.amazonaws.com:5432/app?sslmode=require"
        );
    }
}
