resource "stackwright_network" "main" {
  name = "main"
  cidr = "10.20.0.0/16"
  nat  = "single"
}
