resource "stackwright_network" "main" {
  name               = "main"
  cidr               = "10.20.0.0/16"
  nat                = "per_az"
  flow_log_retention = 365
}

# A network from which nothing reaches the internet: tasks pull their images from ECR
# and reach CloudWatch Logs, Secrets Manager, SSM and S3 through endpoints.
resource "stackwright_network" "closed" {
  name   = "closed"
  cidr   = "10.21.0.0/16"
  nat    = "none"
  ipv6   = false
  domain = "closed.acme.internal"
}
