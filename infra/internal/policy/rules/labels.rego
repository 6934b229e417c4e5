# Everything says what it belongs to and who manages it, so that nobody has to guess whether it may
# go, and bills can be read by environment.
package kindling.rules.labels

import data.kindling.plan

# Keys that must be there. How they are written is a matter of taste that clouds do not share:
# ManagedBy, managed_by and managed-by are one key.
required := {
	"aws": ["environment", "managed-by"],
	"google": ["environment", "managed-by"],
	"kubernetes": ["app.kubernetes.io/managed-by"],
}

plain(key) := regex.replace(lower(key), `[^a-z0-9]`, "")

has(labels, key) if {
	some name, value in labels
	plain(name) == plain(key)
	value != ""
}

violation contains {"address": r.address, "reason": reason, "fix": fix} if {
	some r in plan.resources
	provider := split(r.type, "_")[0]
	labels := labels_of(provider, r)
	missing := [key | some key in required[provider]; not has(labels, key)]
	count(missing) > 0
	reason := sprintf("it lacks the %s %s", [word[provider], concat(", ", missing)])
	fix := advice[provider]
}

word := {"aws": "tags", "google": "labels", "kubernetes": "label"}

advice := {
	"aws": "set default_tags in the provider's configuration, or tags",
	"google": "set default_labels in the provider's configuration, or labels",
	"kubernetes": "pass the module's labels on to metadata",
}

# A resource that can have tags has the attribute tags_all: all of its own and the provider's.
# Tags of which a value is unknown are not judged.
labels_of("aws", r) := object_or_empty(r.change.after.tags_all) if not plan.unknown(r, "tags_all")

labels_of("google", r) := object_or_empty(r.change.after.effective_labels) if not plan.unknown(r, "effective_labels")

labels_of("kubernetes", r) := object_or_empty(object.get(metadata, "labels", null)) if {
	some metadata in metadata_of(r)
}

# metadata_of are the metadata of a Kubernetes object: a block in most resources of the provider,
# an attribute in its newer ones.
metadata_of(r) := plan.blocks(r.change.after, "metadata") if not is_object(r.change.after.metadata)

metadata_of(r) := [r.change.after.metadata] if is_object(r.change.after.metadata)

object_or_empty(value) := value if is_object(value)

object_or_empty(value) := {} if not is_object(value)
