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

resource "stackwright_service" "worker" {
  app           = stackwright_app.shop.ref
  cluster       = stackwright_cluster.main.ref
  process       = "worker"
  image         = "111111111111.dkr.ecr.us-west-2.amazonaws.com/shop:v41"
  command       = "bundle exec sidekiq"
  size          = "2X"
  desired_count = 2
}
