//! Record set of a Route 53 zone.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ResourceRecord, ResourceRecordSet, RrType,
};
use stackwright_plan::component::DnsRecord;
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::dns_changes;
use crate::loader::Source;
use crate::settle::id;
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const LIST: Op = Op::new("route53", "ListResourceRecordSets");

const NO_ZONE: &[&str] = &["NoSuchHostedZone"];
/// Records of one zone that are still asked for one by one; more, and the zone is listed.
const SINGLY: usize = 3;

/// Zone, name and type.
pub(crate) type Place = (String, String, String);

/// Record sets by place. Of several with set identifiers, the first.
#[derive(Debug)]
pub(crate) struct DnsRecords;

#[async_trait]
impl Source for DnsRecords {
    type Key = Place;
    type Item = ResourceRecordSet;
    const BATCH: usize = 1_000;

    async fn keyed(
        aws: &Aws,
        places: &[Place],
    ) -> Result<HashMap<Place, ResourceRecordSet>, AwsError> {
        let mut by_zone: BTreeMap<&String, Vec<&Place>> = BTreeMap::new();
        for place in places {
            by_zone.entry(&place.0).or_default().push(place);
        }
        let mut found = HashMap::new();
        for (zone, places) in by_zone {
            if places.len() <= SINGLY {
                for place in places {
                    found.extend(one(aws, place).await?.map(|it| (place.clone(), it)));
                }
            } else {
                let whole = whole_zone(aws, zone).await?;
                let wanted = whole.into_iter().filter(|(at, _)| places.contains(&at));
                found.extend(wanted);
            }
        }
        Ok(found)
    }
}

async fn one(aws: &Aws, place: &Place) -> Result<Option<ResourceRecordSet>, AwsError> {
    let (zone, name, kind) = place;
    let call = aws
        .route53()
        .list_resource_record_sets()
        .hosted_zone_id(zone)
        .start_record_name(name)
        .start_record_type(RrType::from(kind.as_str()))
        .max_items(1);
    match aws.call(LIST, call.send()).await {
        Err(error) if error.is_code(NO_ZONE) => Ok(None),
        answer => Ok(answer?
            .resource_record_sets
            .into_iter()
            .find(|found| place_of(zone, found) == *place)),
    }
}

async fn whole_zone(aws: &Aws, zone: &str) -> Result<HashMap<Place, ResourceRecordSet>, AwsError> {
    let mut found = HashMap::new();
    let mut call = aws
        .route53()
        .list_resource_record_sets()
        .hosted_zone_id(zone)
        .max_items(300);
    loop {
        let answer = match aws.call(LIST, call.clone().send()).await {
            Err(error) if error.is_code(NO_ZONE) => return Ok(found),
            answer => answer?,
        };
        for one in answer.resource_record_sets {
            found.entry(place_of(zone, &one)).or_insert(one);
        }
        if !answer.is_truncated {
            return Ok(found);
        }
        call = call
            .set_start_record_name(answer.next_record_name)
            .set_start_record_type(answer.next_record_type)
            .set_start_record_identifier(answer.next_record_identifier);
    }
}

fn place_of(zone: &str, found: &ResourceRecordSet) -> Place {
    (
        zone.to_owned(),
        plain_name(&found.name),
        found.r#type.as_str().to_owned(),
    )
}

/// A name as people write it: lower case, without the dot at the end, and with `*` where Route 53
/// answers `\052`.
pub(crate) fn plain_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let octal = rest.get(at + 1..at + 4);
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(code) if code.is_ascii() => {
                plain.push(char::from(code));
                rest = &rest[at + 4..];
            }
            _ => {
                plain.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    plain.push_str(rest);
    plain.trim_end_matches('.').to_ascii_lowercase()
}

/// The console puts `dualstack.` before the name of a load balancer; both lead to the same place.
fn plain_target(name: &str) -> String {
    let name = plain_name(name);
    name.strip_prefix("dualstack.")
        .map_or_else(|| name.clone(), str::to_owned)
}

fn component(zone: &str, found: &ResourceRecordSet) -> DnsRecord {
    let values = found
        .resource_records()
        .iter()
        .map(|one| match found.r#type {
            RrType::Cname => plain_name(&one.value),
            _ => one.value.clone(),
        });
    let alias = found.alias_target();
    let values: Vec<String> = match alias {
        Some(target) => vec![plain_target(&target.dns_name)],
        None => values.collect(),
    };
    let (zone_id, name, record_type) = place_of(zone, found);
    DnsRecord {
        zone_id: zone_id.into(),
        name: name.into(),
        record_type,
        values: values.into_iter().map(Into::into).collect(),
        alias_zone_id: alias
            .map_or_else(String::new, |target| target.hosted_zone_id.clone())
            .into(),
        ttl: found.ttl.unwrap_or_default(),
        set_identifier: found.set_identifier().unwrap_or_default().to_owned(),
    }
}

/// What a record says, in one line.
fn value(record: &DnsRecord) -> String {
    let mut values: Vec<&str> = record.values.iter().map(|one| one.get().as_str()).collect();
    values.sort_unstable();
    format!("{} {}", values.join(","), record.alias_zone_id.get())
        .trim_end()
        .to_owned()
}

fn outputs(record: &DnsRecord) -> Recorded {
    let DnsRecord {
        zone_id,
        name,
        record_type,
        ..
    } = record;
    let id = format!("{}|{}|{record_type}", zone_id.get(), name.get());
    Recorded::from([("id".to_owned(), id), ("value".to_owned(), value(record))])
}

fn place(id: &str) -> Option<Place> {
    let parts: Vec<&str> = id.split('|').collect();
    let [zone, name, kind] = parts.try_into().ok()?;
    Some((zone.to_owned(), name.to_owned(), kind.to_owned()))
}

fn place_wanted(record: &DnsRecord) -> Place {
    (
        record.zone_id.get().clone(),
        record.name.get().clone(),
        record.record_type.clone(),
    )
}

async fn read(
    aws: &Aws,
    place: &Place,
    freshness: Freshness,
) -> Result<Option<(ResourceRecordSet, DnsRecord)>, AwsError> {
    let found = aws.loaders.dns_records.get(aws, place, freshness).await?;
    Ok(found.map(|found| {
        let record = component(&place.0, &found);
        (found, record)
    }))
}

fn record_set(desired: &DnsRecord) -> ResourceRecordSet {
    let values = desired.values.iter().map(|one| one.get().clone());
    let set = ResourceRecordSet::builder()
        .name(desired.name.get())
        .r#type(RrType::from(desired.record_type.as_str()));
    let zone = desired.alias_zone_id.get();
    let set = if zone.is_empty() {
        let record = |value: String| {
            let record = ResourceRecord::builder().value(value).build();
            record.expect("the required field is set")
        };
        set.ttl(desired.ttl)
            .set_resource_records(Some(values.map(record).collect()))
    } else {
        let target = AliasTarget::builder()
            .hosted_zone_id(zone)
            .dns_name(values.collect::<String>())
            .evaluate_target_health(false)
            .build();
        set.alias_target(target.expect("all required fields are set"))
    };
    set.build().expect("all required fields are set")
}

async fn change(
    aws: &Aws,
    place: &Place,
    action: ChangeAction,
    set: ResourceRecordSet,
) -> Result<(), AwsError> {
    let change = Change::builder().action(action).resource_record_set(set);
    let change = change.build().expect("all required fields are set");
    let (zone, name, kind) = place;
    let loader = &aws.loaders.dns_records;
    loader.forget(place);
    let changed = dns_changes::submit(aws, zone, &format!("{zone}|{name}|{kind}"), change).await;
    loader.forget(place);
    changed
}

#[async_trait]
impl Adapter for DnsRecord {
    /// What was written last stays in the outputs, whatever stands there now: by it a delete knows
    /// our own record.
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(place) = id(recorded).and_then(place) else {
            return Ok(None);
        };
        let found = read(aws, &place, freshness).await?;
        Ok(found.map(|(_, component)| Observed {
            component,
            outputs: recorded.clone(),
            tags: Recorded::new(),
        }))
    }

    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let place = match lookup {
            Lookup::Desired(desired, _) => Some(place_wanted(desired)),
            Lookup::Named(id) => place(id),
            Lookup::Owned(_) => None,
        };
        let Some(place) = place else {
            return Ok(Vec::new());
        };
        let found = read(aws, &place, Freshness::Fresh).await?;
        let observed = found.map(|(_, component)| Observed {
            outputs: outputs(&component),
            component,
            tags: Recorded::new(),
        });
        Ok(observed.into_iter().collect())
    }

    fn foretold(&self) -> Option<Recorded> {
        Some(outputs(self))
    }

    /// AWS refuses it when somebody else was faster.
    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let place = place_wanted(self);
        change(aws, &place, ChangeAction::Create, record_set(self)).await?;
        Ok(Created {
            outputs: outputs(self),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        if changed.is_empty() {
            return Ok(outputs(self));
        }
        let place = place_wanted(self);
        if !observed.component.set_identifier.is_empty() {
            // A plain record cannot stand beside one of several: that one is taken away first.
            if let Some((there, _)) = read(aws, &place, Freshness::Fresh).await? {
                change(aws, &place, ChangeAction::Delete, there).await?;
            }
        }
        change(aws, &place, ChangeAction::Upsert, record_set(self)).await?;
        Ok(outputs(self))
    }

    /// A record that somebody has pointed elsewhere since is theirs now.
    async fn delete(aws: &Aws, recorded: &Recorded, _wait: &Wait) -> Result<(), AwsError> {
        let Some(place) = id(recorded).and_then(place) else {
            return Ok(());
        };
        let Some((there, record)) = read(aws, &place, Freshness::Fresh).await? else {
            return Ok(());
        };
        if recorded
            .get("value")
            .is_some_and(|ours| *ours != value(&record))
        {
            tracing::warn!(
                name = place.1,
                "this record points elsewhere by now, so it is left alone"
            );
            return Ok(());
        }
        match change(aws, &place, ChangeAction::Delete, there).await {
            // It went away, or changed, between the two calls.
            Err(error) if error.is_code(&["InvalidChangeBatch"]) => {
                let left = read(aws, &place, Freshness::Fresh).await?;
                let ours = left.is_some_and(|(_, left)| value(&left) == value(&record));
                if ours { Err(error) } else { Ok(()) }
            }
            outcome => outcome,
        }
    }

    async fn settle(&self, aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        match id(recorded) {
            Some(id) => dns_changes::settled(aws, id, wait).await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alias(target: &str) -> ResourceRecordSet {
        let target = AliasTarget::builder()
            .hosted_zone_id("Z1")
            .dns_name(target)
            .evaluate_target_health(false)
            .build()
            .unwrap_or_else(|_| unreachable!("complete"));
        ResourceRecordSet::builder()
            .name("\\052.Example.com.")
            .r#type(RrType::A)
            .alias_target(target)
            .build()
            .unwrap_or_else(|_| unreachable!("complete"))
    }

    #[test]
    fn names_are_compared_as_people_write_them() {
        for (answered, plain) in [
            ("\\052.Example.com.", "*.example.com"),
            ("a.b.", "a.b"),
            ("x\\y", "x\\y"),
            ("\\", "\\"),
        ] {
            assert_eq!(plain_name(answered), plain);
        }
    }

    #[test]
    fn an_alias_of_the_console_is_the_same_alias() {
        let ours = component("Z9", &alias("lb-1.us-west-2.elb.amazonaws.com"));
        let console = component("Z9", &alias("dualstack.LB-1.us-west-2.elb.amazonaws.com."));
        assert_eq!(ours, console);
        assert_eq!(ours.name.get(), "*.example.com");
        assert_eq!(
            outputs(&ours),
            Recorded::from([
                ("id".to_owned(), "Z9|*.example.com|A".to_owned()),
                (
                    "value".to_owned(),
                    "lb-1.us-west-2.elb.amazonaws.com Z1".to_owned()
                ),
            ])
        );
    }

    #[test]
    fn what_is_written_reads_back_alike() {
        let cname = DnsRecord {
            zone_id: "Z9".into(),
            name: "_a.example.com".into(),
            record_type: "CNAME".to_owned(),
            values: vec!["_b.acm-validations.aws".into()],
            alias_zone_id: "".into(),
            ttl: 300,
            set_identifier: String::new(),
        };
        let alias = component("Z9", &alias("lb.example.com"));
        for one in [cname, alias] {
            assert_eq!(component("Z9", &record_set(&one)), one);
        }
    }
}
