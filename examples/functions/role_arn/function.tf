# arn:aws:iam::333333333333:role/acme-deploy
output "deploy_role" {
  value = provider::stackwright::role_arn("333333333333", "acme-deploy")
}
