output "arn" {
  description = "ARN of the ECS cluster."
  value       = stackwright_cluster.main.cluster_arn
}

output "name" {
  description = "Name of the ECS cluster in AWS."
  value       = stackwright_cluster.main.cluster_name
}

output "ref" {
  description = "The cluster as other modules take it."
  value       = stackwright_cluster.main.ref
}
