# <role name>
terraform import stackwright_role.deploy acme-deploy
