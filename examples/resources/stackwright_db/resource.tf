resource "stackwright_network" "main" {
  name = "main"
}

# The tasks of this app may connect.
resource "stackwright_app" "shop" {
  name    = "shop"
  network = stackwright_network.main.ref
}

resource "stackwright_db" "main" {
  name           = "main"
  network        = stackwright_network.main.ref
  engine_version = "16"
  instance_class = "db.m6g.large"
  storage        = 100
  max_storage    = 500
  multi_az       = true
  clients        = { shop = stackwright_app.shop.security_group_id }
  replicas       = { reports = { instance_class = "db.t4g.medium" } }
}

resource "stackwright_cluster" "main" {
  name = "main"
}

# Services and jobs take the settings. An app among the clients cannot: each would wait for the other.
resource "stackwright_service" "worker" {
  app     = stackwright_app.shop.ref
  cluster = stackwright_cluster.main.ref
  process = "worker"
  image   = "public.ecr.aws/docker/library/ruby:3.3"
  command = "bundle exec sidekiq"
  config  = stackwright_db.main.config
  secrets = stackwright_db.main.secrets
}

output "database_secret_arn" {
  value = stackwright_db.main.secret_arn
}

output "reports_host" {
  value = stackwright_db.main.replica_hosts["reports"]
}
