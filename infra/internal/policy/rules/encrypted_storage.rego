# What is stored is encrypted at rest, with a key that the environment holds where the cloud lets it
# choose.
package kindling.rules.encrypted_storage

import data.kindling.plan

# flags are the attributes that switch encryption on, by type.
flags := {
	"aws_db_instance": "storage_encrypted",
	"aws_rds_cluster": "storage_encrypted",
	"aws_docdb_cluster": "storage_encrypted",
	"aws_ebs_volume": "encrypted",
	"aws_efs_file_system": "encrypted",
	"aws_elasticache_replication_group": "at_rest_encryption_enabled",
	"kind_cluster": "encrypt_secrets",
}

violation contains {"address": r.address, "reason": reason, "fix": fix} if {
	some r in plan.resources
	flag := flags[r.type]
	not r.change.after[flag] == true
	not plan.unknown(r, flag)
	reason := sprintf("what it stores is not encrypted: %s is not true", [flag])
	fix := sprintf("set %s = true", [flag])
}

violation contains {"address": r.address, "reason": "its Secrets are not encrypted with a key of the environment", "fix": fix} if {
	some r in plan.of_type({"aws_eks_cluster"})
	not encrypts_secrets(r)
	fix := "add encryption_config with resources = [\"secrets\"] and a key of aws_kms_key"
}

encrypts_secrets(r) if {
	some config in plan.blocks(r.change.after, "encryption_config")
	"secrets" in config.resources
}

violation contains {"address": r.address, "reason": "its Secrets are not encrypted with a key of the environment", "fix": fix} if {
	some r in plan.of_type({"google_container_cluster"})
	not encrypts_database(r)
	fix := "set database_encryption { state = \"ENCRYPTED\", key_name = … } with a key of google_kms_crypto_key"
}

encrypts_database(r) if {
	some config in plan.blocks(r.change.after, "database_encryption")
	config.state in {"ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED"}
}

violation contains {"address": r.address, "reason": "the disks of its instances are not encrypted", "fix": "set encrypted = true in each ebs block"} if {
	some r in plan.of_type({"aws_launch_template", "aws_instance"})
	walk(r.change.after, [path, disk])
	is_object(disk)
	path[count(path) - 2] in {"ebs", "root_block_device", "ebs_block_device"}
	not disk.encrypted in {true, "true"}
}
