//! What bad specs and Procfiles get.

use std::collections::BTreeMap;

use stackwright_gen::{ProcfileUnread, SourceFile, Spec, generate};

use crate::input::{MINIMAL, messages};

const WORKER: [(&str, &str); 1] = [("Procfile", "web: puma\nworker: sidekiq\n")];

#[test]
fn a_minimal_spec_has_no_errors() {
    assert_eq!(messages(MINIMAL, &[("Procfile", "worker: x\n")]), "");
}

#[test]
fn an_empty_spec() {
    insta::assert_snapshot!(messages("", &[]));
}

#[test]
fn every_mistake_at_once() {
    let spec = r#"project = "Acme"
regin = "us-west-2"
region = "us-west"
domain = "https://acme.example"

[accounts]
ops = 111111111111
stage = "2222-2222-2222"
prod = "333333333333"
qa = "444444444444"

[state]
bucket = "Acme"
prefix = "/x"

[network]
cidr = "10.30.1.0/16"
az_count = 4
nat = "some"
ipv6 = "yes"
flow_log_retention = 31

[apps.Shop]
imgae = "repo/shop:v41"
db = true

[apps.Shop.config]
PORT = "80"
STACKWRIGHT_APP = "x"
"A+B" = "x"
DEBUG = true
KEY = "plain"

[apps.Shop.secrets]
KEY = "arn:aws:ssm:us-west-2:222222222222:parameter/key"
OTHER = "plain"

[apps.Shop.worker]
size = "1x"
count = "2"
memory = 512

[environments.prod]
apps.Shop.workr = { count = 4 }
apps.shop.worker = { count = 5001, size = "1:1gb" }

[environments.prd]
"#;
    insta::assert_snapshot!(messages(spec, &WORKER));
}

#[test]
fn the_same_account_twice() {
    let spec = MINIMAL.replace("333333333333", "111111111111");
    insta::assert_snapshot!(messages(&spec, &[("Procfile", "worker: x\n")]));
}

#[test]
fn secrets_stay_in_their_environment() {
    let arn =
        |account: &str| format!("arn:aws:secretsmanager:us-west-2:{account}:secret:key-AbCdEf");
    let ours = format!(
        "{MINIMAL}[environments.stage.apps.shop.secrets]\nKEY = \"{}\"\n",
        arn("222222222222")
    );
    assert_eq!(messages(&ours, &[("Procfile", "worker: x\n")]), "");
    let theirs = format!(
        "{MINIMAL}[environments.stage.apps.shop.secrets]\nKEY = \"{}\"\n",
        arn("333333333333")
    );
    assert!(
        messages(&theirs, &[("Procfile", "worker: x\n")])
            .contains("stage would read a secret of the prod account")
    );
    let both = format!(
        "{MINIMAL}secrets = {{ KEY = \"{}\" }}\n",
        arn("333333333333")
    );
    assert!(
        messages(&both, &[("Procfile", "worker: x\n")])
            .contains("stage would read a secret of the prod account")
    );
    let own = format!(
        "{both}[environments.stage.apps.shop.secrets]\nKEY = \"{}\"\n",
        arn("222222222222")
    );
    assert_eq!(messages(&own, &[("Procfile", "worker: x\n")]), "");
}

#[test]
fn config_and_secrets_do_not_share_names_in_any_environment() {
    let arn = "arn:aws:ssm:us-west-2:111111111111:parameter/key";
    let spec = format!(
        "{MINIMAL}config = {{ KEY = \"x\" }}\n[environments.prod.apps.shop.secrets]\nKEY = \"{arn}\"\n"
    );
    assert!(
        messages(&spec, &[("Procfile", "worker: x\n")])
            .contains("`KEY` is both in config and in secrets of app `shop` in prod")
    );
    let spec = format!(
        "{MINIMAL}secrets = {{ KEY = \"{arn}\" }}\n[environments.prod.apps.shop.config]\nKEY = \"x\"\n"
    );
    assert!(
        messages(&spec, &[("Procfile", "worker: x\n")])
            .contains("`KEY` is both in config and in secrets of app `shop` in prod")
    );
}

#[test]
fn broken_toml() {
    insta::assert_snapshot!(messages("project = \"acme\nregion = 1\n", &[]));
    assert!(messages("a = 1\na = 2\n", &[]).contains("invalid-toml"));
}

#[test]
fn broken_procfile_and_spec_together() {
    let procfile = "web: puma\nrelease : rake\nworker: a\nworker: b\nmailcatcher -f\n";
    insta::assert_snapshot!(messages(
        &MINIMAL.replace("us-west-2", "us-west"),
        &[("Procfile", procfile)]
    ));
}

#[test]
fn monitors_that_do_not_come_with_it() {
    let spec = format!(
        "{MINIMAL}db = {{ monitors = {{ latency = {{ enabled = false }} }} }}\n\
         [apps.shop.web]\nslo = 90\nmonitors = {{ latencey = {{ warning = 1 }}, cpu = {{ warning = 70 }} }}\n\
         [apps.shop.worker]\nmonitors = {{ latency = {{ warning = 1 }} }}\n\
         [apps.shop.clock]\ncron = \"0 3 * * ? *\"\nslo = 99\nmonitors = {{ missed_run = {{ enabled = false }} }}\n\
         [apps.shop.api]\ninternal = true\nhealth_check = \"/\"\n\
         [router]\nmonitors = {{ certifcate = {{ warning = 30 }}, router_errors = {{ critical = 50 }} }}\n",
    );
    let procfile = "web: a\nworker: b\nclock: c\napi: d\n";
    insta::assert_snapshot!(messages(&spec, &[("Procfile", procfile)]));
}

#[test]
fn handles_of_monitors_that_come_with_it_have_a_meaning() {
    let told = |key: &str| {
        format!("monitors = {{ {key} = {{ notify = {{ critical = \"@{key}\" }} }} }}\n")
    };
    let spec = format!(
        "{MINIMAL}[apps.shop.web]\n{}[apps.shop.db]\n{}[router]\n{}",
        told("latency"),
        told("storage"),
        told("certificate"),
    );
    let found = messages(&spec, &[("Procfile", "web: a\n")]);
    for handle in ["@latency", "@storage", "@certificate"] {
        assert!(
            found.contains("unknown-handle") && found.contains(handle),
            "{found}"
        );
    }
}

#[test]
fn nothing_to_run() {
    insta::assert_snapshot!(messages(MINIMAL, &[("Procfile", "release: rake\n")]));
}

#[test]
fn unreadable_procfiles() {
    let spec = Spec::read(SourceFile::new(
        "stackwright.toml",
        format!("{MINIMAL}procfile = \"app/Procfile\"\n"),
    ));
    let reasons = [
        (ProcfileUnread::Missing, "there is no such file"),
        (
            ProcfileUnread::NotUtf8 { offset: 7 },
            "it is not UTF-8 text: byte 7 is not part of a character",
        ),
        (
            ProcfileUnread::Refused {
                reason: "permission denied".to_owned(),
            },
            "permission denied",
        ),
    ];
    for (reason, text) in reasons {
        let outcome = generate(
            &spec,
            &BTreeMap::from([("app/Procfile".to_owned(), Err(reason))]),
        );
        let [diagnostic] = outcome.diagnostics.as_slice() else {
            panic!("{:?}", outcome.diagnostics)
        };
        assert_eq!(
            diagnostic.problem.to_string(),
            format!("the Procfile `app/Procfile` of app `shop` cannot be read: {text}")
        );
        assert_eq!(
            &spec.source().text[diagnostic.span.clone()],
            "\"app/Procfile\""
        );
    }
}

#[test]
fn long_process_names() {
    let long = "p".repeat(65);
    assert!(
        messages(MINIMAL, &[("Procfile", &format!("{long}: x\n"))])
            .contains("has 65 characters, more than 64")
    );
    assert_eq!(
        messages(MINIMAL, &[("Procfile", &format!("{}: x\n", &long[1..]))]),
        ""
    );
}

/// What was pasted in place of an ARN may be the secret itself.
#[test]
fn pasted_secrets_are_not_shown() {
    let cases = [
        format!("{MINIMAL}secrets = {{ KEY = \"hunter2\" }}\n"),
        format!("{MINIMAL}secrets = {{ PORT = \"hunter2\", \"A+B\" = \"hunter2\" }}\n"),
        format!("{MINIMAL}secrets = \"hunter2\"\n"),
        format!("{MINIMAL}secrets = [\"hunter2\"]\n"),
        format!("{MINIMAL}[apps.shop.secrets]\nKEY = [\"hunter2\"]\n"),
        format!("{MINIMAL}[apps.shop.secrets]\nKEY = hunter2\n"),
        format!("{MINIMAL}[apps.shop.secrets]\nKEY = \"hunter2\n"),
        format!("{MINIMAL}[environments.prod.apps.shop.secrets]\nKEY = \"\"\"\nhunter2\n\"\"\"\n"),
    ];
    for text in cases {
        let spec = Spec::read(SourceFile::new("stackwright.toml", text.as_str()));
        let outcome = generate(&spec, &BTreeMap::new());
        assert!(
            !outcome.diagnostics.is_empty() && outcome.tree.is_none(),
            "{text}"
        );
        let shown = outcome
            .diagnostics
            .iter()
            .map(|it| format!("{} {} {:?}", it.problem, it.problem.help(), it.problem));
        let shown = shown.collect::<String>() + &spec.source().text;
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(spec.source().text.len(), text.len());
    }
}

#[test]
fn replacements_that_cannot_work_are_refused() {
    let said = |deploy: &str| {
        let spec = format!("{MINIMAL}worker = {{ deploy = {{ {deploy} }} }}\n");
        messages(&spec, &[("Procfile", "worker: x\n")])
    };
    assert_eq!(said("minimum_percent = 0, maximum_percent = 100"), "");
    for wrong in [
        "maximum_percent = 100",
        "minimum_percent = 50, maximum_percent = 100",
        "minimum_percent = 50, maximum_percent = 150",
    ] {
        assert!(
            said(wrong).contains("leaves no room for a new task"),
            "{wrong}"
        );
    }
    let counted = |count: u32| {
        let deploy = "minimum_percent = 50, maximum_percent = 150";
        let spec = format!(
            "{MINIMAL}worker = {{ count = 2, deploy = {{ {deploy} }} }}\n\
             [environments.prod.apps.shop.worker]\ncount = {count}\n"
        );
        messages(&spec, &[("Procfile", "worker: x\n")])
    };
    assert_eq!(counted(3), "");
    assert!(counted(1).contains("leaves no room for a new task"));
    let huge = said("minimum_percent = 9223372036854775807, maximum_percent = 9223372036854775807");
    assert!(huge.contains("0 to 100"), "{huge}");
    assert!(said("circuit_breaker = false").contains("rolls back without a circuit breaker"));
}

#[test]
fn settings_of_processes_that_do_not_have_them_are_refused() {
    let said = |key: &str| {
        let spec = format!("{MINIMAL}clock = {{ {key} }}\nworker = {{ {key} }}\n");
        messages(&spec, &[("Procfile", "worker: x\nclock: y\n")])
    };
    assert!(said("deregistration_delay = 60").contains("takes no requests"));
    let spec = format!("{MINIMAL}clock = {{ cron = \"rate(1 day)\", deploy = {{}} }}\n");
    assert!(messages(&spec, &[("Procfile", "clock: y\n")]).contains("runs on a schedule"));
}

#[test]
fn a_second_look_back_is_shorter_than_the_first() {
    let own = |windows: &str| {
        let monitor = "message = \"m\", metric = \"x\", critical = { threshold = 1 }";
        let spec = format!("{MINIMAL}monitors.errors = {{ {monitor}, {windows} }}\n");
        messages(&spec, &[("Procfile", "worker: x\n")])
    };
    assert_eq!(own("short_window = \"last_1m\""), "");
    assert_eq!(
        own("short_window = \"last_5m\", time_window = \"last_1h\""),
        ""
    );
    for wrong in [
        "short_window = \"last_10m\"",
        "short_window = \"last_60m\", time_window = \"last_1h\"",
    ] {
        assert!(
            own(wrong).contains("is not shorter than its `time_window`"),
            "{wrong}"
        );
    }
    assert!(
        own("short_window = \"last_1m\", no_data = \"show\"").contains("missing data a recovery")
    );
    let average = "short_window = \"last_1m\", time_aggr = \"avg\", space_aggr = \"avg\"";
    assert!(own(average).contains("needs a `time_window` and a `no_data`"));
    let default = |key: &str, more: &str| {
        let monitors = format!("{key} = {{ short_window = \"last_1m\"{more} }}");
        let spec = format!("{MINIMAL}worker = {{ monitors = {{ {monitors} }} }}\n");
        messages(&spec, &[("Procfile", "worker: x\n")])
    };
    let both = ", time_window = \"last_5m\", no_data = \"ok\"";
    assert_eq!(default("cpu", both), "");
    assert!(default("cpu", "").contains("needs a `time_window` and a `no_data`"));
    assert!(default("deploy_failed", both).contains("it counts single events"));
}

#[test]
fn a_monitor_with_one_level_has_it_as_critical() {
    let monitor = "message = \"m\", metric = \"x\", warning = { threshold = 1, notify = \"@a\" }";
    let spec = format!(
        "{MINIMAL}monitors.errors = {{ {monitor} }}\n\
         [environments.stage.notifiers]\n\"@a\" = \"arn:aws:sns:us-west-2:222222222222:a\"\n\
         [environments.prod.notifiers]\n\"@a\" = \"arn:aws:sns:us-west-2:333333333333:a\"\n"
    );
    let tree = crate::input::tree(&spec, "worker: x\n");
    let main = &tree.files()["apps/shop/main.tf"];
    assert!(
        main.contains("  critical {\n    threshold = 1\n    notify    = \"@a\"\n")
            && !main.contains("warning {"),
        "{main}"
    );
}

#[test]
fn words_of_terraforms_language_are_no_names_of_apps() {
    let spec = MINIMAL.replace("[apps.shop]", "[apps.null]");
    let found = messages(&spec, &WORKER);
    assert!(
        found.contains("is a word of Terraform's language"),
        "{found}"
    );
}

#[test]
fn schedules_are_checked_as_scheduler_does() {
    for (cron, says) in [
        ("0 25 * * ? *", "`25` is not one of 0 to 23"),
        (
            "0 3 ? * SUNDAY *",
            "`SUNDAY` is not one of 1 to 7 or SUN to SAT",
        ),
        ("0/0 3 * * ? *", "a step from 1 to 60"),
    ] {
        let spec = format!("{MINIMAL}\n[apps.shop.clock]\ncron = \"{cron}\"\n");
        let found = messages(&spec, &[("Procfile", "worker: x\nclock: y\n")]);
        assert!(found.contains(says), "{cron}: {found}");
        let procfile = format!("worker:\n  command: x\nclock:\n  command: y\n  cron: {cron}\n");
        let found = messages(MINIMAL, &[("Procfile", &procfile)]);
        assert!(found.contains(says), "{cron}: {found}");
    }
    let zone = "\n[apps.shop.clock]\ncron = \"0 20-2 * * ? *\"\ntime_zone = \"Mars/Phobos\"\n";
    let found = messages(
        &format!("{MINIMAL}{zone}"),
        &[("Procfile", "worker: x\nclock: y\n")],
    );
    assert!(
        found.contains("Mars/Phobos") && !found.contains("20-2"),
        "{found}"
    );
}

#[test]
fn variables_that_come_from_elsewhere_are_taken() {
    let procfile = [("Procfile", "web: x\n")];
    for (more, name) in [
        (
            "uses = [\"bill\"]\nweb = { config = { BILL_URL = \"x\" } }",
            "BILL_URL",
        ),
        (
            "uses = [\"bill\"]\n[environments.prod.apps.shop.config]\nBILL_URL = \"x\"",
            "BILL_URL",
        ),
        (
            "db = true\nconfig = { DATABASE_URL = \"x\" }",
            "DATABASE_URL",
        ),
        (
            "db = true\nweb = { config = { DB_PASSWORD = \"x\" } }",
            "DB_PASSWORD",
        ),
    ] {
        let bill =
            "[apps.bill]\nimage = \"repo/bill:v1\"\ninternal = true\nprocfile = \"Procfile\"\n";
        let (base, last) = MINIMAL.split_once("[apps.shop]").unwrap();
        let spec = format!("{base}{bill}\n[apps.shop]{last}{more}\n");
        let found = messages(&spec, &procfile);
        let says = format!("the environment variable `{name}` is set by stackwright");
        assert!(found.contains(&says), "{more}: {found}");
    }
}

#[test]
fn variables_of_a_procfile_meet_those_of_the_spec() {
    let procfile = "web:\n  command: a\n  environment:\n    PORT: \"1\"\n    KEY: x\n";
    let secret = "secrets = { KEY = \"arn:aws:ssm:us-west-2:222222222222:parameter/key\" }\n";
    let found = messages(&format!("{MINIMAL}{secret}"), &[("Procfile", procfile)]);
    assert!(
        found.contains("`PORT` of process `web` is left out"),
        "{found}"
    );
    assert!(
        found.contains("`KEY` is both in config and in secrets"),
        "{found}"
    );
}

#[test]
fn routes_are_compared_in_each_environment() {
    let two = "\n[apps.b2]\nimage = \"repo/b2:v1\"\nprocfile = \"Procfile\"\n";
    let procfile = [("Procfile", "web: x\n")];
    let zone = "zone_id = \"Z0123456789\"\n";
    let of = |more: &str| messages(&format!("{MINIMAL}{two}{more}"), &procfile);
    let prod = format!("[environments.prod]\ndomain = \"x.example\"\n{zone}");
    let found = of(&prod);
    assert!(found.contains("as `web` of app `shop` in stage"), "{found}");
    let hosts = ["stage", "prod"].map(|environment| {
        let host = |app: &str| {
            format!("[environments.{environment}.apps.{app}]\ndomain = \"{app}.{environment}.example\"\n")
        };
        format!("[environments.{environment}]\n{zone}{}{}", host("shop"), host("b2"))
    });
    let found = of(&hosts.concat());
    assert!(!found.contains("the same requests"), "{found}");
    let same = hosts.concat().replace("\"b2.prod", "\"shop.prod");
    let found = of(&same);
    assert!(found.contains("in prod"), "{found}");
}

#[test]
fn a_priority_is_given_once() {
    let routes = "web = { routes = { a = { path = \"/a\", priority = 5 }, b = { path = \"/b\", priority = 5 } } }\n";
    let found = messages(&format!("{MINIMAL}{routes}"), &[("Procfile", "web: x\n")]);
    assert!(found.contains("have the same priority, 5"), "{found}");
}

#[test]
fn what_means_nothing_is_told_in_environments_too() {
    let spec = format!(
        "{MINIMAL}\n[apps.shop.clock]\ncron = \"rate(1 day)\"\n[environments.prod.apps.shop.clock]\ncount = 3\n"
    );
    let found = messages(&spec, &[("Procfile", "worker: x\nclock: y\n")]);
    assert!(found.contains("runs on a schedule"), "{found}");
}

#[test]
fn names_of_monitors_fit_into_tags() {
    let monitor = "\n[apps.shop.monitors.m]\nname = \"cpu (prod)\"\nmessage = \"m\"\nmetric = \"a.b\"\noperator = \">\"\ntime_aggr = \"sum\"\nspace_aggr = \"sum\"\ncritical = { threshold = 5 }\n";
    let found = messages(&format!("{MINIMAL}{monitor}"), &WORKER);
    assert!(found.contains("is kept in tags"), "{found}");
}

#[test]
fn what_aws_would_refuse_is_told_before_anything_is_written() {
    let web = [("Procfile", "web: x\nworker: y\n")];
    let zone = "[environments.prod]\nzone_id = \"Z0123456789\"\n";
    let arn = |place: &str| {
        format!(
            "domain = \"acme.example\"\n[environments.prod]\ncertificate_arn = \"arn:aws:acm:{place}:certificate/12345678-1234-1234-1234-123456789012\"\n"
        )
    };
    let spec = |more: &str| match more.strip_prefix("domain") {
        Some(_) => {
            let (domain, rest) = more.split_once('\n').unwrap();
            format!("{domain}\n{MINIMAL}{rest}")
        }
        None => format!("{MINIMAL}{more}"),
    };
    for (more, says) in [
        (
            "worker = { scale = { max = 3, requests = 5 } }\n".to_owned(),
            "goes by requests, which only a public router counts",
        ),
        (
            "web = { routes = { a = { path = \"/a?*?*?*\" } } }\n".to_owned(),
            "6 wildcards",
        ),
        (
            "policies = { p = \"{}\" }\n".to_owned(),
            "needs a `Statement`",
        ),
        (zone.to_owned(), "a domain whose records"),
        (
            arn("eu-west-1:333333333333"),
            "and eu-west-1, where the router of prod is not",
        ),
        (arn("us-west-2:222222222222"), "account 222222222222"),
    ] {
        let found = messages(&spec(&more), &web);
        assert!(found.contains(says), "{more}: {found}");
    }
    let own = arn("us-west-2:333333333333") + "[environments.stage]\nzone_id = \"Z0123\"\n";
    let found = messages(&spec(&own), &web);
    assert_eq!(found, "");
}

/// It does what it says: nothing is to be done about it.
#[test]
fn a_process_that_is_run_by_hand_is_no_warning() {
    let procfile = "worker:\n  command: a\nconsole:\n  command: b\n  noservice: true\n";
    assert_eq!(messages(MINIMAL, &[("Procfile", procfile)]), "");
    let tree = crate::input::tree(MINIMAL, procfile);
    let readme = &tree.files()["apps/shop/README.md"];
    assert!(
        readme.contains("| console | run by hand | <code>b</code> |"),
        "{readme}"
    );
}

/// Every warning has something to do about it.
#[test]
fn settings_of_processes_that_do_not_run_are_refused() {
    let procfile = "worker:\n  command: a\nconsole:\n  command: b\n  noservice: true\nrelease:\n  command: c\n";
    let spec = format!(
        "{MINIMAL}console = {{ size = \"2X\", routes = {{ main = {{}} }}, monitors = {{ cpu = {{}} }} }}\n\
         release = {{ config = {{ A = \"b\" }} }}\n\
         [environments.prod.apps.shop.console]\ncount = 3\n"
    );
    let found = messages(&spec, &[("Procfile", procfile)]);
    for (key, is) in [
        ("size", "has `noservice` and is run by hand"),
        ("routes", "has `noservice` and is run by hand"),
        ("monitors", "has `noservice` and is run by hand"),
        ("count", "has `noservice` and is run by hand"),
        ("config", "does not run yet"),
    ] {
        let process = if is.starts_with("has") {
            "console"
        } else {
            "release"
        };
        let says = format!("`{key}` means nothing for process `{process}`, which {is}");
        assert!(found.contains(&says), "{says}\n{found}");
    }
    assert!(!found.contains("there is no monitor"), "{found}");
}

/// A table in the spec would be read as that key, and its settings as, for example, environment variables.
#[test]
fn processes_do_not_have_the_names_of_keys() {
    let spec = format!("{MINIMAL}config = {{ size = \"2X\" }}\n");
    insta::assert_snapshot!(messages(
        &spec,
        &[("Procfile", "worker: x\nconfig: bin/config\n")]
    ));
    let app = stackwright_gen::schema()["properties"]["apps"]["additionalProperties"].clone();
    let keys = app["properties"].as_object().unwrap().keys();
    assert!(keys.len() > 10);
    for key in keys {
        let found = messages(MINIMAL, &[("Procfile", &format!("worker: x\n{key}: y\n"))]);
        let says = format!("process `{key}` has the name of a key of an app");
        assert!(found.contains(&says), "{key}: {found}");
    }
}

/// Two apps, the second of which uses the first.
fn using(of_shop: &str) -> String {
    let (base, shop) = MINIMAL.split_once("[apps.shop]").unwrap();
    let front = "[apps.front]\nimage = \"repo/front:1\"\nprocfile = \"front/Procfile\"\nuses = [\"shop\"]\n";
    format!("{base}{front}[apps.shop]{shop}{of_shop}")
}

fn of_using(of_shop: &str, procfile: &str) -> String {
    let front = ("front/Procfile", "worker: x\n");
    messages(&using(of_shop), &[front, ("Procfile", procfile)])
}

/// What the help says to write makes the error go, and takes no public route away.
#[test]
fn the_way_to_a_private_name_keeps_public_routes() {
    let cases = [
        (
            "",
            "web: a\nworker: b\n",
            "write `web = { internal = true, routes = { main = {} } }` in `[apps.shop]`: `routes` keeps its public route",
            "web = { internal = true, routes = { main = {} } }\n",
        ),
        (
            "web = { routes = { main = { path = \"/x\" } } }\n",
            "web: a\n",
            "write `internal = true` in `[apps.shop.web]`: it keeps its public routes",
            "web = { routes = { main = { path = \"/x\" } }, internal = true }\n",
        ),
        (
            "",
            "api:\n  command: a\n  ports: [80]\n",
            "write `api = { internal = true, routes = { main = {} } }` in `[apps.shop]`",
            "api = { internal = true, routes = { main = {} } }\n",
        ),
        (
            "",
            "rpc: a\n",
            "write `internal = true` in the table of the process that answers, as in `[apps.shop.rpc]`",
            "rpc = { internal = true }\n",
        ),
    ];
    for (before, procfile, help, after) in cases {
        let found = of_using(before, procfile);
        assert!(
            found.contains(help) && found.matches("Error").count() == 1,
            "{found}"
        );
        assert_eq!(of_using(after, procfile), "", "{after}");
        let outcome = |spec: &str| {
            let procfiles = [("front/Procfile", "worker: x\n"), ("Procfile", procfile)];
            let outcome = crate::input::run(spec, &procfiles);
            outcome
                .tree
                .map(|tree| tree.files()["apps/shop/main.tf"].clone())
        };
        let unused = using(before).replace("uses = [\"shop\"]\n", "");
        let public = |main: Option<String>| main.unwrap().contains("router = var.router");
        assert_eq!(
            public(outcome(&unused)),
            public(outcome(&using(after))),
            "{after}"
        );
    }
    let clock = of_using("clock = { cron = \"rate(1 day)\" }\n", "clock: a\n");
    assert!(
        clock.contains("add a process that keeps running to the Procfile of `shop`"),
        "{clock}"
    );
}

#[test]
fn help_fits_the_situation() {
    let two = "web = { routes = { a = {} } }\napi = { routes = { a = {} } }\n";
    let found = messages(
        &format!("{MINIMAL}{two}"),
        &[("Procfile", "web: a\napi: b\n")],
    );
    let routes = "give one of them `routes` with a `host` or a `path` of its own";
    assert!(
        found.contains(routes) && !found.contains("`domain`"),
        "{found}"
    );
    let apps = format!("{MINIMAL}[apps.b2]\nimage = \"repo/b2:1\"\n");
    let found = messages(&apps, &[("Procfile", "web: a\n")]);
    assert!(found.contains("give the project a `domain`"), "{found}");
    let worker = "worker:\n  command: a\n  environment:\n    PORT: \"1\"\n";
    let found = messages(MINIMAL, &[("Procfile", worker)]);
    assert!(
        found.contains("remove it: the process takes no requests"),
        "{found}"
    );
}

#[test]
fn a_port_in_the_command_is_noticed() {
    let of = |more: &str, command: &str| {
        messages(
            &format!("{MINIMAL}{more}"),
            &[("Procfile", &format!("web: {command}\n"))],
        )
    };
    insta::assert_snapshot!(
        [
            of("", "bundle exec rails s -p 3093"),
            of("", "PORT=3093 node server.js"),
            of("", "gunicorn -b 127.0.0.1:8080 app"),
        ]
        .concat()
    );
    for (more, command) in [
        ("web = { port = 3093 }\n", "bundle exec rails s -p 3093"),
        ("", "bundle exec rails s -p 8080"),
        ("", "bundle exec rails s -p $PORT"),
    ] {
        assert_eq!(of(more, command), "", "{more}{command}");
    }
    let other = of("web = { port = 3000 }\n", "rails s -p 3093");
    assert!(other.contains("health checks go to port 3000"), "{other}");
    // What takes no requests may do what it wants.
    let worker = messages(
        MINIMAL,
        &[("Procfile", "worker: x -p 3093 -b 127.0.0.1:1\n")],
    );
    assert_eq!(worker, "");
    let extended = "web:\n  command: [bin/web, -p, \"3093\"]\n  ports: [\"80:3093\"]\n";
    assert_eq!(messages(MINIMAL, &[("Procfile", extended)]), "");
}

#[test]
fn regions_that_nobody_knows_are_noticed() {
    let said = |region: &str, more: &str| {
        let spec = MINIMAL.replace("us-west-2", region);
        messages(&format!("{spec}{more}"), &[("Procfile", "worker: x\n")])
    };
    assert_eq!(said("eu-south-2", ""), "");
    let state = "[state]\nbucket = \"acme.state\"\nregion = \"eu-centrl-1\"\n";
    insta::assert_snapshot!(said("us-west-9", state) + &said("us-wets-2", ""));
}
