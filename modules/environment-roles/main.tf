# The roles that Terraform switches into in the account of an environment: one that reads, for plans, and one that
# builds, for applies.
#
# Usage:
#
#   module "roles_stage" {
#     source = "../modules/environment-roles"
#
#     providers = {
#       stackwright = stackwright.stage
#     }
#
#     project             = "acme"
#     trusted_account_ids = ["111111111111"]
#   }

resource "stackwright_role" "plan" {
  name        = "${var.project}-plan"
  description = "Reads what a plan needs, and changes nothing."
  preset      = "plan"
  max_session = var.max_session

  trust = {
    account_ids = var.trusted_account_ids
    require_mfa = var.require_mfa
    external_id = var.external_id
  }
}

resource "stackwright_role" "deploy" {
  name        = "${var.project}-deploy"
  description = "Builds the environment."
  preset      = "deploy"
  max_session = var.max_session

  trust = {
    account_ids = var.trusted_account_ids
    require_mfa = var.require_mfa
    external_id = var.external_id
  }
}
