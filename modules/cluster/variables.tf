# Required variables

variable "name" {
  description = "Name of the cluster within its environment, e.g. main."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.name))
    error_message = "Write a name of lower-case letters, digits and hyphens that starts with a letter, e.g. main."
  }
}

# Options

variable "container_insights" {
  description = "Whether CloudWatch Container Insights collects metrics of each task, which costs extra."
  type        = bool
  default     = false
  nullable    = false
}

variable "exec_logging" {
  description = "Whether sessions inside running tasks are logged with the log driver of the task."
  type        = bool
  default     = true
  nullable    = false
}

variable "ignore_drift" {
  description = "What others may change without being undone, as component.field or a component's name for all of it, e.g. cluster.tags."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "spot_percent" {
  description = "Share of tasks on Fargate Spot, 0 to 100. Spot is cheaper, and AWS may stop its tasks with two minutes notice."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.spot_percent >= 0 && var.spot_percent <= 100 && floor(var.spot_percent) == var.spot_percent
    error_message = "Write a whole number from 0 to 100."
  }
}

variable "tags" {
  description = "Tags for every AWS object of it."
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
