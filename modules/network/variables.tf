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

variable "nat" {
  description = "How tasks reach the internet: single (one NAT gateway, cheaper) or per_az (one in each zone, survives the loss of a zone)."
  type        = string
  default     = "single"
  nullable    = false

  validation {
    condition     = contains(["single", "per_az"], var.nat)
    error_message = "Write single or per_az."
  }
}
