# What rules ask of a plan.
package kindling.plan

# resources are what there will be when the plan has been carried out, changed by it or not.
resources contains change if {
	some change in input.resource_changes
	change.mode == "managed"
	is_object(change.change.after)
}

# of_type are the resources of some types.
of_type(types) := {r | some r in resources; r.type in types}

# kubernetes are the resources of some kinds of Kubernetes object, whatever API version their
# type names.
kubernetes(kinds) := {r | some r in resources; kind(r) in kinds}

kind(r) := trim_prefix(regex.replace(r.type, `_v[0-9]+$`, ""), "kubernetes_") if startswith(r.type, "kubernetes_")

# unknown tells whether an attribute of a resource is known only when the plan is carried out.
unknown(r, name) if r.change.after_unknown[name] == true

# value is an attribute, or null for one that is not there.
value(r, name) := object.get(r.change.after, name, null)

# blocks are the blocks of a name, which a plan has as a list: none when there is none.
blocks(from, name) := [block |
	is_object(from)
	some block in list(object.get(from, name, []))
	is_object(block)
]

# list is a value when that is a list, and an empty one when it is not.
list(value) := value if is_array(value)

list(value) := [] if not is_array(value)

# containers are the containers of the pods that a resource describes, wherever it describes them.
containers(r) := {c |
	walk(r.change.after, [path, c])
	is_object(c)
	path[count(path) - 2] in {"container", "init_container"}
}

# images are the images that a resource runs.
images(r) := {c.image | some c in containers(r); is_string(c.image)} if kind(r)

images(r) := {image | some name in ["node_image", "image"]; image := r.change.after[name]; is_string(image)} if {
	r.type in {"kind_cluster", "kind_registry"}
}

# unknown_image tells whether a resource runs an image that is known only at the apply.
unknown_image(r) if {
	walk(r.change.after_unknown, [path, true])
	path[count(path) - 1] == "image"
	path[count(path) - 3] in {"container", "init_container"}
}

# built_here tells whether an image is one that this machine made and gave its engine: its tag is
# a digest of its content.
built_here(image) if regex.match(`^kindling\.internal/[a-z-]+:([^:@]+-)?[0-9a-f]{12}$`, image)

# anywhere tells whether an address range is so wide that it may as well hold every address, which can
# be had in halves, too.
anywhere(range) if {
	is_string(range)
	regex.match(`/[0-9]+$`, range)
	to_number(split(range, "/")[1]) < 8
}
