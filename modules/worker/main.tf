# One process of an app that keeps running and takes no requests: task role,
# task definition, ECS service and its monitors.
#
# Usage:
#
#   module "process_worker" {
#     source = "../../modules/worker"
#
#     app     = stackwright_app.main.ref
#     cluster = var.cluster
#     process = "worker"
#     image   = var.image
#     command = "bundle exec sidekiq"
#   }

resource "stackwright_service" "main" {
  app                    = var.app
  cluster                = var.cluster
  process                = var.process
  image                  = var.image
  command                = var.command
  size                   = var.size
  desired_count          = var.scale == null ? var.desired_count : null
  scale                  = var.scale
  config                 = var.config
  secrets                = var.secrets
  stop_timeout           = var.stop_timeout
  deploy                 = var.deploy
  exec                   = var.exec
  architecture           = var.architecture
  container_health_check = var.container_health_check
  entrypoint             = var.entrypoint
  ignore_drift           = var.ignore_drift
  sidecars               = var.sidecars
  start_after            = var.start_after
  volumes                = var.volumes
  tags                   = var.tags

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
  # Without a task on purpose, a monitor of running tasks would fire for ever; a task that is wanted and missing
  # is told by below_desired.
  may_run_none = var.scale == null ? var.desired_count == 0 : var.scale.min == 0
}

module "monitors" {
  source = "../monitors"

  name = "${var.app.name}/${var.process}"
  kind = "service"
  dimensions = {
    ClusterName = stackwright_service.main.ref.cluster_name
    ServiceName = stackwright_service.main.ref.name
  }
  container_insights = var.container_insights
  may_run_none       = local.may_run_none
  defaults           = var.defaults
  monitors           = var.monitors
  notify             = var.notify
  tags               = var.tags
}
