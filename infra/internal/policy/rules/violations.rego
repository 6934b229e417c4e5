# The one question that is asked of the rules: which resources of a plan break which of them.
#
# Input: {"environment", "root", "flavour", "registry", "mirrors", "resource_changes"}, the last as
# `terraform show -json` prints it. A rule is a package kindling.rules.NAME with a set `violation`
# of {"address", "reason", "fix"}. Its name, with dashes, is what people waive.
package kindling

violations contains object.union(found, {"rule": replace(name, "_", "-")}) if {
	some name, rule in data.kindling.rules
	some found in rule.violation
}

names contains replace(name, "_", "-") if some name, _ in data.kindling.rules
