# Options

variable "container_insights" {
  description = "Whether CloudWatch Container Insights collects metrics of each task, which costs extra."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the routers are kept from being deleted. Set it to false and apply before you destroy the environment."
  type        = bool
  default     = true
  nullable    = false
}

variable "internal_router" {
  description = "The router that the network alone reaches, with the same arguments as public_router. Without it there is none."
  type = object({
    domains                     = optional(list(string), [])
    zone_id                     = optional(string)
    certificate_arn             = optional(string)
    access_logs                 = optional(object({ bucket = string, prefix = optional(string, "") }))
    idle_timeout                = optional(number, 60)
    ssl_policy                  = optional(string, "ELBSecurityPolicy-TLS13-1-2-2021-06")
    ipv6                        = optional(bool, false)
    additional_certificate_arns = optional(map(string), {})
    defaults                    = optional(map(bool), {})
    monitors = optional(map(object({
      enabled      = optional(bool, true)
      warning      = optional(number)
      critical     = optional(number)
      time_window  = optional(string)
      short_window = optional(string)
      message      = optional(string)
      no_data      = optional(string)
      notify       = optional(object({ warning = optional(string), critical = optional(string) }), {})
    })), {})
  })
  default = null
}

variable "name" {
  description = "Name of the network and the cluster within their environment, e.g. main."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.name))
    error_message = "Write a name of lower-case letters, digits and hyphens that starts with a letter, e.g. main."
  }
}

variable "network" {
  description = "The network: cidr from /16 to /20, az_count 2 or 3 or availability_zones by name, domain of its private names, nat none, single or per_az, ipv6, and flow_log_retention in days (0 for none)."
  type = object({
    cidr               = optional(string, "10.30.0.0/16")
    az_count           = optional(number, 2)
    nat                = optional(string, "single")
    ipv6               = optional(bool, true)
    flow_log_retention = optional(number, 30)
    availability_zones = optional(list(string))
    domain             = optional(string)
  })
  default  = {}
  nullable = false
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

variable "public_router" {
  description = "The router that the internet reaches: its domains, the Route 53 zone of them, a certificate in place of one that is made for them, access logs, seconds until a silent connection is closed, versions and ciphers of TLS (ssl_policy), whether IPv6 reaches it, further certificates that are chosen by host (additional_certificate_arns), and by their key which of its monitors are made (defaults) and how they differ (monitors). Without it there is none."
  type = object({
    domains                     = optional(list(string), [])
    zone_id                     = optional(string)
    certificate_arn             = optional(string)
    access_logs                 = optional(object({ bucket = string, prefix = optional(string, "") }))
    idle_timeout                = optional(number, 60)
    ssl_policy                  = optional(string, "ELBSecurityPolicy-TLS13-1-2-2021-06")
    ipv6                        = optional(bool, false)
    additional_certificate_arns = optional(map(string), {})
    defaults                    = optional(map(bool), {})
    monitors = optional(map(object({
      enabled      = optional(bool, true)
      warning      = optional(number)
      critical     = optional(number)
      time_window  = optional(string)
      short_window = optional(string)
      message      = optional(string)
      no_data      = optional(string)
      notify       = optional(object({ warning = optional(string), critical = optional(string) }), {})
    })), {})
  })
  default = null
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
  description = "Tags for every AWS object that the apps share."
  type        = map(string)
  default     = {}
  nullable    = false
}
