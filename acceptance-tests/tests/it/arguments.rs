//! Arguments at their edges: texts that are empty, values that are not known yet, entries that mean nothing, mocks.

use std::process::Command;

use acceptance_tests::{Account, Action, Binaries, Provider, Workspace, run};
use anyhow::{Context as _, Result, ensure};

use crate::fixtures::{self, CLUSTER, SERVICE};

/// A variable with an empty default is passed on as what is not set.
#[test]
fn empty_endpoints_regions_and_profiles_count_as_not_set() -> Result<()> {
    let account = Account::fresh()?;
    let extra = "  endpoint_url = \"\"\n  profile = \"\"\n  permissions_boundary = \"\"\n  \
                 endpoints {\n    ecs = \"\"\n  }\n";
    let provider = Provider::of(&account).extra(extra);
    let hcl = provider
        .hcl()
        .replace("region = \"us-west-2\"", "region = \"\"");
    let mut root = Workspace::new(&account, &fixtures::cluster(""))?;
    root.write("provider.tf", &hcl)?;
    root.set_env("AWS_REGION", "us-west-2");
    root.set_env("AWS_ENDPOINT_URL_ECS", "");
    root.apply()?.ok()?;
    root.plan()?.empty()
}

#[test]
fn an_endpoint_that_is_no_url_is_an_error_with_its_place() -> Result<()> {
    let account = Account::fresh()?;
    let extra = "  endpoints {\n    ecs = \"localhost:5555\"\n  }\n";
    let provider = Provider::of(&account).extra(extra);
    let mut root = Workspace::with_provider(&account, &provider, &fixtures::cluster(""))?;
    let told = ["on provider.tf line", "`localhost:5555` is not an endpoint"];
    root.plan_output(&[])?.failed()?.says(&told)?;
    root.write("provider.tf", &Provider::of(&account).hcl())?;
    root.set_env("AWS_ENDPOINT_URL_ECS", "localhost:5555");
    let told = ["Invalid Endpoint", "AWS_ENDPOINT_URL_ECS"];
    root.plan_output(&[])?.failed()?.says(&told)?;
    Ok(())
}

#[test]
fn a_null_element_is_named() -> Result<()> {
    let account = Account::fresh()?;
    let worker = format!("{}  config = {{ A = \"1\", B = null }}\n", fixtures::WORKER);
    let root = Workspace::new(&account, &fixtures::slice(&account, "", &worker)?)?;
    let output = root.plan_output(&[])?.failed()?;
    output.says(&["Null Element", "config[\"B\"]"])
}

#[test]
fn a_fraction_is_one_error_and_hides_no_other() -> Result<()> {
    let account = Account::fresh()?;
    let more = "  desired_count = 1.5\n  stop_timeout = 100000\n";
    let worker = format!("{}{more}", fixtures::WORKER);
    let root = Workspace::new(&account, &fixtures::slice(&account, "", &worker)?)?;
    let output = root.plan_output(&[])?.failed()?;
    output.says(&["desired_count", "stop_timeout"])?;
    let errors = output.all().matches("Error: ").count();
    ensure!(errors == 2, "{errors} errors\n{}", output.all());
    Ok(())
}

#[test]
fn a_fraction_in_the_provider_block_is_called_a_fraction() -> Result<()> {
    let account = Account::fresh()?;
    let provider = Provider::of(&account).extra("  max_retries = 2.5\n");
    let root = Workspace::with_provider(&account, &provider, &fixtures::cluster(""))?;
    let output = root.plan_output(&[])?.failed()?;
    output.says(&["max_retries", "fraction"])?;
    output.never_says(&["not known", "unknown"])
}

#[test]
fn a_number_that_cloudwatch_cannot_hold_is_refused() -> Result<()> {
    let account = Account::fresh()?;
    let monitor = fixtures::monitor("").replace("threshold = 50", "threshold = 1e309");
    let root = Workspace::new(&account, &monitor)?;
    root.plan_output(&[])?
        .failed()?
        .says(&["Number Out of Range", "threshold"])
}

/// Terraform ends the text of a function's error with a full stop of its own.
#[test]
fn errors_of_functions_end_in_one_full_stop() -> Result<()> {
    let account = Account::fresh()?;
    let calls = [
        "size_decode(\"nope\")",
        "procfile_decode(\": x\")",
        "role_arn(\"1\", \"a\")",
    ];
    for call in calls {
        let output = format!("output \"it\" {{\n  value = provider::stackwright::{call}\n}}\n");
        let root = Workspace::new(&account, &output)?;
        let output = root.plan_output(&[])?.failed()?;
        // Terraform writes `partition...` of parameters that may be left out.
        let said = output.flat().replace("partition...", "");
        ensure!(!said.contains(".."), "{call}: {}", output.all());
    }
    Ok(())
}

#[test]
fn an_entry_of_ignore_drift_without_effect_is_a_warning() -> Result<()> {
    let account = Account::fresh()?;
    let cluster = fixtures::cluster("  ignore_drift = [\"nope\"]");
    let root = Workspace::new(&account, &cluster)?;
    let plan = root.plan()?;
    let told = ["Entry of ignore_drift Has No Effect", "`nope`", "cluster"];
    plan.output.says(&told)?;
    root.resources(&fixtures::cluster(
        "  ignore_drift = [\"cluster.container_insights\"]",
    ))?;
    let plan = root.plan()?;
    plan.output.never_says(&["Has No Effect"])
}

#[test]
fn an_ipv6_range_that_will_be_there_is_not_null_in_the_plan() -> Result<()> {
    let account = Account::fresh()?;
    let network = fixtures::network("  az_count = 1\n  flow_log_retention = 0");
    let counted = "resource \"terraform_data\" \"there\" {\n  \
                   count = stackwright_network.main.ipv6_cidr != null ? 1 : 0\n}\n";
    let root = Workspace::new(&account, &(network + counted))?;
    root.apply()?.ok()?;
    root.plan()?.empty()
}

/// The tag of a resource that is made in the same apply: its value is known only then.
#[test]
fn default_tags_may_be_unknown_in_a_plan() -> Result<()> {
    let account = Account::fresh()?;
    let made = |input: &str| {
        let data = format!("resource \"terraform_data\" \"it\" {{\n  input = \"{input}\"\n}}\n");
        data + &fixtures::cluster("")
    };
    let tags = "  default_tags = { team = terraform_data.it.output, kind = \"web\" }\n";
    let provider = Provider::of(&account).extra(tags);
    let root = Workspace::with_provider(&account, &provider, &made("core"))?;
    root.apply()?.ok()?;
    ensure!(root.attributes(CLUSTER)?["tags_all"]["team"] == "core");
    root.plan()?.empty()?;
    root.resources(&made("edge"))?;
    root.plan()?.expect(CLUSTER, Action::Update)?;
    root.apply_saved()?.ok()?;
    ensure!(root.attributes(CLUSTER)?["tags_all"]["team"] == "edge");
    root.plan()?.empty()
}

#[test]
fn the_provider_says_what_it_is() -> Result<()> {
    let provider = &Binaries::get()?.provider;
    let said = |argument: &str| run(Command::new(provider).arg(argument))?.ok();
    said("--help")?.says(&["terraform init", "usage:"])?;
    said("--version")?.says(&[&format!(
        "terraform-provider-stackwright {}",
        env!("CARGO_PKG_VERSION")
    )])
}

/// Mocks make up values for what AWS would give: no rule about them stands in the way.
#[test]
fn tests_with_a_mocked_provider_may_apply() -> Result<()> {
    let account = Account::fresh()?;
    let network = fixtures::network("");
    let app = fixtures::app("stackwright_network.main.ref", "");
    let router = "resource \"stackwright_router\" \"public\" {\n  name    = \"public\"\n  \
                  network = stackwright_network.main.ref\n}\n";
    let db = "resource \"stackwright_db\" \"main\" {\n  name           = \"main\"\n  \
              network        = stackwright_network.main.ref\n  engine_version = \"16\"\n  \
              clients        = { shop = stackwright_app.shop.security_group_id }\n}\n";
    let web = fixtures::web("stackwright_router.public.ref");
    let more = "  config = stackwright_db.main.config\n  secrets = stackwright_db.main.secrets\n";
    let service = fixtures::service(&(web + more));
    let job = fixtures::job(fixtures::REPORT);
    let monitor =
        fixtures::monitor("  dimensions = { ClusterName = stackwright_cluster.main.name }")
            .replace("  dimensions = { Service = \"shop\" }\n", "");
    let all = [
        &network,
        &fixtures::cluster(""),
        &app,
        router,
        db,
        &service,
        &job,
        &monitor,
    ];
    let root = Workspace::new(&account, &all.map(String::from).concat())?;
    let test = "mock_provider \"stackwright\" {}\n\nrun \"apply\" {\n  command = apply\n}\n";
    root.write("main.tftest.hcl", test)?;
    root.terraform(&["test", "-no-color"])?
        .ok()?
        .says(&["1 passed, 0 failed"])?;
    ensure!(account.calls()?.is_empty(), "a mocked provider called AWS");
    Ok(())
}

#[test]
fn an_imported_message_for_each_level_is_no_change() -> Result<()> {
    let account = Account::fresh()?;
    let message = "Errors. {{#is_alert}}Wake somebody.{{/is_alert}}{{#is_warning}}Look tomorrow.{{/is_warning}}";
    let monitor = fixtures::monitor("").replace("See the runbook.", message);
    let root = Workspace::new(&account, &monitor)?;
    root.apply()?.ok()?;
    let id = root.attributes(fixtures::MONITOR)?["id"].clone();
    root.forget_state()?;
    root.import(fixtures::MONITOR, id.as_str().context("no id")?)?
        .ok()?;
    root.plan()?.empty()
}

#[test]
fn monitors_that_notify_nobody_are_one_warning_of_a_plan() -> Result<()> {
    let account = Account::fresh()?;
    let silent = fixtures::monitor("").replace(
        "    notify    = \"arn:aws:sns:us-west-2:111111111111:page\"\n",
        "",
    );
    let other = silent
        .replace("\"errors\"", "\"others\"")
        .replace("App Internal", "Other");
    let root = Workspace::new(&account, &(silent + &other))?;
    for _ in 0..2 {
        let output = root.plan()?.output;
        let warnings = output
            .all()
            .matches("Monitors Without Notification")
            .count();
        ensure!(warnings == 1, "{warnings} warnings\n{}", output.all());
    }
    Ok(())
}

#[test]
fn a_plan_says_that_a_scaled_service_falls_to_one_task() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &fixtures::web_slice(&account, fixtures::SCALED)?)?;
    root.apply()?.ok()?;
    root.resources(&fixtures::web_slice(&account, "")?)?;
    let plan = root.plan()?;
    plan.expect(SERVICE, Action::Update)?;
    plan.output
        .says(&["The Number of Tasks Becomes 1", "desired_count"])?;
    root.resources(&fixtures::web_slice(&account, "  desired_count = 8\n")?)?;
    root.plan()?
        .output
        .never_says(&["The Number of Tasks Becomes 1"])
}

#[test]
fn a_plan_says_that_the_last_route_goes() -> Result<()> {
    let account = Account::fresh()?;
    let root = Workspace::new(&account, &fixtures::web_slice(&account, "")?)?;
    root.apply()?.ok()?;
    root.resources(&fixtures::slice(&account, "", fixtures::WORKER)?)?;
    root.plan()?
        .output
        .says(&["No Route From the Network Is Left", "404"])?;
    let account = Account::fresh()?;
    let whole = fixtures::whole_web(&account)?;
    let root = Workspace::new(&account, &whole)?;
    root.apply()?.ok()?;
    let inside = account.router_once("main")?;
    root.resources(&whole.replace("stackwright_router.public.ref", &inside))?;
    let output = root.plan()?.output;
    output.says(&["No Route From the Internet Is Left"])?;
    output.never_says(&["No Route From the Network Is Left"])
}

#[test]
fn a_plan_says_whose_logs_and_data_are_deleted() -> Result<()> {
    let account = Account::fresh()?;
    let db = fixtures::db(&account, fixtures::DISPOSABLE)?;
    let network = fixtures::network("  az_count = 1\n  ipv6 = false\n  nat = \"none\"");
    let slice = fixtures::slice(&account, "", fixtures::WORKER)?;
    let root = Workspace::new(&account, &[network, slice, db].concat())?;
    root.apply()?.ok()?;
    root.resources("")?;
    root.plan()?.output.says(&[
        "The Logs of the App Are Deleted",
        "Recorded Traffic Is Deleted",
        "The Data of the Database Is Deleted",
    ])
}

/// The first rule would take every request of the second service.
#[test]
fn the_same_route_in_two_services_is_an_error_that_names_both() -> Result<()> {
    let account = Account::fresh()?;
    let first = fixtures::web_slice(&account, "")?;
    let second = second_service(&fixtures::web(&account.router_once("main")?));
    let root = Workspace::new(&account, &(first + &second))?;
    root.plan_output(&[])?.failed()?.says(&[
        "Conflicting Resources",
        "stage/shop/worker",
        "stage/shop/other",
        "shop.example.com",
    ])?;
    ensure!(account.writes()?.is_empty(), "a plan wrote");
    Ok(())
}

#[test]
fn the_same_private_name_in_two_services_is_an_error_that_names_both() -> Result<()> {
    let account = Account::fresh()?;
    let (network, named) = (
        account.default_network()?,
        fixtures::network_with_names(&account)?,
    );
    let named_worker = format!("{}  private_name = \"api.shop\"\n", fixtures::WORKER);
    let first = fixtures::slice(&account, "", &named_worker)?.replace(&network, &named);
    let root = Workspace::new(&account, &(first + &second_service(&named_worker)))?;
    let output = root.plan_output(&[])?.failed()?;
    output.says(&["Conflicting Resources", "stage/shop/other", "api.shop"])?;
    output.never_says(&["another root"])
}

/// Another service of the app of `fixtures::slice`.
fn second_service(more: &str) -> String {
    fixtures::service(more)
        .replace(
            "\"stackwright_service\" \"worker\"",
            "\"stackwright_service\" \"other\"",
        )
        .replace("process = \"worker\"", "process = \"other\"")
}
