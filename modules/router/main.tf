# What requests come in through: a load balancer with a redirect to HTTPS, a
# certificate that renews itself, and DNS names.
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
