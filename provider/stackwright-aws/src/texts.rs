//! Plain texts in SSM parameters: for what a run has to remember beyond its own life.

use crate::call::Op;
use crate::{Aws, AwsError};

const PUT: Op = Op::new("ssm", "PutParameter");
const GET: Op = Op::new("ssm", "GetParametersByPath");
const DELETE: Op = Op::new("ssm", "DeleteParameters");

/// Most bytes of a text in the standard tier.
/// Source: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>
pub const TEXT_LIMIT: usize = 4096;
/// Most names of one `DeleteParameters`.
const BATCH: usize = 10;

/// Writes a text, in the place of the one that is there.
pub async fn write_text(aws: &Aws, name: &str, text: &str) -> Result<(), AwsError> {
    let request = aws.ssm().put_parameter().name(name).value(text);
    let request = request
        .r#type(aws_sdk_ssm::types::ParameterType::String)
        .overwrite(true);
    aws.call(PUT, request.send()).await.map(drop)
}

/// Names and texts below a path.
pub async fn texts_below(aws: &Aws, path: &str) -> Result<Vec<(String, String)>, AwsError> {
    let request = aws.ssm().get_parameters_by_path().path(path);
    let pages = request.into_paginator().send();
    let pages = aws.pages(GET, pages).await?;
    let found = pages
        .into_iter()
        .flat_map(|page| page.parameters.unwrap_or_default());
    Ok(found.filter_map(|it| Some((it.name?, it.value?))).collect())
}

/// Deletes texts; those that are gone already do not matter.
pub async fn delete_texts(aws: &Aws, names: &[String]) -> Result<(), AwsError> {
    for names in names.chunks(BATCH) {
        let request = aws.ssm().delete_parameters();
        let request = request.set_names(Some(names.to_vec()));
        aws.call(DELETE, request.send()).await?;
    }
    Ok(())
}
