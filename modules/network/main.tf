# The network of an environment: a VPC with public and private subnets in each
# availability zone, internet access for tasks through NAT, and a private path to S3.
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
  name     = var.name
  cidr     = var.cidr
  az_count = var.az_count
  nat      = var.nat
}
