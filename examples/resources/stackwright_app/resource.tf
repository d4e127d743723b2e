resource "stackwright_network" "main" {
  name = "main"
}

resource "stackwright_app" "shop" {
  name    = "shop"
  network = stackwright_network.main.ref
  config  = { LOG_LEVEL = "info" }
}
