package terraform

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// LocalBackend keeps the state in a file beside the root. It is what Terraform does unless told
// otherwise.
const LocalBackend = "local"

// Backend is where a root's configuration says that its state is kept.
type Backend struct {
	Kind   string         // by Terraform's name: local, s3, gcs, …
	Config map[string]any // its settings, as JSON would have them
}

// Local tells whether the state is a file on this machine.
func (b Backend) Local() bool { return b.Kind == LocalBackend }

var (
	terraformBlocks = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "terraform"}}}
	backendBlocks   = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "backend", LabelNames: []string{"type"}}}}
)

// ReadBackend reads the backend block of a root, wherever in its files it stands.
func ReadBackend(dir string) (Backend, error) {
	files, err := configuration(dir)
	if err != nil {
		return Backend{}, err
	}
	parser := hclparse.NewParser()
	for _, file := range files {
		parse := parser.ParseHCLFile
		if filepath.Ext(file) == ".json" {
			parse = parser.ParseJSONFile
		}
		parsed, problems := parse(file)
		if problems.HasErrors() {
			return Backend{}, fmt.Errorf("read %s: %w", file, problems)
		}
		backend, found, err := backendIn(parsed.Body)
		if err != nil {
			return Backend{}, fmt.Errorf("read the backend in %s: %w", file, err)
		}
		if found {
			return backend, nil
		}
	}
	return Backend{Kind: LocalBackend}, nil
}

// configuration are the files of a root, those first that override others.
func configuration(dir string) ([]string, error) {
	var files []string
	for _, pattern := range []string{"*.tf", "*.tf.json"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	slices.SortStableFunc(files, func(a, b string) int {
		switch overrides(a) {
		case overrides(b):
			return 0
		case true:
			return -1
		}
		return 1
	})
	return files, nil
}

func overrides(file string) bool {
	name, _, _ := strings.Cut(filepath.Base(file), ".")
	return name == "override" || strings.HasSuffix(name, "_override")
}

func backendIn(body hcl.Body) (backend Backend, found bool, err error) {
	content, _, _ := body.PartialContent(terraformBlocks) // what else is wrong with it, Terraform says
	for _, block := range content.Blocks {
		inner, _, _ := block.Body.PartialContent(backendBlocks)
		for _, b := range inner.Blocks {
			config, err := constants(b.Body)
			return Backend{Kind: b.Labels[0], Config: config}, true, err
		}
	}
	return Backend{}, false, nil
}

// constants are the attributes of a block in which Terraform allows nothing that is computed.
func constants(body hcl.Body) (map[string]any, error) {
	attributes, problems := body.JustAttributes()
	if problems.HasErrors() {
		return nil, problems
	}
	values := make(map[string]any, len(attributes))
	for name, attribute := range attributes {
		value, problems := attribute.Expr.Value(nil)
		if problems.HasErrors() {
			return nil, problems
		}
		text, err := json.Marshal(ctyjson.SimpleJSONValue{Value: value})
		if err != nil {
			return nil, err
		}
		var plain any
		if err := json.Unmarshal(text, &plain); err != nil {
			return nil, err
		}
		values[name] = plain
	}
	return values, nil
}

// localState is the file that holds the root's state when the backend is local.
func localState(dir string, b Backend) string {
	path, _ := b.Config["path"].(string)
	if path == "" {
		path = "terraform.tfstate"
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// text identifies a backend with its settings.
func (b Backend) text() string {
	config, err := json.Marshal(b.Config) // sorts the settings
	if err != nil {
		return b.Kind
	}
	return strings.Join([]string{b.Kind, string(config)}, " ")
}
