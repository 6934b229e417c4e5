package verdict

import (
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
)

// contents tells what is lost with a resource that is removed or replaced. What is not here holds
// no data: it can be made anew from its description.
var contents = map[string]string{
	"kind_cluster":  "everything in the cluster, databases included",
	"kind_registry": "every image of earlier releases: up pushes only those of today again",

	"kubernetes_namespace":               "everything in the namespace, volumes included",
	"kubernetes_persistent_volume_claim": "every file of the volume",

	"aws_backup_vault":                  "every backup in it",
	"aws_cloudwatch_log_group":          "every log line in it",
	"aws_db_instance":                   "the database",
	"aws_db_snapshot":                   "the snapshot",
	"aws_docdb_cluster":                 "every database in it",
	"aws_dynamodb_table":                "the table",
	"aws_ebs_snapshot":                  "the snapshot",
	"aws_ebs_volume":                    "every file of the volume",
	"aws_ecr_repository":                "every image in it: up pushes only those of today again",
	"aws_efs_file_system":               "every file in it",
	"aws_eks_cluster":                   "everything in the cluster",
	"aws_elasticache_cluster":           "what it keeps",
	"aws_elasticache_replication_group": "what it keeps",
	"aws_fsx_lustre_file_system":        "every file in it",
	"aws_kinesis_stream":                "every record in it",
	"aws_kms_key":                       "everything that is encrypted with it: once its waiting period is over",
	"aws_mq_broker":                     "every message in it",
	"aws_msk_cluster":                   "every record in it",
	"aws_neptune_cluster":               "every database in it",
	"aws_opensearch_domain":             "every index in it",
	"aws_rds_cluster":                   "every database in it",
	"aws_redshift_cluster":              "every database in it",
	"aws_s3_bucket":                     "every object in it",
	"aws_secretsmanager_secret":         "the secret's value: once its recovery window is over",
	"aws_sqs_queue":                     "every message in it",
	"aws_ssm_parameter":                 "the parameter's value",

	"google_alloydb_cluster":               "every database in it",
	"google_artifact_registry_repository":  "every image in it: up pushes only those of today again",
	"google_bigquery_dataset":              "every table in it",
	"google_bigquery_table":                "the table",
	"google_bigtable_instance":             "every table in it",
	"google_compute_disk":                  "every file of the disk",
	"google_compute_snapshot":              "the snapshot",
	"google_container_cluster":             "everything in the cluster",
	"google_filestore_instance":            "every file in it",
	"google_firestore_database":            "the database",
	"google_kms_crypto_key":                "everything that is encrypted with it",
	"google_kms_crypto_key_version":        "everything that is encrypted with it",
	"google_logging_project_bucket_config": "every log line in it",
	"google_project":                       "everything in the project",
	"google_pubsub_subscription":           "every message in it",
	"google_redis_instance":                "what it keeps",
	"google_secret_manager_secret":         "every value of the secret",
	"google_spanner_database":              "the database",
	"google_spanner_instance":              "every database in it",
	"google_sql_database":                  "the database",
	"google_sql_database_instance":         "every database in it, its backups included",
	"google_storage_bucket":                "every object in it",
}

// exceptions decide by the values of a resource what goes with it.
var exceptions = map[string]func(before map[string]any) string{
	"kubernetes_persistent_volume": func(before map[string]any) string {
		if at(before, "spec", 0, "persistent_volume_reclaim_policy") == "Retain" {
			return ""
		}
		return "every file of the volume"
	},
	"kubernetes_stateful_set": func(before map[string]any) string {
		if at(before, "spec", 0, "persistent_volume_claim_retention_policy", 0, "when_deleted") == "Delete" {
			return "every file of its volume claims"
		}
		return "" // the claims stay, and a set of the same name takes them over
	},
	"google_sql_database_instance": func(before map[string]any) string {
		if at(before, "settings", 0, "retain_backups_on_delete") == true || at(before, "settings", 0, "final_backup_config", 0, "enabled") == true {
			return "every database in it: but for the backups that stay"
		}
		return contents["google_sql_database_instance"]
	},
	"google_artifact_registry_repository": func(before map[string]any) string {
		if before["mode"] == "REMOTE_REPOSITORY" {
			return "" // a cache: what it had is fetched again
		}
		return contents["google_artifact_registry_repository"]
	},
	"aws_db_instance": func(before map[string]any) string {
		if before["skip_final_snapshot"] == false {
			return "the database: but for its final snapshot"
		}
		return contents["aws_db_instance"]
	},
}

// dropsLabel marks a Job of modules/database that drops the database of the service that it names.
const dropsLabel = "kindling.internal/drops"

// DatabaseOf is what is lost with the database of a service.
func DatabaseOf(service string) string { return "the database of " + service }

// loses tells what data a change loses; empty when none.
func loses(c *tfjson.ResourceChange, kind Kind) string {
	before, after, name := object(c.Change.Before), object(c.Change.After), unversioned(c.Type)
	if client, drops := at(after, "metadata", 0, "labels", dropsLabel).(string); drops && name == "kubernetes_job" {
		return DatabaseOf(client)
	}
	switch kind {
	case Replaced, Removed:
		if exception := exceptions[name]; exception != nil {
			return exception(before)
		}
		return contents[name]
	case InPlace, Restarted:
		return losesInPlace(name, before, after)
	}
	return ""
}

// losesInPlace tells what goes with changes after which the resource is still there.
func losesInPlace(kind string, before, after map[string]any) string {
	switch kind {
	case "kubernetes_stateful_set":
		fewer := number(at(after, "spec", 0, "replicas")) < number(at(before, "spec", 0, "replicas"))
		if fewer && at(after, "spec", 0, "persistent_volume_claim_retention_policy", 0, "when_scaled") == "Delete" {
			return "every file of the volume claims of the pods that go"
		}
	case "aws_db_instance", "aws_rds_cluster":
		const retention = "backup_retention_period"
		if after[retention] != nil && number(after[retention]) < number(before[retention]) {
			return fmt.Sprintf("every automated backup that is older than %s days", valueText(after[retention]))
		}
	}
	return ""
}

// at follows steps into a value; nil where one leads nowhere.
func at(value any, steps ...any) any {
	for _, step := range steps {
		value = child(value, step)
	}
	return value
}

// number reads a number that a provider may keep as a string.
func number(value any) float64 {
	var n float64
	_, _ = fmt.Sscan(valueText(value), &n) // what is no number counts as none
	return n
}
