resource "stackwright_cluster" "main" {
  name         = "main"
  spot_percent = 50
}
