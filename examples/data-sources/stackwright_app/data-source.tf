data "stackwright_app" "shop" {
  name = "shop"
}

output "log_group" {
  value = data.stackwright_app.shop.log_group
}
