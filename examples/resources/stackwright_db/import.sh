# <environment>/<name>
terraform import stackwright_db.main prod/main
