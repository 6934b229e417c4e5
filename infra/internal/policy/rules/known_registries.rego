# Images come from the environment's own registry, or are the third-party ones that the modules pin.
# The environment's registry mirrors those, so nothing that runs is fetched from anywhere else.
package kindling.rules.known_registries

import data.kindling.plan

# The third-party images of environments/*/workloads and environments/*/cluster.
published := {
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
	reason := sprintf("its image %s comes from neither the environment's registry nor the published parts", [image])
	fix := sprintf("push it to %s and name it there; a new third-party part belongs into infra/internal/policy/rules/known_registries.rego", [registry])
}

known(image) if startswith(image, concat("", [input.registry, "/"]))

known(image) if plan.built_here(image)

known(image) if regex.replace(image, `(:[^:/@]+)?(@sha256:[0-9a-f]+)?$`, "") in published

registry := input.registry if input.registry != ""

registry := "the environment's registry" if input.registry == ""
