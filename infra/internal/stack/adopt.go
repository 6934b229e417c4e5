package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"kindling.internal/infra/internal/policy"
)

// adoptionFile holds the import blocks of an adoption for as long as that takes.
const adoptionFile = "kindling_adoption.tf"

// adopt takes objects into the state that an apply created and, killed, could not record: the
// plan that failed on them names them, and says how they are known to the cluster. The next plan,
// written to a file of its own, imports them, and is carried out.
func (s *Stack) adopt(ctx context.Context, root Root, about policy.Subject, plan, next string, addresses []string, step Step) error {
	shown, err := root.Show(ctx, plan)
	if err != nil {
		return err
	}
	ids := objectIDs(shown)
	secrets, others := apart(addresses)
	if err := s.deleteSecrets(ctx, ids, secrets); err != nil {
		return err
	}
	text, err := importBlocks(ids, others)
	if err != nil {
		return err
	}
	path := filepath.Join(s.dir(), about.Root, adoptionFile)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	defer os.Remove(path)
	step.Update(fmt.Sprintf("recording %d objects that an interrupted run created", len(addresses)))
	if _, err := root.Plan(ctx, next, false); err != nil {
		return err
	}
	return s.carryOut(ctx, root, about, next, step)
}

// apart tells the addresses of Secrets from others.
func apart(addresses []string) (secrets, others []string) {
	for _, address := range addresses {
		if strings.Contains(address, "kubernetes_secret_v1.") {
			secrets = append(secrets, address)
		} else {
			others = append(others, address)
		}
	}
	return secrets, others
}

// deleteSecrets deletes Secrets instead of adopting them: their values are write-only, so that an
// adopted one would silently get another value than what was made with it has. A Secret that is
// made anew has another identity, and everything that uses it follows that.
func (s *Stack) deleteSecrets(ctx context.Context, ids map[string]string, addresses []string) error {
	if len(addresses) == 0 {
		return nil
	}
	parts, err := s.known()
	if err != nil {
		return err
	}
	connection, err := s.connection(ctx, parts)
	if err != nil {
		return err
	}
	cluster, err := s.Cluster(connection)
	if err != nil {
		return err
	}
	for _, address := range addresses {
		namespace, name, _ := strings.Cut(ids[address], "/")
		if err := cluster.DeleteSecret(ctx, namespace, name); err != nil {
			return err
		}
	}
	return nil
}

// objectIDs are the planned objects of the kubernetes provider, by address.
func objectIDs(plan *tfjson.Plan) map[string]string {
	ids := make(map[string]string, len(plan.ResourceChanges))
	for _, c := range plan.ResourceChanges {
		if id := objectID(c); id != "" {
			ids[c.Address] = id
		}
	}
	return ids
}

// importBlocks are the import blocks for objects.
func importBlocks(ids map[string]string, addresses []string) (string, error) {
	var text strings.Builder
	for _, address := range addresses {
		id, ok := ids[address]
		if !ok {
			return "", fmt.Errorf("%s exists in the cluster, but not in the state, and cannot be adopted", address)
		}
		fmt.Fprintf(&text, "import {\n  to = %s\n  id = %q\n}\n", address, id)
	}
	return text.String(), nil
}

// objectID is how the kubernetes provider knows an object: NAMESPACE/NAME, or NAME when it has no
// namespace.
func objectID(c *tfjson.ResourceChange) string {
	if c.Change == nil || !strings.HasPrefix(c.Type, "kubernetes_") {
		return ""
	}
	after, _ := c.Change.After.(map[string]any)
	metadata := plannedMetadata(after["metadata"])
	name, _ := metadata["name"].(string)
	if namespace, _ := metadata["namespace"].(string); namespace != "" && name != "" {
		return namespace + "/" + name
	}
	return name
}

// plannedMetadata reads an object's metadata: a block, which is a list of one, in most of the
// provider's resources, and an object in its newer ones.
func plannedMetadata(value any) map[string]any {
	if list, ok := value.([]any); ok && len(list) == 1 {
		value = list[0]
	}
	metadata, _ := value.(map[string]any)
	return metadata
}
