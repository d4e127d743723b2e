output "monitors" {
  description = "Each monitor by its key: its name, its thresholds and the ARNs of its alarms."
  value       = module.monitors.monitors
}

output "omitted_monitors" {
  description = "The monitors that are not made, by their key, and why."
  value       = module.monitors.omitted
}

output "ref" {
  description = "The service as other modules take it."
  value       = stackwright_service.main.ref
}

output "service_arn" {
  description = "ARN of the ECS service."
  value       = stackwright_service.main.service_arn
}

output "task_definition_arn" {
  description = "ARN of the task definition that runs."
  value       = stackwright_service.main.task_definition_arn
}

output "task_role_arn" {
  description = "ARN of the role that the tasks have."
  value       = stackwright_service.main.task_role_arn
}
