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
}
