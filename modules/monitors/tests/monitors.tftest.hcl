# `terraform test` in the module's folder; the provider is a mock.

mock_provider "stackwright" {}

variables {
  name   = "shop/web"
  kind   = "web"
  notify = { warning = "@slack", critical = "@pagerduty" }
  dimensions = {
    ClusterName  = "main"
    ServiceName  = "shop-web"
    LoadBalancer = "app/main/0123456789abcdef"
    TargetGroup  = "targetgroup/shop-web/0123456789abcdef"
  }
  container_insights = true
  slo                = 99.9
}

run "a_web_service_has_all_its_defaults" {
  command = plan

  assert {
    condition     = join(" ", keys(output.monitors)) == "below_desired cpu errors latency memory no_healthy none_running router_errors slo_fast slo_long slo_slow unhealthy"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }

  assert {
    condition     = length(output.omitted) == 0
    error_message = "Something was left out."
  }

  assert {
    condition     = stackwright_monitor.main["errors"].critical.threshold == 5 && stackwright_monitor.main["errors"].warning.threshold == 1
    error_message = "The thresholds of the ratio are wrong."
  }

  assert {
    condition     = stackwright_monitor.main["unhealthy"].warning == null && stackwright_monitor.main["unhealthy"].critical.notify == "@slack"
    error_message = "A monitor with a warning alone tells whom warnings tell."
  }

  assert {
    condition     = output.monitors.unhealthy.warning == 0 && output.monitors.unhealthy.critical == null
    error_message = "The output shows another level."
  }
}

run "defaults_are_changed_and_left_out_by_key" {
  command = plan

  variables {
    monitors = {
      latency   = { warning = 0.5, critical = 2, time_window = "last_5m", message = "Slow.", no_data = "ok" }
      cpu       = { enabled = false }
      unhealthy = { critical = 3 }
    }
  }

  assert {
    condition     = stackwright_monitor.main["latency"].critical.threshold == 2 && stackwright_monitor.main["latency"].warning.threshold == 0.5
    error_message = "The thresholds were not changed."
  }

  assert {
    condition     = stackwright_monitor.main["latency"].message == "Slow." && stackwright_monitor.main["latency"].time_window == "last_5m" && stackwright_monitor.main["latency"].no_data == "ok"
    error_message = "The other arguments were not changed."
  }

  assert {
    condition     = !contains(keys(output.monitors), "cpu") && output.omitted.cpu == "left out by monitors.cpu.enabled"
    error_message = "It was not left out."
  }

  assert {
    condition     = stackwright_monitor.main["unhealthy"].critical.threshold == 3 && stackwright_monitor.main["unhealthy"].warning.threshold == 0
    error_message = "The second level was not added."
  }
}

run "defaults_are_left_out_by_a_word" {
  command = plan

  variables {
    slo      = null
    defaults = { latency = false, cpu = true }
  }

  assert {
    condition     = !contains(keys(output.monitors), "latency") && contains(keys(output.monitors), "cpu")
    error_message = "It was not left out, or another was."
  }

  assert {
    condition     = output.omitted.latency == "left out by defaults.latency" && output.omitted.slo_fast == "needs slo"
    error_message = "Other reasons: ${jsonencode(output.omitted)}."
  }
}

run "a_target_alone_has_no_service" {
  command = plan

  variables {
    kind       = "target"
    dimensions = { LoadBalancer = "app/main/0123456789abcdef", TargetGroup = "targetgroup/shop-web/0123456789abcdef" }
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "errors latency no_healthy router_errors slo_fast slo_long slo_slow unhealthy"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }

  assert {
    condition     = output.monitors.slo_fast.critical == 1.44 && output.monitors.slo_slow.critical == 0.6 && output.monitors.slo_long.warning == 0.1
    error_message = "The budget of 0.1% is reckoned wrong: ${jsonencode(output.monitors)}."
  }
}

run "a_router_has_its_certificate" {
  command = plan

  variables {
    name       = "public"
    kind       = "router"
    dimensions = { CertificateArn = "arn:aws:acm:us-west-2:111111111111:certificate/1" }
  }

  assert {
    condition     = output.monitors.certificate.warning == 44 && stackwright_monitor.main["certificate"].warm_up == 2880
    error_message = "The certificate is not watched as it should be."
  }
}

run "a_key_of_another_kind_is_refused" {
  command = plan

  variables {
    monitors = { storage = { enabled = false } }
  }

  expect_failures = [var.monitors]
}

run "a_worker_has_no_router" {
  command = plan

  variables {
    kind       = "service"
    dimensions = { ClusterName = "main", ServiceName = "shop-worker" }
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "below_desired cpu memory none_running"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }
}

run "without_container_insights_tasks_are_not_counted" {
  command = plan

  variables {
    kind               = "service"
    container_insights = false
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "cpu memory"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }

  expect_failures = [check.container_insights]
}

run "a_database_scales_its_limits" {
  command = plan

  variables {
    name                  = "orders"
    kind                  = "database"
    dimensions            = { DBInstanceIdentifier = "orders" }
    allocated_storage_gib = 100
    max_connections       = 200
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "burst_bytes burst_io connections cpu storage transaction_ids"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }

  assert {
    condition     = output.omitted.memory == "needs memory_bytes" && output.omitted.replica_lag == "is for replicas"
    error_message = "Other reasons: ${jsonencode(output.omitted)}."
  }

  assert {
    condition     = output.monitors.storage.critical == 10737418240 && output.monitors.connections.warning == 160
    error_message = "The limits are wrong."
  }
}

run "jobs_and_queues" {
  command = plan

  variables {
    name       = "shop/nightly"
    kind       = "job"
    dimensions = { ScheduleGroup = "acme-stage", DeadLetterQueueName = "shop-dead" }
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "dead_letters dead_letters_failed dropped throttled" && output.omitted.missed_run == "needs expected_window"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }
}

run "a_job_that_must_start_every_day" {
  command = plan

  variables {
    name            = "shop/nightly"
    kind            = "job"
    dimensions      = { ScheduleGroup = "acme-stage" }
    expected_window = "last_26h"
  }

  assert {
    condition     = stackwright_monitor.main["missed_run"].time_window == "last_26h" && stackwright_monitor.main["missed_run"].no_data == "alert"
    error_message = "A missed run is not told."
  }
}

run "mistakes_are_told" {
  command = plan

  variables {
    slo             = 90
    expected_window = "26h"
  }

  expect_failures = [var.slo, var.expected_window]
}

run "a_word_for_another_key_is_refused" {
  command = plan

  variables {
    defaults = { latence = false }
  }

  expect_failures = [var.defaults]
}

run "a_queue" {
  command = plan

  variables {
    name       = "orders"
    kind       = "queue"
    dimensions = { QueueName = "orders" }
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "age" && output.omitted.dead_letters == "dimensions lacks DeadLetterQueueName"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }
}
