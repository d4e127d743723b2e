# The provider is mocked: what is tested is the wiring and the rules of the variables.

mock_provider "stackwright" {}

variables {
  app = {
    name               = "shop"
    vpc_id             = "vpc-1"
    subnet_ids         = ["subnet-1"]
    security_group_id  = "sg-1"
    log_group          = "/acme/stage/shop"
    execution_role_arn = "arn:aws:iam::111111111111:role/execution"
    config             = {}
    secrets            = {}
    policies           = {}
    config_digest      = "1"
  }
  cluster  = { name = "main", arn = "arn:aws:ecs:us-west-2:111111111111:cluster/main" }
  process  = "report"
  image    = "repo/shop:v41"
  command  = "bin/report"
  schedule = "cron(0 3 * * ? *)"
  notify   = { warning = "@slack", critical = "@pagerduty" }
}

run "a_daily_job_has_all_its_monitors" {
  command = plan

  assert {
    condition     = join(" ", keys(output.monitors)) == "dead_letters dead_letters_failed dropped failed missed_run throttled"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }

  assert {
    condition     = output.monitors.dropped.name == "shop/report dropped runs"
    error_message = "Another name: ${output.monitors.dropped.name}."
  }

  assert {
    condition     = local.known == "last_1575m" && stackwright_job.main.time_zone == "UTC"
    error_message = "A daily job must be started within 25 hours and 75 minutes, not within ${local.known}."
  }
}

run "a_rate_is_known" {
  command = plan

  variables {
    schedule        = "rate(5 minutes)"
    flexible_window = 2
  }

  assert {
    condition     = local.known == "last_12m"
    error_message = "Another window: ${local.known}."
  }
}

run "every_few_minutes_and_every_hour_are_known" {
  command = plan

  variables {
    schedule = "cron(0/20 * * * ? *)"
  }

  assert {
    condition     = local.known == "last_25m"
    error_message = "Another window: ${local.known}."
  }
}

run "an_hourly_job_is_known" {
  command = plan

  variables {
    schedule = "cron(15 * ? * * *)"
  }

  assert {
    condition     = local.known == "last_65m"
    error_message = "Another window: ${local.known}."
  }
}

run "a_weekly_job_needs_a_window" {
  command = plan

  variables {
    schedule = "cron(0 3 ? * MON *)"
  }

  assert {
    condition     = output.omitted_monitors.missed_run == "needs expected_window"
    error_message = "Its window cannot be known."
  }
}

run "a_window_may_be_given" {
  command = plan

  variables {
    schedule        = "cron(0 3 ? * MON-FRI *)"
    expected_window = "last_4d"
  }

  assert {
    condition     = contains(keys(output.monitors), "missed_run")
    error_message = "The window that was given is not used."
  }
}

run "a_job_that_is_switched_off_misses_nothing" {
  command = plan

  variables {
    enabled = false
  }

  assert {
    condition     = !contains(keys(output.monitors), "missed_run")
    error_message = "It would fire for ever."
  }
}

run "monitors_are_left_out_by_key" {
  command = plan

  variables {
    defaults = { throttled = false }
    monitors = { missed_run = { enabled = false } }
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "dead_letters dead_letters_failed dropped failed"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }
}

run "what_the_task_is_made_of_reaches_it" {
  command = plan

  variables {
    architecture = "ARM64"
    command      = ["/app", "report"]
    entrypoint   = ["/entry"]
    ignore_drift = ["log_group"]
    timeouts     = { delete = "30m" }
  }

  assert {
    condition     = join(" ", stackwright_job.main.command) == "/app report" && join(" ", stackwright_job.main.entrypoint) == "/entry" && stackwright_job.main.architecture == "ARM64"
    error_message = "An argument is lost."
  }

  assert {
    condition     = contains(stackwright_job.main.ignore_drift, "log_group") && stackwright_job.main.timeouts.delete == "30m"
    error_message = "An argument is lost."
  }
}

run "mistakes_are_told" {
  command = plan

  variables {
    schedule        = "every day"
    expected_window = "26h"
    retries         = 200
    defaults        = { cpu = false }
    monitors        = { latency = {} }
  }

  expect_failures = [var.schedule, var.expected_window, var.retries, var.defaults, var.monitors]
}
