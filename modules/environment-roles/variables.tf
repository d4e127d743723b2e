# Required variables

variable "project" {
  description = "Name of the project, e.g. acme. The roles are called <project>-plan and <project>-deploy; changing it replaces them."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", var.project))
    error_message = "Write 1 to 32 lower-case letters, digits or hyphens, beginning with a letter and not ending with a hyphen, e.g. acme."
  }
}

variable "trusted_account_ids" {
  description = "Accounts whose principals may switch into the roles, e.g. [\"111111111111\"]. They also need a permission of their own account to do so."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.trusted_account_ids) > 0 && alltrue([for id in var.trusted_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "Write at least one account id of 12 digits, e.g. [\"111111111111\"]."
  }
}

# Options

variable "external_id" {
  description = "External id that a caller has to give, or null for none."
  type        = string
  default     = null
}

variable "max_session" {
  description = "Longest session in seconds, 3600 to 43200."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.max_session >= 3600 && var.max_session <= 43200 && floor(var.max_session) == var.max_session
    error_message = "Write a whole number of seconds from 3600 to 43200."
  }
}

variable "require_mfa" {
  description = "Whether a caller has to be signed in with MFA. Automation cannot be."
  type        = bool
  default     = false
  nullable    = false
}
