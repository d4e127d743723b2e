# What all apps of an environment share: the network, the ECS cluster, and the
# routers through which requests come in from the internet or from the network.
#
# Usage:
#
#   module "environment" {
#     source = "../modules/environment"
#
#     network       = { cidr = "10.30.0.0/16" }
#     public_router = { domains = ["shop.example.com"], zone_id = "Z0123456789ABCDEFGHIJ" }
#   }

module "network" {
  source = "../network"

  name               = var.name
  cidr               = var.network.cidr
  az_count           = var.network.az_count
  nat                = var.network.nat
  ipv6               = var.network.ipv6
  flow_log_retention = var.network.flow_log_retention
  availability_zones = var.network.availability_zones
  domain             = var.network.domain
  tags               = var.tags
}

module "cluster" {
  source = "../cluster"

  name               = var.name
  container_insights = var.container_insights
  spot_percent       = var.spot_percent
  tags               = var.tags
}

module "public_router" {
  source = "../router"
  count  = var.public_router == null ? 0 : 1

  name                        = "public"
  network                     = module.network.ref
  public                      = true
  domains                     = var.public_router.domains
  zone_id                     = var.public_router.zone_id
  certificate_arn             = var.public_router.certificate_arn
  access_logs                 = var.public_router.access_logs
  idle_timeout                = var.public_router.idle_timeout
  ssl_policy                  = var.public_router.ssl_policy
  ipv6                        = var.public_router.ipv6
  additional_certificate_arns = var.public_router.additional_certificate_arns
  defaults                    = var.public_router.defaults
  monitors                    = var.public_router.monitors
  deletion_protection         = var.deletion_protection
  notify                      = var.notify
  tags                        = var.tags
}

module "internal_router" {
  source = "../router"
  count  = var.internal_router == null ? 0 : 1

  name                        = "internal"
  network                     = module.network.ref
  public                      = false
  domains                     = var.internal_router.domains
  zone_id                     = var.internal_router.zone_id
  certificate_arn             = var.internal_router.certificate_arn
  access_logs                 = var.internal_router.access_logs
  idle_timeout                = var.internal_router.idle_timeout
  ssl_policy                  = var.internal_router.ssl_policy
  ipv6                        = var.internal_router.ipv6
  additional_certificate_arns = var.internal_router.additional_certificate_arns
  defaults                    = var.internal_router.defaults
  monitors                    = var.internal_router.monitors
  deletion_protection         = var.deletion_protection
  notify                      = var.notify
  tags                        = var.tags
}
