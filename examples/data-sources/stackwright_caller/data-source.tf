data "stackwright_caller" "me" {}

output "account" {
  value = data.stackwright_caller.me.account_id
}
