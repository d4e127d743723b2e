output "monitors" {
  description = "Each monitor by its key: its name, its thresholds, the ARN of the alarm that tells critical, and those of all its alarms on metrics."
  value = {
    for key, monitor in stackwright_monitor.main : key => {
      name       = monitor.name
      warning    = local.levels[key].warning
      critical   = local.levels[key].critical
      alarm_arn  = monitor.ref.alarm_arn
      alarm_arns = monitor.alarm_arns
    }
  }
}

output "omitted" {
  description = "The defaults of this kind that are not made, by their key, and why."
  value       = { for key, reason in local.reasons : key => reason if reason != "" }
}
