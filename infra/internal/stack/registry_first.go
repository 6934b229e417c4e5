package stack

import (
	"context"
	"encoding/json"

	tfjson "github.com/hashicorp/terraform-json"
	"kindling.internal/infra/internal/terraform"
)

// registryFirst is a cluster root of this machine that tells of the registry as soon as it is made.
// The cluster is made beside it and takes much longer.
type registryFirst struct {
	Root
	made chan<- Registry // takes one
	plan *tfjson.Plan    // that was shown last
}

// telling is a cluster root that sends its registry as soon as it is made.
func telling(root Root, made chan<- Registry) Root {
	if remote, ok := root.(*remoteRoot); ok {
		remote.Root = &registryFirst{Root: remote.Root, made: made}
		return remote
	}
	return &registryFirst{Root: root, made: made}
}

func (r *registryFirst) Show(ctx context.Context, file string) (*tfjson.Plan, error) {
	plan, err := r.Root.Show(ctx, file)
	r.plan = plan
	return plan, err
}

// Apply is told of changes one after the other.
func (r *registryFirst) Apply(ctx context.Context, file string, progress func(terraform.Change)) error {
	registry, pending := plannedRegistry(r.plan)
	if registry == nil {
		return r.Root.Apply(ctx, file, progress)
	}
	if len(pending) == 0 {
		tell(r.made, *registry)
	}
	return r.Root.Apply(ctx, file, func(c terraform.Change) {
		progress(c)
		if c.State == "complete" && c.Action != "delete" && pending[c.Address] {
			delete(pending, c.Address)
			if len(pending) == 0 {
				tell(r.made, *registry)
			}
		}
	})
}

// plannedRegistry is the registry that there will be when a plan has been carried out, and the
// addresses of what has to be done for it. It is nil when the plan cannot tell.
func plannedRegistry(plan *tfjson.Plan) (registry *Registry, pending map[string]bool) {
	if plan == nil || plan.OutputChanges["registry"] == nil {
		return nil, nil
	}
	pending = map[string]bool{}
	local := false
	for _, change := range plan.ResourceChanges {
		if change.Type != "kind_registry" {
			continue
		}
		local = true
		if !change.Change.Actions.NoOp() {
			pending[change.Address] = true
		}
	}
	text, err := json.Marshal(plan.OutputChanges["registry"].After)
	if !local || err != nil || json.Unmarshal(text, &registry) != nil || registry == nil || registry.Push == "" {
		return nil, nil
	}
	return registry, pending
}

// tell sends the registry, unless it was sent before.
func tell(made chan<- Registry, registry Registry) {
	select {
	case made <- registry:
	default:
	}
}
