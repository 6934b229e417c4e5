# What holds data of others is neither replaced nor removed by an ordinary apply. On this machine,
# where a cluster is cheap, `make up` asks for confirm=yes instead; in a cloud it also takes a waiver,
# which is read and committed.
package kindling.rules.stateful_kept

stateful := {
	"aws_db_instance",
	"aws_docdb_cluster",
	"aws_dynamodb_table",
	"aws_ebs_volume",
	"aws_ecr_repository",
	"aws_efs_file_system",
	"aws_eks_cluster",
	"aws_kms_key",
	"aws_rds_cluster",
	"aws_s3_bucket",
	"aws_secretsmanager_secret",
	"google_alloydb_cluster",
	"google_artifact_registry_repository",
	"google_compute_disk",
	"google_container_cluster",
	"google_filestore_instance",
	"google_kms_crypto_key",
	"google_secret_manager_secret",
	"google_spanner_instance",
	"google_sql_database",
	"google_sql_database_instance",
	"google_storage_bucket",
}

in_cluster := {"namespace", "persistent_volume", "persistent_volume_claim", "stateful_set"}

violation contains {"address": change.address, "reason": reason, "fix": fix} if {
	some change in input.resource_changes
	change.mode == "managed"
	"delete" in change.change.actions
	not change.deposed
	keeps_data(change.type)
	verb := {true: "replaced", false: "removed"}["create" in change.change.actions]
	reason := sprintf("it holds data and would be %s", [verb])
	fix := "change it in place, or move the data first; what forces a replacement stands in make plan"
}

keeps_data(type) if type in stateful

keeps_data(type) if {
	input.flavour in {"eks", "gke"}
	trim_prefix(regex.replace(type, `_v[0-9]+$`, ""), "kubernetes_") in in_cluster
	startswith(type, "kubernetes_")
}
