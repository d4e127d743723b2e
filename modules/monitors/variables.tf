# Required variables

variable "dimensions" {
  description = "What is watched, by CloudWatch's names: ClusterName and ServiceName of a service, with LoadBalancer and TargetGroup of a web one; LoadBalancer and TargetGroup of a target; LoadBalancer and CertificateArn of a router; DBInstanceIdentifier of a database; ScheduleGroup, DeadLetterQueueName, TaskDefinitionFamily and ContainerName of a job; QueueName and DeadLetterQueueName of a queue. A default whose names are missing is left out."
  type        = map(string)
  nullable    = false
}

variable "kind" {
  description = "What is watched: service, target (a service at a router), web (both in one), router, database, job or queue."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["service", "target", "web", "router", "database", "job", "queue"], var.kind)
    error_message = "Write service, target, web, router, database, job or queue."
  }
}

variable "name" {
  description = "What the names of the monitors begin with, e.g. shop/web. Changing it replaces them."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+=._:/@-]([A-Za-z0-9 +=._:/@-]*[A-Za-z0-9+=._:/@-])?$", var.name))
    error_message = "Write letters, digits, spaces and + - = . _ : / @, e.g. shop/web."
  }
}

# Options

variable "allocated_storage_gib" {
  description = "Storage of a database in GiB. Without it the monitor storage is left out, unless monitors gives it thresholds."
  type        = number
  default     = null
}

variable "container_insights" {
  description = "Whether the cluster has Container Insights. Without it the monitors none_running and below_desired are left out, with a warning."
  type        = bool
  default     = false
  nullable    = false
}

variable "defaults" {
  description = "Which of the defaults are made, by their key: { latency = false } leaves one out. Those that are not named are made."
  type        = map(bool)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.defaults), keys(local.defaults))) == 0
    error_message = "Write only keys of monitors that this kind has, as for monitors."
  }
}

variable "expected_window" {
  description = "Time within which a job must be started, longer than the pause between two runs, e.g. last_26h for a daily one; a week at most. Without it the monitor missed_run is left out. A new monitor waits for data for 2 days at most: with a longer window it may fire before the first run of a new job."
  type        = string
  default     = null

  validation {
    condition     = var.expected_window == null || can(regex("^last_[1-9][0-9]*[mhdw]$", var.expected_window))
    error_message = "Write last_ with minutes, hours, days or 1w, e.g. last_26h."
  }
}

variable "max_connections" {
  description = "Connections that a database takes. Without it the monitor connections is left out, unless monitors gives it thresholds."
  type        = number
  default     = null
}

variable "may_run_none" {
  description = "Whether a service may have no task on purpose. Then the monitors none_running and no_healthy are left out, which would fire for ever."
  type        = bool
  default     = false
  nullable    = false
}

variable "memory_bytes" {
  description = "Memory of a database in bytes. Without it the monitor memory is left out, unless monitors gives it thresholds."
  type        = number
  default     = null
}

variable "monitors" {
  description = "Changes of the defaults by their key, e.g. { latency = { warning = 0.5 } }; enabled = false leaves one out as defaults does, and notify says whom it tells in place of the variable notify. The output monitors lists the keys."
  type = map(object({
    enabled      = optional(bool, true)
    warning      = optional(number)
    critical     = optional(number)
    time_window  = optional(string)
    short_window = optional(string)
    message      = optional(string)
    no_data      = optional(string)
    notify       = optional(object({ warning = optional(string), critical = optional(string) }), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.monitors), keys(local.defaults))) == 0
    error_message = "Write only keys of monitors that this kind has. service: cpu, memory, none_running, below_desired, deploy_failed; target: no_healthy, unhealthy, errors, latency, slo_fast, slo_slow, slo_long; web: those of both; router: certificate, router_errors; database: cpu, storage, connections, memory, replica_lag, burst_io, burst_bytes, transaction_ids; job: dropped, dead_letters_failed, throttled, dead_letters, missed_run, failed; queue: age, dead_letters."
  }
}

variable "notify" {
  description = "Whom each level tells: handles of the provider's monitoring.notifiers or ARNs, with spaces between."
  type = object({
    warning  = optional(string)
    critical = optional(string)
  })
  default  = {}
  nullable = false
}

variable "replica" {
  description = "Whether the database is a replica."
  type        = bool
  default     = false
  nullable    = false
}

variable "slo" {
  description = "Share of requests in percent that are to be answered without a 5xx, e.g. 99.9. Without it the monitors slo_fast, slo_slow and slo_long are left out, unless monitors gives them thresholds."
  type        = number
  default     = null

  validation {
    condition     = var.slo == null || try(var.slo >= 94 && var.slo <= 99.999, false)
    error_message = "Write a number of percent from 94 to 99.999: below that an alarm of 14.4 times the errors that are left could never fire."
  }
}

variable "tags" {
  description = "Tags of the alarms, besides the provider's default_tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
