resource "stackwright_role" "deploy" {
  name   = "acme-deploy"
  preset = "deploy"
  trust  = { account_ids = ["111111111111"] }
}
