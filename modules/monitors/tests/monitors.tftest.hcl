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
    condition     = join(" ", keys(output.monitors)) == "below_desired cpu deploy_failed errors latency memory no_healthy none_running slo_fast slo_long slo_slow unhealthy"
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

  assert {
    condition     = startswith(stackwright_monitor.main["cpu"].message, "shop/web uses more than {{#is_alert}}{{threshold}}{{/is_alert}}{{#is_warning}}{{warn_threshold}}{{/is_warning}}% of its CPU.")
    error_message = "Each level says its own threshold: ${stackwright_monitor.main["cpu"].message}"
  }

  assert {
    condition     = alltrue([for monitor in stackwright_monitor.main : monitor.warning != null || !strcontains(monitor.message, "{{warn_threshold}}")])
    error_message = "A text names the threshold of a warning that is not there."
  }
}

run "defaults_are_changed_and_left_out_by_key" {
  command = plan

  variables {
    monitors = {
      latency   = { warning = 0.5, critical = 2, time_window = "last_5m", message = "Slow.", no_data = "ok" }
      cpu       = { enabled = false }
      errors    = { message = "{{comparator}} {{threshold}}" }
      memory    = { notify = { critical = "@team" } }
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
    condition     = stackwright_monitor.main["errors"].message == "{{comparator}} {{threshold}}"
    error_message = "A message that is given stays as it is."
  }

  assert {
    condition     = stackwright_monitor.main["memory"].warning.notify == "@slack" && stackwright_monitor.main["memory"].critical.notify == "@team" && stackwright_monitor.main["errors"].critical.notify == "@pagerduty"
    error_message = "It tells somebody else than it should."
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
    condition     = join(" ", keys(output.monitors)) == "errors latency no_healthy slo_fast slo_long slo_slow unhealthy"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }

  assert {
    condition     = output.monitors.slo_fast.critical == 1.44 && output.monitors.slo_slow.critical == 0.6 && output.monitors.slo_long.warning == 0.1
    error_message = "The budget of 0.1% is reckoned wrong: ${jsonencode(output.monitors)}."
  }

  assert {
    condition     = join(" ", [for key in ["slo_fast", "slo_slow", "slo_long"] : "${stackwright_monitor.main[key].time_window} ${stackwright_monitor.main[key].short_window}"]) == "last_1h last_5m last_6h last_30m last_3d last_6h"
    error_message = "The objective is looked at over other windows."
  }
}

run "a_router_has_its_certificate_and_its_own_errors" {
  command = plan

  variables {
    name = "router/public"
    kind = "router"
    dimensions = {
      LoadBalancer   = "app/public/0123456789abcdef"
      CertificateArn = "arn:aws:acm:us-west-2:111111111111:certificate/1"
    }
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "certificate router_errors" && output.monitors.router_errors.name == "router/public own 5xx"
    error_message = "Other monitors: ${jsonencode(output.monitors)}."
  }

  assert {
    condition     = stackwright_monitor.main["router_errors"].dimensions == tomap({ LoadBalancer = "app/public/0123456789abcdef" }) && output.monitors.router_errors.critical == 10
    error_message = "Its own errors are not watched as they should be."
  }

  assert {
    condition     = output.monitors.certificate.warning == 44 && stackwright_monitor.main["certificate"].warm_up == 2880
    error_message = "The certificate is not watched as it should be."
  }
}

run "a_router_without_a_certificate_has_its_own_errors" {
  command = plan

  variables {
    name       = "router/internal"
    kind       = "router"
    dimensions = { LoadBalancer = "app/internal/0123456789abcdef" }
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "router_errors" && output.omitted.certificate == "dimensions lacks CertificateArn"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
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
    condition     = join(" ", keys(output.monitors)) == "below_desired cpu deploy_failed memory none_running"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }
}

run "a_service_that_may_have_no_task_is_not_missed" {
  command = plan

  variables {
    may_run_none = true
  }

  assert {
    condition     = length(setintersection(keys(output.monitors), ["none_running", "no_healthy"])) == 0 && contains(keys(output.monitors), "below_desired")
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }

  assert {
    condition     = output.omitted.none_running == "would fire for ever: the service may have no task"
    error_message = "Other reasons: ${jsonencode(output.omitted)}."
  }
}

run "without_container_insights_tasks_are_not_counted" {
  command = plan

  variables {
    kind               = "service"
    container_insights = false
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "cpu deploy_failed memory"
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

  assert {
    condition     = startswith(stackwright_monitor.main["storage"].message, "The database orders has less than {{#is_alert}}10{{/is_alert}}{{#is_warning}}20{{/is_warning}} GiB of storage left.")
    error_message = "Nobody reads bytes: ${stackwright_monitor.main["storage"].message}"
  }

  assert {
    condition     = strcontains(stackwright_monitor.main["connections"].message, "{{/is_warning}} connections, and takes 200. Look")
    error_message = "It does not say how many it takes: ${stackwright_monitor.main["connections"].message}"
  }
}

run "thresholds_that_are_given_need_no_number" {
  command = plan

  variables {
    name       = "orders"
    kind       = "database"
    dimensions = { DBInstanceIdentifier = "orders" }
    monitors = {
      connections = { critical = 100 }
      memory      = { warning = 268435456 }
      storage     = { message = "Full." }
    }
  }

  assert {
    condition     = output.monitors.connections.critical == 100 && output.monitors.connections.warning == null && output.omitted.storage == "needs allocated_storage_gib"
    error_message = "Other monitors: ${jsonencode(output.monitors)}."
  }

  assert {
    condition     = startswith(stackwright_monitor.main["memory"].message, "The database orders has less than 0.25 GiB of memory left.") && stackwright_monitor.main["memory"].critical.notify == "@slack"
    error_message = "The text is another: ${stackwright_monitor.main["memory"].message}"
  }

  assert {
    condition     = startswith(stackwright_monitor.main["connections"].message, "The database orders has more than {{threshold}} connections. Look")
    error_message = "It says a number that nobody knows: ${stackwright_monitor.main["connections"].message}"
  }
}

run "jobs_and_queues" {
  command = plan

  variables {
    name       = "shop/nightly"
    kind       = "job"
    dimensions = { ScheduleGroup = "acme-stage", DeadLetterQueueName = "shop-dead", TaskDefinitionFamily = "acme-stage-nightly", ContainerName = "nightly" }
  }

  assert {
    condition     = stackwright_monitor.main["failed"].type == "event" && jsondecode(stackwright_monitor.main["failed"].event.pattern).detail.group == ["family:acme-stage-nightly"]
    error_message = "It watches other events: ${jsonencode(stackwright_monitor.main["failed"].event)}."
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "dead_letters dead_letters_failed dropped failed throttled" && output.omitted.missed_run == "needs expected_window"
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
