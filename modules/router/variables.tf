# Required variables

variable "name" {
  description = "Name of the router within its environment, e.g. public."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.name))
    error_message = "Write a name of lower-case letters, digits and hyphens that starts with a letter, e.g. public."
  }
}

# Objects that resources pass on have the type `any`: the provider checks them,
# and a type written here would drop what a newer provider adds to them.

variable "network" {
  description = "The network that the router stands in, with two availability zones or more: ref of a stackwright_network."
  type        = any
  nullable    = false
}

# Options

variable "access_logs" {
  description = "S3 bucket, and prefix of keys, for access logs. The bucket's policy must let Elastic Load Balancing write."
  type = object({
    bucket = string
    prefix = optional(string, "")
  })
  default = null
}

variable "additional_certificate_arns" {
  description = "ARNs of further certificates by a key of your choice: clients get the one that fits the host they ask for (SNI)."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.additional_certificate_arns : can(regex("^arn:[a-z-]+:(acm|iam):", arn))])
    error_message = "Write ARNs of certificates in ACM or IAM."
  }
}

variable "certificate_arn" {
  description = "ARN of a certificate that exists already, instead of one that is requested for domains."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:[a-z-]+:(acm|iam):", var.certificate_arn))
    error_message = "Write the ARN of a certificate in ACM or IAM."
  }
}

variable "defaults" {
  description = "Which of the monitors that come with it are made, by their key: { certificate = false } leaves it out, as for certificates in IAM, whose days nobody counts."
  type        = map(bool)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.defaults), ["certificate", "router_errors"])) == 0
    error_message = "Write only keys of its monitors: certificate, router_errors."
  }
}

variable "deletion_protection" {
  description = "Whether the router is kept from being deleted. Set it to false and apply before you destroy the router."
  type        = bool
  default     = true
  nullable    = false
}

variable "domains" {
  description = "Domains that lead to the router, the main one first; one leading *. is allowed. They need zone_id or certificate_arn."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for domain in var.domains : can(regex("^(\\*\\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z0-9-]+$", domain))])
    error_message = "Write domains in lower case without a dot at the end, e.g. shop.example.com or *.example.com."
  }
}

variable "idle_timeout" {
  description = "Seconds after which a connection is closed on which nothing is sent, 1 to 4000."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.idle_timeout >= 1 && var.idle_timeout <= 4000 && floor(var.idle_timeout) == var.idle_timeout
    error_message = "Write a whole number of seconds from 1 to 4000."
  }
}

variable "ignore_drift" {
  description = "What others may change without being undone, as component.field or a component's name for all of it, e.g. load_balancer.idle_timeout."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "ipv6" {
  description = "Whether clients may reach it over IPv6 too. Its network must have IPv6."
  type        = bool
  default     = false
  nullable    = false
}

variable "monitors" {
  description = "Changes of the monitors that come with it, by their key, e.g. { certificate = { warning = 30 } }. The output monitors lists them."
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
    condition     = length(setsubtract(keys(var.monitors), ["certificate", "router_errors"])) == 0
    error_message = "Write only keys of its monitors: certificate, router_errors."
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

variable "public" {
  description = "Whether the internet reaches the router. Otherwise it takes requests from its VPC only."
  type        = bool
  default     = true
  nullable    = false
}

variable "ssl_policy" {
  description = "Security policy of TLS: which versions and ciphers clients may use."
  type        = string
  default     = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  nullable    = false
}

variable "tags" {
  description = "Tags for everything that the router is made of."
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

variable "zone_id" {
  description = "Id of the public Route 53 zone that holds all of domains, e.g. Z0123456789ABCDEFGHIJ."
  type        = string
  default     = null

  validation {
    condition     = var.zone_id == null || can(regex("^[A-Z0-9]{1,32}$", var.zone_id))
    error_message = "Write the id of a hosted zone without /hostedzone/, e.g. Z0123456789ABCDEFGHIJ."
  }
}
