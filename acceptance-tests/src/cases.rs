//! Faults that were found by using the product, and the tests that show the right outcome of each.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};

use crate::binaries::work_folder;

/// A fault and the tests that hold it down.
#[derive(Debug)]
pub struct Case {
    /// Its number in the list that it came with.
    pub id: &'static str,
    /// What must hold.
    pub holds: &'static str,
    /// Tests by their program and name, such as `it::stops::db_create`.
    pub tests: &'static [&'static str],
}

const fn case(id: &'static str, holds: &'static str, tests: &'static [&'static str]) -> Case {
    Case { id, holds, tests }
}

/// All of them.
pub const CASES: &[Case] = &[
    case(
        "A1",
        "A change that failed and is taken back keeps the live object, wherever it was stopped.",
        &[
            "it::reverts::a_router_whose_move_was_interrupted_goes_back_to_its_load_balancer",
            "it::reverts::a_protected_router_whose_move_failed_goes_back",
            "it::reverts::a_service_that_ecs_rolled_back_keeps_its_private_name_when_that_is_reverted",
            "it::reverts::a_router_whose_new_record_was_refused_goes_back_to_its_certificate",
            "it::reverts::a_service_whose_move_to_another_port_was_killed_goes_back_with_its_rule",
            "it::reverts::a_service_whose_move_to_another_port_was_refused_goes_back",
            "it::stops::router_update",
            "it::stops::private_name",
            "it::stops::router_domains",
            "terraform_provider_stackwright::engine::testing::rules::a_stopped_change_can_lead_anywhere",
        ],
    ),
    case(
        "A2",
        "Removing, renaming or exchanging what another resource refers to ends in one apply, or the plan refuses it with steps that work; no request is lost.",
        &[
            "it::pairs::everything_that_refers_to_each_other_is_removed_in_one_apply",
            "it::pairs::a_cluster_is_removed_with_its_service_and_job",
            "it::pairs::another_cluster_takes_the_place_of_one_in_use",
            "it::pairs::a_cluster_in_use_is_not_renamed_in_one_apply",
            "it::pairs::a_cluster_and_an_app_in_use_are_replaced_when_terraform_is_told_to",
            "it::pairs::an_app_is_removed_with_its_service_and_job",
            "it::pairs::an_app_in_use_is_renamed",
            "it::pairs::an_app_is_removed_with_its_entries_among_clients",
            "it::generated::an_app_that_uses_another_is_removed_and_comes_back",
            "it::pairs::an_app_that_is_a_client_is_renamed",
            "it::pairs::another_app_takes_the_place_of_a_client",
            "it::pairs::a_router_is_removed_after_the_routes_to_it",
            "it::pairs::a_router_in_use_is_not_renamed_in_one_apply",
            "it::pairs::another_router_takes_the_place_of_one_in_use",
            "it::pairs::two_services_exchange_their_routers",
            "it::pairs::a_database_is_removed_with_what_reads_it",
            "it::pairs::a_database_in_use_is_renamed",
            "it::pairs::another_database_takes_the_place_of_one_in_use",
            "it::pairs::a_network_gives_a_zone_up_while_its_ref_is_in_use",
        ],
    ),
    case(
        "A3",
        "What is created again under its name gets another name, takes the place of the old object, or is refused.",
        &[
            "it::stops::db_replica",
            "it::reverts::another_iam_path_replaces_roles_of_the_same_name",
            "it::replacements::every_field_that_replaces_has_a_way_to_do_so",
        ],
    ),
    case(
        "A4",
        "Route priorities shift, rotate and move in one apply; a conflict is an error of the plan.",
        &[
            "it::routes::priorities_are_given_and_exchanged",
            "it::routes::priorities_shift_rotate_and_move",
            "it::routes::the_same_priority_in_two_new_services_is_an_error_of_the_plan",
        ],
    ),
    case(
        "A5",
        "What was replaced is deleted after what still uses it.",
        &["it::reverts::a_major_upgrade_and_the_end_of_the_replicas_are_one_apply"],
    ),
    case(
        "A6",
        "A major upgrade takes the replicas in the Region along.",
        &["it::reverts::a_major_upgrade_takes_its_replicas_along"],
    ),
    case(
        "A7",
        "SIGTERM and SIGHUP to the process group lose nothing and leave no socket.",
        &[
            "it::signals::network",
            "it::signals::cluster",
            "it::signals::app",
            "it::signals::service",
            "it::signals::service_with_routes",
            "it::signals::job",
            "it::signals::role",
            "it::signals::monitor",
            "it::signals::monitor_of_events",
            "it::signals::router",
            "it::signals::db",
        ],
    ),
    case(
        "A8",
        "An apply writes what its plan showed; what changed meanwhile is left alone or stops it.",
        &[
            "it::reverts::a_count_that_a_plan_did_not_show_is_left_alone",
            "it::reverts::a_deployment_after_the_plan_stops_the_apply",
            "terraform_provider_stackwright::engine::testing::rules::only_what_the_plan_showed_is_written",
            "terraform_provider_stackwright::engine::testing::rules::what_is_gone_since_the_plan_stops_the_apply",
        ],
    ),
    case(
        "A9",
        "A new password or another value of a secret shows in the next plan, and its apply replaces the tasks.",
        &[
            "it::rotation::a_new_password_of_a_database_replaces_the_tasks_that_use_it",
            "it::rotation::a_changed_secret_replaces_the_tasks_that_use_it",
        ],
    ),
    case(
        "B1",
        "`plan -generate-config-out` writes what the provider accepts.",
        &[
            "it::written::network",
            "it::written::closed_network",
            "it::written::cluster_app_and_service",
            "it::written::service_with_routes_and_router",
            "it::written::job",
            "it::written::job_of_a_size",
            "it::written::router",
            "it::written::db",
            "it::written::role_of_a_preset",
            "it::written::monitor",
            "it::written::monitor_of_logs",
            "it::written::monitor_of_events",
            "it::written::monitor_of_a_burn_rate",
            "it::written::monitor_of_anomalies",
        ],
    ),
    case(
        "B2",
        "Empty endpoints, regions and profiles count as not set; what is no URL is an error with its place.",
        &[
            "it::arguments::empty_endpoints_regions_and_profiles_count_as_not_set",
            "it::arguments::an_endpoint_that_is_no_url_is_an_error_with_its_place",
        ],
    ),
    case(
        "B3",
        "A plan says that tasks fall to one, that logs and data go, and that the last route goes.",
        &[
            "it::arguments::a_plan_says_that_a_scaled_service_falls_to_one_task",
            "it::arguments::a_plan_says_whose_logs_and_data_are_deleted",
            "it::arguments::a_plan_says_that_the_last_route_goes",
        ],
    ),
    case(
        "B4",
        "The same route, or private name, in two services is an error of the plan.",
        &[
            "it::arguments::the_same_route_in_two_services_is_an_error_that_names_both",
            "it::arguments::the_same_private_name_in_two_services_is_an_error_that_names_both",
        ],
    ),
    case(
        "B5",
        "Arguments at their edges are accepted, or refused with a message that helps.",
        &[
            "it::arguments::a_null_element_is_named",
            "it::arguments::a_fraction_is_one_error_and_hides_no_other",
            "it::arguments::errors_of_functions_end_in_one_full_stop",
            "terraform_provider_stackwright::diagnose::tests::sentences_begin_with_a_capital_but_names_stay",
            "it::arguments::a_fraction_in_the_provider_block_is_called_a_fraction",
            "it::arguments::an_entry_of_ignore_drift_without_effect_is_a_warning",
            "it::arguments::an_ipv6_range_that_will_be_there_is_not_null_in_the_plan",
            "it::arguments::default_tags_may_be_unknown_in_a_plan",
            "it::arguments::the_provider_says_what_it_is",
            "it::arguments::tests_with_a_mocked_provider_may_apply",
            "it::arguments::an_imported_message_for_each_level_is_no_change",
            "it::arguments::a_number_that_cloudwatch_cannot_hold_is_refused",
        ],
    ),
    case(
        "B6",
        "The example of a database gives its settings to a service, beside `clients`, without a cycle.",
        &["it::examples::every_resource_is_shown_and_its_example_applies"],
    ),
    case(
        "B7",
        "Monitors that notify nobody are one warning of a plan.",
        &["it::arguments::monitors_that_notify_nobody_are_one_warning_of_a_plan"],
    ),
    case(
        "C1",
        "A domain needs a zone; `init` asks for it.",
        &[
            "it::limits::a_domain_needs_a_zone_in_each_environment_that_has_it",
            "it::limits::hosts_and_domains_of_apps_need_a_zone_as_well",
            "it::others::init_writes_a_domain_with_its_zones",
        ],
    ),
    case(
        "C2",
        "What exceeds AWS's quotas is refused with a way out.",
        &[
            "it::limits::a_certificate_takes_ten_names_and_a_wildcard_stands_for_more",
            "it::limits::a_router_takes_a_hundred_routes_unless_aws_gives_more",
            "it::limits::an_app_is_called_by_as_many_as_its_security_group_takes",
            "it::limits::quotas_are_those_that_the_provider_knows",
        ],
    ),
    case(
        "C3",
        "The help for `uses` keeps public routes.",
        &["it::spec_errors::the_way_to_a_private_name_keeps_public_routes"],
    ),
    case(
        "C4",
        "A file is removed only if the generator wrote it at that path.",
        &[
            "it::generate::copies_of_generated_files_stay",
            "it::generate::a_folder_with_a_copy_is_not_written_over",
        ],
    ),
    case(
        "C5",
        "`init` carries over, or names, everything that it finds.",
        &[
            "stackwright_gen::init::tests::flys_other_keys_are_carried_over_or_named",
            "stackwright_gen::init::tests::the_group_that_takes_requests_becomes_web_and_others_do_not",
            "stackwright_gen::init::tests::entrypoints_are_kept",
            "stackwright_gen::init::tests::files_that_are_not_read_are_named",
            "it::others::init_names_what_it_does_not_read",
        ],
    ),
    case(
        "C6",
        "A renamed process or app is announced.",
        &[
            "it::consequences::renamed_processes",
            "it::consequences::renamed_and_removed_apps_and_databases",
            "it::generate::a_renamed_process_and_a_new_one_are_told",
        ],
    ),
    case(
        "C7",
        "A port in the command is noticed.",
        &["it::spec_errors::a_port_in_the_command_is_noticed"],
    ),
    case(
        "C8",
        "A process has no name of a key of an app.",
        &["it::spec_errors::processes_do_not_have_the_names_of_keys"],
    ),
    case(
        "C9",
        "`$schema`, merge keys and dotted buckets are accepted; two specs and unknown regions are noticed.",
        &[
            "it::others::a_schema_in_json_and_merge_keys_in_yaml_change_nothing",
            "it::others::specs_beside_each_other_are_an_error_that_names_them",
            "stackwright_plan::aws_rules::tests::names_of_buckets_are_those_of_s3",
            "it::spec_errors::regions_that_nobody_knows_are_noticed",
        ],
    ),
    case(
        "C10",
        "Images that two branches change merge.",
        &[
            "it::merges::images_and_sizes_that_two_people_change_merge_by_themselves",
            "it::merges::a_conflict_in_the_tree_is_resolved_by_generating",
        ],
    ),
    case(
        "C11",
        "Pages name every input; new roots need `init`, and the output says so; runs leave nothing behind.",
        &[
            "it::pages::usages_give_every_required_variable",
            "it::pages::readmes_of_apps_name_every_variable_and_output",
            "it::runs::what_a_killed_run_leaves_is_seen_and_cleared",
            "it::runs::runs_beside_each_other_end_with_the_tree_of_one",
        ],
    ),
    case(
        "C12",
        "Characters that turn text round are written by their number.",
        &["it::hostile::text_that_turns_round_is_written_by_number"],
    ),
    case(
        "C13",
        "A process that is run by hand is no warning.",
        &["it::spec_errors::a_process_that_is_run_by_hand_is_no_warning"],
    ),
];

/// The results of the last `make test`: whether each test passed.
pub fn executed() -> Result<BTreeMap<String, bool>> {
    let path = work_folder()?.join("tests.log");
    let told = || format!("no results in {}: run `make test` first", path.display());
    Ok(passed(&fs::read_to_string(&path).with_context(told)?))
}

/// Reads what `cargo test` printed.
fn passed(log: &str) -> BTreeMap<String, bool> {
    let mut found = BTreeMap::new();
    let mut program = String::new();
    for line in log.lines() {
        if let Some(path) = line.trim_start().strip_prefix("Running ") {
            let file = path
                .trim_end_matches(')')
                .rsplit('/')
                .next()
                .unwrap_or_default();
            file.rsplit_once('-')
                .map_or("", |(name, _)| name)
                .clone_into(&mut program);
        } else if let Some((name, result)) = line
            .strip_prefix("test ")
            .and_then(|it| it.split_once(" ... "))
        {
            match result {
                "ok" => drop(found.insert(format!("{program}::{name}"), true)),
                "FAILED" => drop(found.insert(format!("{program}::{name}"), false)),
                _ => {}
            }
        }
    }
    found
}

/// The table, and what is wrong with it.
pub fn table(note: &str, executed: &BTreeMap<String, bool>, problems: &mut Vec<String>) -> String {
    let mut text = format!(
        "# Faults that stay mended\n\n{note}\nEach was found by using the product on situations from public reports. The tests show the right \
         outcome; `it::` are those that drive the built programs.\n\n| case | what holds | tests |\n|---|---|---|\n"
    );
    for Case { id, holds, tests } in CASES {
        for test in *tests {
            match executed.get(*test) {
                Some(true) => {}
                Some(false) => problems.push(format!("  {id}: {test} failed")),
                None => problems.push(format!("  {id}: {test} did not run")),
            }
        }
        let tests: Vec<String> = tests.iter().map(|test| format!("`{test}`")).collect();
        let _ = writeln!(text, "| {id} | {holds} | {} |", tests.join("<br>"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_by_program_and_name() {
        let log = "     Running tests/it/main.rs (/t/debug/deps/it-0a1b)\ntest a::b ... ok\n\
                   test a::slow has been running for over 60 seconds\ntest a::c ... FAILED\n\
                   \x20    Running unittests src/lib.rs (/t/debug/deps/stackwright_gen-ff)\ntest d ... ok\n";
        let read = passed(log);
        assert!(read["it::a::b"]);
        assert!(!read["it::a::c"]);
        assert!(read["stackwright_gen::d"]);
        assert_eq!(read.len(), 3);
    }
}
