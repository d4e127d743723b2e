resource "stackwright_network" "main" {
  name = "main"
}

resource "stackwright_router" "public" {
  name    = "public"
  network = stackwright_network.main.ref

  # With a Route 53 zone of yours, a certificate, a redirect to HTTPS and DNS names:
  # domains = ["example.com", "*.example.com"]
  # zone_id = "Z0123456789ABCDEFGHIJ"
}
