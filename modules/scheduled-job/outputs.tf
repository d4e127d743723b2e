output "dead_letter_queue_arn" {
  description = "ARN of the queue for runs that could not start."
  value       = stackwright_job.main.dead_letter_queue_arn
}

output "monitors" {
  description = "Each monitor by its key: its name, its thresholds and the ARNs of its alarms."
  value       = module.monitors.monitors
}

output "omitted_monitors" {
  description = "The monitors that are not made, by their key, and why."
  value       = module.monitors.omitted
}

output "ref" {
  description = "The job as other modules take it."
  value       = stackwright_job.main.ref
}

output "schedule_arn" {
  description = "ARN of the schedule."
  value       = stackwright_job.main.schedule_arn
}

output "task_definition_arn" {
  description = "ARN of the task definition that runs."
  value       = stackwright_job.main.task_definition_arn
}

output "task_role_arn" {
  description = "ARN of the role that the tasks have."
  value       = stackwright_job.main.task_role_arn
}
