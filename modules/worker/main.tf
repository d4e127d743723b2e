# One process of an app that keeps running and takes no requests: task role,
# task definition and ECS service.
#
# Usage:
#
#   module "process_worker" {
#     source = "../../modules/worker"
#
#     app     = stackwright_app.main.ref
#     cluster = var.cluster
#     process = "worker"
#     image   = var.image
#     command = "bundle exec sidekiq"
#   }

resource "stackwright_service" "main" {
  app           = var.app
  cluster       = var.cluster
  process       = var.process
  image         = var.image
  command       = var.command
  size          = var.size
  desired_count = var.desired_count
  config        = var.config
  stop_timeout  = var.stop_timeout
  deploy        = var.deploy
  exec          = var.exec
}
