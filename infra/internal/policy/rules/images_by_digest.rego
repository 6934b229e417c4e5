# What runs is named by what it is. A tag can be moved to another image after the plan was read.
package kindling.rules.images_by_digest

import data.kindling.plan

violation contains {"address": r.address, "reason": reason, "fix": fix} if {
	some r in plan.resources
	some image in plan.images(r)
	not regex.match(`@sha256:[0-9a-f]{64}$`, image)
	not plan.built_here(image)
	reason := sprintf("its image %s is not named by its digest", [image])
	fix := "name it as NAME@sha256:DIGEST; services take theirs from the release record, which make up writes"
}

violation contains {"address": r.address, "reason": reason, "fix": fix} if {
	some r in plan.resources
	plan.unknown_image(r)
	reason := "its image is known only when it is applied, so nobody can say what will run"
	fix := "take the image from a variable or from the release record"
}
