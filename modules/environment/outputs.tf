output "cluster" {
  description = "The cluster as other modules take it."
  value       = module.cluster.ref
}

output "cluster_name" {
  description = "Name of the ECS cluster in AWS."
  value       = module.cluster.name
}

output "network" {
  description = "The network as other modules take it."
  value       = module.network.ref
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = module.network.vpc_id
}
