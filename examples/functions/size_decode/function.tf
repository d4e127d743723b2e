# { cpu = 512, memory = 1024 }
output "size" {
  value = provider::stackwright::size_decode("2X")
}
