# What requests come in through: a load balancer with a redirect to HTTPS, a
# certificate that renews itself, DNS names, and a monitor of the days that the
# certificate has left.
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
  name                = var.name
  network             = var.network
  public              = var.public
  domains             = var.domains
  zone_id             = var.zone_id
  certificate_arn     = var.certificate_arn
  access_logs         = var.access_logs
  idle_timeout        = var.idle_timeout
  deletion_protection = var.deletion_protection
  tags                = var.tags
}

module "monitors" {
  source = "../monitors"

  # Whether there is a certificate must be known before it is: with domains there always is one.
  count = length(var.domains) > 0 ? 1 : var.certificate_arn == null ? 0 : 1

  name       = "router/${var.name}"
  kind       = "router"
  dimensions = { CertificateArn = try(coalesce(var.certificate_arn, stackwright_router.main.requested_certificate_arn), null) }
  defaults   = var.defaults
  monitors   = var.monitors
  notify     = var.notify
  tags       = var.tags
}
