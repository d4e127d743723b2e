# One process of an app that takes requests: task role, task definition, ECS
# service, target groups and rules at routers, a private name, and the monitors of
# all of it.
#
# Usage:
#
#   module "process_web" {
#     source = "../../modules/web-service"
#
#     app     = stackwright_app.main.ref
#     cluster = var.cluster
#     process = "web"
#     image   = var.image
#     command = "bundle exec puma"
#     routes  = { main = { router = var.router, host = "shop.example.com" } }
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
  port                   = var.port
  routes                 = var.routes
  health_check           = var.health_check
  deregistration_delay   = var.deregistration_delay
  slow_start             = var.slow_start
  clients                = var.clients
  private_name           = var.private_name
  architecture           = var.architecture
  container_health_check = var.container_health_check
  entrypoint             = var.entrypoint
  ignore_drift           = var.ignore_drift
  sidecars               = var.sidecars
  start_after            = var.start_after
  stickiness             = var.stickiness
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
  name    = "${var.app.name}/${var.process}"
  routers = toset([for route in var.routes : route.router.name])

  # Which keys are monitors of the service; the others are monitors of what a router sees of it.
  of_service = ["below_desired", "cpu", "deploy_failed", "memory", "none_running"]
  by_service = { for key, change in var.monitors : key => change if contains(local.of_service, key) }
  by_router  = { for key, change in var.monitors : key => change if !contains(local.of_service, key) }

  # Without a task on purpose, monitors of running tasks and of healthy targets would fire for ever; a task that is
  # wanted and missing is told by below_desired.
  may_run_none = var.scale == null ? var.desired_count == 0 : var.scale.min == 0
}

module "monitors" {
  source = "../monitors"

  name = local.name
  kind = "service"
  dimensions = {
    ClusterName = stackwright_service.main.ref.cluster_name
    ServiceName = stackwright_service.main.ref.name
  }
  container_insights = var.container_insights
  may_run_none       = local.may_run_none
  defaults           = { for key, made in var.defaults : key => made if contains(local.of_service, key) }
  monitors           = local.by_service
  notify             = var.notify
  tags               = var.tags
}

module "monitors_router" {
  source   = "../monitors"
  for_each = local.routers

  name = "${local.name} at ${each.key}"
  kind = "target"
  dimensions = {
    LoadBalancer = stackwright_service.main.ref.target_groups[each.key].load_balancer_arn_suffix
    TargetGroup  = stackwright_service.main.ref.target_groups[each.key].arn_suffix
  }
  may_run_none = local.may_run_none
  slo          = var.slo
  defaults     = { for key, made in var.defaults : key => made if !contains(local.of_service, key) }
  monitors     = local.by_router
  notify       = var.notify
  tags         = var.tags
}
