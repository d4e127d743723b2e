resource "stackwright_network" "main" {
  name = "main"
}

resource "stackwright_cluster" "main" {
  name = "main"
}

resource "stackwright_app" "shop" {
  name    = "shop"
  network = stackwright_network.main.ref
}

resource "stackwright_job" "report" {
  app       = stackwright_app.shop.ref
  cluster   = stackwright_cluster.main.ref
  process   = "report"
  image     = "111111111111.dkr.ecr.us-west-2.amazonaws.com/shop:v41"
  command   = "bin/report --yesterday"
  schedule  = "cron(0 3 * * ? *)"
  time_zone = "Europe/Berlin"
}
