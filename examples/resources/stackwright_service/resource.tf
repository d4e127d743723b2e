resource "stackwright_network" "main" {
  name = "main"
}

resource "stackwright_cluster" "main" {
  name = "main"
}

resource "stackwright_router" "public" {
  name    = "public"
  network = stackwright_network.main.ref
}

resource "stackwright_app" "shop" {
  name    = "shop"
  network = stackwright_network.main.ref
}

resource "stackwright_app" "admin" {
  name    = "admin"
  network = stackwright_network.main.ref
}

# Takes requests: PORT says where it listens.
resource "stackwright_service" "web" {
  app     = stackwright_app.shop.ref
  cluster = stackwright_cluster.main.ref
  process = "web"
  image   = "111111111111.dkr.ecr.us-west-2.amazonaws.com/shop:v41"
  command = "bundle exec puma -p $PORT"
  size    = "2X"

  routes = {
    www = { router = stackwright_router.public.ref, host = "shop.example.com" }
  }

  health_check = { path = "/health" }
  scale        = { min = 2, max = 10, cpu = 60 }
  deploy       = { minimum_percent = 50, maximum_percent = 150 }

  # Tasks of the other app reach it as web.shop in the domain of the network.
  private_name = true
  clients      = { admin = stackwright_app.admin.security_group_id }

  # Beside the process in each task, and started before it.
  sidecars = {
    collector = {
      image        = "111111111111.dkr.ecr.us-west-2.amazonaws.com/collector:v3"
      memory       = 256
      health_check = { command = "/healthcheck" }
    }
  }
  start_after = { collector = "HEALTHY" }
}

# Nothing reaches it.
resource "stackwright_service" "worker" {
  app           = stackwright_app.shop.ref
  cluster       = stackwright_cluster.main.ref
  process       = "worker"
  image         = "111111111111.dkr.ecr.us-west-2.amazonaws.com/shop:v41"
  command       = "bundle exec sidekiq"
  desired_count = 2
}
