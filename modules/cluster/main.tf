# The ECS cluster of an environment, with Fargate and Fargate Spot as its capacity.
#
# Usage:
#
#   module "cluster" {
#     source = "../modules/cluster"
#
#     name = "main"
#   }

resource "stackwright_cluster" "main" {
  name               = var.name
  spot_percent       = var.spot_percent
  container_insights = var.container_insights
  exec_logging       = var.exec_logging
  ignore_drift       = var.ignore_drift
  tags               = var.tags

  dynamic "timeouts" {
    for_each = var.timeouts == null ? [] : [var.timeouts]
    content {
      create = timeouts.value.create
      update = timeouts.value.update
      delete = timeouts.value.delete
    }
  }
}
