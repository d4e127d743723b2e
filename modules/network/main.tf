# The network of an environment: a VPC with IPv4 and IPv6, public and private subnets in each
# availability zone, ways to the internet for tasks, a private path to S3, and a flow log.
#
# Usage:
#
#   module "network" {
#     source = "../modules/network"
#
#     name = "main"
#     cidr = "10.30.0.0/16"
#   }

resource "stackwright_network" "main" {
  name               = var.name
  cidr               = var.cidr
  az_count           = var.availability_zones == null ? var.az_count : null
  nat                = var.nat
  ipv6               = var.ipv6
  flow_log_retention = var.flow_log_retention
  availability_zones = var.availability_zones
  domain             = var.domain
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
