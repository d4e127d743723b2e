# One process of an app that runs on a schedule: task role, task definition,
# schedule, the role that starts it, and a queue for runs that could not start.
# A run that takes longer than the pause between two has a second one beside it.
# Its monitors tell of runs that could not start, that were not started when they
# should have been, or that ended with another code than 0.
#
# Usage:
#
#   module "job_report" {
#     source = "../../modules/scheduled-job"
#
#     app      = stackwright_app.main.ref
#     cluster  = var.cluster
#     process  = "report"
#     image    = var.image
#     command  = "bin/report --yesterday"
#     schedule = "cron(0 3 * * ? *)"
#   }

resource "stackwright_job" "main" {
  app             = var.app
  cluster         = var.cluster
  process         = var.process
  schedule        = var.schedule
  time_zone       = var.time_zone
  flexible_window = var.flexible_window
  enabled         = var.enabled
  retries         = var.retries
  maximum_age     = var.maximum_age
  image           = var.image
  command         = var.command
  size            = var.size
  config          = var.config
  secrets         = var.secrets
  stop_timeout    = var.stop_timeout
  architecture    = var.architecture
  entrypoint      = var.entrypoint
  ignore_drift    = var.ignore_drift
  tags            = var.tags

  dynamic "timeouts" {
    for_each = var.timeouts == null ? [] : [var.timeouts]
    content {
      create = timeouts.value.create
      update = timeouts.value.update
      delete = timeouts.value.delete
    }
  }
}

locals {
  # The longest pause between two runs in minutes, of the commonest forms: every n minutes, hours or days, once an
  # hour, once a day (25 hours on the day that summer time ends).
  every_day = "(\\* \\* \\?|\\? \\* \\*) \\*\\)$"
  rate      = try(regex("^rate\\(([0-9]+) (minute|hour|day)s?\\)$", var.schedule), null)
  step      = try(regex("^cron\\((?:[0-9]+|\\*)/([0-9]+) \\* ${local.every_day}", var.schedule)[0], null)
  pause = try(coalesce(
    try(tonumber(local.rate[0]) * { minute = 1, hour = 60, day = 1440 }[local.rate[1]], null),
    try(tonumber(local.step), null),
    can(regex("^cron\\([0-9]+ \\* ${local.every_day}", var.schedule)) ? 60 : null,
    can(regex("^cron\\([0-9]+ [0-9]+ ${local.every_day}", var.schedule)) ? 1500 : null,
  ), null)

  # With some time to spare. A new monitor waits for data for 2 days at most, so that a rarer job needs a window of its own.
  window = try(local.pause + max(5, ceil(local.pause / 20)) + var.flexible_window, null)
  known  = try(local.window <= 2880, false) ? "last_${local.window}m" : null
}

module "monitors" {
  source = "../monitors"

  name = "${var.app.name}/${var.process}"
  kind = "job"
  dimensions = {
    ScheduleGroup        = stackwright_job.main.ref.schedule_group
    DeadLetterQueueName  = stackwright_job.main.ref.dead_letter_queue
    TaskDefinitionFamily = stackwright_job.main.ref.task_definition_family
    ContainerName        = var.process
  }
  expected_window = var.enabled ? try(coalesce(var.expected_window, local.known), null) : null
  defaults        = var.defaults
  monitors        = var.monitors
  notify          = var.notify
  tags            = var.tags
}
