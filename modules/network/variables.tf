# Required variables

variable "name" {
  description = "Name of the network within its environment, e.g. main."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.name))
    error_message = "Write a name of lower-case letters, digits and hyphens that starts with a letter, e.g. main."
  }
}

# Options

variable "availability_zones" {
  description = "Availability zones by name, in the order of the address plan, in place of the first az_count of the region. Add new ones at the end."
  type        = list(string)
  default     = null

  validation {
    condition     = var.availability_zones == null || try(length(var.availability_zones) >= 1 && length(var.availability_zones) <= 4, false)
    error_message = "Write 1 to 4 zones, e.g. [\"us-west-2a\", \"us-west-2b\"]."
  }
}

variable "az_count" {
  description = "In how many availability zones the network has subnets: 2 or 3."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = contains([2, 3], var.az_count)
    error_message = "Write 2 or 3."
  }
}

variable "cidr" {
  description = "IPv4 range of the network, from /16 to /20. Changing it replaces the network."
  type        = string
  default     = "10.30.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && can(regex("/(16|17|18|19|20)$", var.cidr))
    error_message = "Write an IPv4 range from /16 to /20, e.g. 10.30.0.0/16."
  }
}

variable "domain" {
  description = "Domain of the private names in it. Without it environment.project.internal. Changing it replaces the network."
  type        = string
  default     = null
}

variable "flow_log_retention" {
  description = "Days to keep the flow log, the record of who connected to whom. 0 for no flow log."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.flow_log_retention)
    error_message = "Write a number of days that CloudWatch Logs takes, e.g. 30 or 365, or 0 for no flow log."
  }
}

variable "ignore_drift" {
  description = "What others may change without being undone, as component.field or a component's name for all of it, e.g. vpc.tags."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "ipv6" {
  description = "Whether the network has IPv6 beside IPv4. Nothing outside reaches private subnets by either."
  type        = bool
  default     = true
  nullable    = false
}

variable "nat" {
  description = "How tasks reach the internet by IPv4: single (one NAT gateway, cheaper), per_az (one in each zone, survives the loss of a zone) or none (only AWS services, through interface endpoints)."
  type        = string
  default     = "single"
  nullable    = false

  validation {
    condition     = contains(["none", "single", "per_az"], var.nat)
    error_message = "Write none, single or per_az."
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
