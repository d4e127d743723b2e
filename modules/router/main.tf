# What requests come in through: a load balancer with a redirect to HTTPS, a
# certificate that renews itself, DNS names, and monitors of the days that the
# certificate has left and of the errors that the load balancer itself answers.
#
# Usage:
#
#   module "router" {
#     source = "../modules/router"
#
#     name    = "public"
#     network = module.network.ref
#     domains = ["example.com", "*.example.com"]
#     zone_id = "Z0123456789ABCDEFGHIJ"
#   }

resource "stackwright_router" "main" {
  name                        = var.name
  network                     = var.network
  public                      = var.public
  domains                     = var.domains
  zone_id                     = var.zone_id
  certificate_arn             = var.certificate_arn
  access_logs                 = var.access_logs
  idle_timeout                = var.idle_timeout
  deletion_protection         = var.deletion_protection
  additional_certificate_arns = var.additional_certificate_arns
  ignore_drift                = var.ignore_drift
  ipv6                        = var.ipv6
  ssl_policy                  = var.ssl_policy
  tags                        = var.tags

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
  dimensions = {
    LoadBalancer   = stackwright_router.main.ref.arn_suffix
    CertificateArn = try(coalesce(var.certificate_arn, stackwright_router.main.requested_certificate_arn), null)
  }

  # Whether there is a certificate must be known before it is: with domains there always is one.
  certified = length(var.domains) > 0 ? true : var.certificate_arn != null
}

module "monitors" {
  source = "../monitors"

  name       = "router/${var.name}"
  kind       = "router"
  dimensions = { for name, value in local.dimensions : name => value if local.certified || name != "CertificateArn" }
  defaults   = var.defaults
  monitors   = var.monitors
  notify     = var.notify
  tags       = var.tags
}
