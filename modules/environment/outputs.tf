output "cluster" {
  description = "The cluster as other modules take it."
  value       = module.cluster.ref
}

output "cluster_name" {
  description = "Name of the ECS cluster in AWS."
  value       = module.cluster.name
}

output "container_insights" {
  description = "Whether the cluster has Container Insights."
  value       = var.container_insights
}

output "internal_router" {
  description = "The internal router as services take it in their routes, null without one."
  value       = one(module.internal_router[*].router)
}

output "internal_router_name" {
  description = "Private DNS name of the internal router, null without one."
  value       = one(module.internal_router[*].private_name)
}

output "monitors" {
  description = "The monitors of the routers, public and internal: which router, then the monitor's key."
  value = merge(
    { for router in module.public_router : "public" => router.monitors },
    { for router in module.internal_router : "internal" => router.monitors },
  )
}

output "network" {
  description = "The network as other modules take it."
  value       = module.network.ref
}

output "omitted_monitors" {
  description = "The monitors of the routers that are not made: which router, then the monitor's key, and why."
  value = merge(
    { for router in module.public_router : "public" => router.omitted_monitors },
    { for router in module.internal_router : "internal" => router.omitted_monitors },
  )
}

output "public_router" {
  description = "The public router as services take it in their routes, null without one."
  value       = one(module.public_router[*].router)
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = module.network.vpc_id
}
