# What all apps of an environment share: the network and the ECS cluster.
#
# Usage:
#
#   module "environment" {
#     source = "../modules/environment"
#
#     network = { cidr = "10.30.0.0/16" }
#   }

module "network" {
  source = "../network"

  name               = var.name
  cidr               = var.network.cidr
  az_count           = var.network.az_count
  nat                = var.network.nat
  ipv6               = var.network.ipv6
  flow_log_retention = var.network.flow_log_retention
}

module "cluster" {
  source = "../cluster"

  name               = var.name
  container_insights = var.container_insights
  spot_percent       = var.spot_percent
}
