data "stackwright_cluster" "main" {
  name = "main"
}

output "cluster" {
  value = data.stackwright_cluster.main.cluster_arn
}
