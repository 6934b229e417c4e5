# Nobody may do everything: no wildcard among the actions of a policy, no policy for everybody, no
# role that owns a project, no "*" in a Kubernetes role.
package kindling.rules.narrow_permissions

import data.kindling.plan

violation contains {"address": r.address, "reason": reason, "fix": "name the actions that are needed"} if {
	some [r, statement] in statements
	some action in list(object.get(statement, "Action", []))
	wildcard(action)
	not owned_by_account(r, statement)
	reason := sprintf("it allows %s", [action])
}

violation contains {"address": r.address, "reason": "it allows everything but some actions", "fix": "name what is allowed in Action, not what is not in NotAction"} if {
	some [r, statement] in statements
	statement.NotAction
}

violation contains {"address": r.address, "reason": "it lets everybody in, whoever they are", "fix": "name the accounts, roles or services in Principal"} if {
	some [r, statement] in statements
	everybody(object.get(statement, "Principal", null))
	not statement.Condition
}

# statements are pairs of a resource and a statement of its policy that allows something. Policies
# with a part that is unknown are not in a plan; the documents that they are made from are.
statements contains [r, statement] if {
	some r in plan.resources
	startswith(r.type, "aws_")
	some text in policies(r)
	some statement in list(json.unmarshal(text).Statement)
	is_object(statement)
	statement.Effect == "Allow"
}

statements contains [r, statement] if {
	some r in input.resource_changes
	r.mode == "data"
	r.type == "aws_iam_policy_document"
	is_object(r.change.after)
	some block in plan.blocks(r.change.after, "statement")
	object.get(block, "effect", "Allow") in {"Allow", null}
	statement := {name: value |
		some name, attribute in {"Action": "actions", "Principal": "principals"}
		value := object.get(block, attribute, null)
		value != null
	}
}

policies(r) := {text |
	some name in ["policy", "assume_role_policy", "access_policies"]
	text := r.change.after[name]
	is_string(text)
	json.is_valid(text)
} | {block.policy | some block in plan.blocks(r.change.after, "inline_policy"); is_string(block.policy); json.is_valid(block.policy)}

wildcard(action) if action == "*"

wildcard(action) if {
	is_string(action)
	endswith(action, ":*")
}

# In the policy of a key, the account itself may do everything: without that nobody could ever change
# the policy. IAM then says who in the account may.
owned_by_account(r, statement) if {
	r.type in {"aws_kms_key", "aws_kms_key_policy"}
	principals := list(statement.Principal.AWS)
	every p in principals {
		is_string(p)
		regex.match(`^(arn:[a-z-]+:iam::[0-9]{12}:root|[0-9]{12})$`, p)
	}
}

owned_by_account(r, statement) if {
	r.type == "aws_iam_policy_document"
	some block in statement.Principal
	every p in block.identifiers {
		is_string(p)
		regex.match(`^arn:[a-z-]+:iam::[0-9]{12}:root$`, p)
	}
}

everybody("*") := true

everybody(principal) if "*" in list(principal.AWS)

everybody(principal) if {
	some block in principal
	block.type in {"*", "AWS"}
	"*" in block.identifiers
}

broad := {"AdministratorAccess", "PowerUserAccess", "IAMFullAccess"}

violation contains {"address": r.address, "reason": sprintf("it attaches %s", [name]), "fix": "attach a policy that names the actions that are needed"} if {
	some r in plan.of_type({"aws_iam_role_policy_attachment", "aws_iam_policy_attachment", "aws_iam_user_policy_attachment", "aws_iam_group_policy_attachment"})
	is_string(r.change.after.policy_arn)
	name := regex.replace(r.change.after.policy_arn, `^.*/`, "")
	name in broad
}

violation contains {"address": r.address, "reason": sprintf("it grants %s", [r.change.after.role]), "fix": "grant a role that is made for the purpose"} if {
	some r in plan.resources
	regex.match(`^google_.*_iam_(member|binding)$`, r.type)
	r.change.after.role in {"roles/owner", "roles/editor"}
}

violation contains {"address": r.address, "reason": "a rule of it holds for everything (*)", "fix": "name API groups, resources and verbs"} if {
	some r in plan.kubernetes({"role", "cluster_role"})
	some rule in plan.blocks(r.change.after, "rule")
	some attribute in ["api_groups", "resources", "verbs"]
	"*" in plan.list(object.get(rule, attribute, []))
}

violation contains {"address": r.address, "reason": "it makes somebody administrator of the cluster", "fix": "bind a role that names what is needed"} if {
	some r in plan.kubernetes({"cluster_role_binding", "role_binding"})
	some ref in plan.blocks(r.change.after, "role_ref")
	ref.name == "cluster-admin"
}

# list makes a list of what may be one value.
list(value) := value if is_array(value)

list(value) := [value] if {
	not is_array(value)
	value != null
}
