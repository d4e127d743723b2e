# Required variables

# Objects that resources pass on have the type `any`: the provider checks them,
# and a type written here would drop what a newer provider adds to them.

variable "app" {
  description = "The app that the process belongs to: ref of a stackwright_app."
  type        = any
  nullable    = false
}

variable "cluster" {
  description = "The cluster that runs the process: ref of a stackwright_cluster."
  type        = any
  nullable    = false
}

variable "image" {
  description = "Container image with tag or digest, e.g. 111111111111.dkr.ecr.us-west-2.amazonaws.com/shop:v41."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^\\s]+$", var.image))
    error_message = "Write a container image without spaces, e.g. 111111111111.dkr.ecr.us-west-2.amazonaws.com/shop:v41."
  }
}

variable "process" {
  description = "Name of the process in the Procfile, e.g. report. Changing it replaces the job."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+$", var.process))
    error_message = "Write a name of letters, digits, _ and -, e.g. report."
  }
}

variable "schedule" {
  description = "When the job runs: cron(minutes hours day-of-month month day-of-week year) with ? for one of the days, rate(5 minutes) or at(2030-01-31T03:00:00)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(cron|rate|at)\\(.+\\)$", var.schedule))
    error_message = "Write cron(...), rate(...) or at(...), e.g. cron(0 3 * * ? *)."
  }
}

# Options

variable "architecture" {
  description = "What the image was built for: X86_64 or ARM64."
  type        = string
  default     = "X86_64"
  nullable    = false

  validation {
    condition     = contains(["ARM64", "X86_64"], var.architecture)
    error_message = "Write X86_64 or ARM64."
  }
}

variable "command" {
  description = "Command of the process: a text is run by a shell in the container, e.g. bin/report, a list of texts as it is. Without it the image says what runs."
  type        = any
  default     = null

  validation {
    condition     = var.command == null || can(trimspace(var.command)) || can([for word in var.command : trimspace(word)])
    error_message = "Write a text, e.g. bin/report, or a list of texts, e.g. [\"/app\", \"serve\"]."
  }

  validation {
    condition     = var.command == null || try(trimspace(var.command) != "", length(var.command) > 0, false)
    error_message = "Write the command that the container runs, e.g. bin/report, or leave command out for that of the image."
  }
}

variable "config" {
  description = "Environment variables of this process, added to those of the app. They win over the app's."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "defaults" {
  description = "Which of the monitors that come with it are made, by their key: { throttled = false } leaves one out."
  type        = map(bool)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.defaults), ["dead_letters", "dead_letters_failed", "dropped", "failed", "missed_run", "throttled"])) == 0
    error_message = "Write only keys of its monitors: dead_letters, dead_letters_failed, dropped, failed, missed_run, throttled."
  }
}

variable "enabled" {
  description = "Whether the job runs at all."
  type        = bool
  default     = true
  nullable    = false
}

variable "entrypoint" {
  description = "Entry point of the container, one text for each word. Empty for that of the image."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "expected_window" {
  description = "Time within which it must be started, longer than the pause between two runs, e.g. last_6d; a week at most. Left out, it is known for rates up to 45 hours and for jobs that run every few minutes, every hour or every day; other jobs have no monitor missed_run without it. A new monitor waits for data for 2 days at most: with a longer window it may fire before the first run of a new job."
  type        = string
  default     = null

  validation {
    condition     = var.expected_window == null || can(regex("^last_[1-9][0-9]*[mhdw]$", var.expected_window))
    error_message = "Write last_ with minutes, hours, days or 1w, e.g. last_26h."
  }
}

variable "flexible_window" {
  description = "Minutes after the moment within which AWS may start the run, 0 for at once."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.flexible_window >= 0 && var.flexible_window <= 1440 && floor(var.flexible_window) == var.flexible_window
    error_message = "Write a whole number of minutes from 0 to 1440."
  }
}

variable "ignore_drift" {
  description = "What others may change without being undone, as component.field or a component's name for all of it, e.g. schedule.state."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "maximum_age" {
  description = "Seconds after which a start that failed is given up and put into the dead-letter queue."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.maximum_age >= 60 && var.maximum_age <= 86400 && floor(var.maximum_age) == var.maximum_age
    error_message = "Write a whole number of seconds from 60 to 86400."
  }
}

variable "monitors" {
  description = "Changes of the monitors that come with it, by their key, e.g. { dropped = { time_window = \"last_5m\" } }. The output monitors lists them."
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
    condition     = length(setsubtract(keys(var.monitors), ["dead_letters", "dead_letters_failed", "dropped", "failed", "missed_run", "throttled"])) == 0
    error_message = "Write only keys of its monitors: dead_letters, dead_letters_failed, dropped, failed, missed_run, throttled."
  }
}

variable "notify" {
  description = "Whom the monitors tell, by level: handles of the provider's monitoring.notifiers or ARNs, with spaces between."
  type = object({
    warning  = optional(string)
    critical = optional(string)
  })
  default  = {}
  nullable = false
}

variable "retries" {
  description = "How often a start that failed is tried again."
  type        = number
  default     = 3
  nullable    = false

  validation {
    condition     = var.retries >= 0 && var.retries <= 185 && floor(var.retries) == var.retries
    error_message = "Write a whole number from 0 to 185."
  }
}

variable "secrets" {
  description = "Environment variables of this process from secrets, added to those of the app: name to ARN of a Secrets Manager secret or SSM parameter."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "size" {
  description = "CPU and memory of a task: 1X (256 CPU units, 512 MiB), 2X (512, 1024), PX (1024, 6144) or cpu:memory, e.g. 256:1gb."
  type        = string
  default     = "1X"
  nullable    = false

  validation {
    condition     = can(regex("^([12P]X|[0-9]+:[0-9]+(\\.[0-9]+)?([KkMmGgTt][Bb])?)$", var.size))
    error_message = "Write 1X, 2X, PX or cpu:memory, e.g. 256:1gb."
  }
}

variable "stop_timeout" {
  description = "Seconds a task has to end after SIGTERM before it is killed, 2 to 120."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.stop_timeout >= 2 && var.stop_timeout <= 120 && floor(var.stop_timeout) == var.stop_timeout
    error_message = "Write a whole number of seconds from 2 to 120."
  }
}

variable "tags" {
  description = "Tags for every AWS object of the job."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "time_zone" {
  description = "Time zone of the schedule by its IANA name, e.g. Europe/Berlin."
  type        = string
  default     = "UTC"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_+/-]+$", var.time_zone))
    error_message = "Write a name like UTC or Europe/Berlin."
  }
}

variable "timeouts" {
  description = "How long AWS may take to create, to update and to delete, e.g. { create = \"30m\" }."
  type = object({
    create = optional(string)
    update = optional(string)
    delete = optional(string)
  })
  default = null

  validation {
    condition     = var.timeouts == null || try(alltrue([for time in values(var.timeouts) : time == null || can(regex("^[0-9]+[smh]$", time))]), false)
    error_message = "Write a whole number and s, m or h, e.g. 30m."
  }
}
