data "stackwright_network" "main" {
  name = "main"
}

resource "stackwright_app" "shop" {
  name    = "shop"
  network = data.stackwright_network.main.ref
}
