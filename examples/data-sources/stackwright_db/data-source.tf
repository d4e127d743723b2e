data "stackwright_db" "main" {
  name = "main"
}

output "host" {
  value = data.stackwright_db.main.host
}
