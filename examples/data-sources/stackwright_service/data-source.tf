data "stackwright_service" "worker" {
  app     = "shop"
  process = "worker"
}

output "running" {
  value = data.stackwright_service.worker.image
}
