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

output "network" {
  description = "The network as other modules take it."
  value       = module.network.ref
}

output "public_router" {
  description = "The public router as services take it in their routes, null without one."
  value       = one(module.public_router[*].router)
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = module.network.vpc_id
}
