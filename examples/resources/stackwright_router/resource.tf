resource "stackwright_network" "main" {
  name = "main"
}

variable "zone_id" {
  description = "Id of the Route 53 zone of example.com. Without it the router speaks plain HTTP."
  type        = string
  default     = null
}

# With a zone there are a certificate, a redirect to HTTPS and DNS names.
resource "stackwright_router" "public" {
  name    = "public"
  network = stackwright_network.main.ref
  domains = var.zone_id == null ? [] : ["example.com", "*.example.com"]
  zone_id = var.zone_id
}

# Takes requests from its network only.
resource "stackwright_router" "internal" {
  name         = "internal"
  network      = stackwright_network.main.ref
  public       = false
  idle_timeout = 120
}
