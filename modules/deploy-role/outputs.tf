output "role_arn" {
  description = "ARN of the role, for assume_role in the roots of its environment."
  value       = stackwright_role.main.role_arn
}
