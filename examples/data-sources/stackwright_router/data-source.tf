data "stackwright_router" "public" {
  name = "public"
}

output "address" {
  value = data.stackwright_router.public.dns_name
}
