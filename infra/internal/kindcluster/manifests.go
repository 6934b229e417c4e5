package kindcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// object is a Kubernetes object as its manifest names it.
type object struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name, Namespace string }
}

// documents splits a YAML stream and leaves out empty documents. A stream
// that is not YAML comes back whole, for its reader to refuse.
func documents(text string) [][]byte {
	var all [][]byte
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			return [][]byte{[]byte(text)}
		}
		if len(node.Content) == 0 || node.Content[0].Tag == "!!null" {
			continue
		}
		document, err := yaml.Marshal(&node)
		if err != nil {
			return [][]byte{[]byte(text)}
		}
		all = append(all, document)
	}
}

// CheckManifest says what keeps text from being YAML documents of objects.
func CheckManifest(text string) error {
	all := documents(text)
	if len(all) == 0 {
		return errors.New("it has no document")
	}
	for i, document := range all {
		var o object
		if err := yaml.Unmarshal(document, &o); err != nil {
			return fmt.Errorf("document %d: %w", i+1, err)
		}
		if o.APIVersion == "" || o.Kind == "" || o.Metadata.Name == "" {
			return fmt.Errorf("document %d lacks apiVersion, kind or metadata.name", i+1)
		}
	}
	return nil
}

// byObject returns the documents of all manifests by the object they are.
func byObject(manifests map[string]string) map[object][]byte {
	all := map[object][]byte{}
	for _, text := range manifests {
		for _, document := range documents(text) {
			var o object
			if yaml.Unmarshal(document, &o) == nil {
				all[o] = document
			}
		}
	}
	return all
}

// changeManifests applies manifests with the kubectl of the cluster's first
// node, and deletes the objects of old that are not there any more.
func (e *Engine) changeManifests(ctx context.Context, cluster string, old, manifests map[string]string) error {
	if err := e.kubectl(ctx, cluster, join(obsolete(old, manifests)), "delete", "--ignore-not-found", "--wait=false"); err != nil {
		return fmt.Errorf("delete objects of former manifests: %w", err)
	}
	var all [][]byte
	for _, name := range slices.Sorted(maps.Keys(manifests)) {
		all = append(all, documents(manifests[name])...)
	}
	if err := e.kubectl(ctx, cluster, join(all), "apply", "--server-side", "--force-conflicts", "--field-manager=kindling"); err != nil {
		return fmt.Errorf("apply manifests: %w", err)
	}
	return nil
}

func obsolete(old, manifests map[string]string) [][]byte {
	kept := byObject(manifests)
	var gone [][]byte
	for o, document := range byObject(old) {
		if _, found := kept[o]; !found {
			gone = append(gone, document)
		}
	}
	slices.SortFunc(gone, bytes.Compare)
	return gone
}

func join(all [][]byte) []byte { return bytes.Join(all, []byte("---\n")) }

func (e *Engine) kubectl(ctx context.Context, cluster string, input []byte, args ...string) error {
	if len(input) == 0 {
		return nil
	}
	command := slices.Concat([]string{"exec", "--interactive", firstControlPlane(cluster), "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf"},
		args, []string{"--filename=-"})
	_, err := e.docker.run(ctx, bytes.NewReader(input), command...)
	return err
}
