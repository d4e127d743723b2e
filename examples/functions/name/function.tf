# acme-prod-shop-worker-xwylod
output "service_name" {
  value = provider::stackwright::name("ecs", ["acme", "prod", "shop", "worker"])
}
