# One process of an app that runs on a schedule: task role, task definition,
# schedule, the role that starts it, and a queue for runs that could not start.
# A run that takes longer than the pause between two has a second one beside it.
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
  stop_timeout    = var.stop_timeout
  tags            = var.tags
}
