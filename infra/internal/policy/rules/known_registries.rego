# Images come from the environment's own registry, or are the third-party ones that the modules pin.
# The environment's registry mirrors those, so nothing that runs is fetched from anywhere else. The
# images of nodes and of the registry itself are fetched before that registry is there: they may also
# come from a mirror that keeps their published names.
package kindling.rules.known_registries

import data.kindling.plan

# The third-party images of environments/*/workloads and environments/*/cluster.
published := {
	"docker.io/kindest/node",
	"docker.io/library/nats",
	"docker.io/library/postgres",
	"docker.io/library/registry",
	"kindest/node",
	"registry.k8s.io/ingress-nginx/controller",
	"registry.k8s.io/metrics-server/metrics-server",
}

violation contains {"address": r.address, "reason": reason, "fix": fix} if {
	some r in plan.resources
	some image in plan.images(r)
	not known(image)
	not mirrored(r, image)
	reason := sprintf("its image %s comes from neither the environment's registry nor the published parts", [image])
	fix := sprintf("push it to %s and name it there; a new third-party part belongs into infra/internal/policy/rules/known_registries.rego", [registry])
}

known(image) if startswith(image, concat("", [input.registry, "/"]))

known(image) if {
	some mirror in input.mirrors
	startswith(image, concat("", [mirror, "/"]))
}

known(image) if plan.built_here(image)

known(image) if repository(image) in published

mirrored(r, image) if {
	startswith(r.type, "kind_")
	some name in {"docker.io/kindest/node", "docker.io/library/registry"}
	endswith(repository(image), concat("", ["/", name]))
}

# repository is an image's name without its tag and digest.
repository(image) := regex.replace(image, `(:[^:/@]+)?(@sha256:[0-9a-f]+)?$`, "")

registry := input.registry if input.registry != ""

registry := "the environment's registry" if input.registry == ""
