output "deploy_role_arn" {
  description = "ARN of the role that builds, for apply_role in the roots of its environment."
  value       = stackwright_role.deploy.role_arn
}

output "plan_role_arn" {
  description = "ARN of the role that reads, for assume_role in the roots of its environment."
  value       = stackwright_role.plan.role_arn
}
