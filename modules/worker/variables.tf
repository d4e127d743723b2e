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
  description = "Name of the process in the Procfile, e.g. worker. Changing it replaces the service."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+$", var.process))
    error_message = "Write a name of letters, digits, _ and -, e.g. worker."
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
  description = "Command of the process: a text is run by a shell in the container, e.g. bundle exec sidekiq, a list of texts as it is. Without it the image says what runs."
  type        = any
  default     = null

  validation {
    condition     = var.command == null || can(trimspace(var.command)) || can([for word in var.command : trimspace(word)])
    error_message = "Write a text, e.g. bundle exec sidekiq, or a list of texts, e.g. [\"/app\", \"serve\"]."
  }

  validation {
    condition     = var.command == null || try(trimspace(var.command) != "", length(var.command) > 0, false)
    error_message = "Write the command that the container runs, e.g. bundle exec sidekiq, or leave command out for that of the image."
  }
}

variable "config" {
  description = "Environment variables of this process, added to those of the app. They win over the app's."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "container_health_check" {
  description = "How ECS finds out inside the container whether the process is well: command that is run by a shell, seconds between two runs and to wait for one, failures in a row that count, and seconds after the start in which they do not. Without it ECS does not ask."
  type = object({
    command      = string
    interval     = optional(number, 30)
    timeout      = optional(number, 5)
    retries      = optional(number, 3)
    start_period = optional(number, 0)
  })
  default = null
}

variable "container_insights" {
  description = "Whether the cluster has Container Insights, which the monitors none_running and below_desired need."
  type        = bool
  default     = false
  nullable    = false
}

variable "defaults" {
  description = "Which of the monitors that come with it are made, by their key: { cpu = false } leaves one out."
  type        = map(bool)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.defaults), ["below_desired", "cpu", "deploy_failed", "memory", "none_running"])) == 0
    error_message = "Write only keys of its monitors: below_desired, cpu, deploy_failed, memory, none_running."
  }
}

variable "deploy" {
  description = "How a new version replaces the old: tasks to keep and to allow in percent of desired_count, and whether a deployment that fails is stopped and rolled back."
  type = object({
    minimum_percent = optional(number, 100)
    maximum_percent = optional(number, 200)
    circuit_breaker = optional(bool, true)
    rollback        = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.deploy.minimum_percent >= 0 && var.deploy.minimum_percent <= 100
    error_message = "Write a minimum_percent from 0 to 100."
  }

  validation {
    condition     = var.deploy.maximum_percent <= 200 && var.deploy.maximum_percent >= 100 && var.deploy.maximum_percent > var.deploy.minimum_percent
    error_message = "Write a maximum_percent from 100 to 200 and above minimum_percent: with both at 100 ECS can start no new task."
  }
}

variable "desired_count" {
  description = "How many tasks run, unless scale says so."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.desired_count >= 0 && var.desired_count <= 5000 && floor(var.desired_count) == var.desired_count
    error_message = "Write a whole number from 0 to 5000."
  }
}

variable "entrypoint" {
  description = "Entry point of the container, one text for each word. Empty for that of the image."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "exec" {
  description = "Whether sessions inside its running tasks are allowed."
  type        = bool
  default     = false
  nullable    = false
}

variable "ignore_drift" {
  description = "What others may change without being undone, as component.field or a component's name for all of it, e.g. service.tags."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "monitors" {
  description = "Changes of the monitors that come with it, by their key, e.g. { cpu = { warning = 70 } }. The output monitors lists them."
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
    condition     = length(setsubtract(keys(var.monitors), ["below_desired", "cpu", "deploy_failed", "memory", "none_running"])) == 0
    error_message = "Write only keys of its monitors: below_desired, cpu, deploy_failed, memory, none_running."
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

variable "scale" {
  description = "Autoscaling between min and max tasks, so that cpu and memory stay at so many percent. desired_count is then left to it."
  type = object({
    min                = optional(number, 1)
    max                = number
    cpu                = optional(number)
    memory             = optional(number)
    scale_in_cooldown  = optional(number, 300)
    scale_out_cooldown = optional(number, 60)
  })
  default = null

  validation {
    condition     = var.scale == null || try(var.scale.min <= var.scale.max, false)
    error_message = "Write a min that is at most max."
  }

  validation {
    condition     = var.scale == null || try(var.scale.cpu != null || var.scale.memory != null, false)
    error_message = "Write what to scale by: cpu or memory."
  }
}

variable "secrets" {
  description = "Environment variables of this process from secrets, added to those of the app: name to ARN of a Secrets Manager secret or SSM parameter."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "sidecars" {
  description = "Other containers of each task, by name, with the arguments that sidecars has in a stackwright_service: image, command, config, secrets, cpu, memory, port and so on. They share the task's size with the process."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = can([for name, sidecar in var.sidecars : "${name} ${sidecar.image}"])
    error_message = "Write an object for each sidecar with its image at least, e.g. { collector = { image = \"repo/collector:v3\" } }."
  }
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

variable "start_after" {
  description = "Sidecars that the process waits for, each with START, COMPLETE, SUCCESS or HEALTHY."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for condition in var.start_after : contains(["COMPLETE", "HEALTHY", "START", "SUCCESS"], condition)])
    error_message = "Write START, COMPLETE, SUCCESS or HEALTHY for each sidecar."
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
  description = "Tags for every AWS object of the process."
  type        = map(string)
  default     = {}
  nullable    = false
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

variable "volumes" {
  description = "EFS file systems of the process, by a key of your choice: which, where it is in the container, an access point or a folder of it, and whether it is only read. Their security group must admit that of the app by NFS."
  type = map(object({
    file_system_id  = string
    mount_path      = string
    access_point_id = optional(string)
    root_directory  = optional(string, "/")
    read_only       = optional(bool, false)
  }))
  default  = {}
  nullable = false
}
