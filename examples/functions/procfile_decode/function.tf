# { web = { command = "bin/web" }, worker = { command = "bin/work" } }
output "processes" {
  value = provider::stackwright::procfile_decode("web: bin/web\nworker: bin/work\n")
}
