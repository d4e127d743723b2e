//! SSM parameters of type `String` in the intelligent tier.
//!
//! Tags come one parameter at a time, so under [`Refresh::Fast`] a cached read leaves them out: the
//! answer then has no tags at all, which never happens to a parameter that we made.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_ssm::operation::put_parameter::builders::PutParameterFluentBuilder;
use aws_sdk_ssm::types::{
    ParameterMetadata, ParameterStringFilter, ParameterTier, ParameterType, ResourceTypeForTagging,
    Tag,
};
use stackwright_plan::component::Parameter;
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::{OwnTags, tag};

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::tag_changes::{self, TagChanges, same_resource, touches};
use crate::{Aws, AwsError, Refresh};

const PUT: Op = Op::new("ssm", "PutParameter");
const GET: Op = Op::new("ssm", "GetParameters");
const DESCRIBE: Op = Op::new("ssm", "DescribeParameters");
const LIST_TAGS: Op = Op::new("ssm", "ListTagsForResource");
const TAG: Op = Op::new("ssm", "AddTagsToResource");
const UNTAG: Op = Op::new("ssm", "RemoveTagsFromResource");
const DELETE: Op = Op::new("ssm", "DeleteParameter");

#[async_trait]
impl Adapter for Parameter {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(name) = recorded.get("name") else {
            return Ok(None);
        };
        read(aws, name, freshness).await
    }

    /// `Named` takes a name or an ARN.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let name = match lookup {
            Lookup::Desired(desired, _) => &desired.name,
            Lookup::Named(name) => name_of(name),
            Lookup::Owned(tags) => return owned(aws, tags).await,
        };
        Ok(read(aws, name, Freshness::Fresh)
            .await?
            .into_iter()
            .collect())
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let description = Some(self.description.clone()).filter(|text| !text.is_empty());
        let request = put(self, aws).set_description(description).overwrite(false);
        let request = request.set_tags(Some(tags_to_sdk(&self.tags)));
        aws.call(PUT, request.send()).await?;
        forget(aws, &self.name);
        Ok(Created {
            outputs: outputs(aws, &self.name),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        forget(aws, &self.name);
        let written = write(self, aws, changed).await;
        forget(aws, &self.name);
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some(name) = recorded.get("name") else {
            return Ok(());
        };
        forget(aws, name);
        let deleted = aws
            .call(DELETE, aws.ssm().delete_parameter().name(name).send())
            .await;
        forget(aws, name);
        match deleted {
            Err(error) if error.is_code(&["ParameterNotFound"]) => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// A parameter but for its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    value: String,
    description: String,
}

/// Parameters by name: values from one call, descriptions from another.
#[derive(Debug)]
pub(crate) struct Parameters;

#[async_trait]
impl Source for Parameters {
    type Key = String;
    type Item = Content;
    const BATCH: usize = 10;

    async fn keyed(aws: &Aws, keys: &[String]) -> Result<HashMap<String, Content>, AwsError> {
        let request = aws.ssm().get_parameters().set_names(Some(keys.to_vec()));
        let (values, described) = futures_util::future::try_join(
            aws.call(GET, request.send()),
            describe(aws, filter("Name", keys)),
        )
        .await?;
        let descriptions: HashMap<&str, &str> = described
            .iter()
            .filter_map(|metadata| {
                Some((metadata.name()?, metadata.description().unwrap_or_default()))
            })
            .collect();
        let content = |parameter: &aws_sdk_ssm::types::Parameter| {
            let name = parameter.name()?;
            let description = (*descriptions.get(name).unwrap_or(&"")).to_owned();
            Some((
                name.to_owned(),
                Content {
                    value: parameter.value()?.to_owned(),
                    description,
                },
            ))
        };
        Ok(values.parameters().iter().filter_map(content).collect())
    }
}

async fn describe(
    aws: &Aws,
    filter: ParameterStringFilter,
) -> Result<Vec<ParameterMetadata>, AwsError> {
    let request = aws
        .ssm()
        .describe_parameters()
        .parameter_filters(filter)
        .max_results(50);
    let pages = aws.pages(DESCRIBE, request.into_paginator().send()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.parameters.unwrap_or_default())
        .collect())
}

fn filter(key: &str, values: &[String]) -> ParameterStringFilter {
    let filter = ParameterStringFilter::builder().key(key).option("Equals");
    filter
        .set_values(Some(values.to_vec()))
        .build()
        .expect("the required field is set")
}

/// Tags by name of the parameter; AWS answers them only one by one.
#[derive(Debug)]
pub(crate) struct ParameterTags;

#[async_trait]
impl Source for ParameterTags {
    type Key = String;
    type Item = BTreeMap<String, String>;
    const BATCH: usize = 1;

    async fn keyed(
        aws: &Aws,
        keys: &[String],
    ) -> Result<HashMap<String, BTreeMap<String, String>>, AwsError> {
        let mut found = HashMap::new();
        for name in keys {
            let request = aws.ssm().list_tags_for_resource().resource_id(name);
            let request = request.resource_type(ResourceTypeForTagging::Parameter);
            match aws.call(LIST_TAGS, request.send()).await {
                Ok(answer) => {
                    let pairs = answer
                        .tag_list()
                        .iter()
                        .map(|tag| (tag.key.clone(), tag.value.clone()));
                    found.insert(name.clone(), tag_changes::own(pairs));
                }
                Err(error) if error.is_code(&["InvalidResourceId"]) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

/// When the value of a parameter was last written, in milliseconds since 1970, by name.
#[derive(Debug)]
pub(crate) struct ParameterDates;

#[async_trait]
impl Source for ParameterDates {
    type Key = String;
    type Item = i64;
    const BATCH: usize = 50;

    async fn keyed(aws: &Aws, keys: &[String]) -> Result<HashMap<String, i64>, AwsError> {
        let described = describe(aws, filter("Name", keys)).await?;
        let date = |metadata: ParameterMetadata| {
            let modified = metadata.last_modified_date?.to_millis().ok()?;
            Some((metadata.name?, modified))
        };
        Ok(described.into_iter().filter_map(date).collect())
    }
}

/// When the value of a parameter was last written.
pub(crate) async fn last_modified(
    aws: &Aws,
    name: &str,
    freshness: Freshness,
) -> Result<Option<i64>, AwsError> {
    let dates = &aws.loaders.parameter_dates;
    dates.get(aws, &name.to_owned(), freshness).await
}

async fn read(
    aws: &Aws,
    name: &str,
    freshness: Freshness,
) -> Result<Option<Observed<Parameter>>, AwsError> {
    let name = name.to_owned();
    let Some(content) = aws.loaders.parameters.get(aws, &name, freshness).await? else {
        return Ok(None);
    };
    let skip = aws.refresh == Refresh::Fast && freshness == Freshness::Cached;
    let tags = if skip {
        Some(BTreeMap::new())
    } else {
        aws.loaders
            .parameter_tags
            .get(aws, &name, freshness)
            .await?
    };
    // Without tags it went away between the two calls.
    Ok(tags.map(|tags| {
        let Content { value, description } = content;
        let outputs = outputs(aws, &name);
        let component = Parameter {
            name,
            description,
            value: value.into(),
            tags: tags.clone(),
        };
        Observed {
            component,
            outputs,
            tags,
        }
    }))
}

async fn owned(aws: &Aws, of: &OwnTags) -> Result<Vec<Observed<Parameter>>, AwsError> {
    let by_id = filter(&format!("tag:{}", tag::ID), std::slice::from_ref(&of.id));
    let described = describe(aws, by_id).await?;
    let names = described.iter().filter_map(ParameterMetadata::name);
    let reads = names.map(|name| read(aws, name, Freshness::Fresh));
    let found = futures_util::future::try_join_all(reads).await?;
    Ok(found
        .into_iter()
        .flatten()
        .filter(|found| same_resource(&found.tags, of))
        .collect())
}

/// Names begin with `/`, so the ARN is made by adding it.
fn outputs(aws: &Aws, name: &str) -> Recorded {
    let arn = format!(
        "arn:{}:ssm:{}:{}:parameter{name}",
        aws.partition, aws.region, aws.account_id
    );
    [("arn", arn), ("name", name.to_owned())]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

/// The name in an ARN, or the name itself.
fn name_of(text: &str) -> &str {
    text.split_once(":parameter/")
        .map_or(text, |(arn, _)| &text[arn.len() + ":parameter".len()..])
}

fn tags_to_sdk(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| {
        Tag::builder()
            .key(key)
            .value(value)
            .build()
            .expect("both required fields are set")
    };
    tags.iter().map(tag).collect()
}

fn put(desired: &Parameter, aws: &Aws) -> PutParameterFluentBuilder {
    aws.redactor.learn_value(desired.value.get());
    aws.ssm()
        .put_parameter()
        .name(&desired.name)
        .value(desired.value.get())
        .r#type(ParameterType::String)
        .tier(ParameterTier::IntelligentTiering)
}

async fn write(desired: &Parameter, aws: &Aws, changed: &[FieldDiff]) -> Result<(), AwsError> {
    let name = desired.name.as_str();
    if touches(changed, &["value", "description"]) {
        let request = put(desired, aws)
            .description(&desired.description)
            .overwrite(true);
        aws.call(PUT, request.send()).await?;
    }
    let retagged = TagChanges::of(changed);
    let kind = ResourceTypeForTagging::Parameter;
    if !retagged.set.is_empty() {
        let request = aws
            .ssm()
            .add_tags_to_resource()
            .resource_type(kind.clone())
            .resource_id(name);
        aws.call(
            TAG,
            request.set_tags(Some(tags_to_sdk(&retagged.set))).send(),
        )
        .await?;
    }
    if !retagged.remove.is_empty() {
        let request = aws
            .ssm()
            .remove_tags_from_resource()
            .resource_type(kind)
            .resource_id(name);
        aws.call(UNTAG, request.set_tag_keys(Some(retagged.remove)).send())
            .await?;
    }
    Ok(())
}

fn forget(aws: &Aws, name: &String) {
    aws.loaders.parameters.forget(name);
    aws.loaders.parameter_tags.forget(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_arns() {
        for text in [
            "/acme/x",
            "arn:aws:ssm:us-west-2:123456789012:parameter/acme/x",
        ] {
            assert_eq!(name_of(text), "/acme/x");
        }
    }
}
