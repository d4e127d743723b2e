output "monitors" {
  description = "Each monitor by its key, those at a router by router.key: its name, its thresholds and the ARNs of its alarms."
  value = merge(module.monitors.monitors, [
    for router, made in module.monitors_router : { for key, monitor in made.monitors : "${router}.${key}" => monitor }
  ]...)
}

output "omitted_monitors" {
  description = "The monitors that are not made, by their key, those at a router by router.key, and why."
  value = merge(module.monitors.omitted, [
    for router, made in module.monitors_router : { for key, reason in made.omitted : "${router}.${key}" => reason }
  ]...)
}

output "private_name" {
  description = "Whole private name by which other apps reach it, null without one."
  value       = stackwright_service.main.private_dns_name
}

output "ref" {
  description = "The service as other modules take it."
  value       = stackwright_service.main.ref
}

output "service_arn" {
  description = "ARN of the ECS service."
  value       = stackwright_service.main.service_arn
}

output "target_group_arns" {
  description = "ARN of its target group at each router, by the router's name."
  value       = stackwright_service.main.target_group_arns
}

output "task_definition_arn" {
  description = "ARN of the task definition that runs."
  value       = stackwright_service.main.task_definition_arn
}

output "task_role_arn" {
  description = "ARN of the role that the tasks have."
  value       = stackwright_service.main.task_role_arn
}
