//! Rules of RDS that its emulators do not enforce.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>,
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html>.

#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the schema calls its checks with references to the values"
)]

use std::collections::BTreeMap;

use tfplugin_types::{Cfg, Diagnostics, Path};

use super::{DbConfig, RestoreConfig, major};
use crate::calendar::days_of;
use crate::resource::known_list;
use crate::{aws_rules, clients};

/// Words that PostgreSQL or RDS keeps for itself.
const RESERVED: &[&str] = &[
    "admin",
    "all",
    "alter",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "authorization",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "current_date",
    "current_role",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "grant",
    "group",
    "having",
    "in",
    "initially",
    "intersect",
    "into",
    "leading",
    "limit",
    "localtime",
    "localtimestamp",
    "none",
    "not",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "placing",
    "primary",
    "public",
    "rdsadmin",
    "rds_superuser",
    "references",
    "replication",
    "returning",
    "select",
    "session_user",
    "some",
    "symmetric",
    "table",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "when",
    "where",
    "window",
    "with",
];

/// Further names that RDS refuses as a first database. `postgres` is there from the beginning, and may be named.
const RESERVED_DATABASES: &[&str] = &["db", "template0", "template1"];

fn refuse_unless(fits: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if fits { Ok(()) } else { Err(problem()) }
}

/// As other names, but RDS refuses two hyphens side by side.
pub(super) fn database_resource_name(name: &String) -> Result<(), String> {
    aws_rules::resource_name(name)?;
    refuse_unless(!name.contains("--"), || {
        format!("`{name}` has two hyphens side by side, which RDS refuses in identifiers. Use one.")
    })
}

/// `16`, `16.4`, or `11.22-rds.20240418` of RDS Extended Support.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support-versions.html>
pub(super) fn engine_version(version: &String) -> Result<(), String> {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let extended = version.split_once("-rds.");
    let (upstream, release) = extended.unwrap_or((version, "0"));
    let parts: Vec<&str> = upstream.split('.').collect();
    let fits = plain(release)
        && parts.iter().all(|part| plain(part))
        && (1 + usize::from(extended.is_some())..=2).contains(&parts.len())
        && parts[0]
            .parse()
            .is_ok_and(|major: u32| (11..=99).contains(&major));
    refuse_unless(fits, || {
        format!(
            "`{version}` is not a version of PostgreSQL that RDS has. Write a major version like `16`, or a minor one like `16.4`."
        )
    })
}

/// `db.<family>.<size>`.
pub(super) fn instance_class(class: &String) -> Result<(), String> {
    let parts: Vec<&str> = class.split('.').collect();
    let letters = |text: &&str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let fits = matches!(parts.as_slice(), ["db", family, size] if letters(family) && letters(size) && family.len() > 1);
    refuse_unless(fits, || {
        format!(
            "`{class}` is not a class of RDS instances. Write one like `db.t4g.micro` or `db.r6g.large`."
        )
    })
}

pub(super) fn database_name(name: &String) -> Result<(), String> {
    identifier(name, "the name of a database")?;
    let lower = name.to_ascii_lowercase();
    let is_free = ![RESERVED, RESERVED_DATABASES]
        .iter()
        .any(|words| words.contains(&lower.as_str()));
    refuse_unless(is_free, || {
        format!(
            "`{name}` is a word that PostgreSQL or RDS keeps for itself. Choose another name for the database, like `app`."
        )
    })
}

pub(super) fn user_name(name: &String) -> Result<(), String> {
    identifier(name, "a user")?;
    let lower = name.to_ascii_lowercase();
    let is_free = !RESERVED.contains(&lower.as_str())
        && !lower.starts_with("pg_")
        && !lower.starts_with("rds_");
    refuse_unless(is_free, || {
        format!("`{name}` is reserved by PostgreSQL or RDS. Choose another user name, like `app`.")
    })
}

fn identifier(name: &str, what: &str) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let fits = (1..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(letters);
    refuse_unless(fits, || {
        format!(
            "`{name}` cannot be {what}. Use 1 to 63 letters, digits and `_`, beginning with a letter."
        )
    })
}

pub(super) fn kms_key_arn(arn: &String) -> Result<(), String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let fits = matches!(parts.as_slice(), ["arn", _, "kms", region, account, key] if !region.is_empty() && aws_rules::is_account(account) && key.starts_with("key/"));
    refuse_unless(fits, || {
        format!(
            "`{arn}` is not the ARN of a KMS key. RDS answers with that form, so another would look like a change. Write `arn:aws:kms:<region>:<account>:key/<id>`, not an alias."
        )
    })
}

pub(super) fn insights_retention(days: &i64) -> Result<(), String> {
    let fits = *days == 7 || *days == 731 || (days % 31 == 0 && (31..=713).contains(days));
    refuse_unless(fits, || {
        format!(
            "Performance Insights does not keep {days} days. Use 7, a multiple of 31 up to 713, or 731."
        )
    })
}

/// Minutes since midnight of `hh:mm`.
fn minutes(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, below: u32| {
        let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>()
            .ok()
            .filter(|number| is_plain && *number < below)
    };
    Some(number(hour, 24)? * 60 + number(minute, 60)?)
}

const DAY: u32 = 24 * 60;

/// Beginning and end in minutes of a day.
fn backup_minutes(window: &str) -> Option<(u32, u32)> {
    let (from, to) = window.split_once('-')?;
    Some((minutes(from)?, minutes(to)?))
}

pub(super) fn backup_window(window: &String) -> Result<(), String> {
    let fits = backup_minutes(window).is_some_and(|(from, to)| (to + DAY - from) % DAY >= 30);
    refuse_unless(fits, || {
        format!(
            "`{window}` is not a backup window. Write two times in UTC, 30 minutes apart at least, like `03:00-03:30`."
        )
    })
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Beginning and end in minutes of a week.
fn maintenance_minutes(window: &str) -> Option<(u32, u32)> {
    let lower = window.to_ascii_lowercase();
    let (from, to) = lower.split_once('-')?;
    let moment = |text: &str| {
        let (day, time) = text.split_once(':')?;
        let day = DAYS.iter().position(|name| *name == day)?;
        Some(u32::try_from(day).ok()? * DAY + minutes(time)?)
    };
    Some((moment(from)?, moment(to)?))
}

pub(super) fn maintenance_window(window: &String) -> Result<(), String> {
    let length = maintenance_minutes(window).map(|(from, to)| (to + 7 * DAY - from) % (7 * DAY));
    let fits = length.is_some_and(|length| (30..=DAY).contains(&length));
    refuse_unless(fits, || {
        format!(
            "`{window}` is not a maintenance window. Write two moments in UTC, 30 minutes to a day apart, like `sun:04:00-sun:04:30`."
        )
    })
}

/// `2026-11-20T09:30:00Z`.
pub(super) fn moment(text: &String) -> Result<(), String> {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    let number =
        |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok());
    let date = number(0, 4).zip(number(5, 7)).zip(number(8, 10));
    let fits = shape == "0000-00-00T00:00:00Z"
        && date.is_some_and(|((year, month), day)| (1..=days_of(year, month)).contains(&day))
        && number(11, 13).is_some_and(|hour| hour < 24)
        && number(14, 16).is_some_and(|minute| minute < 60)
        && number(17, 19).is_some_and(|second| second < 60);
    refuse_unless(fits, || {
        format!("`{text}` is not a time in UTC. Write it like `2026-11-20T09:30:00Z`.")
    })
}

/// Rules over several attributes.
pub(super) fn validate(view: &DbConfig, found: &mut Diagnostics) {
    check_storage(view, found);
    check_windows(view, found);
    check_subnets(view, found);
    check_parameters(view, found);
    check_keys(view, found);
    if let Cfg::Known(restore) = &view.restore {
        check_restore(restore, found);
    }
}

fn check_storage(view: &DbConfig, found: &mut Diagnostics) {
    let (Some(storage), Some(limit)) = (view.storage.known(), view.max_storage.known()) else {
        return;
    };
    let least = (storage * 11 + 9) / 10;
    if *limit < least {
        found.error(
            Path::attribute("max_storage"),
            "Too Little Room to Grow",
            format!("RDS wants a limit of at least 10% above the storage: with `storage = {storage}` at least {least}, and {limit} is given. Raise `max_storage`, or leave it out to turn autoscaling off."),
        );
    }
}

fn check_windows(view: &DbConfig, found: &mut Diagnostics) {
    let backup = view
        .backup_window
        .known()
        .and_then(|text| backup_minutes(text));
    let maintenance = view
        .maintenance_window
        .known()
        .and_then(|text| maintenance_minutes(text));
    let (Some(backup), Some(maintenance)) = (backup, maintenance) else {
        return;
    };
    if overlap(backup, maintenance) {
        found.error(
            Path::attribute("backup_window"),
            "Windows Overlap",
            "RDS refuses a backup window that overlaps the maintenance window. Move one of them.",
        );
    }
}

/// Whether a daily window meets a weekly one.
fn overlap(backup: (u32, u32), maintenance: (u32, u32)) -> bool {
    let week = 7 * DAY;
    let length = (maintenance.1 + week - maintenance.0) % week;
    let backup_length = (backup.1 + DAY - backup.0) % DAY;
    (0..7).any(|day| {
        let from = day * DAY + backup.0;
        // One begins while the other is under way.
        (from + week - maintenance.0) % week < length
            || (maintenance.0 + week - from) % week < backup_length
    })
}

fn check_subnets(view: &DbConfig, found: &mut Diagnostics) {
    let Some(network) = view.network.known() else {
        return;
    };
    let count = known_list(&network.private_subnet_ids).map(|ids| ids.len());
    if let Some(count @ 0..=1) = count {
        found.error(
            Path::attribute("network"),
            "Too Few Subnets",
            format!("RDS wants subnets in two availability zones at least, and the network has {count} private subnet. Give the stackwright_network `az_count = 2` or more."),
        );
    }
}

fn check_parameters(view: &DbConfig, found: &mut Diagnostics) {
    for (name, value) in view.parameters.known().into_iter().flatten() {
        let at = Path::attribute("parameters").key(name);
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.".contains(c);
        if name.is_empty() || !name.chars().all(letters) {
            found.error(at.clone(), "Invalid Parameter", format!("`{name}` is not a parameter of PostgreSQL. Write it in lower case, as `SHOW ALL` does: letters, digits, `_` and `.`."));
        }
        if name == "rds.force_ssl" {
            found.error(at.clone(), "TLS Is Not Optional", "`rds.force_ssl` is always 1 here: a database never takes connections without TLS. Remove the parameter.");
        }
        if value.known().is_some_and(String::is_empty) {
            found.error(at, "Empty Parameter", format!("RDS refuses an empty value for `{name}`. Remove the parameter to have RDS's default."));
        }
    }
}

fn check_keys(view: &DbConfig, found: &mut Diagnostics) {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    for key in view.replicas.known().into_iter().flat_map(BTreeMap::keys) {
        let fits =
            (1..=20).contains(&key.len()) && key.chars().all(allowed) && !key.starts_with('-');
        if !fits {
            found.error(Path::attribute("replicas").key(key), "Invalid Key", format!("`{key}` becomes part of an RDS identifier. Use 1 to 20 lower-case letters, digits and `-`."));
        }
    }
    let has_replicas = view
        .replicas
        .known()
        .is_some_and(|replicas| !replicas.is_empty());
    if has_replicas && view.backup_retention.known() == Some(&0) {
        found.error(Path::attribute("replicas"), "Replicas Need Backups", "RDS makes read replicas from backups, and `backup_retention` is 0. Set it to 1 or more, or remove the replicas.");
    }
    clients::check(&view.clients, found);
    check_replicas(view, found);
}

/// Read replicas of one PostgreSQL database.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html>
const REPLICAS: usize = 15;

fn check_replicas(view: &DbConfig, found: &mut Diagnostics) {
    let Cfg::Known(replicas) = &view.replicas else {
        return;
    };
    let at = Path::attribute("replicas");
    if replicas.len() > REPLICAS {
        found.error(
            at.clone(),
            "Too Many Replicas",
            format!("RDS makes {REPLICAS} read replicas of a database at most, and {} are given. Remove some.", replicas.len()),
        );
    }
    for (key, replica) in replicas {
        let Some(replica) = replica.known() else {
            continue;
        };
        if replica.multi_az.known() == Some(&true) && !replica.availability_zone.is_null() {
            found.error(
                at.key(key).join("availability_zone"),
                "Conflicting Arguments",
                "A replica with `multi_az` is in two zones, and RDS chooses them. Remove `availability_zone` or `multi_az`.",
            );
        }
    }
}

fn check_restore(restore: &RestoreConfig, found: &mut Diagnostics) {
    let at = Path::attribute("restore");
    match (&restore.snapshot_id, &restore.source_db) {
        (Cfg::Null, Cfg::Null) => found.error(at, "Nothing to Restore", "`restore` needs a `snapshot_id` or a `source_db`. Give one, or remove `restore` to begin with an empty database."),
        (Cfg::Known(_), Cfg::Known(_)) => found.error(at, "Two Sources", "`snapshot_id` and `source_db` are two ways to fill the same database. Remove one."),
        (Cfg::Known(_), Cfg::Null) if restore.time.known().is_some() => found.error(at.join("time"), "Time Without a Database", "A snapshot is of one moment; `time` goes with `source_db`. Remove it."),
        _ => {}
    }
}

/// Changes that RDS refuses on a database that exists.
pub(super) fn check_change(prior: &DbConfig, planned: &DbConfig, found: &mut Diagnostics) {
    if let (Some(had), Some(wants)) = (prior.storage.known(), planned.storage.known())
        && wants < had
    {
        found.error(
                Path::attribute("storage"),
                "Storage Does Not Shrink",
                format!("The database has {had} GiB and RDS never takes storage away, so it cannot have {wants}. Set `storage` to {had} or more, or move the data to a new database with pg_dump."),
            );
    }
    if let (Some(had), Some(wants)) = (
        prior.password_version.known(),
        planned.password_version.known(),
    ) && wants < had
    {
        found.error(
                Path::attribute("password_version"),
                "Password Version Goes Back",
                format!("`password_version` is {had} and would become {wants}. A former password is never brought back, because others may know it. Set `password_version = {}` for a new one, also when the apply of {had} failed.", had + 1),
            );
    }
    check_growth(prior, planned, found);
    check_upgrade(prior, planned, found);
}

/// RDS adds a tenth at least.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html>
fn check_growth(prior: &DbConfig, planned: &DbConfig, found: &mut Diagnostics) {
    let (Some(had), Some(wants)) = (prior.storage.known(), planned.storage.known()) else {
        return;
    };
    let least = (had * 11 + 9) / 10;
    if wants > had && *wants < least {
        found.error(
            Path::attribute("storage"),
            "Storage Grows by a Tenth at Least",
            format!("The database has {had} GiB, and RDS adds 10% or more at a time: {wants} is too little more. Set `storage` to {least} or more."),
        );
    }
}

fn check_upgrade(prior: &DbConfig, planned: &DbConfig, found: &mut Diagnostics) {
    let (Some(runs), Some(wants)) = (
        prior.engine_version_actual.known(),
        planned.engine_version.known(),
    ) else {
        return;
    };
    let at = Path::attribute("engine_version");
    let numbers = |version: &str| -> Vec<u32> {
        version
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|part| part.parse().ok())
            .collect()
    };
    let (from, to) = (numbers(runs), numbers(wants));
    if to < from && !(to.len() == 1 && to.first() == from.first()) {
        found.error(
            at,
            "No Way Back to an Older Version",
            format!("The database runs PostgreSQL {runs}, and RDS never goes back, so it cannot have {wants}. Set `engine_version` to \"{}\" or newer, or restore a snapshot of the older version into a second stackwright_db.", major(runs)),
        );
    } else if major(runs) != major(wants)
        && planned.allow_major_version_upgrade.known() == Some(&false)
    {
        found.error(
            at,
            "Major Upgrade Not Allowed",
            format!("From PostgreSQL {runs} to {wants} is a major upgrade: it stops the database for minutes, may break applications and cannot be undone. Try it on a copy (`restore {{ source_db }}`), then set `allow_major_version_upgrade = true`."),
        );
    } else if major(runs) != major(wants) && planned.apply_immediately.known() == Some(&false) {
        found.error(
            at,
            "Major Upgrade Cannot Wait",
            format!("From PostgreSQL {runs} to {wants} the database changes its parameter group too, and RDS keeps the old one in use until the maintenance window, so an apply could not end before. Set `apply_immediately = true` for this apply, at a time when some minutes of standstill do no harm."),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(check: fn(&String) -> Result<(), String>, text: &str) -> bool {
        check(&text.to_owned()).is_ok()
    }

    #[test]
    fn identifiers_have_single_hyphens() {
        assert!(ok(database_resource_name, "main-db"));
        assert!(!ok(database_resource_name, "main--db"));
        assert!(!ok(database_resource_name, "Main"));
    }

    #[test]
    fn versions_are_major_or_minor() {
        for good in ["16", "16.4", "11.22", "11.22-rds.20240418"] {
            assert!(ok(engine_version, good), "{good}");
        }
        for bad in [
            "",
            "9.6",
            "16.",
            "16.4.1",
            "16.x",
            "latest",
            "+16",
            "11-rds.1",
            "11.22-rds.",
            "11.22-rds.x",
        ] {
            assert!(!ok(engine_version, bad), "{bad}");
        }
    }

    #[test]
    fn classes_have_three_parts() {
        for good in ["db.t4g.micro", "db.m6gd.16xlarge"] {
            assert!(ok(instance_class, good), "{good}");
        }
        for bad in [
            "t4g.micro",
            "db.t4g",
            "db..micro",
            "db.T4G.micro",
            "db.t4g.micro.x",
        ] {
            assert!(!ok(instance_class, bad), "{bad}");
        }
    }

    #[test]
    fn reserved_users_are_refused() {
        for bad in ["ADMIN", "rdsadmin", "user", "pg_x", "1a", "a-b", ""] {
            assert!(!ok(user_name, bad), "{bad}");
        }
        assert!(ok(user_name, "app_owner"));
        assert!(ok(user_name, "postgres"));
        assert!(ok(database_name, "shop"));
        for bad in ["shop-1", "user", "ALL", "rdsadmin", "db", "Template1"] {
            assert!(!ok(database_name, bad), "{bad}");
        }
        assert!(ok(database_name, "postgres"));
    }

    #[test]
    fn keys_are_given_by_their_arn() {
        assert!(ok(
            kms_key_arn,
            "arn:aws:kms:us-west-2:111111111111:key/abc"
        ));
        assert!(!ok(kms_key_arn, "alias/mine"));
        assert!(!ok(
            kms_key_arn,
            "arn:aws:kms:us-west-2:111111111111:alias/mine"
        ));
    }

    #[test]
    fn insights_keep_certain_days() {
        for (days, fits) in [
            (7, true),
            (8, false),
            (31, true),
            (713, true),
            (731, true),
            (744, false),
        ] {
            assert_eq!(insights_retention(&days).is_ok(), fits, "{days}");
        }
    }

    #[test]
    fn windows_are_half_an_hour_at_least() {
        for (window, fits) in [
            ("03:00-03:30", true),
            ("23:50-00:20", true),
            ("03:00-03:29", false),
            ("3:00-4:00", false),
            ("24:00-01:00", false),
        ] {
            assert_eq!(ok(backup_window, window), fits, "{window}");
        }
        for (window, fits) in [
            ("sun:04:00-sun:04:30", true),
            ("Sun:23:45-Mon:00:15", true),
            ("sun:04:00-sun:04:10", false),
            ("so:04:00-so:05:00", false),
            ("mon:00:00-wed:00:00", false),
        ] {
            assert_eq!(ok(maintenance_window, window), fits, "{window}");
        }
    }

    #[test]
    fn a_daily_window_meets_a_weekly_one_or_not() {
        let meets = |backup: &str, maintenance: &str| {
            backup_minutes(backup)
                .zip(maintenance_minutes(maintenance))
                .is_some_and(|(a, b)| overlap(a, b))
        };
        assert!(meets("04:10-04:40", "sun:04:00-sun:04:30"));
        assert!(meets("23:45-00:15", "mon:00:00-mon:00:30"));
        assert!(!meets("03:00-03:30", "sun:03:30-sun:04:00"));
    }

    #[test]
    fn moments_are_in_utc() {
        assert!(ok(moment, "2026-11-20T09:30:00Z"));
        for bad in [
            "2026-11-20",
            "2026-13-20T09:30:00Z",
            "2026-02-29T09:30:00Z",
            "2026-11-20T09:30:00+01:00",
            "2026-11-20 09:30:00Z",
        ] {
            assert!(!ok(moment, bad), "{bad}");
        }
    }
}
