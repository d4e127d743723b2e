# The role that Terraform switches into to build an environment in a member account.
#
# Usage:
#
#   module "deploy_role_stage" {
#     source = "../modules/deploy-role"
#
#     providers = {
#       stackwright = stackwright.stage
#     }
#
#     name                = "acme-deploy"
#     trusted_account_ids = ["111111111111"]
#   }

resource "stackwright_role" "main" {
  name        = var.name
  preset      = "deploy"
  max_session = var.max_session

  trust = {
    account_ids = var.trusted_account_ids
    require_mfa = var.require_mfa
    external_id = var.external_id
  }
}
