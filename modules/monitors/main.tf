# The default monitors of a service, a router, a database, a job or a queue.
# Each has a key by which it is changed or left out. Cost is not here because its
# metric is in us-east-1 alone and looks back only: a budget of AWS Budgets warns
# of what is to come.
#
# Usage:
#
#   module "monitors" {
#     source = "../monitors"
#
#     name       = "shop/web"
#     kind       = "web"
#     dimensions = {
#       ClusterName  = var.cluster.name
#       ServiceName  = stackwright_service.main.ref.name
#       LoadBalancer = var.router.arn_suffix
#       TargetGroup  = "targetgroup/shop-web/0123456789abcdef"
#     }
#     notify   = { warning = "@slack-team-infra", critical = "@pagerduty" }
#     monitors = { latency = { warning = 0.5, critical = 2 } }
#     defaults = { cpu = false }
#   }

locals {
  # The series that a monitor watches, by the dimensions that tell it apart. They stand by themselves because a plan may
  # not know them yet, and what a plan does know of a monitor is then to be seen.
  series = { for name, dimensions in {
    certificate = { CertificateArn = "CertificateArn" }
    group       = { ScheduleGroup = "ScheduleGroup" }
    instance    = { DBInstanceIdentifier = "DBInstanceIdentifier" }
    letters     = { QueueName = "DeadLetterQueueName" }
    queue       = { QueueName = "QueueName" }
    router      = { LoadBalancer = "LoadBalancer" }
    service     = { ClusterName = "ClusterName", ServiceName = "ServiceName" }
    target      = { LoadBalancer = "LoadBalancer", TargetGroup = "TargetGroup" }
    } : name => { for dimension, given in dimensions : dimension => lookup(var.dimensions, given, null) }
  }

  # The events that monitors of events count.
  patterns = {
    deploy_failed = jsonencode({
      source        = ["aws.ecs"]
      "detail-type" = ["ECS Deployment State Change"]
      resources     = [{ suffix = ":service/${lookup(var.dimensions, "ClusterName", "")}/${lookup(var.dimensions, "ServiceName", "")}" }]
      detail        = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] }
    })
    failed = jsonencode({
      source        = ["aws.ecs"]
      "detail-type" = ["ECS Task State Change"]
      detail = {
        group      = ["family:${lookup(var.dimensions, "TaskDefinitionFamily", "")}"]
        lastStatus = ["STOPPED"]
        # A sidecar that is stopped at the end of a run has another code, too.
        "$or" = [
          { containers = { name = [lookup(var.dimensions, "ContainerName", "")], exitCode = [{ "anything-but" = [0] }] } },
          { stopCode = ["TaskFailedToStart"] },
        ]
      }
    })
  }

  service = {
    cpu = {
      title       = "cpu"
      needs       = ["ClusterName", "ServiceName"]
      message     = "${var.name} uses more than {{threshold}}% of its CPU. Raise its size or its count, or see what it works on."
      namespace   = "AWS/ECS"
      metric      = "CPUUtilization"
      series      = "service"
      time_aggr   = "min"
      space_aggr  = "avg"
      time_window = "last_5m"
      operator    = ">"
      warning     = 80
      critical    = 90
      no_data     = "show"
    }
    memory = {
      title       = "memory"
      needs       = ["ClusterName", "ServiceName"]
      message     = "${var.name} uses more than {{threshold}}% of its memory. At 100% its tasks are killed: raise its size, or look for a leak."
      namespace   = "AWS/ECS"
      metric      = "MemoryUtilization"
      series      = "service"
      time_aggr   = "min"
      space_aggr  = "avg"
      time_window = "last_5m"
      operator    = ">"
      warning     = 80
      critical    = 90
      no_data     = "show"
    }
    none_running = {
      title       = "none running"
      needs       = ["ClusterName", "ServiceName"]
      insights    = true
      needs_task  = true
      message     = "${var.name} has no running task. See why its tasks stopped, in the events of its ECS service."
      namespace   = "ECS/ContainerInsights"
      metric      = "RunningTaskCount"
      series      = "service"
      time_aggr   = "max"
      space_aggr  = "avg"
      time_window = "last_5m"
      operator    = "<="
      critical    = 0
      no_data     = "alert"
    }
    below_desired = {
      title      = "below desired"
      needs      = ["ClusterName", "ServiceName"]
      insights   = true
      message    = "${var.name} has had fewer tasks than desired for 15 minutes: a stuck deployment, or tasks that keep stopping. See the events of its ECS service."
      namespace  = "ECS/ContainerInsights"
      expression = "desired - running"
      series     = "service"
      metrics = {
        desired = { metric = "DesiredTaskCount" }
        running = { metric = "RunningTaskCount" }
      }
      time_aggr   = "min"
      time_window = "last_15m"
      operator    = ">"
      warning     = 0
      no_data     = "ok"
    }
    # ECS sends the event while the circuit breaker of the service is on.
    deploy_failed = {
      title       = "deploy failed"
      needs       = ["ClusterName", "ServiceName"]
      message     = "A deployment of ${var.name} failed. See the events of its ECS service, and why the tasks that it started stopped."
      event       = true
      time_window = "last_1m"
      operator    = ">"
      critical    = 0
      no_data     = "ok"
    }
  }

  web = {
    no_healthy = {
      title       = "no healthy target"
      needs       = ["LoadBalancer", "TargetGroup"]
      needs_task  = true
      message     = "No target of ${var.name} is healthy: its users get errors. See the health checks of its target group and the logs of its tasks."
      namespace   = "AWS/ApplicationELB"
      metric      = "HealthyHostCount"
      series      = "target"
      time_aggr   = "max"
      space_aggr  = "min"
      time_window = "last_2m"
      operator    = "<"
      critical    = 1
      no_data     = "alert"
    }
    unhealthy = {
      title       = "unhealthy targets"
      needs       = ["LoadBalancer", "TargetGroup"]
      message     = "Some targets of ${var.name} have been unhealthy for 5 minutes. See the health checks of its target group."
      namespace   = "AWS/ApplicationELB"
      metric      = "UnHealthyHostCount"
      series      = "target"
      time_aggr   = "min"
      space_aggr  = "max"
      time_window = "last_5m"
      operator    = ">"
      warning     = 0
      no_data     = "ok"
    }
    errors = {
      title      = "5xx ratio"
      needs      = ["LoadBalancer", "TargetGroup"]
      message    = "More than {{threshold}}% of the requests to ${var.name} end in a 5xx of its own. See its logs, and what was deployed last."
      namespace  = "AWS/ApplicationELB"
      expression = "IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)"
      series     = "target"
      metrics = {
        errors   = { metric = "HTTPCode_Target_5XX_Count" }
        requests = { metric = "RequestCount" }
      }
      time_aggr   = "sum"
      time_window = "last_5m"
      operator    = ">"
      warning     = 1
      critical    = 5
      no_data     = "ok"
    }
    latency = {
      title       = "latency"
      needs       = ["LoadBalancer", "TargetGroup"]
      message     = "5% of the requests to ${var.name} take longer than {{threshold}} s. See its database and what it waits for."
      namespace   = "AWS/ApplicationELB"
      metric      = "TargetResponseTime"
      series      = "target"
      time_aggr   = "min"
      space_aggr  = "p95"
      interval    = 300
      time_window = "last_15m"
      operator    = ">"
      warning     = 1
      critical    = 3
      no_data     = "show"
    }
    slo_fast = merge(local.slo, {
      title        = "SLO burns fast"
      message      = "${var.name} uses up its budget of errors so fast that a month's worth is gone in two days. See what was deployed last, and roll it back."
      time_window  = "last_1h"
      short_window = "last_5m"
      critical     = try(tonumber(format("%.4f", 14.4 * (100 - var.slo))), null)
    })
    slo_slow = merge(local.slo, {
      title        = "SLO burns"
      message      = "${var.name} uses up its budget of errors six times as fast as it may. See its logs for what fails."
      time_window  = "last_6h"
      short_window = "last_30m"
      critical     = try(tonumber(format("%.4f", 6 * (100 - var.slo))), null)
    })
    slo_long = merge(local.slo, {
      title        = "SLO at risk"
      message      = "${var.name} has used up its budget of errors for three days. Find time to mend what fails most."
      time_window  = "last_3d"
      short_window = "last_6h"
      warning      = try(tonumber(format("%.4f", 100 - var.slo)), null)
    })
  }

  # Share of failed requests in percent, as against the budget that the objective leaves. The second, shorter look
  # ends an alarm soon after its cause. With fewer than 20 requests in it nobody is told: one error would be too many.
  slo = {
    needs      = ["LoadBalancer", "TargetGroup"]
    number     = "slo"
    namespace  = "AWS/ApplicationELB"
    expression = "IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)"
    series     = "target"
    metrics = {
      errors   = { metric = "HTTPCode_Target_5XX_Count" }
      requests = { metric = "RequestCount" }
    }
    time_aggr = "sum"
    operator  = ">"
    no_data   = "ok"
  }

  router = {
    certificate = {
      title       = "certificate"
      needs       = ["CertificateArn"]
      message     = "The TLS certificate of ${var.name} ends in {{threshold}} days or fewer. ACM renews its own while their DNS records are there; others have to be replaced."
      namespace   = "AWS/CertificateManager"
      metric      = "DaysToExpiry"
      series      = "certificate"
      time_aggr   = "max"
      space_aggr  = "min"
      interval    = 86400
      time_window = "last_1d"
      operator    = "<="
      warning     = 44
      critical    = 14
      no_data     = "alert"
      # ACM tells a new certificate's days once a day.
      warm_up = 2880
    }
    router_errors = {
      title       = "own 5xx"
      needs       = ["LoadBalancer"]
      message     = "The load balancer of ${var.name} itself answered {{comparator}} {{threshold}} requests with a 5xx within 5 minutes: targets refuse connections or answer too late."
      namespace   = "AWS/ApplicationELB"
      metric      = "HTTPCode_ELB_5XX_Count"
      series      = "router"
      time_aggr   = "sum"
      space_aggr  = "sum"
      time_window = "last_5m"
      operator    = ">="
      warning     = 1
      critical    = 10
      no_data     = "ok"
    }
  }

  database = {
    cpu = {
      title       = "cpu"
      needs       = ["DBInstanceIdentifier"]
      message     = "The database ${var.name} uses more than {{threshold}}% of its CPU. See its slowest queries, or take a larger instance_class."
      namespace   = "AWS/RDS"
      metric      = "CPUUtilization"
      series      = "instance"
      time_aggr   = "min"
      space_aggr  = "avg"
      time_window = "last_15m"
      operator    = ">"
      warning     = 80
      critical    = 90
      no_data     = "alert"
    }
    storage = {
      title       = "free storage"
      needs       = ["DBInstanceIdentifier"]
      number      = "allocated_storage_gib"
      message     = "The database ${var.name} has less than {{gib}} GiB of storage left. A full database stops: raise its storage."
      namespace   = "AWS/RDS"
      metric      = "FreeStorageSpace"
      series      = "instance"
      time_aggr   = "max"
      space_aggr  = "min"
      time_window = "last_5m"
      operator    = "<"
      warning     = try(floor(var.allocated_storage_gib * 1073741824 * 0.2), null)
      critical    = try(floor(var.allocated_storage_gib * 1073741824 * 0.1), null)
      no_data     = "alert"
    }
    connections = {
      title       = "connections"
      needs       = ["DBInstanceIdentifier"]
      number      = "max_connections"
      message     = "The database ${var.name} has more than {{threshold}} connections${try(", and takes ${var.max_connections}", "")}. Look for pools that are too large, or take a larger instance_class."
      namespace   = "AWS/RDS"
      metric      = "DatabaseConnections"
      series      = "instance"
      time_aggr   = "min"
      space_aggr  = "avg"
      time_window = "last_5m"
      operator    = ">"
      warning     = try(floor(var.max_connections * 0.8), null)
      critical    = try(floor(var.max_connections * 0.9), null)
      no_data     = "alert"
    }
    memory = {
      title       = "free memory"
      needs       = ["DBInstanceIdentifier"]
      number      = "memory_bytes"
      message     = "The database ${var.name} has less than {{gib}} GiB of memory left. See its queries, or take a larger instance_class."
      namespace   = "AWS/RDS"
      metric      = "FreeableMemory"
      series      = "instance"
      time_aggr   = "max"
      space_aggr  = "avg"
      time_window = "last_15m"
      operator    = "<"
      warning     = try(floor(var.memory_bytes * 0.25), null)
      no_data     = "alert"
    }
    replica_lag = {
      title       = "replica lag"
      needs       = ["DBInstanceIdentifier"]
      replica     = true
      message     = "The replica ${var.name} is more than {{threshold}} s behind. See long transactions on it, and writes on its source."
      namespace   = "AWS/RDS"
      metric      = "ReplicaLag"
      series      = "instance"
      time_aggr   = "min"
      space_aggr  = "max"
      time_window = "last_10m"
      operator    = ">"
      warning     = 30
      critical    = 60
      no_data     = "alert"
    }
    burst_io = {
      title       = "burst of operations"
      needs       = ["DBInstanceIdentifier"]
      message     = "The database ${var.name} has used up its burst of disk operations; it will be slow. Take a larger instance_class."
      namespace   = "AWS/RDS"
      metric      = "EBSIOBalance%"
      series      = "instance"
      time_aggr   = "max"
      space_aggr  = "avg"
      time_window = "last_3m"
      operator    = "<"
      warning     = 10
      no_data     = "show"
    }
    burst_bytes = {
      title       = "burst of throughput"
      needs       = ["DBInstanceIdentifier"]
      message     = "The database ${var.name} has used up its burst of disk throughput; it will be slow. Take a larger instance_class."
      namespace   = "AWS/RDS"
      metric      = "EBSByteBalance%"
      series      = "instance"
      time_aggr   = "max"
      space_aggr  = "avg"
      time_window = "last_3m"
      operator    = "<"
      warning     = 10
      no_data     = "show"
    }
    transaction_ids = {
      title       = "transaction ids"
      needs       = ["DBInstanceIdentifier"]
      message     = "The database ${var.name} has used more than {{threshold}} transaction ids, and stops at 2 billion. See why autovacuum does not keep up."
      namespace   = "AWS/RDS"
      metric      = "MaximumUsedTransactionIDs"
      series      = "instance"
      time_aggr   = "avg"
      space_aggr  = "avg"
      time_window = "last_1m"
      operator    = ">"
      critical    = 1000000000
      no_data     = "show"
    }
  }

  job = {
    dropped = {
      title       = "dropped runs"
      needs       = ["ScheduleGroup"]
      message     = "EventBridge Scheduler gave up starting a run of ${var.name}. See the dead-letter queue for the reason."
      namespace   = "AWS/Scheduler"
      metric      = "InvocationDroppedCount"
      series      = "group"
      time_aggr   = "sum"
      space_aggr  = "sum"
      time_window = "last_1m"
      operator    = ">"
      critical    = 0
      no_data     = "ok"
    }
    dead_letters_failed = {
      title       = "dead letters lost"
      needs       = ["ScheduleGroup"]
      message     = "EventBridge Scheduler cannot write to the dead-letter queue of ${var.name}. See the role of its schedule and the policy of the queue."
      namespace   = "AWS/Scheduler"
      metric      = "InvocationsFailedToBeSentToDeadLetterCount"
      series      = "group"
      time_aggr   = "min"
      space_aggr  = "sum"
      time_window = "last_15m"
      operator    = ">"
      warning     = 0
      no_data     = "ok"
    }
    throttled = {
      title       = "throttled"
      needs       = ["ScheduleGroup"]
      message     = "ECS throttles the runs of ${var.name}. Spread its schedules, or ask AWS for a higher quota."
      namespace   = "AWS/Scheduler"
      metric      = "TargetErrorThrottledCount"
      series      = "group"
      time_aggr   = "min"
      space_aggr  = "sum"
      time_window = "last_15m"
      operator    = ">"
      warning     = 0
      no_data     = "ok"
    }
  }

  ended = {
    failed = {
      title       = "failed run"
      needs       = ["TaskDefinitionFamily", "ContainerName"]
      message     = "A run of ${var.name} ended with another code than 0, or its task did not start. See its logs, and the reason why its task stopped."
      event       = true
      time_window = "last_1m"
      operator    = ">"
      critical    = 0
      no_data     = "ok"
    }
  }

  # Minutes of expected_window; a monitor waits for data for 2 days at most.
  window  = try(regex("^last_([0-9]+)([mhdw])$", var.expected_window), null)
  minutes = try(tonumber(local.window[0]) * { m = 1, h = 60, d = 1440, w = 10080 }[local.window[1]], null)

  started = {
    missed_run = {
      title       = "missed run"
      needs       = ["ScheduleGroup"]
      scheduled   = true
      message     = "${var.name} was not started when it should have been. See whether its schedule is enabled and what its dead-letter queue says."
      namespace   = "AWS/Scheduler"
      metric      = "InvocationAttemptCount"
      series      = "group"
      time_aggr   = "sum"
      space_aggr  = "sum"
      time_window = var.expected_window
      operator    = "<"
      critical    = 1
      no_data     = "alert"
      warm_up     = try(min(2880, local.minutes), null)
    }
  }

  queue = {
    age = {
      title       = "age"
      needs       = ["QueueName"]
      message     = "The oldest message of ${var.name} has waited for {{threshold}} s or longer. See whether its workers run, and whether they are enough."
      namespace   = "AWS/SQS"
      metric      = "ApproximateAgeOfOldestMessage"
      series      = "queue"
      time_aggr   = "min"
      space_aggr  = "max"
      time_window = "last_15m"
      operator    = ">="
      warning     = 300
      critical    = 600
      no_data     = "ok"
    }
  }

  letters = {
    dead_letters = {
      title       = "dead letters"
      needs       = ["DeadLetterQueueName"]
      message     = "Messages of ${var.name} are in its dead-letter queue. Read one, mend the cause, then send them back."
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      series      = "letters"
      time_aggr   = "max"
      space_aggr  = "max"
      time_window = "last_1m"
      operator    = ">"
      critical    = 0
      no_data     = "ok"
    }
  }

  # Objects rather than a condition: its two sides would have to be of one type.
  defaults = merge([
    for kinds, monitors in {
      "service web" = local.service
      "web target"  = local.web
      "router"      = local.router
      "database"    = local.database
      "job"         = merge(local.job, local.started, local.ended)
      "queue"       = local.queue
      "job queue"   = local.letters
    } : { for key, monitor in monitors : key => monitor if contains(split(" ", kinds), var.kind) }
  ]...)

  numbers = {
    allocated_storage_gib = var.allocated_storage_gib
    max_connections       = var.max_connections
    memory_bytes          = var.memory_bytes
    slo                   = var.slo
  }

  # Why a default is not made; empty for those that are.
  reasons = {
    for key, monitor in local.defaults : key => join("; ", compact([
      try(var.monitors[key].enabled, true) ? "" : "left out by monitors.${key}.enabled",
      lookup(var.defaults, key, true) ? "" : "left out by defaults.${key}",
      length(setsubtract(monitor.needs, keys(var.dimensions))) == 0 ? "" : "dimensions lacks ${join(", ", setsubtract(monitor.needs, keys(var.dimensions)))}",
      try(monitor.insights, false) && !var.container_insights ? "needs Container Insights on the cluster and container_insights = true" : "",
      try(monitor.replica, false) && !var.replica ? "is for replicas" : "",
      try(monitor.needs_task, false) && var.may_run_none ? "would fire for ever: the service may have no task" : "",
      try(monitor.scheduled, false) && var.expected_window == null ? "needs expected_window" : "",
      # Thresholds that are given need no number to be reckoned from.
      try(local.numbers[monitor.number], 0) == null && try(coalesce(var.monitors[key].warning, var.monitors[key].critical), null) == null ? "needs ${monitor.number}" : "",
    ]))
  }

  levels = {
    for key, monitor in local.defaults : key => {
      warning  = try(coalesce(var.monitors[key].warning, try(monitor.warning, null)), try(monitor.warning, null))
      critical = try(coalesce(var.monitors[key].critical, try(monitor.critical, null)), try(monitor.critical, null))
    } if local.reasons[key] == ""
  }

  # Whom each level tells.
  told = {
    for key, level in local.levels : key => {
      warning  = try(coalesce(var.monitors[key].notify.warning), var.notify.warning)
      critical = try(coalesce(var.monitors[key].notify.critical), var.notify.critical)
    }
  }

  # The short window of a default goes with its own window alone: whoever looks back over another one says so for both.
  # Over two windows a composite alarm tells, which cannot tell missing data from a recovery.
  windows = {
    for key, level in local.levels : key => {
      time  = try(var.monitors[key].time_window, null)
      short = try(var.monitors[key].short_window, null)
      gaps  = try(coalesce(var.monitors[key].no_data), local.defaults[key].no_data)
    }
  }
  short_windows = {
    for key, given in local.windows : key => given.short != null || given.time != null || contains(["notify", "show"], given.gaps) ? given.short : try(local.defaults[key].short_window, null)
  }

  # What a text says of its threshold, as it is or in GiB. With two levels each says its own; with one there is no
  # {{warn_threshold}}, and the provider refuses what has no value. Messages that somebody gives stay as they are.
  by_level = "{{#is_alert}}%s{{/is_alert}}{{#is_warning}}%s{{/is_warning}}"
  gib = {
    for key, level in local.levels : key => { for name, bytes in level : name => try(tonumber(format("%.2f", bytes / 1073741824)), null) }
  }
  words = {
    for key, level in local.levels : key => level.warning != null && level.critical != null ? {
      threshold = format(local.by_level, "{{threshold}}", "{{warn_threshold}}")
      gib       = format(local.by_level, local.gib[key].critical, local.gib[key].warning)
      } : {
      threshold = "{{threshold}}"
      gib       = tostring(coalesce(local.gib[key].critical, local.gib[key].warning))
    }
  }
  messages = {
    for key, word in local.words : key => replace(replace(local.defaults[key].message, "{{threshold}}", word.threshold), "{{gib}}", word.gib)
  }
}

# A monitor with one level has it as `critical`, whomever it tells.
resource "stackwright_monitor" "main" {
  for_each = local.levels

  name          = "${var.name} ${local.defaults[each.key].title}"
  message       = try(coalesce(var.monitors[each.key].message), local.messages[each.key])
  type          = can(local.defaults[each.key].event) ? "event" : "metric"
  namespace     = try(local.defaults[each.key].namespace, null)
  metric        = try(local.defaults[each.key].metric, null)
  dimensions    = can(local.defaults[each.key].metric) ? local.series[local.defaults[each.key].series] : null
  expression    = try(local.defaults[each.key].expression, null)
  metrics       = can(local.defaults[each.key].metrics) ? { for name, one in local.defaults[each.key].metrics : name => merge(one, { dimensions = local.series[local.defaults[each.key].series] }) } : null
  time_aggr     = try(local.defaults[each.key].time_aggr, null)
  space_aggr    = try(local.defaults[each.key].space_aggr, null)
  interval      = try(local.defaults[each.key].interval, 60)
  time_window   = try(coalesce(var.monitors[each.key].time_window), local.defaults[each.key].time_window)
  short_window  = local.short_windows[each.key]
  operator      = local.defaults[each.key].operator
  no_data       = try(coalesce(var.monitors[each.key].no_data), local.defaults[each.key].no_data)
  warm_up       = try(local.defaults[each.key].warm_up, null)
  resource_tags = var.tags

  dynamic "event" {
    for_each = can(local.defaults[each.key].event) ? [local.patterns[each.key]] : []

    content {
      pattern = event.value
    }
  }

  dynamic "warning" {
    for_each = each.value.warning != null && each.value.critical != null ? [each.value.warning] : []

    content {
      threshold = warning.value
      notify    = local.told[each.key].warning
    }
  }

  critical {
    threshold = coalesce(each.value.critical, each.value.warning)
    notify    = each.value.critical == null ? local.told[each.key].warning : local.told[each.key].critical
  }
}

check "container_insights" {
  assert {
    condition     = var.container_insights || !anytrue([for key, monitor in local.defaults : try(monitor.insights, false) && try(var.monitors[key].enabled, true) && lookup(var.defaults, key, true)])
    error_message = "Nobody watches whether ${var.name} has running tasks: that needs Container Insights. Turn it on at the cluster and set container_insights = true, or leave the monitors out with defaults = { none_running = false, below_desired = false }."
  }
}
